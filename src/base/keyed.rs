//! Draws for tests: the n-th draw of a seed, so that a printed seed repeats a failure.

/// A sequence of draws that hangs on nothing but its seed.
///
/// SplitMix64, from Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
pub(crate) struct Draws {
    state: u64,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A draw below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((self.next() as u128 * limit as u128) >> 64) as u64
    }
}

#[test]
fn draws_are_the_published_ones() {
    // The first draws of seed 1234567, as listed for SplitMix64 at rosettacode.org.
    let mut draws = Draws::new(1_234_567);
    assert_eq!(draws.next(), 6_457_827_717_110_365_317);
    assert_eq!(draws.next(), 3_203_168_211_198_807_973);
    assert_eq!(draws.next(), 9_817_491_932_198_370_423);
}
