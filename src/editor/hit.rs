//! What lies under the pointer, in pixels of the canvas: a design as it is drawn.

use crate::base::geometry::{Point, Rect};
use crate::base::order::sort_few;
use crate::document::edit::Item;
use crate::document::{Design, Id, WireRecord};

use super::curve::Curve;
use super::geometry::{ZONE_GRIP, note_rect};
use super::place::Place;

/// How near to a wire counts, in screen pixels.
const WIRE_NEAR: f64 = 7.0;
/// How near to a zone's edge counts, in screen pixels.
const EDGE_NEAR: f64 = 5.0;
/// Radius of a handle, in screen pixels: for a mouse, and for a finger.
pub const HANDLE: (f64, f64) = (10.0, 24.0);
/// How far from a wire's ends it is gripped to be led elsewhere, in screen pixels.
const END_IN: f64 = 14.0;
/// How far from a wire's middle these places are at least, so that they lie beside each other and
/// beside the mark of a cut: on a short wire, over what it joins.
const END_APART: f64 = 22.0;

/// Where a wire is gripped to be led elsewhere: at its start, at its end.
pub fn ends(curve: &Curve, zoom: f64) -> [Point; 2] {
    let inset = (END_IN / zoom / curve.length().max(1.0)).min(0.5);
    let [start, end] = [inset, 1.0 - inset].map(|it| curve.point_at(it));
    if apart(start, end) * zoom >= 2.0 * END_APART {
        return [start, end];
    }
    let [from, middle, to] = [0.0, 0.5, 1.0].map(|it| curve.point_at(it));
    let long = apart(from, to);
    let way = match long > 0.0 {
        true => Point::new((to.x - from.x) / long, (to.y - from.y) / long),
        false => Point::new(1.0, 0.0),
    };
    let beside = |by: f64| Point::new(middle.x + way.x * by / zoom, middle.y + way.y * by / zoom);
    [beside(-END_APART), beside(END_APART)]
}

/// A design and where it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// What.
    pub design: &'a Design,
    /// Where.
    pub place: &'a Place,
}

impl<'a> Picture<'a> {
    /// Where a component is drawn.
    pub fn node(self, id: &str) -> Option<Rect> {
        self.design.components.get(id).map(|it| self.place.rect(id, it))
    }

    /// Where something is drawn; none for wires and faults.
    pub fn rect(self, item: &Item) -> Option<Rect> {
        match item {
            Item::Component(id) => self.node(id),
            Item::Zone(id) => self.place.zone(id, self.design.zones.get(id)?.area),
            Item::Note(id) => self.place.note(self.design, id),
            Item::Wire(_) | Item::Fault(_) => None,
        }
    }

    /// How a wire runs; none if it or one of its ends is missing.
    pub fn curve(self, id: &str) -> Option<Curve> {
        let wire = self.design.wires.get(id)?;
        Some(self.place.course(id, self.node(&wire.from)?, self.node(&wire.to)?))
    }

    /// Around things that have a place.
    pub fn around<'b>(self, items: impl IntoIterator<Item = &'b Item>) -> Option<Rect> {
        items.into_iter().filter_map(|it| self.rect(it)).reduce(Rect::union)
    }

    /// What is at a point: components first, then notes, wires, and zones by label strip and edge.
    pub fn hit(self, at: Point, zoom: f64) -> Option<Item> {
        if let Some(id) = self.component_at(at) {
            return Some(Item::Component(id));
        }
        let inside = |id: &&Id| self.place.note(self.design, id).is_some_and(|it| it.contains(at));
        if let Some(id) = self.design.notes.keys().rev().find(inside) {
            return Some(Item::Note(id.clone()));
        }
        self.wire_at(at, WIRE_NEAR / zoom).or_else(|| self.zone_at(at, EDGE_NEAR / zoom))
    }

    /// The component at a point; of two that overlap, the one drawn later.
    pub fn component_at(self, at: Point) -> Option<Id> {
        let mut all = self.design.components.iter().rev();
        all.find(|it| self.place.rect(it.0, it.1).contains(at)).map(|it| it.0.clone())
    }

    /// The component whose wire handle is within so many pixels of a point.
    pub fn handle_at(self, at: Point, near: f64) -> Option<Id> {
        let mut all = self.design.components.iter().rev();
        let on = |rect: Rect| apart(at, self.place.handle(rect)) <= near;
        all.find(|it| on(self.place.rect(it.0, it.1))).map(|it| it.0.clone())
    }

    fn wire_at(self, at: Point, near: f64) -> Option<Item> {
        let mut best: Option<(f64, &Id)> = None;
        for id in self.design.wires.keys() {
            let Some(curve) = self.curve(id) else { continue };
            if !grown(curve.bounds(), near).contains(at) {
                continue;
            }
            let (away, _) = curve.nearest(at);
            if away <= near && best.is_none_or(|it| away < it.0) {
                best = Some((away, id));
            }
        }
        best.map(|it| Item::Wire(it.1.clone()))
    }

    /// The innermost zone gripped at a point.
    fn zone_at(self, at: Point, near: f64) -> Option<Item> {
        let gripped = |area: Rect| {
            let grip = ZONE_GRIP * self.place.growth;
            let strip = Rect { height: grip.min(area.height), ..area };
            let outside = !grown(area, near).contains(at);
            let inside = grown(area, -near).contains(at);
            !outside && (strip.contains(at) || !inside)
        };
        let drawn = |it: &&'a Id| self.place.zone(it, self.design.zones.get(it)?.area);
        let zones = self.design.zones.keys().filter_map(|it| Some((it, drawn(&it)?)));
        let size = |area: Rect| area.width * area.height;
        let zones = zones.filter(|it| gripped(it.1));
        let smallest = zones.min_by(|it, other| size(it.1).total_cmp(&size(other.1)));
        smallest.map(|it| Item::Zone(it.0.clone()))
    }

    /// All that a rectangle touches: nodes and notes in part, zones only as a whole; a wire if both
    /// its ends are.
    pub fn within(self, area: Rect) -> Vec<Item> {
        let Design { components, wires, notes, zones, .. } = self.design;
        let nodes = components.keys().filter(|id| self.node(id).is_some_and(|it| touch(it, area)));
        let nodes: Vec<&Id> = nodes.collect();
        let both = |it: &WireRecord| nodes.contains(&&it.from) && nodes.contains(&&it.to);
        let wires = wires.iter().filter(|it| both(it.1)).map(|it| Item::Wire(it.0.clone()));
        let wires: Vec<_> = wires.collect();
        let mut items: Vec<_> = nodes.into_iter().cloned().map(Item::Component).collect();
        items.extend(wires);
        let notes = notes.keys().cloned().map(Item::Note);
        items.extend(notes.filter(|it| self.rect(it).is_some_and(|it| touch(it, area))));
        let zones = zones.keys().cloned().map(Item::Zone);
        items.extend(zones.filter(|it| self.rect(it).is_some_and(|it| holds(area, it))));
        items
    }

    /// What moves with a zone: its components, notes whose middle lies in it, zones wholly inside.
    pub fn inside(self, zone: &Id) -> Vec<Item> {
        let Design { components, notes, zones, .. } = self.design;
        let Some(area) = zones.get(zone).map(|it| it.area) else { return Vec::new() };
        let nodes = components.iter().filter(|it| it.1.zones.contains(zone));
        let mut items: Vec<_> = nodes.map(|it| Item::Component(it.0.clone())).collect();
        let middle = |it: &crate::document::NoteRecord| note_rect(it.at, &it.text).centre();
        let notes = notes.iter().filter(|it| area.contains(middle(it.1)));
        items.extend(notes.map(|it| Item::Note(it.0.clone())));
        let zones = zones.iter().filter(|it| it.0 != zone && holds(area, it.1.area));
        items.extend(zones.map(|it| Item::Zone(it.0.clone())));
        items
    }

    /// Components as they are read: line by line, from the left.
    pub fn in_order(self) -> Vec<Id> {
        let all = self.design.components.keys();
        let mut all: Vec<(&Id, Point)> =
            all.filter_map(|id| Some((id, self.node(id)?.centre()))).collect();
        sort_few(&mut all, |a, b| (a.1.y, a.1.x) < (b.1.y, b.1.x));
        all.into_iter().map(|it| it.0.clone()).collect()
    }

    /// The nearest of some components in a direction (-1, 0 or 1 rightwards and downwards): what is
    /// straight ahead goes before what is aside.
    pub fn toward<'b>(self, from: Point, way: (i8, i8), among: &'b [Id]) -> Option<&'b Id> {
        let (x, y) = (f64::from(way.0), f64::from(way.1));
        let cost = |id: &'b Id| {
            let to = self.node(id)?.centre();
            let (dx, dy) = (to.x - from.x, to.y - from.y);
            let ahead = dx * x + dy * y;
            let aside = libm::fabs(dx * y - dy * x);
            (ahead > 1.0 && aside <= 2.0 * ahead).then_some((ahead + 2.0 * aside, id))
        };
        let nearest = among.iter().filter_map(cost).min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map(|it| it.1)
    }
}

pub(super) fn apart(one: Point, other: Point) -> f64 {
    libm::hypot(one.x - other.x, one.y - other.y)
}

fn touch(one: Rect, other: Rect) -> bool {
    one.x <= other.x + other.width
        && other.x <= one.x + one.width
        && one.y <= other.y + other.height
        && other.y <= one.y + one.height
}

pub(super) fn holds(outer: Rect, inner: Rect) -> bool {
    let corner = Point::new(inner.x + inner.width, inner.y + inner.height);
    outer.contains(Point::new(inner.x, inner.y)) && outer.contains(corner)
}

/// Larger on all sides.
fn grown(rect: Rect, by: f64) -> Rect {
    let (width, height) = (rect.width + 2.0 * by, rect.height + 2.0 * by);
    Rect { x: rect.x - by, y: rect.y - by, width: width.max(0.0), height: height.max(0.0) }
}
