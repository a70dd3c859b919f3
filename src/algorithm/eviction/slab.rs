//! Entries of a cache in one block of memory, threaded into doubly linked lists by slot number.
//!
//! All links are numbers, so a policy is cloned by copying one block; once the block has reached
//! the cache's size, nothing is allocated again.

use super::{Key, Slot};

/// "No slot" in a link, and "no key" in a free node.
pub(crate) const NONE: u32 = u32::MAX;

/// One entry: its key, its neighbours in the list that holds it, and one word for the policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) key: Key,
    pub(crate) previous: Slot,
    pub(crate) next: Slot,
    /// What the policy notes about the entry: a bucket, a visited bit, a queue.
    pub(crate) mark: u32,
}

/// The nodes of one policy. Free nodes are chained through `next`, the last freed first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slab {
    pub(crate) nodes: Vec<Node>,
    /// The size of each node's entry; empty as long as all are 1, which is what most caches count.
    pub(crate) sizes: Vec<u64>,
    /// The sizes of all that is held, once they are told.
    weight: u64,
    pub(crate) free: Slot,
    pub(crate) held: u32,
}

impl Slab {
    pub(crate) fn new() -> Self {
        Self { nodes: Vec::new(), sizes: Vec::new(), weight: 0, free: NONE, held: 0 }
    }

    /// Takes a node for `key`; it is in no list yet.
    #[inline]
    pub(crate) fn take(&mut self, key: Key, size: u64) -> Slot {
        assert!(key != NONE, "the last key id is reserved");
        let node = Node { key, previous: NONE, next: NONE, mark: 0 };
        self.held += 1;
        let slot = if self.free == NONE {
            self.nodes.push(node);
            (self.nodes.len() - 1) as Slot
        } else {
            let slot = self.free;
            self.free = self.nodes[slot as usize].next;
            self.nodes[slot as usize] = node;
            slot
        };
        if size != 1 || !self.sizes.is_empty() {
            self.set_size(slot, size);
        }
        slot
    }

    /// Notes a size, once any differs from 1.
    #[cold]
    fn set_size(&mut self, slot: Slot, size: u64) {
        if self.sizes.is_empty() {
            self.weight = u64::from(self.held) - 1;
        }
        self.sizes.resize(self.nodes.len(), 1);
        self.sizes[slot as usize] = size;
        self.weight += size;
    }

    /// How much room all entries take together.
    pub(crate) fn weight(&self) -> u64 {
        if self.sizes.is_empty() { self.held.into() } else { self.weight }
    }

    /// How much room an entry takes.
    #[inline]
    pub(crate) fn size(&self, slot: Slot) -> u64 {
        if self.sizes.is_empty() { 1 } else { self.sizes[slot as usize] }
    }

    /// Gives a node back; it must be in no list any more.
    #[inline]
    pub(crate) fn give_back(&mut self, slot: Slot) -> Key {
        let key = self.key(slot);
        if !self.sizes.is_empty() {
            self.weight -= self.sizes[slot as usize];
        }
        self.nodes[slot as usize] = Node { key: NONE, previous: NONE, next: self.free, mark: 0 };
        self.free = slot;
        self.held -= 1;
        key
    }

    /// The key in a slot. Asking for a slot that holds none is a bug of the caller.
    #[inline]
    pub(crate) fn key(&self, slot: Slot) -> Key {
        let key = self.nodes[slot as usize].key;
        assert!(key != NONE, "the slot holds an entry");
        key
    }

    /// The slots that hold an entry.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + Clone + '_ {
        (0..self.nodes.len() as Slot).filter(|it| self.nodes[*it as usize].key != NONE)
    }

    #[inline]
    pub(crate) fn mark(&self, slot: Slot) -> u32 {
        self.nodes[slot as usize].mark
    }

    #[inline]
    pub(crate) fn set_mark(&mut self, slot: Slot, mark: u32) {
        self.nodes[slot as usize].mark = mark;
    }

    /// Feeds the state hash: every node, free ones included, since they decide the next slot.
    pub(crate) fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.nodes.len() as u64);
        for node in &self.nodes {
            feed(pair(node.key, node.mark));
            feed(pair(node.previous, node.next));
        }
        feed(pair(self.free, self.held));
        self.sizes.iter().for_each(|size| feed(*size));
    }
}

/// A list of entries: where it begins and ends, and how much room all in it take. The links are in
/// the slab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct List {
    pub(crate) first: Slot,
    pub(crate) last: Slot,
    pub(crate) weight: u64,
}

impl List {
    pub(crate) const EMPTY: List = List { first: NONE, last: NONE, weight: 0 };

    pub(crate) fn is_empty(&self) -> bool {
        self.first == NONE
    }

    /// The first slot, if there is one.
    pub(crate) fn front(&self) -> Option<Slot> {
        (self.first != NONE).then_some(self.first)
    }

    /// The slot after another one of this list.
    #[inline]
    pub(crate) fn after(&self, slab: &Slab, slot: Slot) -> Option<Slot> {
        let next = slab.nodes[slot as usize].next;
        (next != NONE).then_some(next)
    }

    #[inline]
    pub(crate) fn push_last(&mut self, slab: &mut Slab, slot: Slot) {
        self.weight += slab.size(slot);
        self.link_last(slab, slot);
    }

    #[inline]
    fn link_last(&mut self, slab: &mut Slab, slot: Slot) {
        let node = &mut slab.nodes[slot as usize];
        node.previous = self.last;
        node.next = NONE;
        match self.last {
            NONE => self.first = slot,
            last => slab.nodes[last as usize].next = slot,
        }
        self.last = slot;
    }

    #[inline]
    pub(crate) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        self.weight -= slab.size(slot);
        self.cut(slab, slot);
    }

    #[inline]
    fn cut(&mut self, slab: &mut Slab, slot: Slot) {
        let Node { previous, next, .. } = slab.nodes[slot as usize];
        match previous {
            NONE => self.first = next,
            before => slab.nodes[before as usize].next = next,
        }
        match next {
            NONE => self.last = previous,
            after => slab.nodes[after as usize].previous = previous,
        }
    }

    #[inline]
    pub(crate) fn move_last(&mut self, slab: &mut Slab, slot: Slot) {
        if self.last != slot {
            self.cut(slab, slot);
            self.link_last(slab, slot);
        }
    }

    /// The slots from first to last.
    pub(crate) fn iter<'a>(&self, slab: &'a Slab) -> impl Iterator<Item = Slot> + use<'a> {
        std::iter::successors(self.front(), |slot| {
            let next = slab.nodes[*slot as usize].next;
            (next != NONE).then_some(next)
        })
    }

    /// The slots from last to first.
    pub(crate) fn iter_back<'a>(&self, slab: &'a Slab) -> impl Iterator<Item = Slot> + use<'a> {
        let slot = |it: Slot| (it != NONE).then_some(it);
        std::iter::successors(slot(self.last), move |it| slot(slab.nodes[*it as usize].previous))
    }

    /// How many it holds: their room, as long as each takes 1.
    pub(crate) fn len(&self, slab: &Slab) -> u64 {
        if slab.sizes.is_empty() { self.weight } else { self.iter(slab).count() as u64 }
    }

    /// Feeds the state hash.
    pub(crate) fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(pair(self.first, self.last));
    }
}

/// Two words as one.
pub(crate) fn pair(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}
