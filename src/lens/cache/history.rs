//! The hit ratio over time.

use crate::base::text;
use crate::scene::layout::scale::Span;
use crate::scene::{Stroke, Tone};

use super::super::column::Column;
use super::super::hits::{Line, Plot, SHOWN, Second, seconds};
use super::Inside;

impl Inside<'_> {
    /// Second by second, up to the cursor.
    pub(super) fn history(&self, column: &mut Column) {
        let windows = seconds(self.subject);
        let windows = &windows[windows.len().saturating_sub(SHOWN)..];
        column.caption("history", ["Hit ratio, second by second", "last 60 s"]);
        let read: Vec<_> = windows.iter().filter_map(|it| Second::of(it)).collect();
        let latest = read.last().map(|it| {
            let ratio = text::percent(it.ratio());
            format!("{ratio} of the reads hit in the latest second that had any")
        });
        let now = self.subject.now();
        let line = Line {
            id: "line",
            points: read.iter().map(|it| (it.after(now), it.ratio())).collect(),
            stroke: Stroke::BOLD,
            tone: Tone::Ink,
            label: latest.unwrap_or_default(),
        };
        let span = Span { low: -(SHOWN as f64), high: 0.0 };
        Plot { id: "history", span, high: 1.0, zero: "now", moment: false }.draw(&[line], column);
    }
}
