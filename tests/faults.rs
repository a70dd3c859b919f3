//! Each fault does what it says, to whom it names and nobody else, and its reversal ends it.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::{Nanos, Offset};
use ringside::base::unit::Rate;
use ringside::component::cache::{self, CacheParams, Strategy};
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::{Spec, State};
use ringside::document::{Design, FaultRecord};
use ringside::engine::event::Deed;
use ringside::engine::fault::{Fault, Scope, Ways};
use ringside::engine::{Note, Outcome, Via};

const WORK: Nanos = Nanos::millis(2);
const LATENCY: Nanos = Nanos::millis(1);

fn people(per_second: f64) -> Spec {
    let (rate, arrivals) = (Rate(per_second), Arrivals::Constant);
    Spec::Client(ClientParams { rate, arrivals, keys: 1, timeout: FOREVER, ..Default::default() })
}

fn service(instances: u32) -> Spec {
    let (workers, work, work_shape) = (1_000, WORK, Shape::Constant);
    Spec::Service(ServiceParams { instances, workers, work, work_shape, ..Default::default() })
}

/// Every request takes 1 ms there, 2 ms of work, 1 ms back.
fn pair(per_second: f64) -> Design {
    let mut it = design();
    add(&mut it, "people", people(per_second));
    add(&mut it, "service", service(1));
    wire(&mut it, "people", "service", steady(LATENCY));
    it
}

fn on_wire() -> Scope {
    Scope::Wire("people-service".into())
}

/// A run that keeps notes.
fn live(design: &Design) -> Live {
    let mut live = Live::new(design, 1);
    live.audit.keep = true;
    live
}

/// How long each client request of the last `span` took, by outcome.
fn spans(live: &mut Live, span: Nanos) -> Vec<(Outcome, Nanos)> {
    live.audit.notes.clear();
    live.run_for(span);
    live.audit.check_conservation(&live.world);
    let ended = live.audit.notes.iter().filter_map(|(at, _, note)| match *note {
        Note::Ended { outcome, arrived, own: true, .. } => Some((outcome, *at - arrived)),
        _ => None,
    });
    ended.collect()
}

fn usual() -> (Outcome, Nanos) {
    (Outcome::Ok, Nanos::millis(4))
}

#[track_caller]
fn all_as_usual(live: &mut Live) {
    // What was begun before is over.
    live.run_for(Nanos::seconds(120));
    let spans = spans(live, Nanos::seconds(10));
    assert!(spans.len() > 50 && spans.iter().all(|it| *it == usual()), "{spans:?}");
    live.check_replay();
}

/// Huang et al. (HotOS 2017): what fails for some looks well to others. Three in ten requests take
/// 50 times as long at one of two members; checks pass, and the balancer goes on choosing it.
#[test]
fn a_gray_member_is_slow_for_some_and_passes_its_health_checks() {
    let mut it = design();
    add(&mut it, "people", people(200.0));
    let balancer = LoadBalancerParams { work: Nanos::ZERO, ..LoadBalancerParams::default() };
    add(&mut it, "lb", Spec::LoadBalancer(balancer));
    add(&mut it, "service", service(2));
    wire(&mut it, "people", "lb", instant());
    wire(&mut it, "lb", "service", steady(LATENCY));
    let mut live = live(&it);
    live.run_for(Nanos::SECOND);
    live.fault(Fault::Gray { target: target("service/1"), share: 0.3, factor: 50.0 });
    let counts = tally(spans(&mut live, Nanos::seconds(60)));
    let (slow, fast) = ((Outcome::Ok, Nanos::millis(102)), usual());
    assert_eq!(counts.keys().collect::<Vec<_>>(), [&fast, &slow]);
    // Half of the requests, 0.3 of those: 15 % of 12,000 within four standard errors (0.33 %).
    let share = counts[&slow] as f64 / (counts[&slow] + counts[&fast]) as f64;
    assert!((share - 0.15).abs() < 0.0131, "{share}");
    let lb = slots(&live.world, "lb")[0];
    let health = &live.world.member(lb).desk.routes[0].health;
    assert!(health.len() == 2 && health.iter().all(|it| !it.down && it.number > 5), "{health:?}");
    live.fault(Fault::Gray { target: target("service"), share: 0.0, factor: 50.0 });
    all_as_usual(&mut live);
}

/// A cache whose entries are good for ten seconds, with a store that answers at once.
fn cached(strategy: Strategy) -> Design {
    let mut it = design();
    add(&mut it, "people", people(10.0));
    add(&mut it, "books", service(1));
    let ttl = Nanos::seconds(10);
    let cache = CacheParams { ttl, strategy, work: Nanos::ZERO, ..CacheParams::default() };
    add(&mut it, "cache", Spec::Cache(cache));
    add(&mut it, "store", Spec::SqlDb(Default::default()));
    wire(&mut it, "people", "books", instant());
    wire(&mut it, "books", "cache", instant());
    wire(&mut it, "books", "store", instant());
    it
}

fn counted(live: &mut Live, span: Nanos) -> BTreeMap<u8, usize> {
    live.audit.notes.clear();
    live.run_for(span);
    let cache = slots(&live.world, "cache")[0];
    tally(live.audit.notes.iter().filter_map(|it| match it.2 {
        Note::Count { member, counter, .. } if member == cache => Some(counter),
        _ => None,
    }))
}

/// A clock that is put ahead makes entries old before their time, once; one that is put back keeps
/// them too long.
#[test]
fn entries_grow_old_by_the_clock_of_the_cache() {
    let mut live = live(&cached(Strategy::CacheAside));
    live.run_to(Nanos::seconds(1));
    let hour = Nanos::seconds(3600).0 as i64;
    live.fault(Fault::Skew { target: target("cache"), offset: Offset(hour) });
    let ahead = counted(&mut live, Nanos::seconds(5));
    assert_eq!((ahead[&cache::EXPIRED], ahead[&cache::ADMITTED]), (1, 1), "{ahead:?}");
    let later = counted(&mut live, Nanos::millis(4_900));
    assert_eq!(later.get(&cache::EXPIRED), None, "the new entry has ten seconds by the same clock");
    // Back at the right time, the entry is good for another hour and ten seconds.
    live.fault(Fault::Skew { target: target("cache"), offset: Offset(0) });
    let right = counted(&mut live, Nanos::seconds(3_600));
    assert_eq!(right.get(&cache::EXPIRED), None, "{right:?}");
    let over = counted(&mut live, Nanos::seconds(30));
    assert_eq!(over[&cache::EXPIRED], 3, "every ten seconds again: {over:?}");
    live.check_replay();
}

#[test]
fn a_flush_empties_the_cache_and_kills_nobody() {
    let mut live = live(&cached(Strategy::CacheAside));
    live.run_to(Nanos::seconds(5));
    let entries = |live: &Live| match states(&live.world, "cache")[0] {
        State::Cache(it) => it.entries.len(),
        _ => panic!("a cache"),
    };
    assert_eq!(entries(&live), 1);
    let slot = slots(&live.world, "cache")[0];
    live.audit.notes.clear();
    live.fault(Fault::Flush(target("cache")));
    assert_eq!((entries(&live), live.world.is_up(slot)), (0, true));
    let died = |it: &(Nanos, u64, Note)| matches!(it.2, Note::Down { .. } | Note::Up { .. });
    assert!(!live.audit.notes.iter().any(died));
    let counts = counted(&mut live, Nanos::seconds(5));
    assert_eq!((counts[&cache::MISS], counts[&cache::ADMITTED]), (1, 1));
    assert!(counts[&cache::HIT] > 40, "{counts:?}");
    live.check_replay();
}

/// What write-behind has acknowledged and not yet brought to the store goes with the flush, and is
/// counted.
#[test]
fn a_flush_loses_what_is_dirty() {
    let mut it = cached(Strategy::WriteBehind);
    wire(&mut it, "cache", "store", instant());
    let Spec::Client(people) = &mut it.components.get_mut("people").unwrap().spec else { panic!() };
    people.classes = client(1.0, 0, 1).classes;
    let Spec::Cache(cache) = &mut it.components.get_mut("cache").unwrap().spec else { panic!() };
    cache.flush_every = Nanos::seconds(100);
    let mut live = live(&it);
    live.run_to(Nanos::seconds(5));
    live.audit.notes.clear();
    live.fault(Fault::Flush(target("cache")));
    let lost = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Count { counter: cache::LOST, .. });
    assert_eq!(live.audit.notes.iter().filter(lost).count(), 1, "one key, dirty");
    live.run_for(Nanos::seconds(5));
    live.check_replay();
}

/// A message that gets lost is sent again after the retransmission timer: 200 ms where a round trip
/// is shorter than 67 ms, then twice that, and so on. With a chance p of loss each time, k losses in
/// a row come with probability p^k (1 - p) and cost T (2^k - 1), together T p / (1 - 2p) on average;
/// a request crosses twice.
#[test]
fn lost_messages_cost_the_geometric_mean_of_retransmission_timers() {
    let p: f64 = 0.1;
    for on in [on_wire(), Scope::Target(target("service/0")), Scope::Target(target("people"))] {
        let mut live = live(&pair(100.0));
        live.run_for(Nanos::SECOND);
        live.fault(Fault::Loss { on: on.clone(), share: p });
        let spans = spans(&mut live, Nanos::seconds(200));
        let timer = Nanos::millis(200).0;
        for (outcome, span) in &spans {
            let extra = span.0 - usual().1.0;
            assert_eq!((*outcome, extra % timer), (Outcome::Ok, 0), "whole timers: {span}");
        }
        let n = spans.len() as f64;
        let mean = spans.iter().map(|it| (it.1 - usual().1).as_seconds()).sum::<f64>() / n;
        let expected = 2.0 * 0.2 * p / (1.0 - 2.0 * p);
        // Second moment of 2^k - 1: sum of p^k (1 - p) (2^k - 1)^2.
        let second: f64 = (1..15)
            .map(|k| {
                let cost = f64::from((1u32 << k) - 1);
                libm::pow(p, f64::from(k)) * (1.0 - p) * cost * cost
            })
            .sum();
        let variance = 2.0 * 0.04 * (second - libm::pow(p / (1.0 - 2.0 * p), 2.0));
        let tolerance = 4.0 * (variance / n).sqrt();
        assert!((mean - expected).abs() < tolerance, "{on:?}: {mean} not {expected} ± {tolerance}");
        live.fault(Fault::Loss { on, share: 0.0 });
        all_as_usual(&mut live);
    }
}

#[test]
fn a_delay_is_felt_once_each_way_and_adds_up_where_spots_meet() {
    let mut live = live(&pair(10.0));
    live.run_for(Nanos::SECOND);
    let delay = |on: Scope, ms: u64| Fault::Delay { on, by: Nanos::millis(ms) };
    live.fault(delay(on_wire(), 5));
    live.run_for(Nanos::SECOND);
    let spans_of = spans(&mut live, Nanos::seconds(5));
    assert!(spans_of.iter().all(|it| *it == (Outcome::Ok, Nanos::millis(14))), "{spans_of:?}");
    live.fault(delay(Scope::Target(target("service")), 20));
    live.run_for(Nanos::SECOND);
    let spans_of = spans(&mut live, Nanos::seconds(5));
    assert!(spans_of.iter().all(|it| *it == (Outcome::Ok, Nanos::millis(54))), "{spans_of:?}");
    live.fault(delay(on_wire(), 0));
    live.fault(delay(Scope::Target(target("service/0")), 0));
    all_as_usual(&mut live);
}

/// One way: calls get through and are worked on, answers are lost; or the other way round, calls
/// are lost.
#[test]
fn a_one_way_partition_stops_one_way() {
    for (ways, worked) in [(Ways::Forth, false), (Ways::Back, true)] {
        let mut it = pair(10.0);
        let Spec::Client(people) = &mut it.components.get_mut("people").unwrap().spec else {
            panic!()
        };
        people.timeout = Nanos::millis(500);
        let mut live = live(&it);
        live.run_for(Nanos::millis(1_050));
        let before = live.audit.component(&live.world, "service").offered;
        live.fault(cut("side", &["people"], &["service"], ways));
        let ended = spans(&mut live, Nanos::seconds(5));
        let timeout = (Outcome::Timeout, Nanos::millis(500));
        assert!(ended.len() > 40 && ended.iter().all(|it| *it == timeout), "{ended:?}");
        let offered = live.audit.component(&live.world, "service").offered - before;
        assert_eq!(offered, if worked { 50 } else { 0 }, "{ways:?}");
        live.fault(heal("side"));
        all_as_usual(&mut live);
    }
}

/// The number, due time and kind of every message under way.
/// A wire looks cut where nothing gets from one end to the other, or back: not where some still do.
#[test]
fn a_partition_between_the_ends_of_a_wire_cuts_it_whole() {
    let mut design = pair(10.0);
    add(&mut design, "shop", service(2));
    wire(&mut design, "people", "shop", steady(LATENCY));
    let mut live = live(&design);
    let parted = |live: &Live| {
        let slot = |id: &str| live.world.blueprint().wire(id).expect("it is there");
        ["people-service", "people-shop"].map(|it| live.world.is_parted(slot(it)))
    };
    let cut = |one: &[&str], other: &[&str], ways| Fault::Partition {
        name: "cut".into(),
        one: one.iter().map(|it| target(it)).collect(),
        other: other.iter().map(|it| target(it)).collect(),
        ways,
    };
    assert_eq!(parted(&live), [false, false]);
    live.fault(cut(&["people"], &["service", "shop/1"], Ways::Both));
    assert_eq!(parted(&live), [true, false], "half of the shop is reached");
    live.fault(cut(&["shop/0", "shop/1", "service"], &["people"], Ways::Forth));
    assert_eq!(parted(&live), [true, true], "nothing comes back");
    live.fault(cut(&["shop", "people"], &["service"], Ways::Back));
    assert_eq!(parted(&live), [true, false]);
    live.fault(Fault::Heal { name: "cut".into() });
    assert_eq!(parted(&live), [false, false]);
}

fn messages(live: &Live) -> Vec<(u64, Nanos, bool)> {
    let mut all: Vec<_> = live
        .world
        .messages()
        .map(|(number, due, event)| (number, due, matches!(event.deed, Deed::Call(_))))
        .collect();
    all.sort_unstable();
    all
}

/// Ends of client requests, by request.
fn ends(live: &Live) -> BTreeMap<u64, (Outcome, Nanos)> {
    let end = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { request, outcome, own: true, .. } => Some((request.id, (outcome, it.0))),
        _ => None,
    };
    live.audit.notes.iter().filter_map(end).collect()
}

/// People who wait for 50 ms at most.
fn impatient() -> Design {
    let mut it = pair(1_000.0);
    let Spec::Client(people) = &mut it.components.get_mut("people").unwrap().spec else { panic!() };
    people.timeout = Nanos::millis(50);
    it
}

#[test]
fn dropping_one_message_drops_exactly_that_one() {
    let it = impatient();
    for calls in [true, false] {
        let (mut with, mut without) = (live(&it), live(&it));
        for live in [&mut with, &mut without] {
            live.run_to(Nanos::micros(100_500));
        }
        let under_way = messages(&with);
        let chosen = under_way.iter().find(|it| it.2 == calls).expect("one is under way").0;
        with.fault(Fault::DropMessage { message: chosen });
        let left: Vec<_> = under_way.into_iter().filter(|it| it.0 != chosen).collect();
        assert_eq!(messages(&with), left);
        // A number that is nobody's, and one of a timer, do nothing.
        with.fault(Fault::DropMessage { message: chosen });
        with.fault(Fault::DropMessage { message: u64::MAX });
        let timers =
            |live: &Live| live.world.in_flight().filter(|it| it.1.via == Via::Inside).count();
        let before = timers(&with);
        (0..chosen).for_each(|message| {
            if !left.iter().any(|it| it.0 == message) {
                with.fault(Fault::DropMessage { message });
            }
        });
        assert_eq!((timers(&with), messages(&with)), (before, left));
        for live in [&mut with, &mut without] {
            live.run_to(Nanos::seconds(1));
        }
        let (with_ends, without_ends) = (ends(&with), ends(&without));
        let differ: Vec<_> =
            with_ends.iter().filter(|it| without_ends.get(it.0) != Some(it.1)).collect();
        assert_eq!(differ.len(), 1, "one request feels it: {differ:?}");
        assert_eq!(differ[0].1.0, Outcome::Timeout);
        with.audit.check_conservation(&with.world);
        with.check_replay();
    }
}

#[test]
fn delaying_one_message_delays_exactly_that_one() {
    let it = pair(1_000.0);
    let (mut with, mut without) = (live(&it), live(&it));
    for live in [&mut with, &mut without] {
        live.run_to(Nanos::micros(100_500));
    }
    let chosen = messages(&with).iter().find(|it| it.2).expect("a call is under way").0;
    with.fault(Fault::DelayMessage { message: chosen, by: Nanos::millis(30) });
    for live in [&mut with, &mut without] {
        live.run_to(Nanos::seconds(1));
    }
    let (with_ends, without_ends) = (ends(&with), ends(&without));
    let differ: Vec<_> =
        with_ends.iter().filter(|it| without_ends.get(it.0) != Some(it.1)).collect();
    assert_eq!(differ.len(), 1, "{differ:?}");
    let (id, (outcome, at)) = differ[0];
    assert_eq!((*outcome, *at), (Outcome::Ok, without_ends[id].1 + Nanos::millis(30)));
    with.check_replay();
}

/// Of all that pass after a moment, the next one alone: over a wire either way, or from and to somebody.
#[test]
fn what_is_in_store_for_the_next_message_befalls_exactly_one() {
    let it = impatient();
    let wire = Scope::Wire(it.wires.keys().next().expect("one").clone());
    let late = Nanos::millis(30);
    for on in [wire, Scope::Target(target("service")), Scope::Target(target("people/0"))] {
        for fault in
            [Fault::DropNext { on: on.clone() }, Fault::DelayNext { on: on.clone(), by: late }]
        {
            let (mut with, mut without) = (live(&it), live(&it));
            for live in [&mut with, &mut without] {
                live.run_to(Nanos::micros(100_500));
            }
            with.fault(fault.clone());
            for live in [&mut with, &mut without] {
                live.run_to(Nanos::seconds(1));
            }
            let (with_ends, without_ends) = (ends(&with), ends(&without));
            let differ: Vec<_> =
                with_ends.iter().filter(|it| without_ends.get(it.0) != Some(it.1)).collect();
            assert_eq!(differ.len(), 1, "{fault:?}: {differ:?}");
            let (id, (outcome, at)) = differ[0];
            match fault {
                Fault::DropNext { .. } => assert_eq!(*outcome, Outcome::Timeout),
                _ => assert_eq!((*outcome, *at), (Outcome::Ok, without_ends[id].1 + late)),
            }
            with.audit.check_conservation(&with.world);
            with.check_replay();
        }
    }
}

/// It can be put into a script: the number of a message means something in one run only, this does not.
#[test]
fn a_script_drops_the_next_message() {
    let mut it = impatient();
    let on = Scope::Target(target("service"));
    let at = Nanos::micros(500_500);
    it.script.insert("drop".into(), FaultRecord { at, fault: Fault::DropNext { on } });
    let (mut with, mut without) = (live(&it), live(&impatient()));
    for live in [&mut with, &mut without] {
        live.run_to(Nanos::seconds(2));
    }
    let (with_ends, without_ends) = (ends(&with), ends(&without));
    let differ = with_ends.iter().filter(|it| without_ends.get(it.0) != Some(it.1)).count();
    assert_eq!(differ, 1);
}

/// Every fault says of itself whether it takes one back, in its file form too.
#[test]
fn faults_read_back_from_files_and_know_their_reversals() {
    let cases = [
        (r#"{"gray":{"target":"a/1","share":0.3,"factor":20.0}}"#, false),
        (r#"{"gray":{"target":"a","share":0.0,"factor":20.0}}"#, true),
        (r#"{"gray":{"target":"a","share":0.5,"factor":1.0}}"#, true),
        (r#"{"drop_next":{"on":{"wire":"w"}}}"#, false),
        (r#"{"delay_next":{"on":{"target":"a/1"},"by":"30ms"}}"#, false),
        (r#"{"skew":{"target":"a","offset":"-250ms"}}"#, false),
        (r#"{"skew":{"target":"a","offset":"0s"}}"#, true),
        (r#"{"flush":"cache"}"#, false),
        (r#"{"loss":{"on":{"wire":"a-b"},"share":0.05}}"#, false),
        (r#"{"loss":{"on":{"target":"a/0"},"share":0.0}}"#, true),
        (r#"{"delay":{"on":{"wire":"a-b"},"by":"20ms"}}"#, false),
        (r#"{"delay":{"on":{"wire":"a-b"},"by":"0s"}}"#, true),
        (r#"{"drop_message":{"message":12}}"#, false),
        (r#"{"delay_message":{"message":12,"by":"1s"}}"#, false),
        (r#"{"crash":"a"}"#, false),
        (r#"{"restart":"a"}"#, true),
        (r#"{"slow":{"target":"a","factor":1.0}}"#, true),
        (r#"{"cut_wire":{"wire":"a-b","ways":"forth"}}"#, false),
        (r#"{"mend_wire":{"wire":"a-b"}}"#, true),
        (r#"{"heal":{"name":"cut"}}"#, true),
        (r#"{"zone_outage":{"zone":"z"}}"#, false),
        (r#"{"zone_restart":{"zone":"z"}}"#, true),
    ];
    for (text, reversal) in cases {
        let fault: Fault = serde_json::from_str(text).expect(text);
        assert_eq!(serde_json::to_string(&fault).expect("it can be written"), text);
        assert_eq!(fault.is_reversal(), reversal, "{text}");
    }
}

/// Restarted, what lives is as after it was killed and started at the same moment: what was in its memory
/// and in its hands is lost. What is partly down is only started where it is down.
#[test]
fn a_restart_of_what_lives_is_a_crash_and_a_start_at_once() {
    let mut it = cached(Strategy::CacheAside);
    if let Some(Spec::Service(it)) = it.components.get_mut("books").map(|it| &mut it.spec) {
        (it.instances, it.work) = (3, Nanos::millis(400));
    }
    let run = |faults: &[Fault]| {
        let mut live = live(&it);
        live.run_to(Nanos::millis(3_210));
        live.audit.notes.clear();
        faults.iter().for_each(|it| live.fault(it.clone()));
        live
    };
    let lost = |live: &Live, id: &str| {
        let slots = slots(&live.world, id);
        let ended = live.audit.notes.iter().filter(|it| match it.2 {
            Note::Ended { member, outcome: Outcome::Reset, .. } => slots.contains(&member),
            _ => false,
        });
        ended.count()
    };
    let in_hand = |live: &Live| {
        let slots = slots(&live.world, "books");
        slots.iter().map(|it| live.world.member(*it).desk.jobs.len()).sum::<usize>()
    };
    let held = |live: &Live| {
        let cache = slots(&live.world, "cache")[0];
        match &live.world.member(cache).state {
            Some(State::Cache(it)) => it.entries.len(),
            _ => unreachable!("it is up"),
        }
    };
    assert!(held(&run(&[])) > 0, "it holds something");
    for id in ["cache", "books", "store"] {
        let mut once = run(&[Fault::Restart(target(id))]);
        let mut twice = run(&[Fault::Crash(target(id)), Fault::Restart(target(id))]);
        assert_eq!(once.world.state_hash(), twice.world.state_hash(), "{id}");
        assert_ne!(once.world.state_hash(), run(&[]).world.state_hash(), "{id} notices it");
        assert!(slots(&once.world, id).iter().all(|it| once.world.is_up(*it)), "{id} is up");
        for live in [&mut once, &mut twice] {
            live.run_for(Nanos::seconds(5));
            live.audit.check_conservation(&live.world);
        }
        assert_eq!(once.world.state_hash(), twice.world.state_hash(), "{id}, later");
        once.check_replay();
    }
    assert_eq!(held(&run(&[Fault::Restart(target("cache"))])), 0, "a cache begins empty");
    // Ten requests a second, 400 ms of work each.
    let calm = in_hand(&run(&[]));
    assert!(calm >= 4, "{calm}");
    let all = run(&[Fault::Restart(target("books"))]);
    assert_eq!((lost(&all, "books"), in_hand(&all)), (calm, 0));
    let one = run(&[Fault::Crash(target("books/1"))]);
    let partly = run(&[Fault::Crash(target("books/1")), Fault::Restart(target("books"))]);
    assert!(lost(&one, "books") < calm && lost(&partly, "books") == lost(&one, "books"));
    assert!(slots(&partly.world, "books").iter().all(|it| partly.world.is_up(*it)));
}
