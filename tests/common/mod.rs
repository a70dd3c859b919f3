//! What the proofs share: designs built in code, a watcher that keeps books, the invariants that
//! hold at every instant, and runs that remember their inputs so that they can be played again.
#![allow(dead_code, reason = "every test file uses its own part of this")]

pub mod audit;
pub mod books;
pub mod command;
pub mod golden;
pub mod looking;
pub mod peers;
pub mod pooled;
pub mod sharded;
pub mod watched;

use std::collections::BTreeMap;

use ringside::base::geometry::{Point, Rect};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams, Does};
use ringside::component::{Registry, Spec, State};
use ringside::document::compile::compile;
use ringside::document::{ComponentRecord, Design, WireParams, WireRecord, ZoneParams, ZoneRecord};
use ringside::engine::fault::{Fault, Target, Ways};
use ringside::engine::world::{Unwatched, Watch};
use ringside::engine::{Blueprint, Draft, Note};

#[allow(unused_imports, reason = "every test file uses its own part of this")]
pub use audit::{Audit, check_desks};
#[allow(unused_imports, reason = "every test file uses its own part of this")]
pub use books::bookstore;
#[allow(unused_imports, reason = "every test file uses its own part of this")]
pub use pooled::{BATCHES, Z_MAX, batches, check, check_covered, estimate, interval, mean, z};

pub type World = ringside::engine::World<Registry>;

pub const MS: Nanos = Nanos::MILLISECOND;
pub const FOREVER: Nanos = Nanos::seconds(3600);

/// A design with nothing in it.
pub fn design() -> Design {
    Design::default()
}

/// Adds a component.
pub fn add(design: &mut Design, id: &str, spec: Spec) {
    let (label, at) = (id.to_owned(), Point::new(0.0, 0.0));
    let record = ComponentRecord { spec, label, at, zones: Vec::new(), extra: Default::default() };
    design.components.insert(id.to_owned(), record);
}

/// Adds a wire called `from-to`.
pub fn wire(design: &mut Design, from: &str, to: &str, settings: WireParams) {
    let (from, to) = (from.to_owned(), to.to_owned());
    let id = format!("{from}-{to}");
    design.wires.insert(id, WireRecord { from, to, settings, extra: Default::default() });
}

/// Adds a zone.
pub fn zone(design: &mut Design, id: &str, area: [f64; 4], distance: Nanos) {
    let [x, y, width, height] = area;
    let area = Rect { x, y, width, height };
    let settings = ZoneParams { distance, ..ZoneParams::default() };
    let record = ZoneRecord { label: id.into(), area, settings, extra: Default::default() };
    design.zones.insert(id.into(), record);
}

/// A wire that takes no time and never gives up.
pub fn instant() -> WireParams {
    let (latency, latency_shape) = (Nanos::ZERO, Shape::Constant);
    WireParams { latency, latency_shape, timeout: FOREVER, ..WireParams::default() }
}

/// A wire that always takes this long.
pub fn steady(latency: Nanos) -> WireParams {
    WireParams { latency, latency_shape: Shape::Constant, ..WireParams::default() }
}

/// A client of reads and writes in these proportions.
pub fn client(per_second: f64, reads: u32, writes: u32) -> ClientParams {
    let class =
        |name: &str, weight, does| Class { name: name.into(), weight, does, ..Class::default() };
    let classes = vec![class("browse", reads, Does::Read), class("order", writes, Does::Write)];
    ClientParams { rate: Rate(per_second), classes, keys: 200, ..ClientParams::default() }
}

pub fn draft(design: &Design, seed: u64) -> Draft<Registry> {
    compile(design, seed).expect("the test's design compiles")
}

/// A fresh world.
pub fn start(design: &Design, seed: u64) -> World {
    World::new(Blueprint::build(draft(design, seed), None))
}

/// What comes into a running world from outside.
#[derive(Clone, Debug)]
pub enum Input {
    Fault(Fault),
    Edit(Design),
    Seed(u64),
}

/// Does it, now.
pub fn apply(world: &mut World, input: &Input, watch: &mut impl Watch<Registry>) {
    match input {
        Input::Fault(fault) => world.fault(fault, watch),
        Input::Edit(design) => {
            let blueprint = world.blueprint();
            let next = Blueprint::build(draft(design, blueprint.seed), Some(blueprint));
            world.edit(next, watch);
        }
        Input::Seed(seed) => world.reseed(*seed, watch),
    }
}

/// Everything an uninterrupted run tells.
#[derive(Default)]
pub struct Ear(pub Vec<(u64, Nanos, Note)>);

impl Watch<Registry> for Ear {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], _: &Blueprint<Registry>) {
        self.0.extend(notes.iter().map(|it| (ordinal, at, *it)));
    }
}

/// Runs to a cursor: an ordinal, and then a time at which nothing more happens.
pub fn reach(world: &mut World, ordinal: u64, at: Nanos, watch: &mut impl Watch<Registry>) {
    world.run(at, ordinal - world.ordinal(), watch);
    if world.now() < at {
        world.run(at, u64::MAX, watch);
    }
    assert_eq!((world.ordinal(), world.now()), (ordinal, at), "the cursor is reached exactly");
}

/// A live run with its history.
pub struct Live {
    pub seed: u64,
    pub base: Design,
    pub design: Design,
    pub world: World,
    pub inputs: Vec<(u64, Nanos, Input)>,
    pub audit: Audit,
}

impl Live {
    pub fn new(base: &Design, seed: u64) -> Self {
        let world = start(base, seed);
        let (base, design, audit) = (base.clone(), base.clone(), Audit::default());
        Self { seed, base, design, world, inputs: Vec::new(), audit }
    }

    pub fn input(&mut self, input: Input) {
        self.inputs.push((self.world.ordinal(), self.world.now(), input.clone()));
        apply(&mut self.world, &input, &mut self.audit);
    }

    pub fn fault(&mut self, fault: Fault) {
        self.input(Input::Fault(fault));
    }

    pub fn edit(&mut self, change: impl FnOnce(&mut Design)) {
        change(&mut self.design);
        self.input(Input::Edit(self.design.clone()));
    }

    pub fn run_to(&mut self, until: Nanos) {
        self.world.run(until, u64::MAX, &mut self.audit);
    }

    pub fn run_for(&mut self, span: Nanos) {
        self.run_to(self.world.now() + span);
    }

    /// The same history from the beginning, with nobody watching.
    pub fn replay(&self) -> World {
        let mut world = start(&self.base, self.seed);
        for (ordinal, at, input) in &self.inputs {
            reach(&mut world, *ordinal, *at, &mut Unwatched);
            apply(&mut world, input, &mut Unwatched);
        }
        reach(&mut world, self.world.ordinal(), self.world.now(), &mut Unwatched);
        world
    }

    #[track_caller]
    pub fn check_replay(&self) {
        let replayed = self.replay().state_hash();
        assert_eq!(replayed, self.world.state_hash(), "seed {}: live is not replay", self.seed);
    }
}

/// A cut between members, one way or both, called `name`.
pub fn cut(name: &str, one: &[&str], other: &[&str], ways: Ways) -> Fault {
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    Fault::Partition { name: name.into(), one: targets(one), other: targets(other), ways }
}

pub fn heal(name: &str) -> Fault {
    Fault::Heal { name: name.into() }
}

pub fn target(text: &str) -> Target {
    text.parse().expect("a target")
}

/// Slots of a component's members.
pub fn slots(world: &World, id: &str) -> Vec<u32> {
    let slot = world.blueprint().component(id).expect("the component is there");
    world.blueprint().components[slot as usize].members.clone()
}

/// States of a component's members, by ordinal, dead ones too.
pub fn states<'a>(world: &'a World, id: &str) -> Vec<&'a State> {
    let state = |it: u32| world.member(it).state.as_ref().expect("a member has a state");
    slots(world, id).into_iter().map(state).collect()
}

/// Runs `act` for each seed; in the environment, `SEED=n` repeats one and `RUNS=n` runs so many.
/// Names the seed that fails.
pub fn for_seeds(count: u64, act: impl Fn(u64)) {
    if let Ok(seed) = std::env::var("SEED") {
        return act(seed.parse().expect("SEED is a number"));
    }
    let runs = std::env::var("RUNS").map(|it| it.parse().expect("RUNS is a number"));
    for seed in 0..runs.unwrap_or(count) {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(seed)));
        if let Err(panic) = result {
            eprintln!("failed with SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// How often each value comes.
pub fn tally<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    values.into_iter().fold(BTreeMap::new(), |mut counts, it| {
        *counts.entry(it).or_default() += 1;
        counts
    })
}
