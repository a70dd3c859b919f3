//! Rates that change with time, and when the next arrival comes under them.
//!
//! A Poisson process of rate λ(t) is one of rate 1 seen through a clock that runs at λ(t): with
//! Λ(t) = ∫λ, the next arrival after t is at Λ⁻¹(Λ(t) + E) for an exponential E of mean 1 (Çinlar,
//! "Introduction to stochastic processes", 1975, section 4.7; compared with thinning in Lewis &
//! Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics
//! 26(3), 1979). Inverting spends one draw an arrival, so arrivals are the same however a run is
//! cut into steps. With E = 1 always, arrivals are even in that clock. "Work" is what of Λ is meant.

/// Iterations of the search on a wave: bisection alone needs 60 for the last bit.
const STEPS_MAX: u32 = 80;
/// An arrival is placed to within a tenth of a nanosecond.
const CLOSE_S: f64 = 1e-10;

/// A rate as a function of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// Always the same.
    Steady {
        /// Per second.
        rate: f64,
    },
    /// Goes evenly from one rate to another, and stays there.
    Ramp {
        /// Before.
        from: f64,
        /// After.
        to: f64,
        /// When it begins to change.
        start_s: f64,
        /// How long the change takes.
        length_s: f64,
    },
    /// Another rate for a while.
    Step {
        /// Before and after.
        base: f64,
        /// Meanwhile.
        to: f64,
        /// When it begins.
        start_s: f64,
        /// How long it lasts; infinite for good.
        length_s: f64,
    },
    /// Day and night: a sine from the trough up, mean · (1 − swing · cos(2πt / period)), as in Eick,
    /// Massey & Whitt, "M_t/G/∞ queues with sinusoidal arrival rates", Management Science 39(2),
    /// 1993.
    Wave {
        /// Mean rate.
        mean: f64,
        /// How far the rate goes below and above its mean, as a part of it: 0 to 1.
        swing: f64,
        /// Length of a day.
        period_s: f64,
    },
}

impl Curve {
    /// The rate at a moment.
    pub fn rate(self, at_s: f64) -> f64 {
        match self {
            Self::Steady { rate } => rate,
            Self::Ramp { from, to, start_s, length_s } => {
                let part = if at_s < start_s {
                    0.0
                } else if at_s >= start_s + length_s {
                    1.0
                } else {
                    (at_s - start_s) / length_s
                };
                from + (to - from) * part
            }
            Self::Step { base, to, start_s, length_s } => {
                if at_s >= start_s && at_s < start_s + length_s { to } else { base }
            }
            Self::Wave { mean, swing, period_s } => {
                mean * (1.0
                    - swing * libm::cos(std::f64::consts::TAU * (at_s % period_s) / period_s))
            }
        }
    }

    /// The same, every rate times `factor`.
    pub fn times(self, factor: f64) -> Self {
        match self {
            Self::Steady { rate } => Self::Steady { rate: rate * factor },
            Self::Ramp { from, to, start_s, length_s } => {
                Self::Ramp { from: from * factor, to: to * factor, start_s, length_s }
            }
            Self::Step { base, to, start_s, length_s } => {
                Self::Step { base: base * factor, to: to * factor, start_s, length_s }
            }
            Self::Wave { mean, swing, period_s } => {
                Self::Wave { mean: mean * factor, swing, period_s }
            }
        }
    }

    /// Arrivals to be expected in the `span_s` after a moment: Λ(t + span) − Λ(t), summed where it
    /// is and not as a difference of large numbers.
    pub fn work(self, at_s: f64, span_s: f64) -> f64 {
        if let Self::Wave { mean, swing, period_s } = self {
            return wave_work(mean, swing, period_s, at_s % period_s, span_s);
        }
        let (mut at_s, mut left_s, mut sum) = (at_s, span_s, 0.0);
        while left_s > 0.0 {
            let piece = self.piece(at_s);
            let length_s = piece.length_s.min(left_s);
            sum += length_s * (piece.rate + piece.slope * length_s / 2.0);
            at_s += piece.length_s;
            left_s -= piece.length_s;
        }
        sum
    }

    /// How long after a moment so much work has been done; none if that never comes.
    pub fn after(self, at_s: f64, work: f64) -> Option<f64> {
        // The usual one, and the fast one.
        if let Self::Steady { rate } = self {
            return (rate > 0.0).then(|| work / rate);
        }
        if let Self::Wave { mean, swing, period_s } = self {
            return wave_after(mean, swing, period_s, at_s % period_s, work);
        }
        let (mut at_s, mut left, mut gap_s) = (at_s, work, 0.0);
        loop {
            let piece = self.piece(at_s);
            if left <= 0.0 {
                return Some(gap_s);
            }
            if left <= piece.whole() {
                // The root of rate·g + slope·g²/2 = left that loses no digits for a small slope.
                let root = (piece.rate * piece.rate + 2.0 * piece.slope * left).max(0.0).sqrt();
                return Some(gap_s + (2.0 * left / (piece.rate + root)).min(piece.length_s));
            }
            if piece.length_s == f64::INFINITY {
                return None;
            }
            left -= piece.whole();
            gap_s += piece.length_s;
            at_s += piece.length_s;
        }
    }

    /// The stretch from a moment on in which the rate is a straight line.
    fn piece(self, at_s: f64) -> Piece {
        let (edges, slope) = match self {
            Self::Ramp { from, to, start_s, length_s } => {
                ([start_s, start_s + length_s], (to - from) / length_s)
            }
            Self::Step { start_s, length_s, .. } => ([start_s, start_s + length_s], 0.0),
            Self::Steady { .. } | Self::Wave { .. } => ([0.0; 2], 0.0),
        };
        let inside = edges[0] <= at_s && at_s < edges[1];
        let end_s = edges.into_iter().find(|it| *it > at_s).unwrap_or(f64::INFINITY);
        let slope = if inside { slope } else { 0.0 };
        Piece { rate: self.rate(at_s), slope, length_s: end_s - at_s }
    }
}

struct Piece {
    rate: f64,
    slope: f64,
    length_s: f64,
}

impl Piece {
    /// All work in it.
    fn whole(&self) -> f64 {
        match self.length_s == f64::INFINITY {
            // A line without end is level.
            true if self.rate > 0.0 => f64::INFINITY,
            true => 0.0,
            false => self.length_s * (self.rate + self.slope * self.length_s / 2.0),
        }
    }
}

/// ∫ mean·(1 − a·cos(2πu/P)) du from t to t + g, by sin(x + 2h) − sin(x) = 2·cos(x + h)·sin(h).
fn wave_work(mean: f64, swing: f64, period_s: f64, phase_s: f64, span_s: f64) -> f64 {
    use std::f64::consts::PI;
    let half = PI * span_s / period_s;
    let middle = 2.0 * PI * phase_s / period_s + half;
    mean * (span_s - swing * period_s / PI * libm::cos(middle) * libm::sin(half))
}

/// Newton's method, kept between two bounds and halving them where it would leave them: Λ grows at
/// most (1 + a) times as fast as the mean, and lags by at most a·P/π.
fn wave_after(mean: f64, swing: f64, period_s: f64, phase_s: f64, work: f64) -> Option<f64> {
    if mean <= 0.0 {
        return None;
    }
    let even_s = work / mean;
    let mut low = even_s / (1.0 + swing);
    let mut high = even_s + swing * period_s / std::f64::consts::PI;
    let curve = Curve::Wave { mean, swing, period_s };
    let mut gap_s = even_s.clamp(low, high);
    for _ in 0..STEPS_MAX {
        let off = wave_work(mean, swing, period_s, phase_s, gap_s) - work;
        if off > 0.0 {
            high = gap_s;
        } else {
            low = gap_s;
        }
        let newton = gap_s - off / curve.rate(phase_s + gap_s);
        let next = if low < newton && newton < high { newton } else { (low + high) / 2.0 };
        let moved = (next - gap_s).abs();
        gap_s = next;
        if moved < CLOSE_S {
            break;
        }
    }
    Some(gap_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves() -> Vec<Curve> {
        vec![
            Curve::Steady { rate: 7.0 },
            Curve::Ramp { from: 2.0, to: 50.0, start_s: 3.0, length_s: 4.0 },
            Curve::Ramp { from: 50.0, to: 1.0, start_s: 0.0, length_s: 9.0 },
            Curve::Step { base: 3.0, to: 90.0, start_s: 2.0, length_s: 1.5 },
            Curve::Step { base: 3.0, to: 0.0, start_s: 2.0, length_s: 1.5 },
            Curve::Step { base: 3.0, to: 10.0, start_s: 2.0, length_s: f64::INFINITY },
            Curve::Wave { mean: 20.0, swing: 1.0, period_s: 5.0 },
            Curve::Wave { mean: 20.0, swing: 0.3, period_s: 50.0 },
        ]
    }

    /// The integral against sums of the rate itself: the midpoint rule, wrong by at most its
    /// steps at an edge.
    #[test]
    fn work_is_the_integral_of_the_rate() {
        for curve in curves() {
            for (at, span) in [(0.0, 1.0), (1.7, 0.9), (2.5, 10.0), (40.0, 3.0), (0.0, 60.0)] {
                const STEPS: u32 = 200_000;
                let step = span / f64::from(STEPS);
                let middle = |it| at + (f64::from(it) + 0.5) * step;
                let sum: f64 = (0..STEPS).map(|it| curve.rate(middle(it)) * step).sum();
                let work = curve.work(at, span);
                assert!(
                    (work - sum).abs() < 1e-2 * (1.0 + sum / 1e3),
                    "{curve:?} {at} {work} {sum}"
                );
            }
        }
    }

    #[test]
    fn what_is_inverted_comes_back() {
        for curve in curves() {
            for tenth in 0..400 {
                let at = f64::from(tenth) / 10.0;
                for work in [1e-6, 0.3, 1.0, 25.0] {
                    let gap = curve.after(at, work).expect("these never dry up");
                    let done = curve.work(at, gap);
                    assert!((done - work).abs() < 1e-7, "{curve:?} at {at}: {done} not {work}");
                }
            }
        }
    }

    /// A ramp from 0: Λ(t) = s t²/2, so work w takes √(2w/s). A ramp to 0 holds only so much.
    #[test]
    fn ramps_by_hand() {
        let up = Curve::Ramp { from: 0.0, to: 10.0, start_s: 0.0, length_s: 10.0 };
        assert!((up.after(0.0, 8.0).unwrap() - 4.0).abs() < 1e-12);
        let down = Curve::Ramp { from: 10.0, to: 0.0, start_s: 5.0, length_s: 2.0 };
        assert_eq!(down.after(5.0, 10.0), Some(2.0));
        assert_eq!((down.after(5.0, 10.1), down.after(9.0, 0.1)), (None, None));
        assert_eq!(Curve::Steady { rate: 0.0 }.after(0.0, 1.0), None);
        assert_eq!(Curve::Steady { rate: 0.5 }.after(1e6, 1.0), Some(2.0));
    }

    /// Over whole days the mean counts, whatever the swing; the trough is at 0, the peak at noon.
    #[test]
    fn days_have_their_mean() {
        let curve = Curve::Wave { mean: 30.0, swing: 0.8, period_s: 60.0 };
        assert!((curve.work(17.0, 120.0) - 3_600.0).abs() < 1e-9);
        assert!((curve.rate(0.0) - 6.0).abs() < 1e-12 && (curve.rate(30.0) - 54.0).abs() < 1e-12);
    }
}
