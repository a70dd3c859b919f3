//! What a node of a Redis cluster remembers of slots that change hands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::algorithm::placement::redis_slots;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::Request;
use crate::engine::event::Verb;

use super::Ctx;
use super::table::Table;
use super::talk::{ClusterMessage, Slots};

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The other has not said yet that entries may come.
    Asks,
    /// Entries follow.
    Brings,
    /// All are there; the other has not said yet that the slots are its.
    Closes,
}

crate::stable! { enum Stage }

/// Entries that go at a time (`redis-cli --cluster-pipeline`).
pub(super) const BATCH: usize = 10;
/// Moves of late that are remembered.
pub(super) const DONE_MAX: usize = 8;

/// Entries that go together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub keys: Arc<[u32]>,
    /// Numbers each time it is sent; 0 before the first.
    pub step: u64,
    pub phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// It is to be sent, perhaps again.
    Waits,
    /// It waits in the line for a worker, as the request with this number.
    Lines(u64),
    /// The worker waits for the other, at most until an alarm.
    Sent(Handle, Handle),
}

/// Slots that a node hands over to another.
#[derive(Clone, Debug)]
pub struct Move {
    pub(super) id: u64,
    /// To whom.
    pub to: u16,
    /// Which, rising.
    pub slots: Slots,
    /// How far it is.
    pub stage: Stage,
    /// Whether who asks for a key that is not here is sent after it.
    pub migrating: bool,
    /// Entries that were here at the beginning, and how many have gone.
    pub keys: [u32; 2],
    /// When it began.
    pub began: Nanos,
    /// Keys that have not gone, if they are still here.
    pub(super) left: BTreeSet<u32>,
    pub(super) batch: Option<Batch>,
    /// When something was last said that is not confirmed.
    pub(super) said: Nanos,
}

/// A move that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// To whom.
    pub to: u16,
    /// How many slots.
    pub slots: u32,
    /// Entries that went over.
    pub keys: u32,
    /// When it began, and when it was over.
    pub times: [Nanos; 2],
}

/// A request that was sent after its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// When.
    pub at: Nanos,
    /// For which key.
    pub key: u32,
    /// To whom.
    pub to: u16,
    /// For which request.
    pub request: u64,
}

/// What a node knows of slots that change hands. All of it is on its disk (`nodes.conf`), but what its
/// workers are at.
#[derive(Clone, Debug)]
pub struct Moving {
    /// What it knows of all slots.
    pub table: Table,
    /// Slots whose entries come here, and from whom.
    pub importing: BTreeMap<u16, u8>,
    /// What it hands over now.
    pub now: Option<Move>,
    /// Slots that it has still to hand over, and the keys of each that may be here.
    pub waiting: BTreeMap<u16, BTreeSet<u32>>,
    /// What it has handed over, the latest last.
    pub done: VecDeque<Done>,
    /// Whom it has sent on last.
    pub asked: Option<Asked>,
    /// Writes of entries that are on their way just now.
    pub(super) parked: Vec<(Handle, Request)>,
    /// Who did not answer last, and is tried after the others.
    pub(super) silent: Option<u16>,
    last_id: u64,
    begun: u64,
    /// By node: the last step of its entries that was taken.
    pub(super) taken: BTreeMap<u16, u64>,
    /// Whose turn it is to be told.
    pub(super) turn: u16,
    pub(super) beats: bool,
    /// When it next tells another what it knows of slots.
    pub(super) gossips: Option<Handle>,
    pub(super) paced: bool,
    /// No entries go before.
    pub(super) next: Nanos,
    /// Beats without knowing whose the slots are.
    pub(super) alone: u32,
}

crate::stable! {
    Batch { keys, step, phase }
    Move { id, to, slots, stage, migrating, keys, began, left, batch, said }
    Done { to, slots, keys, times }
    Asked { at, key, to, request }
    Moving {
        table, importing, now, waiting, done, asked, parked, silent, last_id, begun, taken, turn,
        beats, gossips, paced, next, alone,
    }
}

impl StableHash for Phase {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Waits => h.word(0),
            Self::Lines(request) => (1u8, *request).stable_hash(h),
            Self::Sent(ticket, alarm) => (2u8, (*ticket, *alarm)).stable_hash(h),
        }
    }
}

impl Moving {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            importing: BTreeMap::new(),
            now: None,
            waiting: BTreeMap::new(),
            done: VecDeque::new(),
            asked: None,
            parked: Vec::new(),
            silent: None,
            last_id: 0,
            begun: 0,
            taken: BTreeMap::new(),
            turn: 0,
            beats: false,
            gossips: None,
            paced: false,
            next: Nanos::ZERO,
            alone: 0,
        }
    }

    /// Whether the entry of a key has perhaps gone over, and is this node's until that is confirmed.
    pub fn on_way(&self, key: u32) -> bool {
        let batch = self.now.as_ref().and_then(|it| it.batch.as_ref());
        batch.is_some_and(|it| it.step > 0 && it.keys.contains(&key))
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let keys: usize = self.waiting.values().map(BTreeSet::len).sum();
        self.table.bytes() + 32 * self.waiting.len() + 8 * keys
    }

    /// What it tells the others.
    pub(super) fn gossip(&self) -> ClusterMessage {
        let to = self.now.as_ref().map_or(u16::MAX, |it| it.to);
        ClusterMessage::Gossip(Box::new(self.table.clone()), to)
    }

    /// A number that this node has not given before, in any life.
    pub(super) fn next_id(&mut self, now: Nanos) -> u64 {
        self.last_id = now.0.max(self.last_id + 1);
        self.last_id
    }

    /// Begins a request of this node's own, and gives its number.
    pub(super) fn begin(&mut self, key: u32, ctx: &mut Ctx) -> u64 {
        self.begun += 1;
        let id = ctx.request_id(u64::from(ctx.ordinal()) << 32 | self.begun & 0xffff_ffff);
        let (deadline, verb) = (Nanos::MAX, Verb::Flush);
        ctx.begin(Request { id, deadline, key, verb, ..Request::default() });
        id
    }
}

impl Move {
    pub(super) fn has(&self, slot: u32) -> bool {
        self.slots.binary_search_by_key(&slot, |it| it.0.into()).is_ok()
    }
}

/// The slot of a key.
pub(super) fn slot_of(key: u32, ctx: &Ctx) -> u32 {
    redis_slots::slot(format!("{}:{key}", ctx.key_name()).as_bytes())
}
