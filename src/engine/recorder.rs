//! What an observer keeps of a run: totals, a series of windows in three resolutions, spans. It
//! lives outside the world; nothing here can change what happens.

use std::collections::VecDeque;

use crate::base::time::Nanos;

use super::accesses::{self, Access, Accesses};
use super::by_member::ByMember;
use super::disturbance::Disturbances;
use super::effects::Effects;
use super::event::{Outcome, Verb, Via};
use super::exemplar::{Alike, Exemplars, Span};
use super::history::History;
use super::note::Note;
use super::queue::PLACE_BYTES;
use super::sightings::{Claim, Seen, Sighting, Sightings};
use super::staleness::Staleness;
use super::takeover::Takeovers;
use super::tally::closed;
pub use super::tally::{Tally, Traffic, Window};
pub use super::windows::Windows;
use super::world::{Watch, World};
use super::{Blueprint, Kinds};

/// Lengths of the windows; each divides the next.
pub const WINDOWS: [Nanos; 3] = [Nanos::millis(250), Nanos::seconds(1), Nanos::seconds(12)];
/// Windows kept of each length.
pub const KEPT: usize = 300;
/// Recent counts kept a component.
const RECENT_MAX: usize = 24;

/// How a recorder samples a component's gauges: the values in the order of the kind's list.
pub type Sampler<K> = fn(&World<K>, component: u32) -> Vec<f64>;

/// How many, now: jobs, waiting, busy, occupied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(pub [u32; 4]);

/// One thing of a kind's own that happened lately.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recent {
    /// When.
    pub at: Nanos,
    /// At which member, by slot.
    pub member: u32,
    /// Which counter.
    pub counter: u8,
    /// To which key.
    pub key: u32,
}

/// Everything kept of one component.
#[derive(Clone, Debug, Default)]
pub struct ComponentRecord {
    /// Since the end of the warm-up, as far as it has been brought up to date: see
    /// [`Recorder::bring_up_to_date`].
    pub total: Tally<5>,
    /// What has been counted since a window closed last, and is in no other tally yet.
    fresh: Tally<5>,
    live: [Tally<4>; 3],
    /// Closed windows by length, oldest first, at most [`KEPT`] each.
    pub windows: [Windows; 3],
    /// When one of its members came up last.
    pub back: Nanos,
    /// What each of its members counted, where there are several.
    pub by_member: ByMember,
    /// What happened lately, oldest first.
    pub recent: VecDeque<Recent>,
    /// What it was asked for last, if it is a cache.
    pub accesses: Accesses,
    /// Examples of calls, by windows of the two longer lengths.
    pub exemplars: [Exemplars; 2],
    levels: Levels,
    /// What is to be added to each level, times the time, to make its integral over time in ns.
    areas: [u128; 4],
}

impl ComponentRecord {
    /// Time integrals of the levels at a moment not before the last event, ns.
    fn integrals(&self, at: Nanos) -> [u128; 4] {
        let area = |index: usize| u128::from(self.levels.0[index]) * u128::from(at.0);
        std::array::from_fn(|index| area(index).wrapping_add(self.areas[index]))
    }

    /// A member's places have become others.
    fn move_levels(&mut self, at: Nanos, before: &Levels, now: &Levels) {
        for (index, before) in before.0.into_iter().enumerate() {
            // In this order, since a level never goes below zero.
            self.levels.0[index] = self.levels.0[index] + now.0[index] - before;
            // What is given up has counted until now, what is taken counts from now on. Without a
            // branch, since one of them would be guessed wrong half of the time.
            let fewer = i128::from(i64::from(before) - i64::from(now.0[index]));
            let area = fewer.wrapping_mul(i128::from(at.0 as i64)) as u128;
            self.areas[index] = self.areas[index].wrapping_add(area);
        }
    }

    /// Mean numbers over the `span` that ends at `at`, the whole run after the warm-up: jobs,
    /// waiting, busy, occupied.
    pub fn mean_levels(&self, at: Nanos, span: Nanos) -> [f64; 4] {
        let (integrals, start) = (self.integrals(at), self.total.start);
        let mean = |index: usize| {
            integrals[index].wrapping_sub(start[index]) as f64 / (span.0 as f64).max(1.0)
        };
        std::array::from_fn(mean)
    }

    /// Brings the longer tallies up to date.
    fn pour(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        self.live.iter_mut().for_each(|it| it.add(&self.fresh));
        self.total.add(&self.fresh);
        self.fresh.clear([0; 4]);
    }

    /// Calls that arrived since the end of the warm-up, up to the last event.
    pub fn offered(&self) -> u64 {
        self.total.offered + self.fresh.offered
    }

    /// How many now.
    pub fn levels(&self) -> Levels {
        self.levels
    }
}

/// The recorder.
#[derive(Clone, Debug)]
pub struct Recorder<K: Kinds> {
    /// When totals begin: the end of the warm-up.
    pub zero: Nanos,
    zeroed: bool,
    /// Events recorded; replaying them adds nothing.
    seen: u64,
    /// The end of the next window of the shortest length.
    next_window: Nanos,
    sampler: Sampler<K>,
    /// By component slot.
    pub components: Vec<ComponentRecord>,
    /// By wire slot: the window being filled.
    traffic: Vec<Traffic>,
    /// By wire slot: closed windows of the shortest length.
    pub wires: Vec<VecDeque<Traffic>>,
    /// By wire slot: examples of calls, by the second.
    pub calls: Vec<Exemplars>,
    /// What was done to the system, oldest first.
    pub disturbances: Disturbances,
    members: Vec<Levels>,
    /// Reads of what was out of date.
    pub staleness: Staleness,
    /// Writes that took effect twice.
    pub effects: Effects,
    /// What clients did with stores whose members answer for all.
    pub history: History,
    /// Who led in stores whose primary can be replaced, and what was lost.
    pub takeovers: Takeovers,
    /// Claims that were violated.
    pub sightings: Sightings,
    /// Client requests ended since the end of the warm-up.
    pub requests: u64,
    /// Events up to the end of the warm-up.
    pub events_before: u64,
}

impl<K: Kinds> Recorder<K> {
    /// A recorder whose totals begin at `zero`.
    pub fn new(zero: Nanos, sampler: Sampler<K>) -> Self {
        Self {
            zero,
            zeroed: zero == Nanos::ZERO,
            seen: 0,
            next_window: WINDOWS[0],
            sampler,
            components: Vec::new(),
            traffic: Vec::new(),
            wires: Vec::new(),
            calls: Vec::new(),
            disturbances: Disturbances::default(),
            members: Vec::new(),
            staleness: Staleness::default(),
            effects: Effects::default(),
            history: History::default(),
            takeovers: Takeovers::default(),
            sightings: Sightings::default(),
            requests: 0,
            events_before: 0,
        }
    }

    /// The window of a length that was the last to close at or before a moment, with its index.
    pub fn window_at(&self, component: u32, length: usize, at: Nanos) -> Option<(usize, &Window)> {
        let windows = &self.components.get(component as usize)?.windows[length];
        let after = windows.partition_point(|it| it.end <= at);
        let index = after.checked_sub(1)?;
        Some((index, &windows[index]))
    }

    /// Messages over a wire in the quarter second that had closed at a moment.
    pub fn traffic_at(&self, wire: u32, at: Nanos) -> Option<Traffic> {
        let windows = self.wires.get(wire as usize)?;
        let newest = self.next_window.saturating_sub(WINDOWS[0]);
        let back = newest.saturating_sub(at).0.div_ceil(WINDOWS[0].0) as usize;
        windows.len().checked_sub(back + 1).map(|it| windows[it])
    }

    /// Calls that arrived over a wire in the whole second that had closed at a moment.
    pub fn arrived_at(&self, wire: u32, at: Nanos) -> u32 {
        let second = Nanos(at.0 - at.0 % WINDOWS[1].0);
        let quarters = (0..WINDOWS[1].0 / WINDOWS[0].0).map(|it| Nanos(it * WINDOWS[0].0));
        let traffic = |back| self.traffic_at(wire, second.saturating_sub(back));
        quarters.filter_map(traffic).map(|it| it.arrived).sum()
    }

    /// Brings totals up to the last event recorded.
    pub fn bring_up_to_date(&mut self) {
        self.components.iter_mut().for_each(ComponentRecord::pour);
    }

    /// What a clone of it takes, roughly, in places of a queue ([`World::weight`]).
    pub fn weight(&self) -> usize {
        let windows = |it: &ComponentRecord| it.windows.iter().map(Windows::bytes).sum::<usize>();
        let accesses = |it: &ComponentRecord| it.accesses.pieces();
        let by_member = |it: &ComponentRecord| it.by_member.len() / 12;
        let components = self
            .components
            .iter()
            .map(|it| 100 + windows(it) / PLACE_BYTES + by_member(it) + accesses(it));
        let seen = self.staleness.bytes() + self.history.bytes() + self.takeovers.bytes();
        let seen = (seen + self.effects.bytes() + self.sightings.bytes()) / PLACE_BYTES;
        let wires = self.wires.iter().map(|it| 20 + it.len() / 5);
        components.sum::<usize>() + wires.sum::<usize>() + seen
    }

    /// Makes room for what an edit has added.
    #[inline]
    fn fit(&mut self, blueprint: &Blueprint<K>) {
        if self.members.len() == blueprint.members.len()
            && self.components.len() == blueprint.components.len()
            && self.wires.len() == blueprint.wires.len()
        {
            return;
        }
        self.grow(blueprint);
    }

    #[cold]
    fn grow(&mut self, blueprint: &Blueprint<K>) {
        if self.components.len() < blueprint.components.len() {
            self.components.resize_with(blueprint.components.len(), Default::default);
        }
        self.wires.resize_with(blueprint.wires.len().max(self.wires.len()), VecDeque::new);
        self.traffic.resize(self.wires.len(), Traffic::default());
        self.calls.resize_with(self.wires.len(), Exemplars::default);
        let members = blueprint.members.len().max(self.members.len());
        self.members.resize(members, Levels::default());
        for (record, component) in self.components.iter_mut().zip(&blueprint.components) {
            if component.members.len() > 1 {
                record.by_member.fit(component.members.len());
            }
        }
    }

    /// Takes in what has happened. True if it is about logs and who leads.
    #[inline]
    fn note(&mut self, at: Nanos, note: &Note, blueprint: &Blueprint<K>) -> bool {
        let component = |member: u32| blueprint.members[member as usize].0 as usize;
        let ordinal = |member: u32| blueprint.members[member as usize].1;
        match note {
            Note::Sent { via, request, outcome, lost, .. } => {
                let (Via::Forth(wire) | Via::Back(wire)) = via else { return false };
                let traffic = &mut self.traffic[*wire as usize];
                let reads = request.is_some_and(|it| it.verb == Verb::Read);
                let field = match (lost, outcome) {
                    (true, _) => &mut traffic.lost,
                    (_, Some(Outcome::Miss)) => &mut traffic.misses,
                    (_, Some(it)) if it.is_failure() => &mut traffic.failures,
                    (_, Some(_)) => &mut traffic.answers,
                    (_, None) if reads => &mut traffic.reads,
                    (_, None) => &mut traffic.writes,
                };
                *field += 1;
            }
            Note::Offered { member, wire, request, own } => {
                if *own && request.verb == Verb::Flush {
                    return false;
                }
                let record = &mut self.components[component(*member)];
                record.fresh.offered();
                if let Some(counts) = record.by_member.live(ordinal(*member)) {
                    counts.offered += 1;
                }
                if let Some(wire) = wire {
                    self.traffic[*wire as usize].arrived += 1;
                }
            }
            Note::Ended { member, request, outcome, arrived, wasted, own, .. } => {
                if *own && request.verb == Verb::Flush {
                    return false;
                }
                self.requests += u64::from(*own);
                let (start, end, outcome) = (*arrived, at, *outcome);
                let component = component(*member);
                let record = &mut self.components[component];
                let length = end - start;
                record.fresh.ended(outcome, length, *wasted);
                record.accesses.done(at, request.key, request.id);
                let kind = Alike::new(length, outcome);
                let span = || Span { request: *request, member: *member, start, end, outcome };
                record.exemplars.iter_mut().for_each(|it| it.add(kind, span));
                self.disturbances.ended(at, component as u32, outcome);
            }
            Note::CallEnded { member, wire, target, request, outcome, sent, .. } => {
                let (member, start, end) = (target.unwrap_or(*member), *sent, at);
                let (request, outcome) = (*request, *outcome);
                let kind = Alike::new(end - start, outcome);
                let span = || Span { request, member, start, end, outcome };
                self.calls[*wire as usize].add(kind, span);
                self.disturbances.ended(at, blueprint.wires[*wire as usize].to, outcome);
            }
            Note::Places { member, jobs, waiting, busy, occupied } => {
                let levels = Levels([*jobs, *waiting, *busy, *occupied]);
                let before = std::mem::replace(&mut self.members[*member as usize], levels);
                self.components[component(*member)].move_levels(at, &before, &levels);
            }
            Note::Count { member, counter, key } => {
                let component = component(*member);
                let record = &mut self.components[component];
                record.fresh.count(*counter);
                let looks_up = blueprint.components[component].looks_up;
                if looks_up && *counter < accesses::COUNTERS {
                    let (key, counter) = (*key, *counter);
                    record.accesses.push(Access { at, key, counter, request: 0 });
                }
                if let Some(counts) = record.by_member.live(ordinal(*member))
                    && let Some(count) = counts.counters.get_mut(usize::from(*counter))
                {
                    *count += 1;
                }
                let recent = &mut record.recent;
                if recent.len() == RECENT_MAX {
                    recent.pop_front();
                }
                recent.push_back(Recent { at, member: *member, counter: *counter, key: *key });
                if looks_up && *counter == accesses::LOST {
                    let (claim, request, member) = (Claim::Durable, 0, *member);
                    self.saw(at, Seen { claim, request, member }, blueprint);
                }
            }
            Note::Committed { member, call, .. } => {
                let component = component(*member);
                if *call != 0 && self.effects.committed(component as u32, *call) {
                    self.components[component].fresh.twice += 1;
                    self.saw(
                        at,
                        Seen { claim: Claim::Once, request: 0, member: *member },
                        blueprint,
                    );
                }
            }
            Note::Wasted { member, span } => {
                self.components[component(*member)].fresh.waste(*span);
            }
            Note::Appended { .. } | Note::Reign { .. } => return true,
            Note::Found { .. } | Note::Wrote { .. } => {}
            Note::Polled { .. } | Note::Conflict { .. } => {}
            Note::Up { member } => self.components[component(*member)].back = at,
            Note::Down { .. } | Note::Traced { .. } => {}
        }
        false
    }

    /// Remembers what violates a claim.
    #[cold]
    fn saw(&mut self, at: Nanos, it: Seen, blueprint: &Blueprint<K>) {
        let Seen { claim, request, member } = it;
        let (component, _) = blueprint.members[member as usize];
        self.sightings.add(Sighting { at, claim, component, request });
    }

    fn close_windows(&mut self, at: Nanos, world: &World<K>) {
        self.fit(world.blueprint());
        for (slot, record) in self.components.iter_mut().enumerate() {
            record.pour();
            let integrals = record.integrals(at);
            let gauges = (self.sampler)(world, slot as u32);
            record.total.sample(&gauges);
            for (length, span) in WINDOWS.iter().enumerate() {
                record.live[length].sample(&gauges);
                if !at.0.is_multiple_of(span.0) {
                    continue;
                }
                let window = closed(&record.live[length], at, *span, integrals);
                record.windows[length].push(window, KEPT);
                record.live[length].clear(integrals);
                if length == 1 {
                    record.by_member.close(at, KEPT);
                }
                if let Some(longer) = length.checked_sub(1) {
                    record.exemplars[longer].close(at);
                }
            }
        }
        for (windows, traffic) in self.wires.iter_mut().zip(&mut self.traffic) {
            if windows.len() == KEPT {
                windows.pop_front();
            }
            windows.push_back(std::mem::take(traffic));
        }
        if at.0.is_multiple_of(WINDOWS[1].0) {
            self.calls.iter_mut().for_each(|it| it.close(at));
        }
    }
}

impl<K: Kinds> Watch<K> for Recorder<K> {
    fn wants_from(&self) -> u64 {
        self.seen
    }

    fn disturbed(&mut self, at: Nanos) {
        self.disturbances.add(at);
    }

    fn next_look(&self) -> Nanos {
        if self.zeroed { self.next_window } else { self.next_window.min(self.zero) }
    }

    fn look(&mut self, at: Nanos, world: &World<K>) {
        if at == self.next_window {
            self.close_windows(at, world);
            self.staleness.learn(world.blueprint());
            self.history.learn(world.blueprint());
            self.next_window += WINDOWS[0];
        }
        if at == self.zero && !self.zeroed {
            self.zeroed = true;
            (self.requests, self.events_before) = (0, world.ordinal());
            self.staleness.clear_totals();
            self.effects.clear_totals();
            for record in &mut self.components {
                record.pour();
                record.total.clear(record.integrals(at));
                record.by_member.clear_totals();
            }
        }
    }

    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], blueprint: &Blueprint<K>) {
        self.seen = ordinal;
        self.fit(blueprint);
        if self.staleness.judges(blueprint) {
            for note in notes {
                if let Some(it) = self.staleness.note(at, note, blueprint) {
                    self.disturbances.stale(at, blueprint.members[it.member as usize].0);
                    self.saw(at, it, blueprint);
                }
            }
        }
        if self.history.keeps(blueprint) {
            for note in notes {
                if let Some(it) = self.history.note(at, note, blueprint, &self.takeovers) {
                    self.saw(at, it, blueprint);
                }
            }
        }
        let mut of_logs = self.takeovers.keeps();
        for note in notes {
            of_logs |= self.note(at, note, blueprint);
        }
        if of_logs {
            for note in notes {
                if let Some(it) = self.takeovers.note(at, note, blueprint) {
                    self.saw(at, it, blueprint);
                }
            }
        }
    }
}
