//! The document on the page: as edited, and as it was at the cursor.

use crate::document::Design;
use crate::document::history::History;
use crate::session::protocol::{Input, Stamped};

/// The document on the page.
#[derive(Debug, Default)]
pub struct Desk {
    /// What the person edits: the newest.
    pub design: Design,
    /// As it was at the cursor, where it is drawn now.
    pub shown: Design,
    /// What the run began with.
    pub base: Design,
    /// Everything done to the run.
    pub inputs: Vec<Stamped>,
    /// Edits in force at the cursor.
    pub edits: u32,
    /// What can be undone.
    pub history: History,
}

impl Desk {
    /// Whether edits were made after the cursor.
    pub fn is_past(&self) -> bool {
        let edits = self.inputs.iter().filter(|it| matches!(it.input, Input::Edit(_))).count();
        (self.edits as usize) < edits
    }

    /// Works out what to show: what the run began with and the edits in force at the cursor, at
    /// the positions and with the names of now.
    pub fn look(&mut self) {
        self.shown = self.design.clone();
        if !self.is_past() {
            return;
        }
        let mut then = self.base.clone();
        let edits = self.inputs.iter().filter_map(|it| match &it.input {
            Input::Edit(diff) => Some(diff),
            Input::Fault(_) | Input::Seed(_) => None,
        });
        edits.take(self.edits as usize).for_each(|diff| diff.apply(&mut then));
        for (id, record) in then.components.iter_mut() {
            if let Some(now) = self.design.components.get(id) {
                record.at = now.at;
                record.label.clone_from(&now.label);
            }
        }
        self.shown.components = then.components;
        self.shown.wires = then.wires;
    }
}
