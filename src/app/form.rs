//! What forms have in common: those of the bar of time, with what opens and closes them; what is folded;
//! and fields that take what is typed with Enter.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

/// What closes one: the keyboard goes back to the button that opened it.
pub fn closing(open: RwSignal<bool>, button: NodeRef<html::Button>) -> Callback<()> {
    Callback::new(move |()| {
        open.set(false);
        if let Some(it) = button.get_untracked() {
            _ = it.focus();
        }
    })
}

/// Enter in a field is for the field, and not for the form that it stands in.
pub fn entered(take: impl Fn(HtmlInputElement) + 'static) -> impl Fn(KeyboardEvent) {
    move |event| {
        if event.key() == "Enter" {
            event.prevent_default();
            take(event_target(&event));
        }
    }
}

/// What is folded until somebody asks for it, and is not there before.
#[component]
pub fn Folded(
    /// Its class.
    class: &'static str,
    /// The words that unfold it.
    words: &'static str,
    /// What the words are about, for those who point at them.
    title: &'static str,
    /// The words for those who hear them, where several of these stand beside each other.
    #[prop(optional, into)]
    label: Option<String>,
    /// What is in it.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let children = StoredValue::new(children);
    view! {
        <details class=class on:toggle=move |event| open.set(event_target::<Element>(&event).has_attribute("open"))>
            <summary title=title aria-label=label>{words}</summary>
            {move || open.get().then(|| children.with_value(|it| it()))}
        </details>
    }
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
        <div class="until-form" role="dialog" aria-label=name on:keydown=pressed>
            <form on:submit=move |event| {
                event.prevent_default();
                submit.run(());
            }>
                {children()}
            </form>
        </div>
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
