//! Schemes against published values, their papers' claims, and theory.

use super::pieces::Pieces;
use super::*;

fn named(names: &[&str]) -> Vec<Node> {
    names.iter().map(|name| Node { name: (*name).into(), weight: 1 }).collect()
}

fn numbered(count: usize) -> Vec<Node> {
    (0..count).map(|at| Node { name: format!("node{at}"), weight: 1 }).collect()
}

fn place_all(scheme: Scheme, nodes: &[Node], settings: &Settings, keys: usize) -> Vec<String> {
    let mut placed = scheme.build(nodes, settings).unwrap();
    let place = |at| nodes[placed.place(format!("key-{at}").as_bytes()).unwrap()].name.clone();
    (0..keys).map(place).collect()
}

fn counts(nodes: &[Node], placed: &[String]) -> Vec<f64> {
    let count = |node: &Node| placed.iter().filter(|it| **it == node.name).count() as f64;
    nodes.iter().map(count).collect()
}

/// Catalogue E6: with String.hashCode and three points a node, all three keys go to A, before and
/// after D joins. The positions are those worked out there.
#[test]
fn a_bad_hash_sends_every_key_to_one_node() {
    let settings = Settings { hash: Hash::Java, vnodes: 3, ..Settings::default() };
    let Placed::Ring(ring) = Scheme::Ring.build(&named(&["A", "B", "C", "D"]), &settings).unwrap()
    else {
        panic!("a ring");
    };
    let places: Vec<u64> = ring.points().iter().map(|it| it.at).collect();
    let expected = [2_063, 2_064, 2_065, 2_094, 2_095, 2_096, 2_125, 2_126, 2_127, 2_156];
    assert_eq!(places[..10], expected);
    assert_eq!(ring.position(b"key1"), 3_288_498);
    assert_eq!(ring.position(b"key3"), 3_288_500);
    for nodes in [&["A", "B", "C"][..], &["A", "B", "C", "D"]] {
        let mut placed = Scheme::Ring.build(&named(nodes), &settings).unwrap();
        for key in ["key1", "key2", "key3"] {
            assert_eq!(placed.place(key.as_bytes()), Ok(0), "{key} goes to A");
        }
    }
}

/// The vectors of the widely used Go package dgryski/go-jump, which other implementations copy.
#[test]
fn jump_of_known_keys() {
    for (key, buckets, expected) in
        [(1, 1, 0), (42, 57, 43), (0xdead_10cc, 1, 0), (0xdead_10cc, 666, 361), (256, 1_024, 520)]
    {
        assert_eq!(jump::bucket(key, buckets), expected, "key {key}, {buckets} buckets");
    }
}

/// Lamping and Veach, section 2: from n to n + 1 buckets a key either stays or goes to the new one,
/// and 1 / (n + 1) of the keys go.
#[test]
fn jump_moves_keys_only_to_the_new_bucket() {
    for buckets in [1, 2, 10, 99] {
        let mut moved = 0;
        for key in 0..20_000u64 {
            let key = crate::base::draw::mix(key);
            let (before, after) = (jump::bucket(key, buckets), jump::bucket(key, buckets + 1));
            assert!(after == before || after == buckets);
            moved += u64::from(after != before);
        }
        let mean = 20_000.0 / f64::from(buckets + 1);
        // Four standard deviations of a binomial count.
        assert!((moved as f64 - mean).abs() < 4.0 * mean.sqrt(), "{buckets}: {moved}");
    }
}

/// Redis Cluster specification, "Hash tags", and the examples of CLUSTER KEYSLOT in the Redis
/// documentation: somekey 11058, foo{hash_tag} and bar{hash_tag} 2515.
#[test]
fn redis_slots_of_the_documentation() {
    use redis_slots::slot;
    assert_eq!(slot(b"somekey"), 11_058);
    assert_eq!(slot(b"foo{hash_tag}"), 2_515);
    assert_eq!(slot(b"bar{hash_tag}"), 2_515);
    assert_eq!(slot(b"123456789"), 0x31c3);
    assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
    assert_eq!(slot(b"{user1000}.following"), slot(b"user1000"));
    // An empty tag is none; only the first brace and the first closing one after it count.
    let whole = |key: &[u8]| Hash::Crc16.of(key) as u32 % 16_384;
    assert_eq!(slot(b"foo{}{bar}"), whole(b"foo{}{bar}"));
    assert_eq!(slot(b"foo{{bar}}zap"), whole(b"{bar"));
    assert_eq!(slot(b"foo{bar}{zap}"), whole(b"bar"));
    assert_eq!(slot(b"foo{bar"), whole(b"foo{bar"));
}

/// `redis-cli --cluster create` with three masters: 0-5460, 5461-10922, 10923-16383 (Redis
/// documentation, "Scale with Redis Cluster").
#[test]
fn redis_slots_are_dealt_out_as_by_redis_cli() {
    let Placed::RedisSlots(slots) =
        Scheme::RedisSlots.build(&numbered(3), &Settings::default()).unwrap()
    else {
        panic!("slots");
    };
    assert_eq!(slots.pieces(), [(5_460, 0), (10_922, 1), (16_383, 2)]);
}

/// No table with even shares is nearer to the one before: whoever had more than an even share has given
/// what is above it, and nobody else has given anything.
#[test]
fn slots_are_dealt_anew_with_as_few_moves_as_can_be() {
    use redis_slots::{SLOTS, dealt, rebalance};
    let mut table: Vec<u8> = dealt(&[0, 1, 2]).map(|it| it.expect("somebody's")).collect();
    // Nodes join and leave, some in the middle, some are no more.
    let steps: [&[bool]; 8] = [
        &[true, true, true, true],
        &[true, true, true, true, true],
        &[true, false, true, true, true],
        &[true, true, true, true, true],
        &[true, true],
        &[true, true, true, true, true, true, true],
        &[false, false, true, false, false, false, false],
        &[true; 26],
    ];
    for (at, takes_part) in steps.iter().enumerate() {
        let next = rebalance(&table, takes_part);
        let count =
            |of: &[u8], node: usize| of.iter().filter(|it| usize::from(**it) == node).count();
        let sharing = takes_part.iter().filter(|it| **it).count();
        let even = SLOTS as usize / sharing;
        let over = SLOTS as usize % sharing;
        // So many may keep one more than the others.
        let before: Vec<_> = (0..26).map(|it| count(&table, it)).collect();
        let part = |node: usize| takes_part.get(node).copied().unwrap_or(false);
        let rich = (0..26).filter(|it| part(*it) && before[*it] > even).count().min(over);
        let above = |it: usize| if part(it) { before[it].saturating_sub(even) } else { before[it] };
        let least = (0..26).map(above).sum::<usize>() - rich;
        let moved = table.iter().zip(&next).filter(|it| it.0 != it.1).count();
        assert_eq!(moved, least, "step {at}");
        for node in 0..26 {
            let count = count(&next, node);
            let fair = if part(node) { even..=even + 1 } else { 0..=0 };
            assert!(fair.contains(&count), "step {at}: {node} has {count}");
        }
        assert_eq!(rebalance(&next, takes_part), next, "step {at}: nothing is left to do");
        table = next;
    }
    assert_eq!(rebalance(&table, &[false, false]), table, "nobody is there to take them");
}

/// Points and keys worked out with `uhashring` 2.5 in ketama mode; `tests/crosscheck/placement.py`
/// compares many more.
#[test]
fn ketama_is_that_of_memcached_clients() {
    let nodes = named(&["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"]);
    let Placed::Ketama(ring) = Scheme::Ketama.build(&nodes, &Settings::default()).unwrap() else {
        panic!("ketama");
    };
    assert_eq!(ring.points().len(), 3 * 160);
    let placed = place_all(Scheme::Ketama, &nodes, &Settings::default(), 12);
    let last: String = placed.iter().map(|it| it.as_bytes()[7] as char).collect();
    assert_eq!(last, "211223233111");
    assert_eq!(ring.points()[0].at, 7_234_733);
}

/// A node of V out of N = nV points owns a sum of V of N spacings of a circle: a beta variable with
/// mean 1/n and a relative standard deviation of sqrt((n - 1) / (N + 1)).
#[test]
fn shares_of_a_ring_spread_as_theory_says() {
    for vnodes in [1u32, 8, 50, 200] {
        let (mut squares, mut count) = (0.0, 0.0);
        for group in 0..60 {
            let node = |at| Node { name: format!("{group}/{at}"), weight: 1 };
            let nodes: Vec<Node> = (0..10).map(node).collect();
            let settings = Settings { vnodes, ..Settings::default() };
            let Placed::Ring(ring) = Scheme::Ring.build(&nodes, &settings).unwrap() else {
                panic!("a ring");
            };
            let shares = ring.shares(10);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            squares += shares.iter().map(|it| (it * 10.0 - 1.0) * (it * 10.0 - 1.0)).sum::<f64>();
            count += 10.0;
        }
        let (found, expected) =
            ((squares / count).sqrt(), (9.0 / (10.0 * f64::from(vnodes) + 1.0)).sqrt());
        // 600 shares, slightly dependent: the deviation is known to about 4 %.
        assert!((found / expected - 1.0).abs() < 0.12, "{vnodes}: {found} against {expected}");
    }
}

/// What a change from n to n + 1 nodes moves: (scheme, share at least, share at most, whether keys may
/// move between nodes that were there before).
#[test]
fn a_new_node_moves_its_share_and_no_more() {
    let (n, keys) = (4, 20_000);
    let even = 1.0 / (n + 1) as f64;
    for (scheme, least, most, between) in [
        // n of n + 1 move.
        (Scheme::Modulo, 0.78, 0.82, true),
        // One of n + 1, give or take the unevenness of 200 points a node (7 %: three deviations).
        (Scheme::Ring, even * 0.78, even * 1.22, false),
        (Scheme::Ketama, even * 0.75, even * 1.25, false),
        (Scheme::Rendezvous, even * 0.94, even * 1.06, false),
        (Scheme::Jump, even * 0.94, even * 1.06, false),
        // Maglev trades a little disruption for balance (paper, section 5.3).
        (Scheme::Maglev, even * 0.94, even * 1.2, true),
    ] {
        let settings = Settings::default();
        let before = place_all(scheme, &numbered(n), &settings, keys);
        let after = place_all(scheme, &numbered(n + 1), &settings, keys);
        let pairs = || before.iter().zip(&after).filter(|(from, to)| from != to);
        let share = pairs().count() as f64 / keys as f64;
        assert!((least..most).contains(&share), "{scheme:?} moves {share}");
        let stray = pairs().filter(|it| it.1 != "node4").count();
        assert!(between || stray == 0, "{scheme:?} moves {stray} between the old ones");
    }
}

/// A node that leaves: only its keys move, and they spread over the rest.
#[test]
fn only_the_keys_of_a_lost_node_move() {
    let nodes = numbered(5);
    let fewer: Vec<Node> = nodes.iter().filter(|it| it.name != "node2").cloned().collect();
    for scheme in [Scheme::Ring, Scheme::Ketama, Scheme::Rendezvous] {
        let before = place_all(scheme, &nodes, &Settings::default(), 20_000);
        let after = place_all(scheme, &fewer, &Settings::default(), 20_000);
        let lost: Vec<&String> =
            before.iter().zip(&after).filter(|it| it.0 == "node2").map(|it| it.1).collect();
        let others = before.iter().zip(&after).filter(|it| it.0 != "node2");
        assert_eq!(others.filter(|it| it.0 != it.1).count(), 0, "{scheme:?}");
        for node in &fewer {
            let got = lost.iter().filter(|it| ***it == node.name).count() as f64;
            assert!(got > 0.1 * lost.len() as f64, "{scheme:?}: {} gets {got}", node.name);
        }
    }
}

/// Section 3.4 and figure 12 of the Maglev paper: with a table of 65,537 rows, rows differ by one
/// at most between nodes; taking away one of 1,000 backends changes about 2 % of the other rows or
/// less.
#[test]
fn maglev_is_balanced_and_hardly_disrupted() {
    for n in [3, 10, 100, 1_000] {
        let nodes = numbered(n);
        let table = |nodes: &[Node]| match Scheme::Maglev.build(nodes, &Settings::default()) {
            Ok(Placed::Maglev(it)) => it.table().to_vec(),
            other => panic!("{other:?}"),
        };
        let whole = table(&nodes);
        let mut rows = vec![0u32; n];
        whole.iter().for_each(|it| rows[*it as usize] += 1);
        let (most, least) = (rows.iter().max().unwrap(), rows.iter().min().unwrap());
        assert!(most - least <= 1, "{n} nodes: {least} to {most} rows");
        // The last node leaves, so that the others keep their numbers.
        let fewer = table(&nodes[..n - 1]);
        let kept = whole.iter().zip(&fewer).filter(|it| *it.0 as usize != n - 1);
        let changed = kept.filter(|it| it.0 != it.1).count() as f64 / whole.len() as f64;
        assert!(changed < 0.03, "{n} nodes: {changed} of the rows change between survivors");
    }
}

#[test]
fn weights_are_shares() {
    let weights = [1, 2, 3, 4];
    let node = |it: (usize, &u32)| Node { name: format!("n{}", it.0), weight: *it.1 };
    let nodes: Vec<Node> = weights.iter().enumerate().map(node).collect();
    for (scheme, tolerance) in [
        (Scheme::Ring, 0.2),
        (Scheme::Ketama, 0.3),
        (Scheme::Rendezvous, 0.05),
        (Scheme::Maglev, 0.05),
        (Scheme::Bounded, 0.26),
    ] {
        let counts = counts(&nodes, &place_all(scheme, &nodes, &Settings::default(), 40_000));
        for (count, weight) in counts.iter().zip(weights) {
            let expected = 4_000.0 * f64::from(weight);
            assert!((count / expected - 1.0).abs() < tolerance, "{scheme:?}: {counts:?}");
        }
    }
    for scheme in [Scheme::Modulo, Scheme::Jump, Scheme::RedisSlots] {
        let error = scheme.build(&nodes, &Settings::default()).unwrap_err();
        assert!(error.starts_with("weights: "), "{error}");
    }
}

/// Mirrokni, Thorup and Zadimoghaddam: no node has more than ceil((1 + slack) × keys / nodes), at any
/// time.
#[test]
fn loads_stay_bounded() {
    for slack in [0.05, 0.25, 1.0] {
        let settings = Settings { slack, vnodes: 3, ..Settings::default() };
        let mut placed = Scheme::Bounded.build(&numbered(7), &settings).unwrap();
        for keys in 1..=5_000u32 {
            placed.place(format!("key-{keys}").as_bytes()).unwrap();
            let Placed::Bounded(it) = &placed else { panic!("bounded") };
            let most = ((1.0 + slack) * f64::from(keys) / 7.0).ceil();
            assert!(it.loads().iter().all(|load| *load as f64 <= most), "{keys}: {:?}", it.loads());
        }
    }
}

#[test]
fn ranges_lists_and_directories_follow_their_tables() {
    let nodes = named(&["a", "b", "c"]);
    let splits = vec!["100".into(), "1000".into()];
    let settings = Settings { splits, ..Settings::default() };
    let mut range = Scheme::Range.build(&nodes, &settings).unwrap();
    let place = |key: &str| range.place(key.as_bytes());
    let keys = ["-5", "99", "100", "999", "1000", "20000"];
    assert_eq!(keys.map(place), [Ok(0), Ok(0), Ok(1), Ok(1), Ok(2), Ok(2)]);
    assert!(range.place(b"x").unwrap_err().contains("\"x\""));
    let splits = vec!["h".into(), "q".into()];
    let mut range = Scheme::Range.build(&nodes, &Settings { splits, ..settings }).unwrap();
    assert_eq!(["adam", "h", "zoe"].map(|it| range.place(it.as_bytes())), [Ok(0), Ok(1), Ok(2)]);

    let rows = vec![("de".into(), "a".into()), ("fr".into(), "c".into())];
    let settings = Settings { rows, ..Settings::default() };
    let mut list = Scheme::List.build(&nodes, &settings).unwrap();
    assert_eq!(["de:1", "fr:2", "de"].map(|it| list.place(it.as_bytes())), [Ok(0), Ok(2), Ok(0)]);
    assert!(list.place(b"it:1").unwrap_err().contains("\"it\""));
    let mut directory = Scheme::Directory.build(&nodes, &settings).unwrap();
    let mut ring = Scheme::Ring.build(&nodes, &settings).unwrap();
    assert_eq!(directory.place(b"fr"), Ok(2));
    assert_eq!(directory.place(b"other"), ring.place(b"other"));
}

/// Half-open pieces (catalogue E29: a boundary belongs to one of them only).
#[test]
fn pieces_are_split_and_joined() {
    let names: Vec<String> = ["A", "B", "C"].map(String::from).into();
    let mut pieces = Pieces::even(30_000, &names);
    assert_eq!(pieces.to_string(), "0=A, 10000=B, 20000=C");
    assert_eq!(Pieces::parse("0=A,10000=B, 20000 = C,"), Ok(pieces.clone()));
    assert!(pieces.split(15_000, "D") && !pieces.split(15_000, "E"));
    assert_eq!([14_999, 15_000, 19_999, 20_000].map(|it| pieces.node(it)), ["B", "D", "D", "C"]);
    assert!(!pieces.merge(0) && !pieces.merge(12_000));
    assert!(pieces.merge(20_000));
    assert_eq!(pieces.to_string(), "0=A, 10000=B, 15000=D");
    // What it says is what the scheme does, whatever the order of the nodes.
    let settings = Settings { rows: pieces.rows(), ..Settings::default() };
    let nodes = named(&["D", "C", "B", "A"]);
    let mut placed = Scheme::Range.build(&nodes, &settings).unwrap();
    for key in (0..40_000u64).step_by(617).chain([9_999, 10_000, 14_999, 15_000]) {
        let place = placed.place(key.to_string().as_bytes()).unwrap();
        assert_eq!(nodes[place].name, pieces.node(key), "{key}");
    }
    for (text, expected) in [
        ("", "one piece at least"),
        ("5=A", "below 5"),
        ("0=A, x=B", "\"x=B\""),
        ("0=A, 7", "\"7\""),
        ("0=A, 9=B, 9=C", "9 comes after"),
    ] {
        let error = Pieces::parse(text).unwrap_err();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

/// A query over keys asks the nodes that any of its keys is on, and no others: worked out key by key.
#[test]
fn pruning_asks_those_who_hold_keys() {
    let nodes = named(&["A", "B", "C", "D"]);
    let rows = "0=A,1000=B,2000=A,3000=C,4000=D".split(',');
    let rows = rows.filter_map(|it| it.split_once('=')).map(|it| (it.0.into(), it.1.into()));
    let ranges = Settings { rows: rows.collect(), ..Settings::default() };
    for (scheme, settings) in [
        (Scheme::Range, &ranges),
        (Scheme::Modulo, &Settings::default()),
        (Scheme::Ring, &Settings::default()),
        (Scheme::Directory, &Settings::default()),
    ] {
        let placed = scheme.build(&nodes, settings).unwrap();
        for (from, to) in [(0, 0), (5, 999), (999, 1_000), (1_500, 3_500), (3_999, 9_000), (7, 9)] {
            let own = |key: u64| placed.find(key.to_string().as_bytes(), &[]).unwrap();
            let expected: std::collections::BTreeSet<_> = (from..=to).map(own).collect();
            let expected: Vec<_> = expected.into_iter().collect();
            assert_eq!(pruning::concerned(&placed, from, to), Ok(expected), "{scheme:?} {from}");
        }
        assert!(pruning::concerned(&placed, 2, 1).unwrap_err().starts_with("between: "));
    }
}

/// Karger et al.: of n nodes' keys, the fifth gets a fifth on average, and nothing else moves. Modulo
/// keeps a key that has the same rest by both numbers: four of twenty.
#[test]
fn four_to_five_nodes_move_a_fifth_or_four_fifths() {
    let settings = Settings::default();
    let moved = |scheme: Scheme| {
        let of = |nodes: usize| {
            let placed = scheme.build(&numbered(nodes), &settings).unwrap();
            let find = |it: u64| placed.find(it.to_string().as_bytes(), &[]).unwrap();
            (0..50_000).map(find).collect::<Vec<_>>()
        };
        let (four, five) = (of(4), of(5));
        four.iter().zip(&five).filter(|it| it.0 != it.1).count() as f64 / 50_000.0
    };
    // Four standard deviations of a binomial share.
    assert!((moved(Scheme::Modulo) - 0.8).abs() < 4.0 * (0.16f64 / 50_000.0).sqrt());
    assert!((moved(Scheme::Jump) - 0.2).abs() < 4.0 * (0.16f64 / 50_000.0).sqrt());
    // A node's share of a ring with 200 points a node differs by 1/sqrt(200) of it, about.
    assert!((moved(Scheme::Ring) - 0.2).abs() < 4.0 * 0.2 / 200f64.sqrt());
}

/// Berlin to Paris is about 878 km (great circle).
#[test]
fn places_go_to_the_nearest_site() {
    let (berlin, paris, new_york) = ((52.52, 13.405), (48.8566, 2.3522), (40.7128, -74.006));
    assert!((geographic::distance(berlin, paris) - 878.0).abs() < 2.0);
    let sites = vec![berlin, new_york];
    let settings = Settings { sites, ..Settings::default() };
    let mut placed = Scheme::Geographic.build(&named(&["eu", "us"]), &settings).unwrap();
    assert_eq!(placed.place(b"48.8566,2.3522"), Ok(0));
    assert_eq!(placed.place(b"25.8, -80.2"), Ok(1));
    assert!(placed.place(b"Paris").is_err());
}

#[test]
fn bad_settings_name_the_setting() {
    let check = |scheme: Scheme, nodes: &[Node], settings: &Settings, expected: &str| {
        let error = scheme.build(nodes, settings).unwrap_err();
        assert!(error.starts_with(expected), "{scheme:?}: {error}");
    };
    let (two, plain) = (numbered(2), Settings::default());
    check(Scheme::Ring, &[], &plain, "nodes: ");
    check(Scheme::Ring, &named(&["a", "a"]), &plain, "nodes: \"a\"");
    check(Scheme::Ring, &two, &Settings { vnodes: 0, ..plain.clone() }, "vnodes: ");
    check(Scheme::Ring, &two, &Settings { vnodes: u32::MAX, ..plain.clone() }, "vnodes: ");
    check(Scheme::Maglev, &two, &Settings { table: 65_536, ..plain.clone() }, "table: 65536");
    check(Scheme::Maglev, &numbered(5), &Settings { table: 3, ..plain.clone() }, "table: 3");
    check(Scheme::Bounded, &two, &Settings { slack: f64::NAN, ..plain.clone() }, "slack: ");
    check(Scheme::Jump, &two, &Settings { hash: Hash::Crc16, ..plain.clone() }, "hash: ");
    check(Scheme::Range, &two, &plain, "splits: 0 for 2");
    check(Scheme::List, &two, &plain, "rows: ");
    check(Scheme::Geographic, &two, &plain, "sites: ");
    let rows = vec![("x".into(), "nobody".into())];
    check(Scheme::Directory, &two, &Settings { rows, ..plain }, "rows: there is no node");
}
