//! The inside of a sharded database, as in class: what it shows is what the run counted and what the
//! command line says. `LENSES=folder` writes the pictures there.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::looking::Looking;
use common::target;
use expect_test::expect;
use ringside::base::time::Nanos;
use ringside::engine::fault::Fault;
use serde_json::{Value, json};

const DESIGN: &str = "static/designs/users-sharded.json";
/// What differs from run to run without meaning anything, or is said elsewhere.
const QUIET: &[&str] = &["scheme/", "routed/", "rain/", "row/", "copy/"];

fn open() -> Looking {
    let text = std::fs::read_to_string(DESIGN).expect("the design is there");
    let (file, notices) = ringside::document::file::read(&text).expect("it is a file");
    assert_eq!(notices, Vec::new(), "nothing in it is unknown");
    let mut it = Looking::open(file.design, 7, Nanos::seconds(5), ("store", "User database"));
    it.on(10_000);
    it
}

fn rate(it: &mut Looking, per_second: &str) {
    it.set("users", "rate", json!(per_second));
}

fn load(it: &Looking, name: &str) -> f64 {
    it.figure(&format!("load/{name}#figure"))
}

/// Until all rows are where they belong.
fn settle(it: &mut Looking) {
    for _ in 0..600 {
        it.on(100);
        let moving = it.scene(300.0).description.contains("Resharding");
        if !moving {
            return;
        }
    }
    panic!("rows move for a minute");
}

fn ringside(arguments: &[&str], input: &str) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut pipe = process.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("it is read");
    drop(pipe);
    let output = process.wait_with_output().expect("the command ends");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Users by range of their ids: the newest are asked for most, so the last shard is the first to be
/// full; a shard at the end takes the hot spot over; by hash all are alike.
#[test]
fn the_last_range_is_hot_and_a_hash_is_even() {
    let mut it = open();
    let (a, b, c) = (load(&it, "A"), load(&it, "B"), load(&it, "C"));
    assert!((170.0..240.0).contains(&a) && (170.0..240.0).contains(&b), "{a}, {b}");
    assert!((790.0..880.0).contains(&c), "{c}");
    assert_eq!(it.figure("installed"), 2_700.0);
    // 900 / 0.67.
    assert!((1_280.0..1_400.0).contains(&it.figure("usable")), "{}", it.words("usable"));
    it.check("range", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 847 of 1 278 a second, 66.3 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 278 /s
        Requests, last 3 s  1 278/s in all
        A: 208 a second, 16.3 % of all and 23.1 % of what it can
        B: 223 a second, 17.4 % of all and 24.7 % of what it can
        C: 847 a second, 66.3 % of all and 94.1 % of what it can, 2 wait
        capacity 900/s
        Waiting: 2 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Latest: user:29 274 to 29 374  101 rows
        C: 101 rows after 13.9 ms
        C alone was asked: 13.9 ms.
    "#]]);

    rate(&mut it, "1500/s");
    it.on(8_000);
    assert!(load(&it, "C") > 900.0, "asked for more than it can");
    for name in ["A", "B"] {
        assert!(load(&it, name) < 0.3 * 900.0, "{name} is idle: {}", load(&it, name));
    }
    it.check("full", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 1 016 of 1 511 a second, 67.2 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 511 /s
        Requests, last 3 s  1 511/s in all
        A: 258 a second, 17.1 % of all and 28.7 % of what it can
        B: 237 a second, 15.7 % of all and 26.4 % of what it can
        C: 1 016 a second, 67.2 % of all and 113 % of what it can, 496 wait
        capacity 900/s
        Waiting: 496 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Latest: user:28 839 to 28 939  101 rows
        C: 101 rows after 583 ms
        C alone was asked: 583 ms.
    "#]]);

    it.click("split-act");
    it.on(300);
    it.check("split", QUIET, expect![[r#"
        Inside User database
        4 shards by range, 900 requests a second each. C has most to do: 1 016 of 1 511 a second, 67.2 %. Resharding: 5 000 of 5 000 rows have still to move.
        Installed: 3 600 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 511 /s
        Requests, last 3 s  1 511/s in all
        A: 258 a second, 17.1 % of all and 28.7 % of what it can
        B: 237 a second, 15.7 % of all and 26.4 % of what it can
        C: 1 016 a second, 67.2 % of all and 113 % of what it can, 496 wait
        D: 0 a second, 0 % of all and 0 % of what it can
        capacity 900/s
        Waiting: 496 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        D: pick it
        0  10 000  20 000  25 000
        Bars: whose keys are whose; lit: moved. Dashed:
        copied, not yet served. Dots: requests of the last
        second.
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        D: 0 rows, 0 %
        Resharding: 0 %  0 of 5 000 rows
        C copies: 0 of 5 000 rows handed over to D, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was.
        Split a range at  user:27 500
        Split a range at: user:27 500
        Add E from 27 500 on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Latest: user:29 321 to 29 421  101 rows
        C: 101 rows after 584 ms
        C alone was asked: 584 ms.
    "#]]);
    settle(&mut it);
    it.on(6_000);
    let (c, d) = (load(&it, "C"), load(&it, "D"));
    assert!(d > 3.0 * c && d > 850.0, "the hot spot has moved: C {c}, D {d}");

    let mut it = open();
    it.click("scheme/modulo");
    settle(&mut it);
    it.on(4_000);
    let loads = ["A", "B", "C"].map(|name| load(&it, name));
    for load in loads {
        assert!((load / 417.0 - 1.0).abs() < 0.12, "even: {loads:?}");
    }
    it.check("hash", QUIET, expect![[r#"
        Inside User database
        3 shards by modulo, 900 requests a second each. A has most to do: 456 of 1 325 a second, 34.4 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 325 /s
        Requests, last 3 s  1 325/s in all
        A: 456 a second, 34.4 % of all and 50.6 % of what it can
        B: 426 a second, 32.1 % of all and 47.3 % of what it can
        C: 444 a second, 33.5 % of all and 49.3 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 9 984 rows, 33.3 %
        B: 9 998 rows, 33.3 %
        C: 10 018 rows, 33.4 %
        Resharded: 100 %  20 009 of 20 009 rows
        A done: 6 697 of 6 697 rows handed over to B, C, 0 more copied
        B done: 6 660 of 6 660 rows handed over to A, C, 0 more copied
        C done: 6 652 of 6 652 rows handed over to A, B, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Longest pause while rows changed
        hands: 1.84 ms.
        Add D: how many rows move?  drag to guess
        Add D: how many rows move?: drag to guess
        Add D, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        Latest: user:28 789 to 28 889  101 rows
        A: 27 rows after 15.7 ms
        B: 38 rows after 14.5 ms
        C: 36 rows after 7.42 ms
        3 shards were asked; the slowest decides: A,
        15.7 ms.
    "#]]);
}

/// What a query would ask, and what the latest one did, as `ringside place` has it.
#[test]
fn queries_are_shown_as_they_are() {
    let mut it = open();
    it.act("note query 1000");
    let asks = |it: &Looking, arguments: &[&str]| {
        let shards: Vec<_> = ringside(arguments, "").split_whitespace().map(String::from).collect();
        let words = format!("{} {}", it.words("query/asks/0"), words_of_second(it));
        for shard in ["A", "B", "C"] {
            let told = words.contains(&format!(" {shard}"));
            assert_eq!(told, shards.iter().any(|it| it == shard), "{words}: {shards:?}");
        }
        shards.len()
    };
    let rows = "0=A,10000=B,20000=C";
    let place = ["place", "--nodes", "A,B,C", "--between", "1000-1100"];
    let by_range = [&place[..], &["--scheme", "range", "--rows", rows]].concat();
    assert_eq!(asks(&it, &by_range), 1);
    it.click("scheme/modulo");
    settle(&mut it);
    it.on(2_000);
    assert_eq!(asks(&it, &[&place[..], &["--scheme", "modulo"]].concat()), 3);
    let mark = it.words("answered/slowest/0");
    assert!(mark.contains("3 shards were asked; the slowest decides:"), "{mark}");
    it.check("query", QUIET, expect![[r#"
        Inside User database
        3 shards by modulo, 900 requests a second each. C has most to do: 557 of 1 280 a second, 43.5 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 280 /s
        Requests, last 3 s  1 280/s in all
        A: 399 a second, 31.2 % of all and 44.3 % of what it can
        B: 324 a second, 25.3 % of all and 36.0 % of what it can
        C: 557 a second, 43.5 % of all and 61.9 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 9 984 rows, 33.3 %
        B: 9 998 rows, 33.3 %
        C: 10 018 rows, 33.4 %
        Resharded: 100 %  20 009 of 20 009 rows
        A done: 6 697 of 6 697 rows handed over to B, C, 0 more copied
        B done: 6 660 of 6 660 rows handed over to A, C, 0 more copied
        C done: 6 652 of 6 652 rows handed over to A, B, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Longest pause while rows changed
        hands: 1.84 ms.
        Add D: how many rows move?  drag to guess
        Add D: how many rows move?: drag to guess
        Add D, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        Latest: user:19 216 to 19 316  101 rows
        A: 38 rows after 40.6 ms
        B: 28 rows after 6.58 ms
        C: 35 rows after 6.56 ms
        3 shards were asked; the slowest decides: A,
        40.6 ms.
    "#]]);
}

/// The second line of what a query asks, if there is one.
fn words_of_second(it: &Looking) -> String {
    let marks = it.scene(300.0).marks;
    let second = marks.into_iter().find(|it| it.id == "query/asks/1");
    second.map_or(String::new(), |it| it.words().to_owned())
}

/// Half of all want one user: its shard is hot, and the key is named.
#[test]
fn a_celebrity_is_named() {
    let mut it = open();
    it.click("scheme/modulo");
    settle(&mut it);
    it.fault(Fault::HotKey { target: target("users"), key: 77, share: 0.5 });
    it.on(6_000);
    let scene = it.scene(300.0);
    assert!(scene.description.contains("user:77 is hot: "), "{}", scene.description);
    it.check("celebrity", QUIET, expect![[r#"
        Inside User database
        3 shards by modulo, 900 requests a second each. B has most to do: 854 of 1 305 a second, 65.4 %. user:77 is hot: 74.9 % of B's requests.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 305 /s
        Requests, last 3 s  1 305/s in all
        A: 226 a second, 17.3 % of all and 25.1 % of what it can
        B: 854 a second, 65.4 % of all and 94.9 % of what it can, 10 wait
        C: 225 a second, 17.3 % of all and 25.0 % of what it can
        capacity 900/s
        Waiting: 10 at B.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it  user:77 is hot: 74.9 % of B's requests
        C: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 9 984 rows, 33.3 %
        B: 9 998 rows, 33.3 %
        C: 10 018 rows, 33.4 %
        Resharded: 100 %  20 009 of 20 009 rows
        A done: 6 697 of 6 697 rows handed over to B, C, 0 more copied
        B done: 6 660 of 6 660 rows handed over to A, C, 0 more copied
        C done: 6 652 of 6 652 rows handed over to A, B, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Longest pause while rows changed
        hands: 1.84 ms.
        Add D: how many rows move?  drag to guess
        Add D: how many rows move?: drag to guess
        Add D, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        Latest: user:29 000 to 29 100  101 rows
        A: 27 rows after 6.29 ms
        B: 36 rows after 13.6 ms
        C: 38 rows after 7.83 ms
        3 shards were asked; the slowest decides: B,
        13.6 ms.
    "#]]);
}

/// From four shards to five: what each scheme moves is what the command line says of the same keys,
/// and what the run did move. The guess stays beside it. Copies, catching up and cutting over are
/// seen on the way, and seen again when it is played again.
#[test]
fn four_to_five_shards() {
    let mut it = open();
    it.click("scheme/modulo");
    settle(&mut it);
    it.click("add");
    settle(&mut it);
    it.act("note guess-5 20");
    it.check("guess", QUIET, expect![[r#"
        Inside User database
        4 shards by modulo, 900 requests a second each. C has most to do: 540 of 1 280 a second, 42.2 %.
        Installed: 3 600 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 280 /s
        Requests, last 3 s  1 280/s in all
        A: 417 a second, 32.6 % of all and 46.3 % of what it can
        B: 322 a second, 25.2 % of all and 35.8 % of what it can
        C: 540 a second, 42.2 % of all and 60.0 % of what it can
        D: 1.00 a second, 0.078 % of all and 0.111 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        D: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 7 438 rows, 24.8 %
        B: 7 664 rows, 25.5 %
        C: 7 518 rows, 25.1 %
        D: 7 380 rows, 24.6 %
        Resharded: 100 %  22 336 of 22 336 rows
        A done: 7 482 of 7 482 rows handed over to B, C, D, 0 more copied
        B done: 7 385 of 7 385 rows handed over to A, C, D, 0 more copied
        C done: 7 469 of 7 469 rows handed over to A, B, D, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Longest pause while rows changed
        hands: 1.62 ms.
        3 to 4 shards: rows that moved
        Modulo: 74.1 % of the rows moved
        Hash ring: 26.6 % of the rows moved
        Rendezvous: 24.6 % of the rows moved
        Jump: 24.7 % of the rows moved
        even share 25.0 %
        Add E: how many rows move?  20 %
        Add E: how many rows move?: 20 %
        Add E, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D.
        Latest: user:11 473 to 11 573  101 rows
        A: 28 rows after 10.0 ms
        B: 33 rows after 14.9 ms
        C: 21 rows after 11.1 ms
        D: 19 rows after 4.12 ms
        4 shards were asked; the slowest decides: B,
        14.9 ms.
    "#]]);
    let from = it.run.head.world.now();
    it.click("add");
    it.on(400);
    it.check("copying", QUIET, expect![[r#"
        Inside User database
        5 shards by modulo, 900 requests a second each. C has most to do: 540 of 1 280 a second, 42.2 %. Resharding: 19 606 of 23 992 rows have still to move.
        Installed: 4 500 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 280 /s
        Requests, last 3 s  1 280/s in all
        A: 417 a second, 32.6 % of all and 46.3 % of what it can
        B: 322 a second, 25.2 % of all and 35.8 % of what it can
        C: 540 a second, 42.2 % of all and 60.0 % of what it can
        D: 1.00 a second, 0.078 % of all and 0.111 % of what it can
        E: 0 a second, 0 % of all and 0 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        D: pick it
        E: pick it
        0
        Bars: whose keys are whose; lit: moved. Dashed:
        copied, not yet served. Dots: requests of the last
        second.
        Rows per shard  28 482 rows
        A: 8 826 rows, 31.0 %
        B: 7 645 rows, 26.8 %
        C: 6 087 rows, 21.4 %
        D: 5 924 rows, 20.8 %
        E: 0 rows, 0 %
        Resharding: 18.3 %  4 386 of 23 992 rows
        A copies: 1 499 of 5 951 rows handed over to B, C, D, E, 0 more copied
        B cuts over: 0 of 6 151 rows handed over to A, C, D, E, 1 518 more copied
        C copies: 1 431 of 5 995 rows handed over to A, B, D, E, 0 more copied
        D copies: 1 456 of 5 895 rows handed over to A, B, C, E, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Written meanwhile: 0 copied once
        more, 3 to be. Longest pause while rows changed
        hands: 3.05 ms.
        4 to 5 shards: rows that moved
        Modulo: 80.5 % of the rows moved
        Hash ring: 18.4 % of the rows moved
        Rendezvous: 19.8 % of the rows moved
        Jump: 19.9 % of the rows moved
        even share 20.0 %
        Your guess, dashed: 20 %.
        Add F: how many rows move?  drag to guess
        Add F: how many rows move?: drag to guess
        Add F, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D, E.
        Latest: user:28 866 to 28 966  98 rows
        A: 33 rows after 10.8 ms
        B: 22 rows after 5.12 ms
        C: 18 rows after 15.5 ms
        D: 25 rows after 6.69 ms
        4 shards were asked; the slowest decides: C,
        15.5 ms.
    "#]]);
    let middle = it.scene(520.0);
    settle(&mut it);
    it.check("resharded", QUIET, expect![[r#"
        Inside User database
        5 shards by modulo, 900 requests a second each. A has most to do: 428 of 1 334 a second, 32.1 %.
        Installed: 4 500 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 334 /s
        Requests, last 3 s  1 334/s in all
        A: 428 a second, 32.1 % of all and 47.5 % of what it can
        B: 383 a second, 28.7 % of all and 42.6 % of what it can
        C: 348 a second, 26.1 % of all and 38.6 % of what it can
        D: 164 a second, 12.3 % of all and 18.2 % of what it can
        E: 11.3 a second, 0.850 % of all and 1.26 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        D: pick it
        E: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last second.
        Rows per shard  30 000 rows
        A: 5 892 rows, 19.6 %
        B: 5 978 rows, 19.9 %
        C: 6 064 rows, 20.2 %
        D: 6 004 rows, 20.0 %
        E: 6 062 rows, 20.2 %
        Resharded: 100 %  23 992 of 23 992 rows
        A done: 5 951 of 5 951 rows handed over to B, C, D, E, 0 more copied
        B done: 6 151 of 6 151 rows handed over to A, C, D, E, 0 more copied
        C done: 5 995 of 5 995 rows handed over to A, B, D, E, 0 more copied
        D done: 5 895 of 5 895 rows handed over to A, B, C, E, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was. Longest pause while rows changed
        hands: 3.05 ms.
        4 to 5 shards: rows that moved
        Modulo: 80.5 % of the rows moved
        Hash ring: 18.4 % of the rows moved
        Rendezvous: 19.8 % of the rows moved
        Jump: 19.9 % of the rows moved
        even share 20.0 %
        Your guess, dashed: 20 %.
        Add F: how many rows move?  drag to guess
        Add F: how many rows move?: drag to guess
        Add F, now: its rows move while requests go on
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D, E.
        Latest: user:1 889 to 1 989  101 rows
        A: 19 rows after 9.69 ms
        B: 19 rows after 7.08 ms
        C: 19 rows after 7.70 ms
        D: 21 rows after 10.2 ms
        E: 23 rows after 7.53 ms
        5 shards were asked; the slowest decides: D,
        10.2 ms.
    "#]]);
    let keys: String = (0..5_000).map(|it| format!("{}\n", it * 6)).collect();
    for scheme in ["modulo", "ring", "rendezvous", "jump"] {
        let arguments = ["place", "--scheme", scheme, "--nodes", "A,B,C,D,E"];
        let moved = [&arguments[..], &["--moved-from", "A,B,C,D", "--json"]].concat();
        let moved: Value = serde_json::from_str(&ringside(&moved, &keys)).expect("JSON");
        let share = moved["share"].as_f64().expect("a share");
        let shown = it.figure(&format!("moves/{scheme}#figure"));
        assert_eq!(format!("{shown:.1}"), format!("{:.1}", share * 100.0), "{scheme}");
    }
    assert!((it.figure("moves/modulo#figure") - 80.0).abs() < 2.0);
    assert!((it.figure("moves/ring#figure") - 20.0).abs() < 4.0);
    let all: String = (0..30_000).map(|it| format!("{it}\n")).collect();
    let arguments = ["place", "--scheme", "modulo", "--nodes", "A,B,C,D,E", "--moved-from"];
    let moved = [&arguments[..], &["A,B,C,D", "--json"]].concat();
    let moved: Value = serde_json::from_str(&ringside(&moved, &all)).expect("JSON");
    let told = it.words("resharding/caption-end");
    let digits: Vec<String> =
        told.split(" of ").map(|it| it.chars().filter(char::is_ascii_digit).collect()).collect();
    assert_eq!(digits[0], moved["moved"].to_string(), "{told}: every row that moved");
    // Rewound: the same picture at the same moment.
    it.run.seek(from + Nanos::millis(400));
    assert_eq!(it.scene(520.0).description, middle.description);
    assert!(it.scene(520.0).description.contains("Resharding"), "in the middle of it");
}

/// What the shards have to do in whole seconds is what the report of the same run counts for all.
#[test]
fn loads_are_those_of_the_report() {
    let arguments = ["run", DESIGN, "--for", "3s", "--warmup", "5s", "--json"];
    let report: Value = serde_json::from_str(&ringside(&arguments, "")).expect("JSON");
    let store = &report["components"]["store"];
    let mut it = open();
    it.run.seek(Nanos::seconds(8));
    let shown: f64 = ["A", "B", "C"].map(|name| load(&it, name)).iter().sum();
    let parts = store["parts"].as_f64().expect("a count") / 3.0;
    let expected = store["offered"].as_f64().expect("a rate") + parts;
    // Each is shown in three digits.
    assert!((shown - expected).abs() < 6.0, "{shown}, by the report {expected}");
}
