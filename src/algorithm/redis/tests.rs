//! Tests of the keyspace: examples of the commands' pages on redis.io, and what replicas are told.

use super::*;
use crate::base::draw::mix;

/// Runs lines, each at one more ms, and gives the answers as the command line client prints them.
fn run(space: &mut Keyspace, lines: &str) -> String {
    let lines = lines.lines().map(str::trim).filter(|it| !it.is_empty());
    let one = |(n, line): (usize, &str)| {
        space.run(line, Nanos::millis(1_000 + n as u64), mix(n as u64)).to_string()
    };
    lines.enumerate().map(one).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(lines: &str, expected: &str) {
    let expected: Vec<_> = expected.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let found = run(&mut Keyspace::default(), lines);
    let found: Vec<_> = found.lines().map(str::trim).collect();
    assert_eq!(found, expected);
}

#[test]
fn strings() {
    check(
        r#"SET k v NX
           SET k w NX
           SET k w XX GET
           GET k
           SET k x EX 0
           SET k x NX XX
           SET n 10
           INCRBY n 5
           DECR n
           INCRBYFLOAT n 0.1
           INCR n
           INCR k
           APPEND k orld
           STRLEN k
           SETRANGE g 3 abc
           GETRANGE k -3 -1
           MSET a 1 b
           MGET k none
           LPUSH k a
           GETDEL k
           get"#,
        r#"OK
           (nil)
           "v"
           "w"
           (error) ERR invalid expire time in 'set' command
           (error) ERR syntax error
           OK
           (integer) 15
           (integer) 14
           "14.1"
           (error) ERR value is not an integer or out of range
           (error) ERR value is not an integer or out of range
           (integer) 5
           (integer) 5
           (integer) 6
           "rld"
           (error) ERR wrong number of arguments for 'mset' command
           1) "world"
           2) (nil)
           (error) WRONGTYPE Operation against a key holding the wrong kind of value
           "world"
           (error) ERR wrong number of arguments for 'get' command"#,
    );
}

#[test]
fn lists_are_queues_and_stacks_by_the_ends_they_are_used_at() {
    check(
        "RPUSH q a b c\nLPUSH q z\nRPOP q\nLPOP q\nLRANGE q 0 -1\nLMOVE q r LEFT RIGHT\nLPOP q 5\nTYPE q\nLLEN r",
        "(integer) 3\n(integer) 4\n\"c\"\n\"z\"\n1) \"a\"\n2) \"b\"\n\"a\"\n1) \"b\"\nnone\n(integer) 1",
    );
}

#[test]
fn sorted_sets_rank_anew() {
    check(
        "ZADD z 1 one 1 uno 2 two 3 three\nZINCRBY z 9 one\nZRANGE z 0 -1 WITHSCORES\nZREVRANK z one\nZADD z GT CH 1 two 7 three\nZRANGEBYSCORE z (1 +inf LIMIT 0 1\nZADD z NX GT 1 a\nZADD z INCR 2 uno\nZPOPMAX z",
        "(integer) 4\n\"10\"\n1) \"uno\"\n2) \"1\"\n3) \"two\"\n4) \"2\"\n5) \"three\"\n6) \"3\"\n7) \"one\"\n8) \"10\"\n(integer) 0\n(integer) 1\n1) \"two\"\n(error) ERR GT, LT, and/or NX options at the same time are not compatible\n\"3\"\n1) \"one\"\n2) \"10\"",
    );
}

#[test]
fn bits_and_bitfields() {
    check(
        r#"SET mykey foobar
           BITCOUNT mykey
           BITCOUNT mykey 5 30 BIT
           BITPOS mykey 0
           BITFIELD f INCRBY i5 100 1 GET u4 0
           BITFIELD f INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1
           BITFIELD f INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1
           BITFIELD f INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1
           BITFIELD f OVERFLOW FAIL INCRBY u2 102 1
           SETBIT b 7 1
           GET b"#,
        r#"OK
           (integer) 26
           (integer) 17
           (integer) 0
           1) (integer) 1
           2) (integer) 0
           1) (integer) 1
           2) (integer) 1
           1) (integer) 2
           2) (integer) 2
           1) (integer) 3
           2) (integer) 3
           1) (nil)
           (integer) 0
           "\x01""#,
    );
}

#[test]
fn places_are_those_of_the_documentation() {
    check(
        r#"GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
           GEODIST Sicily Palermo Catania
           GEODIST Sicily Palermo Catania km
           GEOHASH Sicily Palermo Catania
           GEOPOS Sicily Palermo none
           GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST
           ZSCORE Sicily Palermo"#,
        r#"(integer) 2
           "166274.1516"
           "166.2742"
           1) "sqc8b49rny0"
           2) "sqdtr74hyu0"
           1) 1) "13.36138933897018433"
           2) "38.11555639549629859"
           2) (nil)
           1) 1) "Catania"
           2) "56.4413"
           2) 1) "Palermo"
           2) "190.4424"
           "3479099956230698""#,
    );
}

#[test]
fn streams_and_their_groups() {
    check(
        r#"XADD s 5-1 a 1
           XADD s * b 2
           XADD s 5-2 c 3
           XADD s 1001-* d 4
           XLEN s
           XGROUP CREATE s g 0
           XREADGROUP GROUP g alice COUNT 2 STREAMS s >
           XACK s g 5-1
           XPENDING s g
           XREAD STREAMS s 1001-0
           XREVRANGE s + - COUNT 1"#,
        r#""5-1"
           "1001-0"
           (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
           "1001-1"
           (integer) 3
           OK
           1) 1) "s"
           2) 1) 1) "5-1"
           2) 1) "a"
           2) "1"
           2) 1) "1001-0"
           2) 1) "b"
           2) "2"
           (integer) 1
           1) (integer) 1
           2) "1001-0"
           3) "1001-0"
           4) 1) 1) "alice"
           2) "1"
           1) 1) "s"
           2) 1) 1) "1001-1"
           2) 1) "d"
           2) "4"
           1) 1) "1001-1"
           2) 1) "d"
           2) "4""#,
    );
}

#[test]
fn keys_expire_by_the_clock_handed_in() {
    let mut space = Keyspace::default();
    let mut run = |line: &str, ms| space.run(line, Nanos::millis(ms), 0).to_string();
    assert_eq!(run("SET k v PX 100", 1_000), "OK");
    assert_eq!(run("PTTL k", 1_050), "(integer) 50");
    assert_eq!(run("GET k", 1_100), "\"v\"");
    assert_eq!(run("GET k", 1_101), "(nil)");
    assert_eq!(run("SET k w NX", 1_102), "OK");
    assert_eq!(run("TTL k", 1_103), "(integer) -1");
    assert_eq!(run("EXPIRE k -1", 1_103), "(integer) 1");
    assert_eq!(run("EXISTS k", 1_103), "(integer) 0");
    assert_eq!(run("SET a 1 EX 1", 2_000), "OK");
    assert_eq!(space.reap(Nanos::millis(3_000), 9), [""; 0]);
    assert_eq!(space.reap(Nanos::millis(3_001), 9), ["DEL a"]);
}

#[test]
fn what_replicas_are_told_leaves_nothing_to_chance_or_clock() {
    let mut space = Keyspace::default();
    let mut told = |line: &str, ms| space.perform(line, Nanos::millis(ms), 5).effects;
    assert_eq!(told("SET k v EX 5", 1_000), ["SET k v PXAT 6000"]);
    assert_eq!(told("GET k", 1_001), [""; 0]);
    assert_eq!(told("SET k w NX", 1_002), [""; 0]);
    assert_eq!(told("SET k w NX", 7_000), ["DEL k", "SET k w NX"]);
    assert_eq!(told("EXPIRE k 2", 7_000), ["PEXPIREAT k 9000"]);
    assert_eq!(told("XADD s MAXLEN 2 * a \"b c\"", 8_000), ["XADD s MAXLEN 2 8000-0 a \"b c\""]);
    assert_eq!(told("INCRBYFLOAT f 1.5", 8_000), ["SET f 1.5 KEEPTTL"]);
    told("SADD t a b c", 8_000);
    let popped = told("SPOP t", 8_000);
    assert!(popped[0].starts_with("SREM t "), "{popped:?}");
}

/// Lines of everything, many of them wrong.
fn any_line(draw: u64) -> String {
    let at = |n: u64, most: u64| mix(draw ^ mix(n)) % most;
    let key = format!("k{}", at(1, 6));
    let (a, b) = (at(2, 12), at(3, 12));
    match at(4, 40) {
        0 => format!("SET {key} {a} EX {}", 1 + b),
        1 => format!("SET {key} v{a} NX"),
        2 => format!("INCRBYFLOAT {key} {a}.25"),
        3 => format!("SADD {key} m{a} m{b} {a}"),
        4 | 5 => format!("SPOP {key}"),
        6 => format!("SPOP {key} {a}"),
        7 => format!("XADD {key} MAXLEN 5 * f {a}"),
        8 => format!("LPUSH {key} {a} {b}"),
        9 => format!("RPOP {key}"),
        10 => format!("ZADD {key} {a} m{b} {b} m{a}"),
        11 => format!("ZINCRBY {key} {a}.5 m{b}"),
        12 => format!("HSET {key} f{a} {b}"),
        13 => format!("HINCRBYFLOAT {key} f{a} 0.{b}"),
        14 => format!("PFADD {key} {a} {b}"),
        15 => format!("PEXPIRE {key} {}", at(5, 400)),
        16 => format!("PERSIST {key}"),
        17 => format!("DEL {key}"),
        18 => format!("SETBIT {key} {a} 1"),
        19 => format!("BITFIELD {key} SET u8 {a} {b} INCRBY i5 {b} {a}"),
        20 => format!("LMOVE {key} k{b} LEFT RIGHT"),
        21 => format!("XGROUP CREATE {key} g{} $ MKSTREAM", a % 2),
        22 => format!("XREADGROUP GROUP g0 c{} COUNT 2 STREAMS {key} >", b % 3),
        23 => format!("XACK {key} g0 {a}-0"),
        24 => format!("GEOADD {key} {a}.5 {b}.25 p{a}"),
        25 => format!("ZPOPMIN {key} 2"),
        26 => format!("APPEND {key} \"\\x00{a}\""),
        27 => format!("SUNIONSTORE {key} k{a} k{b}"),
        28 => format!("GETDEL {key}"),
        29 => format!("BITOP XOR {key} k{a} k{b}"),
        30 => format!("PFMERGE {key} k{a}"),
        31 => format!("LTRIM {key} {a} {b}"),
        32 => format!("SETEX {key} 1 {a}"),
        n => {
            let holds = Holds::ALL[(n - 31) as usize % Holds::ALL.len()];
            holds.command(at(6, 2) == 0, at(1, 3) as u32, draw)
        }
    }
}

/// Who only hears of effects, and has another clock, has the same at the end.
#[test]
fn replicas_that_replay_effects_have_the_same() {
    let (mut primary, mut replica) = (Keyspace::default(), Keyspace::default());
    let mut refused = 0;
    for step in 0..30_000u64 {
        let line = any_line(mix(step));
        let done = primary.perform(&line, Nanos::millis(1_000 + step * 7), mix(!step));
        refused += u32::from(done.reply.is_error());
        assert!(done.effects.is_empty() || Keyspace::writes(&line), "{line}");
        for effect in &done.effects {
            let reply = replica.replay(effect);
            assert!(!reply.is_error(), "{line} told {effect}: {reply}");
        }
        if step % 100 == 0 {
            assert_eq!(primary, replica, "after {line}");
        }
    }
    assert_eq!(primary, replica);
    assert_eq!(crate::base::stable::hash_of(&primary), crate::base::stable::hash_of(&replica));
    assert!((1_000..25_000).contains(&refused), "{refused}");
}

#[test]
fn what_requests_run_stays_within_bounds() {
    for holds in Holds::ALL {
        let mut space = Keyspace::default();
        let mut largest = 0;
        for step in 0..20_000u64 {
            let draw = mix(step);
            let line = holds.command(!draw.is_multiple_of(5), (draw >> 32) as u32 % 3, mix(draw));
            let reply = space.run(&line, Nanos::millis(step), 0);
            assert!(!reply.is_error(), "{line}: {reply}");
            largest = largest.max(space.bytes());
        }
        assert!((100..40_000).contains(&largest), "{}: {largest} bytes", holds.word());
    }
}

#[test]
fn encodings_change_at_redis_thresholds() {
    let mut space = Keyspace::default();
    let mut run = |line: &str| space.run(line, Nanos::ZERO, 0);
    let mut encoding = |lines: &[String], key: &str| {
        lines.iter().for_each(|it| _ = run(it));
        match run(&format!("OBJECT ENCODING {key}")) {
            Reply::Bulk(it) => String::from_utf8(it).unwrap(),
            other => panic!("{other}"),
        }
    };
    assert_eq!(encoding(&["SET s 12".into()], "s"), "int");
    assert_eq!(encoding(&["SET s 012".into()], "s"), "embstr");
    assert_eq!(encoding(&[format!("SET s {}", "x".repeat(45))], "s"), "raw");
    assert_eq!(encoding(&["SET s a".into(), "APPEND s b".into()], "s"), "raw");
    let add = |most: u32, line: fn(u32) -> String| (0..most).map(line).collect::<Vec<_>>();
    assert_eq!(encoding(&add(512, |it| format!("SADD i {it}")), "i"), "intset");
    assert_eq!(encoding(&["SADD i 512".into()], "i"), "hashtable");
    assert_eq!(encoding(&["SREM i 512".into()], "i"), "hashtable");
    assert_eq!(encoding(&add(128, |it| format!("ZADD z {it} {it}")), "z"), "listpack");
    assert_eq!(encoding(&["ZADD z 1 more".into()], "z"), "skiplist");
    assert_eq!(encoding(&add(512, |it| format!("HSET h {it} {it}")), "h"), "listpack");
    assert_eq!(encoding(&[format!("HSET h a {}", "x".repeat(65))], "h"), "hashtable");
    assert_eq!(encoding(&["RPUSH l a".into()], "l"), "quicklist");
}

#[test]
fn patterns_fit_as_in_redis() {
    for (pattern, text, fits) in [
        ("h?llo", "hallo", true),
        ("h*o", "ho", true),
        ("h[ae]llo", "hillo", false),
        ("h[^e]llo", "hallo", true),
        ("h[a-c]llo", "hbllo", true),
        ("a\\*", "a*", true),
        ("a\\*", "ab", false),
        ("", "", true),
    ] {
        assert_eq!(keys::matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
    }
}
