//! Members of one component that talk to each other: who reaches whom, as a matrix, and who stands on
//! which side of a cut.

use crate::engine::Via;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Glyph, Mark, Point, Rect, Shape, Tone};

use super::Subject;

mod sides;

pub use sides::Sides;

/// Side of a field of the matrix.
const FIELD: f32 = 24.0;

/// The members.
pub struct Mesh<'a> {
    subject: &'a Subject<'a>,
    /// Their slots, by ordinal.
    slots: Vec<u32>,
}

impl<'a> Mesh<'a> {
    /// Those of a lens's component.
    pub fn of(subject: &'a Subject<'a>) -> Self {
        let component = &subject.world.blueprint().components[subject.component as usize];
        Self { subject, slots: component.members.clone() }
    }

    /// What a member is called.
    pub fn name(&self, member: usize) -> String {
        self.subject.member_name(member)
    }

    /// Whether a member lives.
    pub fn is_up(&self, member: usize) -> bool {
        self.subject.world.is_up(self.slots[member])
    }

    /// Whether a message from one member would reach another.
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        let [from, to] = [from, to].map(|it| self.slots[it]);
        let world = self.subject.world;
        world.is_up(from) && world.is_up(to) && !world.stops(from, to, Via::Mesh(from))
    }

    /// How many members each can hear and be heard by, itself included.
    pub fn company(&self, member: usize) -> usize {
        let both = |it: &usize| self.reaches(member, *it) && self.reaches(*it, member);
        1 + (0..self.slots.len()).filter(|it| *it != member).filter(both).count()
    }

    /// Whether some who live cannot reach each other, at least one way.
    pub fn is_cut(&self) -> bool {
        let up: Vec<_> = (0..self.slots.len()).filter(|it| self.is_up(*it)).collect();
        up.iter().any(|a| up.iter().any(|b| a != b && !self.reaches(*a, *b)))
    }

    /// What is wrong with the network or the members, in a few words.
    pub fn state_of_network(&self) -> String {
        let down = (0..self.slots.len()).filter(|it| !self.is_up(*it));
        let down: Vec<_> = down.map(|it| self.name(it)).collect();
        match (self.is_cut(), down.as_slice()) {
            (false, []) => "all can reach each other".into(),
            (true, []) => "the network is cut".into(),
            (false, down) => format!("down: {}", down.join(", ")),
            (true, down) => format!("cut; down: {}", down.join(", ")),
        }
    }

    /// Room for the names of rows, on the left of the matrix.
    fn margin(&self) -> f32 {
        let name = |it| measure::width(&self.name(it), Font::SMALL) + 12.0;
        (0..self.slots.len()).map(name).fold(FIELD, f32::max)
    }

    /// How large the matrix is.
    pub fn matrix_size(&self) -> (f32, f32) {
        let n = self.slots.len() as f32;
        (self.margin() + FIELD * n, FIELD * (n + 1.0))
    }

    /// Who reaches whom: a row for each who speaks, a column for each who listens.
    pub fn matrix(&self, corner: Point, sheet: &mut Sheet) {
        let n = self.slots.len();
        let margin = self.margin();
        for member in 0..n {
            let along = FIELD * (member as f32 + 0.5);
            let name = self.name(member);
            let top = Point::new(corner.x + margin + along, corner.y + FIELD - 8.0);
            let left = Point::new(corner.x + margin - 8.0, corner.y + FIELD + along + 4.0);
            let word = |id: &str, at, words: &str| {
                Mark::text(format!("matrix/{id}/{member}"), at, words, Font::SMALL)
            };
            let brief = initials(&name);
            sheet.draw(word("to", top, &brief).anchored(Anchor::Middle).toned(Tone::Ink2));
            sheet.draw(word("from", left, &name).anchored(Anchor::End).toned(Tone::Ink2));
        }
        for from in 0..n {
            for to in 0..n {
                let at = |it: usize| FIELD * it as f32 + 2.0;
                let (x, y) = (corner.x + margin + at(to), corner.y + FIELD + at(from));
                let area = Rect::new(x, y, FIELD - 4.0, FIELD - 4.0);
                let middle = Point::new(area.x + area.width / 2.0, area.y + area.height / 2.0);
                let id = format!("matrix/{from}-{to}");
                let (x, y) = (self.name(from), self.name(to));
                if from == to {
                    let shape = Shape::Bar { area, radius: 3.0, fill: Fill::Solid };
                    sheet.draw(Mark::new(id, shape, Tone::Line2));
                    continue;
                }
                let (fill, tone, glyph, label) = match self.reaches(from, to) {
                    true => (Fill::Framed, Tone::Hit, Glyph::Check, format!("{x} reaches {y}")),
                    false => {
                        (Fill::Hollow, Tone::Fail, Glyph::Cross, format!("{x} does not reach {y}"))
                    }
                };
                let shape = Shape::Bar { area, radius: 3.0, fill };
                sheet.draw(Mark::new(&id, shape, tone).labelled(label.clone()));
                let shape = Shape::Glyph { glyph, at: middle, radius: Glyph::RADIUS };
                sheet.draw(Mark::new(format!("{id}/sign"), shape, tone).labelled(label));
            }
        }
    }

    /// While a cut stands between members, its sides and who reaches whom.
    pub fn parted(&self, sheet: &mut Sheet) {
        if !self.is_cut() {
            return;
        }
        sheet.space(8.0);
        sheet.caption("reach", ["Who can reach whom", &self.state_of_network()]);
        self.across(sheet);
        sheet.space(4.0);
        let block = sheet.block(self.matrix_size().1 + 8.0);
        self.matrix(Point::new(block.x, block.y + 4.0), sheet);
        sheet.words("reach/legend", "A row speaks, a column listens.");
    }
}

/// A name where there is room for two letters only: `replica 12` is `r12`.
fn initials(name: &str) -> String {
    if name.chars().count() <= 2 {
        return name.to_owned();
    }
    let (words, number) = name.rsplit_once(' ').unwrap_or((name, ""));
    let number = if number.bytes().all(|it| it.is_ascii_digit()) { number } else { "" };
    words.chars().take(1).chain(number.chars()).collect()
}
