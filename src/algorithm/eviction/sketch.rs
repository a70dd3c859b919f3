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

/// The sketch. It doubles with the number of entries, up to what the capacity asks for; since each
/// counter of the larger table begins as a copy of its half, no estimate changes by that.
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

    /// Makes room for so many entries.
    #[inline]
    pub(super) fn grow(&mut self, entries: usize) {
        while (self.counters.len() as u128) * 1_000 < entries as u128 * WIDTH {
            self.counters = self.counters.iter().flat_map(|it| [*it, *it]).collect();
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
