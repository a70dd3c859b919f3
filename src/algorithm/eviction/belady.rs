//! Belady's MIN: the entry whose next use lies furthest ahead leaves. It needs to know the future:
//! a bound to compare with and no policy for a running cache.
//!
//! Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
//! Journal 5(2), 1966; optimal for entries of equal size: Mattson et al., IBM Systems Journal 9(2),
//! 1970. With sizes it is a heuristic.

use crate::base::key_map::KeyMap;

use super::heap::Heap;
use super::slab::Slab;
use super::trace::{Tally, Trace};
use super::{Key, Slot};

/// For each request the position of the next one for the same key; `u64::MAX` if there is none.
fn next_uses(keys: &[Key]) -> Vec<u64> {
    let mut later: KeyMap<u64> = KeyMap::default();
    let mut next = vec![u64::MAX; keys.len()];
    for (at, key) in keys.iter().enumerate().rev() {
        if let Some(after) = later.insert(*key, at as u64) {
            next[at] = after;
        }
    }
    next
}

/// Runs a trace through a cache that knows what comes, and counts requests from `from` on; `each` is told
/// of every one of those in turn whether it hit.
pub(super) fn replay(
    capacity: u64,
    trace: &Trace,
    from: usize,
    each: &mut impl FnMut(bool),
) -> Tally {
    let next = next_uses(&trace.keys);
    let (mut slab, mut furthest) = (Slab::new(), Heap::default());
    let mut slots: KeyMap<Slot> = KeyMap::default();
    let (mut used, mut tally) = (0u64, Tally::default());
    for (at, ((key, size), next)) in trace.requests().zip(next).enumerate() {
        let slot = slots.get(key);
        if at >= from {
            tally.count(slot.is_some(), size);
            each(slot.is_some());
        }
        // The heap's first is the lowest rank: the furthest use.
        if let Some(slot) = slot {
            furthest.set(&mut slab, slot, u64::MAX - next);
            continue;
        }
        if size > capacity {
            continue;
        }
        while used > capacity - size {
            let victim = furthest.first().expect("a cache in use has a victim");
            used -= slab.size(victim);
            furthest.remove(&mut slab, victim);
            slots.remove(slab.give_back(victim));
        }
        let slot = slab.take(key, size);
        furthest.push(&mut slab, slot, u64::MAX - next);
        slots.insert(key, slot);
        used += size;
    }
    tally
}
