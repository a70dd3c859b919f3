//! The lens of the chosen component: the algorithm at work, from the same run.

use leptos::prelude::*;

use crate::app::store::App;
use crate::document::Id;

/// The open lens.
#[component]
pub fn Inside(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let picture = Memo::new(move |_| {
        app.lens.with(|it| it.as_ref().filter(|it| it.component == id).map(|it| it.svg.clone()))
    });
    let spread = move |large: bool| {
        app.large.set(large);
        app.bridge.update_value(|it| it.look());
        app.follow();
    };
    let turn = move || if app.large.get() { "Beside the canvas" } else { "Over the canvas" };
    on_cleanup(move || {
        if app.large.try_get_untracked() == Some(true) {
            spread(false);
        }
    });
    view! {
        <button class="o spread" title="Larger, with the architecture above it (Enter); back with Escape"
            on:click=move |_| spread(!app.large.get_untracked())>{turn}</button>
        <div class="lens" tabindex="0" role="region" aria-label="Inside"
            on:keydown=move |event| if event.key() == "Enter" {
                event.prevent_default();
                spread(true);
            }
            inner_html=move || picture.get().unwrap_or_default()></div>
        <p class="empty" hidden=move || picture.with(Option::is_some)>"Looking inside…"</p>
    }
}
