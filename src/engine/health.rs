//! Health checks: a caller asks each of those it may call, again and again, whether they are there,
//! and passes over who did not answer. Thresholds as in HAProxy (`fall`, `rise`) and nginx.
//!
//! A probe travels like any message, and is answered by the host beside the waiting line, as a
//! connection or a health port of its own is: an overloaded member is up, a dead or unreachable one
//! is not.

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::Kinds;
use super::context::{Context, purpose};
use super::event::{Address, Deed, Event, Via};

/// How a caller checks those behind a wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthCheck {
    /// Time from one probe of a member to the next.
    pub interval: Nanos,
    /// How long a probe may take.
    pub timeout: Nanos,
    /// So many failed probes in a row, and the member counts as down.
    pub fall: u32,
    /// So many good ones in a row, and it counts as up again.
    pub rise: u32,
}

/// What a caller knows of a member's health; up until probes say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    /// Whether it counts as down.
    pub down: bool,
    /// Probes in a row that said the opposite.
    pub streak: u32,
    /// Probes sent.
    pub number: u32,
    /// The timeout of the last probe, as long as that is open.
    pub open: Option<Handle>,
}

/// One question, and its answer's way back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Who asks: the member's slot.
    pub caller: u32,
    /// Who is asked: the member's slot.
    pub asked: u32,
    /// Over which wire.
    pub wire: u32,
    /// Which probe of this member.
    pub number: u32,
}

crate::stable! {
    HealthCheck { interval, timeout, fall, rise }
    Health { down, streak, number, open }
    Probe { caller, asked, wire, number }
}

impl Health {
    /// Takes in how a probe ended.
    fn learn(&mut self, good: bool, check: &HealthCheck) {
        self.open = None;
        if good != self.down {
            self.streak = 0;
            return;
        }
        self.streak += 1;
        if self.streak >= if good { check.rise } else { check.fall } {
            (self.down, self.streak) = (!self.down, 0);
        }
    }
}

impl<K: Kinds> Context<'_, K> {
    /// Begins, goes on with or ends the checks behind the wire at this position.
    pub(super) fn check_health(&mut self, index: usize, members: usize) {
        let slot = self.component.out[index];
        let wire = &self.blueprint.wires[slot as usize];
        let route = &mut self.desk.routes[index];
        let Some(check) = wire.health.filter(|_| wire.alive) else {
            route.down = 0;
            return route.health.clear();
        };
        route.health.resize(members, Health::default());
        route.down = route.health.iter().filter(|it| it.down).count() as u32;
        if !std::mem::replace(&mut route.probing, true) {
            self.probe_after(check.interval, slot);
        }
    }

    fn probe_after(&mut self, interval: Nanos, wire: u32) {
        let event = self.inside(Deed::ProbeDue(wire));
        self.core.add_after(interval, true, event);
    }

    /// Probes everybody behind a wire whose last probe has ended.
    pub(super) fn probe_due(&mut self, slot: u32) {
        let wire = &self.blueprint.wires[slot as usize];
        let index = wire.out_index as usize;
        let Some(check) = wire.health.filter(|_| wire.alive) else {
            self.desk.routes[index].probing = false;
            return;
        };
        let members = &self.blueprint.components[wire.to as usize].members;
        for (ordinal, asked) in members.iter().enumerate() {
            let known = &self.desk.routes[index].health[ordinal];
            if known.open.is_some() {
                continue;
            }
            let (caller, number) = (self.slot, known.number + 1);
            let probe = Probe { caller, asked: *asked, wire: slot, number };
            let event = self.inside(Deed::ProbeLost(probe));
            let open = self.core.queue.add_after(self.core.now, check.timeout, event);
            let known = &mut self.desk.routes[index].health[ordinal];
            (known.number, known.open) = (number, Some(open));
            self.carry_probe(probe, Via::Forth(slot), Deed::Probe(probe));
        }
        self.probe_after(check.interval, slot);
    }

    /// The host says whether anybody is there.
    pub(super) fn answer_probe(&mut self, probe: Probe, good: bool) {
        self.carry_probe(probe, Via::Back(probe.wire), Deed::Probed(probe, good));
    }

    fn carry_probe(&mut self, probe: Probe, via: Via, deed: Deed<K>) {
        let forth = matches!(via, Via::Forth(_));
        let to = if forth { probe.asked } else { probe.caller };
        if self.core.cuts.stops(self.slot, to, via) {
            return;
        }
        let wire = &self.blueprint.wires[probe.wire as usize];
        let ordinal = |slot: u32| u64::from(self.blueprint.members[slot as usize].1);
        let draw = ordinal(probe.caller) << 48 | ordinal(probe.asked) << 32;
        let purpose = if forth { purpose::PROBE } else { purpose::PROBE + 1 };
        let bits = wire.stream.bits(draw | u64::from(probe.number), purpose);
        let called = ordinal(probe.asked) as u16;
        let mut delay = wire.delay(bits).saturating_add(wire.farther(called));
        let troubled = !self.core.cuts.troubles.is_empty();
        if troubled {
            let bits = wire.stream.bits(draw | u64::from(probe.number), purpose + purpose::LOSS);
            delay = delay.saturating_add(self.trouble(to, via, wire.mean_delay(), bits));
        }
        let to = Address { slot: to, incarnation: self.core.lives[to as usize].0 };
        let event = Event { to, deed, via, sent: self.core.now };
        self.core.add_after(delay, wire.link.latency.is_constant() && !troubled, event);
    }

    /// A probe has ended: with an answer, or without one in time.
    pub(super) fn probed(&mut self, probe: Probe, answer: Option<bool>) {
        let wire = &self.blueprint.wires[probe.wire as usize];
        let members = &self.blueprint.components[wire.to as usize].members;
        let Some(ordinal) = members.iter().position(|it| *it == probe.asked) else { return };
        let route = &mut self.desk.routes[wire.out_index as usize];
        let (Some(known), Some(check)) = (route.health.get_mut(ordinal), &wire.health) else {
            return;
        };
        let Some(timer) = known.open.filter(|_| known.number == probe.number) else { return };
        if answer.is_some() {
            self.core.queue.discard(timer);
        }
        route.down -= u32::from(known.down);
        known.learn(answer == Some(true), check);
        route.down += u32::from(known.down);
    }
}
