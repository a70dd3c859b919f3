//! How requests flow through a member: jobs are accepted, wait for a worker, run their program's
//! strands, call others, and are answered. The same for every kind.

use crate::base::candidate::Candidate;
use crate::base::slab::Handle;
use crate::base::stable::hash_of;
use crate::base::time::Nanos;

use super::context::{Context, Parcel, purpose};
use super::desk::{Caller, Ending, Job, OutCall, Pending, Role, Route, Strand};
use super::event::{Deed, Outcome, Reply, Request, Verb};
use super::line::Shed;
use super::note::Note;
use super::plan::{Op, Or};
use super::policy::Policy;
use super::pool::Ticket;
use super::trace::{Phase, Step};
use super::{Addressing, Blueprint, Kinds, Picker, Served, Switch, Wire, blueprint::Reads};

/// A request that has come this far has gone round in a circle.
const HOPS_MAX: u8 = 32;
/// Times one call is sent on to another leader before it is given up.
const REDIRECTS_MAX: u8 = 3;

impl<K: Kinds> Context<'_, K> {
    /// Takes a call in, or a request of the member's own, and gives the job's handle back if it
    /// was not turned away.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn accept(&mut self, request: Request, from: Option<Caller>) -> Option<Handle> {
        let own = from.is_none();
        if self.core.watched {
            let wire = from.map(|it| it.wire);
            self.core.notes.push(Note::Offered { member: self.slot, request, own, wire });
        }
        let station = &self.component.station;
        let waits = station.hold && self.desk.occupied >= station.workers;
        let program = self.component.programs.len() as u32 - 1;
        let now = self.core.now;
        let full = waits && self.desk.waiting_count >= station.queue_max;
        let shed = station.line.shed != Shed::Off && self.sheds(&request);
        self.desk.open += 1;
        self.desk.changed = true;
        if full || shed {
            let outcome = if full { Outcome::QueueFull } else { Outcome::Shed };
            self.turn_away(request, from, outcome);
            return None;
        }
        let job = self.desk.jobs.insert(Job {
            request,
            from,
            arrived: now,
            started: None,
            program,
            strands: 1,
            version: if own { request.version } else { 0 },
            position: 0,
            answered: false,
            left: false,
            left_at: Nanos::ZERO,
            holds: station.hold && !waits,
            at_work: None,
            line: Default::default(),
        });
        self.trace(request.id, || Step::Came { job: Some(job), from, request });
        let strand = self.strand(job, Role::Main, 0);
        if waits {
            self.wait(strand);
        } else {
            self.desk.occupied += u32::from(station.hold);
            self.core.pending.push(Pending::Run(strand));
        }
        Some(job)
    }

    #[cold]
    fn turn_away(&mut self, request: Request, from: Option<Caller>, outcome: Outcome) {
        self.trace(request.id, || Step::Came { job: None, from, request });
        let version = if from.is_none() { request.version } else { 0 };
        let (arrived, started, position, left) = (self.core.now, None, 0, false);
        let ending = Ending { request, from, arrived, started, version, position, left };
        self.answer(ending, outcome, u16::MAX);
    }

    fn strand(&mut self, job: Handle, role: Role, position: u16) -> Handle {
        let (need, pending, hit, holds) = (0, 0, false, false);
        self.desk.strands.insert(Strand { job, role, position, need, pending, hit, holds })
    }

    /// Tells whoever traces this request what it does.
    #[inline]
    pub(super) fn trace(&mut self, request: u64, step: impl FnOnce() -> Step) {
        if self.core.traced == Some(request) {
            self.tell_step(step());
        }
    }

    #[cold]
    fn tell_step(&mut self, step: Step) {
        if self.core.watched {
            self.core.notes.push(Note::Traced { member: self.slot, step });
        }
    }

    /// Tells whoever traces a strand's request what the strand does from now on.
    #[inline]
    pub(super) fn phase(&mut self, strand: Handle, phase: Option<Phase>) {
        if self.core.traced.is_some() {
            self.tell_phase(strand, phase);
        }
    }

    #[cold]
    fn tell_phase(&mut self, strand: Handle, phase: Option<Phase>) {
        let Some(job) = self.desk.strands.get(strand).map(|it| it.job) else { return };
        if let Some(request) = self.desk.jobs.get(job).map(|it| it.request) {
            self.trace(request.id, || Step::Phase { job, strand, phase });
        }
    }

    /// Does all that the current event still has to do.
    pub(super) fn settle(&mut self, state: &mut K::State, spec: &K::Spec) {
        // Each is read where it lies, before it goes.
        while let Some(next) = self.core.pending.last() {
            match *next {
                Pending::Run(strand) => {
                    self.core.pending.pop();
                    self.run(strand, state, spec);
                }
                Pending::Connected(call) => {
                    self.core.pending.pop();
                    self.attempt(call);
                }
                Pending::Complete(strand, served) => {
                    self.core.pending.pop();
                    self.local_done(strand, served);
                }
                Pending::Begin(request) => {
                    self.core.pending.pop();
                    self.accept(request, None);
                }
                Pending::Finished(request, outcome, version) => {
                    self.core.pending.pop();
                    self.finished(request, outcome, version, state, spec);
                }
            }
        }
    }

    /// Tells the kind that a request its member began has ended. Not inlined, like [`Self::serve`]:
    /// else every event pays for what the kinds need at hand.
    #[inline(never)]
    fn finished(
        &mut self,
        request: Request,
        outcome: Outcome,
        version: u32,
        state: &mut K::State,
        spec: &K::Spec,
    ) {
        K::handle(state, spec, super::Happening::Finished { request, outcome, version }, self);
    }

    /// The kind's own act on a request.
    #[inline(never)]
    fn serve(
        &mut self,
        request: Request,
        strand: Handle,
        state: &mut K::State,
        spec: &K::Spec,
    ) -> Served {
        K::serve(state, spec, &request, strand, self)
    }

    /// Runs a strand until it has to wait or ends.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn run(&mut self, handle: Handle, state: &mut K::State, spec: &K::Spec) {
        if let Some(outcome) = self.go_on(handle, state, spec) {
            self.main_ended(handle, outcome, u16::MAX);
        }
    }

    /// Runs a strand until it has to wait; or until it ends, then how.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn go_on(&mut self, handle: Handle, state: &mut K::State, spec: &K::Spec) -> Option<Outcome> {
        loop {
            let strand = self.desk.strands.get_mut(handle)?;
            let (position, hit, of) = (strand.position, strand.hit, strand.job);
            strand.position += 1;
            let job = self.desk.jobs.get(of)?;
            let fresh = job.started.is_none();
            let program = &self.component.programs[job.program as usize];
            match &program.0[usize::from(position)] {
                op @ (Op::Work(_) | Op::Measured(_)) => {
                    let Request { id, deadline, attempt, .. } = job.request;
                    if self.component.station.drop_expired && deadline < self.core.now {
                        return Some(Outcome::Expired);
                    }
                    if self.take_worker(handle) {
                        self.started(of, fresh);
                        self.phase(handle, Some(Phase::Work));
                        let bits = || {
                            let hedge = u64::from(attempt & Request::HEDGE) << 16;
                            let purpose = purpose::WORK + u64::from(position) + hedge;
                            self.component.stream.bits(id, purpose)
                        };
                        let (span, constant) = match op {
                            Op::Work(it) if it.is_constant() => (it.mean, true),
                            Op::Work(it) => (it.sample(bits()), false),
                            Op::Measured(it) => (it.sample(bits()), false),
                            _ => (Nanos::ZERO, false),
                        };
                        let span = self.stretch(span);
                        let span = self.gray(span, id);
                        let event = self.inside(Deed::WorkDone(handle));
                        self.core.add_after(span, constant, event);
                        self.desk.busy += 1;
                        self.desk.changed = true;
                    }
                    return None;
                }
                Op::Local { verb, soft } => {
                    let soft = *soft;
                    let as_asked = |verb| Request { verb, version: job.version, ..job.request };
                    let request = verb.map_or(job.request, as_asked);
                    self.started(of, fresh);
                    match self.serve(request, handle, state, spec) {
                        Served::Later => {
                            self.phase(handle, Some(Phase::Own));
                            return None;
                        }
                        Served::Now { outcome: Outcome::Miss, .. } if soft => {
                            if let Some(strand) = self.desk.strands.get_mut(handle) {
                                strand.hit = false;
                            }
                        }
                        served => {
                            self.local_done(handle, served);
                            return None;
                        }
                    }
                }
                Op::Call { wire, verb, or } => {
                    let verb = verb.unwrap_or(job.request.verb);
                    let request = Request { verb, version: job.version, ..job.request };
                    self.started(of, fresh);
                    self.place_call(handle, request, *wire, *or);
                    return None;
                }
                Op::CallNamed(wires) => {
                    // A component's address is its slot, and one.
                    let leads =
                        |it: &&u32| self.blueprint.wires[**it as usize].to + 1 == job.position;
                    let (wire, request) = (wires.iter().find(leads).copied(), job.request);
                    self.started(of, fresh);
                    let Some(wire) = wire else { return Some(Outcome::NoRoute) };
                    self.place_call(handle, request, wire, Or::Fail);
                    return None;
                }
                Op::JumpIfHit(to) if hit => self.jump(handle, *to),
                Op::JumpIfHit(_) => {}
                Op::JumpUnless(condition, to) => {
                    if !condition.holds(&job.request) {
                        self.jump(handle, *to);
                    }
                }
                Op::Jump(to) => self.jump(handle, *to),
                Op::Fork { branches, need } => {
                    let (branches, need) = (branches.clone(), *need);
                    if need > 0 {
                        self.fork(handle, &branches, need);
                        return None;
                    }
                    // None has to succeed: nobody waits for them.
                    branches.iter().rev().for_each(|to| self.branch(handle, Role::Detached, *to));
                }
                Op::Detach(to) => self.branch(handle, Role::Detached, *to),
                Op::End => {
                    self.started(of, fresh);
                    return Some(Outcome::Ok);
                }
                Op::Refuse(outcome) => {
                    let outcome = *outcome;
                    self.started(of, fresh);
                    return Some(outcome);
                }
            }
        }
    }

    /// A job, if it is `fresh`, has got its turn: not before something is really done for it, since an
    /// asynchronous job waits for its worker only when it comes to its work.
    fn started(&mut self, job: Handle, fresh: bool) {
        if fresh && let Some(job) = self.desk.jobs.get_mut(job) {
            job.started.get_or_insert(self.core.now);
        }
    }

    fn jump(&mut self, strand: Handle, to: u16) {
        if let Some(strand) = self.desk.strands.get_mut(strand) {
            strand.position = to;
        }
    }

    /// Where its job does not hold a worker (or no longer), a strand needs one for each piece of
    /// work. False if it has to wait, or was turned away.
    fn take_worker(&mut self, handle: Handle) -> bool {
        let station = &self.component.station;
        let Some(strand) = self.desk.strands.get_mut(handle) else { return false };
        if strand.holds {
            return true;
        }
        if let Some(job) = self.desk.jobs.get_mut(strand.job).filter(|it| it.holds) {
            if job.at_work.is_some() {
                strand.position -= 1;
                job.line.push_back(handle);
                self.phase(handle, Some(Phase::Queue));
                return false;
            }
            job.at_work = Some(handle);
            return true;
        }
        if self.desk.occupied < station.workers {
            strand.holds = true;
            self.desk.occupied += 1;
            return true;
        }
        // Its turn comes at the same operation.
        strand.position -= 1;
        if self.desk.waiting_count >= station.queue_max {
            self.strand_ended(handle, Outcome::QueueFull);
        } else {
            self.wait(handle);
        }
        false
    }

    fn fork(&mut self, parent: Handle, branches: &[u16], need: u16) {
        self.phase(parent, None);
        if let Some(strand) = self.desk.strands.get_mut(parent) {
            strand.need = need;
            strand.pending = branches.len() as u16;
        }
        // Last pushed runs first: start them in reverse, so that the first branch goes first.
        for to in branches.iter().rev() {
            self.branch(parent, Role::Branch(parent), *to);
        }
    }

    fn branch(&mut self, of: Handle, role: Role, to: u16) {
        let Some(job) = self.desk.strands.get(of).map(|it| it.job) else { return };
        if let Some(job) = self.desk.jobs.get_mut(job) {
            job.strands += 1;
        }
        let strand = self.strand(job, role, to);
        self.core.pending.push(Pending::Run(strand));
    }

    /// A piece of work that began at `since` is done.
    pub(super) fn work_done(&mut self, handle: Handle, since: Nanos) {
        self.desk.busy -= 1;
        self.desk.changed = true;
        if self.core.watched {
            self.note_waste(handle, since);
        }
        self.core.pending.push(Pending::Run(handle));
        let Some(strand) = self.desk.strands.get_mut(handle) else { return };
        if strand.holds {
            strand.holds = false;
            self.release_worker();
        } else if let Some(job) = self.desk.jobs.get_mut(strand.job) {
            job.at_work = None;
            self.core.pending.extend(job.line.pop_front().map(Pending::Run));
        }
    }

    /// Tells how much of a piece of work was for nobody.
    fn note_waste(&mut self, strand: Handle, since: Nanos) {
        let job = self.desk.strands.get(strand).and_then(|it| self.desk.jobs.get(it.job));
        if let Some(job) = job.filter(|it| it.left) {
            let span = self.core.now.saturating_sub(since.max(job.left_at));
            self.core.notes.push(Note::Wasted { member: self.slot, span });
        }
    }

    /// Gives a worker back; the next in line gets it.
    fn release_worker(&mut self) {
        self.desk.occupied -= 1;
        self.desk.changed = true;
        self.next_in_line();
    }

    fn local_done(&mut self, handle: Handle, served: Served) {
        let Served::Now { outcome, version, leader } = served else { return };
        let Some(strand) = self.desk.strands.get(handle) else { return };
        let job = strand.job;
        if let Some(job) = self.desk.jobs.get_mut(job)
            && version > 0
        {
            job.version = version;
        }
        match outcome {
            Outcome::Ok => {
                if let Some(strand) = self.desk.strands.get_mut(handle) {
                    strand.hit = true;
                }
                self.core.pending.push(Pending::Run(handle));
            }
            Outcome::NotLeader | Outcome::Ask => self.main_ended(handle, outcome, leader),
            _ => self.strand_ended(handle, outcome),
        }
    }

    pub(super) fn strand_ended(&mut self, handle: Handle, outcome: Outcome) {
        self.main_ended(handle, outcome, u16::MAX);
    }

    #[inline(never)]
    fn main_ended(&mut self, handle: Handle, outcome: Outcome, leader: u16) {
        self.phase(handle, None);
        let Some(strand) = self.desk.strands.remove(handle) else { return };
        if strand.holds {
            self.release_worker();
        }
        let over = match strand.role {
            Role::Main => {
                let Some(job) = self.desk.jobs.get_mut(strand.job) else { return };
                job.answered = true;
                job.strands -= 1;
                let over = job.strands == 0;
                let holds = std::mem::take(&mut job.holds);
                let at_work = job.at_work.take();
                let is_lined = !job.line.is_empty();
                let ending = job.ending();
                self.answer(ending, outcome, leader);
                // Whoever is still at work keeps the worker until it is done; the others get
                // in line for one.
                match at_work.and_then(|it| self.desk.strands.get_mut(it)) {
                    Some(strand) => strand.holds = true,
                    None if holds => self.release_worker(),
                    None => {}
                }
                if is_lined {
                    self.dissolve_line(strand.job);
                }
                over
            }
            Role::Branch(parent) => {
                self.joined(parent, outcome);
                self.less_strands(strand.job)
            }
            Role::Detached => self.less_strands(strand.job),
        };
        if over {
            self.desk.jobs.discard(strand.job);
        }
    }

    /// A job has one strand less. True if that was the last one.
    fn less_strands(&mut self, job: Handle) -> bool {
        self.desk.jobs.get_mut(job).is_some_and(|job| {
            job.strands -= 1;
            job.strands == 0
        })
    }

    /// A job's strands no longer wait for its worker.
    #[cold]
    fn dissolve_line(&mut self, job: Handle) {
        let Some(job) = self.desk.jobs.get_mut(job) else { return };
        let line = std::mem::take(&mut job.line);
        self.core.pending.extend(line.into_iter().rev().map(Pending::Run));
    }

    /// A branch has ended: its parent goes on, fails or waits for more.
    fn joined(&mut self, parent: Handle, outcome: Outcome) {
        let Some(strand) = self.desk.strands.get_mut(parent) else { return };
        strand.pending -= 1;
        strand.need -= u16::from(!outcome.is_failure());
        if strand.need == 0 {
            // Branches still running must not find it again: it goes on under a new handle.
            if let Some(strand) = self.desk.strands.remove(parent) {
                let handle = self.desk.strands.insert(strand);
                self.core.pending.push(Pending::Run(handle));
            }
        } else if strand.pending < strand.need {
            self.strand_ended(parent, outcome);
        }
    }

    /// Tells whoever asked.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn answer(&mut self, job: Ending, outcome: Outcome, leader: u16) {
        self.desk.open -= 1;
        self.desk.changed = true;
        self.note_ended(job, outcome);
        match job.from {
            Some(from) if !job.left => {
                let Ending { version, position, .. } = job;
                let reply = Reply { call: from.call, version, position, leader, outcome };
                self.post(from.slot, from.wire, Parcel::Reply(reply), job.request, Some(outcome));
            }
            Some(_) => {}
            None if self.minds_end(&job.request) => {
                let finished = Pending::Finished(job.request, outcome, job.version);
                self.core.pending.push(finished);
            }
            None => {}
        }
    }

    fn minds_end(&self, request: &Request) -> bool {
        self.component.spec.as_ref().is_some_and(|it| K::minds_end(it, request))
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn note_ended(&mut self, job: Ending, outcome: Outcome) {
        self.trace(job.request.id, || Step::Went { from: job.from, outcome });
        if self.core.watched {
            self.core.notes.push(Note::Ended {
                member: self.slot,
                request: job.request,
                outcome,
                version: job.version,
                arrived: job.arrived,
                started: job.started,
                wasted: job.left,
                own: job.from.is_none(),
            });
        }
    }

    /// A caller has left. A job still waiting is dropped; one under way goes on for nobody.
    pub(super) fn caller_left(&mut self, handle: Handle) {
        let Some(job) = self.desk.jobs.get_mut(handle) else { return };
        (job.left, job.left_at) = (true, self.core.now);
        if job.started.is_some() {
            return;
        }
        self.leave_line(handle);
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn place_call(&mut self, strand: Handle, request: Request, wire: u32, or: Or) {
        let hops = request.hops + 1;
        let attempt = request.attempt & Request::HEDGE;
        let request = Request { hops, attempt, ..request };
        let most = HOPS_MAX;
        #[cfg(test)]
        let most = crate::base::broken::hops_max(most);
        if hops > most {
            return self.strand_ended(strand, Outcome::Loop);
        }
        let (sent, timer) = (self.core.now, Handle::default());
        let retries = self.blueprint.wires[wire as usize].patience.retries;
        let rest = self.begin_by_policy(wire);
        let call = self.desk.calls.insert(OutCall {
            strand,
            wire,
            request,
            target: None,
            asked: None,
            job: None,
            timer,
            sent,
            retries,
            redirects: 0,
            sent_to: u16::MAX,
            or,
            ticket: Ticket::None,
            rest,
        });
        self.attempt(call);
    }

    /// Sends one attempt of a call.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn attempt(&mut self, handle: Handle) {
        if !self.has_connection(handle) {
            return;
        }
        let now = self.core.now;
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        (call.asked, call.job, call.sent) = (None, None, now);
        let (wire, request, sent_to) = (call.wire, call.request, call.sent_to);
        let (strand, sent_on) = (call.strand, call.redirects > 0);
        if self.blueprint.wires[wire as usize].policy.is_some() && self.is_too_late(wire, &request)
        {
            self.put_down(handle, false);
            self.trace_call(strand, handle, wire, None, request);
            return self.attempt_failed(handle, Outcome::Expired);
        }
        let Some(target) = self.choose(wire, &request, sent_on, sent_to) else {
            self.put_down(handle, false);
            self.trace_call(strand, handle, wire, None, request);
            return self.attempt_failed(handle, Outcome::NoTarget);
        };
        self.ask(handle, target);
    }

    /// Sends an attempt to a member.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn ask(&mut self, handle: Handle, target: u16) {
        let Some(call) = self.desk.calls.get(handle) else { return };
        let (wire, mut request, strand) = (call.wire, call.request, call.strand);
        let wire_of = &self.blueprint.wires[wire as usize];
        let slot = self.blueprint.components[wire_of.to as usize].members[usize::from(target)];
        self.trace_call(strand, handle, wire, Some(slot), request);
        let event = self.inside(Deed::Timeout(handle));
        let now = self.core.now;
        let timeout = wire_of.patience.timeout;
        let left = request.deadline.saturating_sub(now);
        let timer = match wire_of.policy {
            Some(Policy { deadline: true, .. }) if left < timeout => {
                self.core.queue.add(request.deadline, event)
            }
            Some(Policy { deadline: true, .. }) => {
                request.deadline = now.saturating_add(timeout);
                self.core.queue.add_after(now, timeout, event)
            }
            _ => self.core.queue.add_after(now, timeout, event),
        };
        let route = &mut self.desk.routes[wire_of.out_index as usize];
        route.candidates[usize::from(target)].outstanding += 1;
        let own = wire_of.reads == Reads::OwnWrites;
        if request.verb == Verb::Read
            && (own || request.version != 0)
            && self.blueprint.components[wire_of.to as usize].addressing == Addressing::Leader
        {
            request.version = if own { route.own } else { 0 };
        }
        if let Some(call) = self.desk.calls.get_mut(handle) {
            (call.target, call.asked, call.timer) = (Some(target), Some(slot), timer);
        }
        self.post(slot, wire, Parcel::Call(handle), request, None);
        if wire_of.policy.is_some() {
            self.set_hedge(handle);
        }
    }

    #[inline]
    pub(super) fn trace_call(
        &mut self,
        strand: Handle,
        call: Handle,
        wire: u32,
        target: Option<u32>,
        request: Request,
    ) {
        if self.core.traced == Some(request.id)
            && let Some(job) = self.desk.strands.get(strand).map(|it| it.job)
        {
            self.tell_step(Step::Called { job, strand, call, wire, target, request });
        }
    }

    /// Which member to ask: what this caller knows decides. A call that was sent on goes to the
    /// leader, whatever the wire says of reads; where keys say whom to ask, to whoever was named.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn choose(
        &mut self,
        wire: u32,
        request: &Request,
        sent_on: bool,
        sent_to: u16,
    ) -> Option<u16> {
        let wire_of = &self.blueprint.wires[wire as usize];
        let to = &self.blueprint.components[wire_of.to as usize];
        if !wire_of.alive || to.members.is_empty() {
            return None;
        }
        if to.servers() == 1 && to.addressing != Addressing::Leader {
            let route = &self.desk.routes[wire_of.out_index as usize];
            if sent_to == 0 || route.down == 0 {
                return Some(0);
            }
        }
        self.choose_among(wire, request, sent_on, sent_to)
    }

    /// The same, where there is something to choose.
    fn choose_among(
        &mut self,
        wire_slot: u32,
        request: &Request,
        sent_on: bool,
        sent_to: u16,
    ) -> Option<u16> {
        let wire = &self.blueprint.wires[wire_slot as usize];
        let to = &self.blueprint.components[wire.to as usize];
        let route = &mut self.desk.routes[wire.out_index as usize];
        let members = to.servers();
        if to.addressing != Addressing::Leader {
            // Whoever was asked has said who has the key.
            if sent_to < members {
                return Some(sent_to);
            }
            if to.switch == Switch::Session {
                return one_of_nearest(wire, members, self.slot);
            }
            let attempt = u64::from(request.attempt);
            let draw = wire.stream.bits(request.id, purpose::PICK + attempt);
            let copies = route.picker.copies();
            if route.down == 0 && wire.apart.is_empty() && to.reserve == 0 || copies > 1 {
                let picked = route.picker.pick(&route.candidates, request.key, draw)? as u16;
                return Some(match copies {
                    1 => picked,
                    _ => self.of_copies(wire_slot, request, picked, copies),
                });
            }
            let offered = route.offered(to.first_in_reserve());
            // The nearest of those that are there.
            let far = |it: &Candidate| wire.farther(it.index as u16);
            let least = offered.clone().map(far).min();
            let offered: Vec<_> = offered.filter(|it| Some(far(it)) == least).copied().collect();
            let picked = route.picker.pick(&offered, request.key, draw);
            return picked.map(|it| it as u16);
        }
        if to.switch != Switch::Members {
            self.look_up(wire_slot);
        }
        let route = &mut self.desk.routes[wire.out_index as usize];
        let leader = route.leader.min(members - 1);
        let by_leader = request.verb != Verb::Read || wire.reads == Reads::Primary;
        if by_leader || sent_on || members == 1 {
            return Some(leader);
        }
        route.turn = route.turn.wrapping_add(1);
        let turn = |of: u32| (route.turn % of.max(1)) as u16;
        match wire.reads {
            Reads::Replicas => {
                let turn = turn(u32::from(members) - 1);
                Some(turn + u16::from(turn >= leader))
            }
            Reads::Asynchronous => {
                let first = if to.reserve + 1 < members { to.reserve } else { 0 };
                let turn = first + turn(u32::from(members - 1 - first));
                Some(turn + u16::from(turn >= leader))
            }
            Reads::Sticky => {
                Some(((self.slot + u32::from(request.attempt)) % u32::from(members)) as u16)
            }
            Reads::Nearest => one_of_nearest(wire, members, route.turn),
            Reads::Primary | Reads::Any | Reads::OwnWrites => Some(turn(members.into())),
        }
    }

    /// The answer to a call has come.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn reply(&mut self, reply: Reply) {
        let Some(call) = self.desk.calls.get_mut(reply.call) else { return };
        self.core.queue.discard(call.timer);
        let (strand, request, or) = (call.strand, call.request, call.or);
        let by_policy = call.rest.is_some();
        self.put_down(reply.call, !matches!(reply.outcome, Outcome::Refused | Outcome::Reset));
        self.trace(request.id, || Step::Replied { call: reply.call });
        if matches!(reply.outcome, Outcome::NotLeader | Outcome::Ask) {
            return self.redirected(reply);
        }
        if reply.outcome.is_failure() {
            return self.attempt_failed(reply.call, reply.outcome);
        }
        self.note_call(reply.call, reply.outcome, false);
        if by_policy {
            self.answered_by_policy(reply.call);
        }
        self.remember_own(&reply);
        self.desk.calls.discard(reply.call);
        let Some(strand_of) = self.desk.strands.get_mut(strand) else { return };
        strand_of.hit = reply.outcome == Outcome::Ok || or == Or::Else;
        if let Some(job) = self.desk.jobs.get_mut(strand_of.job) {
            if reply.version > 0 {
                job.version = reply.version;
            }
            if reply.position > 0 {
                job.position = reply.position;
            }
        }
        self.core.pending.push(Pending::Run(strand));
    }

    /// Remembers how far the log went with a write, where the caller wants to miss none of its own.
    fn remember_own(&mut self, reply: &Reply) {
        if reply.position == 0 {
            return;
        }
        let Some(call) = self.desk.calls.get(reply.call) else { return };
        let wire = &self.blueprint.wires[call.wire as usize];
        if wire.reads != Reads::OwnWrites || call.request.verb != Verb::Write {
            return;
        }
        let own = &mut self.desk.routes[wire.out_index as usize].own;
        *own = reply.position.max(*own);
    }

    /// The attempt is no longer outstanding. `kept` says that its connection is as it was before.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn put_down(&mut self, handle: Handle, kept: bool) {
        let Some(mut call) = self.desk.calls.get_mut(handle) else { return };
        if call.ticket == Ticket::Holds {
            self.release_connection(handle, kept);
            let Some(it) = self.desk.calls.get_mut(handle) else { return };
            call = it;
        }
        if let Some(alarm) = call.rest.as_mut().and_then(|it| it.alarm.take()) {
            self.core.queue.discard(alarm);
        }
        let out_index = self.blueprint.wires[call.wire as usize].out_index;
        let route = &mut self.desk.routes[out_index as usize];
        if let Some(target) = call.target.take()
            && let Some(candidate) = route.candidates.get_mut(usize::from(target))
        {
            candidate.outstanding -= 1;
        }
    }

    fn redirected(&mut self, reply: Reply) {
        let members = self.members_behind(reply.call);
        let Some(call) = self.desk.calls.get_mut(reply.call) else { return };
        call.redirects += 1;
        let (redirects, slot, asked) = (call.redirects, call.wire, call.asked);
        let (key, asks) = (call.request.key, reply.outcome == Outcome::Ask);
        let wire = &self.blueprint.wires[slot as usize];
        let to = &self.blueprint.components[wire.to as usize];
        let route = &mut self.desk.routes[wire.out_index as usize];
        let known = match to.switch {
            Switch::Members => {
                let known = reply.leader < members;
                // Whoever is to ask elsewhere once learns nothing from that.
                if known && !asks {
                    route.picker.sent_on(key, reply.leader);
                }
                route.leader =
                    if known { reply.leader } else { (route.leader + 1) % members.max(1) };
                if to.addressing == Addressing::Keyed {
                    call.sent_to = reply.leader;
                }
                if route.picker.copies() > 1 {
                    self.led_by(slot, asked, known.then_some(reply.leader));
                }
                known
            }
            // A replica sends who reads on to the address; whoever has that and does not lead, nowhere.
            _ => to.members.get(usize::from(route.leader)).copied() != asked,
        };
        if redirects > REDIRECTS_MAX || !known {
            if let Some(call) = self.desk.calls.get_mut(reply.call).filter(|_| asks) {
                call.sent_to = u16::MAX;
            }
            return self.attempt_failed(reply.call, reply.outcome);
        }
        if let Some(call) = self.desk.calls.get_mut(reply.call) {
            call.request.attempt &= !Request::ASKING;
            call.request.attempt |= if asks { Request::ASKING } else { 0 };
        }
        self.note_call(reply.call, reply.outcome, true);
        self.attempt(reply.call);
    }

    fn members_behind(&self, call: Handle) -> u16 {
        let Some(call) = self.desk.calls.get(call) else { return 0 };
        let to = self.blueprint.wires[call.wire as usize].to;
        self.blueprint.components[to as usize].servers()
    }

    /// No answer in time: the caller leaves.
    pub(super) fn timed_out(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get(handle) else { return };
        let (wire, request, target, job) = (call.wire, call.request, call.target, call.job);
        if call.ticket == Ticket::Waits {
            return self.gave_up_line(handle);
        }
        self.leave(wire, request, target, job);
        self.put_down(handle, false);
        self.attempt_failed(handle, Outcome::Timeout);
    }

    /// Tries again, or tells the strand.
    pub(super) fn attempt_failed(&mut self, handle: Handle, outcome: Outcome) {
        self.doubt_leader(handle, outcome);
        let members = self.members_behind(handle);
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        let wire = &self.blueprint.wires[call.wire as usize];
        let to = &self.blueprint.components[wire.to as usize];
        let lives =
            matches!(outcome, Outcome::QueueFull | Outcome::NotLeader | Outcome::NoConnection);
        let asks_around = to.addressing == Addressing::Leader && to.switch == Switch::Members;
        if asks_around && !lives && members > 0 {
            // Perhaps another leads by now: the next attempt asks the next member. (One that does
            // not lead has said so, and the belief is mended already.)
            let route = &mut self.desk.routes[wire.out_index as usize];
            if call.request.verb != Verb::Read || wire.reads == Reads::Primary {
                route.leader = (route.leader + 1) % members;
            }
        }
        let mut again = call.retries > 0;
        let mut backoff = wire.patience.backoff;
        // What began under a policy ends by it, even if an edit has taken it away meanwhile.
        if wire.policy.is_some() || call.rest.is_some() {
            match self.fail_by_policy(handle, outcome) {
                Some(next) => (again, backoff) = next,
                None => return,
            }
        }
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        if again {
            call.retries -= 1;
        }
        self.note_call(handle, outcome, again);
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        if again {
            if call.request.is_asking() {
                // It asks whom it believes to have the key.
                (call.sent_to, call.redirects) = (u16::MAX, 0);
                call.request.attempt &= !Request::ASKING;
            }
            call.request.attempt = call.request.attempt.saturating_add(1);
            // A late answer to the old attempt must not end the new one.
            let Some(call) = self.desk.calls.remove(handle) else { return };
            let strand = call.strand;
            let handle = self.desk.calls.insert(call);
            if backoff == Nanos::ZERO {
                return self.attempt(handle);
            }
            self.phase(strand, Some(Phase::Backoff));
            let event = self.inside(Deed::Retry(handle));
            let timer = self.core.queue.add_after(self.core.now, backoff, event);
            if let Some(call) = self.desk.calls.get_mut(handle) {
                call.timer = timer;
            }
            return;
        }
        let (strand, or) = (call.strand, call.or);
        self.desk.calls.discard(handle);
        if or == Or::Fail {
            return self.strand_ended(strand, outcome);
        }
        if let Some(it) = self.desk.strands.get_mut(strand) {
            it.hit = false;
            self.core.pending.push(Pending::Run(strand));
        }
    }

    /// A back-off is over.
    pub(super) fn retry(&mut self, handle: Handle) {
        self.attempt(handle);
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn note_call(&mut self, handle: Handle, outcome: Outcome, again: bool) {
        if !self.core.watched {
            return;
        }
        let Some(call) = self.desk.calls.get(handle) else { return };
        let (member, wire, target) = (self.slot, call.wire, call.asked);
        let (request, sent) = (call.request, call.sent);
        self.trace(request.id, || Step::Over { call: handle, outcome });
        let note = Note::CallEnded { member, wire, target, request, outcome, sent, again };
        self.core.notes.push(note);
    }

    /// Calls to members that have been taken away are no longer outstanding at anybody: should
    /// others come under the same ordinals, these calls are not theirs. Their ends still come, as
    /// a reset or a timeout.
    fn forget_members(&mut self, wire: u32, members: usize) {
        let gone: Vec<_> = self
            .desk
            .calls
            .iter()
            .filter(|(_, it)| it.wire == wire)
            .filter(|(_, it)| it.target.is_some_and(|it| usize::from(it) >= members))
            .map(|it| it.0)
            .collect();
        for handle in gone {
            if let Some(call) = self.desk.calls.get_mut(handle) {
                (call.target, call.job) = (None, None);
            }
        }
    }

    /// Where a wire's rule of choice is another than in an earlier design, it starts anew.
    pub(super) fn change_rules(&mut self, before: &Blueprint<K>) {
        for (index, slot) in self.component.out.iter().enumerate() {
            let picker = &self.blueprint.wires[*slot as usize].picker;
            let was = before.wires.get(*slot as usize).map(|it| hash_of(&it.picker));
            if was.is_some_and(|it| it != hash_of(picker)) {
                self.desk.routes[index].picker.turn_into(picker);
            }
        }
    }

    /// What a fresh caller believes of the members behind each of its wires; what it already
    /// believes stays.
    pub(super) fn route_all(&mut self) {
        for (index, wire) in self.component.out.iter().enumerate() {
            let wire = &self.blueprint.wires[*wire as usize];
            let members = self.blueprint.components[wire.to as usize].members.len();
            let fresh = || Route {
                picker: wire.picker.clone(),
                candidates: Vec::new(),
                leader: 0,
                leaders: Vec::new(),
                turn: 0,
                health: Vec::new(),
                down: 0,
                probing: false,
                ledger: None,
                connections: Vec::new(),
                pool: None,
                own: 0,
                until: Nanos::ZERO,
            };
            if self.desk.routes.len() <= index {
                self.desk.routes.push(fresh());
            }
            if members < self.desk.routes[index].candidates.len() {
                self.forget_members(self.component.out[index], members);
            }
            let route = &mut self.desk.routes[index];
            route.candidates.truncate(members);
            for index in route.candidates.len()..members {
                route.candidates.push(Candidate { index, outstanding: 0, weight: 1 });
            }
            for candidate in &mut route.candidates {
                candidate.weight = wire.weights.of(candidate.index);
            }
            self.check_health(index, members);
        }
    }
}

/// One of the members that are nearest to whoever asks, by turn.
fn one_of_nearest<K: Kinds>(wire: &Wire<K>, members: u16, turn: u32) -> Option<u16> {
    let least = (0..members).map(|it| wire.farther(it)).min();
    let near = || (0..members).filter(|it| Some(wire.farther(*it)) == least);
    near().nth(turn as usize % near().count().max(1))
}
