//! Where what is moved comes to rest: in line with its neighbours, or else on the grid.

use crate::base::geometry::{Point, Rect};

/// Distance of the grid's lines, in document pixels.
pub const GRID: f64 = 10.0;
/// How near an edge or centre has to be, in screen pixels.
const NEAR: f64 = 6.0;

/// A line that edges or centres share, in pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// One end.
    pub from: Point,
    /// The other end.
    pub to: Point,
}

/// Moves `moving` by as little as brings it in line; gives what to add to its place, and the lines
/// to show.
pub fn snap(moving: Rect, others: &[Rect], zoom: f64) -> (Point, Vec<Guide>) {
    let near = NEAR / zoom;
    let sides = |it: Rect| (it.x, it.width);
    let heights = |it: Rect| (it.y, it.height);
    let x = line_up(sides(moving), others.iter().map(|it| sides(*it)), near);
    let y = line_up(heights(moving), others.iter().map(|it| heights(*it)), near);
    let on_grid = |at: f64| libm::round(at / GRID) * GRID - at;
    let by = Point::new(
        x.map_or_else(|| on_grid(moving.x), |it| it.0),
        y.map_or_else(|| on_grid(moving.y), |it| it.0),
    );
    let moved = Rect { x: moving.x + by.x, y: moving.y + by.y, ..moving };
    let mut guides = Vec::new();
    if let Some((_, line)) = x {
        let shares = |it: &&Rect| shares(sides(**it), line);
        let all = others.iter().filter(shares).copied().fold(moved, Rect::union);
        let from = Point::new(line, all.y);
        guides.push(Guide { from, to: Point::new(line, all.y + all.height) });
    }
    if let Some((_, line)) = y {
        let shares = |it: &&Rect| shares(heights(**it), line);
        let all = others.iter().filter(shares).copied().fold(moved, Rect::union);
        let from = Point::new(all.x, line);
        guides.push(Guide { from, to: Point::new(all.x + all.width, line) });
    }
    (by, guides)
}

/// Start, middle and end of a stretch.
fn marks((start, length): (f64, f64)) -> [f64; 3] {
    [start, start + length / 2.0, start + length]
}

fn shares(stretch: (f64, f64), line: f64) -> bool {
    marks(stretch).iter().any(|it| (it - line).abs() < 1e-6)
}

/// The smallest shift that brings an edge or middle onto one of another's, and the line they then
/// share. Edges meet edges and middles meet middles: an edge in line with a middle says nothing.
fn line_up(
    moving: (f64, f64),
    others: impl Iterator<Item = (f64, f64)>,
    near: f64,
) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    for other in others {
        for (at, mine) in marks(moving).into_iter().enumerate() {
            for (to, line) in marks(other).into_iter().enumerate() {
                let shift = line - mine;
                let alike = (at == 1) == (to == 1);
                if alike && shift.abs() <= near && best.is_none_or(|it| shift.abs() < it.0.abs()) {
                    best = Some((shift, line));
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64) -> Rect {
        Rect { x, y, width: 182.0, height: 66.0 }
    }

    #[test]
    fn neighbours_go_before_the_grid() {
        let (by, guides) = snap(rect(104.0, 203.0), &[rect(101.0, 500.0)], 1.0);
        assert_eq!(by, Point::new(-3.0, -3.0));
        let line = Guide { from: Point::new(101.0, 200.0), to: Point::new(101.0, 566.0) };
        assert_eq!(guides, [line]);
        let (by, guides) = snap(rect(104.0, 203.0), &[], 1.0);
        assert_eq!((by, guides.len()), (Point::new(-4.0, -3.0), 0));
    }

    #[test]
    fn nearness_is_measured_on_the_screen() {
        let other = [rect(107.0, 900.0)];
        assert_eq!(snap(rect(102.0, 0.0), &other, 1.0).0.x, 5.0);
        assert_eq!(snap(rect(102.0, 0.0), &other, 4.0).0.x, -2.0);
    }
}
