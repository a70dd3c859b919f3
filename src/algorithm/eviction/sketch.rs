//! How often keys were asked for lately, in a few bytes a key: a counting Bloom filter whose
//! counters are halved from time to time.
//!
//! Source: Fan, Cao, Almeida and Broder, "Summary cache: a scalable wide-area web cache sharing
//! protocol", SIGCOMM 1998 (the counting filter); halving after Einziger, Friedman and Manes,
//! "TinyLFU: a highly efficient cache admission policy", ACM Transactions on Storage 13(4), 2017.
//! Sized as in libCacheSim: one false positive in 1,000, so 14.38 counters an entry of the main part
//! (ln 1000 / ln² 2) and 10 a key, all of which count.

/// Counters a key has.
const ROWS: usize = 10;
/// Counters for a million entries.
const WIDTH: u64 = 14_377_588;
/// For so many entries there is room from the beginning, where it is not known how many come.
const AT_ONCE: u64 = 65_536;
/// Of the two hashes of a key (libCacheSim's `HASH_SEED0` and `HASH_SEED1`).
const SEEDS: [u64; 2] = [0x1234_5678, 0x1234_4321];

/// Where a key's counters are, whatever the size of the sketch: a start and a step (Kirsch and Mitzenmacher, "Less
/// hashing, same performance", ESA 2006).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spot {
    start: u32,
    step: u32,
}

/// xxHash64 of eight bytes, the lowest first: what the specification's loop comes to for so few.
#[cfg_attr(not(target_family = "wasm"), inline)]
fn xx_hash64(bytes: u64, seed: u64) -> u64 {
    const PRIMES: [u64; 5] = [
        0x9e37_79b1_85eb_ca87,
        0xc2b2_ae3d_27d4_eb4f,
        0x1656_67b1_9e37_79f9,
        0x85eb_ca77_c2b2_ae63,
        0x27d4_eb2f_1656_67c5,
    ];
    let lane = bytes.wrapping_mul(PRIMES[1]).rotate_left(31).wrapping_mul(PRIMES[0]);
    let mut hash = seed.wrapping_add(PRIMES[4]).wrapping_add(8) ^ lane;
    hash = hash.rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 32)
}

impl Spot {
    /// Of a key that is called by a number.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(super) fn of(name: u64) -> Self {
        let [start, step] = SEEDS.map(|seed| xx_hash64(name, seed) as u32);
        Self { start, step }
    }
}

/// The sketch. It is as large as the cache asks for at once, but for very large caches that may never be full: then it
/// doubles with the number of entries. What is held is counted into the larger table by its estimates, and nothing
/// else: were each counter copied into both halves, half of the marks would be nobody's, and too many keys would seem
/// well known. What is not held is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sketch {
    counters: Vec<u16>,
    /// 2⁶⁴ over the number of counters, rounded up: what a remainder is found by, without a division (Lemire, Kaser
    /// and Kurz, "Faster remainder by direct computation", Software: Practice and Experience 49(6), 2019).
    inverse: u64,
    /// Entries that it is large enough for, and will be.
    room: u64,
    most: u64,
    /// Uses since counts were halved.
    aged: u64,
}

/// So many, below 2³¹, times a fraction in 2⁻⁶⁴, rounded down.
#[cfg_attr(not(target_family = "wasm"), inline)]
fn of(fraction: u64, count: u64) -> u64 {
    if cfg!(target_family = "wasm") {
        // There products have 64 bits.
        return ((fraction >> 32) * count + (((fraction & u64::from(u32::MAX)) * count) >> 32))
            >> 32;
    }
    ((u128::from(fraction) * u128::from(count)) >> 64) as u64
}

/// How many counters so many entries ask for.
fn width(entries: u64) -> usize {
    let counters = entries.saturating_mul(WIDTH).div_ceil(1_000_000).min(i32::MAX as u64) as usize;
    if counters < ROWS { 2 * ROWS } else { counters }
}

impl Sketch {
    /// A sketch for so many entries.
    pub(super) fn new(entries: u64) -> Self {
        let mut room = entries;
        while room > AT_ONCE {
            room = room.div_ceil(2);
        }
        let mut it = Self { counters: Vec::new(), inverse: 0, room, most: entries, aged: 0 };
        it.clear();
        it
    }

    /// All counters at zero, as many as its room asks for.
    fn clear(&mut self) {
        self.counters = vec![0; width(self.room)];
        self.inverse = u64::MAX / self.counters.len() as u64 + 1;
    }

    /// Before anything is counted: there will be so many keys. If that is more than there are entries, it is made as
    /// large as it will be; if not, none will ever have to go.
    pub(super) fn expect(&mut self, keys: u64) {
        if keys >= self.most && self.room < self.most {
            self.room = self.most;
            self.clear();
        }
    }

    /// Makes room for so many entries; those held are at these spots.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(super) fn grow(&mut self, entries: u64, held: impl Iterator<Item = Spot> + Clone) {
        while entries > self.room {
            self.double(held.clone());
        }
    }

    #[cold]
    fn double(&mut self, held: impl Iterator<Item = Spot>) {
        let twice = (2 * self.room).max(1);
        // The last time, as large as it is to be; halves were rounded up.
        let last = self.room < self.most && twice + u64::from(u64::BITS) >= self.most;
        let room = if last { self.most } else { twice };
        let mut larger = Self { counters: Vec::new(), room, ..*self };
        larger.clear();
        for spot in held {
            let count = self.estimate(spot);
            for place in larger.places(spot) {
                let counter = &mut larger.counters[place];
                *counter = count.max(*counter);
            }
        }
        *self = larger;
    }

    /// The places of a key's counters.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    fn places(&self, spot: Spot) -> [usize; ROWS] {
        let counters = self.counters.len() as u64;
        std::array::from_fn(|row| {
            let at = spot.start.wrapping_add(spot.step.wrapping_mul(row as u32));
            of(self.inverse.wrapping_mul(at.into()), counters) as usize
        })
    }

    /// About how often a key was counted lately; never too low, but for halving and the top.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(super) fn estimate(&self, spot: Spot) -> u16 {
        // Without a branch for each: nobody can foresee which is the least.
        let least = |one, other| if other < one { other } else { one };
        self.counted(spot).into_iter().fold(u16::MAX, least)
    }

    /// What it takes of memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.counters.as_slice())
    }

    /// A key's counters, in order.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(super) fn counted(&self, spot: Spot) -> [u16; ROWS] {
        self.places(spot).map(|place| self.counters[place])
    }

    /// Counts a key.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(super) fn count(&mut self, spot: Spot) {
        for place in self.places(spot) {
            let counter = &mut self.counters[place];
            *counter = counter.saturating_add(1);
        }
    }

    /// Notes a use; after `sample` of them all counts are halved.
    #[cfg_attr(not(target_family = "wasm"), inline)]
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

    /// As the crate has it.
    #[test]
    fn eight_bytes_are_hashed_as_they_should() {
        for bytes in [0, 1, 17, 1 << 31, u64::MAX, 0x0123_4567_89ab_cdef] {
            for seed in SEEDS {
                let known = twox_hash::XxHash64::oneshot(seed, &bytes.to_le_bytes());
                assert_eq!(xx_hash64(bytes, seed), known);
            }
        }
    }

    /// Places are remainders, of any number of counters.
    #[test]
    fn places_are_remainders() {
        for entries in [0, 1, 7, 990, 19_800, 65_536] {
            let sketch = Sketch::new(entries);
            for name in (0..2_000u64).chain([u64::MAX, 1 << 40]) {
                let Spot { start, step } = Spot::of(name);
                let plain = |row: u32| {
                    start.wrapping_add(step.wrapping_mul(row)) as usize % sketch.counters.len()
                };
                let expected: Vec<_> = (0..ROWS as u32).map(plain).collect();
                assert_eq!(sketch.places(Spot { start, step }).to_vec(), expected, "{entries}");
            }
        }
        // ceil(14.3776 × 990), and twice the rows where there would be fewer counters than those.
        assert_eq!([width(990), width(1), width(0)], [14_234, 15, 20]);
    }

    /// Grown with what it holds, it says of nearly all keys what one says that was as large from the
    /// beginning; and of strangers that they are strangers.
    #[test]
    fn growing_is_as_if_it_had_been_large() {
        let count = |it: &mut Sketch, key: u64| (0..=key % 7).for_each(|_| it.count(Spot::of(key)));
        let mut grown = Sketch { room: 32, ..Sketch::new(2_048) };
        grown.clear();
        for key in 0..2_000 {
            grown.grow(key + 1, (0..key).map(Spot::of));
            count(&mut grown, key);
        }
        let mut large = Sketch::new(2_048);
        assert_eq!(grown.counters.len(), large.counters.len());
        (0..2_000).for_each(|key| count(&mut large, key));
        let says = |it: &Sketch, key: u64| it.estimate(Spot::of(key));
        let differ = (0..2_000).filter(|it| says(&grown, *it) != says(&large, *it)).count();
        assert!(differ <= 20, "{differ} of 2,000");
        let known = |it: &Sketch| (5_000..25_000).filter(|key| says(it, *key) > 0).count();
        let (known, at_best) = (known(&grown), known(&large));
        assert!(known <= at_best + 20, "{known} strangers of 20,000 seem known, {at_best} at best");
    }

    /// For a trace with more keys than entries it is large at once, and for one with fewer it need not be.
    #[test]
    fn it_is_large_enough_at_once() {
        let mut it = Sketch::new(200_000);
        assert!(it.counters.len() < width(AT_ONCE + 1));
        it.expect(150_000);
        assert!(it.counters.len() < width(AT_ONCE + 1));
        it.expect(250_000);
        assert_eq!(it.counters.len(), width(200_000));
        let mut grown = Sketch::new(200_001);
        grown.grow(200_001, std::iter::empty());
        assert_eq!(grown.counters.len(), width(200_001));
    }
}
