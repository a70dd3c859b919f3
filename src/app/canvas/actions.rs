//! What can be done to the chosen component, beside it on the canvas.

use leptos::prelude::*;

use crate::app::figures::Health;
use crate::app::store::{App, Selected};
use crate::document::Id;
use crate::engine::fault::{Fault, Target};

/// How much longer work takes at a component that is slowed.
pub const SLOW: f64 = 10.0;

/// Half the bar's width, in pixels.
const HALF: f64 = 112.0;

/// The chosen component's id.
pub fn chosen(app: App) -> Memo<Option<Id>> {
    Memo::new(move |_| match app.selected.get() {
        Some(Selected::Node(id)) => Some(id),
        _ => None,
    })
}

/// The small bar over the chosen node.
pub fn bar(app: App) -> AnyView {
    let chosen = chosen(app);
    let bar = move || {
        let id = chosen.get()?;
        let node = app.node(&id)?;
        let (record, spot_id) = (node.record, id.clone());
        let at = move || {
            let camera = app.camera.get();
            let spot = record.with(|it| app.place.with(|place| place.rect(&spot_id, it)));
            let mut middle = spot.centre();
            middle.y = spot.y;
            let at = camera.screen_from_document(middle);
            let below = at.y < 96.0;
            // Never under the inspector, which is open with it.
            let growth = app.place.with(|it| it.growth);
            let half = HALF * growth;
            let beside = if app.both.get() { 0.0 } else { super::inspector_width(growth) };
            let (left, right) = (half, app.stage.get().0 - beside - half);
            let x = at.x.min(right).max(left);
            let y = if below { at.y + spot.height * camera.zoom + 8.0 } else { at.y - 44.0 };
            format!("translate({:.1}px, {:.1}px) translateX(-50%)", x, y)
        };
        Some(view! {
            <div class="actions chip" role="toolbar" aria-label="Actions" style:transform=at>
                <Buttons id/>
            </div>
        })
    };
    bar.into_any()
}

/// Kill or bring back, slow or heal: for all of a component.
#[component]
pub fn Buttons(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let face = app.node(&id)?.face;
    let state = Memo::new(move |_| {
        face.with(|it| {
            let up = it.members.iter().filter(|it| it.health != Health::Down).count();
            let slow = it.members.iter().any(|it| it.health == Health::Slow);
            (up, it.members.len() - up, slow)
        })
    });
    let target = Target::component(&id);
    let (kill, back, slow) = (target.clone(), target.clone(), target);
    Some(view! {
        <button on:click=move |_| app.set_up(kill.clone(), false) disabled=move || state.get().0 == 0
            title="The processes die: connections break, what was not durable is lost.">"Kill"</button>
        <button on:click=move |_| app.set_up(back.clone(), true)
            title="Starts what is down, or starts everything afresh.">"Restart"</button>
        <button
            on:click=move |_| {
                let factor = if state.get_untracked().2 { 1.0 } else { SLOW };
                app.fault(Fault::Slow { target: slow.clone(), factor });
            }
            title="All work there takes ten times as long, until it is healed."
        >{move || if state.get().2 { "Full speed" } else { "Slow ×10" }}</button>
    })
}
