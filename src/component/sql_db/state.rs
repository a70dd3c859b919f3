//! What members of a relational database remember, and say to each other.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::cascade::Chain;
use super::failover::{self, Led, LedMessage, LedTimer};
use super::idempotency::Answers;
use super::params::SqlDbParams;

/// One entry of the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Which row.
    pub key: u32,
    /// Its new version.
    pub version: u32,
    /// When the primary committed it.
    pub at: Nanos,
}

/// What the primary knows of a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Follower {
    /// Entries sent: the next to send.
    pub sent: u64,
    /// Entries it has said it has.
    pub received: u64,
    /// Entries it has said it has applied.
    pub applied: u64,
    /// The same, when the last beat looked.
    pub received_at_beat: u64,
}

/// A write that is committed and not yet acknowledged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Its position in the log.
    pub position: u64,
    /// Its new version.
    pub version: u32,
    /// Since when it waits.
    pub since: Nanos,
    /// What names it when it is acknowledged.
    pub ticket: Handle,
}

/// What a member of the database remembers; all of it survives a crash but what others told it of
/// their progress.
#[derive(Clone, Debug)]
pub struct SqlDbState {
    /// Whether it takes the writes.
    pub primary: bool,
    /// Its own ordinal.
    pub own: u16,
    /// Version of each row, by key; rows beyond the end have never been written and have version 1.
    pub rows: CowList<u32>,
    /// The log: at the primary what it committed, at a replica what it received.
    pub log: CowList<Entry>,
    /// Entries applied to the rows.
    pub applied: u64,
    /// At the primary: the others, by ordinal.
    pub followers: Vec<Follower>,
    /// At the primary: writes that wait for replicas, oldest first.
    pub waiting: VecDeque<Waiting>,
    /// At a semi-synchronous primary: whether it has given up waiting for its replicas.
    pub alone: bool,
    /// Whether an entry is being applied.
    pub(super) applying: bool,
    /// As a replica: entries it has begun to apply, and the work of that.
    pub worked: (u64, Nanos),
    /// Whether it will look after its replicas, and send what it has gathered.
    pub(super) beats: (bool, bool),
    /// At a replica: when it was last told how long the log is, and that is how far it reaches.
    pub level_at: Nanos,
    /// With failover: who leads, as far as it knows.
    pub led: Option<Box<Led>>,
    /// In a cascade: its place in the row.
    pub chain: Option<Box<Chain>>,
    /// At the primary: writes of late, by idempotency key.
    pub answers: Answers,
}

/// Between members.
#[derive(Clone, Debug)]
pub enum SqlDbMessage {
    /// To a replica, from who sends it the log: under this term, entries from this position on; may be
    /// empty, to ask how far it is.
    Append(u32, u64, Arc<[Entry]>),
    /// The same: a whole copy as of this position, where the log no longer reaches back.
    Copy(u32, u64, Arc<CowList<u32>>),
    /// The answer: entries received and applied so far.
    Received(u32, u64, u64),
    /// Replica to who sends it the log: it has come up, and wants the log from this position on.
    Follow(u64),
    /// About who leads.
    Led(Box<LedMessage>),
}

/// Why a member wakes.
#[derive(Clone, Copy, Debug)]
pub enum SqlDbTimer {
    /// An entry has been applied.
    Applied,
    /// The primary looks after its replicas.
    Beat,
    /// The primary sends what it has gathered.
    Ship,
    /// About who leads.
    Led(LedTimer),
}

crate::stable! {
    Entry { key, version, at }
    Follower { sent, received, applied, received_at_beat }
    Waiting { position, version, since, ticket }
    SqlDbState {
        primary, own, rows, log, applied, followers, waiting, alone, applying, worked, beats, level_at, led,
        chain, answers,
    }
}

impl StableHash for SqlDbMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Append(term, from, entries) => {
                ((0u8, *term), *from).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Copy(term, at, rows) => {
                ((1u8, *term), *at).stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Received(term, to, applied) => ((2u8, *term), (*to, *applied)).stable_hash(h),
            Self::Follow(from) => (3u8, *from).stable_hash(h),
            Self::Led(it) => {
                h.word(4);
                it.stable_hash(h);
            },
        }
    }
}

impl StableHash for SqlDbTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Applied => h.word(0),
            Self::Beat => h.word(1),
            Self::Ship => h.word(2),
            Self::Led(it) => (3u8, *it).stable_hash(h),
        }
    }
}

impl SqlDbState {
    /// With failover: the last term that its log was written under.
    pub fn log_term(&self) -> u32 {
        self.led.as_ref().and_then(|it| it.lineage.last()).map_or(0, |it| it.0)
    }

    /// The term it knows of; 0 until the first takeover.
    pub fn term(&self) -> u32 {
        self.led.as_ref().map_or(0, |it| it.term)
    }

    /// Who leads, as far as it knows.
    pub fn leader(&self) -> u16 {
        failover::leader_of(self.term())
    }

    /// What it knows of the others.
    pub(super) fn others(&self) -> impl Iterator<Item = &Follower> {
        let own = usize::from(self.own);
        self.followers.iter().enumerate().filter(move |it| it.0 != own).map(|it| it.1)
    }

    /// Who sends it the log.
    pub fn feeder(&self) -> u16 {
        self.chain.as_ref().map_or(self.leader(), |it| it.from)
    }

    /// Whether it sends this member the log.
    pub fn feeds(&self, ordinal: u16) -> bool {
        ordinal != self.own && self.chain.as_ref().is_none_or(|it| it.to == Some(ordinal))
    }

    /// Whether it waits for what this member says it has: in a cascade for the next in the row only, as
    /// soon as there is one.
    pub(super) fn hears_of(&self, ordinal: usize) -> bool {
        let next = self.chain.as_ref().and_then(|it| it.to);
        ordinal != usize::from(self.own) && next.is_none_or(|it| usize::from(it) == ordinal)
    }

    /// How far a replica of this primary is behind: in entries, and as the age of the oldest that it has
    /// not applied.
    pub fn lag_of(&self, replica: &Self, now: Nanos) -> (u64, Nanos) {
        let (applied, entries) = (replica.applied, self.applied.saturating_sub(replica.applied));
        // What all have received the primary need not have any more.
        let own = || replica.log.get(applied).filter(|_| replica.log.end() <= self.log.end());
        let known = self.log.get(applied).or_else(own);
        let oldest = known.or_else(|| self.log.get(self.log.start())).filter(|_| entries > 0);
        (entries, oldest.map_or(Nanos::ZERO, |it| now.saturating_sub(it.at)))
    }

    /// How far it is, as it tells the primary.
    pub(super) fn progress(&self) -> SqlDbMessage {
        SqlDbMessage::Received(self.term(), self.log.end(), self.applied)
    }

    /// How old what a replica has may be, as far as it knows itself: since when an entry waits to be
    /// applied, or since when it has not heard that there is none.
    pub fn staleness(&self, now: Nanos) -> Nanos {
        let waits = self.log.get(self.applied).map_or(now, |it| it.at);
        now.saturating_sub(waits.min(self.level_at))
    }

    pub(super) fn is_too_old(&self, params: &SqlDbParams, now: Nanos) -> bool {
        params.max_staleness > Nanos::ZERO && self.staleness(now) > params.max_staleness
    }
}
