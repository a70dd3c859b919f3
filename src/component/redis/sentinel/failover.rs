//! A failover, step by step (sentinelFailoverStateMachine): who was elected picks a replica, promotes it,
//! and turns the others to it.

use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::note::Reign;

use super::super::params::RedisParams;
use super::super::state::{Info, RedisMessage, servers};
use super::{Ctx, Sentinel, Times, Watched, What, election, part, publish, switch};

/// Where a failover stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It asks for votes.
    Elects,
    /// It picks a replica.
    Selects,
    /// It is about to tell that one.
    Promotes,
    /// It waits until that says that it is a primary.
    Waits,
    /// It turns the others to it.
    Reconfigures,
}

/// The failover that a sentinel leads, or wants to lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failover {
    /// Its epoch.
    pub epoch: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Nanos,
    /// The replica that is to be the primary.
    pub replica: Option<u16>,
}

/// Where a server stands in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Reconfiguration {
    /// It has been told nothing.
    #[default]
    No,
    /// It has been told whom to follow, at this moment.
    Sent(Nanos),
    /// It says that it follows, and has not all data yet.
    InProgress,
    /// It is done, or has had its time.
    Done,
}

crate::stable! { enum Stage }
crate::stable! { Failover { epoch, stage, since, replica } }

impl StableHash for Reconfiguration {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::No => h.word(0),
            Self::Sent(at) => (1u8, *at).stable_hash(h),
            Self::InProgress => h.word(2),
            Self::Done => h.word(3),
        }
    }
}

impl Reconfiguration {
    /// Whether it is one of those that turn at present.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Sent(_) | Self::InProgress)
    }
}

/// Wants to lead one, if enough find the primary down and none was tried lately. True if it does.
pub(super) fn start(sentinel: &mut Sentinel, params: &RedisParams, ctx: &mut Ctx) -> bool {
    let now = ctx.now();
    let pause = Nanos(params.failover_timeout.0.saturating_mul(2));
    let lately = sentinel.tried.is_some_and(|at| now < at.saturating_add(pause));
    if sentinel.odown.is_none() || sentinel.failover.is_some() || lately {
        return false;
    }
    let later = part(Times::of(params).second, ctx);
    sentinel.tried = Some(now.saturating_add(later));
    sentinel.enter(sentinel.epoch + 1, now);
    let epoch = sentinel.epoch;
    sentinel.failover = Some(Failover { epoch, stage: Stage::Elects, since: now, replica: None });
    sentinel.notes(now, What::Tries, sentinel.primary);
    ctx.reign(Reign::Stands { term: epoch });
    true
}

/// Takes one step.
pub(super) fn go_on(sentinel: &mut Sentinel, params: &RedisParams, ctx: &mut Ctx) {
    let (now, times) = (ctx.now(), Times::of(params));
    let Some(failover) = sentinel.failover else { return };
    let since = now.saturating_sub(failover.since);
    let late = since > params.failover_timeout;
    let next = |stage, replica| Failover { stage, since: now, replica, ..failover };
    match (failover.stage, failover.replica) {
        (Stage::Elects, _) => {
            if election::elected(sentinel, params, failover.epoch, ctx) == Some(sentinel.own) {
                sentinel.notes(now, What::Elected, sentinel.own);
                sentinel.failover = Some(next(Stage::Selects, None));
            } else if since > times.seconds(10).min(params.failover_timeout) {
                abort(sentinel, What::NotElected, now);
            }
        }
        (Stage::Selects, _) => match select(sentinel, params, now) {
            Some(replica) => {
                sentinel.notes(now, What::Selected, replica);
                sentinel.failover = Some(next(Stage::Promotes, Some(replica)));
            }
            None => abort(sentinel, What::NoReplica, now),
        },
        (Stage::Promotes, Some(replica)) => {
            let silent = sentinel.watched[usize::from(replica)].sdown.is_some();
            if !silent {
                sentinel.failover = Some(next(Stage::Waits, Some(replica)));
                ctx.send(replica, RedisMessage::ReplicaOf(None, failover.epoch));
            } else if late {
                abort(sentinel, What::NotPromoted, now);
            }
        }
        (Stage::Waits, _) if late => abort(sentinel, What::NotPromoted, now),
        (Stage::Reconfigures, Some(promoted)) => {
            reconfigure(sentinel, params, promoted, late, ctx);
        }
        _ => {}
    }
}

fn abort(sentinel: &mut Sentinel, why: What, now: Nanos) {
    sentinel.notes(now, why, sentinel.primary);
    sentinel.failover = None;
}

/// The best replica: one that is up, has been heard of lately and has not been without the primary for
/// long; of those the one with the lowest priority, then the greatest offset, then the smallest id
/// (sentinelSelectSlave).
fn select(sentinel: &Sentinel, params: &RedisParams, now: Nanos) -> Option<u16> {
    let times = Times::of(params);
    let sdown = sentinel.watched.get(usize::from(sentinel.primary)).and_then(|it| it.sdown);
    let span = sdown.map_or(Nanos::ZERO, |at| now.saturating_sub(at));
    let gone_max = span.saturating_add(Nanos(params.down_after.0.saturating_mul(10)));
    let told_max = if sdown.is_some() { times.seconds(5) } else { times.seconds(30) };
    let good = |server: u16| {
        let it: &Watched = sentinel.watched.get(usize::from(server))?;
        let (info, at) = it.info?;
        let lately = now.saturating_sub(it.answered) <= times.seconds(5)
            && now.saturating_sub(at) <= told_max;
        let priority = params.priorities.of(server.into());
        let fits = it.sdown.is_none() && lately && priority > 0 && info.link_down <= gone_max;
        fits.then_some((priority, u64::MAX - info.offset, server))
    };
    let all = (0..servers(params)).filter(|it| *it != sentinel.primary);
    all.filter_map(good).min().map(|it| it.2)
}

/// A server says what it is: perhaps it has been promoted, or turned. True if the failover goes on by that.
pub(super) fn informed(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    from: u16,
    info: Info,
    ctx: &mut Ctx,
) -> bool {
    let now = ctx.now();
    let Some(failover) = sentinel.failover else { return false };
    let promoted = failover.replica == Some(from);
    match failover.stage {
        Stage::Waits if promoted && info.follows.is_none() => {
            sentinel.config_epoch = failover.epoch;
            sentinel.failover = Some(Failover { stage: Stage::Reconfigures, since: now, ..failover });
            sentinel.notes(now, What::Promoted, from);
            publish(sentinel, params, ctx);
            true
        }
        Stage::Reconfigures if !promoted => {
            let follows = info.follows == failover.replica;
            let it = &mut sentinel.watched[usize::from(from)];
            if matches!(it.turned, Reconfiguration::Sent(_)) && follows {
                it.turned = Reconfiguration::InProgress;
            }
            if it.turned == Reconfiguration::InProgress && info.link_up {
                it.turned = Reconfiguration::Done;
                sentinel.notes(now, What::Turned, from);
            }
            follows
        }
        _ => promoted,
    }
}

/// Turns some of the replicas to the new primary; ends the failover once all are.
fn reconfigure(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    promoted: u16,
    late: bool,
    ctx: &mut Ctx,
) {
    let (now, times) = (ctx.now(), Times::of(params));
    let replicas = || (0..servers(params)).filter(|it| *it != promoted);
    let others: Vec<u16> = replicas().filter(|it| *it != sentinel.primary).collect();
    let waits = |sentinel: &Sentinel, server: u16| {
        let it = &sentinel.watched[usize::from(server)];
        it.turned != Reconfiguration::Done && it.sdown.is_none()
    };
    if late || !others.iter().any(|it| waits(sentinel, *it)) {
        if late {
            sentinel.notes(now, What::EndsLate, promoted);
            for server in others {
                if waits(sentinel, server) {
                    ctx.send(server, RedisMessage::ReplicaOf(Some(promoted), sentinel.epoch));
                }
            }
        }
        sentinel.notes(now, What::Ends, promoted);
        return switch(sentinel, params, promoted, now);
    }
    let under_way = |it: &&u16| sentinel.watched[usize::from(**it)].turned.is_under_way();
    let mut turning = others.iter().filter(under_way).count();
    for server in others {
        let it = &mut sentinel.watched[usize::from(server)];
        match it.turned {
            Reconfiguration::Sent(at) if now.saturating_sub(at) > times.seconds(10) => {
                it.turned = Reconfiguration::Done;
                sentinel.notes(now, What::TurnLate, server);
            }
            Reconfiguration::No if turning < params.parallel_syncs as usize && it.sdown.is_none() => {
                it.turned = Reconfiguration::Sent(now);
                turning += 1;
                sentinel.notes(now, What::Turns, server);
                ctx.send(server, RedisMessage::ReplicaOf(Some(promoted), sentinel.epoch));
            }
            _ => {}
        }
    }
}
