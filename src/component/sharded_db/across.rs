//! Writes that change rows of two shards: a unit goes from one to the other, so that all rows together
//! keep what they have. The shard that is asked coordinates a two-phase commit
//! ([`crate::algorithm::commit::two_phase`]): both shards promise and lock their row, the coordinator
//! writes its decision down, and tells it until the other has confirmed. Who has promised and hears
//! nothing asks; until there is an answer the row stays locked. Locks are not waited for by those that
//! hold one already: who meets one is refused, lets its own go and tries again after a pause, so that
//! nobody waits in a circle.

use crate::algorithm::commit::two_phase::{Change, Message};
use crate::base::draw::open_unit;
use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request, Served, Verb};

use super::deals::{Across, BITS, CrossCommit, Decided, Ended, Given, Open, Waiting, coordinator};
use super::query::Part;
use super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::{ACROSS, ACROSS_ABORTED, ACROSS_REFUSED, Ctx, Row, ShardedDbParams, ShardedDbState, moving};

/// How often a shard looks after what is under way.
const BEAT: Nanos = Nanos::millis(50);
/// How long a coordinator waits for votes before it gives up.
pub(super) const PATIENCE: Nanos = Nanos::seconds(1);
/// After how long without a decision a shard asks, and after how long without confirmation one is
/// told again.
const AGAIN: Nanos = Nanos::millis(250);
/// The first pause before another try, twice as long each time, and how many tries there are.
const PAUSE: Nanos = Nanos::millis(5);
const TRIES_MAX: u32 = 7;
/// Transactions of late that are remembered, to be seen and in case of late messages.
const ENDED_MAX: usize = 4;
const KNOWN_MAX: usize = 256;
/// What is drawn for such a request: whether, which other row, which way.
const DRAW_WHETHER: u8 = 1;
const DRAW_WAY: u8 = 2;
const DRAW_OTHER: u8 = 3;
/// Draws for a row of another shard.
const OTHERS_MAX: u8 = 24;

/// The shard is back: what it has promised holds, what it had not decided is aborted.
pub(super) fn restart(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let across = &mut state.across;
    (across.open, across.waiting, across.beats) = Default::default();
    across.promises.recover();
    match params.cross_commit {
        CrossCommit::Unlogged => {
            across.coordinator.recover_forgetful();
            across.decided.clear();
        }
        _ => across.coordinator.recover(),
    }
    let own = ctx.ordinal();
    let mine: Vec<_> = across.given.keys().copied().filter(|it| coordinator(*it) == own).collect();
    for id in mine {
        hear(state, params, own, Message::Inquire(id), ctx);
    }
    look_after(state, ctx);
}

/// Shards have come or gone: what somebody has decided who is gone with its log is taken to be aborted,
/// and who is gone need not confirm.
pub(super) fn change(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let members = ctx.members();
    let gone = |id: &&u64| coordinator(**id) >= members;
    let orphans: Vec<_> = state.across.given.keys().filter(gone).copied().collect();
    for id in orphans {
        let from = coordinator(id);
        participate(state, from, &Message::Decide(id, false), ctx);
    }
    let all = state.across.coordinator.unconfirmed();
    let left = all.flat_map(|(id, whom)| whom.iter().map(move |it| (id, *it)));
    let left: Vec<_> = left.filter(|it| it.1 >= usize::from(members)).collect();
    for (id, whom) in left {
        coordinate(state, whom as u16, &Message::Done(id), ctx);
    }
    wake(state, params, ctx);
}

/// Before a write of a row of its own: whether it has to wait, or is to change another row too.
pub(super) fn before(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (request, tries): (&Request, u32),
    ticket: Handle,
    ctx: &mut Ctx,
) -> Option<Served> {
    if state.across.promises.lock(request.key).is_some() {
        if state.across.waiting.len() >= params.queue as usize {
            return Some(Served::ended(Outcome::QueueFull));
        }
        let (request, pause) = (*request, 0);
        state.across.waiting.push(Waiting { request, ticket, tries, pause });
        return Some(Served::Later);
    }
    let share = params.cross_writes.0;
    let drawn = || open_unit(ctx.draw(request.id, DRAW_WHETHER)) < share;
    if share <= 0.0 || request.verb != Verb::Write || !drawn() {
        return None;
    }
    let (key, own) = (request.key, ctx.ordinal());
    let other = (0..OTHERS_MAX).find_map(|it| {
        let other = ctx.draw(request.id, DRAW_OTHER + it) % state.rows.end();
        let owner = state.rows.get(other)?.owner;
        let is = owner != Row::NOBODY && u16::from(owner) != own;
        is.then_some((other as u32, u16::from(owner)))
    });
    // No row is another's: there is nothing to coordinate.
    let (other_key, other) = other?;
    let by = if ctx.draw(request.id, DRAW_WAY) & 1 == 0 { 1 } else { -1 };
    let change = |key, by| Change { key, by, least: i64::MIN };
    let (here, there) = (change(key, by), change(other_key, -by));
    let id = state.next_id(ctx.now()) << BITS | u64::from(own);
    let (keys, since, request) = ([key, other_key], ctx.now(), *request);
    let open = Open { id, keys, other, since, request, ticket, tries };
    if params.cross_commit == CrossCommit::Alone {
        apply(state, here, Some((&request, ticket)), ctx);
        state.across.open.push(open);
        ctx.send(other, ShardedDbMessage::Also(id, there));
    } else if !may(state, here, own) {
        pause(state, open, ctx);
    } else {
        state.across.open.push(open);
        let changes = [(own.into(), vec![here]), (other.into(), vec![there])];
        let messages = state.across.coordinator.begin(id, changes.into());
        deliver(state, params, messages, ctx);
    }
    look_after(state, ctx);
    Some(Served::Later)
}

/// Whether a row is this shard's, and stays so for the time being.
fn may(state: &ShardedDbState, change: Change, own: u16) -> bool {
    let row = state.rows.get(change.key.into());
    row.is_some_and(|it| u16::from(it.owner) == own) && !moving::closes(state, change.key)
}

/// Changes a row of its own, for this client's request or for another shard's.
fn apply(
    state: &mut ShardedDbState,
    change: Change,
    by: Option<(&Request, Handle)>,
    ctx: &mut Ctx,
) {
    let Some(row) = state.rows.get(change.key.into()).copied() else { return };
    let balance = row.balance.wrapping_add(change.by as i16);
    let version = row.version + 1;
    state.rows.set(change.key.into(), Row { version, balance, ..row });
    moving::wrote(state, change.key);
    match by {
        Some((request, ticket)) => {
            let call = ctx.call_key(request, ticket);
            ctx.wrote(request.id, change.key, version);
            ctx.committed_once(change.key, version, call);
        }
        None => ctx.committed(change.key, version),
    }
}

/// Another shard, or this one, has said something about a transaction.
pub(super) fn hear(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    from: u16,
    message: Message,
    ctx: &mut Ctx,
) {
    match message {
        // A worker has to see to it first.
        Message::Prepare(id, changes) if from != ctx.ordinal() => {
            if let Some(change) = changes.first() {
                let change = *change;
                state.work(Part::Prepare { from, id, change }, 0, change.key, ctx);
            }
        }
        Message::Prepare(..) | Message::Decide(..) => {
            if let Some(answer) = participate(state, from, &message, ctx) {
                answered(state, params, from, answer, ctx);
            }
        }
        Message::Vote(..) | Message::Done(_) | Message::Inquire(_) => {
            let messages = coordinate(state, from, &message, ctx);
            deliver(state, params, messages, ctx);
        }
    }
    wake(state, params, ctx);
    look_after(state, ctx);
}

fn answered(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    to: u16,
    answer: Message,
    ctx: &mut Ctx,
) {
    if to == ctx.ordinal() {
        let messages = coordinate(state, to, &answer, ctx);
        deliver(state, params, messages, ctx);
    } else {
        ctx.send(to, ShardedDbMessage::Across(answer));
    }
}

/// Sends what a coordinator has to say; what is for itself is heard first.
fn deliver(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    messages: Vec<(usize, Message)>,
    ctx: &mut Ctx,
) {
    let own = usize::from(ctx.ordinal());
    let (mine, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(|it| it.0 == own);
    for (_, message) in mine {
        if let Some(answer) = participate(state, own as u16, &message, ctx) {
            answered(state, params, own as u16, answer, ctx);
        }
    }
    for (to, message) in others {
        if let Message::Decide(id, commits) = message {
            conclude(state, id, commits, ctx);
        }
        ctx.send(to as u16, ShardedDbMessage::Across(message));
    }
}

/// As a participant: the answer to a coordinator.
fn participate(
    state: &mut ShardedDbState,
    from: u16,
    message: &Message,
    ctx: &mut Ctx,
) -> Option<Message> {
    let own = ctx.ordinal();
    match message {
        Message::Prepare(id, changes) => {
            let mut promises = std::mem::take(&mut state.across.promises);
            let yes = promises.prepare(*id, changes, |it| may(state, *it, own));
            state.across.promises = promises;
            state.across.promises.forget(KNOWN_MAX);
            if yes {
                state.across.given.insert(*id, Given { since: ctx.now(), asked: 0 });
            } else {
                ctx.count(ACROSS_REFUSED, changes.first().map_or(0, |it| it.key));
            }
            Some(Message::Vote(*id, yes))
        }
        Message::Decide(id, commits) => {
            state.across.given.remove(id);
            let open = state.across.open.iter().find(|it| it.id == *id && from == own);
            let by = open.map(|it| (it.request, it.ticket));
            for change in state.across.promises.decide(*id, *commits) {
                apply(state, change, by.as_ref().map(|it| (&it.0, it.1)), ctx);
            }
            Some(Message::Done(*id))
        }
        Message::Vote(..) | Message::Done(_) | Message::Inquire(_) => None,
    }
}

/// As a coordinator: what is sent to whom.
fn coordinate(
    state: &mut ShardedDbState,
    from: u16,
    message: &Message,
    ctx: &mut Ctx,
) -> Vec<(usize, Message)> {
    let now = ctx.now();
    let across = &mut state.across;
    let messages = across.coordinator.hear(from.into(), message);
    match message {
        Message::Vote(id, true) if !messages.is_empty() => {
            if let Some(open) = across.open.iter().find(|it| it.id == *id) {
                let key = open.keys[1];
                across.decided.insert(*id, Decided { at: [now; 2], key });
            }
        }
        Message::Done(id) if across.coordinator.left(*id).next().is_none() => {
            across.decided.remove(id);
        }
        _ => {}
    }
    messages
}

/// It is decided: the client is told, or another try is made.
fn conclude(state: &mut ShardedDbState, id: u64, commits: bool, ctx: &mut Ctx) {
    state.across.coordinator.told(id);
    let Some(at) = state.across.open.iter().position(|it| it.id == id) else { return };
    let open = state.across.open.swap_remove(at);
    let key = open.keys[0];
    let late = ctx.now().saturating_sub(open.since) >= PATIENCE;
    if commits {
        ctx.count(ACROSS, key);
        let version = state.rows.get(key.into()).map_or(0, |it| it.version);
        ctx.complete(open.ticket, Served::ok(version));
    } else {
        ctx.count(ACROSS_ABORTED, key);
        if late {
            // The other shard does not answer.
            ctx.complete(open.ticket, Served::ended(Outcome::NoQuorum));
        }
    }
    let (keys, other, times) = (open.keys, open.other, [open.since, ctx.now()]);
    if state.across.ended.len() >= ENDED_MAX {
        state.across.ended.pop_front();
    }
    state.across.ended.push_back(Ended { keys, other, commits, times });
    if !commits && !late {
        pause(state, open, ctx);
    }
}

/// Another try, after a pause; there are not many.
fn pause(state: &mut ShardedDbState, open: Open, ctx: &mut Ctx) {
    let Open { request, ticket, tries, .. } = open;
    if tries + 1 >= TRIES_MAX {
        return ctx.complete(ticket, Served::ended(Outcome::Shed));
    }
    let number = state.next_id(ctx.now());
    let spread = 0.5 + open_unit(ctx.draw_next());
    let span = Nanos(((PAUSE.0 << tries) as f64 * spread) as u64);
    ctx.timer(span, ShardedDbTimer::Retry(number));
    state.across.waiting.push(Waiting { request, ticket, tries: tries + 1, pause: number });
}

/// A pause is over.
pub(super) fn retry(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    number: u64,
    ctx: &mut Ctx,
) {
    let at = state.across.waiting.iter().position(|it| it.pause == number);
    if let Some(at) = at {
        let it = state.across.waiting.remove(at);
        go_on(state, params, it, ctx);
    }
}

/// Rows have become free: who waited for them goes on, in turn.
fn wake(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let across = &state.across;
    let free = |it: &Waiting| it.pause == 0 && across.promises.lock(it.request.key).is_none();
    if !across.waiting.iter().any(free) {
        return;
    }
    let waiting = std::mem::take(&mut state.across.waiting);
    let (mut go, mut stay) = (Vec::new(), Vec::new());
    for it in waiting {
        let free = it.pause == 0 && state.across.promises.lock(it.request.key).is_none();
        if free { go.push(it) } else { stay.push(it) }
    }
    state.across.waiting = stay;
    go.into_iter().for_each(|it| go_on(state, params, it, ctx));
}

fn go_on(state: &mut ShardedDbState, params: &ShardedDbParams, it: Waiting, ctx: &mut Ctx) {
    if !ctx.is_awaited(it.ticket) {
        return;
    }
    let served = super::serve::write(state, params, (&it.request, it.tries), it.ticket, ctx);
    if served != Served::Later {
        ctx.complete(it.ticket, served);
    }
}

/// A worker has seen to another shard's question, or there was no place in its line.
pub(super) fn worked(state: &mut ShardedDbState, part: Part, outcome: Outcome, ctx: &mut Ctx) {
    let done = outcome == Outcome::Ok;
    match part {
        Part::Prepare { from, id, change } => {
            let prepare = Message::Prepare(id, vec![change]);
            let vote = match done {
                true => participate(state, from, &prepare, ctx),
                false => Some(Message::Vote(id, false)),
            };
            moving::tell_whose(state, from, [change.key], ctx);
            if let Some(vote) = vote {
                ctx.send(from, ShardedDbMessage::Across(vote));
            }
            look_after(state, ctx);
        }
        Part::Also { from, id, change } => {
            let own = u16::from(state.rows.get(change.key.into()).map_or(Row::NOBODY, |it| it.owner));
            let done = done && own == ctx.ordinal();
            if done {
                apply(state, change, None, ctx);
            }
            moving::tell_whose(state, from, [change.key], ctx);
            ctx.send(from, ShardedDbMessage::Wrote(id, done));
        }
        _ => {}
    }
}

/// Each for itself: the other shard has written its row, or has not.
pub(super) fn wrote(state: &mut ShardedDbState, id: u64, done: bool, ctx: &mut Ctx) {
    let Some(at) = state.across.open.iter().position(|it| it.id == id) else { return };
    let open = state.across.open.swap_remove(at);
    let version = state.rows.get(open.keys[0].into()).map_or(0, |it| it.version);
    let (counter, served) = match done {
        true => (ACROSS, Served::ok(version)),
        false => (ACROSS_ABORTED, Served::ended(Outcome::NoQuorum)),
    };
    ctx.count(counter, open.keys[0]);
    ctx.complete(open.ticket, served);
}

/// Wakes again as long as something is under way.
fn look_after(state: &mut ShardedDbState, ctx: &mut Ctx) {
    let Across { open, given, decided, beats, .. } = &mut state.across;
    let idle = open.is_empty() && given.is_empty() && decided.is_empty();
    if !*beats && !idle {
        *beats = true;
        ctx.timer(BEAT, ShardedDbTimer::Across);
    }
}

/// Goes on with what is under way.
pub(super) fn beat(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    state.across.beats = false;
    let now = ctx.now();
    let late = |it: &&Open| now.saturating_sub(it.since) >= PATIENCE;
    let late: Vec<_> = state.across.open.iter().filter(late).map(|it| it.id).collect();
    for id in late {
        // As it was begun, whatever the setting says by now: each for itself has asked for no promise.
        let messages = state.across.coordinator.give_up(id);
        if messages.is_empty() {
            wrote(state, id, false, ctx);
        } else {
            deliver(state, params, messages, ctx);
        }
    }
    let unsure = |it: &mut Given| {
        let due = now.saturating_sub(it.since).0 >= AGAIN.0 * u64::from(it.asked + 1);
        it.asked += u32::from(due);
        due
    };
    let given = state.across.given.iter_mut();
    let unsure: Vec<_> = given.filter_map(|it| unsure(it.1).then_some(*it.0)).collect();
    for id in unsure {
        let whom = coordinator(id);
        if whom != ctx.ordinal() {
            ctx.send(whom, ShardedDbMessage::Across(Message::Inquire(id)));
        }
    }
    for (id, it) in state.across.decided.iter_mut() {
        if now.saturating_sub(it.at[1]) >= AGAIN {
            it.at[1] = now;
            for to in state.across.coordinator.left(*id) {
                ctx.send(to as u16, ShardedDbMessage::Across(Message::Decide(*id, true)));
            }
        }
    }
    wake(state, params, ctx);
    look_after(state, ctx);
}
