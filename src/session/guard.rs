//! A design that runs away is stopped before it takes the page's memory or its patience.

use crate::base::english::{Argument, Text, TextId};
use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::World;
use crate::engine::recorder::Recorder;

use super::moment::Moment;

/// Messages, timers and timeouts that may wait at once.
pub const WAITING_MAX: usize = 400_000;
/// Places the queue may take, cancelled timeouts included.
const PLACES_MAX: usize = 1_500_000;
/// Events that one simulated millisecond may take.
const EVENTS_PER_MS: u64 = 500_000;
/// Events between two looks.
pub const CHUNK: u64 = 8_192;

/// Looks after a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard {
    /// Where the present millisecond began.
    at: Nanos,
    ordinal: u64,
}

impl Guard {
    /// Why the run must not go on, if it must not. To be asked every [`CHUNK`] events at least.
    pub fn check(&mut self, head: &Moment, recorder: &Recorder<Registry>) -> Option<Text> {
        let world = &head.world;
        let (now, ordinal) = (world.now(), world.ordinal());
        // Backwards: another branch.
        if now >= self.at.saturating_add(Nanos::MILLISECOND) || ordinal < self.ordinal {
            *self = Self { at: now, ordinal };
        }
        let name = |component: usize| {
            let id = &world.blueprint().components[component].id;
            let label = head.design.components.get(id).map(|it| it.label.as_str());
            Argument::Name(label.unwrap_or(id).into())
        };
        let count = |it: u64| Argument::Count(it);
        if world.queue_len() > WAITING_MAX || world.weight() > PLACES_MAX {
            let arguments = vec![name(fullest(world)), count(world.weight() as u64)];
            return Some(Text::new(TextId::TooManyWaiting, arguments));
        }
        if ordinal - self.ordinal > EVENTS_PER_MS {
            let arguments = vec![name(busiest(recorder)), count(EVENTS_PER_MS)];
            return Some(Text::new(TextId::TooManyEvents, arguments));
        }
        None
    }
}

/// The component with the most jobs and calls in hand; who waits for a worker counts for more,
/// since those who called wait for that.
fn fullest(world: &World<Registry>) -> usize {
    let held = |slot: &u32| {
        let desk = &world.member(*slot).desk;
        desk.jobs.len() + desk.calls.len() + 4 * desk.waiting_count as usize
    };
    most(world.blueprint().components.iter().map(|it| it.members.iter().map(held).sum()))
}

/// The component that has been asked most.
fn busiest(recorder: &Recorder<Registry>) -> usize {
    most(recorder.components.iter().map(|it| it.offered() as usize))
}

/// Where the greatest is; the first of equals.
fn most(numbers: impl Iterator<Item = usize>) -> usize {
    let mut best = (0, 0);
    for (index, number) in numbers.enumerate() {
        if number > best.1 {
            best = (index, number);
        }
    }
    best.0
}
