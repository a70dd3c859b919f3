//! The engine's context, seen through one kind's own messages and timers.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine;

use super::{Kind, Registry, Wrap};

/// What a kind's handler is handed. Everything of [`engine::Context`] is there too.
pub struct Context<'a, 'b, K: Kind> {
    inner: &'a mut engine::Context<'b, Registry>,
    kind: PhantomData<K>,
}

impl<'a, 'b, K: Kind> Context<'a, 'b, K>
where
    Registry: Wrap<K>,
{
    pub(super) fn new(inner: &'a mut engine::Context<'b, Registry>) -> Self {
        Self { inner, kind: PhantomData }
    }

    /// Says something to the member with that ordinal; see [`engine::Context::send`].
    pub fn send(&mut self, to: u16, message: K::Message) {
        let bytes = mesh_bytes(K::rows(&message));
        self.inner.send(to, Registry::message(message), bytes);
    }

    /// Says it to every other member.
    pub fn broadcast(&mut self, message: &K::Message) {
        let bytes = mesh_bytes(K::rows(message));
        self.inner.broadcast(&Registry::message(message.clone()), bytes);
    }

    /// Wakes this member after a while; see [`engine::Context::timer`].
    pub fn timer(&mut self, after: Nanos, timer: K::Timer) -> Handle {
        self.inner.timer(after, Registry::timer(timer))
    }
}

impl<'b, K: Kind> Deref for Context<'_, 'b, K> {
    type Target = engine::Context<'b, Registry>;
    fn deref(&self) -> &Self::Target {
        self.inner
    }
}

impl<K: Kind> DerefMut for Context<'_, '_, K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.inner
    }
}

/// Bytes of a message between members: 100 of headers (20 of IP, 20 of TCP and 60 of its own), and 256 a
/// row or log entry, the order of a row event in MySQL's binary log.
fn mesh_bytes(rows: usize) -> u64 {
    100 + 256 * rows as u64
}
