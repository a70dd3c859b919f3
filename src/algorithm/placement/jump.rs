//! Jump consistent hash: a generator seeded by the key says at which numbers of buckets the key jumps
//! to the newest one; the last jump below the number of buckets counts. Buckets are numbers: only
//! the last can go.
//!
//! Source: Lamping and Veach, "A fast, minimal memory, consistent hash algorithm", arXiv:1406.2294,
//! 2014, figure 1.

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;

/// The bucket of a key that is a number already, from 0 to `buckets` - 1. At least one bucket.
pub fn bucket(mut key: u64, buckets: u32) -> u32 {
    let (mut last, mut next) = (0u32, 0.0f64);
    while next < f64::from(buckets) {
        last = next as u32;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let draw = f64::from(1u32 << 31) / ((key >> 33) + 1) as f64;
        next = ((f64::from(last) + 1.0) * draw).floor();
    }
    last
}

/// Buckets are the nodes, in the order in which they are named.
#[derive(Clone, Debug, PartialEq)]
pub struct Jump {
    hash: Hash,
    buckets: u32,
}

impl Placement for Jump {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let hash = settings.hash;
        if hash.bits() < 64 {
            return Err(format!("hash: jump needs 64 bits, and {} has {}", hash.id(), hash.bits()));
        }
        Ok(Self { hash, buckets: nodes.len() as u32 })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        Ok(bucket(self.hash.of(key), self.buckets) as usize)
    }
}
