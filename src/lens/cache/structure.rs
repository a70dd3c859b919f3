//! The entries where the policy has them, drawn from what it tells of itself: no policy is known here.

use crate::algorithm::eviction::structure::{Form, Item, Place};
use crate::algorithm::eviction::{Part, Policy};
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{ADMITTED, HIT, MISS};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::{Anchor, CellStyle, Fill, Font, Heads, Mark, Point, Shape, Stroke, Tone};

use super::super::column::{Bar, Column};
use super::{Inside, left};

/// How long a key stays lit after something happened to it.
const LIT: Nanos = Nanos::millis(400);
/// Keys drawn at either end of a part: in a narrow picture, and in a wide one.
const DRAWN: [usize; 2] = [8, 12];
/// Outer and inner radius of a ring.
const RING: [f32; 2] = [66.0, 46.0];
/// The part of a ring that stands for all keys not drawn, in turns.
const GAP: f32 = 0.25;

impl Inside<'_> {
    /// Part by part.
    pub(super) fn structure(&self, column: &mut Column) {
        let most = DRAWN[usize::from(column.width >= 420.0)];
        let parts = self.state.order.parts(most);
        if self.state.order.is_empty() && parts.iter().all(|it| it.held == 0) {
            column.caption("structure", ["What it holds", ""]);
            column.words("empty", "Empty: every read will miss until entries come in.");
            return;
        }
        let policy = self.params.policy;
        column.caption("structure", [policy.label(), &format!("keys {}:…", self.subject.key_name)]);
        let policies = Policy::ALL.iter().map(|it| (it.id(), (it.label(), it.help())));
        column.choices_in(4, ["policy", "policy"], policies, policy.id());
        column.space(4.0);
        self.standing(column);
        self.rooms(&parts, column);
        for (index, part) in parts.iter().enumerate() {
            self.part(index, part, column);
        }
        self.legend(&parts, column);
    }

    /// How the parts share the room, where there are several.
    fn rooms(&self, parts: &[Part], column: &mut Column) {
        if parts.len() < 2 || parts.iter().all(|it| it.room.is_none()) {
            return;
        }
        let most = |it: &Part| it.room.unwrap_or(0.0).max(self.taken(it) as f64);
        let scale = parts.iter().map(most).fold(1.0, f64::max);
        let mut bars = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let held = text::count(part.held);
            let (figure, of) = match part.room {
                Some(room) if self.params.max_memory > 0 => {
                    let [taken, room] = [part.weight as f64, room].map(text::bytes);
                    (format!("{taken} of {room}"), format!(", {taken}, may have {room}"))
                }
                Some(room) => {
                    let room = rounded(room);
                    (format!("{held} of {room}"), format!(", may have {room}"))
                }
                None => (held.clone(), String::new()),
            };
            let what = match (part.ghosts, part.held) {
                (false, 1) => "entry",
                (false, _) => "entries",
                (true, 1) => "key remembered",
                (true, _) => "keys remembered",
            };
            bars.push(Bar {
                id: format!("room/{index}"),
                name: &part.name,
                part: self.taken(part) as f64 / scale,
                ghost: part.room.map(|it| it / scale),
                figure,
                tone: Tone::Ink3,
                label: format!("{}: {held} {what}{of}", part.name),
            });
        }
        column.bars(&bars, None);
        column.space(2.0);
    }

    /// What a part takes of the room.
    fn taken(&self, part: &Part) -> u64 {
        match (self.params.max_memory, part.room) {
            (1.., Some(_)) => part.weight,
            (1.., None) => 0,
            _ => part.held,
        }
    }

    fn part(&self, index: usize, part: &Part, column: &mut Column) {
        let id = format!("part/{index}");
        column.space(8.0);
        let held = text::count(part.held);
        let right = if part.ghosts { format!("{held} keys left") } else { held };
        column.caption(&id, [&part.name, &right]);
        if part.items.is_empty() {
            column.words(&format!("{id}/empty"), "Empty.");
            return;
        }
        if part.form == Form::Ring {
            ring(&id, part, column);
        }
        let chips: Vec<_> =
            part.items.iter().enumerate().map(|(at, it)| self.chip(&id, at, it)).collect();
        column.chips(&id, &chips, usize::MAX);
        gaps(&id, column);
        self.countdowns(&id, part, column);
        if part.form != Form::Bag && part.held > 1 {
            ends(&id, part, column);
        }
    }

    /// What happened to a key within the last moments, if anything.
    fn lit(&self, key: u32) -> Option<u8> {
        let since = self.subject.now().saturating_sub(LIT);
        let mut recent = self.recent().take_while(|it| it.at >= since);
        recent.find(|it| it.key == key).map(|it| it.counter)
    }

    fn chip(&self, id: &str, at: usize, item: &Item) -> Chip {
        let place = match item {
            Item::Between(count) => {
                let words = format!("… {} …", text::count(*count));
                let mut chip = Chip::new(format!("{id}/between-{at}"), words);
                chip.label = Some(format!("{} keys in between", text::count(*count)));
                return chip.styled(Tone::Ink3, CellStyle::Plain);
            }
            Item::Key(place) => place,
        };
        let Place { key, used, uses, state, ghost, hand } = *place;
        let mut words = key.to_string();
        if hand {
            words = format!("→ {words}");
        }
        if let Some(uses) = uses {
            words += &format!(" ×{uses}");
        }
        if !state.is_empty() {
            words += &format!(" {state}");
        }
        let mut chip = Chip::new(format!("{id}/{key}"), words);
        chip.label = Some(self.told(place));
        chip.action = Some(Self::pick(key));
        let entry = self.state.entries.get(key);
        let lit = self.lit(key);
        if ghost {
            let tone = if lit == Some(MISS) { Tone::Ink } else { Tone::Ink3 };
            return chip.styled(tone, CellStyle::Struck);
        }
        if entry.is_some_and(|it| it.dirty) {
            return chip.styled(Tone::Write, CellStyle::Filled);
        }
        let is_unread = self.is_unread(key);
        match lit {
            _ if self.key == Some(key) => chip.styled(Tone::Selected, CellStyle::Strong),
            _ if self.is_over(key) => chip.styled(Tone::Stale, CellStyle::Struck),
            _ if self.newer(key).is_some() => chip.styled(
                Tone::Stale,
                match (lit, is_unread) {
                    (Some(HIT), _) => CellStyle::Strong,
                    (_, true) => CellStyle::Dashed,
                    _ => CellStyle::Plain,
                },
            ),
            Some(HIT) => chip.styled(Tone::Hit, CellStyle::Strong),
            Some(ADMITTED) => chip.styled(Tone::Ink2, CellStyle::Dashed),
            _ if is_unread => chip.styled(Tone::Ink3, CellStyle::Dashed),
            _ if used == Some(true) => chip.styled(Tone::Ink2, CellStyle::Filled),
            _ => chip,
        }
    }

    /// All that is known of a key in its place.
    fn told(&self, place: &Place) -> String {
        let mut words = vec![self.words(place.key)];
        if place.ghost {
            words.push("has left, and is remembered".into());
        }
        if place.hand {
            words.push("at the hand".into());
        }
        match place.used {
            Some(true) => words.push("used since the hand came by".into()),
            Some(false) => words.push("not used since".into()),
            None => {}
        }
        if let Some(uses) = place.uses {
            words.push(format!("counted {uses} ×"));
        }
        if !place.state.is_empty() {
            words.push(place.state.into());
        }
        if let Some(entry) = self.state.entries.get(place.key).filter(|_| !place.ghost) {
            if entry.dirty {
                words.push("not in the store yet".into());
            }
            if let Some(version) = self.newer(place.key) {
                words.push(format!("older than the store, which has v{version}"));
            }
            if self.is_unread(place.key) {
                words.push("not read since it came in".into());
            }
            if entry.expires < Nanos::MAX {
                words.push(match entry.expires.saturating_sub(self.clock()) {
                    Nanos::ZERO => "out of date".into(),
                    span => format!("good for {}", left(span)),
                });
            }
        }
        words.join(", ")
    }

    /// The cache's own clock, by which entries grow old.
    fn clock(&self) -> Nanos {
        let component = self.subject.component as usize;
        let members = &self.subject.world.blueprint().components[component].members;
        let now = self.subject.now();
        members.first().map_or(now, |it| self.subject.world.member(*it).desk.skew.of(now))
    }

    /// Under each key a line as long as the time it has left.
    fn countdowns(&self, id: &str, part: &Part, column: &mut Column) {
        if self.params.ttl == Nanos::ZERO || part.ghosts {
            return;
        }
        let clock = self.clock();
        let mut lines = Vec::new();
        for place in part.places().filter(|it| !it.ghost) {
            let Some(entry) = self.state.entries.get(place.key) else { continue };
            let name = format!("{id}/{}", place.key);
            let cell = column.marks.iter().rev().find(|it| it.id == name);
            let Some(Shape::Cell { area, .. }) = cell.map(|it| &it.shape) else { continue };
            let left = entry.expires.saturating_sub(clock).0 as f64 / self.params.ttl.0 as f64;
            let width = (area.width - 6.0) * left.clamp(0.0, 1.0) as f32;
            let y = area.bottom() - 2.0;
            let (from, to) = (Point::new(area.x + 3.0, y), Point::new(area.x + 3.0 + width, y));
            let line = Shape::Line { from, to, stroke: Stroke::BOLD };
            lines.push(Mark::new(format!("{name}#left"), line, Tone::Ink2));
        }
        column.marks.extend(lines);
    }

    /// Whether its time is up.
    fn is_over(&self, key: u32) -> bool {
        let entry = self.state.entries.get(key);
        entry.is_some_and(|it| !it.dirty && it.expires <= self.clock())
    }

    /// What the signs mean that are there.
    fn legend(&self, parts: &[Part], column: &mut Column) {
        let mut words: Vec<String> = Vec::new();
        let any = |of: fn(&Place) -> bool| parts.iter().flat_map(Part::places).any(of);
        if any(|it| it.used.is_some()) {
            words.push("Filled: used since the hand came by.".into());
        }
        if any(|it| it.hand) {
            words.push("→: the hand.".into());
        }
        if any(|it| it.uses.is_some()) {
            words.push("×: how often it was used, as far as the policy counts.".into());
        }
        if any(|it| it.ghost) {
            words.push("Struck: has left, only the key is remembered.".into());
        }
        words.extend(parts.iter().filter(|it| !it.note.is_empty()).map(|it| it.note.into()));
        let held = || parts.iter().flat_map(Part::places).filter(|it| !it.ghost).map(|it| it.key);
        if self.params.ttl > Nanos::ZERO && held().next().is_some() {
            words.push(format!("Line: what is left of its {}.", left(self.params.ttl)));
        }
        if held().any(|it| self.is_over(it)) {
            words.push("Clock, struck: its time is up.".into());
        }
        if held().any(|it| !self.is_over(it) && self.newer(it).is_some()) {
            words.push("Clock: older than the store's row.".into());
        }
        if held().any(|it| self.is_unread(it)) {
            words.push("Dashed: not read since it came in.".into());
        }
        if !words.is_empty() {
            column.space(4.0);
            column.words("legend", &words.join(" "));
        }
    }
}

/// A room in entries, whole where it is.
fn rounded(room: f64) -> String {
    if room.fract() == 0.0 { text::count(room as u64) } else { text::number(room) }
}

/// Who is first and last in a part, below it.
fn ends(id: &str, part: &Part, column: &mut Column) {
    let row = column.block(measure::line_height(Font::SMALL) + 1.0);
    let sides = [("first", row.x, Anchor::Start), ("last", row.right(), Anchor::End)];
    for ((side, x, anchor), words) in sides.into_iter().zip(part.ends) {
        let at = Point::new(x, row.y + 14.0);
        let mark = Mark::text(format!("{id}/{side}"), at, words, Font::SMALL);
        column.marks.push(mark.toned(Tone::Ink3).anchored(anchor));
    }
}

/// What is only counted is no entry, and has no frame.
fn gaps(id: &str, column: &mut Column) {
    let between = format!("{id}/between-");
    for mark in column.marks.iter_mut().filter(|it| it.id.starts_with(&between)) {
        if let Shape::Cell { area, text, .. } = &mark.shape {
            let at = Point::new(area.x + area.width / 2.0, area.y + 15.0);
            let (text, anchor) = (text.clone(), Anchor::Middle);
            mark.shape = Shape::Text { at, text, font: Font::NUMBER, anchor };
            mark.tone = Tone::Ink2;
        }
    }
}

/// A ring, its hand at the top; clockwise who is asked next.
fn ring(id: &str, part: &Part, column: &mut Column) {
    let [outer, inner] = RING;
    let area = column.block(2.0 * outer + 12.0);
    let center = Point::new(area.x + area.width / 2.0, area.y + outer + 4.0);
    let shown = part.places().count();
    let gap = if shown as u64 == part.held { 0.0 } else { GAP };
    let step = (1.0 - gap) / shown.max(1) as f32;
    let mut start = -step / 2.0;
    for item in &part.items {
        let (name, turn, fill, label) = match item {
            Item::Key(place) => {
                let (fill, word) = match place.used {
                    Some(true) => (Fill::Soft, "used since the hand came by"),
                    _ => (Fill::Hollow, "not used since"),
                };
                (format!("{id}/ring/{}", place.key), step, fill, word.to_owned())
            }
            Item::Between(count) => {
                let words = format!("{} more", text::count(*count));
                (format!("{id}/ring/between"), gap, Fill::Tint, words)
            }
        };
        let end = start + turn * 0.94;
        // Turns are counted from the top on, where the first begins before 0.
        let (from, to) = (start.rem_euclid(1.0), start.rem_euclid(1.0) + (end - start));
        let shape = Shape::Arc { center, inner, outer, start: from, end: to, fill };
        let label = match item {
            Item::Key(place) => format!("{}: {label}", place.key),
            Item::Between(_) => label,
        };
        column.marks.push(Mark::new(name, shape, Tone::Ink2).labelled(label));
        start += turn;
    }
    let (from, to) = (center, Point::new(center.x, center.y - inner + 4.0));
    let hand = Shape::Arrow { from, to, stroke: Stroke::BOLD, heads: Heads::End };
    column.marks.push(Mark::new(format!("{id}/hand"), hand, Tone::Ink).labelled("the hand"));
}
