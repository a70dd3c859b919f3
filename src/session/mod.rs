//! Running a design: play, step, seek, snapshots, branches, frames. Commands in, frames out; no
//! clock, no browser.

pub mod chart;
pub mod figures;
pub mod flights;
pub mod follow;
pub mod golden;
pub mod guard;
pub mod kept;
pub mod later;
pub mod link;
pub mod moment;
pub mod picks;
pub mod protocol;
pub mod report;
pub mod run;
pub mod step;
pub mod story;
pub mod trace;
pub mod twin;
pub mod view;

#[cfg(test)]
mod tests;

use crate::base::english;
use crate::base::time::Nanos;
use crate::document::Design;

use flights::Sample;
use later::Later;
use protocol::{Command, First, Frame, Input, Stamped, Story, Tick, View};
use run::Run;

/// A session: at most one run at a time, and what has been told of it.
#[derive(Debug)]
pub struct Session {
    run: Option<Run>,
    runs: u32,
    branch: u32,
    stories: Vec<Story>,
    /// Stories told so far.
    tales: usize,
    pending: Vec<story::Pending>,
    sample: Sample,
    told: Told,
    failure: Option<String>,
    later: Option<Later>,
}

/// With all its parts.
impl Default for Session {
    fn default() -> Self {
        let mut session = Self::first();
        session.furnish(Later::all());
        session
    }
}

/// What the page already knows.
#[derive(Debug, Default, PartialEq)]
struct Told {
    cast: (u32, usize, usize, usize),
    inputs: (u32, u32, usize),
    stories: (u32, usize),
    firsts: (u32, Vec<First>),
    stopped: bool,
}

/// The twin may take a part of a tick's budget even if the run could do with all of it.
const TWIN_PART: u64 = 16;
/// Events of the warm-up that opening a design may take; the rest of it is played.
const WARMUP_EVENTS: u64 = 3_000_000;
/// Events that a twin may take to catch up at once, so that a story can be told.
const STORY_EVENTS: u64 = 300_000;
/// Stories kept.
const STORIES_MAX: usize = 20;

impl Session {
    /// Without the parts that come later: lenses are answered once they are there.
    pub fn first() -> Self {
        Self {
            run: None,
            runs: 0,
            branch: 0,
            stories: Vec::new(),
            tales: 0,
            pending: Vec::new(),
            sample: Sample::default(),
            told: Told::default(),
            failure: None,
            later: None,
        }
    }

    /// Here are the parts that come later.
    pub fn furnish(&mut self, later: Later) {
        self.later = Some(later);
    }

    /// Carries out a tick: commands, then the advance, at most `budget` events of it, and what
    /// else is to be followed, by as many at most. True if the advance got all the way.
    pub fn tick(&mut self, tick: &Tick, budget: u64) -> bool {
        for command in &tick.commands {
            self.command(command);
        }
        let Some(run) = &mut self.run else { return true };
        run.follow(tick.view.follow);
        let ordinal = run.head.world.ordinal();
        let done = tick.advance == Nanos::ZERO || run.advance(tick.advance, budget);
        let left = budget.saturating_sub(run.head.world.ordinal() - ordinal);
        run.catch_up(left.max(budget / TWIN_PART), budget);
        done
    }

    /// The run, if a design is open.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    fn command(&mut self, command: &Command) {
        if let Command::Open { design, seed, warmup, inputs } = command {
            return self.open(design, *seed, *warmup, inputs);
        }
        let Some(run) = &mut self.run else { return };
        match command {
            Command::Open { .. } => {}
            Command::Seek(at) => run.seek(*at),
            Command::Latest => run.latest(),
            Command::Step(events) => run.step(*events),
            Command::StepTo(whom) => run.step_to(whom),
            Command::Act(input) => self.act(input),
        }
    }

    fn act(&mut self, input: &Input) {
        self.settle(Some(input));
        let Some(run) = &mut self.run else { return };
        match run.act(input.clone()) {
            Ok(branched) => {
                if branched {
                    self.branch += 1;
                    let now = run.head.world.now();
                    self.stories.retain(|it| it.at <= now);
                }
                if let Some(later) = self.later {
                    self.pending.push((later.done)(run, input));
                }
            }
            Err(error) => self.failure = Some(error.to_string()),
        }
    }

    /// Tells what came of what was done, as soon as it is known: now, if something else is done
    /// next.
    fn settle(&mut self, next: Option<&Input>) {
        let (Some(run), Some(later), false) = (&mut self.run, self.later, self.pending.is_empty())
        else {
            return;
        };
        if next.is_some() {
            run.catch_up(STORY_EVENTS, 0);
        }
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

    fn open(&mut self, design: &Design, seed: u64, zero: Nanos, inputs: &[Stamped]) {
        self.runs += 1;
        self.branch = 0;
        self.stories.clear();
        self.pending.clear();
        (self.failure, self.sample) = (None, Sample::default());
        let inputs = inputs.to_vec();
        match Run::open_within(design.clone(), seed, zero, inputs, WARMUP_EVENTS) {
            Ok(run) => self.run = Some(run),
            Err(error) => {
                self.run = None;
                self.failure = Some(error.to_string());
            }
        }
    }

    /// What the page wants to see, for the journey.
    pub fn packed(&mut self, view: &View) -> Frame {
        let mut frame = self.frame(view);
        if let Some(later) = self.later {
            (later.pack)(&mut frame);
        }
        frame
    }

    /// What the page wants to see.
    pub fn frame(&mut self, view: &View) -> Frame {
        let mut frame = Frame { run: self.runs, branch: self.branch, ..Frame::default() };
        frame.failure = self.failure.take();
        self.settle(None);
        let Some(run) = &self.run else { return frame };
        frame.stopped = run.stopped.is_some();
        if std::mem::replace(&mut self.told.stopped, frame.stopped) != frame.stopped
            && let Some(why) = &run.stopped
        {
            frame.failure = Some(english::sentence(std::slice::from_ref(why)));
        }
        let world = &run.shown().world;
        (frame.ordinal, frame.now) = (world.ordinal(), world.now());
        (frame.zero, frame.latest) = (run.zero, run.head.world.now());
        let edits = run.inputs[..run.shown().inputs].iter();
        frame.edits = edits.filter(|it| matches!(it.input, Input::Edit(_))).count() as u32;
        let blueprint = world.blueprint();
        let sizes = (blueprint.components.len(), blueprint.wires.len(), blueprint.classes.len());
        let cast = (self.runs, sizes.0, sizes.1, sizes.2);
        if self.told.cast != cast {
            self.told.cast = cast;
            frame.cast = Some(figures::cast(blueprint));
        }
        let inputs = (self.runs, self.branch, run.inputs.len());
        if self.told.inputs != inputs {
            self.told.inputs = inputs;
            frame.inputs = Some(run.inputs.clone());
        }
        let stories = (self.runs * 1_000 + self.branch, self.tales);
        if self.told.stories != stories {
            self.told.stories = stories;
            frame.stories = Some(self.stories.clone());
        }
        let firsts = (self.runs * 1_000 + self.branch, firsts(run));
        if self.told.firsts != firsts {
            frame.firsts = Some(firsts.1.clone());
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
            let later = self.later;
            let lens = view.lens.as_ref().zip(later);
            frame.lens = lens.and_then(|((id, width), later)| (later.picture)(run, id, *width));
            let component = |id: &str| run.head.world.blueprint().component(id);
            let chart = view.chart.as_ref();
            frame.chart = chart
                .zip(later)
                .and_then(|((id, which), later)| Some((later.chart)(run, component(id)?, *which)));
            frame.trace = later.and_then(|later| (later.trace)(run));
            frame.picks = view.pick.as_ref().zip(later).map(|(it, later)| (later.picks)(run, it));
        }
        frame
    }
}

/// What first went wrong after each fault or edit.
fn firsts(run: &Run) -> Vec<First> {
    let first = |it: &crate::engine::recorder::Disturbance| {
        let wrong = it.failure.is_some() || it.stale.is_some();
        wrong.then_some(First { at: it.at, failed: it.failure, stale: it.stale })
    };
    run.recorder.disturbances.iter().filter_map(first).collect()
}
