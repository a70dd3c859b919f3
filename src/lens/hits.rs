//! The hit ratio of a cache, second by second.

use crate::base::time::Nanos;
use crate::component::cache::{HIT, MISS};
use crate::engine::recorder::Window;
use crate::scene::layout::axis;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::{Anchor, Font, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Subject;
use super::column::Column;

/// Seconds shown.
pub const SHOWN: usize = 60;
/// Height of the plot, and the room left of it for the words.
const PLOT: f32 = 84.0;
const WORDS: f32 = 46.0;

/// The whole seconds that had ended at the cursor, oldest first.
pub fn seconds<'a>(subject: &Subject<'a>) -> Vec<&'a Window> {
    let at = subject.recorder.window_at(subject.component, 1, subject.now());
    let Some(((last, _), record)) = at.zip(subject.record()) else { return Vec::new() };
    record.windows[1].range(..=last).collect()
}

/// What was counted in a window.
pub fn counter(window: &Window, of: u8) -> u64 {
    window.counters.get(usize::from(of)).copied().unwrap_or(0).into()
}

/// How often something was counted, a second, in the `span` of whole seconds before the cursor.
pub fn rate(subject: &Subject, of: u8, span: usize) -> f64 {
    let windows = seconds(subject);
    let lately = &windows[windows.len().saturating_sub(span)..];
    let count: u64 = lately.iter().map(|it| counter(it, of)).sum();
    count as f64 / lately.len().max(1) as f64
}

/// How long those that ended stayed, on average, in the `span` of whole seconds before the cursor, ns.
pub fn mean(subject: &Subject, span: usize) -> Option<f64> {
    let windows = seconds(subject);
    let lately = windows.iter().rev().take(span).filter(|it| it.completed > 0);
    let add = |(sum, count): (f64, f64), it: &&Window| {
        let completed = f64::from(it.completed);
        (sum + f64::from(it.mean_ns) * completed, count + completed)
    };
    let (sum, count) = lately.fold((0.0, 0.0), add);
    (count > 0.0).then(|| sum / count)
}

/// Reads that hit, of all reads, in seconds in which there were any.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    /// Its end.
    pub end: Nanos,
    /// Reads that hit.
    pub hits: u64,
    /// All reads.
    pub reads: u64,
}

impl Second {
    /// None if nothing was read: there is no ratio.
    pub fn of(window: &Window) -> Option<Self> {
        let [hits, misses] = [HIT, MISS].map(|it| counter(window, it));
        let (end, reads) = (window.end, hits + misses);
        (reads > 0).then_some(Self { end, hits, reads })
    }

    /// The part of them that hit.
    pub fn ratio(&self) -> f64 {
        self.hits as f64 / self.reads as f64
    }

    /// How long after a moment it ended, in seconds; less than zero before it.
    pub fn after(&self, moment: Nanos) -> f64 {
        (self.end.0 as f64 - moment.0 as f64) / 1e9
    }
}

/// A line of ratios.
pub struct Line {
    /// Id of its marks.
    pub id: &'static str,
    /// Seconds on the axis, and the ratio then.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
    /// Its colour.
    pub tone: Tone,
    /// What it is, in a sentence.
    pub label: String,
}

/// Lines over an axis of seconds.
pub struct Plot<'a> {
    /// Id of its marks.
    pub id: &'a str,
    /// The seconds shown.
    pub span: Span,
    /// The largest ratio shown.
    pub high: f64,
    /// What the axis says at zero.
    pub zero: &'a str,
    /// Whether something happened there.
    pub moment: bool,
}

impl Plot<'_> {
    /// Draws the first line last.
    pub fn draw(&self, lines: &[Line], column: &mut Column) {
        let id = self.id;
        let area = column.block(PLOT + 30.0);
        let plot = Rect::new(area.x + WORDS, area.y + 6.0, area.width - WORDS - 8.0, PLOT);
        let up = Track { from_px: plot.bottom(), to_px: plot.y };
        let across = Track { from_px: plot.x, to_px: plot.right() };
        let y = Scale::linear(Span { low: 0.0, high: self.high }, up);
        let x = Scale::linear(self.span, across);
        let percent = |value: f64, _: usize| format!("{:.0} %", value * 100.0);
        axis::left_of(column.marks, &format!("{id}/y"), plot, &y, &percent);
        let word = |value: f64, _: usize| match value {
            0.0 => self.zero.to_owned(),
            value if value < 0.0 => format!("−{:.0} s", -value),
            value => format!("{value:.0} s"),
        };
        axis::below(column.marks, &format!("{id}/x"), plot, &x, &word);
        if self.moment {
            let at = x.px(0.0);
            let (from, to) = (Point::new(at, plot.y), Point::new(at, plot.bottom()));
            let shape = Shape::Line { from, to, stroke: Stroke::THIN };
            column.marks.push(Mark::new(format!("{id}/moment"), shape, Tone::Ink3));
        }
        if lines.iter().all(|it| it.points.is_empty()) {
            let at = Point::new(plot.x + plot.width / 2.0, plot.y + plot.height / 2.0);
            let none = Mark::text(format!("{id}/none"), at, "no reads yet", Font::SMALL);
            column.marks.push(none.toned(Tone::Ink3).anchored(Anchor::Middle));
        }
        for line in lines.iter().rev() {
            // Where nothing was read there is no ratio, and the line is broken.
            let pieces = line.points.chunk_by(|one, other| other.0 - one.0 <= 1.5);
            for (index, piece) in pieces.filter(|it| it.len() > 1).enumerate() {
                let points = piece.iter().map(|it| Point::new(x.px(it.0), y.px(it.1))).collect();
                let shape = Shape::Path { points, stroke: line.stroke };
                let mark = Mark::new(format!("{id}/{}-{index}", line.id), shape, line.tone);
                column.marks.push(mark.labelled(line.label.clone()));
            }
        }
    }
}
