//! Several LRU lists one above the other: a hit lifts an entry into the next one, and what overflows
//! sinks into the one below. Shared by segmented LRU and W-TinyLFU.

use super::Slot;
use super::slab::{List, Slab};
use super::structure::{Part, Place};

/// Segments from the lowest up; a node's mark is the number of its segment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segments {
    pub(super) lists: Vec<List>,
    pub(super) limits: Vec<u64>,
}

impl Segments {
    pub(super) fn new(limits: Vec<u64>) -> Self {
        Self { lists: vec![List::EMPTY; limits.len()], limits }
    }

    fn put(&mut self, slab: &mut Slab, slot: Slot, segment: usize) {
        slab.set_mark(slot, segment as u32);
        self.lists[segment].push_last(slab, slot);
    }

    /// An entry comes in: into the lowest segment with room, or else into the lowest.
    #[inline]
    pub(super) fn admit(&mut self, slab: &mut Slab, slot: Slot) {
        let size = slab.size(slot);
        let mut segments = self.lists.iter().zip(&self.limits);
        let segment = segments.position(|(list, limit)| list.weight + size <= *limit);
        self.put(slab, slot, segment.unwrap_or(0));
    }

    /// An entry was used: it rises, and who has to make room for it sinks. Whether one sank into the lowest.
    #[inline]
    pub(super) fn touch(&mut self, slab: &mut Slab, slot: Slot) -> bool {
        let segment = slab.mark(slot) as usize;
        if segment + 1 == self.lists.len() {
            self.lists[segment].move_last(slab, slot);
            return false;
        }
        self.lists[segment].unlink(slab, slot);
        self.put(slab, slot, segment + 1);
        let mut sank = false;
        for over in (1..=segment + 1).rev() {
            while self.lists[over].weight > self.limits[over] {
                let Some(sinks) = self.lists[over].front() else { break };
                self.lists[over].unlink(slab, sinks);
                self.put(slab, sinks, over - 1);
                sank |= over == 1;
            }
        }
        sank
    }

    /// Who has to leave if the lowest segment holds more than it has room for. With so few entries that it has none,
    /// nobody has.
    #[inline]
    pub(super) fn over(&self) -> Option<Slot> {
        let (list, limit) = (&self.lists[0], self.limits[0]);
        if limit > 0 && list.weight > limit { list.front() } else { None }
    }

    /// The least recently used entry of the lowest segment that holds any.
    #[inline]
    pub(super) fn victim(&self) -> Option<Slot> {
        self.lists.iter().find_map(List::front)
    }

    #[inline]
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        self.lists[slab.mark(slot) as usize].unlink(slab, slot);
    }

    /// How much room all entries take.
    pub(super) fn weight(&self) -> u64 {
        self.lists.iter().map(|list| list.weight).sum()
    }

    /// The segments as parts, from the lowest up.
    pub(super) fn parts(
        &self,
        slab: &Slab,
        most: usize,
        names: &[&'static str],
        place: &dyn Fn(Slot) -> Place,
    ) -> Vec<Part> {
        let segments = self.lists.iter().zip(&self.limits).zip(names);
        let part = |((list, limit), name): ((&List, &u64), &&str)| {
            let part = Part::line(*name, ["used longest ago", "just now"]).room(*limit as f64);
            part.list((list, slab), most, place)
        };
        segments.map(part).collect()
    }

    pub(super) fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.lists.iter().for_each(|list| list.fold(feed));
        self.limits.iter().for_each(|limit| feed(*limit));
    }
}
