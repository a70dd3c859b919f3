//! When a write is acknowledged, what the loss of the primary costs, and who reads old values.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::sql_db::{Carries, Failover, Replication, SqlDb, SqlDbParams, SqlDbState};
use ringside::component::{Kind, Spec, State};
use ringside::document::{Design, WireParams};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};

const SECOND: Nanos = Nanos::SECOND;

fn params(replication: Replication) -> SqlDbParams {
    SqlDbParams { replication, ..SqlDbParams::default() }
}

fn with(params: SqlDbParams, seed: u64) -> Live {
    let mut it = design();
    add(&mut it, "client", Spec::Client(client(100.0, 1, 1)));
    add(&mut it, "group", Spec::SqlDb(params));
    wire(&mut it, "client", "group", WireParams::default());
    let mut live = Live::new(&it, seed);
    live.audit.keep = true;
    live
}

fn members(live: &Live) -> Vec<&SqlDbState> {
    let own = |it: &State| matches!(it, State::SqlDb(_));
    assert!(states(&live.world, "group").iter().all(|it| own(it)));
    let states = states(&live.world, "group").into_iter();
    states.filter_map(|it| if let State::SqlDb(it) = it { Some(&**it) } else { None }).collect()
}

/// When each write was acknowledged: key, version.
fn acknowledged(live: &Live) -> Vec<(Nanos, u32, u32)> {
    let primary = slots(&live.world, "group")[0];
    let write = |(at, _, note): &(Nanos, u64, Note)| match *note {
        Note::Ended { member, request, outcome: Outcome::Ok, version, .. }
            if member == primary && request.verb == Verb::Write =>
        {
            Some((*at, request.key, version))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(write).collect()
}

/// Acknowledged writes that a replica does not have, applied or still in its log.
fn lost(live: &Live, replica: usize) -> usize {
    let it = members(live)[replica];
    let mut newest = BTreeMap::new();
    for position in it.log.start()..it.log.end() {
        let entry = it.log.get(position).expect("an entry of the log");
        newest.insert(entry.key, entry.version);
    }
    let has = |key: u32| {
        let row = it.rows.get(u64::from(key)).copied().unwrap_or(1);
        newest.get(&key).copied().unwrap_or(1).max(row)
    };
    acknowledged(live).iter().filter(|(_, key, version)| has(*key) < *version).count()
}

/// The replica whose log reaches furthest: who would take over.
fn best(live: &Live) -> usize {
    let members = members(live);
    (1..members.len()).max_by_key(|it| members[*it].log.end()).expect("a replica")
}

/// Loses the primary after a while, and lets what is on its way arrive.
fn lose_primary(live: &mut Live, seed: u64) {
    live.run_for(Nanos::seconds(3) + Nanos::millis(17 * seed));
    live.fault(Fault::Crash(target("group/0")));
    live.run_for(SECOND);
}

#[test]
fn asynchronous_replication_loses_the_end_of_the_log() {
    let mut total = 0;
    for_seeds(10, |seed| {
        let mesh_latency = Nanos::millis(60);
        let params = SqlDbParams { mesh_latency, ..params(Replication::Async) };
        let mut live = with(params, seed);
        live.run_to(SECOND);
        // A cut makes the last words certain to be lost.
        live.run_for(Nanos::millis(2_700));
        live.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
        lose_primary(&mut live, seed);
        let it = members(&live);
        let unsent = it[0].log.end() - it[best(&live)].log.end();
        assert!(unsent > 0);
        assert_eq!(lost(&live, best(&live)) as u64, unsent, "each entry not received is lost");
        live.check_replay();
    });
    // Without a cut, too, if a write was just acknowledged.
    for seed in 0..20 {
        let mesh_latency = Nanos::millis(60);
        let mut live = with(SqlDbParams { mesh_latency, ..params(Replication::Async) }, seed);
        lose_primary(&mut live, seed);
        let it = members(&live);
        let unsent = (it[0].log.end() - it[best(&live)].log.end()) as usize;
        assert_eq!(lost(&live, best(&live)), unsent);
        total += unsent;
    }
    assert_eq!(total, 0, "messages sent before a crash arrive: only a cut loses them");
}

#[test]
fn synchronous_replication_loses_nothing_anywhere() {
    for_seeds(10, |seed| {
        let mesh_latency = Nanos::millis(20);
        let mut live = with(SqlDbParams { mesh_latency, ..params(Replication::Sync) }, seed);
        live.run_to(SECOND);
        live.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
        lose_primary(&mut live, seed);
        assert!(acknowledged(&live).len() > 20);
        let it = members(&live);
        assert!(it[0].log.end() > it[best(&live)].log.end(), "some were not acknowledged");
        assert_eq!((lost(&live, 1), lost(&live, 2)), (0, 0));
        live.check_replay();
    });
}

#[test]
fn semi_synchronous_replication_loses_nothing_that_one_replica_has() {
    for_seeds(10, |seed| {
        let mut live = with(params(Replication::SemiSync), seed);
        live.run_to(SECOND);
        live.fault(cut("a", &["group/0"], &["group/2"], Ways::Both));
        live.run_for(SECOND);
        let before = acknowledged(&live).len();
        lose_primary(&mut live, seed);
        assert!(acknowledged(&live).len() > before + 100, "one replica is enough");
        assert_eq!((best(&live), lost(&live, 1)), (1, 0));
        assert!(lost(&live, 2) > 100, "the other would have lost them");
        live.check_replay();
    });
}

#[test]
fn a_dead_replica_stops_synchronous_writes_until_it_is_back() {
    let mut live = with(params(Replication::Sync), 3);
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::Crash(target("group/2")));
    live.run_for(Nanos::millis(100));
    let before = acknowledged(&live).len();
    live.run_for(Nanos::seconds(3));
    assert_eq!(acknowledged(&live).len(), before, "nothing is acknowledged");
    assert!(members(&live)[0].waiting.len() > 10, "writers wait");
    live.fault(Fault::Restart(target("group/2")));
    live.run_for(SECOND);
    assert!(acknowledged(&live).len() > before + 30, "and go on");
    assert!(members(&live)[0].waiting.len() < 5);
    live.check_replay();
}

#[test]
fn a_semi_synchronous_primary_goes_on_alone_and_returns() {
    let ack_timeout = Nanos::seconds(1);
    for (ack_timeout, alone) in [(ack_timeout, true), (Nanos::ZERO, false)] {
        let mut live = with(SqlDbParams { ack_timeout, ..params(Replication::SemiSync) }, 4);
        live.run_to(Nanos::seconds(2));
        let cut_at = live.world.now();
        live.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
        live.run_for(Nanos::seconds(3));
        assert_eq!(members(&live)[0].alone, alone);
        let (quiet, loud) = (cut_at + Nanos::millis(50), cut_at + Nanos::millis(900));
        let in_time = |it: &&(Nanos, u32, u32)| it.0 > quiet && it.0 < loud;
        assert_eq!(acknowledged(&live).iter().filter(in_time).count(), 0, "it waits first");
        let after = acknowledged(&live).iter().filter(|it| it.0 > loud).count();
        assert_eq!(after > 50, alone, "{after} acknowledged without a replica");
        live.fault(heal("a"));
        live.run_for(Nanos::seconds(2));
        assert!(!members(&live)[0].alone, "level again, it waits again");
        assert!(members(&live)[0].waiting.len() < 5);
        live.check_replay();
    }
}

#[test]
fn acknowledgements_follow_the_parameter_at_once() {
    let mut live = with(params(Replication::Sync), 5);
    live.run_to(SECOND);
    live.fault(cut("a", &["group/0"], &["group/1"], Ways::Both));
    live.run_for(Nanos::seconds(1));
    assert!(!members(&live)[0].waiting.is_empty());
    let set = |replication| {
        move |it: &mut Design| {
            let spec = Spec::SqlDb(params(replication));
            it.components.get_mut("group").expect("a group").spec = spec;
        }
    };
    live.edit(set(Replication::SemiSync));
    assert!(members(&live)[0].waiting.is_empty(), "one replica has them all");
    live.run_for(SECOND);
    live.edit(set(Replication::Async));
    live.run_for(SECOND);
    live.check_replay();
}

/// At a constant rate the lag in entries is the lag in seconds times the rate; both grow while a
/// replica is cut off, and both are gone once it has caught up.
#[test]
fn lag_in_entries_and_in_seconds_agree() {
    let per_second = 100.0;
    let fixed = SqlDbParams { work_shape: Shape::Constant, ..params(Replication::Async) };
    let mut it = design();
    let writer = ClientParams { arrivals: Arrivals::Constant, ..client(per_second, 0, 1) };
    add(&mut it, "client", Spec::Client(writer));
    add(&mut it, "group", Spec::SqlDb(fixed));
    wire(&mut it, "client", "group", steady(Nanos::millis(1)));
    let mut live = Live::new(&it, 6);
    let lag = |live: &Live| {
        let members: Vec<_> = states(&live.world, "group").into_iter().collect();
        let own = members.iter().map(|it| match it {
            State::SqlDb(it) => Some(it),
            _ => None,
        });
        let it = SqlDb::gauges(&own.collect::<Vec<_>>(), live.world.now());
        (it[0] / 1e9, it[1])
    };
    live.run_to(SECOND);
    live.fault(cut("a", &["group/0"], &["group/1"], Ways::Both));
    for step in 1..=30 {
        live.run_for(Nanos::millis(100));
        let (seconds, entries) = lag(&live);
        assert!((seconds * per_second - entries).abs() <= 1.0, "{seconds} s, {entries} entries");
        assert!((seconds - 0.1 * f64::from(step)).abs() < 0.03, "{seconds} s after {step} steps");
    }
    live.fault(heal("a"));
    live.run_for(SECOND);
    let (seconds, entries) = lag(&live);
    assert!(entries <= 1.0 && seconds < 0.02, "caught up: {seconds} s, {entries} entries");
}

/// A replica that comes up asks for the log from its own position, and does not wait for a beat.
#[test]
fn a_replica_that_returns_catches_up_from_its_position() {
    let mut live = with(params(Replication::Async), 7);
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::Crash(target("group/1")));
    live.run_for(Nanos::seconds(2));
    live.edit(|it| {
        if let Spec::Client(it) = &mut it.components.get_mut("client").expect("it").spec {
            it.rate = Rate(0.0);
        }
    });
    live.run_for(Nanos::millis(50));
    let behind = members(&live)[0].log.end() - members(&live)[1].log.end();
    assert!(behind > 50);
    live.fault(Fault::Restart(target("group/1")));
    // There and back over the mesh, and no beat's tenth of a second.
    live.run_for(Nanos::millis(20));
    assert_eq!(members(&live)[0].log.end(), members(&live)[1].log.end());
    live.check_replay();
}

/// Where reads go is the wire's affair.
#[test]
fn reads_go_where_the_wire_says() {
    for (reads, expected) in [
        (Reads::Primary, [true, false, false]),
        (Reads::Replicas, [false, true, true]),
        (Reads::Any, [true, true, true]),
    ] {
        let mut it = design();
        add(&mut it, "client", Spec::Client(client(100.0, 1, 1)));
        add(&mut it, "group", Spec::SqlDb(SqlDbParams::default()));
        wire(&mut it, "client", "group", WireParams { reads, ..WireParams::default() });
        let mut live = Live::new(&it, 8);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(3));
        let slots = slots(&live.world, "group");
        let read = |slot: u32| {
            live.audit
                .notes
                .iter()
                .any(|it| matches!(it.2, Note::Found { member, .. } if member == slot))
        };
        assert_eq!([read(slots[0]), read(slots[1]), read(slots[2])], expected, "{reads:?}");
    }
}

/// A caller that sticks to one member reads there and nowhere else; another caller may have another.
#[test]
fn a_sticky_caller_reads_at_one_member() {
    let mut it = design();
    for name in ["one", "two", "three"] {
        add(&mut it, name, Spec::Client(client(60.0, 1, 0)));
    }
    add(&mut it, "group", Spec::SqlDb(SqlDbParams::default()));
    for name in ["one", "two", "three"] {
        let settings = WireParams { reads: Reads::Sticky, ..WireParams::default() };
        wire(&mut it, name, "group", settings);
    }
    let mut live = Live::new(&it, 9);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(3));
    let mut read = BTreeMap::<u64, std::collections::BTreeSet<u32>>::new();
    for (_, _, note) in &live.audit.notes {
        if let Note::Found { member, request, .. } = note {
            read.entry(request >> 40).or_default().insert(*member);
        }
    }
    assert_eq!(read.len(), 3);
    assert!(read.values().all(|it| it.len() == 1), "{read:?}");
    let all: std::collections::BTreeSet<_> = read.values().flatten().collect();
    assert!(all.len() > 1, "not all at the same one");
    live.check_replay();
}

/// A replica that knows itself to be too far behind sends readers on: what they find is at most so old, but
/// for what it cannot know yet. Without the bound it is as old as the replica is behind.
#[test]
fn bounded_staleness_is_bounded() {
    use ringside::session::run::Run;
    let oldest = |max_staleness: Nanos| {
        let mut it = design();
        add(&mut it, "client", Spec::Client(client(300.0, 1, 1)));
        let mut slow = params(Replication::Async);
        (slow.max_staleness, slow.last_applies.0) = (max_staleness, 60.0);
        add(&mut it, "service", Spec::Service(Default::default()));
        add(&mut it, "group", Spec::SqlDb(slow));
        wire(&mut it, "client", "service", WireParams::default());
        wire(
            &mut it,
            "service",
            "group",
            WireParams { reads: Reads::Any, ..WireParams::default() },
        );
        let mut run = Run::open(it, 10, Nanos::ZERO, Vec::new()).expect("it compiles");
        let group = run.head.world.blueprint().component("group").expect("it");
        let (mut oldest, mut stale) = (Nanos::ZERO, 0);
        for second in 1..=8 {
            run.advance(SECOND, u64::MAX);
            let latest = run
                .recorder
                .staleness
                .latest(group)
                .filter(|it| it.read > Nanos::seconds(second - 1));
            oldest = latest.map(|it| it.read - it.acknowledged).fold(oldest, Nanos::max);
            stale = run.recorder.staleness.total(group);
        }
        (oldest, stale)
    };
    let (free, many) = oldest(Nanos::ZERO);
    assert!(free > Nanos::seconds(2) && many > 200, "{free:?}, {many}");
    let bound = Nanos::millis(300);
    let (bounded, few) = oldest(bound);
    // Beyond its bound it knows of nothing that has not reached it: a way over the mesh.
    assert!(bounded <= bound + Nanos::millis(20), "{bounded:?}");
    assert!(few < many / 2, "{few} of {many}");
}

/// The last replica applies an entry only when it is old enough, and not much later.
#[test]
fn a_delayed_replica_shows_what_was() {
    let mut late = params(Replication::Async);
    late.last_delay = Nanos::seconds(2);
    let mut live = with(late, 11);
    live.run_to(Nanos::seconds(6));
    let now = live.world.now();
    let members = members(&live);
    let log = &members[2].log;
    let next = log.get(members[2].applied).expect("it is behind").at;
    assert!(now - next <= Nanos::millis(2_040), "{:?} is not applied yet", now - next);
    let last = log.get(members[2].applied - 1).expect("it is there").at;
    assert!(now - last >= Nanos::seconds(2), "{:?} is applied", now - last);
    assert!(members[0].log.end() - members[1].applied < 20, "the other follows at once");
    live.check_replay();
}

/// A log written and applied at constant rates: after t seconds the replica is behind by the difference of
/// the rates times t, and the oldest entry it lacks is as old as that many take to be written.
#[test]
fn lag_is_what_rates_make_it() {
    let (written, applied) = (200.0, 180.0);
    let mut it = design();
    let writer = ClientParams { arrivals: Arrivals::Constant, ..client(written, 0, 1) };
    add(&mut it, "client", Spec::Client(writer));
    let mut fixed = SqlDbParams { work_shape: Shape::Constant, ..params(Replication::Async) };
    fixed.last_applies.0 = applied;
    add(&mut it, "group", Spec::SqlDb(fixed));
    wire(&mut it, "client", "group", steady(Nanos::millis(1)));
    let mut live = Live::new(&it, 12);
    for seconds in 1..=20u64 {
        live.run_to(Nanos::seconds(seconds));
        let own: Vec<_> = states(&live.world, "group").into_iter().collect();
        let own = own.iter().map(|it| match it {
            State::SqlDb(it) => Some(it),
            _ => None,
        });
        let it = SqlDb::gauges(&own.collect::<Vec<_>>(), live.world.now());
        let (age, entries) = (it[0] / 1e9, it[1]);
        let theory = (written - applied) * seconds as f64;
        assert!((entries - theory).abs() <= 3.0, "{entries} entries after {seconds} s");
        assert!((age - entries / written).abs() <= 1.5 / written, "{age} s, {entries} entries");
    }
}

/// Passive: the primary executes, replicas apply the change. Active: each member executes, with the work of
/// so many machines; a replica does one after the other, so that it falls behind where the primary does
/// sixteen at once.
#[test]
fn active_replicas_execute_what_passive_ones_apply() {
    let run = |log_carries: Carries, per_second: f64| {
        let mut it = design();
        add(&mut it, "client", Spec::Client(client(per_second, 1, 1)));
        let params = SqlDbParams { log_carries, ..params(Replication::Async) };
        add(&mut it, "group", Spec::SqlDb(params));
        wire(&mut it, "client", "group", WireParams::default());
        let mut live = Live::new(&it, 5);
        live.run_to(Nanos::seconds(20));
        live.check_replay();
        let all = members(&live);
        let each = |it: &&SqlDbState| it.worked.1.as_seconds() * 1e3 / it.worked.0 as f64;
        let work: Vec<_> = all[1..].iter().map(each).collect();
        let behind = all[0].applied - all[1].applied;
        // In the same order, as far as they are.
        for it in &all[1..] {
            let entries = (0..it.applied).map(|at| (all[0].log.get(at), it.log.get(at)));
            assert!(entries.into_iter().all(|it| it.0.is_none() || it.1.is_none() || it.0 == it.1));
        }
        (work, behind)
    };
    // Half of what the client asks for is writes.
    let (passive, level) = run(Carries::Changes, 100.0);
    assert!(passive.iter().all(|it| (it - 0.5).abs() < 0.01) && level < 5, "{passive:?}, {level}");
    let (active, level) = run(Carries::Operations, 100.0);
    assert!(active.iter().all(|it| (it - 8.0).abs() < 0.5) && level < 10, "{active:?}, {level}");
    // 8 ms each are 125 writes a second; 200 come, so it falls 75 behind in each of 20 s.
    let (_, behind) = run(Carries::Operations, 400.0);
    assert!((1_200..=1_800).contains(&behind), "{behind} behind");
    let (_, level) = run(Carries::Changes, 400.0);
    assert!(level < 10, "{level}");
}

/// Writes wait for the first replica only: it has every one that is acknowledged, and the others may lag
/// as they like, or be dead. Readers of the asynchronous ones ask nobody else.
#[test]
fn writes_wait_for_the_first_replica_only() {
    for replication in [Replication::Sync, Replication::SemiSync] {
        let ack_timeout = Nanos::ZERO;
        let mesh_latency = Nanos::millis(20);
        let last_applies = Rate(10.0);
        let shape = SqlDbParams {
            replicas: 3,
            synchronous: 1,
            ack_timeout,
            mesh_latency,
            last_applies,
            ..params(replication)
        };
        let mut it = design();
        add(&mut it, "client", Spec::Client(client(100.0, 1, 1)));
        add(&mut it, "group", Spec::SqlDb(shape));
        let reads = Reads::Asynchronous;
        wire(&mut it, "client", "group", WireParams { reads, ..WireParams::default() });
        let mut live = Live::new(&it, 7);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(3));
        live.fault(Fault::Crash(target("group/2")));
        live.run_for(Nanos::seconds(3));
        let slots = slots(&live.world, "group");
        let read_at = |which: usize| {
            let of = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Ended { member, request, outcome: Outcome::Ok, own: false, .. } if member == slots[which] && request.verb == Verb::Read);
            live.audit.notes.iter().filter(of).count()
        };
        assert_eq!([read_at(0), read_at(1)], [0, 0], "{replication:?}");
        assert!(read_at(2) > 50 && read_at(3) > 50, "{replication:?}");
        assert!(acknowledged(&live).len() > 200, "a dead one stops nothing");
        live.fault(Fault::Crash(target("group/0")));
        live.run_for(SECOND);
        assert_eq!(lost(&live, 1), 0, "{replication:?}: the first has all");
        assert!(lost(&live, 2) > 50, "{replication:?}: who was dead has not");
    }
    // Of three, the first is dead and nobody takes over: all wait for it.
    let shape = SqlDbParams { replicas: 3, synchronous: 1, ..params(Replication::Sync) };
    let mut live = with(shape, 8);
    live.run_to(SECOND);
    live.fault(Fault::Crash(target("group/1")));
    live.run_for(Nanos::millis(100));
    let before = acknowledged(&live).len();
    live.run_for(SECOND);
    assert_eq!(acknowledged(&live).len(), before);
}

/// The first two that are there: if only one is, writes wait until another is back (PostgreSQL 17, 19.6.1:
/// transactions wait until so many standbys have them).
#[test]
fn one_of_two_is_not_enough() {
    let failover = Failover::Automatic;
    let shape = SqlDbParams { replicas: 3, synchronous: 2, failover, ..params(Replication::Sync) };
    let mut live = with(shape, 8);
    live.run_to(SECOND);
    live.fault(Fault::Crash(target("group/1")));
    live.run_for(Nanos::seconds(4));
    let one_dead = acknowledged(&live).len();
    live.run_for(SECOND);
    let more = acknowledged(&live).len() - one_dead;
    assert!(more > 30, "the other two do: {more}");
    live.fault(Fault::Crash(target("group/2")));
    live.run_for(Nanos::seconds(4));
    let two_dead = acknowledged(&live).len();
    live.run_for(SECOND);
    assert_eq!(acknowledged(&live).len(), two_dead, "one alone does not");
    live.fault(Fault::Restart(target("group/2")));
    live.run_for(Nanos::seconds(4));
    assert!(acknowledged(&live).len() > two_dead + 50, "it is back");
}
