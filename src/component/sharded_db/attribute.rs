//! Queries by another attribute than the key: which shards are asked, in which order, and what comes back.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::engine::{Outcome, Request, Served};

use super::query::{Part, Query, Seek, Sought, finish, heard, open, refused};
use super::talk::{ShardedDbMessage, say};
use super::{
    Asked, Ctx, Indexing, PART, Row, STALE_ENTRY, ShardedDbParams, ShardedDbState, index, moving,
};

/// A query by another attribute has come, for the value that its key says. Without an index, or with local
/// ones, all are asked at once; a global one first.
pub(super) fn seek(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let (how, class) = (params.index, request.class);
    let value = request.key % params.attribute_values.max(1);
    let index = state.index.place(value);
    let all: Vec<u16> = (0..params.holders() as u16).collect();
    // A global index says which shards have to answer.
    let (asked, answer) = match how {
        Indexing::Global => (vec![index], Vec::new()),
        _ => (all.clone(), all),
    };
    let sought = Sought::Value { value, how, index, named: None, stale: 0 };
    let id = open(state, (request, ticket), 0, (&answer, sought), ctx);
    for shard in asked {
        say(state, params, shard, ShardedDbMessage::Seek(id, value, how, class), ctx);
    }
    Served::Later
}

/// Looks for rows of a value, as soon as a worker is free: in an index once, else in all rows, so many
/// at a time.
pub(super) fn look_for(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    seek: Seek,
    ctx: &mut Ctx,
) {
    let left = match seek.how {
        Indexing::None => {
            let read = params.pruned(Asked::Value(seek.value)).len() as u32;
            (state.held * read / params.parts()).div_ceil(params.scan_rows).saturating_sub(1)
        }
        _ => 0,
    };
    state.work(Part::Seek { seek, left }, seek.class, 0, ctx);
}

/// A worker has done a part of it.
pub(super) fn worked(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    part: Part,
    outcome: Outcome,
    ctx: &mut Ctx,
) {
    match part {
        Part::Seek { seek, left } => sought(state, params, (seek, left), outcome, ctx),
        Part::Fetch { from, id, value, keys } => {
            read(state, params, (from, id), value, &keys, outcome, ctx);
        }
        _ => {}
    }
}

/// A worker has looked.
fn sought(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (seek, left): (Seek, u32),
    outcome: Outcome,
    ctx: &mut Ctx,
) {
    let done = outcome == Outcome::Ok;
    if done && left > 0 {
        return state.work(Part::Seek { seek, left: left - 1 }, seek.class, 0, ctx);
    }
    let own = ctx.ordinal();
    let Seek { from, id, value, how, .. } = seek;
    if done {
        ctx.count(PART, 0);
    }
    if how == Indexing::Global {
        let keys = done.then(|| state.index.of(value));
        return say(state, params, from, ShardedDbMessage::Listed(id, keys), ctx);
    }
    let has = |key: &u32| has(state, params, *key, value, own) == Some(true);
    let rows = match how {
        // All rows are read.
        Indexing::None => (0..state.rows.end() as u32).filter(has).count(),
        _ => state.index.of(value).iter().filter(|it| has(it)).count(),
    };
    let rows = done.then_some(rows as u32);
    say(state, params, from, ShardedDbMessage::Found(id, rows), ctx);
}

/// Whether a row has a value; none if it is not this shard's.
fn has(state: &ShardedDbState, params: &ShardedDbParams, key: u32, value: u32, own: u16) -> Option<bool> {
    let row = state.rows.get(key.into()).filter(|it| u16::from(it.owner) == own)?;
    Some(index::value_of(key, row.turn, params.attribute_values) == value)
}

/// The global index has named the rows: the shards that have them are asked.
pub(super) fn listed(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    id: u64,
    keys: Option<Arc<[u32]>>,
    ctx: &mut Ctx,
) {
    let Some(at) = state.open.iter().position(|it| it.id == id) else { return };
    let Some(keys) = keys else { return refused(state, at, ctx) };
    let mut asked: Vec<(u16, Vec<u32>)> = Vec::new();
    for key in keys.iter() {
        let owner = state.rows.get((*key).into()).map_or(Row::NOBODY, |it| it.owner);
        match asked.iter_mut().find(|it| it.0 == u16::from(owner)) {
            Some((_, keys)) => keys.push(*key),
            None if owner == Row::NOBODY => {}
            None => asked.push((owner.into(), vec![*key])),
        }
    }
    asked.sort_unstable();
    let query = &mut state.open[at];
    let Sought::Value { value, named, .. } = &mut query.sought else { return };
    if named.is_some() {
        return;
    }
    *named = Some((ctx.now(), keys.len() as u32));
    let (value, class) = (*value, query.class);
    query.shards = asked.iter().map(|it| (it.0, None)).collect();
    if asked.is_empty() {
        return finish(state, at, ctx);
    }
    for (shard, keys) in asked {
        let keys: Arc<[u32]> = keys.into();
        say(state, params, shard, ShardedDbMessage::Fetch(id, value, keys, class), ctx);
    }
}

/// Reads rows that an index has named, as soon as a worker is free.
pub(super) fn fetch(
    state: &mut ShardedDbState,
    (from, id): (u16, u64),
    value: u32,
    keys: Arc<[u32]>,
    class: u8,
    ctx: &mut Ctx,
) {
    let first = keys.first().copied().unwrap_or_default();
    state.work(Part::Fetch { from, id, value, keys }, class, first, ctx);
}

/// A worker has read them. What has another value by now is told to the index once more.
fn read(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (from, id): (u16, u64),
    value: u32,
    keys: &[u32],
    outcome: Outcome,
    ctx: &mut Ctx,
) {
    let own = ctx.ordinal();
    let found = (outcome == Outcome::Ok).then(|| {
        ctx.count(PART, keys.first().copied().unwrap_or_default());
        let is = |key: &u32| has(state, params, *key, value, own);
        let mine: Vec<_> = keys.iter().filter_map(|key| Some((*key, is(key)?))).collect();
        let stale: Vec<u32> = mine.iter().filter(|it| !it.1).map(|it| it.0).collect();
        stale.iter().for_each(|it| ctx.count(STALE_ENTRY, *it));
        index::wrong(state, params, value, &stale, ctx);
        [(mine.len() - stale.len()) as u32, stale.len() as u32]
    });
    moving::tell_whose(state, from, keys.iter().copied(), ctx);
    say(state, params, from, ShardedDbMessage::Fetched(id, found), ctx);
}

/// A shard has read the rows that the index named.
pub(super) fn fetched(
    state: &mut ShardedDbState,
    from: u16,
    id: u64,
    found: Option<[u32; 2]>,
    ctx: &mut Ctx,
) {
    let query = state.open.iter_mut().find(|it| it.id == id);
    if let Some(Query { sought: Sought::Value { stale, .. }, .. }) = query {
        *stale += found.map_or(0, |it| it[1]);
    }
    heard(state, from, id, found.map(|it| it[0]), ctx);
}
