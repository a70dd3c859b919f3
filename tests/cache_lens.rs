//! The inside of a cache in every state, and its figures beside those of the command line.
//! `LENSES=folder` writes the pictures there.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::*;
use expect_test::{Expect, expect};
use ringside::algorithm::eviction::Policy;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::{self, CacheParams};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Scene, Shape, check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

/// Client → service → cache beside a database.
fn shop(rate: f64, keys: u32, cache: CacheParams) -> Design {
    let mut it = design();
    let mut people = client(rate, 1, 0);
    people.keys = keys;
    people.key_name = "product".into();
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams { workers: 100, ..ServiceParams::default() };
    add(&mut it, "service", Spec::Service(service));
    add(&mut it, "cache", Spec::Cache(cache));
    let store = SqlDbParams { replicas: 0, workers: 64, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "service", WireParams::default());
    let timeout = Nanos::millis(20);
    wire(&mut it, "service", "cache", WireParams { timeout, ..WireParams::default() });
    wire(&mut it, "service", "store", WireParams::default());
    it
}

fn run(design: Design, seconds: u64) -> Run {
    let mut run = Run::open(design, 5, Nanos::ZERO, Vec::new()).expect("it compiles");
    run.advance(Nanos::seconds(seconds), u64::MAX);
    run
}

/// The lens, so many pixels wide.
fn draw(run: &Run, width: f32, look: &Look) -> Scene {
    let shown = run.shown();
    let component = shown.world.blueprint().component("cache").expect("a cache");
    let edits = run.inputs[..shown.inputs].iter().rev().filter_map(|it| match &it.input {
        Input::Edit(diff) => Some((it.at, diff.components.get("cache")?.before.as_ref()?)),
        _ => None,
    });
    let earlier: Vec<_> = edits.map(|(at, record)| (at, &record.spec)).collect();
    let subject = Subject {
        world: &shown.world,
        recorder: &run.recorder,
        component,
        label: "Product cache",
        key_name: shown.design.key_name(),
        name: &|id| id.to_owned(),
        width,
        earlier: &earlier,
        look,
    };
    lens::draw(&subject).expect("it has a lens")
}

/// Until the curves are complete.
fn complete(run: &Run, width: f32, look: &Look) -> Scene {
    for _ in 0..1_000 {
        let scene = draw(run, width, look);
        if !text::reading(&scene).contains(" points") {
            return scene;
        }
    }
    panic!("the curves are never complete");
}

/// The lens at three widths: well drawn, and read aloud as expected at the smallest.
#[track_caller]
fn look(run: &Run, name: &str, look: &Look, expected: Expect) {
    for width in [320.0, 520.0, 900.0] {
        let scene = complete(run, width, look);
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        if width == 320.0 {
            expected.assert_eq(&text::reading(&scene));
        }
    }
}

fn of(policy: Policy, capacity: u32) -> CacheParams {
    CacheParams { policy, capacity, ..CacheParams::default() }
}

/// A small cache of each policy after 20 s: its structure as it is. TTL only has something to say
/// with a time to live.
#[track_caller]
fn small(policy: Policy, expected: Expect) {
    let ttl = if policy.needs_ttl() { Nanos::seconds(4) } else { Nanos::ZERO };
    let run = run(shop(50.0, 60, CacheParams { ttl, ..of(policy, 12) }), 15);
    look(&run, &format!("cache-{}", policy.id()), &Look::default(), expected);
}

#[test]
fn least_recently_used() {
    small(
        Policy::Lru,
        expect![[r#"
            Inside Product cache
            LRU cache, cache-aside, with 12 of 12 entries; 52.4 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 52.4 %  Misses, 10 s: 23.8 /s
            Entries: 12 of 12  Policy: LRU
            LRU  keys product:…
            The least recently used entry leaves.
            by last use  12
            product:14  product:8  product:22  product:46  product:3  product:10  product:4  product:24  product:1  product:0
            product:58  product:45
            longest ago  just now
            What happened last  newest first
            in product:45  out product:9
            in product:58  out product:16
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  46.6 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn first_in_first_out() {
    small(
        Policy::Fifo,
        expect![[r#"
            Inside Product cache
            FIFO cache, cache-aside, with 12 of 12 entries; 46.2 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 46.2 %  Misses, 10 s: 26.9 /s
            Entries: 12 of 12  Policy: FIFO
            FIFO  keys product:…
            The entry that came first leaves, used or not.
            by arrival  12
            product:9  product:14  product:8  product:22  product:46  product:3  product:0  product:4  product:24  product:1  product:58
            product:45
            came first  came last
            What happened last  newest first
            in product:45  out product:10
            in product:58  out product:16
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  32.8 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn least_frequently_used() {
    small(
        Policy::Lfu,
        expect![[r#"
            Inside Product cache
            LFU cache, cache-aside, with 12 of 12 entries; 65.0 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 65.0 %  Misses, 10 s: 17.5 /s
            Entries: 12 of 12  Policy: LFU
            LFU  keys product:…
            The least used entry leaves; among equals, the one
            idle longest.
            used 1 ×  1
            product:45, counted 1 ×
            idle longest  used last
            used 10 ×  1
            product:15, counted 10 ×
            idle longest  used last
            used 12 ×  1
            product:13, counted 12 ×
            idle longest  used last
            used 15 ×  1
            product:8, counted 15 ×
            idle longest  used last
            used 16 ×  1
            product:9, counted 16 ×
            idle longest  used last
            used 20 × or more  7
            product:5, counted 20 ×  product:6, counted 28 ×  product:4, counted 30 ×  product:3, counted 38 ×  product:2, counted 41 ×
            product:1, counted 98 ×  product:0, counted 149 ×
            idle longest  used last
            ×: how often it was used, as far as the policy
            counts.
            What happened last  newest first
            in product:45  out product:58
            in product:58  out product:24
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            55.2 % of the reads of the latest second hit
            50 %
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn clock() {
    small(
        Policy::Clock,
        expect![[r#"
            Inside Product cache
            CLOCK cache, cache-aside, with 12 of 12 entries; 53.2 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 53.2 %  Misses, 10 s: 23.4 /s
            Entries: 12 of 12  Policy: CLOCK
            CLOCK  keys product:…
            As FIFO, but what was used gets a second chance.
            ring  12
            the hand
            8: not used since  22: not used since  46: not used since  3: used since the hand came by  4: not used since  0: used since the hand came by  2: not used since  24: not used since  1: not used since  10: not used since  58: not used since  45: not used since
            product:8, at the hand, not used since  product:22, not used since  product:46, not used since  product:3, used since the hand came by  product:4, not used since  product:0, used since the hand came by  product:2, not used since  product:24, not used since  product:1, not used since  product:10, not used since
            product:58, not used since  product:45, not used since
            at the hand  just behind it
            Filled: used since the hand came by. →: the hand.
            What happened last  newest first
            in product:45  out product:14
            in product:58  out product:9
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  46.6 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn sieve() {
    small(
        Policy::Sieve,
        expect![[r#"
            Inside Product cache
            SIEVE cache, cache-aside, with 12 of 12 entries; 63.6 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 63.6 %  Misses, 10 s: 18.2 /s
            Entries: 12 of 12  Policy: SIEVE
            SIEVE  keys product:…
            A hand from old to new takes the first entry not used
            since it last came by.
            by arrival  12
            product:0, used since the hand came by  product:1, used since the hand came by  product:6, used since the hand came by  product:8, used since the hand came by  product:4, used since the hand came by  product:9, used since the hand came by  product:10, used since the hand came by  product:11, used since the hand came by  product:3, used since the hand came by  product:2, used since the hand came by
            product:58, at the hand, not used since  product:45, not used since
            came first  came last
            Filled: used since the hand came by. →: the hand.
            What happened last  newest first
            in product:45  out product:24
            in product:58  out product:46
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            60.3 % of the reads of the latest second hit
            50 %
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn s3_fifo() {
    small(
        Policy::S3Fifo,
        expect![[r#"
            Inside Product cache
            S3-FIFO cache, cache-aside, with 12 of 12 entries; 63.2 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 63.2 %  Misses, 10 s: 18.4 /s
            Entries: 12 of 12  Policy: S3-FIFO
            S3-FIFO  keys product:…
            A small queue sorts out what is asked for once; a
            main one keeps the rest.
            small: 1 entries, may have 1
            main: 11 entries, may have 11
            left the small queue (ghosts): 10 keys remembered, may have 10
            small  1
            product:45, counted 0 ×
            came first  came last
            main  11
            product:3, counted 3 ×  product:9, counted 0 ×  product:22, counted 0 ×  product:0, counted 3 ×  product:1, counted 3 ×  product:6, counted 2 ×
            product:16, counted 1 ×  product:10, counted 0 ×  product:24, counted 0 ×  product:4, counted 2 ×  product:2, counted 2 ×
            came first  came last
            left the small queue (ghosts)  10 keys left
            product:25, has left, and is remembered  product:32, has left, and is remembered  product:12, has left, and is remembered  product:19, has left, and is remembered  product:37, has left, and is remembered  product:11, has left, and is remembered  product:14, has left, and is remembered  product:8, has left, and is remembered  product:46, has left, and is remembered  product:58, has left, and is remembered
            forgotten next  left last
            ×: how often it was used, as far as the policy
            counts. Struck: has left, only the key is remembered.
            What happened last  newest first
            in product:45  out product:58
            in product:58  out product:20
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            53.4 % of the reads of the latest second hit
            50 %
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn w_tiny_lfu() {
    small(
        Policy::WTinyLfu,
        expect![[r#"
            Inside Product cache
            W-TinyLFU cache, cache-aside, with 12 of 12 entries; 61.4 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 61.4 %  Misses, 10 s: 19.3 /s
            Entries: 12 of 12  Policy: W-TinyLFU
            W-TinyLFU  keys product:…
            A newcomer stays only if it was asked for more
            often lately than who leaves for it.
            window: 1 entries, may have 1
            probation: 3 entries, may have 2
            protected: 8 entries, may have 8
            window  1
            product:45, counted 2 ×
            judged next  just now
            probation  3
            product:37, counted 9 ×  product:11, counted 13 ×  product:24, counted 18 ×
            used longest ago  just now
            protected  8
            product:6, counted 20 ×  product:2, counted 29 ×  product:9, counted 15 ×  product:3, counted 25 ×  product:10, counted 13 ×
            product:4, counted 21 ×  product:1, counted 53 ×  product:0, counted 86 ×
            used longest ago  just now
            ×: how often it was used, as far as the policy
            counts. The count is the sketch's estimate.
            What happened last  newest first
            in product:45  out product:58
            in product:58  out product:20
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  58.6 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn segmented_lru() {
    small(
        Policy::Slru,
        expect![[r#"
            Inside Product cache
            Segmented LRU cache, cache-aside, with 12 of 12 entries; 62.0 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 62.0 %  Misses, 10 s: 19.0 /s
            Entries: 12 of 12  Policy: Segmented LRU
            Segmented LRU  keys product:…
            Each use lifts an entry into a safer segment.
            lowest: 3 entries, may have 3
            second: 3 entries, may have 3
            third: 3 entries, may have 3
            highest: 3 entries, may have 3
            lowest  3
            product:24  product:58  product:45
            used longest ago  just now
            second  3
            product:7  product:20  product:9
            used longest ago  just now
            third  3
            product:6  product:2  product:1
            used longest ago  just now
            highest  3
            product:3  product:4  product:0
            used longest ago  just now
            What happened last  newest first
            in product:45  out product:10
            in product:58  out product:46
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  55.2 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn two_q() {
    small(
        Policy::TwoQ,
        expect![[r#"
            Inside Product cache
            2Q cache, cache-aside, with 12 of 12 entries; 55.8 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 55.8 %  Misses, 10 s: 22.1 /s
            Entries: 12 of 12  Policy: 2Q
            2Q  keys product:…
            Only a key that comes back soon after it has left is
            kept long.
            newcomers (A1in): 4 entries, may have 3
            main (Am): 8 entries
            left newcomers (A1out): 6 keys remembered, may have 6
            newcomers (A1in)  4
            product:3  product:1  product:58  product:45
            came first  came last
            main (Am)  8
            product:2  product:16  product:9  product:22  product:10  product:4  product:24  product:0
            used longest ago  just now
            left newcomers (A1out)  6 keys left
            product:12, has left, and is remembered  product:19, has left, and is remembered  product:37, has left, and is remembered  product:14, has left, and is remembered  product:8, has left, and is remembered  product:46, has left, and is remembered
            forgotten next  left last
            Struck: has left, only the key is remembered.
            What happened last  newest first
            in product:45  out product:46
            in product:58  out product:8
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  53.4 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn arc() {
    small(
        Policy::Arc,
        expect![[r#"
            Inside Product cache
            ARC cache, cache-aside, with 12 of 12 entries; 55.8 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 55.8 %  Misses, 10 s: 22.1 /s
            Entries: 12 of 12  Policy: ARC
            ARC  keys product:…
            Recent and frequent entries share the room, which
            learns from misses.
            used once (T1): 1 entries, may have 1
            used again (T2): 11 entries, may have 11
            left T1 (B1): 9 keys remembered, may have 11
            left T2 (B2): 3 keys remembered, may have 3
            used once (T1)  1
            product:45
            used longest ago  just now
            used again (T2)  11
            product:2  product:16  product:9  product:22  product:3  product:10  product:4  product:24  product:1  product:0
            product:58
            used longest ago  just now
            left T1 (B1)  9 keys left
            product:27, has left, and is remembered  product:44, has left, and is remembered  product:25, has left, and is remembered  product:32, has left, and is remembered  product:12, has left, and is remembered  product:19, has left, and is remembered  product:14, has left, and is remembered  product:8, has left, and is remembered  product:46, has left, and is remembered
            forgotten next  left last
            left T2 (B2)  3 keys left
            product:37, has left, and is remembered  product:11, has left, and is remembered  product:6, has left, and is remembered
            forgotten next  left last
            Struck: has left, only the key is remembered. The
            room of T1 is p, which misses on B1 and B2 move.
            What happened last  newest first
            in product:45  out product:6
            in product:58  out product:11
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  53.4 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn lirs() {
    small(
        Policy::Lirs,
        expect![[r#"
            Inside Product cache
            LIRS cache, cache-aside, with 12 of 12 entries; 59.4 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 59.4 %  Misses, 10 s: 20.3 /s
            Entries: 12 of 12  Policy: LIRS
            LIRS  keys product:…
            Entries whose last two uses lie close together stay.
            queue Q (HIR): 1 entries, may have 1
            stack S: 18 entries, may have 24
            queue Q (HIR)  1
            product:45
            leaves next  came last
            stack S  18
            product:37, LIR  product:11, LIR  product:6, LIR  product:2, LIR  product:16, LIR
            product:9, LIR  product:14, has left, and is remembered  product:8, has left, and is remembered  2 keys in between  product:3, LIR  product:10, LIR
            product:4, LIR  product:24, has left, and is remembered  product:1, has left, and is remembered  product:0, LIR  product:58, has left, and is remembered  product:45, HIR
            bottom  top, used last
            Struck: has left, only the key is remembered. LIR: its
            last two uses lie close together; HIR: not, or not
            known.
            What happened last  newest first
            in product:45  out product:58
            in product:58  out product:1
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            58.6 % of the reads of the latest second hit
            50 %
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn gdsf() {
    small(
        Policy::Gdsf,
        expect![[r#"
            Inside Product cache
            GDSF cache, cache-aside, with 12 of 12 entries; 58.4 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 58.4 %  Misses, 10 s: 20.8 /s
            Entries: 12 of 12  Policy: GDSF
            GDSF  keys product:…
            Small and often used entries stay; old fame fades.
            by worth  12
            product:22, counted 1 ×  product:46, counted 1 ×  product:4, counted 1 ×  product:24, counted 1 ×  product:58, counted 1 ×  product:10, counted 2 ×
            product:6, counted 28 ×  product:1, counted 98 ×  product:45, counted 1 ×  product:3, counted 33 ×  product:2, counted 41 ×
            product:0, counted 149 ×
            worth least  worth most
            ×: how often it was used, as far as the policy
            counts.
            What happened last  newest first
            in product:45  out product:8
            in product:58  out product:14
            miss product:45  miss product:58
            hit product:0  hit product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  50.0 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn random() {
    small(
        Policy::Random,
        expect![[r#"
            Inside Product cache
            Random cache, cache-aside, with 12 of 12 entries; 46.2 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 46.2 %  Misses, 10 s: 26.9 /s
            Entries: 12 of 12  Policy: Random
            Random  keys product:…
            Any entry leaves, with equal chances.
            all alike  12
            product:14  product:58  product:11  product:37  product:9  product:8  product:0  product:24  product:4  product:46
            product:1  product:45
            What happened last  newest first
            in product:45  out product:10
            in product:58  out product:25
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  41.4 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

#[test]
fn ttl_only() {
    small(
        Policy::Ttl,
        expect![[r#"
            Inside Product cache
            TTL only cache, cache-aside, with 12 of 12 entries; 52.6 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 52.6 %  Misses, 10 s: 23.7 /s
            Entries: 12 of 12  Policy: TTL only
            TTL only  keys product:…
            Nothing leaves before its time; a full cache takes
            nothing new in.
            by arrival  12
            product:15, good for 1.22 s  product:49, good for 1.26 s  product:0, good for 1.28 s  product:7, good for 1.34 s  product:40, good for 1.36 s  product:2, good for 1.38 s  product:1, good for 1.39 s  product:34, good for 1.42 s  product:53, good for 1.48 s  product:6, good for 1.49 s
            product:5, good for 1.51 s  product:38, good for 1.52 s
            ends first  ends last
            Line: what is left of its 4.00 s.
            What happened last  newest first
            miss product:45  miss product:58
            hit product:0  hit product:1
            miss product:24  miss product:4
            hit product:0  miss product:10  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  39.7 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

/// Of many entries the ends are drawn, with the number in between; curves with the dot on them.
#[test]
fn a_big_cache_its_curves_and_another_size_tried() {
    let mut run = run(shop(400.0, 4_000, of(Policy::Sieve, 800)), 30);
    look(
        &run,
        "cache-big",
        &Look::default(),
        expect![[r#"
            Inside Product cache
            SIEVE cache, cache-aside, with 800 of 800 entries; 77.5 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 77.5 %  Misses, 10 s: 91.8 /s
            Entries: 800 of 800  Policy: SIEVE
            SIEVE  keys product:…
            A hand from old to new takes the first entry not used
            since it last came by.
            by arrival  800
            product:162, used since the hand came by  product:35, used since the hand came by  product:3, used since the hand came by  product:0, used since the hand came by  product:53, used since the hand came by  product:6, used since the hand came by  product:77, used since the hand came by  product:7, used since the hand came by  635 keys in between
            product:249, not used since  product:342, not used since  product:408, not used since  product:1162, not used since  product:2085, at the hand, not used since  product:3030, not used since  product:2115, not used since
            product:1124, not used since  141 keys in between  product:2916, not used since  product:1206, not used since  product:2550, not used since  product:662, not used since
            product:2560, not used since  product:3871, not used since  product:2822, not used since  product:2446, not used since
            came first  came last
            Filled: used since the hand came by. →: the hand.
            What happened last  newest first
            miss product:1263  in product:2446
            out product:684  miss product:2446
            in product:2822  out product:3708
            hit product:0  … 7 more
            Hit ratio, second by second  last 60 s
            100 %
            74.2 % of the reads of the latest second hit
            50 %
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size, on the reads seen here
            60 %
            50 %
            40 %  LRU: 12.6 % misses at 2 500
            30 %  Size of the cache: 800 entries
            SIEVE: 12.6 % misses at 2 500  S3-FIFO: 12.6 % misses at 2 500  Measured at 800 entries: 23.2 % misses
            20 %  Belady's MIN: 12.6 % misses at 2 500
            LRU
            10 %  SIEVE
            S3-FIFO
            0 %  Belady's MIN
            0  1 000  2 000
            LRU with 800 entries hits 74.0 %.
            Measured (dot): 76.8 %.
            6 064 reads counted, after 6 063 to warm up. LRU in
            one pass by stack distance, the others simulated on
            the same reads. Drag to change the size.
        "#]],
    );
    let trial = Some(Act::Set("capacity".into(), "1600".into()).to_string());
    let tried = Look { trial, ..Look::default() };
    let scene = complete(&run, 520.0, &tried);
    assert_eq!(check::problems(&scene), Vec::<String>::new());
    let reading = text::reading(&scene);
    assert!(reading.contains("LRU with 1\u{202f}600 entries would hit"), "{reading}");
    // The dot waits for reads of the new size.
    set(&mut run, |it| it.capacity = 1_600);
    run.advance(Nanos::seconds(1), u64::MAX);
    let reading = text::reading(&complete(&run, 520.0, &Look::default()));
    assert!(reading.contains("The dot comes 1\u{202f}000 reads after a change."), "{reading}");
    run.advance(Nanos::seconds(4), u64::MAX);
    let reading = text::reading(&complete(&run, 520.0, &Look::default()));
    assert!(reading.contains("Measured (dot): "), "{reading}");
}

fn set(run: &mut Run, change: impl Fn(&mut CacheParams)) {
    let before = run.shown().design.clone();
    let mut after = before.clone();
    let Spec::Cache(it) = &mut after.components.get_mut("cache").expect("a cache").spec else {
        panic!("a cache")
    };
    change(it);
    let diff = ringside::document::Diff::between(&before, &after);
    run.act(Input::Edit(diff)).expect("it compiles");
}

#[test]
fn a_dead_cache_and_an_empty_one() {
    let mut run = run(shop(50.0, 60, of(Policy::Lru, 12)), 15);
    run.act(Input::Fault(Fault::Crash(target("cache")))).expect("it compiles");
    run.advance(Nanos::seconds(2), u64::MAX);
    look(
        &run,
        "cache-dead",
        &Look::default(),
        expect![[r#"
            Inside Product cache
            Product cache is down and holds nothing.
            Hit ratio, 10 s: 51.6 %  Misses, 10 s: 19.2 /s  Entries: 0 of 12  Policy: LRU
            It is down: all it held is lost, and nobody reaches it.
            12 entries are gone: once back, it is empty.
            Hit ratio, second by second  last 60 s
            100 %
            50 %  46.6 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
    run.act(Input::Fault(Fault::Restart(target("cache")))).expect("it compiles");
    run.advance(Nanos(1), u64::MAX);
    look(
        &run,
        "cache-empty",
        &Look::default(),
        expect![[r#"
            Inside Product cache
            LRU cache, cache-aside, with 0 of 12 entries; 51.6 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 51.6 %  Misses, 10 s: 19.2 /s  Entries: 0 of 12  Policy: LRU
            What it holds
            Empty: every read will miss until entries come in.
            What happened last  newest first
            in product:45  out product:9
            in product:58  out product:16
            miss product:45  miss product:58
            hit product:0  in product:1  … 6 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %  46.6 % of the reads of the latest second hit
            0 %
            −60 s  −40 s  −20 s  now
            Misses by size
            The curves come with 1 000 reads.
        "#]],
    );
}

/// What a mark says of itself.
fn label(scene: &Scene, id: &str) -> String {
    let mark = scene.marks.iter().find(|it| it.id == id);
    let mark = mark.unwrap_or_else(|| panic!("there is no {id}"));
    mark.label.clone().unwrap_or_else(|| match &mark.shape {
        Shape::Text { text, .. } => text.clone(),
        it => panic!("{id} says nothing: {it:?}"),
    })
}

/// Hits of a trace, by the command line.
fn hits(policy: &str, capacity: u64, keys: &[u32]) -> u64 {
    let arguments =
        ["cache", "--policy", policy, "--json", "--capacity", &capacity.to_string(), "-"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let trace: String = keys.iter().map(|it| format!("{it}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(trace.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["hits"].as_u64().expect("a count")
}

/// The curves say what `ringside cache` says of the same trace: hits of all of it less those of the
/// reads that warm up. And what was measured agrees with the curve of the cache's own policy, but
/// for the misses on keys that were on their way.
#[test]
fn curves_are_the_command_lines() {
    for policy in [Policy::Lru, Policy::Clock] {
        let run = run(shop(400.0, 2_000, of(policy, 300)), 40);
        let scene = complete(&run, 520.0, &Look::default());
        let all = run.recorder.components
            [run.shown().world.blueprint().component("cache").expect("a cache") as usize]
            .accesses
            .until(run.shown().world.now());
        let is_read = |it: &&ringside::engine::accesses::Access| it.counter <= cache::MISS;
        let reads: Vec<u32> = all.iter().filter(is_read).map(|it| it.key).collect();
        assert!(reads.len() > 15_000, "{}", reads.len());
        let from = reads.len() / 2;
        let counted = (reads.len() - from) as f64;
        let missed = |policy: &str, size: u64| {
            let hits = hits(policy, size, &reads) - hits(policy, size, &reads[..from]);
            1.0 - hits as f64 / counted
        };
        let most = 2_000;
        let percent = ringside::base::text::percent;
        for (name, id) in [("S3-FIFO", "s3-fifo"), ("LRU", "lru")] {
            let line = label(&scene, &format!("curves/line/{name}"));
            let expected = format!("{name}: {} misses at 2\u{202f}000", percent(missed(id, most)));
            assert_eq!(line, expected);
        }
        let lru = 1.0 - missed("lru", 300);
        let words = label(&scene, "curves/lru/0");
        assert_eq!(words, format!("LRU with 300 entries hits {}.", percent(lru)));
        let own = missed(policy.id(), 300);
        let dot = label(&scene, "curves/dot");
        let measured = dot.split(" entries: ").nth(1).and_then(|it| it.split(' ').next());
        let measured: f64 = measured.expect("a share").parse::<f64>().expect("a number") / 100.0;
        // Four standard errors of a share, and what is on its way.
        let noise = 4.0 * (own * (1.0 - own) / counted).sqrt() + 0.02;
        assert!((measured - own).abs() < noise, "{measured} measured, {own} by the curve");
    }
}
