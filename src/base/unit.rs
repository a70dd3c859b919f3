//! Quantities with a unit: rates and shares. Files and forms write them with it.

use serde::{Deserialize, Serialize};

use super::stable::{StableHash, StableHasher};

/// Events per second; not negative, finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Rate(pub f64);

/// A part of a whole, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Share(pub f64);

/// How often each of several is chosen, relative to the others, in their order; those beyond the
/// list have weight 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights(pub Vec<u32>);

impl Weights {
    /// Most weights, and the heaviest.
    const MAX: (usize, u32) = (64, 1_000);

    /// Reads `"5, 1, 1"`; nothing is an empty list.
    pub fn parse(text: &str) -> Option<Self> {
        let words = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let weights: Option<Vec<u32>> = words.map(|it| it.parse().ok()).collect();
        let fits =
            |it: &Vec<u32>| it.len() <= Self::MAX.0 && it.iter().all(|it| *it <= Self::MAX.1);
        weights.filter(fits).map(Self)
    }

    /// The weight of the one at this position.
    pub fn of(&self, position: usize) -> u32 {
        self.0.get(position).copied().unwrap_or(1)
    }
}

impl Rate {
    /// Reads `"200/s"`, `"1.5 /s"` or `"90/min"`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, per) = text.split_once('/')?;
        let number: f64 = number.trim().parse().ok()?;
        let seconds = match per.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        Some(Self(number / seconds)).filter(|it| it.0.is_finite() && it.0 >= 0.0)
    }
}

impl Share {
    /// Reads `"30%"`, `"99.9 %"`.
    pub fn parse(text: &str) -> Option<Self> {
        let number: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
        Some(Self(number / 100.0)).filter(|it| (0.0..=1.0).contains(&it.0))
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nine decimals of a percent: enough to read back, and 0.07 does not become 7.000000000001.
        let percent = (self.0 * 1e11).round() / 1e9;
        write!(f, "{percent}%")
    }
}

impl std::fmt::Display for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, weight) in self.0.iter().enumerate() {
            write!(f, "{}{weight}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl StableHash for Weights {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.0.stable_hash(h);
    }
}

impl StableHash for Rate {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.0.stable_hash(h);
    }
}

impl StableHash for Share {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.0.stable_hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back() {
        for rate in [0.0, 0.5, 200.0, 1e6] {
            assert_eq!(Rate::parse(&Rate(rate).to_string()), Some(Rate(rate)));
        }
        assert_eq!(Rate::parse("90/min"), Some(Rate(1.5)));
        for share in [0.0, 0.07, 0.3, 0.999, 1.0] {
            let back = Share::parse(&Share(share).to_string()).expect("reads back");
            assert!((back.0 - share).abs() < 1e-12);
        }
        for weights in ["", "1", "5, 1, 1", "0, 1000"] {
            let back = Weights::parse(weights).expect("reads back");
            assert_eq!(back.to_string(), weights);
        }
        assert_eq!(Weights::parse("5,1").map(|it| [it.of(0), it.of(1), it.of(2)]), Some([5, 1, 1]));
        assert_eq!(
            [Weights::parse("-1"), Weights::parse("1001"), Weights::parse("a")],
            [const { None }; 3]
        );
        assert_eq!((Rate::parse("-1/s"), Rate::parse("5")), (None, None));
        assert_eq!((Share::parse("101%"), Share::parse("0.5")), (None, None));
    }
}
