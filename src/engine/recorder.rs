//! What an observer keeps of a run: totals, a series of windows in three resolutions, spans. It
//! lives outside the world; nothing here can change what happens.

use std::collections::VecDeque;

use crate::base::cow::CowList;
use crate::base::histogram::Histogram;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb, Via};
use super::note::Note;
use super::staleness::Staleness;
use super::world::{Watch, World};
use super::{Blueprint, Kinds};

/// Lengths of the windows; each divides the next.
pub const WINDOWS: [Nanos; 3] = [Nanos::millis(250), Nanos::seconds(1), Nanos::seconds(12)];
/// Windows kept of each length.
pub const KEPT: usize = 300;
/// Spans kept.
const SPANS_MAX: u64 = 32_768;
/// Recent counts kept a component.
const RECENT_MAX: usize = 24;

/// How a recorder samples a component's gauges: the values in the order of the kind's list.
pub type Sampler<K> = fn(&World<K>, component: u32) -> Vec<f64>;

/// Sums over a stretch of time for one component.
#[derive(Clone, Debug)]
pub struct Tally<const SUB_BITS: u32> {
    /// Calls that arrived, or requests begun.
    pub offered: u64,
    /// Ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::ALL.len()],
    /// Ended for callers who had left.
    pub wasted: u64,
    /// Time from arrival to the end, of those that ended well.
    pub latency: Histogram<SUB_BITS>,
    /// The same, summed over all that ended, in ns.
    pub sojourn_ns: u128,
    /// The kind's own counters.
    pub counters: Vec<u64>,
    /// Sums of samples of the kind's gauges, and how many samples.
    pub gauges: (Vec<f64>, u32),
    /// Time integrals of [`Levels`] in ns, at the start of the stretch.
    start: [u128; 4],
}

impl<const SUB_BITS: u32> Default for Tally<SUB_BITS> {
    fn default() -> Self {
        Self {
            offered: 0,
            ended: Default::default(),
            wasted: 0,
            latency: Histogram::new(),
            sojourn_ns: 0,
            counters: Vec::new(),
            gauges: (Vec::new(), 0),
            start: [0; 4],
        }
    }
}

impl<const SUB_BITS: u32> Tally<SUB_BITS> {
    /// Ended with an answer.
    pub fn completed(&self) -> u64 {
        let good = |it: &(&Outcome, &u64)| !it.0.is_failure();
        Outcome::ALL.iter().zip(&self.ended).filter(good).map(|it| it.1).sum()
    }

    /// Ended without.
    pub fn failed(&self) -> u64 {
        self.ended.iter().sum::<u64>() - self.completed()
    }

    /// Mean of a gauge's samples.
    pub fn gauge(&self, index: usize) -> Option<f64> {
        let (sums, samples) = &self.gauges;
        (*samples > 0).then(|| sums.get(index).map(|it| it / f64::from(*samples)))?
    }

    /// A counter's value.
    pub fn counter(&self, index: u8) -> u64 {
        self.counters.get(usize::from(index)).copied().unwrap_or(0)
    }

    fn clear(&mut self, integrals: [u128; 4]) {
        let mut latency = std::mem::take(&mut self.latency);
        latency.clear();
        *self = Self { latency, start: integrals, ..Self::default() };
    }
}

/// How many, now: jobs, waiting, busy, occupied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(pub [u32; 4]);

/// One closed window of one component. Percentiles in ns, NaN if nothing ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its end.
    pub end: Nanos,
    /// Calls that arrived.
    pub offered: u32,
    /// Ended with an answer.
    pub completed: u32,
    /// Ended without.
    pub failed: u32,
    /// Median.
    pub p50_ns: f32,
    /// 95th percentile.
    pub p95_ns: f32,
    /// 99th percentile.
    pub p99_ns: f32,
    /// Mean.
    pub mean_ns: f32,
    /// Mean numbers: jobs, waiting, busy, occupied.
    pub levels: [f32; 4],
    /// The kind's own counters.
    pub counters: Vec<u32>,
    /// Means of samples of the kind's gauges.
    pub gauges: Vec<f32>,
}

/// Messages over one wire in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Calls that read.
    pub reads: u32,
    /// Calls that change something.
    pub writes: u32,
    /// Replies with an answer.
    pub answers: u32,
    /// Replies from a cache that did not have the key.
    pub misses: u32,
    /// Replies with a failure.
    pub failures: u32,
    /// Lost to a cut.
    pub lost: u32,
}

/// One thing of a kind's own that happened lately.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recent {
    /// When.
    pub at: Nanos,
    /// At which member, by slot.
    pub member: u32,
    /// Which counter.
    pub counter: u8,
    /// To which key.
    pub key: u32,
}

/// One stay of one call at one member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The client request it was for.
    pub request: u64,
    /// Where, by slot.
    pub member: u32,
    /// When it arrived.
    pub arrived: Nanos,
    /// When its turn came; [`Nanos::MAX`] if it never did.
    pub started: Nanos,
    /// When it ended.
    pub ended: Nanos,
    /// How.
    pub outcome: Outcome,
    /// What was wanted.
    pub verb: Verb,
    /// Calls between the client and here.
    pub hops: u8,
}

/// Everything kept of one component.
#[derive(Clone, Debug)]
pub struct ComponentRecord {
    /// Since the end of the warm-up.
    pub total: Tally<5>,
    live: [Tally<4>; 3],
    /// Closed windows by length, oldest first, at most [`KEPT`] each.
    pub windows: [VecDeque<Window>; 3],
    /// What happened lately, oldest first.
    pub recent: VecDeque<Recent>,
    levels: Levels,
    changed_at: Nanos,
    integrals: [u128; 4],
}

impl Default for ComponentRecord {
    fn default() -> Self {
        Self {
            total: Tally::default(),
            live: Default::default(),
            windows: Default::default(),
            recent: VecDeque::new(),
            levels: Levels::default(),
            changed_at: Nanos::ZERO,
            integrals: [0; 4],
        }
    }
}

impl ComponentRecord {
    fn integrate(&mut self, at: Nanos) {
        let span = u128::from((at - self.changed_at).0);
        for (sum, level) in self.integrals.iter_mut().zip(self.levels.0) {
            *sum += span * u128::from(level);
        }
        self.changed_at = at;
    }

    /// Mean numbers over the whole run after the warm-up: jobs, waiting, busy, occupied.
    pub fn mean_levels(&self, span: Nanos) -> [f64; 4] {
        let mean = |index: usize| {
            (self.integrals[index] - self.total.start[index]) as f64 / (span.0 as f64).max(1.0)
        };
        std::array::from_fn(mean)
    }

    /// How many now.
    pub fn levels(&self) -> Levels {
        self.levels
    }
}

/// The recorder.
#[derive(Clone, Debug)]
pub struct Recorder<K: Kinds> {
    zero: Nanos,
    zeroed: bool,
    /// Events recorded; replaying them adds nothing.
    seen: u64,
    /// The end of the next window of the shortest length.
    next_window: Nanos,
    sampler: Sampler<K>,
    /// By component slot.
    pub components: Vec<ComponentRecord>,
    /// By wire slot: the window being filled.
    traffic: Vec<Traffic>,
    /// By wire slot: closed windows of the shortest length.
    pub wires: Vec<VecDeque<Traffic>>,
    members: Vec<Levels>,
    /// Ends of jobs, newest last.
    pub spans: CowList<Span>,
    /// Reads of what was out of date.
    pub staleness: Staleness,
    /// Client requests ended since the end of the warm-up.
    pub requests: u64,
    /// Events up to the end of the warm-up.
    pub events_before: u64,
}

impl<K: Kinds> Recorder<K> {
    /// A recorder whose totals begin at `zero`.
    pub fn new(zero: Nanos, sampler: Sampler<K>) -> Self {
        Self {
            zero,
            zeroed: zero == Nanos::ZERO,
            seen: 0,
            next_window: WINDOWS[0],
            sampler,
            components: Vec::new(),
            traffic: Vec::new(),
            wires: Vec::new(),
            members: Vec::new(),
            spans: CowList::default(),
            staleness: Staleness::default(),
            requests: 0,
            events_before: 0,
        }
    }

    /// The window of a length that was the last to close at or before a moment, with its index.
    pub fn window_at(&self, component: u32, length: usize, at: Nanos) -> Option<(usize, &Window)> {
        let windows = &self.components.get(component as usize)?.windows[length];
        let after = windows.partition_point(|it| it.end <= at);
        let index = after.checked_sub(1)?;
        Some((index, &windows[index]))
    }

    /// Messages over a wire in the quarter second that had closed at a moment.
    pub fn traffic_at(&self, wire: u32, at: Nanos) -> Option<Traffic> {
        let windows = self.wires.get(wire as usize)?;
        let newest = self.next_window.saturating_sub(WINDOWS[0]);
        let back = newest.saturating_sub(at).0.div_ceil(WINDOWS[0].0) as usize;
        windows.len().checked_sub(back + 1).map(|it| windows[it])
    }

    /// Brings the time integrals up to a moment at or after the last event recorded.
    pub fn bring_up_to(&mut self, at: Nanos) {
        self.components.iter_mut().filter(|it| it.changed_at <= at).for_each(|it| it.integrate(at));
    }

    /// Makes room for what an edit has added.
    fn fit(&mut self, blueprint: &Blueprint<K>, at: Nanos) {
        if self.members.len() == blueprint.members.len()
            && self.components.len() == blueprint.components.len()
            && self.wires.len() == blueprint.wires.len()
        {
            return;
        }
        if self.components.len() < blueprint.components.len() {
            let fresh = || ComponentRecord { changed_at: at, ..Default::default() };
            self.components.resize_with(blueprint.components.len(), fresh);
        }
        self.wires.resize_with(blueprint.wires.len().max(self.wires.len()), VecDeque::new);
        self.traffic.resize(self.wires.len(), Traffic::default());
        let members = blueprint.members.len().max(self.members.len());
        self.members.resize(members, Levels::default());
    }

    fn tallies(&mut self, component: usize, mut act: impl FnMut(&mut dyn Count)) {
        let record = &mut self.components[component];
        act(&mut record.total);
        record.live.iter_mut().for_each(|it| act(it));
    }

    fn note(&mut self, at: Nanos, note: &Note, blueprint: &Blueprint<K>) {
        let component = |member: u32| blueprint.members[member as usize].0 as usize;
        match note {
            Note::Sent { via, request, outcome, lost, .. } => {
                let (Via::Forth(wire) | Via::Back(wire)) = via else { return };
                let traffic = &mut self.traffic[*wire as usize];
                let reads = request.is_some_and(|it| it.verb == Verb::Read);
                let field = match (lost, outcome) {
                    (true, _) => &mut traffic.lost,
                    (_, Some(Outcome::Miss)) => &mut traffic.misses,
                    (_, Some(it)) if it.is_failure() => &mut traffic.failures,
                    (_, Some(_)) => &mut traffic.answers,
                    (_, None) if reads => &mut traffic.reads,
                    (_, None) => &mut traffic.writes,
                };
                *field += 1;
            }
            Note::Offered { member, .. } => self.tallies(component(*member), |it| it.offered()),
            Note::Ended { member, request, outcome, arrived, started, wasted, own, .. } => {
                let sojourn = at - *arrived;
                self.tallies(component(*member), |it| it.ended(*outcome, sojourn, *wasted));
                self.requests += u64::from(*own);
                let span = Span {
                    request: request.id,
                    member: *member,
                    arrived: *arrived,
                    started: started.unwrap_or(Nanos::MAX),
                    ended: at,
                    outcome: *outcome,
                    verb: request.verb,
                    hops: request.hops,
                };
                self.spans.push(span);
            }
            Note::Places { member, jobs, waiting, busy, occupied } => {
                let levels = Levels([*jobs, *waiting, *busy, *occupied]);
                let before = std::mem::replace(&mut self.members[*member as usize], levels);
                let record = &mut self.components[component(*member)];
                record.integrate(at);
                for (index, level) in record.levels.0.iter_mut().enumerate() {
                    *level = *level + levels.0[index] - before.0[index];
                }
            }
            Note::Count { member, counter, key } => {
                self.tallies(component(*member), |it| it.count(*counter));
                let recent = &mut self.components[component(*member)].recent;
                if recent.len() == RECENT_MAX {
                    recent.pop_front();
                }
                recent.push_back(Recent { at, member: *member, counter: *counter, key: *key });
            }
            Note::CallEnded { .. }
            | Note::Committed { .. }
            | Note::Found { .. }
            | Note::Down { .. }
            | Note::Up { .. } => {}
        }
    }

    fn close_windows(&mut self, at: Nanos, world: &World<K>) {
        self.fit(world.blueprint(), at);
        for (slot, record) in self.components.iter_mut().enumerate() {
            record.integrate(at);
            let gauges = (self.sampler)(world, slot as u32);
            record.total.sample(&gauges);
            for (length, span) in WINDOWS.iter().enumerate() {
                record.live[length].sample(&gauges);
                if !at.0.is_multiple_of(span.0) {
                    continue;
                }
                let window = closed(&record.live[length], at, *span, record.integrals);
                let windows = &mut record.windows[length];
                if windows.len() == KEPT {
                    windows.pop_front();
                }
                windows.push_back(window);
                record.live[length].clear(record.integrals);
            }
        }
        for (windows, traffic) in self.wires.iter_mut().zip(&mut self.traffic) {
            if windows.len() == KEPT {
                windows.pop_front();
            }
            windows.push_back(std::mem::take(traffic));
        }
        self.spans.drop_before(self.spans.end().saturating_sub(SPANS_MAX));
    }
}

fn closed(tally: &Tally<4>, end: Nanos, span: Nanos, integrals: [u128; 4]) -> Window {
    let quantile = |q: f64| tally.latency.quantile_ns(q).map_or(f32::NAN, |it| it as f32);
    let level =
        |index: usize| ((integrals[index] - tally.start[index]) as f64 / span.0 as f64) as f32;
    let gauges = (0..tally.gauges.0.len()).map(|it| tally.gauge(it).unwrap_or(0.0) as f32);
    Window {
        end,
        offered: tally.offered as u32,
        completed: tally.completed() as u32,
        failed: tally.failed() as u32,
        p50_ns: quantile(0.5),
        p95_ns: quantile(0.95),
        p99_ns: quantile(0.99),
        mean_ns: tally.latency.mean_ns().map_or(f32::NAN, |it| it as f32),
        levels: std::array::from_fn(level),
        counters: tally.counters.iter().map(|it| *it as u32).collect(),
        gauges: gauges.collect(),
    }
}

/// What tallies of every precision do.
trait Count {
    fn offered(&mut self);
    fn ended(&mut self, outcome: Outcome, sojourn: Nanos, wasted: bool);
    fn count(&mut self, counter: u8);
    fn sample(&mut self, gauges: &[f64]);
}

impl<const SUB_BITS: u32> Count for Tally<SUB_BITS> {
    fn offered(&mut self) {
        self.offered += 1;
    }

    fn ended(&mut self, outcome: Outcome, sojourn: Nanos, wasted: bool) {
        self.ended[outcome as usize] += 1;
        self.wasted += u64::from(wasted);
        self.sojourn_ns += u128::from(sojourn.0);
        if !outcome.is_failure() {
            self.latency.record(sojourn.0, 1);
        }
    }

    fn count(&mut self, counter: u8) {
        let counter = usize::from(counter);
        if self.counters.len() <= counter {
            self.counters.resize(counter + 1, 0);
        }
        self.counters[counter] += 1;
    }

    fn sample(&mut self, gauges: &[f64]) {
        let (sums, samples) = &mut self.gauges;
        sums.resize(sums.len().max(gauges.len()), 0.0);
        sums.iter_mut().zip(gauges).for_each(|(sum, value)| *sum += value);
        *samples += 1;
    }
}

impl<K: Kinds> Watch<K> for Recorder<K> {
    fn wants(&self, ordinal: u64) -> bool {
        ordinal >= self.seen
    }

    fn next_look(&self) -> Nanos {
        if self.zeroed { self.next_window } else { self.next_window.min(self.zero) }
    }

    fn look(&mut self, at: Nanos, world: &World<K>) {
        if at == self.next_window {
            self.close_windows(at, world);
            self.staleness.learn(world.blueprint());
            self.next_window += WINDOWS[0];
        }
        if at == self.zero && !self.zeroed {
            self.zeroed = true;
            (self.requests, self.events_before) = (0, world.ordinal());
            self.staleness.clear_totals();
            for record in &mut self.components {
                record.integrate(at);
                record.total.clear(record.integrals);
            }
        }
    }

    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], blueprint: &Blueprint<K>) {
        self.seen = ordinal;
        self.fit(blueprint, at);
        notes.iter().for_each(|it| self.staleness.note(at, it, blueprint));
        notes.iter().filter(|it| !it.is_flush()).for_each(|it| self.note(at, it, blueprint));
    }
}
