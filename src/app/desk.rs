//! The document on the page: as edited, and as it was at the cursor.

use crate::document::{Design, Diff};
use crate::editor::Editor;
use crate::session::protocol::{Input, Stamped};

/// The document on the page.
#[derive(Debug, Default)]
pub struct Desk {
    /// What the person edits: the newest.
    pub design: Design,
    /// What the run began with.
    pub base: Design,
    /// Everything done to the run.
    pub inputs: Vec<Stamped>,
    /// Edits in force at the cursor.
    pub edits: u32,
    /// What edits it: as it was at the cursor, where it is drawn now; and what can be undone.
    pub editor: Editor,
}

impl Desk {
    /// Whether edits were made after the cursor.
    pub fn is_past(&self) -> bool {
        let edits = self.inputs.iter().filter(|it| matches!(it.input, Input::Edit(_))).count();
        (self.edits as usize) < edits
    }

    /// What is drawn.
    pub fn shown(&self) -> &Design {
        self.editor.design()
    }

    /// Works out what to show: what the run began with and the edits in force at the cursor, at
    /// the positions and with the names of now.
    pub fn look(&mut self) {
        let mut shown = self.design.clone();
        if self.is_past() {
            let mut then = self.base.clone();
            let edits = self.inputs.iter().filter_map(|it| match &it.input {
                Input::Edit(diff) => Some(diff),
                Input::Fault(_) | Input::Seed(_) => None,
            });
            edits.take(self.edits as usize).for_each(|diff| diff.apply(&mut then));
            for (id, record) in then.components.iter_mut() {
                if let Some(now) = self.design.components.get(id) {
                    record.label.clone_from(&now.label);
                    // What lay in other zones was somewhere else.
                    if record.zones == now.zones {
                        record.at = now.at;
                    }
                }
            }
            for (id, zone) in then.zones.iter_mut() {
                if let Some(now) = self.design.zones.get(id) {
                    zone.label.clone_from(&now.label);
                    zone.area = now.area;
                }
            }
            shown.components = then.components;
            shown.wires = then.wires;
            shown.zones = then.zones;
        }
        self.editor.show(shown);
    }

    /// Takes over a step that was made on what is shown. In the past, what is felt leaves behind
    /// what was edited later; names and places are of no time, and change now as much as then.
    pub fn settle(&mut self, step: &Diff) {
        if step.is_felt() || !self.is_past() {
            self.design = self.shown().clone();
            return;
        }
        for (id, change) in &step.components {
            if let (Some(now), Some(after)) = (self.design.components.get_mut(id), &change.after) {
                now.label.clone_from(&after.label);
                if now.zones == after.zones {
                    now.at = after.at;
                }
            }
        }
        for (id, change) in &step.zones {
            if let (Some(now), Some(after)) = (self.design.zones.get_mut(id), &change.after) {
                now.label.clone_from(&after.label);
                now.area = after.area;
            }
        }
        let (name, notes) = (step.name.clone(), step.notes.clone());
        Diff { name, notes, ..Diff::default() }.apply(&mut self.design);
    }
}
