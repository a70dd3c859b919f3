//! Two futures beside each other: what differs in their figures and charts, and one request phase by
//! phase.

use crate::base::order::sort_few;
use crate::engine::trace::{Kind, Phase};

use super::protocol::{Cast, Chart, ChartPoint, ComponentFigures, Figures, Trace, TraceBar};

/// Figures that differ by less than this factor are the same, for people.
const FACTOR: f64 = 1.1;

/// A figure that differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Differs {
    /// Which.
    pub what: What,
    /// In the run.
    pub main: f64,
    /// In the fork.
    pub fork: f64,
}

/// What may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// 99th percentile of the time to answer, ns.
    P99,
    /// Failures per second.
    Failed,
    /// Calls that arrive per second.
    Offered,
    /// Mean number waiting.
    Waiting,
    /// Share of hits.
    Hits,
    /// Members that are up.
    Up,
}

/// How much larger one is than the other, as the logarithm of a factor; what is below `least` is as
/// good as that.
fn weight(main: f64, fork: f64, least: f64) -> f64 {
    if !main.is_finite() || !fork.is_finite() {
        return 0.0;
    }
    libm::fabs(libm::log10(fork.max(least) / main.max(least)))
}

/// The figure of a component that differs most, if one does.
pub fn differs(main: &ComponentFigures, fork: &ComponentFigures) -> Option<Differs> {
    let up = |it: &ComponentFigures| it.members.iter().filter(|it| it.up).count() as f64;
    let hits = |it: &ComponentFigures| it.ratios.first().copied().unwrap_or(f64::NAN);
    let share = |main: f64, fork: f64| {
        let gap = libm::fabs(main - fork);
        if gap > 0.03 { 2.0 * gap } else { 0.0 }
    };
    let all = [
        (What::Up, up(main), up(fork), if up(main) == up(fork) { 0.0 } else { 10.0 }),
        (What::Failed, main.failed, fork.failed, weight(main.failed, fork.failed, 2.0)),
        (What::P99, main.p99_ns, fork.p99_ns, weight(main.p99_ns, fork.p99_ns, 1e5)),
        (What::Hits, hits(main), hits(fork), share(hits(main), hits(fork))),
        (What::Waiting, main.queue, fork.queue, weight(main.queue, fork.queue, 1.0)),
        (What::Offered, main.offered, fork.offered, weight(main.offered, fork.offered, 10.0)),
    ];
    let most = all.iter().fold(&all[0], |most, it| if it.3 > most.3 { it } else { most });
    let (what, main, fork, weight) = *most;
    (weight > libm::log10(FACTOR)).then_some(Differs { what, main, fork })
}

/// What differs, by the run's component slots: components of the fork are found by name.
pub fn all_that_differs(main: (&Cast, &Figures), fork: (&Cast, &Figures)) -> Vec<Option<Differs>> {
    let one = |(id, main): (&String, &ComponentFigures)| {
        let at = fork.0.components.iter().position(|it| it == id)?;
        differs(main, fork.1.components.get(at)?)
    };
    main.0.components.iter().zip(&main.1.components).map(one).collect()
}

/// The gap between two charts: fork less run, at every moment that both know.
pub fn gap(main: &Chart, fork: &Chart) -> Vec<ChartPoint> {
    let other = |it: &ChartPoint| fork.points.iter().find(|other| other.at == it.at);
    let pairs = main.points.iter().filter_map(|it| Some((it, other(it)?)));
    let one = |(main, fork): (&ChartPoint, &ChartPoint)| {
        let values = main.values.iter().zip(&fork.values).map(|(main, fork)| fork - main);
        ChartPoint { at: main.at, values: values.collect() }
    };
    pairs.map(one).collect()
}

/// A stretch of a request's critical path in both futures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseGap {
    /// Component at which or on the way to which it passed, by the run's or the fork's slot.
    pub component: u32,
    /// What passed it.
    pub kind: Kind,
    /// In the run, ns.
    pub main_ns: u64,
    /// In the fork, ns.
    pub fork_ns: u64,
}

/// Where a request spent its time in each future: its critical path, which is exactly its latency,
/// summed by component and phase; the largest difference first. Slots of both futures mean the same
/// components, since an edit keeps those there were.
pub fn phases(main: &Trace, fork: &Trace) -> Vec<PhaseGap> {
    let mut gaps: Vec<PhaseGap> = Vec::new();
    for (trace, is_fork) in [(main, false), (fork, true)] {
        for (bar, ns) in path(trace) {
            let same = |it: &&mut PhaseGap| (it.component, it.kind) == (bar.component, bar.kind);
            let gap = match gaps.iter_mut().find(same) {
                Some(gap) => gap,
                None => {
                    let (component, kind) = (bar.component, bar.kind);
                    gaps.push(PhaseGap { component, kind, main_ns: 0, fork_ns: 0 });
                    let last = gaps.len() - 1;
                    &mut gaps[last]
                }
            };
            let of = if is_fork { &mut gap.fork_ns } else { &mut gap.main_ns };
            *of += ns;
        }
    }
    let size = |it: &PhaseGap| it.main_ns.abs_diff(it.fork_ns);
    sort_few(&mut gaps, |a, b| size(a) > size(b));
    gaps
}

/// The bars of the critical path that hold no other of it, with their lengths so far.
fn path(trace: &Trace) -> Vec<(&TraceBar, u64)> {
    let newest = trace.bars.iter().filter_map(|it| it.end).max();
    let holds =
        |index: usize| trace.bars.iter().any(|it| it.critical && it.parent == Some(index as u32));
    let leaves = trace.bars.iter().enumerate().filter(|it| it.1.critical && !holds(it.0));
    let length = |it: &TraceBar| {
        let end = it.end.or(newest).unwrap_or(it.start);
        end.saturating_sub(it.start).0
    };
    leaves.map(|it| (it.1, length(it.1))).collect()
}

/// What a phase is called.
pub fn phase_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Phase(Phase::Queue) => "waits for a worker",
        Kind::Phase(Phase::Work) => "works",
        Kind::Phase(Phase::Own) => "acts",
        Kind::Phase(Phase::Backoff) => "pauses before another try",
        Kind::Phase(Phase::Connection) => "waits for a connection",
        Kind::Forth => "way there",
        Kind::Back => "way back",
        Kind::Job => "at",
        Kind::Call => "call",
    }
}
