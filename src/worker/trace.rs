//! What the worker of a trace that somebody brings is made of (`www/trace.js`). All that is told is a
//! [`Told`], packed.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::session::bring::{Asked, Bring, Told};

thread_local! {
    static BROUGHT: RefCell<Option<Bring>> = const { RefCell::new(None) };
}

fn with(act: impl FnOnce(&mut Bring) -> Told) -> Vec<u8> {
    let none = || Told::Wrong("it was not begun.".into());
    BROUGHT.with_borrow_mut(|it| it.as_mut().map_or_else(none, act)).encode()
}

/// Begins, with an [`Asked`]. What cannot be used is said at once.
#[wasm_bindgen]
pub fn trace_begin(asked: &[u8]) -> Option<Vec<u8>> {
    console_error_panic_hook::set_once();
    match Bring::new(Asked::decode(asked)?) {
        Ok(it) => {
            BROUGHT.set(Some(it));
            None
        }
        Err(told) => Some(told.encode()),
    }
}

/// Takes the next bytes of the file.
#[wasm_bindgen]
pub fn trace_feed(bytes: &[u8]) -> Vec<u8> {
    with(|it| it.feed(bytes))
}

/// All bytes are there.
#[wasm_bindgen]
pub fn trace_finish() -> Vec<u8> {
    with(Bring::finish)
}

/// Somebody looks at it with another cache, or at another width: an [`Asked`].
#[wasm_bindgen]
pub fn trace_look(asked: &[u8]) {
    if let Some(asked) = Asked::decode(asked) {
        BROUGHT.with_borrow_mut(|it| it.iter_mut().for_each(|it| it.look(asked.present)));
    }
}

/// Works for about so many milliseconds; true if all is done.
#[wasm_bindgen]
pub fn trace_step(ms: f64) -> bool {
    BROUGHT.with_borrow_mut(|it| it.as_mut().is_none_or(|it| it.step(ms, &super::now)))
}

/// What is known so far.
#[wasm_bindgen]
pub fn trace_told() -> Vec<u8> {
    with(|it| it.told())
}
