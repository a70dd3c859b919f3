//! 2Q: newcomers pass through a short queue; only a key that comes back soon after it has left that
//! queue is kept as one that is used again and again.
//!
//! Source: Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement
//! algorithm", VLDB 1994 (full version; Kin 25 % and Kout 50 % of the cache, as tuned there).

use super::ghosts::Ghosts;
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// Marks of nodes: in the queue of newcomers, or among those that came back.
const NEW: u32 = 0;
const MAIN: u32 = 1;

/// A1in, Am and A1out of the paper.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoQ {
    slab: Slab,
    /// A1in, first in, first out.
    new: List,
    /// Am, the least recently used first.
    main: List,
    /// A1out.
    departed: Ghosts,
    /// The key that comes in next, if it was among the departed.
    returns: Key,
    new_limit: u64,
    departed_limit: u64,
}

impl Eviction for TwoQ {
    const SEGMENTS: &'static [&'static str] = &["newcomers", "main"];

    fn new(capacity: u64) -> Self {
        let (slab, departed, returns) = (Slab::new(), Ghosts::new(), NONE);
        let (new, main, new_limit, departed_limit) = (List::EMPTY, List::EMPTY, 0, 0);
        let mut it = Self { slab, new, main, departed, returns, new_limit, departed_limit };
        it.resize(capacity);
        it
    }

    fn resize(&mut self, capacity: u64) {
        (self.new_limit, self.departed_limit) = (capacity / 4, capacity / 2);
        self.departed.trim(self.departed_limit);
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        if self.slab.mark(slot) == MAIN {
            self.main.move_last(&mut self.slab, slot);
        }
    }

    /// Takes a returning key from the departed before anybody joins them for its sake.
    #[inline]
    fn arriving(&mut self, key: Key) {
        self.returns = if self.departed.take(key).is_some() { key } else { NONE };
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        let returns = std::mem::replace(&mut self.returns, NONE) == key;
        if returns || self.departed.take(key).is_some() {
            self.slab.set_mark(slot, MAIN);
            self.main.push_last(&mut self.slab, slot);
        } else {
            self.new.push_last(&mut self.slab, slot);
        }
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        let newest = self.new.weight > self.new_limit;
        if newest { self.new.front() } else { self.main.front().or(self.new.front()) }
    }

    fn evict(&mut self, slot: Slot) -> Key {
        if self.slab.mark(slot) == NEW {
            self.departed.push(self.slab.key(slot), self.slab.size(slot), 0);
            self.departed.trim(self.departed_limit);
        }
        self.remove(slot)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        let list = if self.slab.mark(slot) == MAIN { &mut self.main } else { &mut self.new };
        list.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot) as usize
    }

    fn departed(&self) -> usize {
        self.departed.len()
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| Place::of(self.slab.key(slot));
        let (new_limit, departed_limit) = (self.new_limit as f64, self.departed_limit as f64);
        let new = Part::line("newcomers (A1in)", ["came first", "came last"]).room(new_limit);
        let main = Part::line("main (Am)", ["used longest ago", "just now"]);
        vec![
            new.list((&self.new, &self.slab), most, place),
            main.list((&self.main, &self.slab), most, place),
            self.departed.part("left newcomers (A1out)", departed_limit, most),
        ]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.new.fold(feed);
        self.main.fold(feed);
        self.departed.fold(feed);
        feed(u64::from(self.returns));
        feed(self.new_limit);
        feed(self.departed_limit);
    }
}
