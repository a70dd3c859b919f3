//! One run: a base design, a seed and inputs; its newest world, its past, and a cursor in it.

use std::sync::Arc;

use crate::base::candidate::Candidate;
use crate::base::english::Text;
use crate::base::time::Nanos;
use crate::component::{Registry, State};
use crate::document::Design;
use crate::document::compile::{CompileError, compile};
use crate::engine::queue::PLACE_BYTES;
use crate::engine::recorder::Recorder;
use crate::engine::world::Watch;

use super::breakpoint::{Breakpoint, Hit, Sentry};
use super::follow::{Both, Follow};
use super::guard::{CHUNK, Guard};
use super::left::Left;
use super::moment::{Goal, Moment, run_one, sample};
use super::protocol::{Input, Stamped};
use super::story::AFTER;
use super::twin::{TWIN_MAX, Twin};

/// Events between snapshots: what seeking has to replay at most, near the newest. With the number
/// of them allowed they lie so from [`DENSE_EVENTS`] ago on: were they closer, some would be thinned
/// out, which leaves gaps of twice as much.
const SNAPSHOT_EVENTS: u64 = 125_000;
/// So far back, in events, all snapshots are kept if there is room for them.
const DENSE_EVENTS: u64 = 5_000_000;
/// Snapshots of what lies before that.
const SPARSE: u64 = 14;
/// What snapshots may take; older ones are thinned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// So many.
    pub snapshots: usize,
    /// What all of them together may weigh, in places of a queue ([`PLACE_BYTES`]).
    pub weight: usize,
}

impl Allowance {
    /// All there is.
    pub const WHOLE: Self = Self { snapshots: 56, weight: 1_000_000 };
    /// What each of two branches may take.
    pub const HALF: Self =
        Self { snapshots: Self::WHOLE.snapshots / 2, weight: Self::WHOLE.weight / 2 };
}

/// A moment to come back to, and what was recorded up to it.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) scene: Moment,
    pub(super) recorder: Recorder<Registry>,
}

impl Snapshot {
    /// What it takes, roughly, in places of a queue.
    fn weight(&self) -> usize {
        let world = &self.scene.world;
        let blueprint = world.blueprint();
        let members = blueprint.members.len();
        // What callers know of whom they may call.
        let of = |component: u32| blueprint.components[component as usize].members.len();
        let pairs = blueprint.wires.iter().map(|it| of(it.from) * of(it.to));
        let known = pairs.sum::<usize>() * size_of::<Candidate>();
        let state = |it: u32| world.member(it).state.as_ref().map_or(0, State::weight);
        let states: usize = (0..members as u32).map(state).sum();
        let bytes = states + known;
        world.weight() + 8 * members + bytes / PLACE_BYTES + self.recorder.weight()
    }
}

/// The run.
#[derive(Clone, Debug)]
pub struct Run {
    pub(super) seed: u64,
    /// The end of the warm-up.
    pub zero: Nanos,
    /// The newest moment known.
    pub head: Moment,
    /// What was recorded up to it.
    pub recorder: Recorder<Registry>,
    /// Everything done to it, in order; beyond the head: still to come.
    pub inputs: Vec<Stamped>,
    /// The run without its latest fault or edit.
    pub twin: Option<Twin>,
    /// The run without its latest input, where that takes an earlier one back and so leaves the
    /// twin be: for as long as a story takes.
    apart: Option<Twin>,
    /// The future left behind when the past was last changed.
    pub before: Option<Left>,
    /// The request that is followed.
    pub follow: Option<Follow>,
    /// Why it does not go on, if it was stopped.
    pub stopped: Option<Text>,
    guard: Guard,
    /// The past being looked at.
    pub(super) past: Option<Snapshot>,
    /// Where that is still to be brought to.
    pub(super) sought: Option<Goal>,
    /// Shared with the branches that have the same past.
    pub(super) snapshots: Vec<Arc<Snapshot>>,
    allowance: Allowance,
    /// Whether faults and edits leave a twin: not where another branch is what to compare with.
    twins: bool,
    /// What it is to stop at.
    pub(super) sentry: Option<Sentry>,
    /// Where it has stopped.
    pub hit: Option<Hit>,
}

impl Run {
    /// Compiles a design and runs the warm-up.
    pub fn open(
        design: Design,
        seed: u64,
        zero: Nanos,
        inputs: Vec<Stamped>,
    ) -> Result<Self, CompileError> {
        Self::open_within(design, seed, zero, inputs, u64::MAX)
    }

    /// Compiles a design and runs as much of the warm-up as takes so many events; the rest of it
    /// comes first when the run is advanced.
    pub fn open_within(
        design: Design,
        seed: u64,
        zero: Nanos,
        inputs: Vec<Stamped>,
        budget: u64,
    ) -> Result<Self, CompileError> {
        let mut run = Self {
            seed,
            zero,
            head: Moment::new(design, seed)?,
            recorder: Recorder::new(zero, sample),
            inputs,
            twin: None,
            apart: None,
            before: None,
            follow: None,
            stopped: None,
            guard: Guard::default(),
            past: None,
            sought: None,
            snapshots: Vec::new(),
            allowance: Allowance::WHOLE,
            twins: true,
            sentry: None,
            hit: None,
        };
        run.keep_snapshot();
        run.advance(zero, budget);
        run.keep_snapshot();
        Ok(run)
    }

    /// What is being looked at: the past, or the newest.
    pub fn shown(&self) -> &Moment {
        self.past.as_ref().map_or(&self.head, |it| &it.scene)
    }

    /// What was recorded up to the moment that is looked at, and nothing of what comes after.
    pub fn recorded(&self) -> &Recorder<Registry> {
        self.past.as_ref().map_or(&self.recorder, |it| &it.recorder)
    }

    /// The design it began with.
    pub fn base(&self) -> &Design {
        &self.snapshots.first().map_or(&self.head, |it| &it.scene).design
    }

    /// Whether there is nothing to it but a newest moment, and what was done up to it.
    pub(super) fn is_plain(&self) -> bool {
        let waits = self.sentry.is_some() || self.hit.is_some() || self.stopped.is_some();
        let beside = self.before.is_some() || self.follow.is_some() || !self.is_level();
        self.past.is_none() && !beside && !waits
    }

    /// Whether its twins have come as far as they can.
    pub(super) fn is_level(&self) -> bool {
        let now = self.head.world.now();
        self.twin.iter().chain(&self.apart).all(|it| it.is_level(now))
    }

    /// Which inputs its twins are without.
    pub(super) fn twins(&self) -> impl Iterator<Item = usize> {
        self.twin.iter().chain(&self.apart).map(|it| it.index)
    }

    /// Lets go of twins but those without these inputs.
    pub(super) fn keep_twins(&mut self, without: &[usize]) {
        self.twin = self.twin.take().filter(|it| without.contains(&it.index));
        self.apart = self.apart.take().filter(|it| without.contains(&it.index));
    }

    /// The newest, to which no event is due before `at`, comes to rest there, with so many inputs.
    pub(super) fn rest_at(&mut self, at: Nanos, inputs: usize) {
        self.head.world.run(at, 0, &mut self.recorder);
        while self.head.inputs < inputs.min(self.inputs.len()) {
            let input = self.inputs[self.head.inputs].input.clone();
            let done = self.take(&input);
            self.head.inputs += usize::from(done.is_err());
        }
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
    /// early after `budget` new events; true if it got all the way, or never will.
    pub fn advance(&mut self, span: Nanos, mut budget: u64) -> bool {
        if !self.approach(&mut budget) {
            return false;
        }
        let mut target = self.shown().world.now().saturating_add(span);
        let moment = self.sentry.as_ref().and_then(Sentry::moment);
        let moment = moment.filter(|it| *it >= self.shown().world.now());
        target = moment.map_or(target, |it| it.min(target));
        if self.past.is_some() {
            let done = match self.sentry {
                Some(_) => self.watch_past(target, &mut budget),
                None => self.play_past(target, &mut budget),
            };
            if self.past.is_some() || self.hit.is_some() {
                return done;
            }
        }
        let done = self.go_on(target, budget);
        if self.hit.is_none() && moment == Some(self.head.world.now()) {
            self.arrive(None);
        }
        done
    }

    /// The newest goes on to a moment.
    fn go_on(&mut self, target: Nanos, budget: u64) -> bool {
        let last = self.head.world.ordinal().saturating_add(budget);
        if let Some(sentry) = &mut self.sentry {
            sentry.arm(&self.head.world, &self.recorder);
        }
        while self.stopped.is_none() && self.hit.is_none() {
            let ordinal = self.head.world.ordinal();
            if ordinal >= last {
                return false;
            }
            let next = self.inputs.get(self.head.inputs).cloned().filter(|it| it.at <= target);
            let until = next.as_ref().map_or(target, |it| it.at);
            let to_input = next.as_ref().map_or(u64::MAX, |it| it.ordinal.saturating_sub(ordinal));
            let events = CHUNK.min(last - ordinal).min(to_input);
            let next_look = self.recorder.next_look();
            let mut watch = Both {
                recorder: &mut self.recorder,
                tracer: self.follow.as_mut().and_then(Follow::live),
                sentry: self.sentry.as_mut(),
            };
            let reached = match &watch.sentry {
                None if watch.tracer.is_none() => {
                    self.head.world.run(until, events, &mut self.recorder)
                }
                None => self.head.world.run(until, events, &mut watch),
                // One thing at a time: an event, or the end of a window.
                Some(_) => {
                    let to = until.min(next_look);
                    let reached = match events {
                        0 => self.head.world.run(to, 0, &mut watch),
                        _ => run_one(&mut self.head.world, to, &mut watch),
                    };
                    let event = !reached && events > 0;
                    self.look_out(event || reached && next_look <= until);
                    if self.hit.is_some() {
                        return true;
                    }
                    if reached && to < until {
                        continue;
                    }
                    reached
                }
            };
            let due = self.snapshots.last().map_or(0, |it| it.scene.world.ordinal());
            if self.head.world.ordinal() - due >= SNAPSHOT_EVENTS {
                self.keep_snapshot();
            }
            self.stopped = self.guard.check(&self.head, &self.recorder);
            match next {
                Some(next) if reached || self.head.world.ordinal() >= next.ordinal => {
                    let done = self.take(&next.input);
                    self.head.inputs += usize::from(done.is_err());
                }
                _ if reached => return true,
                _ => {}
            }
        }
        true
    }

    /// What else there is to do, by at most so many events each: the twin follows, and the request
    /// that is followed is searched for.
    pub fn catch_up(&mut self, twin: u64, search: u64) {
        let now = self.head.world.now();
        for it in self.twin.iter_mut().chain(&mut self.apart) {
            it.follow(now, twin);
        }
        let Some(follow) = &mut self.follow else { return };
        let mut left = search;
        while let Some(from) = follow.search(&self.head, &self.inputs, &mut left) {
            let earlier = |it: &&Arc<Snapshot>| it.scene.world.ordinal() < from;
            follow.restart(self.snapshots.iter().rev().find(earlier).map(|it| &it.scene));
        }
    }

    /// The same run without the input with this index, where that is kept.
    pub fn without(&self, index: usize) -> Option<&Twin> {
        self.apart.iter().chain(&self.twin).find(|it| it.is_without(index))
    }

    /// Follows a request that was under way at a moment of this run; none: follows nothing.
    pub fn follow(&mut self, whom: Option<(u64, Nanos)>) {
        let Some((request, near)) = whom else {
            self.follow = None;
            return;
        };
        if self.follow.as_ref().is_some_and(|it| it.is(request, near)) {
            return;
        }
        let before = |it: &&Arc<Snapshot>| it.scene.world.now() <= near;
        let from = self.snapshots.iter().rev().find(before).or(self.snapshots.first());
        self.follow = from.map(|it| Follow::new(request, near, &it.scene));
    }

    /// Does something at the cursor. True if that was in the past: then what came after it is
    /// gone, and another future begins.
    pub fn act(&mut self, input: Input) -> Result<bool, CompileError> {
        self.arrive_there();
        if let Input::Edit(diff) = &input {
            let mut design = self.shown().design.clone();
            diff.apply(&mut design);
            compile(&design, self.shown().world.blueprint().seed)?;
        }
        let branches = self.past.is_some();
        if let Some(past) = self.past.take() {
            self.branch_at(past);
        }
        let (at, ordinal) = (self.head.world.now(), self.head.world.ordinal());
        self.inputs.truncate(self.head.inputs);
        self.inputs.push(Stamped { at, ordinal, input: input.clone() });
        self.stopped = None;
        self.take(&input)?;
        Ok(branches)
    }

    /// Applies an input to the newest, and leaves a twin without it, or one that stays apart.
    fn take(&mut self, input: &Input) -> Result<(), CompileError> {
        self.stamp();
        let keeps = self.twin.as_ref().is_some_and(|it| it.survives(input) && !it.is_over());
        let lasts = if keeps { AFTER } else { TWIN_MAX };
        let twin = self.twins.then(|| Twin::new(&self.head, &self.recorder, input, lasts));
        let mut watch = Both {
            recorder: &mut self.recorder,
            tracer: self.follow.as_mut().and_then(Follow::live),
            sentry: self.sentry.as_mut(),
        };
        self.head.apply(input, &mut watch)?;
        match twin {
            Some(twin) if keeps => self.apart = Some(twin),
            Some(twin) => (self.twin, self.apart) = (Some(twin), None),
            None => {}
        }
        self.look_out(true);
        Ok(())
    }

    /// Makes a moment of the past the newest.
    pub(super) fn branch_at(&mut self, past: Snapshot) {
        let ordinal = past.scene.world.ordinal();
        self.snapshots.retain(|it| it.scene.world.ordinal() <= ordinal);
        let inputs = self.inputs.split_off(past.scene.inputs.min(self.inputs.len()));
        self.twin = self.twin.take().filter(|it| it.belongs(past.scene.inputs));
        self.head = past.scene;
        let recorder = std::mem::replace(&mut self.recorder, past.recorder);
        self.before = Some(Left { since: self.head.world.now(), recorder, inputs });
        (self.apart, self.follow) = (None, None);
    }

    fn keep_snapshot(&mut self) {
        let (scene, recorder) = (self.head.clone(), self.recorder.clone());
        self.snapshots.push(Arc::new(Snapshot { scene, recorder }));
        self.bound();
    }

    /// Lets go of snapshots until they take no more than they may.
    fn bound(&mut self) {
        let allowed = self.allowance;
        let heavy = |it: &[Arc<Snapshot>]| {
            let weight = it.iter().map(|it| it.weight()).sum::<usize>();
            it.len() > allowed.snapshots || weight > allowed.weight
        };
        while self.snapshots.len() > 2 && heavy(&self.snapshots) {
            self.thin_out();
        }
    }

    /// Snapshots may take so much from now on.
    pub(super) fn allow(&mut self, allowance: Allowance) {
        self.allowance = allowance;
        self.twins = allowance == Allowance::WHOLE;
        if !self.twins {
            (self.twin, self.apart) = (None, None);
        }
        self.bound();
    }

    /// Another run with the same past, that begins at the cursor to go its own way.
    ///
    /// A moment that is still sought is not there yet: [`Run::arrive_there`] first.
    pub fn fork(&self) -> Self {
        let mut fork = Self {
            seed: self.seed,
            zero: self.zero,
            head: self.head.clone(),
            recorder: self.recorder.clone(),
            inputs: self.inputs.clone(),
            twin: None,
            apart: None,
            before: None,
            follow: None,
            stopped: self.stopped.clone(),
            guard: self.guard,
            past: None,
            sought: None,
            snapshots: self.snapshots.clone(),
            allowance: self.allowance,
            twins: self.twins,
            sentry: None,
            hit: None,
        };
        if let Some(past) = &self.past {
            fork.branch_at(past.clone());
            (fork.before, fork.stopped) = (None, None);
        }
        fork
    }

    /// How many snapshots it has and how many of those it shares with another run, and what its own
    /// weigh.
    pub fn keeps(&self, other: &Self) -> (usize, usize, usize) {
        let shared = |it: &&Arc<Snapshot>| other.snapshots.iter().any(|its| Arc::ptr_eq(it, its));
        let own = self.snapshots.iter().filter(|it| !shared(it));
        let weight = own.map(|it| it.weight()).sum();
        (self.snapshots.len(), self.snapshots.iter().filter(shared).count(), weight)
    }

    /// Stops at a breakpoint from now on, once; none: no longer.
    pub fn stop_at(&mut self, what: Option<Breakpoint>) {
        self.hit = None;
        self.sentry = what.map(Sentry::new);
    }

    /// The snapshot goes that leaves the smallest gap for its age; the first and the last stay.
    /// Most moments that are sought are not long ago: near the newest, snapshots lie close; before
    /// that, they lie evenly.
    fn thin_out(&mut self) {
        let ordinal = |it: usize| self.snapshots[it].scene.world.ordinal();
        let newest = ordinal(self.snapshots.len() - 1);
        let cost = |it: &usize| {
            let gap = ordinal(it + 1) - ordinal(it - 1);
            let old = newest.saturating_sub(DENSE_EVENTS);
            let fair = if ordinal(*it) < old { old / SPARSE } else { 0 };
            gap.saturating_mul(1_000) / fair.max(SNAPSHOT_EVENTS)
        };
        if let Some(least) = (1..self.snapshots.len() - 1).min_by_key(cost) {
            self.snapshots.remove(least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_know_of_each_other_is_weighed() {
        let service = r#"{"kind": "service", "at": [0, 0], "settings": {"instances": 1000}}"#;
        let wires = r#"{"1": {"from": "a", "to": "b"}}"#;
        let parts =
            format!(r#"{{"components": {{"a": {service}, "b": {service}}}, "wires": {wires}}}"#);
        let text = format!(r#"{{"version": 1, "design": {parts}}}"#);
        let design = crate::document::file::read(&text).expect("a design").0.design;
        let run = Run::open(design, 1, Nanos::ZERO, Vec::new()).expect("it compiles");
        let weight = Snapshot { scene: run.head, recorder: run.recorder }.weight();
        assert!(weight * PLACE_BYTES > 1_000_000 * size_of::<Candidate>() + 1_000_000, "{weight}");
    }
}
