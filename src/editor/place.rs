//! Where things are drawn: at their places in the document; further apart where the theme makes
//! nodes larger; from top to bottom on a narrow screen, which is never saved. What comes out are
//! places on the canvas: what the camera shows, and pointers hit.

use std::collections::BTreeMap;

use crate::base::order::sort_few;
use crate::base::table::Table;

use crate::base::geometry::{Point, Rect};
use crate::document::{ComponentRecord, Design, Id};

use super::curve::Curve;
use super::geometry::{self, NODE_HEIGHT, NODE_WIDTH};
use super::hit::holds;
use super::way::Way;

/// Least size of a larger node, in pixels: type is 1.46 times as large, and the second figure
/// stands below the first, so that it grows less in width.
const LARGE: (f64, f64) = (172.0, 86.0);
/// How much larger its label is, the room beside that, a member mark, and from one to the next.
const LARGE_LABEL: (f64, f64, f64, f64) = (1.42, 51.0, 12.0, 16.5);
/// Room between larger nodes.
const GAP: (f64, f64) = (36.0, 16.0);
/// The same on a narrow screen.
const GAP_NARROW: (f64, f64) = (24.0, 38.0);
/// Room in a zone beside the larger nodes that it holds, and above them for its name.
const ZONE_ROOM: (f64, f64) = (12.0, 38.0);
/// A node's handle stands so far beside it, over none of its figures.
const HANDLE_OUT: f64 = 9.0;
/// Nodes side by side on a narrow screen.
const COLUMNS: usize = 2;

/// How the design is laid out on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// How much larger nodes are than in the document.
    pub growth: f64,
    /// Whether the screen is narrow.
    pub narrow: bool,
    /// Where larger nodes stand: columns and rows of the document with theirs on the canvas.
    columns: Vec<(f64, f64)>,
    rows: Vec<(f64, f64)>,
    /// What zones have to be drawn around, since larger nodes grow out of their places.
    held: Table<Rect>,
    /// What is held up from the others on a narrow screen, and where.
    pub lifted: Option<(Id, Point)>,
    down: Table<Point>,
    /// How wires run there.
    ways: Table<Way>,
}

impl Default for Place {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Place {
    /// On a wide screen, for nodes so many times as large as in the document.
    pub fn new(growth: f64) -> Self {
        let (columns, rows) = (Vec::new(), Vec::new());
        let (held, down, ways) = (Table::new(), Table::new(), Table::new());
        Self { growth, narrow: false, columns, rows, held, lifted: None, down, ways }
    }

    /// Fits the layout to a design.
    pub fn arrange(&mut self, design: &Design) {
        self.columns.clear();
        self.rows.clear();
        self.held.clear();
        if self.is_large() {
            self.make_room(design);
            self.hold(design);
        }
        self.down.clear();
        self.ways.clear();
        if self.narrow {
            self.down = self.top_down(design);
            let node = |id: &str| Some(self.rect(id, design.components.get(id)?));
            self.ways = Way::all(design, node, GAP_NARROW.0);
        }
    }

    fn is_large(&self) -> bool {
        self.growth > 1.0
    }

    /// How large a node is on the canvas.
    fn size(&self, record: &ComponentRecord) -> (f64, f64) {
        let Rect { width, height, .. } = geometry::node_rect(record);
        if !self.is_large() {
            return (if self.narrow { NODE_WIDTH } else { width }, height);
        }
        let (scale, beside, mark, step) = LARGE_LABEL;
        let members = record.spec.members().clamp(1, geometry::MARKS_MAX) - 1;
        let label = scale * geometry::label_width(&record.label);
        let needed = label + beside + mark + step * f64::from(members);
        (needed.clamp(LARGE.0, 2.0 * LARGE.0), LARGE.1)
    }

    /// Moves columns and rows just as far apart as larger nodes need, and columns no further: the
    /// screen is as wide as it was.
    fn make_room(&mut self, design: &Design) {
        let node = |it: &ComponentRecord| (it.at, self.size(it));
        let mut nodes: Vec<(Point, (f64, f64))> = design.components.values().map(node).collect();
        let beside = |one: Point, other: Point| (one.x - other.x).abs() >= NODE_WIDTH;
        sort_few(&mut nodes, |a, b| a.0.x < b.0.x);
        let mut columns: Vec<(f64, f64)> = Vec::new();
        for (at, _) in &nodes {
            let least = nodes.iter().filter(|it| it.0.x < at.x).map(|(left, size)| {
                let there = along(&columns, left.x);
                if beside(*left, *at) { there + size.0 + GAP.0 } else { there + at.x - left.x }
            });
            let x = least.fold(f64::MIN, f64::max);
            if columns.last().is_none_or(|it| it.0 < at.x) {
                columns.push((at.x, if x == f64::MIN { at.x } else { x }));
            }
        }
        sort_few(&mut nodes, |a, b| a.0.y < b.0.y);
        let mut rows: Vec<(f64, f64)> = Vec::new();
        for (at, _) in &nodes {
            let least = nodes.iter().filter(|it| it.0.y < at.y).map(|(above, size)| {
                let apart = at.y - above.y;
                let stacked = apart >= NODE_HEIGHT && !beside(*above, *at);
                along(&rows, above.y) + if stacked { size.1 + GAP.1 } else { apart }
            });
            let y = least.fold(f64::MIN, f64::max);
            if rows.last().is_none_or(|it| it.0 < at.y) {
                rows.push((at.y, if y == f64::MIN { at.y } else { y }));
            }
        }
        (self.columns, self.rows) = (columns, rows);
    }

    /// Finds what each zone has to be drawn around: its components, and the zones that lie in it.
    fn hold(&mut self, design: &Design) {
        let (beside, above) = ZONE_ROOM;
        let around = |it: Rect| Rect {
            x: it.x - beside,
            y: it.y - above,
            width: it.width + 2.0 * beside,
            height: it.height + above + beside,
        };
        let mut zones: Vec<(&Id, Rect)> = design.zones.iter().map(|it| (it.0, it.1.area)).collect();
        // From the innermost.
        sort_few(&mut zones, |a, b| a.1.width * a.1.height < b.1.width * b.1.height);
        for (at, (id, area)) in zones.iter().enumerate() {
            let inner = zones[..at].iter().filter(|it| holds(*area, it.1));
            let inner = inner.filter_map(|it| self.zone(it.0, it.1));
            let nodes = design.components.iter().filter(|it| it.1.zones.contains(id));
            let all = inner.chain(nodes.map(|it| self.rect(it.0, it.1))).reduce(Rect::union);
            if let Some(all) = all {
                self.held.insert((*id).clone(), around(all));
            }
        }
    }

    /// Components from top to bottom on a narrow screen: who calls stands above who is called; side
    /// by side in the order of their places.
    pub fn ranks(design: &Design) -> Vec<Vec<Id>> {
        let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
        // The longest way from a source; as many rounds as there are components end any circle.
        for _ in 0..design.components.len() {
            let mut changed = false;
            for wire in design.wires.values() {
                let from = ranks.get(wire.from.as_str()).copied().unwrap_or(0);
                let to = ranks.entry(wire.to.as_str()).or_insert(0);
                if *to <= from && from + 1 < design.components.len() {
                    *to = from + 1;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut rows: BTreeMap<usize, Vec<(&Id, Point)>> = BTreeMap::new();
        for (id, record) in &design.components {
            let rank = ranks.get(id.as_str()).copied().unwrap_or(0);
            rows.entry(rank).or_default().push((id, record.at));
        }
        let sorted = |mut row: Vec<(&Id, Point)>| {
            sort_few(&mut row, |a, b| (a.1.y, a.1.x) < (b.1.y, b.1.x));
            row.into_iter().map(|it| it.0.clone()).collect()
        };
        rows.into_values().map(sorted).collect()
    }

    fn top_down(&self, design: &Design) -> Table<Point> {
        let (width, height) = if self.is_large() { LARGE } else { (NODE_WIDTH, NODE_HEIGHT) };
        let mut spots = Table::new();
        let mut y = 0.0;
        for row in Self::ranks(design) {
            for line in row.chunks(COLUMNS) {
                let total = line.len() as f64 * (width + GAP_NARROW.0) - GAP_NARROW.0;
                for (column, id) in line.iter().enumerate() {
                    let x = column as f64 * (width + GAP_NARROW.0) - total / 2.0;
                    spots.insert(id.clone(), Point::new(x, y));
                }
                y += height + GAP_NARROW.1;
            }
        }
        spots
    }

    /// Top left corner on the canvas of a node that the document has at `at`.
    pub fn spot(&self, id: &str, at: Point) -> Point {
        match (&self.lifted, self.down.get(id)) {
            (Some((lifted, spot)), _) if lifted == id => *spot,
            (_, Some(spot)) => *spot,
            _ => Point::new(along(&self.columns, at.x), along(&self.rows, at.y)),
        }
    }

    /// The document's place for a node whose corner is at `spot`; none where places are not saved.
    pub fn document_from_spot(&self, spot: Point) -> Option<Point> {
        let back = |it: &[(f64, f64)], value| {
            along(&it.iter().map(|it| (it.1, it.0)).collect::<Vec<_>>(), value)
        };
        (!self.narrow).then(|| Point::new(back(&self.columns, spot.x), back(&self.rows, spot.y)))
    }

    /// How large a component is that is new.
    pub fn fresh(&self, size: (f64, f64)) -> (f64, f64) {
        if self.is_large() { (size.0.max(LARGE.0), size.1.max(LARGE.1)) } else { size }
    }

    /// By how much a zone is higher than its place says: it holds larger nodes.
    fn margin(&self) -> f64 {
        if self.is_large() { LARGE.1 - NODE_HEIGHT } else { 0.0 }
    }

    /// The document's place for a zone of which some sides (-1 for left or top) are drawn here, and
    /// the others stay; none where places are not saved.
    pub fn document_from_zone(&self, kept: Rect, drawn: Rect, sides: (i8, i8)) -> Option<Rect> {
        let one = self.document_from_spot(Point::new(drawn.x, drawn.y))?;
        let foot = (drawn.height - self.margin()).max(0.0);
        let other = self.document_from_spot(Point::new(drawn.x + drawn.width, drawn.y + foot))?;
        let led = Rect { x: one.x, y: one.y, width: other.x - one.x, height: other.y - one.y };
        Some(sided(kept, led, sides))
    }

    /// A note on the canvas; on a narrow screen below all components, one after another.
    pub fn note(&self, design: &Design, id: &str) -> Option<Rect> {
        let size = |it: &crate::document::NoteRecord| {
            let Rect { width, height, .. } = geometry::note_rect(it.at, &it.text);
            (width * self.growth, height * self.growth)
        };
        let record = design.notes.get(id)?;
        let (width, height) = size(record);
        if !self.narrow {
            let (x, y) = (along(&self.columns, record.at.x), along(&self.rows, record.at.y));
            return Some(Rect { x, y, width, height });
        }
        let gap = GAP_NARROW.1 / 2.0;
        let node = if self.is_large() { LARGE.1 } else { NODE_HEIGHT };
        let foot = self.down.values().map(|it| it.y + node).fold(0.0, f64::max);
        let before = design.notes.iter().take_while(|it| it.0 != id).map(|it| size(it.1).1 + gap);
        let y = foot + GAP_NARROW.1 + before.sum::<f64>();
        Some(Rect { x: -width / 2.0, y, width, height })
    }

    /// Where a node is gripped to draw a wire from it: on the side on which wires leave.
    pub fn handle(&self, node: Rect) -> Point {
        let middle = node.centre();
        match self.narrow {
            true => Point::new(middle.x, node.y + node.height + HANDLE_OUT),
            false => Point::new(node.x + node.width + HANDLE_OUT, middle.y),
        }
    }

    /// A zone on the canvas: as much larger as it takes to hold larger nodes; none on a narrow
    /// screen.
    pub fn zone(&self, id: &str, area: Rect) -> Option<Rect> {
        let more = self.margin();
        let (x, y) = (along(&self.columns, area.x), along(&self.rows, area.y));
        let width = along(&self.columns, area.x + area.width) - x;
        let height = along(&self.rows, area.y + area.height) - y + more;
        let drawn = Rect { x, y, width, height };
        let held = self.held.get(id).map_or(drawn, |it| drawn.union(*it));
        (!self.narrow).then_some(held)
    }

    /// A node's rectangle on the canvas.
    pub fn rect(&self, id: &str, record: &ComponentRecord) -> Rect {
        let Point { x, y } = self.spot(id, record.at);
        let (width, height) = self.size(record);
        let width = if self.narrow && self.is_large() { LARGE.0 } else { width };
        Rect { x, y, width, height }
    }

    /// How a wire runs between its ends: on a narrow screen around all that lies between them.
    pub fn course(&self, wire: &str, from: Rect, to: Rect) -> Curve {
        let way = self.ways.get(wire).and_then(|it| it.course(from, to));
        way.unwrap_or_else(|| geometry::route(from, to))
    }

    /// Around all of a design.
    pub fn bounds(&self, design: &Design) -> Option<Rect> {
        let nodes = design.components.iter().map(|(id, it)| self.rect(id, it));
        let zones = design.zones.iter().filter_map(|it| self.zone(it.0, it.1.area));
        let notes = design.notes.keys().filter_map(|id| self.note(design, id));
        nodes.chain(zones).chain(notes).reduce(Rect::union)
    }
}

/// A rectangle with the sides that follow from another.
fn sided(kept: Rect, led: Rect, (x, y): (i8, i8)) -> Rect {
    let side = |kept: (f64, f64), led: (f64, f64), way: i8| match way {
        -1 => (led.0, kept.1),
        0 => kept,
        _ => (kept.0, led.1),
    };
    let (left, right) = side((kept.x, kept.x + kept.width), (led.x, led.x + led.width), x);
    let (top, foot) = side((kept.y, kept.y + kept.height), (led.y, led.y + led.height), y);
    Rect { x: left, y: top, width: right - left, height: foot - top }
}

/// Where a place of the document is on the canvas: between two steps in proportion, beyond them as
/// far from the last as in the document.
fn along(steps: &[(f64, f64)], value: f64) -> f64 {
    let after = steps.partition_point(|it| it.0 <= value);
    match (after.checked_sub(1).map(|it| steps[it]), steps.get(after)) {
        (Some((from, at)), Some((to, end))) => {
            at + (value - from) / (to - from).max(1e-9) * (end - at)
        }
        (Some((last, at)), None) | (None, Some(&(last, at))) => at + value - last,
        (None, None) => value,
    }
}
