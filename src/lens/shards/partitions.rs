//! The tables of the shards in partitions: how many rows lie in each, and which of them a query reads.

use crate::base::text;
use crate::component::sharded_db::{Asked, Partitioning, Sought};
use crate::scene::layout::measure;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Shape, Tone};

use super::super::column::Column;
use super::Shards;

/// Height of a shard's row, and room for its letter.
const ROW: f32 = 24.0;
const LEFT: f32 = 26.0;

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
        let each = |it: &Partitioning| (it.word(), described(*it, &params.attribute));
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
            self.table(&counts, &shards, asked, column);
            column.words(
                "table/legend",
                "Framed: the query over keys reads it. The bar below: its rows, of those of the fullest.",
            );
            self.pruned(
                &counts,
                &shards,
                asked,
                &format!("The query over {range}"),
                "keys",
                column,
            );
            let latest = self.latest(|it| it.sought != Sought::Keys).map(|it| it.sought);
            if let Some(Sought::Value { value, .. }) = latest {
                let all: Vec<_> = (0..self.shards.len()).collect();
                let of = format!("A query by {} {}", params.attribute, text::count(value.into()));
                self.pruned(&counts, &all, Asked::Value(value), &of, "value", column);
            }
        }
        column.space(8.0);
    }

    /// Rows in each partition, by shard.
    fn counted(&self) -> Vec<Vec<u32>> {
        let parts = self.params.parts() as usize;
        let mut counts = vec![vec![0; parts]; self.shards.len()];
        for key in 0..self.params.keys {
            if let Some((at, row)) = self.row(key) {
                let part = self.params.part_of(key, *row) as usize;
                counts[at][part.min(parts - 1)] += 1;
            }
        }
        counts
    }

    fn table(&self, counts: &[Vec<u32>], shards: &[usize], asked: Asked, column: &mut Column) {
        let parts = self.params.parts() as usize;
        let read = self.params.pruned(asked);
        let block = column.block(ROW * counts.len() as f32 + 2.0);
        let step = (block.width - LEFT) / parts as f32;
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
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
                let label = format!("{name}, partition {}: {of}, {words}", part + 1);
                let id = format!("table/{name}/{part}");
                column.marks.push(Mark::new(id.clone(), shape, tone).labelled(label));
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
        let name = &self.params.attribute;
        let why = match (self.params.partitioning, asked) {
            (Partitioning::Range, Asked::Keys(..)) => "the others have other keys".into(),
            (Partitioning::List, Asked::Value(_)) => format!("only its list has this {name}"),
            (Partitioning::List, _) => format!("lists go by {name}, and keys say nothing of it"),
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
