//! The entries of slots that change hands: they go ten at a time, and whoever asks for one is answered,
//! sent after it, or waits while it is on its way.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::event::Verb;
use crate::engine::{Request, Served};

use super::moving::PATIENCE;
use super::state::{Asked, BATCH, Batch, Phase, Stage, slot_of};
use super::table::NOBODY;
use super::talk::{Carried, ClusterMessage, ClusterTimer};
use super::{ASK, CacheClusterParams, ClusterState, Ctx, MIGRATED, MOVED, cache};

/// The next entries go, if it is time.
pub(super) fn step(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    let Some(at) = it.now.as_mut().filter(|it| it.stage == Stage::Brings) else { return };
    let now = ctx.now();
    if at.batch.is_none() {
        let held = |key: &u32| state.cache.entries.get(*key).is_some();
        at.left.retain(held);
        if at.left.is_empty() {
            (at.stage, at.said) = (Stage::Closes, now);
            return ctx.send(at.to, ClusterMessage::Over(Arc::clone(&at.slots)));
        }
        if now < it.next {
            if !it.paced {
                it.paced = true;
                ctx.timer(it.next - now, ClusterTimer::Step);
            }
            return;
        }
        let keys: Arc<[u32]> = at.left.iter().take(BATCH).copied().collect();
        let span = Nanos(keys.len() as u64 * Nanos::SECOND.0 / u64::from(params.migrate_rate));
        it.next = now.saturating_add(span);
        keys.iter().for_each(|key| _ = at.left.remove(key));
        at.batch = Some(Batch { keys, step: 0, phase: Phase::Waits });
    }
    let Some(batch) = at.batch.as_ref().filter(|it| it.phase == Phase::Waits) else { return };
    let key = batch.keys.first().copied().unwrap_or_default();
    let (request, number) = (it.begin(key, ctx), it.next_id(now));
    if let Some(batch) = it.now.as_mut().and_then(|it| it.batch.as_mut()) {
        (batch.phase, batch.step) = (Phase::Lines(request), number);
    }
}

/// A worker is at a request of this node's own: entries go.
fn at_work(
    state: &mut ClusterState,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let Some(it) = state.moving.as_deref_mut() else { return Served::ok(0) };
    let Some(at) = &mut it.now else { return Served::ok(0) };
    let lines = |it: &&mut Batch| it.phase == Phase::Lines(request.id);
    let Some(batch) = at.batch.as_mut().filter(lines) else { return Served::ok(0) };
    let clock = ctx.clock();
    let carried = |key: &u32| {
        let entry = state.cache.entries.get(*key).filter(|it| it.expires > clock);
        let left = |expires: Nanos| if expires == Nanos::MAX { expires } else { expires - clock };
        let left = entry.map_or(Nanos::ZERO, |it| left(it.expires));
        Carried { key: *key, version: entry.map(|it| it.version), left }
    };
    let entries = batch.keys.iter().map(carried).collect();
    let alarm = ctx.timer(PATIENCE, ClusterTimer::Patience(batch.step));
    batch.phase = Phase::Sent(ticket, alarm);
    ctx.send(at.to, ClusterMessage::Entries(batch.step, entries));
    Served::Later
}

/// Another's entries come in: that takes next to no time.
pub(super) fn restore(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    (from, step): (u16, u64),
    entries: &[Carried],
    ctx: &mut Ctx,
) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    let taken = it.taken.entry(from).or_default();
    if step <= *taken {
        return;
    }
    *taken = step;
    let one = params.one();
    for entry in entries.iter() {
        let Carried { key, version, left } = *entry;
        let slot = slot_of(key, ctx) as u16;
        if it.importing.get(&slot).is_none_or(|it| u16::from(*it) != from) {
            continue;
        }
        match version {
            Some(version) => {
                let expires = ctx.clock().saturating_add(left);
                cache::take_in(&mut state.cache, &one, (key, version, expires), ctx);
            }
            None => cache::forget(&mut state.cache, key),
        }
    }
    ctx.send(from, ClusterMessage::Restored(step));
}

/// The other has the entries: they are here no more.
pub(super) fn restored(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    number: u64,
    ctx: &mut Ctx,
) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    let Some(at) = &mut it.now else { return };
    let Some(batch) = at.batch.as_ref().filter(|it| it.step == number) else { return };
    let Phase::Sent(ticket, alarm) = batch.phase else { return };
    ctx.cancel(alarm);
    ctx.complete(ticket, Served::ok(0));
    for key in batch.keys.iter() {
        if state.cache.entries.get(*key).is_some() {
            cache::forget(&mut state.cache, *key);
            at.keys[1] += 1;
            ctx.count(MIGRATED, *key);
        }
    }
    at.batch = None;
    let parked = std::mem::take(&mut it.parked);
    serve_parked(state, params, parked, ctx);
    step(state, params, ctx);
}

pub(super) fn serve_parked(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    parked: Vec<(Handle, Request)>,
    ctx: &mut Ctx,
) {
    for (ticket, request) in parked {
        let served = match state.moving {
            Some(_) => serve(state, params, &request, ticket, ctx),
            None => cache::serve(&mut state.cache, &params.one(), &request, ticket, ctx),
        };
        if served != Served::Later {
            ctx.complete(ticket, served);
        }
    }
}

/// A request of this node's own has ended; one that found no place in the line is made again.
pub(super) fn finished(state: &mut ClusterState, request: u64, failed: bool) {
    let Some(it) = state.moving.as_deref_mut().filter(|_| failed) else { return };
    let batch = it.now.as_mut().and_then(|it| it.batch.as_mut());
    if let Some(batch) = batch.filter(|it| it.phase == Phase::Lines(request)) {
        batch.phase = Phase::Waits;
    }
}

/// A request: it is this node's to answer, or whose it is is told.
pub(super) fn serve(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    if request.verb == Verb::Flush {
        return at_work(state, request, ticket, ctx);
    }
    let Some(it) = state.moving.as_deref_mut() else { return Served::ok(0) };
    let (key, own) = (request.key, ctx.ordinal() as u8);
    let slot = slot_of(key, ctx);
    let owner = it.table.get(slot).owner;
    if owner != own {
        if request.is_asking() && it.importing.contains_key(&(slot as u16)) {
            return cache::serve(&mut state.cache, &params.one(), request, ticket, ctx);
        }
        ctx.count(MOVED, key);
        return Served::not_leader((owner != NOBODY).then_some(owner.into()));
    }
    if let Some(at) = it.now.as_mut().filter(|it| it.has(slot)) {
        let batch = at.batch.as_ref().filter(|it| it.keys.contains(&key));
        match batch.map(|it| it.phase) {
            // Just now both would have it.
            Some(Phase::Sent(..)) if request.verb != Verb::Read => {
                it.parked.push((ticket, *request));
                return Served::Later;
            }
            // What comes in before the other is ready goes too.
            _ if !at.migrating => _ = (request.verb == Verb::Put).then(|| at.left.insert(key)),
            None if state.cache.entries.get(key).is_none() => {
                it.asked = Some(Asked { at: ctx.now(), key, to: at.to, request: request.id });
                ctx.count(ASK, key);
                return Served::ask(at.to);
            }
            _ => {}
        }
    } else if request.verb == Verb::Put
        && let Some(keys) = it.waiting.get_mut(&(slot as u16))
    {
        keys.insert(key);
    }
    cache::serve(&mut state.cache, &params.one(), request, ticket, ctx)
}
