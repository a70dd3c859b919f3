//! The table of each shard in partitions, all alike at every shard: by ranges of keys, by lists of another
//! attribute's values, or by a hash of the key. A query reads those only that can have one of its rows
//! (partition pruning); each is a piece of work of its own.
//!
//! Source: PostgreSQL documentation, "Table Partitioning" and "Partition Pruning": ranges are pruned by
//! comparing bounds, lists and hashes by equality only.

use crate::base::draw::mix;

use super::{Row, ShardedDbParams, value_of};

crate::choices! {
    /// How the table of a shard is divided.
    pub enum Partitioning {
        /// Not at all.
        None = "none",
        /// By ranges of keys.
        Range = "range",
        /// By lists of values of another attribute.
        List = "list",
        /// By a hash of the key.
        Hash = "hash",
    }
}

/// What a query asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// So many neighbouring keys, from one on.
    Keys(u32, u32),
    /// All rows with a value of the other attribute.
    Value(u32),
}

impl ShardedDbParams {
    /// What the other attribute is called: `region` of `region = north | south`.
    pub fn attribute_name(&self) -> &str {
        self.attribute.split('=').next().unwrap_or_default().trim()
    }

    /// Names of its values, from the first on; those after them have none.
    pub fn value_names(&self) -> Vec<&str> {
        let names = self.attribute.split_once('=').map_or("", |it| it.1);
        let names = names.split('|').map(|it| it.trim().trim_matches('\'').trim());
        names.filter(|it| !it.is_empty()).take(self.attribute_values as usize).collect()
    }

    /// What its partitions are called, from the first on.
    pub fn part_names(&self) -> Vec<&str> {
        let names = self.partition_names.split('|').map(str::trim);
        names.filter(|it| !it.is_empty()).take(self.parts() as usize).collect()
    }

    /// Partitions of each shard's table.
    pub fn parts(&self) -> u32 {
        if self.partitioning == Partitioning::None { 1 } else { self.partitions.max(1) }
    }

    /// The partition that a row lies in.
    pub fn part_of(&self, key: u32, row: Row) -> u32 {
        match self.partitioning {
            Partitioning::None => 0,
            Partitioning::Range => self.part_of_key(key),
            Partitioning::List => value_of(key, row.turn, self.attribute_values) % self.parts(),
            Partitioning::Hash => (mix(u64::from(key)) % u64::from(self.parts())) as u32,
        }
    }

    fn part_of_key(&self, key: u32) -> u32 {
        let part = u64::from(key) * u64::from(self.parts()) / u64::from(self.keys.max(1));
        (part as u32).min(self.parts() - 1)
    }

    /// The first key of a partition by range, and the first after it.
    pub fn part_keys(&self, part: u32) -> [u32; 2] {
        let keys = u64::from(self.keys);
        let first = |it: u32| (u64::from(it) * keys).div_ceil(u64::from(self.parts())) as u32;
        [first(part), first(part + 1)]
    }

    /// The partitions that a query has to read, rising.
    pub fn pruned(&self, asked: Asked) -> Vec<u32> {
        match (self.partitioning, asked) {
            (Partitioning::Range, Asked::Keys(first, keys)) => {
                let last = first.saturating_add(keys.max(1) - 1);
                (self.part_of_key(first)..=self.part_of_key(last)).collect()
            }
            // Equality with one key; of several it says nothing.
            (Partitioning::Hash, Asked::Keys(first, 1)) => {
                vec![(mix(u64::from(first)) % u64::from(self.parts())) as u32]
            }
            (Partitioning::List, Asked::Value(value)) => vec![value % self.parts()],
            _ => (0..self.parts()).collect(),
        }
    }
}
