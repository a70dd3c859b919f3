//! Bounded staleness: what a read finds may have been replaced, but when the read began not for longer
//! than a bound. The time-bounded form of regular registers, as clients can see it (Golab, Li and Shah,
//! "Analyzing consistency properties for fun and profit", PODC 2011, whose Δ-atomicity moves the
//! beginning of each read back by Δ; here reads need not agree with each other on writes that overlap).
//!
//! A history keeps it if there is an order of the writes on each register, within what real time says,
//! in which no read finds something older than a write that had been acknowledged the bound before it.
//! Which of two writes that overlap is older cannot be told by one read: it is a violation only if
//! all reads together say so.

use std::collections::BTreeMap;

use super::index::Index;
use super::sessions::{Demand, judge};
use super::{History, Outcome, Verdict};

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    let index = match Index::of(history) {
        Ok(it) => it,
        Err(verdict) => return verdict,
    };
    let words = "A read found what had been replaced for longer than the bound";
    judge(&index, demands(&index, history.bound), words)
}

/// What is asked of each read: writes that were acknowledged so long before are not newer than what it
/// found.
fn demands(index: &Index<'_>, bound: u64) -> Vec<Demand> {
    let mut by_key = BTreeMap::<u32, Vec<usize>>::new();
    for write in index.writes().filter(|it| index.at(*it).outcome == Outcome::Ok) {
        by_key.entry(index.at(write).key).or_default().push(write);
    }
    for writes in by_key.values_mut() {
        writes.sort_by_key(|it| index.at(*it).completed);
    }
    let mut reads: Vec<_> =
        (0..index.read.len()).filter_map(|it| Some((it, index.read[it]?))).collect();
    reads.sort_by_key(|it| index.at(it.0).completed);
    let mut demands = Vec::new();
    // By what was found: writes up to here in the order of acknowledgement have been asked for.
    let mut asked = BTreeMap::<usize, usize>::new();
    for (read, found) in reads {
        let Some(writes) = by_key.get(&index.at(read).key) else { continue };
        let invoked = index.at(read).invoked;
        let due = |it: &usize| index.at(*it).completed.saturating_add(bound) < invoked;
        let until = writes.partition_point(due);
        let mut ask = |write: usize| demands.push(Demand { write, read, because: [write; 2] });
        // The latest one alone shows what was replaced for certain.
        let replaced = |it: &usize| found.is_none_or(|found| index.at(found).precedes(index.at(*it)));
        if let Some(write) = writes[..until].iter().rev().copied().find(|it| replaced(it)) {
            ask(write);
        }
        let Some(found) = found else { continue };
        // Those that came before what was found cannot be newer; those that overlap it may be.
        let first = writes.partition_point(|it| index.at(*it).completed < index.at(found).invoked);
        let from = asked.entry(found).or_insert(first);
        for write in writes.get(*from..until).unwrap_or_default() {
            if *write != found && !replaced(write) {
                ask(*write);
            }
        }
        *from = until.max(*from);
    }
    demands
}
