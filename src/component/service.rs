//! A service: workers, a bounded waiting line, and a plan that its wires imply.

use std::sync::Arc;

use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
use crate::engine::event::{Outcome, Verb};
use crate::engine::plan::{Condition, Plan};

use super::client::for_classes;
use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

crate::params! {
    /// Parameters of a service.
    pub struct ServiceParams {
        /// Instances running side by side.
        instances: u32 = 2, in 1..=1_000, "instances";
        /// Requests one instance can serve at once.
        workers: u32 = 8, in 1..=100_000, "workers";
        /// Requests that may wait at one instance; more are turned away.
        queue: u32 = 128, in 0..=1_000_000, "requests";
        /// Mean processor time of one request, calls to others not included.
        work: Nanos = Nanos::millis(5), in Nanos::ZERO..=Nanos::seconds(600);
        /// How that time is distributed.
        work_shape: Shape = Shape::LogNormal;
        /// Whether a request keeps its worker while it waits for others (a thread a request) or
        /// gives it back (asynchronous).
        hold_worker: bool = true;
        /// Whether a request whose deadline has passed is dropped when its turn comes.
        drop_expired: bool = false;
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
            "Workers, a first-come-first-served line with an end, and processor time.",
            "Cache-aside: read the cache, on a miss the store, then fill the cache; a write \
             changes the store, then drops the key from the cache.",
            "A cache that reads or writes through to a store of its own is used in place of that \
             store, and a wire past it carries nothing.",
            "Work for a caller who has left still takes its time.",
        ],
        left_out: &["Memory, garbage collection, warm-up after a start."],
        defaults: "8 workers and 5 ms of work: a small web service on two cores.",
    };
    type Params = ServiceParams;
    type State = ();
    type Message = Never;
    type Timer = Never;

    fn members(params: &ServiceParams) -> u32 {
        params.instances
    }

    fn member_name(_: &ServiceParams, ordinal: u16) -> String {
        format!("instance {}", ordinal + 1)
    }

    fn station(params: &ServiceParams) -> Station {
        Station {
            workers: params.workers,
            queue_max: params.queue,
            hold: params.hold_worker,
            drop_expired: params.drop_expired,
        }
    }

    fn plan(params: &ServiceParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let work = Plan::Work(Spread::new(params.work_shape, params.work));
        let mut steps = vec![work];
        let (data, others): (Vec<_>, Vec<_>) = wires
            .iter()
            .cloned()
            .partition(|it| matches!(it.role, Role::Cache | Role::Store));
        steps.extend(cache_aside(&data));
        steps.extend(others.iter().map(|it| for_classes(it.classes, call(it, None))));
        Plan::Sequence(steps)
    }

    fn start(_: &ServiceParams, _: &mut Context<Self>) {}

    fn retune((): &mut (), _: &ServiceParams, _: &ServiceParams, _: &mut Context<Self>) -> bool {
        true
    }
}

pub(super) fn call(wire: &OutWire, verb: Option<Verb>) -> Plan<Arc<str>> {
    Plan::Call { wire: wire.id.clone(), verb }
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
/// forget the key.
fn cache_aside(wires: &[OutWire]) -> Option<Plan<Arc<str>>> {
    let of = |role| wires.iter().filter(move |it| it.role == role);
    if wires.is_empty() {
        return None;
    }
    let stores = |verb| -> Vec<_> {
        of(Role::Store).map(|it| for_classes(it.classes, call(it, verb))).collect()
    };
    let mut read = Plan::Sequence(stores(None));
    for cache in of(Role::Cache).collect::<Vec<_>>().into_iter().rev() {
        let fill = Plan::Detach(Box::new(call(cache, Some(Verb::Put))));
        let miss = Plan::Sequence(vec![read.clone(), fill]);
        let aside = Plan::OnMiss { cache: cache.id.clone(), otherwise: Box::new(miss) };
        read = if cache.classes == u64::MAX {
            aside
        } else {
            let condition = Condition::Classes(cache.classes);
            Plan::If { condition, then: Box::new(aside), otherwise: Box::new(read) }
        };
    }
    let mut write = stores(None);
    for cache in of(Role::Cache) {
        let forget = Plan::Detach(Box::new(call(cache, Some(Verb::Delete))));
        write.push(for_classes(cache.classes, forget));
    }
    Some(Plan::If {
        condition: Condition::Verb(Verb::Write),
        then: Box::new(Plan::Sequence(write)),
        otherwise: Box::new(read),
    })
}
