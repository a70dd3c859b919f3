//! Keys of entries that have left: a queue with a quick answer to "is it here?". They cost a key
//! and two links each, never a value.

use crate::base::key_map::KeyMap;

use super::slab::{List, Slab};
use super::structure::{Part, Place};
use super::{Key, Slot};

/// The departed, the first to be forgotten first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ghosts {
    slab: Slab,
    queue: List,
    at: KeyMap<Slot>,
}

impl Ghosts {
    pub(super) fn new() -> Self {
        Self { slab: Slab::new(), queue: List::EMPTY, at: KeyMap::default() }
    }

    /// Notes a key that is not here, with one word about it.
    pub(super) fn push(&mut self, key: Key, size: u64, mark: u32) -> Slot {
        let slot = self.slab.take(key, size);
        self.slab.set_mark(slot, mark);
        self.queue.push_last(&mut self.slab, slot);
        self.at.insert(key, slot);
        slot
    }

    /// Takes a key out, if it is here, and returns the word about it.
    #[inline]
    pub(super) fn take(&mut self, key: Key) -> Option<u32> {
        let slot = self.at.remove(key)?;
        self.queue.unlink(&mut self.slab, slot);
        let mark = self.slab.mark(slot);
        self.slab.give_back(slot);
        Some(mark)
    }

    /// Makes a key the last to be forgotten, if it is here, and returns the word about it.
    pub(super) fn renew(&mut self, key: Key) -> Option<u32> {
        let slot = self.at.get(key)?;
        self.queue.move_last(&mut self.slab, slot);
        Some(self.slab.mark(slot))
    }

    /// Forgets the oldest key and returns the word about it.
    pub(super) fn forget(&mut self) -> Option<u32> {
        let oldest = self.queue.front()?;
        self.take(self.slab.key(oldest))
    }

    /// Forgets the oldest until the rest would have fitted into so much room.
    pub(super) fn trim(&mut self, room: u64) {
        while self.queue.weight > room && self.forget().is_some() {}
    }

    /// The room all of them would take.
    pub(super) fn weight(&self) -> u64 {
        self.queue.weight
    }

    pub(super) fn len(&self) -> usize {
        self.slab.held as usize
    }

    /// What it looks like: the first is forgotten next.
    pub(super) fn part(&self, name: &'static str, room: f64, most: usize) -> Part {
        let place = |slot| Place { ghost: true, ..Place::of(self.slab.key(slot)) };
        let part = Part::line(name, ["forgotten next", "left last"]).room(room);
        Part { ghosts: true, ..part.list((&self.queue, &self.slab), most, place) }
    }

    /// Feeds the state hash; the index follows from the rest.
    pub(super) fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.queue.fold(feed);
    }
}
