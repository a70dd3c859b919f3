//! Connection pools: how many calls a caller has open over a wire at a time, and the line of those
//! that wait for a free connection. Each member has its own pool for each of its wires; wires
//! without one never come here.

use std::collections::VecDeque;

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::Kinds;
use super::context::Context;
use super::desk::Pending;
use super::event::{Deed, Outcome};
use super::trace::Phase;

/// A pool, as a wire's settings have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Connections, and so calls open at a time, for each member that calls.
    pub size: u32,
    /// How long a call waits for a free one.
    pub wait: Nanos,
}

crate::stable! {
    Pool { size, wait }
    Held { open, line, idle }
    Idle { ordinal, life, kept }
}

/// What a call has to do with its wire's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ticket {
    /// Nothing: it has not asked, or there is no pool.
    #[default]
    None,
    /// It stands in line.
    Waits,
    /// It has a connection.
    Holds,
}

crate::stable! { enum Ticket }

/// A member's pool at work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Connections with a call.
    pub open: u32,
    /// Calls that wait for one, first come, first served.
    pub line: VecDeque<Handle>,
    /// Connections without a call, where it takes time to set one up; the one used last comes last.
    pub idle: Vec<Idle>,
}

/// A connection without a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// To which member.
    pub ordinal: u16,
    /// To which of its lives.
    pub life: u32,
    /// Until when it is kept.
    pub kept: Nanos,
}

impl Held {
    /// Takes a connection to a member that is kept, the one used last; false if it has to be set
    /// up, for which the one that was used longest ago makes room.
    pub fn reuse(&mut self, pool: Pool, ordinal: u16, life: u32, now: Nanos) -> bool {
        self.idle.retain(|it| it.kept > now && (it.ordinal != ordinal || it.life == life));
        if let Some(at) = self.idle.iter().rposition(|it| it.ordinal == ordinal) {
            self.idle.remove(at);
            return true;
        }
        let over = (self.open as usize + self.idle.len()).saturating_sub(pool.size as usize);
        self.idle.drain(..over.min(self.idle.len()));
        false
    }
}

impl<K: Kinds> Context<'_, K> {
    /// Whether a call has a connection, or needs none; if not, it stands in line from now on.
    #[inline]
    pub(super) fn has_connection(&mut self, handle: Handle) -> bool {
        let Some(call) = self.desk.calls.get(handle) else { return false };
        self.blueprint.wires[call.wire as usize].pool.is_none() || self.gets_connection(handle)
    }

    /// The same, where there is a pool.
    fn gets_connection(&mut self, handle: Handle) -> bool {
        let Some(call) = self.desk.calls.get_mut(handle) else { return false };
        let wire = &self.blueprint.wires[call.wire as usize];
        let Some(pool) = wire.pool.filter(|_| call.ticket != Ticket::Holds) else { return true };
        let held = self.desk.routes[wire.out_index as usize].pool.get_or_insert_default();
        if held.open < pool.size {
            held.open += 1;
            call.ticket = Ticket::Holds;
            return true;
        }
        held.line.push_back(handle);
        call.ticket = Ticket::Waits;
        (call.asked, call.job, call.sent) = (None, None, self.core.now);
        let (strand, deadline) = (call.strand, call.request.deadline);
        let by_deadline = wire.policy.is_some_and(|it| it.deadline);
        let (now, event) = (self.core.now, self.inside(Deed::Timeout(handle)));
        let timer = match deadline.saturating_sub(now) < pool.wait && by_deadline {
            true => self.core.queue.add(deadline.max(now), event),
            false => self.core.queue.add_after(now, pool.wait, event),
        };
        if let Some(call) = self.desk.calls.get_mut(handle) {
            call.timer = timer;
        }
        self.phase(strand, Some(Phase::Connection));
        false
    }

    /// Whether one more call could be made over a wire at once.
    pub(super) fn has_spare(&self, wire: u32) -> bool {
        let wire = &self.blueprint.wires[wire as usize];
        let held = &self.desk.routes[wire.out_index as usize].pool;
        let open = held.as_ref().map_or(0, |it| it.open);
        wire.pool.is_none_or(|it| open < it.size)
    }

    /// Takes a spare connection.
    pub(super) fn take_spare(&mut self, wire: u32) -> Ticket {
        let wire = &self.blueprint.wires[wire as usize];
        if wire.pool.is_none() {
            return Ticket::None;
        }
        self.desk.routes[wire.out_index as usize].pool.get_or_insert_default().open += 1;
        Ticket::Holds
    }

    /// A call has waited for a connection for too long: it leaves the line, and has failed.
    pub(super) fn gave_up_line(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        call.ticket = Ticket::None;
        let (strand, wire, request) = (call.strand, call.wire, call.request);
        let out_index = self.blueprint.wires[wire as usize].out_index as usize;
        if let Some(held) = self.desk.routes[out_index].pool.as_mut()
            // Mostly the first: they came in this order, and wait equally long.
            && let Some(at) = held.line.iter().position(|it| *it == handle)
        {
            held.line.remove(at);
        }
        let expired = self.is_too_late(wire, &request);
        let outcome = if expired { Outcome::Expired } else { Outcome::NoConnection };
        self.trace_call(strand, handle, wire, None, request);
        self.attempt_failed(handle, outcome);
    }

    /// A call is over: its connection goes to the next in line. One that brought an answer is kept
    /// for later; any other is closed, since what still comes over it belongs to nobody.
    pub(super) fn release_connection(&mut self, handle: Handle, kept: bool) {
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        if call.ticket != Ticket::Holds {
            return;
        }
        call.ticket = Ticket::None;
        let (target, asked) = (call.target, call.asked);
        let wire = &self.blueprint.wires[call.wire as usize];
        let index = wire.out_index as usize;
        let Some(held) = self.desk.routes[index].pool.as_mut() else { return };
        held.open -= 1;
        let keep = wire.path.filter(|it| it.setup > 0 && kept && wire.pool.is_some());
        if let (Some(path), Some(ordinal), Some(slot)) = (keep, target, asked) {
            let life = self.core.lives[slot as usize].0;
            let kept = self.core.now.saturating_add(path.keep);
            held.idle.push(Idle { ordinal, life, kept });
        }
        self.hand_on(index);
    }

    /// Lets those in line go, as far as there are free connections.
    pub(super) fn hand_on(&mut self, index: usize) {
        let wire = &self.blueprint.wires[self.component.out[index] as usize];
        let size = wire.pool.map_or(u32::MAX, |it| it.size);
        let Some(held) = self.desk.routes[index].pool.as_mut() else { return };
        let first = self.core.pending.len();
        while held.open < size
            && let Some(handle) = held.line.pop_front()
        {
            let Some(call) = self.desk.calls.get_mut(handle) else { continue };
            held.open += 1;
            call.ticket = Ticket::Holds;
            self.core.queue.discard(call.timer);
            self.core.pending.push(Pending::Connected(handle));
        }
        // Last pushed runs first, but who came first goes first.
        self.core.pending[first..].reverse();
    }

    /// Pools may be larger from now on, or gone.
    pub(super) fn change_pools(&mut self) {
        (0..self.component.out.len()).for_each(|it| self.hand_on(it));
    }
}
