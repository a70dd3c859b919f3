//! One read, from each store of an architecture: how long it takes, and how many a second each can answer. What
//! memory is good for beside a disk.

use crate::base::text;
use crate::component::{Registry, Role};
use crate::engine::plan::{Op, Program};
use crate::engine::{Component, Request, Verb};
use crate::scene::Tone;

use super::Subject;
use super::column::{Bar, Column};
use super::hits;

/// Stores listed, and whole seconds that are looked back.
const SHOWN: usize = 6;
const SECONDS: usize = 10;
/// So many times as fast as the slowest the fastest is at least, or there is nothing to see.
const APART: f64 = 5.0;

/// The mean work of a read, s; none if that depends on more than that it is one.
fn work(component: &Component<Registry>) -> Option<f64> {
    let Program(ops) = &**component.programs.last()?;
    let request = Request { verb: Verb::Read, ..Request::default() };
    let mut at = 0usize;
    // Jumps lead forward only.
    loop {
        let op = ops.get(at)?;
        at += 1;
        match op {
            Op::Work(it) => return Some(it.moments_s()[0]),
            Op::Measured(it) => return Some(it.moments_s()[0]),
            Op::JumpUnless(condition, to) if !condition.holds(&request) => at = usize::from(*to),
            Op::JumpUnless(..) => {}
            Op::Jump(to) => at = usize::from(*to),
            _ => return None,
        }
    }
}

/// What one store does of reads.
struct Store {
    slot: u32,
    work_s: f64,
    /// Reads a second that one server can answer.
    most: f64,
}

fn store((slot, it): (usize, &Component<Registry>)) -> Option<Store> {
    let role = it.spec.as_ref()?.about().role;
    if !matches!(role, Role::Cache | Role::Store) || it.members.is_empty() {
        return None;
    }
    let work_s = work(it).filter(|it| *it > 0.0)?;
    let most = f64::from(it.station.workers) / work_s;
    (it.station.workers < u32::MAX).then_some(Store { slot: slot as u32, work_s, most })
}

/// Draws it, where stores differ by much; the one that is looked into stands out.
pub fn draw(subject: &Subject, column: &mut Column) {
    let components = &subject.world.blueprint().components;
    let mut stores: Vec<_> = components.iter().enumerate().filter_map(store).collect();
    // Alike: the one that is looked into, or else the first, for all.
    let alike = |one: &Store, other: &Store| one.work_s == other.work_s && one.most == other.most;
    let own = stores.iter().position(|it| it.slot == subject.component);
    let Some(own) = own.map(|at| stores.remove(at)) else { return };
    stores.retain(|it| !alike(it, &own));
    stores.push(own);
    // Its own store stands for those like it.
    let behind = subject.recorder.staleness.store(subject.component);
    let far = |it: &Store| behind != Some(it.slot);
    stores
        .sort_by(|one, other| one.work_s.total_cmp(&other.work_s).then(far(one).cmp(&far(other))));
    stores.dedup_by(|one, other| one.slot != subject.component && alike(one, other));
    stores.truncate(SHOWN);
    let (Some(fast), Some(slow)) = (stores.first(), stores.last()) else { return };
    if slow.work_s < fast.work_s * APART || stores.iter().all(|it| it.slot != subject.component) {
        return;
    }
    let of = |read: fn(f64, f64) -> f64| stores.iter().map(|it| it.most).fold(stores[0].most, read);
    // Each power of ten is as long, and the slowest is one long.
    let (low, high) = (libm::log10(of(f64::min)) - 1.0, libm::log10(of(f64::max)));
    let names: Vec<_> = stores.iter().map(|it| named(subject, it.slot)).collect();
    let bars: Vec<Bar> = stores
        .iter()
        .zip(&names)
        .map(|(it, name)| {
            let took = text::duration(it.work_s * 1e9);
            let most = text::number(it.most);
            let seen = hits::mean(&Subject { component: it.slot, ..*subject }, SECONDS);
            let seen = seen.map_or(String::new(), |it| {
                format!(
                    "; lately a request stayed {} there, with its turn in line",
                    text::duration(it)
                )
            });
            Bar {
                id: format!("beside/{}", components[it.slot as usize].id),
                name,
                part: (libm::log10(it.most) - low) / (high - low),
                ghost: None,
                figure: format!("{took}, {most}/s"),
                tone: if it.slot == subject.component { Tone::Link } else { Tone::Ink3 },
                label: format!(
                    "{name}: a read is {took} of work, and one server can do {most} a second{seen}"
                ),
            }
        })
        .collect();
    column.space(8.0);
    column.caption("beside", ["One read, store by store", "its work; at most"]);
    column.bars(&bars, None);
    column.words("beside/scale", "By powers of ten: so many reads a second can one server do.");
}

fn named(subject: &Subject, slot: u32) -> String {
    (subject.name)(&subject.world.blueprint().components[slot as usize].id)
}
