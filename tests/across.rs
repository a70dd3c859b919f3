//! Writes of rows of two shards: under random crashes, cuts and moves of rows none is ever half applied,
//! nothing stays in doubt once everybody is back, and a protocol that is broken on purpose is caught.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::sharded::{all_well, mishap, shards};
use crate::common::*;
use ringside::algorithm::commit::two_phase::{Change, State as Known};
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::Share;
use ringside::component::Spec;
use ringside::component::client::{ClientParams, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{CrossCommit, ShardedDbParams, ShardedDbState};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::Unwatched;
use ringside::engine::{Note, Outcome};
use serde_json::json;

/// Schedules tried; `RUNS=n` tries so many, `SEED=n` repeats one.
const SCHEDULES: u64 = 2_000;
const KEYS: u32 = 90;

/// Users who only write, most of them rows of two shards, of few rows.
fn banks(commit: CrossCommit) -> Design {
    let mut it = design();
    let users = ClientParams { keys: KEYS, popularity: Popularity::Uniform, ..client(150.0, 0, 1) };
    add(&mut it, "users", Spec::Client(users));
    let app = ServiceParams { workers: 1_000, work: Nanos::ZERO, ..ServiceParams::default() };
    add(&mut it, "app", Spec::Service(app));
    let store = ShardedDbParams {
        keys: KEYS,
        work: Nanos::millis(2),
        workers: 4,
        copy_rate: 1_000,
        mesh_latency: Nanos::millis(3),
        cross_writes: Share(0.8),
        cross_commit: commit,
        ..ShardedDbParams::default()
    };
    add(&mut it, "store", Spec::ShardedDb(store));
    wire(&mut it, "users", "app", instant());
    wire(&mut it, "app", "store", steady(Nanos::micros(300)));
    it
}

/// Looks after every event at what the shards have promised, done and locked; at the end, at the rows.
#[derive(Default)]
struct Observer {
    /// What each shard has promised, and has not yet done or dropped as far as was seen.
    promised: BTreeMap<(usize, u64), Vec<Change>>,
    /// How each transaction ended at each shard.
    ended: BTreeMap<u64, BTreeMap<usize, bool>>,
    /// What each row should hold by what was committed.
    expected: BTreeMap<u32, i64>,
}

impl Observer {
    /// After an event; an error says which transaction is half applied.
    fn look(&mut self, world: &World) -> Result<(), String> {
        let shards = shards(world);
        for (at, shard) in shards.iter().enumerate() {
            for (id, _, change) in shard.across.doubts() {
                self.promised.entry((at, id)).or_insert_with(|| vec![*change]);
                if shard.across.promises.lock(change.key) != Some(id)
                    && world.is_up(slot(world, at))
                {
                    return Err(format!("{id} is in doubt at {at}, and its row is free"));
                }
            }
        }
        let state = |(at, id): &(usize, u64)| shards[*at].across.promises.state(*id);
        let over = |it: &(usize, u64)| matches!(state(it), Some(Known::Committed | Known::Aborted));
        let over: Vec<_> = self.promised.keys().copied().filter(over).collect();
        for it in over {
            let commits = state(&it) == Some(&Known::Committed);
            let changes = self.promised.remove(&it).unwrap_or_default();
            for change in changes.iter().filter(|_| commits) {
                *self.expected.entry(change.key).or_default() += change.by;
            }
            let ended = self.ended.entry(it.1).or_default();
            ended.insert(it.0, commits);
            if ended.values().any(|it| *it != commits) {
                return Err(format!("{} is half applied: {ended:?}", it.1));
            }
        }
        Ok(())
    }

    /// Once all is at rest: both shards have done their part or neither, rows hold what was committed,
    /// and nothing has come or gone.
    fn rest(&self, world: &World) -> Result<(u64, u64), String> {
        let shards = shards(world);
        let mut sum = 0;
        for key in 0..KEYS {
            let has = |it: &&(usize, &&ShardedDbState)| {
                it.1.rows.get(key.into()).is_some_and(|row| usize::from(row.owner) == it.0)
            };
            let owners: Vec<_> = shards.iter().enumerate().collect();
            let Some((_, owner)) = owners.iter().find(has) else {
                return Err(format!("row {key} is nobody's"));
            };
            let balance = i64::from(owner.rows.get(key.into()).map_or(0, |it| it.balance));
            let expected = self.expected.get(&key).copied().unwrap_or(0);
            if balance != expected {
                return Err(format!("row {key} holds {balance}, {expected} was committed"));
            }
            sum += balance;
        }
        if sum != 0 {
            return Err(format!("{sum} has come or gone"));
        }
        let left = shards.iter().map(|it| {
            let it = &it.across;
            it.promises.locks().count() + it.open.len() + it.given.len() + it.decided.len()
        });
        let left: usize = left.sum();
        if left > 0 || !self.promised.is_empty() {
            return Err(format!("{left} are still under way"));
        }
        let half = |it: &&BTreeMap<usize, bool>| it.values().any(|it| *it) && it.len() < 2;
        if let Some(it) = self.ended.values().find(half) {
            return Err(format!("one shard alone committed: {it:?}"));
        }
        let commits = self.ended.values().filter(|it| it.values().all(|it| *it)).count() as u64;
        Ok((commits, self.ended.len() as u64 - commits))
    }
}

fn slot(world: &World, ordinal: usize) -> u32 {
    slots(world, "store")[ordinal]
}

/// One schedule: a world under random crashes, cuts, slowness, and in every second one moves of rows.
/// How many transactions were committed and how many aborted, or what was found wrong.
fn play(seed: u64, commit: CrossCommit) -> Result<(u64, u64), String> {
    let stream = Stream::new(seed, "across");
    let mut design = banks(commit);
    let mut world = start(&design, seed);
    let mut observer = Observer::default();
    let mut run_for = |world: &mut World, span: Nanos| {
        let until = world.now() + span;
        while world.now() < until {
            world.run(until, 1, &mut Unwatched);
            observer.look(world)?;
        }
        Ok::<(), String>(())
    };
    for n in 0..14 {
        let draw = |purpose, limit| stream.bits(n, purpose) % limit;
        run_for(&mut world, Nanos(1 + draw(0, 220_000_000)))?;
        let shard = |purpose| format!("store/{}", draw(purpose, 3));
        let (one, other) = (shard(1), shard(2));
        let moves = !seed.is_multiple_of(2);
        let mishap = mishap(draw, &one, &[&other], moves, &mut design);
        apply(&mut world, &mishap, &mut Unwatched);
    }
    for fault in all_well() {
        world.fault(&fault, &mut Unwatched);
    }
    run_for(&mut world, Nanos::millis(300))?;
    world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut Unwatched);
    run_for(&mut world, Nanos::seconds(4))?;
    observer.rest(&world)
}

#[test]
fn no_transaction_is_half_applied() {
    let (committed, aborted) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for_seeds(SCHEDULES, |seed| {
        let (commits, aborts) =
            play(seed, CrossCommit::TwoPhase).unwrap_or_else(|it| panic!("{it}"));
        committed.set(committed.get() + commits);
        aborted.set(aborted.get() + aborts);
    });
    // Both happen, and often: nothing is proved by schedules in which nothing is decided.
    let (committed, aborted) = (committed.get(), aborted.get());
    println!("{committed} committed, {aborted} aborted");
    if std::env::var("SEED").is_err() && std::env::var("RUNS").is_err() {
        assert!(
            committed > 100_000 && aborted > 10_000,
            "{committed} committed, {aborted} aborted"
        );
    }
}

/// A coordinator that forgets its decisions, and shards that write each for itself: the same observer
/// finds both out.
#[test]
fn broken_protocols_are_caught() {
    for (commit, says) in [(CrossCommit::Unlogged, "half applied"), (CrossCommit::Alone, "holds")] {
        let found: Vec<_> = (0..60).filter_map(|seed| play(seed, commit).err()).collect();
        assert!(found.iter().any(|it| it.contains(says)), "{commit:?}: {found:?}");
    }
}

/// Nothing fails: writes of two rows take longer than those of one, by a way there and back and the
/// other shard's work; all that is told to be done is done, and runs are played again alike.
#[test]
fn a_second_shard_costs_its_work_and_the_way() {
    let took = |share: f64| {
        let mut design = banks(CrossCommit::TwoPhase);
        for (id, name, value) in [
            ("store", "cross_writes", json!(format!("{}%", share * 100.0))),
            ("store", "keys", json!(20_000)),
            ("users", "keys", json!(20_000)),
        ] {
            let spec = &mut design.components.get_mut(id).expect("it is there").spec;
            spec.set(name, &value).expect("it can be set");
        }
        let mut live = Live::new(&design, 5);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(30));
        let slots = slots(&live.world, "store");
        let ended = |it: &(Nanos, u64, Note)| match it.2 {
            Note::Ended { member, outcome, arrived, own: false, .. } if slots.contains(&member) => {
                assert_eq!(outcome, Outcome::Ok);
                Some((it.0 - arrived).0 as f64 / 1e6)
            }
            _ => None,
        };
        let times: Vec<f64> = live.audit.notes.iter().filter_map(ended).collect();
        live.audit.check_conservation(&live.world);
        live.check_replay();
        times.iter().sum::<f64>() / times.len() as f64
    };
    let (one, two) = (took(0.0), took(1.0));
    // 3 ms there, 2 ms of work, 3 ms back; the line is short.
    assert!((two - one - 8.0).abs() < 0.5, "{one} ms alone, {two} ms together");
}

/// The coordinator dies between the promise and the decision: the other is in doubt, its row locked,
/// until the coordinator is back and has nothing written down.
#[test]
fn in_doubt_until_the_coordinator_is_back() {
    let mut design = banks(CrossCommit::TwoPhase);
    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
    spec.set("mesh_latency", &json!("40ms")).expect("it can be set");
    let mut world = start(&design, 3);
    world.run(Nanos::seconds(1), u64::MAX, &mut Unwatched);
    world.fault(&Fault::Crash(target("store/0")), &mut Unwatched);
    world.run(Nanos::seconds(3), u64::MAX, &mut Unwatched);
    let locked = |world: &World, at: usize| -> BTreeSet<u32> {
        let doubts = shards(world)[at].across.doubts().filter(|it| it.0 & 31 == 0);
        doubts.map(|it| it.2.key).collect()
    };
    let (b, c) = (locked(&world, 1), locked(&world, 2));
    assert!(!b.is_empty() && !c.is_empty(), "rows locked by A's transactions: {b:?}, {c:?}");
    let asked = shards(&world)[1].across.given.values().map(|it| it.asked).max();
    assert!(asked >= Some(4), "it asks again and again: {asked:?}");
    world.run(Nanos::seconds(6), u64::MAX, &mut Unwatched);
    assert_eq!((b, c), (locked(&world, 1), locked(&world, 2)), "for as long as it is away");
    world.fault(&Fault::Restart(target("store/0")), &mut Unwatched);
    world.run(Nanos::millis(6_700), u64::MAX, &mut Unwatched);
    let old = |it: &ShardedDbState| {
        it.across.given.values().filter(|it| it.since < Nanos::seconds(2)).count()
    };
    assert_eq!(shards(&world).into_iter().map(old).sum::<usize>(), 0, "all is known again");
}

/// A shard is cut off while rows change hands, and does not hear of it: the first shard that it asks in vain
/// says who has them, so that it asks in vain once a row, and no write fails for it.
#[test]
fn who_was_cut_off_is_told_who_has_the_rows() {
    for commit in [CrossCommit::TwoPhase, CrossCommit::Alone] {
        let mut design = banks(commit);
        let set = |design: &mut Design, id: &str, name: &str, value| {
            let spec = &mut design.components.get_mut(id).expect("it is there").spec;
            spec.set(name, &value).expect("it can be set");
        };
        set(&mut design, "store", "ranges", json!("0=A, 30=B, 60=C"));
        set(&mut design, "store", "cross_writes", json!("100%"));
        let mut live = Live::new(&design, 8);
        live.run_to(Nanos::seconds(1));
        live.fault(Fault::Spike { target: target("users"), factor: 0.0 });
        live.run_to(Nanos::seconds(2));
        live.fault(cut("a", &["store/2"], &["store/0", "store/1"], Ways::Both));
        live.edit(|it| set(it, "store", "ranges", json!("0=B, 60=C")));
        live.run_to(Nanos::seconds(5));
        live.fault(heal("a"));
        let believed = |live: &Live| {
            let rows = &shards(&live.world)[2].rows;
            let of_a = |it: &u64| rows.get(*it).is_some_and(|it| it.owner == 0);
            (0..30).filter(of_a).count()
        };
        assert_eq!((shards(&live.world)[0].held, believed(&live)), (0, 30), "{commit:?}");
        live.fault(Fault::Spike { target: target("users"), factor: 1.0 });
        live.run_for(Nanos::seconds(6));
        assert!(believed(&live) < 5, "{commit:?}: it goes on asking for {}", believed(&live));
        if commit == CrossCommit::TwoPhase {
            live.audit.keep = true;
            live.run_for(Nanos::seconds(4));
            let failed = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::CallEnded { outcome, again: false, .. } if outcome != Outcome::Ok);
            assert_eq!(live.audit.notes.iter().filter(failed).count(), 0);
        }
        live.check_replay();
    }
}

/// How shards write together is changed again and again while writes are under way: each ends as it was begun,
/// and no unit comes or goes.
#[test]
fn the_way_may_change_while_writes_are_under_way() {
    for_seeds(40, |seed| {
        let stream = Stream::new(seed, "ways of committing");
        let mut design = banks(CrossCommit::TwoPhase);
        let mut world = start(&design, seed);
        let mut under_way = 0;
        for n in 0..30 {
            let until = world.now() + Nanos(1 + stream.bits(n, 0) % 60_000_000);
            world.run(until, u64::MAX, &mut Unwatched);
            under_way += shards(&world).iter().map(|it| it.across.open.len()).sum::<usize>();
            let way = ["each-alone", "unlogged", "two-phase"][n as usize % 3];
            let spec = &mut design.components.get_mut("store").expect("it is there").spec;
            spec.set("cross_commit", &json!(way)).expect("it can be set");
            apply(&mut world, &Input::Edit(design.clone()), &mut Unwatched);
        }
        assert!(under_way > 10, "{under_way} were under way at the changes");
        world.fault(&Fault::Spike { target: target("users"), factor: 0.0 }, &mut Unwatched);
        world.run(world.now() + Nanos::seconds(4), u64::MAX, &mut Unwatched);
        let all = shards(&world);
        let world = &world;
        let own = |at: usize| (0..KEYS).filter_map(move |key| held(world, at, key));
        let sum: i64 = (0..all.len()).flat_map(own).sum();
        let left = |it: &&ShardedDbState| {
            let it = &it.across;
            it.promises.locks().count() + it.open.len() + it.given.len() + it.decided.len()
        };
        assert_eq!((sum, all.iter().map(left).sum::<usize>()), (0, 0));
    });
}

/// What a row holds at its shard.
fn held(world: &World, at: usize, key: u32) -> Option<i64> {
    let row = shards(world)[at].rows.get(key.into()).copied()?;
    (usize::from(row.owner) == at).then_some(i64::from(row.balance))
}
