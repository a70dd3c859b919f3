//! What shards say to each other.

use std::sync::Arc;

use crate::algorithm::commit::two_phase::{Change, Message};
use crate::algorithm::placement::rebalance::Load;
use crate::base::cow::{CowList, Shared};
use crate::base::stable::{StableHash, StableHasher};

use super::map::Brought;
use super::query::{Part, Seek};
use super::{
    Ctx, Entry, GroupMessage, GroupTimer, Indexing, Row, ShardedDbParams, ShardedDbState, across, attribute,
    auto, index, moving, query,
};

/// Between shards.
#[derive(Clone, Debug)]
pub enum ShardedDbMessage {
    /// I am new: whose are the rows?
    Whose,
    /// That is how I know it.
    These(Shared<CowList<Row>>),
    /// Copies of rows of mine: move, step of it, rows.
    Copy(u64, u32, Arc<[Brought]>),
    /// I have them: move, step.
    Copied(u64, u32),
    /// From now on these are yours: move, keys, and what was still missing.
    Take(u64, Arc<[u32]>, Arc<[Brought]>),
    /// They are mine: move.
    Taken(u64),
    /// These are now that shard's: keys, ordinal.
    Theirs(Arc<[u32]>, u16),
    /// What do you have from this key on? Query, first key, number of keys, request class, and which of them I
    /// believe to be yours, as one number.
    Find(u64, u32, u32, u8, u64),
    /// I had so many; none if I could not look. Query, number.
    Found(u64, Option<u32>),
    /// About a transaction.
    Across(Message),
    /// Change this row too, whatever becomes of mine: transaction, change.
    Also(u64, Change),
    /// I have, or could not.
    Wrote(u64, bool),
    /// Which of your rows have this value? Query, value, how to look, request class.
    Seek(u64, u32, Indexing, u8),
    /// My part of the index has these rows; none if I could not look. Query, keys.
    Listed(u64, Option<Arc<[u32]>>),
    /// Which of these rows of yours have this value? Query, value, keys, request class.
    Fetch(u64, u32, Arc<[u32]>, u8),
    /// So many have it, and so many have another by now; none if I could not look.
    Fetched(u64, Option<[u32; 2]>),
    /// To a global index: these have changed. Message, which index, what.
    Index(u64, u64, Arc<[Entry]>),
    /// I have noted it.
    Indexed(u64),
    /// To the first shard: what my pieces were asked for. The settings and the version of the map that I go by,
    /// whether no row has still to move, pieces.
    Asked(u64, u64, bool, Arc<[Load]>),
    /// From it: this is the map now. Settings, version, first key and shard of each piece.
    Pieces(u64, u64, Arc<[(u32, u16)]>),
    /// With replicas: from that shard to this one, and whether it has been passed on already.
    Between(u16, bool, Box<ShardedDbMessage>),
    /// Between members of one shard.
    Group(GroupMessage),
}

impl ShardedDbMessage {
    /// Whether more follows from it than an answer to a question: it is not said before a majority has it.
    pub(super) fn binds(&self) -> bool {
        !matches!(
            self,
            Self::Whose
                | Self::Find(..)
                | Self::Found(..)
                | Self::Seek(..)
                | Self::Listed(..)
                | Self::Fetch(..)
                | Self::Fetched(..)
        )
    }
}

/// Why a shard wakes.
#[derive(Clone, Copy, Debug)]
pub enum ShardedDbTimer {
    /// It goes on with what it has to bring to others.
    Beat,
    /// Some have not answered this query.
    Patience(u64),
    /// It looks after its transactions.
    Across,
    /// It looks after what it owes to a global index.
    Index,
    /// A pause before another try is over.
    Retry(u64),
    /// It tells what its pieces were asked for.
    Auto,
    /// About the members of its shard.
    Group(GroupTimer),
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
            Self::Find(id, first, keys, class, believed) => {
                ((7u8, *id), (*first, *keys)).stable_hash(h);
                (*class, *believed).stable_hash(h);
            }
            Self::Found(id, rows) => {
                (8u8, *id).stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Across(message) => {
                h.word(9);
                message.stable_hash(h);
            }
            Self::Also(id, change) => ((10u8, *id), *change).stable_hash(h),
            Self::Wrote(id, done) => ((11u8, *id), *done).stable_hash(h),
            Self::Seek(id, value, how, class) => {
                ((12u8, *id), (*value, *class)).stable_hash(h);
                how.stable_hash(h);
            }
            Self::Listed(id, keys) => {
                (13u8, *id).stable_hash(h);
                keys.stable_hash(h);
            }
            Self::Fetch(id, value, keys, class) => {
                ((14u8, *id), (*value, *class)).stable_hash(h);
                keys.stable_hash(h);
            }
            Self::Fetched(id, found) => {
                (15u8, *id).stable_hash(h);
                found.stable_hash(h);
            }
            Self::Index(id, built, entries) => {
                ((16u8, *id), *built).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Indexed(id) => (17u8, *id).stable_hash(h),
            Self::Asked(base, version, settled, loads) => {
                ((20u8, *base), (*version, *settled)).stable_hash(h);
                loads.stable_hash(h);
            }
            Self::Pieces(base, version, pieces) => {
                ((21u8, *base), *version).stable_hash(h);
                pieces.stable_hash(h);
            }
            Self::Between(from, passed, it) => {
                ((18u8, *from), *passed).stable_hash(h);
                it.stable_hash(h);
            }
            Self::Group(it) => {
                h.word(19);
                it.stable_hash(h);
            }
        }
    }
}

impl StableHash for ShardedDbTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Beat => h.word(0),
            Self::Patience(id) => (1u8, *id).stable_hash(h),
            Self::Across => h.word(2),
            Self::Index => h.word(4),
            Self::Retry(number) => (3u8, *number).stable_hash(h),
            Self::Auto => h.word(6),
            Self::Group(it) => (5u8, *it).stable_hash(h),
        }
    }
}

/// Says something to a shard, which may be this one.
pub(super) fn say(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    to: u16,
    message: ShardedDbMessage,
    ctx: &mut Ctx,
) {
    match to == ctx.ordinal() {
        true => hear(state, params, to, message, ctx),
        false => ctx.send(to, message),
    }
}

/// A shard has said something.
pub(super) fn hear(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    from: u16,
    message: ShardedDbMessage,
    ctx: &mut Ctx,
) {
    match message {
        ShardedDbMessage::Whose => {
            if state.known {
                ctx.send(from, ShardedDbMessage::These(state.rows.clone()));
            }
        }
        ShardedDbMessage::These(rows) => moving::learn(state, &rows, ctx),
        ShardedDbMessage::Copy(id, step, rows) => {
            state.keep(&rows, ctx.ordinal());
            ctx.send(from, ShardedDbMessage::Copied(id, step));
        }
        ShardedDbMessage::Copied(id, step) => moving::copied(state, id, step),
        ShardedDbMessage::Take(id, keys, rows) => {
            moving::take(state, params, (from, id), &keys, &rows, ctx);
            ctx.send(from, ShardedDbMessage::Taken(id));
        }
        ShardedDbMessage::Taken(id) => moving::taken(state, id, ctx),
        ShardedDbMessage::Theirs(keys, to) => {
            moving::theirs(state, from, &keys, to, ctx);
        }
        ShardedDbMessage::Find(id, first, keys, class, believed) => {
            if believed != query::rows_of(state, ctx.ordinal(), first, keys) {
                moving::tell_whose(state, from, first..first + keys, ctx);
            }
            query::look(state, params, (from, id), [first, keys], class, ctx);
        }
        ShardedDbMessage::Found(id, rows) => query::heard(state, from, id, rows, ctx),
        ShardedDbMessage::Across(message) => across::hear(state, params, from, message, ctx),
        ShardedDbMessage::Also(id, change) => {
            state.work(Part::Also { from, id, change }, 0, change.key, ctx);
        }
        ShardedDbMessage::Wrote(id, done) => across::wrote(state, id, done, ctx),
        ShardedDbMessage::Seek(id, value, how, class) => {
            attribute::look_for(state, params, Seek { from, id, value, how, class }, ctx);
        }
        ShardedDbMessage::Listed(id, keys) => attribute::listed(state, params, id, keys, ctx),
        ShardedDbMessage::Fetch(id, value, keys, class) => {
            attribute::fetch(state, (from, id), value, keys, class, ctx);
        }
        ShardedDbMessage::Fetched(id, found) => attribute::fetched(state, from, id, found, ctx),
        ShardedDbMessage::Index(id, built, entries) => {
            index::hear(state, (from, id), built, entries, ctx);
        }
        ShardedDbMessage::Indexed(id) => index::confirmed(state, from, id, ctx),
        ShardedDbMessage::Asked(base, version, settled, loads) => {
            auto::told(state, params, from, (base, version, settled), loads, ctx);
        }
        ShardedDbMessage::Pieces(base, version, pieces) => {
            auto::hear(state, params, (base, version), pieces, ctx);
        }
        // Members hear those themselves.
        ShardedDbMessage::Between(..) | ShardedDbMessage::Group(_) => {}
    }
}
