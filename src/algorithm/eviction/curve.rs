//! Miss-ratio curves: the hits of many cache sizes at once, or from a sample of the keys.

use crate::base::draw::mix;

use super::{Key, Rule, Trace};
use crate::base::key_map::KeyMap;

/// Marks on a line of positions, and how many there are before a position: bits in blocks, and a
/// Fenwick tree over the blocks (Fenwick, "A new data structure for cumulative frequency tables",
/// Software: Practice and Experience 24(3), 1994).
struct Marks {
    words: Vec<u64>,
    /// Sums of marks a block, as a Fenwick tree counted from 1.
    tree: Vec<u32>,
}

/// Words in a block: one line of memory.
const WORDS: usize = 8;

impl Marks {
    fn new(positions: usize) -> Self {
        let blocks = positions.div_ceil(64 * WORDS);
        Self { words: vec![0; blocks * WORDS], tree: vec![0; blocks + 1] }
    }

    fn flip(&mut self, at: usize) {
        let bit = 1 << (at % 64);
        self.words[at / 64] ^= bit;
        let set = self.words[at / 64] & bit != 0;
        let mut node = at / (64 * WORDS) + 1;
        while node < self.tree.len() {
            let sum = &mut self.tree[node];
            *sum = if set { *sum + 1 } else { *sum - 1 };
            node += node & node.wrapping_neg();
        }
    }

    /// Marks at positions below `at`.
    fn before(&self, at: usize) -> u32 {
        let (word, mut node) = (at / 64, at / (64 * WORDS));
        let whole = &self.words[node * WORDS..word];
        let part = self.words.get(word).map_or(0, |it| it & ((1 << (at % 64)) - 1));
        let mut sum = whole.iter().map(|it| it.count_ones()).sum::<u32>() + part.count_ones();
        while node > 0 {
            sum += self.tree[node];
            node &= node - 1;
        }
        sum
    }
}

/// The hits of LRU caches of every size, counted in one pass that can be made in parts: a request hits
/// if its stack distance is at most the size.
///
/// Source: Mattson et al., IBM Systems Journal 9(2), 1970, for the distance; Bennett and Kruskal,
/// "LRU stack processing", IBM Journal of Research and Development 19(4), 1975, for the tree.
pub struct Distances {
    /// How many requests had each distance; what is beyond the largest size is not counted.
    counts: Vec<u64>,
    marks: Marks,
    last: KeyMap<u32>,
    now: usize,
}

impl Distances {
    /// For a trace of so many requests, and sizes up to `capacity` entries.
    pub fn new(requests: usize, capacity: u64) -> Self {
        let most = usize::try_from(capacity).unwrap_or(usize::MAX).min(requests);
        let (counts, marks) = (vec![0; most + 1], Marks::new(requests));
        Self { counts, marks, last: KeyMap::default(), now: 0 }
    }

    /// The next requests.
    pub fn take(&mut self, keys: &[Key]) {
        for key in keys {
            let now = self.now;
            if let Some(before) = self.last.insert(*key, now as u32) {
                // Marks stand at the last use of each key: those after `before`, and the key itself.
                let distance = self.last.len() - self.marks.before(before as usize) as usize;
                if let Some(count) = self.counts.get_mut(distance) {
                    *count += 1;
                }
                self.marks.flip(before as usize);
            }
            self.marks.flip(now);
            self.now += 1;
        }
    }

    /// The hits at each size from 0 on.
    pub fn hits(mut self) -> Vec<u64> {
        let mut sum = 0;
        for count in &mut self.counts {
            sum += *count;
            *count = sum;
        }
        self.counts
    }
}

/// How many requests would hit an LRU cache of each size from 0 to `capacity` entries, from one
/// pass.
pub fn lru_hits(keys: &[Key], capacity: u64) -> Vec<u64> {
    let mut distances = Distances::new(keys.len(), capacity);
    distances.take(keys);
    distances.hits()
}

/// The same for the requests from `from` on; those before count for what they leave behind.
pub fn lru_hits_after(keys: &[Key], capacity: u64, from: usize) -> Vec<u64> {
    let (mut all, before) = (lru_hits(keys, capacity), lru_hits(&keys[..from], capacity));
    let last = before[before.len() - 1];
    for (size, hits) in all.iter_mut().enumerate() {
        *hits -= before.get(size).copied().unwrap_or(last);
    }
    all
}

/// How many requests would hit an LRU cache of each size from 0 to `capacity` times `unit`, in the sizes of
/// the trace: as [`lru_hits`], but a stack distance is the room that all take down to the key, itself
/// included. What is larger than a cache is counted as if it pushed all others out of it, which is more
/// than [`Policy::replay`](super::Policy::replay) does.
pub fn lru_hits_sized(trace: &Trace, unit: u64, capacity: u64) -> Vec<u64> {
    // At each position the room that its key takes if that was its last use, as a Fenwick tree.
    let mut tree = vec![0u64; trace.keys.len() + 1];
    let add = |tree: &mut Vec<u64>, at: usize, by: u64| {
        let mut node = at + 1;
        while node < tree.len() {
            tree[node] = tree[node].wrapping_add(by);
            node += node & node.wrapping_neg();
        }
    };
    let before = |tree: &[u64], at: usize| {
        let (mut node, mut sum) = (at, 0u64);
        while node > 0 {
            sum = sum.wrapping_add(tree[node]);
            node &= node - 1;
        }
        sum
    };
    let (mut last, mut total) = (KeyMap::<(u32, u64)>::default(), 0u64);
    let most = trace.requests().fold(0u64, |sum, it| sum.saturating_add(it.1)).div_ceil(unit);
    let mut counts = vec![0u64; most.min(capacity) as usize + 1];
    for (now, (key, size)) in trace.requests().enumerate() {
        if let Some((at, was)) = last.insert(key, (now as u32, size)) {
            let distance = total - before(&tree, at as usize);
            if let Some(count) = counts.get_mut(distance.div_ceil(unit) as usize) {
                *count += 1;
            }
            add(&mut tree, at as usize, was.wrapping_neg());
            total -= was;
        }
        add(&mut tree, now, size);
        total += size;
    }
    let mut sum = 0;
    for count in &mut counts {
        sum += *count;
        *count = sum;
    }
    counts
}

/// The same for the requests from `from` on; those before count for what they leave behind.
pub fn lru_hits_sized_after(trace: &Trace, unit: u64, capacity: u64, from: usize) -> Vec<u64> {
    let sizes = trace.sizes.iter().take(from).copied().collect();
    let warm = Trace { keys: trace.keys[..from].to_vec(), sizes, names: trace.names.clone() };
    let mut all = lru_hits_sized(trace, unit, capacity);
    let before = lru_hits_sized(&warm, unit, capacity);
    let last = before[before.len() - 1];
    for (size, hits) in all.iter_mut().enumerate() {
        *hits -= before.get(size).copied().unwrap_or(last);
    }
    all
}

/// A share that was estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Hits of all requests, from 0 to 1.
    pub hit_ratio: f64,
    /// Twice the standard error between the samples.
    pub error: f64,
}

/// Samples that are compared to know the error.
pub const SAMPLES: u64 = 8;

/// One of the samples of a trace: so large a share of its keys.
pub struct Sample {
    trace: Trace,
    share: f64,
    /// Requests expected in it.
    expected: f64,
}

impl Sample {
    /// The sample with this number, below [`SAMPLES`].
    pub fn of(trace: &Trace, share: f64, number: u64) -> Self {
        const ALL: f64 = 18_446_744_073_709_551_616.0;
        let limit = (share * ALL) as u64;
        let is_in = |key: Key| mix(mix(number) ^ u64::from(key)) <= limit;
        let (keys, sizes): (Vec<Key>, Vec<u64>) = trace.requests().filter(|it| is_in(it.0)).unzip();
        let sizes = if trace.sizes.is_empty() { Vec::new() } else { sizes };
        let expected = trace.keys.len() as f64 * share;
        Self { trace: Trace { keys, sizes, names: trace.names.clone() }, share, expected }
    }

    /// Requests in it.
    pub fn requests(&self) -> u64 {
        self.trace.keys.len() as u64
    }

    /// The hit ratio, estimated: misses count against the expected number of requests, so that it
    /// matters little whether a hot key is in the sample.
    fn hit_ratio(&self, rule: Rule, capacity: u64, ttl: u64) -> f64 {
        let scale = |room: u64| ((room as f64 * self.share).round() as u64).max(1);
        let tally = rule.replay(scale(capacity), scale(ttl), &self.trace);
        1.0 - (tally.requests - tally.hits) as f64 / self.expected
    }
}

/// Estimates the hit ratio from several samples of the keys, with the same share of the capacity.
///
/// Source: Waldspurger, Park, Garthwaite and Ahmad, "Efficient MRC construction with SHARDS", FAST
/// 2015 (SHARDS-adj), and Waldspurger, Saemundsson, Ahmad and Park, "Cache modeling and
/// optimization using miniature simulations", USENIX ATC 2017.
pub fn estimate(samples: &[Sample], rule: Rule, capacity: u64, ttl: u64) -> Estimate {
    let ratios: Vec<f64> = samples.iter().map(|it| it.hit_ratio(rule, capacity, ttl)).collect();
    let count = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / count;
    let variance = ratios.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / (count - 1.0);
    Estimate { hit_ratio: mean.clamp(0.0, 1.0), error: 2.0 * (variance / count).sqrt() }
}

/// The same with all samples of this share (0 to 1).
pub fn sampled(rule: Rule, capacity: u64, ttl: u64, trace: &Trace, share: f64) -> Estimate {
    let samples: Vec<Sample> = (0..SAMPLES).map(|it| Sample::of(trace, share, it)).collect();
    estimate(&samples, rule, capacity, ttl)
}

/// So many sizes, evenly spaced up to the largest.
pub fn sizes(most: u64, points: u64) -> Vec<u64> {
    let size = |at: u64| u128::from(most) * u128::from(at) / u128::from(points.max(1));
    let mut sizes: Vec<u64> = (1..=points).map(|at| size(at).max(1) as u64).collect();
    sizes.dedup();
    sizes
}
