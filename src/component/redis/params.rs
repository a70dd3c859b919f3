//! What a Redis with sentinels is set to.

use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::{Share, Weights};
use crate::engine::network::Connecting;

/// Whether anybody watches the primary.
pub const fn is_watched(it: &RedisParams) -> bool {
    it.sentinels > 0
}

/// Whether writes need replicas that have been heard of lately.
pub const fn needs_replicas(it: &RedisParams) -> bool {
    it.min_replicas_to_write > 0
}

crate::params! {
    /// Parameters of a Redis with sentinels.
    pub struct RedisParams {
        /// Copies that follow the primary; reads may go to them.
        replicas: u32 = 2, in 0..=5, "replicas";
        /// Sentinels: processes that watch the servers, and agree on another primary when it dies. A
        /// majority of all of them has to vote, however many are down. 0: nobody takes its place.
        sentinels: u32 = 3, in 0..=7, "sentinels";
        /// Sentinels that must find the primary down before any of them tries a failover.
        quorum: u32 = 2, in 1..=7, "sentinels", when is_watched;
        /// Silence after which a sentinel finds a server down (down-after-milliseconds; 30 s in Redis as it
        /// comes). Below 1 s, what sentinels do each second goes faster in the same measure.
        down_after: Nanos = Nanos::seconds(1), in Nanos::millis(10)..=Nanos::seconds(600), when is_watched;
        /// How long one step of a failover may take (failover-timeout; 180 s in Redis as it comes). Twice
        /// as long after one was tried, the next may be.
        failover_timeout: Nanos = Nanos::seconds(10),
            in Nanos::millis(100)..=Nanos::seconds(3_600), when is_watched;
        /// Replicas that turn to a new primary at the same time: as long as one copies all data, it
        /// answers nobody.
        parallel_syncs: u32 = 1, in 1..=5, "replicas", when is_watched;
        /// Whom sentinels promote first, server by server: the lowest number, and 0 never. 1 for those not
        /// listed (replica-priority; 100 in Redis).
        priorities: Weights = Weights::default(), when is_watched;
        /// Replicas that must have been heard of lately for the primary to take writes; with fewer it
        /// answers NOREPLICAS (min-replicas-to-write). 0 for none: a primary that is cut off goes on.
        min_replicas_to_write: u32 = 0, in 0..=5, "replicas";
        /// How long ago that may be: replicas say once a second how far they are (min-replicas-max-lag).
        min_replicas_max_lag: Nanos = Nanos::seconds(10),
            in Nanos::millis(1)..=Nanos::seconds(3_600), when needs_replicas;
        /// Silence after which a replica and its primary hold their connection for broken
        /// (repl-timeout; 60 s in Redis as it comes).
        repl_timeout: Nanos = Nanos::seconds(5), in Nanos::seconds(2)..=Nanos::seconds(3_600);
        /// Commands that every server keeps for replicas that come back: one that has missed more copies all
        /// data (repl-backlog-size; 1 MB in Redis, some 10,000 commands of 100 bytes).
        backlog: u32 = 10_000, in 1..=1_000_000, "commands";
        /// How long it takes a replica to copy all data: the snapshot, its way, and loading it.
        sync_time: Nanos = Nanos::millis(500), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Mean time of a read.
        read_work: Nanos = Nanos::micros(10), in Nanos::ZERO..=Nanos::seconds(60);
        /// Mean time of a write.
        write_work: Nanos = Nanos::micros(10), in Nanos::ZERO..=Nanos::seconds(60);
        /// How these times are distributed.
        work_shape: Shape = Shape::LogNormal;
        /// Commands a server runs at once: Redis has one thread for them.
        workers: u32 = 1, in 1..=10_000, "threads";
        /// Commands that may wait at one server; more are turned away.
        queue: u32 = 10_000, in 0..=1_000_000, "commands";
        /// The zones that the members stand in, by name, the servers first, in their order and with commas
        /// between: `Mumbai, Delhi`. Empty: all stand where this does.
        places: String = String::new();
        /// Mean time a message takes between members, one way, their zones' distance left out.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or command
        /// in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
        /// How a member connects to another before it first talks to that life of it: it is connected
        /// (open), by TCP (1 round trip), TLS 1.3 (2) or TLS 1.2 (3).
        mesh_connection: Connecting = Connecting::Open;
    }
}
