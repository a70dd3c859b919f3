//! Two futures in one session: a fork that changes nothing stays equal, one that changes something
//! is what a run without the other would be, and the other does not feel it. Random designs, faults
//! and edits; `SEED=n cargo test --test native branches::` repeats one.

use crate::common::golden as played;
use crate::common::*;
use ringside::algorithm::balancing::Rule;
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::cache::Strategy;
use ringside::document::{Design, Diff};
use ringside::engine::exemplar::Span;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::trace::{Kind, Phase};
use ringside::session::protocol::{
    Branch, ChartPoint, Command, Frame, Input, Stamped, Tick, Trace, View, Which,
};
use ringside::session::run::{Allowance, Run};
use ringside::session::{Session, compare, golden};

const SEEDS: u64 = 24;

struct Dice {
    stream: Stream,
    thrown: u64,
}

impl Dice {
    fn new(seed: u64) -> Self {
        Self { stream: Stream::new(seed, "branches"), thrown: 0 }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.thrown += 1;
        self.stream.bits(self.thrown, 1) % limit
    }

    fn of<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A book store with other numbers.
fn random_design(dice: &mut Dice) -> Design {
    let mut it = bookstore(40.0 + dice.below(160) as f64);
    for _ in 0..6 {
        vary(dice, &mut it);
    }
    it
}

fn vary(dice: &mut Dice, design: &mut Design) {
    let ids: Vec<_> = design.components.keys().cloned().collect();
    let id = &ids[dice.below(ids.len() as u64) as usize];
    let small = dice.below(4) as u32;
    match &mut design.components.get_mut(id).expect("it is there").spec {
        Spec::Client(it) => match small {
            0 => it.rate = Rate(20.0 + dice.below(300) as f64),
            1 => it.retries = dice.below(3) as u32,
            _ => it.timeout = Nanos::millis(20 + dice.below(500)),
        },
        Spec::Service(it) => match small {
            0 => it.instances = 1 + dice.below(4) as u32,
            1 => it.workers = 1 + dice.below(6) as u32,
            _ => it.work = Nanos::micros(200 + dice.below(8_000)),
        },
        Spec::LoadBalancer(it) => {
            it.rule = Rule::ALL[dice.below(Rule::ALL.len() as u64) as usize];
        }
        Spec::Cache(it) => match small {
            0 => it.capacity = 1 + dice.below(90) as u32,
            _ => it.strategy = Strategy::ALL[dice.below(4) as usize],
        },
        Spec::SqlDb(it) => it.replicas = small,
        _ => {}
    }
}

fn random_input(dice: &mut Dice, design: &Design) -> Input {
    let ids = ["books", "cache", "store", "lb", "reviews", "people"];
    let id = dice.of(&ids).to_owned();
    let wires: Vec<_> = design.wires.keys().cloned().collect();
    let some_wire = wires[dice.below(wires.len() as u64) as usize].clone();
    Input::Fault(match dice.below(8) {
        0 => Fault::Crash(target(&id)),
        1 => Fault::Restart(target(&id)),
        2 => Fault::Slow { target: target(&id), factor: 1.0 + dice.below(20) as f64 },
        3 => Fault::CutWire { wire: some_wire, ways: Ways::Both },
        4 => Fault::MendWire { wire: some_wire },
        5 => return Input::Seed(dice.below(1_000)),
        _ => {
            let mut after = design.clone();
            vary(dice, &mut after);
            return Input::Edit(Diff::between(design, &after));
        }
    })
}

fn open(design: Design, seed: u64) -> Session {
    let (design, warmup, inputs) = (Box::new(design), Nanos::seconds(1), Vec::new());
    let mut session = Session::default();
    say(&mut session, Command::Open { design, seed, warmup, inputs });
    session
}

fn say(session: &mut Session, command: Command) {
    let tick = Tick { commands: vec![command], ..Tick::default() };
    session.tick(&tick, u64::MAX);
}

fn play(session: &mut Session, advance: Nanos) {
    session.tick(&Tick { advance, ..Tick::default() }, u64::MAX);
}

fn main_run(session: &Session) -> &Run {
    session.run().expect("a design is open")
}

fn fork_run(session: &Session) -> &Run {
    session.fork().expect("there is another future")
}

fn state(run: &Run) -> (Nanos, u64, u64) {
    let world = &run.shown().world;
    (world.now(), world.ordinal(), world.state_hash())
}

#[track_caller]
fn check_equal(session: &Session) {
    assert_eq!(state(main_run(session)), state(fork_run(session)), "both futures are the same");
}

#[test]
fn a_fork_that_changes_nothing_stays_equal() {
    for_seeds(SEEDS, |seed| {
        let mut dice = Dice::new(seed);
        let mut session = open(random_design(&mut dice), seed);
        for _ in 0..3 {
            play(&mut session, Nanos::millis(100 + dice.below(900)));
            let input = random_input(&mut dice, &main_run(&session).head.design.clone());
            say(&mut session, Command::Act(Branch::Main, input));
        }
        play(&mut session, Nanos::millis(500));
        let in_the_past = dice.below(2) == 0;
        if in_the_past {
            let now = main_run(&session).head.world.now();
            say(&mut session, Command::Seek(Nanos(now.0 - dice.below(now.0 / 2))));
        }
        say(&mut session, Command::Fork);
        check_equal(&session);
        let mut done = false;
        for _ in 0..12 {
            // Steps of any size, cut short or not.
            let advance = Nanos(1 + dice.below(300_000_000));
            let budget = [u64::MAX, 50 + dice.below(3_000)][dice.below(2) as usize];
            session.tick(&Tick { advance, ..Tick::default() }, budget);
            if dice.below(3) == 0 {
                say(&mut session, Command::Step(Branch::Main, 1 + dice.below(9) as i64));
                // Of several events at one time the other may have handled more.
                play(&mut session, Nanos(1));
            }
            // The run may still pass through what it did before.
            if main_run(&session).inputs.len() == fork_run(&session).inputs.len() {
                check_equal(&session);
                if dice.below(3) == 0 {
                    let input = random_input(&mut dice, &main_run(&session).shown().design.clone());
                    say(&mut session, Command::Act(Branch::Main, input.clone()));
                    say(&mut session, Command::Act(Branch::Fork, input));
                    check_equal(&session);
                    done = true;
                }
            }
        }
        assert!(in_the_past || done, "both were acted on alike");
    });
}

/// Both frames say the same, but for what is told once and who is asked.
#[track_caller]
fn check_frames(session: &mut Session, component: &str) {
    let mut of = |of| {
        let lens = Some((component.to_owned(), 480.0));
        let chart = Some((component.to_owned(), Which::Throughput));
        let (messages, figures) = (true, true);
        let view = View { lens, chart, of, messages, figures, ..View::default() };
        let mut frame = session.frame(&view);
        let fork = frame.fork.take().expect("there is another future");
        let frame = if of == Branch::Main { frame } else { fork.frame };
        // In the past the run knows what comes after.
        let seen = |it: &ChartPoint| it.at <= frame.now;
        let points = frame.chart.expect("a chart").points;
        let points: Vec<_> = points.into_iter().filter(seen).collect();
        assert!(!points.is_empty());
        // Debug form, since NaN is not equal to itself.
        [
            format!("{:?}", frame.messages),
            format!("{:?}", frame.figures),
            format!("{:?}", frame.lens),
            format!("{points:?}"),
        ]
    };
    for (main, fork) in of(Branch::Main).into_iter().zip(of(Branch::Fork)) {
        assert_eq!(main, fork);
    }
}

/// Every golden design: as long as the same is done to both they are the same, at the newest and in
/// the past; what is done to the fork only is felt there, and not by the run.
#[test]
fn golden_runs_fork_as_they_go_on() {
    const BOTH: [Branch; 2] = [Branch::Main, Branch::Fork];
    for it in golden::ALL {
        let mut session = played::open(it);
        played::play(&mut session, it, Nanos::millis(10_400), &BOTH[..1]);
        // Once at the newest, once in the past, where what was done lies behind.
        for past in [None, Some(Nanos::millis(10_051))] {
            past.into_iter().for_each(|at| say(&mut session, Command::Seek(at)));
            say(&mut session, Command::Fork);
            for part in 0..16u64 {
                let until = Nanos::millis(10_400 + part * 250 + part % 3);
                // In the past the run passes through what it did before.
                let futures = &BOTH[usize::from(past.is_some())..];
                played::play(&mut session, it, until, futures);
                check_equal(&session);
            }
            let asked = it.design().wires.values().next().expect("a wire").to.clone();
            check_frames(&mut session, &asked);
            let (seed, base) = (it.seed, it.design());
            let crash = Input::Fault(Fault::Crash(target(&asked)));
            say(&mut session, Command::Act(Branch::Fork, crash));
            play(&mut session, Nanos::millis(1_500));
            let (main, fork) = (main_run(&session), fork_run(&session));
            assert_eq!(state(main).0, state(fork).0, "in step");
            assert_ne!(state(main).2, state(fork).2, "{}: {asked} died", it.name);
            check_is(&base, seed, fork, &fork.inputs.clone());
            check_is(&base, seed, main, &main.inputs.clone());
            say(&mut session, Command::Keep(Branch::Main));
        }
    }
}

#[test]
fn a_fork_is_what_a_run_without_the_other_would_be() {
    for_seeds(SEEDS, |seed| {
        let mut dice = Dice::new(1_000 + seed);
        let design = random_design(&mut dice);
        let mut session = open(design.clone(), seed);
        play(&mut session, Nanos::millis(700));
        let first = random_input(&mut dice, &design);
        say(&mut session, Command::Act(Branch::Main, first));
        play(&mut session, Nanos::millis(800));
        let before = main_run(&session).clone();
        if seed % 2 == 0 {
            say(&mut session, Command::Seek(Nanos::millis(1_900)));
        }
        say(&mut session, Command::Fork);
        let since = fork_run(&session).head.world.now();
        let other = random_input(&mut dice, &fork_run(&session).head.design.clone());
        say(&mut session, Command::Act(Branch::Fork, other));
        let frame = session.frame(&View::default());
        assert_eq!(frame.fork.expect("there is one").since, since);
        for _ in 0..8 {
            play(&mut session, Nanos::millis(250));
            assert_eq!(state(main_run(&session)).0, state(fork_run(&session)).0, "in step");
        }
        // The fork is a run of base and inputs like any other.
        let fork = fork_run(&session);
        check_is(&design, seed, fork, &fork.inputs.clone());
        // The other has not felt it.
        let mut alone = before;
        let end = main_run(&session).head.world.now();
        alone.advance(end.saturating_sub(alone.head.world.now()), u64::MAX);
        assert_eq!(state(&alone).2, main_run(&session).head.world.state_hash());
    });
}

/// Checks that a run is what its base and these inputs come to.
#[track_caller]
fn check_is(base: &Design, seed: u64, run: &Run, inputs: &[Stamped]) {
    let zero = run.zero;
    let mut again = Run::open(base.clone(), seed, zero, inputs.to_vec()).expect("it compiles");
    again.advance(run.head.world.now() - again.head.world.now(), u64::MAX);
    let hashes = [&again, run].map(|it| it.head.world.state_hash());
    assert_eq!(hashes[0], hashes[1], "seed {seed}: live is not replay");
}

fn crash(id: &str) -> Input {
    Input::Fault(Fault::Crash(target(id)))
}

/// The store, with the cache killed in one future three seconds ago.
fn parted() -> Session {
    let mut session = open(bookstore(150.0), 7);
    play(&mut session, Nanos::seconds(3));
    say(&mut session, Command::Fork);
    say(&mut session, Command::Act(Branch::Fork, crash("cache")));
    play(&mut session, Nanos::seconds(3));
    session
}

#[test]
fn commands_name_their_future_and_frames_carry_both() {
    let mut session = parted();
    let view = View {
        chart: Some(("people".into(), Which::Latency)),
        lens: Some(("cache".into(), 300.0)),
        of: Branch::Fork,
        figures: true,
        messages: true,
        ..View::default()
    };
    let frame = session.frame(&view);
    let mut packed = frame.clone();
    packed.pack();
    let mut back = Frame::decode(&packed.encode()).expect("a frame reads back");
    back.unpack();
    assert_eq!(format!("{back:?}"), format!("{frame:?}"));
    let forked = frame.fork.as_ref().expect("the other future");
    let fork = &forked.frame;
    assert_eq!((fork.now, forked.since), (frame.now, Nanos::seconds(4)));
    assert_eq!(frame.inputs.as_ref().map(Vec::len), Some(0));
    assert_eq!(fork.inputs.as_ref().map(Vec::len), Some(1));
    assert!(frame.lens.is_none() && fork.lens.is_some(), "the lens is of the future asked for");
    let (main, cast) = (frame.figures.expect("asked for"), frame.cast.expect("told once"));
    let (other, names) =
        (fork.figures.clone().expect("asked for"), fork.cast.clone().expect("once"));
    let differences = compare::all_that_differs((&cast, &main), (&names, &other));
    let at = cast.components.iter().position(|it| it == "cache").expect("it is there");
    let it = differences[at].expect("the cache differs");
    assert_eq!((it.what, it.main, it.fork), (compare::What::Up, 1.0, 0.0));
    let (main, other) = (frame.chart.expect("asked for"), fork.chart.clone().expect("asked for"));
    let gap = compare::gap(&main, &other);
    for point in &gap {
        let at = |it: &[ringside::session::protocol::ChartPoint]| {
            it.iter().find(|it| it.at == point.at).expect("both know it").values.clone()
        };
        let (main, other) = (at(&main.points), at(&other.points));
        for ((gap, main), other) in point.values.iter().zip(main).zip(other) {
            assert!(gap.is_nan() || *gap == other - main, "fork less run");
        }
        let calm = point.at <= Nanos::seconds(4);
        assert!(!calm || point.values.iter().all(|it| *it == 0.0 || it.is_nan()), "the same past");
    }
    assert!(gap.iter().any(|it| it.values.iter().any(|it| it.abs() > 0.0)), "another future");
}

#[test]
fn the_past_of_both_is_looked_at_together() {
    let mut session = parted();
    for at in [4_500, 2_000, 5_800, 4_000] {
        say(&mut session, Command::Seek(Nanos::millis(at)));
        let frame = session.frame(&View::default());
        let fork = frame.fork.expect("the other future").frame;
        assert_eq!((frame.now, fork.now), (Nanos::millis(at), Nanos::millis(at)));
        let same = state(main_run(&session)) == state(fork_run(&session));
        assert_eq!(same, at < 4_000, "at {at} ms");
    }
    for _ in 0..5 {
        say(&mut session, Command::Step(Branch::Fork, 1));
        let (main, fork) = (state(main_run(&session)), state(fork_run(&session)));
        assert_eq!(main.0, fork.0, "a step of one takes the other along");
    }
    say(&mut session, Command::Latest);
    assert_eq!(state(main_run(&session)).0, Nanos::seconds(7));
}

#[test]
fn one_future_is_kept_and_the_other_left() {
    let mut session = parted();
    let (main, fork) = (state(main_run(&session)), state(fork_run(&session)));
    let left = main_run(&session).recorder.components.len();
    say(&mut session, Command::Keep(Branch::Fork));
    assert!(session.fork().is_none());
    assert_eq!(state(main_run(&session)), fork);
    let before = main_run(&session).before.as_ref().expect("the other is dashed");
    assert_eq!((before.since, before.recorder.components.len()), (Nanos::seconds(4), left));
    let frame = session.frame(&View::default());
    let told = (frame.inputs.map(|it| it.len()), frame.cast.is_some(), frame.fork.is_none());
    assert_eq!(told, (Some(1), true, true), "all of it is told anew");

    let mut session = parted();
    say(&mut session, Command::Keep(Branch::Main));
    assert!(session.fork().is_none() && main_run(&session).before.is_none());
    assert_eq!(state(main_run(&session)), main);
    // Afterwards a fault leaves a twin again.
    say(&mut session, Command::Act(Branch::Main, crash("cache")));
    assert!(main_run(&session).twin.is_some());
}

#[test]
fn snapshots_of_both_keep_within_one_bound() {
    let mut session = open(bookstore(400.0), 3);
    play(&mut session, Nanos::seconds(150));
    assert!(main_run(&session).keeps(main_run(&session)).0 > 6, "a long past");
    say(&mut session, Command::Fork);
    let slow = Input::Fault(Fault::Slow { target: target("store"), factor: 4.0 });
    say(&mut session, Command::Act(Branch::Fork, slow));
    for _ in 0..30 {
        play(&mut session, Nanos::seconds(5));
        let (main, fork) = (main_run(&session), fork_run(&session));
        let (one, shared, one_weight) = main.keeps(fork);
        let (other, _, other_weight) = fork.keeps(main);
        assert!(one + other - shared <= Allowance::WHOLE.snapshots);
        assert!(one_weight + other_weight <= Allowance::WHOLE.weight);
    }
}

fn trace(session: &mut Session, request: u64, near: Nanos) -> (Trace, Trace) {
    let view = View { follow: Some((request, near)), figures: true, ..View::default() };
    session.tick(&Tick { view: view.clone(), ..Tick::default() }, u64::MAX);
    let frame = session.frame(&view);
    let fork = frame.fork.expect("the other future").frame;
    (frame.trace.expect("followed"), fork.trace.expect("followed in both"))
}

fn spans(run: &Run) -> Vec<Span> {
    let slot = run.head.world.blueprint().component("people").expect("it is there");
    let record = &run.recorder.components[slot as usize];
    record.exemplars[0].between(Nanos::millis(4_200), Nanos::MAX).copied().collect()
}

#[test]
fn a_request_is_compared_with_itself_phase_by_phase() {
    let mut session = parted();
    let all = spans(fork_run(&session));
    let (mut seen, mut worked, mut longer) = (0, 0, 0);
    for span in all.iter().filter(|it| !it.outcome.is_failure()).take(60) {
        let (main, fork) = trace(&mut session, span.request.id, span.start);
        assert_eq!((main.request, fork.request), (span.request.id, span.request.id));
        // It begins at the same moment, and wants the same.
        let (one, other) = (&main.bars[0], &fork.bars[0]);
        assert_eq!(
            (one.start, one.key, one.verb, one.class),
            (other.start, other.key, other.verb, other.class)
        );
        let (Some(end), Some(other_end)) = (one.end, other.end) else { continue };
        let gaps = compare::phases(&main, &fork);
        let sum = |of: fn(&compare::PhaseGap) -> u64| gaps.iter().map(of).sum::<u64>();
        assert_eq!(sum(|it| it.main_ns), (end - one.start).0, "phases add up to the latency");
        assert_eq!(sum(|it| it.fork_ns), (other_end - other.start).0);
        assert!(gaps.windows(2).all(|it| {
            it[0].main_ns.abs_diff(it[0].fork_ns) >= it[1].main_ns.abs_diff(it[1].fork_ns)
        }));
        // The same request is the same work wherever both futures do it.
        let work = Kind::Phase(Phase::Work);
        let books = main_run(&session).head.world.blueprint().component("books");
        let of = |it: &&compare::PhaseGap| it.kind == work && Some(it.component) == books;
        if let Some(it) = gaps.iter().find(of) {
            assert_eq!(it.main_ns, it.fork_ns, "keyed draws");
            worked += 1;
        }
        longer += u32::from(sum(|it| it.fork_ns) > sum(|it| it.main_ns));
        seen += 1;
    }
    assert!(seen > 20 && worked > 20 && longer > 5, "{seen} {worked} {longer}");
}

#[test]
fn another_seed_is_a_change_that_plays_again() {
    let mut session = open(bookstore(150.0), 7);
    play(&mut session, Nanos::seconds(2));
    say(&mut session, Command::Fork);
    say(&mut session, Command::Act(Branch::Fork, Input::Seed(8)));
    play(&mut session, Nanos::seconds(2));
    let (main, fork) = (main_run(&session), fork_run(&session));
    assert_ne!(state(main).2, state(fork).2);
    check_is(&bookstore(150.0), 7, fork, &fork.inputs.clone());
    // What comes later is drawn by the new seed too: an edit does not bring the old one back.
    let mut after = bookstore(150.0);
    if let Some(Spec::Service(it)) = after.components.get_mut("books").map(|it| &mut it.spec) {
        it.instances += 1;
    }
    let edit = Input::Edit(Diff::between(&bookstore(150.0), &after));
    say(&mut session, Command::Act(Branch::Fork, edit));
    play(&mut session, Nanos::seconds(1));
    let fork = fork_run(&session);
    assert_eq!(fork.head.world.blueprint().seed, 8);
    check_is(&bookstore(150.0), 7, fork, &fork.inputs.clone());
}
