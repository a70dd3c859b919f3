//! GDSF, greedy dual with size and frequency: small and often used entries stay, and the worth of
//! what has left raises the bar for all, so that old fame fades.
//!
//! Source: Cherkasova, "Improving WWW proxies performance with greedy-dual-size-frequency caching
//! policy", HP Labs HPL-98-69R1, 1998: worth = clock + uses × cost / size, with cost 1.

use super::heap::Heap;
use super::slab::Slab;
use super::structure::{Item, Part, Place};
use super::{Eviction, Key, Slot};

/// One use of an entry of size 1; large, so that worth does not drown in the clock's rounding.
const COST: f64 = 1e6;

/// Entries by worth. Worth is never negative, and then the bits of a float order like the float.
#[derive(Clone, Debug, PartialEq)]
pub struct Gdsf {
    slab: Slab,
    worth: Heap,
    /// Uses of the entry in each slot, its insertion included.
    uses: Vec<u32>,
    /// Worth of the entry that was evicted last.
    clock: f64,
}

impl Gdsf {
    fn worth_of(&self, slot: Slot) -> u64 {
        let uses = f64::from(self.uses[slot as usize]);
        (self.clock + uses * COST / self.slab.size(slot).max(1) as f64).to_bits()
    }
}

impl Eviction for Gdsf {
    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), worth: Heap::default(), uses: Vec::new(), clock: 0.0 }
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    fn touch(&mut self, slot: Slot) {
        let uses = &mut self.uses[slot as usize];
        *uses = uses.saturating_add(1);
        let worth = self.worth_of(slot);
        self.worth.set(&mut self.slab, slot, worth);
    }

    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.uses.resize(self.slab.nodes.len(), 0);
        self.uses[slot as usize] = 1;
        let worth = self.worth_of(slot);
        self.worth.push(&mut self.slab, slot, worth);
        slot
    }

    fn victim(&mut self) -> Option<Slot> {
        self.worth.first()
    }

    fn evict(&mut self, slot: Slot) -> Key {
        self.clock = self.clock.max(f64::from_bits(self.worth.rank(&self.slab, slot)));
        self.remove(slot)
    }

    fn remove(&mut self, slot: Slot) -> Key {
        self.worth.remove(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot: &Slot| {
            let uses = Some(self.uses[*slot as usize]);
            Item::Key(Place { uses, ..Place::of(self.slab.key(*slot)) })
        };
        let mut part = Part::line("by worth", ["worth least", "worth most"]);
        part.held = self.slab.held.into();
        let (first, between, last) = self.worth.ends(most);
        part.items.extend(first.iter().map(place));
        part.items.extend((between > 0).then_some(Item::Between(between)));
        part.items.extend(last.iter().map(place));
        vec![part]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.worth.fold(feed);
        self.uses.iter().for_each(|uses| feed(u64::from(*uses)));
        feed(self.clock.to_bits());
    }
}
