//! What nodes of a Redis cluster say to each other, and why they wake.

use std::sync::Arc;

use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::entries::{restore, restored, step};
use super::moving::{drop_foreign, go_on, settle, trim};
use super::state::{Move, Stage};
use super::table::{NOBODY, Table};
use super::{CacheClusterParams, ClusterState, Ctx};

/// Slots, rising, each with how often it has changed hands.
pub type Slots = Arc<[(u16, u32)]>;

/// An entry on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carried {
    /// Which key.
    pub key: u32,
    /// Version of the value; none if there is no entry of that key any more.
    pub version: Option<u32>,
    /// How long it is still good; the longest time for ever.
    pub left: Nanos,
}

crate::stable! { Carried { key, version, left } }

/// What nodes say to each other.
#[derive(Clone, Debug)]
pub enum ClusterMessage {
    /// Entries of these slots are about to come (SETSLOT IMPORTING), in the move with this number.
    Import(u64, Slots),
    /// They may come.
    Ready(u64),
    /// Entries (RESTORE-ASKING), in the step with this number.
    Entries(u64, Arc<[Carried]>),
    /// They are here.
    Restored(u64),
    /// The slots are yours (SETSLOT NODE).
    Over(Slots),
    /// They are mine.
    Owned(Slots),
    /// What I know of all slots, and to whom I hand some over (`u16::MAX`: to nobody).
    Gossip(Box<Table>, u16),
}

/// Why a node wakes.
#[derive(Clone, Copy, Debug)]
pub enum ClusterTimer {
    /// It tells another what it knows.
    Gossip,
    /// It looks after what it hands over.
    Beat,
    /// More entries may go.
    Step,
    /// The step with this number has had no answer.
    Patience(u64),
}

impl StableHash for ClusterMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Import(id, slots) => {
                (0u8, *id).stable_hash(h);
                slots.stable_hash(h);
            }
            Self::Ready(id) => (1u8, *id).stable_hash(h),
            Self::Entries(step, entries) => {
                (2u8, *step).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Restored(step) => (3u8, *step).stable_hash(h),
            Self::Over(slots) => {
                h.word(4);
                slots.stable_hash(h);
            }
            Self::Owned(slots) => {
                h.word(5);
                slots.stable_hash(h);
            }
            Self::Gossip(table, to) => {
                (6u8, *to).stable_hash(h);
                table.stable_hash(h);
            }
        }
    }
}

impl StableHash for ClusterTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Gossip => h.word(0),
            Self::Beat => h.word(1),
            Self::Step => h.word(2),
            Self::Patience(step) => (3u8, *step).stable_hash(h),
        }
    }
}

impl ClusterMessage {
    /// What it weighs, in entries of some 256 bytes: slots are a bit each in a table of 2 kB.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Entries(_, entries) => entries.len(),
            Self::Gossip(..) => 8,
            Self::Import(_, slots) | Self::Over(slots) | Self::Owned(slots) => slots.len() / 128,
            Self::Ready(_) | Self::Restored(_) => 0,
        }
    }
}

/// Another node has said something.
pub(super) fn hear(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    from: u16,
    message: ClusterMessage,
    ctx: &mut Ctx,
) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    match message {
        ClusterMessage::Import(id, slots) => {
            let is_past = |slot: &(u16, u32)| it.table.get(slot.0.into()).turn > slot.1;
            if slots.iter().any(is_past) {
                return ctx.send(from, it.gossip());
            }
            it.importing.extend(slots.iter().map(|slot| (slot.0, from as u8)));
            ctx.send(from, ClusterMessage::Ready(id));
        }
        ClusterMessage::Ready(id) => {
            let asks = |it: &&mut Move| it.id == id && it.stage == Stage::Asks;
            if let Some(at) = it.now.as_mut().filter(asks) {
                if !at.migrating {
                    at.left.retain(|key| state.cache.entries.get(*key).is_some());
                    at.keys[0] = at.left.len() as u32;
                }
                (at.stage, at.migrating) = (Stage::Brings, true);
                step(state, params, ctx);
            }
        }
        ClusterMessage::Entries(number, entries) => {
            restore(state, params, (from, number), &entries, ctx);
        }
        ClusterMessage::Restored(number) => restored(state, params, number, ctx),
        ClusterMessage::Over(slots) => take_over(state, params, from, &slots, ctx),
        ClusterMessage::Owned(slots) => {
            let mut mine = false;
            for (slot, turn) in slots.iter() {
                let mut known = it.table.get((*slot).into());
                if *turn > known.turn {
                    it.importing.remove(slot);
                    mine |= u16::from(known.owner) == ctx.ordinal();
                    (known.owner, known.turn) = (from as u8, *turn);
                    if known.target == NOBODY {
                        known.target = known.owner;
                    }
                    it.table.set((*slot).into(), known);
                }
            }
            if mine {
                trim(state, ctx);
                go_on(state, params, ctx);
            }
        }
        ClusterMessage::Gossip(table, to) => {
            let own = ctx.ordinal() as u8;
            if to != ctx.ordinal() {
                // It has given up what it had announced.
                it.importing.retain(|_, of| u16::from(*of) != from);
            }
            let before = it.table.count(own);
            let heard = it.table.hear(&table);
            if heard.behind {
                ctx.send(from, it.gossip());
            }
            if heard.news {
                if it.table.count(own) < before {
                    drop_foreign(state, ctx);
                }
                settle(state, params, ctx);
            }
        }
    }
}

/// Slots are this node's from now on.
fn take_over(
    state: &mut ClusterState,
    params: &CacheClusterParams,
    from: u16,
    slots: &Slots,
    ctx: &mut Ctx,
) {
    let Some(it) = state.moving.as_deref_mut() else { return };
    let own = ctx.ordinal() as u8;
    let mut taken = Vec::new();
    let mut goes_on = false;
    for (slot, turn) in slots.iter() {
        it.importing.remove(slot);
        let mut known = it.table.get((*slot).into());
        if *turn >= known.turn {
            (known.owner, known.turn) = (own, turn + 1);
            if known.target == NOBODY {
                known.target = own;
            }
            goes_on |= known.target != own;
            it.table.set((*slot).into(), known);
            taken.push((*slot, turn + 1));
        }
    }
    if taken.is_empty() {
        return ctx.send(from, it.gossip());
    }
    ctx.broadcast(&ClusterMessage::Owned(taken.into()));
    // They may be another's to become by now.
    if goes_on {
        settle(state, params, ctx);
    }
}
