//! The kinds of component. To add one: write its file, add its line to the registry below.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::algorithm::balancing;
use crate::base::candidate::Candidate;
use crate::base::param::{Field, ParamError, Params};
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Patience, Station, Switch};
use crate::engine::plan::Plan;
use crate::engine::{self, Happening, HealthCheck, Kinds, Request, Served};

pub use context::Context;
pub use placing::{Membership, Placing};

mod context;
pub mod later;
pub mod placing;
mod scheme;

/// Where a kind stands in the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Where traffic comes from and comes in.
    Entry,
    /// What computes.
    Compute,
    /// What keeps data.
    Data,
    /// What belongs to others.
    Outside,
}

impl Group {
    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "Entry",
            Self::Compute => "Compute",
            Self::Data => "Data",
            Self::Outside => "Outside",
        }
    }
}

/// How people give commands to the members of a kind ([`Happening::Command`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// Not at all.
    None,
    /// By what can be clicked inside.
    Clicked,
    /// They type them, too.
    Typed,
}

/// What a component is to those that call it: what a caller's derived plan and the check of
/// connections go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Begins requests; nothing calls it.
    Source,
    /// Does work, and calls others.
    Server,
    /// Passes requests on.
    Balancer,
    /// Answers from memory, or misses.
    Cache,
    /// Keeps the truth.
    Store,
    /// Somebody else's: it is called, and calls nobody we know of.
    External,
    /// Says which of several to ask; its wires carry its checks only.
    Resolver,
}

/// A wire as its caller's kind sees it when it derives a plan.
#[derive(Clone, Debug)]
pub struct OutWire {
    /// Id.
    pub id: std::sync::Arc<str>,
    /// What is called.
    pub role: Role,
    /// Request classes it carries: bit n for class n.
    pub classes: u64,
    /// Whether the answer is waited for.
    pub wait: bool,
    /// Ids of the wires used in its place when it fails, in this order.
    pub spares: Vec<std::sync::Arc<str>>,
    /// Whether a default answer does when all of them have failed.
    pub default_answer: bool,
    /// Its place among the caller's calls: lower ones come first.
    pub step: u32,
}

/// A figure of a kind's own: a quantity sampled four times a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// Snake-case name; the suffix says the unit (`lag_ns`, `entries`).
    pub name: &'static str,
    /// What it counts, over what.
    pub help: &'static str,
}

/// A ratio of two of a kind's counters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Snake-case name (`hit_ratio`).
    pub name: &'static str,
    /// Index of the counter above the line.
    pub part: u8,
    /// Indices of the counters summed below it.
    pub whole: &'static [u8],
    /// What it says.
    pub help: &'static str,
}

/// What a component models and what it does not, one click away from its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// What behaves as the real thing does.
    pub modelled: &'static [&'static str],
    /// What is left out.
    pub left_out: &'static [&'static str],
    /// Where the defaults come from.
    pub defaults: &'static str,
}

/// What a member says of itself on the canvas and in lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// One of equals.
    #[default]
    Member,
    /// The one that leads.
    Leader,
    /// One that follows.
    Follower,
    /// One that wants to lead.
    Candidate,
}

/// What every kind says of itself. Its file implements this, and nothing else is needed.
pub trait Kind: Sized {
    /// Name in files, kebab case.
    const ID: &'static str;
    /// Name people see.
    const NAME: &'static str;
    /// What it is for, one sentence.
    const SUMMARY: &'static str;
    /// Shelf of the library; none keeps it out of the library.
    const GROUP: Option<Group>;
    /// What it is to its callers.
    const ROLE: Role;
    /// Who of it may be asked.
    const ADDRESSING: Addressing = Addressing::Any;
    /// Whether a member wants to hear of the end ([`Happening::Finished`]) of a request that it has begun.
    fn minds_end(_: &Request) -> bool {
        true
    }

    /// How people give commands to its members.
    const COMMANDS: Commands = Commands::None;
    /// Names of what it counts, by counter number.
    const COUNTERS: &'static [&'static str] = &[];
    /// Ratios of its counters.
    const RATIOS: &'static [Ratio] = &[];
    /// What is sampled of it.
    const GAUGES: &'static [Gauge] = &[];
    /// What it models.
    const FIDELITY: Fidelity;
    /// Parameters.
    type Params: Params + PartialEq + StableHash + Serialize + for<'a> Deserialize<'a>;
    /// What a member remembers.
    type State: Clone + std::fmt::Debug + StableHash;
    /// What its members say to each other.
    type Message: Clone + std::fmt::Debug + StableHash;
    /// Why a member wakes itself.
    type Timer: Copy + std::fmt::Debug + StableHash;

    /// How many members it has.
    fn members(_: &Self::Params) -> u32 {
        1
    }

    /// What a member is called.
    fn member_name(_: &Self::Params, ordinal: u16) -> String {
        format!("member {}", ordinal + 1)
    }

    /// Its places.
    fn station(_: &Self::Params) -> Station {
        Station::UNLIMITED
    }

    /// How it serves requests, derived from its wires.
    fn plan(params: &Self::Params, wires: &[OutWire]) -> Plan<std::sync::Arc<str>>;

    /// Between its members.
    fn mesh(_: &Self::Params) -> Mesh {
        Mesh::of(crate::base::spread::Spread::constant(Nanos::micros(250)))
    }

    /// How many rows or log entries a message between members carries: what it weighs.
    fn rows(_: &Self::Message) -> usize {
        0
    }

    /// The zones its members stand in, by id or name, in order and separated by commas; empty if
    /// they all stand where it does.
    fn places(_: &Self::Params) -> &str {
        ""
    }

    /// If one of its members leads, how callers find it.
    fn switch(_: &Self::Params) -> Switch {
        Switch::Members
    }

    /// How many of its members are in reserve: see [`DraftComponent::reserve`].
    ///
    /// [`DraftComponent::reserve`]: crate::engine::blueprint::DraftComponent::reserve
    fn reserve(_: &Self::Params) -> u16 {
        0
    }

    /// How many of its members, the last ones, watch the others and are asked by no caller.
    fn watchers(_: &Self::Params) -> u16 {
        0
    }

    /// How patient it is with those it calls, if its own parameters say so and not the wire's.
    fn patience(_: &Self::Params) -> Option<Patience> {
        None
    }

    /// How it chooses among the members of what it calls, if its own parameters say so.
    fn rule(_: &Self::Params) -> Option<balancing::Rule> {
        None
    }

    /// How it checks those it calls, if it does.
    fn health(_: &Self::Params) -> Option<HealthCheck> {
        None
    }

    /// Who of it there is for callers that place keys themselves ([`Addressing::Keyed`]).
    fn membership(_: &Self::Params) -> Option<Membership> {
        None
    }

    /// How its callers check it, if it says so and not they.
    fn checked(_: &Self::Params) -> Option<HealthCheck> {
        None
    }

    /// Whether callers use it in place of the store that it is itself wired to.
    fn through(_: &Self::Params) -> bool {
        false
    }

    /// Whether, so set, it does something that comes later on the page.
    fn needs_later(_: &Self::Params) -> bool {
        false
    }

    /// Names and priorities of the request classes it brings.
    fn classes(_: &Self::Params) -> Vec<(String, u8)> {
        Vec::new()
    }

    /// A fresh member.
    fn start(params: &Self::Params, ctx: &mut Context<Self>) -> Self::State;

    /// A member after a crash; what was durable is taken from the old state.
    fn restart(_old: &Self::State, params: &Self::Params, ctx: &mut Context<Self>) -> Self::State {
        Self::start(params, ctx)
    }

    /// Parameters have changed while a member is down: what that means for what it remembers, which is all that
    /// [`Kind::restart`] will be given.
    fn missed(_state: &mut Self::State, _before: &Self::Params, _params: &Self::Params) {}

    /// Takes over changed parameters or a changed number of members; false if only a restart will
    /// do.
    fn retune(
        _state: &mut Self::State,
        _before: &Self::Params,
        _params: &Self::Params,
        _ctx: &mut Context<Self>,
    ) -> bool {
        false
    }

    /// A message, a timer, the end of a request.
    fn handle(
        _state: &mut Self::State,
        _params: &Self::Params,
        _what: Happening<Self::Message, Self::Timer>,
        _ctx: &mut Context<Self>,
    ) {
    }

    /// What it holds for quick answers is gone; it goes on.
    fn flush(_: &mut Self::State, _: &Self::Params, _: &mut Context<Self>) {}

    /// Its own act on a request.
    fn serve(
        _state: &mut Self::State,
        _params: &Self::Params,
        _request: &Request,
        _ticket: Handle,
        _ctx: &mut Context<Self>,
    ) -> Served {
        Served::ok(0)
    }

    /// The values of [`Kind::GAUGES`], for each member that is up; an observer may see all.
    fn gauges(_members: &[Option<&Self::State>], _now: Nanos) -> Vec<f64> {
        Vec::new()
    }

    /// What a member says of itself.
    fn standing(_: &Self::State) -> Standing {
        Standing::Member
    }

    /// What a clone of a member's state takes of memory, in bytes, where that may be much: snapshots
    /// of a run are as many as it leaves room for.
    fn weight(_: &Self::State) -> usize {
        0
    }
}

/// For kinds that have no messages or no timers: cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Never {}

impl StableHash for Never {
    fn stable_hash(&self, _: &mut StableHasher) {
        match *self {}
    }
}

/// Puts what a kind remembers, its own messages and timers into the sums over all kinds.
pub trait Wrap<T: Kind>: Kinds {
    /// A message.
    fn message(message: T::Message) -> Self::Message;
    /// What a member remembers.
    fn state(state: T::State) -> Self::State;
    /// A timer.
    fn timer(timer: T::Timer) -> Self::Timer;
}

/// Everything the library, the inspector, help and checks want to know of a kind.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name in files.
    pub id: &'static str,
    /// Name people see.
    pub name: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Shelf of the library; none keeps it out.
    pub group: Option<Group>,
    /// What it is to its callers.
    pub role: Role,
    /// Who of it may be asked.
    pub addressing: Addressing,
    /// How people give commands to its members.
    pub commands: Commands,
    /// What it counts.
    pub counters: &'static [&'static str],
    /// Ratios of what it counts.
    pub ratios: &'static [Ratio],
    /// What is sampled of it.
    pub gauges: &'static [Gauge],
    /// A fresh one.
    pub spec: fn() -> Spec,
}

/// What a kind does, wherever it is.
macro_rules! deeds {
    ($kind:ty) => {
        later::Deeds::<$kind>::ALL
    };
    ($kind:ty, later) => {
        <$kind as later::Late>::deeds()
    };
}

/// Where the deeds of a kind are put that comes later.
macro_rules! slot {
    ($kind:ty) => {};
    ($kind:ty, later) => {
        impl later::Late for $kind {
            #[cfg(split)]
            fn slot() -> &'static later::Slot<later::Deeds<Self>> {
                static SLOT: later::Slot<later::Deeds<$kind>> = later::Slot::new();
                &SLOT
            }
        }
    };
}

/// Whether a kind comes later, and whether it is there.
macro_rules! lateness {
    ($kind:ty) => {
        (false, true)
    };
    ($kind:ty, later) => {{
        #[cfg(split)]
        let there = <$kind as later::Late>::slot().get().is_some();
        #[cfg(not(split))]
        let there = true;
        (true, there)
    }};
}

macro_rules! provide {
    ($kind:ty) => {};
    ($kind:ty, later) => {
        <$kind as later::Late>::provide();
    };
}

/// What a kind remembers or says, as it is kept; how to keep it, and how to have it back.
macro_rules! kept {
    ($type:ty) => { $type };
    ($type:ty, later) => { later::Kept<$type> };
}
macro_rules! keep {
    ($it:expr) => {
        $it
    };
    ($it:expr, later) => {
        later::keep($it)
    };
}
macro_rules! let_go {
    ($it:expr) => {
        $it
    };
    ($it:expr, later) => {
        later::let_go($it)
    };
}

macro_rules! registry {
    ($( $module:ident :: $name:ident $(($when:ident))? ),* $(,)?) => {
        $( pub mod $module; )*
        $( slot!($module::$name $(, $when)?); )*

        /// Kind and parameters of a component: what a design stores.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Spec { $(
            #[doc = concat!("See [`", stringify!($module), "`].")]
            $name(<$module::$name as Kind>::Params),
        )* }

        /// A member while it runs.
        #[derive(Clone, Debug)]
        pub enum State { $(
            #[doc = concat!("See [`", stringify!($module), "`].")]
            $name(kept!(<$module::$name as Kind>::State $(, $when)?)),
        )* }

        /// A message between members of one component.
        #[derive(Clone, Debug)]
        pub enum Message { $(
            #[doc = concat!("See [`", stringify!($module), "`].")]
            $name(kept!(<$module::$name as Kind>::Message $(, $when)?)),
        )* }

        /// A member's own alarm.
        #[derive(Clone, Copy, Debug)]
        pub enum Timer { $(
            #[doc = concat!("See [`", stringify!($module), "`].")]
            $name(<$module::$name as Kind>::Timer),
        )* }

        /// The registry, as the engine wants it.
        #[derive(Clone, Debug)]
        pub struct Registry;

        /// Every kind, in the library's order.
        pub const ALL: &[About] = &[ $( About {
            id: <$module::$name as Kind>::ID,
            name: <$module::$name as Kind>::NAME,
            summary: <$module::$name as Kind>::SUMMARY,
            group: <$module::$name as Kind>::GROUP,
            role: <$module::$name as Kind>::ROLE,
            addressing: <$module::$name as Kind>::ADDRESSING,
            commands: <$module::$name as Kind>::COMMANDS,
            counters: <$module::$name as Kind>::COUNTERS,
            ratios: <$module::$name as Kind>::RATIOS,
            gauges: <$module::$name as Kind>::GAUGES,
            spec: || Spec::$name(Default::default()),
        } ),* ];

        $( #[allow(unreachable_code, reason = "some kinds' members have nothing to say")]
        impl Wrap<$module::$name> for Registry {
            fn message(message: <$module::$name as Kind>::Message) -> Message {
                Message::$name(keep!(message $(, $when)?))
            }
            fn state(state: <$module::$name as Kind>::State) -> State {
                State::$name(keep!(state $(, $when)?))
            }
            fn timer(timer: <$module::$name as Kind>::Timer) -> Timer {
                Timer::$name(timer)
            }
        } )*

        /// What comes later is there: called by the parts of the page that do.
        pub fn provide() {
            crate::algorithm::eviction::provide();
            crate::algorithm::traffic::recording::provide();
            placing::provide();
            cache::disk::provide();
            placing::slots::provide();
            cache::flight::provide();
            sql_db::cascade::provide();
            sql_db::failover::provide();
            engine::history::provide();
            engine::takeover::provide();
            later::provided();
            $( provide!($module::$name $(, $when)?); )*
        }

        impl Spec {
            /// Whether its kind comes later on the page, and whether it is there.
            fn lateness(&self) -> (bool, bool) {
                match self { $( Spec::$name(it) => {
                    let (late, there) = lateness!($module::$name $(, $when)?);
                    let needs = <$module::$name as Kind>::needs_later(it);
                    (late || needs, there && (!needs || later::are_there()))
                } )* }
            }

            fn position(&self) -> usize {
                let mut at = 0;
                $( if matches!(self, Spec::$name(_)) { return at; } at += 1; )*
                at
            }

            /// Reads parameters out of a record; what is left in it is unknown.
            pub fn load(id: &str, map: &mut Map<String, Value>) -> Option<(Self, Vec<ParamError>)> {
                $( if id == <$module::$name as Kind>::ID {
                    let (it, errors) = <<$module::$name as Kind>::Params as Params>::load(map);
                    return Some((Spec::$name(it), errors));
                } )*
                None
            }

            /// The parameters as a record: only what differs from the default.
            pub fn save(&self) -> Map<String, Value> {
                match self { $( Spec::$name(it) => it.save(), )* }
            }

            /// Every parameter, for the inspector.
            pub fn fields(&self) -> Vec<Field> {
                match self { $( Spec::$name(it) => it.fields(), )* }
            }

            /// Sets one parameter from its file form.
            pub fn set(&mut self, name: &str, value: &Value) -> Result<(), ParamError> {
                match self { $( Spec::$name(it) => it.set(name, value), )* }
            }

            /// What its kind models: kept out of [`ALL`], so that the page loads the words later.
            pub fn fidelity(&self) -> Fidelity {
                match self { $( Spec::$name(_) => <$module::$name as Kind>::FIDELITY, )* }
            }

            /// How many members it has.
            pub fn members(&self) -> u32 {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::members(it), )* }
            }

            /// What a member is called.
            pub fn member_name(&self, ordinal: u16) -> String {
                match self {
                    $( Spec::$name(it) => <$module::$name as Kind>::member_name(it, ordinal), )*
                }
            }

            /// Its places.
            pub fn station(&self) -> Station {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::station(it), )* }
            }

            /// How it serves requests.
            pub fn plan(&self, wires: &[OutWire]) -> Plan<std::sync::Arc<str>> {
                match self { $( Spec::$name(it) => (deeds!($module::$name $(, $when)?).plan)(it, wires), )* }
            }

            /// Between its members.
            pub fn mesh(&self) -> Mesh {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::mesh(it), )* }
            }

            /// The zones its members stand in, if they have places of their own.
            pub fn places(&self) -> &str {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::places(it), )* }
            }

            /// How callers find who leads.
            pub fn switch(&self) -> Switch {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::switch(it), )* }
            }

            /// How many members are in reserve.
            pub fn reserve(&self) -> u16 {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::reserve(it), )* }
            }

            /// How many members watch the others.
            pub fn watchers(&self) -> u16 {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::watchers(it), )* }
            }

            /// How patient it is, if it says so itself.
            pub fn patience(&self) -> Option<Patience> {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::patience(it), )* }
            }

            /// How it chooses, if it says so itself.
            pub fn rule(&self) -> Option<balancing::Rule> {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::rule(it), )* }
            }

            /// How it checks those it calls, if it does.
            pub fn health(&self) -> Option<HealthCheck> {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::health(it), )* }
            }

            /// Who of it there is for callers that place keys themselves.
            pub fn membership(&self) -> Option<Membership> {
                match self { $( Spec::$name(it) => (deeds!($module::$name $(, $when)?).membership)(it), )* }
            }

            /// How its callers check it, if it says so.
            pub fn checked(&self) -> Option<HealthCheck> {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::checked(it), )* }
            }

            /// Whether callers use it in place of the store that it is itself wired to.
            pub fn through(&self) -> bool {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::through(it), )* }
            }

            /// Names and priorities of the request classes it brings.
            pub fn classes(&self) -> Vec<(String, u8)> {
                match self { $( Spec::$name(it) => <$module::$name as Kind>::classes(it), )* }
            }

            /// Samples what there is to sample; all members are of this kind.
            pub fn gauges(&self, members: &[Option<&State>], now: Nanos) -> Vec<f64> {
                match self { $( Spec::$name(_) => {
                    type Member = <$module::$name as Kind>::State;
                    let members: Vec<Option<&Member>> = members.iter().map(|it| match it {
                        Some(State::$name(it)) => Some(it as &Member),
                        _ => None,
                    }).collect();
                    (deeds!($module::$name $(, $when)?).gauges)(&members, now)
                } )* }
            }
        }

        impl State {
            /// What a member says of itself.
            pub fn standing(&self) -> Standing {
                match self { $( State::$name(it) => (deeds!($module::$name $(, $when)?).standing)(it), )* }
            }

            /// What a clone of it takes of memory, roughly, in bytes.
            pub fn weight(&self) -> usize {
                match self { $( State::$name(it) => (deeds!($module::$name $(, $when)?).weight)(it), )* }
            }
        }

        impl StableHash for Spec {
            fn stable_hash(&self, h: &mut StableHasher) {
                self.about().id.stable_hash(h);
                match self { $( Spec::$name(it) => it.stable_hash(h), )* }
            }
        }

        impl StableHash for State {
            fn stable_hash(&self, h: &mut StableHasher) {
                match self { $( State::$name(it) => it.stable_hash(h), )* }
            }
        }

        impl StableHash for Message {
            fn stable_hash(&self, h: &mut StableHasher) {
                match self { $( Message::$name(it) => it.stable_hash(h), )* }
            }
        }

        impl StableHash for Timer {
            fn stable_hash(&self, h: &mut StableHasher) {
                match self { $( Timer::$name(it) => it.stable_hash(h), )* }
            }
        }

        impl Kinds for Registry {
            type Spec = Spec;
            type State = State;
            type Message = Message;
            type Timer = Timer;
            type Picker = Picker;

            fn start(spec: &Spec, ctx: &mut engine::Context<Self>) -> State {
                match spec { $( Spec::$name(params) => {
                    let start = deeds!($module::$name $(, $when)?).start;
                    start(params, &mut Context::new(ctx))
                } )* }
            }

            fn restart(old: &State, spec: &Spec, ctx: &mut engine::Context<Self>) -> State {
                match (spec, old) {
                    $( (Spec::$name(params), State::$name(old)) => {
                        (deeds!($module::$name $(, $when)?).restart)(old, params, &mut Context::new(ctx))
                    } )*
                    _ => Self::start(spec, ctx),
                }
            }

            fn missed(state: &mut State, before: &Spec, spec: &Spec) {
                match (state, before, spec) {
                    $( (State::$name(state), Spec::$name(before), Spec::$name(params)) => {
                        (deeds!($module::$name $(, $when)?).missed)(state, before, params)
                    } )*
                    _ => {}
                }
            }

            fn retune(
                state: &mut State, before: &Spec, spec: &Spec, ctx: &mut engine::Context<Self>,
            ) -> bool {
                match (state, before, spec) {
                    $( (State::$name(state), Spec::$name(before), Spec::$name(params)) => {
                        let ctx = &mut Context::new(ctx);
                        (deeds!($module::$name $(, $when)?).retune)(state, before, params, ctx)
                    } )*
                    _ => false,
                }
            }

            #[allow(unreachable_code, reason = "some kinds' members have nothing to say")]
            fn handle(
                state: &mut State,
                spec: &Spec,
                what: Happening<Message, Timer>,
                ctx: &mut engine::Context<Self>,
            ) {
                match (state, spec) {
                    $( (State::$name(state), Spec::$name(params)) => {
                        let what = match what {
                            Happening::Message(from, Message::$name(it)) => {
                                Happening::Message(from, let_go!(it $(, $when)?))
                            }
                            Happening::Timer(Timer::$name(it)) => Happening::Timer(it),
                            Happening::Finished { request, outcome, version } => {
                                Happening::Finished { request, outcome, version }
                            }
                            Happening::Surge(factor) => Happening::Surge(factor),
                            Happening::HotKey(key, share) => Happening::HotKey(key, share),
                            Happening::Promote => Happening::Promote,
                            Happening::Command(it) => Happening::Command(it),
                            // Meant for another kind: the component was replaced meanwhile.
                            #[allow(unreachable_patterns, reason = "with one kind there is none")]
                            _ => return,
                        };
                        let ctx = &mut Context::new(ctx);
                        (deeds!($module::$name $(, $when)?).handle)(state, params, what, ctx);
                    } )*
                    _ => {}
                }
            }

            fn minds_end(spec: &Spec, request: &Request) -> bool {
                match spec { $( Spec::$name(_) => <$module::$name as Kind>::minds_end(request), )* }
            }

            fn flush(state: &mut State, spec: &Spec, ctx: &mut engine::Context<Self>) {
                match (state, spec) {
                    $( (State::$name(state), Spec::$name(params)) => {
                        (deeds!($module::$name $(, $when)?).flush)(state, params, &mut Context::new(ctx));
                    } )*
                    _ => {}
                }
            }

            fn serve(
                state: &mut State,
                spec: &Spec,
                request: &Request,
                ticket: Handle,
                ctx: &mut engine::Context<Self>,
            ) -> Served {
                match (state, spec) {
                    $( (State::$name(state), Spec::$name(params)) => {
                        let ctx = &mut Context::new(ctx);
                        (deeds!($module::$name $(, $when)?).serve)(state, params, request, ticket, ctx)
                    } )*
                    _ => Served::ok(0),
                }
            }
        }
    };
}

registry! {
    client::Client,
    dns::Dns (later),
    waf::Waf,
    api_gateway::ApiGateway,
    load_balancer::LoadBalancer,
    service::Service,
    cache::Cache,
    cache_cluster::CacheCluster (later),
    sql_db::SqlDb,
    sharded_db::ShardedDb (later),
    kv_store::KvStore (later),
    redis::Redis (later),
    failover_pair::FailoverPair (later),
    raft_group::RaftGroup (later),
    third_party::ThirdParty,
}

impl Spec {
    /// Whether the first module of the page can run it only with what comes later.
    pub fn is_late(&self) -> bool {
        self.lateness().0
    }

    /// Whether what its kind does is there; otherwise what to tell.
    pub fn check_there(&self) -> Result<(), ParamError> {
        match self.lateness().1 {
            true => Ok(()),
            false => Err(ParamError {
                field: "kind".into(),
                problem: "this part of the page was not loaded; reload it".into(),
            }),
        }
    }

    /// What its kind says of itself.
    pub fn about(&self) -> &'static About {
        &ALL[self.position()]
    }

    /// Names of the request classes it brings.
    pub fn class_names(&self) -> Vec<String> {
        self.classes().into_iter().map(|it| it.0).collect()
    }
}

/// The kind with this id.
pub fn about(id: &str) -> Option<&'static About> {
    ALL.iter().find(|it| it.id == id)
}

/// How a caller chooses, as the engine wants it.
#[derive(Clone, Debug, PartialEq)]
pub enum Picker {
    /// By a balancing rule.
    Rule(balancing::Running),
    /// By the key.
    Key(Placing),
}

impl Picker {
    /// Whether it is the same for each call, and independent of all others.
    pub fn is_random(&self) -> bool {
        matches!(self, Self::Rule(it) if it.rule() == balancing::Rule::Random)
    }

    /// Whether it deals keys out by their hash, among servers that know nothing of that.
    pub fn deals_out(&self) -> bool {
        matches!(self, Self::Rule(it) if it.rule() == balancing::Rule::KeyHash)
    }
}

impl engine::Picker for Picker {
    fn pick(&mut self, candidates: &[Candidate], key: u32, draw: u64) -> Option<usize> {
        match self {
            Self::Rule(rule) => rule.choose(candidates, key, draw),
            Self::Key(placing) => placing.pick(candidates, key),
        }
    }

    fn turn_into(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Key(own), Self::Key(new)) => own.turn_into(new),
            _ => self.clone_from(other),
        }
    }

    fn sent_on(&mut self, key: u32, to: u16) {
        if let Self::Key(placing) = self {
            placing.sent_on(key, to);
        }
    }

    fn copies(&self) -> u16 {
        if let Self::Key(placing) = self { placing.by.copies } else { 1 }
    }
}

impl StableHash for Picker {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Rule(rule) => rule.fold(&mut |word| h.word(word)),
            Self::Key(placing) => placing.stable_hash(h),
        }
    }
}
