//! SIEVE: a hand walks from the oldest entry to the newest and takes the first that was not used
//! since it last came by; unlike CLOCK, entries keep their place, and newcomers are sifted first.
//!
//! Source: Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU: an efficient
//! turn-key eviction algorithm for web caches", NSDI 2024, algorithm 1.

use super::slab::{List, NONE, Slab};
use super::structure::{Item, Part, Place};
use super::{Eviction, Key, Slot};

/// One list, from the oldest to the newest; each node's mark is the visited bit.
#[derive(Clone, Debug, PartialEq)]
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

    /// The hand has places of its own beside those at the ends.
    fn parts(&self, most: usize) -> Vec<Part> {
        let list = (&self.arrivals, &self.slab);
        let place = |slot: Slot| {
            let (used, hand) = (Some(self.slab.mark(slot) != 0), slot == self.hand);
            Place { used, hand, ..Place::of(self.slab.key(slot)) }
        };
        let mut part =
            Part::line("by arrival", ["came first", "came last"]).list(list, most, place);
        if self.hand == NONE {
            if let Some(Item::Key(first)) = part.items.first_mut() {
                first.hand = true;
            }
        } else if !part.places().any(|it| it.hand)
            && let Some(Item::Between(between)) = part.items.get(most).copied()
            && let Some(at) = self.arrivals.iter(&self.slab).position(|it| it == self.hand)
        {
            // Half of them stand before the hand, half at it and after it.
            let (first, end) = (most as u64, most as u64 + between);
            let start = (at as u64).saturating_sub(first / 2).max(first);
            let stop = (start + first).min(end);
            let near = self.arrivals.iter(&self.slab).skip(start as usize);
            let near = near.take((stop - start) as usize).map(place).map(Item::Key);
            let gap = |count: u64| (count > 0).then_some(Item::Between(count));
            let shown = gap(start - first).into_iter().chain(near).chain(gap(end - stop));
            let shown: Vec<_> = shown.collect();
            part.items.splice(most..=most, shown);
        }
        vec![part]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.arrivals.fold(feed);
        feed(u64::from(self.hand));
    }
}
