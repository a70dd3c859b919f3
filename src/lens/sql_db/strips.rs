//! The log as a strip for each member.

use crate::base::text;
use crate::component::sql_db::{Failover, SqlDbState, failover, is_cold, is_warm};
use crate::engine::staleness::StaleRead;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Dash, Fill, Glyph, Mark, Point, Rect, Shape, Stroke, Tone};

use super::{Flight, Log, entries_of};

/// Members drawn, at most.
const ROWS: usize = 8;
/// Up to so many entries each has a box of its own.
const BOXES_MAX: u64 = 48;
/// Height of a strip, and of the row it stands in.
const STRIP: [f32; 2] = [14.0, 26.0];
/// Batches on their way drawn for each member.
const FLIGHTS: usize = 12;
/// Stale reads pinned to the entry they missed, for each member.
const PINS: usize = 8;

/// One strip while it is drawn.
struct Strip<'a> {
    id: String,
    ordinal: usize,
    slot: u32,
    state: &'a SqlDbState,
    area: Rect,
    scale: Scale,
}

impl Strip<'_> {
    /// The room of some entries.
    fn room(&self, from: u64, to: u64) -> Rect {
        let (from, to) = (self.scale.px(from as f64), self.scale.px(to as f64));
        Rect::new(from, self.area.y, (to - from).max(1.0), self.area.height)
    }

    /// The middle of an entry.
    fn x(&self, at: u64, span: [u64; 2]) -> f32 {
        self.scale.px(at.clamp(span[0], span[1] - 1) as f64 + 0.5)
    }
}

impl Log<'_> {
    pub(super) fn strips(&self, sheet: &mut Sheet) {
        let [first, end] = self.span;
        sheet.space(8.0);
        let range = format!("entries {} to {}", text::count(first + 1), text::count(end));
        sheet.caption("log", ["The log, newest right", &range]);
        let mut tops = Vec::new();
        for ordinal in 0..self.members.len().min(ROWS) {
            tops.push(self.strip(ordinal, sheet));
        }
        if self.members.len() > ROWS {
            let more = format!("and {} more replicas", self.members.len() - ROWS);
            sheet.words("log/more", &more);
        }
        self.miss(&tops, sheet);
    }
    /// What a member is and how far, in a few words.
    fn standing(&self, ordinal: usize, slot: u32, state: &SqlDbState) -> String {
        let (entries, behind) = self.lag(state);
        let only = state.log.end().saturating_sub(self.agreed(state));
        let due = super::takeover::due(state);
        match (self.subject.world.is_up(slot), entries) {
            (false, _) if only > 0 => format!("down · {} only here", text::count(only)),
            (false, _) => "down".into(),
            _ if state.primary && ordinal == self.lead => {
                format!("{} committed", text::count(state.log.end()))
            }
            _ if state.primary => format!("leads, too · {} only here", text::count(only)),
            _ if super::takeover::closed(state) => "promoted, is being started".into(),
            _ if due => {
                format!("promoted, applies {} first", text::count(state.log.end() - state.applied))
            }
            _ if only > 0 => format!("{} only here", text::count(only)),
            (true, it) if is_cold(self.params) => format!("off · backup, −{}", text::count(it)),
            (true, 0) if is_warm(self.params) => "closed · level".into(),
            (true, 0) => "level".into(),
            (true, it) => format!("−{} · {}", text::count(it), text::duration(behind as f64)),
        }
    }

    /// How far a member's log is a part of the log of who leads.
    pub(super) fn agreed(&self, state: &SqlDbState) -> u64 {
        match (&state.led, &self.primary.led) {
            (Some(own), Some(lead)) => {
                let lead = (&lead.lineage[..], self.primary.log.end());
                failover::common((&own.lineage, state.log.end()), lead)
            }
            _ => state.log.end(),
        }
    }

    /// Draws one, and says where its upper edge is.
    fn strip(&self, ordinal: usize, sheet: &mut Sheet) -> f32 {
        let (slot, state) = self.members[ordinal];
        let id = format!("member/{ordinal}");
        let leads = ordinal == self.lead && ordinal > 0;
        let fed = state.chain.as_ref().filter(|_| ordinal != self.lead).map(|it| it.from);
        let name = match (leads, fed) {
            (true, _) => self.name(ordinal) + ", primary now",
            (false, Some(from)) => format!("{} ← {}", self.name(ordinal), self.name(from.into())),
            (false, None) => self.name(ordinal),
        };
        sheet.caption(&id, [&name, &self.standing(ordinal, slot, state)]);
        let row = sheet.block(STRIP[1]);
        let track = Track { from_px: row.x + 1.0, to_px: row.right() - 1.0 };
        let [low, high] = self.span.map(|it| it as f64);
        let scale = Scale::linear(Span { low, high }, track);
        let area = Rect::new(row.x, row.y + 1.0, row.width, STRIP[0]);
        let strip = Strip { id, ordinal, slot, state, area, scale };
        self.entries(&strip, sheet);
        self.flights_to(&strip, sheet);
        self.pins(&strip, sheet);
        self.ghost(&strip, sheet);
        if ordinal == self.lead {
            self.tick(&strip, sheet);
        }
        area.y
    }

    /// The entries it has.
    fn entries(&self, strip: &Strip, sheet: &mut Sheet) {
        let [first, end] = self.span;
        let (id, state) = (&strip.id, strip.state);
        let frame = Shape::Bar { area: strip.room(first, end), radius: 2.0, fill: Fill::Hollow };
        sheet.draw(Mark::new(format!("{id}/room"), frame, Tone::Line));
        let received = state.log.end().clamp(first, end);
        let agreed = self.agreed(state).clamp(first, received);
        let applied = state.applied.clamp(first, agreed);
        if end - first <= BOXES_MAX {
            let gap = if (end - first) * 6 < strip.area.width as u64 { 2.0 } else { 1.0 };
            for at in first..received {
                let it = strip.room(at, at + 1);
                let area = Rect { width: (it.width - gap).max(1.0), ..it };
                let entry = state.log.get(at);
                let words = entry
                    .map(|it| self.words(it))
                    .unwrap_or_else(|| "An entry that the log no longer has".into());
                let name = format!("{id}/entry/{at}");
                match at {
                    at if at >= agreed => alone(&name, area, format!("Only here: {words}"), sheet),
                    at => entries(&name, area, at < applied, words, sheet),
                }
            }
            return;
        }
        let name = |it: &str| format!("{id}/{it}");
        if applied > first {
            let words = format!("{} applied", entries_of(state.applied));
            entries(&name("applied"), strip.room(first, applied), true, words, sheet);
        }
        if agreed > applied {
            let words = format!("{} received, not yet applied", entries_of(agreed - applied));
            entries(&name("received"), strip.room(applied, agreed), false, words, sheet);
        }
        if received > agreed {
            let words = format!("{} that only this one has", entries_of(received - agreed));
            alone(&name("alone"), strip.room(agreed, received), words, sheet);
        }
    }

    /// A diamond where the entries on their way will stand.
    fn flights_to(&self, strip: &Strip, sheet: &mut Sheet) {
        let received = strip.state.log.end().min(self.agreed(strip.state));
        let news = |it: &&Flight| it.to == strip.slot && it.first + it.count > received;
        let y = strip.area.y + STRIP[0] / 2.0;
        for (index, it) in self.flights.iter().filter(news).take(FLIGHTS).enumerate() {
            let (left, right) = (strip.area.x + Glyph::RADIUS, strip.area.right() - Glyph::RADIUS);
            let at = Point::new(strip.x(it.first, self.span).clamp(left, right), y);
            let label = match it.count {
                1 => format!("Entry {} is on its way", text::count(it.first + 1)),
                count => format!("{} entries are on their way", text::count(count)),
            };
            let mark = Mark::sign(format!("{}/way/{index}", strip.id), at, Tone::Replicate);
            sheet.draw(mark.labelled(label));
        }
    }

    /// A clock below each entry that a stale read at this member missed; one each.
    fn pins(&self, strip: &Strip, sheet: &mut Sheet) {
        let mut pinned = Vec::new();
        for it in self.stale.iter().filter(|it| it.member == strip.slot).take(PINS) {
            let Some(position) = self.position(it.key, it.newest) else { continue };
            if position < self.span[0] || pinned.contains(&position) {
                continue;
            }
            pinned.push(position);
            let x = strip.x(position, self.span).clamp(5.0, strip.area.right() - 5.0);
            let at = Point::new(x, strip.area.y + STRIP[0] + 6.0);
            let shape = Shape::Glyph { glyph: Glyph::Clock, at, radius: Glyph::RADIUS };
            let mark = Mark::new(format!("{}/stale/{position}", strip.id), shape, Tone::Stale);
            sheet.draw(mark.labelled(self.missed(it)));
        }
    }

    /// As far as writes are acknowledged.
    fn tick(&self, strip: &Strip, sheet: &mut Sheet) {
        let acknowledged = self.acknowledged();
        if acknowledged <= self.span[0]
            || self.params.failover == Failover::None && self.members.len() < 2
        {
            return;
        }
        let x = strip.scale.px(acknowledged as f64).min(strip.area.right() - 1.0);
        let (from, to) =
            (Point::new(x, strip.area.y - 1.0), Point::new(x, strip.area.y + STRIP[0] + 2.0));
        let line = Shape::Line { from, to, stroke: Stroke::BOLD };
        sheet.draw(Mark::new("acknowledged/line", line, Tone::Ink2));
        let at = Point::new(x.min(strip.area.right() - 5.0), strip.area.y + STRIP[0] + 6.0);
        let shape = Shape::Glyph { glyph: Glyph::Check, at, radius: Glyph::RADIUS };
        let words = format!("Acknowledged to clients up to entry {}", text::count(acknowledged));
        sheet.draw(Mark::new("acknowledged", shape, Tone::Hit).labelled(words));
    }

    /// Where somebody guessed that the last replica would be.
    fn ghost(&self, strip: &Strip, sheet: &mut Sheet) {
        let Some(guess) = self.guess().filter(|_| strip.ordinal + 1 == self.members.len()) else {
            return;
        };
        let at = self.primary.log.end().saturating_sub(guess);
        if at < self.span[0] {
            return;
        }
        let x = strip.scale.px(at as f64);
        let (from, to) =
            (Point::new(x, strip.area.y - 3.0), Point::new(x, strip.area.y + STRIP[0] + 3.0));
        let line = Shape::Line { from, to, stroke: Stroke { width: 2.0, dash: Dash::Dashed } };
        let words = format!("Your guess: {} entries behind", text::count(guess));
        sheet.draw(Mark::new("ghost", line, Tone::Ink).labelled(words));
    }

    /// A line from what the latest stale read found to the entry that it missed.
    fn miss(&self, tops: &[f32], sheet: &mut Sheet) {
        let shown =
            |it: &&StaleRead| self.position(it.key, it.newest).is_some_and(|it| it >= self.span[0]);
        let Some(read) = self.stale.iter().find(shown) else { return };
        let member = self.members.iter().position(|it| it.0 == read.member);
        let (Some(from), Some(to)) = (member.and_then(|it| tops.get(it)), tops.get(self.lead))
        else {
            return;
        };
        let Some(missed) = self.position(read.key, read.newest).filter(|it| *it >= self.span[0])
        else {
            return;
        };
        let track = Track { from_px: 1.0, to_px: sheet.width() - 1.0 };
        let [low, high] = self.span.map(|it| it as f64);
        let scale = Scale::linear(Span { low, high }, track);
        let found = self.position(read.key, read.version).unwrap_or(self.span[0]).max(self.span[0]);
        let down = from > to;
        let edge = |top: f32, upper: bool| if upper { top } else { top + STRIP[0] };
        let points = vec![
            Point::new(scale.px(found as f64 + 0.5), edge(*from, down)),
            Point::new(scale.px(missed as f64 + 0.5), edge(*to, !down)),
        ];
        let shape = Shape::Path { points, stroke: Stroke { width: 1.4, dash: Dash::Dashed } };
        sheet.draw(Mark::new("miss", shape, Tone::Stale).labelled(self.missed(read)));
    }
}

/// Entries that are a part of the log of who leads.
fn entries(id: &str, area: Rect, applied: bool, label: String, sheet: &mut Sheet) {
    let fill = if applied { Fill::Solid } else { Fill::Framed };
    let tone = if applied { Tone::Ink3 } else { Tone::Replicate };
    sheet.draw(Mark::new(id, Shape::Bar { area, radius: 1.0, fill }, tone).labelled(label));
}

/// Entries that are not.
fn alone(id: &str, area: Rect, label: String, sheet: &mut Sheet) {
    let shape = Shape::Bar { area, radius: 1.0, fill: Fill::Dashed };
    sheet.draw(Mark::new(id, shape, Tone::Fail).labelled(label));
}
