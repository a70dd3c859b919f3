//! Ranges that split and merge by themselves: what the pieces are now, and what was done of late.

use crate::algorithm::placement::Scheme;
use crate::algorithm::placement::rebalance::Step;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{Auto, PERIOD};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::column::Column;
use super::Shards;

/// Steps listed, and pieces.
const LISTED: usize = 4;

impl Shards<'_> {
    /// What the first shard knows of a map that changes by itself.
    fn automatic(&self) -> Option<&Auto> {
        self.shards.first()?.state?.auto.as_deref()
    }

    /// First key and ordinal of each piece, where keys lie in ranges.
    pub(super) fn pieces(&self) -> Vec<(u32, u16)> {
        if let Some(it) = self.automatic() {
            return it.pieces.to_vec();
        }
        let pieces = self.params.pieces().ok();
        let at = |name: &str| self.shards.iter().position(|it| it.name == name).unwrap_or(0) as u16;
        pieces.iter().flat_map(|it| it.iter()).map(|it| (it.0 as u32, at(it.1))).collect()
    }

    /// Whether ranges change by themselves, and how they have.
    pub(super) fn auto(&self, column: &mut Column) {
        if self.params.scheme.0 != Scheme::Range {
            return;
        }
        let on = self.params.auto_split;
        let right = match self.automatic() {
            Some(it) => text::some(it.pieces.len() as u64, "range"),
            None => "by hand".into(),
        };
        column.caption("auto", ["Ranges that split by themselves", &right]);
        let chip = |(is, words): (bool, &str)| {
            let mut chip = Chip::new(format!("auto/{is}"), words);
            chip.action = Some(Self::set("auto_split", is.to_string()));
            chip.styled(Tone::Ink, if is == on { CellStyle::Strong } else { CellStyle::Plain })
        };
        column.chips("auto", &[(false, "By hand"), (true, "By themselves")].map(chip), 1);
        column.space(2.0);
        let Some(auto) = self.automatic() else {
            let words = "By themselves: a shard that is asked for much more than the others gives half of it away.";
            column.words("auto/help", words);
            column.space(8.0);
            return;
        };
        let most = text::number(self.params.split_above);
        let words = format!(
            "Every {} the shards tell A what they were asked for. One with more than {most} times the mean gives \
             half to the one with least; cold neighbours merge.",
            text::duration(PERIOD.0 as f64),
        );
        column.words("auto/help", &words);
        column.space(4.0);
        column.words("auto/edits", &self.edits(auto));
        column.space(4.0);
        let pieces = self.pieces();
        let chip = |(first, owner): &(u32, u16)| {
            let name = self.name((*owner).into());
            let mut chip = Chip::new(
                format!("piece/{first}"),
                format!("{}+ {name}", text::count((*first).into())),
            );
            chip.label =
                Some(format!("{name} has the keys from {} on", text::count((*first).into())));
            chip
        };
        let chips: Vec<_> = pieces.iter().map(chip).collect();
        column.chips("pieces", &chips, 3);
        column.space(2.0);
        for (at, (when, step)) in auto.done.iter().rev().take(LISTED).enumerate() {
            column.words(&format!("auto/{at}"), &self.told(*when, *step));
        }
        column.space(8.0);
    }

    /// Who has changed the map: people, and the shards.
    fn edits(&self, auto: &Auto) -> String {
        let earlier = self.subject.earlier.iter().filter_map(|it| super::params(it.1));
        // The latest first.
        let mut all = vec![&self.params.ranges];
        all.extend(earlier.map(|it| &it.ranges));
        all.dedup();
        let by = |count: u64| match count {
            0 => "never".into(),
            1 => "once".into(),
            count => format!("{} times", text::count(count)),
        };
        format!(
            "The map was changed by hand {}, by the shards {}. Their callers were never edited.",
            by(all.len() as u64 - 1),
            by(auto.version),
        )
    }

    fn told(&self, at: Nanos, step: Step) -> String {
        let key = |it: u32| self.key(it);
        let at = self.subject.moment(at);
        match step {
            Step::Split { at: first, to } => {
                format!(
                    "{at}: split at {}; what follows goes to {}.",
                    key(first),
                    self.name(to.into())
                )
            }
            Step::Give { first, to } => {
                format!("{at}: the range from {} goes to {}.", key(first), self.name(to.into()))
            }
            Step::Join { first } => {
                format!("{at}: cold, the range from {} joins the one before.", key(first))
            }
        }
    }
}
