//! A design that runs away is stopped before it takes the page's memory or its patience.

use crate::base::english::{self, Argument, Text, TextId};
use crate::base::param;
use crate::base::time::Nanos;
use crate::component::client::{Course, Load};
use crate::component::{Registry, Spec, State};
use crate::engine::World;
use crate::engine::blueprint::Wire;
use crate::engine::desk::{Desk, OutCall};
use crate::engine::recorder::Recorder;

use super::moment::Moment;

/// Messages, timers and timeouts that may wait at once.
pub const WAITING_MAX: usize = 400_000;
/// Places the queue may take, cancelled timeouts included.
const PLACES_MAX: usize = 1_500_000;
/// Events that one simulated millisecond may take.
const EVENTS_PER_MS: u64 = 500_000;
/// Events between two looks.
pub const CHUNK: u64 = 8_192;

/// Looks after a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard {
    /// Where the present millisecond began.
    at: Nanos,
    ordinal: u64,
}

impl Guard {
    /// Why the run must not go on, if it must not. To be asked every [`CHUNK`] events at least.
    pub fn check(&mut self, head: &Moment, recorder: &Recorder<Registry>) -> Option<Text> {
        let world = &head.world;
        let (now, ordinal) = (world.now(), world.ordinal());
        // Backwards: another branch.
        if now >= self.at.saturating_add(Nanos::MILLISECOND) || ordinal < self.ordinal {
            *self = Self { at: now, ordinal };
        }
        let told = |id, most_at: usize, number: u64, lower: Text| {
            let names = [name(head, most_at as u32), english::clause(&lower)];
            let [most_at, lower] = names.map(Argument::Name);
            Some(Text::new(id, vec![most_at, Argument::Count(number), lower]))
        };
        let waiting = world.queue_len() > WAITING_MAX;
        if waiting || world.weight() > PLACES_MAX {
            let most_at = fullest(world);
            // What is mostly cancelled was ended, and came again: nobody waits.
            let lower = match waiting {
                true => where_it_waits(head, most_at as u32),
                false => where_it_comes_from(head, busiest(recorder) as u32),
            };
            return told(TextId::TooManyWaiting, most_at, world.weight() as u64, lower);
        }
        if ordinal - self.ordinal > EVENTS_PER_MS {
            let most_at = busiest(recorder);
            let lower = where_it_comes_from(head, most_at as u32);
            return told(TextId::TooManyEvents, most_at, EVENTS_PER_MS, lower);
        }
        None
    }
}

/// What people call a component.
fn name(head: &Moment, slot: u32) -> String {
    let id = &head.world.blueprint().components[slot as usize].id;
    head.design.components.get(id).map_or_else(|| id.to_string(), |it| it.label.clone())
}

/// The sum of this over a component's members.
fn sum(world: &World<Registry>, slot: u32, of: impl Fn(&Desk<Registry>) -> usize) -> usize {
    let members = &world.blueprint().components[slot as usize].members;
    members.iter().map(|it| of(&world.member(*it).desk)).sum()
}

/// Calls under way over a wire: how many, and which of them are further tries.
fn under_way(world: &World<Registry>, slot: usize) -> (usize, usize) {
    let wire = &world.blueprint().wires[slot];
    let over = |it: &&OutCall| it.wire as usize == slot;
    let again = |it: &&OutCall| over(it) && it.retries < wire.patience.retries;
    let count = |desk: &Desk<Registry>| desk.calls.iter().filter(|it| over(&it.1)).count();
    let tries = |desk: &Desk<Registry>| desk.calls.iter().filter(|it| again(&it.1)).count();
    (sum(world, wire.from, count), sum(world, wire.from, tries))
}

/// The wire with the most calls under way, of those for which this holds.
fn fullest_wire(world: &World<Registry>, holds: impl Fn(&Wire<Registry>) -> bool) -> Option<usize> {
    let wires = &world.blueprint().wires;
    let counts = wires.iter().enumerate().map(|(slot, wire)| match holds(wire) {
        true => 1 + under_way(world, slot).0,
        false => 0,
    });
    Some(most(counts)).filter(|it| wires.get(*it).is_some_and(holds))
}

/// What to lower where too much waits, most of it for this component: it waits in a line or for
/// long work, there or with those it calls, or else for answers.
fn where_it_waits(head: &Moment, fullest: u32) -> Text {
    let world = &head.world;
    let mut at = fullest;
    // Who has in hand what most of the calls are about has more to do with it than who calls.
    for _ in &world.blueprint().components {
        let Some(slot) = fullest_wire(world, |it| it.alive && it.from == at) else { break };
        let (calls, to) = (under_way(world, slot).0, world.blueprint().wires[slot].to);
        if calls == 0 || 2 * sum(world, to, |it| it.jobs.len()) < calls || to == fullest {
            break;
        }
        at = to;
    }
    let [jobs, line, busy] = [
        sum(world, at, |it| it.jobs.len()),
        sum(world, at, |it| it.waiting_count as usize),
        sum(world, at, |it| it.busy as usize),
    ];
    let fields: &[&str] = match () {
        () if 2 * line > jobs => &["queue", "work", "work_times"],
        () if 2 * busy > jobs => &["workers", "work", "work_times"],
        () => &[],
    };
    lower(head, at, fields).unwrap_or_else(|| {
        match fullest_wire(world, |it| it.alive && it.from == fullest) {
            Some(wire) => less_over(head, wire),
            None => where_it_comes_from(head, fullest),
        }
    })
}

/// What to lower where too much happens, most of it at this component.
fn where_it_comes_from(head: &Moment, busiest: u32) -> Text {
    let wire = fullest_wire(&head.world, |it| it.alive && it.to == busiest);
    wire.map_or_else(|| begins_less(head, busiest), |it| less_over(head, it))
}

/// What to lower so that fewer calls go over a wire.
fn less_over(head: &Moment, slot: usize) -> Text {
    let wire = &head.world.blueprint().wires[slot];
    let (calls, again) = under_way(&head.world, slot);
    let begins = is_client(head, wire.from);
    let way = || Argument::Name([wire.from, wire.to].map(|it| name(head, it)).join(" → "));
    if 2 * again > calls {
        // A client's own patience goes before the wire's.
        return match lower(head, wire.from, &["retries"]).filter(|_| begins) {
            Some(it) => it,
            None => Text::new(TextId::Lower, vec![way(), Argument::Name(param::label("retries"))]),
        };
    }
    match begins {
        true => begins_less(head, wire.from),
        false => Text::new(TextId::LowerCalls, vec![way()]),
    }
}

/// Whether a component begins requests of its own.
fn is_client(head: &Moment, slot: u32) -> bool {
    matches!(head.world.blueprint().components[slot as usize].spec, Some(Spec::Client(_)))
}

/// What to lower so that a component begins fewer requests.
fn begins_less(head: &Moment, slot: u32) -> Text {
    let component = &head.world.blueprint().components[slot as usize];
    let mut fields: &[&str] = &[];
    if let Some(Spec::Client(it)) = &component.spec {
        let member = component.members.first().map(|it| head.world.member(*it));
        if let Some(State::Client(state)) = member.and_then(|it| it.state.as_ref())
            && state.surge() > 1.0
        {
            let name = Argument::Name(name(head, slot));
            return Text::new(TextId::LowerSpike, vec![name]);
        }
        let changed = matches!(it.course, Course::Ramp | Course::Step)
            && it.course_rate.0 > it.rate.0
            && head.world.now() >= it.course_start;
        fields = match it.load {
            Load::Open if changed => &["course_rate"],
            Load::Open => &["rate"],
            Load::Closed => &["users"],
            Load::Recorded => &["recording_speed"],
        };
    }
    let name = || vec![Argument::Name(name(head, slot))];
    lower(head, slot, fields).unwrap_or_else(|| Text::new(TextId::LowerLoad, name()))
}

/// To lower the first one or two of these settings that a component has.
fn lower(head: &Moment, slot: u32, names: &[&str]) -> Option<Text> {
    let spec = head.world.blueprint().components[slot as usize].spec.as_ref()?;
    let there = names.iter().filter(|it| has(spec, it));
    let labels: Vec<_> = there.take(2).map(|it| param::label(it)).collect();
    let id = match labels.len() {
        0 => return None,
        1 => TextId::Lower,
        _ => TextId::LowerEither,
    };
    let words = [name(head, slot)].into_iter().chain(labels);
    Some(Text::new(id, words.map(Argument::Name).collect()))
}

/// Whether a component has this setting, of those that a run can be kept from running away by. Written down
/// here, since all that kinds can say of their settings is more than the page loads at first.
fn has(spec: &Spec, name: &str) -> bool {
    use Spec::{
        ApiGateway, Cache, CacheCluster, Client, FailoverPair, KvStore, LoadBalancer, RaftGroup,
        Redis, Service, ShardedDb, SqlDb, Waf,
    };
    match name {
        "rate" | "users" | "course_rate" | "recording_speed" | "retries" => {
            matches!(spec, Client(_))
        }
        "queue" => matches!(
            spec,
            Service(_)
                | Waf(_)
                | ApiGateway(_)
                | Cache(_)
                | CacheCluster(_)
                | SqlDb(_)
                | ShardedDb(_)
                | Redis(_)
        ),
        "workers" => {
            has(spec, "queue")
                || matches!(spec, LoadBalancer(_) | KvStore(_) | FailoverPair(_) | RaftGroup(_))
        }
        "work" => match spec {
            Service(it) => it.work_times.is_empty(),
            LoadBalancer(_) | Cache(_) | CacheCluster(_) | ShardedDb(_) => true,
            KvStore(_) | FailoverPair(_) | RaftGroup(_) => true,
            _ => false,
        },
        "work_times" => matches!(spec, Service(it) if !it.work_times.is_empty()),
        _ => false,
    }
}

/// The component with the most jobs and calls in hand; who waits for a worker counts for more,
/// since those who called wait for that.
fn fullest(world: &World<Registry>) -> usize {
    let held = |slot: &u32| {
        let desk = &world.member(*slot).desk;
        desk.jobs.len() + desk.calls.len() + 4 * desk.waiting_count as usize
    };
    most(world.blueprint().components.iter().map(|it| it.members.iter().map(held).sum()))
}

/// The component that has been asked most.
fn busiest(recorder: &Recorder<Registry>) -> usize {
    most(recorder.components.iter().map(|it| it.offered() as usize))
}

/// Where the greatest is; the first of equals.
fn most(numbers: impl Iterator<Item = usize>) -> usize {
    let mut best = (0, 0);
    for (index, number) in numbers.enumerate() {
        if number > best.1 {
            best = (index, number);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::base::param::Field;
    use crate::component;

    /// What is written down here of settings is what they say of themselves.
    #[test]
    fn settings_are_there_under_their_labels() {
        for about in component::ALL {
            let (spec, _) = Spec::load(about.id, &mut Map::new()).expect("it is a kind");
            let fields = spec.fields();
            let of = |name: &str| fields.iter().find(|it| it.name == name);
            for name in ["queue", "workers", "work", "work_times"] {
                let applies = of(name).is_some_and(|it| it.applies);
                let measured = name == "work_times";
                assert_eq!(has(&spec, name), applies && !measured, "{}: {name}", about.id);
            }
            for name in ["rate", "users", "course_rate", "recording_speed", "retries"] {
                if has(&spec, name) {
                    assert_eq!(of(name).map(Field::label), Some(param::label(name)), "{name}");
                }
            }
        }
    }
}
