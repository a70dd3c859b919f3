//! Random: any entry leaves, with equal chances.
//!
//! Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
//! Journal 5(2), 1966. The n-th draw is a hash of n, so a run can be repeated.

use crate::base::draw::mix;

use super::slab::Slab;
use super::structure::{Form, Item, Part, Place};
use super::{Eviction, Key, Slot};

/// All slots that hold an entry, without gaps; each node's mark is its place here.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    slab: Slab,
    held: Vec<Slot>,
    /// Entries evicted so far: the number of the next draw.
    drawn: u64,
}

impl Eviction for Random {
    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), held: Vec::new(), drawn: 0 }
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, _slot: Slot) {}

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.slab.set_mark(slot, self.held.len() as u32);
        self.held.push(slot);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        let draw = u128::from(mix(self.drawn));
        self.held.get(((draw * self.held.len() as u128) >> 64) as usize).copied()
    }

    fn evict(&mut self, slot: Slot) -> Key {
        self.drawn += 1;
        self.remove(slot)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        let at = self.slab.mark(slot) as usize;
        self.held.swap_remove(at);
        if let Some(moved) = self.held.get(at) {
            self.slab.set_mark(*moved, at as u32);
        }
        self.slab.give_back(slot)
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let mut bag = Part::line("all alike", ["", ""]);
        (bag.form, bag.held) = (Form::Bag, self.held.len() as u64);
        let shown = self.held.iter().take(2 * most).map(|it| Place::of(self.slab.key(*it)));
        bag.items = shown.map(Item::Key).collect();
        let rest = self.held.len().saturating_sub(2 * most);
        bag.items.extend((rest > 0).then_some(Item::Between(rest as u64)));
        vec![bag]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.held.iter().for_each(|slot| feed(u64::from(*slot)));
        feed(self.drawn);
    }
}
