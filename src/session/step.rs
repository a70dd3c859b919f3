//! Stepping to what can be seen: the next delivery or change of state at a component, of a request,
//! or anywhere.

use crate::component::{Registry, Standing};
use crate::engine::World;
use crate::engine::event::{Deed, Event};

use super::moment::Moment;
use super::protocol::Whom;
use super::run::Run;

/// Events one step may take.
const STEP_MAX: u32 = 50_000;

impl Run {
    /// Goes some events on or back.
    pub fn step(&mut self, events: i64) {
        self.arrive_there();
        let ordinal = self.shown().world.ordinal();
        if events < 0 {
            return self.seek_ordinal(ordinal.saturating_sub(events.unsigned_abs()));
        }
        let target = ordinal.saturating_add(events.unsigned_abs());
        if self.past.is_some() {
            self.seek_ordinal(target);
        }
        while self.past.is_none() && self.head.world.ordinal() < target {
            // Where nothing is due any more, there is nowhere to go.
            let due = self.inputs.get(self.head.inputs).map(|it| it.at);
            let next = self.head.world.next_at().into_iter().chain(due).min();
            let (Some(next), None) = (next, &self.stopped) else { return };
            let before = (self.head.world.ordinal(), self.head.inputs, self.head.world.now());
            let left = target - self.head.world.ordinal();
            self.advance(next.saturating_sub(self.head.world.now()), left);
            let after = (self.head.world.ordinal(), self.head.inputs, self.head.world.now());
            if before == after || self.hit.is_some() {
                return;
            }
        }
    }

    /// Goes on to the next delivery or change of state that can be seen there, by at most so many
    /// events as a step may take.
    pub fn step_to(&mut self, whom: &Whom) {
        self.arrive_there();
        let component = match whom {
            Whom::Component(id) => self.shown().world.blueprint().component(id),
            Whom::Anything | Whom::Request(_) => None,
        };
        if matches!(whom, Whom::Component(_)) && component.is_none() {
            return;
        }
        for _ in 0..STEP_MAX {
            let (before, ordinal) = (self.states(component), self.shown().world.ordinal());
            let moment = self.past.as_mut().map_or(&mut self.head, |it| &mut it.scene);
            let seen = is_seen(moment, whom, component);
            self.step(1);
            let done = self.shown().world.ordinal() == ordinal;
            if seen || done || before != self.states(component) {
                return;
            }
        }
    }

    /// What can be seen of a component's members besides messages.
    fn states(&self, component: Option<u32>) -> Vec<(bool, Standing)> {
        let world = &self.shown().world;
        let Some(component) = component else { return Vec::new() };
        let members = world.blueprint().components[component as usize].members.iter();
        let standing = |it: u32| world.member(it).state.as_ref().map(|it| it.standing());
        members.map(|it| (world.is_up(*it), standing(*it).unwrap_or_default())).collect()
    }
}

/// Whether what comes next can be seen there.
fn is_seen(moment: &mut Moment, whom: &Whom, component: Option<u32>) -> bool {
    let Some((to, deed)) =
        moment.world.upcoming().map(|Event { to, deed, .. }| (to.slot, deed.clone()))
    else {
        return false;
    };
    let delivery = matches!(deed, Deed::Call(_) | Deed::Reply(_) | Deed::Message(..));
    match whom {
        Whom::Anything => delivery,
        Whom::Component(_) => {
            let there = component == Some(moment.world.blueprint().members[to as usize].0);
            there && (delivery || matches!(deed, Deed::WorkDone(_)))
        }
        Whom::Request(request) => concerns(&moment.world, to, &deed) == Some(*request),
    }
}

/// The request an event is about.
fn concerns(world: &World<Registry>, to: u32, deed: &Deed<Registry>) -> Option<u64> {
    let desk = &world.member(to).desk;
    match deed {
        Deed::Call(call) => Some(call.request.id),
        Deed::Reply(reply) => desk.calls.get(reply.call).map(|it| it.request.id),
        Deed::Timeout(call) | Deed::Retry(call) => desk.calls.get(*call).map(|it| it.request.id),
        Deed::Cancel(job) => desk.jobs.get(*job).map(|it| it.request.id),
        Deed::WorkDone(strand) => {
            let job = desk.strands.get(*strand)?.job;
            desk.jobs.get(job).map(|it| it.request.id)
        }
        _ => None,
    }
}
