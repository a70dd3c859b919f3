//! A ring on which no node has more than its fair share of the keys placed so far and a bit: a key
//! goes on clockwise past nodes that are full.
//!
//! Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018:
//! capacity ceil((1 + slack) × keys / nodes), here by weight. Keys stay where they were placed; or,
//! where calls are placed, a node's load is its calls that are out (as HAProxy's `hash-balance-factor`
//! has it).

use super::ring::Ring;
use super::{Node, Placement, Settings};

/// The ring, and how many keys each node has.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounded {
    ring: Ring,
    weights: Vec<f64>,
    loads: Vec<u64>,
    slack: f64,
    placed: u64,
}

impl Bounded {
    /// The ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The node of a key when `load` tells each node's load, the key itself not yet among them.
    fn walk(&self, key: &[u8], total: u64, load: impl Fn(usize) -> u64) -> usize {
        let keys = (1.0 + self.slack) * (total + 1) as f64;
        let points = self.ring.points();
        let start = self.ring.owner(self.ring.position(key));
        let mut walk = points[start..].iter().chain(&points[..start]).map(|it| it.node as usize);
        let has_room = |it: &usize| (load(*it) as f64) < (keys * self.weights[*it]).ceil();
        // All capacities together exceed the number of keys: somebody has room.
        walk.find(has_room).unwrap_or(points[start].node as usize)
    }

    /// Keys each node has.
    pub fn loads(&self) -> &[u64] {
        &self.loads
    }
}

impl Placement for Bounded {
    const WEIGHS: bool = true;

    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let slack = settings.slack;
        if !(slack > 0.0 && slack <= 100.0) {
            return Err(format!("slack: {slack} is not above 0 and at most 100"));
        }
        let ring = Ring::build(nodes, settings)?;
        let sum: f64 = nodes.iter().map(|it| f64::from(it.weight)).sum();
        let weights = nodes.iter().map(|it| f64::from(it.weight) / sum).collect();
        Ok(Self { ring, weights, loads: vec![0; nodes.len()], slack, placed: 0 })
    }

    fn place(&mut self, key: &[u8]) -> Result<usize, String> {
        let node = self.walk(key, self.placed, |it| self.loads[it]);
        self.placed += 1;
        self.loads[node] += 1;
        Ok(node)
    }

    fn find(&self, key: &[u8], loads: &[u32]) -> Result<usize, String> {
        let load = |node: usize| loads.get(node).copied().map_or(0, u64::from);
        Ok(self.walk(key, loads.iter().copied().map(u64::from).sum(), load))
    }
}
