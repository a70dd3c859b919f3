//! Examples of what a figure is made of: for every stretch of time, one request of each order of
//! latency and of each way to fail, and the slowest. What a point of a chart, a node or a wire
//! offers to whoever picks one request there.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::time::Nanos;

use super::event::{Outcome, Request};

/// Stretches kept.
const KEPT: usize = 300;
/// Examples kept of one stretch.
const EACH_MAX: usize = 32;
/// The first bucket of failures; latencies of a day and more share the one before.
const FAILURES: u32 = 192;

/// One stay of one call at one member, or one call as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// What was asked, and for which client request.
    pub request: Request,
    /// Where, by slot.
    pub member: u32,
    /// When it arrived or was sent.
    pub start: Nanos,
    /// When it ended.
    pub end: Nanos,
    /// How.
    pub outcome: Outcome,
}

impl Span {
    /// From beginning to end.
    pub fn length(&self) -> Nanos {
        self.end - self.start
    }
}

/// What spans are told apart by.
#[derive(Clone, Copy, Debug)]
pub struct Alike {
    length: Nanos,
    /// Which order of latency, four to a doubling; failures: which cause. As a word and a bit of it.
    bucket: (u8, u64),
}

impl Alike {
    /// Of spans of this length that ended so.
    #[inline]
    pub fn new(length: Nanos, outcome: Outcome) -> Self {
        let bucket = if outcome.is_failure() {
            FAILURES + outcome as u32
        } else {
            let steps = length.0 | 4;
            let octave = steps.ilog2();
            (octave * 4 + (steps >> (octave - 2)) as u32 % 4).min(FAILURES - 1)
        };
        Self { length, bucket: ((bucket / 64 % 4) as u8, 1 << (bucket % 64)) }
    }
}

/// Examples by stretch of time.
#[derive(Clone, Debug, Default)]
pub struct Exemplars {
    /// Of the stretch at hand: the slowest, then the first of each bucket.
    live: Vec<Span>,
    slowest: Nanos,
    /// Which buckets have one.
    known: [u64; 4],
    /// Closed stretches by their ends, oldest first; a clone shares them.
    closed: VecDeque<(Nanos, Arc<[Span]>)>,
}

impl Exemplars {
    /// Takes a span in, if there is none like it yet in the stretch at hand.
    #[inline]
    pub fn add(&mut self, it: Alike, span: impl Fn() -> Span) {
        let (word, bit) = it.bucket;
        let known = self.known[usize::from(word % 4)] & bit != 0;
        if !known || it.length > self.slowest {
            self.take(it, span());
        }
    }

    #[inline(never)]
    fn take(&mut self, it: Alike, span: Span) {
        let (length, (word, bit)) = (it.length, it.bucket);
        let word = usize::from(word);
        if length > self.slowest || self.live.is_empty() {
            self.slowest = length;
            match self.live.first_mut() {
                Some(slowest) => *slowest = span,
                None => self.live.push(span),
            }
        }
        if self.known[word] & bit == 0 && self.live.len() < EACH_MAX {
            self.known[word] |= bit;
            self.live.push(span);
        }
    }

    /// Closes a stretch.
    pub fn close(&mut self, at: Nanos) {
        if self.live.is_empty() {
            return;
        }
        if self.closed.len() == KEPT {
            self.closed.pop_front();
        }
        self.closed.push_back((at, self.live.drain(..).collect()));
        (self.slowest, self.known) = (Nanos::ZERO, [0; 4]);
    }

    /// Examples of the stretches that closed after `from`, up to and with `until`; those of the
    /// stretch at hand too, if they ended by then.
    pub fn between(&self, from: Nanos, until: Nanos) -> impl Iterator<Item = &Span> {
        let closed = self.closed.iter().filter(move |it| it.0 > from && it.0 <= until);
        let live = self.live.iter().filter(move |it| it.end > from && it.end <= until);
        closed.flat_map(|it| it.1.iter()).chain(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    fn span(id: u64, start: u64, end: u64, outcome: Outcome) -> Span {
        let request = Request { id, ..Request::default() };
        Span { request, member: 0, start: Nanos(start), end: Nanos(end), outcome }
    }

    fn add(exemplars: &mut Exemplars, span: Span) {
        exemplars.add(Alike::new(span.length(), span.outcome), || span);
    }

    #[test]
    fn the_slowest_every_cause_and_every_order_of_latency_are_there() {
        for seed in 0..20 {
            let (mut draws, mut exemplars) = (Draws::new(seed), Exemplars::default());
            let mut all = Vec::new();
            for id in 0..2_000 {
                let outcome = match draws.below(50) {
                    0 => Outcome::Timeout,
                    1 => Outcome::Refused,
                    _ => Outcome::Ok,
                };
                all.push(span(id, 0, 1_000 + draws.below(30_000), outcome));
            }
            all.iter().for_each(|it| add(&mut exemplars, *it));
            exemplars.close(Nanos(50_000));
            let kept: Vec<_> = exemplars.between(Nanos(0), Nanos(50_000)).copied().collect();
            assert!(kept.len() <= EACH_MAX);
            let slowest = all.iter().map(Span::length).max();
            assert_eq!(kept.iter().map(Span::length).max(), slowest, "seed {seed}");
            for it in &all {
                let alike = |kept: &&Span| {
                    let (a, b) = (kept.length().0 as f64, it.length().0 as f64);
                    kept.outcome == it.outcome && (it.outcome.is_failure() || a / b < 1.26)
                };
                assert!(kept.iter().any(|kept| alike(&kept)), "seed {seed}: none like {it:?}");
            }
            assert_eq!(exemplars.between(Nanos(50_000), Nanos(90_000)).count(), 0);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut exemplars = Exemplars::default();
        for second in 0..1_000 {
            add(&mut exemplars, span(second, second, second + 10, Outcome::Ok));
            exemplars.close(Nanos(second + 10));
        }
        assert_eq!(exemplars.closed.len(), KEPT);
    }
}
