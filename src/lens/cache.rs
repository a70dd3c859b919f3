//! The inside of a cache: its entries in the order in which they would leave, and what happens to
//! them.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{
    ADMITTED, CacheParams, CacheState, DROPPED, EVICTED, EXPIRED, FLUSHED, HIT, LOST, MISS,
    Strategy,
};
use crate::component::{Spec, State};
use crate::engine::recorder::Recent;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Scene, Tone};

use super::Subject;

/// How long an entry stays lit after something happened to it.
const LIT: Nanos = Nanos::millis(400);
/// Rows of entries at either end.
const ROWS: usize = 4;
/// Entries drawn at either end, at most.
const DRAWN: usize = 24;

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let members = subject.members();
    let Some((Some(State::Cache(state)), up)) = members.first().copied() else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let description = describe(subject, state, up);
    let mut sheet = Sheet::new(subject.width, title, description);
    figures(subject, state, up, &mut sheet);
    if !up {
        sheet.words("down", "It is down: all it held is lost, and nobody reaches it.");
        lost(subject, state, &mut sheet);
        return sheet.finish();
    }
    entries(subject, state, &mut sheet);
    happenings(subject, &mut sheet);
    sheet.finish()
}

fn params<'a>(subject: &Subject<'a>) -> Option<&'a CacheParams> {
    let component = &subject.world.blueprint().components[subject.component as usize];
    match &component.spec {
        Some(Spec::Cache(params)) => Some(params),
        _ => None,
    }
}

fn policy(subject: &Subject) -> (&'static str, u32) {
    params(subject).map_or(("", 0), |it| (it.policy.label(), it.capacity))
}

fn strategy(subject: &Subject) -> Strategy {
    params(subject).map_or(Strategy::CacheAside, |it| it.strategy)
}

/// Writes that were acknowledged and that the store had not confirmed when the cache died.
fn lost(subject: &Subject, state: &CacheState, sheet: &mut Sheet) {
    if state.dirty.is_empty() {
        return;
    }
    sheet.space(6.0);
    let total = state.dirty.len();
    let words = format!("{} keys", text::count(total as u64));
    sheet.caption("lost", ["Acknowledged, but not flushed", &words]);
    let keys = state.dirty.iter().take(DRAWN).map(|it| it.key);
    let chip = |key| chip(subject, state, key).styled(Tone::Fail, CellStyle::Struck);
    let chips: Vec<_> = keys.map(chip).collect();
    sheet.chips("lost", &chips, ROWS, total);
    sheet.space(2.0);
}

/// Hits of all reads in the last ten whole seconds before the cursor.
fn hit_ratio(subject: &Subject) -> Option<f64> {
    let record = subject.record()?;
    let (last, _) = subject.recorder.window_at(subject.component, 1, subject.now())?;
    let windows = record.windows[1].range((last + 1).saturating_sub(10)..=last);
    let count = |at: u8| -> u64 {
        let of = |it: &crate::engine::recorder::Window| {
            u64::from(it.counters.get(usize::from(at)).copied().unwrap_or(0))
        };
        windows.clone().map(of).sum()
    };
    let reads = count(HIT) + count(MISS);
    (reads > 0).then(|| count(HIT) as f64 / reads as f64)
}

fn describe(subject: &Subject, state: &CacheState, up: bool) -> String {
    let (policy, capacity) = policy(subject);
    if !up {
        let lost = match state.dirty.len() {
            0 => String::new(),
            count => format!("; {} acknowledged writes are lost", text::count(count as u64)),
        };
        return format!("{} is down and holds nothing{lost}.", subject.label);
    }
    let ratio = hit_ratio(subject).map_or("no reads yet".into(), |it| {
        format!("{} of reads hit in the last 10 s", text::percent(it))
    });
    let held = text::count(state.entries.len() as u64);
    let dirty = match state.dirty.len() {
        0 => String::new(),
        count => format!("; {} not yet in the store", text::count(count as u64)),
    };
    let (strategy, capacity) = (strategy(subject).word(), text::count(capacity.into()));
    format!("{policy} cache, {strategy}, with {held} of {capacity} entries{dirty}; {ratio}.")
}

fn figures(subject: &Subject, state: &CacheState, up: bool, sheet: &mut Sheet) {
    let (policy, capacity) = policy(subject);
    let ratio = hit_ratio(subject).map_or("–".into(), |it| text::number(it * 100.0));
    let held = if up { state.entries.len() as u64 } else { 0 };
    let held = text::count(held);
    let mut figures = vec![
        Figure::new("hit-ratio", "Hit ratio, 10 s", ratio, "%"),
        Figure::new("entries", "Entries", held, &format!("of {}", text::count(capacity.into()))),
        Figure::new("policy", "Policy", policy, ""),
    ];
    let strategy = strategy(subject);
    if strategy == Strategy::WriteBehind {
        let dirty = text::count(state.dirty.len() as u64);
        figures.push(Figure::new("dirty", "Not in the store", dirty, ""));
    }
    sheet.figures("figures", &figures);
    let how = match strategy {
        Strategy::CacheAside => return,
        Strategy::ReadThrough => "Read-through: after a miss the cache asks its store itself.",
        Strategy::WriteThrough => "Write-through: a write is acknowledged once the store has it.",
        Strategy::WriteBehind => {
            "Write-behind: a write is acknowledged here; a square marks what the store lacks."
        }
    };
    sheet.space(4.0);
    sheet.words("strategy", how);
}

fn recent<'a>(subject: &'a Subject) -> impl Iterator<Item = &'a Recent> {
    let now = subject.now();
    let recent = subject.record().into_iter().flat_map(|it| it.recent.iter().rev());
    recent.filter(move |it| it.at <= now)
}

/// What happened to a key within the last moments, if anything.
fn lit(subject: &Subject, key: u32) -> Option<u8> {
    let since = subject.now().saturating_sub(LIT);
    recent(subject).take_while(|it| it.at >= since).find(|it| it.key == key).map(|it| it.counter)
}

fn chip(subject: &Subject, state: &CacheState, key: u32) -> Chip {
    let entry = state.entries.get(key);
    let version = entry.map_or(0, |it| it.version);
    let name = subject.key(key);
    let id = format!("entry/{key}");
    let chip = Chip::new(id, if version > 1 { format!("{name} v{version}") } else { name });
    if entry.is_some_and(|it| it.dirty) {
        return chip.styled(Tone::Write, CellStyle::Filled);
    }
    match lit(subject, key) {
        Some(HIT) => chip.styled(Tone::Hit, CellStyle::Strong),
        Some(ADMITTED) => chip.styled(Tone::Ink2, CellStyle::Dashed),
        _ => chip,
    }
}

fn entries(subject: &Subject, state: &CacheState, sheet: &mut Sheet) {
    let held = state.order.len();
    let (policy, _) = policy(subject);
    parts(state, sheet);
    let keys: Vec<u32> = state.order.order().map(|slot| state.order.key(slot)).collect();
    if keys.is_empty() {
        sheet.words("empty", "Empty: every read will miss until entries come in.");
        return;
    }
    sheet.space(10.0);
    sheet.caption("next", ["Next to leave", &format!("{policy}, first left")]);
    let first: Vec<_> = keys.iter().take(DRAWN).map(|it| chip(subject, state, *it)).collect();
    sheet.chips("next", &first, ROWS, first.len());
    if held > DRAWN {
        let shown = DRAWN.min(held - DRAWN);
        sheet.space(6.0);
        let total = format!("{} entries between", text::count((held - DRAWN - shown) as u64));
        sheet.caption("last", ["Last to leave", &total]);
        let last = keys.iter().rev().take(shown);
        let last: Vec<_> = last.map(|it| chip(subject, state, *it)).collect();
        sheet.chips("last", &last, ROWS, last.len());
    }
}

/// How full the parts of a divided cache are, and how many keys it remembers of those that left.
fn parts(state: &CacheState, sheet: &mut Sheet) {
    let mut parts: Vec<(&str, u64)> = Vec::new();
    for slot in state.order.order() {
        let name = state.order.segment(slot);
        match parts.iter_mut().find(|it| it.0 == name) {
            Some(part) => part.1 += 1,
            None => parts.push((name, 1)),
        }
    }
    parts.retain(|it| !it.0.is_empty());
    if parts.is_empty() {
        return;
    }
    parts.sort();
    let mut words: Vec<String> =
        parts.iter().map(|it| format!("{}: {}", it.0, text::count(it.1))).collect();
    if state.order.departed() > 0 {
        words.push(format!("keys remembered: {}", text::count(state.order.departed() as u64)));
    }
    sheet.space(4.0);
    sheet.words("parts", &words.join(" · "));
}

fn happenings(subject: &Subject, sheet: &mut Sheet) {
    sheet.space(6.0);
    sheet.caption("lately", ["What happened last", "newest left"]);
    let mut chips = Vec::new();
    for (index, it) in recent(subject).take(14).enumerate() {
        let (sign, tone, style) = match it.counter {
            HIT => ("hit", Tone::Hit, CellStyle::Strong),
            MISS => ("miss", Tone::Ink2, CellStyle::Dashed),
            ADMITTED => ("in", Tone::Ink, CellStyle::Plain),
            EVICTED | DROPPED => ("out", Tone::Ink3, CellStyle::Struck),
            FLUSHED => ("flushed", Tone::Ink, CellStyle::Plain),
            LOST => ("lost", Tone::Fail, CellStyle::Struck),
            EXPIRED => ("expired", Tone::Stale, CellStyle::Struck),
            _ => continue,
        };
        let name = format!("{sign} {}", subject.key(it.key));
        chips.push(Chip::new(format!("lately/{index}"), name).styled(tone, style));
    }
    if chips.is_empty() {
        sheet.words("lately/none", "Nothing yet.");
        return;
    }
    let total = chips.len();
    sheet.chips("lately", &chips, ROWS, total);
}
