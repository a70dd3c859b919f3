//! The document on the page: as edited, and as it was at the cursor.

use crate::base::time::Nanos;
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
    /// Whether the run is on its way to the moment that is looked at, and edits of before come on the way: that is
    /// not the past.
    pub catching: bool,
    /// What edits it: as it was at the cursor, where it is drawn now; and what can be undone.
    pub editor: Editor,
}

impl Desk {
    /// Whether edits were made after the cursor.
    pub fn is_past(&self) -> bool {
        let edits = self.inputs.iter().filter(|it| matches!(it.input, Input::Edit(_))).count();
        !self.catching && (self.edits as usize) < edits
    }

    /// What is drawn.
    pub fn shown(&self) -> &Design {
        self.editor.design()
    }

    /// What the run has at the cursor: what it began with, and the edits that it has taken since.
    pub fn run(&self) -> Design {
        self.ran(if self.is_past() { self.edits as usize } else { usize::MAX })
    }

    /// What the run began with, and so many edits of it.
    fn ran(&self, edits: usize) -> Design {
        let mut then = self.base.clone();
        let all = self.inputs.iter().filter_map(|it| match &it.input {
            Input::Edit(diff) => Some(diff),
            Input::Fault(_) | Input::Seed(_) => None,
        });
        all.take(edits).for_each(|diff| diff.apply(&mut then));
        then
    }

    /// Works out what to show: the edits in force at the cursor.
    pub fn look(&mut self) {
        let shown = match self.is_past() {
            true => self.after(self.edits as usize),
            false => self.design.clone(),
        };
        self.editor.show(shown);
    }

    /// What the run began with and so many edits of it, at the positions and with the names of now.
    fn after(&self, edits: usize) -> Design {
        let mut then = self.ran(edits);
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
        let Design { components, wires, zones, .. } = then;
        Design { components, wires, zones, ..self.design.clone() }
    }

    /// Takes something out of what was done to the run: the design is as it would be without it.
    pub fn take_out(&mut self, index: usize) {
        let is_edit = |it: &Stamped| matches!(it.input, Input::Edit(_));
        let before = self.inputs[..index].iter().filter(|it| is_edit(it)).count() as u32;
        let gone = self.inputs.remove(index);
        match &gone.input {
            Input::Edit(diff) => {
                self.edits -= u32::from(before < self.edits);
                self.design = self.after(usize::MAX);
                let script = Diff { script: diff.script.clone(), ..Diff::default() };
                script.reversed().apply(&mut self.design);
                self.editor.history_mut().forget_change(diff);
            }
            Input::Fault(fault) => self.editor.history_mut().forget_deed(gone.at, fault),
            Input::Seed(_) => {}
        }
    }

    /// Takes back what the run has never felt.
    pub fn unmake(&mut self, input: &Input) {
        match input {
            Input::Edit(diff) => {
                diff.clone().reversed().apply(&mut self.design);
                self.editor.history_mut().forget_change(diff);
            }
            Input::Fault(fault) => self.editor.history_mut().forget_deed(Nanos::MAX, fault),
            Input::Seed(_) => {}
        }
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
