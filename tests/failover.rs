//! What becomes of a database whose primary dies: who takes its place, when, and which acknowledged
//! writes that loses. Every claim of the observer is held against what members hold and callers saw.

use std::collections::BTreeMap;

use crate::common;
use crate::common::watched::{Naive, people, sorted};
use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::sql_db::failover::{common, leader_of};
use ringside::component::sql_db::{
    Detector, Failover, Replication, SqlDbParams, SqlDbState, Standby, Topology,
};
use ringside::component::{Spec, State};
use ringside::document::WireParams;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::takeover::Takeover;
use ringside::engine::{Note, Outcome, Verb};

const SECOND: Nanos = Nanos::SECOND;

/// A naive observer: which version was committed when and where, and which was acknowledged.
#[derive(Default)]
struct Books {
    committed: BTreeMap<(u32, u32, u32), Nanos>,
    /// Key, version, when committed; and when acknowledged.
    acknowledged: Vec<((u32, u32, Nanos), Nanos)>,
}

impl Naive for Books {
    fn hear(&mut self, at: Nanos, note: &Note) {
        match *note {
            Note::Committed { member, key, version, .. } => {
                self.committed.insert((member, key, version), at);
            }
            Note::Ended { member, request, outcome: Outcome::Ok, version, own: false, .. }
                if request.verb == Verb::Write =>
            {
                if let Some(when) = self.committed.get(&(member, request.key, version)) {
                    self.acknowledged.push(((request.key, version, *when), at));
                }
            }
            _ => {}
        }
    }
}

type Watched = common::watched::Watched<Books>;

impl Watched {
    fn new(params: SqlDbParams, per_second: f64, seed: u64) -> Self {
        Self::of(people(Spec::SqlDb(params), per_second, Nanos::seconds(2)), seed)
    }

    fn promote(&mut self, ordinal: u16) {
        self.fault(Fault::Promote(target(&format!("group/{ordinal}"))));
    }

    fn set(&mut self, change: impl FnOnce(&mut SqlDbParams)) {
        self.tune(|it| match it {
            Spec::SqlDb(it) => change(it),
            other => panic!("{other:?}"),
        });
    }

    fn members(&self) -> Vec<&SqlDbState> {
        fn own(it: &State) -> Option<&SqlDbState> {
            if let State::SqlDb(it) = it { Some(it) } else { None }
        }
        states(&self.world, "group").into_iter().filter_map(own).collect()
    }

    /// Who takes writes, as far as it believes.
    fn leading(&self) -> Vec<usize> {
        let members = self.members();
        let leads = |it: &usize| members[*it].primary && self.is_up(*it as u16);
        (0..members.len()).filter(leads).collect()
    }

    fn takeovers(&self) -> Vec<Takeover> {
        self.ledger().takeovers.iter().copied().collect()
    }

    /// What is lost, by looking for every acknowledged write in the log of the member of the latest
    /// term.
    fn missing(&self) -> Vec<(u32, u32, Nanos)> {
        let members = self.members();
        let term = members.iter().map(|it| it.term()).max().expect("members");
        let last = members[usize::from(leader_of(term))];
        assert_eq!(last.log.start(), 0, "the whole log is there to be looked at");
        let has = |of: &(u32, u32, Nanos)| {
            let log = (0..last.log.end()).filter_map(|it| last.log.get(it));
            log.into_iter().any(|it| (it.key, it.version, it.at) == *of)
        };
        self.both.acknowledged.iter().map(|it| it.0).filter(|it| !has(it)).collect()
    }
}

fn params(replication: Replication, failover: Failover) -> SqlDbParams {
    SqlDbParams { replication, failover, ack_timeout: Nanos::ZERO, ..SqlDbParams::default() }
}

/// Thousands of random schedules: when the primary dies, whom a cut takes, who else dies, who is promoted
/// and when, whether the old one comes back. Synchronous replication loses no acknowledged write;
/// asynchronous and semi-synchronous lose exactly what is reported. A failure names its seed.
#[test]
fn what_a_takeover_loses_is_what_is_reported() {
    let mut lossy = [0u32; 3];
    let lossy_of = std::cell::RefCell::new(&mut lossy);
    for_seeds(2_400, |seed| {
        let stream = Stream::new(seed, "schedule");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let kind = draw(0, 3) as usize;
        let replication = [Replication::Async, Replication::SemiSync, Replication::Sync][kind];
        let mut params = params(replication, Failover::Manual);
        params.ship_every = Nanos::millis(draw(1, 3) * 40);
        params.mesh_latency = Nanos::micros(200 + draw(2, 30_000));
        params.fencing = draw(3, 2) == 0;
        params.last_applies.0 = if draw(4, 3) == 0 { 25.0 } else { 0.0 };
        // In a cascade the last replica may lack what the first has acknowledged.
        let cascade = draw(18, 4) == 0;
        params.topology = if cascade { Topology::Cascade } else { Topology::Star };
        let mut it = Watched::new(params, 60.0, seed);
        it.run_to(Nanos::millis(300 + draw(5, 700)));
        if draw(6, 2) == 0 {
            let victim = ["group/1", "group/2"][draw(7, 2) as usize];
            it.fault(cut("a", &["group/0"], &[victim], Ways::Both));
            it.run_for(Nanos::millis(draw(8, 200)));
        }
        let other = 1 + draw(9, 2) as u16;
        if draw(10, 3) == 0 {
            it.kill(other);
            it.run_for(Nanos::millis(draw(11, 100)));
            it.revive(other);
        }
        let alive = draw(12, 4) == 0;
        if !alive {
            it.kill(0);
        }
        it.run_for(Nanos::millis(draw(13, 3) * draw(14, 60)));
        let promoted = 1 + draw(15, 2) as u16;
        it.promote(promoted);
        it.run_for(Nanos::millis(draw(16, 900)));
        if draw(17, 2) == 0 {
            it.fault(heal("a"));
            it.revive(0);
        }
        it.run_for(Nanos::millis(700));
        if it.ledger().terms.is_empty() {
            // It has not applied all it had received yet.
            return;
        }
        let (lost, missing) = (sorted(it.lost()), sorted(it.missing()));
        assert_eq!(lost, missing, "reported, and looked for");
        if replication == Replication::Sync && cascade {
            assert!(promoted == 2 || lost.is_empty(), "the first replica had it: {lost:?}");
            return;
        }
        if replication == Replication::Sync {
            assert_eq!(lost, [], "synchronous replication loses nothing");
        }
        lossy_of.borrow_mut()[kind] += u32::from(!lost.is_empty());
    });
    if std::env::var("SEED").is_err() {
        let [asynchronous, semi, sync] = lossy;
        assert!(asynchronous > 200 && semi > 20 && sync == 0, "{lossy:?} runs lost something");
    }
}

/// Members die and come back at random, and replicas take over by majority. With synchronous
/// replication no version that was acknowledged is ever unknown to who leads; and with fencing, whoever
/// has been replaced takes no write after its successor began.
#[test]
fn a_majority_never_loses_a_synchronous_write_and_never_has_two_primaries() {
    let takeovers = std::cell::Cell::new(0);
    for_seeds(250, |seed| {
        let stream = Stream::new(seed, "crashes");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let replication = [Replication::Async, Replication::Sync][draw(0, 2) as usize];
        let mut params = params(replication, Failover::Majority);
        params.replicas = [2, 4][draw(1, 2) as usize];
        params.patience = Nanos::millis(300 + draw(2, 500));
        params.mesh_latency = Nanos::micros(200 + draw(3, 15_000));
        if draw(4, 3) == 0 {
            (params.standby, params.warm_start) = (Standby::Warm, Nanos::millis(draw(5, 2_000)));
        }
        let members = params.replicas as u16 + 1;
        let mut it = Watched::new(params, 80.0, seed);
        for step in 0..12u64 {
            it.run_for(Nanos::millis(200 + draw(100 + step, 900)));
            let victim = draw(200 + step, u64::from(members)) as u16;
            match draw(300 + step, 4) {
                0 => it.kill(victim),
                1 if !it.leading().is_empty() => it.kill(it.leading()[0] as u16),
                2 => {
                    let alone = [format!("group/{victim}")];
                    let others: Vec<_> = (0..members)
                        .filter(|it| *it != victim)
                        .map(|it| format!("group/{it}"))
                        .collect();
                    let others: Vec<_> = others.iter().map(String::as_str).collect();
                    it.fault(cut("a", &[&alone[0]], &others, Ways::Both));
                }
                _ => it.fault(heal("a")),
            }
            let up = (0..members).filter(|at| it.is_up(*at)).count();
            if up <= usize::from(members / 2) || draw(400 + step, 2) == 0 {
                (0..members).for_each(|at| it.restart(at));
            }
        }
        it.fault(heal("a"));
        (0..members).for_each(|at| it.restart(at));
        it.run_for(Nanos::seconds(8));
        assert_eq!(it.leading().len(), 1, "one leads in the end");
        let ledger = it.ledger();
        takeovers.set(takeovers.get() + ledger.terms.len());
        for position in ledger.writes.start()..ledger.writes.end() {
            let write = ledger.writes.get(position).expect("a write");
            let next = ledger.terms.iter().filter(|it| it.term > write.term);
            if let Some(next) = next.map(|it| it.at).min() {
                assert!(write.committed <= next, "{write:?} after {next:?}");
            }
        }
        // Members hold the same in the end, whatever they had.
        let members = it.members();
        let lead = &members[it.leading()[0]];
        for other in &members {
            assert!(lead.log.end() - other.applied < 40, "all follow");
        }
        if replication == Replication::Sync {
            assert_eq!(it.lost(), []);
            for ((key, version, _), _) in &it.both.acknowledged {
                let row = lead.rows.get(u64::from(*key)).copied().unwrap_or(1);
                assert!(row >= *version, "key {key}: {row}, acknowledged {version}");
            }
        }
    });
    if std::env::var("SEED").is_err() {
        assert!(takeovers.get() > 200, "{} takeovers", takeovers.get());
    }
}

/// Who has been chosen and is being brought up is waited for: by whoever stood beside it and lost, and by
/// whoever voted. Nobody else is chosen meanwhile, however close the candidates were and however slow the way.
#[test]
fn who_is_being_brought_up_is_not_displaced() {
    let displaced = std::cell::Cell::new(0);
    for_seeds(400, |seed| {
        let stream = Stream::new(seed, "risers");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let mut params = params(Replication::Async, Failover::Majority);
        (params.standby, params.warm_start) = (Standby::Warm, Nanos::seconds(4));
        params.replicas = [3, 4][draw(0, 2) as usize];
        params.patience = Nanos::millis(400 + draw(1, 400));
        params.mesh_latency = Nanos::millis(1 + draw(2, 30));
        let mut it = Watched::new(params, 1.0, seed);
        it.run_to(Nanos::millis(900 + draw(3, 400)));
        it.kill(0);
        it.run_for(Nanos::seconds(12));
        let takeovers = it.takeovers();
        displaced.set(displaced.get() + usize::from(takeovers.len() != 1));
        let last = takeovers.last().expect("one takes over");
        assert!(last.began.is_some(), "elections come to an end: {takeovers:?}");
    });
    assert_eq!(displaced.get(), 0, "runs in which a second was chosen");
}

/// Where two logs part, from the terms they were written under: against logs written out entry by entry.
#[test]
fn logs_part_where_their_entries_differ() {
    let stream = Stream::new(1, "lineages");
    for seed in 0..4_000u64 {
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        // A tree of terms: each begins at a place in the log of an earlier one.
        let mut logs: Vec<Vec<u32>> = vec![vec![0; draw(0, 8) as usize]];
        let mut lineages: Vec<Vec<(u32, u64)>> = vec![vec![(0, 0)]];
        for term in 1..6u32 {
            let parent = draw(10 + u64::from(term), logs.len() as u64) as usize;
            let at = draw(20 + u64::from(term), logs[parent].len() as u64 + 1);
            let mut log = logs[parent][..at as usize].to_vec();
            let mut lineage: Vec<_> =
                lineages[parent].iter().filter(|it| it.1 <= at).copied().collect();
            lineage.push((term, at));
            log.extend(std::iter::repeat_n(term, draw(30 + u64::from(term), 6) as usize));
            logs.push(log);
            lineages.push(lineage);
        }
        for (a, one) in logs.iter().enumerate() {
            for (b, other) in logs.iter().enumerate() {
                let same = one.iter().zip(other).take_while(|it| it.0 == it.1).count() as u64;
                let found =
                    common((&lineages[a], one.len() as u64), (&lineages[b], other.len() as u64));
                assert_eq!(found, same, "seed {seed}: {:?} {:?}", lineages[a], lineages[b]);
            }
        }
    }
}

/// Promoted by hand: what was gathered and not sent is lost, and only that; the old primary comes back,
/// throws away what it alone has, and follows.
#[test]
fn a_replica_promoted_by_hand_loses_what_was_not_sent() {
    let mut shape = params(Replication::Async, Failover::Manual);
    shape.ship_every = Nanos::millis(200);
    let mut it = Watched::new(shape, 100.0, 3);
    it.run_to(Nanos::millis(2_130));
    it.kill(0);
    it.run_for(Nanos::millis(100));
    it.promote(1);
    let lost = it.lost().len() as u64;
    let members = it.members();
    assert_eq!(lost, members[0].log.end() - members[1].log.end(), "all was acknowledged");
    assert!(lost > 3, "{lost} writes of up to 200 ms");
    assert_eq!(leader_of(members[1].term()), 1);
    it.run_for(SECOND);
    let members = it.members();
    assert_eq!(it.leading(), [1]);
    assert_eq!(members[2].leader(), 1, "the other replica follows");
    assert!(members[1].log.end() - members[2].log.end() < 40);
    let [takeover] = it.takeovers()[..] else { panic!("one takeover") };
    assert_eq!((takeover.suspected, takeover.stood), (None, None));
    assert_eq!(takeover.down, Some(Nanos::millis(2_130)));
    assert_eq!(takeover.chosen, Some(Nanos::millis(2_230)));
    assert!(takeover.served > takeover.began, "clients have found it");
    it.revive(0);
    it.run_for(SECOND);
    let members = it.members();
    assert_eq!(it.leading(), [1], "fenced, it does not lead again");
    assert!(members[1].applied - members[0].applied < 40, "it has caught up");
    assert_eq!(it.lost().len() as u64, lost, "what is lost stays lost");
}

/// Without fencing the old primary comes back and leads, too: split brain, until fencing ends it; what it
/// has acknowledged meanwhile is lost, too.
#[test]
fn without_fencing_two_lead() {
    let mut shape = params(Replication::Async, Failover::Manual);
    shape.fencing = false;
    let mut it = Watched::new(shape, 100.0, 4);
    it.run_to(SECOND);
    it.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
    it.promote(1);
    it.run_for(SECOND);
    assert_eq!(it.leading(), [0, 1], "split brain");
    let before = it.lost().len();
    assert!(before > 20, "{before}: the client still writes to the old one");
    it.fault(heal("a"));
    it.run_for(SECOND);
    assert_eq!(it.leading(), [0, 1], "and it stays so");
    it.set(|it| it.fencing = true);
    it.run_for(SECOND);
    assert_eq!(it.leading(), [1]);
    assert_eq!(sorted(it.lost()), sorted(it.missing()));
    let members = it.members();
    assert!(members[1].applied - members[0].applied < 40, "it has thrown away what it alone had");
}

/// By a fixed time, the silence is found when it is over; the takeover follows within the election.
#[test]
fn a_fixed_silence_decides_when_a_replica_takes_over() {
    for (failover, members) in
        [(Failover::Automatic, 1), (Failover::Automatic, 2), (Failover::Majority, 2)]
    {
        for patience in [300, 1_000, 4_000].map(Nanos::millis) {
            let mut shape = params(Replication::Async, failover);
            (shape.patience, shape.replicas) = (patience, members);
            let mut it = Watched::new(shape, 100.0, 5);
            it.run_to(Nanos::millis(2_050));
            it.kill(0);
            it.run_for(patience + patience + SECOND);
            let [takeover] = it.takeovers()[..] else { panic!("{failover:?}: one takeover") };
            let down = takeover.down.expect("it died");
            let suspected = takeover.suspected.expect("somebody noticed") - down;
            // The last sign was sent at most a heartbeat before; up to a tenth longer by chance.
            let (least, most) = (patience - Nanos::millis(100), patience + Nanos(patience.0 / 10));
            assert!(least <= suspected && suspected <= most + MS, "{suspected:?} of {patience:?}");
            let began = takeover.began.expect("it leads") - down;
            assert!(began <= suspected + Nanos(patience.0 / 2) + Nanos::millis(20), "{began:?}");
            assert!(takeover.served.is_some(), "writes go on");
        }
    }
}

/// A replica that is cut off finds the primary silent, and is wrong; when the primary dies later, that is found then.
#[test]
fn a_false_alarm_is_no_part_of_a_later_takeover() {
    for detector in [Detector::Fixed, Detector::Phi] {
        let mut shape = params(Replication::Async, Failover::Majority);
        shape.detector = detector;
        let mut it = Watched::new(shape, 50.0, 5);
        it.run_to(Nanos::seconds(2));
        it.fault(cut("a", &["group/1"], &["group/0", "group/2"], Ways::Both));
        it.run_for(Nanos::seconds(4));
        it.fault(heal("a"));
        it.run_for(Nanos::seconds(4));
        assert_eq!((it.leading(), it.takeovers()), (vec![0], vec![]), "nobody else was chosen");
        it.kill(0);
        it.run_for(Nanos::seconds(4));
        let [takeover] = it.takeovers()[..] else { panic!("one takeover") };
        assert!(takeover.suspected > takeover.down && takeover.down.is_some(), "{takeover:?}");
    }
}

/// By suspicion, a regular primary is missed sooner than one whose signs of life come irregularly.
#[test]
fn phi_waits_longer_where_signs_are_irregular() {
    let after = |mesh: u64| {
        let mut shape = params(Replication::Async, Failover::Majority);
        (shape.detector, shape.patience) = (Detector::Phi, Nanos::seconds(1));
        shape.mesh_latency = Nanos::millis(mesh);
        let mut it = Watched::new(shape, 50.0, 6);
        it.run_to(Nanos::millis(10_050));
        it.kill(0);
        it.run_for(Nanos::seconds(5));
        let [takeover] = it.takeovers()[..] else { panic!("one takeover") };
        takeover.suspected.expect("noticed") - takeover.down.expect("died")
    };
    let (regular, irregular) = (after(1), after(40));
    // Regular signs: φ = 8 at 5.6 deviations beyond the mean, of which the least is a tenth.
    assert!(regular < Nanos::millis(180), "{regular:?}");
    assert!(irregular > regular + Nanos::millis(30), "{irregular:?} after {regular:?}");
}

/// A primary that is cut off from the majority stops when its time is over, and before another leads.
#[test]
fn a_primary_cut_off_stops_before_another_leads() {
    let mut shape = params(Replication::Async, Failover::Majority);
    shape.patience = Nanos::millis(600);
    let mut it = Watched::new(shape, 100.0, 7);
    it.run_to(SECOND);
    it.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
    it.run_for(Nanos::seconds(3));
    let ledger = it.ledger();
    let began = ledger.terms[0].at;
    let writes = (0..ledger.writes.end()).filter_map(|it| ledger.writes.get(it));
    let last = writes.filter(|it| it.term == 0).map(|it| it.committed).max().expect("writes");
    assert!(last < began && last > SECOND + Nanos::millis(300), "{last:?}, then {began:?}");
    let lost = it.lost().len();
    assert!(lost > 20, "{lost}: what it took meanwhile");
    it.fault(heal("a"));
    it.run_for(SECOND);
    assert_eq!(it.leading().len(), 1);
    assert_eq!(it.lost().len(), lost);
}

/// A member that has received much and applied little leads only once it has applied it all.
#[test]
fn a_slow_replica_applies_what_it_has_before_it_leads() {
    let mut shape = params(Replication::Async, Failover::Manual);
    shape.last_applies.0 = 20.0;
    let mut it = Watched::new(shape, 100.0, 8);
    it.run_to(Nanos::seconds(2));
    it.kill(0);
    it.run_for(Nanos::millis(20));
    let members = it.members();
    let behind = members[2].log.end() - members[2].applied;
    assert!(behind > 50);
    it.promote(2);
    it.run_for(Nanos::seconds(6));
    let [takeover] = it.takeovers()[..] else { panic!("one takeover") };
    let took = (takeover.began.expect("it leads") - takeover.chosen.expect("chosen")).as_seconds();
    let theory = behind as f64 / 20.0;
    assert!((took - theory).abs() < 0.06, "{took} s for {behind} entries at 20 a second");
    assert_eq!(it.lost(), []);
}

/// Failback: the old primary comes back, follows, catches up, and takes over again once it is asked to; what
/// the one in its place had acknowledged is there. If it is asked while it lacks something, that is lost.
#[test]
fn the_old_primary_takes_over_again_when_asked() {
    for (replication, fencing) in
        [(Replication::Sync, true), (Replication::Sync, false), (Replication::Async, true)]
    {
        let mut shape = params(replication, Failover::Manual);
        (shape.fencing, shape.ship_every) = (fencing, Nanos::millis(200));
        let mut it = Watched::new(shape, 20.0, 9);
        it.run_to(SECOND);
        it.kill(0);
        it.promote(1);
        it.run_for(Nanos::seconds(2));
        assert_eq!(it.leading(), [1]);
        let once = it.lost().len();
        it.revive(0);
        it.run_for(Nanos::seconds(2));
        if fencing {
            assert_eq!(it.leading(), [1], "not by itself");
            let members = it.members();
            assert!(members[1].log.end() - members[0].log.end() < 40, "it has caught up");
        }
        it.promote(0);
        it.run_for(Nanos::seconds(2));
        let leading = it.leading();
        assert!(leading.contains(&0), "{leading:?}");
        assert_eq!(
            leading.len() == 1,
            fencing,
            "{leading:?}: without fencing the other leads, too"
        );
        if fencing {
            assert_eq!(it.takeovers().len(), 2);
        }
        let lost = it.lost();
        match replication {
            Replication::Sync if fencing => {
                assert_eq!(lost, [], "nothing is lost either way");
                let lead = it.members()[0];
                for ((key, version, _), _) in &it.both.acknowledged {
                    let row = lead.rows.get(u64::from(*key)).copied().unwrap_or(1);
                    assert!(row >= *version, "key {key}: {row}, acknowledged {version}");
                }
            }
            // Up to 200 ms of writes lie at the one that is replaced, each time.
            Replication::Async => {
                assert!((once..once + 20).contains(&lost.len()), "{once} lost, then {lost:?}");
            }
            _ => {}
        }
        if fencing {
            let members = it.members();
            let behind = members[0].log.end() - members[2].log.end();
            assert!(behind < 40, "the other replica follows: {behind}");
        }
    }
}

/// What is seen of a run does not depend on being watched, and it can be played again.
#[test]
fn takeovers_replay() {
    for (failover, seed) in
        [(Failover::Manual, 1), (Failover::Automatic, 2), (Failover::Majority, 3)]
    {
        let mut it = design();
        add(&mut it, "client", Spec::Client(client(100.0, 1, 1)));
        let mut shape = params(Replication::Async, failover);
        (shape.detector, shape.work_shape) = (Detector::Phi, Shape::Exponential);
        add(&mut it, "group", Spec::SqlDb(shape));
        wire(&mut it, "client", "group", WireParams::default());
        let mut live = Live::new(&it, seed);
        live.run_to(Nanos::seconds(2));
        live.fault(Fault::Crash(target("group/0")));
        live.fault(Fault::Promote(target("group/1")));
        live.run_for(Nanos::seconds(2));
        live.fault(Fault::Restart(target("group/0")));
        live.run_for(Nanos::seconds(2));
        live.check_replay();
    }
}
