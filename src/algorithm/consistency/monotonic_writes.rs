//! Monotonic writes, as clients can see it: the writes of a client take effect in its order, so
//! whoever has seen one of them afterwards sees nothing older than what that client wrote before it,
//! on any register (Terry et al., PDIS 1994; in these words at jepsen.io/consistency).

use std::collections::BTreeMap;

use super::index::Index;
use super::sessions::{self, Demand, Session};
use super::{History, Verdict};

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    sessions::check::<Seen>(history, "A client's writes were seen out of their order")
}

/// By client: the latest of its writes that this session has seen, and the read that saw it.
#[derive(Default)]
struct Seen(BTreeMap<u64, (usize, usize)>);

impl Session for Seen {
    fn operation(&mut self, index: &Index<'_>, operation: usize, demands: &mut Vec<Demand>) {
        let Some(found) = index.read[operation] else { return };
        let key = index.at(operation).key;
        let from = found.map(|it| index.at(it).process);
        for (writer, (seen, by)) in &self.0 {
            let because = [*by, *seen];
            let writes = index.acknowledged(*writer, key);
            let before = writes.partition_point(|it| it < seen);
            if let Some(write) = before.checked_sub(1).map(|it| writes[it]) {
                demands.push(Demand { write, read: operation, because });
            }
            if from == Some(*writer) && index.at(*seen).key == key {
                demands.push(Demand { write: *seen, read: operation, because });
            }
        }
        if let Some(write) = found {
            let seen = self.0.entry(index.at(write).process).or_insert((write, operation));
            if seen.0 < write {
                *seen = (write, operation);
            }
        }
    }
}
