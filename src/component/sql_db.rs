//! A relational database: a primary with a real log, and replicas that follow it asynchronously.

use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Link, Station};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Request, Served};

use super::{Context, Fidelity, Gauge, Group, Kind, OutWire, Role, Standing};

crate::params! {
    /// Parameters of a relational database.
    pub struct SqlDbParams {
        /// Copies that follow the primary; reads may go to them.
        replicas: u32 = 2, in 0..=15, "replicas";
        /// Queries one member runs at once.
        workers: u32 = 16, in 1..=10_000, "connections";
        /// Queries that may wait at one member; more are turned away.
        queue: u32 = 512, in 0..=1_000_000, "queries";
        /// Mean time of a read.
        read_work: Nanos = Nanos::millis(4), in Nanos::ZERO..=Nanos::seconds(60);
        /// Mean time of a write, the flush of the log included.
        write_work: Nanos = Nanos::millis(8), in Nanos::ZERO..=Nanos::seconds(60);
        /// How these times are distributed.
        work_shape: Shape = Shape::LogNormal;
        /// Time a replica takes to apply one entry of the log; entries are applied one by one.
        apply_work: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// Mean time a message takes between members, one way.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
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
    /// The same, when the last beat looked.
    pub received_at_beat: u64,
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
    /// Whether an entry is being applied.
    applying: bool,
}

/// Between members.
#[derive(Clone, Debug)]
pub enum SqlDbMessage {
    /// Primary to replica: entries from this position on; may be empty, to ask how far it is.
    Append(u64, Arc<[Entry]>),
    /// Primary to replica: a whole copy as of this position, where the log no longer reaches back.
    Copy(u64, Arc<CowList<u32>>),
    /// Replica to primary: entries received so far.
    Received(u64),
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
    Follower { sent, received, received_at_beat }
    SqlDbState { primary, rows, log, applied, followers, applying }
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
            Self::Received(to) => (2u8, *to).stable_hash(h),
        }
    }
}

impl crate::base::stable::StableHash for SqlDbTimer {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        h.word(matches!(self, Self::Beat).into());
    }
}

/// How often the primary looks for replicas that stopped answering.
const BEAT: Nanos = Nanos::millis(100);
/// Most entries in one message.
const BATCH_MAX: u64 = 256;
/// Entries kept for replicas that fall behind; one further behind gets a whole copy.
const LOG_MAX: u64 = 100_000;

/// A read ended at a replica.
pub const READ_AT_REPLICA: u8 = 0;
/// A read ended at the primary.
pub const READ_AT_PRIMARY: u8 = 1;
/// A write was committed.
pub const COMMITTED: u8 = 2;

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
    const COUNTERS: &'static [&'static str] = &["replica_reads", "primary_reads", "committed"];
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
            "Asynchronous replication: a write is acknowledged before replicas have it.",
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
        Station { workers, queue_max: queue, hold: true, drop_expired: false }
    }

    fn plan(params: &SqlDbParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = |mean| Box::new(Plan::Work(Spread { shape: params.work_shape, mean }));
        let by_verb = Plan::If {
            condition: Condition::Verb(Verb::Write),
            then: work(params.write_work),
            otherwise: work(params.read_work),
        };
        Plan::Sequence(vec![by_verb, Plan::Local])
    }

    fn mesh(params: &SqlDbParams) -> Link {
        Link { latency: Spread { shape: Shape::LogNormal, mean: params.mesh_latency } }
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
            applying: false,
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
        let mut state = Box::new(SqlDbState { followers, applying: false, ..(**old).clone() });
        come_up(&mut state, ctx);
        state
    }

    fn retune(
        state: &mut Box<SqlDbState>,
        _: &SqlDbParams,
        _: &SqlDbParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        state.followers.resize(usize::from(ctx.members()), Follower::default());
        true
    }

    fn handle(
        state: &mut Box<SqlDbState>,
        params: &SqlDbParams,
        what: Happening<SqlDbMessage, SqlDbTimer>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Message(from, SqlDbMessage::Received(to)) if state.primary => {
                received(state, from, to, ctx);
            }
            Happening::Message(from, SqlDbMessage::Append(first, entries)) if !state.primary => {
                append(state, params, first, &entries, ctx);
                ctx.send(from, SqlDbMessage::Received(state.log.end()));
            }
            Happening::Message(from, SqlDbMessage::Copy(at, rows)) if !state.primary => {
                if at > state.log.end() {
                    copy(state, at, &rows);
                }
                ctx.send(from, SqlDbMessage::Received(state.log.end()));
            }
            Happening::Timer(SqlDbTimer::Applied) => {
                apply(state);
                state.applying = false;
                apply_next(state, params, ctx);
            }
            Happening::Timer(SqlDbTimer::Beat) => beat(state, ctx),
            _ => {}
        }
    }

    fn serve(
        state: &mut Box<SqlDbState>,
        _: &SqlDbParams,
        request: &Request,
        _: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let version = version_of(state, request.key);
        if request.verb == Verb::Read {
            ctx.count(if state.primary { READ_AT_PRIMARY } else { READ_AT_REPLICA }, request.key);
            return Served::ok(version);
        }
        if !state.primary {
            return Served::not_leader(Some(0));
        }
        let entry = Entry { key: request.key, version: version + 1, at: ctx.now() };
        state.log.push(entry);
        apply(state);
        let oldest = state.followers.iter().skip(1).map(|it| it.received).min();
        let keep = oldest.unwrap_or(u64::MAX).max(state.log.end().saturating_sub(LOG_MAX));
        state.log.drop_before(keep.min(state.applied));
        ctx.count(COMMITTED, request.key);
        ctx.committed(entry.key, entry.version);
        ship_new(state, ctx);
        Served::ok(entry.version)
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

fn come_up(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    if state.primary {
        // Nothing is known of the others: ask, and look again at every beat.
        beat(state, ctx);
    } else {
        state.log.truncate(state.log.end());
        state.applying = state.applied < state.log.end();
        if state.applying {
            ctx.timer(Nanos::ZERO, SqlDbTimer::Applied);
        }
    }
}

/// Sends what has just been committed to every replica that has been sent all before it.
fn ship_new(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    let last = state.log.end() - 1;
    let Some(entry) = state.log.get(last).copied() else { return };
    let entries: Arc<[Entry]> = Arc::new([entry]);
    for ordinal in 1..ctx.members() {
        let follower = &mut state.followers[usize::from(ordinal)];
        if follower.sent == last {
            follower.sent += 1;
            ctx.send(ordinal, SqlDbMessage::Append(last, entries.clone()));
        }
    }
}

/// Sends a replica what it has not been sent, as much as fits in one message.
fn ship_to(state: &mut SqlDbState, ordinal: u16, ctx: &mut Context<SqlDb>) {
    let follower = &mut state.followers[usize::from(ordinal)];
    let first = follower.sent;
    if first < state.log.start() {
        follower.sent = state.applied;
        let rows = Arc::new(state.rows.clone());
        return ctx.send(ordinal, SqlDbMessage::Copy(state.applied, rows));
    }
    let last = state.log.end().min(first + BATCH_MAX);
    let entries = (first..last).filter_map(|it| state.log.get(it).copied()).collect();
    follower.sent = last;
    ctx.send(ordinal, SqlDbMessage::Append(first, entries));
}

fn received(state: &mut SqlDbState, from: u16, to: u64, ctx: &mut Context<SqlDb>) {
    let end = state.log.end();
    let Some(follower) = state.followers.get_mut(usize::from(from)) else { return };
    follower.received = to;
    if follower.sent < to {
        follower.sent = to;
    }
    if follower.sent == to && to < end {
        ship_to(state, from, ctx);
    }
}

/// Sends again from what a replica has said it has, if it has said nothing new since the last beat.
fn beat(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    for ordinal in 1..ctx.members() {
        let end = state.log.end();
        let follower = &mut state.followers[usize::from(ordinal)];
        let stuck = follower.received == follower.received_at_beat && follower.received < end;
        follower.received_at_beat = follower.received;
        let idle = follower.received == end;
        if stuck {
            follower.sent = follower.received;
        }
        if stuck || idle {
            ship_to(state, ordinal, ctx);
        }
    }
    ctx.timer(BEAT, SqlDbTimer::Beat);
}

fn append(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    first: u64,
    entries: &[Entry],
    ctx: &mut Context<SqlDb>,
) {
    // What overlaps is already here; what leaves a gap waits until the primary sends again.
    for (position, entry) in (first..).zip(entries) {
        if position == state.log.end() {
            state.log.push(*entry);
        }
    }
    apply_next(state, params, ctx);
}

fn apply_next(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if !state.applying && state.applied < state.log.end() {
        state.applying = true;
        let span = ctx.stretch(params.apply_work);
        ctx.timer(span, SqlDbTimer::Applied);
    }
    state.log.drop_before(state.applied.min(state.log.end().saturating_sub(LOG_MAX)));
}

/// Takes a whole copy over.
fn copy(state: &mut SqlDbState, at: u64, rows: &CowList<u32>) {
    state.rows = rows.clone();
    state.log = CowList::starting_at(at);
    state.applied = at;
}
