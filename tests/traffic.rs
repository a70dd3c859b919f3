//! Loads: what comes in is what was asked for. Arrival processes against their closed forms (mean
//! rate and index of dispersion), closed loops against the machine-repair model, recordings row by
//! row, edits and faults while they run. Seeds 1 to 30, fixed beforehand; pooled |z| < 4, and for
//! closed loops 80 to 100 % of the 95 % intervals hold what theory says.

use crate::common::*;
use ringside::algorithm::traffic::recording::Recording;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share};
use ringside::component::client::{Arrivals, Class, ClientParams, Course, Does, Load, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::{Registry, Spec};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Target};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Request};

const RUNS: u64 = 30;

/// Every request that clients begin, with its time.
#[derive(Default)]
struct Begun(Vec<(Nanos, Request)>);

impl Watch<Registry> for Begun {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            if let Note::Offered { request, own: true, .. } = note {
                self.0.push((at, *request));
            }
        }
    }
}

impl Begun {
    /// Requests in each of the stretches of this length.
    fn counts(&self, stretch: Nanos, until: Nanos) -> Vec<f64> {
        let mut counts = vec![0.0; (until.0 / stretch.0) as usize];
        for (at, _) in &self.0 {
            if let Some(it) = counts.get_mut((at.0 / stretch.0) as usize) {
                *it += 1.0;
            }
        }
        counts
    }
}

/// A client that asks nobody: what it begins ends at once.
fn alone(params: ClientParams) -> Design {
    let mut it = design();
    add(&mut it, "people", Spec::Client(params));
    it
}

fn run(design: &Design, seed: u64, until: Nanos) -> Begun {
    let (mut world, mut begun) = (start(design, seed), Begun::default());
    world.run(until, u64::MAX, &mut begun);
    begun
}

fn open(rate: f64) -> ClientParams {
    ClientParams { rate: Rate(rate), keys: 100, ..ClientParams::default() }
}

/// Rate, and index of dispersion for counts: variance over mean of the number in a stretch.
fn dispersion(params: &ClientParams, stretch: Nanos, until: Nanos) -> (Vec<f64>, Vec<f64>) {
    let (mut rates, mut indices) = (Vec::new(), Vec::new());
    for seed in 1..=RUNS {
        let counts = run(&alone(params.clone()), seed, until).counts(stretch, until);
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        // About the true mean, which is known: so it is unbiased.
        let truth = params.rate.0 * stretch.as_seconds();
        let squares: f64 = counts.iter().map(|it| (it - truth) * (it - truth)).sum();
        rates.push(mean / stretch.as_seconds());
        indices.push(squares / n / truth);
    }
    (rates, indices)
}

#[test]
fn poisson_arrivals_have_rate_and_dispersion_one() {
    let (rates, indices) = dispersion(&open(200.0), Nanos::millis(100), Nanos::seconds(150));
    check("rate", &rates, 200.0, 0.01);
    check("index of dispersion", &indices, 1.0, 0.04);
}

#[test]
fn constant_arrivals_have_no_dispersion() {
    let params = ClientParams { arrivals: Arrivals::Constant, ..open(200.0) };
    let counts =
        run(&alone(params), 1, Nanos::seconds(10)).counts(Nanos::SECOND, Nanos::seconds(10));
    // The first comes one gap after the start, so the last of each second falls on its edge.
    assert_eq!(counts[0], 199.0);
    assert!(counts[1..].iter().all(|it| *it == 200.0), "{counts:?}");
}

/// Fischer & Meier-Hellstern, "The MMPP cookbook", Performance Evaluation 18(2), 1993, section 2:
/// with rates λ₁, λ₂ and phases left at rates q₁, q₂, and D = 2 (λ₁ − λ₂)² q₁ q₂ / (q₁ + q₂)² (λ₁ q₂
/// + λ₂ q₁), the index over a stretch t is 1 + D − D (1 − exp(−(q₁ + q₂) t)) / (q₁ + q₂) t.
#[test]
fn bursts_have_the_dispersion_of_a_modulated_poisson_process() {
    for (factor, length_s, pause_s) in [(4.0, 0.2, 0.8), (1.5, 0.5, 0.5), (50.0, 0.1, 0.9)] {
        let params = ClientParams {
            arrivals: Arrivals::Bursty,
            burst_factor: factor,
            burst_length: Nanos::from_seconds(length_s),
            burst_pause: Nanos::from_seconds(pause_s),
            ..open(100.0)
        };
        let share: f64 = length_s / (length_s + pause_s);
        let burst = 100.0 * factor.min(1.0 / share);
        let calm = (100.0 - burst * share) / (1.0 - share);
        let (q1, q2, t) = (1.0 / length_s, 1.0 / pause_s, 0.5);
        let both: f64 = q1 + q2;
        let d = 2.0 * (burst - calm) * (burst - calm) * q1 * q2
            / (both * both * (burst * q2 + calm * q1));
        let theory = 1.0 + d - d * (1.0 - libm::exp(-both * t)) / (both * t);
        let stretch = Nanos::from_seconds(t);
        let (rates, indices) = dispersion(&params, stretch, Nanos::seconds(600));
        check("rate in bursts", &rates, 100.0, 0.1);
        check("index of dispersion in bursts", &indices, theory, 0.1);
    }
}

/// Counts in each second against the integral of the rate, by hand: a ramp from 20/s to 220/s
/// between 2 s and 7 s; a step to 300/s from 2 s to 5 s; a day of 10 s with its trough at 0.
#[test]
fn rates_follow_their_course() {
    let (start, length) = (Nanos::seconds(2), Nanos::seconds(5));
    let base = ClientParams { course_start: start, course_length: length, ..open(20.0) };
    let ramp = ClientParams { course: Course::Ramp, course_rate: Rate(220.0), ..base.clone() };
    let step = ClientParams {
        course: Course::Step,
        course_rate: Rate(300.0),
        course_length: Nanos::seconds(3),
        ..base.clone()
    };
    let day = ClientParams {
        course: Course::Daily,
        day: Nanos::seconds(10),
        swing: Share(0.8),
        ..open(100.0)
    };
    let daily = |t: f64| {
        let tau = std::f64::consts::TAU;
        let sine = |t: f64| libm::sin(tau * t / 10.0);
        100.0 * (1.0 - 0.8 * 10.0 / tau * (sine(t + 1.0) - sine(t)))
    };
    let daily: Vec<f64> = (0..10).map(|it| daily(f64::from(it))).collect();
    let cases = [
        (ramp, vec![20.0, 20.0, 40.0, 80.0, 120.0, 160.0, 200.0, 220.0, 220.0, 220.0]),
        (step, vec![20.0, 20.0, 300.0, 300.0, 300.0, 20.0, 20.0, 20.0, 20.0, 20.0]),
        (day, daily),
    ];
    for (params, expected) in cases {
        let until = Nanos::seconds(10);
        let runs: Vec<_> = (1..=RUNS)
            .map(|seed| run(&alone(params.clone()), seed, until).counts(Nanos::SECOND, until))
            .collect();
        for (second, expected) in expected.iter().enumerate() {
            let counts: Vec<_> = runs.iter().map(|it| it[second]).collect();
            let (z, off) = (z(&counts, *expected), z(&counts, expected * 1.2));
            assert!(z.abs() < Z_MAX && off.abs() > Z_MAX, "{second} s: {z}, {off} {counts:?}");
            // Poisson: the sum over runs varies as its mean.
            let sum: f64 = counts.iter().sum();
            let off = (sum - expected * RUNS as f64) / (expected * RUNS as f64).sqrt();
            assert!(off.abs() < Z_MAX, "{second} s: {off}");
        }
        // Even arrivals come within one of the integral at every second.
        let even = ClientParams { arrivals: Arrivals::Constant, ..params };
        let counts = run(&alone(even), 1, until).counts(Nanos::SECOND, until);
        let (mut seen, mut wanted) = (0.0, 0.0);
        for (count, expected) in counts.iter().zip(&expected) {
            (seen, wanted) = (seen + count, wanted + expected);
            assert!((seen - wanted).abs() <= 1.001, "{seen} {wanted}");
        }
    }
}

fn closed(users: u32, think: Nanos) -> ClientParams {
    let load = Load::Closed;
    ClientParams { load, users, think, keys: 1, timeout: FOREVER, ..ClientParams::default() }
}

fn served(people: ClientParams, work: Nanos, workers: u32) -> Design {
    let mut it = alone(people);
    let (work_shape, queue) = (Shape::Exponential, 1_000_000);
    let instances = 1;
    let service =
        ServiceParams { instances, workers, queue, work, work_shape, ..ServiceParams::default() };
    add(&mut it, "service", Spec::Service(service));
    wire(&mut it, "people", "service", instant());
    it
}

/// Ends at the client after the warm-up, in batches of this length.
struct Ends {
    from: Nanos,
    batch: Nanos,
    ended: [f64; BATCHES],
    stays_s: [f64; BATCHES],
}

impl Ends {
    /// Requests a second, by batch.
    fn rates(&self) -> [f64; BATCHES] {
        self.ended.map(|it| it / self.batch.as_seconds())
    }

    /// Mean stays, by batch.
    fn stays(&self) -> [f64; BATCHES] {
        std::array::from_fn(|it| self.stays_s[it] / self.ended[it])
    }
}

impl Watch<Registry> for Ends {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            if let Note::Ended { own: true, arrived, .. } = note
                && at >= self.from
            {
                let batch = ((at - self.from).0 / self.batch.0) as usize;
                // The very last moment belongs to the last batch.
                let batch = batch.min(BATCHES - 1);
                self.ended[batch] += 1.0;
                self.stays_s[batch] += (at - *arrived).as_seconds();
            }
        }
    }
}

/// A closed design's throughput and response time, seeds fixed beforehand, against theory.
#[track_caller]
fn check_closed(design: &Design, (rate, stay): (f64, f64)) {
    let (mut rates, mut stays) = (Vec::new(), Vec::new());
    for seed in 1..=RUNS {
        let mut world = start(design, seed);
        let (from, batch) = (Nanos::seconds(5), Nanos::seconds(3));
        let (ended, stays_s) = ([0.0; BATCHES], [0.0; BATCHES]);
        let mut ends = Ends { from, batch, ended, stays_s };
        world.run(from + Nanos(batch.0 * BATCHES as u64), u64::MAX, &mut ends);
        rates.push(ends.rates());
        stays.push(ends.stays());
    }
    for (what, seen, theory, off) in
        [("throughput", rates, rate, 0.02), ("response time", stays, stay, 0.04)]
    {
        let means: Vec<_> = seen.iter().map(|it| mean(it)).collect();
        check(what, &means, theory, off);
        let intervals: Vec<_> = seen.iter().map(interval).collect();
        check_covered(what, &intervals, theory, theory * (1.0 + 3.0 * off));
    }
}

#[test]
fn closed_loops_agree_with_mean_value_analysis() {
    for (users, think_ms, think_shape) in [
        (5, 20, Shape::Exponential),
        (20, 30, Shape::Exponential),
        // Only the mean of the thinking counts (insensitivity of infinite servers: Baskett,
        // Chandy, Muntz & Palacios, JACM 22(2), 1975).
        (10, 50, Shape::Constant),
        (10, 50, Shape::Uniform),
    ] {
        let think = Nanos::millis(think_ms);
        let people = ClientParams { think_shape, ..closed(users, think) };
        let (rate, stay) = mean_values(users, think.as_seconds(), &[0.005]);
        check_closed(&served(people.clone(), Nanos::millis(5), 1), (rate, stay));
    }
}

/// N users who think, and stations that each of their requests passes one after the other: exact mean value
/// analysis of a closed network of single exponential servers and a delay (Reiser & Lavenberg, JACM
/// 27(2), 1980, section 2): W_k(n) = S_k (1 + L_k(n−1)), X(n) = n / (Z + Σ W_k(n)), L_k(n) = X(n) W_k(n).
fn mean_values(users: u32, think_s: f64, services_s: &[f64]) -> (f64, f64) {
    let mut present = vec![0.0; services_s.len()];
    let (mut rate, mut stay) = (0.0, 0.0);
    for n in 1..=users {
        let stays: Vec<f64> =
            services_s.iter().zip(&present).map(|(service, l)| service * (1.0 + l)).collect();
        stay = stays.iter().sum();
        rate = f64::from(n) / (think_s + stay);
        present = stays.iter().map(|it| rate * it).collect();
    }
    (rate, stay)
}

#[test]
fn a_closed_network_agrees_with_mean_value_analysis() {
    for (users, think_ms, works_us) in
        [(8, 20, [4_000, 3_000, 1_500]), (30, 60, [2_500, 1_000, 2_000])]
    {
        let think = Nanos::millis(think_ms);
        let mut design = alone(closed(users, think));
        let mut before = "people".to_owned();
        for (at, work) in works_us.into_iter().enumerate() {
            let id = format!("station-{at}");
            // One worker, not held while the next station is at work.
            let service = ServiceParams {
                instances: 1,
                workers: 1,
                queue: 1_000_000,
                work: Nanos::micros(work),
                work_shape: Shape::Exponential,
                hold_worker: false,
                ..ServiceParams::default()
            };
            add(&mut design, &id, Spec::Service(service));
            wire(&mut design, &before, &id, instant());
            before = id;
        }
        let services_s = works_us.map(|it| it as f64 / 1e6);
        let (rate, stay) = mean_values(users, think.as_seconds(), &services_s);
        check_closed(&design, (rate, stay));
    }
}

/// However many answers are late, no user ever has two requests, and all users are at it.
#[test]
fn each_user_has_one_request_at_a_time() {
    let mut live = Live::new(&served(closed(12, Nanos::millis(5)), Nanos::millis(20), 1), 4);
    live.run_for(Nanos::seconds(2));
    let in_hand = |live: &Live| live.world.member(slots(&live.world, "people")[0]).desk.open;
    assert!(in_hand(&live) <= 12 && in_hand(&live) >= 8, "{}", in_hand(&live));
    // More users, fewer users, a spike: never more than there are, and soon as many as there are.
    for users in [40, 3, 0, 7] {
        live.edit(|it| people(it).users = users);
        live.run_for(Nanos::seconds(6));
        assert!(in_hand(&live) <= users && in_hand(&live) + 2 >= users, "{users}");
    }
    let spike = |factor| Fault::Spike { target: Target::component("people"), factor };
    live.fault(spike(3.0));
    live.run_for(Nanos::seconds(1));
    assert!((19..=21).contains(&in_hand(&live)));
    live.fault(spike(1.0));
    live.run_for(Nanos::seconds(1));
    assert!((5..=7).contains(&in_hand(&live)));
    // From a closed loop to an open one and back: nobody is left behind or doubled.
    live.edit(|it| people(it).load = Load::Open);
    live.run_for(Nanos::millis(300));
    live.edit(|it| people(it).load = Load::Closed);
    live.run_for(Nanos::seconds(5));
    assert!((5..=7).contains(&in_hand(&live)), "{}", in_hand(&live));
    live.fault(Fault::Crash(target("people")));
    live.fault(Fault::Restart(target("people")));
    live.run_for(Nanos::seconds(1));
    assert!((5..=7).contains(&in_hand(&live)));
    live.check_replay();
}

fn people(design: &mut Design) -> &mut ClientParams {
    match design.components.get_mut("people").map(|it| &mut it.spec) {
        Some(Spec::Client(it)) => it,
        _ => panic!("people are a client"),
    }
}

/// The n-th request of a user has the same draws, whatever the others do.
#[test]
fn a_users_draws_are_their_own() {
    let keys = |users: u32, seed: u64| {
        let people = ClientParams { keys: 1_000, ..closed(users, Nanos::millis(50)) };
        let begun = run(&alone(people), seed, Nanos::seconds(2)).0;
        let of_first = |it: &&(Nanos, Request)| it.1.id & ((1 << 39) - 1) < 1 << 22;
        begun.iter().filter(of_first).map(|it| (it.1.id, it.1.key)).collect::<Vec<_>>()
    };
    assert!(keys(1, 3).len() > 10);
    assert_eq!(keys(1, 3), keys(50, 3));
    assert_ne!(keys(1, 3), keys(1, 4));
}

/// Nobody thinks and nothing takes time: simulated time goes on nevertheless.
#[test]
fn users_who_never_pause_do_not_stop_time() {
    let begun = run(&alone(closed(3, Nanos::ZERO)), 1, Nanos::millis(1));
    assert!((2_900..=3_000).contains(&begun.0.len()), "{}", begun.0.len());
}

fn recorded(text: &str) -> ClientParams {
    let recording = Recording::read(text).expect("a recording");
    let classes = vec![
        Class { name: "browse".into(), answer_size: 9, ..Class::default() },
        Class { name: "buy".into(), does: Does::Write, weight: 0, ..Class::default() },
    ];
    ClientParams { load: Load::Recorded, recording, classes, keys: 5, ..ClientParams::default() }
}

#[test]
fn recordings_are_played_row_by_row() {
    let text = "time,key,class,size\n0.1,70,browse,1000\n0.25,8,buy,300\n0.25\n0.4,,other,77\n";
    let once = ClientParams { recording_repeats: false, ..recorded(text) };
    let begun = run(&alone(once.clone()), 1, Nanos::seconds(9)).0;
    let seen: Vec<_> = begun
        .iter()
        .map(|(at, it)| (at.0 / 1_000_000, it.class, it.size.get(), it.answer.get()))
        .collect();
    assert_eq!(
        seen,
        [(100, 0, 500, 1_000), (250, 1, 300, 4_000), (250, 0, 500, 9), (400, 2, 0, 77)]
    );
    assert_eq!((begun[0].1.key, begun[1].1.key), (70, 8));
    assert!(begun[2].1.key < 5 && begun[3].1.key < 5);
    let times = |params: &ClientParams, until| -> Vec<u64> {
        let begun = run(&alone(params.clone()), 1, until).0;
        begun.iter().map(|it| it.0.0 / 1_000_000).collect()
    };
    let fast = ClientParams { recording_speed: 10.0, ..once };
    assert_eq!(times(&fast, Nanos::seconds(1)), [10, 25, 25, 40]);
    // It lasts 0.5 s: a mean gap (0.3 s in three) after the last row.
    let again = [100, 250, 250, 400, 600, 750, 750, 900, 1_100];
    assert_eq!(times(&recorded(text), Nanos::millis(1_150)), again);
}

/// The speed changes in the middle: what is played stays played, the rest comes by the new speed.
#[test]
fn recordings_can_be_changed_while_they_are_played() {
    let text: String = (1..=20).map(|it| format!("{}\n", it)).collect();
    let mut live = Live::new(&alone(recorded(&text)), 1);
    live.audit = Audit::keeping();
    live.run_to(Nanos::millis(3_500));
    live.edit(|it| people(it).recording_speed = 2.0);
    live.run_to(Nanos::millis(5_500));
    let fewer: String = (1..=8).map(|it| format!("{}.25\n", it)).collect();
    live.edit(|it| people(it).recording = Recording::read(&fewer).unwrap());
    live.run_to(Nanos::millis(6_900));
    let begun = live.audit.notes.iter().filter(|it| matches!(it.2, Note::Offered { .. }));
    let times: Vec<_> = begun.map(|it| it.0.0 / 1_000).collect();
    // 1, 2, 3; then 4 to 7 at double speed (the clock shows 7.5); then 8.25, and after 9.25, where
    // eight rows one second apart begin anew, 1.25.
    let expected = [1_000, 2_000, 3_000, 3_750, 4_250, 4_750, 5_250, 5_875];
    assert_eq!(times, expected.map(|it| it * 1_000));
    live.check_replay();
}

/// A rate that is dragged about neither loses nor adds arrivals: within each stretch, its own rate.
#[test]
fn edits_of_the_load_count_from_now_on() {
    let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=RUNS {
        let mut live = Live::new(&alone(open(100.0)), seed);
        live.audit = Audit::keeping();
        live.run_to(Nanos::seconds(4));
        live.edit(|it| people(it).rate = Rate(400.0));
        for step in 1..=200u64 {
            // A no-change and a change back and forth, two hundred times.
            live.run_to(Nanos::seconds(4) + Nanos::millis(20 * step));
            live.edit(|it| people(it).rate = Rate(if step % 2 == 0 { 400.0 } else { 400.5 }));
        }
        live.edit(|it| (people(it).arrivals, people(it).rate) = (Arrivals::Bursty, Rate(200.0)));
        live.run_to(Nanos::seconds(12));
        let counts = |from: u64, to: u64| {
            let within = |it: &&(Nanos, u64, Note)| {
                matches!(it.2, Note::Offered { .. })
                    && it.0 >= Nanos::seconds(from)
                    && it.0 < Nanos::seconds(to)
            };
            live.audit.notes.iter().filter(within).count() as f64 / (to - from) as f64
        };
        first.push(counts(0, 4));
        second.push(counts(4, 8));
        third.push(counts(8, 12));
        live.check_replay();
    }
    check("before", &first, 100.0, 0.07);
    check("after", &second, 400.25, 0.04);
    let off = z(&third, 200.0);
    assert!(off.abs() < Z_MAX, "in bursts: {off}");
}

#[test]
fn spikes_and_hot_keys_are_faults() {
    let mut live = Live::new(&alone(ClientParams { zipf: 0.0, ..open(200.0) }), 5);
    live.audit = Audit::keeping();
    let target = || Target::component("people");
    live.run_to(Nanos::seconds(10));
    live.fault(Fault::Spike { target: target(), factor: 5.0 });
    live.fault(Fault::HotKey { target: target(), key: 77, share: 0.4 });
    live.run_to(Nanos::seconds(20));
    live.fault(Fault::Spike { target: target(), factor: 1.0 });
    live.fault(Fault::HotKey { target: target(), key: 0, share: 0.0 });
    live.run_to(Nanos::seconds(30));
    let of = |from: u64| {
        let begun = live.audit.notes.iter().filter_map(|(at, _, note)| match note {
            Note::Offered { request, .. } => Some((at.0 / 10_000_000_000 == from, request.key)),
            _ => None,
        });
        let keys: Vec<_> = begun.filter(|it| it.0).map(|it| it.1).collect();
        let hot = keys.iter().filter(|it| **it == 77).count() as f64;
        (keys.len() as f64, hot / keys.len() as f64)
    };
    // Four standard deviations of Poisson counts and binomial shares.
    let [before, during, after] = [of(0), of(1), of(2)];
    assert!((before.0 - 2_000.0).abs() < 180.0 && before.1 < 0.02, "{before:?}");
    assert!((during.0 - 10_000.0).abs() < 400.0, "{during:?}");
    assert!((during.1 - 0.406).abs() < 0.02, "{during:?}");
    assert!((after.0 - 2_000.0).abs() < 180.0 && after.1 < 0.02, "{after:?}");
    live.check_replay();
}

/// The moving hot set: in each stretch its own keys are asked for most.
#[test]
fn hot_sets_move() {
    let params = ClientParams {
        popularity: Popularity::MovingHotSet,
        hot_keys: Share(0.1),
        hot_share: Share(0.8),
        hot_stays: Nanos::seconds(2),
        ..open(1_000.0)
    };
    let begun = run(&alone(params), 3, Nanos::seconds(24)).0;
    for stretch in 0..12u64 {
        let within = begun.iter().filter(|it| it.0.0 / 2_000_000_000 == stretch);
        let keys: Vec<u64> = within.map(|it| u64::from(it.1.key)).collect();
        let first = stretch * 10 % 100;
        let hot = keys.iter().filter(|it| (first..first + 10).contains(it)).count() as f64;
        assert!((hot / keys.len() as f64 - 0.8).abs() < 0.04, "{stretch}");
    }
    let sequence = ClientParams { popularity: Popularity::Sequential, ..open(100.0) };
    let begun = run(&alone(sequence), 3, Nanos::seconds(3)).0;
    assert!(begun.iter().enumerate().all(|(at, it)| it.1.key as usize == at % 100));
}

/// Mean sizes of a class, and their shape: a uniform size is at most twice its mean.
#[test]
fn sizes_follow_their_class() {
    let class = Class {
        request_size: 1_000,
        answer_size: 50_000,
        size_shape: Shape::Uniform,
        ..Class::default()
    };
    let params = ClientParams { classes: vec![class], ..open(1_000.0) };
    let begun = run(&alone(params), 3, Nanos::seconds(10)).0;
    let n = begun.len() as f64;
    let mean = |of: fn(&Request) -> u64| begun.iter().map(|it| of(&it.1) as f64).sum::<f64>() / n;
    // Standard error of a uniform's mean: mean / √3 / √n, here 0.6 %.
    assert!((mean(|it| it.size.get()) / 1_000.0 - 1.0).abs() < 0.025);
    assert!((mean(|it| it.answer.get()) / 50_000.0 - 1.0).abs() < 0.025);
    assert!(begun.iter().all(|it| it.1.answer.get() <= 100_050));
}

/// Every kind of load in steps of any size, and started anew from a clone in the middle.
#[test]
fn loads_do_not_hang_on_the_steps_of_a_run() {
    let bursty = ClientParams { arrivals: Arrivals::Bursty, ..open(300.0) };
    let daily = ClientParams { course: Course::Daily, day: Nanos::seconds(3), ..bursty.clone() };
    let ramp = ClientParams { course: Course::Ramp, course_start: Nanos::SECOND, ..open(50.0) };
    let text: String =
        (0..400).map(|it| format!("{}.{:03}\n", it / 100, it * 10 % 1_000)).collect();
    let loads = [bursty, daily, ramp, closed(30, Nanos::millis(40)), recorded(&text)];
    for load in loads {
        let design = served(load, Nanos::millis(2), 2);
        let until = Nanos::seconds(6);
        let mut whole = start(&design, 9);
        whole.run(until, u64::MAX, &mut ringside::engine::world::Unwatched);
        let mut parts = start(&design, 9);
        let mut at = Nanos::ZERO;
        let mut step = 1u64;
        while at < until {
            step = step * 7 % 1_000_003;
            at = (at + Nanos(step * 977)).min(until);
            parts.run(at, u64::MAX, &mut Begun::default());
            if step.is_multiple_of(50) {
                parts = parts.clone();
            }
        }
        assert_eq!(parts.state_hash(), whole.state_hash());
        // At least the 400 requests of the record, each of which begins and is served.
        assert!(whole.ordinal() >= 800, "{}", whole.ordinal());
    }
}
