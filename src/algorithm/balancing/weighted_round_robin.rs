//! Smooth weighted round robin: shares by weight, spread as evenly as they can be.
//!
//! Source: nginx, commit 52327e0627f4 ("Upstream: smooth weighted round-robin balancing", 2012):
//! at each choice every candidate gains its weight, the highest is chosen (the first among
//! equals), and the chosen one pays the sum of all weights. Weights 5, 1, 1 give a a b a c a a.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate};

/// What each member has gained and not yet paid, by index. A member of weight 0 is never chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightedRoundRobin {
    pub(crate) gained: Vec<i64>,
}

impl Balancing for WeightedRoundRobin {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, _draw: u64) -> Option<usize> {
        let highest_index = candidates.iter().map(|it| it.index).max()?;
        if self.gained.len() <= highest_index {
            self.gained.resize(highest_index + 1, 0);
        }
        let mut total = 0;
        let mut best: Option<usize> = None;
        for it in candidates.iter().filter(|it| it.weight > 0) {
            total += i64::from(it.weight);
            self.gained[it.index] += i64::from(it.weight);
            if best.is_none_or(|best| self.gained[it.index] > self.gained[best]) {
                best = Some(it.index);
            }
        }
        let chosen = best?;
        self.gained[chosen] -= total;
        Some(chosen)
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.gained.len() as u64);
        self.gained.iter().for_each(|gained| feed(*gained as u64));
    }
}
