//! The circle of hashes: whose stretches, which keys, and the way from a key to its owner. Zero is
//! at the top, hashes grow clockwise. Each member has a lane of its own for its keys, so that nobody
//! has to be told by a shade.

use crate::scene::{
    CellStyle, Fill, Font, Glyph, Heads, Mark, Point, Rect, Shape, Slide, Spot, Stroke, Tone,
};

use super::super::Act;
use super::super::column::Column;
use super::{Ring, arcs, weigh};

/// Room for letters around the circle.
const AROUND: f32 = 30.0;
/// Largest radius.
const RADIUS_MAX: f32 = 170.0;
/// Thickness of the stretches.
const BAND: f32 = 12.0;
/// Height of all lanes together, and what is kept inside them for words.
const LANES: f32 = 44.0;
const INSIDE: f32 = 60.0;
/// Members with a lane each, at most.
const LANES_MAX: usize = 8;
/// Width of a letter's box.
pub(super) const WIDTH: f32 = 22.0;

/// Measures of a circle.
pub(super) struct Circle {
    /// Its middle.
    pub center: Point,
    /// Its outer radius.
    pub radius: f32,
    /// The room it has.
    area: Rect,
}

impl Circle {
    /// As large as a column allows, at its end.
    pub fn of(column: &mut Column) -> Self {
        let radius = (column.width / 2.0 - AROUND).min(RADIUS_MAX);
        let area = column.block(2.0 * (radius + AROUND));
        Self { center: area.middle(), radius, area }
    }

    /// Inner and outer radius of the stretches.
    pub fn band(&self) -> (f32, f32) {
        (self.radius - BAND, self.radius)
    }

    /// Height of all lanes together: less on a small circle, so that the words in it have room.
    fn lanes(&self) -> f32 {
        (self.radius - INSIDE).clamp(LANES / 3.0, LANES)
    }

    /// Inner and outer radius of a member's lane.
    fn lane(&self, at: usize, of: usize) -> (f32, f32) {
        let outer = self.radius - BAND - 4.0;
        if of > LANES_MAX {
            return (outer - self.lanes(), outer);
        }
        let height = self.lanes() / of as f32;
        let outer = outer - height * at as f32;
        (outer - height + 1.0, outer)
    }

    /// A line across a lane.
    pub fn tick(&self, turn: f32, (inner, outer): (f32, f32), stroke: Stroke) -> Shape {
        let (from, to) = (self.center.around(turn, inner), self.center.around(turn, outer));
        Shape::Line { from, to, stroke }
    }
}

/// Draws it.
pub fn draw(ring: &Ring, column: &mut Column) {
    let circle = Circle::of(column);
    arcs::draw(ring, &circle, column.marks);
    arcs::points(ring, &circle, column.marks);
    pick(ring, &circle, column.marks);
    keys(ring, &circle, column.marks);
    walk(ring, &circle, column.marks);
    middle(ring, &circle, column.marks);
    weigh::knobs(ring, &circle, column);
    handles(ring, &circle, column);
    arcs::letters(ring, &circle, column.marks);
}

/// Where a key is picked: all around, beneath the keys.
pub(super) fn pick(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let outer = circle.radius - BAND - 2.0;
    let inner = outer - circle.lanes() - 2.0;
    let mut order: Vec<usize> = (0..ring.keys.len()).collect();
    order.sort_by(|one, other| ring.turns[*one].total_cmp(&ring.turns[*other]));
    let spot = |key: &usize| {
        let at = circle.center.around(ring.turns[*key], f32::midpoint(inner, outer));
        let area = Rect::new(at.x - 40.0, at.y - 40.0, 80.0, 80.0);
        let action = Act::Note("key".into(), ring.keys.numbers[*key].to_string()).to_string();
        Spot { area, action, label: ring.keys.texts[*key].clone() }
    };
    let spots: Vec<_> = order.iter().map(spot).collect();
    let at = order.iter().position(|it| *it == ring.picked);
    let fill = Fill::Tint;
    let shape = Shape::Arc { center: circle.center, inner, outer, start: 0.0, end: 1.0, fill };
    let mark = Mark::new("pick", shape, Tone::Ink3).labelled("Key: drag around to pick one");
    marks.push(mark.sliding(Slide { spots, at }));
}

/// The keys, each in its owner's lane; what moved is lit, with where it came from.
fn keys(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let lanes = ring.members();
    for key in 0..ring.keys.len() {
        let (turn, owner) = (ring.turns[key], ring.layout.owners[key]);
        let (text, lane) = (&ring.keys.texts[key], circle.lane(owner, lanes));
        let before = ring.moves.as_ref().map(|it| it.before.owners[key]).filter(|it| *it != owner);
        let stroke = if before.is_some() {
            Stroke { width: 2.6, ..Stroke::BOLD }
        } else {
            Stroke { width: 1.4, ..Stroke::THIN }
        };
        let tone = if before.is_some() { Tone::Link } else { Tone::Ink3 };
        let label = match before {
            None => format!("{text}: {}", ring.name(owner)),
            Some(before) => format!("{text}: {}, before {}", ring.name(owner), ring.name(before)),
        };
        let mark = Mark::new(format!("key/{text}"), circle.tick(turn, lane, stroke), tone);
        marks.push(mark.labelled(label));
        if let Some(before) = before.filter(|_| lanes <= LANES_MAX) {
            let (inner, outer) = circle.lane(before, lanes);
            let at = circle.center.around(turn, f32::midpoint(inner, outer));
            let shape = Shape::Glyph { glyph: Glyph::Ring, at, radius: 2.6 };
            marks.push(Mark::new(format!("key/{text}#before"), shape, Tone::Link));
        }
    }
}

/// From the picked key clockwise to the point that owns it.
fn walk(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let turn = ring.turns[ring.picked];
    let outer = circle.radius + 2.0;
    let inner = circle.radius - BAND - circle.lanes() - 8.0;
    let shape = circle.tick(turn, (inner, outer), Stroke::BOLD);
    let text = &ring.keys.texts[ring.picked];
    marks.push(Mark::new("walk/key", shape, Tone::Selected).labelled(format!("{text}, picked")));
    let Some(end) = ring.owner_turn else { return };
    let end = if end < turn { end + 1.0 } else { end };
    let radius = circle.radius + 5.0;
    let steps = (((end - turn) * 180.0) as usize).clamp(1, 180);
    let at = |step: usize| turn + (end - turn) * step as f32 / steps as f32;
    let points = (0..=steps).map(|it| circle.center.around(at(it), radius)).collect();
    marks.push(Mark::new("walk", Shape::Path { points, stroke: Stroke::BOLD }, Tone::Selected));
    let from = circle.center.around(end, radius + 7.0);
    let to = circle.center.around(end, circle.radius);
    let shape = Shape::Arrow { from, to, stroke: Stroke::BOLD, heads: Heads::End };
    let label =
        format!("The next point clockwise is {}'s", ring.name(ring.layout.owners[ring.picked]));
    marks.push(Mark::new("walk/owner", shape, Tone::Selected).labelled(label));
}

/// Where zero is and which way hashes grow; and how many keys moved.
fn middle(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let Point { x, y } = circle.center;
    let hole = circle.radius - BAND - circle.lanes() - 10.0;
    let top = y - hole + 8.0;
    let words = |id: &str, at: Point, text: String, font: Font, tone: Tone| {
        Mark::text(id, at, text, font).toned(tone).anchored(crate::scene::Anchor::Middle)
    };
    let (from, to) = (Point::new(x, top - 8.0), Point::new(x, top - 3.0));
    marks.push(Mark::new("zero/line", Shape::Line { from, to, stroke: Stroke::BOLD }, Tone::Ink3));
    marks.push(words("zero", Point::new(x, top + 8.0), "0".into(), Font::NUMBER, Tone::Ink3));
    let (from, to) = (Point::new(x + 8.0, top + 4.0), Point::new(x + 26.0, top + 7.0));
    let shape = Shape::Arrow { from, to, stroke: Stroke::THIN, heads: Heads::End };
    marks.push(Mark::new("zero/way", shape, Tone::Ink3).labelled("Hashes grow clockwise"));
    let shown = ring.keys.len();
    let lines = match &ring.moves {
        Some(moves) => {
            let verb = if moves.trial { "would move" } else { "moved" };
            [moves.moved.to_string(), format!("of {shown} keys"), verb.to_owned()]
        }
        None => {
            let all = if ring.keys.total as usize > shown { "keys shown" } else { "keys" };
            [shown.to_string(), all.to_owned(), format!("on {} nodes", ring.layout.among.len())]
        }
    };
    let big = ring.moves.as_ref().map_or(Tone::Ink, |_| Tone::Link);
    let [count, of, what] = lines;
    marks.push(words("moved", Point::new(x, y + 2.0), count, Font::BIG_NUMBER, big));
    marks.push(words("moved#of", Point::new(x, y + 19.0), of, Font::SMALL, Tone::Ink2));
    marks.push(words("moved#what", Point::new(x, y + 35.0), what, Font::SMALL, Tone::Ink2));
}

/// A letter for each member, to be picked or dragged off the ring; in the corner, those that are not
/// on it, to be dragged there.
fn handles(ring: &Ring, circle: &Circle, column: &mut Column) {
    let (Point { x, y }, radius, block) = (circle.center, circle.radius, circle.area);
    let on_ring = Rect::new(x - radius, y - radius, 2.0 * radius, 2.0 * radius);
    // Beyond the letters, on all four sides.
    let (edge, far) = (radius + 4.0, 400.0);
    let off_ring = [
        Rect::new(x - edge, y - edge - far, 2.0 * edge, far),
        Rect::new(x + edge, y - edge - far, far, 2.0 * (edge + far)),
        Rect::new(x - edge, y + edge, 2.0 * edge, far),
        Rect::new(x - edge - far, y - edge - far, far, 2.0 * (edge + far)),
    ];
    // The middle of the ring, and what is around it.
    let hole = 0.7 * (radius - BAND - circle.lanes() - 8.0);
    let middle = Rect::new(x - hole, y - hole, 2.0 * hole, 2.0 * hole);
    let rest = radius - hole;
    let bands = [
        Rect::new(x - radius, y - radius, 2.0 * radius, rest),
        Rect::new(x + hole, y - hole, rest, 2.0 * hole),
        Rect::new(x - radius, y + hole, 2.0 * radius, rest),
        Rect::new(x - radius, y - hole, rest, 2.0 * hole),
    ];
    let mut corner = block.x;
    for ordinal in 0..=ring.members().min(25) {
        let name = ring.name(ordinal);
        let (down, out) = (!ring.layout.among.contains(&ordinal), ring.is_out(ordinal));
        let at = match out {
            true => Point::new(corner + WIDTH / 2.0, block.y + 12.0),
            false => circle.center.around(ring.handle_turn(ordinal), radius + 17.0),
        };
        if out {
            corner += WIDTH + 6.0;
        }
        let style = match (out, down) {
            (true, _) => CellStyle::Dashed,
            (false, true) => CellStyle::Struck,
            _ if ring.node == Some(ordinal) => CellStyle::Strong,
            _ => CellStyle::Plain,
        };
        let area = Rect::new(at.x - WIDTH / 2.0, at.y - 10.5, WIDTH, 21.0);
        let shape = Shape::Cell { area, text: name.clone(), style };
        let is_new = !out && !down && ring.is_new(ordinal);
        let tone = if is_new { Tone::Link } else { Tone::Ink };
        let words = match (out, down) {
            (true, _) => "not on the ring; drag it there to add it",
            (false, true) => "down",
            _ if ring.layout.among.len() > 1 => {
                "pick it, drag it off the ring, or into its middle to kill it"
            }
            _ => "pick it",
        };
        let mark = Mark::new(format!("node/{name}"), shape, tone);
        let mut mark = mark.labelled(format!("{name}: {words}"));
        let stays = Act::Note("node".into(), name).to_string();
        let there = ring.set_out(ordinal, !out);
        mark.action = if out { there.clone() } else { Some(stays.clone()) };
        mark.slide = there.map(|there| {
            let (on, off) = if out { (there, stays) } else { (stays, there) };
            let label = "off the ring";
            let off = |area: &Rect| Spot { area: *area, action: off.clone(), label: label.into() };
            let mut spots: Vec<_> = off_ring.iter().map(off).collect();
            let on = Spot { area: on_ring, action: on, label: "on the ring".into() };
            spots.insert(usize::from(out), on);
            if !out && ring.is_up(ordinal) && ring.layout.among.len() > 1 {
                let stays = spots.remove(0);
                let on = |area: &Rect| Spot { area: *area, ..stays.clone() };
                let kill = Act::Crash(ordinal as u16).to_string();
                spots.push(Spot { area: middle, action: kill, label: "killed".into() });
                // All around the middle; the first of them says that it stays.
                spots.insert(0, on(&bands[0]));
                spots.extend(bands[1..].iter().map(on));
            }
            Slide { spots, at: Some(0) }
        });
        column.marks.push(mark);
    }
}
