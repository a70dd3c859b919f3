//! Zoom and fit, in the corner.

use leptos::prelude::*;

use crate::app::icons::Icon;
use crate::app::store::App;

/// The buttons.
pub fn zoom(app: App) -> AnyView {
    let percent = move || format!("{:.0} %", app.camera.get().zoom * 100.0);
    view! {
        <div class="chip zoom" role="toolbar" aria-label="Zoom">
            <button aria-label="Zoom out" title="Zoom out (−)" on:click=move |_| app.zoom(1.0 / 1.25)>
                <Icon name="minus".to_owned()/>
            </button>
            <span class="num" title="How large the design is shown.">{percent}</span>
            <button aria-label="Zoom in" title="Zoom in (+)" on:click=move |_| app.zoom(1.25)>
                <Icon name="plus".to_owned()/>
            </button>
            <button aria-label="Show all" title="Show all (F)" on:click=move |_| app.follow()>
                <Icon name="fit".to_owned()/>
            </button>
        </div>
    }
    .into_any()
}
