//! What can be done on the page: open, edit, undo, break, choose.

use leptos::prelude::*;

use crate::base::geometry::Point;
use crate::base::time::Nanos;
use crate::component::Role;
use crate::document::{ComponentRecord, Design, Diff, Id};
use crate::editor::Input as Do;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::{Command, Stamped, Which};

use super::desk::Desk;
use super::frame_loop::Pulse;
use super::mirror::{NodeSignals, WireSignals};
use super::store::{App, Selected, Tab};

impl App {
    /// Asks the session for something, in order.
    pub fn send(self, command: Command) {
        self.bridge.update_value(|it| it.push(command));
        self.wake();
    }

    /// Makes sure that a frame will be painted.
    pub fn wake(self) {
        self.heart.update_value(Pulse::wake);
    }

    /// Puts a design on the canvas and runs it.
    pub fn open(self, design: Design) {
        self.desk.update_value(|it| {
            it.design = design.clone();
            it.inputs.clear();
            it.editor.forget();
        });
        self.history.set((false, false));
        self.look.set(Default::default());
        self.follows.set(true);
        self.restart();
    }

    /// Puts a kept run on the canvas: what it began with, with seed and warm-up, and what was done
    /// to it since, replayed up to a moment.
    pub fn resume(
        self,
        design: Design,
        (base, seed, warmup): (Design, u64, Nanos),
        inputs: Vec<Stamped>,
        at: Option<Nanos>,
    ) {
        self.seed.set(seed);
        self.warmup.set_value(warmup);
        self.desk.update_value(|it| {
            let (base, inputs) = (base.clone(), inputs.clone());
            *it = Desk { design, base, inputs, catching: at.is_some(), ..Desk::default() };
        });
        self.history.set((false, false));
        self.stories.set(Vec::new());
        self.forks.set(Vec::new());
        self.planned.set(None);
        self.forget_view();
        self.inputs.set(inputs.clone());
        self.bridge.update_value(|it| it.resume((base, seed, warmup), inputs, at));
        self.sync();
    }

    /// Begins the run again: edits are part of it from the start, faults are gone.
    pub fn restart(self) {
        let seed = self.seed.get_untracked();
        let design = self.desk.with_value(|it| it.design.clone());
        self.desk.update_value(|it| {
            it.base = design.clone();
            it.edits = 0;
            it.inputs.clear();
            it.editor.history_mut().forget_deeds(None);
        });
        self.tell_history();
        self.inputs.set(Vec::new());
        self.stories.set(Vec::new());
        self.forget_view();
        self.forks.set(Vec::new());
        self.latest.update_value(|it| it.chart = Default::default());
        self.charted.update(|it| *it += 1);
        let warmup = self.warmup.get_value();
        self.bridge.update_value(|it| it.open(design, seed, warmup));
        self.sync();
        self.wake();
    }

    /// Lets go of what was looked at in the run before, and of what was waited for: another one does
    /// not have it.
    fn forget_view(self) {
        self.following.set(None);
        self.trace.set(None);
        self.pick.set(None);
        self.awaited.set(None);
        self.hit.set(None);
        self.slowly.set(false);
        self.heart.update_value(Pulse::forget);
        self.clear_failure();
    }

    /// Another moment; the latest wish wins. Whoever goes there has seen enough in slow motion.
    pub fn seek(self, at: Nanos) {
        self.hurry();
        self.send(Command::Seek(at));
    }

    /// Takes something out of what was done to the run, as if it had never been: the run comes again to the moment
    /// that is looked at, without it.
    pub fn take_out(self, index: usize) {
        let Some(it) = self.inputs.with_untracked(|it| it.get(index).cloned()) else { return };
        self.desk.update_value(|it| {
            it.catching = !it.is_past();
            it.take_out(index);
        });
        self.inputs.set(self.desk.with_value(|it| it.inputs.clone()));
        self.tell_history();
        let now = self.clock.get_untracked().now;
        self.send(Command::Forget(self.branch, index as u32, it.at));
        self.bridge.update_value(|it| it.come_to(now));
        self.sync();
    }

    /// No slow motion any more, if there was any.
    pub fn hurry(self) {
        if self.slowly.get_untracked() {
            self.slowly.set(false);
            self.send(Command::StopAt(self.branch, None));
        }
    }

    /// Stops, and shows another moment.
    pub fn look_at(self, at: Nanos) {
        self.playing.set(false);
        self.seek(at);
    }

    /// Changes the design: one step of undo, felt at once by what runs.
    pub fn edit(self, diff: Diff) {
        self.act(Do::Change(diff));
    }

    /// Changes one record of a component.
    pub fn edit_node(self, id: &str, change: impl FnOnce(&mut ComponentRecord)) {
        let diff = self.desk.with_value(|it| {
            let mut after = it.shown().clone();
            after.components.get_mut(id).map(change);
            Diff::between(it.shown(), &after)
        });
        self.edit(diff);
    }

    /// Shows the design as it was at the cursor.
    pub fn sync(self) {
        self.desk.update_value(Desk::look);
        self.show();
    }

    /// Brings the signals to what is shown.
    pub fn show(self) {
        let (shown, busy) = self.desk.with_value(|it| (it.shown().clone(), it.editor.is_busy()));
        self.place.update(|it| {
            // While something is dragged, what lies around it stays where it is.
            if it.narrow || !busy {
                it.arrange(&shown);
            }
        });
        self.mirror.update_value(|mirror| mirror.take(&shown));
        let ids: Vec<Id> = shown.components.keys().cloned().collect();
        if self.nodes.with_untracked(|it| *it != ids) {
            self.nodes.set(ids);
        }
        let ids: Vec<Id> = shown.wires.keys().cloned().collect();
        if self.wires.with_untracked(|it| *it != ids) {
            self.wires.set(ids);
        }
        let frame_of = (shown.name, shown.zones, shown.notes, shown.script);
        if self.frame_of.with_untracked(|it| *it != frame_of) {
            self.frame_of.set(frame_of);
            self.count_script();
        }
        self.latest.update_value(|it| it.geometry += 1);
        self.wake();
    }

    /// A component's signals.
    pub fn node(self, id: &str) -> Option<NodeSignals> {
        self.mirror.with_value(|it| it.nodes.get(id).cloned())
    }

    /// A wire's signals.
    pub fn wire(self, id: &str) -> Option<WireSignals> {
        self.mirror.with_value(|it| it.wires.get(id).cloned())
    }

    /// What is charted: what was chosen as long as there is such a thing, else how long the first
    /// clients wait.
    pub fn charted(self) -> Option<(Id, Which)> {
        let chosen = self.charting.get_untracked();
        self.desk.with_value(|it| {
            let components = &it.shown().components;
            let there = |it: &(Id, Which)| components.contains_key(&it.0);
            let first = || components.iter().find(|it| it.1.spec.about().role == Role::Source);
            chosen.filter(there).or_else(|| Some((first()?.0.clone(), Which::Latency)))
        })
    }

    /// Top left corner of a node, on the canvas.
    pub fn spot(self, id: &str, record: &ComponentRecord) -> Point {
        self.place.with(|it| it.spot(id, record.at))
    }

    /// Chooses; opens a component on what it has to show.
    pub fn select(self, what: Option<Selected>) {
        if self.selected.with_untracked(|it| *it == what) {
            return;
        }
        if !matches!((&what, self.tab.get_untracked()), (Some(Selected::Node(_)), Tab::Inside)) {
            self.lens.set(None);
        }
        // Room was made for the inspector; nobody moved the camera meanwhile.
        if what.is_none() && self.follows.get_untracked() {
            self.fit();
        }
        // Nothing would be left on the screen by which to let go of it.
        if what.is_none() {
            self.let_go();
        }
        self.selected.set(what);
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// Lets go of the request that is followed. In both futures, if there are two.
    pub fn let_go(self) {
        self.following.set(None);
        for app in self.other.get_value().into_iter().chain([self]) {
            app.trace.set(None);
        }
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// Kills or brings back what a target names.
    pub fn set_up(self, target: Target, up: bool) {
        self.fault(if up { Fault::Restart(target) } else { Fault::Crash(target) });
    }
}

/// Takes the last step back, now; or does again what was undone. Time does not move.
pub fn undo(app: App, back: bool) {
    app.act(if back { Do::Undo } else { Do::Redo });
}
