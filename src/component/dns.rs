//! A domain name's servers: they say which of several addresses to ask, by where who asks is, and by who
//! of them is there; whoever has asked keeps the answer for a while.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::event::Outcome;
use crate::engine::plan::Plan;
use crate::engine::{HealthCheck, Request, Served};

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

crate::choices! {
    /// Which address a name server answers with.
    pub enum Answer {
        /// The one nearest to who asks.
        Nearest = "nearest",
        /// The next one, in turn.
        InTurn = "in-turn",
        /// The first one.
        First = "first",
    }
}

crate::params! {
    /// Parameters of a domain name's servers.
    pub struct DnsParams {
        /// Which address it answers with, of those that are there: the one nearest to who asks (GeoDNS),
        /// one after the other (round robin), or the first in the order of its wires (primary and
        /// stand-by).
        answer: Answer = Answer::Nearest;
        /// For how long who has asked keeps the answer (time to live), in whole seconds.
        ttl: Nanos = Nanos::seconds(60), in Nanos::ZERO..=Nanos::seconds(65_535);
        /// Mean time of a lookup that no cache answers: a resolver asks the servers of the root, of the
        /// top-level domain and of the domain itself, one after the other.
        lookup: Nanos = Nanos::millis(40), in Nanos::ZERO..=Nanos::seconds(60);
        /// Time from one health check of an address to the next; 0s for none.
        check_interval: Nanos = Nanos::seconds(10), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// How long a health check may take before it has failed.
        check_timeout: Nanos = Nanos::seconds(4), in Nanos::millis(1)..=Nanos::seconds(3_600);
        /// Failed checks in a row after which an address is left out of the answers.
        unhealthy_after: u32 = 3, in 1..=100, "checks";
        /// Good checks in a row after which it is back.
        healthy_after: u32 = 3, in 1..=100, "checks";
    }
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct DnsState {
    /// Answers given.
    turn: u32,
}

crate::stable! { DnsState { turn } }

/// The kind.
#[derive(Debug)]
pub struct Dns;

impl Kind for Dns {
    const ID: &'static str = "dns";
    const NAME: &'static str = "DNS";
    const SUMMARY: &'static str = "Tells clients whom to ask: the nearest that is there.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Resolver;
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "An answer is one address: the nearest to who asks by the distance of their zones \
             (GeoDNS), the next in turn, or the first. Nobody is passed over when all are down.",
            "Health checks cross the network to each address; one that does not answer is left out.",
            "Clients keep the answer for its time to live, in whole seconds as in RFC 1035: until then \
             they ask the address they have, dead or not.",
        ],
        left_out: &[
            "Referrals one by one: a lookup is one time. Resolvers that serve stale answers, and \
             lookups of many users at once that share one question.",
            "Requests do not pass through it: they go over the client's own wire to the address.",
            "Several addresses in one answer, record types, anycast.",
        ],
        defaults: "Checks every 10 s, three in a row, 4 s to connect: Route 53's fast ones; it advises 60 s \
                   or less to live where records fail over.",
    };
    type Params = DnsParams;
    type State = DnsState;
    type Message = Never;
    type Timer = Never;

    fn member_name(_: &DnsParams, _: u16) -> String {
        "name servers".into()
    }

    fn plan(params: &DnsParams, _: &[OutWire]) -> Plan<Arc<str>> {
        Plan::Sequence(vec![Plan::Work(Spread::new(Shape::LogNormal, params.lookup)), Plan::Local])
    }

    fn health(params: &DnsParams) -> Option<HealthCheck> {
        let DnsParams { check_interval, check_timeout, unhealthy_after, healthy_after, .. } = *params;
        (check_interval > Nanos::ZERO).then_some(HealthCheck {
            interval: check_interval,
            timeout: check_timeout,
            fall: unhealthy_after,
            rise: healthy_after,
        })
    }

    fn start(_: &DnsParams, _: &mut Context<Self>) -> DnsState {
        DnsState::default()
    }

    fn retune(_: &mut DnsState, _: &DnsParams, _: &DnsParams, _: &mut Context<Self>) -> bool {
        true
    }

    fn serve(
        state: &mut DnsState,
        params: &DnsParams,
        _: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let all = ctx.addresses(ticket);
        let there: Vec<_> = all.iter().filter(|it| it.1).collect();
        // When all are down, the check is.
        let offered = if there.is_empty() { all.iter().collect() } else { there };
        let answer = match params.answer {
            Answer::Nearest => offered.iter().min_by_key(|it| it.2),
            Answer::First => offered.first(),
            Answer::InTurn => {
                state.turn = state.turn.wrapping_add(1);
                offered.get((state.turn as usize - 1) % offered.len().max(1))
            }
        };
        let Some(answer) = answer else { return Served::ended(Outcome::NoRoute) };
        ctx.placed(ticket, pack(answer.0 + 1, params.ttl).into());
        Served::ok(0)
    }
}

/// An address and its seconds to live as one number.
fn pack(address: u32, ttl: Nanos) -> u32 {
    let seconds = (ttl.0 / Nanos::SECOND.0).min(0xffff) as u32;
    seconds << 16 | address.min(0xffff)
}

/// Both again.
pub(super) fn unpack(answer: u32) -> (u32, Nanos) {
    (answer & 0xffff, Nanos::seconds((answer >> 16).into()))
}
