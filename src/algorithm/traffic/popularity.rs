//! Which keys are asked for.

use std::sync::Arc;

use crate::algorithm::zipf::Zipf;

/// How popular keys are.
#[derive(Clone, Debug, PartialEq)]
pub enum Popularity {
    /// Key k comes with weight 1 / k^s.
    Zipf(Arc<Zipf>),
    /// All alike.
    Uniform {
        /// How many there are.
        keys: u32,
    },
    /// A set of hot keys gets a part of the requests, all others the rest.
    HotSet {
        /// How many there are.
        keys: u32,
        /// How many of them are hot; at most all.
        hot: u32,
        /// The part of the requests that goes to them, 0 to 1.
        share: f64,
    },
    /// One after the other, and again from the first.
    Sequential {
        /// How many there are.
        keys: u32,
    },
}

impl Popularity {
    /// The key of a request: `count` is its number, `draw` 64 bits, `shift` how many keys the hot
    /// set has moved on by.
    pub fn key(&self, count: u64, draw: u64, shift: u64) -> u32 {
        match self {
            Self::Zipf(zipf) => zipf.rank(draw),
            Self::Uniform { keys } => below(*keys, draw),
            Self::Sequential { keys } => (count % u64::from((*keys).max(1))) as u32,
            Self::HotSet { keys, hot, share } => {
                let place = hot_place(*keys, *hot, *share, draw);
                ((u64::from(place) + shift) % u64::from((*keys).max(1))) as u32
            }
        }
    }
}

/// A number below `limit` in proportion to a draw (Lemire, "Fast random integer generation in an
/// interval", ACM TOMACS 29(1), 2019, without the rejection: biased by less than 2^-32).
fn below(limit: u32, draw: u64) -> u32 {
    ((u128::from(draw) * u128::from(limit)) >> 64) as u32
}

/// The draw's high part says whether it is hot, and what is left of it which one it is.
fn hot_place(keys: u32, hot: u32, share: f64, draw: u64) -> u32 {
    const ONE: f64 = 18_446_744_073_709_551_616.0;
    let hot = hot.min(keys);
    // Where all or none are hot, there is nothing to divide.
    let share = if hot == keys {
        1.0
    } else if hot == 0 {
        0.0
    } else {
        share
    };
    let unit = draw as f64 / ONE;
    let part = |from: f64, whole: f64, count: u32| {
        let place = (unit - from) / whole * f64::from(count);
        (place as u32).min(count.saturating_sub(1))
    };
    if unit < share { part(0.0, share, hot) } else { hot + part(share, 1.0 - share, keys - hot) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    fn counts(popularity: &Popularity, keys: u32, shift: u64) -> Vec<f64> {
        let mut draws = Draws::new(9);
        let mut counts = vec![0.0; keys as usize];
        for n in 0..400_000u64 {
            counts[popularity.key(n, draws.next(), shift) as usize] += 1.0;
        }
        counts
    }

    /// Chi-square with 99 degrees of freedom is below 148.2 in 999 of 1000 cases (NIST/SEMATECH
    /// e-Handbook of Statistical Methods, table 1.3.6.7.4).
    #[track_caller]
    fn fits(counts: &[f64], chance: impl Fn(usize) -> f64) {
        let total: f64 = counts.iter().sum();
        let term = |(key, count): (usize, &f64)| {
            let expected = chance(key) * total;
            (count - expected) * (count - expected) / expected
        };
        let chi_square: f64 = counts.iter().enumerate().map(term).sum();
        assert!(chi_square < 148.23, "{chi_square}");
    }

    #[test]
    fn keys_are_as_popular_as_said() {
        fits(&counts(&Popularity::Uniform { keys: 100 }, 100, 0), |_| 0.01);
        let hot = Popularity::HotSet { keys: 100, hot: 10, share: 0.9 };
        fits(&counts(&hot, 100, 0), |it| if it < 10 { 0.09 } else { 0.1 / 90.0 });
        // Moved on, round the end.
        let inside = |it: usize| !(5..95).contains(&it);
        fits(&counts(&hot, 100, 195), |it| if inside(it) { 0.09 } else { 0.1 / 90.0 });
    }

    #[test]
    fn sequences_go_round() {
        let it = Popularity::Sequential { keys: 3 };
        assert_eq!((0..7).map(|n| it.key(n, 99, 0)).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn every_draw_is_a_key() {
        for (hot, share) in [(0, 0.5), (1, 0.0), (1, 1.0), (3, 0.5), (9, 0.1)] {
            for draw in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX] {
                for popularity in
                    [Popularity::HotSet { keys: 3, hot, share }, Popularity::Uniform { keys: 3 }]
                {
                    assert!(popularity.key(0, draw, 7) < 3);
                }
            }
        }
    }
}
