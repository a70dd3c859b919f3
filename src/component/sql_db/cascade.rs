//! A cascade: the primary sends its log to one replica, and each replica hands on what it has received
//! to the next, as PostgreSQL's cascading replication does ("a cascading standby sends not only WAL
//! records received from the primary"; "cascading replication is asynchronous", PostgreSQL 17, 26.2.7).
//!
//! Until the first takeover the row is that of the ordinals, as configured. In later terms the primary
//! puts whoever turns to it at the end of the row, and tells it whom to turn to; members turn again to
//! who feeds them when they have heard nothing for a while (as PostgreSQL does every
//! `wal_retrieve_retry_interval`). A row is kept as it is while a member in it is dead: those behind it
//! hear nothing until it is back.
//!
//! On the page this comes with the later module: a design with a cascade waits for it.

use crate::engine::Happening;

use super::super::Context;
use super::replication::{BEAT, append, copy, look_after, received, ship_to};
use super::{Follower, SqlDb, SqlDbMessage, SqlDbParams, SqlDbState, SqlDbTimer, cascades, failover};

/// Beats without a word after which a replica turns to who feeds it once more.
const PATIENCE: u32 = 10;

/// A member's place in the row; it survives a crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// Who sends it the log.
    pub from: u16,
    /// Whom it hands the log on to.
    pub to: Option<u16>,
    /// At a primary: who follows, in the order of the row.
    pub row: Vec<u16>,
    /// Beats since it has heard anything.
    silent: u32,
}

crate::stable! { Chain { from, to, row, silent } }

/// What a member of a cascade does.
#[derive(Debug)]
pub struct Deeds {
    /// A member has come up, or what it is set to has changed: it finds its place.
    pub tie: fn(&mut SqlDbState, &SqlDbParams, &mut Context<SqlDb>),
    /// Something happens to a member; what is left of it is as in a star.
    pub meet: fn(&mut SqlDbState, &SqlDbParams, What, &mut Context<SqlDb>) -> Option<What>,
}

type What = Happening<SqlDbMessage, SqlDbTimer>;

impl Deeds {
    const ALL: Self = Self { tie, meet };
}

crate::later! { pub(super) fn deeds() -> Deeds = Deeds::ALL, or "designs with a cascade wait for it" }

impl Chain {
    /// The place of a member, when another term begins or the row is made anew.
    pub(super) fn anew(state: &SqlDbState) -> Self {
        let (own, members) = (state.own, state.followers.len() as u16);
        if state.term() > 0 {
            return Self { from: state.leader(), ..Self::default() };
        }
        let row = if own == 0 { (1..members).collect() } else { Vec::new() };
        let to = Some(own + 1).filter(|it| *it < members);
        Self { from: own.saturating_sub(1), to, row, silent: 0 }
    }

    /// At a primary: who feeds this follower; one that is new comes last.
    pub(super) fn place(&mut self, own: u16, follower: u16) -> u16 {
        let at = self.row.iter().position(|it| *it == follower).unwrap_or_else(|| {
            self.row.push(follower);
            self.row.len() - 1
        });
        self.to = self.row.first().copied();
        at.checked_sub(1).map_or(own, |it| self.row[it])
    }

    /// Is fed by this one from now on; whoever was behind it in another place turns to the primary.
    pub(super) fn turn_to(&mut self, from: u16) {
        if self.from != from {
            *self = Self { from, ..Self::default() };
        }
    }
}

fn tie(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let is_there = |it: u16| it < ctx.members();
    let kept = state.chain.take().filter(|it| {
        is_there(it.from) && it.to.is_none_or(is_there) && it.row.iter().all(|it| is_there(*it))
    });
    let anew = Chain::anew(state);
    // Who has joined stands at the end of the row as configured.
    let grown = kept.filter(|it| state.term() > 0 || it.to == anew.to);
    state.chain = cascades(params).then(|| grown.unwrap_or_else(|| Box::new(anew)));
    let end = state.log.end();
    if let Some(to) = state.chain.as_ref().and_then(|it| it.to)
        && !state.primary
        && let Some(follower) = state.followers.get_mut(usize::from(to))
    {
        *follower = Follower { sent: end, received: end, received_at_beat: end, ..*follower };
        ship_to(state, params, to, ctx);
    }
    if !state.primary {
        ask(state, ctx);
        if !std::mem::replace(&mut state.beats.0, true) {
            ctx.timer(BEAT, SqlDbTimer::Beat);
        }
    }
}

/// Turns to who feeds it; with failover to the primary, which knows who that is.
fn ask(state: &SqlDbState, ctx: &mut Context<SqlDb>) {
    match &state.led {
        Some(_) => failover::turn_to_leader(state, ctx),
        None => ctx.send(state.feeder(), SqlDbMessage::Follow(state.log.end())),
    }
}

fn meet(state: &mut SqlDbState, params: &SqlDbParams, what: What, ctx: &mut Context<SqlDb>) -> Option<What> {
    let Some(chain) = state.chain.as_mut().filter(|_| !state.primary) else { return Some(what) };
    match what {
        Happening::Message(from, SqlDbMessage::Append(..) | SqlDbMessage::Copy(..)) if from != chain.from => {}
        Happening::Message(from, SqlDbMessage::Append(_, first, entries)) => {
            chain.silent = 0;
            let before = state.log.end();
            append(state, params, first, &entries, ctx);
            ctx.send(from, state.progress());
            hand_on(state, params, (before, entries.is_empty() && first == before), ctx);
        }
        Happening::Message(from, SqlDbMessage::Copy(_, at, rows)) => {
            chain.silent = 0;
            if at > state.log.end() {
                copy(state, at, &rows);
            }
            ctx.send(from, state.progress());
        }
        Happening::Message(from, SqlDbMessage::Received(_, to, applied)) => {
            if state.feeds(from) {
                received(state, params, from, to, applied, ctx);
            }
        }
        Happening::Message(from, SqlDbMessage::Follow(at)) => {
            if state.feeds(from) {
                let follower = &mut state.followers[usize::from(from)];
                (follower.sent, follower.received) = (at, at);
                ship_to(state, params, from, ctx);
            }
        }
        Happening::Timer(SqlDbTimer::Beat) => {
            ctx.timer(BEAT, SqlDbTimer::Beat);
            chain.silent += 1;
            let silent = chain.silent % PATIENCE == 0;
            if let Some(to) = chain.to {
                look_after(state, params, to, false, ctx);
            }
            if silent {
                ask(state, ctx);
            }
        }
        other => return Some(other),
    }
    None
}

/// Hands on what has just come, if the next one has been sent all before it; and that nothing has, if it
/// has all: a sign of life that has not come is not passed on.
fn hand_on(
    state: &mut SqlDbState,
    params: &SqlDbParams,
    (before, level): (u64, bool),
    ctx: &mut Context<SqlDb>,
) {
    let (end, next) = (state.log.end(), state.chain.as_ref().and_then(|it| it.to));
    let Some((to, follower)) = next.and_then(|it| Some((it, state.followers.get(usize::from(it))?))) else {
        return;
    };
    if follower.sent == before && (end > before || level && follower.received == end) {
        ship_to(state, params, to, ctx);
    }
}
