//! SIEVE: a hand walks from the oldest entry to the newest and takes the first that was not used
//! since it last came by; unlike CLOCK, entries keep their place, and newcomers are sifted first.
//!
//! Source: Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU: an efficient
//! turn-key eviction algorithm for web caches", NSDI 2024, algorithm 1.

use serde::{Deserialize, Serialize};

use super::slab::{List, NONE, Slab};
use super::{Eviction, Key, Slot};

/// One list, from the oldest to the newest; each node's mark is the visited bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sieve {
    slab: Slab,
    arrivals: List,
    /// Where the hand goes on; none: at the oldest.
    hand: Slot,
}

impl Eviction for Sieve {
    const SEGMENTS: &'static [&'static str] = &["not used since", "used since"];

    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), arrivals: List::EMPTY, hand: NONE }
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        self.slab.set_mark(slot, 1);
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.arrivals.push_last(&mut self.slab, slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        let oldest = self.arrivals.front()?;
        let mut at = if self.hand == NONE { oldest } else { self.hand };
        while self.slab.mark(at) != 0 {
            self.slab.set_mark(at, 0);
            at = self.arrivals.after(&self.slab, at).unwrap_or(oldest);
        }
        self.hand = at;
        Some(at)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        if self.hand == slot {
            self.hand = self.arrivals.after(&self.slab, slot).unwrap_or(NONE);
        }
        self.arrivals.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot) as usize
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.arrivals.fold(feed);
        feed(u64::from(self.hand));
    }
}
