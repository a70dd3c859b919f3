//! Least frequently used: the entry with the fewest uses leaves; among equals, the one whose last
//! use lies furthest back.
//!
//! Source: Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction
//! scheme", 2010: a list of frequencies, each with the list of its entries. The insertion counts
//! as the first use, and a count ends with the entry (in-cache LFU, no memory of the departed).

use super::slab::{List, NONE, Slab, pair};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// Buckets whose entries are told apart in a picture.
const BUCKETS_TOLD: usize = 5;

/// The entries used equally often, least recently used first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// Uses of every entry here; at `u32::MAX` counting stops and recency alone decides.
    pub(crate) uses: u32,
    pub(crate) entries: List,
    pub(crate) previous: u32,
    pub(crate) next: u32,
}

/// Buckets in rising order of use; each node's mark is the number of its bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Lfu {
    pub(crate) slab: Slab,
    pub(crate) buckets: Vec<Bucket>,
    /// The bucket of the least used entries, or none.
    pub(crate) rarest: u32,
    /// Free buckets, chained through `next`.
    pub(crate) free: u32,
}

impl Lfu {
    /// The bucket for `uses` that follows `previous` (none: the first), made if it is not there.
    fn bucket_after(&mut self, previous: u32, uses: u32) -> u32 {
        let next = match previous {
            NONE => self.rarest,
            before => self.buckets[before as usize].next,
        };
        if next != NONE && self.buckets[next as usize].uses == uses {
            return next;
        }
        let bucket = Bucket { uses, entries: List::EMPTY, previous, next };
        let at = match self.free {
            NONE => {
                self.buckets.push(bucket);
                (self.buckets.len() - 1) as u32
            }
            free => {
                self.free = self.buckets[free as usize].next;
                self.buckets[free as usize] = bucket;
                free
            }
        };
        self.join(previous, at);
        self.join(at, next);
        at
    }

    /// Makes two buckets neighbours; "none" stands for the end of the list.
    fn join(&mut self, before: u32, after: u32) {
        match before {
            NONE => self.rarest = after,
            before => self.buckets[before as usize].next = after,
        }
        if after != NONE {
            self.buckets[after as usize].previous = before;
        }
    }

    /// Takes an entry out of its bucket, and the bucket out of the list when that empties it.
    fn leave(&mut self, slot: Slot) {
        let at = self.slab.mark(slot);
        let bucket = &mut self.buckets[at as usize];
        bucket.entries.unlink(&mut self.slab, slot);
        if bucket.entries.is_empty() {
            let Bucket { previous, next, .. } = *bucket;
            self.join(previous, next);
            let free = Bucket { uses: 0, entries: List::EMPTY, previous: NONE, next: self.free };
            self.buckets[at as usize] = free;
            self.free = at;
        }
    }

    fn enter(&mut self, slot: Slot, at: u32) {
        self.slab.set_mark(slot, at);
        self.buckets[at as usize].entries.push_last(&mut self.slab, slot);
    }

    /// How often an entry has been used, its insertion included.
    pub fn uses(&self, slot: Slot) -> u32 {
        self.buckets[self.slab.mark(slot) as usize].uses
    }
}

impl Eviction for Lfu {
    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), buckets: Vec::new(), rarest: NONE, free: NONE }
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        let at = self.slab.mark(slot);
        let Bucket { uses, .. } = self.buckets[at as usize];
        match uses.checked_add(1) {
            // The new bucket is found before the old one is left, since it hangs behind it.
            Some(more) => {
                let target = self.bucket_after(at, more);
                self.leave(slot);
                self.enter(slot, target);
            }
            None => self.buckets[at as usize].entries.move_last(&mut self.slab, slot),
        }
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        let at = self.bucket_after(NONE, 1);
        self.enter(slot, at);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.buckets.get(self.rarest as usize).and_then(|bucket| bucket.entries.front())
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.leave(slot);
        self.slab.give_back(slot)
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        let first = self.buckets.get(self.rarest as usize);
        let rising = std::iter::successors(first, |it| self.buckets.get(it.next as usize));
        Box::new(rising.flat_map(|bucket| bucket.entries.iter(&self.slab)))
    }

    /// The buckets of the rarest one by one, and all others together.
    fn parts(&self, most: usize) -> Vec<Part> {
        let next = |it: &&Bucket| self.buckets.get(it.next as usize);
        let mut rising = std::iter::successors(self.buckets.get(self.rarest as usize), next);
        let ends = ["idle longest", "used last"];
        let place = |slot: Slot| {
            let uses = Some(self.uses(slot));
            Place { uses, ..Place::of(self.slab.key(slot)) }
        };
        let part = |bucket: &Bucket, or_more: &str| {
            let name = format!("used {} ×{or_more}", bucket.uses);
            Part::line(name, ends).list((&bucket.entries, &self.slab), most, place)
        };
        let mut parts: Vec<Part> =
            rising.by_ref().take(BUCKETS_TOLD).map(|it| part(it, "")).collect();
        let rest: Vec<&Bucket> = rising.collect();
        if let Some((first, others)) = rest.split_first() {
            let mut all = part(first, if others.is_empty() { "" } else { " or more" });
            for bucket in others {
                let more = part(bucket, "");
                all.held += more.held;
                all.items.extend(more.items);
            }
            all.shorten(most);
            parts.push(all);
        }
        parts
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        feed(self.buckets.len() as u64);
        for bucket in &self.buckets {
            feed(u64::from(bucket.uses));
            bucket.entries.fold(feed);
            feed(pair(bucket.previous, bucket.next));
        }
        feed(pair(self.rarest, self.free));
    }
}
