//! Live edits, one story each: most of these were bugs.

use crate::common::*;
use ringside::algorithm::balancing::Rule;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::ClientParams;
use ringside::component::failover_pair::FailoverPairParams;
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::raft_group::{RaftGroupParams, RaftMessage, RaftState};
use ringside::component::service::ServiceParams;
use ringside::component::{Message, Spec, Standing, State};
use ringside::document::Design;
use ringside::engine::event::Deed;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};

fn spec<'a>(design: &'a mut Design, id: &str) -> &'a mut Spec {
    &mut design.components.get_mut(id).expect("the component is there").spec
}

fn service(design: &mut Design, id: &str, change: impl FnOnce(&mut ServiceParams)) {
    match spec(design, id) {
        Spec::Service(it) => change(it),
        _ => panic!("{id} is a service"),
    }
}

fn people(design: &mut Design, change: impl FnOnce(&mut ClientParams)) {
    match spec(design, "people") {
        Spec::Client(it) => change(it),
        _ => panic!("people are a client"),
    }
}

/// client → balancer → services.
fn balanced(per_second: f64, params: ServiceParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(per_second, 1, 0)));
    add(&mut it, "lb", Spec::LoadBalancer(LoadBalancerParams::default()));
    add(&mut it, "service", Spec::Service(params));
    wire(&mut it, "people", "lb", Default::default());
    wire(&mut it, "lb", "service", Default::default());
    it
}

fn ok(live: &Live, id: &str) -> u64 {
    let ended = live.audit.component(&live.world, id).ended;
    ended.get(&Outcome::Ok).copied().unwrap_or(0)
}

/// A component that had been removed kept its members' slots, and when an undo brought it back they
/// were taken for running, but were dead for good.
#[test]
fn a_component_that_comes_back_works_again() {
    let mut live = Live::new(&balanced(100.0, ServiceParams::default()), 1);
    live.run_to(Nanos::seconds(2));
    let whole = live.design.clone();
    live.edit(|it| {
        it.components.remove("service");
        it.wires.remove("lb-service");
    });
    live.run_for(Nanos::SECOND);
    let before = ok(&live, "service");
    live.run_for(Nanos::SECOND);
    assert_eq!(ok(&live, "service"), before, "nothing reaches it");
    live.edit(|it| *it = whole);
    live.run_for(Nanos::seconds(2));
    assert!(ok(&live, "service") > before + 150);
    assert!(slots(&live.world, "service").iter().all(|it| live.world.is_up(*it)));
    live.audit.check_conservation(&live.world);
    live.check_replay();
}

/// Members go and others come under their ordinals while calls to the first are out: the ends of
/// those calls lowered the count of calls outstanding at the second (below zero: a panic), and
/// their timeouts cancelled jobs of the second.
#[test]
fn calls_to_members_that_went_do_not_touch_those_that_came() {
    let params = ServiceParams { instances: 3, work: Nanos::millis(80), ..Default::default() };
    let mut it = balanced(200.0, params);
    let settings = &mut it.wires.get_mut("lb-service").expect("a wire").settings;
    (settings.timeout, settings.latency) = (Nanos::millis(90), Nanos::millis(5));
    if let Spec::LoadBalancer(it) = spec(&mut it, "lb") {
        it.rule = Rule::LeastOutstanding;
    }
    let mut live = Live::new(&it, 2);
    for n in 0..100 {
        live.run_for(Nanos::millis(17));
        live.edit(|it| service(it, "service", |it| it.instances = 1 + n % 3));
        if n % 2 == 0 {
            live.edit(|it| service(it, "service", |it| it.instances = 3));
        }
        check_desks(&live.world, false);
        live.audit.check_conservation(&live.world);
    }
    live.check_replay();
}

/// What a removed member had in hand ends as a reset at once, not by the caller's timeout.
#[test]
fn orphaned_calls_fail_as_reset() {
    let work = Nanos::seconds(20);
    let mut live = Live::new(&balanced(100.0, ServiceParams { work, ..Default::default() }), 3);
    live.run_to(Nanos::millis(500));
    live.edit(|it| service(it, "service", |it| it.instances = 1));
    live.run_for(Nanos::millis(20));
    let resets = live.audit.component(&live.world, "people").ended;
    assert_eq!(resets.keys().collect::<Vec<_>>(), [&Outcome::Reset]);
    assert!((15..=35).contains(&resets[&Outcome::Reset]), "half of about fifty: {resets:?}");
}

/// A changed rule was stored and never used. Round robin shares evenly; by hash, the same key always
/// goes to the same member.
#[test]
fn a_changed_balancing_rule_takes_effect() {
    let mut it = balanced(100.0, ServiceParams::default());
    people(&mut it, |it| it.keys = 1);
    let mut live = Live::new(&it, 4);
    live.audit.keep = true;
    let shares = |live: &mut Live| {
        live.audit.notes.clear();
        live.run_for(Nanos::seconds(2));
        let members = slots(&live.world, "service");
        let offered = live.audit.notes.iter().filter_map(|it| match it.2 {
            Note::Offered { member, .. } if members.contains(&member) => Some(member),
            _ => None,
        });
        tally(offered).into_values().collect::<Vec<_>>()
    };
    let even = shares(&mut live);
    assert!(even.len() == 2 && even[0].abs_diff(even[1]) <= 1, "{even:?}");
    live.edit(|it| match spec(it, "lb") {
        Spec::LoadBalancer(it) => it.rule = Rule::KeyHash,
        _ => panic!("a balancer"),
    });
    assert_eq!(shares(&mut live).len(), 1, "one key, one member");
    live.check_replay();
}

/// The state of a rule that has not changed is kept: round robin goes on where it was.
#[test]
fn an_unrelated_edit_does_not_upset_the_turn() {
    let mut live = Live::new(&balanced(100.0, ServiceParams::default()), 5);
    live.audit.keep = true;
    for n in 0..200 {
        live.run_for(Nanos::millis(11));
        live.edit(|it| service(it, "service", |it| it.queue = 100 + n));
    }
    let members = slots(&live.world, "service");
    let called: Vec<_> = live
        .audit
        .notes
        .iter()
        .filter_map(|it| match it.2 {
            Note::CallEnded { member, target: Some(target), sent, .. }
                if members.contains(&target) && !members.contains(&member) =>
            {
                Some((sent, target))
            }
            _ => None,
        })
        .collect();
    let mut called = called;
    called.sort();
    assert!(called.len() > 150, "{}", called.len());
    assert!(called.windows(2).all(|it| it[0].1 != it[1].1), "strictly in turn");
}

/// Requests taken in before hold_worker was changed worked without a worker, or waited for a second
/// one while they held the first.
#[test]
fn holding_workers_can_be_turned_on_and_off_under_load() {
    let mut it = balanced(300.0, ServiceParams { workers: 1, ..Default::default() });
    add(&mut it, "deep", Spec::Service(ServiceParams::default()));
    wire(&mut it, "service", "deep", Default::default());
    let mut live = Live::new(&it, 6);
    for _ in 0..100 {
        let until = live.world.now() + Nanos::millis(7);
        while !live.world.run(until, 1, &mut live.audit) {
            check_desks(&live.world, false);
        }
        live.edit(|it| service(it, "service", |it| it.hold_worker = !it.hold_worker));
        check_desks(&live.world, false);
    }
    live.check_replay();
}

/// More workers take who waits at once, first come first served.
#[test]
fn more_workers_start_who_waits_in_order() {
    let params = ServiceParams { workers: 1, instances: 1, ..Default::default() };
    let mut live =
        Live::new(&balanced(100.0, ServiceParams { work: Nanos::seconds(360), ..params }), 7);
    live.run_to(Nanos::SECOND);
    let slot = slots(&live.world, "service")[0];
    let waiting = live.world.member(slot).desk.waiting_count;
    assert!(waiting > 50);
    live.edit(|it| service(it, "service", |it| it.workers = 21));
    let desk = &live.world.member(slot).desk;
    assert_eq!((desk.busy, desk.waiting_count), (21, waiting - 20));
    let arrived = |started: bool| {
        desk.jobs.iter().filter(move |it| it.1.started.is_some() == started).map(|it| it.1.arrived)
    };
    assert!(arrived(true).max() < arrived(false).min(), "the first to come are the first to start");
}

/// Dragging the rate slider began the gap anew with every edit: arrivals stopped. And a single edit
/// keeps the process Poisson: mean and variance of the count in a second stay equal.
#[test]
fn a_rate_that_is_dragged_about_keeps_requests_coming() {
    let mut live = Live::new(&balanced(20.0, ServiceParams::default()), 8);
    let mut expected = 0.0;
    for n in 0..6_000u32 {
        let rate = 20.0 + f64::from(n % 7);
        live.edit(|it| people(it, |it| it.rate = Rate(rate)));
        live.run_for(Nanos::millis(10));
        expected += rate / 100.0;
    }
    let offered = live.audit.component(&live.world, "people").offered as f64;
    // A Poisson count of this mean; four standard deviations.
    assert!((offered - expected).abs() < 4.0 * expected.sqrt(), "{offered}, not {expected}");
    live.edit(|it| people(it, |it| it.rate = Rate(0.0)));
    live.run_for(Nanos::SECOND);
    let before = live.audit.component(&live.world, "people").offered;
    live.run_for(Nanos::SECOND);
    assert_eq!(live.audit.component(&live.world, "people").offered, before, "zero is silence");
    live.edit(|it| people(it, |it| it.rate = Rate(50.0)));
    live.run_for(Nanos::seconds(2));
    assert!(live.audit.component(&live.world, "people").offered > before + 50);
    live.check_replay();
}

/// A removed member's last words, still on their way, do not count for a fresh one under the same
/// ordinal. A Raft leader cut off from the second member took the old third's answer for the fresh
/// third's log: it committed what nobody else had.
#[test]
fn last_words_of_a_removed_member_are_dropped() {
    let group = |members| Spec::RaftGroup(RaftGroupParams { members, ..Default::default() });
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(300.0, 0, 1)));
    add(&mut it, "group", group(3));
    wire(&mut it, "people", "group", Default::default());
    let mut tried = 0;
    for seed in 0..20 {
        let mut live = Live::new(&it, seed);
        live.run_to(Nanos::seconds(2));
        let members = |live: &Live| -> Vec<RaftState> {
            let own = |it: &State| match it {
                State::RaftGroup(it) => (**it).clone(),
                _ => panic!("a Raft group"),
            };
            states(&live.world, "group").into_iter().map(own).collect()
        };
        let leader = members(&live).iter().position(|it| it.standing() == Standing::Leader);
        let Some(leader) = leader.filter(|it| *it < 2) else { continue };
        let (one, other) = (format!("group/{leader}"), format!("group/{}", 1 - leader));
        live.fault(cut("a", &[&one], &[&other], Ways::Both));
        // Until the third's word that would commit something more is on its way.
        let decides = |live: &Live| {
            let committed = members(live)[leader].committed;
            live.world.in_flight().any(|it| match &it.1.deed {
                Deed::Message(2, Message::RaftGroup(RaftMessage::Appended(_, true, len))) => {
                    *len > committed
                }
                _ => false,
            })
        };
        while !decides(&live) {
            live.world.step(&mut live.audit);
        }
        let before = members(&live)[leader].committed;
        live.edit(|it| *spec(it, "group") = group(2));
        live.edit(|it| *spec(it, "group") = group(3));
        for _ in 0..200 {
            live.world.step(&mut live.audit);
            let members = members(&live);
            let committed = members[leader].committed;
            let have = members.iter().filter(|it| it.log.end() >= committed).count();
            assert!(have >= 2, "seed {seed}: {committed} is committed, but no majority has it");
        }
        assert!(members(&live)[leader].committed > before, "the fresh one catches up, and counts");
        live.check_replay();
        tried += 1;
    }
    assert!(tried >= 5, "{tried} leaders were not the third");
}

/// A member that did not know who leads moved its caller's belief by two: of two members the caller
/// asked the same one for ever.
#[test]
fn callers_find_the_one_of_two_that_leads() {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(50.0, 1, 1)));
    add(&mut it, "pair", Spec::FailoverPair(FailoverPairParams::default()));
    wire(&mut it, "people", "pair", Default::default());
    let mut live = Live::new(&it, 10);
    // The second takes over; both die; only the first comes back, and has just begun to listen.
    live.fault(Fault::Crash(target("pair/0")));
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::Restart(target("pair/0")));
    live.run_for(Nanos::seconds(1));
    live.fault(Fault::Crash(target("pair")));
    live.run_for(Nanos::millis(100));
    live.fault(Fault::Restart(target("pair")));
    live.run_for(Nanos::seconds(1));
    let before = ok(&live, "people");
    live.run_for(Nanos::seconds(2));
    assert!(ok(&live, "people") > before + 60, "{} of about 100", ok(&live, "people") - before);
    live.check_replay();
}

/// Changing what a component is, under the same id, restarts it as the new kind.
#[test]
fn another_kind_under_the_same_id_starts_afresh() {
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(100.0, 1, 1)));
    add(&mut it, "store", Spec::SqlDb(Default::default()));
    wire(&mut it, "people", "store", Default::default());
    let mut live = Live::new(&it, 11);
    for n in 0..12 {
        live.run_for(Nanos::millis(333));
        live.edit(|it| {
            *spec(it, "store") = match n % 4 {
                0 => Spec::RaftGroup(Default::default()),
                1 => Spec::Cache(Default::default()),
                2 => Spec::FailoverPair(Default::default()),
                _ => Spec::SqlDb(Default::default()),
            }
        });
        check_desks(&live.world, false);
    }
    let before = ok(&live, "people");
    live.run_for(Nanos::SECOND);
    assert!(ok(&live, "people") > before + 70);
    live.check_replay();
}

/// A script in the design is played at its times; what an edit adds in the past is not.
#[test]
fn scripts_are_played_once() {
    let fault = |at, fault| ringside::document::FaultRecord { at, fault };
    let mut it = balanced(100.0, ServiceParams::default());
    let (one, two) = (Nanos::seconds(1), Nanos::seconds(2));
    it.script.insert("f1".into(), fault(one, Fault::Crash(target("service"))));
    it.script.insert("f2".into(), fault(two, Fault::Restart(target("service"))));
    let mut live = Live::new(&it, 12);
    let up = |live: &Live| live.world.is_up(slots(&live.world, "service")[0]);
    live.run_to(Nanos::millis(999));
    assert!(up(&live));
    live.run_to(Nanos::millis(1_001));
    assert!(!up(&live));
    live.edit(|it| {
        let past = fault(Nanos::millis(500), Fault::Restart(target("service")));
        it.script.insert("f0".into(), past);
    });
    live.run_to(Nanos::millis(1_999));
    assert!(!up(&live), "the past is not played again");
    live.run_to(Nanos::millis(2_001));
    assert!(up(&live));
    live.check_replay();
}
