//! What Escape leaves, one thing at a time.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::editor::{Held, Input, Key, Preview, Tool};

use super::canvas::hand::{self, Hand};
use super::store::App;

/// Whether what has the keyboard lies within such a thing.
fn within(what: &str) -> bool {
    document().active_element().is_some_and(|it| matches!(it.closest(what), Ok(Some(_))))
}

/// Whether there is neither a gesture nor a tool to leave.
fn is_idle(app: App, hand: Hand) -> bool {
    hand.tool.get_untracked() == Tool::Select
        && hand.preview.with_untracked(|it| *it == Preview::Nothing)
        && !app.desk.with_value(|it| it.editor.is_busy())
}

/// Leaves one thing: the innermost that is open.
pub fn escape(app: App, hand: Hand, _: &KeyboardEvent) {
    if hand.dot.with_untracked(Option::is_some) {
        super::canvas::dot::close(app, hand);
    } else if hand.sheet.get_untracked() {
        super::sheet::show(app, false);
    } else if app.large.get_untracked() {
        app.large.set(false);
        app.bridge.update_value(|it| it.look());
        app.follow();
    } else if app.is_waiting() {
        app.wait_no_more();
    } else if app.following.with_untracked(Option::is_some) && is_idle(app, hand) {
        if within(".waterfall, .its-messages") {
            super::inspector::focus();
        }
        app.let_go();
    } else {
        // Out of the inspector, the keyboard goes back to what was inspected.
        let inside = within(".inspector");
        let first = app.ask(|it| it.selection().first().cloned());
        app.act(Input::Key { key: Key::Escape, held: Held::default() });
        if let (Some(first), true) = (first, inside) {
            hand::focus_on(&first);
        }
    }
}
