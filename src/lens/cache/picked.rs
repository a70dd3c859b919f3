//! One key: where it is, and what became of the last requests for it.

use crate::algorithm::eviction::structure::Item;
use crate::base::text;
use crate::component::cache::{ADMITTED, HIT, MISS};
use crate::engine::accesses::Access;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::Column;
use super::{Inside, left};

/// Accesses told one by one.
const TOLD: usize = 8;
/// Keys looked at from either end of a part, to find it there.
const SOUGHT: usize = 1_000;

impl Inside<'_> {
    /// The picked key, if one is.
    pub(super) fn picked(&self, column: &mut Column) {
        let Some(key) = self.key else { return };
        column.caption("picked", [&format!("Key {}", self.subject.key(key)), "the latest first"]);
        column.words("picked/where", &self.place(key));
        self.counters(key, column);
        self.copies(key, column);
        column.space(3.0);
        let now = self.subject.now();
        let own = self.accesses.iter().rev().filter(|it| it.key == key);
        let own: Vec<&Access> = own.take(TOLD).collect();
        let mut chips = Vec::new();
        for (index, it) in own.into_iter().enumerate() {
            let (sign, tone, style) = match it.counter {
                HIT => ("hit", Tone::Hit, CellStyle::Strong),
                MISS => ("miss", Tone::Ink2, CellStyle::Dashed),
                ADMITTED => ("in", Tone::Ink, CellStyle::Plain),
                _ => continue,
            };
            let ago = format!("{} ago", left(now.saturating_sub(it.at)));
            let mut chip = Chip::new(format!("picked/{index}"), format!("{sign} {ago}"));
            if it.counter != ADMITTED && it.request != 0 {
                chip.label = Some(format!("Follow the request that was a {sign} {ago}"));
                chip.action = Some(Act::Follow(it.request, it.at.0).to_string());
            }
            chips.push(chip.styled(tone, style));
        }
        match chips.is_empty() {
            true => column.words("picked/none", "Nobody has asked for it lately."),
            false => column.chips("picked", &chips, 4),
        }
        column.space(8.0);
    }

    /// Its counters, where a sketch keeps some for each key.
    fn counters(&self, key: u32, column: &mut Column) {
        let Some(entry) = self.state.entries.get(key).filter(|_| self.up) else { return };
        let counters = self.state.order.counters(entry.slot);
        let Some(least) = counters.iter().min() else { return };
        let all = counters.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
        let words = format!(
            "Its {} counters in the sketch: {all}. Others count there, too; the least, {least}, is what counts.",
            counters.len(),
        );
        column.words("picked/sketch", &words);
    }

    /// Where a key is, as far as that is told.
    fn place(&self, key: u32) -> String {
        let entry = self.state.entries.get(key).filter(|_| self.up);
        for part in &self.state.order.parts(SOUGHT) {
            let mut before = 0;
            for item in &part.items {
                match item {
                    Item::Between(count) => before += count,
                    Item::Key(place) if place.key == key && place.ghost == entry.is_none() => {
                        let (at, of) = (text::count(before + 1), text::count(part.held));
                        let held = if place.ghost { "Not held, but remembered" } else { "Held" };
                        return format!("{held}: number {at} of {of} in {:?}.", part.name);
                    }
                    Item::Key(_) => before += 1,
                }
            }
        }
        match entry {
            Some(_) => "Held, far from either end.".into(),
            None => "Not held: the next read misses.".into(),
        }
    }
}
