//! Slots of a Redis cluster change hands while requests go on. A node hands over a few at a time: the other
//! is told (IMPORTING); from then on whoever asks here for a key that is not here any more is sent after
//! it (ASK), entries follow ten at a time (MIGRATE), and the worker waits until the other has confirmed
//! them; and when none is left the other has the slots and says so to all.
//!
//! Source: Redis Cluster specification, "Cluster live reconfiguration" and "ASK redirection"; `MIGRATE`
//! and `CLUSTER SETSLOT` in the Redis documentation; `redis-cli --cluster reshard`. There a tool gives the
//! orders; here each node does for its own slots what the tool would.
//!
//! What is not confirmed is repeated: entries that the other may have and that are still served here are
//! sent again as they are then, so that at no time two nodes answer for a key.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::algorithm::placement::redis_slots;
use crate::base::cow::Shared;
use crate::base::time::Nanos;
use crate::engine::Served;

use super::entries::{serve_parked, step};
use super::state::{Batch, DONE_MAX, Done, Move, Moving, Phase, Stage, slot_of};
use super::table::{NOBODY, Table};
use super::talk::{ClusterMessage, ClusterTimer, Slots};
use super::{CacheClusterParams, ClusterState, Ctx, cache};

/// How often a node tells another what it knows, as Redis does.
const GOSSIP: Nanos = Nanos::seconds(1);
/// How often a node looks after what it hands over, and after how long it says again what is not
/// confirmed.
const BEAT: Nanos = Nanos::millis(250);
/// So long a node waits for the other with its entries, and serves nobody. `redis-cli` has 60 s, but is
/// told at once when the other is dead.
pub(super) const PATIENCE: Nanos = Nanos::seconds(1);
/// A node begins.
pub(super) fn start(params: &CacheClusterParams, ctx: &mut Ctx) -> Option<Shared<Moving>> {
    if !params.moves() {
        return None;
    }
    let first = ctx.now() == Nanos::ZERO;
    let table = if first { Table::dealt(params, 1) } else { Table::unknown() };
    let mut it = Moving::new(table);
    come(&mut it, ctx);
    Some(Shared::new(it))
}

/// A node comes back from a crash: what it knew of slots was on its disk.
pub(super) fn restart(
    old: Option<&Moving>,
    params: &CacheClusterParams,
    ctx: &mut Ctx,
) -> Option<Shared<Moving>> {
    let Some(old) = old.filter(|_| params.moves()) else { return start(params, ctx) };
    let mut it = old.clone();
    (it.parked, it.paced) = (Vec::new(), false);
    let members = ctx.members();
    it.now = it.now.filter(|it| it.to < members);
    if let Some(now) = &mut it.now {
        now.stage = Stage::Asks;
        now.batch.iter_mut().for_each(|it| it.phase = Phase::Waits);
    }
    it.waiting.values_mut().for_each(BTreeSet::clear);
    come(&mut it, ctx);
    Some(Shared::new(it))
}

/// It tells all others what it knows; those who know more answer.
fn come(it: &mut Moving, ctx: &mut Ctx) {
    it.gossips = Some(ctx.timer(GOSSIP, ClusterTimer::Gossip));
    ctx.broadcast(&it.gossip());
    it.beats = true;
    ctx.timer(BEAT, ClusterTimer::Beat);
}

/// Other settings, or other nodes.
pub(super) fn retune(
    state: &mut ClusterState,
    before: &CacheClusterParams,
    params: &CacheClusterParams,
    ctx: &mut Ctx,
) {
    if !params.moves() {
        if let Some(mut it) = state.moving.take() {
            let_go(&mut it, ctx);
            if let Some(alarm) = it.gossips {
                ctx.cancel(alarm);
            }
            serve_parked(state, params, std::mem::take(&mut it.parked), ctx);
        }
        return;
    }
    if state.moving.is_none() {
        let known = if before.has_slots() { before } else { params };
        let mut it = Moving::new(Table::dealt(known, 1));
        it.table.plan = ctx.now();
        come(&mut it, ctx);
        state.moving = Some(Shared::new(it));
        if known.takes_part() == params.takes_part() {
            drop_foreign(state, ctx);
            return;
        }
    } else if before.takes_part() == params.takes_part() {
        return;
    }
    replan(state, params, ctx);
}

/// Other nodes take part.
fn replan(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    if it.table.is_known() {
        it.table.plan_for(params, ctx.now());
    }
    it.importing.retain(|_, from| u32::from(*from) < params.nodes);
    if it.now.as_ref().is_some_and(|it| u32::from(it.to) >= params.nodes) {
        // What has gone there is lost with it.
        let_go(it, ctx);
    }
    drop_foreign(state, ctx);
    settle(state, params, ctx);
}

/// The move at work is given up.
fn let_go(it: &mut Moving, ctx: &mut Ctx) {
    if let Some(Batch { phase: Phase::Sent(ticket, alarm), .. }) =
        it.now.take().and_then(|it| it.batch)
    {
        ctx.cancel(alarm);
        ctx.complete(ticket, Served::ok(0));
    }
}

/// Entries of slots that are neither this node's nor come here are not for it to keep.
pub(super) fn drop_foreign(state: &mut ClusterState, ctx: &Ctx) {
    let Some(it) = &state.moving else { return };
    let own = ctx.ordinal() as u8;
    let order = &state.cache.order;
    let keys: Vec<u32> = order.order().map(|slot| order.key(slot)).collect();
    for key in keys {
        let slot = slot_of(key, ctx);
        if it.table.get(slot).owner != own && !it.importing.contains_key(&(slot as u16)) {
            cache::forget(&mut state.cache, key);
        }
    }
}

/// Whose the slots are, or are to become, has changed: what is no longer this node's is not handed over
/// by it, and what is waits.
pub(super) fn settle(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let own = ctx.ordinal() as u8;
    trim(state, ctx);
    let Some(it) = state.moving.as_deref_mut() else { return };
    it.waiting.clear();
    for slot in 0..redis_slots::SLOTS {
        let known = it.table.get(slot);
        let moves = it.now.as_ref().is_some_and(|it| it.has(slot));
        if known.owner == own && ![own, NOBODY].contains(&known.target) && !moves {
            it.waiting.insert(slot as u16, BTreeSet::new());
        }
    }
    if !it.waiting.is_empty() {
        let order = &state.cache.order;
        for key in order.order().map(|slot| order.key(slot)) {
            if let Some(keys) = it.waiting.get_mut(&(slot_of(key, ctx) as u16)) {
                keys.insert(key);
            }
        }
    }
    go_on(state, params, ctx);
}

/// The next move begins, if the one before is over.
pub(super) fn go_on(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let parked = state.moving.as_mut().map(|it| std::mem::take(&mut it.parked));
    serve_parked(state, params, parked.unwrap_or_default(), ctx);
    begin_next(state, params, ctx);
}

/// What is another's by now is handed over no more.
pub(super) fn trim(state: &mut ClusterState, ctx: &mut Ctx) {
    let own = ctx.ordinal() as u8;
    let Some(it) = state.moving.as_deref_mut() else { return };
    if let Some(now) = &mut it.now {
        let still = |slot: &&(u16, u32)| it.table.get(slot.0.into()).owner == own;
        let slots: Slots = now.slots.iter().filter(still).copied().collect();
        if slots.is_empty() {
            over(it, ctx);
        } else {
            now.slots = slots;
        }
    }
}

/// A move is over: its slots are another's.
fn over(it: &mut Moving, ctx: &mut Ctx) {
    let Some(now) = &it.now else { return };
    let Move { to, keys, began, .. } = *now;
    let slots = now.slots.len() as u32;
    if it.done.len() >= DONE_MAX {
        it.done.pop_front();
    }
    it.done.push_back(Done { to, slots, keys: keys[1], times: [began, ctx.now()] });
    it.silent = None;
    let_go(it, ctx);
}

/// The next slots, if there are any: as many as may go at a time, all to the same node.
fn begin_next(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    if it.now.is_some() || it.waiting.is_empty() {
        return;
    }
    let target = |slot: u16| u16::from(it.table.get(slot.into()).target);
    let first = it.waiting.keys().map(|slot| target(*slot));
    let Some(to) = first.clone().find(|to| Some(*to) != it.silent).or(first.clone().next()) else {
        return;
    };
    let chosen: Vec<u16> = it.waiting.keys().copied().filter(|slot| target(*slot) == to).collect();
    let chosen = &chosen[..chosen.len().min(params.moving_slots as usize)];
    let slots: Slots =
        chosen.iter().map(|slot| (*slot, it.table.get((*slot).into()).turn)).collect();
    let mut left = BTreeSet::new();
    for slot in chosen {
        left.extend(it.waiting.remove(slot).into_iter().flatten());
    }
    let now = ctx.now();
    let id = it.next_id(now);
    ctx.send(to, ClusterMessage::Import(id, Arc::clone(&slots)));
    let (stage, migrating, batch, keys) = (Stage::Asks, false, None, [0; 2]);
    it.now =
        Some(Move { id, to, slots, stage, migrating, keys, began: now, left, batch, said: now });
    look_after(it, ctx);
}

fn look_after(it: &mut Moving, ctx: &mut Ctx) {
    let busy = it.now.is_some() || !it.waiting.is_empty() || !it.table.is_known();
    if busy && !it.beats {
        it.beats = true;
        ctx.timer(BEAT, ClusterTimer::Beat);
    }
}

/// A node wakes.
pub(super) fn wake(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    timer: ClusterTimer,
    ctx: &mut Ctx,
) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    match timer {
        ClusterTimer::Gossip => {
            it.gossips = Some(ctx.timer(GOSSIP, ClusterTimer::Gossip));
            let others = ctx.members() - 1;
            if others > 0 {
                it.turn = (it.turn + 1) % others;
                let to = (ctx.ordinal() + 1 + it.turn) % (others + 1);
                ctx.send(to, it.gossip());
            }
        }
        ClusterTimer::Beat => {
            it.beats = false;
            beat(state, params, ctx);
        }
        ClusterTimer::Step => {
            it.paced = false;
            step(state, params, ctx);
        }
        ClusterTimer::Patience(step) => {
            let batch = it.now.as_mut().and_then(|it| it.batch.as_mut());
            let Some(batch) = batch.filter(|it| it.step == step) else { return };
            if let Phase::Sent(ticket, _) = batch.phase {
                // The worker is free; whether the other has the entries is not known.
                batch.phase = Phase::Waits;
                ctx.complete(ticket, Served::ok(0));
                it.now.iter_mut().for_each(|it| it.stage = Stage::Asks);
                let parked = std::mem::take(&mut it.parked);
                serve_parked(state, params, parked, ctx);
            }
        }
    }
}

fn beat(state: &mut ClusterState, params: &CacheClusterParams, ctx: &mut Ctx) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    if !it.table.is_known() {
        it.alone += 1;
        if it.alone >= 2 {
            // Nobody knows: a cluster is made. Whoever knows better is believed.
            it.table = Table::dealt(params, 0);
        }
    }
    let now = ctx.now();
    if let Some(at) = &mut it.now {
        let late = now.saturating_sub(at.said) >= BEAT;
        match at.stage {
            // The others first.
            Stage::Asks if !at.migrating && now.saturating_sub(at.began) >= PATIENCE => {
                it.silent = Some(at.to);
                it.now = None;
                return settle(state, params, ctx);
            }
            Stage::Asks if late => {
                at.said = now;
                ctx.send(at.to, ClusterMessage::Import(at.id, Arc::clone(&at.slots)));
            }
            Stage::Closes if late => {
                at.said = now;
                ctx.send(at.to, ClusterMessage::Over(Arc::clone(&at.slots)));
            }
            _ => {}
        }
        look_after(it, ctx);
        return step(state, params, ctx);
    }
    begin_next(state, params, ctx);
    state.moving.iter_mut().for_each(|it| look_after(it, ctx));
}
