//! The inside of a cache: its entries in the structure of its policy, what happens to them, and what
//! another size or another policy would have made of what was asked for.

use crate::base::key_map::KeyMap;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{
    ADMITTED, CacheParams, CacheState, DROPPED, EARLY, EVICTED, EXPIRED, FLUSHED, FORGOTTEN, HIT,
    JOINED, LOST, MISS, REFUSED, Strategy,
};
use crate::component::{Spec, State};
use crate::engine::accesses::Access;
use crate::engine::recorder::{Recent, Window};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Scene, Tone};

use super::column::Column;
use super::hits::{self, counter, seconds};
use super::{Act, Subject, beside, stale_share};
use standing::read_since;
use store::Rows;

mod curves;
mod disk;
mod flights;
mod history;
mod layers;
mod memory;
mod picked;
mod stale;
mod standing;
mod store;
mod strategy;
mod structure;
mod study;
pub mod trace;
mod ttl;

/// From this width on, what was asked for stands beside the structure.
const WIDE: f32 = 600.0;
/// Rows of chips, where there may be many.
const ROWS: usize = 4;
/// Whole seconds that ratios and rates are counted over.
const SECONDS: usize = 10;

/// A cache, and who looks at it.
struct Inside<'a> {
    subject: &'a Subject<'a>,
    params: &'a CacheParams,
    state: &'a CacheState,
    up: bool,
    /// Reads that hit and reads that missed in the last whole seconds, and how many seconds.
    reads: ([u64; 2], usize),
    /// The picked key.
    key: Option<u32>,
    /// The latest accesses, oldest first, and of each key that came in by them whether it has been read since.
    accesses: Vec<Access>,
    read: KeyMap<bool>,
    /// What the store behind has.
    rows: Option<Rows<'a>>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let Some(it) = Inside::new(subject) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let mut sheet = Sheet::new(subject.width, title, it.describe());
    it.figures(&mut sheet);
    sheet.space(8.0);
    let (y, width) = (sheet.block(0.0).y, sheet.width());
    let wide = width >= WIDE;
    let left = if wide { (width - 24.0) * 0.5 } else { width };
    let marks = sheet.marks();
    let mut column = Column { marks, x: 0.0, y, width: left };
    it.strategy(&mut column);
    it.picked(&mut column);
    if it.up {
        it.memory(&mut column);
        it.refused(&mut column);
        it.structure(&mut column);
        it.ttl(&mut column);
        it.flights(&mut column);
        it.disk(&mut column);
        it.happenings(&mut column);
    } else if let Some(disk) = &it.state.disk {
        column.words("down", "It is down, and nobody reaches it.");
        it.on_disk(disk, &mut column);
    } else {
        column.words("down", "It is down: all it held is lost, and nobody reaches it.");
        it.lost(&mut column);
    }
    let end = column.y;
    let mut column = match wide {
        true => Column { marks, x: left + 24.0, y, width: width - left - 24.0 },
        false => Column { marks, x: 0.0, y: end + 8.0, width },
    };
    it.history(&mut column);
    it.stale(&mut column);
    let reads = |it: &Window| counter(it, HIT) + counter(it, MISS);
    stale_share::draw(subject, &stale_share::caught(subject, reads), &mut column);
    it.layers(&mut column);
    it.curves(&mut column);
    beside::draw(subject, &mut column);
    let end = column.y.max(end);
    sheet.block(end - y + 4.0);
    sheet.finish()
}

impl<'a> Inside<'a> {
    fn new(subject: &'a Subject<'a>) -> Option<Self> {
        let component = &subject.world.blueprint().components[subject.component as usize];
        let Some(Spec::Cache(params)) = &component.spec else { return None };
        let Some((Some(State::Cache(state)), up)) = subject.members().first().copied() else {
            return None;
        };
        let windows = seconds(subject);
        let lately = &windows[windows.len().saturating_sub(SECONDS)..];
        let sum = |of: u8| lately.iter().map(|it| counter(it, of)).sum();
        let reads = ([sum(HIT), sum(MISS)], lately.len());
        let key = subject.noted("key").and_then(|it| it.parse().ok());
        let now = subject.now();
        let accesses = subject.record().map(|it| it.accesses.until(now)).unwrap_or_default();
        let (read, rows) = (read_since(&accesses), Rows::of(subject));
        Some(Self { subject, params, state, up, reads, key, accesses, read, rows })
    }

    /// What picks a key.
    fn pick(key: u32) -> String {
        Act::Note("key".into(), key.to_string()).to_string()
    }

    fn hit_ratio(&self) -> Option<f64> {
        let [hits, misses] = self.reads.0;
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }

    fn describe(&self) -> String {
        if !self.up && self.state.disk.is_some() {
            return format!("{} is down; it has a disk.", self.subject.label);
        }
        if !self.up {
            let lost = match self.state.dirty.len() {
                0 => String::new(),
                count => format!("; {} acknowledged writes are lost", text::count(count as u64)),
            };
            return format!("{} is down and holds nothing{lost}.", self.subject.label);
        }
        let ratio = self.hit_ratio().map_or("no reads yet".into(), |it| {
            format!("{} of reads hit in the last 10 s", text::percent(it))
        });
        let held = text::count(self.state.entries.len() as u64);
        let dirty = match self.state.dirty.len() {
            0 => String::new(),
            count => format!("; {} not yet in the store", text::count(count as u64)),
        };
        let CacheParams { policy, strategy, capacity, .. } = self.params;
        let (policy, strategy) = (policy.label(), strategy.word());
        let held = match self.params.max_memory {
            0 => format!("{held} of {} entries", text::count((*capacity).into())),
            _ => format!("{held} entries, {} of {}", self.taken_bytes(), self.room_words()),
        };
        format!("{policy} cache, {strategy}, with {held}{dirty}; {ratio}.")
    }

    fn figures(&self, sheet: &mut Sheet) {
        let capacity = match self.params.max_memory {
            0 => format!("of {}", text::count(self.params.capacity.into())),
            _ => String::new(),
        };
        let ratio = self.hit_ratio().map_or("–".into(), |it| text::number(it * 100.0));
        let held = if self.up { self.state.entries.len() as u64 } else { 0 };
        let ([_, misses], seconds) = self.reads;
        let missed = text::number(misses as f64 / seconds.max(1) as f64);
        let mut figures = vec![
            Figure::new("hit-ratio", "Hit ratio, 10 s", ratio, "%"),
            Figure::new("misses", "Misses, 10 s", missed, "/s"),
            Figure::new("entries", "Entries", text::count(held), &capacity),
            Figure::new("policy", "Policy", self.params.policy.label(), ""),
        ];
        figures.extend(self.memory_figure());
        figures.extend(self.caller());
        if self.params.strategy == Strategy::WriteBehind {
            let dirty = text::count(self.state.dirty.len() as u64);
            figures.push(Figure::new("dirty", "Not in the store", dirty, ""));
        }
        sheet.figures("figures", &figures);
    }

    /// How long those wait who ask the caller that asks it most: what hits are good for.
    fn caller(&self) -> Option<Figure> {
        let blueprint = self.subject.world.blueprint();
        let (own, now) = (self.subject.component, self.subject.now());
        let wires = blueprint.wires.iter().enumerate().filter(|it| it.1.alive && it.1.to == own);
        // Of those that ask alike the first.
        let asks = |it: &(usize, _)| self.subject.recorder.arrived_at(it.0 as u32, now);
        let caller = wires.rev().max_by_key(asks)?.1.from;
        let mean = hits::mean(&Subject { component: caller, ..*self.subject }, SECONDS);
        let (value, unit) = mean.map_or(("–".into(), ""), text::duration_parts);
        let name = (self.subject.name)(&blueprint.components[caller as usize].id);
        Some(Figure::new("caller", &format!("{name}, mean, 10 s"), value, unit))
    }

    /// A key as people see it, with its version if that says something.
    fn words(&self, key: u32) -> String {
        let name = self.subject.key(key);
        match self.state.entries.get(key).map_or(0, |it| it.version) {
            version @ 2.. => format!("{name} v{version}"),
            _ => name,
        }
    }

    /// What happened lately, the latest first.
    fn recent(&self) -> impl Iterator<Item = &'a Recent> + use<'a> {
        let now = self.subject.now();
        let recent = self.subject.record().into_iter().flat_map(|it| it.recent.iter().rev());
        recent.filter(move |it| it.at <= now)
    }

    fn happenings(&self, column: &mut Column) {
        column.space(6.0);
        column.caption("lately", ["What happened last", "newest first"]);
        let mut chips = Vec::new();
        for (index, it) in self.recent().take(14).enumerate() {
            let (sign, tone, style) = match it.counter {
                HIT => ("hit", Tone::Hit, CellStyle::Strong),
                MISS => ("miss", Tone::Ink2, CellStyle::Dashed),
                ADMITTED => ("in", Tone::Ink, CellStyle::Plain),
                EVICTED | DROPPED => ("out", Tone::Ink3, CellStyle::Struck),
                FLUSHED => ("flushed", Tone::Ink, CellStyle::Plain),
                JOINED => ("waits", Tone::Ink2, CellStyle::Plain),
                EARLY => ("early", Tone::Ink, CellStyle::Plain),
                LOST | FORGOTTEN => ("lost", Tone::Fail, CellStyle::Struck),
                REFUSED => ("refused", Tone::Warn, CellStyle::Struck),
                EXPIRED => ("expired", Tone::Stale, CellStyle::Struck),
                _ => continue,
            };
            let name = format!("{sign} {}", self.subject.key(it.key));
            let mut chip = Chip::new(format!("lately/{index}"), name).styled(tone, style);
            chip.action = Some(Self::pick(it.key));
            chips.push(chip);
        }
        if chips.is_empty() {
            column.words("lately/none", "Nothing yet.");
            return;
        }
        column.chips("lately", &chips, ROWS);
    }
}

/// How long something has left, in words.
fn left(span: Nanos) -> String {
    text::duration(span.0 as f64)
}
