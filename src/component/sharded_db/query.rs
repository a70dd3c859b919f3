//! Queries over neighbouring keys: every shard that has one of them looks, in its own line, and the
//! answer waits for the slowest (Dean and Barroso, "The tail at scale", CACM 56(2), 2013).

use std::sync::Arc;

use crate::algorithm::commit::two_phase::Change;
use crate::base::draw::mix;
use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request, Served};

use super::talk::{ShardedDbMessage, ShardedDbTimer, say};
use super::{Asked, Ctx, Entry, Indexing, PART, RANGE, Row, SOUGHT, ShardedDbParams, ShardedDbState};

/// How long the shard that was asked waits for the others.
const PATIENCE: Nanos = Nanos::seconds(5);
/// Keys that can be asked for at once.
pub(super) const KEYS_MAX: u32 = 10_000;
/// Queries of late that are remembered.
const QUERIES_MAX: usize = 6;

/// Work of a shard's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Fetching rows that are to be copied.
    Batch,
    /// Looking for rows: who asks, which query, first key and number of keys.
    Query {
        /// The shard that asks; it may be this one.
        from: u16,
        /// Which query.
        id: u64,
        /// First key.
        first: u32,
        /// Number of keys.
        keys: u32,
        /// Class of the request.
        class: u8,
        /// Partitions of the table that are left after this one.
        left: u32,
    },
    /// Looking for rows by another attribute: in all rows, or in an index.
    Seek {
        /// What is asked.
        seek: Seek,
        /// Pieces of work that are left after this one.
        left: u32,
    },
    /// Reading rows that an index has named.
    Fetch {
        /// The shard that asks; it may be this one.
        from: u16,
        /// Which query.
        id: u64,
        /// The value they should have.
        value: u32,
        /// The rows.
        keys: Arc<[u32]>,
    },
    /// Keeping a global index: what another shard tells.
    Index {
        /// The shard that tells.
        from: u16,
        /// Names the message.
        id: u64,
        /// What has changed.
        entries: Arc<[Entry]>,
    },
    /// Nothing any more: what it was for is over.
    Void,
    /// At the directory: looking a key up for a caller.
    LookUp {
        /// Who waits.
        ticket: Handle,
        /// For which key.
        key: u32,
    },
    /// Promising a change that a transaction asks for.
    Prepare {
        /// The shard that asks.
        from: u16,
        /// Which transaction.
        id: u64,
        /// What it is to change.
        change: Change,
    },
    /// Changing a row because another shard has changed one of its own.
    Also {
        /// The shard that asks.
        from: u16,
        /// Which transaction.
        id: u64,
        /// What to change.
        change: Change,
    },
}

impl Part {
    /// Whether more follows from it than an answer to a question.
    pub(super) fn binds(&self) -> bool {
        matches!(self, Self::Batch | Self::Index { .. } | Self::Prepare { .. } | Self::Also { .. })
    }
}

/// What a shard is asked to look for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seek {
    /// The shard that asks; it may be this one.
    pub from: u16,
    /// Which query.
    pub id: u64,
    /// The value.
    pub value: u32,
    /// How it looks.
    pub how: Indexing,
    /// Class of the request.
    pub class: u8,
}

/// What a query goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sought {
    /// Neighbouring keys.
    Keys,
    /// Another attribute: its value, how it is looked for; of a global index, where it has the value, and
    /// once it has answered, when and how many rows it named, and how many of them had another value.
    Value {
        /// The value.
        value: u32,
        /// How it is looked for.
        how: Indexing,
        /// Where the index has it.
        index: u16,
        /// What the index said: when, and how many rows it named.
        named: Option<(Nanos, u32)>,
        /// How many of those had another value.
        stale: u32,
    },
}

/// A query, as the shard knows it that was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Names it in messages.
    pub id: u64,
    /// First key asked for.
    pub first: u32,
    /// How many.
    pub keys: u32,
    /// When the shards were asked.
    pub asked: Nanos,
    /// By shard, by ordinal: when it answered, and how many rows it had; none before.
    pub shards: Vec<(u16, Option<(Nanos, u32)>)>,
    /// What it goes by.
    pub sought: Sought,
    pub(super) class: u8,
    pub(super) ticket: Handle,
    pub(super) alarm: Handle,
}

impl Query {
    /// The shard whose answer came last, and how long that took.
    pub fn slowest(&self) -> Option<(u16, Nanos)> {
        let times = self.shards.iter().filter_map(|it| Some((it.0, it.1?.0)));
        times.max_by_key(|it| it.1).map(|it| (it.0, it.1.saturating_sub(self.asked)))
    }

    /// Whether somebody asked it by hand.
    pub fn is_by_hand(&self) -> bool {
        self.ticket == Handle::NONE
    }

    /// Rows found so far.
    pub fn rows(&self) -> u32 {
        self.shards.iter().filter_map(|it| it.1).map(|it| it.1).sum()
    }
}

crate::stable! {
    Query { id, first, keys, asked, shards, sought, class, ticket, alarm }
    Seek { from, id, value, how, class }
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for Sought {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Keys => h.word(0),
            Self::Value { value, how, index, named, stale } => {
                ((1u8, *value), (*how, *index)).stable_hash(h);
                (*named, *stale).stable_hash(h);
            }
        }
    }
}

impl StableHash for Part {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Batch => h.word(0),
            Self::Void => h.word(7),
            Self::LookUp { ticket, key } => ((8u8, *key), *ticket).stable_hash(h),
            Self::Query { from, id, first, keys, class, left } => {
                ((1u8, *from), (*first, *keys)).stable_hash(h);
                (*class, *left).stable_hash(h);
                h.word(*id);
            }
            Self::Seek { seek, left } => ((4u8, *left), *seek).stable_hash(h),
            Self::Fetch { from, id, value, keys } => {
                ((5u8, *from), (*id, *value)).stable_hash(h);
                keys.stable_hash(h);
            }
            Self::Index { from, id, entries } => {
                ((6u8, *from), *id).stable_hash(h);
                entries.stable_hash(h);
            }
            Self::Prepare { from, id, change } => ((2u8, *from), (*id, *change)).stable_hash(h),
            Self::Also { from, id, change } => ((3u8, *from), (*id, *change)).stable_hash(h),
        }
    }
}

/// A query has come: all who have some of the keys are asked at once.
pub(super) fn begin(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    if ask(state, params, (request, ticket), params.range_keys, ctx) {
        Served::Later
    } else {
        Served::ended(Outcome::Faulty)
    }
}

/// Somebody asks by hand, in these words: `query 1000 101` is for so many keys from one on. Nobody waits for it.
pub(super) fn by_hand(state: &mut ShardedDbState, params: &ShardedDbParams, words: &str, ctx: &mut Ctx) {
    let words: Vec<_> = words.split_ascii_whitespace().collect();
    let ["query", first, keys] = words[..] else { return };
    let (Ok(key), Ok(keys)) = (first.parse(), keys.parse::<u32>()) else { return };
    let name = params.range_classes.split(',').next().unwrap_or_default().trim();
    let class = ctx.class(name).unwrap_or_default();
    let request = Request { key, class, ..Request::default() };
    ask(state, params, (&request, Handle::NONE), keys.min(KEYS_MAX), ctx);
}

/// False if there are no such keys.
fn ask(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (request, ticket): (&Request, Handle),
    keys: u32,
    ctx: &mut Ctx,
) -> bool {
    let first = request.key;
    let last = u64::from(first) + u64::from(keys);
    let keys = last.min(state.rows.end()).saturating_sub(first.into()) as u32;
    if keys == 0 {
        return false;
    }
    let mut shards: Vec<u16> = Vec::new();
    for key in first..first + keys {
        let owner = state.rows.get(key.into()).map_or(Row::NOBODY, |it| it.owner);
        if owner != Row::NOBODY && !shards.contains(&owner.into()) {
            shards.push(owner.into());
        }
    }
    shards.sort_unstable();
    if shards.is_empty() {
        // It has not learned whose the rows are; the first one has.
        shards.push(0);
    }
    let id = open(state, (request, ticket), keys, (&shards, Sought::Keys), ctx);
    for shard in shards {
        let believed = rows_of(state, shard, first, keys);
        let message = ShardedDbMessage::Find(id, first, keys, request.class, believed);
        say(state, params, shard, message, ctx);
    }
    true
}

/// A query is under way, for so many keys, which these shards have to answer: its name in messages.
pub(super) fn open(
    state: &mut ShardedDbState,
    (request, ticket): (&Request, Handle),
    keys: u32,
    (shards, sought): (&[u16], Sought),
    ctx: &mut Ctx,
) -> u64 {
    let (id, asked) = (state.next_id(ctx.now()), ctx.now());
    let alarm = ctx.timer(PATIENCE, ShardedDbTimer::Patience(id));
    let (first, class) = (request.key, request.class);
    let shards = shards.iter().map(|it| (*it, None)).collect();
    state.open.push(Query { id, first, keys, asked, shards, sought, class, ticket, alarm });
    id
}

/// Which rows of a range are a shard's, as one number.
pub(super) fn rows_of(state: &ShardedDbState, shard: u16, first: u32, keys: u32) -> u64 {
    let is_its = |key: &u32| state.rows.get((*key).into()).is_some_and(|it| u16::from(it.owner) == shard);
    (first..first + keys).filter(is_its).fold(0, |sum, it| sum.wrapping_add(mix(it.into())))
}

/// Looks for rows, as soon as a worker is free.
pub(super) fn look(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (from, id): (u16, u64),
    [first, keys]: [u32; 2],
    class: u8,
    ctx: &mut Ctx,
) {
    let left = params.pruned(Asked::Keys(first, keys)).len() as u32 - 1;
    state.work(Part::Query { from, id, first, keys, class, left }, class, first, ctx);
}

/// A worker has looked for rows, or there was no place in its line.
pub(super) fn worked(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    part: Part,
    outcome: Outcome,
    ctx: &mut Ctx,
) {
    let Part::Query { from, id, first, keys, class, left } = part else { return };
    if outcome == Outcome::Ok && left > 0 {
        let part = Part::Query { from, id, first, keys, class, left: left - 1 };
        return state.work(part, class, first, ctx);
    }
    let own = |key: &u32| {
        let row = state.rows.get((*key).into());
        row.is_some_and(|it| u16::from(it.owner) == ctx.ordinal())
    };
    let rows = (first..first + keys).filter(own).count() as u32;
    let rows = (outcome == Outcome::Ok).then_some(rows);
    if rows.is_some() {
        ctx.count(PART, first);
    }
    say(state, params, from, ShardedDbMessage::Found(id, rows), ctx);
}

/// A shard has answered.
pub(super) fn heard(
    state: &mut ShardedDbState,
    from: u16,
    id: u64,
    rows: Option<u32>,
    ctx: &mut Ctx,
) {
    let Some(at) = state.open.iter().position(|it| it.id == id) else { return };
    let Some(rows) = rows else { return refused(state, at, ctx) };
    let query = &mut state.open[at];
    if let Some(it) = query.shards.iter_mut().find(|it| it.0 == from) {
        it.1 = Some((ctx.now(), rows));
    }
    if query.shards.iter().all(|it| it.1.is_some()) {
        finish(state, at, ctx);
    }
}

/// A line was full: without its rows there is no answer.
pub(super) fn refused(state: &mut ShardedDbState, at: usize, ctx: &mut Ctx) {
    let query = state.open.swap_remove(at);
    ctx.cancel(query.alarm);
    ctx.complete(query.ticket, Served::ended(Outcome::QueueFull));
}

/// All have answered.
pub(super) fn finish(state: &mut ShardedDbState, at: usize, ctx: &mut Ctx) {
    let query = state.open.swap_remove(at);
    ctx.cancel(query.alarm);
    let counter = if query.sought == Sought::Keys { RANGE } else { SOUGHT };
    ctx.count(counter, query.first);
    ctx.complete(query.ticket, Served::ok(0));
    // The latest that somebody asked by hand stays, whatever others ask.
    if query.is_by_hand() {
        state.queries.retain(|it| !it.is_by_hand());
    }
    if state.queries.len() >= QUERIES_MAX {
        let goes = state.queries.iter().position(|it| !it.is_by_hand()).unwrap_or(0);
        state.queries.remove(goes);
    }
    state.queries.push_back(query);
}

/// Some have not answered for too long.
pub(super) fn give_up(state: &mut ShardedDbState, id: u64, ctx: &mut Ctx) {
    if let Some(at) = state.open.iter().position(|it| it.id == id) {
        let query = state.open.swap_remove(at);
        ctx.complete(query.ticket, Served::ended(Outcome::NoQuorum));
    }
}
