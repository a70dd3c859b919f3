//! A cascade: each replica hands the log on to the next. What comes when, who waits for whom, and what
//! becomes of those behind a replica that dies.

use crate::common::*;
use ringside::base::geometry::Rect;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::sql_db::{Failover, Replication, SqlDbParams, SqlDbState, Topology};
use ringside::component::{Spec, State};
use ringside::document::{Design, ZonePair, ZoneParams, ZoneRecord};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};

const SECOND: Nanos = Nanos::SECOND;
/// From each member to the next, one way, in milliseconds; any other two are ten times as far apart as
/// the farthest of these.
const HOPS: [u64; 3] = [10, 20, 30];
const GAP: Nanos = Nanos::millis(10);
const APPLY: Nanos = Nanos::millis(3);

fn params() -> SqlDbParams {
    SqlDbParams {
        topology: Topology::Cascade,
        replicas: 3,
        work_shape: Shape::Constant,
        apply_work: APPLY,
        mesh_latency: Nanos::ZERO,
        places: "z0, z1, z2, z3".into(),
        ..SqlDbParams::default()
    }
}

/// Writes at a constant rate, to a primary and three replicas in four places.
fn with(params: SqlDbParams) -> Live {
    let mut it = design();
    let writer = ClientParams { arrivals: Arrivals::Constant, ..client(100.0, 0, 1) };
    add(&mut it, "client", Spec::Client(writer));
    add(&mut it, "group", Spec::SqlDb(params));
    wire(&mut it, "client", "group", steady(Nanos::millis(1)));
    for zone in 0..4usize {
        let pair = |other: usize| {
            let next = HOPS.get(zone).filter(|_| other == zone + 1);
            let one_way = Nanos::millis(next.copied().unwrap_or(300));
            ZonePair { zone: format!("z{other}"), one_way }
        };
        let pairs = (zone + 1..4).map(pair).collect();
        let settings = ZoneParams { pairs, ..ZoneParams::default() };
        let area = Rect { x: 1_000.0, y: 400.0 * zone as f64, width: 100.0, height: 100.0 };
        let label = format!("z{zone}");
        let record = ZoneRecord { label: label.clone(), area, settings, extra: Default::default() };
        it.zones.insert(label, record);
    }
    let mut live = Live::new(&it, 1);
    live.audit.keep = true;
    live
}

fn members(live: &Live) -> Vec<&SqlDbState> {
    fn own(it: &State) -> Option<&SqlDbState> {
        if let State::SqlDb(it) = it { Some(it) } else { None }
    }
    states(&live.world, "group").into_iter().filter_map(own).collect()
}

fn ends(live: &Live) -> Vec<u64> {
    members(live).iter().map(|it| it.log.end()).collect()
}

fn kill(live: &mut Live, ordinal: u16) {
    live.fault(Fault::Crash(target(&format!("group/{ordinal}"))));
}

fn revive(live: &mut Live, ordinal: u16) {
    live.fault(Fault::Restart(target(&format!("group/{ordinal}"))));
}

fn promote(live: &mut Live, ordinal: u16) {
    live.fault(Fault::Promote(target(&format!("group/{ordinal}"))));
}

fn set(change: impl FnOnce(&mut SqlDbParams)) -> impl FnOnce(&mut Design) {
    move |it| {
        if let Spec::SqlDb(it) = &mut it.components.get_mut("group").expect("it").spec {
            change(it);
        }
    }
}

/// Whether every log is the same as far as it goes.
#[track_caller]
fn check_logs(live: &Live, primary: usize) {
    let members = members(live);
    for it in &members {
        // Who has got a copy has no log from before.
        for at in it.log.start().max(members[primary].log.start())..it.log.end() {
            assert_eq!(it.log.get(at), members[primary].log.get(at), "entry {at} of {}", it.own);
        }
    }
}

/// An entry is at position k of the row once it has taken the hops so far, at the very nanosecond, and is
/// applied there the time of one entry later: at a constant rate r, k is r times the sum of its hops
/// behind. Lag in seconds is that sum, up to the gap between two entries.
#[test]
fn entries_come_in_order_and_late_by_the_sum_of_hops() {
    let mut live = with(params());
    live.run_to(SECOND);
    for step in 0..200u64 {
        live.run_for(Nanos(7_300_001 + 1_000 * step));
        let now = live.world.now();
        let members = members(&live);
        let log = &members[0].log;
        let by = |late: Nanos| {
            (0..log.end()).filter_map(|it| log.get(it)).filter(|it| it.at + late <= now).count()
                as u64
        };
        let mut late = Nanos::ZERO;
        for k in 1..4 {
            late += Nanos::millis(HOPS[k - 1]);
            assert_eq!(
                members[k].log.end(),
                by(late),
                "{k} has received what was written {late:?} ago"
            );
            assert_eq!(
                members[k].applied,
                by(late + APPLY),
                "and applied what was written so much earlier"
            );
            let (entries, age) = members[0].lag_of(members[k], now);
            let theory = late + APPLY;
            assert!(age <= theory && age + GAP >= theory, "{k} is {age:?} behind, not {theory:?}");
            let theory = theory.0 as f64 / GAP.0 as f64;
            assert!((entries as f64 - theory).abs() < 1.0, "{k} is {entries} behind, not {theory}");
        }
        check_logs(&live, 0);
    }
    live.check_replay();
}

/// The primary talks to the first replica only; in a star it would need ten times as long to the others.
#[test]
fn messages_go_from_each_to_the_next() {
    let mut live = with(params());
    live.run_to(Nanos::seconds(2));
    let slots = slots(&live.world, "group");
    let mut pairs = std::collections::BTreeSet::new();
    for (_, _, note) in &live.audit.notes {
        if let Note::Sent { via: ringside::engine::Via::Mesh(from), .. } = note {
            pairs.insert(slots.iter().position(|it| it == from).expect("a member"));
        }
    }
    assert_eq!(pairs.len(), 4, "all have something to say");
    let fed = |it: &&SqlDbState| (it.feeder(), it.chain.as_ref().and_then(|it| it.to));
    let fed: Vec<_> = members(&live).iter().map(fed).collect();
    assert_eq!(fed, [(0, Some(1)), (0, Some(2)), (1, Some(3)), (2, None)]);
    live.edit(set(|it| it.topology = Topology::Star));
    live.run_for(Nanos::seconds(2));
    let lag: Vec<_> =
        members(&live).iter().map(|it| members(&live)[0].log.end() - it.log.end()).collect();
    assert!(
        lag[1] <= 2 && lag[2] >= 29 && lag[3] >= 29,
        "in a star 300 ms are 30 entries: {lag:?}"
    );
    live.edit(set(|it| it.topology = Topology::Cascade));
    live.run_for(Nanos::seconds(2));
    let lag: Vec<_> =
        members(&live).iter().map(|it| members(&live)[0].log.end() - it.log.end()).collect();
    assert!(lag[2] <= 4 && lag[3] <= 7, "back in the row: {lag:?}");
    live.check_replay();
}

/// Those behind a replica that is dead hear nothing, those before it go on; once it is back, they catch
/// up through it, and have every entry once.
#[test]
fn those_behind_a_dead_replica_wait_for_it() {
    let mut live = with(params());
    live.run_to(Nanos::seconds(2));
    kill(&mut live, 2);
    live.run_for(Nanos::millis(100));
    let before = ends(&live);
    live.run_for(Nanos::seconds(3));
    let after = ends(&live);
    assert_eq!(after[3], before[3], "nobody sends replica 3 anything");
    assert!(after[1] >= before[1] + 295, "replica 1 follows: {before:?}, {after:?}");
    let now = live.world.now();
    let stale = members(&live)[3].staleness(now);
    assert!(stale > Nanos::seconds(2), "replica 3 knows that it has heard nothing: {stale:?}");
    revive(&mut live, 2);
    live.run_for(SECOND);
    let ends = ends(&live);
    assert!(ends[0] - ends[3] <= 7, "level but for the hops: {ends:?}");
    check_logs(&live, 0);
    live.check_replay();
}

/// Or they are attached to somebody else: to the primary itself.
#[test]
fn those_behind_a_dead_replica_can_be_attached_elsewhere() {
    let mut live = with(params());
    live.run_to(Nanos::seconds(2));
    kill(&mut live, 2);
    live.run_for(Nanos::seconds(2));
    let behind = ends(&live);
    assert!(behind[0] - behind[3] > 190, "{behind:?}");
    live.edit(set(|it| it.topology = Topology::Star));
    live.run_for(Nanos::seconds(2));
    let ends = ends(&live);
    assert!(ends[0] - ends[3] <= 32 && ends[0] - ends[2] > 300, "replica 2 is dead yet: {ends:?}");
    check_logs(&live, 0);
    live.check_replay();
}

/// A cut between two replicas is as a death for those behind it, and they go on from where they were.
#[test]
fn a_cut_in_the_row_heals() {
    let mut live = with(params());
    live.run_to(Nanos::seconds(2));
    live.fault(cut("a", &["group/1"], &["group/2"], Ways::Both));
    live.run_for(Nanos::seconds(3));
    let cut = ends(&live);
    assert!(cut[0] - cut[2] > 290 && cut[2] - cut[3] <= 4, "{cut:?}");
    live.fault(heal("a"));
    live.run_for(Nanos::millis(1_500));
    let ends = ends(&live);
    assert!(ends[0] - ends[3] <= 7, "{ends:?}");
    check_logs(&live, 0);
    live.check_replay();
}

/// The primary hears of the first replica only: a synchronous write takes the work, there and back to that
/// one, and the time to apply it; the second may be dead, and the last replica may lack it.
#[test]
fn acknowledgements_speak_of_the_first_replica_only() {
    let sync =
        SqlDbParams { replication: Replication::Sync, failover: Failover::Manual, ..params() };
    let mut live = with(sync);
    live.run_to(Nanos::seconds(2));
    let primary = slots(&live.world, "group")[0];
    let spans = |live: &Live, from: Nanos| -> Vec<Nanos> {
        let own = |(at, _, note): &(Nanos, u64, Note)| match *note {
            Note::Ended { member, request, outcome: Outcome::Ok, arrived, .. }
                if member == primary && request.verb == Verb::Write && arrived >= from =>
            {
                Some(*at - arrived)
            }
            _ => None,
        };
        live.audit.notes.iter().filter_map(own).collect()
    };
    let theory = Nanos::millis(8 + 2 * HOPS[0]) + APPLY;
    let all = spans(&live, Nanos::millis(100));
    assert!(
        all.len() > 150 && all.iter().all(|it| *it == theory),
        "{theory:?}, not {:?}",
        all.last()
    );
    live.fault(cut("a", &["group/1"], &["group/2"], Ways::Both));
    live.run_for(Nanos::seconds(2));
    let later = spans(&live, Nanos::seconds(2));
    assert!(
        later.len() > 150 && later.iter().all(|it| *it == theory),
        "those behind it do not count"
    );
    let ends = ends(&live);
    assert!(ends[0] - ends[3] > 190, "{ends:?}");
    live.fault(heal("a"));
    kill(&mut live, 1);
    live.run_for(Nanos::millis(100));
    let from = live.world.now();
    live.run_for(SECOND);
    assert_eq!(spans(&live, from).len(), 0, "the first one does");
    live.check_replay();
}

/// Who feeds whom, from who leads on, as the living ones have it.
fn row(live: &Live) -> Vec<u16> {
    let members = members(live);
    let slots = slots(&live.world, "group");
    let leads = |it: &&&SqlDbState| it.primary && live.world.is_up(slots[usize::from(it.own)]);
    let mut row: Vec<u16> = members.iter().filter(leads).map(|it| it.own).collect();
    assert_eq!(row.len(), 1, "one leads: {row:?}");
    while let Some(next) = row.last().and_then(|it| members[usize::from(*it)].chain.as_ref()?.to) {
        assert!(!row.contains(&next), "{row:?} goes round by {next}");
        assert_eq!(
            members[usize::from(next)].feeder(),
            *row.last().expect("one"),
            "{row:?}, {next}"
        );
        row.push(next);
    }
    row
}

/// A takeover makes the row anew: whoever turns to the new primary is told whom to follow. The dead one
/// comes last when it is back.
#[test]
fn a_takeover_makes_the_row_anew() {
    for failover in [Failover::Manual, Failover::Majority] {
        let near =
            SqlDbParams { places: String::new(), mesh_latency: Nanos::millis(2), ..params() };
        let mut live = with(SqlDbParams { failover, ..near });
        live.run_to(Nanos::seconds(2));
        assert_eq!(row(&live), [0, 1, 2, 3]);
        kill(&mut live, 0);
        if failover == Failover::Manual {
            promote(&mut live, 2);
        }
        live.run_for(Nanos::seconds(4));
        let first = row(&live);
        let chosen = first[0];
        assert!(first.len() == 3 && chosen > 0, "{first:?}");
        assert!(failover == Failover::Majority || chosen == 2, "{first:?}");
        let alive = ends(&live)[1..].to_vec();
        let (least, most) = (alive.iter().min().expect("some"), alive.iter().max().expect("some"));
        assert!(most > &300 && most - least <= 3, "all follow: {alive:?}");
        revive(&mut live, 0);
        live.run_for(Nanos::seconds(2));
        let second = row(&live);
        assert_eq!((&second[..3], second[3]), (&first[..], 0), "the old primary comes last");
        let ends = ends(&live);
        assert!(ends.iter().max().expect("some") - ends[0] <= 3, "{ends:?}");
        check_logs(&live, chosen.into());
        live.check_replay();
    }
}

/// Members of a row die and come back, cuts come and go, one is promoted: when all is whole again every
/// log is the same, and every follower is in the row.
#[test]
fn rows_mend_whatever_happens() {
    use ringside::base::draw::Stream;
    for_seeds(120, |seed| {
        let stream = Stream::new(seed, "row");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let failover = [Failover::None, Failover::Manual, Failover::Majority][draw(0, 3) as usize];
        let latency = Nanos::micros(100 + draw(1, 20_000));
        let near =
            SqlDbParams { places: String::new(), mesh_latency: latency, failover, ..params() };
        let mut live = with(near);
        live.run_to(SECOND);
        for round in 0..4 {
            let at = |it: u64| draw(10 + 10 * round + it, 1 << 20);
            let (one, other) = (at(0) % 4, at(1) % 4);
            match at(2) % 4 {
                0 => kill(&mut live, one as u16),
                1 if one != other => {
                    let (one, other) = (format!("group/{one}"), format!("group/{other}"));
                    live.fault(cut(&format!("c{round}"), &[&one], &[&other], Ways::Both));
                }
                2 if failover == Failover::Manual => promote(&mut live, one as u16),
                _ => revive(&mut live, one as u16),
            }
            live.run_for(Nanos::millis(at(3) % 1_500));
        }
        (0..4).for_each(|it| live.fault(heal(&format!("c{it}"))));
        (0..4).for_each(|it| revive(&mut live, it));
        live.run_for(Nanos::seconds(8));
        let row = row(&live);
        assert_eq!(row.len(), 4, "{row:?}");
        let ends = ends(&live);
        let behind = ends[usize::from(row[0])] - ends.iter().min().expect("some");
        assert!(behind <= 15, "{ends:?}, {row:?}");
        check_logs(&live, row[0].into());
    });
}
