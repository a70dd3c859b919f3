//! The world: everything that decides the future, as a plain value. A snapshot is a clone.

use std::sync::Arc;

use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::context::{Context, Core, Hop, Parcel};
use super::desk::{Caller, Desk, Gray};
use super::event::{Call, Deed, Event, Outcome, Reply, Via};
use super::fault::{Fault, Mishap, Partition, Scope, Spot, Target};
use super::note::Note;
use super::queue::First;
use super::{Blueprint, Happening, Kinds};

/// Messages without delay that one event delivers at most; what comes after them has events of its
/// own, so that no design makes one event endless.
const HOPS_MAX: u32 = 16;

/// One member.
#[derive(Clone, Debug)]
pub struct Member<K: Kinds> {
    /// What every member has.
    pub desk: Desk<K>,
    /// What this kind of member remembers; none once removed for good.
    pub state: Option<K::State>,
}

/// The world.
#[derive(Clone, Debug)]
pub struct World<K: Kinds> {
    core: Core<K>,
    blueprint: Arc<Blueprint<K>>,
    members: Vec<Member<K>>,
    ordinal: u64,
    /// How much of the script has been played.
    script_done: usize,
    /// Whether anybody has died: as long as not, no event is void, and none is looked for.
    died: bool,
}

/// Whoever watches a world.
pub trait Watch<K: Kinds> {
    /// The ordinal of the first event it wants to hear of; [`u64::MAX`] for none. Asked before
    /// a run, not before every event.
    fn wants_from(&self) -> u64;
    /// Which request it wants to follow step by step, by [`Note::Traced`].
    fn traces(&self) -> Option<u64> {
        None
    }
    /// Something is done to the system from outside, by hand or by a script, at this moment.
    fn disturbed(&mut self, _: Nanos) {}
    /// When it next wants to look at the whole world; [`Nanos::MAX`] for never.
    fn next_look(&self) -> Nanos;
    /// The whole world at the moment it asked for, before any event at a later time.
    fn look(&mut self, at: Nanos, world: &World<K>);
    /// What one event brought about.
    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], blueprint: &Blueprint<K>);
}

/// Watches nothing.
pub struct Unwatched;

impl<K: Kinds> Watch<K> for Unwatched {
    fn wants_from(&self) -> u64 {
        u64::MAX
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World<K>) {}
    fn notes(&mut self, _: Nanos, _: u64, _: &[Note], _: &Blueprint<K>) {}
}

impl<K: Kinds> World<K> {
    /// A world at time zero: every member is started, in slot order.
    pub fn new(blueprint: Blueprint<K>) -> Self {
        let core = Core {
            now: Nanos::ZERO,
            queue: Default::default(),
            lives: Vec::new(),
            cuts: Default::default(),
            pipes: Vec::new(),
            pointers: Vec::new(),
            watched: false,
            traced: None,
            notes: Vec::new(),
            pending: Vec::new(),
            hop: Hop::default(),
            hops_now: false,
            hops: 0,
        };
        let blueprint = Arc::new(blueprint);
        let (members, ordinal, script_done, died) = (Vec::new(), 0, 0, false);
        let mut world = Self { core, blueprint, members, ordinal, script_done, died };
        let first = world.make_room();
        world.start_from(first);
        world
    }

    /// The time.
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// Events handled so far: the cursor of a run.
    pub fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// The design it runs.
    pub fn blueprint(&self) -> &Blueprint<K> {
        &self.blueprint
    }

    /// The member at a slot.
    pub fn member(&self, slot: u32) -> &Member<K> {
        &self.members[slot as usize]
    }

    /// Whether the member at a slot is up.
    pub fn is_up(&self, slot: u32) -> bool {
        self.core.lives[slot as usize].1
    }

    /// Whether a message between two members would be lost.
    pub fn stops(&self, from: u32, to: u32, via: Via) -> bool {
        self.core.cuts.stops(from, to, via)
    }

    /// Whether a partition in force has some of these members on either side.
    pub fn parts(&self, members: &[u32]) -> bool {
        let any = |side: &[u32]| members.iter().any(|it| side.contains(it));
        self.core.cuts.partitions.iter().any(|it| any(&it.one) && any(&it.other))
    }

    /// The latest partition with some of these members on a side: its name, and both sides.
    pub fn sides(&self, members: &[u32]) -> Option<(&str, [&[u32]; 2])> {
        let any = |side: &[u32]| members.iter().any(|it| side.contains(it));
        let of = self.core.cuts.partitions.iter().rfind(|it| any(&it.one) || any(&it.other))?;
        Some((&of.name, [&of.one, &of.other]))
    }

    /// Names of the partitions in force.
    pub fn partitions(&self) -> impl Iterator<Item = &str> {
        self.core.cuts.partitions.iter().map(|it| it.name.as_str())
    }

    /// Wires that are cut, by slot.
    pub fn cut_wires(&self) -> impl Iterator<Item = u32> {
        self.core.cuts.wires.iter().map(|it| it.0)
    }

    /// Whether a partition stands between the ends of a wire: one way or both, nothing gets from any member
    /// of the one to any of the other.
    pub fn is_parted(&self, wire: u32) -> bool {
        let wire = &self.blueprint.wires[wire as usize];
        let [from, to] = [wire.from, wire.to].map(|it| &self.blueprint.components[it as usize]);
        let stand = |members: &[u32], side: &[u32]| members.iter().all(|it| side.contains(it));
        let apart =
            |one: &[u32], other: &[u32]| stand(&from.members, one) && stand(&to.members, other);
        let mut all = self.core.cuts.partitions.iter();
        all.any(|it| apart(&it.one, &it.other) || apart(&it.other, &it.one))
    }

    /// Everything in the queue with its due time, in no order that means anything.
    pub fn in_flight(&self) -> impl Iterator<Item = (Nanos, &Event<K>)> {
        self.core.queue.iter()
    }

    /// Every message on its way with its number, by which a fault can name it, and its due time, in
    /// no order that means anything.
    pub fn messages(&self) -> impl Iterator<Item = (u64, Nanos, &Event<K>)> {
        self.core.queue.numbered().filter(|it| it.2.via != Via::Inside)
    }

    /// Events that wait.
    pub fn queue_len(&self) -> usize {
        self.core.queue.len()
    }

    /// Places the queue takes ([`super::queue::PLACE_BYTES`]), void ones included: what a clone of the world costs, roughly.
    pub fn weight(&self) -> usize {
        self.core.queue.places()
    }

    /// What comes next, unless that is the script's or void.
    pub fn upcoming(&mut self) -> Option<&Event<K>> {
        let (_, Some(first)) = self.next()? else { return None };
        let (lives, blueprint) = (&self.core.lives, &self.blueprint);
        self.core.queue.look(first).filter(|it| !is_void(lives, blueprint, it))
    }

    /// Everything that decides the future, in 64 bits that are the same on every platform.
    pub fn state_hash(&self) -> u64 {
        let mut h = StableHasher::default();
        h.word(self.ordinal);
        self.core.now.stable_hash(&mut h);
        self.core.queue.stable_hash(&mut h);
        for (incarnation, up) in &self.core.lives {
            (*incarnation, *up).stable_hash(&mut h);
        }
        self.core.cuts.stable_hash(&mut h);
        self.core.pipes.iter().flatten().for_each(|it| it.stable_hash(&mut h));
        self.core.pointers.iter().for_each(|it| it.stable_hash(&mut h));
        self.blueprint.stable_hash(&mut h);
        for member in &self.members {
            member.desk.stable_hash(&mut h);
            member.state.stable_hash(&mut h);
        }
        h.word(self.script_done as u64);
        h.finish()
    }

    /// When the next thing happens.
    pub fn next_at(&mut self) -> Option<Nanos> {
        self.next().map(|it| it.0)
    }

    /// What comes next, and when: an event, or if none the script's next fault.
    fn next(&mut self) -> Option<(Nanos, Option<First>)> {
        let first = self.core.queue.first();
        match self.blueprint.script.get(self.script_done) {
            Some((at, _)) if first.is_none_or(|it| *at <= it.at) => Some((*at, None)),
            _ => first.map(|it| (it.at, Some(it))),
        }
    }

    /// Runs until `until`, or until `budget` events have been handled. True if `until` was
    /// reached; the time is then `until`.
    pub fn run(&mut self, until: Nanos, budget: u64, watch: &mut dyn Watch<K>) -> bool {
        let last = self.ordinal.saturating_add(budget);
        let wanted = watch.wants_from();
        let mut look = watch.next_look();
        self.core.traced = watch.traces();
        loop {
            let Some((at, what)) = self.next().filter(|it| it.0 <= until) else {
                self.look_until(until, watch);
                self.core.now = self.core.now.max(until);
                return true;
            };
            if self.ordinal >= last {
                return false;
            }
            while look < at {
                watch.look(look, self);
                look = watch.next_look();
            }
            self.core.watched = self.ordinal >= wanted;
            self.advance(at, what, watch);
        }
    }

    /// All random draws from now on are those of another seed.
    pub fn reseed(&mut self, seed: u64, watch: &mut dyn Watch<K>) {
        self.listen(watch);
        if self.core.watched {
            watch.disturbed(self.core.now);
        }
        self.blueprint = Arc::new(self.blueprint.reseeded(seed));
        self.tell(watch);
    }

    /// Handles the next event. False if nothing is to come.
    pub fn step(&mut self, watch: &mut dyn Watch<K>) -> bool {
        let before = self.ordinal;
        while self.ordinal == before {
            let Some((at, what)) = self.next() else { return false };
            self.listen(watch);
            self.advance(at, what, watch);
        }
        true
    }

    /// Handles what comes next: one event, or nothing if it was void.
    fn advance(&mut self, at: Nanos, what: Option<First>, watch: &mut dyn Watch<K>) {
        match what {
            Some(first) => {
                self.core.now = at;
                if !self.deliver(first) {
                    return;
                }
            }
            None => {
                self.core.now = self.core.now.max(at);
                let fault = self.blueprint.script[self.script_done].1.clone();
                self.script_done += 1;
                if self.core.watched {
                    watch.disturbed(at);
                }
                self.apply(&fault);
            }
        }
        self.ordinal += 1;
        if self.died {
            self.skip_voids();
        }
        self.tell(watch);
    }

    /// Drops void events that are due by now, so that a world at rest depends on its history,
    /// ordinal and time alone, and not on the steps in which it got there.
    fn skip_voids(&mut self) {
        while self.died
            && let Some(first) = self.core.queue.first().filter(|it| it.at <= self.core.now)
        {
            let (lives, blueprint) = (&self.core.lives, &self.blueprint);
            if self.core.queue.look(first).is_some_and(|it| !is_void(lives, blueprint, it)) {
                return;
            }
            self.core.queue.drop_first(first);
        }
    }

    /// Asks the watcher what it wants to hear of what comes next.
    fn listen(&mut self, watch: &mut dyn Watch<K>) {
        self.core.watched = self.ordinal >= watch.wants_from();
        self.core.traced = watch.traces();
    }

    fn tell(&mut self, watch: &mut dyn Watch<K>) {
        if self.core.watched && !self.core.notes.is_empty() {
            watch.notes(self.core.now, self.ordinal, &self.core.notes, &self.blueprint);
        }
        self.core.notes.clear();
        self.core.watched = false;
    }

    /// Lets the watcher look at every moment it asked for, up to and with `until`.
    fn look_until(&mut self, until: Nanos, watch: &mut dyn Watch<K>) {
        while watch.next_look() <= until {
            let look = watch.next_look();
            watch.look(look, self);
        }
    }

    /// Gives the event that comes first to its member. False if it was void.
    ///
    /// What it needs of the event is read where it lies: a whole event is moved for messages only.
    fn deliver(&mut self, first: First) -> bool {
        let Some(event) = self.core.queue.look(first) else { return false };
        if self.died && is_void(&self.core.lives, &self.blueprint, event) {
            self.core.queue.drop_first(first);
            return false;
        }
        self.core.hops = HOPS_MAX;
        let (to, sent) = (event.to, event.sent);
        let (incarnation, up) = self.core.lives[to.slot as usize];
        let lives = up && incarnation == to.incarnation;
        match &event.deed {
            Deed::WorkDone(strand) => {
                let strand = *strand;
                self.core.queue.drop_first(first);
                if lives {
                    self.turn(to.slot, |ctx, _, _| ctx.work_done(strand, sent));
                }
            }
            Deed::Timer(timer) => {
                let timer = *timer;
                self.core.queue.drop_first(first);
                if lives {
                    let what = Happening::Timer(timer);
                    self.turn(to.slot, |ctx, state, spec| K::handle(state, spec, what, ctx));
                }
            }
            Deed::Call(call) => {
                let call = *call;
                self.core.queue.drop_first(first);
                if lives { self.arrive(to.slot, call) } else { self.undeliverable(to.slot, call) }
            }
            Deed::Reply(reply) => {
                let reply = *reply;
                self.core.queue.drop_first(first);
                if lives {
                    self.turn(to.slot, |ctx, _, _| ctx.reply(reply));
                }
            }
            _ => {
                let Some(event) = self.core.queue.take(first) else { return false };
                self.deliver_rest(event, lives, up);
            }
        }
        while self.core.hops_now {
            self.core.hops_now = false;
            self.hop();
        }
        self.core.hops = 0;
        true
    }

    /// What comes less often.
    fn deliver_rest(&mut self, event: Event<K>, lives: bool, up: bool) {
        let Event { to, deed, .. } = event;
        match deed {
            Deed::Probe(probe) => self.raw_turn(to.slot, |ctx| ctx.answer_probe(probe, up)),
            deed if lives => self.turn(to.slot, |ctx, state, spec| match deed {
                Deed::Cancel(job) => ctx.caller_left(job),
                Deed::Message(from, message) => {
                    K::handle(state, spec, Happening::Message(from, message), ctx);
                }
                Deed::Timeout(call) => ctx.timed_out(call),
                Deed::Retry(call) => ctx.retry(call),
                Deed::Hedge(call) => ctx.hedge(call),
                Deed::ProbeDue(wire) => ctx.probe_due(wire),
                Deed::Probed(probe, good) => ctx.probed(probe, Some(good)),
                Deed::ProbeLost(probe) => ctx.probed(probe, None),
                Deed::Call(_) | Deed::Probe(_) | Deed::WorkDone(_) => {}
                Deed::Timer(_) | Deed::Reply(_) => {}
            }),
            _ => {}
        }
    }

    /// A message arrives in the same moment and event in which it was sent. It is read where it lies.
    fn hop(&mut self) {
        let Hop { to, what, .. } = &self.core.hop;
        let to = *to;
        let up = self.core.lives[to as usize].1;
        match *what {
            Parcel::Call(call) => {
                let Hop { from: caller, wire, request, .. } = self.core.hop;
                let call = Call { request, caller, call, wire };
                if up { self.arrive(to, call) } else { self.undeliverable(to, call) }
            }
            Parcel::Reply(reply) if up => self.turn(to, |ctx, _, _| ctx.reply(reply)),
            Parcel::Reply(_) | Parcel::Cancel(_) => {}
        }
    }

    /// A call arrives at a member that is up.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn arrive(&mut self, slot: u32, call: Call) {
        let Call { request, caller, call: handle, wire } = call;
        let Some((mut ctx, state, spec)) = self.enter(slot) else { return };
        let from = Caller { slot: caller, call: handle, wire };
        let job = ctx.accept(request, Some(from));
        ctx.settle(state, spec);
        ctx.note_places();
        // The connection now knows both ends.
        if let (Some(job), Some(call)) =
            (job, self.members[caller as usize].desk.calls.get_mut(handle))
        {
            call.job = Some(job);
        }
    }

    /// Nobody is there: the host (or the switch before it) says so.
    fn undeliverable(&mut self, to: u32, call: Call) {
        let (_, up) = self.core.lives[to as usize];
        let outcome = if up { Outcome::Reset } else { Outcome::Refused };
        let (version, position, leader) = (0, 0, u16::MAX);
        let reply = Reply { call: call.call, version, position, leader, outcome };
        self.raw_turn(to, |ctx| {
            let (what, outcome) = (Parcel::Reply(reply), Some(outcome));
            ctx.transmit(call.caller, call.wire, what, call.request, outcome);
        });
    }

    /// One member's turn, with all that follows from it at once.
    fn turn(&mut self, slot: u32, act: impl FnOnce(&mut Context<K>, &mut K::State, &K::Spec)) {
        let Some((mut ctx, state, spec)) = self.enter(slot) else { return };
        act(&mut ctx, state, spec);
        ctx.settle(state, spec);
        ctx.note_places();
    }

    /// Begins a member's turn; none if there is nobody.
    #[inline]
    fn enter(&mut self, slot: u32) -> Option<(Context<'_, K>, &mut K::State, &K::Spec)> {
        let blueprint = &*self.blueprint;
        let (component, ordinal) = blueprint.members[slot as usize];
        let component = &blueprint.components[component as usize];
        let Member { desk, state } = &mut self.members[slot as usize];
        let (Some(spec), Some(state)) = (&component.spec, state) else { return None };
        let core = &mut self.core;
        Some((Context { core, blueprint, desk, slot, component, ordinal }, state, spec))
    }

    /// A turn of the host, not of the member on it.
    fn raw_turn<R>(&mut self, slot: u32, act: impl FnOnce(&mut Context<K>) -> R) -> R {
        let blueprint = &*self.blueprint;
        let (component, ordinal) = blueprint.members[slot as usize];
        let component = &blueprint.components[component as usize];
        let desk = &mut self.members[slot as usize].desk;
        let core = &mut self.core;
        act(&mut Context { core, blueprint, desk, slot, component, ordinal })
    }

    /// Gives new members their addresses, so that anybody can send to them, and gives back the
    /// first of them.
    fn make_room(&mut self) -> u32 {
        let first = self.members.len();
        let total = self.blueprint.members.len();
        self.core.lives.resize(total, (0, true));
        self.members.resize(total, Member { desk: Desk::default(), state: None });
        first as u32
    }

    fn start_from(&mut self, first: u32) {
        (first..self.members.len() as u32).for_each(|slot| self.start(slot));
    }

    /// Starts a member afresh, or from what survived.
    fn start(&mut self, slot: u32) {
        let blueprint = Arc::clone(&self.blueprint);
        let component = &blueprint.components[blueprint.members[slot as usize].0 as usize];
        let Some(spec) = &component.spec else { return };
        let old = self.members[slot as usize].state.take();
        let state = self.raw_turn(slot, |ctx| {
            ctx.route_all();
            match &old {
                Some(old) => K::restart(old, spec, ctx),
                None => K::start(spec, ctx),
            }
        });
        self.members[slot as usize].state = Some(state);
        self.turn(slot, |_, _, _| ());
        if self.core.watched {
            self.core.notes.push(Note::Up { member: slot });
        }
    }

    /// Does something to the running system, now. Unknown targets are ignored: a script may name
    /// what an edit has removed.
    pub fn fault(&mut self, fault: &Fault, watch: &mut dyn Watch<K>) {
        self.listen(watch);
        if self.core.watched {
            watch.disturbed(self.core.now);
        }
        self.apply(fault);
        self.skip_voids();
        self.tell(watch);
    }

    fn apply(&mut self, fault: &Fault) {
        match fault {
            Fault::Crash(target) => self.each(target, Self::crash),
            Fault::Restart(target) => self.restart(target),
            Fault::Slow { target, factor } => {
                let factor = factor.clamp(0.001, 1e6);
                self.each(target, |it, slot| it.members[slot as usize].desk.slow = factor);
            }
            Fault::Gray { target, share, factor } => {
                let (share, factor) = (share.clamp(0.0, 1.0), factor.clamp(0.001, 1e6));
                let gray = (share > 0.0 && factor != 1.0).then_some(Gray { share, factor });
                self.each(target, |it, slot| it.members[slot as usize].desk.gray = gray);
            }
            Fault::Skew { target, offset } => {
                self.each(target, |it, slot| it.members[slot as usize].desk.skew = *offset);
            }
            Fault::Flush(target) => self.each(target, Self::flush),
            Fault::Promote(target) => {
                self.each(target, |it, slot| it.tell_kind(slot, Happening::Promote));
            }
            Fault::Command { target, words } => {
                let what = |it: &str| Happening::Command(it.into());
                self.each(target, |it, slot| it.tell_kind(slot, what(words)));
            }
            Fault::Loss { on, share } => {
                let share = share.clamp(0.0, 1.0);
                self.spots(on).for_each(|it| self.core.cuts.trouble(it, |it| it.loss = share));
            }
            Fault::Delay { on, by } => {
                self.spots(on).for_each(|it| self.core.cuts.trouble(it, |it| it.delay = *by));
            }
            Fault::DropMessage { message } => _ = self.take_message(*message),
            Fault::DelayMessage { message, by } => {
                if let Some((due, event)) = self.take_message(*message) {
                    self.core.queue.add(due.saturating_add(*by), event);
                }
            }
            Fault::DropNext { on } => self.expect_next(on, None),
            Fault::DelayNext { on, by } => self.expect_next(on, Some(*by)),
            Fault::CutWire { wire, ways } => {
                if let Some(wire) = self.blueprint.wire(wire) {
                    self.core.cuts.wires.retain(|it| it.0 != wire);
                    self.core.cuts.wires.push((wire, *ways));
                }
            }
            Fault::MendWire { wire } => {
                let wire = self.blueprint.wire(wire);
                self.core.cuts.wires.retain(|it| Some(it.0) != wire);
            }
            Fault::Partition { name, one, other, ways } => {
                let slots = |it: &[Target]| it.iter().flat_map(|it| self.slots(it)).collect();
                let (one, other) = (slots(one), slots(other));
                let partition = Partition { name: name.clone(), one, other, ways: *ways };
                self.core.cuts.partitions.retain(|it| it.name != *name);
                self.core.cuts.partitions.push(partition);
            }
            Fault::Heal { name } => self.core.cuts.partitions.retain(|it| it.name != *name),
            Fault::ZoneOutage { zone } => self.each_in(zone, Self::crash),
            Fault::ZoneRestart { zone } => self.each_in(zone, Self::revive),
            Fault::Spike { target, factor } => {
                let factor = if factor.is_finite() { factor.clamp(0.0, 1e4) } else { 1.0 };
                self.each(target, |it, slot| it.tell_kind(slot, Happening::Surge(factor)));
            }
            Fault::HotKey { target, key, share } => {
                let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
                self.each(target, |it, slot| it.tell_kind(slot, Happening::HotKey(*key, share)));
            }
        }
    }

    /// Tells a kind what happens to its member from outside, if it is up.
    fn tell_kind(&mut self, slot: u32, what: Happening<K::Message, K::Timer>) {
        if self.core.lives[slot as usize].1 {
            self.turn(slot, |ctx, state, spec| K::handle(state, spec, what, ctx));
        }
    }

    fn spots(&self, on: &Scope) -> impl Iterator<Item = Spot> + use<K> {
        let (wire, members) = match on {
            Scope::Wire(id) => (self.blueprint.wire(id), Vec::new()),
            Scope::Target(target) => (None, self.slots(target)),
        };
        wire.map(Spot::Wire).into_iter().chain(members.into_iter().map(Spot::Member))
    }

    /// Something is in store for the next message there.
    fn expect_next(&mut self, on: &Scope, delay: Option<Nanos>) {
        let at = self.spots(on).collect();
        self.core.cuts.mishaps.push(Mishap { at, delay });
    }

    /// Takes a message off its way, with the moment at which it would have arrived.
    fn take_message(&mut self, number: u64) -> Option<(Nanos, Event<K>)> {
        let is_message = |it: &(u64, Nanos, &Event<K>)| it.0 == number;
        self.messages().find(is_message)?;
        let (handle, due) = self.core.queue.find(number)?;
        self.core.queue.cancel(handle).map(|it| (due, it))
    }

    fn flush(&mut self, slot: u32) {
        if self.core.lives[slot as usize].1 {
            self.turn(slot, |ctx, state, spec| K::flush(state, spec, ctx));
        }
    }

    fn slots(&self, target: &Target) -> Vec<u32> {
        let Some(component) = self.blueprint.component(&target.component) else {
            return Vec::new();
        };
        let members = &self.blueprint.components[component as usize].members;
        match target.member {
            None => members.clone(),
            Some(ordinal) => members.get(usize::from(ordinal)).copied().into_iter().collect(),
        }
    }

    fn each(&mut self, target: &Target, act: impl Fn(&mut Self, u32)) {
        self.slots(target).into_iter().for_each(|slot| act(self, slot));
    }

    /// Does it to everybody in a zone.
    fn each_in(&mut self, zone: &str, act: impl Fn(&mut Self, u32)) {
        let blueprint = Arc::clone(&self.blueprint);
        let inside = blueprint.zones.iter().filter(|it| *it.0 == *zone).flat_map(|it| &it.1);
        for target in inside.filter_map(|it| it.parse::<Target>().ok()) {
            self.slots(&target).into_iter().for_each(|it| act(self, it));
        }
    }

    /// The process at a slot dies. Its host closes the connections: callers and called learn it
    /// by a message, if the network carries one.
    fn crash(&mut self, slot: u32) {
        if !self.core.lives[slot as usize].1 {
            return;
        }
        self.raw_turn(slot, |ctx| {
            let jobs: Vec<_> = ctx.desk.jobs.iter().map(|it| it.1.clone()).collect();
            for job in jobs.iter().filter(|it| !it.answered) {
                ctx.note_ended(job.ending(), Outcome::Reset);
                let Some(from) = job.from.filter(|_| !job.left) else { continue };
                let (outcome, leader) = (Outcome::Reset, u16::MAX);
                let reply = Reply { call: from.call, version: 0, position: 0, leader, outcome };
                let what = Parcel::Reply(reply);
                ctx.transmit(from.slot, from.wire, what, job.request, Some(outcome));
            }
            let calls: Vec<_> = ctx.desk.calls.iter().map(|it| it.1.clone()).collect();
            for call in calls {
                let (Some(target), Some(job)) = (call.target, call.job) else { continue };
                let to = ctx.blueprint.wires[call.wire as usize].to;
                let members = &ctx.blueprint.components[to as usize].members;
                let Some(to) = members.get(usize::from(target)).copied() else { continue };
                ctx.transmit(to, call.wire, Parcel::Cancel(job), call.request, None);
            }
            let desk = &mut ctx.desk;
            desk.jobs.clear();
            desk.strands.clear();
            desk.calls.clear();
            desk.waiting.clear();
            desk.manner = None;
            (desk.waiting_count, desk.busy, desk.occupied, desk.open) = (0, 0, 0, 0);
            desk.routes.clear();
            desk.last_arrival.clear();
            desk.sending.clear();
            desk.met.clear();
            desk.changed = true;
            ctx.note_places();
        });
        self.died = true;
        self.core.lives[slot as usize].0 += 1;
        self.core.lives[slot as usize].1 = false;
        if self.core.watched {
            self.core.notes.push(Note::Down { member: slot });
        }
    }

    /// Starts those that are down; if none is, all of them die and start afresh.
    fn restart(&mut self, target: &Target) {
        let slots = self.slots(target);
        if slots.iter().all(|it| self.core.lives[*it as usize].1) {
            slots.iter().for_each(|it| self.crash(*it));
        }
        slots.into_iter().for_each(|it| self.revive(it));
    }

    fn revive(&mut self, slot: u32) {
        if !self.core.lives[slot as usize].1 && self.members[slot as usize].state.is_some() {
            self.core.lives[slot as usize].0 += 1;
            self.core.lives[slot as usize].1 = true;
            self.start(slot);
        }
    }

    /// Goes over to a new version of the design, built on this world's own: members with the same
    /// component and ordinal keep their state, whatever was on its way to the others is lost.
    /// Before anything has happened, it is the same as starting with the new design.
    pub fn edit(&mut self, blueprint: Blueprint<K>, watch: &mut dyn Watch<K>) {
        if self.is_untouched() {
            *self = Self::new(blueprint.afresh());
            return;
        }
        self.listen(watch);
        if self.core.watched {
            watch.disturbed(self.core.now);
        }
        let before = std::mem::replace(&mut self.blueprint, Arc::new(blueprint));
        // What the new script has in the past is not played again.
        let past = |it: &&(Nanos, Fault)| it.0 <= self.core.now;
        let played = self.script_done;
        self.script_done = self.blueprint.script.iter().take_while(past).count();
        if before.script == self.blueprint.script {
            self.script_done = played;
        }
        let first = self.make_room();
        for slot in 0..first {
            self.carry_over(slot, &before);
        }
        self.start_from(first);
        self.skip_voids();
        self.tell(watch);
    }

    /// Whether nothing has happened yet, by itself or from outside.
    fn is_untouched(&self) -> bool {
        let well = |it: &Desk<K>| it.slow == 1.0 && it.gray.is_none() && it.skew.0 == 0;
        let calm = self.members.iter().all(|it| well(&it.desk)) && self.core.cuts.is_none();
        self.core.now == Nanos::ZERO && self.ordinal == 0 && !self.died && calm
    }

    fn carry_over(&mut self, slot: u32, before: &Arc<Blueprint<K>>) {
        let blueprint = Arc::clone(&self.blueprint);
        let (component, ordinal) = blueprint.members[slot as usize];
        let component = &blueprint.components[component as usize];
        let stays = component.members.get(usize::from(ordinal)) == Some(&slot);
        let spec = component.spec.as_ref().filter(|_| stays);
        let (Some(spec), true) = (spec, self.members[slot as usize].state.is_some()) else {
            self.crash_by(slot, before);
            self.members[slot as usize].state = None;
            return;
        };
        let old = &before.components[before.members[slot as usize].0 as usize];
        let Some(was) = &old.spec else { return };
        if !self.core.lives[slot as usize].1 {
            let state = self.members[slot as usize].state.as_mut();
            state.into_iter().filter(|_| was != spec).for_each(|it| K::missed(it, was, spec));
            return;
        }
        let changed = was != spec || old.members != component.members;
        let mut kept = true;
        self.turn(slot, |ctx, state, _| {
            ctx.route_all();
            ctx.change_rules(before);
            ctx.change_pools();
            kept = !changed || K::retune(state, was, spec, ctx);
            ctx.keep_line(&old.station);
            ctx.next_in_line();
        });
        if !kept {
            self.crash(slot);
            self.members[slot as usize].state = None;
            self.core.lives[slot as usize].0 += 1;
            self.core.lives[slot as usize].1 = true;
            self.start(slot);
        }
    }

    /// Takes a member away whose component may no longer be there: its host still knows the old
    /// design.
    fn crash_by(&mut self, slot: u32, before: &Arc<Blueprint<K>>) {
        let now = std::mem::replace(&mut self.blueprint, Arc::clone(before));
        self.crash(slot);
        self.blueprint = now;
    }
}

/// Whether an event is for a life that is over, or from a member that has been taken away: another
/// may have its ordinal by now, and is not to be taken for it. Calls and probes are never void: the
/// caller learns that nobody is there.
fn is_void<K: Kinds>(lives: &[(u32, bool)], blueprint: &Blueprint<K>, event: &Event<K>) -> bool {
    let (incarnation, up) = lives[event.to.slot as usize];
    match (&event.deed, event.via) {
        (Deed::Call(_) | Deed::Probe(_), _) => false,
        _ if !up || incarnation != event.to.incarnation => true,
        (Deed::Message(from, _), Via::Mesh(sender)) => {
            let (component, _) = blueprint.members[sender as usize];
            let members = &blueprint.components[component as usize].members;
            members.get(usize::from(*from)) != Some(&sender)
        }
        _ => false,
    }
}
