//! Who leaves a cache when it is full, and what another policy makes of what is held.

use crate::algorithm::eviction::Slot;

use super::{CacheParams, CacheState, Ctx, EVICTED, EXPIRED, Entry};

/// Another policy takes over what is held, in the order in which it would have left.
pub(super) fn hand_over(state: &mut CacheState, params: &CacheParams) {
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
pub(super) fn evict(state: &mut CacheState, live: bool, ctx: &mut Ctx) -> bool {
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
