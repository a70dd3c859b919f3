//! The engine against queueing theory: real components (client, wire, service), fixed seeds 1 to 30,
//! closed forms of `algorithm::queueing`, pooled |z| < 4. And the same engine, told a rate 3 % too
//! high, must fail: the test has power.

use crate::common::*;
use ringside::algorithm::queueing::{self, Load, Steady};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::component::{Registry, Spec};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};

const RUNS: u64 = 30;
/// Requests one worker that never idles completes in a second.
const SERVICES_PER_S: f64 = 1_000.0;

/// One station and how it is looked at.
#[derive(Clone, Copy)]
struct Case {
    /// Load per worker.
    load: f64,
    workers: u32,
    queue: u32,
    hold: bool,
    work: Shape,
    /// Not looked at, from an empty start.
    warm_up: Nanos,
    /// Looked at after that.
    span: Nanos,
}

impl Case {
    const fn new(load: f64, workers: u32, warm_up_s: u64, span_s: u64) -> Self {
        let (queue, hold, work) = (1_000_000, true, Shape::Exponential);
        let (warm_up, span) = (Nanos::seconds(warm_up_s), Nanos::seconds(span_s));
        Self { load, workers, queue, hold, work, warm_up, span }
    }

    fn theory(self) -> Load {
        let arrivals_per_s = self.load * SERVICES_PER_S * f64::from(self.workers);
        Load { arrivals_per_s, services_per_s: SERVICES_PER_S }
    }
}

/// What one run showed at the service.
#[derive(Clone, Copy, Default)]
struct Seen {
    wait_s: f64,
    waiting: f64,
    utilization: f64,
    loss: f64,
    /// The run's own 95 % interval for the queue length.
    interval: (f64, f64),
}

/// Adds up what happens at one member inside the window.
struct Meter {
    member: u32,
    from: Nanos,
    last: Nanos,
    waiting: u32,
    busy: u32,
    waiting_ns: u128,
    busy_ns: u128,
    wait_ns: u128,
    served: u64,
    lost: u64,
    /// Of each stretch of this length: requests waiting times time.
    batch: Nanos,
    batches_ns: [u128; BATCHES],
}

impl Meter {
    fn at(&mut self, at: Nanos) {
        let mut since = self.last.max(self.from);
        while at > since {
            let batch = ((since - self.from).0 / self.batch.0).min(BATCHES as u64 - 1);
            let end = match batch + 1 < BATCHES as u64 {
                true => at.min(self.from + Nanos(self.batch.0 * (batch + 1))),
                false => at,
            };
            let span = u128::from((end - since).0);
            self.batches_ns[batch as usize] += span * u128::from(self.waiting);
            self.waiting_ns += span * u128::from(self.waiting);
            self.busy_ns += span * u128::from(self.busy);
            since = end;
        }
        self.last = at;
    }

    /// The 95 % interval of the mean queue length that the batches give.
    fn interval(&self) -> (f64, f64) {
        interval(&self.batches_ns.map(|it| it as f64 / self.batch.0 as f64))
    }
}

impl Watch<Registry> for Meter {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            match *note {
                Note::Places { member, waiting, busy, .. } if member == self.member => {
                    self.at(at);
                    (self.waiting, self.busy) = (waiting, busy);
                }
                Note::Ended { member, outcome, arrived, started, .. }
                    if member == self.member && arrived >= self.from =>
                {
                    match (outcome, started) {
                        (Outcome::QueueFull, _) => self.lost += 1,
                        (Outcome::Ok, Some(it)) => {
                            self.served += 1;
                            self.wait_ns += u128::from((it - arrived).0);
                        }
                        other => panic!("nothing else happens here: {other:?}"),
                    }
                }
                _ => {}
            }
        }
    }
}

fn run(case: Case, seed: u64) -> Seen {
    let mut it = design();
    let people = ClientParams {
        rate: Rate(case.theory().arrivals_per_s),
        classes: vec![Class::default()],
        keys: 1,
        timeout: FOREVER,
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams {
        instances: 1,
        workers: case.workers,
        queue: case.queue,
        work: Nanos::from_seconds(1.0 / SERVICES_PER_S),
        work_shape: case.work,
        hold_worker: case.hold,
        drop_expired: false,
        ..ServiceParams::default()
    };
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", instant());
    let mut world = start(&it, seed);
    let (zero, from) = (Nanos::ZERO, case.warm_up);
    let mut meter = Meter {
        member: slots(&world, "service")[0],
        from,
        last: zero,
        waiting: 0,
        busy: 0,
        waiting_ns: 0,
        busy_ns: 0,
        wait_ns: 0,
        served: 0,
        lost: 0,
        batch: Nanos(case.span.0 / BATCHES as u64),
        batches_ns: [0; BATCHES],
    };
    let until = case.warm_up + case.span;
    world.run(until, u64::MAX, &mut meter);
    meter.at(until);
    let span = case.span.0 as f64;
    Seen {
        interval: meter.interval(),
        wait_s: meter.wait_ns as f64 / 1e9 / meter.served as f64,
        waiting: meter.waiting_ns as f64 / span,
        utilization: meter.busy_ns as f64 / span / f64::from(case.workers),
        loss: meter.lost as f64 / (meter.lost + meter.served) as f64,
    }
}

/// How many standard errors the mean of independent runs is from what theory says.
fn off(seen: &[Seen], of: impl Fn(&Seen) -> f64, theory: f64) -> f64 {
    z(&seen.iter().map(of).collect::<Vec<_>>(), theory)
}

fn all(seen: &[Seen], theory: &Steady) -> [f64; 3] {
    [
        off(seen, |it| it.wait_s, theory.wait_s),
        off(seen, |it| it.waiting, theory.waiting),
        off(seen, |it| it.utilization, theory.utilization),
    ]
}

/// Intervals for the queue length hold what theory says, and less often what it says of a load 5 %
/// higher.
#[track_caller]
fn check_intervals(case: Case, seen: &[Seen], theory: impl Fn(Load) -> Option<Steady>) {
    let waiting = |off: f64| {
        let arrivals_per_s = case.theory().arrivals_per_s * off;
        let steady = theory(Load { arrivals_per_s, ..case.theory() });
        steady.map_or(f64::INFINITY, |it| it.waiting)
    };
    let intervals: Vec<_> = seen.iter().map(|it| it.interval).collect();
    check_covered("queue length", &intervals, waiting(1.0), waiting(1.05));
}

/// Runs the case and holds it against a closed form, the right one and one told a rate 3 % higher.
#[track_caller]
fn check(case: Case, theory: impl Fn(Load) -> Option<Steady>) {
    let seen: Vec<_> = (1..=RUNS).map(|seed| run(case, seed)).collect();
    check_intervals(case, &seen, &theory);
    let right = all(&seen, &theory(case.theory()).expect("a steady state"));
    let words = "z of wait, queue length and utilisation";
    assert!(right.iter().all(|it| it.abs() < Z_MAX), "{words}: {right:?}");
    let arrivals_per_s = case.theory().arrivals_per_s * 1.03;
    let wrong = theory(Load { arrivals_per_s, ..case.theory() }).expect("a steady state");
    let wrong = all(&seen, &wrong);
    assert!(wrong.iter().all(|it| it.abs() >= Z_MAX), "3 % off is not noticed; {words}: {wrong:?}");
    println!("load {}, {} workers; {words}: {right:.2?}, 3 % off: {wrong:.0?}", case.load, {
        case.workers
    });
}

#[test]
fn mm1_half_loaded() {
    check(Case::new(0.5, 1, 5, 80), queueing::mm1);
}

#[test]
fn mm1_at_eighty_percent() {
    check(Case::new(0.8, 1, 10, 80), queueing::mm1);
}

/// Close to saturation everything is slow. The empty start is forgotten with a time constant of
/// 1 / μ (1 − √ρ)² = 1.6 s (Kleinrock, vol. 2, section 2.9 gives the relaxation time as of this
/// order), so that after 20 s its bias is e^−12 of L = 19. Whitt's formula says how exact runs of
/// 200 s are: a standard error of 1.7 of 19 each, 1.7 % for thirty together, which the test checks.
#[test]
fn mm1_near_saturation() {
    let case = Case::new(0.95, 1, 20, 200);
    let error = queueing::mm1_present_error(case.theory(), case.span.as_seconds());
    assert!(error.expect("a steady state") / 30f64.sqrt() < 0.017 * 19.0);
    check(case, queueing::mm1);
}

#[test]
fn mmc_with_four_workers() {
    check(Case::new(0.8, 4, 5, 25), |it| queueing::mmc(it, 4));
}

/// Where a request does not hold its worker, the line is for work instead of for requests: without
/// calls to others, the same queue.
#[test]
fn mmc_is_the_same_without_holding() {
    check(Case { hold: false, ..Case::new(0.8, 4, 5, 25) }, |it| queueing::mmc(it, 4));
}

#[test]
fn md1_waits_half_as_long() {
    check(Case { work: Shape::Constant, ..Case::new(0.8, 1, 5, 60) }, queueing::md1);
}

/// Room for five in all: what finds no place is lost.
#[test]
fn mm1k_loses_what_it_should() {
    let case = Case { queue: 4, ..Case::new(0.8, 1, 2, 60) };
    check_losses(case, 5);
}

/// Three workers and room for five more, at all loads: M/M/3/8.
#[test]
fn mmck_loses_what_it_should() {
    for load in [0.6, 0.9, 1.4] {
        check_losses(Case { queue: 5, ..Case::new(load, 3, 2, 25) }, 8);
    }
}

#[track_caller]
fn check_losses(case: Case, places: u32) {
    let formula = |load| Some(queueing::mmck(load, case.workers, places));
    let seen: Vec<_> = (1..=RUNS).map(|seed| run(case, seed)).collect();
    check_intervals(case, &seen, formula);
    let theory = queueing::mmck(case.theory(), case.workers, places);
    let loss = |theory: Steady| off(&seen, |it| it.loss, theory.loss_chance);
    assert!(loss(theory).abs() < Z_MAX, "loss: z = {}", loss(theory));
    let waits = all(&seen, &theory);
    assert!(waits.iter().all(|it| it.abs() < Z_MAX), "{waits:?}");
    let wrong = queueing::mmck(case.theory(), case.workers, places + 1);
    assert!(loss(wrong).abs() >= Z_MAX, "one place more or less is noticed");
    println!(
        "load {}: loss {:.4}, z {:.2}; {waits:.2?}",
        case.load,
        theory.loss_chance,
        loss(theory)
    );
}
