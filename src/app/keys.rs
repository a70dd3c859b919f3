//! The keyboard, wherever it is on the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::store::App;

/// Whether what has the keyboard wants it for itself.
fn is_taken(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    element.is_some_and(|it| matches!(it.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"))
}

fn is_button(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    element.is_some_and(|it| it.tag_name() == "BUTTON")
}

/// Listens from now on.
pub fn listen(app: App) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.default_prevented() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        if event.key() == "Escape" {
            if is_taken(&event)
                && let Some(element) =
                    event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok())
            {
                _ = element.blur();
            } else if app.large.get_untracked() {
                app.large.set(false);
                app.bridge.update_value(|it| it.look());
                app.follow();
            } else if app.awaited.with_untracked(Option::is_some) {
                app.wait_no_more();
            } else {
                app.select(None);
            }
            return;
        }
        if is_taken(&event) {
            return;
        }
        // What is done is done to the future that has the keyboard.
        let (page, app) = (app, app.focused());
        let held = event.repeat();
        match event.key().as_str() {
            "z" | "Z" if command && event.shift_key() => super::deeds::undo(app, false),
            "y" if command => super::deeds::undo(app, false),
            "z" if command => super::deeds::undo(app, true),
            "d" if command => app.duplicate_chosen(),
            _ if command || event.alt_key() => return,
            "Delete" | "Backspace" if !held => app.delete_chosen(),
            "a" | "A" if !held => super::library::toggle(),
            " " if is_button(&event) => return,
            " " if !held => app.toggle(),
            " " => {}
            "ArrowRight" | "." | ">" if !event.shift_key() => app.step_on(),
            "ArrowRight" | "." | ">" => app.step(1),
            "ArrowLeft" | "," => app.step(-1),
            "r" | "R" if !held => page.restart(),
            "w" | "W" if !held => page.what_if(),
            "u" | "U" if !held => page.asks.update(|it| *it = !*it),
            "f" | "F" => app.follow(),
            "c" | "C" if !held => app.chart_open.update(|it| *it = !*it),
            "+" | "=" => app.zoom(1.25),
            "-" | "_" => app.zoom(1.0 / 1.25),
            "]" => app.change_speed(true),
            "[" => app.change_speed(false),
            _ => return,
        }
        event.prevent_default();
    });
    // A button that was clicked does not keep the keyboard: Space is for time.
    let clicks = window_event_listener(leptos::ev::click, move |event| {
        let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let button = element.and_then(|it| it.closest("button").ok().flatten());
        if event.detail() > 0
            && let Some(button) = button.and_then(|it| it.dyn_into::<HtmlElement>().ok())
        {
            _ = button.blur();
        }
    });
    // For as long as the page lives.
    std::mem::forget((handle, clicks));
}
