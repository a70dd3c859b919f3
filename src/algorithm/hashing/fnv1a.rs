//! FNV-1a with 64 bits: Fowler, Noll and Vo, draft-eastlake-fnv.

use std::hash::Hasher;

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
