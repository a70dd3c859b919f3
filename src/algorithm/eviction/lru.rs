//! Least recently used: the entry that has gone unused the longest leaves.
//!
//! Source: Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies",
//! IBM Systems Journal 9(2), 1970. Every use costs a move to the end of one list.

use serde::{Deserialize, Serialize};

use super::slab::{List, Slab};
use super::{Eviction, Key, Slot};

/// One list, from the least to the most recently used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lru {
    pub(crate) slab: Slab,
    pub(crate) uses: List,
}

impl Eviction for Lru {
    fn new(_capacity: u32) -> Self {
        Self { slab: Slab::new(), uses: List::EMPTY }
    }

    fn touch(&mut self, slot: Slot) {
        self.uses.move_last(&mut self.slab, slot);
    }

    fn insert(&mut self, key: Key) -> Slot {
        let slot = self.slab.take(key);
        self.uses.push_last(&mut self.slab, slot);
        slot
    }

    fn victim(&mut self) -> Option<Slot> {
        self.uses.front()
    }

    fn remove(&mut self, slot: Slot) -> Key {
        self.uses.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn key(&self, slot: Slot) -> Key {
        self.slab.key(slot)
    }

    fn len(&self) -> usize {
        self.slab.held as usize
    }

    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.uses.iter(&self.slab))
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.uses.fold(feed);
    }
}
