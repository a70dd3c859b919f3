//! What servers and sentinels remember, and say to each other.

use std::sync::Arc;

use crate::algorithm::redis::Keyspace;
use crate::base::cow::CowList;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::params::RedisParams;
use super::sentinel::Sentinel;
use super::typed::Typed;

/// Ids of different servers' streams differ: an id is the epoch of a failover, times this, and who was
/// promoted.
const MEMBERS_MAX: u32 = 16;

/// The id of the stream that a server begins when it is promoted in an epoch. (Redis draws 160 bits at
/// random; these count, so that an observer sees which is the later one.)
pub(super) fn stream_id(epoch: u32, server: u16) -> u32 {
    epoch.saturating_mul(MEMBERS_MAX).saturating_add(server.into())
}

/// The epoch in which a stream began; 0 for the first one.
pub fn epoch_of(id: u32) -> u32 {
    id / MEMBERS_MAX
}

/// Who began a stream.
pub fn server_of(id: u32) -> u16 {
    (id % MEMBERS_MAX) as u16
}

/// How many members are servers: the first ones.
pub fn servers(params: &RedisParams) -> u16 {
    params.replicas as u16 + 1
}

/// One command of the stream of replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it changes.
    pub change: Change,
    /// When the primary ran it.
    pub at: Nanos,
}

/// What a command of the stream changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A request's write: a key, and its new version.
    Row(u32, u32),
    /// What somebody has typed, or that keys have expired: what replicas are told of it, in order. It is
    /// no request, has no version, and no observer counts it; it takes one place in the stream.
    Typed(Arc<Vec<String>>),
}

/// What a primary knows of a replica that is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attached {
    /// How far it has said it is.
    pub offset: u64,
    /// When it said so last, or connected.
    pub heard: Nanos,
    /// Whether it has loaded a copy, if it had to.
    pub online: bool,
}

/// A replica's connection to its primary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
    /// Whether the primary streams to it.
    pub up: bool,
    /// When it last heard from its primary; when it turned to it, if it never did.
    pub heard: Nanos,
    /// Which of its attempts to connect this is: answers to earlier ones do not count.
    pub attempt: u32,
}

/// All data of a primary at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Ids of the streams they come from, and where each began.
    pub lineage: Vec<(u32, u64)>,
    /// Commands of the stream that are in them.
    pub at: u64,
    /// Version of each key.
    pub rows: CowList<u32>,
    /// What has been typed.
    pub keys: Keyspace,
}

/// A copy that a replica is loading, and what comes after it meanwhile.
#[derive(Clone, Debug)]
pub struct Loading {
    /// All data.
    pub snapshot: Arc<Snapshot>,
    /// The commands since then.
    pub since: Vec<Entry>,
}

/// A Redis server. Its data survive a crash (see what is left out), and so does whom it follows.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its own ordinal.
    pub own: u16,
    /// The primary it follows; none if it is one.
    pub follows: Option<u16>,
    /// Ids of the streams that its data come from, and at which offset each began; the last one is its
    /// replication id, and the one before its second.
    pub lineage: Vec<(u32, u64)>,
    /// The latest id it has seen.
    pub seen: u32,
    /// Version of each key; keys beyond the end have never been written and have version 1.
    pub rows: CowList<u32>,
    /// Keys that people have typed, with what they hold: beside those of requests, of which only versions
    /// are known.
    pub keys: Keyspace,
    /// The last commands that were typed here, oldest first.
    pub typed: Vec<Typed>,
    /// The stream: its end is the offset, its start as far as the backlog reaches back.
    pub stream: CowList<Entry>,
    /// As a primary: the servers that follow it, by ordinal.
    pub attached: Vec<Option<Attached>>,
    /// As a replica: its connection.
    pub link: Link,
    /// As a replica: the copy it is loading.
    pub loading: Option<Box<Loading>>,
}

/// What a member remembers.
#[derive(Clone, Debug)]
pub enum RedisState {
    /// It keeps data.
    Server(Server),
    /// It watches.
    Sentinel(Sentinel),
}

/// What a server says of itself (INFO replication).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// Whom it follows; none if it is a primary.
    pub follows: Option<u16>,
    /// Whether its primary streams to it.
    pub link_up: bool,
    /// For how long that has not been so.
    pub link_down: Nanos,
    /// How far it is.
    pub offset: u64,
    /// The id of the stream that its data come from.
    pub id: u32,
}

/// Between members.
#[derive(Clone, Debug)]
pub enum RedisMessage {
    /// A replica to its primary (PSYNC): which attempt this is, the id of the stream that its data come from, and
    /// how far.
    Psync(u32, u32, u64),
    /// To the replica (+CONTINUE): the stream goes on from this offset on.
    Continue(u32, Arc<[(u32, u64)]>, u64),
    /// To the replica (+FULLRESYNC): all data; the stream goes on after them.
    Full(u32, Arc<Snapshot>),
    /// To the replica: of the stream with this id, from this offset on. Without commands: a sign of life.
    Stream(u32, u64, Arc<[Entry]>),
    /// A replica to its primary (REPLCONF ACK): how far it is in this stream; none while it loads a copy.
    Ack(u32, Option<u64>),
    /// The connection is closed.
    Closed,
    /// Sentinel to server.
    Ping,
    /// The answer.
    Pong,
    /// Sentinel to server (INFO).
    AskInfo,
    /// The answer.
    Info(Info),
    /// Sentinel to server (REPLICAOF): follow this one; or, in this epoch, none.
    ReplicaOf(Option<u16>, u32),
    /// Sentinel to sentinel (SENTINEL is-master-down-by-addr): do you find this primary down, too? If the
    /// asker wants to lead a failover, also: will you vote for me in this epoch?
    IsDown(u16, u32, bool),
    /// The answer: that primary, whether it is down, and whom it votes for in which epoch.
    Down(u16, bool, Option<(u16, u32)>),
    /// Sentinel to sentinel: my current epoch, the primary, and the epoch of the failover that made it one.
    Hello(u32, u16, u32),
}

/// Why a member wakes.
#[derive(Clone, Copy, Debug)]
pub enum RedisTimer {
    /// A server's replication, once a second.
    Cron,
    /// A copy is loaded, of this attempt to connect.
    Loaded(u32),
    /// A sentinel looks around.
    Look,
}

crate::stable! {
    Entry { change, at }
    Attached { offset, heard, online }
    Link { up, heard, attempt }
    Snapshot { lineage, at, rows, keys }
    Loading { snapshot, since }
    Server { own, follows, lineage, seen, rows, keys, typed, stream, attached, link, loading }
    Info { follows, link_up, link_down, offset, id }
}

impl StableHash for Change {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Row(key, version) => (0u8, (*key, *version)).stable_hash(h),
            Self::Typed(effects) => {
                h.word(1);
                effects.stable_hash(h);
            }
        }
    }
}

impl StableHash for RedisState {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Server(it) => {
                h.word(0);
                it.stable_hash(h);
            }
            Self::Sentinel(it) => {
                h.word(1);
                it.stable_hash(h);
            }
        }
    }
}

impl StableHash for RedisMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Psync(attempt, id, offset) => ((0u8, *attempt), (*id, *offset)).stable_hash(h),
            Self::Continue(attempt, lineage, from) => {
                ((1u8, *attempt), *from).stable_hash(h);
                lineage.stable_hash(h);
            }
            Self::Full(attempt, snapshot) => {
                (2u8, *attempt).stable_hash(h);
                snapshot.stable_hash(h);
            }
            Self::Stream(id, first, entries) => {
                ((3u8, *id), *first).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Ack(id, offset) => ((4u8, *id), *offset).stable_hash(h),
            Self::Closed => h.word(5),
            Self::Ping => h.word(6),
            Self::Pong => h.word(7),
            Self::AskInfo => h.word(8),
            Self::Info(it) => {
                h.word(9);
                it.stable_hash(h);
            }
            Self::ReplicaOf(whom, epoch) => ((10u8, *whom), *epoch).stable_hash(h),
            Self::IsDown(primary, epoch, stands) => {
                ((11u8, *primary), (*epoch, *stands)).stable_hash(h);
            }
            Self::Down(primary, down, vote) => ((12u8, *primary), (*down, *vote)).stable_hash(h),
            Self::Hello(epoch, primary, config) => {
                ((13u8, *epoch), (*primary, *config)).stable_hash(h);
            }
        }
    }
}

impl StableHash for RedisTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Cron => h.word(0),
            Self::Loaded(attempt) => (1u8, *attempt).stable_hash(h),
            Self::Look => h.word(2),
        }
    }
}

impl RedisState {
    /// The server, if it is one.
    pub fn server(&self) -> Option<&Server> {
        match self {
            Self::Server(it) => Some(it),
            Self::Sentinel(_) => None,
        }
    }

    /// The sentinel, if it is one.
    pub fn sentinel(&self) -> Option<&Sentinel> {
        match self {
            Self::Sentinel(it) => Some(it),
            Self::Server(_) => None,
        }
    }
}

impl Server {
    /// Whether it takes writes, as far as it knows.
    pub fn leads(&self) -> bool {
        self.follows.is_none()
    }

    /// Its replication id: of the stream that its data come from.
    pub fn id(&self) -> u32 {
        self.lineage.last().map_or(0, |it| it.0)
    }

    /// Commands that are in its data.
    pub fn offset(&self) -> u64 {
        self.stream.end()
    }

    /// The version it has of a key.
    pub fn version(&self, key: u32) -> u32 {
        self.rows.get(u64::from(key)).copied().unwrap_or(1)
    }

    /// How far a replica of this primary is behind: in commands, and as the age of the oldest it has not run.
    pub fn lag_of(&self, replica: &Self, now: Nanos) -> (u64, Nanos) {
        let behind = self.offset().saturating_sub(replica.offset());
        let oldest = self.stream.get(replica.offset().max(self.stream.start()));
        let age = oldest.filter(|_| behind > 0).map(|it| now.saturating_sub(it.at));
        (behind, age.unwrap_or_default())
    }

    /// Whether a command of a stream, by that stream's id and its place there, is in its data. Of streams that
    /// are no longer remembered it is taken for granted.
    pub fn has(&self, (id, place): (u32, u64)) -> bool {
        let index = self.lineage.iter().position(|it| it.0 == id);
        let Some(index) = index else { return self.lineage.first().is_some_and(|it| id < it.0) };
        let end = self.lineage.get(index + 1).map_or(self.offset(), |it| it.1);
        place < end
    }

    /// What it says of itself.
    pub(super) fn info(&self, now: Nanos) -> Info {
        let link_up = self.follows.is_some() && self.link.up && self.loading.is_none();
        let gone = self.follows.is_some() && !link_up;
        let link_down = if gone { now.saturating_sub(self.link.heard) } else { Nanos::ZERO };
        let (offset, id) = (self.offset(), self.id());
        Info { follows: self.follows, link_up, link_down, offset, id }
    }
}
