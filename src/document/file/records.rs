//! The records of a design: components, wires, zones, notes, scripted faults.

use serde_json::{Map, Value, json};

use crate::base::geometry::{Point, Rect};
use crate::base::param::{ParamError, Params};
use crate::base::time::Nanos;
use crate::component::{ALL, Spec, about};
use crate::engine::fault::Fault;

use super::super::validate::may_call;
use super::super::{
    ComponentRecord, Design, FaultRecord, NoteRecord, WireParams, WireRecord, ZoneParams,
    ZoneRecord, faults, zone,
};
use super::read::{Raw, Reader, short};
use super::write;

/// Latest moment of a scripted fault.
const AT_MAX: Nanos = Nanos::seconds(86_400);
/// Where components without a place are put: this far apart, so many in a row.
const GRID: (f64, f64, usize) = (230.0, 110.0, 4);

/// Reads a design.
pub(super) fn design(reader: &mut Reader, mut map: Raw) -> Design {
    if !map.contains_key("components") {
        reader.tell("design", "there are no components; the canvas will be empty");
    }
    let name = reader.text(&mut map, "design", "name", "Untitled");
    let mut design = Design { name, ..Design::default() };
    let components = components(reader, &mut map, &mut design);
    let wires = wires(reader, &mut map, &mut design, &components);
    for (id, wire) in &design.wires {
        if let Err(refusal) = may_call(&design, &wire.from, &wire.to) {
            reader.tell(format!("wires.{id}"), format!("{refusal} The wire is kept."));
        }
    }
    for (id, mut row) in reader.rows(&mut map, "zones", "zone") {
        let place = format!("zones.{id}");
        let label = reader.text(&mut row, &place, "label", "Zone");
        let [x, y, width, height] =
            reader.numbers(&mut row, &place, "area", [0.0, 0.0, 400.0, 300.0]);
        let (x, y) = (x.min(x + width), y.min(y + height));
        let area = Rect { x, y, width: width.abs(), height: height.abs() };
        let mut raw = reader.settings(&mut row, &place);
        let (settings, errors) = ZoneParams::load(&mut raw);
        reader.defaulted(errors, &settings.fields(), &place);
        let extra = reader.unknown_of(row, raw, &place);
        design.zones.insert(id, ZoneRecord { label, area, settings, extra });
    }
    zone::settle(&mut design);
    for (id, mut row) in reader.rows(&mut map, "notes", "note") {
        let place = format!("notes.{id}");
        let text = reader.text(&mut row, &place, "text", "");
        let at = reader.point(&mut row, &place, Point::default());
        let extra = reader.unknown(row, &place);
        design.notes.insert(id, NoteRecord { text, at, extra });
    }
    let script = script(reader, &mut map, &mut design);
    design.extra = reader.unknown(map, "design");
    for (name, unread) in [("components", components), ("wires", wires), ("script", script)] {
        if !unread.is_empty() {
            design.extra.insert(name.into(), Value::Object(unread).to_string());
        }
    }
    design
}

/// Gives back what could not be read but is kept.
fn components(reader: &mut Reader, map: &mut Raw, design: &mut Design) -> Raw {
    let mut unread = Raw::new();
    for (index, (id, mut row)) in
        reader.rows(map, "components", "component").into_iter().enumerate()
    {
        let place = format!("components.{id}");
        let kind = row.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(kind) = about(&kind) else {
            let known: Vec<_> = ALL.iter().map(|it| it.id).collect();
            let kind =
                row.get("kind").map_or("missing".into(), |it| format!("no kind {}", short(it)));
            let sentence = format!(
                "{kind}; known: {}. The component is kept in the file, but neither drawn nor run",
                known.join(", ")
            );
            reader.tell(format!("{place}.kind"), sentence);
            unread.insert(id, Value::Object(row));
            continue;
        };
        row.remove("kind");
        let mut settings = reader.settings(&mut row, &place);
        let Some((spec, errors)) = Spec::load(kind.id, &mut settings) else { continue };
        reader.defaulted(errors, &spec.fields(), &place);
        let label = reader.text(&mut row, &place, "label", kind.name);
        let (across, down, row_length) = GRID;
        let (column, line) = ((index % row_length) as f64, (index / row_length) as f64);
        let at = reader.point(&mut row, &place, Point::new(column * across, line * down));
        let extra = reader.unknown_of(row, settings, &place);
        design.components.insert(id, ComponentRecord { spec, label, at, zones: Vec::new(), extra });
    }
    unread
}

fn wires(reader: &mut Reader, map: &mut Raw, design: &mut Design, unread: &Raw) -> Raw {
    let mut kept = Raw::new();
    for (id, mut row) in reader.rows(map, "wires", "wire") {
        let place = format!("wires.{id}");
        let end = |name: &str| row.get(name).and_then(Value::as_str).map(|it| reader.renamed(it));
        let (Some(from), Some(to)) = (end("from"), end("to")) else {
            let sentence = "a wire needs from and to, each the id of a component; it is left out";
            reader.tell(place, sentence);
            continue;
        };
        let known = |id: &str| design.components.contains_key(id);
        let there = |id: &str| known(id) || unread.contains_key(id);
        if let Some(missing) = [&from, &to].into_iter().find(|it| !there(it)) {
            let missing = short(&json!(missing));
            reader.tell(place, format!("there is no component {missing}; the wire is left out"));
            continue;
        }
        row.insert("from".into(), json!(from));
        row.insert("to".into(), json!(to));
        if !known(&from) || !known(&to) {
            kept.insert(id, Value::Object(row));
            continue;
        }
        row.remove("from");
        row.remove("to");
        let mut raw = reader.settings(&mut row, &place);
        let (settings, errors) = WireParams::load(&mut raw);
        reader.defaulted(errors, &settings.fields(), &place);
        let extra = reader.unknown_of(row, raw, &place);
        design.wires.insert(id, WireRecord { from, to, settings, extra });
    }
    kept
}

/// Gives back rows that could not be read, and unknown fields of those that could.
fn script(reader: &mut Reader, map: &mut Raw, design: &mut Design) -> Raw {
    let (mut records, mut fields) = (Raw::new(), Raw::new());
    for (id, mut row) in reader.rows(map, "script", "fault") {
        let place = format!("script.{id}");
        let mut raw = row.get("fault").cloned().unwrap_or_default();
        reader.rename_all(&mut raw);
        let fault = match serde_json::from_value::<Fault>(raw.clone()) {
            Ok(fault) => fault,
            Err(error) => {
                let sentence = format!(
                    "{} is no fault ({error}); a fault is such as {{\"crash\": \"cache\"}}. It is \
                     kept in the file, without effect",
                    short(&raw)
                );
                reader.tell(format!("{place}.fault"), sentence);
                records.insert(id, Value::Object(row));
                continue;
            }
        };
        if let Err(ParamError { field, problem }) = faults::check(design, &fault) {
            let there = field != faults::MISSING;
            let place =
                if there { format!("{place}.fault.{field}") } else { format!("{place}.fault") };
            reader.tell(place, format!("{problem}. It is kept in the file, without effect"));
            // What is not there may come, or come back.
            if there {
                records.insert(id, Value::Object(row));
                continue;
            }
        }
        let at = reader.span(&mut row, &place, "at", Nanos::ZERO, AT_MAX);
        row.insert("fault".into(), raw);
        let record = FaultRecord { at, fault };
        if let Some(Value::Object(unknown)) =
            left_over(Value::Object(row), &Value::Object(write::fault(&record)))
        {
            reader.unknown(flat(&unknown), &place);
            fields.insert(id.clone(), Value::Object(unknown));
        }
        design.script.insert(id, record);
    }
    let mut unread = Raw::new();
    for (name, rows) in [("records", records), ("fields", fields)] {
        if !rows.is_empty() {
            unread.insert(name.into(), Value::Object(rows));
        }
    }
    unread
}

/// What an object has, at any depth, that another has not.
fn left_over(value: Value, known: &Value) -> Option<Value> {
    let (Value::Object(map), Value::Object(known)) = (value, known) else { return None };
    let rest = map.into_iter().filter_map(|(name, item)| match known.get(&name) {
        None => Some((name, item)),
        Some(known) => left_over(item, known).map(|it| (name, it)),
    });
    let mut rest: Map<_, _> = rest.collect();
    rest.sort_keys();
    (!rest.is_empty()).then_some(Value::Object(rest))
}

/// Nested fields by their path: `fault.slow.mood`.
fn flat(map: &Raw) -> Raw {
    let mut out = Raw::new();
    for (name, item) in map {
        match item {
            Value::Object(inner) if !inner.is_empty() => {
                out.extend(flat(inner).into_iter().map(|it| (format!("{name}.{}", it.0), it.1)));
            }
            _ => _ = out.insert(name.clone(), item.clone()),
        }
    }
    out
}
