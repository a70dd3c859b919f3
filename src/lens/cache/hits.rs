//! The hit ratio over time.

use crate::base::text;
use crate::component::cache::{HIT, MISS};
use crate::scene::layout::axis;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::{Anchor, Font, Mark, Point, Rect, Shape, Stroke, Tone};

use super::super::column::Column;
use super::{Inside, counter, seconds};

/// Seconds shown.
const SHOWN: usize = 60;
/// Height of the plot, and the room left of it for the words.
const PLOT: f32 = 84.0;
const WORDS: f32 = 46.0;

impl Inside<'_> {
    /// Second by second, up to the cursor.
    pub(super) fn history(&self, column: &mut Column) {
        let windows = seconds(self.subject);
        let windows = &windows[windows.len().saturating_sub(SHOWN)..];
        column.caption("history", ["Hit ratio, second by second", "last 60 s"]);
        let area = column.block(PLOT + 30.0);
        let plot = Rect::new(area.x + WORDS, area.y + 6.0, area.width - WORDS - 8.0, PLOT);
        let up = Track { from_px: plot.bottom(), to_px: plot.y };
        let across = Track { from_px: plot.x, to_px: plot.right() };
        let y = Scale::linear(Span { low: 0.0, high: 1.0 }, up);
        let x = Scale::linear(Span { low: -(SHOWN as f64), high: 0.0 }, across);
        let percent = |value: f64, _: usize| format!("{:.0} %", value * 100.0);
        axis::left_of(column.marks, "history/y", plot, &y, &percent);
        let ago = |value: f64, _: usize| match value {
            0.0 => "now".into(),
            value => format!("−{:.0} s", -value),
        };
        axis::below(column.marks, "history/x", plot, &x, &ago);
        // Where nothing was read there is no ratio, and the line is broken.
        let mut lines: Vec<Vec<Point>> = vec![Vec::new()];
        let (mut before, mut latest) = (None, None);
        for window in windows {
            let [hits, misses] = [HIT, MISS].map(|it| counter(window, it) as f64);
            let ago = self.subject.now().saturating_sub(window.end).0 as f64 / 1e9;
            let gap = before.is_some_and(|it: f64| it - ago > 1.5);
            before = Some(ago);
            if hits + misses == 0.0 || gap {
                lines.push(Vec::new());
            }
            if hits + misses > 0.0 {
                let ratio = hits / (hits + misses);
                latest = Some(ratio);
                let point = Point::new(x.px(-ago), y.px(ratio));
                lines.last_mut().expect("there is one").push(point);
            }
        }
        let Some(latest) = latest else {
            let at = Point::new(plot.x + plot.width / 2.0, plot.y + plot.height / 2.0);
            let none = Mark::text("history/none", at, "no reads yet", Font::SMALL);
            column.marks.push(none.toned(Tone::Ink3).anchored(Anchor::Middle));
            return;
        };
        let label =
            format!("{} of the reads hit in the latest second that had any", text::percent(latest));
        for (index, points) in lines.into_iter().filter(|it| it.len() > 1).enumerate() {
            let shape = Shape::Path { points, stroke: Stroke::BOLD };
            let line = Mark::new(format!("history/line-{index}"), shape, Tone::Ink);
            column.marks.push(line.labelled(label.clone()));
        }
    }
}
