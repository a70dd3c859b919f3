//! How often keys were asked for lately, in a few bytes a key: a counting Bloom filter whose
//! counters are halved from time to time.
//!
//! Source: Fan, Cao, Almeida and Broder, "Summary cache: a scalable wide-area web cache sharing
//! protocol", SIGCOMM 1998 (the counting filter); halving after Einziger, Friedman and Manes,
//! "TinyLFU: a highly efficient cache admission policy", ACM Transactions on Storage 13(4), 2017.
//! Sized as in libCacheSim: one false positive in 1,000, so 14.38 counters an entry (ln 1000 / ln² 2)
//! and 10 a key, all of which count.

use crate::base::draw::mix;

use super::Key;

/// Counters a key has.
const ROWS: usize = 10;
/// Counters for a thousand entries.
const WIDTH: u128 = 14_378;
/// Entries a sketch is made for at first, at least.
const ENTRIES_MIN: u64 = 16;

/// The sketch. It doubles with the number of entries, up to what the capacity asks for. What is held is
/// counted into the larger table by its estimates, and nothing else: were each counter copied into both
/// halves, half of the marks would be nobody's, and too many keys would seem well known (on a loop of
/// 3,000 keys through 2,500 entries that cost 1 point of hits; so it differs from a sketch that was as
/// large from the beginning by no more than two of those do).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sketch {
    counters: Vec<u16>,
    /// Uses since counts were halved.
    aged: u64,
}

impl Sketch {
    /// A sketch for a cache of so much room.
    pub(super) fn new(capacity: u64) -> Self {
        let doublings = (capacity / ENTRIES_MIN).max(1).ilog2();
        let entries = u128::from(capacity.max(ENTRIES_MIN));
        let counters = (entries * WIDTH).div_ceil(1_000 << doublings) as usize;
        Self { counters: vec![0; counters], aged: 0 }
    }

    /// Makes room for so many entries, of the keys that are held.
    #[inline]
    pub(super) fn grow(&mut self, entries: usize, held: impl Iterator<Item = Key> + Clone) {
        while (self.counters.len() as u128) * 1_000 < entries as u128 * WIDTH {
            self.double(held.clone());
        }
    }

    #[cold]
    fn double(&mut self, held: impl Iterator<Item = Key>) {
        let larger = vec![0; 2 * self.counters.len()];
        let known = held.map(|key| (key, self.estimate(key))).collect::<Vec<_>>();
        self.counters = larger;
        for (key, count) in known {
            for place in self.places(key) {
                let counter = &mut self.counters[place];
                *counter = count.max(*counter);
            }
        }
    }

    /// The places of a key's counters: steps from a start (Kirsch and Mitzenmacher, "Less hashing,
    /// same performance", ESA 2006), scaled to the table by a product instead of a division.
    #[inline]
    fn places(&self, key: Key) -> [usize; ROWS] {
        let hash = mix(u64::from(key));
        let (start, step) = (hash as u32, (hash >> 32) as u32 | 1);
        let counters = self.counters.len() as u64;
        std::array::from_fn(|row| {
            let at = start.wrapping_add(step.wrapping_mul(row as u32));
            ((u64::from(at) * counters) >> 32) as usize
        })
    }

    /// About how often a key was counted lately; never too low, but for halving and the top.
    #[inline]
    pub(super) fn estimate(&self, key: Key) -> u16 {
        self.places(key).iter().map(|place| self.counters[*place]).min().unwrap_or(0)
    }

    /// Counts a key.
    #[inline]
    pub(super) fn count(&mut self, key: Key) {
        for place in self.places(key) {
            let counter = &mut self.counters[place];
            *counter = counter.saturating_add(1);
        }
    }

    /// Notes a use; after `sample` of them all counts are halved.
    #[inline]
    pub(super) fn age(&mut self, sample: u64) {
        self.aged += 1;
        if self.aged >= sample {
            self.aged = 0;
            self.counters.iter_mut().for_each(|counter| *counter >>= 1);
        }
    }

    /// Feeds the state hash.
    pub(super) fn fold(&self, feed: &mut impl FnMut(u64)) {
        for four in self.counters.chunks(4) {
            feed(four.iter().fold(0, |word, counter| (word << 16) | u64::from(*counter)));
        }
        feed(self.aged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grown with what it holds, it says of nearly all keys what one says that was as large from the
    /// beginning; and of strangers that they are strangers.
    #[test]
    fn growing_is_as_if_it_had_been_large() {
        let count = |sketch: &mut Sketch, key: Key| (0..=key % 7).for_each(|_| sketch.count(key));
        let mut grown = Sketch::new(4_096);
        let small = grown.counters.len();
        for key in 0..2_000 {
            grown.grow(key as usize + 1, 0..key);
            count(&mut grown, key);
        }
        assert!(grown.counters.len() >= 64 * small);
        let mut large = Sketch { counters: vec![0; grown.counters.len()], aged: 0 };
        (0..2_000).for_each(|key| count(&mut large, key));
        let differ = (0..2_000).filter(|it| grown.estimate(*it) != large.estimate(*it)).count();
        assert!(differ <= 20, "{differ} of 2,000");
        let known = |it: &Sketch| (5_000..25_000).filter(|key| it.estimate(*key) > 0).count();
        let (known, at_best) = (known(&grown), known(&large));
        assert!(known <= at_best + 20, "{known} strangers of 20,000 seem known, {at_best} at best");
    }
}
