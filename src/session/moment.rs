//! A world with the design it runs, and how it goes through inputs.

use crate::base::time::Nanos;
use crate::component::{Registry, Spec};
use crate::document::Design;
use crate::document::compile::{CompileError, compile};
use crate::engine::world::Watch;
use crate::engine::{Blueprint, World};

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

/// What a moment is played on with: the run's inputs and seed.
#[derive(Clone, Copy, Debug)]
pub struct Score<'a> {
    /// Everything done to the run, in order.
    pub inputs: &'a [Stamped],
    /// Seed of all randomness.
    pub seed: u64,
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
        seed: u64,
        watch: &mut dyn Watch<Registry>,
    ) -> Result<(), CompileError> {
        match input {
            Input::Fault(fault) => self.world.fault(fault, watch),
            Input::Edit(diff) => {
                let mut design = self.design.clone();
                diff.apply(&mut design);
                let draft = compile(&design, seed)?;
                self.world.edit(Blueprint::build(draft, Some(self.world.blueprint())), watch);
                self.design = design;
            }
        }
        self.inputs += 1;
        Ok(())
    }

    /// Goes on to the goal, inputs included, by at most `budget` events. True if it got there.
    pub fn replay(
        &mut self,
        goal: Goal,
        score: Score,
        budget: u64,
        watch: &mut dyn Watch<Registry>,
    ) -> bool {
        let last = self.world.ordinal().saturating_add(budget);
        while let Some(next) = score.inputs.get(self.inputs) {
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
            if self.apply(&next.input, score.seed, watch).is_err() {
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
