//! Rounds of messages: what do the others have, and who has kept this.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request, Served};

use super::super::Context;
use super::row::{Merged, Row, Rule, Written};
use super::{
    CONFLICT, Doing, HANDED_OVER, KvStore, KvStoreMessage, KvStoreParams, KvStoreState, KvStoreTimer,
    READ, REFUSED, REPAIRED, WRITTEN, WhenCut, writes,
};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Most writes handed over to one member at once.
const BATCH_MAX: usize = 256;

fn row(state: &KvStoreState, key: u32) -> Row {
    state.rows.get(key.into()).cloned().unwrap_or_default()
}

fn consistent(params: &KvStoreParams) -> bool {
    params.when_cut == WhenCut::Consistent
}

/// Takes copies of a key in.
fn keep(state: &mut KvStoreState, params: &KvStoreParams, key: u32, new: &[Written], ctx: &mut Ctx) {
    let mut row = row(state, key);
    for new in new {
        match row.merge(Rule::of(params), new) {
            Merged::Quietly => continue,
            Merged::Siblings => {}
            Merged::Dropped(kept, dropped) => ctx.dropped(key, kept, dropped),
        }
        ctx.count(CONFLICT, key);
    }
    while state.rows.end() <= key.into() {
        state.rows.push(Row::default());
    }
    state.rows.set(key.into(), row);
}

/// A request has come.
pub(super) fn begin(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) {
    state.rounds = state.rounds.wrapping_add(1).max(1);
    let round = state.rounds;
    let alarm = ctx.timer(params.patience, KvStoreTimer::Patience(round));
    let heard = 1 << ctx.ordinal();
    let found = row(state, request.key);
    let (request, agree, storing) = (*request, true, false);
    state.doing.push(Doing { round, ticket, request, storing, heard, agree, found, alarm });
    let at = state.doing.len() - 1;
    if writes(&request) && !consistent(params) {
        write(state, params, at, ctx);
    } else if params.quorum()[0] > 1 {
        ctx.broadcast(&KvStoreMessage::Ask(round, request.key));
    }
    go_on(state, params, ctx);
}

/// Gives a write its version, keeps it, and asks the others to.
fn write(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let doing = &state.doing[at];
    let (key, id, ticket) = (doing.request.key, doing.request.id, doing.ticket);
    let mut known = row(state, key);
    let rule = Rule::of(params);
    for it in &doing.found.copies {
        known.merge(rule, it);
    }
    let new = known.write(ctx.ordinal(), ctx.clock());
    let call = ctx.call_key(&doing.request, ticket);
    ctx.wrote(id, key, new.version);
    ctx.committed_once(key, new.version, call);
    let copies = [new];
    keep(state, params, key, &copies, ctx);
    let [Written { version, .. }] = copies;
    for (member, hints) in (0..).zip(&mut state.hints) {
        if member != ctx.ordinal() {
            hints.insert(key, version);
        }
    }
    look_after(state, params, ctx);
    store(state, params, at, version, Arc::new(copies), ctx);
}

/// Asks all to keep something, this one having done so.
fn store(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    at: usize,
    version: u32,
    copies: Arc<[Written]>,
    ctx: &mut Ctx,
) {
    let doing = &mut state.doing[at];
    // Answers to the first round must not count for the second.
    state.rounds = state.rounds.wrapping_add(1).max(1);
    ctx.cancel(doing.alarm);
    (doing.round, doing.storing, doing.heard) = (state.rounds, true, 1 << ctx.ordinal());
    doing.alarm = ctx.timer(params.patience, KvStoreTimer::Patience(doing.round));
    doing.found.copies = copies.to_vec();
    let key = doing.request.key;
    ctx.broadcast(&KvStoreMessage::Store(doing.round, key, version, copies));
}

/// Ends rounds in which enough have answered.
pub(super) fn go_on(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let [read, write_quorum] = params.quorum();
    let mut at = 0;
    while at < state.doing.len() {
        let doing = &state.doing[at];
        let heard = doing.heard.count_ones();
        let writing = writes(&doing.request);
        let (key, ticket) = (doing.request.key, doing.ticket);
        if heard < if doing.storing { write_quorum } else { read } {
            at += 1;
        } else if writing && !doing.storing {
            write(state, params, at, ctx);
        } else if consistent(params) && !writing && !doing.storing && !doing.agree {
            let copies = doing.found.copies.clone();
            let version = doing.found.version();
            keep(state, params, key, &copies, ctx);
            store(state, params, at, version, copies.into(), ctx);
        } else {
            let version = doing.found.version();
            ctx.cancel(doing.alarm);
            if !writing {
                ctx.found(&doing.request, version);
            }
            ctx.count(if writing { WRITTEN } else { READ }, key);
            ctx.complete(ticket, Served::ok(version));
            state.doing.swap_remove(at);
        }
    }
}

/// Too few have answered in time.
pub(super) fn refuse(state: &mut KvStoreState, round: u32, ctx: &mut Ctx) {
    let Some(at) = state.doing.iter().position(|it| it.round == round) else { return };
    let doing = state.doing.swap_remove(at);
    ctx.count(REFUSED, doing.request.key);
    // How many there were goes with it.
    let (outcome, leader) = (Outcome::NoQuorum, u16::MAX);
    let version = doing.heard.count_ones();
    ctx.complete(doing.ticket, Served::Now { outcome, version, leader });
}

/// A member has said something.
pub(super) fn hear(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    from: u16,
    message: KvStoreMessage,
    ctx: &mut Ctx,
) {
    match message {
        KvStoreMessage::Ask(round, key) => {
            let copies = row(state, key).copies.into();
            ctx.send(from, KvStoreMessage::Have(round, copies));
        }
        KvStoreMessage::Store(round, key, version, copies) => {
            keep(state, params, key, &copies, ctx);
            ctx.send(from, KvStoreMessage::Stored(round, key, version));
        }
        KvStoreMessage::Have(round, copies) => {
            let asked = |it: &Doing| it.round == round && !it.storing;
            let Some(at) = state.doing.iter().position(asked) else { return };
            let key = state.doing[at].request.key;
            let theirs = Row { counter: 0, copies: copies.to_vec() };
            let doing = &mut state.doing[at];
            doing.heard |= 1 << from;
            doing.agree &= theirs.version() == doing.found.version()
                && theirs.copies.len() == doing.found.copies.len();
            for it in theirs.copies.iter() {
                doing.found.merge(Rule::of(params), it);
            }
            let newer = doing.found.clone();
            if params.read_repair && !consistent(params) && !theirs.holds(&newer) {
                let (version, copies) = (newer.version(), newer.copies.into());
                ctx.count(REPAIRED, key);
                ctx.send(from, KvStoreMessage::Store(0, key, version, copies));
            }
            go_on(state, params, ctx);
        }
        KvStoreMessage::Stored(round, key, version) => {
            if let Some(hints) = state.hints.get_mut(usize::from(from))
                && hints.get(&key) == Some(&version)
            {
                hints.remove(&key);
            }
            let stored = |it: &Doing| it.round == round && it.storing;
            if let Some(at) = state.doing.iter().position(stored) {
                state.doing[at].heard |= 1 << from;
                go_on(state, params, ctx);
            }
        }
    }
}

/// Wakes again as long as somebody has not confirmed something.
pub(super) fn look_after(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let open = state.hints.iter().any(|it| !it.is_empty());
    if open && !state.beats && params.handoff > Nanos::ZERO {
        state.beats = true;
        ctx.timer(params.handoff, KvStoreTimer::Handoff);
    }
}

/// Brings writes to those that have not confirmed them.
pub(super) fn hand_over(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    state.beats = false;
    for to in 0..state.hints.len() {
        let open: Vec<_> = state.hints[to].iter().take(BATCH_MAX).map(|it| (*it.0, *it.1)).collect();
        for (key, version) in open {
            let copies = row(state, key).copies.into();
            ctx.count(HANDED_OVER, key);
            ctx.send(to as u16, KvStoreMessage::Store(0, key, version, copies));
        }
    }
    look_after(state, params, ctx);
}
