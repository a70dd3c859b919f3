//! From values to pixels, with ticks at round values.

/// A scale between values and pixels. `from_px` may exceed `to_px`: an axis that grows upwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    from_px: f32,
    to_px: f32,
}

/// How values spread.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Linear,
    Log,
}

/// The values a scale spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The lowest.
    pub low: f64,
    /// The highest; if it is not above `low`, a span of one is taken.
    pub high: f64,
}

/// The pixels a scale spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// Where the lowest value is.
    pub from_px: f32,
    /// Where the highest value is.
    pub to_px: f32,
}

impl Scale {
    /// Equal steps for equal differences.
    pub fn linear(span: Span, track: Track) -> Self {
        let Span { low, high } = span;
        let high = if low < high { high } else { low + 1.0 };
        Self { kind: Kind::Linear, low, high, from_px: track.from_px, to_px: track.to_px }
    }

    /// Equal steps for equal factors. Values are above 0; a lowest value that is not is taken as
    /// a millionth of the highest.
    pub fn log(span: Span, track: Track) -> Self {
        let high = if span.high > 0.0 { span.high } else { 1.0 };
        let low = if span.low > 0.0 { span.low } else { high / 1e6 };
        let high = if low < high { high } else { low * 10.0 };
        Self { kind: Kind::Log, low, high, from_px: track.from_px, to_px: track.to_px }
    }

    /// The pixel of a value; values outside stop at the ends.
    pub fn px(&self, value: f64) -> f32 {
        let share = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Log => {
                libm::log(value.max(self.low) / self.low) / libm::log(self.high / self.low)
            }
        };
        self.from_px + (self.to_px - self.from_px) * share.clamp(0.0, 1.0) as f32
    }

    /// Round values within the scale, about `count` of them, at most half as many again and one:
    /// steps of 1, 2 or 5 times a power of ten (Heckbert, "Nice numbers for graph labels", Graphics
    /// Gems, 1990); on a log scale powers of ten, thinned out, or 1, 2, 5 if there are few.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        match self.kind {
            Kind::Linear => linear_ticks(self.low, self.high, count.max(1)),
            Kind::Log => log_ticks(self.low, self.high, count.max(1)),
        }
    }

    /// The digits after the point that tell the ticks apart.
    pub fn decimals(&self, count: usize) -> usize {
        let step = match self.kind {
            Kind::Linear => nice_step(self.low, self.high, count.max(1)),
            Kind::Log => self.low,
        };
        (0..12).find(|digits| 0.999 <= step * power_of_ten(*digits)).unwrap_or(12) as usize
    }
}

fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = nice_step(low, high, count);
    // A hair of room, so that rounding drops no tick at the ends.
    let first = libm::ceil(low / step - 1e-9) as i64;
    let last = libm::floor(high / step + 1e-9) as i64;
    (first..=last).map(|times| times as f64 * step).collect()
}

/// The one of 1, 2, 5, 10 … nearest to a `count`-th of the span, as factors go.
fn nice_step(low: f64, high: f64, count: usize) -> f64 {
    let rough = (high - low) / count as f64;
    let power = power_of_ten(libm::floor(libm::log10(rough)) as i32);
    // The borders are the geometric means of neighbours: √2, √10, √50.
    let factor = match rough / power {
        ..1.414 => 1.0,
        ..3.162 => 2.0,
        ..7.071 => 5.0,
        _ => 10.0,
    };
    factor * power
}

fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let first = libm::floor(libm::log10(low) + 1e-9) as i32;
    let last = libm::floor(libm::log10(high) + 1e-9) as i32;
    let decades = (last - first + 1) as usize;
    let factors: &[f64] = if decades * 3 <= count * 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = decades.div_ceil(count).max(1);
    let within = |value: &f64| (low * 0.999_999..=high * 1.000_001).contains(value);
    (first..=last)
        .filter(|power| power.rem_euclid(every as i32) == 0)
        .flat_map(|power| factors.iter().map(move |factor| factor * power_of_ten(power)))
        .filter(within)
        .collect()
}

/// Ten to a whole power, exact as far as floats are.
fn power_of_ten(power: i32) -> f64 {
    let ten = (0..power.unsigned_abs()).fold(1.0, |product, _| product * 10.0);
    if power < 0 { 1.0 / ten } else { ten }
}
