//! What a cache was asked for last, key by key: for those who want to know what another size or
//! policy would have made of it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::time::Nanos;

/// Accesses kept in one piece; a clone shares all but the newest.
const PIECE: usize = 1_024;
/// Pieces kept.
const PIECES: usize = 80;
/// Accesses kept, at most.
pub const KEPT: usize = PIECE * PIECES;
/// Counters from here on are no accesses: 0 is a hit, 1 a miss, 2 an entry that comes in.
pub(super) const COUNTERS: u8 = 3;
/// The counter of caches for what was acknowledged, and is gone before the store had it.
pub const LOST: u8 = 7;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// When.
    pub at: Nanos,
    /// Which key.
    pub key: u32,
    /// The kind's counter: a hit, a miss, or an entry that comes in.
    pub counter: u8,
    /// For which request, to follow it; 0 as long as that is not known.
    pub request: u64,
}

/// The last accesses, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Accesses(VecDeque<Arc<Vec<Access>>>);

impl Accesses {
    /// Adds one.
    pub(super) fn push(&mut self, access: Access) {
        if self.0.back().is_none_or(|it| it.len() == PIECE) {
            if self.0.len() == PIECES {
                self.0.pop_front();
            }
            self.0.push_back(Arc::default());
        }
        if let Some(piece) = self.0.back_mut() {
            Arc::make_mut(piece).push(access);
        }
    }

    /// A request for a key is done at this moment: what it did is known as its own.
    #[inline]
    pub(super) fn done(&mut self, at: Nanos, key: u32, request: u64) {
        if !self.0.is_empty() {
            self.name_last(at, key, request);
        }
    }

    fn name_last(&mut self, at: Nanos, key: u32, request: u64) {
        let is_own = |it: &&mut Access| it.at == at && it.key == key && it.request == 0;
        if let Some(piece) = self.0.back_mut()
            && piece.last().is_some_and(|it| it.at == at)
            && let Some(last) = Arc::make_mut(piece).last_mut().filter(is_own)
        {
            last.request = request;
        }
    }

    /// All up to a moment, oldest first.
    pub fn until(&self, at: Nanos) -> Vec<Access> {
        let mut all: Vec<Access> = self.0.iter().flat_map(|it| it.iter().copied()).collect();
        all.truncate(all.partition_point(|it| it.at <= at));
        all
    }

    /// Pieces kept.
    pub(super) fn pieces(&self) -> usize {
        self.0.len()
    }
}
