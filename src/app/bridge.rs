//! The channel to the worker that hosts the session: one request on its way at a time, and a fresh
//! worker when one has died.

use std::collections::VecDeque;

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::base::time::Nanos;
use crate::document::Design;
use crate::session::protocol::{Command, Frame, Stamped, Tick, View};

use super::banner::Banner;
use super::frame_loop;
use super::store::App;

/// A worker that dies this often without getting further is not started again.
const DEATHS_MAX: u32 = 3;
/// A worker that does not answer for so long is taken for dead; no answer takes a tenth of this.
const SILENT_MS_MAX: f64 = 10_000.0;
/// The same for one that begins a run, with its warm-up: slow machines take their time.
const OPENING_MS_MAX: f64 = 60_000.0;

#[wasm_bindgen]
extern "C" {
    /// The worker that the page shell has already started (`www/index.html`); a fresh one at every
    /// later call.
    #[wasm_bindgen(js_name = ringsideWorker, catch)]
    fn ringside_worker() -> Result<Worker, JsValue>;
}

/// A run that goes on for so long after a worker has died does not die of what the other died of.
const FURTHER: Nanos = Nanos::SECOND;

/// Whether a command does something to the run.
fn acts(command: &Command) -> bool {
    matches!(command, Command::Act(..) | Command::Forget(..))
}

/// The run to begin again should the worker die.
#[derive(Clone, Debug, Default)]
struct Run {
    design: Design,
    seed: u64,
    warmup: Nanos,
}

/// What listens to a worker: to its answers, to its death.
type Ears = (Closure<dyn FnMut(MessageEvent)>, Closure<dyn FnMut(ErrorEvent)>);

/// The page's end of the channel.
#[derive(Debug, Default)]
pub struct Bridge {
    worker: Option<Worker>,
    ears: Option<Ears>,
    commands: VecDeque<Command>,
    /// What was asked to be done and has not been answered yet.
    asked: Vec<Command>,
    /// What is to be done once the run has come to where it is looked at.
    held: VecDeque<Command>,
    /// Whether an answer is awaited.
    busy: bool,
    /// Whether something must be asked for although time stands still.
    due: bool,
    run: Run,
    /// After a death: how far to go on by itself.
    catch_up: Option<Nanos>,
    deaths: u32,
    /// How far the run had come when a worker died last.
    died_at: Nanos,
    /// For how long an answer has been awaited, as repaints have it, in milliseconds.
    silent: f64,
    /// Whether what was asked last begins a run.
    opening: bool,
    /// The moment that was asked for, if nothing has been asked since.
    pub sought: Option<Nanos>,
}

impl Bridge {
    /// Asks for something; of moments to seek only the newest counts.
    pub fn push(&mut self, command: Command) {
        let moves = |it: &Command| matches!(it, Command::Seek(_) | Command::Latest);
        if moves(&command) && self.commands.back().is_some_and(moves) {
            self.commands.pop_back();
        }
        // Done on the way, it would leave behind what is still to come.
        if self.catch_up.is_some() && (acts(&command) || !self.held.is_empty()) {
            return self.held.push_back(command);
        }
        self.catch_up = None;
        self.sought = match &command {
            Command::Seek(at) => Some(*at),
            _ => None,
        };
        self.commands.push_back(command);
    }

    /// Begins a run; what was asked of the one before is forgotten.
    pub fn open(&mut self, design: Design, seed: u64, warmup: Nanos) {
        self.forget();
        self.run = Run { design, seed, warmup };
        self.reopen(Vec::new());
    }

    /// Another run begins.
    fn forget(&mut self) {
        self.commands.clear();
        self.asked.clear();
        self.held.clear();
        (self.catch_up, self.deaths, self.died_at) = (None, 0, Nanos::ZERO);
    }

    /// Goes on with a run that was kept: replays what was done to it, up to a moment.
    pub fn resume(
        &mut self,
        (design, seed, warmup): (Design, u64, Nanos),
        inputs: Vec<Stamped>,
        at: Option<Nanos>,
    ) {
        self.forget();
        self.run = Run { design, seed, warmup };
        self.reopen(inputs);
        self.catch_up = at;
    }

    /// Goes on by itself to a moment, from one before it; meanwhile nothing is done to the run.
    pub fn come_to(&mut self, at: Nanos) {
        self.catch_up = Some(at);
    }

    /// Whether it is on its way there.
    pub fn is_catching_up(&self) -> bool {
        self.catch_up.is_some()
    }

    fn reopen(&mut self, inputs: Vec<Stamped>) {
        let Run { design, seed, warmup } = self.run.clone();
        let design = Box::new(design);
        self.commands.push_front(Command::Open { design, seed, warmup, inputs });
    }

    /// Something else is to be shown.
    pub fn look(&mut self) {
        self.due = true;
    }

    /// Whether a request may go out.
    pub fn is_free(&self) -> bool {
        self.worker.is_some() && !self.busy
    }

    /// Whether there is something to ask although time stands still.
    pub fn is_due(&self) -> bool {
        self.due || !self.commands.is_empty() || self.catch_up.is_some()
    }

    /// Whether an answer is awaited.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Whether the cursor will move otherwise than by playing.
    pub fn jumps(&self) -> bool {
        let jump = |it: &Command| !matches!(it, Command::Act(..));
        self.commands.iter().any(jump)
    }

    /// Waits on; true if a worker has been silent for so long that it must be dead: browsers do
    /// not always tell.
    pub fn wait(&mut self, ms: f64) -> bool {
        self.silent = if self.busy { self.silent + ms } else { 0.0 };
        self.silent > if self.opening { OPENING_MS_MAX } else { SILENT_MS_MAX }
    }

    /// Sends a request.
    pub fn ask(&mut self, now: Nanos, advance: Nanos, view: View) {
        let opens = self.commands.iter().any(|it| matches!(it, Command::Open { .. }));
        self.opening = opens;
        let advance = match self.catch_up {
            // Where the new run stands is not known yet.
            Some(_) if opens => Nanos::ZERO,
            Some(target) if target > now => target.saturating_sub(now),
            _ => advance,
        };
        let commands: Vec<_> = self.commands.drain(..).collect();
        self.asked.extend(commands.iter().filter(|it| acts(it)).cloned());
        let bytes = Tick { commands, advance, view }.encode();
        let Some(worker) = &self.worker else { return };
        let array = Uint8Array::from(bytes.as_slice());
        self.busy = worker.post_message_with_transfer(&array, &Array::of1(&array.buffer())).is_ok();
        self.due = false;
    }

    /// Takes an answer in.
    fn hear(&mut self, bytes: &[u8]) -> Option<Frame> {
        (self.busy, self.silent) = (false, 0.0);
        self.asked.clear();
        let frame = Frame::decode(bytes)?;
        // It goes on looking for the moment as long as it is asked.
        self.due |= frame.sought.is_some();
        if self.catch_up.is_some_and(|it| frame.now >= it) {
            self.catch_up = None;
            self.commands.append(&mut self.held);
        }
        // It has got further than the last one.
        if self.catch_up.is_none() && frame.now > self.died_at.saturating_add(FURTHER) {
            self.deaths = 0;
        }
        Some(frame)
    }

    /// Lets go of the worker, which had come so far. What was to be done and may not have been is held.
    fn bury(&mut self, now: Nanos) {
        if let Some(worker) = self.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        (self.busy, self.silent) = (false, 0.0);
        // What was taken out is no part of the run that begins again.
        let lost = self.asked.drain(..).chain(self.commands.drain(..)).chain(self.held.drain(..));
        self.held = lost.filter(|it| matches!(it, Command::Act(..))).collect();
        self.deaths += 1;
        self.died_at = now.max(self.died_at);
    }
}

/// Takes the worker and listens to it.
pub fn connect(app: App) {
    let Ok(worker) = ringside_worker() else {
        app.banner.set(Some(Banner::no_worker()));
        return;
    };
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        let frame = app.bridge.try_update_value(|it| it.hear(&bytes)).flatten();
        if let Some(frame) = frame {
            frame_loop::receive(app, frame);
        }
        app.wake();
    });
    let failed = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        event.prevent_default();
        died(app, event.message());
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
    app.bridge.update_value(|it| {
        it.worker = Some(worker);
        it.ears = Some((heard, failed));
    });
}

/// The worker has stopped: the run begins again from what it began with and what was done to it.
pub fn died(app: App, reason: String) {
    let mut inputs = app.desk.with_value(|it| it.inputs.clone());
    let now = app.latest.with_value(|it| it.now);
    let deaths = app.bridge.try_update_value(|it| {
        it.bury(now);
        it.deaths
    });
    let deaths = deaths.unwrap_or(DEATHS_MAX);
    if deaths > DEATHS_MAX {
        app.playing.set(false);
        app.banner.set(Some(Banner::gave_up(&reason)));
        return;
    }
    app.desk.update_value(|it| it.catching = !it.is_past());
    // What came last may be what it died of.
    let mut told = None;
    if let (true, Some(rooms)) = (deaths > 1, app.later()) {
        let held = app.bridge.try_update_value(|it| it.held.pop_front()).flatten();
        told = (rooms.lose)(app, held, &mut inputs);
    }
    app.banner.set(Some(Banner::restarted(told)));
    // The old listener is on the stack of this very call: it goes once this is over.
    let old = app.bridge.try_update_value(|it| it.ears.take()).flatten();
    set_timeout(move || drop(old), std::time::Duration::ZERO);
    connect(app);
    if let Some(rooms) = app.later() {
        (rooms.rejoin)(app);
    }
    app.awaited.set(None);
    app.slowly.set(false);
    app.bridge.update_value(|it| {
        it.reopen(inputs);
        it.catch_up = Some(now);
    });
    app.wake();
}
