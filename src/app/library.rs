//! The library: what can be added, by click, by key, or dragged onto the canvas.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use crate::base::geometry::Point;
use crate::component::{self, Group};
use crate::editor::{Input, Thing, Tool};

use super::canvas::hand::{Hand, focus_on, place_of};
use super::glyphs::Glyph;
use super::icons::Icon;
use super::store::App;

/// A pointer that has moved less has clicked, in pixels.
const CLICK: f64 = 5.0;

/// Something on a shelf.
#[derive(Clone, PartialEq)]
struct Entry {
    thing: Thing,
    icon: &'static str,
    name: &'static str,
    summary: &'static str,
    shelf: &'static str,
}

/// Everything, shelf by shelf.
fn entries() -> Vec<Entry> {
    let shelves = [Group::Entry, Group::Compute, Group::Data, Group::Outside];
    let of = |shelf: Group| {
        component::ALL.iter().filter(move |it| it.group == Some(shelf)).map(move |it| Entry {
            thing: Thing::Component(it.id.to_owned()),
            icon: it.id,
            name: it.name,
            summary: it.summary,
            shelf: shelf.name(),
        })
    };
    let drawn = [
        Entry {
            thing: Thing::Zone,
            icon: "zone",
            name: "Zone",
            summary: "A place that holds components: it carries distance, and fails as one.",
            shelf: "On the canvas",
        },
        Entry {
            thing: Thing::Note,
            icon: "note",
            name: "Note",
            summary: "A text beside what it is about.",
            shelf: "On the canvas",
        },
    ];
    shelves.into_iter().flat_map(of).chain(drawn).collect()
}

impl Entry {
    /// Whether every word that was typed is in it somewhere.
    fn answers(&self, query: &str) -> bool {
        let text =
            format!("{} {} {} {}", self.name, self.icon, self.summary, self.shelf).to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// Opens the library, or closes it: as if its button were pressed.
pub fn toggle() {
    let button = document().query_selector(".library-button").ok().flatten();
    if let Some(button) = button.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = button.focus();
        button.click();
    }
}

/// A drag from the library.
#[derive(Clone, Copy, PartialEq)]
enum Carried {
    /// Down, and not moved yet.
    Pressed(Point),
    /// Over the page.
    Moving,
}

/// What is shared by the rows.
#[derive(Clone, Copy)]
struct Shelf {
    app: App,
    open: RwSignal<bool>,
    /// What is being carried.
    carried: RwSignal<Option<Carried>>,
    /// Whether the click that ends a drag is still to come.
    dragged: StoredValue<bool>,
}

impl Shelf {
    fn add(self, thing: Thing) {
        self.open.set(false);
        // The keyboard goes on from what is new.
        if let Some(field) =
            document().active_element().and_then(|it| it.dyn_into::<HtmlElement>().ok())
        {
            _ = field.blur();
        }
        self.app.act(Input::Add { thing, window: self.app.free_window() });
        let app = self.app;
        request_animation_frame(move || {
            let new = app.ask(|it| it.selection().first().cloned());
            let named = app.hand().is_some_and(|it| it.renaming.with_untracked(Option::is_some));
            if let (Some(new), false) = (new, named) {
                focus_on(&new);
            }
        });
        if self.app.follows.get_untracked() {
            self.app.fit();
        }
    }

    fn pressed(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let at = Point::new(f64::from(event.client_x()), f64::from(event.client_y()));
        if let Some(row) = event.current_target().and_then(|it| it.dyn_into::<Element>().ok()) {
            _ = row.set_pointer_capture(event.pointer_id());
        }
        self.dragged.set_value(false);
        self.carried.set(Some(Carried::Pressed(at)));
    }

    fn moved(self, thing: &Thing, event: &PointerEvent) {
        let Some(carried) = self.carried.get_untracked() else { return };
        let (x, y) = (event.client_x(), event.client_y());
        if let Carried::Pressed(from) = carried {
            if (f64::from(x) - from.x).hypot(f64::from(y) - from.y) < CLICK {
                return;
            }
            self.carried.set(Some(Carried::Moving));
        }
        self.app.act(Input::Carry { thing: thing.clone(), at: place_of(x, y) });
    }

    fn dropped(self, event: &PointerEvent) {
        if self.carried.get_untracked() == Some(Carried::Moving) {
            self.dragged.set_value(true);
            let (width, height) = self.app.stage.get_untracked();
            let at = place_of(event.client_x(), event.client_y());
            let inside = (0.0..width).contains(&at.x) && (0.0..height).contains(&at.y);
            self.app.act(if inside { Input::Drop } else { Input::Lost });
            self.open.set(false);
        }
        self.carried.set(None);
    }

    fn lost(self) {
        if self.carried.get_untracked() == Some(Carried::Moving) {
            self.app.act(Input::Lost);
        }
        self.carried.set(None);
    }

    fn row(self, entry: Entry) -> AnyView {
        let Entry { thing, icon, name, summary, .. } = entry;
        let (moving, gripped, clicked) = (thing.clone(), thing.clone(), thing);
        let is_mouse = |it: &PointerEvent| it.pointer_type() != "touch";
        let click = move |_| {
            if !self.dragged.get_value() {
                self.add(clicked.clone());
            }
            self.dragged.set_value(false);
        };
        view! {
            <li>
                <button on:click=click
                    on:pointerdown=move |it| if is_mouse(&it) { self.pressed(&it) }
                    on:pointermove=move |it| self.moved(&moving, &it)
                    on:pointerup=move |it| self.dropped(&it)
                    on:pointercancel=move |_| self.lost()>
                    <Glyph name=icon/>
                    <b>{name}</b>
                    <span>{summary}</span>
                </button>
                // Fingers scroll the list; here they take something out of it.
                <i class="take" aria-hidden="true" title="Drag it onto the canvas"
                    on:pointerdown=move |it| self.pressed(&it)
                    on:pointermove=move |it| self.moved(&gripped, &it)
                    on:pointerup=move |it| self.dropped(&it)
                    on:pointercancel=move |_| self.lost()></i>
            </li>
        }
        .into_any()
    }
}

/// To the row before or after the one that has the keyboard; from the first back to the field.
fn step(event: &KeyboardEvent) {
    let rows = document().query_selector_all(".shelves input, .shelves li button");
    let (Ok(rows), Some(active)) = (rows, document().active_element()) else { return };
    let at = (0..rows.length())
        .find(|it| rows.item(*it).is_some_and(|it| it.is_same_node(Some(&active))));
    let next = match (event.key().as_str(), at) {
        ("ArrowDown", at) => at.map_or(0, |it| it + 1),
        (_, Some(at)) if at > 0 => at - 1,
        _ => return,
    };
    if let Some(row) = rows.item(next).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = row.focus();
    }
}

/// The library, behind its button; and the tools.
pub fn button(app: App) -> AnyView {
    let Some(hand) = app.hand() else { return ().into_any() };
    let shelf = Shelf {
        app,
        open: RwSignal::new(false),
        carried: RwSignal::new(None),
        dragged: StoredValue::new(false),
    };
    let open = shelf.open;
    let query = RwSignal::new(String::new());
    let found = move || -> Vec<Entry> {
        let query = query.get();
        let mut found: Vec<_> = entries().into_iter().filter(|it| it.answers(&query)).collect();
        // What is called so goes before what only has to do with it.
        found.sort_by_key(|it| {
            !it.name.to_lowercase().contains(query.trim().to_lowercase().as_str())
        });
        found
    };
    let shelves = move || {
        let found = found();
        if found.is_empty() {
            return view! { <p class="empty" role="status">"Nothing is called so."</p> }.into_any();
        }
        let mut names: Vec<&'static str> = Vec::new();
        for entry in &found {
            if !names.contains(&entry.shelf) {
                names.push(entry.shelf);
            }
        }
        let one = |name: &'static str| {
            let rows = found.iter().filter(|it| it.shelf == name).cloned();
            view! { <h2>{name}</h2><ul>{rows.map(|it| shelf.row(it)).collect_view()}</ul> }
        };
        names.into_iter().map(one).collect_view().into_any()
    };
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if open.get() {
            query.set(String::new());
            // Where there is a keyboard; elsewhere one would rise over the list.
            let coarse = window().match_media("(pointer: coarse)").ok().flatten();
            if let (Some(field), false) =
                (field.get_untracked(), coarse.is_some_and(|it| it.matches()))
            {
                request_animation_frame(move || _ = field.focus());
            }
        }
    });
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" if shelf.carried.get_untracked().is_some() => shelf.lost(),
        "Escape" if open.get_untracked() => {
            event.prevent_default();
            event.stop_propagation();
            toggle();
        }
        "ArrowDown" | "ArrowUp" => {
            event.prevent_default();
            step(&event);
        }
        _ => {}
    };
    let first = move |event: KeyboardEvent| {
        if event.key() == "Enter"
            && let Some(entry) = found().into_iter().next()
        {
            event.prevent_default();
            shelf.add(entry.thing);
        }
    };
    let outside = window_event_listener(leptos::ev::pointerdown, move |event| {
        let inside = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let inside = inside.is_some_and(|it| matches!(it.closest(".library"), Ok(Some(_))));
        if !inside && open.get_untracked() {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    let away = move || shelf.carried.get() == Some(Carried::Moving);
    view! {
        <div class="library" on:keydown=keys>
            <button aria-label="Add a component" title="Add a component (A)" aria-expanded=move || open.get().to_string()
                class="library-button" class:on=move || open.get() on:click=move |_| open.update(|it| *it = !*it)>
                <Icon name="plus".to_owned()/>
            </button>
            <div class="shelves chip" class:away=away hidden=move || !open.get()>
                <input type="search" node_ref=field placeholder="Search" aria-label="Search the library"
                    prop:value=move || query.get() on:input=move |event| query.set(event_target_value(&event)) on:keydown=first/>
                {narrow_tools(app, open)}
                {shelves}
                <p class="hint">"Click to add, or drag onto the canvas."</p>
            </div>
        </div>
        {tools(app, hand)}
    }
    .into_any()
}

/// The tools that draw, where the bar has no room for them.
fn narrow_tools(app: App, open: RwSignal<bool>) -> AnyView {
    let one = |(tool, icon, name): (Tool, &'static str, &'static str)| {
        let take = move |_| {
            open.set(false);
            app.act(Input::Tool(tool));
        };
        view! { <button class="o" on:click=take><Glyph name=icon/>" "{name}</button> }
    };
    let all = [(Tool::Connect, "wire", "Draw wires"), (Tool::Cut, "cut", "Cut the network")];
    view! { <div class="doing narrow-tools" role="group" aria-label="Tools">{all.map(one).collect_view()}</div> }
        .into_any()
}

/// What a press on the canvas does.
fn tools(app: App, hand: Hand) -> AnyView {
    let tools = [
        (Tool::Select, "select", "Select and move", "V"),
        (Tool::Pan, "pan", "Pan", "H"),
        (Tool::Connect, "wire", "Draw wires", "W"),
        (Tool::Cut, "cut", "Cut the network", "X"),
    ];
    let one = |(tool, icon, name, key): (Tool, &'static str, &'static str, &'static str)| {
        let on = move || hand.tool.get() == tool;
        view! {
            <button aria-label=name title=format!("{name} ({key})") aria-pressed=move || on().to_string() class:on=on
                on:click=move |_| app.act(Input::Tool(tool))>
                <Glyph name=icon/>
            </button>
        }
    };
    view! { <span class="seg tools" role="group" aria-label="Tools">{tools.map(one).collect_view()}</span> }
        .into_any()
}
