//! What happens between press and release, one state a gesture. A gesture changes the design as it
//! goes; Escape takes all of it back.

use std::collections::BTreeSet;

use crate::base::geometry::{Point, Rect};
use crate::document::Id;
use crate::document::edit::{Edit, Item};
use crate::document::validate::may_connect;

use super::geometry::{node_rect, note_rect, route};
use super::snap::snap;
use super::{Button, Editor, Effect, Held, Preview, Tool, hit};

/// A pointer that moves less than this on the screen is meant to stay.
const THRESHOLD: f64 = 4.0;
/// Neighbours that things line up with; more would make every place a snapping place.
const NEIGHBOURS_MAX: usize = 200;

/// The gesture under way.
#[derive(Clone, Debug, Default)]
pub(super) enum Gesture {
    /// None.
    #[default]
    Idle,
    /// Down, and not moved yet. Points on the screen.
    Pressed {
        at: Point,
        on: Option<Item>,
        held: Held,
        /// What was selected before the press.
        before: BTreeSet<Item>,
    },
    /// Things follow the pointer. Points in the document.
    Moving {
        from: Point,
        /// Where each of them was.
        start: Vec<(Item, Point)>,
        /// The rectangle around them, then.
        around: Rect,
        others: Vec<Rect>,
        before: BTreeSet<Item>,
    },
    /// A rectangle selects. Points in the document.
    Marquee { from: Point, kept: BTreeSet<Item>, before: BTreeSet<Item> },
    /// The document follows the pointer. Points on the screen.
    Panning { last: Point },
    /// A wire follows the pointer.
    Connecting { from: Id },
}

impl Editor {
    pub(super) fn press(&mut self, at: Point, button: Button, held: Held, out: &mut Vec<Effect>) {
        self.finish(out);
        if button == Button::Middle || self.grip || self.tool == Tool::Pan {
            self.gesture = Gesture::Panning { last: at };
            return;
        }
        let here = self.camera.document_from_screen(at);
        let handle = hit::handle_at(&self.design, here, self.camera.zoom);
        let node = hit::component_at(&self.design, here);
        if self.tool == Tool::Connect {
            if let Some(from) = node.or(handle) {
                self.gesture = Gesture::Connecting { from };
            }
            return;
        }
        // Beside a node its handle is gripped; what lies on it goes before.
        if let Some(from) = handle.filter(|it| node.is_none() || node.as_ref() == Some(it)) {
            self.gesture = Gesture::Connecting { from };
            return;
        }
        let on = hit::hit(&self.design, here, self.camera.zoom);
        let before = self.selection.clone();
        if let Some(item) = &on {
            let mut selection = before.clone();
            if held.shift {
                selection.insert(item.clone());
            } else if !selection.contains(item) {
                selection = [item.clone()].into();
            }
            self.select(selection, out);
        }
        self.gesture = Gesture::Pressed { at, on, held, before };
    }

    pub(super) fn moved(&mut self, at: Point, held: Held, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle => {}
            Gesture::Pressed { at: pressed, on, held: keys, before } => {
                if libm::hypot(at.x - pressed.x, at.y - pressed.y) < THRESHOLD {
                    self.gesture = Gesture::Pressed { at: pressed, on, held: keys, before };
                    return;
                }
                let from = self.camera.document_from_screen(pressed);
                self.gesture = match on {
                    Some(_) => self.start_moving(from, before),
                    None => {
                        let kept = if keys.shift { before.clone() } else { BTreeSet::new() };
                        Gesture::Marquee { from, kept, before }
                    }
                };
                self.moved(at, held, out);
            }
            Gesture::Moving { from, start, around, others, before } => {
                let mut by = Point::new(here.x - from.x, here.y - from.y);
                let mut guides = Vec::new();
                if !held.command {
                    let moving = Rect { x: around.x + by.x, y: around.y + by.y, ..around };
                    let (more, lines) = snap(moving, &others, self.camera.zoom);
                    by = Point::new(by.x + more.x, by.y + more.y);
                    guides = lines;
                }
                let to = self.moved_by(&start, by);
                if let Ok(diff) = self.draft(&Edit::Move { to }) {
                    self.apply(diff, out);
                    out.push(Effect::Preview(Preview::Guides(guides)));
                }
                self.gesture = Gesture::Moving { from, start, around, others, before };
            }
            Gesture::Marquee { from, kept, before } => {
                let area = spanned(from, here);
                let mut items = kept.clone();
                items.extend(hit::within(&self.design, area));
                self.select(items, out);
                out.push(Effect::Preview(Preview::Marquee(area)));
                self.gesture = Gesture::Marquee { from, kept, before };
            }
            Gesture::Panning { last } => {
                self.pan(Point::new(at.x - last.x, at.y - last.y), out);
                self.gesture = Gesture::Panning { last: at };
            }
            Gesture::Connecting { from } => {
                out.extend(self.wire_preview(&from, here).map(Effect::Preview));
                self.gesture = Gesture::Connecting { from };
            }
        }
    }

    pub(super) fn release(&mut self, at: Point, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle | Gesture::Panning { .. } => {}
            Gesture::Pressed { on, held, before, .. } => self.clicked(on, held, &before, out),
            Gesture::Moving { .. } => {
                out.push(Effect::Preview(Preview::Nothing));
                if self.history.commit().is_some() {
                    out.push(Effect::Settled);
                }
            }
            Gesture::Marquee { .. } => out.push(Effect::Preview(Preview::Nothing)),
            Gesture::Connecting { from } => {
                out.push(Effect::Preview(Preview::Nothing));
                match hit::component_at(&self.design, here).filter(|it| *it != from) {
                    Some(to) => self.edit(&Edit::Connect { from, to }, out),
                    // A press on the handle that went nowhere means the node itself.
                    None => self.select([Item::Component(from)].into(), out),
                }
            }
        }
    }

    /// Takes the gesture back as if it had never been.
    pub(super) fn abandon(&mut self, out: &mut Vec<Effect>) {
        let gesture = std::mem::take(&mut self.gesture);
        if let Some(diff) = self.history.cancel(&mut self.design) {
            out.push(Effect::Changed(diff));
            self.prune(out);
        }
        match gesture {
            Gesture::Pressed { before, .. }
            | Gesture::Moving { before, .. }
            | Gesture::Marquee { before, .. } => self.select(before, out),
            Gesture::Idle | Gesture::Panning { .. } | Gesture::Connecting { .. } => {}
        }
        out.push(Effect::Preview(Preview::Nothing));
    }

    /// A press that stayed: alone it selects just this; with Shift it takes out what was in.
    fn clicked(
        &mut self,
        on: Option<Item>,
        held: Held,
        before: &BTreeSet<Item>,
        out: &mut Vec<Effect>,
    ) {
        let selection = match on {
            Some(item) if held.shift => {
                let mut selection = before.clone();
                if !selection.remove(&item) {
                    selection.insert(item);
                }
                selection
            }
            Some(item) => [item].into(),
            None if held.shift => before.clone(),
            None => BTreeSet::new(),
        };
        self.select(selection, out);
    }

    fn start_moving(&mut self, from: Point, before: BTreeSet<Item>) -> Gesture {
        let start = self.movable();
        let Some(around) = start.iter().filter_map(|it| self.rect(&it.0)).reduce(Rect::union)
        else {
            return Gesture::Marquee { from, kept: BTreeSet::new(), before };
        };
        self.history.begin();
        let moving: BTreeSet<&Item> = start.iter().map(|it| &it.0).collect();
        let others = self.design.components.keys().cloned().map(Item::Component);
        let others = others.filter(|it| !moving.contains(it)).filter_map(|it| self.rect(&it));
        let others = others.take(NEIGHBOURS_MAX).collect();
        Gesture::Moving { from, start, around, others, before }
    }

    /// What of the selection has a place, and what lies in selected zones, with their places.
    pub(super) fn movable(&self) -> Vec<(Item, Point)> {
        let mut items = self.selection.clone();
        for item in &self.selection {
            if let Item::Zone(id) = item {
                items.extend(hit::inside(&self.design, id));
            }
        }
        let place = |it: Item| {
            let rect = self.rect(&it)?;
            Some((it, Point::new(rect.x, rect.y)))
        };
        items.into_iter().filter_map(place).collect()
    }

    pub(super) fn moved_by(&self, start: &[(Item, Point)], by: Point) -> Vec<(Item, Point)> {
        let moved = |at: Point| Point::new(at.x + by.x, at.y + by.y);
        start.iter().map(|(item, at)| (item.clone(), moved(*at))).collect()
    }

    fn rect(&self, item: &Item) -> Option<Rect> {
        let design = &self.design;
        match item {
            Item::Component(id) => design.components.get(id).map(node_rect),
            Item::Zone(id) => design.zones.get(id).map(|it| it.area),
            Item::Note(id) => design.notes.get(id).map(|it| note_rect(it.at, &it.text)),
            Item::Wire(_) | Item::Fault(_) => None,
        }
    }

    /// The wire as it would be if the pointer were released here.
    fn wire_preview(&self, from: &str, here: Point) -> Option<Preview> {
        let start = node_rect(self.design.components.get(from)?);
        let target = hit::component_at(&self.design, here).filter(|it| it != from);
        let loose = Rect { x: here.x, y: here.y, width: 0.0, height: 0.0 };
        let end = target.as_ref().and_then(|it| self.design.components.get(it)).map(node_rect);
        let curve = Box::new(route(start, end.unwrap_or(loose)));
        let verdict = target.map(|to| may_connect(&self.design, from, &to));
        Some(Preview::Wire { curve, verdict })
    }
}

fn spanned(one: Point, other: Point) -> Rect {
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    Rect { x, y, width: (one.x - other.x).abs(), height: (one.y - other.y).abs() }
}
