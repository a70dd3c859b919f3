//! Lining up what is selected.

use crate::base::geometry::{Point, Rect};
use crate::base::order::sort_few;

/// What is brought into line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left edges.
    Left,
    /// Middles, one under another.
    Centre,
    /// Right edges.
    Right,
    /// Top edges.
    Top,
    /// Middles, side by side.
    Middle,
    /// Bottom edges.
    Bottom,
    /// Equal gaps from left to right.
    Across,
    /// Equal gaps from top to bottom.
    Down,
}

impl Side {
    /// Every one, with what it is called.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Left, "Align left"),
        (Self::Centre, "Align centres"),
        (Self::Right, "Align right"),
        (Self::Top, "Align top"),
        (Self::Middle, "Align middles"),
        (Self::Bottom, "Align bottom"),
        (Self::Across, "Equal gaps across"),
        (Self::Down, "Equal gaps down"),
    ];

    /// By how much each must move.
    pub fn shifts(self, rects: &[Rect]) -> Vec<Point> {
        let Some(all) = rects.iter().copied().reduce(Rect::union) else { return Vec::new() };
        let (right, bottom) = (all.x + all.width, all.y + all.height);
        let (middle, across) = (all.centre(), |x| Point::new(x, 0.0));
        let down = |y| Point::new(0.0, y);
        let each = |it: &Rect| match self {
            Self::Left => across(all.x - it.x),
            Self::Centre => across(middle.x - it.centre().x),
            Self::Right => across(right - it.x - it.width),
            Self::Top => down(all.y - it.y),
            Self::Middle => down(middle.y - it.centre().y),
            Self::Bottom => down(bottom - it.y - it.height),
            Self::Across | Self::Down => Point::default(),
        };
        match self {
            Self::Across => gaps(rects, |it| (it.x, it.width)).into_iter().map(across).collect(),
            Self::Down => gaps(rects, |it| (it.y, it.height)).into_iter().map(down).collect(),
            _ => rects.iter().map(each).collect(),
        }
    }
}

/// By how much each must move for the gaps between them to be equal; the outermost stay.
fn gaps(rects: &[Rect], of: fn(&Rect) -> (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..rects.len()).collect();
    sort_few(&mut order, |a, b| of(&rects[*a]).0 < of(&rects[*b]).0);
    let mut shifts = vec![0.0; rects.len()];
    let (Some(first), Some(last)) = (order.first(), order.last()) else { return shifts };
    let start = of(&rects[*first]).0;
    let end = of(&rects[*last]).0 + of(&rects[*last]).1;
    let filled: f64 = rects.iter().map(|it| of(it).1).sum();
    let gap = (end - start - filled) / (rects.len().max(2) - 1) as f64;
    let mut at = start;
    for index in order {
        let (from, length) = of(&rects[index]);
        shifts[index] = at - from;
        at += length + gap;
    }
    shifts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn edges_and_middles_meet_and_gaps_are_equal() {
        let rects = [
            rect(0.0, 0.0, 100.0, 20.0),
            rect(300.0, 50.0, 50.0, 20.0),
            rect(120.0, 10.0, 40.0, 60.0),
        ];
        let moved = |side: Side| -> Vec<Rect> {
            let shifts = side.shifts(&rects);
            let by = |(it, by): (&Rect, Point)| Rect { x: it.x + by.x, y: it.y + by.y, ..*it };
            rects.iter().zip(shifts).map(by).collect()
        };
        assert!(moved(Side::Left).iter().all(|it| it.x == 0.0));
        assert!(moved(Side::Right).iter().all(|it| it.x + it.width == 350.0));
        assert!(moved(Side::Centre).iter().all(|it| it.centre().x == 175.0));
        assert!(moved(Side::Top).iter().all(|it| it.y == 0.0));
        assert!(moved(Side::Bottom).iter().all(|it| it.y + it.height == 70.0));
        assert!(moved(Side::Middle).iter().all(|it| it.centre().y == 35.0));
        let across = moved(Side::Across);
        // 350 wide, 190 of it filled: two gaps of 80.
        assert_eq!(across.iter().map(|it| it.x).collect::<Vec<_>>(), [0.0, 300.0, 180.0]);
        let down = moved(Side::Down);
        // 70 high, 100 filled: they overlap by 15 each.
        assert_eq!(down.iter().map(|it| it.y).collect::<Vec<_>>(), [0.0, 50.0, 5.0]);
        assert!(Side::Left.shifts(&[]).is_empty());
    }
}
