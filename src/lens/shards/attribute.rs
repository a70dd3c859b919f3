//! Queries by another attribute than the key: which shards an index spares, what it costs those who write,
//! and how far it is behind.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{INDEXED, Indexing, Query, STALE_ENTRY, Sought};
use crate::scene::Tone;
use crate::scene::layout::chips::Chip;

use super::super::column::{Bar, Column};
use super::{SECONDS, Shards};

impl Shards<'_> {
    /// How rows are found by another attribute, and how the latest such query went.
    pub(super) fn attribute(&self, column: &mut Column) {
        let name = self.params.attribute_name();
        if self.params.attribute_classes.trim().is_empty() {
            let Some(class) =
                self.params.range_classes.split(',').map(str::trim).find(|it| !it.is_empty())
            else {
                return;
            };
            column.caption("attribute", ["Queries by another attribute", "none"]);
            let mut chip = Chip::new("attribute/begin", format!("Let {class} ask by {name}"));
            chip.label =
                Some(format!("Requests of the class {class} ask for all rows with one {name}"));
            chip.action = Some(Self::set("attribute_classes", format!("\"{class}\"")));
            column.chips("attribute", &[chip], 1);
            column.space(8.0);
            return;
        }
        let values = text::some(self.params.attribute_values.into(), "value");
        column.caption("attribute", [&format!("Rows by {name}: the index"), &values]);
        let choice = |it: &Indexing| (it.word(), described(*it));
        let all = Indexing::ALL.iter().map(choice);
        column.choices(["attribute", "index"], all, self.params.index.word());
        if let Some((query, value)) = self.latest_by_value() {
            column.space(4.0);
            self.found(query, value, column);
        }
        self.behind(column);
        column.space(8.0);
    }

    fn latest_by_value(&self) -> Option<(&Query, Value)> {
        let query = self.latest(|it| matches!(it.sought, Sought::Value { .. }))?;
        let Sought::Value { value, how, index, named, stale } = query.sought else { return None };
        Some((query, Value { value, how, index, named, stale }))
    }

    fn found(&self, query: &Query, by: Value, column: &mut Column) {
        let name = self.params.attribute_name();
        let right = text::some(query.rows().into(), "row");
        let of = format!("Latest: {}", self.valued(by.value));
        column.caption("found", [&of, &right]);
        let mut times: Vec<(String, Nanos, String)> = Vec::new();
        let after = |at: Nanos| at.saturating_sub(query.asked);
        if let Some((at, count)) = by.named {
            let whose = self.name(by.index.into());
            let what = format!("names {}", text::some(count.into(), "row"));
            times.push((format!("{whose}, index"), after(at), what));
        }
        for (shard, answer) in &query.shards {
            if let Some((at, rows)) = answer {
                let rows = text::some((*rows).into(), "row");
                times.push((self.name((*shard).into()), after(*at), rows));
            }
        }
        // The first name is the widest.
        let longest = times.iter().map(|it| it.1).max().unwrap_or(Nanos::ZERO);
        let bars: Vec<_> = times
            .iter()
            .map(|(name, took, what)| {
                let time = text::duration(took.0 as f64);
                Bar {
                    id: format!("found/{name}"),
                    name,
                    part: took.0 as f64 / longest.0.max(1) as f64,
                    ghost: None,
                    figure: time.clone(),
                    tone: if *took == longest { Tone::Link } else { Tone::Ink3 },
                    label: format!("{name}: {what} after {time}"),
                }
            })
            .collect();
        column.bars(&bars, None);
        let asked = text::some(query.shards.len() as u64, "shard");
        let were = if query.shards.len() == 1 { "was" } else { "were" };
        let took = text::duration(longest.0 as f64);
        let words = match by.how {
            Indexing::None => {
                format!("{asked} {were} asked, and each read all its rows: {took}.")
            }
            Indexing::Local => format!("{asked} {were} asked, and each looked once: {took}."),
            Indexing::Global => format!("One shard knew which rows; {asked} had them: {took}."),
        };
        column.words("found/words", &words);
        if by.stale > 0 {
            let stale = text::count(by.stale.into());
            let words = format!(
                "{stale} of the rows named had another {name} by then: the index is behind."
            );
            column.words("found/stale", &words);
        }
    }

    /// What the index costs, and how far it is behind.
    fn behind(&self, column: &mut Column) {
        if self.params.index != Indexing::Global {
            return;
        }
        let all = self.shards.iter().filter_map(|it| it.state).map(|it| it.index.behind());
        let (mut count, mut oldest) = (0, None::<Nanos>);
        for (owed, since) in all {
            count += owed;
            oldest = oldest.into_iter().chain(since).min();
        }
        let words = match oldest {
            Some(since) => {
                let age = text::duration(self.subject.now().saturating_sub(since).0 as f64);
                let changes = text::some(count as u64, "change");
                format!("On the way to the index: {changes}, the oldest for {age}.")
            }
            None => "The index has been told of every write.".into(),
        };
        column.words("attribute/behind", &words);
        let [told, stale] = self.rates([INDEXED, STALE_ENTRY]).unwrap_or_default();
        column.words(
            "attribute/cost",
            &format!(
                "Last {SECONDS} s: {} pieces of work a second to keep it, {} rows a second named in vain.",
                text::number(told),
                text::number(stale)
            ),
        );
    }
}

/// A query by value, as the lens tells of it.
struct Value {
    value: u32,
    how: Indexing,
    index: u16,
    named: Option<(Nanos, u32)>,
    stale: u32,
}

fn described(it: Indexing) -> (&'static str, &'static str) {
    match it {
        Indexing::None => ("None", "Every shard reads all its rows."),
        Indexing::Local => (
            "Local",
            "Each shard has an index of its own rows, written with them: never behind, but a query asks all shards.",
        ),
        Indexing::Global => (
            "Global",
            "One shard knows all rows with a value, and a query asks only those who have them. It is told of writes afterwards: more work, and at times behind.",
        ),
    }
}
