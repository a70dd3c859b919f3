//! The arrival process of an open loop: a rate curve, gaps, and bursts, as a plain state that only
//! its caller's clock and draws move.
//!
//! Bursts make it a Markov-modulated Poisson process of two phases (Fischer & Meier-Hellstern, "The
//! Markov-modulated Poisson process (MMPP) cookbook", Performance Evaluation 18(2), 1993): in each
//! phase, for an exponential time, the curve counts a phase's own number of times. The mean over
//! both phases is the curve itself.

use crate::base::draw::open_unit;
use crate::base::maths::ln;
use crate::base::time::Nanos;

use super::curve::Curve;

/// Bursts and the time between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// How many times the mean rate a burst has; at least 1.
    pub factor: f64,
    /// Mean length of a burst; more than zero.
    pub length: Nanos,
    /// Mean time between two bursts; more than zero.
    pub pause: Nanos,
}

impl Bursts {
    /// The part of time that is burst, in the long run.
    pub fn share(self) -> f64 {
        let (length, pause) = (self.length.0 as f64, self.pause.0 as f64);
        length / (length + pause)
    }

    /// How many times the mean rate counts in a burst, and between bursts: what bursts have more,
    /// the time between has less, and no less than nothing.
    pub fn factors(self) -> [f64; 2] {
        let share = self.share();
        let burst = self.factor.min(1.0 / share);
        [burst, ((1.0 - burst * share) / (1.0 - share)).max(0.0)]
    }

    fn mean(self, bursting: bool) -> Nanos {
        if bursting { self.length } else { self.pause }
    }
}

/// What arrivals are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// Mean rate over time.
    pub curve: Curve,
    /// Whether gaps are all alike (in the curve's clock) or exponential.
    pub even: bool,
    /// Bursts, if there are any.
    pub bursts: Option<Bursts>,
}

/// Draws: of a gap before the arrival with this number, of the length of the phase with this
/// number, and for 0 of the first phase itself.
pub trait Draws {
    /// 64 bits for a gap.
    fn gap(&self, arrival: u64) -> u64;
    /// 64 bits for a phase.
    fn phase(&self, phase: u64) -> u64;
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// An arrival.
    Arrival,
    /// Only a burst that begins or ends.
    Phase,
}

/// The process between two arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// Work of the curve still to be done until the next arrival, as of `since`.
    owed: f64,
    since: Nanos,
    /// Arrivals so far, the one that is awaited included.
    count: u64,
    bursting: bool,
    /// When the present phase ends; none without bursts.
    phase_ends: Option<Nanos>,
    phases: u64,
}

crate::stable! { Arrivals { owed, since, count, bursting, phase_ends, phases } }

impl Arrivals {
    /// A process that begins at a moment, with the arrival of this number.
    pub fn new(now: Nanos, first: u64, pattern: &Pattern, draws: &impl Draws) -> Self {
        let (since, bursting, phase_ends, phases) = (now, false, None, 0);
        let mut it = Self { owed: 0.0, since, count: first, bursting, phase_ends, phases };
        it.await_next(pattern, draws);
        it.fit_phase(now, pattern, draws);
        it
    }

    /// Whether there is a burst now.
    pub fn is_bursting(&self) -> bool {
        self.bursting
    }

    /// The number of the arrival that is awaited.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What comes next, and when; none if nothing ever does.
    pub fn next(&self, pattern: &Pattern) -> Option<(Nanos, Next)> {
        let gap = self.curve(pattern).after(self.since.as_seconds(), self.owed);
        // Beyond a century nothing is meant.
        let arrival = gap
            .filter(|it| *it < 3e9)
            .map(|it| (self.since.saturating_add(Nanos::from_seconds(it)), Next::Arrival));
        let phase = self.phase_ends.map(|it| (it, Next::Phase));
        match (arrival, phase) {
            (Some(arrival), Some(phase)) if phase.0 < arrival.0 => Some(phase),
            (Some(arrival), _) => Some(arrival),
            // Without a rate there is nothing that could burst.
            (None, Some(phase)) if pattern.curve.after(phase.0.as_seconds(), 1e-6).is_some() => {
                Some(phase)
            }
            _ => None,
        }
    }

    /// Comes to what [`Arrivals::next`] said.
    pub fn pass(&mut self, at: Nanos, next: Next, pattern: &Pattern, draws: &impl Draws) {
        match next {
            Next::Arrival => {
                self.since = at;
                self.count += 1;
                self.await_next(pattern, draws);
            }
            Next::Phase => {
                self.catch_up(at, pattern);
                self.bursting = !self.bursting;
                self.draw_phase(at, pattern, draws);
            }
        }
    }

    /// Another pattern from now on: what has been done for the next arrival stays done.
    pub fn change(&mut self, now: Nanos, old: &Pattern, new: &Pattern, draws: &impl Draws) {
        self.catch_up(now, old);
        if old.bursts != new.bursts {
            self.fit_phase(now, new, draws);
        }
    }

    fn catch_up(&mut self, now: Nanos, pattern: &Pattern) {
        let span_s = now.saturating_sub(self.since).as_seconds();
        let done = self.curve(pattern).work(self.since.as_seconds(), span_s);
        self.owed = (self.owed - done).max(0.0);
        self.since = now;
    }

    fn await_next(&mut self, pattern: &Pattern, draws: &impl Draws) {
        let draw = || -ln(open_unit(draws.gap(self.count)));
        self.owed = if pattern.even { 1.0 } else { draw() };
    }

    /// The phase fits the bursts there are: the state of each is the one of the long run.
    fn fit_phase(&mut self, now: Nanos, pattern: &Pattern, draws: &impl Draws) {
        let Some(bursts) = pattern.bursts else {
            (self.bursting, self.phase_ends) = (false, None);
            return;
        };
        if self.phase_ends.is_none() {
            self.phases += 1;
            self.bursting = open_unit(draws.phase(self.phases)) < bursts.share();
        }
        self.draw_phase(now, pattern, draws);
    }

    fn draw_phase(&mut self, now: Nanos, pattern: &Pattern, draws: &impl Draws) {
        let Some(bursts) = pattern.bursts else { return };
        self.phases += 1;
        let mean = bursts.mean(self.bursting).0 as f64;
        let length = -ln(open_unit(draws.phase(self.phases))) * mean;
        self.phase_ends = Some(now.saturating_add(Nanos((length + 1.0) as u64)));
    }

    fn curve(&self, pattern: &Pattern) -> Curve {
        match pattern.bursts {
            None => pattern.curve,
            Some(bursts) => pattern.curve.times(bursts.factors()[usize::from(!self.bursting)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    struct Dice(Stream);

    impl Draws for Dice {
        fn gap(&self, arrival: u64) -> u64 {
            self.0.bits(arrival, 0)
        }
        fn phase(&self, phase: u64) -> u64 {
            self.0.bits(phase, 1)
        }
    }

    /// Arrivals in the span, each with its time.
    fn run(pattern: &Pattern, seed: u64, until: Nanos) -> Vec<Nanos> {
        let dice = Dice(Stream::new(seed, "arrivals"));
        let mut it = Arrivals::new(Nanos::ZERO, 0, pattern, &dice);
        let mut times = Vec::new();
        while let Some((at, next)) = it.next(pattern).filter(|it| it.0 < until) {
            times.extend((next == Next::Arrival).then_some(at));
            it.pass(at, next, pattern, &dice);
        }
        times
    }

    #[test]
    fn even_arrivals_are_even() {
        let pattern = Pattern { curve: Curve::Steady { rate: 8.0 }, even: true, bursts: None };
        let times = run(&pattern, 1, Nanos::SECOND);
        assert_eq!(times, (1..8).map(|it| Nanos::millis(125 * it)).collect::<Vec<_>>());
    }

    /// A pattern that is changed to itself, however often, changes nothing but the last bits.
    #[test]
    fn changing_nothing_moves_no_arrival() {
        let curve = Curve::Wave { mean: 50.0, swing: 0.9, period_s: 7.0 };
        let bursts = Bursts { factor: 3.0, length: Nanos::SECOND, pause: Nanos::seconds(4) };
        for bursts in [None, Some(bursts)] {
            let pattern = Pattern { curve, even: false, bursts };
            let until = Nanos::seconds(30);
            let expected = run(&pattern, 5, until);
            let dice = Dice(Stream::new(5, "arrivals"));
            let mut it = Arrivals::new(Nanos::ZERO, 0, &pattern, &dice);
            let (mut times, mut now) = (Vec::new(), Nanos::ZERO);
            while let Some((at, next)) = it.next(&pattern).filter(|it| it.0 < until) {
                let middle = Nanos((now.0 + at.0) / 2);
                it.change(middle, &pattern, &pattern, &dice);
                now = at;
                times.extend((next == Next::Arrival).then_some(at));
                it.pass(at, next, &pattern, &dice);
            }
            assert_eq!(times.len(), expected.len());
            let close = |it: (&Nanos, &Nanos)| it.0.0.abs_diff(it.1.0) < 1_000;
            assert!(times.iter().zip(&expected).all(close));
        }
    }

    #[test]
    fn bursts_keep_the_mean() {
        let of = |factor, length, pause| Bursts {
            factor,
            length: Nanos::millis(length),
            pause: Nanos::millis(pause),
        };
        for it in [of(1.0, 10, 10), of(4.0, 1_000, 9_000), of(100.0, 1_000, 9_000)] {
            let ([burst, pause], share) = (it.factors(), it.share());
            assert!((burst * share + pause * (1.0 - share) - 1.0).abs() < 1e-12);
            assert!(burst >= 1.0 && pause >= 0.0);
        }
        assert_eq!(of(4.0, 1_000, 9_000).factors(), [4.0, 0.6 / 0.9]);
        assert_eq!(of(100.0, 1_000, 9_000).factors(), [10.0, 0.0]);
    }

    #[test]
    fn without_a_rate_nothing_ever_comes() {
        let bursts = Bursts { factor: 3.0, length: Nanos::SECOND, pause: Nanos::SECOND };
        for bursts in [None, Some(bursts)] {
            let pattern = Pattern { curve: Curve::Steady { rate: 0.0 }, even: false, bursts };
            assert!(run(&pattern, 1, Nanos::MAX).is_empty());
        }
    }
}
