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
    view! {
        <div class="lens" inner_html=move || picture.get().unwrap_or_default()></div>
        <p class="empty" hidden=move || picture.with(Option::is_some)>"Looking inside…"</p>
    }
}
