//! First in, first out: the entry that came first leaves, however often it was used.
//!
//! Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
//! Journal 5(2), 1966. Its surprise, that a larger cache can miss more, is a test of this family.

use super::slab::{List, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// One list, from the oldest to the newest arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Fifo {
    pub(crate) slab: Slab,
    pub(crate) arrivals: List,
}

impl Eviction for Fifo {
    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), arrivals: List::EMPTY }
    }

    /// Use makes no difference.
    #[inline]
    fn touch(&mut self, _slot: Slot) {}

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.arrivals.push_last(&mut self.slab, slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.arrivals.front()
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.arrivals.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.arrivals.iter(&self.slab))
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| Place::of(self.slab.key(slot));
        let list = Part::line("by arrival", ["came first", "came last"]);
        vec![list.list((&self.arrivals, &self.slab), most, place)]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.arrivals.fold(feed);
    }
}
