//! The designs kept in this browser: one text each in local storage, and a list of them.

use leptos::prelude::window;
use serde_json::{Value, json};
use web_sys::Storage;

/// The list: `[{"id", "name", "changed"}]`, newest change first.
pub const LIST: &str = "ringside.designs";
/// The design opened last, in any tab; `www/index.html` looks whether it is there.
const OPEN: &str = "ringside.open";
/// Before the id of a design; its text lies there.
pub const TEXT: &str = "ringside.design.";

/// A design on the shelf.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its key.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was changed, in milliseconds since 1970.
    pub changed: f64,
}

/// Why it could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The browser does not keep anything for this page.
    Forbidden,
    /// There is no room left.
    Full,
}

fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn get(storage: Option<Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok().flatten()
}

/// A key that no design has.
pub fn fresh() -> String {
    let random = (js_sys::Math::random() * 1e9) as u64;
    format!("{:x}-{random:x}", js_sys::Date::now() as u64)
}

/// What is there.
pub fn list() -> Vec<Entry> {
    let value: Value =
        get(local(), LIST).and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default();
    let entry = |it: &Value| {
        let text = |name: &str| it.get(name)?.as_str().map(str::to_owned);
        let changed = it.get("changed").and_then(Value::as_f64).unwrap_or(0.0);
        Some(Entry { id: text("id")?, name: text("name")?, changed })
    };
    value.as_array().map(|it| it.iter().filter_map(entry).collect()).unwrap_or_default()
}

fn set_list(mut entries: Vec<Entry>) -> Result<(), Trouble> {
    crate::base::order::sort_few(&mut entries, |a, b| a.changed > b.changed);
    let rows: Vec<Value> = entries
        .iter()
        .map(|it| json!({ "id": it.id, "name": it.name, "changed": it.changed }))
        .collect();
    let storage = local().ok_or(Trouble::Forbidden)?;
    storage.set_item(LIST, &Value::Array(rows).to_string()).map_err(|_| Trouble::Full)
}

/// The text of a design.
pub fn text(id: &str) -> Option<String> {
    get(local(), &format!("{TEXT}{id}"))
}

/// Puts a design there, or its newer text.
pub fn put(entry: Entry, text: &str) -> Result<(), Trouble> {
    let storage = local().ok_or(Trouble::Forbidden)?;
    storage.set_item(&format!("{TEXT}{}", entry.id), text).map_err(|_| Trouble::Full)?;
    // Read anew: another tab may have put something there meanwhile.
    let mut entries = list();
    entries.retain(|it| it.id != entry.id);
    entries.push(entry);
    set_list(entries)
}

/// Takes a design away and gives back its text.
pub fn remove(id: &str) -> Option<String> {
    let text = text(id)?;
    local()?.remove_item(&format!("{TEXT}{id}")).ok()?;
    let mut entries = list();
    entries.retain(|it| it.id != id);
    set_list(entries).ok()?;
    Some(text)
}

/// The design that this tab had open, else the one opened last in any.
pub fn opened() -> Option<String> {
    get(session(), OPEN).or_else(|| get(local(), OPEN)).filter(|it| !it.is_empty())
}

/// Remembers what is open; nothing for the template.
pub fn set_opened(id: Option<&str>) {
    for storage in [session(), local()].into_iter().flatten() {
        _ = match id {
            Some(id) => storage.set_item(OPEN, id),
            None => storage.remove_item(OPEN),
        };
    }
}
