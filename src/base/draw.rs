//! Random draws as a hash of (seed, stream, request, purpose): there is no generator state, so a
//! snapshot holds none, and the same request has the same demand in every variant and branch.

use super::stable::hash_of;

/// The splitmix64 finaliser (Steele, Lea & Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014; constants from Vigna's `splitmix64.c`): a bijection of 64 bits in
/// which every input bit flips every output bit with probability close to one half.
pub const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A family of draws: one per component or wire, cut from the run's seed by the id string, so that
/// adding a component does not reshuffle the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(pub u64);

impl Stream {
    /// The stream of the thing called `id` in a run with this seed.
    pub fn new(seed: u64, id: &str) -> Self {
        Self(mix(mix(seed) ^ hash_of(id)))
    }

    /// 64 random bits for one purpose of one request (or one counter).
    pub const fn bits(self, request: u64, purpose: u64) -> u64 {
        mix(mix(self.0 ^ request.wrapping_mul(0xd6e8_feb8_6659_fd93)) ^ purpose)
    }
}

/// Maps 64 bits to the open interval (0, 1), so that its logarithm is finite.
pub fn open_unit(bits: u64) -> f64 {
    let unit = ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    #[cfg(test)]
    let unit = super::broken::bias(unit);
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First outputs of Vigna's splitmix64 for seed 1234567 (widely published test vector, e.g.
    /// rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64).
    #[test]
    fn splitmix64_vector() {
        let gamma = 0x9e37_79b9_7f4a_7c15u64;
        let mut state = 1_234_567u64;
        let mut next = || {
            let out = mix(state);
            state = state.wrapping_add(gamma);
            out
        };
        assert_eq!(next(), 6_457_827_717_110_365_317);
        assert_eq!(next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_of_neighbours_are_not_alike() {
        let stream = Stream::new(7, "books");
        let mean = (0..100_000).map(|n| open_unit(stream.bits(n, 1))).sum::<f64>() / 1e5;
        // Standard error of the mean of 100,000 uniforms: 0.00091.
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
        let alike: u32 =
            (0..10_000).map(|n| (stream.bits(n, 1) ^ stream.bits(n, 2)).count_ones()).sum();
        assert!((f64::from(alike) / 10_000.0 - 32.0).abs() < 0.2);
    }
}
