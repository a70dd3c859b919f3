//! How many members must answer: whom one operation asked and who answered when, whether that meets
//! the last finished write, and what numbers promise and what not.

use crate::algorithm::consistency::Guarantee;
use crate::algorithm::replication::quorum::{meet, sets};
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::kv_store::WhenCut;
use crate::engine::history::{Operation, Round};
use crate::lens::Act;
use crate::lens::history::{Finding, Voice, line, stale};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Glyph, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Store;
use super::settings::numbers;

/// Under which name the operation that is looked at is noted.
pub(super) const PICKED: &str = "operation";
/// How far back operations are offered to be picked, and how many of them.
const BACK: Nanos = Nanos::seconds(10);
const PICKS: usize = 8;
/// Width of a member in a small picture of two sets, and height of one of its two rows.
const SPOT: f32 = 11.0;
/// Rows of small pictures, at most.
const TILE_ROWS: usize = 4;
/// Height of a member's row among answers.
const ROW: f32 = 20.0;

impl Store<'_> {
    /// How many must answer, and what follows from it for every choice of members.
    pub(super) fn numbers(&self, sheet: &mut Sheet) {
        let [read, write] = self.params.quorum();
        let n = self.params.homes();
        sheet.space(8.0);
        let right = format!("N = {n}, R = {read}, W = {write}");
        sheet.caption("quorum", ["Answers needed", &right]);
        if self.params.when_cut == WhenCut::Quorums {
            let reads = numbers("Answers to a read: R =", n, read);
            self.setting("read_quorum", "Of reads, R", reads, sheet);
            let writes = numbers("Answers to a write: W =", n, write);
            self.setting("write_quorum", "Of writes, W", writes, sheet);
        }
        self.all_sets(sheet);
    }

    /// Every set of homes that a read may meet, against one that a write has met: but for their names,
    /// all of those are alike.
    fn all_sets(&self, sheet: &mut Sheet) {
        let [read, write] = self.params.quorum();
        let n = self.params.homes();
        let wrote = (1u16 << write) - 1;
        let mut reads: Vec<u16> = sets(n, read).collect();
        let apart = reads.iter().filter(|it| **it & wrote == 0).count();
        reads.sort_by_key(|it| (it & wrote).count_ones());
        let met = format!("{} of {} overlap", reads.len() - apart, reads.len());
        sheet.space(4.0);
        sheet.caption("sets", ["Who reads, who was written", &met]);
        let (width, height) = (SPOT * n as f32 + 8.0, 2.0 * SPOT + 6.0);
        let across = ((sheet.width() + 6.0) / (width + 6.0)) as usize;
        for (index, row) in reads.chunks(across.max(1)).take(TILE_ROWS).enumerate() {
            let block = sheet.block(height + 6.0);
            for (at, it) in row.iter().enumerate() {
                let x = (width + 6.0) * at as f32;
                let id = format!("sets/{}", index * across.max(1) + at);
                self.tile(&id, [*it, wrote], Rect::new(x, block.y, width, height), sheet);
            }
        }
        let shown = across.max(1) * TILE_ROWS;
        if reads.len() > shown {
            let rest = &reads[shown..];
            let meeting = rest.iter().filter(|it| **it & wrote != 0).count();
            let more = format!("and {} more, of which {meeting} overlap", rest.len());
            sheet.words("sets/more", &more);
        }
        let words = match meet(n, read, write) {
            true if self.params.stands_in() => format!(
                "W + R = {} > N = {n}: among homes, a read meets the last finished write. Here \
                 stand-ins count too (sloppy), and then it need not.",
                read + write
            ),
            true => format!(
                "W + R = {} > N = {n}: whichever they are, a read meets the last finished write.",
                read + write
            ),
            false => format!(
                "W + R = {} ≤ N = {n}: a read may ask only members that have not heard of it.",
                read + write
            ),
        };
        sheet.words("sets/words", &words);
    }

    /// Homes of the key, given by their places among them, as a set of members.
    fn homes_of(&self, places: u16) -> u16 {
        let homes = self.homes().iter().enumerate();
        homes.filter(|it| places >> it.0 & 1 == 1).fold(0, |all, it| all | 1 << it.1)
    }

    /// Names of the members of a set.
    fn names(&self, set: u16) -> String {
        let names = (0..self.members.len()).filter(|it| set >> it & 1 == 1);
        let names: Vec<_> = names.map(|it| self.name(it)).collect();
        if names.is_empty() { String::from("nobody") } else { names.join(", ") }
    }

    fn tile(&self, id: &str, [read, wrote]: [u16; 2], area: Rect, sheet: &mut Sheet) {
        let names = |places: u16| self.names(self.homes_of(places));
        let (tone, fill, words) = match read & wrote {
            0 => (Tone::Warn, Fill::Dashed, String::from("no member in both")),
            it => (Tone::Line, Fill::Hollow, format!("{} in both", names(it))),
        };
        let label = format!("Read from {}, written to {}: {words}", names(read), names(wrote));
        let shape = Shape::Bar { area, radius: 3.0, fill };
        sheet.draw(Mark::new(id, shape, tone).labelled(label));
        for member in 0..self.params.homes() {
            let x = area.x + 4.0 + SPOT * (member as f32 + 0.5);
            let spot = |row: f32| Point::new(x, area.y + 3.0 + SPOT * (row + 0.5));
            for (row, set, tone) in [(0.0, read, Tone::Read), (1.0, wrote, Tone::Write)] {
                if set >> member & 1 == 1 {
                    sheet.draw(Mark::sign(format!("{id}/{member}-{row}"), spot(row), tone));
                }
            }
        }
    }

    /// The operation of the key that is looked at: the one picked, else the latest read that missed
    /// a write, else the latest that has ended.
    fn looked_at(&self) -> Option<&Operation> {
        let (now, from) = (self.now(), self.now().saturating_sub(BACK));
        let there = |it: &&Operation| it.invoked <= now && it.key == self.key;
        let asked = |it: &&Operation| there(it) && it.rounds.iter().any(|it| it.is_there(now));
        if let Some(it) = self.picked.filter(|it| asked(it)) {
            return Some(it);
        }
        let latest = || self.log.operations.iter().rev().filter(asked);
        let missed = latest().take_while(|it| it.invoked >= from);
        let missed = missed.into_iter().find(|it| stale(self.log, it, now));
        let ended = || latest().find(|it| it.ended.is_some_and(|it| it.1 <= now));
        missed.or_else(ended).or_else(|| latest().next())
    }

    /// Whom one operation asked and who answered when.
    pub(super) fn answers(&self, sheet: &mut Sheet) {
        let (now, from) = (self.now(), self.now().saturating_sub(BACK));
        sheet.space(8.0);
        let Some(shown) = self.looked_at() else { return };
        let pinned = self.picked.is_some_and(|it| it.request == shown.request);
        let right = if pinned { "picked" } else { "pick another" };
        sheet.caption("operation", ["Who answered one operation", right]);
        let mut recent: Vec<_> = self
            .log
            .operations
            .iter()
            .rev()
            .filter(|it| it.key == self.key && (from..=now).contains(&it.invoked))
            .filter(|it| it.rounds.iter().any(|it| it.is_there(now)))
            .collect();
        // Reads that missed a write first; they are what one looks for.
        recent.sort_by_key(|it| !stale(self.log, it, now));
        let chip = |it: &&Operation| {
            let mut chip = Chip::new(format!("pick/{}", it.request), self.words(it));
            chip.label = Some(self.told(it));
            chip.action = Some(Act::Note(PICKED.into(), it.request.to_string()).to_string());
            let refused = it.ended.is_some_and(|it| it.1 <= now && it.0.is_failure());
            let tone = match (stale(self.log, it, now), refused, it.writes) {
                (true, ..) => Tone::Stale,
                (_, true, _) => Tone::Fail,
                (_, _, true) => Tone::Write,
                _ => Tone::Read,
            };
            let own = it.request == shown.request;
            chip.styled(tone, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let chips: Vec<_> = recent.iter().take(PICKS).map(chip).collect();
        sheet.chips("pick", &chips, 2, recent.len());
        sheet.space(4.0);
        sheet.words("operation/told", &format!("{}.", self.told(shown)));
        for (index, round) in shown.rounds.iter().enumerate() {
            if round.is_there(now) {
                self.round(index, shown, round, sheet);
            }
        }
        self.overlap(shown, sheet);
    }

    /// The answers of one round as bars, and which of them decided.
    fn round(&self, index: usize, of: &Operation, round: &Round, sheet: &mut Sheet) {
        let now = self.now();
        let asks = if index == 0 { "what is there?" } else { "keep this" };
        let decided = round.decided.filter(|it| *it <= now);
        let count = round.answered(decided.unwrap_or(now)).count_ones();
        let right = match decided {
            Some(at) => {
                format!("{count} answered in {}", text::duration((at - round.began).0 as f64))
            }
            None => format!("{count} answered"),
        };
        sheet.space(4.0);
        let id = format!("round/{index}");
        sheet.caption(&id, [&format!("{}: {asks}", self.of_slot(round.member)), &right]);
        let came = |member: usize| {
            let (at, version) = round.answers[member];
            (version > 0 && at <= now).then(|| (at - round.began, version))
        };
        let until = of.ended.map_or(now, |it| it.1.min(now));
        let waited = decided.unwrap_or(until).saturating_sub(round.began);
        let last = (0..self.members.len()).filter_map(came).map(|it| it.0).max();
        let span = last.unwrap_or(Nanos::ZERO).max(waited).0.max(1) as f64;
        let words: Vec<_> = (0..self.members.len())
            .map(|member| {
                let stead = round.stands_in(member);
                let stead = stead.map_or_else(String::new, |it| format!(", for {}", self.name(it)));
                match came(member) {
                    Some((Nanos(0), version)) => format!("itself: {}{stead}", self.value(version)),
                    Some((after, version)) => {
                        let after = text::duration(after.0 as f64);
                        format!("{after}: {}{stead}", self.value(version))
                    }
                    None if round.asked >> member & 1 == 1 => format!("no answer{stead}"),
                    None if self.is_home(member) => String::from("not asked"),
                    None => String::from("no home of it"),
                }
            })
            .collect();
        let right = words.iter().map(|it| measure::width(it, Font::NUMBER)).fold(0.0, f32::max);
        let (start, room) = (22.0, sheet.width() - 22.0 - right - 12.0);
        let block = sheet.block(ROW * self.members.len() as f32);
        let px = |it: Nanos| start + room * (it.0 as f64 / span) as f32;
        for (member, words) in words.iter().enumerate() {
            let y = block.y + ROW * member as f32;
            let name = self.name(member);
            let mark = |id: &str, x: f32, words: &str, font| {
                Mark::text(
                    format!("round/{index}/{member}#{id}"),
                    Point::new(x, y + 14.0),
                    words,
                    font,
                )
            };
            sheet.draw(mark("name", 4.0, &name, Font::SMALL));
            let figure = mark("figure", sheet.width(), words, Font::NUMBER).anchored(Anchor::End);
            sheet.draw(figure.toned(if came(member).is_some() { Tone::Ink } else { Tone::Ink3 }));
            if round.asked >> member & 1 == 0 {
                continue;
            }
            let counts =
                came(member).is_some_and(|it| decided.is_none_or(|at| round.began + it.0 <= at));
            let end = came(member).map_or(Nanos(span as u64), |it| it.0);
            let area = Rect::new(start, y + 5.0, (px(end) - start).max(3.0), 10.0);
            let fill = match (came(member).is_some(), counts) {
                (false, _) => Fill::Dashed,
                (_, true) => Fill::Solid,
                (_, false) => Fill::Soft,
            };
            let tone = match (came(member).is_some(), index) {
                (false, _) => Tone::Ink3,
                (_, 0) => Tone::Read,
                _ => Tone::Write,
            };
            let counted = match (came(member).is_some(), counts) {
                (false, _) => "",
                (_, true) => ", counted",
                (_, false) => ", after enough had answered",
            };
            let label = format!("{name}, {words}{counted}");
            let shape = Shape::Bar { area, radius: 2.0, fill };
            sheet.draw(Mark::new(format!("round/{index}/{member}"), shape, tone).labelled(label));
        }
        if let Some(at) = decided {
            let x = px(at - round.began);
            let (from, to) = (Point::new(x, block.y), Point::new(x, block.bottom()));
            let shape = Shape::Line { from, to, stroke: Stroke::DASHED };
            let n = self.params.homes();
            let label = format!("With answer {count} of {n}, enough have answered");
            sheet.draw(Mark::new(format!("{id}/decided"), shape, Tone::Ink).labelled(label));
        }
    }

    /// The last write that had been acknowledged before an operation began.
    fn finished_before(&self, of: &Operation) -> Option<&Operation> {
        let acknowledged = |it: &Operation| {
            let ended = it.ended.filter(|it| !it.0.is_failure() && it.1 < of.invoked);
            ended.filter(|_| it.writes && it.key == of.key).map(|it| it.1)
        };
        let writes = self.log.operations.iter().filter(|it| acknowledged(it).is_some());
        writes.max_by_key(|it| acknowledged(it))
    }

    /// Whether a read met the last finished write.
    fn overlap(&self, of: &Operation, sheet: &mut Sheet) {
        let round = &of.rounds[0];
        let read = round.deciders(self.now());
        let write = self.finished_before(of);
        let kept = write.and_then(|it| it.rounds[1].deciders(self.now()));
        let (Some(read), Some(write), Some(kept), false) = (read, write, kept, of.writes) else {
            return;
        };
        sheet.space(6.0);
        let right = format!("last finished write: {}", write.value);
        sheet.caption("overlap", ["Overlap", &right]);
        let names = [format!("acknowledged {}", write.value), String::from("answered the read")];
        let wide =
            names.iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max) + 12.0;
        let step = ((sheet.width() - wide) / self.members.len() as f32).min(36.0);
        let block = sheet.block(54.0);
        let both = kept & read;
        for member in 0..self.members.len() {
            let x = wide + step * (member as f32 + 0.5);
            let is = |set: u16| set >> member & 1 == 1;
            if is(both) {
                let area = Rect::new(x - 11.0, block.y, 22.0, 52.0);
                let label = format!("{} is in both", self.name(member));
                let shape = Shape::Bar { area, radius: 4.0, fill: Fill::Hollow };
                sheet
                    .draw(Mark::new(format!("overlap/{member}"), shape, Tone::Ink).labelled(label));
            }
            let name = self.name(member);
            let id = format!("overlap/{member}/name");
            let mark = Mark::text(id, Point::new(x, block.y + 14.0), name, Font::SMALL);
            sheet.draw(mark.anchored(Anchor::Middle));
            for (row, set, tone) in [(1, kept, Tone::Write), (2, read, Tone::Read)] {
                let at = Point::new(x, block.y + 6.0 + 15.0 * row as f32 + 4.0);
                let id = format!("overlap/{member}/{row}");
                match is(set) {
                    true => sheet.draw(Mark::sign(id, at, tone)),
                    false => {
                        let shape = Shape::Glyph { glyph: Glyph::Ring, at, radius: 1.5 };
                        sheet.draw(Mark::new(id, shape, Tone::Line));
                    }
                }
            }
        }
        for (row, name) in names.into_iter().enumerate() {
            let at = Point::new(0.0, block.y + 14.0 + 15.0 * (row as f32 + 1.0));
            let mark = Mark::text(format!("overlap/row/{row}"), at, name, Font::SMALL);
            sheet.draw(mark.toned(Tone::Ink2));
        }
        let missed = stale(self.log, of, self.now());
        let (who, answerers) =
            (self.stood(kept, &write.rounds[1]), self.stood(read, &of.rounds[0]));
        let words = match (both, missed) {
            (0, true) => format!(
                "No: {who} had acknowledged it, {answerers} answered. The read missed it: a stale read."
            ),
            (0, false) => format!(
                "No: {who} had acknowledged it, {answerers} answered. The read was lucky: it had \
                 spread by then."
            ),
            (_, false) => format!("Yes: {}. The read could not miss it.", self.names(both)),
            (_, true) => format!(
                "Yes: {}. The read is older all the same: of two writes another was kept.",
                self.names(both)
            ),
        };
        let (tone, glyph) = match (both, missed) {
            (_, true) => (Tone::Stale, Glyph::Clock),
            (0, _) => (Tone::Warn, Glyph::Alert),
            _ => (Tone::Hit, Glyph::Check),
        };
        line("overlap/words", tone, glyph, &words, None, sheet);
    }

    /// What the numbers promise, and what not, with what the run has of it.
    pub(super) fn promises(&self, sheet: &mut Sheet) {
        let [read, write] = self.params.quorum();
        let (n, now) = (self.params.homes(), self.now());
        let sure = meet(n, read, write) && !self.params.stands_in();
        let known = self.log.operations.iter().filter(|it| it.invoked <= now);
        let known: Vec<_> = known.collect();
        let ended = |it: &Operation| it.ended.filter(|it| it.1 <= now);
        sheet.space(8.0);
        sheet.caption("promise", ["What numbers promise, and what not", ""]);
        let reads = known.iter().filter(|it| !it.writes && ended(it).is_some());
        let missed = reads.clone().filter(|it| stale(self.log, it, now)).count();
        let words = format!(
            "Reads that missed a finished write: {} of {}.",
            text::count(missed as u64),
            text::count(reads.count() as u64)
        );
        let (tone, glyph) = match (sure, missed) {
            (_, 1..) => (Tone::Stale, Glyph::Clock),
            (true, 0) => (Tone::Hit, Glyph::Check),
            (false, 0) => (Tone::Warn, Glyph::Alert),
        };
        line("promise/stale", tone, glyph, &words, None, sheet);
        self.stood_in(&known, sheet);
        if !meet(n, write, write) {
            let words = "2 W ≤ N: two writes need not meet, and may not know of each other.";
            line("promise/writes", Tone::Warn, Glyph::Alert, words, None, sheet);
        }
        let over = |one: &Operation, other: &Operation| {
            let end = |it: &Operation| it.ended.map_or(Nanos::MAX, |it| it.1);
            one.key == other.key && one.invoked < end(other) && other.invoked < end(one)
        };
        let writes: Vec<_> = known.iter().filter(|it| it.writes).collect();
        let during = known.iter().filter(|it| !it.writes && writes.iter().any(|w| over(it, w)));
        let partly = writes.iter().filter(|it| {
            let kept = it.rounds[1].answered(now) != 0;
            kept && ended(it).is_some_and(|it| it.0.is_failure())
        });
        let differ = known.iter().filter(|it| {
            let round = &it.rounds[0];
            let answers = round.answers.iter().filter(|it| it.1 > 0 && it.0 <= now);
            let mut versions = answers.map(|it| it.1);
            let first = versions.next();
            versions.any(|it| Some(it) != first)
        });
        let cases = [
            (
                "during",
                "Reads during a write, which may see it or not, and a later one not",
                during.count(),
            ),
            ("partly", "Refused writes that some members have kept all the same", partly.count()),
            (
                "differ",
                "Reads whose members did not hold the same: repaired, or still on the way",
                differ.count(),
            ),
        ];
        for (id, what, count) in cases {
            let words = format!("{what}: {}.", text::count(count as u64));
            let (tone, glyph) =
                if count > 0 { (Tone::Warn, Glyph::Alert) } else { (Tone::Ink3, Glyph::Ring) };
            line(&format!("promise/{id}"), tone, glyph, &words, None, sheet);
        }
        let words = match (self.params.when_cut, self.judged.of(Guarantee::Linearizable)) {
            (WhenCut::Consistent, _) => {
                "Here reads write back what they found before they answer (ABD): linearizable."
            }
            (_, Finding::Broken(_)) => {
                "Overlap alone is not linearizable; this run is not (see below)."
            }
            _ => "Overlap alone is not linearizable, even where a run happens to be.",
        };
        sheet.words("promise/words", words);
    }

    /// A member by its slot.
    fn of_slot(&self, slot: u32) -> String {
        let member = self.members.iter().position(|it| it.0 == slot);
        member.map_or_else(|| String::from("one that has left"), |it| self.name(it))
    }
}
