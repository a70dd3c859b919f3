//! One run: a base design, a seed and inputs; its newest world, its past, and a cursor in it.

use crate::base::time::Nanos;
use crate::component::{Registry, Spec};
use crate::document::Design;
use crate::document::compile::{CompileError, compile};
use crate::engine::recorder::Recorder;
use crate::engine::world::{Unwatched, Watch};
use crate::engine::{Blueprint, World};

use super::protocol::{Input, Stamped};

/// Events between snapshots: what seeking has to replay at most, near the newest.
const SNAPSHOT_EVENTS: u64 = 100_000;
/// Snapshots kept; older ones are thinned out.
const SNAPSHOTS_MAX: usize = 12;

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

/// A moment to come back to.
#[derive(Clone, Debug)]
struct Snapshot {
    scene: Moment,
    recorder: Recorder<Registry>,
}

/// The run.
#[derive(Clone, Debug)]
pub struct Run {
    seed: u64,
    /// The end of the warm-up.
    pub zero: Nanos,
    /// The newest moment known.
    pub head: Moment,
    /// What was recorded up to it.
    pub recorder: Recorder<Registry>,
    /// Everything done to it, in order; beyond the head: still to come.
    pub inputs: Vec<Stamped>,
    /// The past being looked at.
    past: Option<Moment>,
    snapshots: Vec<Snapshot>,
}

fn sample(world: &World<Registry>, component: u32) -> Vec<f64> {
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

impl Moment {
    /// Applies an input, now. An edit that does not compile changes nothing.
    fn apply(
        &mut self,
        input: &Input,
        seed: u64,
        watch: &mut impl Watch<Registry>,
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

    /// Goes on to a moment or an event, whichever comes first, inputs included.
    fn replay(
        &mut self,
        goal: Goal,
        inputs: &[Stamped],
        seed: u64,
        watch: &mut impl Watch<Registry>,
    ) {
        while let Some(next) = inputs.get(self.inputs) {
            let beyond = match goal {
                Goal::At(at) => next.at > at,
                Goal::Ordinal(ordinal) => next.ordinal > ordinal,
            };
            if beyond {
                break;
            }
            let events = next.ordinal.saturating_sub(self.world.ordinal());
            self.world.run(next.at, events, watch);
            // It compiled when it was first applied to this very design.
            if self.apply(&next.input, seed, watch).is_err() {
                self.inputs += 1;
            }
        }
        match goal {
            Goal::At(at) => _ = self.world.run(at, u64::MAX, watch),
            Goal::Ordinal(ordinal) => {
                let events = ordinal.saturating_sub(self.world.ordinal());
                if events > 0 {
                    self.world.run(Nanos::MAX, events, watch);
                }
            }
        }
    }
}

/// Where to go.
#[derive(Clone, Copy, Debug)]
enum Goal {
    At(Nanos),
    Ordinal(u64),
}

impl Run {
    /// Compiles a design and runs the warm-up.
    pub fn open(
        design: Design,
        seed: u64,
        zero: Nanos,
        inputs: Vec<Stamped>,
    ) -> Result<Self, CompileError> {
        let draft = compile(&design, seed)?;
        let world = World::new(Blueprint::build(draft, None));
        let head = Moment { world, design, inputs: 0 };
        let recorder = Recorder::new(zero, sample);
        let snapshots = Vec::new();
        let mut run = Self { seed, zero, head, recorder, inputs, past: None, snapshots };
        run.keep_snapshot();
        run.advance(zero, u64::MAX);
        run.keep_snapshot();
        Ok(run)
    }

    /// What is being looked at: the past, or the newest.
    pub fn shown(&self) -> &Moment {
        self.past.as_ref().unwrap_or(&self.head)
    }

    /// From the cursor to the newest moment known.
    pub fn left(&self) -> Nanos {
        self.head.world.now() - self.shown().world.now()
    }

    /// Whether the past is being looked at.
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// Goes on from the cursor by a span of simulated time, through known ground first. Stops
    /// early after `budget` new events; true if it got all the way.
    pub fn advance(&mut self, span: Nanos, budget: u64) -> bool {
        let target = self.shown().world.now().saturating_add(span);
        if self.past.is_some() {
            self.seek(target);
            if self.past.is_some() {
                return true;
            }
        }
        let last = self.head.world.ordinal().saturating_add(budget);
        loop {
            let ordinal = self.head.world.ordinal();
            if ordinal >= last {
                return false;
            }
            let next = self.inputs.get(self.head.inputs).cloned().filter(|it| it.at <= target);
            let until = next.as_ref().map_or(target, |it| it.at);
            let to_input = next.as_ref().map_or(u64::MAX, |it| it.ordinal.saturating_sub(ordinal));
            let events = SNAPSHOT_EVENTS.min(last - ordinal).min(to_input);
            let reached = self.head.world.run(until, events, &mut self.recorder);
            let due = self.snapshots.last().map_or(0, |it| it.scene.world.ordinal());
            if self.head.world.ordinal() - due >= SNAPSHOT_EVENTS {
                self.keep_snapshot();
            }
            match next {
                Some(next) if reached || self.head.world.ordinal() >= next.ordinal => {
                    let done = self.head.apply(&next.input, self.seed, &mut self.recorder);
                    self.head.inputs += usize::from(done.is_err());
                }
                _ if reached => return true,
                _ => {}
            }
        }
    }

    /// Shows the moment `at`, or the newest if that is earlier.
    pub fn seek(&mut self, at: Nanos) {
        if at >= self.head.world.now() {
            self.past = None;
            return;
        }
        let near = |it: &World<Registry>| it.now() <= at;
        self.go(Goal::At(at), near);
    }

    /// Shows the run as it was after so many events, or the newest if there are fewer.
    pub fn seek_ordinal(&mut self, ordinal: u64) {
        if ordinal >= self.head.world.ordinal() {
            self.past = None;
            return;
        }
        self.go(Goal::Ordinal(ordinal), |it| it.ordinal() <= ordinal);
    }

    fn go(&mut self, goal: Goal, near: impl Fn(&World<Registry>) -> bool) {
        let from = self.snapshots.iter().rev().find(|it| near(&it.scene.world));
        let Some(from) = from.or(self.snapshots.first()) else { return };
        let past = self
            .past
            .take()
            .filter(|it| near(&it.world) && it.world.ordinal() >= from.scene.world.ordinal());
        let mut past = past.unwrap_or_else(|| from.scene.clone());
        past.replay(goal, &self.inputs, self.seed, &mut Unwatched);
        self.past = Some(past);
    }

    /// Goes some events on or back.
    pub fn step(&mut self, events: i64) {
        let ordinal = self.shown().world.ordinal();
        if events < 0 {
            return self.seek_ordinal(ordinal.saturating_sub(events.unsigned_abs()));
        }
        let target = ordinal.saturating_add(events.unsigned_abs());
        if self.past.is_some() {
            self.seek_ordinal(target);
        }
        if self.past.is_none() {
            let left = target.saturating_sub(self.head.world.ordinal());
            // An hour without an event is long enough.
            self.advance(Nanos::seconds(3600), left);
        }
    }

    /// Shows the newest moment known.
    pub fn latest(&mut self) {
        self.past = None;
    }

    /// Does something at the cursor. True if that was in the past: then what came after it is
    /// gone, and another future begins.
    pub fn act(&mut self, input: Input) -> Result<bool, CompileError> {
        if let Input::Edit(diff) = &input {
            let mut design = self.shown().design.clone();
            diff.apply(&mut design);
            compile(&design, self.seed)?;
        }
        let branches = self.past.is_some();
        if let Some(past) = self.past.take() {
            self.branch_at(&past);
        }
        let (at, ordinal) = (self.head.world.now(), self.head.world.ordinal());
        self.inputs.truncate(self.head.inputs);
        self.inputs.push(Stamped { at, ordinal, input: input.clone() });
        self.head.apply(&input, self.seed, &mut self.recorder)?;
        Ok(branches)
    }

    /// Makes a moment of the past the newest, recorded as it was then.
    fn branch_at(&mut self, past: &Moment) {
        let ordinal = past.world.ordinal();
        self.snapshots.retain(|it| it.scene.world.ordinal() <= ordinal);
        let Some(from) = self.snapshots.last().cloned() else { return };
        let (mut head, mut recorder) = (from.scene, from.recorder);
        self.inputs.truncate(past.inputs);
        head.replay(Goal::Ordinal(ordinal), &self.inputs, self.seed, &mut recorder);
        head.replay(Goal::At(past.world.now()), &self.inputs, self.seed, &mut recorder);
        debug_assert_eq!(head.world.state_hash(), past.world.state_hash());
        (self.head, self.recorder) = (head, recorder);
    }

    fn keep_snapshot(&mut self) {
        let (scene, recorder) = (self.head.clone(), self.recorder.clone());
        self.snapshots.push(Snapshot { scene, recorder });
        if self.snapshots.len() <= SNAPSHOTS_MAX {
            return;
        }
        // The one goes that leaves the smallest gap for its age; the first and the last stay.
        let ordinal = |it: usize| self.snapshots[it].scene.world.ordinal();
        let newest = ordinal(self.snapshots.len() - 1);
        let cost = |it: &usize| {
            let gap = ordinal(it + 1) - ordinal(it - 1);
            gap.saturating_mul(1_000) / (newest - ordinal(*it) + SNAPSHOT_EVENTS)
        };
        if let Some(least) = (1..self.snapshots.len() - 1).min_by_key(cost) {
            self.snapshots.remove(least);
        }
    }
}
