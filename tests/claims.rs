//! Claims that are violated: a run stops at the very event, the moment is marked on its line of time, and
//! nothing is called a violation that is none. Held against what an uninterrupted run tells.

use std::collections::BTreeSet;

use crate::common::*;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::kv_store::{Conflicts, KvStoreParams, WhenCut};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::{Failover, Replication, SqlDbParams};
use ringside::component::{Spec, State};
use ringside::document::{Design, FaultRecord, WireParams};
use ringside::engine::Note;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::note::{Reign, Settled};
use ringside::session::Session;
use ringside::session::protocol::{Branch, Breakpoint, Claim, Command, Hit, Tick, View};

const SEED: u64 = 11;
const END: Nanos = Nanos::seconds(8);

fn at(design: &mut Design, millis: u64, fault: Fault) {
    let id = format!("fault-{}", design.script.len());
    design.script.insert(id, FaultRecord { at: Nanos::millis(millis), fault });
}

fn database(params: SqlDbParams) -> Design {
    let mut it = design();
    let people = ClientParams { keys: 20, ..client(200.0, 1, 3) };
    add(&mut it, "people", Spec::Client(people));
    let params = SqlDbParams { mesh_latency: Nanos::millis(20), replicas: 2, ..params };
    add(&mut it, "store", Spec::SqlDb(params));
    let patient = WireParams { timeout: Nanos::seconds(2), retries: 3, ..WireParams::default() };
    wire(&mut it, "people", "store", patient);
    it
}

/// The primary is cut off from its replicas, dies, and people promote one of them.
fn lossy(replication: Replication) -> Design {
    let mut it =
        database(SqlDbParams { replication, failover: Failover::Manual, ..SqlDbParams::default() });
    at(&mut it, 2_900, cut("a", &["store/0"], &["store/1", "store/2"], Ways::Both));
    at(&mut it, 3_000, Fault::Crash(target("store/0")));
    at(&mut it, 3_500, Fault::Promote(target("store/1")));
    it
}

/// The primary is cut off from the others, which elect another; without fencing both take writes.
fn split(fencing: bool) -> Design {
    let failover = Failover::Majority;
    let mut it = database(SqlDbParams { failover, fencing, ..SqlDbParams::default() });
    at(&mut it, 3_000, cut("a", &["store/0"], &["store/1", "store/2"], Ways::Both));
    it
}

/// Answers get lost, and callers try again.
fn twice() -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(50.0, 0, 1)));
    add(&mut it, "payments", Spec::Service(ServiceParams { workers: 200, ..Default::default() }));
    add(&mut it, "ledger", Spec::SqlDb(SqlDbParams::default()));
    let retries = WireParams { retries: 2, timeout: Nanos::millis(200), ..WireParams::default() };
    wire(&mut it, "people", "payments", WireParams::default());
    wire(&mut it, "payments", "ledger", retries);
    at(&mut it, 3_000, Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back });
    at(&mut it, 4_200, Fault::MendWire { wire: "payments-ledger".into() });
    it
}

/// A store that keeps answering on both sides of a cut.
fn parted() -> Design {
    let mut it = design();
    let class = |name: &str, does| Class { name: name.into(), does, ..Class::default() };
    let classes = vec![class("read", Does::Read), class("write", Does::Write)];
    let people = ClientParams {
        rate: Rate(100.0),
        keys: 5,
        popularity: Popularity::Uniform,
        classes,
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    let store = KvStoreParams {
        members: 3,
        when_cut: WhenCut::Available,
        conflicts: Conflicts::Siblings,
        ..KvStoreParams::default()
    };
    add(&mut it, "store", Spec::KvStore(store));
    wire(&mut it, "people", "store", WireParams::default());
    at(&mut it, 3_000, cut("a", &["store/0"], &["store/1", "store/2"], Ways::Both));
    at(&mut it, 4_000, heal("a"));
    it
}

fn open(design: &Design) -> Session {
    let mut session = Session::default();
    let (design, seed) = (Box::new(design.clone()), SEED);
    let open = Command::Open { design, seed, warmup: Nanos::ZERO, inputs: Vec::new() };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, u64::MAX);
    session
}

/// Where a run stops, played in steps of so many ns.
fn stops(design: &Design, what: &Breakpoint, step: Nanos) -> (Session, Option<Hit>) {
    let mut session = open(design);
    let stop = Command::StopAt(Branch::Main, Some(what.clone()));
    session.tick(&Tick { commands: vec![stop], ..Tick::default() }, u64::MAX);
    while session.run().expect("open").shown().world.now() < END {
        session.tick(&Tick { advance: step, ..Tick::default() }, u64::MAX);
        if let Some(hit) = session.frame(&View::default()).hit {
            return (session, Some(hit));
        }
    }
    (session, None)
}

/// It stops at the first event that `is` says it does, whatever the steps; gives back the session there.
#[track_caller]
fn check(design: &Design, claim: Claim, mut is: impl FnMut(&Note, &World) -> bool) -> Session {
    let (mut world, mut ear) = (start(design, SEED), Ear::default());
    world.run(END, u64::MAX, &mut ear);
    let first = ear.0.iter().find(|it| is(&it.2, &world));
    let &(ordinal, at, _) = first.expect("the claim is violated");
    let what = Breakpoint::Violated(Some(claim), None);
    for step in [END, Nanos::millis(16), Nanos::micros(333_333)] {
        let (session, hit) = stops(design, &what, step);
        let hit = hit.expect("it stops");
        assert_eq!((hit.ordinal, hit.at), (ordinal, at), "{claim:?} in steps of {step:?}");
        if step == END {
            let frame = &session.run().expect("open").recorder.sightings;
            assert_eq!(frame.moments(claim).iter().collect::<Vec<_>>(), [&at], "marked");
        }
    }
    // At a component that has no part in it, never.
    let elsewhere = Breakpoint::Violated(Some(claim), Some("people".into()));
    assert_eq!(stops(design, &elsewhere, END).1, None);
    stops(design, &what, END).0
}

fn sql(it: &State) -> &ringside::component::sql_db::SqlDbState {
    if let State::SqlDb(it) = it { it } else { panic!("a database") }
}

#[test]
fn a_takeover_that_loses_acknowledged_writes_is_one() {
    let design = lossy(Replication::Async);
    let begins = |note: &Note, _: &World| matches!(note, Note::Reign { what: Reign::Begins { term, .. }, .. } if *term > 0);
    let session = check(&design, Claim::Durable, begins);
    // Some write that was acknowledged is not in the new primary's log: looked for in the members' own.
    let world = &session.run().expect("open").shown().world;
    let logs: Vec<_> = states(world, "store").into_iter().map(sql).collect();
    let (old, new) = (&logs[0].log, &logs[1].log);
    let acknowledged = session.run().expect("open").recorder.takeovers.of(1).expect("a ledger");
    let lost = acknowledged.lost(world.now()).count();
    assert!(lost > 0 && old.end() - new.end() >= lost as u64, "{lost}");
}

/// None is lost if every acknowledged write is at a replica that is promoted.
#[test]
fn a_takeover_under_synchronous_replication_is_none() {
    let what = Breakpoint::Violated(Some(Claim::Durable), None);
    assert_eq!(stops(&lossy(Replication::Sync), &what, END).1, None);
}

#[test]
fn a_second_primary_that_takes_a_write_is_one_and_a_fenced_one_takes_none() {
    let mut begun = None;
    check(&split(false), Claim::OnePrimary, |note, _| match *note {
        Note::Reign { member, what: Reign::Begins { .. } } => {
            begun = Some(member);
            false
        }
        Note::Appended { member, .. } => begun.is_some_and(|it| it != member),
        _ => false,
    });
    let what = Breakpoint::Violated(Some(Claim::OnePrimary), None);
    assert_eq!(stops(&split(true), &what, END).1, None);
}

#[test]
fn a_write_that_takes_effect_twice_is_one() {
    let mut calls = BTreeSet::new();
    check(&twice(), Claim::Once, |note, _| match *note {
        Note::Committed { call, .. } => !calls.insert(call),
        _ => false,
    });
    let mut keyed = twice();
    if let Some(Spec::SqlDb(it)) = keyed.components.get_mut("ledger").map(|it| &mut it.spec) {
        it.idempotency = Nanos::seconds(60);
    }
    let what = Breakpoint::Violated(Some(Claim::Once), None);
    assert_eq!(stops(&keyed, &what, END).1, None, "who remembers does it once");
}

#[test]
fn writes_that_do_not_know_of_each_other_are_one() {
    check(&parted(), Claim::Agreed, |note, _| {
        matches!(note, Note::Conflict { how: Settled::Both | Settled::Dropped, .. })
    });
    let mut cp = parted();
    if let Some(Spec::KvStore(it)) = cp.components.get_mut("store").map(|it| &mut it.spec) {
        it.when_cut = WhenCut::Consistent;
    }
    let what = Breakpoint::Violated(Some(Claim::Agreed), None);
    assert_eq!(stops(&cp, &what, END).1, None, "one side refuses");
}

/// Any claim: the first that is violated. All of them are marks of the frame, at most 65 of each.
#[test]
fn any_of_them_stops_a_run_and_all_are_marked() {
    let first = |claim| stops(&split(false), &Breakpoint::Violated(claim, None), END).1;
    let each: Vec<_> = Claim::ALL.into_iter().filter_map(|it| first(Some(it))).collect();
    assert!(each.len() > 1, "{each:?}");
    let earliest = each.iter().map(|it| it.ordinal).min();
    assert_eq!(first(None).map(|it| it.ordinal), earliest);

    let mut session = open(&split(false));
    session.tick(&Tick { advance: Nanos::seconds(100), ..Tick::default() }, u64::MAX);
    let frame = session.frame(&View { figures: true, ..View::default() });
    let sights = frame.sights.expect("told");
    for claim in Claim::ALL {
        let marks: Vec<_> = sights.iter().filter(|it| it.1 == claim).map(|it| it.0).collect();
        let seen = session.run().expect("open").recorder.sightings.moments(claim);
        assert!(marks.len() <= 65 && marks.is_sorted() && marks.is_empty() == seen.is_empty());
        assert!(marks.iter().all(|it| seen.contains(it)));
        assert_eq!(marks.first(), seen.front(), "the first is never left out");
    }
    // Two primaries take writes as long as the cut lasts.
    let split = sights.iter().filter(|it| it.1 == Claim::OnePrimary).count();
    assert!(split > 30, "{split}");
}

/// The other kinds of events: what swallows messages, what comes up, is answered, is counted inside.
#[test]
fn other_events_stop_a_run_too() {
    let mut design = twice();
    at(&mut design, 5_000, Fault::Crash(target("payments/0")));
    at(&mut design, 5_500, Fault::Restart(target("payments/0")));
    let (mut world, mut ear) = (start(&design, SEED), Ear::default());
    world.run(END, u64::MAX, &mut ear);
    let slot = |id: &str| world.blueprint().component(id).expect("there");
    let of = |member: u32, id: &str| world.blueprint().members[member as usize].0 == slot(id);
    let judge = |what: Breakpoint, is: &dyn Fn(&Note) -> bool| {
        let first = ear
            .0
            .iter()
            .find(|it| it.1 > Nanos::ZERO && is(&it.2))
            .unwrap_or_else(|| panic!("{what:?} happens"));
        let hit = stops(&design, &what, END).1.expect("it stops");
        assert_eq!((hit.ordinal, hit.at), (first.0, first.1), "{what:?}");
    };
    use ringside::engine::Outcome;
    judge(
        Breakpoint::Returns(Some("payments".into())),
        &|it| matches!(*it, Note::Up { member } if of(member, "payments")),
    );
    judge(Breakpoint::Swallowed(None), &|it| matches!(*it, Note::Sent { lost: true, .. }));
    judge(Breakpoint::Answers("ledger".into(), None), &|it| {
        let Note::Ended { member, outcome: Outcome::Ok, .. } = *it else { return false };
        of(member, "ledger")
    });
    judge(Breakpoint::Fails(Some("payments".into()), Some(Outcome::Timeout)), &|it| {
        let Note::Ended { member, outcome: Outcome::Timeout, .. } = *it else { return false };
        of(member, "payments")
    });
    let mut keyed = design.clone();
    if let Some(Spec::SqlDb(it)) = keyed.components.get_mut("ledger").map(|it| &mut it.spec) {
        it.idempotency = Nanos::seconds(60);
    }
    let repeated = ringside::component::sql_db::REPEATED;
    let (mut world, mut ear) = (start(&keyed, SEED), Ear::default());
    world.run(END, u64::MAX, &mut ear);
    let count = |it: &Note| matches!(*it, Note::Count { counter, .. } if counter == repeated);
    let first = ear.0.iter().find(|it| count(&it.2)).expect("it is asked again");
    let what = Breakpoint::Counts("ledger".into(), repeated);
    assert_eq!(stops(&keyed, &what, END).1.expect("it stops").ordinal, first.0);
}

/// A store without a leader whose quorums do not overlap: the read that the checker's rule calls stale is one,
/// at the event at which its client is told.
#[test]
fn an_old_value_read_from_a_store_without_a_leader_is_one() {
    let mut design = parted();
    if let Some(Spec::KvStore(it)) = design.components.get_mut("store").map(|it| &mut it.spec) {
        (it.when_cut, it.read_quorum, it.write_quorum) = (WhenCut::Quorums, 1, 1);
    }
    let (mut world, mut ear) = (start(&design, SEED), Ear::default());
    world.run(END, u64::MAX, &mut ear);
    // Naive: versions of acknowledged writes by key, in the order in which clients were told.
    let (mut told, mut begun) =
        (Vec::<(u32, u32, Nanos, Nanos)>::new(), std::collections::BTreeMap::new());
    let (mut wrote, mut found) = (begun.clone(), std::collections::BTreeMap::new());
    let mut first = None;
    for (ordinal, at, note) in &ear.0 {
        match *note {
            Note::Offered { request, own: true, .. } => _ = begun.insert(request.id, *at),
            Note::Wrote { request, version, .. } => {
                _ = wrote.insert(request, Nanos(version.into()))
            }
            Note::Found { request, version, .. } => _ = found.insert(request, version),
            Note::Ended { request, own: true, outcome: ringside::engine::Outcome::Ok, .. } => {
                let since = begun[&request.id];
                if let Some(version) = wrote.get(&request.id) {
                    told.push((request.key, version.0 as u32, since, *at));
                } else if let Some(version) = found.get(&request.id) {
                    // The write that was read had been told before a newer one began that was told too.
                    let known = told.iter().find(|it| it.0 == request.key && it.1 == *version);
                    let after = match (known, *version <= 1) {
                        (Some(it), _) => it.3,
                        (None, true) => Nanos::ZERO,
                        (None, false) => continue,
                    };
                    let newer = told.iter().any(|it| {
                        it.0 == request.key && it.1 != *version && it.2 > after && it.3 < since
                    });
                    if newer {
                        first = first.or(Some((*ordinal, *at)));
                    }
                }
            }
            _ => {}
        }
    }
    let (ordinal, at) = first.expect("some reads are old");
    let what = Breakpoint::Violated(Some(Claim::Fresh), None);
    let (session, hit) = stops(&design, &what, END);
    let hit = hit.expect("it stops");
    assert_eq!((hit.ordinal, hit.at, hit.component.as_deref()), (ordinal, at, Some("store")));
    assert!(session.run().expect("open").recorder.sightings.seen() > 0);
}

/// What a cache has acknowledged and not yet written behind is lost with it.
#[test]
fn dirty_entries_that_die_with_their_cache_are_one() {
    use ringside::component::cache::{CacheParams, LOST, Strategy};
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(100.0, 1, 1)));
    add(&mut it, "service", Spec::Service(ServiceParams::default()));
    let cache = CacheParams { strategy: Strategy::WriteBehind, ..CacheParams::default() };
    add(&mut it, "cache", Spec::Cache(cache));
    add(&mut it, "store", Spec::SqlDb(SqlDbParams::default()));
    for (from, to) in [("people", "service"), ("service", "cache"), ("cache", "store")] {
        wire(&mut it, from, to, WireParams::default());
    }
    at(&mut it, 3_000, Fault::Crash(target("cache")));
    at(&mut it, 3_500, Fault::Restart(target("cache")));
    check(&it, Claim::Durable, |note, _| matches!(note, Note::Count { counter: LOST, .. }));
}

/// Faults of one moment happen in the order in which they were put in, ten or more of them too.
#[test]
fn faults_of_one_moment_keep_their_order() {
    let mut it = lossy(Replication::Async);
    it.script.clear();
    for number in 2..=11 {
        let target = target("store/1");
        let fault = if number % 2 == 0 { Fault::Crash(target) } else { Fault::Restart(target) };
        let record = FaultRecord { at: Nanos::seconds(1), fault };
        it.script.insert(format!("fault-{number}"), record);
    }
    let mut world = start(&it, SEED);
    world.run(Nanos::seconds(2), u64::MAX, &mut ringside::engine::world::Unwatched);
    assert!(world.is_up(slots(&world, "store")[1]), "the last one brings it back");
}
