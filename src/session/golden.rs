//! Runs whose state hash is known: natively, in every browser, cut into steps of any size, after
//! seeking and replay, it must be the same.

use crate::base::time::Nanos;
use crate::document::compile::CompileError;
use crate::document::{Design, file};
use crate::engine::fault::{Fault, Target, Ways};

use super::protocol::Input;
use super::run::Run;

/// One golden run.
#[derive(Clone, Copy, Debug)]
pub struct Golden {
    /// Name.
    pub name: &'static str,
    /// What happens, from the start on: at this second, this.
    pub inputs: fn() -> Vec<(u64, Input)>,
    /// Seed.
    pub seed: u64,
    /// How long it runs, in simulated seconds.
    pub seconds: u64,
    /// The state hash at the end.
    pub hash: u64,
}

/// The design all of them run. Kept apart from the book store that the app opens, so that tuning
/// that one does not change these.
const DESIGN: &str = include_str!("../../tests/golden/store.json");

/// Every golden run.
pub const ALL: &[Golden] = &[
    Golden { name: "calm", inputs: Vec::new, seed: 7, seconds: 20, hash: 0x0d1d_4128_ab3f_e131 },
    Golden {
        name: "cache killed",
        inputs: cache_killed,
        seed: 8,
        seconds: 20,
        hash: 0xebe9_93fc_ace9_7d90,
    },
    Golden {
        name: "replica cut off",
        inputs: replica_cut_off,
        seed: 9,
        seconds: 20,
        hash: 0x8a58_210c_830e_9923,
    },
];

fn cache_killed() -> Vec<(u64, Input)> {
    let cache = Target::component("cache");
    let kill = Fault::Crash(cache.clone());
    vec![(5, Input::Fault(kill)), (12, Input::Fault(Fault::Restart(cache)))]
}

fn replica_cut_off() -> Vec<(u64, Input)> {
    let cut = Fault::Partition {
        name: "cut".into(),
        one: vec![Target::member("database", 0), Target::member("database", 1)],
        other: vec![Target::member("database", 2)],
        ways: Ways::Forth,
    };
    let slow = Fault::Slow { target: Target::member("books", 1), factor: 5.0 };
    let heal = Fault::Heal { name: "cut".into() };
    let crash = Fault::Crash(Target::member("database", 1));
    vec![
        (4, Input::Fault(cut)),
        (6, Input::Fault(slow)),
        (9, Input::Fault(crash)),
        (14, Input::Fault(heal)),
    ]
}

/// The design they run.
///
/// # Panics
/// If the file in the repository is broken: a bug, which a test finds.
pub fn design() -> Design {
    file::read(DESIGN).expect("the golden design is part of the program").0.design
}

impl Golden {
    /// Runs it in steps of `step` and gives the run.
    pub fn run(&self, step: Nanos) -> Result<Run, CompileError> {
        self.run_watched(step, |_| {})
    }

    /// The same; whoever watches sees the run after every step.
    pub fn run_watched(&self, step: Nanos, watch: fn(&Run)) -> Result<Run, CompileError> {
        let mut run = Run::open(design(), self.seed, Nanos::ZERO, Vec::new())?;
        let end = Nanos::seconds(self.seconds);
        let mut inputs = (self.inputs)().into_iter().peekable();
        while run.head.world.now() < end {
            let now = run.head.world.now();
            while let Some((_, input)) = inputs.next_if(|it| Nanos::seconds(it.0) <= now) {
                run.act(input)?;
            }
            let next = inputs.peek().map_or(end, |it| Nanos::seconds(it.0)).min(end);
            run.advance(step.min(next - now), u64::MAX);
            watch(&run);
        }
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_golden() {
        let line = |it: &Golden, hash: u64| format!("{}: 0x{hash:016x}", it.name);
        let run = |it: &Golden| it.run(Nanos::MAX).expect("it compiles").head.world.state_hash();
        let computed: Vec<_> = ALL.iter().map(|it| line(it, run(it))).collect();
        let expected: Vec<_> = ALL.iter().map(|it| line(it, it.hash)).collect();
        assert_eq!(computed, expected);
    }

    #[test]
    fn hashes_are_the_same_in_steps_and_after_seeking() {
        for golden in ALL {
            let mut run = golden.run(Nanos::millis(1_000)).expect("it compiles");
            assert_eq!(run.head.world.state_hash(), golden.hash, "{} in steps", golden.name);
            for at in [11, 3, 7] {
                run.seek(Nanos::seconds(at));
            }
            while run.is_past() {
                run.advance(Nanos::millis(777).min(run.left()), u64::MAX);
            }
            let ordinal = run.head.world.ordinal();
            run.seek_ordinal(ordinal - 1);
            run.step(1);
            assert_eq!(run.shown().world.state_hash(), golden.hash, "{} replayed", golden.name);
            run.seek(Nanos::seconds(3));
            let end = Nanos::seconds(golden.seconds);
            run.seek(end - Nanos(1));
            assert!(run.is_past() && run.shown().world.now() == end - Nanos(1));
        }
    }
}
