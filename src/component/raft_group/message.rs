//! What members of a Raft group say to each other, and why they wake.

use std::sync::Arc;

use crate::base::stable::{StableHash, StableHasher};

use super::{Entry, Snapshot};

/// Between members.
#[derive(Clone, Debug)]
pub enum RaftMessage {
    /// RequestVote: term, length of the candidate's log, term of its last entry.
    Vote(u32, u64, u32),
    /// Its answer: term, granted.
    Voted(u32, bool),
    /// AppendEntries: term, position of the first entry, term of the entry before, committed,
    /// entries.
    Append(u32, u64, u32, u64, Arc<[Entry]>),
    /// Its answer: term, agreed, length up to which the logs agree (or where to try next).
    Appended(u32, bool, u64),
    /// InstallSnapshot: term, and what stands for the beginning of the log, in one piece.
    Install(u32, Arc<Snapshot>),
}

/// Why a member wakes.
#[derive(Clone, Copy, Debug)]
pub enum RaftTimer {
    /// No leader has been heard of for long.
    Election,
    /// The leader says that it leads.
    Beat(u32),
}

impl StableHash for RaftMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Vote(term, len, last) => ((0u8, *term), (*len, *last)).stable_hash(h),
            Self::Voted(term, granted) => ((1u8, *term), *granted).stable_hash(h),
            Self::Append(term, first, before, committed, entries) => {
                ((2u8, *term), (*first, *before)).stable_hash(h);
                h.word(*committed);
                entries.stable_hash(h);
            }
            Self::Appended(term, agreed, len) => ((3u8, *term), (*agreed, *len)).stable_hash(h),
            Self::Install(term, it) => {
                (4u8, *term).stable_hash(h);
                it.stable_hash(h);
            }
        }
    }
}

impl StableHash for RaftTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Election => h.word(0),
            Self::Beat(term) => (1u8, *term).stable_hash(h),
        }
    }
}
