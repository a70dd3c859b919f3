//! The φ accrual failure detector: how suspicious a silence is, by how regular signs of life were so
//! far (Hayashibara, Défago, Yared and Katayama, "The φ accrual failure detector", SRDS 2004). With
//! the gaps between the last signs taken as normal, φ = −log10 P(the next comes later than now): at a
//! threshold Φ, one silence in 10^Φ is taken for a death.

use std::collections::VecDeque;

use crate::base::stable::{StableHash, StableHasher};

/// Gaps remembered: the paper's experiments keep 1 000, Akka and Cassandra too; fewer suit runs of
/// minutes.
pub const WINDOW: usize = 200;
/// Smallest deviation, as a part of the mean: signs that came at equal steps would make any delay a
/// death (Akka's `min-std-deviation` is 100 ms at 1 s between signs).
const LEAST_DEVIATION: f64 = 0.1;
/// Steps of the search for a threshold: below a nanosecond in any span that occurs.
const STEPS: usize = 48;

/// What one member knows of the regularity of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// The last gaps between signs of life, ns, oldest first.
    gaps: VecDeque<u64>,
}

impl StableHash for Gaps {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.gaps.stable_hash(h);
    }
}

impl Gaps {
    /// So much time passed between the last two signs, ns.
    pub fn add(&mut self, ns: u64) {
        if self.gaps.len() == WINDOW {
            self.gaps.pop_front();
        }
        self.gaps.push_back(ns);
    }

    /// How many gaps are known.
    pub fn known(&self) -> usize {
        self.gaps.len()
    }

    /// Mean and standard deviation of the gaps, ns; as if they came every `usual` ns while fewer than
    /// three are known.
    pub fn spread(&self, usual: u64) -> [f64; 2] {
        let n = self.gaps.len() as f64;
        let (mean, variance) = if self.gaps.len() < 3 {
            (usual as f64, 0.0)
        } else {
            let mean = self.gaps.iter().map(|it| *it as f64).sum::<f64>() / n;
            let squares = self.gaps.iter().map(|it| (*it as f64 - mean) * (*it as f64 - mean));
            (mean, squares.sum::<f64>() / n)
        };
        [mean, libm::sqrt(variance).max(mean * LEAST_DEVIATION)]
    }

    /// How suspicious a silence of so many ns is: φ, from 0 upwards.
    pub fn phi(&self, silence: u64, usual: u64) -> f64 {
        let [mean, deviation] = self.spread(usual);
        phi(silence as f64, mean, deviation)
    }

    /// The silence at which φ reaches a threshold, ns.
    pub fn silence(&self, threshold: f64, usual: u64) -> u64 {
        let [mean, deviation] = self.spread(usual);
        let (mut low, mut high) = (0.0, mean + 40.0 * deviation);
        for _ in 0..STEPS {
            let middle = (low + high) / 2.0;
            match phi(middle, mean, deviation) < threshold {
                true => low = middle,
                false => high = middle,
            }
        }
        high as u64
    }
}

/// φ of a silence where gaps are normal with this mean and deviation.
pub fn phi(silence: f64, mean: f64, deviation: f64) -> f64 {
    let later = 0.5 * libm::erfc((silence - mean) / (deviation * std::f64::consts::SQRT_2));
    -libm::log10(later)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the definition: P(later) at mean + z deviations, standard normal tables (NIST/SEMATECH
    /// e-Handbook, 1.3.6.7.1; for z = 6, 9.865876e-10).
    #[test]
    fn phi_is_the_logarithm_of_the_normal_tail() {
        for (z, later) in [
            (-1.0, 0.841_344_746_068_543),
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457),
            (1.959_963_984_540_054, 0.025),
            (3.0, 1.349_898_031_630_095e-3),
            (6.0, 9.865_876_450_376_946e-10),
        ] {
            let found = phi(100.0 + z * 7.0, 100.0, 7.0);
            assert!((found + libm::log10(later)).abs() < 1e-9, "z {z}: {found}");
        }
    }

    /// The paper's reading of Φ: with normal gaps a threshold Φ is passed by mistake once in 10^Φ.
    #[test]
    fn a_threshold_is_passed_by_mistake_as_often_as_it_says() {
        use crate::base::draw::Stream;
        // Sums of twelve uniform draws are as good as normal within three deviations.
        let stream = Stream::new(5, "phi");
        let uniform = |n: u64, k: u64| (stream.bits(n, k) >> 11) as f64 / (1u64 << 53) as f64;
        let normal = |n: u64| (0..12).map(|k| uniform(n, k)).sum::<f64>() - 6.0;
        for threshold in [1.0f64, 2.0] {
            let (mut gaps, mut wrong, mut told) = (Gaps::default(), 0u32, 0u32);
            for n in 0..60_000u64 {
                let gap = (1e8 + 2e7 * normal(n)) as u64;
                if gaps.known() == WINDOW {
                    told += 1;
                    wrong += u32::from(gaps.phi(gap, 0) >= threshold);
                }
                gaps.add(gap);
            }
            let share = f64::from(wrong) / f64::from(told);
            let wanted = libm::pow(0.1, threshold);
            assert!((share / wanted - 1.0).abs() < 0.12, "Φ {threshold}: {share}");
        }
    }

    #[test]
    fn the_silence_found_has_the_suspicion_wanted() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.spread(1_000), [1_000.0, 100.0]);
        for n in 0..500u64 {
            gaps.add(90_000_000 + n % 7 * 4_000_000);
            for threshold in [0.5, 1.0, 8.0, 16.0] {
                let silence = gaps.silence(threshold, 100_000_000);
                let [before, at] = [silence - 2, silence + 2].map(|it| gaps.phi(it, 100_000_000));
                assert!(before <= threshold && at >= threshold, "{before} {threshold} {at}");
            }
        }
        assert_eq!(gaps.known(), WINDOW);
    }

    /// The more irregular signs were, the longer a silence is borne.
    #[test]
    fn irregular_signs_are_given_more_time() {
        let silence = |sway: u64| {
            let mut gaps = Gaps::default();
            (0..100u64).for_each(|n| gaps.add(100_000_000 + n % 2 * sway));
            gaps.silence(8.0, 0)
        };
        assert!(silence(0) < silence(40_000_000) && silence(40_000_000) < silence(80_000_000));
    }
}
