//! Simulated time: whole nanoseconds since the start of a run, and spans of them.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A moment or a span, in whole nanoseconds. Files read and write it as `"250ms"`; binary
/// encodings carry the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// Later than everything: "never".
    pub const MAX: Self = Self(u64::MAX);
    /// One microsecond.
    pub const MICROSECOND: Self = Self(1_000);
    /// One millisecond.
    pub const MILLISECOND: Self = Self(1_000_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// `n` microseconds.
    pub const fn micros(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// `n` milliseconds.
    pub const fn millis(n: u64) -> Self {
        Self(n * 1_000_000)
    }

    /// `n` seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(n * 1_000_000_000)
    }

    /// The nearest whole nanosecond to `s` seconds; negative and NaN give zero.
    pub fn from_seconds(s: f64) -> Self {
        Self((s * 1e9 + 0.5) as u64)
    }

    /// As seconds, for figures and formulas.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The sum, or [`Nanos::MAX`].
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads `"250ms"`, `"1.5 s"`, `"20us"`, `"3min"`, `"1h"`, `"10 ns"`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|it: char| !(it.is_ascii_digit() || it == '.'))?;
        let (number, unit) = text.split_at(split);
        let number: f64 = number.parse().ok()?;
        let scale = match unit.trim() {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "min" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        let nanos = number * scale;
        // Beyond 100 years nothing is meant; refusing keeps sums of times far from overflow.
        (nanos <= 3.2e18).then_some(Self((nanos + 0.5) as u64))
    }
}

/// The shortest exact form: `250ms`, `1.5s`, `0s`. [`Nanos::parse`] reads it back to the same
/// value.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = match self.0 {
            0 => return f.write_str("0s"),
            n if n >= 1_000_000_000 => ("s", 1_000_000_000),
            n if n >= 1_000_000 => ("ms", 1_000_000),
            n if n >= 1_000 => ("us", 1_000),
            _ => ("ns", 1),
        };
        let (whole, rest) = (self.0 / scale, self.0 % scale);
        if rest == 0 {
            return write!(f, "{whole}{unit}");
        }
        let width = scale.ilog10() as usize;
        let digits = format!("{rest:0width$}");
        write!(f, "{whole}.{}{unit}", digits.trim_end_matches('0'))
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| D::Error::custom("a duration such as \"250ms\""))
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

/// A difference between two clocks, in whole nanoseconds, either way. Files read and write it as
/// `"-250ms"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset(pub i64);

impl Offset {
    /// Reads `"250ms"`, `"-1.5 s"`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let size = |text: &str| Nanos::parse(text).map(|it| it.0 as i64);
        match text.strip_prefix('-') {
            Some(rest) => size(rest).map(|it| Self(-it)),
            None => size(text).map(Self),
        }
    }

    /// What a clock shows at a moment if it is this far ahead.
    pub fn of(self, now: Nanos) -> Nanos {
        Nanos(now.0.saturating_add_signed(self.0))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        Nanos(self.0.unsigned_abs()).fmt(f)
    }
}

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| D::Error::custom("an offset such as \"-250ms\""))
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_to_itself() {
        for n in [0, 1, 999, 1_000, 1_500, 250_000_000, 1_500_000_000, 61_000_000_001] {
            assert_eq!(Nanos::parse(&Nanos(n).to_string()), Some(Nanos(n)));
        }
        assert_eq!(Nanos(250_000_000).to_string(), "250ms");
        assert_eq!(Nanos::parse("1.5 min"), Some(Nanos::seconds(90)));
        for bad in ["", "ms", "5", "-1s", "1 parsec", "1e300s", "9999999999h"] {
            assert_eq!(Nanos::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn offsets_read_back_and_move_a_clock_either_way() {
        for n in [0, 1, -1_500, 250_000_000, -1_500_000_000] {
            assert_eq!(Offset::parse(&Offset(n).to_string()), Some(Offset(n)));
        }
        assert_eq!(
            (Offset(-1_500_000).to_string(), Offset::parse("--1s")),
            ("-1.5ms".into(), None)
        );
        let now = Nanos::seconds(2);
        assert_eq!(Offset(-500_000_000).of(now), Nanos::millis(1_500));
        assert_eq!(Offset::parse("-1h").map(|it| it.of(now)), Some(Nanos::ZERO));
    }
}
