//! A cache with a disk (Redis' RDB and AOF): it comes back with exactly what was there, and what had
//! been acknowledged since is counted as lost. Source: Redis documentation, "Redis persistence".

use std::collections::BTreeMap;

use crate::common::looking::Looking;
use crate::common::*;
use expect_test::expect;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::cache::disk::{Persistence, Toll};
use ringside::component::cache::{self, CacheParams, CacheState, Strategy};
use ringside::component::service::{OnWrite, ServiceParams};
use ringside::component::sql_db::SqlDbParams;
use ringside::component::{Spec, State};
use ringside::document::Design;
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome, Verb};

/// Players whose scores go to a database and to a board in memory.
fn board(params: CacheParams, on_write: OnWrite) -> Design {
    let mut it = design();
    add(&mut it, "players", Spec::Client(client(200.0, 3, 1)));
    let service = ServiceParams { on_write, workers: 64, ..ServiceParams::default() };
    add(&mut it, "judge", Spec::Service(service));
    add(&mut it, "board", Spec::Cache(params));
    add(&mut it, "store", Spec::SqlDb(SqlDbParams { replicas: 0, ..SqlDbParams::default() }));
    wire(&mut it, "players", "judge", instant());
    wire(&mut it, "judge", "board", instant());
    wire(&mut it, "judge", "store", instant());
    it
}

fn with(persistence: Persistence) -> CacheParams {
    CacheParams { persistence, snapshot_every: Nanos::seconds(5), ..CacheParams::default() }
}

fn live(persistence: Persistence, seed: u64) -> Live {
    let mut live = Live::new(&board(with(persistence), OnWrite::Put), seed);
    live.audit.keep = true;
    live
}

fn held(live: &Live) -> &CacheState {
    match states(&live.world, "board")[0] {
        State::Cache(it) => it,
        _ => panic!("a cache"),
    }
}

/// What it holds: the version of each key.
fn contents(live: &Live) -> BTreeMap<u32, u32> {
    (0..200).filter_map(|key| Some((key, held(live).entries.get(key)?.version))).collect()
}

fn toll(live: &Live) -> Toll {
    held(live).disk.as_ref().and_then(|it| it.toll).expect("it has died")
}

/// Changes that the cache has acknowledged after one moment and up to another.
fn changes(live: &Live, after: Nanos, until: Nanos) -> u64 {
    let slot = slots(&live.world, "board")[0];
    let is_change = |it: &&(Nanos, u64, Note)| {
        matches!(it.2, Note::Ended { member, request, outcome: Outcome::Ok, .. }
            if member == slot && request.verb == Verb::Put && after < it.0 && it.0 <= until)
    };
    live.audit.notes.iter().filter(is_change).count() as u64
}

fn counted(live: &Live, counter: u8) -> usize {
    let own =
        |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Count { counter: of, .. } if of == counter);
    live.audit.notes.iter().filter(own).count()
}

fn die_and_come_back(live: &mut Live) {
    live.fault(Fault::Crash(target("board")));
    live.run_for(Nanos::millis(10));
    live.fault(Fault::Restart(target("board")));
}

/// It dies 0.6 s after what is on disk was forced there: every second, every five, every thirty.
#[test]
fn it_comes_back_with_what_was_on_disk() {
    for (persistence, saved) in
        [(Persistence::AofEverysec, 7), (Persistence::Rdb, 5), (Persistence::AofNo, 30)]
    {
        for_seeds(4, |seed| {
            let mut live = live(persistence, seed);
            let at = Nanos::seconds(saved);
            live.run_to(at);
            let on_disk = contents(&live);
            assert!(on_disk.len() > 100, "there is something to lose");
            live.run_to(at + Nanos::millis(600));
            let before = contents(&live);
            let end = live.world.now();
            die_and_come_back(&mut live);
            assert_eq!(contents(&live), on_disk, "{persistence:?}, seed {seed}");
            let (toll, writes) = (toll(&live), changes(&live, at, end));
            assert_eq!(toll.writes, writes, "{persistence:?}: acknowledged since");
            assert!(writes > 0 && toll.window <= Nanos::millis(600));
            let older = before.iter().filter(|it| on_disk.get(it.0).is_none_or(|was| was < it.1));
            let older = older.count();
            assert!(older > 0);
            assert_eq!((toll.older as usize, counted(&live, cache::FORGOTTEN)), (older, older));
            live.run_for(Nanos::seconds(2));
            live.check_replay();
        });
    }
}

#[test]
fn without_a_disk_it_comes_back_empty() {
    let mut live = live(Persistence::None, 1);
    live.run_to(Nanos::seconds(4));
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), BTreeMap::new());
    assert_eq!(counted(&live, cache::FORGOTTEN), 0, "nobody said that it would be kept");
}

/// What was acknowledged was on disk before: the price is the time of an fsync for each change, and
/// reads behind it wait, too.
#[test]
fn fsync_always_loses_nothing_and_takes_its_time() {
    let always = CacheParams { fsync: Nanos::millis(2), ..with(Persistence::AofAlways) };
    let mut live = Live::new(&board(always, OnWrite::Put), 3);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(6) + Nanos::millis(370));
    let before = contents(&live);
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), before);
    assert_eq!(
        (toll(&live).writes, toll(&live).older, counted(&live, cache::FORGOTTEN)),
        (0, 0, 0)
    );
    live.run_for(Nanos::seconds(1));
    live.check_replay();
    let slot = slots(&live.world, "board")[0];
    let span = |verb: Verb| {
        let spans = live.audit.notes.iter().filter_map(|it| match it.2 {
            Note::Ended { member, request, outcome, started, .. }
                if member == slot && request.verb == verb && outcome != Outcome::Reset =>
            {
                Some(it.0.saturating_sub(started?))
            }
            _ => None,
        });
        let spans: Vec<_> = spans.collect();
        assert!(spans.len() > 100);
        (
            spans.iter().copied().min().unwrap_or_default(),
            spans.iter().copied().max().unwrap_or_default(),
        )
    };
    assert!(span(Verb::Put).0 >= Nanos::millis(2), "work and fsync");
    assert!(span(Verb::Read).1 < Nanos::millis(2), "a read by itself needs none");
}

/// Who drops a key and dies before the disk knows: the old value is back, and somebody reads it.
#[test]
fn what_was_dropped_may_be_back() {
    let mut live = Live::new(&board(with(Persistence::Rdb), OnWrite::Forget), 5);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(5));
    let on_disk = contents(&live);
    live.run_to(Nanos::seconds(8));
    let before = contents(&live);
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), on_disk);
    let returned = on_disk.keys().filter(|it| !before.contains_key(it)).count();
    assert!(returned > 0, "some were dropped and not fetched again");
    assert_eq!(toll(&live).returned as usize, returned);
    live.check_replay();
}

/// Dirty entries are kept like all others, and reach the store after all.
#[test]
fn what_is_written_behind_outlives_a_crash() {
    let behind = |persistence| {
        let mut it = board(
            CacheParams {
                strategy: Strategy::WriteBehind,
                flush_every: Nanos::seconds(600),
                ..with(persistence)
            },
            OnWrite::Forget,
        );
        wire(&mut it, "board", "store", instant());
        let mut live = Live::new(&it, 6);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(6) + Nanos::millis(500));
        live
    };
    let dirty = |live: &Live| held(live).dirty.len();
    let mut without = behind(Persistence::None);
    let all = dirty(&without);
    die_and_come_back(&mut without);
    assert!(all > 50);
    assert_eq!((dirty(&without), counted(&without, cache::LOST)), (0, all));
    let mut with = behind(Persistence::AofAlways);
    let all = dirty(&with);
    die_and_come_back(&mut with);
    assert_eq!((dirty(&with), counted(&with, cache::LOST)), (all, 0));
    let mut half = behind(Persistence::AofEverysec);
    let all = dirty(&half);
    die_and_come_back(&mut half);
    let (kept, lost) = (dirty(&half), counted(&half, cache::LOST));
    assert!(kept > 0 && lost > 0 && kept <= all, "{kept} of {all}, {lost} lost");
    half.edit(|it| {
        if let Spec::Client(it) = &mut it.components.get_mut("players").expect("a client").spec {
            it.rate = Rate(0.0);
        }
        if let Spec::Cache(it) = &mut it.components.get_mut("board").expect("a cache").spec {
            it.flush_every = Nanos::millis(100);
        }
    });
    half.check_replay();
}

/// Settings change while it runs: a log begins with a copy; what has no disk any more loses all; and
/// what is flushed is gone from the disk as well.
#[test]
fn disks_come_and_go() {
    let set = |live: &mut Live, persistence| {
        live.edit(|it| {
            if let Spec::Cache(it) = &mut it.components.get_mut("board").expect("a cache").spec {
                it.persistence = persistence;
            }
        });
    };
    let mut live = live(Persistence::None, 8);
    live.run_to(Nanos::seconds(3) + Nanos::millis(300));
    set(&mut live, Persistence::AofNo);
    let copied = contents(&live);
    live.run_for(Nanos::seconds(2));
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), copied);
    live.run_for(Nanos::seconds(1));
    set(&mut live, Persistence::Rdb);
    live.run_for(Nanos::seconds(1));
    set(&mut live, Persistence::None);
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), BTreeMap::new());
    set(&mut live, Persistence::AofEverysec);
    live.run_for(Nanos::seconds(3));
    live.fault(Fault::Flush(target("board")));
    die_and_come_back(&mut live);
    assert_eq!(contents(&live), BTreeMap::new(), "what was flushed is not on disk");
    live.run_for(Nanos::seconds(2));
    live.check_replay();
}

/// What is drawn of it: the loss window while it runs, what is on disk while it is down, and what was
/// lost once it is back. Figures are those of the run.
#[test]
fn the_inside_shows_the_loss_window() {
    let text = include_str!("../static/designs/leaderboard.json");
    let (file, notices) = ringside::document::file::read(text).expect("it is a file");
    assert_eq!(notices, Vec::new());
    let of = ("board", "Scores in memory");
    let mut it = Looking::open(file.design, 7, Nanos::seconds(10), of);
    it.on(640);
    let state = |it: &Looking| match states(&it.run.shown().world, "board")[0] {
        State::Cache(it) => it.disk.as_deref().expect("a disk").clone(),
        _ => panic!("a cache"),
    };
    let unsaved = state(&it).unsaved;
    assert!(unsaved > 50, "a fifth of 800 writes a second");
    assert_eq!(it.words("disk/window#figure"), format!("{unsaved} changes"));
    let part = |it: &Looking, ids: &[&str]| -> Vec<String> {
        let marks = it.scene(300.0).marks;
        let own = marks.iter().filter(|it| ids.iter().any(|id| it.id.starts_with(id)));
        own.map(|it| it.words().to_owned()).filter(|it| !it.is_empty()).collect()
    };
    expect![[r#"
        On disk
        489 entries
        none
        RDB
        AOF, kernel
        AOF, 1 s
        AOF, always
        Not on disk
        130 changes
        A crash now would lose the changes of the last
        630 ms (the loss window); it can grow to 1.00 s."#]]
    .assert_eq(&part(&it, &["disk"]).join("\n"));
    it.fault(Fault::Crash(target("board")));
    it.on(100);
    expect![[r#"
        It is down, and nobody reaches it.
        On its disk are 489 entries; 130 acknowledged
        changes are not, and are lost."#]]
    .assert_eq(&part(&it, &["down"]).join("\n"));
    it.fault(Fault::Restart(target("board")));
    it.on(300);
    let toll = state(&it).toll.expect("it has died");
    assert_eq!(toll.writes, unsaved);
    expect![[r#"
        After the last crash
        back 300 ms ago
        It came back with 489 entries.
        Lost: 130 acknowledged changes, made within
        630 ms. Keys with an older value than before, or
        none: 63. Keys dropped since that are back: 0."#]]
    .assert_eq(&part(&it, &["toll"]).join("\n"));
    it.check(
        "redis",
        &[""],
        expect![[r#"
        Inside Scores in memory
        LRU cache, cache-aside, with 491 of 2 000 entries; 96.5 % of reads hit in the last 10 s.
    "#]],
    );
    it.click("disk/aof-always");
    it.on(10);
    assert!(it.words("disk/always/0").starts_with("Whatever was acknowledged is on disk"));
}

/// Reads of a component over its wires in so many whole seconds.
fn reads(run: &ringside::session::run::Run, wire: &str, seconds: u64) -> f64 {
    let world = &run.shown().world;
    let slot = world.blueprint().wire(wire).expect("a wire");
    let at = |it: u64| world.now().saturating_sub(Nanos::seconds(it));
    (0..seconds).map(|it| f64::from(run.recorder.arrived_at(slot, at(it)))).sum()
}

/// Three caches in a row: what the inside says of them is what arrives at the next, and misses multiply.
#[test]
fn layers_multiply_their_misses() {
    let text = include_str!("../static/designs/cache-layers.json");
    let (file, notices) = ringside::document::file::read(text).expect("it is a file");
    assert_eq!(notices, Vec::new());
    let mut it = Looking::open(file.design, 7, Nanos::seconds(40), ("shared", "Shared cache"));
    it.on(10_000);
    it.check(
        "layers",
        &[""],
        expect![[r#"
            Inside Shared cache
            LRU cache, cache-aside, with 3 500 of 3 500 entries; 52.7 % of reads hit in the last 10 s.
        "#]],
    );
    let bar = |it: &Looking, at: u32| {
        let label = it.mark(&format!("layers/{at}")).label.expect("a label");
        let (name, counts) = label.split_once(": ").expect("a name");
        let number = |it: &str| it.parse::<f64>().expect("a number");
        let words: Vec<_> = counts.split(' ').collect();
        (name.to_owned(), number(words[0]), number(words[2]))
    };
    let layers: Vec<_> = (1..=3).map(|at| bar(&it, at)).collect();
    let names: Vec<_> = layers.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["cdn", "own", "shared"]);
    for (at, pair) in layers.windows(2).enumerate() {
        let missed = pair[0].2 - pair[0].1;
        assert!((pair[1].2 / missed - 1.0).abs() < 0.02, "layer {at}: {pair:?}");
    }
    // Reads of the store: what its wire carried, less the writes, one in 200.
    let offered = reads(&it.run, "readers-cdn", 10);
    let store = reads(&it.run, "site-database", 10) - offered / 200.0;
    let product: f64 = layers.iter().map(|it| 1.0 - it.1 / it.2).product();
    assert!((store / offered / product - 1.0).abs() < 0.1, "{store} of {offered}, not {product}");
    let said = format!("{:.1}:", product * 100.0);
    let words = format!("{} {}", it.words("layers/product/0"), it.words("layers/product/1"));
    assert!(words.contains(&said), "{words}: {said}");
    // A layer dies: the store gets its reads.
    it.fault(Fault::Crash(target("shared")));
    it.on(11_000);
    let then = reads(&it.run, "site-database", 10) - reads(&it.run, "readers-cdn", 10) / 200.0;
    let spared = 1.0 - layers[2].1 / layers[2].2;
    assert!((then * spared / store - 1.0).abs() < 0.1, "{store} reads, then {then}");
    // Alone it is no layer.
    let alone = board(CacheParams::default(), OnWrite::Put);
    let alone = Looking::open(alone, 1, Nanos::seconds(3), ("board", "Board"));
    assert!(!alone.scene(300.0).marks.iter().any(|it| it.id.starts_with("layers")));
}
