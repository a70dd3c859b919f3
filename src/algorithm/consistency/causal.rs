//! Causal consistency of differentiated histories by its bad patterns (Bouajjani, Enea, Guerraoui
//! and Hamza, "On verifying causal consistency", POPL 2017, theorem 1): causes are what a session did
//! before and whom it read from, and what these have for causes. A history is causal unless some
//! operation is a cause of itself, a read from nobody, or a read finds the unset register or a
//! write although another write to the register lies between, in the order of causes.
//!
//! A write of unknown outcome may happen after its session went on, so it is a cause of what reads
//! it, and of nothing else in its session. If nobody read it, it is left out. A compare-and-set is
//! a read and a write at once.

use std::collections::BTreeMap;

use super::index::Index;
use super::order::Order;
use super::{History, Outcome, Verdict, Violation};

/// Most operations times sessions: some hundred megabytes.
const CLOCKS_MAX: usize = 50_000_000;

/// Judges a history.
pub(super) fn check(history: &History) -> Verdict {
    match Index::of(history).and_then(|index| Causes::of(&index).map(|_| ())) {
        Ok(()) => Verdict::Holds,
        Err(verdict) => verdict,
    }
}

/// What caused what.
pub(super) struct Causes {
    /// By operation: of each session, how many of its operations are causes of it, itself included.
    past: Vec<Vec<u32>>,
    /// By operation: its session, a number of our own, and its place in it.
    place: Vec<(u32, u32)>,
    /// By register and session: the writes in their order.
    writes: BTreeMap<u32, BTreeMap<u32, Vec<usize>>>,
    /// What a session did, and whom it read from: a demand for each read.
    order: Order,
}

impl Causes {
    /// Finds the causes, or the first bad pattern.
    pub fn of(index: &Index<'_>) -> Result<Self, Verdict> {
        let history = index.history;
        let count = history.operations.len();
        let said = |it: usize| index.read[it].is_some() || index.wrote[it];
        let mut order = Order::new(count);
        let mut sessions = BTreeMap::<u64, u32>::new();
        let mut lengths = Vec::<u32>::new();
        let mut last = BTreeMap::<u32, usize>::new();
        let mut place = vec![(0, 0); count];
        for operation in (0..count).filter(|it| said(*it)) {
            let it = index.at(operation);
            let next = lengths.len() as u32;
            let mut session = *sessions.entry(it.process).or_insert(next);
            if session == next {
                lengths.push(0);
            }
            if let Some(before) = last.get(&session) {
                order.give(*before, operation);
            }
            if it.outcome == Outcome::Ok {
                last.insert(session, operation);
            } else {
                session = lengths.len() as u32;
                lengths.push(0);
            }
            place[operation] = (session, lengths[session as usize]);
            lengths[session as usize] += 1;
        }
        let mut reads: Vec<_> = (0..count).filter(|it| index.read[*it].is_some()).collect();
        reads.sort_by_key(|it| index.at(*it).completed);
        for read in reads.iter().copied() {
            if let Some(writer) = index.read[read].flatten() {
                order.demand(writer, read);
            }
        }
        if let Some(circle) = order.circle() {
            let operations: Vec<_> = circle.into_iter().map(|it| it.0).collect();
            let words =
                format!("What was read is a cause of its own cause: {}", history.list(&operations));
            return Err(Violation::of(operations, words));
        }
        let mut writes = BTreeMap::<u32, BTreeMap<u32, Vec<usize>>>::new();
        for write in index.writes() {
            let of_key = writes.entry(index.at(write).key).or_default();
            of_key.entry(place[write].0).or_default().push(write);
        }
        if count * lengths.len() > CLOCKS_MAX {
            let sessions = lengths.len();
            let words = format!("{count} operations of {sessions} sessions are too many to judge");
            return Err(Verdict::Undecided(words));
        }
        let mut past = vec![Vec::new(); count];
        for operation in order.sorted() {
            let mut mine: Vec<u32> = std::mem::take(&mut past[operation]);
            mine.resize(lengths.len(), 0);
            let (session, at) = place[operation];
            if said(operation) {
                mine[session as usize] = at + 1;
            }
            for next in order.next(operation) {
                let theirs: &mut Vec<u32> = &mut past[next];
                theirs.resize(lengths.len(), 0);
                theirs.iter_mut().zip(&mine).for_each(|(it, mine)| *it = (*it).max(*mine));
            }
            past[operation] = mine;
        }
        let it = Self { past, place, writes, order };
        for read in reads {
            it.check(index, read)?;
        }
        Ok(it)
    }

    /// Whether one operation is a cause of another.
    fn is_cause(&self, one: usize, of: usize) -> bool {
        let (session, at) = self.place[one];
        one != of && self.past[of][session as usize] > at
    }

    /// The last write of each session to the register of a read that is a cause of the read, but not
    /// the one it found.
    pub fn hidden<'a>(
        &'a self,
        index: &'a Index<'_>,
        read: usize,
    ) -> impl Iterator<Item = usize> + 'a {
        let found = index.read[read].flatten();
        let sessions = self.writes.get(&index.at(read).key).into_iter().flat_map(|it| it.values());
        sessions.filter_map(move |writes| {
            let known = writes.partition_point(|it| self.is_cause(*it, read));
            writes[..known].iter().rev().find(|it| Some(**it) != found).copied()
        })
    }

    /// Whether a read finds what it may.
    fn check(&self, index: &Index<'_>, read: usize) -> Result<(), Verdict> {
        let found = index.read[read].flatten();
        let Some(newer) =
            self.hidden(index, read).find(|it| found.is_none_or(|found| self.is_cause(found, *it)))
        else {
            return Ok(());
        };
        let mut operations = vec![newer, read];
        operations.extend(found);
        operations.extend(self.order.path(newer, read, self.order.demands()));
        if let Some(found) = found {
            operations.extend(self.order.path(found, newer, self.order.demands()));
        }
        operations.sort_unstable();
        operations.dedup();
        let history = index.history;
        let words = format!(
            "{} although a newer write was a cause of it: {}",
            history.told(read),
            history.list(&operations)
        );
        Err(Violation::of(operations, words))
    }

    /// The order of causes, to which demands may be added.
    pub fn into_order(self) -> Order {
        self.order
    }
}
