//! Redis with sentinels: who takes a dead primary's place, when, and what that loses; by the rules of
//! sentinel.c, under crashes and cuts. Claims are held against what members hold and callers saw.

use std::collections::{BTreeMap, BTreeSet};

use crate::common;
use crate::common::watched::{Naive, people, sorted};
use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Weights};
use ringside::component::redis::{
    Change, RedisParams, RedisState, Sentinel, Server, Times, What, epoch_of, server_of,
};
use ringside::component::{Spec, State};
use ringside::document::WireParams;
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::note::Reign;
use ringside::engine::sightings::Claim;
use ringside::engine::{Note, Outcome, Verb};

const SECOND: Nanos = Nanos::SECOND;

/// A naive observer: which write was run where and when, which were acknowledged, and who began to lead.
#[derive(Default)]
struct Books {
    /// By request: key, version, when it was run, and by which member.
    run: BTreeMap<u64, (u32, u32, Nanos, u32)>,
    /// The same of those that were acknowledged, and when.
    acknowledged: Vec<((u32, u32, Nanos, u32), Nanos)>,
    /// Terms as they begin: which, when.
    begun: Vec<(u32, Nanos)>,
    /// Writes that were refused.
    refused: u64,
}

impl Naive for Books {
    fn hear(&mut self, at: Nanos, note: &Note) {
        match *note {
            Note::Appended { member, request, key, version, .. } => {
                self.run.insert(request, (key, version, at, member));
            }
            Note::Ended { member, request, outcome, own: false, .. }
                if request.verb == Verb::Write =>
            {
                let of = self.run.get(&request.id).filter(|it| it.3 == member);
                match (outcome, of) {
                    (Outcome::Ok, Some(of)) => self.acknowledged.push((*of, at)),
                    (Outcome::NoQuorum, _) => self.refused += 1,
                    _ => {}
                }
            }
            Note::Reign { what: Reign::Begins { term, .. }, .. } => self.begun.push((term, at)),
            _ => {}
        }
    }
}

type Watched = common::watched::Watched<Books>;

impl Watched {
    fn new(params: RedisParams, per_second: f64, seed: u64) -> Self {
        Self::of(people(Spec::Redis(params), per_second, Nanos::millis(500)), seed)
    }

    /// Parts the members of the two sides, and clients from the first.
    fn cut(&mut self, name: &str, one: &[u16], other: &[u16], ways: Ways) {
        let side = |it: &[u16]| it.iter().map(|it| target(&format!("group/{it}"))).collect();
        let (one, other) = (side(one), side(other));
        self.fault(Fault::Partition { name: name.into(), one, other, ways });
    }

    fn set(&mut self, change: impl FnOnce(&mut RedisParams)) {
        self.tune(|it| match it {
            Spec::Redis(it) => change(it),
            other => panic!("{other:?}"),
        });
    }

    fn members(&self) -> Vec<&RedisState> {
        fn own(it: &State) -> Option<&RedisState> {
            if let State::Redis(it) = it { Some(it) } else { None }
        }
        states(&self.world, "group").into_iter().filter_map(own).collect()
    }

    fn server(&self, ordinal: u16) -> &Server {
        self.members()[usize::from(ordinal)].server().expect("a server")
    }

    fn servers(&self) -> Vec<&Server> {
        self.members().into_iter().filter_map(RedisState::server).collect()
    }

    fn sentinels(&self) -> Vec<&Sentinel> {
        self.members().into_iter().filter_map(RedisState::sentinel).collect()
    }

    /// Who takes writes, as far as it believes.
    fn leading(&self) -> Vec<u16> {
        let leads = |it: &&Server| it.leads() && self.is_up(it.own);
        self.servers().into_iter().filter(leads).map(|it| it.own).collect()
    }

    /// What is lost, by looking for every acknowledged write in the stream of the primary whose stream
    /// began last.
    fn missing(&self) -> Vec<(u32, u32, Nanos)> {
        let term = self.both.begun.iter().map(|it| it.0).max().unwrap_or(0);
        let last = self.server(server_of(term));
        assert_eq!(last.stream.start(), 0, "the whole stream is there to be looked at");
        let has: BTreeSet<(u32, u32, Nanos)> = (0..last.stream.end())
            .filter_map(|it| last.stream.get(it))
            .filter_map(|it| match it.change {
                Change::Row(key, version) => Some((key, version, it.at)),
                Change::Typed(_) => None,
            })
            .collect();
        let told = self.both.acknowledged.iter().map(|it| (it.0.0, it.0.1, it.0.2));
        told.filter(|it| !has.contains(it)).collect()
    }

    /// Entries of all sentinels' logs.
    fn logged(&self, what: What) -> Vec<(u16, u16, u32, Nanos)> {
        let all = self.sentinels().into_iter().flat_map(|it| it.log.iter().map(|e| (it.own, *e)));
        all.filter(|it| it.1.what == what).map(|(by, it)| (by, it.whom, it.epoch, it.at)).collect()
    }

    /// No two were elected in one epoch, and no two promoted.
    #[track_caller]
    fn check_epochs(&self) {
        for (what, all) in
            [("elected", self.logged(What::Elected)), ("promoted", self.logged(What::Promoted))]
        {
            let mut by_epoch = BTreeMap::new();
            for (by, _, epoch, _) in all {
                assert_eq!(*by_epoch.entry(epoch).or_insert(by), by, "{what} in epoch {epoch}");
            }
        }
        let mut epochs = BTreeMap::new();
        for (term, _) in &self.both.begun {
            let epoch = epoch_of(*term);
            assert_eq!(*epochs.entry(epoch).or_insert(*term), *term, "two in epoch {epoch}");
        }
    }

    /// All servers have the same data.
    #[track_caller]
    fn check_level(&self) {
        let servers = self.servers();
        let lead = self.leading();
        assert_eq!(lead.len(), 1, "one leads: {lead:?}");
        let lead = self.server(lead[0]);
        for it in servers {
            assert_eq!(it.offset(), lead.offset(), "server {} is level", it.own);
            assert_eq!(it.id(), lead.id(), "server {}", it.own);
            for key in 0..20 {
                assert_eq!(it.version(key), lead.version(key), "key {key} at server {}", it.own);
            }
            assert!(it.own == lead.own || it.follows == Some(lead.own) && it.link.up);
        }
    }
}

fn params() -> RedisParams {
    RedisParams { backlog: 1_000_000, ..RedisParams::default() }
}

/// How long a failover takes that succeeds at once, at most: a PING to go unanswered, the others asked,
/// an election, a choice and a promotion, each found at one of the looks.
fn longest(params: &RedisParams) -> Nanos {
    let second = Times::of(params).second;
    params.down_after + second + second + second
}

#[test]
fn a_dead_primary_is_replaced_by_one_in_time() {
    let mut split = 0;
    let slow = params();
    let quick = RedisParams { down_after: Nanos::millis(200), ..params() };
    for (which, params) in [slow, quick].into_iter().enumerate() {
        for seed in 0..60 {
            let mut it = Watched::new(params.clone(), 50.0, seed);
            it.run_to(Nanos::millis(5_000 + 37 * seed));
            assert_eq!(it.leading(), [0]);
            let killed = it.world.now();
            it.kill(0);
            it.run_for(Nanos::seconds(30));
            assert_eq!(it.leading().len(), 1, "{which}, seed {seed}");
            assert_eq!(it.both.begun.len(), 1, "{which}, seed {seed}: one term began");
            let took = it.both.begun[0].1 - killed;
            let tries = it.logged(What::Tries).len();
            assert!(took > Nanos(params.down_after.0 * 9 / 10), "{took:?}");
            // A split vote costs two failover timeouts.
            let late = took > longest(&params);
            split += u32::from(late);
            assert!(!late || tries > 1, "{which}, seed {seed}: {took:?} with {tries} tries");
            let once_more = Nanos(2 * params.failover_timeout.0) + longest(&params) + SECOND;
            assert!(took < once_more, "{took:?}");
            for sentinel in it.sentinels() {
                assert_eq!(vec![sentinel.primary], it.leading(), "all have heard of it");
                assert_eq!(sentinel.config_epoch, epoch_of(it.both.begun[0].0));
            }
            it.check_epochs();
            let lost = sorted(it.lost());
            assert_eq!(lost, sorted(it.missing()));
            // Writes go on.
            let before = it.both.acknowledged.len();
            it.run_for(SECOND);
            assert!(it.both.acknowledged.len() > before + 20);
        }
    }
    assert!(split <= 12, "{split} of 120 elections took a second try");
    eprintln!("{split} of 120 elections took a second try");
}

/// With too few sentinels that agree, or too few that are there to vote, nobody is promoted.
#[test]
fn without_a_quorum_or_a_majority_nobody_is_promoted() {
    // Only one sentinel is cut off from the primary, and two have to find it down.
    let mut it = Watched::new(params(), 50.0, 1);
    it.run_to(Nanos::seconds(5));
    it.cut("a", &[3], &[0], Ways::Both);
    it.run_for(Nanos::seconds(40));
    assert!(!it.logged(What::Sdown).is_empty(), "one finds it down");
    assert!(it.logged(What::Odown).is_empty() && it.both.begun.is_empty());

    // A quorum that is more than there are sentinels.
    let mut it = Watched::new(RedisParams { quorum: 4, ..params() }, 50.0, 2);
    it.run_to(Nanos::seconds(5));
    it.kill(0);
    it.run_for(Nanos::seconds(60));
    assert!(it.logged(What::Odown).is_empty() && it.leading().is_empty());

    // A majority of the sentinels is dead. With a quorum of 1, the last one tries, and again after two
    // failover timeouts, and is never elected.
    for quorum in [1, 2] {
        let mut it = Watched::new(RedisParams { quorum, ..params() }, 50.0, 3);
        it.run_to(Nanos::seconds(5));
        it.kill(3);
        it.kill(4);
        it.kill(0);
        it.run_for(Nanos::seconds(60));
        assert!(it.leading().is_empty() && it.logged(What::Elected).is_empty());
        let tries = it.logged(What::Tries);
        assert_eq!(tries.len(), if quorum == 1 { 3 } else { 0 }, "{tries:?}");
        for pair in tries.windows(2) {
            let apart = pair[1].3 - pair[0].3;
            assert!((20.0..=21.2).contains(&apart.as_seconds()), "{apart:?}");
        }
        // The votes that lacked are there again. Who has just come back finds that all replicas have been
        // without the primary for longer than it has seen that one down, and promotes none of them: the other
        // one has to be elected.
        it.revive(3);
        for _ in 0..20 {
            it.run_for(Nanos::seconds(20));
        }
        assert_eq!(it.leading().len(), 1);
        assert!(it.logged(What::Promoted).iter().all(|it| it.0 == 5));
    }

    // Nobody watches.
    let mut it = Watched::new(RedisParams { sentinels: 0, ..params() }, 50.0, 4);
    it.run_to(Nanos::seconds(2));
    it.kill(0);
    it.run_for(Nanos::seconds(30));
    assert!(it.leading().is_empty());
    it.fault(Fault::Promote(target("group/1")));
    it.run_for(SECOND);
    assert_eq!(it.leading(), [1], "people can");
}

/// A primary that is cut off with a client on its side takes writes until the cut heals: all of those are
/// lost, and the observer counts them exactly.
#[test]
fn a_primary_cut_off_with_a_client_loses_what_it_acknowledges() {
    let mut design = design();
    for id in ["client", "other"] {
        let mut people = client(40.0, 1, 3);
        people.keys = 20;
        add(&mut design, id, Spec::Client(people));
    }
    add(&mut design, "group", Spec::Redis(params()));
    let patient = WireParams { timeout: Nanos::millis(300), retries: 3, ..WireParams::default() };
    wire(&mut design, "client", "group", patient.clone());
    wire(&mut design, "other", "group", patient);
    let mut it = Watched::of(design, 7);
    it.run_to(Nanos::seconds(5));
    let cut_at = it.world.now();
    let others = ["group/1", "group/2", "group/3", "group/4", "group/5", "other"];
    it.fault(cut("a", &["group/0", "client"], &others, Ways::Both));
    it.run_for(Nanos::seconds(12));
    let leading = it.leading();
    assert_eq!(leading.len(), 2, "split brain: {leading:?}");
    let other = leading[1];
    let alone = it.server(0).offset();
    assert!(alone > 500 && it.server(other).offset() > 500, "both take writes");
    it.fault(heal("a"));
    it.run_for(Nanos::seconds(15));
    assert_eq!(it.leading(), [other], "the first one has been told to follow");
    let (lost, missing) = (sorted(it.lost()), sorted(it.missing()));
    assert_eq!(lost, missing);
    assert!(lost.len() > 300, "{} writes lost", lost.len());
    assert!(lost.iter().all(|it| it.2 + SECOND > cut_at), "nothing from before the cut");
    for claim in [Claim::OnePrimary, Claim::Durable] {
        let moments = it.both.recorder.sightings.moments(claim);
        assert!(!moments.is_empty(), "{claim:?} is seen to be violated");
    }
    it.edit(|design| {
        for id in ["client", "other"] {
            if let Spec::Client(it) = &mut design.components.get_mut(id).expect("it").spec {
                it.rate = Rate(0.0);
            }
        }
    });
    it.run_for(Nanos::seconds(15));
    it.check_level();
    // What it had alone is gone from it, too: all data were copied.
    assert!(it.server(0).stream.start() > 0, "a full resynchronisation");
}

/// With replicas that have to be heard of, a primary that is cut off acknowledges nothing that it runs later
/// than their lag may be.
#[test]
fn needed_replicas_bound_what_a_primary_that_is_cut_off_acknowledges() {
    for (seed, lag) in [(1u64, 1_500u64), (2, 3_000), (3, 6_000)] {
        let max_lag = Nanos::millis(lag);
        let params =
            RedisParams { min_replicas_to_write: 1, min_replicas_max_lag: max_lag, ..params() };
        let mut it = Watched::new(params, 80.0, seed);
        it.run_to(Nanos::seconds(4));
        assert_eq!(it.both.refused, 0);
        let at = it.world.now();
        it.fault(cut("a", &["group/0", "client"], &["group/1", "group/2"], Ways::Both));
        it.run_for(Nanos::seconds(20));
        let last = it.both.acknowledged.iter().filter(|it| it.0.2 > at).map(|it| it.0.2).max();
        let last = last.expect("it goes on for a while") - at;
        // A message may be on its way when the cut begins, and replicas say how far they are once a second.
        assert!(last <= max_lag + Nanos::millis(20), "{last:?} of {max_lag:?}");
        assert!(last + SECOND + Nanos::millis(50) >= max_lag, "{last:?} of {max_lag:?}");
        assert!(it.both.refused > 50, "{} refused", it.both.refused);
        let wrong: Vec<_> = it.lost();
        assert_eq!(sorted(wrong), sorted(it.missing()));
    }
}

/// A primary that returns is told to follow, throws away what only it had, and holds the same as the
/// others in the end.
#[test]
fn a_primary_that_returns_becomes_a_replica() {
    for seed in 0..20 {
        let mut it = Watched::new(params(), 60.0, seed);
        it.run_to(Nanos::seconds(5));
        it.kill(0);
        it.run_for(Nanos::seconds(25 + seed % 3));
        let back = it.world.now();
        assert!(it.server(0).leads(), "it does not know");
        it.revive(0);
        it.run_for(Nanos::seconds(30));
        let converted = it.logged(What::Converts);
        let first = converted.iter().map(|it| it.3).min().expect("it is told to follow") - back;
        assert!((8.0..=22.0).contains(&first.as_seconds()), "after {first:?}");
        assert_eq!(it.leading().len(), 1);
        it.edit(|design| {
            if let Spec::Client(it) = &mut design.components.get_mut("client").expect("it").spec {
                it.rate = Rate(0.0);
            }
        });
        it.run_for(Nanos::seconds(5));
        it.check_level();
        assert_eq!(sorted(it.lost()), sorted(it.missing()));
        it.check_epochs();
    }
}

/// Not more replicas turn to a new primary at once than they may; who copies all data answers nobody.
#[test]
fn so_many_replicas_turn_at_a_time() {
    for parallel in [1u32, 2, 4] {
        // A backlog of one command, so that all of them have to copy.
        let params = RedisParams {
            replicas: 5,
            parallel_syncs: parallel,
            backlog: 1,
            sync_time: Nanos::seconds(2),
            failover_timeout: Nanos::seconds(60),
            ..params()
        };
        let mut it = Watched::new(params, 100.0, 5);
        it.run_to(Nanos::seconds(5));
        it.kill(0);
        let (mut most, mut copied) = (0, BTreeSet::new());
        for _ in 0..1_500 {
            it.run_for(Nanos::millis(20));
            let turning =
                |it: &Sentinel| it.watched.iter().filter(|it| it.turned.is_under_way()).count();
            let under_way = it.sentinels().into_iter().map(turning).max().unwrap_or(0);
            most = most.max(under_way);
            let loading: Vec<u16> =
                it.servers().iter().filter(|it| it.loading.is_some()).map(|it| it.own).collect();
            assert!(loading.len() <= parallel as usize, "{parallel}: {loading:?} copy");
            copied.extend(loading);
        }
        assert_eq!(most, parallel as usize, "as many as may");
        // Who turns at once has all that the new primary has.
        assert!(parallel > 1 || copied.len() >= 2, "{copied:?} copied all data");
        assert_eq!(it.leading().len(), 1);
        assert_eq!(it.logged(What::Turned).len(), 4, "each of the others has turned");
    }
}

/// Priorities go before offsets, and 0 is never promoted.
#[test]
fn the_replica_with_the_lowest_priority_is_promoted() {
    for (priorities, promoted) in
        [(vec![1, 5, 2, 7], 2), (vec![1, 0, 9, 4], 3), (vec![1, 9, 9, 3], 3)]
    {
        let params = RedisParams { replicas: 3, priorities: Weights(priorities), ..params() };
        let mut it = Watched::new(params, 50.0, 3);
        it.run_to(Nanos::seconds(5));
        it.kill(0);
        it.run_for(Nanos::seconds(27));
        assert_eq!(it.leading(), [promoted]);
    }
    // Nobody may be.
    let priorities = Weights(vec![1, 0, 0]);
    let mut it = Watched::new(RedisParams { priorities, ..params() }, 50.0, 3);
    it.run_to(Nanos::seconds(5));
    it.kill(0);
    it.run_for(Nanos::seconds(60));
    assert!(it.leading().is_empty() && !it.logged(What::NoReplica).is_empty());
    // Of equals, the one that has more.
    let mut it = Watched::new(params(), 50.0, 3);
    it.run_to(Nanos::seconds(5));
    it.cut("a", &[0], &[1], Ways::Both);
    it.run_for(Nanos::seconds(2));
    it.kill(0);
    it.run_for(Nanos::seconds(27));
    assert_eq!(it.leading(), [2]);
}

/// Crashes and cuts at random, also such that sentinels are parted into sides: never are two elected or
/// promoted in one epoch; what the observer says is lost is lost; and when all is well again, one
/// leads, all follow, and hold the same.
#[test]
fn whatever_happens_one_leads_an_epoch() {
    let failovers = std::cell::Cell::new((0, 0));
    for_seeds(1_500, |seed| {
        let stream = Stream::new(seed, "crashes");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let params = RedisParams {
            replicas: 2 + draw(0, 2) as u32,
            sentinels: [3, 5][draw(1, 2) as usize],
            quorum: 1 + draw(2, 3) as u32,
            down_after: Nanos::millis(50 + draw(3, 300)),
            failover_timeout: Nanos::millis(200 + draw(4, 1_500)),
            parallel_syncs: 1 + draw(5, 2) as u32,
            min_replicas_to_write: draw(6, 2) as u32,
            min_replicas_max_lag: Nanos::millis(1_500),
            repl_timeout: Nanos::seconds(2),
            sync_time: Nanos::millis(draw(7, 400)),
            mesh_latency: Nanos::micros(200 + draw(8, 20_000)),
            ..params()
        };
        let all = (params.replicas + 1 + params.sentinels) as u16;
        let mut it = Watched::new(params, 30.0, seed);
        for step in 0..10u64 {
            it.run_for(Nanos::millis(100 + draw(100 + step, 900)));
            let victim = draw(200 + step, u64::from(all)) as u16;
            match draw(300 + step, 6) {
                0 => it.kill(victim),
                1 if !it.leading().is_empty() => it.kill(it.leading()[0]),
                2 | 3 => {
                    let bits = draw(400 + step, 1 << all);
                    let on = |side: u64| {
                        (0..all).filter(|it| bits >> it & 1 == side).collect::<Vec<_>>()
                    };
                    let ways = [Ways::Both, Ways::Both, Ways::Forth][draw(500 + step, 3) as usize];
                    it.cut("a", &on(0), &on(1), ways);
                    it.check_epochs();
                }
                4 => it.fault(heal("a")),
                _ => it.revive(victim),
            }
        }
        it.fault(heal("a"));
        (0..all).for_each(|at| it.revive(at));
        // With so little patience there are false alarms now and then.
        it.set(|it| (it.down_after, it.mesh_latency) = (SECOND, Nanos::millis(1)));
        it.run_for(Nanos::seconds(40));
        it.check_epochs();
        assert_eq!(it.leading().len(), 1, "one leads in the end: {:?}", it.leading());
        if !it.both.begun.is_empty() {
            let latest = it.both.begun.iter().map(|it| it.0).max().expect("one");
            if it.leading() == [server_of(latest)]
                && it.server(server_of(latest)).stream.start() == 0
            {
                assert_eq!(sorted(it.lost()), sorted(it.missing()));
                let (count, lossy) = failovers.get();
                failovers
                    .set((count + it.both.begun.len(), lossy + usize::from(!it.lost().is_empty())));
            }
        }
        it.edit(|design| {
            if let Spec::Client(it) = &mut design.components.get_mut("client").expect("it").spec {
                it.rate = Rate(0.0);
            }
        });
        it.run_for(Nanos::seconds(6));
        it.check_level();
    });
    let (count, lossy) = failovers.get();
    if std::env::var("SEED").is_err() {
        assert!(count > 1_000 && lossy > 100, "{count} failovers, {lossy} runs lost something");
    }
}

/// Every setting takes effect while it runs, and what follows can be played again.
#[test]
fn every_setting_can_be_edited_live() {
    let mut base = design();
    add(&mut base, "client", Spec::Client(client(60.0, 1, 2)));
    add(&mut base, "group", Spec::Redis(params()));
    let patient = WireParams {
        timeout: Nanos::millis(500),
        retries: 3,
        reads: Reads::Any,
        ..WireParams::default()
    };
    wire(&mut base, "client", "group", patient);
    let fields = Spec::Redis(params()).fields();
    let other = |name: &str| match name {
        "replicas" => "4",
        "sentinels" => "5",
        "quorum" | "parallel_syncs" => "3",
        "down_after" => "\"400ms\"",
        "failover_timeout" => "\"4s\"",
        "priorities" => "\"1, 3, 2\"",
        "min_replicas_to_write" => "1",
        "min_replicas_max_lag" | "repl_timeout" => "\"3s\"",
        "backlog" => "50",
        "sync_time" => "\"1s\"",
        "read_work" | "write_work" => "\"300us\"",
        "work_shape" => "\"constant\"",
        "workers" => "4",
        "queue" => "100",
        "places" => "\"North, South\"",
        "mesh_latency" => "\"5ms\"",
        "mesh_bandwidth" => "10",
        "mesh_loss" => "\"1%\"",
        "mesh_connection" => "\"tcp\"",
        other => panic!("{other} has another value to be tried"),
    };
    for (index, field) in fields.iter().enumerate() {
        let mut live = Live::new(&base, 40 + index as u64);
        let value: serde_json::Value = serde_json::from_str(other(field.name)).expect("JSON");
        live.run_to(Nanos::seconds(3));
        live.edit(|it| {
            let spec = &mut it.components.get_mut("group").expect("a group").spec;
            spec.set(field.name, &value).unwrap_or_else(|it| panic!("{}: {it:?}", field.name));
        });
        live.run_for(Nanos::seconds(3));
        live.fault(Fault::Crash(target("group/0")));
        live.run_for(Nanos::seconds(25));
        let leads =
            |it: &&State| matches!(it, State::Redis(it) if it.server().is_some_and(Server::leads));
        let up = slots(&live.world, "group").into_iter().map(|it| live.world.is_up(it));
        let leading =
            states(&live.world, "group").into_iter().zip(up).filter(|it| it.1 && leads(&it.0));
        assert_eq!(leading.count(), 1, "{}: another leads", field.name);
        live.fault(Fault::Restart(target("group/0")));
        live.run_for(Nanos::seconds(2));
        live.check_replay();
    }
}

/// Servers and sentinels come and go while it runs: a member that was a sentinel keeps data from now on,
/// and the other way round, also if it was the primary.
#[test]
fn members_change_what_they_are() {
    for seed in 0..12u64 {
        let mut it = Watched::new(params(), 50.0, seed);
        it.run_to(Nanos::seconds(4));
        for (replicas, sentinels) in [(4, 3), (2, 5), (1, 3), (5, 7), (2, 3)] {
            it.set(|it| (it.replicas, it.sentinels) = (replicas, sentinels));
            it.run_for(Nanos::seconds(25));
            assert_eq!(it.servers().len(), replicas as usize + 1);
            assert_eq!(it.sentinels().len(), sentinels as usize);
            assert_eq!(it.leading().len(), 1, "seed {seed}, {replicas} replicas");
            it.kill(it.leading()[0]);
            it.run_for(Nanos::seconds(60));
            assert_eq!(it.leading().len(), 1, "seed {seed}, {replicas} replicas");
            (0..replicas as u16 + 1).for_each(|at| it.revive(at));
            it.run_for(Nanos::seconds(30));
        }
        it.edit(|design| {
            if let Spec::Client(it) = &mut design.components.get_mut("client").expect("it").spec {
                it.rate = Rate(0.0);
            }
        });
        it.run_for(Nanos::seconds(15));
        it.check_level();
    }
}

/// Callers never ask a sentinel, whatever they read from; and every call ends.
#[test]
fn nobody_asks_a_sentinel() {
    for reads in [Reads::Primary, Reads::Replicas, Reads::Any, Reads::Sticky, Reads::OwnWrites] {
        let mut base = design();
        add(&mut base, "client", Spec::Client(client(80.0, 2, 1)));
        add(&mut base, "group", Spec::Redis(params()));
        let patient =
            WireParams { timeout: Nanos::millis(300), retries: 4, reads, ..WireParams::default() };
        wire(&mut base, "client", "group", patient);
        let mut live = Live::new(&base, 11);
        let mut ear = Ear::default();
        live.run_to(Nanos::seconds(3));
        live.fault(Fault::Crash(target("group/0")));
        live.world.run(Nanos::seconds(20), u64::MAX, &mut ear);
        let group = slots(&live.world, "group");
        let offered = |of: &&(u64, Nanos, Note)| match of.2 {
            Note::Offered { member, .. } => group[3..].contains(&member),
            _ => false,
        };
        assert_eq!(ear.0.iter().filter(offered).count(), 0, "{reads:?}");
        let mut live = Live::new(&base, 11);
        live.run_to(Nanos::seconds(3));
        live.fault(Fault::Crash(target("group/0")));
        live.run_for(Nanos::seconds(20));
        live.fault(Fault::Restart(target("group/0")));
        live.run_for(Nanos::seconds(20));
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, false);
        live.check_replay();
    }
}
