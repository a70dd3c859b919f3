//! One run: a base design, a seed and inputs; its newest world, its past, and a cursor in it.

use crate::base::english::Text;
use crate::base::time::Nanos;
use crate::component::Registry;
use crate::document::Design;
use crate::document::compile::{CompileError, compile};
use crate::engine::World;
use crate::engine::recorder::Recorder;
use crate::engine::world::Unwatched;

use super::follow::{Both, Follow};
use super::guard::{CHUNK, Guard};
use super::moment::{Goal, Moment, Score, sample};
use super::protocol::{Input, Stamped};
use super::story::AFTER;
use super::twin::{TWIN_MAX, Twin};

/// Events between snapshots: what seeking has to replay at most, near the newest.
const SNAPSHOT_EVENTS: u64 = 100_000;
/// Snapshots kept; older ones are thinned out.
const SNAPSHOTS_MAX: usize = 12;
/// What all snapshots together may weigh, as [`World::weight`] has it.
const SNAPSHOTS_WEIGHT: usize = 1_500_000;

/// A moment to come back to.
#[derive(Clone, Debug)]
struct Snapshot {
    scene: Moment,
    recorder: Recorder<Registry>,
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
    /// The future left behind when the past was last changed: from when, and what was recorded.
    pub before: Option<(Nanos, Recorder<Registry>)>,
    /// The request that is followed.
    pub follow: Option<Follow>,
    /// Why it does not go on, if it was stopped.
    pub stopped: Option<Text>,
    guard: Guard,
    /// The past being looked at.
    pub(super) past: Option<Moment>,
    snapshots: Vec<Snapshot>,
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
            snapshots: Vec::new(),
        };
        run.keep_snapshot();
        run.advance(zero, budget);
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
    /// early after `budget` new events; true if it got all the way, or never will.
    pub fn advance(&mut self, span: Nanos, budget: u64) -> bool {
        let target = self.shown().world.now().saturating_add(span);
        if self.past.is_some() {
            self.seek(target);
            if self.past.is_some() {
                return true;
            }
        }
        let last = self.head.world.ordinal().saturating_add(budget);
        while self.stopped.is_none() {
            let ordinal = self.head.world.ordinal();
            if ordinal >= last {
                return false;
            }
            let next = self.inputs.get(self.head.inputs).cloned().filter(|it| it.at <= target);
            let until = next.as_ref().map_or(target, |it| it.at);
            let to_input = next.as_ref().map_or(u64::MAX, |it| it.ordinal.saturating_sub(ordinal));
            let events = CHUNK.min(last - ordinal).min(to_input);
            let mut watch = Both {
                recorder: &mut self.recorder,
                tracer: self.follow.as_mut().and_then(Follow::live),
            };
            let reached = self.head.world.run(until, events, &mut watch);
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
            it.follow(now, self.seed, twin);
        }
        let score = Score { inputs: &self.inputs, seed: self.seed };
        let Some(follow) = &mut self.follow else { return };
        let mut left = search;
        while let Some(from) = follow.search(&self.head, score, &mut left) {
            let earlier = |it: &&Snapshot| it.scene.world.ordinal() < from;
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
        let before = |it: &&Snapshot| it.scene.world.now() <= near;
        let from = self.snapshots.iter().rev().find(before).or(self.snapshots.first());
        self.follow = from.map(|it| Follow::new(request, near, &it.scene));
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
        let score = Score { inputs: &self.inputs, seed: self.seed };
        past.replay(goal, score, u64::MAX, &mut Unwatched);
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
        self.stopped = None;
        self.take(&input)?;
        Ok(branches)
    }

    /// Applies an input to the newest, and leaves a twin without it, or one that stays apart.
    fn take(&mut self, input: &Input) -> Result<(), CompileError> {
        let keeps = self.twin.as_ref().is_some_and(|it| it.survives(input) && !it.is_over());
        let lasts = if keeps { AFTER } else { TWIN_MAX };
        let twin = Twin::new(&self.head, &self.recorder, input, lasts);
        let mut watch = Both {
            recorder: &mut self.recorder,
            tracer: self.follow.as_mut().and_then(Follow::live),
        };
        self.head.apply(input, self.seed, &mut watch)?;
        match keeps {
            true => self.apart = Some(twin),
            false => (self.twin, self.apart) = (Some(twin), None),
        }
        Ok(())
    }

    /// Makes a moment of the past the newest, recorded as it was then.
    fn branch_at(&mut self, past: &Moment) {
        let ordinal = past.world.ordinal();
        self.snapshots.retain(|it| it.scene.world.ordinal() <= ordinal);
        let Some(from) = self.snapshots.last().cloned() else { return };
        let (mut head, mut recorder) = (from.scene, from.recorder);
        self.inputs.truncate(past.inputs);
        let score = Score { inputs: &self.inputs, seed: self.seed };
        head.replay(Goal::Ordinal(ordinal), score, u64::MAX, &mut recorder);
        head.replay(Goal::At(past.world.now()), score, u64::MAX, &mut recorder);
        debug_assert_eq!(head.world.state_hash(), past.world.state_hash());
        self.head = head;
        let left = std::mem::replace(&mut self.recorder, recorder);
        self.before = Some((self.head.world.now(), left));
        self.follow = None;
        self.twin = self.twin.take().filter(|it| it.belongs(past.inputs));
        self.apart = None;
    }

    fn keep_snapshot(&mut self) {
        let (scene, recorder) = (self.head.clone(), self.recorder.clone());
        self.snapshots.push(Snapshot { scene, recorder });
        let heavy = |it: &[Snapshot]| {
            let weight = it.iter().map(|it| it.scene.world.weight()).sum::<usize>();
            it.len() > SNAPSHOTS_MAX || weight > SNAPSHOTS_WEIGHT
        };
        while self.snapshots.len() > 2 && heavy(&self.snapshots) {
            self.thin_out();
        }
    }

    /// The snapshot goes that leaves the smallest gap for its age; the first and the last stay.
    fn thin_out(&mut self) {
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
