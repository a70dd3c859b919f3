//! Distributions of durations, sampled from 64 given bits. All maths goes through `libm`, whose
//! results are the same bits natively and in WebAssembly.

use serde::{Deserialize, Serialize};

use super::draw::{mix, open_unit};
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
        /// A hump with a tail (sigma 0.5): 99 % stay below 2.8 times the mean.
        LogNormal = "log-normal",
        /// A heavy tail (alpha 2.2): 1 in 1,000 lasts over 12 times the mean.
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
}

crate::stable! { Spread { shape, mean } }

const LOG_NORMAL_SIGMA: f64 = 0.5;
const PARETO_ALPHA: f64 = 2.2;

impl Spread {
    /// Always `mean`.
    pub const fn constant(mean: Nanos) -> Self {
        Self { shape: Shape::Constant, mean }
    }

    /// Exponential with this mean.
    pub const fn exponential(mean: Nanos) -> Self {
        Self { shape: Shape::Exponential, mean }
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
            Shape::Uniform => 2.0 * open_unit(bits),
            Shape::Exponential => -libm::log(open_unit(bits)),
            Shape::LogNormal => {
                let variance = LOG_NORMAL_SIGMA * LOG_NORMAL_SIGMA;
                libm::exp(LOG_NORMAL_SIGMA * normal(bits) - variance / 2.0)
            }
            Shape::Pareto => {
                let scale = (PARETO_ALPHA - 1.0) / PARETO_ALPHA;
                scale * libm::pow(open_unit(bits), -1.0 / PARETO_ALPHA)
            }
        };
        Nanos((mean * factor + 0.5) as u64)
    }
}

/// A standard normal deviate (Box & Muller 1958), the second uniform cut from the first's bits.
fn normal(bits: u64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(open_unit(bits)));
    radius * libm::cos(2.0 * std::f64::consts::PI * open_unit(mix(bits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    /// Sample means within four standard errors of the stated mean; squared coefficients of
    /// variation 0, 1/3, 1, exp(sigma²)−1 and 1/(alpha(alpha−2)) (textbook moments).
    #[test]
    fn every_shape_has_the_mean_it_states() {
        let stream = Stream::new(1, "spread");
        let mean = Nanos::millis(10);
        let cases = [
            (Shape::Constant, 0.0),
            (Shape::Uniform, 1.0 / 3.0),
            (Shape::Exponential, 1.0),
            (Shape::LogNormal, libm::exp(0.25) - 1.0),
            (Shape::Pareto, 1.0 / (2.2 * 0.2)),
        ];
        for (shape, variation) in cases {
            let spread = Spread { shape, mean };
            let n = 400_000;
            let total: f64 = (0..n).map(|it| spread.sample(stream.bits(it, 0)).0 as f64).sum();
            let ratio = total / n as f64 / mean.0 as f64;
            let tolerance = 4.0 * libm::sqrt(variation / n as f64) + 1e-9;
            assert!((ratio - 1.0).abs() <= tolerance, "{shape:?}: {ratio} not 1 ± {tolerance}");
        }
    }
}
