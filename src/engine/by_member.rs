//! What the members of a component counted, each for itself: how even the load is. Kept where there are
//! several.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::time::Nanos;

/// Length of a window.
const WINDOW: Nanos = Nanos::seconds(1);

/// Whether sums since the warm-up are kept: the command line's report alone asks for them.
const TOTALS: bool = cfg!(not(target_family = "wasm"));

/// What one member counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// Calls that arrived.
    pub offered: u32,
    /// The kind's first two counters.
    pub counters: [u32; 2],
}

impl MemberCounts {
    fn all(&self) -> [u64; 3] {
        [self.offered, self.counters[0], self.counters[1]].map(u64::from)
    }
}

/// Whole seconds, member by member.
#[derive(Clone, Debug, Default)]
pub struct ByMember {
    live: Vec<MemberCounts>,
    /// When each second ended, and what each member counted in it, by ordinal; oldest first.
    seconds: VecDeque<(Nanos, Arc<[MemberCounts]>)>,
    /// What to add to what is counted now for what was counted since the end of the warm-up: calls that arrived, and
    /// the kind's first two counters.
    totals: Vec<[u64; 3]>,
}

/// How uneven counts are: the largest over the mean, 1 if they are all alike (Karger et al., STOC 1997,
/// call it the load of a ring); NaN if there is nothing to compare.
pub fn imbalance(counts: &[u64]) -> f64 {
    let sum: u64 = counts.iter().sum();
    let largest = counts.iter().max().copied().unwrap_or(0);
    if counts.len() < 2 { f64::NAN } else { largest as f64 * counts.len() as f64 / sum as f64 }
}

impl ByMember {
    /// Makes room for so many members; before that, nothing is kept.
    pub(super) fn fit(&mut self, members: usize) {
        let members = members.max(self.live.len());
        self.live.resize(members, MemberCounts::default());
        if TOTALS {
            self.totals.resize(members, [0; 3]);
        }
    }

    /// What a member counts now, where that is kept.
    pub(super) fn live(&mut self, ordinal: u16) -> Option<&mut MemberCounts> {
        self.live.get_mut(usize::from(ordinal))
    }

    /// A second is over; of those before, fewer than `kept` stay.
    pub(super) fn close(&mut self, at: Nanos, kept: usize) {
        if self.live.is_empty() {
            return;
        }
        if self.seconds.len() >= kept {
            self.seconds.pop_front();
        }
        if TOTALS {
            for (sums, it) in self.totals.iter_mut().zip(&self.live) {
                sums.iter_mut().zip(it.all()).for_each(|(sum, it)| *sum = sum.wrapping_add(it));
            }
        }
        self.seconds.push_back((at, self.live.as_slice().into()));
        self.live.fill(MemberCounts::default());
    }

    /// The warm-up is over: totals begin anew.
    pub(super) fn clear_totals(&mut self) {
        if TOTALS {
            for (sums, it) in self.totals.iter_mut().zip(&self.live) {
                *sums = it.all().map(|it| 0u64.wrapping_sub(it));
            }
        }
    }

    /// What each member has counted since the end of the warm-up, by ordinal: calls that arrived, and the kind's first
    /// two counters.
    pub fn totals(&self) -> Vec<[u64; 3]> {
        let sum = |(sums, it): (&[u64; 3], &MemberCounts)| {
            let live = it.all();
            std::array::from_fn(|at| sums[at].wrapping_add(live[at]))
        };
        self.totals.iter().zip(&self.live).map(sum).collect()
    }

    /// The imbalance of calls that arrived at the first so many members in the `span` of whole seconds that
    /// had ended at a moment.
    pub fn imbalance(&self, at: Nanos, span: usize, members: u16) -> f64 {
        let mut sums = vec![0; self.live.len()];
        self.each(at, span, |ordinal, it| sums[ordinal] += u64::from(it.offered));
        sums.truncate(members.into());
        imbalance(&sums)
    }

    /// What a clone of it takes, in entries: the seconds are shared, what members count now is not.
    pub(super) fn len(&self) -> usize {
        self.seconds.len() + self.live.len()
    }

    /// What the members counted in the `span` of whole seconds that had ended at a moment, by ordinal.
    pub fn until(&self, at: Nanos, span: usize) -> Vec<MemberCounts> {
        let mut sums = Vec::new();
        self.each(at, span, |ordinal, it| {
            if sums.len() <= ordinal {
                sums.resize(ordinal + 1, MemberCounts::default());
            }
            let sum = &mut sums[ordinal];
            sum.offered += it.offered;
            (0..2).for_each(|at| sum.counters[at] += it.counters[at]);
        });
        sums
    }

    fn each(&self, at: Nanos, span: usize, mut act: impl FnMut(usize, &MemberCounts)) {
        let since = at.saturating_sub(Nanos(WINDOW.0 * (span as u64 + 1)));
        let before = self.seconds.iter().rev().skip_while(|it| it.0 > at).take(span);
        for (_, counts) in before.take_while(|it| it.0 > since) {
            counts.iter().enumerate().for_each(|(ordinal, it)| act(ordinal, it));
        }
    }
}
