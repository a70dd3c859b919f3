//! The directory that callers ask where a key is: how often, against how often it can be asked.

use crate::algorithm::placement::Scheme;
use crate::base::text;
use crate::component::Kind;
use crate::component::sharded_db::{LOOKED_UP, Lookup, SENT_ON, ShardedDb};
use crate::scene::Tone;
use crate::scene::layout::chips::Chip;

use super::super::Act;
use super::super::column::{Bar, Column};
use super::{SECONDS, Shard, Shards};

fn described(lookup: Lookup) -> (&'static str, &'static str) {
    match lookup {
        Lookup::Known => ("Known to callers", "Callers know the table: nobody has to be asked."),
        Lookup::Each => (
            "Asked each time",
            "Every request asks the directory first: one more way, and all of them go through it.",
        ),
        Lookup::Cached => (
            "Asked and remembered",
            "Callers remember what it said, until a shard says that the row is elsewhere by now.",
        ),
    }
}

impl Shards<'_> {
    /// Who knows where a key is, and how much the directory has to do.
    pub(super) fn directory(&self, column: &mut Column) {
        if self.params.scheme.0 != Scheme::Directory {
            return;
        }
        column.caption("directory", ["The directory", ""]);
        let choice = |it: &Lookup| (it.word(), described(*it));
        let own = self.params.lookup.word();
        column.choices(["lookup", "lookup"], Lookup::ALL.iter().map(choice), own);
        if let Some(it) = &self.directory {
            let capacity = f64::from(self.params.workers) / self.params.lookup_work.as_seconds();
            let [lookups, astray] = self.rates([LOOKED_UP, SENT_ON]).unwrap_or_default();
            let name = ShardedDb::member_name(self.params, it.lead);
            let (asked, used) = (text::number(lookups), text::percent(lookups / capacity));
            let figure = if it.up { format!("{asked:>5}/s") } else { "down".into() };
            let label =
                format!("The directory is asked {asked} times a second, {used} of what it can");
            let (id, part) = ("lookups/directory".to_owned(), lookups / capacity);
            let tone = if part > 0.97 { Tone::Warn } else { Tone::Ink3 };
            column.bars(&[Bar { id, name: &name, part, ghost: None, figure, tone, label }], None);
            let waits = text::count(it.waiting.into());
            let words = format!(
                "Last {SECONDS} s: {} a second were sent on, since the row was elsewhere. At the directory wait {waits}.",
                text::number(astray),
            );
            column.words("lookups/words", &words);
            column.space(4.0);
            let (act, words) = match it.up {
                true => (Act::Crash(it.lead), format!("Kill the {name}")),
                false => (Act::Restart(it.lead), format!("Bring the {name} back")),
            };
            let mut chip = Chip::new("lookups/fault", words);
            chip.action = Some(act.to_string());
            column.chips("lookups/act", &[chip], 1);
        }
        self.rows_of_hot_keys(column);
        column.space(8.0);
    }

    /// One row of the table moves one key: for each that is hot, to the shard with least to do.
    fn rows_of_hot_keys(&self, column: &mut Column) {
        let idle = self.shards.iter().filter(|it| it.up);
        let Some(idle) = idle.min_by(|one, other| one.load.total_cmp(&other.load)) else { return };
        let row = |it: &Shard| {
            let (key, share) = it.hot.filter(|_| it.name != idle.name)?;
            // What is said of this key already makes room.
            let rows = self.params.directory.split(',').map(str::trim).filter(|it| !it.is_empty());
            let own = format!("{key}=");
            let mut rows: Vec<_> =
                rows.filter(|it| !it.starts_with(&own)).map(str::to_owned).collect();
            rows.push(format!("{own}{}", idle.name));
            let mut chip = Chip::new(
                format!("directory/{key}"),
                format!("Move {} to {}", self.key(key), idle.name),
            );
            chip.label = Some(format!(
                "One row of the table: {}, {} of {}'s requests, goes to {}",
                self.key(key),
                text::percent(share),
                it.name,
                idle.name,
            ));
            chip.action = Some(Self::set("directory", format!("\"{}\"", rows.join(", "))));
            Some(chip)
        };
        let chips: Vec<_> = self.shards.iter().filter_map(row).collect();
        if !chips.is_empty() {
            column.space(4.0);
            column.chips("directory/rows", &chips, 2);
        }
    }
}
