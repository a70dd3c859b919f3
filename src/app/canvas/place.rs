//! Where nodes are put: at their places in the document; further apart where the theme makes nodes
//! larger; from top to bottom on a narrow screen, which is never saved.

use std::collections::BTreeMap;

use crate::base::order::sort_few;
use crate::base::table::Table;

use crate::app::theme::Theme;
use crate::base::geometry::{Point, Rect};
use crate::document::{ComponentRecord, Design, Id};
use crate::editor::geometry::{self, NODE_HEIGHT, NODE_WIDTH};

/// Room between nodes that larger nodes still leave, in pixels.
const GAP: (f64, f64) = (46.0, 18.0);
/// Nodes never move further apart than this.
const SPREAD_MAX: f64 = 3.0;
/// The same on a narrow screen.
const GAP_NARROW: (f64, f64) = (20.0, 36.0);
/// Nodes side by side on a narrow screen.
const COLUMNS: usize = 2;

/// How the design is laid out on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// How much larger nodes are than in the document.
    pub growth: f64,
    /// Whether the screen is narrow.
    pub narrow: bool,
    /// How much further apart things are than in the document, sideways and downwards.
    pub spread: (f64, f64),
    down: Table<Point>,
}

impl Place {
    /// For a theme, on a wide screen.
    pub fn new(theme: Theme) -> Self {
        Self { growth: theme.growth(), narrow: false, spread: (1.0, 1.0), down: Table::new() }
    }

    /// Fits the layout to a design.
    pub fn arrange(&mut self, design: &Design) {
        self.spread = self.spread_of(design);
        self.down.clear();
        if self.narrow {
            self.down = self.top_down(design);
        }
    }

    /// The least factors at which no two nodes come too near.
    fn spread_of(&self, design: &Design) -> (f64, f64) {
        if self.growth <= 1.0 {
            return (1.0, 1.0);
        }
        let (width, height) = (NODE_WIDTH * self.growth + GAP.0, NODE_HEIGHT * self.growth + GAP.1);
        let spots: Vec<Point> = design.components.values().map(|it| it.at).collect();
        let (mut x, mut y) = (1.0_f64, 1.0_f64);
        for (index, one) in spots.iter().enumerate() {
            for other in &spots[index + 1..] {
                let (dx, dy) = ((one.x - other.x).abs(), (one.y - other.y).abs());
                match (dx >= NODE_WIDTH, dy >= NODE_HEIGHT) {
                    // Side by side; one above the other; neither: whoever drew them so meant it.
                    (true, false) => x = x.max(width / dx),
                    (false, true) => y = y.max(height / dy),
                    _ => {}
                }
            }
        }
        (x.min(SPREAD_MAX), y.min(SPREAD_MAX))
    }

    fn top_down(&self, design: &Design) -> Table<Point> {
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
        let (width, height) = (NODE_WIDTH * self.growth, NODE_HEIGHT * self.growth);
        let mut spots = Table::new();
        let mut y = 0.0;
        for mut row in rows.into_values() {
            sort_few(&mut row, |a, b| a.1.y < b.1.y);
            for line in row.chunks(COLUMNS) {
                let total = line.len() as f64 * (width + GAP_NARROW.0) - GAP_NARROW.0;
                for (column, (id, _)) in line.iter().enumerate() {
                    let x = column as f64 * (width + GAP_NARROW.0) - total / 2.0;
                    spots.insert((*id).clone(), Point::new(x, y));
                }
                y += height + GAP_NARROW.1;
            }
        }
        spots
    }

    /// Top left corner on the canvas of a node that the document has at `at`.
    pub fn spot(&self, id: &str, at: Point) -> Point {
        match self.down.get(id) {
            Some(spot) => *spot,
            None => Point::new(at.x * self.spread.0, at.y * self.spread.1),
        }
    }

    /// The document's place for a node whose corner is at `spot`; none where places are not saved.
    pub fn document_from_spot(&self, spot: Point) -> Option<Point> {
        (!self.narrow).then(|| Point::new(spot.x / self.spread.0, spot.y / self.spread.1))
    }

    /// A zone on the canvas: as much larger as it takes to hold larger nodes.
    pub fn zone(&self, area: Rect) -> Option<Rect> {
        let more = |size: f64, spread: f64| size * (self.growth - spread).max(0.0);
        let (x, y) = (area.x * self.spread.0, area.y * self.spread.1);
        let width = area.width * self.spread.0 + more(NODE_WIDTH, self.spread.0);
        let height = area.height * self.spread.1 + more(NODE_HEIGHT, self.spread.1);
        (!self.narrow).then_some(Rect { x, y, width, height })
    }

    /// A node's rectangle on the canvas.
    pub fn rect(&self, id: &str, record: &ComponentRecord) -> Rect {
        let Point { x, y } = self.spot(id, record.at);
        let Rect { width, height, .. } = geometry::node_rect(record);
        let width = if self.narrow { NODE_WIDTH } else { width };
        Rect { x, y, width: width * self.growth, height: height * self.growth }
    }

    /// Around all of a design.
    pub fn bounds(&self, design: &Design) -> Option<Rect> {
        let nodes = design.components.iter().map(|(id, it)| self.rect(id, it));
        let zones = design.zones.values().filter_map(|it| self.zone(it.area));
        nodes.chain(zones).reduce(Rect::union)
    }
}
