//! The stretches of the circle: whose they are, which of them have another owner than before, and the
//! points that they end at.

use crate::base::text;
use crate::scene::{CellStyle, Fill, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Ring;
use super::circle::Circle;

/// Shades of members, in turn.
const SHADES: [(Tone, Fill); 3] =
    [(Tone::Ink3, Fill::Solid), (Tone::Line, Fill::Solid), (Tone::Ink3, Fill::Soft)];
/// How far a lit stretch stands out.
const LIT: f32 = 3.0;
/// From this length on, in turns, a stretch has its owner's letter.
const LETTERED: f32 = 0.045;
/// Size of a letter's box, and how far its middle stays from all else.
const BOX: f32 = 12.0;
const APART: f32 = 13.0;
/// Points drawn, at most.
pub(super) const DRAWN: usize = 64;

/// Whose the stretches of the circle are; those that have another owner than before are lit, and stand
/// out.
pub(super) fn draw(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let ((inner, outer), center) = (circle.band(), circle.center);
    let all = spans(&ring.layout.stretches());
    if all.is_empty() {
        let (start, end, fill) = (0.0, 1.0, Fill::Solid);
        let shape = Shape::Arc { center, inner: outer - 2.0, outer, start, end, fill };
        marks.push(Mark::new("circle", shape, Tone::Line));
        return;
    }
    let changed = changed(ring);
    let of = |all: &[(f32, f32, usize)], ordinal: usize| -> Vec<(f32, f32)> {
        all.iter().filter(|it| it.2 == ordinal).map(|it| (it.0, it.1)).collect()
    };
    for ordinal in &ring.layout.among {
        let (name, whole) = (ring.name(*ordinal), ring.layout.whole());
        let (tone, fill) = SHADES[*ordinal % SHADES.len()];
        let shape = Shape::Arcs { center, inner, outer, spans: of(&all, *ordinal), fill };
        let share = text::percent(ring.shares[*ordinal]);
        let mark = Mark::new(format!("arcs/{name}"), shape, tone);
        marks.push(mark.labelled(format!("{name}: {share} of the {whole}")));
        let spans = of(&changed, *ordinal);
        if spans.is_empty() {
            continue;
        }
        let share: f64 = spans.iter().map(|it| f64::from(it.1 - it.0)).sum();
        let label = format!("Lit: {} of the {whole}, now {name}'s", text::percent(share));
        let (outer, fill) = (outer + LIT, Fill::Solid);
        let shape = Shape::Arcs { center, inner, outer, spans, fill };
        marks.push(Mark::new(format!("arcs/{name}#lit"), shape, Tone::Link).labelled(label));
    }
}

/// Where each stretch begins and ends, and whose it is.
fn spans(stretches: &[(f32, usize)]) -> Vec<(f32, f32, usize)> {
    let mut last = 0.0;
    let span = |(end, owner): &(f32, usize)| (std::mem::replace(&mut last, *end), *end, *owner);
    stretches.iter().map(span).collect()
}

/// The stretches that have another owner than before. None where a key has another place on the circle
/// than it had.
fn changed(ring: &Ring) -> Vec<(f32, f32, usize)> {
    let mut changed: Vec<(f32, f32, usize)> = Vec::new();
    let Some(before) = ring.moves.as_ref().map(|it| &it.before) else { return changed };
    if ring.keys.texts.first().is_none_or(|it| before.turn(it) != ring.turns[0]) {
        return changed;
    }
    let (before, after) = (before.stretches(), ring.layout.stretches());
    let (mut one, mut other, mut last) = (0, 0, 0.0);
    // The circle is cut where either has an end.
    while let (Some(from), Some(to)) = (before.get(one), after.get(other)) {
        let end = from.0.min(to.0);
        if from.1 != to.1 && last < end {
            match changed.last_mut() {
                Some(it) if it.1 == last && it.2 == to.1 => it.1 = end,
                _ => changed.push((last, end, to.1)),
            }
        }
        one += usize::from(from.0 <= end);
        other += usize::from(to.0 <= end);
        last = end;
    }
    changed
}

/// The points of the nodes, if they are few: lines across the stretches.
pub(super) fn points(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let Some((points, bits)) = ring.layout.placed.points() else { return };
    if points.len() > DRAWN {
        return;
    }
    let (inner, outer) = circle.band();
    for (at, point) in points.iter().enumerate() {
        let name = ring.name(ring.layout.among[point.node as usize]);
        let turn = libm::ldexp(point.at as f64, -(bits as i32));
        let shape = circle.tick(turn as f32, (inner - 1.0, outer + 2.0), Stroke::BOLD);
        let label = format!("{name}: a virtual node at {}", text::percent(turn));
        marks.push(Mark::new(format!("vnode/{at}"), shape, Tone::Ink).labelled(label));
    }
}

/// The owner's letter in each stretch that is long enough, beside all that lies on it.
pub(super) fn letters(ring: &Ring, circle: &Circle, marks: &mut Vec<Mark>) {
    let on_it = |it: &Mark| match it.shape {
        Shape::Glyph { at, .. } if it.id.starts_with("weigh/") => Some(at),
        _ => None,
    };
    let mut taken: Vec<Point> = marks.iter().filter_map(on_it).collect();
    let nodes = marks.iter().filter(|it| it.id.starts_with("node/"));
    let handles: Vec<Rect> = nodes.map(|it| it.shape.bounds()).collect();
    let (inner, outer) = circle.band();
    let radius = f32::midpoint(inner, outer);
    let turns = ring.turns.get(ring.picked).copied().into_iter().chain(ring.owner_turn);
    taken.extend(turns.map(|it| circle.center.around(it, radius)));
    for (index, (start, end, owner)) in spans(&ring.layout.stretches()).into_iter().enumerate() {
        if end - start < LETTERED {
            continue;
        }
        let place = |part: f32| circle.center.around(start + (end - start) * part, radius);
        let area = |it: Point| Rect::new(it.x - BOX / 2.0, it.y - BOX / 2.0, BOX, BOX);
        let is_free = |at: &Point| {
            taken.iter().all(|it| libm::hypotf(it.x - at.x, it.y - at.y) >= APART)
                && handles.iter().all(|it| !it.overlaps(area(*at)))
        };
        let Some(at) = [0.5, 0.3, 0.7].map(place).into_iter().find(is_free) else { continue };
        let area = area(at);
        let shape = Shape::Cell { area, text: ring.name(owner), style: CellStyle::Plain };
        marks.push(Mark::new(format!("letter/{index}"), shape, Tone::Ink));
    }
}
