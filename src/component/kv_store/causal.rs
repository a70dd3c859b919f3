//! Causal consistency: nobody is shown a write before its causes. A write carries the writes that its
//! client had seen before it, as far as they may not be everywhere, and whoever gets it holds it back
//! until all of them are here (Lloyd, Freedman, Kaminsky and Andersen, "Don't settle for eventual:
//! scalable causal consistency for wide-area storage with COPS", SOSP 2011). As there, a client stays
//! with one member, its context is what it has read and written since its last write (the nearest
//! causes: those of its last write it has through that), and causes that are everywhere are forgotten.
//!
//! Unlike there, members bring each other what they hold of a key, which may have replaced some writes.
//! A copy thus carries the causes of all writes that it stands for, and what waits for each other is
//! taken in at once: of all that is held back, the largest part whose causes are all here or in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::algorithm::replication::version_vector::VersionVector;
use crate::base::time::Nanos;

use super::super::Context;
use super::row::{Cause, UNWRITTEN, Written};
use super::{HELD_BACK, KvStore, KvStoreMessage, KvStoreParams, KvStoreState, each, homes, rounds};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Beyond so many, of what one member has sent of a key only the newest is held back.
const HELD_MAX: usize = 256;

/// What a member remembers for the sake of causes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Causal {
    /// By caller, a member's slot: what it has seen here since its last write and may not be
    /// everywhere, by key and version.
    seen: BTreeMap<u32, BTreeSet<(u32, u32)>>,
    /// What came before its causes, the oldest first.
    pub held: Vec<Held>,
    /// Writes of its own that some member has not confirmed, by key and version: what each knows of.
    open: BTreeMap<(u32, u32), VersionVector>,
    /// By key: what all members have, causes included.
    everywhere: BTreeMap<u32, VersionVector>,
    /// The latest time of a write that is here.
    latest: Nanos,
}

/// What a member was sent of a key, and does not show yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Who sent it.
    pub from: u16,
    /// In which round; 0 for none.
    round: u32,
    /// The key.
    pub key: u32,
    /// The version that is to be confirmed.
    pub version: u32,
    /// What was sent.
    pub copies: Arc<[Written]>,
    /// Since when.
    pub since: Nanos,
}

crate::stable! {
    Causal { seen, held, open, everywhere, latest }
    Held { from, round, key, version, copies, since }
}

impl Causal {
    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Self { seen, held, open, everywhere, latest: _ } = self;
        let seen: usize = seen.values().map(|it| 32 + 8 * it.len()).sum();
        seen + size_of_val(&held[..]) + 64 * (open.len() + everywhere.len())
    }

    fn is_everywhere(&self, key: u32, version: u32) -> bool {
        self.everywhere.get(&key).is_some_and(|it| Written::known_by(it, version))
    }
}

impl Held {
    /// What it waits for, by key and version: causes that are not here.
    pub fn awaits<'a>(&'a self, state: &'a KvStoreState) -> impl Iterator<Item = (u32, u32)> + 'a {
        let here = |key: u32, version: u32| {
            state.rows.get(key.into()).is_some_and(|it| it.knows(version))
        };
        let causes = self.copies.iter().flat_map(|it| it.after.iter());
        // What was taken in had its causes here.
        let causes = causes.filter(move |it| !here(self.key, it.version));
        causes.flat_map(|it| it.on.iter().copied()).filter(move |it| !here(it.0, it.1))
    }
}

/// The time that a write gets: later than that of every cause it may have (Kulkarni et al., "Logical
/// physical clocks", OPODIS 2014). Where the later clock wins, effects win over their causes then.
pub(super) fn clock(state: &KvStoreState, params: &KvStoreParams, ctx: &Ctx) -> Nanos {
    let after = match params.is_causal() {
        true => state.causal.latest.saturating_add(Nanos(1)),
        false => Nanos::ZERO,
    };
    ctx.clock().max(after)
}

/// What has come may have later times than all before.
fn note_times(state: &mut KvStoreState, copies: &[Written]) {
    let latest = copies.iter().map(|it| it.at).max().unwrap_or_default();
    state.causal.latest = state.causal.latest.max(latest);
}

/// A caller was told a version.
pub(super) fn saw(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    caller: Option<u32>,
    (key, version): (u32, u32),
) {
    let news = version > UNWRITTEN && !state.causal.is_everywhere(key, version);
    if let (true, Some(caller)) = (params.is_causal() && news, caller) {
        state.causal.seen.entry(caller).or_default().insert((key, version));
    }
}

/// A write gets its causes: what its caller, if it has one, has seen. From now on it stands for all of
/// them.
pub(super) fn write(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    new: &mut Written,
    caller: Option<u32>,
) {
    if !params.is_causal() {
        return;
    }
    note_times(state, std::slice::from_ref(new));
    let own = BTreeSet::from([(key, new.version)]);
    let seen = caller.and_then(|it| state.causal.seen.insert(it, own)).unwrap_or_default();
    // What it replaces is here wherever it is.
    let on = seen.into_iter().filter(|it| it.0 != key || !new.knows(it.1)).collect();
    let mut after = new.after.to_vec();
    after.push(Cause { version: new.version, on });
    new.after = after.into();
}

/// This member keeps a write of its own.
pub(super) fn put(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    new: &Written,
    ctx: &mut Ctx,
) {
    if params.is_causal() {
        // Who has this one needs none of those before.
        state.causal.open.retain(|it, _| it.0 != key || !new.knows(it.1));
        state.causal.open.insert((key, new.version), new.vector.clone());
        confirmed(state, params, (key, new.version), ctx);
    }
}

/// A home has confirmed a write: if that was the last of them, all are told.
pub(super) fn confirmed(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    write: (u32, u32),
    ctx: &mut Ctx,
) {
    let open = &state.causal.open;
    if open.is_empty() || state.hints.iter().any(|it| it.contains(&write)) {
        return;
    }
    if let Some(known) = state.causal.open.remove(&write) {
        everywhere(state, write.0, &known);
        let others = homes(params, write.0) & !(1 << ctx.ordinal());
        let known = Arc::new(known);
        each(others).for_each(|it| {
            ctx.send(it, KvStoreMessage::Everywhere(write.0, known.clone()));
        });
    }
}

/// All members have these writes of a key: nobody has to wait for them.
pub(super) fn everywhere(state: &mut KvStoreState, key: u32, known: &VersionVector) {
    let causal = &mut state.causal;
    causal.everywhere.entry(key).or_default().join(known);
    let is_known = |it: &(u32, u32)| it.0 == key && Written::known_by(known, it.1);
    causal.seen.values_mut().for_each(|it| it.retain(|it| !is_known(it)));
    causal.seen.retain(|_, it| !it.is_empty());
    forget(state, key);
}

/// Forgets the causes of what is everywhere.
fn forget(state: &mut KvStoreState, key: u32) {
    let causal = &state.causal;
    let known = |it: &Cause| causal.is_everywhere(key, it.version);
    let row = state.rows.get(key.into());
    let Some(row) = row.filter(|it| it.copies.iter().any(|it| it.after.iter().any(known))) else {
        return;
    };
    let mut row = row.clone();
    for it in &mut row.copies {
        it.after = it.after.iter().filter(|it| !known(it)).cloned().collect();
    }
    state.rows.set(key.into(), row);
}

/// Something was sent: it is taken in with all that can be, or held back.
pub(super) fn arrived(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    from: u16,
    (round, key, version, copies): (u32, u32, u32, Arc<[Written]>),
    ctx: &mut Ctx,
) {
    let held = &mut state.causal.held;
    let of_key = |it: &Held| (it.from, it.key) == (from, key);
    // Sent again, it may be newer than it was.
    let since = held.iter().find(|it| of_key(it) && it.version == version).map(|it| it.since);
    let knows = |it: &Written| copies.iter().any(|new| new.knows(it.version));
    let many = held.len() >= HELD_MAX;
    held.retain(|it| {
        let newer = it.version == version || many && it.copies.iter().all(knows);
        !of_key(it) || !newer
    });
    let first = since.is_none();
    let since = since.unwrap_or(ctx.now());
    held.push(Held { from, round, key, version, copies, since });
    release(state, params, ctx);
    let waits = |it: &Held| of_key(it) && it.version == version;
    if first && state.causal.held.iter().any(waits) {
        ctx.count(HELD_BACK, key);
    }
}

/// Takes in the largest part of what is held back whose causes are all here or in it: it is what is left
/// if whatever lacks one is left out, until nothing does.
fn release(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let held = std::mem::take(&mut state.causal.held);
    let lacks: Vec<Vec<_>> = held.iter().map(|it| it.awaits(state).collect()).collect();
    let mut stays = vec![false; held.len()];
    loop {
        let comes = |(key, version): (u32, u32)| {
            let mut ready = held.iter().zip(&stays).filter(|it| !it.1);
            ready.any(|(it, _)| it.key == key && it.copies.iter().any(|it| it.knows(version)))
        };
        let late = |at: &usize| !stays[*at] && !lacks[*at].iter().all(|it| comes(*it));
        let late: Vec<_> = (0..held.len()).filter(late).collect();
        if late.is_empty() {
            break;
        }
        late.into_iter().for_each(|it| stays[it] = true);
    }
    let mut rest = Vec::new();
    for (it, stays) in held.into_iter().zip(stays) {
        if stays {
            rest.push(it);
            continue;
        }
        let Held { from, round, key, version, copies, .. } = it;
        note_times(state, &copies);
        rounds::take_in(state, params, from, (round, key, version, &copies), ctx);
        forget(state, key);
    }
    state.causal.held = rest;
}

/// Causes matter no longer: nothing is held back.
pub(super) fn let_go(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    for it in std::mem::take(&mut state.causal).held {
        let Held { from, round, key, version, copies, .. } = it;
        rounds::take_in(state, params, from, (round, key, version, &copies), ctx);
    }
    for key in state.rows.start()..state.rows.end() {
        let row = state.rows.get(key).filter(|it| it.copies.iter().any(|it| !it.after.is_empty()));
        let Some(mut row) = row.cloned() else { continue };
        row.copies.iter_mut().for_each(|it| it.after = Arc::default());
        state.rows.set(key, row);
    }
}
