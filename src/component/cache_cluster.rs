//! A cache cluster: several caches, each with a part of the keys. Callers know who there is and place
//! keys themselves (client-side sharding, as memcached's clients do it); the members know nothing of
//! each other.

use std::sync::Arc;

use crate::algorithm::eviction::Policy;
use crate::algorithm::hashing::Hash;
use crate::algorithm::placement::{Node, Scheme, Settings, redis_slots};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::text;
use crate::base::time::Nanos;
use crate::base::unit::{Share, Weights};
use crate::engine::blueprint::{Addressing, Station};
use crate::engine::plan::Plan;
use crate::engine::{HealthCheck, Request, Served};

pub use super::placing::Learn;
pub use super::scheme::ByHash;

use super::cache::{self, CacheParams, CacheState, HIT, MISS};
use super::{Context, Fidelity, Gauge, Group, Kind, Membership, Never, OutWire, Ratio, Role};

const fn has_points(it: &CacheClusterParams) -> bool {
    matches!(it.scheme.0, Scheme::Ring | Scheme::Bounded)
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
        /// Entries each node holds; one more, and one must leave.
        capacity: u32 = 1_000, in 1..=1_000_000, "entries";
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
        let Self { capacity, policy, ttl, work, workers, queue, .. } = *self;
        CacheParams { capacity, policy, ttl, work, workers, queue, ..CacheParams::default() }
    }
}

impl CacheClusterParams {
    /// How callers learn of a change: where there are slots.
    fn learn(&self) -> Learn {
        if self.scheme.0 == Scheme::RedisSlots { self.callers_learn } else { Learn::AtOnce }
    }

    /// The ordinal of the node that has the slot of a key.
    fn slot_owner(&self, key: &str) -> Option<usize> {
        let among = || (0..self.nodes as usize).filter(|it| self.weights.of(*it) > 0);
        let at = redis_slots::owner(redis_slots::slot(key.as_bytes()), among().count());
        among().nth(at)
    }
}

/// A node was asked for a key whose slot is another's, and has said so.
pub const MOVED: u8 = 11;

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
        "hits", "misses", "admitted", "evicted", "expired", "dropped", "flushed", "lost", "joined",
        "early", "forgotten", "moved",
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
             they are: a key that moved misses, and one that moves back may find an old value.",
            "Callers check the nodes over the network. A dead one is known as such after two \
             failed checks; until then its keys are refused and read from the store. Then they \
             are placed among the others, as if it were no member.",
            "Each node is a cache by itself, with the policy that is named, and empty after a crash.",
        ],
        left_out: &[
            "Copies of entries on several nodes; resharding that moves entries (Redis Cluster's \
             MIGRATE), and so ASK: a slot moves at one moment, and its keys miss. Replicas and \
             Sentinel.",
            "Redis slots are dealt out anew with every change, in one piece for each node; a real \
             cluster moves as few as it can, and replaces a dead node by its replica.",
            "Callers that differ in what they know of the membership.",
            "The Chord view (finger tables, lookups hop by hop) is worked out beside the run, for nodes \
             that do not come or go: callers here know all nodes and ask the owner at once.",
        ],
        defaults: "200 points a node, as ketama has 160; checks twice a second; a node as the \
                   cache has it.",
    };
    type Params = CacheClusterParams;
    type State = CacheState;
    type Message = Never;
    type Timer = Never;

    fn members(params: &CacheClusterParams) -> u32 {
        params.nodes
    }

    fn member_name(_: &CacheClusterParams, ordinal: u16) -> String {
        text::letter(ordinal)
    }

    fn station(params: &CacheClusterParams) -> Station {
        Station { workers: params.workers, queue_max: params.queue, ..Station::UNLIMITED }
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
        Some(Membership { scheme: params.scheme.0, settings, nodes, bare: false, learn: params.learn() })
    }

    fn checked(params: &CacheClusterParams) -> Option<HealthCheck> {
        let interval = params.check_every;
        let check = HealthCheck { interval, timeout: Nanos::millis(200), fall: 2, rise: 2 };
        (interval > Nanos::ZERO).then_some(check)
    }

    fn start(params: &CacheClusterParams, _: &mut Context<Self>) -> CacheState {
        CacheState::new(&params.one())
    }

    fn retune(
        state: &mut CacheState,
        before: &CacheClusterParams,
        params: &CacheClusterParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        cache::retune(state, &before.one(), &params.one(), ctx)
    }

    fn flush(state: &mut CacheState, params: &CacheClusterParams, _: &mut Context<Self>) {
        *state = CacheState::new(&params.one());
    }

    fn serve(
        state: &mut CacheState,
        params: &CacheClusterParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        if params.learn() != Learn::AtOnce {
            let owner = params.slot_owner(&format!("{}:{}", ctx.key_name(), request.key));
            if owner != Some(usize::from(ctx.ordinal())) {
                ctx.count(MOVED, request.key);
                return Served::not_leader(owner.map(|it| it as u16));
            }
        }
        cache::serve(state, &params.one(), request, ticket, ctx)
    }

    fn gauges(members: &[Option<&CacheState>], _: Nanos) -> Vec<f64> {
        let entries = members.iter().flatten().map(|it| it.entries.len());
        vec![entries.sum::<usize>() as f64]
    }

    fn weight(state: &Self::State) -> usize {
        state.order.bytes()
    }
}
