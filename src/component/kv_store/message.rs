//! What members of a key–value store say to each other.

use std::sync::Arc;

use crate::algorithm::replication::version_vector::VersionVector;
use crate::base::stable::{StableHash, StableHasher};

use super::Written;

/// Between members.
#[derive(Clone, Debug)]
pub enum KvStoreMessage {
    /// What do you have of this key? Round, key.
    Ask(u32, u32),
    /// This. Round, copies.
    Have(u32, Arc<[Written]>),
    /// Keep this. Round (0 for none), key, the version that asks for it, copies.
    Store(u32, u32, u32, Arc<[Written]>),
    /// Kept. Round, key, version.
    Stored(u32, u32, u32),
    /// Keep this for a home of it that does not answer. Round, the home, key, version, copies.
    Hold(u32, u16, u32, u32, Arc<[Written]>),
    /// Kept for it. Round, the home, key, version.
    Held(u32, u16, u32, u32),
    /// I have these hashes. Level of the tree, places and hashes.
    Compare(u32, Arc<[(u32, u64)]>),
    /// Send me what you hold in this part of the keys.
    Want(u32),
    /// This is what I hold of a key in a part that differs. Key, version, copies.
    Bring(u32, u32, Arc<[Written]>),
    /// All members have these writes of a key, and their causes.
    Everywhere(u32, Arc<VersionVector>),
}

impl StableHash for KvStoreMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Ask(round, key) => ((0u8, *round), *key).stable_hash(h),
            Self::Have(round, copies) => {
                (1u8, *round).stable_hash(h);
                copies.stable_hash(h);
            }
            Self::Store(round, key, version, copies) => {
                ((2u8, *round), (*key, *version)).stable_hash(h);
                copies.stable_hash(h);
            }
            Self::Stored(round, key, version) => ((3u8, *round), (*key, *version)).stable_hash(h),
            Self::Compare(level, nodes) => {
                (4u8, *level).stable_hash(h);
                nodes.stable_hash(h);
            }
            Self::Want(part) => (5u8, *part).stable_hash(h),
            Self::Hold(round, home, key, version, copies) => {
                ((6u8, *round), (*home, (*key, *version))).stable_hash(h);
                copies.stable_hash(h);
            }
            Self::Held(round, home, key, version) => {
                ((7u8, *round), (*home, (*key, *version))).stable_hash(h);
            }
            Self::Bring(key, version, copies) => {
                ((8u8, *key), *version).stable_hash(h);
                copies.stable_hash(h);
            }
            Self::Everywhere(key, known) => {
                (9u8, *key).stable_hash(h);
                known.stable_hash(h);
            }
        }
    }
}
