//! The inside of a sharded database, as in class: what it shows is what the run counted and what the
//! command line says. `LENSES=folder` writes the pictures there.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::looking::Looking;
use crate::common::target;
use expect_test::expect;
use ringside::algorithm::placement::Settings;
use ringside::base::time::Nanos;
use ringside::document::edit::Edit;
use ringside::engine::fault::Fault;
use ringside::scene::check;
use ringside::session::protocol::Input;
use serde_json::{Value, json};

const DESIGN: &str = "static/designs/users-sharded.json";
/// What differs from run to run without meaning anything, or is said elsewhere.
const QUIET: &[&str] = &["scheme/", "routed/", "rain/", "row/", "copy/"];

pub fn open() -> Looking {
    let text = std::fs::read_to_string(DESIGN).expect("the design is there");
    let (file, notices) = ringside::document::file::read(&text).expect("it is a file");
    assert_eq!(notices, Vec::new(), "nothing in it is unknown");
    let mut it = Looking::open(file.design, 7, Nanos::seconds(5), ("store", "User database"));
    it.on(10_000);
    it
}

pub fn rate(it: &mut Looking, per_second: &str) {
    it.set("users", "rate", json!(per_second));
}

pub fn load(it: &Looking, name: &str) -> f64 {
    it.figure(&format!("load/{name}#figure"))
}

/// Until all rows are where they belong.
pub fn settle(it: &mut Looking) {
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
        C: 847 a second, 66.3 % of all, 2.0 times the mean and 94.1 % of what it can, 2 wait
        capacity 900/s
        Waiting: 2 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:29 274 to 29 374  101 rows
        C: 101 rows after 13.9 ms
        C alone was asked: 13.9 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
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
        C: 1 016 a second, 67.2 % of all, 2.0 times the mean and 113 % of what it can, 496 wait
        capacity 900/s
        Waiting: 496 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:28 839 to 28 939  101 rows
        C: 101 rows after 583 ms
        C alone was asked: 583 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
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
        C: 1 016 a second, 67.2 % of all, 2.7 times the mean and 113 % of what it can, 496 wait
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
        tenth of a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        D: 0 rows, 0 %
        Resharding: 0 %  0 of 5 000 rows
        C copies: 0 of 5 000 rows handed over to D, 0 more copied
        Filled: handed over. Dashed: copied, still served
        where it was.
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:27 500
        Split a range at: user:27 500
        Add E from 27 500 on
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:29 321 to 29 421  101 rows
        C: 101 rows after 584 ms
        C alone was asked: 584 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
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
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        The slowest decides: of 3 at once, 2.97 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:28 789 to 28 889  101 rows
        A: 27 rows after 15.7 ms
        B: 38 rows after 14.5 ms
        C: 36 rows after 7.42 ms
        3 shards were asked; the slowest decides: A,
        15.7 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        The slowest decides: of 3 at once, 2.97 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:19 216 to 19 316  101 rows
        A: 38 rows after 40.6 ms
        B: 28 rows after 6.58 ms
        C: 35 rows after 6.56 ms
        3 shards were asked; the slowest decides: A,
        40.6 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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
        B: 854 a second, 65.4 % of all, 2.0 times the mean and 94.9 % of what it can, 10 wait
        C: 225 a second, 17.3 % of all and 25.0 % of what it can
        capacity 900/s
        Waiting: 10 at B.
        user:77 alone is 74.9 % of B's requests: no
        scheme splits one key.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it  user:77 is hot: 74.9 % of B's requests
        C: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C.
        The slowest decides: of 3 at once, 2.97 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:29 000 to 29 100  101 rows
        A: 27 rows after 6.29 ms
        B: 36 rows after 13.6 ms
        C: 38 rows after 7.83 ms
        3 shards were asked; the slowest decides: B,
        13.6 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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
        C: 540 a second, 42.2 % of all, 1.7 times the mean and 60.0 % of what it can
        D: 1.00 a second, 0.078 % of all and 0.111 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        D: pick it
        0
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D.
        The slowest decides: of 4 at once, 3.94 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:11 473 to 11 573  101 rows
        A: 28 rows after 10.0 ms
        B: 33 rows after 14.9 ms
        C: 21 rows after 11.1 ms
        D: 19 rows after 4.12 ms
        4 shards were asked; the slowest decides: B,
        14.9 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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
        C: 540 a second, 42.2 % of all, 2.1 times the mean and 60.0 % of what it can
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
        tenth of a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D, E.
        The slowest decides: of 5 at once, 4.90 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:28 866 to 28 966  98 rows
        A: 33 rows after 10.8 ms
        B: 22 rows after 5.12 ms
        C: 18 rows after 15.5 ms
        D: 25 rows after 6.69 ms
        4 shards were asked; the slowest decides: C,
        15.5 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
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
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks all: A, B, C, D, E.
        The slowest decides: of 5 at once, 4.90 % meet
        one that is slower than 99 of 100.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:1 889 to 1 989  101 rows
        A: 19 rows after 9.69 ms
        B: 19 rows after 7.08 ms
        C: 19 rows after 7.70 ms
        D: 21 rows after 10.2 ms
        E: 23 rows after 7.53 ms
        5 shards were asked; the slowest decides: D,
        10.2 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        Ids that follow each other lie apart: all shards do
        as much.
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

/// Writes of rows of two shards: under way, in doubt while who decides is down, known again, and half done
/// where each shard writes for itself.
#[test]
fn transactions_over_two_shards_are_seen() {
    let mut it = open();
    it.set("store", "mesh_latency", json!("15ms"));
    it.click("across/begin");
    it.on(3_000);
    // 20 % of 250 writes a second.
    let done = it.words("across/caption-end").replace("/s committed", "");
    let done: f64 = done.parse().expect("a rate");
    assert!((done - 50.0).abs() < 12.0, "{done} committed a second");
    it.check("across", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 844 of 1 267 a second, 66.6 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 267 /s
        Requests, last 3 s  1 267/s in all
        A: 221 a second, 17.5 % of all and 24.6 % of what it can
        B: 202 a second, 15.9 % of all and 22.4 % of what it can
        C: 844 a second, 66.6 % of all, 2.0 times the mean and 93.8 % of what it can
        capacity 900/s
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  45.3/s committed
        C (coordinates) has promised; user:28564 is locked; begun 32.4 ms ago  A has been asked to promise its part, on user:9305; begun 32.4 ms ago
        C (coordinates) has promised; user:29745 is locked; begun 31.8 ms ago  A has promised; user:7118 is locked; begun 31.8 ms ago
        B (coordinates) has promised; user:12551 is locked; begun 23.3 ms ago  A has promised; user:8918 is locked; begun 23.3 ms ago
        C (coordinates) has done its part; begun 7.56 ms ago  A has promised; user:4107 is locked; begun 7.56 ms ago
        B (coordinates) has done its part; begun 7.16 ms ago  C has promised; user:26246 is locked; begun 7.16 ms ago
        Rows locked: A 3, B 1, C 3.
        Latest, and how long they took; struck: aborted
        user:13080 of B and user:26246 of C: committed after 60.0 ms  user:29754 of C and user:4107 of A: committed after 85.3 ms
        user:29979 of C and user:13182 of B: committed after 36.5 ms  … 2 more
        Last 3 s: 0 a second aborted, 0 a second refused
        by a shard and tried again.
        All rows together hold 0: every unit that left one
        has come to another.
        How two shards write together
        Two-phase commit: Both promise, then the coordinator writes its decision down and tells it: both or neither.  Not written down: The coordinator keeps its decision in memory: if it crashes then, the other takes it to be aborted.
        Each for itself: One shard writes, then the other: what fails in between stays half done.
        Both promise, then the coordinator writes its
        decision down and tells it: both or neither.
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:29 523 to 29 623  101 rows
        C: 101 rows after 2.73 ms
        C alone was asked: 2.73 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
    "#]]);
    it.fault(Fault::Crash(target("store/1")));
    it.on(1_500);
    let told = it.words("across/doubt/0");
    assert!(told.starts_with("In doubt: "), "{told}");
    it.check("across-in-doubt", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 860 of 1 217 a second, 70.7 %.
        Installed: 1 800 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 217 /s
        Requests, last 3 s  1 217/s in all
        A: 217 a second, 17.8 % of all and 24.1 % of what it can
        B: 140 a second, 11.5 % of all and 15.5 % of what it can
        C: 860 a second, 70.7 % of all, 2.1 times the mean and 95.6 % of what it can, 18 wait
        capacity 900/s
        Waiting: 18 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: down; pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  41.0/s committed
        B (coordinates) has promised; user:12551 is locked; begun 1.52 s ago
        A has promised, user:8918 is locked, and who decides is down; begun 1.52 s ago
        B (coordinates) has done its part; begun 1.51 s ago  C has done its part, on user:26246; begun 1.51 s ago
        A (coordinates) has promised; user:8854 is locked; begun 949 ms ago  B has been asked to promise its part, on user:14592; begun 949 ms ago
        C (coordinates) has promised; user:29359 is locked; begun 942 ms ago  B has been asked to promise its part, on user:18093; begun 942 ms ago
        C (coordinates) has promised; user:28952 is locked; begun 886 ms ago  B has been asked to promise its part, on user:16143; begun 886 ms ago
        and 18 more under way.
        Rows locked: A 6, B 1, C 16. Writes that wait for
        them: 2.
        In doubt: 1. B, which decides, is down: rows stay
        locked until it has said.
        Latest, and how long they took; struck: aborted
        user:29372 of C and user:9813 of A: committed after 42.7 ms  user:28922 of C and user:14177 of B: aborted after 1.03 s
        user:7012 of A and user:24739 of C: committed after 59.3 ms  … 2 more
        Last 3 s: 0 a second aborted, 0 a second refused
        by a shard and tried again.
        All rows together hold 0: every unit that left one
        has come to another.
        How two shards write together
        Two-phase commit: Both promise, then the coordinator writes its decision down and tells it: both or neither.  Not written down: The coordinator keeps its decision in memory: if it crashes then, the other takes it to be aborted.
        Each for itself: One shard writes, then the other: what fails in between stays half done.
        Both promise, then the coordinator writes its
        decision down and tells it: both or neither.
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:29 814 to 29 914  101 rows
        C: 101 rows after 23.4 ms
        C alone was asked: 23.4 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
    "#]]);
    it.fault(Fault::Restart(target("store/1")));
    it.on(2_000);
    let doubts =
        |it: &Looking| it.scene(300.0).marks.iter().any(|it| it.id.starts_with("across/doubt"));
    assert!(!doubts(&it), "all is known again");
    assert!(it.words("across/sum/0").starts_with("All rows together hold 0"));
    it.click("across-commit/each-alone");
    it.on(500);
    it.fault(Fault::Crash(target("store/1")));
    it.on(3_000);
    let told = format!("{} {}", it.words("across/sum/0"), it.words("across/sum/1"));
    assert!(told.contains("half-done writes"), "{told}");
}

/// Tables in partitions: all rows lie in one, the framed ones are those that the query reads, and why is said.
#[test]
fn partitions_are_seen() {
    let mut it = open();
    for (kind, why) in [
        ("range", "the others have other keys"),
        ("list", "lists go by"),
        ("hash", "says nothing of neighbours"),
    ] {
        it.click(&format!("partitions/{kind}"));
        it.on(1_000);
        let scene = it.scene(900.0);
        assert_eq!(check::problems(&scene), Vec::<String>::new());
        let cells =
            scene.marks.iter().filter(|it| it.id.starts_with("table/") && it.label.is_some());
        let told: Vec<_> = cells.filter_map(|it| it.label.as_deref()).collect();
        let rows = |label: &&str| {
            let of = label.split(": ").nth(1).and_then(|it| it.split(" row").next()).expect("rows");
            of.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
                .parse::<u32>()
                .expect("a number")
        };
        assert_eq!(told.iter().map(rows).sum::<u32>(), 30_000, "{kind}");
        let read: Vec<_> = told.iter().copied().filter(|it| it.ends_with(", read")).collect();
        let lines = scene.marks.iter().filter(|it| it.id.starts_with("pruned/keys"));
        let sentence = lines.map(|it| it.words()).collect::<Vec<_>>().join(" ");
        assert!(sentence.contains(why), "{sentence}");
        let of = format!("reads {} of {} partitions", read.len(), told.len());
        assert!(sentence.contains(&of), "{of}: {sentence}");
        // Only where keys decide does a range leave partitions out.
        assert_eq!(read.len() < told.len() / 3, kind == "range", "{kind}: {sentence}");
    }
}

/// Why a request went where it did is said for every way of dealing rows out, and holds by what is worked out
/// here anew.
#[test]
fn decisions_of_the_router_are_told() {
    use ringside::algorithm::placement::geographic::{distance, place};
    use ringside::component::Spec;
    use ringside::component::sharded_db::Map;
    let hash = |key: u32| Settings::default().hash.of(key.to_string().as_bytes());
    for scheme in
        ["range", "modulo", "ring", "rendezvous", "jump", "directory", "list", "geographic"]
    {
        let mut it = open();
        it.set("store", "directory", json!("29999=B, 29998=B"));
        it.click(&format!("scheme/{scheme}"));
        settle(&mut it);
        it.on(1_000);
        let design = &it.run.shown().design;
        let Spec::ShardedDb(params) = &design.components["store"].spec else { panic!("shards") };
        let map = Map::of(params);
        let scene = it.scene(900.0);
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{scheme}");
        let mut seen = 0;
        for index in 0..5 {
            let id = format!("routed/{index}/");
            let lines = scene.marks.iter().filter(|it| it.id.starts_with(&id));
            let words = lines.map(|it| it.words().to_owned()).collect::<Vec<_>>().join(" ");
            let plain = words.replace(['\u{a0}', '\u{202f}'], " ");
            let key = plain.strip_prefix("user:").and_then(|it| it.split(' ').next());
            let key: u32 = key.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{words}"));
            let owner = char::from(b'A' + map.owner(key));
            assert!(plain.ends_with(&format!(": shard {owner}.")), "{scheme}: {plain}");
            let why = match scheme {
                "range" => {
                    let first = key / 10_000 * 10_000;
                    let digits = |it: u32| ringside::base::text::count(it.into());
                    let (first, last) = (digits(first), digits(first + 9_999));
                    format!("lies in {first} to {last}").replace(['\u{a0}', '\u{202f}'], " ")
                }
                "modulo" => {
                    let rest = hash(key) % 3;
                    assert_eq!(owner, char::from(b'A' + rest as u8));
                    format!("hash({key}) mod 3 = {rest}")
                }
                "ring" => {
                    let turn = hash(key) as f64 / libm::ldexp(1.0, 64);
                    format!("hash({key}) {} of the way round", ringside::base::text::percent(turn))
                        .replace('\u{a0}', " ")
                }
                "rendezvous" => format!("the highest of 3 bids for hash({key})"),
                "jump" => format!("hash({key}) to place {} of 0 to 2", map.owner(key)),
                "directory" if key >= 29_998 => "has a row in the directory".into(),
                "directory" => "so its ring decides".into(),
                "list" => {
                    let group = ["eu", "us", "asia"][usize::from(map.owner(key))];
                    format!("belongs to the group {group}")
                }
                _ => {
                    let home =
                        plain.split(" belongs at ").nth(1).and_then(|it| it.split(' ').next());
                    let home = home.and_then(place).expect("a place");
                    let sites = [(50.1, 8.7), (39.0, -77.5), (1.35, 103.8)];
                    let far = sites.map(|it| distance(home, it));
                    let nearest = far.iter().copied().fold(f64::MAX, f64::min);
                    assert_eq!(
                        far.iter().position(|it| *it == nearest),
                        Some(map.owner(key).into())
                    );
                    format!("{} km", ringside::base::text::count(nearest.round() as u64))
                        .replace(['\u{a0}', '\u{202f}'], " ")
                }
            };
            assert!(plain.contains(&why), "{scheme}: {plain} says {why}");
            seen += 1;
        }
        assert_eq!(seen, 5, "{scheme}");
        let query: Vec<_> =
            scene.marks.iter().filter(|it| it.id.starts_with("routed/range")).collect();
        let query = query.iter().map(|it| it.words()).collect::<Vec<_>>().join(" ");
        match scheme {
            "range" => assert!(query.contains(" alone, the keys lie in its ranges"), "{query}"),
            "list" | "geographic" => {
                assert!(query.contains("asked all 3, neighbours belong to all"), "{query}")
            }
            _ => assert!(
                query.contains("asked all 3, a hash scatters neighbours"),
                "{scheme}: {query}"
            ),
        }
    }
    // Without the key in the query everybody has to look.
    let mut it = open();
    it.click("attribute/begin");
    it.on(3_000);
    let words = it.words("routed/value/0") + " " + &it.words("routed/value/1");
    assert!(words.contains("asked all 3, no shard key in the query."), "{words}");
}

/// Lists with names: bins are as uneven as the values they have, a query for one value reads its list alone, and
/// one for a single key one partition where keys decide. The index is as high as its rows ask for.
#[test]
fn lists_have_names_and_the_index_a_height() {
    use ringside::algorithm::b_tree::{FAN_OUT, comparisons, height};
    let mut it = open();
    it.click("partitions/list");
    it.on(100);
    it.click("lists/name");
    it.click("lists/name");
    it.on(1_000);
    let scene = it.scene(900.0);
    assert_eq!(check::problems(&scene), Vec::<String>::new());
    let label = |it: &Looking, id: &str| it.mark(id).label.expect("a label");
    let lists: Vec<_> = (1..=4).map(|at| label(&it, &format!("lists/{at}"))).collect();
    assert_eq!(lists, ["List 1: north | centre", "List 2: south", "List 3: east", "List 4: west"]);
    let rows = |it: &Looking, shard: &str, part: u32| -> u32 {
        let told = label(it, &format!("table/{shard}/{part}"));
        let of = told.split(": ").nth(1).and_then(|it| it.split(" row").next()).expect("rows");
        of.chars().filter(char::is_ascii_digit).collect::<String>().parse().expect("a number")
    };
    let bins: Vec<_> = (0..4).map(|at| rows(&it, "A", at)).collect();
    assert_eq!(bins.iter().sum::<u32>(), 10_000);
    // Two fifths and a fifth of the values, by a hash: four deviations of a binomial.
    assert!(bins[0].abs_diff(4_000) < 196 && bins[1].abs_diff(2_000) < 160, "{bins:?}");
    assert!(
        it.lines("pruned/key/").contains("reads 4 of 12 partitions"),
        "lists say nothing of keys"
    );
    // Spaces that do not break are spaces too.
    let plain = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
    let bars =
        |it: &Looking| ["height/whole", "height/part"].map(|id| plain(&label(it, id))).join(" ");
    let index = bars(&it);
    let fullest = ["A", "B", "C"]
        .iter()
        .flat_map(|shard| (0..4).map(|at| rows(&it, shard, at)).collect::<Vec<_>>());
    for count in [10_000, u64::from(fullest.max().expect("bins"))] {
        let (pages, steps) = (height(count, FAN_OUT), comparisons(count));
        let rows = ringside::base::text::count(count);
        let told = format!("{rows} rows, {pages} pages high, {steps} comparisons");
        assert!(index.contains(&plain(&told)), "{index} says {told}");
    }
    for kind in ["range", "hash"] {
        it.click(&format!("partitions/{kind}"));
        it.on(500);
        let words = it.lines("pruned/key/");
        assert!(words.contains("reads 1 of 12 partitions"), "{kind}: {words}");
        let dots = it.scene(900.0).marks.into_iter().filter(|it| it.id.ends_with("#one")).count();
        assert_eq!(dots, 1, "{kind}");
    }
}

/// Rows by another attribute: all shards read all, all look once, or one shard knows; and what that
/// costs those who write.
#[test]
fn an_index_is_seen() {
    let mut it = open();
    it.set("store", "mesh_latency", json!("5ms"));
    it.click("attribute/begin");
    it.on(4_000);
    let told = |it: &Looking| it.words("found/words/0");
    assert!(told(&it).starts_with("3 shards were asked, and each read all"), "{}", told(&it));
    it.click("attribute/local");
    it.on(4_000);
    assert!(told(&it).starts_with("3 shards were asked, and each looked once"), "{}", told(&it));
    it.check("index-local", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 855 of 1 291 a second, 66.3 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 291 /s
        Requests, last 3 s  1 291/s in all
        A: 221 a second, 17.1 % of all and 24.6 % of what it can
        B: 214 a second, 16.6 % of all and 23.8 % of what it can
        C: 855 a second, 66.3 % of all, 2.0 times the mean and 95.0 % of what it can, 77 wait
        capacity 900/s
        Waiting: 77 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Rows by city: the index  1 000 values
        None: Every shard reads all its rows.  Local: Each shard has an index of its own rows, written with them: never behind, but a query asks all shards.  Global: One shard knows all rows with a value, and a query asks only those who have them. It is told of writes afterwards: more work, and at times behind.
        Each shard has an index of its own rows, written
        with them: never behind, but a query asks all
        shards.
        Latest: city 23  27 rows
        A: 9 rows after 13.1 ms
        B: 8 rows after 16.5 ms
        C: 10 rows after 109 ms
        3 shards were asked, and each looked once: 109
        ms.
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
    "#]]);
    it.click("attribute/global");
    it.on(6_000);
    assert!(told(&it).starts_with("One shard knew which rows"), "{}", told(&it));
    it.check("index-global", QUIET, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 852 of 1 316 a second, 64.8 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 316 /s
        Requests, last 3 s  1 316/s in all
        A: 241 a second, 18.3 % of all and 26.7 % of what it can
        B: 223 a second, 16.9 % of all and 24.8 % of what it can
        C: 852 a second, 64.8 % of all, 1.9 times the mean and 94.7 % of what it can, 7 wait
        capacity 900/s
        Waiting: 7 at C.
        The key space  user:0 to 29 999
        A: pick it
        B: pick it
        C: pick it
        0  10 000  20 000
        Bars: whose keys are whose; lit: moved by the
        latest change. Dots: requests of the last tenth of
        a second.
        Replicas of each shard  none
        Each shard gets two replicas; the database begins anew
        Rows per shard  30 000 rows
        A: 10 000 rows, 33.3 %
        B: 10 000 rows, 33.3 %
        C: 10 000 rows, 33.3 %
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        Split a range at  user:25 000
        Split a range at: user:25 000
        Add D from 25 000 on  The keys from 20 000 on go from C to B
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Rows by city: the index  1 000 values
        None: Every shard reads all its rows.  Local: Each shard has an index of its own rows, written with them: never behind, but a query asks all shards.  Global: One shard knows all rows with a value, and a query asks only those who have them. It is told of writes afterwards: more work, and at times behind.
        One shard knows all rows with a value, and a
        query asks only those who have them. It is told of
        writes afterwards: more work, and at times
        behind.
        Latest: city 13  27 rows
        C, index: names 27 rows after 37.3 ms
        A: 11 rows after 42.8 ms
        B: 12 rows after 57.0 ms
        C: 4 rows after 80.1 ms
        One shard knew which rows; 3 shards had them:
        80.1 ms.
        On the way to the index: 5 changes, the oldest for
        28.5 ms.
        Last 3 s: 56.7 pieces of work a second to keep
        it, 0 rows a second named in vain.
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
    "#]]);
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

/// Two replicas each: the primary of A dies, one of its replicas leads, and A1 follows when it is back; reads at
/// replicas are counted.
#[test]
fn replicas_of_shards_are_seen() {
    let mut it = open();
    it.set("store", "replicas", json!(2));
    it.on(5_000);
    assert_eq!(it.words("member/A1"), "A1 leads");
    it.fault(Fault::Crash(target("store/0")));
    it.on(6_000);
    let quiet = [
        "scheme/", "routed/", "rain/", "row/", "copy/", "load", "space", "shard/", "rows", "split",
    ];
    it.check("replicas", &quiet, expect![[r#"
        Inside User database
        3 shards by range, 900 requests a second each. C has most to do: 866 of 1 283 a second, 67.5 %.
        Installed: 2 700 /s  What could come in all before the busiest shard has more to do than it can, with requests dealt out as in the last seconds.  Asked, last 3 s: 1 283 /s
        0  10 000  20 000
        Members of each shard  2 replicas each
        A1 is down; click brings it back  A2 leads, in term 2; a click kills it  A3 has all that its primary has; a click kills it
        B1 leads, in term 1; a click kills it  B2 has all that its primary has; a click kills it  B3 has all that its primary has; a click kills it
        C1 leads, in term 1; a click kills it  C2 has all that its primary has; a click kills it  C3 has all that its primary has; a click kills it
        By the primary: A write is acknowledged as soon as the primary has it: what its replicas have not, is lost with it.  By a majority: A write is acknowledged once a majority of the shard's members has it: no takeover loses it.
        A write is acknowledged as soon as the primary
        has it: what its replicas have not, is lost with it.
        Takeovers so far: 1.
        Ranges that split by themselves  by hand
        By hand  By themselves
        By themselves: a shard that is asked for much
        more than the others gives half of it away.
        The keys from 20 000 on go from C to B
        Writes of two shards  none
        A unit goes from a row of one shard to one of another
        A query over keys  user:1 000 to 1 100
        A query over keys: user:1 000 to 1 100
        By the map it asks A alone.
        Shard A is asked for user:1 000 to 1 100, once
        Latest: user:28 821 to 28 921  101 rows
        C: 101 rows after 12.5 ms
        C alone was asked: 12.5 ms.
        Partitions of the tables  none
        None: The table of each shard is one piece.  Range: Each has a range of keys: a query over neighbours reads few.  List: Each has some values of city: a query by it reads one a shard.  Hash: A hash of the key deals rows out: even, but only single keys leave any out.
        The table of each shard is one piece.
        Queries by another attribute  none
        Requests of the class list ask for all rows with one city
        The shard key
        Id, in ranges  Id, hashed  Country
        New ids follow each other: they all come to the
        last shard.
    "#]]);
    it.fault(Fault::Restart(target("store/0")));
    it.on(3_000);
    let back = it.words("member/A1");
    assert!(back == "A1 level" || back.starts_with("A1 −"), "{back}");
    let (id, field, value) = ("api-store".into(), "reads".into(), json!("any"));
    let edit = Edit::SetWire { id, field, value };
    let diff = edit.diff(&it.run.shown().design, &Default::default()).expect("it can be set");
    it.run.act(Input::Edit(diff)).expect("it compiles");
    it.on(5_000);
    assert!(it.words("members/words/0").starts_with("Replicas answer"));
}

/// The hot end of the ids is split by a click on one chip and nothing else; each step is told.
#[test]
fn ranges_that_split_by_themselves_are_seen() {
    let mut it = open();
    let before = load(&it, "C");
    it.click("auto/true");
    it.on(60_000);
    let (a, b, c) = (load(&it, "A"), load(&it, "B"), load(&it, "C"));
    assert!(c < 0.75 * before && a.max(b).max(c) < 1.6 * (a + b + c) / 3.0, "{a}, {b}, {c}");
    let steps = ["auto/0/0", "auto/1/0"].map(|id| it.words(id));
    assert!(steps.iter().any(|it| it.contains("split at user:2")), "{steps:?}");
    for width in [300.0, 520.0, 900.0] {
        assert_eq!(check::problems(&it.scene(width)), Vec::<String>::new(), "at {width}");
    }
}
