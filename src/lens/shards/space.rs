//! The key space from left to right, with a lane for each shard: whose the keys are, where requests
//! rain, what is being copied. By range a lane holds long pieces, by hash it is a scatter.

use crate::algorithm::placement::Scheme;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{LATEST_MAX, ShardedDbState, Stage};
use crate::scene::layout::measure;
use crate::scene::{Anchor, CellStyle, Fill, Font, Glyph, Mark, Point, Rect, Shape, Stroke, Tone};

use super::super::Act;
use super::super::column::Column;
use super::Shards;

/// Keys that the lanes show, evenly spread.
const SHOWN: u32 = 120;
/// Height of a lane and of the words below.
const LANE: f32 = 22.0;
const BELOW: f32 = 18.0;
/// Room for letters.
const LEFT: f32 = 26.0;
/// How long a request is seen where it fell: where few come, and where many do.
const RAIN: [Nanos; 2] = [Nanos::SECOND, Nanos::millis(100)];

/// Where things are.
struct Field {
    area: Rect,
    keys: u32,
    step: f32,
}

impl Field {
    fn x(&self, key: u32) -> f32 {
        self.area.x + self.area.width * key as f32 / self.keys.max(1) as f32
    }

    fn lane(&self, ordinal: usize) -> f32 {
        self.area.y + LANE * ordinal as f32
    }

    /// A stretch of a lane that shows `count` keys from the one with this index on.
    fn stretch(&self, ordinal: usize, first: usize, count: usize, inset: f32) -> Rect {
        let x = self.area.x + self.step * first as f32;
        let width = (self.step * count as f32 - 0.5).max(1.0);
        Rect::new(x, self.lane(ordinal) + inset, width, LANE - 2.0 * inset)
    }
}

impl Shards<'_> {
    /// Draws it.
    pub(super) fn space(&self, column: &mut Column) {
        let keys = self.params.keys;
        let range =
            format!("{} to {}", self.key(0), text::count(u64::from(keys.saturating_sub(1))));
        column.caption("space", ["The key space", &range]);
        let hot = self.hot_keys();
        let above = if hot.is_empty() { 0.0 } else { 18.0 };
        let lanes = LANE * self.shards.len() as f32;
        let block = column.block(above + lanes + BELOW);
        let area = Rect::new(block.x + LEFT, block.y + above, block.width - LEFT, lanes);
        let shown = keys.clamp(1, SHOWN);
        let field = Field { area, keys, step: area.width / shown as f32 };
        let numbers: Vec<u32> = (0..shown)
            .map(|it| (u64::from(it) * u64::from(keys) / u64::from(shown)) as u32)
            .collect();
        self.letters(&field, column);
        self.rows(&field, &numbers, column);
        self.copies(&field, &numbers, column);
        self.rain(&field, column);
        self.hot(&field, &hot, column);
        self.edges(&field, column);
        let lit = match self.moving() {
            true => "lit: moved. Dashed: copied, not yet served",
            false => "lit: moved by the latest change",
        };
        let span = if self.rains_for() == RAIN[0] { "second" } else { "tenth of a second" };
        let legend =
            format!("Bars: whose keys are whose; {lit}. Dots: requests of the last {span}.");
        column.words("space/legend", &legend);
        column.space(8.0);
    }

    fn letters(&self, field: &Field, column: &mut Column) {
        let picked = self.subject.noted("shard");
        for (ordinal, shard) in self.shards.iter().enumerate() {
            let y = field.lane(ordinal);
            let style = match shard.up {
                false => CellStyle::Struck,
                true if picked.as_ref() == Some(&shard.name) => CellStyle::Strong,
                true => CellStyle::Plain,
            };
            let area = Rect::new(column.x, y + 0.5, 20.0, LANE - 1.0);
            let shape = Shape::Cell { area, text: shard.name.clone(), style };
            let words = if shard.up { "pick it" } else { "down; pick it" };
            let mark = Mark::new(format!("shard/{}", shard.name), shape, Tone::Ink);
            let act = Act::Note("shard".into(), shard.name.clone()).to_string();
            column.marks.push(mark.labelled(format!("{}: {words}", shard.name)).asking(act));
            let y = y + LANE / 2.0;
            let (from, to) = (Point::new(field.area.x, y), Point::new(field.area.right(), y));
            let line = Shape::Line { from, to, stroke: Stroke::THIN };
            column.marks.push(Mark::new(format!("lane/{}", shard.name), line, Tone::Line2));
        }
    }

    /// The ordinal of the shard that has a row at this moment; none while it changes hands.
    fn owner(&self, key: u32) -> Option<usize> {
        let has = |it: &super::Shard, ordinal: usize| {
            let row = it.state.and_then(|it| it.rows.get(key.into()));
            row.is_some_and(|it| usize::from(it.owner) == ordinal)
        };
        (0..self.shards.len()).find(|it| has(&self.shards[*it], *it))
    }

    fn rows(&self, field: &Field, numbers: &[u32], column: &mut Column) {
        let owner = |key: &u32| {
            let now = self.owner(*key);
            let moved =
                self.before.as_ref().is_some_and(|it| Some(usize::from(it.2.owner(*key))) != now);
            (now, moved)
        };
        let owners: Vec<_> = numbers.iter().map(owner).collect();
        let mut first = 0;
        for index in 1..=owners.len() {
            if index < owners.len() && owners[index] == owners[first] {
                continue;
            }
            let (start, count) = (first, index - first);
            first = index;
            let (Some(ordinal), moved) = owners[start] else { continue };
            let area = field.stretch(ordinal, start, count, 5.0);
            let shape = Shape::Bar { area, radius: 1.0, fill: Fill::Soft };
            let tone = if moved { Tone::Link } else { Tone::Ink3 };
            let mark = Mark::new(format!("row/{}", numbers[start]), shape, tone);
            let name = self.name(ordinal);
            let verb = if moved { "moved here" } else { "here" };
            column.marks.push(match count {
                1 => mark,
                _ => mark.labelled(format!("{name}: from {} on, {verb}", self.key(numbers[start]))),
            });
        }
    }

    /// Rows that another shard has copies of, but does not serve.
    fn copies(&self, field: &Field, numbers: &[u32], column: &mut Column) {
        for shard in &self.shards {
            let moves = shard.state.iter().flat_map(|it| &it.moves);
            for it in moves.filter(|it| it.stage != Stage::Waits) {
                let copied = &it.keys[..it.copied];
                let is_in = |key: &u32| copied.binary_search(key).is_ok();
                let mut first = None;
                for index in 0..=numbers.len() {
                    let inside = numbers.get(index).is_some_and(is_in);
                    match (inside, first) {
                        (true, None) => first = Some(index),
                        (false, Some(start)) => {
                            first = None;
                            let to = usize::from(it.to);
                            let area = field.stretch(to, start, index - start, 5.0);
                            let shape = Shape::Bar { area, radius: 1.0, fill: Fill::Dashed };
                            let id = format!("copy/{}/{}", shard.name, numbers[start]);
                            column.marks.push(Mark::new(id, shape, Tone::Link));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// How long requests are seen: as many of each shard are known.
    fn rains_for(&self) -> Nanos {
        let since = self.subject.now().saturating_sub(RAIN[0]);
        let states = || self.shards.iter().filter_map(|it| it.state);
        let many = |it: &ShardedDbState| {
            it.latest.len() == LATEST_MAX && it.latest.front().is_some_and(|it| it.0 >= since)
        };
        RAIN[usize::from(states().any(many))]
    }

    /// Requests where they fell.
    fn rain(&self, field: &Field, column: &mut Column) {
        let since = self.subject.now().saturating_sub(self.rains_for());
        for (ordinal, shard) in self.shards.iter().enumerate() {
            let Some(state) = shard.state else { continue };
            let latest = state.latest.iter().filter(|it| it.0 >= since && it.1 < field.keys);
            for (index, (_, key)) in latest.enumerate() {
                let x = field.x(*key).min(field.area.right() - 2.2);
                let at = Point::new(x, field.lane(ordinal) + LANE / 2.0);
                let shape = Shape::Glyph { glyph: Glyph::Dot, at, radius: 2.2 };
                let id = format!("rain/{}/{index}", shard.name);
                column.marks.push(Mark::new(id, shape, Tone::Read));
            }
        }
    }

    /// Keys with much of their shard's requests: ordinal, key, part.
    fn hot_keys(&self) -> Vec<(usize, u32, f64)> {
        let hot = |(ordinal, it): (usize, &super::Shard)| it.hot.map(|hot| (ordinal, hot.0, hot.1));
        self.shards.iter().enumerate().filter_map(hot).collect()
    }

    fn hot(&self, field: &Field, hot: &[(usize, u32, f64)], column: &mut Column) {
        // One has room for its words; each is named in the description.
        let most = hot.iter().max_by(|one, other| one.2.total_cmp(&other.2));
        for (ordinal, key, share) in hot {
            let x = field.x(*key);
            let (top, lane) = (field.area.y - 4.0, field.lane(*ordinal) + LANE / 2.0);
            let (from, to) = (Point::new(x, top), Point::new(x, lane));
            let line = Shape::Line { from, to, stroke: Stroke::BOLD };
            let name = self.key(*key);
            column.marks.push(Mark::new(format!("hot/{key}#line"), line, Tone::Ink2));
            let shape = Shape::Glyph { glyph: Glyph::Alert, at: to, radius: 5.0 };
            let of = format!("{} of {}'s requests", text::percent(*share), self.name(*ordinal));
            let mark = Mark::new(format!("hot/{key}"), shape, Tone::Warn);
            column.marks.push(mark.labelled(format!("{name} is hot: {of}")));
            if most.is_some_and(|it| it.0 == *ordinal) {
                let words = measure::fit(&format!("{name}: {of}"), Font::SMALL, field.area.width);
                let half = measure::width(&words, Font::SMALL) / 2.0;
                let middle = x.clamp(
                    field.area.x + half,
                    (field.area.right() - half).max(field.area.x + half),
                );
                let at = Point::new(middle, field.area.y - 7.0);
                let mark = Mark::text(format!("hot/{key}#words"), at, words, Font::SMALL);
                column.marks.push(mark.anchored(Anchor::Middle));
            }
        }
    }

    /// First keys of pieces, where there are any and room for them.
    fn edges(&self, field: &Field, column: &mut Column) {
        let firsts: Vec<u64> = match self.params.scheme.0 {
            Scheme::Range => self.pieces().into_iter().map(|it| it.0.into()).collect(),
            _ => vec![0],
        };
        let bottom = field.area.bottom();
        let mut end = f32::MIN;
        for first in firsts.into_iter().filter(|it| *it < u64::from(field.keys)) {
            let x = field.x(first as u32);
            let (from, to) = (Point::new(x, field.area.y), Point::new(x, bottom + 3.0));
            let line = Shape::Line { from, to, stroke: Stroke::DASHED };
            column.marks.push(Mark::new(format!("edge/{first}#line"), line, Tone::Line));
            let words = text::count(first);
            let half = measure::width(&words, Font::NUMBER) / 2.0;
            let middle = x.clamp(field.area.x + half, field.area.right() - half);
            if middle - half > end {
                let at = Point::new(middle, bottom + 15.0);
                let mark = Mark::text(format!("edge/{first}"), at, words, Font::NUMBER);
                column.marks.push(mark.toned(Tone::Ink3).anchored(Anchor::Middle));
                end = middle + half + 4.0;
            }
        }
    }
}
