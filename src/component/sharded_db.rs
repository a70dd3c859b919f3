//! A database in shards: each keeps a part of the rows, callers know the map and ask the shard that
//! it names. When the map changes, rows move while requests go on: copied, caught up with, and cut
//! over (as MongoDB's chunk migration and Vitess' reshard do it). A query over neighbouring keys asks
//! every shard that has some of them and waits for all.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::placement::{Node, Scheme, Settings};
use crate::algorithm::traffic::heavy::Heavy;
use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Request, Served};

use super::placing::Learn;
use super::{Commands, Context, Fidelity, Gauge, Kind, Membership, OutWire, Role, Standing};

pub use super::scheme::Sharding;
pub use auto::{Auto, PERIOD};
pub use deals::{Across, CrossCommit, Decided, Ended, Given, Open, coordinator};
pub use group::{Copying, Group, GroupMessage, GroupTimer, Peer};
pub use index::{Entry, Index, Indexing, value_of};
pub use map::{Brought, LATEST_MAX, Map, Row};
pub use moving::{Move, Moved, Stage};
pub use params::{Lookup, ShardedDbParams};
pub use partitions::{Asked, Partitioning};
pub use query::{Part, Query, Sought};
pub use talk::{ShardedDbMessage, ShardedDbTimer};

mod across;
mod attribute;
mod auto;
mod deals;
mod group;
mod index;
mod map;
mod moving;
mod params;
mod partitions;
mod query;
mod serve;
mod shard;
mod talk;

/// What a shard remembers; all of it survives a crash but what is under way. What replicas have of it they share,
/// as long as it does not change.
#[derive(Clone, Debug)]
pub struct ShardedDbState {
    /// Every row as far as this shard knows: its version here, and whose it is.
    pub rows: Shared<CowList<Row>>,
    /// How many of them are this shard's.
    pub held: u32,
    /// Whether it has learned whose the rows are.
    pub known: bool,
    /// Rows it brings to others, the first at work.
    pub moves: Shared<VecDeque<Move>>,
    /// What it has brought to others, the latest last.
    pub moved: Shared<VecDeque<Moved>>,
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
    /// Transactions with other shards.
    pub across: Across,
    /// What it has of an index, and owes to those of others.
    pub index: Shared<Index>,
    /// Where rows belong, by the parameters.
    map: Map,
    /// With replicas: what it knows of the other members of its shard.
    pub group: Option<Box<Group>>,
    /// With a map that changes by itself: what it knows of that.
    pub auto: Option<Box<Auto>>,
    /// Whether it wakes at the end of a period.
    auto_beats: bool,
    /// Whether the database has begun anew while it was down.
    outdated: bool,
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for ShardedDbState {
    fn stable_hash(&self, h: &mut StableHasher) {
        // The map follows from the parameters, and the number of rows from the rows.
        let Self { rows, known, moves, moved, queries, latest, hot, hot_since, parked, .. } = self;
        let Self { open, parts, begun, last_id, taken, beats, across, index, group, auto, auto_beats, .. } = self;
        let Self { outdated, held: _, map: _, .. } = self;
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
        across.stable_hash(h);
        index.stable_hash(h);
        group.iter().for_each(|it| it.stable_hash(h));
        if let Some(it) = auto {
            it.stable_hash(h);
            auto_beats.stable_hash(h);
        }
        if *outdated {
            h.word(1);
        }
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
/// A write of rows of two shards was committed.
pub const ACROSS: u8 = 7;
/// One was aborted.
pub const ACROSS_ABORTED: u8 = 8;
/// A shard has refused to promise its part: the row is locked, or about to move.
pub const ACROSS_REFUSED: u8 = 9;
/// A query by another attribute was answered.
pub const SOUGHT: u8 = 10;
/// A global index has been told of writes.
pub const INDEXED: u8 = 11;
/// A global index named a row that had another value by then.
pub const STALE_ENTRY: u8 = 12;
/// A read was answered by a replica; it is among the reads too.
pub const REPLICA_READ: u8 = 13;
/// A member of a shard was chosen to lead it.
pub const TAKEN_OVER: u8 = 14;
/// An entry of its log, which only a primary had that was replaced, is gone.
pub const TAIL_LOST: u8 = 15;
/// The map was changed by itself: a piece was split, moved or joined to another.
pub const SPLIT: u8 = 16;
/// The directory has looked a key up.
pub const LOOKED_UP: u8 = 17;

/// The kind.
#[derive(Debug)]
pub struct ShardedDb;

use serve::{act, is_range, recover};
use shard::{Ctx, turn};

impl Kind for ShardedDb {
    const ID: &'static str = "sharded-db";
    const NAME: &'static str = "Sharded database";
    const SUMMARY: &'static str = "Rows dealt out over several databases: by range, by hash, by table.";
    const GROUP: Option<super::Group> = Some(super::Group::Data);
    const ROLE: Role = Role::Store;
    const COMMANDS: Commands = Commands::Clicked;
    const ADDRESSING: Addressing = Addressing::Keyed;
    const COUNTERS: &'static [&'static str] =
        &["parts", "sent_on", "reads", "writes", "ranges", "rows_moved", "rows_lost", "across",
          "across_aborted", "across_refused", "sought", "index_updates", "stale_entries", "replica_reads",
          "takeovers", "entries_lost", "splits", "lookups"];
    const GAUGES: &'static [Gauge] = &[
        Gauge {
            name: "rows_to_move",
            help: "Rows that are not yet where the map has them, all shards together.",
        },
        Gauge {
            name: "rows_locked",
            help: "Rows that are locked by transactions over two shards, all shards together.",
        },
        Gauge { name: "rows", help: "Rows that shards hold, those on their way left out." },
    ];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Callers know the map and ask the shard it names, by the number of the key.",
            "Resharding online: a shard copies rows in batches, which its workers have to do too, \
             brings what was written meanwhile, then stops serving them and hands them over. \
             Messages may be lost, shards may die: each step is repeated until it is confirmed.",
            "Callers know a new map at once: whoever is asked for a row it does not have says who \
             has it, as Redis Cluster does (MOVED). So does a shard that another one asks in vain, which was cut off \
             when rows changed hands.",
            "A range query is worked at by every shard that has one of its keys, in its own line; \
             the shard that was asked merges, with work of its own.",
            "Writes of rows of two shards, by two-phase commit with presumed abort: promises, locks and \
             decisions survive a crash; who is in doubt asks. Who meets a lock is refused and tries \
             again up to six times, after pauses from 5 ms on that double. The other shard's part is \
             work of its own, in its own line.",
            "Queries by another attribute: without an index every shard reads all its rows; a local index \
             is asked at every shard; a global one at one shard, and then the shards that have the \
             rows. A global index is told of writes afterwards, at most 256 at once, each time a piece \
             of work of the shard that has the value, and again until it has confirmed; what comes late \
             it knows by the rows' versions, whoever had them meanwhile.",
            "Tables in partitions: a query reads those that can have a row of it, each a piece of work.",
            "Replicas of shards: the primary sends what has changed, in order; a majority chooses another when it is \
             silent, and only one that has all that a majority has. A primary that reaches no majority steps \
             down. What shards say to each other (promises, decisions, rows handed over) waits until a \
             majority of the shard's members has it; clients' writes only if so set. What only a replaced \
             primary had is lost, and counted when it is back.",
            "Ranges that split by themselves: each shard tells the first one every two seconds what its pieces were \
             asked for, from a sample of 256 requests; it changes the map a step at a time, once all rows \
             are where they belong. Callers are sent on, and remember each key they were told of.",
            "A directory that is asked: a member without rows, whom callers ask first, or remember; whoever is asked in \
             vain says who has the row. It hears of rows that have moved as the other shards do.",
            "Groups of keys (list) and places (geographic): which one a key belongs to follows from a hash of it; keys \
             of a place go to the nearest shard.",
            "Hot keys are found by sixteen counters a shard (Space-Saving), in spans of two seconds.",
        ],
        left_out: &[
            "Replicas: what applying takes; a replica takes over at once what it is sent. No vote before the vote: \
             a replica that was cut off ends the term of its primary when it is back.",
            "Replicas that are added or taken away while it runs: the database begins anew.",
            "Transactions over more than two shards.",
            "Reads do not wait for locks: they see what was committed last. What a write to a log takes.",
            "What keeping an index beside its rows takes; what building one takes but the messages.",
            "A range query while rows move may miss those that are on their way.",
        ],
        defaults: "9 workers at 10 ms: 900 requests a second, a small instance.",
    };
    type Params = ShardedDbParams;
    type State = Shared<ShardedDbState>;
    type Message = ShardedDbMessage;
    type Timer = ShardedDbTimer;

    fn members(params: &ShardedDbParams) -> u32 {
        params.nodes() * u32::from(params.copies())
    }

    fn member_name(params: &ShardedDbParams, ordinal: u16) -> String {
        let at = ordinal / params.copies();
        let shard = match params.directory_at() == Some(at) {
            true => "directory ".to_owned(),
            false => text::letter(at),
        };
        match params.replicas {
            0 => shard.trim_end().into(),
            _ => format!("{shard}{}", ordinal % params.copies() + 1),
        }
    }

    fn station(params: &ShardedDbParams) -> Station {
        Station { workers: params.workers, queue_max: params.queue, ..Station::UNLIMITED }
    }

    fn plan(params: &ShardedDbParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let spread = |mean| Spread::new(Shape::LogNormal, mean);
        let work = match params.directory_at() {
            None => Plan::Work(spread(params.work)),
            Some(_) => Plan::If {
                condition: Condition::Classes(1 << 63),
                then: Box::new(Plan::Work(spread(params.lookup_work))),
                otherwise: Box::new(Plan::Work(spread(params.work))),
            },
        };
        // First whose the row is, then the work, then the row.
        Plan::Sequence(vec![Plan::LocalAs(Verb::Put), work, Plan::Local])
    }

    fn mesh(params: &ShardedDbParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &ShardedDbMessage) -> usize {
        match message {
            ShardedDbMessage::Copy(.., rows) | ShardedDbMessage::Take(.., rows) => rows.len(),
            ShardedDbMessage::Found(_, found) => found.unwrap_or(0) as usize,
            ShardedDbMessage::Fetched(_, found) => found.map_or(0, |it| it[0] as usize),
            ShardedDbMessage::Index(.., entries) => entries.len(),
            ShardedDbMessage::Between(.., it) => Self::rows(it),
            ShardedDbMessage::Group(GroupMessage::Keep(_, _, _, entries, _)) => *entries as usize,
            _ => 0,
        }
    }

    fn membership(params: &ShardedDbParams) -> Option<Membership> {
        let scheme = params.scheme.0;
        let weight = |at: u32| match scheme {
            _ if at >= params.holders() => 0,
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
            Scheme::List => pairs(&params.groups),
            Scheme::Geographic => pairs(&params.sites),
            _ => Vec::new(),
        };
        let groups: Vec<Arc<str>> = match scheme {
            Scheme::List => rows.iter().map(|it| it.0.as_str().into()).collect(),
            Scheme::Geographic => params.homes.split(',').map(|it| it.trim().into()).collect(),
            _ => Vec::new(),
        };
        let settings = Settings { vnodes: params.vnodes, rows, ..Settings::default() };
        let nodes = (0..params.nodes()).map(node).collect();
        // What changes by itself callers learn from whom they ask in vain.
        let directory = params.directory_at();
        let cached = directory.is_some() && params.lookup == Lookup::Cached;
        let learn = if params.splits() || cached { Learn::Slot } else { Learn::AtOnce };
        let copies = params.copies();
        Some(Membership { scheme, settings, nodes, bare: true, learn, copies, directory, groups })
    }

    fn start(params: &ShardedDbParams, ctx: &mut Context<Self>) -> Shared<ShardedDbState> {
        let mut state = map::start(params, &mut Ctx::new(params, ctx));
        group::come_up(&mut state, params, ctx);
        Shared::new(state)
    }

    fn restart(
        old: &Shared<ShardedDbState>,
        params: &ShardedDbParams,
        ctx: &mut Context<Self>,
    ) -> Shared<ShardedDbState> {
        if old.outdated {
            return Self::start(params, ctx);
        }
        let mut state = old.clone();
        state.parts.clear();
        state.auto_beats = false;
        state.rest();
        group::come_up(&mut state, params, ctx);
        if state.leads() {
            turn(&mut state, params, ctx, |state, ctx| recover(state, params, ctx));
        }
        state
    }

    fn missed(state: &mut Shared<ShardedDbState>, before: &ShardedDbParams, params: &ShardedDbParams) {
        if before.replicas != params.replicas {
            state.outdated = true;
        }
    }

    fn retune(
        state: &mut Shared<ShardedDbState>,
        before: &ShardedDbParams,
        params: &ShardedDbParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        // Each member has another place then: the database begins anew.
        if before.replicas != params.replicas || ctx.now() == Nanos::ZERO && params.replicas > 0 {
            return false;
        }
        if ctx.now() == Nanos::ZERO {
            *state = Self::start(params, ctx);
            return true;
        }
        let state = &mut **state;
        let another = Self::membership(before) != Self::membership(params)
            || (before.keys, before.auto_split) != (params.keys, params.auto_split);
        group::retune(state, before, params, ctx);
        if !state.leads() {
            state.map = Map::of(params);
            return true;
        }
        turn(state, params, ctx, |state, ctx| {
            ctx.changed = true;
            if another {
                map::change(state, params, ctx);
            }
            index::build(state, params, ctx);
        });
        true
    }

    fn handle(
        state: &mut Shared<ShardedDbState>,
        params: &ShardedDbParams,
        what: Happening<ShardedDbMessage, ShardedDbTimer>,
        ctx: &mut Context<Self>,
    ) {
        let state = &mut **state;
        let (from, message) = match what {
            Happening::Message(from, ShardedDbMessage::Group(it)) => {
                return group::hear(state, params, from, it, ctx);
            }
            Happening::Timer(ShardedDbTimer::Group(it)) => {
                return group::alarm(state, params, it, ctx);
            }
            Happening::Promote => return group::stand(state, params, ctx),
            Happening::Message(_, ShardedDbMessage::Between(shard, passed, message)) => {
                if !state.leads() {
                    return group::pass_on(state, shard, passed, message, ctx);
                }
                (shard, *message)
            }
            Happening::Message(from, message) => (from, message),
            what => {
                if let Happening::Finished { request, .. } = &what
                    && !state.leads()
                {
                    state.parts.retain(|it| it.0 != request.id);
                }
                if state.leads() {
                    turn(state, params, ctx, |state, ctx| act(state, params, what, ctx));
                }
                return;
            }
        };
        turn(state, params, ctx, |state, ctx| {
            ctx.changed = message.binds();
            talk::hear(state, params, from, message, ctx);
        });
    }

    fn serve(
        state: &mut Shared<ShardedDbState>,
        params: &ShardedDbParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let state = &mut **state;
        if !state.leads() {
            let directory = params.directory_at() == Some(ctx.ordinal() / params.copies());
            let plain = !directory && !is_range(params, request, ctx) && !index::asks(params, request.class, ctx);
            return group::serve(state, request, ticket, plain, ctx);
        }
        turn(state, params, ctx, |state, ctx| {
            let served = serve::serve(state, params, request, ticket, ctx);
            ctx.written(ticket, served)
        })
    }

    fn gauges(members: &[Option<&Shared<ShardedDbState>>], _: Nanos) -> Vec<f64> {
        let shards = || members.iter().flatten().filter(|it| it.leads());
        let left = shards().flat_map(|it| it.moves.iter()).map(Move::left);
        let locked = shards().map(|it| it.across.promises.locks().count());
        let rows = shards().map(|it| f64::from(it.held));
        vec![left.sum::<usize>() as f64, locked.sum::<usize>() as f64, rows.fold(0.0, |sum, it| sum + it)]
    }

    fn standing(state: &Self::State) -> Standing {
        match &state.group {
            None => Standing::Member,
            Some(it) if it.leads() => Standing::Leader,
            Some(it) if it.ballot.votes.is_some() => Standing::Candidate,
            Some(_) => Standing::Follower,
        }
    }

    fn weight(state: &Self::State) -> usize {
        state.rows.weight(CowList::bytes) + state.index.weight(Index::bytes)
    }
}
