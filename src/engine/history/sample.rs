//! What is kept of a store with a leader, which does more than all of it could be kept: operations on a few
//! keys, fewer if those are busy.

use std::collections::VecDeque;

use crate::base::time::Nanos;
use crate::engine::event::Outcome;

use super::{Log, Operation};

/// Operations kept of a store with a leader.
pub(super) const OPERATIONS: usize = 128;
/// Keys they are on.
const KEYS: usize = 8;
/// How long operations of a sample should last: keys that are busier are left out.
const LASTS: Nanos = Nanos::seconds(10);

/// The keys whose operations are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) keys: Vec<u32>,
    /// Whether one has been left out since it was too busy.
    full: bool,
}

impl Sample {
    /// Whether operations on a key are kept, or will be if it is written.
    pub(super) fn may_have(&self, key: u32) -> bool {
        !self.full && self.keys.len() < KEYS || self.keys.contains(&key)
    }

    /// A key is written. False if its operations are not kept.
    pub(super) fn written(&mut self, key: u32) -> bool {
        let has = self.keys.contains(&key);
        if !has && self.may_have(key) {
            self.keys.push(key);
            return true;
        }
        has
    }
}

impl Log {
    /// There are as many operations as a sample may have: the oldest goes, or the busiest key.
    pub(super) fn thin(&mut self, now: Nanos) {
        let Some(sample) = &mut self.sample else { return };
        let old = self.operations.front().is_none_or(|it| now.saturating_sub(it.invoked) >= LASTS);
        let gone = match old || sample.keys.len() < 2 {
            true => self.operations.pop_front().into_iter().collect::<VecDeque<_>>(),
            false => {
                let count = |key: &u32| self.operations.iter().filter(|it| it.key == *key).count();
                let busiest = sample.keys.iter().copied().max_by_key(count).unwrap_or(0);
                sample.full = true;
                sample.keys.retain(|it| *it != busiest);
                let (gone, kept) = self.operations.drain(..).partition(|it| it.key == busiest);
                self.operations = kept;
                gone
            }
        };
        self.forgotten += gone.len() as u64;
        let unknown = |it: &Operation| it.writes && !matches!(it.ended, Some((Outcome::Ok, _)));
        self.forgot_unknown |= gone.iter().any(unknown);
    }
}
