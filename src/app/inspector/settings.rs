//! The form of parameters: one line each, felt by what runs as soon as it is set.

use leptos::prelude::*;
use serde_json::Value;

use crate::base::param::{Control, Field};
use crate::base::typed::written;

use super::editor::Editor;
use super::values::plain;

/// Sets a parameter from its file form; answers what is wrong with it, if anything is.
pub type Setter = Callback<(String, Value), Option<String>>;

/// A form of fields.
#[component]
pub fn Settings(
    /// Every field with its present value.
    fields: Memo<Vec<Field>>,
    /// Sets one.
    set: Setter,
    /// So many are in sight at once; the others are there for those who ask for more.
    #[prop(default = usize::MAX)]
    first: usize,
) -> impl IntoView {
    // Only those that have an effect beside the others as they are.
    let names = Memo::new(move |_| {
        let felt = |it: &&Field| it.applies;
        fields.with(|it| it.iter().filter(felt).map(|it| it.name).collect::<Vec<_>>())
    });
    let rows = move |from: usize, to: usize| {
        let each = move || {
            let names = names.get();
            names[from.min(names.len())..to.min(names.len())].to_vec()
        };
        view! { <For each=each key=|name| *name let:name><Row name fields set/></For> }.into_any()
    };
    let further = (first < usize::MAX).then(|| {
        let differs = |it: &Field| it.applies && it.value != it.default;
        let open = fields.with_untracked(|it| it.iter().skip(first).any(differs));
        view! {
            <details class="further" open=open>
                <summary>"More settings"</summary>
                {rows(first, usize::MAX)}
            </details>
        }
    });
    view! {
        <form class="settings" on:submit=|event| event.prevent_default()>
            {rows(0, first)}
            {further}
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
    let is_table = matches!(field.control, Control::Rows(_) | Control::Lines { .. });
    Some(view! {
        <div class="field" class:changed=changed class:table=is_table
            class:wrong=move || problem.with(Option::is_some)>
            <label for=id.clone() title=note>{field.label()}</label>
            <Editor id=id.clone() control=plain(&field) value change/>
            <p class="help" id=format!("{id}-help")>{field.help}</p>
            <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>
                {move || problem.get()}
            </p>
        </div>
    })
}
