//! What members say of who leads, and what they do about it.

use std::sync::Arc;

use crate::algorithm::replication::quorum::majority;
use crate::base::time::Nanos;
use crate::engine::note::Reign;

use super::super::replication::{copy, ship_to};
use super::super::{Context, Follower, SqlDb, SqlDbParams, SqlDbState};
use super::{
    LedMessage, MEMBERS_MAX, ballot, common, count, follow, know, last, lead, leader_of, leads, lease, say,
    standby, turn_to, watch,
};

/// Hears it.
pub(super) fn hear(state: &mut SqlDbState, params: &SqlDbParams, from: u16, message: LedMessage, ctx: &mut Context<SqlDb>) {
    let now = ctx.now();
    match message {
        LedMessage::Term(term) => {
            if know(state, params, from, term, ctx) {
                answered(state, params, from, ctx);
            }
        }
        LedMessage::Who(term) => {
            // Who has given its word to another does not know of none.
            let known = know(state, params, from, term, ctx);
            let bound = state.led.as_ref().is_some_and(|it| it.is_bound());
            if known && !bound {
                if let Some(heard) = state.led.as_mut().and_then(|it| it.heard.get_mut(usize::from(from))) {
                    *heard = now;
                }
                say(ctx, from, LedMessage::Term(term));
                watch(state, params, ctx, 0);
            }
        }
        LedMessage::Alive(term, sent, first) => {
            if !know(state, params, from, term, ctx) || state.primary {
                return;
            }
            let Some(led) = &mut state.led else { return };
            if led.is_bound() {
                return;
            }
            if let Some(heard) = led.heard.get_mut(usize::from(from)) {
                let gap = now.saturating_sub(std::mem::replace(heard, now));
                led.gaps.add(gap.0);
            }
            (led.stands, led.first) = (None, first);
            ctx.reign(Reign::Heard);
            if std::mem::take(&mut led.suspects) {
                ctx.reign(Reign::Trusted);
            }
            let aligned = led.aligned;
            say(ctx, from, LedMessage::Heard(term, sent));
            match aligned {
                true => watch(state, params, ctx, 0),
                false => follow(state, params, ctx),
            }
        }
        LedMessage::Heard(term, sent) => {
            if know(state, params, from, term, ctx)
                && let Some(heard) = state.led.as_mut().and_then(|it| it.heard.get_mut(usize::from(from)))
            {
                *heard = (*heard).max(sent);
            }
        }
        LedMessage::Follow(term, end, applied, lineage) => {
            if know(state, params, from, term, ctx) && feeds(state, from, ctx) {
                align(state, params, from, (end, applied, &lineage), ctx);
            }
        }
        LedMessage::Attach(term, feeder) => {
            if know(state, params, from, term, ctx)
                && let Some(chain) = state.chain.as_mut().filter(|_| !state.primary)
            {
                chain.turn_to(feeder);
                turn_to(state, feeder, ctx);
            }
        }
        LedMessage::Align(term, at, lineage, rows) => {
            if !know(state, params, from, term, ctx) || state.primary {
                return;
            }
            if let Some(chain) = &mut state.chain {
                chain.turn_to(from);
            }
            // One that is a part already may have grown since it said how far it is.
            let aligned = state.led.as_ref().is_some_and(|it| it.aligned);
            match rows {
                Some(rows) if !aligned || at > state.log.end() => copy(state, at, &rows),
                None if !aligned => state.log.truncate(at),
                _ => {}
            }
            if let Some(led) = &mut state.led {
                (led.aligned, led.lineage) = (true, lineage);
            }
            ctx.send(from, state.progress());
        }
        LedMessage::Stand(term, theirs) => {
            let own = last(state);
            let leads = state.primary && leads(state, params, ctx);
            let Some(led) = &mut state.led else { return };
            let leader = usize::from(leader_of(led.term));
            let lately = led.heard.get(leader).is_some_and(|it| it.saturating_add(lease(params)) > now);
            let follows = leader != usize::from(state.own) && lately;
            let fresh = term / MEMBERS_MAX > led.voted.max(led.term) / MEMBERS_MAX;
            // Who has been chosen leads as soon as it is open.
            let waits = led.due.is_some() || led.waits.0 > now && theirs <= led.waits.1;
            let granted = fresh && theirs >= own && !leads && !follows && !waits;
            // So would one that has led and asks if it still does: those who have given their word to others
            // will never say so.
            let wakes = theirs < own && led.asks.is_some() && led.alarm.is_none();
            if theirs < own {
                // When it stands itself, it does so in a later term, so that those who have voted can vote for it.
                led.voted = led.voted.max(term);
            }
            if granted {
                // Who gives its word leads no earlier term, whatever it hears when it has asked.
                (led.voted, led.given) = (term, term);
                (led.stands, led.asks) = (None, None);
                led.waits = (now.saturating_add(ballot(params)), theirs);
                watch(state, params, ctx, 9);
            }
            // Who has more would rather lead itself.
            if granted || theirs < own {
                say(ctx, from, LedMessage::Vote(term, granted));
            }
            if !granted && wakes {
                watch(state, params, ctx, 0);
            }
        }
        LedMessage::Rises(term) => standby::heralded(state, params, term, ctx),
        LedMessage::Vote(term, granted) => {
            let Some(led) = &mut state.led else { return };
            let Some((own, votes)) = led.stands.filter(|it| it.0 == term) else { return };
            led.stands = granted.then_some((own, votes | 1 << from));
            match granted {
                true => count(state, params, ctx),
                false => watch(state, params, ctx, 9),
            }
        }
    }
}

/// A primary that has come back hears that its term is still the latest.
fn answered(state: &mut SqlDbState, params: &SqlDbParams, from: u16, ctx: &mut Context<SqlDb>) {
    let Some(led) = &mut state.led else { return };
    let Some((since, known)) = led.asks else { return };
    let known = known | 1 << from;
    led.asks = Some((since, known));
    if known.count_ones() >= majority(ctx.members().into()) {
        led.asks = None;
        let answered = |it: usize| if known >> it & 1 == 1 { since } else { Nanos::ZERO };
        led.heard = (0..usize::from(ctx.members())).map(answered).collect();
        state.primary = true;
        lead(state, params, ctx);
    }
}

/// Whether it is to send the log to whoever follows: a primary does, but in a cascade it says who does if
/// it is another; a replica that is told of does, once its own log is known to be right.
fn feeds(state: &mut SqlDbState, follower: u16, ctx: &mut Context<SqlDb>) -> bool {
    let (own, term, leader) = (state.own, state.term(), state.leader());
    let aligned = state.led.as_ref().is_some_and(|it| it.aligned);
    let Some(chain) = &mut state.chain else { return state.primary };
    if state.primary {
        let feeder = chain.place(own, follower);
        if feeder != own {
            say(ctx, follower, LedMessage::Attach(term, feeder));
        }
        return feeder == own;
    }
    let told = aligned && leader != own;
    if told {
        chain.to = Some(follower);
    }
    told
}

/// Brings a follower's log to where it is a part of the primary's.
fn align(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    from: u16,
    (end, applied, lineage): (u64, u64, &[(u32, u64)]),
    ctx: &mut Context<SqlDb>,
) {
    let Some(led) = &mut state.led else { return };
    led.counted |= 1 << from;
    let (term, own) = (led.term, led.lineage.clone());
    let same = common((&own, state.log.end()), (lineage, end));
    let whole = applied > same || same < state.log.start();
    let (at, rows) = match whole {
        true => (state.applied, Some(Arc::new(state.rows.clone()))),
        false => (same, None),
    };
    say(ctx, from, LedMessage::Align(term, at, own, rows));
    let Some(follower) = state.followers.get_mut(usize::from(from)) else { return };
    *follower = Follower { sent: at, received: at, applied: applied.min(at), received_at_beat: at };
    if at < state.log.end() {
        ship_to(state, params, from, ctx);
    }
}
