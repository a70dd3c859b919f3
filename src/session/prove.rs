//! The golden runs, run in every way in which they must come out the same: what the proof page
//! shows, and what is tested natively and in three browsers.

use crate::base::time::Nanos;
use crate::document::compile::CompileError;

use super::chart::chart;
use super::golden::{self, Golden};
use super::later::Later;
use super::protocol::{Look, Which};
use super::run::Run;

/// A way to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From beginning to end.
    AtOnce,
    /// A simulated second at a time.
    InSteps,
    /// With jumps back and forth, and then again from a moment in the past, to the last event.
    Sought,
    /// With the inside of every component drawn, and every chart, twice a simulated second.
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
            Self::Watched => "with lenses and charts open",
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
    let run = match way {
        Way::AtOnce => golden.run(Nanos::MAX)?,
        Way::InSteps => golden.run(Nanos::seconds(1))?,
        Way::Sought => {
            let mut run = golden.run(Nanos::millis(1_700))?;
            for at in [11, 3, 19, 7] {
                run.seek(Nanos::seconds(at));
            }
            let ordinal = run.head.world.ordinal();
            run.seek_ordinal(ordinal - 1);
            run.step(1);
            run
        }
        Way::Watched => golden.run_watched(Nanos::millis(500), watch)?,
    };
    Ok(run.shown().world.state_hash())
}

/// Looks at everything that a page could show.
fn watch(run: &Run) {
    let later = Later::all();
    let blueprint = run.shown().world.blueprint();
    for (slot, component) in blueprint.components.iter().enumerate() {
        (later.picture)(run, &component.id, 600.0, &Look::default());
        for which in [Which::Throughput, Which::Latency, Which::Errors] {
            chart(run, slot as u32, which);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_comes_out_the_same() {
        for golden in golden::ALL {
            for way in Way::ALL {
                let hash = hash(golden, way).expect("it compiles");
                assert_eq!(hash, golden.hash, "{} {}", golden.name, way.label());
            }
        }
    }
}
