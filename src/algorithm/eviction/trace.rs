//! A sequence of requests, and what a cache makes of it: the bench on which policies are compared.

use std::sync::Arc;

use crate::base::key_map::KeyMap;

use super::{Eviction, Key, Slot};

/// Requests, in order. Keys are dense ids; whoever read them knows their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The key of each request.
    pub keys: Vec<Key>,
    /// The size of each request's value; empty if sizes are not told and each counts as 1.
    pub sizes: Vec<u64>,
    /// What each key is called, by id, if all are called by whole numbers; else empty.
    pub names: Arc<[u64]>,
}

impl Trace {
    /// Key and size of each request.
    pub fn requests(&self) -> impl Iterator<Item = (Key, u64)> + '_ {
        let sizes = self.sizes.iter().copied().chain(std::iter::repeat(1));
        self.keys.iter().copied().zip(sizes)
    }
}

/// What became of a trace's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All requests.
    pub requests: u64,
    /// Requests for keys that were there.
    pub hits: u64,
    /// The sizes of all requests, summed: bytes, if sizes are.
    pub weight: u64,
    /// The sizes of those that were there.
    pub hit_weight: u64,
}

impl Tally {
    #[inline]
    pub(super) fn count(&mut self, hit: bool, size: u64) {
        self.requests += 1;
        self.weight += size;
        self.hits += u64::from(hit);
        self.hit_weight += if hit { size } else { 0 };
    }

    /// Hits of all requests, from 0 to 1; 0 if there was no request.
    pub fn hit_ratio(&self) -> f64 {
        self.hits as f64 / self.requests.max(1) as f64
    }
}

/// Runs a trace through a cache of so much room: each miss brings its key in. An entry keeps the
/// size it came with; what is larger than the cache is not taken in. `each` is told of every request in
/// turn whether it hit.
pub(super) fn replay<P: Eviction>(
    capacity: u64,
    trace: &Trace,
    each: &mut impl FnMut(bool),
) -> Tally {
    match trace.sizes.is_empty() {
        true => entries::<P>(capacity, trace, each),
        false => sized::<P>(capacity, trace, each),
    }
}

fn entries<P: Eviction>(capacity: u64, trace: &Trace, each: &mut impl FnMut(bool)) -> Tally {
    let mut policy = P::new(capacity);
    policy.expect(trace);
    let mut slots: KeyMap<Slot> = KeyMap::default();
    let (mut room, mut hits) = (capacity, 0);
    if capacity == 0 {
        let requests = trace.keys.len() as u64;
        (0..requests).for_each(|_| each(false));
        return Tally { requests, weight: requests, ..Tally::default() };
    }
    for key in &trace.keys {
        if let Some(slot) = slots.get(*key) {
            policy.touch(slot);
            while let Some(spilled) = policy.spilled() {
                slots.remove(policy.evict(spilled));
                room += 1;
            }
            hits += 1;
            each(true);
            continue;
        }
        each(false);
        policy.arriving(*key);
        if room == 0 {
            let victim = policy.victim().expect("a full cache has a victim");
            slots.remove(policy.evict(victim));
        } else {
            room -= 1;
        }
        slots.insert(*key, policy.insert(*key, 1));
    }
    let requests = trace.keys.len() as u64;
    Tally { requests, hits, weight: requests, hit_weight: hits }
}

fn sized<P: Eviction>(capacity: u64, trace: &Trace, each: &mut impl FnMut(bool)) -> Tally {
    let mut policy = P::new(capacity);
    let mut slots: KeyMap<Slot> = KeyMap::default();
    let (mut used, mut tally) = (0u64, Tally::default());
    for (key, size) in trace.requests() {
        let slot = slots.get(key);
        tally.count(slot.is_some(), size);
        each(slot.is_some());
        if let Some(slot) = slot {
            policy.touch(slot);
            // What is larger than a segment may stay where it is.
            while let Some(spilled) = policy.spilled().filter(|it| *it != slot) {
                used -= policy.slab().size(spilled);
                slots.remove(policy.evict(spilled));
            }
            continue;
        }
        if size > capacity {
            continue;
        }
        policy.arriving(key);
        while used > capacity - size {
            let victim = policy.victim().expect("a cache in use has a victim");
            used -= policy.slab().size(victim);
            slots.remove(policy.evict(victim));
        }
        slots.insert(key, policy.insert(key, size));
        used += size;
    }
    tally
}
