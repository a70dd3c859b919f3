//! Claims that were violated: which, when and where, as the observers of a run find them. What stops a
//! run and what is marked on its line of time. Nothing it keeps changes what happens.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::time::Nanos;

use super::recorder::WINDOWS;

/// The latest ones, kept with all there is to say of them.
const LATEST_MAX: usize = 64;
/// Moments kept of each claim.
const MOMENTS_MAX: usize = 4_096;

/// What a system may claim, and be seen not to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Who reads sees what was written and acknowledged before (linearizable reads).
    Fresh,
    /// What was acknowledged stays.
    Durable,
    /// One leads at a time: nobody takes writes once another's term has begun.
    OnePrimary,
    /// What is written once takes effect once.
    Once,
    /// Writes know of each other.
    Agreed,
}

impl Claim {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Fresh, Self::Durable, Self::OnePrimary, Self::Once, Self::Agreed];

    /// What happens when it is violated.
    pub fn violation(self) -> &'static str {
        match self {
            Self::Fresh => "an old value is read",
            Self::Durable => "an acknowledged write is lost",
            Self::OnePrimary => "a second primary takes a write",
            Self::Once => "a write takes effect twice",
            Self::Agreed => "two writes conflict",
        }
    }
}

/// What an observer has seen violated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Which claim.
    pub claim: Claim,
    /// By which client request; 0 if by none, or not known.
    pub request: u64,
    /// At which member, by slot.
    pub member: u32,
}

/// One violation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// When.
    pub at: Nanos,
    /// Of what.
    pub claim: Claim,
    /// At which component, by slot.
    pub component: u32,
    /// The client request it concerns; 0 if it is none, or not known.
    pub request: u64,
}

/// All that were seen.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    seen: u64,
    latest: VecDeque<Sighting>,
    /// By claim: the first in each of the shortest windows in which there were any.
    moments: [VecDeque<Nanos>; Claim::ALL.len()],
}

impl Sightings {
    /// How many there have been.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Those after so many, oldest first, as far as they are kept.
    pub fn since(&self, seen: u64) -> impl Iterator<Item = &Sighting> {
        let new = self.seen.saturating_sub(seen) as usize;
        self.latest.iter().skip(self.latest.len().saturating_sub(new))
    }

    /// When a claim was violated, oldest first: the first moment of each quarter of a second in which it
    /// was.
    pub fn moments(&self, claim: Claim) -> &VecDeque<Nanos> {
        &self.moments[claim as usize]
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let moments: usize = self.moments.iter().map(VecDeque::len).sum();
        moments * size_of::<Nanos>() + self.latest.len() * size_of::<Sighting>()
    }

    pub(super) fn add(&mut self, it: Sighting) {
        self.seen += 1;
        if self.latest.len() == LATEST_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(it);
        let moments = &mut self.moments[it.claim as usize];
        let window = |at: Nanos| at.0 / WINDOWS[0].0;
        if moments.back().is_none_or(|last| window(*last) < window(it.at)) {
            // The first one is never forgotten.
            if moments.len() == MOMENTS_MAX {
                moments.remove(1);
            }
            moments.push_back(it.at);
        }
    }
}
