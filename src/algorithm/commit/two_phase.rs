//! Two-phase commit with presumed abort. First everybody promises: a participant that votes yes has
//! written down what it will do, keeps its rows locked, and may no longer change its mind: it is *in
//! doubt*. Once all have voted yes, the coordinator writes its decision down, and tells it until all
//! have confirmed. A coordinator that knows nothing of a transaction says that it was aborted, so that
//! aborts need not be written down. What has been written down survives a crash, and nothing else.
//!
//! Sources: Gray, "Notes on data base operating systems", 1978; Mohan, Lindsay and Obermarck,
//! "Transaction management in the R* distributed database management system", ACM TODS 11(4), 1986.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::stable::{StableHash, StableHasher};

/// Names a transaction.
pub type Transaction = u64;

/// What a transaction does to one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which row.
    pub key: u32,
    /// What is added to its value.
    pub by: i64,
    /// What it must be left with at least, or the participant votes no.
    pub least: i64,
}

/// Between the coordinator and a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// To a participant: can you do this?
    Prepare(Transaction, Vec<Change>),
    /// To the coordinator: its vote.
    Vote(Transaction, bool),
    /// To a participant: the decision.
    Decide(Transaction, bool),
    /// To the coordinator: the decision has been carried out.
    Done(Transaction),
    /// To the coordinator: what was decided?
    Inquire(Transaction),
}

/// How far a participant is with a transaction it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has voted yes, and does not know the decision: it can neither go back nor on.
    InDoubt(Vec<Change>),
    /// It has done its part.
    Committed,
    /// It has done nothing.
    Aborted,
}

/// What a participant has promised, whose rows are kept elsewhere. All of it is written down but the locks,
/// which follow from it.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    known: BTreeMap<Transaction, State>,
    /// Which transaction each locked row waits for.
    locks: BTreeMap<u32, Transaction>,
    /// Transactions up to this one that are not known may have been forgotten.
    forgotten: Transaction,
}

impl Promises {
    /// How far it is with a transaction, if it knows it.
    pub fn state(&self, it: Transaction) -> Option<&State> {
        self.known.get(&it)
    }

    /// All that it knows, the oldest first.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = (Transaction, &State)> {
        self.known.iter().map(|it| (*it.0, it.1))
    }

    /// The transactions it is in doubt about.
    pub fn in_doubt(&self) -> impl Iterator<Item = Transaction> {
        self.known().filter(|it| matches!(it.1, State::InDoubt(_))).map(|it| it.0)
    }

    /// Who locks a row.
    pub fn lock(&self, key: u32) -> Option<Transaction> {
        self.locks.get(&key).copied()
    }

    /// All locked rows and who locks them, rising.
    pub fn locks(&self) -> impl Iterator<Item = (u32, Transaction)> {
        self.locks.iter().map(|it| (*it.0, *it.1))
    }

    /// It has come back after a crash: what is in doubt locks its rows again.
    pub fn recover(&mut self) {
        self.locks.clear();
        for (id, state) in &self.known {
            if let State::InDoubt(changes) = state {
                self.locks.extend(changes.iter().map(|it| (it.key, *id)));
            }
        }
    }

    /// Asked to promise these changes, `fits` says of each whether it can be done: the vote.
    pub fn prepare(
        &mut self,
        id: Transaction,
        changes: &[Change],
        fits: impl Fn(&Change) -> bool,
    ) -> bool {
        match self.known.get(&id) {
            // Asked twice: it stands by its word. What is decided is no longer a matter of votes.
            Some(State::InDoubt(_) | State::Committed) => return true,
            Some(State::Aborted) => return false,
            // Perhaps it was asked before, and what came of it is forgotten.
            None if id <= self.forgotten => return false,
            None => {}
        }
        let free = changes.iter().all(|it| !self.locks.contains_key(&it.key));
        if free && changes.iter().all(fits) {
            self.locks.extend(changes.iter().map(|it| (it.key, id)));
            self.known.insert(id, State::InDoubt(changes.to_vec()));
            true
        } else {
            // A vote of no is an abort, whatever the others say.
            self.known.insert(id, State::Aborted);
            false
        }
    }

    /// Told the decision: the changes to carry out now.
    pub fn decide(&mut self, id: Transaction, commits: bool) -> Vec<Change> {
        match self.known.get_mut(&id) {
            Some(state) => {
                let State::InDoubt(changes) = state else { return Vec::new() };
                let changes = std::mem::take(changes);
                *state = if commits { State::Committed } else { State::Aborted };
                changes.iter().for_each(|it| _ = self.locks.remove(&it.key));
                if commits { changes } else { Vec::new() }
            }
            // The coordinator gave up before it was asked: a late question finds it aborted.
            None if !commits && id > self.forgotten => {
                self.known.insert(id, State::Aborted);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Forgets the oldest of those that have ended, once there are twice as many as `most`. A
    /// transaction that may be one of them and is asked for again is refused.
    pub fn forget(&mut self, most: usize) {
        let ended = |it: &State| !matches!(it, State::InDoubt(_));
        if self.known.len() <= 2 * most {
            return;
        }
        let over: Vec<_> = self.known.iter().filter(|it| ended(it.1)).map(|it| *it.0).collect();
        for id in &over[..over.len().saturating_sub(most)] {
            self.known.remove(id);
            self.forgotten = self.forgotten.max(*id);
        }
    }
}

/// Somebody with rows.
#[derive(Clone, Debug, Default)]
pub struct Participant {
    /// Values of rows, by key; those that are not there are 0. Written down.
    rows: BTreeMap<u32, i64>,
    /// Written down.
    promises: Promises,
}

impl Participant {
    /// One with these values.
    pub fn new(rows: impl IntoIterator<Item = (u32, i64)>) -> Self {
        Self { rows: rows.into_iter().collect(), ..Self::default() }
    }

    /// The value of a row.
    pub fn value(&self, key: u32) -> i64 {
        self.rows.get(&key).copied().unwrap_or(0)
    }

    /// How far it is with a transaction, if it knows it.
    pub fn state(&self, it: Transaction) -> Option<&State> {
        self.promises.state(it)
    }

    /// The transactions it is in doubt about.
    pub fn in_doubt(&self) -> impl Iterator<Item = Transaction> {
        self.promises.in_doubt()
    }

    /// Who locks a row.
    pub fn lock(&self, key: u32) -> Option<Transaction> {
        self.promises.lock(key)
    }

    /// It has come back after a crash: what is in doubt locks its rows again.
    pub fn recover(&mut self) {
        self.promises.recover();
    }

    /// Forgets the oldest of those that have ended, but for so many.
    pub fn forget(&mut self, most: usize) {
        self.promises.forget(most);
    }

    /// A message from the coordinator; what it answers, if anything.
    pub fn hear(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Prepare(id, changes) => {
                let rows = &self.rows;
                let value = |key| rows.get(&key).copied().unwrap_or(0);
                let fits = |it: &Change| value(it.key) + it.by >= it.least;
                Some(Message::Vote(*id, self.promises.prepare(*id, changes, fits)))
            }
            Message::Decide(id, commits) => {
                for it in self.promises.decide(*id, *commits) {
                    *self.rows.entry(it.key).or_default() += it.by;
                }
                Some(Message::Done(*id))
            }
            Message::Vote(..) | Message::Done(_) | Message::Inquire(_) => None,
        }
    }
}

/// A transaction under way at its coordinator.
#[derive(Clone, Debug)]
struct Open {
    changes: BTreeMap<usize, Vec<Change>>,
    yes: BTreeSet<usize>,
}

/// Whoever asks everybody and decides.
#[derive(Clone, Debug, Default)]
pub struct Coordinator {
    /// Lost in a crash.
    open: BTreeMap<Transaction, Open>,
    /// Decisions to commit, and who has not yet confirmed: written down until all have.
    commits: BTreeMap<Transaction, BTreeSet<usize>>,
    /// How transactions ended, as their client was told. Lost in a crash.
    told: BTreeMap<Transaction, bool>,
}

impl Coordinator {
    /// Begins a transaction: what each participant, by number, has to do. Returns what is sent to
    /// whom.
    pub fn begin(
        &mut self,
        id: Transaction,
        changes: BTreeMap<usize, Vec<Change>>,
    ) -> Vec<(usize, Message)> {
        let ask =
            |(to, changes): (&usize, &Vec<Change>)| (*to, Message::Prepare(id, changes.clone()));
        let asked = changes.iter().map(ask).collect();
        self.open.insert(id, Open { changes, yes: BTreeSet::new() });
        asked
    }

    /// A participant has said something; what is sent to whom.
    pub fn hear(&mut self, from: usize, message: &Message) -> Vec<(usize, Message)> {
        match message {
            Message::Vote(id, yes) => self.vote(from, *id, *yes),
            Message::Done(id) => {
                if let Some(left) = self.commits.get_mut(id) {
                    left.remove(&from);
                    if left.is_empty() {
                        self.commits.remove(id);
                    }
                }
                Vec::new()
            }
            // Who still votes will hear; who is unknown was aborted.
            Message::Inquire(id) if self.open.contains_key(id) => Vec::new(),
            Message::Inquire(id) => {
                let commits = self.commits.get(id).is_some_and(|it| it.contains(&from));
                vec![(from, Message::Decide(*id, commits))]
            }
            Message::Prepare(..) | Message::Decide(..) => Vec::new(),
        }
    }

    fn vote(&mut self, from: usize, id: Transaction, yes: bool) -> Vec<(usize, Message)> {
        let Some(open) = self.open.get_mut(&id) else { return Vec::new() };
        if !yes {
            return self.give_up(id);
        }
        open.yes.insert(from);
        if open.yes.len() < open.changes.len() {
            return Vec::new();
        }
        // From here on it is committed, whatever happens.
        let Some(open) = self.open.remove(&id) else { return Vec::new() };
        self.commits.insert(id, open.changes.keys().copied().collect());
        self.told.insert(id, true);
        open.changes.keys().map(|to| (*to, Message::Decide(id, true))).collect()
    }

    /// Somebody does not answer: a transaction that is not decided is aborted.
    pub fn give_up(&mut self, id: Transaction) -> Vec<(usize, Message)> {
        let Some(open) = self.open.remove(&id) else { return Vec::new() };
        self.told.insert(id, false);
        open.changes.keys().map(|to| (*to, Message::Decide(id, false))).collect()
    }

    /// Decisions to commit that are not confirmed by all, and by whom they are not: the log.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (Transaction, &BTreeSet<usize>)> {
        self.commits.iter().map(|it| (*it.0, it.1))
    }

    /// Who has not yet confirmed a decision to commit.
    pub fn left(&self, id: Transaction) -> impl Iterator<Item = usize> {
        self.commits.get(&id).into_iter().flatten().copied()
    }

    /// What has not been confirmed, once more.
    pub fn again(&self) -> Vec<(usize, Message)> {
        let all = self.commits.iter();
        all.flat_map(|(id, left)| left.iter().map(|to| (*to, Message::Decide(*id, true)))).collect()
    }

    /// It has come back after a crash: it knows its decisions to commit, and nothing else.
    pub fn recover(&mut self) {
        self.open.clear();
        self.told.clear();
    }

    /// The same where nothing was written down, as it must not be: what was decided is forgotten too.
    pub fn recover_forgetful(&mut self) {
        *self = Self::default();
    }

    /// How a transaction ended need not be known any longer: its client has been told.
    pub fn told(&mut self, id: Transaction) {
        self.told.remove(&id);
    }

    /// How a transaction ended, as far as its client was told.
    pub fn outcome(&self, id: Transaction) -> Option<bool> {
        self.told.get(&id).copied()
    }

    /// Transactions that wait for votes.
    pub fn waiting(&self) -> impl Iterator<Item = Transaction> {
        self.open.keys().copied()
    }
}

crate::stable! {
    Change { key, by, least }
    Promises { known, locks, forgotten }
    Open { changes, yes }
    Coordinator { open, commits, told }
}

impl StableHash for State {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::InDoubt(changes) => {
                h.word(0);
                changes.stable_hash(h);
            }
            Self::Committed => h.word(1),
            Self::Aborted => h.word(2),
        }
    }
}

impl StableHash for Message {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Prepare(id, changes) => {
                (0u8, *id).stable_hash(h);
                changes.stable_hash(h);
            }
            Self::Vote(id, yes) => ((1u8, *id), *yes).stable_hash(h),
            Self::Decide(id, commits) => ((2u8, *id), *commits).stable_hash(h),
            Self::Done(id) => (3u8, *id).stable_hash(h),
            Self::Inquire(id) => (4u8, *id).stable_hash(h),
        }
    }
}
