//! How commands get from the primary to its replicas, and what becomes of data when another leads.
//!
//! Source: Redis documentation, "Redis replication": the primary streams its commands and waits for nobody; a
//! replica that comes back tells id and offset, and is sent what it has missed if the backlog still has
//! it (partial resynchronisation), otherwise all data (full). A promoted replica begins a stream with an id of its own, and
//! remembers the former one as its second id, up to the offset at which its own begins: so the others go on
//! without copying, except one that is further than that; what that had beyond is thrown away.

use std::sync::Arc;

use crate::algorithm::redis::Keyspace;
use crate::base::cow::CowList;
use crate::base::time::Nanos;
use crate::engine::note::Reign;

use super::super::Context;
use super::params::RedisParams;
use super::state::{
    Attached, Change, Entry, Link, Loading, RedisMessage, RedisTimer, Server, Snapshot, epoch_of, stream_id,
};
use super::{FULL_SYNC, PARTIAL_SYNC, PROMOTED, Redis, typed};

/// How often a server looks after its replication (replicationCron): replicas say how far they are, a
/// primary that it lives.
pub(super) const CRON: Nanos = Nanos::seconds(1);

/// Ids of earlier streams that are remembered: Redis remembers one, an observer wants to see more.
const LINEAGE_MAX: usize = 64;

type Ctx<'a, 'b> = Context<'a, 'b, Redis>;

/// A server that has nothing.
pub(super) fn fresh(own: u16, follows: Option<u16>, ctx: &mut Ctx) -> Server {
    let mut server = Server {
        own,
        follows,
        lineage: vec![(0, 0)],
        seen: 0,
        rows: CowList::default(),
        keys: Keyspace::default(),
        typed: Vec::new(),
        stream: CowList::default(),
        attached: Vec::new(),
        link: Link::default(),
        loading: None,
    };
    come_up(&mut server, ctx);
    server
}

/// A server has been started: nothing is known of the others.
pub(super) fn come_up(server: &mut Server, ctx: &mut Ctx) {
    server.attached = vec![None; usize::from(ctx.members())];
    server.loading = None;
    server.link = Link { up: false, heard: ctx.now(), attempt: server.link.attempt + 1 };
    connect(server, ctx);
    // Servers are not started at the same moment.
    let first = (u128::from(ctx.draw_next()) * u128::from(CRON.0)) >> 64;
    ctx.timer(Nanos(first as u64), RedisTimer::Cron);
}

/// Streams a command that the primary has run.
pub(super) fn stream(server: &mut Server, params: &RedisParams, change: Change, ctx: &mut Ctx) {
    let (id, first) = (server.id(), server.offset());
    let entry = Entry { change, at: ctx.now() };
    push(server, params, entry.clone());
    let entries: Arc<[Entry]> = Arc::new([entry]);
    for to in attached(server) {
        ctx.send(to, RedisMessage::Stream(id, first, entries.clone()));
    }
}

/// A key has a new version.
pub(super) fn set(server: &mut Server, key: u32, version: u32) {
    server.rows.grow(key.into(), 1);
    server.rows.set(u64::from(key), version);
}

/// Runs a command of the stream on the data.
fn take(server: &mut Server, params: &RedisParams, entry: Entry) {
    match &entry.change {
        Change::Row(key, version) => set(server, *key, *version),
        Change::Typed(effects) => effects.iter().for_each(|it| _ = server.keys.replay(it)),
    }
    push(server, params, entry);
}

fn push(server: &mut Server, params: &RedisParams, entry: Entry) {
    server.stream.push(entry);
    server.stream.drop_before(server.stream.end().saturating_sub(params.backlog.into()));
}

/// The servers that are connected as replicas.
fn attached(server: &Server) -> Vec<u16> {
    let all = server.attached.iter().enumerate().filter(|it| it.1.is_some());
    all.map(|it| it.0 as u16).collect()
}

/// Whether enough replicas have been heard of lately for a primary to take writes. (Redis counts in whole
/// seconds, once a second.)
pub fn has_replicas(server: &Server, params: &RedisParams, now: Nanos) -> bool {
    let lately = |it: &&Attached| {
        it.online && now.saturating_sub(it.heard) <= params.min_replicas_max_lag
    };
    let good = server.attached.iter().flatten().filter(lately).count();
    good >= params.min_replicas_to_write as usize
}

/// Once a second.
pub(super) fn cron(server: &mut Server, params: &RedisParams, ctx: &mut Ctx) {
    let now = ctx.now();
    let broken = |heard: Nanos| now.saturating_sub(heard) > params.repl_timeout;
    match server.follows {
        None => {
            server.attached.iter_mut().for_each(|it| {
                *it = it.filter(|it| !broken(it.heard));
            });
            typed::reap(server, params, ctx);
            let (id, offset) = (server.id(), server.offset());
            for to in attached(server) {
                ctx.send(to, RedisMessage::Stream(id, offset, Arc::new([])));
            }
        }
        Some(primary) => {
            if server.link.up && broken(server.link.heard) {
                (server.link.up, server.loading) = (false, None);
                server.link.attempt += 1;
            }
            match server.link.up {
                true => acknowledge(server, primary, ctx),
                false => connect(server, ctx),
            }
        }
    }
    ctx.timer(CRON, RedisTimer::Cron);
}

/// Says how far it is.
fn acknowledge(server: &Server, primary: u16, ctx: &mut Ctx) {
    let (id, offset) = match &server.loading {
        Some(it) => (it.snapshot.lineage.last().map_or(0, |it| it.0), None),
        None => (server.id(), Some(server.offset())),
    };
    ctx.send(primary, RedisMessage::Ack(id, offset));
}

/// A replica asks its primary for the stream.
fn connect(server: &Server, ctx: &mut Ctx) {
    if let Some(primary) = server.follows {
        let Link { attempt, .. } = server.link;
        ctx.send(primary, RedisMessage::Psync(attempt, server.id(), server.offset()));
    }
}

/// The connection is broken: it begins anew.
fn reconnect(server: &mut Server, ctx: &mut Ctx) {
    (server.link.up, server.loading) = (false, None);
    server.link.attempt += 1;
    connect(server, ctx);
}

/// Is told whom to follow.
pub(super) fn replica_of(server: &mut Server, whom: Option<u16>, epoch: u32, ctx: &mut Ctx) {
    if whom == server.follows || whom == Some(server.own) {
        return;
    }
    match server.follows {
        Some(old) => ctx.send(old, RedisMessage::Closed),
        None => {
            for to in attached(server) {
                ctx.send(to, RedisMessage::Closed);
            }
        }
    }
    server.follows = whom;
    server.loading = None;
    server.attached.iter_mut().for_each(|it| *it = None);
    server.link = Link { up: false, heard: ctx.now(), attempt: server.link.attempt + 1 };
    match whom {
        Some(_) => connect(server, ctx),
        None => promote(server, epoch, ctx),
    }
}

/// Goes on as a primary: what it has is right from now on, and what follows is a stream of its own.
fn promote(server: &mut Server, epoch: u32, ctx: &mut Ctx) {
    let (after, at) = (server.id(), server.offset());
    // An id is never given twice, even if people promote between two failovers.
    let next = epoch_of(server.seen) + 1;
    let own = stream_id(epoch, server.own);
    let id = if own > server.seen { own } else { stream_id(next, server.own) };
    server.seen = id;
    server.lineage.push((id, at));
    if server.lineage.len() > LINEAGE_MAX {
        server.lineage.remove(0);
    }
    ctx.count(PROMOTED, 0);
    ctx.reign(Reign::Chosen { term: id });
    ctx.reign(Reign::Begins { term: id, after, at });
}

/// As a primary: somebody wants to follow.
pub(super) fn psync(
    server: &mut Server,
    from: u16,
    (attempt, id, offset): (u32, u32, u64),
    ctx: &mut Ctx,
) {
    let now = ctx.now();
    let (own, end) = (server.id(), server.offset());
    if !server.leads() || usize::from(from) >= server.attached.len() {
        return ctx.send(from, RedisMessage::Closed);
    }
    let second = match server.lineage[..] {
        [.., (before, _), (_, until)] => Some((before, until)),
        _ => None,
    };
    let same = id == own || second.is_some_and(|(before, until)| id == before && offset <= until);
    let partial = same && (server.stream.start()..=end).contains(&offset);
    server.attached[usize::from(from)] = Some(Attached { offset, heard: now, online: partial });
    if partial {
        ctx.count(PARTIAL_SYNC, 0);
        ctx.send(from, RedisMessage::Continue(attempt, server.lineage.clone().into(), offset));
        let missed = (offset..end).filter_map(|it| server.stream.get(it).cloned()).collect();
        ctx.send(from, RedisMessage::Stream(own, offset, missed));
        return;
    }
    ctx.count(FULL_SYNC, 0);
    let (lineage, rows, keys) =
        (server.lineage.clone(), server.rows.clone(), server.keys.clone());
    let snapshot = Snapshot { lineage, at: end, rows, keys };
    ctx.send(from, RedisMessage::Full(attempt, Arc::new(snapshot)));
}

/// As a primary: a replica says how far it is.
pub(super) fn acknowledged(
    server: &mut Server,
    from: u16,
    (id, offset): (u32, Option<u64>),
    ctx: &mut Ctx,
) {
    let (own, now) = (server.id(), ctx.now());
    let leads = server.leads();
    let replica = server.attached.get_mut(usize::from(from)).and_then(Option::as_mut);
    match replica.filter(|_| leads && id == own) {
        Some(it) => {
            it.heard = now;
            if let Some(offset) = offset {
                (it.offset, it.online) = (offset, true);
            }
        }
        // The connection is of an earlier life.
        None => ctx.send(from, RedisMessage::Closed),
    }
}

/// Somebody closes the connection.
pub(super) fn closed(server: &mut Server, from: u16) {
    if let Some(it) = server.attached.get_mut(usize::from(from)) {
        *it = None;
    }
    // It asks again with the next cron.
    if server.follows == Some(from) && server.link.up {
        (server.link.up, server.loading) = (false, None);
        server.link.attempt += 1;
    }
}

/// As a replica: the stream goes on.
pub(super) fn continued(
    server: &mut Server,
    from: u16,
    (attempt, lineage, at): (u32, &[(u32, u64)], u64),
    ctx: &mut Ctx,
) {
    let due = server.follows == Some(from) && !server.link.up && attempt == server.link.attempt;
    if due && at == server.offset() {
        server.lineage = lineage.to_vec();
        server.seen = server.seen.max(server.id());
        server.link = Link { up: true, heard: ctx.now(), attempt: attempt + 1 };
    }
}

/// As a replica: all data come anew.
pub(super) fn copied(
    server: &mut Server,
    params: &RedisParams,
    from: u16,
    (attempt, snapshot): (u32, Arc<Snapshot>),
    ctx: &mut Ctx,
) {
    if server.follows == Some(from) && !server.link.up && attempt == server.link.attempt {
        let attempt = attempt + 1;
        server.link = Link { up: true, heard: ctx.now(), attempt };
        server.loading = Some(Box::new(Loading { snapshot, since: Vec::new() }));
        let time = ctx.stretch(params.sync_time);
        ctx.timer(time, RedisTimer::Loaded(attempt));
    }
}

/// The copy is loaded.
pub(super) fn loaded(server: &mut Server, params: &RedisParams, attempt: u32, ctx: &mut Ctx) {
    if attempt != server.link.attempt {
        return;
    }
    let Some(loading) = server.loading.take() else { return };
    let Loading { snapshot, since } = *loading;
    server.lineage.clone_from(&snapshot.lineage);
    server.seen = server.seen.max(server.id());
    server.rows = snapshot.rows.clone();
    server.keys = snapshot.keys.clone();
    server.stream = CowList::starting_at(snapshot.at);
    since.into_iter().for_each(|it| take(server, params, it));
    if let Some(primary) = server.follows {
        acknowledge(server, primary, ctx);
    }
}

/// As a replica: commands of the stream, or a sign of life.
pub(super) fn streamed(
    server: &mut Server,
    params: &RedisParams,
    from: u16,
    (id, first, entries): (u32, u64, &[Entry]),
    ctx: &mut Ctx,
) {
    if server.follows != Some(from) || !server.link.up {
        return;
    }
    let (own, end) = match &server.loading {
        Some(it) => {
            let id = it.snapshot.lineage.last().map_or(0, |it| it.0);
            (id, it.snapshot.at + it.since.len() as u64)
        }
        None => (server.id(), server.offset()),
    };
    // A gap: what was in between has been lost with the connection. Another id: so has that.
    if id != own || first > end {
        return reconnect(server, ctx);
    }
    server.link.heard = ctx.now();
    for entry in entries.iter().skip((end - first) as usize) {
        match &mut server.loading {
            Some(it) => it.since.push(entry.clone()),
            None => take(server, params, entry.clone()),
        }
    }
    if entries.is_empty() && server.loading.is_none() {
        acknowledge(server, from, ctx);
    }
}
