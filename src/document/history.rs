//! Undo and redo over diffs. A gesture is one step; a cancelled one leaves no trace.

use std::collections::BTreeSet;

use super::{Design, Diff, Id};

/// Steps that can be undone; older ones are forgotten.
pub const STEPS_MAX: usize = 500;

/// What was done, what was undone, and the gesture under way.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Diff>,
    undone: Vec<Diff>,
    /// The gesture under way, squashed so far.
    open: Option<Diff>,
    /// Every id that was ever there: none is given out again.
    used: BTreeSet<Id>,
}

impl History {
    /// Takes note of a change that has been applied. Outside of a gesture it is a step of its own.
    pub fn record(&mut self, diff: Diff) {
        if diff.is_empty() {
            return;
        }
        match &mut self.open {
            Some(open) => open.squash(diff),
            None => self.step(diff),
        }
    }

    /// Begins a gesture: all that is recorded up to [`History::commit`] is one step. A gesture
    /// still under way is ended by it.
    pub fn begin(&mut self) {
        self.commit();
        self.open = Some(Diff::default());
    }

    /// Whether a gesture is under way.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What the gesture under way has come to so far.
    pub fn open(&self) -> Option<&Diff> {
        self.open.as_ref()
    }

    /// Ends the gesture; gives back what it came to, if anything.
    pub fn commit(&mut self) -> Option<Diff> {
        let diff = self.open.take().filter(|it| !it.is_empty())?;
        self.step(diff.clone());
        Some(diff)
    }

    /// Takes the gesture back as if it had never been, and gives what that changed. What could be
    /// redone before can still be.
    pub fn cancel(&mut self, design: &mut Design) -> Option<Diff> {
        let back = self.open.take().filter(|it| !it.is_empty())?.reversed();
        back.apply(design);
        Some(back)
    }

    /// Undoes the last step and gives what that changed. A gesture under way is ended first.
    pub fn undo(&mut self, design: &mut Design) -> Option<Diff> {
        self.commit();
        let diff = self.done.pop()?;
        let back = diff.clone().reversed();
        back.apply(design);
        self.undone.push(diff);
        Some(back)
    }

    /// Does again what was undone last, and gives what that changed.
    pub fn redo(&mut self, design: &mut Design) -> Option<Diff> {
        self.commit();
        let diff = self.undone.pop()?;
        diff.apply(design);
        self.done.push(diff.clone());
        Some(diff)
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty() || self.open.as_ref().is_some_and(|it| !it.is_empty())
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Ids that were given out in this history, whether or not they are still there. Only what was
    /// undone or cancelled before it was ever a step is free again.
    pub fn used(&self) -> &BTreeSet<Id> {
        &self.used
    }

    fn step(&mut self, diff: Diff) {
        self.undone.clear();
        let ids = diff.components.keys().chain(diff.wires.keys()).chain(diff.zones.keys());
        let ids = ids.chain(diff.notes.keys()).chain(diff.script.keys());
        self.used.extend(ids.cloned());
        self.done.push(diff);
        if self.done.len() > STEPS_MAX {
            self.done.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::geometry::Point;
    use crate::document::NoteRecord;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Act {
        Set(u8, u8),
        Remove(u8),
        Name(u8),
        Begin,
        Commit,
        Cancel,
        Undo,
        Redo,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0..4u8, 0..4u8).prop_map(|(id, x)| Act::Set(id, x)),
            2 => (0..4u8).prop_map(Act::Remove),
            1 => (0..4u8).prop_map(Act::Name),
            1 => Just(Act::Begin),
            1 => Just(Act::Commit),
            1 => Just(Act::Cancel),
            3 => Just(Act::Undo),
            2 => Just(Act::Redo),
        ]
    }

    /// The same by whole copies: states before each step done and after each step undone.
    #[derive(Default)]
    struct Model {
        now: Design,
        done: Vec<Design>,
        undone: Vec<Design>,
        open: Option<Design>,
    }

    impl Model {
        fn close(&mut self) {
            if let Some(before) = self.open.take().filter(|it| *it != self.now) {
                self.done.push(before);
                self.undone.clear();
            }
        }

        fn act(&mut self, act: &Act) {
            match act {
                Act::Begin => {
                    self.close();
                    self.open = Some(self.now.clone());
                }
                Act::Commit => self.close(),
                Act::Cancel => {
                    if let Some(before) = self.open.take() {
                        self.now = before;
                    }
                }
                Act::Undo => {
                    self.close();
                    if let Some(before) = self.done.pop() {
                        self.undone.push(std::mem::replace(&mut self.now, before));
                    }
                }
                Act::Redo => {
                    self.close();
                    if let Some(after) = self.undone.pop() {
                        self.done.push(std::mem::replace(&mut self.now, after));
                    }
                }
                edit => {
                    let after = edited(&self.now, edit);
                    if after != self.now {
                        let before = std::mem::replace(&mut self.now, after);
                        if self.open.is_none() {
                            self.done.push(before);
                            self.undone.clear();
                        }
                    }
                }
            }
        }
    }

    fn edited(design: &Design, act: &Act) -> Design {
        let mut design = design.clone();
        match act {
            Act::Set(id, x) => {
                let at = Point::new(f64::from(*x), 0.0);
                let note = NoteRecord { text: "n".into(), at, extra: Default::default() };
                design.notes.insert(format!("n{id}"), note);
            }
            Act::Remove(id) => _ = design.notes.remove(&format!("n{id}")),
            Act::Name(name) => design.name = name.to_string(),
            _ => {}
        }
        design
    }

    proptest! {
        #[test]
        fn history_is_what_whole_copies_would_be(acts in prop::collection::vec(act(), 0..60)) {
            let (mut design, mut history) = (Design::default(), History::default());
            let mut model = Model::default();
            for act in &acts {
                model.act(act);
                let before = design.clone();
                let told = match act {
                    Act::Begin => { history.begin(); None }
                    Act::Commit => { history.commit(); None }
                    Act::Cancel => history.cancel(&mut design),
                    Act::Undo => history.undo(&mut design),
                    Act::Redo => history.redo(&mut design),
                    edit => {
                        let diff = Diff::between(&design, &edited(&design, edit));
                        diff.apply(&mut design);
                        history.record(diff.clone());
                        Some(diff)
                    }
                };
                prop_assert_eq!(&design, &model.now, "after {:?}", act);
                let told = told.unwrap_or_default();
                prop_assert_eq!(told, Diff::between(&before, &design), "told of {:?}", act);
                prop_assert_eq!(history.can_redo(), !model.undone.is_empty());
            }
        }
    }

    #[test]
    fn what_was_removed_keeps_its_id() {
        let mut history = History::default();
        let with = edited(&Design::default(), &Act::Set(1, 1));
        history.record(Diff::between(&Design::default(), &with));
        history.record(Diff::between(&with, &Design::default()));
        assert!(history.used().contains("n1"));
    }
}
