//! The inside of a database: its log as a strip for each member, what each has received and
//! applied, the entries on their way, and the reads that came too early.

use crate::base::order::sort_few;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{Entry, Replication, SqlDbMessage, SqlDbParams, SqlDbState};
use crate::component::{Message, Spec, State};
use crate::engine::event::{Deed, Via};
use crate::engine::staleness::StaleRead;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Fill, Glyph, Mark, Point, Rect, Scene, Shape, Tone};

use super::Subject;

/// Members drawn, at most.
const ROWS: usize = 8;
/// Entries of the log that the strips show at least.
const ENTRIES_MIN: u64 = 24;
/// Up to so many entries each has a box of its own.
const BOXES_MAX: u64 = 48;
/// Height of a strip, and of the row it stands in.
const STRIP: [f32; 2] = [14.0, 26.0];
/// Batches on their way drawn for each member.
const FLIGHTS: usize = 12;
/// How far back stale reads are shown.
const STALE_FOR: Nanos = Nanos::seconds(10);
/// Stale reads listed.
const STALE_MAX: usize = 8;
/// How far back in the log the entry that a read missed is looked for.
const SEARCH: u64 = 4_096;

/// Entries of the log on their way to a member.
struct Flight {
    to: u32,
    first: u64,
    count: u64,
}

/// What all strips have in common.
struct Log<'a> {
    subject: &'a Subject<'a>,
    members: Vec<(u32, &'a SqlDbState)>,
    primary: &'a SqlDbState,
    /// First and last position shown.
    span: [u64; 2],
    flights: Vec<Flight>,
    stale: Vec<StaleRead>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let mut members: Vec<(u32, &SqlDbState)> = Vec::new();
    for (slot, (state, _)) in component.members.iter().zip(subject.members()) {
        if let Some(State::SqlDb(state)) = state {
            members.push((*slot, state));
        }
    }
    let (Some(Spec::SqlDb(params)), Some(primary)) = (&component.spec, members.first()) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let primary = primary.1;
    let end = primary.log.end();
    let slowest = members.iter().map(|it| it.1.applied).min().unwrap_or(end);
    let first = slowest.saturating_sub(4).min(end.saturating_sub(ENTRIES_MIN));
    let span = [first, end.max(first + ENTRIES_MIN)];
    let (flights, stale) = (flights(subject), stale(subject));
    let log = Log { subject, members, primary, span, flights, stale };
    let (entries, behind) = log.lag(slowest);
    let replicas = log.members.len() - 1;
    let slowest = match entries {
        0 => "all are level".to_owned(),
        _ => {
            let (entries, behind) = (text::count(entries), text::duration(behind as f64));
            format!("the slowest is {entries} entries and {behind} behind")
        }
    };
    let description = format!(
        "{} entries in the log, {} replication to {replicas} replicas; {slowest}; {} stale reads \
         in the last 10 s.",
        text::count(end),
        params.replication.word(),
        log.stale_count(),
    );
    let mut sheet = Sheet::new(subject.width, title, description);
    log.figures(params, &mut sheet);
    log.strips(&mut sheet);
    log.stale_reads(&mut sheet);
    sheet.space(2.0);
    sheet.finish()
}

/// Entries on their way, by receiver and position.
fn flights(subject: &Subject) -> Vec<Flight> {
    let component = &subject.world.blueprint().components[subject.component as usize];
    let on_its_way = |(_, event): (Nanos, &crate::engine::event::Event<_>)| {
        let own = component.members.contains(&event.to.slot);
        match (&event.deed, event.via) {
            (
                Deed::Message(_, Message::SqlDb(SqlDbMessage::Append(first, entries))),
                Via::Mesh(_),
            ) if own && !entries.is_empty() => {
                Some(Flight { to: event.to.slot, first: *first, count: entries.len() as u64 })
            }
            _ => None,
        }
    };
    let mut flights: Vec<_> = subject.world.in_flight().filter_map(on_its_way).collect();
    sort_few(&mut flights, |a, b| (a.to, a.first) < (b.to, b.first));
    flights
}

/// Stale reads at this database in the last moments before the cursor, the newest first.
fn stale(subject: &Subject) -> Vec<StaleRead> {
    let now = subject.now();
    let recent = |it: &&StaleRead| it.read <= now && it.read >= now.saturating_sub(STALE_FOR);
    subject.recorder.staleness.latest(subject.component).filter(recent).copied().collect()
}

impl Log<'_> {
    /// How far behind somebody is who has applied so much: in entries and in ns.
    fn lag(&self, applied: u64) -> (u64, u64) {
        let entries = self.primary.applied.saturating_sub(applied);
        let log = &self.primary.log;
        let oldest = log.get(applied.max(log.start())).filter(|_| entries > 0);
        (entries, oldest.map_or(0, |it| self.subject.now().saturating_sub(it.at).0))
    }

    fn stale_count(&self) -> u64 {
        let (subject, now) = (self.subject, self.subject.now());
        subject.recorder.staleness.within(subject.component, now, STALE_FOR)
    }

    fn figures(&self, params: &SqlDbParams, sheet: &mut Sheet) {
        let slowest = self.members.iter().map(|it| it.1.applied).min().unwrap_or(0);
        let (entries, behind) = self.lag(slowest);
        let (lag, unit) = text::duration_parts(behind as f64);
        let mut stale = Figure::new("stale", "Stale, 10 s", text::count(self.stale_count()), "");
        if self.stale_count() > 0 {
            stale.tone = Tone::Stale;
        }
        let mut figures = vec![
            Figure::new("lag", "Slowest lags", lag, unit),
            Figure::new("entries", "Entries behind", text::count(entries), ""),
            stale,
        ];
        if params.replication != Replication::Async {
            let waiting = text::count(self.primary.waiting.len() as u64);
            figures.push(Figure::new("waiting", "Writes waiting", waiting, ""));
        }
        sheet.figures("figures", &figures);
        sheet.space(4.0);
        let how = match (params.replication, self.primary.alone) {
            (Replication::Async, _) => {
                "Async: a write is acknowledged by the primary alone.".into()
            }
            (Replication::SemiSync, true) => {
                "Semi-sync, but no replica answered in time: the primary goes on alone.".into()
            }
            (Replication::SemiSync, false) => {
                format!("Semi-sync: acknowledged once {} replicas have received it.", params.acks)
            }
            (Replication::Sync, _) => {
                String::from("Sync: acknowledged once every replica has applied it.")
            }
        };
        sheet.words("how", &how);
        let legend = "Filled: applied. Framed: received. Diamond: on its way. Clock: the entry \
                      that a stale read missed.";
        sheet.words("legend", legend);
    }

    fn strips(&self, sheet: &mut Sheet) {
        let [first, end] = self.span;
        sheet.space(8.0);
        let range = format!("entries {} to {}", text::count(first + 1), text::count(end));
        sheet.caption("log", ["The log, newest right", &range]);
        for (ordinal, (slot, state)) in self.members.iter().enumerate().take(ROWS) {
            self.strip(ordinal, *slot, state, sheet);
        }
        if self.members.len() > ROWS {
            let more = format!("and {} more replicas", self.members.len() - ROWS);
            sheet.words("log/more", &more);
        }
    }

    fn strip(&self, ordinal: usize, slot: u32, state: &SqlDbState, sheet: &mut Sheet) {
        let id = format!("member/{ordinal}");
        let blueprint = self.subject.world.blueprint();
        let spec = blueprint.components[self.subject.component as usize].spec.as_ref();
        let name = spec.map_or_else(String::new, |it| it.member_name(ordinal as u16));
        let (entries, behind) = self.lag(state.applied);
        let words = match (self.subject.world.is_up(slot), entries) {
            (false, _) => "down".into(),
            (true, _) if ordinal == 0 => format!("{} committed", text::count(state.log.end())),
            (true, 0) => "level".into(),
            (true, it) => {
                format!("−{} · {}", text::count(it), text::duration(behind as f64))
            }
        };
        sheet.caption(&id, [&name, &words]);
        let row = sheet.block(STRIP[1]);
        let track = Track { from_px: row.x + 1.0, to_px: row.right() - 1.0 };
        let [low, high] = self.span.map(|it| it as f64);
        let scale = Scale::linear(Span { low, high }, track);
        let y = row.y + 1.0;
        let area = |from: u64, to: u64| {
            let (from, to) = (scale.px(from as f64), scale.px(to as f64));
            Rect::new(from, y, (to - from).max(1.0), STRIP[0])
        };
        let [first, end] = self.span;
        let frame = Shape::Bar { area: area(first, end), radius: 2.0, fill: Fill::Hollow };
        sheet.draw(Mark::new(format!("{id}/room"), frame, Tone::Line));
        let applied = state.applied.clamp(first, end);
        let received = state.log.end().clamp(applied, end);
        let name = |it: &str| format!("{id}/{it}");
        if end - first <= BOXES_MAX {
            for at in first..received {
                let solid = at < applied;
                let gap = if (end - first) * 6 < row.width as u64 { 2.0 } else { 1.0 };
                let it = area(at, at + 1);
                let area = Rect { width: (it.width - gap).max(1.0), ..it };
                let label = self.entry(at).map(|it| self.words(&it));
                self.draw_entries(&name(&format!("entry/{at}")), area, solid, label, sheet);
            }
        } else {
            let label = Some(format!("{} entries applied", text::count(applied)));
            if applied > first {
                self.draw_entries(&name("applied"), area(first, applied), true, label, sheet);
            }
            if received > applied {
                let count = text::count(received - applied);
                let label = Some(format!("{count} entries received, not yet applied"));
                self.draw_entries(&name("received"), area(applied, received), false, label, sheet);
            }
        }
        let x = |at: u64| scale.px(at.clamp(first, end - 1) as f64 + 0.5);
        self.flights_to(slot, &id, &x, y + STRIP[0] / 2.0, received, sheet);
        self.pins(slot, &id, &x, y + STRIP[0] + 5.0, sheet);
    }

    fn draw_entries(
        &self,
        id: &str,
        area: Rect,
        applied: bool,
        label: Option<String>,
        sheet: &mut Sheet,
    ) {
        let fill = if applied { Fill::Solid } else { Fill::Framed };
        let tone = if applied { Tone::Ink3 } else { Tone::Replicate };
        let label = label.unwrap_or_else(|| "An entry that the log no longer has".into());
        let shape = Shape::Bar { area, radius: 1.0, fill };
        sheet.draw(Mark::new(id, shape, tone).labelled(label));
    }

    /// A diamond where the entries on their way will stand.
    fn flights_to(
        &self,
        slot: u32,
        id: &str,
        x: &dyn Fn(u64) -> f32,
        y: f32,
        received: u64,
        sheet: &mut Sheet,
    ) {
        let news = |it: &&Flight| it.to == slot && it.first + it.count > received;
        for (index, it) in self.flights.iter().filter(news).take(FLIGHTS).enumerate() {
            let at = Point::new(x(it.first), y);
            let label = match it.count {
                1 => format!("Entry {} is on its way", text::count(it.first + 1)),
                count => format!("{} entries are on their way", text::count(count)),
            };
            let mark = Mark::sign(format!("{id}/way/{index}"), at, Tone::Replicate);
            sheet.draw(mark.labelled(label));
        }
    }

    /// A clock below each entry that a stale read at this member missed; one each.
    fn pins(&self, slot: u32, id: &str, x: &dyn Fn(u64) -> f32, y: f32, sheet: &mut Sheet) {
        let mut pinned = Vec::new();
        for it in self.stale.iter().filter(|it| it.member == slot).take(STALE_MAX) {
            let Some(position) = self.position(it) else { continue };
            if position < self.span[0] || pinned.contains(&position) {
                continue;
            }
            pinned.push(position);
            let shape = Shape::Glyph {
                glyph: Glyph::Clock,
                at: Point::new(x(position).max(5.0), y + 1.0),
                radius: Glyph::RADIUS,
            };
            let mark = Mark::new(format!("{id}/stale/{position}"), shape, Tone::Stale);
            sheet.draw(mark.labelled(self.missed(it)));
        }
    }

    fn entry(&self, position: u64) -> Option<Entry> {
        self.primary.log.get(position).copied()
    }

    fn words(&self, entry: &Entry) -> String {
        format!("{} v{}", self.subject.key(entry.key), entry.version)
    }

    /// Where in the log the write is that a read missed.
    fn position(&self, it: &StaleRead) -> Option<u64> {
        let end = self.primary.log.end();
        let mut back = (end.saturating_sub(SEARCH)..end).rev();
        back.find(|at| self.entry(*at).is_some_and(|e| (e.key, e.version) == (it.key, it.newest)))
    }

    fn missed(&self, it: &StaleRead) -> String {
        let known = text::duration(it.read.saturating_sub(it.acknowledged).0 as f64);
        format!(
            "Read {} v{}, but v{} had been acknowledged {known} before",
            self.subject.key(it.key),
            it.version,
            it.newest,
        )
    }

    fn stale_reads(&self, sheet: &mut Sheet) {
        sheet.space(6.0);
        sheet.caption("stale", ["Stale reads, last 10 s", "newest left"]);
        let chip = |(index, it): (usize, &StaleRead)| {
            let words = format!("{} v{} < v{}", self.subject.key(it.key), it.version, it.newest);
            let mut chip = Chip::new(format!("stale/{index}"), words);
            let member = self.members.iter().position(|member| member.0 == it.member);
            let at = member.map_or(String::new(), |it| format!("member {it}: "));
            chip.label = Some(format!("{at}{}", self.missed(it)));
            chip.styled(Tone::Stale, CellStyle::Plain)
        };
        let chips: Vec<_> = self.stale.iter().take(STALE_MAX).enumerate().map(chip).collect();
        if chips.is_empty() {
            return sheet.words("stale/none", "None.");
        }
        sheet.chips("stale", &chips, 3, self.stale_count().max(chips.len() as u64) as usize);
    }
}
