//! What a caller does about failures and slow answers, against the published formulas.

use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share};
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::{Calls, ServiceParams};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::engine::policy::{Pauses, Policy};
use ringside::engine::{Note, Outcome};

const BASE: Nanos = Nanos::millis(100);
const CAP: Nanos = Nanos::seconds(2);

fn policy(pauses: Pauses) -> Policy {
    Policy { pauses, cap: CAP, ..Policy::NONE }
}

/// Brooker (AWS Architecture Blog, 2015): min(cap, base · 2^n), n from 0 as in his simulator.
const DOUBLED: [u64; 7] = [100, 200, 400, 800, 1_600, 2_000, 2_000];

#[test]
fn pauses_grow_by_the_published_formulas() {
    for (n, expected) in (0u32..).zip(DOUBLED) {
        let pause = |pauses, bits| policy(pauses).pause(BASE, n, BASE, bits);
        let whole = Nanos::millis(expected);
        let half = Nanos::millis(expected / 2);
        assert_eq!(pause(Pauses::Fixed, u64::MAX), BASE);
        assert_eq!(pause(Pauses::Exponential, n.into()), whole);
        // random_between(0, min(cap, base · 2^n)): both ends, and the middle.
        assert_eq!(pause(Pauses::FullJitter, 0), Nanos::ZERO);
        assert_eq!(pause(Pauses::FullJitter, 1 << 63), half);
        assert_eq!(pause(Pauses::FullJitter, u64::MAX), whole);
        // temp / 2 + random_between(0, temp / 2).
        assert_eq!(pause(Pauses::EqualJitter, 0), half);
        assert_eq!(pause(Pauses::EqualJitter, u64::MAX), whole);
    }
    // sleep = min(cap, random_between(base, sleep · 3)), sleep = base at first.
    let mut sleep = Nanos::ZERO;
    for (n, expected) in (0..).zip([300, 900, 2_000, 2_000]) {
        sleep = policy(Pauses::Decorrelated).pause(BASE, n, sleep, u64::MAX);
        assert_eq!(sleep, Nanos::millis(expected));
        assert_eq!(policy(Pauses::Decorrelated).pause(BASE, n, sleep, 0), BASE);
    }
    for pauses in Pauses::ALL {
        assert_eq!(policy(*pauses).pause(Nanos::ZERO, 60, Nanos::ZERO, u64::MAX), Nanos::ZERO);
        let huge = policy(*pauses).pause(Nanos::seconds(60), u32::MAX, Nanos::MAX, u64::MAX);
        assert!(huge <= Nanos::seconds(60), "{pauses:?}: bounded, and no overflow");
    }
}

/// A uniform variable on (a, b) has mean (a + b) / 2 and variance (b - a)^2 / 12.
#[test]
fn jitter_is_uniform() {
    let stream = Stream::new(1, "jitter");
    let n = 100_000;
    let cases = [
        (Pauses::FullJitter, 0.0, 0.8),
        (Pauses::EqualJitter, 0.4, 0.8),
        (Pauses::Decorrelated, 0.1, 1.5),
    ];
    for (pauses, least, most) in cases {
        let pause = |it| policy(pauses).pause(BASE, 3, Nanos::millis(500), stream.bits(it, 0));
        let sum: f64 = (0..n).map(|it| pause(it).as_seconds()).sum();
        let tolerance = 4.0 * (most - least) / (12.0 * n as f64).sqrt();
        let (mean, expected) = (sum / n as f64, (least + most) / 2.0);
        assert!((mean - expected).abs() < tolerance, "{pauses:?}: {mean} not {expected}");
    }
}

fn people(per_second: f64) -> ClientParams {
    let (rate, arrivals) = (Rate(per_second), Arrivals::Constant);
    ClientParams { rate, arrivals, timeout: FOREVER, ..ClientParams::default() }
}

fn steady_work(ms: u64) -> ServiceParams {
    let (work, work_shape) = (Nanos::millis(ms), Shape::Constant);
    ServiceParams { instances: 1, workers: 100, work, work_shape, ..ServiceParams::default() }
}

/// people → front → back; only the second wire is of interest.
fn chain(per_second: f64, back: ServiceParams, settings: WireParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(people(per_second)));
    let front = ServiceParams { workers: 100_000, ..steady_work(0) };
    add(&mut it, "front", Spec::Service(front));
    add(&mut it, "back", Spec::Service(back));
    wire(&mut it, "people", "front", instant());
    wire(&mut it, "front", "back", settings);
    it
}

fn live(design: &Design) -> Live {
    let mut live = Live::new(design, 1);
    live.audit.keep = true;
    live
}

/// Ends of client requests: when they began, how and after how long they ended.
fn ends(live: &Live) -> Vec<(Nanos, Outcome, Nanos)> {
    let end = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { outcome, arrived, own: true, .. } => Some((arrived, outcome, it.0 - arrived)),
        _ => None,
    };
    live.audit.notes.iter().filter_map(end).collect()
}

/// Moments at which attempts over the second wire were sent, by request, in order of sending.
fn attempts(live: &Live) -> Vec<(u64, Nanos, u8)> {
    let wire = live.world.blueprint().wire("front-back").expect("the wire");
    let mut all: Vec<_> = live
        .audit
        .notes
        .iter()
        .filter_map(|it| match it.2 {
            Note::CallEnded { wire: over, request, sent, .. } if over == wire => {
                Some((request.id, sent, request.attempt))
            }
            _ => None,
        })
        .collect();
    all.sort_by_key(|it| (it.0, it.1));
    all
}

#[test]
fn attempts_are_spaced_by_the_pauses() {
    let settings = WireParams {
        retries: 7,
        backoff: BASE,
        backoff_max: CAP,
        pauses: Pauses::Exponential,
        ..instant()
    };
    let mut live = live(&chain(1.0, steady_work(1), settings));
    live.fault(Fault::Crash(target("back")));
    live.run_to(Nanos::millis(1_500) + Nanos::seconds(8));
    let first: Vec<_> = attempts(&live).into_iter().collect();
    let id = first[0].0;
    let sent: Vec<_> = first.iter().filter(|it| it.0 == id).map(|it| it.1).collect();
    let gaps: Vec<_> = sent.windows(2).map(|it| it[1] - it[0]).collect();
    assert_eq!(gaps, DOUBLED.map(Nanos::millis));
    live.check_replay();
}

/// Full jitter keeps callers from coming back together: what failed at one moment is spread evenly
/// over the pause, and the same seed spreads it the same way.
#[test]
fn jitter_spreads_a_herd() {
    let settings = WireParams { retries: 1, backoff: Nanos::SECOND, ..instant() };
    for (pauses, spread) in [(Pauses::Fixed, false), (Pauses::FullJitter, true)] {
        let mut live =
            live(&chain(1_000.0, steady_work(1), WireParams { pauses, ..settings.clone() }));
        live.run_to(Nanos::SECOND);
        live.fault(Fault::Crash(target("back")));
        live.run_to(Nanos::millis(1_010));
        live.fault(Fault::Restart(target("back")));
        live.run_to(Nanos::seconds(3));
        let again: Vec<_> =
            attempts(&live).into_iter().filter(|it| it.2 == 1).map(|it| it.1).collect();
        assert!(again.len() >= 9, "{}", again.len());
        let first = again.iter().min().unwrap();
        let last = again.iter().max().unwrap();
        assert_eq!(*last - *first > Nanos::millis(300), spread, "{again:?}");
        live.check_replay();
    }
}

/// Finagle's budget: in any ten seconds, as counted in whole ones, retries are at most the ratio of
/// the requests and the reserve.
#[test]
fn retries_stay_within_the_budget() {
    let settings = WireParams {
        retries: 10,
        retry_budget: Share(0.2),
        retry_reserve: Rate(5.0),
        backoff: Nanos::millis(10),
        ..instant()
    };
    let mut live = live(&chain(100.0, steady_work(1), settings.clone()));
    live.fault(Fault::Crash(target("back")));
    live.run_to(Nanos::seconds(60));
    let all = attempts(&live);
    let per_second = |again: bool| {
        let of = all.iter().filter(|it| (it.2 > 0) == again);
        let counts = tally(of.map(|it| it.1.0 / Nanos::SECOND.0));
        (0..60).map(|it| counts.get(&it).copied().unwrap_or(0)).collect::<Vec<_>>()
    };
    let (requests, retries) = (per_second(false), per_second(true));
    for end in 1..=60usize {
        let window = end.saturating_sub(10)..end;
        let (calls, again) = (requests[window.clone()].iter(), retries[window].iter());
        let bound = 0.2 * calls.sum::<usize>() as f64 + 5.0 * 10.0;
        // A retry is counted when it is sent, 10 ms after it was paid for.
        assert!(again.sum::<usize>() as f64 <= bound + 1.0, "second {end}: {retries:?}");
    }
    let (calls, again) = (requests.iter().sum::<usize>(), retries.iter().sum::<usize>());
    assert!(again as f64 <= 0.2 * calls as f64 + 5.0 * 70.0);
    // And all of it is used: 20 % of 100 a second and 5 besides, in the long run.
    assert!(again as f64 >= 0.2 * calls as f64 + 5.0 * 50.0, "{again} of {calls}");
    live.check_replay();
    // Without a budget each request comes eleven times.
    let free = WireParams { retry_budget: Share(1.0), ..settings };
    let mut live = self::live(&chain(100.0, steady_work(1), free));
    live.fault(Fault::Crash(target("back")));
    live.run_to(Nanos::seconds(10));
    let all = attempts(&live);
    let firsts = all.iter().filter(|it| it.2 == 0).count();
    assert!(all.len() > 10 * firsts, "{} of {firsts}", all.len());
}

/// Exponential service of mean m at members without queues; after d another member is asked too.
/// Nothing has come by t with probability exp(-t/m) until d, then exp(-t/m) exp(-(t-d)/m). So the
/// 99th percentile is (m ln 100 + d) / 2, where alone it is m ln 100.
#[test]
fn hedging_brings_the_99th_percentile_to_its_closed_form() {
    let (mean, after) = (0.010, 0.010);
    let exponential = ServiceParams {
        instances: 3,
        workers: 10_000,
        work: Nanos::millis(10),
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    for hedge in [false, true] {
        let hedge_after = if hedge { Nanos::millis(10) } else { Nanos::ZERO };
        let settings = WireParams { hedge_after, ..instant() };
        let mut live = live(&chain(1_000.0, exponential.clone(), settings));
        live.run_to(Nanos::seconds(60));
        let ends = ends(&live);
        assert!(ends.iter().all(|it| it.1 == Outcome::Ok));
        let n = ends.len() as f64;
        for part in [0.9, 0.99, 0.999] {
            let alone = -mean * libm::log(1.0 - part);
            let closed = if hedge { f64::midpoint(alone, after) } else { alone };
            let longer = ends.iter().filter(|it| it.2.as_seconds() > closed).count() as f64;
            let (expected, sigma) = (n * (1.0 - part), (n * part * (1.0 - part)).sqrt());
            assert!((longer - expected).abs() < 4.0 * sigma, "{hedge} {part}: {longer} {expected}");
        }
        let offered = live.audit.component(&live.world, "back").offered as f64;
        let hedged = if hedge { libm::exp(-after / mean) } else { 0.0 };
        let expected = n * (1.0 + hedged);
        assert!(
            (offered - expected).abs() < 4.0 * (n * 0.25).sqrt() + 50.0,
            "{offered} {expected}"
        );
        // Whoever was not first was told to leave: that work counts as waste, and no call is left.
        let wasted = live.audit.notes.iter().filter(|it| match it.2 {
            Note::Ended { wasted, .. } => wasted,
            _ => false,
        });
        assert_eq!(wasted.count() > 0, hedge);
        check_desks(&live.world, false);
        live.audit.check_conservation(&live.world);
        live.check_replay();
    }
}

/// By percentile: one call in twenty goes unanswered for longer than 95 % of them took.
#[test]
fn hedging_by_percentile_asks_another_for_the_slowest_part() {
    let exponential = ServiceParams {
        instances: 3,
        workers: 10_000,
        work: Nanos::millis(10),
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    let settings = WireParams { hedge_percentile: Share(0.95), ..instant() };
    let mut live = live(&chain(1_000.0, exponential, settings));
    live.run_to(Nanos::seconds(60));
    let offered = live.audit.component(&live.world, "back").offered as f64;
    let hedged = offered / ends(&live).len() as f64 - 1.0;
    // Up to the moment of asking another, first answers are single answers; the 122nd of 128 is
    // exceeded by 1 - 122/129 = 5.4 % of the next.
    assert!((0.048..0.060).contains(&hedged), "{hedged}");
    live.check_replay();
}

#[test]
fn writes_are_not_hedged_and_nobody_is_asked_twice() {
    let settings = WireParams { hedge_after: Nanos::millis(1), ..instant() };
    let mut design = chain(100.0, steady_work(20), settings);
    let Spec::Client(people) = &mut design.components.get_mut("people").unwrap().spec else {
        panic!()
    };
    people.classes = client(1.0, 1, 1).classes;
    // One member only: there is nobody else to ask.
    let mut alone = live(&design);
    alone.run_to(Nanos::seconds(5));
    let offered = |live: &Live, id: &str| live.audit.component(&live.world, id).offered;
    assert_eq!(offered(&alone, "back"), offered(&alone, "front"));
    let Spec::Service(back) = &mut design.components.get_mut("back").unwrap().spec else {
        panic!()
    };
    back.instances = 2;
    let mut two = live(&design);
    two.run_to(Nanos::seconds(5));
    let hedges = two.audit.notes.iter().filter_map(|it| match it.2 {
        Note::Offered { member, request, own: false, .. } if request.is_hedge() => {
            Some((member, request))
        }
        _ => None,
    });
    let hedges: Vec<_> = hedges.collect();
    assert!(hedges.len() > 200, "every read is hedged: {}", hedges.len());
    assert!(hedges.iter().all(|it| it.1.verb == ringside::engine::Verb::Read));
    for (member, request) in hedges {
        let firsts = two.audit.notes.iter().filter(|it| match it.2 {
            Note::Offered { member: at, request: of, own: false, .. } => {
                of.id == request.id && at == member
            }
            _ => false,
        });
        assert_eq!(firsts.count(), 1, "the other member is asked, not the same again");
    }
}

/// A hedged call whose first member dies goes on with the second, and the other way round.
#[test]
fn either_of_two_calls_is_enough() {
    for dying in ["back/0", "back/1"] {
        let settings = WireParams { hedge_after: Nanos::millis(5), ..instant() };
        let back = ServiceParams { instances: 2, ..steady_work(50) };
        let mut live = live(&chain(10.0, back, settings));
        live.run_to(Nanos::millis(1_020));
        live.fault(Fault::Crash(target(dying)));
        live.run_for(Nanos::millis(60));
        live.fault(Fault::Restart(target(dying)));
        live.run_for(Nanos::seconds(1));
        assert!(ends(&live).iter().all(|it| it.1 == Outcome::Ok), "{:?}", ends(&live));
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, false);
        live.check_replay();
    }
}

/// The time that is left travels with the request: an overloaded server that drops what has expired
/// begins no work for it, and nobody tries again when it is too late.
#[test]
fn no_work_begins_after_the_deadline() {
    for pass_deadline in [false, true] {
        let timeout = Nanos::millis(100);
        let settings = WireParams { timeout, retries: 2, pass_deadline, ..instant() };
        let slow = ServiceParams { workers: 1, drop_expired: pass_deadline, ..steady_work(20) };
        let mut design = chain(100.0, slow, settings);
        let Spec::Client(people) = &mut design.components.get_mut("people").unwrap().spec else {
            panic!()
        };
        people.timeout = Nanos::millis(150);
        // Goodbyes are lost, so that the deadline alone tells that nobody waits.
        let mut live = live(&design);
        live.fault(cut("goodbyes", &["front"], &["nobody"], Default::default()));
        live.run_to(Nanos::seconds(20));
        let back = slots(&live.world, "back")[0];
        let mut late = 0;
        for it in &live.audit.notes {
            if let Note::Ended { member, request, started: Some(started), .. } = it.2
                && member == back
            {
                late += u64::from(started > request.deadline);
            }
            if let Note::CallEnded { sent, request, .. } = it.2
                && pass_deadline
            {
                assert!(sent <= request.deadline, "no attempt after the deadline");
            }
        }
        if pass_deadline {
            assert_eq!(late, 0);
            let ended = live.audit.component(&live.world, "back").ended;
            assert!(ended[&Outcome::Ok] > 100, "{ended:?}");
        }
        live.audit.check_conservation(&live.world);
        live.check_replay();
    }
}

/// With a deadline, an attempt is cut short when the request's time is up; without, it lasts as long
/// as the caller is patient.
#[test]
fn an_attempt_ends_with_the_deadline() {
    for (pass_deadline, expected) in [(true, 300), (false, 1_000)] {
        let settings = WireParams { timeout: Nanos::SECOND, pass_deadline, ..instant() };
        let mut design = chain(1.0, steady_work(60_000), settings);
        let Spec::Client(people) = &mut design.components.get_mut("people").unwrap().spec else {
            panic!()
        };
        people.timeout = Nanos::millis(300);
        let mut live = live(&design);
        live.run_to(Nanos::seconds(5));
        let wire = live.world.blueprint().wire("front-back").expect("the wire");
        let call = live.audit.notes.iter().find_map(|it| match it.2 {
            Note::CallEnded { wire: over, sent, outcome, .. } if over == wire => {
                Some((it.0 - sent, outcome))
            }
            _ => None,
        });
        assert_eq!(call, Some((Nanos::millis(expected), Outcome::Timeout)));
    }
}

/// A service that calls three others, which take 10, 20 and 40 ms.
fn fan(calls: Calls, enough: u32) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(people(1.0)));
    let front = ServiceParams { calls, enough, ..steady_work(0) };
    add(&mut it, "front", Spec::Service(front));
    wire(&mut it, "people", "front", instant());
    for (id, ms) in [("ten", 10), ("twenty", 20), ("forty", 40)] {
        add(&mut it, id, Spec::Service(steady_work(ms)));
        wire(&mut it, "front", id, instant());
    }
    it
}

#[test]
fn calls_at_once_take_as_long_as_the_answers_waited_for() {
    let dead = |ids: &'static [&str]| ids;
    let cases = [
        (Calls::InTurn, 1, dead(&[]), Outcome::Ok, 70),
        (Calls::AllAtOnce, 1, dead(&[]), Outcome::Ok, 40),
        (Calls::FirstAnswer, 1, dead(&[]), Outcome::Ok, 10),
        (Calls::Enough, 2, dead(&[]), Outcome::Ok, 20),
        (Calls::Enough, 3, dead(&[]), Outcome::Ok, 40),
        // More than there are is all of them.
        (Calls::Enough, 9, dead(&[]), Outcome::Ok, 40),
        (Calls::AllAtOnce, 1, dead(&["forty"]), Outcome::Refused, 0),
        (Calls::FirstAnswer, 1, dead(&["ten"]), Outcome::Ok, 20),
        (Calls::FirstAnswer, 1, dead(&["ten", "twenty", "forty"]), Outcome::Refused, 0),
        (Calls::Enough, 2, dead(&["ten"]), Outcome::Ok, 40),
        (Calls::Enough, 2, dead(&["ten", "forty"]), Outcome::Refused, 0),
    ];
    for (calls, enough, dead, outcome, ms) in cases {
        let mut live = live(&fan(calls, enough));
        dead.iter().for_each(|it| live.fault(Fault::Crash(target(it))));
        live.run_to(Nanos::seconds(3));
        let ends = ends(&live);
        assert!(ends.len() >= 2);
        for end in ends {
            assert_eq!((end.1, end.2), (outcome, Nanos::millis(ms)), "{calls:?} {enough} {dead:?}");
        }
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, false);
        live.check_replay();
    }
}

/// Calls have an order: those of one step at once, the steps one after the other. 10 ms, then 20 and 40 ms
/// together; with the slowest first; and each by itself.
#[test]
fn calls_are_made_step_by_step() {
    let cases = [
        (Calls::AllAtOnce, 1, [0, 1, 1], 50),
        (Calls::AllAtOnce, 1, [1, 1, 0], 60),
        (Calls::AllAtOnce, 1, [2, 1, 0], 70),
        (Calls::FirstAnswer, 1, [0, 1, 1], 30),
        // Of a step with fewer calls than are enough, all.
        (Calls::Enough, 2, [0, 1, 1], 50),
        (Calls::InTurn, 1, [1, 0, 1], 70),
    ];
    for (calls, enough, steps, ms) in cases {
        let mut design = fan(calls, enough);
        for (id, step) in ["front-ten", "front-twenty", "front-forty"].into_iter().zip(steps) {
            design.wires.get_mut(id).expect("a wire").settings.step = step;
        }
        let mut live = live(&design);
        live.run_to(Nanos::seconds(3));
        let ends = ends(&live);
        assert!(ends.len() >= 2);
        for end in ends {
            assert_eq!((end.1, end.2), (Outcome::Ok, Nanos::millis(ms)), "{calls:?} {steps:?}");
        }
        // In turn, too, by step: who is asked first.
        let asked = live.audit.notes.iter().filter_map(|it| match it.2 {
            Note::Offered { member, own: false, .. } => Some(member),
            _ => None,
        });
        let order: Vec<u32> = asked.skip(1).take(3).collect();
        let least = steps.iter().position(|it| it == steps.iter().min().expect("three"));
        let first = ["ten", "twenty", "forty"][least.expect("one")];
        assert_eq!(order[0], slots(&live.world, first)[0], "{steps:?}");
        live.check_replay();
    }
}

/// Fire and forget: the caller neither waits nor learns that it failed.
#[test]
fn a_call_not_waited_for_takes_no_time_and_cannot_fail() {
    let settings = WireParams { wait: false, ..instant() };
    let mut live = live(&chain(10.0, steady_work(40), settings));
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::Crash(target("back")));
    live.run_to(Nanos::seconds(4));
    assert!(ends(&live).iter().all(|it| (it.1, it.2) == (Outcome::Ok, Nanos::ZERO)));
    let ended = live.audit.component(&live.world, "back").ended;
    assert!(ended[&Outcome::Ok] >= 18, "{ended:?}");
    live.check_replay();
}

#[test]
fn a_fallback_answers_in_place_of_what_failed() {
    let mut with_spare = chain(10.0, steady_work(10), instant());
    add(&mut with_spare, "spare", Spec::Service(steady_work(30)));
    wire(&mut with_spare, "front", "spare", WireParams { fallback: true, ..instant() });
    let mut with_default =
        chain(10.0, steady_work(10), WireParams { default_answer: true, ..instant() });
    let mut with_both = with_spare.clone();
    with_both.wires.get_mut("front-back").unwrap().settings.default_answer = true;
    let plain = chain(10.0, steady_work(10), instant());
    let fine = (Outcome::Ok, Nanos::millis(10));
    let cases = [
        (&plain, &["back"][..], (Outcome::Refused, Nanos::ZERO)),
        (&with_spare, &["back"], (Outcome::Ok, Nanos::millis(30))),
        (&with_spare, &["back", "spare"], (Outcome::Refused, Nanos::ZERO)),
        (&with_default, &["back"], (Outcome::Ok, Nanos::ZERO)),
        (&with_both, &["back"], (Outcome::Ok, Nanos::millis(30))),
        (&with_both, &["back", "spare"], (Outcome::Ok, Nanos::ZERO)),
    ];
    for (design, dead, expected) in cases {
        let mut live = live(design);
        live.run_to(Nanos::millis(1_050));
        dead.iter().for_each(|it| live.fault(Fault::Crash(target(it))));
        live.run_to(Nanos::millis(2_050));
        for end in ends(&live) {
            let wanted = if end.0 < Nanos::millis(1_050) { fine } else { expected };
            assert_eq!((end.1, end.2), wanted, "{dead:?}");
        }
        live.check_replay();
    }
    // As long as all is well the spare is left alone.
    let mut live = live(&with_spare);
    live.run_to(Nanos::seconds(2));
    assert_eq!(live.audit.component(&live.world, "spare").offered, 0);
    // The wires can be changed while it runs.
    with_default.wires.get_mut("front-back").unwrap().settings.default_answer = false;
    let mut live = self::live(&plain);
    live.run_to(Nanos::SECOND);
    live.edit(|it| *it = with_spare.clone());
    live.run_for(Nanos::SECOND);
    live.edit(|it| *it = with_default);
    live.run_for(Nanos::SECOND);
    live.check_replay();
}

/// A cycle of synchronous calls: every request ends by the hop limit, with the cause in its name.
#[test]
fn a_cycle_of_calls_ends_as_a_loop() {
    let mut it = design();
    add(&mut it, "people", Spec::Client(people(10.0)));
    add(&mut it, "one", Spec::Service(steady_work(1)));
    add(&mut it, "other", Spec::Service(steady_work(1)));
    wire(&mut it, "people", "one", instant());
    wire(&mut it, "one", "other", instant());
    wire(&mut it, "other", "one", instant());
    let mut live = live(&it);
    live.run_to(Nanos::seconds(5));
    let ends = ends(&live);
    assert!(ends.len() > 40 && ends.iter().all(|it| it.1 == Outcome::Loop), "{ends:?}");
    // Work of 1 ms at each of 32 hops.
    assert!(ends.iter().all(|it| it.2 == Nanos::millis(32)), "{:?}", ends[0]);
    live.audit.check_conservation(&live.world);
    live.check_replay();
}
