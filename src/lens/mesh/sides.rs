//! Who stands on which side of a cut: members and clients are dragged across.

use crate::engine::fault::Target;
use crate::lens::Act;
use crate::scene::layout::sheet::Sheet;
use crate::scene::layout::{chips, measure};
use crate::scene::{CellStyle, Fill, Mark, Point, Rect, Shape, Slide, Spot, Tone};

use super::Mesh;

/// Height of a name with the room below it, and of the name itself.
const NAME: [f32; 2] = [32.0, 26.0];
/// Room around names, and between the two sides.
const GAPS: [f32; 2] = [8.0, 16.0];

/// One who stands on a side.
struct Party {
    target: Target,
    name: String,
    /// Whether it stands on the second side.
    over: bool,
}

/// A cut that somebody can be dragged across.
pub struct Sides {
    cut: String,
    parties: Vec<Party>,
    /// Where the two sides are drawn.
    areas: [Rect; 2],
}

impl Sides {
    /// Where somebody can be dragged: the two sides, and the places of those who stand there.
    pub fn slide(&self, who: &Target, places: &[(Target, Point)]) -> Option<Slide> {
        let over = self.parties.iter().find(|it| it.target == *who)?.over;
        let mut spots = Vec::new();
        let mut first = 0;
        for side in [false, true] {
            if side {
                first = spots.len();
            }
            let action = Act::Move(who.clone(), side, self.cut.clone()).to_string();
            let label = match (side == over, side) {
                (true, _) => "stays on its side".to_owned(),
                (false, _) => format!("to {}", self.company(side)),
            };
            let spot = |area| Spot { area, action: action.clone(), label: label.clone() };
            let there = |it: &&(Target, Point)| {
                it.0 != *who && self.parties.iter().any(|of| of.target == it.0 && of.over == side)
            };
            let around =
                |it: &(Target, Point)| spot(Rect::new(it.1.x - 24.0, it.1.y - 24.0, 48.0, 48.0));
            spots.extend(places.iter().filter(there).map(around));
            spots.push(spot(self.areas[usize::from(side)]));
        }
        // Keys go from one side to the other in one step.
        Some(Slide { at: Some(if over { first } else { first - 1 }), spots })
    }

    /// Who stands on a side, by name.
    fn company(&self, over: bool) -> String {
        let names = self.parties.iter().filter(|it| it.over == over).map(|it| it.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Mesh<'_> {
    /// The latest cut around this component, and its sides, drawn.
    pub fn across(&self, sheet: &mut Sheet) -> Option<Sides> {
        let blueprint = self.subject.world.blueprint();
        let (cut, sides) = self.subject.world.sides(&self.slots)?;
        let mut parties: Vec<Party> = Vec::new();
        for (over, slot) in [false, true]
            .into_iter()
            .zip(sides)
            .flat_map(|it| it.1.iter().map(move |slot| (it.0, *slot)))
        {
            let (component, ordinal) = blueprint.members[slot as usize];
            let id = &blueprint.components[component as usize].id;
            let party = match component == self.subject.component {
                true => Party {
                    target: Target::member(id, ordinal),
                    name: self.name(ordinal.into()),
                    over,
                },
                false => {
                    Party { target: Target::component(id), name: (self.subject.name)(id), over }
                }
            };
            if !parties.iter().any(|it| it.target == party.target) {
                parties.push(party);
            }
        }
        if ![false, true].iter().all(|side| parties.iter().any(|it| it.over == *side)) {
            return None;
        }
        sheet.caption("sides", ["The two sides of the cut", "drag across"]);
        let width = (sheet.width() - GAPS[1]) / 2.0;
        let tried = match self.subject.trial() {
            Some(Act::Move(who, over, of)) if of == cut => Some((who, over)),
            _ => None,
        };
        // Whoever is tried on the other side is drawn there.
        let side = |it: &Party| {
            tried.as_ref().filter(|tried| tried.0 == it.target).map_or(it.over, |it| it.1)
        };
        let mut ends = [Point::new(GAPS[0], GAPS[0]); 2];
        let mut names = Vec::new();
        for it in &parties {
            let at = usize::from(side(it));
            let font = chips::font(CellStyle::Plain);
            let name = measure::fit(&it.name, font, width - 2.0 * GAPS[0] - 16.0);
            let wide = measure::width(&name, font) + 16.0;
            let end = &mut ends[at];
            if end.x > GAPS[0] && end.x + wide > width - GAPS[0] {
                *end = Point::new(GAPS[0], end.y + NAME[0]);
            }
            names.push((at, Rect::new(end.x, end.y, wide, NAME[1]), name));
            end.x += wide + GAPS[0];
        }
        let height = ends[0].y.max(ends[1].y) + NAME[0] + 2.0;
        let [one, other] = sheet.columns(height, [width; 2], GAPS[1]);
        sheet.space(6.0);
        let sides = Sides { cut: cut.to_owned(), parties, areas: [one, other] };
        for (at, area) in sides.areas.iter().enumerate() {
            let tried = tried.as_ref().is_some_and(|it| usize::from(it.1) == at);
            let fill = if tried { Fill::Tint } else { Fill::Dashed };
            let words = format!("{} on this side of the cut", sides.company(at == 1));
            let shape = Shape::Bar { area: *area, radius: 6.0, fill };
            sheet.draw(Mark::new(format!("cut/{at}"), shape, Tone::Line).labelled(words));
        }
        for (it, (at, area, name)) in sides.parties.iter().zip(names) {
            let corner = sides.areas[at];
            let area = Rect { x: corner.x + area.x, y: corner.y + area.y, ..area };
            let style = if side(it) == it.over { CellStyle::Plain } else { CellStyle::Dashed };
            let shape = Shape::Cell { area, text: name, style };
            let mark = Mark::new(format!("across/{}", it.target), shape, Tone::Ink);
            let mut mark = mark.labelled(format!("{}: drag it across the cut", it.name));
            mark.slide = sides.slide(&it.target, &[]);
            sheet.draw(mark);
        }
        Some(sides)
    }
}
