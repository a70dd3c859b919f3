//! The way of a wire from one node to another: a cubic curve between the sides that face.

use crate::base::geometry::{Point, Rect};

/// Pieces a curve is cut into for walking along it.
const PIECES: usize = 28;

/// A cubic curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Start, two handles, end.
    pub points: [Point; 4],
}

impl Curve {
    /// Between two nodes.
    pub fn between(from: Rect, to: Rect) -> Self {
        let (a, b) = (from.centre(), to.centre());
        let right = |it: Rect| Point::new(it.x + it.width, it.y + it.height / 2.0);
        let left = |it: Rect| Point::new(it.x, it.y + it.height / 2.0);
        let bottom = |it: Rect| Point::new(it.x + it.width / 2.0, it.y + it.height);
        let top = |it: Rect| Point::new(it.x + it.width / 2.0, it.y);
        // Sideways unless the nodes overlap in that direction.
        let (start, end, out) = if to.x >= from.x + from.width + 8.0 {
            (right(from), left(to), (1.0, 0.0))
        } else if from.x >= to.x + to.width + 8.0 {
            (left(from), right(to), (-1.0, 0.0))
        } else if b.y >= a.y {
            (bottom(from), top(to), (0.0, 1.0))
        } else {
            (top(from), bottom(to), (0.0, -1.0))
        };
        let along = ((end.x - start.x) * out.0 + (end.y - start.y) * out.1).abs();
        let reach = (along * 0.5).clamp(8.0, 90.0);
        let first = Point::new(start.x + out.0 * reach, start.y + out.1 * reach);
        let second = Point::new(end.x - out.0 * reach, end.y - out.1 * reach);
        Self { points: [start, first, second, end] }
    }

    /// As the `d` of an SVG path.
    pub fn path(&self) -> String {
        let [a, b, c, d] = self.points;
        format!(
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y
        )
    }

    /// The arrow head at its end, as the `d` of an SVG path.
    pub fn head(&self, size: f64) -> String {
        let [_, _, c, d] = self.points;
        let (dx, dy) = (d.x - c.x, d.y - c.y);
        let length = dx.hypot(dy).max(1e-6);
        let (dx, dy) = (dx / length, dy / length);
        let back = Point::new(d.x - dx * size, d.y - dy * size);
        let side = size * 0.5;
        format!(
            "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
            d.x,
            d.y,
            back.x - dy * side,
            back.y + dx * side,
            back.x + dy * side,
            back.y - dx * side
        )
    }

    fn at(&self, t: f64) -> Point {
        let [a, b, c, d] = self.points;
        let u = 1.0 - t;
        let (w0, w1, w2, w3) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
        Point::new(
            w0 * a.x + w1 * b.x + w2 * c.x + w3 * d.x,
            w0 * a.y + w1 * b.y + w2 * c.y + w3 * d.y,
        )
    }
}

/// A curve made for walking at an even pace.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    points: Vec<Point>,
    lengths: Vec<f64>,
}

impl Walk {
    /// Along a curve.
    pub fn new(curve: &Curve) -> Self {
        let points: Vec<Point> =
            (0..=PIECES).map(|it| curve.at(it as f64 / PIECES as f64)).collect();
        let mut lengths = vec![0.0];
        let mut length = 0.0;
        for pair in points.windows(2) {
            length += (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
            lengths.push(length);
        }
        Self { points, lengths }
    }

    /// How long it is.
    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or(0.0)
    }

    /// The point this far from the start, and a step of one pixel to the side there (to the right
    /// of those who walk from start to end).
    pub fn at(&self, distance: f64) -> (Point, Point) {
        if self.points.len() < 2 {
            return Default::default();
        }
        let next = self.lengths.partition_point(|it| *it < distance).clamp(1, self.points.len() - 1);
        let (from, to) = (self.points[next - 1], self.points[next]);
        let span = (self.lengths[next] - self.lengths[next - 1]).max(1e-9);
        let t = (distance - self.lengths[next - 1]) / span;
        let (dx, dy) = ((to.x - from.x) / span, (to.y - from.y) / span);
        let at = Point::new(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t);
        (at, Point::new(-dy, dx))
    }
}
