//! Rows of a sharded database found by another attribute than their key: without an index, by local ones
//! and by a global one. What is found is what there is; a global index is behind for a while, and has
//! everything in the end, whatever fails meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::sharded::shards;
use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{
    Asked, Indexing, Partitioning, Row, ShardedDbParams, Sought, value_of,
};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::Unwatched;
use serde_json::json;

const KEYS: u32 = 600;
const VALUES: u32 = 40;

/// People who ask for users of a city, and some who move to another.
fn cities(index: Indexing, queries: u32, writes: u32) -> Design {
    let mut it = design();
    let class =
        |name: &str, weight, does| Class { name: name.into(), weight, does, ..Class::default() };
    let users = ClientParams {
        keys: KEYS,
        popularity: Popularity::Uniform,
        classes: vec![class("city", queries, Does::Read), class("move", writes, Does::Write)],
        ..client(60.0, 1, 0)
    };
    add(&mut it, "users", Spec::Client(users));
    let app = ServiceParams { workers: 1_000, work: Nanos::ZERO, ..ServiceParams::default() };
    add(&mut it, "app", Spec::Service(app));
    let mut store = ShardedDbParams {
        keys: KEYS,
        shards: 4,
        work: Nanos::millis(2),
        mesh_latency: Nanos::millis(1),
        index,
        attribute_classes: "city".into(),
        attribute_values: VALUES,
        scan_rows: 50,
        ..ShardedDbParams::default()
    };
    store.attribute_writes.0 = 1.0;
    add(&mut it, "store", Spec::ShardedDb(store));
    wire(&mut it, "users", "app", instant());
    wire(&mut it, "app", "store", steady(Nanos::micros(300)));
    it
}

/// Which rows have each value, by the shards that have them.
fn truth(world: &World) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut all: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (at, shard) in shards(world).iter().enumerate() {
        let own = |it: &Row| usize::from(it.owner) == at;
        for key in 0..shard.rows.end() as u32 {
            if let Some(row) = shard.rows.get(key.into()).filter(|it| own(it)) {
                all.entry(value_of(key, row.turn, VALUES)).or_default().insert(key);
            }
        }
    }
    all
}

/// Which rows have each value, by the global index.
fn told(world: &World) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut all: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (at, shard) in shards(world).iter().enumerate() {
        for value in 0..VALUES {
            let keys = shard.index.of(value);
            if !keys.is_empty() {
                assert_eq!(usize::from(shard.index.place(value)), at, "{value} is elsewhere");
                all.entry(value).or_default().extend(keys.iter());
            }
        }
    }
    all
}

/// Nobody writes: every way finds the same rows. Without an index and with local ones all shards are
/// asked; reading all takes as many pieces of work as there are fifties of rows.
#[test]
fn every_way_finds_what_there_is() {
    let mut times = Vec::new();
    for index in [Indexing::None, Indexing::Local, Indexing::Global] {
        let mut live = Live::new(&cities(index, 1, 0), 3);
        live.run_to(Nanos::seconds(20));
        let truth = truth(&live.world);
        let (mut seen, mut time) = (0, 0);
        for query in shards(&live.world).iter().flat_map(|it| &it.queries) {
            let Sought::Value { value, how, named, stale, index: place } = query.sought else {
                panic!("all ask by city: {query:?}")
            };
            let there = truth.get(&value).map_or(0, BTreeSet::len) as u32;
            assert_eq!((query.rows(), how, stale), (there, index, 0), "{query:?}");
            match index {
                Indexing::Global => {
                    assert_eq!(named.map(|it| it.1), Some(there));
                    assert_eq!(shards(&live.world)[0].index.place(value), place);
                }
                _ => assert_eq!(query.shards.len(), 4, "{query:?}"),
            }
            seen += 1;
            time += query.slowest().expect("it was answered").1.0;
        }
        assert!(seen >= 20, "{seen} queries");
        times.push(time as f64 / f64::from(seen) / 1e6);
        live.audit.check_conservation(&live.world);
        live.check_replay();
    }
    // 150 rows a shard are three pieces of work of 2 ms in place of one; of the slowest of four shards the
    // mean grows by more than the two pieces, since whose first piece is slowest has two more to do.
    assert!(times[0] - times[1] > 4.0, "{times:?} ms");
}

/// Pruning leaves out no partition that has a row asked for, and by ranges and lists nearly all others;
/// each partition that is read is a piece of work.
#[test]
fn partitions_are_left_out_that_cannot_have_a_row() {
    let mut params = ShardedDbParams { keys: 1_000, partitions: 8, ..ShardedDbParams::default() };
    for partitioning in Partitioning::ALL {
        params.partitioning = *partitioning;
        for (first, keys) in [(0, 1), (0, 100), (120, 10), (124, 2), (990, 10), (7, 900)] {
            let read = params.pruned(Asked::Keys(first, keys));
            let row = Row { version: 1, owner: 0, balance: 0, turn: 3 };
            for key in first..first + keys {
                assert!(
                    read.contains(&params.part_of(key, row)),
                    "{partitioning:?} {key}: {read:?}"
                );
                let [from, to] = params.part_keys(params.part_of(key, row));
                let is_range = *partitioning == Partitioning::Range;
                assert!(!is_range || (from..to).contains(&key), "{key} in {from}..{to}");
            }
            let most = match partitioning {
                Partitioning::None => 1,
                Partitioning::Range => keys / 125 + 2,
                Partitioning::Hash if keys == 1 => 1,
                _ => 8,
            };
            assert!(read.len() as u32 <= most, "{partitioning:?}: {read:?}");
        }
        let read = params.pruned(Asked::Value(77));
        for key in 0..1_000 {
            let row = Row { version: 1, owner: 0, balance: 0, turn: 0 };
            let has = value_of(key, 0, params.attribute_values) == 77;
            assert!(!has || read.contains(&params.part_of(key, row)), "{partitioning:?} {key}");
        }
        assert_eq!(
            read.len() == 1,
            matches!(partitioning, Partitioning::List | Partitioning::None)
        );
    }
    let took = |partitioning: &str| {
        let mut design = cities(Indexing::Local, 1, 0);
        let spec = &mut design.components.get_mut("store").expect("it is there").spec;
        let settings = json!({
            "attribute_classes": "", "range_classes": "city", "range_keys": 20, "scheme": "range",
            "partitioning": partitioning, "partitions": 5,
        });
        for (name, value) in settings.as_object().expect("an object") {
            spec.set(name, value).expect("it can be set");
        }
        let mut live = Live::new(&design, 9);
        live.run_to(Nanos::seconds(20));
        let queries = shards(&live.world).into_iter().flat_map(|it| &it.queries);
        let times: Vec<u64> = queries.filter_map(|it| Some(it.slowest()?.1.0)).collect();
        assert!(times.len() >= 20);
        times.iter().sum::<u64>() as f64 / times.len() as f64 / 1e6
    };
    let (one, range, hash) = (took("none"), took("range"), took("hash"));
    assert!(range < 1.5 * one && hash > 3.0 * one, "{one}, {range}, {hash} ms");
}

/// While people move, a global index is behind at times, and has caught up as soon as they rest; a local
/// one never is.
/// A shard is cut off while rows go to another: of rows that the index names it asks the old one, which says who has
/// them.
#[test]
fn rows_that_an_index_names_are_found_where_they_have_gone() {
    let mut design = cities(Indexing::Global, 1, 0);
    let ranges = |design: &mut Design, it: &str| {
        let spec = &mut design.components.get_mut("store").expect("it is there").spec;
        spec.set("ranges", &json!(it)).expect("it can be set");
    };
    ranges(&mut design, "0=A, 150=B, 300=C");
    let mut live = Live::new(&design, 5);
    live.run_to(Nanos::seconds(2));
    live.fault(cut("a", &["store/0"], &["store/1", "store/2", "store/3"], Ways::Both));
    live.edit(|it| ranges(it, "0=A, 150=B, 300=D"));
    live.run_to(Nanos::seconds(20));
    assert_eq!((shards(&live.world)[2].held, shards(&live.world)[3].held), (0, 300));
    live.fault(heal("a"));
    live.run_for(Nanos::seconds(40));
    let old = (300..600)
        .filter(|it| shards(&live.world)[0].rows.get(*it).is_some_and(|it| it.owner == 2));
    assert!(old.clone().count() < 10, "it goes on asking the old one for {}", old.count());
    live.check_replay();
}

#[test]
fn a_global_index_is_behind_and_catches_up() {
    let mut live = Live::new(&cities(Indexing::Global, 1, 3), 4);
    let mut behind = 0;
    for _ in 0..200 {
        live.run_for(Nanos::millis(37));
        behind += usize::from(told(&live.world) != truth(&live.world));
    }
    assert!(behind > 20, "behind at {behind} of 200 moments");
    live.fault(Fault::Spike { target: target("users"), factor: 0.0 });
    live.run_for(Nanos::seconds(2));
    assert_eq!(told(&live.world), truth(&live.world), "it knows all");
    live.check_replay();
    let mut live = Live::new(&cities(Indexing::Local, 1, 3), 4);
    live.run_to(Nanos::seconds(8));
    let truth = truth(&live.world);
    for (at, shard) in shards(&live.world).iter().enumerate() {
        for (value, keys) in &truth {
            let own = |it: &&u32| {
                shard.rows.get((**it).into()).is_some_and(|it| usize::from(it.owner) == at)
            };
            let own: Vec<u32> = keys.iter().filter(own).copied().collect();
            assert_eq!(*shard.index.of(*value), *own, "shard {at}, value {value}");
        }
    }
}

/// The table grows: an index knows the new rows too, though nobody has written them.
#[test]
fn an_index_knows_rows_that_come_with_more_keys() {
    for index in [Indexing::Local, Indexing::Global] {
        let mut design = cities(index, 1, 0);
        let mut world = start(&design, 6);
        world.run(Nanos::seconds(1), u64::MAX, &mut Unwatched);
        let spec = &mut design.components.get_mut("store").expect("it is there").spec;
        spec.set("keys", &json!(2 * KEYS)).expect("it can be set");
        apply(&mut world, &Input::Edit(design), &mut Unwatched);
        world.run(Nanos::seconds(6), u64::MAX, &mut Unwatched);
        let truth = truth(&world);
        assert_eq!(truth.values().map(BTreeSet::len).sum::<usize>(), 2 * KEYS as usize);
        let mut known: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for shard in shards(&world) {
            for value in 0..VALUES {
                let keys = shard.index.of(value);
                if !keys.is_empty() {
                    known.entry(value).or_default().extend(keys.iter());
                }
            }
        }
        assert_eq!(known, truth, "{index:?}");
    }
}

/// Shards die and are cut off while rows move and are written: a global index has everything in the end,
/// and nothing else. (An index that takes in late what it was told better meanwhile fails here.)
#[test]
fn a_global_index_misses_nothing() {
    for_seeds(400, |seed| {
        let stream = Stream::new(seed, "index");
        let mut design = cities(Indexing::Global, 1, 3);
        let mut world = start(&design, seed);
        for n in 0..12 {
            let draw = |purpose, limit| stream.bits(n, purpose) % limit;
            let longest = if draw(5, 4) == 0 { 2_500_000_000 } else { 300_000_000 };
            let until = world.now() + Nanos(1 + draw(0, longest));
            world.run(until, u64::MAX, &mut Unwatched);
            let shard = |purpose| format!("store/{}", draw(purpose, 4));
            let (one, other) = (shard(1), shard(2));
            let fault = match draw(3, 8) {
                0 => Fault::Crash(target(&one)),
                1 | 2 => Fault::Restart(target("store")),
                3 | 4 => cut("a", &[&one], &[&other], Ways::Both),
                5 => heal("a"),
                _ => {
                    let scheme = ["range", "modulo", "ring", "jump"][draw(4, 4) as usize];
                    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
                    spec.set("scheme", &json!(scheme)).expect("it can be set");
                    spec.set("shards", &json!(4 + u32::from(n > 6))).expect("it can be set");
                    apply(&mut world, &Input::Edit(design.clone()), &mut Unwatched);
                    continue;
                }
            };
            world.fault(&fault, &mut Unwatched);
        }
        for fault in [heal("a"), Fault::Restart(target("store"))] {
            world.fault(&fault, &mut Unwatched);
        }
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut Unwatched);
        world.run(world.now() + Nanos::seconds(8), u64::MAX, &mut Unwatched);
        let truth = truth(&world);
        let rows: usize = truth.values().map(BTreeSet::len).sum();
        assert_eq!(rows, KEYS as usize, "every row is somebody's");
        assert_eq!(told(&world), truth, "the index knows all");
        let owed: usize = shards(&world).iter().map(|it| it.index.behind().0).sum();
        assert_eq!(owed, 0);
    });
}
