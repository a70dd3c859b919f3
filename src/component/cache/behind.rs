//! Write-behind: what the store learns of later.

use crate::base::time::Nanos;
use crate::engine::event::Verb;
use crate::engine::{Outcome, Request};

use super::super::{Registry, Wrap};
use super::room::touch;
use super::{Cache, CacheParams, CacheState, Ctx, Dirty, Entry, FLUSHED, Wake, expiry};

/// A write that the store learns of later: its version. Only what is held can be changed; its version
/// counts on.
pub(super) fn write(state: &mut CacheState, params: &CacheParams, key: u32, ctx: &mut Ctx) -> Option<u32> {
    let (now, clock) = (ctx.now(), ctx.clock());
    let held = state.entries.get(key).filter(|it| it.dirty || it.expires > clock);
    let entry = held?;
    let version = entry.version + 1;
    touch(state, entry.slot, ctx);
    let expires = expiry(params, clock);
    state.entries.insert(key, Entry { version, expires, dirty: true, ..entry });
    if !entry.dirty {
        state.dirty.push_back(Dirty { key, since: now, sent: 0 });
        alarm(state, params, ctx);
    }
    Some(version)
}

pub(super) fn alarm(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    if !std::mem::replace(&mut state.alarmed, true) {
        ctx.timer(params.flush_every, <Registry as Wrap<Cache>>::timer(Wake::Flush));
    }
}

/// Sends the oldest dirty entries that are not on their way to the store.
pub(super) fn flush(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    let idle = state.dirty.iter_mut().filter(|it| it.sent == 0);
    for dirty in idle.take(params.flush_batch as usize) {
        let Some(entry) = state.entries.get(dirty.key) else { continue };
        dirty.sent = entry.version;
        let (id, deadline) = (ctx.request_id(state.begun), Nanos::MAX);
        state.begun += 1;
        let (key, version, verb) = (dirty.key, entry.version, Verb::Flush);
        ctx.begin(Request { id, deadline, key, version, verb, ..Request::default() });
    }
    if !state.dirty.is_empty() {
        alarm(state, params, ctx);
    }
}

/// A flush has ended. What was written again meanwhile stays dirty, and so does what failed.
pub(super) fn flushed(
    state: &mut CacheState,
    request: &Request,
    outcome: Outcome,
    version: u32,
    ctx: &mut Ctx,
) {
    let key = request.key;
    let Some(at) = state.dirty.iter().position(|it| it.key == key) else { return };
    let Some(entry) = state.entries.get(key) else { return };
    state.dirty[at].sent = 0;
    if outcome != Outcome::Ok {
        return;
    }
    ctx.count(FLUSHED, key);
    let dirty = entry.version > request.version;
    if !dirty {
        state.dirty.remove(at);
    }
    // The store counts its own versions: another may have written there meanwhile.
    let version = entry.version.max(version + u32::from(dirty));
    state.entries.insert(key, Entry { version, dirty, ..entry });
}
