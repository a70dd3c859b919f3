//! Rounds of messages: what do the others have, and who has kept this.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Poll, Request, Served, Settled};

use super::super::Context;
use super::row::{Merged, Row, Rule, Written};
use super::{
    CONFLICT, Conflicts, Doing, HANDED_OVER, KvStore, KvStoreMessage, KvStoreParams, KvStoreState,
    KvStoreTimer, READ, REFUSED, REPAIRED, UNITED, WRITTEN, WhenCut, entropy, writes,
};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Most writes handed over to one member at once.
pub(super) const BATCH_MAX: usize = 256;
/// The least time between two comparisons of all that a member holds.
const COMPARE_MIN: Nanos = Nanos::millis(100);

pub(super) fn row(state: &KvStoreState, key: u32) -> Row {
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
            Merged::Siblings => {
                let beside = row.copies.iter().map(|it| it.version).filter(|it| *it != new.version);
                beside.for_each(|it| ctx.conflict(key, Settled::Both, new.version, it));
            }
            Merged::Dropped(kept, dropped) => ctx.conflict(key, Settled::Dropped, kept, dropped),
        }
        ctx.count(CONFLICT, key);
    }
    while state.rows.end() <= key.into() {
        state.rows.push(Row::default());
    }
    state.rows.set(key.into(), row);
}

/// Tells of a round that begins, in which this member has its own answer: the version it holds.
fn observe(round: u32, request: &Request, storing: bool, others: bool, own: u32, ctx: &mut Ctx) {
    let (member, all) = (ctx.ordinal(), (1 << ctx.members()) - 1);
    let asked = if others { all } else { 1 << member };
    ctx.polled(round, Poll::Begins { request: request.id, storing, asked });
    ctx.polled(round, Poll::Answers(member, own));
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
    } else {
        let others = params.quorum()[0] > 1;
        observe(round, &request, false, others, state.doing[at].found.version(), ctx);
        if others {
            ctx.broadcast(&KvStoreMessage::Ask(round, request.key));
        }
    }
    go_on(state, params, ctx);
}

/// Gives a write its version, keeps it, and asks the others to.
fn write(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let doing = &state.doing[at];
    let (key, id, ticket) = (doing.request.key, doing.request.id, doing.ticket);
    let known = known(state, params, at);
    let new = known.write(ctx.ordinal(), ctx.clock());
    let call = ctx.call_key(&doing.request, ticket);
    let version = new.version;
    ctx.wrote(id, key, version);
    ctx.committed_once(key, version, call);
    let copies = [new];
    settle(key, Settled::Replaced, &known, ctx);
    put(state, params, key, &copies, ctx);
    store(state, params, at, version, Arc::new(copies), ctx);
}

/// What this member holds of the key of a request, and what it has heard for it.
fn known(state: &KvStoreState, params: &KvStoreParams, at: usize) -> Row {
    let doing = &state.doing[at];
    let mut known = row(state, doing.request.key);
    for it in &doing.found.copies {
        known.merge(Rule::of(params), it);
    }
    known
}

/// Tells what becomes of siblings.
fn settle(key: u32, how: Settled, of: &Row, ctx: &mut Ctx) {
    if let [first, rest @ ..] = of.copies.as_slice() {
        rest.iter().for_each(|it| ctx.conflict(key, how, first.version, it.version));
    }
}

/// Keeps what this member has written, and notes that the others have not confirmed it.
fn put(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    copies: &[Written; 1],
    ctx: &mut Ctx,
) {
    let [Written { version, .. }] = *copies;
    keep(state, params, key, copies, ctx);
    for (member, hints) in (0..).zip(&mut state.hints) {
        if member != ctx.ordinal() {
            hints.insert(key, version);
        }
    }
    look_after(state, params, ctx);
}

/// Of several writes that a read has found and that do not know of each other, the application makes
/// one that knows of all, and writes it back without waiting. The version that the read gives back.
fn united(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) -> u32 {
    let known = known(state, params, at);
    if known.copies.len() < 2 {
        return known.version();
    }
    let key = state.doing[at].request.key;
    let new = known.write(ctx.ordinal(), ctx.clock());
    let (version, copies) = (new.version, [new]);
    ctx.count(UNITED, key);
    settle(key, Settled::United, &known, ctx);
    put(state, params, key, &copies, ctx);
    ctx.broadcast(&KvStoreMessage::Store(0, key, version, Arc::new(copies)));
    version
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
    let (key, round, request) = (doing.request.key, doing.round, doing.request);
    observe(round, &request, true, true, version, ctx);
    ctx.broadcast(&KvStoreMessage::Store(round, key, version, copies));
}

/// Ends rounds in which enough have answered.
pub(super) fn go_on(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let [read, write_quorum] = params.quorum();
    let mut at = 0;
    while at < state.doing.len() {
        let doing = &state.doing[at];
        let heard = doing.heard.count_ones();
        let writing = writes(&doing.request);
        let (key, ticket, round) = (doing.request.key, doing.ticket, doing.round);
        if heard < if doing.storing { write_quorum } else { read } {
            at += 1;
            continue;
        }
        ctx.polled(round, Poll::Decided);
        if writing && !doing.storing {
            write(state, params, at, ctx);
        } else if consistent(params) && !writing && !doing.storing && !doing.agree {
            let copies = doing.found.copies.clone();
            let version = doing.found.version();
            keep(state, params, key, &copies, ctx);
            store(state, params, at, version, copies.into(), ctx);
        } else {
            let (request, mut version) = (doing.request, doing.found.version());
            ctx.cancel(doing.alarm);
            if !writing {
                if params.conflicts == Conflicts::Merge && !consistent(params) {
                    version = united(state, params, at, ctx);
                }
                ctx.found(&request, version);
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
        KvStoreMessage::Compare(level, nodes) => entropy::compare(state, from, level, &nodes, ctx),
        KvStoreMessage::Want(part) => entropy::bring(state, from, part, ctx),
        KvStoreMessage::Have(round, copies) => {
            let theirs = Row { counter: 0, copies: copies.to_vec() };
            ctx.polled(round, Poll::Answers(from, theirs.version()));
            let asked = |it: &Doing| it.round == round && !it.storing;
            let Some(at) = state.doing.iter().position(asked) else { return };
            let key = state.doing[at].request.key;
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
            if round > 0 {
                ctx.polled(round, Poll::Answers(from, version));
            }
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

/// Wakes again as long as somebody has not confirmed something, and when it is time to compare.
pub(super) fn look_after(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let open = state.hints.iter().any(|it| !it.is_empty());
    let [hands_over, compares] = &mut state.beats;
    if open && !*hands_over && params.handoff > Nanos::ZERO {
        *hands_over = true;
        ctx.timer(params.handoff, KvStoreTimer::Handoff);
    }
    if !*compares && params.anti_entropy > Nanos::ZERO {
        *compares = true;
        ctx.timer(params.anti_entropy.max(COMPARE_MIN), KvStoreTimer::Compare);
    }
}

/// Brings writes to those that have not confirmed them.
pub(super) fn hand_over(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    state.beats[0] = false;
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
