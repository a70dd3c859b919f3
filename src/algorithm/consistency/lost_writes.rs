//! Lost acknowledged writes: at the end everybody reads something that was already old when the
//! write was made. What was overwritten is not lost, and what a concurrent write may have
//! overwritten cannot be told to be.

use super::convergence::last_reads;
use super::index::Index;
use super::{History, Outcome, Verdict, Violation};

/// Judges a history, and names all lost writes with a read that shows it for each register.
pub(super) fn check(history: &History) -> Verdict {
    let index = match Index::of(history) {
        Ok(it) => it,
        Err(verdict) => return verdict,
    };
    let mut operations = Vec::new();
    let mut lost = Vec::new();
    for key in 0..history.keys.len() as u32 {
        let reads = last_reads(history, key);
        let Some(shown) = reads.last() else { continue };
        // The read that found the newest decides: what it found may have overwritten the most.
        let is_older = |read: &usize, write: usize| match index.read[*read].flatten() {
            None => true,
            Some(found) => index.at(found).precedes(index.at(write)),
        };
        let before = lost.len();
        lost.extend(index.writes().filter(|write| {
            let it = index.at(*write);
            it.key == key
                && it.outcome == Outcome::Ok
                && reads.iter().all(|read| is_older(read, *write))
        }));
        if lost.len() > before {
            operations.push(*shown);
        }
    }
    if lost.is_empty() {
        return Verdict::Holds;
    }
    let list = |it: &[usize]| history.list(it);
    let words = format!("Acknowledged, and gone: {}. At the end {}", list(&lost), list(&operations));
    operations.extend(lost);
    Violation::of(operations, words)
}
