//! The line before a member's workers: who gets in, who is next, who is sent away.

use serde::{Deserialize, Serialize};

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::blueprint::Station;
use super::codel::{Codel, Limits};
use super::context::Context;
use super::desk::Pending;
use super::event::{Outcome, Request};
use super::trace::Phase;
use super::{Kinds, desk};

crate::choices! {
    /// Who of those who wait is next.
    pub enum Discipline {
        /// Who came first.
        Fifo = "fifo",
        /// Who came last.
        Lifo = "lifo",
        /// Who matters most; of those, who came first.
        Priority = "priority",
        /// Who came first; who has waited too long for too long is dropped (RFC 8289).
        Codel = "codel",
        /// Who came first, but who came last as long as the line is slow (Maurer, "Fail at scale",
        /// ACM Queue 13(8), 2015).
        AdaptiveLifo = "adaptive-lifo",
    }
}

crate::choices! {
    /// By what requests are turned away before all is full.
    pub enum Shed {
        /// Not at all.
        Off = "off",
        /// By how long the line is.
        Line = "line",
        /// By the part of the workers that are taken, smoothed over a second.
        Utilization = "utilization",
    }
}

/// Utilisation for shedding is smoothed with this time constant.
const SMOOTHED_S: f64 = 1.0;
/// The highest priority: it is never shed.
const PRIORITY_MAX: u8 = 7;

/// One strand that waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Who; may be gone already.
    pub strand: Handle,
    /// Since when.
    pub since: Nanos,
    /// How much it matters, where that counts.
    pub priority: u8,
}

/// What some lines remember.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Manner {
    codel: Codel,
    /// Smoothed part of the workers taken, and as of when.
    taken: f64,
    taken_at: Nanos,
}

crate::stable! {
    Waiting { strand, since, priority }
    Manner { codel, taken, taken_at }
}

/// How a line is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Who is next.
    pub discipline: Discipline,
    /// The longest good wait, where the discipline goes by that.
    pub target: Nanos,
    /// How long waits must be bad before anybody is dropped.
    pub interval: Nanos,
    /// By what requests are shed.
    pub shed: Shed,
    /// From which part of all the least important are shed; those that matter more, from further up.
    pub shed_from: f64,
}

crate::stable! { Line { discipline, target, interval, shed, shed_from } }

impl Line {
    /// First come, first served; nobody is sent away who finds a place. Target and interval are
    /// those that RFC 8289 recommends for the open Internet.
    pub const PLAIN: Self = Self {
        discipline: Discipline::Fifo,
        target: Nanos::millis(5),
        interval: Nanos::millis(100),
        shed: Shed::Off,
        shed_from: 1.0,
    };

    /// The part of all from which a request of this priority is shed.
    fn shed_at(&self, priority: u8) -> f64 {
        let part = f64::from(priority.min(PRIORITY_MAX)) / f64::from(PRIORITY_MAX);
        self.shed_from + (1.0 - self.shed_from) * part
    }
}

impl<K: Kinds> Context<'_, K> {
    /// A strand gets in line.
    pub(super) fn wait(&mut self, strand: Handle) {
        self.phase(strand, Some(Phase::Queue));
        let (since, mut priority) = (self.core.now, 0);
        if self.component.station.line.discipline == Discipline::Priority {
            let job = self.desk.strands.get(strand).and_then(|it| self.desk.jobs.get(it.job));
            priority = job.map_or(0, |it| self.priority(&it.request));
        }
        self.stand(Waiting { strand, since, priority });
        self.desk.waiting_count += 1;
        self.desk.changed = true;
    }

    fn stand(&mut self, it: Waiting) {
        let waiting = &mut self.desk.waiting;
        match self.component.station.line.discipline {
            Discipline::Priority => {
                let at = waiting.partition_point(|other| other.priority >= it.priority);
                waiting.insert(at, it);
            }
            // As they come, unless the line was kept in another order.
            _ if waiting.back().is_none_or(|last| last.since <= it.since) => waiting.push_back(it),
            _ => {
                let at = waiting.partition_point(|other| other.since <= it.since);
                waiting.insert(at, it);
            }
        }
    }

    /// How much a request matters: 0 to 7.
    fn priority(&self, request: &Request) -> u8 {
        self.blueprint.priorities.get(usize::from(request.class)).copied().unwrap_or(0)
    }

    /// The line is kept in another way from now on: everybody finds their place again.
    pub(super) fn keep_line(&mut self, before: &Station) {
        let line = &self.component.station.line;
        if before.line.discipline == line.discipline {
            return;
        }
        let by_priority = line.discipline == Discipline::Priority;
        for mut it in std::mem::take(&mut self.desk.waiting) {
            let Some(strand) = self.desk.strands.get(it.strand) else { continue };
            if let Some(job) = self.desk.jobs.get(strand.job).filter(|_| by_priority) {
                it.priority = self.priority(&job.request);
            }
            self.stand(it);
        }
        self.desk.manner = None;
    }

    /// Starts whoever waits, while there are workers.
    pub(super) fn next_in_line(&mut self) {
        let station = &self.component.station;
        let first = self.core.pending.len();
        while self.desk.occupied < station.workers {
            let Some(handle) = self.next_up() else { break };
            let Some(strand) = self.desk.strands.get_mut(handle) else { continue };
            self.desk.waiting_count -= 1;
            self.desk.changed = true;
            let Some(job) = self.desk.jobs.get_mut(strand.job) else { continue };
            if station.drop_expired && job.request.deadline < self.core.now {
                self.strand_ended(handle, Outcome::Expired);
                continue;
            }
            // One that has started already was taken in while jobs did not hold their workers.
            if station.hold && job.started.is_none() && strand.role == desk::Role::Main {
                job.holds = true;
            } else {
                strand.holds = true;
            }
            self.desk.occupied += 1;
            self.core.pending.push(Pending::Run(handle));
        }
        // Last pushed runs first, but who came first starts first.
        self.core.pending[first..].reverse();
    }

    /// Takes the next one out of the line; may be gone already.
    fn next_up(&mut self) -> Option<Handle> {
        let line = &self.component.station.line;
        let waiting = &mut self.desk.waiting;
        let next = match line.discipline {
            Discipline::Fifo | Discipline::Priority => waiting.pop_front(),
            Discipline::Lifo => waiting.pop_back(),
            Discipline::Codel => return self.next_by_codel(),
            Discipline::AdaptiveLifo => {
                let gone = |it: &Waiting| self.desk.strands.get(it.strand).is_none();
                while waiting.front().is_some_and(gone) {
                    waiting.pop_front();
                }
                let late = |it: &Waiting| it.since.saturating_add(line.target) < self.core.now;
                match waiting.front().is_some_and(late) {
                    true => waiting.pop_back(),
                    false => waiting.pop_front(),
                }
            }
        };
        next.map(|it| it.strand)
    }

    fn next_by_codel(&mut self) -> Option<Handle> {
        let Line { target, interval, .. } = self.component.station.line;
        let (limits, now) = (Limits { target, interval }, self.core.now);
        loop {
            let next = self.desk.waiting.pop_front();
            if next.is_some_and(|it| self.desk.strands.get(it.strand).is_none()) {
                continue;
            }
            let waited = next.map(|it| now.saturating_sub(it.since));
            let alone = self.desk.waiting_count <= 1;
            let manner = self.desk.manner.get_or_insert_default();
            if !manner.codel.drops(limits, now, waited, alone) {
                return next.map(|it| it.strand);
            }
            let dropped = next?.strand;
            self.desk.waiting_count -= 1;
            self.desk.changed = true;
            self.strand_ended(dropped, Outcome::Shed);
        }
    }

    /// Whether a request that comes in is turned away, though there may be a place.
    pub(super) fn sheds(&mut self, request: &Request) -> bool {
        let station = &self.component.station;
        let at = station.line.shed_at(self.priority(request));
        match station.line.shed {
            Shed::Off => false,
            Shed::Line => {
                let waits = self.desk.occupied >= station.workers;
                waits && f64::from(self.desk.waiting_count) >= at * f64::from(station.queue_max)
            }
            Shed::Utilization => {
                let taken = f64::from(self.desk.occupied) / f64::from(station.workers);
                let manner = self.desk.manner.get_or_insert_default();
                let span_s = self.core.now.saturating_sub(manner.taken_at).as_seconds();
                let kept = libm::exp(-span_s / SMOOTHED_S);
                manner.taken = manner.taken * kept + taken.min(1.0) * (1.0 - kept);
                manner.taken_at = self.core.now;
                manner.taken >= at
            }
        }
    }

    /// The strands of a job that wait for its turn are taken out of the line.
    pub(super) fn leave_line(&mut self, job: Handle) {
        let of_job = |it: &&Waiting| {
            self.desk.strands.get(it.strand).is_some_and(|strand| strand.job == job)
        };
        if let Some(strand) = self.desk.waiting.iter().find(of_job).map(|it| it.strand) {
            self.desk.waiting_count -= 1;
            self.strand_ended(strand, Outcome::Reset);
        }
        if self.desk.waiting.len() > 64 + 2 * self.desk.waiting_count as usize {
            let strands = &self.desk.strands;
            self.desk.waiting.retain(|it| strands.get(it.strand).is_some());
        }
    }
}
