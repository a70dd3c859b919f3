//! A load balancer: passes each request on to one of several servers.

use std::sync::Arc;

use crate::algorithm::balancing::Rule;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
use crate::engine::HealthCheck;
use crate::engine::plan::Plan;

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

crate::params! {
    /// Parameters of a load balancer.
    pub struct LoadBalancerParams {
        /// How it chooses among the members of what it passes requests to.
        rule: Rule = Rule::RoundRobin;
        /// Time it spends on each request.
        work: Nanos = Nanos::micros(50), in Nanos::ZERO..=Nanos::seconds(1);
        /// Requests it can work on at once.
        workers: u32 = 64, in 1..=10_000, "workers";
        /// Time from one health check of a member to the next; 0s for none.
        check_interval: Nanos = Nanos::seconds(2), in Nanos::ZERO..=Nanos::seconds(3600);
        /// How long a health check may take before it has failed.
        check_timeout: Nanos = Nanos::seconds(1), in Nanos::millis(1)..=Nanos::seconds(3600);
        /// Failed checks in a row after which a member counts as down and is passed over.
        unhealthy_after: u32 = 3, in 1..=100, "checks";
        /// Good checks in a row after which it counts as up again.
        healthy_after: u32 = 2, in 1..=100, "checks";
    }
}

/// The kind.
#[derive(Debug)]
pub struct LoadBalancer;

impl Kind for LoadBalancer {
    const ID: &'static str = "load-balancer";
    const NAME: &'static str = "Load balancer";
    const SUMMARY: &'static str = "Passes each request on to one of several servers.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Balancer;
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "The rule, by what the balancer itself knows: what it sent and what came back.",
            "Time spent on each request; wires carry the classes they name. What none carries is \
             answered \"no route\".",
            "Health checks: each member is asked over the network, and one that does not answer \
             is passed over until it does. When all count as down, all are asked all the same.",
            "A check is answered beside the waiting line, as a connection or a health port of its \
             own is: it finds the dead and the unreachable, not the slow and the overloaded.",
        ],
        left_out: &[
            "Checks that look into the answer; a call that failed does not count as a check.",
            "Checks are not counted as traffic.",
        ],
        defaults: "50 µs a request: the order of what HAProxy and nginx add on one core. Checks \
                   every 2 s, down after 3, up after 2: HAProxy's.",
    };
    type Params = LoadBalancerParams;
    type State = ();
    type Message = Never;
    type Timer = Never;

    fn station(params: &LoadBalancerParams) -> Station {
        Station { workers: params.workers, ..Station::UNLIMITED }
    }

    fn plan(params: &LoadBalancerParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let work = Plan::Work(Spread::constant(params.work));
        Plan::Sequence(vec![work, super::service::route(wires)])
    }

    fn rule(params: &LoadBalancerParams) -> Option<Rule> {
        Some(params.rule)
    }

    fn health(params: &LoadBalancerParams) -> Option<HealthCheck> {
        (params.check_interval > Nanos::ZERO).then_some(HealthCheck {
            interval: params.check_interval,
            timeout: params.check_timeout,
            fall: params.unhealthy_after,
            rise: params.healthy_after,
        })
    }

    fn start(_: &LoadBalancerParams, _: &mut Context<Self>) {}

    fn retune(
        (): &mut (),
        _: &LoadBalancerParams,
        _: &LoadBalancerParams,
        _: &mut Context<Self>,
    ) -> bool {
        true
    }
}
