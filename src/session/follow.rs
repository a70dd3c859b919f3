//! Following one request: what it did is found by running again from the snapshot before it, and
//! what it does is watched as it happens.

use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::note::Note;
use crate::engine::recorder::Recorder;
use crate::engine::trace::Tracer;
use crate::engine::world::Watch;
use crate::engine::{Blueprint, World};

use super::breakpoint::Sentry;
use super::moment::{Goal, Moment};
use super::protocol::Stamped;

/// Events between two looks at how far the search has come.
const STRIDE: u64 = 20_000;

/// A request that is followed.
#[derive(Clone, Debug)]
pub struct Follow {
    /// A moment at which it was under way.
    near: Nanos,
    /// What is known of it.
    pub tracer: Tracer,
    /// How it comes to be known.
    pub state: State,
}

/// How far following has come.
#[derive(Clone, Debug)]
pub enum State {
    /// Running again, from the snapshot after so many events.
    Searching(Box<Moment>, u64),
    /// Listening to the newest.
    Live,
    /// There is no more to learn.
    Known,
    /// There was no such request.
    Missing,
}

impl Follow {
    /// Follows a request that was under way at a moment, from a snapshot not after that.
    pub fn new(request: u64, near: Nanos, from: &Moment) -> Self {
        let state = State::Searching(Box::new(from.clone()), from.world.ordinal());
        Self { near, tracer: Tracer::new(request), state }
    }

    /// Whether this is the request.
    pub fn is(&self, request: u64, near: Nanos) -> bool {
        let missing = matches!(self.state, State::Missing);
        self.tracer.request == request && (!missing || self.near == near)
    }

    /// Goes on by at most so many events, and takes them off what is left; the ordinal it began at
    /// is given back if it must begin before that.
    pub fn search(&mut self, head: &Moment, inputs: &[Stamped], left: &mut u64) -> Option<u64> {
        let last = head.world.ordinal();
        while let State::Searching(moment, from) = &mut self.state {
            if *left == 0 {
                return None;
            }
            let (events, from) = ((*left).min(STRIDE), *from);
            *left -= events;
            let there = moment.replay(Goal::Ordinal(last), inputs, events, &mut self.tracer);
            if self.tracer.is_over() {
                self.state = State::Known;
            } else if !self.tracer.has_begun() && (there || moment.world.now() > self.near) {
                return Some(from);
            } else if there {
                moment.replay(Goal::At(head.world.now()), inputs, u64::MAX, &mut self.tracer);
                self.state = State::Live;
            }
        }
        None
    }

    /// Begins again from an earlier snapshot; without one, the request is missing.
    pub fn restart(&mut self, from: Option<&Moment>) {
        *self = match from {
            Some(from) => Self::new(self.tracer.request, self.near, from),
            None => Self { state: State::Missing, ..self.clone() },
        };
    }

    /// The tracer, if it listens to the newest.
    pub fn live(&mut self) -> Option<&mut Tracer> {
        if matches!(self.state, State::Live) && !self.tracer.is_over() {
            Some(&mut self.tracer)
        } else {
            None
        }
    }
}

/// The recorder, and what else listens beside it.
pub struct Both<'a> {
    /// Records everything.
    pub recorder: &'a mut Recorder<Registry>,
    /// Watches for one request.
    pub tracer: Option<&'a mut Tracer>,
    /// Waits for a breakpoint.
    pub sentry: Option<&'a mut Sentry>,
}

impl Watch<Registry> for Both<'_> {
    fn wants_from(&self) -> u64 {
        self.recorder.wants_from()
    }

    fn traces(&self) -> Option<u64> {
        self.tracer.as_ref().map(|it| it.request)
    }

    fn disturbed(&mut self, at: Nanos) {
        self.recorder.disturbed(at);
        if let Some(sentry) = &mut self.sentry {
            sentry.disturbed();
        }
    }

    fn next_look(&self) -> Nanos {
        self.recorder.next_look()
    }

    fn look(&mut self, at: Nanos, world: &World<Registry>) {
        self.recorder.look(at, world);
    }

    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], blueprint: &Blueprint<Registry>) {
        self.recorder.notes(at, ordinal, notes, blueprint);
        if let Some(tracer) = &mut self.tracer {
            tracer.notes(at, ordinal, notes, blueprint);
        }
        if let Some(sentry) = &mut self.sentry {
            sentry.hear(notes, blueprint);
        }
    }
}
