//! Edits that make something new.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::geometry::{Point, Rect};
use crate::base::time::Nanos;
use crate::component::{ALL, about};
use crate::engine::fault::Fault;

use super::super::diff::Changes;
use super::super::file::{COMPONENTS_MAX, WIRES_MAX};
use super::super::validate::may_connect;
use super::super::{
    ComponentRecord, Extra, FaultRecord, Id, NoteRecord, WireParams, WireRecord, ZoneParams,
    ZoneRecord, faults,
};
use super::{Draft, EditError, Item, bounded, error, placed, put};

impl Draft<'_> {
    pub(super) fn add_component(&mut self, kind: &str, at: Point) -> Result<(), EditError> {
        let Some(kind) = about(kind) else {
            let known: Vec<_> = ALL.iter().map(|it| it.id).collect();
            let problem = format!("there is no kind {kind:?}; known: {}", known.join(", "));
            return Err(error("kind", problem));
        };
        let id = self.fresh(kind.id);
        let label = numbered(kind.name, kind.id, &id);
        let (spec, at, extra) = ((kind.spec)(), placed(at)?, Extra::new());
        let record = ComponentRecord { spec, label, at, zones: Vec::new(), extra };
        put(&mut self.diff.components, &id, None, Some(record));
        self.check_members()?;
        self.check_room()
    }

    pub(super) fn add_zone(&mut self, label: &str, area: Rect) -> Result<(), EditError> {
        let id = self.fresh("zone");
        let (label, area) = (bounded("label", label)?, placed_area(area)?);
        let (settings, extra) = (ZoneParams::default(), Extra::new());
        let record = ZoneRecord { label, area, settings, extra };
        put(&mut self.diff.zones, &id, None, Some(record));
        self.check_room()
    }

    pub(super) fn add_note(&mut self, text: &str, at: Point) -> Result<(), EditError> {
        let id = self.fresh("note");
        let (text, at) = (bounded("text", text)?, placed(at)?);
        put(&mut self.diff.notes, &id, None, Some(NoteRecord { text, at, extra: Extra::new() }));
        self.check_room()
    }

    pub(super) fn add_fault(&mut self, at: Nanos, fault: &Fault) -> Result<(), EditError> {
        faults::check(self.design, fault)?;
        let id = self.fresh("fault");
        let record = FaultRecord { at, fault: fault.clone() };
        put(&mut self.diff.script, &id, None, Some(record));
        self.check_room()
    }

    pub(super) fn connect(&mut self, from: &str, to: &str) -> Result<(), EditError> {
        may_connect(self.design, from, to).map_err(|it| error("to", it.to_string()))?;
        let id = self.fresh(&format!("{from}-{to}"));
        let (settings, extra) = (WireParams::default(), Extra::new());
        let record = WireRecord { from: from.into(), to: to.into(), settings, extra };
        put(&mut self.diff.wires, &id, None, Some(record));
        self.check_room()
    }

    pub(super) fn duplicate(&mut self, items: &BTreeSet<Item>, by: Point) -> Result<(), EditError> {
        let design = self.design;
        let moved = |at: Point| placed(Point::new(at.x + by.x, at.y + by.y));
        let mut copies = BTreeMap::<&Id, Id>::new();
        for item in items {
            let stem = stem(item.id());
            let id = self.fresh(stem);
            match item {
                Item::Component(of) => {
                    let Some(record) = design.components.get(of) else { continue };
                    let label = numbered(unnumbered(&record.label), stem, &id);
                    let copy = ComponentRecord { label, at: moved(record.at)?, ..record.clone() };
                    put(&mut self.diff.components, &id, None, Some(copy));
                    copies.insert(of, id);
                }
                Item::Zone(of) => {
                    let Some(record) = design.zones.get(of) else { continue };
                    let Point { x, y } = moved(Point::new(record.area.x, record.area.y))?;
                    let copy = ZoneRecord { area: Rect { x, y, ..record.area }, ..record.clone() };
                    put(&mut self.diff.zones, &id, None, Some(copy));
                }
                Item::Note(of) => {
                    let Some(record) = design.notes.get(of) else { continue };
                    let copy = NoteRecord { at: moved(record.at)?, ..record.clone() };
                    put(&mut self.diff.notes, &id, None, Some(copy));
                }
                Item::Wire(_) | Item::Fault(_) => {}
            }
        }
        for record in design.wires.values() {
            let ends = (copies.get(&record.from), copies.get(&record.to));
            if let (Some(from), Some(to)) = ends {
                let id = self.fresh(&format!("{from}-{to}"));
                let copy = WireRecord { from: from.clone(), to: to.clone(), ..record.clone() };
                put(&mut self.diff.wires, &id, None, Some(copy));
            }
        }
        self.check_members()?;
        self.check_room()
    }

    /// Refuses more than a file can hold.
    fn check_room(&self) -> Result<(), EditError> {
        fn more<R>(changes: &Changes<R>) -> usize {
            changes.values().filter(|it| it.before.is_none()).count()
        }
        let (design, diff) = (self.design, &self.diff);
        let counts = [
            ("components", design.components.len() + more(&diff.components), COMPONENTS_MAX),
            ("wires", design.wires.len() + more(&diff.wires), WIRES_MAX),
            ("zones", design.zones.len() + more(&diff.zones), COMPONENTS_MAX),
            ("notes", design.notes.len() + more(&diff.notes), COMPONENTS_MAX),
            ("script", design.script.len() + more(&diff.script), COMPONENTS_MAX),
        ];
        match counts.iter().find(|it| it.1 > it.2) {
            None => Ok(()),
            Some((table, _, most)) => {
                Err(error(table, format!("a design holds at most {most}; remove some first")))
            }
        }
    }
}

/// A zone's area with its corner first, and large enough to be gripped.
pub(super) fn placed_area(area: Rect) -> Result<Rect, EditError> {
    let one = placed(Point::new(area.x, area.y))?;
    let other = placed(Point::new(area.x + area.width, area.y + area.height))?;
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    let side = |one: f64, other: f64| (one - other).abs().max(40.0);
    Ok(Rect { x, y, width: side(one.x, other.x), height: side(one.y, other.y) })
}

/// An id without its number: `service-2` is a `service`.
fn stem(id: &str) -> &str {
    match id.rsplit_once('-') {
        Some((stem, number)) if number.bytes().all(|it| it.is_ascii_digit()) => stem,
        _ => id,
    }
}

fn unnumbered(label: &str) -> &str {
    match label.rsplit_once(' ') {
        Some((rest, number)) if number.bytes().all(|it| it.is_ascii_digit()) => rest,
        _ => label,
    }
}

/// A label with the number that its id has: `Service 2` for `service-2`.
fn numbered(label: &str, stem: &str, id: &str) -> String {
    match id.strip_prefix(stem).and_then(|it| it.strip_prefix('-')) {
        Some(number) => format!("{label} {number}"),
        None => label.into(),
    }
}
