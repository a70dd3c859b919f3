//! LIRS: entries whose last two uses lie close together (low inter-reference recency) keep nearly
//! all of the cache; the others share one hundredth of it.
//!
//! Source: Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement policy
//! to improve buffer cache performance", SIGMETRICS 2002; 1 % for the others as there. The stack is
//! bounded to two caches full of keys, as in libCacheSim: the oldest departed key is forgotten.

use super::ghosts::Ghosts;
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// Part of a resident's mark: it belongs to the set of low recency (LIR); above is its stack node.
const LIR: u32 = 1;
/// Part of a stack node's mark: its key has left; above is the number of ghost or resident.
const GHOST: u32 = 1;
/// Instead of a stack node: the entry is not on the stack.
const NOWHERE: u32 = NONE >> 1;

/// Stack S and queue Q of the paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Lirs {
    slab: Slab,
    /// Q: residents that are not LIR, the next to leave first.
    queue: List,
    /// Nodes of S: a key each, and who it belongs to.
    stack: Slab,
    /// S from the bottom to the top. Once pruned, the bottom is LIR.
    recency: List,
    departed: Ghosts,
    lir_weight: u64,
    lir_limit: u64,
    capacity: u64,
}

impl Lirs {
    fn is_lir(&self, slot: Slot) -> bool {
        self.slab.mark(slot) & LIR != 0
    }

    fn stack_node(&self, slot: Slot) -> Option<Slot> {
        let node = self.slab.mark(slot) >> 1;
        (node != NOWHERE).then_some(node)
    }

    /// Puts a resident on top of the stack and notes whether it is LIR.
    fn stack_up(&mut self, slot: Slot, lir: u32) {
        let node = self.stack.take(self.slab.key(slot), self.slab.size(slot));
        self.stack.set_mark(node, slot << 1);
        self.recency.push_last(&mut self.stack, node);
        self.slab.set_mark(slot, (node << 1) | lir);
    }

    fn unstack(&mut self, node: Slot) {
        self.recency.unlink(&mut self.stack, node);
        self.stack.give_back(node);
    }

    /// Takes from the bottom of the stack what is not LIR.
    fn prune(&mut self) {
        while let Some(bottom) = self.recency.front() {
            let owner = self.stack.mark(bottom);
            if owner & GHOST != 0 {
                self.departed.take(self.stack.key(bottom));
            } else if self.is_lir(owner >> 1) {
                return;
            } else {
                self.slab.set_mark(owner >> 1, NOWHERE << 1);
            }
            self.unstack(bottom);
        }
    }

    /// Makes the LIR set small enough again: those at the bottom of the stack join the queue.
    fn demote(&mut self) {
        self.prune();
        while self.lir_weight > self.lir_limit {
            let Some(bottom) = self.recency.front() else { return };
            let slot = self.stack.mark(bottom) >> 1;
            self.unstack(bottom);
            self.slab.set_mark(slot, NOWHERE << 1);
            self.lir_weight -= self.slab.size(slot);
            self.queue.push_last(&mut self.slab, slot);
            self.prune();
        }
    }

    /// Forgets the departed that went first while the stack is too high.
    fn bound(&mut self) {
        while self.recency.weight > 2 * self.capacity {
            let Some(node) = self.departed.forget() else { return };
            self.unstack(node);
        }
    }
}

impl Eviction for Lirs {
    const SEGMENTS: &'static [&'static str] = &["high recency (HIR)", "low recency (LIR)"];

    fn new(capacity: u64) -> Self {
        let mut it = Self {
            slab: Slab::new(),
            queue: List::EMPTY,
            stack: Slab::new(),
            recency: List::EMPTY,
            departed: Ghosts::new(),
            lir_weight: 0,
            lir_limit: 0,
            capacity: 0,
        };
        it.resize(capacity);
        it
    }

    fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.lir_limit = capacity.saturating_sub((capacity / 100).max(1));
        self.demote();
        self.bound();
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    fn touch(&mut self, slot: Slot) {
        let node = self.stack_node(slot);
        match node {
            Some(node) if self.is_lir(slot) => {
                self.recency.move_last(&mut self.stack, node);
                self.prune();
            }
            Some(node) => {
                self.queue.unlink(&mut self.slab, slot);
                self.slab.set_mark(slot, (node << 1) | LIR);
                self.lir_weight += self.slab.size(slot);
                self.recency.move_last(&mut self.stack, node);
                self.demote();
            }
            None => {
                self.queue.move_last(&mut self.slab, slot);
                self.stack_up(slot, 0);
                self.bound();
            }
        }
    }

    /// A returning key counts as used now, before anybody leaves for it.
    fn arriving(&mut self, key: Key) {
        if let Some(node) = self.departed.renew(key) {
            self.recency.move_last(&mut self.stack, node);
            self.prune();
        }
    }

    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        if let Some(node) = self.departed.take(key) {
            self.stack.set_mark(node, slot << 1);
            self.slab.set_mark(slot, (node << 1) | LIR);
            self.recency.move_last(&mut self.stack, node);
            self.lir_weight += size;
            self.demote();
        } else if self.lir_weight + size <= self.lir_limit {
            self.stack_up(slot, LIR);
            self.lir_weight += size;
        } else {
            self.stack_up(slot, 0);
            self.queue.push_last(&mut self.slab, slot);
        }
        self.bound();
        slot
    }

    fn victim(&mut self) -> Option<Slot> {
        if let Some(first) = self.queue.front() {
            return Some(first);
        }
        self.prune();
        self.recency.front().map(|node| self.stack.mark(node) >> 1)
    }

    fn evict(&mut self, slot: Slot) -> Key {
        match self.stack_node(slot) {
            Some(node) if !self.is_lir(slot) => {
                let key = self.slab.key(slot);
                let ghost = self.departed.push(key, self.slab.size(slot), node);
                self.stack.set_mark(node, (ghost << 1) | GHOST);
                self.queue.unlink(&mut self.slab, slot);
                self.slab.give_back(slot)
            }
            _ => self.remove(slot),
        }
    }

    fn remove(&mut self, slot: Slot) -> Key {
        if self.is_lir(slot) {
            self.lir_weight -= self.slab.size(slot);
        } else {
            self.queue.unlink(&mut self.slab, slot);
        }
        if let Some(node) = self.stack_node(slot) {
            self.unstack(node);
            self.prune();
        }
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        usize::from(self.is_lir(slot))
    }

    fn departed(&self) -> usize {
        self.departed.len()
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let queue = Part::line("queue Q (HIR)", ["leaves next", "came last"]);
        let queue = queue.room((self.capacity - self.lir_limit) as f64);
        let stack = Part::line("stack S", ["bottom", "top, used last"]);
        let note = "LIR: its last two uses lie close together; HIR: not, or not known.";
        // Of those who have left the sizes are not known.
        let counted = self.slab.sizes.is_empty();
        let stack = if counted { stack.room(2.0 * self.capacity as f64) } else { stack };
        let stack = Part { note, ..stack };
        let place = |node| {
            let owner = self.stack.mark(node);
            let ghost = owner & GHOST != 0;
            let state = match ghost {
                true => "",
                false if self.is_lir(owner >> 1) => "LIR",
                false => "HIR",
            };
            Place { ghost, state, ..Place::of(self.stack.key(node)) }
        };
        vec![
            queue.list((&self.queue, &self.slab), most, |slot| Place::of(self.slab.key(slot))),
            stack.list((&self.recency, &self.stack), most, place),
        ]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.queue.fold(feed);
        self.stack.fold(feed);
        self.recency.fold(feed);
        self.departed.fold(feed);
        for word in [self.lir_weight, self.lir_limit, self.capacity] {
            feed(word);
        }
    }
}
