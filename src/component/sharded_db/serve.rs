//! What a shard does about requests, and when it wakes.

use crate::base::slab::Handle;
use crate::engine::event::Verb;
use crate::engine::{Happening, Outcome, Request, Served};

use super::super::Context;
use super::query::Part;
use super::{
    Ctx, LOOKED_UP, READ, Row, SENT_ON, ShardedDb, ShardedDbMessage, ShardedDbParams, ShardedDbState, ShardedDbTimer,
    WRITTEN, across, attribute, auto, index, map, moving, query,
};

/// The class of the directory's own work, which no request has.
const LOOKUP_CLASS: u8 = u8::MAX;

/// Whether a request asks for neighbouring keys.
pub(super) fn is_range(params: &ShardedDbParams, request: &Request, ctx: &Context<ShardedDb>) -> bool {
    let mut names = params.range_classes.split(',').map(str::trim);
    names.any(|it| !it.is_empty() && ctx.class(it) == Some(request.class))
}

/// A shard's own act on a request.
pub(super) fn serve(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    if state.parts.iter().any(|it| it.0 == request.id) {
        return Served::ok(0);
    }
    if params.directory_at() == Some(ctx.ordinal()) {
        if request.verb != Verb::Put {
            return Served::not_leader(None);
        }
        state.work(Part::LookUp { ticket, key: request.key }, LOOKUP_CLASS, request.key, ctx);
        return Served::Later;
    }
    let begins = request.verb == Verb::Put;
    let seeks = index::asks(params, request.class, ctx);
    if seeks || is_range(params, request, ctx) {
        return match begins {
            true if seeks => attribute::seek(state, params, request, ticket, ctx),
            true => query::begin(state, params, request, ticket, ctx),
            false => Served::ok(0),
        };
    }
    let Some(row) = state.rows.get(request.key.into()).copied() else {
        return Served::ended(Outcome::Faulty);
    };
    if row.owner != ctx.ordinal() as u8 {
        return send_on(state, params, request.key, ticket, ctx);
    }
    match request.verb {
        Verb::Put => {
            state.came(request.key, ctx.now());
            Served::ok(0)
        }
        Verb::Read => {
            ctx.found(request, ticket, row.version);
            ctx.count(READ, request.key);
            Served::ok(row.version)
        }
        _ => write(state, params, (request, 0), ticket, ctx),
    }
}

/// A timer, or the end of work of the shard's own.
pub(super) fn act(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    what: Happening<ShardedDbMessage, ShardedDbTimer>,
    ctx: &mut Ctx,
) {
    ctx.changed = matches!(what, Happening::Timer(_));
    match what {
        Happening::Timer(ShardedDbTimer::Beat) => moving::beat(state, params, ctx),
        Happening::Timer(ShardedDbTimer::Auto) => auto::beat(state, params, ctx),
        Happening::Timer(ShardedDbTimer::Patience(query)) => query::give_up(state, query, ctx),
        Happening::Timer(ShardedDbTimer::Index) => index::beat(state, ctx),
        Happening::Timer(ShardedDbTimer::Across) => across::beat(state, params, ctx),
        Happening::Timer(ShardedDbTimer::Retry(it)) => across::retry(state, params, it, ctx),
        Happening::Command(words) => query::by_hand(state, params, &words, ctx),
        Happening::Finished { request, outcome, .. } => {
            let at = state.parts.iter().position(|it| it.0 == request.id);
            let Some((_, part)) = at.map(|at| state.parts.swap_remove(at)) else { return };
            ctx.changed = part.binds();
            match part {
                Part::Batch => moving::send(state, outcome == Outcome::Ok, ctx),
                Part::Index { from, id, entries } => {
                    index::worked(state, (from, id), &entries, outcome, ctx);
                }
                Part::Query { .. } => query::worked(state, params, part, outcome, ctx),
                Part::Seek { .. } | Part::Fetch { .. } => {
                    attribute::worked(state, params, part, outcome, ctx);
                }
                Part::Prepare { .. } | Part::Also { .. } => {
                    across::worked(state, part, outcome, ctx);
                }
                Part::LookUp { ticket, key } => {
                    let owner = state.rows.get(key.into()).map_or(Row::NOBODY, |it| it.owner);
                    if outcome == Outcome::Ok {
                        ctx.count(LOOKED_UP, key);
                    }
                    let served = match outcome {
                        Outcome::Ok if owner == Row::NOBODY => Served::not_leader(None),
                        Outcome::Ok => ctx.elsewhere(owner.into()),
                        _ => Served::ended(Outcome::QueueFull),
                    };
                    ctx.complete(ticket, served);
                }
                Part::Void => {}
            }
        }
        _ => {}
    }
}

/// A shard is back, or has another primary: what survives a crash is there, and nothing else.
pub(super) fn recover(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    state.rest();
    across::restart(state, params, ctx);
    // The map may have changed meanwhile.
    map::change(state, params, ctx);
}

impl ShardedDbState {
    /// What does not survive a crash is gone.
    pub(super) fn rest(&mut self) {
        (self.parked, self.open) = Default::default();
        (self.beats, self.index.beats) = (false, false);
        (self.across.open, self.across.waiting) = Default::default();
    }
}

/// A write of a row, which has been tried so often before.
pub(super) fn write(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (request, tries): (&Request, u32),
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    let Some(row) = state.rows.get(request.key.into()).copied() else {
        return Served::ended(Outcome::Faulty);
    };
    if row.owner != ctx.ordinal() as u8 {
        return send_on(state, params, request.key, ticket, ctx);
    }
    ctx.changed = true;
    if let Some(served) = across::before(state, params, (request, tries), ticket, ctx) {
        return served;
    }
    // A cache that flushes has counted on from the version it read.
    let flushed = if request.verb == Verb::Flush { request.version } else { 0 };
    let version = flushed.max(row.version + 1);
    let after = Row { version, turn: index::turn(params, request, row, ctx), ..row };
    state.rows.set(request.key.into(), after);
    index::wrote(state, params, request.key, [row, after], ctx);
    moving::wrote(state, request.key);
    let call = ctx.call_key(request, ticket);
    ctx.wrote(request.id, request.key, version);
    ctx.committed_once(request.key, version, call);
    ctx.count(WRITTEN, request.key);
    Served::ok(version)
}

/// The row is not here: says who has it, as soon as that is clear.
fn send_on(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    key: u32,
    ticket: Handle,
    ctx: &mut Ctx,
) -> Served {
    if !state.is_clear(key) {
        if state.parked.len() >= params.queue as usize {
            return Served::ended(Outcome::QueueFull);
        }
        state.parked.push((ticket, key));
        return Served::Later;
    }
    ctx.count(SENT_ON, key);
    if let Some(directory) = params.directory_at() {
        // Perhaps it has not heard whose the row is.
        moving::tell_whose(state, directory, [key], ctx);
    }
    match state.rows.get(key.into()) {
        Some(row) => ctx.elsewhere(row.owner.into()),
        None => Served::not_leader(None),
    }
}
