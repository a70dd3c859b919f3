//! A wire's course: cubic Bézier curves one after another, measured by their length, so that what
//! moves along them moves at a steady pace.

use std::fmt::Write;

use crate::base::geometry::{Point, Rect};

/// Pieces each of the curves is measured in. With 32 the pace is even to within a per cent.
const PIECES: usize = 32;

/// Cubic Bézier curves, each from the end of the one before, with a table of their length.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Start, its handle, the end's handle, end; and the last three for each further curve.
    points: Vec<Point>,
    /// Length from the start to each n/32 of each curve's parameter.
    lengths: Vec<f64>,
}

impl Curve {
    /// The curve from the first point to the last, drawn towards those between.
    pub fn new(points: [Point; 4]) -> Self {
        Self::through(points.to_vec())
    }

    /// One curve after another: a start, and three points for each.
    pub fn through(points: Vec<Point>) -> Self {
        let mut curve = Self { points, lengths: vec![0.0] };
        let (mut before, mut length) = (curve.points[0], 0.0);
        for piece in 1..=curve.points.len() / 3 * PIECES {
            let here = curve.at_parameter(piece as f64 / PIECES as f64);
            length += distance(before, here);
            curve.lengths.push(length);
            before = here;
        }
        curve
    }

    /// How many pieces it is measured in.
    fn pieces(&self) -> usize {
        self.lengths.len() - 1
    }

    /// Its length.
    pub fn length(&self) -> f64 {
        self.lengths[self.pieces()]
    }

    /// Where one is after a share (0 to 1) of the whole length.
    pub fn point_at(&self, share: f64) -> Point {
        self.at_parameter(self.parameter(share))
    }

    /// The direction there, of length 1; rightwards where the curve has none.
    pub fn direction_at(&self, share: f64) -> Point {
        let t = self.parameter(share);
        let near = self.at_parameter((t - 1e-3).max(0.0));
        let far = self.at_parameter(t + 1e-3);
        let length = distance(near, far);
        if self.length() == 0.0 || length == 0.0 {
            return Point::new(1.0, 0.0);
        }
        Point::new((far.x - near.x) / length, (far.y - near.y) / length)
    }

    /// Points along it, from its start to its end: straight from each to the next, it runs as drawn.
    pub fn course(&self) -> impl Iterator<Item = Point> + '_ {
        (0..=self.pieces()).map(|piece| self.at_parameter(piece as f64 / PIECES as f64))
    }

    /// How far a point is from the curve, and the share of the length where it is nearest.
    pub fn nearest(&self, point: Point) -> (f64, f64) {
        let (mut best, mut share) = (f64::INFINITY, 0.0);
        let mut start = self.points[0];
        for piece in 0..self.pieces() {
            let end = self.at_parameter((piece + 1) as f64 / PIECES as f64);
            let (away, part) = to_line(point, start, end);
            if away < best {
                best = away;
                let (from, to) = (self.lengths[piece], self.lengths[piece + 1]);
                share = (from + (to - from) * part) / self.length().max(f64::MIN_POSITIVE);
            }
            start = end;
        }
        (best, share)
    }

    /// A rectangle that holds it: the one around its points.
    pub fn bounds(&self) -> Rect {
        let corner = |it: &Point| Rect { x: it.x, y: it.y, width: 0.0, height: 0.0 };
        self.points.iter().map(corner).fold(corner(&self.points[0]), Rect::union)
    }

    /// As the `d` of an SVG path, to a hundredth of a pixel.
    pub fn svg_path(&self) -> String {
        let mut path = String::new();
        for (at, point) in self.points.iter().enumerate() {
            let before = match at {
                0 => "M",
                _ if at % 3 == 1 => "C",
                _ => " ",
            };
            let (x, y) = (rounded(point.x), rounded(point.y));
            _ = write!(path, "{before}{x} {y}");
        }
        path
    }

    /// The parameter after a share of the length: 1 at the end of the first curve, 2 of the second.
    fn parameter(&self, share: f64) -> f64 {
        let wanted = share.clamp(0.0, 1.0) * self.length();
        let after = self.lengths.partition_point(|it| *it < wanted).clamp(1, self.pieces());
        let (from, to) = (self.lengths[after - 1], self.lengths[after]);
        let part = if to > from { (wanted - from) / (to - from) } else { 0.0 };
        ((after - 1) as f64 + part.clamp(0.0, 1.0)) / PIECES as f64
    }

    fn at_parameter(&self, t: f64) -> Point {
        let curve = (t as usize).min(self.points.len() / 3 - 1);
        let t = (t - curve as f64).min(1.0);
        let u = 1.0 - t;
        let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        let mut at = Point::default();
        for (point, weight) in self.points[curve * 3..].iter().zip(weights) {
            at.x += point.x * weight;
            at.y += point.y * weight;
        }
        at
    }
}

/// To a hundredth, and never "-0".
fn rounded(value: f64) -> f64 {
    libm::round(value * 100.0) / 100.0 + 0.0
}

fn distance(one: Point, other: Point) -> f64 {
    libm::hypot(one.x - other.x, one.y - other.y)
}

/// How far a point is from a line between two others, and the part of the line where it is
/// nearest.
fn to_line(point: Point, from: Point, to: Point) -> (f64, f64) {
    let (x, y) = (to.x - from.x, to.y - from.y);
    let square = x * x + y * y;
    let part = if square > 0.0 {
        (((point.x - from.x) * x + (point.y - from.y) * y) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (distance(point, Point::new(from.x + x * part, from.y + y * part)), part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> Curve {
        let point = Point::new;
        Curve::new([point(0.0, 0.0), point(120.0, 0.0), point(80.0, 300.0), point(200.0, 300.0)])
    }

    #[test]
    fn what_moves_along_it_keeps_its_pace() {
        let curve = curve();
        let steps = 50;
        let step = curve.length() / f64::from(steps);
        for n in 0..steps {
            let at = |n: i32| curve.point_at(f64::from(n) / f64::from(steps));
            let moved = distance(at(n), at(n + 1));
            assert!((moved / step - 1.0).abs() < 0.02, "step {n}: {moved} for {step}");
        }
        assert_eq!(curve.point_at(0.0), Point::new(0.0, 0.0));
        assert_eq!(curve.point_at(7.0), Point::new(200.0, 300.0));
    }

    #[test]
    fn the_nearest_point_of_a_point_on_it_is_itself() {
        let curve = curve();
        for n in 0..=10 {
            let share = f64::from(n) / 10.0;
            let (away, found) = curve.nearest(curve.point_at(share));
            assert!(away < 0.5 && (found - share).abs() < 0.01, "{share}: {away} {found}");
        }
        assert!((curve.nearest(Point::new(-30.0, 0.0)).0 - 30.0).abs() < 1e-9);
    }

    #[test]
    fn one_after_another_they_are_one_course() {
        let point = Point::new;
        let first = [point(0.0, 0.0), point(0.0, 50.0), point(100.0, 50.0), point(100.0, 100.0)];
        let on = [point(100.0, 120.0), point(100.0, 140.0), point(100.0, 160.0)];
        let curve = Curve::through(first.into_iter().chain(on).collect());
        let alone = Curve::new(first);
        assert!((curve.length() - alone.length() - 60.0).abs() < 1e-9, "{}", curve.length());
        assert_eq!(curve.svg_path(), "M0 0C0 50 100 50 100 100C100 120 100 140 100 160");
        let joint = alone.length() / curve.length();
        assert!(distance(curve.point_at(joint), point(100.0, 100.0)) < 1e-6);
        assert_eq!(curve.point_at(1.0), point(100.0, 160.0));
        assert!(distance(curve.point_at(joint + 30.0 / curve.length()), point(100.0, 130.0)) < 0.5);
        assert!((curve.direction_at(1.0).y - 1.0).abs() < 1e-9);
        assert_eq!(curve.bounds(), Rect { x: 0.0, y: 0.0, width: 100.0, height: 160.0 });
        let (away, share) = curve.nearest(point(110.0, 145.0));
        assert!((away - 10.0).abs() < 1e-9 && share > joint);
    }

    #[test]
    fn a_curve_without_length_is_a_point() {
        let curve = Curve::new([Point::new(5.0, 5.0); 4]);
        assert_eq!((curve.length(), curve.point_at(0.5)), (0.0, Point::new(5.0, 5.0)));
        assert_eq!(curve.direction_at(0.5), Point::new(1.0, 0.0));
        assert_eq!(curve.nearest(Point::new(5.0, 9.0)).0, 4.0);
    }
}
