//! One of the futures a session hosts: a run, and what has been told of it.

use crate::base::time::Nanos;
use crate::engine::disturbance::Disturbance;
use crate::engine::sightings::Claim;

use super::flights::{self, Sample};
use super::later::Later;
use super::protocol::{First, Forked, Frame, Input, Story, View};
use super::run::Run;
use super::{figures, story};

/// Events that a twin may take to catch up at once, so that a story can be told.
const STORY_EVENTS: u64 = 300_000;
/// Stories kept.
const STORIES_MAX: usize = 20;

/// One future.
#[derive(Debug)]
pub struct Side {
    /// The run.
    pub run: Run,
    /// Its number: another one whenever a future is left behind.
    pub branch: u32,
    /// What could not be done, to be told once.
    pub failure: Option<String>,
    stories: Vec<Story>,
    /// Stories told so far.
    tales: usize,
    /// Inputs, by index, of which nothing is pending yet: what tells of them may come later.
    fresh: Vec<usize>,
    pending: Vec<story::Pending>,
    /// Which messages are shown.
    pub(super) sample: Sample,
    told: Told,
}

/// What the page already knows.
#[derive(Debug, Default, PartialEq)]
struct Told {
    cast: Option<(usize, usize, usize)>,
    inputs: Option<(u32, usize)>,
    stories: Option<(u32, usize)>,
    firsts: Option<(u32, Vec<First>)>,
    sights: Option<Vec<(Nanos, Claim)>>,
    stopped: bool,
}

impl Side {
    /// A run nothing has been told of.
    pub fn new(run: Run, branch: u32) -> Self {
        Self {
            run,
            branch,
            failure: None,
            stories: Vec::new(),
            tales: 0,
            fresh: Vec::new(),
            pending: Vec::new(),
            sample: Sample::default(),
            told: Told::default(),
        }
    }

    /// Whether there is nothing to it but a run, and that is nothing but a newest moment.
    pub fn is_plain(&self) -> bool {
        self.fresh.is_empty() && self.pending.is_empty() && self.run.is_plain()
    }

    /// Stories told of it, oldest first.
    pub fn stories(&self) -> &[Story] {
        &self.stories
    }

    /// The same, of which these stories have been told.
    pub fn with_stories(self, stories: Vec<Story>) -> Self {
        Self { tales: stories.len(), stories, ..self }
    }

    /// Another future that begins where this one is looked at.
    pub fn fork(&self, branch: u32) -> Self {
        let run = self.run.fork();
        let now = run.head.world.now();
        let mut fork = Self::new(run, branch);
        fork.tales = self.tales;
        fork.stories = self.stories.iter().filter(|it| it.at <= now).cloned().collect();
        fork.sample = self.sample;
        fork
    }

    /// The same, told to somebody who knows nothing of it yet.
    pub fn untold(self, branch: u32) -> Self {
        Self { branch, told: Told::default(), ..self }
    }

    /// Does something at the cursor; in the past that makes it branch `next`.
    pub fn act(&mut self, input: &Input, next: u32, later: Option<Later>) {
        self.settle(Some(input), later);
        match self.run.act(input.clone()) {
            Ok(branched) => {
                let index = self.run.head.inputs.saturating_sub(1);
                if branched {
                    self.branch = next;
                    let now = self.run.head.world.now();
                    self.stories.retain(|it| it.at <= now);
                    self.fresh.retain(|it| *it < index);
                }
                // What is yet to go wrong has no effect to tell of.
                if !matches!(input, Input::Edit(it) if it.is_script()) {
                    self.fresh.push(index);
                }
            }
            Err(error) => self.failure = Some(error.to_string()),
        }
    }

    /// Takes an input out; that makes it branch `next`.
    pub fn forget(&mut self, index: usize, at: Nanos, next: u32) {
        if self.run.forget(index, at) {
            self.branch = next;
            self.stories.retain(|it| it.at < at);
            self.fresh.clear();
            self.pending.clear();
        }
    }

    /// Tells what came of what was done, as soon as it is known: now, if something else is done
    /// next.
    fn settle(&mut self, next: Option<&Input>, later: Option<Later>) {
        let Some(later) = later else { return };
        let fresh = std::mem::take(&mut self.fresh);
        self.pending.extend(fresh.into_iter().filter_map(|it| (later.done)(&self.run, it)));
        if self.pending.is_empty() {
            return;
        }
        if next.is_some() {
            self.run.catch_up(STORY_EVENTS, 0);
        }
        let run = &self.run;
        self.pending.retain(|it| {
            let story = (later.tell)(it, run, next);
            let waits = story.is_none() && next.is_none();
            self.tales += usize::from(story.is_some());
            self.stories.extend(story);
            waits
        });
        if self.stories.len() > STORIES_MAX {
            self.stories.drain(..self.stories.len() - STORIES_MAX);
        }
    }

    /// What the page wants to see of it; whether lens, picks and theory are of this future.
    pub fn frame(&mut self, view: &View, asked: bool, later: Option<Later>) -> Frame {
        let mut frame = Frame { branch: self.branch, ..Frame::default() };
        frame.failure = self.failure.take();
        frame.hit = self.run.hit.take();
        self.settle(None, later);
        let run = &self.run;
        frame.stopped = run.stopped.is_some();
        if let Some(later) = later
            && std::mem::replace(&mut self.told.stopped, frame.stopped) != frame.stopped
            && let Some(why) = &run.stopped
        {
            frame.failure = Some((later.words)(why));
        }
        let world = &run.shown().world;
        (frame.ordinal, frame.now) = (world.ordinal(), world.now());
        (frame.zero, frame.latest) = (run.zero, run.head.world.now());
        frame.sought = run.sought();
        let edits = run.inputs[..run.shown().inputs].iter();
        frame.edits = edits.filter(|it| matches!(it.input, Input::Edit(_))).count() as u32;
        let blueprint = world.blueprint();
        let sizes = (blueprint.components.len(), blueprint.wires.len(), blueprint.classes.len());
        if self.told.cast.replace(sizes) != Some(sizes) {
            frame.cast = Some(figures::cast(blueprint));
        }
        let inputs = (self.branch, run.inputs.len());
        if self.told.inputs.replace(inputs) != Some(inputs) {
            frame.inputs = Some(run.inputs.clone());
        }
        let stories = (self.branch, self.tales);
        if self.told.stories.replace(stories) != Some(stories) {
            frame.stories = Some(self.stories.clone());
        }
        let firsts = Some((self.branch, firsts(run)));
        if self.told.firsts != firsts {
            frame.firsts = firsts.clone().map(|it| it.1);
            self.told.firsts = firsts;
        }
        if view.messages {
            frame.messages = flights::flights(world);
            let followed = view.follow.map_or(0, |it| it.0);
            self.sample.thin(&mut frame.messages, followed);
            (frame.one_in, frame.all_failures) = (self.sample.one_in, self.sample.all_failures);
        }
        if view.figures {
            frame.figures = Some(figures::figures(run));
            let component = |id: &str| run.head.world.blueprint().component(id);
            let chart = view.chart.as_ref();
            frame.chart = chart
                .zip(later)
                .and_then(|((id, which), later)| Some((later.chart)(run, component(id)?, *which)));
            frame.trace = later.and_then(|later| (later.trace)(run));
            let sights = later.map(|later| (later.sights)(run));
            if sights.is_some() && self.told.sights != sights {
                frame.sights.clone_from(&sights);
                self.told.sights = sights;
            }
            let later = later.filter(|_| asked);
            let lens = view.lens.as_ref().zip(later);
            frame.lens =
                lens.and_then(|((id, width), later)| (later.picture)(run, id, *width, &view.look));
            frame.picks = view.pick.as_ref().zip(later).map(|(it, later)| (later.picks)(run, it));
            let theory = view.theory.as_ref().zip(later);
            frame.theory = theory.and_then(|(id, later)| (later.theory)(run, id));
        }
        frame
    }
}

/// Two futures, and since when.
#[derive(Debug)]
pub struct Fork {
    /// When they parted.
    pub since: Nanos,
    /// The other.
    pub side: Side,
}

impl Fork {
    /// What the page wants to see of it.
    pub fn frame(&mut self, view: &View, asked: bool, later: Option<Later>) -> Forked {
        Forked { since: self.since, frame: self.side.frame(view, asked, later) }
    }
}

/// Parts of a stretch that two futures are played in turn: as it begins, and at most.
const PARTS: (u64, u64) = (64, 4_096);

/// Plays two futures on in step: neither is ever seen ahead of the other. Stops early after `budget`
/// new events of both together, and where one meets its breakpoint; true if it got all the way.
pub fn in_step(main: &mut Run, fork: &mut Run, span: Nanos, budget: u64) -> bool {
    let now = |it: &Run| it.shown().world.now();
    let target = now(main).saturating_add(span);
    let mut part = (span.0 / PARTS.0).max(1);
    let least = (span.0 / PARTS.1).max(1);
    let count = |main: &Run, fork: &Run| main.head.world.ordinal() + fork.head.world.ordinal();
    let begun = count(main, fork);
    let goes = |it: &Run| it.stopped.is_none() || it.is_past();
    while goes(main) || goes(fork) {
        let at = if goes(main) { now(main) } else { now(fork) };
        if at >= target {
            return true;
        }
        let spent = count(main, fork) - begun;
        if spent >= budget {
            return false;
        }
        let next = Nanos(at.0.saturating_add(part)).min(target);
        main.advance(next.saturating_sub(now(main)), u64::MAX);
        let next = if main.hit.is_some() { now(main) } else { next };
        fork.advance(next.saturating_sub(now(fork)), u64::MAX);
        if fork.hit.is_some() && now(fork) < now(main) {
            main.hit = None;
            main.seek(now(fork));
        }
        if main.hit.is_some() || fork.hit.is_some() {
            return true;
        }
        // As long as it is cheap, in larger parts.
        let cost = count(main, fork) - begun - spent;
        if cost < budget / 32 {
            part = part.saturating_mul(2);
        } else if cost > budget / 8 {
            part = (part / 2).max(least);
        }
    }
    true
}

/// What first went wrong after each fault or edit.
fn firsts(run: &Run) -> Vec<First> {
    let first = |it: &Disturbance| {
        let wrong = it.failure.is_some() || it.stale.is_some();
        wrong.then_some(First { at: it.at, failed: it.failure, stale: it.stale })
    };
    run.recorder.disturbances.iter().filter_map(first).collect()
}
