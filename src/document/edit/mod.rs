//! What people mean to do, and the difference it makes. An edit is checked against the design it
//! is meant for; nothing is changed before the difference is applied.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::base::geometry::{Point, Rect};
use crate::base::param::ParamError;
use crate::base::time::Nanos;
use crate::engine::fault::Fault;

use super::diff::{Change, Changes};
use super::file::COORDINATE_MAX;
use super::{Design, Diff, Id, ids, zone};

mod add;
mod set;

#[cfg(test)]
mod tests;

/// Longest label or note, in characters; notes may be longer than labels in files, never here.
pub const LABEL_MAX: usize = 200;

/// One thing of a design.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A component.
    Component(Id),
    /// A wire.
    Wire(Id),
    /// A zone.
    Zone(Id),
    /// A note.
    Note(Id),
    /// A scripted fault.
    Fault(Id),
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &Id {
        match self {
            Self::Component(id)
            | Self::Wire(id)
            | Self::Zone(id)
            | Self::Note(id)
            | Self::Fault(id) => id,
        }
    }

    /// Whether the design has it.
    pub fn is_in(&self, design: &Design) -> bool {
        match self {
            Self::Component(id) => design.components.contains_key(id),
            Self::Wire(id) => design.wires.contains_key(id),
            Self::Zone(id) => design.zones.contains_key(id),
            Self::Note(id) => design.notes.contains_key(id),
            Self::Fault(id) => design.script.contains_key(id),
        }
    }
}

/// An intent.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new component of a kind, its top left corner here.
    AddComponent {
        /// The kind's id.
        kind: String,
        /// Where.
        at: Point,
    },
    /// A new zone.
    AddZone {
        /// What people call it.
        label: String,
        /// Where.
        area: Rect,
    },
    /// A new note.
    AddNote {
        /// The text.
        text: String,
        /// Where.
        at: Point,
    },
    /// A new scripted fault.
    AddFault {
        /// When, from the start of the run.
        at: Nanos,
        /// What.
        fault: Fault,
    },
    /// A new wire.
    Connect {
        /// Who calls.
        from: Id,
        /// Who is called.
        to: Id,
    },
    /// Leads a wire elsewhere: what it carries and how stays, its id does not.
    Reconnect {
        /// Which wire.
        wire: Id,
        /// Who calls then.
        from: Id,
        /// Who is called then.
        to: Id,
    },
    /// Copies, with the wires between them, moved by an offset.
    Duplicate {
        /// Of what; wires follow from their ends.
        items: BTreeSet<Item>,
        /// The offset.
        by: Point,
    },
    /// Takes things away; components take their wires with them.
    Remove {
        /// What.
        items: BTreeSet<Item>,
    },
    /// Moves things; wires and faults have no place.
    Move {
        /// What, and where its top left corner goes.
        to: Vec<(Item, Point)>,
    },
    /// Moves a zone's edges.
    Resize {
        /// Which zone.
        zone: Id,
        /// Where it is then.
        area: Rect,
    },
    /// Sets one parameter of a component.
    SetComponent {
        /// Which.
        id: Id,
        /// The parameter's name.
        field: String,
        /// Its value in file form.
        value: Value,
    },
    /// Sets several parameters of a component at once.
    Tune {
        /// Which.
        id: Id,
        /// Their names and values, in file form.
        values: Vec<(String, Value)>,
    },
    /// Sets one parameter of a zone.
    SetZone {
        /// Which.
        id: Id,
        /// The parameter's name.
        field: String,
        /// Its value in file form.
        value: Value,
    },
    /// Sets one parameter of a wire.
    SetWire {
        /// Which.
        id: Id,
        /// The parameter's name.
        field: String,
        /// Its value in file form.
        value: Value,
    },
    /// Changes when a scripted fault happens, and what it is.
    SetFault {
        /// Which.
        id: Id,
        /// When.
        at: Nanos,
        /// What.
        fault: Fault,
    },
    /// Changes a label, or the text of a note.
    Rename {
        /// Of what.
        item: Item,
        /// The new text.
        text: String,
    },
    /// Changes the design's name.
    RenameDesign {
        /// The new name.
        name: String,
    },
}

/// Why an edit cannot be made. `Display` says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    /// Which field of the edit.
    pub field: String,
    /// What is wrong and what to do, as a sentence or clause.
    pub problem: String,
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for EditError {}

impl From<ParamError> for EditError {
    fn from(error: ParamError) -> Self {
        Self { field: error.field, problem: error.problem }
    }
}

fn error(field: &str, problem: impl Into<String>) -> EditError {
    EditError { field: field.into(), problem: problem.into() }
}

impl Edit {
    /// The difference it makes to a design. Ids in `used` are not given out again
    /// ([`super::history::History::used`]).
    pub fn diff(&self, design: &Design, used: &BTreeSet<Id>) -> Result<Diff, EditError> {
        let mut draft = Draft { design, used, diff: Diff::default() };
        match self {
            Self::AddComponent { kind, at } => draft.add_component(kind, *at)?,
            Self::AddZone { label, area } => draft.add_zone(label, *area)?,
            Self::AddNote { text, at } => draft.add_note(text, *at)?,
            Self::AddFault { at, fault } => draft.add_fault(*at, fault)?,
            Self::Connect { from, to } => draft.connect(from, to)?,
            Self::Reconnect { wire, from, to } => draft.reconnect(wire, from, to)?,
            Self::Duplicate { items, by } => draft.duplicate(items, *by)?,
            Self::Remove { items } => draft.remove(items),
            Self::Move { to } => {
                to.iter().try_for_each(|(item, at)| draft.move_to(item, *at))?;
            }
            Self::Resize { zone, area } => draft.resize(zone, *area)?,
            Self::SetComponent { id, field, value } => draft.tune(id, &[(field, value)])?,
            Self::Tune { id, values } => {
                let values: Vec<_> = values.iter().map(|it| (&*it.0, &it.1)).collect();
                draft.tune(id, &values)?;
            }
            Self::SetZone { id, field, value } => draft.set_zone(id, field, value)?,
            Self::SetWire { id, field, value } => draft.set_wire(id, field, value)?,
            Self::SetFault { id, at, fault } => draft.set_fault(id, *at, fault)?,
            Self::Rename { item, text } => draft.rename(item, text)?,
            Self::RenameDesign { name } => {
                let name = bounded("name", name)?;
                draft.diff.name = (name != design.name).then(|| (design.name.clone(), name));
            }
        }
        zone::follow(design, &mut draft.diff);
        Ok(draft.diff)
    }
}

/// A difference in the making.
struct Draft<'a> {
    design: &'a Design,
    used: &'a BTreeSet<Id>,
    diff: Diff,
}

/// Notes a change of one record, unless nothing changes.
fn put<R: Clone + PartialEq>(
    changes: &mut Changes<R>,
    id: &str,
    before: Option<&R>,
    after: Option<R>,
) {
    if before != after.as_ref() {
        changes.insert(id.into(), Change { before: before.cloned(), after });
    }
}

fn bounded(field: &str, text: &str) -> Result<String, EditError> {
    if text.chars().count() > LABEL_MAX {
        let problem = format!("longer than {LABEL_MAX} characters; use a shorter text");
        return Err(error(field, problem));
    }
    Ok(text.into())
}

/// A place on the canvas, to a hundredth of a pixel, as files keep it.
fn placed(at: Point) -> Result<Point, EditError> {
    let fits = |it: f64| it.abs() <= COORDINATE_MAX;
    if !(fits(at.x) && fits(at.y)) {
        let problem = format!("places lie between -{COORDINATE_MAX} and {COORDINATE_MAX}");
        return Err(error("at", problem));
    }
    let rounded = |it: f64| libm::round(it * 100.0) / 100.0 + 0.0;
    Ok(Point::new(rounded(at.x), rounded(at.y)))
}

impl Draft<'_> {
    fn fresh(&self, stem: &str) -> Id {
        let design = self.design;
        let unread = |table: &str, id: &str| {
            let text = design.extra.get(table)?;
            serde_json::from_str::<Value>(text).ok()?.get(id).map(|_| ())
        };
        ids::fresh(stem, |id| {
            let there = design.has(id);
            let here = self.diff.components.contains_key(id)
                || self.diff.wires.contains_key(id)
                || self.diff.zones.contains_key(id)
                || self.diff.notes.contains_key(id);
            let kept = unread("components", id).or(unread("wires", id)).is_some();
            self.used.contains(id) || there || here || kept
        })
    }
}
