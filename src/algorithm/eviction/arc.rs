//! ARC, the adaptive replacement cache: what was asked for once and what was asked for again share
//! the cache, and keys that come back after they have left move the border between the two.
//!
//! Source: Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003,
//! figure 4.

use super::ghosts::Ghosts;
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// Which of the four lists; a node's mark says which of the first two.
const RECENT: u32 = 0;
const FREQUENT: u32 = 1;

/// T1, T2, B1 and B2 of the paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Arc {
    slab: Slab,
    /// T1 (asked for once lately) and T2 (at least twice), each the least recently used first.
    lists: [List; 2],
    /// B1 and B2: the keys these lists let go.
    departed: [Ghosts; 2],
    /// p: the room T1 should have.
    target: f64,
    capacity: u64,
    /// The key that comes in next, the list it goes to, and whether B2 knew it.
    coming: Key,
    goes_to: u32,
    was_frequent: bool,
}

impl Eviction for Arc {
    const SEGMENTS: &'static [&'static str] = &["recent", "frequent"];

    fn new(capacity: u64) -> Self {
        Self {
            slab: Slab::new(),
            lists: [List::EMPTY; 2],
            departed: [Ghosts::new(), Ghosts::new()],
            target: 0.0,
            capacity,
            coming: NONE,
            goes_to: RECENT,
            was_frequent: false,
        }
    }

    fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.target = self.target.min(capacity as f64);
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        let from = self.slab.mark(slot);
        if from == FREQUENT {
            return self.lists[1].move_last(&mut self.slab, slot);
        }
        self.lists[0].unlink(&mut self.slab, slot);
        self.slab.set_mark(slot, FREQUENT);
        self.lists[1].push_last(&mut self.slab, slot);
    }

    /// Cases II to IV of the paper: a key that B1 knew makes T1's room grow, one that B2 knew
    /// makes it shrink.
    fn arriving(&mut self, key: Key) {
        let [once, again] = self.departed.each_ref().map(|it| it.weight());
        let step = |of: u64, by: u64| (of as f64 / by.max(1) as f64).max(1.0);
        (self.coming, self.goes_to, self.was_frequent) = (key, FREQUENT, false);
        if self.departed[0].take(key).is_some() {
            self.target = (self.target + step(again, once)).min(self.capacity as f64);
        } else if self.departed[1].take(key).is_some() {
            self.target = (self.target - step(once, again)).max(0.0);
            self.was_frequent = true;
        } else {
            self.goes_to = RECENT;
        }
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        if self.coming != key {
            self.arriving(key);
        }
        let slot = self.slab.take(key, size);
        self.slab.set_mark(slot, self.goes_to);
        self.lists[self.goes_to as usize].push_last(&mut self.slab, slot);
        (self.coming, self.was_frequent) = (NONE, false);
        // T1 and B1 together know one cache full of keys at most, all four lists two.
        let [recent, frequent] = self.lists.map(|it| it.weight);
        self.departed[0].trim(self.capacity.saturating_sub(recent));
        let others = recent + frequent + self.departed[0].weight();
        self.departed[1].trim((2 * self.capacity).saturating_sub(others));
        slot
    }

    /// REPLACE of the paper.
    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        let [recent, frequent] = &self.lists;
        let held = recent.weight as f64;
        if held > self.target || self.was_frequent && held == self.target {
            return recent.front().or(frequent.front());
        }
        frequent.front().or(recent.front())
    }

    fn evict(&mut self, slot: Slot) -> Key {
        let from = self.slab.mark(slot) as usize;
        self.departed[from].push(self.slab.key(slot), self.slab.size(slot), 0);
        self.remove(slot)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        let from = self.slab.mark(slot) as usize;
        self.lists[from].unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot) as usize
    }

    fn departed(&self) -> usize {
        self.departed.iter().map(Ghosts::len).sum()
    }

    /// The room of T1 is the target, p.
    fn parts(&self, most: usize) -> Vec<Part> {
        let (all, target) = (self.capacity as f64, self.target);
        let held = self.lists.map(|it| it.len(&self.slab) as f64);
        let part = |name, list, room: f64| {
            let part = Part::line(name, ["used longest ago", "just now"]).room(room);
            part.list((list, &self.slab), most, |slot| Place::of(self.slab.key(slot)))
        };
        let once = part("used once (T1)", &self.lists[0], target);
        let known = held[0] + held[1] + self.departed[0].len() as f64;
        vec![
            Part { note: "The room of T1 is p, which misses on B1 and B2 move.", ..once },
            part("used again (T2)", &self.lists[1], all - target),
            self.departed[0].part("left T1 (B1)", (all - held[0]).max(0.0), most),
            self.departed[1].part("left T2 (B2)", (2.0 * all - known).max(0.0), most),
        ]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.lists.iter().for_each(|list| list.fold(feed));
        self.departed.iter().for_each(|it| it.fold(feed));
        let (goes_to, coming) = (u64::from(self.goes_to), u64::from(self.coming));
        for word in [self.target.to_bits(), self.capacity, coming, goes_to, u64::from(self.was_frequent)] {
            feed(word);
        }
    }
}
