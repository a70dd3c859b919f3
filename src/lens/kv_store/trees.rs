//! Anti-entropy: the hash trees of two members over all that both keep, as they are now, where they
//! differ, which hashes were sent when they were last compared, and what that repaired.

use std::collections::BTreeSet;

use crate::algorithm::replication::merkle::Tree;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::kv_store::{Comparison, tree};
use crate::lens::Act;
use crate::lens::history::line;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Fill, Font, Glyph, Mark, Point, Rect, Shape, Tone};

use super::Store;

/// Height of a level of a tree, and of a node in it.
const LEVEL: [f32; 2] = [11.0, 8.0];
/// Repaired keys told by name.
const NAMES: usize = 8;
/// What a pair is noted under.
const PAIR: &str = "trees";

impl Store<'_> {
    /// What a member remembers of its last comparison with another.
    fn compared(&self, member: usize, other: usize) -> Option<&Comparison> {
        let it = self.members[member].1?.compared.get(other)?;
        (it.at > Nanos::ZERO && it.at <= self.now()).then_some(it)
    }

    /// When two members last compared.
    fn last(&self, [one, other]: [usize; 2]) -> Nanos {
        let both = [self.compared(one, other), self.compared(other, one)];
        both.into_iter().flatten().map(|it| it.at).max().unwrap_or_default()
    }

    /// The tree of one member over what it and another keep.
    fn tree(&self, member: usize, other: usize) -> Option<Tree> {
        Some(tree(self.members[member].1?, other as u16))
    }

    /// The trees of a pair.
    pub(super) fn trees(&self, sheet: &mut Sheet) {
        if self.params.anti_entropy == Nanos::ZERO || self.members.len() < 2 {
            return;
        }
        let n = self.members.len();
        let mut pairs: Vec<_> =
            (0..n).flat_map(|one| (one + 1..n).map(move |other| [one, other])).collect();
        let word = |it: &[usize; 2]| format!("{}-{}", it[0], it[1]);
        let noted = self.subject.noted(PAIR);
        let picked = pairs.iter().position(|it| Some(word(it)) == noted);
        // The one that compared last, if nobody has picked another.
        let latest = || (0..pairs.len()).max_by_key(|it| self.last(pairs[*it])).unwrap_or(0);
        let picked = picked.unwrap_or_else(latest);
        let [one, other] = pairs[picked];
        let (Some(left), Some(right)) = (self.tree(one, other), self.tree(other, one)) else {
            return;
        };
        sheet.space(8.0);
        let names = [one, other].map(|it| self.name(it));
        let title = format!("Hash trees of {} and {}", names[0], names[1]);
        let parts = 1usize << left.depth();
        let differ =
            (0..parts).filter(|it| left.node(left.depth(), *it) != right.node(right.depth(), *it));
        let differ = differ.count();
        let state = match differ {
            0 => "they hold the same".into(),
            it => format!("{it} of {parts} parts differ"),
        };
        sheet.caption("trees", [&title, &state]);
        let height = LEVEL[0] * (left.depth() + 1) as f32 + 18.0;
        let areas = sheet.columns(height, [1.0, 1.0], 16.0);
        for (member, area) in [(one, areas[0]), (other, areas[1])] {
            let (own, of) = if member == one { (&left, other) } else { (&right, one) };
            let theirs = if member == one { &right } else { &left };
            self.pyramid([member, of], [own, theirs], area, sheet);
        }
        let legend = "Filled: the hashes differ now. Framed: sent when they last compared. The root is above, \
                      64 parts of the keys below.";
        sheet.words("trees/legend", legend);
        self.comparison([one, other], sheet);
        if pairs.len() > 1 {
            let chip = |it: &[usize; 2]| {
                let words = format!("{} and {}", self.name(it[0]), self.name(it[1]));
                let mut chip = Chip::new(format!("trees/pair/{}", word(it)), words);
                chip.action = Some(Act::Note(PAIR.into(), word(it)).to_string());
                let style = if *it == [one, other] { CellStyle::Strong } else { CellStyle::Plain };
                chip.styled(Tone::Ink, style)
            };
            pairs.truncate(36);
            let chips: Vec<_> = pairs.iter().map(chip).collect();
            sheet.chips("trees/pair", &chips, 2, chips.len());
        }
    }

    /// One tree, level by level.
    fn pyramid(
        &self,
        [member, of]: [usize; 2],
        [own, theirs]: [&Tree; 2],
        area: Rect,
        sheet: &mut Sheet,
    ) {
        let name = self.name(member);
        let id = format!("tree/{member}");
        let at = Point::new(area.x, area.y + 11.0);
        sheet.draw(Mark::text(format!("{id}/name"), at, &name, Font::SMALL).toned(Tone::Ink2));
        // A hash was sent by this one if the other was told it.
        let sent = self.compared(of, member).filter(|it| it.at >= self.began(member, of));
        let sent: BTreeSet<(u32, u32)> =
            sent.iter().flat_map(|it| it.told.iter().map(|it| it.0)).collect();
        for level in 0..=own.depth() {
            let nodes = 1usize << level;
            let step = area.width / nodes as f32;
            let gap = if step > 6.0 { 2.0 } else { 0.6 };
            for place in 0..nodes {
                let y = area.y + 16.0 + LEVEL[0] * level as f32;
                let room =
                    Rect::new(area.x + step * place as f32, y, (step - gap).max(1.0), LEVEL[1]);
                let differs = own.node(level, place) != theirs.node(level, place);
                let was_sent = sent.contains(&(level as u32, place as u32));
                let (fill, tone) = match (differs, was_sent) {
                    (true, _) => (Fill::Solid, Tone::Fail),
                    (false, true) => (Fill::Framed, Tone::Control),
                    (false, false) => (Fill::Solid, Tone::Line2),
                };
                let mut mark = Mark::new(
                    format!("{id}/{level}/{place}"),
                    Shape::Bar { area: room, radius: 1.0, fill },
                    tone,
                );
                if level == 0 || differs || was_sent {
                    let what = match level {
                        0 => "the root".to_owned(),
                        it if it == own.depth() => format!("part {place}"),
                        it => format!("level {it}, place {place}"),
                    };
                    let how = match (differs, was_sent) {
                        (true, true) => "differs; sent when they last compared",
                        (true, false) => "differs",
                        (false, true) => "is the same; sent when they last compared",
                        (false, false) => "is the same",
                    };
                    mark = mark.labelled(format!("{name}: {what} {how}"));
                }
                sheet.draw(mark);
            }
        }
    }

    /// When the last comparison of two members began.
    fn began(&self, one: usize, other: usize) -> Nanos {
        let both = [self.compared(one, other), self.compared(other, one)];
        let last = self.last([one, other]);
        // The one that was asked has heard of it a little later.
        let begun = both.into_iter().flatten().map(|it| it.at);
        let near = |it: &Nanos| last.saturating_sub(*it) < self.params.anti_entropy;
        begun.filter(near).min().unwrap_or(last)
    }

    /// The last comparison in words, and what it repaired.
    fn comparison(&self, [one, other]: [usize; 2], sheet: &mut Sheet) {
        let last = self.last([one, other]);
        if last == Nanos::ZERO {
            return sheet.words("trees/none", "They have not compared yet.");
        }
        let began = self.began(one, other);
        let of =
            |member: usize, with: usize| self.compared(member, with).filter(|it| it.at >= began);
        let both = [of(one, other), of(other, one)];
        let seen = || both.into_iter().flatten();
        let hashes: usize = seen().map(|it| it.told.len()).sum();
        let differed = seen().flat_map(|it| &it.told).filter(|it| it.1).count();
        let mut parts: Vec<u32> = seen().flat_map(|it| it.asked.iter().copied()).collect();
        parts.sort_unstable();
        parts.dedup();
        let words = match (hashes, differed) {
            (0, _) => {
                "A comparison has begun: one hash was sent, and nothing has come back.".to_owned()
            }
            (_, 0) => "Last compared: one hash was sent, the roots were the same.".to_owned(),
            _ => format!(
                "Last compared: {hashes} hashes were sent, {differed} differed; {} of 64 parts were exchanged.",
                parts.len()
            ),
        };
        line("trees/last", Tone::Ink2, Glyph::Clock, &words, Some(began), sheet);
        for (at, with, it) in [(one, other, both[0]), (other, one, both[1])] {
            let Some(it) = it.filter(|it| !it.repaired.is_empty()) else { continue };
            let keys = it.repaired.iter().take(NAMES).map(|it| self.key_name(*it));
            let keys: Vec<_> = keys.collect();
            let more = it.repaired.len().saturating_sub(NAMES) as u64;
            let more =
                if more > 0 { format!(" and {} more", text::count(more)) } else { String::new() };
            let (name, from) = (self.name(at), self.name(with));
            let words = format!("Repaired: {name} got {}{more} from {from}.", keys.join(", "));
            line(&format!("trees/repaired/{at}"), Tone::Hit, Glyph::Check, &words, None, sheet);
        }
    }
}
