//! The fast module's way to what it hosts: it runs again what the first has run, in the pauses that
//! leaves, and answers in its place once it has come to the very same state.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::session::Session;
use crate::session::handover::{Handover, Heir};
use crate::session::host::Host;

/// How long one step may take, in milliseconds: half of what an answer may.
const STEP_MS: f64 = 6.0;
/// Events between two looks at the clock.
const EVENTS: u64 = 2_000;

thread_local! {
    static HEIR: RefCell<Option<Heir>> = const { RefCell::new(None) };
}

/// Follows what hosts the run at present by what that says of it (`hand_over`), for a short while. If
/// it has come to the same state, it answers what comes to this worker from now on, and says which
/// state that is: simulated nanoseconds, and the state hash in hex.
///
/// # Errors
/// It has come elsewhere: then the first had better go on.
#[wasm_bindgen]
pub fn take_over(told: &[u8]) -> Result<Option<String>, JsValue> {
    console_error_panic_hook::set_once();
    let began = super::now();
    let unreadable = || JsValue::from_str("what was handed over cannot be read");
    let told = Handover::decode(told).ok_or_else(unreadable)?;
    HEIR.with_borrow_mut(|heir| {
        let heard = heir.as_mut().is_some_and(|it| it.hear(&told));
        if !heard {
            *heir = Heir::new(told);
        }
        let Some(it) = heir else { return Ok(None) };
        while !it.go_on(EVENTS) {
            if super::now() - began > STEP_MS {
                return Ok(None);
            }
        }
        let same = it.is_equal();
        let Some(it) = heir.take().filter(|_| same) else {
            return Err(JsValue::from_str("what was handed over ran differently"));
        };
        let (now, hash) = it.place();
        let mut host = Host::new(Session::default());
        host.adopt(it);
        super::run(host);
        super::WAITING.take();
        Ok(Some(format!("{} {hash:016x}", now.0)))
    })
}
