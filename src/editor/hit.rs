//! What lies under the pointer, in document pixels.

use crate::base::geometry::{Point, Rect};
use crate::document::Design;
use crate::document::edit::Item;

use super::geometry::{NODE_HEIGHT, ZONE_GRIP, node_rect, note_rect, wire_curve};

/// How near to a wire counts, in screen pixels.
const WIRE_NEAR: f64 = 7.0;
/// How near to a zone's edge counts, in screen pixels.
const EDGE_NEAR: f64 = 5.0;
/// Radius of the handle on a node's right edge, in screen pixels.
const HANDLE: f64 = 9.0;

/// What is at a point: components first, then notes, wires, and zones by label strip and edge.
pub fn hit(design: &Design, at: Point, zoom: f64) -> Option<Item> {
    if let Some(id) = component_at(design, at) {
        return Some(Item::Component(id));
    }
    let mut notes = design.notes.iter().rev();
    if let Some((id, _)) = notes.find(|it| note_rect(it.1.at, &it.1.text).contains(at)) {
        return Some(Item::Note(id.clone()));
    }
    wire_at(design, at, WIRE_NEAR / zoom).or_else(|| zone_at(design, at, EDGE_NEAR / zoom))
}

/// The component at a point; of two that overlap, the one drawn later.
pub fn component_at(design: &Design, at: Point) -> Option<String> {
    let mut all = design.components.iter().rev();
    all.find(|it| node_rect(it.1).contains(at)).map(|it| it.0.clone())
}

/// The component whose wire handle, in the middle of its right edge, is at a point.
pub fn handle_at(design: &Design, at: Point, zoom: f64) -> Option<String> {
    let near = HANDLE / zoom;
    let mut all = design.components.iter().rev();
    let on_handle = |rect: Rect| {
        let (x, y) = (at.x - rect.x - rect.width, at.y - rect.y - NODE_HEIGHT / 2.0);
        libm::hypot(x, y) <= near
    };
    all.find(|it| on_handle(node_rect(it.1))).map(|it| it.0.clone())
}

fn wire_at(design: &Design, at: Point, near: f64) -> Option<Item> {
    let mut best: Option<(f64, &String)> = None;
    for (id, wire) in &design.wires {
        let Some(curve) = wire_curve(design, wire) else { continue };
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
fn zone_at(design: &Design, at: Point, near: f64) -> Option<Item> {
    let gripped = |area: Rect| {
        let strip = Rect { height: ZONE_GRIP.min(area.height), ..area };
        let outside = !grown(area, near).contains(at);
        let inside = grown(area, -near).contains(at);
        !outside && (strip.contains(at) || !inside)
    };
    let zones = design.zones.iter().filter(|it| gripped(it.1.area));
    let size = |area: Rect| area.width * area.height;
    let smallest = zones.min_by(|it, other| size(it.1.area).total_cmp(&size(other.1.area)));
    smallest.map(|it| Item::Zone(it.0.clone()))
}

/// All that a rectangle touches: nodes and notes in part, zones only as a whole; a wire if both
/// its ends are.
pub fn within(design: &Design, area: Rect) -> Vec<Item> {
    let mut items = Vec::new();
    for (id, record) in &design.components {
        if touch(node_rect(record), area) {
            items.push(Item::Component(id.clone()));
        }
    }
    let has = |items: &[Item], id: &str| {
        items.iter().any(|it| matches!(it, Item::Component(one) if one == id))
    };
    let both = |items: &[Item], from: &str, to: &str| has(items, from) && has(items, to);
    let wires = design.wires.iter().filter(|it| both(&items, &it.1.from, &it.1.to));
    let wires: Vec<_> = wires.map(|it| Item::Wire(it.0.clone())).collect();
    items.extend(wires);
    let notes = design.notes.iter().filter(|it| touch(note_rect(it.1.at, &it.1.text), area));
    items.extend(notes.map(|it| Item::Note(it.0.clone())));
    let zones = design.zones.iter().filter(|it| holds(area, it.1.area));
    items.extend(zones.map(|it| Item::Zone(it.0.clone())));
    items
}

/// What moves with a zone: all whose middle lies in it, and zones wholly inside.
pub fn inside(design: &Design, zone: &str) -> Vec<Item> {
    let Some(area) = design.zones.get(zone).map(|it| it.area) else { return Vec::new() };
    let nodes = design.components.iter().filter(|it| area.contains(node_rect(it.1).centre()));
    let mut items: Vec<_> = nodes.map(|it| Item::Component(it.0.clone())).collect();
    let middle = |it: &crate::document::NoteRecord| note_rect(it.at, &it.text).centre();
    let notes = design.notes.iter().filter(|it| area.contains(middle(it.1)));
    items.extend(notes.map(|it| Item::Note(it.0.clone())));
    let zones = design.zones.iter().filter(|it| *it.0 != zone && holds(area, it.1.area));
    items.extend(zones.map(|it| Item::Zone(it.0.clone())));
    items
}

fn touch(one: Rect, other: Rect) -> bool {
    one.x <= other.x + other.width
        && other.x <= one.x + one.width
        && one.y <= other.y + other.height
        && other.y <= one.y + one.height
}

fn holds(outer: Rect, inner: Rect) -> bool {
    let corner = Point::new(inner.x + inner.width, inner.y + inner.height);
    outer.contains(Point::new(inner.x, inner.y)) && outer.contains(corner)
}

/// Larger on all sides.
pub(super) fn grown(rect: Rect, by: f64) -> Rect {
    let (width, height) = (rect.width + 2.0 * by, rect.height + 2.0 * by);
    Rect { x: rect.x - by, y: rect.y - by, width: width.max(0.0), height: height.max(0.0) }
}
