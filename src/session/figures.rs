//! Frames' figures: read from the recorder at the cursor, and from the world where the moment
//! itself is meant.

use crate::base::time::Nanos;
use crate::component::{About, Registry, Role};
use crate::engine::event::{Deed, Event};
use crate::engine::recorder::{Recorder, WINDOWS, Window};
use crate::engine::{Blueprint, Via, World};

use super::protocol::{
    Cast, Chart, ChartPoint, ComponentFigures, Figures, Flight, MemberFigures, Path, WireFigures,
};
use super::run::{Run, gauges};

/// Windows of a second that a ratio is over.
const RATIO_WINDOWS: usize = 10;

/// Names by slot.
pub fn cast(blueprint: &Blueprint<Registry>) -> Cast {
    Cast {
        components: blueprint.components.iter().map(|it| it.id.to_string()).collect(),
        wires: blueprint.wires.iter().map(|it| it.id.to_string()).collect(),
        classes: blueprint.classes.iter().map(|it| it.to_string()).collect(),
    }
}

/// Slot of the first client: the one whose latency tells the story.
pub fn client(run: &Run) -> Option<u32> {
    let components = &run.head.world.blueprint().components;
    let source = |it: &crate::engine::Component<Registry>| {
        it.spec.as_ref().is_some_and(|it| it.about().role == Role::Source)
    };
    components.iter().position(source).map(|it| it as u32)
}

/// All figures at the cursor.
pub fn figures(run: &Run) -> Figures {
    let world = &run.shown().world;
    let blueprint = world.blueprint();
    let components = 0..blueprint.components.len() as u32;
    let wires = 0..blueprint.wires.len() as u32;
    Figures {
        components: components.map(|it| component(run, world, it)).collect(),
        wires: wires.map(|it| wire(run, world, it)).collect(),
    }
}

fn component(run: &Run, world: &World<Registry>, slot: u32) -> ComponentFigures {
    let it = &world.blueprint().components[slot as usize];
    let Some(spec) = &it.spec else { return ComponentFigures::default() };
    let window = run.recorder.window_at(slot, 1, world.now());
    let mut figures = match window {
        Some((_, window)) => from_window(window),
        None => ComponentFigures { p50_ns: f64::NAN, p95_ns: f64::NAN, ..Default::default() },
    };
    let up = it.members.iter().filter(|it| world.is_up(**it)).count();
    let workers = f64::from(it.station.workers) * up as f64;
    let limited = it.station.workers != u32::MAX && up > 0;
    let share = |level: f64| if limited { level / workers } else { f64::NAN };
    (figures.busy, figures.occupied) = (share(figures.busy), share(figures.occupied));
    figures.ratios =
        window.map_or_else(Vec::new, |(index, _)| ratios(&run.recorder, slot, index, spec.about()));
    figures.gauges = gauges(world, &it.members, spec);
    figures.members = it.members.iter().map(|it| member(world, *it)).collect();
    figures
}

fn from_window(window: &Window) -> ComponentFigures {
    let per_second = 1.0 / WINDOWS[1].as_seconds();
    ComponentFigures {
        offered: f64::from(window.offered) * per_second,
        completed: f64::from(window.completed) * per_second,
        failed: f64::from(window.failed) * per_second,
        p50_ns: window.p50_ns.into(),
        p95_ns: window.p95_ns.into(),
        p99_ns: window.p99_ns.into(),
        mean_ns: window.mean_ns.into(),
        busy: window.levels[2].into(),
        occupied: window.levels[3].into(),
        queue: window.levels[1].into(),
        ..ComponentFigures::default()
    }
}

/// The kind's ratios over the ten seconds that end with a window; NaN if nothing was counted.
pub fn ratios(recorder: &Recorder<Registry>, slot: u32, last: usize, about: &About) -> Vec<f64> {
    let windows = &recorder.components[slot as usize].windows[1];
    let first = (last + 1).saturating_sub(RATIO_WINDOWS);
    let sum = |counter: u8| -> f64 {
        let of = |it: &Window| it.counters.get(usize::from(counter)).copied().unwrap_or(0);
        windows.range(first..=last).map(|it| f64::from(of(it))).sum()
    };
    let ratio = |it: &crate::component::Ratio| {
        sum(it.part) / it.whole.iter().map(|it| sum(*it)).sum::<f64>()
    };
    about.ratios.iter().map(ratio).collect()
}

fn member(world: &World<Registry>, slot: u32) -> MemberFigures {
    let member = world.member(slot);
    MemberFigures {
        up: world.is_up(slot),
        standing: member.state.as_ref().map(|it| it.standing()).unwrap_or_default(),
        slow: member.desk.slow,
        busy: member.desk.busy,
        queue: member.desk.waiting_count,
        jobs: member.desk.open,
    }
}

fn wire(run: &Run, world: &World<Registry>, slot: u32) -> WireFigures {
    let it = &world.blueprint().wires[slot as usize];
    let traffic = run.recorder.traffic_at(slot, world.now()).unwrap_or_default();
    let rate = |count: u32| f64::from(count) / WINDOWS[0].as_seconds();
    WireFigures {
        reads: rate(traffic.reads),
        writes: rate(traffic.writes),
        answers: rate(traffic.answers),
        misses: rate(traffic.misses),
        failures: rate(traffic.failures),
        lost: rate(traffic.lost),
        hop_ns: it.link.latency.mean.0 as f64,
        cut: world.cut_wires().any(|it| it == slot),
    }
}

/// Latency of one component over all the time kept, finely for the last 75 seconds.
pub fn chart(run: &Run, component: u32) -> Chart {
    let id = run.head.world.blueprint().components[component as usize].id.to_string();
    let Some(record) = run.recorder.components.get(component as usize) else {
        return Chart { component: id, window: WINDOWS[1], ..Chart::default() };
    };
    // The longest windows are only worth it once the shorter ones have forgotten the start.
    let enough = |length: &usize| {
        let windows = &record.windows[*length];
        windows.len() < crate::engine::recorder::KEPT
    };
    let length = [1, 2].into_iter().find(enough).unwrap_or(2);
    let window = WINDOWS[length];
    let points = record.windows[length].iter().map(|it| point(it, window)).collect();
    Chart { component: id, points, before: Vec::new(), window }
}

fn point(window: &Window, span: Nanos) -> ChartPoint {
    ChartPoint {
        at: window.end,
        p50_ns: window.p50_ns.into(),
        p95_ns: window.p95_ns.into(),
        p99_ns: window.p99_ns.into(),
        completed: f64::from(window.completed) / span.as_seconds(),
        failed: f64::from(window.failed) / span.as_seconds(),
    }
}

/// Messages on their way, in the order of sending.
pub fn flights(world: &World<Registry>) -> Vec<Flight> {
    let mut flights: Vec<_> =
        world.in_flight().filter_map(|(due, event)| flight(world, due, event)).collect();
    flights.sort_by_key(|it: &Flight| (it.sent, it.due, it.request));
    flights
}

fn flight(world: &World<Registry>, due: Nanos, event: &Event<Registry>) -> Option<Flight> {
    let members = &world.blueprint().members;
    let path = match event.via {
        Via::Inside => return None,
        Via::Forth(wire) => Path::Forth(wire),
        Via::Back(wire) => Path::Back(wire),
        Via::Mesh(from) => {
            let (component, from) = members[from as usize];
            Path::Mesh { component, from, to: members[event.to.slot as usize].1 }
        }
    };
    let (request, verb, outcome) = match &event.deed {
        Deed::Call(call) => (call.request.id, call.request.verb, None),
        Deed::Reply(reply) => (0, Default::default(), Some(reply.outcome)),
        Deed::Message(..) => (0, Default::default(), None),
        _ => return None,
    };
    Some(Flight { path, sent: event.sent, due, request, verb, outcome })
}
