//! A service: workers, a bounded waiting line, and a plan that its wires imply.

use std::sync::Arc;

use crate::base::order::sort_few;
use crate::base::measured::Measured;
use crate::base::spread::{LOG_NORMAL_SIGMA, PARETO_ALPHA, Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::blueprint::Station;
use crate::engine::event::{Outcome, Verb};
use crate::engine::line::Line;
use crate::engine::plan::{Condition, Plan};

pub use crate::engine::line::{Discipline, Shed};

use super::client::for_classes;
use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

crate::choices! {
    /// In which order a service calls what it needs.
    pub enum Calls {
        /// One after the other; the first failure ends it.
        InTurn = "in-turn",
        /// All at once; it waits for all.
        AllAtOnce = "all-at-once",
        /// All at once; it waits for the first good answer.
        FirstAnswer = "first-answer",
        /// All at once; it waits for so many good answers.
        Enough = "enough",
    }
}

crate::choices! {
    /// What a write does with a cache beside the store.
    pub enum OnWrite {
        /// The cache drops the key: who reads next fetches it from the store.
        Forget = "forget",
        /// The cache gets the new value, too: a dual write.
        Put = "put",
    }
}

impl ServiceParams {
    /// The work of one request.
    fn one_work(&self) -> Plan<Arc<str>> {
        if !self.work_times.is_empty() {
            return Plan::Measured(Arc::new(self.work_times.times(1.0 / self.speed)));
        }
        let mean = match self.speed == 1.0 {
            true => self.work,
            false => Nanos((self.work.0 as f64 / self.speed + 0.5) as u64),
        };
        Plan::Work(Spread::formed(self.work_shape, mean, self.work_sigma, self.work_alpha))
    }
}

crate::params! {
    /// Parameters of a service.
    pub struct ServiceParams {
        /// Instances running side by side.
        instances: u32 = 2, in 1..=1_000, "instances";
        /// Of them, how many stand by: callers ask them only while they know of no other that is up, as
        /// nginx does with a backup server. 0: all work (active–active). 1 of 2: active–passive.
        standby: u32 = 0, in 0..=999, "instances";
        /// Requests one instance can serve at once.
        workers: u32 = 8, in 1..=100_000, "workers";
        /// Requests that may wait at one instance; more are turned away.
        queue: u32 = 128, in 0..=1_000_000, "requests";
        /// Who of those who wait is next: who came first (FIFO) or last (LIFO), who matters most
        /// (priority of the class), who came first without those who waited too long (CoDel), or who
        /// came first, but last while the line is slow (adaptive LIFO).
        discipline: Discipline = Discipline::Fifo;
        /// How long somebody may wait for good.
        target: Nanos = Nanos::millis(5), in Nanos::micros(1)..=Nanos::seconds(60),
            when |it| matches!(it.discipline, Discipline::Codel | Discipline::AdaptiveLifo);
        /// How long all must have waited longer than that before one is dropped.
        interval: Nanos = Nanos::millis(100), in Nanos::micros(10)..=Nanos::seconds(600),
            when |it| it.discipline == Discipline::Codel;
        /// Whether requests are turned away before all is full (load shedding), and by what: how long
        /// the line is, or which part of the workers is taken, smoothed over a second.
        shed: Shed = Shed::Off;
        /// From which part of line or workers the least important requests are turned away; those of
        /// higher priority later, and those of the highest only when all is full.
        shed_from: Share = Share(0.7), when |it| it.shed != Shed::Off;
        /// Mean processor time of one request, calls to others not included.
        work: Nanos = Nanos::millis(5), in Nanos::ZERO..=Nanos::seconds(600),
            when |it| it.work_times.is_empty();
        /// How that time is distributed.
        work_shape: Shape = Shape::LogNormal, when |it| it.work_times.is_empty();
        /// How wide the log-normal is: the standard deviation of its logarithm.
        work_sigma: f64 = LOG_NORMAL_SIGMA, in 0.0..=3.0,
            when |it| it.work_times.is_empty() && it.work_shape == Shape::LogNormal;
        /// How heavy the Pareto's tail is: the smaller, the heavier.
        work_alpha: f64 = PARETO_ALPHA, in 1.05..=10.0,
            when |it| it.work_times.is_empty() && it.work_shape == Shape::Pareto;
        /// Measured processor times, in place of mean and distribution: each with how often it comes,
        /// such as 2ms: 70, 80ms: 5; or quantiles, such as p50: 4ms, p99: 60ms, with straight lines
        /// between.
        work_times: Measured = Measured::default();
        /// How many times as fast its processors are.
        speed: f64 = 1.0, in 0.01..=100.0, "times";
        /// Whether a request keeps its worker while it waits for others (a thread a request) or
        /// gives it back (asynchronous).
        hold_worker: bool = true;
        /// What it calls: one after the other (in-turn), or all at once. Then it waits for every
        /// answer (all-at-once), for the first good one (first-answer), or for so many (enough).
        calls: Calls = Calls::InTurn;
        /// With enough: good answers it waits for. Those that come later are left alone.
        enough: u32 = 1, in 1..=64, "answers";
        /// Whether a request whose deadline has passed is dropped when its turn comes.
        drop_expired: bool = false;
        /// What a write does with a cache beside the store, once the store has it: the cache drops the
        /// key (forget: cache-aside), or gets the new value (put: dual write). Nobody waits for that,
        /// so it can get lost, or overtake another.
        on_write: OnWrite = OnWrite::Forget;
    }
}

/// The kind.
#[derive(Debug)]
pub struct Service;

impl Kind for Service {
    const ID: &'static str = "service";
    const NAME: &'static str = "Service";
    const SUMMARY: &'static str = "Your code: does work, and calls what it needs.";
    const GROUP: Option<Group> = Some(Group::Compute);
    const ROLE: Role = Role::Server;
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Workers, and a line with an end before them: first come first served, last come first \
             served, by priority (nobody is interrupted) or by CoDel (RFC 8289).",
            "Processor time from a distribution, or as measured; faster and slower processors.",
            "Load shedding by line or utilisation, the least important first.",
            "Cache-aside: read the cache, on a miss the store, then fill the cache; a write \
             changes the store, then drops the key from the cache, or puts the new value there.",
            "Calls in turn, or at once with a wait for all, the first or so many good answers. A \
             branch for other request classes counts as a good answer.",
            "A cache that reads or writes through to a store of its own is used in place of that \
             store, and a wire past it carries nothing.",
            "Standby instances run and wait: a caller asks them only while its health checks tell it of no \
             other that is up, and goes back as soon as one is.",
            "Work for a caller who has left still takes its time, and is counted as wasted.",
        ],
        left_out: &[
            "Memory, garbage collection, warm-up after a start.",
            "A dual write is as large as the answer to the write.",
        ],
        defaults: "8 workers and 5 ms of work: a small web service on two cores.",
    };
    type Params = ServiceParams;
    type State = ();
    type Message = Never;
    type Timer = Never;

    fn members(params: &ServiceParams) -> u32 {
        params.instances
    }

    fn member_name(params: &ServiceParams, ordinal: u16) -> String {
        let spare = ordinal >= (params.instances as u16).saturating_sub(Self::reserve(params));
        format!("{} {}", if spare { "standby" } else { "instance" }, ordinal + 1)
    }

    fn reserve(params: &ServiceParams) -> u16 {
        params.standby.min(params.instances.saturating_sub(1)) as u16
    }

    fn station(params: &ServiceParams) -> Station {
        Station {
            workers: params.workers,
            queue_max: params.queue,
            hold: params.hold_worker,
            drop_expired: params.drop_expired,
            line: Line {
                discipline: params.discipline,
                target: params.target,
                interval: params.interval,
                shed: params.shed,
                shed_from: params.shed_from.0,
            },
        }
    }

    fn plan(params: &ServiceParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let mut steps = vec![params.one_work()];
        let (data, others): (Vec<_>, Vec<_>) = wires
            .iter()
            .cloned()
            .partition(|it| matches!(it.role, Role::Cache | Role::Store));
        // Stores without a cache can be called like anybody else.
        let cached = data.iter().any(|it| it.role == Role::Cache);
        let (aside, others) = if cached || params.calls == Calls::InTurn {
            (cache_aside(&data, params.on_write), others)
        } else {
            (None, data.iter().cloned().chain(others).collect())
        };
        // Cache and store are one step: that of the first of them.
        let first = data.iter().map(|it| it.step).min().unwrap_or(0);
        let ways = aside.map(|it| (first, it)).into_iter();
        let each = |it: &OutWire| (it.step, for_classes(it.classes, call(it, None)));
        let mut ways: Vec<_> = ways.chain(others.iter().map(each)).collect();
        sort_few(&mut ways, |one, other| one.0 < other.0);
        for group in ways.chunk_by(|one, other| one.0 == other.0) {
            let branches: Vec<_> = group.iter().map(|it| it.1.clone()).collect();
            let all = branches.len() as u16;
            let need = match params.calls {
                Calls::InTurn => None,
                Calls::AllAtOnce => Some(all),
                Calls::FirstAnswer => Some(1),
                Calls::Enough => Some((params.enough as u16).min(all)),
            };
            match need.filter(|_| all > 1) {
                None => steps.extend(branches),
                Some(need) => steps.push(Plan::Parallel { need, branches }),
            }
        }
        Plan::Sequence(steps)
    }

    fn start(_: &ServiceParams, _: &mut Context<Self>) {}

    fn retune((): &mut (), _: &ServiceParams, _: &ServiceParams, _: &mut Context<Self>) -> bool {
        true
    }
}

/// Calls over a wire, and over others in its place if that fails.
pub(super) fn call(wire: &OutWire, verb: Option<Verb>) -> Plan<Arc<str>> {
    let last = wire.default_answer.then(Plan::nothing);
    let ways = wire.spares.iter().rev().chain([&wire.id]);
    let plan = ways.fold(last, |otherwise, id| {
        let wire = id.clone();
        Some(match otherwise.map(Box::new) {
            None => Plan::Call { wire, verb },
            Some(otherwise) => Plan::OrElse { wire, verb, otherwise },
        })
    });
    let plan = plan.unwrap_or_else(Plan::nothing);
    if wire.wait { plan } else { Plan::Detach(Box::new(plan)) }
}

/// Passes a request on over the first wire that carries its class; what no wire carries is told
/// so.
pub(super) fn route(wires: &[OutWire]) -> Plan<Arc<str>> {
    forward(wires, Plan::Refuse(Outcome::NoRoute))
}

/// Passes a request on over the first wire that carries its class.
pub(super) fn forward(wires: &[OutWire], otherwise: Plan<Arc<str>>) -> Plan<Arc<str>> {
    let mut plan = otherwise;
    for wire in wires.iter().rev() {
        plan = if wire.classes == u64::MAX {
            call(wire, None)
        } else {
            Plan::If {
                condition: Condition::Classes(wire.classes),
                then: Box::new(call(wire, None)),
                otherwise: Box::new(plan),
            }
        };
    }
    plan
}

/// Reads go to the caches in turn, then to the stores; writes to the stores, and then the caches
/// forget the key, or get the new value.
fn cache_aside(wires: &[OutWire], on_write: OnWrite) -> Option<Plan<Arc<str>>> {
    let of = |role| wires.iter().filter(move |it| it.role == role);
    if wires.is_empty() {
        return None;
    }
    let stores = |verb| -> Vec<_> {
        of(Role::Store).map(|it| for_classes(it.classes, call(it, verb))).collect()
    };
    // What a miss leads to is there once, whoever asks: with a copy for the classes that do not ask a
    // cache, each cache would double the plan.
    let mut read = Plan::Sequence(stores(None));
    for cache in of(Role::Cache).collect::<Vec<_>>().into_iter().rev() {
        let fill = Plan::Detach(Box::new(call(cache, Some(Verb::Put))));
        let miss = Plan::Sequence(vec![read, for_classes(cache.classes, fill)]);
        let (id, classes) = (cache.id.clone(), cache.classes);
        read = Plan::OnMiss { cache: id, classes, otherwise: Box::new(miss) };
    }
    let mut write = stores(None);
    for cache in of(Role::Cache) {
        let verb = match on_write {
            OnWrite::Forget => Verb::Delete,
            OnWrite::Put => Verb::Put,
        };
        let tell = Plan::Detach(Box::new(call(cache, Some(verb))));
        write.push(for_classes(cache.classes, tell));
    }
    Some(Plan::If {
        condition: Condition::Verb(Verb::Write),
        then: Box::new(Plan::Sequence(write)),
        otherwise: Box::new(read),
    })
}
