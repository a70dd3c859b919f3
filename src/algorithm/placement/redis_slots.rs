//! Redis Cluster: a key has one of 16,384 slots, by CRC-16 of the part in braces if it has one. Slots
//! are dealt out in one piece for each node at first; after that as few change hands as can.
//!
//! Source: Redis Cluster specification, "Key distribution model" and "Hash tags"; how slots are
//! dealt out: `redis-cli --cluster create`; how they are dealt anew: `--cluster rebalance`
//! (`redis-cli.c`, `clusterManagerCommandRebalance`).

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

/// Whose a slot is at first, among these nodes: each has one piece. Nobody's, if there are none.
pub fn owner(slot: u32, among: &[u8]) -> Option<u8> {
    let of = among.len() as u32;
    (0..).zip(among).find(|it| slot <= last(it.0, of)).map(|it| *it.1)
}

/// The same of all slots.
pub fn dealt(among: &[u8]) -> impl Iterator<Item = Option<u8>> {
    (0..SLOTS).map(|it| owner(it, among))
}

/// The last slot of a node, by its position among so many; the first begins at 0. Rounded to the
/// nearest, halves up.
fn last(node: u32, of: u32) -> u32 {
    (2 * (node + 1) * SLOTS + of) / (2 * of) - 1
}

/// Deals slots anew, as few as can be: by each slot's node, to nodes that take part or do not. Whoever
/// has more than an even share gives its first slots to whoever lacks most. A table without anybody
/// who takes part stays as it is.
pub fn rebalance(table: &[u8], takes_part: &[bool]) -> Vec<u8> {
    let mut table = table.to_vec();
    let nodes = table.iter().map(|it| usize::from(*it) + 1).fold(takes_part.len(), usize::max);
    let takes_part = |node: usize| takes_part.get(node).copied().unwrap_or(false);
    let sharing = (0..nodes).filter(|it| takes_part(*it)).count();
    if sharing == 0 {
        return table;
    }
    let even = (table.len() / sharing) as i64;
    let mut balance = vec![0i64; nodes];
    table.iter().for_each(|it| balance[usize::from(*it)] += 1);
    (0..nodes).filter(|it| takes_part(*it)).for_each(|it| balance[it] -= even);
    // What division leaves over goes to those who would have to give it, and then to the others.
    let mut over: i64 = balance.iter().sum();
    while over > 0 {
        let gives = |it: &usize| takes_part(*it) && balance[*it] > 0;
        let mut order: Vec<_> = (0..nodes).filter(gives).collect();
        order.extend((0..nodes).filter(|it| takes_part(*it) && balance[*it] <= 0));
        for node in order.into_iter().take(over as usize) {
            balance[node] -= 1;
            over -= 1;
        }
    }
    let mut order: Vec<_> = (0..nodes).collect();
    order.sort_by_key(|it| balance[*it]);
    let (mut to, mut from) = (0, nodes - 1);
    while to < from {
        let (taker, giver) = (order[to], order[from]);
        let count = (-balance[taker]).min(balance[giver]).max(0);
        let own = |it: &&mut u8| usize::from(**it) == giver;
        table.iter_mut().filter(own).take(count as usize).for_each(|it| *it = taker as u8);
        balance[taker] += count;
        balance[giver] -= count;
        if balance[taker] >= 0 {
            to += 1;
        }
        if balance[giver] <= 0 {
            from -= 1;
        }
    }
    table
}

/// Which node has which slots.
#[derive(Clone, Debug, PartialEq)]
pub struct RedisSlots {
    pieces: Vec<(u32, u32)>,
}

impl RedisSlots {
    /// Pieces in the order of their slots: the last slot, and the position of the node.
    pub fn pieces(&self) -> &[(u32, u32)] {
        &self.pieces
    }

    /// By each slot's node.
    pub fn of(table: impl Iterator<Item = u32>) -> Self {
        let mut pieces: Vec<(u32, u32)> = Vec::new();
        for (slot, node) in (0..).zip(table) {
            match pieces.last_mut() {
                Some(piece) if piece.1 == node => piece.0 = slot,
                _ => pieces.push((slot, node)),
            }
        }
        Self { pieces }
    }

    /// The position of a slot's node.
    pub fn node(&self, slot: u32) -> usize {
        let piece = self.pieces.partition_point(|it| it.0 < slot);
        self.pieces.get(piece).map_or(0, |it| it.1 as usize)
    }
}

impl Placement for RedisSlots {
    fn build(nodes: &[Node], _: &Settings) -> Result<Self, String> {
        let count = nodes.len() as u32;
        if count > SLOTS {
            return Err(format!("nodes: {count} are too many for {SLOTS} slots"));
        }
        Ok(Self { pieces: (0..count).map(|node| (last(node, count), node)).collect() })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        Ok(self.node(slot(key)))
    }
}
