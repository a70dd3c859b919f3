//! Whose a key is, who stands in for whom, and what is kept for those that have not confirmed it.

use crate::base::text;
use crate::engine::history::{Operation, Round};
use crate::lens::history::line;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Glyph, Mark, Point, Rect, Shape, Tone};

use super::Store;

/// Height of a member's field, and its widest.
const FIELD: [f32; 2] = [24.0, 72.0];
/// Hints told one by one.
const HINTS: usize = 6;

impl Store<'_> {
    /// Whether keys are kept by part of the members only.
    pub(super) fn is_spread(&self) -> bool {
        (self.params.homes() as usize) < self.members.len()
    }

    /// Who keeps the key that is shown, in the order of the ring.
    pub(super) fn homes(&self) -> &[usize] {
        &self.order[..self.order.len().min(self.params.homes() as usize)]
    }

    pub(super) fn is_home(&self, member: usize) -> bool {
        self.homes().contains(&member)
    }

    /// Whether there is something to tell of what a member holds of the key.
    pub(super) fn holds(&self, member: usize) -> bool {
        let row = self.members[member].1.and_then(|it| it.rows.get(self.key.into()));
        self.is_home(member) || row.is_some_and(|it| !it.copies.is_empty())
    }

    /// What a member holds of the key, and for whom if it is no home of it.
    pub(super) fn belief(&self, member: usize) -> String {
        let Some(state) = self.members[member].1 else { return String::from("nothing") };
        if !self.holds(member) {
            return String::from("no home");
        }
        let held = self.held(state);
        if self.is_home(member) {
            return held;
        }
        let whom = (0..self.members.len()).filter(|it| self.hints(member, *it).next().is_some());
        let whom: Vec<_> = whom.map(|it| self.name(it)).collect();
        format!("{held} for {}", whom.join(", "))
    }

    /// Versions of the key that a member is to bring to another.
    fn hints(&self, member: usize, to: usize) -> impl Iterator<Item = u32> {
        let hints = self.members[member].1.and_then(|it| it.hints.get(to));
        hints
            .into_iter()
            .flat_map(|it| it.range((self.key, 0)..=(self.key, u32::MAX)))
            .map(|it| it.1)
    }

    /// Members of a set by name, and in whose place those were asked who stood in.
    pub(super) fn stood(&self, set: u16, round: &Round) -> String {
        let names = (0..self.members.len()).filter(|it| set >> it & 1 == 1);
        let names = names.map(|it| match round.stands_in(it) {
            Some(home) => format!("{} for {}", self.name(it), self.name(home)),
            None => self.name(it),
        });
        let names: Vec<_> = names.collect();
        if names.is_empty() { String::from("nobody") } else { names.join(", ") }
    }

    /// How often somebody who stood in was counted.
    pub(super) fn stood_in(&self, known: &[&Operation], sheet: &mut Sheet) {
        if !self.params.stands_in() {
            return;
        }
        let now = self.now();
        let stood = |it: &Round| {
            let decided = it.deciders(now).unwrap_or(0);
            (0..self.members.len()).any(|at| decided >> at & 1 == 1 && it.stands_in(at).is_some())
        };
        let ended = known.iter().filter(|it| it.ended.is_some_and(|it| it.1 <= now));
        let count = ended.clone().filter(|it| it.rounds.iter().any(stood)).count();
        let words = format!(
            "Sloppy: W + R > N promises nothing where a stand-in is counted. So it was in {} of {} \
             operations.",
            text::count(count as u64),
            text::count(ended.count() as u64)
        );
        line("promise/sloppy", Tone::Warn, Glyph::Alert, &words, None, sheet);
    }

    /// Whose the key is, and who keeps something for whom.
    pub(super) fn whose(&self, sheet: &mut Sheet) {
        if self.is_spread() {
            self.ring(sheet);
        }
        let members = 0..self.members.len();
        let mut all = Vec::new();
        for (member, to) in members.clone().flat_map(|it| members.clone().map(move |to| (it, to))) {
            all.extend(self.hints(member, to).map(|version| (member, to, version)));
        }
        let others = self.unconfirmed().saturating_sub(all.len() as u64);
        if all.is_empty() && others == 0 {
            return;
        }
        sheet.space(8.0);
        let key = self.key_name(self.key);
        let count = all.len() as u64 + others;
        let right = format!("{} {}", text::count(count), if count == 1 { "hint" } else { "hints" });
        sheet.caption("hints", ["Kept until a home confirms it", &right]);
        for (index, (member, to, version)) in all.iter().take(HINTS).enumerate() {
            let [name, whom] = [*member, *to].map(|it| self.name(it));
            let value = self.value(*version);
            let words = match self.is_home(*member) {
                true => format!("{name} brings {key} = {value} to {whom}."),
                false => {
                    format!("{name}, no home, brings {key} = {value} to {whom}, then drops it.")
                }
            };
            line(&format!("hint/{index}"), Tone::Warn, Glyph::Clock, &words, None, sheet);
        }
        let more = all.len().saturating_sub(HINTS) as u64;
        let rest = match (more, others) {
            (0, 0) => return,
            (0, it) => format!("and {} for other keys", text::count(it)),
            (it, 0) => format!("and {} more", text::count(it)),
            (it, other) => {
                format!("and {} more, {} for other keys", text::count(it), text::count(other))
            }
        };
        sheet.words("hint/more", &rest);
    }

    /// Who has asked a member in vain and not heard of it since; empty if nobody has.
    fn missed_by(&self, member: usize) -> String {
        let missed =
            |it: &usize| self.members[*it].1.is_some_and(|it| it.silent >> member & 1 == 1);
        let by = (0..self.members.len()).filter(missed).map(|it| self.name(it));
        if self.params.stands_in() { by.collect::<Vec<_>>().join(", ") } else { String::new() }
    }

    /// The members in the order of the ring, homes first.
    fn ring(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        let key = self.key_name(self.key);
        let (n, members) = (self.params.homes(), self.members.len());
        let right = format!("N = {n} of {members}");
        sheet.caption("ring", [&format!("Who keeps {key}"), &right]);
        let step = (sheet.width() / members as f32).min(FIELD[1]);
        let block = sheet.block(FIELD[0] + 18.0);
        for (place, member) in self.order.iter().enumerate() {
            let (name, home) = (self.name(*member), self.is_home(*member));
            let area = Rect::new(step * place as f32 + 2.0, block.y, step - 4.0, FIELD[0]);
            let (tone, fill, role) = match (home, self.params.stands_in()) {
                (true, _) => (Tone::Ink, Fill::Framed, "keeps it"),
                (false, true) => (Tone::Ink3, Fill::Dashed, "stands in if a home does not answer"),
                (false, false) => (Tone::Line, Fill::Hollow, "does not keep it"),
            };
            let missed = self.missed_by(*member);
            let silent = !missed.is_empty();
            let missed = if silent { format!("; no answer to {missed}") } else { missed };
            let belief = if self.holds(*member) {
                format!("; it holds {}", self.belief(*member))
            } else {
                String::new()
            };
            let id = format!("ring/{member}");
            let label = format!("{}. {name} {role}{belief}{missed}", place + 1);
            let shape = Shape::Bar { area, radius: 4.0, fill };
            sheet.draw(Mark::new(&id, shape, tone).labelled(label));
            let at = Point::new(area.x + area.width / 2.0, area.y + 16.5);
            let mark = Mark::text(format!("{id}/name"), at, name, Font::HEADING);
            let tone = if home { Tone::Ink } else { Tone::Ink2 };
            sheet.draw(mark.anchored(Anchor::Middle).toned(tone));
            let at = Point::new(at.x, area.bottom() + 13.0);
            let word = match (silent, home, self.holds(*member)) {
                (true, ..) => "silent",
                (_, true, _) => "home",
                (_, false, true) => "hint",
                _ => continue,
            };
            let word = measure::fit(word, Font::SMALL, step);
            let mark = Mark::text(format!("{id}/word"), at, word, Font::SMALL);
            let tone = match (silent, home) {
                (false, true) => Tone::Ink2,
                _ => Tone::Warn,
            };
            sheet.draw(mark.anchored(Anchor::Middle).toned(tone));
        }
        let words = match self.params.stands_in() {
            true => {
                "The next so many clockwise; those after them stand in for homes that do not answer."
            }
            false => "The next so many clockwise from the key on the ring of members.",
        };
        sheet.words("ring/words", words);
    }
}
