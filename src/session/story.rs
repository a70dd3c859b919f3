//! "What happened": a few seconds after each fault or edit, what changed, in measured figures.

use crate::base::english::{Argument, Text, TextId};
use crate::base::order::sort_few;
use crate::base::time::Nanos;
use crate::component::Role;
use crate::document::Design;
use crate::engine::fault::{Fault, Scope, Target};
use crate::engine::recorder::Window;

use super::figures::ratios;
use super::protocol::{Input, Story};
use super::run::Run;

/// Whole seconds compared: the last before, and the last of those after.
const AFTER: Nanos = Nanos::seconds(3);
/// Changes told, the largest first.
const CLAUSES_MAX: usize = 3;

/// An input whose consequences are not yet known.
#[derive(Clone, Debug)]
pub struct Pending {
    at: Nanos,
    done: Text,
    component: Option<String>,
}

/// A change of one figure: how large it is, and how to say it.
struct Change {
    weight: f64,
    text: Text,
}

impl Pending {
    /// What has just been done to a run.
    pub fn new(run: &Run, input: &Input) -> Self {
        let design = &run.head.design;
        let (done, component) = match input {
            Input::Fault(fault) => done(design, fault),
            Input::Seed(seed) => (Text::new(TextId::Reseeded, vec![Argument::Count(*seed)]), None),
            Input::Edit(diff) => {
                let component = diff.components.keys().next().cloned();
                let wire = || diff.wires.values().find_map(|it| it.after.as_ref());
                let name = match &component {
                    Some(id) => label(design, id),
                    None => wire().map_or_else(
                        || design.name.clone(),
                        |it| format!("{} → {}", label(design, &it.from), label(design, &it.to)),
                    ),
                };
                (Text::new(TextId::Edited, vec![Argument::Name(name)]), component)
            }
        };
        Self { at: run.head.world.now(), done, component }
    }

    /// The story, once there is enough to tell it by.
    pub fn tell(&self, run: &Run) -> Option<Story> {
        if run.head.world.now() < self.at.saturating_add(AFTER) {
            return None;
        }
        let mut changes = changes(run, self.at);
        changes.retain(|it| it.weight > 0.1);
        sort_few(&mut changes, |a, b| a.weight > b.weight);
        let mut clauses = vec![self.done.clone()];
        clauses.extend(changes.into_iter().take(CLAUSES_MAX).map(|it| it.text));
        if clauses.len() == 1 {
            clauses.push(Text::new(TextId::NothingChanged, Vec::new()));
        }
        Some(Story { at: self.at, component: self.component.clone(), clauses })
    }
}

fn label(design: &Design, id: &str) -> String {
    design.components.get(id).map_or_else(|| id.to_owned(), |it| it.label.clone())
}

/// What people call a component or a member of it.
pub fn name(design: &Design, target: &Target) -> Argument {
    let label = label(design, &target.component);
    let spec = design.components.get(&target.component).map(|it| &it.spec);
    Argument::Name(match (target.member, spec) {
        (Some(ordinal), Some(spec)) => format!("{label}, {}", spec.member_name(ordinal)),
        _ => label,
    })
}

fn done(design: &Design, fault: &Fault) -> (Text, Option<String>) {
    let of = |id, target: &Target| {
        (Text::new(id, vec![name(design, target)]), Some(target.component.clone()))
    };
    let wire = |id, wire: &str| {
        let ends = design.wires.get(wire).map(|it| (it.from.clone(), it.to.clone()));
        let (from, to) = ends.unwrap_or_default();
        let names = [&from, &to].map(|it| Argument::Name(label(design, it)));
        (Text::new(id, names.into()), Some(to))
    };
    let place = |id: &String| {
        Argument::Name(design.zones.get(id).map_or_else(|| id.clone(), |it| it.label.clone()))
    };
    match fault {
        Fault::Crash(target) => of(TextId::Killed, target),
        Fault::Restart(target) => of(TextId::Restarted, target),
        Fault::Slow { target, factor } if *factor == 1.0 => of(TextId::Unslowed, target),
        Fault::Slow { target, factor } => {
            let arguments = vec![name(design, target), Argument::Factor(*factor)];
            (Text::new(TextId::Slowed, arguments), Some(target.component.clone()))
        }
        Fault::Gray { target, .. } if fault.is_reversal() => of(TextId::Unslowed, target),
        Fault::Gray { target, share, factor } => {
            let (share, factor) = (Argument::Share(*share), Argument::Factor(*factor));
            let arguments = vec![name(design, target), share, factor];
            (Text::new(TextId::Grayed, arguments), Some(target.component.clone()))
        }
        Fault::Skew { target, .. } if fault.is_reversal() => of(TextId::OnTime, target),
        Fault::Skew { target, offset } => {
            let id = if offset.0 > 0 { TextId::Ahead } else { TextId::Behind };
            let by = Argument::Duration(offset.0.unsigned_abs() as f64);
            (Text::new(id, vec![name(design, target), by]), Some(target.component.clone()))
        }
        Fault::Flush(target) => of(TextId::Flushed, target),
        Fault::Loss { on, .. } | Fault::Delay { on, .. } if fault.is_reversal() => {
            spot(design, on, TextId::Untroubled, None)
        }
        Fault::Loss { on, share } => spot(design, on, TextId::Lossy, Some(Argument::Share(*share))),
        Fault::Delay { on, by } => {
            spot(design, on, TextId::Delayed, Some(Argument::Duration(by.0 as f64)))
        }
        Fault::DropMessage { .. } => (Text::new(TextId::MessageDropped, Vec::new()), None),
        Fault::DelayMessage { by, .. } => {
            let by = Argument::Duration(by.0 as f64);
            (Text::new(TextId::MessageDelayed, vec![by]), None)
        }
        Fault::Spike { target, factor } if *factor == 1.0 => of(TextId::SpikeOver, target),
        Fault::Spike { target, factor } => {
            let arguments = vec![name(design, target), Argument::Factor(*factor)];
            (Text::new(TextId::Spike, arguments), Some(target.component.clone()))
        }
        Fault::HotKey { target, share, .. } if *share == 0.0 => of(TextId::HotKeyOver, target),
        Fault::HotKey { target, key, share } => {
            let key = Argument::Count(u64::from(*key));
            let arguments = vec![name(design, target), Argument::Share(*share), key];
            (Text::new(TextId::HotKey, arguments), Some(target.component.clone()))
        }
        Fault::CutWire { wire: id, .. } => wire(TextId::WireCut, id),
        Fault::MendWire { wire: id } => wire(TextId::WireMended, id),
        Fault::Partition { one, other, .. } => {
            let side = |it: &[Target]| {
                let name = it.first().map(|it| name(design, it));
                name.unwrap_or_else(|| Argument::Name("nobody".into()))
            };
            (Text::new(TextId::Partitioned, vec![side(one), side(other)]), None)
        }
        Fault::ZoneOutage { zone } => (Text::new(TextId::ZoneDown, vec![place(zone)]), None),
        Fault::ZoneRestart { zone } => (Text::new(TextId::ZoneUp, vec![place(zone)]), None),
        Fault::Heal { name } => {
            (Text::new(TextId::Healed, vec![Argument::Name(name.clone())]), None)
        }
    }
}

/// What is wrong with the messages of a wire, a component or a member.
fn spot(design: &Design, on: &Scope, id: TextId, how: Option<Argument>) -> (Text, Option<String>) {
    let (who, component) = match on {
        Scope::Wire(wire) => {
            let ends = design.wires.get(wire).map(|it| (it.from.as_str(), it.to.as_str()));
            let (from, to) = ends.unwrap_or_default();
            let name = format!("{} → {}", label(design, from), label(design, to));
            (Argument::Name(name), to.to_owned())
        }
        Scope::Target(target) => (name(design, target), target.component.clone()),
    };
    (Text::new(id, std::iter::once(who).chain(how).collect()), Some(component))
}

/// How much a figure changed: 1 for ten times as much or as little, and more for more.
fn weight(before: f64, after: f64, least: f64) -> f64 {
    let (before, after) = (before.max(least), after.max(least));
    libm::fabs(libm::log10(after / before))
}

fn changes(run: &Run, at: Nanos) -> Vec<Change> {
    let world = &run.head.world;
    let now = run.head.world.now();
    let mut changes = Vec::new();
    for (slot, component) in world.blueprint().components.iter().enumerate() {
        let Some(spec) = &component.spec else { continue };
        let about = spec.about();
        let slot = slot as u32;
        let (Some((was, before)), Some((is, after))) =
            (run.recorder.window_at(slot, 1, at), run.recorder.window_at(slot, 1, now))
        else {
            continue;
        };
        let name = || Argument::Name(label(&run.head.design, &component.id));
        let mut add = |id, weight, before, after| {
            changes.push(Change { weight, text: Text::new(id, vec![name(), before, after]) });
        };
        match about.role {
            Role::Source => source(before, after, &mut add),
            Role::Cache => {
                let ratio = |at| ratios(&run.recorder, slot, at, about)[0];
                let (was, is) = (ratio(was), latest_ratio(run, slot, is));
                let weight = 2.0 * libm::fabs(is - was);
                add(TextId::HitRatio, weight, Argument::Share(was), Argument::Share(is));
            }
            Role::Store => {
                let (was, is) = (f64::from(before.offered), f64::from(after.offered));
                let weight = weight(was, is, 1.0);
                add(TextId::Offered, weight, Argument::Rate(was), Argument::Rate(is));
            }
            Role::Server | Role::Balancer | Role::External => {}
        }
        if about.role != Role::Source {
            let (was, is) = (f64::from(before.levels[1]), f64::from(after.levels[1]));
            let (from, to) = (Argument::Count(was as u64), Argument::Count((is + 0.5) as u64));
            add(TextId::Queue, weight(was, is, 10.0) * 0.9, from, to);
        }
    }
    changes
}

/// The hit ratio of the last second alone: what the fault did, not what was before it. A cache
/// that nobody reaches hits nothing.
fn latest_ratio(run: &Run, slot: u32, last: usize) -> f64 {
    let window = &run.recorder.components[slot as usize].windows[1][last];
    let count = |at: usize| f64::from(window.counters.get(at).copied().unwrap_or(0));
    let total = count(0) + count(1);
    if total == 0.0 { 0.0 } else { count(0) / total }
}

fn source(before: &Window, after: &Window, add: &mut impl FnMut(TextId, f64, Argument, Argument)) {
    if before.p99_ns.is_finite() && after.p99_ns.is_finite() {
        let (was, is) = (f64::from(before.p99_ns), f64::from(after.p99_ns));
        // What people feel comes before what machines count.
        let weight = 1.5 * weight(was, is, 1e3);
        add(TextId::ClientP99, weight, Argument::Duration(was), Argument::Duration(is));
    }
    let (was, is) = (f64::from(before.failed), f64::from(after.failed));
    let weight = 1.5 * weight(was, is, 1.0);
    add(TextId::ClientFailures, weight, Argument::Rate(was), Argument::Rate(is));
}
