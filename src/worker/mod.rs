//! What a Web Worker runs: a host, asked for one frame at a time. Two modules have it: the page's,
//! which is light and hosts the first run (`app`), and one that holds nothing else but is built to be
//! fast, which is loaded afterwards and goes on in its place (`heir`).

use std::cell::RefCell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::session::host::Host;
use crate::session::later::Later;
use crate::session::protocol::Tick;

#[cfg(feature = "bench")]
mod bench;
#[cfg(not(feature = "page"))]
mod heir;
// Exports stay in the first module, which has no room for them: there the fast one has them alone.
#[cfg(not(all(feature = "page", split)))]
mod trace;

thread_local! {
    /// What this worker hosts.
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    /// What has to wait for the parts that come later, as long as they are not there.
    static WAITING: RefCell<Option<Vec<Tick>>> = const { RefCell::new(Some(Vec::new())) };
}

/// Answers every tick with a frame, for as long as the worker lives or until another host does.
pub fn run(host: Host) {
    HOST.set(Some(host));
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
        ready.iter().for_each(answer);
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Here are the parts that come later, or they will not come: then there are no lenses, and all but
/// what needs them works.
pub fn furnish(later: Option<Later>) {
    if let Some(later) = later {
        HOST.with_borrow_mut(|it| it.iter_mut().for_each(|it| it.session.furnish(later)));
    }
    WAITING.take().iter().flatten().for_each(answer);
}

/// What another host needs to go on with it, if this is a moment for it.
pub fn hand_over() -> Option<Vec<u8>> {
    HOST.with_borrow(|it| it.as_ref()?.session.handed_over())
}

/// Another host has gone on with it.
pub fn retire() {
    HOST.set(None);
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds since the worker began.
fn now() -> f64 {
    scope().performance().map_or(0.0, |it| it.now())
}

fn answer(tick: &Tick) {
    let answer = HOST.with_borrow_mut(|it| it.as_mut().map(|it| it.answer(tick, &now)));
    let Some(answer) = answer else { return };
    let array = Uint8Array::from(answer.as_slice());
    _ = scope().post_message_with_transfer(&array, &Array::of1(&array.buffer()));
}
