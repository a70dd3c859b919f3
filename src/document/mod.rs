//! The design: a plain value that people edit, save and share, and that a world is compiled from.

use crate::base::table::Table;

use serde::{Deserialize, Serialize};

use crate::algorithm::balancing::Rule;
use crate::base::geometry::{Point, Rect};
use crate::base::spread::{LOG_NORMAL_SIGMA, PARETO_ALPHA, Shape};
use crate::base::time::Nanos;
use crate::base::unit::{Rate, Share, Weights};
use crate::component::Spec;
use crate::engine::blueprint::Reads;
use crate::engine::fault::Fault;
pub use crate::engine::network::Connecting;
use crate::engine::policy::Pauses;

pub mod compile;
pub mod diff;
pub mod edit;
pub mod faults;
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

impl Design {
    /// Whether anything in it has this id.
    pub fn has(&self, id: &str) -> bool {
        self.components.contains_key(id)
            || self.wires.contains_key(id)
            || self.zones.contains_key(id)
            || self.notes.contains_key(id)
            || self.script.contains_key(id)
    }

    /// What keys are called: as the first client says.
    pub fn key_name(&self) -> &str {
        let mut names = self.components.values().filter_map(|it| match &it.spec {
            Spec::Client(client) => Some(client.key_name.as_str()),
            _ => None,
        });
        names.next().unwrap_or("key")
    }
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
        /// How wide the log-normal is: the standard deviation of its logarithm.
        latency_sigma: f64 = LOG_NORMAL_SIGMA, in 0.0..=3.0,
            when |it| it.latency_shape == Shape::LogNormal;
        /// How heavy the Pareto's tail is: the smaller, the heavier.
        latency_alpha: f64 = PARETO_ALPHA, in 1.05..=10.0,
            when |it| it.latency_shape == Shape::Pareto;
        /// How long the caller waits for one attempt before giving up on it. A client's own
        /// patience goes before this.
        timeout: Nanos = Nanos::seconds(1), in Nanos::micros(1)..=Nanos::seconds(3600);
        /// How often the caller tries again after a failure.
        retries: u32 = 0, in 0..=10, "tries";
        /// Pause before trying again.
        backoff: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
        /// How pauses grow from one try to the next: not at all (fixed), doubled each time
        /// (exponential), or spread at random so that callers do not come back together: full-jitter
        /// takes 0 to the doubled pause, equal-jitter its half to the whole, decorrelated-jitter the
        /// first pause to three times the last one.
        pauses: Pauses = Pauses::Fixed;
        /// No pause that grows is longer than this.
        backoff_max: Nanos = Nanos::seconds(10), in Nanos::millis(1)..=Nanos::seconds(3600);
        /// Retry budget: further tries allowed, as a part of the calls made in the last ten seconds.
        /// 20% is usual, 100% sets no limit. Second calls in place of waiting are paid from it too.
        retry_budget: Share = Share(1.0);
        /// With a retry budget: further tries allowed besides, so that a quiet caller can try again.
        retry_reserve: Rate = Rate(10.0), in 0.0..=1_000_000.0;
        /// Hedged reads: how long a read may go unanswered before another member is asked too. The
        /// first answer counts, the other is called off. 0s for never.
        hedge_after: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
        /// Hedged reads, by what is usual: another member is asked once a read takes longer than
        /// this part of the last 128 answers did. 95% is usual, 100% for never.
        hedge_percentile: Share = Share(1.0);
        /// Whether the caller gives up with the request's own deadline, and passes on how much time
        /// is left. A server that drops expired requests then drops what nobody waits for.
        pass_deadline: bool = false;
        /// Whether the caller waits for the answer. If not, it goes on at once and never learns how
        /// the call ended (fire and forget).
        wait: bool = true;
        /// Fallback: this wire is used only in place of another of the caller's wires that has
        /// failed.
        fallback: bool = false;
        /// Fallback: when a call over this wire has failed for good, the caller goes on as if it had
        /// got an answer, with a default value in its place.
        default_answer: bool = false;
        /// When a service makes this call: lower steps come first, each when the one before is done.
        /// Calls of one step are made as the service's "Calls" says: in turn, or at once.
        step: u32 = 0, in 0..=1_000;
        /// How the caller chooses among several members. A balancer's own rule goes before this.
        rule: Rule = Rule::RoundRobin;
        /// How often each member is chosen, in their order, separated by commas: 5, 1, 1. Empty or
        /// missing ones count 1. Only weighted round robin goes by it.
        weights: Weights = Weights::default();
        /// Where the caller reads, if what it calls has a primary and replicas. Asynchronous: at the
        /// replicas that no write waits for, by their place in the list, whoever leads just now; at all, if
        /// writes wait for all or none.
        reads: Reads = Reads::Primary;
        /// How much it carries, each way: messages of all members go through one after the other,
        /// 700 bytes of headers and the value, if there is one. 0 for no limit.
        bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages that get lost and are sent again: after 200 ms or three round trips, then twice
        /// as long each time (TCP, RFC 6298).
        loss: Share = Share(0.0);
        /// How a connection is set up before the first call: it is there (open), by TCP (1 round
        /// trip), or by TCP and TLS (2 round trips with TLS 1.3, 3 with TLS 1.2).
        connection: Connecting = Connecting::Open;
        /// How long a connection without a call is kept for the next (keep-alive). Calls of one
        /// member to another share a connection, as with HTTP/2; with a pool, each has one to itself
        /// while it lasts. 0s sets one up for every call.
        keep_alive: Nanos = Nanos::seconds(60), in Nanos::ZERO..=Nanos::seconds(86_400);
        /// Connection pool: how many calls each of the caller's members can have open at a time, one
        /// on each connection; more wait in line for a free one. 0 sets no limit.
        pool: u32 = 0, in 0..=100_000, "connections";
        /// With a pool: how long a call waits for a free connection before it fails (no connection).
        pool_wait: Nanos = Nanos::seconds(1), in Nanos::ZERO..=Nanos::seconds(3600),
            when |it| it.pool > 0;
        /// Request classes this wire carries, separated by commas; empty for all.
        classes: String = String::new();
    }
}

crate::choices! {
    /// Where on earth a zone is: cities in which the large clouds have regions.
    pub enum Place {
        /// Nowhere in particular.
        Unset = "unset",
        /// Ashburn, Virginia.
        Virginia = "virginia",
        /// Boardman, Oregon.
        Oregon = "oregon",
        /// São Paulo.
        SaoPaulo = "sao-paulo",
        /// Dublin.
        Ireland = "ireland",
        /// Frankfurt.
        Frankfurt = "frankfurt",
        /// Cape Town.
        CapeTown = "cape-town",
        /// Mumbai.
        Mumbai = "mumbai",
        /// Delhi.
        Delhi = "delhi",
        /// Singapore.
        Singapore = "singapore",
        /// Tokyo.
        Tokyo = "tokyo",
        /// Sydney.
        Sydney = "sydney",
    }
}

crate::params! {
    /// Parameters of a zone.
    pub struct ZoneParams {
        /// Time added to each message that crosses the border, one way. Two borders of 0.25 ms are
        /// what lies between two availability zones of a region: a round trip of about 1 ms (Azure
        /// promises less than 2 ms, AWS single digits). Regions of one continent are 10 to 40 ms
        /// apart; say where they are, and it is worked out.
        distance: Nanos = Nanos::micros(250), in Nanos::ZERO..=Nanos::seconds(10);
        /// Region: where on earth it is. Messages between two zones with different places take as
        /// long as light in glass does along the great circle, 200,000 km a second, and 40 % more
        /// for the detours of real cables: 38 ms one way from Virginia to Ireland.
        place: Place = Place::Unset;
        /// Distances to certain zones, in place of what follows from borders and places.
        pairs: Vec<ZonePair> = Vec::new(), when |it| !it.pairs.is_empty();
    }
}

crate::params! {
    /// How far one zone is from another: a cell of the distance matrix, the same both ways.
    pub struct ZonePair {
        /// Id of the other zone.
        zone: String = String::new();
        /// Time that a message takes more, one way.
        one_way: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(10);
    }
}
