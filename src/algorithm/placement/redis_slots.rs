//! Redis Cluster: a key has one of 16,384 slots, by CRC-16 of the part in braces if it has one, and
//! each node has slots in one piece.
//!
//! Source: Redis Cluster specification, "Key distribution model" and "Hash tags"; how slots are
//! dealt out: `redis-cli --cluster create`.

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;

/// Slots of a cluster.
pub const SLOTS: u32 = 16_384;

/// The slot of a key.
pub fn slot(key: &[u8]) -> u32 {
    Hash::Crc16.of(tag(key)) as u32 % SLOTS
}

/// What is hashed: between the first brace and the next closing one, unless that is nothing.
fn tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|it| *it == b'{') else { return key };
    let after = &key[open + 1..];
    match after.iter().position(|it| *it == b'}') {
        None | Some(0) => key,
        Some(close) => &after[..close],
    }
}

/// The position of a slot's node among so many.
pub fn owner(slot: u32, nodes: usize) -> usize {
    (0..nodes as u32).position(|node| slot <= last(node, nodes as u32)).unwrap_or(0)
}

/// The last slot of a node, by its position among so many; the first begins at 0. Rounded to the
/// nearest, halves up.
fn last(node: u32, of: u32) -> u32 {
    (2 * (node + 1) * SLOTS + of) / (2 * of) - 1
}

/// The last slot of each node.
#[derive(Clone, Debug, PartialEq)]
pub struct RedisSlots {
    last: Vec<u32>,
}

impl RedisSlots {
    /// The last slot of each node; the first node begins at slot 0.
    pub fn last_slots(&self) -> &[u32] {
        &self.last
    }
}

impl Placement for RedisSlots {
    fn build(nodes: &[Node], _: &Settings) -> Result<Self, String> {
        let count = nodes.len() as u32;
        if count > SLOTS {
            return Err(format!("nodes: {count} are too many for {SLOTS} slots"));
        }
        Ok(Self { last: (0..count).map(|node| last(node, count)).collect() })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let slot = slot(key);
        Ok(self.last.partition_point(|last| *last < slot))
    }
}
