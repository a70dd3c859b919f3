//! Designs that run away are stopped, with the reason, in ticks that end; the session stays usable.

use crate::common;
use crate::common::{add, steady, wire};
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::cache::CacheParams;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::compile::compile;
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::session::Session;
use ringside::session::guard::WAITING_MAX;
use ringside::session::protocol::{Branch, Command, Frame, Input, Tick, View};

/// Events a tick may take here.
const BUDGET: u64 = 200_000;

fn client(design: &mut Design, rate: f64) {
    let params =
        ClientParams { rate: Rate(rate), timeout: Nanos::seconds(60), ..Default::default() };
    add(design, "client", Spec::Client(params));
}

fn service(design: &mut Design, id: &str, params: ServiceParams) {
    add(design, id, Spec::Service(params));
}

/// Opens a design and plays it until it is stopped; every tick ends within its budget.
#[track_caller]
fn stops(design: &Design, who: &str) -> (Session, Frame) {
    let mut session = Session::default();
    let inputs = Vec::new();
    let (design, warmup) = (Box::new(design.clone()), Nanos::seconds(5));
    let open = Command::Open { design, seed: 1, warmup, inputs };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, BUDGET);
    for _ in 0..400 {
        let before = session.run().expect("it is open").head.world.ordinal();
        let view = View { messages: true, figures: true, ..View::default() };
        session.tick(
            &Tick { advance: Nanos::seconds(1), view: view.clone(), ..Tick::default() },
            BUDGET,
        );
        let frame = session.frame(&view);
        let world = &session.run().expect("it is open").head.world;
        assert!(world.ordinal() - before <= BUDGET);
        assert!(world.queue_len() < 3 * WAITING_MAX, "{}", world.queue_len());
        assert!(frame.messages.len() <= 300);
        if frame.stopped {
            let failure = frame.failure.as_ref().expect("the reason is told");
            assert!(failure.contains("stopped"), "{failure}");
            let most = ["for", "at"].map(|it| format!("most of them {it} {who}. "));
            assert!(most.iter().any(|it| failure.contains(it)), "{failure}");
            return (session, frame);
        }
    }
    panic!("it goes on and on");
}

#[test]
fn a_thousand_million_requests_a_second_are_stopped() {
    let mut design = Design::default();
    client(&mut design, 1e9);
    service(&mut design, "books", ServiceParams::default());
    wire(&mut design, "client", "books", WireParams::default());
    let (mut session, _) = stops(&design, "client");
    // It stays stopped, is told once, and the past can be seen.
    let now = session.run().expect("open").head.world.now();
    session.tick(&Tick { advance: Nanos::seconds(1), ..Tick::default() }, BUDGET);
    let frame = session.frame(&View::default());
    assert!(frame.stopped && frame.failure.is_none() && frame.latest == now);
    session.tick(&Tick { commands: vec![Command::Seek(Nanos::ZERO)], ..Tick::default() }, BUDGET);
    assert_eq!(session.frame(&View::default()).now, Nanos::ZERO);
    // Another design is opened, and runs.
    let design = Box::new(ringside::session::golden::design());
    let (seed, warmup, inputs) = (1, Nanos::ZERO, Vec::new());
    let open = Command::Open { design, seed, warmup, inputs };
    session
        .tick(&Tick { commands: vec![open], advance: Nanos::SECOND, ..Tick::default() }, u64::MAX);
    let frame = session.frame(&View::default());
    assert!(!frame.stopped && frame.failure.is_none() && frame.latest == Nanos::SECOND);
}

#[test]
fn requests_all_at_one_moment_are_stopped() {
    let mut design = Design::default();
    let rate = Rate(1e12);
    let arrivals = Arrivals::Constant;
    let params = ClientParams { rate, arrivals, ..Default::default() };
    add(&mut design, "client", Spec::Client(params));
    stops(&design, "client");
}

#[test]
fn a_line_without_end_is_stopped_and_goes_on_when_it_is_cleared() {
    let mut design = Design::default();
    client(&mut design, 50_000.0);
    let (queue, work) = (1_000_000, Nanos::seconds(600));
    service(&mut design, "books", ServiceParams { queue, work, ..Default::default() });
    wire(&mut design, "client", "books", steady(Nanos::millis(1)));
    let (mut session, frame) = stops(&design, "books");
    // Done something about it, it goes on.
    let now = frame.latest;
    let kill = Command::Act(Branch::Main, Input::Fault(Fault::Crash(common::target("client"))));
    let tick = Tick { commands: vec![kill], ..Tick::default() };
    session.tick(&tick, BUDGET);
    for _ in 0..40 {
        session.tick(&Tick { advance: Nanos::seconds(1), ..Tick::default() }, 50_000);
    }
    assert!(session.run().expect("open").head.world.now() > now);
}

#[test]
fn circles_that_fan_out_are_stopped() {
    let mut design = Design::default();
    // Each request goes round, up to 32 calls deep at a time, until its patience is over.
    client(&mut design, 20_000.0);
    let ids = ["a", "b", "c"];
    let work = Nanos::ZERO;
    for id in ids {
        let params =
            ServiceParams { work, workers: 100_000, hold_worker: false, ..Default::default() };
        service(&mut design, id, params);
    }
    wire(
        &mut design,
        "client",
        "a",
        WireParams { timeout: Nanos::seconds(60), ..Default::default() },
    );
    // Each calls the two others, and whoever fails is tried again ten times.
    for from in ids {
        for to in ids.iter().filter(|it| **it != from) {
            let (timeout, retries) = (Nanos::seconds(60), 10);
            wire(&mut design, from, to, WireParams { timeout, retries, ..WireParams::default() });
        }
    }
    stops(&design, "a");
}

#[test]
fn a_great_but_sane_load_is_left_alone() {
    let mut design = Design::default();
    client(&mut design, 100_000.0);
    let (workers, work) = (100, Nanos::millis(1));
    service(
        &mut design,
        "books",
        ServiceParams { instances: 10, workers, work, ..Default::default() },
    );
    wire(&mut design, "client", "books", WireParams::default());
    let mut session = Session::default();
    let (design, warmup) = (Box::new(design), Nanos::ZERO);
    let open = Command::Open { design, seed: 1, warmup, inputs: Vec::new() };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, u64::MAX);
    session.tick(&Tick { advance: Nanos::seconds(5), ..Tick::default() }, u64::MAX);
    let frame = session.frame(&View::default());
    assert!(!frame.stopped && frame.latest == Nanos::seconds(5));
}

/// Whatever is too much is refused by what it is and by its field, and the session goes on.
#[track_caller]
fn is_refused(design: &Design, id: &str, field: &str, words: &str) {
    let error = compile(design, 1).expect_err("it is too much");
    assert_eq!((error.id.as_str(), error.problem.field.as_str()), (id, field), "{error}");
    assert!(error.to_string().contains(words), "{error}");
    let mut session = Session::default();
    let (design, inputs) = (Box::new(design.clone()), Vec::new());
    let open = Command::Open { design, seed: 1, warmup: Nanos::ZERO, inputs };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, BUDGET);
    let failure = session.frame(&View::default()).failure.expect("it is told");
    assert!(failure.contains(words), "{failure}");
}

/// It runs for two seconds.
#[track_caller]
fn runs(design: &Design) {
    let mut session = Session::default();
    let (design, inputs) = (Box::new(design.clone()), Vec::new());
    let open = Command::Open { design, seed: 1, warmup: Nanos::ZERO, inputs };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, u64::MAX);
    session.tick(&Tick { advance: Nanos::seconds(2), ..Tick::default() }, u64::MAX);
    let frame = session.frame(&View::default());
    assert_eq!((frame.failure, frame.latest), (None, Nanos::seconds(2)));
}

/// A client, and a hub that so many caches and a store are wired to.
fn cached(caches: usize, classes: &str) -> Design {
    let mut design = Design::default();
    client(&mut design, 100.0);
    service(&mut design, "hub", ServiceParams::default());
    wire(&mut design, "client", "hub", WireParams::default());
    for at in 0..caches {
        let id = format!("cache-{at}");
        add(&mut design, &id, Spec::Cache(CacheParams::default()));
        let classes = classes.to_owned();
        wire(&mut design, "hub", &id, WireParams { classes, ..WireParams::default() });
    }
    add(&mut design, "store", Spec::SqlDb(SqlDbParams::default()));
    wire(&mut design, "hub", "store", WireParams::default());
    design
}

/// Each cache used to double the plan: fourteen were more than a program can hold.
#[test]
fn many_caches_for_some_classes_run() {
    let name = "browse";
    runs(&cached(14, name));
    runs(&cached(100, name));
    runs(&cached(100, ""));
}

#[test]
fn more_caches_than_can_be_asked_in_turn_are_refused() {
    is_refused(&cached(1_900, ""), "hub", "wires", "1900 caches");
    is_refused(&cached(101, "browse"), "hub", "wires", "at most 100");
}

#[test]
fn more_fallbacks_than_can_be_tried_are_refused() {
    let fan = |own: usize, spares: usize| {
        let mut design = Design::default();
        client(&mut design, 100.0);
        service(&mut design, "hub", ServiceParams::default());
        wire(&mut design, "client", "hub", WireParams::default());
        for at in 0..own + spares {
            let id = format!("s{at}");
            service(&mut design, &id, ServiceParams { instances: 1, ..Default::default() });
            let fallback = at >= own;
            wire(&mut design, "hub", &id, WireParams { fallback, ..WireParams::default() });
        }
        design
    };
    runs(&fan(39, 50));
    runs(&fan(1_000, 1));
    is_refused(&fan(200, 200), "hub", "fallback", "200 wires stand in for hub-s0; at most 50");
    is_refused(&fan(200, 30), "hub", "fallback", "at most 2000");
    is_refused(&fan(2_001, 0), "hub", "wires", "2001 wires lead from here");
}

#[test]
fn more_wires_by_class_than_can_be_told_apart_are_refused() {
    let fan = |wires: usize| {
        let mut design = Design::default();
        client(&mut design, 100.0);
        add(&mut design, "hub", Spec::LoadBalancer(LoadBalancerParams::default()));
        wire(&mut design, "client", "hub", WireParams::default());
        for at in 0..wires {
            let id = format!("s{at}");
            service(&mut design, &id, ServiceParams { instances: 1, ..Default::default() });
            let classes = "browse".to_owned();
            wire(&mut design, "hub", &id, WireParams { classes, ..WireParams::default() });
        }
        design
    };
    runs(&fan(100));
    is_refused(&fan(1_900), "hub", "classes", "1900 wires");
}

/// Members are bounded, and so is what each of them has to know of the others.
#[test]
fn more_pairs_than_can_be_remembered_are_refused() {
    let mesh = |services: usize, instances: u32| {
        let mut design = Design::default();
        let ids: Vec<_> = (0..services).map(|it| format!("s{it}")).collect();
        for id in &ids {
            service(&mut design, id, ServiceParams { instances, ..Default::default() });
        }
        for from in &ids {
            for to in ids.iter().filter(|it| *it != from) {
                wire(&mut design, from, to, WireParams::default());
            }
        }
        design
    };
    assert!(compile(&mesh(2, 1_000), 1).is_ok());
    is_refused(&mesh(8, 1_000), "s0-s1", "instances", "56000000 pairs; at most 2000000");
    is_refused(&mesh(20, 1_000), "s0-s1", "instances", "put a load balancer between");
}
