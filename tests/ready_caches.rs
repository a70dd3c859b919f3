//! The ready designs about caches: what their notes say, from the run.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::looking::run_to;
use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::State;
use ringside::component::cache::{self, CacheState};
use ringside::document::file::{self, File};
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome, Verb};
use ringside::session::run::Run;

fn ready(name: &str) -> File {
    let path = format!("{}/static/designs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("it is there");
    let (file, problems) = file::read(&text).expect("it is a file");
    assert!(problems.is_empty(), "{problems:?}");
    file
}

/// How long writes took at a component that ended well, in ms, rising.
fn writes_ms(live: &Live, id: &str) -> Vec<f64> {
    let slot = slots(&live.world, id)[0];
    let mut begun = BTreeMap::new();
    let mut took = Vec::new();
    for (at, _, note) in &live.audit.notes {
        match note {
            Note::Offered { member, request, .. }
                if *member == slot && request.verb == Verb::Write =>
            {
                begun.insert(request.id, *at);
            }
            Note::Ended { member, request, outcome: Outcome::Ok, .. } if *member == slot => {
                took.extend(begun.remove(&request.id).map(|it| (*at - it).as_seconds() * 1e3));
            }
            _ => {}
        }
    }
    took.sort_by(f64::total_cmp);
    took
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

fn held<'a>(live: &'a Live, id: &str) -> &'a CacheState {
    match states(&live.world, id)[0] {
        State::Cache(it) => it,
        _ => panic!("a cache"),
    }
}

/// Keys whose newest version that a service has acknowledged is not in its database.
fn missing(live: &Live, service: &str, store: &str) -> BTreeSet<u32> {
    let slot = slots(&live.world, service)[0];
    let mut newest = BTreeMap::new();
    for (.., note) in &live.audit.notes {
        if let Note::Ended { member, request, outcome: Outcome::Ok, version, .. } = note
            && *member == slot
            && request.verb == Verb::Write
        {
            let it = newest.entry(request.key).or_insert(*version);
            *it = (*it).max(*version);
        }
    }
    let State::SqlDb(rows) = states(&live.world, store)[0] else { panic!("a database") };
    let stored = |key: u32| rows.rows.get(u64::from(key)).copied().unwrap_or(1);
    assert!(newest.len() > 200, "{}", newest.len());
    newest.into_iter().filter(|it| stored(it.0) < it.1).map(|it| it.0).collect()
}

/// Write-through and cache-aside acknowledge after the database, write-behind before; a crash of all three
/// caches loses what write-behind had not flushed, and nothing else (catalogue: write-through, write-behind).
#[test]
fn of_three_ways_to_write_the_fast_one_loses_what_it_had_not_flushed() {
    let mut file = ready("three-writes");
    let dies = file.design.script["die-behind"].at;
    file.design.script.clear();
    let mut live = Live::new(&file.design, file.seed);
    live.audit.keep = true;
    live.run_to(dies);
    let [store, through, behind, aside] =
        ["db-through", "users-through", "users-behind", "users-aside"]
            .map(|it| writes_ms(&live, it));
    assert!(through.len() > 500, "{}", through.len());
    assert!(through[0] >= store[0] && median(&through) > median(&store), "after the database");
    assert!(median(&aside) > median(&writes_ms(&live, "db-aside")), "after the database");
    assert!(3.0 * median(&behind) < median(&store), "{} ms", median(&behind));
    let dirty: Vec<_> = held(&live, "cache-behind").dirty.iter().copied().collect();
    assert!(dirty.len() > 50 && dirty.iter().all(|it| it.sent == 0), "{}", dirty.len());
    assert!(["cache-aside", "cache-through"].iter().all(|it| held(&live, it).dirty.is_empty()));
    let caches = ["cache-aside", "cache-through", "cache-behind"];
    caches.iter().for_each(|it| live.fault(Fault::Crash(target(it))));
    live.run_for(Nanos::seconds(4));
    caches.iter().for_each(|it| live.fault(Fault::Restart(target(it))));
    live.run_for(Nanos::MILLISECOND);
    let slot = slots(&live.world, "cache-behind")[0];
    let lost = live.audit.notes.iter().filter(
        |it| matches!(it.2, Note::Count { member, counter: cache::LOST, .. } if member == slot),
    );
    assert_eq!(lost.count(), dirty.len(), "it counts what it lost");
    assert_eq!(missing(&live, "app-aside", "db-aside"), BTreeSet::new());
    assert_eq!(missing(&live, "app-through", "db-through"), BTreeSet::new());
    let keys: BTreeSet<u32> = dirty.iter().map(|it| it.key).collect();
    assert_eq!(missing(&live, "app-behind", "db-behind"), keys);
}

fn in_design(name: &str, seconds: u64) -> Run {
    let file = ready(name);
    let mut run = Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles");
    run_to(&mut run, seconds as f64);
    run
}

/// What a cache has counted in the last five whole seconds.
fn counted(run: &Run, id: &str, counter: u8) -> f64 {
    let slot = run.head.world.blueprint().component(id).expect("it is there");
    let windows = &run.recorder.components[slot as usize].windows[1];
    let latest = windows.range(windows.len() - 5..);
    latest.map(|it| f64::from(it.counters.get(usize::from(counter)).copied().unwrap_or(0))).sum()
}

fn hit_ratio(run: &Run, id: &str) -> f64 {
    let [hits, misses] = [cache::HIT, cache::MISS].map(|it| counted(run, id, it));
    hits / (hits + misses)
}

fn state<'a>(run: &'a Run, id: &str) -> &'a CacheState {
    match states(&run.head.world, id)[0] {
        State::Cache(it) => it,
        _ => panic!("a cache"),
    }
}

/// Both fill up when a campaign comes; by noeviction writes are refused and what is held stays, with eviction
/// entries leave and the readers' hits drop (catalogue: memory-limit-oom).
#[test]
fn a_full_cache_refuses_writes_or_pushes_entries_out() {
    let before = in_design("out-of-memory", 19);
    let keys = |run: &Run, id: &str| {
        (0..400).filter(|it| state(run, id).entries.get(*it).is_some()).count()
    };
    for id in ["cache-off", "cache-on"] {
        let weight = state(&before, id).order.weight();
        assert!((5_000_000..9_900_000).contains(&weight), "{weight} bytes");
        assert!(hit_ratio(&before, id) > 0.9 && keys(&before, id) > 390, "{}", keys(&before, id));
        assert_eq!(
            counted(&before, id, cache::REFUSED) + counted(&before, id, cache::EVICTED),
            0.0
        );
    }
    let after = in_design("out-of-memory", 60);
    let [off, on] = ["cache-off", "cache-on"].map(|id| {
        let weight = state(&after, id).order.weight();
        assert!((9_500_000..=10_000_000).contains(&weight), "{weight} bytes");
        let counts = [cache::REFUSED, cache::EVICTED].map(|it| counted(&after, id, it));
        (counts, keys(&after, id))
    });
    assert!(off.0[0] > 100.0 && off.0[1] == 0.0 && off.1 > 390, "{off:?}");
    assert!(on.0[0] == 0.0 && on.0[1] > 100.0 && on.1 < 330, "{on:?}");
    let ratio = hit_ratio(&after, "cache-on");
    assert!(ratio < 0.65, "{ratio}");
}

/// Thirty seconds after the hot set has moved on, LFU has kept nearly all of the old one, and LRU nothing of
/// it but what is asked for by chance (catalogue: eviction-lfu).
#[test]
fn lfu_keeps_yesterdays_hits_while_lru_follows() {
    let before = in_design("yesterdays-hits", 19);
    let (lru, lfu) = (hit_ratio(&before, "cache-lru"), hit_ratio(&before, "cache-lfu"));
    assert!(lru > 0.8 && lfu > 0.8, "{lru} {lfu}");
    let after = in_design("yesterdays-hits", 50);
    let of = |id: &str, from: u32| {
        (from..from + 100).filter(|it| state(&after, id).entries.get(*it).is_some()).count()
    };
    assert!(of("cache-lfu", 0) > 85 && of("cache-lfu", 100) < 35, "LFU keeps the old");
    assert!(of("cache-lru", 0) < 20 && of("cache-lru", 100) > 85, "LRU follows");
    let (lru, lfu) = (hit_ratio(&after, "cache-lru"), hit_ratio(&after, "cache-lfu"));
    assert!(lru > 0.8 && lfu < 0.4, "{lru} {lfu}");
}
