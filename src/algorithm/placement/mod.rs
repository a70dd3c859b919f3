//! Which node a key belongs to.
//!
//! A scheme is built from nodes and settings and then says the node of each key. Adding a scheme: one
//! file with a type that builds itself and places keys, and one line in `schemes!`.

#[cfg(test)]
mod catalogue_tests;
pub mod chord;
pub mod pieces;
pub mod pruning;
pub mod rebalance;
#[cfg(test)]
mod tests;

use super::hashing::Hash;

/// A node as a scheme knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, different from all others.
    pub name: String,
    /// Its share compared to the others; 1 unless set.
    pub weight: u32,
}

/// What schemes can be told. Each uses what it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The hash function of keys and nodes.
    pub hash: Hash,
    /// Points on a ring for each node of weight 1.
    pub vnodes: u32,
    /// Rows of Maglev's table: a prime.
    pub table: u32,
    /// How far above the mean a node's load may go with bounded loads: 0.25 is a quarter.
    pub slack: f64,
    /// With `range`: the first key of each node but the first.
    pub splits: Vec<String>,
    /// With `list`: groups and their nodes; with `directory`: keys and theirs; with `range`: the first
    /// key of each piece and its node, in place of `splits`.
    pub rows: Vec<(String, String)>,
    /// With `geographic`: degrees of latitude and longitude of each node.
    pub sites: Vec<(f64, f64)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hash: Hash::XxHash64,
            vnodes: 200,
            table: 65_537,
            slack: 0.25,
            splits: Vec::new(),
            rows: Vec::new(),
            sites: Vec::new(),
        }
    }
}

/// The duties of a scheme. Errors name the setting first.
pub(crate) trait Placement: Sized {
    /// Whether the weight of a node makes a difference.
    const WEIGHS: bool = false;

    /// The scheme at work on these nodes, of which there is at least one.
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String>;

    /// The number of the node that a key belongs to. Schemes that go by load take these loads of
    /// the nodes, by number.
    fn find(&self, key: &[u8], loads: &[u32]) -> Result<usize, String>;

    /// The same; schemes that go by load count the keys that they have placed so far.
    fn place(&mut self, key: &[u8]) -> Result<usize, String> {
        self.find(key, &[])
    }
}

/// One line per scheme: module and type, id, name, help.
macro_rules! schemes {
    ($( $module:ident :: $member:ident, $id:literal, $label:literal, $help:literal; )*) => {
        choice! {
            /// How keys find their nodes, as chosen in settings.
            Scheme: $( $module::$member, $id, $label, $help; )*
        }

        /// A scheme at work.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Placed {
            $(
                #[doc = $help]
                $member($module::$member),
            )*
        }

        impl Scheme {
            /// Builds the scheme for these nodes. Errors name the setting that is wrong.
            pub fn build(self, nodes: &[Node], settings: &Settings) -> Result<Placed, String> {
                check(self, self.weighs(), nodes)?;
                match self {
                    $( Scheme::$member => {
                        Placement::build(nodes, settings).map(Placed::$member)
                    } )*
                }
            }
        }

        impl Scheme {
            /// Whether the weight of a node makes a difference.
            pub fn weighs(self) -> bool {
                match self { $( Scheme::$member => <$module::$member as Placement>::WEIGHS, )* }
            }
        }

        impl Placed {
            /// The number of the node that a key belongs to. Bounded loads count the key.
            pub fn place(&mut self, key: &[u8]) -> Result<usize, String> {
                match self { $( Placed::$member(it) => it.place(key), )* }
            }

            /// The same where the loads of the nodes are known, by number: bounded loads go by
            /// these, and count nothing.
            pub fn find(&self, key: &[u8], loads: &[u32]) -> Result<usize, String> {
                match self { $( Placed::$member(it) => it.find(key, loads), )* }
            }
        }
    };
}

schemes! {
    modulo::Modulo, "modulo", "Modulo", "Hash modulo the number of nodes: another number moves most keys.";
    ring::Ring, "ring", "Hash ring", "The next point clockwise on a circle owns the key.";
    ketama::Ketama, "ketama", "Ketama", "The ring of memcached's clients: MD5, 160 points a server.";
    rendezvous::Rendezvous, "rendezvous", "Rendezvous", "Every node bids for the key; the highest hash wins.";
    jump::Jump, "jump", "Jump consistent hash", "A few steps of arithmetic and no table; nodes come and go at the end.";
    maglev::Maglev, "maglev", "Maglev", "A table that nodes fill in turns, each in an order of its own.";
    bounded::Bounded, "bounded-loads", "Ring with bounded loads", "A key passes by nodes that have their fair share and a bit.";
    redis_slots::RedisSlots, "redis-slots", "Redis Cluster slots", "16,384 slots, dealt out to nodes in one piece each.";
    range::Range, "range", "Range", "Neighbouring keys stay together.";
    list::List, "list", "List", "The group before the first colon has its node.";
    directory::Directory, "directory", "Directory", "A table says the node of each key; the rest goes by hash.";
    geographic::Geographic, "geographic", "Geographic", "The nearest site.";
}

impl Scheme {
    /// Whether a key's node follows from hashes alone: no table says which keys are whose.
    pub fn is_by_hash(self) -> bool {
        (self as usize) < Self::BY_HASH.len()
    }

    /// The ids of those of which that is so: the first ones.
    pub const BY_HASH: &'static [&'static str] = Self::IDS.split_at(Self::Range as usize).0;

    /// Whether its keys and nodes lie on a circle.
    pub fn is_ring(self) -> bool {
        matches!(self, Self::Ring | Self::Ketama | Self::Bounded)
    }
}

impl Placed {
    /// The points of the nodes in the order of a circle, and how many bits a place on it has; none
    /// if the scheme has no circle.
    pub fn points(&self) -> Option<(&[ring::Point], u32)> {
        match self {
            Self::Ring(it) => Some((it.points(), it.bits())),
            Self::Bounded(it) => Some((it.ring().points(), it.ring().bits())),
            Self::Ketama(it) => Some((it.points(), 32)),
            _ => None,
        }
    }

    /// The place of a key on that circle.
    pub fn position(&self, key: &[u8]) -> Option<u64> {
        match self {
            Self::Ring(it) => Some(it.position(key)),
            Self::Bounded(it) => Some(it.ring().position(key)),
            Self::Ketama(it) => Some(it.position(key)),
            _ => None,
        }
    }

    /// The nodes clockwise from a key, each once and at most so many: whose it is, and then those whose
    /// it is once the ones before them are gone (the preference list of DeCandia et al., "Dynamo:
    /// Amazon's highly available key-value store", SOSP 2007, section 4.3). None if the scheme has no
    /// circle. Bounded loads are left out of account.
    pub fn preference(&self, key: &[u8], most: usize) -> Option<Vec<usize>> {
        let ((points, _), at) = (self.points()?, self.position(key)?);
        let (before, after) = points.split_at(points.partition_point(|it| it.at < at));
        let mut nodes = Vec::with_capacity(most);
        for point in after.iter().chain(before) {
            if nodes.len() == most {
                break;
            }
            let node = point.node as usize;
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        Some(nodes)
    }
}

fn check(scheme: Scheme, weighs: bool, nodes: &[Node]) -> Result<(), String> {
    if nodes.is_empty() {
        return Err("nodes: there must be at least one".into());
    }
    for (at, node) in nodes.iter().enumerate() {
        if node.name.is_empty() {
            return Err(format!("nodes: number {} has no name", at + 1));
        }
        if nodes[..at].iter().any(|it| it.name == node.name) {
            return Err(format!("nodes: {:?} is there twice", node.name));
        }
        if node.weight == 0 || node.weight > 10_000 {
            return Err(format!("weights: {} has {}; from 1 to 10000", node.name, node.weight));
        }
        if !weighs && node.weight != 1 {
            return Err(format!("weights: scheme {} knows no weights", scheme.id()));
        }
    }
    Ok(())
}

/// The number of a node of this name.
fn find(nodes: &[Node], setting: &str, name: &str) -> Result<usize, String> {
    let found = nodes.iter().position(|it| it.name == name);
    found.ok_or_else(|| format!("{setting}: there is no node {name:?}"))
}
