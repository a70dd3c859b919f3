//! An API gateway: lets through what its allowance permits, checks who asks, and routes by class.

use std::sync::Arc;

use crate::algorithm::limiting::token_bucket::{Allowance, TokenBucket};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::engine::blueprint::Station;
use crate::engine::plan::Plan;
use crate::engine::{Outcome, Request, Served};

use super::{Context, Fidelity, Gauge, Group, Kind, Never, OutWire, Ratio, Role};

crate::params! {
    /// Parameters of a gateway.
    pub struct ApiGatewayParams {
        /// Instances running side by side.
        instances: u32 = 2, in 1..=1_000, "instances";
        /// Requests one instance can work on at once.
        workers: u32 = 16, in 1..=10_000, "workers";
        /// Requests that may wait at one instance; more are turned away.
        queue: u32 = 1_000, in 0..=1_000_000, "requests";
        /// Mean time to check who asks and to find the route.
        authentication: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(10);
        /// Tokens that drip into the bucket of each instance; a request takes one.
        rate: Rate = Rate(5_000.0), in 0.0..=1_000_000.0;
        /// Tokens the bucket of each instance holds: so many requests may come at once.
        burst: u32 = 2_500, in 1..=1_000_000, "tokens";
    }
}

/// What an instance remembers: nothing that survives a crash.
#[derive(Clone, Debug)]
pub struct ApiGatewayState {
    /// Its tokens.
    pub bucket: TokenBucket,
}

impl StableHash for ApiGatewayState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { bucket } = self;
        bucket.fold(&mut |word| h.word(word));
    }
}

/// There was no token.
pub const LIMITED: u8 = 0;
/// There was one.
pub const PASSED: u8 = 1;

/// The kind.
#[derive(Debug)]
pub struct ApiGateway;

impl Kind for ApiGateway {
    const ID: &'static str = "api-gateway";
    const NAME: &'static str = "API gateway";
    const SUMMARY: &'static str = "Limits the rate, checks who asks, and routes each request.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Balancer;
    const COUNTERS: &'static [&'static str] = &["limited", "passed"];
    const RATIOS: &'static [Ratio] = &[Ratio {
        name: "limited",
        part: LIMITED,
        whole: &[LIMITED, PASSED],
        help: "Share of the requests that found no token and were answered \"limited\" (HTTP 429).",
    }];
    const GAUGES: &'static [Gauge] =
        &[Gauge { name: "tokens", help: "Tokens in the buckets of all instances, now." }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "A token bucket in each instance: a request takes a token, or is answered \"limited\" \
             (HTTP 429) at once, before anything else is done for it.",
            "Time and places for checking who asks.",
            "Routes by class of request: the wires name the classes they carry. What none carries \
             is answered \"no route\" (HTTP 404).",
        ],
        left_out: &[
            "An allowance for each caller: all share the bucket of the instance they reach, and \
             instances do not add their tokens up.",
            "Requests refused because nobody knows who asks.",
        ],
        defaults: "Two instances of 5,000/s and 2,500 tokens: together the 10,000/s and 5,000 that \
                   Amazon API Gateway grants an account. 1 ms: a signed token checked on the spot.",
    };
    type Params = ApiGatewayParams;
    type State = ApiGatewayState;
    type Message = Never;
    type Timer = Never;

    fn members(params: &ApiGatewayParams) -> u32 {
        params.instances
    }

    fn member_name(_: &ApiGatewayParams, ordinal: u16) -> String {
        format!("instance {}", ordinal + 1)
    }

    fn station(params: &ApiGatewayParams) -> Station {
        let ApiGatewayParams { workers, queue, .. } = *params;
        Station { workers, queue_max: queue, hold: false, ..Station::UNLIMITED }
    }

    fn plan(params: &ApiGatewayParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.authentication);
        Plan::Sequence(vec![Plan::Local, Plan::Work(work), super::service::route(wires)])
    }

    fn start(params: &ApiGatewayParams, ctx: &mut Context<Self>) -> ApiGatewayState {
        ApiGatewayState { bucket: TokenBucket::new(allowance(params), ctx.now().0) }
    }

    fn retune(
        state: &mut ApiGatewayState,
        _: &ApiGatewayParams,
        params: &ApiGatewayParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        state.bucket.retune(allowance(params), ctx.now().0);
        true
    }

    fn serve(
        state: &mut ApiGatewayState,
        _: &ApiGatewayParams,
        request: &Request,
        _: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        if state.bucket.admit(ctx.now().0, 1) {
            ctx.count(PASSED, request.key);
            return Served::ok(0);
        }
        ctx.count(LIMITED, request.key);
        Served::ended(Outcome::Limited)
    }

    fn gauges(members: &[Option<&ApiGatewayState>], now: Nanos) -> Vec<f64> {
        vec![members.iter().flatten().map(|it| it.tokens(now)).sum()]
    }
}

impl ApiGatewayState {
    /// Tokens in the bucket.
    pub fn tokens(&self, now: Nanos) -> f64 {
        self.bucket.level_micro(now.0) as f64 / 1e6
    }
}

fn allowance(params: &ApiGatewayParams) -> Allowance {
    let rate_micro_per_s = (params.rate.0 * 1e6 + 0.5) as u64;
    Allowance { rate_micro_per_s, burst: u64::from(params.burst) }
}
