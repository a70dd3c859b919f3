//! Hash of the key, modulo the number of available members.
//!
//! The plain scheme that consistent hashing was invented against: when one member of n leaves,
//! about (n - 1) of n keys change their member.

use serde::{Deserialize, Serialize};

use super::{Balancing, Candidate};

/// No memory: the key decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyHash;

impl Balancing for KeyHash {
    fn choose(&mut self, candidates: &[Candidate], key: u32, _draw: u64) -> Option<usize> {
        let at = (mix(key) as usize).checked_rem(candidates.len())?;
        Some(candidates[at].index)
    }

    fn fold(&self, _feed: &mut impl FnMut(u64)) {}
}

/// The finalizer of MurmurHash3 (Appleby, 2011, `fmix32`). Interned keys are dense, and without it
/// they would be dealt out like cards.
pub(crate) fn mix(key: u32) -> u32 {
    let mut mixed = key;
    mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x85eb_ca6b);
    mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
    mixed ^ (mixed >> 16)
}
