//! What the members of a component counted, each for itself: kept only where the key says who is
//! asked ([`super::Addressing::Keyed`]), since only there the members differ by more than chance.

use std::collections::VecDeque;

use crate::base::time::Nanos;

/// Length of a window.
const WINDOW: Nanos = Nanos::seconds(1);

/// What one member counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// Calls that arrived.
    pub offered: u32,
    /// The kind's first two counters.
    pub counters: [u32; 2],
}

/// Whole seconds, member by member.
#[derive(Clone, Debug, Default)]
pub struct ByMember {
    live: Vec<MemberCounts>,
    /// When each second ended, and what each member counted in it, by ordinal; oldest first.
    seconds: VecDeque<(Nanos, Vec<MemberCounts>)>,
}

impl ByMember {
    /// Makes room for so many members; before that, nothing is kept.
    pub(super) fn fit(&mut self, members: usize) {
        self.live.resize(members.max(self.live.len()), MemberCounts::default());
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
        self.seconds.push_back((at, self.live.clone()));
        self.live.fill(MemberCounts::default());
    }

    /// Members times seconds kept.
    pub(super) fn len(&self) -> usize {
        self.seconds.len() * self.live.len()
    }

    /// What the members counted in the `span` of whole seconds that had ended at a moment, by ordinal.
    pub fn until(&self, at: Nanos, span: usize) -> Vec<MemberCounts> {
        let mut sums = Vec::new();
        let after = self.seconds.partition_point(|it| it.0 <= at);
        let since = at.saturating_sub(Nanos(WINDOW.0 * (span as u64 + 1)));
        let seconds = self.seconds.range(after.saturating_sub(span)..after);
        for (_, counts) in seconds.filter(|it| it.0 > since) {
            sums.resize(counts.len().max(sums.len()), MemberCounts::default());
            for (sum, it) in sums.iter_mut().zip(counts) {
                sum.offered += it.offered;
                (0..2).for_each(|at| sum.counters[at] += it.counters[at]);
            }
        }
        sums
    }
}
