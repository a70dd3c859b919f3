//! Interaction without a browser: what pointer and keys do to a design. Inputs come in as plain
//! values, effects go out as plain values; whoever draws applies them.

use std::collections::BTreeSet;

use crate::base::geometry::{Camera, Point};
use crate::base::table::Table;
use crate::document::edit::{Edit, EditError, Item};
use crate::document::history::{History, Turn};
use crate::document::{Design, Diff};

pub mod align;
pub mod curve;
pub mod cut;
pub mod geometry;
pub mod gesture;
pub mod hit;
pub mod input;
pub mod place;
pub mod snap;
mod thing;
mod way;
mod wiring;

#[cfg(test)]
mod tests;

use gesture::Gesture;
use hit::Picture;
pub use input::{Button, Effect, Held, Input, Key, Preview, Thing, Tool};
use place::Place;

/// A step with an arrow key, and with Shift, in document pixels.
const NUDGE: (f64, f64) = (10.0, 50.0);
/// How far a copy lies from what it was copied from.
const COPY_BY: Point = Point::new(20.0, 20.0);

/// A design being edited.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    design: Design,
    history: History,
    selection: BTreeSet<Item>,
    camera: Camera,
    place: Place,
    tool: Tool,
    marks: Table<Vec<Point>>,
    grip: bool,
    gesture: Gesture,
}

impl Editor {
    /// An editor of this design, with nothing to undo.
    pub fn new(design: Design) -> Self {
        Self { design, ..Self::default() }
    }

    /// The design as it is now, the gesture under way included.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// What can be undone and redone.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What is selected; all of it is in the design.
    pub fn selection(&self) -> &BTreeSet<Item> {
        &self.selection
    }

    /// Takes up a design as it is now elsewhere: the gesture under way is carried over.
    pub fn show(&mut self, design: Design) {
        self.design = design;
        if let Some(open) = self.history.open() {
            open.apply(&mut self.design);
        }
    }

    /// Takes up what is shown, where, and what is selected.
    pub fn look(&mut self, camera: Camera, place: &Place, selection: BTreeSet<Item>) {
        self.camera = camera;
        self.place.clone_from(place);
        self.selection = selection;
    }

    /// Takes note of a step that was made elsewhere, and is shown from now on.
    pub fn note(&mut self, step: Diff) {
        self.history.record(step);
    }

    /// The same, to take note of what was done to what runs, or to forget it.
    pub fn history_mut(&mut self) -> &mut History {
        &mut self.history
    }

    /// Forgets what was done: another design is opened.
    pub fn forget(&mut self) {
        self.history = History::default();
        self.gesture = Gesture::Idle;
    }

    /// Whether a gesture has begun to change the design.
    pub fn is_busy(&self) -> bool {
        self.history.is_open()
    }

    /// Whether a wire is being drawn.
    pub fn is_connecting(&self) -> bool {
        matches!(self.gesture, Gesture::Connecting { .. })
    }

    /// The design as it is drawn.
    pub fn picture(&self) -> Picture<'_> {
        Picture { design: &self.design, place: &self.place }
    }

    /// What part of the canvas the screen shows.
    pub fn camera(&self) -> Camera {
        self.camera
    }

    /// What a press does.
    pub fn tool(&self) -> Tool {
        self.tool
    }

    /// Takes one input in and tells what it brought about.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        let out = &mut effects;
        match input {
            Input::Press { at, button, held } => self.press(at, button, held, out),
            Input::Move { at, held } => self.moved(at, held, out),
            Input::Release { at } => self.release(at, out),
            Input::Hold => self.hold(out),
            Input::Twice { at } => self.twice(at, out),
            Input::Lost => self.abandon(out),
            Input::Key { key, held } => self.key(key, held, out),
            Input::Marks(marks) => self.marks = marks,
            Input::Grip(grip) => self.grip = grip,
            Input::Tool(tool) => self.choose(tool, out),
            Input::Edit(edit) => {
                self.finish(out);
                self.edit(&edit, out);
            }
            Input::Change(diff) => {
                self.finish(out);
                self.apply(diff, out);
            }
            Input::Commit => self.settle(out),
            Input::Undo => self.travel(History::undo, out),
            Input::Redo => self.travel(History::redo, out),
            Input::Select(items) => {
                self.finish(out);
                self.select(items, out);
            }
            Input::Pick { item, more } => {
                self.finish(out);
                if more { self.toggle(item, out) } else { self.select([item].into(), out) }
            }
            Input::Aim(from) => {
                self.finish(out);
                self.connect_from(from, None, out);
            }
            Input::Carry { thing, at } => self.carry(thing, at, out),
            Input::Drop => self.drop_thing(out),
            Input::Add { thing, window } => self.add(&thing, window, out),
            Input::Align(side) => self.align(side, out),
            Input::Enclose => self.enclose(out),
        }
        effects
    }

    /// Makes a change and keeps it for undo.
    fn apply(&mut self, diff: Diff, out: &mut Vec<Effect>) {
        if diff.is_empty() {
            return;
        }
        diff.apply(&mut self.design);
        self.history.record(diff.clone());
        out.push(Effect::Changed(diff.clone()));
        if !self.history.is_open() {
            out.push(Effect::Settled(diff));
        }
        self.prune(out);
    }

    /// Makes an edit; what it adds is selected. Whether it could be made.
    fn edit(&mut self, edit: &Edit, out: &mut Vec<Effect>) -> bool {
        match self.draft(edit) {
            Ok(diff) => {
                let added = added(&diff);
                self.apply(diff, out);
                if !added.is_empty() {
                    self.select(added, out);
                }
                true
            }
            Err(error) => {
                out.push(Effect::Refused(error));
                false
            }
        }
    }

    fn draft(&self, edit: &Edit) -> Result<Diff, EditError> {
        edit.diff(&self.design, self.history.used())
    }

    /// Ends the gesture under way, as one step.
    fn finish(&mut self, out: &mut Vec<Effect>) {
        if !matches!(std::mem::take(&mut self.gesture), Gesture::Idle) {
            out.push(Effect::Preview(Preview::Nothing));
        }
        self.settle(out);
    }

    /// Ends what is held open, as one step.
    fn settle(&mut self, out: &mut Vec<Effect>) {
        out.extend(self.history.commit().map(Effect::Settled));
    }

    fn travel(&mut self, go: fn(&mut History, &mut Design) -> Option<Turn>, out: &mut Vec<Effect>) {
        self.finish(out);
        match go(&mut self.history, &mut self.design) {
            Some(Turn::Changed(mut diff)) => {
                diff.squash(self.mend());
                out.extend([Effect::Changed(diff.clone()), Effect::Settled(diff)]);
                self.prune(out);
            }
            Some(Turn::Do(faults)) => out.push(Effect::Do(faults)),
            None => {}
        }
    }

    /// Takes wires away that have lost an end: in the past a step may meet a design in which what it
    /// joined is not there yet.
    fn mend(&mut self) -> Diff {
        let Design { components, wires, .. } = &self.design;
        let is_loose = |it: &crate::document::WireRecord| {
            !components.contains_key(&it.from) || !components.contains_key(&it.to)
        };
        let loose = wires.iter().filter(|it| is_loose(it.1));
        let items = loose.map(|it| Item::Wire(it.0.clone())).collect();
        let diff = self.draft(&Edit::Remove { items }).unwrap_or_default();
        diff.apply(&mut self.design);
        diff
    }

    fn select(&mut self, items: BTreeSet<Item>, out: &mut Vec<Effect>) {
        let items = items.into_iter().filter(|it| it.is_in(&self.design)).collect();
        if self.selection != items {
            self.selection = items;
            out.push(Effect::Selected);
        }
    }

    /// Nothing is selected that is not there.
    fn prune(&mut self, out: &mut Vec<Effect>) {
        let count = self.selection.len();
        self.selection.retain(|it| it.is_in(&self.design));
        if self.selection.len() != count {
            out.push(Effect::Selected);
        }
    }

    fn choose(&mut self, tool: Tool, out: &mut Vec<Effect>) {
        self.finish(out);
        if self.tool != tool {
            self.tool = tool;
            out.push(Effect::Tool(tool));
        }
    }

    fn pan(&mut self, by: Point, out: &mut Vec<Effect>) {
        let offset = &mut self.camera.offset;
        *offset = Point::new(offset.x + by.x, offset.y + by.y);
        out.push(Effect::Camera(self.camera));
    }

    fn key(&mut self, key: Key, held: Held, out: &mut Vec<Effect>) {
        if self.aim(key, out) {
            return;
        }
        match key {
            Key::Escape => self.escape(out),
            Key::Delete => {
                self.finish(out);
                self.edit(&Edit::Remove { items: self.selection.clone() }, out);
            }
            Key::Enter => {
                let first = self.selection.first().cloned();
                out.extend(first.map(Effect::Open));
            }
            Key::Rename => {
                let first = self.selection.first().filter(|_| self.selection.len() == 1);
                let named = first.filter(|it| !matches!(it, Item::Wire(_) | Item::Fault(_)));
                out.extend(named.cloned().map(Effect::Rename));
            }
            Key::Tab(_) => {}
            Key::Arrow(x, y) => self.nudge(x, y, held.shift, out),
            Key::Letter('a') if held.command => self.select(everything(&self.design), out),
            Key::Letter('d') if held.command => {
                self.finish(out);
                let items = self.selection.clone();
                self.edit(&Edit::Duplicate { items, by: COPY_BY }, out);
            }
            Key::Letter('g') if held.command => self.enclose(out),
            Key::Letter('z') if held.command && held.shift => self.travel(History::redo, out),
            Key::Letter('z') if held.command => self.travel(History::undo, out),
            Key::Letter('y') if held.command => self.travel(History::redo, out),
            Key::Letter('v') if !held.command => self.choose(Tool::Select, out),
            Key::Letter('h') if !held.command => self.choose(Tool::Pan, out),
            Key::Letter('w') if !held.command => self.wire(out),
            Key::Letter('x') if !held.command => match self.tool {
                Tool::Cut => self.choose(Tool::Select, out),
                _ => self.choose(Tool::Cut, out),
            },
            Key::Letter(_) => {}
        }
    }

    /// Moves what is selected; all steps until [`Input::Commit`] are one.
    fn nudge(&mut self, x: i8, y: i8, far: bool, out: &mut Vec<Effect>) {
        if self.place.narrow {
            return;
        }
        if !matches!(self.gesture, Gesture::Idle) {
            self.finish(out);
        }
        if !self.history.is_open() {
            self.history.begin();
        }
        let step = if far { NUDGE.1 } else { NUDGE.0 };
        let moved = |at: Point| Point::new(at.x + f64::from(x) * step, at.y + f64::from(y) * step);
        let to = self.movable().into_iter().map(|(item, at)| (item, moved(at))).collect();
        self.edit(&Edit::Move { to }, out);
    }

    /// The key for wires: from the one component that is selected, or with the tool.
    fn wire(&mut self, out: &mut Vec<Effect>) {
        if self.is_connecting() {
            return self.abandon(out);
        }
        let only = self.selection.first().filter(|_| self.selection.len() == 1);
        match (self.tool, only.cloned()) {
            (Tool::Connect, _) => self.choose(Tool::Select, out),
            (_, Some(Item::Component(from))) => {
                self.finish(out);
                self.connect_from(from, None, out);
            }
            _ => self.choose(Tool::Connect, out),
        }
    }

    /// Two clicks: a name for what has one, else its inside.
    fn twice(&mut self, at: Point, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        out.extend(self.picture().hit(here, self.camera.zoom).map(|it| match it {
            Item::Wire(_) | Item::Fault(_) => Effect::Open(it),
            _ => Effect::Rename(it),
        }));
    }

    /// Leaves one level: the gesture, else the tool, else the selection.
    fn escape(&mut self, out: &mut Vec<Effect>) {
        if !matches!(self.gesture, Gesture::Idle) || self.history.is_open() {
            self.abandon(out);
        } else if self.tool != Tool::Select {
            self.choose(Tool::Select, out);
        } else {
            self.select(BTreeSet::new(), out);
        }
    }
}

fn everything(design: &Design) -> BTreeSet<Item> {
    let components = design.components.keys().cloned().map(Item::Component);
    let wires = design.wires.keys().cloned().map(Item::Wire);
    let zones = design.zones.keys().cloned().map(Item::Zone);
    let notes = design.notes.keys().cloned().map(Item::Note);
    components.chain(wires).chain(zones).chain(notes).collect()
}

/// What a diff brings that was not there; wires only if nothing else is.
fn added(diff: &Diff) -> BTreeSet<Item> {
    fn new<R>(changes: &crate::document::diff::Changes<R>) -> impl Iterator<Item = String> {
        let new = changes.iter().filter(|it| it.1.before.is_none());
        new.map(|it| it.0.clone())
    }
    let components = new(&diff.components).map(Item::Component);
    let zones = new(&diff.zones).map(Item::Zone);
    let mut items: BTreeSet<_> = components.chain(zones).collect();
    items.extend(new(&diff.notes).map(Item::Note));
    if items.is_empty() {
        items.extend(new(&diff.wires).map(Item::Wire));
    }
    items
}
