//! Where nodes are put: at their places in the document; further apart where the theme makes nodes
//! larger; from top to bottom on a narrow screen, which is never saved.

use std::collections::BTreeMap;

use crate::app::theme::Theme;
use crate::base::geometry::{Point, Rect};
use crate::document::{ComponentRecord, Design, Id};
use crate::editor::geometry::{self, NODE_HEIGHT, NODE_WIDTH};

/// Room between nodes that larger nodes still leave, in pixels.
const GAP: (f64, f64) = (64.0, 26.0);
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
    /// How much further apart things are than in the document.
    pub scale: f64,
    down: BTreeMap<Id, Point>,
}

impl Place {
    /// For a theme, on a wide screen.
    pub fn new(theme: Theme) -> Self {
        Self { growth: theme.growth(), narrow: false, scale: 1.0, down: BTreeMap::new() }
    }

    /// Fits the layout to a design.
    pub fn arrange(&mut self, design: &Design) {
        self.scale = self.spread(design);
        self.down.clear();
        if self.narrow {
            self.down = self.top_down(design);
        }
    }

    /// The least factor at which no two nodes come too near.
    fn spread(&self, design: &Design) -> f64 {
        if self.growth <= 1.0 {
            return 1.0;
        }
        let (width, height) = (NODE_WIDTH * self.growth, NODE_HEIGHT * self.growth);
        let spots: Vec<Point> = design.components.values().map(|it| it.at).collect();
        let mut scale = 1.0_f64;
        for (index, one) in spots.iter().enumerate() {
            for other in &spots[index + 1..] {
                let (dx, dy) = ((one.x - other.x).abs(), (one.y - other.y).abs());
                if dx < 1.0 && dy < 1.0 {
                    continue;
                }
                let needed = ((width + GAP.0) / dx.max(1.0)).min((height + GAP.1) / dy.max(1.0));
                scale = scale.max(needed);
            }
        }
        scale.min(3.0)
    }

    fn top_down(&self, design: &Design) -> BTreeMap<Id, Point> {
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
        let mut spots = BTreeMap::new();
        let mut y = 0.0;
        for mut row in rows.into_values() {
            row.sort_by(|a, b| a.1.y.total_cmp(&b.1.y));
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
            None => Point::new(at.x * self.scale, at.y * self.scale),
        }
    }

    /// The document's place for a node whose corner is at `spot`; none where places are not saved.
    pub fn document_from_spot(&self, spot: Point) -> Option<Point> {
        (!self.narrow).then(|| Point::new(spot.x / self.scale, spot.y / self.scale))
    }

    /// A zone on the canvas: a little larger than in the document where nodes are larger.
    pub fn zone(&self, area: Rect) -> Option<Rect> {
        let (x, y) = (area.x * self.scale, area.y * self.scale);
        let (width, height) = (area.width * self.scale, area.height * self.scale);
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
