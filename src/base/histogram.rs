//! A log-linear histogram: latencies from a nanosecond to hours in a few kilobytes, with a bounded
//! relative error.
//!
//! Source: Tene, HdrHistogram, hdrhistogram.org: every octave is cut into equally wide buckets, so
//! the width of a bucket is a fixed share of its values.

use serde::{Deserialize, Serialize};

/// Values from here on (2^44 ns, 4.9 hours) share the last bucket. Sum and maximum stay exact.
pub const VALUE_MAX_NS: u64 = (1 << 44) - 1;

/// Counts of values in nanoseconds, with 2^`SUB_BITS` buckets per octave (1 to 16).
///
/// Values below 2^(`SUB_BITS` + 1) are exact; a quantile above differs from the true value by at
/// most 1 part in 2^(`SUB_BITS` + 1): with 4 bits 3.1 %, with 5 1.6 %, with 7 0.4 %. Count, sum,
/// mean, minimum and maximum are exact. Takes memory for the octaves between the smallest and the
/// largest value only: with 5 bits 256 bytes each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Histogram<const SUB_BITS: u32> {
    /// From bucket `first` on, whole octaves.
    counts: Vec<u64>,
    first: usize,
    count: u64,
    sum_ns: u128,
    min_ns: u64,
    max_ns: u64,
}

/// Whether both have counted the same, whatever memory they take.
impl<const SUB_BITS: u32> PartialEq for Histogram<SUB_BITS> {
    fn eq(&self, other: &Self) -> bool {
        let exact = |it: &Self| (it.count, it.sum_ns, it.min_ns, it.max_ns);
        exact(self) == exact(other) && self.buckets().eq(other.buckets())
    }
}

impl<const SUB_BITS: u32> Default for Histogram<SUB_BITS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SUB_BITS: u32> Histogram<SUB_BITS> {
    /// How many buckets there are.
    pub const BUCKETS: usize = ((45 - SUB_BITS) << SUB_BITS) as usize;

    /// An empty histogram.
    pub fn new() -> Self {
        const { assert!(SUB_BITS >= 1 && SUB_BITS <= 16) };
        let (counts, first, min_ns) = (Vec::new(), 0, u64::MAX);
        Self { counts, first, count: 0, sum_ns: 0, min_ns, max_ns: 0 }
    }

    /// Counts a value `times` times.
    pub fn record(&mut self, value_ns: u64, times: u64) {
        if times == 0 {
            return;
        }
        *self.place(Self::bucket(value_ns)) += times;
        self.count += times;
        self.sum_ns += u128::from(value_ns) * u128::from(times);
        self.min_ns = self.min_ns.min(value_ns);
        self.max_ns = self.max_ns.max(value_ns);
    }

    /// A bucket's count.
    fn place(&mut self, bucket: usize) -> &mut u64 {
        if bucket.wrapping_sub(self.first) >= self.counts.len() {
            self.reach(bucket);
        }
        &mut self.counts[bucket - self.first]
    }

    /// Makes room for a bucket's octave, and for those between.
    #[cold]
    fn reach(&mut self, bucket: usize) {
        let octave = bucket >> SUB_BITS << SUB_BITS;
        if self.counts.is_empty() {
            self.first = octave;
        }
        let before = self.first.saturating_sub(octave);
        self.counts.splice(..0, std::iter::repeat_n(0, before));
        self.first -= before;
        let length = self.counts.len().max(octave + (1 << SUB_BITS) - self.first);
        self.counts.resize(length, 0);
    }

    /// Adds everything another histogram has counted; its buckets must not be wider.
    pub fn merge<const FINER: u32>(&mut self, other: &Histogram<FINER>) {
        const { assert!(SUB_BITS <= FINER) };
        let filled = other.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        for (at, count) in filled {
            let (lowest, _) = Histogram::<FINER>::range(other.first + at);
            *self.place(Self::bucket(lowest)) += count;
        }
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.count = 0;
        self.sum_ns = 0;
        self.min_ns = u64::MAX;
        self.max_ns = 0;
    }

    /// The value that a share of `q` (0 to 1) of all values do not exceed, in nanoseconds: the
    /// middle of its bucket, kept between minimum and maximum. None if nothing was counted.
    ///
    /// The value meant is the one of rank ⌈q · count⌉, at least 1, in rising order.
    pub fn quantile_ns(&self, q: f64) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        // Rounded down by a hair first: 0.07 · 100 is a little above 7 in binary, and means 7.
        let hair = 1.0 - f64::EPSILON * 4.0;
        let rank = libm::ceil(q.clamp(0.0, 1.0) * self.count as f64 * hair) as u64;
        let rank = rank.clamp(1, self.count);
        if rank == self.count {
            return Some(self.max_ns);
        }
        let mut passed = 0;
        let at = self.counts.iter().position(|count| {
            passed += count;
            rank <= passed
        })?;
        Some(Self::middle(self.first + at).clamp(self.min_ns, self.max_ns))
    }

    /// The exact mean, rounded once.
    pub fn mean_ns(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum_ns as f64 / self.count as f64)
    }

    /// The smallest value counted.
    pub fn min_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min_ns)
    }

    /// The largest value counted.
    pub fn max_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max_ns)
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of all values.
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The buckets that are not empty, in rising order: lowest value, highest value, count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(at, count)| {
            let (lowest, width) = Self::range(self.first + at);
            (lowest, lowest + width - 1, *count)
        })
    }

    /// Feeds the state hash: filled buckets by number, then the exact figures.
    pub fn fold(&self, feed: &mut impl FnMut(u64)) {
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            feed((self.first + at) as u64);
            feed(*count);
        }
        feed(self.count);
        feed((self.sum_ns >> 64) as u64);
        feed(self.sum_ns as u64);
        feed(self.min_ns);
        feed(self.max_ns);
    }

    /// The bucket of a value. Within an octave the leading `SUB_BITS` + 1 bits are its number.
    fn bucket(value_ns: u64) -> usize {
        let value_ns = value_ns.min(VALUE_MAX_NS);
        let shift = (value_ns | 1).ilog2().saturating_sub(SUB_BITS);
        ((u64::from(shift) << SUB_BITS) + (value_ns >> shift)) as usize
    }

    /// The lowest value of a bucket and how many values it holds.
    fn range(at: usize) -> (u64, u64) {
        let octave = (at >> SUB_BITS) as u32;
        let shift = octave.saturating_sub(1);
        let lowest = ((at as u64) - (u64::from(shift) << SUB_BITS)) << shift;
        (lowest, 1 << shift)
    }

    fn middle(at: usize) -> u64 {
        let (lowest, width) = Self::range(at);
        lowest + (width - 1) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    #[test]
    fn buckets_cover_all_values_without_gap() {
        let mut expected = 0;
        for at in 0..Histogram::<3>::BUCKETS {
            let (lowest, width) = Histogram::<3>::range(at);
            assert_eq!(lowest, expected, "bucket {at} begins where the last one ended");
            assert_eq!(Histogram::<3>::bucket(lowest), at);
            assert_eq!(Histogram::<3>::bucket(lowest + width - 1), at);
            expected = lowest + width;
        }
        assert_eq!(expected, VALUE_MAX_NS + 1);
        assert_eq!(Histogram::<3>::bucket(u64::MAX), Histogram::<3>::BUCKETS - 1);
    }

    /// Values spread over all octaves; every quantile within the promised error of the sorted list.
    fn check_error<const SUB_BITS: u32>() {
        for seed in 0..20 {
            let mut draws = Draws::new(seed);
            let mut histogram = Histogram::<SUB_BITS>::new();
            let mut values: Vec<u64> =
                (0..2_000).map(|_| draws.next() >> (21 + draws.below(43))).collect();
            values.iter().for_each(|value| histogram.record(*value, 1));
            values.sort();
            let promised = 1.0 / f64::from(1 << (SUB_BITS + 1));
            for per_mille in 0..=1_000 {
                let rank = (per_mille * values.len()).div_ceil(1_000).max(1);
                let exact = values[rank - 1] as f64;
                let found = histogram.quantile_ns(per_mille as f64 / 1_000.0).unwrap() as f64;
                let error = (found - exact).abs() / exact.max(1.0);
                assert!(error <= promised, "seed {seed}, {per_mille}: {found} for {exact}");
            }
            let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
            assert_eq!(histogram.sum_ns(), sum);
            assert_eq!(histogram.min_ns(), values.first().copied());
            assert_eq!(histogram.max_ns(), values.last().copied());
            assert_eq!(histogram.quantile_ns(1.0), values.last().copied());
        }
    }

    #[test]
    fn quantiles_keep_the_promised_error() {
        check_error::<1>();
        check_error::<4>();
        check_error::<5>();
        check_error::<7>();
    }

    #[test]
    fn small_values_are_exact() {
        let mut histogram = Histogram::<5>::new();
        (1..=63).for_each(|value| histogram.record(value, 2));
        assert_eq!(histogram.quantile_ns(0.0), Some(1));
        assert_eq!(histogram.quantile_ns(0.5), Some(32));
        assert_eq!(histogram.mean_ns(), Some(32.0));
        assert_eq!(histogram.count(), 126);
    }

    /// 0.07 · 100 is 7.000000000000001 in floating point; the seventh value is meant.
    #[test]
    fn ranks_are_not_pushed_up_by_rounding() {
        let mut histogram = Histogram::<7>::new();
        (1..=100).for_each(|value| histogram.record(value, 1));
        for hundredth in 1..=100 {
            let found = histogram.quantile_ns(hundredth as f64 / 100.0);
            assert_eq!(found, Some(hundredth));
        }
    }

    #[test]
    fn merge_is_recording_everything() {
        let (mut left, mut right) = (Histogram::<4>::new(), Histogram::<4>::new());
        let mut both = Histogram::<4>::new();
        let mut draws = Draws::new(9);
        for at in 0..1_000 {
            let (value, times) = (draws.below(1 << 40), draws.below(3));
            if at % 2 == 0 {
                left.record(value, times)
            } else {
                right.record(value, times)
            }
            both.record(value, times);
        }
        left.merge(&right);
        assert_eq!(left, both);
        let (mut coarse, mut direct) = (Histogram::<2>::new(), Histogram::<2>::new());
        coarse.merge(&both);
        both.buckets().for_each(|(lowest, _, count)| direct.record(lowest, count));
        assert!(coarse.buckets().eq(direct.buckets()));
        assert_eq!((coarse.count(), coarse.max_ns()), (both.count(), both.max_ns()));
        let bytes = postcard::to_allocvec(&both).unwrap();
        assert_eq!(postcard::from_bytes::<Histogram<4>>(&bytes).unwrap(), both);
        both.clear();
        assert_eq!(both, Histogram::new());
        assert_eq!(both.quantile_ns(0.5), None);
        assert_eq!(both.mean_ns(), None);
    }
}
