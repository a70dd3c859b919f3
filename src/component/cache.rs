//! A cache: keeps answers close by, and lets some go when it is full.

use std::sync::Arc;

use crate::algorithm::eviction::{Policy, Running, Slot};
use crate::base::key_map::KeyMap;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
use crate::engine::event::Verb;
use crate::engine::plan::Plan;
use crate::engine::{Outcome, Request, Served};

use super::{Context, Fidelity, Gauge, Group, Kind, Never, OutWire, Ratio, Role};

crate::params! {
    /// Parameters of a cache.
    pub struct CacheParams {
        /// Entries it holds; one more, and one must leave.
        capacity: u32 = 1_000, in 1..=1_000_000, "entries";
        /// Which entry leaves when it is full.
        policy: Policy = Policy::Lru;
        /// How long an entry is good for; 0s for ever.
        ttl: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(86_400);
        /// Mean time to serve one request.
        work: Nanos = Nanos::micros(20), in Nanos::ZERO..=Nanos::seconds(1);
        /// Requests served at once; Redis serves one.
        workers: u32 = 1, in 1..=1_000, "workers";
        /// Requests that may wait; more are turned away.
        queue: u32 = 10_000, in 0..=1_000_000, "requests";
    }
}

/// What a cache holds of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Where the policy keeps it.
    pub slot: Slot,
    /// Version of the value.
    pub version: u32,
    /// When it stops being good.
    pub expires: Nanos,
}

crate::stable! { Entry { slot, version, expires } }

/// What a cache remembers: nothing that survives a crash.
#[derive(Clone, Debug)]
pub struct CacheState {
    /// Entries in the policy's order.
    pub order: Running,
    /// Entries by key.
    pub entries: KeyMap<Entry>,
}

impl StableHash for CacheState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { order, entries } = self;
        order.fold(&mut |word| h.word(word));
        entries.stable_hash(h);
    }
}

/// The key was there.
pub const HIT: u8 = 0;
/// It was not.
pub const MISS: u8 = 1;
/// An entry came in.
pub const ADMITTED: u8 = 2;
/// An entry left to make room.
pub const EVICTED: u8 = 3;
/// An entry was found too old.
pub const EXPIRED: u8 = 4;
/// An entry was dropped because its key changed.
pub const DROPPED: u8 = 5;

/// The kind.
#[derive(Debug)]
pub struct Cache;

impl Kind for Cache {
    const ID: &'static str = "cache";
    const NAME: &'static str = "Cache";
    const SUMMARY: &'static str = "Keeps answers close by, and lets some go when it is full.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Cache;
    const COUNTERS: &'static [&'static str] =
        &["hits", "misses", "admitted", "evicted", "expired", "dropped"];
    const RATIOS: &'static [Ratio] = &[Ratio {
        name: "hit_ratio",
        part: HIT,
        whole: &[HIT, MISS],
        help: "Reads answered from the cache, of all reads that reached it.",
    }];
    const GAUGES: &'static [Gauge] =
        &[Gauge { name: "entries", help: "Entries held at this moment." }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Real keys and versions; the policy that is named, entry by entry.",
            "One request at a time, as Redis serves them; a waiting line.",
            "A crash empties it; what it missed meanwhile it does not know.",
        ],
        left_out: &["Sizes in bytes: every entry counts as one.", "Persistence."],
        defaults: "20 µs a request: 50,000 a second on one core, the low end of what \
                   redis-benchmark reports without pipelining.",
    };
    type Params = CacheParams;
    type State = CacheState;
    type Message = Never;
    type Timer = Never;

    fn member_name(_: &CacheParams, ordinal: u16) -> String {
        format!("node {}", ordinal + 1)
    }

    fn station(params: &CacheParams) -> Station {
        let CacheParams { workers, queue, .. } = *params;
        Station { workers, queue_max: queue, hold: true, drop_expired: false }
    }

    fn plan(params: &CacheParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread { shape: Shape::LogNormal, mean: params.work };
        Plan::Sequence(vec![Plan::Work(work), Plan::Local])
    }

    fn start(params: &CacheParams, _: &mut Context<Self>) -> CacheState {
        let order = params.policy.start(params.capacity);
        CacheState { order, entries: KeyMap::default() }
    }

    fn retune(
        state: &mut CacheState,
        before: &CacheParams,
        params: &CacheParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        if before.policy != params.policy {
            return false;
        }
        while state.order.len() > params.capacity as usize {
            evict(state, ctx);
        }
        true
    }

    fn serve(
        state: &mut CacheState,
        params: &CacheParams,
        request: &Request,
        _: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        match request.verb {
            Verb::Read => read(state, request.key, ctx),
            Verb::Put => {
                put(state, params, request, ctx);
                Served::ok(request.version)
            }
            Verb::Delete | Verb::Write => {
                if let Some(entry) = state.entries.remove(request.key) {
                    state.order.remove(entry.slot);
                    ctx.count(DROPPED, request.key);
                }
                Served::ok(0)
            }
        }
    }

    fn gauges(members: &[Option<&CacheState>], _: Nanos) -> Vec<f64> {
        vec![members.iter().flatten().map(|it| it.entries.len() as f64).sum()]
    }
}

fn read(state: &mut CacheState, key: u32, ctx: &mut Context<Cache>) -> Served {
    if let Some(entry) = state.entries.get(key) {
        if entry.expires > ctx.now() {
            state.order.touch(entry.slot);
            ctx.count(HIT, key);
            return Served::ok(entry.version);
        }
        state.entries.remove(key);
        state.order.remove(entry.slot);
        ctx.count(EXPIRED, key);
    }
    state.order.missed(key);
    ctx.count(MISS, key);
    Served::ended(Outcome::Miss)
}

fn put(state: &mut CacheState, params: &CacheParams, request: &Request, ctx: &mut Context<Cache>) {
    let (key, version) = (request.key, request.version);
    let expires = match params.ttl {
        Nanos::ZERO => Nanos::MAX,
        ttl => ctx.now().saturating_add(ttl),
    };
    if let Some(entry) = state.entries.get(key) {
        state.order.touch(entry.slot);
        state.entries.insert(key, Entry { version, expires, ..entry });
        return;
    }
    while state.order.len() >= params.capacity as usize {
        evict(state, ctx);
    }
    let slot = state.order.insert(key);
    state.entries.insert(key, Entry { slot, version, expires });
    ctx.count(ADMITTED, key);
}

fn evict(state: &mut CacheState, ctx: &mut Context<Cache>) {
    if let Some(victim) = state.order.victim() {
        let key = state.order.evict(victim);
        state.entries.remove(key);
        ctx.count(EVICTED, key);
    }
}
