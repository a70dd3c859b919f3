//! Whether enough sentinels find the primary down, and who of them leads the failover.

use crate::algorithm::replication::quorum::majority;
use crate::base::time::Nanos;

use super::super::params::RedisParams;
use super::super::state::{RedisMessage, servers};
use super::{Ctx, Sentinel, Times, What, others, part};

/// What a sentinel knows of another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peer {
    /// Whether it finds the primary down, too.
    pub down: bool,
    /// When it said so, or not, last.
    pub answered: Option<Nanos>,
    /// When it was last asked.
    pub asked: Option<Nanos>,
    /// Whom it has voted for, and in which epoch.
    pub vote: Option<(u16, u32)>,
}

crate::stable! { Peer { down, answered, asked, vote } }

/// Counts who finds the primary down (sentinelCheckObjectivelyDown).
pub(super) fn judge(sentinel: &mut Sentinel, params: &RedisParams, now: Nanos) {
    let agree = 1 + sentinel.peers.iter().filter(|it| it.down).count();
    let down = sentinel.finds_down() && agree >= params.quorum as usize;
    match (down, sentinel.odown) {
        (true, None) => {
            sentinel.odown = Some(now);
            sentinel.notes(now, What::Odown, sentinel.primary);
        }
        (false, Some(_)) => {
            sentinel.odown = None;
            sentinel.notes(now, What::NoOdown, sentinel.primary);
        }
        _ => {}
    }
}

/// Asks the others if they find the primary down, too, and for their votes if it wants to lead; at once,
/// if it has just begun to want that (sentinelAskMasterStateToOtherSentinels).
pub(super) fn ask(sentinel: &mut Sentinel, params: &RedisParams, at_once: bool, ctx: &mut Ctx) {
    let (now, times) = (ctx.now(), Times::of(params));
    let down = sentinel.finds_down();
    // It asks for votes in the epoch in which it began. (Redis asks in the latest it knows of, so that one
    // who began in an earlier epoch may be elected by votes of a later one.)
    let stands = sentinel.failover.map(|it| it.epoch);
    let first = servers(params);
    let epoch = stands.unwrap_or(sentinel.epoch);
    let question = RedisMessage::IsDown(sentinel.primary, epoch, stands.is_some());
    for to in others(sentinel, params) {
        let Some(peer) = sentinel.peers.get_mut(usize::from(to - first)) else { continue };
        let since = |at: Option<Nanos>| at.map_or(Nanos(u64::MAX), |at| now.saturating_sub(at));
        // What it said long ago counts no more.
        if since(peer.answered) > times.seconds(5) {
            (peer.down, peer.vote) = (false, None);
        }
        let due = since(peer.answered) >= times.second && since(peer.asked) >= times.second;
        if down && (at_once || due) {
            peer.asked = Some(now);
            ctx.send(to, question.clone());
        }
    }
}

/// Another asks.
pub(in super::super) fn asked(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    from: u16,
    (primary, epoch, stands): (u16, u32, bool),
    ctx: &mut Ctx,
) {
    let known = primary == sentinel.primary;
    let down = known && sentinel.finds_down();
    let vote = if known && stands { vote(sentinel, params, epoch, from, ctx) } else { None };
    ctx.send(from, RedisMessage::Down(primary, down, vote));
}

/// Another has answered.
pub(in super::super) fn answered(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    from: u16,
    (primary, down, vote): (u16, bool, Option<(u16, u32)>),
    now: Nanos,
) {
    let index = from.checked_sub(servers(params)).map(usize::from);
    let known = primary == sentinel.primary;
    let Some(peer) = index.and_then(|it| sentinel.peers.get_mut(it)).filter(|_| known) else {
        return;
    };
    (peer.answered, peer.down) = (Some(now), down);
    if vote.is_some() {
        peer.vote = vote;
    }
}

/// Votes in an epoch: for who asks first (sentinelVoteLeader). Gives back whom it has voted for last, and in
/// which epoch.
fn vote(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    epoch: u32,
    candidate: u16,
    ctx: &mut Ctx,
) -> Option<(u16, u32)> {
    let now = ctx.now();
    sentinel.enter(epoch, now);
    if sentinel.vote.0 < epoch && sentinel.epoch <= epoch {
        sentinel.vote = (epoch, Some(candidate));
        sentinel.notes(now, What::Votes, candidate);
        if candidate != sentinel.own {
            // It lets that one try, and tries itself only after a while.
            let later = part(Times::of(params).second, ctx);
            sentinel.tried = Some(now.saturating_add(later));
        }
    }
    sentinel.vote.1.map(|it| (it, sentinel.vote.0))
}

/// Who has been elected in an epoch, as far as it knows; its own vote goes to whom most have voted for
/// (sentinelGetLeader).
pub(super) fn elected(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    epoch: u32,
    ctx: &mut Ctx,
) -> Option<u16> {
    let votes = |sentinel: &Sentinel, whom: u16| {
        let told = sentinel.peers.iter().filter_map(|it| it.vote);
        told.filter(|it| *it == (whom, epoch)).count()
    };
    let first = servers(params);
    let all = first..first + params.sentinels as u16;
    let most = |sentinel: &Sentinel| {
        all.clone().rev().map(|it| (votes(sentinel, it), it)).max_by_key(|it| it.0)
    };
    let (count, favourite) = most(sentinel)?;
    let favourite = if count > 0 { favourite } else { sentinel.own };
    let own = vote(sentinel, params, epoch, favourite, ctx).filter(|it| it.1 == epoch);
    let counted = |it: u16| {
        votes(sentinel, it) + usize::from(own.is_some_and(|own| own.0 == it))
    };
    let (winner, count) = all.map(|it| (it, counted(it))).max_by_key(|it| it.1)?;
    let needed = majority(params.sentinels).max(params.quorum) as usize;
    (count >= needed).then_some(winner)
}
