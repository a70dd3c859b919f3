//! How ready standbys are: one that is closed or off has to be brought up before it leads, and says
//! meanwhile that it will; one that is off has what the last backup has.
//!
//! "A standby server that cannot be connected to until it is promoted to a primary server is called a
//! warm standby server, and one that can accept connections and serves read-only queries is called a hot
//! standby server" (PostgreSQL 17, 26). A cold one is off, as a spare part in a cupboard.

use std::sync::Arc;

use crate::base::time::Nanos;

use super::super::params::{by_itself, is_cold, is_warm};
use super::super::{Context, SqlDb, SqlDbMessage, SqlDbParams, SqlDbState};
use super::{LedMessage, LedTimer, MEMBERS_MAX, lease, say_all, wake, watch};

/// How long it takes to bring a standby up.
pub(super) fn start(params: &SqlDbParams) -> Nanos {
    match (is_warm(params), is_cold(params)) {
        (true, _) => params.warm_start,
        (_, true) => params.cold_start,
        _ => Nanos::ZERO,
    }
}

/// A member that has been chosen and does not lead yet says so, lest others stand for election.
pub(super) fn herald(state: &SqlDbState, params: &SqlDbParams, term: u32, ctx: &mut Context<SqlDb>) {
    let due = state.led.as_ref().and_then(|it| it.due);
    if due == Some(term) && by_itself(params) {
        say_all(ctx, &LedMessage::Rises(term));
        wake(ctx, params.heartbeat, LedTimer::Rises(term));
    }
}

/// Another has been chosen: it is waited for as if it led, unless one's word is given to a later one, or one wants
/// to be chosen later oneself. Whoever stood beside it has lost.
pub(super) fn heralded(state: &mut SqlDbState, params: &SqlDbParams, term: u32, ctx: &mut Context<SqlDb>) {
    let leads = state.primary;
    let Some(led) = &mut state.led else { return };
    let round = |term: u32| term / MEMBERS_MAX;
    let stands_later = led.stands.is_some_and(|it| round(it.0) > round(term));
    if !leads && led.due.is_none() && term > led.term && term >= led.given && !stands_later {
        led.stands = None;
        led.waits = (ctx.now().saturating_add(lease(params)), (u32::MAX, u64::MAX));
        watch(state, params, ctx, 0);
    }
}

/// At a primary whose standbys are off: backs its rows up, now and every so often.
pub(super) fn back_up(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if !state.primary || !is_cold(params) {
        return;
    }
    let term = state.term();
    let rows = Arc::new(state.rows.clone());
    for to in (0..ctx.members()).filter(|it| *it != state.own) {
        ctx.send(to, SqlDbMessage::Copy(term, state.applied, rows.clone()));
    }
    let Some(led) = &mut state.led else { return };
    if let Some(before) = led.backup.take() {
        ctx.cancel(before);
    }
    led.backup = Some(wake(ctx, params.backup_every, LedTimer::Backup));
}
