//! S3-FIFO: three queues, first in, first out. A small one sorts out what is asked for once, a main
//! one keeps what was used there, a third remembers the keys the small one let go.
//!
//! Source: Yang, Zhang, Qiu, Yue and Vinayak, "FIFO queues are all you need for cache eviction",
//! SOSP 2023, algorithm 1; small queue 10 %, two uses to rise, as in libCacheSim. As there, while
//! nothing has been evicted yet, what does not fit into the small queue goes to the main one.

use super::ghosts::Ghosts;
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// The lowest bit of a mark says that the entry is in the main queue; the rest counts its uses.
const MAIN: u32 = 1;
const USE: u32 = 2;
/// Uses in the small queue that lift an entry into the main one.
const RISES: u32 = 2;
/// Uses that are counted at most.
const USES_MAX: u32 = 3;

/// S, M and G of the paper.
#[derive(Clone, Debug, PartialEq)]
pub struct S3Fifo {
    slab: Slab,
    small: List,
    main: List,
    departed: Ghosts,
    /// The key that comes in next, if it was among the departed.
    returns: Key,
    small_limit: u64,
    main_limit: u64,
    departed_limit: u64,
    /// Whether any entry has had to leave yet.
    has_evicted: bool,
    /// The victim that was named last, until anything happens.
    chosen: Slot,
}

impl S3Fifo {
    fn main_victim(&mut self) -> Option<Slot> {
        loop {
            let front = self.main.front()?;
            let mark = self.slab.mark(front);
            if mark < USE {
                return Some(front);
            }
            self.slab.set_mark(front, mark - USE);
            self.main.move_last(&mut self.slab, front);
        }
    }

    fn small_victim(&mut self) -> Option<Slot> {
        loop {
            let front = self.small.front()?;
            if self.slab.mark(front) < RISES * USE {
                return Some(front);
            }
            self.small.unlink(&mut self.slab, front);
            self.slab.set_mark(front, MAIN);
            self.main.push_last(&mut self.slab, front);
        }
    }
}

impl Eviction for S3Fifo {
    const SEGMENTS: &'static [&'static str] = &["small", "main"];

    fn new(capacity: u64) -> Self {
        let mut it = Self {
            slab: Slab::new(),
            small: List::EMPTY,
            main: List::EMPTY,
            departed: Ghosts::new(),
            returns: NONE,
            small_limit: 0,
            main_limit: 0,
            departed_limit: 0,
            has_evicted: false,
            chosen: NONE,
        };
        it.resize(capacity);
        it
    }

    fn resize(&mut self, capacity: u64) {
        self.small_limit = (capacity / 10).max(1);
        self.main_limit = capacity.saturating_sub(self.small_limit);
        self.departed_limit = capacity / 10 * 9 + capacity % 10 * 9 / 10;
        self.departed.trim(self.departed_limit);
        self.chosen = NONE;
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        self.chosen = NONE;
        let mark = self.slab.mark(slot);
        if mark < USES_MAX * USE {
            self.slab.set_mark(slot, mark + USE);
        }
    }

    /// Takes a returning key from the departed before anybody joins them for its sake.
    #[inline]
    fn arriving(&mut self, key: Key) {
        self.returns = if self.departed.take(key).is_some() { key } else { NONE };
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        self.chosen = NONE;
        let slot = self.slab.take(key, size);
        let fills = !self.has_evicted && self.small.weight >= self.small_limit;
        let returns = std::mem::replace(&mut self.returns, NONE) == key;
        if returns || fills || self.departed.take(key).is_some() {
            self.slab.set_mark(slot, MAIN);
            self.main.push_last(&mut self.slab, slot);
        } else {
            self.small.push_last(&mut self.slab, slot);
        }
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        if self.chosen == NONE {
            let from_main = self.main.weight > self.main_limit || self.small.is_empty();
            let chosen = if from_main { None } else { self.small_victim() };
            // All of the small queue may have risen.
            self.chosen = chosen.or_else(|| self.main_victim())?;
        }
        Some(self.chosen)
    }

    #[inline]
    fn evict(&mut self, slot: Slot) -> Key {
        self.has_evicted = true;
        if self.slab.mark(slot) & MAIN == 0 {
            self.departed.push(self.slab.key(slot), self.slab.size(slot), 0);
            self.departed.trim(self.departed_limit);
        }
        self.remove(slot)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.chosen = NONE;
        let in_main = self.slab.mark(slot) & MAIN != 0;
        let list = if in_main { &mut self.main } else { &mut self.small };
        list.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        (self.slab.mark(slot) & MAIN) as usize
    }

    fn departed(&self) -> usize {
        self.departed.len()
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| {
            let uses = Some(self.slab.mark(slot) / USE);
            Place { uses, ..Place::of(self.slab.key(slot)) }
        };
        let part = |name, limit: u64, list| {
            let part = Part::line(name, ["came first", "came last"]).room(limit as f64);
            part.list((list, &self.slab), most, place)
        };
        vec![
            part("small", self.small_limit, &self.small),
            part("main", self.main_limit, &self.main),
            self.departed.part("left the small queue (ghosts)", self.departed_limit as f64, most),
        ]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.small.fold(feed);
        self.main.fold(feed);
        self.departed.fold(feed);
        feed(u64::from(self.returns));
        feed(self.small_limit);
        feed(self.main_limit);
        feed(self.departed_limit);
        feed(u64::from(self.has_evicted));
        feed(u64::from(self.chosen));
    }
}
