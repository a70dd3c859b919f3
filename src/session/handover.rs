//! From one host to another: what hosts a run while the page loads is small, what hosts it afterwards
//! is fast. The second runs again what the first has run, and goes on in its place once it has come
//! to the very same state.

use serde::{Deserialize, Serialize};

use crate::base::time::Nanos;
use crate::document::Design;

use super::Session;
use super::branch::Side;
use super::flights::Sample;
use super::protocol::{Stamped, Story, View};
use super::run::Run;

/// A session in few words: what it began with, what was done to it, and where it has come to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handover {
    design: Design,
    seed: u64,
    zero: Nanos,
    inputs: Vec<Stamped>,
    /// How many of the inputs have been taken.
    taken: usize,
    now: Nanos,
    ordinal: u64,
    /// The state hash there.
    hash: u64,
    /// Runs and branches there have been, and which branch this is.
    runs: u32,
    branches: u32,
    branch: u32,
    /// What has been told.
    stories: Vec<Story>,
    /// Which inputs there are twins without.
    twins: Vec<usize>,
    /// Which messages are shown.
    sample: Sample,
}

impl Handover {
    /// For the journey from module to module.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Handover::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Session {
    /// What another session needs to go on with what this one hosts. None while there is more to it
    /// than a run at its newest moment: a past that is looked at or was left, another future, a
    /// story yet to be told, a breakpoint, a request that is followed.
    pub fn hand_over(&self) -> Option<Handover> {
        let side = self.main.as_ref().filter(|it| self.fork.is_none() && it.is_plain())?;
        let run = &side.run;
        Some(Handover {
            design: run.base().clone(),
            seed: run.seed,
            zero: run.zero,
            inputs: run.inputs.clone(),
            taken: run.head.inputs,
            now: run.head.world.now(),
            ordinal: run.head.world.ordinal(),
            hash: run.head.world.state_hash(),
            runs: self.runs,
            branches: self.branches,
            branch: side.branch,
            stories: side.stories().to_vec(),
            twins: run.twins().collect(),
            sample: side.sample,
        })
    }

    /// Goes on with a run that was another session's, for a page that knows all of it.
    pub fn adopt(&mut self, heir: Heir) {
        let Heir { run, told } = heir;
        (self.runs, self.branches) = (told.runs, told.branches);
        let mut side = Side::new(run, told.branch).with_stories(told.stories);
        side.sample = told.sample;
        self.main = Some(side);
        self.frame(&View { figures: true, ..View::default() });
    }
}

/// Who runs again what another has run.
#[derive(Debug)]
pub struct Heir {
    run: Run,
    told: Handover,
}

impl Heir {
    /// Begins where the other began. None if that does not compile.
    pub fn new(told: Handover) -> Option<Self> {
        let (design, inputs) = (told.design.clone(), told.inputs.clone());
        let run = Run::open_within(design, told.seed, told.zero, inputs, 0).ok()?;
        Some(Self { run, told })
    }

    /// The other has gone on meanwhile. False if that was not with the same run.
    pub fn hear(&mut self, told: &Handover) -> bool {
        let same = (told.runs, told.branch) == (self.told.runs, self.told.branch)
            && told.inputs.starts_with(&self.told.inputs);
        if same {
            self.run.inputs.clone_from(&told.inputs);
            self.told.clone_from(told);
        }
        same
    }

    /// Runs on towards where the other is, by at most so many events, and as many of its twins. True
    /// if it is there.
    pub fn go_on(&mut self, budget: u64) -> bool {
        let told = &self.told;
        let left = told.ordinal.saturating_sub(self.run.head.world.ordinal());
        let span = told.now.saturating_sub(self.run.head.world.now());
        self.run.advance(span, left.min(budget));
        if left > budget {
            return false;
        }
        self.run.rest_at(told.now, told.taken);
        self.run.keep_twins(&told.twins);
        self.run.catch_up(budget, 0);
        self.run.is_level()
    }

    /// The moment at which the other is, and its state hash.
    pub fn place(&self) -> (Nanos, u64) {
        (self.told.now, self.told.hash)
    }

    /// Whether it has come to the very state in which the other is.
    pub fn is_equal(&self) -> bool {
        let world = &self.run.head.world;
        let place = (world.ordinal(), world.now(), self.run.head.inputs);
        place == (self.told.ordinal, self.told.now, self.told.taken)
            && self.run.is_plain()
            && self.run.twins().eq(self.told.twins.iter().copied())
            && world.state_hash() == self.told.hash
    }
}
