//! What a sentinel believes, and how it finds out.
//!
//! Sources: Redis documentation, "High availability with Redis Sentinel", and src/sentinel.c, whose rules
//! and times these are: subjectively down (no valid answer to PING for down-after), objectively down (so
//! many sentinels say so), epochs, votes, and configurations that spread by the epoch of their failover.

use std::collections::VecDeque;

use crate::base::time::Nanos;
use crate::engine::note::Reign;

use super::super::Context;
use super::params::RedisParams;
use super::state::{Info, RedisMessage, RedisTimer, epoch_of, server_of, servers};
use super::Redis;

pub use election::Peer;
pub(super) use election::{answered, asked};
pub use failover::{Failover, Reconfiguration, Stage};

mod election;
mod failover;

/// Entries of a sentinel's log that are kept.
const LOG_MAX: usize = 64;

pub(super) type Ctx<'a, 'b> = Context<'a, 'b, Redis>;

/// The times of sentinel.c, which are so many seconds (SENTINEL_PING_PERIOD and the others); shorter where
/// a server is found down in less than a second.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Between two PINGs, and two questions to other sentinels (SENTINEL_ASK_PERIOD); at most so much later a failover
    /// that fails is tried again (SENTINEL_MAX_DESYNC).
    pub second: Nanos,
}

impl Times {
    /// As it is set.
    pub fn of(params: &RedisParams) -> Self {
        Self { second: params.down_after.min(Nanos::SECOND) }
    }

    /// So many seconds.
    pub fn seconds(self, count: u64) -> Nanos {
        Nanos(self.second.0.saturating_mul(count))
    }

    /// Between two looks around: Redis looks 10 to 20 times a second, each time another number of times, "so
    /// that different Sentinels are desynchronized and do not vote for themselves at the same time".
    fn look(self) -> Nanos {
        Nanos((self.second.0 / 10).max(1))
    }
}

/// What a sentinel knows of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// When it was asked last.
    pub pinged: Option<Nanos>,
    /// The first PING that has not been answered.
    pub unanswered: Option<Nanos>,
    /// When it answered last; from when on it is watched, if it never did.
    pub answered: Nanos,
    /// Since when it is found down, if it is (subjectively).
    pub sdown: Option<Nanos>,
    /// When it was last found down.
    pub went_down: Option<Nanos>,
    /// What it has said of itself, and when.
    pub info: Option<(Info, Nanos)>,
    /// When it was last asked that.
    pub asked: Option<Nanos>,
    /// Since when it says that it is what it says: primary or replica; and that it follows whom it follows.
    pub says_since: [Nanos; 2],
    /// Where it stands in a failover.
    pub turned: Reconfiguration,
}

/// What a sentinel writes into its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// +sdown: this server is down, as far as it sees.
    Sdown,
    /// -sdown: it answers again.
    Up,
    /// +odown: enough sentinels find the primary down.
    Odown,
    /// -odown: no longer.
    NoOdown,
    /// +new-epoch.
    NewEpoch,
    /// +try-failover: it wants to lead one.
    Tries,
    /// +vote-for-leader: it votes for this sentinel.
    Votes,
    /// +elected-leader: enough have voted for it.
    Elected,
    /// -failover-abort-not-elected.
    NotElected,
    /// +selected-slave: this replica is to be the primary.
    Selected,
    /// -failover-abort-no-good-slave.
    NoReplica,
    /// -failover-abort-slave-timeout: it did not become one.
    NotPromoted,
    /// +promoted-slave: it has.
    Promoted,
    /// +slave-reconf-sent: this replica is told to follow it.
    Turns,
    /// +slave-reconf-done: it does.
    Turned,
    /// -slave-reconf-sent-timeout: it says nothing of it.
    TurnLate,
    /// +failover-end.
    Ends,
    /// +failover-end-for-timeout.
    EndsLate,
    /// +switch-master: this is the primary.
    Switches,
    /// +convert-to-slave: this server says that it is a primary, and is told to follow.
    Converts,
    /// +fix-slave-config: this replica follows another, and is told whom.
    Fixes,
}

/// An entry of a sentinel's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Nanos,
    /// What.
    pub what: What,
    /// About whom: a member's ordinal.
    pub whom: u16,
    /// The epoch of the failover that it leads; otherwise the latest it knows of.
    pub epoch: u32,
}

/// A sentinel. Its epochs, its vote and the primary it knows survive a crash (sentinel.conf), and so does
/// its log.
#[derive(Clone, Debug)]
pub struct Sentinel {
    /// Its own ordinal.
    pub own: u16,
    /// The latest epoch it has heard of.
    pub epoch: u32,
    /// The primary.
    pub primary: u16,
    /// The epoch of the failover that made it the primary; 0 for the first.
    pub config_epoch: u32,
    /// The last epoch it has voted in, and for which sentinel.
    pub vote: (u32, Option<u16>),
    /// When it last tried a failover, or voted for another who did.
    pub tried: Option<Nanos>,
    /// The failover it leads, or wants to.
    pub failover: Option<Failover>,
    /// The servers, by ordinal.
    pub watched: Vec<Watched>,
    /// The sentinels, by number; its own place stays empty.
    pub peers: Vec<Peer>,
    /// Since when enough sentinels find the primary down, if they do (objectively).
    pub odown: Option<Nanos>,
    /// When it last told the others what it knows.
    pub published: Nanos,
    /// The last entries of its log.
    pub log: VecDeque<Event>,
}

crate::stable! { enum What }
crate::stable! {
    Watched { pinged, unanswered, answered, sdown, went_down, info, asked, says_since, turned }
    Event { at, what, whom, epoch }
    Sentinel {
        own, epoch, primary, config_epoch, vote, tried, failover, watched, peers, odown, published, log,
    }
}

impl Sentinel {
    /// The primary as it tells others: the promoted one, as soon as there is one.
    pub fn current(&self) -> u16 {
        let promoted = self.failover.filter(|it| it.stage == Stage::Reconfigures);
        promoted.and_then(|it| it.replica).unwrap_or(self.primary)
    }

    /// Whether it finds the primary down.
    pub fn finds_down(&self) -> bool {
        self.watched.get(usize::from(self.primary)).is_some_and(|it| it.sdown.is_some())
    }

    pub(super) fn notes(&mut self, at: Nanos, what: What, whom: u16) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
        }
        let leads = self.failover.filter(|_| !matches!(what, What::NewEpoch | What::Votes));
        let epoch = leads.map_or(self.epoch, |it| it.epoch);
        self.log.push_back(Event { at, what, whom, epoch });
    }

    /// A later epoch.
    fn enter(&mut self, epoch: u32, now: Nanos) {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.notes(now, What::NewEpoch, self.own);
        }
    }
}

/// A sentinel that knows only who there is, and which is the primary since which epoch.
pub(super) fn fresh(
    (primary, epoch): (u16, u32),
    params: &RedisParams,
    ctx: &mut Ctx,
) -> Sentinel {
    let mut sentinel = Sentinel {
        own: ctx.ordinal(),
        epoch,
        primary,
        config_epoch: epoch,
        vote: (0, None),
        tried: None,
        failover: None,
        watched: Vec::new(),
        peers: Vec::new(),
        odown: None,
        published: ctx.now(),
        log: VecDeque::new(),
    };
    come_up(&mut sentinel, params, ctx);
    sentinel
}

/// A sentinel has been started.
pub(super) fn come_up(sentinel: &mut Sentinel, params: &RedisParams, ctx: &mut Ctx) {
    let now = ctx.now();
    // Whom it has promoted stands in its configuration already.
    sentinel.primary = sentinel.current();
    (sentinel.tried, sentinel.failover, sentinel.odown) = (None, None, None);
    (sentinel.watched, sentinel.peers) = (Vec::new(), Vec::new());
    sentinel.published = now;
    fit(sentinel, params, now);
    let first = part(Times::of(params).second, ctx);
    ctx.timer(first, RedisTimer::Look);
}

/// A part of a span, by chance.
fn part(span: Nanos, ctx: &mut Ctx) -> Nanos {
    Nanos(((u128::from(ctx.draw_next()) * u128::from(span.0)) >> 64) as u64)
}

/// There are as many servers and sentinels as it is set. A primary that has been taken away is watched
/// until another is found.
fn fit(sentinel: &mut Sentinel, params: &RedisParams, now: Nanos) {
    let of = servers(params).max(sentinel.primary + 1);
    let fresh = || Watched { answered: now, says_since: [now; 2], ..Watched::default() };
    sentinel.watched.resize_with(usize::from(of), fresh);
    if sentinel.peers.len() != params.sentinels as usize {
        sentinel.peers = vec![Peer::default(); params.sentinels as usize];
    }
}

/// There are other servers or sentinels than before: what was under way among them is over.
pub(super) fn change(sentinel: &mut Sentinel, params: &RedisParams, now: Nanos) {
    sentinel.primary = sentinel.current();
    sentinel.failover = None;
    sentinel.peers.clear();
    fit(sentinel, params, now);
}

/// The other sentinels, by ordinal.
fn others(sentinel: &Sentinel, params: &RedisParams) -> impl Iterator<Item = u16> + use<> {
    let (own, first) = (sentinel.own, servers(params));
    (first..first + params.sentinels as u16).filter(move |it| *it != own)
}

/// Looks around (sentinelTimer).
pub(super) fn look(sentinel: &mut Sentinel, params: &RedisParams, ctx: &mut Ctx) {
    let (now, times) = (ctx.now(), Times::of(params));
    let primary = sentinel.primary;
    watch(sentinel, params, primary, ctx);
    election::judge(sentinel, params, now);
    let starts = failover::start(sentinel, params, ctx);
    election::ask(sentinel, params, starts, ctx);
    failover::go_on(sentinel, params, ctx);
    let published = sentinel.published;
    if now.saturating_sub(published) >= times.seconds(2) {
        publish(sentinel, params, ctx);
    }
    // A failover that has just ended has made another the primary.
    for server in 0..sentinel.watched.len() as u16 {
        if server != sentinel.primary && server < servers(params) {
            watch(sentinel, params, server, ctx);
        }
    }
    let look = times.look();
    let after = Nanos(look.0 / 2 + part(Nanos(look.0 / 2), ctx).0);
    ctx.timer(after.max(Nanos(1)), RedisTimer::Look);
}

/// Tells the other sentinels what it knows (the hello channel).
fn publish(sentinel: &mut Sentinel, params: &RedisParams, ctx: &mut Ctx) {
    sentinel.published = ctx.now();
    let hello = RedisMessage::Hello(sentinel.epoch, sentinel.current(), sentinel.config_epoch);
    for to in others(sentinel, params) {
        ctx.send(to, hello.clone());
    }
}

/// Asks a server if it lives and what it is, when it is time to, and judges its silence.
fn watch(sentinel: &mut Sentinel, params: &RedisParams, server: u16, ctx: &mut Ctx) {
    let (now, times) = (ctx.now(), Times::of(params));
    let urgent = sentinel.odown.is_some() || sentinel.failover.is_some();
    let primary = server == sentinel.primary;
    let Some(it) = sentinel.watched.get_mut(usize::from(server)) else { return };
    let since = |at: Option<Nanos>| at.map_or(Nanos(u64::MAX), |at| now.saturating_sub(at));
    let every = times.second;
    let answered = it.pinged.map(|_| it.answered);
    if since(answered) >= every && since(it.pinged) >= Nanos(every.0 / 2) {
        it.pinged = Some(now);
        it.unanswered.get_or_insert(now);
        ctx.send(server, RedisMessage::Ping);
    }
    let unlinked = it.info.is_some_and(|it| it.0.link_down > Nanos::ZERO);
    let often = !primary && (urgent || unlinked);
    let every = if often { times.second } else { times.seconds(10) };
    let told = since(it.info.map(|it| it.1)) >= every;
    if told && since(it.asked) >= times.second {
        it.asked = Some(now);
        ctx.send(server, RedisMessage::AskInfo);
    }
    let silent = it.unanswered.is_some_and(|at| now.saturating_sub(at) > params.down_after);
    // A primary that says it is a replica is none, either.
    let replica = primary && it.info.is_some_and(|it| it.0.follows.is_some());
    let patience = params.down_after.saturating_add(times.seconds(20));
    let gone = replica && now.saturating_sub(it.says_since[0]) > patience;
    match (silent || gone, it.sdown) {
        (true, None) => {
            (it.sdown, it.went_down) = (Some(now), Some(now));
            let since = it.unanswered.unwrap_or(now);
            sentinel.notes(now, What::Sdown, server);
            if primary {
                ctx.reign(Reign::Suspected { since });
            }
        }
        (false, Some(_)) => {
            it.sdown = None;
            sentinel.notes(now, What::Up, server);
            if primary {
                ctx.reign(Reign::Trusted);
            }
        }
        _ => {}
    }
}

/// A server has answered.
pub(super) fn pong(sentinel: &mut Sentinel, from: u16, now: Nanos) {
    if let Some(it) = sentinel.watched.get_mut(usize::from(from)) {
        (it.answered, it.unanswered) = (now, None);
    }
}

/// A server says what it is (sentinelRefreshInstanceInfo).
pub(super) fn informed(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    from: u16,
    info: Info,
    ctx: &mut Ctx,
) {
    let (now, times) = (ctx.now(), Times::of(params));
    // Of the failover in which this stream began it has never heard: what the others know of that comes
    // to it by the servers, as it does in Redis.
    if epoch_of(info.id) > sentinel.epoch {
        sentinel.enter(epoch_of(info.id), now);
        sentinel.vote = (sentinel.epoch, None);
        greeted(sentinel, params, (sentinel.epoch, server_of(info.id), sentinel.epoch), now);
    }
    let primary = sentinel.primary;
    let Some(it) = sentinel.watched.get_mut(usize::from(from)) else { return };
    // Until it says so itself, it is taken for what it is to be.
    let expected = if from == primary { None } else { Some(primary) };
    let before = it.info.map_or(expected, |it| it.0.follows);
    if before.is_some() != info.follows.is_some() {
        it.says_since[0] = now;
    }
    if before != info.follows {
        it.says_since[1] = now;
    }
    it.info = Some((info, now));
    let [role, whom] = it.says_since;
    let steady = |span: Nanos, since: Nanos| {
        now.saturating_sub(since) > span && it.went_down.is_none_or(|at| now.saturating_sub(at) > span)
    };
    if from == primary {
        return;
    }
    let (told, turned) = (times.seconds(8), params.failover_timeout);
    let (primary_too_long, other_too_long) = (steady(told, role), steady(turned, whom));
    if failover::informed(sentinel, params, from, info, ctx) {
        return;
    }
    let wrong = match info.follows {
        None => primary_too_long.then_some(What::Converts),
        Some(it) => (it != primary && other_too_long).then_some(What::Fixes),
    };
    if let Some(what) = wrong.filter(|_| is_sane(sentinel, now, times)) {
        sentinel.notes(now, what, from);
        ctx.send(from, RedisMessage::ReplicaOf(Some(primary), sentinel.epoch));
    }
}

/// Whether the primary is fine and says that it is one (sentinelMasterLooksSane).
fn is_sane(sentinel: &Sentinel, now: Nanos, times: Times) -> bool {
    let it = sentinel.watched.get(usize::from(sentinel.primary));
    it.is_some_and(|it| {
        let says = |(info, at): &(Info, Nanos)| {
            info.follows.is_none() && now.saturating_sub(*at) < times.seconds(20)
        };
        it.sdown.is_none() && sentinel.odown.is_none() && it.info.as_ref().is_some_and(says)
    })
}

/// Another sentinel tells what it knows.
pub(super) fn greeted(
    sentinel: &mut Sentinel,
    params: &RedisParams,
    (epoch, primary, config): (u32, u16, u32),
    now: Nanos,
) {
    sentinel.enter(epoch, now);
    if config > sentinel.config_epoch {
        sentinel.config_epoch = config;
        // Who is about to turn others to a primary of its own hears that there is a later one, even if that
        // is the one it has replaced.
        if primary != sentinel.primary || sentinel.failover.is_some() {
            switch(sentinel, params, primary, now);
        }
    }
}

/// That is the primary from now on: it watches all anew.
fn switch(sentinel: &mut Sentinel, params: &RedisParams, primary: u16, now: Nanos) {
    sentinel.primary = primary;
    (sentinel.failover, sentinel.odown, sentinel.tried) = (None, None, None);
    (sentinel.watched, sentinel.peers) = (Vec::new(), Vec::new());
    sentinel.notes(now, What::Switches, primary);
    fit(sentinel, params, now);
}

