//! Room: how much there is, in entries or in bytes, who leaves when it is full, and what another policy
//! makes of what is held.

use crate::algorithm::eviction::Slot;
use crate::base::draw::Stream;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::engine::Request;

use super::behind::flush;
use super::{
    ADMITTED, CacheParams, CacheState, Ctx, EVICTED, EXPIRED, Entry, REFUSED, Strategy, expiry,
};

/// What the size of a key's value is drawn for.
const SIZE: u64 = 0xc00;

impl CacheParams {
    /// How much it has room for: entries, or bytes.
    pub fn room(&self) -> u64 {
        match self.max_memory {
            0 => self.capacity.into(),
            kilobytes => u64::from(kilobytes) * 1_000,
        }
    }

    /// How much of that a key's value takes, in a component with this stream of draws.
    pub fn size_of(&self, stream: Stream, key: u32) -> u64 {
        if self.max_memory == 0 {
            return 1;
        }
        let spread = Spread::new(self.item_sizes, Nanos(self.item_size.into()));
        spread.sample(stream.bits(key.into(), SIZE)).0.max(1)
    }
}


/// Another policy takes over what is held, in the order in which it would have left.
pub(super) fn hand_over(state: &mut CacheState, params: &CacheParams, ctx: &Ctx) {
    let keys: Vec<u32> = state.order.order().map(|slot| state.order.key(slot)).collect();
    state.order = params.policy.start(params.room());
    for key in keys {
        let slot = state.order.insert(key, params.size_of(ctx.stream(), key));
        if let Some(entry) = state.entries.get(key) {
            state.entries.insert(key, Entry { slot, ..entry });
        }
    }
}

/// Makes room by the policy's choice, passing over what is dirty and, if nothing `live` may leave,
/// what has not expired. False if there is nothing else.
pub(super) fn evict(state: &mut CacheState, live: bool, ctx: &mut Ctx) -> bool {
    let first = state.order.victim();
    let entry_of = |slot: Slot| state.entries.get(state.order.key(slot));
    let is_clean = |slot: &Slot| entry_of(*slot).is_none_or(|it| !it.dirty);
    let victim = first.filter(is_clean).or_else(|| state.order.order().find(is_clean));
    let Some(victim) = victim else { return false };
    if !live && entry_of(victim).is_some_and(|it| it.expires > ctx.now()) {
        return false;
    }
    leave(state, victim, if live { EVICTED } else { EXPIRED }, ctx);
    true
}

/// An entry was used: whoever has to leave because of that does, but for what is dirty, and for itself, if it is
/// larger than a segment.
pub(super) fn touch(state: &mut CacheState, slot: Slot, ctx: &mut Ctx) {
    state.order.touch(slot);
    while let Some(spilled) = state.order.spilled() {
        let key = state.order.key(spilled);
        if spilled == slot || state.entries.get(key).is_some_and(|it| it.dirty) {
            return;
        }
        leave(state, spilled, EVICTED, ctx);
    }
}

/// An entry leaves, by the policy's choice.
fn leave(state: &mut CacheState, slot: Slot, counter: u8, ctx: &mut Ctx) {
    let key = state.order.evict(slot);
    state.entries.remove(key);
    ctx.count(counter, key);
}

/// An entry comes from another cache, as it is: in place of the one held, or if there is room for it.
pub(in crate::component) fn take_in(
    state: &mut CacheState,
    params: &CacheParams,
    (key, version, expires): (u32, u32, Nanos),
    ctx: &mut Ctx,
) {
    forget(state, key);
    admit(state, params, (key, version, expires), ctx);
}

/// The entry of a key goes, if there is one.
pub(in crate::component) fn forget(state: &mut CacheState, key: u32) {
    if let Some(entry) = state.entries.remove(key) {
        state.order.remove(entry.slot);
    }
}

/// A value comes in: in place of the one held, or if there is room for it.
pub(super) fn put(state: &mut CacheState, params: &CacheParams, request: &Request, ctx: &mut Ctx) {
    let (key, version) = (request.key, request.version);
    let expires = expiry(params, ctx.clock());
    if let Some(entry) = state.entries.get(key) {
        touch(state, entry.slot, ctx);
        // A cache that asks its store itself does not put an older answer over a newer one.
        let through = params.strategy != Strategy::CacheAside;
        let stays = entry.dirty || through && version < entry.version;
        if !stays {
            let mut slot = entry.slot;
            if params.policy.needs_ttl() {
                // Its time begins anew, and entries are ordered by that.
                let size = state.order.size(slot);
                state.order.remove(slot);
                slot = state.order.insert(key, size);
            }
            state.entries.insert(key, Entry { slot, version, expires, ..entry });
        }
        return;
    }
    admit(state, params, (key, version, expires), ctx);
}

/// A value of a key that is not held comes in, if there is room for it.
fn admit(
    state: &mut CacheState,
    params: &CacheParams,
    (key, version, expires): (u32, u32, Nanos),
    ctx: &mut Ctx,
) {
    let (size, room) = (params.size_of(ctx.stream(), key), params.room());
    if size > room {
        return ctx.count(REFUSED, key);
    }
    state.order.arriving(key);
    while state.order.weight() + size > room {
        if !evict(state, !params.policy.needs_ttl(), ctx) {
            ctx.count(REFUSED, key);
            return flush(state, params, ctx);
        }
    }
    let slot = state.order.insert(key, size);
    state.entries.insert(key, Entry { slot, version, expires, dirty: false });
    ctx.count(ADMITTED, key);
}
