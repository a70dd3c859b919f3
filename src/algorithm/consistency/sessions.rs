//! What the session guarantees share (Terry, Demers, Petersen, Spreitzer, Theimer and Welch,
//! "Session guarantees for weakly consistent replicated data", PDIS 1994).
//!
//! A history keeps one if there is an order of the writes on each register, within what real time
//! says, in which no session's read finds something older than the guarantee lets it. A guarantee
//! is thus a set of demands "this write not after that one", and is broken if they make a circle.

use std::collections::BTreeMap;

use super::index::Index;
use super::order::Order;
use super::{History, Outcome, Verdict, Violation};

/// One demand: the write that `read` found is not older than `write`, as `because` says: the
/// operations, beside write and read, that make the guarantee ask for this.
#[derive(Clone, Copy)]
pub(super) struct Demand {
    pub write: usize,
    pub read: usize,
    pub because: [usize; 2],
}

/// Judges a history by the demands of a guarantee. A session's operations are shown one by one to
/// `S`, made anew for each; it adds what it asks of a read.
pub(super) fn check<S: Session>(history: &History, words: &str) -> Verdict {
    let index = match Index::of(history) {
        Ok(it) => it,
        Err(verdict) => return verdict,
    };
    let mut sessions = BTreeMap::<u64, S>::new();
    let mut demands: Vec<Demand> = Vec::new();
    for operation in 0..history.operations.len() {
        let session = sessions.entry(index.at(operation).process).or_default();
        session.operation(&index, operation, &mut demands);
    }
    judge(&index, demands, words)
}

/// Whether all demands can be met, and if not, what shows it; `words` say what that is.
pub(super) fn judge(index: &Index<'_>, mut demands: Vec<Demand>, words: &str) -> Verdict {
    let history = index.history;
    let last = history.operations.len();
    // A thing for each write, one for the unset register, and one for each moment a write completes.
    let mut order = Order::new(2 * last + 1);
    real_time(index, &mut order);
    for write in index.writes() {
        order.give(last, write);
    }
    demands.sort_by_key(|it| index.at(it.read).completed);
    demands.retain(|it| index.read[it.read] != Some(Some(it.write)));
    for it in &demands {
        let found = index.read[it.read].flatten().unwrap_or(last);
        order.demand(it.write, found);
    }
    let Some(circle) = order.circle() else { return Verdict::Holds };
    let mut operations = Vec::new();
    for (thing, demand) in circle {
        if thing < last {
            operations.push(thing);
        }
        if let Some(it) = demand.checked_sub(1).map(|it| demands[it as usize]) {
            operations.push(it.read);
            operations.extend(it.because);
        }
    }
    operations.sort_unstable();
    operations.dedup();
    let words = format!("{words}: {}", history.list(&operations));
    Violation::of(operations, words)
}

/// What a guarantee remembers of one session.
pub(super) trait Session: Default {
    /// Sees the next operation of its session and adds what it demands.
    fn operation(&mut self, index: &Index<'_>, operation: usize, demands: &mut Vec<Demand>);
}

/// Writes come before those on the same register that were invoked after their response. To give all
/// pairs would cost their number: the moments at which writes complete stand between.
fn real_time(index: &Index<'_>, order: &mut Order) {
    let first_moment = index.wrote.len() + 1;
    let mut by_key = BTreeMap::<u32, Vec<usize>>::new();
    for write in index.writes() {
        by_key.entry(index.at(write).key).or_default().push(write);
    }
    for writes in by_key.values() {
        let acknowledged = |it: &&usize| index.at(**it).outcome == Outcome::Ok;
        let mut completed: Vec<_> = writes.iter().filter(acknowledged).copied().collect();
        completed.sort_by_key(|it| index.at(*it).completed);
        for (at, write) in completed.iter().enumerate() {
            order.give(*write, first_moment + write);
            if let Some(next) = completed.get(at + 1) {
                order.give(first_moment + write, first_moment + next);
            }
        }
        for write in writes {
            let invoked = index.at(*write).invoked;
            let before = completed.partition_point(|it| index.at(*it).completed < invoked);
            if let Some(moment) = before.checked_sub(1).map(|it| completed[it]) {
                order.give(first_moment + moment, *write);
            }
        }
    }
}
