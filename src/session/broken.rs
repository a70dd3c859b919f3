//! The proofs have power: an engine that is broken on purpose (`base/broken.rs`) does not pass them.
//! The same proofs, on a smaller scale, as `tests/theory.rs` and the golden hashes.

use crate::algorithm::queueing::{self, Load};
use crate::base::broken::{self, Fault};
use crate::base::geometry::Point;
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::component::client::ClientParams;
use crate::component::service::ServiceParams;
use crate::component::{Registry, Spec};
use crate::document::compile::compile;
use crate::document::{ComponentRecord, Design, WireParams, WireRecord};
use crate::engine::world::Watch;
use crate::engine::{Blueprint, Note, Outcome, World};

use super::golden;

const RUNS: u64 = 8;
const Z_MAX: f64 = 4.0;
const LOAD: Load = Load { arrivals_per_s: 500.0, services_per_s: 1_000.0 };
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
    for (id, spec) in [("people", Spec::Client(people)), ("service", Spec::Service(service))] {
        let (label, at) = (id.to_owned(), Point::new(0.0, 0.0));
        let record =
            ComponentRecord { spec, label, at, zones: Vec::new(), extra: Default::default() };
        it.components.insert(id.to_owned(), record);
    }
    let settings = WireParams {
        latency: Nanos::millis(1),
        latency_shape: Shape::Constant,
        timeout: Nanos::seconds(3_600),
        ..WireParams::default()
    };
    let (from, to) = ("people".to_owned(), "service".to_owned());
    it.wires.insert("wire".into(), WireRecord { from, to, settings, extra: Default::default() });
    it
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
    let golden = &golden::ALL[0];
    let run = golden.run(Nanos::MAX).expect("it compiles");
    run.head.world.state_hash() == golden.hash
}

#[test]
fn a_sound_engine_passes() {
    let z = against_theory();
    assert!(z.iter().all(|it| it.abs() < Z_MAX), "{z:?}");
    assert!(is_golden());
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
