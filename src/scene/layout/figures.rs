//! Tiles with a small label and a large figure, side by side in one frame.

use super::measure;
use crate::scene::{Fill, Font, Mark, Point, Rect, Shape, Stroke, Tone};

/// Height of a tile in pixels.
pub const HEIGHT: f32 = 50.0;
/// Room between the frame and the words.
const PADDING: f32 = 9.0;
/// Room between a figure and its unit.
const UNIT_GAP: f32 = 4.0;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Id of the marks, and of the figure's explanation.
    pub id: String,
    /// What it counts, and over what window.
    pub label: String,
    /// The figure, formatted.
    pub value: String,
    /// Its unit; empty if it counts things.
    pub unit: String,
    /// Its colour: ink, unless something is wrong.
    pub tone: Tone,
    /// What it means, in a sentence.
    pub help: Option<String>,
}

impl Figure {
    /// A figure in ink.
    pub fn new(id: &str, label: &str, value: impl Into<String>, unit: &str) -> Self {
        Self {
            id: id.to_string(),
            label: label.to_string(),
            value: value.into(),
            unit: unit.to_string(),
            tone: Tone::Ink,
            help: None,
        }
    }

    /// The width of a tile that holds all of it.
    fn width(&self) -> f32 {
        let unit = measure::width(&self.unit, Font::SMALL);
        let gap = if self.unit.is_empty() { 0.0 } else { UNIT_GAP };
        let value = measure::width(&self.value, Font::BIG_NUMBER) + gap + unit;
        value.max(measure::width(&self.label, Font::SMALL)) + 2.0 * PADDING
    }
}

/// Lays tiles out in rows, as many in a row as hold all their words; equally wide if that will do,
/// else by their words. Returns the height taken; no figures take none.
pub fn tiles(marks: &mut Vec<Mark>, id: &str, figures: &[Figure], at: Rect) -> f32 {
    if figures.is_empty() {
        return 0.0;
    }
    let widths = columns(figures, at.width);
    let rows = figures.len().div_ceil(widths.len());
    let height = rows as f32 * HEIGHT;
    let frame = Rect::new(at.x, at.y, at.width, height);
    let shape = Shape::Bar { area: frame, radius: 8.0, fill: Fill::Hollow };
    marks.push(Mark::new(format!("{id}/frame"), shape, Tone::Line2));
    for row in 1..rows {
        let y = at.y + row as f32 * HEIGHT;
        let ends = [Point::new(at.x, y), Point::new(at.right(), y)];
        marks.push(divider(format!("{id}/row-{row}"), ends));
    }
    let mut x = at.x;
    for (column, width) in widths.iter().enumerate() {
        if 0 < column {
            let ends = [Point::new(x, at.y), Point::new(x, at.y + height)];
            marks.push(divider(format!("{id}/column-{column}"), ends));
        }
        for (row, figure) in figures.iter().skip(column).step_by(widths.len()).enumerate() {
            tile(marks, figure, Rect::new(x, at.y + row as f32 * HEIGHT, *width, HEIGHT));
        }
        x += width;
    }
    height
}

/// The widths of as many columns as hold all words.
fn columns(figures: &[Figure], width: f32) -> Vec<f32> {
    for rows in 1..figures.len() {
        // As even as can be: four in two rows are two and two, not three and one.
        let count = figures.len().div_ceil(rows);
        let needed: Vec<f32> = (0..count)
            .map(|column| figures.iter().skip(column).step_by(count))
            .map(|column| column.map(Figure::width).fold(0.0, f32::max))
            .collect();
        let equal = width / count as f32;
        if needed.iter().all(|needed| *needed <= equal) {
            return vec![equal; count];
        }
        let slack = (width - needed.iter().sum::<f32>()) / count as f32;
        if 0.0 <= slack {
            return needed.iter().map(|needed| needed + slack).collect();
        }
    }
    vec![width]
}

fn divider(id: String, [from, to]: [Point; 2]) -> Mark {
    Mark::new(id, Shape::Line { from, to, stroke: Stroke::THIN }, Tone::Line2)
}

fn tile(marks: &mut Vec<Mark>, figure: &Figure, area: Rect) {
    let x = area.x + PADDING;
    let room = area.width - 2.0 * PADDING;
    let label = measure::fit(&figure.label, Font::SMALL, room + 0.01);
    let at = Point::new(x, area.y + 19.0);
    let mark = Mark::text(format!("{}#label", figure.id), at, label, Font::SMALL);
    marks.push(mark.toned(Tone::Ink3));
    let at = Point::new(x, area.y + 39.0);
    let unit_x = x + measure::width(&figure.value, Font::BIG_NUMBER) + UNIT_GAP;
    let told = figure.help.clone().unwrap_or_else(|| {
        let said = format!("{}: {} {}", figure.label, figure.value, figure.unit);
        said.trim_end().to_string()
    });
    let value = Mark::text(figure.id.clone(), at, figure.value.clone(), Font::BIG_NUMBER);
    marks.push(value.toned(figure.tone).labelled(told));
    if !figure.unit.is_empty() {
        let at = Point::new(unit_x, at.y);
        let unit = Mark::text(format!("{}#unit", figure.id), at, figure.unit.clone(), Font::SMALL);
        marks.push(unit.toned(Tone::Ink2));
    }
}
