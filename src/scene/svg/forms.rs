//! The forms SVG has no element for: signs, arrow heads, pieces of a ring.

use super::{Px, put};
use crate::scene::{Fill, Glyph, Heads, Point, Shape, Tone};

/// Draws a sign of this middle and radius.
pub(super) fn glyph(out: &mut String, glyph: Glyph, (at, radius): (Point, f32), tone: Tone) {
    let Point { x, y } = at;
    let r = radius;
    let (fill, edge) = (tone.token(), tone.line_token());
    let solid = format!(" fill=\"var({fill})\"");
    let lines = format!(" fill=\"none\" stroke=\"var({edge})\" stroke-width=\"1.8\"");
    let hollow = format!(" fill=\"var(--surface)\" stroke=\"var({edge})\" stroke-width=\"1.6\"");
    let circle = format!("<circle cx=\"{}\" cy=\"{}\"", Px(x), Px(y));
    match glyph {
        Glyph::Dot => put(out, format_args!("{circle} r=\"{}\"{solid}/>", Px(r))),
        Glyph::Ring => put(out, format_args!("{circle} r=\"{}\"{hollow}/>", Px(r - 0.8))),
        Glyph::Square => {
            // A square of a disc's area looks as large as the disc.
            square(out, at, 0.89 * r);
            put(out, format_args!("{solid}/>"));
        }
        Glyph::Diamond => {
            let r = 1.25 * r;
            path(out, &[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], "Z", &solid);
        }
        Glyph::Triangle => {
            let r = 1.1 * r;
            path(out, &[(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)], "Z", &solid);
        }
        Glyph::Cross => {
            path(out, &[(x - r, y - r), (x + r, y + r)], "", &lines);
            path(out, &[(x + r, y - r), (x - r, y + r)], "", &lines);
        }
        Glyph::Check => {
            let bend = (x - 0.25 * r, y + 0.75 * r);
            path(out, &[(x - r, y), bend, (x + r, y - 0.8 * r)], "", &lines);
        }
        Glyph::Alert => {
            square(out, at, r);
            put(out, format_args!("{hollow}/>"));
            path(out, &[(x, y - 0.6 * r), (x, y + 0.1 * r)], "", &lines);
            path(out, &[(x, y + 0.35 * r), (x, y + 0.65 * r)], "", &lines);
        }
        Glyph::Clock => {
            put(out, format_args!("{circle} r=\"{}\"{hollow}/>", Px(r)));
            path(out, &[(x, y - 0.65 * r), (x, y), (x + 0.5 * r, y)], "", &lines);
        }
    }
}

fn square(out: &mut String, at: Point, half: f32) {
    let (x, y, side) = (Px(at.x - half), Px(at.y - half), Px(2.0 * half));
    put(out, format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"1\""));
}

fn path(out: &mut String, points: &[(f32, f32)], close: &str, paint: &str) {
    let points: Vec<Point> = points.iter().map(|(x, y)| Point::new(*x, *y)).collect();
    put(out, format_args!("<path d=\"{}{close}\"{paint}/>", super::Points(&points)));
}

/// Draws the heads of an arrow, five pixels long.
pub(super) fn heads(out: &mut String, [from, to]: [Point; 2], heads: Heads, tone: Tone) {
    head(out, [from, to], tone);
    if heads == Heads::Both {
        head(out, [to, from], tone);
    }
}

fn head(out: &mut String, [from, to]: [Point; 2], tone: Tone) {
    let (x, y) = (to.x - from.x, to.y - from.y);
    let length = (x * x + y * y).sqrt();
    if length == 0.0 {
        return;
    }
    let (x, y) = (5.0 * x / length, 5.0 * y / length);
    let left = (to.x - x - 0.6 * y, to.y - y + 0.6 * x);
    let right = (to.x - x + 0.6 * y, to.y - y - 0.6 * x);
    let paint = format!(" fill=\"var({})\"", tone.line_token());
    path(out, &[(to.x, to.y), left, right], "Z", &paint);
}

/// The outline of a piece of a ring as path commands, and its fill. None for other shapes.
///
/// SVG draws no arc that ends where it began, so a whole turn is drawn as two halves.
pub(super) fn arc(shape: &Shape) -> Option<(String, Fill)> {
    let Shape::Arc { center, inner, outer, start, end, fill } = shape else { return None };
    let (center, inner, outer) = (*center, *inner, *outer);
    let span = (end - start).clamp(0.0, 1.0);
    let middle = start + span / 2.0;
    let turns = [*start, middle, start + span];
    let at = |turn: f32, radius: f32| {
        let Point { x, y } = center.around(turn, radius);
        format!("{} {}", Px(x), Px(y))
    };
    let mut path = format!("M{}", at(turns[0], outer));
    for turn in &turns[1..] {
        path += &format!("A{} {} 0 0 1 {}", Px(outer), Px(outer), at(*turn, outer));
    }
    let whole = span >= 1.0;
    path += &format!("{}{}", if whole { "ZM" } else { "L" }, at(turns[2], inner));
    for turn in turns[..2].iter().rev().filter(|_| inner > 0.0) {
        path += &format!("A{} {} 0 0 0 {}", Px(inner), Px(inner), at(*turn, inner));
    }
    path.push('Z');
    Some((path, *fill))
}

/// Draws pieces of a ring as the dashes of one thick circle: hundreds of them take little room.
pub(super) fn arcs(
    out: &mut String,
    center: Point,
    (inner, outer): (f32, f32),
    spans: &[(f32, f32)],
    (tone, fill): (Tone, Fill),
) {
    /// Into so many parts a turn is divided.
    const TURN: f32 = 10_000.0;
    let parts = |turns: f32| libm::roundf(turns * TURN) as u32;
    let (middle, width) = (f32::midpoint(inner, outer), outer - inner);
    let (top, bottom) = (center.y - middle, center.y + middle);
    let (x, radius) = (Px(center.x), Px(middle));
    put(out, format_args!("<path d=\"M{x} {}A{radius} {radius} 0 0 1 {x} {}", Px(top), Px(bottom)));
    put(out, format_args!("A{radius} {radius} 0 0 1 {x} {}\" pathLength=\"{TURN}\"", Px(top)));
    // A dash of no length first: the pattern begins with one, at the top.
    out.push_str(" fill=\"none\" stroke-dasharray=\"0");
    let mut last = 0;
    for (start, end) in spans {
        let (start, end) = (parts(*start).max(last), parts(*end));
        if end > start {
            put(out, format_args!(" {} {}", start - last, end - start));
            last = end;
        }
    }
    put(out, format_args!(" {}\" stroke=\"var({})\"", TURN as u32, tone.token()));
    if fill != Fill::Solid {
        out.push_str(" stroke-opacity=\".55\"");
    }
    put(out, format_args!(" stroke-width=\"{}\"/>", Px(width)));
}
