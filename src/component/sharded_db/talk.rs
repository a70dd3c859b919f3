//! What shards say to each other.

use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::stable::{StableHash, StableHasher};

use super::{Ctx, Row, ShardedDbState, moving, query};

/// Between shards.
#[derive(Clone, Debug)]
pub enum ShardedDbMessage {
    /// I am new: whose are the rows?
    Whose,
    /// That is how I know it.
    These(Arc<CowList<Row>>),
    /// Copies of rows of mine: move, step of it, keys and versions.
    Copy(u64, u32, Arc<[(u32, u32)]>),
    /// I have them: move, step.
    Copied(u64, u32),
    /// From now on these are yours: move, keys, and what was still missing.
    Take(u64, Arc<[u32]>, Arc<[(u32, u32)]>),
    /// They are mine: move.
    Taken(u64),
    /// These are now that shard's: keys, ordinal.
    Theirs(Arc<[u32]>, u16),
    /// What do you have from this key on? Query, first key, number of keys, request class.
    Find(u64, u32, u32, u8),
    /// I had so many; none if I could not look. Query, number.
    Found(u64, Option<u32>),
}

/// Why a shard wakes.
#[derive(Clone, Debug)]
pub enum ShardedDbTimer {
    /// It goes on with what it has to bring to others.
    Beat,
    /// Some have not answered this query.
    Patience(u64),
}

impl StableHash for ShardedDbMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Whose => h.word(0),
            Self::These(rows) => {
                h.word(1);
                rows.stable_hash(h);
            }
            Self::Copy(id, step, rows) => {
                ((2u8, *step), *id).stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Copied(id, step) => ((3u8, *step), *id).stable_hash(h),
            Self::Take(id, keys, rows) => {
                (4u8, *id).stable_hash(h);
                keys.stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Taken(id) => (5u8, *id).stable_hash(h),
            Self::Theirs(keys, to) => {
                (6u8, *to).stable_hash(h);
                keys.stable_hash(h);
            }
            Self::Find(id, first, keys, class) => {
                ((7u8, *id), (*first, *keys)).stable_hash(h);
                h.word(u64::from(*class));
            }
            Self::Found(id, rows) => {
                (8u8, *id).stable_hash(h);
                rows.stable_hash(h);
            }
        }
    }
}

impl StableHash for ShardedDbTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Beat => h.word(0),
            Self::Patience(id) => (1u8, *id).stable_hash(h),
        }
    }
}

/// A shard has said something.
pub(super) fn hear(
    state: &mut ShardedDbState,
    from: u16,
    message: ShardedDbMessage,
    ctx: &mut Ctx,
) {
    match message {
        ShardedDbMessage::Whose => {
            if state.known {
                ctx.send(from, ShardedDbMessage::These(Arc::new(state.rows.clone())));
            }
        }
        ShardedDbMessage::These(rows) => moving::learn(state, &rows, ctx),
        ShardedDbMessage::Copy(id, step, rows) => {
            state.keep(&rows, ctx.ordinal());
            ctx.send(from, ShardedDbMessage::Copied(id, step));
        }
        ShardedDbMessage::Copied(id, step) => moving::copied(state, id, step),
        ShardedDbMessage::Take(id, keys, rows) => {
            moving::take(state, from, id, &keys, &rows, ctx);
            ctx.send(from, ShardedDbMessage::Taken(id));
        }
        ShardedDbMessage::Taken(id) => moving::taken(state, id, ctx),
        ShardedDbMessage::Theirs(keys, to) => {
            for key in keys.iter() {
                if state.rows.get((*key).into()).is_some_and(|it| u16::from(it.owner) == from) {
                    state.own(*key, to as u8);
                }
            }
        }
        ShardedDbMessage::Find(id, first, keys, class) => {
            query::look(state, (from, id), first, keys, class, ctx);
        }
        ShardedDbMessage::Found(id, rows) => query::heard(state, from, id, rows, ctx),
    }
}
