//! Ranges that split by themselves: the hot spot at the end of the key space is shared out without anybody's
//! help, a new shard gets its part, cold neighbours merge, and whoever fails meanwhile, all shards go by one
//! map in the end and no row is lost.

use crate::common::sharded::shards;
use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::Share;
use ringside::component::Spec;
use ringside::component::client::{ClientParams, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{SENT_ON, ShardedDbParams};
use ringside::document::Design;
use ringside::engine::Note;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::Unwatched;
use serde_json::json;

const KEYS: u32 = 3_000;

/// Most requests are for the newest rows, which lie at the end.
fn newest(auto: bool) -> Design {
    let mut it = design();
    let users = ClientParams {
        keys: KEYS,
        popularity: Popularity::Newest,
        hot_keys: Share(0.1),
        hot_share: Share(0.9),
        ..client(300.0, 1, 1)
    };
    add(&mut it, "users", Spec::Client(users));
    let app = ServiceParams { workers: 10_000, work: Nanos::ZERO, ..ServiceParams::default() };
    add(&mut it, "app", Spec::Service(app));
    let store = ShardedDbParams {
        keys: KEYS,
        shards: 3,
        work: Nanos::millis(2),
        auto_split: auto,
        copy_rate: 5_000,
        ..ShardedDbParams::default()
    };
    add(&mut it, "store", Spec::ShardedDb(store));
    wire(&mut it, "users", "app", instant());
    wire(&mut it, "app", "store", steady(Nanos::micros(300)));
    it
}

fn set(design: &mut Design, name: &str, value: serde_json::Value) {
    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
    spec.set(name, &value).expect("it can be set");
}

/// Requests that each shard served in the next so many seconds, and how often callers were sent on.
fn loads(live: &mut Live, span: Nanos) -> (Vec<f64>, usize) {
    let slots = slots(&live.world, "store");
    let from = live.audit.notes.len();
    live.audit.keep = true;
    live.run_for(span);
    let mut loads = vec![0.0; slots.len()];
    let mut sent_on = 0;
    for (_, _, note) in &live.audit.notes[from..] {
        match note {
            Note::Ended { member, outcome, own: false, .. } => {
                if let Some(at) = slots.iter().position(|it| it == member)
                    && *outcome == ringside::engine::Outcome::Ok
                {
                    loads[at] += 1.0;
                }
            }
            Note::Count { counter: SENT_ON, .. } => sent_on += 1,
            _ => {}
        }
    }
    live.audit.keep = false;
    (loads, sent_on)
}

/// The most that one has, as many times the mean.
fn skew(loads: &[f64]) -> f64 {
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    loads.iter().fold(0.0, |most: f64, it| most.max(*it)) / mean
}

fn check_rows(world: &World) {
    let all = shards(world);
    let pieces = all[0].auto.as_ref().map(|it| it.pieces.clone()).expect("it splits");
    for (at, it) in all.iter().enumerate() {
        assert_eq!(
            it.auto.as_ref().map(|it| it.pieces.clone()),
            Some(pieces.clone()),
            "map of {at}"
        );
        assert!(it.moves.is_empty(), "{at} still moves rows");
    }
    for key in 0..KEYS {
        let piece = pieces.partition_point(|it| it.0 <= key) - 1;
        let owns = |it: &usize| {
            all[*it].rows.get(key.into()).is_some_and(|row| usize::from(row.owner) == *it)
        };
        let owners: Vec<_> = (0..all.len()).filter(owns).collect();
        assert_eq!(owners, [usize::from(pieces[piece].1)], "row {key}");
    }
}

#[test]
fn a_hot_spot_is_shared_out_by_itself() {
    let mut by_hand = Live::new(&newest(false), 2);
    by_hand.run_to(Nanos::seconds(60));
    let (loads_by_hand, _) = loads(&mut by_hand, Nanos::seconds(20));
    assert!(skew(&loads_by_hand) > 2.5, "the last shard has nearly all: {loads_by_hand:?}");
    let mut live = Live::new(&newest(true), 2);
    live.run_to(Nanos::seconds(90));
    check_rows(&live.world);
    let (after, sent_on) = loads(&mut live, Nanos::seconds(20));
    assert!(skew(&after) < 1.6, "{after:?}");
    assert!(sent_on < 300, "callers have learned: {sent_on} of 6,000 were sent on");
    // A shard that comes gets its part.
    live.edit(|it| set(it, "shards", json!(4)));
    live.run_for(Nanos::seconds(60));
    check_rows(&live.world);
    let (more, _) = loads(&mut live, Nanos::seconds(20));
    assert!(skew(&more) < 1.6 && more.len() == 4, "{more:?}");
    live.audit.check_conservation(&live.world);
    live.check_replay();
}

/// All are asked for alike: neighbours that were split off are not, and cold ones merge.
#[test]
fn cold_neighbours_merge() {
    let mut design = newest(true);
    set(&mut design, "ranges", json!("0=A, 1000=B, 2000=C, 2100=C, 2200=A, 2210=B, 2220=C"));
    let mut world = start(&design, 4);
    world.run(Nanos::seconds(60), u64::MAX, &mut Unwatched);
    let pieces = shards(&world)[0].auto.as_ref().expect("it splits").pieces.clone();
    check_rows(&world);
    let inside = pieces.iter().filter(|it| (2_100..2_600).contains(&it.0)).count();
    assert!(inside < 4, "{pieces:?}");
}

/// Shards die and are cut off while ranges split: in the end all have one map, and rows lie by it.
#[test]
fn whoever_fails_there_is_one_map() {
    for_seeds(60, |seed| {
        let stream = Stream::new(seed, "auto");
        let mut world = start(&newest(true), seed);
        for n in 0..12 {
            let draw = |purpose, limit| stream.bits(n, purpose) % limit;
            world.run(world.now() + Nanos(1 + draw(0, 4_000_000_000)), u64::MAX, &mut Unwatched);
            let shard = |purpose| format!("store/{}", draw(purpose, 3));
            let (one, other) = (shard(1), shard(2));
            let fault = match draw(3, 6) {
                0 | 1 => Fault::Crash(target(&one)),
                2 | 3 => Fault::Restart(target("store")),
                4 => cut("a", &[&one], &[&other], Ways::Both),
                _ => heal("a"),
            };
            world.fault(&fault, &mut Unwatched);
        }
        for fault in [heal("a"), Fault::Restart(target("store"))] {
            world.fault(&fault, &mut Unwatched);
        }
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut Unwatched);
        world.run(world.now() + Nanos::seconds(20), u64::MAX, &mut Unwatched);
        check_rows(&world);
    });
}
