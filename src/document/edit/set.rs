//! Edits that change what is there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::base::geometry::{Point, Rect};
use crate::base::param::Params;
use crate::base::table::Table;
use crate::base::time::Nanos;
use crate::component::Placing;
use crate::engine::fault::Fault;

use super::super::compile::MEMBERS_MAX;
use super::super::validate::may_reconnect;
use super::super::{
    ComponentRecord, Design, FaultRecord, NoteRecord, WireRecord, ZoneRecord, faults,
};
use super::add::placed_area;
use super::{Draft, EditError, Item, bounded, error, placed, put};

fn found<'a, R>(table: &'a Table<R>, id: &str) -> Result<&'a R, EditError> {
    table.get(id).ok_or_else(|| error("id", format!("there is no {id:?}; perhaps it was removed")))
}

impl Draft<'_> {
    pub(super) fn remove(&mut self, items: &BTreeSet<Item>) {
        let Design { components, wires, zones, notes, script, .. } = self.design;
        for item in items {
            match item {
                Item::Component(id) => {
                    put(&mut self.diff.components, id, components.get(id), None);
                    for (wire, record) in
                        wires.iter().filter(|it| it.1.from == *id || it.1.to == *id)
                    {
                        put(&mut self.diff.wires, wire, Some(record), None);
                    }
                }
                Item::Wire(id) => put(&mut self.diff.wires, id, wires.get(id), None),
                Item::Zone(id) => put(&mut self.diff.zones, id, zones.get(id), None),
                Item::Note(id) => put(&mut self.diff.notes, id, notes.get(id), None),
                Item::Fault(id) => put(&mut self.diff.script, id, script.get(id), None),
            }
        }
    }

    pub(super) fn move_to(&mut self, item: &Item, at: Point) -> Result<(), EditError> {
        let (design, at) = (self.design, placed(at)?);
        match item {
            Item::Component(id) => {
                let before = found(&design.components, id)?;
                let after = ComponentRecord { at, ..before.clone() };
                put(&mut self.diff.components, id, Some(before), Some(after));
            }
            Item::Zone(id) => {
                let before = found(&design.zones, id)?;
                let area = Rect { x: at.x, y: at.y, ..before.area };
                let after = ZoneRecord { area, ..before.clone() };
                put(&mut self.diff.zones, id, Some(before), Some(after));
            }
            Item::Note(id) => {
                let before = found(&design.notes, id)?;
                let after = NoteRecord { at, ..before.clone() };
                put(&mut self.diff.notes, id, Some(before), Some(after));
            }
            Item::Wire(_) | Item::Fault(_) => {}
        }
        Ok(())
    }

    /// The wire is another one then: what was on its way over the old one is lost with it, as when a
    /// cable is pulled. Scripted cuts follow it.
    pub(super) fn reconnect(&mut self, wire: &str, from: &str, to: &str) -> Result<(), EditError> {
        let before = found(&self.design.wires, wire)?;
        if before.from == from && before.to == to {
            return Ok(());
        }
        may_reconnect(self.design, Some(wire), from, to)
            .map_err(|it| error("to", it.to_string()))?;
        let id = self.fresh(&format!("{from}-{to}"));
        let after = WireRecord { from: from.into(), to: to.into(), ..before.clone() };
        put(&mut self.diff.wires, wire, Some(before), None);
        put(&mut self.diff.wires, &id, None, Some(after));
        for (key, record) in &self.design.script {
            let fault = match &record.fault {
                Fault::CutWire { wire: it, ways } if it == wire => {
                    Fault::CutWire { wire: id.clone(), ways: *ways }
                }
                Fault::MendWire { wire: it } if it == wire => Fault::MendWire { wire: id.clone() },
                _ => continue,
            };
            let after = FaultRecord { at: record.at, fault };
            put(&mut self.diff.script, key, Some(record), Some(after));
        }
        Ok(())
    }

    pub(super) fn resize(&mut self, id: &str, area: Rect) -> Result<(), EditError> {
        let before = found(&self.design.zones, id)?;
        let after = ZoneRecord { area: placed_area(area)?, ..before.clone() };
        put(&mut self.diff.zones, id, Some(before), Some(after));
        Ok(())
    }

    pub(super) fn rename(&mut self, item: &Item, text: &str) -> Result<(), EditError> {
        let design = self.design;
        let label = bounded("label", text)?;
        match item {
            Item::Component(id) => {
                let before = found(&design.components, id)?;
                let after = ComponentRecord { label, ..before.clone() };
                put(&mut self.diff.components, id, Some(before), Some(after));
            }
            Item::Zone(id) => {
                let before = found(&design.zones, id)?;
                let after = ZoneRecord { label, ..before.clone() };
                put(&mut self.diff.zones, id, Some(before), Some(after));
            }
            Item::Note(id) => {
                let before = found(&design.notes, id)?;
                let after = NoteRecord { text: label, ..before.clone() };
                put(&mut self.diff.notes, id, Some(before), Some(after));
            }
            Item::Wire(_) | Item::Fault(_) => {
                return Err(error("item", "wires and faults have no label of their own"));
            }
        }
        Ok(())
    }

    pub(super) fn tune(&mut self, id: &str, values: &[(&str, &Value)]) -> Result<(), EditError> {
        let before = found(&self.design.components, id)?;
        let mut after = before.clone();
        for (field, value) in values {
            after.spec.set(field, value)?;
        }
        if let Some(known) = after.spec.membership() {
            Placing::new(known, "")?;
        }
        let (old, new) = (before.spec.class_names(), after.spec.class_names());
        put(&mut self.diff.components, id, Some(before), Some(after));
        if old != new {
            self.follow_classes(id, &old, &new)?;
        }
        self.check_members()
    }

    /// Wires name request classes: a renamed class keeps its wires, a removed one leaves them.
    fn follow_classes(
        &mut self,
        id: &str,
        old: &[String],
        new: &[String],
    ) -> Result<(), EditError> {
        let others = self.design.components.iter().filter(|it| it.0 != id);
        let mut known: Vec<String> = others.flat_map(|it| it.1.spec.class_names()).collect();
        known.extend(new.iter().cloned());
        // As many as before: whatever differs at a position is the old one's new name.
        let renamed = |name: &str| {
            let at = old.iter().position(|it| it == name)?;
            (old.len() == new.len()).then(|| new[at].clone())
        };
        for (wire, before) in &self.design.wires {
            let names =
                before.settings.classes.split(',').map(str::trim).filter(|it| !it.is_empty());
            let names: Vec<&str> = names.collect();
            if names.iter().all(|name| known.iter().any(|it| it == name)) {
                continue;
            }
            let kept = names.iter().filter_map(|name| match known.iter().any(|it| it == name) {
                true => Some((*name).to_owned()),
                false => renamed(name),
            });
            let classes = kept.collect::<Vec<_>>().join(", ");
            if classes.is_empty() {
                let problem = format!(
                    "the wire {wire} carries only {}; give it other classes or remove it first",
                    before.settings.classes
                );
                return Err(error("classes", problem));
            }
            let mut after = before.clone();
            after.settings.classes = classes;
            put(&mut self.diff.wires, wire, Some(before), Some(after));
        }
        Ok(())
    }

    pub(super) fn set_zone(
        &mut self,
        id: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), EditError> {
        let before = found(&self.design.zones, id)?;
        let mut after = before.clone();
        after.settings.set(field, value)?;
        put(&mut self.diff.zones, id, Some(before), Some(after));
        Ok(())
    }

    pub(super) fn set_wire(
        &mut self,
        id: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), EditError> {
        let before = found(&self.design.wires, id)?;
        let mut settings = before.settings.clone();
        settings.set(field, value)?;
        if field == "classes" {
            let specs = self.design.components.values().map(|it| &it.spec);
            let known: Vec<String> = specs.flat_map(|it| it.class_names()).collect();
            let names = settings.classes.split(',').map(str::trim).filter(|it| !it.is_empty());
            for name in names {
                if !known.iter().any(|it| it == name) {
                    let problem = format!("no client sends {name:?}; known: {}", known.join(", "));
                    return Err(error("classes", problem));
                }
            }
        }
        let after = WireRecord { settings, ..before.clone() };
        put(&mut self.diff.wires, id, Some(before), Some(after));
        Ok(())
    }

    pub(super) fn set_fault(
        &mut self,
        id: &str,
        at: Nanos,
        fault: &Fault,
    ) -> Result<(), EditError> {
        faults::check(self.design, fault)?;
        let before = found(&self.design.script, id)?;
        let after = FaultRecord { at, fault: fault.clone() };
        put(&mut self.diff.script, id, Some(before), Some(after));
        Ok(())
    }

    /// Refuses more members than can be run.
    pub(super) fn check_members(&self) -> Result<(), EditError> {
        let of = |it: &ComponentRecord| u64::from(it.spec.members());
        let mut total: u64 = self.design.components.values().map(of).sum();
        for change in self.diff.components.values() {
            total += change.after.as_ref().map_or(0, of);
            total -= change.before.as_ref().map_or(0, of);
        }
        if total > u64::from(MEMBERS_MAX) {
            let problem = format!("{total} members together; at most {MEMBERS_MAX} can be run");
            return Err(error("components", problem));
        }
        Ok(())
    }
}
