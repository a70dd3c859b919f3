//! Misses by size and policy: curves from the reads the cache has seen, and where it is on them.

use crate::algorithm::eviction::{Policy, Rule};
use crate::base::text;
use crate::scene::layout::axis;
use crate::scene::layout::measure;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::{
    Anchor, Dash, Fill, Font, Glyph, Mark, Point, Rect, Shape, Slide, Spot, Stroke, Tone,
};

use super::super::Act;
use super::super::column::Column;
use super::Inside;
use super::study::{READS_MIN, SEEN_MIN, Study};

/// Height of the plot, and the room left of it for the words.
const PLOT: f32 = 170.0;
const WORDS: f32 = 46.0;
/// Sizes that the present one can be dragged to.
const SPOTS: u64 = 40;
/// Points drawn of a curve that is known at every size.
const POINTS: u64 = 60;
/// Steps of a guess.
const GUESSES: u64 = 24;
/// From baseline to baseline of the curves' names.
const NAME: f32 = 15.0;

/// The stroke of a curve other than LRU's: of the bound, of the cache's own policy, of another.
const BOUND: Stroke = Stroke { width: 1.6, dash: Dash::Dotted };
const OWN: Stroke = Stroke { width: 1.4, dash: Dash::Whole };
const OTHER: Stroke = Stroke { width: 2.0, dash: Dash::Dashed };

impl Inside<'_> {
    /// The curves, with the present size on them.
    pub(super) fn curves(&self, column: &mut Column) {
        column.space(8.0);
        let Some(study) = self.study() else {
            column.caption("curves", ["Misses by size", ""]);
            let words = format!("The curves come with {} reads.", text::count(READS_MIN as u64));
            column.words("curves/none", &words);
            return;
        };
        let (open, all) = study.open();
        let state = match open {
            0 => String::new(),
            _ => format!("{} of {all} points", all - open),
        };
        let title = match self.params.max_memory {
            0 => "Misses by size, on the reads seen here",
            _ => "Misses by size (kB), on the reads seen here",
        };
        column.caption("curves", [title, &state]);
        let others: Vec<_> = study.others().collect();
        let names = std::iter::once("LRU").chain(others.iter().map(|it| it.0.label()));
        let points = || others.iter().flat_map(|it| &it.1).map(|it| it.1);
        let high = points().chain([study.lru(study.most / SPOTS)]).fold(0.05, f64::max);
        let axes = Axes::new(names, high, study.most, column);
        let (plot, at) = (axes.plot, |size: u64, missed: f64| axes.at(size, missed));
        self.handle(&study, plot, &axes.x, column);
        axes.draw(column);
        let step = |it: u64| (study.most * it / POINTS).max(1);
        let lru = (1..=POINTS).map(|it| (step(it), study.lru(step(it)))).collect();
        let known = others
            .iter()
            .map(|it| (it.0.label(), it.1.clone(), stroke(it.0, self.params.policy), Tone::Ink2));
        let curves = std::iter::once(("LRU", lru, Stroke::BOLD, Tone::Ink)).chain(known);
        axes.curves(curves, column);
        let own = others.iter().find(|it| it.0 == Rule::Policy(self.params.policy));
        let own = own.map_or(&[][..], |it| &it.1);
        self.present(&study, own, plot, &at, column);
        self.reading(&study, own, column);
        self.question(column);
    }

    /// What ten points more of hits would do? The guess stays, to be compared.
    fn question(&self, column: &mut Column) {
        let ([hits, misses], seconds) = self.reads;
        let rate = misses / seconds.max(1) as u64;
        let guess = self.subject.noted("guess").and_then(|it| it.parse::<u64>().ok());
        let share = hits as f64 / (hits + misses).max(1) as f64;
        let now = text::count(rate);
        if let Some(guess) = guess {
            column.space(6.0);
            let words = format!("Your guess: {} misses a second. Now: {now}.", text::count(guess));
            column.words("guess/told", &words);
        }
        if !(0.5..0.88).contains(&share) || rate < 10 || !self.up {
            return;
        }
        column.space(6.0);
        let [from, to] = [share, share + 0.1].map(|it| format!("{:.0} %", it * 100.0));
        let words = format!("From {from} to {to} hits: misses a second?");
        let value = guess.map_or("drag to guess".into(), text::count);
        let step = (rate * 5 / 4).div_ceil(GUESSES).next_multiple_of(5);
        let spot = |it: u64| {
            let act = Act::Note("guess".into(), it.to_string()).to_string();
            (act, format!("{} a second, of {now} now", text::count(it)))
        };
        let spots: Vec<_> = (0..=GUESSES).map(|it| spot(it * step)).collect();
        let at = guess.map(|it| (it / step).min(GUESSES) as usize);
        column.slider("guess", [&words, &value], spots, at);
    }

    /// What the present size can be dragged by: all of the plot.
    fn handle(&self, study: &Study, plot: Rect, x: &Scale, column: &mut Column) {
        let now = self.size();
        let mut sizes: Vec<u64> = (1..=SPOTS).map(|it| (study.most * it / SPOTS).max(1)).collect();
        sizes.dedup();
        let at = sizes.iter().position(|it| *it == now);
        let width = plot.width / SPOTS as f32;
        let spot = |size: &u64| {
            let (left, height) = (x.px(*size as f64) - width, plot.height + 60.0);
            let area = Rect::new(left, plot.y - 30.0, 2.0 * width, height);
            let action = Act::Set(self.size_field().into(), size.to_string()).to_string();
            Spot { area, action, label: self.size_words(*size) }
        };
        let spots = sizes.iter().map(spot).collect();
        let nearest = sizes.iter().rposition(|it| *it <= now).unwrap_or(0);
        let shape = Shape::Bar { area: plot, radius: 2.0, fill: Fill::Tint };
        let label = format!("Size of the cache: {}", self.size_words(now));
        let mark = Mark::new("curves/size", shape, Tone::Line2).labelled(label);
        column.marks.push(mark.sliding(Slide { spots, at: at.or(Some(nearest)) }));
    }

    /// The size that is tried out, or else the present one.
    fn tried(&self) -> Option<u64> {
        match self.subject.trial() {
            Some(Act::Set(field, value)) if field == self.size_field() => value.parse().ok(),
            _ => None,
        }
    }

    /// Where the cache is: its size, and what was measured; and where it would be.
    fn present(
        &self,
        study: &Study,
        own: &[(u64, f64)],
        plot: Rect,
        at: &dyn Fn(u64, f64) -> Point,
        column: &mut Column,
    ) {
        let now = self.size();
        let mut upright = |id: &str, size: u64, tone| {
            let x = at(size, 0.0).x;
            let (from, to) = (Point::new(x, plot.y), Point::new(x, plot.bottom()));
            let line = Shape::Line { from, to, stroke: Stroke::DOTTED };
            column.marks.push(Mark::new(id, line, tone));
        };
        upright("curves/now", now, Tone::Ink2);
        let tried = self.tried();
        if let Some(tried) = tried {
            upright("curves/tried", tried, Tone::Ink);
        }
        if let Some([hits, misses, _]) = study.seen {
            let missed = misses as f64 / (hits + misses).max(1) as f64;
            let glyph = Shape::Glyph { glyph: Glyph::Dot, at: at(now, missed), radius: 5.0 };
            let label =
                format!("Measured at {}: {} misses", self.size_words(now), text::percent(missed),);
            column.marks.push(Mark::new("curves/dot", glyph, Tone::Ink).labelled(label));
        }
        if let Some(tried) = tried {
            let glyph = Glyph::Ring;
            let (policy, missed) = self.promised(study, own, tried);
            let ring = Shape::Glyph { glyph, at: at(tried, missed), radius: 5.0 };
            let label = format!("{} at {}", policy.label(), self.size_words(tried));
            column.marks.push(Mark::new("curves/ring", ring, Tone::Ink).labelled(label));
        }
    }

    /// What part would miss with another size: by the curve of its own policy, between two of its points, or else by
    /// LRU's, which is known of every size.
    fn promised(&self, study: &Study, own: &[(u64, f64)], size: u64) -> (Policy, f64) {
        let next = own.partition_point(|it| it.0 < size);
        let missed = match (next.checked_sub(1).and_then(|it| own.get(it)), own.get(next)) {
            (_, Some(it)) if it.0 == size => Some(it.1),
            (Some(below), Some(above)) => {
                let part = (size - below.0) as f64 / (above.0 - below.0) as f64;
                Some(below.1 + (above.1 - below.1) * part)
            }
            _ => None,
        };
        match missed {
            Some(it) => (self.params.policy, it),
            None => (Policy::Lru, study.lru(size)),
        }
    }

    /// The same in words, and what was counted.
    fn reading(&self, study: &Study, own: &[(u64, f64)], column: &mut Column) {
        let size = self.tried().unwrap_or(self.size());
        let (policy, missed) = self.promised(study, own, size);
        let hits = text::percent(1.0 - missed);
        let size = self.size_words(size);
        let would = if self.tried().is_some() { "would hit" } else { "hits" };
        let words = format!("{} with {size} {would} {hits}.", policy.label());
        column.words("curves/promise", &words);
        match study.seen {
            Some([hits, misses, again]) => {
                let all = (hits + misses).max(1) as f64;
                let mut words = format!("Measured (dot): {}.", text::percent(hits as f64 / all));
                if again > 0 {
                    words += &format!(
                        " {} misses asked for what was on its way already; without them {}.",
                        text::count(again),
                        text::percent((hits + again) as f64 / all),
                    );
                }
                column.words("curves/seen", &words);
            }
            None => {
                let words =
                    format!("The dot comes {} reads after a change.", text::count(SEEN_MIN as u64));
                column.words("curves/seen", &words);
            }
        }
        let counted = text::count(study.counted());
        let words = format!(
            "{counted} reads counted, after {} to warm up. LRU in one pass by stack distance, the \
             others simulated on the same reads. Drag to change the size.",
            text::count(study.before()),
        );
        column.words("curves/counted", &words);
    }
}

/// The stroke of a rule's curve, beside a cache with this policy.
pub(super) fn stroke(rule: Rule, own: Policy) -> Stroke {
    match rule {
        Rule::Bound(_) => BOUND,
        Rule::Policy(it) if it == own => OWN,
        Rule::Policy(_) => OTHER,
    }
}

/// A curve: its name, misses by size, how it is drawn.
pub(super) type Curve<'a> = (&'a str, Vec<(u64, f64)>, Stroke, Tone);

/// Misses over sizes.
pub(super) struct Axes {
    /// Where curves are drawn.
    pub(super) plot: Rect,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Axes {
    /// Takes the room: beside the curves' names, up to so high a miss ratio, and to the largest size.
    pub(super) fn new<'a>(
        names: impl Iterator<Item = &'a str>,
        high: f64,
        most: u64,
        column: &mut Column,
    ) -> Self {
        let right = names.map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max) + 8.0;
        let area = column.block(PLOT + 30.0);
        let plot = Rect::new(area.x + WORDS, area.y + 6.0, area.width - WORDS - right, PLOT);
        let up = Track { from_px: plot.bottom(), to_px: plot.y };
        let across = Track { from_px: plot.x, to_px: plot.right() };
        let y = Scale::linear(Span { low: 0.0, high: high.min(1.0) }, up);
        let x = Scale::linear(Span { low: 0.0, high: most as f64 }, across);
        Self { plot, x, y }
    }

    /// The place of a size and a miss ratio.
    pub(super) fn at(&self, size: u64, missed: f64) -> Point {
        Point::new(self.x.px(size as f64), self.y.px(missed))
    }

    /// The axes themselves.
    pub(super) fn draw(&self, column: &mut Column) {
        let percent =
            |value: f64, digits: usize| format!("{:.*} %", digits.saturating_sub(2), value * 100.0);
        axis::left_of(column.marks, "curves/y", self.plot, &self.y, &percent);
        let entries = |value: f64, _: usize| text::count(value as u64);
        axis::below(column.marks, "curves/x", self.plot, &self.x, &entries);
    }

    /// Curves with their names.
    pub(super) fn curves<'a>(&self, curves: impl Iterator<Item = Curve<'a>>, column: &mut Column) {
        let mut ends = Vec::new();
        for (name, points, stroke, tone) in curves {
            let Some((last, missed)) = points.last().copied() else { continue };
            let label =
                format!("{name}: {} misses at {}", text::percent(missed), text::count(last));
            let points: Vec<_> = points.iter().map(|it| self.at(it.0, it.1)).collect();
            ends.push((points[points.len() - 1].y, name, tone));
            if points.len() > 1 {
                let shape = Shape::Path { points, stroke };
                let line = Mark::new(format!("curves/line/{name}"), shape, tone);
                column.marks.push(line.labelled(label));
            }
        }
        names_beside(ends, self.plot, column);
    }
}

/// The curves' names where they end, moved apart.
fn names_beside(mut ends: Vec<(f32, &str, Tone)>, plot: Rect, column: &mut Column) {
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut lowest = plot.bottom() + 4.0 - NAME * (ends.len().saturating_sub(1)) as f32;
    let mut before = f32::MIN;
    for (y, name, tone) in ends {
        let base = (y + 4.0).max(before + NAME).min(lowest.max(before + NAME));
        (before, lowest) = (base, lowest + NAME);
        let at = Point::new(plot.right() + 6.0, base);
        let mark = Mark::text(format!("curves/name/{name}"), at, name, Font::SMALL);
        column.marks.push(mark.toned(tone).anchored(Anchor::Start));
    }
}
