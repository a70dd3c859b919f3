//! What the page holds: the design as edited and as shown, one signal per record, the latest frame.
//! Nothing of the simulation lives in a signal but the few figures that people read.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::base::geometry::{Camera, Point};
use crate::base::time::Nanos;
use crate::component::Role;
use crate::document::history::History;
use crate::document::{ComponentRecord, Design, Diff, Id, WireRecord};
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::{
    Cast, Chart, Command, ComponentFigures, Figures, Flight, Input, LensPicture, Stamped, Story,
    WireFigures,
};

use super::banner::Banner;
use super::bridge::Bridge;
use super::canvas::place::Place;
use super::figures::Face;
use super::frame_loop::Pulse;
use super::theme::{Palette, Theme};

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// A component.
    Node(Id),
    /// A wire.
    Wire(Id),
}

/// Tabs of the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Parameters.
    Settings,
    /// The lens.
    Inside,
    /// What is modelled.
    About,
}

/// Time as people read it; published a few times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clock {
    /// The cursor.
    pub now: Nanos,
    /// Shown as 0.
    pub zero: Nanos,
    /// The newest moment known.
    pub latest: Nanos,
    /// Simulated seconds per second on screen as measured; 0 if not measured.
    pub pace: f64,
    /// Whether marks are rates (flow) and not single messages (dots).
    pub flow: bool,
    /// In flow: requests per second that one mark stands for. In dots: one in so many is shown.
    pub per_mark: f64,
}

impl Clock {
    /// Whether the cursor is in the past.
    pub fn is_past(self) -> bool {
        self.now < self.latest
    }
}

/// The document on the page.
#[derive(Debug, Default)]
pub struct Desk {
    /// What the person edits: the newest.
    pub design: Design,
    /// As it was at the cursor, where it is drawn now.
    pub shown: Design,
    /// What the run began with.
    pub base: Design,
    /// Everything done to the run.
    pub inputs: Vec<Stamped>,
    /// Edits in force at the cursor.
    pub edits: u32,
    history: History,
}

/// A component's signals.
#[derive(Clone, Debug)]
pub struct NodeSignals {
    /// The record as shown.
    pub record: ArcRwSignal<ComponentRecord>,
    /// What its node shows.
    pub face: ArcRwSignal<Face>,
    /// All its figures.
    pub figures: ArcRwSignal<ComponentFigures>,
}

/// A wire's signals.
#[derive(Clone, Debug)]
pub struct WireSignals {
    /// The record as shown.
    pub record: ArcRwSignal<WireRecord>,
    /// Its figures.
    pub figures: ArcRwSignal<WireFigures>,
}

/// Signals by id.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Components.
    pub nodes: BTreeMap<Id, NodeSignals>,
    /// Wires.
    pub wires: BTreeMap<Id, WireSignals>,
}

/// The latest of everything the worker sent.
#[derive(Debug, Default)]
pub struct Latest {
    /// Which run, branch and event.
    pub place: (u32, u32, u64),
    /// The cursor.
    pub now: Nanos,
    /// Shown as 0.
    pub zero: Nanos,
    /// The newest moment known.
    pub latest: Nanos,
    /// Names by slot.
    pub cast: Cast,
    /// Figures.
    pub figures: Figures,
    /// Messages under way.
    pub messages: Vec<Flight>,
    /// The chart.
    pub chart: Chart,
    /// Incremented whenever the cursor was moved rather than played.
    pub jumps: u32,
    /// Incremented whenever something drawn has moved or come or gone.
    pub geometry: u32,
}

/// Everything a part of the page may want; handed around by value.
#[derive(Clone, Copy)]
pub struct App {
    /// The document.
    pub desk: StoredValue<Desk, LocalStorage>,
    /// Signals per record.
    pub mirror: StoredValue<Mirror, LocalStorage>,
    /// The latest frame.
    pub latest: StoredValue<Latest, LocalStorage>,
    /// The worker.
    pub bridge: StoredValue<Bridge, LocalStorage>,
    /// The frame loop.
    pub pulse: StoredValue<Pulse, LocalStorage>,
    /// Colours of what is painted.
    pub palette: StoredValue<Palette, LocalStorage>,
    /// Simulated time before the run's zero.
    pub warmup: StoredValue<Nanos>,
    /// Components, in order.
    pub nodes: RwSignal<Vec<Id>>,
    /// Wires, in order.
    pub wires: RwSignal<Vec<Id>>,
    /// Name, zones: what else of the design is drawn.
    pub frame_of: RwSignal<(String, Vec<crate::document::ZoneRecord>)>,
    /// What part of the document is on screen.
    pub camera: RwSignal<Camera>,
    /// Width and height of the canvas on screen.
    pub stage: RwSignal<(f64, f64)>,
    /// Whether the camera still follows the design: until the person moves it.
    pub follows: RwSignal<bool>,
    /// Where nodes are put.
    pub place: RwSignal<Place>,
    /// What is chosen.
    pub selected: RwSignal<Option<Selected>>,
    /// The inspector's tab.
    pub tab: RwSignal<Tab>,
    /// Whether time runs.
    pub playing: RwSignal<bool>,
    /// Simulated seconds per second asked for.
    pub speed: RwSignal<f64>,
    /// The seed.
    pub seed: RwSignal<u64>,
    /// Time.
    pub clock: RwSignal<Clock>,
    /// Everything done to the run.
    pub inputs: RwSignal<Vec<Stamped>>,
    /// What happened.
    pub stories: RwSignal<Vec<Story>>,
    /// The open lens.
    pub lens: RwSignal<Option<LensPicture>>,
    /// Incremented when the chart has new points.
    pub charted: RwSignal<u32>,
    /// Whether the chart is open.
    pub chart_open: RwSignal<bool>,
    /// Whether something can be undone, and redone.
    pub history: RwSignal<(bool, bool)>,
    /// What has gone wrong with the program itself.
    pub banner: RwSignal<Option<Banner>>,
    /// The look.
    pub theme: RwSignal<Theme>,
    /// Whether the person asked for less motion.
    pub still: RwSignal<bool>,
}

impl App {
    /// A page with nothing on it.
    pub fn new() -> Self {
        let theme = Theme::current();
        Self {
            desk: StoredValue::new_local(Desk::default()),
            mirror: StoredValue::new_local(Mirror::default()),
            latest: StoredValue::new_local(Latest::default()),
            bridge: StoredValue::new_local(Bridge::default()),
            pulse: StoredValue::new_local(Pulse::default()),
            palette: StoredValue::new_local(Palette::read()),
            warmup: StoredValue::new(Nanos::seconds(20)),
            nodes: RwSignal::new(Vec::new()),
            wires: RwSignal::new(Vec::new()),
            frame_of: RwSignal::new(Default::default()),
            camera: RwSignal::new(Camera::default()),
            stage: RwSignal::new((0.0, 0.0)),
            follows: RwSignal::new(true),
            place: RwSignal::new(Place::new(theme)),
            selected: RwSignal::new(None),
            tab: RwSignal::new(Tab::Settings),
            playing: RwSignal::new(true),
            speed: RwSignal::new(1.0),
            seed: RwSignal::new(7),
            clock: RwSignal::new(Clock { flow: true, ..Clock::default() }),
            inputs: RwSignal::new(Vec::new()),
            stories: RwSignal::new(Vec::new()),
            lens: RwSignal::new(None),
            charted: RwSignal::new(0),
            chart_open: RwSignal::new(true),
            history: RwSignal::new((false, false)),
            banner: RwSignal::new(None),
            theme: RwSignal::new(theme),
            still: RwSignal::new(false),
        }
    }

    /// The page's state, for a component.
    pub fn here() -> Self {
        expect_context()
    }

    /// Asks the session for something, in order.
    pub fn send(self, command: Command) {
        self.bridge.update_value(|it| it.push(command));
        self.wake();
    }

    /// Makes sure that a frame will be painted.
    pub fn wake(self) {
        self.pulse.update_value(Pulse::wake);
    }

    /// Puts a design on the canvas and runs it.
    pub fn open(self, design: Design) {
        self.desk.update_value(|it| {
            it.design = design.clone();
            it.inputs.clear();
            it.history = History::default();
        });
        self.history.set((false, false));
        self.follows.set(true);
        self.restart();
    }

    /// Begins the run again: edits are part of it from the start, faults are gone.
    pub fn restart(self) {
        let seed = self.seed.get_untracked();
        let design = self.desk.with_value(|it| it.design.clone());
        self.desk.update_value(|it| {
            it.base = design.clone();
            it.edits = 0;
            it.inputs.clear();
        });
        self.inputs.set(Vec::new());
        self.stories.set(Vec::new());
        let warmup = self.warmup.get_value();
        self.bridge.update_value(|it| it.open(design, seed, warmup));
        self.sync();
        self.wake();
    }

    /// A fault, or its end, now.
    pub fn fault(self, fault: Fault) {
        self.send(Command::Act(Input::Fault(fault)));
    }

    /// Another moment; the latest wish wins.
    pub fn seek(self, at: Nanos) {
        self.send(Command::Seek(at));
    }

    /// Changes the design: one step of undo, felt at once by what runs.
    pub fn edit(self, diff: Diff) {
        if diff.is_empty() {
            return;
        }
        self.desk.update_value(|it| it.history.record(diff.clone()));
        self.carry_out(diff);
    }

    /// Takes the last step back, now; time does not move.
    pub fn undo(self) {
        let step = self.desk.try_update_value(|it| it.history.undo(&mut it.design)).flatten();
        if let Some(step) = step {
            self.carry_out(step);
        }
    }

    /// Does again what was undone.
    pub fn redo(self) {
        let step = self.desk.try_update_value(|it| it.history.redo(&mut it.design)).flatten();
        if let Some(step) = step {
            self.carry_out(step);
        }
    }

    fn carry_out(self, diff: Diff) {
        let felt = diff.is_felt();
        self.desk.update_value(|it| {
            // In the past: what was edited later is left behind with the old future.
            if it.is_past() {
                it.design = it.shown.clone();
            }
            diff.apply(&mut it.design);
            if !it.is_past() || felt {
                it.shown = it.design.clone();
            } else {
                diff.apply(&mut it.shown);
            }
        });
        let can = self.desk.with_value(|it| (it.history.can_undo(), it.history.can_redo()));
        self.history.set(can);
        self.show();
        if felt {
            self.send(Command::Act(Input::Edit(diff)));
        }
    }

    /// Changes one record of a component.
    pub fn edit_node(self, id: &str, change: impl FnOnce(&mut ComponentRecord)) {
        let diff = self.desk.with_value(|it| {
            let mut after = it.shown.clone();
            after.components.get_mut(id).map(change);
            Diff::between(&it.shown, &after)
        });
        self.edit(diff);
    }

    /// Changes one record of a wire.
    pub fn edit_wire(self, id: &str, change: impl FnOnce(&mut WireRecord)) {
        let diff = self.desk.with_value(|it| {
            let mut after = it.shown.clone();
            after.wires.get_mut(id).map(change);
            Diff::between(&it.shown, &after)
        });
        self.edit(diff);
    }

    /// Shows the design as it was at the cursor.
    pub fn sync(self) {
        self.desk.update_value(Desk::look);
        self.show();
    }

    /// Brings the signals to what is shown.
    fn show(self) {
        let shown = self.desk.with_value(|it| it.shown.clone());
        self.place.update(|it| it.arrange(&shown));
        self.mirror.update_value(|mirror| mirror.take(&shown));
        let ids: Vec<Id> = shown.components.keys().cloned().collect();
        if self.nodes.with_untracked(|it| *it != ids) {
            self.nodes.set(ids);
        }
        let ids: Vec<Id> = shown.wires.keys().cloned().collect();
        if self.wires.with_untracked(|it| *it != ids) {
            self.wires.set(ids);
        }
        let frame_of = (shown.name, shown.zones.into_values().collect());
        if self.frame_of.with_untracked(|it| *it != frame_of) {
            self.frame_of.set(frame_of);
        }
        self.latest.update_value(|it| it.geometry += 1);
        self.wake();
    }

    /// A component's signals.
    pub fn node(self, id: &str) -> Option<NodeSignals> {
        self.mirror.with_value(|it| it.nodes.get(id).cloned())
    }

    /// A wire's signals.
    pub fn wire(self, id: &str) -> Option<WireSignals> {
        self.mirror.with_value(|it| it.wires.get(id).cloned())
    }

    /// The first component of a role.
    pub fn first(self, role: Role) -> Option<(Id, String)> {
        self.desk.with_value(|it| {
            let found = it.shown.components.iter().find(|it| it.1.spec.about().role == role);
            found.map(|(id, it)| (id.clone(), it.label.clone()))
        })
    }

    /// Top left corner of a node, on the canvas.
    pub fn spot(self, id: &str, record: &ComponentRecord) -> Point {
        self.place.with(|it| it.spot(id, record.at))
    }

    /// Chooses; opens a component on what it has to show.
    pub fn select(self, what: Option<Selected>) {
        if self.selected.with_untracked(|it| *it == what) {
            return;
        }
        if !matches!((&what, self.tab.get_untracked()), (Some(Selected::Node(_)), Tab::Inside)) {
            self.lens.set(None);
        }
        self.selected.set(what);
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// Kills or brings back what a target names.
    pub fn set_up(self, target: Target, up: bool) {
        self.fault(if up { Fault::Restart(target) } else { Fault::Crash(target) });
    }
}

impl Desk {
    /// Whether edits were made after the cursor.
    pub fn is_past(&self) -> bool {
        let edits = self.inputs.iter().filter(|it| matches!(it.input, Input::Edit(_))).count();
        (self.edits as usize) < edits
    }

    /// Works out what to show: what the run began with and the edits in force at the cursor, at
    /// the positions and with the names of now.
    fn look(&mut self) {
        self.shown = self.design.clone();
        if !self.is_past() {
            return;
        }
        let mut then = self.base.clone();
        let edits = self.inputs.iter().filter_map(|it| match &it.input {
            Input::Edit(diff) => Some(diff),
            Input::Fault(_) => None,
        });
        edits.take(self.edits as usize).for_each(|diff| diff.apply(&mut then));
        for (id, record) in &mut then.components {
            if let Some(now) = self.design.components.get(id) {
                record.at = now.at;
                record.label.clone_from(&now.label);
            }
        }
        self.shown.components = then.components;
        self.shown.wires = then.wires;
    }
}

impl Mirror {
    fn take(&mut self, shown: &Design) {
        self.nodes.retain(|id, _| shown.components.contains_key(id));
        self.wires.retain(|id, _| shown.wires.contains_key(id));
        for (id, record) in &shown.components {
            match self.nodes.get(id) {
                Some(it) if it.record.with_untracked(|it| it == record) => {}
                Some(it) => it.record.set(record.clone()),
                None => {
                    let signals = NodeSignals {
                        record: ArcRwSignal::new(record.clone()),
                        face: ArcRwSignal::new(Face::new(&record.spec, &Default::default())),
                        figures: ArcRwSignal::new(ComponentFigures::default()),
                    };
                    self.nodes.insert(id.clone(), signals);
                }
            }
        }
        for (id, record) in &shown.wires {
            match self.wires.get(id) {
                Some(it) if it.record.with_untracked(|it| it == record) => {}
                Some(it) => it.record.set(record.clone()),
                None => {
                    let signals = WireSignals {
                        record: ArcRwSignal::new(record.clone()),
                        figures: ArcRwSignal::new(WireFigures::default()),
                    };
                    self.wires.insert(id.clone(), signals);
                }
            }
        }
    }
}
