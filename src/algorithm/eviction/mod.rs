//! Which entry leaves a full cache.
//!
//! A policy orders entries and knows only their keys; values, sizes and counting belong to the
//! cache. Adding a policy: one file with its state, and one line in `policies!`.

mod slab;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// A key as the cache knows it: a dense id from whoever interned it. `u32::MAX` is reserved.
pub type Key = u32;

/// Where a policy keeps an entry, from its insertion to its removal. Slots are used again.
pub type Slot = u32;

/// The duties of an eviction policy.
///
/// On a hit the cache calls `touch`. On a miss it calls `missed`; then, while there is no room,
/// `victim` and `evict`; then `insert`. A deletion or expiry is a `remove`.
pub trait Eviction {
    /// An empty policy for a cache of `capacity` entries. Some policies divide their room by it;
    /// none enforces it.
    fn new(capacity: u32) -> Self;

    /// An entry was used.
    fn touch(&mut self, slot: Slot);

    /// A key was asked for that is not here. Policies that remember the departed learn from it.
    fn missed(&mut self, _key: Key) {}

    /// A key that is not here comes in. It counts as used once.
    fn insert(&mut self, key: Key) -> Slot;

    /// The entry that should leave next. Asking may advance a hand, but asking again with nothing
    /// else in between gives the same answer.
    fn victim(&mut self) -> Option<Slot>;

    /// An entry leaves to make room. Policies that remember the departed note it.
    fn evict(&mut self, slot: Slot) -> Key {
        self.remove(slot)
    }

    /// An entry leaves for another reason than room, and is forgotten.
    fn remove(&mut self, slot: Slot) -> Key;

    /// The key of an entry.
    fn key(&self, slot: Slot) -> Key;

    /// Entries held.
    fn len(&self) -> usize;

    /// Whether nothing is held.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries from the first to leave to the last, if nothing were used from now on.
    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_>;

    /// Feeds the state hash: everything that decides what happens next, in a fixed order.
    fn fold(&self, feed: &mut impl FnMut(u64));
}

/// One line per policy: module and type, id in files, name, help.
macro_rules! policies {
    ($( $module:ident :: $member:ident, $id:literal, $label:literal, $help:literal; )*) => {
        choice! {
            /// The rule a cache follows when it is full, as chosen in its settings.
            Policy: $( $module::$member, $id, $label, $help; )*
        }

        /// A policy at work.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Running {
            $(
                #[doc = $help]
                $member($module::$member),
            )*
        }

        impl Policy {
            /// Starts the policy for a cache of `capacity` entries.
            pub fn start(self, capacity: u32) -> Running {
                match self {
                    $( Policy::$member => Running::$member(Eviction::new(capacity)), )*
                }
            }
        }

        impl Running {
            /// The choice that started this policy.
            pub fn policy(&self) -> Policy {
                match self { $( Running::$member(_) => Policy::$member, )* }
            }
        }

        /// Hands a call on to the member at work.
        macro_rules! delegate {
            ($running:expr, $it:ident => $call:expr) => {
                match $running { $( Running::$member($it) => $call, )* }
            };
        }
    };
}

policies! {
    lru::Lru, "lru", "LRU", "The least recently used entry leaves.";
    fifo::Fifo, "fifo", "FIFO", "The entry that came first leaves, used or not.";
    lfu::Lfu, "lfu", "LFU", "The least used entry leaves; among equals, the one idle longest.";
}

impl Running {
    /// An entry was used.
    pub fn touch(&mut self, slot: Slot) {
        delegate!(self, it => it.touch(slot))
    }

    /// A key was asked for that is not here.
    pub fn missed(&mut self, key: Key) {
        delegate!(self, it => it.missed(key))
    }

    /// A key that is not here comes in.
    pub fn insert(&mut self, key: Key) -> Slot {
        delegate!(self, it => it.insert(key))
    }

    /// The entry that should leave next.
    pub fn victim(&mut self) -> Option<Slot> {
        delegate!(self, it => it.victim())
    }

    /// An entry leaves to make room.
    pub fn evict(&mut self, slot: Slot) -> Key {
        delegate!(self, it => it.evict(slot))
    }

    /// An entry leaves for another reason than room.
    pub fn remove(&mut self, slot: Slot) -> Key {
        delegate!(self, it => it.remove(slot))
    }

    /// The key of an entry.
    pub fn key(&self, slot: Slot) -> Key {
        delegate!(self, it => it.key(slot))
    }

    /// Entries held.
    pub fn len(&self) -> usize {
        delegate!(self, it => it.len())
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries from the first to leave to the last.
    pub fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        delegate!(self, it => it.order())
    }

    /// Feeds the state hash, the choice of policy first.
    pub fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.policy().id().bytes().for_each(|byte| feed(u64::from(byte)));
        delegate!(self, it => it.fold(feed))
    }
}
