//! The power of two choices: two members at random; of these, the less loaded one.
//!
//! Source: Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10),
//! 2001. The two are always different; if they are equally loaded, the first drawn is called.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate, below};

/// No memory: the draw decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TwoChoices;

impl Balancing for TwoChoices {
    fn choose(&mut self, candidates: &[Candidate], _key: u32, draw: u64) -> Option<usize> {
        if candidates.len() < 2 {
            return candidates.first().map(|it| it.index);
        }
        let first = below((draw >> 32) as u32, candidates.len());
        // One of the others: those from the first choice on move up by one.
        let other = below(draw as u32, candidates.len() - 1);
        let second = if other < first { other } else { other + 1 };
        let (first, second) = (candidates[first], candidates[second]);
        Some(if second.outstanding < first.outstanding { second.index } else { first.index })
    }

    fn fold(&self, _feed: &mut impl FnMut(u64)) {}
}
