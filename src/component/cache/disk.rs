//! What a cache keeps on disk, as Redis does: snapshots at times (RDB), or a log of its changes that is
//! forced onto the disk always, once a second, or when the kernel thinks fit (AOF). After a crash it
//! comes back with what was there. Later on the page.
//!
//! Source: Redis documentation, "Redis persistence"; `redis.conf` on `save`, `appendfsync`,
//! `aof-use-rdb-preamble`. A log replayed up to its last fsync gives the contents of that moment, so
//! these are what is kept here.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::super::{Registry, Wrap};
use super::{Cache, CacheParams, CacheState, Ctx, Dirty, Entry, FORGOTTEN, LOST, Wake, behind};

crate::choices! {
    /// What of a cache's contents outlives a crash.
    pub enum Persistence {
        /// Nothing.
        None = "none",
        /// Its contents at times (RDB).
        Rdb = "rdb",
        /// A log, on disk before a write is acknowledged.
        AofAlways = "aof-always",
        /// A log, on disk once a second.
        AofEverysec = "aof-everysec",
        /// A log, on disk when the kernel thinks fit: after 30 s, as Linux does by default.
        AofNo = "aof-no",
    }
}

impl Persistence {
    /// In a few words.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "nothing kept on disk",
            Self::Rdb => "snapshots (RDB)",
            Self::AofAlways => "log (AOF), fsync always",
            Self::AofEverysec => "log (AOF), fsync every second",
            Self::AofNo => "log (AOF), fsync by the kernel",
        }
    }
}

/// One entry on disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saved {
    /// Which key.
    pub key: u32,
    /// Version of the value.
    pub version: u32,
    /// When it stops being good.
    pub expires: Nanos,
    /// Whether the store does not have it yet.
    pub dirty: bool,
}

/// What a crash cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toll {
    /// When it came back.
    pub at: Nanos,
    /// Changes that had been acknowledged and that the disk did not have.
    pub writes: u64,
    /// From the first of them to the last.
    pub window: Nanos,
    /// Keys whose value is older than it was, or gone.
    pub older: u32,
    /// Keys it had dropped, and that are back.
    pub returned: u32,
    /// Entries it came back with.
    pub loaded: u32,
}

/// A cache's disk, and what it does not have yet.
#[derive(Clone, Debug)]
pub struct Disk {
    /// What is on it, the first to leave first.
    pub saved: Arc<Vec<Saved>>,
    /// Since when that has been so.
    pub at: Nanos,
    /// Acknowledged changes that are not on it.
    pub unsaved: u64,
    /// When the first of them was made.
    pub since: Nanos,
    /// When the last of them was made.
    pub until: Nanos,
    /// The latest crash.
    pub toll: Option<Toll>,
    alarm: Option<Handle>,
}

crate::stable! {
    Saved { key, version, expires, dirty }
    Toll { at, writes, window, older, returned, loaded }
    Disk { saved, at, unsaved, since, until, toll, alarm }
}

impl Disk {
    fn empty(at: Nanos) -> Self {
        let saved = Arc::default();
        Self { saved, at, unsaved: 0, since: at, until: at, toll: None, alarm: None }
    }

    /// All is dropped, on the disk too.
    pub(super) fn emptied(self, at: Nanos) -> Self {
        Self { saved: Arc::default(), at, unsaved: 0, ..self }
    }

    /// How long it took to make the changes that are not on it.
    pub fn window(&self) -> Nanos {
        if self.unsaved == 0 { Nanos::ZERO } else { self.until.saturating_sub(self.since) }
    }
}

impl CacheParams {
    /// How often what has changed goes to the disk; none if never, or at once.
    pub fn saves_every(&self) -> Option<Nanos> {
        match self.persistence {
            Persistence::None | Persistence::AofAlways => None,
            Persistence::Rdb => Some(self.snapshot_every),
            Persistence::AofEverysec => Some(Nanos::seconds(1)),
            Persistence::AofNo => Some(Nanos::seconds(30)),
        }
    }
}

/// What a cache with a disk does.
#[derive(Debug)]
pub struct Deeds {
    /// It begins, or comes back: with what was on disk, if it had one.
    pub(super) start: fn(&mut CacheState, Option<&CacheState>, &CacheParams, &mut Ctx),
    /// Something has changed, and somebody is told so.
    pub(super) changed: fn(&mut CacheState, &CacheParams, &mut Ctx),
    /// It is time to save.
    pub(super) save: fn(&mut CacheState, &CacheParams, &mut Ctx),
    /// Other settings.
    pub(super) retune: fn(&mut CacheState, &CacheParams, &CacheParams, &mut Ctx),
}

impl Deeds {
    const ALL: Self = Self { start, changed, save: alarmed, retune };
}

crate::later! { pub(super) fn deeds() -> Deeds = Deeds::ALL, or "designs that have this wait for it" }

/// What it holds, the first to leave first.
fn contents(state: &CacheState) -> Vec<Saved> {
    let saved = |slot| {
        let key = state.order.key(slot);
        let Entry { version, expires, dirty, .. } = state.entries.get(key)?;
        Some(Saved { key, version, expires, dirty })
    };
    state.order.order().filter_map(saved).collect()
}

fn save(state: &mut CacheState, now: Nanos) {
    let contents = contents(state);
    if let Some(disk) = &mut state.disk {
        (disk.saved, disk.at, disk.unsaved) = (Arc::new(contents), now, 0);
    }
}

fn await_next(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    let alarm = |it| ctx.timer(it, <Registry as Wrap<Cache>>::timer(Wake::Save));
    let alarm = params.saves_every().map(alarm);
    if let Some(disk) = &mut state.disk {
        disk.alarm = alarm;
    }
}

/// Once in an interval, if anything has changed.
fn alarmed(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    if state.disk.as_ref().is_some_and(|it| it.unsaved > 0) {
        save(state, ctx.now());
    }
    await_next(state, params, ctx);
}

fn changed(state: &mut CacheState, params: &CacheParams, ctx: &mut Ctx) {
    let now = ctx.now();
    let Some(disk) = &mut state.disk else { return };
    // With fsync always the contents are on disk whenever somebody is told: taken when they are needed.
    if params.persistence == Persistence::AofAlways {
        return;
    }
    if disk.unsaved == 0 {
        disk.since = now;
    }
    disk.until = now;
    disk.unsaved += 1;
}

fn start(
    state: &mut CacheState,
    before: Option<&CacheState>,
    params: &CacheParams,
    ctx: &mut Ctx,
) {
    let now = ctx.now();
    state.disk = (params.persistence != Persistence::None).then(|| Box::new(Disk::empty(now)));
    if let Some((before, had)) = before.and_then(|it| Some((it, it.disk.as_ref()?))) {
        come_back(state, before, had, params, ctx);
    }
    await_next(state, params, ctx);
}

/// Comes back with what was on disk when it died.
fn come_back(
    state: &mut CacheState,
    before: &CacheState,
    had: &Disk,
    params: &CacheParams,
    ctx: &mut Ctx,
) {
    let (now, clock) = (ctx.now(), ctx.clock());
    let always = params.persistence == Persistence::AofAlways;
    let saved = if always { Arc::new(contents(before)) } else { Arc::clone(&had.saved) };
    let size = |it: &Saved| params.size_of(ctx.stream(), it.key);
    let fresh = saved.iter().filter(|it| it.dirty || it.expires > clock);
    // The last to leave first, as long as there is room.
    let mut room = params.room();
    let fits = |it: &&Saved| match room.checked_sub(size(it)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let surplus = fresh.clone().count() - fresh.clone().rev().take_while(fits).count();
    for it in fresh.skip(surplus) {
        let Saved { key, version, expires, dirty } = *it;
        let slot = state.order.insert(key, size(it));
        state.entries.insert(key, Entry { slot, version, expires, dirty });
        if dirty {
            state.dirty.push_back(Dirty { key, since: now, sent: 0 });
        }
    }
    if !state.dirty.is_empty() {
        behind::alarm(state, params, ctx);
    }
    let mut older = 0;
    for it in contents(before).iter().filter(|it| it.dirty || it.expires > clock) {
        if state.entries.get(it.key).is_none_or(|now| now.version < it.version) {
            ctx.count(FORGOTTEN, it.key);
            older += 1;
        }
    }
    for it in &before.dirty {
        let held = before.entries.get(it.key).map_or(0, |it| it.version);
        if state.entries.get(it.key).is_none_or(|now| !now.dirty || now.version < held) {
            ctx.count(LOST, it.key);
        }
    }
    let held = saved.iter().filter(|it| state.entries.get(it.key).is_some());
    let returned = held.filter(|it| before.entries.get(it.key).is_none()).count() as u32;
    let loaded = state.entries.len() as u32;
    let (writes, window) = (had.unsaved, had.window());
    if let Some(disk) = &mut state.disk {
        disk.at = had.at;
        if !always {
            disk.saved = saved;
        }
        disk.toll = Some(Toll { at: now, writes, window, older, returned, loaded });
    }
}

fn retune(state: &mut CacheState, before: &CacheParams, params: &CacheParams, ctx: &mut Ctx) {
    let same = before.persistence == params.persistence;
    if same && before.saves_every() == params.saves_every() {
        return;
    }
    if let Some(alarm) = state.disk.as_mut().and_then(|it| it.alarm.take()) {
        ctx.cancel(alarm);
    }
    if params.persistence == Persistence::None {
        state.disk = None;
        return;
    }
    let now = ctx.now();
    if state.disk.is_none() {
        // What it holds already is no older than this.
        let unsaved = state.entries.len() as u64;
        state.disk = Some(Box::new(Disk { unsaved, ..Disk::empty(now) }));
    }
    // A log begins with a copy of what is there.
    if !same && params.persistence != Persistence::Rdb {
        save(state, now);
    }
    await_next(state, params, ctx);
}
