//! The tables of the shards in partitions: how many rows lie in each, and which of them a query reads.

use crate::algorithm::b_tree;
use crate::base::text;
use crate::component::sharded_db::{Asked, Partitioning, ShardedDbParams, Sought};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::{Anchor, Fill, Font, Glyph, Mark, Point, Rect, Shape, Tone};

use super::super::column::{Bar, Column};
use super::Shards;

/// Height of a shard's row, and room for its letter.
const ROW: f32 = 24.0;
const LEFT: f32 = 26.0;
/// Values that lists can be named by: fewer than two for each of four lists, so that they are uneven.
const NAMED: &str = "region = north | south | east | west | centre";

impl Shards<'_> {
    /// How tables are divided, and what the query of the slider, and the latest one by another attribute,
    /// read of them.
    pub(super) fn partitions(&self, column: &mut Column) {
        let params = self.params;
        let right = match params.partitioning {
            Partitioning::None => "none".into(),
            it => format!("{} a shard, by {}", params.parts(), it.word()),
        };
        column.caption("partitions", ["Partitions of the tables", &right]);
        let each = |it: &Partitioning| (it.word(), described(*it, params.attribute_name()));
        let all: Vec<_> = Partitioning::ALL.iter().map(each).collect();
        let all = all.iter().map(|(word, (words, help))| (*word, (*words, help.as_str())));
        column.choices(["partitions", "partitioning"], all, params.partitioning.word());
        if params.partitioning != Partitioning::None {
            let (first, length) = self.asked_for();
            let counts = self.counted();
            let shards = self.map.concerned(first, first + length - 1);
            let range = self.range(first, length);
            let asked = Asked::Keys(first, length);
            column.space(4.0);
            self.named(column);
            let one = Asked::Keys(first, 1);
            let owner = usize::from(self.map.owner(first));
            self.table(&counts, &[(&shards, asked), (&[owner], one)], column);
            let key = self.key(first);
            let legend = format!(
                "Framed: the query over keys reads it. Dot: the query on {key} alone reads it. The bar \
                 below: its rows, of those of the fullest.",
            );
            column.words("table/legend", &legend);
            self.pruned(
                &counts,
                &shards,
                asked,
                &format!("The query over {range}"),
                "keys",
                column,
            );
            let words = format!("The query on {key} alone");
            self.pruned(&counts, &[owner], one, &words, "key", column);
            self.height(&counts, column);
            self.managed(column);
            let latest = self.latest(|it| it.sought != Sought::Keys).map(|it| it.sought);
            if let Some(Sought::Value { value, .. }) = latest {
                let all: Vec<_> = (0..self.shards.len()).collect();
                let of = format!("A query by {}", self.valued(value));
                self.pruned(&counts, &all, Asked::Value(value), &of, "value", column);
            }
        }
        column.space(8.0);
    }

    /// Rows in each partition, by shard.
    fn counted(&self) -> Vec<Vec<u32>> {
        let parts = self.params.parts() as usize;
        let (params, held) = (self.params, self.shards.first().map(|it| it.held));
        if params.partitioning == Partitioning::Range
            && self.shards.len() == 1
            && held == Some(params.keys)
        {
            // One shard has all rows: each partition has all that it can.
            let rows = |it: u32| params.part_keys(it)[1] - params.part_keys(it)[0];
            return vec![(0..params.parts()).map(rows).collect()];
        }
        let mut counts = vec![vec![0; parts]; self.shards.len()];
        for key in 0..self.params.keys {
            if let Some((at, row)) = self.row(key) {
                let part = self.params.part_of(key, *row) as usize;
                counts[at][part.min(parts - 1)] += 1;
            }
        }
        counts
    }

    /// A value of the other attribute, in words.
    pub(super) fn valued(&self, value: u32) -> String {
        let name = self.params.attribute_name();
        match self.params.value_names().get(value as usize) {
            Some(it) => format!("{name} = {it}"),
            None => format!("{name} {}", text::count(value.into())),
        }
    }

    /// What a partition is called: as somebody has named it; by range, by its first key; by list, by the
    /// values that it has.
    fn part_name(&self, part: u32) -> Option<String> {
        if let Some(it) = self.params.part_names().get(part as usize) {
            return Some((*it).to_owned());
        }
        let (names, parts) = (self.params.value_names(), self.params.parts());
        if self.params.partitioning == Partitioning::Range {
            return Some(text::count(self.params.part_keys(part)[0].into()));
        }
        if self.params.partitioning != Partitioning::List || names.is_empty() {
            return None;
        }
        let all = (part..self.params.attribute_values).step_by(parts as usize).count();
        let own: Vec<_> = names.iter().skip(part as usize).step_by(parts as usize).collect();
        let mut words = own.iter().map(|it| (**it).to_owned()).collect::<Vec<_>>();
        match all - own.len() {
            0 => {}
            more => words.push(format!("{} more", text::count(more as u64))),
        }
        Some(words.join(" | "))
    }

    /// What a partition is, in words.
    fn part_words(&self, part: u32, name: &str) -> String {
        let at = part + 1;
        match self.params.partitioning {
            Partitioning::Range => {
                let [first, next] = self.params.part_keys(part).map(u64::from);
                let (first, last) = (text::count(first), text::count(next.saturating_sub(1)));
                format!("Partition {at}, {name}: keys {first} to {last}")
            }
            Partitioning::List => format!("List {at}: {name}"),
            _ => format!("Partition {at}: {name}"),
        }
    }

    /// What gives lists names: of their values, and no others beside them.
    fn named(&self, column: &mut Column) {
        if self.params.partitioning != Partitioning::List {
            return;
        }
        let names = self.params.value_names().len() as u32;
        let (words, act) = match names {
            0 => {
                let names = format!("\"{NAMED}\"");
                (format!("Name the lists: {NAMED}"), Self::set("attribute", names))
            }
            _ if names < self.params.attribute_values => {
                let words = format!("Only these {}", text::some(names.into(), "value"));
                (words, Self::set("attribute_values", names.to_string()))
            }
            _ => return,
        };
        let mut chip = Chip::new("lists/name", words);
        chip.action = Some(act);
        column.chips("lists", &[chip], 2);
        column.space(4.0);
    }

    /// The index on the key, before and after: how high it is, and how many comparisons lead to a row.
    fn height(&self, counts: &[Vec<u32>], column: &mut Column) {
        let whole = counts.iter().map(|it| it.iter().sum::<u32>()).max().unwrap_or(0);
        let part = counts.iter().flatten().copied().max().unwrap_or(0);
        let pages = |rows: u32| b_tree::height(rows.into(), b_tree::FAN_OUT);
        let most = pages(whole).max(1);
        let bar = |id: &str, name: &'static str, rows: u32| {
            let high = text::some(pages(rows).into(), "page");
            let (steps, count) = (b_tree::comparisons(rows.into()), text::count(rows.into()));
            Bar {
                id: format!("height/{id}"),
                name,
                part: f64::from(pages(rows)) / f64::from(most),
                ghost: None,
                label: format!("{name}: {count} rows, {high} high, {steps} comparisons"),
                figure: format!("{high}, {steps} comparisons"),
                tone: Tone::Ink3,
            }
        };
        column.space(4.0);
        column.caption("height", ["From the index's root to one row", ""]);
        let bars = [bar("whole", "Undivided", whole), bar("part", "Divided", part)];
        column.bars(&bars, None);
        let words = format!(
            "B-tree on the key, {} keys a page. The partitions share the shard's workers: it can still do {}/s.",
            b_tree::FAN_OUT,
            text::number(self.params.capacity()),
        );
        column.words("table/height", &words);
    }

    /// Who routes: the engine, whatever the layout.
    fn managed(&self, column: &mut Column) {
        let layout = |it: &ShardedDbParams| (it.partitioning, it.parts());
        let earlier = self.subject.earlier.iter().filter_map(|it| super::params(it.1));
        // The latest first.
        let mut all = vec![layout(self.params)];
        all.extend(earlier.map(layout));
        all.dedup();
        let words = match all.len() - 1 {
            0 => "The engine finds the partition: callers send the same query, and know of none."
                .into(),
            edits => format!(
                "The layout was changed {}, and no caller was: the engine finds the partition.",
                if edits == 1 { "once".into() } else { format!("{edits} times") },
            ),
        };
        column.words("table/managed", &words);
    }

    /// Every partition at every shard, and which of them two queries read: framed, and with a dot.
    fn table(&self, counts: &[Vec<u32>], queries: &[(&[usize], Asked); 2], column: &mut Column) {
        let parts = self.params.parts() as usize;
        let [(shards, read), (owner, of_one)] =
            queries.map(|(shards, asked)| (shards, self.params.pruned(asked)));
        let names: Vec<_> = (0..parts as u32).filter_map(|it| self.part_name(it)).collect();
        let above = if names.is_empty() { 0.0 } else { 16.0 };
        let mut block = column.block(above + ROW * counts.len() as f32 + 2.0);
        block.y += above;
        let step = (block.width - LEFT) / parts as f32;
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        for (part, name) in names.iter().enumerate() {
            let at = Point::new(block.x + LEFT + step * part as f32, block.y - 4.0);
            let words = measure::fit(name, Font::SMALL, step - 3.0);
            let mark = Mark::text(format!("lists/{}", part + 1), at, words, Font::SMALL);
            column.marks.push(mark.toned(Tone::Ink2).labelled(self.part_words(part as u32, name)));
        }
        for (at, row) in counts.iter().enumerate() {
            let name = self.name(at);
            let y = block.y + ROW * at as f32;
            let base = Point::new(block.x + 4.0, y + 15.0);
            column.marks.push(Mark::text(
                format!("table/{name}#name"),
                base,
                name.clone(),
                Font::SMALL,
            ));
            for (part, count) in row.iter().enumerate() {
                let is_read = shards.contains(&at) && read.contains(&(part as u32));
                let area = Rect::new(block.x + LEFT + step * part as f32, y, step - 3.0, ROW - 4.0);
                let rows = text::count((*count).into());
                let words = if is_read { "read" } else { "left out" };
                let (tone, fill) =
                    if is_read { (Tone::Link, Fill::Framed) } else { (Tone::Line, Fill::Hollow) };
                let shape = Shape::Bar { area, radius: 2.0, fill };
                let of = text::some((*count).into(), "row");
                let list = names.get(part).map_or(String::new(), |it| format!(" ({it})"));
                let label = format!("{name}, partition {}{list}: {of}, {words}", part + 1);
                let id = format!("table/{name}/{part}");
                column.marks.push(Mark::new(id.clone(), shape, tone).labelled(label));
                if owner.contains(&at) && of_one.contains(&(part as u32)) {
                    let at = Point::new(area.x + 7.0, area.y + 8.0);
                    let shape = Shape::Glyph { glyph: Glyph::Dot, at, radius: 2.5 };
                    column.marks.push(Mark::new(format!("{id}#one"), shape, Tone::Selected));
                }
                // As much of it as of the fullest.
                let part_of = *count as f32 / most as f32;
                let under =
                    Rect::new(area.x, area.bottom() - 3.0, (area.width * part_of).max(1.0), 3.0);
                let tone = if is_read { Tone::Link } else { Tone::Ink3 };
                let shape = Shape::Bar { area: under, radius: 1.0, fill: Fill::Soft };
                column.marks.push(Mark::new(format!("{id}#part"), shape, tone));
                if measure::width(&rows, Font::NUMBER) + 6.0 <= area.width {
                    let at = Point::new(area.x + area.width / 2.0, y + 13.0);
                    let mark = Mark::text(format!("{id}#rows"), at, rows, Font::NUMBER);
                    let tone = if is_read { Tone::Ink } else { Tone::Ink3 };
                    column.marks.push(mark.toned(tone).anchored(Anchor::Middle));
                }
            }
        }
    }

    /// How many partitions and rows a query reads, and why these.
    fn pruned(
        &self,
        counts: &[Vec<u32>],
        shards: &[usize],
        asked: Asked,
        words: &str,
        id: &str,
        column: &mut Column,
    ) {
        let parts = self.params.pruned(asked);
        let all: u32 = counts.iter().flatten().sum();
        let rows = |at: &usize| parts.iter().map(|it| counts[*at][*it as usize]).sum::<u32>();
        let read: u32 = shards.iter().map(rows).sum();
        let (total, some) =
            (counts.len() * self.params.parts() as usize, shards.len() * parts.len());
        let name = self.params.attribute_name();
        let why = match (self.params.partitioning, asked) {
            (Partitioning::Range, Asked::Keys(..)) => "the others have other keys".into(),
            (Partitioning::List, Asked::Value(_)) => format!("only its list has this {name}"),
            (Partitioning::List, _) => format!("lists go by {name}, and keys say nothing of it"),
            (Partitioning::Hash, Asked::Keys(_, 1)) => "its hash says which".into(),
            (Partitioning::Hash, Asked::Keys(..)) => "a hash says nothing of neighbours".into(),
            _ => format!("partitions go by keys, and {name} says nothing of them"),
        };
        let words = format!(
            "{words} reads {some} of {total} partitions, with {} of {} rows: {why}.",
            text::count(read.into()),
            text::count(all.into())
        );
        column.words(&format!("pruned/{id}"), &words);
    }
}

fn described(it: Partitioning, attribute: &str) -> (&'static str, String) {
    match it {
        Partitioning::None => ("None", "The table of each shard is one piece.".into()),
        Partitioning::Range => {
            ("Range", "Each has a range of keys: a query over neighbours reads few.".into())
        }
        Partitioning::List => (
            "List",
            format!("Each has some values of {attribute}: a query by it reads one a shard."),
        ),
        Partitioning::Hash => (
            "Hash",
            "A hash of the key deals rows out: even, but only single keys leave any out.".into(),
        ),
    }
}
