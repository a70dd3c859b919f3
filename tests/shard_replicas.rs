//! Shards with replicas: a primary that dies or is cut off is replaced and its rows are reached again; by a
//! majority no acknowledged write is lost; whoever fails, no transaction over two shards is half applied, no
//! row is lost or has two owners, and a global index ends up right.

use std::collections::BTreeMap;

use crate::common::sharded::{all_well, mishap, primaries, shards};
use crate::common::*;
use ringside::algorithm::commit::two_phase::{Coordinator, Promises};
use ringside::base::cow::CowList;
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::Share;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{
    Copying, CrossCommit, Index, Indexing, REPLICA_READ, Row, ShardedDbParams, TAIL_LOST,
    TAKEN_OVER, WRITTEN, value_of,
};
use ringside::component::{Registry, Spec, State};
use ringside::document::Design;
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};
use serde_json::json;

/// Schedules tried; `RUNS=n` tries so many, `SEED=n` repeats one.
const SCHEDULES: u64 = 800;
const KEYS: u32 = 90;
const COPIES: usize = 3;

/// Users who read and write a few rows of three shards with two replicas each.
fn users(rate: f64, reads: u32, writes: u32, store: ShardedDbParams) -> Design {
    let mut it = design();
    let users =
        ClientParams { keys: KEYS, popularity: Popularity::Uniform, ..client(rate, reads, writes) };
    add(&mut it, "users", Spec::Client(users));
    let app = ServiceParams { workers: 1_000, work: Nanos::ZERO, ..ServiceParams::default() };
    add(&mut it, "app", Spec::Service(app));
    add(&mut it, "store", Spec::ShardedDb(store));
    wire(&mut it, "users", "app", instant());
    let mut path = steady(Nanos::micros(300));
    (path.timeout, path.retries, path.backoff) = (Nanos::millis(150), 2, Nanos::millis(20));
    wire(&mut it, "app", "store", path);
    it
}

fn store(replication: Copying) -> ShardedDbParams {
    ShardedDbParams {
        keys: KEYS,
        replicas: COPIES as u32 - 1,
        replication,
        failover_after: Nanos::millis(300),
        work: Nanos::millis(1),
        workers: 4,
        copy_rate: 1_000,
        mesh_latency: Nanos::millis(1),
        ..ShardedDbParams::default()
    }
}

/// Which version of each row clients were told to be written, and what was counted.
#[derive(Default)]
struct Told {
    seen: u64,
    written: BTreeMap<u64, (u32, u32)>,
    acknowledged: BTreeMap<u32, u32>,
    failed: u64,
    ok: u64,
    counts: BTreeMap<u8, u64>,
}

impl Watch<Registry> for Told {
    fn wants_from(&self) -> u64 {
        self.seen
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, _: Nanos, ordinal: u64, notes: &[Note], _: &Blueprint<Registry>) {
        self.seen = ordinal;
        for note in notes {
            match note {
                Note::Wrote { request, key, version, .. } => {
                    _ = self.written.insert(*request, (*key, *version));
                }
                Note::Ended { request, outcome: Outcome::Ok, version, own: false, .. }
                    if *version > 1 =>
                {
                    if let Some((key, written)) = self.written.get(&request.id)
                        && version == written
                    {
                        let newest = self.acknowledged.entry(*key).or_default();
                        *newest = (*newest).max(*version);
                    }
                }
                Note::Count { counter, .. } => *self.counts.entry(*counter).or_default() += 1,
                Note::CallEnded { outcome, again: false, .. } => match outcome {
                    Outcome::Ok => self.ok += 1,
                    _ => self.failed += 1,
                },
                _ => {}
            }
        }
    }
}

impl Told {
    fn count(&self, counter: u8) -> u64 {
        self.counts.get(&counter).copied().unwrap_or(0)
    }

    /// Acknowledged writes that the shards do not have.
    fn lost(&self, world: &World) -> usize {
        let has = |key: u32| {
            let all = primaries(world, COPIES).into_iter().enumerate();
            let own = all.filter_map(|(shard, it)| {
                let row = *it?.1.rows.get(key.into())?;
                (usize::from(row.owner) == shard).then_some(row.version)
            });
            own.max().unwrap_or(0)
        };
        self.acknowledged.iter().filter(|it| has(*it.0) < *it.1).count()
    }
}

/// A primary dies: another leads within a second, all rows are reached again, and by a majority nothing
/// that was acknowledged is lost. When it is back, it follows.
#[test]
fn a_primary_that_dies_is_replaced() {
    for seed in 0..12 {
        let mut world = start(&users(200.0, 1, 1, store(Copying::Majority)), seed);
        let mut told = Told::default();
        world.run(Nanos::seconds(2), u64::MAX, &mut told);
        assert_eq!((told.failed, told.count(TAKEN_OVER)), (0, 0), "nothing fails yet");
        world.fault(&Fault::Crash(target("store/0")), &mut told);
        world.run(Nanos::seconds(4), u64::MAX, &mut told);
        assert!(told.failed > 0, "some were on their way");
        assert!(told.count(TAKEN_OVER) >= 1);
        let leader = primaries(&world, COPIES)[0].expect("somebody leads").0;
        assert!(leader == 1 || leader == 2, "{leader}");
        let mut after = Told::default();
        (after.seen, after.acknowledged) = (told.seen, told.acknowledged.clone());
        after.written = told.written.clone();
        world.run(Nanos::seconds(6), u64::MAX, &mut after);
        assert_eq!(after.failed, 0, "seed {seed}: all rows are reached again");
        assert!(after.ok > 600, "{}", after.ok);
        world.fault(&Fault::Restart(target("store/0")), &mut after);
        world.run(Nanos::seconds(8), u64::MAX, &mut after);
        assert!(!shards(&world)[0].leads(), "it follows");
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut after);
        world.run(Nanos::seconds(10), u64::MAX, &mut after);
        assert_eq!(after.lost(&world), 0, "seed {seed}");
        // All members of a shard have the same.
        let all = shards(&world);
        for shard in all.chunks(COPIES) {
            let logs: Vec<_> = shard.iter().map(|it| it.group.as_ref().map(|it| it.log)).collect();
            assert!(logs.iter().all(|it| *it == logs[0]), "{logs:?}");
            assert!(shard.iter().all(|it| it.rows == shard[0].rows));
        }
    }
}

/// A primary is cut off from its replicas, and clients still reach it: what it acknowledges alone is lost
/// when it is replaced, and counted once it is back; by a majority nothing is.
#[test]
fn what_only_a_replaced_primary_had_is_lost() {
    for (copying, loses) in [(Copying::Async, true), (Copying::Majority, false)] {
        let mut world = start(&users(300.0, 0, 1, store(copying)), 7);
        let mut told = Told::default();
        world.run(Nanos::seconds(2), u64::MAX, &mut told);
        world.fault(&cut("a", &["store/0"], &["store/1", "store/2"], Ways::Both), &mut told);
        // It leads for a while still; versions are not to be given anew afterwards.
        world.run(Nanos::millis(2_250), u64::MAX, &mut told);
        assert_eq!(told.count(TAKEN_OVER), 0);
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut told);
        world.run(Nanos::seconds(5), u64::MAX, &mut told);
        assert!(told.count(TAKEN_OVER) >= 1, "{copying:?}");
        assert!(!shards(&world)[0].leads(), "it has stepped down");
        world.fault(&heal("a"), &mut told);
        world.run(Nanos::seconds(8), u64::MAX, &mut told);
        assert_eq!(told.lost(&world) > 0, loses, "{copying:?}: {} lost", told.lost(&world));
        let counted: u64 =
            shards(&world).iter().filter_map(|it| Some(it.group.as_ref()?.lost)).sum();
        assert_eq!(told.count(TAIL_LOST), counted);
        assert!(counted > 0 || !loses, "{copying:?}: {counted}");
    }
}

/// Sets a parameter of the store in a running world.
fn set(design: &mut Design, world: &mut World, name: &str, value: u32, told: &mut Told) {
    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
    spec.set(name, &json!(value)).expect("it can be set");
    apply(world, &Input::Edit(design.clone()), told);
}

/// The database begins anew, twice, while a member is down that has an old log, and a long one: it comes
/// back with nothing, and what has been begun anew stays as it is.
#[test]
fn who_was_down_while_all_began_anew_begins_anew_too() {
    for victim in ["store/0", "store/1"] {
        let mut design = users(200.0, 0, 1, store(Copying::Majority));
        let mut world = start(&design, 4);
        let mut told = Told::default();
        world.run(Nanos::seconds(2), u64::MAX, &mut told);
        world.fault(&Fault::Crash(target("store/0")), &mut told);
        world.run(Nanos::seconds(4), u64::MAX, &mut told);
        world.fault(&Fault::Restart(target("store/0")), &mut told);
        world.run(Nanos::seconds(8), u64::MAX, &mut told);
        world.fault(&Fault::Crash(target(victim)), &mut told);
        world.run(Nanos::seconds(10), u64::MAX, &mut told);
        for replicas in [0, 2] {
            set(&mut design, &mut world, "replicas", replicas, &mut told);
        }
        world.run(Nanos::seconds(12), u64::MAX, &mut told);
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut told);
        world.run(Nanos::seconds(14), u64::MAX, &mut told);
        let before: Vec<_> = match victim {
            // Without the first, nobody has anything of the new one.
            "store/0" => Vec::new(),
            _ => (0..KEYS).map(|it| row(&world, 0, it)).collect(),
        };
        world.fault(&Fault::Restart(target(victim)), &mut told);
        world.run(Nanos::seconds(20), u64::MAX, &mut told);
        rest(&world).unwrap_or_else(|it| panic!("{victim}: {it}"));
        let all = shards(&world);
        for member in &all[..COPIES] {
            assert!(member.rows == all[0].rows, "{victim}: all have the same");
            let takeovers = member.group.as_ref().map(|it| it.takeovers());
            assert_eq!(takeovers, Some(0), "{victim}: nothing is known of the past");
        }
        let after: Vec<_> = (0..KEYS).map(|it| row(&world, 0, it)).collect();
        assert!(before.is_empty() || before == after, "{victim}: rows of the past are back");
        let old = after.iter().flatten().filter(|it| it.version > 1).count();
        assert!(victim != "store/0" || old == 0, "{victim}: {old} rows of the past");
    }
}

/// A row as a member knows it.
fn row(world: &World, member: u32, key: u32) -> Option<Row> {
    let slot = slots(world, "store")[member as usize];
    match world.member(slot).state.as_ref()? {
        State::ShardedDb(it) => it.rows.get(key.into()).copied(),
        _ => None,
    }
}

/// A shard is taken away and comes again, while a member is down that knew who led the old one: it learns who
/// leads the new one.
#[test]
fn who_led_a_shard_that_is_gone_is_forgotten() {
    let mut design = users(100.0, 1, 1, store(Copying::Async));
    let mut world = start(&design, 6);
    let mut told = Told::default();
    set(&mut design, &mut world, "shards", 4, &mut told);
    world.run(Nanos::seconds(2), u64::MAX, &mut told);
    world.fault(&Fault::Crash(target("store/9")), &mut told);
    world.run(Nanos::seconds(5), u64::MAX, &mut told);
    let (old, _) = primaries(&world, COPIES)[3].expect("another leads the last shard");
    assert_ne!(old, 9);
    let believed = |world: &World| shards(world)[0].group.as_ref().map(|it| it.leader_of(3));
    assert_eq!(believed(&world), Some(old as u16));
    world.fault(&Fault::Crash(target("store/0")), &mut told);
    for count in [3, 4] {
        set(&mut design, &mut world, "shards", count, &mut told);
        world.run(world.now() + Nanos::seconds(1), u64::MAX, &mut told);
    }
    world.fault(&Fault::Restart(target("store/0")), &mut told);
    world.run(Nanos::seconds(10), u64::MAX, &mut told);
    assert_eq!(primaries(&world, COPIES)[3].map(|it| it.0), Some(9), "it has begun anew");
    assert_eq!(believed(&world), Some(9));
}

/// Whether two things are one and the same.
fn same<T>(one: &T, other: &T) -> bool {
    std::ptr::eq(one, other)
}

/// What a write leaves as it was is shared by all members of a shard: to bring replicas what has changed costs
/// what has changed.
#[test]
fn members_share_what_has_not_changed() {
    let mut params = ShardedDbParams {
        index: Indexing::Global,
        attribute_classes: "city".into(),
        keys: 100_000,
        cross_writes: Share(0.2),
        ..store(Copying::Async)
    };
    params.attribute_writes.0 = 0.0;
    let mut world = start(&users(100.0, 0, 1, params), 5);
    let mut told = Told::default();
    world.run(Nanos::seconds(5), u64::MAX, &mut told);
    world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut told);
    world.run(Nanos::seconds(8), u64::MAX, &mut told);
    assert!(told.count(WRITTEN) > 200);
    for shard in shards(&world).chunks(COPIES) {
        for replica in &shard[1..] {
            assert!(replica.rows == shard[0].rows);
            assert!(same::<CowList<Row>>(&replica.rows, &shard[0].rows));
            assert!(same::<Index>(&replica.index, &shard[0].index));
            let [one, other] = [&replica.across, &shard[0].across];
            assert!(same::<Promises>(&one.promises, &other.promises));
            assert!(same::<Coordinator>(&one.coordinator, &other.coordinator));
        }
    }
}

/// Reads go where the wire says, writes to primaries; with one replica nobody takes over.
/// Less patience from now on is no reason to replace anybody.
#[test]
fn other_patience_replaces_nobody() {
    let shape = ShardedDbParams { failover_after: Nanos::seconds(4), ..store(Copying::Async) };
    let mut live = Live::new(&users(100.0, 1, 1, shape), 3);
    live.run_to(Nanos::seconds(5));
    for patience in ["300ms", "4s", "100ms"] {
        live.edit(|it| {
            let spec = &mut it.components.get_mut("store").expect("it is there").spec;
            spec.set("failover_after", &patience.into()).expect("it can be set");
        });
        live.run_for(Nanos::seconds(5));
        for (shard, it) in primaries(&live.world, COPIES).into_iter().enumerate() {
            let (_, state) = it.unwrap_or_else(|| panic!("{patience}: nobody leads shard {shard}"));
            assert_eq!(state.group.as_ref().map(|it| it.takeovers()), Some(0), "{patience}");
        }
    }
    live.check_replay();
}

#[test]
fn reads_go_to_replicas_if_the_wire_says_so() {
    for (reads, most) in [(Reads::Primary, 0.0), (Reads::Any, 2.0 / 3.0), (Reads::Replicas, 1.0)] {
        let mut design = users(300.0, 1, 1, store(Copying::Async));
        design.wires.get_mut("app-store").expect("it is there").settings.reads = reads;
        let mut world = start(&design, 3);
        let mut told = Told::default();
        world.run(Nanos::seconds(10), u64::MAX, &mut told);
        let read = told.count(ringside::component::sharded_db::READ) as f64;
        let part = told.count(REPLICA_READ) as f64 / read;
        assert!((part - most).abs() < 0.05, "{reads:?}: {part}");
        assert!(told.count(WRITTEN) > 1_000 && told.failed == 0, "{reads:?}: {}", told.failed);
    }
    let one = ShardedDbParams { replicas: 1, ..store(Copying::Async) };
    let mut world = start(&users(100.0, 1, 1, one), 3);
    let mut told = Told::default();
    world.run(Nanos::seconds(2), u64::MAX, &mut told);
    world.fault(&Fault::Crash(target("store/0")), &mut told);
    world.run(Nanos::seconds(6), u64::MAX, &mut told);
    assert_eq!(told.count(TAKEN_OVER), 0, "there is no majority");
    assert!(primaries(&world, 2)[0].is_none());
}

/// One schedule: random crashes, cuts and moves of rows under writes that are mostly of two shards.
/// How many were committed, or what was found wrong at the end.
fn play(seed: u64, commit: CrossCommit) -> Result<u64, String> {
    let stream = Stream::new(seed, "shard replicas");
    let copying = if seed.is_multiple_of(3) { Copying::Majority } else { Copying::Async };
    let params =
        ShardedDbParams { cross_writes: Share(0.8), cross_commit: commit, ..store(copying) };
    let mut design = users(120.0, 0, 1, params);
    let mut world = start(&design, seed);
    let mut told = Told::default();
    for n in 0..14 {
        let draw = |purpose, limit| stream.bits(n, purpose) % limit;
        let until = world.now() + Nanos(1 + draw(0, 400_000_000));
        world.run(until, u64::MAX, &mut told);
        let member = |purpose| format!("store/{}", draw(purpose, 9));
        let (one, other, third) = (member(1), member(2), member(8));
        let moves = !seed.is_multiple_of(2);
        let mishap = mishap(draw, &one, &[&other, &third], moves, &mut design);
        apply(&mut world, &mishap, &mut told);
    }
    for fault in all_well() {
        world.fault(&fault, &mut told);
    }
    world.run(world.now() + Nanos::seconds(1), u64::MAX, &mut told);
    world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut told);
    world.run(world.now() + Nanos::seconds(8), u64::MAX, &mut told);
    rest(&world)?;
    let lost = told.lost(&world);
    if copying == Copying::Majority && lost > 0 {
        return Err(format!("{lost} acknowledged writes are lost"));
    }
    Ok(told.count(ringside::component::sharded_db::ACROSS))
}

/// All at rest: each shard has one primary, each row one owner, nothing is under way, and nothing has come or
/// gone.
fn rest(world: &World) -> Result<(), String> {
    let all = primaries(world, COPIES);
    let mut sum = 0;
    for key in 0..KEYS {
        let row = |(shard, it): (usize, &Option<(usize, &_)>)| {
            let (_, state): (usize, &ringside::component::sharded_db::ShardedDbState) = (*it)?;
            let row = *state.rows.get(key.into())?;
            (usize::from(row.owner) == shard).then_some(row)
        };
        let rows: Vec<_> = all.iter().enumerate().filter_map(row).collect();
        if rows.len() != 1 {
            return Err(format!("row {key} has {} owners", rows.len()));
        }
        sum += i64::from(rows[0].balance);
    }
    for (shard, it) in all.iter().enumerate() {
        let Some((_, it)) = it else { return Err(format!("nobody leads {shard}")) };
        let across = &it.across;
        let left = across.promises.locks().count() + across.given.len() + across.decided.len();
        if left + across.open.len() + it.moves.len() > 0 {
            return Err(format!("{left} are still under way at {shard}, {:?}", it.moves));
        }
    }
    if sum != 0 { Err(format!("{sum} has come or gone")) } else { Ok(()) }
}

#[test]
fn whoever_dies_no_transaction_is_half_applied() {
    let committed = std::cell::Cell::new(0);
    for_seeds(SCHEDULES, |seed| {
        let commits = play(seed, CrossCommit::TwoPhase).unwrap_or_else(|it| panic!("{it}"));
        committed.set(committed.get() + commits);
    });
    println!("{} committed", committed.get());
    if std::env::var("SEED").is_err() && std::env::var("RUNS").is_err() {
        assert!(committed.get() > 100 * SCHEDULES / 4, "{}", committed.get());
    }
}

/// Shards that write each for itself: the same look at the end finds it out.
#[test]
fn a_broken_protocol_is_caught() {
    let found: Vec<_> = (0..60).filter_map(|seed| play(seed, CrossCommit::Alone).err()).collect();
    assert!(found.iter().any(|it| it.contains("come or gone")), "{found:?}");
}

/// Members die while rows are written and move: a global index has everything in the end.
#[test]
fn a_global_index_ends_up_right() {
    const VALUES: u32 = 20;
    for_seeds(150, |seed| {
        let stream = Stream::new(seed, "replicated index");
        let copying = if seed.is_multiple_of(2) { Copying::Majority } else { Copying::Async };
        let mut params = ShardedDbParams {
            index: Indexing::Global,
            attribute_classes: "city".into(),
            attribute_values: VALUES,
            ..store(copying)
        };
        params.attribute_writes.0 = 1.0;
        let mut design = users(100.0, 1, 1, params);
        let class = |name: &str, weight, does| Class {
            name: name.into(),
            weight,
            does,
            ..Class::default()
        };
        if let Spec::Client(it) = &mut design.components.get_mut("users").expect("users").spec {
            it.classes = vec![class("city", 1, Does::Read), class("move", 3, Does::Write)];
        }
        let mut world = start(&design, seed);
        let mut told = Told::default();
        for n in 0..12 {
            let draw = |purpose, limit| stream.bits(n, purpose) % limit;
            let until = world.now() + Nanos(1 + draw(0, 500_000_000));
            world.run(until, u64::MAX, &mut told);
            let member = |purpose| format!("store/{}", draw(purpose, 9));
            let (one, other) = (member(1), member(2));
            let fault = match draw(3, 8) {
                0 | 1 => Fault::Crash(target(&one)),
                2 | 3 => Fault::Restart(target("store")),
                4 => cut("a", &[&one], &[&other], Ways::Both),
                5 => heal("a"),
                _ => {
                    let scheme = ["range", "modulo", "ring", "jump"][draw(4, 4) as usize];
                    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
                    spec.set("scheme", &json!(scheme)).expect("it can be set");
                    apply(&mut world, &Input::Edit(design.clone()), &mut told);
                    continue;
                }
            };
            world.fault(&fault, &mut told);
        }
        for fault in [heal("a"), Fault::Restart(target("store"))] {
            world.fault(&fault, &mut told);
        }
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut told);
        world.run(world.now() + Nanos::seconds(9), u64::MAX, &mut told);
        rest(&world).unwrap_or_else(|it| panic!("{it}"));
        let all = primaries(&world, COPIES);
        for key in 0..KEYS {
            let states = || all.iter().enumerate().filter_map(|it| Some((it.0, (*it.1)?.1)));
            let own = |(shard, it): (usize, &ringside::component::sharded_db::ShardedDbState)| {
                let row = *it.rows.get(key.into())?;
                (usize::from(row.owner) == shard).then_some(row)
            };
            let row = states().find_map(own).expect("somebody has it");
            let value = value_of(key, row.turn, VALUES);
            for other in 0..VALUES {
                let known = states().any(|it| it.1.index.of(other).contains(&key));
                assert_eq!(known, other == value, "row {key} under {other}, it has {value}");
            }
        }
    });
}
