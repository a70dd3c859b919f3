//! Making and changing what a design consists of: the library of kinds, wires, names, copies.

use std::collections::BTreeSet;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::base::geometry::Point;
use crate::component::{self, Group};
use crate::document::Id;
use crate::document::edit::{Edit, Item};
use crate::document::validate::may_connect;
use crate::editor::geometry::{NODE_HEIGHT, NODE_WIDTH};

use super::icons::Icon;
use super::store::{App, Selected};

/// Shelves of the library, in order.
const SHELVES: [Group; 4] = [Group::Entry, Group::Compute, Group::Data, Group::Outside];
/// How far a copy lies from what it was copied from.
const COPY_BY: Point = Point::new(20.0, 20.0);
/// Room around a new component, and the step in which a free place is looked for.
const ROOM: f64 = 24.0;
const STEP: f64 = 40.0;
/// Rings of places around the middle that are tried.
const RINGS: i32 = 24;

impl App {
    /// Makes an edit: one step of undo, felt at once by what runs. An error says why not.
    pub fn make(self, edit: &Edit) -> Result<(), String> {
        let diff = self.desk.with_value(|it| edit.diff(&it.shown, it.history.used()));
        let diff = diff.map_err(|error| error.problem)?;
        let added = diff.components.iter().find(|it| it.1.before.is_none()).map(|it| it.0.clone());
        self.edit(diff);
        if let Some(id) = added {
            self.select(Some(Selected::Node(id)));
        }
        Ok(())
    }

    fn chosen_items(self) -> BTreeSet<Item> {
        let item = self.selected.get_untracked().map(|it| match it {
            Selected::Node(id) => Item::Component(id),
            Selected::Wire(id) => Item::Wire(id),
        });
        item.into_iter().collect()
    }

    /// Takes away what is chosen; a component takes its wires with it.
    pub fn delete_chosen(self) {
        let items = self.chosen_items();
        if !items.is_empty() {
            self.select(None);
            _ = self.make(&Edit::Remove { items });
        }
    }

    /// Copies what is chosen.
    pub fn duplicate_chosen(self) {
        let items = self.chosen_items();
        if !items.is_empty() {
            _ = self.make(&Edit::Duplicate { items, by: COPY_BY });
        }
    }

    /// A free place near the middle of what is on screen, in the document.
    fn free_place(self) -> Point {
        let (width, height) = self.stage.get_untracked();
        let place = self.place.get_untracked();
        let middle = Point::new(width / 2.0, height / 2.0);
        let spot = self.camera.get_untracked().document_from_screen(middle);
        let middle = place.document_from_spot(spot).unwrap_or_default();
        let taken: Vec<Point> =
            self.desk.with_value(|it| it.shown.components.values().map(|it| it.at).collect());
        let at = |x: i32, y: i32| {
            let snap = |it: f64| (it / STEP).round() * STEP;
            let (x, y) = (f64::from(x) * STEP, f64::from(y) * STEP);
            Point::new(
                snap(middle.x - NODE_WIDTH / 2.0 + x),
                snap(middle.y - NODE_HEIGHT / 2.0 + y),
            )
        };
        let is_free = |it: &Point| {
            let (width, height) = (NODE_WIDTH + ROOM, NODE_HEIGHT + ROOM);
            taken
                .iter()
                .all(|other| (it.x - other.x).abs() >= width || (it.y - other.y).abs() >= height)
        };
        for ring in 0..RINGS {
            for x in -ring..=ring {
                for y in -ring..=ring {
                    let on_ring = x.abs() == ring || y.abs() == ring;
                    let spot = at(x, y);
                    if on_ring && is_free(&spot) {
                        return spot;
                    }
                }
            }
        }
        at(RINGS, RINGS)
    }

    /// Adds a component of a kind where there is room.
    pub fn add(self, kind: &str) {
        let at = self.free_place();
        _ = self.make(&Edit::AddComponent { kind: kind.to_owned(), at });
        if self.follows.get_untracked() {
            self.fit();
        }
    }
}

/// Opens the library, or closes it: as if its button were pressed.
pub fn toggle() {
    let button = document().query_selector(".library-button").ok().flatten();
    if let Some(button) = button.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
        _ = button.focus();
        button.click();
    }
}

/// The library, behind its button.
pub fn button(app: App) -> AnyView {
    let open = RwSignal::new(false);
    let shelves = SHELVES.map(|shelf| {
        let kinds = component::ALL.iter().filter(|it| it.group == Some(shelf));
        let kinds = kinds.map(|about| {
            let add = move |_| {
                open.set(false);
                app.add(about.id);
            };
            view! {
                <li><button on:click=add title=about.summary>
                    <Icon name=about.id.to_owned()/>
                    <b>{about.name}</b>
                    <span>{about.summary}</span>
                </button></li>
            }
        });
        view! { <h3>{shelf.name()}</h3><ul>{kinds.collect_view()}</ul> }
    });
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
        }
    };
    view! {
        <div class="library" on:keydown=escape>
            <button aria-label="Add a component" title="Add a component (A)" aria-expanded=move || open.get().to_string()
                class="library-button" class:on=move || open.get() on:click=move |_| open.update(|it| *it = !*it)>
                <Icon name="plus".to_owned()/>
            </button>
            <div class="shelves chip" hidden=move || !open.get()>{shelves.into_iter().collect_view()}</div>
        </div>
    }
    .into_any()
}

/// Name, wires, copy, delete: of the component that is chosen.
#[component]
pub fn Shape(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let problem = RwSignal::new(None::<String>);
    let (from, named) = (id.clone(), id.clone());
    let label = move || {
        let id = named.clone();
        app.node(&id).map_or_else(String::new, |it| it.record.with(|it| it.label.clone()))
    };
    let rename = move |event: leptos::ev::Event| {
        let edit =
            Edit::Rename { item: Item::Component(id.clone()), text: event_target_value(&event) };
        problem.set(app.make(&edit).err());
    };
    let others = {
        let from = from.clone();
        move || {
            app.nodes.track();
            app.wires.track();
            app.desk.with_value(|it| {
                let all = it.shown.components.iter().filter(|it| *it.0 != from);
                all.map(|(id, it)| {
                    view! { <option value=id.clone()>{it.label.clone()}</option> }
                })
                .collect_view()
            })
        }
    };
    let connect = move |event: leptos::ev::Event| {
        let to = event_target_value(&event);
        if to.is_empty() {
            return;
        }
        let refused = app.desk.with_value(|it| may_connect(&it.shown, &from, &to));
        let made = refused
            .map_err(|it| it.to_string())
            .and_then(|()| app.make(&Edit::Connect { from: from.clone(), to }));
        problem.set(made.err());
    };
    view! {
        <div class="shape">
            <label>"Name "<input class="name" prop:value=label on:change=rename maxlength="200"/></label>
            <label>"Connect to "
                <select prop:value="" on:change=connect>
                    <option value="">"choose…"</option>
                    {others}
                </select>
            </label>
            <span class="doing">
                <button title="A copy beside it (Ctrl+D)" on:click=move |_| app.duplicate_chosen()>"Duplicate"</button>
                <button title="Takes it and its wires away (Delete)" on:click=move |_| app.delete_chosen()>"Delete"</button>
            </span>
            <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
        </div>
    }
}
