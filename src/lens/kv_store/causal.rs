//! Writes that wait for their causes: who holds what back, what it waits for, and since when.

use crate::base::text;
use crate::component::kv_store::{Held, KvStoreState};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Glyph, Heads, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Store;
use crate::lens::history::line;

/// Writes shown at each member, and causes named of each.
const SHOWN: usize = 4;
/// Height of a write's row, and of its box.
const ROW: [f32; 2] = [30.0, 22.0];

impl Store<'_> {
    /// A key and the value that a version stands for.
    fn named(&self, key: u32, version: u32) -> String {
        let name = self.key_name(key);
        match self.log.value(key, version) {
            0 => name,
            value => format!("{name} = {value}"),
        }
    }

    /// What came before its causes.
    pub(super) fn held_back(&self, sheet: &mut Sheet) {
        if !self.params.is_causal() {
            return;
        }
        sheet.space(8.0);
        let all: Vec<(usize, &KvStoreState)> =
            self.members.iter().enumerate().filter_map(|it| Some((it.0, it.1.1?))).collect();
        let count: usize = all.iter().map(|it| it.1.causal.held.len()).sum();
        let right = match count {
            0 => String::from("nothing waits"),
            count => format!("{} waiting", text::some(count as u64, "write")),
        };
        sheet.caption("held", ["Held back until its causes are here", &right]);
        for (member, state) in &all {
            for (index, it) in state.causal.held.iter().take(SHOWN).enumerate() {
                self.waiting(*member, index, it, state, sheet);
            }
            let more = state.causal.held.len().saturating_sub(SHOWN);
            if more > 0 {
                let words = format!("and {more} more at {}", self.name(*member));
                sheet.words(&format!("held/{member}/more"), &words);
            }
        }
        let words = "A write tells which writes its client had seen before it. Whoever has not got them yet \
                     goes on showing what it had.";
        sheet.words("held/words", words);
    }

    /// One write that waits: a dashed box at its member, an arrow to what it waits for, and since when.
    fn waiting(
        &self,
        member: usize,
        index: usize,
        it: &Held,
        state: &KvStoreState,
        sheet: &mut Sheet,
    ) {
        let version = it.copies.iter().map(|it| it.version).max().unwrap_or(it.version);
        let what = self.named(it.key, version);
        let mut causes: Vec<_> = it.awaits(state).collect();
        causes.sort_unstable();
        causes.dedup();
        // What is here itself, but waits for something, is not missing.
        let is_held = |of: &(u32, u32)| {
            let knows = |it: &Held| it.key == of.0 && it.copies.iter().any(|it| it.knows(of.1));
            state.causal.held.iter().any(knows)
        };
        let named: Vec<_> = causes
            .iter()
            .take(SHOWN)
            .map(|of| {
                let waits = if is_held(of) { ", which waits too" } else { "" };
                format!("{}{waits}", self.named(of.0, of.1))
            })
            .collect();
        let more = causes.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (name, from) = (self.name(member), self.name(it.from.into()));
        let causes = format!("{}{more}", named.join("; "));
        let id = format!("held/{member}/{index}");
        let first = named.first().cloned().unwrap_or_default();
        self.boxes(&id, [&name, &what, &first], sheet);
        let since = self.subject.moment(it.since);
        let words = format!("{name} got {what} from {from} at {since}. It waits for {causes}.");
        line(&format!("{id}/words"), Tone::Warn, Glyph::Clock, &words, Some(it.since), sheet);
    }

    /// What waits, and what it waits for.
    fn boxes(&self, id: &str, [name, what, cause]: [&str; 3], sheet: &mut Sheet) {
        let block = sheet.block(ROW[0]);
        let middle = block.y + ROW[0] / 2.0;
        let gap = 26.0;
        let wide = (sheet.width() - 24.0 - gap) / 2.0;
        let at = Point::new(4.0, middle + 4.5);
        sheet.draw(Mark::text(format!("{id}/name"), at, name, Font::HEADING).toned(Tone::Ink2));
        let both =
            [(24.0, what, Fill::Framed, "what"), (24.0 + wide + gap, cause, Fill::Dashed, "cause")];
        for (x, words, fill, part) in both {
            let area = Rect::new(x, middle - ROW[1] / 2.0, wide, ROW[1]);
            let label = match part {
                "what" => format!("{name} holds {words} back"),
                _ => format!("It waits for {words}"),
            };
            let shape = Shape::Bar { area, radius: 11.0, fill };
            sheet.draw(Mark::new(format!("{id}/{part}"), shape, Tone::Warn).labelled(label));
            let words = crate::scene::layout::measure::fit(words, Font::SMALL, wide - 12.0);
            let at = Point::new(x + wide / 2.0, middle + 4.0);
            let mark = Mark::text(format!("{id}/{part}/words"), at, words, Font::SMALL);
            sheet.draw(mark.anchored(Anchor::Middle).toned(Tone::Ink));
        }
        let from = Point::new(24.0 + wide + 3.0, middle);
        let to = Point::new(24.0 + wide + gap - 3.0, middle);
        let shape = Shape::Arrow { from, to, stroke: Stroke::DASHED, heads: Heads::End };
        sheet.draw(Mark::new(format!("{id}/arrow"), shape, Tone::Ink3));
    }
}
