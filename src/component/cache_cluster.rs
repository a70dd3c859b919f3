//! A cache cluster: several caches, each with a part of the keys. Callers know who there is and place
//! keys themselves (client-side sharding, as memcached's clients do it); the members know nothing of
//! each other, unless slots of theirs change hands with their entries, as in a Redis cluster.

mod entries;
mod moving;
mod state;
pub mod table;
mod talk;

use std::sync::Arc;

use crate::algorithm::eviction::Policy;
use crate::algorithm::hashing::Hash;
use crate::algorithm::placement::{Node, Scheme, Settings, redis_slots};
use crate::base::cow::Shared;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::stable::{StableHash, StableHasher};
use crate::base::text;
use crate::base::time::Nanos;
use crate::base::unit::{Share, Weights};
use crate::engine::blueprint::{Addressing, Station};
use crate::engine::plan::Plan;
use crate::engine::{Happening, HealthCheck, Request, Served};

pub use super::placing::Learn;
pub use super::scheme::ByHash;
pub use state::{Asked, Done, Move, Moving, Stage};
pub use talk::{ClusterMessage, ClusterTimer};

use super::cache::{self, CacheParams, CacheState, HIT, MISS};
use super::{Context, Fidelity, Gauge, Group, Kind, Membership, OutWire, Ratio, Role};

type Ctx<'a, 'b> = Context<'a, 'b, CacheCluster>;

const fn has_points(it: &CacheClusterParams) -> bool {
    matches!(it.scheme.0, Scheme::Ring | Scheme::Bounded)
}

/// Whether callers learn of a slot from whom they ask in vain.
const fn learns_by_slot(it: &CacheClusterParams) -> bool {
    matches!((it.scheme.0, it.callers_learn), (Scheme::RedisSlots, Learn::Slot))
}

const fn has_choice_of_hash(it: &CacheClusterParams) -> bool {
    !matches!(it.scheme.0, Scheme::Ketama | Scheme::RedisSlots)
}

crate::params! {
    /// Parameters of a cache cluster.
    pub struct CacheClusterParams {
        /// Members, called A, B, C and so on. The last one goes first.
        nodes: u32 = 3, in 1..=26, "nodes";
        /// How keys find their nodes: the hash modulo their number, the next point on a ring, a
        /// bid of every node (rendezvous), a few steps of arithmetic (jump), a table (Maglev), a
        /// ring that passes by who is busy (bounded loads), or Redis Cluster's slots.
        scheme: ByHash = ByHash(Scheme::Ring);
        /// Points on the ring for each node of weight 1 (virtual nodes): few are uneven.
        vnodes: u32 = 200, in 1..=1_000, "points", when has_points;
        /// Share of the keys of each node, relative to the others, A first: 2 gets about twice the
        /// keys of 1, and 0 takes a node out of the membership: it stays, and nobody asks it.
        /// Nodes not named have 1. Modulo, jump and slots know only 0 and the rest.
        weights: Weights = Weights::default();
        /// The hash function of keys and nodes. Jump needs 64 bits, and takes xxHash64 in place of
        /// those with fewer.
        hash: Hash = Hash::XxHash64, when has_choice_of_hash;
        /// How far above its fair share of the calls that are out a node may be before keys pass it
        /// by; at least 1%.
        slack: Share = Share(0.25), when |it| it.scheme.0 == Scheme::Bounded;
        /// How callers learn that slots have moved: all at once (at-once); or from the node they ask in
        /// vain (MOVED), and then they remember that slot (moved-slot), or fetch the whole table
        /// (moved-table).
        callers_learn: Learn = Learn::AtOnce, when |it| it.scheme.0 == Scheme::RedisSlots;
        /// With moved-slot: how many slots a node hands over at a time, with their entries (MIGRATE);
        /// redis-cli does with 1. Who asks for a key that has gone is sent after it (ASK). 0: slots change
        /// hands at one moment, and their keys miss.
        moving_slots: u32 = 0, in 0..=1_024, "slots", when learns_by_slot;
        /// How many entries a node hands over in a second at most; they go ten at a time.
        migrate_rate: u32 = 1_000, in 1..=100_000, "entries/s",
            when |it| learns_by_slot(it) && it.moving_slots > 0;
        /// Entries each node holds; one more, and one must leave.
        capacity: u32 = 1_000, in 1..=1_000_000, "entries", when |it| it.max_memory == 0;
        /// What the values a node holds may take together (maxmemory), in place of a number of entries:
        /// entries leave until what comes in fits; 0: entries are counted.
        max_memory: u32 = 0, in 0..=100_000_000, "kB";
        /// Mean size of a value; each key's has one of its own.
        item_size: u32 = 1_000, in 1..=100_000_000, "bytes", when |it| it.max_memory > 0;
        /// How sizes are distributed.
        item_sizes: Shape = Shape::LogNormal, when |it| it.max_memory > 0;
        /// Which entry leaves when a node is full.
        policy: Policy = Policy::Lru;
        /// How long an entry is good for; 0s for ever.
        ttl: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(86_400);
        /// How often callers check each node: two failed checks in a row, and they place keys
        /// among the others, until two good ones. 0s for never: then the keys of a dead node are
        /// asked for in vain.
        check_every: Nanos = Nanos::millis(500), in Nanos::ZERO..=Nanos::seconds(600);
        /// Mean time to serve one request.
        work: Nanos = Nanos::micros(20), in Nanos::ZERO..=Nanos::seconds(1);
        /// Requests served at once by each node; Redis serves one.
        workers: u32 = 1, in 1..=1_000, "workers";
        /// Requests that may wait at one node; more are turned away.
        queue: u32 = 10_000, in 0..=1_000_000, "requests";
    }
}

impl CacheClusterParams {
    /// What each member is.
    fn one(&self) -> CacheParams {
        let Self { capacity, max_memory, item_size, item_sizes, policy, .. } = *self;
        let Self { ttl, work, workers, queue, .. } = *self;
        let room =
            CacheParams { capacity, max_memory, item_size, item_sizes, ..Default::default() };
        CacheParams { policy, ttl, work, workers, queue, ..room }
    }
}

impl CacheClusterParams {
    /// Whether keys have slots.
    fn has_slots(&self) -> bool {
        self.scheme.0 == Scheme::RedisSlots
    }

    /// How callers learn of a change: where there are slots.
    fn learn(&self) -> Learn {
        if self.has_slots() { self.callers_learn } else { Learn::AtOnce }
    }

    /// Whether slots change hands with their entries.
    pub fn moves(&self) -> bool {
        learns_by_slot(self) && self.moving_slots > 0
    }

    /// Which nodes take part, by ordinal.
    pub fn takes_part(&self) -> Vec<bool> {
        (0..self.nodes as usize).map(|it| self.weights.of(it) > 0).collect()
    }

    /// The ordinals of those that do.
    pub fn among(&self) -> Vec<u8> {
        (0..).zip(self.takes_part()).filter(|it| it.1).map(|it| it.0).collect()
    }

    /// The ordinal of the node that has the slot of a key.
    fn slot_owner(&self, key: &str) -> Option<u8> {
        redis_slots::owner(redis_slots::slot(key.as_bytes()), &self.among())
    }
}

/// A node was asked for a key whose slot is another's, and has said so.
pub const MOVED: u8 = 12;
/// A node was asked for a key that has gone over to another, and has said so.
pub const ASK: u8 = 13;
/// An entry has gone over to another node.
pub const MIGRATED: u8 = 14;

/// What a node remembers.
#[derive(Clone, Debug)]
pub struct ClusterState {
    /// What it holds.
    pub cache: CacheState,
    /// What it knows of slots, where they change hands with their entries.
    pub moving: Option<Shared<Moving>>,
}

impl std::ops::Deref for ClusterState {
    type Target = CacheState;
    fn deref(&self) -> &CacheState {
        &self.cache
    }
}

impl StableHash for ClusterState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { cache, moving } = self;
        cache.stable_hash(h);
        if let Some(moving) = moving {
            moving.stable_hash(h);
        }
    }
}

/// The kind.
#[derive(Debug)]
pub struct CacheCluster;

impl Kind for CacheCluster {
    const ID: &'static str = "cache-cluster";
    const NAME: &'static str = "Cache cluster";
    const SUMMARY: &'static str = "Several caches, each with a part of the keys.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Cache;
    const ADDRESSING: Addressing = Addressing::Keyed;
    const COUNTERS: &'static [&'static str] = &[
        "hits",
        "misses",
        "admitted",
        "evicted",
        "expired",
        "dropped",
        "flushed",
        "lost",
        "joined",
        "early",
        "forgotten",
        "refused",
        "moved",
        "ask",
        "migrated",
    ];
    const RATIOS: &'static [Ratio] = &[Ratio {
        name: "hit_ratio",
        part: HIT,
        whole: &[HIT, MISS],
        help: "Reads answered from the cluster, of all reads that reached it.",
    }];
    const GAUGES: &'static [Gauge] =
        &[Gauge { name: "entries", help: "Entries held at this moment, all nodes together." }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Client-side sharding: every caller knows the membership and hashes the key, written \
             as it is shown, with the scheme's own algorithm.",
            "A change of nodes, weights or scheme reaches all callers at once; callers of Redis slots \
             may learn of it from MOVED answers instead, each by itself, at the price of a call. Then \
             the keys of a dead node are refused, and asked of nobody else. Entries stay where \
             they are, unless slots move with them: a key that moved misses, and one that moves back may \
             find an old value.",
            "Redis slots that move with their entries: as few as can, a few slots at a time from each \
             node, ten entries at a time (MIGRATE), and the node serves nobody else until those are \
             confirmed. Who asks for a key that has gone is sent after it, for this once (ASK); when all \
             have gone, the new owner is told (MOVED). Entries keep their version and the time they have \
             left. What a node knows of slots survives a crash, its entries do not. Nodes tell each other \
             what they know once a second.",
            "Callers check the nodes over the network. A dead one is known as such after two \
             failed checks; until then its keys are refused and read from the store. Then they \
             are placed among the others, as if it were no member.",
            "Each node is a cache by itself, with the policy that is named, and empty after a crash.",
        ],
        left_out: &[
            "Copies of entries on several nodes, and that a replica takes the place of a dead node.",
            "Without slots that move with their entries: Redis slots are dealt out anew with every \
             change, in one piece for each node, at one moment.",
            "With them: that a tool (redis-cli) gives the orders; here each node does for its own slots what \
             the tool would, so several nodes hand over at a time. A node remembers across a crash which \
             entries were not confirmed. A node that is taken away takes its entries along, and its slots \
             are the others' at once (cluster fix): give it weight 0 first. A caller that comes back begins \
             with slots dealt out in order, and learns.",
            "Callers that differ in what they know of the membership.",
            "The Chord view (finger tables, lookups hop by hop) is worked out beside the run, for nodes \
             that do not come or go: callers here know all nodes and ask the owner at once.",
        ],
        defaults: "200 points a node, as ketama has 160; checks twice a second; a node as the \
                   cache has it.",
    };
    type Params = CacheClusterParams;
    type State = ClusterState;
    type Message = ClusterMessage;
    type Timer = ClusterTimer;

    fn members(params: &CacheClusterParams) -> u32 {
        params.nodes
    }

    fn member_name(_: &CacheClusterParams, ordinal: u16) -> String {
        text::letter(ordinal)
    }

    fn station(params: &CacheClusterParams) -> Station {
        let CacheClusterParams { workers, queue, .. } = *params;
        // Whoever brings entries waits until the other has confirmed them.
        Station { workers, queue_max: queue, hold: params.moves(), ..Station::UNLIMITED }
    }

    fn plan(params: &CacheClusterParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.work);
        Plan::Sequence(vec![Plan::Work(work), Plan::Local])
    }

    fn membership(params: &CacheClusterParams) -> Option<Membership> {
        let node = |at: u32| Node {
            name: Self::member_name(params, at as u16),
            weight: params.weights.of(at as usize),
        };
        let narrow = params.scheme.0 == Scheme::Jump && params.hash.bits() < 64;
        let settings = Settings {
            hash: if narrow { Hash::XxHash64 } else { params.hash },
            vnodes: params.vnodes,
            slack: params.slack.0.max(0.01),
            ..Settings::default()
        };
        let nodes = (0..params.nodes).map(node).collect();
        Some(Membership { scheme: params.scheme.0, settings, nodes, bare: false, learn: params.learn(), copies: 1, directory: None, groups: Vec::new() })
    }

    fn checked(params: &CacheClusterParams) -> Option<HealthCheck> {
        let interval = params.check_every;
        let check = HealthCheck { interval, timeout: Nanos::millis(200), fall: 2, rise: 2 };
        (interval > Nanos::ZERO).then_some(check)
    }

    fn rows(message: &ClusterMessage) -> usize {
        message.rows()
    }

    fn start(params: &CacheClusterParams, ctx: &mut Context<Self>) -> ClusterState {
        let moving = moving::start(params, ctx);
        ClusterState { cache: CacheState::new(&params.one()), moving }
    }

    fn restart(
        old: &ClusterState,
        params: &CacheClusterParams,
        ctx: &mut Context<Self>,
    ) -> ClusterState {
        let moving = moving::restart(old.moving.as_deref(), params, ctx);
        ClusterState { cache: CacheState::new(&params.one()), moving }
    }

    fn retune(
        state: &mut ClusterState,
        before: &CacheClusterParams,
        params: &CacheClusterParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        moving::retune(state, before, params, ctx);
        cache::retune(&mut state.cache, &before.one(), &params.one(), ctx)
    }

    fn flush(state: &mut ClusterState, params: &CacheClusterParams, _: &mut Context<Self>) {
        state.cache = CacheState::new(&params.one());
    }

    fn handle(
        state: &mut ClusterState,
        params: &CacheClusterParams,
        what: Happening<ClusterMessage, ClusterTimer>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Message(from, it) => talk::hear(state, params, from, it, ctx),
            Happening::Timer(it) => moving::wake(state, params, it, ctx),
            Happening::Finished { request, outcome, .. } => {
                entries::finished(state, request.id, outcome.is_failure());
            }
            _ => {}
        }
    }

    fn serve(
        state: &mut ClusterState,
        params: &CacheClusterParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        if state.moving.is_some() {
            return entries::serve(state, params, request, ticket, ctx);
        }
        if params.learn() != Learn::AtOnce {
            let owner = params.slot_owner(&format!("{}:{}", ctx.key_name(), request.key));
            if owner != Some(ctx.ordinal() as u8) {
                ctx.count(MOVED, request.key);
                return Served::not_leader(owner.map(u16::from));
            }
        }
        cache::serve(&mut state.cache, &params.one(), request, ticket, ctx)
    }

    fn gauges(members: &[Option<&ClusterState>], _: Nanos) -> Vec<f64> {
        let entries = members.iter().flatten().map(|it| it.entries.len());
        vec![entries.sum::<usize>() as f64]
    }

    fn weight(state: &Self::State) -> usize {
        state.order.bytes() + state.moving.as_ref().map_or(0, |it| it.bytes())
    }
}
