//! A web application firewall: looks into each request, and blocks what its rules match.

use std::sync::Arc;

use crate::base::draw::open_unit;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::blueprint::Station;
use crate::engine::plan::Plan;
use crate::engine::{Outcome, Request, Served};

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Ratio, Role};

crate::params! {
    /// One rule.
    pub struct Rule {
        /// Class of requests it looks at; empty for all of them.
        class: String = String::new();
        /// Share of these that it matches and blocks: for a class of attacks what it detects, for
        /// any other its false alarms.
        blocks: Share = Share(0.001);
    }
}

crate::params! {
    /// Parameters of a firewall.
    pub struct WafParams {
        /// Instances running side by side.
        instances: u32 = 2, in 1..=1_000, "instances";
        /// Requests one instance can inspect at once.
        workers: u32 = 4, in 1..=10_000, "workers";
        /// Requests that may wait at one instance; more are turned away.
        queue: u32 = 1_000, in 0..=1_000_000, "requests";
        /// Mean time to inspect one request, blocked or not.
        inspection: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(1);
        /// What is blocked: a request goes through the rules from the first to the last.
        rules: Vec<Rule> = vec![Rule { class: "attack".into(), blocks: Share(0.95) }];
    }
}

/// A rule matched.
pub const BLOCKED: u8 = 0;
/// None did.
pub const PASSED: u8 = 1;

/// The kind.
#[derive(Debug)]
pub struct Waf;

impl Kind for Waf {
    const ID: &'static str = "waf";
    const NAME: &'static str = "Web application firewall";
    const SUMMARY: &'static str = "Looks into each request, and blocks what its rules match.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Balancer;
    const COUNTERS: &'static [&'static str] = &["blocked", "passed"];
    const RATIOS: &'static [Ratio] = &[Ratio {
        name: "blocked",
        part: BLOCKED,
        whole: &[BLOCKED, PASSED],
        help: "Share of the inspected requests that a rule matched; they are answered with \
               \"blocked\" (HTTP 403).",
    }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Inspection takes time and places, for blocked requests too.",
            "A rule matches a share of a class of requests: of attacks what it detects, of others \
             its false alarms. The same request is judged the same at every try.",
            "A blocked request goes no further and is answered \"blocked\" (HTTP 403).",
        ],
        left_out: &[
            "What is in a request, and so what a rule says: attacks are a class that a client \
             sends.",
            "Rules on the rate of an address; attackers who learn.",
        ],
        defaults: "0.5 ms an inspection: the order of ModSecurity with the OWASP rules on small \
                   requests. 95 % of attacks: an example, not a measurement.",
    };
    type Params = WafParams;
    type State = ();
    type Message = Never;
    type Timer = Never;

    fn members(params: &WafParams) -> u32 {
        params.instances
    }

    fn member_name(_: &WafParams, ordinal: u16) -> String {
        format!("instance {}", ordinal + 1)
    }

    fn station(params: &WafParams) -> Station {
        let WafParams { workers, queue, .. } = *params;
        Station { workers, queue_max: queue, hold: false, ..Station::UNLIMITED }
    }

    fn plan(params: &WafParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.inspection);
        Plan::Sequence(vec![Plan::Work(work), Plan::Local, super::service::route(wires)])
    }

    fn start(_: &WafParams, _: &mut Context<Self>) {}

    fn retune((): &mut (), _: &WafParams, _: &WafParams, _: &mut Context<Self>) -> bool {
        true
    }

    fn serve(
        (): &mut (),
        params: &WafParams,
        request: &Request,
        _: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        // Each rule has a draw of its own: adding one changes nothing about what others match.
        let matches = |(index, rule): (usize, &Rule)| {
            let looks = rule.class.is_empty() || ctx.class(&rule.class) == Some(request.class);
            looks && open_unit(ctx.draw(request.id, index as u8)) < rule.blocks.0
        };
        if params.rules.iter().enumerate().any(matches) {
            ctx.count(BLOCKED, request.key);
            return Served::ended(Outcome::Blocked);
        }
        ctx.count(PASSED, request.key);
        Served::ok(0)
    }
}
