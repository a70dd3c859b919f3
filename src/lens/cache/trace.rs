//! Misses by size and policy of a trace that somebody has brought.

use serde::{Deserialize, Serialize};

use crate::algorithm::eviction::survey::{Point, Survey};
use crate::algorithm::eviction::{Policy, Rule};
use crate::base::text;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Dash, Mark, Scene, Shape, Stroke, Tone};

use super::super::column::Column;
use super::curves::{Axes, Curve, stroke};

/// Sizes at which LRU's curve is drawn, which is known at all.
const DRAWN: u64 = 120;
/// From one rule's error bars to the next rule's, in pixels.
const ASIDE: f32 = 2.0;
/// The bars of an error.
const BAR: Stroke = Stroke { width: 1.2, ..Stroke::BOLD };
/// A thick curve beside a thin one.
const THICK: Stroke = Stroke { width: 3.2, dash: Dash::Dashed };

/// The cache that somebody looks at, and with how much room.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// Its policy.
    pub policy: Policy,
    /// Entries it may hold.
    pub capacity: u64,
    /// Width of the picture in pixels.
    pub width: f32,
}

/// Draws what is known so far.
pub fn draw(survey: &Survey, present: &Present) -> Scene {
    let (requests, keys) = (text::count(survey.requests()), text::count(survey.keys()));
    let words = format!("Misses by size of {requests} requests for {keys} keys.");
    let mut sheet = Sheet::new(present.width.clamp(200.0, 4_000.0), "Your trace", words);
    Column::on(&mut sheet, |column| fill(survey, present, column));
    sheet.space(4.0);
    sheet.finish()
}

fn fill(survey: &Survey, present: &Present, column: &mut Column) {
    column.caption("curves", ["Misses by size, in entries", ""]);
    let known = survey.curves();
    let most = survey.sizes().last().copied().unwrap_or(1);
    let missed = |it: &Point| 1.0 - it.hit_ratio;
    let step = |it: u64| (most * it / DRAWN).max(1);
    let lru: Vec<Point> = (1..=DRAWN).filter_map(|it| survey.lru(step(it))).collect();
    let all = || known.iter().flat_map(|it| &it.1).chain(&lru);
    let high = all().map(|it| missed(it) + it.error).fold(0.05, f64::max);
    let axes = Axes::new(known.iter().map(|it| it.0.label()), high, most, column);
    axes.draw(column);
    let is_lru = |it: Rule| it == Rule::Policy(Policy::Lru);
    for (index, (rule, points)) in known.iter().enumerate() {
        let aside = (index as f32 - known.len() as f32 / 2.0) * ASIDE;
        for it in points.iter().filter(|it| it.error > 0.0) {
            let end = |missed: f64| {
                let at = axes.at(it.size, missed.clamp(0.0, high.min(1.0)));
                crate::scene::Point { x: at.x + aside, ..at }
            };
            let (from, to) = (end(missed(it) - it.error), end(missed(it) + it.error));
            let id = format!("error/{}/{}", rule.id(), it.size);
            let label = format!(
                "{} at {}: {} misses, ± {} points",
                rule.label(),
                text::count(it.size),
                text::percent(missed(it)),
                text::number(it.error * 100.0),
            );
            let bar = Mark::new(id, Shape::Line { from, to, stroke: BAR }, Tone::Ink3);
            column.marks.push(bar.labelled(label));
        }
    }
    let curve = |(rule, points): &(Rule, Vec<Point>)| -> Curve<'static> {
        let points = if is_lru(*rule) { &lru } else { points };
        let points = points.iter().map(|it| (it.size, missed(it))).collect();
        match rule {
            Rule::Policy(Policy::Lru) => (rule.label(), points, Stroke::BOLD, Tone::Ink),
            // Told apart though they lie close together.
            Rule::Policy(Policy::S3Fifo) => (rule.label(), points, THICK, Tone::Ink2),
            Rule::Policy(Policy::WTinyLfu) => (rule.label(), points, BAR, Tone::Ink3),
            _ => (rule.label(), points, stroke(*rule, present.policy), Tone::Ink2),
        }
    };
    axes.curves(known.iter().map(curve), column);
    if present.capacity <= most {
        let x = axes.x.px(present.capacity as f64);
        let (from, to) = (axes.at(0, 0.0), axes.at(0, high.min(1.0)));
        let (from, to) = (crate::scene::Point { x, ..from }, crate::scene::Point { x, ..to });
        let label = format!("The cache's size now: {} entries", text::count(present.capacity));
        let line = Shape::Line { from, to, stroke: Stroke::DOTTED };
        column.marks.push(Mark::new("curves/now", line, Tone::Ink2).labelled(label));
    }
}
