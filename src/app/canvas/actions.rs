//! What can be done to all of a component.

use leptos::prelude::*;

use crate::app::figures::Health;
use crate::app::store::App;
use crate::document::Id;
use crate::engine::fault::{Fault, Target};

/// How much longer work takes at a component that is slowed.
pub const SLOW: f64 = 10.0;

/// Kill or bring back, slow or heal: for all of a component.
#[component]
pub fn Buttons(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let face = app.node(&id)?.face;
    let all = Target::component(&id);
    let state = Memo::new(move |_| {
        let (up, slow) = face.with(|it| {
            let up = it.members.iter().filter(|it| it.health != Health::Down).count();
            (up, it.members.iter().any(|it| it.health == Health::Slow))
        });
        let slowed = |it: &Fault| match it {
            Fault::Slow { target, factor } if *target == all => Some(*factor > 1.0),
            _ => None,
        };
        // Into the script one may put what comes after what is in it.
        (up > 0 || app.planned.get().is_some(), app.meant(slow, slowed))
    });
    let target = Target::component(&id);
    let (kill, back, slow) = (target.clone(), target.clone(), target);
    Some(view! {
        <button on:click=move |_| app.set_up(kill.clone(), false) disabled=move || !state.get().0
            title="The processes die: connections break, what was not durable is lost.">"Kill"</button>
        <button on:click=move |_| app.set_up(back.clone(), true)
            title="Starts what is down; if nothing is, all of it dies and starts afresh at once.">"Restart"</button>
        <button
            on:click=move |_| {
                let factor = if state.get_untracked().1 { 1.0 } else { SLOW };
                app.fault(Fault::Slow { target: slow.clone(), factor });
            }
            title="All work there takes ten times as long, until it is healed; by another factor under More…"
        >{move || if state.get().1 { "Full speed" } else { "Slow ×10" }}</button>
    })
}
