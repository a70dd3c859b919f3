//! A cache in front of its store: who is told what, when, and what a crash costs.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::*;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::cache::{self, CacheParams, CacheState, Strategy};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::{SqlDbParams, SqlDbState};
use ringside::component::{Spec, State};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome, Verb, Via};

/// Client → service → cache → database.
fn in_front(strategy: Strategy, params: CacheParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(200.0, 1, 1)));
    add(&mut it, "service", Spec::Service(ServiceParams::default()));
    add(&mut it, "cache", Spec::Cache(CacheParams { strategy, ..params }));
    add(&mut it, "store", Spec::SqlDb(SqlDbParams { replicas: 0, ..SqlDbParams::default() }));
    wire(&mut it, "people", "service", WireParams::default());
    wire(&mut it, "service", "cache", WireParams::default());
    wire(&mut it, "cache", "store", WireParams::default());
    it
}

fn live(strategy: Strategy, params: CacheParams, seed: u64) -> Live {
    let mut live = Live::new(&in_front(strategy, params), seed);
    live.audit.keep = true;
    live
}

fn stop(design: &mut Design) {
    if let Spec::Client(it) = &mut design.components.get_mut("people").expect("a client").spec {
        it.rate = Rate(0.0);
    }
}

fn held(live: &Live) -> &CacheState {
    match states(&live.world, "cache")[0] {
        State::Cache(it) => it,
        _ => panic!("a cache"),
    }
}

fn stored(live: &Live, key: u32) -> u32 {
    let State::SqlDb(it) = states(&live.world, "store")[0] else { panic!("a database") };
    let it: &SqlDbState = it;
    it.rows.get(u64::from(key)).copied().unwrap_or(1)
}

fn counted(live: &Live, counter: u8) -> usize {
    let slot = slots(&live.world, "cache")[0];
    let own = |note: &Note| {
        matches!(note, Note::Count { member, counter: it, .. }
        if *member == slot && *it == counter)
    };
    live.audit.notes.iter().filter(|it| own(&it.2)).count()
}

/// Jobs with this verb that ended well at a component: ordinal, key, version.
fn done(live: &Live, id: &str, wanted: Verb) -> Vec<(u64, u32, u32)> {
    let slot = slots(&live.world, id)[0];
    let done = |(_, ordinal, note): &(Nanos, u64, Note)| match *note {
        Note::Ended { member, request, outcome: Outcome::Ok, version, .. }
            if member == slot && request.verb == wanted =>
        {
            Some((*ordinal, request.key, version))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(done).collect()
}

/// The newest version of each key that the cache has acknowledged to a writer.
fn acknowledged(live: &Live) -> BTreeMap<u32, u32> {
    let mut newest = BTreeMap::new();
    for (_, key, version) in done(live, "cache", Verb::Write) {
        let it = newest.entry(key).or_insert(version);
        *it = version.max(*it);
    }
    newest
}

/// Keys whose newest acknowledged version the store does not have.
fn missing(live: &Live) -> BTreeSet<u32> {
    let lost = |(key, version): (u32, u32)| (stored(live, key) < version).then_some(key);
    acknowledged(live).into_iter().filter_map(lost).collect()
}

fn come_to_rest(live: &mut Live) {
    live.edit(stop);
    live.run_for(Nanos::seconds(8));
}

#[test]
fn read_through_asks_the_store_once_for_each_miss() {
    let capacity = 60;
    let mut live = live(Strategy::ReadThrough, CacheParams { capacity, ..Default::default() }, 1);
    live.run_to(Nanos::seconds(20));
    come_to_rest(&mut live);
    let misses = counted(&live, cache::MISS);
    assert!(misses > 100 && counted(&live, cache::HIT) > 100);
    assert_eq!(done(&live, "store", Verb::Read).len(), misses);
    assert_eq!(done(&live, "store", Verb::Write).len(), done(&live, "cache", Verb::Write).len());
    assert_eq!(missing(&live), BTreeSet::new());
    live.check_replay();
}

#[test]
fn write_through_acknowledges_what_the_store_has() {
    let mut live = live(Strategy::WriteThrough, CacheParams::default(), 2);
    live.run_to(Nanos::seconds(10));
    let committed = |note: &(Nanos, u64, Note)| match note.2 {
        Note::Committed { key, version, .. } => Some(((key, version), note.1)),
        _ => None,
    };
    let committed: BTreeMap<_, _> = live.audit.notes.iter().filter_map(committed).collect();
    let writes = done(&live, "cache", Verb::Write);
    assert!(writes.len() > 500);
    for (ordinal, key, version) in &writes {
        assert!(committed[&(*key, *version)] < *ordinal, "key {key} v{version}");
    }
    let last = writes.last().expect("there are some").1;
    assert!(held(&live).entries.get(last).is_some_and(|it| !it.dirty), "the entry is held");
    live.fault(Fault::Crash(target("cache")));
    come_to_rest(&mut live);
    assert_eq!(missing(&live), BTreeSet::new(), "a crash loses nothing");
    live.check_replay();
}

/// What is acknowledged and never reaches the store is the dirty set at the crash, but for the
/// flushes that were under way and arrived all the same.
#[test]
fn write_behind_loses_its_dirty_set_and_nothing_else() {
    let mut arrived = 0;
    for_seeds(12, |seed| {
        let mut live = live(Strategy::WriteBehind, CacheParams::default(), seed);
        live.run_to(Nanos::seconds(5) + Nanos::millis(83 * seed));
        live.fault(Fault::Crash(target("cache")));
        let dirty: Vec<_> = held(&live).dirty.iter().copied().collect();
        let waiting = dirty.iter().filter(|it| it.sent == 0).map(|it| it.key);
        let waiting: BTreeSet<_> = waiting.collect();
        come_to_rest(&mut live);
        let (lost, all) = (missing(&live), dirty.iter().map(|it| it.key).collect());
        assert!(!lost.is_empty() && lost.is_subset(&all), "{lost:?} of {all:?}");
        assert!(waiting.is_subset(&lost), "what was not sent is lost");
        for it in dirty.iter().filter(|it| !lost.contains(&it.key)) {
            assert!(stored(&live, it.key) >= it.sent, "its flush arrived");
        }
        live.fault(Fault::Restart(target("cache")));
        assert_eq!(counted(&live, cache::LOST), dirty.len());
        live.check_replay();
    });
    // Just before the flush nothing is under way: the loss is the dirty set, exactly.
    for_seeds(6, |seed| {
        let flush_every = Nanos::seconds(600);
        let params = CacheParams { flush_every, ..CacheParams::default() };
        let mut live = live(Strategy::WriteBehind, params, seed);
        live.run_to(Nanos::seconds(5));
        live.fault(Fault::Crash(target("cache")));
        let dirty: BTreeSet<_> = held(&live).dirty.iter().map(|it| it.key).collect();
        come_to_rest(&mut live);
        assert!(dirty.len() > 50);
        assert_eq!(missing(&live), dirty);
    });
    // And with many flushes on slow wires, some arrive although the cache is gone.
    for seed in 0..12 {
        let flush_every = Nanos::millis(50);
        let params = CacheParams { flush_every, ..CacheParams::default() };
        let mut live = live(Strategy::WriteBehind, params, seed);
        live.run_to(Nanos::seconds(3) + Nanos::millis(7 * seed));
        live.fault(Fault::Crash(target("cache")));
        let sent: BTreeSet<_> =
            held(&live).dirty.iter().filter(|it| it.sent > 0).map(|it| it.key).collect();
        come_to_rest(&mut live);
        arrived += sent.difference(&missing(&live)).count();
    }
    assert!(arrived > 0, "in-flight flushes are real messages");
}

#[test]
fn flushes_that_fail_are_repeated() {
    let mut live = live(Strategy::WriteBehind, CacheParams::default(), 4);
    live.run_to(Nanos::seconds(10));
    let before = held(&live).dirty.len();
    live.fault(Fault::Crash(target("store")));
    live.run_for(Nanos::seconds(5));
    assert!(held(&live).dirty.len() > before, "the set grows while the store is dead");
    assert!(
        done(&live, "cache", Verb::Write).last().expect("writes").0 + 50 > live.world.ordinal()
    );
    live.fault(Fault::Restart(target("store")));
    come_to_rest(&mut live);
    assert!(held(&live).dirty.is_empty());
    assert_eq!(missing(&live), BTreeSet::new());
    assert!(counted(&live, cache::FLUSHED) > 100);
    live.check_replay();
}

#[test]
fn dirty_entries_stay_and_a_cache_full_of_them_writes_through() {
    let (capacity, flush_every) = (20, Nanos::seconds(1));
    let params = CacheParams { capacity, flush_every, flush_batch: 2, ..CacheParams::default() };
    let mut live = live(Strategy::WriteBehind, params, 5);
    let mut full = 0;
    for _ in 0..400 {
        live.run_for(Nanos::millis(25));
        let it = held(&live);
        assert!(it.order.len() <= 20 && it.dirty.len() <= it.order.len());
        for dirty in &it.dirty {
            assert!(it.entries.get(dirty.key).is_some_and(|it| it.dirty), "held until flushed");
        }
        full += usize::from(it.dirty.len() == 20);
    }
    assert!(full > 10, "it was full of dirty entries: {full}");
    assert!(done(&live, "store", Verb::Write).len() > 10, "writes went through");
    come_to_rest(&mut live);
    live.run_for(Nanos::seconds(20));
    assert_eq!(missing(&live), BTreeSet::new());
    live.check_replay();
}

/// A wire past the cache carries nothing, until the cache is only beside the store.
#[test]
fn callers_use_the_cache_in_place_of_its_store() {
    let mut design = in_front(Strategy::WriteBehind, CacheParams::default());
    wire(&mut design, "service", "store", WireParams::default());
    let mut live = Live::new(&design, 6);
    live.audit.keep = true;
    let past = |live: &Live| {
        let wire = live.world.blueprint().wire("service-store");
        let sent = |note: &Note| {
            matches!(note, Note::Sent { via: Via::Forth(it), .. }
            if Some(*it) == wire)
        };
        live.audit.notes.iter().filter(|it| sent(&it.2)).count()
    };
    live.run_to(Nanos::seconds(5));
    assert_eq!(past(&live), 0);
    assert!(!held(&live).dirty.is_empty());
    live.edit(|it| {
        let spec = Spec::Cache(CacheParams::default());
        it.components.get_mut("cache").expect("a cache").spec = spec;
    });
    live.run_for(Nanos::seconds(5));
    assert!(past(&live) > 100);
    assert!(held(&live).dirty.is_empty(), "what was dirty is flushed all the same");
    live.check_replay();
}
