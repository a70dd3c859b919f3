//! The worker's side: a host, asked for one frame at a time.

use std::cell::RefCell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::session::Session;
use crate::session::host::Host;
use crate::session::protocol::Tick;

use super::rooms;

thread_local! {
    /// What this worker hosts.
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    /// What has to wait for the parts that come later, as long as they are not there.
    static WAITING: RefCell<Option<Vec<Tick>>> = const { RefCell::new(Some(Vec::new())) };
}

/// Answers every tick with a frame, for as long as the worker lives.
pub fn run() {
    HOST.set(Some(Host::new(Session::first())));
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let here = scope.clone();
    spawn_local(async move {
        // Without them there are no lenses; all but what needs them works.
        if let Ok(later) = rooms::later().await {
            HOST.with_borrow_mut(|it| it.iter_mut().for_each(|it| it.session.furnish(later)));
        }
        let due = WAITING.take();
        due.into_iter().flatten().for_each(|tick| answer(&here, &tick));
    });
    let here = scope.clone();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        let Some(tick) = Tick::decode(&bytes) else { return };
        let ready = WAITING.with_borrow_mut(|waiting| match waiting {
            Some(waiting) if tick.needs_later() || !waiting.is_empty() => {
                waiting.push(tick);
                None
            }
            _ => Some(tick),
        });
        ready.iter().for_each(|tick| answer(&here, tick));
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

fn answer(scope: &DedicatedWorkerGlobalScope, tick: &Tick) {
    let clock = || scope.performance().map_or(0.0, |it| it.now());
    let answer = HOST.with_borrow_mut(|it| it.as_mut().map(|it| it.answer(tick, &clock)));
    let Some(answer) = answer else { return };
    let array = Uint8Array::from(answer.as_slice());
    _ = scope.post_message_with_transfer(&array, &Array::of1(&array.buffer()));
}
