//! Which entry leaves a full cache.
//!
//! A policy orders entries and knows only their keys; values, sizes and counting belong to the
//! cache. Adding a policy: one file with its state, and one line in `policies!`.

pub mod curve;
mod ghosts;
mod heap;
mod rule;
mod segments;
mod sketch;
mod slab;
pub mod structure;
pub mod survey;
#[cfg(test)]
mod tests;
mod trace;

use std::fmt;

use sketch::{Sketch, Spot};

pub use rule::Rule;
pub use structure::Part;
pub use trace::{Tally, Trace};

/// A key as the cache knows it: a dense id from whoever interned it. `u32::MAX` is reserved.
pub type Key = u32;

/// Where a policy keeps an entry, from its insertion to its removal. Slots are used again.
pub type Slot = u32;

/// The duties of an eviction policy.
///
/// On a hit the cache calls `touch`. When a key comes in it calls `arriving`; then, while there is
/// no room, `victim` and `evict`; then `insert`. A deletion or expiry is a `remove`.
pub(crate) trait Eviction: Clone {
    /// The parts in which entries are held, by name; see `segment`.
    const SEGMENTS: &'static [&'static str] = &[];

    /// Whether an entry may have to leave that has not expired. If not, a full cache takes nothing
    /// in but for an expired victim.
    const LIVE_MAY_LEAVE: bool = true;

    /// An empty policy for a cache of so much room, in entries or bytes. Some policies divide their
    /// room by it; none enforces it.
    fn new(capacity: u64) -> Self;

    /// The room changes, and entries stay.
    fn resize(&mut self, _capacity: u64) {}

    /// The nodes of the entries held.
    fn slab(&self) -> &slab::Slab;

    /// An entry was used.
    fn touch(&mut self, slot: Slot);

    /// A key that is not here is about to come in. Policies that remember the departed look it up,
    /// since it may decide who leaves for it.
    fn arriving(&mut self, _key: Key) {}

    /// Before any request: these will come. Who keeps counts of keys makes room for them, and no policy looks further.
    fn expect(&mut self, _trace: &Trace) {}

    /// A key that is not here comes in, with its size (1 if entries are counted). It counts as
    /// used once.
    fn insert(&mut self, key: Key, size: u64) -> Slot;

    /// After an entry was used: one that has to leave since another took its place, until there is none.
    fn spilled(&mut self) -> Option<Slot> {
        None
    }

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
    fn key(&self, slot: Slot) -> Key {
        self.slab().key(slot)
    }

    /// The part an entry is in, as an index into `SEGMENTS`.
    fn segment(&self, _slot: Slot) -> usize {
        0
    }

    /// Keys remembered of entries that have left.
    fn departed(&self) -> usize {
        0
    }

    /// The sketch that says how often keys were asked for lately, if there is one, and where entries have their counters,
    /// by slot.
    fn sketch(&self) -> Option<(&Sketch, &[Spot])> {
        None
    }

    /// What it looks like inside: its parts, with at most `most` keys at either end of each one by
    /// one.
    fn parts(&self, most: usize) -> Vec<Part>;

    /// The entries from the first to leave to the last, if nothing were used from now on and
    /// nothing came in: a copy of the policy is emptied.
    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        let mut copy = self.clone();
        Box::new(std::iter::from_fn(move || {
            let slot = copy.victim()?;
            copy.evict(slot);
            Some(slot)
        }))
    }

    /// Runs a trace through a cache of so much room; `each` is told of every request in turn whether it
    /// hit.
    fn replay(capacity: u64, _ttl: u64, trace: &Trace, each: &mut impl FnMut(bool)) -> Tally {
        trace::replay::<Self>(capacity, trace, each)
    }

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

        /// Starts any of them.
        fn start_any(policy: Policy, capacity: u64) -> Box<dyn AtWork> {
            match policy {
                $( Policy::$member => Box::new(<$module::$member as Eviction>::new(capacity)), )*
            }
        }

        impl Policy {
            /// Runs a trace through a cache of so much room. `ttl`: for policies by which nothing
            /// leaves before its time, how many requests that is.
            pub fn replay(self, capacity: u64, ttl: u64, trace: &Trace) -> Tally {
                self.replay_telling(capacity, ttl, trace, &mut |_| {})
            }

            /// The same; `each` is told of every request in turn whether it hit.
            pub fn replay_telling(
                self,
                capacity: u64,
                ttl: u64,
                trace: &Trace,
                each: &mut impl FnMut(bool),
            ) -> Tally {
                match self {
                    $( Policy::$member => {
                        <$module::$member as Eviction>::replay(capacity, ttl, trace, each)
                    } )*
                }
            }

            /// Whether nothing leaves before its time.
            pub fn needs_ttl(self) -> bool {
                match self {
                    $( Policy::$member => !<$module::$member as Eviction>::LIVE_MAY_LEAVE, )*
                }
            }
        }
    };
}

policies! {
    lru::Lru, "lru", "LRU", "The least recently used entry leaves.";
    fifo::Fifo, "fifo", "FIFO", "The entry that came first leaves, used or not.";
    lfu::Lfu, "lfu", "LFU", "The least used entry leaves; among equals, the one idle longest.";
    clock::Clock, "clock", "CLOCK", "As FIFO, but what was used gets a second chance.";
    sieve::Sieve, "sieve", "SIEVE",
        "A hand from old to new takes the first entry not used since it last came by.";
    s3_fifo::S3Fifo, "s3-fifo", "S3-FIFO",
        "A small queue sorts out what is asked for once; a main one keeps the rest.";
    w_tiny_lfu::WTinyLfu, "w-tinylfu", "W-TinyLFU",
        "A newcomer stays only if it was asked for more often lately than who leaves for it.";
    slru::Slru, "slru", "Segmented LRU", "Each use lifts an entry into a safer segment.";
    two_q::TwoQ, "two-q", "2Q", "Only a key that comes back soon after it has left is kept long.";
    arc::Arc, "arc", "ARC", "Recent and frequent entries share the room, which learns from misses.";
    lirs::Lirs, "lirs", "LIRS", "Entries whose last two uses lie close together stay.";
    gdsf::Gdsf, "gdsf", "GDSF", "Small and often used entries stay; old fame fades.";
    random::Random, "random", "Random", "Any entry leaves, with equal chances.";
    ttl::Ttl, "ttl", "TTL only",
        "Nothing leaves before its time; a full cache takes nothing new in.";
}

choice! {
    /// What no running cache can follow, since it needs the future: bounds to compare with.
    Bound:
    belady::Belady, "belady", "Belady's MIN", "The entry whose next use lies furthest ahead leaves.";
}

impl Bound {
    /// Runs a trace through a cache of so much room.
    pub fn replay(self, capacity: u64, trace: &Trace) -> Tally {
        self.replay_telling(capacity, trace, &mut |_| {})
    }

    /// The same; `each` is told of every request in turn whether it hit.
    pub fn replay_telling(
        self,
        capacity: u64,
        trace: &Trace,
        each: &mut impl FnMut(bool),
    ) -> Tally {
        match self {
            Bound::Belady => belady::replay(capacity, trace, 0, each),
        }
    }

    /// The hits among the requests from `from` on; those before count for what they leave behind.
    pub fn hits_after(self, capacity: u64, trace: &Trace, from: usize) -> u64 {
        match self {
            Bound::Belady => belady::replay(capacity, trace, from, &mut |_| {}).hits,
        }
    }
}

impl Policy {
    /// The hits among the requests from `from` on; those before count for what they leave behind.
    pub fn hits_after(self, capacity: u64, ttl: u64, trace: &Trace, from: usize) -> u64 {
        // No policy knows the future: a beginning is run as if nothing came after it.
        let (keys, sizes) = (trace.keys[..from].to_vec(), trace.sizes.iter().take(from).copied());
        let names = trace.names.clone();
        let before = Trace { keys, sizes: sizes.collect(), names };
        self.replay(capacity, ttl, trace).hits - self.replay(capacity, ttl, &before).hits
    }
}

/// A policy at work, whichever it is.
trait AtWork: fmt::Debug + Send + Sync {
    fn copy(&self) -> Box<dyn AtWork>;
    fn resize(&mut self, capacity: u64);
    fn touch(&mut self, slot: Slot);
    fn arriving(&mut self, key: Key);
    fn insert(&mut self, key: Key, size: u64) -> Slot;
    fn spilled(&mut self) -> Option<Slot>;
    fn victim(&mut self) -> Option<Slot>;
    fn evict(&mut self, slot: Slot) -> Key;
    fn remove(&mut self, slot: Slot) -> Key;
    fn slab(&self) -> &slab::Slab;
    fn segment(&self, slot: Slot) -> &'static str;
    fn departed(&self) -> usize;
    fn sketch(&self) -> Option<(&Sketch, &[Spot])>;
    fn parts(&self, most: usize) -> Vec<Part>;
    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_>;
    fn fold(&self, feed: &mut dyn FnMut(u64));
}

impl<P: Eviction + fmt::Debug + Send + Sync + 'static> AtWork for P {
    fn copy(&self) -> Box<dyn AtWork> {
        Box::new(self.clone())
    }

    fn resize(&mut self, capacity: u64) {
        Eviction::resize(self, capacity);
    }

    fn touch(&mut self, slot: Slot) {
        Eviction::touch(self, slot);
    }

    fn arriving(&mut self, key: Key) {
        Eviction::arriving(self, key);
    }

    fn insert(&mut self, key: Key, size: u64) -> Slot {
        Eviction::insert(self, key, size)
    }

    fn spilled(&mut self) -> Option<Slot> {
        Eviction::spilled(self)
    }

    fn victim(&mut self) -> Option<Slot> {
        Eviction::victim(self)
    }

    fn evict(&mut self, slot: Slot) -> Key {
        Eviction::evict(self, slot)
    }

    fn remove(&mut self, slot: Slot) -> Key {
        Eviction::remove(self, slot)
    }

    fn slab(&self) -> &slab::Slab {
        Eviction::slab(self)
    }

    fn segment(&self, slot: Slot) -> &'static str {
        P::SEGMENTS.get(Eviction::segment(self, slot)).copied().unwrap_or_default()
    }

    fn departed(&self) -> usize {
        Eviction::departed(self)
    }

    fn sketch(&self) -> Option<(&Sketch, &[Spot])> {
        Eviction::sketch(self)
    }

    fn parts(&self, most: usize) -> Vec<Part> {
        Eviction::parts(self, most)
    }

    fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Eviction::order(self)
    }

    fn fold(&self, feed: &mut dyn FnMut(u64)) {
        Eviction::fold(self, &mut |word| feed(word));
    }
}

type Start = fn(Policy, u64) -> Box<dyn AtWork>;

// All but LRU come later on the page.
crate::later! { fn starter() -> Start = start_any, or "designs with another policy wait for it" }

impl Policy {
    /// Whether it comes later on the page.
    pub fn is_late(self) -> bool {
        self != Policy::Lru
    }

    /// Starts the policy for a cache of so much room, in entries or bytes.
    pub fn start(self, capacity: u64) -> Running {
        let it: Box<dyn AtWork> = match self {
            Policy::Lru => Box::new(<lru::Lru as Eviction>::new(capacity)),
            _ => starter()(self, capacity),
        };
        Running { policy: self, it }
    }
}

/// A policy at work.
#[derive(Debug)]
pub struct Running {
    policy: Policy,
    it: Box<dyn AtWork>,
}

impl Clone for Running {
    fn clone(&self) -> Self {
        Self { policy: self.policy, it: self.it.copy() }
    }
}

impl Running {
    /// The choice that started it.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The room changes, and entries stay.
    pub fn resize(&mut self, capacity: u64) {
        self.it.resize(capacity);
    }

    /// An entry was used.
    pub fn touch(&mut self, slot: Slot) {
        self.it.touch(slot);
    }

    /// A key that is not here is about to come in.
    pub fn arriving(&mut self, key: Key) {
        self.it.arriving(key);
    }

    /// A key that is not here comes in, with its size (1 if entries are counted).
    pub fn insert(&mut self, key: Key, size: u64) -> Slot {
        self.it.insert(key, size)
    }

    /// After an entry was used: one that has to leave since another took its place, until there is none.
    pub fn spilled(&mut self) -> Option<Slot> {
        self.it.spilled()
    }

    /// The entry that should leave next.
    pub fn victim(&mut self) -> Option<Slot> {
        self.it.victim()
    }

    /// An entry leaves to make room.
    pub fn evict(&mut self, slot: Slot) -> Key {
        self.it.evict(slot)
    }

    /// An entry leaves for another reason than room.
    pub fn remove(&mut self, slot: Slot) -> Key {
        self.it.remove(slot)
    }

    /// The key of an entry.
    pub fn key(&self, slot: Slot) -> Key {
        self.it.slab().key(slot)
    }

    /// What a clone of it takes of memory, roughly, in bytes, with a map beside it of what is held
    /// (`tests/memory.rs` holds it against the allocator).
    pub fn bytes(&self) -> usize {
        let beside = |it: (&Sketch, &[Spot])| it.0.bytes() + size_of_val(it.1);
        self.len() * 110 + self.it.sketch().map_or(0, beside)
    }

    /// The room that an entry takes.
    pub fn size(&self, slot: Slot) -> u64 {
        self.it.slab().size(slot)
    }

    /// The room that all entries take together: their number, as long as each takes 1.
    pub fn weight(&self) -> u64 {
        self.it.slab().weight()
    }

    /// Entries held.
    pub fn len(&self) -> usize {
        self.it.slab().held as usize
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys remembered of entries that have left.
    pub fn departed(&self) -> usize {
        self.it.departed()
    }

    /// An entry's counters in a sketch, where the policy keeps one: the least of them is what counts.
    pub fn counters(&self, slot: Slot) -> Vec<u16> {
        let counted = |it: (&Sketch, &[Spot])| it.0.counted(it.1[slot as usize]).to_vec();
        self.it.sketch().map_or_else(Vec::new, counted)
    }

    /// What it looks like inside: its parts, with at most `most` keys at either end of each one by
    /// one.
    pub fn parts(&self, most: usize) -> Vec<Part> {
        self.it.parts(most)
    }

    /// The name of the part of the cache that an entry is in; empty if there is only one.
    pub fn segment(&self, slot: Slot) -> &'static str {
        self.it.segment(slot)
    }

    /// The keys held, in no order that says anything: quicker than that of leaving.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let slab = self.it.slab();
        slab.slots().map(|it| slab.key(it))
    }

    /// The entries from the first to leave to the last.
    pub fn order(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        self.it.order()
    }

    /// Feeds the state hash, the choice of policy first.
    pub fn fold(&self, feed: &mut dyn FnMut(u64)) {
        self.policy.id().bytes().for_each(|byte| feed(u64::from(byte)));
        self.it.fold(feed);
    }
}
