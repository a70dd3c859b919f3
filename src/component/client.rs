//! A population of users: requests arrive at a rate, whatever becomes of the earlier ones (an open
//! loop).

use std::sync::Arc;

use crate::algorithm::zipf::Zipf;
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::engine::blueprint::Patience;
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};
use crate::engine::{Happening, Request};

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

crate::choices! {
    /// When requests come.
    pub enum Arrivals {
        /// Independently of each other: gaps are exponential.
        Poisson = "poisson",
        /// In equal gaps.
        Constant = "constant",
    }
}

crate::choices! {
    /// What a class of requests does.
    pub enum Does {
        /// It reads its key.
        Read = "read",
        /// It changes its key.
        Write = "write",
    }
}

crate::params! {
    /// One class of requests.
    pub struct Class {
        /// Name; wires choose the classes they carry by it.
        name: String = String::from("browse");
        /// How often it comes, relative to the others.
        weight: u32 = 1, in 0..=1_000_000;
        /// Whether it reads or changes its key.
        does: Does = Does::Read;
    }
}

crate::params! {
    /// Parameters of a client.
    pub struct ClientParams {
        /// Requests begun per second, all classes together.
        rate: Rate = Rate(100.0), in 0.0..=1_000_000.0;
        /// Whether requests come independently of each other (as from many people) or in equal
        /// gaps.
        arrivals: Arrivals = Arrivals::Poisson;
        /// Kinds of request and how often each comes.
        classes: Vec<Class> = vec![Class::default()];
        /// Number of different keys asked for, such as books in the shop.
        keys: u32 = 10_000, in 1..=1_000_000, "keys";
        /// What one of these is called: `book` makes keys read `book:77`.
        key_name: String = String::from("key");
        /// How much more often popular keys are asked for: key k comes with weight 1/k^s. 0 makes
        /// all keys alike, 1 is typical of shops and news.
        zipf: f64 = 1.0, in 0.0..=3.0, "exponent";
        /// How long a user waits for one attempt before giving up on it.
        timeout: Nanos = Nanos::seconds(2), in Nanos::millis(1)..=Nanos::seconds(3600);
        /// How often a user tries again after a failure.
        retries: u32 = 0, in 0..=10, "tries";
        /// Pause before trying again.
        backoff: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
    }
}

/// What a client remembers: how many requests it has begun.
#[derive(Clone, Debug)]
pub struct ClientState {
    begun: u64,
    /// The alarm of the next arrival, and when it rings.
    next: Option<(Handle, Nanos)>,
    keys: Arc<Zipf>,
    /// What `keys` was made from.
    keys_of: (u32, f64),
}

impl crate::base::stable::StableHash for ClientState {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        // The table of keys follows from the parameters.
        let Self { begun, next, keys: _, keys_of } = self;
        (*begun, *next).stable_hash(h);
        keys_of.stable_hash(h);
    }
}

/// Why a client wakes.
#[derive(Clone, Debug)]
pub struct Arrival;

crate::stable! { Arrival {} }

/// The kind.
#[derive(Debug)]
pub struct Client;

/// Purposes of a client's draws.
const GAP: u8 = 0;
const CLASS: u8 = 1;
const KEY: u8 = 2;

impl Kind for Client {
    const ID: &'static str = "client";
    const NAME: &'static str = "Client";
    const SUMMARY: &'static str = "People or programs whose requests come in at a rate.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Source;
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Requests arrive at the rate whatever becomes of the earlier ones (an open loop).",
            "Each has a class and a real key; popular keys come more often (Zipf).",
            "Timeouts, and a fixed number of further tries.",
        ],
        left_out: &["Users who think between requests (a closed loop).", "Connection set-up."],
        defaults: "2 s of patience and no retries: a browser without a service worker. Zipf \
                   exponents near 1 were measured at web proxies (Breslau et al., INFOCOM 1999: \
                   0.64 to 0.83).",
    };
    type Params = ClientParams;
    type State = ClientState;
    type Message = Never;
    type Timer = Arrival;

    fn plan(params: &ClientParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let _ = params;
        super::service::forward(wires, Plan::nothing())
    }

    fn patience(params: &ClientParams) -> Option<Patience> {
        let ClientParams { timeout, retries, backoff, .. } = *params;
        Some(Patience { timeout, retries, backoff })
    }

    fn classes(params: &ClientParams) -> Vec<String> {
        params.classes.iter().map(|it| it.name.clone()).collect()
    }

    fn start(params: &ClientParams, ctx: &mut Context<Self>) -> ClientState {
        let keys_of = (params.keys, params.zipf);
        let keys = Arc::new(Zipf::new(params.keys, params.zipf));
        let mut state = ClientState { begun: 0, next: None, keys, keys_of };
        schedule(&mut state, params, ctx);
        state
    }

    fn restart(old: &ClientState, params: &ClientParams, ctx: &mut Context<Self>) -> ClientState {
        // Requests are never numbered twice.
        let mut state = ClientState { next: None, ..old.clone() };
        schedule(&mut state, params, ctx);
        state
    }

    fn retune(
        state: &mut ClientState,
        before: &ClientParams,
        params: &ClientParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        if state.keys_of != (params.keys, params.zipf) {
            state.keys_of = (params.keys, params.zipf);
            state.keys = Arc::new(Zipf::new(params.keys, params.zipf));
        }
        if (before.rate, before.arrivals) != (params.rate, params.arrivals) {
            // What is left of the gap is stretched to the new rate: right for Poisson arrivals,
            // and a rate that is dragged about does not push the next arrival ahead of itself.
            match state.next.take() {
                Some((alarm, at)) if params.rate.0 > 0.0 => {
                    ctx.cancel(alarm);
                    let left = at.saturating_sub(ctx.now()).as_seconds();
                    let left = left * before.rate.0 / params.rate.0;
                    arrive_after(state, Nanos::from_seconds(left), ctx);
                }
                Some((alarm, _)) => ctx.cancel(alarm),
                None => schedule(state, params, ctx),
            }
        }
        true
    }

    fn handle(
        state: &mut ClientState,
        params: &ClientParams,
        what: Happening<Never, Arrival>,
        ctx: &mut Context<Self>,
    ) {
        let Happening::Timer(Arrival) = what else { return };
        state.next = None;
        if let Some((class, verb)) = class(state.begun, params, ctx) {
            let tries = params.timeout.0.saturating_mul(u64::from(params.retries) + 1);
            let pauses = params.backoff.0.saturating_mul(u64::from(params.retries));
            let patience = tries.saturating_add(pauses);
            let request = Request {
                id: ctx.request_id(state.begun),
                deadline: ctx.now().saturating_add(Nanos(patience)),
                key: state.keys.rank(ctx.draw(state.begun, KEY)),
                class,
                verb,
                ..Request::default()
            };
            ctx.begin(request);
        }
        state.begun += 1;
        schedule(state, params, ctx);
    }
}

/// Draws the class by weight; the number of the class is its position among all the run's classes.
fn class(begun: u64, params: &ClientParams, ctx: &Context<Client>) -> Option<(u8, Verb)> {
    let total: u64 = params.classes.iter().map(|it| u64::from(it.weight)).sum();
    let draw = (u128::from(ctx.draw(begun, CLASS)) * u128::from(total)) >> 64;
    let mut left = draw as u64;
    for class in &params.classes {
        let weight = u64::from(class.weight);
        if left < weight {
            let verb = if class.does == Does::Write { Verb::Write } else { Verb::Read };
            return Some((ctx.class(&class.name)?, verb));
        }
        left -= weight;
    }
    None
}

fn schedule(state: &mut ClientState, params: &ClientParams, ctx: &mut Context<Client>) {
    if params.rate.0 <= 0.0 {
        return;
    }
    let mean = Nanos::from_seconds(1.0 / params.rate.0);
    let shape = match params.arrivals {
        Arrivals::Poisson => Shape::Exponential,
        Arrivals::Constant => Shape::Constant,
    };
    let gap = Spread { shape, mean }.sample(ctx.draw(state.begun, GAP));
    arrive_after(state, gap, ctx);
}

fn arrive_after(state: &mut ClientState, gap: Nanos, ctx: &mut Context<Client>) {
    let at = ctx.now().saturating_add(gap);
    state.next = Some((ctx.timer(gap, Arrival), at));
}

/// Only requests of these classes do this.
pub(super) fn for_classes(classes: u64, then: Plan<Arc<str>>) -> Plan<Arc<str>> {
    if classes == u64::MAX {
        return then;
    }
    let condition = Condition::Classes(classes);
    Plan::If { condition, then: Box::new(then), otherwise: Box::new(Plan::nothing()) }
}
