//! Patience: how often a caller tries, how long it waits, and what becomes of whom it left.

use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};

const LATENCY: Nanos = Nanos::millis(1);

/// One request a second at a service that works for `work`.
fn pair(client: ClientParams, service: ServiceParams) -> Design {
    let mut it = design();
    let (rate, arrivals) = (Rate(1.0), Arrivals::Constant);
    add(&mut it, "people", Spec::Client(ClientParams { rate, arrivals, ..client }));
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", steady(LATENCY));
    it
}

fn one_worker(work: Nanos) -> ServiceParams {
    let (instances, workers, work_shape) = (1, 1, Shape::Constant);
    ServiceParams { instances, workers, work, work_shape, ..ServiceParams::default() }
}

/// The first request: its attempts with outcome, target and span, and its end with its span.
fn first_request(
    design: &Design,
    fault: Option<Fault>,
) -> (Vec<(Outcome, bool, Nanos)>, Outcome, Nanos) {
    let mut live = Live::new(design, 1);
    live.audit.keep = true;
    if let Some(fault) = fault {
        live.fault(fault);
    }
    live.run_to(Nanos::seconds(30));
    live.audit.check_conservation(&live.world);
    let mut attempts = Vec::new();
    let mut own = None;
    for (at, _, note) in &live.audit.notes {
        match *note {
            Note::Offered { request, own: true, .. } if own.is_none() => own = Some(request.id),
            Note::CallEnded { request, outcome, target, sent, .. } if own == Some(request.id) => {
                attempts.push((outcome, target.is_some(), *at - sent));
            }
            Note::Ended { request, outcome, arrived, own: true, .. } if own == Some(request.id) => {
                return (attempts, outcome, *at - arrived);
            }
            _ => {}
        }
    }
    panic!("the first request has ended");
}

#[test]
fn a_dead_target_is_tried_once_and_as_often_as_there_are_retries() {
    for retries in [0, 1, 3, 10] {
        for backoff in [Nanos::ZERO, Nanos::millis(20)] {
            let client = ClientParams { retries, backoff, ..ClientParams::default() };
            let design = pair(client, one_worker(LATENCY));
            let crash = Fault::Crash(target("service"));
            let (attempts, outcome, span) = first_request(&design, Some(crash));
            assert_eq!(attempts.len() as u32, retries + 1);
            // The host refuses: there and back for each try.
            for attempt in attempts {
                assert_eq!(attempt, (Outcome::Refused, true, Nanos::millis(2)));
            }
            let tries = Nanos::millis(2 * u64::from(retries + 1));
            let pauses = Nanos(backoff.0 * u64::from(retries));
            assert_eq!((outcome, span), (Outcome::Refused, tries + pauses));
        }
    }
}

#[test]
fn silence_ends_after_all_timeouts_and_pauses() {
    for (retries, ways) in [(0, Ways::Both), (2, Ways::Forth), (3, Ways::Back)] {
        let (timeout, backoff) = (Nanos::millis(100), Nanos::millis(30));
        let client = ClientParams { retries, backoff, timeout, ..ClientParams::default() };
        let design = pair(client, one_worker(LATENCY));
        let cut = Fault::CutWire { wire: "people-service".into(), ways };
        let (attempts, outcome, span) = first_request(&design, Some(cut));
        let expected = vec![(Outcome::Timeout, true, timeout); retries as usize + 1];
        assert_eq!(attempts, expected, "{ways:?}");
        let total = 100 * u64::from(retries + 1) + 30 * u64::from(retries);
        assert_eq!((outcome, span), (Outcome::Timeout, Nanos::millis(total)));
    }
}

#[test]
fn a_retry_after_the_target_came_back_succeeds() {
    let client =
        ClientParams { retries: 1, backoff: Nanos::millis(500), ..ClientParams::default() };
    let mut live = Live::new(&pair(client, one_worker(LATENCY)), 1);
    live.fault(Fault::Crash(target("service")));
    // The request begins at 1 s and is refused at 1.002 s.
    live.run_to(Nanos::millis(1_200));
    live.fault(Fault::Restart(target("service")));
    live.run_to(Nanos::millis(1_900));
    let people = live.audit.component(&live.world, "people");
    assert_eq!(people.ended, [(Outcome::Ok, 1)].into());
}

/// Work of 300 ms a second apart fits; with a patience of 100 ms the caller leaves, and the work
/// under way goes on for nobody.
#[test]
fn work_for_a_caller_who_left_is_waste() {
    let client = ClientParams { timeout: Nanos::millis(100), ..ClientParams::default() };
    let mut live = Live::new(&pair(client, one_worker(Nanos::millis(300))), 1);
    live.audit.keep = true;
    live.run_to(Nanos::millis(10_900));
    let service = slots(&live.world, "service")[0];
    let mut wasted = 0;
    for (at, _, note) in &live.audit.notes {
        if let Note::Ended { member, outcome, arrived, wasted: true, .. } = *note {
            assert_eq!(
                (member, outcome, *at - arrived),
                (service, Outcome::Ok, Nanos::millis(300))
            );
            wasted += 1;
        }
    }
    assert_eq!(wasted, 10);
    let people = live.audit.component(&live.world, "people");
    assert_eq!(people.ended, [(Outcome::Timeout, 10)].into());
}

/// One worker is busy for a minute; two may wait. Callers give up after 1.5 s and their places are
/// free again, so that nobody is ever turned away: at one request a second there are two at most.
/// Without cancelling, the third would be. The same whether requests hold their worker or not.
#[test]
fn who_leaves_the_line_frees_the_place() {
    for hold_worker in [true, false] {
        let client = ClientParams { timeout: Nanos::millis(1_500), ..ClientParams::default() };
        let service = one_worker(Nanos::seconds(60));
        let mut live =
            Live::new(&pair(client, ServiceParams { queue: 2, hold_worker, ..service }), 1);
        live.run_to(Nanos::seconds(30));
        let ended = live.audit.component(&live.world, "service").ended;
        // 29 or 30 have come; the first is at work, the last one or two wait, the others left.
        assert_eq!(ended.keys().collect::<Vec<_>>(), [&Outcome::Reset], "{hold_worker}: {ended:?}");
        assert!((26..=28).contains(&ended[&Outcome::Reset]), "{ended:?}");
        let people = live.audit.component(&live.world, "people").ended;
        assert_eq!(people.keys().collect::<Vec<_>>(), [&Outcome::Timeout]);
        check_desks(&live.world, false);
    }
}

/// The same with no patience lost: the third is turned away.
#[test]
fn a_full_line_turns_away() {
    for hold_worker in [true, false] {
        let service = one_worker(Nanos::seconds(60));
        let client = ClientParams { timeout: FOREVER, ..ClientParams::default() };
        let mut live =
            Live::new(&pair(client, ServiceParams { queue: 2, hold_worker, ..service }), 1);
        live.run_to(Nanos::millis(20_500));
        let ended = live.audit.component(&live.world, "service").ended;
        // Twenty have come: one at work, two wait.
        assert_eq!(ended, [(Outcome::QueueFull, 17)].into(), "{hold_worker}");
    }
}

/// A job whose deadline passes in the line is dropped when its turn comes, if the service drops
/// such jobs; the deadline counts all tries and the pauses between them.
#[test]
fn expired_jobs_are_dropped_when_their_turn_comes() {
    let mut it = pair(
        ClientParams { timeout: Nanos::millis(2_500), ..ClientParams::default() },
        ServiceParams { drop_expired: true, ..one_worker(Nanos::seconds(3)) },
    );
    // The caller's goodbye does not get through: the server goes by the deadline alone.
    it.wires.get_mut("people-service").expect("a wire").settings.latency = Nanos::millis(1);
    let mut live = Live::new(&it, 1);
    live.run_to(Nanos::millis(1_100));
    live.fault(Fault::CutWire { wire: "people-service".into(), ways: Ways::Back });
    live.run_to(Nanos::seconds(1) + Nanos::millis(2_200));
    live.fault(Fault::CutWire { wire: "people-service".into(), ways: Ways::Both });
    live.run_to(Nanos::seconds(20));
    // Three came (at 1, 2 and 3 s); the first worked until 4 s, the second then until 7 s (its
    // deadline was 4.5 s), the third expired at 5.5 s.
    let ended = live.audit.component(&live.world, "service").ended;
    assert_eq!(ended, [(Outcome::Ok, 2), (Outcome::Expired, 1)].into());
}

#[test]
fn a_caller_that_dies_takes_its_waiting_calls_along() {
    let service = one_worker(Nanos::seconds(60));
    let client = ClientParams { timeout: FOREVER, ..ClientParams::default() };
    let mut live = Live::new(&pair(client, service), 1);
    live.run_to(Nanos::millis(5_500));
    let slot = slots(&live.world, "service")[0];
    assert_eq!(live.world.member(slot).desk.open, 5);
    live.fault(Fault::Crash(target("people")));
    live.run_for(Nanos::millis(10));
    assert_eq!(live.world.member(slot).desk.open, 1, "only what is at work goes on");
    live.audit.check_conservation(&live.world);
    check_desks(&live.world, false);
}
