//! A store called `group` under faults, watched by the recorder and, beside it, by somebody naive, whose notes what
//! the recorder says is held against.

use std::ops::Deref;

use ringside::base::time::Nanos;
use ringside::component::{Registry, Spec};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::engine::recorder::Recorder;
use ringside::engine::takeover::Ledger;
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note};

use super::{Input, World, add, apply, client, design, slots, start, target, wire};

/// Whoever listens beside the recorder.
pub trait Naive: Default {
    fn hear(&mut self, at: Nanos, note: &Note);
}

/// The recorder, and somebody naive.
pub struct Both<N> {
    pub recorder: Recorder<Registry>,
    naive: N,
}

impl<N> Deref for Both<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.naive
    }
}

impl<N: Naive> Watch<Registry> for Both<N> {
    fn wants_from(&self) -> u64 {
        self.recorder.wants_from()
    }
    fn disturbed(&mut self, at: Nanos) {
        self.recorder.disturbed(at);
    }
    fn next_look(&self) -> Nanos {
        self.recorder.next_look()
    }
    fn look(&mut self, at: Nanos, world: &World) {
        self.recorder.look(at, world);
    }
    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], blueprint: &Blueprint<Registry>) {
        notes.iter().for_each(|it| self.naive.hear(at, it));
        self.recorder.notes(at, ordinal, notes, blueprint);
    }
}

/// A world, and who watches it.
pub struct Watched<N> {
    pub world: World,
    pub design: Design,
    pub both: Both<N>,
}

/// People who read and write twenty rows of a store, and are patient.
pub fn people(store: Spec, per_second: f64, timeout: Nanos) -> Design {
    let mut design = design();
    let mut people = client(per_second, 1, 3);
    people.keys = 20;
    add(&mut design, "client", Spec::Client(people));
    add(&mut design, "group", store);
    let patient = WireParams { timeout, retries: 3, ..WireParams::default() };
    wire(&mut design, "client", "group", patient);
    design
}

impl<N: Naive> Watched<N> {
    pub fn of(design: Design, seed: u64) -> Self {
        let recorder = Recorder::new(Nanos::ZERO, |_, _| Vec::new());
        let both = Both { recorder, naive: N::default() };
        Self { world: start(&design, seed), design, both }
    }

    pub fn run_to(&mut self, until: Nanos) {
        self.world.run(until, u64::MAX, &mut self.both);
    }

    pub fn run_for(&mut self, span: Nanos) {
        self.run_to(self.world.now() + span);
    }

    pub fn fault(&mut self, fault: Fault) {
        self.world.fault(&fault, &mut self.both);
    }

    pub fn kill(&mut self, ordinal: u16) {
        self.fault(Fault::Crash(target(&format!("group/{ordinal}"))));
    }

    /// Starts it, afresh if it is up.
    pub fn restart(&mut self, ordinal: u16) {
        self.fault(Fault::Restart(target(&format!("group/{ordinal}"))));
    }

    /// Starts it if it is down.
    pub fn revive(&mut self, ordinal: u16) {
        if !self.is_up(ordinal) {
            self.restart(ordinal);
        }
    }

    pub fn edit(&mut self, change: impl FnOnce(&mut Design)) {
        change(&mut self.design);
        let input = Input::Edit(self.design.clone());
        apply(&mut self.world, &input, &mut self.both);
    }

    /// Changes the store.
    pub fn tune(&mut self, change: impl FnOnce(&mut Spec)) {
        self.edit(|it| change(&mut it.components.get_mut("group").expect("it").spec));
    }

    pub fn is_up(&self, ordinal: u16) -> bool {
        self.world.is_up(slots(&self.world, "group")[usize::from(ordinal)])
    }

    pub fn ledger(&self) -> &Ledger {
        let component = self.world.blueprint().component("group").expect("it");
        self.both.recorder.takeovers.of(component).expect("a ledger")
    }

    /// What the observer says is lost.
    pub fn lost(&self) -> Vec<(u32, u32, Nanos)> {
        self.ledger().lost(self.world.now()).map(|it| (it.key, it.version, it.committed)).collect()
    }
}

pub fn sorted<T: Ord>(mut it: Vec<T>) -> Vec<T> {
    it.sort();
    it
}
