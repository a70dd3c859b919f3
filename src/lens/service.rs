//! The inside of a service: each instance's workers, what those that wait are waiting for, and the
//! line before them.

use crate::base::slab::Handle;
use crate::base::text;
use crate::component::{Registry, Spec};
use crate::engine::blueprint::Station;
use crate::engine::desk::{Desk, Role};
use crate::scene::layout::figures::Figure;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Mark, Point, Rect, Scene, Shape, Tone};

use super::Subject;

mod across;
mod pieces;

/// Instances drawn, at most.
const ROWS: usize = 8;
/// Side of a worker's box, and the room it takes.
const BOX: [f32; 2] = [21.0, 25.0];
/// Rows of boxes of one instance; with more workers, they become one bar.
const BOX_ROWS: usize = 2;
/// Height of a bar.
const BAR: f32 = 12.0;

/// What one worker, or one request without a worker, is doing.
#[derive(Clone, Debug, PartialEq)]
enum Doing {
    /// Works on a request for this key.
    Works(u32),
    /// Waits for the answer to a call, for a request for this key.
    Waits { to: String, key: u32, has_worker: bool },
}

/// One instance at this moment.
struct Instance {
    name: String,
    up: bool,
    doing: Vec<Doing>,
    /// Workers there are, and those that nobody has taken.
    workers: u32,
    idle: u32,
    /// Requests before the workers, and how long the first of them has waited, ns.
    line: u32,
    longest: u64,
}

impl Instance {
    fn works(&self) -> usize {
        self.doing.iter().filter(|it| matches!(it, Doing::Works(_))).count()
    }

    fn held(&self) -> usize {
        let held = |it: &&Doing| matches!(it, Doing::Waits { has_worker: true, .. });
        self.doing.iter().filter(held).count()
    }

    /// Whom calls are out to, and how many each.
    fn waits(&self, has_worker: bool) -> Vec<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for it in &self.doing {
            let Doing::Waits { to, has_worker: has, .. } = it else { continue };
            if *has != has_worker {
                continue;
            }
            match counts.iter_mut().find(|it| it.0 == to) {
                Some(it) => it.1 += 1,
                None => counts.push((to, 1)),
            }
        }
        counts
    }
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let Some(Spec::Service(_)) = &component.spec else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let ordinals = 0..component.members.len();
    let instances: Vec<_> = ordinals.map(|it| instance(subject, it)).collect();
    let up = instances.iter().filter(|it| it.up);
    let sum = |of: fn(&Instance) -> usize| up.clone().map(of).sum::<usize>();
    let (works, held) = (sum(Instance::works), sum(Instance::held));
    let workers = sum(|it| it.workers as usize);
    let line = sum(|it| it.line as usize);
    let description = format!(
        "{works} of {} workers are working, {held} are held by requests that wait for others; \
         {} in line.",
        text::count(workers as u64),
        requests(line),
    );
    let mut sheet = Sheet::new(subject.width, title, description);
    let of = format!("of {}", text::count(workers as u64));
    let figures = [
        Figure::new("works", "Working", works.to_string(), &of),
        Figure::new("held", "Held, waiting", held.to_string(), &of),
        Figure::new("line", "In line", text::count(line as u64), ""),
    ];
    sheet.figures("figures", &figures);
    sheet.space(4.0);
    sheet.words("legend", "Filled: working. With a letter: held while it waits. Hollow: idle.");
    pieces::pieces(subject, &mut sheet);
    across::across(subject, &mut sheet);
    for (ordinal, it) in instances.iter().take(ROWS).enumerate() {
        draw_instance(subject, it, ordinal, component.station, &mut sheet);
    }
    if instances.len() > ROWS {
        sheet.space(6.0);
        sheet.words("more", &format!("and {} more instances", instances.len() - ROWS));
    }
    sheet.finish()
}

fn requests(count: usize) -> String {
    match count {
        1 => "1 request".into(),
        _ => format!("{} requests", text::count(count as u64)),
    }
}

fn instance(subject: &Subject, ordinal: usize) -> Instance {
    let component = &subject.world.blueprint().components[subject.component as usize];
    let slot = component.members[ordinal];
    let desk = &subject.world.member(slot).desk;
    let waits = desk.waiting.iter().filter(|it| desk.strands.get(it.strand).is_some());
    let since = waits.map(|it| it.since).min();
    let workers = component.station.workers;
    Instance {
        name: subject.member_name(ordinal),
        up: subject.world.is_up(slot),
        doing: doing(subject, desk),
        workers,
        idle: workers.saturating_sub(desk.occupied),
        line: desk.waiting_count,
        longest: since.map_or(0, |it| subject.now().saturating_sub(it).0),
    }
}

/// Workers at work first, then those held, by whom they wait for.
fn doing(subject: &Subject, desk: &Desk<Registry>) -> Vec<Doing> {
    let key = |job: Handle| desk.jobs.get(job).map_or(0, |it| it.request.key);
    let jobs = desk.jobs.iter().filter(|it| it.1.at_work.is_some());
    let strands = desk.strands.iter().filter(|it| it.1.holds);
    let mut all: Vec<_> = jobs.map(|it| Doing::Works(it.1.request.key)).collect();
    all.extend(strands.map(|it| Doing::Works(key(it.1.job))));
    let blueprint = subject.world.blueprint();
    let own = &blueprint.components[subject.component as usize];
    for wire in &own.out {
        let to = &blueprint.components[blueprint.wires[*wire as usize].to as usize].id;
        let mut seen = Vec::new();
        for call in desk.calls.iter().map(|it| it.1).filter(|it| it.wire == *wire) {
            let Some(strand) = desk.strands.get(call.strand) else { continue };
            let Some(job) = desk.jobs.get(strand.job) else { continue };
            // Of a request that calls several at once, one call stands for its worker.
            let asks = strand.role != Role::Detached && job.at_work.is_none();
            if asks && !job.answered && !seen.contains(&strand.job) {
                seen.push(strand.job);
                let (to, key) = ((subject.name)(to), job.request.key);
                all.push(Doing::Waits { to, key, has_worker: job.holds });
            }
        }
    }
    all
}

fn draw_instance(
    subject: &Subject,
    it: &Instance,
    ordinal: usize,
    station: Station,
    sheet: &mut Sheet,
) {
    let id = format!("instance/{ordinal}");
    sheet.space(8.0);
    if !it.up {
        return sheet.caption(&id, [&it.name, "down"]);
    }
    let idle = format!("{} idle", text::count(it.idle.into()));
    sheet.caption(&id, [&it.name, &idle]);
    workers(subject, it, &id, sheet);
    sheet.space(2.0);
    let mut words: Vec<String> = Vec::new();
    for (to, count) in it.waits(true) {
        words.push(format!("{count} held, waiting for {to}"));
    }
    for (to, count) in it.waits(false) {
        words.push(format!("{} without a worker, waiting for {to}", requests(count)));
    }
    if !words.is_empty() {
        sheet.words(&format!("{id}/waits"), &words.join(" · "));
    }
    line(it, station, &id, sheet);
}

/// A box for each worker, or one bar if there are too many.
fn workers(subject: &Subject, it: &Instance, id: &str, sheet: &mut Sheet) {
    let in_row = ((sheet.width() + BOX[1] - BOX[0]) / BOX[1]) as usize;
    if it.workers as usize > in_row * BOX_ROWS {
        return workers_bar(it, id, sheet);
    }
    let held = it.doing.iter().filter(|it| !matches!(it, Doing::Waits { has_worker: false, .. }));
    let held: Vec<_> = held.take(it.workers as usize).collect();
    let count = it.workers as usize;
    let area = sheet.block(count.div_ceil(in_row) as f32 * BOX[1]);
    for at in 0..count {
        let (column, row) = ((at % in_row) as f32, (at / in_row) as f32);
        let (x, y) = (area.x + column * BOX[1], area.y + row * BOX[1]);
        let area = Rect::new(x, y, BOX[0], BOX[0]);
        let id = format!("{id}/worker/{at}");
        let bar = |fill| Shape::Bar { area, radius: 3.0, fill };
        let (shape, tone, label) = match held.get(at) {
            Some(Doing::Works(key)) => {
                (bar(Fill::Solid), Tone::Ink2, format!("Works for {}", subject.key(*key)))
            }
            Some(Doing::Waits { to, key, .. }) => {
                let text = to.chars().take(1).collect();
                let cell = Shape::Cell { area, text, style: CellStyle::Plain };
                (cell, Tone::Ink, format!("Held by {}, waits for {to}", subject.key(*key)))
            }
            None => (bar(Fill::Hollow), Tone::Line, "Idle".into()),
        };
        sheet.draw(Mark::new(id, shape, tone).labelled(label));
    }
}

fn workers_bar(it: &Instance, id: &str, sheet: &mut Sheet) {
    let area = sheet.block(BAR + 4.0);
    let frame = Rect { height: BAR, ..area };
    let share = |count: usize| frame.width * count as f32 / it.workers as f32;
    let works = Rect { width: share(it.works()), ..frame };
    let held = Rect { x: works.right(), width: share(it.held()), ..frame };
    for (name, area, fill, tone) in [
        ("all", frame, Fill::Hollow, Tone::Line),
        ("works", works, Fill::Solid, Tone::Ink2),
        ("held", held, Fill::Soft, Tone::Ink3),
    ] {
        if area.width > 0.0 {
            let shape = Shape::Bar { area, radius: 2.0, fill };
            sheet.draw(Mark::new(format!("{id}/workers/{name}"), shape, tone));
        }
    }
    let words = format!("{} working of {}", it.works(), it.workers);
    sheet.words(&format!("{id}/workers/words"), &words);
}

/// The line before the workers: how much of its room is taken, and since when the first waits.
fn line(it: &Instance, station: Station, id: &str, sheet: &mut Sheet) {
    if it.line == 0 {
        return;
    }
    let row = sheet.block(20.0);
    let base = row.y + 14.0;
    let words = format!("In line {} of {}", it.line, text::count(station.queue_max.into()));
    let right = format!("first waits {}", text::duration(it.longest as f64));
    let (left, end) = (measure::width(&words, Font::SMALL), measure::width(&right, Font::SMALL));
    let mark = Mark::text(format!("{id}/line"), Point::new(0.0, base), words, Font::SMALL);
    sheet.draw(mark.toned(Tone::Ink2));
    let at = Point::new(row.width, base);
    let mark = Mark::text(format!("{id}/first"), at, right, Font::SMALL);
    sheet.draw(mark.toned(Tone::Ink2).anchored(Anchor::End));
    let bar = Rect::new(left + 10.0, row.y + 5.0, row.width - left - end - 20.0, BAR - 2.0);
    if bar.width < 12.0 {
        return;
    }
    let part = it.line as f32 / (station.queue_max as f32).max(1.0);
    let full = Rect { width: (bar.width * part.min(1.0)).max(1.0), ..bar };
    for (name, area, fill, tone) in
        [("room", bar, Fill::Hollow, Tone::Line), ("taken", full, Fill::Soft, Tone::Ink3)]
    {
        let shape = Shape::Bar { area, radius: 2.0, fill };
        sheet.draw(Mark::new(format!("{id}/line/{name}"), shape, tone));
    }
}
