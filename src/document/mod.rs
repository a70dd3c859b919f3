//! The design: a plain value that people edit, save and share, and that a world is compiled from.

use crate::base::table::Table;

use serde::{Deserialize, Serialize};

use crate::algorithm::balancing::Rule;
use crate::base::geometry::{Point, Rect};
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::Weights;
use crate::component::Spec;
use crate::engine::blueprint::Reads;
use crate::engine::fault::Fault;

pub mod compile;
pub mod diff;
pub mod edit;
pub mod file;
mod graph;
pub mod history;
pub mod ids;
pub mod lint;
pub mod validate;
pub mod zone;

#[cfg(test)]
mod tests;

pub use diff::Diff;

/// The version of the file form that this code writes.
pub const VERSION: u32 = 1;

/// A short stable name: lower-case letters, digits and hyphens, at most 40. Never reused in a
/// design's history, apart from the label.
pub type Id = String;

/// Fields of a file that this version does not know, as JSON text: kept, and written back.
pub type Extra = Table<String>;

/// A design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// What people call it.
    pub name: String,
    /// What is drawn and simulated.
    pub components: Table<ComponentRecord>,
    /// Who calls whom.
    pub wires: Table<WireRecord>,
    /// Places that hold components.
    pub zones: Table<ZoneRecord>,
    /// Text on the canvas.
    pub notes: Table<NoteRecord>,
    /// Faults that happen by themselves.
    pub script: Table<FaultRecord>,
    /// Unknown fields.
    pub extra: Extra,
}

/// A component as drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// Kind and parameters.
    pub spec: Spec,
    /// What people call it.
    pub label: String,
    /// Its top left corner, in document pixels.
    pub at: Point,
    /// Zones it lies in, in id order; follows from the places of all ([`zone`]).
    pub zones: Vec<Id>,
    /// Unknown fields.
    pub extra: Extra,
}

/// A wire as drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireRecord {
    /// Who calls.
    pub from: Id,
    /// Who is called.
    pub to: Id,
    /// Path, patience, choice.
    pub settings: WireParams,
    /// Unknown fields.
    pub extra: Extra,
}

/// A place: a rectangle that holds what lies in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// What people call it.
    pub label: String,
    /// Where, in document pixels.
    pub area: Rect,
    /// How far it is from what lies outside.
    pub settings: ZoneParams,
    /// Unknown fields.
    pub extra: Extra,
}

/// A text on the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteRecord {
    /// The text.
    pub text: String,
    /// Where, in document pixels.
    pub at: Point,
    /// Unknown fields.
    pub extra: Extra,
}

/// A fault that happens by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// When, from the start of the run.
    pub at: Nanos,
    /// What.
    pub fault: Fault,
}

crate::params! {
    /// Parameters of a wire.
    pub struct WireParams {
        /// Mean time a message takes one way.
        latency: Nanos = Nanos::micros(250), in Nanos::ZERO..=Nanos::seconds(10);
        /// How that time is distributed.
        latency_shape: Shape = Shape::LogNormal;
        /// How long the caller waits for one attempt before giving up on it. A client's own
        /// patience goes before this.
        timeout: Nanos = Nanos::seconds(1), in Nanos::micros(1)..=Nanos::seconds(3600);
        /// How often the caller tries again after a failure.
        retries: u32 = 0, in 0..=10, "tries";
        /// Pause before trying again.
        backoff: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
        /// How the caller chooses among several members. A balancer's own rule goes before this.
        rule: Rule = Rule::RoundRobin;
        /// How often each member is chosen, in their order, separated by commas: 5, 1, 1. Empty or
        /// missing ones count 1. Only weighted round robin goes by it.
        weights: Weights = Weights::default();
        /// Where the caller reads, if what it calls has a primary and replicas.
        reads: Reads = Reads::Primary;
        /// Request classes this wire carries, separated by commas; empty for all.
        classes: String = String::new();
    }
}

crate::params! {
    /// Parameters of a zone.
    pub struct ZoneParams {
        /// Time added to each message that crosses the border, one way: 0.5 ms between availability
        /// zones of one region, 40 ms between regions of one continent and the next.
        distance: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(10);
    }
}
