//! Plans beyond those that today's kinds derive: forks, branches nobody waits for, conditions; with
//! and without workers held, under crashes. Built by changing the draft.

use std::sync::Arc;

use crate::common::*;
use ringside::base::draw::Stream;
use ringside::base::spread::Spread;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::document::{Design, WireParams};
use ringside::engine::event::Verb;
use ringside::engine::fault::Fault;
use ringside::engine::plan::{Condition, Plan};
use ringside::engine::world::Unwatched;
use ringside::engine::{Blueprint, Note, Outcome};

type P = Plan<Arc<str>>;

fn work(ms: u64) -> P {
    Plan::Work(Spread::constant(Nanos::millis(ms)))
}

fn call(wire: &str) -> P {
    Plan::Call { wire: wire.into(), verb: None }
}

/// One request a second (or more) at a service with this plan, which may call a, b and c.
fn three(rate: f64, timeout: Nanos, service: ServiceParams) -> Design {
    let mut it = design();
    let (rate, arrivals) = (Rate(rate), Arrivals::Constant);
    let people = ClientParams { rate, arrivals, timeout, ..ClientParams::default() };
    add(&mut it, "people", Spec::Client(people));
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", instant());
    for (id, ms) in [("a", 10), ("b", 20), ("c", 30)] {
        let (work, instances) = (Nanos::millis(ms), 1);
        let work_shape = ringside::base::spread::Shape::Constant;
        let params = ServiceParams { work, work_shape, instances, ..ServiceParams::default() };
        add(&mut it, id, Spec::Service(params));
        wire(&mut it, "service", id, WireParams { timeout: FOREVER, ..instant() });
    }
    it
}

fn world_of(design: &Design, plan: &P, seed: u64) -> World {
    let mut draft = draft(design, seed);
    let service = draft.components.iter_mut().find(|it| &*it.id == "service").expect("a service");
    service.plan = plan.clone();
    World::new(Blueprint::build(draft, None))
}

/// How the first request ends and how long it takes; with the component that is dead from the start.
#[track_caller]
fn check(plan: P, dead: Option<&str>, expected: (Outcome, u64)) {
    for hold_worker in [true, false] {
        let service = ServiceParams { hold_worker, instances: 1, ..ServiceParams::default() };
        let mut world = world_of(&three(1.0, FOREVER, service), &plan, 1);
        let mut audit = Audit::keeping();
        if let Some(dead) = dead {
            world.fault(&Fault::Crash(target(dead)), &mut audit);
        }
        while !world.run(Nanos::millis(1_900), 1, &mut audit) {
            check_desks(&world, false);
            audit.check_conservation(&world);
        }
        let own = |it: &(Nanos, u64, Note)| match it.2 {
            Note::Ended { outcome, arrived, own: true, .. } => {
                Some((outcome, (it.0 - arrived).0 / 1_000_000))
            }
            _ => None,
        };
        let found: Vec<_> = audit.notes.iter().filter_map(own).collect();
        assert_eq!(found, [expected], "{plan:?}, {dead:?} dead, hold {hold_worker}");
        let service = slots(&world, "service")[0];
        assert!(world.member(service).desk.jobs.is_empty(), "nothing is left over");
        assert_eq!(world.member(service).desk.occupied, 0);
    }
}

fn parallel(need: u16) -> P {
    let branches = vec![call("service-a"), call("service-b"), call("service-c")];
    Plan::Parallel { need, branches }
}

/// Branches take 10, 20 and 30 ms: `need` of them take as long as the slowest of the fastest.
#[test]
fn a_fork_goes_on_when_enough_have_succeeded() {
    check(parallel(0), None, (Outcome::Ok, 0));
    check(parallel(1), None, (Outcome::Ok, 10));
    check(parallel(2), None, (Outcome::Ok, 20));
    check(parallel(3), None, (Outcome::Ok, 30));
    check(parallel(9), None, (Outcome::Ok, 30));
    check(parallel(1), Some("a"), (Outcome::Ok, 20));
    check(parallel(2), Some("a"), (Outcome::Ok, 30));
    // Fails as soon as too few are left.
    check(parallel(3), Some("c"), (Outcome::Refused, 0));
}

#[test]
fn sequences_conditions_and_misses() {
    check(Plan::Sequence(vec![call("service-a"), call("service-b")]), None, (Outcome::Ok, 30));
    check(
        Plan::Sequence(vec![call("service-a"), call("service-b")]),
        Some("a"),
        (Outcome::Refused, 0),
    );
    let branch = |verb| Plan::If {
        condition: Condition::Verb(verb),
        then: Box::new(call("service-a")),
        otherwise: Box::new(call("service-c")),
    };
    check(branch(Verb::Read), None, (Outcome::Ok, 10));
    check(branch(Verb::Write), None, (Outcome::Ok, 30));
    let asks = |classes| {
        let (cache, otherwise) = ("service-a".into(), Box::new(call("service-b")));
        Plan::OnMiss { cache, classes, otherwise }
    };
    let on_miss = asks(u64::MAX);
    // Requests are of class 0: those of others are not held against the cache.
    check(asks(1), None, (Outcome::Ok, 10));
    check(asks(1), Some("a"), (Outcome::Ok, 20));
    check(asks(2), None, (Outcome::Ok, 20));
    check(on_miss.clone(), None, (Outcome::Ok, 10));
    check(on_miss, Some("a"), (Outcome::Ok, 20));
    check(Plan::nothing(), None, (Outcome::Ok, 0));
}

#[test]
fn nobody_waits_for_what_is_detached() {
    let detached = |plan| Plan::Detach(Box::new(plan));
    let then = |plan| Plan::Sequence(vec![plan, work(5)]);
    check(then(detached(call("service-c"))), None, (Outcome::Ok, 5));
    check(then(detached(call("service-c"))), Some("c"), (Outcome::Ok, 5));
    check(then(detached(work(50))), None, (Outcome::Ok, 5));
    check(then(detached(parallel(2))), None, (Outcome::Ok, 5));
}

#[test]
fn forks_within_forks() {
    let inner = Plan::Sequence(vec![parallel(2), work(5)]);
    let outer = Plan::Parallel { need: 1, branches: vec![inner.clone(), call("service-c")] };
    check(outer, None, (Outcome::Ok, 25));
    let both = Plan::Parallel { need: 2, branches: vec![inner, call("service-c")] };
    check(both.clone(), None, (Outcome::Ok, 30));
    check(both, Some("c"), (Outcome::Refused, 0));
}

/// A thread does one thing at a time: branches of a request that holds its worker share it. Without
/// holding, each piece of work takes a worker of its own.
#[test]
fn branches_share_the_worker_their_request_holds() {
    let plan = Plan::Parallel { need: 2, branches: vec![work(10), work(20)] };
    for (hold_worker, workers, expected) in
        [(true, 1, 30), (true, 8, 30), (false, 1, 30), (false, 8, 20)]
    {
        let service =
            ServiceParams { hold_worker, workers, instances: 1, ..ServiceParams::default() };
        let mut world = world_of(&three(1.0, FOREVER, service), &plan, 1);
        let mut audit = Audit::keeping();
        while !world.run(Nanos::millis(1_900), 1, &mut audit) {
            check_desks(&world, false);
        }
        let stay = |it: &(Nanos, u64, Note)| match it.2 {
            Note::Ended { arrived, own: true, .. } => Some((it.0 - arrived).0 / 1_000_000),
            _ => None,
        };
        let found: Vec<_> = audit.notes.iter().filter_map(stay).collect();
        assert_eq!(found, [expected], "hold {hold_worker}, {workers} workers");
    }
}

/// A random plan of some depth.
fn some_plan(stream: Stream, at: &mut u64, depth: u32) -> P {
    let mut draw = |limit| {
        *at += 1;
        stream.bits(*at, 0) % limit
    };
    let wire = ["service-a", "service-b", "service-c"][draw(3) as usize];
    let (kind, count) = (draw(if depth == 0 { 2 } else { 7 }), draw(4));
    let mut some =
        |n: u64| -> Vec<_> { (0..n).map(|_| some_plan(stream, at, depth - 1)).collect() };
    match kind {
        0 => work(count),
        1 => call(wire),
        2 => Plan::Sequence(some(count)),
        3 => Plan::Parallel { need: count as u16, branches: some(3) },
        4 => Plan::Detach(Box::new(some(1).remove(0))),
        5 => {
            let (cache, classes) = (wire.into(), if count > 2 { 2 } else { u64::MAX });
            Plan::OnMiss { cache, classes, otherwise: Box::new(some(1).remove(0)) }
        }
        _ => {
            let condition = Condition::Verb(if count > 1 { Verb::Read } else { Verb::Write });
            let mut two = some(2);
            let (then, otherwise) = (Box::new(two.remove(0)), Box::new(two.remove(0)));
            Plan::If { condition, then, otherwise }
        }
    }
}

/// Random plans, crashes in the middle of everything, and back again.
#[test]
fn random_plans_leave_nothing_behind() {
    for_seeds(150, |seed| {
        let stream = Stream::new(seed, "plans");
        let plan = some_plan(stream, &mut 0, 3);
        let draw = |n, limit| stream.bits(n, 7) % limit;
        let service = ServiceParams {
            hold_worker: draw(0, 2) == 0,
            workers: 1 + draw(1, 3) as u32,
            queue: draw(2, 4) as u32,
            ..ServiceParams::default()
        };
        let design = three(200.0, Nanos::millis(5 + draw(3, 100)), service);
        let mut world = world_of(&design, &plan, seed);
        let mut audit = Audit::default();
        for n in 10..30 {
            let id = ["service/0", "service/1", "a", "b", "people"][draw(n, 5) as usize];
            let fault = if n % 2 == 0 {
                Fault::Crash(target(id))
            } else {
                Fault::Restart(target(id.split('/').next().expect("an id")))
            };
            world.fault(&fault, &mut audit);
            for _ in 0..10 {
                let until = world.now() + Nanos::SECOND;
                world.run(until, 1 + draw(n + 100, 12), &mut audit);
                check_desks(&world, false);
                audit.check_conservation(&world);
            }
        }
        // All come back, requests stop, and in the end every desk is empty.
        for id in ["service", "a", "b", "people"] {
            world.fault(&Fault::Restart(target(id)), &mut audit);
        }
        world.fault(&Fault::Crash(target("people")), &mut audit);
        let until = world.now() + Nanos::seconds(30);
        world.run(until, u64::MAX, &mut audit);
        check_desks(&world, false);
        for id in ["service", "a", "b", "c"] {
            for slot in slots(&world, id) {
                let desk = &world.member(slot).desk;
                let left = (desk.jobs.len(), desk.strands.len(), desk.calls.len());
                assert_eq!(left, (0, 0, 0), "{id}: {plan:?}");
                assert_eq!((desk.open, desk.occupied, desk.waiting_count), (0, 0, 0));
            }
        }
        audit.check_little(world.now());
    });
}

/// A request that goes round in a circle ends with a cause of its own.
#[test]
fn a_circle_of_calls_ends_as_a_loop() {
    let mut it = design();
    let arrivals = Arrivals::Constant;
    add(&mut it, "people", Spec::Client(ClientParams { arrivals, ..ClientParams::default() }));
    let async_ = ServiceParams { hold_worker: false, work: Nanos::ZERO, ..Default::default() };
    add(&mut it, "ping", Spec::Service(async_.clone()));
    add(&mut it, "pong", Spec::Service(async_));
    wire(&mut it, "people", "ping", instant());
    wire(&mut it, "ping", "pong", instant());
    wire(&mut it, "pong", "ping", instant());
    let mut world = start(&it, 1);
    let mut audit = Audit::default();
    world.run(Nanos::SECOND, u64::MAX, &mut audit);
    let ended = audit.component(&world, "people").ended;
    assert_eq!(ended.keys().collect::<Vec<_>>(), [&Outcome::Loop], "{ended:?}");
    assert_eq!(audit.component(&world, "ping").ended(), 16 * ended[&Outcome::Loop]);
    let mut unseen = start(&it, 1);
    unseen.run(Nanos::SECOND, u64::MAX, &mut Unwatched);
    assert_eq!(unseen.state_hash(), world.state_hash());
}
