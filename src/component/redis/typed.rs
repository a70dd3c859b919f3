//! Commands that people type at a server, as with redis-cli: they run on its keyspace, and what they change
//! goes down the stream with the writes of requests.
//!
//! Source: processCommand in server.c of Redis 7.0 for the order in which a command is refused.

use std::sync::Arc;

use crate::algorithm::redis::{Keyspace, Reply};
use crate::base::time::Nanos;

use super::super::Context;
use super::params::RedisParams;
use super::replication::{self, has_replicas};
use super::state::{Change, Server};
use super::Redis;

/// So many commands that were typed at a server are remembered.
pub const REMEMBERED: usize = 8;

/// Keys that are found expired at a time, at most.
const EXPIRED_MAX: usize = 1_000;

/// A command that somebody has typed at a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// How many have been typed at this server up to it.
    pub number: u32,
    /// When.
    pub at: Nanos,
    /// As it was typed.
    pub words: Arc<str>,
    /// What it was answered.
    pub reply: Arc<Reply>,
    /// If it has changed something: the id of the stream that tells replicas of it, and its place in that.
    pub place: Option<(u32, u64)>,
}

crate::stable! { Typed { number, at, words, reply, place } }

/// Somebody types a command.
pub(super) fn command(
    server: &mut Server,
    params: &RedisParams,
    words: &Arc<str>,
    ctx: &mut Context<Redis>,
) {
    let at = ctx.now();
    let (reply, place) = match refused(server, params, words, at) {
        Some(error) => (Reply::Error(error), None),
        None => {
            let done = server.keys.perform(words, at, ctx.draw_next());
            let place = (!done.effects.is_empty()).then(|| (server.id(), server.offset()));
            if place.is_some() {
                replication::stream(server, params, Change::Typed(done.effects.into()), ctx);
            }
            (done.reply, place)
        }
    };
    let number = server.typed.last().map_or(0, |it| it.number) + 1;
    if server.typed.len() == REMEMBERED {
        server.typed.remove(0);
    }
    server.typed.push(Typed { number, at, words: words.clone(), reply: reply.into(), place });
}

/// Why it does not run a command, if it does not.
fn refused(server: &Server, params: &RedisParams, words: &str, now: Nanos) -> Option<String> {
    if let Err(error) = Keyspace::check(words) {
        return Some(error);
    }
    if Keyspace::writes(words) {
        if server.leads() && !has_replicas(server, params, now) {
            return Some("NOREPLICAS Not enough good replicas to write.".into());
        }
        if !server.leads() {
            return Some("READONLY You can't write against a read only replica.".into());
        }
    }
    let loads = server.loading.is_some();
    loads.then(|| "LOADING Redis is loading the dataset in memory".into())
}

/// As a primary: removes keys that have expired. Replicas have no clock of their own, and wait for it.
pub(super) fn reap(server: &mut Server, params: &RedisParams, ctx: &mut Context<Redis>) {
    for effect in server.keys.reap(ctx.now(), EXPIRED_MAX) {
        replication::stream(server, params, Change::Typed(Arc::new(vec![effect])), ctx);
    }
}
