//! The event queue: a heap, plus first-in-first-out lanes for timeouts of equal length. Order is
//! (time, sequence number); the whole determinism of a run rests on this file.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::base::slab::{Handle, Slab};
use crate::base::stable::{StableHash, StableHasher, hash_of};
use crate::base::time::Nanos;

/// More different timeouts than this share the heap.
const LANES_MAX: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    at: Nanos,
    sequence: u64,
    handle: Handle,
}

/// Timeouts of one length: since the clock never goes back, they are due in the order of adding.
#[derive(Clone, Debug)]
struct Lane {
    after: Nanos,
    keys: VecDeque<Key>,
}

/// Where the earliest event is.
#[derive(Clone, Copy)]
enum Place {
    Heap,
    Lane(usize),
}

/// The queue. Cancelling frees the event at once and leaves a void key behind, which is skipped
/// when its time comes.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Reverse<Key>>,
    lanes: Vec<Lane>,
    events: Slab<(Key, T)>,
    sequence: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), lanes: Vec::new(), events: Slab::default(), sequence: 0 }
    }
}

impl<T> Queue<T> {
    /// Adds an event due at a moment.
    pub fn add(&mut self, at: Nanos, event: T) -> Handle {
        let key = self.store(at, event);
        self.heap.push(Reverse(key));
        key.handle
    }

    /// Adds a timeout due `after` from `now`; cheaper than [`Queue::add`], since most timeouts are
    /// cancelled and those of one length never need sorting. `now` must not go back.
    pub fn add_timeout(&mut self, now: Nanos, after: Nanos, event: T) -> Handle {
        let lane = self.lanes.iter().position(|it| it.after == after);
        let lane = lane.or_else(|| {
            let spare = self.lanes.iter().position(|it| it.keys.is_empty());
            spare.inspect(|it| self.lanes[*it].after = after)
        });
        let lane = match lane {
            Some(lane) => lane,
            None if self.lanes.len() < LANES_MAX => {
                self.lanes.push(Lane { after, keys: VecDeque::new() });
                self.lanes.len() - 1
            }
            None => return self.add(now.saturating_add(after), event),
        };
        let key = self.store(now.saturating_add(after), event);
        self.lanes[lane].keys.push_back(key);
        key.handle
    }

    fn store(&mut self, at: Nanos, event: T) -> Key {
        self.sequence += 1;
        let mut key = Key { at, sequence: self.sequence, handle: Handle::default() };
        key.handle = self.events.insert((key, event));
        key
    }

    /// Takes an event out before its time.
    pub fn cancel(&mut self, handle: Handle) -> Option<T> {
        self.events.remove(handle).map(|it| it.1)
    }

    /// The earliest event's place and key, once void keys before it are gone.
    fn earliest(&mut self) -> Option<(Place, Key)> {
        let mut best = None;
        while let Some(Reverse(key)) = self.heap.peek() {
            if self.events.get(key.handle).is_some() {
                best = Some((Place::Heap, *key));
                break;
            }
            self.heap.pop();
        }
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            while let Some(key) = lane.keys.front() {
                if self.events.get(key.handle).is_some() {
                    if best.is_none_or(|it| *key < it.1) {
                        best = Some((Place::Lane(index), *key));
                    }
                    break;
                }
                lane.keys.pop_front();
            }
        }
        best
    }

    /// When the next event is due.
    pub fn next_at(&mut self) -> Option<Nanos> {
        self.earliest().map(|it| it.1.at)
    }

    /// The next event and when it is due.
    pub fn peek(&mut self) -> Option<(Nanos, &T)> {
        let key = self.earliest()?.1;
        self.events.get(key.handle).map(|it| (key.at, &it.1))
    }

    /// Takes the next event, if it is due at `until` or before.
    pub fn take(&mut self, until: Nanos) -> Option<(Nanos, T)> {
        let (place, key) = self.earliest().filter(|it| it.1.at <= until)?;
        match place {
            Place::Heap => _ = self.heap.pop(),
            Place::Lane(index) => _ = self.lanes[index].keys.pop_front(),
        }
        self.events.remove(key.handle).map(|it| (key.at, it.1))
    }

    /// Everything that waits, with its due time, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (Nanos, &T)> {
        self.events.iter().map(|(_, (key, event))| (key.at, event))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Places taken: what waits, and what void keys are still to be skipped.
    pub fn places(&self) -> usize {
        self.heap.len() + self.lanes.iter().map(|it| it.keys.len()).sum::<usize>()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// A sum over what waits, so that neither the heap's shape nor void keys count.
impl<T: StableHash> StableHash for Queue<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let sum = self.events.iter().fold(0u64, |sum, (handle, (key, event))| {
            let mut one = StableHasher::default();
            handle.stable_hash(&mut one);
            key.at.stable_hash(&mut one);
            one.word(key.sequence);
            one.word(hash_of(event));
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

    /// Against a naive model: a sorted list of (time, sequence).
    #[test]
    fn behaves_like_a_sorted_list_under_random_operations() {
        for seed in 0..50u64 {
            let stream = Stream::new(seed, "queue");
            let (mut queue, mut model) = (Queue::default(), Vec::<(Nanos, u64, Handle)>::new());
            let mut now = Nanos::ZERO;
            for n in 0..2_000u64 {
                let bits = stream.bits(n, 0);
                match bits % 5 {
                    0 | 1 => {
                        let at = now + Nanos(stream.bits(n, 1) % 50);
                        let handle = queue.add(at, n);
                        model.push((at, n, handle));
                    }
                    2 => {
                        let after = Nanos(stream.bits(n, 1) % 20);
                        let handle = queue.add_timeout(now, after, n);
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
                        let taken = queue.take(Nanos::MAX);
                        assert_eq!(taken, expected.map(|it| (it.0, it.1)), "seed {seed}");
                        now = taken.map_or(now, |it| it.0);
                    }
                }
                assert_eq!(queue.len(), model.len());
            }
        }
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let mut queue = Queue::default();
        queue.add(Nanos(10), 'b');
        assert_eq!((queue.take(Nanos(9)), queue.next_at()), (None, Some(Nanos(10))));
        assert_eq!(queue.take(Nanos(10)), Some((Nanos(10), 'b')));
    }
}
