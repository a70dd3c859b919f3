//! Distributions of durations, sampled from 64 given bits by their quantiles: the same draw is long or
//! short whatever the shape. Small units are long ones.

use serde::{Deserialize, Serialize};

use super::draw::open_unit;
use super::maths::{exp, ln, normal_quantile};
use super::time::Nanos;

crate::choices! {
    /// The shape of a distribution; the mean is given beside it.
    pub enum Shape {
        /// Always the mean.
        Constant = "constant",
        /// Evenly between zero and twice the mean.
        Uniform = "uniform",
        /// Memoryless: many short, few long.
        Exponential = "exponential",
        /// A hump with a tail; with sigma 0.5, 99 % stay below 2.8 times the mean.
        LogNormal = "log-normal",
        /// A heavy tail; with alpha 2.2, 1 in 1,000 lasts over 12 times the mean.
        Pareto = "pareto",
    }
}

/// A distribution of durations: a shape and its mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Shape.
    pub shape: Shape,
    /// Mean.
    pub mean: Nanos,
    /// How wide it is, in hundredths: of a log-normal its sigma, of a Pareto its alpha (over 100,
    /// or there is no mean). Others have none.
    pub form: u16,
}

crate::stable! { Spread { shape, mean, form } }

/// The sigma of a log-normal if none is said.
pub const LOG_NORMAL_SIGMA: f64 = 0.5;
/// The alpha of a Pareto if none is said.
pub const PARETO_ALPHA: f64 = 2.2;

impl Spread {
    /// With the usual width.
    pub const fn new(shape: Shape, mean: Nanos) -> Self {
        let form = match shape {
            Shape::LogNormal => (LOG_NORMAL_SIGMA * 100.0) as u16,
            Shape::Pareto => (PARETO_ALPHA * 100.0 + 0.5) as u16,
            Shape::Constant | Shape::Uniform | Shape::Exponential => 0,
        };
        Self { shape, mean, form }
    }

    /// With a width of one's own: the sigma if it is log-normal, the alpha if it is Pareto.
    pub fn formed(shape: Shape, mean: Nanos, sigma: f64, alpha: f64) -> Self {
        let hundredths = |it: f64| (it * 100.0 + 0.5) as u16;
        let form = match shape {
            Shape::LogNormal => hundredths(sigma),
            Shape::Pareto => hundredths(alpha),
            Shape::Constant | Shape::Uniform | Shape::Exponential => 0,
        };
        Self { shape, mean, form }
    }

    /// Always `mean`.
    pub const fn constant(mean: Nanos) -> Self {
        Self::new(Shape::Constant, mean)
    }

    /// Exponential with this mean.
    pub const fn exponential(mean: Nanos) -> Self {
        Self::new(Shape::Exponential, mean)
    }

    /// The squared coefficient of variation: variance over squared mean (textbook moments; that of
    /// a Pareto is infinite for alpha up to 2).
    pub fn variation(self) -> f64 {
        let form = f64::from(self.form) / 100.0;
        match self.shape {
            Shape::Constant => 0.0,
            Shape::Uniform => 1.0 / 3.0,
            Shape::Exponential => 1.0,
            Shape::LogNormal => libm::exp(form * form) - 1.0,
            Shape::Pareto if form > 2.0 => 1.0 / (form * (form - 2.0)),
            Shape::Pareto => f64::INFINITY,
        }
    }

    /// Whether all its values are the same.
    pub const fn is_constant(self) -> bool {
        matches!(self.shape, Shape::Constant)
    }

    /// The value that these 64 random bits stand for, rounded to the nearest nanosecond.
    pub fn sample(self, bits: u64) -> Nanos {
        let mean = self.mean.0 as f64;
        let factor = match self.shape {
            Shape::Constant => return self.mean,
            Shape::Uniform => 2.0 * (1.0 - open_unit(bits)),
            Shape::Exponential => -ln(open_unit(bits)),
            Shape::LogNormal => {
                let sigma = f64::from(self.form) / 100.0;
                exp(-sigma * normal_quantile(open_unit(bits)) - sigma * sigma / 2.0)
            }
            Shape::Pareto => {
                let alpha = f64::from(self.form) / 100.0;
                (alpha - 1.0) / alpha * exp(-ln(open_unit(bits)) / alpha)
            }
        };
        Nanos((mean * factor + 0.5) as u64)
    }

    /// The first four moments about zero, E\[S\] to E\[S⁴\], in seconds to the same powers: infinite
    /// where the tail is too heavy for one (textbook moments).
    pub fn moments_s(self) -> [f64; 4] {
        let mean = self.mean.as_seconds();
        let form = f64::from(self.form) / 100.0;
        let factor = |n: f64| match self.shape {
            Shape::Constant => 1.0,
            Shape::Uniform => libm::pow(2.0, n) / (n + 1.0),
            Shape::Exponential => libm::tgamma(n + 1.0),
            Shape::LogNormal => libm::exp(form * form * n * (n - 1.0) / 2.0),
            Shape::Pareto if n < form => libm::pow((form - 1.0) / form, n) * form / (form - n),
            Shape::Pareto => f64::INFINITY,
        };
        [1.0, 2.0, 3.0, 4.0].map(|n| factor(n) * libm::pow(mean, n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    /// E[S²] is mean² (1 + c²), with the squared coefficients of variation below; an exponential's
    /// moments are n! mean^n.
    #[test]
    fn moments_are_those_of_the_textbook() {
        let of = |shape| Spread::new(shape, Nanos::millis(10)).moments_s();
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-12);
        for (shape, variation) in [
            (Shape::Constant, 0.0),
            (Shape::Uniform, 1.0 / 3.0),
            (Shape::Exponential, 1.0),
            (Shape::LogNormal, libm::exp(0.25) - 1.0),
            (Shape::Pareto, 1.0 / (2.2 * 0.2)),
        ] {
            near(of(shape)[0], 0.01);
            near(of(shape)[1], 1e-4 * (1.0 + variation));
        }
        near(of(Shape::Exponential)[2], 6e-6);
        near(of(Shape::Exponential)[3], 24e-8);
        assert_eq!(of(Shape::Pareto)[2], f64::INFINITY);
    }

    /// With common random numbers, what was long stays long when its shape is changed.
    #[test]
    fn a_draw_is_long_or_short_whatever_the_shape() {
        let mut before = vec![Nanos::MAX; Shape::ALL.len()];
        for step in 0..1_000u64 {
            let bits = step * (u64::MAX / 1_000);
            let sample = |it: &Shape| Spread::new(*it, Nanos::SECOND).sample(bits);
            let now: Vec<_> = Shape::ALL.iter().map(sample).collect();
            assert!(now.iter().zip(&before).all(|(now, before)| now <= before), "{bits}");
            before = now;
        }
        assert!(before[1..].iter().all(|it| *it < Nanos::millis(600)), "{before:?}");
    }

    /// Sample means within four standard errors of the stated mean; squared coefficients of
    /// variation 0, 1/3, 1, exp(sigma²)−1 and 1/(alpha(alpha−2)) (textbook moments).
    #[test]
    fn every_shape_has_the_mean_it_states() {
        let stream = Stream::new(1, "spread");
        let mean = Nanos::millis(10);
        let wide = |shape| Spread::formed(shape, mean, 1.0, 3.0);
        let cases = [
            (Spread::new(Shape::Constant, mean), 0.0),
            (Spread::new(Shape::Uniform, mean), 1.0 / 3.0),
            (Spread::new(Shape::Exponential, mean), 1.0),
            (Spread::new(Shape::LogNormal, mean), libm::exp(0.25) - 1.0),
            (Spread::new(Shape::Pareto, mean), 1.0 / (2.2 * 0.2)),
            (wide(Shape::LogNormal), libm::exp(1.0) - 1.0),
            (wide(Shape::Pareto), 1.0 / 3.0),
        ];
        for (spread, variation) in cases {
            assert!((spread.variation() - variation).abs() < 1e-9, "{spread:?}");
            let n = 400_000;
            let total: f64 = (0..n).map(|it| spread.sample(stream.bits(it, 0)).0 as f64).sum();
            let ratio = total / n as f64 / mean.0 as f64;
            let tolerance = 4.0 * libm::sqrt(variation / n as f64) + 1e-9;
            assert!((ratio - 1.0).abs() <= tolerance, "{spread:?}: {ratio} not 1 ± {tolerance}");
        }
    }

    /// The tails that the words for the shapes promise, from their distribution functions: a
    /// log-normal's quantile is exp(sigma z − sigma²/2) means, a Pareto's tail (x_m / x)^alpha.
    #[test]
    fn tails_are_those_of_the_widths() {
        let stream = Stream::new(2, "spread");
        let share = |spread: Spread, over: f64| {
            let n = 400_000u64;
            let long = |it: &u64| spread.sample(stream.bits(*it, 0)).0 as f64 > over * 1e9;
            (0..n).filter(long).count() as f64 / n as f64
        };
        let second = Nanos::seconds(1);
        for (sigma, z, tail) in [(0.5, 2.326_348, 0.01), (1.5, 2.326_348, 0.01), (1.0, 0.0, 0.5)] {
            let spread = Spread::formed(Shape::LogNormal, second, sigma, 0.0);
            let at = libm::exp(sigma * z - sigma * sigma / 2.0);
            assert!((share(spread, at) / tail - 1.0).abs() < 0.07, "{sigma}");
        }
        for alpha in [1.5, 2.2, 4.0] {
            let spread = Spread::formed(Shape::Pareto, second, 0.0, alpha);
            let scale = (alpha - 1.0) / alpha;
            let tail = libm::pow(scale / 3.0, alpha);
            assert!((share(spread, 3.0) / tail - 1.0).abs() < 0.07, "{alpha}");
        }
    }
}
