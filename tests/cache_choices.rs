//! What can be chosen inside a cache, and what the picture says then.

use std::collections::BTreeMap;

use crate::common::looking::{Looking, run_to, well_drawn};
use crate::common::*;
use ringside::base::text;
use ringside::base::time::Nanos;
use ringside::component::cache::{self, CacheParams};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::ShardedDbParams;
use ringside::component::sql_db::{Failover, SqlDbParams};
use ringside::component::{Spec, State};
use ringside::document::file::{self, File};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};
use ringside::scene::{CellStyle, Shape, Tone};

fn file_of(name: &str) -> File {
    let path = format!("{}/static/designs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("it is there");
    file::read(&text).expect("it is a file").0
}

/// A ready design, some seconds after its warm-up.
fn ready(name: &str, id: &'static str, seconds: f64) -> Looking {
    let file = file_of(name);
    let mut it = Looking::open(file.design, file.seed, file.warmup, (id, id));
    run_to(&mut it.run, seconds);
    it
}

#[track_caller]
fn says(words: &str, figure: &str) {
    assert!(words.contains(figure), "{words:?} says {figure:?}");
}

fn drawn(it: &Looking, name: &str) {
    well_drawn(name, &[300.0, 520.0, 900.0], |width| it.scene(width));
}

/// Each strategy says what it does; a click sets another, and what is not in the store is there then.
#[test]
fn a_strategy_is_chosen_inside() {
    let mut it = ready("three-writes", "cache-aside", 5.0);
    says(&it.lines("strategy/help"), "After a miss the caller asks the store itself");
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id == "dirty"));
    it.click("strategy/write-behind");
    it.on(1_000);
    says(&it.lines("strategy/help"), "acknowledged here, and the store gets it later");
    assert!(it.figure("dirty") > 10.0, "{}", it.figure("dirty"));
    it.click("strategy/write-through");
    it.on(3_000);
    says(&it.lines("strategy/help"), "acknowledged once the store has it");
    drawn(&it, "strategy");
    // One with no store of its own has nothing to choose.
    let it = ready("product-cache", "cache", 5.0);
    says(&it.lines("strategy"), "Cache-aside. After a miss the caller asks");
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id.starts_with("strategy/write")));
    // Whoever has no other way to the store cannot ask it after a miss.
    let file = file_of("three-writes");
    let mut design = file.design;
    design.wires.remove("app-db-through");
    let mut it = Looking::open(design, file.seed, file.warmup, ("cache-through", "Cache"));
    it.on(2_000);
    let has = |id: &str| it.scene(300.0).marks.iter().any(|it| it.id == id);
    assert!(has("strategy/write-behind") && !has("strategy/cache-aside"));
    // Nor has one that a service stands behind.
    let it = ready("cache-layers", "cdn", 5.0);
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id == "strategy/cache-aside"));
}

#[test]
fn a_dead_cache_says_whether_anything_acknowledged_is_lost() {
    let it = ready("three-writes", "cache-through", 25.0);
    says(&it.lines("lost/none"), "No acknowledged write is lost: the store has each.");
    let it = ready("three-writes", "cache-behind", 25.0);
    assert!(it.figure("lost/caption-end") > 50.0);
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id.starts_with("lost/none")));
}

/// With nothing to lose there is no first change.
#[test]
fn a_disk_with_everything_on_it_has_no_first_change() {
    let mut it = ready("leaderboard", "board", 5.0);
    it.set("players", "rate", serde_json::json!("0/s"));
    it.on(3_000);
    let label = it.mark("disk/window").label.expect("it says something");
    assert_eq!(label, "All that was acknowledged is on disk.");
}

/// The run of a design from its notes: what is told of it up to a moment of its clock.
fn heard(design: &Design, seed: u64, until: Nanos) -> Ear {
    let mut ear = Ear::default();
    start(design, seed).run(until, u64::MAX, &mut ear);
    ear
}

/// Stale answers of a cache in the ten seconds before a moment, by what clients were told: how many, and how
/// long before each the newest had been acknowledged, on average, in seconds.
fn stale_by_notes(
    ear: &Ear,
    world: &World,
    id: &str,
    writers: [&str; 2],
    now: Nanos,
) -> (u64, f64) {
    let [client, service, cache] = [writers[0], writers[1], id].map(|it| slots(world, it)[0]);
    let (mut begun, mut written) = (BTreeMap::new(), BTreeMap::new());
    let mut acknowledged: BTreeMap<u32, (u32, Nanos, (u32, Nanos))> = BTreeMap::new();
    let (mut count, mut sum) = (0, 0.0);
    for (_, at, note) in &ear.0 {
        match *note {
            Note::Offered { request, own: true, .. } => _ = begun.insert(request.id, *at),
            Note::Ended { member, request, outcome: Outcome::Ok, version, own: false, .. }
                if member == service && request.verb == Verb::Write =>
            {
                written.insert(request.id, version);
            }
            Note::Ended { member, request, outcome: Outcome::Ok, own: true, .. }
                if member == client && request.verb == Verb::Write =>
            {
                let version = written[&request.id];
                let last = acknowledged.entry(request.key).or_default();
                if version > last.0 {
                    *last = (version, *at, (last.0, last.1));
                }
            }
            Note::Found { member, request, key, version, .. }
                if member == cache
                    && *at >= now.saturating_sub(Nanos::seconds(10))
                    && *at < now =>
            {
                let (newest, since, before) = acknowledged.get(&key).copied().unwrap_or_default();
                // Two at most are remembered; what was acknowledged during the read does not count.
                let known = [(newest, since), before];
                let known = known.into_iter().find(|it| it.1 < begun[&request]);
                if let Some((_, since)) = known.filter(|it| version < it.0) {
                    (count, sum) = (count + 1, sum + (*at - since).as_seconds());
                }
            }
            _ => {}
        }
    }
    (count, sum / count as f64)
}

/// A longer time to live: more hits, and older stale answers. What the picture says of them is what clients
/// were told.
#[test]
fn a_longer_time_to_live_hits_more_and_answers_older() {
    let seen = |spot: &str| {
        let mut it = ready("in-process-caches", "cache-b", 5.0);
        let slide = it.mark("ttl").slide.expect("it can be dragged");
        let has = |it: &&ringside::scene::Spot| it.label.starts_with(spot);
        let spot = slide.spots.iter().find(has).expect("it can be chosen");
        it.act(&spot.action.clone());
        it.on(40_000);
        drawn(&it, "ttl");
        (it.figure("hit-ratio"), it.lines("stale/caption-end"))
    };
    let ((few, young), (many, old)) = (seen("2 s"), seen("20 s"));
    assert!(many > few + 10.0, "{few} % and {many} % hit");
    let age = |it: &str| {
        let words = it.split(", ").nth(1).expect("an age").to_owned();
        let (number, unit) = words.split_once(' ').expect("a unit");
        let number: f64 = number.parse().expect("a number");
        if unit.starts_with("ms") { number / 1e3 } else { number }
    };
    assert!(age(&old) > 2.0 * age(&young), "{young:?} and {old:?}");
    // Without an edit the notes are those of the run.
    let it = ready("in-process-caches", "cache-b", 60.0);
    let now = it.run.head.world.now();
    let ear = heard(&it.run.shown().design, it.run.head.world.blueprint().seed, now);
    let writers = ["editors", "server-a"];
    let (count, mean) = stale_by_notes(&ear, &it.run.head.world, "cache-b", writers, now);
    assert!(count > 50, "{count}");
    let expected = format!("{}, {} old on average", text::count(count), text::duration(mean * 1e9));
    assert_eq!(it.lines("stale/caption-end"), expected);
}

/// An entry whose time is up is struck, though nobody has asked for it.
#[test]
fn what_is_out_of_date_is_struck() {
    let mut it = ready("in-process-caches", "cache-b", 10.0);
    it.set("readers-b", "rate", serde_json::json!("0.001/s"));
    it.on(11_000);
    let scene = it.scene(900.0);
    let struck = |it: &&ringside::scene::Mark| {
        matches!(it.shape, Shape::Cell { style: CellStyle::Struck, .. })
            && it.id.starts_with("part/")
    };
    let count = scene.marks.iter().filter(struck).filter(|it| it.tone == Tone::Stale).count();
    assert!(count >= 10, "{count}");
    says(&it.lines("legend"), "Clock, struck: its time is up.");
    drawn(&it, "over");
}

/// Entries that the store has newer rows of are marked before anybody reads them, and counted.
#[test]
fn entries_older_than_the_store_are_seen_at_once() {
    let mut it = ready("in-process-caches", "cache-b", 8.0);
    it.set("readers-b", "rate", serde_json::json!("0.001/s"));
    it.set("cache-b", "ttl", serde_json::json!("0s"));
    it.on(2_000);
    let world = &it.run.head.world;
    let (State::Cache(cache), State::SqlDb(rows)) =
        (states(world, "cache-b")[0], states(world, "pages")[0])
    else {
        panic!("a cache and a database")
    };
    let row = |key: u32| rows.rows.get(key.into()).copied().unwrap_or(1);
    let held: Vec<_> = (0..20).filter_map(|it| Some((it, cache.entries.get(it)?))).collect();
    let older: Vec<_> = held.iter().filter(|it| it.1.version < row(it.0)).collect();
    assert!(older.len() > 3 && older.len() < held.len(), "{} of {}", older.len(), held.len());
    let expected = format!("{} of {}", older.len(), held.len());
    assert_eq!(it.words("standing/older#figure"), expected);
    let scene = it.scene(900.0);
    let (key, entry) = older[0];
    let mark = scene.marks.iter().find(|it| it.id == format!("part/0/{key}")).expect("drawn");
    assert_eq!(mark.tone, Tone::Stale);
    let told = format!("older than the store, which has v{}", row(*key));
    says(mark.label.as_deref().unwrap_or_default(), &told);
    says(&it.lines("legend"), "older than the store's row");
    let (version, key, row) = (entry.version, *key, row(*key));
    drawn(&it, "older");
    // The caches of one store side by side.
    it.look.note("key", &key.to_string());
    let copies = it.lines("picked/copies");
    says(&copies, &format!("pages v{row}"));
    says(&copies, &format!("cache-b v{version}"));
    says(&copies, "cache-a ");
    // Which part of reads was stale is drawn, as with databases.
    let it = ready("in-process-caches", "cache-b", 60.0);
    assert!(it.scene(300.0).marks.iter().any(|it| it.id.starts_with("share/line")));
}

/// A full scan fills the cache with what nobody asks for again (catalogue: cache-pollution).
#[test]
fn a_scan_leaves_entries_that_nobody_reads_again() {
    let mut it = ready("product-cache", "cache", 10.0);
    let before = it.figure("standing/unread#figure");
    it.set("stock-report", "rate", serde_json::json!("220/s"));
    it.on(15_000);
    let after = it.figure("standing/unread#figure");
    assert!(after > before + 10.0, "{before} % before, {after} % after");
    let now = it.run.head.world.now();
    let State::Cache(cache) = states(&it.run.head.world, "cache")[0] else { panic!("a cache") };
    // By the order of all that was counted, key by key.
    let slot = it.run.head.world.blueprint().component("cache").expect("a cache") as usize;
    let mut read = BTreeMap::new();
    for access in it.run.recorder.components[slot].accesses.until(now) {
        match access.counter {
            cache::ADMITTED => _ = read.insert(access.key, false),
            cache::HIT => _ = read.insert(access.key, true),
            _ => {}
        }
    }
    let unread = |it: &u32| cache.entries.get(*it).is_some() && read.get(it) == Some(&false);
    let part = (0..5_000).filter(unread).count() as f64 / cache.entries.len() as f64;
    assert_eq!(it.words("standing/unread#figure"), text::percent(part));
    says(&it.lines("legend"), "Dashed: not read since it came in.");
    drawn(&it, "scan");
}

/// A full cache evicts or refuses, as it is told inside.
#[test]
fn what_a_full_cache_does_is_chosen_inside() {
    let mut it = ready("out-of-memory", "cache-on", 30.0);
    says(&it.lines("memory/full/help"), "entries leave");
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id.starts_with("refused")));
    it.click("memory/full/ttl");
    it.on(3_000);
    says(&it.lines("memory/full/help"), "writes are refused");
    says(&it.lines("memory/redis"), "maxmemory-policy noeviction");
    assert!(it.figure("refused/caption-end") > 5.0);
    it.click("memory/full/lru");
    it.on(1_000);
    says(&it.lines("memory/redis"), "maxmemory-policy allkeys-lru");
    it.click("policy/lfu");
    it.on(1_000);
    says(&it.lines("memory/redis"), "maxmemory-policy allkeys-lfu");
    drawn(&it, "full");
}

/// Client → service → cache beside a store; others write there past the cache.
fn past_the_cache(store: Spec) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(200.0, 1, 0)));
    add(&mut it, "others", Spec::Client(client(40.0, 0, 1)));
    add(&mut it, "service", Spec::Service(ServiceParams::default()));
    add(&mut it, "writer", Spec::Service(ServiceParams::default()));
    add(&mut it, "cache", Spec::Cache(CacheParams::default()));
    add(&mut it, "store", store);
    for (from, to) in [
        ("people", "service"),
        ("others", "writer"),
        ("service", "cache"),
        ("service", "store"),
        ("writer", "store"),
    ] {
        wire(&mut it, from, to, WireParams::default());
    }
    it
}

/// The second of two writes is lost: board and database disagree, and it is seen (catalogue: dual-write-cache-db).
#[test]
fn a_lost_second_write_leaves_entries_older() {
    let mut it = ready("leaderboard", "board", 5.0);
    let older = |it: &Looking| {
        let figure = it.words("standing/older#figure");
        figure.split(' ').next().and_then(|it| it.parse::<u32>().ok()).expect("a count")
    };
    let before = older(&it);
    let wire = "judge-board".to_owned();
    it.fault(Fault::CutWire { wire: wire.clone(), ways: Ways::Forth });
    it.on(1_000);
    it.fault(Fault::MendWire { wire });
    it.on(1_000);
    assert!(older(&it) > before + 20, "{before}, then {}", older(&it));
}

/// Entries are compared with what is committed, whatever replicas have: at the primary, or at the shard that has
/// the row.
#[test]
fn entries_are_compared_with_what_is_committed() {
    let replicated = SqlDbParams { replicas: 2, ..SqlDbParams::default() };
    for store in [Spec::SqlDb(replicated), Spec::ShardedDb(ShardedDbParams::default())] {
        let design = past_the_cache(store);
        let mut it = Looking::open(design.clone(), 7, Nanos::ZERO, ("cache", "Cache"));
        it.on(12_000);
        let ear = heard(&design, 7, it.run.head.world.now());
        let mut committed = BTreeMap::new();
        for (.., note) in &ear.0 {
            if let Note::Committed { key, version, .. } = note {
                committed.insert(*key, *version);
            }
        }
        let State::Cache(cache) = states(&it.run.head.world, "cache")[0] else { panic!("a cache") };
        let is_older = |key: &u32| {
            let held = cache.entries.get(*key).map(|it| it.version);
            held.is_some_and(|it| it < committed.get(key).copied().unwrap_or(1))
        };
        let older = (0..200).filter(is_older).count();
        assert!(older > 20, "{older}");
        let expected = format!("{older} of {}", cache.entries.len());
        assert_eq!(it.words("standing/older#figure"), expected);
    }
}

/// While two primaries take writes nobody knows whose will stay, and nothing is said; once fencing has ended that, it is.
#[test]
fn with_two_primaries_nothing_is_called_older() {
    let failover = Failover::Automatic;
    let store = SqlDbParams { replicas: 2, failover, fencing: false, ..SqlDbParams::default() };
    let design = past_the_cache(Spec::SqlDb(store));
    let mut it = Looking::open(design, 7, Nanos::ZERO, ("cache", "Cache"));
    it.on(5_000);
    let leaders = |it: &Looking| {
        let leads = |it: &&State| matches!(it, State::SqlDb(it) if it.primary);
        states(&it.run.head.world, "store").iter().filter(|it| leads(it)).count()
    };
    let says = |it: &Looking| it.scene(300.0).marks.iter().any(|it| it.id == "standing/older");
    assert!(leaders(&it) == 1 && says(&it));
    it.fault(cut("apart", &["store/0"], &["store/1", "store/2"], Ways::Both));
    it.on(20_000);
    assert!(leaders(&it) == 2 && !says(&it), "{}", leaders(&it));
    it.fault(heal("apart"));
    it.set("store", "fencing", serde_json::json!(true));
    it.on(10_000);
    assert!(leaders(&it) == 1 && says(&it), "{}", leaders(&it));
}
