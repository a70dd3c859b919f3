//! Callers of a cluster of slots that learn of a change from whom they ask in vain (MOVED). Source: Redis
//! Cluster specification, "MOVED Redirection".

use std::collections::BTreeMap;

use crate::common::looking::Looking;
use crate::common::*;
use expect_test::expect;
use ringside::algorithm::placement::redis_slots::slot;
use ringside::algorithm::placement::{Node, Scheme, Settings};
use ringside::base::time::Nanos;
use ringside::base::unit::Weights;
use ringside::component::Spec;
use ringside::component::cache_cluster::{ByHash, CacheClusterParams, Learn, MOVED};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::Design;
use ringside::engine::{Note, Outcome};

fn shop(callers_learn: Learn) -> Design {
    let mut it = design();
    let mut people = client(400.0, 9, 1);
    (people.keys, people.key_name) = (3_000, "user".into());
    add(&mut it, "people", Spec::Client(people));
    let one = ServiceParams { instances: 1, workers: 64, ..ServiceParams::default() };
    add(&mut it, "shop", Spec::Service(one));
    let scheme = ByHash(Scheme::RedisSlots);
    let cluster = CacheClusterParams { scheme, callers_learn, ..CacheClusterParams::default() };
    add(&mut it, "cluster", Spec::CacheCluster(cluster));
    let store = SqlDbParams { replicas: 0, workers: 32, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "shop", instant());
    wire(&mut it, "shop", "cluster", instant());
    wire(&mut it, "shop", "store", instant());
    it
}

fn cluster(live: &mut Live, change: impl Fn(&mut CacheClusterParams)) {
    live.edit(|it| match &mut it.components.get_mut("cluster").expect("it is there").spec {
        Spec::CacheCluster(it) => change(it),
        _ => panic!("a cluster"),
    });
}

/// Calls that a node answered with another's name: when, for which slot.
fn sent_on(live: &Live, since: Nanos) -> Vec<(Nanos, u32)> {
    let own = slots(&live.world, "cluster");
    let moved = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { member, request, outcome: Outcome::NotLeader, .. }
            if own.contains(&member) && it.0 >= since =>
        {
            Some((it.0, slot(format!("user:{}", request.key).as_bytes())))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(moved).collect()
}

/// Whose a key is among these members, by the scheme itself.
fn owner(members: &[u16], key: u32) -> u16 {
    let node = |it: &u16| Node { name: format!("node {it}"), weight: 1 };
    let nodes: Vec<_> = members.iter().map(node).collect();
    let placed = Scheme::RedisSlots.build(&nodes, &Settings::default()).expect("slots");
    members[placed.find(format!("user:{key}").as_bytes(), &[]).expect("a place")]
}

/// Whoever answered otherwise than with another's name had the slot.
fn only_owners_answer(live: &Live, since: Nanos, members: &[u16]) {
    let own = slots(&live.world, "cluster");
    let mut answers = 0;
    for (at, _, note) in &live.audit.notes {
        if let Note::Ended { member, request, outcome, arrived, .. } = note
            && let Some(ordinal) = own.iter().position(|it| it == member)
            && *arrived >= since
            && matches!(outcome, Outcome::Ok | Outcome::Miss)
        {
            assert_eq!(
                ordinal as u16,
                owner(members, request.key),
                "key {} at {at:?}",
                request.key
            );
            answers += 1;
        }
    }
    assert!(answers > 1_000, "{answers}");
}

#[test]
fn a_caller_is_sent_on_once_for_each_slot_or_once_in_all() {
    let run = |learn| {
        let mut live = Live::new(&shop(learn), 4);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(5));
        assert_eq!(sent_on(&live, Nanos::ZERO), Vec::new(), "at first they know");
        cluster(&mut live, |it| it.nodes = 4);
        live.run_for(Nanos::seconds(15));
        let moved = sent_on(&live, Nanos::seconds(5));
        if learn != Learn::AtOnce {
            only_owners_answer(&live, Nanos::seconds(5), &[0, 1, 2, 3]);
        }
        let counted = live.audit.notes.iter();
        let counted = counted.filter(|it| matches!(it.2, Note::Count { counter: MOVED, .. }));
        assert_eq!(counted.count(), moved.len());
        live.check_replay();
        moved
    };
    assert_eq!(run(Learn::AtOnce), Vec::new());
    let by_slot = run(Learn::Slot);
    let mut first = BTreeMap::new();
    for (at, slot) in &by_slot {
        let first = *first.entry(slot).or_insert(*at);
        // Calls may have been on their way already: a node's work is 20 µs.
        assert!(*at - first < Nanos::millis(2), "slot {slot} at {at:?}, first {first:?}");
    }
    // By thirds to quarters: 1/12 + 1/6 + 1/4 of the slots are another's. Of 3,000 keys with Zipf's
    // popularity some hundreds have been asked for in 15 s.
    assert!(first.len() > 300, "{} slots", first.len());
    let whole = run(Learn::Table);
    assert!(!whole.is_empty() && whole.len() < 10, "{whole:?}");
}

/// A node that gives its slots away sends callers on; one that is gone is not asked.
#[test]
fn nodes_that_leave() {
    let mut live = Live::new(&shop(Learn::Slot), 9);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(4));
    cluster(&mut live, |it| it.weights = Weights(vec![1, 0, 1]));
    live.run_for(Nanos::seconds(6));
    only_owners_answer(&live, Nanos::seconds(4), &[0, 2]);
    let emptied = sent_on(&live, Nanos::seconds(4)).len();
    assert!(emptied > 100, "{emptied}");
    cluster(&mut live, |it| (it.nodes, it.weights) = (2, Weights(Vec::new())));
    live.run_for(Nanos::seconds(6));
    only_owners_answer(&live, Nanos::seconds(10), &[0, 1]);
    // A fresh caller has the newest table.
    live.fault(ringside::engine::fault::Fault::Crash(target("shop")));
    live.fault(ringside::engine::fault::Fault::Restart(target("shop")));
    let now = live.world.now();
    live.run_for(Nanos::seconds(5));
    assert_eq!(sent_on(&live, now), Vec::new());
    live.check_replay();
}

/// The inside of the ready design: slots move with their entries, who is sent after a key, who is behind.
#[test]
fn the_inside_shows_slots_that_move() {
    let text = include_str!("../static/designs/redis-cluster.json");
    let (file, notices) = ringside::document::file::read(text).expect("it is a file");
    assert_eq!(notices, Vec::new());
    let mut it = Looking::open(file.design, 7, Nanos::seconds(25), ("cluster", "Redis cluster"));
    assert_eq!(it.words("tables/caller-0#figure"), "0 slots");
    it.click("node/D");
    it.on(10);
    assert_eq!(it.words("slots/caption-end"), "4\u{202f}096 slots to go");
    assert_eq!(it.words("tables/caller-0#figure"), "0 slots", "none is over yet");
    it.on(5_000);
    assert!(it.figure("slots/caption-end") < 3_500.0);
    assert!(it.figure("tables/caller-0#figure") > 100.0, "some are over, and nobody has told them");
    let loud = ["key/", "scheme/", "view/", "arcs", "pick", "node/", "requests", "moves"];
    it.check("redis-cluster", &loud, expect![[r#"
        Inside Redis cluster
        4 nodes by Redis Cluster slots; user:0 belongs to C. D joins: 24 of 96 keys moved, 0 of them between nodes that stay. 93.5 % of reads hit in the last second.
        Hit ratio, last 1 s: 93.5 %  Entries: 4 518  Nodes asked: 4
        C  user:0, picked
        0  Hashes grow clockwise  A
        24
        of 96 keys
        moved
        D
        B
        Compare all: schemes side by side on the same keys
        Hit ratio, second by second  0 s: D joins
        100 %  93.5 % of reads hit in the latest second
        50 %
        0 %
        0 s  20 s  40 s
        90.8 % of reads hit in the 10 s before, 92.6 % in
        the worst second since.
        Slots move with their entries  2 048 slots to go
        No: slots change hands at one moment, and their keys miss  1 at a time: as redis-cli does  16 at a time: from each node
        128 at a time: from each node
        A to D: 128 slots, 30 of 34 entries have gone over
        B to D: 128 slots, 10 of 39 entries have gone over
        C to D: 128 slots, 20 of 35 entries have gone over
        Slots that wait for their turn: A 597, B 470, C
        597.
        Sent elsewhere  9.33 ASK/s, 50.0 MOVED/s
        The last ASK, at 4.98 s: user:175 in slot 11630.
        C was asked, had it no more, and named D; D
        was asked with ASKING, and answered. Two
        ways in place of one, and the caller learns
        nothing: until all of the slot is over, C is asked
        first.
        Follow that request
        How callers learn of moved slots
        176 MOVED, 10 s
        At once: with the change, all callers know  MOVED, slot: from whom they ask in vain; they remember that slot  MOVED, table: from whom they ask in vain; they fetch the whole table
        shop, instance 1 would ask the wrong node for 1958 of 16384 slots
        shop, instance 2 would ask the wrong node for 1961 of 16384 slots
        2 of 2 callers have an old table: the node they ask
        names the owner (MOVED), and the call takes
        one way more.
    "#]]);
    it.on(12_000);
    assert_eq!(it.words("slots/caption-end"), "0 slots to go");
    // Without their entries slots change hands at once, and callers may fetch the whole table.
    it.click("slots/0");
    it.click("tables/moved-table");
    it.on(2_000);
    assert_eq!(it.words("tables/caller-0#figure"), "0 slots");
}
