//! Callers with an old table of slots, as clients of Redis Cluster have after a change: whoever they ask
//! in vain names the owner (MOVED), and they remember the slot, or fetch the whole table. Later on the
//! page.
//!
//! Source: Redis Cluster specification, "MOVED Redirection".

use std::sync::Arc;

use crate::algorithm::placement::redis_slots;
use crate::base::stable::{StableHash, StableHasher};

use super::{Learn, Placing};

/// The table that a caller goes by, where it is not that of the nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Old {
    /// By slot, or by key where there are none: the ordinal of the node that it asks; 255 if it knows none.
    table: Arc<Vec<u8>>,
}

impl Old {
    /// Whom it asks for a slot, or a key.
    pub fn node(&self, slot: u32) -> usize {
        self.table.get(slot as usize).copied().unwrap_or(u8::MAX).into()
    }
}

impl StableHash for Old {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.table.stable_hash(h);
    }
}

/// What a caller does that may have an old table.
#[derive(Debug)]
pub struct Deeds {
    /// Who owns the key whose text is at hand by the old table; none if it has learned better.
    pub(super) owner: fn(&Placing, &Old) -> Option<usize>,
    /// Another membership.
    pub(super) turn_into: fn(&mut Placing, &Placing),
    /// Whoever was asked for a key has named another.
    pub(super) sent_on: fn(&mut Placing, u32, u16),
}

impl Deeds {
    const ALL: Self = Self { owner, turn_into, sent_on };
}

crate::later! { pub(super) fn deeds() -> Deeds = Deeds::ALL, or "designs that have this wait for it" }

fn owner(of: &Placing, old: &Old) -> Option<usize> {
    let place = match of.by.bare {
        true => of.text.parse().ok()?,
        false => redis_slots::slot(of.text.as_bytes()),
    };
    let node = old.node(place);
    // Who is no longer there cannot be asked.
    (node < of.by.nodes.len()).then_some(node)
}

/// The table it goes by.
fn table(of: &mut Placing) -> Box<Old> {
    let among: Vec<u8> = of.among.iter().map(|it| *it as u8).collect();
    let table = || redis_slots::dealt(&among).map(Option::unwrap_or_default).collect();
    of.old.take().unwrap_or_else(|| Box::new(Old { table: Arc::new(table()) }))
}

fn turn_into(of: &mut Placing, new: &Placing) {
    if new.by.bare {
        return of.clone_from(new);
    }
    let old = table(of);
    of.clone_from(new);
    of.old = Some(old);
}

fn sent_on(of: &mut Placing, key: u32, to: u16) {
    if of.by.learn == Learn::Table {
        of.old = None;
        return;
    }
    let slot = match of.by.bare {
        true => key,
        false => redis_slots::slot(format!("{}{key}", of.name()).as_bytes()),
    };
    let mut old = match of.by.bare {
        // It goes by what it knows, but for what it was told.
        true => of.old.take().unwrap_or_else(|| Box::new(Old { table: Arc::new(Vec::new()) })),
        false => table(of),
    };
    let to = to / of.by.copies;
    if old.node(slot) != usize::from(to) {
        let table = Arc::make_mut(&mut old.table);
        table.resize(table.len().max(slot as usize + 1), u8::MAX);
        table[slot as usize] = to as u8;
    }
    of.old = Some(old);
}
