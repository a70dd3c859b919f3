//! The log: what is taken into it, and what stands for its beginning, so that it stays short (Raft,
//! extended version, sections 5.3 and 7).

use std::sync::Arc;

use crate::base::cow::CowList;

use super::{Entry, RaftState};

/// Entries that a snapshot stands for, and that are kept all the same.
const BEHIND: u64 = 1_024;
/// Entries applied since the last snapshot at which another is taken.
const SNAPSHOT_AFTER: u64 = 1_024;

/// What stands for the beginning of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// How many entries it stands for; all of them are committed.
    pub at: u64,
    /// Term of the last of them.
    pub term: u32,
    /// Version of each row after them, by key; those never written are not there.
    pub rows: CowList<u32>,
}

crate::stable! { Snapshot { at, term, rows } }

/// Takes a leader's snapshot for the beginning of its log. What follows it in its own log stays, if
/// that is the same up to there.
pub(super) fn install(state: &mut RaftState, snapshot: Arc<Snapshot>) {
    if snapshot.at <= state.committed {
        return;
    }
    let last = snapshot.at.checked_sub(1).and_then(|it| state.log.get(it));
    if last.is_none_or(|it| it.term != snapshot.term) {
        state.log = CowList::starting_at(snapshot.at);
    }
    (state.committed, state.applied) = (snapshot.at, snapshot.at);
    state.rows = snapshot.rows.clone();
    state.snapshot = snapshot;
}

/// Once enough has been applied, lets a snapshot stand for it, and forgets entries that nobody is likely to need.
pub(super) fn cut_short(state: &mut RaftState) {
    let at = state.applied;
    if at - state.snapshot.at < SNAPSHOT_AFTER {
        return;
    }
    let last = at.checked_sub(1).and_then(|it| state.log.get(it));
    let Some(term) = last.map(|it| it.term) else { return };
    state.snapshot = Arc::new(Snapshot { at, term, rows: state.rows.clone() });
    state.log.drop_before(at.saturating_sub(BEHIND));
}

/// The consistency check of AppendEntries, and the entries behind it. Gives back whether the logs
/// agree, and up to where (or where to try next).
pub(super) fn take_in(state: &mut RaftState, first: u64, before: u32, entries: &[Entry]) -> (bool, u64) {
    // What a snapshot stands for is committed, and so in every leader's log.
    let known = state.snapshot.at;
    let matches = first <= known || state.log.get(first - 1).is_some_and(|it| it.term == before);
    if !matches {
        return (false, state.log.end().min(first.saturating_sub(1)));
    }
    for (at, entry) in (first..).zip(entries).filter(|it| it.0 >= known) {
        if state.log.get(at).is_some_and(|it| it.term != entry.term) {
            state.log.truncate(at);
        }
        if at == state.log.end() {
            state.log.push(*entry);
        }
    }
    (true, first + entries.len() as u64)
}
