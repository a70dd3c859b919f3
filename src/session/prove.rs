//! The golden runs, run in every way in which they must come out the same: what the proof page
//! shows, and what is tested natively and in three browsers.

use crate::base::time::Nanos;
use crate::document::compile::CompileError;

use super::follow::State;
use super::golden::{self, Golden};
use super::later::Later;
use super::protocol::{Look, Place, Which};
use super::run::Run;
use super::{figures, flights};

/// Events that twins and who is followed may take to catch up, each time they do.
const EVENTS: u64 = 50_000;

/// A way to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From beginning to end.
    AtOnce,
    /// A simulated second at a time.
    InSteps,
    /// With jumps back and forth, and then again from a moment in the past, to the last event.
    Sought,
    /// With all drawn and told of every component, twice a simulated second: its inside, its charts,
    /// what theory says, who is there; with one request after the other followed, and with the twins
    /// without the latest fault or edit.
    Watched,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::AtOnce, Self::InSteps, Self::Sought, Self::Watched];

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::AtOnce => "at once",
            Self::InSteps => "in steps of 1 s",
            Self::Sought => "after seeking, replayed",
            Self::Watched => "with lenses, charts, theory and traces open",
        }
    }
}

/// The proof, for a host whose code comes in parts.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// Every golden run.
    pub runs: &'static [Golden],
    /// Runs one in one way.
    pub hash: fn(&Golden, Way) -> Result<u64, CompileError>,
}

impl Proof {
    /// All of it.
    #[allow(clippy::new_without_default, reason = "there is nothing to be a default of")]
    pub fn new() -> Self {
        crate::component::provide();
        Self { runs: golden::ALL, hash }
    }
}

/// Runs it this way and hashes the world at the end.
///
/// # Errors
/// If the design does not compile: a bug.
pub fn hash(golden: &Golden, way: Way) -> Result<u64, CompileError> {
    Ok(run(golden, way)?.shown().world.state_hash())
}

fn run(golden: &Golden, way: Way) -> Result<Run, CompileError> {
    match way {
        Way::AtOnce => golden.run(Nanos::MAX),
        Way::InSteps => golden.run(Nanos::seconds(1)),
        Way::Sought => {
            let mut run = golden.run(Nanos::millis(1_700))?;
            for at in [11, 3, 19, 7] {
                run.seek(Nanos::seconds(at));
            }
            let ordinal = run.head.world.ordinal();
            run.seek_ordinal(ordinal - 1);
            run.step(1);
            Ok(run)
        }
        Way::Watched => golden.run_watched(Nanos::millis(500), watch),
    }
}

/// Looks at everything that a page could show. Gives who could be followed.
fn look(run: &Run) -> Option<(u64, Nanos)> {
    let later = Later::all();
    let world = &run.shown().world;
    figures::figures(run);
    flights::flights(world);
    (later.trace)(run);
    (later.tolls)(run, Nanos::ZERO);
    let until = world.now();
    let since = until.saturating_sub(Nanos::SECOND);
    let mut picks = Vec::new();
    for (slot, component) in world.blueprint().components.iter().enumerate() {
        let id = &*component.id;
        (later.picture)(run, id, 600.0, &Look::default());
        (later.theory)(run, id);
        let component = id.to_owned();
        picks.extend((later.picks)(run, &Place::Component(component.clone())));
        (later.picks)(run, &Place::Point { component, since, until });
        for which in [Which::Throughput, Which::Latency, Which::Errors, Which::Work, Which::Queue] {
            (later.chart)(run, slot as u32, which);
        }
    }
    for wire in &world.blueprint().wires {
        picks.extend((later.picks)(run, &Place::Wire(wire.id.to_string())));
    }
    picks.last().map(|it| (it.request, it.near))
}

/// Looks at everything, and follows one after the other.
fn watch(run: &mut Run) {
    let whom = look(run);
    if run.follow.as_ref().is_none_or(|it| !matches!(it.state, State::Searching(..))) {
        run.follow(whom);
    }
    run.catch_up(EVENTS, EVENTS);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::trace::trace;

    #[test]
    fn every_way_comes_out_the_same() {
        for golden in golden::ALL {
            for way in Way::ALL {
                let hash = hash(golden, way).expect("it compiles");
                assert_eq!(hash, golden.hash, "{} {}", golden.name, way.label());
            }
        }
    }

    /// Whoever watches sees something: there is somebody to follow, and what they did is known.
    #[test]
    fn there_is_something_to_see() {
        for golden in golden::ALL {
            let mut found = 0;
            let looking = |run: &mut Run| {
                watch(run);
                let trace = trace(run).expect("somebody is followed");
                assert!(!trace.missing, "{}: {trace:?}", golden.name);
                found += usize::from(!trace.searching && trace.bars.len() > 1);
            };
            golden.run_watched(Nanos::millis(500), looking).expect("it compiles");
            assert!(found >= 10, "{}: {found} followed", golden.name);
        }
    }
}
