//! What a caller does, per wire, about calls that fail or take long: how its pauses grow, how many
//! retries it can afford, whether it asks somebody else in place of waiting, and whether it goes by
//! the request's deadline.

use crate::base::time::Nanos;

use super::blueprint::Patience;

crate::choices! {
    /// How the pauses between attempts grow. The formulas are those of Brooker, "Exponential Backoff
    /// And Jitter" (AWS Architecture Blog, 2015) and of its simulator
    /// (aws-samples/aws-arch-backoff-simulator); n counts the pauses of a call from 0.
    pub enum Pauses {
        /// Always the same.
        Fixed = "fixed",
        /// min(cap, base · 2^n).
        Exponential = "exponential",
        /// Evenly between zero and min(cap, base · 2^n).
        FullJitter = "full-jitter",
        /// Half of min(cap, base · 2^n), and evenly up to as much again.
        EqualJitter = "equal-jitter",
        /// min(cap, evenly between base and three times the pause before).
        Decorrelated = "decorrelated-jitter",
    }
}

/// A caller's policy for one wire, where it has any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// How pauses grow.
    pub pauses: Pauses,
    /// No pause that grows is longer.
    pub cap: Nanos,
    /// What retries and hedges are paid from.
    pub budget: Option<Budget>,
    /// When somebody else is asked too.
    pub hedge: Option<Hedge>,
    /// Whether attempts end with the request's deadline, and tell it on.
    pub deadline: bool,
}

/// A retry budget: a token bucket per caller and wire, as in Finagle (`RetryBudget`: a part of the
/// requests of the last ten seconds, and a number per second besides).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Retries earned by each request.
    pub ratio: f64,
    /// Retries per second besides.
    pub reserve: f64,
}

/// When a second member is asked ("hedged request": Dean and Barroso, "The Tail at Scale", CACM
/// 56(2), 2013).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hedge {
    /// After so long without an answer.
    After(Nanos),
    /// After as long as this part of the latest answers took at most.
    Percentile(f64),
}

crate::stable! {
    Policy { pauses, cap, budget, hedge, deadline }
    Budget { ratio, reserve }
}

impl crate::base::stable::StableHash for Hedge {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        match self {
            Self::After(it) => (0u8, *it).stable_hash(h),
            Self::Percentile(it) => (1u8, *it).stable_hash(h),
        }
    }
}

impl Policy {
    /// The policy of a caller that has none.
    pub const NONE: Self =
        Self { pauses: Pauses::Fixed, cap: Nanos::MAX, budget: None, hedge: None, deadline: false };

    /// The pause after `n` earlier ones, the last of them `before`.
    pub fn pause(&self, base: Nanos, n: u32, before: Nanos, bits: u64) -> Nanos {
        let grown = || self.grown(base, 2, n);
        match self.pauses {
            Pauses::Fixed => base,
            Pauses::Exponential => grown(),
            Pauses::FullJitter => between(Nanos::ZERO, grown(), bits),
            Pauses::EqualJitter => {
                let half = Nanos(grown().0 / 2);
                half.saturating_add(between(Nanos::ZERO, half, bits))
            }
            Pauses::Decorrelated => {
                let most = Nanos(before.max(base).0.saturating_mul(3));
                between(base, most, bits).min(self.cap)
            }
        }
    }

    fn grown(&self, base: Nanos, factor: u64, n: u32) -> Nanos {
        Nanos(base.0.saturating_mul(factor.saturating_pow(n))).min(self.cap)
    }

    /// How long a call can take, all attempts and pauses together.
    pub fn longest(&self, patience: &Patience) -> Nanos {
        let Patience { timeout, retries, backoff } = *patience;
        let tries = Nanos(timeout.0.saturating_mul(u64::from(retries) + 1));
        let pause = |n| match self.pauses {
            Pauses::Fixed => backoff,
            Pauses::Decorrelated => self.grown(backoff, 3, n + 1),
            _ => self.grown(backoff, 2, n),
        };
        (0..retries).map(pause).fold(tries, Nanos::saturating_add)
    }
}

/// Evenly between two durations, both included.
fn between(least: Nanos, most: Nanos, bits: u64) -> Nanos {
    let width = u128::from(most.saturating_sub(least).0) + 1;
    Nanos(least.0 + ((u128::from(bits) * width) >> 64) as u64)
}

/// Windows of a second that a budget looks back.
const SLICES: u64 = 10;
/// A retry in the purse's small change.
const RETRY: f64 = 1e6;

/// What is in a budget: earned and spent in each of the last ten seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purse {
    slices: [i64; SLICES as usize],
    second: u64,
}

impl Purse {
    fn slice(&mut self, now: Nanos) -> &mut i64 {
        let second = now.0 / Nanos::SECOND.0;
        for gone in (self.second + 1..=second).rev().take(SLICES as usize) {
            self.slices[(gone % SLICES) as usize] = 0;
        }
        self.second = second;
        &mut self.slices[(second % SLICES) as usize]
    }

    /// A request has been made.
    pub fn earn(&mut self, budget: &Budget, now: Nanos) {
        *self.slice(now) += (budget.ratio * RETRY) as i64;
    }

    /// Pays for a retry, if there is enough.
    pub fn spend(&mut self, budget: &Budget, now: Nanos) -> bool {
        self.slice(now);
        let reserve = (budget.reserve * SLICES as f64 * RETRY) as i64;
        let enough = reserve + self.slices.iter().sum::<i64>() >= RETRY as i64;
        if enough {
            *self.slice(now) -= RETRY as i64;
        }
        enough
    }
}

/// Answers that a percentile is taken of.
const ANSWERS: usize = 128;
/// No percentile is taken of fewer.
const ANSWERS_MIN: usize = 20;

/// How long the latest answers took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    spans: Vec<Nanos>,
    next: usize,
    /// The percentile asked for, as it was when last looked at, which is every so many answers.
    known: Option<Nanos>,
}

impl Answers {
    /// One more answer, after so long.
    pub fn add(&mut self, span: Nanos, hedge: &Hedge) {
        let Hedge::Percentile(part) = hedge else { return };
        if self.spans.len() < ANSWERS {
            self.spans.push(span);
        } else {
            self.spans[self.next] = span;
        }
        self.next = (self.next + 1) % ANSWERS;
        if self.spans.len() >= ANSWERS_MIN && self.next.is_multiple_of(8) {
            let mut sorted = self.spans.clone();
            // The nearest rank: the smallest with at least this part at or below it.
            let rank = libm::ceil(part * sorted.len() as f64) as usize;
            let rank = rank.clamp(1, sorted.len()) - 1;
            self.known = Some(*sorted.select_nth_unstable(rank).1);
        }
    }

    /// How long to wait before somebody else is asked; none as long as too little is known.
    pub fn hedge_after(&self, hedge: &Hedge) -> Option<Nanos> {
        match hedge {
            Hedge::After(it) => Some(*it),
            Hedge::Percentile(_) => self.known,
        }
    }
}

crate::stable! { Answers { spans, next, known } }

impl crate::base::stable::StableHash for Purse {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        self.slices.iter().for_each(|it| h.word(*it as u64));
        h.word(self.second);
    }
}

/// What a caller knows of a wire because of its policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Its budget.
    pub purse: Purse,
    /// Its answers.
    pub answers: Answers,
}

crate::stable! { Ledger { purse, answers } }
