//! Every policy against the contract, published traces, and a naive model of itself.

use super::*;
use crate::base::keyed::Draws;

/// A cache that stores nothing: it counts misses over a trace.
struct Cache {
    policy: Running,
    capacity: usize,
    slots: std::collections::BTreeMap<Key, Slot>,
}

impl Cache {
    fn new(policy: Policy, capacity: u32) -> Self {
        Self {
            policy: policy.start(capacity.into()),
            capacity: capacity as usize,
            slots: [].into(),
        }
    }

    /// Asks for a key and says whether it was there, and who left for it.
    fn ask(&mut self, key: Key) -> (bool, Option<Key>) {
        if let Some(slot) = self.slots.get(&key) {
            self.policy.touch(*slot);
            return (true, None);
        }
        self.policy.arriving(key);
        let mut left = None;
        if self.policy.len() == self.capacity {
            let slot = self.policy.victim().expect("a full cache has a victim");
            left = Some(self.policy.evict(slot));
            self.slots.remove(&left.unwrap());
        }
        self.slots.insert(key, self.policy.insert(key, 1));
        (false, left)
    }

    fn order(&self) -> Vec<Key> {
        self.policy.order().map(|slot| self.policy.key(slot)).collect()
    }
}

fn misses(policy: Policy, capacity: u32, trace: &[Key]) -> usize {
    let mut cache = Cache::new(policy, capacity);
    trace.iter().filter(|key| !cache.ask(**key).0).count()
}

/// Silberschatz, Galvin, Gagne, "Operating System Concepts", 9th ed., section 9.4: with three
/// frames this reference string costs 15 faults under FIFO and 12 under LRU.
#[test]
fn page_faults_of_the_textbook_string() {
    let trace = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    assert_eq!(misses(Policy::Fifo, 3, &trace), 15);
    assert_eq!(misses(Policy::Lru, 3, &trace), 12);
}

/// The victims of the same string under LRU, as drawn frame by frame in that section.
#[test]
fn lru_victims_of_the_textbook_string() {
    let mut cache = Cache::new(Policy::Lru, 3);
    let trace = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    let left: Vec<Key> = trace.iter().filter_map(|key| cache.ask(*key).1).collect();
    assert_eq!(left, [7, 1, 2, 3, 0, 4, 0, 3, 2]);
    assert_eq!(cache.order(), [7, 0, 1]);
}

/// Belady, Nelson and Shedler, "An anomaly in space-time characteristics of certain programs
/// running in a paging machine", CACM 12(6), 1969: FIFO misses 9 times with 3 frames, 10 with 4.
#[test]
fn fifo_shows_beladys_anomaly() {
    let trace = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    assert_eq!(misses(Policy::Fifo, 3, &trace), 9);
    assert_eq!(misses(Policy::Fifo, 4, &trace), 10);
}

/// The example of problem 460, "LFU cache", at leetcode.com: capacity 2; 1 and 2 come, 1 is read,
/// 3 pushes 2 out, 3 is read, 4 pushes 1 out (as often used as 3, but idle longer).
#[test]
fn lfu_example() {
    let mut cache = Cache::new(Policy::Lfu, 2);
    let steps = [1, 2, 1, 3, 3, 4].map(|key| cache.ask(key).1);
    assert_eq!(steps, [None, None, None, Some(2), None, Some(1)]);
    assert_eq!(cache.order(), [4, 3]);
}

/// An entry as a naive model sees it.
#[derive(Clone, Copy)]
struct Known {
    key: Key,
    arrived: u64,
    used: u64,
    uses: u64,
}

/// What a naive model sorts by, to know who leaves first.
type SortKey = fn(&Known) -> (u64, u64);

/// Policies whose order of leaving can be said in one sort key. Others bring a model of their own.
const DEFINITIONS: [(Policy, SortKey); 3] = [
    (Policy::Lru, |it| (0, it.used)),
    (Policy::Fifo, |it| (0, it.arrived)),
    (Policy::Lfu, |it| (it.uses, it.used)),
];

#[test]
fn policies_agree_with_their_definition() {
    for (policy, definition) in DEFINITIONS {
        for seed in 0..40 {
            let mut draws = Draws::new(seed);
            let mut running = policy.start(16);
            let mut slots: Vec<Slot> = Vec::new();
            let mut entries: Vec<Known> = Vec::new();
            for now in 0..600 {
                let some = draws.below(entries.len().max(1) as u64) as usize;
                match draws.below(10) {
                    0..5 if !entries.is_empty() => {
                        running.touch(slots[some]);
                        entries[some].used = now;
                        entries[some].uses += 1;
                    }
                    5..8 => {
                        let key = now as Key;
                        slots.push(running.insert(key, 1));
                        entries.push(Known { key, arrived: now, used: now, uses: 1 });
                    }
                    8 if !entries.is_empty() => {
                        let slot = running.victim().unwrap();
                        let at = slots.iter().position(|it| *it == slot).unwrap();
                        slots.remove(at);
                        assert_eq!(running.evict(slot), entries.remove(at).key);
                    }
                    _ if !entries.is_empty() => {
                        assert_eq!(running.remove(slots.remove(some)), entries.remove(some).key);
                    }
                    _ => {}
                }
                let order: Vec<Key> = running.order().map(|slot| running.key(slot)).collect();
                let mut expected = entries.clone();
                expected.sort_by_key(definition);
                let expected: Vec<Key> = expected.iter().map(|it| it.key).collect();
                assert_eq!(order, expected, "{policy:?}, seed {seed}, step {now}");
            }
        }
    }
}

#[test]
fn every_policy_keeps_the_contract() {
    for policy in Policy::ALL.iter().copied() {
        let mut cache = Cache::new(policy, 50);
        let mut draws = Draws::new(7);
        for _ in 0..5_000 {
            cache.ask(draws.below(200) as Key);
            let slots: Vec<Slot> = cache.policy.order().collect();
            let victim = cache.policy.victim();
            assert_eq!(victim, slots.first().copied(), "{policy:?}: the first in order leaves");
            assert_eq!(cache.policy.victim(), victim, "{policy:?}: asking changes nothing");
            assert_eq!(slots.len(), cache.policy.len(), "{policy:?}: the order holds everything");
            assert!(slots.iter().all(|slot| *slot < 50), "{policy:?}: slots are used again");
        }
        while let Some(slot) = cache.policy.victim() {
            let key = cache.policy.evict(slot);
            assert!(cache.slots.remove(&key).is_some(), "{policy:?}: {key} leaves once");
        }
        assert!(cache.slots.is_empty() && cache.policy.is_empty(), "{policy:?}");
    }
}

fn folded(running: &Running) -> Vec<u64> {
    let mut words = Vec::new();
    running.fold(&mut |word| words.push(word));
    words
}

#[test]
fn every_policy_is_plain_data() {
    for policy in Policy::ALL.iter().copied() {
        assert_eq!(Policy::find(policy.id()), Some(policy));
        let mut cache = Cache::new(policy, 8);
        (0..40).for_each(|key| {
            cache.ask(key % 11);
        });
        let copy = cache.policy.clone();
        assert_eq!(folded(&copy), folded(&cache.policy));
        let bytes = postcard::to_allocvec(&copy).unwrap();
        assert_eq!(postcard::from_bytes::<Running>(&bytes).unwrap(), copy);
        let last = cache.policy.order().last().unwrap();
        cache.policy.remove(last);
        assert_ne!(folded(&copy), folded(&cache.policy), "{policy:?}");
        assert_ne!(copy, cache.policy);
    }
}
