//! What a member does in the name of its shard. Without replicas that is all it does. With them, what it
//! tells other shards waits until a majority of its own shard's members has what it follows from: so a
//! member that takes over knows of every promise and every row that was handed over. Clients are
//! answered at once, or then too, as it is set.

use std::ops::{Deref, DerefMut};

use crate::base::slab::Handle;
use crate::engine::{Outcome, Served};

use super::super::Context;
use super::group::{Group, Held};
use super::{Copying, ShardedDb, ShardedDbMessage, ShardedDbParams, ShardedDbState, group};

/// A member's context, with shards in place of members.
pub struct Ctx<'a, 'b, 'c> {
    inner: &'c mut Context<'a, 'b, ShardedDb>,
    copies: u16,
    waits: bool,
    pub(super) group: Option<Box<Group>>,
    /// What has been said and waits for the end of the turn.
    said: Vec<Held>,
    /// Whether the replicas have to be told of something.
    pub(super) changed: bool,
}

impl<'a, 'b> Deref for Ctx<'a, 'b, '_> {
    type Target = Context<'a, 'b, ShardedDb>;
    fn deref(&self) -> &Self::Target {
        self.inner
    }
}

impl DerefMut for Ctx<'_, '_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.inner
    }
}

/// A member acts for its shard.
pub(super) fn turn<T>(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    ctx: &mut Context<ShardedDb>,
    act: impl FnOnce(&mut ShardedDbState, &mut Ctx) -> T,
) -> T {
    let mut ctx = Ctx::new(params, ctx);
    ctx.group = state.group.take();
    let acted = act(state, &mut ctx);
    let Ctx { inner, group, said, changed, .. } = ctx;
    state.group = group;
    if state.group.is_some() {
        group::acted(state, params, said, changed, inner);
    }
    acted
}

impl<'a, 'b, 'c> Ctx<'a, 'b, 'c> {
    /// Of a member that has no state yet.
    pub(super) fn new(params: &ShardedDbParams, inner: &'c mut Context<'a, 'b, ShardedDb>) -> Self {
        let waits = params.replication == Copying::Majority;
        let copies = params.copies();
        Self { inner, copies, waits, group: None, said: Vec::new(), changed: false }
    }

    /// The number of its shard.
    pub(super) fn ordinal(&self) -> u16 {
        self.inner.ordinal() / self.copies
    }

    /// How many shards there are.
    pub(super) fn members(&self) -> u16 {
        self.inner.members() / self.copies
    }

    /// Its place among the members of its shard.
    pub(super) fn place(&self) -> u16 {
        self.inner.ordinal() % self.copies
    }

    /// Its ordinal among all members.
    pub(super) fn member(&self) -> u16 {
        self.inner.ordinal()
    }

    /// Says something to another shard.
    pub(super) fn send(&mut self, to: u16, message: ShardedDbMessage) {
        match &self.group {
            None if self.copies > 1 => {
                let message = ShardedDbMessage::Between(self.ordinal(), false, Box::new(message));
                self.inner.send(to * self.copies, message);
            }
            None => self.inner.send(to, message),
            Some(_) if message.binds() => self.said.push(Held::Say(to, message)),
            Some(it) => it.say(to, message, self.inner),
        }
    }

    /// Answers a client.
    pub(super) fn complete(&mut self, ticket: Handle, served: Served) {
        match served {
            // Reads have no version of their own here.
            Served::Now { outcome: Outcome::Ok, version: version @ 1.., .. }
                if self.group.is_some() && self.waits =>
            {
                self.said.push(Held::Answer(ticket, version));
            }
            _ => self.inner.complete(ticket, served),
        }
    }

    /// A client's write has been served: answers it, or lets it wait.
    pub(super) fn written(&mut self, ticket: Handle, served: Served) -> Served {
        match served {
            Served::Now { outcome: Outcome::Ok, .. } if self.changed && self.group.is_some() && self.waits => {
                self.complete(ticket, served);
                Served::Later
            }
            _ => served,
        }
    }

    /// Another shard has the row: whom the caller has to ask.
    pub(super) fn elsewhere(&self, shard: u16) -> Served {
        Served::not_leader(Some(self.group.as_ref().map_or(shard, |it| it.leader_of(shard))))
    }
}
