//! What edits one value: a switch, a choice, a box with steps, a table.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use serde_json::{Map, Value};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

use crate::algorithm::eviction::Policy;
use crate::base::param::{Control, Field};
use crate::base::typed::{read, written};

use super::values::{nudged, plain};

/// Columns of a table that are always in sight.
const IN_SIGHT: usize = 3;

/// Steps of a held button come at most this often, in milliseconds.
const STEP_MS: u32 = 120;

/// What edits one value.
#[component]
pub fn Editor(
    /// Of the element.
    id: String,
    /// How it is edited.
    control: Control,
    /// Its file form.
    value: Memo<Value>,
    /// Sets it.
    change: Callback<Value>,
) -> impl IntoView {
    let described = format!("{id}-help");
    match control {
        Control::Toggle => view! {
            <input type="checkbox" id=id aria-describedby=described class="toggle"
                prop:checked=move || value.with(|it| it.as_bool().unwrap_or(false))
                on:change=move |event| change.run(event_target_checked(&event).into())/>
        }
        .into_any(),
        Control::Choice(words) => {
            let options = words.iter().map(|word| {
                view! { <option value=*word>{words_of(word)}</option> }
            });
            view! {
                <select id=id aria-describedby=described
                    prop:value=move || value.with(|it| it.as_str().unwrap_or_default().to_owned())
                    on:change=move |event| change.run(event_target_value(&event).into())>
                    {options.collect_view()}
                </select>
            }
            .into_any()
        }
        Control::Rows(columns) => view! { <Table id columns value change/> }.into_any(),
        Control::Lines { max } => view! { <Lines id max value change/> }.into_any(),
        control => view! { <TextBox id control value change/> }.into_any(),
    }
}

/// A box for a quantity or a text, with steps up and down for quantities.
#[component]
fn TextBox(
    id: String,
    control: Control,
    value: Memo<Value>,
    change: Callback<Value>,
) -> impl IntoView {
    let described = format!("{id}-help");
    let steps = !matches!(control, Control::Text);
    let unit = match &control {
        Control::Number { unit, .. } => *unit,
        _ => "",
    };
    let shown = {
        let control = control.clone();
        move || value.with(|it| written(&control, it))
    };
    let typed = {
        let control = control.clone();
        move |event: leptos::ev::Event| change.run(read(&control, &event_target_value(&event)))
    };
    // What is stepped to, until it is set: a held key makes one edit, not thirty.
    let pending = StoredValue::new_local(None::<(Value, Timeout)>);
    let nudge = {
        let control = control.clone();
        Callback::new(move |up: bool| {
            let now = pending.with_value(|it| it.as_ref().map(|it| it.0.clone()));
            let now = now.unwrap_or_else(|| value.get_untracked());
            let Some(next) = nudged(&control, &now, up) else { return };
            let later = Timeout::new(STEP_MS, move || {
                let set = pending.try_update_value(|it| it.take()).flatten();
                if let Some((value, timeout)) = set {
                    timeout.forget();
                    change.run(value);
                }
            });
            pending.set_value(Some((next, later)));
        })
    };
    on_cleanup(move || _ = pending.try_update_value(|it| it.take()));
    let pressed = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "ArrowUp" | "ArrowDown" if steps => {
            event.prevent_default();
            nudge.run(event.key() == "ArrowUp");
        }
        _ => {}
    };
    let stepper = |up: bool, sign: &'static str, name: &'static str| {
        steps.then(|| {
            view! {
                <button type="button" tabindex="-1" aria-label=name title=name
                    on:click=move |_| nudge.run(up)>{sign}</button>
            }
        })
    };
    view! {
        <span class="box" class:text=!steps>
            {stepper(false, "−", "Less")}
            <input type="text" id=id class="num" aria-describedby=described autocomplete="off"
                spellcheck="false" prop:value=shown on:change=typed on:keydown=pressed/>
            {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            {stepper(true, "+", "More")}
        </span>
    }
}

/// A box for many lines, which may come from a file.
#[component]
fn Lines(id: String, max: usize, value: Memo<Value>, change: Callback<Value>) -> impl IntoView {
    let described = format!("{id}-help");
    let chosen = move |event: leptos::ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|it| it.item(0)) else { return };
        // The same file may be chosen again once it has been mended.
        input.set_value("");
        if file.size() > max as f64 {
            // What is too long is refused as any other wrong value is, without being read.
            return change.run(" ".repeat(max + 1).into());
        }
        leptos::task::spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|it| it.as_string());
            if let Some(text) = text {
                change.run(text.into());
            }
        });
    };
    let file = format!("{id}-file");
    view! {
        <span class="lines">
            <textarea id=id class="num" rows="5" spellcheck="false" aria-describedby=described
                prop:value=move || value.with(|it| it.as_str().unwrap_or_default().to_owned())
                on:change=move |event| change.run(event_target_value(&event).into())></textarea>
            <label for=file.clone()>"From a file"</label>
            <input type="file" id=file accept=".csv,.txt,text/csv,text/plain" on:change=chosen/>
        </span>
    }
}

/// A table of records: each row a small form, of which the first columns are always in sight.
#[component]
fn Table(
    id: String,
    columns: Vec<Field>,
    value: Memo<Value>,
    change: Callback<Value>,
) -> impl IntoView {
    let columns = StoredValue::new(columns);
    let count = Memo::new(move |_| value.with(|it| it.as_array().map_or(0, Vec::len)));
    let cell_of = move |row: usize, name: &'static str| {
        let own = value.with(|it| it.get(row).and_then(|it| it.get(name)).cloned());
        // What is not told is as by default.
        own.unwrap_or_else(|| {
            let default =
                |it: &Vec<Field>| it.iter().find(|it| it.name == name).map(|it| it.default.clone());
            columns.with_value(default).unwrap_or(Value::Null)
        })
    };
    let set_cell = move |row: usize, name: &'static str, to: Value| {
        let mut all = value.get_untracked();
        if let Some(Value::Object(record)) = all.get_mut(row) {
            record.insert(name.to_owned(), to);
        }
        change.run(all);
    };
    let remove = move |row: usize| {
        let mut all = value.get_untracked();
        if let Some(rows) = all.as_array_mut() {
            rows.remove(row);
        }
        change.run(all);
    };
    let add = move |_| {
        let mut all = value.get_untracked();
        let fresh: Map<String, Value> = columns.with_value(|it| {
            it.iter().map(|it| (it.name.to_owned(), it.default.clone())).collect()
        });
        if let Some(rows) = all.as_array_mut() {
            rows.push(Value::Object(fresh));
        }
        change.run(all);
    };
    let cell = move |row: usize, column: &Field| {
        let name = column.name;
        let value = Memo::new(move |_| cell_of(row, name));
        let change = Callback::new(move |to| set_cell(row, name, to));
        (format!("row-{row}-{name}"), plain(column), value, change)
    };
    let row_view = move |row: usize| {
        let cells = columns.with_value(|it| {
            it.iter()
                .take(IN_SIGHT)
                .map(|column| {
                    let (id, control, value, change) = cell(row, column);
                    let label = format!("{}, row {}", column.label(), row + 1);
                    view! {
                        <span class="cell" title=column.help role="group" aria-label=label>
                            <Editor id control value change/>
                        </span>
                    }
                    .into_any()
                })
                .collect_view()
        });
        let further = columns.with_value(|it| {
            it.iter()
                .skip(IN_SIGHT)
                .map(|column| {
                    let (id, control, value, change) = cell(row, column);
                    view! {
                        <div class="field">
                            <label for=id.clone() title=column.help>{column.label()}</label>
                            <Editor id=id.clone() control value change/>
                            <p class="help" id=format!("{id}-help")>{column.help}</p>
                        </div>
                    }
                    .into_any()
                })
                .collect::<Vec<_>>()
        });
        view! {
            <div class="row">
                {cells}
                <button type="button" class="remove" aria-label=format!("Remove row {}", row + 1)
                    on:click=move |_| remove(row)>"×"</button>
            </div>
            {(!further.is_empty()).then(|| view! {
                <details class="further">
                    <summary>{format!("More of row {}", row + 1)}</summary>
                    {further}
                </details>
            })}
        }
    };
    view! {
        <div class="rows" id=id>
            <For each=move || 0..count.get() key=|row| *row children=row_view/>
            <button type="button" class="o add" on:click=add>"Add a row"</button>
        </div>
    }
}

/// A choice as people write it.
fn words_of(word: &str) -> String {
    match Policy::ALL.iter().find(|it| it.id() == word) {
        Some(it) => it.label().to_owned(),
        None => word.replace("lifo", "LIFO").replace("fifo", "FIFO").replace('-', " "),
    }
}
