//! Which of several members a call goes to.
//!
//! A rule sees the members that may be chosen now, lowest index first, and picks one. It knows no
//! time; the caller passes in the draw. Adding a rule: one file and one line in `rules!`.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use crate::base::candidate::Candidate;

/// The duty of a balancing rule.
pub trait Balancing: Default {
    /// The index of the member to call, or none if no candidate may be chosen.
    ///
    /// Candidates are in rising order of index. `key` is the interned key of the request, `draw`
    /// 64 random bits.
    fn choose(&mut self, candidates: &[Candidate], key: u32, draw: u64) -> Option<usize>;

    /// Feeds the state hash: everything that decides what happens next, in a fixed order.
    fn fold(&self, feed: &mut impl FnMut(u64));
}

/// One line per rule: module and type, id in files, name, help.
macro_rules! rules {
    ($( $module:ident :: $member:ident, $id:literal, $label:literal, $help:literal; )*) => {
        choice! {
            /// How a caller picks among members, as chosen in its settings.
            Rule: $( $module::$member, $id, $label, $help; )*
        }

        /// A rule at work.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Running {
            $(
                #[doc = $help]
                $member($module::$member),
            )*
        }

        impl Rule {
            /// Starts the rule.
            pub fn start(self) -> Running {
                match self { $( Rule::$member => Running::$member(Default::default()), )* }
            }
        }

        impl Running {
            /// The choice that started this rule.
            pub fn rule(&self) -> Rule {
                match self { $( Running::$member(_) => Rule::$member, )* }
            }

            /// The index of the member to call; see [`Balancing::choose`].
            pub fn choose(
                &mut self,
                candidates: &[Candidate],
                key: u32,
                draw: u64,
            ) -> Option<usize> {
                debug_assert!(candidates.is_sorted_by_key(|it| it.index));
                match self { $( Running::$member(it) => it.choose(candidates, key, draw), )* }
            }

            /// Feeds the state hash, the choice of rule first.
            pub fn fold(&self, feed: &mut impl FnMut(u64)) {
                self.rule().id().bytes().for_each(|byte| feed(u64::from(byte)));
                match self { $( Running::$member(it) => it.fold(feed), )* }
            }
        }
    };
}

rules! {
    round_robin::RoundRobin, "round-robin", "Round robin", "Each in turn.";
    least_outstanding::LeastOutstanding, "least-outstanding", "Least outstanding",
        "The one with the fewest unanswered calls; among equals, each in turn.";
    weighted_round_robin::WeightedRoundRobin, "weighted-round-robin", "Weighted round robin",
        "Each in turn, the heavier ones more often, evenly spread.";
    two_choices::TwoChoices, "two-choices", "Two random choices",
        "Two at random; of these, the one with fewer unanswered calls.";
    random::Random, "random", "Random", "Any, with equal chances.";
    key_hash::KeyHash, "key-hash", "Hash of the key",
        "The same key goes to the same member, as long as their number stays.";
}

/// The member whose turn it is after `last`: the next higher index, else the lowest.
fn next_in_turn<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    last: Option<usize>,
) -> Option<usize> {
    // Lowest first, in the order (those after the last choice, then the others).
    candidates.map(|it| it.index).min_by_key(|index| (Some(*index) <= last, *index))
}

/// A number below `limit` from 32 random bits, by the high half of a product: no division, and no
/// chance off by more than one in 2^32.
fn below(bits: u32, limit: usize) -> usize {
    ((u64::from(bits) * limit as u64) >> 32) as usize
}
