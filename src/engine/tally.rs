//! Sums over a stretch of time for one component, and the window they close to.

use crate::base::histogram::Histogram;
use crate::base::time::Nanos;

use super::event::Outcome;

/// Sums over a stretch of time for one component, with the precision of its histogram.
#[derive(Clone, Debug)]
pub struct Tally<const SUB_BITS: u32> {
    /// Calls that arrived, or requests begun.
    pub offered: u64,
    /// Ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::ALL.len()],
    /// Ended for callers who had left.
    pub wasted: u64,
    /// Time of workers that went into work for them after they had left, in ns.
    pub wasted_ns: u64,
    /// Writes that took effect, and had taken effect before.
    pub twice: u64,
    /// Time from arrival to the end, of those that ended well.
    pub latency: Histogram<SUB_BITS>,
    /// The same, summed over all that ended, in ns.
    pub sojourn_ns: u128,
    /// The kind's own counters.
    pub counters: Vec<u64>,
    /// Sums of samples of the kind's gauges, and how many samples.
    pub gauges: (Vec<f64>, u32),
    /// Time integrals of [`super::recorder::Levels`] in ns, at the start of the stretch.
    pub(super) start: [u128; 4],
}

impl<const SUB_BITS: u32> Default for Tally<SUB_BITS> {
    fn default() -> Self {
        Self {
            offered: 0,
            ended: Default::default(),
            wasted: 0,
            wasted_ns: 0,
            twice: 0,
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

    /// A call has arrived, or a request has begun.
    pub(super) fn offered(&mut self) {
        self.offered += 1;
    }

    /// One has ended.
    pub(super) fn ended(&mut self, outcome: Outcome, sojourn: Nanos, wasted: bool) {
        self.ended[outcome as usize] += 1;
        self.wasted += u64::from(wasted);
        self.sojourn_ns += u128::from(sojourn.0);
        if !outcome.is_failure() {
            self.latency.record(sojourn.0, 1);
        }
    }

    /// A worker's time went into work for callers who had left.
    pub(super) fn waste(&mut self, span: Nanos) {
        self.wasted_ns = self.wasted_ns.saturating_add(span.0);
    }

    /// Something of the kind's own has happened.
    pub(super) fn count(&mut self, counter: u8) {
        let counter = usize::from(counter);
        if self.counters.len() <= counter {
            self.counters.resize(counter + 1, 0);
        }
        self.counters[counter] += 1;
    }

    /// Takes samples of the kind's gauges in.
    pub(super) fn sample(&mut self, gauges: &[f64]) {
        let (sums, samples) = &mut self.gauges;
        sums.resize(sums.len().max(gauges.len()), 0.0);
        sums.iter_mut().zip(gauges).for_each(|(sum, value)| *sum += value);
        *samples += 1;
    }

    /// Adds the counts of another stretch. Gauges are sampled into each stretch by itself.
    pub(super) fn add<const FINER: u32>(&mut self, other: &Tally<FINER>) {
        self.offered += other.offered;
        self.ended.iter_mut().zip(other.ended).for_each(|(sum, more)| *sum += more);
        self.wasted += other.wasted;
        self.wasted_ns = self.wasted_ns.saturating_add(other.wasted_ns);
        self.twice += other.twice;
        self.latency.merge(&other.latency);
        self.sojourn_ns += other.sojourn_ns;
        self.counters.resize(self.counters.len().max(other.counters.len()), 0);
        self.counters.iter_mut().zip(&other.counters).for_each(|(sum, more)| *sum += more);
    }

    /// Whether nothing has been counted.
    pub(super) fn is_empty(&self) -> bool {
        self.offered == 0
            && self.sojourn_ns == 0
            && self.wasted_ns == 0
            && self.twice == 0
            && self.counters.is_empty()
            && self.ended == [0; Outcome::ALL.len()]
    }

    pub(super) fn clear(&mut self, integrals: [u128; 4]) {
        let mut latency = std::mem::take(&mut self.latency);
        latency.clear();
        *self = Self { latency, start: integrals, ..Self::default() };
    }
}

/// Messages over one wire in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Calls that reached the member called, or the place where it had been.
    pub arrived: u32,
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
    /// Those by cause, in the order of [`Outcome::ALL`]; causes that did not occur left out.
    pub causes: Vec<(Outcome, u32)>,
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
    /// Mean number at work for callers who had left, by work that ended in this window.
    pub wasted: f32,
    /// Writes that took effect, and had taken effect before.
    pub twice: u32,
    /// The kind's own counters.
    pub counters: Vec<u32>,
    /// Means of samples of the kind's gauges.
    pub gauges: Vec<f32>,
}

/// The window a tally makes, given the time integrals at its end.
pub(super) fn closed(tally: &Tally<4>, end: Nanos, span: Nanos, integrals: [u128; 4]) -> Window {
    let quantile = |q: f64| tally.latency.quantile_ns(q).map_or(f32::NAN, |it| it as f32);
    let level = |index: usize| {
        (integrals[index].wrapping_sub(tally.start[index]) as f64 / span.0 as f64) as f32
    };
    let causes = Outcome::ALL.iter().zip(tally.ended).filter(|it| it.0.is_failure() && it.1 > 0);
    let gauges = (0..tally.gauges.0.len()).map(|it| tally.gauge(it).unwrap_or(0.0) as f32);
    Window {
        end,
        offered: tally.offered as u32,
        completed: tally.completed() as u32,
        failed: tally.failed() as u32,
        causes: causes.map(|it| (*it.0, it.1 as u32)).collect(),
        p50_ns: quantile(0.5),
        p95_ns: quantile(0.95),
        p99_ns: quantile(0.99),
        mean_ns: tally.latency.mean_ns().map_or(f32::NAN, |it| it as f32),
        levels: std::array::from_fn(level),
        wasted: (tally.wasted_ns as f64 / span.0 as f64) as f32,
        twice: tally.twice as u32,
        counters: tally.counters.iter().map(|it| *it as u32).collect(),
        gauges: gauges.collect(),
    }
}
