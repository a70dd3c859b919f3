//! However long a run lasts, it costs no more memory: the bytes that a world and what is recorded of it
//! hold, counted by the allocator itself. What is kept of a run is full once the longest windows are
//! (300 of 12 s); at these rates the last accesses of caches (81,920) are then all there, and the log that
//! databases keep for replicas (100,000 entries) and the writes that takeovers are judged by (65,536).
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::*;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::cache::{CacheParams, Strategy};
use ringside::component::client::{ClientParams, Load};
use ringside::component::kv_store::{KvStoreParams, WhenCut};
use ringside::component::sql_db::{Failover, Replication, SqlDbParams};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::engine::queue::PLACE_BYTES;
use ringside::engine::recorder::Recorder;
use ringside::session::moment::sample;
use ringside::session::run::Run;

/// Counts the bytes that a thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn add_bytes(bytes: isize) {
    _ = HELD.try_with(|it| it.set(it.get() + bytes));
}

#[allow(unsafe_code, reason = "an allocator is unsafe; this one passes everything on")]
// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add_bytes(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        add_bytes(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add_bytes(size as isize - layout.size() as isize);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// When all is full that is kept of a run, and twice that, in simulated minutes.
const MINUTES: [u64; 2] = [75, 150];
/// What may have grown from then to then: a twentieth.
const GROWTH_MAX: f64 = 1.05;
/// What it may be at most, in bytes.
const BYTES_MAX: f64 = 16e6;

/// Bytes held after so many simulated minutes, by a world and what is recorded of it.
fn held(design: &Design, each_minute: &[Fault]) -> [f64; 2] {
    let before = HELD.get();
    let (mut world, mut recorder) = (start(design, 5), Recorder::new(Nanos::ZERO, sample));
    MINUTES.map(|minute| {
        while world.now() < Nanos::seconds(60 * minute) {
            for fault in each_minute {
                world.fault(fault, &mut recorder);
                let until = world.now() + Nanos::seconds(2);
                world.run(until, u64::MAX, &mut recorder);
            }
            let minute = 1 + world.now().0 / 60_000_000_000;
            world.run(Nanos::seconds(60 * minute), u64::MAX, &mut recorder);
        }
        (HELD.get() - before) as f64
    })
}

#[track_caller]
fn check_bounded(name: &str, design: &Design, each_minute: &[Fault]) {
    let [few, many] = held(design, each_minute);
    println!("{name}: {:.0} kB after 75 minutes, {:.0} kB after 150", few / 1e3, many / 1e3);
    assert!(few > 100e3, "{name}: something is held: {few}");
    assert!(many <= GROWTH_MAX * few, "{name}: {few} bytes have become {many}");
    assert!(many <= BYTES_MAX, "{name}: {many} bytes");
}

/// People at so few requests a second that an hour takes a blink, and a store for them.
fn served(spec: Spec) -> Design {
    let mut it = design();
    let people = ClientParams { keys: 50, ..client(60.0, 1, 2) };
    add(&mut it, "people", Spec::Client(people));
    add(&mut it, "store", spec);
    wire(&mut it, "people", "store", WireParams::default());
    it
}

#[test]
fn the_book_store_stays_as_large_as_it_is() {
    let mut it = bookstore(60.0);
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        *it = ClientParams { keys: 50, ..client(60.0, 1, 2) };
    }
    let faults = [Fault::Crash(target("books/0")), Fault::Restart(target("books"))];
    check_bounded("book store", &it, &faults);
    check_bounded("book store, in peace", &it, &[]);
}

#[test]
fn stores_stay_as_large_as_they_are() {
    let faults = [Fault::Crash(target("store/1")), Fault::Restart(target("store"))];
    for when_cut in WhenCut::ALL.iter().copied() {
        let params = KvStoreParams { when_cut, ..KvStoreParams::default() };
        check_bounded(&format!("{when_cut:?}"), &served(Spec::KvStore(params)), &faults);
        // Part of the members keep a key, and others stand in for them.
        let (members, copies, sloppy) = (5, 2, true);
        let params = KvStoreParams { when_cut, members, copies, sloppy, ..Default::default() };
        check_bounded(&format!("{when_cut:?}, spread"), &served(Spec::KvStore(params)), &faults);
    }
    check_bounded("sharded database", &served(Spec::ShardedDb(Default::default())), &faults);
    check_bounded("cache cluster", &served(Spec::CacheCluster(Default::default())), &faults);
    check_bounded("third party", &served(Spec::ThirdParty(Default::default())), &[]);
    for replication in Replication::ALL.iter().copied() {
        let params = SqlDbParams { replication, ..SqlDbParams::default() };
        check_bounded(&format!("{replication:?}"), &served(Spec::SqlDb(params)), &faults);
    }
}

#[test]
fn entries_and_caches_stay_as_large_as_they_are() {
    let mut it = served(Spec::SqlDb(SqlDbParams::default()));
    let (strategy, capacity) = (Strategy::WriteBehind, 20);
    let cache = CacheParams { strategy, capacity, ..CacheParams::default() };
    let (load, think) = (Load::Closed, Nanos::millis(200));
    let users = ClientParams { load, users: 8, think, keys: 50, ..client(1.0, 3, 1) };
    add(&mut it, "users", Spec::Client(users));
    add(&mut it, "wall", Spec::Waf(Default::default()));
    add(&mut it, "gate", Spec::ApiGateway(Default::default()));
    add(&mut it, "cache", Spec::Cache(cache));
    let settings = WireParams { pool: 3, retry_reserve: Rate(1.0), ..WireParams::default() };
    wire(&mut it, "users", "wall", WireParams::default());
    wire(&mut it, "wall", "gate", WireParams::default());
    wire(&mut it, "gate", "cache", settings);
    wire(&mut it, "cache", "store", WireParams::default());
    let faults = [Fault::Crash(target("cache")), Fault::Restart(target("cache"))];
    check_bounded("entries and a cache", &it, &faults);
}

#[test]
fn leaders_that_change_leave_nothing_behind() {
    let faults = [Fault::Crash(target("store/0")), Fault::Restart(target("store"))];
    let failover = |failover| SqlDbParams { failover, ..SqlDbParams::default() };
    for way in Failover::ALL.iter().copied() {
        check_bounded(&format!("{way:?}"), &served(Spec::SqlDb(failover(way))), &faults);
    }
    check_bounded("failover pair", &served(Spec::FailoverPair(Default::default())), &faults);
    check_bounded("Raft group", &served(Spec::RaftGroup(Default::default())), &faults);
}

/// What a run with its snapshots may take, in bytes: the bound.
const RUN_BYTES_MAX: f64 = 256e6;

/// Plays a run until it has all the snapshots it may, and holds what it says that they weigh against what
/// is held.
#[track_caller]
fn check_snapshots(name: &str, design: &Design, snapshots: std::ops::Range<usize>) {
    let before = HELD.get();
    let mut run = Run::open(design.clone(), 5, Nanos::ZERO, Vec::new()).expect("it compiles");
    while run.head.world.ordinal() < 12_000_000 {
        run.advance(Nanos::SECOND, u64::MAX);
    }
    let bytes = (HELD.get() - before) as f64;
    let nothing = Run::open(common::design(), 5, Nanos::ZERO, Vec::new()).expect("it compiles");
    let (kept, _, weight) = run.keeps(&nothing);
    let told = (weight * PLACE_BYTES) as f64;
    println!("{name}: {kept} snapshots, {:.0} MB, said to be {:.0} MB", bytes / 1e6, told / 1e6);
    assert!(snapshots.contains(&kept), "{name}: {kept} snapshots");
    assert!(bytes <= RUN_BYTES_MAX, "{name}: {bytes} bytes");
    assert!((0.5..2.0).contains(&(told / bytes)), "{name}: {told} told of {bytes} bytes");
}

/// People who ask for so many keys, all alike.
fn crowd(keys: u32, read: u32, write: u32) -> ClientParams {
    let popularity = ringside::component::client::Popularity::Uniform;
    ClientParams { keys, popularity, ..client(40_000.0, read, write) }
}

/// A cache of 200,000 entries is no longer shared by snapshots than until the next one: there are fewer.
#[test]
fn snapshots_of_large_caches_are_fewer() {
    let mut it = served(Spec::SqlDb(SqlDbParams { workers: 10_000, ..SqlDbParams::default() }));
    add(&mut it, "people", Spec::Client(crowd(400_000, 1, 0)));
    let cache =
        CacheParams { capacity: 200_000, strategy: Strategy::ReadThrough, ..Default::default() };
    add(&mut it, "cache", Spec::Cache(cache));
    it.wires.clear();
    wire(&mut it, "people", "cache", WireParams::default());
    wire(&mut it, "cache", "store", WireParams::default());
    check_snapshots("large cache", &it, 4..20);
}

/// Nor are rows that are written all over.
#[test]
fn snapshots_of_large_tables_are_fewer() {
    let workers = 10_000;
    let mut it =
        served(Spec::SqlDb(SqlDbParams { workers, replicas: 2, ..SqlDbParams::default() }));
    add(&mut it, "people", Spec::Client(crowd(1_000_000, 0, 1)));
    check_snapshots("large table", &it, 4..30);
}

/// What takes little is kept as often as it may be.
#[test]
fn snapshots_of_the_book_store_are_all_there() {
    let mut it = bookstore(3_000.0);
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        it.rate = Rate(3_000.0);
    }
    check_snapshots("book store", &it, 56..57);
}
