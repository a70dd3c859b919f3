//! What a component models and what it does not.

use leptos::prelude::*;

use crate::component::Fidelity;

/// The card.
#[component]
pub fn About(
    /// Of its kind.
    fidelity: Fidelity,
) -> impl IntoView {
    let list = |items: &'static [&'static str]| {
        items.iter().map(|it| view! { <li>{*it}</li> }).collect_view()
    };
    view! {
        <section class="about" tabindex="0">
            <h3>"Behaves as the real thing"</h3>
            <ul>{list(fidelity.modelled)}</ul>
            <h3>"Left out"</h3>
            <ul>{list(fidelity.left_out)}</ul>
            <h3>"Where the defaults come from"</h3>
            <p>{fidelity.defaults}</p>
        </section>
    }
}
