//! The editor at work on the page: it is handed inputs, and what it answers is carried out.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::app::store::{App, Selected};
use crate::base::time::Nanos;
use crate::base::typed;
use crate::document::Diff;
use crate::document::edit::{Edit, EditError, Item};
use crate::editor::{Editor, Effect as Brought, Input, Preview};
use crate::engine::fault::Ways;
use crate::session::protocol::{Command, Input as Act};

use super::hand::Hand;

/// Things of the design for what the page says is chosen.
fn items(chosen: Option<&Selected>) -> BTreeSet<Item> {
    match chosen {
        None => BTreeSet::new(),
        Some(Selected::Node(id)) => [Item::Component(id.clone())].into(),
        Some(Selected::Wire(id)) => [Item::Wire(id.clone())].into(),
        Some(Selected::Zone(id)) => [Item::Zone(id.clone())].into(),
        Some(Selected::Note(id)) => [Item::Note(id.clone())].into(),
        Some(Selected::Several(all)) => all.iter().cloned().collect(),
    }
}

fn chosen(items: &BTreeSet<Item>) -> Option<Selected> {
    let first = items.first()?.clone();
    if items.len() > 1 {
        return Some(Selected::Several(items.iter().cloned().collect()));
    }
    match first {
        Item::Component(id) => Some(Selected::Node(id)),
        Item::Wire(id) => Some(Selected::Wire(id)),
        Item::Zone(id) => Some(Selected::Zone(id)),
        Item::Note(id) => Some(Selected::Note(id)),
        Item::Fault(_) => None,
    }
}

impl App {
    /// What pointers and keys are doing, once they can.
    pub fn hand(self) -> Option<Hand> {
        self.later().map(|it| it.hand)
    }

    /// Lets the editor act; what it refuses is told beside the pointer.
    pub fn act(self, input: Input) {
        if let (Err(error), Some(hand)) = (self.try_act(input), self.hand()) {
            hand.refuse(error.problem);
        }
    }

    /// Makes an edit: one step of undo. An error says why not.
    pub fn make(self, edit: Edit) -> Result<(), String> {
        self.try_act(Input::Edit(edit)).map_err(|it| typed::said(&it.problem))
    }

    /// Lets the editor act on what is shown, and carries out what comes of it.
    fn try_act(self, input: Input) -> Result<(), EditError> {
        let camera = self.camera.get_untracked();
        let selection = self.selected.with_untracked(|it| items(it.as_ref()));
        let effects = self.place.with_untracked(|place| {
            self.desk.try_update_value(|it| {
                it.editor.look(camera, place, selection);
                it.editor.handle(input)
            })
        });
        let effects = effects.unwrap_or_default();
        self.put_up(&effects);
        let shows = |it: &Brought| match it {
            Brought::Changed(_) | Brought::Settled(_) => true,
            Brought::Preview(it) => matches!(it, Preview::Nothing | Preview::Lifted(..)),
            _ => false,
        };
        for effect in &effects {
            if let Brought::Settled(step) = effect {
                self.settle(step);
            }
        }
        if effects.iter().any(shows) {
            self.show();
        }
        let busy = self.desk.with_value(|it| it.editor.is_busy());
        if let Some(hand) = self.hand() {
            let dragging = busy && hand.is_pressed();
            if hand.dragging.get_untracked() != dragging {
                hand.dragging.set(dragging);
            }
        }
        let mut refused = Ok(());
        for effect in effects {
            if let Brought::Refused(error) = effect {
                refused = Err(error);
            } else {
                self.carry_out(effect);
            }
        }
        refused
    }

    /// Holds a component up from its row, or lets it down.
    fn put_up(self, effects: &[Brought]) {
        let mut previews = effects.iter().filter_map(|it| match it {
            Brought::Preview(it) => Some(it),
            _ => None,
        });
        let Some(preview) = previews.next_back() else { return };
        let lifted = match preview {
            Preview::Lifted(id, at) => Some((id.clone(), *at)),
            _ => None,
        };
        if self.place.with_untracked(|it| it.lifted != lifted) {
            self.place.update(|it| it.lifted = lifted);
        }
    }

    /// A step of undo is complete.
    fn settle(self, step: &Diff) {
        self.desk.update_value(|it| it.settle(step));
        if step.is_felt() {
            self.leave_future();
        }
        self.tell_history();
        if step.is_felt() {
            self.tell(step);
        }
    }

    /// Something that what runs will feel is about to be done at the cursor: in the past, what came later is left
    /// behind.
    pub fn leave_future(self) {
        let clock = self.clock.get_untracked();
        self.desk.update_value(|it| {
            if it.is_past() {
                it.design = it.shown().clone();
            }
            if clock.now < clock.latest {
                it.editor.history_mut().forget_deeds(Some(clock.now));
            }
        });
    }

    /// Tells what can be undone and done again.
    pub fn tell_history(self) {
        let can = self.desk.with_value(|it| {
            let history = it.editor.history();
            (history.can_undo(), history.can_redo())
        });
        self.history.set(can);
    }

    /// Tells the run of a step. One that has refused a step before is told all that it lacks; one that
    /// could not begin does so now.
    fn tell(self, step: &Diff) {
        let (refused, begun) =
            self.latest.with_value(|it| (it.refused, it.place.2 > 0 || it.latest > Nanos::ZERO));
        if refused && !begun {
            return self.restart();
        }
        let lacks = || self.desk.with_value(|it| Diff::between(&it.run(), it.shown()));
        let step = if refused { lacks() } else { step.clone() };
        if step.is_felt() {
            return self.send(Command::Act(self.branch, Act::Edit(step)));
        }
        // What it has refused is undone.
        self.latest.update_value(|it| it.refused = false);
        self.clear_failure();
    }

    fn carry_out(self, effect: Brought) {
        let Some(hand) = self.hand() else { return };
        match effect {
            Brought::Selected => {
                let selection = self.desk.with_value(|it| it.editor.selection().clone());
                hand.said.set(self.words(&selection));
                self.select(chosen(&selection));
            }
            Brought::Camera(camera) => {
                self.follows.set(false);
                self.camera.set(camera);
                self.wake();
            }
            Brought::Tool(tool) => hand.tool.set(tool),
            Brought::Preview(preview) => {
                if let Preview::Wire(drawing) = &preview {
                    hand.refused.set(None);
                    if let Some((to, verdict)) = &drawing.target {
                        let to = self.item_label(&Item::Component(to.clone()));
                        let words = match verdict {
                            Ok(()) => format!("{to}: can be connected"),
                            Err(refusal) => format!("{to}: refused. {refusal}"),
                        };
                        if hand.said.with_untracked(|it| *it != words) {
                            hand.said.set(words);
                        }
                    }
                }
                if hand.preview.with_untracked(|it| *it != preview) {
                    hand.preview.set(preview);
                }
            }
            Brought::Cut(parting) => self.cut([parting.one, parting.other], Ways::Both, None),
            Brought::Open(item) => {
                self.select(chosen(&[item].into()));
                crate::app::inspector::focus();
            }
            // What was done is undone now, whatever moment is looked at.
            Brought::Do(faults) => {
                if self.clock.with_untracked(|it| it.now < it.latest) {
                    self.send(Command::Latest);
                }
                self.do_to_run(faults);
                self.tell_history();
            }
            Brought::Rename(item) => hand.renaming.set(Some(item)),
            Brought::Changed(_) | Brought::Settled(_) | Brought::Refused(_) => {}
        }
    }

    /// What something is called.
    pub fn item_label(self, item: &Item) -> String {
        let component = |id: &str| {
            self.desk.with_value(|it| {
                let record = it.shown().components.get(id);
                record.map_or_else(|| id.to_owned(), |it| it.label.clone())
            })
        };
        match item {
            Item::Component(id) => component(id),
            Item::Wire(id) => {
                let wire = self.desk.with_value(|it| it.shown().wires.get(id).cloned());
                wire.map_or_else(String::new, |it| {
                    format!("Wire from {} to {}", component(&it.from), component(&it.to))
                })
            }
            Item::Zone(id) => self.frame_of.with_untracked(|it| {
                it.1.get(id).map_or_else(String::new, |it| format!("Zone {}", it.label))
            }),
            Item::Note(id) => self.frame_of.with_untracked(|it| {
                it.2.get(id).map_or_else(String::new, |it| format!("Note: {}", it.text))
            }),
            Item::Fault(id) => id.clone(),
        }
    }

    fn words(self, selection: &BTreeSet<Item>) -> String {
        match (selection.len(), selection.first()) {
            (0, _) | (_, None) => "Nothing selected".into(),
            (1, Some(item)) => format!("{} selected", self.item_label(item)),
            (count, _) => format!("{count} selected"),
        }
    }

    /// The editor, to ask it something.
    pub fn ask<T>(self, question: impl FnOnce(&Editor) -> T) -> T {
        self.desk.update_value(|it| {
            let selection = it.editor.selection().clone();
            let camera = self.camera.get_untracked();
            self.place.with_untracked(|place| it.editor.look(camera, place, selection));
        });
        self.desk.with_value(|it| question(&it.editor))
    }
}
