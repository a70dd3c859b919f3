//! What a key may hold.

use std::collections::{BTreeSet, VecDeque};

use crate::base::stable::{StableHash, StableHasher};

use super::{Bytes, Sorted, Stream};

/// A string, a bitmap, a HyperLogLog: bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The bytes.
    pub bytes: Bytes,
    /// It has been changed in place: Redis keeps it as raw from then on, however short it is.
    pub raw: bool,
}

/// A list, from its left end to its right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List(pub VecDeque<Bytes>);

/// A hash: fields with values, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hash {
    /// Fields and values.
    pub fields: Vec<(Bytes, Bytes)>,
    /// It has been too large for a listpack: it stays a hash table.
    pub grown: bool,
}

/// A set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// Its members.
    pub members: BTreeSet<Bytes>,
    /// It has been no set of whole numbers, or too large: it stays a hash table.
    pub grown: bool,
}

/// A value of one of Redis' types.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named as the types are")]
pub enum Value {
    Text(Text),
    List(List),
    Hash(Hash),
    Set(Set),
    Sorted(Sorted),
    Stream(Stream),
}

impl Value {
    /// The name of its type, as TYPE says it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::Sorted(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }

    /// How many elements it has; bytes for a string.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(it) => it.bytes.len(),
            Self::List(it) => it.0.len(),
            Self::Hash(it) => it.fields.len(),
            Self::Set(it) => it.members.len(),
            Self::Sorted(it) => it.ranked().len(),
            Self::Stream(it) => it.entries.len(),
        }
    }

    /// Whether a key that holds it goes: only strings and streams may be empty.
    pub fn is_void(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Stream(_)) && self.size() == 0
    }
}

impl Hash {
    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.iter().find(|it| it.0 == field).map(|it| &it.1)
    }

    /// Sets a field; whether it is new.
    pub fn set(&mut self, field: &[u8], value: Bytes) -> bool {
        if let Some(it) = self.fields.iter_mut().find(|it| it.0 == field) {
            it.1 = value;
            return false;
        }
        self.fields.push((field.to_vec(), value));
        true
    }

    /// Removes a field; whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let before = self.fields.len();
        self.fields.retain(|it| it.0 != field);
        self.fields.len() < before
    }
}

/// A type of [`Value`].
pub(super) trait Kept: Default {
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn wrap(self) -> Value;
}

macro_rules! kept {
    ($($name:ident),*) => { $(
        impl Kept for $name {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$name(it) = value { Some(it) } else { None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$name(it) = value { Some(it) } else { None }
            }
            fn wrap(self) -> Value {
                Value::$name(self)
            }
        }
    )* };
}
kept!(Text, List, Hash, Set, Sorted, Stream);

crate::stable! {
    Text { bytes, raw }
    Hash { fields, grown }
    Set { members, grown }
}

impl StableHash for Value {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.kind().stable_hash(h);
        match self {
            Self::Text(it) => it.stable_hash(h),
            Self::List(it) => it.0.stable_hash(h),
            Self::Hash(it) => it.stable_hash(h),
            Self::Set(it) => it.stable_hash(h),
            Self::Sorted(it) => it.stable_hash(h),
            Self::Stream(it) => it.stable_hash(h),
        }
    }
}
