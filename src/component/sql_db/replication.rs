//! How the log gets from the primary to its replicas, and when a write may be acknowledged.

use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::engine::Served;

use super::super::Context;
use super::{
    Carries, Entry, Follower, Replication, SqlDb, SqlDbMessage, SqlDbParams, SqlDbState, SqlDbTimer, Waiting,
    by_itself, cascade, cascades, fails_over, failover, is_cold, waits_for,
};

/// How often the primary looks for replicas that stopped answering.
pub(super) const BEAT: Nanos = Nanos::millis(100);
/// Most entries in one message.
const BATCH_MAX: u64 = 256;
/// Entries kept for replicas that fall behind; one further behind gets a whole copy.
pub(super) const LOG_MAX: u64 = 100_000;

pub(super) fn come_up(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if fails_over(params) || state.led.is_some() {
        (failover::deeds().come_up)(state, params, ctx);
    } else if state.primary {
        // Nothing is known of the others: ask, and look again at every beat.
        beat(state, params, ctx);
    } else if !cascades(params) {
        ctx.send(0, SqlDbMessage::Follow(state.log.end()));
    }
    if cascades(params) || state.chain.is_some() {
        (cascade::deeds().tie)(state, params, ctx);
    }
    state.applying = !state.primary && state.applied < state.log.end();
    if state.applying {
        ctx.timer(Nanos::ZERO, SqlDbTimer::Applied);
    }
}

/// Sends what has just been committed to every replica that has been sent all before it.
pub(super) fn ship_new(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if is_cold(params) {
        return;
    }
    let last = state.log.end() - 1;
    let Some(entry) = state.log.get(last).copied() else { return };
    let (term, entries): (_, Arc<[Entry]>) = (state.term(), Arc::new([entry]));
    for ordinal in 0..ctx.members() {
        let feeds = state.feeds(ordinal);
        let follower = &mut state.followers[usize::from(ordinal)];
        if feeds && follower.sent == last {
            follower.sent += 1;
            ctx.send(ordinal, SqlDbMessage::Append(term, last, entries.clone()));
        }
    }
}

/// Sends what has gathered to every replica that is not waiting for anything else.
pub(super) fn ship_gathered(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    for ordinal in 0..ctx.members() {
        let sent = state.followers[usize::from(ordinal)].sent;
        let feeds = state.primary && state.feeds(ordinal);
        if feeds && sent < state.log.end() && sent >= state.log.start() {
            ship_to(state, params, ordinal, ctx);
        }
    }
}

/// Sends a replica what it has not been sent, as much as fits in one message; nothing to one that is off.
pub(super) fn ship_to(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    ordinal: u16,
    ctx: &mut Context<SqlDb>,
) {
    if is_cold(params) {
        return;
    }
    let term = state.term();
    let follower = &mut state.followers[usize::from(ordinal)];
    let first = follower.sent;
    if first < state.log.start() {
        follower.sent = state.applied;
        let rows = Arc::new(state.rows.clone());
        return ctx.send(ordinal, SqlDbMessage::Copy(term, state.applied, rows));
    }
    let last = state.log.end().min(first + BATCH_MAX);
    let entries = (first..last).filter_map(|it| state.log.get(it).copied()).collect();
    follower.sent = last;
    ctx.send(ordinal, SqlDbMessage::Append(term, first, entries));
}

/// Entries of the log that may be acknowledged: as far as enough replicas have them.
pub(super) fn confirmed(state: &SqlDbState, params: &SqlDbParams, now: Nanos) -> u64 {
    let end = state.log.end();
    match params.replication {
        Replication::Async => end,
        // Who is off says nothing.
        _ if is_cold(params) => end,
        Replication::SemiSync if state.alone => end,
        Replication::SemiSync => received_by(state, params, now).unwrap_or(end),
        Replication::Sync => {
            let told = asked(state, params, now).map(|it| it.applied);
            told.min().unwrap_or(end)
        }
    }
}

/// Whom writes wait for, by bit: the first so many of those that are there, and if those are too few,
/// of the others; nobody in particular, if they wait for all.
pub fn first(state: &SqlDbState, params: &SqlDbParams, now: Nanos) -> u32 {
    let wanted = waits_for(params) as usize;
    if wanted == 0 {
        return 0;
    }
    let told = |it: &usize| {
        state.hears_of(*it) && state.led.as_ref().is_none_or(|led| led.awaits(*it))
    };
    let all = (0..state.followers.len()).filter(told);
    let there = |it: &usize| match &state.led {
        Some(led) if by_itself(params) => {
            led.heard.get(*it).is_some_and(|at| at.saturating_add(params.patience) > now)
        }
        _ => true,
    };
    // If those that are there do not suffice, it waits for others, as PostgreSQL's FIRST does.
    let others = all.clone().filter(|it| !there(it));
    all.filter(there).chain(others).take(wanted).fold(0, |set, it| set | 1 << it)
}

/// The followers whose word a write waits for.
fn asked<'a>(
    state: &'a SqlDbState,
    params: &SqlDbParams,
    now: Nanos,
) -> impl Iterator<Item = &'a Follower> + Clone {
    let (first, sync) = (first(state, params, now), params.replication == Replication::Sync);
    // One that has died as primary has to come back and follow before it is waited for.
    let waits = move |it: usize| match first {
        0 => state.hears_of(it) && (!sync || state.led.as_ref().is_none_or(|led| led.awaits(it))),
        set => set >> it & 1 == 1,
    };
    state.followers.iter().enumerate().filter(move |it| waits(it.0)).map(|it| it.1)
}

/// Entries that so many of the followers it waits for, or all if they are fewer, have received; none
/// without any.
fn received_by(state: &SqlDbState, params: &SqlDbParams, now: Nanos) -> Option<u64> {
    let received = asked(state, params, now).map(|it| it.received);
    let enough = (params.acks as usize).min(received.clone().count());
    let by = |position: u64| received.clone().filter(|it| *it >= position).count();
    received.clone().filter(|it| by(*it) >= enough).max()
}

/// Tells the writers whose writes enough replicas have.
pub(super) fn acknowledge(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if received_by(state, params, ctx.now()).is_none_or(|it| it == state.log.end()) {
        state.alone = false;
    }
    let confirmed = confirmed(state, params, ctx.now());
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
    params: &SqlDbParams,
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
        ship_to(state, params, from, ctx);
    }
}

/// Sends again from what a replica has said it has, if it has said nothing new since the last beat.
pub(super) fn beat(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if !state.primary {
        return;
    }
    for ordinal in 0..ctx.members() {
        if state.feeds(ordinal) {
            look_after(state, params, ordinal, true, ctx);
        }
    }
    if !std::mem::replace(&mut state.beats.0, true) {
        ctx.timer(BEAT, SqlDbTimer::Beat);
    }
}

/// Looks after one replica; says that there is nothing new to one that has all, if it is to be told.
pub(super) fn look_after(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    ordinal: u16,
    told: bool,
    ctx: &mut Context<SqlDb>,
) {
    let end = state.log.end();
    // What has been gathered waits for its time.
    let gathers = state.beats.1;
    let follower = &mut state.followers[usize::from(ordinal)];
    let gathers = gathers && follower.sent == follower.received;
    let still = follower.received == follower.received_at_beat;
    let stuck = still && follower.received < end && !gathers;
    follower.received_at_beat = follower.received;
    let idle = told && follower.received == end;
    // Of whom nothing is known yet, nothing has been sent to.
    if stuck || follower.sent > end {
        follower.sent = follower.received;
    }
    if stuck || idle {
        ship_to(state, params, ordinal, ctx);
    }
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
    state.level_at = ctx.now();
    apply_next(state, params, ctx);
}

pub(super) fn apply_next(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if !state.applying && state.applied < state.log.end() {
        state.applying = true;
        let mut work = match params.log_carries {
            Carries::Changes => ctx.stretch(params.apply_work),
            Carries::Operations => ctx.work(Spread::new(params.work_shape, params.write_work)),
        };
        let mut until = Nanos::ZERO;
        if state.own + 1 == ctx.members() {
            if params.last_applies.0 > 0.0 {
                work = ctx.stretch(Nanos((1e9 / params.last_applies.0 + 0.5) as u64));
            }
            let due = state.log.get(state.applied).map(|it| it.at.saturating_add(params.last_delay));
            until = due.unwrap_or_default().saturating_sub(ctx.now());
        }
        state.worked = (state.worked.0 + 1, state.worked.1.saturating_add(work));
        let span = work.max(until);
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
