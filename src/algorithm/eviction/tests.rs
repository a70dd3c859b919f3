//! Every policy against the contract, published traces, and a naive model of itself.

use super::*;
use crate::algorithm::requests;
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
            while let Some(spilled) = self.policy.spilled() {
                self.slots.remove(&self.policy.evict(spilled));
            }
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
        let last = cache.policy.order().last().unwrap();
        cache.policy.remove(last);
        assert_ne!(folded(&copy), folded(&cache.policy), "{policy:?}");
    }
}

/// Everything a running cache may do to a policy, in any order and with any sizes: nothing panics,
/// nothing is lost, nothing leaves twice, and the order names each entry once, the victim first.
#[test]
fn every_policy_bears_whatever_comes() {
    for policy in Policy::ALL.iter().copied() {
        for seed in 0..30 {
            let mut draws = Draws::new(seed);
            let sized = seed % 2 == 1;
            let mut capacity = 1 + draws.below(60);
            let mut running = policy.start(capacity);
            let mut held: Vec<(Key, Slot, u64)> = Vec::new();
            for step in 0..1_500 {
                let some = draws.below(held.len().max(1) as u64) as usize;
                let key = draws.below(150) as Key;
                match draws.below(20) {
                    0..8 if !held.is_empty() => {
                        running.touch(held[some].1);
                        // A write-behind cache keeps what is dirty, whatever the policy says.
                        while let Some(spilled) =
                            running.spilled().filter(|_| !key.is_multiple_of(3))
                        {
                            let at =
                                held.iter().position(|it| it.1 == spilled).expect("it is held");
                            assert_eq!(running.evict(spilled), held.remove(at).0, "{policy:?}");
                        }
                    }
                    8 if !held.is_empty() => {
                        let (key, slot, _) = held.remove(some);
                        assert_eq!(running.remove(slot), key, "{policy:?}");
                    }
                    // A write-behind cache passes over what is dirty: any entry may have to go.
                    9 if !held.is_empty() => {
                        let (key, slot, _) = held.remove(some);
                        assert_eq!(running.evict(slot), key, "{policy:?}");
                    }
                    10 => {
                        capacity = 1 + draws.below(60);
                        running.resize(capacity);
                    }
                    // It asks, and then nothing comes in after all.
                    11 if held.iter().all(|it| it.0 != key) => running.arriving(key),
                    _ if held.iter().all(|it| it.0 != key) => {
                        let size = if sized { draws.below(capacity + 1) } else { 1 };
                        // An insertion without a warning must do too.
                        if draws.below(5) > 0 {
                            running.arriving(key);
                        }
                        let used =
                            |held: &[(Key, Slot, u64)]| -> u64 { held.iter().map(|it| it.2).sum() };
                        while used(&held) + size > capacity {
                            let victim = running.victim().expect("something leaves");
                            let at =
                                held.iter().position(|it| it.1 == victim).unwrap_or_else(|| {
                                    panic!("{policy:?} names one not held, {seed}, {step}")
                                });
                            assert_eq!(running.evict(victim), held.remove(at).0, "{policy:?}");
                        }
                        held.push((key, running.insert(key, size), size));
                    }
                    _ => {}
                }
                assert_eq!(running.len(), held.len(), "{policy:?}, seed {seed}, step {step}");
                if step % 50 == 0 {
                    let mut slots: Vec<Slot> = running.order().collect();
                    assert_eq!(running.victim(), slots.first().copied(), "{policy:?}");
                    let mut expected: Vec<Slot> = held.iter().map(|it| it.1).collect();
                    slots.sort_unstable();
                    expected.sort_unstable();
                    assert_eq!(slots, expected, "{policy:?}, seed {seed}, step {step}");
                    assert!(running.departed() <= 240, "{policy:?} remembers a bounded number");
                    assert!(held.iter().all(|it| running.key(it.1) == it.0));
                }
            }
        }
    }
}

/// The walk of figure 1 of the SIEVE paper's algorithm, worked out by hand: a b c d come into a cache of
/// four, a and c are used. The hand passes a, takes b; then it passes c and takes d; e is the next
/// unvisited, before the hand has come round to a again.
#[test]
fn the_hand_of_sieve() {
    let mut cache = Cache::new(Policy::Sieve, 4);
    let left: Vec<Option<Key>> = [1, 2, 3, 4, 1, 3, 5, 6, 7].map(|key| cache.ask(key).1).into();
    assert_eq!(left[6..], [Some(2), Some(4), Some(5)]);
    assert_eq!(cache.order(), [6, 7, 1, 3]);
}

/// The second chance, by hand: 1 is used, so the hand passes it and takes 2; then 3, since 1 went to the
/// end; 1 has had its chance and leaves before 4 and 5 only when its turn comes.
#[test]
fn the_hand_of_clock() {
    let mut cache = Cache::new(Policy::Clock, 3);
    let left: Vec<Option<Key>> = [1, 2, 3, 1, 4, 5].map(|key| cache.ask(key).1).into();
    assert_eq!(left[4..], [Some(2), Some(3)]);
    assert_eq!(cache.order(), [1, 4, 5]);
}

/// The rules of ARC by hand, with room for two: a hit moves 1 to the frequent part, 3 pushes out 2, which is
/// remembered; when 2 comes back, the recent part is given room for one (p = 1), and since the recent
/// part has no more than that, the frequent one lets 1 go.
#[test]
fn arc_learns_from_what_comes_back() {
    let mut cache = Cache::new(Policy::Arc, 2);
    let left: Vec<Option<Key>> = [1, 2, 1, 3, 2].map(|key| cache.ask(key).1).into();
    assert_eq!(left, [None, None, None, Some(2), Some(1)]);
    assert_eq!(cache.policy.segment(cache.slots[&2]), "frequent");
    assert_eq!(cache.policy.segment(cache.slots[&3]), "recent");
}

/// Table 1 of the LIRS paper: after the references A D B C B A D A E with two LIR entries and one HIR, the
/// LIR set is {A, B}, E is the resident HIR. B, D are those that come and go as HIR before.
#[test]
fn lirs_of_the_paper() {
    let [a, b, c, d, e] = [1, 2, 3, 4, 5];
    let mut cache = Cache::new(Policy::Lirs, 3);
    for key in [a, d, b, c, b, a, d, a, e] {
        cache.ask(key);
    }
    let held: Vec<Key> = cache.slots.keys().copied().collect();
    assert!(held.contains(&a) && held.contains(&e) && held.len() == 3, "{held:?}");
    assert_eq!(cache.policy.segment(cache.slots[&a]), "low recency (LIR)");
    assert_eq!(cache.policy.segment(cache.slots[&e]), "high recency (HIR)");
}

/// What was asked for once passes through the small queue; what was asked for often enough survives a scan
/// of any length in the main one.
#[test]
fn s3_fifo_survives_a_scan() {
    for policy in [Policy::S3Fifo, Policy::TwoQ, Policy::Slru, Policy::Lirs, Policy::WTinyLfu] {
        let mut cache = Cache::new(policy, 100);
        // Newcomers are told from regulars by their second round at the latest.
        for round in 0..6 {
            (0..40).for_each(|key| _ = cache.ask(key));
            (0..70).for_each(|key| _ = cache.ask(10_000 + 100 * round + key));
            (0..40).for_each(|key| _ = cache.ask(key));
        }
        (0..5_000).for_each(|key| _ = cache.ask(20_000 + key));
        let kept = (0..40).filter(|key| cache.slots.contains_key(key)).count();
        assert!(kept >= 36, "{policy:?} keeps {kept} of 40");
        let mut lru = Cache::new(Policy::Lru, 100);
        (0..40).chain(0..40).chain(20_000..25_000).for_each(|key| _ = lru.ask(key));
        assert!((0..40).all(|key| !lru.slots.contains_key(&key)), "LRU keeps none");
    }
}

/// Belady's choice is the best there is: no sequence of victims does better, tried out one by one.
#[test]
fn belady_is_optimal() {
    fn best(held: &[Key], capacity: usize, trace: &[Key]) -> usize {
        let Some((key, rest)) = trace.split_first() else { return 0 };
        if held.contains(key) {
            return best(held, capacity, rest) + 1;
        }
        let with = |held: &[Key]| best(&[held, &[*key]].concat(), capacity, rest);
        if held.len() < capacity {
            return with(held);
        }
        let without = |gone: usize| -> Vec<Key> {
            held.iter().enumerate().filter(|it| it.0 != gone).map(|it| *it.1).collect()
        };
        (0..held.len()).map(|gone| with(&without(gone))).max().unwrap_or(0)
    }
    for seed in 0..40 {
        let mut draws = Draws::new(seed);
        let keys: Vec<Key> = (0..14).map(|_| draws.below(6) as Key).collect();
        let expected = best(&[], 3, &keys) as u64;
        let trace = Trace { keys, ..Trace::default() };
        assert_eq!(Bound::Belady.replay(3, &trace).hits, expected, "seed {seed}");
    }
}

/// Mattson's stack distances count what a simulation of each size counts.
#[test]
fn stack_distances_are_simulations() {
    for seed in 0..10 {
        let mut draws = Draws::new(seed);
        let keys: Vec<Key> = (0..3_000)
            .map(|_| {
                let most = 1 + draws.below(200);
                draws.below(most)
            } as Key)
            .collect();
        let hits = curve::lru_hits(&keys, 250);
        let trace = Trace { keys, ..Trace::default() };
        for capacity in [1, 2, 3, 10, 63, 64, 100, 199, 250] {
            let simulated = Policy::Lru.replay(capacity, 0, &trace).hits;
            assert_eq!(hits[capacity as usize], simulated, "seed {seed}, {capacity} entries");
        }
    }
}

/// Few keys often, many seldom, and now and then a scan of keys that are new; as in `tests/crosscheck/frozen.py`.
fn mixed_requests() -> impl Iterator<Item = u64> {
    let mut state = 20_261_201u64;
    let mut draw = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..40_000u64).map(move |at| {
        let most = 1 + draw() % 3_000;
        let key = 1 + draw() % most;
        if at % 8_000 > 7_200 { 1_000_000_000 + at } else { key }
    })
}

/// Hits through 137 and 600 entries, by policy, by Belady's rule, and by LIRS.
const FROZEN: &[(Policy, [u64; 2])] = &[
    (Policy::Fifo, [3_222, 11_735]),
    (Policy::Lru, [3_307, 12_442]),
    (Policy::Clock, [3_363, 12_798]),
    (Policy::Sieve, [4_992, 15_640]),
    (Policy::WTinyLfu, [4_946, 16_109]),
    (Policy::Lfu, [4_541, 15_383]),
    (Policy::Slru, [4_920, 15_733]),
    (Policy::TwoQ, [4_384, 14_550]),
    (Policy::Arc, [4_503, 14_576]),
    (Policy::S3Fifo, [4_903, 15_564]),
];
const BELADY: [u64; 2] = [13_310, 24_304];
const LIRS: [u64; 2] = [4_597, 14_966];

/// Hits of libCacheSim 0.3.5 (PyPI `libcachesim`) on those requests, through so many entries:
/// `python3 tests/crosscheck/frozen.py` prints them.
#[test]
fn hits_are_those_of_another_simulator() {
    let mut reader = requests::Reader::new(requests::Layout::default());
    for key in mixed_requests() {
        reader.feed(format!("{key}\n").as_bytes()).unwrap();
    }
    let (trace, _) = reader.finish().unwrap();
    let hits = |policy: Policy| [137, 600].map(|room| policy.replay(room, 0, &trace).hits);
    for (policy, expected) in FROZEN {
        assert_eq!(hits(*policy), *expected, "{}", policy.id());
    }
    let belady = [137, 600].map(|room| belady::replay(room, &trace, 0, &mut |_| {}).hits);
    assert_eq!(belady, BELADY);
    // LIRS demotes on hits in the queue there (`tests/crosscheck/README.md`): within 0.5 points.
    for (own, other) in hits(Policy::Lirs).into_iter().zip(LIRS) {
        assert!(own.abs_diff(other) <= 200, "{own} and {other}");
    }
}
