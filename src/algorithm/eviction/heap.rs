//! Slots by rank, the lowest first: a binary heap in which an entry's rank can change. Each node's
//! mark is its place in the heap.

use super::Slot;
use super::slab::Slab;

/// One entry: among equal ranks the one that was set first comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    rank: u64,
    set: u64,
    slot: Slot,
}

/// The heap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heap {
    items: Vec<Item>,
    sets: u64,
}

impl Heap {
    /// The slot of the lowest rank.
    pub(super) fn first(&self) -> Option<Slot> {
        self.items.first().map(|it| it.slot)
    }

    /// The rank of a slot that is here.
    pub(super) fn rank(&self, slab: &Slab, slot: Slot) -> u64 {
        self.items[slab.mark(slot) as usize].rank
    }

    /// At most `most` slots of the lowest ranks in their order, how many come then, and at most
    /// `most` of the highest.
    pub(super) fn ends(&self, most: usize) -> (Vec<Slot>, u64, Vec<Slot>) {
        let mut items: Vec<_> = self.items.iter().map(|it| (it.rank, it.set, it.slot)).collect();
        let count = items.len();
        let (low, high) = (most.min(count), most.min(count.saturating_sub(most)));
        let slots = |items: &mut [(u64, u64, Slot)]| {
            items.sort_unstable();
            items.iter().map(|it| it.2).collect()
        };
        if low + high < count && high > 0 {
            items.select_nth_unstable(low);
            items[low..].select_nth_unstable(count - high - low);
        }
        let first = slots(&mut items[..low]);
        (first, (count - low - high) as u64, slots(&mut items[count - high..]))
    }

    pub(super) fn push(&mut self, slab: &mut Slab, slot: Slot, rank: u64) {
        self.sets += 1;
        self.items.push(Item { rank, set: self.sets, slot });
        self.rise(slab, self.items.len() - 1);
    }

    /// Changes the rank of a slot that is here.
    pub(super) fn set(&mut self, slab: &mut Slab, slot: Slot, rank: u64) {
        let at = slab.mark(slot) as usize;
        self.sets += 1;
        self.items[at] = Item { rank, set: self.sets, slot };
        let at = self.rise(slab, at);
        self.sink(slab, at);
    }

    pub(super) fn remove(&mut self, slab: &mut Slab, slot: Slot) {
        let at = slab.mark(slot) as usize;
        self.items.swap_remove(at);
        if at < self.items.len() {
            let at = self.rise(slab, at);
            self.sink(slab, at);
        }
    }

    fn order(&self, at: usize) -> (u64, u64) {
        (self.items[at].rank, self.items[at].set)
    }

    fn note(&self, slab: &mut Slab, at: usize) {
        slab.set_mark(self.items[at].slot, at as u32);
    }

    fn rise(&mut self, slab: &mut Slab, mut at: usize) -> usize {
        while at > 0 && self.order(at) < self.order((at - 1) / 2) {
            self.items.swap(at, (at - 1) / 2);
            self.note(slab, at);
            at = (at - 1) / 2;
        }
        self.note(slab, at);
        at
    }

    fn sink(&mut self, slab: &mut Slab, mut at: usize) {
        loop {
            let children = [2 * at + 1, 2 * at + 2].into_iter();
            let below = children.filter(|it| *it < self.items.len());
            let Some(least) = below.min_by_key(|it| self.order(*it)) else { break };
            if self.order(at) < self.order(least) {
                break;
            }
            self.items.swap(at, least);
            self.note(slab, at);
            at = least;
        }
        self.note(slab, at);
    }

    pub(super) fn fold(&self, feed: &mut impl FnMut(u64)) {
        for Item { rank, set, slot } in &self.items {
            feed(*rank);
            feed(*set);
            feed(u64::from(*slot));
        }
        feed(self.sets);
    }
}
