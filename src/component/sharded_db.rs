//! A database in shards: each keeps a part of the rows, callers know the map and ask the shard that
//! it names. When the map changes, rows move while requests go on: copied, caught up with, and cut
//! over (as MongoDB's chunk migration and Vitess' reshard do it). A query over neighbouring keys asks
//! every shard that has some of them and waits for all.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::placement::pieces::Pieces;
use crate::algorithm::placement::{Node, Scheme, Settings};
use crate::algorithm::traffic::heavy::Heavy;
use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::text;
use crate::base::time::Nanos;
use crate::base::unit::{Share, Weights};
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::network::Connecting;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Outcome, Request, Served};

use super::placing::Learn;
use super::{Context, Fidelity, Gauge, Group, Kind, Membership, OutWire, Role};

pub use super::scheme::Sharding;
pub use map::{Map, Row};
pub use moving::{Move, Moved, Stage};
pub use query::{Part, Query};
pub use talk::{ShardedDbMessage, ShardedDbTimer};

mod map;
mod moving;
mod query;
mod talk;

const fn is_range(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Range)
}

const fn is_directory(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Directory)
}

const fn has_points(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Ring | Scheme::Directory)
}

crate::params! {
    /// Parameters of a sharded database.
    pub struct ShardedDbParams {
        /// Shards, called A, B, C and so on; ranges may name more. One that is taken away takes its
        /// rows with it: first give its keys to others.
        shards: u32 = 3, in 1..=26, "shards";
        /// How rows find their shard, by the number of their key: neighbours together (range), by a
        /// hash (modulo, ring, rendezvous, jump), or by a table (directory).
        scheme: Sharding = Sharding(Scheme::Range);
        /// Pieces of the key space: the first key of each and its shard, as in
        /// `0=A, 10000=B, 20000=C`. Empty: equal pieces.
        ranges: String = String::new(), when is_range;
        /// Keys with a place of their own, as in `77=C, 78=A`; the rest lies on a ring.
        directory: String = String::new(), when is_directory;
        /// Points on the ring for each shard of weight 1 (virtual nodes).
        vnodes: u32 = 200, in 1..=1_000, "points", when has_points;
        /// Share of the keys of each shard, relative to the others, A first; 0 takes a shard out: its
        /// rows move to the others. Modulo and jump know only 0 and the rest.
        weights: Weights = Weights::default(), when |it| !is_range(it);
        /// Rows it holds, with keys from 0 on; requests for others fail.
        keys: u32 = 10_000, in 1..=200_000, "rows";
        /// Mean time to serve one request.
        work: Nanos = Nanos::millis(10), in Nanos::micros(1)..=Nanos::seconds(60);
        /// Requests one shard works at at once: with the time for each, its capacity.
        workers: u32 = 9, in 1..=10_000, "workers";
        /// Requests that may wait at one shard; more are turned away.
        queue: u32 = 500, in 0..=1_000_000, "requests";
        /// Classes of requests that ask for neighbouring keys, from theirs on, with commas between:
        /// every shard that has some of them works at it, and the answer waits for the slowest.
        range_classes: String = String::new();
        /// How many keys such a request asks for.
        range_keys: u32 = 100, in 1..=10_000, "keys", when |it| !it.range_classes.is_empty();
        /// Rows that a shard copies to another in a second, when the map has changed.
        copy_rate: u32 = 2_000, in 20..=1_000_000, "rows/s";
        /// Mean time a message takes between shards, one way.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or log
        /// entry in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
        /// How a member connects to another before it first talks to that life of it: it is connected
        /// (open), by TCP (1 round trip), TLS 1.3 (2) or TLS 1.2 (3).
        mesh_connection: Connecting = Connecting::Open;
    }
}

impl ShardedDbParams {
    /// Requests a second that one shard can serve.
    pub fn capacity(&self) -> f64 {
        f64::from(self.workers) / self.work.as_seconds()
    }

    /// The pieces of the key space as they are set; an error says what is wrong.
    pub fn pieces(&self) -> Result<Pieces, String> {
        let names = || (0..self.shards as u16).map(text::letter).collect::<Vec<_>>();
        match self.ranges.trim() {
            "" => Ok(Pieces::even(self.keys.into(), &names())),
            text => Pieces::parse(text),
        }
    }

    /// The highest ordinal that ranges name, plus one: they may name shards that the number leaves
    /// out, so that one edit both adds a shard and gives it keys.
    fn named(&self) -> u32 {
        let named = self.ranges.split([',', '=']).map(str::trim);
        let named = named.filter_map(|it| match it.as_bytes() {
            [letter @ b'A'..=b'Z'] => Some(u32::from(letter - b'A') + 1),
            _ => None,
        });
        named.max().unwrap_or(0)
    }
}

/// What a shard remembers; all of it survives a crash but what is under way.
#[derive(Clone, Debug)]
pub struct ShardedDbState {
    /// Every row as far as this shard knows: its version here, and whose it is.
    pub rows: CowList<Row>,
    /// How many of them are this shard's.
    pub held: u32,
    /// Whether it has learned whose the rows are.
    pub known: bool,
    /// Rows it brings to others, the first at work.
    pub moves: VecDeque<Move>,
    /// What it has brought to others, the latest last.
    pub moved: VecDeque<Moved>,
    /// Range queries that it has answered, the latest last.
    pub queries: VecDeque<Query>,
    /// When requests of late came in, and their keys.
    pub latest: VecDeque<(Nanos, u32)>,
    /// Which keys come most often, in this span and the one before.
    pub hot: [Heavy; 2],
    /// When this span began.
    hot_since: Nanos,
    /// Requests that wait until it is clear whose their row is.
    parked: Vec<(Handle, u32)>,
    /// Range queries under way, here and for others, and batches to copy, by the id of the work.
    open: Vec<Query>,
    parts: Vec<(u64, Part)>,
    /// Work begun; the latest id of a move or query.
    begun: u64,
    last_id: u64,
    /// The latest move taken over from each shard.
    taken: Vec<u64>,
    /// Whether it will look after what is under way.
    beats: bool,
    /// Where rows belong, by the parameters.
    map: Map,
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for ShardedDbState {
    fn stable_hash(&self, h: &mut StableHasher) {
        // The map follows from the parameters, and the number of rows from the rows.
        let Self { rows, known, moves, moved, queries, latest, hot, hot_since, parked, .. } = self;
        let Self { open, parts, begun, last_id, taken, beats, held: _, map: _, .. } = self;
        rows.stable_hash(h);
        (*known, *beats).stable_hash(h);
        moves.stable_hash(h);
        moved.stable_hash(h);
        queries.stable_hash(h);
        latest.stable_hash(h);
        hot.iter().for_each(|it| it.stable_hash(h));
        (*hot_since, *begun).stable_hash(h);
        parked.stable_hash(h);
        open.stable_hash(h);
        parts.stable_hash(h);
        last_id.stable_hash(h);
        taken.stable_hash(h);
    }
}

/// A part of a range query was worked at.
pub const PART: u8 = 0;
/// Somebody was told that another shard has the row.
pub const SENT_ON: u8 = 1;
/// A read was answered.
pub const READ: u8 = 2;
/// A write was acknowledged.
pub const WRITTEN: u8 = 3;
/// A range query was answered.
pub const RANGE: u8 = 4;
/// A row changed hands.
pub const HANDED_OVER: u8 = 5;
/// A row was gone with its shard, and begins anew.
pub const LOST: u8 = 6;

/// The kind.
#[derive(Debug)]
pub struct ShardedDb;

type Ctx<'a, 'b> = Context<'a, 'b, ShardedDb>;

impl Kind for ShardedDb {
    const ID: &'static str = "sharded-db";
    const NAME: &'static str = "Sharded database";
    const SUMMARY: &'static str = "Rows dealt out over several databases: by range, by hash, by table.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Keyed;
    const COUNTERS: &'static [&'static str] =
        &["parts", "sent_on", "reads", "writes", "ranges", "rows_moved", "rows_lost"];
    const GAUGES: &'static [Gauge] = &[Gauge {
        name: "rows_to_move",
        help: "Rows that are not yet where the map has them, all shards together.",
    }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Callers know the map and ask the shard it names, by the number of the key.",
            "Resharding online: a shard copies rows in batches, which its workers have to do too, \
             brings what was written meanwhile, then stops serving them and hands them over. \
             Messages may be lost, shards may die: each step is repeated until it is confirmed.",
            "Callers know a new map at once: whoever is asked for a row it does not have says who \
             has it, as Redis Cluster does (MOVED).",
            "A range query is worked at by every shard that has one of its keys, in its own line; \
             the shard that was asked merges, with work of its own.",
            "Hot keys are found by sixteen counters a shard (Space-Saving), in spans of two seconds.",
        ],
        left_out: &[
            "Copies of a shard: when one dies, its rows cannot be reached until it is back.",
            "Directories that are asked over the network; transactions over several shards.",
            "A range query while rows move may miss those that are on their way.",
        ],
        defaults: "9 workers at 10 ms: 900 requests a second, a small instance.",
    };
    type Params = ShardedDbParams;
    type State = Shared<ShardedDbState>;
    type Message = ShardedDbMessage;
    type Timer = ShardedDbTimer;

    fn members(params: &ShardedDbParams) -> u32 {
        params.shards.max(params.named())
    }

    fn member_name(_: &ShardedDbParams, ordinal: u16) -> String {
        text::letter(ordinal)
    }

    fn station(params: &ShardedDbParams) -> Station {
        Station { workers: params.workers, queue_max: params.queue, ..Station::UNLIMITED }
    }

    fn plan(params: &ShardedDbParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.work);
        // First whose the row is, then the work, then the row.
        Plan::Sequence(vec![Plan::LocalAs(Verb::Put), Plan::Work(work), Plan::Local])
    }

    fn mesh(params: &ShardedDbParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &ShardedDbMessage) -> usize {
        match message {
            ShardedDbMessage::Copy(.., rows) | ShardedDbMessage::Take(.., rows) => rows.len(),
            ShardedDbMessage::Found(_, found) => found.unwrap_or(0) as usize,
            _ => 0,
        }
    }

    fn membership(params: &ShardedDbParams) -> Option<Membership> {
        let scheme = params.scheme.0;
        let weight = |at: u32| match scheme {
            Scheme::Range => 1,
            _ => params.weights.of(at as usize),
        };
        let node = |at: u32| Node { name: text::letter(at as u16), weight: weight(at) };
        let pairs = |text: &str| {
            let row = |it: &str| {
                let (key, node) = it.split_once('=').unwrap_or((it, ""));
                (key.trim().to_owned(), node.trim().to_owned())
            };
            let rows = text.split(',').map(str::trim).filter(|it| !it.is_empty());
            rows.map(row).collect()
        };
        let rows = match scheme {
            Scheme::Range if params.ranges.trim().is_empty() => {
                let first = |it: u32| u64::from(params.keys) * u64::from(it) / u64::from(params.shards);
                let piece = |it: u32| (first(it).to_string(), text::letter(it as u16));
                // Fewer keys than shards: some have none.
                let some = |it: &u32| first(*it) < first(it + 1);
                (0..params.shards).filter(some).map(piece).collect()
            }
            Scheme::Range => pairs(&params.ranges),
            Scheme::Directory => pairs(&params.directory),
            _ => Vec::new(),
        };
        let settings = Settings { vnodes: params.vnodes, rows, ..Settings::default() };
        let nodes = (0..Self::members(params)).map(node).collect();
        Some(Membership { scheme, settings, nodes, bare: true, learn: Learn::AtOnce })
    }

    fn start(params: &ShardedDbParams, ctx: &mut Context<Self>) -> Shared<ShardedDbState> {
        Shared::new(map::start(params, ctx))
    }

    fn restart(
        old: &Shared<ShardedDbState>,
        params: &ShardedDbParams,
        ctx: &mut Context<Self>,
    ) -> Shared<ShardedDbState> {
        let mut state = old.clone();
        (state.parked, state.open, state.parts) = Default::default();
        state.beats = false;
        // The map may have changed while it was down.
        map::change(&mut state, params, ctx);
        state
    }

    fn retune(
        state: &mut Shared<ShardedDbState>,
        before: &ShardedDbParams,
        params: &ShardedDbParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        let state = &mut **state;
        if ctx.now() == Nanos::ZERO {
            *state = map::start(params, ctx);
            return true;
        }
        if Self::membership(before) != Self::membership(params) || before.keys != params.keys {
            map::change(state, params, ctx);
        }
        true
    }

    fn handle(
        state: &mut Shared<ShardedDbState>,
        params: &ShardedDbParams,
        what: Happening<ShardedDbMessage, ShardedDbTimer>,
        ctx: &mut Context<Self>,
    ) {
        let state = &mut **state;
        match what {
            Happening::Message(from, message) => talk::hear(state, from, message, ctx),
            Happening::Timer(ShardedDbTimer::Beat) => moving::beat(state, params, ctx),
            Happening::Timer(ShardedDbTimer::Patience(query)) => query::give_up(state, query, ctx),
            Happening::Finished { request, outcome, .. } => {
                let at = state.parts.iter().position(|it| it.0 == request.id);
                let Some((_, part)) = at.map(|at| state.parts.swap_remove(at)) else { return };
                match part {
                    Part::Batch => moving::send(state, outcome == Outcome::Ok, ctx),
                    Part::Query { .. } => query::worked(state, part, outcome, ctx),
                }
            }
            Happening::Surge(_) | Happening::HotKey(..) | Happening::Promote => {}
        }
    }

    fn serve(
        state: &mut Shared<ShardedDbState>,
        params: &ShardedDbParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let state = &mut **state;
        if state.parts.iter().any(|it| it.0 == request.id) {
            return Served::ok(0);
        }
        let ranges = || params.range_classes.split(',').map(str::trim);
        let is_range = || ranges().any(|it| !it.is_empty() && ctx.class(it) == Some(request.class));
        let begins = request.verb == Verb::Put;
        if is_range() {
            return match begins {
                true => query::begin(state, params, request, ticket, ctx),
                false => Served::ok(0),
            };
        }
        let key = u64::from(request.key);
        let Some(row) = state.rows.get(key).copied() else {
            return Served::ended(Outcome::Faulty);
        };
        if row.owner != ctx.ordinal() as u8 {
            return send_on(state, params, request.key, ticket, ctx);
        }
        match request.verb {
            Verb::Put => {
                state.came(request.key, ctx.now());
                Served::ok(0)
            }
            Verb::Read => {
                ctx.found(request, row.version);
                ctx.count(READ, request.key);
                Served::ok(row.version)
            }
            _ => {
                // A cache that flushes has counted on from the version it read.
                let flushed = if request.verb == Verb::Flush { request.version } else { 0 };
                let version = flushed.max(row.version + 1);
                state.rows.set(key, Row { version, ..row });
                moving::wrote(state, request.key);
                let call = ctx.call_key(request, ticket);
                ctx.wrote(request.id, request.key, version);
                ctx.committed_once(request.key, version, call);
                ctx.count(WRITTEN, request.key);
                Served::ok(version)
            }
        }
    }

    fn gauges(members: &[Option<&Shared<ShardedDbState>>], _: Nanos) -> Vec<f64> {
        let left = members.iter().flatten().flat_map(|it| &it.moves).map(Move::left);
        vec![left.sum::<usize>() as f64]
    }

    fn weight(state: &Self::State) -> usize {
        state.rows.bytes()
    }
}

/// The row is not here: says who has it, as soon as that is clear.
fn send_on(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    key: u32,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    if !state.is_clear(key) {
        if state.parked.len() >= params.queue as usize {
            return Served::ended(Outcome::QueueFull);
        }
        state.parked.push((ticket, key));
        return Served::Later;
    }
    ctx.count(SENT_ON, key);
    let owner = state.rows.get(key.into()).map(|it| u16::from(it.owner));
    Served::not_leader(owner)
}
