//! Figures on screen are those of the command line for the same run, and add up across wires.

use crate::common;
use ringside::base::time::Nanos;
use ringside::engine::fault::{Fault, Target};
use ringside::session::protocol::{Branch, Command, ComponentFigures, Figures, Input, Tick, View};
use ringside::session::{Session, golden, report};

/// The figures of a run with two faults, once a second from the end of its warm-up on.
fn screen(seconds: u64) -> (Session, Vec<Figures>) {
    let mut session = Session::default();
    let (design, warmup) = (Box::new(golden::design()), Nanos::seconds(2));
    let open = Command::Open { design, seed: 21, warmup, inputs: Vec::new() };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, u64::MAX);
    let view = View { figures: true, ..View::default() };
    let mut seen = Vec::new();
    for second in 0..seconds {
        let kill = || Input::Fault(Fault::Crash(common::target("cache")));
        let slow = || {
            let target = common::target("database");
            Input::Fault(Fault::Slow { target, factor: 8.0 })
        };
        let commands = match second {
            5 => vec![Command::Act(Branch::Main, kill())],
            9 => vec![Command::Act(Branch::Main, slow())],
            _ => Vec::new(),
        };
        session.tick(&Tick { commands, advance: Nanos::SECOND, view: view.clone() }, u64::MAX);
        seen.push(session.frame(&view).figures.expect("asked for"));
    }
    (session, seen)
}

#[test]
fn figures_on_screen_are_those_of_the_command_line() {
    let seconds = 15;
    let (session, seen) = screen(seconds);
    let run = session.run().expect("it is open");
    let report = report::report(run, 21);
    let blueprint = run.head.world.blueprint();
    let span = seconds as f64;
    let mut failures = 0.0;
    for (slot, component) in blueprint.components.iter().enumerate() {
        let told = &report.components[&*component.id];
        let of = |pick: fn(&ringside::session::protocol::ComponentFigures) -> f64| -> f64 {
            seen.iter().map(|it| pick(&it.components[slot])).sum()
        };
        let same = |screen: f64, line: f64, what: &str| {
            let difference = (screen - line).abs();
            assert!(
                difference < 1e-4 * line.abs().max(1.0),
                "{what} of {}: {screen}, {line}",
                component.id
            );
        };
        same(of(|it| it.offered), told.offered * span, "offered");
        same(of(|it| it.completed), told.goodput * span, "goodput");
        same(of(|it| it.failed), (told.throughput - told.goodput) * span, "failed");
        same(of(|it| it.queue), told.mean_queue_length * span, "queue");
        // A mean of means by what each counts.
        let total = of(|it| if it.mean_ns.is_nan() { 0.0 } else { it.mean_ns * it.completed });
        if let Some(latency) = &told.latency {
            same(total, latency.mean * told.goodput * span, "latency");
        }
        failures += told.throughput - told.goodput;
    }
    assert!(failures > 0.0, "there was something to add up");
}

/// What comes back shows no rates until a whole second has passed.
#[test]
fn what_is_back_has_no_figures_before_its_first_whole_second() {
    let mut session = Session::default();
    let (design, warmup) = (Box::new(golden::design()), Nanos::seconds(2));
    let open = Command::Open { design, seed: 21, warmup, inputs: Vec::new() };
    let view = View { figures: true, ..View::default() };
    let tick = |session: &mut Session, commands, quarters: u64| {
        let advance = Nanos(quarters * Nanos::SECOND.0 / 4);
        session.tick(&Tick { commands, advance, view: view.clone() }, u64::MAX);
        let slot = session.run().expect("it is open").head.world.blueprint();
        let slot = slot.components.iter().position(|it| &*it.id == "cache").expect("there is one");
        session.frame(&view).figures.expect("asked for").components[slot].clone()
    };
    let act = |fault: fn(Target) -> Fault| {
        vec![Command::Act(Branch::Main, Input::Fault(fault(common::target("cache"))))]
    };
    tick(&mut session, vec![open], 12);
    let down = tick(&mut session, act(Fault::Crash), 10);
    assert_eq!(down.offered, 0.0, "a whole second passed without a call");
    // It comes back at 5.5 s of the run; the second that ends at 6 s is not whole.
    assert!(tick(&mut session, act(Fault::Restart), 1).offered.is_nan());
    let rates = |it: &ComponentFigures| [it.offered, it.completed, it.failed].map(f64::is_nan);
    assert_eq!(rates(&tick(&mut session, Vec::new(), 0)), [true; 3]);
    let back = tick(&mut session, Vec::new(), 6);
    assert!(back.offered > 0.0 && rates(&back) == [false; 3], "{back:?}");
}

/// How uneven members are asked is counted from what arrives at each: on screen over the last ten seconds, on
/// the command line over the whole run.
#[test]
fn imbalance_is_the_largest_over_the_mean() {
    use crate::common::{add, client, design, slots, start, wire};
    use ringside::component::Spec;
    use ringside::document::WireParams;
    use ringside::engine::Note;
    let mut it = design();
    add(&mut it, "people", Spec::Client(client(300.0, 1, 1)));
    // As many keys as people ask for, in ranges: some ask for more often than others.
    let shards =
        ringside::component::sharded_db::ShardedDbParams { keys: 200, ..Default::default() };
    add(&mut it, "store", Spec::ShardedDb(shards));
    wire(&mut it, "people", "store", WireParams::default());
    let (mut world, mut ear) = (start(&it, 21), common::Ear::default());
    world.run(Nanos::seconds(17), u64::MAX, &mut ear);
    let members = slots(&world, "store");
    let expected = |since: Nanos| {
        let mut counts = vec![0u64; members.len()];
        for (_, at, note) in &ear.0 {
            if let Note::Offered { member, own: false, .. } = note
                && *at > since
                && let Some(index) = members.iter().position(|it| it == member)
            {
                counts[index] += 1;
            }
        }
        let most = *counts.iter().max().expect("members") as f64;
        most * counts.len() as f64 / counts.iter().sum::<u64>() as f64
    };
    let mut session = Session::default();
    let (design, warmup) = (Box::new(it), Nanos::seconds(2));
    let open = Command::Open { design, seed: 21, warmup, inputs: Vec::new() };
    session.tick(
        &Tick { commands: vec![open], advance: Nanos::seconds(15), ..Tick::default() },
        u64::MAX,
    );
    let figures = session.frame(&View { figures: true, ..View::default() }).figures;
    let run = session.run().expect("it is open");
    assert_eq!(run.head.world.now(), Nanos::seconds(17));
    let slot = run.head.world.blueprint().component("store").expect("it is there") as usize;
    let shown = figures.expect("asked for").components[slot].imbalance;
    assert_eq!(shown, expected(Nanos::seconds(7)));
    let told = report::report(run, 21).components["store"].imbalance.expect("several members");
    assert_eq!(told, expected(Nanos::seconds(2)));
    assert!(told > 1.02 && shown != told, "keys differ: {shown}, {told}");
    assert_eq!(report::report(run, 21).components["people"].imbalance, None);
}

#[test]
fn what_wires_bring_is_what_is_offered() {
    let (session, seen) = screen(15);
    let blueprint = session.run().expect("it is open").head.world.blueprint();
    let mut busy = 0;
    for (second, figures) in seen.iter().enumerate() {
        for (slot, component) in blueprint.components.iter().enumerate() {
            let into = blueprint.wires.iter().zip(&figures.wires);
            let into: Vec<_> = into.filter(|it| it.0.to as usize == slot).collect();
            if into.is_empty() {
                continue;
            }
            let sum: f64 = into.iter().map(|it| it.1.arrived).sum();
            let offered = figures.components[slot].offered;
            assert_eq!(sum, offered, "{} in second {second}", component.id);
            busy += u32::from(offered > 0.0);
        }
    }
    assert!(busy > 30);
}

#[test]
fn a_caller_that_leaves_is_no_call() {
    let (session, seen) = screen(15);
    let blueprint = session.run().expect("it is open").head.world.blueprint();
    // The store is so slow by the end that callers leave; what they send is still what arrives.
    let last = seen.last().expect("some");
    let slow = blueprint.component("database").expect("it is there") as usize;
    assert!(last.components[slot_of_callers(blueprint, slow)].failed > 0.0, "callers gave up");
    for (index, wire) in blueprint.wires.iter().enumerate().filter(|it| it.1.to as usize == slow) {
        let sent: f64 =
            seen.iter().skip(10).map(|it| it.wires[index]).map(|it| it.reads + it.writes).sum();
        let arrived: f64 = seen.iter().skip(10).map(|it| it.wires[index].arrived).sum();
        assert!(sent < 1.5 * arrived.max(1.0), "{}: {sent} sent, {arrived} arrived", wire.id);
    }
}

fn slot_of_callers(
    blueprint: &ringside::engine::Blueprint<ringside::component::Registry>,
    of: usize,
) -> usize {
    let wire = blueprint.wires.iter().find(|it| it.to as usize == of).expect("it is called");
    wire.from as usize
}
