//! Redis with sentinels: a primary that streams its commands to replicas and waits for none, and processes
//! beside them that watch it, and agree on another when it dies.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Outcome, Request, Served};

use super::{Commands, Context, Fidelity, Gauge, Group, Kind, OutWire, Role, Standing};

pub use params::RedisParams;
pub use replication::has_replicas;
pub use sentinel::{Event, Failover, Peer, Reconfiguration, Sentinel, Stage, Times, Watched, What};
pub use typed::{REMEMBERED, Typed};
pub use state::{
    Attached, Change, Entry, Info, Link, Loading, RedisMessage, RedisState, RedisTimer, Server, Snapshot,
    epoch_of, server_of, servers,
};

mod params;
mod replication;
mod sentinel;
mod state;
mod typed;

/// A read ended at a replica.
pub const READ_AT_REPLICA: u8 = 0;
/// A read ended at the primary.
pub const READ_AT_PRIMARY: u8 = 1;
/// A write was run by the primary.
pub const WRITTEN: u8 = 2;
/// A write was refused: too few replicas have been heard of lately.
pub const NO_REPLICAS: u8 = 3;
/// A replica that came back was sent what it had missed.
pub const PARTIAL_SYNC: u8 = 4;
/// A replica has to copy all data.
pub const FULL_SYNC: u8 = 5;
/// A replica was promoted.
pub const PROMOTED: u8 = 6;

/// The kind.
#[derive(Debug)]
pub struct Redis;

impl Kind for Redis {
    const ID: &'static str = "redis";
    const NAME: &'static str = "Redis with sentinels";
    const SUMMARY: &'static str =
        "Keeps data in memory: a primary, replicas behind it, and sentinels that replace it.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Leader;
    const COMMANDS: Commands = Commands::Typed;
    const COUNTERS: &'static [&'static str] = &[
        "replica_reads",
        "primary_reads",
        "writes",
        "no_replicas",
        "partial_syncs",
        "full_syncs",
        "promotions",
    ];
    const GAUGES: &'static [Gauge] = &[
        Gauge {
            name: "lag_ns",
            help: "Age of the oldest command that the slowest replica has not received.",
        },
        Gauge { name: "lag_commands", help: "Commands that the slowest replica has not received." },
        Gauge { name: "primaries", help: "Servers that take writes, at this moment." },
    ];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Replication as Redis does it: a stream of commands with an id and offsets, for which no write \
             waits; replicas say once a second how far they are. One that comes back is sent what it has \
             missed if the backlog has it, otherwise all data. A promoted replica begins a stream of its \
             own and knows the former one as its second id.",
            "NOREPLICAS: a primary that has heard of too few replicas lately refuses writes.",
            "Sentinels by the rules of sentinel.c: subjectively and objectively down, epochs, votes, \
             choice of a replica by priority, offset and id, REPLICAOF NO ONE, so many replicas at a time, \
             configurations that go by their epoch; a primary that comes back is told to follow after some \
             10 s. All waits have the random parts that Redis gives them.",
            "Data types, for commands that people type at a server: strings, lists, hashes, sets, sorted sets, \
             bitmaps, HyperLogLogs, streams and geo with the encodings, answers and errors of Redis 7.0; what \
             replicas are told (SPOP as SREM, EX as PXAT, XADD * with its id); READONLY at a replica. Keys that \
             expire go at the primary, which tells its replicas DEL; those hide them from readers until then.",
            "A primary that is cut off with clients on its side goes on taking writes. When it has to \
             follow, what only it had is gone: an observer counts and lists what had been acknowledged.",
        ],
        left_out: &[
            "Clients that know of sentinels ask them for the primary, and are told of a new one (pub/sub, \
             +switch-master). Here callers know all servers, ask the next when one fails, and are told by \
             replicas whom these follow (as with READONLY or a cluster's MOVED).",
            "Sentinels say hello to each other directly, not by channels of the servers they watch (a \
             failover that one has not heard of it learns by INFO); they know who there is, and do not judge \
             each other.",
            "Data survive a crash of their server with the id of their stream, as if each command were \
             flushed to disk at once: a primary restarted empty would empty its replicas. See the cache's \
             disk for snapshots and the append-only file.",
            "Requests are told by keys and versions only: their values are not in the data types. Commands that \
             are typed take no time of the server's thread, nothing waits (BLPOP), and expired keys are looked \
             for once a second; Redis looks ten times.",
            "Replicas run what they are sent at once and without work; chains of replicas; WAIT.",
            "A candidate asks for votes in the epoch in which it began; Redis asks in the latest it has heard of.",
        ],
        defaults: "Redis finds a server down after 30 s and gives a step of a failover 180 s; 1 s and 10 s \
                   here, so that there is something to see in a minute. A command takes 10 µs: some 100,000 a second on one thread.",
    };
    type Params = RedisParams;
    type State = Box<RedisState>;
    type Message = RedisMessage;
    type Timer = RedisTimer;

    fn members(params: &RedisParams) -> u32 {
        params.replicas + 1 + params.sentinels
    }

    fn member_name(params: &RedisParams, ordinal: u16) -> String {
        match ordinal.checked_sub(servers(params)) {
            None => format!("Server {}", ordinal + 1),
            Some(it) => format!("Sentinel {}", it + 1),
        }
    }

    fn places(params: &RedisParams) -> &str {
        &params.places
    }

    fn watchers(params: &RedisParams) -> u16 {
        params.sentinels as u16
    }

    fn station(params: &RedisParams) -> Station {
        let RedisParams { workers, queue, .. } = *params;
        Station { workers, queue_max: queue, hold: true, ..Station::UNLIMITED }
    }

    fn plan(params: &RedisParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = |mean| Box::new(Plan::Work(Spread::new(params.work_shape, mean)));
        let by_verb = Plan::If {
            condition: Condition::Verb(Verb::Write),
            then: work(params.write_work),
            otherwise: work(params.read_work),
        };
        Plan::Sequence(vec![by_verb, Plan::Local])
    }

    fn mesh(params: &RedisParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &RedisMessage) -> usize {
        match message {
            RedisMessage::Stream(_, _, entries) => entries.len(),
            RedisMessage::Full(_, it) => it.rows.end() as usize + it.keys.len(),
            _ => 0,
        }
    }

    fn start(params: &RedisParams, ctx: &mut Context<Self>) -> Box<RedisState> {
        Box::new(match ctx.ordinal() {
            0 => RedisState::Server(replication::fresh(0, None, ctx)),
            it if it < servers(params) => {
                RedisState::Server(replication::fresh(it, Some(0), ctx))
            }
            _ => RedisState::Sentinel(sentinel::fresh((0, 0), params, ctx)),
        })
    }

    fn restart(
        old: &Box<RedisState>,
        params: &RedisParams,
        ctx: &mut Context<Self>,
    ) -> Box<RedisState> {
        let mut state = old.clone();
        if !take_place(&mut state, params, ctx) {
            match &mut *state {
                RedisState::Server(it) => replication::come_up(it, ctx),
                RedisState::Sentinel(it) => sentinel::come_up(it, params, ctx),
            }
        }
        state
    }

    fn retune(
        state: &mut Box<RedisState>,
        before: &RedisParams,
        params: &RedisParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        let members = |it: &RedisParams| (it.replicas, it.sentinels);
        if take_place(state, params, ctx) || members(before) == members(params) {
            return true;
        }
        match &mut **state {
            RedisState::Server(it) => {
                it.attached.resize(usize::from(ctx.members()), None);
                it.attached.iter_mut().skip(servers(params).into()).for_each(|it| *it = None);
            }
            RedisState::Sentinel(it) => sentinel::change(it, params, ctx.now()),
        }
        true
    }

    fn handle(
        state: &mut Box<RedisState>,
        params: &RedisParams,
        what: Happening<RedisMessage, RedisTimer>,
        ctx: &mut Context<Self>,
    ) {
        match &mut **state {
            RedisState::Server(it) => served(it, params, what, ctx),
            RedisState::Sentinel(it) => watched(it, params, what, ctx),
        }
    }

    fn serve(
        state: &mut Box<RedisState>,
        params: &RedisParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        // No caller asks a sentinel.
        let RedisState::Server(server) = &mut **state else { return Served::not_leader(None) };
        let version = server.version(request.key);
        let loads = server.loading.is_some();
        if request.verb == Verb::Read {
            let lacks = server.offset() < request.version.into();
            if !server.leads() && (loads || lacks) {
                return Served::not_leader(server.follows);
            }
            ctx.found_under(request, ticket, version, server.id());
            ctx.count(if server.leads() { READ_AT_PRIMARY } else { READ_AT_REPLICA }, request.key);
            return Served::ok(version);
        }
        if !server.leads() {
            return Served::not_leader(server.follows);
        }
        if !replication::has_replicas(server, params, ctx.now()) {
            ctx.count(NO_REPLICAS, request.key);
            return Served::ended(Outcome::NoQuorum);
        }
        // A cache that flushes has counted on from the version it read.
        let flushed = if request.verb == Verb::Flush { request.version } else { 0 };
        let (key, version) = (request.key, flushed.max(version + 1));
        let call = ctx.call_key(request, ticket);
        let (id, position) = (server.id(), server.offset());
        replication::set(server, key, version);
        replication::stream(server, params, Change::Row(key, version), ctx);
        ctx.count(WRITTEN, key);
        ctx.committed_once(key, version, call);
        ctx.appended(request, version, id, position);
        ctx.placed(ticket, position + 1);
        Served::ok(version)
    }

    fn gauges(members: &[Option<&Box<RedisState>>], now: Nanos) -> Vec<f64> {
        let all = || members.iter().flatten().filter_map(|it| it.server());
        let leading = || all().filter(|it| it.leads());
        let primaries = leading().count() as f64;
        let Some(primary) = leading().max_by_key(|it| it.id()) else {
            return vec![0.0, 0.0, primaries];
        };
        let behind = all().filter(|it| it.follows == Some(primary.own));
        let Some(slowest) = behind.min_by_key(|it| it.offset()) else {
            return vec![0.0, 0.0, primaries];
        };
        let (commands, age) = primary.lag_of(slowest, now);
        vec![age.0 as f64, commands as f64, primaries]
    }

    fn standing(state: &Box<RedisState>) -> Standing {
        match &**state {
            RedisState::Server(it) if it.leads() => Standing::Leader,
            RedisState::Server(_) => Standing::Follower,
            RedisState::Sentinel(it) if it.failover.is_some() => Standing::Candidate,
            RedisState::Sentinel(_) => Standing::Member,
        }
    }

    fn weight(state: &Self::State) -> usize {
        state.server().map_or(0, |it| it.rows.bytes() + it.stream.bytes() + it.keys.weight())
    }
}

/// With another number of servers, a member may be something else than it was: it begins as that. True if
/// so.
fn take_place(state: &mut RedisState, params: &RedisParams, ctx: &mut Context<Redis>) -> bool {
    let own = ctx.ordinal();
    let turned = match state {
        RedisState::Server(it) if own >= servers(params) => {
            // It is told to watch the primary that it has followed last.
            let (primary, epoch) = (it.follows.unwrap_or(own), epoch_of(it.id()));
            RedisState::Sentinel(sentinel::fresh((primary, epoch), params, ctx))
        }
        RedisState::Sentinel(it) if own < servers(params) => {
            let primary = if it.primary == own { 0 } else { it.primary };
            RedisState::Server(replication::fresh(own, Some(primary), ctx))
        }
        _ => return false,
    };
    *state = turned;
    true
}

/// Something happens to a server.
fn served(
    server: &mut Server,
    params: &RedisParams,
    what: Happening<RedisMessage, RedisTimer>,
    ctx: &mut Context<Redis>,
) {
    match what {
        Happening::Message(from, message) => match message {
            RedisMessage::Psync(attempt, id, offset) => {
                replication::psync(server, from, (attempt, id, offset), ctx);
            }
            RedisMessage::Continue(attempt, lineage, at) => {
                replication::continued(server, from, (attempt, &lineage, at), ctx);
            }
            RedisMessage::Full(attempt, snapshot) => {
                replication::copied(server, params, from, (attempt, snapshot), ctx);
            }
            RedisMessage::Stream(id, first, entries) => {
                replication::streamed(server, params, from, (id, first, &entries), ctx);
            }
            RedisMessage::Ack(id, offset) => {
                replication::acknowledged(server, from, (id, offset), ctx);
            }
            RedisMessage::Closed => replication::closed(server, from),
            RedisMessage::Ping => ctx.send(from, RedisMessage::Pong),
            RedisMessage::AskInfo => ctx.send(from, RedisMessage::Info(server.info(ctx.now()))),
            RedisMessage::ReplicaOf(whom, epoch) => {
                replication::replica_of(server, whom, epoch, ctx);
            }
            // Meant for a sentinel that stood in this place.
            RedisMessage::Pong
            | RedisMessage::Info(_)
            | RedisMessage::IsDown(..)
            | RedisMessage::Down(..)
            | RedisMessage::Hello(..) => {}
        },
        Happening::Timer(RedisTimer::Cron) => replication::cron(server, params, ctx),
        Happening::Timer(RedisTimer::Loaded(attempt)) => {
            replication::loaded(server, params, attempt, ctx);
        }
        // People type REPLICAOF NO ONE.
        Happening::Promote => replication::replica_of(server, None, 0, ctx),
        Happening::Command(words) => typed::command(server, params, &words, ctx),
        _ => {}
    }
}

/// Something happens to a sentinel.
fn watched(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    what: Happening<RedisMessage, RedisTimer>,
    ctx: &mut Context<Redis>,
) {
    let now = ctx.now();
    match what {
        Happening::Message(from, message) => match message {
            RedisMessage::Pong => sentinel::pong(sentinel, from, now),
            RedisMessage::Info(info) => sentinel::informed(sentinel, params, from, info, ctx),
            RedisMessage::IsDown(primary, epoch, stands) => {
                sentinel::asked(sentinel, params, from, (primary, epoch, stands), ctx);
            }
            RedisMessage::Down(primary, down, vote) => {
                sentinel::answered(sentinel, params, from, (primary, down, vote), now);
            }
            RedisMessage::Hello(epoch, primary, config) => {
                sentinel::greeted(sentinel, params, (epoch, primary, config), now);
            }
            _ => {}
        },
        Happening::Timer(RedisTimer::Look) => sentinel::look(sentinel, params, ctx),
        _ => {}
    }
}
