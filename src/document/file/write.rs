//! From a document to its text.

use serde_json::{Map, Value, json};

use crate::base::geometry::{Point, Rect};
use crate::base::param::Params;

use super::super::{Design, Extra, FaultRecord, VERSION};
use super::{File, pretty};

type Raw = Map<String, Value>;

/// Writes the file form: tables in the order of their ids, settings that differ from the default,
/// and everything unknown that was read.
pub fn write(file: &File) -> String {
    let mut root = Raw::new();
    root.insert("version".into(), VERSION.into());
    root.insert("design".into(), Value::Object(design(&file.design)));
    root.insert("seed".into(), file.seed.into());
    root.insert("warmup".into(), file.warmup.to_string().into());
    for (name, text) in [("view", &file.view), ("inputs", &file.inputs)] {
        if let Some(value) = text.as_deref().and_then(parsed) {
            root.insert(name.into(), value);
        }
    }
    add(&mut root, &file.extra, "");
    pretty::text(&Value::Object(root))
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Adds unknown fields, but for one that has its own way; what is known goes before.
fn add(map: &mut Raw, extra: &Extra, but: &str) {
    for (name, text) in extra.iter().filter(|it| it.0 != but) {
        if let Some(value) = parsed(text) {
            map.entry(name.as_str()).or_insert(value);
        }
    }
}

/// Settings, with unknown ones after the known; left out if there are none.
fn add_settings(map: &mut Raw, mut settings: Raw, extra: &Extra) {
    if let Some(Value::Object(unknown)) = extra.get("settings").and_then(|it| parsed(it)) {
        for (name, value) in unknown {
            settings.entry(name).or_insert(value);
        }
    }
    if !settings.is_empty() {
        map.insert("settings".into(), Value::Object(settings));
    }
    add(map, extra, "settings");
}

/// A coordinate to a hundredth of a pixel: whole ones as whole numbers, and no drift from reading
/// and writing again and again.
fn number(value: f64) -> Value {
    let hundredths = libm::round(value * 100.0);
    if hundredths % 100.0 == 0.0 {
        Value::from((hundredths / 100.0) as i64)
    } else {
        Value::from(hundredths / 100.0)
    }
}

fn point(at: Point) -> Value {
    json!([number(at.x), number(at.y)])
}

fn area(it: Rect) -> Value {
    json!([number(it.x), number(it.y), number(it.width), number(it.height)])
}

/// A table from its known rows and the rows that were kept unread.
fn table<'a, R: 'a>(
    rows: impl IntoIterator<Item = (&'a String, &'a R)>,
    unread: Option<Value>,
    form: impl Fn(&'a R) -> Raw,
) -> Value {
    let mut map = Raw::new();
    for (id, row) in rows {
        map.insert(id.clone(), Value::Object(form(row)));
    }
    if let Some(Value::Object(unread)) = unread {
        for (id, row) in unread {
            map.entry(id).or_insert(row);
        }
    }
    map.sort_keys();
    Value::Object(map)
}

fn design(design: &Design) -> Raw {
    let unread = |name: &str| design.extra.get(name).and_then(|it| parsed(it));
    let mut map = Raw::new();
    map.insert("name".into(), design.name.as_str().into());
    let components = table(&design.components, unread("components"), |it| {
        let mut row = Raw::new();
        row.insert("kind".into(), it.spec.about().id.into());
        row.insert("label".into(), it.label.as_str().into());
        row.insert("at".into(), point(it.at));
        add_settings(&mut row, it.spec.save(), &it.extra);
        row
    });
    map.insert("components".into(), components);
    let wires = table(&design.wires, unread("wires"), |it| {
        let mut row = Raw::new();
        row.insert("from".into(), it.from.as_str().into());
        row.insert("to".into(), it.to.as_str().into());
        add_settings(&mut row, it.settings.save(), &it.extra);
        row
    });
    map.insert("wires".into(), wires);
    let zones = table(&design.zones, None, |it| {
        let mut row = Raw::new();
        row.insert("label".into(), it.label.as_str().into());
        row.insert("area".into(), area(it.area));
        add_settings(&mut row, it.settings.save(), &it.extra);
        row
    });
    let notes = table(&design.notes, None, |it| {
        let mut row = Raw::new();
        row.insert("text".into(), it.text.as_str().into());
        row.insert("at".into(), point(it.at));
        add(&mut row, &it.extra, "");
        row
    });
    for (name, rows) in [("zones", zones), ("notes", notes), ("script", script(design))] {
        if rows.as_object().is_some_and(|it| !it.is_empty()) {
            map.insert(name.into(), rows);
        }
    }
    add(&mut map, &design.extra, "script");
    map
}

/// A scripted fault has no place for unknown fields: the design keeps them for it.
fn script(design: &Design) -> Value {
    let mut unread = design.extra.get("script").and_then(|it| parsed(it));
    let records = unread.as_mut().and_then(|it| it.get_mut("records")).map(Value::take);
    let mut rows = table(&design.script, records, fault);
    let fields = unread.as_ref().and_then(|it| it.get("fields")).and_then(Value::as_object);
    for (id, more) in fields.into_iter().flatten() {
        if let Some(row) = rows.get_mut(id).filter(|_| design.script.contains_key(id)) {
            fill(row, more);
        }
    }
    rows
}

pub(super) fn fault(record: &FaultRecord) -> Raw {
    let mut row = Raw::new();
    row.insert("at".into(), record.at.to_string().into());
    row.insert("fault".into(), serde_json::to_value(&record.fault).unwrap_or_default());
    row
}

/// Adds to an object, and to the objects in it, what they do not have.
fn fill(value: &mut Value, more: &Value) {
    let (Value::Object(map), Value::Object(more)) = (value, more) else { return };
    for (name, item) in more {
        match map.get_mut(name) {
            Some(there) => fill(there, item),
            None => _ = map.insert(name.clone(), item.clone()),
        }
    }
}
