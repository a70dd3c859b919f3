//! A line drawn by hand across the canvas, to cut the network. It divides the canvas in two: who stands
//! on one side of it is to be cut off from who stands on the other.

use std::f64::consts::{FRAC_PI_4, TAU};
use std::fmt::Write;

use crate::base::geometry::{Point, Rect};
use crate::base::table::Table;
use crate::document::Id;
use crate::document::edit::EditError;
use crate::engine::fault::Target;

use super::gesture::{Gesture, THRESHOLD};
use super::hit::{Picture, apart};
use super::{Editor, Effect, Preview};

/// From one point of a line to the next, at least, in screen pixels.
const STEP: f64 = 3.0;
/// A longer line keeps every other of its points.
const POINTS_MAX: usize = 1_000;
/// A line that ends so near to where it began goes around something; and so much of either end says
/// where it goes on. In screen pixels.
const NEAR: f64 = 28.0;
/// It goes on as far as that, in pixels of the canvas: beyond all that is drawn.
const FAR: f64 = 1e6;

/// So far that is drawn: dashes without end take their time.
const SEEN: f64 = 10_000.0;

/// A line by hand. At both ends it goes straight on; one that comes back to where it began is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As it was drawn.
    points: Vec<Point>,
    /// Around one side of the canvas; the line is the first part of it.
    border: Vec<Point>,
    /// Around its points.
    bounds: Rect,
}

impl Line {
    /// The line through these points, of which there are some; `near` is how near counts as the same
    /// place.
    pub fn new(points: Vec<Point>, near: f64) -> Self {
        let corner = |it: &Point| Rect { x: it.x, y: it.y, width: 0.0, height: 0.0 };
        let bounds = points.iter().map(corner).reduce(Rect::union).unwrap_or_default();
        let mut border = points.clone();
        let length: f64 = points.windows(2).map(|it| apart(it[0], it[1])).sum();
        if let [first, .., last] = points[..] {
            let closed = apart(first, last) <= near && length > 4.0 * near;
            if !closed {
                let start = beyond(points.iter(), near);
                let end = beyond(points.iter().rev(), near);
                border.push(end);
                border.extend(around(bounds.centre(), end, start));
                border.push(start);
            }
        }
        Self { points, border, bounds }
    }

    /// Whether a point lies on the one side: inside, of a closed line.
    pub fn holds(&self, at: Point) -> bool {
        let mut inside = false;
        for (from, to) in edges(&self.border) {
            if (from.y > at.y) != (to.y > at.y) {
                let x = from.x + (at.y - from.y) / (to.y - from.y) * (to.x - from.x);
                inside ^= at.x < x;
            }
        }
        inside
    }

    /// Whether it crosses another course, as far as it was drawn.
    pub fn crosses(&self, course: &[Point]) -> bool {
        let mut near = course.windows(2).filter(|it| self.is_near(it[0], it[1]));
        near.any(|it| self.points.windows(2).any(|own| meet(own, it)))
    }

    fn is_near(&self, one: Point, other: Point) -> bool {
        let Rect { x, y, width, height } = self.bounds;
        one.x.max(other.x) >= x
            && one.x.min(other.x) <= x + width
            && one.y.max(other.y) >= y
            && one.y.min(other.y) <= y + height
    }

    /// Whether it passes through a rectangle, as far as it was drawn.
    fn passes(&self, it: Rect) -> bool {
        let (right, foot) = (it.x + it.width, it.y + it.height);
        let corners = [(it.x, it.y), (right, it.y), (right, foot), (it.x, foot), (it.x, it.y)];
        self.points.iter().any(|at| it.contains(*at))
            || self.crosses(&corners.map(|it| Point::new(it.0, it.1)))
    }

    /// As the `d` of SVG paths: as it was drawn, and how it goes on.
    pub fn svg_paths(&self) -> [String; 2] {
        let (mut drawn, mut on) = (String::new(), String::new());
        let mut middle = None;
        for two in self.points.windows(2) {
            let (from, to) = (two[0], two[1]);
            let half = Point::new((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
            _ = match middle {
                None => write!(drawn, "M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, half.x, half.y),
                Some(()) => {
                    write!(drawn, "Q{:.1} {:.1} {:.1} {:.1}", from.x, from.y, half.x, half.y)
                }
            };
            middle = Some(());
        }
        if let [first, .., last] = self.points[..] {
            _ = write!(drawn, "L{:.1} {:.1}", last.x, last.y);
            let (start, end) = (self.border.last(), self.border.get(self.points.len()));
            match (start, end) {
                (Some(start), Some(end)) => {
                    for (from, to) in [(first, start), (last, end)] {
                        let part = SEEN / apart(from, *to).max(SEEN);
                        let (right, down) = (part * (to.x - from.x), part * (to.y - from.y));
                        let to = Point::new(from.x + right, from.y + down);
                        _ = write!(on, "M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y);
                    }
                }
                // What is closed ends where it began.
                _ => drawn.push('Z'),
            }
        }
        [drawn, on]
    }
}

/// What a line parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The line.
    pub line: Line,
    /// Who stands on the side with fewer; nobody if the line cuts nothing.
    pub one: Vec<Target>,
    /// Who stands on the other.
    pub other: Vec<Target>,
    /// Wires between the two.
    pub wires: Vec<Id>,
}

/// Where somebody stands: the place that decides, and on which side that is; none if some of the
/// members are on either.
type Stand = (Point, Option<bool>);

impl Picture<'_> {
    /// What a line parts, if it crosses any wire or runs between the marks of a component's members,
    /// which are seen at these places.
    pub fn part(self, line: Line, marks: &Table<Vec<Point>>) -> Parting {
        let mut stands: Table<Stand> = Table::new();
        let mut sides = [Vec::new(), Vec::new()];
        let mut cuts = false;
        for (id, record) in &self.design.components {
            let rect = self.place.rect(id, record);
            let members = record.spec.members().min(u32::from(u16::MAX)) as u16;
            let seen =
                marks.get(id).filter(|it| members > 1 && line.passes(rect) && !it.is_empty());
            let spots = seen.map_or_else(|| vec![rect.centre()], Clone::clone);
            let on: Vec<bool> = spots.iter().map(|it| line.holds(*it)).collect();
            let whole = on.iter().all(|it| *it == on[0]).then_some(on[0]);
            match whole {
                Some(side) => sides[usize::from(side)].push(Target::component(id)),
                None => {
                    cuts = true;
                    for member in 0..members {
                        // The last mark stands for the rest.
                        let side = on[usize::from(member).min(on.len() - 1)];
                        sides[usize::from(side)].push(Target::member(id, member));
                    }
                }
            }
            stands.insert(id.clone(), (spots[0], whole));
        }
        let mut wires = Vec::new();
        for (id, wire) in &self.design.wires {
            let ends = (stands.get(&wire.from), stands.get(&wire.to));
            let (Some((from, Some(one))), Some((to, Some(other)))) = ends else { continue };
            if one == other {
                continue;
            }
            wires.push(id.clone());
            if !cuts && let Some(curve) = self.curve(id) {
                let middle = curve.course();
                let course: Vec<_> = [*from].into_iter().chain(middle).chain([*to]).collect();
                cuts = line.crosses(&course);
            }
        }
        let [mut one, mut other] = sides;
        if !cuts || one.is_empty() || other.is_empty() {
            return Parting { line, one: Vec::new(), other: Vec::new(), wires: Vec::new() };
        }
        // Which way it was drawn makes no difference.
        let first = |it: &[Target]| it.first().map(Target::to_string);
        if (other.len(), first(&other)) < (one.len(), first(&one)) {
            std::mem::swap(&mut one, &mut other);
        }
        Parting { line, one, other, wires }
    }
}

impl Editor {
    /// A line goes on.
    pub(super) fn draw_line(&mut self, mut points: Vec<Point>, at: Point, out: &mut Vec<Effect>) {
        let zoom = self.camera.zoom;
        if points.last().is_none_or(|it| apart(*it, at) * zoom >= STEP) {
            points.push(at);
        }
        if points.len() > POINTS_MAX {
            let mut keep = false;
            points.retain(|_| {
                keep = !keep;
                keep
            });
        }
        let parting = self.parting(points.clone());
        out.push(Effect::Preview(Preview::Cut(Box::new(parting))));
        self.gesture = Gesture::Cutting { points };
    }

    /// A line ends: what it parts is cut off from each other.
    pub(super) fn end_line(&mut self, mut points: Vec<Point>, at: Point, out: &mut Vec<Effect>) {
        points.push(at);
        out.push(Effect::Preview(Preview::Nothing));
        let far = points.iter().any(|it| apart(*it, at) * self.camera.zoom >= THRESHOLD);
        if !far {
            return;
        }
        let parting = self.parting(points);
        out.push(match parting.one.is_empty() {
            false => Effect::Cut(Box::new(parting)),
            true => {
                let problem = "The line crosses no wire: nothing is cut".into();
                Effect::Refused(EditError { field: "line".into(), problem })
            }
        });
    }

    /// Where the mark of a member is seen, if its component shows marks.
    pub fn mark(&self, component: &str, member: u16) -> Option<Point> {
        let marks = self.marks.get(component)?;
        marks.get(usize::from(member)).copied()
    }

    fn parting(&self, points: Vec<Point>) -> Parting {
        self.picture().part(Line::new(points, NEAR / self.camera.zoom), &self.marks)
    }
}

/// Where a line that comes from these points, its end first, goes on to.
fn beyond<'a>(mut points: impl Iterator<Item = &'a Point> + Clone, near: f64) -> Point {
    let end = points.next().copied().unwrap_or_default();
    let before = points.clone().find(|it| apart(**it, end) >= near).or_else(|| points.last());
    let before = before.copied().unwrap_or_default();
    let long = apart(before, end);
    let way = match long > 0.0 {
        true => Point::new((end.x - before.x) / long, (end.y - before.y) / long),
        false => Point::new(1.0, 0.0),
    };
    Point::new(end.x + FAR * way.x, end.y + FAR * way.y)
}

/// Corners on the way from one far point to another, always turning the same way.
fn around(centre: Point, from: Point, to: Point) -> Vec<Point> {
    let angle = |it: Point| libm::atan2(it.y - centre.y, it.x - centre.x);
    let turn = (angle(to) - angle(from)).rem_euclid(TAU);
    let steps = libm::ceil(turn / FRAC_PI_4) as u32;
    let corner = |step: u32| {
        let at = angle(from) + turn * f64::from(step) / f64::from(steps);
        Point::new(centre.x + FAR * libm::cos(at), centre.y + FAR * libm::sin(at))
    };
    (1..steps).map(corner).collect()
}

/// The edges of what has these corners.
fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    let next = corners.iter().skip(1).chain(corners.first());
    corners.iter().copied().zip(next.copied())
}

/// Whether two straight pieces cross.
fn meet(one: &[Point], other: &[Point]) -> bool {
    let side = |from: Point, to: Point, at: Point| {
        (to.x - from.x) * (at.y - from.y) - (to.y - from.y) * (at.x - from.x) > 0.0
    };
    let ([a, b], [c, d]) = (one, other) else { return false };
    side(*a, *b, *c) != side(*a, *b, *d) && side(*c, *d, *a) != side(*c, *d, *b)
}
