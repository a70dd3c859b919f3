//! Breakpoints: a run stops at the very event at which what is waited for first holds, as an
//! uninterrupted run shows it to somebody who only listens; the same in steps of any size, at the
//! newest and in the past.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::{Spec, Standing};
use ringside::document::Design;
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome};
use ringside::session::Session;
use ringside::session::protocol::{
    Branch, Breakpoint, Claim, Command, Hit, Input, Measure, Tick, View,
};

const SECOND: Nanos = Nanos::SECOND;
const SEED: u64 = 5;

fn store() -> Design {
    crowded(5)
}

/// The store with so few workers.
fn crowded(workers: u32) -> Design {
    let mut it = bookstore(300.0);
    if let Some(Spec::Service(it)) = it.components.get_mut("books").map(|it| &mut it.spec) {
        (it.instances, it.workers) = (1, workers);
    }
    it
}

/// The same with replicas that lag.
fn lagging() -> Design {
    let mut it = bookstore(150.0);
    if let Some(Spec::SqlDb(it)) = it.components.get_mut("store").map(|it| &mut it.spec) {
        it.apply_work = Nanos::millis(40);
    }
    it
}

/// When the cache is killed in every run here.
const KILLED: Nanos = Nanos::millis(2_345);

/// An uninterrupted run of five seconds.
fn listened(design: &Design) -> (World, Vec<(u64, Nanos, Note)>) {
    let mut world = start(design, SEED);
    let mut ear = Ear::default();
    world.run(KILLED, u64::MAX, &mut ear);
    world.fault(&Fault::Crash(target("cache")), &mut ear);
    world.run(Nanos::seconds(5), u64::MAX, &mut ear);
    (world, ear.0)
}

fn say(session: &mut Session, command: Command) {
    session.tick(&Tick { commands: vec![command], ..Tick::default() }, u64::MAX);
}

fn open(design: &Design) -> Session {
    let mut session = Session::default();
    let design = Box::new(design.clone());
    say(
        &mut session,
        Command::Open { design, seed: SEED, warmup: Nanos::ZERO, inputs: Vec::new() },
    );
    session
}

/// Plays in steps until it stops, with the cache killed on the way.
fn play(session: &mut Session, steps: &[(Nanos, u64)]) -> Option<Hit> {
    for turn in 0.. {
        let (step, budget) = steps[turn % steps.len()];
        let run = session.run().expect("it is open");
        let now = run.shown().world.now();
        let newest = !run.is_past();
        if newest && now == KILLED && run.inputs.is_empty() {
            say(session, Command::Act(Branch::Main, Input::Fault(Fault::Crash(target("cache")))));
        }
        if now >= Nanos::seconds(5) {
            return None;
        }
        let next = if now < KILLED { KILLED } else { Nanos::seconds(5) };
        let advance = step.min(next - now);
        session.tick(&Tick { advance, ..Tick::default() }, budget);
        let frame = session.frame(&View::default());
        if let Some(hit) = frame.hit {
            assert_eq!((frame.now, frame.ordinal), (hit.at, hit.ordinal), "it stands there");
            return Some(hit);
        }
    }
    None
}

/// Steps of many sizes, all of which must lead to the same event.
const STEPS: [&[(Nanos, u64)]; 4] = [
    &[(Nanos::seconds(5), u64::MAX)],
    &[(Nanos::millis(16), u64::MAX)],
    &[(Nanos::millis(700), 37), (Nanos(1), u64::MAX), (Nanos::micros(333), 5_000)],
    &[(Nanos::seconds(2), 1_000)],
];

/// Runs it in every way there is, and gives the one hit of all of them back.
#[track_caller]
fn everywhere(design: &Design, from: Nanos, what: &Breakpoint) -> Option<Hit> {
    let mut hits = Vec::new();
    for steps in STEPS {
        let mut session = open(design);
        session.tick(&Tick { advance: from, ..Tick::default() }, u64::MAX);
        say(&mut session, Command::StopAt(Branch::Main, Some(what.clone())));
        hits.push(play(&mut session, steps));
    }
    // Through known ground.
    let mut session = open(design);
    play(&mut session, STEPS[0]);
    for steps in STEPS {
        say(&mut session, Command::Seek(from));
        say(&mut session, Command::StopAt(Branch::Main, Some(what.clone())));
        hits.push(play(&mut session, steps));
        say(&mut session, Command::StopAt(Branch::Main, None));
    }
    assert!(hits.iter().all(|it| *it == hits[0]), "{what:?}: {hits:#?}");
    hits.remove(0)
}

#[track_caller]
fn check_note(
    design: &Design,
    what: &Breakpoint,
    right: impl Fn(&Note, &World) -> Option<Option<u64>>,
) {
    let (world, notes) = listened(design);
    let from = Nanos::millis(200);
    let later = notes.iter().filter(|it| it.1 > from);
    let first = later.filter_map(|it| Some((it.0, it.1, right(&it.2, &world)?))).next();
    let (ordinal, at, request) = first.expect("it happens in five seconds");
    let hit = everywhere(design, from, what).expect("it stops");
    assert_eq!((hit.ordinal, hit.at, hit.request), (ordinal, at, request), "{what:?}");
}

fn is(world: &World, member: u32, id: &str) -> bool {
    slots(world, id).contains(&member)
}

#[test]
fn it_stops_when_a_call_of_a_class_arrives() {
    let what = Breakpoint::Arrives("store".into(), Some("order".into()));
    check_note(&store(), &what, |note, world| match note {
        Note::Offered { member, request, own: false, .. } => {
            let order = &*world.blueprint().classes[usize::from(request.class)] == "order";
            (is(world, *member, "store") && order).then_some(Some(request.id))
        }
        _ => None,
    });
    check_note(&store(), &Breakpoint::Arrives("cache".into(), None), |note, world| match note {
        Note::Offered { member, request, own: false, .. } => {
            is(world, *member, "cache").then_some(Some(request.id))
        }
        _ => None,
    });
}

#[test]
fn it_stops_when_somebody_dies() {
    for what in [Breakpoint::Dies(None), Breakpoint::Dies(Some("cache".into()))] {
        check_note(&store(), &what, |note, _| matches!(note, Note::Down { .. }).then_some(None));
    }
    assert_eq!(everywhere(&store(), SECOND, &Breakpoint::Dies(Some("lb".into()))), None);
}

#[test]
fn it_stops_when_a_request_fails() {
    check_note(&crowded(2), &Breakpoint::Fails(None, None), |note, _| match note {
        Note::Ended { request, outcome, own: true, .. } if outcome.is_failure() => {
            Some(Some(request.id))
        }
        _ => None,
    });
    check_note(
        &crowded(2),
        &Breakpoint::Fails(Some("books".into()), None),
        |note, world| match note {
            Note::Ended { member, request, outcome, .. }
                if outcome.is_failure() && is(world, *member, "books") =>
            {
                Some(Some(request.id))
            }
            _ => None,
        },
    );
}

/// What its caller sees of a call, whoever is to blame: as an uninterrupted run tells it, over one wire
/// and over any; and when it is tried again.
#[test]
fn it_stops_when_a_call_over_a_wire_fails_or_is_tried_again() {
    let mut design = crowded(2);
    let wire = |design: &mut Design, id: &str, timeout, retries| {
        let it = &mut design.wires.get_mut(id).expect("it is there").settings;
        (it.timeout, it.retries) = (timeout, retries);
    };
    wire(&mut design, "lb-books", Nanos::millis(40), 2);
    let failed = |over: Option<&'static str>, how: Option<Outcome>| {
        move |note: &Note, world: &World| match *note {
            Note::CallEnded { wire, request, outcome, .. } => {
                let id = &*world.blueprint().wires[wire as usize].id;
                let right = over.is_none_or(|it| it == id) && how.is_none_or(|it| it == outcome);
                (outcome.is_failure() && right).then_some(Some(request.id))
            }
            _ => None,
        }
    };
    let fails = |over: Option<&str>, how| Breakpoint::CallFails(over.map(str::to_owned), how);
    for (over, how) in [
        (None, None),
        (Some("lb-books"), Some(Outcome::Timeout)),
        (Some("books-cache"), Some(Outcome::Refused)),
    ] {
        check_note(&design, &fails(over, how), failed(over, how));
    }
    for over in [None, Some("lb-books".to_owned())] {
        check_note(&design, &Breakpoint::Retries(over), |note, world| match *note {
            Note::CallEnded { wire, request, again: true, .. } => {
                let id = &*world.blueprint().wires[wire as usize].id;
                (id == "lb-books").then_some(Some(request.id))
            }
            _ => None,
        });
    }
    assert_eq!(everywhere(&design, SECOND, &fails(Some("nowhere"), None)), None);
    let never = Breakpoint::Retries(Some("books-cache".into()));
    assert_eq!(everywhere(&design, SECOND, &never), None, "nobody tries there again");
}

/// The cache is killed by hand, and something else goes wrong by the script: whichever comes first.
#[test]
fn it_stops_when_something_is_done_to_the_run() {
    let hit = everywhere(&store(), SECOND, &Breakpoint::Disturbed).expect("it is killed");
    assert_eq!((hit.at, hit.component, hit.request), (KILLED, None, None));
    let mut design = store();
    let (at, fault) = (Nanos::millis(1_717), Fault::Slow { target: target("lb"), factor: 2.0 });
    design.script.insert("slow".into(), ringside::document::FaultRecord { at, fault });
    let hit = everywhere(&design, SECOND, &Breakpoint::Disturbed).expect("it is slowed");
    assert_eq!(hit.at, at);
    let (mut world, mut ear) = (start(&design, SEED), Ear::default());
    world.run(Nanos(at.0 - 1), u64::MAX, &mut ear);
    let before = world.ordinal();
    world.run(at, u64::MAX, &mut ear);
    assert!(hit.ordinal > before && hit.ordinal <= world.ordinal(), "the script's own event");
    assert_eq!(everywhere(&design, Nanos::seconds(3), &Breakpoint::Disturbed), None);
}

#[test]
fn it_stops_when_a_level_passes_a_value() {
    let design = store();
    let (world, notes) = listened(&design);
    let books = slots(&world, "books");
    // One member of five workers.
    for (figure, above, value) in [
        (Measure::Waiting, true, 2.0),
        (Measure::Waiting, false, 1.0),
        (Measure::Present, true, 6.0),
        (Measure::Present, false, 2.0),
        (Measure::Busy, true, 0.7),
        (Measure::Busy, false, 0.5),
    ] {
        // After each event, how many wait, are there, or are at work, from what the members tell.
        let (mut levels, mut lines) = (BTreeMap::new(), Vec::<(u64, Nanos, f64)>::new());
        for (ordinal, at, note) in &notes {
            if let Note::Places { member, jobs, waiting, busy, .. } = note
                && books.contains(member)
            {
                let level = match figure {
                    Measure::Waiting => f64::from(*waiting),
                    Measure::Present => f64::from(*jobs),
                    _ => f64::from(*busy) / 5.0,
                };
                levels.insert(*member, level);
                let line = levels.values().sum();
                lines.retain(|it| it.0 != *ordinal);
                lines.push((*ordinal, *at, line));
            }
        }
        let from = Nanos::millis(700);
        let holds = |it: f64| if above { it > value } else { it < value };
        let passes = lines.windows(2).filter(|it| it[1].1 > from);
        let first = passes.filter(|it| !holds(it[0].2) && holds(it[1].2)).map(|it| it[1]).next();
        let (ordinal, at, _) = first.expect("it happens");
        let component = "books".into();
        let what = Breakpoint::Crosses { component, figure, above, value };
        let hit = everywhere(&design, from, &what).expect("it stops");
        assert_eq!((hit.ordinal, hit.at), (ordinal, at), "{what:?}");
        assert_eq!(hit.component.as_deref(), Some("books"));
    }
}

/// What counts a second is known when the second is over: at that moment, and not at the event
/// after it.
#[test]
fn it_stops_at_the_end_of_the_second_that_passes_a_value() {
    let design = store();
    let (_, notes) = listened(&design);
    let world = start(&design, SEED);
    let store = slots(&world, "store");
    let mut offered = [0u32; 5];
    for (_, at, note) in &notes {
        if let Note::Offered { member, own: false, .. } = note
            && store.contains(member)
        {
            // A call at the very end of a second counts to it.
            offered[(at.0.saturating_sub(1) / SECOND.0) as usize] += 1;
        }
    }
    // More than ever before the cache was killed.
    let most = offered[1].max(offered[0]);
    let second = (2..5).find(|it| offered[*it] > most).expect("misses reach the store");
    let end = Nanos::seconds(second as u64 + 1);
    let events = notes.iter().filter(|it| it.1 <= end).map(|it| it.0).max();
    let (component, value) = ("store".to_owned(), f64::from(most));
    let what = Breakpoint::Crosses { component, figure: Measure::Offered, above: true, value };
    let hit = everywhere(&design, Nanos::millis(2_200), &what).expect("it stops");
    assert_eq!(hit.at, end);
    assert!(Some(hit.ordinal) >= events, "every event of the second has happened");
    let (mut world, mut ear) = (start(&design, SEED), Ear::default());
    world.run(KILLED, u64::MAX, &mut ear);
    world.fault(&Fault::Crash(target("cache")), &mut ear);
    world.run(end, u64::MAX, &mut ear);
    assert_eq!(hit.ordinal, world.ordinal());
}

#[test]
fn it_stops_when_an_old_value_is_read() {
    let hit =
        everywhere(&lagging(), Nanos::millis(100), &Breakpoint::Violated(Some(Claim::Fresh), None));
    let hit = hit.expect("replicas lag");
    let mut session = open(&lagging());
    let stale = |session: &Session| {
        let recorder = &session.run().expect("open").recorder;
        let all = 0..recorder.components.len() as u32;
        all.flat_map(|it| recorder.staleness.latest(it)).copied().collect::<Vec<_>>()
    };
    session.tick(&Tick { advance: Nanos(hit.at.0 - 1), ..Tick::default() }, u64::MAX);
    let before = stale(&session).into_iter().filter(|it| it.read > Nanos::millis(100)).count();
    assert_eq!(before, 0, "none before");
    session.tick(&Tick { advance: Nanos(1), ..Tick::default() }, u64::MAX);
    assert!(stale(&session).iter().any(|it| it.read == hit.at && Some(it.request) == hit.request));
}

#[test]
fn it_stops_when_somebody_is_elected() {
    let mut design = bookstore(20.0);
    add(&mut design, "lock", Spec::RaftGroup(Default::default()));
    let what = Breakpoint::Leads(Some("lock".into()));
    let leaders = |world: &World| {
        let slots = slots(world, "lock");
        let all = slots.into_iter().filter(|it| {
            let state = world.member(*it).state.as_ref().filter(|_| world.is_up(*it));
            state.is_some_and(|it| it.standing() == Standing::Leader)
        });
        all.collect::<Vec<_>>()
    };
    let mut world = start(&design, SEED);
    let mut ear = Ear::default();
    while leaders(&world).is_empty() {
        assert!(world.step(&mut ear), "somebody is elected");
    }
    let hit = everywhere(&design, Nanos::millis(1), &what).expect("it stops");
    assert_eq!((hit.ordinal, hit.at), (world.ordinal(), world.now()));
}

#[test]
fn it_stops_at_a_moment_once() {
    let at = Nanos(1_234_567_890);
    let hit = everywhere(&store(), SECOND, &Breakpoint::At(at)).expect("it stops");
    assert_eq!(hit.at, at);
    let mut session = open(&store());
    say(&mut session, Command::StopAt(Branch::Main, Some(Breakpoint::At(at))));
    assert!(play(&mut session, STEPS[1]).is_some());
    assert_eq!(play(&mut session, STEPS[1]), None, "only once");
}

#[test]
fn waiting_changes_nothing() {
    let never = Breakpoint::Fails(Some("nobody".into()), None);
    let mut hashes = Vec::new();
    for steps in STEPS {
        for what in [None, Some(never.clone())] {
            let mut session = open(&store());
            say(&mut session, Command::StopAt(Branch::Main, what));
            assert_eq!(play(&mut session, steps), None);
            let run = session.run().expect("open");
            hashes.push((run.head.world.state_hash(), format!("{:?}", run.recorder.components)));
        }
    }
    assert!(hashes.iter().all(|it| *it == hashes[0]), "the same run, recorded the same");
}

/// Of two futures both stop when one does, at one moment.
#[test]
fn both_futures_stop_together() {
    for (step, budget) in [(Nanos::seconds(4), u64::MAX), (Nanos::millis(16), 700)] {
        let mut session = open(&store());
        session.tick(&Tick { advance: SECOND, ..Tick::default() }, u64::MAX);
        say(&mut session, Command::Fork);
        let cut = Input::Fault(Fault::Crash(target("store")));
        say(&mut session, Command::Act(Branch::Fork, cut));
        say(&mut session, Command::StopAt(Branch::Fork, Some(Breakpoint::Fails(None, None))));
        let hit = loop {
            session.tick(&Tick { advance: step, ..Tick::default() }, budget);
            let frame = session.frame(&View::default());
            let fork = frame.fork.expect("another future").frame;
            assert_eq!(frame.now, fork.now, "in step");
            assert_eq!(frame.hit, None, "the run does not wait");
            if let Some(hit) = fork.hit {
                assert_eq!((fork.now, fork.ordinal), (hit.at, hit.ordinal));
                break hit;
            }
        };
        let mut alone = session.fork().expect("another future").clone();
        alone.stop_at(None);
        alone.recorder.bring_up_to_date();
        let slot = alone.head.world.blueprint().component("people").expect("it is there");
        let failed = |run: &ringside::session::run::Run| {
            let total = &run.recorder.components[slot as usize].total;
            let of = |it: &Outcome| Outcome::ALL.iter().position(|all| all == it);
            Outcome::ALL
                .iter()
                .filter(|it| it.is_failure())
                .map(|it| total.ended[of(it).expect("one of all")])
                .sum::<u64>()
        };
        assert_eq!(failed(&alone), 1, "the first that fails, at {}", hit.at);
    }
}

/// Every figure that is counted by the second stops a run at the end of the first second in which the page
/// shows it beyond the value, having shown it on the other side before.
#[test]
fn it_stops_when_a_figure_on_the_page_passes_a_value() {
    use ringside::session::protocol::ComponentFigures;
    type Of = fn(&ComponentFigures) -> f64;
    let figures: [(&str, Measure, Of); 9] = [
        ("books", Measure::Offered, |it| it.offered),
        ("books", Measure::Goodput, |it| it.completed),
        ("books", Measure::Failed, |it| it.failed),
        ("books", Measure::P50, |it| it.p50_ns),
        ("books", Measure::P95, |it| it.p95_ns),
        ("books", Measure::P99, |it| it.p99_ns),
        ("store", Measure::Imbalance, |it| it.imbalance),
        ("reviews", Measure::Imbalance, |it| it.imbalance),
        ("cache", Measure::Ratio(0), |it| it.ratios[0]),
    ];
    let design = crowded(2);
    // What the page shows at the end of each second of an uninterrupted run.
    let mut session = open(&design);
    let view = View { figures: true, ..View::default() };
    let mut seen = Vec::new();
    for second in 1..=5 {
        let to = Nanos::seconds(second);
        let now = |it: &Session| it.run().expect("open").head.world.now();
        if second == 3 {
            session.tick(&Tick { advance: KILLED - now(&session), ..Tick::default() }, u64::MAX);
            let kill = Input::Fault(Fault::Crash(target("cache")));
            say(&mut session, Command::Act(Branch::Main, kill));
        }
        session.tick(&Tick { advance: to - now(&session), ..Tick::default() }, u64::MAX);
        seen.push(session.frame(&view).figures.expect("asked for"));
    }
    let world = start(&design, SEED);
    let mut checked = 0;
    for (id, figure, of) in figures {
        let slot = world.blueprint().component(id).expect("it is there") as usize;
        let values: Vec<f64> = seen.iter().map(|it| of(&it.components[slot])).collect();
        // Between the second with the least and the one with the most: in both directions.
        for above in [true, false] {
            let known = || values.iter().copied().filter(|it| !it.is_nan());
            let (low, high) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
            assert!(low < high, "{id} {figure:?} stands still: {values:?}");
            let value = low.midpoint(high);
            let what = Breakpoint::Crosses { component: id.into(), figure, above, value };
            let hit = everywhere(&design, SECOND, &what);
            let holds = |it: f64| if above { it > value } else { it < value };
            let mut level = !values[0].is_nan() && holds(values[0]);
            let mut expected = None;
            for (second, it) in values.iter().enumerate().skip(1).filter(|it| !it.1.is_nan()) {
                if holds(*it) && !level {
                    expected = expected.or(Some(Nanos::seconds(second as u64 + 1)));
                }
                level = holds(*it);
            }
            assert_eq!(
                hit.map(|it| it.at),
                expected,
                "{id} {figure:?} {above} {value}: {values:?}"
            );
            checked += usize::from(expected.is_some());
        }
    }
    assert!(checked >= 10, "{checked}");
}
