//! Rows change hands while requests go on. A shard copies the rows that belong to another in batches,
//! each of which one of its workers has to fetch; then it brings what was written meanwhile; then it
//! stops serving them and hands them over. From the moment it does until the other has confirmed,
//! whoever asks for them waits. Each step is repeated until it is confirmed, and a handing over that
//! comes twice is taken once, so that each row is at every moment either one shard's or on its way.
//!
//! Source: the stages of MongoDB's chunk migration (MongoDB manual, "Range migration procedure") and of
//! Das, Nishimura, Agrawal and El Abbadi, "Albatross", VLDB 2011 (iterative copying, then a short
//! hand-over).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::cow::CowList;
use crate::base::time::Nanos;
use crate::engine::event::Verb;
use crate::engine::Request;

use super::map::Brought;
use super::query::Part;
use super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::{Ctx, HANDED_OVER, Row, SENT_ON, ShardedDbParams, ShardedDbState, index};

/// How often a shard goes on with what it brings to others.
const BEAT: Nanos = Nanos::millis(50);
/// After how long something unconfirmed is sent again.
const AGAIN: Nanos = Nanos::millis(250);
/// After so many rounds of catching up it hands over, even if much has been written since the last:
/// where its line is long, it would never be level.
const ROUNDS_MAX: u32 = 8;
/// Moves of late that are remembered.
const MOVED_MAX: usize = 8;

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for the one before.
    Waits,
    /// Rows are copied.
    Copy,
    /// Rows that were written after they had been copied are copied once more.
    CatchUp,
    /// Nobody serves them until the other has confirmed.
    CutOver,
}

crate::stable! { enum Stage }

/// Rows that one shard brings to another.
#[derive(Clone, Debug)]
pub struct Move {
    /// Names it in messages; later ones have higher numbers.
    pub id: u64,
    /// To whom.
    pub to: u16,
    /// Their keys, rising.
    pub keys: Arc<[u32]>,
    /// How far it is.
    pub stage: Stage,
    /// How many of them have been copied, and that was confirmed.
    pub copied: usize,
    /// Those written since they were copied.
    pub dirty: BTreeSet<u32>,
    /// Copies sent once more.
    pub again: u32,
    /// When it began, when all had been copied, and when it was handed over.
    pub times: [Nanos; 3],
    /// The step that is not confirmed: how many rows it copies, when it was sent, and which of them
    /// were dirty. None if there is none.
    sent: Option<Sent>,
    /// Steps begun, and rounds of catching up.
    steps: u32,
    rounds: u32,
    /// It is about to hand over: no row of it is promised to a transaction from now on.
    closing: bool,
}

#[derive(Clone, Debug)]
struct Sent {
    at: Nanos,
    /// Whether a worker is still fetching them.
    fetching: bool,
    keys: Arc<[u32]>,
}

/// A move that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// To whom.
    pub to: u16,
    /// Rows.
    pub rows: u32,
    /// Copies sent once more, since the rows had been written.
    pub again: u32,
    /// When it began, when all had been copied, when it was handed over, and when that was confirmed.
    pub times: [Nanos; 4],
}

crate::stable! {
    Move { id, to, keys, stage, copied, dirty, again, times, sent, steps, rounds, closing }
    Sent { at, fetching, keys }
    Moved { to, rows, again, times }
}

impl Move {
    /// Rows that it has not yet handed over.
    pub fn left(&self) -> usize {
        self.keys.len()
    }

    /// What part of the rows has been copied, 0 to 1.
    pub fn part(&self) -> f64 {
        self.copied as f64 / self.keys.len().max(1) as f64
    }
}

impl ShardedDbState {
    /// Keeps copies of another's rows.
    pub(super) fn keep(&mut self, rows: &[Brought], ordinal: u16) {
        for it in rows {
            let Some(row) = self.rows.get(it.key.into()).copied() else { continue };
            if u16::from(row.owner) != ordinal {
                let Brought { version, balance, turn, .. } = *it;
                self.rows.set(it.key.into(), Row { version, balance, turn, ..row });
            }
        }
    }

    fn brought(&self, keys: &[u32]) -> Arc<[Brought]> {
        let brought = |key: &u32| {
            let Row { version, balance, turn, .. } =
                self.rows.get((*key).into()).copied().unwrap_or(Row::NONE);
            Brought { key: *key, version, balance, turn }
        };
        keys.iter().map(brought).collect()
    }

    /// A number that this shard has not given before.
    pub(super) fn next_id(&mut self, now: Nanos) -> u64 {
        // A shard that takes the place of one that was taken away must not repeat its numbers.
        self.last_id = now.0.max(self.last_id + 1);
        self.last_id
    }

    /// Begins work of this shard's own: a worker has to do it, as for a request.
    pub(super) fn work(&mut self, part: Part, class: u8, key: u32, ctx: &mut Ctx) {
        self.begun += 1;
        let id = ctx.request_id(u64::from(ctx.member()) << 32 | self.begun & 0xffff_ffff);
        self.parts.push((id, part));
        let (deadline, verb) = (Nanos::MAX, Verb::Flush);
        ctx.begin(Request { id, deadline, key, class, verb, ..Request::default() });
    }
}

/// Whether a row is about to be handed over.
pub(super) fn closes(state: &ShardedDbState, key: u32) -> bool {
    state.moves.front().is_some_and(|it| it.closing && it.keys.binary_search(&key).is_ok())
}

/// Which rows have to go where, by the map. What is being handed over goes on; all else begins anew.
pub(super) fn plan(state: &mut ShardedDbState, ctx: &mut Ctx) {
    state.moves.retain(|it| it.stage == Stage::CutOver);
    // Whoever fetches rows for a move that is no more brings them for nothing.
    state.void_parts(|it| *it == Part::Batch);
    if !state.known {
        return;
    }
    let mut outside: Vec<Vec<u32>> = vec![Vec::new(); usize::from(ctx.members())];
    for key in 0..state.rows.end() as u32 {
        if state.rows.get(key.into()).is_some_and(|it| u16::from(it.owner) == ctx.ordinal()) {
            let owner = state.map.owner(key);
            if u16::from(owner) != ctx.ordinal()
                && let Some(keys) = outside.get_mut(usize::from(owner))
            {
                keys.push(key);
            }
        }
    }
    for (to, keys) in (0..).zip(outside).filter(|it| !it.1.is_empty()) {
        let id = state.next_id(ctx.now());
        state.moves.push_back(Move {
            id,
            to,
            keys: keys.into(),
            stage: Stage::Waits,
            copied: 0,
            dirty: BTreeSet::new(),
            again: 0,
            times: [ctx.now(); 3],
            sent: None,
            steps: 0,
            rounds: 0,
            closing: false,
        });
    }
}

/// Asks the first shard whose the rows are.
pub(super) fn ask(ctx: &mut Ctx) {
    ctx.send(0, ShardedDbMessage::Whose);
}

/// The first shard has said whose the rows are.
pub(super) fn learn(state: &mut ShardedDbState, rows: &CowList<Row>, ctx: &mut Ctx) {
    if std::mem::replace(&mut state.known, true) {
        return;
    }
    for key in 0..state.rows.end() as u32 {
        let known = rows.get(key.into()).map_or(Row::NOBODY, |it| it.owner);
        if state.rows.get(key.into()).is_some_and(|it| it.owner == Row::NOBODY) {
            state.own(key, known);
        }
    }
    state.recount(ctx.ordinal());
    plan(state, ctx);
    release(state, ctx);
    look_after(state, ctx);
}

/// Wakes again as long as there is something to bring, or to learn.
pub(super) fn look_after(state: &mut ShardedDbState, ctx: &mut Ctx) {
    if !state.beats && (!state.known || !state.moves.is_empty()) {
        state.beats = true;
        ctx.timer(BEAT, ShardedDbTimer::Beat);
    }
}

/// Goes on with the move at work.
pub(super) fn beat(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    state.beats = false;
    if !state.known {
        ask(ctx);
    }
    step(state, params, ctx);
    look_after(state, ctx);
}

/// Rows copied in one step.
fn batch(params: &ShardedDbParams) -> usize {
    (u64::from(params.copy_rate) * BEAT.0 / Nanos::SECOND.0).max(1) as usize
}

fn step(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let (now, batch) = (ctx.now(), batch(params));
    let Some(it) = state.moves.front_mut() else { return };
    if let Some(sent) = &it.sent {
        let late = now.saturating_sub(sent.at) >= AGAIN;
        if late && !sent.fetching {
            transmit(state, now, ctx);
        }
        return;
    }
    if it.stage == Stage::CutOver {
        return;
    }
    if it.stage == Stage::Waits {
        (it.stage, it.times) = (Stage::Copy, [now; 3]);
    }
    if it.stage == Stage::Copy && it.copied == it.keys.len() {
        (it.stage, it.times[1]) = (Stage::CatchUp, now);
    }
    let catches_up = it.stage == Stage::CatchUp;
    // So little that it can be brought along.
    let level = catches_up && (it.dirty.len() <= batch || it.rounds >= ROUNDS_MAX);
    // What is promised has to be known first; that no more is promised brings that about.
    it.closing = level;
    if level && state.across.locks_any(&it.keys) {
        return;
    }
    let keys: Arc<[u32]> = match it.stage {
        Stage::Copy => it.keys[it.copied..].iter().take(batch).copied().collect(),
        _ => it.dirty.iter().take(if level { usize::MAX } else { batch }).copied().collect(),
    };
    it.steps += 1;
    it.rounds += u32::from(catches_up);
    let first = keys.first().copied().unwrap_or_default();
    if level {
        (it.stage, it.times[2]) = (Stage::CutOver, now);
        it.sent = Some(Sent { at: now, fetching: false, keys });
        let (moving, to) = (Arc::clone(&it.keys), it.to);
        for key in moving.iter() {
            state.own(*key, to as u8);
        }
        state.held -= moving.len() as u32;
        transmit(state, now, ctx);
    } else {
        if catches_up {
            it.again += keys.len() as u32;
            keys.iter().for_each(|key| _ = it.dirty.remove(key));
        }
        it.sent = Some(Sent { at: now, fetching: true, keys });
        state.work(Part::Batch, 0, first, ctx);
    }
}

/// A worker has fetched a batch, or there was no place in its line.
pub(super) fn send(state: &mut ShardedDbState, done: bool, ctx: &mut Ctx) {
    let Some(it) = state.moves.front_mut() else { return };
    let stage = it.stage;
    let Some(sent) = it.sent.as_mut().filter(|it| it.fetching) else { return };
    if done {
        sent.fetching = false;
        return transmit(state, ctx.now(), ctx);
    }
    // The next beat tries again.
    if stage == Stage::CatchUp {
        let keys = Arc::clone(&sent.keys);
        it.again -= keys.len() as u32;
        it.dirty.extend(keys.iter());
    }
    it.sent = None;
}

/// Sends what is not confirmed, as it is now.
fn transmit(state: &mut ShardedDbState, now: Nanos, ctx: &mut Ctx) {
    let Some(it) = state.moves.front_mut() else { return };
    let Some(sent) = &mut it.sent else { return };
    sent.at = now;
    let (id, to, step, keys, sending) =
        (it.id, it.to, it.steps, Arc::clone(&it.keys), Arc::clone(&sent.keys));
    let over = it.stage == Stage::CutOver;
    let rows = state.brought(&sending);
    let message = match over {
        true => ShardedDbMessage::Take(id, keys, rows),
        false => ShardedDbMessage::Copy(id, step, rows),
    };
    ctx.send(to, message);
}

/// The other has a batch.
pub(super) fn copied(state: &mut ShardedDbState, id: u64, step: u32) {
    let Some(it) = state.moves.front_mut().filter(|it| it.id == id && it.steps == step) else {
        return;
    };
    if let Some(sent) = it.sent.take_if(|it| !it.fetching)
        && it.stage == Stage::Copy
    {
        it.copied += sent.keys.len();
    }
}

/// A row of this shard's has been written: if it has been copied, or is just being, that was for
/// nothing.
pub(super) fn wrote(state: &mut ShardedDbState, key: u32) {
    let Some(it) = state.moves.front() else { return };
    let Ok(place) = it.keys.binary_search(&key) else { return };
    let sending = it.sent.as_ref().map_or(0, |it| it.keys.len());
    let copied = it.stage == Stage::CatchUp || it.stage == Stage::Copy && place < it.copied + sending;
    if let Some(it) = state.moves.front_mut().filter(|_| copied) {
        it.dirty.insert(key);
    }
}

/// Rows are this shard's from now on.
pub(super) fn take(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (from, id): (u16, u64),
    keys: &Arc<[u32]>,
    rows: &[Brought],
    ctx: &mut Ctx,
) {
    let Some(last) = state.taken.get_mut(usize::from(from)).filter(|it| **it < id) else { return };
    *last = id;
    state.keep(rows, ctx.ordinal());
    for key in keys.iter() {
        state.own(*key, ctx.ordinal() as u8);
        ctx.count(HANDED_OVER, *key);
    }
    state.held += keys.len() as u32;
    index::took(state, params, keys, ctx);
    // They may belong elsewhere by now.
    if keys.iter().any(|it| u16::from(state.map.owner(*it)) != ctx.ordinal()) {
        plan(state, ctx);
        look_after(state, ctx);
    }
    release(state, ctx);
}

/// The other has taken rows over.
pub(super) fn taken(state: &mut ShardedDbState, id: u64, ctx: &mut Ctx) {
    let over = |it: &&Move| it.id == id && it.stage == Stage::CutOver;
    if state.moves.front().filter(over).is_none() {
        return;
    }
    let Some(it) = state.moves.pop_front() else { return };
    let [began, copied, over] = it.times;
    if state.moved.len() >= MOVED_MAX {
        state.moved.pop_front();
    }
    let times = [began, copied, over, ctx.now()];
    state.moved.push_back(Moved { to: it.to, rows: it.keys.len() as u32, again: it.again, times });
    let own = ctx.ordinal();
    for member in (0..ctx.members()).filter(|member| *member != it.to && *member != own) {
        ctx.send(member, ShardedDbMessage::Theirs(Arc::clone(&it.keys), it.to));
    }
    release(state, ctx);
}

/// Another shard has asked for rows: of those that are not this shard's it is told whose they are, as far as that
/// is clear. It may have been cut off when they changed hands.
pub(super) fn tell_whose(
    state: &ShardedDbState,
    to: u16,
    keys: impl IntoIterator<Item = u32>,
    ctx: &mut Ctx,
) {
    let own = ctx.ordinal();
    let mut whose: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
    for key in keys.into_iter().filter(|it| to != own && state.is_clear(*it)) {
        if let Some(row) = state.rows.get(key.into()).filter(|it| u16::from(it.owner) != own) {
            whose.entry(row.owner.into()).or_default().push(key);
        }
    }
    for (owner, keys) in whose {
        ctx.send(to, ShardedDbMessage::Theirs(keys.into(), owner));
    }
}

/// Another shard has said whose rows are that it had, as far as is known here.
pub(super) fn theirs(state: &mut ShardedDbState, from: u16, keys: &[u32], owner: u16, ctx: &Ctx) {
    let had = |it: &Row| u16::from(it.owner) == from;
    for key in keys.iter().filter(|_| owner != ctx.ordinal()) {
        if state.rows.get((*key).into()).is_some_and(had) {
            state.own(*key, owner as u8);
        }
    }
}

/// Whoever waited for something to become clear is told.
pub(super) fn release(state: &mut ShardedDbState, ctx: &mut Ctx) {
    for (ticket, key) in std::mem::take(&mut state.parked) {
        if !state.is_clear(key) {
            state.parked.push((ticket, key));
            continue;
        }
        let owner = state.rows.get(key.into()).map_or(0, |it| u16::from(it.owner));
        let own = owner == ctx.ordinal();
        if !own {
            ctx.count(SENT_ON, key);
        }
        // What has become this shard's own is asked for anew.
        ctx.complete(ticket, ctx.elsewhere(owner));
    }
}
