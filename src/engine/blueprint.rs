//! A compiled design: what a world runs. Things keep their slots from one version of a design to
//! the next, so that what is in flight keeps its address.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::draw::Stream;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::base::unit::Weights;

pub use super::network::{Mesh, Path};
use super::plan::{Plan, Program};
use super::policy::Policy;
use super::pool::Pool;
use super::{Fault, HealthCheck, Kinds};

pub use station::Station;

mod asked;
mod hash;
mod station;

/// Who of a component may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Addressing {
    /// Any member; the picker chooses.
    #[default]
    Any,
    /// One leads and takes the writes; callers hold a belief who, and are told when wrong.
    Leader,
    /// The one that the key belongs to: callers know who there is, and place keys themselves.
    Keyed,
    /// Any member; whoever is asked asks the others, and answers for all.
    Peers,
}

/// How callers find who leads, or whom to ask where nobody does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Switch {
    /// They know all members, ask the next when one fails, and are told.
    #[default]
    Members,
    /// They know one address: whoever leads takes it over.
    Address,
    /// They know a name, and keep the answer who that is.
    Name {
        /// For how long.
        ttl: Nanos,
    },
    /// Nobody leads, and each stays with one member.
    Session,
}

crate::choices! {
    /// Which members a caller reads from, where one of them leads.
    pub enum Reads {
        /// The primary only.
        Primary = "primary",
        /// The replicas, in turn.
        Replicas = "replicas",
        /// All members, in turn.
        Any = "any",
        /// The nearest members, in turn.
        Nearest = "nearest",
        /// Always the same member, another for another caller.
        Sticky = "sticky",
        /// All members, in turn; one that has not applied the log as far as this caller's latest write
        /// is passed over: it sends the read on to the primary (read your writes).
        OwnWrites = "own-writes",
        /// The replicas that no write waits for, in turn.
        Asynchronous = "asynchronous",
    }
}

crate::stable! { enum Addressing }

/// A path for messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// One-way delay.
    pub latency: Spread,
}

/// A caller's patience.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// How long one attempt may take.
    pub timeout: Nanos,
    /// Further attempts after a failure.
    pub retries: u32,
    /// Pause before a further attempt.
    pub backoff: Nanos,
}

crate::stable! {
    Link { latency }
    Patience { timeout, retries, backoff }
}

/// A component before it has slots.
#[derive(Clone, Debug)]
pub struct DraftComponent<K: Kinds> {
    /// Document id.
    pub id: Arc<str>,
    /// Kind and parameters.
    pub spec: K::Spec,
    /// Number of members.
    pub members: u32,
    /// Places.
    pub station: Station,
    /// How requests are served; wires by id.
    pub plan: Plan<Arc<str>>,
    /// Between members.
    pub mesh: Mesh,
    /// How far its members are from each other beyond that, one way, row by row; empty if they all
    /// stand together.
    pub apart: Vec<Nanos>,
    /// Who may be asked.
    pub addressing: Addressing,
    /// If one leads, how callers find it.
    pub switch: Switch,
    /// Members in reserve: the last ones, asked only if there is no other; of replicas, the first ones,
    /// passed over by who reads only where no write waits.
    pub reserve: u16,
    /// Members that callers never ask, the last ones: they watch the others.
    pub watchers: u16,
    /// Whether it looks keys up as a cache does: its first counters are hits, misses and entries
    /// that come in, and who watches remembers which keys. It changes nothing.
    pub looks_up: bool,
}

/// A wire before it has a slot.
#[derive(Clone, Debug)]
pub struct DraftWire<K: Kinds> {
    /// Document id.
    pub id: Arc<str>,
    /// Id of the calling component.
    pub from: Arc<str>,
    /// Id of the called component.
    pub to: Arc<str>,
    /// The path, both ways.
    pub link: Link,
    /// What a message's way takes besides, if it does.
    pub path: Option<Path>,
    /// The caller's patience.
    pub patience: Patience,
    /// What it does about failures and slow answers besides trying again, if it does.
    pub policy: Option<Policy>,
    /// How many calls each caller has open at a time, if there is a limit.
    pub pool: Option<Pool>,
    /// How the caller chooses among members.
    pub picker: K::Picker,
    /// Where it reads, if one of the members leads.
    pub reads: Reads,
    /// How often the caller chooses each member, where its rule goes by that.
    pub weights: Weights,
    /// How the caller checks the members.
    pub health: Option<HealthCheck>,
    /// Borders of zones in between: added to the time of each message, one way.
    pub distance: Nanos,
    /// How much farther than that each member called is, by ordinal; empty if none is.
    pub apart: Vec<Nanos>,
}

/// A design in the engine's words, things still named by id.
#[derive(Clone, Debug)]
pub struct Draft<K: Kinds> {
    /// The run's seed.
    pub seed: u64,
    /// Components, in document order.
    pub components: Vec<DraftComponent<K>>,
    /// Wires, in document order; both ends exist.
    pub wires: Vec<DraftWire<K>>,
    /// Request classes by name.
    pub classes: Vec<Arc<str>>,
    /// Their priorities: higher ones go first where that counts.
    pub priorities: Vec<u8>,
    /// Scripted faults, by time.
    pub script: Vec<(Nanos, Fault)>,
    /// Zones by id, and who stands in each: components, or members as `store/0`.
    pub zones: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// What keys are called: `book` for `book:77`.
    pub key_name: Arc<str>,
}

/// A component with its slots.
#[derive(Clone, Debug)]
pub struct Component<K: Kinds> {
    /// Document id.
    pub id: Arc<str>,
    /// Kind and parameters; none if the component has been removed.
    pub spec: Option<K::Spec>,
    /// Its members' slots, by ordinal.
    pub members: Vec<u32>,
    /// Places.
    pub station: Station,
    /// Programs, old ones first: jobs begun under an old one finish by it.
    pub programs: Vec<Arc<Program>>,
    /// Outgoing wires' slots; a removed wire keeps its place.
    pub out: Vec<u32>,
    /// Between members.
    pub mesh: Mesh,
    /// How far its members are from each other beyond that, one way, row by row, if they are.
    pub apart: Vec<Nanos>,
    /// Who may be asked.
    pub addressing: Addressing,
    /// If one leads, how callers find it.
    pub switch: Switch,
    /// Members in reserve.
    pub reserve: u16,
    /// Members that callers never ask.
    pub watchers: u16,
    /// Whether it looks keys up as a cache does.
    pub looks_up: bool,
    /// Random draws.
    pub stream: Stream,
}

/// A wire with its slot.
#[derive(Clone, Debug)]
pub struct Wire<K: Kinds> {
    /// Document id.
    pub id: Arc<str>,
    /// Calling component.
    pub from: u32,
    /// Called component.
    pub to: u32,
    /// False once removed.
    pub alive: bool,
    /// Position among the caller's outgoing wires.
    pub out_index: u32,
    /// The path, both ways.
    pub link: Link,
    /// What a message's way takes besides, if it does.
    pub path: Option<Path>,
    /// The caller's patience.
    pub patience: Patience,
    /// What it does about failures and slow answers besides trying again, if it does.
    pub policy: Option<Policy>,
    /// How many calls each caller has open at a time, if there is a limit.
    pub pool: Option<Pool>,
    /// How the caller chooses, in its starting state.
    pub picker: K::Picker,
    /// Where it reads, if one of the members leads.
    pub reads: Reads,
    /// How often the caller chooses each member, where its rule goes by that.
    pub weights: Weights,
    /// How the caller checks the members.
    pub health: Option<HealthCheck>,
    /// Borders of zones in between: added to the time of each message, one way.
    pub distance: Nanos,
    /// How much farther than that each member called is, by ordinal; empty if none is.
    pub apart: Vec<Nanos>,
    /// Random draws.
    pub stream: Stream,
}

impl<K: Kinds> Wire<K> {
    /// How long a message takes one way on average.
    pub fn mean_delay(&self) -> Nanos {
        self.link.latency.mean.saturating_add(self.distance)
    }

    /// How much farther than the nearest member called this one is.
    pub fn farther(&self, ordinal: u16) -> Nanos {
        self.apart.get(usize::from(ordinal)).copied().unwrap_or_default()
    }

    /// How long a message takes one way, by a draw.
    pub fn delay(&self, bits: u64) -> Nanos {
        self.link.latency.sample(bits).saturating_add(self.distance)
    }
}

/// A compiled design.
#[derive(Clone, Debug)]
pub struct Blueprint<K: Kinds> {
    /// The run's seed.
    pub seed: u64,
    /// Components by slot.
    pub components: Vec<Component<K>>,
    /// Wires by slot.
    pub wires: Vec<Wire<K>>,
    /// Component and ordinal of each member slot.
    pub members: Vec<(u32, u16)>,
    /// Request classes by name.
    pub classes: Vec<Arc<str>>,
    /// Their priorities: higher ones go first where that counts.
    pub priorities: Vec<u8>,
    /// Scripted faults, by time.
    pub script: Vec<(Nanos, Fault)>,
    /// Zones by id, and who stands in each: components, or members as `store/0`.
    pub zones: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// What it was built from.
    pub draft: Arc<Draft<K>>,
}

impl<K: Kinds> Blueprint<K> {
    /// Gives everything a slot; what an earlier version already had keeps its own.
    pub fn build(draft: Draft<K>, earlier: Option<&Self>) -> Self {
        Self::build_shared(Arc::new(draft), earlier)
    }

    /// The same design as if there had been none before it: no slots of what is gone.
    pub fn afresh(&self) -> Self {
        Self::build_shared(Arc::clone(&self.draft), None)
    }

    /// The same design with the random draws of another seed.
    pub fn reseeded(&self, seed: u64) -> Self {
        let draft = Arc::new(Draft { seed, ..(*self.draft).clone() });
        let mut next = Self { seed, draft, ..self.clone() };
        next.components.iter_mut().for_each(|it| it.stream = Stream::new(seed, &it.id));
        next.wires.iter_mut().for_each(|it| it.stream = Stream::new(seed, &it.id));
        next
    }

    fn build_shared(draft: Arc<Draft<K>>, earlier: Option<&Self>) -> Self {
        let mut next = Self {
            seed: draft.seed,
            components: Vec::new(),
            wires: Vec::new(),
            members: Vec::new(),
            classes: draft.classes.clone(),
            priorities: draft.priorities.clone(),
            script: draft.script.clone(),
            zones: draft.zones.clone(),
            draft: Arc::clone(&draft),
        };
        if let Some(earlier) = earlier {
            next.components.clone_from(&earlier.components);
            next.wires.clone_from(&earlier.wires);
            next.members.clone_from(&earlier.members);
            next.components.iter_mut().for_each(|it| it.spec = None);
            next.wires.iter_mut().for_each(|it| it.alive = false);
        }
        draft.components.iter().for_each(|it| next.place_component(it));
        draft.wires.iter().for_each(|it| next.place_wire(it));
        for component in &draft.components {
            next.place_program(component);
        }
        // Should a removed component come back, its members get fresh slots and are started.
        next.components.iter_mut().filter(|it| it.spec.is_none()).for_each(|it| {
            it.members.clear();
        });
        next
    }

    fn place_component(&mut self, draft: &DraftComponent<K>) {
        let slot = self.components.iter().position(|it| it.id == draft.id).unwrap_or_else(|| {
            self.components.push(Component {
                id: draft.id.clone(),
                spec: None,
                members: Vec::new(),
                station: draft.station,
                programs: Vec::new(),
                out: Vec::new(),
                mesh: draft.mesh,
                apart: Vec::new(),
                addressing: draft.addressing,
                switch: draft.switch,
                reserve: draft.reserve,
                watchers: draft.watchers,
                looks_up: draft.looks_up,
                stream: Stream::new(self.seed, &draft.id),
            });
            self.components.len() - 1
        });
        let component = &mut self.components[slot];
        component.spec = Some(draft.spec.clone());
        component.station = draft.station;
        component.mesh = draft.mesh;
        component.apart.clone_from(&draft.apart);
        component.addressing = draft.addressing;
        component.switch = draft.switch;
        component.reserve = draft.reserve;
        component.watchers = draft.watchers;
        // A member that is taken away gives its slot up for good: later ones get fresh slots, so
        // that no late message finds a stranger at its address.
        component.members.truncate(draft.members as usize);
        while component.members.len() < draft.members as usize {
            let ordinal = component.members.len() as u16;
            component.members.push(self.members.len() as u32);
            self.members.push((slot as u32, ordinal));
        }
    }

    fn place_wire(&mut self, draft: &DraftWire<K>) {
        let (Some(from), Some(to)) = (self.component(&draft.from), self.component(&draft.to))
        else {
            return;
        };
        let same = |it: &Wire<K>| it.id == draft.id && it.from == from && it.to == to;
        let slot = self.wires.iter().position(same).unwrap_or(self.wires.len());
        let out = &mut self.components[from as usize].out;
        let out_index = out.iter().position(|it| *it == slot as u32).unwrap_or_else(|| {
            out.push(slot as u32);
            out.len() - 1
        });
        let stream = Stream::new(self.seed, &draft.id);
        let wire = Wire {
            id: draft.id.clone(),
            from,
            to,
            alive: true,
            out_index: out_index as u32,
            link: draft.link,
            path: draft.path,
            patience: draft.patience,
            policy: draft.policy,
            pool: draft.pool,
            picker: draft.picker.clone(),
            reads: draft.reads,
            weights: draft.weights.clone(),
            health: draft.health,
            distance: draft.distance,
            apart: draft.apart.clone(),
            stream,
        };
        if slot == self.wires.len() {
            self.wires.push(wire);
        } else {
            self.wires[slot] = wire;
        }
    }

    fn place_program(&mut self, draft: &DraftComponent<K>) {
        let Some(slot) = self.component(&draft.id) else { return };
        let program = Program::compile(&self.with_slots(&draft.plan));
        let programs = &mut self.components[slot as usize].programs;
        if programs.last().is_none_or(|it| **it != program) {
            programs.push(Arc::new(program));
        }
    }

    /// The plan with its wires' slots for their ids; calls over wires that are not there vanish.
    fn with_slots(&self, plan: &Plan<Arc<str>>) -> Plan<u32> {
        let wire = |id: &Arc<str>| self.wire(id);
        let all = |plans: &[Plan<Arc<str>>]| plans.iter().map(|it| self.with_slots(it)).collect();
        match plan {
            Plan::Work(spread) => Plan::Work(*spread),
            Plan::Measured(it) => Plan::Measured(Arc::clone(it)),
            Plan::Local => Plan::Local,
            Plan::LocalAs(verb) => Plan::LocalAs(*verb),
            Plan::LocalOr(otherwise) => Plan::LocalOr(Box::new(self.with_slots(otherwise))),
            Plan::Call { wire: id, verb } => {
                wire(id).map_or(Plan::nothing(), |wire| Plan::Call { wire, verb: *verb })
            }
            Plan::Sequence(steps) => Plan::Sequence(all(steps)),
            Plan::Parallel { need, branches } => {
                Plan::Parallel { need: *need, branches: all(branches) }
            }
            Plan::OnMiss { cache, classes, otherwise } => {
                let (classes, otherwise) = (*classes, Box::new(self.with_slots(otherwise)));
                match wire(cache) {
                    Some(cache) => Plan::OnMiss { cache, classes, otherwise },
                    None => *otherwise,
                }
            }
            Plan::OrElse { wire: id, verb, otherwise } => {
                let otherwise = Box::new(self.with_slots(otherwise));
                match wire(id) {
                    Some(wire) => Plan::OrElse { wire, verb: *verb, otherwise },
                    None => *otherwise,
                }
            }
            Plan::If { condition, then, otherwise } => Plan::If {
                condition: *condition,
                then: Box::new(self.with_slots(then)),
                otherwise: Box::new(self.with_slots(otherwise)),
            },
            Plan::Named(wires) => Plan::Named(wires.iter().filter_map(wire).collect()),
            Plan::Detach(plan) => Plan::Detach(Box::new(self.with_slots(plan))),
            Plan::Refuse(outcome) => Plan::Refuse(*outcome),
        }
    }

    /// Slot of the component with this id.
    pub fn component(&self, id: &str) -> Option<u32> {
        let alive = |it: &Component<K>| it.spec.is_some() && *it.id == *id;
        self.components.iter().position(alive).map(|it| it as u32)
    }

    /// Slot of the wire with this id.
    pub fn wire(&self, id: &str) -> Option<u32> {
        self.wires.iter().position(|it| it.alive && *it.id == *id).map(|it| it as u32)
    }
}
