//! Ketama: the ring of memcached's clients. 40 MD5 digests a server, four points from each, a key at
//! the first four bytes of its digest.
//!
//! Source: Jones, "libketama: a consistent hashing algorithm for memcache clients", 2007, and
//! libmemcached's `MEMCACHED_DISTRIBUTION_CONSISTENT_WEIGHTED`; weights in whole numbers as in
//! `uhashring`: a server has 40 × n × weight / sum of weights digests, rounded down.

use super::ring::Point;
use super::{Node, Placement, Settings};
use crate::algorithm::hashing::md5::digest;

/// Digests of a server of mean weight.
const DIGESTS: u64 = 40;

/// All points in the order of the circle.
#[derive(Clone, Debug, PartialEq)]
pub struct Ketama {
    points: Vec<Point>,
}

/// Four bytes of a digest, the first being the lowest.
fn part(digest: &[u8; 16], at: usize) -> u64 {
    u32::from_le_bytes(std::array::from_fn(|byte| digest[4 * at + byte])).into()
}

impl Ketama {
    /// The points in the order of the circle, which has 2^32 places.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The place of a key on it.
    pub fn position(&self, key: &[u8]) -> u64 {
        part(&digest(key), 0)
    }
}

impl Placement for Ketama {
    const WEIGHS: bool = true;

    fn build(nodes: &[Node], _: &Settings) -> Result<Self, String> {
        let sum: u64 = nodes.iter().map(|it| u64::from(it.weight)).sum();
        let mut points = Vec::new();
        for (number, node) in nodes.iter().enumerate() {
            let digests = DIGESTS * nodes.len() as u64 * u64::from(node.weight) / sum;
            for at in 0..digests {
                let digest = digest(format!("{}-{at}", node.name).as_bytes());
                let point = |four| Point { at: part(&digest, four), node: number as u32 };
                points.extend((0..4).map(point));
            }
        }
        if points.is_empty() {
            return Err("weights: they differ so much that no node has a point".into());
        }
        points.sort();
        Ok(Self { points })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let at = self.position(key);
        let next = self.points.partition_point(|it| it.at < at);
        Ok(self.points[if next == self.points.len() { 0 } else { next }].node as usize)
    }
}
