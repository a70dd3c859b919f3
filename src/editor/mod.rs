//! Interaction without a browser: what pointer and keys do to a design. Inputs come in as plain
//! values, effects go out as plain values; whoever draws applies them.

use std::collections::BTreeSet;

use crate::base::geometry::{Camera, Point};
use crate::document::edit::{Edit, EditError, Item};
use crate::document::history::History;
use crate::document::{Design, Diff};

pub mod curve;
pub mod geometry;
mod gesture;
pub mod hit;
pub mod input;
pub mod snap;

#[cfg(test)]
mod tests;

use gesture::Gesture;
pub use input::{Button, Effect, Held, Input, Key, Preview, Tool};

/// A step with an arrow key, and with Shift, in document pixels.
const NUDGE: (f64, f64) = (10.0, 50.0);
/// How far a copy lies from what it was copied from.
const COPY_BY: Point = Point::new(20.0, 20.0);
/// Wheel travel that doubles the zoom, in pixels.
const WHEEL_DOUBLES: f64 = 240.0;
/// Largest zoom that fitting chooses, and the margin it leaves, in screen pixels.
const FIT_ZOOM_MAX: f64 = 1.25;
const FIT_MARGIN: f64 = 48.0;

/// A design being edited.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    design: Design,
    history: History,
    selection: BTreeSet<Item>,
    camera: Camera,
    tool: Tool,
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

    /// What part of the design the screen shows.
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
            Input::Lost => self.abandon(out),
            Input::Wheel { at, by, held } => self.wheel(at, by, held, out),
            Input::Key { key, held } => self.key(key, held, out),
            Input::Grip(grip) => self.grip = grip,
            Input::Tool(tool) => self.choose(tool, out),
            Input::Edit(edit) => self.edit(&edit, out),
            Input::Begin => {
                self.finish(out);
                self.history.begin();
            }
            Input::Commit => self.finish(out),
            Input::Undo => self.travel(History::undo, out),
            Input::Redo => self.travel(History::redo, out),
            Input::Select(items) => {
                self.finish(out);
                self.select(items, out);
            }
            Input::Fit { window } => {
                if let Some(content) = geometry::content(&self.design) {
                    let window = hit::grown(window, -FIT_MARGIN);
                    self.look(Camera::fit(content, window, FIT_ZOOM_MAX), out);
                }
            }
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
        out.push(Effect::Changed(diff));
        if !self.history.is_open() {
            out.push(Effect::Settled);
        }
        self.prune(out);
    }

    /// Makes an edit; what it adds is selected.
    fn edit(&mut self, edit: &Edit, out: &mut Vec<Effect>) {
        match self.draft(edit) {
            Ok(diff) => {
                let added = added(&diff);
                self.apply(diff, out);
                if !added.is_empty() {
                    self.select(added, out);
                }
            }
            Err(error) => out.push(Effect::Refused(error)),
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
        if self.history.commit().is_some() {
            out.push(Effect::Settled);
        }
    }

    fn travel(&mut self, go: fn(&mut History, &mut Design) -> Option<Diff>, out: &mut Vec<Effect>) {
        self.finish(out);
        if let Some(diff) = go(&mut self.history, &mut self.design) {
            out.extend([Effect::Changed(diff), Effect::Settled]);
            self.prune(out);
        }
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

    fn look(&mut self, camera: Camera, out: &mut Vec<Effect>) {
        if self.camera != camera {
            self.camera = camera;
            out.push(Effect::Camera(camera));
        }
    }

    fn pan(&mut self, by: Point, out: &mut Vec<Effect>) {
        let Camera { offset, zoom } = self.camera;
        let offset = Point::new(offset.x + by.x, offset.y + by.y);
        self.look(Camera { offset, zoom }, out);
    }

    fn wheel(&mut self, at: Point, by: Point, held: Held, out: &mut Vec<Effect>) {
        if held.command {
            let factor = libm::exp2(-by.y / WHEEL_DOUBLES);
            self.look(self.camera.zoomed_about(at, factor), out);
        } else {
            self.pan(Point::new(-by.x, -by.y), out);
        }
    }

    fn key(&mut self, key: Key, held: Held, out: &mut Vec<Effect>) {
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
            Key::Arrow(x, y) => {
                self.finish(out);
                let step = if held.shift { NUDGE.1 } else { NUDGE.0 };
                let by = Point::new(f64::from(x) * step, f64::from(y) * step);
                let to = self.moved_by(&self.movable(), by);
                self.edit(&Edit::Move { to }, out);
            }
            Key::Letter('a') if held.command => self.select(everything(&self.design), out),
            Key::Letter('d') if held.command => {
                self.finish(out);
                let items = self.selection.clone();
                self.edit(&Edit::Duplicate { items, by: COPY_BY }, out);
            }
            Key::Letter('z') if held.command && held.shift => self.travel(History::redo, out),
            Key::Letter('z') if held.command => self.travel(History::undo, out),
            Key::Letter('y') if held.command => self.travel(History::redo, out),
            Key::Letter('v') if !held.command => self.choose(Tool::Select, out),
            Key::Letter('h') if !held.command => self.choose(Tool::Pan, out),
            Key::Letter('w') if !held.command => self.choose(Tool::Connect, out),
            Key::Letter(_) => {}
        }
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
