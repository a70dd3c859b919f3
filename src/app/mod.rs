//! Placeholder of the app: proves page and worker until the real one comes.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The worker that the page shell has already started (`www/index.html`).
    #[wasm_bindgen(js_name = ringsideWorker, catch)]
    fn ringside_worker() -> Result<web_sys::Worker, JsValue>;
}

/// Page entry point: called by `www/index.html`.
#[wasm_bindgen]
pub fn start_page() {
    console_error_panic_hook::set_once();
    let (engine, set_engine) = signal("starting".to_owned());
    mount_to_body(move || view! { <main><h1>"Ringside"</h1><p>"Engine: "{engine}</p></main> });
    let Ok(worker) = ringside_worker() else {
        return;
    };
    let heard =
        Closure::<dyn FnMut(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
            set_engine.set(event.data().as_string().unwrap_or_default());
        });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Worker entry point: called by `www/worker.js`.
#[wasm_bindgen]
pub fn start_worker() -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    js_sys::global()
        .unchecked_into::<web_sys::DedicatedWorkerGlobalScope>()
        .post_message(&"ready".into())
}
