//! What is done without after a worker has died twice: it may be what they died of.

use leptos::prelude::*;

use crate::session::protocol::{Command, Stamped};

use super::marks;
use super::store::App;

/// Takes back what was to be done first, or else what was done last, on the canvas and of what is done again. What
/// to tell of it.
pub fn lose(app: App, held: Option<Command>, inputs: &mut Vec<Stamped>) -> Option<String> {
    let (gone, was_done) = match held {
        Some(Command::Act(_, input)) => (input, false),
        _ => (inputs.pop()?.input, true),
    };
    let (_, what) = marks::told(app, &gone);
    app.desk.update_value(|it| match was_done {
        true => it.take_out(inputs.len()),
        false => it.unmake(&gone),
    });
    app.inputs.set(inputs.clone());
    app.tell_history();
    app.sync();
    Some(format!(
        "The simulation stopped again and was restarted without what was done last: {what}. All else is as it was."
    ))
}
