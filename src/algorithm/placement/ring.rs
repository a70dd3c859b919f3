//! Consistent hashing: nodes own points on a circle, and a key belongs to the next point clockwise.
//! A node that comes or goes moves only keys that it gains or loses.
//!
//! Source: Karger, Lehman, Leighton, Panigrahy, Levine and Lewin, "Consistent hashing and random
//! trees", STOC 1997. A node of weight w has w times the points.

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;

/// Points of all nodes together, at most.
const POINTS_MAX: u64 = 20_000_000;

/// One point of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Its place on the circle.
    pub at: u64,
    /// The number of its node.
    pub node: u32,
}

/// All points in the order of the circle, from zero on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    hash: Hash,
    points: Vec<Point>,
}

impl Ring {
    /// The points in the order of the circle.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// How many bits a place on the circle has.
    pub fn bits(&self) -> u32 {
        self.hash.bits()
    }

    /// The place of a key on the circle.
    pub fn position(&self, key: &[u8]) -> u64 {
        self.hash.of(key)
    }

    /// The index of the point that owns a place: the first at or after it, or the first of all.
    pub fn owner(&self, position: u64) -> usize {
        let next = self.points.partition_point(|it| it.at < position);
        if next == self.points.len() { 0 } else { next }
    }

    /// The share of the circle that each node owns; they sum to 1.
    pub fn shares(&self, nodes: usize) -> Vec<f64> {
        let mut shares = vec![0.0; nodes];
        let whole = libm::ldexp(1.0, self.hash.bits() as i32);
        let before = self.points.last().map_or(0.0, |it| it.at as f64 - whole);
        let mut before = before;
        for point in &self.points {
            shares[point.node as usize] += (point.at as f64 - before) / whole;
            before = point.at as f64;
        }
        shares
    }
}

/// The text whose hash is a node's point. With Java's function without a dash, as in the sample that
/// shows what is wrong with it.
fn label(hash: Hash, name: &str, replica: u64) -> String {
    match hash {
        Hash::Java => format!("{name}{replica}"),
        _ => format!("{name}-{replica}"),
    }
}

impl Placement for Ring {
    const WEIGHS: bool = true;

    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let (hash, vnodes) = (settings.hash, u64::from(settings.vnodes));
        let count: u64 = nodes.iter().map(|it| vnodes * u64::from(it.weight)).sum();
        if vnodes == 0 || count > POINTS_MAX {
            return Err(format!("vnodes: {count} points in all; from 1 a node to {POINTS_MAX}"));
        }
        let mut points = Vec::with_capacity(count as usize);
        for (number, node) in nodes.iter().enumerate() {
            for replica in 0..vnodes * u64::from(node.weight) {
                let at = hash.of(label(hash, &node.name, replica).as_bytes());
                points.push(Point { at, node: number as u32 });
            }
        }
        // Points at the same place go by name, so that the order of nodes does not matter.
        points.sort_by(|one, other| {
            let name = |it: &Point| &nodes[it.node as usize].name;
            one.at.cmp(&other.at).then_with(|| name(one).cmp(name(other)))
        });
        Ok(Self { hash, points })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        Ok(self.points[self.owner(self.position(key))].node as usize)
    }
}
