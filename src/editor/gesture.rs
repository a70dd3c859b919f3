//! What happens between press and release, one state a gesture. A gesture changes the design as it
//! goes; Escape takes all of it back.

use std::collections::BTreeSet;

use crate::base::geometry::{Point, Rect};
use crate::document::Id;
use crate::document::edit::{Edit, Item};

use super::hit::{HANDLE, apart};
use super::snap::{GRID, snap};
use super::wiring::Loose;
use super::{Button, Editor, Effect, Held, Preview, Thing, Tool};

/// A pointer that moves less than this on the screen is meant to stay.
pub(super) const THRESHOLD: f64 = 4.0;
/// Neighbours that things line up with; more would make every place a snapping place.
const NEIGHBOURS_MAX: usize = 200;
/// Where a zone is gripped to be resized: which sides follow, -1 for left or top.
pub const GRIPS: [(i8, i8); 8] =
    [(-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0)];

/// The place of a grip on a zone.
pub fn grip(zone: Rect, (x, y): (i8, i8)) -> Point {
    let Point { x: middle_x, y: middle_y } = zone.centre();
    let (dx, dy) = (f64::from(x) * zone.width / 2.0, f64::from(y) * zone.height / 2.0);
    Point::new(middle_x + dx, middle_y + dy)
}

/// The gesture under way. Points are on the canvas unless they say otherwise.
#[derive(Clone, Debug, Default)]
pub(super) enum Gesture {
    /// None.
    #[default]
    Idle,
    /// Down, and not moved yet. The point is on the screen.
    Pressed {
        at: Point,
        on: Option<Item>,
        held: Held,
        finger: bool,
        /// What was selected before the press.
        before: BTreeSet<Item>,
    },
    /// Things follow the pointer.
    Moving {
        from: Point,
        /// Where each of them was, in the document.
        start: Vec<(Item, Point)>,
        /// The rectangle around them, then.
        around: Rect,
        others: Vec<Rect>,
        before: BTreeSet<Item>,
    },
    /// On a narrow screen: a component is held up and finds another place in its row.
    Sorting {
        id: Id,
        /// From the node's corner to the pointer.
        hold: Point,
        row: Vec<Id>,
        /// Corners of the places in the row.
        slots: Vec<Point>,
        /// The documents' places of those in the row.
        homes: Vec<Point>,
        before: BTreeSet<Item>,
    },
    /// Some sides of a zone follow the pointer.
    Resizing { zone: Id, sides: (i8, i8), from: Point, start: Rect },
    /// A rectangle selects.
    Marquee { from: Point, kept: BTreeSet<Item>, before: BTreeSet<Item> },
    /// The camera follows the pointer. The point is on the screen.
    Panning { last: Point },
    /// A wire follows the pointer, or is aimed by keys.
    Connecting {
        loose: Loose,
        /// Whether the pointer is down, and where on the screen it went down.
        held: Option<Point>,
        /// What it points at.
        to: Option<Id>,
        /// A finger that is down while it is aimed: where on the screen, and whether it pans.
        finger: Option<(Point, bool)>,
    },
    /// A line across the canvas follows the pointer.
    Cutting { points: Vec<Point> },
    /// Something new follows the pointer; where it would be, in the document.
    Carrying { thing: Thing, at: Option<Point> },
}

impl Editor {
    pub(super) fn press(&mut self, at: Point, button: Button, held: Held, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        let node = self.picture().component_at(here);
        if let Gesture::Connecting { held: held @ None, to, finger, .. } = &mut self.gesture
            && button != Button::Middle
        {
            if button == Button::Finger {
                *finger = Some((at, false));
                return;
            }
            // What was aimed is let go where this press ends.
            (*held, *to) = (Some(at), node.clone());
            if node.is_some() {
                self.moved(at, Held::default(), out)
            } else {
                self.abandon(out)
            }
            return;
        }
        self.finish(out);
        if button == Button::Middle || self.grip || self.tool == Tool::Pan {
            self.gesture = Gesture::Panning { last: at };
            return;
        }
        if self.tool == Tool::Cut {
            return self.draw_line(Vec::new(), here, out);
        }
        let finger = button == Button::Finger;
        let near = if finger { HANDLE.1 } else { HANDLE.0 } / self.camera.zoom;
        // Fingers find a handle only where it is shown.
        let handle = self.picture().handle_at(here, near);
        let handle = handle.filter(|it| !finger || self.is_alone(&Item::Component(it.clone())));
        if self.tool == Tool::Connect {
            match node.or(handle) {
                Some(from) => self.connect_from(from, Some(at), out),
                None => self.gesture = Gesture::Panning { last: at },
            }
            return;
        }
        if let Some(loose) = self.loose_at(here, near) {
            self.gesture = Gesture::Connecting { loose, held: Some(at), to: None, finger: None };
            return;
        }
        if let Some((zone, sides, start)) = self.grip_at(here, near) {
            self.history.begin();
            self.gesture = Gesture::Resizing { zone, sides, from: here, start };
            return;
        }
        // Beside a node its handle is gripped; what lies on it goes before.
        if let Some(from) = handle.filter(|it| node.is_none() || node.as_ref() == Some(it)) {
            self.connect_from(from, Some(at), out);
            return;
        }
        let on = self.picture().hit(here, self.camera.zoom * if finger { 0.5 } else { 1.0 });
        let before = self.selection.clone();
        // A finger may mean to pan: it selects when it is lifted, or moves what it holds.
        if let (Some(item), false) = (&on, finger) {
            self.select_pressed(item, held, out);
        }
        self.gesture = Gesture::Pressed { at, on, held, finger, before };
    }

    fn select_pressed(&mut self, item: &Item, held: Held, out: &mut Vec<Effect>) {
        let mut selection = self.selection.clone();
        if held.shift {
            selection.insert(item.clone());
        } else if !selection.contains(item) {
            selection = [item.clone()].into();
        }
        self.select(selection, out);
    }

    fn is_alone(&self, item: &Item) -> bool {
        self.selection.len() == 1 && self.selection.contains(item)
    }

    /// The grip of the one zone that is selected.
    fn grip_at(&self, here: Point, near: f64) -> Option<(Id, (i8, i8), Rect)> {
        let Some(item @ Item::Zone(id)) = self.selection.first() else { return None };
        let rect = self.picture().rect(item).filter(|_| self.is_alone(item))?;
        let sides = GRIPS.into_iter().find(|it| apart(grip(rect, *it), here) <= near)?;
        Some((id.clone(), sides, rect))
    }

    pub(super) fn moved(&mut self, at: Point, held: Held, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle => {}
            pressed @ Gesture::Pressed { at: from, .. } if apart(at, from) < THRESHOLD => {
                self.gesture = pressed;
            }
            Gesture::Pressed { at: from, on, held: keys, finger, before } => {
                self.gesture = self.begin(from, on, (keys, finger), before, out);
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
                let to = self.moved_by(&start, around, by);
                if let Ok(diff) = self.draft(&Edit::Move { to }) {
                    self.apply(diff, out);
                    out.push(Effect::Preview(Preview::Guides(guides)));
                }
                self.gesture = Gesture::Moving { from, start, around, others, before };
            }
            Gesture::Sorting { id, hold, row, slots, homes, before } => {
                let corner = Point::new(here.x - hold.x, here.y - hold.y);
                self.sort(&id, corner, (&row, &slots, &homes), out);
                out.push(Effect::Preview(Preview::Lifted(id.clone(), corner)));
                self.gesture = Gesture::Sorting { id, hold, row, slots, homes, before };
            }
            Gesture::Resizing { zone, sides, from, start } => {
                let by = Point::new(here.x - from.x, here.y - from.y);
                let drawn = self.resized(start, sides, by, held.command);
                if let Some(kept) = self.design.zones.get(&zone).map(|it| it.area)
                    && let Some(area) = self.place.document_from_zone(kept, drawn, sides)
                    && let Ok(diff) = self.draft(&Edit::Resize { zone: zone.clone(), area })
                {
                    self.apply(diff, out);
                }
                self.gesture = Gesture::Resizing { zone, sides, from, start };
            }
            Gesture::Marquee { from, kept, before } => {
                let area = spanned(from, here);
                let mut items = kept.clone();
                items.extend(self.picture().within(area));
                self.select(items, out);
                out.push(Effect::Preview(Preview::Marquee(area)));
                self.gesture = Gesture::Marquee { from, kept, before };
            }
            Gesture::Panning { last } => {
                self.pan(Point::new(at.x - last.x, at.y - last.y), out);
                self.gesture = Gesture::Panning { last: at };
            }
            Gesture::Connecting { loose, held, to, finger: Some((last, slid)) } => {
                let slid = slid || apart(at, last) >= THRESHOLD;
                if slid {
                    self.pan(Point::new(at.x - last.x, at.y - last.y), out);
                }
                let finger = Some((if slid { at } else { last }, slid));
                self.gesture = Gesture::Connecting { loose, held, to, finger };
            }
            Gesture::Connecting { loose, held, .. } => {
                let to = self.picture().component_at(here).filter(|it| *it != loose.fixed);
                self.point_wire(loose, held, to, here, out);
            }
            Gesture::Cutting { points } => self.draw_line(points, here, out),
            Gesture::Carrying { thing, .. } => self.carry(thing, at, out),
        }
    }

    /// What a press turns into once its pointer moves.
    fn begin(
        &mut self,
        pressed: Point,
        on: Option<Item>,
        (held, finger): (Held, bool),
        before: BTreeSet<Item>,
        out: &mut Vec<Effect>,
    ) -> Gesture {
        let from = self.camera.document_from_screen(pressed);
        match on {
            // On a narrow screen what fills it must not keep fingers from panning.
            None | Some(Item::Wire(_)) if finger => Gesture::Panning { last: pressed },
            Some(_) if finger && self.place.narrow => Gesture::Panning { last: pressed },
            None => {
                let kept = if held.shift { before.clone() } else { BTreeSet::new() };
                Gesture::Marquee { from, kept, before }
            }
            Some(Item::Wire(id)) => match self.loose_end(&id, from) {
                Some(loose) => {
                    Gesture::Connecting { loose, held: Some(pressed), to: None, finger: None }
                }
                None => Gesture::Idle,
            },
            Some(item) => {
                self.select_pressed(&item, held, out);
                if self.place.narrow {
                    self.start_sorting(item, from, before)
                } else {
                    self.start_moving(from, before)
                }
            }
        }
    }

    /// A finger stays: it holds up what it is on, on a narrow screen; else it adds to the selection,
    /// or takes out.
    pub(super) fn hold(&mut self, out: &mut Vec<Effect>) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Pressed { at, on: Some(item), before, .. } => {
                let here = self.camera.document_from_screen(at);
                let sorting = self.place.narrow && matches!(item, Item::Component(_));
                if sorting {
                    self.gesture = self.start_sorting(item, here, before);
                    self.moved(at, Held::default(), out);
                } else {
                    self.toggle(item, out);
                }
            }
            other => self.gesture = other,
        }
    }

    pub(super) fn toggle(&mut self, item: Item, out: &mut Vec<Effect>) {
        let mut selection = self.selection.clone();
        if !selection.remove(&item) {
            selection.insert(item);
        }
        self.select(selection, out);
    }

    pub(super) fn release(&mut self, at: Point, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle | Gesture::Panning { .. } => {}
            carrying @ Gesture::Carrying { .. } => self.gesture = carrying,
            Gesture::Pressed { on, held, before, .. } => self.clicked(on, held, &before, out),
            Gesture::Moving { .. } | Gesture::Resizing { .. } | Gesture::Sorting { .. } => {
                out.push(Effect::Preview(Preview::Nothing));
                self.settle(out);
            }
            Gesture::Marquee { .. } => out.push(Effect::Preview(Preview::Nothing)),
            Gesture::Cutting { points } => self.end_line(points, here, out),
            Gesture::Connecting { loose, held, to, finger: Some((_, true)) } => {
                self.gesture = Gesture::Connecting { loose, held, to, finger: None };
            }
            Gesture::Connecting { loose, held, .. } => self.drop_wire(loose, held, (at, here), out),
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
            | Gesture::Sorting { before, .. }
            | Gesture::Marquee { before, .. } => self.select(before, out),
            _ => {}
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
        let Some(around) = self.picture().around(start.iter().map(|it| &it.0)) else {
            return Gesture::Marquee { from, kept: BTreeSet::new(), before };
        };
        self.history.begin();
        let others = self.neighbours(&start);
        Gesture::Moving { from, start, around, others, before }
    }

    /// Rectangles of the components that do not move.
    fn neighbours(&self, moving: &[(Item, Point)]) -> Vec<Rect> {
        let moving: BTreeSet<&Item> = moving.iter().map(|it| &it.0).collect();
        let others = self.design.components.keys().cloned().map(Item::Component);
        let others = others.filter(|it| !moving.contains(it));
        others.filter_map(|it| self.picture().rect(&it)).take(NEIGHBOURS_MAX).collect()
    }

    fn start_sorting(&mut self, item: Item, from: Point, before: BTreeSet<Item>) -> Gesture {
        let Item::Component(id) = item else { return Gesture::Panning { last: from } };
        let rows = super::Place::ranks(&self.design);
        let Some(row) = rows.into_iter().find(|it| it.contains(&id)) else { return Gesture::Idle };
        let corner = |it: &Id| self.picture().node(it).map(|it| Point::new(it.x, it.y));
        let slots: Vec<Point> = row.iter().filter_map(corner).collect();
        let home = |it: &Id| self.design.components.get(it).map(|it| it.at);
        let homes: Vec<Point> = row.iter().filter_map(home).collect();
        let Some(mine) = corner(&id) else { return Gesture::Idle };
        let hold = Point::new(from.x - mine.x, from.y - mine.y);
        self.history.begin();
        Gesture::Sorting { id, hold, row, slots, homes, before }
    }

    /// Gives a component that is held up the nearest place of its row; the others make room. Places
    /// in the document are exchanged with it, so that wide screens show the same order.
    fn sort(
        &mut self,
        id: &Id,
        corner: Point,
        (row, slots, homes): (&[Id], &[Point], &[Point]),
        out: &mut Vec<Effect>,
    ) {
        let away = |it: &usize| apart(slots[*it], corner);
        let nearest = (0..slots.len()).min_by(|a, b| away(a).total_cmp(&away(b)));
        let Some(nearest) = nearest else { return };
        let mut order: Vec<&Id> = row.iter().filter(|it| *it != id).collect();
        order.insert(nearest, id);
        let to = order.into_iter().zip(homes);
        let to = to.map(|(id, at)| (Item::Component(id.clone()), *at)).collect();
        if let Ok(diff) = self.draft(&Edit::Move { to }) {
            self.apply(diff, out);
        }
    }

    /// A zone with some of its sides moved; they keep to the grid, and never pass each other.
    fn resized(&self, start: Rect, sides: (i8, i8), by: Point, free: bool) -> Rect {
        let least = 40.0;
        let side = |from: f64, length: f64, side: i8, by: f64| {
            let on_grid = |it: f64| if free { it } else { libm::round(it / GRID) * GRID };
            let end = from + length;
            match side {
                -1 => {
                    let from = on_grid(from + by).min(end - least);
                    (from, end - from)
                }
                1 => (from, (on_grid(end + by) - from).max(least)),
                _ => (from, length),
            }
        };
        let (x, width) = side(start.x, start.width, sides.0, by.x);
        let (y, height) = side(start.y, start.height, sides.1, by.y);
        Rect { x, y, width, height }
    }

    /// What of the selection has a place, and what lies in selected zones, with their places in the
    /// document.
    pub(super) fn movable(&self) -> Vec<(Item, Point)> {
        let mut items = self.selection.clone();
        for item in &self.selection {
            if let Item::Zone(id) = item {
                items.extend(self.picture().inside(id));
            }
        }
        let design = &self.design;
        let place = |it: Item| {
            let at = match &it {
                Item::Component(id) => design.components.get(id)?.at,
                Item::Zone(id) => {
                    design.zones.get(id).map(|it| Point::new(it.area.x, it.area.y))?
                }
                Item::Note(id) => design.notes.get(id)?.at,
                Item::Wire(_) | Item::Fault(_) => return None,
            };
            Some((it, at))
        };
        items.into_iter().filter_map(place).collect()
    }

    /// Things moved together in the document, by as much as takes the corner of the rectangle around
    /// them so far on the canvas.
    pub(super) fn moved_by(
        &self,
        start: &[(Item, Point)],
        around: Rect,
        by: Point,
    ) -> Vec<(Item, Point)> {
        let place = |x: f64, y: f64| self.place.document_from_spot(Point::new(x, y));
        let (from, to) = (place(around.x, around.y), place(around.x + by.x, around.y + by.y));
        let by = match (from, to) {
            (Some(from), Some(to)) => Point::new(to.x - from.x, to.y - from.y),
            _ => by,
        };
        let moved = |at: Point| Point::new(at.x + by.x, at.y + by.y);
        start.iter().map(|(item, at)| (item.clone(), moved(*at))).collect()
    }

    /// Something new is over the canvas: where it would be, in line with its neighbours.
    pub(super) fn carry(&mut self, thing: Thing, at: Point, out: &mut Vec<Effect>) {
        let here = self.camera.document_from_screen(at);
        let (width, height) = self.place.fresh(thing.size());
        let ghost = Rect { x: here.x - width / 2.0, y: here.y - height / 2.0, width, height };
        let (by, guides) = snap(ghost, &self.neighbours(&[]), self.camera.zoom);
        let ghost = Rect { x: ghost.x + by.x, y: ghost.y + by.y, ..ghost };
        let at = self.place.document_from_spot(Point::new(ghost.x, ghost.y));
        if at.is_some() {
            out.push(Effect::Preview(Preview::Ghost(ghost, guides)));
        }
        self.gesture = Gesture::Carrying { thing, at };
    }
}

fn spanned(one: Point, other: Point) -> Rect {
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    Rect { x, y, width: (one.x - other.x).abs(), height: (one.y - other.y).abs() }
}
