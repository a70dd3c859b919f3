//! The proofs have power: an engine that is broken on purpose (`base/broken.rs`) does not pass them.
//! The same proofs, on a smaller scale, as `tests/theory.rs` and the golden hashes.

use crate::algorithm::queueing;
use crate::algorithm::traffic::recording::Recording;
use crate::base::broken::{self, Fault};
use crate::base::geometry::Point;
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::component::client::{Arrivals, ClientParams, Load};
use crate::component::service::ServiceParams;
use crate::component::{Registry, Spec};
use crate::document::compile::compile;
use crate::document::{ComponentRecord, Design, WireParams, WireRecord};
use crate::engine::world::Watch;
use crate::engine::{Blueprint, Note, Outcome, World};

use super::golden::{self, Golden};

const RUNS: u64 = 8;
const Z_MAX: f64 = 4.0;
const LOAD: queueing::Load = queueing::Load { arrivals_per_s: 500.0, services_per_s: 1_000.0 };
const SPAN: Nanos = Nanos::seconds(20);

/// What a run of one queue shows.
struct Look {
    service: u32,
    last: Nanos,
    served: u64,
    wait_ns: u128,
}

impl Watch<Registry> for Look {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World<Registry>) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        assert!(at >= self.last, "time goes back");
        self.last = at;
        for note in notes {
            if let Note::Ended { member, outcome: Outcome::Ok, arrived, started, .. } = *note
                && member == self.service
            {
                self.served += 1;
                self.wait_ns += u128::from((started.unwrap_or(at) - arrived).0);
            }
        }
    }
}

fn queue() -> Design {
    let mut it = Design::default();
    let people = ClientParams {
        rate: Rate(LOAD.arrivals_per_s),
        timeout: Nanos::seconds(3_600),
        keys: 1,
        ..ClientParams::default()
    };
    let service = ServiceParams {
        instances: 1,
        workers: 1,
        queue: 1_000_000,
        work: Nanos::millis(1),
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", 1);
    it
}

fn add(design: &mut Design, id: &str, spec: Spec) {
    let (label, at) = (id.to_owned(), Point::new(0.0, 0.0));
    let record = ComponentRecord { spec, label, at, zones: Vec::new(), extra: Default::default() };
    design.components.insert(id.to_owned(), record);
}

/// A wire that always takes so many milliseconds.
fn wire(design: &mut Design, from: &str, to: &str, millis: u64) {
    let settings = WireParams {
        latency: Nanos::millis(millis),
        latency_shape: Shape::Constant,
        timeout: Nanos::seconds(3_600),
        ..WireParams::default()
    };
    let (id, from, to) = (format!("{from}-{to}"), from.to_owned(), to.to_owned());
    design.wires.insert(id, WireRecord { from, to, settings, extra: Default::default() });
}

/// The service always takes so many milliseconds.
fn work(design: &mut Design, millis: u64) {
    if let Some(Spec::Service(it)) = design.components.get_mut("service").map(|it| &mut it.spec) {
        (it.work, it.work_shape) = (Nanos::millis(millis), Shape::Constant);
    }
}

/// How far throughput and wait are from theory, in standard errors.
fn against_theory() -> [f64; 2] {
    let design = queue();
    let seen: Vec<_> = (1..=RUNS)
        .map(|seed| {
            let draft = compile(&design, seed).expect("it compiles");
            let mut world = World::new(Blueprint::build(draft, None));
            let blueprint = world.blueprint();
            let slot = blueprint.component("service").expect("it is there") as usize;
            let service = blueprint.components[slot].members[0];
            let mut look = Look { service, last: Nanos::ZERO, served: 0, wait_ns: 0 };
            world.run(SPAN, u64::MAX, &mut look);
            let served = look.served as f64;
            [served / SPAN.as_seconds(), look.wait_ns as f64 / 1e9 / served]
        })
        .collect();
    let theory = queueing::mm1(LOAD).expect("a steady state");
    let theory = [LOAD.arrivals_per_s, theory.wait_s];
    [0, 1].map(|which| {
        let n = RUNS as f64;
        let mean = seen.iter().map(|it| it[which]).sum::<f64>() / n;
        let squares: f64 = seen.iter().map(|it| (it[which] - mean) * (it[which] - mean)).sum();
        (mean - theory[which]) / (squares / (n - 1.0) / n).sqrt()
    })
}

/// The golden hash of one run as it comes out now.
fn is_golden() -> bool {
    of_golden(&golden::ALL[0])
}

fn of_golden(golden: &Golden) -> bool {
    let run = golden.run(Nanos::MAX).expect("it compiles");
    run.head.world.state_hash() == golden.hash
}

/// How every call of a second ended: where, how, and how long it took.
#[derive(Default)]
struct Ends(Vec<(String, Outcome, Nanos)>);

impl Watch<Registry> for Ends {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World<Registry>) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], blueprint: &Blueprint<Registry>) {
        for note in notes {
            if let Note::Ended { member, outcome, arrived, .. } = *note {
                let component = blueprint.members[member as usize].0 as usize;
                let id = blueprint.components[component].id.to_string();
                self.0.push((id, outcome, at - arrived));
            }
        }
    }
}

impl Ends {
    fn of(design: &Design) -> Self {
        let draft = compile(design, 1).expect("it compiles");
        let (mut world, mut ends) = (World::new(Blueprint::build(draft, None)), Self::default());
        world.run(Nanos::SECOND, u64::MAX, &mut ends);
        ends
    }

    /// Whether there are some at this component, and all of them ended so and took this long.
    fn are(&self, id: &str, outcome: Outcome, stay: Nanos) -> bool {
        let mut of = self.0.iter().filter(|it| it.0 == id).peekable();
        of.peek().is_some() && of.all(|it| (it.1, it.2) == (outcome, stay))
    }
}

/// Requests of two clients arrive in the same moment, one sent a millisecond before the other from
/// twice as far: it is served first. (The order is (time, sequence number): ARCHITECTURE.md.)
fn who_was_sent_first_is_served_first() -> bool {
    let mut it = queue();
    it.components.remove("people");
    it.wires.remove("people-service");
    work(&mut it, 5);
    for (id, millis, latency) in [("far", 100, 2), ("near", 101, 1)] {
        let text: String = (0..8).map(|row| format!("0.{:03}\n", millis + 100 * row)).collect();
        let (recording, recording_repeats) = (Recording::read(&text).expect("times"), false);
        let load = Load::Recorded;
        let client = ClientParams { load, recording, recording_repeats, ..Default::default() };
        add(&mut it, id, Spec::Client(client));
        wire(&mut it, id, "service", latency);
    }
    let ends = Ends::of(&it);
    // 2 + 5 + 2 ms, and 1 + 5 + 5 + 1.
    ends.are("far", Outcome::Ok, Nanos::millis(9))
        && ends.are("near", Outcome::Ok, Nanos::millis(12))
}

/// One arrives without delay whenever one is done, and nobody may wait: what is due goes first, so
/// that nobody is lost.
fn what_is_due_goes_before_what_is_sent() -> bool {
    let mut it = queue();
    work(&mut it, 10);
    if let Some(Spec::Service(it)) = it.components.get_mut("service").map(|it| &mut it.spec) {
        it.queue = 0;
    }
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        (it.rate, it.arrivals) = (Rate(100.0), Arrivals::Constant);
    }
    it.wires.remove("people-service");
    wire(&mut it, "people", "service", 0);
    Ends::of(&it).are("people", Outcome::Ok, Nanos::millis(10))
}

/// A call that goes round in a circle ends as such, after 32 hops of 1 ms there and back.
fn circles_end() -> bool {
    let mut it = queue();
    work(&mut it, 0);
    it.wires.remove("people-service");
    let there = it.components["service"].spec.clone();
    add(&mut it, "other", there);
    for (from, to) in [("people", "service"), ("service", "other"), ("other", "service")] {
        wire(&mut it, from, to, 1);
    }
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        (it.rate, it.arrivals) = (Rate(2.0), Arrivals::Constant);
    }
    for id in ["service", "other"] {
        if let Some(Spec::Service(it)) = it.components.get_mut(id).map(|it| &mut it.spec) {
            it.workers = 100;
        }
    }
    Ends::of(&it).are("people", Outcome::Loop, Nanos::millis(64))
}

#[test]
fn a_sound_engine_passes() {
    let z = against_theory();
    assert!(z.iter().all(|it| it.abs() < Z_MAX), "{z:?}");
    assert!(is_golden());
    assert!(who_was_sent_first_is_served_first());
    assert!(what_is_due_goes_before_what_is_sent());
    assert!(circles_end());
}

#[test]
fn a_wrong_order_of_what_is_due_at_once_is_caught() {
    assert!(!broken::with(Fault::Ties, who_was_sent_first_is_served_first));
    let golden = |it: &Golden| broken::with(Fault::Ties, || of_golden(it));
    assert!(!golden::ALL.iter().all(golden), "a golden hash is another one");
}

#[test]
fn messages_that_jump_the_queue_are_caught() {
    assert!(!broken::with(Fault::Hops, what_is_due_goes_before_what_is_sent));
}

#[test]
fn circles_that_go_on_are_caught() {
    assert!(!broken::with(Fault::Circles, circles_end));
    let golden = |it: &Golden| broken::with(Fault::Circles, || of_golden(it));
    assert!(!golden::ALL.iter().all(golden), "a golden hash is another one");
}

#[test]
fn a_biased_stream_is_caught() {
    let z = broken::with(Fault::Bias, against_theory);
    assert!(z.iter().any(|it| it.abs() >= Z_MAX), "not noticed: {z:?}");
    assert!(!broken::with(Fault::Bias, is_golden));
}

#[test]
fn a_wrong_order_is_caught() {
    let panic = std::panic::catch_unwind(|| broken::with(Fault::Order, against_theory));
    let panic = panic.expect_err("events out of order are noticed");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"time goes back"));
    let golden = std::panic::catch_unwind(|| broken::with(Fault::Order, is_golden));
    assert!(!golden.unwrap_or(false), "the golden hash is another one");
}

/// Whatever was broken is mended again.
#[test]
fn broken_engines_are_mended() {
    broken::with(Fault::Bias, is_golden);
    assert!(is_golden());
}
