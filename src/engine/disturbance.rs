//! What was done to the system from outside, and what first went wrong after it.

use std::collections::VecDeque;

use crate::base::time::Nanos;

use super::event::Outcome;

/// Disturbances kept.
const MAX: usize = 64;

/// Something done to the system from outside, and what first went wrong after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disturbance {
    /// When it was done.
    pub at: Nanos,
    /// When a call or a request first failed after it, and at which component, by slot.
    pub failure: Option<(Nanos, u32)>,
    /// When an old value was first read after it, and from which component, by slot.
    pub stale: Option<(Nanos, u32)>,
}

/// The latest ones, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Disturbances(VecDeque<Disturbance>);

impl Disturbances {
    /// Them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Disturbance> {
        self.0.iter()
    }

    /// Something has been done.
    pub(super) fn add(&mut self, at: Nanos) {
        if self.0.len() == MAX {
            self.0.pop_front();
        }
        self.0.push_back(Disturbance { at, failure: None, stale: None });
    }

    /// A call or a request has ended.
    #[inline]
    pub(super) fn ended(&mut self, at: Nanos, component: u32, outcome: Outcome) {
        if outcome.is_failure()
            && let Some(last) = self.0.back_mut()
        {
            last.failure.get_or_insert((at, component));
        }
    }

    /// An old value has been read.
    pub(super) fn stale(&mut self, at: Nanos, component: u32) {
        if let Some(last) = self.0.back_mut() {
            last.stale.get_or_insert((at, component));
        }
    }
}
