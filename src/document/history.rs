//! Undo and redo, of changes and of what was done to what runs. A gesture is one step; a cancelled one leaves no
//! trace.

use std::collections::BTreeSet;

use super::{Design, Diff, Id};
use crate::base::time::Nanos;
use crate::engine::fault::Fault;

/// Steps that can be undone; older ones are forgotten.
pub const STEPS_MAX: usize = 500;

/// Something done by hand to what runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// When, in the time of the run.
    pub at: Nanos,
    /// What.
    pub done: Vec<Fault>,
    /// What takes it back; not empty.
    pub back: Vec<Fault>,
}

/// One step.
#[derive(Clone, Debug)]
enum Step {
    Change(Diff),
    Deed(Deed),
}

/// What undoing or doing again comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The design has changed.
    Changed(Diff),
    /// This is to be done to what runs, now.
    Do(Vec<Fault>),
}

/// What was done, what was undone, and the gesture under way.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
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
            None => self.change(diff),
        }
    }

    /// Takes note of something that was done to what runs. A gesture under way is ended by it.
    pub fn did(&mut self, deed: Deed) {
        self.commit();
        self.step(Step::Deed(deed));
    }

    /// Forgets what was done to what runs after a moment, and after which there is another future; or all of
    /// it, where the run begins anew.
    pub fn forget_deeds(&mut self, after: Option<Nanos>) {
        let stays = |it: &Step| match it {
            Step::Change(_) => true,
            Step::Deed(it) => after.is_some_and(|after| it.at <= after),
        };
        self.done.retain(stays);
        self.undone.retain(stays);
    }

    /// Forgets the step that did this at about this moment, if there is one: it has been taken out of the run.
    pub fn forget_deed(&mut self, at: Nanos, what: &Fault) {
        let far = |it: &Step| match it {
            Step::Deed(it) if it.done.contains(what) => Some(it.at.0.abs_diff(at.0)),
            _ => None,
        };
        let all = self.done.iter().enumerate();
        if let Some((_, index)) = all.filter_map(|it| Some((far(it.1)?, it.0))).min() {
            self.done.remove(index);
        }
    }

    /// The same for a change.
    pub fn forget_change(&mut self, what: &Diff) {
        if let Some(at) =
            self.done.iter().rposition(|it| matches!(it, Step::Change(it) if it == what))
        {
            self.done.remove(at);
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
        self.change(diff.clone());
        Some(diff)
    }

    /// Takes the gesture back as if it had never been, and gives what that changed. What could be
    /// redone before can still be.
    pub fn cancel(&mut self, design: &mut Design) -> Option<Diff> {
        let back = self.open.take().filter(|it| !it.is_empty())?.reversed();
        back.apply(design);
        Some(back)
    }

    /// Undoes the last step and gives what that changed, or what it takes. A gesture under way is ended first.
    pub fn undo(&mut self, design: &mut Design) -> Option<Turn> {
        self.commit();
        let step = self.done.pop()?;
        let turn = match &step {
            Step::Change(diff) => Turn::made(diff.clone().reversed(), design),
            Step::Deed(deed) => Turn::Do(deed.back.clone()),
        };
        self.undone.push(step);
        Some(turn)
    }

    /// Does again what was undone last, and gives what that changed, or what it takes.
    pub fn redo(&mut self, design: &mut Design) -> Option<Turn> {
        self.commit();
        let step = self.undone.pop()?;
        let turn = match &step {
            Step::Change(diff) => Turn::made(diff.clone(), design),
            Step::Deed(deed) => Turn::Do(deed.done.clone()),
        };
        self.done.push(step);
        Some(turn)
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

    fn change(&mut self, diff: Diff) {
        let ids = diff.components.keys().chain(diff.wires.keys()).chain(diff.zones.keys());
        let ids = ids.chain(diff.notes.keys()).chain(diff.script.keys());
        self.used.extend(ids.cloned());
        self.step(Step::Change(diff));
    }

    fn step(&mut self, step: Step) {
        self.undone.clear();
        self.done.push(step);
        if self.done.len() > STEPS_MAX {
            self.done.remove(0);
        }
    }
}

impl Turn {
    /// A change, made.
    fn made(diff: Diff, design: &mut Design) -> Self {
        diff.apply(design);
        Self::Changed(diff)
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

    fn changed(turn: Turn) -> Diff {
        match turn {
            Turn::Changed(diff) => diff,
            Turn::Do(faults) => panic!("{faults:?}"),
        }
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
                    Act::Undo => history.undo(&mut design).map(changed),
                    Act::Redo => history.redo(&mut design).map(changed),
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

    #[test]
    fn what_was_done_to_the_run_is_a_step_among_the_others() {
        let cache = crate::engine::fault::Target::component("cache");
        let (kill, raise) = (Fault::Crash(cache.clone()), Fault::Restart(cache));
        let deed = |at| Deed {
            at: Nanos::seconds(at),
            done: vec![kill.clone()],
            back: vec![raise.clone()],
        };
        let (mut design, mut history) = (Design::default(), History::default());
        let named = edited(&design, &Act::Name(1));
        let name = Diff::between(&design, &named);
        name.apply(&mut design);
        history.record(name.clone());
        history.did(deed(1));
        history.did(deed(5));
        assert_eq!(history.undo(&mut design), Some(Turn::Do(vec![raise.clone()])));
        assert_eq!(history.redo(&mut design), Some(Turn::Do(vec![kill.clone()])));
        // Another future begins at 3 s: what was done later is not there to be undone.
        history.forget_deeds(Some(Nanos::seconds(3)));
        assert_eq!(history.undo(&mut design), Some(Turn::Do(vec![raise.clone()])));
        assert_eq!(history.undo(&mut design), Some(Turn::Changed(name.clone().reversed())));
        assert_eq!(history.undo(&mut design), None);
        assert_eq!(design, Design::default());
        // Of two like each other, the one that was taken out of the run.
        assert!(history.redo(&mut design).is_some() && history.redo(&mut design).is_some());
        history.did(deed(9));
        history.forget_deed(Nanos::millis(1_200), &kill);
        history.forget_deeds(Some(Nanos::seconds(3)));
        assert_eq!(history.undo(&mut design), Some(Turn::Changed(name.clone().reversed())));
        assert!(history.redo(&mut design).is_some());
        history.forget_change(&name);
        assert!(!history.can_undo());
    }
}
