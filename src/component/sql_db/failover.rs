//! Who leads, and what happens to the log when that changes: a replica that is promoted begins a term
//! of its own at the end of its log; who hears of a later term follows it, and throws away what its
//! log has beyond the point where the two part.
//!
//! Logs are told apart as PostgreSQL's timelines are (pg_rewind: "finds the last common ancestor in the
//! timeline histories"). Votes go to candidates whose log is at least as long (Ongaro and Ousterhout,
//! "In search of an understandable consensus algorithm", USENIX ATC 2014, 5.4.1), and to none while
//! the primary has just been heard (6), or who has been chosen and is being brought up. Silence is judged by a fixed time or by φ accrual.
//!
//! On the page this comes with the later module: a design whose database fails over waits for it.

use crate::algorithm::replication::phi_accrual::Gaps;
use crate::algorithm::replication::quorum::majority;
use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::note::Reign;
use crate::engine::{Happening, Served};

use super::super::Context;
use super::cascade::Chain;
use super::replication::{apply_next, beat, first};
use super::{
    Detector, Failover, Follower, SqlDb, SqlDbMessage, SqlDbParams, SqlDbState, SqlDbTimer, by_address,
    by_itself,
};

pub use crate::algorithm::replication::ballot::common;
pub use led::{Led, LedMessage, LedTimer};
use talk::hear;

mod led;
mod standby;
mod talk;

/// Terms of different members differ: a term is a number of takeovers, times this, and who leads.
const MEMBERS_MAX: u32 = 16;

/// Who leads in a term: the first primary until the first takeover.
pub fn leader_of(term: u32) -> u16 {
    (term % MEMBERS_MAX) as u16
}

/// The term that a member begins after another one.
fn next_term(term: u32, own: u16) -> u32 {
    (term / MEMBERS_MAX + 1) * MEMBERS_MAX + u32::from(own)
}

/// What a database that fails over does.
#[derive(Debug)]
pub struct Deeds {
    /// A member has come up, or is told that there is failover.
    pub come_up: fn(&mut SqlDbState, &SqlDbParams, &mut Context<SqlDb>),
    /// Something happens to a member; what is left of it is the log's affair.
    pub meet: fn(&mut SqlDbState, &SqlDbParams, What, &mut Context<SqlDb>) -> Option<What>,
    /// Its standbys are off from now on.
    pub back_up: fn(&mut SqlDbState, &SqlDbParams, &mut Context<SqlDb>),
    /// Whether a member that has led may still take writes.
    pub leads: fn(&SqlDbState, &SqlDbParams, &mut Context<SqlDb>) -> bool,
}

type What = Happening<SqlDbMessage, SqlDbTimer>;

impl Deeds {
    const ALL: Self = Self { come_up, meet, back_up: standby::back_up, leads };
}

crate::later! { pub(super) fn deeds() -> Deeds = Deeds::ALL, or "designs that fail over wait for it" }

/// For how long a sign of life that has been answered is good: who has answered votes for nobody else
/// until then, and the primary stops then, if it is fenced and has no later answer.
fn lease(params: &SqlDbParams) -> Nanos {
    match params.detector {
        Detector::Fixed => params.patience,
        Detector::Phi => Nanos(params.heartbeat.0.saturating_mul(2)),
    }
}

/// How long votes are waited for.
fn ballot(params: &SqlDbParams) -> Nanos {
    Nanos(params.patience.0 / 2)
}

/// The silence of a primary, as a replica hears it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence {
    /// How long it has lasted.
    pub so_far: Nanos,
    /// After how long the replica wants to take over; by chance, up to a tenth later.
    pub most: Nanos,
    /// How suspicious it is, where that is what is gone by.
    pub phi: Option<f64>,
}

impl SqlDbState {
    /// At a replica that takes over by itself: for how long it has not heard the primary.
    pub fn silence(&self, params: &SqlDbParams, now: Nanos) -> Option<Silence> {
        let led = self.led.as_ref().filter(|it| by_itself(params) && !self.primary && it.due.is_none())?;
        let so_far = now.saturating_sub(led.heard_leader()?);
        let phi = (params.detector == Detector::Phi).then(|| led.gaps.phi(so_far.0, params.heartbeat.0));
        Some(Silence { so_far, most: led.bears(params, self.own), phi })
    }
}

fn say(ctx: &mut Context<SqlDb>, to: u16, message: LedMessage) {
    ctx.send(to, SqlDbMessage::Led(Box::new(message)));
}

fn say_all(ctx: &mut Context<SqlDb>, message: &LedMessage) {
    ctx.broadcast(&SqlDbMessage::Led(Box::new(message.clone())));
}

fn wake(ctx: &mut Context<SqlDb>, after: Nanos, timer: LedTimer) -> Handle {
    ctx.timer(after, SqlDbTimer::Led(timer))
}

fn come_up(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let (members, now) = (usize::from(ctx.members()), ctx.now());
    let fresh = state.led.is_none();
    let led = state.led.get_or_insert_with(|| {
        Box::new(Led {
            term: 0,
            aligned: true,
            lineage: vec![(0, 0)],
            voted: 0,
            given: 0,
            waits: (Nanos::ZERO, (0, 0)),
            suspects: false,
            stands: None,
            due: None,
            closed: false,
            asks: None,
            first: 0,
            counted: 0,
            heard: Vec::new(),
            gaps: Gaps::default(),
            alarm: None,
            backup: None,
        })
    });
    // Who died while it asked whether another leads had led before.
    state.primary |= led.asks.is_some();
    (led.stands, led.due, led.asks, led.alarm) = (None, None, None, None);
    (led.closed, led.backup, led.suspects) = (false, None, false);
    (led.gaps, led.heard) = (Gaps::default(), vec![now; members]);
    if state.primary && fresh {
        led.counted = u32::MAX;
        return lead(state, params, ctx);
    }
    if state.primary && params.fencing && members > 1 {
        // Another may lead by now: it takes no writes before a majority knows of none.
        state.primary = false;
        led.asks = Some((now, 1 << state.own));
        return ask(state, params, ctx);
    }
    if state.primary {
        return lead(state, params, ctx);
    }
    if !fresh {
        led.aligned = false;
    }
    follow(state, params, ctx);
}

/// A primary goes about its work.
fn lead(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    beat(state, params, ctx);
    standby::back_up(state, params, ctx);
    if by_itself(params) {
        let term = state.term();
        sign(state, params, term, ctx);
    }
}

fn ask(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    if let Some(led) = &mut state.led {
        led.asks = Some((ctx.now(), 1 << state.own));
    }
    say_all(ctx, &LedMessage::Who(state.term()));
    wake(ctx, params.patience, LedTimer::Ask);
}

/// The primary says that it lives.
fn sign(state: &mut SqlDbState, params: &SqlDbParams, term: u32, ctx: &mut Context<SqlDb>) {
    if state.primary && state.term() == term {
        let first = first(state, params, ctx.now());
        if let Some(led) = &mut state.led {
            led.first = first;
        }
        say_all(ctx, &LedMessage::Alive(term, ctx.now(), first));
        wake(ctx, params.heartbeat, LedTimer::Alive(term));
    }
}

/// Turns to whoever leads in the term it knows, and waits for signs of life.
fn follow(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    turn_to_leader(state, ctx);
    watch(state, params, ctx, 0);
}

/// Tells whoever leads in the term it knows how far it is.
pub(super) fn turn_to_leader(state: &SqlDbState, ctx: &mut Context<SqlDb>) {
    if state.leader() != state.own {
        turn_to(state, state.leader(), ctx);
    }
}

/// Tells somebody who is to send it the log how far it is.
fn turn_to(state: &SqlDbState, member: u16, ctx: &mut Context<SqlDb>) {
    let Some(led) = &state.led else { return };
    let follow = LedMessage::Follow(led.term, state.log.end(), state.applied, led.lineage.clone());
    say(ctx, member, follow);
}

/// Starts the wait for the next sign of life anew; some wait longer, so that not all wake at once.
fn watch(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>, longer: u64) {
    let Some(led) = &mut state.led else { return };
    if let Some(alarm) = led.alarm.take() {
        ctx.cancel(alarm);
    }
    if !by_itself(params) {
        return;
    }
    let bits = ctx.draw_next() >> 32;
    let silence = led.bears(params, state.own).0;
    // Up to a tenth longer by chance, and more after each election that led to nothing.
    let apart = (silence / 10 * (1 + longer)).saturating_mul(bits) >> 32;
    led.alarm = Some(wake(ctx, Nanos(silence.saturating_add(apart)), LedTimer::Silence));
}

/// Whether a member that leads may know that it still does: no other can lead before it has been silent
/// for as long as the others wait.
fn leads(state: &SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) -> bool {
    let Some(led) = &state.led else { return true };
    let members = u32::from(ctx.members());
    if !params.fencing || !by_itself(params) || members == 1 {
        return true;
    }
    let (now, own) = (ctx.now(), usize::from(state.own));
    // Without votes, of those that it knows to follow; with votes, of all.
    let counts = |it: &usize| *it == own || params.failover == Failover::Majority || led.awaits(*it);
    let lately = |it: &usize| {
        *it == own || led.heard.get(*it).is_some_and(|at| at.saturating_add(lease(params)) > now)
    };
    let all = || (0..members as usize).filter(counts);
    all().filter(lately).count() as u32 >= majority(all().count() as u32)
}

/// Hears of a later term: whoever led stops, and follows.
fn adopt(state: &mut SqlDbState, params: &SqlDbParams, term: u32, ctx: &mut Context<SqlDb>) {
    if state.primary {
        ctx.reign(Reign::Ends { term });
        state.primary = false;
        state.alone = false;
        let leader = Some(leader_of(term));
        for it in state.waiting.drain(..) {
            ctx.complete(it.ticket, Served::not_leader(leader));
        }
    }
    let now = ctx.now();
    let members = usize::from(ctx.members());
    let Some(led) = &mut state.led else { return };
    (led.term, led.aligned, led.closed, led.first) = (term, false, false, 0);
    (led.stands, led.due, led.asks, led.suspects) = (None, None, None, false);
    (led.gaps, led.heard) = (Gaps::default(), vec![now; members]);
    line_up(state);
    follow(state, params, ctx);
}

/// In a cascade: another term begins, and with it another row.
fn line_up(state: &mut SqlDbState) {
    if state.chain.is_some() {
        state.chain = Some(Box::new(Chain::anew(state)));
    }
}

/// Is promoted: leads as soon as it is open and all it has received is applied.
fn promote(state: &mut SqlDbState, params: &SqlDbParams, term: u32, ctx: &mut Context<SqlDb>) {
    let Some(led) = &mut state.led else { return };
    (led.due, led.stands) = (Some(term), None);
    // Its own word, if it was people who promoted it.
    led.voted = led.voted.max(term);
    if let Some(alarm) = led.alarm.take() {
        ctx.cancel(alarm);
    }
    let start = standby::start(params);
    led.closed = start > Nanos::ZERO;
    ctx.reign(Reign::Chosen { term });
    if start > Nanos::ZERO {
        wake(ctx, start, LedTimer::Open(term));
    }
    begin(state, params, ctx);
    standby::herald(state, params, term, ctx);
}

/// Begins its term, if it is due and open and all is applied.
fn begin(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let end = state.log.end();
    let members = ctx.members();
    let Some(led) = &mut state.led else { return };
    let Some(term) = led.due.filter(|_| state.applied == end && !led.closed) else { return };
    let (before, old) = (led.term, leader_of(led.term));
    (led.term, led.due, led.aligned, led.asks) = (term, None, true, None);
    led.lineage.push((term, end));
    // Of the one that is replaced nobody knows when it will be back.
    led.counted = !(1 << old | 1 << state.own);
    // It may take writes once a majority has answered its first sign of life.
    led.heard = vec![Nanos::ZERO; usize::from(members)];
    state.primary = true;
    state.alone = false;
    let unknown = Follower { sent: u64::MAX, ..Follower::default() };
    state.followers = vec![unknown; usize::from(members)];
    line_up(state);
    ctx.take_address(if by_address(params) { params.switch_time } else { Nanos::ZERO });
    ctx.reign(Reign::Begins { term, after: before, at: end });
    say_all(ctx, &LedMessage::Term(term));
    lead(state, params, ctx);
}

/// The last term that its log has entries of, and its length: the longer log is the better one.
fn last(state: &SqlDbState) -> (u32, u64) {
    let end = state.log.end();
    let lineage = state.led.as_ref().map_or(&[][..], |it| &it.lineage);
    (lineage.iter().rev().find(|it| it.1 < end).map_or(0, |it| it.0), end)
}

/// The primary has been silent too long.
fn stand(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let (last, own) = (last(state), state.own);
    let Some(led) = &mut state.led else { return };
    let term = next_term(led.term.max(led.voted), own);
    (led.voted, led.stands, led.asks) = (term, Some((term, 1 << own)), None);
    ctx.reign(Reign::Stands { term });
    say_all(ctx, &LedMessage::Stand(term, last));
    wake(ctx, ballot(params), LedTimer::Ballot(term));
    count(state, params, ctx);
}

/// Leads, if a majority has voted for it.
fn count(state: &mut SqlDbState, params: &SqlDbParams, ctx: &mut Context<SqlDb>) {
    let Some((term, votes)) = state.led.as_ref().and_then(|it| it.stands) else { return };
    if votes.count_ones() >= majority(ctx.members().into()) {
        promote(state, params, term, ctx);
    }
}

fn meet(state: &mut SqlDbState, params: &SqlDbParams, what: What, ctx: &mut Context<SqlDb>) -> Option<What> {
    match what {
        Happening::Promote => {
            let free = state.led.as_ref().is_some_and(|it| it.due.is_none());
            if !state.primary && free {
                let term = state.led.as_ref().map_or(0, |it| it.term.max(it.voted));
                promote(state, params, next_term(term, state.own), ctx);
            }
            None
        }
        Happening::Timer(SqlDbTimer::Led(timer)) => {
            alarm(state, params, timer, ctx);
            None
        }
        Happening::Timer(SqlDbTimer::Applied) => {
            super::apply(state);
            state.applying = false;
            let aligned = state.led.as_ref().is_some_and(|it| it.aligned);
            if params.replication == super::Replication::Sync && aligned && !state.primary {
                ctx.send(state.feeder(), state.progress());
            }
            apply_next(state, params, ctx);
            begin(state, params, ctx);
            None
        }
        Happening::Message(from, SqlDbMessage::Led(it)) => {
            hear(state, params, from, *it, ctx);
            None
        }
        Happening::Message(from, it) => {
            let term = match &it {
                SqlDbMessage::Append(term, ..) | SqlDbMessage::Copy(term, ..) | SqlDbMessage::Received(term, ..) => *term,
                SqlDbMessage::Follow(_) | SqlDbMessage::Led(_) => 0,
            };
            if !know(state, params, from, term, ctx) {
                return None;
            }
            let aligned = state.led.as_ref().is_some_and(|it| it.aligned);
            let known = match &it {
                SqlDbMessage::Received(..) => state.led.as_ref().is_some_and(|led| led.heard.len() > from.into()),
                // Who was not there when the term began says how far it is before anything is sent.
                _ if !aligned => {
                    follow(state, params, ctx);
                    false
                }
                SqlDbMessage::Follow(_) => false,
                _ => !state.primary,
            };
            known.then_some(Happening::Message(from, it))
        }
        other => Some(other),
    }
}

/// Compares a term with its own; true if they are the same. Who speaks under an earlier one is told.
fn know(state: &mut SqlDbState, params: &SqlDbParams, from: u16, term: u32, ctx: &mut Context<SqlDb>) -> bool {
    let own = state.term();
    let insists = state.primary && !params.fencing;
    if term > own && !insists && leader_of(term) != state.own {
        adopt(state, params, term, ctx);
    }
    if term < own && params.fencing {
        say(ctx, from, LedMessage::Term(own));
    }
    term == state.term()
}

fn alarm(state: &mut SqlDbState, params: &SqlDbParams, timer: LedTimer, ctx: &mut Context<SqlDb>) {
    match timer {
        LedTimer::Alive(term) => sign(state, params, term, ctx),
        LedTimer::Ask if state.led.as_ref().is_some_and(|it| it.asks.is_some()) => {
            ask(state, params, ctx);
        }
        LedTimer::Ask => {}
        LedTimer::Rises(term) => standby::herald(state, params, term, ctx),
        LedTimer::Open(term) => {
            if let Some(led) = state.led.as_mut().filter(|it| it.due == Some(term)) {
                led.closed = false;
                ctx.reign(Reign::Opens { term });
                begin(state, params, ctx);
            }
        }
        LedTimer::Backup => {
            if let Some(led) = &mut state.led {
                led.backup = None;
            }
            standby::back_up(state, params, ctx);
        }
        LedTimer::Silence => {
            let Some(led) = &mut state.led else { return };
            led.alarm = None;
            if by_itself(params) && !state.primary && led.due.is_none() {
                led.suspects = true;
                let since = led.heard_leader().unwrap_or(ctx.now());
                ctx.reign(Reign::Suspected { since });
                stand(state, params, ctx);
            }
        }
        LedTimer::Ballot(term) => {
            let stands = state.led.as_ref().and_then(|it| it.stands);
            if stands.is_none_or(|it| it.0 != term) || state.primary {
                return;
            }
            match params.failover {
                // Without a majority, nobody who answered had more.
                Failover::Automatic => promote(state, params, term, ctx),
                _ => {
                    if let Some(led) = &mut state.led {
                        led.stands = None;
                    }
                    watch(state, params, ctx, 9);
                }
            }
        }
    }
}
