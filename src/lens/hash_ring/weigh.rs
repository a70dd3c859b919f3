//! A knob on the ring for each node, to weigh it: along the ring, clockwise for more. What that would move
//! is shown while it is held; let go, it is one edit.

use std::f32::consts::TAU;

use crate::scene::{Glyph, Mark, Rect, Shape, Slide, Spot, Tone};

use super::super::Act;
use super::super::column::Column;
use super::Ring;
use super::circle::Circle;
use super::panels::WEIGHTS;

/// From one weight to the next along the ring, and how far from there a pointer may be, in pixels.
const STEP: f32 = 26.0;
const REACH: f32 = 34.0;
/// Radius of a knob.
const KNOB: f32 = 4.5;

/// Draws them, if the scheme knows of weights.
pub(super) fn knobs(ring: &Ring, circle: &Circle, column: &mut Column) {
    if !ring.layout.by.scheme.weighs() {
        return;
    }
    let (inner, outer) = circle.band();
    let radius = f32::midpoint(inner, outer);
    for ordinal in (0..ring.members()).filter(|it| !ring.is_out(*it)) {
        let name = ring.name(ordinal);
        let weight = ring.layout.by.nodes[ordinal].weight;
        // From what it is in the run, whatever is being tried out.
        let set = ring.params.weights.of(ordinal);
        let mut weights: Vec<u32> = WEIGHTS.iter().copied().filter(|it| *it > 0).collect();
        if !weights.contains(&set) {
            weights.push(set);
            weights.sort_unstable();
        }
        let now = weights.iter().position(|it| *it == set).unwrap_or(0);
        // Its knob stands where it does in the run, and goes along with what is tried out.
        let trial = ring.moves.as_ref().filter(|it| it.trial);
        let turn = ring.handle_turn_in(trial.map_or(&ring.layout, |it| &it.before), ordinal);
        let place = |index: usize| {
            let along = (index as f32 - now as f32) * STEP / (TAU * radius);
            circle.center.around(turn + along, radius)
        };
        let spot = |(index, to): (usize, &u32)| {
            let at = place(index);
            let action = match index == now {
                true => Act::Note("node".into(), name.clone()).to_string(),
                false => ring.set_weight(ordinal, *to)?,
            };
            let area = Rect::new(at.x - REACH, at.y - REACH, 2.0 * REACH, 2.0 * REACH);
            Some(Spot { area, action, label: format!("weight {to}") })
        };
        let spots: Vec<_> = weights.iter().enumerate().filter_map(spot).collect();
        let shown = weights.iter().position(|it| *it == weight).unwrap_or(now);
        let shape = Shape::Glyph { glyph: Glyph::Dot, at: place(shown), radius: KNOB };
        let words =
            format!("Weight of {name}: {weight}; drag it clockwise for more, back for less");
        let mark = Mark::new(format!("weigh/{name}"), shape, Tone::Ink).labelled(words);
        column.marks.push(mark.sliding(Slide { spots, at: Some(now) }));
    }
}
