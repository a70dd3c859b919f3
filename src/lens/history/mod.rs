//! Clients' operations on a store, as checkers take them, and what these say. Only what is kept is
//! judged: of an operation that has been forgotten, its value may have been written at any time, so
//! that nothing is called a violation that is none. The diagram and the verdicts are drawn alike for
//! every store; its lens lends them its voice.

use std::collections::BTreeMap;

use crate::algorithm::consistency::{Act, Guarantee, History, Operation, Outcome, Verdict};
use crate::base::time::Nanos;
use crate::engine::Outcome as Ended;
pub use crate::engine::history::stale;
use crate::engine::history::{Log, Operation as Logged, UNWRITTEN};

use super::Subject;

pub use verdicts::{line, verdicts};

mod diagram;
mod verdicts;

/// How the lens of a store speaks of its operations.
pub trait Voice {
    /// What an operation is called in the diagram, in a word or two.
    fn words(&self, it: &Logged) -> String;
    /// All there is to say of an operation.
    fn told(&self, it: &Logged) -> String;
    /// What it wrote or read: `2`, `v2`; nothing if that is not known.
    fn value(&self, it: &Logged) -> Option<String>;
    /// What people call a client, given by the slot of its member.
    fn client(&self, slot: u32) -> String;
    /// What people call a key.
    fn key(&self, key: u32) -> String;
}

/// A store's history as its lens shows it.
pub struct Account<'a> {
    /// The store.
    pub subject: &'a Subject<'a>,
    /// What is kept of it.
    pub log: &'a Log,
    /// What was found.
    pub judged: &'a Judged,
    /// The key whose operations are drawn.
    pub key: u32,
    /// How they are called.
    pub voice: &'a dyn Voice,
}

/// What a search for an order may cost each time the picture is drawn; beyond it there is no verdict.
const STEPS_MAX: u64 = 200_000;
/// Under which names the guarantee that is asked about, and the bound, are noted.
pub const CHOSEN: &str = "guarantee";
/// See [`CHOSEN`].
pub const BOUND: &str = "bound";
/// The bounds that can be chosen, and the one that is meant where none was.
pub const BOUNDS: [Nanos; 5] = [
    Nanos::millis(100),
    Nanos::millis(500),
    Nanos::seconds(1),
    Nanos::seconds(5),
    Nanos::seconds(30),
];
const USUAL: Nanos = BOUNDS[3];
/// The guarantees that can be asked about, the strongest first.
pub const CHOICES: [Guarantee; 8] = [
    Guarantee::Linearizable,
    Guarantee::Causal,
    Guarantee::ReadYourWrites,
    Guarantee::MonotonicReads,
    Guarantee::MonotonicWrites,
    Guarantee::BoundedStaleness,
    Guarantee::Convergence,
    Guarantee::NoLostWrites,
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

/// A history and what was found.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was judged.
    pub recorded: Recorded,
    /// What was found, in the order of [`CHOICES`].
    pub findings: Vec<(Guarantee, Finding)>,
    /// The guarantee that is asked about.
    pub chosen: Guarantee,
    /// How long it may take until a write is seen everywhere.
    pub bound: Nanos,
}

impl Default for Judged {
    fn default() -> Self {
        let (recorded, findings) = Default::default();
        Self { recorded, findings, chosen: CHOICES[0], bound: USUAL }
    }
}

/// What was found of one guarantee.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It is kept so far.
    Holds,
    /// It cannot be told, and why; empty if it would take too long.
    Open(String),
    /// It is broken.
    Broken(Broken),
}

/// How a guarantee is broken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Broken {
    /// When it could first be told: at the last response that it takes.
    pub at: Nanos,
    /// The operations of the log that show it; none of them can be left out.
    pub operations: Vec<usize>,
    /// What has happened, if it can be said without looking at them.
    pub words: Option<String>,
}

/// Something that members do not agree on.
#[derive(Clone, Debug)]
pub struct Differ {
    /// What.
    pub words: String,
    /// Whether what they lack is on its way, so that they will.
    pub comes: bool,
}

/// What a store's members know of the end of all writes, for guarantees that are about the end.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Since when nothing has been broken, or what is.
    pub healed: Result<Nanos, String>,
    /// What members do not agree on, if anything.
    pub differ: Option<Differ>,
    /// Whether acknowledged writes are lost, where that is known exactly.
    pub lost: Option<Finding>,
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
pub fn judge(log: &Log, subject: &Subject, rest: &Rest) -> Judged {
    let mut recorded = recorded(log, subject.now(), &|key| subject.key(key));
    let chosen = subject.noted(CHOSEN).and_then(|it| Guarantee::find(&it));
    let chosen = chosen.filter(|it| CHOICES.contains(it)).unwrap_or(CHOICES[0]);
    let bound = subject.noted(BOUND).and_then(|it| it.parse().ok()).map_or(USUAL, Nanos);
    recorded.history.bound = bound.0;
    recorded.history.healed = rest.healed.as_ref().ok().map(|it| it.0);
    let find = |guarantee: Guarantee| {
        // While something is broken, the end has not come.
        let at_the_end = matches!(guarantee, Guarantee::Convergence | Guarantee::NoLostWrites);
        let finding = match (&rest.healed, &rest.lost) {
            (_, Some(lost)) if guarantee == Guarantee::NoLostWrites => lost.clone(),
            (Err(why), _) if at_the_end => Finding::Open(why.clone()),
            _ => recorded.found(guarantee.check_within(&recorded.history, STEPS_MAX)),
        };
        // Who knows that more is coming does not call it the end.
        let differ = rest.differ.as_ref().filter(|_| guarantee == Guarantee::Convergence);
        let open = differ.filter(|it| it.comes || finding == Finding::Holds);
        let open = open.filter(|_| !matches!(finding, Finding::Open(_)));
        (guarantee, open.map_or(finding, |it| Finding::Open(it.words.clone())))
    };
    let findings = CHOICES.into_iter().map(find).collect();
    Judged { recorded, findings, chosen, bound }
}

impl Recorded {
    fn found(&self, verdict: Verdict) -> Finding {
        let violation = match verdict {
            Verdict::Holds => return Finding::Holds,
            Verdict::Undecided(_) => return Finding::Open(String::new()),
            Verdict::Violated(it) => it,
        };
        let completed = violation.operations.iter().map(|it| {
            let it = &self.history.operations[*it];
            if it.completed == u64::MAX { it.invoked } else { it.completed }
        });
        let at = Nanos(completed.max().unwrap_or(0));
        let operations = violation.operations.iter().filter_map(|it| self.of[*it]).collect();
        Finding::Broken(Broken { at, operations, words: None })
    }
}

impl Judged {
    /// What was found of a guarantee.
    pub fn of(&self, guarantee: Guarantee) -> &Finding {
        let it = self.findings.iter().find(|it| it.0 == guarantee);
        it.map_or(&Finding::Holds, |it| &it.1)
    }

    /// How the guarantee that is asked about is broken, if it is.
    pub fn broken(&self) -> Option<&Broken> {
        match self.of(self.chosen) {
            Finding::Broken(it) => Some(it),
            Finding::Holds | Finding::Open(_) => None,
        }
    }

    /// The operations of the log that show it.
    pub fn blamed(&self) -> &[usize] {
        self.broken().map_or(&[], |it| &it.operations)
    }
}
