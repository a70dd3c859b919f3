//! What something is, beside what the keyboard has chosen: the titles that a pointer finds.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, Event};

/// Room that a tip needs below what it is about, in pixels; without it, it stands above.
const BELOW: f64 = 96.0;
/// Room that it needs to the right.
const RIGHT: f64 = 340.0;
/// Between it and what it is about.
const GAP: f64 = 7.0;

/// The tip, while something with a title has the focus by keyboard.
pub fn tip() -> AnyView {
    let shown = RwSignal::new(None::<(String, String)>);
    let chosen = move |event: Event| shown.set(told(&event));
    let left = move |_: Event| shown.set(None);
    let ears = [
        window_event_listener_untyped("focusin", chosen),
        window_event_listener_untyped("focusout", left),
        window_event_listener_untyped("pointerdown", left),
    ];
    // Escape takes it away; so does any key, since what it does is to be seen. On its way down: before it
    // gives the keyboard to something else, and even if somebody keeps it.
    let key = Closure::<dyn FnMut(Event)>::new(left);
    let listener = key.as_ref().unchecked_ref();
    _ = window().add_event_listener_with_callback_and_bool("keydown", listener, true);
    key.forget(); // For as long as the page lives.
    on_cleanup(move || ears.into_iter().for_each(|it| it.remove()));
    let tip = move || {
        shown.get().map(|(words, place)| {
            view! { <div class="tip" aria-hidden="true" style=place>{words}</div> }
        })
    };
    tip.into_any()
}

/// What is said of what has the focus, and where.
fn told(event: &Event) -> Option<(String, String)> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let aiming = element.closest("[data-connecting]").is_ok_and(|it| it.is_some());
    if aiming || !element.matches(":focus-visible").unwrap_or(false) {
        return None;
    }
    let words = words(&element).filter(|it| !it.is_empty())?;
    let rect = element.get_bounding_client_rect();
    let size = |it: Result<wasm_bindgen::JsValue, _>| it.ok().and_then(|it| it.as_f64());
    let (width, height) = (size(window().inner_width())?, size(window().inner_height())?);
    let x = rect.left().min(width - RIGHT).max(8.0);
    let y = match rect.bottom() + BELOW < height {
        true => format!("top:{:.0}px", rect.bottom() + GAP),
        false => format!("bottom:{:.0}px", height - rect.top() + GAP),
    };
    Some((words, format!("left:{x:.0}px;{y}")))
}

/// The title; of a node, what its figures are.
fn words(element: &Element) -> Option<String> {
    let figures = element.query_selector(".node-figures").ok().flatten();
    let Some(figures) = figures else { return element.get_attribute("title") };
    let ends = [figures.first_element_child(), figures.last_element_child()];
    let help = ends.into_iter().flatten().filter_map(|it| {
        // Label, figure and unit stand apart by their looks, not by spaces.
        let parts = it.child_nodes();
        let words = (0..parts.length()).filter_map(|at| parts.get(at)?.text_content());
        let words = words.flat_map(|it| Some(it.trim().to_owned()).filter(|it| !it.is_empty()));
        Some(format!("{}: {}", words.collect::<Vec<_>>().join(" "), it.get_attribute("title")?))
    });
    Some(help.collect::<Vec<_>>().join("\n"))
}
