//! How the log gets from the primary to its replicas, and when a write may be acknowledged.

use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::time::Nanos;
use crate::engine::Served;

use super::super::Context;
use super::{
    Entry, Follower, Replication, SqlDb, SqlDbMessage, SqlDbParams, SqlDbState, SqlDbTimer, Waiting,
};

/// How often the primary looks for replicas that stopped answering.
const BEAT: Nanos = Nanos::millis(100);
/// Most entries in one message.
const BATCH_MAX: u64 = 256;
/// Entries kept for replicas that fall behind; one further behind gets a whole copy.
pub(super) const LOG_MAX: u64 = 100_000;

pub(super) fn come_up(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    if state.primary {
        // Nothing is known of the others: ask, and look again at every beat.
        beat(state, ctx);
    } else {
        ctx.send(0, SqlDbMessage::Follow(state.log.end()));
        state.applying = state.applied < state.log.end();
        if state.applying {
            ctx.timer(Nanos::ZERO, SqlDbTimer::Applied);
        }
    }
}

/// Sends what has just been committed to every replica that has been sent all before it.
pub(super) fn ship_new(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    let last = state.log.end() - 1;
    let Some(entry) = state.log.get(last).copied() else { return };
    let entries: Arc<[Entry]> = Arc::new([entry]);
    for ordinal in 1..ctx.members() {
        let follower = &mut state.followers[usize::from(ordinal)];
        if follower.sent == last {
            follower.sent += 1;
            ctx.send(ordinal, SqlDbMessage::Append(last, entries.clone()));
        }
    }
}

/// Sends a replica what it has not been sent, as much as fits in one message.
pub(super) fn ship_to(state: &mut SqlDbState, ordinal: u16, ctx: &mut Context<SqlDb>) {
    let follower = &mut state.followers[usize::from(ordinal)];
    let first = follower.sent;
    if first < state.log.start() {
        follower.sent = state.applied;
        let rows = Arc::new(state.rows.clone());
        return ctx.send(ordinal, SqlDbMessage::Copy(state.applied, rows));
    }
    let last = state.log.end().min(first + BATCH_MAX);
    let entries = (first..last).filter_map(|it| state.log.get(it).copied()).collect();
    follower.sent = last;
    ctx.send(ordinal, SqlDbMessage::Append(first, entries));
}

/// Entries of the log that may be acknowledged: as far as enough replicas have them.
pub(super) fn confirmed(state: &SqlDbState, params: &SqlDbParams) -> u64 {
    let end = state.log.end();
    let followers = state.followers.get(1..).unwrap_or_default();
    match params.replication {
        Replication::Async => end,
        Replication::SemiSync if state.alone => end,
        Replication::SemiSync => received_by(followers, params.acks).unwrap_or(end),
        Replication::Sync => followers.iter().map(|it| it.applied).min().unwrap_or(end),
    }
}

/// Entries that so many followers, or all if there are fewer, have received; none without any.
fn received_by(followers: &[Follower], acks: u32) -> Option<u64> {
    let enough = (acks as usize).min(followers.len());
    let by = |position: u64| followers.iter().filter(|it| it.received >= position).count();
    followers.iter().map(|it| it.received).filter(|it| by(*it) >= enough).max()
}

/// Tells the writers whose writes enough replicas have.
pub(super) fn acknowledge(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let followers = state.followers.get(1..).unwrap_or_default();
    if received_by(followers, params.acks).is_none_or(|it| it == state.log.end()) {
        state.alone = false;
    }
    let confirmed = confirmed(state, params);
    let ready = state.waiting.iter().take_while(|it| it.position < confirmed).count();
    for it in state.waiting.drain(..ready) {
        ctx.complete(it.ticket, Served::ok(it.version));
    }
}

/// Goes on alone once a write has waited too long.
pub(super) fn lose_patience(state: &mut SqlDbState, params: &SqlDbParams, now: Nanos) {
    let limited = params.ack_timeout > Nanos::ZERO;
    let waits = |it: &Waiting| it.since.saturating_add(params.ack_timeout) <= now;
    if params.replication == Replication::SemiSync && limited {
        state.alone |= state.waiting.front().is_some_and(waits);
    }
}

pub(super) fn received(
    state: &mut SqlDbState,
    from: u16,
    to: u64,
    applied: u64,
    ctx: &mut Context<SqlDb>,
) {
    let end = state.log.end();
    let Some(follower) = state.followers.get_mut(usize::from(from)) else { return };
    (follower.received, follower.applied) = (to, applied);
    if follower.sent < to {
        follower.sent = to;
    }
    if follower.sent == to && to < end {
        ship_to(state, from, ctx);
    }
}

/// Sends again from what a replica has said it has, if it has said nothing new since the last beat.
pub(super) fn beat(state: &mut SqlDbState, ctx: &mut Context<SqlDb>) {
    for ordinal in 1..ctx.members() {
        let end = state.log.end();
        let follower = &mut state.followers[usize::from(ordinal)];
        let stuck = follower.received == follower.received_at_beat && follower.received < end;
        follower.received_at_beat = follower.received;
        let idle = follower.received == end;
        if stuck {
            follower.sent = follower.received;
        }
        if stuck || idle {
            ship_to(state, ordinal, ctx);
        }
    }
    ctx.timer(BEAT, SqlDbTimer::Beat);
}

pub(super) fn append(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    first: u64,
    entries: &[Entry],
    ctx: &mut Context<SqlDb>,
) {
    // What overlaps is already here; what leaves a gap waits until the primary sends again.
    for (position, entry) in (first..).zip(entries) {
        if position == state.log.end() {
            state.log.push(*entry);
        }
    }
    apply_next(state, params, ctx);
}

pub(super) fn apply_next(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if !state.applying && state.applied < state.log.end() {
        state.applying = true;
        let span = ctx.stretch(params.apply_work);
        ctx.timer(span, SqlDbTimer::Applied);
    }
    state.log.drop_before(state.applied.min(state.log.end().saturating_sub(LOG_MAX)));
}

/// Takes a whole copy over.
pub(super) fn copy(state: &mut SqlDbState, at: u64, rows: &CowList<u32>) {
    state.rows = rows.clone();
    state.log = CowList::starting_at(at);
    state.applied = at;
}
