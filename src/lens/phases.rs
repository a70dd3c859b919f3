//! How long something took, phase by phase on one line of time, and what came of it.

use crate::base::text;
use crate::base::time::Nanos;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Shape, Tone};

use super::act::Act;

/// Height of a phase's row.
const ROW: f32 = 20.0;
/// Room for how long it took.
const FIGURE: f32 = 64.0;

/// A phase: its name, what it lasted until, and from when to when.
pub type Phase = (&'static str, &'static str, Nanos, Nanos);

/// A row for each phase, from a start on for so long; each leads to the moment it began. The first one is what
/// went wrong.
pub fn phases(id: &str, phases: Vec<Phase>, start: Nanos, total: Nanos, sheet: &mut Sheet) {
    let names = phases.iter().map(|it| measure::width(it.0, Font::SMALL));
    let left = names.fold(0.0, f32::max) + 8.0;
    for (index, (name, help, from, to)) in phases.into_iter().enumerate() {
        let row = sheet.block(ROW);
        let room = row.width - left - FIGURE;
        let part = |at: Nanos| at.saturating_sub(start).0 as f32 / (total.0.max(1)) as f32;
        let id = format!("{id}/{index}");
        let at = Point::new(0.0, row.y + 14.0);
        sheet.draw(Mark::text(format!("{id}#name"), at, name, Font::SMALL).toned(Tone::Ink2));
        let (x, width) = (left + room * part(from), (room * (part(to) - part(from))).max(2.0));
        let area = Rect::new(x.min(left + room - width), row.y + 4.0, width, 12.0);
        let took = text::duration(to.saturating_sub(from).0 as f64);
        let shape = Shape::Bar { area, radius: 2.0, fill: Fill::Soft };
        let tone = if index == 0 { Tone::Fail } else { Tone::Control };
        let mark = Mark::new(&id, shape, tone).labelled(format!("{name}: {took}, {help}"));
        sheet.draw(mark.asking(Act::At(from.0).to_string()));
        let at = Point::new(row.right(), row.y + 14.0);
        let figure = Mark::text(format!("{id}#figure"), at, took, Font::NUMBER);
        sheet.draw(figure.anchored(Anchor::End));
    }
}

/// A sign and words: what came of it.
pub fn verdict(id: &str, tone: Tone, words: &str, sheet: &mut Sheet) {
    let lines = measure::wrap(words, Font::BODY, sheet.width() - 18.0);
    for (index, line) in lines.into_iter().enumerate() {
        let row = sheet.block(measure::line_height(Font::BODY));
        if index == 0 {
            let at = Point::new(6.0, row.y + 10.0);
            sheet.draw(Mark::sign(format!("{id}/sign"), at, tone));
        }
        let at = Point::new(18.0, row.y + 14.0);
        sheet.draw(Mark::text(format!("{id}/{index}"), at, line, Font::BODY));
    }
}
