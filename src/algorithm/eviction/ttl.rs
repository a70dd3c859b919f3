//! TTL only: an entry leaves when its time is up and not before. A cache that is full of entries
//! whose time is not up takes nothing new in.
//!
//! Source: the rule of plain expiry, as in Jung, Berger and Balakrishnan, "Modeling TTL-based
//! Internet caches", INFOCOM 2003. All entries live equally long, so they expire as they came.

use crate::base::key_map::KeyMap;

use super::slab::{List, Slab};
use super::trace::{Tally, Trace};
use super::structure::{Part, Place};
use super::{Eviction, Key, Slot};

/// One list, from the oldest to the newest arrival. Time is the cache's affair: it evicts the
/// victim only if that has expired.
#[derive(Clone, Debug, PartialEq)]
pub struct Ttl {
    slab: Slab,
    arrivals: List,
}

impl Eviction for Ttl {
    const LIVE_MAY_LEAVE: bool = false;

    fn new(_capacity: u64) -> Self {
        Self { slab: Slab::new(), arrivals: List::EMPTY }
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    /// Use makes no difference.
    fn touch(&mut self, _slot: Slot) {}

    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.arrivals.push_last(&mut self.slab, slot);
        slot
    }

    fn victim(&mut self) -> Option<Slot> {
        self.arrivals.front()
    }

    fn remove(&mut self, slot: Slot) -> Key {
        self.arrivals.unlink(&mut self.slab, slot);
        self.slab.give_back(slot)
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot| Place::of(self.slab.key(slot));
        let list = Part::line("by arrival", ["ends first", "ends last"]);
        vec![list.list((&self.arrivals, &self.slab), most, place)]
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.arrivals.fold(feed);
    }

    /// The clock of a trace is the request: an entry is good for the `ttl` requests after the one
    /// that brought it in. Use does not prolong it.
    fn replay(capacity: u64, ttl: u64, trace: &Trace, each: &mut impl FnMut(bool)) -> Tally {
        let mut policy = Ttl::new(capacity);
        let mut slots: KeyMap<(Slot, u64)> = KeyMap::default();
        let mut tally = Tally::default();
        for (now, (key, size)) in trace.requests().enumerate() {
            let now = now as u64;
            while let Some(oldest) = policy.victim() {
                let expires = slots.get(policy.key(oldest)).map_or(0, |it| it.1);
                if now <= expires {
                    break;
                }
                slots.remove(policy.evict(oldest));
            }
            let hit = slots.get(key).is_some();
            tally.count(hit, size);
            each(hit);
            if !hit && policy.arrivals.weight.saturating_add(size) <= capacity {
                slots.insert(key, (policy.insert(key, size), now.saturating_add(ttl)));
            }
        }
        tally
    }
}
