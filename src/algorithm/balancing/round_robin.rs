//! Round robin: each available member in turn.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate};

/// Remembers the last member chosen, so that members coming or going upset nobody else's turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundRobin {
    pub(crate) last: Option<usize>,
}

impl Balancing for RoundRobin {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, _draw: u64) -> Option<usize> {
        // Candidates rise by index: the first beyond the last choice, found in few steps.
        let next = candidates.partition_point(|it| Some(it.index) <= self.last);
        let chosen = candidates.get(next).or(candidates.first())?.index;
        self.last = Some(chosen);
        Some(chosen)
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.last.map_or(u64::MAX, |index| index as u64));
    }
}
