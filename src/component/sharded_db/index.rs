//! Finding rows by another attribute than their key. Without an index every shard reads all its rows; a
//! local index lies beside the rows of each shard, so that all shards are asked still, but each looks only
//! once; a global index is dealt out by the attribute: one shard knows which rows have a value, and then
//! only those are asked that have them. What is written is in the local index with the row. The global
//! one is told afterwards, by messages that are repeated until they are confirmed: until then it misses
//! rows, or names some that have another value by now. What is told of a row carries the row's version: rows
//! change hands, so that a shard which was cut off may tell late what another has told better meanwhile.
//!
//! Sources: Kleppmann, "Designing Data-Intensive Applications", 2017, chapter 6 (document- and
//! term-partitioned indexes); Amazon DynamoDB developer guide, "Global secondary indexes" (kept up to
//! date asynchronously).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::draw::{mix, open_unit};
use crate::base::stable::hash_of;
use crate::base::time::Nanos;
use crate::engine::{Outcome, Request};

use super::query::Part;
use super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::super::Context;
use super::{Ctx, INDEXED, Row, ShardedDb, ShardedDbParams, ShardedDbState};

/// Entries told in one message, at most.
const BATCH: usize = 256;
/// After how long something unconfirmed is told again.
const AGAIN: Nanos = Nanos::millis(250);
/// What is drawn of a write: whether it changes the attribute.
const DRAW_CHANGES: u8 = 60;

crate::choices! {
    /// How rows are found by another attribute than their key.
    pub enum Indexing {
        /// Every shard reads all its rows.
        None = "none",
        /// Each shard has an index of its own rows.
        Local = "local",
        /// The index is dealt out by the attribute, and told of writes afterwards.
        Global = "global",
    }
}

/// What a global index is told: that a row has a value, or has it no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: u32,
    /// The row.
    pub key: u32,
    /// The version of the row that this is true of.
    pub version: u32,
    /// Whether it has the value.
    pub has: bool,
    /// When that became so.
    pub since: Nanos,
}

/// Entries sent and not confirmed.
#[derive(Clone, Copy, Debug)]
struct Sent {
    id: u64,
    at: Nanos,
    count: u32,
}

/// What a global index was told of a row last.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// The version of the row that it is true of; 0 if it was told nothing.
    version: u32,
    /// The value it has; none if that has its place elsewhere.
    value: Option<u32>,
}

/// What a shard has of the index, and owes to those of others.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Rows by value: its own, or those of all whose value's place is here. Rising.
    pub postings: CowList<Arc<[u32]>>,
    /// What others have still to be told, by ordinal, the oldest first.
    pub owed: Vec<VecDeque<Entry>>,
    /// Of a global index: what it was told last of each row, by key.
    told: CowList<Told>,
    sent: Vec<Option<Sent>>,
    /// The latest message taken in from each shard, by ordinal.
    heard: Vec<u64>,
    /// What it was built for.
    built: u64,
    /// Who has the values.
    among: Vec<u16>,
    /// Whether it will look after what it owes.
    pub(super) beats: bool,
}

crate::stable! {
    Entry { value, key, version, has, since }
    Told { version, value }
    Sent { id, at, count }
    Index { postings, owed, told, sent, heard, built, among, beats }
}

/// The value that a row has, of so many.
pub fn value_of(key: u32, turn: u8, values: u32) -> u32 {
    (mix(u64::from(key) << 8 | u64::from(turn)) % u64::from(values.max(1))) as u32
}

impl Index {
    /// The ordinal of the shard where the global index has a value.
    pub fn place(&self, value: u32) -> u16 {
        let at = mix(u64::from(value) ^ 0x0069_6e64_6578) % self.among.len().max(1) as u64;
        self.among.get(at as usize).copied().unwrap_or(0)
    }

    /// Entries that have still to be told to others, and since when the oldest.
    pub fn behind(&self) -> (usize, Option<Nanos>) {
        let oldest = self.owed.iter().filter_map(|it| it.front()).map(|it| it.since).min();
        (self.owed.iter().map(VecDeque::len).sum(), oldest)
    }

    /// What a clone of it takes of memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.postings.bytes() + self.told.bytes()
    }

    /// The rows that it has under a value.
    pub fn of(&self, value: u32) -> Arc<[u32]> {
        self.postings.get(value.into()).cloned().unwrap_or_default()
    }

    fn note(&mut self, value: u32, key: u32, has: bool) {
        let Some(keys) = self.postings.get(value.into()) else { return };
        let mut list = keys.to_vec();
        match (list.binary_search(&key), has) {
            (Err(at), true) => list.insert(at, key),
            (Ok(at), false) => _ = list.remove(at),
            _ => return,
        }
        self.postings.set(value.into(), list.into());
    }

    /// Takes in what a global index is told, unless it knows better by now: a row has one value at a time.
    fn take_in(&mut self, it: Entry) {
        let Some(told) = self.told.get(it.key.into()).copied() else { return };
        if it.version < told.version {
            return;
        }
        let stays = told.value.filter(|value| it.version == told.version && *value != it.value);
        let value = if it.has { Some(it.value) } else { stays };
        if let Some(old) = told.value.filter(|_| told.value != value) {
            self.note(old, it.key, false);
        }
        if let Some(new) = value {
            self.note(new, it.key, true);
        }
        self.told.set(it.key.into(), Told { version: it.version, value });
    }

    fn post(&mut self, entry: Entry, own: u16) {
        let to = self.place(entry.value);
        match self.owed.get_mut(usize::from(to)).filter(|_| to != own) {
            Some(owed) => owed.push_back(entry),
            None => self.take_in(entry),
        }
    }
}

/// Whether requests of a class ask by the attribute.
pub(super) fn asks(params: &ShardedDbParams, class: u8, ctx: &Context<ShardedDb>) -> bool {
    let names = params.attribute_classes.split(',').map(str::trim);
    names.into_iter().any(|it| !it.is_empty() && ctx.class(it) == Some(class))
}

fn value(params: &ShardedDbParams, key: u32, row: Row) -> u32 {
    value_of(key, row.turn, params.attribute_values)
}

/// Builds what there has to be by the parameters, if it is not there. When the run begins it is there for
/// all rows; later each shard builds it from its own, and tells the others.
pub(super) fn build(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let (own, members) = (ctx.ordinal(), usize::from(ctx.members()));
    let among = state.map.among();
    let unused = params.attribute_classes.trim().is_empty();
    let kind = if unused { Indexing::None } else { params.index };
    let shape: Vec<u64> = among.iter().map(|it| u64::from(*it)).chain([members as u64]).collect();
    let rows = (u64::from(params.keys), u64::from(params.attribute_values));
    let built = hash_of(&(kind, (rows, shape)));
    let index = &mut *state.index;
    index.owed.resize(members, VecDeque::new());
    index.sent.resize(members, None);
    index.heard.resize(members, 0);
    if index.built == built {
        return;
    }
    // What was told of the index as it was before is of no use to this one.
    state.void_parts(|it| matches!(it, Part::Index { .. }));
    let index = &mut *state.index;
    *index = Index {
        built,
        among,
        owed: vec![VecDeque::new(); members],
        sent: vec![None; members],
        heard: std::mem::take(&mut index.heard),
        beats: index.beats,
        ..Index::default()
    };
    if kind == Indexing::None {
        return;
    }
    let (first, since) = (ctx.now() == Nanos::ZERO, ctx.now());
    let is_global = kind == Indexing::Global;
    state.index.told = CowList::filled(Told::default(), if is_global { params.keys } else { 0 });
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); params.attribute_values as usize];
    for key in 0..state.rows.end() as u32 {
        let Some(row) = state.rows.get(key.into()).copied() else { continue };
        let (value, mine) = (value(params, key, row), u16::from(row.owner) == own);
        let (here, to) = match is_global {
            true => (state.index.place(value) == own && (mine || first), mine && !first),
            false => (mine, false),
        };
        let version = row.version.max(1);
        if here {
            lists[value as usize].push(key);
            if is_global {
                state.index.told.set(key.into(), Told { version, value: Some(value) });
            }
        } else if to {
            state.index.post(Entry { value, key, version, has: true, since }, own);
        }
    }
    lists.into_iter().for_each(|it| _ = state.index.postings.push(it.into()));
    tell(state, ctx);
}

/// A row of this shard's is being written: perhaps it gets another value.
pub(super) fn turn(params: &ShardedDbParams, request: &Request, row: Row, ctx: &Ctx) -> u8 {
    let share = params.attribute_writes.0;
    let asked = share > 0.0 && !params.attribute_classes.is_empty();
    let turns = asked && open_unit(ctx.draw(request.id, DRAW_CHANGES)) < share;
    row.turn.wrapping_add(u8::from(turns))
}

/// A row of this shard's has been written.
pub(super) fn wrote(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    key: u32,
    [before, after]: [Row; 2],
    ctx: &mut Ctx,
) {
    let [old, new] = [before, after].map(|it| value(params, key, it));
    if before.turn == after.turn || old == new || state.index.postings.end() == 0 {
        return;
    }
    let (own, since, version) = (ctx.ordinal(), ctx.now(), after.version);
    for (value, has) in [(old, false), (new, true)] {
        match params.index {
            Indexing::Global => state.index.post(Entry { value, key, version, has, since }, own),
            _ => state.index.note(value, key, has),
        }
    }
    tell(state, ctx);
}

/// Rows have come from another shard: the local index gets them, and the global one is told, in case
/// that they were on their way when it was built.
pub(super) fn took(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    keys: &[u32],
    ctx: &mut Ctx,
) {
    if state.index.postings.end() == 0 {
        return;
    }
    for key in keys {
        let Some(row) = state.rows.get((*key).into()).copied() else { continue };
        let value = value(params, *key, row);
        match params.index {
            Indexing::Global => {
                let (key, version, since) = (*key, row.version, ctx.now());
                let entry = Entry { value, key, version, has: true, since };
                state.index.post(entry, ctx.ordinal());
            }
            _ => state.index.note(value, *key, true),
        }
    }
    tell(state, ctx);
}

/// Tells others what they have to be told, if nothing is on its way to them.
fn tell(state: &mut ShardedDbState, ctx: &mut Ctx) {
    ctx.changed = true;
    for to in 0..ctx.members() {
        let at = usize::from(to);
        let idle = state.index.sent.get(at).is_some_and(Option::is_none);
        if idle && state.index.owed.get(at).is_some_and(|it| !it.is_empty()) {
            let id = state.next_id(ctx.now());
            send(state, to, id, ctx);
        }
    }
    look_after(state, ctx);
}

fn send(state: &mut ShardedDbState, to: u16, id: u64, ctx: &mut Ctx) {
    let at = usize::from(to);
    let Some(owed) = state.index.owed.get(at) else { return };
    let count = match state.index.sent.get(at).copied().flatten() {
        Some(sent) => sent.count as usize,
        None => owed.len().min(BATCH),
    };
    let entries: Arc<[Entry]> = owed.iter().take(count).copied().collect();
    state.index.sent[at] = Some(Sent { id, at: ctx.now(), count: count as u32 });
    let built = state.index.built;
    ctx.send(to, ShardedDbMessage::Index(id, built, entries));
}

/// Another shard tells what has changed: a worker has to see to it.
pub(super) fn hear(
    state: &mut ShardedDbState,
    (from, id): (u16, u64),
    built: u64,
    entries: Arc<[Entry]>,
    ctx: &mut Ctx,
) {
    // It is about an index that is no more, or not yet here: then it will be told again.
    if built != state.index.built {
        return;
    }
    if state.index.heard.get(usize::from(from)).is_some_and(|it| *it >= id) {
        return ctx.send(from, ShardedDbMessage::Indexed(id));
    }
    // It may wait for a worker already.
    let same = |it: &(u64, Part)| matches!(&it.1, Part::Index { from: who, id: which, .. } if (*who, *which) == (from, id));
    if !state.parts.iter().any(same) {
        let key = entries.first().map_or(0, |it| it.key);
        state.work(Part::Index { from, id, entries }, 0, key, ctx);
    }
}

/// A worker has seen to it. Where there was no place in the line, it will be told again.
pub(super) fn worked(
    state: &mut ShardedDbState,
    (from, id): (u16, u64),
    entries: &[Entry],
    outcome: Outcome,
    ctx: &mut Ctx,
) {
    if outcome != Outcome::Ok {
        return;
    }
    if let Some(heard) = state.index.heard.get_mut(usize::from(from)) {
        *heard = id;
    }
    entries.iter().for_each(|it| state.index.take_in(*it));
    ctx.count(INDEXED, entries.first().map_or(0, |it| it.key));
    ctx.send(from, ShardedDbMessage::Indexed(id));
}

/// The other has it.
pub(super) fn confirmed(state: &mut ShardedDbState, from: u16, id: u64, ctx: &mut Ctx) {
    let at = usize::from(from);
    let index = &mut *state.index;
    let Some(sent) = index.sent.get_mut(at) else { return };
    let Some(it) = sent.take_if(|it| it.id == id) else { return };
    index.owed[at].drain(..it.count as usize);
    tell(state, ctx);
}

/// Rows of this shard's that the index named have another value: it is told once more what they have,
/// unless it is to be told already.
pub(super) fn wrong(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    wrong: u32,
    keys: &[u32],
    ctx: &mut Ctx,
) {
    let (own, since) = (ctx.ordinal(), ctx.now());
    for key in keys.iter().copied() {
        let Some(row) = state.rows.get(key.into()).copied() else { continue };
        let version = row.version;
        let same = |it: &Entry| (it.value, it.key, it.version, it.has) == (wrong, key, version, false);
        if !state.index.owed.iter().flatten().any(same) {
            for (value, has) in [(wrong, false), (value(params, key, row), true)] {
                state.index.post(Entry { value, key, version, has, since }, own);
            }
        }
    }
    tell(state, ctx);
}

/// Wakes again as long as something is not confirmed.
pub(super) fn look_after(state: &mut ShardedDbState, ctx: &mut Ctx) {
    let index = &state.index;
    if !index.beats && index.sent.iter().any(Option::is_some) {
        state.index.beats = true;
        ctx.timer(AGAIN, ShardedDbTimer::Index);
    }
}

/// What is not confirmed is told again.
pub(super) fn beat(state: &mut ShardedDbState, ctx: &mut Ctx) {
    state.index.beats = false;
    let now = ctx.now();
    for to in 0..ctx.members() {
        let sent = state.index.sent.get(usize::from(to)).copied().flatten();
        if let Some(it) = sent.filter(|it| now.saturating_sub(it.at) >= AGAIN) {
            send(state, to, it.id, ctx);
        }
    }
    look_after(state, ctx);
}
