//! How large a node is and how a wire runs: what canvas, export and hit test agree on, in document
//! pixels.

use crate::base::geometry::{Point, Rect};
use crate::document::ComponentRecord;
use crate::scene::layout::measure;
use crate::scene::{Font, Weight};

use super::curve::Curve;

/// Width of a node whose label needs no more.
pub const NODE_WIDTH: f64 = 182.0;
/// Height of every node.
pub const NODE_HEIGHT: f64 = 66.0;
/// A label that would make a node wider than this is cut.
pub const NODE_WIDTH_MAX: f64 = 322.0;
/// Most member marks a node shows; the last one then stands for the rest.
pub const MARKS_MAX: u32 = 8;
/// Width of a note; longer lines are broken.
pub const NOTE_WIDTH: f64 = 220.0;
/// Height of a line of a note.
pub const NOTE_LINE: f64 = 20.0;
/// Height of the strip of a zone that holds its label: there it is gripped.
pub const ZONE_GRIP: f64 = 26.0;

/// Of a node's first line: left edge to label (padding, icon, gap), and the padding on the right.
const LABEL_LEFT: f64 = 35.0;
const PADDING_RIGHT: f64 = 9.0;
/// Side of a member mark, from one to the next, and between label and marks: little, because words
/// are measured generously.
const MARK: f64 = 9.0;
const MARK_STEP: f64 = 12.0;
const MARKS_GAP: f64 = 2.0;
/// Nodes grow in steps of the grid, so that they stay aligned.
const WIDTH_STEP: f64 = 10.0;

/// How far a wire runs straight on from where it leaves, at least and at most.
const REACH: (f64, f64) = (40.0, 120.0);
/// A wire that runs against the reading direction leaves beside the one that runs with it.
const BESIDE: f64 = 12.0;
/// Two nodes are stacked if they overlap sideways by at least this part of the narrower one.
const STACKED: f64 = 0.4;

/// Width of a node's label.
pub fn label_width(label: &str) -> f64 {
    f64::from(measure::width(label, Font { weight: Weight::Bold, ..Font::BODY }))
}

/// Width of a node with this label and so many members.
pub fn node_width(label: &str, members: u32) -> f64 {
    let label = label_width(label);
    let marks = MARK + f64::from(members.clamp(1, MARKS_MAX) - 1) * MARK_STEP;
    let needed = LABEL_LEFT + label + MARKS_GAP + marks + PADDING_RIGHT;
    let steps = libm::ceil((needed - NODE_WIDTH).max(0.0) / WIDTH_STEP);
    (NODE_WIDTH + steps * WIDTH_STEP).min(NODE_WIDTH_MAX)
}

/// Where a component is drawn.
pub fn node_rect(record: &ComponentRecord) -> Rect {
    let width = node_width(&record.label, record.spec.members());
    Rect { x: record.at.x, y: record.at.y, width, height: NODE_HEIGHT }
}

/// Where a note is drawn.
pub fn note_rect(at: Point, text: &str) -> Rect {
    let wrapped = |line: &str| measure::wrap(line, Font::BODY, NOTE_WIDTH as f32).len().max(1);
    let lines: usize = text.lines().map(wrapped).sum();
    Rect { x: at.x, y: at.y, width: NOTE_WIDTH, height: NOTE_LINE * lines.max(1) as f64 }
}

/// How a wire from one node to another runs: from the right to the left where the target is to the
/// right, from below to above where it is underneath, and mirrored where it is the other way round.
pub fn route(from: Rect, to: Rect) -> Curve {
    let (right, left) = (from.x + from.width, to.x + to.width);
    let overlap = right.min(left) - from.x.max(to.x);
    let narrower = from.width.min(to.width);
    let (start, end) = (from.centre(), to.centre());
    let apart = |gap: f64| (gap / 2.0).clamp(REACH.0, REACH.1);
    let below = to.y >= from.y + from.height;
    let above = to.y + to.height <= from.y;
    if (below || above) && overlap >= STACKED * narrower {
        let down = if below { 1.0 } else { -1.0 };
        let aside = if below { 0.0 } else { BESIDE };
        let start = Point::new(start.x + aside, start.y + down * from.height / 2.0);
        let end = Point::new(end.x + aside, end.y - down * to.height / 2.0);
        // Straight when one is exactly under the other; no overshoot when they are close.
        let reach = ((end.y - start.y) * down / 2.0).min(REACH.1) * down;
        let first = Point::new(start.x, start.y + reach);
        let second = Point::new(end.x, end.y - reach);
        return Curve::new([start, first, second, end]);
    }
    if overlap > 0.0 && !below && !above {
        // One lies over the other: whoever draws them so sees a straight line.
        let third = |part: f64| {
            Point::new(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)
        };
        return Curve::new([start, third(1.0 / 3.0), third(2.0 / 3.0), end]);
    }
    let onward = end.x >= start.x;
    let (ahead, aside) = if onward { (1.0, 0.0) } else { (-1.0, BESIDE) };
    let start = Point::new(start.x + ahead * from.width / 2.0, start.y + aside);
    let end = Point::new(end.x - ahead * to.width / 2.0, end.y + aside);
    let reach = ahead * apart((end.x - start.x) * ahead);
    let first = Point::new(start.x + reach, start.y);
    let second = Point::new(end.x - reach, end.y);
    Curve::new([start, first, second, end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64) -> Rect {
        Rect { x, y, width: NODE_WIDTH, height: NODE_HEIGHT }
    }

    #[track_caller]
    fn check(from: Rect, to: Rect, path: &str) {
        assert_eq!(route(from, to).svg_path(), path);
    }

    #[test]
    fn wires_leave_and_enter_where_one_expects() {
        let (here, right) = (rect(0.0, 100.0), rect(230.0, 0.0));
        check(here, right, "M182 133C222 133 190 33 230 33");
        check(right, here, "M230 45C190 45 222 145 182 145");
        check(here, rect(600.0, 100.0), "M182 133C302 133 480 133 600 133");
        check(here, rect(0.0, 214.0), "M91 166C91 190 91 190 91 214");
        check(rect(0.0, 214.0), here, "M103 214C103 190 103 190 103 166");
        check(here, rect(60.0, 214.0), "M91 166C91 190 151 190 151 214");
        check(here, here, "M91 133C91 133 91 133 91 133");
    }

    #[test]
    fn there_and_back_do_not_cover_each_other() {
        for to in [rect(400.0, 100.0), rect(0.0, 300.0), rect(300.0, 500.0)] {
            let (there, back) = (route(rect(0.0, 100.0), to), route(to, rect(0.0, 100.0)));
            let (one, other) = (there.point_at(0.5), back.point_at(0.5));
            let apart = libm::hypot(one.x - other.x, one.y - other.y);
            assert!(apart > 5.0, "{} {}", there.svg_path(), back.svg_path());
        }
    }

    #[test]
    fn nodes_grow_with_their_label_up_to_a_bound() {
        assert_eq!(node_width("Store database", 3), NODE_WIDTH);
        assert!(node_width("Recommendations for readers", 4) > NODE_WIDTH);
        assert_eq!(node_width(&"very ".repeat(50), 900), NODE_WIDTH_MAX);
    }
}
