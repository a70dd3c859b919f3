//! An axis: a line, ticks and their words.

use super::measure;
use super::scale::Scale;
use crate::scene::{Anchor, Font, Mark, Point, Rect, Shape, Stroke, Tone};

/// Words for a value on an axis, with the digits it needs.
pub type Words<'a> = &'a dyn Fn(f64, usize) -> String;

/// A horizontal axis under `plot`, with faint lines up through it. Words that would touch their
/// neighbour are left out.
pub fn below(marks: &mut Vec<Mark>, id: &str, plot: Rect, scale: &Scale, words: Words) {
    let count = ((plot.width / 70.0) as usize).max(1);
    let decimals = scale.decimals(count);
    let base = plot.bottom();
    let ends = [Point::new(plot.x, base), Point::new(plot.right(), base)];
    marks.push(line(format!("{id}/line"), ends, Tone::Line));
    let mut taken_to = f32::MIN;
    for (index, value) in scale.ticks(count).into_iter().enumerate() {
        let x = scale.px(value);
        let ends = [Point::new(x, plot.y), Point::new(x, base + 4.0)];
        marks.push(line(format!("{id}/tick-{index}"), ends, Tone::Line2));
        let text = words(value, decimals);
        let width = measure::width(&text, Font::NUMBER);
        if width > plot.width {
            continue;
        }
        // The first and last stay within the plot.
        let middle = x.clamp(plot.x + width / 2.0, (plot.right() - width / 2.0).max(plot.x));
        if taken_to + 6.0 <= middle - width / 2.0 {
            taken_to = middle + width / 2.0;
            let mark = number(format!("{id}/word-{index}"), Point::new(middle, base + 17.0), text);
            marks.push(mark.anchored(Anchor::Middle));
        }
    }
}

/// A vertical axis left of `plot`, with faint lines across it.
pub fn left_of(marks: &mut Vec<Mark>, id: &str, plot: Rect, scale: &Scale, words: Words) {
    let count = ((plot.height / 32.0) as usize).max(1);
    let decimals = scale.decimals(count);
    for (index, value) in scale.ticks(count).into_iter().enumerate() {
        let y = scale.px(value);
        let ends = [Point::new(plot.x, y), Point::new(plot.right(), y)];
        marks.push(line(format!("{id}/tick-{index}"), ends, Tone::Line2));
        let at = Point::new(plot.x - 6.0, y + 4.0);
        let mark = number(format!("{id}/word-{index}"), at, words(value, decimals));
        marks.push(mark.anchored(Anchor::End));
    }
}

fn line(id: String, [from, to]: [Point; 2], tone: Tone) -> Mark {
    Mark::new(id, Shape::Line { from, to, stroke: Stroke::THIN }, tone)
}

fn number(id: String, at: Point, text: String) -> Mark {
    Mark::text(id, at, text, Font::NUMBER).toned(Tone::Ink3)
}
