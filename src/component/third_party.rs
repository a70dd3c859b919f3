//! A third party: a service of somebody else's, known by how long it takes, how often it fails and
//! how much of it has been bought.

use std::sync::Arc;

use crate::base::draw::open_unit;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Outcome, Request, Served};

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Ratio, Role};

crate::params! {
    /// Parameters of a third party.
    pub struct ThirdPartyParams {
        /// Mean time it takes to answer.
        latency: Nanos = Nanos::millis(150), in Nanos::ZERO..=Nanos::seconds(600);
        /// How that time is distributed.
        latency_shape: Shape = Shape::LogNormal;
        /// Share of the calls it answers with an error of its own.
        errors: Share = Share(0.001);
        /// Calls it takes in each window; more are refused.
        quota: u32 = 100, in 0..=100_000_000, "calls";
        /// Length of a window; the next begins with a full quota.
        window: Nanos = Nanos::SECOND, in Nanos::millis(1)..=Nanos::seconds(86_400);
    }
}

/// What it remembers of its caller: how much of the quota is gone.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartyState {
    /// Windows that have passed since the start of the run.
    pub window: u64,
    /// Calls taken in this one.
    pub used: u32,
}

/// An answer is due.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    ticket: Handle,
    key: u32,
    fails: bool,
}

crate::stable! {
    ThirdPartyState { window, used }
    Answer { ticket, key, fails }
}

/// It answered.
pub const ANSWERED: u8 = 0;
/// It answered with an error.
pub const FAILED: u8 = 1;
/// The quota was used up.
pub const REFUSED: u8 = 2;

/// Purposes of its draws; an attempt has a draw of its own.
const LATENCY: u8 = 0;
const ERROR: u8 = 0x80;

/// The kind.
#[derive(Debug)]
pub struct ThirdParty;

impl Kind for ThirdParty {
    const ID: &'static str = "third-party";
    const NAME: &'static str = "Third party";
    const SUMMARY: &'static str = "Somebody else's service: slow, faulty and rationed at times.";
    const GROUP: Option<Group> = Some(Group::Outside);
    const ROLE: Role = Role::External;
    const COUNTERS: &'static [&'static str] = &["answered", "failed", "refused"];
    const RATIOS: &'static [Ratio] = &[
        Ratio {
            name: "errors",
            part: FAILED,
            whole: &[ANSWERED, FAILED],
            help: "Share of the calls it took that it answered with an error (HTTP 500).",
        },
        Ratio {
            name: "refusals",
            part: REFUSED,
            whole: &[ANSWERED, FAILED, REFUSED],
            help: "Share of the calls it refused because the quota was used up (HTTP 429).",
        },
    ];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "A time to answer from a distribution, whatever the load: how it is built inside is \
             not known, and it has room for all.",
            "Errors of its own for a share of the calls, drawn for each try anew; an error takes \
             as long as an answer.",
            "A quota of calls in each fixed window; what comes after is refused at once (HTTP \
             429).",
        ],
        left_out: &[
            "What it does: a payment is not made twice, nor undone.",
            "Load that slows it down; outages but for the faults put in by hand.",
        ],
        defaults: "150 ms and 100 calls a second: the order of card payment services (Stripe \
                   allows 100 operations a second). One error in a thousand: an example.",
    };
    type Params = ThirdPartyParams;
    type State = ThirdPartyState;
    type Message = Never;
    type Timer = Answer;

    fn plan(_: &ThirdPartyParams, _: &[OutWire]) -> Plan<Arc<str>> {
        Plan::Local
    }

    fn start(_: &ThirdPartyParams, _: &mut Context<Self>) -> ThirdPartyState {
        ThirdPartyState::default()
    }

    fn restart(
        old: &ThirdPartyState,
        _: &ThirdPartyParams,
        _: &mut Context<Self>,
    ) -> ThirdPartyState {
        old.clone()
    }

    fn retune(
        state: &mut ThirdPartyState,
        before: &ThirdPartyParams,
        params: &ThirdPartyParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        if before.window != params.window {
            // What is used up stays so until the window of the new length ends.
            state.window = ctx.now().0 / params.window.0;
        }
        true
    }

    fn handle(
        _: &mut ThirdPartyState,
        _: &ThirdPartyParams,
        what: Happening<Never, Answer>,
        ctx: &mut Context<Self>,
    ) {
        let Happening::Timer(Answer { ticket, key, fails }) = what else { return };
        ctx.count(if fails { FAILED } else { ANSWERED }, key);
        let outcome = if fails { Served::ended(Outcome::Faulty) } else { Served::ok(0) };
        ctx.complete(ticket, outcome);
    }

    fn serve(
        state: &mut ThirdPartyState,
        params: &ThirdPartyParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let window = ctx.now().0 / params.window.0;
        if window != state.window {
            *state = ThirdPartyState { window, used: 0 };
        }
        if state.used >= params.quota {
            ctx.count(REFUSED, request.key);
            return Served::ended(Outcome::Limited);
        }
        state.used += 1;
        let draw = |purpose: u8| ctx.draw(request.id, purpose + request.attempt.min(0x7f));
        let fails = open_unit(draw(ERROR)) < params.errors.0;
        let spread = Spread::new(params.latency_shape, params.latency);
        let latency = ctx.stretch(spread.sample(draw(LATENCY)));
        ctx.timer(latency, Answer { ticket, key: request.key, fails });
        Served::Later
    }
}
