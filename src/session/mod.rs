//! Running a design: play, step, seek, snapshots, branches, frames. Commands in, frames out; no
//! clock, no browser.

#[cfg(any(not(target_arch = "wasm32"), feature = "bench"))]
pub mod bench;
pub mod branch;
pub mod breakpoint;
pub mod bring;
pub mod chart;
pub mod compare;
pub mod figures;
pub mod flights;
pub mod follow;
mod forget;
pub mod golden;
pub mod guard;
pub mod handover;
pub mod host;
pub mod kept;
pub mod later;
pub mod left;
pub mod link;
pub mod moment;
pub mod picks;
pub mod protocol;
pub mod prove;
pub mod report;
pub mod run;
pub mod seek;
pub mod step;
pub mod story;
pub mod tale;
pub mod theory;
pub mod toll;
pub mod trace;
pub mod twin;
pub mod view;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod tests;

use crate::base::time::Nanos;
use crate::document::Design;

use branch::{Fork, Side, in_step};
use later::Later;
use left::Left;
use protocol::{Branch, Command, Frame, Stamped, Tick, View};
use run::{Allowance, Run};

/// A session: at most one run at a time, and perhaps another future of it.
#[derive(Debug)]
pub struct Session {
    main: Option<Side>,
    fork: Option<Fork>,
    runs: u32,
    branches: u32,
    failure: Option<String>,
    later: Option<Later>,
}

/// With all its parts.
impl Default for Session {
    fn default() -> Self {
        let mut session = Self::first();
        session.furnish(Later::all());
        session
    }
}

/// What runs beside the newest may take a part of a tick's budget even if the run could do with all
/// of it.
const TWIN_PART: u64 = 16;
/// Events that the other future may take to come after one that has made a step; what is left of them it
/// makes up for when both go on.
const BESIDE_EVENTS: u64 = 2_000_000;
/// Events of the warm-up that opening a design may take; the rest of it is played.
const WARMUP_EVENTS: u64 = 3_000_000;

impl Session {
    /// Without the parts that come later: lenses are answered once they are there.
    pub fn first() -> Self {
        Self { main: None, fork: None, runs: 0, branches: 0, failure: None, later: None }
    }

    /// Here are the parts that come later.
    pub fn furnish(&mut self, later: Later) {
        self.later = Some(later);
    }

    /// Carries out a tick: commands, then the advance, at most `budget` events of it, and what
    /// else is to be followed, by as many at most. True if the advance got all the way.
    pub fn tick(&mut self, tick: &Tick, budget: u64) -> bool {
        for command in &tick.commands {
            self.command(command);
        }
        let Some(main) = self.main.as_mut().map(|it| &mut it.run) else { return true };
        let mut fork = self.fork.as_mut().map(|it| &mut it.side.run);
        let count = |main: &Run, fork: Option<&mut Run>| {
            main.head.world.ordinal() + fork.map_or(0, |it| it.head.world.ordinal())
        };
        let before = count(main, fork.as_deref_mut());
        main.follow(tick.view.follow);
        let there = approach(main, fork.as_deref_mut(), budget);
        let done = match fork.as_deref_mut() {
            _ if !there => false,
            _ if tick.advance == Nanos::ZERO => true,
            None => main.advance(tick.advance, budget),
            Some(fork) => in_step(main, fork, tick.advance, budget),
        };
        let spent = count(main, fork.as_deref_mut()) - before;
        let left = budget.saturating_sub(spent).max(budget / TWIN_PART);
        main.catch_up(left, budget);
        if let Some(fork) = fork {
            fork.follow(tick.view.follow);
            fork.catch_up(left, budget);
        }
        done
    }

    /// Goes on to the moment that is sought, by at most so many events. True if it is there.
    pub fn approach(&mut self, budget: u64) -> bool {
        let fork = self.fork.as_mut().map(|it| &mut it.side.run);
        self.main.as_mut().is_none_or(|it| approach(&mut it.run, fork, budget))
    }

    /// What another host needs to go on with it; none where that has to wait, or for a part that
    /// comes later.
    pub fn handed_over(&self) -> Option<Vec<u8>> {
        (self.later?.hand_over)(self)
    }

    /// The run, if a design is open.
    pub fn run(&self) -> Option<&Run> {
        self.main.as_ref().map(|it| &it.run)
    }

    /// The other future, if there is one.
    pub fn fork(&self) -> Option<&Run> {
        self.fork.as_ref().map(|it| &it.side.run)
    }

    fn command(&mut self, command: &Command) {
        if let Command::Open { design, seed, warmup, inputs } = command {
            return self.open(design, *seed, *warmup, inputs);
        }
        match command {
            Command::Open { .. } => {}
            Command::Seek(at) => self.seek(*at),
            Command::Latest => self.seek(Nanos::MAX),
            Command::Step(branch, events) => self.on(*branch, |it| it.step(*events)),
            Command::StepTo(branch, whom) => self.on(*branch, |it| it.step_to(whom)),
            Command::Act(branch, input) => {
                self.branches += 1;
                let (next, later) = (self.branches, self.later);
                if let Some(side) = self.side(*branch) {
                    side.act(input, next, later);
                    let now = side.run.head.world.now();
                    if let Some(fork) = &mut self.fork {
                        fork.since = fork.since.min(now);
                    }
                }
            }
            Command::Forget(branch, index, at) => {
                self.branches += 1;
                let (next, later) = (self.branches, self.later);
                if let (Some(side), Some(later)) = (self.side(*branch), later) {
                    (later.forget)(side, *index as usize, *at, next);
                }
            }
            Command::Fork => self.split(),
            Command::Keep(branch) => self.keep(*branch),
            Command::StopAt(branch, what) => {
                self.each(|it| it.stop_at(None));
                if let Some(side) = self.side(*branch) {
                    side.run.stop_at(what.clone());
                }
            }
        }
    }

    fn side(&mut self, branch: Branch) -> Option<&mut Side> {
        match branch {
            Branch::Main => self.main.as_mut(),
            Branch::Fork => self.fork.as_mut().map(|it| &mut it.side),
        }
    }

    fn each(&mut self, act: impl Fn(&mut Run)) {
        let fork = self.fork.as_mut().map(|it| &mut it.side);
        self.main.iter_mut().chain(fork).for_each(|it| act(&mut it.run));
    }

    /// Shows a moment that all futures have come to.
    fn seek(&mut self, at: Nanos) {
        let newest = self.run().into_iter().chain(self.fork()).map(|it| it.head.world.now());
        let at = newest.fold(at, Nanos::min);
        self.each(|it| it.look_for(at));
    }

    /// Does it to one; the other goes on, or back, to the moment at which that leaves it.
    fn on(&mut self, branch: Branch, act: impl FnOnce(&mut Run)) {
        let Some(side) = self.side(branch) else { return };
        act(&mut side.run);
        let at = side.run.shown().world.now();
        let other = match branch {
            Branch::Main => Branch::Fork,
            Branch::Fork => Branch::Main,
        };
        if let Some(other) = self.side(other) {
            let behind = at.saturating_sub(other.run.shown().world.now());
            match behind {
                Nanos::ZERO => other.run.seek(at),
                behind => _ = other.run.advance(behind, BESIDE_EVENTS),
            }
        }
    }

    fn split(&mut self) {
        self.branches += 1;
        let Some(main) = &mut self.main else { return };
        main.run.arrive_there();
        main.run.allow(Allowance::HALF);
        let mut side = main.fork(self.branches);
        side.run.allow(Allowance::HALF);
        self.fork = Some(Fork { since: side.run.head.world.now(), side });
    }

    fn keep(&mut self, branch: Branch) {
        self.branches += 1;
        let Some(Fork { since, side }) = self.fork.take() else { return };
        if branch == Branch::Fork
            && let Some(left) = self.main.take()
        {
            let mut side = side.untold(self.branches);
            let Run { recorder, inputs, .. } = left.run;
            side.run.before = Some(Left { since, recorder, inputs });
            self.main = Some(side);
        }
        self.each(|it| it.allow(Allowance::WHOLE));
    }

    fn open(&mut self, design: &Design, seed: u64, zero: Nanos, inputs: &[Stamped]) {
        self.runs += 1;
        self.branches += 1;
        (self.main, self.fork, self.failure) = (None, None, None);
        let inputs = inputs.to_vec();
        match Run::open_within(design.clone(), seed, zero, inputs, WARMUP_EVENTS) {
            Ok(run) => self.main = Some(Side::new(run, self.branches)),
            Err(error) => self.failure = Some(error.to_string()),
        }
    }

    /// What the page wants to see, for the journey.
    pub fn packed(&mut self, view: &View) -> Frame {
        let mut frame = self.frame(view);
        if let Some(later) = self.later {
            (later.pack)(&mut frame);
        }
        frame
    }

    /// What the page wants to see.
    pub fn frame(&mut self, view: &View) -> Frame {
        let of = |branch| view.of == branch;
        let mut frame = match &mut self.main {
            Some(it) => it.frame(view, of(Branch::Main) || self.fork.is_none(), self.later),
            None => Frame { branch: self.branches, ..Frame::default() },
        };
        frame.run = self.runs;
        frame.failure = self.failure.take().or(frame.failure);
        frame.fork = self.fork.as_mut().map(|it| {
            let mut forked = it.frame(view, of(Branch::Fork), self.later);
            forked.frame.run = self.runs;
            if let (Some(later), Some(main), true) = (self.later, &self.main, view.figures) {
                let tolls = |of: &Run| (later.tolls)(of, it.since);
                (frame.tolls, forked.frame.tolls) = (tolls(&main.run), tolls(&it.side.run));
            }
            Box::new(forked)
        });
        frame
    }
}

/// Both futures go on to the moment that is sought, by at most so many events. True if they are there.
fn approach(main: &mut Run, fork: Option<&mut Run>, budget: u64) -> bool {
    let mut left = budget;
    main.approach(&mut left) && fork.is_none_or(|it| it.approach(&mut left))
}
