//! Segmented LRU: entries prove themselves in the lowest segment before they rise into those that
//! are harder to be pushed out of.
//!
//! Source: Karedla, Love and Wherry, "Caching strategies to improve disk system performance", IEEE
//! Computer 27(3), 1994, with two segments; four equal ones as Huang et al., "An analysis of
//! Facebook photo caching", SOSP 2013 (S4LRU), and libCacheSim's default.

use super::segments::Segments;
use super::slab::Slab;
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

const SEGMENTS: usize = 4;

/// Four equal segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Slru {
    slab: Slab,
    segments: Segments,
    /// Whether one that rose may have pushed more into the lowest segment than it has room for.
    spills: bool,
}

fn limits(capacity: u64) -> Vec<u64> {
    vec![capacity / SEGMENTS as u64; SEGMENTS]
}

impl Eviction for Slru {
    const SEGMENTS: &'static [&'static str] = &["lowest", "second", "third", "highest"];

    fn new(capacity: u64) -> Self {
        Self { slab: Slab::new(), segments: Segments::new(limits(capacity)), spills: false }
    }

    fn resize(&mut self, capacity: u64) {
        self.segments.limits = limits(capacity);
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        self.spills = self.segments.touch(&mut self.slab, slot);
    }

    #[inline]
    fn spilled(&mut self) -> Option<Slot> {
        if !self.spills {
            return None;
        }
        let over = self.segments.over();
        self.spills = over.is_some();
        over
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.segments.admit(&mut self.slab, slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.segments.victim()
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.segments.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot) as usize
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| Place::of(self.slab.key(slot));
        self.segments.parts(&self.slab, most, &["lowest", "second", "third", "highest"], &place)
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.segments.fold(feed);
        feed(u64::from(self.spills));
    }
}
