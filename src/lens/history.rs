//! Clients' operations on a store, as checkers take them, and what these say. Only what is kept is
//! judged: of an operation that has been forgotten, its value may have been written at any time, so
//! that nothing is called a violation that is none.

use std::collections::BTreeMap;

use crate::algorithm::consistency::{
    Act, Guarantee, History, Operation, Outcome, Verdict, Violation,
};
use crate::base::time::Nanos;
use crate::engine::Outcome as Ended;
pub use crate::engine::history::stale;
use crate::engine::history::{Log, UNWRITTEN};

use super::Subject;

/// What a search for an order may cost each time the picture is drawn; beyond it there is no verdict.
const STEPS_MAX: u64 = 200_000;
/// The guarantees that are judged while clients still work.
const LIVE: [Guarantee; 5] = [
    Guarantee::Linearizable,
    Guarantee::Causal,
    Guarantee::ReadYourWrites,
    Guarantee::MonotonicReads,
    Guarantee::MonotonicWrites,
];

/// A history, and where its operations come from.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// As checkers take it.
    pub history: History,
    /// By operation of the history: which one of the log it is; none for what was there before.
    pub of: Vec<Option<usize>>,
    /// By process of the history: the client, by slot, and which of its operations at a time.
    pub processes: Vec<(u32, usize)>,
}

/// A history and its verdicts.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was judged.
    pub recorded: Recorded,
    /// What was found.
    pub verdicts: Vec<(Guarantee, Verdict)>,
}

/// What clients had seen of a store at a moment. A client that does several things at once counts as
/// several processes.
pub fn recorded(log: &Log, now: Nanos, key: &dyn Fn(u32) -> String) -> Recorded {
    let mut keys = BTreeMap::<u32, u32>::new();
    let mut it = Recorded::default();
    // When each process is free again.
    let mut free: Vec<Nanos> = Vec::new();
    let mut before = BTreeMap::<(u32, u32), ()>::new();
    let mut operations = Vec::new();
    let wrote = |key: u32, value: u32| {
        log.operations.iter().any(|it| it.writes && (it.key, it.value) == (key, value))
    };
    for (index, operation) in log.operations.iter().enumerate() {
        if operation.invoked > now {
            continue;
        }
        let ended = operation.ended.filter(|it| it.1 <= now);
        let count = keys.len() as u32;
        let name = *keys.entry(operation.key).or_insert(count);
        if name == count {
            it.history.keys.push(key(operation.key));
        }
        let known = matches!(ended, Some((Ended::Ok, _)));
        let until = ended.filter(|_| known || !operation.writes).map_or(Nanos(u64::MAX), |it| it.1);
        // Who was told of a failure goes on; what has become of the write is not known.
        let busy = ended.map_or(Nanos(u64::MAX), |it| it.1);
        let own =
            |at: &usize| it.processes[*at].0 == operation.client && free[*at] < operation.invoked;
        let process = (0..free.len()).find(own).unwrap_or_else(|| {
            let lane = it.processes.iter().filter(|it| it.0 == operation.client).count();
            it.processes.push((operation.client, lane));
            free.push(Nanos::ZERO);
            free.len() - 1
        });
        free[process] = busy;
        // What was never written is an unset register, as long as nothing has been forgotten.
        let unset = log.forgotten == 0 && operation.value == UNWRITTEN;
        let value = (!unset).then_some(i64::from(operation.value));
        let (act, outcome) = match (operation.writes, known) {
            (true, true) => (Act::Write(value), Outcome::Ok),
            (true, false) => (Act::Write(value), Outcome::Unknown),
            // A value whose write is forgotten without trace says nothing.
            (false, true) if operation.value > 0 => (Act::Read(value), Outcome::Ok),
            (false, _) => (Act::Read(None), Outcome::Unknown),
        };
        if let (Act::Read(Some(_)), false) = (act, wrote(operation.key, operation.value)) {
            before.insert((name, operation.value), ());
        }
        operations.push((
            Operation {
                process: process as u64,
                key: name,
                act,
                outcome,
                invoked: operation.invoked.0,
                completed: until.0,
                line: 0,
            },
            Some(index),
        ));
    }
    // What was written by operations that are forgotten may have been written at any time.
    let first = it.processes.len() as u64;
    let (outcome, completed) = (Outcome::Unknown, u64::MAX);
    let there = before.keys().enumerate().map(|(at, (key, value))| {
        let (process, act) = (first + at as u64, Act::Write(Some(i64::from(*value))));
        (Operation { process, key: *key, act, outcome, invoked: 0, completed, line: 0 }, None)
    });
    let there: Vec<_> = there.collect();
    for (operation, of) in there.into_iter().chain(operations) {
        it.history.operations.push(operation);
        it.of.push(of);
    }
    it
}

/// Judges what is known of a store at the subject's moment.
pub fn judge(log: &Log, subject: &Subject) -> Judged {
    let recorded = recorded(log, subject.now(), &|key| subject.key(key));
    let verdict = |it: &Guarantee| (*it, it.check_within(&recorded.history, STEPS_MAX));
    let verdicts = LIVE.iter().map(verdict).collect();
    Judged { recorded, verdicts }
}

impl Judged {
    /// The first guarantee that is broken, strongest first.
    pub fn broken(&self) -> Option<(Guarantee, &Violation)> {
        self.verdicts.iter().find_map(|it| match &it.1 {
            Verdict::Violated(violation) => Some((it.0, violation)),
            Verdict::Holds | Verdict::Undecided(_) => None,
        })
    }

    /// The operations of the log that break a guarantee.
    pub fn blamed(&self, violation: &Violation) -> Vec<usize> {
        violation.operations.iter().filter_map(|it| self.recorded.of[*it]).collect()
    }

    /// The first operation of the log that takes part in the strongest violation.
    pub fn first_blamed(&self) -> Option<usize> {
        self.broken().and_then(|it| self.blamed(it.1).first().copied())
    }

    /// When a violation could first be told: at the last response it needs.
    pub fn at(&self, violation: &Violation) -> Nanos {
        let completed = violation.operations.iter().map(|it| {
            let it = &self.recorded.history.operations[*it];
            if it.completed == u64::MAX { it.invoked } else { it.completed }
        });
        Nanos(completed.max().unwrap_or(0))
    }
}
