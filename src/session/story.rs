//! "What happened": a few seconds after each fault or edit, what is different, in measured figures.
//! It is compared with the same run without it, second by second, and not with the seconds before:
//! so what an earlier fault still does is not told of a later one.

use crate::base::english::{Argument, Text, TextId};
use crate::base::order::sort_few;
use crate::base::param::{Field, Params};
use crate::base::time::Nanos;
use crate::base::typed::written;
use crate::component::{About, Registry, Role};
use crate::document::{Design, Diff, WireRecord};
use crate::engine::blueprint::Component;
use crate::engine::fault::{Fault, Scope, Target};
use crate::engine::recorder::{Recorder, Window};

use super::protocol::{Change, Input, Stamped, Story, Which};
use super::run::Run;
use super::twin::Twin;

/// How long after it something is told of, if nothing else is done sooner. What is compared is the
/// last whole second of that.
pub const AFTER: Nanos = Nanos::seconds(3);
/// Changes told, the largest first.
const CHANGES_MAX: usize = 3;
/// Smaller changes are not worth telling: by a quarter, as [`weight`] has it.
const WEIGHT_MIN: f64 = 0.1;

/// An input whose consequences are not yet known.
#[derive(Clone, Debug)]
pub struct Pending {
    at: Nanos,
    /// Which of the run's inputs it is.
    index: usize,
    done: Text,
    component: Option<String>,
    edits: bool,
}

impl Pending {
    /// The input of a run with this index; none if there is none.
    pub fn new(run: &Run, index: usize) -> Option<Self> {
        let Stamped { at, input, .. } = run.inputs.get(index)?;
        let design = &run.head.design;
        let (done, component) = match input {
            Input::Fault(fault) => done(design, fault),
            Input::Seed(seed) => (Text::new(TextId::Reseeded, vec![Argument::Count(*seed)]), None),
            Input::Edit(diff) => edited(design, diff),
        };
        Some(Self { at: *at, index, done, component, edits: matches!(input, Input::Edit(_)) })
    }

    /// The story, once the run and the same run without this have come far enough. If something
    /// else is done `next`, it is told by what is known; an edit that is edited further is not.
    pub fn tell(&self, run: &Run, next: Option<&Input>) -> Option<Story> {
        let end = self.at.saturating_add(AFTER);
        let without = run.without(self.index);
        // A twin that gave up early has come as far as it ever will.
        let waits = |it: &Twin| it.reached < end && !it.is_over();
        let early = run.head.world.now() < end || without.is_some_and(waits);
        if early && next.is_none() {
            return None;
        }
        let known = without.map_or(self.at, |it| it.reached).min(run.head.world.now()).min(end);
        let mut story = Story {
            at: self.at,
            until: known,
            component: self.component.clone(),
            done: self.done.clone(),
            changes: Vec::new(),
        };
        let Some(without) = without.filter(|_| !story.is_too_soon()) else {
            let again = self.edits && matches!(next, Some(Input::Edit(_)));
            return (!again).then_some(story);
        };
        let mut changes = changes(run, &without.recorder, known);
        changes.retain(|it| it.0 > WEIGHT_MIN);
        sort_few(&mut changes, |a, b| a.0 > b.0);
        story.changes = changes.into_iter().take(CHANGES_MAX).map(|it| it.1).collect();
        Some(story)
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

/// What an edit did, and to which component: by its first change.
fn edited(design: &Design, diff: &Diff) -> (Text, Option<String>) {
    let text = |id, name: String| Text::new(id, vec![Argument::Name(name)]);
    let plain = |it: &serde_json::Value| !it.is_array() && !it.is_object();
    // One setting alone is told with its values.
    let told = |name: String, before: Vec<Field>, after: Vec<Field>| {
        let same = |it: &Field| before.iter().find(|of| of.name == it.name && of.value != it.value);
        let changed: Vec<_> = after.iter().filter_map(|it| Some((same(it)?, it))).collect();
        match changed.as_slice() {
            [(from, to)] if plain(&from.value) && plain(&to.value) => {
                let words = [name, to.label(), worded(from), worded(to)];
                Text::new(TextId::Set, words.map(Argument::Name).into())
            }
            _ => text(TextId::Edited, name),
        }
    };
    if let Some((id, change)) = diff.components.iter().next() {
        let text = match (&change.before, &change.after) {
            (None, Some(it)) => text(TextId::Added, it.label.clone()),
            (Some(it), None) => text(TextId::Removed, it.label.clone()),
            (Some(before), Some(after)) if before.label == after.label => {
                told(after.label.clone(), before.spec.fields(), after.spec.fields())
            }
            _ => text(TextId::Edited, label(design, id)),
        };
        return (text, Some(id.clone()));
    }
    let Some(change) = diff.wires.values().next() else {
        return (text(TextId::Edited, design.name.clone()), None);
    };
    let name = |it: &WireRecord| format!("{} → {}", label(design, &it.from), label(design, &it.to));
    let text = match (&change.before, &change.after) {
        (None, Some(it)) => text(TextId::Added, name(it)),
        (Some(it), None) => text(TextId::Removed, name(it)),
        (Some(before), Some(after)) => {
            told(name(after), before.settings.fields(), after.settings.fields())
        }
        (None, None) => text(TextId::Edited, design.name.clone()),
    };
    (text, None)
}

/// Names one after the other.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    match names.as_slice() {
        [] => "nobody".into(),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        [only, ..] => only.clone(),
    }
}

/// A setting as files have it, in words.
fn worded(field: &Field) -> String {
    match &field.value {
        serde_json::Value::String(it) if it.is_empty() => "nothing".into(),
        it @ serde_json::Value::String(_) => written(&field.control, it),
        serde_json::Value::Null => "nothing".into(),
        serde_json::Value::Bool(it) => if *it { "on" } else { "off" }.into(),
        it => it.to_string(),
    }
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
        Fault::Promote(target) => of(TextId::Promoted, target),
        Fault::Command { target, words } => {
            let words = Argument::Name(words.clone());
            let arguments = vec![name(design, target), words];
            (Text::new(TextId::Commanded, arguments), Some(target.component.clone()))
        }
        Fault::Loss { on, .. } | Fault::Delay { on, .. } if fault.is_reversal() => {
            spot(design, on, TextId::Untroubled, None)
        }
        Fault::Loss { on, share } => spot(design, on, TextId::Lossy, Some(Argument::Share(*share))),
        Fault::Delay { on, by } => {
            spot(design, on, TextId::Delayed, Some(Argument::Duration(by.0 as f64)))
        }
        Fault::DropNext { on } => spot(design, on, TextId::NextDropped, None),
        Fault::DelayNext { on, by } => {
            spot(design, on, TextId::NextDelayed, Some(Argument::Duration(by.0 as f64)))
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
        Fault::Partition { name: called, one, other, .. } => {
            let mut all = one.iter().chain(other);
            if let Some(first) = one.first()
                && all.all(|it| it.component == first.component && it.member.is_some())
            {
                let spec = design.components.get(&first.component).map(|it| &it.spec);
                let member = |it: &Target| Some(spec?.member_name(it.member?));
                let side = |it: &[Target]| Argument::Name(listed(it.iter().filter_map(member)));
                let whole = Argument::Name(label(design, &first.component));
                return (Text::new(TextId::Severed, vec![whole, side(one), side(other)]), None);
            }
            (Text::new(TextId::Partitioned, vec![Argument::Name(called.clone())]), None)
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

/// How much a figure differs: 1 for ten times as much or as little, and more for more.
fn weight(without: f64, with: f64, least: f64) -> f64 {
    libm::fabs(libm::log10(with.max(least) / without.max(least)))
}

/// What is different at a moment from what it would be without, each with its weight.
fn changes(run: &Run, without: &Recorder<Registry>, at: Nanos) -> Vec<(f64, Change)> {
    let mut changes = Vec::new();
    // How long the few wait whose requests hardly count is not what people feel.
    let served = |slot: u32| run.recorder.window_at(slot, 1, at).map_or(0, |it| it.1.completed);
    let sources = run.head.world.blueprint().components.iter().zip(0u32..);
    let is_source = |it: &Component<Registry>| {
        it.spec.as_ref().is_some_and(|it| it.about().role == Role::Source)
    };
    let most = sources.filter(|it| is_source(it.0)).map(|it| served(it.1)).max().unwrap_or(0);
    for (slot, component) in run.head.world.blueprint().components.iter().enumerate() {
        let Some(spec) = &component.spec else { continue };
        let about = spec.about();
        let slot = slot as u32;
        let windows = (without.window_at(slot, 1, at), run.recorder.window_at(slot, 1, at));
        let (Some((_, was)), Some((_, is))) = windows else { continue };
        let id = component.id.to_string();
        let name = Argument::Name(label(&run.head.design, &id));
        let mut add = |text, which, weight, was, is| {
            let text = Text::new(text, vec![name.clone(), was, is]);
            changes.push((weight, Change { component: id.clone(), which, at, text }));
        };
        match about.role {
            Role::Source => source(was, is, 10 * is.completed >= most, &mut add),
            Role::Cache => {
                let (was, is) = (hits(was), hits(is));
                let weight = 2.0 * libm::fabs(is - was);
                let (was, is) = (Argument::Share(was), Argument::Share(is));
                add(TextId::HitRatio, Which::Ratio(0), weight, was, is);
            }
            Role::Store => {
                let (calls, now) = (f64::from(was.offered), f64::from(is.offered));
                let weight = weight(calls, now, 1.0);
                let (calls, now) = (Argument::Rate(calls), Argument::Rate(now));
                add(TextId::Offered, Which::Throughput, weight, calls, now);
                store(was, is, about, &mut add);
            }
            Role::Server | Role::Balancer | Role::External | Role::Resolver => {}
        }
        let stale = |it: &Recorder<_>| it.staleness.within(slot, at, Nanos::SECOND) as f64;
        let (old, now) = (stale(without), stale(&run.recorder));
        // An old value is worse than a slow one.
        let heavy = 2.0 * weight(old, now, 1.0);
        add(TextId::StaleReads, Which::Throughput, heavy, Argument::Rate(old), Argument::Rate(now));
        if about.role != Role::Source {
            let (old, now) = (f64::from(was.levels[1]), f64::from(is.levels[1]));
            let count = |it: f64| Argument::Count((it + 0.5) as u64);
            let weight = 0.9 * weight(old, now, 10.0);
            add(TextId::Queue, Which::Latency, weight, count(old), count(now));
        }
    }
    changes
}

/// The hit ratio of one second. A cache that nobody reaches hits nothing.
fn hits(window: &Window) -> f64 {
    let count = |at: usize| f64::from(window.counters.get(at).copied().unwrap_or(0));
    let total = count(0) + count(1);
    if total == 0.0 { 0.0 } else { count(0) / total }
}

/// How far replicas are behind, where the kind says so.
fn store(
    was: &Window,
    is: &Window,
    about: &About,
    add: &mut dyn FnMut(TextId, Which, f64, Argument, Argument),
) {
    let Some(lag) = about.gauges.iter().position(|it| it.name == "lag_ns") else { return };
    let value = |it: &Window| it.gauges.get(lag).map_or(0.0, |it| f64::from(*it));
    let (old, now) = (value(was), value(is));
    let weight = weight(old, now, 1e7);
    add(
        TextId::Lag,
        Which::Gauge(lag as u8),
        weight,
        Argument::Duration(old),
        Argument::Duration(now),
    );
}

fn source(
    was: &Window,
    is: &Window,
    felt: bool,
    add: &mut dyn FnMut(TextId, Which, f64, Argument, Argument),
) {
    if felt && was.p99_ns.is_finite() && is.p99_ns.is_finite() {
        let (old, now) = (f64::from(was.p99_ns), f64::from(is.p99_ns));
        // What people feel comes before what machines count.
        let weight = 1.5 * weight(old, now, 1e3);
        let (old, now) = (Argument::Duration(old), Argument::Duration(now));
        add(TextId::ClientP99, Which::Latency, weight, old, now);
    }
    let (old, now) = (f64::from(was.failed), f64::from(is.failed));
    let weight = 1.5 * weight(old, now, 1.0);
    add(TextId::ClientFailures, Which::Errors, weight, Argument::Rate(old), Argument::Rate(now));
}
