//! Capacity: lines kept in every way, shedding, work of every shape, wasted work; against closed
//! forms. Seeds 1 to 30, fixed beforehand; pooled |z| < 4, and 80 to 100 % of the 95 % intervals hold
//! what Pollaczek and Khinchine say.

use crate::common::*;
use ringside::algorithm::queueing::{self, Load};
use ringside::base::measured::Measured;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share};
use ringside::component::client::{Class, ClientParams};
use ringside::component::service::{Discipline, ServiceParams, Shed};
use ringside::component::{Registry, Spec};
use ringside::document::Design;
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};
use ringside::session::protocol::Which;
use ringside::session::run::Run;
use ringside::session::{chart, figures};

const RUNS: u64 = 30;

/// Waits at the service by class, and how its calls ended.
#[derive(Default)]
struct Waits {
    member: u32,
    waits_s: Vec<Vec<f64>>,
    lost: Vec<u64>,
    wasted: Nanos,
}

impl Watch<Registry> for Waits {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, _: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            match *note {
                Note::Ended { member, request, outcome, arrived, started, .. }
                    if member == self.member && arrived >= Nanos::seconds(5) =>
                {
                    let class = usize::from(request.class);
                    match (outcome, started) {
                        (Outcome::Ok, Some(it)) => {
                            self.waits_s[class].push((it - arrived).as_seconds());
                        }
                        _ => self.lost[class] += 1,
                    }
                }
                Note::Wasted { member, span } if member == self.member => {
                    self.wasted = self.wasted.saturating_add(span);
                }
                _ => {}
            }
        }
    }
}

/// Two classes, the second as often as the first and more important, at one worker.
fn design_of(rate: f64, change: impl FnOnce(&mut ServiceParams)) -> Design {
    let mut it = design();
    let class = |name: &str, priority| Class { name: name.into(), priority, ..Class::default() };
    let classes = vec![class("low", 0), class("high", 7)];
    let people =
        ClientParams { rate: Rate(rate), classes, keys: 1, timeout: FOREVER, ..Default::default() };
    add(&mut it, "people", Spec::Client(people));
    let mut service = ServiceParams {
        instances: 1,
        workers: 1,
        queue: 1_000_000,
        work: Nanos::millis(1),
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    change(&mut service);
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", instant());
    it
}

/// The first class only.
fn one_class(design: &mut Design) {
    if let Some(Spec::Client(it)) = design.components.get_mut("people").map(|it| &mut it.spec) {
        it.classes.truncate(1);
    }
}

fn runs(design: &Design, until: Nanos) -> Vec<Waits> {
    let run = |seed| {
        let mut world = start(design, seed);
        let member = slots(&world, "service")[0];
        let (waits_s, lost) = (vec![Vec::new(); 2], vec![0; 2]);
        let mut waits = Waits { member, waits_s, lost, wasted: Nanos::ZERO };
        world.run(until, u64::MAX, &mut waits);
        waits
    };
    (1..=RUNS).map(run).collect()
}

/// Cobham, "Priority assignment in waiting line problems", Operations Research 2(1), 1954: with the
/// mean residual work W₀ = λ E[S²] / 2, class k of those served before and up to it, with loads σ,
/// waits W₀ / (1 − σ before) (1 − σ up to it). Nobody is interrupted.
#[test]
fn priorities_wait_as_cobham_says() {
    let design = design_of(800.0, |it| it.discipline = Discipline::Priority);
    let runs = runs(&design, Nanos::seconds(85));
    let of = |class: usize| runs.iter().map(|it| mean(&it.waits_s[class])).collect::<Vec<_>>();
    let residual_s = 800.0 * 2e-6 / 2.0;
    check("low", &of(0), residual_s / ((1.0 - 0.4) * (1.0 - 0.8)), 0.05);
    check("high", &of(1), residual_s / (1.0 - 0.4), 0.05);
}

/// Who is next does not change the mean wait as long as it does not go by the length of the work
/// (Kleinrock, vol. 2, section 3.4: the conservation law); last come, first served spreads it. For
/// M/M/1: E[W²] = 2ρ / (μ − λ)² in order, and that over (1 − ρ) in reverse (Takács, "Delay
/// distributions for one line", Management Science 9(2), 1963).
#[test]
fn last_come_first_served_has_the_same_mean_and_a_wider_spread() {
    let second = |runs: &[Waits]| -> Vec<f64> {
        let squares = |it: &Waits| {
            let all: Vec<f64> = it.waits_s.iter().flatten().map(|it| it * it).collect();
            mean(&all)
        };
        runs.iter().map(squares).collect()
    };
    let load = Load { arrivals_per_s: 600.0, services_per_s: 1_000.0 };
    let wait_s = queueing::mm1(load).unwrap().wait_s;
    for (discipline, square) in
        [(Discipline::Fifo, 2.0 * 0.6 / 160_000.0), (Discipline::Lifo, 2.0 * 0.6 / 64_000.0)]
    {
        let runs = runs(&design_of(600.0, |it| it.discipline = discipline), Nanos::seconds(125));
        let means: Vec<f64> = runs.iter().map(|it| mean(&it.waits_s.concat())).collect();
        check("mean wait", &means, wait_s, 0.05);
        check("mean square of waits", &second(&runs), square, 0.3);
    }
}

/// Several workers and no line: Erlang's B, whatever the work's shape (Sevast'yanov, 1957).
#[test]
fn losses_are_erlangs() {
    for shape in [Shape::Exponential, Shape::Constant, Shape::LogNormal] {
        let design = design_of(3_000.0, |it| {
            (it.workers, it.queue, it.work_shape) = (4, 0, shape);
        });
        let loss = |it: &Waits| {
            let (lost, served) = (it.lost.iter().sum::<u64>(), it.waits_s.concat().len() as u64);
            lost as f64 / (lost + served) as f64
        };
        let losses: Vec<_> = runs(&design, Nanos::seconds(20)).iter().map(loss).collect();
        check("loss", &losses, queueing::erlang_b(3.0, 4), 0.03);
    }
}

/// Pollaczek and Khinchine: only mean and variation of the work count.
#[test]
fn waits_go_by_the_variation_of_work() {
    let log_normal = |sigma: f64| libm::exp(sigma * sigma) - 1.0;
    // 0.5 ms three times in four, 2.5 ms else: mean 1 ms, E[S²] = 1.75.
    let two = Measured::read("500us: 3, 2500us: 1").unwrap();
    let cases = [
        (Shape::Constant, 0.5, Measured::default(), 0.0),
        (Shape::Uniform, 0.5, Measured::default(), 1.0 / 3.0),
        (Shape::LogNormal, 0.5, Measured::default(), log_normal(0.5)),
        (Shape::LogNormal, 1.0, Measured::default(), log_normal(1.0)),
        (Shape::Constant, 0.5, two, 0.75),
    ];
    for (shape, sigma, times, variation) in cases {
        // Twice the work on processors twice as fast.
        let fast = times.is_empty();
        let mut design = design_of(600.0, |it| {
            (it.work_shape, it.work_sigma, it.work_times) = (shape, sigma, times);
            if fast {
                (it.speed, it.work) = (2.0, Nanos::millis(2));
            }
        });
        one_class(&mut design);
        let wait_s = |off: f64| {
            let load = Load { arrivals_per_s: 600.0 * off, services_per_s: 1_000.0 };
            queueing::mg1(load, variation).unwrap().wait_s
        };
        let runs = runs(&design, Nanos::seconds(125));
        let means: Vec<f64> = runs.iter().map(|it| mean(&it.waits_s[0])).collect();
        check("wait", &means, wait_s(1.0), 0.07);
        // They end in the order in which they came.
        let intervals: Vec<_> = runs.iter().map(|it| interval(&batches(&it.waits_s[0]))).collect();
        check_covered("wait", &intervals, wait_s(1.0), wait_s(1.05));
    }
}

/// Shed from half of a line of 10 on, the least important see M/M/1 with room for 6; with one class
/// only, that is all there is.
#[test]
fn shedding_by_line_is_a_shorter_line() {
    let mut design = design_of(900.0, |it| {
        (it.queue, it.shed, it.shed_from) = (10, Shed::Line, Share(0.5));
    });
    one_class(&mut design);
    let loss = |it: &Waits| it.lost[0] as f64 / (it.lost[0] as f64 + it.waits_s[0].len() as f64);
    let losses: Vec<_> = runs(&design, Nanos::seconds(65)).iter().map(loss).collect();
    let load = Load { arrivals_per_s: 900.0, services_per_s: 1_000.0 };
    check("loss", &losses, queueing::mmck(load, 1, 6).loss_chance, 0.05);
}

/// Overloaded by half, by people who do not slow down: CoDel drops 10 √n times a second, so by t s
/// 25 t² are gone, and after 10 s it drops as much as is too much; without it, waits grow on. The
/// important are let through where the load is shed by utilisation.
#[test]
fn overload_is_kept_in_bounds() {
    let codel = design_of(1_500.0, |it| it.discipline = Discipline::Codel);
    let plain = design_of(1_500.0, |_| {});
    let all = |it: &Waits| mean(&it.waits_s.concat());
    let (codel, plain) = (runs(&codel, Nanos::seconds(15)), runs(&plain, Nanos::seconds(15)));
    for (codel, plain) in codel.iter().zip(&plain) {
        assert!(all(codel) < 0.75 * all(plain), "{} {}", all(codel), all(plain));
        assert!(codel.lost.iter().sum::<u64>() > 3_000);
    }
    let shed = design_of(1_500.0, |it| {
        (it.queue, it.shed, it.shed_from) = (500, Shed::Utilization, Share(0.8));
    });
    for it in runs(&shed, Nanos::seconds(15)) {
        let share = |class: usize| {
            it.lost[class] as f64 / (it.lost[class] + it.waits_s[class].len() as u64) as f64
        };
        assert!(share(1) < 0.01 && share(0) > 0.4, "{} {}", share(0), share(1));
    }
}

/// The caller leaves after 30 ms of 100 ms of work, once a second: 70 ms of each are for nobody.
#[test]
fn work_for_nobody_is_counted() {
    let mut design = design_of(1.0, |it| {
        (it.work, it.work_shape, it.workers) = (Nanos::millis(100), Shape::Constant, 10);
    });
    if let Some(Spec::Client(it)) = design.components.get_mut("people").map(|it| &mut it.spec) {
        it.arrivals = ringside::component::client::Arrivals::Constant;
        it.timeout = Nanos::millis(30);
    }
    let seen = runs(&design, Nanos::millis(10_500));
    assert!(seen.iter().all(|it| it.wasted == Nanos::millis(700)), "{}", seen[0].wasted);
    // As the page shows it: 70 ms a second of one of ten workers, in figures and in the chart.
    let mut run = Run::open(design, 1, Nanos::ZERO, Vec::new()).expect("it compiles");
    run.advance(Nanos::millis(10_500), u64::MAX);
    let slot = run.head.world.blueprint().component("service").expect("it is there");
    let figures = figures::figures(&run).components[slot as usize].clone();
    assert!((figures.wasted - 0.007).abs() < 1e-6, "{}", figures.wasted);
    let chart = chart::chart(&run, slot, Which::Work);
    let last = chart.points.last().expect("a window has closed");
    let near = |seen: f64, expected: f64| (seen - expected).abs() < 1e-6;
    // Held, at work, for nothing: it calls nobody, so that whoever holds a worker has it work.
    let expected = [0.01, 0.01, 0.007];
    assert!(last.values.iter().zip(expected).all(|it| near(*it.0, it.1)), "{:?}", last.values);
}

/// Ten requests a second, each with 20 ms of work and a call that takes 52 ms: by Little, 0.2 workers are
/// at work and 0.72 held. Where work comes twice as fast as it is done and five may wait, five do but for
/// at most 100 of the 200 ms after each turn, when four do.
#[test]
fn charts_of_workers_and_lines_show_who_is_held_and_who_waits() {
    let mut design = design();
    let people = ClientParams {
        rate: Rate(10.0),
        arrivals: ringside::component::client::Arrivals::Constant,
        timeout: FOREVER,
        ..ClientParams::default()
    };
    add(&mut design, "people", Spec::Client(people.clone()));
    add(&mut design, "others", Spec::Client(people));
    let station = |workers, work_ms, queue| {
        let (work, work_shape) = (Nanos::millis(work_ms), Shape::Constant);
        let it = ServiceParams { instances: 1, workers, work, queue, ..Default::default() };
        Spec::Service(ServiceParams { work_shape, hold_worker: true, ..it })
    };
    add(&mut design, "desk", station(4, 20, 100));
    add(&mut design, "away", station(9, 50, 100));
    add(&mut design, "slow", station(1, 200, 5));
    wire(&mut design, "people", "desk", instant());
    wire(&mut design, "others", "slow", instant());
    wire(&mut design, "desk", "away", steady(Nanos::MILLISECOND));
    let mut run = Run::open(design, 1, Nanos::ZERO, Vec::new()).expect("it compiles");
    run.advance(Nanos::millis(20_500), u64::MAX);
    let last = |id: &str, which| {
        let slot = run.head.world.blueprint().component(id).expect("it is there");
        let chart = chart::chart(&run, slot, which);
        assert_eq!(chart.lines.len(), chart.points[0].values.len());
        chart.points.last().expect("a window has closed").values.clone()
    };
    let work = last("desk", Which::Work);
    for (seen, expected) in work.iter().zip([0.72 / 4.0, 0.2 / 4.0, 0.0]) {
        assert!((seen - expected).abs() < 1e-4, "{work:?}");
    }
    let line = last("slow", Which::Queue);
    assert!(line.len() == 1 && (4.5..=5.0).contains(&line[0]), "{line:?}");
    assert_eq!(last("desk", Which::Queue), [0.0]);
}

/// After more than five minutes there are points for twelve seconds each up to where those of a second
/// begin, with nothing between them and nothing twice, and all of them are per second.
#[test]
fn charts_go_back_further_than_they_are_fine() {
    let mut design = design();
    let (rate, arrivals) = (Rate(10.0), ringside::component::client::Arrivals::Constant);
    let people = ClientParams { rate, arrivals, timeout: FOREVER, ..ClientParams::default() };
    add(&mut design, "people", Spec::Client(people));
    let (work, work_shape) = (Nanos::millis(5), Shape::Constant);
    add(
        &mut design,
        "desk",
        Spec::Service(ServiceParams { work, work_shape, ..Default::default() }),
    );
    wire(&mut design, "people", "desk", instant());
    let mut run = Run::open(design, 1, Nanos::ZERO, Vec::new()).expect("it compiles");
    let mut seen = |until_s: u64| {
        let left = Nanos::seconds(until_s).saturating_sub(run.head.world.now());
        run.advance(left, u64::MAX);
        let slot = run.head.world.blueprint().component("desk").expect("it is there");
        (chart::chart(&run, slot, Which::Throughput), chart::chart(&run, slot, Which::Work))
    };
    for (until_s, coarse_s) in [(299, 0), (300, 0), (301, 12), (311, 12), (313, 24), (405, 108)] {
        let (throughput, work) = seen(until_s);
        let ends: Vec<u64> = throughput.points.iter().map(|it| it.at.0 / 1_000_000_000).collect();
        let expected: Vec<u64> =
            (1..=coarse_s / 12).map(|it| it * 12).chain(coarse_s + 1..=until_s).collect();
        assert_eq!(ends, expected, "after {until_s} s");
        assert_eq!(throughput.coarse_until, Nanos::seconds(coarse_s));
        for (rates, shares) in throughput.points.iter().zip(&work.points).skip(1) {
            assert_eq!(rates.at, shares.at);
            let long = if rates.at <= throughput.coarse_until { 12 } else { 1 };
            assert_eq!(throughput.window_at(rates.at), Nanos::seconds(long));
            // Offered, ended, ended well; a client asks for one every 100 ms, give or take one at the edges.
            let near = |it: &f64| (it - 10.0).abs() <= 1.0 / long as f64;
            assert!(rates.values.iter().all(near), "{rates:?}");
        }
    }
}

/// Every way to keep a line, changed while it is full: the books balance, and a replay is the same.
#[test]
fn lines_can_be_kept_otherwise_while_people_wait() {
    let all = Discipline::ALL;
    for (at, first) in all.iter().enumerate() {
        let mut live = Live::new(&design_of(1_200.0, |it| it.discipline = *first), 3 + at as u64);
        for step in 1..12 {
            live.run_for(Nanos::millis(170));
            live.audit.check_conservation(&live.world);
            check_desks(&live.world, true);
            live.edit(|it| {
                if let Some(Spec::Service(it)) =
                    it.components.get_mut("service").map(|it| &mut it.spec)
                {
                    it.discipline = all[(at + step) % all.len()];
                    it.hold_worker = step % 3 > 0;
                    it.shed = Shed::ALL[step % 3];
                }
            });
        }
        live.audit.check_little(live.world.now());
        live.check_replay();
    }
}
