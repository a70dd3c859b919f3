//! Running until something happens: the run stops at the very event after which it first holds,
//! whatever the steps in which it is played. What is known only when a window closes holds from that
//! moment on.

use serde::{Deserialize, Serialize};

use crate::base::time::Nanos;
use crate::component::{Registry, Standing};
use crate::document::Id;
use crate::engine::note::Note;
use crate::engine::recorder::Recorder;
use crate::engine::sightings::Claim;
use crate::engine::world::Watch;
use crate::engine::{Addressing, Blueprint, Outcome, World};

use super::figures::{RATIO_WINDOWS, ratios};
use super::follow::Both;
use super::moment::{Moment, gauges};
use super::run::{Run, Snapshot};

/// What to stop at. A component of none: at any of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Breakpoint {
    /// A moment.
    At(Nanos),
    /// A figure of a component passes a value, from the other side.
    Crosses {
        /// Whose.
        component: Id,
        /// Which.
        figure: Measure,
        /// Whether upwards; downwards if not.
        above: bool,
        /// The value: nanoseconds, a number per second, a share from 0 to 1, or a number.
        value: f64,
    },
    /// A member goes down.
    Dies(Option<Id>),
    /// A member comes up.
    Returns(Option<Id>),
    /// A call arrives; of this class, if one is named.
    Arrives(Id, Option<String>),
    /// A call is answered well; of this class, if one is named.
    Answers(Id, Option<String>),
    /// A member begins to lead.
    Leads(Option<Id>),
    /// A component fails to answer a call; of none: a client's request fails. In this way, if one is
    /// named.
    Fails(Option<Id>, Option<Outcome>),
    /// The network swallows a message that a component sends: a cut.
    Swallowed(Option<Id>),
    /// One of the things happens that a component's kind counts: which.
    Counts(Id, u8),
    /// A claim is violated; of none: any.
    Violated(Option<Claim>, Option<Id>),
    /// A call over this wire fails, as its caller sees it (who may have waited too long): any attempt of
    /// it. In this way, if one is named; of no wire: over any.
    CallFails(Option<Id>, Option<Outcome>),
    /// A call over this wire is tried again after an attempt that failed.
    Retries(Option<Id>),
    /// Something is done to the run from outside, by hand or by the script: a fault, what ends one, an
    /// edit.
    Disturbed,
}

/// A figure to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// Requests waiting for a worker, now.
    Waiting,
    /// Requests there and not answered, now.
    Present,
    /// Share of workers at work, now.
    Busy,
    /// Calls arriving per second, over the last whole second.
    Offered,
    /// Calls answered well per second, over the last whole second.
    Goodput,
    /// Calls failed per second, over the last whole second.
    Failed,
    /// Calls to the busiest member over the mean of all members, over the last ten seconds.
    Imbalance,
    /// Median time to answer, over the last whole second.
    P50,
    /// 95th percentile of it.
    P95,
    /// 99th percentile of it.
    P99,
    /// The kind's ratio with this index, over the last ten seconds.
    Ratio(u8),
    /// The kind's gauge with this index, now.
    Gauge(u8),
}

/// Where a run has stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// When.
    pub at: Nanos,
    /// After how many events.
    pub ordinal: u64,
    /// What it concerns.
    pub component: Option<Id>,
    /// The client request it concerns.
    pub request: Option<u64>,
    /// The claim that is violated, if it is that.
    pub claim: Option<Claim>,
}

/// Waits for a breakpoint.
#[derive(Clone, Debug)]
pub struct Sentry {
    /// For what.
    pub what: Breakpoint,
    /// What held before; none until it has first looked.
    before: Option<Before>,
    /// What was heard since it last looked: component and request.
    heard: Option<(u32, Option<u64>)>,
}

/// What held before, where something must change.
#[derive(Clone, Debug, PartialEq)]
enum Before {
    Nothing,
    Level(bool),
    Leaders(Vec<u32>),
    Seen(u64),
}

/// What waiting takes.
struct Deeds {
    now: fn(&Sentry, &World<Registry>, &Recorder<Registry>) -> Before,
    hear: fn(&mut Sentry, &[Note], &Blueprint<Registry>),
    look: fn(&mut Sentry, &World<Registry>, &Recorder<Registry>) -> Option<Hit>,
    watch_past: fn(&mut Run, Nanos, &mut u64) -> bool,
}

// On the page it comes later, as the form does by which one asks for it.
crate::later! {
    fn deeds() -> Deeds = Deeds {
        now: Sentry::now,
        hear: Sentry::heard,
        look: Sentry::looked,
        watch_past: Run::watched_past,
    }
}

impl Sentry {
    /// For a breakpoint, from where the run is now.
    pub fn new(what: Breakpoint) -> Self {
        Self { what, before: None, heard: None }
    }

    /// The moment it waits for, if that is all.
    pub fn moment(&self) -> Option<Nanos> {
        match self.what {
            Breakpoint::At(at) => Some(at),
            _ => None,
        }
    }

    /// Looks for the first time, so that what already holds is not taken for news.
    pub fn arm(&mut self, world: &World<Registry>, recorder: &Recorder<Registry>) {
        if let (None, Some(deeds)) = (&self.before, deeds()) {
            self.before = Some((deeds.now)(self, world, recorder));
        }
    }

    /// Something is done to the run.
    pub fn disturbed(&mut self) {
        if matches!(self.what, Breakpoint::Disturbed) {
            self.heard = Some((u32::MAX, None));
        }
    }

    /// Listens to what an event brought about.
    pub fn hear(&mut self, notes: &[Note], blueprint: &Blueprint<Registry>) {
        if let Some(deeds) = deeds() {
            (deeds.hear)(self, notes, blueprint);
        }
    }

    /// Looks after an event, or after a window has closed: whether what it waits for has come.
    pub fn look(&mut self, world: &World<Registry>, recorder: &Recorder<Registry>) -> Option<Hit> {
        deeds().and_then(|it| (it.look)(self, world, recorder))
    }

    fn heard(&mut self, notes: &[Note], blueprint: &Blueprint<Registry>) {
        for note in notes.iter().filter(|it| !it.is_flush()) {
            let heard = match (&self.what, note) {
                (Breakpoint::Dies(whom), Note::Down { member }) => {
                    concerns(whom.as_ref(), *member, blueprint).map(|it| (it, None))
                }
                (Breakpoint::Returns(whom), Note::Up { member }) => {
                    concerns(whom.as_ref(), *member, blueprint).map(|it| (it, None))
                }
                (
                    Breakpoint::Arrives(whom, class),
                    Note::Offered { member, request, own: false, .. },
                )
                | (
                    Breakpoint::Answers(whom, class),
                    Note::Ended { member, request, outcome: Outcome::Ok | Outcome::Miss, .. },
                ) => {
                    let name = blueprint.classes.get(usize::from(request.class));
                    let right =
                        class.as_ref().is_none_or(|it| name.is_some_and(|name| **name == **it));
                    let there = concerns(Some(whom), *member, blueprint).filter(|_| right);
                    there.map(|it| (it, Some(request.id)))
                }
                (
                    Breakpoint::Fails(whom, how),
                    Note::Ended { member, request, outcome, own, .. },
                ) if outcome.is_failure()
                    && (*own || whom.is_some())
                    && how.is_none_or(|it| it == *outcome) =>
                {
                    concerns(whom.as_ref(), *member, blueprint).map(|it| (it, Some(request.id)))
                }
                (
                    Breakpoint::CallFails(over, how),
                    Note::CallEnded { member, wire, request, outcome, .. },
                ) if outcome.is_failure()
                    && how.is_none_or(|it| it == *outcome)
                    && is_over(over.as_ref(), *wire, blueprint) =>
                {
                    Some((blueprint.members[*member as usize].0, Some(request.id)))
                }
                (
                    Breakpoint::Retries(over),
                    Note::CallEnded { member, wire, request, again: true, .. },
                ) if is_over(over.as_ref(), *wire, blueprint) => {
                    Some((blueprint.members[*member as usize].0, Some(request.id)))
                }
                (Breakpoint::Swallowed(whom), Note::Sent { from, request, lost: true, .. }) => {
                    concerns(whom.as_ref(), *from, blueprint)
                        .map(|it| (it, request.map(|it| it.id)))
                }
                (Breakpoint::Counts(whom, which), Note::Count { member, counter, .. })
                    if which == counter =>
                {
                    concerns(Some(whom), *member, blueprint).map(|it| (it, None))
                }
                _ => None,
            };
            self.heard = self.heard.or(heard);
        }
    }

    fn looked(&mut self, world: &World<Registry>, recorder: &Recorder<Registry>) -> Option<Hit> {
        let heard = self.heard.take();
        let now = self.now(world, recorder);
        // Where nothing was counted, it is as it was.
        let unknown =
            matches!(now, Before::Nothing) && matches!(self.before, Some(Before::Level(_)));
        let before = if unknown { self.before.clone() } else { self.before.replace(now) }?;
        let news = match (&before, self.before.as_ref()?) {
            (Before::Level(false), Before::Level(true)) => {
                let Breakpoint::Crosses { component, .. } = &self.what else { return None };
                Some((world.blueprint().component(component)?, None, None))
            }
            (Before::Leaders(before), Before::Leaders(now)) => {
                let news = now.iter().find(|it| !before.contains(it));
                news.map(|it| (world.blueprint().members[*it as usize].0, None, None))
            }
            (Before::Seen(before), Before::Seen(_)) => {
                let Breakpoint::Violated(claim, whom) = &self.what else { return None };
                let components = &world.blueprint().components;
                let mut news = recorder.sightings.since(*before).filter(|it| {
                    let id = &components[it.component as usize].id;
                    claim.is_none_or(|claim| claim == it.claim)
                        && whom.as_ref().is_none_or(|whom| **whom == **id)
                });
                news.next().map(|it| {
                    (it.component, Some(it.request).filter(|it| *it != 0), Some(it.claim))
                })
            }
            _ => heard.map(|it| (it.0, it.1, None)),
        };
        let (component, request, claim) = news?;
        let component = world.blueprint().components.get(component as usize);
        let component = component.map(|it| it.id.to_string());
        Some(Hit { at: world.now(), ordinal: world.ordinal(), component, request, claim })
    }

    fn now(&self, world: &World<Registry>, recorder: &Recorder<Registry>) -> Before {
        let blueprint = world.blueprint();
        let all = 0..blueprint.components.len() as u32;
        let is = |whom: &Option<Id>, it: u32| match whom {
            Some(id) => *blueprint.components[it as usize].id == **id,
            None => true,
        };
        match &self.what {
            Breakpoint::Crosses { component, figure, above, value } => {
                let slot = blueprint.component(component);
                let is = slot.map_or(f64::NAN, |it| measure(world, recorder, it, *figure));
                match is.is_nan() {
                    true => Before::Nothing,
                    false => Before::Level(if *above { is > *value } else { is < *value }),
                }
            }
            Breakpoint::Leads(whom) => {
                let led = all.filter(|it| {
                    let addressing = blueprint.components[*it as usize].addressing;
                    addressing == Addressing::Leader && is(whom, *it)
                });
                let members = led.flat_map(|it| &blueprint.components[it as usize].members);
                let leads = |it: &&u32| {
                    let state = world.member(**it).state.as_ref().filter(|_| world.is_up(**it));
                    state.is_some_and(|it| it.standing() == Standing::Leader)
                };
                Before::Leaders(members.filter(leads).copied().collect())
            }
            Breakpoint::Violated(..) => Before::Seen(recorder.sightings.seen()),
            _ => Before::Nothing,
        }
    }
}

/// The component of a member, if that is the one that is meant.
fn concerns(whom: Option<&Id>, member: u32, blueprint: &Blueprint<Registry>) -> Option<u32> {
    let (component, _) = blueprint.members[member as usize];
    let id = &blueprint.components[component as usize].id;
    whom.is_none_or(|it| **it == **id).then_some(component)
}

/// Whether a wire is the one that is meant.
fn is_over(meant: Option<&Id>, wire: u32, blueprint: &Blueprint<Registry>) -> bool {
    meant.is_none_or(|it| **it == *blueprint.wires[wire as usize].id)
}

/// A figure of a component at this moment; NaN if nothing was counted.
pub fn measure(
    world: &World<Registry>,
    recorder: &Recorder<Registry>,
    slot: u32,
    figure: Measure,
) -> f64 {
    let component = &world.blueprint().components[slot as usize];
    let sum = |of: fn(&crate::engine::desk::Desk<Registry>) -> u32| -> f64 {
        component.members.iter().map(|it| f64::from(of(&world.member(*it).desk))).sum()
    };
    let window = || recorder.window_at(slot, 1, world.now());
    let of =
        |of: fn(&crate::engine::recorder::Window) -> f64| window().map_or(f64::NAN, |it| of(it.1));
    match figure {
        Measure::Waiting => sum(|it| it.waiting_count),
        Measure::Present => sum(|it| it.open),
        Measure::Busy => {
            let servers = component.members.iter().take(component.servers().into());
            let up = servers.filter(|it| world.is_up(**it)).count();
            let workers = f64::from(component.station.workers) * up as f64;
            let limited = component.station.workers != u32::MAX && up > 0;
            if limited { sum(|it| it.busy) / workers } else { f64::NAN }
        }
        Measure::Offered => of(|it| it.offered.into()),
        Measure::Goodput => of(|it| it.completed.into()),
        Measure::Failed => of(|it| it.failed.into()),
        Measure::Imbalance => recorder.components.get(slot as usize).map_or(f64::NAN, |it| {
            let members = component.first_in_reserve();
            it.by_member.imbalance(world.now(), RATIO_WINDOWS, members)
        }),
        Measure::P50 => of(|it| it.p50_ns.into()),
        Measure::P95 => of(|it| it.p95_ns.into()),
        Measure::P99 => of(|it| it.p99_ns.into()),
        Measure::Ratio(index) => {
            let about = component.spec.as_ref().map(|it| it.about());
            let all = about.zip(window()).map(|(about, it)| ratios(recorder, slot, it.0, about));
            all.and_then(|it| it.get(usize::from(index)).copied()).unwrap_or(f64::NAN)
        }
        Measure::Gauge(index) => {
            let all = component.spec.as_ref().map(|it| gauges(world, &component.members, it));
            all.and_then(|it| it.get(usize::from(index)).copied()).unwrap_or(f64::NAN)
        }
    }
}

impl Run {
    /// Looks whether what is waited for has come to the newest.
    pub(super) fn look_out(&mut self, news: bool) {
        let Some(sentry) = self.sentry.as_mut().filter(|_| news) else { return };
        if let Some(hit) = sentry.look(&self.head.world, &self.recorder) {
            self.arrive(Some(hit));
        }
    }

    /// The cursor has been moved: what holds there is no news.
    pub(super) fn look_again(&mut self) {
        self.sentry = self.sentry.take().map(|it| Sentry::new(it.what));
    }

    /// It has come, or the moment has.
    pub(super) fn arrive(&mut self, hit: Option<Hit>) {
        let world = &self.shown().world;
        let (at, ordinal) = (world.now(), world.ordinal());
        self.hit = hit.or(Some(Hit { at, ordinal, component: None, request: None, claim: None }));
        self.sentry = None;
    }

    /// Goes on through known ground to a moment, looking for what is waited for. Takes off what it
    /// costs; true if it got all the way, or need not.
    pub(super) fn watch_past(&mut self, target: Nanos, budget: &mut u64) -> bool {
        deeds().is_none_or(|it| (it.watch_past)(self, target, budget))
    }

    fn watched_past(&mut self, target: Nanos, budget: &mut u64) -> bool {
        let (Some(past), Some(mut sentry)) = (self.past.take(), self.sentry.take()) else {
            return true;
        };
        let Snapshot { scene: mut past, mut recorder } = past;
        sentry.arm(&past.world, &recorder);
        let (mut hit, mut done) = (None, false);
        while hit.is_none() && !done && *budget > 0 && !self.is_newest(&past) {
            let look = recorder.next_look();
            let mut watch =
                Both { recorder: &mut recorder, tracer: None, sentry: Some(&mut sentry) };
            let ordinal = past.world.ordinal();
            let until = target.min(look);
            let reached = past.go_one(until, &self.inputs, &mut watch);
            *budget = budget.saturating_sub(past.world.ordinal() - ordinal);
            if !reached || look <= target {
                hit = sentry.look(&past.world, &recorder);
            }
            done = reached && target <= look;
        }
        if sentry.moment() == Some(past.world.now()) && done {
            hit = Some(Hit {
                at: past.world.now(),
                ordinal: past.world.ordinal(),
                component: None,
                request: None,
                claim: None,
            });
        }
        if !self.is_newest(&past) {
            self.past = Some(Snapshot { scene: past, recorder });
        }
        self.sentry = Some(sentry).filter(|_| hit.is_none());
        self.hit = hit;
        done || self.hit.is_some()
    }

    fn is_newest(&self, moment: &Moment) -> bool {
        let (world, head) = (&moment.world, &self.head.world);
        (world.ordinal(), world.now(), moment.inputs)
            == (head.ordinal(), head.now(), self.head.inputs)
    }
}
