//! Queries over neighbouring keys: every shard that has one of them looks, in its own line, and the
//! answer waits for the slowest (Dean and Barroso, "The tail at scale", CACM 56(2), 2013).

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request, Served};

use super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::{Ctx, PART, RANGE, Row, ShardedDbParams, ShardedDbState};

/// How long the shard that was asked waits for the others.
const PATIENCE: Nanos = Nanos::seconds(5);
/// Queries of late that are remembered.
const QUERIES_MAX: usize = 6;

/// Work of a shard's own.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    ticket: Handle,
    alarm: Handle,
}

impl Query {
    /// The shard whose answer came last, and how long that took.
    pub fn slowest(&self) -> Option<(u16, Nanos)> {
        let times = self.shards.iter().filter_map(|it| Some((it.0, it.1?.0)));
        times.max_by_key(|it| it.1).map(|it| (it.0, it.1.saturating_sub(self.asked)))
    }

    /// Rows found so far.
    pub fn rows(&self) -> u32 {
        self.shards.iter().filter_map(|it| it.1).map(|it| it.1).sum()
    }
}

crate::stable! { Query { id, first, keys, asked, shards, ticket, alarm } }

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for Part {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Batch => h.word(0),
            Self::Query { from, id, first, keys } => {
                ((1u8, *from), (*first, *keys)).stable_hash(h);
                h.word(*id);
            }
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
    let (first, now) = (request.key, ctx.now());
    let last = u64::from(first) + u64::from(params.range_keys);
    let keys = last.min(state.rows.end()).saturating_sub(first.into()) as u32;
    if keys == 0 {
        return Served::ended(Outcome::Faulty);
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
    let id = state.next_query(now);
    let open = shards.iter().map(|it| (*it, None)).collect();
    let alarm = ctx.timer(PATIENCE, ShardedDbTimer::Patience(id));
    state.open.push(Query { id, first, keys, asked: now, shards: open, ticket, alarm });
    for shard in shards {
        if shard == ctx.ordinal() {
            look(state, (shard, id), first, keys, request.class, ctx);
        } else {
            ctx.send(shard, ShardedDbMessage::Find(id, first, keys, request.class));
        }
    }
    Served::Later
}

/// Looks for rows, as soon as a worker is free.
pub(super) fn look(
    state: &mut ShardedDbState,
    (from, id): (u16, u64),
    first: u32,
    keys: u32,
    class: u8,
    ctx: &mut Ctx,
) {
    state.work(Part::Query { from, id, first, keys }, class, first, ctx);
}

/// A worker has looked for rows, or there was no place in its line.
pub(super) fn worked(state: &mut ShardedDbState, part: Part, outcome: Outcome, ctx: &mut Ctx) {
    let Part::Query { from, id, first, keys } = part else { return };
    let own = |key: &u32| {
        let row = state.rows.get((*key).into());
        row.is_some_and(|it| u16::from(it.owner) == ctx.ordinal())
    };
    let rows = (first..first + keys).filter(own).count() as u32;
    let rows = (outcome == Outcome::Ok).then_some(rows);
    if rows.is_some() {
        ctx.count(PART, first);
    }
    if from == ctx.ordinal() {
        heard(state, from, id, rows, ctx);
    } else {
        ctx.send(from, ShardedDbMessage::Found(id, rows));
    }
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
    let Some(rows) = rows else {
        // Its line was full: without its rows there is no answer.
        let query = state.open.swap_remove(at);
        ctx.cancel(query.alarm);
        return ctx.complete(query.ticket, Served::ended(Outcome::QueueFull));
    };
    let query = &mut state.open[at];
    if let Some(it) = query.shards.iter_mut().find(|it| it.0 == from) {
        it.1 = Some((ctx.now(), rows));
    }
    if query.shards.iter().any(|it| it.1.is_none()) {
        return;
    }
    let query = state.open.swap_remove(at);
    ctx.cancel(query.alarm);
    ctx.count(RANGE, query.first);
    ctx.complete(query.ticket, Served::ok(0));
    if state.queries.len() >= QUERIES_MAX {
        state.queries.pop_front();
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
