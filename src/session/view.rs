//! What the page can look at besides figures and messages: charts, one request, who is at a place.

use serde::{Deserialize, Serialize};

use crate::base::english::Text;
use crate::base::time::Nanos;
use crate::document::Id;
use crate::engine::event::{Outcome, Verb};
use crate::engine::trace::Kind;

pub use crate::lens::Look;

use super::protocol::Branch;

/// What the page wants to see; a frame answers it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Component whose inside is open, and the width its picture may have, in pixels.
    pub lens: Option<(Id, f32)>,
    /// What somebody looks for in it.
    pub look: Look,
    /// Component that is charted, and which of its charts.
    pub chart: Option<(Id, Which)>,
    /// Request that is followed, and a moment at which it was under way.
    pub follow: Option<(u64, Nanos)>,
    /// Place whose requests are wanted, to pick one.
    pub pick: Option<Place>,
    /// Component that theory is asked about.
    pub theory: Option<Id>,
    /// Of which future lens, picks and theory are wanted; the rest of both.
    pub of: Branch,
    /// Whether single messages are wanted (dots), or rates only (flow).
    pub messages: bool,
    /// Whether figures, lens, chart, trace and picks are due (at most ten times a second).
    pub figures: bool,
}

/// Which chart of a component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// Offered, throughput and goodput, per second.
    Throughput,
    /// Three percentiles of the time from arrival to answer.
    #[default]
    Latency,
    /// Failures per second, one line a cause; writes that took effect twice too.
    Errors,
    /// The shares of its workers that are held and that are at work, and the part of that for callers who
    /// had left.
    Work,
    /// How many wait for a worker, on average.
    Queue,
    /// The kind's ratio with this index in `About::ratios`.
    Ratio(u8),
    /// The kind's gauge with this index in `About::gauges`.
    Gauge(u8),
}

/// A component's figures over time. Points of all lists have values in the order of the lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Of which component.
    pub component: Id,
    /// Which.
    pub which: Which,
    /// What is drawn: the key.
    pub lines: Vec<Line>,
    /// One point a window, oldest first: long windows, and from where short ones are kept those.
    pub points: Vec<ChartPoint>,
    /// The future that was left behind by acting in the past, from there on: dashed.
    pub before: Vec<ChartPoint>,
    /// The same without the latest fault or edit, from there on: dashed.
    pub twin: Vec<ChartPoint>,
    /// How it stands with the twin; none if there is none.
    pub twin_state: Option<TwinState>,
    /// Length of a window.
    pub window: Nanos,
    /// The end of the last window that is longer than that; zero if none is.
    pub coarse_until: Nanos,
    /// Length of those.
    pub coarse: Nanos,
}

impl Chart {
    /// Length of the window that ends at a moment.
    pub fn window_at(&self, end: Nanos) -> Nanos {
        if end <= self.coarse_until { self.coarse } else { self.window }
    }
}

/// How far the twin has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwinState {
    /// When it parted: the moment of the fault or edit it is without.
    pub since: Nanos,
    /// How far it has come.
    pub reached: Nanos,
    /// Whether it follows no further: two simulated minutes have passed.
    pub over: bool,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it is called in the key.
    pub name: Text,
    /// What its values are.
    pub unit: Unit,
    /// How to draw it.
    pub role: LineRole,
}

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// A number of things each second.
    PerSecond,
    /// Nanoseconds.
    Nanos,
    /// Parts of a whole, 0 to 1.
    Share,
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
}

/// What a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineRole {
    /// What comes in.
    Offered,
    /// What ends, well or not.
    Throughput,
    /// What ends well.
    Goodput,
    /// The median.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// Failures of one cause.
    Cause(Outcome),
    /// A figure of the kind's own.
    Own,
}

/// One window of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChartPoint {
    /// The window's end.
    pub at: Nanos,
    /// One value a line; NaN if nothing was counted.
    pub values: Vec<f64>,
}

/// One request as a waterfall.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Which.
    pub request: u64,
    /// Whether it is still being looked for; without bars, nothing is known yet.
    pub searching: bool,
    /// Whether there was no such request.
    pub missing: bool,
    /// Whether it fanned out further than is shown.
    pub cut: bool,
    /// A bar comes after the one that holds it; the first is the request as its client sees it.
    pub bars: Vec<TraceBar>,
}

/// One bar of a waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceBar {
    /// What it stands for. `Job` and `Call` hold other bars; the others hold none.
    pub kind: Kind,
    /// Slot of the component; for calls and ways that of the one called.
    pub component: u32,
    /// Ordinal of the member.
    pub member: u16,
    /// Slot of the wire, for calls and ways.
    pub wire: Option<u32>,
    /// What is asked there.
    pub verb: Verb,
    /// 0 for the first try of a call; more for a retry.
    pub attempt: u8,
    /// Its key.
    pub key: u32,
    /// Its class, an index into [`super::protocol::Cast::classes`].
    pub class: u8,
    /// Its beginning.
    pub start: Nanos,
    /// Its end; none while it lasts at the newest moment known.
    pub end: Option<Nanos>,
    /// How it ended, for jobs and calls.
    pub outcome: Option<Outcome>,
    /// Index of the bar that holds it.
    pub parent: Option<u32>,
    /// Depth, from 0.
    pub depth: u16,
    /// Whether it lies on the critical path. Of these bars, those that hold none of these, laid end
    /// to end, are exactly the request's latency.
    pub critical: bool,
    /// What happened here.
    pub text: Text,
}

/// Where a request is picked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Place {
    /// At a component.
    Component(Id),
    /// On a wire.
    Wire(Id),
    /// At a point of a component's chart.
    Point {
        /// Of which component.
        component: Id,
        /// Beginning of the stretch of time.
        since: Nanos,
        /// Its end.
        until: Nanos,
    },
}

/// One request that is there, or was a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// Why it is offered.
    pub why: Why,
    /// Which: to follow.
    pub request: u64,
    /// A moment at which it was under way: to follow.
    pub near: Nanos,
    /// How long it took there, or has been there.
    pub lasted: Nanos,
    /// How it ended there; none if it is still there or still to come.
    pub outcome: Option<Outcome>,
    /// What it wants.
    pub verb: Verb,
    /// Its key.
    pub key: u32,
    /// Its class, an index into [`super::protocol::Cast::classes`]; none if it is not known.
    pub class: Option<u8>,
    /// Of a stale read: the version that was read, and the newest that had been acknowledged.
    pub versions: Option<(u32, u32)>,
}

/// What makes a request worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// None has taken longer.
    Slowest,
    /// It failed.
    Failed,
    /// It read an old value after a finished write.
    Stale,
    /// None is closer to the median.
    Typical,
    /// It arrives next.
    Next,
}

/// What a step looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Whom {
    /// Everything: the next message that arrives.
    Anything,
    /// A component.
    Component(Id),
    /// A request.
    Request(u64),
}

/// What a lens shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LensPicture {
    /// Of which component.
    pub component: Id,
    /// The scene as SVG text, coloured by classes and tokens.
    pub svg: String,
    /// The scene in words.
    pub text: String,
}
