//! Durations as they were measured: values with their weights, or quantiles.

use serde::{Deserialize, Serialize};

use super::draw::open_unit;
use super::param::{Control, Param};
use super::stable::{StableHash, StableHasher};
use super::time::Nanos;

/// Most values.
const POINTS_MAX: usize = 64;

/// A distribution of durations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Whether the numbers are percentiles, with straight lines between, or weights of values.
    quantiles: bool,
    /// Number and duration.
    points: Vec<(f64, Nanos)>,
}

impl Measured {
    /// Reads values and how often each comes, `"2ms: 70, 10ms: 25, 80ms: 5"`, or quantiles, `"p0:
    /// 1ms, p50: 4ms, p99: 60ms, p100: 200ms"`. An error says what would be right.
    pub fn read(text: &str) -> Result<Self, String> {
        let wanted = || {
            "durations and how often each comes, such as \"2ms: 70, 80ms: 5\", or quantiles, such \
             as \"p50: 4ms, p99: 60ms\""
                .to_owned()
        };
        let mut it = Self::default();
        for (at, entry) in text.split(',').map(str::trim).filter(|it| !it.is_empty()).enumerate() {
            let (one, other) = entry.split_once(':').ok_or_else(wanted)?;
            let (one, other) = (one.trim(), other.trim());
            let percent = one.strip_prefix('p');
            if at == 0 {
                it.quantiles = percent.is_some();
            }
            let (number, span) = match (percent, it.quantiles) {
                (Some(percent), true) => (percent, other),
                (None, false) => (other, one),
                _ => return Err(wanted()),
            };
            let number: f64 = number.parse().map_err(|_| wanted())?;
            let span = Nanos::parse(span).filter(|it| *it <= Nanos::seconds(3600));
            it.points.push((number, span.ok_or_else(wanted)?));
        }
        it.check().map(|()| it)
    }

    /// Whether there is nothing to draw from.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    fn check(&self) -> Result<(), String> {
        let points = &self.points;
        if points.len() > POINTS_MAX {
            return Err(format!("at most {POINTS_MAX} durations"));
        }
        if self.quantiles {
            let rises = |it: &[(f64, Nanos)]| it[0].0 < it[1].0 && it[0].1 <= it[1].1;
            let within = points.iter().all(|it| (0.0..=100.0).contains(&it.0));
            if !within || !points.windows(2).all(rises) {
                return Err("quantiles from p0 to p100 that rise from one to the next".into());
            }
        } else {
            let fits = |it: &(f64, Nanos)| it.0 >= 0.0 && it.0 <= 1e9;
            let all = points.iter().map(|it| it.0).sum::<f64>();
            if !points.iter().all(fits) || !points.is_empty() && all <= 0.0 {
                return Err("weights from 0 to 1000000000, not all of them 0".into());
            }
        }
        Ok(())
    }

    /// The duration that these 64 random bits stand for; none is zero.
    pub fn sample(&self, bits: u64) -> Nanos {
        let unit = open_unit(bits);
        if self.quantiles {
            return self.quantile(unit * 100.0);
        }
        let mut left = unit * self.points.iter().map(|it| it.0).sum::<f64>();
        let found = self.points.iter().find(|it| {
            let found = left < it.0;
            left -= it.0;
            found
        });
        found.or(self.points.last()).map_or(Nanos::ZERO, |it| it.1)
    }

    /// On the straight line between two quantiles; below the first and above the last, level.
    fn quantile(&self, percent: f64) -> Nanos {
        let after = self.points.iter().position(|it| it.0 >= percent);
        match (after, after.and_then(|it| it.checked_sub(1))) {
            (Some(after), Some(before)) => {
                let (from, to) = (self.points[before], self.points[after]);
                let part = (percent - from.0) / (to.0 - from.0);
                Nanos((from.1.0 as f64 + part * (to.1.0 - from.1.0) as f64 + 0.5) as u64)
            }
            (Some(after), None) => self.points[after].1,
            (None, _) => self.points.last().map_or(Nanos::ZERO, |it| it.1),
        }
    }

    /// Moments about zero, E\[S\] to E\[S⁴\], in seconds to the same powers: of weighted values, and
    /// of what is even between two quantiles (the mean of xⁿ from a to b is that of aⁱ bⁿ⁻ⁱ).
    pub fn moments_s(&self) -> [f64; 4] {
        let (mut whole, mut sums) = (0.0, [0.0; 4]);
        let mut add = |weight: f64, from: Nanos, to: Nanos| {
            let (from, to) = (from.as_seconds(), to.as_seconds());
            whole += weight;
            let (mut power, mut all) = (1.0, 1.0);
            for (at, sum) in sums.iter_mut().enumerate() {
                power *= from;
                all = all * to + power;
                *sum += weight * all / (at + 2) as f64;
            }
        };
        if self.quantiles {
            let (first, last) = (self.points.first(), self.points.last());
            first.iter().for_each(|it| add(it.0, it.1, it.1));
            last.iter().for_each(|it| add(100.0 - it.0, it.1, it.1));
            self.points.windows(2).for_each(|it| add(it[1].0 - it[0].0, it[0].1, it[1].1));
        } else {
            self.points.iter().for_each(|it| add(it.0, it.1, it.1));
        }
        if whole > 0.0 { sums.map(|it| it / whole) } else { sums }
    }

    /// The same, every duration times a factor.
    pub fn times(&self, factor: f64) -> Self {
        let scaled = |it: &(f64, Nanos)| (it.0, Nanos((it.1.0 as f64 * factor + 0.5) as u64));
        Self { quantiles: self.quantiles, points: self.points.iter().map(scaled).collect() }
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (number, span)) in self.points.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            match self.quantiles {
                true => write!(f, "p{number}: {span}")?,
                false => write!(f, "{span}: {number}")?,
            }
        }
        Ok(())
    }
}

impl Param for Measured {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Text
    }
    fn to_value(&self) -> serde_json::Value {
        self.to_string().into()
    }
    fn from_value(value: &serde_json::Value, _: &()) -> Result<Self, String> {
        Self::read(value.as_str().ok_or("a text")?)
    }
}

impl StableHash for Measured {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.quantiles.stable_hash(h);
        self.points.iter().for_each(|it| it.stable_hash(h));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    fn read(text: &str) -> Measured {
        Measured::read(text).expect(text)
    }

    #[test]
    fn texts_read_back() {
        for text in ["", "2ms: 70, 10ms: 25, 80ms: 5", "p0: 1ms, p99.9: 60ms", "5us: 1"] {
            assert_eq!(read(text).to_string(), text);
        }
        let wrong = [
            ("5ms", "durations and how often"),
            ("5ms: x", "durations and how often"),
            ("x: 5", "durations and how often"),
            ("p50: 5ms, 6ms: 1", "durations and how often"),
            ("p50: 5ms, p50: 6ms", "that rise"),
            ("p50: 5ms, p60: 4ms", "that rise"),
            ("p101: 5ms", "from p0 to p100"),
            ("pNaN: 5ms", "from p0 to p100"),
            ("5ms: -1", "weights from 0"),
            ("5ms: NaN", "weights from 0"),
            ("5ms: 0", "not all of them 0"),
        ];
        for (text, expected) in wrong {
            let error = Measured::read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(Measured::read(&"1ms: 1,".repeat(65)).is_err());
    }

    /// Moments by hand, and the means of 400,000 samples and of their squares, to within four standard
    /// errors.
    #[test]
    fn samples_have_the_moments_by_hand() {
        // In milliseconds to the powers 1 to 4.
        let cases = [
            ("1ms: 3, 5ms: 1", [2.0, 28.0 / 4.0, 128.0 / 4.0, 628.0 / 4.0]),
            // Uniform between 0 and 6 ms: 6ⁿ / (n + 1).
            ("p0: 0s, p100: 6ms", [3.0, 12.0, 54.0, 259.2]),
            // Half at 2 ms, half between 2 and 6: (6ⁿ⁺¹ − 2ⁿ⁺¹) / 4 (n + 1).
            (
                "p50: 2ms, p100: 6ms",
                [3.0, (4.0 + 52.0 / 3.0) / 2.0, (8.0 + 80.0) / 2.0, (16.0 + 387.2) / 2.0],
            ),
        ];
        for (text, moments) in cases {
            let it = read(text);
            for (at, (found, by_hand)) in it.moments_s().into_iter().zip(moments).enumerate() {
                let ratio = found / by_hand * libm::pow(1e3, at as f64 + 1.0);
                assert!((ratio - 1.0).abs() < 1e-12, "{text}, {}: {ratio}", at + 1);
            }
            let stream = Stream::new(3, text);
            let n = 400_000;
            let samples = (0..n).map(|at| it.sample(stream.bits(at, 0)).0 as f64 / 1e6);
            let (sum, squares) =
                samples.fold((0.0, 0.0), |(sum, squares), it| (sum + it, squares + it * it));
            let [one, two, _, four] = moments;
            let off = (sum / n as f64 - one) / libm::sqrt((two - one * one) / n as f64);
            assert!(off.abs() < 4.0, "{text}: {off} standard errors");
            let off = (squares / n as f64 - two) / libm::sqrt((four - two * two) / n as f64);
            assert!(off.abs() < 4.0, "{text}: {off} standard errors");
        }
        assert_eq!(read("").moments_s(), [0.0; 4]);
        assert_eq!(read("").sample(7), Nanos::ZERO);
        assert_eq!(read("4ms: 1").times(0.5), read("2ms: 1"));
    }
}
