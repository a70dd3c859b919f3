//! The event queue: a heap, plus first-in-first-out lanes for delays of equal length. Order is
//! (time, sequence number); the whole determinism of a run rests on this file.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::base::slab::{Handle, Slab};
use crate::base::stable::{StableHash, StableHasher, hash_of};
use crate::base::time::Nanos;

/// More different lengths of delay than this share the heap.
const LANES_MAX: usize = 12;
/// The heap is cleaned of void keys when there are more of them than this and than others.
const VOIDS_MAX: usize = 64;
/// The lane of events that are in the heap.
const HEAP: u32 = u32::MAX;

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
        u128::from(self.at.0) << 64 | u128::from(self.sequence)
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.whole().cmp(&other.whole())
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
    fn lt(&self, other: &Self) -> bool {
        self.whole() < other.whole()
    }
    fn le(&self, other: &Self) -> bool {
        self.whole() <= other.whole()
    }
}

/// What the heap holds, the earliest on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    due: Due,
    handle: Handle,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
    fn lt(&self, other: &Self) -> bool {
        other.due < self.due
    }
    fn le(&self, other: &Self) -> bool {
        other.due <= self.due
    }
}

/// Delays of one length: since the clock never goes back, they are due in the order of adding. The
/// events are a list, linked both ways, so that one that is cancelled leaves nothing behind.
#[derive(Clone, Debug)]
struct Lane {
    after: Nanos,
    /// When the first is due; [`Due::NEVER`] for an empty lane.
    due: Due,
    first: Handle,
    last: Handle,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    due: Due,
    lane: u32,
    /// Neighbours in the lane, if any.
    before: Option<Handle>,
    behind: Option<Handle>,
    event: T,
}

/// The earliest event: when it is due, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct First {
    /// When it is due.
    pub at: Nanos,
    handle: Handle,
    lane: u32,
}

/// The queue. Cancelling frees the event at once; one in the heap leaves a void key behind, which
/// is skipped when its time comes.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Key>,
    voids: usize,
    lanes: Vec<Lane>,
    /// The lane whose first is due earliest; [`HEAP`] if there is no lane.
    earliest: u32,
    events: Slab<Entry<T>>,
    sequence: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let (heap, lanes, events) = (BinaryHeap::new(), Vec::new(), Slab::default());
        Self { heap, voids: 0, lanes, earliest: HEAP, events, sequence: 0 }
    }
}

impl<T> Queue<T> {
    /// Adds an event due at a moment.
    pub fn add(&mut self, at: Nanos, event: T) -> Handle {
        self.sequence += 1;
        let due = Due { at, sequence: self.sequence };
        let (before, behind) = (None, None);
        let handle = self.events.insert(Entry { due, lane: HEAP, before, behind, event });
        self.heap.push(Key { due, handle });
        handle
    }

    /// Adds an event due `after` from `now`, where many have delays of just this length: cheaper
    /// than [`Queue::add`], since these never need sorting. `now` must not go back.
    pub fn add_after(&mut self, now: Nanos, after: Nanos, event: T) -> Handle {
        let at = now.saturating_add(after);
        let Some(index) = self.lane_for(after) else { return self.add(at, event) };
        self.sequence += 1;
        let due = Due { at, sequence: self.sequence };
        let lane = &mut self.lanes[index];
        let before = (lane.due != Due::NEVER).then_some(lane.last);
        let entry = Entry { due, lane: index as u32, before, behind: None, event };
        let handle = self.events.insert(entry);
        lane.last = handle;
        match before.and_then(|it| self.events.get_mut(it)) {
            Some(before) => before.behind = Some(handle),
            None => {
                (lane.due, lane.first) = (due, handle);
                if self.lanes.get(self.earliest as usize).is_none_or(|it| due < it.due) {
                    self.earliest = index as u32;
                }
            }
        }
        handle
    }

    /// The lane for delays of a length: its own, or an empty one.
    fn lane_for(&mut self, after: Nanos) -> Option<usize> {
        if let Some(own) = self.lanes.iter().position(|it| it.after == after) {
            return Some(own);
        }
        if let Some(spare) = self.lanes.iter().position(|it| it.due == Due::NEVER) {
            self.lanes[spare].after = after;
            return Some(spare);
        }
        let (due, first, last) = (Due::NEVER, Handle::default(), Handle::default());
        let more = self.lanes.len() < LANES_MAX;
        more.then(|| {
            self.lanes.push(Lane { after, due, first, last });
            self.lanes.len() - 1
        })
    }

    /// Takes an event out before its time.
    pub fn cancel(&mut self, handle: Handle) -> Option<T> {
        let entry = self.events.remove(handle)?;
        if entry.lane == HEAP {
            self.voids += 1;
            if self.voids > VOIDS_MAX && self.voids * 2 > self.heap.len() {
                self.heap.retain(|key| self.events.get(key.handle).is_some());
                self.voids = 0;
            }
        } else {
            self.unlink(&entry);
        }
        Some(entry.event)
    }

    /// Closes the gap that an event leaves in its lane.
    fn unlink(&mut self, entry: &Entry<T>) {
        let lane = &mut self.lanes[entry.lane as usize];
        match entry.before.and_then(|it| self.events.get_mut(it)) {
            Some(before) => before.behind = entry.behind,
            None => lane.first = entry.behind.unwrap_or_default(),
        }
        match entry.behind.and_then(|it| self.events.get_mut(it)) {
            Some(behind) => {
                behind.before = entry.before;
                if entry.before.is_none() {
                    lane.due = behind.due;
                }
            }
            None => match entry.before {
                Some(before) => lane.last = before,
                None => lane.due = Due::NEVER,
            },
        }
        // The others' firsts have not changed.
        if entry.before.is_none() && entry.lane == self.earliest {
            self.find_earliest();
        }
    }

    /// The earliest event.
    pub fn first(&mut self) -> Option<First> {
        while self.voids > 0
            && let Some(key) = self.heap.peek()
            && self.events.get(key.handle).is_none()
        {
            self.heap.pop();
            self.voids -= 1;
        }
        let (due, handle) = match self.heap.peek() {
            Some(key) => (key.due, key.handle),
            None => (Due::NEVER, Handle::default()),
        };
        let lane = self.lanes.get(self.earliest as usize);
        #[cfg(test)]
        let lane = lane.filter(|it| crate::base::broken::due(it.due.at) <= due.at);
        match lane {
            Some(it) if it.due < due => {
                Some(First { at: it.due.at, handle: it.first, lane: self.earliest })
            }
            _ => (due != Due::NEVER).then_some(First { at: due.at, handle, lane: HEAP }),
        }
    }

    /// What the earliest event is.
    pub fn look(&self, first: First) -> Option<&T> {
        self.events.get(first.handle).map(|it| &it.event)
    }

    /// Takes the earliest event, as it has just been found.
    pub fn take(&mut self, first: First) -> Option<T> {
        let entry = self.events.remove(first.handle)?;
        if first.lane == HEAP {
            self.heap.pop();
            return Some(entry.event);
        }
        // Nothing is before the first.
        let lane = &mut self.lanes[first.lane as usize];
        match entry.behind.and_then(|it| self.events.get_mut(it).map(|behind| (it, behind))) {
            Some((handle, behind)) => {
                behind.before = None;
                (lane.first, lane.due) = (handle, behind.due);
            }
            None => lane.due = Due::NEVER,
        }
        self.find_earliest();
        Some(entry.event)
    }

    /// The lane whose first is due earliest.
    fn find_earliest(&mut self) {
        let lanes = self.lanes.iter().enumerate();
        self.earliest = lanes.min_by_key(|it| it.1.due).map_or(HEAP, |it| it.0 as u32);
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
        assert_eq!(queue.look(first).copied(), queue.events.get(first.handle).map(|it| it.event));
        queue.take(first).map(|it| (first.at, it))
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
