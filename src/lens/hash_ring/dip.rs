//! What a change of the nodes does to the hit ratio, second by second: over it, what the same change did
//! in the future that was left behind, from the moment of the change on.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::Spec;
use crate::scene::layout::scale::Span;
use crate::scene::{Stroke, Tone};

use super::super::column::Column;
use super::super::hits::{Line, Plot, SHOWN, Second, seconds};
use super::Ring;
use super::moves::{earlier, what};

/// Seconds shown before a change.
const BEFORE: f64 = 10.0;
/// A dip is looked for so long after a change, in seconds.
const DIP: f64 = 10.0;

/// A change of the nodes by an edit.
struct Change {
    at: Nanos,
    /// In a few words.
    what: String,
}

/// Hits of the reads before a change, and of the worst second after it; none where nothing was read.
fn told(read: &[Second], at: Nanos) -> Option<(f64, f64)> {
    let near = |it: &&Second| (-BEFORE..=0.0).contains(&it.after(at));
    let add = |(hits, reads): (u64, u64), it: &Second| (hits + it.hits, reads + it.reads);
    let (hits, reads) = read.iter().filter(near).fold((0, 0), add);
    let after = read.iter().filter(|it| it.after(at) > 0.0 && it.after(at) <= DIP);
    let worst = after.map(Second::ratio).reduce(f64::min)?;
    (reads > 0).then(|| (hits as f64 / reads as f64, worst))
}

impl Ring<'_> {
    /// The latest change, as long as what it did is shown.
    fn changed(&self) -> Option<Change> {
        let by = &self.layout.by;
        let (at, (before, among)) = earlier(self.subject, by)?;
        let shown = (SHOWN as f64 - BEFORE) * 1e9;
        let recent = self.subject.now().saturating_sub(at).0 as f64 <= shown;
        let what = what((&before, &among), (by, &by.ordinals()), false);
        recent.then_some(Change { at, what })
    }

    /// The same change in the future that was left behind: when, and by which scheme.
    fn left(&self, change: &Change) -> Option<(Nanos, &'static str)> {
        let same = |(at, from, to): &(Nanos, &Spec, &Spec)| {
            let (from, to) = (from.membership()?, to.membership()?);
            let words = what((&from, &from.ordinals()), (&to, &to.ordinals()), false);
            (words == change.what).then_some((*at, to.scheme.label()))
        };
        self.subject.before?.edits.iter().rev().find_map(same)
    }

    /// The hit ratio around the latest change, or of late.
    pub(super) fn dip(&self, column: &mut Column) {
        let read: Vec<_> = seconds(self.subject).into_iter().filter_map(Second::of).collect();
        let Some(change) = self.changed() else {
            column.caption("dip", ["Hit ratio, second by second", "last 60 s"]);
            let span = Span { low: -(SHOWN as f64), high: 0.0 };
            let line = line("line", &read, self.subject.now(), span);
            Plot { id: "dip", span, high: 1.0, zero: "now", moment: false }.draw(&[line], column);
            column.space(8.0);
            return;
        };
        let at = change.at;
        let span = Span { low: -BEFORE, high: SHOWN as f64 - BEFORE };
        column.caption("dip", ["Hit ratio, second by second", &format!("0 s: {}", change.what)]);
        let mut lines = vec![line("line", &read, at, span)];
        let ghost = self.left(&change).and_then(|(then, scheme)| {
            let record =
                self.subject.before?.recorder.components.get(self.subject.component as usize)?;
            let read: Vec<_> = record.windows[1].iter().filter_map(Second::of).collect();
            Some((read, then, scheme))
        });
        if let Some((read, then, scheme)) = &ghost {
            let mut line = line("ghost", read, *then, span);
            (line.stroke, line.tone) = (Stroke::DASHED, Tone::Ink2);
            line.label = format!("The future you left, by {scheme}: {}", change.what);
            lines.push(line);
        }
        Plot { id: "dip", span, high: 1.0, zero: "0 s", moment: true }.draw(&lines, column);
        if let Some((before, worst)) = told(&read, at) {
            let words = format!(
                "{} of reads hit in the {BEFORE:.0} s before, {} in the worst second since.",
                text::percent(before),
                text::percent(worst),
            );
            column.words("dip/worst", &words);
        }
        if let Some((read, then, scheme)) = ghost
            && let Some((before, worst)) = told(&read, then)
        {
            let words = format!(
                "Dashed: the same by {scheme}, in the future you left: {}, then {}.",
                text::percent(before),
                text::percent(worst),
            );
            column.words("dip/left", &words);
        }
        column.space(8.0);
    }
}

/// The seconds around a moment as a line.
fn line(id: &'static str, read: &[Second], moment: Nanos, span: Span) -> Line {
    let points = read.iter().map(|it| (it.after(moment), it.ratio()));
    let label = match read.last() {
        Some(it) => format!("{} of reads hit in the latest second", text::percent(it.ratio())),
        None => String::new(),
    };
    let points = points.filter(|it| (span.low..=span.high).contains(&it.0)).collect();
    Line { id, points, stroke: Stroke::BOLD, tone: Tone::Ink, label }
}
