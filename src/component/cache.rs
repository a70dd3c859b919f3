//! A cache: keeps answers close by, and lets some go when it is full. Beside a store (cache-aside)
//! or in front of one (read-through, write-through, write-behind).

mod behind;
pub mod disk;
pub mod flight;
mod plans;
mod room;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::eviction::{Policy, Running, Slot};
use crate::base::key_map::KeyMap;
use crate::base::slab::Handle;
use crate::base::spread::Shape;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
use crate::engine::event::Verb;
use crate::engine::plan::Plan;
use crate::engine::{self, Happening, Outcome, Request, Served};

use behind::{flush, flushed, write};
use disk::Persistence;
pub(super) use room::{forget, take_in};
use room::{evict, hand_over, put};

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
        capacity: u32 = 1_000, in 1..=1_000_000, "entries", when |it| it.max_memory == 0;
        /// What the values it holds may take together (Redis' maxmemory), in place of a number of
        /// entries: entries leave until what comes in fits; 0: entries are counted.
        max_memory: u32 = 0, in 0..=100_000_000, "kB";
        /// Mean size of a value; each key's has one of its own, as long as it is there.
        item_size: u32 = 1_000, in 1..=100_000_000, "bytes", when |it| it.max_memory > 0;
        /// How sizes are distributed.
        item_sizes: Shape = Shape::LogNormal, when |it| it.max_memory > 0;
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
        /// What outlives a crash: nothing (none); snapshots at times (rdb); or a log (AOF) that is on disk
        /// before a write is acknowledged (aof-always), once a second (aof-everysec), or when the
        /// kernel thinks fit, after 30 s (aof-no).
        persistence: Persistence = Persistence::None;
        /// With rdb: how long from one snapshot to the next, if anything has changed.
        snapshot_every: Nanos = Nanos::seconds(60), in Nanos::seconds(1)..=Nanos::seconds(86_400),
            when |it| it.persistence == Persistence::Rdb;
        /// With aof-always: how long a change takes longer, until it is on disk.
        fsync: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(1),
            when |it| it.persistence == Persistence::AofAlways;
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

/// What a cache remembers: of it survives a crash what is on its disk.
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
    /// What is on its disk, if it has one.
    pub disk: Option<Box<disk::Disk>>,
}

impl CacheState {
    /// An empty cache.
    pub(super) fn new(params: &CacheParams) -> Self {
        let order = params.policy.start(params.room());
        let (entries, dirty) = (KeyMap::default(), VecDeque::new());
        let flights = flight::Flights::of(params);
        Self { order, entries, dirty, alarmed: false, begun: 0, flights, disk: None }
    }
}

impl StableHash for CacheState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { order, entries, dirty, alarmed, begun, flights, disk } = self;
        order.fold(&mut |word| h.word(word));
        entries.stable_hash(h);
        dirty.stable_hash(h);
        (*alarmed, *begun).stable_hash(h);
        if let Some(flights) = flights {
            flights.stable_hash(h);
        }
        if let Some(disk) = disk {
            disk.stable_hash(h);
        }
    }
}

/// Why a cache wakes.
#[derive(Clone, Copy, Debug)]
pub enum Wake {
    /// What is dirty goes to the store.
    Flush,
    /// The load of this key for this request may have been lost.
    Load(u32, u64),
    /// What has changed goes to the disk.
    Save,
}

impl StableHash for Wake {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Flush => {}
            Self::Load(key, request) => (*key, *request).stable_hash(h),
            Self::Save => h.word(1),
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
/// After a crash the value of a key is older than it was, or gone, though there is a disk.
pub const FORGOTTEN: u8 = 10;
/// A value was not taken in: it has no room, and nothing held may leave (Redis, by noeviction: OOM).
pub const REFUSED: u8 = 11;

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
        &["hits", "misses", "admitted", "evicted", "expired", "dropped", "flushed", "lost", "joined", "early",
          "forgotten", "refused"];
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
            "Real keys and versions; the policy that is named, entry by entry. Its room in entries, or in \
             bytes: then every key's value has a size of its own, and what is larger than the cache is \
             not taken in.",
            "Entries grow old by the cache's own clock, which a fault can put wrong.",
            "One request at a time, as Redis serves them; a waiting line.",
            "A crash empties it; with a disk it comes back with what was there, by its last snapshot \
             (RDB) or its log as of the last fsync (AOF), without what had expired. What it missed \
             meanwhile it does not know: what was dropped since may be back. With fsync always a \
             change holds its worker until it is on disk.",
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
            "Data types: every request costs alike, whatever the size of its value, and the keys' own \
             room and what an entry needs besides is not counted. Redis' LRU of five samples; its \
             replicas and Sentinel.",
            "How long a snapshot takes (fork, copy on write) and loading one; that Redis forces the \
             changes of several clients onto the disk at once. A crash is one of the machine: what \
             the kernel has not written is gone.",
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
        params.policy.is_late() || params.knows_loads() || params.persistence != Persistence::None
    }

    fn station(params: &CacheParams) -> Station {
        let CacheParams { workers, queue, strategy, single_flight, .. } = *params;
        let hold = strategy == Strategy::CacheAside && single_flight == Nanos::ZERO;
        Station { workers, queue_max: queue, hold, ..Station::UNLIMITED }
    }

    fn plan(params: &CacheParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        plans::plan(params, wires)
    }

    fn through(params: &CacheParams) -> bool {
        params.strategy != Strategy::CacheAside
    }

    fn start(params: &CacheParams, ctx: &mut Context<Self>) -> CacheState {
        begin(None, params, ctx)
    }

    fn restart(old: &CacheState, params: &CacheParams, ctx: &mut Context<Self>) -> CacheState {
        if old.disk.is_none() {
            old.dirty.iter().for_each(|it| ctx.count(LOST, it.key));
        }
        CacheState { begun: old.begun, ..begin(Some(old), params, ctx) }
    }

    fn flush(state: &mut CacheState, params: &CacheParams, ctx: &mut Context<Self>) {
        state.dirty.iter().for_each(|it| ctx.count(LOST, it.key));
        // Loads under way are the callers' affair.
        let (alarmed, begun, flights) = (state.alarmed, state.begun, state.flights.take());
        let disk = state.disk.take().map(|it| Box::new(it.emptied(ctx.now())));
        *state = CacheState { alarmed, begun, flights, disk, ..CacheState::new(params) };
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
            Happening::Timer(Wake::Save) => (disk::deeds().save)(state, params, ctx),
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
        let saved = state.disk.as_ref().map_or(0, |it| it.saved.len());
        state.order.bytes() + saved * size_of::<disk::Saved>()
    }
}

/// A cache that begins, or comes back.
fn begin(before: Option<&CacheState>, params: &CacheParams, ctx: &mut Ctx) -> CacheState {
    let mut state = CacheState::new(params);
    if params.persistence != Persistence::None {
        (disk::deeds().start)(&mut state, before, params, ctx);
    }
    state
}

/// A cache's own act on a request.
pub(super) fn serve(
    state: &mut CacheState,
    params: &CacheParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let served = match request.verb {
        Verb::Read => return read(state, params, request, ticket, ctx),
        Verb::Put => {
            put(state, params, request, ctx);
            if state.flights.is_some() {
                (flight::deeds().arrived)(state, request, ctx);
            }
            Served::ok(request.version)
        }
        Verb::Write if params.strategy == Strategy::WriteBehind => {
            match write(state, params, request.key, ctx) {
                Some(version) => Served::ok(version),
                None => return Served::ended(Outcome::Miss),
            }
        }
        Verb::Delete | Verb::Write => {
            let held = state.entries.get(request.key).filter(|it| !it.dirty);
            let Some(entry) = held else { return Served::ok(0) };
            state.entries.remove(request.key);
            state.order.remove(entry.slot);
            ctx.count(DROPPED, request.key);
            Served::ok(0)
        }
        // A flush is for the store, and there is none.
        Verb::Flush => return Served::ended(Outcome::NoTarget),
    };
    if state.disk.is_some() {
        (disk::deeds().changed)(state, params, ctx);
    }
    served
}

/// Takes over other settings; false if only a restart will do.
pub(super) fn retune(
    state: &mut CacheState,
    before: &CacheParams,
    params: &CacheParams,
    ctx: &mut Ctx,
) -> bool {
    let counted = |it: &CacheParams| it.max_memory == 0;
    if before.policy != params.policy || counted(before) != counted(params) {
        hand_over(state, params, ctx);
    }
    if params.knows_loads() || state.flights.is_some() {
        (flight::deeds().retune)(state, params, ctx);
    }
    if before.persistence != Persistence::None || params.persistence != Persistence::None {
        (disk::deeds().retune)(state, before, params, ctx);
    }
    state.order.resize(params.room());
    while state.order.weight() > params.room() && evict(state, true, ctx) {}
    true
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
            room::touch(state, entry.slot, ctx);
            ctx.count(HIT, key);
            ctx.found(request, ticket, entry.version);
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
