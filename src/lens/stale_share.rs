//! The part of reads that were out of date, second by second: after a partition has healed, or a replica has
//! caught up, it falls back to nothing.

use crate::base::time::Nanos;
use crate::engine::recorder::{WINDOWS, Window};
use crate::scene::layout::scale::Span;
use crate::scene::{Stroke, Tone};

use super::Subject;
use super::column::Column;
use super::hits::{Line, Plot, SHOWN, seconds};

/// What a second's reads came to: its end, how many there were, and how many of them were stale.
pub type Second = (Nanos, u64, u64);

/// The last seconds of a store whose stale reads are caught as they happen: `reads` counts those of a second.
pub fn caught(subject: &Subject, reads: impl Fn(&Window) -> u64) -> Vec<Second> {
    let windows = seconds(subject);
    let lately = &windows[windows.len().saturating_sub(SHOWN)..];
    let stale =
        |it: &Window| subject.recorder.staleness.within(subject.component, it.end, WINDOWS[1]);
    lately.iter().map(|it| (it.end, reads(it), stale(it))).collect()
}

/// Draws it, where there have been stale reads.
pub fn draw(subject: &Subject, seconds: &[Second], column: &mut Column) {
    let share = |(end, all, stale): &Second| {
        let back = end.0 as f64 - subject.now().0 as f64;
        (*all > 0).then(|| (back / 1e9, (*stale as f64 / *all as f64).min(1.0)))
    };
    let points: Vec<_> = seconds.iter().filter_map(share).collect();
    if points.iter().all(|it| it.1 == 0.0) {
        return;
    }
    let last = points.last().map_or(0.0, |it| it.1 * 100.0);
    let most = points.iter().map(|it| it.1).fold(0.0, f64::max);
    let high = [0.05, 0.1, 0.2, 0.5].into_iter().find(|it| most <= *it).unwrap_or(1.0);
    let most = most * 100.0;
    column.space(8.0);
    column.caption("share", ["Stale reads, part of all", &format!("now {last:.1} %")]);
    let span = Span { low: -(SHOWN as f64), high: 0.0 };
    let plot = Plot { id: "share", span, high, zero: "now", moment: false };
    let label = format!(
        "Of the reads of each second, the part that was stale: {last:.1} % now, {most:.1} % at most"
    );
    let line = Line { id: "line", points, stroke: Stroke::BOLD, tone: Tone::Stale, label };
    plot.draw(&[line], column);
}
