//! A cache: keeps answers close by, and lets some go when it is full. Beside a store (cache-aside)
//! or in front of one (read-through, write-through, write-behind).

mod behind;
pub mod flight;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::eviction::{Policy, Running, Slot};
use crate::base::key_map::KeyMap;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{self, Happening, Outcome, Request, Served};

use behind::{flush, flushed, write};

use super::client::for_classes;
use super::service::call;
use super::{Context, Fidelity, Gauge, Group, Kind, Never, OutWire, Ratio, Registry, Role};

crate::choices! {
    /// Who brings cache and store together, and when.
    pub enum Strategy {
        /// The caller: it asks the store after a miss, fills the cache, and drops what it changes.
        CacheAside = "cache-aside",
        /// The cache asks its store after a miss; a write goes to the store, and the entry goes.
        ReadThrough = "read-through",
        /// The same, but a write leaves the new value in the cache, once the store has it.
        WriteThrough = "write-through",
        /// A write is acknowledged once the cache has it; the store gets it later.
        WriteBehind = "write-behind",
    }
}

crate::params! {
    /// Parameters of a cache.
    pub struct CacheParams {
        /// Entries it holds; one more, and one must leave.
        capacity: u32 = 1_000, in 1..=1_000_000, "entries";
        /// Which entry leaves when it is full.
        policy: Policy = Policy::Lru;
        /// How long an entry is good for; 0s for ever.
        ttl: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(86_400);
        /// Single flight: a read that misses waits for so long for another's load of the same key, in
        /// place of asking the store too; 0s: it asks.
        single_flight: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
        /// Early refresh, β: shortly before an entry is too old one read or another fetches it, the
        /// sooner the longer that takes; 0: none, 1: as the authors have it.
        early: f64 = 0.0, in 0.0..=100.0, "", when |it| it.ttl > Nanos::ZERO;
        /// Who brings cache and store together: the caller (cache-aside), or the cache itself,
        /// which needs a wire to its store for that.
        strategy: Strategy = Strategy::CacheAside;
        /// With write-behind: how long writes are gathered before they go to the store.
        flush_every: Nanos = Nanos::seconds(1), in Nanos::millis(1)..=Nanos::seconds(3_600);
        /// With write-behind: entries sent to the store at once; the rest wait for the next time.
        flush_batch: u32 = 100, in 1..=100_000, "entries";
        /// Mean time to serve one request.
        work: Nanos = Nanos::micros(20), in Nanos::ZERO..=Nanos::seconds(1);
        /// Requests served at once; Redis serves one.
        workers: u32 = 1, in 1..=1_000, "workers";
        /// Requests that may wait; more are turned away.
        queue: u32 = 10_000, in 0..=1_000_000, "requests";
    }
}

/// A cache's own acts know no kind: a cluster's members share them.
type Ctx<'a> = engine::Context<'a, Registry>;

/// What a cache holds of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Where the policy keeps it.
    pub slot: Slot,
    /// Version of the value.
    pub version: u32,
    /// When it stops being good.
    pub expires: Nanos,
    /// Whether the store does not have it yet.
    pub dirty: bool,
}

/// A write that has been acknowledged and is not known to be in the store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dirty {
    /// Which key.
    pub key: u32,
    /// Since when.
    pub since: Nanos,
    /// The version on its way to the store; 0 if none is.
    pub sent: u32,
}

crate::stable! {
    Entry { slot, version, expires, dirty }
    Dirty { key, since, sent }
}

/// What a cache remembers: nothing that survives a crash.
#[derive(Clone, Debug)]
pub struct CacheState {
    /// Entries in the policy's order.
    pub order: Running,
    /// Entries by key.
    pub entries: KeyMap<Entry>,
    /// What the store does not have yet, oldest first.
    pub dirty: VecDeque<Dirty>,
    /// Whether a flush is due.
    alarmed: bool,
    /// Requests begun so far, in all lives: numbers are not used twice.
    begun: u64,
    /// Loads under way, where they are known.
    pub flights: Option<Box<flight::Flights>>,
}

impl CacheState {
    /// An empty cache.
    pub(super) fn new(params: &CacheParams) -> Self {
        let order = params.policy.start(params.capacity.into());
        let (entries, dirty) = (KeyMap::default(), VecDeque::new());
        let flights = flight::Flights::of(params);
        Self { order, entries, dirty, alarmed: false, begun: 0, flights }
    }
}

impl StableHash for CacheState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { order, entries, dirty, alarmed, begun, flights } = self;
        order.fold(&mut |word| h.word(word));
        entries.stable_hash(h);
        dirty.stable_hash(h);
        (*alarmed, *begun).stable_hash(h);
        if let Some(flights) = flights {
            flights.stable_hash(h);
        }
    }
}

/// Why a cache wakes.
#[derive(Clone, Debug)]
pub enum Wake {
    /// What is dirty goes to the store.
    Flush,
    /// The load of this key for this request may have been lost.
    Load(u32, u64),
}

impl StableHash for Wake {
    fn stable_hash(&self, h: &mut StableHasher) {
        if let Self::Load(key, request) = self {
            (*key, *request).stable_hash(h);
        }
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
/// The store has got an entry that was written here first.
pub const FLUSHED: u8 = 6;
/// A dirty entry was lost: by a flush, or found so when the cache came back from a crash.
pub const LOST: u8 = engine::accesses::LOST;
/// A read that missed waits for another's load.
pub const JOINED: u8 = 8;
/// A read fetches what is good still.
pub const EARLY: u8 = 9;

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
        &["hits", "misses", "admitted", "evicted", "expired", "dropped", "flushed", "lost", "joined", "early"];
    const RATIOS: &'static [Ratio] = &[Ratio {
        name: "hit_ratio",
        part: HIT,
        whole: &[HIT, MISS],
        help: "Reads answered from the cache, of all reads that reached it.",
    }];
    const GAUGES: &'static [Gauge] = &[
        Gauge { name: "entries", help: "Entries held at this moment." },
        Gauge {
            name: "dirty",
            help: "Entries written here that the store is not known to have: what a crash loses.",
        },
    ];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Real keys and versions; the policy that is named, entry by entry.",
            "Entries grow old by the cache's own clock, which a fault can put wrong.",
            "One request at a time, as Redis serves them; a waiting line.",
            "A crash empties it; what it missed meanwhile it does not know.",
            "Another policy takes over what is held, as Redis does with CONFIG SET, in the order in \
             which it would have left; what the old one knew of its uses is forgotten.",
            "With a strategy of its own and a wire to a store it reads and writes there itself, \
             by real calls, and does not hold a worker while it waits.",
            "Write-behind: a write of an entry not held loads it first; flushes that fail are \
             repeated; dirty entries stay, and once nothing else is left to go, writes go through \
             to the store. A crash loses what the store has not got.",
            "Single flight: a load that is not back in time is begun again by whoever has waited \
             longest. Early refresh (XFetch): by how long the entry's own load took.",
        ],
        left_out: &[
            "Sizes in bytes: every entry counts as one.",
            "Persistence.",
            "Single flight: a write while a key is loaded does not end the wait for that load.",
        ],
        defaults: "20 µs a request: 50,000 a second on one core, the low end of what \
                   redis-benchmark reports without pipelining.",
    };
    type Params = CacheParams;
    type State = CacheState;
    type Message = Never;
    type Timer = Wake;

    fn member_name(_: &CacheParams, ordinal: u16) -> String {
        format!("node {}", ordinal + 1)
    }

    fn needs_later(params: &CacheParams) -> bool {
        params.policy.is_late() || params.knows_loads()
    }

    fn station(params: &CacheParams) -> Station {
        let CacheParams { workers, queue, strategy, single_flight, .. } = *params;
        let hold = strategy == Strategy::CacheAside && single_flight == Nanos::ZERO;
        Station { workers, queue_max: queue, hold, ..Station::UNLIMITED }
    }

    fn plan(params: &CacheParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let spread = Spread::new(Shape::LogNormal, params.work);
        let serve = |it| Plan::Sequence(vec![Plan::Work(spread), it]);
        if wires.is_empty() {
            return serve(Plan::Local);
        }
        let ask = |verb| {
            let calls = wires.iter().map(|it| for_classes(it.classes, call(it, verb)));
            Plan::Sequence(calls.collect())
        };
        // What is dirty is flushed even if the strategy has changed since.
        if_verb(Verb::Flush, ask(None), serve(strategy(params.strategy, &ask)))
    }

    fn through(params: &CacheParams) -> bool {
        params.strategy != Strategy::CacheAside
    }

    fn start(params: &CacheParams, _: &mut Context<Self>) -> CacheState {
        CacheState::new(params)
    }

    fn restart(old: &CacheState, params: &CacheParams, ctx: &mut Context<Self>) -> CacheState {
        old.dirty.iter().for_each(|it| ctx.count(LOST, it.key));
        CacheState { begun: old.begun, ..Self::start(params, ctx) }
    }

    fn flush(state: &mut CacheState, params: &CacheParams, ctx: &mut Context<Self>) {
        // Loads under way are the callers' affair.
        let (alarmed, flights) = (state.alarmed, state.flights.take());
        *state = CacheState { alarmed, flights, ..Self::restart(state, params, ctx) };
    }

    fn retune(
        state: &mut CacheState,
        before: &CacheParams,
        params: &CacheParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        retune(state, before, params, ctx)
    }

    fn handle(
        state: &mut CacheState,
        params: &CacheParams,
        what: Happening<Never, Wake>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Timer(Wake::Flush) => {
                state.alarmed = false;
                flush(state, params, ctx);
            }
            Happening::Timer(Wake::Load(key, request)) => {
                (flight::deeds().overdue)(state, params, key, request, ctx);
            }
            Happening::Finished { request, outcome, version } => {
                flushed(state, &request, outcome, version, ctx);
            }
            _ => {}
        }
    }

    fn serve(
        state: &mut CacheState,
        params: &CacheParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        serve(state, params, request, ticket, ctx)
    }

    fn gauges(members: &[Option<&CacheState>], _: Nanos) -> Vec<f64> {
        let sum = |of: fn(&CacheState) -> usize| {
            members.iter().flatten().map(|it| of(it)).sum::<usize>() as f64
        };
        vec![sum(|it| it.entries.len()), sum(|it| it.dirty.len())]
    }

    fn weight(state: &Self::State) -> usize {
        state.order.bytes()
    }
}

/// A cache's own act on a request.
pub(super) fn serve(
    state: &mut CacheState,
    params: &CacheParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    match request.verb {
        Verb::Read => read(state, params, request, ticket, ctx),
        Verb::Put => {
            put(state, params, request, ctx);
            if state.flights.is_some() {
                (flight::deeds().arrived)(state, request, ctx);
            }
            Served::ok(request.version)
        }
        Verb::Write if params.strategy == Strategy::WriteBehind => {
            write(state, params, request.key, ctx)
        }
        Verb::Delete | Verb::Write => {
            if let Some(entry) = state.entries.get(request.key).filter(|it| !it.dirty) {
                state.entries.remove(request.key);
                state.order.remove(entry.slot);
                ctx.count(DROPPED, request.key);
            }
            Served::ok(0)
        }
        // A flush is for the store, and there is none.
        Verb::Flush => Served::ended(Outcome::NoTarget),
    }
}

/// Takes over other settings; false if only a restart will do.
pub(super) fn retune(
    state: &mut CacheState,
    before: &CacheParams,
    params: &CacheParams,
    ctx: &mut Ctx,
) -> bool {
    if before.policy != params.policy {
        hand_over(state, params);
    }
    if params.knows_loads() || state.flights.is_some() {
        (flight::deeds().retune)(state, params, ctx);
    }
    state.order.resize(params.capacity.into());
    while state.order.len() > params.capacity as usize && evict(state, true, ctx) {}
    true
}

fn if_verb(verb: Verb, then: Plan<Arc<str>>, otherwise: Plan<Arc<str>>) -> Plan<Arc<str>> {
    let condition = Condition::Verb(verb);
    Plan::If { condition, then: Box::new(then), otherwise: Box::new(otherwise) }
}

/// What is done with reads and writes; `ask` calls the store.
fn strategy(of: Strategy, ask: &dyn Fn(Option<Verb>) -> Plan<Arc<str>>) -> Plan<Arc<str>> {
    let and_then = |verb, then| Plan::Sequence(vec![ask(Some(verb)), then]);
    let fill = || and_then(Verb::Read, Plan::LocalAs(Verb::Put));
    let write_through = || and_then(Verb::Write, Plan::LocalAs(Verb::Put));
    let write = match of {
        Strategy::CacheAside => return Plan::Local,
        Strategy::ReadThrough => and_then(Verb::Write, Plan::LocalAs(Verb::Delete)),
        Strategy::WriteThrough => write_through(),
        Strategy::WriteBehind => {
            let again = Plan::LocalOr(Box::new(write_through()));
            Plan::LocalOr(Box::new(Plan::Sequence(vec![fill(), again])))
        }
    };
    if_verb(Verb::Write, write, Plan::LocalOr(Box::new(fill())))
}

fn read(
    state: &mut CacheState,
    params: &CacheParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let key = request.key;
    if let Some(entry) = state.entries.get(key) {
        if entry.expires > ctx.clock() || entry.dirty {
            if flight::fetches_early(state, params, request, entry, ctx) {
                return (flight::deeds().missed)(state, params, request, ticket, ctx);
            }
            state.order.touch(entry.slot);
            ctx.count(HIT, key);
            ctx.found(request, entry.version);
            return Served::ok(entry.version);
        }
        state.entries.remove(key);
        state.order.remove(entry.slot);
        ctx.count(EXPIRED, key);
    }
    ctx.count(MISS, key);
    if state.flights.is_some() {
        return (flight::deeds().missed)(state, params, request, ticket, ctx);
    }
    Served::ended(Outcome::Miss)
}

fn expiry(params: &CacheParams, clock: Nanos) -> Nanos {
    if params.ttl == Nanos::ZERO { Nanos::MAX } else { clock.saturating_add(params.ttl) }
}

fn put(state: &mut CacheState, params: &CacheParams, request: &Request, ctx: &mut Ctx) {
    let (key, version) = (request.key, request.version);
    let expires = expiry(params, ctx.clock());
    if let Some(entry) = state.entries.get(key) {
        state.order.touch(entry.slot);
        // A cache that asks its store itself does not put an older answer over a newer one.
        let through = params.strategy != Strategy::CacheAside;
        let stays = entry.dirty || through && version < entry.version;
        if !stays {
            let mut slot = entry.slot;
            if params.policy.needs_ttl() {
                // Its time begins anew, and entries are ordered by that.
                state.order.remove(slot);
                slot = state.order.insert(key, 1);
            }
            state.entries.insert(key, Entry { slot, version, expires, ..entry });
        }
        return;
    }
    state.order.arriving(key);
    while state.order.len() >= params.capacity as usize {
        if !evict(state, !params.policy.needs_ttl(), ctx) {
            return flush(state, params, ctx);
        }
    }
    let slot = state.order.insert(key, 1);
    state.entries.insert(key, Entry { slot, version, expires, dirty: false });
    ctx.count(ADMITTED, key);
}

/// Another policy takes over what is held, in the order in which it would have left.
fn hand_over(state: &mut CacheState, params: &CacheParams) {
    let keys: Vec<u32> = state.order.order().map(|slot| state.order.key(slot)).collect();
    state.order = params.policy.start(params.capacity.into());
    for key in keys {
        let slot = state.order.insert(key, 1);
        if let Some(entry) = state.entries.get(key) {
            state.entries.insert(key, Entry { slot, ..entry });
        }
    }
}

/// Makes room by the policy's choice, passing over what is dirty and, if nothing `live` may leave,
/// what has not expired. False if there is nothing else.
fn evict(state: &mut CacheState, live: bool, ctx: &mut Ctx) -> bool {
    let first = state.order.victim();
    let entry_of = |slot: Slot| state.entries.get(state.order.key(slot));
    let is_clean = |slot: &Slot| entry_of(*slot).is_none_or(|it| !it.dirty);
    let victim = first.filter(is_clean).or_else(|| state.order.order().find(is_clean));
    let Some(victim) = victim else { return false };
    if !live && entry_of(victim).is_some_and(|it| it.expires > ctx.now()) {
        return false;
    }
    let key = state.order.evict(victim);
    state.entries.remove(key);
    ctx.count(if live { EVICTED } else { EXPIRED }, key);
    true
}
