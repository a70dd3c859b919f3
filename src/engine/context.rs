//! What a handler is handed: the time, its own parameters' surroundings, and ways to ask for
//! effects. It never sees another member.

use crate::base::draw::{Stream, mix};
use crate::base::slab::Handle;
use crate::base::spread::Spread;
use crate::base::time::Nanos;

use super::desk::{Caller, Desk, Pending};
use super::event::{Address, Call, Deed, Event, Reply, Request, Via};
use super::fault::Cuts;
use super::naming::Pointer;
use super::network::loss_delay;
use super::note::{Note, Poll, Reign, Settled};
use super::queue::Queue;
use super::{Blueprint, Component, Kinds, Mesh, Outcome, Served};

/// What all members share: the clock, the queue, the network's state. Plain data.
#[derive(Clone, Debug)]
pub(super) struct Core<K: Kinds> {
    pub now: Nanos,
    pub queue: Queue<Event<K>>,
    /// By member slot: the life it is in, and whether it is up.
    pub lives: Vec<(u32, bool)>,
    pub cuts: Cuts,
    /// By wire, where bandwidth is limited: until when it is taken, forth and back.
    pub pipes: Vec<[Nanos; 2]>,
    /// Where addresses and records lead, of components whose leader has changed.
    pub pointers: Vec<Pointer>,
    /// Whether anybody watches.
    pub watched: bool,
    /// Which request is traced, if somebody watches.
    pub traced: Option<u64>,
    /// Observations of the current event.
    pub notes: Vec<Note>,
    /// Work the current event still has to do; empty between events.
    pub pending: Vec<Pending>,
    /// The message that is delivered with the current event, if [`Self::hops_now`].
    pub hop: Hop,
    /// Whether there is one; not between events. Beside it, so that it is read where it lies.
    pub hops_now: bool,
    /// How many more messages the current event may deliver.
    pub hops: u32,
}

impl<K: Kinds> Core<K> {
    /// Whether a message without delay can be delivered with the current event: it would be the next
    /// to be taken from the queue.
    fn may_hop(&self) -> bool {
        let next = !self.queue.is_due(self.now);
        #[cfg(test)]
        let next = next || crate::base::broken::is(crate::base::broken::Fault::Hops);
        self.hops > 0 && !self.hops_now && next
    }

    /// Adds an event due after a delay; `same` if many delays are as long as this one.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn add_after(&mut self, delay: Nanos, same: bool, event: Event<K>) {
        if same {
            self.queue.add_after(self.now, delay, event);
        } else {
            self.queue.add(self.now.saturating_add(delay), event);
        }
    }
}

/// What is sent over a wire.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parcel {
    /// A call; the handle is the caller's record of it.
    Call(Handle),
    /// An answer.
    Reply(Reply),
    /// Nobody waits any more; the handle is the server's record of the job.
    Cancel(Handle),
}

impl Default for Parcel {
    fn default() -> Self {
        Self::Cancel(Handle::default())
    }
}

/// A message without delay, before which nothing is due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hop {
    pub from: u32,
    pub to: u32,
    pub wire: u32,
    pub what: Parcel,
    pub request: Request,
}

/// One member's turn.
pub struct Context<'a, K: Kinds> {
    pub(super) core: &'a mut Core<K>,
    pub(super) blueprint: &'a Blueprint<K>,
    pub(super) desk: &'a mut Desk<K>,
    pub(super) slot: u32,
    pub(super) component: &'a Component<K>,
    pub(super) ordinal: u16,
}

/// Purposes of draws: each use of randomness has a number of its own.
pub(super) mod purpose {
    pub const WORK: u64 = 0x100;
    pub const FORTH: u64 = 0x200;
    pub const BACK: u64 = 0x300;
    pub const PICK: u64 = 0x400;
    pub const MESH: u64 = 0x500;
    pub const KIND: u64 = 0x600;
    pub const PROBE: u64 = 0x800;
    pub const GRAY: u64 = 0x900;
    pub const PAUSE: u64 = 0xa00;
    pub const NAME: u64 = 0xb00;
    pub const LOSS: u64 = 0x1_0000;
    pub const SETUP: u64 = 0x2_0000;
}

impl<K: Kinds> Context<'_, K> {
    /// The time.
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// What this member's own clock shows: the time, unless a fault has put the clock wrong.
    pub fn clock(&self) -> Nanos {
        self.desk.skew.of(self.core.now)
    }

    /// This member's ordinal in its component, from 0.
    pub fn ordinal(&self) -> u16 {
        self.ordinal
    }

    /// How many members the component has, this one included: its configuration says so.
    pub fn members(&self) -> u16 {
        self.component.members.len() as u16
    }

    /// 64 random bits for a purpose of the kind's own; the same for the same request in every
    /// branch.
    pub fn draw(&self, request: u64, purpose: u8) -> u64 {
        self.component.stream.bits(request, purpose::KIND + u64::from(purpose))
    }

    /// 64 random bits that belong to no request: the next of this member's own sequence.
    pub fn draw_next(&mut self) -> u64 {
        self.desk.draws += 1;
        let member = u64::from(self.ordinal) << 48;
        self.component.stream.bits(member | self.desk.draws, purpose::MESH)
    }

    /// The component's own random stream.
    pub fn stream(&self) -> Stream {
        self.component.stream
    }

    /// Number of a request class, if the design knows it.
    pub fn class(&self, name: &str) -> Option<u8> {
        self.blueprint.classes.iter().position(|it| &**it == name).map(|it| it as u8)
    }

    /// What keys are called: `book` for `book:77`.
    pub fn key_name(&self) -> &str {
        &self.blueprint.draft.key_name
    }

    /// How long this piece of work takes here: slowness included.
    pub fn stretch(&self, work: Nanos) -> Nanos {
        if self.desk.slow == 1.0 {
            return work;
        }
        Nanos((work.0 as f64 * self.desk.slow + 0.5) as u64)
    }

    /// A draw from a distribution for work that belongs to no request, slowness included.
    pub fn work(&mut self, spread: Spread) -> Nanos {
        let bits = self.draw_next();
        self.stretch(spread.sample(bits))
    }

    /// Says something of so many bytes to the member of this component with that ordinal. It arrives
    /// after the mesh's delay, in order, unless the network is cut or either side dies.
    pub fn send(&mut self, to: u16, message: K::Message, bytes: u64) {
        let Some(slot) = self.component.members.get(usize::from(to)).copied() else { return };
        let via = Via::Mesh(self.slot);
        let cuts = &self.core.cuts;
        let mut lost = !cuts.is_none()
            && (cuts.stops(self.slot, slot, via)
                || self.component.mesh.setup > 0 && self.cannot_meet(to, slot));
        let mut late = Nanos::ZERO;
        if !lost && !self.core.cuts.mishaps.is_empty() {
            (lost, late) = self.mishap(slot, via);
        }
        if self.core.watched {
            let (request, outcome) = (None, None);
            self.core.notes.push(Note::Sent { via, from: self.slot, request, outcome, lost });
        }
        if lost {
            return;
        }
        let bits = self.draw_next();
        let Mesh { latency, bandwidth, loss, setup } = self.component.mesh;
        let pair = usize::from(self.ordinal) * self.component.members.len() + usize::from(to);
        let apart = self.component.apart.get(pair).copied().unwrap_or_default();
        let mut due = self.core.now.saturating_add(late);
        if setup > 0 {
            due = due.max(self.meet(to, slot, apart));
        }
        if bandwidth > 0.0 {
            let span = Nanos::from_seconds(bytes as f64 / bandwidth);
            let taken = entry(&mut self.desk.sending, to);
            *taken = due.max(*taken).saturating_add(span);
            due = *taken;
        }
        due = due.saturating_add(latency.sample(bits)).saturating_add(apart);
        if !self.core.cuts.troubles.is_empty() {
            let bits = self.draw_next();
            due = due.saturating_add(self.trouble(slot, via, latency.mean, bits));
        }
        if loss > 0.0 {
            let bits = self.draw_next();
            due = due.saturating_add(loss_delay(loss, latency.mean, bits));
        }
        let last = entry(&mut self.desk.last_arrival, to);
        let due = due.max(*last);
        *last = due;
        let to = Address { slot, incarnation: self.core.lives[slot as usize].0 };
        let deed = Deed::Message(self.ordinal, message);
        let event = Event { to, deed, via, sent: self.core.now };
        self.core.queue.add(due, event);
    }

    /// What befalls this message alone, where something is in store for the next one: whether it is lost, and how
    /// much later it arrives.
    #[cold]
    fn mishap(&mut self, to: u32, via: Via) -> (bool, Nanos) {
        match self.core.cuts.mishap(self.slot, to, via) {
            None => (false, Nanos::ZERO),
            Some(it) => (it.delay.is_none(), it.delay.unwrap_or_default()),
        }
    }

    /// Says it to every other member.
    pub fn broadcast(&mut self, message: &K::Message, bytes: u64) {
        let own = self.ordinal;
        for ordinal in (0..self.members()).filter(|it| *it != own) {
            self.send(ordinal, message.clone(), bytes);
        }
    }

    /// Wakes this member after a while, unless cancelled or dead by then.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn timer(&mut self, after: Nanos, timer: K::Timer) -> Handle {
        let due = self.core.now.saturating_add(after);
        let event = self.inside(Deed::Timer(timer));
        self.core.queue.add(due, event)
    }

    /// Takes a timer back.
    pub fn cancel(&mut self, timer: Handle) {
        self.core.queue.discard(timer);
    }

    /// A number for the `begun`-th request of this member's own, which no other component's has:
    /// 24 bits of who, 40 bits of which.
    pub fn request_id(&self, begun: u64) -> u64 {
        (mix(self.component.stream.0) >> 40 << 40) | (begun & ((1 << 40) - 1))
    }

    /// Begins a request of this member's own; its program says what becomes of it, and
    /// [`super::Happening::Finished`] tells how it ended.
    pub fn begin(&mut self, request: Request) {
        self.core.pending.push(Pending::Begin(request));
    }

    /// Ends a local act that had answered [`Served::Later`].
    pub fn complete(&mut self, ticket: Handle, served: Served) {
        self.core.pending.push(Pending::Complete(ticket, served));
    }

    /// Whether somebody still waits for what the act with this ticket answers.
    pub fn is_awaited(&self, ticket: Handle) -> bool {
        let job = self.desk.strands.get(ticket).and_then(|it| self.desk.jobs.get(it.job));
        job.is_some_and(|it| !it.left)
    }

    /// Says, with the answer to the act with this ticket, how many entries the log has with it.
    pub fn placed(&mut self, ticket: Handle, entries: u64) {
        let job = self.desk.strands.get(ticket).map(|it| it.job);
        if let Some(job) = job.and_then(|it| self.desk.jobs.get_mut(it)) {
            job.position = u32::try_from(entries).unwrap_or(u32::MAX);
        }
    }

    /// What has been said last with [`Context::placed`] of the act with this ticket, here or by whom its
    /// request has called.
    pub fn place(&self, ticket: Handle) -> u32 {
        let job = self.desk.strands.get(ticket).and_then(|it| self.desk.jobs.get(it.job));
        job.map_or(0, |it| it.position)
    }

    /// Tells whoever watches that something happened, once, to a key.
    pub fn count(&mut self, counter: u8, key: u32) {
        if self.core.watched {
            self.core.notes.push(Note::Count { member: self.slot, counter, key });
        }
    }

    /// Tells whoever watches that a write took effect here as the truth.
    pub fn committed(&mut self, key: u32, version: u32) {
        self.committed_once(key, version, 0);
    }

    /// The same for a write that should take effect once: `call` is its [`Context::call_key`].
    pub fn committed_once(&mut self, key: u32, version: u32, call: u64) {
        if self.core.watched {
            self.core.notes.push(Note::Committed { member: self.slot, key, version, call });
        }
    }

    /// Names the call that an act serves, as an idempotency key does: the same for every attempt at
    /// it, also if callers further up the line try again.
    pub fn call_key(&self, request: &Request, ticket: Handle) -> u64 {
        let from = self.came_from(ticket);
        let wire = from.map_or(0, |it| self.blueprint.wires[it.wire as usize].stream.0);
        mix(request.id ^ wire)
    }

    /// Tells whoever watches what a read has found here.
    pub fn found(&mut self, request: &Request, ticket: Handle, version: u32) {
        self.found_under(request, ticket, version, 0);
    }

    /// The same where terms follow each other: the last one that the log here has entries of.
    pub fn found_under(&mut self, request: &Request, ticket: Handle, version: u32, term: u32) {
        if self.core.watched {
            let (member, key, request) = (self.slot, request.key, request.id);
            let wire = self.came_from(ticket).map(|it| it.wire);
            self.core.notes.push(Note::Found { member, wire, request, key, version, term });
        }
    }

    /// The slot of who waits for what the act with this ticket answers; nobody if the member began it itself.
    pub fn caller(&self, ticket: Handle) -> Option<u32> {
        self.came_from(ticket).map(|it| it.slot)
    }

    /// Who waits for what an act serves; nobody if the member began it itself.
    fn came_from(&self, ticket: Handle) -> Option<Caller> {
        let job = self.desk.strands.get(ticket).and_then(|it| self.desk.jobs.get(it.job));
        job.and_then(|it| it.from)
    }

    /// Tells whoever watches that a client's write has got this version here.
    pub fn wrote(&mut self, request: u64, key: u32, version: u32) {
        if self.core.watched {
            self.core.notes.push(Note::Wrote { member: self.slot, request, key, version });
        }
    }

    /// Tells whoever watches that a client's write has this place in the log of a term.
    pub fn appended(&mut self, request: &Request, version: u32, term: u32, position: u64) {
        if self.core.watched {
            let (member, key, request) = (self.slot, request.key, request.id);
            let note = Note::Appended { member, request, key, version, term, position };
            self.core.notes.push(note);
        }
    }

    /// Tells whoever watches what decides who leads.
    pub fn reign(&mut self, what: Reign) {
        if self.core.watched {
            self.core.notes.push(Note::Reign { member: self.slot, what });
        }
    }

    /// Tells whoever watches how a round of messages goes on.
    pub fn polled(&mut self, round: u32, what: Poll) {
        if self.core.watched {
            self.core.notes.push(Note::Polled { member: self.slot, round, what });
        }
    }

    /// Tells whoever watches what becomes of two versions that do not know of each other.
    pub fn conflict(&mut self, key: u32, how: Settled, kept: u32, other: u32) {
        if self.core.watched {
            self.core.notes.push(Note::Conflict { member: self.slot, key, how, kept, other });
        }
    }

    /// Tells whoever watches of the member's places, if they have changed.
    #[inline]
    pub(super) fn note_places(&mut self) {
        if std::mem::take(&mut self.desk.changed) && self.core.watched {
            let Desk { open: jobs, waiting_count: waiting, busy, occupied, .. } = *self.desk;
            let member = self.slot;
            self.core.notes.push(Note::Places { member, jobs, waiting, busy, occupied });
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn inside(&self, deed: Deed<K>) -> Event<K> {
        let incarnation = self.core.lives[self.slot as usize].0;
        let to = Address { slot: self.slot, incarnation };
        Event { to, deed, via: Via::Inside, sent: self.core.now }
    }

    /// Sends a call, a reply or a cancellation over a wire.
    pub(super) fn transmit(
        &mut self,
        to: u32,
        wire: u32,
        what: Parcel,
        request: Request,
        outcome: Option<Outcome>,
    ) {
        self.post(to, wire, what, request, outcome);
    }

    /// The same, for where most is sent.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn post(
        &mut self,
        to: u32,
        wire: u32,
        what: Parcel,
        request: Request,
        outcome: Option<Outcome>,
    ) {
        let (via, purpose, called) = match what {
            Parcel::Reply(_) => (Via::Back(wire), purpose::BACK, self.ordinal),
            Parcel::Call(_) | Parcel::Cancel(_) => {
                (Via::Forth(wire), purpose::FORTH, self.blueprint.members[to as usize].1)
            }
        };
        let mut lost = !self.core.cuts.is_none() && self.core.cuts.stops(self.slot, to, via);
        let mut late = Nanos::ZERO;
        // That a caller leaves is no call.
        if !lost && !self.core.cuts.mishaps.is_empty() && !matches!(what, Parcel::Cancel(_)) {
            (lost, late) = self.mishap(to, via);
        }
        if self.core.watched && !matches!(what, Parcel::Cancel(_)) {
            let request = Some(request);
            self.core.notes.push(Note::Sent { via, from: self.slot, request, outcome, lost });
        }
        if lost {
            return;
        }
        let wire_of = &self.blueprint.wires[wire as usize];
        let purpose = purpose + (u64::from(request.attempt) << 4) + request.verb as u64;
        let mut delay = match wire_of.link.latency.is_constant() {
            true => wire_of.mean_delay(),
            false => wire_of.delay(wire_of.stream.bits(request.id, purpose)),
        };
        delay = delay.saturating_add(wire_of.farther(called)).saturating_add(late);
        let hindered = wire_of.path.is_some() || !self.core.cuts.troubles.is_empty();
        if hindered {
            let more = self.hindrance(to, via, what, request, outcome, purpose);
            delay = delay.saturating_add(more);
        }
        if delay == Nanos::ZERO && self.core.may_hop() && !matches!(what, Parcel::Cancel(_)) {
            self.core.hops -= 1;
            self.core.hop = Hop { from: self.slot, to, wire, what, request };
            self.core.hops_now = true;
            return;
        }
        let deed = match what {
            Parcel::Call(call) => Deed::Call(Call { request, caller: self.slot, call, wire }),
            Parcel::Reply(reply) => Deed::Reply(reply),
            Parcel::Cancel(job) => Deed::Cancel(job),
        };
        let to = Address { slot: to, incarnation: self.core.lives[to as usize].0 };
        let event = Event { to, deed, via, sent: self.core.now };
        self.core.add_after(delay, wire_of.link.latency.is_constant() && !hindered, event);
    }
}

/// What is noted of a member of the component, from zero on.
fn entry(list: &mut Vec<Nanos>, member: u16) -> &mut Nanos {
    let at = usize::from(member);
    if list.len() <= at {
        list.resize(at + 1, Nanos::ZERO);
    }
    &mut list[at]
}
