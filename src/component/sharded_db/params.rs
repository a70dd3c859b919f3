//! What of a sharded database can be set.

use crate::algorithm::placement::Scheme;
use crate::algorithm::placement::pieces::Pieces;
use crate::base::text;
use crate::base::time::Nanos;
use crate::base::unit::{Share, Weights};
use crate::engine::network::Connecting;

use super::deals::CrossCommit;
use super::group::Copying;
use super::index::Indexing;
use super::partitions::Partitioning;
use super::query::KEYS_MAX;
use super::Sharding;

const fn is_range(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Range)
}

const fn is_directory(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Directory)
}

const fn is_geographic(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Geographic)
}

const fn asks(it: &ShardedDbParams) -> bool {
    is_directory(it) && !matches!(it.lookup, Lookup::Known)
}

const fn splits(it: &ShardedDbParams) -> bool {
    is_range(it) && it.auto_split
}

const fn has_replicas(it: &ShardedDbParams) -> bool {
    it.replicas > 0
}

const fn has_points(it: &ShardedDbParams) -> bool {
    matches!(it.scheme.0, Scheme::Ring | Scheme::Directory)
}

crate::choices! {
    /// How callers learn where a key is, if a directory says so.
    pub enum Lookup {
        /// They know its table.
        Known = "known",
        /// They ask it before every request.
        Each = "each",
        /// They ask it, and remember what it said until that proves wrong.
        Cached = "cached",
    }
}

crate::params! {
    /// Parameters of a sharded database.
    pub struct ShardedDbParams {
        /// Shards, called A, B, C and so on; ranges may name more. One that is taken away takes its
        /// rows with it: first give its keys to others.
        shards: u32 = 3, in 1..=26, "shards";
        /// Replicas of each shard: with two, A is A1, A2 and A3, and the shard survives the loss of one of
        /// them; with one, nobody is a majority without the other. Changed while it runs, the database
        /// begins anew.
        replicas: u32 = 0, in 0..=4, "replicas";
        /// When a write is acknowledged: as soon as the primary of its shard has it (async), or as soon as a
        /// majority of the shard's members has it. What shards say to each other always waits for a majority.
        replication: Copying = Copying::Async, when has_replicas;
        /// How long a primary may be silent before another member of its shard takes over, and may hear no
        /// majority before it steps down.
        failover_after: Nanos = Nanos::seconds(2), in Nanos::millis(20)..=Nanos::seconds(600), when has_replicas;
        /// How rows find their shard, by the number of their key: neighbours together (range), by a
        /// hash (modulo, ring, rendezvous, jump), by a table (directory), by groups of them (list), or by where
        /// they belong (geographic).
        scheme: Sharding = Sharding(Scheme::Range);
        /// Pieces of the key space: the first key of each and its shard, as in
        /// `0=A, 10000=B, 20000=C`. Empty: equal pieces.
        ranges: String = String::new(), when is_range;
        /// Whether a shard that is asked for much more than the others splits its range by itself, and gives half
        /// of what it is asked for to the one with least to do; cold neighbours merge.
        auto_split: bool = false, when is_range;
        /// What a shard may be asked for, as many times the mean of all, before its range is split.
        split_above: f64 = 1.5, in 1.1..=10.0, "times the mean", when splits;
        /// Groups that keys belong to, such as countries or categories, and the shard of each, as in
        /// `eu=A, us=B, asia=C`: which one a key belongs to follows from a hash of it.
        groups: String = "eu=A, us=B, asia=C".into(), when |it| matches!(it.scheme.0, Scheme::List);
        /// Places that keys belong to, as latitude and longitude in degrees, with commas between: which one a
        /// key belongs to follows from a hash of it. Repeated, a place has more keys.
        homes: String = "52.5:13.4, 40.7:-74.0, 19.1:72.9".into(), when is_geographic;
        /// Where each shard stands: keys go to the nearest.
        sites: String = "A=50.1:8.7, B=39.0:-77.5, C=1.35:103.8".into(), when is_geographic;
        /// Keys with a place of their own, as in `77=C, 78=A`; the rest lies on a ring.
        directory: String = String::new(), when is_directory;
        /// How callers learn where a key is: they know the table (known); they ask a directory, a member of its own,
        /// before every request (each); or they remember what it said until that proves wrong (cached).
        lookup: Lookup = Lookup::Known, when is_directory;
        /// Mean time the directory takes to look one key up.
        lookup_work: Nanos = Nanos::millis(1), in Nanos::micros(1)..=Nanos::seconds(60), when asks;
        /// Points on the ring for each shard of weight 1 (virtual nodes).
        vnodes: u32 = 200, in 1..=1_000, "points", when has_points;
        /// Share of the keys of each shard, relative to the others, A first; 0 takes a shard out: its
        /// rows move to the others. Modulo and jump know only 0 and the rest.
        weights: Weights = Weights::default(), when |it| !is_range(it);
        /// Rows it holds, with keys from 0 on; requests for others fail.
        keys: u32 = 10_000, in 1..=200_000, "rows";
        /// Mean time to serve one request.
        work: Nanos = Nanos::millis(10), in Nanos::micros(1)..=Nanos::seconds(60);
        /// Requests one shard works at at once: with the time for each, its capacity.
        workers: u32 = 9, in 1..=10_000, "workers";
        /// Requests that may wait at one shard; more are turned away.
        queue: u32 = 500, in 0..=1_000_000, "requests";
        /// Classes of requests that ask for neighbouring keys, from theirs on, with commas between:
        /// every shard that has some of them works at it, and the answer waits for the slowest.
        range_classes: String = String::new();
        /// How many keys such a request asks for.
        range_keys: u32 = 100, in 1..=KEYS_MAX, "keys", when |it| !it.range_classes.is_empty();
        /// Classes of requests that ask for rows by another attribute, of one value, with commas between.
        attribute_classes: String = String::new();
        /// What that attribute is called. Names of its values may follow, as in `region = north | south`.
        attribute: String = "city".into(), when |it| !it.attribute_classes.is_empty();
        /// How many values it has; each is that of about as many rows.
        attribute_values: u32 = 1_000, in 1..=100_000, "values", when |it| !it.attribute_classes.is_empty();
        /// How rows are found by it: each shard reads all its rows (none), looks into an index of its own
        /// rows (local), or one shard knows all rows of a value (global).
        index: Indexing = Indexing::None, when |it| !it.attribute_classes.is_empty();
        /// Share of the writes that change it.
        attribute_writes: Share = Share(0.2), when |it| !it.attribute_classes.is_empty();
        /// How the table of each shard is divided: not at all, by ranges of keys, by lists of the other
        /// attribute's values, by a hash of the key. A query reads only partitions that can have its rows.
        partitioning: Partitioning = Partitioning::None;
        /// Partitions of each shard's table; each that a query reads is a piece of work.
        partitions: u32 = 4, in 2..=16, "partitions", when |it| it.partitioning != Partitioning::None;
        /// What the partitions are called, the first one first, as in `January | February`; the others go by
        /// what lies in them.
        partition_names: String = String::new(), when |it| it.partitioning != Partitioning::None;
        /// Rows that are read in one piece of work where there is no index.
        scan_rows: u32 = 1_000, in 10..=1_000_000, "rows", when |it| !it.attribute_classes.is_empty() && it.index == Indexing::None;
        /// Share of the writes that change a row of another shard too: a unit goes from one to the other.
        cross_writes: Share = Share(0.0);
        /// How two shards write together: by two-phase commit; by one whose coordinator does not write
        /// its decision down (unlogged); or each for itself.
        cross_commit: CrossCommit = CrossCommit::TwoPhase, when |it| it.cross_writes.0 > 0.0;
        /// Rows that a shard copies to another in a second, when the map has changed.
        copy_rate: u32 = 2_000, in 20..=1_000_000, "rows/s";
        /// Mean time a message takes between shards, one way.
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

impl ShardedDbParams {
    /// Requests a second that one shard can serve.
    pub fn capacity(&self) -> f64 {
        f64::from(self.workers) / self.work.as_seconds()
    }

    /// Whether its ranges change by themselves.
    pub fn splits(&self) -> bool {
        splits(self)
    }

    /// Shards, with those that only ranges name.
    pub fn holders(&self) -> u32 {
        self.shards.max(self.named())
    }

    /// The same, and the directory as the last, if there is one to ask: a shard without rows.
    pub fn nodes(&self) -> u32 {
        self.holders() + u32::from(asks(self))
    }

    /// The ordinal of the directory, if there is one to ask.
    pub fn directory_at(&self) -> Option<u16> {
        asks(self).then(|| self.holders() as u16)
    }

    /// Members of each shard.
    pub fn copies(&self) -> u16 {
        self.replicas as u16 + 1
    }

    /// The pieces of the key space as they are set; an error says what is wrong.
    pub fn pieces(&self) -> Result<Pieces, String> {
        let names = || (0..self.shards as u16).map(text::letter).collect::<Vec<_>>();
        match self.ranges.trim() {
            "" => Ok(Pieces::even(self.keys.into(), &names())),
            text => Pieces::parse(text),
        }
    }

    /// The highest ordinal that ranges name, plus one: they may name shards that the number leaves
    /// out, so that one edit both adds a shard and gives it keys.
    fn named(&self) -> u32 {
        let named = self.ranges.split([',', '=']).map(str::trim);
        let named = named.filter_map(|it| match it.as_bytes() {
            [letter @ b'A'..=b'Z'] => Some(u32::from(letter - b'A') + 1),
            _ => None,
        });
        named.max().unwrap_or(0)
    }
}
