//! Frames' figures: read from the recorder at the cursor, and from the world where the moment
//! itself is meant.

use crate::base::time::Nanos;
use crate::component::{About, Ratio, Registry};
use crate::engine::blueprint::Addressing;
use crate::engine::recorder::{ComponentRecord, Recorder, WINDOWS, Window};
use crate::engine::{Blueprint, Via, World};

use super::moment::gauges;
use super::protocol::{Cast, ComponentFigures, Figures, MemberFigures, WireFigures};
use super::run::Run;

/// Windows of a second that a ratio is over.
pub(super) const RATIO_WINDOWS: usize = 10;

/// Names by slot.
pub fn cast(blueprint: &Blueprint<Registry>) -> Cast {
    Cast {
        components: blueprint.components.iter().map(|it| it.id.to_string()).collect(),
        wires: blueprint.wires.iter().map(|it| it.id.to_string()).collect(),
        classes: blueprint.classes.iter().map(|it| it.to_string()).collect(),
    }
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
    let window = run.recorded().window_at(slot, 1, world.now());
    let record = run.recorded().components.get(slot as usize);
    // Of what has just come, or come back, there is no whole second yet.
    let since = record.map_or(Nanos::ZERO, |it| it.back).saturating_add(WINDOWS[1]);
    let whole = window.filter(|it| it.1.offered > 0 || it.1.end >= since);
    let mut figures = whole.map_or_else(ComponentFigures::unknown, |it| from_window(it.1));
    let servers = it.members.iter().take(it.servers().into());
    let up = servers.filter(|it| world.is_up(**it)).count();
    let workers = f64::from(it.station.workers) * up as f64;
    let limited = it.station.workers != u32::MAX && up > 0;
    let share = |level: f64| if limited { level / workers } else { f64::NAN };
    (figures.busy, figures.occupied) = (share(figures.busy), share(figures.occupied));
    figures.wasted = share(figures.wasted);
    if let Some((last, _)) = window {
        let windows = &run.recorded().components[slot as usize].windows[1];
        let first = (last + 1).saturating_sub(RATIO_WINDOWS);
        figures.twice = windows.range(first..=last).map(|it| f64::from(it.twice)).sum();
    }
    figures.ratios = window
        .map_or_else(Vec::new, |(index, _)| ratios(run.recorded(), slot, index, spec.about()));
    let members = it.first_in_reserve();
    let imbalance =
        |it: &ComponentRecord| it.by_member.imbalance(world.now(), RATIO_WINDOWS, members);
    figures.imbalance = record.map_or(f64::NAN, imbalance);
    figures.gauges = gauges(world, &it.members, spec);
    // Only members that talk to each other can be parted.
    let parted =
        matches!(it.addressing, Addressing::Leader | Addressing::Peers) && world.parts(&it.members);
    let apart = |slot: u32| parted && apart(world, slot, &it.members);
    figures.members = it.members.iter().map(|slot| member(world, *slot, apart(*slot))).collect();
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
        wasted: window.wasted.into(),
        queue: window.levels[1].into(),
        ..ComponentFigures::default()
    }
}

/// The kind's ratios over the ten seconds that end with a window; NaN if nothing was counted.
pub fn ratios(recorder: &Recorder<Registry>, slot: u32, last: usize, about: &About) -> Vec<f64> {
    let windows = &recorder.components[slot as usize].windows[1];
    let first = (last + 1).saturating_sub(RATIO_WINDOWS);
    about.ratios.iter().map(|it| ratio(windows.range(first..=last), it)).collect()
}

/// A ratio over some windows; NaN if nothing was counted.
pub fn ratio<'a>(windows: impl IntoIterator<Item = &'a Window>, ratio: &Ratio) -> f64 {
    let (mut part, mut whole) = (0.0, 0.0);
    for window in windows {
        let of =
            |it: u8| f64::from(window.counters.get(usize::from(it)).copied().unwrap_or_default());
        part += of(ratio.part);
        whole += ratio.whole.iter().map(|it| of(*it)).sum::<f64>();
    }
    part / whole
}

/// Whether the network lets a member exchange messages with no more than half of all, itself included.
fn apart(world: &World<Registry>, slot: u32, all: &[u32]) -> bool {
    let stops = |from: u32, to: u32| world.stops(from, to, Via::Mesh(from));
    let reached = all.iter().filter(|it| !stops(slot, **it) && !stops(**it, slot)).count();
    reached * 2 <= all.len()
}

fn member(world: &World<Registry>, slot: u32, apart: bool) -> MemberFigures {
    let member = world.member(slot);
    MemberFigures {
        up: world.is_up(slot),
        standing: member.state.as_ref().map(|it| it.standing()).unwrap_or_default(),
        apart,
        slow: member.desk.gray.map_or(member.desk.slow, |it| it.factor.max(member.desk.slow)),
        busy: member.desk.busy,
        queue: member.desk.waiting_count,
        jobs: member.desk.open,
    }
}

fn wire(run: &Run, world: &World<Registry>, slot: u32) -> WireFigures {
    let it = &world.blueprint().wires[slot as usize];
    let traffic = run.recorded().traffic_at(slot, world.now()).unwrap_or_default();
    let rate = |count: u32| f64::from(count) / WINDOWS[0].as_seconds();
    let second = WINDOWS[1].as_seconds();
    let (mut open, mut waiting) = (0, 0);
    if it.pool.is_some() {
        for member in &world.blueprint().components[it.from as usize].members {
            let route = world.member(*member).desk.routes.get(it.out_index as usize);
            if let Some(pool) = route.and_then(|it| it.pool.as_ref()) {
                (open, waiting) = (open + pool.open, waiting + pool.line.len() as u32);
            }
        }
    }
    WireFigures {
        arrived: f64::from(run.recorded().arrived_at(slot, world.now())) / second,
        reads: rate(traffic.reads),
        writes: rate(traffic.writes),
        answers: rate(traffic.answers),
        misses: rate(traffic.misses),
        failures: rate(traffic.failures),
        lost: rate(traffic.lost),
        hop_ns: it.link.latency.mean.0 as f64,
        cut: world.cut_wires().any(|it| it == slot),
        parted: world.is_parted(slot),
        open,
        waiting,
    }
}
