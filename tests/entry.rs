//! The entry side of a system: firewall, gateway, balancer and third party against their
//! definitions; zones that carry distance and fail as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::*;
use ringside::algorithm::balancing::Rule;
use ringside::base::candidate::Candidate;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share, Weights};
use ringside::component::Spec;
use ringside::component::api_gateway::ApiGatewayParams;
use ringside::component::client::{Arrivals, Class, ClientParams, Does};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::third_party::ThirdPartyParams;
use ringside::component::waf::{self, WafParams};
use ringside::document::{Design, WireParams};
use ringside::engine::event::Via;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};

/// A client of one class.
fn sender(class: &str, per_second: f64, arrivals: Arrivals) -> ClientParams {
    let classes = vec![Class { name: class.into(), does: Does::Read, ..Class::default() }];
    ClientParams { rate: Rate(per_second), classes, arrivals, keys: 500, ..Default::default() }
}

/// A service that answers at once, whatever comes.
fn quick(instances: u32) -> Spec {
    let (work, work_shape) = (Nanos::micros(1), Shape::Constant);
    Spec::Service(ServiceParams { instances, work, work_shape, ..ServiceParams::default() })
}

/// client → what is looked at → service, over wires that take no time.
fn through(client: ClientParams, middle: Spec) -> Design {
    let mut it = design();
    add(&mut it, "client", Spec::Client(client));
    add(&mut it, "middle", middle);
    add(&mut it, "service", quick(1));
    wire(&mut it, "client", "middle", instant());
    wire(&mut it, "middle", "service", instant());
    it
}

fn ended(live: &Live, id: &str, outcome: Outcome) -> u64 {
    live.audit.component(&live.world, id).ended.get(&outcome).copied().unwrap_or(0)
}

/// Within five standard deviations of a share.
#[track_caller]
fn check_share(part: u64, whole: u64, share: f64) {
    let (mean, whole) = (whole as f64 * share, whole as f64);
    let deviation = (whole * share * (1.0 - share)).sqrt();
    assert!((part as f64 - mean).abs() < 5.0 * deviation, "{part} of {whole}, not {share}");
}

// ---- Firewall ---------------------------------------------------------------------------------

fn rule(class: &str, blocks: f64) -> waf::Rule {
    waf::Rule { class: class.into(), blocks: Share(blocks) }
}

#[test]
fn a_firewall_blocks_the_share_its_rules_say() {
    let rules = vec![rule("attack", 0.9), rule("", 0.02)];
    let firewall = Spec::Waf(WafParams { rules, ..WafParams::default() });
    let mut it = through(sender("attack", 300.0, Arrivals::Poisson), firewall);
    add(&mut it, "people", Spec::Client(sender("browse", 700.0, Arrivals::Poisson)));
    wire(&mut it, "people", "middle", instant());
    let mut live = Live::new(&it, 5);
    live.run_to(Nanos::seconds(100));
    let (blocked, ok) =
        (ended(&live, "client", Outcome::Blocked), ended(&live, "client", Outcome::Ok));
    check_share(blocked, blocked + ok, 1.0 - 0.1 * 0.98);
    let (alarms, fine) =
        (ended(&live, "people", Outcome::Blocked), ended(&live, "people", Outcome::Ok));
    check_share(alarms, alarms + fine, 0.02);
    assert_eq!(ended(&live, "middle", Outcome::Blocked), blocked + alarms, "by the firewall");
    let passed = live.audit.component(&live.world, "service").offered;
    assert!(passed.abs_diff(ok + fine) < 10, "what is blocked goes no further");
    live.check_replay();
}

/// The draw hangs on the request: another try is no other request.
#[test]
fn a_request_that_was_blocked_is_blocked_again() {
    let firewall = Spec::Waf(WafParams { rules: vec![rule("", 0.3)], ..WafParams::default() });
    let client = ClientParams { retries: 3, ..sender("browse", 200.0, Arrivals::Poisson) };
    let mut live = Live::new(&through(client, firewall), 6);
    live.run_to(Nanos::seconds(20));
    live.edit(|it| {
        let spec = Spec::Client(sender("browse", 0.0, Arrivals::Poisson));
        it.components.get_mut("client").expect("a client").spec = spec;
    });
    live.run_for(Nanos::seconds(5));
    let given_up = ended(&live, "client", Outcome::Blocked);
    assert!(given_up > 1_000);
    assert_eq!(ended(&live, "middle", Outcome::Blocked), 4 * given_up);
}

// ---- Gateway ----------------------------------------------------------------------------------

fn gateway(rate: f64, burst: u32) -> Spec {
    let instances = 1;
    Spec::ApiGateway(ApiGatewayParams { instances, rate: Rate(rate), burst, ..Default::default() })
}

/// The catalogue's erratum E5: a bucket of 5, one token a second, ten calls 200 ms apart.
#[test]
fn ten_calls_at_a_bucket_of_five_are_six_and_four() {
    let mut live = Live::new(&through(sender("a", 5.0, Arrivals::Constant), gateway(1.0, 5)), 1);
    live.run_to(Nanos::millis(2_100));
    assert_eq!(ended(&live, "client", Outcome::Ok), 6);
    assert_eq!(ended(&live, "client", Outcome::Limited), 4);
}

/// A source that never lets the bucket overflow after the first call gets burst + rate · t, to the
/// token.
#[test]
fn a_flood_gets_exactly_the_allowance() {
    for (rate, burst) in [(40.0, 10), (123.0, 2), (333.0, 200)] {
        let flood = sender("a", 1_000.0, Arrivals::Constant);
        let mut live = Live::new(&through(flood, gateway(rate, burst)), 2);
        live.run_to(Nanos::seconds(10) + Nanos::micros(500));
        let limited = ended(&live, "middle", Outcome::Limited);
        let offered = live.audit.component(&live.world, "middle").offered;
        assert_eq!(offered, 10_000, "one each millisecond");
        // From the first call at 1 ms to the last at 10 s.
        let allowed = u64::from(burst) + (rate * 9.999) as u64;
        assert_eq!(offered - limited, allowed, "{rate}/s, {burst}");
        live.check_replay();
    }
}

#[test]
fn a_bucket_is_retuned_in_place() {
    let flood = sender("a", 1_000.0, Arrivals::Constant);
    let mut live = Live::new(&through(flood, gateway(0.0, 50)), 3);
    live.run_to(Nanos::seconds(1));
    assert_eq!(ended(&live, "client", Outcome::Ok), 50, "the burst, and nothing after it");
    live.edit(|it| it.components.get_mut("middle").expect("it").spec = gateway(100.0, 50));
    live.run_for(Nanos::seconds(2));
    let more = ended(&live, "client", Outcome::Ok) - 50;
    assert!((198..=200).contains(&more), "no new burst, but 100/s: {more}");
}

#[test]
fn what_no_wire_carries_has_no_route() {
    for middle in [gateway(1e6, 1_000), Spec::LoadBalancer(LoadBalancerParams::default())] {
        let mut it = through(sender("browse", 100.0, Arrivals::Constant), middle);
        add(&mut it, "lost", Spec::Client(sender("unheard-of", 50.0, Arrivals::Constant)));
        wire(&mut it, "lost", "middle", instant());
        it.wires.get_mut("middle-service").expect("a wire").settings.classes = "browse".into();
        let mut live = Live::new(&it, 4);
        live.run_to(Nanos::seconds(2));
        assert_eq!(ended(&live, "lost", Outcome::Ok), 0);
        assert!(ended(&live, "lost", Outcome::NoRoute) >= 98);
        assert_eq!(ended(&live, "client", Outcome::NoRoute), 0);
        assert!(ended(&live, "client", Outcome::Ok) >= 198);
    }
}

// ---- Third party ------------------------------------------------------------------------------

fn paying(client: ClientParams, third: ThirdPartyParams, retries: u32) -> Live {
    let mut it = design();
    add(&mut it, "client", Spec::Client(client));
    add(&mut it, "service", quick(1));
    add(&mut it, "third", Spec::ThirdParty(third));
    wire(&mut it, "client", "service", instant());
    wire(&mut it, "service", "third", WireParams { retries, ..instant() });
    if let Some(Spec::Service(it)) = it.components.get_mut("service").map(|it| &mut it.spec) {
        it.workers = 10_000;
    }
    Live::new(&it, 7)
}

#[test]
fn a_third_party_fails_by_its_share_and_each_try_anew() {
    let third = ThirdPartyParams {
        errors: Share(0.2),
        quota: 1_000_000,
        latency: Nanos::millis(20),
        ..ThirdPartyParams::default()
    };
    let mut live = paying(sender("pay", 500.0, Arrivals::Poisson), third, 1);
    live.run_to(Nanos::seconds(60));
    let calls = ended(&live, "third", Outcome::Ok) + ended(&live, "third", Outcome::Faulty);
    check_share(ended(&live, "third", Outcome::Faulty), calls, 0.2);
    let requests = ended(&live, "client", Outcome::Ok) + ended(&live, "client", Outcome::Faulty);
    check_share(ended(&live, "client", Outcome::Faulty), requests, 0.04);
    live.audit.check_conservation(&live.world);
    live.check_replay();
}

#[test]
fn a_quota_is_kept_to_the_call() {
    let third = ThirdPartyParams {
        errors: Share(0.0),
        quota: 50,
        latency: Nanos::millis(5),
        ..ThirdPartyParams::default()
    };
    let mut live = paying(sender("pay", 80.0, Arrivals::Constant), third, 0);
    for window in 1..=10 {
        live.run_to(Nanos::seconds(window) - Nanos::micros(500));
        // One call each 12.5 ms: 79 in the first window, the 80th is due at its very end.
        let offered = 80 * window - 1;
        assert_eq!(live.audit.component(&live.world, "third").offered, offered);
        let refused = ended(&live, "third", Outcome::Limited);
        assert_eq!(refused, offered - 50 * window, "window {window}");
    }
    assert_eq!(ended(&live, "client", Outcome::Limited), ended(&live, "third", Outcome::Limited));
}

// ---- Balancer ---------------------------------------------------------------------------------

/// client → balancer → service of so many members.
fn balanced(rule: Rule, weights: &str, members: u32) -> Design {
    let balancer = LoadBalancerParams { rule, work: Nanos::ZERO, ..Default::default() };
    let client = sender("a", 300.0, Arrivals::Poisson);
    let mut it = through(client, Spec::LoadBalancer(balancer));
    let (instances, work) = (members, Nanos::millis(8));
    let service = ServiceParams { instances, work, workers: 4, ..ServiceParams::default() };
    it.components.get_mut("service").expect("it").spec = Spec::Service(service);
    let weights = Weights::parse(weights).expect("weights");
    it.wires.get_mut("middle-service").expect("a wire").settings.weights = weights;
    it
}

/// Which member each call went to, in order, with its key.
fn choices(live: &Live) -> Vec<(usize, u32)> {
    let service = slots(&live.world, "service");
    let at = |it: u32| service.iter().position(|slot| *slot == it);
    let choice = |(_, _, note): &(Nanos, u64, Note)| match *note {
        Note::Offered { member, request, .. } => Some((at(member)?, request.key)),
        _ => None,
    };
    live.audit.notes.iter().filter_map(choice).collect()
}

fn choices_of(rule: Rule, weights: &str, members: u32) -> Vec<(usize, u32)> {
    let mut live = Live::new(&balanced(rule, weights, members), 9);
    live.audit = Audit::keeping();
    live.run_to(Nanos::seconds(4));
    choices(&live)
}

/// nginx, commit 52327e0627f4: weights 5, 1, 1 give a a b a c a a.
#[test]
fn the_wires_weights_give_the_sequence_of_nginx() {
    let members = choices_of(Rule::WeightedRoundRobin, "5, 1, 1", 3);
    let letters: String = members.iter().take(14).map(|it| ['a', 'b', 'c'][it.0]).collect();
    assert_eq!(letters, "aabacaaaabacaa");
    let turns = choices_of(Rule::RoundRobin, "", 3);
    assert!(turns.iter().enumerate().all(|(index, it)| it.0 == index % 3), "each in turn");
}

#[test]
fn the_same_key_goes_to_the_same_member() {
    let mut member_of = BTreeMap::new();
    for (member, key) in choices_of(Rule::KeyHash, "", 4) {
        assert_eq!(*member_of.entry(key).or_insert(member), member, "key {key}");
    }
    assert_eq!(member_of.values().collect::<BTreeSet<_>>().len(), 4, "all have their keys");
}

/// Every rule, in a running system, chooses what it chooses by itself from the calls that are out
/// and the call's own draw.
#[test]
fn a_balancer_knows_what_it_sent_and_what_came_back() {
    for rule in Rule::ALL.iter().copied() {
        let mut live = Live::new(&balanced(rule, "3, 1, 2", 4), 11);
        live.audit = Audit::keeping();
        live.run_to(Nanos::seconds(5));
        let (members, balancer) = (slots(&live.world, "service"), slots(&live.world, "middle")[0]);
        let blueprint = live.world.blueprint();
        let wire = blueprint.wire("middle-service").expect("a wire") as usize;
        let (mut running, mut out) = (rule.start(), [0u32; 4]);
        let (mut checked, mut waited) = (0, false);
        for (_, _, note) in &live.audit.notes {
            match *note {
                Note::Offered { member, request, own: false, .. } => {
                    let Some(at) = members.iter().position(|it| *it == member) else { continue };
                    let weights = [3, 1, 2, 1];
                    let candidates: Vec<_> = (0..4)
                        .map(|index| Candidate {
                            index,
                            outstanding: out[index],
                            weight: weights[index],
                        })
                        .collect();
                    // The number of a call's first attempt among the purposes of draws.
                    let draw = blueprint.wires[wire].stream.bits(request.id, 0x400);
                    assert_eq!(
                        running.choose(&candidates, request.key, draw),
                        Some(at),
                        "{rule:?}"
                    );
                    out[at] += 1;
                    checked += 1;
                    waited |= out[at] > 1;
                }
                Note::CallEnded { member, target: Some(target), .. } if member == balancer => {
                    let at = members.iter().position(|it| *it == target).expect("a member");
                    out[at] -= 1;
                }
                _ => {}
            }
        }
        assert!(checked > 1_000 && waited, "{rule:?}: {checked}");
    }
}

fn watched(rule: Rule) -> Live {
    let mut it = balanced(rule, "", 3);
    it.wires.get_mut("middle-service").expect("a wire").settings.timeout = Nanos::millis(300);
    Live::new(&it, 13)
}

/// Failures the client saw in a stretch of time.
fn failures(live: &mut Live, span: Nanos) -> u64 {
    let failed = |live: &Live| {
        let book = live.audit.component(&live.world, "client");
        let bad = book.ended.iter().filter(|it| it.0.is_failure());
        bad.map(|it| it.1).sum::<u64>()
    };
    let before = failed(live);
    live.run_for(span);
    failed(live) - before
}

/// Down for the balancer, by member.
fn down(live: &Live) -> Vec<bool> {
    let balancer = slots(&live.world, "middle")[0];
    live.world.member(balancer).desk.routes[0].health.iter().map(|it| it.down).collect()
}

/// Checks every 2 s: after the third that fails the dead member is passed over, after the second
/// good one it is back.
#[test]
fn health_checks_pass_over_who_does_not_answer() {
    let cut_off = cut("c", &["middle"], &["service/1"], Ways::Both);
    let deaths = [(Fault::Crash(target("service/1")), Fault::Restart(target("service/1"))), {
        (cut_off, heal("c"))
    }];
    for (fault, mend) in deaths {
        let mut live = watched(Rule::RoundRobin);
        live.run_to(Nanos::millis(1_500));
        live.fault(fault.clone());
        // Probes at 2, 4 and 6 s; without an answer, the last is given up at 7 s.
        assert!(failures(&mut live, Nanos::millis(4_400)) > 100, "a third fails meanwhile");
        assert_eq!(down(&live), [false; 3]);
        live.run_to(Nanos::millis(7_400));
        assert_eq!(down(&live), [false, true, false]);
        assert_eq!(failures(&mut live, Nanos::seconds(3)), 0, "{fault:?}: nobody asks it");
        live.fault(mend);
        live.run_to(Nanos::millis(13_900));
        assert_eq!(down(&live), [false, true, false], "one good answer is not enough");
        live.run_to(Nanos::millis(14_100));
        assert_eq!(down(&live), [false; 3]);
        let before = live.audit.books[slots(&live.world, "service")[1] as usize].offered;
        assert_eq!(failures(&mut live, Nanos::seconds(2)), 0);
        let after = live.audit.books[slots(&live.world, "service")[1] as usize].offered;
        assert!(after - before > 150, "it is asked again");
        check_desks(&live.world, false);
        live.check_replay();
    }
}

#[test]
fn when_all_are_down_all_are_asked() {
    let mut live = watched(Rule::LeastOutstanding);
    live.run_to(Nanos::SECOND);
    live.fault(Fault::Crash(target("service")));
    live.run_to(Nanos::seconds(9));
    assert_eq!(down(&live), [true; 3]);
    // One comes back: until checks find it, it gets its share, since nobody is passed over.
    live.fault(Fault::Restart(target("service/2")));
    let back = slots(&live.world, "service")[2] as usize;
    let before = live.audit.books[back].offered;
    live.run_to(Nanos::seconds(10));
    assert!(live.audit.books[back].offered - before > 50);
    live.run_to(Nanos::seconds(15));
    assert_eq!(down(&live), [true, true, false]);
    assert_eq!(failures(&mut live, Nanos::seconds(2)), 0);
    live.check_replay();
}

#[test]
fn checks_can_be_turned_off_and_on_while_it_runs() {
    let mut live = watched(Rule::RoundRobin);
    let set = |interval: Nanos| {
        move |it: &mut Design| {
            let middle = &mut it.components.get_mut("middle").expect("it").spec;
            let Spec::LoadBalancer(params) = middle else { panic!("a balancer") };
            params.check_interval = interval;
        }
    };
    live.fault(Fault::Crash(target("service/0")));
    live.run_to(Nanos::seconds(8));
    assert_eq!(down(&live), [true, false, false]);
    live.edit(set(Nanos::ZERO));
    assert!(down(&live).is_empty());
    assert!(failures(&mut live, Nanos::seconds(6)) > 300);
    live.edit(set(Nanos::millis(100)));
    live.run_for(Nanos::seconds(1));
    assert_eq!(down(&live), [true, false, false]);
    let due = live.world.in_flight().filter(|it| {
        matches!(it.1.deed, ringside::engine::event::Deed::ProbeDue(_)) && it.1.via == Via::Inside
    });
    assert_eq!(due.count(), 1, "checks do not multiply");
    live.check_replay();
}
