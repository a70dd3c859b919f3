//! Points, rectangles, and how much room a shape takes.

use super::layout::measure;
use super::shape::{Anchor, Point, Rect, Shape};

impl Point {
    /// The point (x, y).
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The point `radius` away from this one, in the direction of `turn`: 0 is up, 0.25 right.
    pub fn around(self, turn: f32, radius: f32) -> Self {
        let angle = f64::from(turn) * std::f64::consts::TAU;
        let (right, up) = (libm::sin(angle), libm::cos(angle));
        let radius = f64::from(radius);
        Self::new(self.x + (right * radius) as f32, self.y - (up * radius) as f32)
    }
}

impl Rect {
    /// A rectangle from its corner and extent.
    pub const fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x, y, width, height }
    }

    /// The right edge.
    pub fn right(self) -> f32 {
        self.x + self.width
    }

    /// The bottom edge.
    pub fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// The middle.
    pub fn middle(self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The rectangle without a margin on every side; never less than nothing.
    pub fn inset(self, margin: f32) -> Self {
        let shrink = |extent: f32| (extent - 2.0 * margin).max(0.0);
        Self::new(self.x + margin, self.y + margin, shrink(self.width), shrink(self.height))
    }

    /// The rectangle grown around its middle to at least `extent` both ways.
    pub fn at_least(self, extent: f32) -> Self {
        let Point { x, y } = self.middle();
        let (width, height) = (self.width.max(extent), self.height.max(extent));
        Self::new(x - width / 2.0, y - height / 2.0, width, height)
    }

    /// Whether two rectangles share more than an edge.
    pub fn overlaps(self, other: Rect) -> bool {
        let beside = self.right() <= other.x || other.right() <= self.x;
        let apart = self.bottom() <= other.y || other.bottom() <= self.y;
        !beside && !apart
    }

    /// The smallest rectangle around points. Around none, nothing at the origin.
    pub fn around(points: &[Point]) -> Self {
        let Some(first) = points.first() else { return Self::default() };
        let (mut low, mut high) = (*first, *first);
        for point in points {
            low = Point::new(low.x.min(point.x), low.y.min(point.y));
            high = Point::new(high.x.max(point.x), high.y.max(point.y));
        }
        Self::new(low.x, low.y, high.x - low.x, high.y - low.y)
    }
}

impl Shape {
    /// The room a shape takes, without the thickness of its lines; of an arc, that of its ring.
    pub fn bounds(&self) -> Rect {
        match self {
            Shape::Glyph { at, radius, .. } => {
                Rect::new(at.x - radius, at.y - radius, 2.0 * radius, 2.0 * radius)
            }
            Shape::Bar { area, .. } | Shape::Cell { area, .. } => *area,
            Shape::Arc { center, outer, .. } | Shape::Arcs { center, outer, .. } => {
                Rect::new(center.x - outer, center.y - outer, 2.0 * outer, 2.0 * outer)
            }
            Shape::Line { from, to, .. } | Shape::Arrow { from, to, .. } => {
                Rect::around(&[*from, *to])
            }
            Shape::Path { points, .. } | Shape::Polygon { points, .. } => Rect::around(points),
            Shape::Text { at, text, font, anchor } => {
                let width = measure::width(text, *font);
                let x = match anchor {
                    Anchor::Start => at.x,
                    Anchor::Middle => at.x - width / 2.0,
                    Anchor::End => at.x - width,
                };
                // From the top of a capital to the foot of a "g".
                let size = font.size.px();
                Rect::new(x, at.y - 0.75 * size, width, 0.98 * size)
            }
        }
    }
}
