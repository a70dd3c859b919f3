//! Caches with room in bytes: what is held always fits, by every policy; hits are those of `ringside cache`
//! on the same trace with sizes; and the picture's figures are the state's.
//! `LENSES=folder` writes the pictures there.

use crate::common::looking::Looking;
use crate::common::*;
use expect_test::expect;
use ringside::algorithm::eviction::{Policy, Trace, curve};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::cache::disk::Persistence;
use ringside::component::cache::{self, CacheParams, CacheState};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::component::{Spec, State};
use ringside::document::Design;
use ringside::engine::Note;
use ringside::engine::fault::Fault;

/// Client → service → cache beside a store, all of them quick: a key that missed is there at once.
fn shop(cache: CacheParams) -> Design {
    let mut it = design();
    let mut people = client(400.0, 1, 0);
    people.keys = 600;
    people.key_name = "photo".into();
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams { workers: 100, ..ServiceParams::default() };
    add(&mut it, "service", Spec::Service(service));
    add(&mut it, "cache", Spec::Cache(cache));
    let (read_work, workers) = (Nanos::micros(10), 64);
    let store = SqlDbParams { replicas: 0, workers, read_work, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "service", instant());
    wire(&mut it, "service", "cache", instant());
    wire(&mut it, "service", "store", instant());
    it
}

fn bytes(policy: Policy, max_memory: u32) -> CacheParams {
    let ttl = if policy.needs_ttl() { Nanos::seconds(4) } else { Nanos::ZERO };
    CacheParams { policy, max_memory, item_size: 20_000, ttl, ..CacheParams::default() }
}

fn held(live: &Live) -> &CacheState {
    match states(&live.world, "cache")[0] {
        State::Cache(it) => it,
        _ => panic!("a cache"),
    }
}

fn set(live: &mut Live, change: impl Fn(&mut CacheParams)) {
    live.edit(|it| match &mut it.components.get_mut("cache").expect("there").spec {
        Spec::Cache(it) => change(it),
        _ => panic!("a cache"),
    });
}

fn stream(live: &Live) -> ringside::base::draw::Stream {
    let blueprint = live.world.blueprint();
    blueprint.components[blueprint.component("cache").expect("there") as usize].stream
}

/// What is held fits, each entry takes what its key's value takes, and the sum is the sum.
#[track_caller]
fn check(live: &Live, params: &CacheParams) {
    let state = held(live);
    let of = stream(live);
    let slots: Vec<_> = state.order.order().collect();
    let sizes = slots.iter().map(|it| (state.order.size(*it), state.order.key(*it)));
    sizes.clone().for_each(|(size, key)| assert_eq!(size, params.size_of(of, key), "{key}"));
    let sum: u64 = sizes.map(|it| it.0).sum();
    assert_eq!(sum, state.order.weight());
    assert!(sum <= params.room(), "{sum} of {}", params.room());
    assert_eq!(state.order.len(), state.entries.len());
}

#[test]
fn what_is_held_fits_by_every_policy() {
    for policy in Policy::ALL {
        let params = bytes(*policy, 2_000);
        let mut live = Live::new(&shop(params.clone()), 3);
        for second in 1..=12 {
            live.run_to(Nanos::seconds(second));
            check(&live, &params);
        }
        let full = held(&live).order.weight();
        assert!(full > 1_700_000, "{}: {full} bytes", policy.id());
        live.check_replay();
    }
}

/// Sizes are a distribution's: the mean is what is set, whatever the shape.
#[test]
fn sizes_are_as_set() {
    let live = Live::new(&shop(bytes(Policy::Lru, 2_000)), 3);
    let of = stream(&live);
    for (item_sizes, spread) in [
        (Shape::Constant, 0.0),
        (Shape::Uniform, 0.577),
        (Shape::LogNormal, 0.533),
        (Shape::Exponential, 1.0),
    ] {
        let params = CacheParams { item_sizes, ..bytes(Policy::Lru, 2_000) };
        let sizes: Vec<f64> = (0..20_000).map(|key| params.size_of(of, key) as f64).collect();
        let mean = sizes.iter().sum::<f64>() / 20_000.0;
        let variance = sizes.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / 20_000.0;
        assert!((mean / 20_000.0 - 1.0).abs() < 0.03, "{item_sizes:?}: {mean}");
        assert!((variance.sqrt() / mean - spread).abs() < 0.04, "{item_sizes:?}: {variance}");
    }
    assert_eq!(CacheParams::default().size_of(of, 7), 1, "entries are counted by default");
}

/// Entries leave until what comes in fits: one large value pushes several small ones out; and what is
/// larger than the cache is not taken in.
#[test]
fn many_leave_for_one_and_too_large_stays_out() {
    let params = CacheParams { item_sizes: Shape::Pareto, ..bytes(Policy::Lru, 120) };
    let mut live = Live::new(&shop(params.clone()), 5);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(20));
    let of = stream(&live);
    let (mut most, mut evicted) = (0, 0);
    for it in &live.audit.notes {
        match it.2 {
            Note::Count { counter: cache::EVICTED, .. } => evicted += 1,
            Note::Count { counter: cache::ADMITTED, key, .. } => {
                assert!(params.size_of(of, key) <= params.room(), "{key}");
                (most, evicted) = (most.max(evicted), 0);
            }
            _ => {}
        }
    }
    assert!(most >= 4, "{most} left at once");
    let large = (0..600).filter(|key| params.size_of(of, *key) > params.room()).count();
    assert!(large > 0, "there are values larger than the cache");
    check(&live, &params);
}

/// Hits of the run are those of a replay of its reads with their sizes, at the same size: nothing else is
/// in the way of a key that missed. And LRU's curve by byte distances says what a replay at each size says.
#[test]
fn hits_are_those_of_the_trace_with_sizes() {
    for policy in [Policy::Lru, Policy::Gdsf, Policy::S3Fifo, Policy::Sieve] {
        let params = bytes(policy, 3_000);
        let mut live = Live::new(&shop(params.clone()), 9);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(30));
        let of = stream(&live);
        let slot = slots(&live.world, "cache")[0];
        let (mut keys, mut hits) = (Vec::new(), 0);
        for it in &live.audit.notes {
            if let Note::Count { member, counter: counter @ (cache::HIT | cache::MISS), key } = it.2
                && member == slot
            {
                keys.push(key);
                hits += u64::from(counter == cache::HIT);
            }
        }
        let sizes = keys.iter().map(|it| params.size_of(of, *it)).collect();
        let trace = Trace { keys, sizes, ..Trace::default() };
        let replayed = policy.replay(params.room(), 0, &trace).hits;
        // A few miss while their key is on its way.
        let apart = hits.abs_diff(replayed);
        assert!(apart * 200 <= hits, "{}: {hits} and {replayed}", policy.id());
        if policy == Policy::Lru {
            let curve = curve::lru_hits_sized(&trace, 1_000, 6_000);
            for size in [500, 1_000, 2_000, 3_000, 5_000] {
                let exact = policy.replay(size * 1_000, 0, &trace).hits;
                assert_eq!(curve[size as usize], exact, "at {size} kB");
            }
        }
    }
}

/// From entries to bytes and back, less and more room, another policy: what is held always fits.
#[test]
fn room_changes_while_it_runs() {
    let mut params = bytes(Policy::Lru, 0);
    let mut live = Live::new(&shop(params.clone()), 7);
    live.run_to(Nanos::seconds(4));
    for (policy, max_memory) in [
        (Policy::Lru, 3_000),
        (Policy::Lru, 900),
        (Policy::Gdsf, 900),
        (Policy::Arc, 2_000),
        (Policy::Arc, 0),
    ] {
        (params.policy, params.max_memory) = (policy, max_memory);
        set(&mut live, |it| (it.policy, it.max_memory) = (policy, max_memory));
        live.run_for(Nanos::millis(1));
        check(&live, &params);
        live.run_for(Nanos::seconds(3));
        check(&live, &params);
    }
    live.check_replay();
}

/// What was on disk comes back as far as there is room, the last to leave first.
#[test]
fn what_comes_back_from_disk_fits() {
    let persistence = Persistence::AofAlways;
    let mut params = CacheParams { persistence, ..bytes(Policy::Lru, 3_000) };
    let mut live = Live::new(&shop(params.clone()), 7);
    live.run_to(Nanos::seconds(6));
    live.fault(Fault::Crash(target("cache")));
    set(&mut live, |it| it.max_memory = 1_000);
    params.max_memory = 1_000;
    live.fault(Fault::Restart(target("cache")));
    check(&live, &params);
    assert!(held(&live).order.weight() > 800_000, "{}", held(&live).order.weight());
    live.check_replay();
}

/// The cluster's nodes each have room in bytes, too.
#[test]
fn nodes_of_a_cluster_have_room_in_bytes() {
    let mut it = shop(CacheParams::default());
    let (max_memory, item_size) = (700, 20_000);
    let params = ringside::component::cache_cluster::CacheClusterParams {
        max_memory,
        item_size,
        ..Default::default()
    };
    add(&mut it, "cache", Spec::CacheCluster(params));
    let mut live = Live::new(&it, 3);
    live.run_to(Nanos::seconds(10));
    for state in states(&live.world, "cache") {
        let State::CacheCluster(state) = state else { panic!("a node") };
        let weight = state.order.weight();
        assert!((500_000..=700_000).contains(&weight), "{weight}");
    }
}

#[test]
fn the_inside_says_bytes() {
    let mut it =
        Looking::open(shop(bytes(Policy::Lfu, 1_500)), 5, Nanos::ZERO, ("cache", "Photo cache"));
    it.run.advance(Nanos::seconds(20), u64::MAX);
    (0..60).for_each(|_| _ = it.scene(300.0));
    it.check("cache-bytes", &["part/", "lately"], expect![[r#"
        Inside Photo cache
        LFU cache, cache-aside, with 77 entries, 1.47 MB of 1.50 MB; 65.8 % of reads hit in the last 10 s.
        Hit ratio, 10 s: 65.8 %  Misses, 10 s: 137 /s
        Entries: 77  Policy: LFU
        Memory: 1.47 MB of 1.50 MB  service, mean, 10 s: 4.99 ms
        Cache-aside. After a miss the caller asks the
        store itself, and fills the cache.
        Memory  1.47 MB of 1.50 MB
        1.47 MB of 1.50 MB is taken
        Sizes of what is held, p10: 9.47 kB
        Sizes of what is held, p50: 16.9 kB
        Sizes of what is held, p90: 31.0 kB
        Sizes of what is held, largest: 64.8 kB
        evict: When full, entries leave until what comes in fits.  noeviction: When full, writes are refused: nothing leaves before its time.
        When full, entries leave until what comes in fits.
        In Redis: maxmemory 1500000,
        maxmemory-policy allkeys-lfu.
        LFU  keys photo:…
        LRU: The least recently used entry leaves.  FIFO: The entry that came first leaves, used or not.  LFU: The least used entry leaves; among equals, the one idle longest.  CLOCK: As FIFO, but what was used gets a second chance.  SIEVE: A hand from old to new takes the first entry not used since it last came by.  S3-FIFO: A small queue sorts out what is asked for once; a main one keeps the rest.
        W-TinyLFU: A newcomer stays only if it was asked for more often lately than who leaves for it.  Segmented LRU: Each use lifts an entry into a safer segment.  2Q: Only a key that comes back soon after it has left is kept long.  ARC: Recent and frequent entries share the room, which learns from misses.  LIRS: Entries whose last two uses lie close together stay.
        GDSF: Small and often used entries stay; old fame fades.  Random: Any entry leaves, with equal chances.  TTL only: Nothing leaves before its time; a full cache takes nothing new in.
        The least used entry leaves; among equals, the
        one idle longest.
        2.60 % of entries: nobody has read them since they came in
        ×: how often it was used, as far as the policy
        counts. Dashed: not read since it came in.
        Time to live, of what comes in  for ever
        Time to live, of what comes in: for ever
        Hit ratio, second by second  last 60 s
        100 %
        62.9 % of the reads hit in the latest second that had any
        50 %
        0 %
        −60 s  −40 s  −20 s  now
        Stale reads, 10 s  0
        None: no read returned an older version than one
        acknowledged before.
        Misses by size (kB), on the reads seen here
        60 %
        50 %
        40 %
        Size of the cache: 1.50 MB  LRU: 1.82 % misses at 15 000  Measured at 1.50 MB: 34.2 % misses
        30 %
        20 %  LFU: 1.82 % misses at 15 000  S3-FIFO: 1.82 % misses at 15 000  LRU
        Belady's MIN: 1.82 % misses at 15 000  LFU
        10 %
        S3-FIFO
        0 %  Belady's MIN
        0  10 000
        LFU with 1.50 MB hits 65.3 %.
        Measured (dot): 65.8 %.
        4 021 reads counted, after 4 020 to warm up.
        LRU in one pass by stack distance, the others
        simulated on the same reads. Drag to change the
        size.
        From 66 % to 76 % hits: misses a second?
        drag to guess
        From 66 % to 76 % hits: misses a second?: drag to guess
    "#]]);
}
