//! A world with the design it runs, and how it goes through inputs.

use crate::base::time::Nanos;
use crate::component::{Registry, Spec};
use crate::document::Design;
use crate::document::compile::{CompileError, compile};
use crate::engine::blueprint::Wire;
use crate::engine::world::Watch;
use crate::engine::{Blueprint, Via, World};

use super::protocol::{Input, Stamped};

/// A world with the design it runs.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The world.
    pub world: World<Registry>,
    /// The design as it is then, edits included.
    pub design: Design,
    /// How many of the run's inputs have been applied.
    pub inputs: usize,
}

/// Where to go.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// To a moment.
    At(Nanos),
    /// To the state after so many events.
    Ordinal(u64),
}

impl Moment {
    /// A compiled design before anything has happened.
    pub fn new(design: Design, seed: u64) -> Result<Self, CompileError> {
        let world = World::new(Blueprint::build(compile(&design, seed)?, None));
        Ok(Self { world, design, inputs: 0 })
    }

    /// Applies an input, now. An edit that does not compile changes nothing.
    pub fn apply(
        &mut self,
        input: &Input,
        watch: &mut dyn Watch<Registry>,
    ) -> Result<(), CompileError> {
        match input {
            Input::Fault(fault) => self.world.fault(fault, watch),
            Input::Edit(diff) => {
                let mut design = self.design.clone();
                diff.apply(&mut design);
                let draft = compile(&design, self.world.blueprint().seed)?;
                self.world.edit(Blueprint::build(draft, Some(self.world.blueprint())), watch);
                self.design = design;
            }
            Input::Seed(seed) => self.world.reseed(*seed, watch),
        }
        self.inputs += 1;
        Ok(())
    }

    /// Does the next thing, an input or an event, if it is due by `until`; without one, goes on to
    /// `until` itself. True if `until` was reached.
    pub fn go_one(
        &mut self,
        until: Nanos,
        inputs: &[Stamped],
        watch: &mut dyn Watch<Registry>,
    ) -> bool {
        let Some(next) = inputs.get(self.inputs).filter(|it| it.at <= until) else {
            return run_one(&mut self.world, until, watch);
        };
        if self.world.ordinal() < next.ordinal {
            run_one(&mut self.world, next.at, watch);
            return false;
        }
        let look = watch.next_look();
        self.world.run(next.at, 0, watch);
        if watch.next_look() == look && self.apply(&next.input, watch).is_err() {
            self.inputs += 1;
        }
        false
    }

    /// Goes on to the goal, through the run's inputs, by at most `budget` events. True if it got
    /// there.
    pub fn replay(
        &mut self,
        goal: Goal,
        inputs: &[Stamped],
        budget: u64,
        watch: &mut dyn Watch<Registry>,
    ) -> bool {
        let last = self.world.ordinal().saturating_add(budget);
        while let Some(next) = inputs.get(self.inputs) {
            let beyond = match goal {
                Goal::At(at) => next.at > at,
                Goal::Ordinal(ordinal) => next.ordinal > ordinal,
            };
            if beyond {
                break;
            }
            let events = next.ordinal.min(last).saturating_sub(self.world.ordinal());
            self.world.run(next.at, events, watch);
            if self.world.ordinal() < next.ordinal && self.world.ordinal() >= last {
                return false;
            }
            // It compiled when it was first applied to this very design.
            if self.apply(&next.input, watch).is_err() {
                self.inputs += 1;
            }
        }
        match goal {
            Goal::At(at) => self.world.run(at, last - self.world.ordinal(), watch),
            Goal::Ordinal(ordinal) => {
                let events = ordinal.min(last).saturating_sub(self.world.ordinal());
                if events > 0 {
                    self.world.run(Nanos::MAX, events, watch);
                }
                self.world.ordinal() >= ordinal
            }
        }
    }
}

/// Handles the next event if it is due by `until`, and nothing else; without one, goes on to `until`
/// itself. True if `until` was reached.
pub fn run_one(world: &mut World<Registry>, until: Nanos, watch: &mut dyn Watch<Registry>) -> bool {
    match world.next_at().filter(|it| *it <= until) {
        Some(at) => {
            world.run(at, 1, watch);
            false
        }
        None => world.run(until, 0, watch),
    }
}

/// Whether a component and whoever calls it are up and as fast as they should be, and hear each other.
pub(super) fn is_well(world: &World<Registry>, slot: u32, hops: u8) -> bool {
    let blueprint = world.blueprint();
    let members = &blueprint.components[slot as usize].members;
    let well = |it: &u32| {
        let desk = &world.member(*it).desk;
        world.is_up(*it) && desk.slow == 1.0 && desk.gray.is_none()
    };
    let heard = |(index, wire): (usize, &Wire<Registry>)| {
        let (forth, back) = (Via::Forth(index as u32), Via::Back(index as u32));
        let hears = |from: u32| {
            let parted = |to: &u32| world.stops(from, *to, forth) || world.stops(*to, from, back);
            !members.iter().any(parted)
        };
        let callers = &blueprint.components[wire.from as usize].members;
        callers.iter().all(|it| hears(*it)) && (hops == 0 || is_well(world, wire.from, hops - 1))
    };
    let wires = blueprint.wires.iter().enumerate();
    let mut calls = wires.filter(|it| it.1.alive && it.1.to == slot);
    members.iter().all(well) && calls.all(heard)
}

/// How the recorder samples a component's gauges.
pub fn sample(world: &World<Registry>, component: u32) -> Vec<f64> {
    let component = &world.blueprint().components[component as usize];
    let Some(spec) = component.spec.as_ref().filter(|it| !it.about().gauges.is_empty()) else {
        return Vec::new();
    };
    gauges(world, &component.members, spec)
}

/// The kind's gauges at this moment.
pub fn gauges(world: &World<Registry>, members: &[u32], spec: &Spec) -> Vec<f64> {
    let state = |it: &u32| world.member(*it).state.as_ref().filter(|_| world.is_up(*it));
    let states: Vec<_> = members.iter().map(state).collect();
    spec.gauges(&states, world.now())
}
