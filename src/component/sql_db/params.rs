//! What a relational database is set to.

use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::{Rate, Share};
use crate::engine::network::Connecting;

crate::choices! {
    /// When a write is acknowledged.
    pub enum Replication {
        /// Once the primary has it.
        Async = "async",
        /// Once so many replicas have received it, too.
        SemiSync = "semi-sync",
        /// Once every replica has applied it.
        Sync = "sync",
    }
}

crate::choices! {
    /// What the log carries to replicas.
    pub enum Carries {
        /// What the primary changed; they apply it.
        Changes = "changes",
        /// The operations; they execute them, too.
        Operations = "operations",
    }
}

crate::choices! {
    /// Who hands the log on to whom.
    pub enum Topology {
        /// The primary to all.
        Star = "star",
        /// The primary to the first replica, each replica to the next.
        Cascade = "cascade",
    }
}

crate::choices! {
    /// Who takes a dead primary's place.
    pub enum Failover {
        /// Nobody.
        None = "none",
        /// A replica that people promote.
        Manual = "manual",
        /// A replica that has heard nothing of it for too long.
        Automatic = "automatic",
        /// The same, if a majority of all members votes for it.
        Majority = "majority",
    }
}

crate::choices! {
    /// How ready replicas stand by.
    pub enum Standby {
        /// In step: they apply the log as it comes, and answer reads.
        Hot = "hot",
        /// They apply the log as it comes, but are closed to everybody until one is promoted.
        Warm = "warm",
        /// Off, with the latest backup beside them.
        Cold = "cold",
    }
}

crate::choices! {
    /// When silence is too long.
    pub enum Detector {
        /// After a fixed time.
        Fixed = "fixed",
        /// Once it is too unlikely, by how regular signs of life were so far (phi accrual).
        Phi = "phi-accrual",
    }
}

crate::choices! {
    /// How clients find a new primary.
    pub enum Switching {
        /// They know all members.
        Members = "members",
        /// They know one address, which the new primary takes over.
        Address = "virtual-address",
        /// They know a name, and keep the answer.
        Dns = "dns",
    }
}

/// Whether clients do not know all members.
pub const fn by_address(it: &SqlDbParams) -> bool {
    fails_over(it) && !matches!(it.switch, Switching::Members)
}

/// Whether a dead primary is replaced.
pub const fn fails_over(it: &SqlDbParams) -> bool {
    !matches!(it.failover, Failover::None)
}

/// How many replicas writes wait for, if not for all.
pub const fn waits_for(it: &SqlDbParams) -> u32 {
    if matches!(it.replication, Replication::Async) { 0 } else { it.synchronous }
}

/// Whether replicas stand by closed.
pub const fn is_warm(it: &SqlDbParams) -> bool {
    fails_over(it) && matches!(it.standby, Standby::Warm)
}

/// Whether they are off, and have backups only.
pub const fn is_cold(it: &SqlDbParams) -> bool {
    fails_over(it) && matches!(it.standby, Standby::Cold)
}

/// Whether replicas hand the log on.
pub const fn cascades(it: &SqlDbParams) -> bool {
    matches!(it.topology, Topology::Cascade)
}

/// Whether it is without people.
pub const fn by_itself(it: &SqlDbParams) -> bool {
    matches!(it.failover, Failover::Automatic | Failover::Majority)
}

crate::params! {
    /// Parameters of a relational database.
    pub struct SqlDbParams {
        /// Copies that follow the primary; reads may go to them.
        replicas: u32 = 2, in 0..=15, "replicas";
        /// When a write is acknowledged: at once (async), when some replicas have received it
        /// (semi-sync), or when all have applied it (sync; one that is down stops all writes).
        replication: Replication = Replication::Async;
        /// With semi-sync: replicas that must have received a write.
        acks: u32 = 1, in 1..=15, "replicas";
        /// Replicas that writes wait for: the first so many, as with FIRST in PostgreSQL's
        /// synchronous_standby_names; the others follow asynchronously. 0 for all. Where replicas take
        /// over by themselves, one that has not been heard for as long as they wait is passed over for the
        /// next, and those that writes do not wait for wait twice as long before they want to lead.
        synchronous: u32 = 0, in 0..=15, "replicas",
            when |it| !matches!(it.replication, Replication::Async);
        /// With semi-sync: how long a write waits for them before the primary goes on alone, until
        /// they have caught up; 0s waits for ever.
        ack_timeout: Nanos = Nanos::seconds(10), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Who hands the log on: the primary to every replica (star), or to the first, which hands it
        /// on to the next, and so on (cascade). In a cascade the primary hears of the first replica
        /// only: an acknowledgement, semi-sync or sync, says nothing of those behind it.
        topology: Topology = Topology::Star;
        /// Queries one member runs at once.
        workers: u32 = 16, in 1..=10_000, "connections";
        /// Queries that may wait at one member; more are turned away.
        queue: u32 = 512, in 0..=1_000_000, "queries";
        /// Mean time of a read.
        read_work: Nanos = Nanos::millis(4), in Nanos::ZERO..=Nanos::seconds(60);
        /// Mean time of a write, the flush of the log included.
        write_work: Nanos = Nanos::millis(8), in Nanos::ZERO..=Nanos::seconds(60);
        /// Idempotency keys: how long a write and its answer are remembered, so that the same write
        /// once more, since its caller tries again, is answered as before and not applied twice. By
        /// the primary's own clock; 0s for no keys.
        idempotency: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(86_400);
        /// Idempotency keys remembered at most; then the oldest go first.
        idempotency_keys: u32 = 100_000, in 1..=1_000_000, "keys";
        /// How these times are distributed.
        work_shape: Shape = Shape::LogNormal;
        /// Time a replica takes to apply one entry of the log; entries are applied one by one.
        apply_work: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10),
            when |it| matches!(it.log_carries, Carries::Changes);
        /// What the log carries to replicas: what the primary changed, and they apply it (passive, or
        /// primary–backup, replication); or the operations, and each executes every write as the primary
        /// did, one after the other (active, or state-machine, replication; MySQL's statement-based log).
        log_carries: Carries = Carries::Changes;
        /// Entries that the last replica applies a second, where it is slower than the others; 0/s
        /// for as fast as they.
        last_applies: Rate = Rate(0.0), in 0.0..=1_000_000.0;
        /// Delayed replica: the last one applies an entry only so long after it was committed, so
        /// that a mistake can still be found there as it was before; 0s for no delay.
        last_delay: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(3_600);
        /// With async: how long the primary gathers entries before it sends them, as PostgreSQL does
        /// that flushes its log every 200 ms (synchronous_commit off); 0s sends each at once.
        ship_every: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60),
            when |it| matches!(it.replication, Replication::Async);
        /// A replica that knows itself to be further behind than this sends readers on to the
        /// primary (bounded staleness); 0s for no bound.
        max_staleness: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Who takes a dead primary's place: nobody, a replica that people promote, one that has
        /// heard nothing of the primary for too long, or the same if a majority votes for it.
        failover: Failover = Failover::None;
        /// How ready replicas stand by: in step and answering reads (hot); in step, but closed to
        /// everybody until one is promoted (warm); or off, with the latest backup beside them (cold).
        /// Hot and warm, all machines run and cost; cold, the primary's only.
        standby: Standby = Standby::Hot, when fails_over;
        /// How long it takes to open a warm standby once it is promoted.
        warm_start: Nanos = Nanos::seconds(30), in Nanos::ZERO..=Nanos::seconds(3_600), when is_warm;
        /// How long it takes, once it is promoted, until a cold standby runs: the machine, the system,
        /// the database and its backup.
        cold_start: Nanos = Nanos::seconds(300), in Nanos::ZERO..=Nanos::seconds(14_400), when is_cold;
        /// How often the primary is backed up, for standbys that are off. What was written since the
        /// last backup is lost with the primary.
        backup_every: Nanos = Nanos::seconds(900),
            in Nanos::millis(100)..=Nanos::seconds(86_400), when is_cold;
        /// Whether a member that has led stops taking writes as soon as it cannot know any more
        /// that it leads: it asks the others when it comes back, steps down when it hears of a later
        /// primary, and, where replicas take over by themselves, stops once it has not heard from a
        /// majority for as long as they wait. Without it, two may lead (split brain).
        fencing: bool = true, when fails_over;
        /// How often the primary says that it lives.
        heartbeat: Nanos = Nanos::millis(100), in Nanos::millis(1)..=Nanos::seconds(60), when by_itself;
        /// When silence is too long: after a fixed time, or once it is too unlikely (phi accrual).
        detector: Detector = Detector::Fixed, when by_itself;
        /// Silence after which a replica wants to take over. A primary that is fenced stops when no
        /// majority has answered it for as long; with phi accrual, for two heartbeats.
        patience: Nanos = Nanos::seconds(1), in Nanos::millis(2)..=Nanos::seconds(600), when by_itself;
        /// With phi accrual: the suspicion at which a replica wants to take over. At 8, one silence in
        /// 100 million is taken for a death, if signs of life are as regular as they were.
        phi: f64 = 8.0, in 0.5..=16.0, "", when |it| by_itself(it) && matches!(it.detector, Detector::Phi);
        /// How clients find a new primary: they know all members, ask the next when one fails, and are
        /// told who leads; by a virtual address that the new primary takes over; or by a DNS record,
        /// whose answer each keeps until it expires, and asks whoever that was.
        switch: Switching = Switching::Members, when fails_over;
        /// How long it takes until the network has heard who has the address now (gratuitous ARP), or
        /// the name servers have the changed record.
        switch_time: Nanos = Nanos::millis(100), in Nanos::ZERO..=Nanos::seconds(3_600), when by_address;
        /// For how long a client keeps the answer of the DNS (time to live).
        dns_ttl: Nanos = Nanos::seconds(30), in Nanos::ZERO..=Nanos::seconds(86_400),
            when |it| fails_over(it) && matches!(it.switch, Switching::Dns);
        /// Target: how long writes may fail after the primary has died (recovery time objective).
        rto: Nanos = Nanos::seconds(30), in Nanos::ZERO..=Nanos::seconds(86_400), when fails_over;
        /// Target: acknowledged writes that may be lost (recovery point objective).
        rpo: u32 = 0, in 0..=1_000_000_000, "writes", when fails_over;
        /// The zones that the members stand in, by name, in their order and with commas between:
        /// `Mumbai, Delhi`. Empty: all stand where this does.
        places: String = String::new();
        /// Mean time a message takes between members, one way, their zones' distance left out.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or log
        /// entry in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
        /// How a member connects to another before it first talks to that life of it: it is connected
        /// (open), by TCP (1 round trip), TLS 1.3 (2) or TLS 1.2 (3).
        mesh_connection: Connecting = Connecting::Open;
    }
}
