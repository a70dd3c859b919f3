//! The form of parameters: one line each, felt by what runs as soon as it is set.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::base::param::{Control, Field};
use crate::base::time::Nanos;
use crate::base::unit::{Rate, Share};

/// Sets a parameter from its file form; answers what is wrong with it, if anything is.
pub type Setter = Callback<(String, Value), Option<String>>;

/// Steps of a held button come at most this often, in milliseconds.
const STEP_MS: u32 = 120;

/// A form of fields.
#[component]
pub fn Settings(
    /// Every field with its present value.
    fields: Memo<Vec<Field>>,
    /// Sets one.
    set: Setter,
) -> impl IntoView {
    let names = Memo::new(move |_| fields.with(|it| it.iter().map(|it| it.name).collect::<Vec<_>>()));
    view! {
        <form class="settings" on:submit=|event| event.prevent_default()>
            <For each=move || names.get() key=|name| *name let:name>
                <Row name fields set/>
            </For>
        </form>
    }
}

#[component]
fn Row(name: &'static str, fields: Memo<Vec<Field>>, set: Setter) -> impl IntoView {
    let find = move || fields.with(|it| it.iter().find(|it| it.name == name).cloned());
    let field = find()?;
    let value = Memo::new(move |_| find().map_or(Value::Null, |it| it.value));
    let problem = RwSignal::new(None::<String>);
    let change = Callback::new(move |value: Value| {
        problem.set(set.run((name.to_owned(), value)));
    });
    let id = format!("field-{name}");
    let changed = {
        let default = field.default.clone();
        move || value.with(|it| *it != default)
    };
    let note = format!("Default: {}", written(&field.control, &field.default));
    let is_table = matches!(field.control, Control::Rows(_));
    Some(view! {
        <div class="field" class:changed=changed class:table=is_table
            class:wrong=move || problem.with(Option::is_some)>
            <label for=id.clone() title=note>{field.label()}</label>
            <Editor id=id.clone() control=field.control.clone() value change/>
            <p class="help" id=format!("{id}-help")>{field.help}</p>
            <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>
                {move || problem.get()}
            </p>
        </div>
    })
}

/// What is shown in a text box for a value.
fn written(control: &Control, value: &Value) -> String {
    match (control, value) {
        (Control::Rows(_), Value::Array(rows)) => format!("{} rows", rows.len()),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// Reads what was typed; text stands for itself where the file form is text.
fn read(control: &Control, text: &str) -> Value {
    let text = text.trim();
    match control {
        Control::Number { .. } => {
            let plain: String = text.chars().filter(|it| !it.is_whitespace()).collect();
            match (plain.parse::<u64>(), plain.parse::<f64>()) {
                (Ok(whole), _) => whole.into(),
                (_, Ok(number)) => number.into(),
                _ => text.into(),
            }
        }
        // A bare number means the unit that is meant anyway.
        Control::Rate { .. } if text.parse::<f64>().is_ok() => format!("{text}/s").into(),
        Control::Duration { .. } if text.parse::<f64>().is_ok() => format!("{text}ms").into(),
        Control::Share if text.parse::<f64>().is_ok() => format!("{text}%").into(),
        _ => text.into(),
    }
}

/// The next value up or down that people would choose.
pub fn nudged(control: &Control, value: &Value, up: bool) -> Option<Value> {
    match control {
        Control::Number { min, max, whole, .. } => {
            let now = value.as_f64()?;
            let next = if *whole && now < 10.0 {
                now + if up { 1.0 } else { -1.0 }
            } else {
                next_nice(now, up)
            };
            let next = next.clamp(*min, *max);
            Some(if *whole { Value::from(next.round() as u64) } else { Value::from(next) })
        }
        Control::Duration { min, max } => {
            let now = Nanos::parse(value.as_str()?)?;
            let next = next_nice(now.0 as f64, up);
            let next = Nanos(if next < 1_000.0 { 0 } else { next.round() as u64 });
            let next = if now.0 == 0 && up { Nanos::MILLISECOND } else { next };
            Some(Value::from(next.clamp(*min, *max).to_string()))
        }
        Control::Rate { min, max } => {
            let now = Rate::parse(value.as_str()?)?.0;
            let next = if now < 1.0 && up { 1.0 } else { next_nice(now, up) };
            Some(Value::from(Rate(next.clamp(*min, *max)).to_string()))
        }
        Control::Share => {
            let now = Share::parse(value.as_str()?)?.0;
            let next = (now + if up { 0.1 } else { -0.1 }).clamp(0.0, 1.0);
            Some(Value::from(Share((next * 100.0).round() / 100.0).to_string()))
        }
        _ => None,
    }
}

/// The next of 1, 1.5, 2, 3, 5, 7 … in this direction.
fn next_nice(value: f64, up: bool) -> f64 {
    if value <= 0.0 {
        return if up { 0.1 } else { 0.0 };
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0].map(|it| it * power);
    let round = |it: f64| (it * 1e6 / power).round() * power / 1e6;
    if up {
        steps.into_iter().find(|it| *it > value * 1.001).map_or(value, round)
    } else {
        steps.into_iter().rev().find(|it| *it < value * 0.999).map_or(value, round)
    }
}

#[component]
fn Editor(id: String, control: Control, value: Memo<Value>, change: Callback<Value>) -> impl IntoView {
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
                view! { <option value=*word>{word.replace('-', " ")}</option> }
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
        control => view! { <TextBox id control value change/> }.into_any(),
    }
}

/// A box for a quantity or a text, with steps up and down for quantities.
#[component]
fn TextBox(id: String, control: Control, value: Memo<Value>, change: Callback<Value>) -> impl IntoView {
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
        steps.then(|| view! {
            <button type="button" tabindex="-1" aria-label=name title=name
                on:click=move |_| nudge.run(up)>{sign}</button>
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

/// A table of records: each row a small form.
#[component]
fn Table(id: String, columns: Vec<Field>, value: Memo<Value>, change: Callback<Value>) -> impl IntoView {
    let columns = StoredValue::new(columns);
    let count = Memo::new(move |_| value.with(|it| it.as_array().map_or(0, Vec::len)));
    let cell_of = move |row: usize, name: &'static str| {
        value.with(|it| it.get(row).and_then(|it| it.get(name)).cloned().unwrap_or(Value::Null))
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
        let fresh: Map<String, Value> = columns
            .with_value(|it| it.iter().map(|it| (it.name.to_owned(), it.default.clone())).collect());
        if let Some(rows) = all.as_array_mut() {
            rows.push(Value::Object(fresh));
        }
        change.run(all);
    };
    let row_view = move |row: usize| {
        let cells = columns.with_value(|it| {
            it.iter()
                .map(|column| {
                    let name = column.name;
                    let value = Memo::new(move |_| cell_of(row, name));
                    let change = Callback::new(move |to| set_cell(row, name, to));
                    let id = format!("row-{row}-{name}");
                    let label = format!("{}, row {}", column.label(), row + 1);
                    let control = column.control.clone();
                    view! {
                        <span class="cell" title=column.help role="group" aria-label=label>
                            <Editor id control value change/>
                        </span>
                    }
                    .into_any()
                })
                .collect_view()
        });
        view! {
            <div class="row">
                {cells}
                <button type="button" class="remove" aria-label=format!("Remove row {}", row + 1)
                    on:click=move |_| remove(row)>"×"</button>
            </div>
        }
    };
    view! {
        <div class="rows" id=id>
            <For each=move || 0..count.get() key=|row| *row children=row_view/>
            <button type="button" class="o add" on:click=add>"Add a row"</button>
        </div>
    }
}
