//! Read your own writes (Terry et al., PDIS 1994): what a client reads is not older than what it
//! was told that it has written.

use std::collections::BTreeMap;

use super::index::Index;
use super::sessions::{self, Demand, Session};
use super::{History, Outcome, Verdict};

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    sessions::check::<Own>(history, "A client read something older than it had written itself")
}

/// The last acknowledged write on each register.
#[derive(Default)]
struct Own(BTreeMap<u32, usize>);

impl Session for Own {
    fn operation(&mut self, index: &Index<'_>, operation: usize, demands: &mut Vec<Demand>) {
        let it = index.at(operation);
        if index.read[operation].is_some()
            && let Some(write) = self.0.get(&it.key).copied()
        {
            demands.push(Demand { write, read: operation, because: [write; 2] });
        }
        if index.wrote[operation] && it.outcome == Outcome::Ok {
            self.0.insert(it.key, operation);
        }
    }
}
