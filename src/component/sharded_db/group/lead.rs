//! Who leads a shard, what the primary sends its replicas, and what a replica does with that.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::replication::ballot::{Ballot, common};
use crate::base::cow::Shared;
use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::event::Verb;
use crate::engine::{Outcome, Request, Served};

use super::super::query::Part;
use super::super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::super::{
    READ, REPLICA_READ, Row, ShardedDbParams, ShardedDbState, TAIL_LOST, TAKEN_OVER, recover, shard,
};
use super::{Group, GroupMessage, GroupTimer, Held, Image, Inner, Peer};

/// Signs of life in the time that a primary may be silent.
const SIGNS: u64 = 4;
/// A primary says to the other shards, too, that it leads, every so many signs.
const TOLD_EVERY: u32 = 4;

/// A fresh member, or one that is back: the first of a shard leads it until somebody else does.
pub(in super::super) fn come_up(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Inner) {
    let (copies, own, now) = (params.copies(), ctx.ordinal(), ctx.now());
    if copies == 1 {
        return;
    }
    let first = own / copies * copies;
    let fresh = state.group.is_none();
    let group = state.group.get_or_insert_with(|| {
        let ballot = Ballot { term: 1, voted_for: None, leader: Some(first), votes: None };
        Box::new(Group {
            ballot,
            log: (1, 0),
            lineage: Shared::new(vec![(1, 0)]),
            has: own == first || now == Nanos::ZERO,
            own,
            copies,
            led: u32::from(own == first),
            lost: 0,
            peers: vec![Peer { heard: now, ..Peer::default() }; usize::from(copies)],
            held: VecDeque::new(),
            leaders: Vec::new(),
            heard: now,
            signs: 0,
            alarm: None,
        })
    });
    if fresh && group.leads() && now > Nanos::ZERO {
        // Its replicas have to be sent what it begins with.
        group.log.1 = 1;
    }
    (group.alarm, group.heard) = (None, now);
    group.held.clear();
    if !fresh {
        group.ballot.recover();
        // Others lead by now, perhaps other shards.
        group.leaders.clear();
    }
    match group.leads() {
        true => sign(state, params, 1, ctx),
        false => watch(state, params, ctx),
    }
}

/// Starts the wait for a sign of life anew; some wait longer, so that not all stand at once.
fn watch(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Inner) {
    let Some(group) = &mut state.group else { return };
    if let Some(alarm) = group.alarm.take() {
        ctx.cancel(alarm);
    }
    let span = params.failover_after.0;
    let apart = (u128::from(ctx.draw_next()) * u128::from(span / 2)) >> 64;
    let timer = ShardedDbTimer::Group(GroupTimer::Silence);
    group.alarm = Some(ctx.timer(Nanos(span.saturating_add(apart as u64)), timer));
}

/// It has acted for its shard: what has changed goes to the replicas, and what was said waits for them.
pub(in super::super) fn acted(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    said: Vec<Held>,
    changed: bool,
    ctx: &mut Inner,
) {
    let Some(group) = state.group.as_mut().filter(|it| it.leads()) else { return };
    if changed {
        group.log = (group.ballot.term, group.log.1 + 1);
    }
    let end = group.log.1;
    group.held.extend(said.into_iter().map(|it| (end, it)));
    if changed {
        let others: Vec<u16> = group.others().collect();
        keep(state, params, &others, ctx);
    }
    release(state, ctx);
}

/// Sends members of its shard what it has.
fn keep(state: &mut ShardedDbState, params: &ShardedDbParams, to: &[u16], ctx: &mut Inner) {
    let Some(mut group) = state.group.take() else { return };
    let image = Arc::new(state.image());
    let (term, end) = group.log;
    for member in to {
        let peer = &mut group.peers[usize::from(member % params.copies())];
        let entries = (end - peer.sent).min(image.rows.end()) as u32;
        peer.sent = end;
        let (lineage, image) = (group.lineage.clone(), Arc::clone(&image));
        let message = GroupMessage::Keep(term, end, lineage, entries, image);
        ctx.send(*member, ShardedDbMessage::Group(message));
    }
    state.group = Some(group);
}

/// What a majority has goes out.
fn release(state: &mut ShardedDbState, ctx: &mut Inner) {
    let Some(group) = &mut state.group else { return };
    let safe = group.safe();
    while group.held.front().is_some_and(|it| it.0 <= safe) {
        match group.held.pop_front().map(|it| it.1) {
            Some(Held::Say(to, message)) => group.say(to, message, ctx),
            Some(Held::Answer(ticket, version)) => ctx.complete(ticket, Served::ok(version)),
            None => {}
        }
    }
}

/// The primary says that it lives, as long as it is one; one that no majority answers steps down.
fn sign(state: &mut ShardedDbState, params: &ShardedDbParams, term: u32, ctx: &mut Inner) {
    let now = ctx.now();
    let leads = |it: &&mut Box<Group>| it.leads() && it.ballot.term == term;
    let Some(group) = state.group.as_mut().filter(leads) else { return };
    if !group.is_heard(params.failover_after, now) {
        group.ballot.leader = None;
        step_down(state, params, ctx);
        return;
    }
    let end = group.log.1;
    let mut behind = Vec::new();
    for member in group.others() {
        let peer = &mut group.peers[usize::from(member % group.copies)];
        let lately = peer.heard.saturating_add(params.failover_after) > now;
        let stuck = peer.agreed < end && peer.agreed == peer.before && lately;
        peer.before = peer.agreed;
        if stuck {
            peer.sent = peer.agreed;
            behind.push(member);
        } else {
            ctx.send(member, ShardedDbMessage::Group(GroupMessage::Sign(term)));
        }
    }
    if group.signs.is_multiple_of(TOLD_EVERY) {
        tell(group, ctx);
    }
    group.signs = group.signs.wrapping_add(1);
    if let Some(alarm) = group.alarm.take() {
        ctx.cancel(alarm);
    }
    let timer = ShardedDbTimer::Group(GroupTimer::Sign(term));
    group.alarm = Some(ctx.timer(Nanos(params.failover_after.0 / SIGNS), timer));
    if !behind.is_empty() {
        keep(state, params, &behind, ctx);
    }
}

/// Other settings: what is too long a silence counts from now on, and shards that are gone are forgotten.
pub(in super::super) fn retune(
    state: &mut ShardedDbState,
    before: &ShardedDbParams,
    params: &ShardedDbParams,
    ctx: &mut Inner,
) {
    let now = ctx.now();
    let Some(group) = &mut state.group else { return };
    group.leaders.truncate(usize::from(ctx.members() / group.copies));
    if before.failover_after == params.failover_after {
        return;
    }
    group.heard = now;
    group.peers.iter_mut().for_each(|it| it.heard = now);
    let term = group.ballot.term;
    match group.leads() {
        true => sign(state, params, term, ctx),
        false => watch(state, params, ctx),
    }
}

/// Tells the other shards that it leads its own.
fn tell(group: &Group, ctx: &mut Inner) {
    let (own, term) = (group.own / group.copies, group.ballot.term);
    for member in (0..ctx.members()).filter(|it| it / group.copies != own) {
        ctx.send(member, ShardedDbMessage::Group(GroupMessage::Leads(term)));
    }
}

/// It no longer leads: what it had under way is over.
fn step_down(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Inner) {
    let leader = state.group.as_ref().and_then(|it| it.ballot.leader);
    let held = state.group.as_mut().map(|it| std::mem::take(&mut it.held)).unwrap_or_default();
    // What has been done may stay done or not.
    for (_, it) in held {
        if let Held::Answer(ticket, _) = it {
            ctx.complete(ticket, Served::ended(Outcome::Reset));
        }
    }
    for it in std::mem::take(&mut state.across.open) {
        ctx.complete(it.ticket, Served::ended(Outcome::Reset));
    }
    let parked = std::mem::take(&mut state.parked).into_iter().map(|it| it.0);
    let waiting = std::mem::take(&mut state.across.waiting).into_iter().map(|it| it.ticket);
    for ticket in parked.chain(waiting).collect::<Vec<_>>() {
        ctx.complete(ticket, Served::not_leader(leader));
    }
    for it in std::mem::take(&mut state.open) {
        ctx.cancel(it.alarm);
        ctx.complete(it.ticket, Served::not_leader(leader));
    }
    for (_, part) in &state.parts {
        if let Part::LookUp { ticket, .. } = part {
            ctx.complete(*ticket, Served::not_leader(leader));
        }
    }
    state.void_parts(|_| true);
    watch(state, params, ctx);
}

/// It is chosen: it goes on where the shard's log ends.
fn lead(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Inner) {
    let now = ctx.now();
    let Some(group) = &mut state.group else { return };
    if let Some(alarm) = group.alarm.take() {
        ctx.cancel(alarm);
    }
    let (term, own) = (group.ballot.term, group.own);
    group.lineage.push((term, group.log.1));
    (group.led, group.signs) = (term, 0);
    group.peers = vec![Peer { heard: now, ..Peer::default() }; usize::from(group.copies)];
    group.note_leader(own, term);
    ctx.count(TAKEN_OVER, 0);
    state.void_parts(|_| true);
    shard::turn(state, params, ctx, |state, ctx| {
        ctx.changed = true;
        recover(state, params, ctx);
    });
    sign(state, params, term, ctx);
}

/// Hears of a later term; whoever led stops.
fn hear_of(state: &mut ShardedDbState, params: &ShardedDbParams, term: u32, ctx: &mut Inner) {
    let Some(group) = &mut state.group else { return };
    let led = group.leads();
    if group.ballot.hears_of(term) && led {
        step_down(state, params, ctx);
    }
}

/// Another member has said something about who leads, or what the shard has.
pub(in super::super) fn hear(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    from: u16,
    message: GroupMessage,
    ctx: &mut Inner,
) {
    let now = ctx.now();
    if let GroupMessage::Leads(term) = message {
        if let Some(group) = &mut state.group {
            group.note_leader(from, term);
        }
        return;
    }
    if let GroupMessage::Stand(term, log) = message {
        let content = state.group.as_ref().is_none_or(|it| it.is_content(params, now));
        if content {
            return;
        }
        hear_of(state, params, term, ctx);
        let Some(group) = &mut state.group else { return };
        let granted = group.ballot.grants(term, from, log >= group.log);
        let vote = GroupMessage::Vote(group.ballot.term, granted);
        ctx.send(from, ShardedDbMessage::Group(vote));
        if granted {
            watch(state, params, ctx);
        }
        return;
    }
    let (GroupMessage::Sign(term)
    | GroupMessage::Keep(term, ..)
    | GroupMessage::Kept(term, _)
    | GroupMessage::Stand(term, _)
    | GroupMessage::Vote(term, _)
    | GroupMessage::Leads(term)) = message;
    hear_of(state, params, term, ctx);
    let Some(group) = &mut state.group else { return };
    let same = term == group.ballot.term;
    match message {
        GroupMessage::Sign(_) | GroupMessage::Keep(..) => {
            if same {
                group.ballot.follow(from);
                group.note_leader(from, term);
                group.heard = now;
                if let GroupMessage::Keep(_, end, lineage, _, image) = message {
                    install(state, (term, end), lineage, &image, ctx);
                }
                watch(state, params, ctx);
            }
            let Some(group) = &state.group else { return };
            let kept = GroupMessage::Kept(group.ballot.term, group.log);
            ctx.send(from, ShardedDbMessage::Group(kept));
        }
        GroupMessage::Kept(_, log) if same && group.leads() => {
            let peer = &mut group.peers[usize::from(from % group.copies)];
            peer.heard = now;
            if log.0 == term {
                peer.agreed = peer.agreed.max(log.1);
                release(state, ctx);
            }
        }
        GroupMessage::Vote(_, true) if same => {
            group.ballot.has_vote(term, from);
            if !group.leads() && group.ballot.wins(group.own, usize::from(group.copies)) {
                lead(state, params, ctx);
            }
        }
        _ => {}
    }
}

/// Takes over what its shard has; what only it had, as a primary that was replaced, is lost.
fn install(
    state: &mut ShardedDbState,
    log: (u32, u64),
    lineage: Shared<Vec<(u32, u64)>>,
    image: &Image,
    ctx: &mut Inner,
) {
    let Some(group) = &mut state.group else { return };
    if group.has && log <= group.log {
        return;
    }
    if group.has && group.led == group.log.0 {
        let same = common((&group.lineage[..], group.log.1), (&lineage[..], log.1));
        group.lost += group.log.1 - same.min(group.log.1);
        for _ in same..group.log.1 {
            ctx.count(TAIL_LOST, 0);
        }
    }
    (group.log, group.has) = (log, true);
    group.lineage = lineage;
    state.put_on(image);
}

/// Wakes about its shard's members.
pub(in super::super) fn alarm(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    timer: GroupTimer,
    ctx: &mut Inner,
) {
    match timer {
        GroupTimer::Sign(term) => sign(state, params, term, ctx),
        GroupTimer::Silence => {
            if let Some(group) = &mut state.group {
                group.alarm = None;
            }
            stand(state, params, ctx);
        }
    }
}

/// Wants to lead, unless it does, or has nothing.
pub(in super::super) fn stand(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Inner) {
    let Some(group) = state.group.as_mut().filter(|it| !it.leads()) else { return };
    if group.has {
        group.ballot.stand(group.own);
        let message = ShardedDbMessage::Group(GroupMessage::Stand(group.ballot.term, group.log));
        for member in group.others() {
            ctx.send(member, message.clone());
        }
    }
    watch(state, params, ctx);
}

/// A message for its shard has come to a member that does not lead it: it passes it on, once.
pub(in super::super) fn pass_on(
    state: &ShardedDbState,
    shard: u16,
    passed: bool,
    message: Box<ShardedDbMessage>,
    ctx: &mut Inner,
) {
    let leader = state.group.as_ref().and_then(|it| it.ballot.leader);
    if let Some(leader) = leader.filter(|_| !passed) {
        ctx.send(leader, ShardedDbMessage::Between(shard, true, message));
    }
}

/// A request has come to a replica: it reads what it has, and sends all else on.
pub(in super::super) fn serve(
    state: &mut ShardedDbState,
    request: &Request,
    ticket: Handle,
    plain: bool,
    ctx: &mut Inner,
) -> Served {
    let Some(group) = &state.group else { return Served::ended(Outcome::Faulty) };
    // Work it had begun as primary.
    if state.parts.iter().any(|it| it.0 == request.id) {
        return Served::ok(0);
    }
    let row = state.rows.get(request.key.into()).copied().unwrap_or(Row::NONE);
    let own = group.own / group.copies;
    if !group.has || !plain || !matches!(request.verb, Verb::Read | Verb::Put) {
        return Served::not_leader(group.ballot.leader);
    }
    if u16::from(row.owner) != own {
        let known = row.owner != Row::NOBODY;
        return Served::not_leader(known.then(|| group.leader_of(row.owner.into())));
    }
    if request.verb == Verb::Read {
        ctx.found(request, ticket, row.version);
        ctx.count(READ, request.key);
        ctx.count(REPLICA_READ, request.key);
    }
    Served::ok(row.version)
}
