//! Several rules at several sizes on one trace: LRU at all sizes in one pass, the others from samples
//! first and then request by request, a part of the work at a time.

use serde::{Deserialize, Serialize};

use super::curve::{self, Distances, SAMPLES, Sample};
use super::{Bound, Policy, Rule, Trace};

/// Requests of the pass for LRU in one step.
const PART: usize = 200_000;
/// Shares of the keys in a sample, one after the other.
const SHARES: [f64; 2] = [0.01, 0.05];
/// Entries that the smallest cache has in a sample, at least, and requests: fewer say too little.
const SCALED_MIN: f64 = 50.0;
const REQUESTS_MIN: f64 = 5_000.0;
/// How many times as long a request takes a rule that knows the future.
const BOUND_COST: f64 = 4.0;

/// What is known of a rule at one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Room in entries.
    pub size: u64,
    /// Hits of all requests, from 0 to 1.
    pub hit_ratio: f64,
    /// Twice the standard error between samples; 0 if every request was simulated.
    pub error: f64,
    /// Hits, if every request was simulated.
    pub hits: Option<u64>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug)]
enum Task {
    Pass,
    Sample(f64, u64),
    Estimate(usize, usize),
    Simulate(usize, usize),
}

/// The work, and what is known so far.
pub struct Survey {
    trace: Trace,
    /// Different keys.
    keys: u64,
    sizes: Vec<u64>,
    distances: Option<Distances>,
    passed: usize,
    /// Hits of LRU at each size from 0 on, once they are counted.
    lru: Vec<u64>,
    samples: Vec<Sample>,
    /// By rule other than LRU, and by size.
    known: Vec<(Rule, Vec<Option<Point>>)>,
    /// The last comes first.
    left: Vec<Task>,
    done: f64,
    all: f64,
}

/// The rules beside LRU's that a trace is tried with: the best known, and the bound of all. `own` is
/// the policy of the cache that somebody looks at.
pub fn rules(own: Policy) -> Vec<Rule> {
    const OTHERS: [Policy; 3] = [Policy::Sieve, Policy::S3Fifo, Policy::WTinyLfu];
    let own = Some(own).filter(|it| *it != Policy::Lru && !it.needs_ttl() && !OTHERS.contains(it));
    let policies = own.into_iter().chain(OTHERS).map(Rule::Policy);
    policies.chain([Rule::Bound(Bound::Belady)]).collect()
}

impl Survey {
    /// Of a trace with so many different keys, at so many sizes up to all of them.
    pub fn new(trace: Trace, keys: u64, rules: &[Rule], points: u64) -> Self {
        let sizes = curve::sizes(keys.max(1), points);
        let requests = trace.keys.len();
        let known = rules.iter().map(|it| (*it, vec![None; sizes.len()])).collect();
        // From coarse to fine: places in the order of their reversed bits, counted from 1.
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|it| (it + 1).reverse_bits());
        let each = |task: fn(usize, usize) -> Task| {
            order.iter().flat_map(move |size| (0..rules.len()).map(move |rule| task(rule, *size)))
        };
        let mut left = vec![Task::Pass; requests.div_ceil(PART)];
        let smallest = sizes.first().copied().unwrap_or(1) as f64;
        for share in SHARES {
            if share * smallest >= SCALED_MIN && share * requests as f64 >= REQUESTS_MIN {
                left.extend((0..SAMPLES).map(|it| Task::Sample(share, it)));
                left.extend(each(Task::Estimate));
            }
        }
        left.extend(each(Task::Simulate));
        left.reverse();
        let distances = Some(Distances::new(requests, keys));
        let (lru, samples) = (Vec::new(), Vec::new());
        let (passed, done, all) = (0, 0.0, 0.0);
        let mut it =
            Self { trace, keys, sizes, distances, passed, lru, samples, known, left, done, all };
        let mut share = 0.0;
        for task in it.left.iter().rev() {
            share = if let Task::Sample(of, _) = task { *of } else { share };
            it.all += it.cost(*task, share * requests as f64 * SAMPLES as f64);
        }
        it
    }

    /// Requests of the trace.
    pub fn requests(&self) -> u64 {
        self.trace.keys.len() as u64
    }

    /// Different keys in it.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// The sizes, in entries, rising.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// How much of the work is done, from 0 to 1.
    pub fn progress(&self) -> f64 {
        if self.left.is_empty() { 1.0 } else { (self.done / self.all.max(1.0)).min(1.0) }
    }

    /// Whether every request has been simulated at every size.
    pub fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// The hit ratio of LRU at a size, once it is counted.
    pub fn lru(&self, size: u64) -> Option<Point> {
        let hits = *self.lru.get(usize::try_from(size).ok()?.min(self.lru.len().max(1) - 1))?;
        Some(self.exact(size, hits))
    }

    /// What is known of each rule: LRU, and the others at the sizes found so far, rising.
    pub fn curves(&self) -> Vec<(Rule, Vec<Point>)> {
        let lru = self.sizes.iter().filter_map(|it| self.lru(*it)).collect();
        let others = self.known.iter().map(|it| (it.0, it.1.iter().flatten().copied().collect()));
        std::iter::once((Rule::Policy(Policy::Lru), lru)).chain(others).collect()
    }

    /// Does the next piece of work.
    pub fn step(&mut self) {
        let Some(task) = self.left.pop() else { return };
        match task {
            Task::Pass => self.pass(),
            Task::Sample(share, number) => {
                if number == 0 {
                    self.samples.clear();
                }
                self.samples.push(Sample::of(&self.trace, share, number));
            }
            Task::Estimate(rule, at) => {
                let (of, size) = (self.known[rule].0, self.sizes[at]);
                let it = curve::estimate(&self.samples, of, size, 0);
                let (hit_ratio, error) = (it.hit_ratio, it.error);
                self.known[rule].1[at] = Some(Point { size, hit_ratio, error, hits: None });
            }
            Task::Simulate(rule, at) => {
                let (of, size) = (self.known[rule].0, self.sizes[at]);
                let hits = of.replay(size, 0, &self.trace).hits;
                self.known[rule].1[at] = Some(self.exact(size, hits));
            }
        }
        let sampled: u64 = self.samples.iter().map(Sample::requests).sum();
        self.done += self.cost(task, sampled as f64);
        if self.left.is_empty() {
            self.samples.clear();
        }
    }

    fn pass(&mut self) {
        let Some(distances) = &mut self.distances else { return };
        let end = (self.passed + PART).min(self.trace.keys.len());
        distances.take(&self.trace.keys[self.passed..end]);
        self.passed = end;
        if end == self.trace.keys.len() {
            self.lru = self.distances.take().map(Distances::hits).unwrap_or_default();
        }
    }

    fn exact(&self, size: u64, hits: u64) -> Point {
        let hit_ratio = hits as f64 / self.requests().max(1) as f64;
        Point { size, hit_ratio, error: 0.0, hits: Some(hits) }
    }

    /// About how many requests a task simulates, where the samples have so many together.
    fn cost(&self, task: Task, sampled: f64) -> f64 {
        let of = |rule: usize| match self.known[rule].0 {
            Rule::Policy(_) => 1.0,
            Rule::Bound(_) => BOUND_COST,
        };
        let requests = self.trace.keys.len() as f64;
        match task {
            Task::Pass => requests.min(PART as f64) * 2.0,
            Task::Sample(..) => requests * 0.1,
            Task::Estimate(rule, _) => sampled * of(rule),
            Task::Simulate(rule, _) => requests * of(rule),
        }
    }
}
