//! One signal per record, so that one change reaches one element.

use crate::base::table::Table;

use leptos::prelude::*;

use crate::document::{ComponentRecord, Design, WireRecord};
use crate::session::protocol::{ComponentFigures, WireFigures};

use super::figures::Face;

/// A component's signals.
#[derive(Clone, Debug)]
pub struct NodeSignals {
    /// The record as shown.
    pub record: ArcRwSignal<ComponentRecord>,
    /// What its node shows.
    pub face: ArcRwSignal<Face>,
    /// All its figures.
    pub figures: ArcRwSignal<ComponentFigures>,
    /// Whether it is marked as hot.
    pub heat: ArcRwSignal<Heat>,
    /// How it differs from the other future, in words; empty if it does not.
    pub gap: ArcRwSignal<String>,
}

/// Whether something wants attention: told once it lasts, and for a while after.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heat {
    /// Whether it is told.
    pub told: bool,
    /// When the other began, in milliseconds.
    since: Option<f64>,
}

impl Heat {
    /// How long it must last before it is told, and how long it must be over, in milliseconds.
    const LASTS: (f64, f64) = (2_000.0, 5_000.0);

    /// What is seen now; at once where time stands still.
    pub fn see(self, hot: bool, at: f64, still: bool) -> Self {
        if hot == self.told {
            return Self { told: hot, since: None };
        }
        let since = self.since.unwrap_or(at);
        let lasts = if hot { Self::LASTS.0 } else { Self::LASTS.1 };
        if still || at - since >= lasts {
            return Self { told: hot, since: None };
        }
        Self { told: self.told, since: Some(since) }
    }
}

/// A wire's signals.
#[derive(Clone, Debug)]
pub struct WireSignals {
    /// The record as shown.
    pub record: ArcRwSignal<WireRecord>,
    /// Its figures.
    pub figures: ArcRwSignal<WireFigures>,
    /// Whether it differs from the other future.
    pub gap: ArcRwSignal<bool>,
}

/// Signals by id.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Components.
    pub nodes: Table<NodeSignals>,
    /// Wires.
    pub wires: Table<WireSignals>,
}

impl Mirror {
    /// Brings the signals to what is shown.
    pub fn take(&mut self, shown: &Design) {
        self.nodes.retain(|id, _| shown.components.contains_key(id));
        self.wires.retain(|id, _| shown.wires.contains_key(id));
        for (id, record) in &shown.components {
            match self.nodes.get(id) {
                Some(it) if it.record.with_untracked(|it| it == record) => {}
                Some(it) => it.record.set(record.clone()),
                None => {
                    let signals = NodeSignals {
                        record: ArcRwSignal::new(record.clone()),
                        face: ArcRwSignal::new(Face::new(
                            &record.spec,
                            &ComponentFigures::unknown(),
                        )),
                        figures: ArcRwSignal::new(ComponentFigures::unknown()),
                        heat: ArcRwSignal::new(Heat::default()),
                        gap: ArcRwSignal::new(String::new()),
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
                        gap: ArcRwSignal::new(false),
                    };
                    self.wires.insert(id.clone(), signals);
                }
            }
        }
    }
}
