//! The cache against a naive model fed with the same accesses, and cache-aside step by step.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::algorithm::eviction::{Policy, Running, Slot};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::cache::{self, CacheParams};
use ringside::component::service::{OnWrite, ServiceParams};
use ringside::component::sql_db::SqlDbParams;
use ringside::component::{Spec, State};
use ringside::document::{Design, WireParams};
use ringside::engine::event::Verb;
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome, Via};

/// Client → service → cache beside a database.
fn cache_aside(reads: u32, writes: u32, cache: CacheParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(200.0, reads, writes)));
    add(&mut it, "service", Spec::Service(ServiceParams::default()));
    add(&mut it, "cache", Spec::Cache(cache));
    add(&mut it, "store", Spec::SqlDb(SqlDbParams { replicas: 0, ..SqlDbParams::default() }));
    wire(&mut it, "people", "service", WireParams::default());
    let timeout = Nanos::millis(20);
    wire(&mut it, "service", "cache", WireParams { timeout, ..WireParams::default() });
    wire(&mut it, "service", "store", WireParams::default());
    it
}

/// Entries from the least to the most recently used, searched from end to end.
#[derive(Default)]
struct Model {
    entries: Vec<(u32, Nanos)>,
    counts: BTreeMap<u8, u64>,
}

impl Model {
    fn count(&mut self, counter: u8) {
        *self.counts.entry(counter).or_default() += 1;
    }

    fn act(&mut self, at: Nanos, verb: Verb, key: u32, params: &CacheParams) {
        let found = self.entries.iter().position(|it| it.0 == key);
        match verb {
            Verb::Read => match found {
                Some(index) if self.entries[index].1 > at => {
                    let entry = self.entries.remove(index);
                    self.entries.push(entry);
                    self.count(cache::HIT);
                }
                _ => {
                    if let Some(index) = found {
                        self.entries.remove(index);
                        self.count(cache::EXPIRED);
                    }
                    self.count(cache::MISS);
                }
            },
            Verb::Put => {
                let forever = params.ttl == Nanos::ZERO;
                let expires = if forever { Nanos::MAX } else { at + params.ttl };
                match found {
                    Some(index) => _ = self.entries.remove(index),
                    None => {
                        if self.entries.len() == params.capacity as usize {
                            self.entries.remove(0);
                            self.count(cache::EVICTED);
                        }
                        self.count(cache::ADMITTED);
                    }
                }
                self.entries.push((key, expires));
            }
            Verb::Write | Verb::Delete | Verb::Flush => {
                if let Some(index) = found {
                    self.entries.remove(index);
                    self.count(cache::DROPPED);
                }
            }
        }
    }
}

/// Follows the cache note by note: each access it finished goes to the model as well, and in the
/// end both have counted the same. With one worker, accesses take effect in the order they end.
#[track_caller]
fn check_against_the_model(params: CacheParams, crash: bool) -> BTreeMap<u8, u64> {
    let mut live = Live::new(&cache_aside(4, 1, params.clone()), 3);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(10));
    if crash {
        live.fault(Fault::Crash(target("cache")));
        live.run_for(Nanos::SECOND);
        live.fault(Fault::Restart(target("cache")));
    }
    live.run_to(Nanos::seconds(20));
    let slot = slots(&live.world, "cache")[0];
    let (mut model, mut counted) = (Model::default(), BTreeMap::<u8, u64>::new());
    for (at, _, note) in &live.audit.notes {
        match *note {
            Note::Ended { member, request, outcome: Outcome::Ok | Outcome::Miss, .. }
                if member == slot =>
            {
                model.act(*at, request.verb, request.key, &params);
            }
            Note::Count { member, counter, .. } if member == slot => {
                *counted.entry(counter).or_default() += 1;
            }
            // A crash empties it.
            Note::Down { member } if member == slot => model.entries.clear(),
            _ => {}
        }
    }
    assert_eq!(counted, model.counts);
    counted
}

#[test]
fn lru_counts_as_a_naive_model_does() {
    for capacity in [1, 10, 50, 1_000] {
        let params = CacheParams { capacity, ..CacheParams::default() };
        let counts = check_against_the_model(params, false);
        assert!(counts[&cache::HIT] > 100, "{capacity}: {counts:?}");
        assert_eq!(counts.contains_key(&cache::EVICTED), capacity < 200, "{counts:?}");
    }
}

#[test]
fn entries_expire_as_in_the_model() {
    let ttl = Nanos::millis(400);
    let params = CacheParams { capacity: 60, ttl, ..CacheParams::default() };
    let counts = check_against_the_model(params, false);
    assert!(counts[&cache::EXPIRED] > 50, "{counts:?}");
}

#[test]
fn a_cache_is_cold_after_a_crash() {
    let params = CacheParams { capacity: 60, ..CacheParams::default() };
    let warm = check_against_the_model(params.clone(), false);
    let cold = check_against_the_model(params, true);
    assert!(cold[&cache::HIT] < warm[&cache::HIT]);
}

/// A policy fed with the accesses of a running cache, and what it makes of them.
struct Fed {
    order: Running,
    entries: BTreeMap<u32, (Slot, Nanos)>,
    counts: BTreeMap<u8, u64>,
}

impl Fed {
    fn count(&mut self, counter: u8) {
        *self.counts.entry(counter).or_default() += 1;
    }

    fn touch(&mut self, slot: Slot) {
        self.order.touch(slot);
        while let Some(spilled) = self.order.spilled() {
            let left = self.order.evict(spilled);
            self.entries.remove(&left);
            self.count(cache::EVICTED);
        }
    }

    fn read(&mut self, at: Nanos, key: u32) {
        match self.entries.get(&key).copied() {
            Some((slot, expires)) if expires > at => {
                self.touch(slot);
                self.count(cache::HIT);
            }
            held => {
                if let Some((slot, _)) = held {
                    self.entries.remove(&key);
                    self.order.remove(slot);
                    self.count(cache::EXPIRED);
                }
                self.count(cache::MISS);
            }
        }
    }

    fn put(&mut self, at: Nanos, key: u32, params: &CacheParams) {
        let forever = params.ttl == Nanos::ZERO;
        let expires = if forever { Nanos::MAX } else { at + params.ttl };
        if let Some((slot, _)) = self.entries.get(&key).copied() {
            self.touch(slot);
            let slot = if params.policy.needs_ttl() {
                self.order.remove(slot);
                self.order.insert(key, 1)
            } else {
                slot
            };
            self.entries.insert(key, (slot, expires));
            return;
        }
        self.order.arriving(key);
        while self.order.len() == params.capacity as usize {
            let victim = self.order.victim().expect("a full cache has a victim");
            let needs_ttl = params.policy.needs_ttl();
            if needs_ttl && self.entries[&self.order.key(victim)].1 > at {
                self.count(cache::REFUSED);
                return;
            }
            let left = self.order.evict(victim);
            self.entries.remove(&left);
            self.count(if needs_ttl { cache::EXPIRED } else { cache::EVICTED });
        }
        self.entries.insert(key, (self.order.insert(key, 1), expires));
        self.count(cache::ADMITTED);
    }
}

/// Every policy in a running design decides as its algorithm does by itself, access by access: the
/// same hits, and in the end the same entries in the same order.
#[test]
fn every_policy_runs_as_its_algorithm_does() {
    for policy in Policy::ALL.iter().copied() {
        let ttl = if policy.needs_ttl() { Nanos::millis(800) } else { Nanos::ZERO };
        let params = CacheParams { capacity: 40, policy, ttl, ..CacheParams::default() };
        let mut live = Live::new(&cache_aside(4, 0, params.clone()), 3);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(30));
        let slot = slots(&live.world, "cache")[0];
        let order = policy.start(params.capacity.into());
        let mut fed = Fed { order, entries: BTreeMap::new(), counts: BTreeMap::new() };
        let mut counted = BTreeMap::<u8, u64>::new();
        for (at, _, note) in &live.audit.notes {
            match *note {
                Note::Ended { member, request, outcome: Outcome::Ok | Outcome::Miss, .. }
                    if member == slot =>
                {
                    match request.verb {
                        Verb::Read => fed.read(*at, request.key),
                        Verb::Put => fed.put(*at, request.key, &params),
                        it => panic!("nobody writes: {it:?}"),
                    }
                }
                Note::Count { member, counter, .. } if member == slot => {
                    *counted.entry(counter).or_default() += 1;
                }
                _ => {}
            }
        }
        assert_eq!(counted, fed.counts, "{}", policy.id());
        assert!(counted[&cache::HIT] > 1_000, "{}: {counted:?}", policy.id());
        assert!(counted[&cache::ADMITTED] > 500, "{}: {counted:?}", policy.id());
        let ringside::component::State::Cache(state) = states(&live.world, "cache")[0] else {
            panic!("a cache")
        };
        assert_eq!(state.order.parts(50), fed.order.parts(50), "{}", policy.id());
    }
}

/// What a service sends and hears, one request at a time, in order.
fn steps(live: &Live, of: u64) -> Vec<(String, Verb, Option<Outcome>)> {
    let wires = &live.world.blueprint().wires;
    let mut steps = Vec::new();
    for (_, _, note) in &live.audit.notes {
        let Note::Sent { via, request: Some(request), outcome, .. } = *note else { continue };
        let (Via::Forth(wire) | Via::Back(wire)) = via else { continue };
        if request.id == of {
            steps.push((wires[wire as usize].id.to_string(), request.verb, outcome));
        }
    }
    steps
}

/// One read of a key, then another: miss, store, answer, fill; then a hit. A write changes the
/// store, then drops the key.
#[test]
fn cache_aside_reads_fills_and_forgets() {
    for (writes, expected) in [(0, 0), (1, 1)] {
        let mut it = cache_aside(1 - writes, writes, CacheParams::default());
        let Spec::Client(people) = &mut it.components.get_mut("people").expect("people").spec
        else {
            unreachable!()
        };
        people.keys = 1;
        people.rate = Rate(1.0);
        people.arrivals = ringside::component::client::Arrivals::Constant;
        let mut live = Live::new(&it, 1);
        live.audit.keep = true;
        live.run_to(Nanos::millis(2_900));
        let ids: Vec<_> = live
            .audit
            .notes
            .iter()
            .filter_map(|it| match it.2 {
                Note::Offered { request, own: true, .. } => Some(request.id),
                _ => None,
            })
            .collect();
        assert_eq!(ids.len(), 2);
        let step = |wire: &str, verb, outcome| (wire.to_owned(), verb, outcome);
        let (ask, cache, store) = ("people-service", "service-cache", "service-store");
        let (ok, miss) = (Some(Outcome::Ok), Some(Outcome::Miss));
        let mut first = steps(&live, ids[0]);
        if expected == 0 {
            // The fill is not waited for: it crosses the answer.
            first[4..].sort();
            let mut end = vec![
                step(ask, Verb::Read, ok),
                step(cache, Verb::Put, None),
                step(cache, Verb::Put, ok),
            ];
            end.sort();
            assert_eq!(
                first[..5],
                [
                    step(ask, Verb::Read, None),
                    step(cache, Verb::Read, None),
                    step(cache, Verb::Read, miss),
                    step(store, Verb::Read, None),
                    first[4].clone(),
                ]
            );
            let mut rest = first[4..].to_vec();
            rest.retain(|it| *it != step(store, Verb::Read, ok));
            assert_eq!(rest, end);
            assert_eq!(
                steps(&live, ids[1]),
                [
                    step(ask, Verb::Read, None),
                    step(cache, Verb::Read, None),
                    step(cache, Verb::Read, ok),
                    step(ask, Verb::Read, ok),
                ]
            );
        } else {
            assert_eq!(
                first[..3],
                [
                    step(ask, Verb::Write, None),
                    step(store, Verb::Write, None),
                    step(store, Verb::Write, ok),
                ]
            );
            let mut rest = first[3..].to_vec();
            rest.sort();
            let mut end = vec![
                step(ask, Verb::Write, ok),
                step(cache, Verb::Delete, None),
                step(cache, Verb::Delete, ok),
            ];
            end.sort();
            assert_eq!(rest, end);
        }
    }
}

fn dual_write(reads: u32, writes: u32, cache: CacheParams) -> Design {
    let mut it = cache_aside(reads, writes, cache);
    let Spec::Service(service) = &mut it.components.get_mut("service").expect("there").spec else {
        unreachable!()
    };
    service.on_write = OnWrite::Put;
    it
}

/// What store and cache hold of each key that the cache has: two versions.
fn held(live: &Live) -> Vec<(u32, u32)> {
    let State::Cache(cache) = states(&live.world, "cache")[0] else { panic!("a cache") };
    let State::SqlDb(store) = states(&live.world, "store")[0] else { panic!("a store") };
    let keys = (0..200u32).filter_map(|key| Some((key, cache.entries.get(key)?.version)));
    keys.map(|(key, version)| (store.rows.get(key.into()).copied().unwrap_or(1), version)).collect()
}

/// A dual write puts into the cache what the store has made of it; one that is lost leaves the old value
/// there until its time is up, and one that is overtaken for good.
#[test]
fn a_dual_write_can_be_lost_or_overtaken() {
    let ttl = Nanos::seconds(2);
    let mut live = Live::new(&dual_write(1, 1, CacheParams { ttl, ..CacheParams::default() }), 4);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(3));
    let mut stored = BTreeMap::new();
    let (store, mut puts) = (slots(&live.world, "store")[0], 0);
    for (_, _, note) in &live.audit.notes {
        match *note {
            Note::Committed { member, key, version, .. } if member == store => {
                stored.insert((key, version), 0);
            }
            Note::Sent { request: Some(it), outcome: None, .. } if it.verb == Verb::Put => {
                // Fills and dual writes: nothing is put that the store does not have, or begins with.
                assert!(it.version == 1 || stored.contains_key(&(it.key, it.version)));
                puts += usize::from(it.version > 1);
            }
            Note::Sent { request: Some(it), .. } => assert_ne!(it.verb, Verb::Delete),
            _ => {}
        }
    }
    assert!(puts >= stored.len() && stored.len() > 200, "{puts} of {}", stored.len());
    // Nothing reaches the cache for a second: what it holds is old, until it is too old.
    let quiet = |live: &mut Live| {
        live.edit(|it| {
            let Spec::Client(it) = &mut it.components.get_mut("people").expect("there").spec else {
                unreachable!()
            };
            it.rate = Rate(0.0);
        });
        live.run_for(Nanos::millis(500));
    };
    live.fault(cut("a", &["service"], &["cache"], ringside::engine::fault::Ways::Forth));
    live.run_for(Nanos::SECOND);
    live.fault(heal("a"));
    quiet(&mut live);
    let old = held(&live).iter().filter(|it| it.1 < it.0).count();
    assert!(old > 10, "{old} of {:?}", held(&live).len());
    live.check_replay();
    // Two writes of one key close together: the later one's value may come first, and the earlier stays.
    let mut hot = dual_write(0, 1, CacheParams::default());
    if let Spec::Client(it) = &mut hot.components.get_mut("people").expect("there").spec {
        (it.keys, it.rate) = (3, Rate(600.0));
    }
    let overtaken = (0..40).filter(|seed| {
        let mut live = Live::new(&hot, *seed);
        live.run_to(Nanos::SECOND);
        quiet(&mut live);
        assert!(held(&live).iter().all(|it| it.1 <= it.0), "nothing newer than the store's");
        held(&live).iter().any(|it| it.1 < it.0)
    });
    let overtaken = overtaken.count();
    assert!((1..40).contains(&overtaken), "{overtaken} of 40");
}

/// Every read that went past the cache has asked it first, and a fill carries the store's version.
#[test]
fn fills_carry_what_the_store_said() {
    let mut live = Live::new(&cache_aside(4, 1, CacheParams::default()), 6);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(10));
    let store = slots(&live.world, "store")[0];
    let mut read = BTreeMap::new();
    let mut fills = 0;
    for (_, _, note) in &live.audit.notes {
        match *note {
            Note::Ended { member, request, version, outcome: Outcome::Ok, .. }
                if member == store =>
            {
                read.insert(request.id, version);
            }
            Note::Sent { request: Some(request), outcome: None, .. }
                if request.verb == Verb::Put =>
            {
                assert_eq!(read.get(&request.id), Some(&request.version));
                fills += 1;
            }
            _ => {}
        }
    }
    assert!(fills > 200, "{fills}");
}

#[test]
fn reads_go_to_the_store_while_the_cache_is_dead_or_out_of_reach() {
    let faults = [
        Fault::Crash(target("cache")),
        cut("a", &["service"], &["cache"], ringside::engine::fault::Ways::Both),
        cut("a", &["service"], &["cache"], ringside::engine::fault::Ways::Back),
    ];
    for fault in faults {
        let mut live = Live::new(&cache_aside(1, 0, CacheParams::default()), 7);
        live.run_to(Nanos::seconds(5));
        live.fault(fault.clone());
        live.run_for(Nanos::seconds(5));
        let people = live.audit.component(&live.world, "people");
        assert_eq!(people.ended.keys().collect::<Vec<_>>(), [&Outcome::Ok], "{fault:?}");
        assert!(people.ended() > 1_800);
        let before = live.audit.component(&live.world, "store").offered;
        live.run_for(Nanos::SECOND);
        let reads = live.audit.component(&live.world, "store").offered - before;
        assert!(reads > 150, "every read reaches the store: {reads}");
    }
}

/// A live edit of the capacity keeps the most recent entries; another policy takes all over.
#[test]
fn a_smaller_cache_keeps_what_fits_and_another_policy_what_there_is() {
    let entries = |live: &Live| match states(&live.world, "cache")[0] {
        ringside::component::State::Cache(it) => it.entries.len(),
        _ => panic!("a cache"),
    };
    let mut live = Live::new(&cache_aside(1, 0, CacheParams::default()), 8);
    live.run_to(Nanos::seconds(10));
    assert!(entries(&live) > 100);
    let set = |params: CacheParams| {
        move |it: &mut Design| {
            it.components.get_mut("cache").expect("a cache").spec = Spec::Cache(params);
        }
    };
    let small = CacheParams { capacity: 10, ..CacheParams::default() };
    live.edit(set(small.clone()));
    assert_eq!(entries(&live), 10);
    let keys = |live: &Live| match states(&live.world, "cache")[0] {
        ringside::component::State::Cache(it) => {
            it.order.order().map(|slot| it.order.key(slot)).collect::<Vec<_>>()
        }
        _ => panic!("a cache"),
    };
    let before = keys(&live);
    for policy in Policy::ALL {
        live.edit(set(CacheParams { policy: *policy, ..small.clone() }));
        let mut after = keys(&live);
        if [Policy::Fifo, Policy::Lfu].contains(policy) {
            assert_eq!(after, before, "{}", policy.id());
        }
        after.sort_unstable();
        let mut all = before.clone();
        all.sort_unstable();
        assert_eq!(after, all, "{}", policy.id());
        live.edit(set(small.clone()));
        // LRU again, in the order of whoever had it.
        assert_eq!(entries(&live), 10);
    }
    live.run_for(Nanos::SECOND);
    live.check_replay();
}

/// Little's law at every member of the book store, exactly: the integral of jobs in hand over time
/// equals the sum of the times jobs stayed, those still in hand counted so far. And in the long run
/// L = λ W with W over completed jobs only, within the edge effect: at most the jobs in hand at the
/// end, each at most as long as the longest stay.
#[test]
fn littles_law_holds_at_every_member_of_the_book_store() {
    let mut live = Live::new(&bookstore(300.0), 2);
    for _ in 0..100 {
        live.run_for(Nanos(611_234_567));
        live.audit.check_conservation(&live.world);
        live.audit.check_little(live.world.now());
    }
    let span = live.world.now().0 as f64;
    for (slot, book) in live.audit.books.iter().enumerate() {
        assert!(book.ended() > 500, "slot {slot} was used");
        let (l, w) = (book.jobs_ns as f64 / span, book.stayed_ns as f64 / book.ended() as f64);
        let lambda = book.offered as f64 / span;
        let edge = (f64::from(book.jobs) + 1.0) * 2e9 / span;
        assert!((l - lambda * w).abs() <= edge, "slot {slot}: {l} is not {lambda} × {w}");
    }
}

/// The same in a store that is falling apart.
#[test]
fn littles_law_holds_under_faults() {
    let mut it = bookstore(400.0);
    if let Spec::SqlDb(it) = &mut it.components.get_mut("store").expect("a store").spec {
        (it.read_work, it.work_shape) = (Nanos::millis(40), Shape::Pareto);
    }
    let mut live = Live::new(&it, 4);
    for n in 0..40 {
        live.fault(match n % 4 {
            0 => Fault::Crash(target("store/1")),
            1 => Fault::Slow { target: target("books"), factor: 5.0 },
            2 => Fault::Restart(target("store")),
            _ => Fault::Slow { target: target("books"), factor: 1.0 },
        });
        live.run_for(Nanos::millis(511));
        live.audit.check_conservation(&live.world);
        live.audit.check_little(live.world.now());
        check_desks(&live.world, false);
    }
}
