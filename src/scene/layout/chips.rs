//! A flow of cells that wraps like words and says how many it left out.

use super::measure;
use crate::scene::{Anchor, CellStyle, Font, Mark, Point, Rect, Shape, Tone, Weight};

/// Height of a cell in pixels.
pub const HEIGHT: f32 = 21.0;
/// Room between cells, both ways.
pub const GAP: f32 = 4.0;
/// Room between the outline of a cell and its word.
const PADDING: f32 = 6.0;

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Id of the mark.
    pub id: String,
    /// The word in it.
    pub text: String,
    /// Its colour, by meaning.
    pub tone: Tone,
    /// What state the thing is in.
    pub style: CellStyle,
    /// Tooltip and accessible name.
    pub label: Option<String>,
    /// What a click asks for.
    pub action: Option<String>,
}

impl Chip {
    /// A plain chip.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            text: text.into(),
            tone: Tone::Ink,
            style: CellStyle::Plain,
            label: None,
            action: None,
        }
    }

    /// The same in another tone and style.
    pub fn styled(self, tone: Tone, style: CellStyle) -> Self {
        Self { tone, style, ..self }
    }
}

/// The font of a cell's word.
pub fn font(style: CellStyle) -> Font {
    let weight = if style == CellStyle::Strong { Weight::Bold } else { Weight::Regular };
    Font { weight, ..Font::NUMBER }
}

/// The width of a cell that holds all of its word. A hue adds its sign in front.
pub fn width(chip: &Chip) -> f32 {
    measure::width(&chip.text, font(chip.style)) + 2.0 * PADDING + sign_width(chip.tone)
}

/// The room the sign of a hue takes in a cell.
pub fn sign_width(tone: Tone) -> f32 {
    if tone.is_hue() { 13.0 } else { 0.0 }
}

/// Where chips may go and how much of them there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Left end of the rows.
    pub x: f32,
    /// Top of the first row.
    pub y: f32,
    /// Length of a row.
    pub width: f32,
    /// Rows at most, at least 1.
    pub rows_max: usize,
    /// How many things there are in all, shown or not; at least the number of chips given.
    pub total: usize,
}

/// Lays chips out in rows. What finds no place, or was not given, is counted at the end in the
/// words "… 37 more". Returns the height taken; nothing takes no height.
pub fn flow(marks: &mut Vec<Mark>, id: &str, chips: &[Chip], flow: Flow) -> f32 {
    let total = flow.total.max(chips.len());
    if total == 0 {
        return 0.0;
    }
    let widths: Vec<f32> = chips.iter().map(|chip| width(chip).min(flow.width)).collect();
    let mut shown = rows(&widths, flow).len();
    loop {
        // The words about the rest take their place in the row like a chip.
        let rest = (shown < total).then(|| more(total - shown));
        let mut items = widths[..shown].to_vec();
        items.extend(rest.as_deref().map(|words| measure::width(words, Font::SMALL)));
        let places = rows(&items, flow);
        if places.len() < items.len() {
            shown -= 1;
            continue;
        }
        for ((chip, (x, y)), width) in chips.iter().zip(&places).take(shown).zip(&widths) {
            marks.push(cell(chip, Rect::new(*x, *y, *width, HEIGHT)));
        }
        let bottom = places.last().map_or(flow.y, |(_, y)| *y);
        if let (Some(words), Some((x, y))) = (rest, places.last()) {
            let mark =
                Mark::text(format!("{id}/more"), Point::new(*x, y + 15.0), words, Font::SMALL);
            marks.push(mark.toned(Tone::Ink2));
        }
        return bottom + HEIGHT - flow.y;
    }
}

/// The places of as many items as the rows hold; the first always finds one.
fn rows(widths: &[f32], flow: Flow) -> Vec<(f32, f32)> {
    let (mut x, mut row) = (flow.x, 0);
    let mut places = Vec::new();
    for width in widths {
        if flow.x < x && flow.x + flow.width < x + width {
            (x, row) = (flow.x, row + 1);
        }
        if flow.rows_max.max(1) <= row {
            break;
        }
        places.push((x, flow.y + row as f32 * (HEIGHT + GAP)));
        x += width + GAP;
    }
    places
}

fn more(count: usize) -> String {
    format!("{} {count} more", measure::ELLIPSIS)
}

fn cell(chip: &Chip, area: Rect) -> Mark {
    let room = area.width - 2.0 * PADDING - sign_width(chip.tone);
    let text = measure::fit(&chip.text, font(chip.style), room + 0.01);
    // A word that was cut is told in full.
    let told = chip.label.clone().or_else(|| (text != chip.text).then(|| chip.text.clone()));
    Mark {
        id: chip.id.clone(),
        shape: Shape::Cell { area, text, style: chip.style },
        tone: chip.tone,
        label: told,
        action: chip.action.clone(),
        slide: None,
    }
}

/// A line above a flow: what it is on the left, how many on the right; two lines where one has not the
/// room. Returns the height taken.
pub fn caption(marks: &mut Vec<Mark>, id: &str, area: Rect, words: [&str; 2]) -> f32 {
    let [left, right] = words;
    let mut baseline = area.y + 13.0;
    let line = measure::line_height(Font::SMALL);
    let both = measure::width(left, Font::SMALL) + 8.0 + measure::width(right, Font::NUMBER);
    let lines = if right.is_empty() || both <= area.width { 1.0 } else { 2.0 };
    let left = measure::fit(left, Font::SMALL, area.width);
    let start = Point::new(area.x, baseline);
    marks.push(Mark::text(format!("{id}/caption"), start, left, Font::SMALL).toned(Tone::Ink3));
    if !right.is_empty() {
        baseline += line * (lines - 1.0);
        let right = measure::fit(right, Font::NUMBER, area.width);
        let end = Point::new(area.right(), baseline);
        let mark = Mark::text(format!("{id}/caption-end"), end, right, Font::NUMBER);
        marks.push(mark.toned(Tone::Ink3).anchored(Anchor::End));
    }
    line * lines
}
