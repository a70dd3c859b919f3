//! Queries over neighbouring keys: which shards have to look, and whose answer came last.

use crate::base::text;
use crate::component::sharded_db::{Partitioning, Query, Sought};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::Shards;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

/// Places that the slider offers.
const PLACES: u32 = 30;

impl Shards<'_> {
    /// Which shards a query over some keys asks, and how the latest ones went.
    pub(super) fn queries(&self, column: &mut Column) {
        let places = self.places();
        let (first, length) = self.asked_for();
        let range = self.range(first, length);
        let spot = |it: &u32| {
            let act = Act::Note("query".into(), it.to_string()).to_string();
            (act, self.range(*it, length))
        };
        let at = places.iter().position(|it| *it == first);
        let spots = places.iter().map(spot).collect();
        column.slider("query", ["A query over keys", &range], spots, at);
        let names: Vec<_> = self
            .map
            .concerned(first, first + length - 1)
            .into_iter()
            .map(|it| self.name(it))
            .collect();
        let words = match names.as_slice() {
            [only] => format!("asks {only} alone."),
            all if all.len() == self.shards.len() => format!("asks all: {}.", all.join(", ")),
            some => format!("asks {}.", some.join(", ")),
        };
        column.words("query/asks", &format!("By the map it {words}"));
        if names.len() > 1 {
            // Independent of each other: Dean and Barroso, "The tail at scale", CACM 56(2), 2013.
            let met = 1.0 - (0..names.len()).fold(1.0, |none, _| none * 0.99);
            let words = format!(
                "The slowest decides: of {} at once, {} meet one that is slower than 99 of 100.",
                names.len(),
                text::percent(met),
            );
            column.words("query/tail", &words);
        }
        if let Some(it) = self.shards.iter().find(|it| it.up) {
            column.space(4.0);
            let mut chip = Chip::new("query/ask", "Ask it now");
            chip.label = Some(format!("Shard {} is asked for {range}, once", it.name));
            let query = format!("query {first} {length}");
            chip.action = Some(Act::Command(it.lead, query).to_string());
            column.chips("query/ask", &[chip.styled(Tone::Ink, CellStyle::Strong)], 1);
        }
        let keys = |it: &Query| it.sought == Sought::Keys;
        if let Some(query) = self.latest(|it| keys(it) && it.is_by_hand()) {
            column.space(4.0);
            self.answered("asked", "You asked", query, column);
        }
        if let Some(query) = self.latest(|it| keys(it) && !it.is_by_hand()) {
            column.space(4.0);
            self.answered("answered", "Latest", query, column);
        }
        column.space(8.0);
    }

    /// First keys that the slider offers.
    fn places(&self) -> Vec<u32> {
        let keys = self.params.keys;
        let length = self.params.range_keys.min(keys).max(1);
        if self.params.partitioning == Partitioning::Range {
            // From where partitions begin, and from their middles.
            let parts = (0..self.params.parts()).map(|it| self.params.part_keys(it));
            let places = parts.flat_map(|[first, next]| [first, u32::midpoint(first, next)]);
            return places.filter(|it| it + length <= keys).collect();
        }
        let step = (keys / PLACES).max(1);
        (0..PLACES).map(|it| it * step).filter(|it| it + length <= keys).collect()
    }

    /// The first key and the number of keys of the query that somebody has chosen.
    pub(super) fn asked_for(&self) -> (u32, u32) {
        let places = self.places();
        let noted = self.subject.noted("query").and_then(|it| it.parse::<u32>().ok());
        let first = noted.filter(|it| places.contains(it)).or(places.get(1).copied()).unwrap_or(0);
        (first, self.params.range_keys.min(self.params.keys).max(1))
    }

    pub(super) fn range(&self, first: u32, length: u32) -> String {
        let last = u64::from(first) + u64::from(length) - 1;
        format!("{}:{} to {}", self.subject.key_name, text::count(first.into()), text::count(last))
    }

    /// The query of some that was answered last.
    pub(super) fn latest(&self, of: impl Fn(&Query) -> bool) -> Option<&Query> {
        let all = self.shards.iter().filter_map(|it| it.state).flat_map(|it| &it.queries);
        all.filter(|it| of(it))
            .max_by_key(|it| it.slowest().map(|slow| it.asked.saturating_add(slow.1)))
    }

    /// How a query went.
    fn answered(&self, id: &str, what: &str, query: &Query, column: &mut Column) {
        let Some((slowest, longest)) = query.slowest() else { return };
        let right = format!("{} rows", text::count(query.rows().into()));
        let words = format!("{what}: {}", self.range(query.first, query.keys));
        column.caption(id, [&words, &right]);
        let names: Vec<_> = query.shards.iter().map(|it| self.name(it.0.into())).collect();
        let bar = |(index, (shard, answer)): (usize, &(u16, Option<(_, u32)>))| {
            let (at, rows) = (*answer)?;
            let took = crate::base::time::Nanos::saturating_sub(at, query.asked);
            let part = took.0 as f64 / longest.0.max(1) as f64;
            let last = *shard == slowest;
            let time = text::duration(took.0 as f64);
            Some(Bar {
                id: format!("{id}/{}", names[index]),
                name: &names[index],
                part,
                ghost: None,
                figure: time.clone(),
                tone: if last { Tone::Link } else { Tone::Ink3 },
                label: format!("{}: {rows} rows after {time}", names[index]),
            })
        };
        let bars: Vec<_> = query.shards.iter().enumerate().filter_map(bar).collect();
        column.bars(&bars, None);
        let (name, took) = (self.name(slowest.into()), text::duration(longest.0 as f64));
        let words = match query.shards.len() {
            1 => format!("{name} alone was asked: {took}."),
            count => format!("{count} shards were asked; the slowest decides: {name}, {took}."),
        };
        column.words(&format!("{id}/slowest"), &words);
    }
}
