//! Least outstanding: the member with the fewest unanswered calls.
//!
//! Among equals it is the turn of the next higher index after the last choice, then of the lowest:
//! the round robin that HAProxy's manual describes for `balance leastconn` "among servers of the
//! same load". Without it the first member would get every call of an idle system. Weights are
//! not looked at.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate, next_in_turn};

/// Remembers the last member chosen, to break ties.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeastOutstanding {
    pub(crate) last: Option<usize>,
}

impl Balancing for LeastOutstanding {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, _draw: u64) -> Option<usize> {
        let fewest = candidates.iter().map(|it| it.outstanding).min()?;
        let equals = candidates.iter().filter(|it| it.outstanding == fewest);
        self.last = next_in_turn(equals, self.last);
        self.last
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.last.map_or(u64::MAX, |index| index as u64));
    }
}
