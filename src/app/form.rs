//! The small forms of the bar of time: what opens and closes them, and what each has.

use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// What closes one: the keyboard goes back to the button that opened it.
pub fn closing(open: RwSignal<bool>, button: NodeRef<html::Button>) -> Callback<()> {
    Callback::new(move |()| {
        open.set(false);
        if let Some(it) = button.get_untracked() {
            _ = it.focus();
        }
    })
}

/// A form that stands over the bar; Escape closes it.
#[component]
pub fn Dialog(
    /// What it is, for those who do not see it.
    name: &'static str,
    /// Closes it.
    close: Callback<()>,
    /// What Enter does.
    submit: Callback<()>,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let pressed = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            close.run(());
        }
    };
    view! {
        <form class="until-form" role="dialog" aria-label=name on:keydown=pressed
            on:submit=move |event| {
                event.prevent_default();
                submit.run(());
            }>
            {children()}
        </form>
    }
}

/// A number that is typed, and its unit.
#[component]
pub fn Number(
    /// What is typed.
    typed: RwSignal<String>,
    /// Its unit.
    unit: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <span class="until-value">
            <input class="num" inputmode="decimal" prop:value=move || typed.get()
                on:input=move |event| typed.set(event_target_value(&event))/>
            <span class="num">{unit}</span>
        </span>
    }
}

/// The way out.
#[component]
pub fn Close(
    /// Closes the form.
    close: Callback<()>,
) -> impl IntoView {
    view! { <button class="o" type="button" on:click=move |_| close.run(())>"Close"</button> }
}
