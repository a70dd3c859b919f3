//! A ring on which no node has more than its fair share of the keys placed so far and a bit: a key
//! goes on clockwise past nodes that are full.
//!
//! Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018:
//! capacity ceil((1 + slack) × keys / nodes), here by weight. Keys stay where they were placed.

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
        self.placed += 1;
        let keys = (1.0 + self.slack) * self.placed as f64;
        let points = self.ring.points();
        let start = self.ring.owner(self.ring.position(key));
        let walk = points[start..].iter().chain(&points[..start]).map(|it| it.node as usize);
        let has_room = |it: &usize| (self.loads[*it] as f64) < (keys * self.weights[*it]).ceil();
        // All capacities together exceed the number of keys: somebody has room.
        let node = walk.clone().find(has_room).unwrap_or(points[start].node as usize);
        self.loads[node] += 1;
        Ok(node)
    }
}
