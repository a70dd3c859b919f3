//! Stale reads inside a cache: each way in which an old value comes to be read is planted, and what the
//! picture says of it is held against what happened, note by note.
//! `LENSES=folder` writes the pictures there.

use crate::common::looking::Looking;
use crate::common::*;
use expect_test::expect;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::CacheParams;
use ringside::component::cache::disk::Persistence;
use ringside::component::service::{OnWrite, ServiceParams};
use ringside::component::sql_db::SqlDbParams;
use ringside::document::{Design, WireParams};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};
use ringside::lens::Act;
use ringside::scene::text;
use ringside::session::protocol::Input;

/// Readers and writers → shop → cache beside a store that takes its time to read.
fn shop(cache: CacheParams, on_write: OnWrite, store: SqlDbParams) -> Design {
    let mut it = design();
    for (id, rate, reads, writes) in [("readers", 200.0, 1, 0), ("writers", 8.0, 0, 1)] {
        let mut people = client(rate, reads, writes);
        people.keys = 12;
        people.key_name = "post".into();
        add(&mut it, id, Spec::Client(people));
        wire(&mut it, id, "shop", instant());
    }
    let service = ServiceParams { on_write, workers: 200, ..ServiceParams::default() };
    add(&mut it, "shop", Spec::Service(service));
    add(&mut it, "cache", Spec::Cache(cache));
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "shop", "cache", steady(Nanos::millis(1)));
    let reads = Reads::Any;
    wire(&mut it, "shop", "store", WireParams { reads, ..steady(Nanos::millis(1)) });
    it
}

/// A wire whose messages take their time, one more than another.
fn slow(design: &mut Design, wire: &str, millis: u64) {
    let it = design.wires.get_mut(wire).expect("a wire");
    it.settings.latency = Nanos::millis(millis);
    it.settings.latency_shape = Shape::Exponential;
}

fn store(read_work: u64) -> SqlDbParams {
    let read_work = Nanos::millis(read_work);
    SqlDbParams { replicas: 0, workers: 64, read_work, ..SqlDbParams::default() }
}

fn open(design: &Design) -> Looking {
    Looking::open(design.clone(), 11, Nanos::ZERO, ("cache", "Page cache"))
}

/// What the picture says under an id, all lines of it.
fn words(it: &Looking, id: &str) -> String {
    it.lines(&format!("{id}/")).replace(['\u{202f}', '\u{a0}'], " ")
}

/// The moments of the newest stale read, by what happened then.
fn moments(it: &Looking) -> Vec<(String, Nanos)> {
    let scene = it.scene(900.0);
    let chips = scene.marks.iter().filter(|it| it.id.starts_with("stale/at/"));
    let moment = |it: &ringside::scene::Mark| {
        let words = it.label.as_deref()?.split(": ").nth(1)?.strip_suffix(". Go there")?;
        match Act::parse(it.action.as_deref()?)? {
            Act::At(at) => Some((words.to_owned(), Nanos(at))),
            _ => None,
        }
    };
    chips.filter_map(moment).collect()
}

fn at(moments: &[(String, Nanos)], what: &str) -> Nanos {
    let found = moments.iter().find(|it| it.0 == what);
    found.unwrap_or_else(|| panic!("no {what} among {moments:?}")).1
}

/// Goes on until the newest stale read came about in this way; then by how many ways.
fn until(it: &mut Looking, how: &str) -> Vec<(String, Nanos)> {
    for _ in 0..600 {
        it.run.advance(Nanos::millis(100), u64::MAX);
        if words(it, "stale/how").contains(how) {
            return moments(it);
        }
    }
    panic!("never {how}: {}", words(it, "stale/kinds"));
}

/// A load that began before a write is slower than the word of it: what happened is as the picture says.
#[test]
fn a_load_overtakes_the_drop() {
    let mut design = shop(CacheParams::default(), OnWrite::Forget, store(5));
    // Answers of the store take their time, one more than another.
    slow(&mut design, "shop-store", 30);
    let mut it = open(&design);
    let moments = until(&mut it, "was still out when the cache heard");
    let of = |what| at(&moments, what);
    let (began, told) = (of("load begins"), of("cache told"));
    let (came, read) = (of("value comes in"), of("read"));
    assert!(began < told && told < came && came < read, "{moments:?}");
    assert!(of("write acknowledged") < read);
    // The same run, note by note.
    let mut live = Live::new(&design, 11);
    live.audit.keep = true;
    live.run_to(it.run.shown().world.now());
    let slot = slots(&live.world, "cache")[0];
    let key: u32 = words(&it, "stale/how")
        .strip_prefix("post:")
        .and_then(|it| it.split(':').next()?.parse().ok())
        .expect("a key");
    let ended = |when: Nanos, verb: Verb, outcome: Outcome| {
        live.audit.notes.iter().any(|it| {
            matches!(it.2, Note::Ended { member, request, outcome: of, .. }
                if member == slot && it.0 == when && request.verb == verb && request.key == key
                && of == outcome)
        })
    };
    assert!(ended(began, Verb::Read, Outcome::Miss), "a read missed");
    assert!(ended(told, Verb::Delete, Outcome::Ok), "the cache was told");
    assert!(ended(came, Verb::Put, Outcome::Ok), "the value came in");
    assert!(ended(read, Verb::Read, Outcome::Ok), "and was read");
    let dropped = live.audit.notes.iter().filter(|it| {
        matches!(it.2, Note::Ended { member, request, .. } if member == slot
            && request.verb == Verb::Delete && request.key == key && it.0 > told && it.0 <= read)
    });
    assert_eq!(dropped.count(), 0, "and was not told again");
    // The chip of the read leads there, and the picture is then of that read.
    let mark = it.mark("stale/0");
    let Some(Act::At(there)) = mark.action.as_deref().and_then(Act::parse) else {
        panic!("{mark:?}")
    };
    assert_eq!(Nanos(there), read);
    it.run.seek(read);
    it.run.arrive_there();
    assert_eq!(moments, self::moments(&it));
    it.check("cache-stale", &["part/", "room/", "history", "curves", "lately"], expect![[r#"
        Inside Page cache
        LRU cache, cache-aside, with 12 of 1 000 entries; 90.3 % of reads hit in the last 10 s.
        Hit ratio, 10 s: 90.3 %  Misses, 10 s: 19.6 /s
        Entries: 12 of 1 000  Policy: LRU
        shop, mean, 10 s: 15.3 ms
        Cache-aside. After a miss the caller asks the
        store itself, and fills the cache.
        LRU  keys post:…
        LRU: The least recently used entry leaves.  FIFO: The entry that came first leaves, used or not.  LFU: The least used entry leaves; among equals, the one idle longest.  CLOCK: As FIFO, but what was used gets a second chance.  SIEVE: A hand from old to new takes the first entry not used since it last came by.  S3-FIFO: A small queue sorts out what is asked for once; a main one keeps the rest.
        W-TinyLFU: A newcomer stays only if it was asked for more often lately than who leaves for it.  Segmented LRU: Each use lifts an entry into a safer segment.  2Q: Only a key that comes back soon after it has left is kept long.  ARC: Recent and frequent entries share the room, which learns from misses.  LIRS: Entries whose last two uses lie close together stay.
        GDSF: Small and often used entries stay; old fame fades.  Random: Any entry leaves, with equal chances.  TTL only: Nothing leaves before its time; a full cache takes nothing new in.
        The least recently used entry leaves.
        8.33 % of entries: nobody has read them since they came in
        1 of 12 entries are older than the store's rows
        Clock: older than the store's row. Dashed: not
        read since it came in.
        Time to live, of what comes in  for ever
        Time to live, of what comes in: for ever
        6 reads of post:0 asked the store before the first
        of them was back (last 10 s). Single flight lets
        one through.
        Stale reads, 10 s  28, 174 ms old on average
        post:1: v31 was read, 151 ms after v32 had been acknowledged. Go there  post:1: v31 was read, 143 ms after v32 had been acknowledged. Go there
        post:1: v31 was read, 88.0 ms after v32 had been acknowledged. Go there  post:0: v41 was read, 59.3 ms after v42 had been acknowledged. Go there
        post:0: v41 was read, 59.2 ms after v42 had been acknowledged. Go there  … 23 more
        post:1: v31 was read, 151 ms after v32 had been
        acknowledged. The load of v31 was still out
        when the cache heard of the write and dropped
        the key; it came in 72.7 ms later, and stayed.
        post:1: load begins. Go there
        post:1: write acknowledged. Go there
        post:1: cache told. Go there
        post:1: value comes in. Go there  post:1: read. Go there
        Of the last 28: older value brought last 25, drop
        overtaken by a load 3.
        Stale reads, part of all  now 0.0 %
        20 %
        10 %
        Of the reads of each second, the part that was stale: 0.0 % now, 10.1 % at most
        0 %
        −60 s  −40 s  −20 s  now
        One read, store by store  its work; at most
        cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 20.0 µs there, with its turn in line
        store: a read is 5.00 ms of work, and one server can do 12 800 a second; lately a request stayed 5.76 ms there, with its turn in line
        By powers of ten: so many reads a second can
        one server do.
    "#]]);
}

/// Who writes elsewhere tells nobody: old until it expires, and by how much is said.
#[test]
fn a_cache_that_is_not_told() {
    let ttl = Nanos::seconds(3);
    let mut design = shop(CacheParams { ttl, ..CacheParams::default() }, OnWrite::Forget, store(5));
    add(&mut design, "editor", Spec::Service(ServiceParams::default()));
    add(&mut design, "authors", Spec::Client(client(8.0, 0, 1)));
    wire(&mut design, "authors", "editor", WireParams::default());
    wire(&mut design, "editor", "store", WireParams::default());
    let mut it = open(&design);
    let moments = until(&mut it, "stays until it expires, 3.00 s after it");
    assert!(at(&moments, "value comes in") < at(&moments, "write acknowledged"), "{moments:?}");
    assert!(words(&it, "stale/kinds").contains("cache not told"), "{}", words(&it, "stale/kinds"));
}

/// The network loses the word.
#[test]
fn a_drop_that_is_lost() {
    let mut it = open(&shop(CacheParams::default(), OnWrite::Forget, store(5)));
    it.run.advance(Nanos::seconds(5), u64::MAX);
    let cut = Fault::CutWire { wire: "shop-cache".into(), ways: Ways::Forth };
    it.run.act(Input::Fault(cut)).expect("it is cut");
    it.run.advance(Nanos::seconds(2), u64::MAX);
    it.run.act(Input::Fault(Fault::MendWire { wire: "shop-cache".into() })).expect("it is mended");
    let moments = until(&mut it, "The network lost the word that v");
    assert!(at(&moments, "value comes in") < at(&moments, "write acknowledged"), "{moments:?}");
    assert!(words(&it, "stale/kinds").contains("drop lost"), "{}", words(&it, "stale/kinds"));
}

/// The store answers by a replica that is behind.
#[test]
fn a_load_from_a_replica_that_is_behind() {
    let replicas = SqlDbParams { replicas: 1, mesh_latency: Nanos::millis(400), ..store(5) };
    let mut it = open(&shop(CacheParams::default(), OnWrite::Forget, replicas));
    let moments = until(&mut it, "from a replica that did not have the write yet");
    assert!(at(&moments, "write acknowledged") < at(&moments, "load begins"), "{moments:?}");
}

/// Two writes of a key change the store in turn, and the cache the other way round.
#[test]
fn the_older_of_two_values_comes_last() {
    let mut design = shop(CacheParams::default(), OnWrite::Put, store(5));
    // The word takes its time, one more than another.
    slow(&mut design, "shop-cache", 40);
    if let Spec::Client(it) = &mut design.components.get_mut("writers").expect("there").spec {
        it.rate = ringside::base::unit::Rate(100.0);
    }
    let mut it = open(&design);
    let moments = until(&mut it, "was put over it");
    assert!(at(&moments, "newer value comes in") <= at(&moments, "value comes in"), "{moments:?}");
    assert!(words(&it, "stale/kinds").contains("older value brought last"));
}

/// What had been dropped is back from the disk.
#[test]
fn a_value_that_is_back_from_the_disk() {
    let (persistence, snapshot_every) = (Persistence::Rdb, Nanos::seconds(4));
    let params = CacheParams { persistence, snapshot_every, ..CacheParams::default() };
    let mut it = open(&shop(params, OnWrite::Forget, store(5)));
    it.run.advance(Nanos::seconds(7), u64::MAX);
    it.run.act(Input::Fault(Fault::Crash(target("cache")))).expect("it dies");
    it.run.advance(Nanos::millis(50), u64::MAX);
    it.run.act(Input::Fault(Fault::Restart(target("cache")))).expect("it is back");
    until(&mut it, "is back since the restart");
}

/// Nothing old is read; and where nobody knows what is old, nothing is said.
#[test]
fn none_is_told_as_none() {
    let mut quiet = shop(CacheParams::default(), OnWrite::Forget, store(5));
    if let Spec::Client(it) = &mut quiet.components.get_mut("writers").expect("there").spec {
        it.rate = ringside::base::unit::Rate(0.0);
    }
    let mut it = open(&quiet);
    it.run.advance(Nanos::seconds(3), u64::MAX);
    assert!(words(&it, "stale/none").starts_with("None: no read returned an older version"));
    let mut design = quiet;
    design.components.remove("store");
    design.wires.remove("shop-store");
    let mut it = open(&design);
    it.run.advance(Nanos::seconds(3), u64::MAX);
    let reading = text::reading(&it.scene(520.0));
    assert!(!reading.contains("Stale reads"), "{reading}");
    assert!(it.run.recorder.requests > 300, "though it was asked");
}
