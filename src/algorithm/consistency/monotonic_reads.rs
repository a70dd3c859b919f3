//! Monotonic reads (Terry et al., PDIS 1994): what a client reads is not older than what it has read
//! before.

use std::collections::BTreeMap;

use super::index::Index;
use super::sessions::{self, Demand, Session};
use super::{History, Verdict};

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    sessions::check::<Before>(history, "A client read something older than it had read before")
}

/// What was last read on each register: the read and what it found.
#[derive(Default)]
struct Before(BTreeMap<u32, (usize, Option<usize>)>);

impl Session for Before {
    fn operation(&mut self, index: &Index<'_>, operation: usize, demands: &mut Vec<Demand>) {
        let Some(found) = index.read[operation] else { return };
        let key = index.at(operation).key;
        if let Some((before, Some(write))) = self.0.insert(key, (operation, found)) {
            demands.push(Demand { write, read: operation, because: [before; 2] });
        }
    }
}
