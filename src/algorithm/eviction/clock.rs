//! CLOCK, or second chance: first in, first out, but an entry that was used since the hand last
//! passed gets another round.
//!
//! Source: Corbató, "A paging experiment with the Multics system", MIT Project MAC report
//! MAC-M-384, 1968. One bit an entry, and a hit writes nothing else.

use super::slab::{List, Slab};
use super::structure::{Form, Item, Part, Place};
use super::{Eviction, Key, Slot};

/// One list, its front at the hand; each node's mark is the bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    slab: Slab,
    ring: List,
}

impl Eviction for Clock {
    const SEGMENTS: &'static [&'static str] = &["not used since", "used since"];

    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), ring: List::EMPTY }
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
        self.ring.push_last(&mut self.slab, slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        let mut front = self.ring.front()?;
        while self.slab.mark(front) != 0 {
            self.slab.set_mark(front, 0);
            self.ring.move_last(&mut self.slab, front);
            front = self.ring.first;
        }
        Some(front)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.ring.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot) as usize
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| {
            let used = Some(self.slab.mark(slot) != 0);
            Place { used, ..Place::of(self.slab.key(slot)) }
        };
        let ends = ["at the hand", "just behind it"];
        let mut ring = Part::line("ring", ends).list((&self.ring, &self.slab), most, place);
        ring.form = Form::Ring;
        if let Some(Item::Key(first)) = ring.items.first_mut() {
            first.hand = true;
        }
        vec![ring]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.ring.fold(feed);
    }
}
