//! Hash modulo the number of nodes: the plain scheme that consistent hashing was invented against.
//! When n nodes become n + 1, n of n + 1 keys move.

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;

/// The number of nodes is all there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Modulo {
    hash: Hash,
    nodes: u64,
}

impl Placement for Modulo {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        Ok(Self { hash: settings.hash, nodes: nodes.len() as u64 })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        Ok((self.hash.of(key) % self.nodes) as usize)
    }
}
