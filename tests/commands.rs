//! The commands `cache` and `place` as people call them: small inputs with answers worked out by hand
//! or published, and bad input.

use std::fs;
use std::path::PathBuf;

use crate::common::command::{json, refused, text};
use serde_json::Value;

#[track_caller]
fn hits(policy: &str, capacity: u32, extra: &[&str], trace: &str) -> u64 {
    let capacity = capacity.to_string();
    let mut arguments = vec!["cache", "--policy", policy, "--capacity", &capacity, "--json"];
    arguments.extend(extra);
    arguments.push("-");
    json(&arguments, trace.as_bytes())["hits"].as_u64().expect("a count")
}

fn lines(keys: &str) -> String {
    keys.split(' ').map(|key| format!("{key}\n")).collect()
}

/// Silberschatz, Galvin and Gagne, "Operating System Concepts", 9th ed., section 9.4: with three
/// frames, 20 references cost 15 faults under FIFO, 12 under LRU and 9 under OPT.
#[test]
fn the_textbook_string() {
    let trace = lines("7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1");
    assert_eq!(hits("fifo", 3, &[], &trace), 20 - 15);
    assert_eq!(hits("lru", 3, &[], &trace), 20 - 12);
    assert_eq!(hits("belady", 3, &[], &trace), 20 - 9);
}

/// Worked out by hand, entry by entry. CLOCK: c d e come; c is used; f takes d's place (the hand
/// passes c), so c is there and d is not. SIEVE the same here. FIFO has lost c.
#[test]
fn small_strings_by_hand() {
    let trace = lines("c d e c f c d");
    // c hits, f evicts d, c hits again, d misses.
    assert_eq!(hits("clock", 3, &[], &trace), 2);
    assert_eq!(hits("sieve", 3, &[], &trace), 2);
    // f evicts c: only the first reuse hits, and d is still there.
    assert_eq!(hits("fifo", 3, &[], &lines("c d e c f d")), 2);
    assert_eq!(hits("fifo", 3, &[], &lines("c d e c f c")), 1);
    // The least used of c (2), d (1), e (1) is d.
    assert_eq!(hits("lfu", 3, &[], &lines("c d e c f c e d")), 3);
    // 8 entries in 4 segments of 2 each. A scan cannot push out what was used twice.
    let scan = lines("a a 1 2 3 4 5 6 7 8 9 10 11 12 a");
    assert_eq!(hits("slru", 8, &[], &scan), 2);
    assert_eq!(hits("lru", 8, &[], &scan), 1);
    // Good for two requests after the one that brought it in, used or not.
    assert_eq!(hits("ttl", 3, &["--ttl", "2"], &lines("a b a a a")), 2);
    // Full of entries whose time is not up: c is not taken in.
    assert_eq!(hits("ttl", 2, &["--ttl", "9"], &lines("a b c c a b")), 2);
}

/// By hand. Room for two: LRU lets b go for c, so that a is there at the end; FIFO lets a go, which came first.
/// Of the two, the future needs a again, so MIN lets b go.
#[test]
fn each_request_is_told() {
    for (policy, expected) in [("lru", "00101\n"), ("fifo", "00100\n"), ("belady", "00101\n")] {
        let told = text(
            &["cache", "--policy", policy, "--capacity", "2", "--requests", "-"],
            lines("a b a c a").as_bytes(),
        );
        assert_eq!(told, expected, "{policy}");
    }
    let sized = [
        "cache",
        "--policy",
        "fifo",
        "--capacity",
        "3",
        "--column",
        "key",
        "--size-column",
        "size",
    ];
    let told =
        text(&[&sized[..], &["--requests", "-"]].concat(), b"key,size\na,2\na,2\nb,2\na,2\n");
    assert_eq!(told, "0100\n", "b needs the room of a");
    let ttl = ["cache", "--policy", "ttl", "--capacity", "3", "--ttl", "2", "--requests", "-"];
    assert_eq!(text(&ttl, lines("a b a a a").as_bytes()), "00101\n");
    let both = ["cache", "--policy", "lru", "--capacity", "2", "--requests", "--json", "-"];
    refused(&both, b"a\n", "--requests");
}

#[test]
fn a_report_says_what_it_counted() {
    let arguments = ["cache", "--policy", "s3-fifo", "--capacity", "10", "--json", "-"];
    let report = json(&arguments, lines("a b a c a").as_bytes());
    for (field, expected) in [("capacity", 10), ("requests", 5), ("hits", 2), ("keys", 3)] {
        assert_eq!(report[field], expected, "{field}");
    }
    assert_eq!(report["policy"], "s3-fifo");
    assert_eq!(report["hit_ratio"], 0.4);
    assert!(report["wall_ns"].is_u64() && report["read_ns"].is_u64());
    let words = text(&["cache", "--policy", "lru", "--capacity", "10", "-"], b"a\na\n");
    assert!(words.contains("hits        1 (50.0 %)"), "{words}");
}

/// Line ends of Windows, no line end at the end, empty lines, a mark of byte order, keys of any
/// bytes, columns by name and by number, quotes, separators.
#[test]
fn traces_of_all_kinds_are_read() {
    for (extra, trace) in [
        (&[][..], "a\r\nb\r\na\r\n"),
        (&[], "a\nb\na"),
        (&[], "\n\na\n\nb\na\n\n"),
        (&[], "\u{feff}a\nb\na\n"),
        (&["--header"], "key\na\nb\na\n"),
        (&["--column", "key"], "time,key\n1,a\n2,b\n3,a\n"),
        (&["--column", "key"], "time;key\r\n1;a\r\n2;b\r\n3;a\r\n"),
        (&["--column", "2"], "1\ta\n2\tb\n3\ta\n"),
        (&["--column", "2", "--header"], "time key\n1 a\n2 b\n3 a\n"),
        (&["--column", "key"], "key,note\n\"a,1\",\"x \"\"y\"\"\"\nb,\n\"a,1\",z\n"),
        (&["--column", "2", "--delimiter", "|"], "1|a,1\n2|b\n3|a,1\n"),
    ] {
        assert_eq!(hits("lru", 10, extra, trace), 1, "{extra:?} {trace:?}");
    }
    let arguments = ["cache", "--policy", "lru", "--capacity", "9", "--json", "-"];
    let report = json(&arguments, b"\xff\xfe\n18446744073709551615\n\xff\xfe\n");
    assert_eq!((&report["hits"], &report["keys"]), (&Value::from(1), &Value::from(2)));
}

/// Worked out by hand: 100 bytes hold a (60) and b (40). c (50) pushes out a, since b was used after
/// it, and then fits.
#[test]
fn sizes_count_if_they_are_told() {
    let trace = "key,size\na,60\nb,40\nb,40\nc,50\nb,40\na,60\nhuge,101\nhuge,101\n";
    let extra = ["--column", "key", "--size-column", "size"];
    let arguments = ["cache", "--policy", "lru", "--capacity", "100", "--json", "-"];
    let all: Vec<&str> = arguments.iter().copied().chain(extra).collect();
    let report = json(&all, trace.as_bytes());
    assert_eq!(report["hits"], 2);
    let (hit, whole) = (80.0, 60.0 + 40.0 + 40.0 + 50.0 + 40.0 + 60.0 + 202.0);
    assert_eq!(report["byte_hit_ratio"], hit / whole);
    // Worth by greedy dual: a has 4 uses, b only 1, so b makes room for big; by LRU it is a.
    let trace = "key,size\na,10\na,10\na,10\na,10\nb,10\nbig,85\na,10\n";
    assert_eq!(hits("gdsf", 100, &extra, trace), 4);
    assert_eq!(hits("lru", 100, &extra, trace), 3);
}

/// Every policy, every capacity from 1 on: hits never exceed Belady's, who knows the future, and a
/// cache that holds everything misses each key once. The bound is one for caches that take in what they
/// are asked for; with policy ttl a full one does not.
#[test]
fn no_policy_beats_the_future() {
    let mut state = 7u64;
    let mut draw = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let trace: String = (0..3_000).map(|_| format!("{}\n", draw(60).min(draw(60)))).collect();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("future.txt");
    fs::write(&path, &trace).expect("a file");
    let path = path.to_str().expect("a path");
    let list = text(&["cache", "--policies"], b"");
    let policies: Vec<&str> = list.lines().filter_map(|it| it.split(' ').next()).collect();
    assert_eq!(policies.len(), 15);
    for capacity in ["1", "2", "3", "7", "20", "60"] {
        let run = |policy: &str| {
            let mut all = vec!["cache", "--policy", policy, "--capacity", capacity, "--json", path];
            if policy == "ttl" {
                all.extend(["--ttl", "1000000"]);
            }
            json(&all, b"")["hits"].as_u64().expect("a count")
        };
        let most = run("belady");
        for policy in &policies {
            assert!(*policy == "ttl" || run(policy) <= most, "{policy} at {capacity}");
            assert!(capacity != "60" || run(policy) == most, "{policy} holds everything");
        }
    }
}

/// One pass by stack distance counts what a simulation at each size counts.
#[test]
fn curves_agree_with_simulations() {
    let trace: String = (0..5_000u64).map(|it| format!("{}\n", it * it % 331 % 97)).collect();
    let arguments = ["cache", "--policy", "lru", "--curve", "10", "--json", "-"];
    let curve = json(&arguments, trace.as_bytes());
    let points = curve["points"].as_array().expect("points");
    assert_eq!(points.len(), 10);
    for point in points {
        let capacity = point["capacity"].as_u64().expect("a number") as u32;
        assert_eq!(point["hits"].as_u64(), Some(hits("lru", capacity, &[], &trace)), "{capacity}");
    }
    assert_eq!(points[9]["capacity"], curve["keys"]);
    // A sample says how far off it may be, and is not further off than three times that.
    let trace: String = (0..60_000u64)
        .map(|it| {
            let draw = it.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            format!("{}\n", (draw % 4_000).min((draw >> 12) * 4_000 % 3_989))
        })
        .collect();
    let arguments = ["cache", "--policy", "fifo", "--curve", "3", "--sample", "0.3", "--json", "-"];
    for point in json(&arguments, trace.as_bytes())["points"].as_array().expect("points") {
        let capacity = point["capacity"].as_u64().expect("a number") as u32;
        let exact = hits("fifo", capacity, &[], &trace) as f64 / 60_000.0;
        let (ratio, error) = (point["hit_ratio"].as_f64(), point["error"].as_f64());
        let (ratio, error) = (ratio.expect("a ratio"), error.expect("an error"));
        assert!((ratio - exact).abs() <= 1.5 * error + 0.005, "{ratio} ± {error}: {exact}");
    }
}

#[test]
fn bad_traces_are_refused_by_name() {
    let cache = ["cache", "--policy", "lru", "--capacity", "10"];
    let with = |extra: &[&'static str]| [&cache[..], extra].concat();
    refused(&with(&["no/such/file"]), b"", "trace: cannot read no/such/file");
    refused(&with(&["-"]), b"", "trace: there is no request");
    refused(
        &with(&["-", "--column", "key"]),
        b"time,id\n1,2\n",
        "column: no column is called \"key\"",
    );
    refused(&with(&["-", "--column", "3"]), b"1,2\n", "column: there are 2 columns, not 3");
    refused(&with(&["-", "--column", "2"]), b"1,2\n3\n", "column: line 2 has 1 columns");
    let sized = with(&["-", "--column", "1", "--size-column", "2"]);
    refused(&sized, b"a,1\nb,many\n", "size-column: line 2: \"many\" is not a whole number");
    refused(&with(&["-", "--ttl", "5"]), b"a\n", "ttl: policy lru has no time to live");
    refused(&["cache", "--policy", "ttl", "--capacity", "5", "-"], b"a\n", "ttl: ");
    refused(&["cache", "--policy", "best", "--capacity", "5", "-"], b"a\n", "policy: there is no");
    refused(&["cache", "--policy", "lru", "-"], b"a\n", "capacity: ");
    refused(&["cache", "--policy", "lru", "--capacity", "0", "-"], b"a\n", "--capacity");
    refused(&["cache", "--policy", "lru", "--capacity", "x", "-"], b"a\n", "--capacity");
    let long = vec![b'x'; 2 << 20];
    refused(&with(&["-"]), &long, "trace: line 1 is longer");
}

#[test]
fn keys_are_placed_line_by_line() {
    let placed = text(&["place", "--scheme", "modulo", "--nodes", "a,b"], b"x\r\n\ny\n");
    let lines: Vec<&str> = placed.lines().collect();
    assert!(lines[0].starts_with("x\t") && lines[1].starts_with("y\t"), "{placed}");
    // Vectors of dgryski/go-jump.
    let buckets = text(&["place", "--scheme", "jump", "--buckets", "666"], b"3735883980\n");
    assert_eq!(buckets, "3735883980\t361\n");
    // Redis documentation, CLUSTER KEYSLOT.
    let slots = text(&["place", "--scheme", "redis-slots", "--slots"], b"somekey\nfoo{hash_tag}\n");
    assert_eq!(slots, "somekey\t11058\nfoo{hash_tag}\t2515\n");
    // Redis documentation, "Scale with Redis Cluster": 11058 is on the third of three masters.
    let node = text(&["place", "--scheme", "redis-slots", "--nodes", "a,b,c"], b"somekey\n");
    assert_eq!(node, "somekey\tc\n");
    let near =
        ["place", "--scheme", "geographic", "--nodes", "eu,us", "--sites", "52.5:13.4,40.7:-74"];
    assert_eq!(text(&near, b"48.9,2.4\n"), "48.9,2.4\teu\n");
    // A piece split in the middle, and joined again; a query over its edge asks both.
    let ranges = ["place", "--scheme", "range", "--nodes", "a,b,c", "--rows"];
    let split = [&ranges[..], &["0=a,100=c,200=b"]].concat();
    assert_eq!(text(&split, b"99\n100\n200\n"), "99\ta\n100\tc\n200\tb\n");
    let between = |keys| text(&[&split[..], &["--between", keys]].concat(), b"");
    assert_eq!([between("20-99"), between("99-150")], ["a\n", "a\nc\n"]);
    for scheme in text(&["place", "--schemes"], b"").lines().take(8) {
        let scheme = scheme.split(' ').next().expect("a name");
        let placed = text(&["place", "--scheme", scheme, "--nodes", "a,b,c"], b"1\n2\n3\n");
        assert_eq!(placed.lines().count(), 3, "{scheme}: {placed}");
    }
}

/// From three nodes to four: modulo moves three quarters, a ring one quarter and none between the
/// nodes that stay.
#[test]
fn a_change_of_nodes_says_what_moves() {
    let keys: String = (0..8_000).map(|it| format!("user:{it}\n")).collect();
    let moved = |scheme: &str| {
        let nodes = ["--nodes", "a,b,c,d", "--moved-from", "a,b,c", "--json"];
        json(&[&["place", "--scheme", scheme][..], &nodes].concat(), keys.as_bytes())
    };
    let (modulo, ring) = (moved("modulo"), moved("ring"));
    let share = |it: &Value| it["share"].as_f64().expect("a share");
    assert!((share(&modulo) - 0.75).abs() < 0.03, "{modulo}");
    assert!((share(&ring) - 0.25).abs() < 0.05, "{ring}");
    assert_eq!((&ring["keys"], &ring["between_survivors"]), (&8_000.into(), &0.into()));
    assert!(modulo["between_survivors"].as_u64() > Some(3_000), "{modulo}");
}

#[test]
fn bad_placements_are_refused_by_name() {
    let place = |extra: &[&'static str]| [&["place"], extra].concat();
    refused(&place(&["--scheme", "magic", "--nodes", "a"]), b"", "scheme: there is no \"magic\"");
    refused(&place(&["--scheme", "ring"]), b"", "nodes: ");
    refused(&place(&["--scheme", "ring", "--nodes", "a,a"]), b"", "nodes: \"a\" is there twice");
    refused(
        &place(&["--scheme", "ring", "--nodes", "a,b", "--weights", "1"]),
        b"",
        "weights: 1 for 2",
    );
    refused(&place(&["--scheme", "ring", "--nodes", "a", "--hash", "x"]), b"", "hash: there is no");
    refused(&place(&["--scheme", "ring", "--nodes", "a", "--vnodes", "0"]), b"", "vnodes: ");
    refused(
        &place(&["--scheme", "maglev", "--nodes", "a", "--table", "10"]),
        b"",
        "table: 10 is not",
    );
    refused(&place(&["--scheme", "jump", "--buckets", "3"]), b"x\n", "buckets: key \"x\"");
    refused(&place(&["--scheme", "ring", "--buckets", "3"]), b"", "buckets: only scheme jump");
    refused(
        &place(&["--scheme", "list", "--nodes", "a", "--rows", "x"]),
        b"",
        "rows: \"x\" has no",
    );
}

/// Redis documentation, "Redis data types" (lists as queue and stack, SET NX, sorted sets, GEODIST) and the
/// pages of the commands; as redis-cli prints it.
#[test]
fn commands_are_answered_as_redis_does() {
    let commands = "SET user:2:email a@b\nSET user:2:email c@d NX\nLPUSH q 1 2 3\nRPOP q\nLPOP q\n\
        INCR q\nZADD board 10 ann 20 bob\nZINCRBY board 15 ann\nZREVRANGE board 0 -1 WITHSCORES\n\
        GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania\n\
        GEODIST Sicily Palermo Catania\nGET\n";
    let expected = [
        "OK",
        "(nil)",
        "(integer) 3",
        "\"1\"",
        "\"3\"",
        "(error) WRONGTYPE Operation against a key holding the wrong kind of value",
        "(integer) 2",
        "\"25\"",
        "1) \"ann\"\n2) \"25\"\n3) \"bob\"\n4) \"20\"",
        "(integer) 2",
        "\"166274.1516\"",
        "(error) ERR wrong number of arguments for 'get' command",
    ];
    let printed = text(&["redis"], commands.as_bytes());
    assert_eq!(printed.trim_end().split("\n\n").collect::<Vec<_>>(), expected);
    // What replicas are told has no chance and no clock left in it.
    let told = text(&["redis", "--effects"], b"SET k v EX 10\nSADD s a\nSPOP s\n");
    assert_eq!(
        told,
        "OK\n-> SET k v PXAT 11000\n\n(integer) 1\n-> SADD s a\n\n\"a\"\n-> SREM s a\n\n"
    );
}

/// Policies have the names that people use, and a number is a column's place whatever the first line has.
#[test]
fn names_and_columns_are_taken_as_people_write_them() {
    let trace = b"a\nb\na\nc\na\nb\n";
    for (names, id) in [
        (["2q", "Two-Q"], "two-q"),
        (["TTL-only", "ttl"], "ttl"),
        (["MIN", "opt"], "belady"),
        (["S3-FIFO", "s3fifo"], "s3-fifo"),
    ] {
        for name in names {
            let more: &[&str] = if id == "ttl" { &["--ttl", "3"] } else { &[] };
            let report = json(
                &[&["cache", "--policy", name, "--capacity", "2", "--json", "-"], more].concat(),
                trace,
            );
            assert_eq!(report["policy"], id, "{name}");
            assert_eq!(report["requests"], 6);
        }
    }
    // A line of Twitter's traces: no header, and 2 is a value in the first of them.
    let lines =
        b"0,keyA,17,213,2,get\n0,keyB,17,213,2,get\n1,keyA,17,213,5,get\n2,keyB,17,213,2,get\n";
    let report = json(
        &["cache", "--policy", "lru", "--capacity", "2", "--column", "2", "--json", "-"],
        lines,
    );
    assert_eq!((&report["requests"], &report["hits"]), (&4.into(), &2.into()));
    // A column called by a number is one where the first line is said to name them.
    let named = b"1,2\nx,a\nx,b\nx,a\n";
    let report = json(
        &[
            "cache",
            "--policy",
            "lru",
            "--capacity",
            "2",
            "--column",
            "2",
            "--header",
            "--json",
            "-",
        ],
        named,
    );
    assert_eq!((&report["requests"], &report["hits"]), (&3.into(), &1.into()));
}
