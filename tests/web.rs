//! The app in a real browser, by wasm-pack and headless Chrome.
#![cfg(target_arch = "wasm32")]

use leptos::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A signal written after mounting reaches the DOM: Leptos, the glue and the browser fit together.
#[wasm_bindgen_test]
async fn a_mounted_view_follows_its_signal() {
    let (count, set_count) = signal(1);
    mount_to_body(move || view! { <p id="count">{count}</p> });
    let shown = || document().get_element_by_id("count").and_then(|p| p.text_content());
    assert_eq!(shown().as_deref(), Some("1"));
    set_count.set(2);
    leptos::task::tick().await;
    assert_eq!(shown().as_deref(), Some("2"));
}
