//! A relational database: a primary with a real log, and replicas that follow it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Station, Switch};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Request, Served};

use idempotency::Answers;
use replication::{
    LOG_MAX, acknowledge, append, apply_next, beat, come_up, confirmed, copy, lose_patience, received,
    ship_gathered, ship_new, ship_to,
};

use super::{Context, Fidelity, Gauge, Group, Kind, OutWire, Role, Standing};

pub use params::{Carries, Detector, Failover, Replication, SqlDbParams, Standby, Switching, Topology};
pub use state::{Entry, Follower, SqlDbMessage, SqlDbState, SqlDbTimer, Waiting};

pub use params::{by_itself, is_cold, is_warm};
pub use replication::first;
use params::{by_address, cascades, fails_over, waits_for};

pub mod cascade;
pub mod failover;
pub mod idempotency;
mod params;
mod replication;
mod state;

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
            "Cascade: a replica hands on what it has received, applied or not; signs of life only as \
             they come. Acknowledgements cover the first replica only, as PostgreSQL's cascading \
             replication is asynchronous. Those behind a dead replica hear nothing until it is \
             back; after a takeover the new primary tells each who follows whom to turn to.",
            "Rows have versions; a read returns the version its member has. Read your writes: a caller \
             remembers how far the log went with its latest write (PostgreSQL: its LSN), and a \
             replica that has not applied it so far sends the read on to the primary.",
            "Replication: asynchronous, semi-synchronous as MySQL's (replicas have received a \
             write; after a time without answer the primary goes on alone until they are level) \
             or synchronous as PostgreSQL's remote_apply (all replicas have applied it); for all replicas or \
             for the first of those that are there. The primary's signs of life say for whom.",
            "What the log carries: changes, applied in a time of their own (passive, or primary–backup, \
             replication), or operations, executed again by each replica (active, or state-machine, \
             replication).",
            "Idempotency keys: each call has one, the same for every attempt at it, also if callers \
             further up try again; the key is stored with the write.",
            "Failover: each takeover has a term of its own, and members follow the latest; where two \
             logs part is found by the terms they were written under, and what only the old primary \
             had is thrown away (as pg_rewind does). Silence is judged by a fixed time or by phi \
             accrual (Hayashibara and others, 2004); votes go to logs at least as long (Raft).",
            "Standbys are hot, warm (PostgreSQL's word for one that follows and cannot be connected to) \
             or cold: then the database is off and gets a backup now and then; an agent on its host hears \
             signs of life and votes, and writes wait for no standby. Readers of a standby that is closed or \
             off are sent on to the primary. Who has been chosen says so until it leads.",
            "Clients find a new primary by asking around, by a virtual address (of two who have it, each \
             client reaches the one that the network carries it to), or by a DNS record, whose answer \
             each keeps for its time to live: until then it asks the old primary, which is dead, \
             refuses, or, without fencing, takes writes that are lost.",
            "With synchronous replication a replica that is down or cut off stops every write: \
             it waits, with its connection, for as long as its caller does and longer.",
        ],
        left_out: &[
            "What gathers at a primary that dies is lost with it; a disk that is lost is not modelled.",
            "Cold standbys have no archive of the log since the backup, and a larger backup takes no \
             longer to restore.",
            "Idempotency keys are not replicated: a replica that is promoted knows none.",
            "Looking a name up takes no time, and name servers do not fail.",
            "With operations in the log, replicas answer no write in the primary's place: a Raft group's \
             members agree on an order first.",
            "Queries over several rows, locks, disks.",
        ],
        defaults: "16 connections, 4 ms reads, 8 ms writes: a small instance on network disks. \
                   Replication between zones of one region takes about half a millisecond. 30 s to live: \
                   Amazon RDS asks clients for less than that. \
                   Warm standbys open in 30 s, cold ones start in 5 minutes, of the 5 to 15 that are usual.",
    };
    type Params = SqlDbParams;
    type State = Box<SqlDbState>;
    type Message = SqlDbMessage;
    type Timer = SqlDbTimer;

    fn members(params: &SqlDbParams) -> u32 {
        params.replicas + 1
    }

    fn member_name(params: &SqlDbParams, ordinal: u16) -> String {
        match (ordinal, params.failover) {
            (0, Failover::None) => "primary".into(),
            (0, _) => "first primary".into(),
            _ => format!("replica {ordinal}"),
        }
    }

    fn places(params: &SqlDbParams) -> &str {
        &params.places
    }

    fn switch(params: &SqlDbParams) -> Switch {
        match params.switch {
            Switching::Address if fails_over(params) => Switch::Address,
            Switching::Dns if fails_over(params) => Switch::Name { ttl: params.dns_ttl },
            _ => Switch::Members,
        }
    }

    fn reserve(params: &SqlDbParams) -> u16 {
        waits_for(params) as u16
    }

    fn needs_later(params: &SqlDbParams) -> bool {
        fails_over(params) || cascades(params)
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
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &SqlDbMessage) -> usize {
        match message {
            SqlDbMessage::Append(_, _, entries) => entries.len(),
            SqlDbMessage::Copy(_, _, rows) => rows.end() as usize,
            SqlDbMessage::Received(..) | SqlDbMessage::Follow(_) => 0,
            SqlDbMessage::Led(it) => it.rows(),
        }
    }

    fn start(params: &SqlDbParams, ctx: &mut Context<Self>) -> Box<SqlDbState> {
        let primary = ctx.ordinal() == 0;
        let followers = vec![Follower::default(); usize::from(ctx.members())];
        let mut state = Box::new(SqlDbState {
            primary,
            own: ctx.ordinal(),
            rows: CowList::default(),
            log: CowList::default(),
            applied: 0,
            followers,
            waiting: VecDeque::new(),
            alone: false,
            applying: false,
            worked: (0, Nanos::ZERO),
            beats: (false, false),
            level_at: ctx.now(),
            led: None,
            chain: None,
            answers: Answers::default(),
        });
        come_up(&mut state, params, ctx);
        state
    }

    fn restart(
        old: &Box<SqlDbState>,
        params: &SqlDbParams,
        ctx: &mut Context<Self>,
    ) -> Box<SqlDbState> {
        let followers = vec![Follower::default(); usize::from(ctx.members())];
        let (waiting, old) = (VecDeque::new(), (**old).clone());
        let fresh = SqlDbState {
            followers,
            waiting,
            alone: false,
            applying: false,
            beats: (false, false),
            level_at: ctx.now(),
            ..old
        };
        let mut state = Box::new(fresh);
        come_up(&mut state, params, ctx);
        state
    }

    fn retune(
        state: &mut Box<SqlDbState>,
        before: &SqlDbParams,
        params: &SqlDbParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        state.followers.resize(usize::from(ctx.members()), Follower::default());
        if fails_over(params) && state.led.is_none() {
            (failover::deeds().come_up)(state, params, ctx);
        }
        let row = |it: &SqlDbParams| (it.topology, it.replicas);
        if (cascades(params) || state.chain.is_some()) && row(before) != row(params) {
            (cascade::deeds().tie)(state, params, ctx);
        }
        // What replicas have spent is what they spend as it is set now.
        let work = |it: &SqlDbParams| (it.log_carries, it.apply_work, it.write_work);
        if work(before) != work(params) {
            state.worked = (0, Nanos::ZERO);
        }
        if is_cold(params) && !is_cold(before) {
            (failover::deeds().back_up)(state, params, ctx);
        }
        acknowledge(state, params, ctx);
        true
    }

    fn handle(
        state: &mut Box<SqlDbState>,
        params: &SqlDbParams,
        what: Happening<SqlDbMessage, SqlDbTimer>,
        ctx: &mut Context<Self>,
    ) {
        let what = match state.led {
            Some(_) => match (failover::deeds().meet)(state, params, what, ctx) {
                Some(what) => what,
                None => return,
            },
            None => what,
        };
        let what = match state.chain {
            Some(_) => match (cascade::deeds().meet)(state, params, what, ctx) {
                Some(what) => what,
                None => return,
            },
            None => what,
        };
        match what {
            Happening::Message(from, SqlDbMessage::Received(_, to, applied)) if state.primary => {
                received(state, params, from, to, applied, ctx);
                acknowledge(state, params, ctx);
            }
            Happening::Message(from, SqlDbMessage::Follow(at)) if state.primary => {
                if let Some(follower) = state.followers.get_mut(usize::from(from)) {
                    (follower.sent, follower.received) = (at, at);
                    follower.applied = follower.applied.min(at);
                    ship_to(state, params, from, ctx);
                }
            }
            Happening::Message(from, SqlDbMessage::Append(_, first, entries)) if !state.primary => {
                append(state, params, first, &entries, ctx);
                ctx.send(from, state.progress());
            }
            Happening::Message(from, SqlDbMessage::Copy(_, at, rows)) if !state.primary => {
                if at > state.log.end() {
                    copy(state, at, &rows);
                }
                ctx.send(from, state.progress());
            }
            Happening::Timer(SqlDbTimer::Applied) => {
                apply(state);
                state.applying = false;
                if params.replication == Replication::Sync {
                    ctx.send(state.feeder(), state.progress());
                }
                apply_next(state, params, ctx);
            }
            Happening::Timer(SqlDbTimer::Ship) => {
                state.beats.1 = false;
                ship_gathered(state, params, ctx);
            }
            Happening::Timer(SqlDbTimer::Beat) => {
                state.beats.0 = false;
                lose_patience(state, params, ctx.now());
                acknowledge(state, params, ctx);
                beat(state, params, ctx);
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
            let lacks = state.applied < request.version.into();
            let closed = is_warm(params) || is_cold(params);
            if !state.primary && (closed || lacks || state.is_too_old(params, ctx.now())) {
                return Served::not_leader(Some(state.leader()));
            }
            ctx.found_under(request, ticket, version, state.log_term());
            ctx.count(if state.primary { READ_AT_PRIMARY } else { READ_AT_REPLICA }, request.key);
            return Served::ok(version);
        }
        if !state.primary {
            return Served::not_leader(Some(state.leader()));
        }
        if state.led.is_some() && !(failover::deeds().leads)(state, params, ctx) {
            return Served::not_leader(None);
        }
        let call = ctx.call_key(request, ticket);
        if params.idempotency > Nanos::ZERO {
            let clock = ctx.clock();
            state.answers.forget(clock, params.idempotency, params.idempotency_keys);
            if let Some(it) = state.answers.find(call) {
                ctx.count(REPEATED, request.key);
                let at = ctx.now();
                return confirm(state, params, (it.position, it.version), (ticket, at), ctx);
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
        let oldest = state.others().map(|it| it.received).min();
        let keep = oldest.unwrap_or(u64::MAX).max(state.log.end().saturating_sub(LOG_MAX));
        state.log.drop_before(keep.min(state.applied));
        ctx.count(COMMITTED, request.key);
        ctx.committed_once(entry.key, entry.version, call);
        match &state.led {
            Some(led) => ctx.appended(request, entry.version, led.term, state.log.end() - 1),
            None => ctx.wrote(request.id, entry.key, entry.version),
        }
        match params.replication == Replication::Async && params.ship_every > Nanos::ZERO {
            false => ship_new(state, params, ctx),
            true if state.beats.1 => {}
            true => {
                state.beats.1 = true;
                ctx.timer(params.ship_every, SqlDbTimer::Ship);
            }
        }
        confirm(state, params, (state.log.end() - 1, version), (ticket, entry.at), ctx)
    }

    fn gauges(members: &[Option<&Box<SqlDbState>>], now: Nanos) -> Vec<f64> {
        let all = || members.iter().flatten().map(|it| &***it);
        let leads = |it: &&SqlDbState| it.primary;
        let newest = all().filter(leads).max_by_key(|it| it.term());
        let Some(primary) = newest.or(all().next()) else {
            return vec![0.0, 0.0];
        };
        // Who has not heard of the latest term does not follow.
        let follows = |it: &&SqlDbState| it.own != primary.own && it.term() == primary.term();
        let behind = all().filter(follows);
        let Some(slowest) = behind.min_by_key(|it| it.applied) else { return vec![0.0, 0.0] };
        let (entries, age) = primary.lag_of(slowest, now);
        vec![age.0 as f64, entries as f64]
    }

    fn standing(state: &Box<SqlDbState>) -> Standing {
        if state.primary { Standing::Leader } else { Standing::Follower }
    }

    fn weight(state: &Self::State) -> usize {
        state.rows.bytes() + state.log.bytes()
    }
}
/// Answers a write, at once or when enough replicas have it.
fn confirm(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    (position, version): (u64, u32),
    (ticket, since): (Handle, Nanos),
    ctx: &mut Context<SqlDb>,
) -> Served {
    ctx.placed(ticket, position + 1);
    if position < confirmed(state, params, ctx.now()) {
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
    state.rows.grow(entry.key.into(), 1);
    state.rows.set(u64::from(entry.key), entry.version);
    state.applied += 1;
}
