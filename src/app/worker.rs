//! The worker's side: a session, asked for one frame at a time.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::session::Session;
use crate::session::protocol::Tick;

use super::rooms;

/// How long one answer may take to work out, in milliseconds: less than a frame.
const ANSWER_MS: f64 = 11.0;
/// Fewest and most events an answer may bring.
const EVENTS: (f64, f64) = (2_000.0, 1_000_000.0);

/// How many events fit into an answer, as measured.
struct Pace {
    events_per_ms: f64,
}

impl Pace {
    fn budget(&self) -> u64 {
        (self.events_per_ms * ANSWER_MS).clamp(EVENTS.0, EVENTS.1) as u64
    }

    /// Learns from an answer; small ones say more of frames than of events.
    fn learn(&mut self, events: u64, ms: f64) {
        if events >= 1_000 && ms > 0.2 {
            let measured = events as f64 / ms;
            self.events_per_ms += 0.2 * (measured - self.events_per_ms);
        }
    }
}

/// Answers every tick with a frame, for as long as the worker lives.
pub fn run() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let here = scope.clone();
    let session = Rc::new(RefCell::new(Session::first()));
    let furnished = session.clone();
    let mut pace = Pace { events_per_ms: 1_000.0 };
    let mut ordinal = 0;
    let answer = Rc::new(RefCell::new(move |tick: Tick| {
        let began = now_ms(&here);
        let mut session = session.borrow_mut();
        let plain = tick.commands.is_empty();
        session.tick(&tick, pace.budget());
        let frame = session.packed(&tick.view);
        if plain && frame.ordinal > ordinal {
            pace.learn(frame.ordinal - ordinal, now_ms(&here) - began);
        }
        ordinal = frame.ordinal;
        let array = Uint8Array::from(frame.encode().as_slice());
        _ = here.post_message_with_transfer(&array, &Array::of1(&array.buffer()));
    }));
    // What has to wait for the parts that come later, as long as they are not there.
    let waiting = Rc::new(RefCell::new(Some(Vec::<Tick>::new())));
    let (due, answered) = (waiting.clone(), answer.clone());
    spawn_local(async move {
        // Without them there are no lenses; all but what needs them works.
        if let Ok(later) = rooms::later().await {
            furnished.borrow_mut().furnish(later);
        }
        let due = due.borrow_mut().take();
        due.into_iter().flatten().for_each(|tick| answered.borrow_mut()(tick));
    });
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        let Some(tick) = Tick::decode(&bytes) else { return };
        if let Some(waiting) = waiting.borrow_mut().as_mut()
            && (tick.needs_later() || !waiting.is_empty())
        {
            return waiting.push(tick);
        }
        answer.borrow_mut()(tick);
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

fn now_ms(scope: &DedicatedWorkerGlobalScope) -> f64 {
    scope.performance().map_or(0.0, |it| it.now())
}
