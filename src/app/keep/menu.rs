//! The designs kept in this browser, behind the name of the one that is open.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::KeyboardEvent;

use super::ready::{self, Ready};
use super::shelf::{self, Entry};
use super::{Keeper, Panel, files};
use crate::app::icons::Icon;
use crate::app::store::App;
use crate::document::edit::Edit;
use crate::editor::Input;
use crate::session::kept::Kept;

/// When a design was changed, in words.
fn when(changed: f64) -> String {
    let minutes = ((js_sys::Date::now() - changed) / 60_000.0).max(0.0);
    if minutes < 1.0 {
        return "changed just now".into();
    }
    if minutes < 60.0 {
        return format!("changed {minutes:.0} min ago");
    }
    if minutes < 24.0 * 60.0 {
        return format!("changed {:.0} h ago", minutes / 60.0);
    }
    let date = js_sys::Date::new(&JsValue::from_f64(changed));
    format!("changed {}", String::from(date.to_locale_date_string("default", &JsValue::UNDEFINED)))
}

/// Escape closes a panel and gives the keyboard back to its button.
pub(super) fn close_on_escape(keep: Keeper, event: &KeyboardEvent, button: &str) {
    if event.key() == "Escape" {
        event.prevent_default();
        event.stop_propagation();
        keep.panel.set(None);
        super::share::focus(button);
    }
}

/// A copy beside the original.
fn duplicate(keep: Keeper, entry: &Entry) {
    let Some(Ok((mut kept, _))) = shelf::text(&entry.id).map(|it| Kept::read(&it)) else { return };
    kept.file.design.name = format!("{} (copy)", entry.name);
    kept.base.name.clone_from(&kept.file.design.name);
    let (id, changed) = (shelf::fresh(), js_sys::Date::now());
    let copy = Entry { id, name: kept.file.design.name.clone(), changed };
    if shelf::put(copy, &kept.write()).is_err() {
        let text = "The copy is not kept: this browser has no room left for this page.";
        keep.notice.set(Some(super::Notice::new(text)));
    }
    keep.shelf.set(shelf::list());
}

/// The name in the top bar, and what is behind it.
pub fn designs(app: App) -> AnyView {
    let keep = Keeper::here();
    let name = move || app.frame_of.with(|it| it.0.clone());
    let open = move || keep.panel.get() == Some(Panel::Designs);
    view! {
        <div class="menu designs" on:keydown=move |event| close_on_escape(keep, &event, "designs-button")>
            <button id="designs-button" class="document" title="Designs: open, new, save" aria-haspopup="true"
                aria-expanded=move || open().to_string() on:click=move |_| keep.toggle(Panel::Designs)>
                <span>{name}</span><Icon name="down".to_owned()/>
            </button>
            {move || open().then(|| panel(app, keep))}
        </div>
    }
    .into_any()
}

fn panel(app: App, keep: Keeper) -> impl IntoView {
    let trash = RwSignal::new(None::<(Entry, String)>);
    let rename = move |name: String| {
        let edit = Edit::RenameDesign { name: name.trim().to_owned() };
        if !name.trim().is_empty() {
            app.act(Input::Edit(edit));
        }
    };
    let restore = move || {
        if let Some((entry, text)) = trash.get_untracked() {
            _ = shelf::put(entry, &text);
            trash.set(None);
            keep.shelf.set(shelf::list());
        }
    };
    let delete = move |entry: Entry| {
        super::autosave(app, keep, false);
        if keep.id.get_untracked().as_ref() == Some(&entry.id) {
            // It stays on the canvas, only looked at: kept again once it is changed.
            shelf::set_opened(None);
            keep.id.set(None);
            super::settle(app, keep);
        }
        if let Some(text) = shelf::remove(&entry.id) {
            trash.set(Some((entry, text)));
        }
        keep.shelf.set(shelf::list());
    };
    let row = move |entry: Entry| {
        let is_open = keep.id.get().as_ref() == Some(&entry.id);
        let id = entry.id.clone();
        let (copied, deleted) = (entry.clone(), entry.clone());
        let name = entry.name.clone();
        view! {
            <li class:on=is_open>
                <button class="pick" aria-current=is_open.then_some("true") on:click=move |_| {
                    super::autosave(app, keep, false);
                    super::show(app, keep, &id);
                }>
                    <b>{entry.name}</b><small>{when(entry.changed)}</small>
                </button>
                <button aria-label=format!("Duplicate {name}") title="Duplicate" on:click=move |_| duplicate(keep, &copied)>
                    <Icon name="copy".to_owned()/>
                </button>
                <button aria-label=format!("Delete {name}") title="Delete" on:click=move |_| delete(deleted.clone())>
                    <Icon name="bin".to_owned()/>
                </button>
            </li>
        }
    };
    let ready_row = move |it: &'static Ready| {
        view! {
            <li><button class="pick" on:click=move |_| ready::open(app, keep, it)>
                <b>{it.name}</b><small>{it.about}</small>
            </button></li>
        }
    };
    let rows = move || keep.shelf.get().into_iter().map(row).collect_view();
    view! {
        <section id="panel" class="panel" tabindex="-1" aria-label="Designs">
            <label class="name">"Name"
                <input maxlength="200" prop:value=move || app.frame_of.with(|it| it.0.clone())
                    on:change=move |event| rename(event_target_value(&event))/>
            </label>
            <div class="doing">
                <button class="o" on:click=move |_| super::open_new(app, keep)>"New design"</button>
                <button class="o" on:click=move |_| files::pick(app, keep)>"Open file…"</button>
                <button class="o" on:click=move |_| files::save(app, keep)>"Save file"</button>
                <button class="o" title="Every key and gesture (?)" on:click=move |_| {
                    keep.panel.set(None);
                    crate::app::sheet::show(app, true);
                }>"Shortcuts"</button>
            </div>
            <h2>"Kept in this browser"</h2>
            <ul class="kept">{rows}</ul>
            <p class="hint" hidden=move || keep.shelf.with(|it| !it.is_empty())>
                "Nothing yet. A design is kept here from its first change on."
            </p>
            {move || trash.get().map(|(entry, _)| view! {
                <p class="trash" role="status">
                    <span>{format!("“{}” was deleted.", entry.name)}</span>
                    <button class="o" on:click=move |_| restore()>"Undo"</button>
                </p>
            })}
            <h2>"To begin with"</h2>
            <ul class="kept"><li>
                <button class="pick" on:click=move |_| super::open_template(app, keep)>
                    <b>"Book store"</b><small>"as it was made; yours stay as they are"</small>
                </button>
            </li>{ready::ALL.iter().map(ready_row).collect_view()}</ul>
        </section>
    }
}
