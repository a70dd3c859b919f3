//! A scene as plain text: read aloud to people who do not see it, listed for tests.

use crate::base::order::sort_few;
use std::collections::BTreeSet;

use super::{CellStyle, Dash, Fill, Mark, Rect, Scene, Shape};

/// Marks whose middles differ by less than this, in pixels, are read as one line.
const SAME_LINE: f32 = 8.0;

impl Mark {
    /// The words drawn in a mark; none for a form without words.
    pub fn words(&self) -> &str {
        match &self.shape {
            Shape::Cell { text, .. } | Shape::Text { text, .. } => text,
            _ => "",
        }
    }
}

/// What a scene says, line by line from top to bottom and left to right: its title, its
/// description, then every label, and the words of marks that have none.
///
/// A label speaks for the parts of its mark: beside a labelled `lag`, `lag#unit` is not read.
pub fn reading(scene: &Scene) -> String {
    let labelled = scene.marks.iter().filter(|mark| mark.label.is_some());
    let labelled: BTreeSet<&str> = labelled.map(|mark| mark.id.as_str()).collect();
    let mut said: Vec<(f32, f32, &str)> = scene
        .marks
        .iter()
        .filter(|mark| mark.label.is_some() || !is_part(&mark.id, &labelled))
        .map(|mark| (mark, mark.label.as_deref().unwrap_or_else(|| mark.words())))
        .filter(|(_, words)| !words.is_empty())
        .map(|(mark, words)| (mark.shape.bounds().middle().y, mark.shape.bounds().x, words))
        .collect();
    sort_few(&mut said, |one, other| one.0 < other.0);
    let mut out = format!("{}\n{}\n", scene.title, scene.description);
    while let Some((top, ..)) = said.first() {
        let line_end = top + SAME_LINE;
        let count = said.iter().take_while(|(y, ..)| *y < line_end).count();
        let mut line: Vec<_> = said.drain(..count).collect();
        sort_few(&mut line, |one, other| one.1 < other.1);
        let words: Vec<&str> = line.iter().map(|(.., words)| *words).collect();
        out += &words.join("  ");
        out.push('\n');
    }
    out
}

/// Whether the mark of this id is a part of one that is labelled.
fn is_part(id: &str, labelled: &BTreeSet<&str>) -> bool {
    id.split_once('#').is_some_and(|(whole, _)| labelled.contains(whole))
}

/// Every mark on one line, in drawing order: id, form, tone, place in whole pixels, words, label
/// and action. For snapshots: it changes when the picture does.
pub fn listing(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut out = format!("{} {width:.0}×{height:.0}: {}\n", scene.title, scene.description);
    for mark in &scene.marks {
        let Rect { x, y, width, height } = mark.shape.bounds();
        let tone = mark.tone.name();
        out += &format!("{}: {} {tone}", mark.id, form(&mark.shape));
        out += &format!(" at {x:.0},{y:.0} {width:.0}×{height:.0}");
        if !mark.words().is_empty() {
            out += &format!(" “{}”", mark.words());
        }
        if let Some(label) = &mark.label {
            out += &format!(" ({label})");
        }
        if let Some(action) = &mark.action {
            out += &format!(" → {action}");
        }
        if let Some(slide) = &mark.slide {
            let spots: Vec<_> = slide.spots.iter().map(|it| it.action.as_str()).collect();
            out += &format!(" ↔ {}", spots.join(" | "));
        }
        out.push('\n');
    }
    out
}

/// The name of a form, with what makes it special.
fn form(shape: &Shape) -> String {
    match shape {
        Shape::Glyph { glyph, .. } => format!("{glyph:?}").to_ascii_lowercase(),
        Shape::Bar { fill, .. } => format!("{} bar", filled(*fill)),
        Shape::Arc { start, end, fill, .. } => {
            format!("{} arc {start:.3}–{end:.3}", filled(*fill))
        }
        Shape::Arcs { spans, fill, .. } => {
            let turns: f32 = spans.iter().map(|it| it.1 - it.0).sum();
            format!("{} {} arcs, {turns:.3} in all", spans.len(), filled(*fill))
        }
        Shape::Line { stroke, .. } => format!("{} line", dashed(stroke.dash)),
        Shape::Arrow { stroke, .. } => format!("{} arrow", dashed(stroke.dash)),
        Shape::Path { points, stroke } => {
            format!("{} path of {}", dashed(stroke.dash), points.len())
        }
        Shape::Polygon { points, fill } => format!("{} polygon of {}", filled(*fill), points.len()),
        Shape::Cell { style, .. } => match style {
            CellStyle::Plain => "plain cell".to_string(),
            CellStyle::Dashed => "dashed cell".to_string(),
            CellStyle::Struck => "struck cell".to_string(),
            CellStyle::Filled => "filled cell".to_string(),
            CellStyle::Strong => "strong cell".to_string(),
        },
        Shape::Text { .. } => "text".to_string(),
    }
}

fn filled(fill: Fill) -> &'static str {
    match fill {
        Fill::Solid => "solid",
        Fill::Soft => "soft",
        Fill::Tint => "tint",
        Fill::Framed => "framed",
        Fill::Hollow => "hollow",
        Fill::Dashed => "dashed",
    }
}

fn dashed(dash: Dash) -> &'static str {
    match dash {
        Dash::Whole => "whole",
        Dash::Dashed => "dashed",
        Dash::Dotted => "dotted",
    }
}
