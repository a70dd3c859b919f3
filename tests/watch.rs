//! What the page sees of a run: one request as a waterfall, the twin, who is at a place, steps,
//! first failures, and a run that begins anew after its worker has died.

use crate::common;
use ringside::base::time::Nanos;
use ringside::document::Diff;
use ringside::engine::Note;
use ringside::engine::event::{Deed, Outcome};
use ringside::engine::exemplar::Span;
use ringside::engine::fault::Fault;
use ringside::engine::trace::{Kind, Phase};
use ringside::session::Session;
use ringside::session::protocol::{
    Branch, Chart, Command, Frame, Input, LineRole, Place, Tick, Trace, TraceBar, Unit, View,
    Which, Whom, Why,
};
use ringside::session::{golden, run::Run};

const SECOND: Nanos = Nanos::SECOND;

fn open(seed: u64) -> Session {
    let (design, warmup, inputs) = (Box::new(golden::design()), SECOND, Vec::new());
    let mut session = Session::default();
    say(&mut session, Command::Open { design, seed, warmup, inputs });
    session
}

fn say(session: &mut Session, command: Command) {
    let tick = Tick { commands: vec![command], ..Tick::default() };
    session.tick(&tick, u64::MAX);
}

fn play(session: &mut Session, advance: Nanos) {
    look(session, advance, &View::default());
}

fn look(session: &mut Session, advance: Nanos, view: &View) -> Frame {
    let view = View { figures: true, ..view.clone() };
    let tick = Tick { commands: Vec::new(), advance, view };
    session.tick(&tick, u64::MAX);
    let frame = session.frame(&tick.view);
    // What is looked at gets through to the page.
    let mut packed = frame.clone();
    packed.pack();
    let mut back = Frame::decode(&packed.encode()).expect("a frame reads back");
    back.unpack();
    assert_eq!(format!("{back:?}"), format!("{frame:?}"));
    frame
}

fn run(session: &Session) -> &Run {
    session.run().expect("a design is open")
}

fn act(session: &mut Session, fault: &Fault) {
    say(session, Command::Act(Branch::Main, Input::Fault(fault.clone())));
}

fn crash(target: &str) -> Fault {
    Fault::Crash(common::target(target))
}

fn restart(target: &str) -> Fault {
    Fault::Restart(common::target(target))
}

fn component(session: &Session, id: &str) -> u32 {
    run(session).head.world.blueprint().component(id).expect("it is there")
}

/// Examples of the requests that a component has ended.
fn examples(session: &Session, id: &str) -> Vec<Span> {
    let record = &run(session).recorder.components[component(session, id) as usize];
    record.exemplars[0].between(Nanos::ZERO, Nanos::MAX).copied().collect()
}

/// Follows a request until everything is known of it.
fn trace(session: &mut Session, request: u64, near: Nanos) -> Trace {
    let view = View { follow: Some((request, near)), ..View::default() };
    look(session, Nanos::ZERO, &view).trace.expect("it is followed")
}

/// Of the critical path, the bars that hold none of it.
fn leaves(trace: &Trace) -> Vec<&TraceBar> {
    let holds = |index: usize| {
        let of = |it: &TraceBar| it.critical && it.parent == Some(index as u32);
        trace.bars.iter().any(of)
    };
    let all = trace.bars.iter().enumerate();
    let mut leaves: Vec<_> =
        all.filter(|it| it.1.critical && !holds(it.0)).map(|it| it.1).collect();
    leaves.sort_by_key(|it| (it.start, it.end));
    leaves
}

/// Checks that a finished trace is whole: the critical path without gap or overlap, and every bar
/// within the one that holds it.
#[track_caller]
fn check(trace: &Trace, span: &Span) {
    let whole = &trace.bars[0];
    assert_eq!((whole.start, whole.end), (span.start, Some(span.end)), "{:?}", trace.request);
    assert_eq!(whole.outcome, Some(span.outcome));
    let mut at = whole.start;
    for leaf in leaves(trace) {
        assert_eq!(leaf.start, at, "the path has no gap: {:?} in {:?}", leaf, trace.bars);
        at = leaf.end.expect("what led to the end has ended");
    }
    assert_eq!(Some(at), whole.end, "the path leads to the end");
    for bar in &trace.bars {
        let Some(parent) = bar.parent else { continue };
        let above = &trace.bars[parent as usize];
        assert!(bar.start >= above.start && bar.depth == above.depth + 1);
        assert!(matches!(above.kind, Kind::Job | Kind::Call), "only those hold others");
    }
}

#[test]
fn any_request_is_a_waterfall_whose_critical_path_is_its_latency() {
    let mut session = open(7);
    play(&mut session, Nanos::seconds(4));
    act(&mut session, &crash("cache"));
    play(&mut session, Nanos::seconds(4));
    act(&mut session, &crash("database/0"));
    play(&mut session, Nanos::seconds(6));
    let spans = examples(&session, "readers");
    let mut kinds = Vec::new();
    let (mut failed, mut retried) = (0, 0);
    assert!(spans.len() > 60);
    for span in spans.iter().step_by(2) {
        let trace = trace(&mut session, span.request.id, span.start);
        assert!(!trace.searching && !trace.missing && !trace.cut);
        check(&trace, span);
        failed += u32::from(span.outcome.is_failure());
        retried += u32::from(trace.bars.iter().any(|it| it.attempt > 0));
        kinds.extend(trace.bars.iter().filter(|it| it.critical).map(|it| it.kind));
    }
    let told = |kind: Kind| kinds.contains(&kind);
    assert!(told(Kind::Forth) && told(Kind::Back) && told(Kind::Call) && told(Kind::Job));
    assert!(told(Kind::Phase(Phase::Work)) && told(Kind::Phase(Phase::Queue)));
    assert!(failed > 3, "some failed: {failed}");
    assert_eq!(retried, 0, "nothing in this design tries again");
}

#[test]
fn a_request_followed_live_is_the_one_run_again() {
    let mut session = open(9);
    play(&mut session, Nanos::seconds(3));
    let (mut followed, mut broken) = (0, 0);
    for step in 0..240u32 {
        let view = View { pick: Some(Place::Component("books".into())), ..View::default() };
        let picks = look(&mut session, Nanos::millis(37), &view).picks.expect("asked for");
        let next = picks.iter().find(|it| it.why == Why::Next);
        let Some(pick) = next.copied() else { continue };
        let view = View { follow: Some((pick.request, pick.near)), ..View::default() };
        let first = look(&mut session, Nanos::ZERO, &view).trace.expect("followed");
        assert!(!first.searching && first.bars[0].end.is_none(), "it is still under way");
        // Up to now, the path is without a gap too.
        let now = run(&session).head.world.now();
        let sum: u64 = leaves(&first).iter().map(|it| (it.end.unwrap_or(now) - it.start).0).sum();
        assert_eq!(sum, (now - first.bars[0].start).0, "step {step}: {first:?}");
        let done = if followed % 2 == 0 { crash("books/0") } else { restart("books/0") };
        act(&mut session, &done);
        for _ in 0..30 {
            look(&mut session, Nanos::millis(91), &view);
        }
        let live = look(&mut session, Nanos::ZERO, &view).trace.expect("followed");
        look(&mut session, Nanos::ZERO, &View::default());
        let again = trace(&mut session, pick.request, pick.near);
        assert_eq!(live, again, "step {step}");
        assert!(live.bars[0].end.is_some() && live.bars.len() >= first.bars.len());
        followed += 1;
        broken += u32::from(live.bars.iter().any(|it| it.outcome == Some(Outcome::Reset)));
    }
    assert!(followed > 10 && broken > 0, "{followed}, of them {broken} with a broken connection");
}

#[test]
fn nobody_by_that_number_is_told_so() {
    let mut session = open(7);
    play(&mut session, Nanos::seconds(2));
    let trace = trace(&mut session, 12_345, Nanos::seconds(2));
    assert!(trace.missing && trace.bars.is_empty());
}

#[test]
fn every_bar_says_what_happened() {
    let mut session = open(7);
    play(&mut session, Nanos::seconds(3));
    let span = examples(&session, "readers")[0];
    let trace = trace(&mut session, span.request.id, span.start);
    let said: Vec<_> =
        trace.bars.iter().map(|it| ringside::base::english::clause(&it.text)).collect();
    assert!(said.iter().any(|it| it.contains(" on the way to ")), "{said:?}");
    assert!(said.iter().any(|it| it.contains(" worked on it for ")), "{said:?}");
    assert!(said.iter().all(|it| it.contains("\u{a0}ms") || it.contains("s")), "{said:?}");
}

fn chart(session: &mut Session, id: &str, which: Which) -> Chart {
    let view = View { chart: Some((id.into(), which)), ..View::default() };
    look(session, Nanos::ZERO, &view).chart.expect("it has one")
}

#[test]
fn a_twin_of_what_changes_nothing_is_the_run() {
    for budget in [u64::MAX, 700] {
        let mut session = open(5);
        play(&mut session, Nanos::seconds(2));
        // Nobody has this name, so nothing happens to anybody.
        act(&mut session, &crash("nobody"));
        let parted = run(&session).head.world.now();
        let tick = Tick { advance: Nanos::millis(100), ..Tick::default() };
        for _ in 0..40 {
            session.tick(&tick, budget);
        }
        // Time to catch up.
        for _ in 0..200 {
            session.tick(&Tick::default(), 20_000);
        }
        let run = run(&session);
        let twin = run.twin.as_ref().expect("it left a twin");
        assert_eq!((twin.since, twin.reached), (parted, run.head.world.now()));
        let moment = twin.moment().expect("it still follows");
        assert_eq!(moment.world.state_hash(), run.head.world.state_hash());
        let chart = chart(&mut session, "readers", Which::Latency);
        let of = |at: Nanos| chart.points.iter().find(|it| it.at == at);
        assert!(chart.twin.len() >= if budget == 700 { 1 } else { 4 });
        for point in &chart.twin {
            assert_eq!(format!("{:?}", of(point.at)), format!("{:?}", Some(point)));
        }
    }
}

#[test]
fn the_twin_shows_the_run_without_the_fault_and_outlives_its_reversal() {
    let mut session = open(6);
    play(&mut session, Nanos::seconds(3));
    act(&mut session, &crash("cache"));
    play(&mut session, Nanos::seconds(3));
    act(&mut session, &restart("cache"));
    play(&mut session, Nanos::seconds(3));
    let mut calm = open(6);
    play(&mut calm, Nanos::seconds(9));
    let twin = run(&session).twin.as_ref().expect("a twin");
    let moment = twin.moment().expect("it follows");
    assert_eq!(moment.world.state_hash(), run(&calm).head.world.state_hash());
    assert_eq!(twin.since, Nanos::seconds(4), "the fault, not its reversal");
    let with = chart(&mut session, "cache", Which::Ratio(0));
    let last = |it: &[ringside::session::protocol::ChartPoint]| {
        it.iter().map(|it| it.values[0]).collect::<Vec<_>>()
    };
    assert!(last(&with.twin).iter().all(|it| *it > 0.3), "{with:?}");
    assert!(last(&with.points).iter().any(|it| it.is_nan()), "nobody hit a dead cache");
    // Another fault starts another twin, which has the first one in it.
    act(&mut session, &crash("books/0"));
    play(&mut session, SECOND);
    let twin = run(&session).twin.as_ref().expect("a twin");
    assert_eq!(twin.since, Nanos::seconds(10));
    assert!(
        twin.moment().expect("it follows").world.state_hash() != run(&calm).head.world.state_hash()
    );
}

#[test]
fn an_edit_leaves_a_twin_until_it_is_undone_twice_and_gives_up_in_time() {
    let mut session = open(6);
    let before = golden::design();
    let mut after = before.clone();
    after.components.get_mut("cache").expect("it is there").label = "Other".into();
    let edit = Diff::between(&before, &after);
    say(&mut session, Command::Act(Branch::Main, Input::Edit(edit.clone())));
    play(&mut session, SECOND);
    say(&mut session, Command::Act(Branch::Main, Input::Edit(edit.reversed())));
    play(&mut session, SECOND);
    assert_eq!(run(&session).twin.as_ref().expect("a twin").since, SECOND, "undone: the same");
    play(&mut session, Nanos::seconds(125));
    let state = chart(&mut session, "readers", Which::Throughput).twin_state.expect("a twin");
    assert!(state.over && state.reached == Nanos::seconds(121), "{state:?}");
    assert!(run(&session).twin.as_ref().is_some_and(|it| it.moment().is_none()), "no world kept");
}

#[test]
fn charts_have_lines_with_units_and_agree_with_each_other() {
    let mut session = open(8);
    play(&mut session, Nanos::seconds(4));
    act(&mut session, &crash("database/0"));
    play(&mut session, Nanos::seconds(6));
    let throughput = chart(&mut session, "readers", Which::Throughput);
    let roles: Vec<_> = throughput.lines.iter().map(|it| it.role).collect();
    assert_eq!(roles, [LineRole::Offered, LineRole::Throughput, LineRole::Goodput]);
    let errors = chart(&mut session, "readers", Which::Errors);
    assert!(!errors.lines.is_empty());
    for (all, errors) in throughput.points.iter().zip(&errors.points) {
        assert_eq!(all.at, errors.at);
        let failed = all.values[1] - all.values[2];
        assert!((failed - errors.values.iter().sum::<f64>()).abs() < 1e-9);
    }
    assert!(errors.points.iter().any(|it| it.values.iter().sum::<f64>() > 0.0));
    let lag = chart(&mut session, "database", Which::Gauge(0));
    assert_eq!((lag.lines[0].unit, lag.lines.len()), (Unit::Nanos, 1));
    let hits = chart(&mut session, "cache", Which::Ratio(0));
    assert_eq!(hits.lines[0].unit, Unit::Share);
    assert!(hits.points.iter().all(|it| it.values.len() == 1));
    let none = chart(&mut session, "readers", Which::Gauge(9));
    assert!(none.lines.is_empty() && none.points.iter().all(|it| it.values.is_empty()));
}

#[test]
fn the_future_left_behind_stays_in_every_chart() {
    let mut session = open(8);
    play(&mut session, Nanos::seconds(8));
    let old = chart(&mut session, "cache", Which::Ratio(0));
    say(&mut session, Command::Seek(Nanos::seconds(5)));
    act(&mut session, &crash("cache"));
    play(&mut session, Nanos::seconds(2));
    for (id, which) in [("cache", Which::Ratio(0)), ("readers", Which::Latency)] {
        let now = chart(&mut session, id, which);
        let ends: Vec<_> = now.before.iter().map(|it| it.at.0 / SECOND.0).collect();
        assert_eq!(ends, [5, 6, 7, 8, 9], "from the branch on, to where the old future ended");
    }
    let now = chart(&mut session, "cache", Which::Ratio(0));
    assert_eq!(format!("{:?}", now.before), format!("{:?}", &old.points[4..]));
}

#[test]
fn picks_are_there_and_are_what_they_say() {
    let mut session = open(4);
    play(&mut session, Nanos::seconds(4));
    act(&mut session, &crash("database/0"));
    let mut seen = Vec::new();
    for _ in 0..60 {
        for place in [Place::Component("books".into()), Place::Wire("balancer-books".into())] {
            let view = View { pick: Some(place), ..View::default() };
            let picks = look(&mut session, Nanos::millis(23), &view).picks.expect("asked for");
            let run = run(&session);
            for pick in picks {
                let failed = pick.outcome.is_some_and(Outcome::is_failure);
                assert_eq!(failed, pick.why == Why::Failed, "{pick:?}");
                assert!(pick.near + pick.lasted <= run.head.world.now());
                if pick.why == Why::Next {
                    let coming = run.head.world.in_flight().any(
                        |it| matches!(&it.1.deed, Deed::Call(it) if it.request.id == pick.request),
                    );
                    assert!(coming, "it is on its way");
                }
                seen.push(pick.why);
            }
        }
    }
    for why in [Why::Slowest, Why::Failed, Why::Typical, Why::Next] {
        assert!(seen.contains(&why), "{why:?}");
    }
}

/// At a point of a chart, of the past too: the slowest is the slowest of all that ended in that stretch,
/// however far above its percentiles, and the typical one is near the median of them.
#[test]
fn picks_of_a_point_are_what_they_are_called() {
    let mut session = open(4);
    play(&mut session, Nanos::seconds(15));
    let (mut world, mut ear) = (common::start(&golden::design(), 4), common::Ear::default());
    world.run(Nanos::seconds(16), u64::MAX, &mut ear);
    let members = common::slots(&world, "readers");
    // A second, and the first twelve, which are a point by themselves once they lie long ago.
    for (since, until) in [(2, 3), (7, 8), (0, 12)].map(|it| (it.0 * SECOND.0, it.1 * SECOND.0)) {
        let (since, until) = (Nanos(since), Nanos(until));
        let ended = |(_, at, note): &(u64, Nanos, Note)| match note {
            Note::Ended { member, outcome, arrived, .. } => {
                let there = members.contains(member) && *at > since && *at <= until;
                (there && !outcome.is_failure()).then(|| *at - *arrived)
            }
            _ => None,
        };
        let mut all: Vec<Nanos> = ear.0.iter().filter_map(ended).collect();
        all.sort_unstable();
        let median = all[all.len() / 2];
        let point = Place::Point { component: "readers".into(), since, until };
        let view = View { pick: Some(point), ..View::default() };
        let picks = look(&mut session, Nanos::ZERO, &view).picks.expect("asked for");
        let of = |why: Why| *picks.iter().find(|it| it.why == why).expect("one is there");
        assert_eq!(Some(&of(Why::Slowest).lasted), all.last());
        // One example is kept of each quarter of an octave.
        let off = of(Why::Typical).lasted.0 as f64 / median.0 as f64;
        assert!((0.8..1.25).contains(&off), "{off}");
        for pick in picks {
            let end = pick.near + pick.lasted;
            assert!(end > since && end <= until);
            let trace = trace(&mut session, pick.request, pick.near);
            assert_eq!(trace.bars[0].end, Some(end), "and it can be followed");
        }
    }
}

#[test]
fn a_step_rests_where_something_is_to_be_seen() {
    let mut session = open(4);
    play(&mut session, Nanos::seconds(2));
    let books = component(&session, "books");
    for past in [false, true] {
        if past {
            say(&mut session, Command::Seek(Nanos::millis(2_500)));
        }
        for _ in 0..20 {
            let before = run(&session).shown().world.ordinal();
            say(&mut session, Command::StepTo(Branch::Main, Whom::Component("books".into())));
            let after = run(&session).shown().world.ordinal();
            assert!(after > before);
            // The same by single events: the last of them was at books, and all others were not
            // deliveries there.
            say(&mut session, Command::Step(Branch::Main, -1));
            let mut shown = run(&session).shown().clone();
            let next = shown.world.upcoming().expect("it comes").to.slot;
            assert_eq!(shown.world.blueprint().members[next as usize].0, books);
            say(&mut session, Command::Step(Branch::Main, 1));
            assert_eq!(run(&session).shown().world.ordinal(), after);
        }
    }
    let span = examples(&session, "readers")[0];
    say(&mut session, Command::Seek(span.start));
    let mut steps = 0;
    while run(&session).shown().world.now() < span.end {
        say(&mut session, Command::StepTo(Branch::Main, Whom::Request(span.request.id)));
        steps += 1;
        assert!(steps < 200);
    }
    assert_eq!(run(&session).shown().world.now(), span.end, "its end is a step of its own");
    say(&mut session, Command::Latest);
    let before = run(&session).head.world.ordinal();
    say(&mut session, Command::StepTo(Branch::Main, Whom::Component("nobody".into())));
    assert_eq!(run(&session).head.world.ordinal(), before, "there is no such place");
}

#[test]
fn the_first_failure_after_each_fault_is_told() {
    let mut session = open(3);
    play(&mut session, Nanos::seconds(2));
    let tell = |session: &mut Session, span| look(session, span, &View::default()).firsts;
    tell(&mut session, Nanos::ZERO);
    act(&mut session, &crash("cache"));
    let at = run(&session).head.world.now();
    let firsts = tell(&mut session, SECOND).expect("something failed");
    let first = firsts.last().expect("it is told");
    let (failed, _) = first.failed.expect("something failed");
    assert!(first.at == at && failed >= at && failed < at + SECOND);
    assert_eq!(tell(&mut session, SECOND), None, "told once");
    // Done again in the past, it is told of the new future.
    say(&mut session, Command::Seek(at - Nanos::millis(500)));
    act(&mut session, &crash("database/0"));
    let firsts = tell(&mut session, SECOND).expect("another future");
    assert_eq!(firsts.len(), 1);
    assert_eq!(firsts[0].at, at - Nanos::millis(500));
}

#[test]
fn a_worker_that_died_begins_anew_from_base_and_inputs() {
    let mut session = open(12);
    play(&mut session, Nanos::seconds(2));
    act(&mut session, &crash("cache"));
    play(&mut session, Nanos::millis(1_234));
    act(&mut session, &restart("cache"));
    play(&mut session, Nanos::millis(777));
    let lost = run(&session);
    let moment = lost.head.world.now();
    let design = Box::new(golden::design());
    let open = Command::Open { design, seed: 12, warmup: SECOND, inputs: lost.inputs.clone() };
    let mut fresh = Session::default();
    let tick = Tick { commands: vec![open], ..Tick::default() };
    fresh.tick(&Tick::decode(&tick.encode()).expect("it reads back"), 1_000);
    while run(&fresh).head.world.now() < moment {
        let advance = moment - run(&fresh).head.world.now();
        fresh.tick(&Tick { advance, ..Tick::default() }, 1_000);
    }
    assert_eq!(run(&fresh).head.world.state_hash(), lost.head.world.state_hash());
    let twin = |it: &Session| run(it).twin.as_ref().map(|it| it.since);
    assert_eq!(twin(&fresh), twin(&session), "its twin too");
    say(&mut fresh, Command::Seek(Nanos::millis(2_500)));
    say(&mut session, Command::Seek(Nanos::millis(2_500)));
    let hash = |it: &Session| run(it).shown().world.state_hash();
    assert_eq!(hash(&fresh), hash(&session));
}

#[test]
fn attempts_and_the_pauses_between_them_are_on_the_path() {
    use crate::common::{add, steady, wire};
    use ringside::component::{Spec, client::ClientParams, service::ServiceParams};
    let mut design = common::design();
    let (retries, backoff) = (3, Nanos::millis(20));
    let client = ClientParams { retries, backoff, ..common::client(300.0, 1, 0) };
    add(&mut design, "readers", Spec::Client(client));
    let (work, queue) = (Nanos::millis(8), 1);
    let narrow = ServiceParams { instances: 1, workers: 2, work, queue, ..Default::default() };
    add(&mut design, "books", Spec::Service(narrow));
    wire(&mut design, "readers", "books", steady(Nanos::millis(1)));
    let mut session = Session::default();
    let (design, inputs) = (Box::new(design), Vec::new());
    say(&mut session, Command::Open { design, seed: 2, warmup: Nanos::ZERO, inputs });
    play(&mut session, Nanos::seconds(10));
    let (mut paused, mut given_up) = (0, 0);
    for span in examples(&session, "readers") {
        let trace = trace(&mut session, span.request.id, span.start);
        check(&trace, &span);
        let pause = Kind::Phase(Phase::Backoff);
        let pauses = leaves(&trace).iter().filter(|it| it.kind == pause).count();
        let attempts = trace.bars.iter().filter(|it| it.kind == Kind::Call).count();
        assert_eq!(pauses + 1, attempts, "a pause before every further attempt");
        paused += u32::from(pauses > 0);
        given_up += u32::from(attempts == 4 && span.outcome == Outcome::QueueFull);
    }
    assert!(paused > 10 && given_up > 3, "{paused}, {given_up}");
}

#[test]
fn a_stale_read_can_be_picked_with_its_versions_and_followed() {
    use ringside::engine::fault::Ways;
    let mut session = open(4);
    play(&mut session, Nanos::seconds(3));
    act(&mut session, &common::cut("cut", &["database/0"], &["database/2"], Ways::Both));
    let view = View { pick: Some(Place::Component("database".into())), ..View::default() };
    let wires = ["books", "search", "cart", "billing"].map(|it| format!("{it}-database"));
    let (mut found, mut over) = (None, Vec::new());
    for _ in 0..200 {
        let picks = look(&mut session, Nanos::millis(50), &view).picks.expect("asked for");
        found = found.or(picks.into_iter().find(|it| it.why == Why::Stale));
        // On a wire too: those that were asked for over it.
        for wire in &wires {
            let view = View { pick: Some(Place::Wire(wire.clone())), ..View::default() };
            let picks = look(&mut session, Nanos::ZERO, &view).picks.expect("asked for");
            let stale = picks.into_iter().filter(|it| it.why == Why::Stale);
            over.extend(stale.map(|it| (wire.clone(), it)));
        }
    }
    over.sort_by_key(|it| it.1.request);
    over.dedup_by_key(|it| it.1.request);
    let several = wires.iter().filter(|wire| over.iter().any(|it| it.0 == **wire)).count();
    assert!(several > 1, "over more than one wire");
    for (wire, pick) in &over {
        let slot = run(&session).head.world.blueprint().wire(wire);
        let trace = trace(&mut session, pick.request, pick.near);
        let call = |it: &TraceBar| it.kind == Kind::Call && it.wire == slot;
        let around =
            |it: &TraceBar| it.start <= pick.near && it.end.is_none_or(|end| end >= pick.near);
        assert!(trace.bars.iter().any(|it| call(it) && around(it)), "{wire}: {pick:?}");
    }
    let pick = found.expect("a replica that is cut off answers with old values");
    let (read, newest) = pick.versions.expect("which");
    assert!(read < newest);
    let trace = trace(&mut session, pick.request, pick.near);
    let database = component(&session, "database");
    let there = |it: &TraceBar| it.component == database && it.kind == Kind::Job && it.member == 2;
    assert!(trace.bars.iter().any(there), "it was read at the replica");
    let cut =
        run(&session).recorder.disturbances.iter().next_back().copied().expect("it is remembered");
    let (first, _) = cut.stale.expect("and what came of it");
    assert!(first >= cut.at && first <= pick.near, "{cut:?}, {pick:?}");
}
