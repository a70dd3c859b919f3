//! A relational database: a primary with a real log, and replicas that follow it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Request, Served};

use idempotency::Answers;
use replication::{
    LOG_MAX, acknowledge, append, apply_next, beat, come_up, confirmed, copy, lose_patience, received,
    ship_new, ship_to,
};

use super::{Context, Fidelity, Gauge, Group, Kind, OutWire, Role, Standing};

pub mod idempotency;
mod replication;

crate::choices! {
    /// When a write is acknowledged.
    pub enum Replication {
        /// Once the primary has it.
        Async = "async",
        /// Once so many replicas have received it, too.
        SemiSync = "semi-sync",
        /// Once every replica has applied it.
        Sync = "sync",
    }
}

crate::params! {
    /// Parameters of a relational database.
    pub struct SqlDbParams {
        /// Copies that follow the primary; reads may go to them.
        replicas: u32 = 2, in 0..=15, "replicas";
        /// When a write is acknowledged: at once (async), when some replicas have received it
        /// (semi-sync), or when all have applied it (sync; one that is down stops all writes).
        replication: Replication = Replication::Async;
        /// With semi-sync: replicas that must have received a write.
        acks: u32 = 1, in 1..=15, "replicas";
        /// With semi-sync: how long a write waits for them before the primary goes on alone, until
        /// they have caught up; 0s waits for ever.
        ack_timeout: Nanos = Nanos::seconds(10), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Queries one member runs at once.
        workers: u32 = 16, in 1..=10_000, "connections";
        /// Queries that may wait at one member; more are turned away.
        queue: u32 = 512, in 0..=1_000_000, "queries";
        /// Mean time of a read.
        read_work: Nanos = Nanos::millis(4), in Nanos::ZERO..=Nanos::seconds(60);
        /// Mean time of a write, the flush of the log included.
        write_work: Nanos = Nanos::millis(8), in Nanos::ZERO..=Nanos::seconds(60);
        /// Idempotency keys: how long a write and its answer are remembered, so that the same write
        /// once more, since its caller tries again, is answered as before and not applied twice. By
        /// the primary's own clock; 0s for no keys.
        idempotency: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(86_400);
        /// Idempotency keys remembered at most; then the oldest go first.
        idempotency_keys: u32 = 100_000, in 1..=1_000_000, "keys";
        /// How these times are distributed.
        work_shape: Shape = Shape::LogNormal;
        /// Time a replica takes to apply one entry of the log; entries are applied one by one.
        apply_work: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// Mean time a message takes between members, one way.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or log
        /// entry in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
    }
}

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
    applying: bool,
    /// At the primary: writes of late, by idempotency key.
    pub answers: Answers,
}

/// Between members.
#[derive(Clone, Debug)]
pub enum SqlDbMessage {
    /// Primary to replica: entries from this position on; may be empty, to ask how far it is.
    Append(u64, Arc<[Entry]>),
    /// Primary to replica: a whole copy as of this position, where the log no longer reaches back.
    Copy(u64, Arc<CowList<u32>>),
    /// Replica to primary: entries received and applied so far.
    Received(u64, u64),
    /// Replica to primary: it has come up, and wants the log from this position on.
    Follow(u64),
}

/// Why a member wakes.
#[derive(Clone, Debug)]
pub enum SqlDbTimer {
    /// An entry has been applied.
    Applied,
    /// The primary looks after its replicas.
    Beat,
}

crate::stable! {
    Entry { key, version, at }
    Follower { sent, received, applied, received_at_beat }
    Waiting { position, version, since, ticket }
    SqlDbState { primary, rows, log, applied, followers, waiting, alone, applying, answers }
}

impl crate::base::stable::StableHash for SqlDbMessage {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        match self {
            Self::Append(from, entries) => {
                (0u8, *from).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Copy(at, rows) => {
                (1u8, *at).stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Received(to, applied) => {
                (2u8, *to).stable_hash(h);
                h.word(*applied);
            }
            Self::Follow(from) => (3u8, *from).stable_hash(h),
        }
    }
}

impl crate::base::stable::StableHash for SqlDbTimer {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        h.word(matches!(self, Self::Beat).into());
    }
}

/// A read ended at a replica.
pub const READ_AT_REPLICA: u8 = 0;
/// A read ended at the primary.
pub const READ_AT_PRIMARY: u8 = 1;
/// A write was committed.
pub const COMMITTED: u8 = 2;
/// A write came again, and was answered by its idempotency key.
pub const REPEATED: u8 = 3;

/// The kind.
#[derive(Debug)]
pub struct SqlDb;

impl Kind for SqlDb {
    const ID: &'static str = "sql-db";
    const NAME: &'static str = "SQL database";
    const SUMMARY: &'static str =
        "Keeps the truth: one primary takes the writes, replicas follow its log.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Leader;
    const COUNTERS: &'static [&'static str] = &["replica_reads", "primary_reads", "committed", "repeated"];
    const GAUGES: &'static [Gauge] = &[
        Gauge {
            name: "lag_ns",
            help: "Age of the oldest committed entry that the slowest replica has not applied.",
        },
        Gauge {
            name: "lag_entries",
            help: "Committed entries that the slowest replica has not applied.",
        },
    ];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "A real log: entries are sent in order, received, applied one by one; a replica that \
             was cut off catches up, from a copy if it must.",
            "Rows have versions; a read returns the version its member has.",
            "Replication: asynchronous, semi-synchronous as MySQL's (replicas have received a \
             write; after a time without answer the primary goes on alone until they are level) \
             or synchronous as PostgreSQL's remote_apply (all replicas have applied it).",
            "Idempotency keys: each call has one, the same for every attempt at it, also if callers \
             further up try again; the key is stored with the write.",
            "With synchronous replication a replica that is down or cut off stops every write: \
             it waits, with its connection, for as long as its caller does and longer.",
        ],
        left_out: &[
            "Failover: nobody takes a dead primary's place.",
            "Queries over several rows, locks, disks.",
        ],
        defaults: "16 connections, 4 ms reads, 8 ms writes: a small instance on network disks. \
                   Replication between zones of one region takes about half a millisecond.",
    };
    type Params = SqlDbParams;
    type State = Box<SqlDbState>;
    type Message = SqlDbMessage;
    type Timer = SqlDbTimer;

    fn members(params: &SqlDbParams) -> u32 {
        params.replicas + 1
    }

    fn member_name(_: &SqlDbParams, ordinal: u16) -> String {
        if ordinal == 0 { "primary".into() } else { format!("replica {ordinal}") }
    }

    fn station(params: &SqlDbParams) -> Station {
        let SqlDbParams { workers, queue, .. } = *params;
        Station { workers, queue_max: queue, hold: true, ..Station::UNLIMITED }
    }

    fn plan(params: &SqlDbParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = |mean| Box::new(Plan::Work(Spread::new(params.work_shape, mean)));
        let by_verb = Plan::If {
            condition: Condition::Verb(Verb::Write),
            then: work(params.write_work),
            otherwise: work(params.read_work),
        };
        Plan::Sequence(vec![by_verb, Plan::Local])
    }

    fn mesh(params: &SqlDbParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0)
    }

    fn rows(message: &SqlDbMessage) -> usize {
        match message {
            SqlDbMessage::Append(_, entries) => entries.len(),
            SqlDbMessage::Copy(_, rows) => rows.end() as usize,
            SqlDbMessage::Received(..) | SqlDbMessage::Follow(_) => 0,
        }
    }

    fn start(_: &SqlDbParams, ctx: &mut Context<Self>) -> Box<SqlDbState> {
        let primary = ctx.ordinal() == 0;
        let followers = vec![Follower::default(); usize::from(ctx.members())];
        let mut state = Box::new(SqlDbState {
            primary,
            rows: CowList::default(),
            log: CowList::default(),
            applied: 0,
            followers,
            waiting: VecDeque::new(),
            alone: false,
            applying: false,
            answers: Answers::default(),
        });
        come_up(&mut state, ctx);
        state
    }

    fn restart(
        old: &Box<SqlDbState>,
        _: &SqlDbParams,
        ctx: &mut Context<Self>,
    ) -> Box<SqlDbState> {
        let followers = vec![Follower::default(); usize::from(ctx.members())];
        let (waiting, old) = (VecDeque::new(), (**old).clone());
        let fresh = SqlDbState { followers, waiting, alone: false, applying: false, ..old };
        let mut state = Box::new(fresh);
        come_up(&mut state, ctx);
        state
    }

    fn retune(
        state: &mut Box<SqlDbState>,
        _: &SqlDbParams,
        params: &SqlDbParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        state.followers.resize(usize::from(ctx.members()), Follower::default());
        acknowledge(state, params, ctx);
        true
    }

    fn handle(
        state: &mut Box<SqlDbState>,
        params: &SqlDbParams,
        what: Happening<SqlDbMessage, SqlDbTimer>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Message(from, SqlDbMessage::Received(to, applied)) if state.primary => {
                received(state, from, to, applied, ctx);
                acknowledge(state, params, ctx);
            }
            Happening::Message(from, SqlDbMessage::Follow(at)) if state.primary => {
                if let Some(follower) = state.followers.get_mut(usize::from(from)) {
                    (follower.sent, follower.received) = (at, at);
                    follower.applied = follower.applied.min(at);
                    ship_to(state, from, ctx);
                }
            }
            Happening::Message(from, SqlDbMessage::Append(first, entries)) if !state.primary => {
                append(state, params, first, &entries, ctx);
                ctx.send(from, SqlDbMessage::Received(state.log.end(), state.applied));
            }
            Happening::Message(from, SqlDbMessage::Copy(at, rows)) if !state.primary => {
                if at > state.log.end() {
                    copy(state, at, &rows);
                }
                ctx.send(from, SqlDbMessage::Received(state.log.end(), state.applied));
            }
            Happening::Timer(SqlDbTimer::Applied) => {
                apply(state);
                state.applying = false;
                if params.replication == Replication::Sync {
                    ctx.send(0, SqlDbMessage::Received(state.log.end(), state.applied));
                }
                apply_next(state, params, ctx);
            }
            Happening::Timer(SqlDbTimer::Beat) => {
                lose_patience(state, params, ctx.now());
                acknowledge(state, params, ctx);
                beat(state, ctx);
            }
            _ => {}
        }
    }

    fn serve(
        state: &mut Box<SqlDbState>,
        params: &SqlDbParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let version = version_of(state, request.key);
        if request.verb == Verb::Read {
            ctx.found(request, version);
            ctx.count(if state.primary { READ_AT_PRIMARY } else { READ_AT_REPLICA }, request.key);
            return Served::ok(version);
        }
        if !state.primary {
            return Served::not_leader(Some(0));
        }
        let call = ctx.call_key(request, ticket);
        if params.idempotency > Nanos::ZERO {
            let clock = ctx.clock();
            state.answers.forget(clock, params.idempotency, params.idempotency_keys);
            if let Some(it) = state.answers.find(call) {
                ctx.count(REPEATED, request.key);
                return confirm(state, params, (it.position, it.version), ticket, ctx.now());
            }
        }
        // A cache that flushes has counted on from the version it read.
        let flushed = if request.verb == Verb::Flush { request.version } else { 0 };
        let version = flushed.max(version + 1);
        let entry = Entry { key: request.key, version, at: ctx.now() };
        if params.idempotency > Nanos::ZERO {
            state.answers.remember(call, state.log.end(), version, ctx.clock());
        }
        state.log.push(entry);
        apply(state);
        let oldest = state.followers.iter().skip(1).map(|it| it.received).min();
        let keep = oldest.unwrap_or(u64::MAX).max(state.log.end().saturating_sub(LOG_MAX));
        state.log.drop_before(keep.min(state.applied));
        ctx.count(COMMITTED, request.key);
        ctx.committed_once(entry.key, entry.version, call);
        ship_new(state, ctx);
        confirm(state, params, (state.log.end() - 1, version), ticket, entry.at)
    }

    fn gauges(members: &[Option<&Box<SqlDbState>>], now: Nanos) -> Vec<f64> {
        let Some(Some(primary)) = members.first() else { return vec![0.0, 0.0] };
        let behind = members.iter().skip(1).flatten();
        let slowest = behind.map(|it| it.applied).min().unwrap_or(primary.applied);
        let entries = primary.applied.saturating_sub(slowest);
        let oldest = primary.log.get(slowest.max(primary.log.start())).filter(|_| entries > 0);
        let age = oldest.map_or(0, |it| now.saturating_sub(it.at).0);
        vec![age as f64, entries as f64]
    }

    fn standing(state: &Box<SqlDbState>) -> Standing {
        if state.primary { Standing::Leader } else { Standing::Follower }
    }
}

/// Answers a write, at once or when enough replicas have it.
fn confirm(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    (position, version): (u64, u32),
    ticket: Handle,
    since: Nanos,
) -> Served {
    if position < confirmed(state, params) {
        return Served::ok(version);
    }
    // One that comes again waits with the first.
    let place = state.waiting.partition_point(|it| it.position <= position);
    state.waiting.insert(place, Waiting { position, version, since, ticket });
    Served::Later
}

fn version_of(state: &SqlDbState, key: u32) -> u32 {
    state.rows.get(u64::from(key)).copied().unwrap_or(1)
}

/// Applies the next entry of the log to the rows.
fn apply(state: &mut SqlDbState) {
    let Some(entry) = state.log.get(state.applied).copied() else { return };
    while state.rows.end() <= u64::from(entry.key) {
        state.rows.push(1);
    }
    state.rows.set(u64::from(entry.key), entry.version);
    state.applied += 1;
}
