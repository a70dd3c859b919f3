//! Round robin: each available member in turn.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate, next_in_turn};

/// Remembers the last member chosen, so that members coming or going upset nobody else's turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundRobin {
    pub(crate) last: Option<usize>,
}

impl Balancing for RoundRobin {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, _draw: u64) -> Option<usize> {
        let chosen = next_in_turn(candidates.iter(), self.last)?;
        self.last = Some(chosen);
        Some(chosen)
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.last.map_or(u64::MAX, |index| index as u64));
    }
}
