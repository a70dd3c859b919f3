//! The session against its promises: seeking, branching and cutting a run into pieces change
//! nothing.

use crate::base::geometry::Point;
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::component::{Spec, cache, client, service, sql_db};
use crate::document::{ComponentRecord, Design, Diff, WireParams, WireRecord};
use crate::engine::blueprint::Reads;
use crate::engine::fault::{Fault, Target, Ways};

use super::Session;
use super::handover::{Handover, Heir};
use super::protocol::{Branch, Command, Frame, Input, Place, Tick, View, Which};
use super::run::Run;

fn small_store() -> Design {
    let mut design = Design { name: "Small store".into(), ..Design::default() };
    let mut add = |id: &str, spec: Spec| {
        let (label, at, extra) = (id.to_owned(), Point::default(), Default::default());
        design
            .components
            .insert(id.into(), ComponentRecord { spec, label, at, zones: Vec::new(), extra });
    };
    let classes = vec![
        client::Class { name: "browse".into(), weight: 9, ..Default::default() },
        client::Class { name: "buy".into(), does: client::Does::Write, ..Default::default() },
    ];
    let keys = 500;
    let rate = Rate(300.0);
    add("client", Spec::Client(client::ClientParams { rate, classes, keys, ..Default::default() }));
    add("books", Spec::Service(service::ServiceParams::default()));
    add("cache", Spec::Cache(cache::CacheParams { capacity: 100, ..Default::default() }));
    add("store", Spec::SqlDb(sql_db::SqlDbParams::default()));
    for (from, to) in [("client", "books"), ("books", "cache"), ("books", "store")] {
        let settings = WireParams { reads: Reads::Any, ..WireParams::default() };
        let (from, to, extra) = (from.to_owned(), to.to_owned(), Default::default());
        design.wires.insert(format!("{from}-{to}"), WireRecord { from, to, settings, extra });
    }
    design
}

fn open() -> Run {
    Run::open(small_store(), 7, Nanos::seconds(1), Vec::new()).expect("it compiles")
}

fn kill() -> Input {
    Input::Fault(Fault::Crash(Target::component("cache")))
}

fn more_books() -> Input {
    let before = small_store();
    let mut after = before.clone();
    if let Some(Spec::Service(it)) = after.components.get_mut("books").map(|it| &mut it.spec) {
        it.instances = 3;
    }
    Input::Edit(Diff::between(&before, &after))
}

fn eventful() -> Run {
    let mut run = open();
    run.advance(Nanos::seconds(2), u64::MAX);
    run.act(kill()).expect("a fault compiles");
    run.advance(Nanos::seconds(2), u64::MAX);
    run.act(more_books()).expect("it compiles");
    run.advance(Nanos::seconds(2), u64::MAX);
    run
}

#[test]
fn the_past_is_as_it_was() {
    let mut run = open();
    let mut hashes = Vec::new();
    for second in 0..6 {
        run.advance(Nanos::millis(500), u64::MAX);
        match second {
            2 => _ = run.act(kill()),
            4 => _ = run.act(more_books()),
            _ => {}
        }
        run.advance(Nanos::millis(500), u64::MAX);
        let world = &run.head.world;
        hashes.push((world.now(), world.ordinal(), world.state_hash()));
    }
    for (at, ordinal, hash) in hashes.iter().rev().chain(&hashes).copied() {
        run.seek(at);
        assert_eq!(run.shown().world.state_hash(), hash, "at {at}");
        run.seek_ordinal(ordinal);
        assert_eq!(run.shown().world.ordinal(), ordinal);
        run.step(-3);
        assert_eq!(run.shown().world.ordinal(), ordinal - 3);
        run.step(3);
        assert_eq!(run.shown().world.ordinal(), ordinal);
    }
    run.latest();
    assert_eq!(run.shown().world.state_hash(), hashes[5].2);
}

#[test]
fn a_replay_of_base_and_inputs_is_the_run() {
    let run = eventful();
    let inputs = run.inputs.clone();
    let mut again = Run::open(small_store(), 7, Nanos::seconds(1), inputs).expect("it compiles");
    again.advance(Nanos::seconds(6), u64::MAX);
    assert_eq!(again.head.world.state_hash(), run.head.world.state_hash());
    assert_eq!(again.head.design, run.head.design);
}

#[test]
fn pieces_of_any_size_make_the_same_run() {
    let whole = eventful();
    let mut run = open();
    let pieces = |run: &mut Run| {
        let target = run.head.world.now() + Nanos::seconds(2);
        while run.head.world.now() < target {
            let left = target - run.head.world.now();
            run.advance(Nanos::millis(17).min(left), 40);
        }
        run.advance(Nanos::ZERO, u64::MAX);
    };
    pieces(&mut run);
    run.act(kill()).expect("a fault compiles");
    pieces(&mut run);
    run.act(more_books()).expect("it compiles");
    pieces(&mut run);
    assert_eq!(run.head.world.now(), whole.head.world.now());
    assert_eq!(run.head.world.state_hash(), whole.head.world.state_hash());
}

#[test]
fn acting_in_the_past_makes_another_future_and_records_it_afresh() {
    let mut run = eventful();
    let zero = run.zero;
    run.seek(zero + Nanos::seconds(1));
    assert!(run.is_past());
    let branched = run.act(Input::Fault(Fault::Crash(Target::member("books", 0))));
    assert_eq!(branched, Ok(true));
    run.advance(Nanos::seconds(3), u64::MAX);
    // The same done straight away, never having seen the other future.
    let mut straight = open();
    straight.advance(Nanos::seconds(1), u64::MAX);
    straight.act(Input::Fault(Fault::Crash(Target::member("books", 0)))).expect("compiles");
    straight.advance(Nanos::seconds(3), u64::MAX);
    assert_eq!(run.head.world.state_hash(), straight.head.world.state_hash());
    for (branch, fresh) in run.recorder.components.iter().zip(&straight.recorder.components) {
        assert_eq!(branch.total.offered, fresh.total.offered);
        assert_eq!(branch.total.ended, fresh.total.ended);
        assert_eq!(branch.total.sojourn_ns, fresh.total.sojourn_ns);
        assert_eq!(format!("{:?}", branch.windows), format!("{:?}", fresh.windows));
    }
    assert_eq!(run.inputs.len(), 1);
}

#[test]
fn watching_lenses_and_charts_changes_nothing() {
    let mut session = Session::default();
    let design = Box::new(small_store());
    let (seed, warmup, inputs) = (7, Nanos::seconds(1), Vec::new());
    let view = View {
        lens: Some(("cache".into(), 300.0)),
        chart: Some(("client".into(), Which::Latency)),
        follow: Some((77, Nanos::ZERO)),
        pick: Some(Place::Component("books".into())),
        theory: Some("books".into()),
        messages: true,
        figures: true,
        ..View::default()
    };
    let mut commands = vec![Command::Open { design, seed, warmup, inputs }];
    for step in 0..60 {
        if step == 20 {
            commands.push(Command::Act(Branch::Main, kill()));
        }
        let tick = Tick {
            commands: std::mem::take(&mut commands),
            advance: Nanos::millis(100),
            view: view.clone(),
        };
        let bytes = tick.encode();
        let tick = Tick::decode(&bytes).expect("a tick reads back");
        session.tick(&tick, u64::MAX);
        let frame = session.frame(&tick.view);
        // Debug form, since NaN is not equal to itself.
        let mut packed = frame.clone();
        packed.pack();
        let mut back = Frame::decode(&packed.encode()).expect("a frame reads back");
        back.unpack();
        assert_eq!(format!("{back:?}"), format!("{frame:?}"));
    }
    let mut bare = open();
    bare.advance(Nanos::seconds(2), u64::MAX);
    bare.act(kill()).expect("a fault compiles");
    bare.advance(Nanos::seconds(4), u64::MAX);
    let run = session.run().expect("it is open");
    assert_eq!(run.head.world.state_hash(), bare.head.world.state_hash());
}

/// Whether the parts that tell it are there from the beginning, or come only after the fault.
#[test]
fn a_story_is_told_three_seconds_after_the_fault() {
    for late in [false, true] {
        let mut session = if late { Session::first() } else { Session::default() };
        let design = Box::new(small_store());
        let open = Command::Open { design, seed: 7, warmup: Nanos::seconds(5), inputs: Vec::new() };
        let tick = |commands| Tick { commands, advance: Nanos::seconds(2), view: View::default() };
        session.tick(&tick(vec![open]), u64::MAX);
        session.frame(&View::default());
        session.tick(&tick(vec![Command::Act(Branch::Main, kill())]), u64::MAX);
        assert_eq!(session.frame(&View::default()).stories, None);
        session.furnish(crate::session::later::Later::all());
        session.tick(&tick(Vec::new()), u64::MAX);
        let mut frame = session.frame(&View::default());
        frame.unpack();
        let stories = frame.stories.expect("a story");
        let sentence = stories[0].sentence();
        assert!(sentence.starts_with("cache was killed: "), "{sentence}");
        assert!(sentence.contains("hits in cache are 0\u{a0}% instead of "), "{sentence}");
        assert!(sentence.contains("store gets "), "{sentence}");
    }
}

/// Opens the small store and does things to it, each so long after the one before; and what was
/// told three seconds and a bit after the last.
fn told(deeds: &[(u64, Input)]) -> Vec<String> {
    let mut session = Session::default();
    let (design, warmup, inputs) = (Box::new(small_store()), Nanos::seconds(5), Vec::new());
    let mut commands = vec![Command::Open { design, seed: 7, warmup, inputs }];
    let mut go = |commands, advance| {
        session.tick(&Tick { commands, advance, view: View::default() }, u64::MAX);
        session.frame(&View::default()).stories
    };
    for (after, input) in deeds {
        go(std::mem::take(&mut commands), Nanos::millis(*after));
        commands.push(Command::Act(Branch::Main, input.clone()));
    }
    let last = go(commands, Nanos::millis(3_100));
    let last = last.or_else(|| go(Vec::new(), Nanos::millis(100)));
    last.expect("stories").iter().map(|it| it.sentence()).collect()
}

fn revive() -> Input {
    Input::Fault(Fault::Restart(Target::component("cache")))
}

#[test]
fn a_story_compares_with_the_run_without_it_and_not_with_the_seconds_before() {
    // One second after the cache came back it is still filling: by itself the ratio climbs, and the
    // database gets fewer calls. A third instance of a service that is not busy has no part in that.
    let stories = told(&[(2_000, kill()), (8_000, revive()), (1_000, more_books())]);
    let [killed, back, more] = stories.as_slice() else { panic!("{stories:?}") };
    assert!(killed.contains("hits in cache are 0\u{a0}% instead of "), "{killed}");
    assert!(back.starts_with("cache came back: hits in cache are "), "{back}");
    assert!(back.contains("% instead of 0\u{a0}%"), "without it, it would still be dead: {back}");
    assert_eq!(
        more,
        "Instances of books went from 2 to 3: no figure is off by more than a quarter."
    );
}

/// The default database has a primary and two replicas.
#[test]
fn who_is_parted_from_most_is_told_and_shown() {
    let fault = Fault::Partition {
        name: "replica 2".into(),
        one: vec![Target::member("store", 2)],
        other: vec![Target::member("store", 0), Target::member("store", 1)],
        ways: Ways::Both,
    };
    let heal = Input::Fault(Fault::Heal { name: "replica 2".into() });
    let cut = Input::Fault(fault);
    let stories = told(&[(2_000, cut.clone()), (4_000, heal)]);
    assert!(
        stories[0].starts_with("replica 2 of store can no longer reach primary and replica 1: "),
        "{stories:?}"
    );
    assert!(stories[1].starts_with("The network cut “replica 2” was healed: "), "{stories:?}");
    let mut run = open();
    let apart = |run: &Run| {
        let slot = run.head.world.blueprint().component("store").expect("it") as usize;
        let figures = super::figures::figures(run);
        figures.components[slot].members.iter().map(|it| it.apart).collect::<Vec<_>>()
    };
    assert_eq!(apart(&run), [false, false, false]);
    run.act(cut).expect("it is cut");
    assert_eq!(apart(&run), [false, false, true]);
}

#[test]
fn a_story_that_is_cut_short_says_so() {
    let stories = told(&[(2_000, kill()), (100, revive())]);
    let expected = "cache was killed: something else was done too soon to tell what came of it.";
    assert_eq!(stories[0], expected);
    // Of an edit that is edited further only the last is told.
    let back = || match more_books() {
        Input::Edit(diff) => Input::Edit(diff.reversed()),
        fault => fault,
    };
    let stories = told(&[(2_000, more_books()), (100, back()), (100, more_books())]);
    assert_eq!(stories.len(), 1, "{stories:?}");
}

#[test]
fn every_change_of_a_story_names_where_to_look() {
    let mut session = Session::default();
    let (design, warmup, inputs) = (Box::new(small_store()), Nanos::seconds(5), Vec::new());
    let open = Command::Open { design, seed: 7, warmup, inputs };
    let tick = |commands| Tick { commands, advance: Nanos::seconds(4), view: View::default() };
    session.tick(&tick(vec![open]), u64::MAX);
    session.tick(&tick(vec![Command::Act(Branch::Main, kill())]), u64::MAX);
    let story = session.frame(&View::default()).stories.expect("stories").remove(0);
    assert_eq!((story.at, story.until), (Nanos::seconds(9), Nanos::seconds(12)));
    assert!(!story.changes.is_empty());
    let run = session.run().expect("it is open");
    for change in &story.changes {
        let component = run.head.world.blueprint().component(&change.component).expect("is there");
        let chart = super::chart::chart(run, component, change.which);
        assert!(chart.points.iter().any(|it| it.at == change.at), "a point at {}", change.at);
        assert!(chart.twin.iter().any(|it| it.at == change.at), "and of the other run");
    }
}

#[test]
fn a_design_that_does_not_compile_is_told_and_the_run_goes_on() {
    let mut session = Session::default();
    let design = Box::new(small_store());
    let open = Command::Open { design, seed: 7, warmup: Nanos::ZERO, inputs: Vec::new() };
    let tick = |commands| Tick { commands, advance: Nanos::millis(500), view: View::default() };
    session.tick(&tick(vec![open]), u64::MAX);
    let (before, mut after) = (small_store(), small_store());
    for n in 0..21 {
        let spec = service::ServiceParams { instances: 1_000, ..Default::default() };
        let (label, at, extra) = (format!("s{n}"), Point::default(), Default::default());
        let record =
            ComponentRecord { spec: Spec::Service(spec), label, at, zones: Vec::new(), extra };
        after.components.insert(format!("s{n}"), record);
    }
    let edit = Command::Act(Branch::Main, Input::Edit(Diff::between(&before, &after)));
    session.tick(&tick(vec![edit]), u64::MAX);
    let frame = session.frame(&View::default());
    let failure = frame.failure.expect("a failure");
    assert!(failure.contains("21007 members"), "{failure}");
    assert!(failure.contains("at most 20000"), "the fix is named: {failure}");
    assert_eq!(frame.latest, Nanos::seconds(1));
}

#[test]
fn a_moment_that_is_sought_is_near_at_once_and_exact_later() {
    let mut session = Session::default();
    let (design, warmup, inputs) = (Box::new(small_store()), Nanos::ZERO, Vec::new());
    let mut ask = |command, advance, budget| {
        let view = View::default();
        let done = session.tick(&Tick { commands: vec![command], advance, view }, budget);
        let world = &session.run().expect("it is open").shown().world;
        let (now, hash) = (world.now(), world.state_hash());
        (session.frame(&View::default()), done, now, hash)
    };
    let open = Command::Open { design, seed: 7, warmup, inputs };
    let nothing = || Command::StopAt(Branch::Main, None);
    let third = ask(open, Nanos::seconds(3), u64::MAX);
    ask(nothing(), Nanos::seconds(3), u64::MAX);
    // Thirty milliseconds' worth of events, of some seconds' worth.
    let mut seen = ask(Command::Seek(Nanos::seconds(3)), Nanos::ZERO, 500);
    let mut asked = 0;
    while let Some(sought) = seen.0.sought {
        assert_eq!((sought, seen.1, seen.0.now), (Nanos::seconds(3), false, seen.2));
        assert!(seen.2 < sought, "what is shown lies before it");
        seen = ask(nothing(), Nanos::ZERO, 500);
        asked += 1;
    }
    assert!(asked > 3, "in parts: {asked}");
    assert_eq!((seen.0.now, seen.3), (Nanos::seconds(3), third.3));
    // The latest wins, and time goes on from there and not before.
    ask(Command::Seek(Nanos::seconds(4)), Nanos::ZERO, 500);
    let seen = ask(Command::Seek(Nanos::seconds(2)), Nanos::SECOND, u64::MAX);
    assert_eq!((seen.0.sought, seen.0.now, seen.3), (None, Nanos::seconds(3), third.3));
    // What is done is done there, too.
    ask(Command::Seek(Nanos::seconds(5)), Nanos::ZERO, 500);
    let seen = ask(Command::Act(Branch::Main, kill()), Nanos::ZERO, 500);
    assert_eq!((seen.0.latest, seen.0.inputs.map(|it| it[0].at)), {
        (Nanos::seconds(5), Some(Nanos::seconds(5)))
    });
}

#[test]
fn another_host_goes_on_with_the_very_same_run() {
    let mut one = Session::default();
    let (design, warmup, inputs) = (Box::new(small_store()), Nanos::SECOND, Vec::new());
    let chart = Some(("cache".into(), Which::Latency));
    let view = View { figures: true, messages: true, chart, ..View::default() };
    let go = |session: &mut Session, commands| {
        let (advance, view) = (Nanos::millis(190), view.clone());
        session.tick(&Tick { commands, advance, view: view.clone() }, 5_000);
        session.frame(&view)
    };
    let open = Command::Open { design, seed: 7, warmup, inputs };
    go(&mut one, vec![open]);
    let told = |one: &Session| {
        let told = one.hand_over()?;
        Handover::decode(&told.encode())
    };
    let mut heir = Heir::new(told(&one).expect("nothing but a run")).expect("it compiles");
    let mut waited = 0;
    for step in 0..150 {
        let commands = match step {
            50 => vec![Command::Act(Branch::Main, kill())],
            60 => vec![Command::Act(Branch::Main, more_books())],
            _ => Vec::new(),
        };
        let frame = go(&mut one, commands);
        match told(&one) {
            // Stories are awaited.
            None => waited += 1,
            Some(told) => {
                assert!(heir.hear(&told), "the same run");
                while !heir.go_on(37) {}
                assert!(heir.is_equal(), "at {}", frame.now);
            }
        }
    }
    assert!((10..60).contains(&waited), "{waited}");
    let mut other = Session::default();
    other.adopt(heir);
    for _ in 0..40 {
        let (one, other) = (go(&mut one, Vec::new()), go(&mut other, Vec::new()));
        assert!(one.chart.as_ref().is_some_and(|it| !it.twin.is_empty()), "the twin is shown");
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
    // Not while there is more to it.
    go(&mut one, vec![Command::Fork]);
    assert!(one.hand_over().is_none());
    go(&mut one, vec![Command::Keep(Branch::Main), Command::Seek(Nanos::SECOND)]);
    assert!(one.hand_over().is_none());
    // Another run is not this one.
    let design = Box::new(small_store());
    let open = Command::Open { design, seed: 8, warmup, inputs: Vec::new() };
    go(&mut one, vec![open]);
    let mut heir = Heir::new(told(&one).expect("a run")).expect("it compiles");
    let design = Box::new(small_store());
    go(&mut one, vec![Command::Open { design, seed: 9, warmup, inputs: Vec::new() }]);
    assert!(!heir.hear(&told(&one).expect("a run")));
}
