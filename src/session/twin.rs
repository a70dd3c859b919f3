//! The twin: the same run without its latest fault or edit, as far as the head has come. The gap
//! between the two is the effect.

use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::recorder::Recorder;

use super::moment::{Goal, Moment};
use super::protocol::Input;

/// The twin that charts show is carried on for so long after the input it is without.
pub const TWIN_MAX: Nanos = Nanos::seconds(120);

/// The run as if the latest fault or edit had not been.
#[derive(Clone, Debug)]
pub struct Twin {
    /// When it parted.
    pub since: Nanos,
    /// What it is without.
    input: Input,
    /// Which of the run's inputs that is.
    pub(super) index: usize,
    /// For how long it is carried on.
    lasts: Nanos,
    /// How far it has come.
    pub reached: Nanos,
    /// What was recorded of it.
    pub recorder: Recorder<Registry>,
    /// The world; none once it has come as far as it ever will.
    moment: Option<Box<Moment>>,
}

impl Twin {
    /// Parts from a run that is about to take an input, for so long.
    pub fn new(head: &Moment, recorder: &Recorder<Registry>, input: &Input, lasts: Nanos) -> Self {
        let since = head.world.now();
        Self {
            since,
            input: input.clone(),
            index: head.inputs,
            lasts,
            reached: since,
            recorder: recorder.clone(),
            moment: Some(Box::new(head.clone())),
        }
    }

    /// Whether it still is what the run would be had the latest fault not been, once this input is
    /// taken: it is what takes a fault back, or the edit at hand.
    pub fn survives(&self, input: &Input) -> bool {
        match (input, &self.input) {
            (Input::Fault(fault), _) => fault.is_reversal(),
            (Input::Edit(now), Input::Edit(then)) => then.clone().reversed() == *now,
            (Input::Edit(_) | Input::Seed(_), _) => false,
        }
    }

    /// Whether what it is without still belongs to a run with so many inputs.
    pub fn belongs(&self, inputs: usize) -> bool {
        self.index < inputs
    }

    /// Whether this is the run without the input with this index.
    pub fn is_without(&self, index: usize) -> bool {
        self.index == index
    }

    /// Whether it has given up following.
    pub fn is_over(&self) -> bool {
        self.moment.is_none()
    }

    /// Whether it has come as far as it can while the head is there.
    pub fn is_level(&self, head: Nanos) -> bool {
        self.is_over() || self.reached >= head.min(self.since.saturating_add(self.lasts))
    }

    /// Follows the head by at most so many events.
    pub fn follow(&mut self, head: Nanos, budget: u64) {
        let Some(moment) = &mut self.moment else { return };
        let end = self.since.saturating_add(self.lasts);
        // What was done later was done to the other, or would take back what is not there.
        moment.replay(Goal::At(head.min(end)), &[], budget, &mut self.recorder);
        self.reached = moment.world.now();
        let heavy = moment.world.queue_len() > super::guard::WAITING_MAX;
        if self.reached >= end || heavy {
            self.moment = None;
        }
    }

    /// The world it has come to.
    pub fn moment(&self) -> Option<&Moment> {
        self.moment.as_deref()
    }
}
