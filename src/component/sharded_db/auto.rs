//! Ranges that split, move and merge by themselves: every shard tells the first one what each of its pieces
//! was asked for, and that one changes the map, a step at a time. Rows follow as they do after any change of
//! the map.
//!
//! Sources: as [`crate::algorithm::placement::rebalance`]; MongoDB manual, "Sharded cluster balancer" (one
//! member decides, one migration of a shard at a time).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::placement::rebalance::{Load, Step, after, next};
use crate::base::draw::mix;
use crate::base::stable::{StableHash, StableHasher, hash_of};
use crate::base::time::Nanos;

use super::talk::{ShardedDbMessage, ShardedDbTimer};
use super::{Ctx, Map, SPLIT, ShardedDbParams, ShardedDbState, moving};

/// How often shards tell what they were asked for.
pub const PERIOD: Nanos = Nanos::seconds(2);
/// Requests of a period that are looked at one by one.
const SAMPLE: usize = 256;
/// With fewer requests than this in a period, all shards together, nothing is changed.
const LEAST: u32 = 100;
/// Steps of late that are remembered.
const DONE_MAX: usize = 8;

/// What a shard has told of itself.
#[derive(Clone, Debug)]
struct Report {
    version: u64,
    at: Nanos,
    /// Whether no row of it has still to move.
    settled: bool,
    loads: Arc<[Load]>,
}

/// What a shard knows of a map that changes by itself.
#[derive(Clone, Debug)]
pub struct Auto {
    /// The settings that it began with.
    base: u64,
    /// How often it has changed since, and how many shards there are.
    pub version: u64,
    shards: u16,
    /// First key and shard of each piece.
    pub pieces: Arc<[(u32, u16)]>,
    /// Requests in this period: how many, and keys of some of them.
    asked: u32,
    sample: Vec<u32>,
    /// At the first shard: what each has told last.
    reports: Vec<Option<Report>>,
    /// At the first shard: what it has done of late, and when, the latest last.
    pub done: VecDeque<(Nanos, Step)>,
}

crate::stable! {
    Load { first, owner, asked, middle }
    Report { version, at, settled, loads }
    Auto { base, version, shards, pieces, asked, sample, reports, done }
}

impl StableHash for Step {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Split { at, to } => ((0u8, *to), *at).stable_hash(h),
            Self::Give { first, to } => ((1u8, *to), *first).stable_hash(h),
            Self::Join { first } => (2u8, *first).stable_hash(h),
        }
    }
}

impl Auto {
    fn piece(&self, key: u32) -> usize {
        self.pieces.partition_point(|it| it.0 <= key).saturating_sub(1)
    }

    /// A request has come for a key: every one has the same chance to be in the sample.
    pub(super) fn came(&mut self, key: u32) {
        self.asked += 1;
        if self.sample.len() < SAMPLE {
            return self.sample.push(key);
        }
        let place = mix(u64::from(self.asked) << 32 | u64::from(key)) % u64::from(self.asked);
        if let Some(it) = self.sample.get_mut(place as usize) {
            *it = key;
        }
    }

    /// What its pieces were asked for in the period that ends now.
    fn loads(&mut self, own: u16) -> Arc<[Load]> {
        let (asked, mut sample) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.sample));
        sample.sort_unstable();
        let load = |(at, (first, owner)): (usize, &(u32, u16))| {
            let mine: Vec<u32> = sample.iter().copied().filter(|it| self.piece(*it) == at).collect();
            let middle = mine.get(mine.len() / 2).copied().unwrap_or(0);
            // A first key that is asked for most stays alone.
            let middle = if middle > *first { Some(middle) } else { mine.iter().copied().find(|it| it > first) };
            let part = u64::from(asked) * mine.len() as u64 / sample.len().max(1) as u64;
            Load { first: *first, owner: *owner, asked: part as u32, middle }
        };
        let own = self.pieces.iter().enumerate().filter(|it| it.1.1 == own);
        own.map(load).collect()
    }
}

/// The map as it is set, or as it has become: people's word is the last, but shards may come and go.
pub(super) fn map(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    state.map = Map::of(params);
    if !params.splits() {
        state.auto = None;
        return;
    }
    let base = hash_of(&(params.ranges.clone(), params.keys));
    let shards = ctx.members();
    if state.auto.as_ref().is_none_or(|it| it.base != base) {
        let piece = |first: u32, name: &str| {
            (first, name.as_bytes().first().map_or(0, |it| u16::from(it.saturating_sub(b'A'))))
        };
        let pieces = params.pieces().ok();
        let pieces = pieces.iter().flat_map(|it| it.iter()).map(|it| piece(it.0 as u32, it.1));
        state.auto = Some(Box::new(Auto {
            base,
            version: 0,
            shards,
            pieces: pieces.collect(),
            asked: 0,
            sample: Vec::new(),
            reports: Vec::new(),
            done: VecDeque::new(),
        }));
    }
    let Some(auto) = &mut state.auto else { return };
    auto.reports = vec![None; usize::from(shards)];
    // One that is new knows only how it began.
    auto.version += u64::from(auto.shards != shards);
    auto.shards = shards;
    // What a shard had that is gone is its heir's.
    if auto.pieces.iter().any(|it| it.1 >= shards) {
        auto.pieces = auto.pieces.iter().map(|it| (it.0, it.1 % shards)).collect();
    }
    state.map = Map::of_pieces(params, &auto.pieces);
    look_after(state, ctx);
}

/// Wakes again, as long as the map changes by itself.
fn look_after(state: &mut ShardedDbState, ctx: &mut Ctx) {
    if state.auto.is_some() && !std::mem::replace(&mut state.auto_beats, true) {
        ctx.timer(PERIOD, ShardedDbTimer::Auto);
    }
}

/// A period is over: the shard tells the first one what it was asked for.
pub(super) fn beat(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let (own, settled) = (ctx.ordinal(), state.known && state.moves.is_empty());
    state.auto_beats = false;
    let Some(auto) = &mut state.auto else { return };
    let (base, version, loads) = (auto.base, auto.version, auto.loads(own));
    if own == 0 {
        told(state, params, own, (base, version, settled), loads, ctx);
        balance(state, params, ctx);
    } else {
        ctx.send(0, ShardedDbMessage::Asked(base, version, settled, loads));
    }
    look_after(state, ctx);
}

/// A shard has told the first one.
pub(super) fn told(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    from: u16,
    (base, version, settled): (u64, u64, bool),
    loads: Arc<[Load]>,
    ctx: &mut Ctx,
) {
    let at = ctx.now();
    let Some(auto) = state.auto.as_mut().filter(|it| it.base == base) else { return };
    if version > auto.version {
        // It knows what was done before people set the map back to this.
        auto.version = version + 1;
        let pieces = Arc::clone(&auto.pieces);
        return adopt(state, params, pieces, ctx);
    }
    if version < auto.version {
        ctx.send(from, ShardedDbMessage::Pieces(base, auto.version, Arc::clone(&auto.pieces)));
    }
    if let Some(it) = auto.reports.get_mut(usize::from(from)) {
        *it = Some(Report { version, at, settled, loads });
    }
}

/// The first shard changes the map, if all have told lately and nothing is under way.
fn balance(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    let now = ctx.now();
    let Some(auto) = &mut state.auto else { return };
    let fresh = |it: &Option<Report>| {
        it.as_ref().filter(|it| {
            it.version == auto.version && it.settled && it.at.saturating_add(PERIOD).saturating_add(PERIOD) > now
        }).is_some()
    };
    if !auto.reports.iter().all(fresh) {
        return;
    }
    let mut loads: Vec<Load> = Vec::new();
    auto.reports.iter().flatten().for_each(|it| loads.extend(it.loads.iter()));
    loads.sort_unstable_by_key(|it| it.first);
    let total: u32 = loads.iter().map(|it| it.asked).sum();
    let shards: Vec<u16> = (0..auto.reports.len() as u16).collect();
    let Some(step) = next(&loads, &shards, params.split_above).filter(|_| total >= LEAST) else { return };
    auto.version += 1;
    let pieces: Arc<[(u32, u16)]> = after(&auto.pieces, step).into();
    if auto.done.len() >= DONE_MAX {
        auto.done.pop_front();
    }
    auto.done.push_back((now, step));
    auto.reports.iter_mut().for_each(|it| *it = None);
    let message = ShardedDbMessage::Pieces(auto.base, auto.version, Arc::clone(&pieces));
    let (Step::Split { at: key, .. } | Step::Give { first: key, .. } | Step::Join { first: key }) = step;
    ctx.count(SPLIT, key);
    for to in 1..ctx.members() {
        ctx.send(to, message.clone());
    }
    adopt(state, params, pieces, ctx);
}

/// The first shard has changed the map.
pub(super) fn hear(
    state: &mut ShardedDbState,
    params: &ShardedDbParams,
    (base, version): (u64, u64),
    pieces: Arc<[(u32, u16)]>,
    ctx: &mut Ctx,
) {
    if let Some(auto) = state.auto.as_mut().filter(|it| it.base == base && it.version < version) {
        auto.version = version;
        adopt(state, params, pieces, ctx);
    }
}

fn adopt(state: &mut ShardedDbState, params: &ShardedDbParams, pieces: Arc<[(u32, u16)]>, ctx: &mut Ctx) {
    state.map = Map::of_pieces(params, &pieces);
    if let Some(auto) = &mut state.auto {
        auto.pieces = pieces;
    }
    moving::plan(state, ctx);
    moving::release(state, ctx);
    moving::look_after(state, ctx);
}
