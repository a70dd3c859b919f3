//! A hash with the same bits on every platform: fixed width, little endian, floats by bits.
//! `derive(Hash)` is banned for state: `usize` and discriminants differ between targets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::draw::mix;
use super::time::Nanos;

/// Folds words into 64 bits. Own code because determinism rests on it: a multiply and a rotate a
/// word, finished by the splitmix64 finaliser.
#[derive(Clone, Debug)]
pub struct StableHasher(u64);

impl Default for StableHasher {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3)
    }
}

impl StableHasher {
    /// Feeds one word.
    pub fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The hash of all words fed so far.
    pub fn finish(&self) -> u64 {
        mix(self.0)
    }
}

/// What may be part of the state hash.
pub trait StableHash {
    /// Feeds every piece of state that decides the future, in a fixed order.
    fn stable_hash(&self, h: &mut StableHasher);
}

/// The hash of one value.
pub fn hash_of(value: &(impl StableHash + ?Sized)) -> u64 {
    let mut h = StableHasher::default();
    value.stable_hash(&mut h);
    h.finish()
}

macro_rules! words {
    ($($ty:ty),*) => { $(
        impl StableHash for $ty {
            fn stable_hash(&self, h: &mut StableHasher) { h.word(*self as u64); }
        }
    )* };
}
words!(u8, u16, u32, u64, i32, i64, bool, usize);

impl StableHash for f64 {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.to_bits());
    }
}

impl StableHash for () {
    fn stable_hash(&self, _: &mut StableHasher) {}
}

impl StableHash for Nanos {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.0);
    }
}

impl StableHash for str {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.len() as u64);
        for chunk in self.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            h.word(u64::from_le_bytes(word));
        }
    }
}

impl StableHash for String {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.as_str().stable_hash(h);
    }
}

impl<T: StableHash + ?Sized> StableHash for Arc<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        (**self).stable_hash(h);
    }
}

impl<T: StableHash + ?Sized> StableHash for Box<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        (**self).stable_hash(h);
    }
}

impl<T: StableHash> StableHash for Option<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            None => h.word(0),
            Some(it) => {
                h.word(1);
                it.stable_hash(h);
            }
        }
    }
}

impl<T: StableHash> StableHash for [T] {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.len() as u64);
        self.iter().for_each(|it| it.stable_hash(h));
    }
}

impl<T: StableHash, const N: usize> StableHash for [T; N] {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.iter().for_each(|it| it.stable_hash(h));
    }
}

impl<T: StableHash> StableHash for Vec<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.as_slice().stable_hash(h);
    }
}

impl<T: StableHash> StableHash for VecDeque<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.len() as u64);
        self.iter().for_each(|it| it.stable_hash(h));
    }
}

impl<K: StableHash, V: StableHash> StableHash for BTreeMap<K, V> {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.len() as u64);
        for (key, value) in self {
            key.stable_hash(h);
            value.stable_hash(h);
        }
    }
}

impl<K: StableHash> StableHash for BTreeSet<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.len() as u64);
        self.iter().for_each(|it| it.stable_hash(h));
    }
}

impl<A: StableHash, B: StableHash> StableHash for (A, B) {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.0.stable_hash(h);
        self.1.stable_hash(h);
    }
}

/// Writes [`StableHash`] for a struct from its field names, or for a field-less enum. Fields are
/// destructured, so a field that is forgotten does not compile.
#[macro_export]
macro_rules! stable {
    ($($ty:ident { $($field:ident),* $(,)? })*) => { $(
        impl $crate::base::stable::StableHash for $ty {
            fn stable_hash(&self, h: &mut $crate::base::stable::StableHasher) {
                let $ty { $($field),* } = self;
                $( $crate::base::stable::StableHash::stable_hash($field, h); )*
                let _ = h;
            }
        }
    )* };
    (enum $($ty:ident),*) => { $(
        impl $crate::base::stable::StableHash for $ty {
            fn stable_hash(&self, h: &mut $crate::base::stable::StableHasher) {
                h.word(*self as u64);
            }
        }
    )* };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same literals are checked in the browser (`tests/web.rs`): a change of algorithm or a
    /// platform difference shows here first.
    #[test]
    fn known_values() {
        assert_eq!(hash_of("books"), hash_of(&String::from("books")));
        assert_ne!(hash_of("books"), hash_of("book"));
        assert_ne!(hash_of(&vec![1u32, 2]), hash_of(&vec![2u32, 1]));
        assert_ne!(hash_of(&Some(0u32)), hash_of(&None::<u32>));
    }
}
