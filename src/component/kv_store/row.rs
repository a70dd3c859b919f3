//! What a member holds of one key, and what becomes of what it is sent.

use std::sync::Arc;

use crate::algorithm::replication::version_vector::VersionVector;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::text;
use crate::base::time::Nanos;

use super::{Conflicts, KvStoreParams, WhenCut};

/// Bits of a version that say who wrote; those above count.
const MEMBER_BITS: u32 = 4;
/// The version of a key that was never written.
pub const UNWRITTEN: u32 = 1;

/// One write, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Names it: no other write of its key has the same, and a write that knows of it has a higher
    /// one (Lamport's clock, CACM 21(7), 1978, with the member in the lowest bits).
    pub version: u32,
    /// When, by the clock of the member that took it.
    pub at: Nanos,
    /// Which writes it knows of, itself included.
    pub vector: VersionVector,
    /// Where causes matter: those of these writes that may not be everywhere, by version.
    pub after: Arc<[Cause]>,
}

/// What a write came after.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The write.
    pub version: u32,
    /// What its client had seen before it and may not be everywhere, by key and version.
    pub on: Arc<[(u32, u32)]>,
}

impl StableHash for Written {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { version, at, vector, after } = self;
        (*version, *at).stable_hash(h);
        vector.stable_hash(h);
        // What is seldom there is hashed only where it is.
        if !after.is_empty() {
            after.stable_hash(h);
        }
    }
}

impl Written {
    /// The member that gave a version, and its count.
    fn dot(version: u32) -> (u16, u32) {
        ((version & ((1 << MEMBER_BITS) - 1)) as u16, version >> MEMBER_BITS)
    }

    /// Whether it knows of the write of a version.
    pub fn knows(&self, version: u32) -> bool {
        Self::known_by(&self.vector, version)
    }

    /// Whether the write of a version is among these.
    pub fn known_by(vector: &VersionVector, version: u32) -> bool {
        let (member, count) = Self::dot(version);
        vector.knows(member.into(), count)
    }

    /// What people call a version: who gave it, and its count there (`B2`).
    pub fn name(version: u32) -> String {
        let (member, count) = Self::dot(version);
        format!("{}{count}", text::letter(member))
    }

    /// All causes of this and of another.
    fn causes_with(&mut self, other: &Arc<[Cause]>) {
        if self.after.is_empty() {
            self.after = other.clone();
        } else if !other.is_empty() && self.after != *other {
            let mut all = self.after.to_vec();
            for new in other.iter() {
                if let Err(place) = all.binary_search_by_key(&new.version, |it| it.version) {
                    all.insert(place, new.clone());
                }
            }
            self.after = all.into();
        }
    }
}

/// One key at one member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The highest count it has seen in a version. It stays when what is held here is dropped: no two
    /// writes may have the same version.
    pub counter: u32,
    /// The count of the last write that this member gave a version; it stays too.
    pub own: u32,
    /// What it holds: one write, or several that do not know of each other.
    pub copies: Vec<Written>,
}

crate::stable! {
    Cause { version, on }
    Row { counter, own, copies }
}

/// Which of two writes stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The higher version: majorities have put them in order.
    Version,
    /// The later clock.
    Clock,
    /// Both.
    Both,
    /// Both, but only the one with the earliest clock is shown.
    First,
}

/// What a merge came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Nothing to tell.
    Quietly,
    /// Both were kept.
    Siblings,
    /// One that the other did not know of is gone: kept, dropped.
    Dropped(u32, u32),
}

impl Rule {
    /// What the parameters say.
    pub fn of(params: &KvStoreParams) -> Self {
        match (params.when_cut, params.conflicts) {
            (WhenCut::Consistent, _) => Self::Version,
            (_, Conflicts::LastWriteWins) => Self::Clock,
            (_, Conflicts::FirstWriteWins) => Self::First,
            (_, Conflicts::Siblings | Conflicts::Merge | Conflicts::ByHand) => Self::Both,
        }
    }
}

impl Row {
    /// The highest version.
    pub fn version(&self) -> u32 {
        self.copies.iter().map(|it| it.version).max().unwrap_or(UNWRITTEN)
    }

    /// The version that a read gives back.
    pub fn shown(&self, rule: Rule) -> u32 {
        let first = || self.copies.iter().min_by_key(|it| (it.at, it.version));
        match rule {
            Rule::First => first().map_or(UNWRITTEN, |it| it.version),
            _ => self.version(),
        }
    }

    /// Whether it holds a write, or one that knows of it.
    pub fn knows(&self, version: u32) -> bool {
        self.copies.iter().any(|it| it.knows(version))
    }

    /// A write by this member over all that is held here.
    pub fn write(&self, ordinal: u16, at: Nanos) -> Written {
        let mut vector = VersionVector::default();
        self.copies.iter().for_each(|it| vector.join(&it.vector));
        let count = self.counter + 1;
        // Nobody knows of a write between its last one and this.
        vector.learn(ordinal.into(), self.own, count);
        let version = count << MEMBER_BITS | u32::from(ordinal);
        let mut new = Written { version, at, vector, after: Arc::default() };
        // Who has it need not have had what it replaces.
        self.copies.iter().for_each(|it| new.causes_with(&it.after));
        new
    }

    /// A write that is kept here has this version: it may be this member's own.
    pub fn note(&mut self, ordinal: u16, version: u32) {
        let (member, count) = Written::dot(version);
        if member == ordinal {
            self.own = self.own.max(count);
        }
    }

    /// Takes a write in.
    pub fn merge(&mut self, rule: Rule, new: &Written) -> Merged {
        self.counter = self.counter.max(new.version >> MEMBER_BITS);
        if let Some(same) = self.copies.iter_mut().find(|it| it.version == new.version) {
            same.vector.join(&new.vector);
            same.causes_with(&new.after);
            return Merged::Quietly;
        }
        if matches!(rule, Rule::Both | Rule::First) {
            if self.knows(new.version) {
                return Merged::Quietly;
            }
            let before = self.shown(rule);
            self.copies.retain(|it| !new.knows(it.version));
            self.copies.push(new.clone());
            let stays = |version: u32| self.copies.iter().any(|it| it.version == version);
            return match (rule, self.shown(rule)) {
                _ if self.copies.len() == 1 => Merged::Quietly,
                (Rule::Both, _) => Merged::Siblings,
                (_, first) if first != new.version => Merged::Dropped(first, new.version),
                (_, first) if stays(before) => Merged::Dropped(first, before),
                _ => Merged::Quietly,
            };
        }
        let by_clock = |it: &Written| if rule == Rule::Clock { it.at } else { Nanos::ZERO };
        let rank = |it: &Written| (by_clock(it), it.version);
        let mut merged = Merged::Quietly;
        let mut kept = new.clone();
        for old in std::mem::take(&mut self.copies) {
            let (winner, loser) = if rank(&old) > rank(&kept) { (old, kept) } else { (kept, old) };
            if rule == Rule::Clock && !winner.knows(loser.version) {
                merged = Merged::Dropped(winner.version, loser.version);
            }
            kept = winner;
            // Who holds it has seen the other.
            kept.vector.join(&loser.vector);
            kept.causes_with(&loser.after);
        }
        self.copies.push(kept);
        merged
    }

    /// Whether it holds all that another does, or what replaced it.
    pub fn holds(&self, other: &Self) -> bool {
        other.copies.iter().all(|it| self.copies.iter().any(|own| own.version == it.version))
    }
}
