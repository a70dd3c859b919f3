//! What the page and the worker say to each other, and what the command line reads: commands in,
//! frames out, encoded with postcard.

use serde::{Deserialize, Serialize};

use crate::base::time::Nanos;
use crate::component::{Spec, Standing};
use crate::document::{Design, Diff, Id};
use crate::engine::event::{Outcome, Verb};
use crate::engine::fault::Fault;

pub use crate::engine::sightings::Claim;

pub use super::breakpoint::{Breakpoint, Hit, Measure};
pub use super::tale::{Change, Story};
pub use super::theory::{Compared, Model, Theory};
pub use super::toll::{Cost, Toll};
pub use super::view::{
    Chart, ChartPoint, LensPicture, Line, LineRole, Look, Pick, Place, Trace, TraceBar, TwinState,
    Unit, View, Which, Whom, Why,
};

/// One thing done to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A fault, or its end.
    Fault(Fault),
    /// A change of the design that the running system feels.
    Edit(Diff),
    /// Another seed: from now on everything random comes out differently.
    Seed(u64),
}

/// Which of two futures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Branch {
    /// The run.
    #[default]
    Main,
    /// What would be if: the other, as long as there is one.
    Fork,
}

impl Input {
    /// Whether it is an edit that brings such a component.
    fn brings(&self, such: impl Fn(&Spec) -> bool) -> bool {
        let Self::Edit(diff) = self else { return false };
        diff.components.values().any(|it| it.after.as_ref().is_some_and(|it| such(&it.spec)))
    }

    /// Whether it goes on until it is taken back.
    pub fn lasts(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.lasts(),
            Self::Edit(_) => true,
            Self::Seed(_) => false,
        }
    }

    /// Whether it takes that earlier one back.
    pub fn ends(&self, earlier: &Self) -> bool {
        match (earlier, self) {
            (Self::Fault(then), Self::Fault(now)) => now.ends(then),
            (Self::Edit(then), Self::Edit(now)) => then.clone().reversed() == *now,
            _ => false,
        }
    }
}

/// An input with the moment the session stamped on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// When.
    pub at: Nanos,
    /// After how many events.
    pub ordinal: u64,
    /// What.
    pub input: Input,
}

/// What the page asks for. Commands are carried out in order, before the advance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begin a run: compile, and run the warm-up. A design that does not compile is answered with
    /// [`Frame::failure`].
    Open {
        /// What to run.
        design: Box<Design>,
        /// Seed of all randomness.
        seed: u64,
        /// Simulated time before the run's zero on screen.
        warmup: Nanos,
        /// Inputs to replay as they come due.
        inputs: Vec<Stamped>,
    },
    /// Do something at the cursor. In the past this makes a branch; what came after is kept as the
    /// dashed "before" of charts.
    Act(Branch, Input),
    /// Take out of what was done the input with this index, made at this moment, as if it had never been
    /// ([`super::run::Run::forget`]).
    Forget(Branch, u32, Nanos),
    /// Show another moment, in both futures; later than known ground is bounded to it.
    Seek(Nanos),
    /// Go to the newest moment known.
    Latest,
    /// Go some events on (positive) or back (negative); the other future follows in time.
    Step(Branch, i64),
    /// Go on to the next delivery or change of state that can be seen there; a bounded way, so that
    /// the cursor may come to rest where nothing is to be seen. The other future follows in time.
    StepTo(Branch, Whom),
    /// Begin another future at the cursor: the same until something is done to one of the two.
    /// Both are played in step. One that there was is gone.
    Fork,
    /// Go on with one future alone; the other is kept as the dashed "before" of charts if it is the
    /// run that is left, and is gone if it is the fork.
    Keep(Branch),
    /// Stop there, once ([`Frame::hit`]), from now on; none: play on.
    StopAt(Branch, Option<Breakpoint>),
}

/// One request from page to worker, per animation frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// What to do first.
    pub commands: Vec<Command>,
    /// How far to go on afterwards, in simulated time; 0 when paused.
    pub advance: Nanos,
    /// What to show.
    pub view: View,
}

impl Tick {
    /// Whether it takes what comes later to carry it out: a kind that does.
    pub fn needs_later(&self) -> bool {
        let late = Spec::is_late;
        self.commands.iter().any(|it| match it {
            Command::Open { design, inputs, .. } => {
                let edits = inputs.iter().any(|it| it.input.brings(late));
                edits || design.components.values().any(|it| late(&it.spec))
            }
            Command::Act(_, input) => input.brings(late),
            _ => false,
        })
    }
}

/// What one repaint needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Which run: incremented by every Open.
    pub run: u32,
    /// Which branch: incremented when acting in the past.
    pub branch: u32,
    /// Events up to the cursor.
    pub ordinal: u64,
    /// The cursor.
    pub now: Nanos,
    /// The moment that is sought, as long as one before it is shown in its place.
    pub sought: Option<Nanos>,
    /// The end of the warm-up: shown as 00:00.000.
    pub zero: Nanos,
    /// The newest moment known.
    pub latest: Nanos,
    /// Edits that are in force at the cursor; the page shows the design as it was then.
    pub edits: u32,
    /// Names of things by slot; only when they have changed since the last frame.
    pub cast: Option<Cast>,
    /// Figures at the cursor; only when asked for.
    pub figures: Option<Figures>,
    /// Messages on their way at the cursor, whole requests left out where there are many; only
    /// when asked for.
    pub messages: Vec<Flight>,
    /// Of so many requests, the messages of one are there: "1 in 8"; all of them at 1.
    pub one_in: u32,
    /// Whether every failure is there all the same.
    pub all_failures: bool,
    /// The open lens; only with figures.
    #[serde(skip)]
    pub lens: Option<LensPicture>,
    /// The chart; only with figures.
    #[serde(skip)]
    pub chart: Option<Chart>,
    /// The request that is followed; only with figures.
    #[serde(skip)]
    pub trace: Option<Trace>,
    /// Who is at the place picked from; only with figures.
    #[serde(skip)]
    pub picks: Option<Vec<Pick>>,
    /// What first went wrong after each fault or edit; only when changed.
    pub firsts: Option<Vec<First>>,
    /// Everything done to the run, in order, as stamped; only when it has changed.
    pub inputs: Option<Vec<Stamped>>,
    /// What happened last, once it can be told; newest last, at most 20; only when changed.
    #[serde(skip)]
    pub stories: Option<Vec<Story>>,
    /// A failure to tell the person, told once: the design could not be run, or had to be stopped.
    pub failure: Option<String>,
    /// Lens, chart, trace, picks and stories, packed: what is not needed for the first run is read
    /// by code that comes later.
    pub extras: Vec<u8>,
    /// Whether the run was stopped because it ran away: it does not go on before something is
    /// done, at the newest moment or in the past, or another run is opened.
    pub stopped: bool,
    /// Where it has stopped at a breakpoint; told once.
    #[serde(skip)]
    pub hit: Option<Hit>,
    /// When claims were violated, claim by claim, oldest first, at most 64 of each: of those close
    /// together the first; only when changed.
    #[serde(skip)]
    pub sights: Option<Vec<(Nanos, Claim)>>,
    /// What theory says of the component asked about, beside what was seen; only with figures.
    #[serde(skip)]
    pub theory: Option<Theory>,
    /// What each store cost its clients since two futures parted; only with figures, and while there
    /// are two.
    #[serde(skip)]
    pub tolls: Vec<Toll>,
    /// The other future at the same moment, as long as there is one.
    #[serde(skip)]
    pub fork: Option<Box<Forked>>,
}

/// The other future.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forked {
    /// When it parted from the run.
    pub since: Nanos,
    /// All that can be seen of it.
    pub frame: Frame,
}

/// What [`Frame::extras`] holds.
#[derive(Serialize, Deserialize)]
struct Extras {
    lens: Option<LensPicture>,
    chart: Option<Chart>,
    trace: Option<Trace>,
    picks: Option<Vec<Pick>>,
    stories: Option<Vec<Story>>,
    hit: Option<Hit>,
    sights: Option<Vec<(Nanos, Claim)>>,
    theory: Option<Theory>,
    tolls: Vec<Toll>,
    fork: Option<Box<Forked>>,
}

/// Names by slot. Slots stay the same within a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    /// Ids of components.
    pub components: Vec<Id>,
    /// Ids of wires.
    pub wires: Vec<Id>,
    /// Names of request classes.
    pub classes: Vec<String>,
}

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    /// Its number, by which a fault can name it.
    pub number: u64,
    /// Over what.
    pub path: Path,
    /// When it was sent.
    pub sent: Nanos,
    /// When it arrives.
    pub due: Nanos,
    /// The client request it belongs to; 0 for messages of a mesh, and for answers that nobody waits
    /// for any more.
    pub request: u64,
    /// What is wanted.
    pub verb: Verb,
    /// For replies: how it ended.
    pub outcome: Option<Outcome>,
}

/// Where a message is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Path {
    /// From caller to called over the wire with this slot.
    Forth(u32),
    /// From called to caller.
    Back(u32),
    /// Between two members of the component with this slot, by ordinal.
    Mesh {
        /// Component's slot.
        component: u32,
        /// Sender's ordinal.
        from: u16,
        /// Receiver's ordinal.
        to: u16,
    },
}

/// Figures at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// By component slot; removed ones have no members.
    pub components: Vec<ComponentFigures>,
    /// By wire slot.
    pub wires: Vec<WireFigures>,
}

/// Figures of one component. Rates and percentiles are over the last whole second, ratios over the
/// last ten; NaN where nothing was counted, and rates where that second is not one whole yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComponentFigures {
    /// Calls arriving (for a client: requests begun) per second.
    pub offered: f64,
    /// Ended well per second (goodput).
    pub completed: f64,
    /// Failed per second, all causes.
    pub failed: f64,
    /// Median time from arrival to answer, ns.
    pub p50_ns: f64,
    /// 95th percentile, ns.
    pub p95_ns: f64,
    /// 99th percentile, ns.
    pub p99_ns: f64,
    /// Mean, ns.
    pub mean_ns: f64,
    /// Share of its workers at work, 0 to 1; NaN where their number has no limit.
    pub busy: f64,
    /// Share of its workers held, 0 to 1; NaN where their number has no limit.
    pub occupied: f64,
    /// Share of its workers at work for callers who had left, 0 to 1; NaN where their number has no
    /// limit.
    pub wasted: f64,
    /// Writes that took effect once more since their callers tried again, over the last ten seconds.
    pub twice: f64,
    /// Calls to its busiest member over the mean of its members, over the last ten seconds; NaN if it
    /// has one member, or nothing came.
    pub imbalance: f64,
    /// Mean number waiting.
    pub queue: f64,
    /// The kind's ratios, in the order of `About::ratios`.
    pub ratios: Vec<f64>,
    /// The kind's gauges at the cursor, in the order of `About::gauges`.
    pub gauges: Vec<f64>,
    /// Its members at the cursor, by ordinal.
    pub members: Vec<MemberFigures>,
}

impl ComponentFigures {
    /// As long as there is no whole second to count in.
    pub fn unknown() -> Self {
        let [offered, completed, failed, p50_ns, p95_ns, p99_ns, mean_ns] = [f64::NAN; 7];
        Self { offered, completed, failed, p50_ns, p95_ns, p99_ns, mean_ns, ..Self::default() }
    }
}

/// One member at the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemberFigures {
    /// Whether it is up.
    pub up: bool,
    /// What it says of itself.
    pub standing: Standing,
    /// How many times as long its work takes; 1 if healthy.
    pub slow: f64,
    /// Whether the network parts it from at least half of its component's members.
    pub apart: bool,
    /// Strands at work now.
    pub busy: u32,
    /// Waiting now.
    pub queue: u32,
    /// Jobs not yet answered now.
    pub jobs: u32,
}

/// Messages per second over one wire: over the last quarter second, but for what is said to be over
/// the last whole one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WireFigures {
    /// Calls that arrived, over the last whole second: those of all wires to a component add up to
    /// what it is offered.
    pub arrived: f64,
    /// Calls that read.
    pub reads: f64,
    /// Calls that write (fills and drops of caches too).
    pub writes: f64,
    /// Replies that bring an answer; a miss is one.
    pub answers: f64,
    /// Replies from a cache that did not have the key.
    pub misses: f64,
    /// Replies that bring a failure.
    pub failures: f64,
    /// Messages lost to a cut, both directions.
    pub lost: f64,
    /// Median one-way time of its messages as configured, ns: decides between dots and flow.
    pub hop_ns: f64,
    /// Whether it is cut by itself.
    pub cut: bool,
    /// Whether a partition stands between its ends.
    pub parted: bool,
    /// Connections of its callers' pools that are in use now.
    pub open: u32,
    /// Calls that wait for one now.
    pub waiting: u32,
}

/// What first went wrong after a fault or an edit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct First {
    /// When the fault or edit was.
    pub at: Nanos,
    /// When a call or a request first failed after it, and at which component, by slot.
    pub failed: Option<(Nanos, u32)>,
    /// When an old value was first read after it, and from which component, by slot.
    pub stale: Option<(Nanos, u32)>,
}

impl Tick {
    /// For the journey between page and worker.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Tick::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Frame {
    /// Puts what comes later into [`Self::extras`], for the journey.
    pub fn pack(&mut self) {
        let lens = self.lens.take();
        let (chart, trace, picks) = (self.chart.take(), self.trace.take(), self.picks.take());
        let (stories, hit, sights) = (self.stories.take(), self.hit.take(), self.sights.take());
        let (theory, tolls) = (self.theory.take(), std::mem::take(&mut self.tolls));
        let mut fork = self.fork.take();
        if let Some(fork) = &mut fork {
            fork.frame.pack();
        }
        let extras =
            Extras { lens, chart, trace, picks, stories, hit, sights, theory, tolls, fork };
        self.extras = postcard::to_allocvec(&extras).unwrap_or_default();
    }

    /// Takes it out again.
    pub fn unpack(&mut self) {
        let extras = std::mem::take(&mut self.extras);
        let Ok(extras) = postcard::from_bytes(&extras) else { return };
        let Extras { lens, chart, trace, picks, stories, hit, sights, theory, tolls, fork } =
            extras;
        (self.lens, self.chart, self.trace) = (lens, chart, trace);
        (self.picks, self.stories, self.hit) = (picks, stories, hit);
        (self.sights, self.theory) = (sights, theory);
        (self.tolls, self.fork) = (tolls, fork);
        if let Some(fork) = &mut self.fork {
            fork.frame.unpack();
        }
    }

    /// For the journey between worker and page.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Frame::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
