//! Redis' data types: a keyspace that commands are run on, as Redis 7.0 does.
//!
//! Sources: the commands' pages on redis.io, and t_string.c, t_list.c, t_hash.c, t_set.c, t_zset.c,
//! t_stream.c, bitops.c, hyperloglog.c, geo.c, expire.c of Redis 7.0.15, against which
//! `tests/crosscheck/redis.py` runs this. What is not as there:
//! - nothing waits: commands that block answer at once (`BLOCK` is read, and has no effect);
//! - a string has at most 1 MiB, not 512 MB;
//! - sets, and hashes once they are hash tables, answer in an order of their own, which Redis leaves open;
//! - the bytes of a HyperLogLog hold no estimate from the last PFCOUNT;
//! - scores are printed as short as they read back, as Redis does from 7.2 on.

mod bitfield;
mod bits;
mod encoding;
mod geo;
mod groups;
mod hashes;
pub mod holds;
pub mod hyperloglog;
mod keys;
mod lists;
pub mod number;
mod ranges;
mod reply;
mod run;
mod sets;
mod sorted;
mod streams;
mod strings;
mod table;
mod value;
pub mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

pub use geo::{area, position};
pub use holds::Holds;
pub use reply::Reply;
pub use run::Done;
pub use sorted::Sorted;
pub use streams::{Group, Id, Stream};
pub use value::{Hash, List, Set, Text, Value};

/// What keys, members and values are: any bytes.
pub type Bytes = Vec<u8>;

/// A key's value, and until when.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its value.
    pub value: Value,
    /// It is gone after this moment, in ms; none for never.
    pub expires: Option<u64>,
}

impl Entry {
    /// Whether it is gone by a moment, in ms.
    pub fn is_over(&self, at: u64) -> bool {
        self.expires.is_some_and(|it| it < at)
    }
}

/// All keys and values of a server. Clones share what neither has changed since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keyspace {
    entries: Arc<BTreeMap<Bytes, Arc<Entry>>>,
}

impl Keyspace {
    /// Runs a command at a moment; `draw` decides what is left to chance. Times are those of the clock
    /// handed in, whose moment 0 is 1970.
    pub fn run(&mut self, command: &str, at: Nanos, draw: u64) -> Reply {
        self.perform(command, at, draw).reply
    }

    /// Whether a command may change anything.
    pub fn writes(command: &str) -> bool {
        let first = words::split(command).and_then(|it| it.into_iter().next());
        first.and_then(|it| table::find(&it)).is_some_and(|it| table::ALL[it].writes)
    }

    /// Whether a command with this name is known, and has as many words as it needs.
    pub fn check(command: &str) -> Result<(), String> {
        run::parsed(command).map(|_| ())
    }

    /// What is kept under a key, gone or not.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.entry(key.as_bytes()).map(|it| &it.value)
    }

    /// The entry of a key, gone or not.
    pub fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key).map(|it| &**it)
    }

    /// All keys with what they hold, in order; also such as are gone by now and not yet removed.
    pub fn entries(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key, &**entry))
    }

    /// How many keys there are, those that are gone and not yet removed included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// About how much memory Redis needs for this, in bytes: see [`cost`].
    pub fn bytes(&self) -> usize {
        self.entries().map(|(key, entry)| cost(key, entry)).sum()
    }

    /// What a clone of it takes of memory, in bytes: of what clones share, its part.
    pub fn weight(&self) -> usize {
        self.bytes() / Arc::strong_count(&self.entries)
    }

    /// Removes keys that are gone by a moment, at most so many, as Redis' active expiry does; what a
    /// replica is to be told of each.
    pub fn reap(&mut self, at: Nanos, most: usize) -> Vec<String> {
        let over = self.entries().filter(|it| it.1.is_over(millis(at)));
        let over: Vec<Bytes> = over.map(|it| it.0.clone()).take(most).collect();
        over.into_iter()
            .map(|key| {
                self.remove(&key);
                words::line(&[b"DEL".to_vec(), key])
            })
            .collect()
    }

    fn insert(&mut self, key: Bytes, entry: Entry) {
        Arc::make_mut(&mut self.entries).insert(key, Arc::new(entry));
    }

    fn remove(&mut self, key: &[u8]) -> Option<Arc<Entry>> {
        if !self.entries.contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.entries).remove(key)
    }

    fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        if !self.entries.contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.entries).get_mut(key).map(Arc::make_mut)
    }
}

impl StableHash for Keyspace {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.entries.len() as u64);
        for (key, entry) in self.entries() {
            key.stable_hash(h);
            entry.expires.stable_hash(h);
            entry.value.stable_hash(h);
        }
    }
}

/// About how much memory Redis needs for a key, in bytes: what its encoding stores, with the usual overhead
/// (dictEntry 24, robj 16, header of the string 3 to 9).
pub fn cost(key: &[u8], entry: &Entry) -> usize {
    56 + key.len() + entry.value.bytes()
}

/// Redis' clock counts milliseconds.
pub fn millis(at: Nanos) -> u64 {
    at.0 / 1_000_000
}
