//! Convergence (eventual consistency, seen from the outside): after all is healed and the last
//! write to a register has ended, and the time that a write may take to be seen everywhere is over,
//! everybody's last read of it finds the same.

use super::{Act, History, Operation, Outcome, Verdict, Violation};

/// Judges a history. Where nobody reads at the end, there is nothing to contradict; nor where a
/// write of unknown outcome may still come, unless it is said when all was healed.
pub(super) fn check(history: &History) -> Verdict {
    for key in 0..history.keys.len() as u32 {
        let open = |it: &Operation| {
            let writes = !matches!(it.act, Act::Read(_)) && it.outcome == Outcome::Unknown;
            it.key == key && writes
        };
        if history.healed.is_none() && history.operations.iter().any(open) {
            continue;
        }
        let last = last_reads(history, key);
        let found = |it: usize| history.operations[it].act;
        let Some((first, rest)) = last.split_first() else { continue };
        if let Some(other) = rest.iter().find(|it| found(**it) != found(*first)) {
            let operations = vec![*first, *other];
            let words = format!(
                "At the end not everybody reads the same: {}",
                history.list(&operations)
            );
            return Violation::of(operations, words);
        }
    }
    Verdict::Holds
}

/// From when on a register should be at rest: all is healed, what wrote it has ended, and its bound is over.
fn rest(history: &History, key: u32) -> u64 {
    let writes = history.operations.iter().filter(|it| {
        it.key == key && !matches!(it.act, Act::Read(_)) && it.outcome == Outcome::Ok
    });
    let last = writes.map(|it| it.completed).chain(history.healed).max().unwrap_or(0);
    last.saturating_add(history.bound)
}

/// The last read of each process after that, by process.
pub(super) fn last_reads(history: &History, key: u32) -> Vec<usize> {
    let rest = rest(history, key);
    let mut last = std::collections::BTreeMap::new();
    for (index, it) in history.operations.iter().enumerate() {
        let read = matches!(it.act, Act::Read(_)) && it.outcome == Outcome::Ok;
        if it.key == key && read && it.invoked > rest {
            last.insert(it.process, index);
        }
    }
    last.into_values().collect()
}
