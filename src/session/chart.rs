//! Charts: windows of the recorder as points, for the run, the future left behind and the twin.

use crate::base::english::{Argument, Text, TextId};
use crate::base::time::Nanos;
use crate::component::{About, Registry};
use crate::engine::event::Outcome;
use crate::engine::recorder::{Recorder, WINDOWS, Window};

use super::figures;
use super::protocol::{Chart, ChartPoint, Line, LineRole, TwinState, Unit, Which};
use super::run::Run;

/// What a chart shows of each window.
struct Shape {
    which: Which,
    about: Option<&'static About>,
    /// With errors: the causes that occur.
    causes: Vec<Outcome>,
    /// With errors: whether any write took effect twice.
    twice: bool,
    /// Workers of all members together.
    workers: f64,
}

/// Lengths of windows that are charted, as indices: where the shorter ones are kept, and before.
const FINE: usize = 1;
const COARSE: usize = 2;

/// A window, and how long it is.
type Stretch<'a> = (&'a Window, Nanos);

/// One chart of one component over all the time kept: a point a second as far back as seconds are kept,
/// for five minutes, and one for each twelve seconds before that.
pub fn chart(run: &Run, component: u32, which: Which) -> Chart {
    let it = &run.head.world.blueprint().components[component as usize];
    let about = it.spec.as_ref().map(|it| it.about());
    let (zero, now) = (Nanos::ZERO, run.head.world.now());
    let twin = run.twin.as_ref();
    let mut sources = vec![(&run.recorder, zero, now)];
    sources.extend(run.before.iter().map(|it| (&it.recorder, it.since, Nanos::MAX)));
    sources.extend(twin.map(|it| (&it.recorder, it.since, now)));
    let windows: Vec<_> = sources.iter().map(|it| windows(it, component)).collect();
    // Shares are of the workers there are at the cursor.
    let shown = run.shown().world.blueprint().components.get(component as usize).unwrap_or(it);
    let workers = f64::from(shown.station.workers) * f64::from(shown.servers());
    let (causes, twice) = (Vec::new(), false);
    let mut shape = Shape { which, about, causes, twice, workers };
    if which == Which::Errors {
        let occurs = |cause: &&Outcome| {
            let of = |it: &Stretch<'_>| it.0.causes.iter().any(|it| it.0 == **cause);
            windows.iter().flatten().any(of)
        };
        shape.causes = Outcome::ALL.iter().filter(occurs).copied().collect();
        shape.twice = windows.iter().flatten().any(|it| it.0.twice > 0);
    }
    let coarse = windows[0].iter().rev().find(|it| it.1 == WINDOWS[COARSE]);
    let coarse_until = coarse.map_or(Nanos::ZERO, |it| it.0.end);
    let mut lists = windows.iter().map(|it| it.iter().map(|it| shape.point(*it)).collect());
    let points = lists.next().unwrap_or_default();
    let before = run.before.as_ref().and_then(|_| lists.next()).unwrap_or_default();
    let state = |it: &super::twin::Twin| {
        let (since, reached, over) = (it.since, it.reached, it.is_over());
        TwinState { since, reached, over }
    };
    Chart {
        component: it.id.to_string(),
        which,
        lines: shape.lines(),
        points,
        before,
        twin: lists.next().unwrap_or_default(),
        twin_state: twin.map(state),
        window: WINDOWS[FINE],
        coarse_until,
        coarse: WINDOWS[COARSE],
    }
}

/// A recorder's windows from the last before `since` on, up to `until`: long ones, as many as it takes to
/// get to where the short ones begin, and short ones after them.
fn windows<'a>(
    (recorder, since, until): &(&'a Recorder<Registry>, Nanos, Nanos),
    component: u32,
) -> Vec<Stretch<'a>> {
    let Some(record) = recorder.components.get(component as usize) else { return Vec::new() };
    let (fine, coarse) = (&record.windows[FINE], &record.windows[COARSE]);
    let begin = |it: &Window, length: usize| it.end.saturating_sub(WINDOWS[length]);
    let fine_from = fine.front().map_or(Nanos::ZERO, |it| begin(it, FINE));
    let before = coarse.partition_point(|it| begin(it, COARSE) < fine_from);
    let coarse_until = before.checked_sub(1).map_or(Nanos::ZERO, |it| coarse[it].end);
    let after = fine.partition_point(|it| it.end <= coarse_until);
    let coarse = coarse.range(..before).map(|it| (it, WINDOWS[COARSE]));
    let fine = fine.range(after..).map(|it| (it, WINDOWS[FINE]));
    let mut all: Vec<_> = coarse.chain(fine).filter(|it| it.0.end <= *until).collect();
    all.drain(..all.partition_point(|it| it.0.end <= *since).saturating_sub(1));
    all
}

fn named(name: &str) -> Text {
    Text::new(TextId::LineNamed, vec![Argument::Name(name.replace('_', " "))])
}

/// The name of a gauge without its unit, and the unit.
fn unit(name: &'static str) -> (&'static str, Unit) {
    let units = [("_ns", Unit::Nanos), ("_bytes", Unit::Bytes)];
    let found = units.iter().find_map(|(end, unit)| Some((name.strip_suffix(end)?, *unit)));
    found.unwrap_or((name, Unit::Count))
}

impl Shape {
    fn lines(&self) -> Vec<Line> {
        let line = |id, unit, role| Line { name: Text::new(id, Vec::new()), unit, role };
        let own = |(name, unit)| Line { name: named(name), unit, role: LineRole::Own };
        match self.which {
            Which::Throughput => vec![
                line(TextId::LineOffered, Unit::PerSecond, LineRole::Offered),
                line(TextId::LineThroughput, Unit::PerSecond, LineRole::Throughput),
                line(TextId::LineGoodput, Unit::PerSecond, LineRole::Goodput),
            ],
            Which::Latency => vec![
                line(TextId::LineP50, Unit::Nanos, LineRole::P50),
                line(TextId::LineP95, Unit::Nanos, LineRole::P95),
                line(TextId::LineP99, Unit::Nanos, LineRole::P99),
            ],
            Which::Errors => {
                let line = |cause: &Outcome| Line {
                    name: named(cause.word()),
                    unit: Unit::PerSecond,
                    role: LineRole::Cause(*cause),
                };
                let twice = || Line {
                    name: Text::new(TextId::LineTwice, Vec::new()),
                    unit: Unit::PerSecond,
                    role: LineRole::Own,
                };
                self.causes.iter().map(line).chain(self.twice.then(twice)).collect()
            }
            // Workers held, at work or waiting for others, are never fewer than those at work.
            Which::Work => vec![
                Line { role: LineRole::Offered, ..own(("occupied", Unit::Share)) },
                line(TextId::LineBusy, Unit::Share, LineRole::Throughput),
                line(TextId::LineWasted, Unit::Share, LineRole::Own),
            ],
            Which::Queue => vec![own(("waiting", Unit::Count))],
            Which::Ratio(index) => {
                let ratio = self.about.and_then(|it| it.ratios.get(usize::from(index)));
                ratio.map(|it| own((it.name, Unit::Share))).into_iter().collect()
            }
            Which::Gauge(index) => {
                let gauge = self.about.and_then(|it| it.gauges.get(usize::from(index)));
                gauge.map(|it| own(unit(it.name))).into_iter().collect()
            }
        }
    }

    fn point(&self, (window, span): Stretch<'_>) -> ChartPoint {
        let rate = |count: u32| f64::from(count) / span.as_seconds();
        let values = match self.which {
            Which::Throughput => {
                let ended = window.completed + window.failed;
                [window.offered, ended, window.completed].map(rate).to_vec()
            }
            Which::Latency => [window.p50_ns, window.p95_ns, window.p99_ns].map(f64::from).to_vec(),
            Which::Errors => {
                let of = |cause: &Outcome| window.causes.iter().find(|it| it.0 == *cause);
                let causes = self.causes.iter().map(|it| rate(of(it).map_or(0, |it| it.1)));
                causes.chain(self.twice.then(|| rate(window.twice))).collect()
            }
            Which::Work => {
                let workers = [window.levels[3], window.levels[2], window.wasted];
                workers.map(|it| f64::from(it) / self.workers).to_vec()
            }
            Which::Queue => vec![f64::from(window.levels[1])],
            Which::Ratio(index) => {
                let ratio = self.about.and_then(|it| it.ratios.get(usize::from(index)));
                ratio.map(|it| figures::ratio([window], it)).into_iter().collect()
            }
            Which::Gauge(index) => {
                let about = self.about.and_then(|it| it.gauges.get(usize::from(index)));
                let value = window.gauges.get(usize::from(index)).copied().unwrap_or(f32::NAN);
                about.map(|_| f64::from(value)).into_iter().collect()
            }
        };
        ChartPoint { at: window.end, values }
    }
}
