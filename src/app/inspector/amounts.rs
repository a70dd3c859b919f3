//! How much of a fault: each of its numbers in a field of its own, as people write it.

use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::base::param::Control;
use crate::base::typed::{read, said, written};
use crate::document::faults::{amounts, with_amount};
use crate::engine::fault::Fault;

use super::super::form;

/// What a number of a fault is called beside the others.
fn word(name: &str) -> &str {
    match name {
        "factor" => "times",
        "offset" => "by",
        name => name,
    }
}

/// The fields of a fault's numbers; nothing for those that have none.
#[component]
pub fn Amounts(
    /// The fault as it is meant now: the same one, with other numbers.
    #[prop(into)]
    fault: Signal<Fault>,
    /// What it is, for those who hear it.
    words: String,
    /// Takes it with another number.
    change: Callback<Fault>,
    /// What is wrong with what was typed.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let fields = fault.with_untracked(amounts).into_iter().enumerate();
    let field = move |(at, amount): (usize, crate::document::faults::Amount)| {
        let (control, name) = (amount.control, amount.name);
        let before = match (&control, name) {
            (Control::Number { unit: "×", .. }, _) => "×",
            (_, "key" | "offset") => word(name),
            _ => "",
        };
        let shown = {
            let control = control.clone();
            move || {
                let all = fault.with(amounts);
                all.get(at).map(|it| written(&control, &it.value)).unwrap_or_default()
            }
        };
        // What is refused is replaced by what holds.
        let again = shown.clone();
        let take = move |input: HtmlInputElement| {
            let value = read(&control, &input.value());
            match fault.with_untracked(|it| with_amount(it, name, &value)) {
                Ok(it) => {
                    problem.set(None);
                    if fault.with_untracked(|before| *before != it) {
                        change.run(it);
                    }
                }
                Err(error) => {
                    problem.set(Some(format!("{}: {}", word(name), said(&error.problem))))
                }
            }
            input.set_value(&untrack(&again));
        };
        let entered = form::entered(take.clone());
        let label = format!("{words}: {}", word(name));
        view! {
            <span class="amount">{before}
                <input class="num" type="text" autocomplete="off" spellcheck="false" aria-label=label
                    prop:value=shown on:keydown=entered on:change=move |event| take(event_target(&event))/>
            </span>
        }
    };
    fields.map(field).collect_view()
}
