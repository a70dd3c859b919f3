//! Rounds of messages: what do a key's homes have, and who has kept this. Where a home does not answer and
//! the quorum is sloppy, the next member down the ring is asked in its place.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::engine::{Outcome, Poll, Request, Served, Settled};

use super::super::Context;
use super::hints::{self, confirmed, has, hint, keep, put, row};
use super::row::{Row, Rule, Written};
use super::{
    Conflicts, Doing, KvStore, KvStoreMessage, KvStoreParams, KvStoreState, KvStoreTimer, Members,
    READ, REFUSED, REPAIRED, STOOD_IN, UNITED, WRITTEN, WhenCut, causal, each, entropy, homes,
    preference, writes,
};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

fn consistent(params: &KvStoreParams) -> bool {
    params.when_cut == WhenCut::Consistent
}

impl Doing {
    /// How many homes have answered, or who stands in for them.
    fn count(&self) -> u32 {
        let answered = |home: &u16| {
            let stand_in = |it: &(u16, u16)| it.1 == *home && has(self.heard, it.0);
            has(self.heard, *home) || self.stand_ins.iter().any(stand_in)
        };
        each(self.homes).filter(answered).count() as u32
    }

    /// How many it takes. A write that is not put in order by a majority needs only to know what one
    /// home holds.
    fn needs(&self, params: &KvStoreParams) -> u32 {
        let [read, write] = params.quorum();
        match (self.storing, writes(&self.request) && !consistent(params)) {
            (true, _) => write,
            (_, true) => 1,
            _ => read,
        }
    }

    /// Takes in what a member holds.
    fn hears(&mut self, params: &KvStoreParams, from: u16, theirs: &Row) {
        self.agree &= self.heard == 0
            || (theirs.version() == self.found.version()
                && theirs.copies.len() == self.found.copies.len());
        self.heard |= 1 << from;
        for it in &theirs.copies {
            self.found.merge(Rule::of(params), it);
        }
    }
}

/// The next round's number.
fn next(state: &mut KvStoreState) -> u32 {
    state.rounds = state.rounds.wrapping_add(1).max(1);
    state.rounds
}

/// Says it to all members of a set but this one.
fn say(whom: Members, message: &KvStoreMessage, ctx: &mut Ctx) {
    let own = 1 << ctx.ordinal();
    each(whom & !own).for_each(|it| ctx.send(it, message.clone()));
}

/// Tells of a round that begins, in which this member may have its own answer: the version it holds.
fn observe(doing: &Doing, asked: Members, own: u32, ctx: &mut Ctx) {
    let (request, storing) = (doing.request.id, doing.storing);
    ctx.polled(doing.round, Poll::Begins { request, storing, asked });
    let member = ctx.ordinal();
    if has(doing.heard, member) {
        ctx.polled(doing.round, Poll::Answers(member, own));
    }
}

/// A request has come.
pub(super) fn begin(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    request: &Request,
    ticket: Handle,
    ctx: &mut Ctx,
) {
    let round = next(state);
    let alarm = ctx.timer(params.patience, KvStoreTimer::Patience(round));
    let homes = homes(params, request.key);
    let own = 1 << ctx.ordinal();
    let (heard, stand_ins) = (homes & own, Vec::new());
    // What is no home's is not its to tell.
    let found = if heard == 0 { Row::default() } else { row(state, request.key) };
    let (request, agree, storing, relief) = (*request, true, false, None);
    let doing = Doing {
        round,
        ticket,
        request,
        storing,
        homes,
        stand_ins,
        heard,
        agree,
        found,
        alarm,
        relief,
    };
    let others = doing.needs(params) > doing.count();
    let at = state.doing.len();
    state.doing.push(doing);
    let doing = &state.doing[at];
    if writes(&request) && !consistent(params) && heard != 0 {
        write(state, params, at, ctx);
    } else {
        observe(doing, if others { homes } else { own }, doing.found.version(), ctx);
        if others {
            say(homes, &KvStoreMessage::Ask(round, request.key), ctx);
            wait(state, params, at, ctx);
        }
    }
    go_on(state, params, ctx);
}

/// Gives a write its version, keeps it, and asks its key's homes to.
fn write(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let doing = &state.doing[at];
    let (key, id, ticket) = (doing.request.key, doing.request.id, doing.ticket);
    let known = known(state, params, at, ctx);
    let mut new = known.write(ctx.ordinal(), causal::clock(state, params, ctx));
    let call = ctx.call_key(&doing.request, ticket);
    let version = new.version;
    causal::write(state, params, key, &mut new, ctx.caller(ticket));
    ctx.wrote(id, key, version);
    ctx.committed_once(key, version, call);
    if Rule::of(params) == Rule::Both {
        settle(key, Settled::Replaced, &known, ctx);
    }
    put(state, params, key, &new, ctx);
    store(state, params, at, version, Arc::new([new]), ctx);
}

/// What this member holds of the key of a request if it is its home, and what it has heard for it.
fn known(state: &KvStoreState, params: &KvStoreParams, at: usize, ctx: &Ctx) -> Row {
    let doing = &state.doing[at];
    let mut known = row(state, doing.request.key);
    if !has(doing.homes, ctx.ordinal()) {
        known.copies.clear();
    }
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

/// Of several writes that a read has found and that do not know of each other, the application makes
/// one that knows of all, and writes it back without waiting. The version that the read gives back.
fn united(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) -> u32 {
    let known = known(state, params, at, ctx);
    if known.copies.len() < 2 {
        return known.version();
    }
    let key = state.doing[at].request.key;
    ctx.count(UNITED, key);
    settle(key, Settled::United, &known, ctx);
    write_over(state, params, key, &known, ctx)
}

/// Writes over all that is known of a key, for nobody who waits for it. The version it gets.
fn write_over(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    known: &Row,
    ctx: &mut Ctx,
) -> u32 {
    let mut new = known.write(ctx.ordinal(), causal::clock(state, params, ctx));
    let version = new.version;
    causal::write(state, params, key, &mut new, None);
    put(state, params, key, &new, ctx);
    let round = next(state);
    let homes = homes(params, key);
    say(homes, &KvStoreMessage::Store(round, key, version, Arc::new([new])), ctx);
    version
}

/// A person has picked which of several writes that do not know of each other stays: `keep 101 B2` is that
/// of B with count 2, for key 101. What is picked is written anew, over all of them.
pub(super) fn pick(state: &mut KvStoreState, params: &KvStoreParams, words: &str, ctx: &mut Ctx) {
    let words: Vec<_> = words.split_ascii_whitespace().collect();
    let ["keep", key, name] = words[..] else { return };
    let Ok(key) = key.parse() else { return };
    let known = row(state, key);
    let named = |it: &&Written| Written::name(it.version).eq_ignore_ascii_case(name);
    let Some(picked) = known.copies.iter().find(named).map(|it| it.version) else { return };
    if Rule::of(params) != Rule::Both || known.copies.len() < 2 {
        return;
    }
    let others = known.copies.iter().filter(|it| it.version != picked);
    others.for_each(|it| ctx.conflict(key, Settled::Picked, picked, it.version));
    let version = write_over(state, params, key, &known, ctx);
    ctx.conflict(key, Settled::Renamed, version, picked);
}

/// Asks a key's homes to keep something, this one having done so if it is one.
fn store(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    at: usize,
    version: u32,
    copies: Arc<[Written]>,
    ctx: &mut Ctx,
) {
    // Answers to the first round must not count for the second.
    let round = next(state);
    let doing = &mut state.doing[at];
    ctx.cancel(doing.alarm);
    (doing.round, doing.storing) = (round, true);
    doing.heard = doing.homes & 1 << ctx.ordinal();
    doing.stand_ins.clear();
    doing.alarm = ctx.timer(params.patience, KvStoreTimer::Patience(round));
    doing.found.copies = copies.to_vec();
    observe(doing, doing.homes, version, ctx);
    say(doing.homes, &KvStoreMessage::Store(round, doing.request.key, version, copies), ctx);
    wait(state, params, at, ctx);
}

/// A round waits for answers: others stand in at once for homes that are known to be silent, and later
/// for those that turn out to be.
fn wait(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let earlier = state.doing[at].relief.take();
    earlier.into_iter().for_each(|it| ctx.cancel(it));
    if params.stands_in() {
        stand_in(state, params, at, ctx);
        let timer = KvStoreTimer::Relief(state.doing[at].round);
        state.doing[at].relief = Some(ctx.timer(params.stand_in_after, timer));
    }
}

/// Asks the next members down the ring in place of homes that are silent.
fn stand_in(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let Doing { round, request, storing, homes, .. } = state.doing[at];
    let (key, silent, own) = (request.key, state.silent, ctx.ordinal());
    let order = preference(params, key);
    for home in order.iter().copied().filter(|it| has(homes & silent, *it)) {
        let doing = &state.doing[at];
        let asked = |who: u16| doing.stand_ins.iter().any(|it| it.0 == who);
        let serves = |it: &(u16, u16)| {
            it.1 == home && (has(doing.heard, it.0) || !has(silent, it.0))
        };
        if has(doing.heard, home) || doing.stand_ins.iter().any(serves) {
            continue;
        }
        let free = |it: &u16| !has(homes | silent, *it) && !asked(*it);
        let Some(next) = order.iter().copied().find(free) else { return };
        let version = doing.found.version();
        let copies: Arc<[_]> = doing.found.copies.as_slice().into();
        state.doing[at].stand_ins.push((next, home));
        ctx.polled(round, Poll::StandsIn(next, home));
        if next != own {
            ctx.send(next, match storing {
                true => KvStoreMessage::Hold(round, home, key, version, copies),
                false => KvStoreMessage::Ask(round, key),
            });
            continue;
        }
        // Of what it wrote it has a hint already.
        let held = row(state, key);
        let doing = &mut state.doing[at];
        if storing {
            doing.heard |= 1 << own;
            ctx.count(STOOD_IN, key);
        } else {
            doing.hears(params, own, &held);
        }
        let version = if storing { version } else { held.version() };
        ctx.polled(round, Poll::Answers(own, version));
    }
}

/// Whoever has not answered in this round so far is silent.
pub(super) fn relieve(state: &mut KvStoreState, params: &KvStoreParams, round: u32, ctx: &mut Ctx) {
    let Some(at) = state.doing.iter().position(|it| it.round == round) else { return };
    missed(state, at, ctx);
    state.doing[at].relief = None;
    if params.stands_in() {
        let before = state.doing[at].stand_ins.len();
        stand_in(state, params, at, ctx);
        if state.doing[at].stand_ins.len() > before {
            let timer = KvStoreTimer::Relief(round);
            state.doing[at].relief = Some(ctx.timer(params.stand_in_after, timer));
        }
        go_on(state, params, ctx);
    }
}

/// Notes who was asked in a round and has not answered.
fn missed(state: &mut KvStoreState, at: usize, ctx: &Ctx) {
    let doing = &state.doing[at];
    let asked = doing.stand_ins.iter().fold(doing.homes, |all, it| all | 1 << it.0);
    state.silent |= asked & !doing.heard & !(1 << ctx.ordinal());
}

/// Ends rounds in which enough have answered.
pub(super) fn go_on(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let mut at = 0;
    while at < state.doing.len() {
        let doing = &state.doing[at];
        let writing = writes(&doing.request);
        let (key, ticket, round) = (doing.request.key, doing.ticket, doing.round);
        if doing.count() < doing.needs(params) {
            at += 1;
            continue;
        }
        ctx.polled(round, Poll::Decided);
        if writing && !doing.storing {
            write(state, params, at, ctx);
        } else if consistent(params) && !writing && !doing.storing && !doing.agree {
            let copies = doing.found.copies.clone();
            let version = doing.found.version();
            if has(doing.homes, ctx.ordinal()) {
                keep(state, params, key, &copies, ctx);
            }
            store(state, params, at, version, copies.into(), ctx);
        } else {
            let (request, mut version) = (doing.request, doing.found.version());
            let rule = Rule::of(params);
            if !writing {
                version = doing.found.shown(rule);
                repair(state, params, at, ctx);
                if params.conflicts == Conflicts::Merge && !consistent(params) {
                    version = united(state, params, at, ctx);
                }
                ctx.found(&request, ticket, version);
                causal::saw(state, params, ctx.caller(ticket), (key, version));
            }
            ctx.count(if writing { WRITTEN } else { READ }, key);
            ctx.complete(ticket, Served::ok(version));
            let doing = state.doing.swap_remove(at);
            ctx.cancel(doing.alarm);
            doing.relief.into_iter().for_each(|it| ctx.cancel(it));
        }
    }
}

/// Whoever asked and is a home takes in what it has found, as it brings that to the others.
fn repair(state: &mut KvStoreState, params: &KvStoreParams, at: usize, ctx: &mut Ctx) {
    let doing = &state.doing[at];
    let repairs = params.read_repair && !consistent(params) && has(doing.homes, ctx.ordinal());
    if repairs && !row(state, doing.request.key).holds(&doing.found) {
        let (key, copies) = (doing.request.key, doing.found.copies.clone());
        ctx.count(REPAIRED, key);
        keep(state, params, key, &copies, ctx);
    }
}

/// Too few have answered in time.
pub(super) fn refuse(state: &mut KvStoreState, round: u32, ctx: &mut Ctx) {
    let Some(at) = state.doing.iter().position(|it| it.round == round) else { return };
    missed(state, at, ctx);
    let doing = state.doing.swap_remove(at);
    doing.relief.into_iter().for_each(|it| ctx.cancel(it));
    ctx.count(REFUSED, doing.request.key);
    // How many there were goes with it.
    let (outcome, leader) = (Outcome::NoQuorum, u16::MAX);
    let version = doing.count();
    ctx.complete(doing.ticket, Served::Now { outcome, version, leader });
}

/// A member has answered in a round that stores something.
fn stored(state: &mut KvStoreState, params: &KvStoreParams, round: u32, from: u16, ctx: &mut Ctx) {
    let stored = |it: &Doing| it.round == round && it.storing;
    if let Some(at) = state.doing.iter().position(stored) {
        state.doing[at].heard |= 1 << from;
        go_on(state, params, ctx);
    }
}

/// Keeps what another member has sent, and says so.
pub(super) fn take_in(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    from: u16,
    (round, key, version, copies): (u32, u32, u32, &[Written]),
    ctx: &mut Ctx,
) {
    keep(state, params, key, copies, ctx);
    let homes = homes(params, key);
    if !has(homes, ctx.ordinal()) {
        // It was one when this was sent.
        copies.iter().for_each(|it| hint(state, homes, key, it));
        hints::look_after(state, params, ctx);
    }
    ctx.send(from, KvStoreMessage::Stored(round, key, version));
}

/// A member has said something.
pub(super) fn hear(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    from: u16,
    message: KvStoreMessage,
    ctx: &mut Ctx,
) {
    state.silent &= !(1 << from);
    match message {
        KvStoreMessage::Ask(round, key) => {
            let copies = row(state, key).copies.into();
            ctx.send(from, KvStoreMessage::Have(round, copies));
        }
        KvStoreMessage::Store(round, key, version, copies) => {
            match params.is_causal() {
                true => causal::arrived(state, params, from, (round, key, version, copies), ctx),
                false => take_in(state, params, from, (round, key, version, &copies), ctx),
            }
        }
        KvStoreMessage::Everywhere(key, known) => causal::everywhere(state, key, &known),
        KvStoreMessage::Hold(round, home, key, version, copies) => {
            keep(state, params, key, &copies, ctx);
            // Homes may have changed since.
            let homes = homes(params, key);
            let whom = if has(homes, home) { 1 << home } else { homes };
            copies.iter().for_each(|it| hint(state, whom & !(1 << ctx.ordinal()), key, it));
            ctx.count(STOOD_IN, key);
            hints::look_after(state, params, ctx);
            ctx.send(from, KvStoreMessage::Held(round, home, key, version));
        }
        KvStoreMessage::Compare(level, nodes) => {
            entropy::compare(state, params, from, (level, &nodes), ctx);
        }
        KvStoreMessage::Want(part) => entropy::bring(state, params, from, part, ctx),
        KvStoreMessage::Bring(key, version, copies) => {
            let before = row(state, key);
            let store = KvStoreMessage::Store(0, key, version, copies);
            hear(state, params, from, store, ctx);
            entropy::brought(state, from, key, &before);
        }
        KvStoreMessage::Have(round, copies) => {
            let theirs = Row { copies: copies.to_vec(), ..Row::default() };
            ctx.polled(round, Poll::Answers(from, theirs.version()));
            let asked = |it: &Doing| it.round == round && !it.storing;
            let Some(at) = state.doing.iter().position(asked) else { return };
            let key = state.doing[at].request.key;
            let doing = &mut state.doing[at];
            doing.hears(params, from, &theirs);
            let newer = doing.found.clone();
            let repairs = params.read_repair && !consistent(params) && has(doing.homes, from);
            if repairs && !theirs.holds(&newer) {
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
            let was = confirmed(state, params, from, (key, version), ctx);
            hints::count(round, was, key, ctx);
            stored(state, params, round, from, ctx);
        }
        KvStoreMessage::Held(round, home, key, version) => {
            ctx.polled(round, Poll::Answers(from, version));
            // From now on that member brings it there.
            confirmed(state, params, home, (key, version), ctx);
            stored(state, params, round, from, ctx);
        }
    }
}
