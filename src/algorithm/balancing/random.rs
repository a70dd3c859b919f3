//! Random: every available member with the same chance. The yardstick for the other rules.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate, below};

/// No memory: the draw decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Random;

impl Balancing for Random {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, draw: u64) -> Option<usize> {
        let at = below((draw >> 32) as u32, candidates.len());
        candidates.get(at).map(|it| it.index)
    }

    fn fold(&self, _feed: &mut impl FnMut(u64)) {}
}
