//! Loads of one key at the same time. Who misses while another fetches the key may wait for it (single
//! flight: leases in Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013), and who reads an entry
//! shortly before it grows old may fetch it early (Vattani, Chierichetti and Lowenstein, "Optimal
//! probabilistic cache stampede prevention", PVLDB 8(8), 2015). Later on the page.

use std::collections::VecDeque;

use crate::base::maths::ln;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request, Served};

use super::super::{Registry, Wrap};
use super::{Cache, CacheParams, CacheState, Ctx, EARLY, Entry, JOINED, MISS, Wake};

/// A load that is not back by then is taken for lost, where nobody waits for it.
const LOST_AFTER: Nanos = Nanos::seconds(60);
/// What is drawn for a read: whether it fetches early.
const DRAW: u8 = 1;

/// A load under way, as far as the cache knows: whoever missed has not brought the key yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Which key.
    pub key: u32,
    /// For which request.
    pub request: u64,
    /// Since when.
    pub since: Nanos,
    /// What wakes the cache if it is not back by then; none where nobody waits for it.
    alarm: Option<Handle>,
}

/// A read that waits for another's load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// The read.
    pub request: Request,
    /// Since when.
    pub since: Nanos,
    /// What the cache answers it by.
    pub ticket: Handle,
}

/// How long the load of an entry took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Took {
    key: u32,
    span: Nanos,
}

crate::stable! {
    Load { key, request, since, alarm }
    Waiting { request, since, ticket }
    Took { key, span }
}

/// Loads under way, who waits for them, and how long they took.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    /// Loads, oldest first.
    pub loads: VecDeque<Load>,
    /// Who waits for them, oldest first.
    pub waiting: VecDeque<Waiting>,
    /// By the entry's place in the policy.
    took: Vec<Option<Took>>,
}

impl StableHash for Flights {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { loads, waiting, took } = self;
        loads.stable_hash(h);
        waiting.stable_hash(h);
        took.stable_hash(h);
    }
}

impl Flights {
    /// Where settings ask for it.
    pub(super) fn of(params: &CacheParams) -> Option<Box<Self>> {
        params.knows_loads().then(Box::default)
    }

    fn end(&mut self, key: u32, request: u64) -> Option<Load> {
        // The latest are the likeliest to come back.
        let at = self.loads.iter().rposition(|it| it.key == key && it.request == request)?;
        self.loads.remove(at)
    }
}

impl CacheParams {
    /// Whether the cache knows of loads.
    pub(super) fn knows_loads(&self) -> bool {
        self.flies_alone() || self.early > 0.0
    }

    /// Whether one load of a key is to be under way at a time (single flight).
    pub(super) fn flies_alone(&self) -> bool {
        self.single_flight > Nanos::ZERO
    }
}

/// What a cache that knows of loads does.
#[derive(Debug)]
pub struct Deeds {
    /// Whether a read of an entry that is good still should fetch it all the same.
    pub(super) early: fn(&CacheState, &CacheParams, &Request, Entry, &mut Ctx) -> bool,
    /// A read finds nothing: it waits for a load, or begins one.
    pub(super) missed: fn(&mut CacheState, &CacheParams, &Request, Handle, &mut Ctx) -> Served,
    /// A value has come.
    pub(super) arrived: fn(&mut CacheState, &Request, &mut Ctx),
    /// A load may have been lost.
    pub(super) overdue: fn(&mut CacheState, &CacheParams, u32, u64, &mut Ctx),
    /// Other settings.
    pub(super) retune: fn(&mut CacheState, &CacheParams, &mut Ctx),
}

impl Deeds {
    const ALL: Self = Self { early, missed, arrived, overdue, retune };
}

crate::later! { pub(super) fn deeds() -> Deeds = Deeds::ALL, or "designs that have this wait for it" }

/// Whether a read at `now` fetches early what expires then, was fetched in `took`, with the draw
/// `unit` above 0 and at most 1: if now − took · β · ln(unit) ≥ expiry (PVLDB 8(8), figure 3).
pub fn is_early(now: Nanos, expires: Nanos, took: Nanos, beta: f64, unit: f64) -> bool {
    let ahead = -(took.0 as f64) * beta * ln(unit);
    ahead >= expires.saturating_sub(now).0 as f64
}

fn early(
    state: &CacheState,
    params: &CacheParams,
    request: &Request,
    entry: Entry,
    ctx: &mut Ctx,
) -> bool {
    let Some(flights) = &state.flights else { return false };
    let took = flights.took.get(entry.slot as usize).copied().flatten();
    let Some(took) = took.filter(|it| it.key == request.key) else { return false };
    if entry.dirty || params.flies_alone() && flights.loads.iter().any(|it| it.key == request.key) {
        return false;
    }
    // 53 bits, above 0 and at most 1.
    let unit = ((ctx.draw(request.id, DRAW) >> 11) + 1) as f64 / (1u64 << 53) as f64;
    is_early(ctx.clock(), entry.expires, took.span, params.early, unit)
}

fn missed(
    state: &mut CacheState,
    params: &CacheParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let Some(flights) = &mut state.flights else { return Served::ended(Outcome::Miss) };
    if params.flies_alone() && flights.loads.iter().any(|it| it.key == request.key) {
        if flights.waiting.len() >= params.queue as usize {
            return Served::ended(Outcome::QueueFull);
        }
        flights.waiting.push_back(Waiting { request: *request, since: ctx.now(), ticket });
        ctx.count(JOINED, request.key);
        return Served::Later;
    }
    depart(flights, params, request, ctx);
    Served::ended(Outcome::Miss)
}

fn depart(flights: &mut Flights, params: &CacheParams, request: &Request, ctx: &mut Ctx) {
    let (key, request, since) = (request.key, request.id, ctx.now());
    // Where nobody waits for them, lost ones are forgotten when the next begins.
    let lost = |it: &Load| it.alarm.is_none() && it.since.saturating_add(LOST_AFTER) <= since;
    while flights.loads.front().is_some_and(lost) {
        flights.loads.pop_front();
    }
    let wake = <Registry as Wrap<Cache>>::timer(Wake::Load(key, request));
    let alarm = params.flies_alone().then(|| ctx.timer(params.single_flight, wake));
    flights.loads.push_back(Load { key, request, since, alarm });
}

fn arrived(state: &mut CacheState, request: &Request, ctx: &mut Ctx) {
    let (key, version) = (request.key, request.version);
    let Some(flights) = &mut state.flights else { return };
    let load = flights.end(key, request.id);
    if let Some(alarm) = load.and_then(|it| it.alarm) {
        ctx.cancel(alarm);
    }
    if let (Some(load), Some(entry)) = (load, state.entries.get(key)) {
        let slot = entry.slot as usize;
        if flights.took.len() <= slot {
            flights.took.resize(slot + 1, None);
        }
        let span = ctx.now().saturating_sub(load.since);
        flights.took[slot] = Some(Took { key, span });
    }
    // What is pending is done from the last to the first.
    for it in take(flights, key).into_iter().rev() {
        ctx.found(&it.request, it.ticket, version);
        ctx.complete(it.ticket, Served::ok(version));
    }
}

/// Those who wait for a key, who then wait no more.
fn take(flights: &mut Flights, key: u32) -> Vec<Waiting> {
    if flights.waiting.is_empty() {
        return Vec::new();
    }
    let own = flights.waiting.iter().filter(|it| it.request.key == key).copied().collect();
    flights.waiting.retain(|it| it.request.key != key);
    own
}

/// A load is not back: if somebody waits for it, whoever has waited longest fetches in its place.
fn overdue(state: &mut CacheState, params: &CacheParams, key: u32, request: u64, ctx: &mut Ctx) {
    let Some(flights) = &mut state.flights else { return };
    if flights.end(key, request).is_none() {
        return;
    }
    // Who has lost interest would not fetch it: they wait on, and are answered when it comes.
    let next = flights.waiting.iter().position(|it| {
        let own = it.request.key == key && it.request.deadline > ctx.now();
        own && ctx.is_awaited(it.ticket)
    });
    if let Some(it) = next.and_then(|at| flights.waiting.remove(at)) {
        depart(flights, params, &it.request, ctx);
        ctx.complete(it.ticket, Served::ended(Outcome::Miss));
    }
}

fn retune(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    let alarmed = |it: &Flights| it.loads.iter().any(|it| it.alarm.is_some());
    if let Some(flights) = &mut state.flights {
        if !params.flies_alone() {
            for it in std::mem::take(&mut flights.waiting) {
                ctx.complete(it.ticket, Served::ended(Outcome::Miss));
            }
        }
        // Loads begun under the other rule wake nobody, or wake for nothing: they are forgotten.
        if !flights.loads.is_empty() && alarmed(flights) != params.flies_alone() {
            flights.loads.drain(..).filter_map(|it| it.alarm).for_each(|it| ctx.cancel(it));
        }
    }
    match params.knows_loads() {
        true => _ = state.flights.get_or_insert_default(),
        false => state.flights = None,
    }
}

/// A read that is good still is a miss for the one who fetches early.
pub(super) fn fetches_early(
    state: &CacheState,
    params: &CacheParams,
    request: &Request,
    entry: Entry,
    ctx: &mut Ctx,
) -> bool {
    let early = params.early > 0.0 && (deeds().early)(state, params, request, entry, ctx);
    if early {
        ctx.count(EARLY, request.key);
        ctx.count(MISS, request.key);
    }
    early
}
