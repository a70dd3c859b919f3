//! How Redis keeps a value in memory, as OBJECT ENCODING says it, by the thresholds that Redis 7.0 has
//! without a configuration of its own.

use super::{Bytes, Hash, Set, Sorted, Text, Value, number};

/// `hash-max-listpack-entries` of Redis 7.0.
const HASH_ENTRIES: usize = 512;
/// `zset-max-listpack-entries`.
const SORTED_ENTRIES: usize = 128;
/// `set-max-intset-entries`.
const INTEGERS: usize = 512;
/// `hash-max-listpack-value`, `zset-max-listpack-value`, in bytes.
const SHORT: usize = 64;
/// Longest string that lies in one piece with its object, in bytes.
const EMBEDDED: usize = 44;

fn is_short(it: &Bytes) -> bool {
    it.len() <= SHORT
}

/// Whether it has become too large for the encoding it has.
pub(super) fn outgrown(value: &Value) -> bool {
    match value {
        Value::Hash(Hash { fields, grown: false }) => {
            fields.len() > HASH_ENTRIES
                || !fields.iter().all(|it| is_short(&it.0) && is_short(&it.1))
        }
        Value::Set(Set { members, grown: false }) => {
            members.len() > INTEGERS || !members.iter().all(|it| number::integer(it).is_some())
        }
        Value::Sorted(it) if !it.grown => {
            it.ranked().len() > SORTED_ENTRIES || !it.ranked().iter().all(|it| is_short(&it.1))
        }
        _ => false,
    }
}

pub(super) fn grow(value: &mut Value) {
    match value {
        Value::Hash(Hash { grown, .. })
        | Value::Set(Set { grown, .. })
        | Value::Sorted(Sorted { grown, .. }) => *grown = true,
        Value::Text(_) | Value::List(_) | Value::Stream(_) => {}
    }
}

impl Value {
    /// The name of its encoding.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Text(Text { raw: true, .. }) => "raw",
            Self::Text(it) if it.bytes.len() <= 20 && number::integer(&it.bytes).is_some() => "int",
            Self::Text(it) if it.bytes.len() <= EMBEDDED => "embstr",
            Self::Text(_) => "raw",
            Self::List(_) => "quicklist",
            Self::Hash(Hash { grown: false, .. }) => "listpack",
            Self::Set(Set { grown: false, .. }) => "intset",
            Self::Hash(_) | Self::Set(_) => "hashtable",
            Self::Sorted(Sorted { grown: false, .. }) => "listpack",
            Self::Sorted(_) => "skiplist",
            Self::Stream(_) => "stream",
        }
    }

    /// About how much memory its encoding takes, in bytes: listpacks 2 more than each element, hash tables
    /// 24 an entry and 19 a string, skip lists 40 more than those.
    pub fn bytes(&self) -> usize {
        let packed = |it: &Bytes| it.len() + 2;
        let table = |it: &Bytes| it.len() + 24 + 19;
        match self {
            Self::Text(_) if self.encoding() == "int" => 0,
            Self::Text(it) => it.bytes.len() + if it.bytes.len() < 32 { 2 } else { 10 },
            Self::List(it) => 80 + it.0.iter().map(packed).sum::<usize>(),
            Self::Hash(it) => {
                let both = it.fields.iter().flat_map(|it| [&it.0, &it.1]);
                if it.grown { both.map(table).sum() } else { 7 + both.map(packed).sum::<usize>() }
            }
            Self::Set(it) if it.grown => it.members.iter().map(table).sum(),
            Self::Set(it) => 8 + 8 * it.members.len(),
            Self::Sorted(it) if it.grown => {
                it.ranked().iter().map(|it| table(&it.1) + 40).sum::<usize>()
            }
            Self::Sorted(it) => 7 + it.ranked().iter().map(|it| packed(&it.1) + 6).sum::<usize>(),
            Self::Stream(it) => {
                let entry = |it: &Vec<(Bytes, Bytes)>| -> usize {
                    8 + it.iter().map(|it| packed(&it.0) + packed(&it.1)).sum::<usize>()
                };
                let groups = it.groups.values().map(|it| 100 + 60 * it.pending.len());
                200 + it.entries.values().map(entry).sum::<usize>() + groups.sum::<usize>()
            }
        }
    }
}
