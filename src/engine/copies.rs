//! Callers of stores whose keys lie at several members each: one of those leads, and the caller believes
//! which. The picker says which group of members has a key; groups lie one after the other.

use crate::base::slab::Handle;

use super::blueprint::Reads;
use super::context::Context;
use super::desk::Route;
use super::event::{Outcome, Request, Verb};
use super::{Kinds, Picker};

impl<P: Picker> Route<P> {
    /// Believes that this member leads those that have the same keys.
    fn leads(&mut self, member: u16, copies: u16) {
        let group = usize::from(member / copies);
        if self.leaders.len() <= group {
            self.leaders.resize(group + 1, 0);
        }
        self.leaders[group] = member % copies;
    }
}

impl<K: Kinds> Context<'_, K> {
    /// Of the members that have the same keys, the one to ask.
    pub(super) fn of_copies(
        &mut self,
        wire: u32,
        request: &Request,
        group: u16,
        copies: u16,
    ) -> u16 {
        let wire = &self.blueprint.wires[wire as usize];
        let route = &mut self.desk.routes[wire.out_index as usize];
        let leader = route.leaders.get(usize::from(group)).copied().unwrap_or(0) % copies;
        let mut turn = |of: u16| {
            route.turn = route.turn.wrapping_add(1);
            (route.turn % u32::from(of)) as u16
        };
        let member = match wire.reads {
            _ if request.verb != Verb::Read => leader,
            // Each group has a log of its own: only who leads it is sure to have a caller's own writes.
            Reads::Primary | Reads::OwnWrites => leader,
            Reads::Replicas | Reads::Asynchronous => {
                let turn = turn(copies - 1);
                turn + u16::from(turn >= leader)
            }
            Reads::Sticky => ((self.slot + u32::from(request.attempt)) % u32::from(copies)) as u16,
            Reads::Any | Reads::Nearest => turn(copies),
        };
        group * copies + member
    }

    /// An attempt has failed: if nobody has answered, perhaps another of those that have the key leads by now.
    pub(super) fn doubt_leader(&mut self, handle: Handle, outcome: Outcome) {
        let Some(call) = self.desk.calls.get_mut(handle) else { return };
        let (wire, asked) = (call.wire, call.asked);
        let out = self.blueprint.wires[wire as usize].out_index as usize;
        if self.desk.routes[out].picker.copies() > 1 {
            // The next attempt asks whom the caller believes in by then.
            (call.redirects, call.sent_to) = (0, u16::MAX);
            if !matches!(outcome, Outcome::QueueFull | Outcome::NotLeader | Outcome::NoConnection) {
                self.led_by(wire, asked, None);
            }
        }
    }

    /// Whoever was asked over a wire does not lead: it has named who does, or the next one is asked.
    pub(super) fn led_by(&mut self, wire: u32, asked: Option<u32>, named: Option<u16>) {
        let wire = &self.blueprint.wires[wire as usize];
        let route = &mut self.desk.routes[wire.out_index as usize];
        let copies = route.picker.copies();
        let asked = asked.map(|it| self.blueprint.members[it as usize].1);
        let next = |it: u16| it / copies * copies + (it + 1) % copies;
        // Who is no longer believed to lead has been replaced in this belief already.
        let believed = |it: &u16| {
            let leader = route.leaders.get(usize::from(it / copies)).copied().unwrap_or(0);
            leader == it % copies
        };
        if let Some(it) = named.or_else(|| asked.filter(believed).map(next)) {
            route.leads(it, copies);
        }
    }
}
