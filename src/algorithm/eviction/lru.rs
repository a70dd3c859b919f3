//! Least recently used: the entry that has gone unused the longest leaves.
//!
//! Source: Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies",
//! IBM Systems Journal 9(2), 1970. Every use costs a move to the end of one list.

use super::slab::{List, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// One list, from the least to the most recently used.
#[derive(Clone, Debug, PartialEq)]
pub struct Lru {
    pub(crate) slab: Slab,
    pub(crate) uses: List,
}

impl Eviction for Lru {
    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), uses: List::EMPTY }
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        self.uses.move_last(&mut self.slab, slot);
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.uses.push_last(&mut self.slab, slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.uses.front()
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.uses.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.uses.iter(&self.slab))
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| Place::of(self.slab.key(slot));
        let list = Part::line("by last use", ["longest ago", "just now"]);
        vec![list.list((&self.uses, &self.slab), most, place)]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.uses.fold(feed);
    }
}
