//! Token bucket: tokens drip in at a fixed rate up to a limit, and each admission takes some.
//!
//! Source: Turner, "New directions in communications", IEEE Communications Magazine 24(10), 1986;
//! as a conformance test, ITU-T I.371. Time is whole nanoseconds and the level is counted in
//! 10^-15 tokens, the grain of one nanosecond at one micro-token a second: nothing is ever rounded,
//! so over any window of length t at most burst + rate · t is admitted, to the token.

use serde::{Deserialize, Serialize};

/// Grains in one token: 10^6 micro-tokens times 10^9 nanoseconds.
const GRAINS: u128 = 1_000_000_000_000_000;

/// A bucket of tokens. Any values are valid; a rate of zero never refills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    /// Millionths of a token that drip in per second.
    pub(crate) rate_micro_per_s: u64,
    /// Tokens the bucket holds at most.
    pub(crate) burst: u64,
    /// Grains in the bucket at `filled_at_ns`.
    pub(crate) level: u128,
    /// The moment up to which drips are counted, in nanoseconds.
    pub(crate) filled_at_ns: u64,
}

/// How fast a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Millionths of a token per second: 1 000 000 is one token a second.
    pub rate_micro_per_s: u64,
    /// Tokens that may be taken at once from a full bucket.
    pub burst: u64,
}

impl TokenBucket {
    /// A full bucket at `now_ns`.
    pub fn new(allowance: Allowance, now_ns: u64) -> Self {
        let Allowance { rate_micro_per_s, burst } = allowance;
        Self { rate_micro_per_s, burst, level: u128::from(burst) * GRAINS, filled_at_ns: now_ns }
    }

    /// Takes `cost` tokens if they are there, and says whether they were. While a clock set back
    /// catches up with itself, nothing drips in.
    pub fn admit(&mut self, now_ns: u64, cost: u64) -> bool {
        self.refill(now_ns);
        let price = u128::from(cost) * GRAINS;
        if self.level < price {
            return false;
        }
        self.level -= price;
        true
    }

    /// The first moment, not before `now_ns`, at which `cost` tokens will be there if nobody else
    /// takes any. None if that is never.
    pub fn ready_at_ns(&self, now_ns: u64, cost: u64) -> Option<u64> {
        let missing = (u128::from(cost) * GRAINS).saturating_sub(self.level_at(now_ns));
        if missing == 0 {
            return Some(now_ns);
        }
        if cost > self.burst || self.rate_micro_per_s == 0 {
            return None;
        }
        let wait_ns = missing.div_ceil(u128::from(self.rate_micro_per_s));
        u64::try_from(wait_ns).ok()?.checked_add(now_ns)
    }

    /// Millionths of a token in the bucket at `now_ns`, rounded down: for showing.
    pub fn level_micro(&self, now_ns: u64) -> u128 {
        self.level_at(now_ns) / (GRAINS / 1_000_000)
    }

    /// Changes rate and size from `now_ns` on. What is in the bucket stays, if it fits.
    pub fn retune(&mut self, allowance: Allowance, now_ns: u64) {
        self.refill(now_ns);
        self.rate_micro_per_s = allowance.rate_micro_per_s;
        self.burst = allowance.burst;
        self.level = self.level.min(u128::from(self.burst) * GRAINS);
    }

    /// Feeds the state hash.
    pub fn fold(&self, feed: &mut impl FnMut(u64)) {
        feed(self.rate_micro_per_s);
        feed(self.burst);
        feed((self.level >> 64) as u64);
        feed(self.level as u64);
        feed(self.filled_at_ns);
    }

    fn refill(&mut self, now_ns: u64) {
        self.level = self.level_at(now_ns);
        self.filled_at_ns = self.filled_at_ns.max(now_ns);
    }

    /// Both factors fit 64 bits, so their product fits 128; only the sum may have to stop.
    fn level_at(&self, now_ns: u64) -> u128 {
        let passed_ns = now_ns.saturating_sub(self.filled_at_ns);
        let dripped = u128::from(self.rate_micro_per_s) * u128::from(passed_ns);
        self.level.saturating_add(dripped).min(u128::from(self.burst) * GRAINS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    fn bucket(rate_micro_per_s: u64, burst: u64) -> TokenBucket {
        TokenBucket::new(Allowance { rate_micro_per_s, burst }, 0)
    }

    /// What may have been admitted in a window at most, in whole tokens.
    fn bound(rate_micro_per_s: u64, burst: u64, window_ns: u64) -> u128 {
        u128::from(burst) + u128::from(rate_micro_per_s) * u128::from(window_ns) / GRAINS
    }

    #[test]
    fn a_burst_then_one_every_tenth_of_a_second() {
        let mut bucket = bucket(10_000_000, 3);
        let times_ms = [0, 0, 0, 0, 99, 100, 150, 199, 200, 1_000, 1_000, 1_000, 1_000];
        let admitted = times_ms.map(|ms| bucket.admit(ms * 1_000_000, 1));
        let (yes, no) = (true, false);
        let expected = [yes, yes, yes, no, no, yes, no, no, yes, yes, yes, yes, no];
        assert_eq!(admitted, expected);
    }

    /// One token in three seconds: no float could land on the nanosecond.
    #[test]
    fn ready_at_the_exact_nanosecond() {
        let mut bucket = bucket(333_333, 1);
        assert!(bucket.admit(0, 1));
        let ready = bucket.ready_at_ns(0, 1);
        assert_eq!(ready, Some(3_000_003_001), "10^15 / 333 333, rounded up");
        assert!(!bucket.admit(3_000_003_000, 1));
        assert!(bucket.admit(3_000_003_001, 1));
        assert_eq!(bucket.ready_at_ns(4_000_000_000, 2), None, "more than the bucket holds");
        assert_eq!(self::bucket(0, 1).ready_at_ns(5, 1), Some(5));
    }

    /// A source that offers more than the rate, at moments it was never in step with, gets exactly
    /// burst + rate · t, rounded down.
    #[test]
    fn a_saturating_source_gets_exactly_the_allowance() {
        for (rate_micro_per_s, burst) in [(1_000_000, 1), (333_333, 5), (123_456_789, 40)] {
            let mut bucket = bucket(rate_micro_per_s, burst);
            let gap_ns = 1_000_000;
            let mut admitted: u128 = 0;
            for step in 0..200_000 {
                admitted += u128::from(bucket.admit(step * gap_ns, 1));
                let allowed = bound(rate_micro_per_s, burst, step * gap_ns);
                // While the first burst is being used up, the offers are the smaller number.
                assert_eq!(admitted, allowed.min(u128::from(step + 1)), "{rate_micro_per_s}");
            }
        }
    }

    #[test]
    fn no_window_admits_more_than_the_allowance() {
        for seed in 0..60 {
            let mut draws = Draws::new(seed);
            let (rate, burst) = (1 + draws.below(50_000_000), 1 + draws.below(20));
            let mut bucket = bucket(rate, burst);
            let mut now_ns = 0;
            let mut taken: Vec<(u64, u64)> = Vec::new();
            for _ in 0..300 {
                now_ns += draws.below(200_000_000);
                let cost = 1 + draws.below(3);
                if bucket.admit(now_ns, cost) {
                    taken.push((now_ns, cost));
                }
            }
            for (at, (start_ns, _)) in taken.iter().enumerate() {
                let mut sum = 0;
                for (end_ns, cost) in &taken[at..] {
                    sum += u128::from(*cost);
                    assert!(sum <= bound(rate, burst, end_ns - start_ns), "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn ready_at_agrees_with_admit() {
        for seed in 0..200 {
            let mut draws = Draws::new(seed);
            let mut bucket = bucket(1 + draws.below(9_000_000), 1 + draws.below(9));
            let mut now_ns = 0;
            for _ in 0..50 {
                now_ns += draws.below(3_000_000_000);
                let Some(ready_ns) = bucket.ready_at_ns(now_ns, 1) else { panic!("always ready") };
                if ready_ns > now_ns {
                    assert!(!bucket.clone().admit(ready_ns - 1, 1), "seed {seed}");
                }
                now_ns = ready_ns;
                assert!(bucket.admit(now_ns, 1), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_clock_set_back_gains_nothing() {
        let mut bucket = bucket(1_000_000, 2);
        assert!(bucket.admit(5_000_000_000, 2));
        assert!(!bucket.admit(1_000_000_000, 1));
        assert!(!bucket.admit(5_999_999_999, 1));
        assert!(bucket.admit(6_000_000_000, 1));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut bucket = bucket(u64::MAX, u64::MAX);
        assert!(bucket.admit(0, u64::MAX));
        assert!(bucket.admit(u64::MAX, u64::MAX));
        bucket.retune(Allowance { rate_micro_per_s: 0, burst: 2 }, u64::MAX);
        assert!(bucket.level_micro(u64::MAX) <= 2_000_000);
    }
}
