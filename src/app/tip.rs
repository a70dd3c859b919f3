//! What something is, beside what the keyboard has chosen or a finger has tapped: the titles that a pointer
//! finds.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, Event, PointerEvent};

/// Room that a tip needs below what it is about, in pixels; without it, it stands above.
const BELOW: f64 = 96.0;
/// Room that it needs to the right.
const RIGHT: f64 = 340.0;
/// Between it and what it is about.
const GAP: f64 = 7.0;

/// What looks after itself: a finger that taps it does something.
const ACTS: &str = "button, a, input, select, summary, canvas, [role=slider]";

/// The tip, while something with a title has the focus by keyboard, or a finger has tapped it.
pub fn tip() -> AnyView {
    let shown = RwSignal::new(None::<(String, String)>);
    // What a finger was put on: its click tells whether that was a tap, after the focus has gone there.
    let under = StoredValue::new_local(None::<Element>);
    let chosen = move |event: Event| shown.set(focused(&event));
    let left = move |_: Event| shown.set(None);
    let ears = [
        window_event_listener_untyped("focusin", chosen),
        window_event_listener_untyped("focusout", left),
    ];
    // Escape takes it away; so does any key, since what it does is to be seen. On its way down: before it
    // gives the keyboard to something else, and even if somebody keeps it.
    let early = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if event.type_() == "click" {
            if let Some(it) = under.try_update_value(Option::take).flatten() {
                shown.set(told(&it));
            }
            return;
        }
        shown.set(None);
        under.set_value(fingered(&event));
    });
    let listener = early.as_ref().unchecked_ref();
    for name in ["keydown", "pointerdown", "click"] {
        _ = window().add_event_listener_with_callback_and_bool(name, listener, true);
    }
    early.forget(); // For as long as the page lives.
    on_cleanup(move || ears.into_iter().for_each(|it| it.remove()));
    let tip = move || {
        shown.get().map(|(words, place)| {
            view! { <div class="tip" aria-hidden="true" style=place>{words}</div> }
        })
    };
    tip.into_any()
}

/// What a finger is on that has a title and does nothing; on a component, once that is chosen.
fn fingered(event: &Event) -> Option<Element> {
    let event = event.dyn_ref::<PointerEvent>().filter(|it| it.pointer_type() == "touch")?;
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let titled = element.closest(&format!("[title], {ACTS}")).ok()??;
    let free = !titled.matches(&format!("{ACTS}, .node:not(.sel) *")).unwrap_or(true);
    free.then_some(titled)
}

/// What is said of what has the focus by keyboard, and where.
fn focused(event: &Event) -> Option<(String, String)> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let aiming = element.closest("[data-connecting]").is_ok_and(|it| it.is_some());
    let seen = element.matches(":focus-visible").unwrap_or(false);
    if seen && !aiming { told(&element) } else { None }
}

/// What is said of an element, and where.
fn told(element: &Element) -> Option<(String, String)> {
    let words = words(element).filter(|it| !it.is_empty())?;
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

/// The title; of a node, what its figures are, its waiting line and its load.
fn words(element: &Element) -> Option<String> {
    if !element.has_attribute("data-node") {
        return element.get_attribute("title");
    }
    let parts = element.query_selector_all(":is(.figure, .queue, .load):not([hidden])").ok()?;
    let help = (0..parts.length()).filter_map(|at| {
        let it = parts.get(at)?.dyn_into::<Element>().ok()?;
        // Label, figure and unit stand apart by their looks, not by spaces.
        let texts = it.child_nodes();
        let texts = (0..texts.length()).filter_map(|at| texts.get(at)?.text_content());
        let texts = texts.flat_map(|it| Some(it.trim().to_owned()).filter(|it| !it.is_empty()));
        let texts = texts.collect::<Vec<_>>().join(" ");
        let title = it.get_attribute("title")?;
        Some(if texts.is_empty() { title } else { format!("{texts}: {title}") })
    });
    Some(help.collect::<Vec<_>>().join("\n"))
}
