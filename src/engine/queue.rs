//! The event queue: a heap, plus first-in-first-out lanes for delays of equal length. Order is
//! (time, sequence number); the whole determinism of a run rests on this file.

use std::cmp::Ordering;

use crate::base::slab::{Handle, Slab};
use crate::base::stable::{StableHash, StableHasher, hash_of};
use crate::base::time::Nanos;

/// What a place of the queue takes of memory, roughly.
pub const PLACE_BYTES: usize = 150;
/// More different lengths of delay than this share the heap.
const LANES_MAX: usize = 12;
/// The heap is cleaned of void keys when there are more of them than this and than others.
const VOIDS_MAX: usize = 64;
/// The lane of events that are in the heap.
const HEAP: u32 = u32::MAX;
/// The place of no event.
const NOWHERE: u32 = u32::MAX;

/// When an event is due, and which of those due then comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    at: Nanos,
    sequence: u64,
}

impl Due {
    /// Later than everything.
    const NEVER: Self = Self { at: Nanos::MAX, sequence: u64::MAX };

    /// Both as one number: compared without a branch.
    fn whole(self) -> u128 {
        let sequence = self.sequence;
        #[cfg(test)]
        let sequence = crate::base::broken::sequence(sequence);
        u128::from(self.at.0) << 64 | u128::from(sequence)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.whole().cmp(&other.whole()))
    }
    fn lt(&self, other: &Self) -> bool {
        self.whole() < other.whole()
    }
    fn le(&self, other: &Self) -> bool {
        self.whole() <= other.whole()
    }
}

/// What the heap holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    due: Due,
    handle: Handle,
}

/// A binary heap, the earliest on top (Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964).
#[derive(Clone, Debug, Default)]
struct Heap(Vec<Key>);

impl Heap {
    /// The key comes in parts, which are handed over in registers: one that has just been put together in
    /// memory, field by field, cannot be read in wider pieces at once.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn push(&mut self, at: Nanos, sequence: u64, handle: Handle) {
        let key = Key { due: Due { at, sequence }, handle };
        let mut at = self.0.len();
        self.0.push(key);
        while at > 0 {
            let above = (at - 1) / 2;
            if self.0[above].due < key.due {
                break;
            }
            self.0[at] = self.0[above];
            at = above;
        }
        self.0[at] = key;
    }

    /// Takes the earliest off.
    fn pop(&mut self) {
        let Some(key) = self.0.pop() else { return };
        let keys = self.0.as_mut_slice();
        let (mut at, mut below) = (0, 1);
        while below < keys.len() {
            if below + 1 < keys.len() && keys[below + 1].due < keys[below].due {
                below += 1;
            }
            if key.due < keys[below].due {
                break;
            }
            keys[at] = keys[below];
            (at, below) = (below, 2 * below + 1);
        }
        if let Some(place) = keys.get_mut(at) {
            *place = key;
        }
    }

    /// Keeps only some.
    fn retain(&mut self, keeps: impl Fn(&Key) -> bool) {
        let keys = std::mem::take(&mut self.0);
        let kept = keys.into_iter().filter(keeps);
        kept.for_each(|it| self.push(it.due.at, it.due.sequence, it.handle));
    }
}

/// Delays of one length: since the clock never goes back, they are due in the order of adding. The
/// events are a list, linked both ways, so that one that is cancelled leaves nothing behind.
#[derive(Clone, Debug)]
struct Lane {
    after: Nanos,
    /// When the first is due; [`Due::NEVER`] for an empty lane.
    due: Due,
    /// Places of its first and last event, if it has any.
    first: u32,
    last: u32,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    due: Due,
    lane: u32,
    /// Places of its neighbours in the lane; [`NOWHERE`] for none.
    before: u32,
    behind: u32,
    event: T,
}

/// The earliest event: when it is due, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct First {
    /// When it is due.
    pub at: Nanos,
    place: u32,
    lane: u32,
}

/// The queue. Cancelling frees the event at once; one in the heap leaves a void key behind, which
/// is skipped when its time comes.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: Heap,
    voids: usize,
    lanes: Vec<Lane>,
    /// The lane whose first is due earliest; [`HEAP`] if there is no lane.
    earliest: u32,
    events: Slab<Entry<T>>,
    sequence: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let (heap, lanes, events) = (Heap::default(), Vec::new(), Slab::default());
        Self { heap, voids: 0, lanes, earliest: HEAP, events, sequence: 0 }
    }
}

impl<T> Queue<T> {
    /// Adds an event due at a moment.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn add(&mut self, at: Nanos, event: T) -> Handle {
        self.sequence += 1;
        let due = Due { at, sequence: self.sequence };
        let (before, behind) = (NOWHERE, NOWHERE);
        let handle = self.events.insert(Entry { due, lane: HEAP, before, behind, event });
        self.heap.push(at, due.sequence, handle);
        handle
    }

    /// Adds an event due `after` from `now`, where many have delays of just this length: cheaper
    /// than [`Queue::add`], since these never need sorting. `now` must not go back.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn add_after(&mut self, now: Nanos, after: Nanos, event: T) -> Handle {
        let at = now.saturating_add(after);
        let index = match self.lanes.iter().position(|it| it.after == after) {
            Some(own) => own,
            None => match self.lane_for(after) {
                Some(spare) => spare,
                None => return self.add(at, event),
            },
        };
        self.sequence += 1;
        let due = Due { at, sequence: self.sequence };
        let lane = &mut self.lanes[index];
        let is_first = lane.due.sequence == Due::NEVER.sequence;
        let before = if is_first { NOWHERE } else { lane.last };
        let entry = Entry { due, lane: index as u32, before, behind: NOWHERE, event };
        let handle = self.events.insert(entry);
        lane.last = handle.index;
        if is_first {
            (lane.due, lane.first) = (due, handle.index);
            if self.lanes.get(self.earliest as usize).is_none_or(|it| due < it.due) {
                self.earliest = index as u32;
            }
        } else if let Some(before) = self.events.at_mut(before) {
            before.behind = handle.index;
        }
        handle
    }

    /// An empty lane for delays of a length that has none of its own.
    #[cold]
    fn lane_for(&mut self, after: Nanos) -> Option<usize> {
        if let Some(spare) = self.lanes.iter().position(|it| it.due == Due::NEVER) {
            self.lanes[spare].after = after;
            return Some(spare);
        }
        let (due, first, last) = (Due::NEVER, NOWHERE, NOWHERE);
        let more = self.lanes.len() < LANES_MAX;
        more.then(|| {
            self.lanes.push(Lane { after, due, first, last });
            self.lanes.len() - 1
        })
    }

    /// Takes an event out before its time.
    pub fn cancel(&mut self, handle: Handle) -> Option<T> {
        self.unlink(handle);
        self.events.remove(handle).map(|it| it.event)
    }

    /// Drops an event before its time.
    pub fn discard(&mut self, handle: Handle) {
        self.unlink(handle);
        self.events.discard(handle);
    }

    /// Closes the gap that an event leaves in its lane.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn unlink(&mut self, handle: Handle) {
        let Some(entry) = self.events.get(handle) else { return };
        let Entry { lane: index, before, behind, .. } = *entry;
        if index == HEAP {
            return self.leave_void(handle);
        }
        let lane = &mut self.lanes[index as usize];
        match self.events.at_mut(before) {
            Some(before) => before.behind = behind,
            None => lane.first = behind,
        }
        match self.events.at_mut(behind) {
            Some(behind) => {
                behind.before = before;
                if before == NOWHERE {
                    lane.due = behind.due;
                }
            }
            None => {
                lane.last = before;
                if before == NOWHERE {
                    lane.due = Due::NEVER;
                }
            }
        }
        // The others' firsts have not changed.
        if before == NOWHERE && index == self.earliest {
            self.find_earliest();
        }
    }

    /// The key of an event in the heap will be void.
    fn leave_void(&mut self, handle: Handle) {
        self.voids += 1;
        if self.voids > VOIDS_MAX && self.voids * 2 > self.heap.0.len() {
            let events = &self.events;
            self.heap.retain(|it| it.handle != handle && events.get(it.handle).is_some());
            self.voids = 0;
        }
    }

    /// The earliest event.
    #[inline]
    pub fn first(&mut self) -> Option<First> {
        if self.voids > 0 {
            self.skip_voids();
        }
        let (due, place) = match self.heap.0.first() {
            Some(key) => (key.due, key.handle.index),
            None => (Due::NEVER, NOWHERE),
        };
        let lane = self.lanes.get(self.earliest as usize);
        #[cfg(test)]
        let lane = lane.filter(|it| crate::base::broken::due(it.due.at) <= due.at);
        match lane {
            Some(it) if it.due < due => {
                Some(First { at: it.due.at, place: it.first, lane: self.earliest })
            }
            _ => (place != NOWHERE).then_some(First { at: due.at, place, lane: HEAP }),
        }
    }

    #[cold]
    fn skip_voids(&mut self) {
        while self.voids > 0
            && let Some(key) = self.heap.0.first()
            && self.events.get(key.handle).is_none()
        {
            self.heap.pop();
            self.voids -= 1;
        }
    }

    /// Whether anything may be due by now.
    pub fn is_due(&self, now: Nanos) -> bool {
        let lane = self.lanes.get(self.earliest as usize);
        self.heap.0.first().is_some_and(|it| it.due.at <= now)
            || lane.is_some_and(|it| it.due.at <= now)
    }

    /// What the earliest event is.
    pub fn look(&self, first: First) -> Option<&T> {
        self.events.at(first.place).map(|it| &it.event)
    }

    /// Takes the earliest event, as it has just been found.
    pub fn take(&mut self, first: First) -> Option<T> {
        self.pass(first);
        self.events.remove_at(first.place).map(|it| it.event)
    }

    /// Drops the earliest event, as it has just been found, where it is.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn drop_first(&mut self, first: First) {
        self.pass(first);
        self.events.discard_at(first.place);
    }

    /// The earliest event is to be no longer waited for.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn pass(&mut self, first: First) {
        if first.lane == HEAP {
            self.heap.pop();
        } else {
            // Nothing is before the first.
            let Some(behind) = self.events.at(first.place).map(|it| it.behind) else { return };
            let lane = &mut self.lanes[first.lane as usize];
            match self.events.at_mut(behind) {
                Some(next) => {
                    next.before = NOWHERE;
                    (lane.first, lane.due) = (behind, next.due);
                }
                None => lane.due = Due::NEVER,
            }
            self.find_earliest();
        }
    }

    /// The lane whose first is due earliest.
    #[inline]
    fn find_earliest(&mut self) {
        let mut least = Due::NEVER;
        for (index, lane) in self.lanes.iter().enumerate() {
            if index == 0 || lane.due < least {
                (least, self.earliest) = (lane.due, index as u32);
            }
        }
    }

    /// Everything that waits, with its due time, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (Nanos, &T)> {
        self.events.iter().map(|(_, it)| (it.due.at, &it.event))
    }

    /// Everything that waits with its number, which no other event ever has, and its due time, in
    /// no order that means anything.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, Nanos, &T)> {
        self.events.iter().map(|(_, it)| (it.due.sequence, it.due.at, &it.event))
    }

    /// What names the event with this number, and when it is due; none if it no longer waits.
    pub fn find(&self, number: u64) -> Option<(Handle, Nanos)> {
        let found = self.events.iter().find(|it| it.1.due.sequence == number);
        found.map(|(handle, it)| (handle, it.due.at))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Places taken: what waits, and what void keys are still to be skipped.
    pub fn places(&self) -> usize {
        self.events.len() + self.voids
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// A sum over what waits, so that neither the heap's shape nor void keys count.
impl<T: StableHash> StableHash for Queue<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let sum = self.events.iter().fold(0u64, |sum, (handle, it)| {
            let mut one = StableHasher::default();
            handle.stable_hash(&mut one);
            it.due.at.stable_hash(&mut one);
            one.word(it.due.sequence);
            one.word(hash_of(&it.event));
            sum.wrapping_add(one.finish())
        });
        h.word(self.events.len() as u64);
        h.word(self.sequence);
        h.word(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    fn take_first(queue: &mut Queue<u64>) -> Option<(Nanos, u64)> {
        let first = queue.first()?;
        let seen = queue.look(first).copied();
        let taken = queue.take(first);
        assert_eq!(seen, taken);
        taken.map(|it| (first.at, it))
    }

    /// Against a naive model: a sorted list of (time, sequence).
    #[test]
    fn behaves_like_a_sorted_list_under_random_operations() {
        for seed in 0..100u64 {
            let stream = Stream::new(seed, "queue");
            let (mut queue, mut model) = (Queue::default(), Vec::<(Nanos, u64, Handle)>::new());
            let mut now = Nanos::ZERO;
            // From delays that all have a lane to more lengths than there are lanes.
            let lengths = 1 + seed % 20;
            for n in 0..2_000u64 {
                let bits = stream.bits(n, 0);
                match bits % 5 {
                    0 | 1 => {
                        let at = now + Nanos(stream.bits(n, 1) % 50);
                        let handle = queue.add(at, n);
                        model.push((at, n, handle));
                    }
                    2 => {
                        let after = Nanos(stream.bits(n, 1) % lengths);
                        let handle = queue.add_after(now, after, n);
                        model.push((now + after, n, handle));
                    }
                    3 if !model.is_empty() => {
                        let index = (stream.bits(n, 2) % model.len() as u64) as usize;
                        let gone = model.remove(index);
                        assert_eq!(queue.cancel(gone.2), Some(gone.1), "seed {seed}");
                        assert_eq!(queue.cancel(gone.2), None);
                    }
                    _ => {
                        model.sort_unstable_by_key(|it| (it.0, it.1));
                        let expected = (!model.is_empty()).then(|| model.remove(0));
                        let taken = take_first(&mut queue);
                        assert_eq!(taken, expected.map(|it| (it.0, it.1)), "seed {seed}");
                        now = taken.map_or(now, |it| it.0);
                    }
                }
                assert_eq!(queue.len(), model.len());
                let bound = 2 * model.len() + 2 * VOIDS_MAX + 2;
                assert!(queue.places() <= bound, "{} of {}", queue.places(), model.len());
            }
        }
    }

    #[test]
    fn the_first_is_told_with_its_time() {
        let mut queue = Queue::default();
        queue.add(Nanos(10), 1);
        queue.add_after(Nanos(4), Nanos(6), 2);
        assert_eq!(queue.first().map(|it| it.at), Some(Nanos(10)));
        assert_eq!(
            [take_first(&mut queue), take_first(&mut queue)].map(|it| it.unwrap().1),
            [1, 2]
        );
        assert!(queue.first().is_none() && queue.is_empty());
    }
}
