//! What a shard knows of transactions with other shards.

use std::collections::{BTreeMap, VecDeque};

use crate::algorithm::commit::two_phase::{Change, Coordinator, Promises, State};
use crate::base::cow::Shared;
use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::Request;

/// Bits of a transaction's number that say who coordinates it.
pub(super) const BITS: u32 = 5;

crate::choices! {
    /// How two shards write together.
    pub enum CrossCommit {
        /// Two-phase commit: both or none.
        TwoPhase = "two-phase",
        /// The same, but the coordinator does not write its decision down: a crash forgets it.
        Unlogged = "unlogged",
        /// Each for itself, one after the other: what fails in between stays half done.
        Alone = "each-alone",
    }
}

/// A transaction that this shard coordinates, until its client is told.
#[derive(Clone, Debug)]
pub struct Open {
    /// Names it.
    pub id: u64,
    /// The row here and the other.
    pub keys: [u32; 2],
    /// Whose the other row is.
    pub other: u16,
    /// When it began.
    pub since: Nanos,
    pub(super) request: Request,
    pub(super) ticket: Handle,
    pub(super) tries: u32,
}

/// What a shard has promised, and does not know the end of.
#[derive(Clone, Debug)]
pub struct Given {
    /// When it promised.
    pub since: Nanos,
    /// How often it has asked what was decided.
    pub asked: u32,
}

/// A transaction that has ended at its coordinator.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The row of the coordinator, and the other.
    pub keys: [u32; 2],
    /// Whose the other row is.
    pub other: u16,
    /// Whether it was committed.
    pub commits: bool,
    /// When it began and ended.
    pub times: [Nanos; 2],
}

/// A decision to commit that the other shard has not yet confirmed.
#[derive(Clone, Copy, Debug)]
pub struct Decided {
    /// When it was taken, and when it was told last.
    pub at: [Nanos; 2],
    /// The other row.
    pub key: u32,
}

/// A write that waits: for a row that is locked, or for its next try.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) ticket: Handle,
    pub(super) tries: u32,
    /// The number of its pause; 0 if it waits for the row.
    pub(super) pause: u64,
}

/// What a shard knows of transactions.
#[derive(Clone, Debug, Default)]
pub struct Across {
    /// What it has promised to others, and to itself.
    pub promises: Shared<Promises>,
    /// What it has decided.
    pub coordinator: Shared<Coordinator>,
    /// What it coordinates and has not decided; lost in a crash.
    pub open: Vec<Open>,
    /// Promises since when.
    pub given: Shared<BTreeMap<u64, Given>>,
    /// Decisions that the other shard has not confirmed.
    pub decided: Shared<BTreeMap<u64, Decided>>,
    /// What it coordinated of late, the latest last.
    pub ended: VecDeque<Ended>,
    /// Writes that wait.
    pub(super) waiting: Vec<Waiting>,
    /// Whether it will look after what is under way.
    pub(super) beats: bool,
}

crate::stable! {
    Open { id, keys, other, since, request, ticket, tries }
    Given { since, asked }
    Ended { keys, other, commits, times }
    Decided { at, key }
    Waiting { request, ticket, tries, pause }
    Across { promises, coordinator, open, given, decided, ended, waiting, beats }
}

impl Across {
    /// Writes that wait for a locked row.
    pub fn held_up(&self) -> usize {
        self.waiting.iter().filter(|it| it.pause == 0).count()
    }

    /// What it has promised to change, and does not know whether.
    pub fn doubts(&self) -> impl Iterator<Item = (u64, &Given, &Change)> {
        let of = |it: (&u64, &'_ Given)| match self.promises.state(*it.0) {
            Some(State::InDoubt(changes)) => changes.as_slice(),
            _ => &[],
        };
        self.given.iter().flat_map(move |it| of(it).iter().map(move |on| (*it.0, it.1, on)))
    }

    /// What survives a crash.
    pub(super) fn durable(&self) -> Self {
        let Self { promises, coordinator, given, decided, ended, .. } = self;
        Self {
            promises: promises.clone(),
            coordinator: coordinator.clone(),
            given: given.clone(),
            decided: decided.clone(),
            ended: ended.clone(),
            ..Self::default()
        }
    }

    /// Whether one of these rows, rising, is locked.
    pub(super) fn locks_any(&self, keys: &[u32]) -> bool {
        self.promises.locks().any(|it| keys.binary_search(&it.0).is_ok())
    }
}

/// Who coordinates a transaction.
pub fn coordinator(id: u64) -> u16 {
    (id & ((1 << BITS) - 1)) as u16
}
