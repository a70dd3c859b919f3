//! The one hash map allowed in the core: fast, with a fixed hasher, and no way to iterate it, so
//! that no order can leak out.

#[allow(
    clippy::disallowed_types,
    reason = "the one place: fixed hasher, no iteration offered"
)]
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::draw::mix;
use super::stable::{StableHash, StableHasher, hash_of};

/// Hashes interned 32-bit keys by one multiplication.
#[derive(Clone, Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }
    fn write_u32(&mut self, key: u32) {
        self.0 = (self.0 ^ u64::from(key)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

/// A map from interned keys to small values.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::disallowed_types, reason = "see the module")]
pub struct KeyMap<V>(HashMap<u32, V, BuildHasherDefault<KeyHasher>>);

impl<V> Default for KeyMap<V> {
    fn default() -> Self {
        Self(Default::default())
    }
}

impl<V: Copy> KeyMap<V> {
    /// The value at a key.
    pub fn get(&self, key: u32) -> Option<V> {
        self.0.get(&key).copied()
    }

    /// Sets the value at a key and returns the one before.
    pub fn insert(&mut self, key: u32, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// Removes a key and returns its value.
    pub fn remove(&mut self, key: u32) -> Option<V> {
        self.0.remove(&key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Written as pairs in the order of the keys.
impl<V: Serialize + Copy> Serialize for KeyMap<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<(u32, V)> = self.0.iter().map(|(key, value)| (*key, *value)).collect();
        pairs.sort_unstable_by_key(|it| it.0);
        pairs.serialize(to)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for KeyMap<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Vec::<(u32, V)>::deserialize(from)?.into_iter().collect()))
    }
}

/// A sum over the entries: the same whatever the order inside.
impl<V: Copy + StableHash> StableHash for KeyMap<V> {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.0.len() as u64);
        let sum = self.0.iter().fold(0u64, |sum, (key, value)| {
            sum.wrapping_add(mix(hash_of(value) ^ mix(u64::from(*key))))
        });
        h.word(sum);
    }
}
