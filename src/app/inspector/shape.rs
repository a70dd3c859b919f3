//! What a component is in the design: its name, its wires, its zones; copies and an end of it.

use leptos::prelude::*;

use crate::app::canvas::hand::focus_on;
use crate::app::store::{App, Selected};
use crate::document::Id;
use crate::document::edit::{Edit, Item};
use crate::editor::{Held, Input, Key};

/// A field for the name of something.
#[component]
pub fn Name(
    /// Of what.
    item: Item,
    /// What it is called now.
    label: Signal<String>,
    /// Why the last name was refused.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let app = App::here();
    let rename = move |event: leptos::ev::Event| {
        let edit = Edit::Rename { item: item.clone(), text: event_target_value(&event) };
        problem.set(app.make(edit).err());
    };
    view! { <label>"Name "<input class="name" prop:value=label on:change=rename maxlength="200"/></label> }
}

/// Why something was refused.
#[component]
pub fn Problem(
    /// Why, if something was.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    view! {
        <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
    }
}

/// Copies and takes away what is selected.
#[component]
pub fn CopyAndDelete() -> impl IntoView {
    let app = App::here();
    let key = move |key: Key, command: bool| {
        app.act(Input::Key { key, held: Held { shift: false, command } });
    };
    view! {
        <button title="A copy beside it (Ctrl+D)" on:click=move |_| key(Key::Letter('d'), true)>"Duplicate"</button>
        <button title="Takes it away, with its wires (Delete)" on:click=move |_| key(Key::Delete, false)>"Delete"</button>
    }
}

/// Components to choose among, but for one.
pub fn others(app: App, but: Id) -> impl Fn() -> Vec<AnyView> + Clone {
    move || {
        app.nodes.track();
        app.wires.track();
        app.desk.with_value(|it| {
            let all = it.shown().components.iter().filter(|it| *it.0 != but);
            let one = |(id, it): (&Id, &crate::document::ComponentRecord)| {
                view! { <option value=id.clone()>{it.label.clone()}</option> }.into_any()
            };
            all.map(one).collect()
        })
    }
}

/// Name, wires, zones, copy, delete: of the component that is chosen.
#[component]
pub fn Shape(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let problem = RwSignal::new(None::<String>);
    let label = {
        let id = id.clone();
        Signal::derive(move || {
            app.node(&id).map_or_else(String::new, |it| it.record.with(|it| it.label.clone()))
        })
    };
    let connect = {
        let from = id.clone();
        move |event: leptos::ev::Event| {
            let to = event_target_value(&event);
            if !to.is_empty() {
                problem.set(app.make(Edit::Connect { from: from.clone(), to }).err());
            }
        }
    };
    let aim = {
        let from = id.clone();
        move |_| {
            focus_on(&Item::Component(from.clone()));
            app.act(Input::Aim(from.clone()));
        }
    };
    let item = Item::Component(id.clone());
    view! {
        <div class="shape">
            <Name item label problem/>
            <label>"Connect to "
                <select prop:value="" on:change=connect>
                    <option value="">"choose…"</option>
                    {others(app, id.clone())}
                </select>
            </label>
            <Problem problem/>
            <span class="doing">
                <button title="Choose on the canvas what it calls (W)" on:click=aim>"Draw a wire"</button>
                <CopyAndDelete/>
            </span>
            {wires(app, id.clone())}
            {zones(app, id)}
        </div>
    }
}

/// Every wire of a component, to be chosen.
fn wires(app: App, id: Id) -> impl Fn() -> Option<AnyView> {
    move || {
        app.nodes.track();
        app.wires.track();
        let rows: Vec<(Id, String)> = app.desk.with_value(|it| {
            let design = it.shown();
            let label =
                |id: &Id| design.components.get(id).map_or(id.clone(), |it| it.label.clone());
            let wires = design.wires.iter();
            let out = wires.clone().filter(|it| it.1.from == id);
            let back = wires.filter(|it| it.1.to == id);
            let out = out.map(|it| (it.0.clone(), format!("→ {}", label(&it.1.to))));
            out.chain(back.map(|it| (it.0.clone(), format!("← {}", label(&it.1.from))))).collect()
        });
        let row = |(wire, words): (Id, String)| {
            let item = Selected::Wire(wire);
            view! { <button class="o" on:click=move |_| app.select(Some(item.clone()))>{words}</button> }
        };
        (!rows.is_empty()).then(|| {
            view! {
                <div class="links" role="group" aria-label="Wires">
                    <span>"Wires"</span>
                    <span>{rows.into_iter().map(row).collect_view()}</span>
                </div>
            }
            .into_any()
        })
    }
}

/// The zones a component lies in, to be chosen.
fn zones(app: App, id: Id) -> impl Fn() -> Option<AnyView> {
    move || {
        let all = app.node(&id)?.record.with(|it| it.zones.clone());
        let row = |zone: Id| {
            let label = app.frame_of.with(|it| it.1.get(&zone).map(|it| it.label.clone()));
            let item = Selected::Zone(zone);
            view! { <button class="o" on:click=move |_| app.select(Some(item.clone()))>{label}</button> }
        };
        (!all.is_empty()).then(|| {
            view! {
                <div class="links" role="group" aria-label="Zones">
                    <span>"Lies in"</span>
                    <span>{all.into_iter().map(row).collect_view()}</span>
                </div>
            }
            .into_any()
        })
    }
}
