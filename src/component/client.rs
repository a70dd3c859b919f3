//! A population of users: requests come at a rate (an open loop), from users who think between them
//! (a closed loop), or as they were recorded.

use std::sync::Arc;

use crate::algorithm::traffic::arrivals::{self, Arrivals as Process, Next, Pattern};
use crate::algorithm::traffic::recording::Rows;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::blueprint::Patience;
use crate::engine::plan::{Condition, Plan};
use crate::engine::event::{Outcome, Request, Verb};
use crate::engine::{Happening, Served};

use super::{Context, Fidelity, Group, Kind, Never, OutWire, Role};

pub use params::{Arrivals, Class, ClientParams, Course, Does, Load, Method, Popularity};

mod ask;
mod params;
mod pattern;
mod users;

/// What a client remembers.
#[derive(Clone, Debug)]
pub struct ClientState {
    /// Requests begun, each way of beginning them.
    begun: u64,
    /// The alarm of the next arrival.
    alarm: Option<Handle>,
    /// In an open loop.
    arrivals: Option<Process>,
    /// In a closed loop: users who are here, and users who ever came.
    users: (u32, u64),
    /// Of a recording: from when on it is played, where it was then, and the next row.
    playing: Option<Playing>,
    /// A traffic spike: this many times the load.
    surge: f64,
    /// The name it has looked up: what it stands for, and until when that is good.
    name: Option<(u32, Nanos)>,
    /// A key that everybody wants, and the part of the requests that goes to it.
    hot_key: Option<(u32, f64)>,
    /// How keys are chosen, and the rows of the recording: they follow from the parameters.
    tables: Tables,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Playing {
    since: Nanos,
    position: Nanos,
    /// Rows played and left out, over all rounds.
    next: u64,
}

#[derive(Clone, Debug)]
struct Tables {
    keys: crate::algorithm::traffic::popularity::Popularity,
    rows: Arc<Rows>,
}

crate::stable! { Playing { since, position, next } }

impl ClientState {
    /// How many times as many requests come as its parameters say: a traffic spike.
    pub fn surge(&self) -> f64 {
        self.surge
    }

    /// What the name it has looked up stands for (a component's slot, and one), and until when that is
    /// good.
    pub fn name(&self) -> Option<(u32, Nanos)> {
        self.name
    }
}

impl StableHash for ClientState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { begun, alarm, arrivals, users, playing, surge, name, hot_key, tables: _ } = self;
        (*begun, *alarm).stable_hash(h);
        arrivals.stable_hash(h);
        users.stable_hash(h);
        playing.stable_hash(h);
        surge.stable_hash(h);
        // What is seldom there is hashed only where it is.
        name.iter().for_each(|it| it.stable_hash(h));
        hot_key.stable_hash(h);
    }
}

/// Why a client wakes.
#[derive(Clone, Copy, Debug)]
pub enum Alarm {
    /// A request arrives, or a burst begins or ends.
    Arrival(bool),
    /// The next row of the recording is due.
    Row,
    /// A user has thought; the number of the next request.
    Thought(u64),
}

impl StableHash for Alarm {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Arrival(arrives) => (0u8, *arrives).stable_hash(h),
            Self::Row => h.word(1),
            Self::Thought(number) => (2u8, *number).stable_hash(h),
        }
    }
}

/// The kind.
#[derive(Debug)]
pub struct Client;

/// Purposes of a client's draws.
const GAP: u8 = 0;
const CLASS: u8 = 1;
const KEY: u8 = 2;
const HOT: u8 = 3;
const SIZE: u8 = 4;
const ANSWER: u8 = 5;
const PHASE: u8 = 6;
const THINK: u8 = 7;

impl Kind for Client {
    const ID: &'static str = "client";
    const NAME: &'static str = "Client";
    const SUMMARY: &'static str = "People or programs whose requests come in at a rate.";
    const GROUP: Option<Group> = Some(Group::Entry);
    const ROLE: Role = Role::Source;
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "An open loop: requests arrive at a rate, whatever becomes of the earlier ones; \
             independently of each other (Poisson), in equal gaps or in bursts; steady, on a ramp, \
             in a step or by day and night.",
            "A closed loop: each user waits for the answer, thinks, and asks again.",
            "A recording, played request by request.",
            "Each request has a class, a size and a real key; popular keys come more often (Zipf, \
             or a hot set, which may move).",
            "Timeouts, and a fixed number of further tries.",
            "With a wire to a DNS: its users share a resolver, which keeps the answer for its time to \
             live; the request goes over the wire to what the answer names.",
        ],
        left_out: &[
            "Connection set-up.",
            "What a user does next does not hang on what came back: there are no sessions.",
        ],
        defaults: "2 s of patience and no retries: a browser without a service worker. Zipf \
                   exponents near 1 were measured at web proxies (Breslau et al., INFOCOM 1999: \
                   0.64 to 0.83). 500 bytes to ask and 4 kB to answer: a call of a web API with \
                   its headers.",
    };
    type Params = ClientParams;
    type State = ClientState;
    type Message = Never;
    type Timer = Alarm;

    fn plan(params: &ClientParams, wires: &[OutWire]) -> Plan<Arc<str>> {
        let _ = params;
        let is_name = |it: &&OutWire| it.role == Role::Resolver;
        let Some(dns) = wires.iter().find(is_name) else {
            return super::service::forward(wires, Plan::nothing());
        };
        let ways = || wires.iter().filter(|it| !is_name(it));
        let ask = Plan::Call { wire: dns.id.clone(), verb: Some(Verb::Read) };
        let answer = Plan::Sequence(vec![ask, Plan::LocalAs(Verb::Put)]);
        let any = ways().filter(|it| it.classes == u64::MAX).map(|it| it.id.clone());
        let call = Plan::Named(any.collect());
        let some: Vec<_> = ways().filter(|it| it.classes != u64::MAX).cloned().collect();
        let named = Plan::Sequence(vec![Plan::LocalOr(Box::new(answer)), call]);
        super::service::forward(&some, named)
    }

    fn serve(
        state: &mut ClientState,
        _: &ClientParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let now = ctx.now();
        if request.verb == Verb::Put {
            let (address, ttl) = super::dns::unpack(ctx.place(ticket));
            state.name = Some((address, now.saturating_add(ttl)));
        }
        match state.name.filter(|it| it.1 > now || request.verb == Verb::Put) {
            Some((address, _)) => {
                ctx.placed(ticket, address.into());
                Served::ok(0)
            }
            None => Served::ended(Outcome::Miss),
        }
    }

    fn minds_end(request: &Request) -> bool {
        users::is_users(request)
    }

    fn patience(params: &ClientParams) -> Option<Patience> {
        let ClientParams { timeout, retries, backoff, .. } = *params;
        Some(Patience { timeout, retries, backoff })
    }

    fn needs_later(params: &ClientParams) -> bool {
        !params.recording.is_empty()
    }

    fn classes(params: &ClientParams) -> Vec<(String, u8)> {
        let named = params.classes.iter().map(|it| (it.name.clone(), it.priority as u8));
        let mut classes: Vec<_> = named.collect();
        if params.load == Load::Recorded {
            let recorded = params.recording.rows().classes.into_iter();
            let usual = Class::default().priority as u8;
            classes.extend(recorded.map(|it| (it, usual)).filter(|it| {
                !params.classes.iter().any(|known| known.name == it.0)
            }));
        }
        classes
    }

    fn start(params: &ClientParams, ctx: &mut Context<Self>) -> ClientState {
        let mut state = ClientState {
            begun: 0,
            alarm: None,
            arrivals: None,
            users: (0, 0),
            playing: None,
            surge: 1.0,
            name: None,
            hot_key: None,
            tables: pattern::tables(params),
        };
        begin_load(&mut state, params, ctx);
        state
    }

    fn restart(old: &ClientState, params: &ClientParams, ctx: &mut Context<Self>) -> ClientState {
        // Requests are never numbered twice; what comes in from outside is still there.
        let users = (0, old.users.1);
        let (alarm, arrivals, playing, name) = (None, None, old.playing, None);
        let mut state = ClientState { alarm, arrivals, users, playing, name, ..old.clone() };
        begin_load(&mut state, params, ctx);
        state
    }

    fn retune(
        state: &mut ClientState,
        before: &ClientParams,
        params: &ClientParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        if pattern::tables_differ(before, params) {
            state.tables = pattern::tables(params);
        }
        if before.load != params.load {
            // Users who are here leave when they have their answer.
            (state.arrivals, state.playing) = (None, None);
            begin_load(state, params, ctx);
            return true;
        }
        let surge = state.surge;
        change_load(state, (before, surge), (params, surge), ctx);
        true
    }

    fn handle(
        state: &mut ClientState,
        params: &ClientParams,
        what: Happening<Never, Alarm>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Timer(Alarm::Arrival(arrives)) => {
                state.alarm = None;
                if arrives {
                    let number = state.begun;
                    ask::begin(state, params, number, None, ctx);
                }
                let pattern = pattern::pattern(params, state.surge);
                let next = if arrives { Next::Arrival } else { Next::Phase };
                if let Some(it) = &mut state.arrivals {
                    it.pass(ctx.now(), next, &pattern, &Draws(ctx));
                }
                schedule_open(state, &pattern, ctx);
            }
            Happening::Timer(Alarm::Row) => {
                state.alarm = None;
                let rows = Arc::clone(&state.tables.rows);
                if let (Some(it), false) = (&mut state.playing, rows.rows.is_empty()) {
                    let row = rows.rows[(it.next % rows.rows.len() as u64) as usize];
                    it.next += 1;
                    let number = state.begun;
                    ask::begin(state, params, number, Some(&row), ctx);
                }
                schedule(state, params, ctx);
            }
            Happening::Timer(Alarm::Thought(number)) => {
                users::thought(state, params, number, ctx);
            }
            Happening::Finished { request, .. } => users::answered(state, params, request, ctx),
            Happening::Surge(factor) => {
                let before = std::mem::replace(&mut state.surge, factor);
                change_load(state, (params, before), (params, factor), ctx);
            }
            Happening::HotKey(key, share) => {
                state.hot_key = (share > 0.0).then_some((key, share));
            }
            Happening::Message(..) | Happening::Promote | Happening::Command(_) => {}
        }
    }
}

/// An arrival process' draws.
struct Draws<'a, 'b, 'c>(&'a Context<'b, 'c, Client>);

impl arrivals::Draws for Draws<'_, '_, '_> {
    fn gap(&self, arrival: u64) -> u64 {
        self.0.draw(arrival, GAP)
    }
    fn phase(&self, phase: u64) -> u64 {
        self.0.draw(phase, PHASE)
    }
}

/// Begins to bring requests, by the parameters as they are.
fn begin_load(state: &mut ClientState, params: &ClientParams, ctx: &mut Context<Client>) {
    match params.load {
        Load::Open => {
            let pattern = pattern::pattern(params, state.surge);
            let process = Process::new(ctx.now(), state.begun, &pattern, &Draws(ctx));
            state.arrivals = Some(process);
        }
        Load::Closed => users::fill(state, params, ctx),
        Load::Recorded => {
            let (since, position, next) = (ctx.now(), Nanos::ZERO, 0);
            match &mut state.playing {
                // After a crash it goes on where it was.
                Some(it) => pattern::move_on(it, ctx.now(), params.recording_speed * state.surge),
                None => state.playing = Some(Playing { since, position, next }),
            }
        }
    }
    schedule(state, params, ctx);
}

/// Goes over to other parameters or another spike, the kind of load being the same.
fn change_load(
    state: &mut ClientState,
    before: (&ClientParams, f64),
    after: (&ClientParams, f64),
    ctx: &mut Context<Client>,
) {
    let (params, surge) = after;
    match params.load {
        Load::Open => {
            let old = pattern::pattern(before.0, before.1);
            let new = pattern::pattern(params, surge);
            if old == new {
                return;
            }
            if let Some(it) = &mut state.arrivals {
                it.change(ctx.now(), &old, &new, &Draws(ctx));
            }
        }
        Load::Closed => return users::fill(state, params, ctx),
        Load::Recorded => {
            let Some(it) = &mut state.playing else { return };
            let speed = before.0.recording_speed * before.1;
            pattern::move_on(it, ctx.now(), speed);
            if before.0.recording != params.recording {
                pattern::find_place(it, &state.tables.rows, params.recording_repeats);
            }
        }
    }
    schedule(state, params, ctx);
}

/// Sets the alarm for what comes next.
fn schedule(state: &mut ClientState, params: &ClientParams, ctx: &mut Context<Client>) {
    if let Some(alarm) = state.alarm.take() {
        ctx.cancel(alarm);
    }
    let next = match params.load {
        Load::Open => {
            let pattern = pattern::pattern(params, state.surge);
            return schedule_open(state, &pattern, ctx);
        }
        Load::Closed => None,
        Load::Recorded => {
            let speed = params.recording_speed * state.surge;
            let due = state.playing.and_then(|it| {
                pattern::row_due(&it, &state.tables.rows, speed, params.recording_repeats)
            });
            due.map(|at| (at, Alarm::Row))
        }
    };
    if let Some((at, alarm)) = next {
        let after = at.saturating_sub(ctx.now());
        state.alarm = Some(ctx.timer(after, alarm));
    }
}

/// Sets the alarm for the next arrival of an open loop.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn schedule_open(state: &mut ClientState, pattern: &Pattern, ctx: &mut Context<Client>) {
    let next = state.arrivals.as_ref().and_then(|it| it.next(pattern));
    if let Some((at, next)) = next {
        let after = at.saturating_sub(ctx.now());
        state.alarm = Some(ctx.timer(after, Alarm::Arrival(next == Next::Arrival)));
    }
}

/// Only requests of these classes do this.
pub(super) fn for_classes(classes: u64, then: Plan<Arc<str>>) -> Plan<Arc<str>> {
    if classes == u64::MAX {
        return then;
    }
    let condition = Condition::Classes(classes);
    Plan::If { condition, then: Box::new(then), otherwise: Box::new(Plan::nothing()) }
}
