//! Live theory: of components that satisfy the assumptions, 95 % of runs lie in the band; of others
//! it is said which assumption fails. Of 300 seeds, 94 to 96 % of every case did. Here, 30 seeds
//! fixed beforehand: of each figure at least 80 % in every case, and at least 90 % in all cases
//! together.

use crate::common::*;
use ringside::algorithm::balancing::Rule;
use ringside::base::english::TextId;
use ringside::base::measured::Measured;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share};
use ringside::component::Spec;
use ringside::component::client::{Arrivals, Class, ClientParams, Does};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::document::{Design, WireParams};
use ringside::engine::fault::{Fault, Ways};
use ringside::session::protocol::{Input, Model, Theory};
use ringside::session::run::Run;
use ringside::session::theory::theory;

const SEEDS: u64 = 30;
/// Of 30 that lie inside with a chance of 95 % each, fewer do once in 1,700 times (binomial).
const INSIDE_MIN: usize = 24;
/// Of 210, on average 199.5 with a standard deviation of 3.2: fewer do once in 500 times.
const TOGETHER_MIN: usize = 190;

/// Requests per second, workers, places to wait, shape of the work of 5 ms.
#[derive(Clone, Copy, Debug)]
struct Case {
    per_second: f64,
    workers: u32,
    queue: u32,
    shape: Shape,
    /// In place of the shape: as measured.
    measured: &'static str,
}

fn station(case: Case) -> Design {
    let mut it = design();
    let people = ClientParams {
        rate: Rate(case.per_second),
        timeout: FOREVER,
        classes: vec![Class::default()],
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams {
        instances: 1,
        workers: case.workers,
        queue: case.queue,
        work: Nanos::millis(5),
        work_shape: case.shape,
        work_times: Measured::read(case.measured).expect("it is right"),
        ..ServiceParams::default()
    };
    add(&mut it, "books", Spec::Service(service));
    wire(&mut it, "people", "books", WireParams { timeout: FOREVER, ..WireParams::default() });
    it
}

fn told(design: &Design, seed: u64, seconds: u64) -> Theory {
    let warmup = Nanos::seconds(20);
    let mut run = Run::open(design.clone(), seed, warmup, Vec::new()).expect("it compiles");
    run.advance(Nanos::seconds(seconds), u64::MAX);
    theory(&run, "books").expect("it serves")
}

fn check_bands(case: Case, model: Model, seconds: u64) -> [usize; 3] {
    let mut inside = [0; 3];
    let mut wrong = [0; 3];
    for seed in 1..=SEEDS {
        let theory = told(&station(case), seed, seconds);
        assert_eq!(theory.fails, [], "{case:?}");
        let it = theory.prediction.expect("a closed form");
        assert_eq!((it.model, it.span), (model, Nanos::seconds(seconds)));
        let figures = [it.utilization, it.waiting, it.stay_s];
        for (at, figure) in figures.iter().enumerate() {
            inside[at] += usize::from(figure.holds());
            // The band means something: it would not hold a system of a load 10 % higher.
            assert!(figure.band.1 < 4.0 * figure.predicted, "{case:?}: {figure:?}");
        }
        // What is seen of a load 15 % higher does not lie in this one's bands.
        let higher = Case { per_second: case.per_second * 1.15, ..case };
        if seed <= 5 {
            let other = told(&station(higher), seed, seconds).prediction.expect("a closed form");
            let seen = [other.utilization, other.waiting, other.stay_s].map(|it| it.seen);
            for (at, (figure, seen)) in figures.iter().zip(seen).enumerate() {
                wrong[at] += usize::from(seen <= figure.band.1);
            }
        }
    }
    println!("{case:?}: {inside:?} of {SEEDS} inside; with 15 % more {wrong:?} of 5");
    assert!(inside.iter().all(|it| *it >= INSIDE_MIN), "{case:?}: {inside:?} of {SEEDS}");
    assert!(wrong[0] == 0 && wrong[1] <= 2, "{case:?}: the bands notice 15 % more: {wrong:?}");
    inside
}

#[test]
fn bands_hold() {
    let case = |per_second, workers, queue, shape| Case {
        per_second,
        workers,
        queue,
        shape,
        measured: "",
    };
    // 5 ms on average, with a squared coefficient of variation of 1.08.
    let measured = Case { measured: "2ms: 3, 14ms: 1", ..case(130.0, 1, 10_000, Shape::Constant) };
    let cases = [
        (case(120.0, 1, 1_000_000, Shape::Exponential), Model::Mm1, 120),
        (case(600.0, 4, 1_000_000, Shape::Exponential), Model::Mmc, 60),
        (case(440.0, 2, 6, Shape::Exponential), Model::Mmck, 60),
        (case(130.0, 1, 10_000, Shape::Constant), Model::Md1, 120),
        (case(130.0, 1, 10_000, Shape::LogNormal), Model::Mg1, 120),
        (case(130.0, 1, 10_000, Shape::Uniform), Model::Mg1, 120),
        (measured, Model::Mg1, 120),
    ];
    let inside = std::thread::scope(|scope| {
        let run = |it: (Case, Model, u64)| scope.spawn(move || check_bands(it.0, it.1, it.2));
        cases.map(run).map(|it| it.join().expect("every case holds by itself"))
    });
    for at in 0..3 {
        let together: usize = inside.iter().map(|it| it[at]).sum();
        assert!(together >= TOGETHER_MIN, "{inside:?} of {SEEDS} each");
    }
}

/// The tail of Pareto work (alpha 2.2) has no third moment: the means are known, the bands are not.
#[test]
fn work_with_a_heavy_tail_has_no_band() {
    let (per_second, workers, queue) = (40.0, 1, 1_000_000);
    let case = Case { per_second, workers, queue, shape: Shape::Pareto, measured: "" };
    let it = told(&station(case), 1, 200).prediction.expect("Pollaczek–Khinchine");
    assert_eq!((it.model, it.stay_s.band.1), (Model::Mg1, f64::INFINITY));
    assert!(it.stay_s.predicted.is_finite());
}

fn spec<'a>(design: &'a mut Design, id: &str) -> &'a mut Spec {
    &mut design.components.get_mut(id).expect("it is there").spec
}

fn calm() -> Design {
    let (per_second, workers, queue) = (100.0, 1, 10_000);
    station(Case { per_second, workers, queue, shape: Shape::Exponential, measured: "" })
}

#[track_caller]
fn check_fails(design: &Design, expected: TextId) {
    let theory = told(design, 1, 40);
    assert!(theory.prediction.is_none(), "{theory:?}");
    assert_eq!(theory.fails.iter().map(|it| it.id).collect::<Vec<_>>(), [expected]);
}

#[test]
fn it_is_said_which_assumption_fails() {
    let with = |change: &dyn Fn(&mut Design)| {
        let mut it = calm();
        change(&mut it);
        it
    };
    let client = |change: fn(&mut ClientParams)| {
        with(&|it| match spec(it, "people") {
            Spec::Client(it) => change(it),
            _ => unreachable!(),
        })
    };
    let service = |change: fn(&mut ServiceParams)| {
        with(&|it| match spec(it, "books") {
            Spec::Service(it) => change(it),
            _ => unreachable!(),
        })
    };
    check_fails(&client(|it| it.arrivals = Arrivals::Constant), TextId::NotPoisson);
    check_fails(&client(|it| it.rate = Rate(0.0)), TextId::NobodyCalls);
    check_fails(&client(|it| it.classes[0].weight = 0), TextId::NobodyCalls);
    let many =
        |shape| Case { per_second: 210.0, workers: 1, queue: 1_000_000, shape, measured: "" };
    check_fails(&station(many(Shape::Exponential)), TextId::Overload);
    check_fails(&station(many(Shape::Constant)), TextId::Overload);
    check_fails(&service(|it| it.instances = 2), TextId::Turns);
    check_fails(&service(|it| it.work = Nanos::ZERO), TextId::NoWork);
    let several = service(|it| (it.workers, it.work_shape) = (2, Shape::Constant));
    check_fails(&several, TextId::NoFormula);
    let bounded = service(|it| (it.queue, it.work_shape) = (2, Shape::Constant));
    check_fails(&bounded, TextId::Bounded);
    let waits = with(&|it| {
        add(it, "reviews", Spec::Service(ServiceParams::default()));
        wire(it, "books", "reviews", WireParams::default());
    });
    check_fails(&waits, TextId::WaitsFor);
    // Settings of wires that make arrivals depend on each other or on answers.
    let wire_of = |change: fn(&mut WireParams)| {
        with(&|it| change(&mut it.wires.get_mut("people-books").expect("there").settings))
    };
    check_fails(&wire_of(|it| it.pool = 3), TextId::WaitsToConnect);
    check_fails(&wire_of(|it| it.bandwidth = 10.0), TextId::NarrowWire);
    check_fails(&wire_of(|it| it.hedge_after = Nanos::millis(50)), TextId::Hedges);
    let mut again = wire_of(|it| it.timeout = Nanos::millis(10));
    if let Spec::Client(it) = spec(&mut again, "people") {
        (it.timeout, it.retries) = (Nanos::millis(10), 1);
    }
    check_fails(&again, TextId::TriesAgain);
    // What comes out of a line is not what went in.
    let line = with(&|it| {
        let workers = 1;
        let lb = LoadBalancerParams { workers, work: Nanos::millis(4), ..Default::default() };
        add(it, "lb", Spec::LoadBalancer(lb));
        it.wires.clear();
        wire(it, "people", "lb", instant());
        wire(it, "lb", "books", instant());
    });
    check_fails(&line, TextId::Dependent);
}

#[test]
fn a_fault_or_a_short_run_is_no_ground_to_compare_on() {
    let warmup = Nanos::seconds(5);
    let mut run = Run::open(calm(), 1, warmup, Vec::new()).expect("it compiles");
    run.advance(Nanos::seconds(3), u64::MAX);
    let ids = |run: &Run| -> Vec<TextId> {
        theory(run, "books").expect("it serves").fails.iter().map(|it| it.id).collect()
    };
    assert_eq!(ids(&run), [TextId::TooShort]);
    run.advance(Nanos::seconds(60), u64::MAX);
    assert_eq!(ids(&run), []);
    let slow = Fault::Slow { target: target("books"), factor: 1.5 };
    run.act(Input::Fault(slow)).expect("it compiles");
    run.advance(Nanos::seconds(60), u64::MAX);
    assert!(ids(&run).contains(&TextId::NotHealthy));
    // Before, it was as it was.
    run.seek(Nanos::seconds(60));
    assert_eq!(ids(&run), []);
}

/// Those that stand by serve nobody while another is up: they are no server of the model. Once a regular
/// member is down, the model is another one.
#[test]
fn who_stands_by_does_not_count() {
    for (instances, standby, rule) in
        [(2, 1, Rule::Random), (2, 1, Rule::RoundRobin), (3, 1, Rule::Random)]
    {
        let members = instances - standby;
        let mut inside = [0; 3];
        let mut design = calm();
        if let Spec::Service(it) = spec(&mut design, "books") {
            (it.instances, it.standby) = (instances, standby);
        }
        if let Spec::Client(it) = spec(&mut design, "people") {
            it.rate = Rate(120.0 * f64::from(members));
        }
        design.wires.get_mut("people-books").expect("there").settings.rule = rule;
        for seed in 1..=SEEDS {
            let theory = told(&design, seed, 60);
            assert_eq!(theory.fails, []);
            let it = theory.prediction.expect("a closed form");
            assert_eq!((it.model, it.members), (Model::Mm1, members));
            assert!((it.utilization.predicted - 0.6).abs() < 1e-9, "{it:?}");
            for (at, figure) in [it.utilization, it.waiting, it.stay_s].iter().enumerate() {
                inside[at] += usize::from(figure.holds());
            }
        }
        assert!(inside.iter().all(|it| *it >= INSIDE_MIN), "{inside:?} of {SEEDS}");
        let mut run = Run::open(design, 1, Nanos::seconds(5), Vec::new()).expect("it compiles");
        run.advance(Nanos::seconds(60), u64::MAX);
        run.act(Input::Fault(Fault::Crash(target("books/0")))).expect("a fault compiles");
        run.advance(Nanos::seconds(60), u64::MAX);
        let fails = theory(&run, "books").expect("it serves").fails;
        assert!(fails.iter().any(|it| it.id == TextId::NotHealthy), "{fails:?}");
    }
}

/// Nor is a model that counts on calls which do not come: from callers that are down, or cannot be heard.
#[test]
fn callers_who_are_down_or_parted_are_no_ground_to_compare_on() {
    let faults = [
        Fault::Crash(target("people")),
        cut("a", &["people"], &["books"], Ways::Forth),
        cut("a", &["books"], &["people"], Ways::Forth),
    ];
    for fault in faults {
        let mut run = Run::open(calm(), 1, Nanos::seconds(5), Vec::new()).expect("it compiles");
        run.advance(Nanos::seconds(63), u64::MAX);
        let ids = |run: &Run| -> Vec<TextId> {
            theory(run, "books").expect("it serves").fails.iter().map(|it| it.id).collect()
        };
        assert_eq!(ids(&run), []);
        run.act(Input::Fault(fault.clone())).expect("a fault compiles");
        run.advance(Nanos::seconds(90), u64::MAX);
        assert!(ids(&run).contains(&TextId::NotHealthy), "{fault:?}: {:?}", ids(&run));
    }
}

/// Messages that get lost come later, independently of each other: Poisson arrivals stay so
/// (Kleinrock, vol. 1, section 2.4), and the line is the same.
#[test]
fn loss_on_the_way_leaves_the_line_as_it_is() {
    let mut inside = [0; 3];
    for seed in 1..=SEEDS {
        let mut it = calm();
        it.wires.get_mut("people-books").expect("there").settings.loss = Share(0.05);
        let theory = told(&it, seed, 60);
        assert_eq!(theory.fails, []);
        let it = theory.prediction.expect("a closed form");
        for (at, figure) in [it.utilization, it.waiting, it.stay_s].iter().enumerate() {
            inside[at] += usize::from(figure.holds());
        }
    }
    assert!(inside.iter().all(|it| *it >= INSIDE_MIN), "{inside:?} of {SEEDS}");
}

/// Chance among members, a balancer nobody waits in, two kinds of request: Poisson stays Poisson,
/// and the work is a mixture.
#[test]
fn thinned_by_chance_and_passed_on_at_once_it_is_still_poisson() {
    let mut inside = [0; 3];
    for seed in 1..=SEEDS {
        let mut it = calm();
        if let Spec::Client(it) = spec(&mut it, "people") {
            let class = |name: &str, weight, does| Class {
                name: name.into(),
                weight,
                does,
                ..Class::default()
            };
            it.classes = vec![class("browse", 3, Does::Read), class("buy", 1, Does::Write)];
            it.rate = Rate(240.0);
        }
        if let Spec::Service(it) = spec(&mut it, "books") {
            it.instances = 2;
        }
        let rule = Rule::Random;
        add(&mut it, "lb", Spec::LoadBalancer(LoadBalancerParams { rule, ..Default::default() }));
        it.wires.clear();
        wire(&mut it, "people", "lb", WireParams { timeout: FOREVER, ..Default::default() });
        wire(&mut it, "lb", "books", WireParams { timeout: FOREVER, ..Default::default() });
        let theory = told(&it, seed, 100);
        assert_eq!(theory.fails, []);
        let it = theory.prediction.expect("a closed form");
        assert_eq!((it.model, it.members, it.arrivals_per_s), (Model::Mm1, 2, 240.0));
        for (at, figure) in [it.utilization, it.waiting, it.stay_s].iter().enumerate() {
            inside[at] += usize::from(figure.holds());
        }
    }
    assert!(inside.iter().all(|it| *it >= INSIDE_MIN), "{inside:?} of {SEEDS}");
}
