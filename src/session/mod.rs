//! Running a design: play, step, seek, snapshots, branches, frames. Commands in, frames out; no
//! clock, no browser.

pub mod figures;
pub mod golden;
pub mod kept;
pub mod later;
pub mod link;
pub mod protocol;
pub mod report;
pub mod run;
pub mod story;

#[cfg(test)]
mod tests;

use crate::document::Design;
use crate::engine::recorder::KEPT;

use later::Later;
use protocol::{Chart, Command, Frame, Stamped, Story, Tick, View};
use run::Run;

/// A session: at most one run at a time, and what has been told of it.
#[derive(Debug)]
pub struct Session {
    run: Option<Run>,
    runs: u32,
    branch: u32,
    stories: Vec<Story>,
    pending: Vec<story::Pending>,
    before: Option<Chart>,
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
}

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
            pending: Vec::new(),
            before: None,
            told: Told::default(),
            failure: None,
            later: None,
        }
    }

    /// Here are the parts that come later.
    pub fn furnish(&mut self, later: Later) {
        self.later = Some(later);
    }

    /// Carries out a tick: commands, then the advance, at most `budget` events of it. Call
    /// [`Session::go_on`] for more of the same advance, and [`Session::frame`] to see it.
    pub fn tick(&mut self, tick: &Tick, budget: u64) -> bool {
        for command in &tick.commands {
            self.command(command);
        }
        self.go_on(tick.advance, budget)
    }

    /// Goes on by a span of simulated time; true if it got all the way.
    pub fn go_on(&mut self, span: crate::base::time::Nanos, budget: u64) -> bool {
        let Some(run) = &mut self.run else { return true };
        if span.0 == 0 {
            return true;
        }
        run.advance(span, budget)
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
            Command::Act(input) => {
                let chart = self.before.take();
                let client = figures::client(run);
                let old = client.map(|it| figures::chart(run, it));
                match run.act(input.clone()) {
                    Ok(true) => {
                        self.branch += 1;
                        self.before = old;
                        let now = run.head.world.now();
                        self.stories.retain(|it| it.at <= now);
                        self.pending.clear();
                        self.pending.push(story::Pending::new(run, input));
                    }
                    Ok(false) => {
                        self.before = chart;
                        self.pending.push(story::Pending::new(run, input));
                    }
                    Err(error) => {
                        self.before = chart;
                        self.failure = Some(error.to_string());
                    }
                }
            }
        }
    }

    fn open(
        &mut self,
        design: &Design,
        seed: u64,
        zero: crate::base::time::Nanos,
        inputs: &[Stamped],
    ) {
        self.runs += 1;
        self.branch = 0;
        self.stories.clear();
        self.pending.clear();
        (self.before, self.failure) = (None, None);
        match Run::open(design.clone(), seed, zero, inputs.to_vec()) {
            Ok(run) => self.run = Some(run),
            Err(error) => {
                self.run = None;
                self.failure = Some(error.to_string());
            }
        }
    }

    /// What the page wants to see.
    pub fn frame(&mut self, view: &View) -> Frame {
        let mut frame = Frame { run: self.runs, branch: self.branch, ..Frame::default() };
        frame.failure = self.failure.take();
        let Some(run) = &self.run else { return frame };
        let world = &run.shown().world;
        let before = self.stories.len();
        self.pending.retain(|it| match it.tell(run) {
            Some(story) => {
                self.stories.push(story);
                false
            }
            None => true,
        });
        if self.stories.len() > STORIES_MAX {
            self.stories.drain(..self.stories.len() - STORIES_MAX);
        }
        (frame.ordinal, frame.now) = (world.ordinal(), world.now());
        (frame.zero, frame.latest) = (run.zero, run.head.world.now());
        let edits = run.inputs[..run.shown().inputs].iter();
        frame.edits =
            edits.filter(|it| matches!(it.input, protocol::Input::Edit(_))).count() as u32;
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
        let stories = (self.runs * 1_000 + self.branch, self.stories.len());
        if self.told.stories != stories || self.stories.len() != before {
            self.told.stories = stories;
            frame.stories = Some(self.stories.clone());
        }
        if view.messages {
            frame.messages = figures::flights(world);
        }
        if view.figures {
            frame.figures = Some(figures::figures(run));
            frame.lens = view
                .lens
                .as_ref()
                .zip(self.later)
                .and_then(|((id, width), later)| (later.picture)(run, id, *width));
            frame.chart = view.chart.as_ref().and_then(|id| self.chart(run, id));
        }
        frame
    }

    fn chart(&self, run: &Run, id: &str) -> Option<Chart> {
        let component = run.head.world.blueprint().component(id)?;
        let mut chart = figures::chart(run, component);
        if let Some(before) = self.before.as_ref().filter(|it| it.component == chart.component) {
            chart.before.clone_from(&before.points);
        }
        debug_assert!(chart.points.len() <= KEPT);
        Some(chart)
    }
}
