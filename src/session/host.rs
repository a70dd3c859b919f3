//! A session that is asked and answers with bytes within a slice of time: what the worker does, and
//! what benchmarks measure. Whoever asks brings the clock.

use super::Session;
use super::handover::Heir;
use super::protocol::{Command, Tick};

/// Milliseconds since some moment.
pub type Clock<'a> = &'a dyn Fn() -> f64;

/// How long one answer may take to work out, in milliseconds: less than a frame.
const ANSWER_MS: f64 = 11.0;
/// How long it may take if another moment is sought: most are then exact at once.
const SEEK_MS: f64 = 33.0;
/// Fewest and most events an answer may bring.
const EVENTS: (f64, f64) = (2_000.0, 1_000_000.0);
/// Events per millisecond, before any were measured.
const GUESS: f64 = 1_000.0;
/// A moment that is sought is gone on to in parts as long as this, so that all of the time is used.
const PART_MS: f64 = 2.0;

/// A session that answers in time.
#[derive(Debug)]
pub struct Host {
    /// The session.
    pub session: Session,
    /// As measured, without the frames.
    events_per_ms: f64,
    /// What a frame takes, as measured.
    frame_ms: f64,
    ordinal: u64,
    /// Whether a moment is still sought.
    seeks: bool,
}

impl Host {
    /// Hosts a session.
    pub fn new(session: Session) -> Self {
        Self { session, events_per_ms: GUESS, frame_ms: 0.0, ordinal: 0, seeks: false }
    }

    /// Hosts what another has hosted so far.
    pub fn adopt(&mut self, heir: Heir) {
        self.session.adopt(heir);
        self.ordinal = self.session.run().map_or(0, |it| it.head.world.ordinal());
    }

    /// Answers a tick with the bytes of a frame, by a clock that tells milliseconds.
    pub fn answer(&mut self, tick: &Tick, clock: Clock) -> Vec<u8> {
        let began = clock();
        let sought = |it: &Command| matches!(it, Command::Seek(_));
        let seeks = self.seeks || tick.commands.iter().any(sought);
        let ms = (if seeks { SEEK_MS } else { ANSWER_MS }) - self.frame_ms.min(ANSWER_MS / 2.0);
        self.session.tick(tick, self.events_in(ms));
        while seeks && clock() - began < ms && !self.session.approach(self.events_in(PART_MS)) {}
        let ticked = clock();
        let frame = self.session.packed(&tick.view);
        // What is only run again is not recorded, and says nothing of what is.
        if !seeks && tick.commands.is_empty() && frame.ordinal > self.ordinal {
            self.learn(frame.ordinal - self.ordinal, ticked - began);
        }
        (self.ordinal, self.seeks) = (frame.ordinal, frame.sought.is_some());
        let bytes = frame.encode();
        self.frame_ms += 0.2 * (clock() - ticked - self.frame_ms);
        bytes
    }

    /// How many events fit into so long, as measured.
    pub fn events_in(&self, ms: f64) -> u64 {
        (self.events_per_ms * ms).clamp(EVENTS.0, EVENTS.1) as u64
    }

    /// Learns from an answer; small ones say more of frames than of events.
    fn learn(&mut self, events: u64, ms: f64) {
        if events >= 1_000 && ms > 0.2 {
            let measured = events as f64 / ms;
            self.events_per_ms += 0.2 * (measured - self.events_per_ms);
        }
    }
}
