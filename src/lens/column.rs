//! A column of a picture that stands beside another: filled from top to bottom.

use crate::algorithm::placement::Scheme;
use crate::scene::layout::chips::{self, Chip, Flow};
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{
    Anchor, CellStyle, Fill, Font, Glyph, Mark, Point, Rect, Shape, Slide, Spot, Stroke, Tone,
};

use super::Act;

/// Height of a row with a bar.
const ROW: f32 = 22.0;
/// How far above and below a track a pointer may be.
const REACH: f32 = 30.0;

/// Where marks go next.
pub struct Column<'a> {
    /// All marks of the picture.
    pub marks: &'a mut Vec<Mark>,
    /// Left edge, how far down it is filled, width.
    pub x: f32,
    /// How far down it is filled.
    pub y: f32,
    /// Width.
    pub width: f32,
}

/// One bar: a part of a whole as its length.
pub struct Bar<'a> {
    /// Id of its marks.
    pub id: String,
    /// What it is, on the left.
    pub name: &'a str,
    /// Length, 0 to 1.
    pub part: f64,
    /// Another length, as an outline: what was expected.
    pub ghost: Option<f64>,
    /// The figure on the right.
    pub figure: String,
    /// Its colour.
    pub tone: Tone,
    /// What it means, in a sentence.
    pub label: String,
}

impl Column<'_> {
    /// A column as wide as a sheet, at its end: the sheet goes on below it.
    pub fn on(sheet: &mut Sheet, draw: impl FnOnce(&mut Column)) {
        let (y, width) = (sheet.block(0.0).y, sheet.width());
        let mut column = Column { marks: sheet.marks(), x: 0.0, y, width };
        draw(&mut column);
        let taken = column.y - y;
        sheet.block(taken);
    }

    /// The room from here to the bottom of a block of `height`, which is taken.
    pub fn block(&mut self, height: f32) -> Rect {
        let area = Rect::new(self.x, self.y, self.width, height);
        self.y += height;
        area
    }

    /// Leaves room.
    pub fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// The schemes of placement to choose among, at most `rows` rows of them, and what the present one
    /// does; a click sets another.
    pub fn schemes<'a>(
        &mut self,
        title: &str,
        own: Scheme,
        schemes: impl Iterator<Item = &'a Scheme>,
        rows: usize,
    ) {
        self.caption("scheme", [title, ""]);
        let choice = |it: &'a Scheme| (it.id(), (it.label(), it.help()));
        self.choices_in(rows, ["scheme", "scheme"], schemes.map(choice), own.id());
    }

    /// The values of a setting to choose among: its marks and its name; each value with what it is called and
    /// what it means; and the present one, which is explained. A click sets another.
    pub fn choices<'a>(
        &mut self,
        names: [&str; 2],
        all: impl Iterator<Item = (&'a str, (&'a str, &'a str))>,
        own: &str,
    ) {
        self.choices_in(2, names, all, own);
    }

    /// The same, in at most so many rows.
    pub fn choices_in<'a>(
        &mut self,
        rows: usize,
        [id, field]: [&str; 2],
        all: impl Iterator<Item = (&'a str, (&'a str, &'a str))>,
        own: &str,
    ) {
        let mut chosen = "";
        let mut chips = Vec::new();
        for (value, (words, help)) in all {
            let mut chip = Chip::new(format!("{id}/{value}"), words);
            chip.label = Some(format!("{words}: {help}"));
            chip.action = Some(Act::Set(field.into(), format!("\"{value}\"")).to_string());
            let is = value == own;
            if is {
                chosen = help;
            }
            chips.push(
                chip.styled(Tone::Ink, if is { CellStyle::Strong } else { CellStyle::Plain }),
            );
        }
        self.chips(id, &chips, rows);
        self.space(2.0);
        self.words(&format!("{id}/help"), chosen);
    }

    /// A line: what follows on the left, a figure on the right.
    pub fn caption(&mut self, id: &str, words: [&str; 2]) {
        let at = Rect::new(self.x, self.y, self.width, 0.0);
        self.y += chips::caption(self.marks, id, at, words) + 4.0;
    }

    /// Words that wrap.
    pub fn words(&mut self, id: &str, text: &str) {
        let font = Font::SMALL;
        for (index, line) in measure::wrap(text, font, self.width).into_iter().enumerate() {
            let at = Point::new(self.x, self.y + 13.0);
            let mark = Mark::text(format!("{id}/{index}"), at, line, font).toned(Tone::Ink2);
            self.marks.push(mark);
            self.y += measure::line_height(font);
        }
    }

    /// A flow of cells.
    pub fn chips(&mut self, id: &str, chips: &[Chip], rows_max: usize) {
        self.chips_of(id, chips, rows_max, chips.len());
    }

    /// The same, of so many things in all.
    pub fn chips_of(&mut self, id: &str, chips: &[Chip], rows_max: usize, total: usize) {
        let flow = Flow { x: self.x, y: self.y, width: self.width, rows_max, total };
        self.y += chips::flow(self.marks, id, chips, flow);
    }

    /// Bars under each other, the first of which is the longest name's. `even`: a length marked
    /// across all of them.
    pub fn bars(&mut self, bars: &[Bar], even: Option<(f64, &str)>) {
        let name = |it: &Bar| measure::width(it.name, Font::SMALL);
        let left = bars.iter().map(name).fold(0.0, f32::max).min(self.width * 0.45) + 8.0;
        let figure = |it: &Bar| measure::width(&it.figure, Font::NUMBER);
        let right = bars.iter().map(figure).fold(0.0, f32::max) + 8.0;
        let room = self.width - left - right;
        let (top, start) = (self.y, self.x + left);
        for bar in bars {
            let row = self.block(ROW);
            let base = row.y + 15.0;
            let name = measure::fit(bar.name, Font::SMALL, left - 7.9);
            let id = &bar.id;
            let mark =
                Mark::text(format!("{id}#name"), Point::new(self.x, base), name, Font::SMALL);
            self.marks.push(mark);
            let area = |part: f64, y: f32, height: f32| {
                let width = (room * part.clamp(0.0, 1.0) as f32).max(1.0);
                Rect::new(start, y, width, height)
            };
            if let Some(ghost) = bar.ghost {
                let area = area(ghost, row.y + 3.0, 16.0);
                let shape = Shape::Bar { area, radius: 2.0, fill: Fill::Dashed };
                self.marks.push(Mark::new(format!("{id}#ghost"), shape, Tone::Ink2));
            }
            let fill = if bar.tone == Tone::Link { Fill::Solid } else { Fill::Soft };
            let shape = Shape::Bar { area: area(bar.part, row.y + 5.0, 12.0), radius: 2.0, fill };
            self.marks.push(Mark::new(id.clone(), shape, bar.tone).labelled(bar.label.clone()));
            let at = Point::new(self.x + self.width, base);
            let mark = Mark::text(format!("{id}#figure"), at, bar.figure.clone(), Font::NUMBER);
            self.marks.push(mark.anchored(Anchor::End));
        }
        if let (Some((even, words)), Some(first)) = (even, bars.first()) {
            let x = start + room * even.clamp(0.0, 1.0) as f32;
            let (from, to) = (Point::new(x, top + 1.0), Point::new(x, self.y));
            let shape = Shape::Line { from, to, stroke: Stroke::DASHED };
            let id = format!("{}-even", first.id.split('/').next().unwrap_or_default());
            self.marks.push(Mark::new(id.clone(), shape, Tone::Ink3));
            let half = measure::width(words, Font::SMALL) / 2.0;
            let middle = x.clamp(self.x + half, self.x + self.width - half);
            let at = Point::new(middle, self.y + 13.0);
            let mark = Mark::text(format!("{id}/words"), at, words, Font::SMALL);
            self.marks.push(mark.toned(Tone::Ink3).anchored(Anchor::Middle));
            self.y += measure::line_height(Font::SMALL);
        }
    }

    /// A knob on a track: what it sets on the left, its value on the right. Spots are what each place
    /// asks for, and what that is.
    pub fn slider(
        &mut self,
        id: &str,
        words: [&str; 2],
        spots: Vec<(String, String)>,
        at: Option<usize>,
    ) {
        self.caption(id, words);
        let row = self.block(24.0);
        let y = row.y + 12.0;
        let step = (row.width - 12.0) / spots.len().max(1) as f32;
        let x = |index: usize| self.x + 6.0 + step * (index as f32 + 0.5);
        let (from, to) = (Point::new(self.x, y), Point::new(self.x + self.width, y));
        let line = Shape::Line { from, to, stroke: Stroke::BOLD };
        self.marks.push(Mark::new(format!("{id}/line"), line, Tone::Line));
        let spots: Vec<_> = spots
            .into_iter()
            .enumerate()
            .map(|(index, (action, label))| {
                let (left, width) = (x(index) - step / 2.0, step);
                // The ends reach out to the sides.
                let area = Rect::new(left - 12.0, row.y - REACH, width + 24.0, 24.0 + 2.0 * REACH);
                Spot { area, action, label }
            })
            .collect();
        let shape = Shape::Bar { area: row, radius: 4.0, fill: Fill::Tint };
        let mark = Mark::new(id, shape, Tone::Line2).labelled(words.join(": "));
        self.marks.push(mark.sliding(Slide { spots, at }));
        if let Some(at) = at {
            let glyph = Shape::Glyph { glyph: Glyph::Dot, at: Point::new(x(at), y), radius: 6.0 };
            self.marks.push(Mark::new(format!("{id}/knob"), glyph, Tone::Ink));
        }
    }
}
