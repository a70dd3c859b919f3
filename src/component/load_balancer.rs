//! A load balancer: passes each request on to one of several servers.

use std::sync::Arc;

use crate::algorithm::balancing::Rule;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::engine::blueprint::Station;
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
            "Time spent on each request; wires carry the classes they name.",
        ],
        left_out: &["Health checks: a dead server is found out by failing calls."],
        defaults: "50 µs a request: the order of what HAProxy and nginx add on one core.",
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
        Plan::Sequence(vec![work, super::service::forward(wires)])
    }

    fn rule(params: &LoadBalancerParams) -> Option<Rule> {
        Some(params.rule)
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
