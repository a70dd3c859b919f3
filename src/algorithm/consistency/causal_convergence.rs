//! Causal convergence of differentiated histories (Bouajjani et al., POPL 2017, theorem 3): beside
//! what breaks causal consistency, that the order in which reads resolve conflicting writes goes in a
//! circle. A write is resolved to be older than another if a read found the other one although it
//! knew of both.

use super::causal::Causes;
use super::index::Index;
use super::{History, Verdict, Violation};

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    match judge(history) {
        Ok(()) => Verdict::Holds,
        Err(verdict) => verdict,
    }
}

fn judge(history: &History) -> Result<(), Verdict> {
    let index = Index::of(history)?;
    let causes = Causes::of(&index)?;
    let mut reads: Vec<_> =
        (0..history.operations.len()).filter(|it| index.read[*it].is_some()).collect();
    reads.sort_by_key(|it| index.at(*it).completed);
    let mut conflicts = Vec::new();
    for read in reads {
        let Some(found) = index.read[read].flatten() else { continue };
        conflicts.extend(causes.hidden(&index, read).map(|older| (older, found, read)));
    }
    let mut order = causes.into_order();
    let given = order.demands();
    conflicts.iter().for_each(|it| order.demand(it.0, it.1));
    let Some(circle) = order.circle() else { return Ok(()) };
    let mut operations = Vec::new();
    for (operation, demand) in circle {
        operations.push(operation);
        if let Some(it) = demand.checked_sub(given + 1) {
            let (older, _, read) = conflicts[it as usize];
            operations.extend(order.path(older, read, given));
        }
    }
    operations.sort_unstable();
    operations.dedup();
    let words = format!(
        "Reads put conflicting writes in orders that contradict each other: {}",
        history.list(&operations)
    );
    Err(Violation::of(operations, words))
}
