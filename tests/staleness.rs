//! Stale reads are caught as they happen, and none that is not one: against a naive judge who
//! remembers every acknowledgement there ever was.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::{CacheParams, Strategy};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::ShardedDbParams;
use ringside::component::sql_db::{Replication, SqlDbParams};
use ringside::document::{Design, WireParams};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::sightings::Claim;
use ringside::engine::staleness::{LATEST_MAX, StaleRead};
use ringside::engine::{Note, Outcome, Verb};
use ringside::session::protocol::Input;
use ringside::session::report::report;
use ringside::session::run::Run;

const SECOND: Nanos = Nanos::SECOND;

/// People → service → store, read at its replicas.
fn replicated(params: SqlDbParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(200.0, 3, 1)));
    add(&mut it, "service", Spec::Service(ServiceParams::default()));
    add(&mut it, "store", Spec::SqlDb(params));
    wire(&mut it, "people", "service", WireParams::default());
    wire(&mut it, "service", "store", WireParams { reads: Reads::Any, ..WireParams::default() });
    it
}

/// The same, read at the primary, with a cache beside the store or in front of it.
fn cached(cache: CacheParams) -> Design {
    let mut it = replicated(SqlDbParams { replicas: 0, ..SqlDbParams::default() });
    let in_front = cache.strategy != Strategy::CacheAside;
    add(&mut it, "cache", Spec::Cache(cache));
    wire(&mut it, "service", "cache", WireParams::default());
    if in_front {
        wire(&mut it, "cache", "store", WireParams::default());
    }
    it
}

fn open(design: &Design) -> Run {
    Run::open(design.clone(), 7, Nanos::ZERO, Vec::new()).expect("it compiles")
}

fn stale(run: &Run, id: &str) -> u64 {
    let slot = run.head.world.blueprint().component(id).expect("a component");
    run.recorder.staleness.total(slot)
}

fn cut_off() -> Fault {
    cut("a", &["store/0"], &["store/1"], Ways::Both)
}

/// All stale reads by the notes of a run of the same design, found the slow way: but for those
/// during which two versions or more were acknowledged, which nobody judges.
fn judge(design: &Design, fault: Option<Fault>, until: Nanos) -> Vec<StaleRead> {
    let mut live = Live::new(design, 7);
    live.audit.keep = true;
    live.run_to(SECOND);
    fault.into_iter().for_each(|it| live.fault(it));
    live.run_to(until);
    let mut begun = BTreeMap::new();
    let mut wrote = BTreeMap::new();
    let mut acknowledged = BTreeMap::<u32, Vec<(u32, Nanos)>>::new();
    let mut found = Vec::new();
    for (at, _, note) in &live.audit.notes {
        match *note {
            Note::Offered { request, own: true, .. } => _ = begun.insert(request.id, *at),
            Note::Ended { request, own, outcome: Outcome::Ok, version, .. }
                if request.verb == Verb::Write =>
            {
                match own {
                    true => {
                        let version = wrote.get(&request.id).copied().unwrap_or(0);
                        let known = acknowledged.entry(request.key).or_default();
                        if known.iter().all(|it| it.0 < version) {
                            known.push((version, *at));
                        }
                    }
                    false => _ = wrote.insert(request.id, version),
                }
            }
            Note::Found { member, wire, request, key, version, .. } => {
                let Some(begun) = begun.get(&request) else { continue };
                let known = acknowledged.get(&key).into_iter().flatten();
                type Acks<'a> = Vec<&'a (u32, Nanos)>;
                let (before, during): (Acks, Acks) = known.partition(|it| it.1 < *begun);
                let (Some(it), 0..=1) = (before.last(), during.len()) else { continue };
                if version < it.0 {
                    let (newest, acknowledged, read) = (it.0, it.1, *at);
                    found.push(StaleRead {
                        request,
                        key,
                        version,
                        newest,
                        acknowledged,
                        read,
                        member,
                        wire,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// The observer finds what the judge finds, and says the same of it.
#[track_caller]
fn check(design: &Design, fault: Option<Fault>, id: &str) -> Run {
    let until = Nanos::seconds(9);
    let mut run = open(design);
    run.advance(SECOND, u64::MAX);
    if let Some(fault) = &fault {
        run.act(Input::Fault(fault.clone())).expect("a fault compiles");
    }
    run.advance(until - SECOND, u64::MAX);
    let slot = run.head.world.blueprint().component(id).expect("a component");
    let judged = judge(design, fault, until);
    assert_eq!(stale(&run, id), judged.len() as u64);
    let latest: Vec<_> = judged.iter().rev().take(LATEST_MAX).copied().collect();
    let kept: Vec<_> = run.recorder.staleness.latest(slot).copied().collect();
    assert_eq!(kept, latest);
    run
}

#[test]
fn reads_at_a_replica_cut_off_are_stale() {
    let design = replicated(SqlDbParams::default());
    let mut run = check(&design, Some(cut_off()), "store");
    let found = stale(&run, "store");
    assert!(found > 100, "{found}");
    let slot = run.head.world.blueprint().component("store").expect("it");
    let behind = run.head.world.blueprint().components[slot as usize].members[1];
    let staleness = &run.recorder.staleness;
    assert!(staleness.latest(slot).all(|it| it.member == behind), "from that replica only");
    let seconds = (1..=9).map(|it| staleness.within(slot, Nanos::seconds(it), SECOND));
    assert_eq!(seconds.sum::<u64>(), found, "windows add up");
    assert_eq!(report(&run, 7).components["store"].stale_reads, found);
    // Some in nearly every quarter of a second in which the cut lasted: so many moments, at most one in each.
    let moments = run.recorder.sightings.moments(Claim::Fresh);
    let quarters: Vec<_> = moments.iter().map(|it| it.0 / 250_000_000).collect();
    assert!(quarters.len() > 20 && quarters.is_sorted_by(|a, b| a < b), "{moments:?}");
    let there =
        |it: &u64| staleness.within(slot, Nanos((it + 1) * 250_000_000), Nanos::millis(250)) > 0;
    assert!(quarters.iter().all(there));
    // Once it has caught up, no read is stale but in the moment of a lag.
    run.act(Input::Fault(heal("a"))).expect("it heals");
    run.advance(SECOND, u64::MAX);
    let before = stale(&run, "store");
    run.advance(Nanos::seconds(3), u64::MAX);
    assert!(stale(&run, "store") - before < 5);
    // Looking back and forth changes nothing.
    let known = stale(&run, "store");
    run.seek(Nanos::seconds(3));
    run.latest();
    assert_eq!(stale(&run, "store"), known);
}

/// A replica that answers a write only once it has applied it is never out of date.
#[test]
fn synchronous_replicas_are_never_stale() {
    let mesh_latency = Nanos::millis(30);
    for (replication, some) in [(Replication::Async, true), (Replication::Sync, false)] {
        let workers = 64;
        let params = SqlDbParams { mesh_latency, replication, workers, ..SqlDbParams::default() };
        let run = check(&replicated(params), None, "store");
        assert_eq!(stale(&run, "store") > 0, some, "{replication:?}");
    }
}

/// Where nobody drops what has changed (the delete is lost with the wire it takes), a cache keeps
/// answering with what it has.
#[test]
fn a_cache_that_is_not_told_is_stale_until_entries_expire() {
    let ttl = Nanos::millis(200);
    let mut found = Vec::new();
    for ttl in [Nanos::ZERO, ttl] {
        let mut design = cached(CacheParams { ttl, ..CacheParams::default() });
        // Another service writes past the cache.
        add(&mut design, "writer", Spec::Service(ServiceParams::default()));
        add(&mut design, "editors", Spec::Client(client(40.0, 0, 1)));
        wire(&mut design, "editors", "writer", WireParams::default());
        wire(&mut design, "writer", "store", WireParams::default());
        let run = check(&design, None, "cache");
        assert_eq!(stale(&run, "store"), 0, "the primary is never stale");
        found.push(stale(&run, "cache"));
    }
    assert!(found[0] > 2 * found[1] && found[1] > 0, "{found:?}: expiry bounds staleness");
}

/// The same before a store whose members each have keys of their own; and they themselves are never stale.
#[test]
fn a_cache_before_shards_is_judged_too() {
    let mut design = cached(CacheParams::default());
    let shards = ShardedDbParams { keys: 200, ..ShardedDbParams::default() };
    add(&mut design, "store", Spec::ShardedDb(shards));
    add(&mut design, "writer", Spec::Service(ServiceParams::default()));
    add(&mut design, "editors", Spec::Client(client(40.0, 0, 1)));
    wire(&mut design, "editors", "writer", WireParams::default());
    wire(&mut design, "writer", "store", WireParams::default());
    let run = check(&design, None, "cache");
    assert!(stale(&run, "cache") > 50, "{}", stale(&run, "cache"));
    assert_eq!(stale(&run, "store"), 0);
    assert!(!run.recorder.sightings.moments(Claim::Fresh).is_empty(), "and marked");
}

#[test]
fn strategies_of_the_cache_keep_reads_fresh_until_what_was_dirty_is_lost() {
    for strategy in [Strategy::WriteThrough, Strategy::WriteBehind] {
        let design = cached(CacheParams { strategy, ..CacheParams::default() });
        let mut run = check(&design, None, "cache");
        assert_eq!((stale(&run, "cache"), stale(&run, "store")), (0, 0), "{strategy:?}");
        run.advance(Nanos::millis(900), u64::MAX);
        run.act(Input::Fault(Fault::Crash(target("cache")))).expect("it dies");
        run.act(Input::Fault(Fault::Restart(target("cache")))).expect("it returns");
        run.advance(Nanos::seconds(3), u64::MAX);
        // Those who wrote what is lost read what was before.
        let later = stale(&run, "cache") + stale(&run, "store");
        assert_eq!(later > 0, strategy == Strategy::WriteBehind, "{strategy:?}: {later}");
    }
}

/// What newcomers see is healthy, its invalidations included; every old value comes from the replica
/// that is cut off, or was put into the cache from there.
#[test]
fn the_book_store_reads_nothing_old_until_a_replica_is_cut_off() {
    let text = include_str!("../static/designs/bookstore.json");
    let (file, _) = ringside::document::file::read(text).expect("it reads");
    for seed in [file.seed, 1, 2] {
        let mut run =
            Run::open(file.design.clone(), seed, file.warmup, Vec::new()).expect("compiles");
        let stale = |run: &Run| -> u64 {
            let components = 0..run.head.world.blueprint().components.len() as u32;
            components.map(|it| run.recorder.staleness.total(it)).sum()
        };
        run.advance(Nanos::seconds(10), u64::MAX);
        assert_eq!(stale(&run), 0, "seed {seed}");
        let member = |ordinal| ringside::engine::fault::Target::member("database", ordinal);
        let (one, other) = (vec![member(2)], vec![member(0), member(1)]);
        let cut = Fault::Partition { name: "cut".into(), one, other, ways: Ways::Both };
        run.act(Input::Fault(cut)).expect("a fault compiles");
        run.advance(Nanos::seconds(5), u64::MAX);
        let component = |id| run.head.world.blueprint().component(id).expect("is there");
        let (database, cache) = (component("database"), component("cache"));
        let staleness = &run.recorder.staleness;
        assert!(staleness.total(database) > 100, "{}", staleness.total(database));
        assert_eq!(staleness.total(database) + staleness.total(cache), stale(&run));
        let members = &run.head.world.blueprint().components[database as usize].members;
        assert!(staleness.latest(database).all(|it| it.member == members[2]), "seed {seed}");
    }
}
