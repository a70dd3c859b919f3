//! What other sizes and policies would have made of the reads that a cache has seen: worked out a
//! little with every picture, so that no picture keeps a run waiting.

use std::cell::RefCell;

use crate::algorithm::eviction::{Bound, Policy, Rule, Trace, curve};
use crate::base::time::Nanos;
use crate::component::cache::{ADMITTED, HIT, MISS};
use crate::engine::accesses::{Access, KEPT};

use super::Inside;

/// Reads looked at, at most: the first half warms the caches up, the second is counted.
pub const READS: usize = KEPT / 10 * 8;
/// Fewer say too little.
pub const READS_MIN: usize = 1_000;
/// Reads after a change of the cache that say how it does since.
pub const SEEN_MIN: usize = 1_000;
/// Sizes at which other policies than LRU are simulated.
const SIZES: u64 = 12;
/// Requests simulated for one picture, about.
const BUDGET: u64 = 150_000;
/// How many times as long a request takes a policy that knows the future.
const BOUND_COST: u64 = 4;
/// Studies kept: of several components, or futures.
const STUDIES: usize = 6;

/// The reads that are studied, and what is known of them so far.
#[derive(Clone, Debug)]
pub struct Study {
    /// Whose: the component's stream of draws, which stands for run and component.
    of: u64,
    /// The moment up to which it goes.
    pub until: Nanos,
    trace: Trace,
    first: Access,
    last: Access,
    /// The first read that is counted.
    from: usize,
    /// When the cache was changed last.
    since: Nanos,
    /// Hits and misses that happened, and the misses on keys that were on their way already; none
    /// if there were too few since the cache was changed.
    pub seen: Option<[u64; 3]>,
    /// How much of the room one step of the sizes is: an entry, or a kB.
    unit: u64,
    /// Hits of LRU by size.
    lru: Vec<u64>,
    /// The largest size.
    pub most: u64,
    /// By rule: hits at some sizes, in rising order.
    found: Vec<(Rule, Vec<(u64, u64)>)>,
    /// Still to be found, the last first.
    left: Vec<(Rule, u64)>,
}

thread_local! {
    /// The latest are last.
    static STUDIES_MADE: RefCell<Vec<Study>> = const { RefCell::new(Vec::new()) };
}

/// The rules beside LRU's, for a cache with this policy.
fn rules(policy: Policy) -> Vec<Rule> {
    let own = (policy != Policy::Lru && !policy.needs_ttl()).then_some(policy);
    let other = (policy != Policy::S3Fifo).then_some(Policy::S3Fifo);
    let policies = own.into_iter().chain(other).map(Rule::Policy);
    policies.chain([Rule::Bound(Bound::Belady)]).collect()
}

impl Study {
    fn new(
        (of, policy, most): (u64, Policy, u64),
        all: &[Access],
        [since, until]: [Nanos; 2],
        size_of: Option<&dyn Fn(u32) -> u64>,
    ) -> Option<Self> {
        let is_read = |it: &Access| it.counter == HIT || it.counter == MISS;
        let count = all.iter().filter(|it| is_read(it)).count();
        if count < READS_MIN {
            return None;
        }
        let reads: Vec<Access> = {
            let reads = all.iter().filter(|it| is_read(it)).copied();
            reads.skip(count.saturating_sub(READS)).collect()
        };
        // What came before the latest change of the cache tells nothing of it as it is.
        let changed = reads.partition_point(|it| it.at < since);
        let enough = reads.len() - changed >= SEEN_MIN;
        let from = (reads.len() / 2).max(if enough { changed } else { 0 });
        let counted = &reads[from..];
        let (first, last) = (reads[0], reads[reads.len() - 1]);
        let hits = counted.iter().filter(|it| it.counter == HIT).count() as u64;
        let start = counted.first().map_or(until, |it| it.at);
        let seen = [hits, counted.len() as u64 - hits, on_their_way(all, start)];
        let seen = enough.then_some(seen);
        let keys: Vec<u32> = reads.iter().map(|it| it.key).collect();
        let sizes = size_of.map(|of| keys.iter().map(|it| of(*it)).collect()).unwrap_or_default();
        let trace = Trace { keys, sizes, ..Trace::default() };
        let unit = if size_of.is_some() { 1_000 } else { 1 };
        let lru = match size_of {
            Some(_) => curve::lru_hits_sized_after(&trace, unit, most, from),
            None => curve::lru_hits_after(&trace.keys, most, from),
        };
        // From coarse to fine: the sizes in the order of their reversed bits.
        let mut order: Vec<u64> = (1..=SIZES).collect();
        order.sort_by_key(|it| it.reverse_bits());
        let sizes: Vec<u64> = order.iter().rev().map(|it| (most * it / SIZES).max(1)).collect();
        let rules = rules(policy);
        let left = sizes.iter().flat_map(|size| rules.iter().rev().map(move |it| (*it, *size)));
        let (left, found) = (left.collect(), rules.iter().map(|it| (*it, Vec::new())).collect());
        let it =
            Self { of, until, trace, first, last, from, since, seen, unit, lru, most, found, left };
        Some(it)
    }

    /// Reads that are counted.
    pub fn counted(&self) -> u64 {
        (self.trace.keys.len() - self.from) as u64
    }

    /// Reads before them, which warm the caches up.
    pub fn before(&self) -> u64 {
        self.from as u64
    }

    /// How much is still to be found, of how much.
    pub fn open(&self) -> (usize, usize) {
        let found: usize = self.found.iter().map(|it| it.1.len()).sum();
        (self.left.len(), self.left.len() + found)
    }

    /// The miss ratio of LRU at a size.
    pub fn lru(&self, size: u64) -> f64 {
        let last = self.lru.len() - 1;
        self.missed(self.lru[usize::try_from(size).unwrap_or(last).min(last)])
    }

    /// The miss ratios found of the other rules, by size.
    pub fn others(&self) -> impl Iterator<Item = (Rule, Vec<(u64, f64)>)> + '_ {
        let point = |it: &(u64, u64)| (it.0, self.missed(it.1));
        self.found.iter().map(move |it| (it.0, it.1.iter().map(point).collect()))
    }

    fn missed(&self, hits: u64) -> f64 {
        1.0 - hits as f64 / self.counted().max(1) as f64
    }

    /// Finds a few points more.
    fn go_on(&mut self, budget: u64) {
        let mut spent = 0;
        while spent < budget
            && let Some((rule, size)) = self.left.pop()
        {
            let length = self.trace.keys.len() as u64;
            let hits = match rule {
                Rule::Policy(it) => {
                    spent += length + self.from as u64;
                    it.hits_after(size * self.unit, 0, &self.trace, self.from)
                }
                Rule::Bound(it) => {
                    spent += length * BOUND_COST;
                    it.hits_after(size * self.unit, &self.trace, self.from)
                }
            };
            let Some((_, points)) = self.found.iter_mut().find(|it| it.0 == rule) else { return };
            let at = points.partition_point(|it| it.0 < size);
            points.insert(at, (size, hits));
        }
    }

    /// Whether it is about these accesses.
    fn fits(&self, of: u64, all: &[Access]) -> bool {
        let holds = |it: &Access| {
            let from = all.partition_point(|other| other.at < it.at);
            all[from..].iter().take_while(|other| other.at == it.at).any(|other| other == it)
        };
        let old = all.first().is_none_or(|oldest| self.first.at < oldest.at);
        self.of == of && (old || holds(&self.first)) && holds(&self.last)
    }
}

/// Misses from a moment on that asked for a key which another miss was fetching already.
fn on_their_way(all: &[Access], since: Nanos) -> u64 {
    let mut fetched = crate::base::key_map::KeyMap::<()>::default();
    let mut count = 0;
    for it in all {
        match it.counter {
            MISS => {
                let again = fetched.insert(it.key, ()).is_some();
                count += u64::from(again && it.at >= since);
            }
            HIT | ADMITTED => _ = fetched.remove(it.key),
            _ => {}
        }
    }
    count
}

impl Inside<'_> {
    /// What is known of the reads up to the cursor; none as long as there are too few. The latest
    /// study that is complete, or else the one that is under way.
    pub(super) fn study(&self) -> Option<Study> {
        let subject = self.subject;
        let stream = &subject.world.blueprint().components[subject.component as usize].stream;
        let of = stream.0;
        let until = Nanos(subject.now().0 / 1_000_000_000 * 1_000_000_000);
        let all = subject.record()?.accesses.until(until);
        let since = subject.earlier.first().map_or(Nanos::ZERO, |it| it.0);
        let most = self.sizes_to(&all);
        let policy = self.params.policy;
        STUDIES_MADE.with_borrow_mut(|made| {
            let mut own: Vec<Study> = Vec::new();
            let fit = |it: &mut Study| {
                let same = it.most == most && it.found.iter().map(|it| it.0).eq(rules(policy));
                it.fits(of, &all) && same && it.until <= until && it.since == since
            };
            made.retain_mut(|it| {
                let fits = fit(it);
                if fits {
                    own.push(it.clone());
                }
                it.of != of
            });
            let open = own.iter().position(|it| it.open().0 > 0);
            match open {
                Some(at) => own[at].go_on(BUDGET),
                None if own.iter().any(|it| it.until == until) => {}
                None => {
                    let size = |key: u32| self.size_of(key);
                    let size = (self.params.max_memory > 0).then_some(&size as &dyn Fn(u32) -> u64);
                    let mut study = Study::new((of, policy, most), &all, [since, until], size)?;
                    study.go_on(BUDGET);
                    own.push(study);
                }
            }
            // One to be shown, and one under way.
            let complete = own.iter().rposition(|it| it.open().0 == 0);
            own.drain(..complete.unwrap_or(0));
            let shown = own.first().cloned();
            made.extend(own);
            let many = made.len().saturating_sub(STUDIES);
            made.drain(..many);
            shown
        })
    }

    /// The largest size of the curves: room for all keys asked for, and more than there is now.
    fn sizes_to(&self, all: &[Access]) -> u64 {
        let mut seen = crate::base::key_map::KeyMap::<()>::default();
        let keys = all.iter().filter(|it| seen.insert(it.key, ()).is_none());
        let keys = match self.params.max_memory {
            0 => keys.count() as u64,
            _ => keys.map(|it| self.size_of(it.key)).sum::<u64>().div_ceil(1_000),
        };
        let most = keys.max(self.size() * 5 / 4).max(10);
        // In steps of 1, 2 or 5 with one digit more, so that it stays for a while.
        let step = 10u64.pow(most.ilog10()) / 2;
        most.div_ceil(step.max(1)) * step.max(1)
    }
}
