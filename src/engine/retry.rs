//! A wire's policy at work: what a caller with one does when it calls, when an answer comes, and
//! when none does. Callers without a policy never come here.

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::blueprint::Patience;
use super::context::{Context, Parcel, purpose};
use super::desk::{OutCall, Rest};
use super::event::{Deed, Outcome, Request, Verb};
use super::policy::{Hedge, Ledger, Policy};
use super::trace::Step;
use super::{Addressing, Kinds, Picker};

impl<K: Kinds> Context<'_, K> {
    /// How long the longest of this member's own calls can take, all attempts and pauses together,
    /// where it is as patient as this.
    pub fn longest(&self, patience: &Patience) -> Nanos {
        // One attempt takes as long under every policy.
        if patience.retries == 0 {
            return patience.timeout;
        }
        let wires = self.component.out.iter().map(|it| &self.blueprint.wires[*it as usize]);
        let policies = wires.filter(|it| it.alive).map(|it| it.policy.unwrap_or(Policy::NONE));
        let all = policies.map(|it| it.longest(patience)).max();
        all.unwrap_or_else(|| Policy::NONE.longest(patience))
    }

    fn policy(&self, wire: u32) -> Option<Policy> {
        self.blueprint.wires[wire as usize].policy
    }

    fn ledger(&mut self, wire: u32) -> &mut Ledger {
        let index = self.blueprint.wires[wire as usize].out_index as usize;
        self.desk.routes[index].ledger.get_or_insert_default()
    }

    /// A call is made: it earns retries.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn begin_by_policy(&mut self, wire: u32) -> Option<Box<Rest>> {
        let policy = self.policy(wire)?;
        let now = self.core.now;
        if let Some(budget) = policy.budget {
            self.ledger(wire).purse.earn(&budget, now);
        }
        Some(Box::default())
    }

    /// Whether the request's deadline has passed, for a caller that goes by it.
    pub(super) fn is_too_late(&self, wire: u32, request: &Request) -> bool {
        self.policy(wire).is_some_and(|it| it.deadline) && request.deadline <= self.core.now
    }

    /// Somebody else is asked after a while, if the policy says so: of reads only, since two answers
    /// to a write are two writes.
    pub(super) fn set_hedge(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get(handle) else { return };
        let (wire, request) = (call.wire, call.request);
        let alone = call.rest.as_ref().is_none_or(|it| it.twin.is_some());
        let Some(hedge) = self.policy(wire).and_then(|it| it.hedge) else { return };
        if alone || request.verb != Verb::Read || request.is_hedge() {
            return;
        }
        let Some(after) = self.ledger(wire).answers.hedge_after(&hedge) else { return };
        let event = self.inside(Deed::Hedge(handle));
        let now = self.core.now;
        let alarm = match hedge {
            Hedge::After(_) => self.core.queue.add_after(now, after, event),
            Hedge::Percentile(_) => self.core.queue.add(now.saturating_add(after), event),
        };
        if let Some(rest) = self.desk.calls.get_mut(handle).and_then(|it| it.rest.as_mut()) {
            rest.alarm = Some(alarm);
        }
    }

    /// No answer for so long: somebody else is asked too, if there is anybody and it can be paid.
    pub(super) fn hedge(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        let Some(rest) = call.rest.as_mut() else { return };
        rest.alarm = None;
        let call = call.clone();
        let Some(policy) = self.policy(call.wire) else { return };
        let Some(target) = self.choose_another(&call) else { return };
        let now = self.core.now;
        if !self.has_spare(call.wire)
            || policy.budget.is_some_and(|it| !self.ledger(call.wire).purse.spend(&it, now))
        {
            return;
        }
        let ticket = self.take_spare(call.wire);
        let attempt = call.request.earlier() | Request::HEDGE;
        let request = Request { attempt, ..call.request };
        let rest = Rest { twin: Some(handle), ..Rest::default() };
        let (job, asked, sent) = (None, None, now);
        let rest = Some(Box::new(rest));
        let twin =
            OutCall { request, target: None, asked, job, sent, rest, retries: 0, ticket, ..call };
        let twin = self.desk.calls.insert(twin);
        if let Some(rest) = self.desk.calls.get_mut(handle).and_then(|it| it.rest.as_mut()) {
            rest.twin = Some(twin);
        }
        self.ask(twin, target);
    }

    /// Another member than the one that has been asked.
    fn choose_another(&mut self, call: &OutCall) -> Option<u16> {
        let wire = &self.blueprint.wires[call.wire as usize];
        let to = &self.blueprint.components[wire.to as usize];
        if !wire.alive || to.servers() < 2 {
            return None;
        }
        if to.addressing != Addressing::Any {
            let picked = self.choose(call.wire, &call.request, false, u16::MAX);
            return picked.filter(|it| Some(*it) != call.target);
        }
        let route = &mut self.desk.routes[wire.out_index as usize];
        let not_asked = |index: usize| call.target.is_none_or(|it| usize::from(it) != index);
        let first = to.first_in_reserve();
        let others: Vec<_> =
            route.offered(first).filter(|it| not_asked(it.index)).copied().collect();
        let purpose = purpose::PICK + u64::from(call.request.attempt | Request::HEDGE);
        let draw = wire.stream.bits(call.request.id, purpose);
        route.picker.pick(&others, call.request.key, draw).map(|it| it as u16)
    }

    /// An answer has come: it is one more to go by, and whoever else was asked is told to leave it.
    pub(super) fn answered_by_policy(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get(handle) else { return };
        let twin = call.rest.as_ref().and_then(|it| it.twin);
        // From when the first of the two was asked.
        let first = twin.and_then(|it| self.desk.calls.get(it)).map_or(call.sent, |it| it.sent);
        let (wire, span) = (call.wire, self.core.now.saturating_sub(first.min(call.sent)));
        if let Some(hedge) = self.policy(wire).and_then(|it| it.hedge) {
            self.ledger(wire).answers.add(span, &hedge);
        }
        if let Some(twin) = twin {
            self.call_off(twin);
        }
    }

    /// The other of two calls has been answered first.
    fn call_off(&mut self, handle: Handle) {
        let Some(call) = self.desk.calls.get(handle) else { return };
        let (wire, request, target, job) = (call.wire, call.request, call.target, call.job);
        self.core.queue.discard(call.timer);
        self.put_down(handle, false);
        self.desk.calls.discard(handle);
        self.trace(request.id, || Step::Over { call: handle, outcome: Outcome::Reset });
        self.leave(wire, request, target, job);
    }

    /// Tells whoever was asked that nobody waits for the answer any more.
    pub(super) fn leave(
        &mut self,
        wire: u32,
        request: Request,
        target: Option<u16>,
        job: Option<Handle>,
    ) {
        let (Some(target), Some(job)) = (target, job) else { return };
        let to = self.blueprint.wires[wire as usize].to;
        let members = &self.blueprint.components[to as usize].members;
        if let Some(slot) = members.get(usize::from(target)).copied() {
            self.transmit(slot, wire, Parcel::Cancel(job), request, None);
        }
    }

    /// An attempt has failed. Whether there is another, and the pause before it; nothing if somebody
    /// else has been asked already, and is waited for.
    pub(super) fn fail_by_policy(
        &mut self,
        handle: Handle,
        outcome: Outcome,
    ) -> Option<(bool, Nanos)> {
        let now = self.core.now;
        let call = self.desk.calls.get(handle)?;
        let (wire, request, retries) = (call.wire, call.request, call.retries);
        let before = call.rest.as_ref().map_or(Nanos::ZERO, |it| it.pause);
        let twin = call.rest.as_ref().and_then(|it| it.twin);
        let wire_of = &self.blueprint.wires[wire as usize];
        if let Some(twin) = twin.filter(|it| self.desk.calls.get(*it).is_some()) {
            self.note_call(handle, outcome, true);
            self.desk.calls.remove(handle);
            let twin = self.desk.calls.get_mut(twin)?;
            twin.retries = twin.retries.max(retries);
            twin.rest.as_mut()?.twin = None;
            return None;
        }
        let base = wire_of.patience.backoff;
        let Some(policy) = wire_of.policy else { return Some((retries > 0, base)) };
        let purpose = purpose::PAUSE + (u64::from(request.attempt) << 4) + request.verb as u64;
        let bits = wire_of.stream.bits(request.id, purpose);
        let pause = policy.pause(base, u32::from(request.earlier()), before, bits);
        let in_time = !policy.deadline || now.saturating_add(pause) < request.deadline;
        let again = retries > 0
            && in_time
            && policy.budget.is_none_or(|it| self.ledger(wire).purse.spend(&it, now));
        let rest = self.desk.calls.get_mut(handle)?.rest.get_or_insert_default();
        (rest.pause, rest.twin) = (pause, None);
        Some((again, pause))
    }
}
