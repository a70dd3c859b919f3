//! How wires run where components stand in lines, one below the other (narrow screens): past a line
//! of two through the gap between them, past a single component beside it; never behind one, so
//! that it does not look as if they came from there.

use crate::base::geometry::{Point, Rect};
use crate::base::order::sort_few;
use crate::base::table::Table;
use crate::document::Design;

use super::curve::Curve;

/// How far from a single component a wire passes it, in pixels.
const CLEAR: f64 = 13.0;
/// From one wire to the next that passes at the same place, in pixels.
const LANE: f64 = 9.0;
/// How far towards where it goes a wire leaves beside the middle, and where it comes from, enters.
const LEAVES: f64 = 44.0;
const ENTERS: f64 = 22.0;
/// A wire upwards leaves beside the one downwards.
const BESIDE: f64 = 12.0;

/// What a wire passes: where, from which height to which.
type Pass = (f64, f64, f64);

/// A wire's way between components in lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The places of its ends that it was found for.
    ends: (Rect, Rect),
    /// What it passes, in its order.
    passes: Vec<Pass>,
}

/// Components of one height: from left to right.
struct Row {
    top: f64,
    foot: f64,
    left: f64,
    right: f64,
    /// Where what passes through it does; none for beside it.
    gap: Option<f64>,
}

/// Wires from one component that pass one row at one side of it (0: through it) share a lane.
struct Lane<'a> {
    row: usize,
    side: i8,
    from: &'a str,
    /// Where they come from.
    x: f64,
}

impl Way {
    /// The ways of all wires between different rows of a design whose nodes are at `node`, two at
    /// most in a row, `gap` apart.
    pub fn all(design: &Design, node: impl Fn(&str) -> Option<Rect>, gap: f64) -> Table<Self> {
        let mut rects: Vec<Rect> = design.components.keys().filter_map(|it| node(it)).collect();
        sort_few(&mut rects, |one, other| (one.y, one.x) < (other.y, other.x));
        let mut rows: Vec<Row> = Vec::new();
        for it in rects {
            let (right, foot) = (it.x + it.width, it.y + it.height);
            match rows.last_mut() {
                Some(row) if row.top == it.y => {
                    row.gap = Some((row.right + it.x) / 2.0);
                    row.right = right;
                }
                _ => rows.push(Row { top: it.y, foot, left: it.x, right, gap: None }),
            }
        }
        let row_of = |it: Rect| rows.iter().position(|row| row.top == it.y);
        let mut lanes: Vec<Lane> = Vec::new();
        let mut found: Vec<(&String, (Rect, Rect), Vec<usize>)> = Vec::new();
        for (id, wire) in &design.wires {
            let (Some(from), Some(to)) = (node(&wire.from), node(&wire.to)) else { continue };
            let (Some(start), Some(end)) = (row_of(from), row_of(to)) else { continue };
            if start == end {
                continue;
            }
            let mut between: Vec<usize> = (start.min(end) + 1..start.max(end)).collect();
            if end < start {
                between.reverse();
            }
            // Beside a single one on the side of the ends; downwards to the right of what is centred.
            let ends = from.centre().x + to.centre().x;
            let aside = if ends > 0.5 || (ends > -0.5 && start < end) { 1 } else { -1 };
            let pass = |row: usize| {
                let side = if rows[row].gap.is_some() { 0 } else { aside };
                let same =
                    |it: &Lane| (it.row, it.side, it.from) == (row, side, wire.from.as_str());
                lanes.iter().position(same).unwrap_or_else(|| {
                    let x = from.centre().x;
                    lanes.push(Lane { row, side, from: &wire.from, x });
                    lanes.len() - 1
                })
            };
            let passes = between.into_iter().map(pass).collect();
            found.push((id, (from, to), passes));
        }
        let place = |at: &usize| {
            let lane = &lanes[*at];
            let row = &rows[lane.row];
            let beside = |it: &&Lane| (it.row, it.side) == (lane.row, lane.side);
            let all = lanes.iter().filter(beside).count() as f64;
            // From left to right as they come; of those from one place, as they were found.
            let before = lanes.iter().enumerate().filter(|(other, it)| {
                beside(it) && (it.x < lane.x || (it.x == lane.x && other < at))
            });
            let before = before.count() as f64;
            let x = match (row.gap, lane.side) {
                (Some(middle), _) => {
                    let step = LANE.min((gap - LANE) / (all - 1.0).max(1.0));
                    middle + (before - (all - 1.0) / 2.0) * step
                }
                (None, 1) => row.right + CLEAR + before * LANE,
                (None, _) => row.left - CLEAR - (all - 1.0 - before) * LANE,
            };
            (x, row.top, row.foot)
        };
        let mut ways = Table::new();
        for (id, ends, passes) in found {
            let passes = passes.iter().map(place).collect();
            ways.insert(id.clone(), Self { ends, passes });
        }
        ways
    }

    /// The course, as long as both ends are where they were.
    pub fn course(&self, from: Rect, to: Rect) -> Option<Curve> {
        if self.ends != (from, to) {
            return None;
        }
        let down = from.y < to.y;
        let (mut start, mut end) = (from.centre(), to.centre());
        let first = self.passes.first().map_or(end.x, |it| it.0);
        let last = self.passes.last().map_or(start.x, |it| it.0);
        // What goes far sideways or past others does not begin and end where others do.
        if !self.passes.is_empty() || (end.x - start.x).abs() > from.width {
            let towards = |from: f64, to: f64, most: f64| from + (to - from).clamp(-most, most);
            (start.x, end.x) = (towards(start.x, first, LEAVES), towards(end.x, last, ENTERS));
        } else if !down {
            start.x += BESIDE;
            end.x += BESIDE;
        }
        let half = |it: Rect| if down { it.height / 2.0 } else { -it.height / 2.0 };
        let mut points = vec![Point::new(start.x, start.y + half(from))];
        let mut lead = |x: f64, y: f64| {
            let from = points[points.len() - 1];
            let middle = (from.y + y) / 2.0;
            points.extend([Point::new(from.x, middle), Point::new(x, middle), Point::new(x, y)]);
        };
        for (x, top, foot) in &self.passes {
            let (near, far) = if down { (*top, *foot) } else { (*foot, *top) };
            lead(*x, near);
            lead(*x, far);
        }
        lead(end.x, end.y - half(to));
        Some(Curve::through(points))
    }
}
