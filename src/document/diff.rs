//! What changed between two designs. One type serves undo and redo, the page's signals, the
//! session's replica and autosave.

use crate::base::table::Table;

use serde::{Deserialize, Serialize};

use super::{ComponentRecord, Design, FaultRecord, NoteRecord, WireRecord, ZoneRecord};

/// One record before and after; none where it does not exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change<R> {
    /// Before.
    pub before: Option<R>,
    /// After.
    pub after: Option<R>,
}

/// Changes of one table by id.
pub type Changes<R> = Table<Change<R>>;

/// A difference. Applying it to a design in which the befores hold gives the afters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// The design's name.
    pub name: Option<(String, String)>,
    /// Components.
    pub components: Changes<ComponentRecord>,
    /// Wires.
    pub wires: Changes<WireRecord>,
    /// Zones.
    pub zones: Changes<ZoneRecord>,
    /// Notes.
    pub notes: Changes<NoteRecord>,
    /// Scripted faults.
    pub script: Changes<FaultRecord>,
}

fn table_between<R: Clone + PartialEq>(before: &Table<R>, after: &Table<R>) -> Changes<R> {
    let mut changes = Changes::new();
    for (id, record) in before {
        let now = after.get(id);
        if now != Some(record) {
            let change = Change { before: Some(record.clone()), after: now.cloned() };
            changes.insert(id.clone(), change);
        }
    }
    for (id, record) in after.iter().filter(|it| !before.contains_key(it.0)) {
        changes.insert(id.clone(), Change { before: None, after: Some(record.clone()) });
    }
    changes
}

fn apply_table<R: Clone>(table: &mut Table<R>, changes: &Changes<R>) {
    for (id, change) in changes {
        match &change.after {
            Some(record) => _ = table.insert(id.clone(), record.clone()),
            None => _ = table.remove(id),
        }
    }
}

fn reverse_table<R>(changes: Changes<R>) -> Changes<R> {
    let reverse = |it: Change<R>| Change { before: it.after, after: it.before };
    changes.into_iter().map(|(id, it)| (id, reverse(it))).collect()
}

fn squash_table<R: PartialEq>(first: &mut Changes<R>, second: Changes<R>) {
    for (id, change) in second {
        match first.remove(&id) {
            None => _ = first.insert(id, change),
            Some(earlier) if earlier.before == change.after => {}
            Some(earlier) => {
                let squashed = Change { before: earlier.before, after: change.after };
                first.insert(id, squashed);
            }
        }
    }
}

impl Diff {
    /// What leads from one design to another.
    pub fn between(before: &Design, after: &Design) -> Self {
        let named = before.name != after.name;
        Self {
            name: named.then(|| (before.name.clone(), after.name.clone())),
            components: table_between(&before.components, &after.components),
            wires: table_between(&before.wires, &after.wires),
            zones: table_between(&before.zones, &after.zones),
            notes: table_between(&before.notes, &after.notes),
            script: table_between(&before.script, &after.script),
        }
    }

    /// Changes a design.
    pub fn apply(&self, design: &mut Design) {
        if let Some((_, name)) = &self.name {
            design.name.clone_from(name);
        }
        apply_table(&mut design.components, &self.components);
        apply_table(&mut design.wires, &self.wires);
        apply_table(&mut design.zones, &self.zones);
        apply_table(&mut design.notes, &self.notes);
        apply_table(&mut design.script, &self.script);
    }

    /// The way back.
    pub fn reversed(self) -> Self {
        Self {
            name: self.name.map(|(before, after)| (after, before)),
            components: reverse_table(self.components),
            wires: reverse_table(self.wires),
            zones: reverse_table(self.zones),
            notes: reverse_table(self.notes),
            script: reverse_table(self.script),
        }
    }

    /// This and then another, as one.
    pub fn squash(&mut self, then: Self) {
        self.name = match (self.name.take(), then.name) {
            (Some((before, _)), Some((_, after))) => (before != after).then_some((before, after)),
            (one, other) => other.or(one),
        };
        squash_table(&mut self.components, then.components);
        squash_table(&mut self.wires, then.wires);
        squash_table(&mut self.zones, then.zones);
        squash_table(&mut self.notes, then.notes);
        squash_table(&mut self.script, then.script);
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is about nothing but what is to go wrong, and when.
    pub fn is_script(&self) -> bool {
        *self == Self { script: self.script.clone(), ..Self::default() }
    }

    /// Whether the running system notices: a move within a zone, a label or a note it does not.
    pub fn is_felt(&self) -> bool {
        fn differs<'a, R, T: PartialEq>(it: &'a Change<R>, of: impl Fn(&'a R) -> T) -> bool {
            it.before.as_ref().map(&of) != it.after.as_ref().map(&of)
        }
        let components = self.components.values();
        let felt = components.into_iter().any(|it| differs(it, |it| (&it.spec, &it.zones)));
        let places = self.zones.values().any(|it| differs(it, |it| &it.settings));
        felt || places || !self.wires.is_empty() || !self.script.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::geometry::Point;
    use crate::component;

    fn record(x: f64) -> ComponentRecord {
        let spec = (component::ALL[0].spec)();
        ComponentRecord {
            spec,
            label: "A".into(),
            at: Point::new(x, 0.0),
            zones: Vec::new(),
            extra: Default::default(),
        }
    }

    fn design(parts: &[(&str, f64)]) -> Design {
        let components = parts.iter().map(|(id, x)| ((*id).to_owned(), record(*x))).collect();
        Design { components, ..Design::default() }
    }

    #[test]
    fn there_and_back_and_both_at_once() {
        let states = [design(&[]), design(&[("a", 1.0)]), design(&[("a", 2.0), ("b", 0.0)])];
        for from in &states {
            for to in &states {
                let diff = Diff::between(from, to);
                let mut at = from.clone();
                diff.apply(&mut at);
                assert_eq!(&at, to);
                diff.clone().reversed().apply(&mut at);
                assert_eq!(&at, from);
                for end in &states {
                    let mut both = diff.clone();
                    both.squash(Diff::between(to, end));
                    assert_eq!(both, Diff::between(from, end));
                }
            }
        }
    }

    #[test]
    fn a_move_is_not_felt() {
        assert!(!Diff::between(&design(&[("a", 1.0)]), &design(&[("a", 2.0)])).is_felt());
        assert!(Diff::between(&design(&[]), &design(&[("a", 2.0)])).is_felt());
    }
}
