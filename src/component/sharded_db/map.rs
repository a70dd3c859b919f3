//! Whose the rows are: by the parameters, and as far as a shard knows.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::placement::{Placed, pruning};
use crate::algorithm::traffic::heavy::Heavy;
use crate::base::cow::{CowList, Shared};
use crate::base::text;
use crate::base::time::Nanos;

use super::super::{Kind, Membership};
use super::{Across, Ctx, LOST, ShardedDb, ShardedDbParams, ShardedDbState, Stage};
use super::{across, auto, index, moving};

/// How long keys are counted before they are counted anew.
pub(super) const SPAN: Nanos = Nanos::seconds(2);
/// Requests of late that a shard remembers.
pub const LATEST_MAX: usize = 96;

/// One row as a shard knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its version here; 0 if it is not here. Where it is another's, a copy, perhaps an old one.
    pub version: u32,
    /// The ordinal of the shard that has it.
    pub owner: u8,
    /// What has come to it from other rows, less what has gone to them: over all rows 0.
    pub balance: i16,
    /// How often its other attribute has changed, which says what it is.
    pub turn: u8,
}

impl Row {
    /// Whose a row is that nobody has told this shard of.
    pub const NOBODY: u8 = u8::MAX;
}

impl Row {
    /// A row that is nowhere yet.
    pub(super) const NONE: Self = Self { version: 0, owner: Self::NOBODY, balance: 0, turn: 0 };
}

/// A row on its way from one shard to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Its key.
    pub key: u32,
    /// Its version there.
    pub version: u32,
    /// Its balance there.
    pub balance: i16,
    /// How often its other attribute has changed.
    pub turn: u8,
}

impl crate::base::stable::StableHash for Row {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        let Self { version, owner, balance, turn } = *self;
        let rest = u64::from(turn) << 24 | u64::from(owner) << 16 | u64::from(balance as u16);
        h.word(u64::from(version) << 32 | rest);
    }
}

impl crate::base::stable::StableHash for Brought {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        let Self { key, version, balance, turn } = *self;
        h.word(u64::from(key) << 32 | u64::from(version));
        h.word(u64::from(turn) << 16 | u64::from(balance as u16));
    }
}

/// Where rows belong by the parameters.
#[derive(Clone, Debug)]
pub struct Map {
    placed: Option<Arc<Placed>>,
    by: Option<Arc<Membership>>,
    among: Vec<usize>,
}

impl Map {
    /// By some parameters.
    pub fn of(params: &ShardedDbParams) -> Self {
        Self::by(ShardedDb::membership(params))
    }

    fn by(by: Option<Membership>) -> Self {
        let among = by.as_ref().map(|it| it.ordinals()).unwrap_or_default();
        // What does not hold together is refused where designs are compiled.
        let placed = by.as_ref().and_then(|it| it.place(&among).ok()).map(Arc::new);
        Self { placed, by: by.map(Arc::new), among }
    }

    /// By pieces of the key space: the first key and the ordinal of the shard of each.
    pub fn of_pieces(params: &ShardedDbParams, pieces: &[(u32, u16)]) -> Self {
        let row = |it: &(u32, u16)| (it.0.to_string(), text::letter(it.1));
        let by = ShardedDb::membership(params).map(|mut by| {
            by.settings.rows = pieces.iter().map(row).collect();
            by
        });
        Self::by(by)
    }

    /// The ordinal of the shard that a key belongs to.
    pub fn owner(&self, key: u32) -> u8 {
        let mut text = String::new();
        self.by.iter().for_each(|it| it.write_key(key, &mut text));
        let place = self.placed.as_ref().and_then(|it| it.find(text.as_bytes(), &[]).ok());
        place.and_then(|it| self.among.get(it)).map_or(0, |it| *it as u8)
    }

    /// The ordinals of those who have rows by it.
    pub(super) fn among(&self) -> Vec<u16> {
        self.among.iter().map(|it| *it as u16).collect()
    }

    /// The ordinals of the shards that keys from one to another belong to, both included, rising.
    pub fn concerned(&self, from: u32, to: u32) -> Vec<usize> {
        if self.by.as_ref().is_some_and(|it| !it.groups.is_empty()) {
            let all: std::collections::BTreeSet<_> =
                (from..=to).map(|it| usize::from(self.owner(it))).collect();
            return all.into_iter().collect();
        }
        let placed = self.placed.as_ref();
        let places = placed.and_then(|it| pruning::concerned(it, from.into(), to.into()).ok());
        places.unwrap_or_default().into_iter().filter_map(|it| self.among.get(it).copied()).collect()
    }
}

/// A fresh shard. With the first, or when the run begins, it has what the map says; one that comes
/// later asks the first what is whose.
pub(super) fn start(params: &ShardedDbParams, ctx: &mut Ctx) -> ShardedDbState {
    let map = Map::of(params);
    // Replicas that come later are sent what their shard has.
    let (first, begins) = (ctx.place() == 0, ctx.now() == Nanos::ZERO);
    let known = first && ctx.ordinal() == 0 || begins;
    let mut state = ShardedDbState {
        rows: Shared::new(CowList::filled(Row::NONE, params.keys)),
        held: 0,
        known,
        moves: Shared::default(),
        moved: Shared::default(),
        queries: VecDeque::new(),
        latest: VecDeque::new(),
        hot: [Heavy::default(), Heavy::default()],
        hot_since: ctx.now(),
        parked: Vec::new(),
        open: Vec::new(),
        parts: Vec::new(),
        begun: 0,
        last_id: 0,
        taken: vec![0; usize::from(ctx.members())],
        beats: false,
        across: Across::default(),
        index: Shared::default(),
        map,
        group: None,
        auto: None,
        auto_beats: false,
        outdated: false,
    };
    if !first && !begins {
        return state;
    }
    if first {
        auto::map(&mut state, params, ctx);
    }
    if known {
        state.set_by_map(0, ctx);
    } else {
        moving::ask(ctx);
    }
    moving::look_after(&mut state, ctx);
    index::build(&mut state, params, ctx);
    state
}

/// The parameters have changed: rows may belong elsewhere.
pub(super) fn change(state: &mut ShardedDbState, params: &ShardedDbParams, ctx: &mut Ctx) {
    auto::map(state, params, ctx);
    let (end, keys, members) = (state.rows.end(), u64::from(params.keys), ctx.members());
    state.taken.resize(usize::from(members), 0);
    // Rows on their way to a shard that has been taken away are this one's again.
    let gone = |it: &moving::Move| it.to >= members && it.stage == Stage::CutOver;
    let back: Vec<_> = state.moves.iter().filter(|it| gone(it)).map(|it| it.keys.clone()).collect();
    state.moves.retain(|it| !gone(it));
    for key in back.iter().flat_map(|it| it.iter()) {
        state.own(*key, ctx.ordinal() as u8);
    }
    state.rows.truncate(keys);
    if state.known {
        for key in 0..state.rows.end() as u32 {
            let owner = state.rows.get(key.into()).map_or(0, |it| it.owner);
            if u16::from(owner) < members || owner == Row::NOBODY {
                continue;
            }
            let heir = state.map.owner(key);
            state.own(key, heir);
            if u16::from(heir) == ctx.ordinal() {
                ctx.count(LOST, key);
            }
        }
    }
    state.rows.grow(keys.saturating_sub(1), Row::NONE);
    if state.known {
        state.set_by_map(end.min(keys) as u32, ctx);
    }
    state.recount(ctx.ordinal());
    moving::plan(state, ctx);
    moving::release(state, ctx);
    moving::look_after(state, ctx);
    across::change(state, params, ctx);
    index::build(state, params, ctx);
    index::look_after(state, ctx);
}

impl ShardedDbState {
    /// Rows from this key on are whose the map says.
    fn set_by_map(&mut self, from: u32, ctx: &Ctx) {
        for key in from..self.rows.end() as u32 {
            self.own(key, self.map.owner(key));
        }
        self.recount(ctx.ordinal());
    }

    /// A row is somebody's; if it is this shard's from now on and was never here, it begins anew.
    pub(super) fn own(&mut self, key: u32, owner: u8) {
        let Some(row) = self.rows.get(key.into()).copied() else { return };
        self.rows.set(key.into(), Row { owner, ..row });
    }

    /// Counts its rows; those that are its own have a version.
    pub(super) fn recount(&mut self, ordinal: u16) {
        self.held = 0;
        for key in 0..self.rows.end() {
            let Some(row) = self.rows.get(key).copied() else { continue };
            if u16::from(row.owner) == ordinal {
                self.held += 1;
                if row.version == 0 {
                    self.rows.set(key, Row { version: 1, ..row });
                }
            }
        }
    }

    /// Whether it is clear who has a row: not while it is on its way, or before this shard has
    /// learned it.
    pub(super) fn is_clear(&self, key: u32) -> bool {
        let owner = self.rows.get(key.into()).map_or(0, |it| it.owner);
        let on_its_way = |it: &moving::Move| {
            it.stage == Stage::CutOver && it.keys.binary_search(&key).is_ok()
        };
        owner != Row::NOBODY && !self.moves.iter().any(on_its_way)
    }

    /// A request for a row of its own has come.
    pub(super) fn came(&mut self, key: u32, now: Nanos) {
        let spans = now.saturating_sub(self.hot_since).0 / SPAN.0;
        if spans > 0 {
            let last = std::mem::take(&mut self.hot[0]);
            self.hot[1] = if spans == 1 { last } else { Heavy::default() };
            self.hot_since = self.hot_since.saturating_add(Nanos(spans * SPAN.0));
        }
        self.hot[0].add(key);
        self.auto.iter_mut().for_each(|it| it.came(key));
        if self.latest.len() >= LATEST_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back((now, key));
    }

    /// The key that came most often in the last whole span, how often at least, and of how many
    /// requests in all; nothing if the span is over for long.
    pub fn hottest(&self, now: Nanos) -> Option<(u32, u32, u32)> {
        let heavy = match now.saturating_sub(self.hot_since).0 / SPAN.0 {
            0 => &self.hot[1],
            1 => &self.hot[0],
            _ => return None,
        };
        heavy.first().map(|(key, count)| (key, count, heavy.total()))
    }

    /// Where rows belong by the parameters.
    pub fn map(&self) -> &Map {
        &self.map
    }
}
