//! Hints: what a member keeps for a home that has not confirmed it, brings to it, and drops if it is no
//! home itself (hinted handoff; DeCandia et al., "Dynamo", SOSP 2007, section 4.6).

use std::collections::BTreeSet;

use crate::base::time::Nanos;
use crate::engine::Settled;

use super::super::Context;
use super::row::{Merged, Row, Rule, Written};
use super::{
    CONFLICT, HANDED_OVER, KvStore, KvStoreMessage, KvStoreParams, KvStoreState, KvStoreTimer, Members,
    causal, each, entropy, homes,
};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Most writes handed over to one member at once.
pub(super) const BATCH_MAX: usize = 256;
/// The least time between two comparisons of all that a member holds.
const COMPARE_MIN: Nanos = Nanos::millis(100);

/// What a member holds of a key.
pub(super) fn row(state: &KvStoreState, key: u32) -> Row {
    state.rows.get(key.into()).cloned().unwrap_or_default()
}

/// Whether a member is one of a set.
pub(super) fn has(set: Members, member: u16) -> bool {
    set >> member & 1 == 1
}

fn set_row(state: &mut KvStoreState, key: u32, row: Row) {
    state.rows.grow(key.into(), Row::default());
    state.rows.set(key.into(), row);
}

/// Takes copies of a key in.
pub(super) fn keep(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    new: &[Written],
    ctx: &mut Ctx,
) {
    let before = row(state, key);
    let mut row = before.clone();
    for new in new {
        row.note(ctx.ordinal(), new.version);
        match row.merge(Rule::of(params), new) {
            Merged::Quietly => continue,
            Merged::Siblings => {
                let beside = row.copies.iter().map(|it| it.version).filter(|it| *it != new.version);
                beside.for_each(|it| ctx.conflict(key, Settled::Both, new.version, it));
            }
            Merged::Dropped(kept, dropped) => ctx.conflict(key, Settled::Dropped, kept, dropped),
        }
        ctx.count(CONFLICT, key);
    }
    entropy::add(state, params, ctx.ordinal(), key, [&before, &row]);
    set_row(state, key, row);
}

/// Notes that these members have not confirmed a write of a key.
pub(super) fn hint(state: &mut KvStoreState, whom: Members, key: u32, new: &Written) {
    // What replaced others here knows of them, too.
    let row = row(state, key);
    let new = row.copies.iter().find(|it| it.version == new.version).unwrap_or(new);
    for member in each(whom) {
        if let Some(hints) = state.hints.get_mut(usize::from(member)) {
            // Who holds it needs none of those it knows of.
            let of_key = hints.range((key, 0)..=(key, u32::MAX)).copied();
            let older: Vec<_> = of_key.filter(|it| new.knows(it.1)).collect();
            older.iter().for_each(|it| _ = hints.remove(it));
            hints.insert((key, new.version));
        }
    }
}

/// Keeps what this member has written, and notes that its key's other homes have not confirmed it.
pub(super) fn put(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    key: u32,
    new: &Written,
    ctx: &mut Ctx,
) {
    keep(state, params, key, std::slice::from_ref(new), ctx);
    hint(state, homes(params, key) & !(1 << ctx.ordinal()), key, new);
    causal::put(state, params, key, new, ctx);
    look_after(state, params, ctx);
}

/// A home has confirmed a write of a key, or somebody has who keeps it in its place. Gives back whether
/// it was to be brought to it from here.
pub(super) fn confirmed(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    home: u16,
    (key, version): (u32, u32),
    ctx: &mut Ctx,
) -> bool {
    let hints = state.hints.get_mut(usize::from(home));
    let was = hints.is_some_and(|it| it.remove(&(key, version)));
    if was {
        release(state, params, key, ctx.ordinal());
        causal::confirmed(state, params, (key, version), ctx);
    }
    was
}

/// Drops what is held of a key by a member that is no home of it, once it is nobody's hint.
fn release(state: &mut KvStoreState, params: &KvStoreParams, key: u32, ordinal: u16) {
    let open = |it: &BTreeSet<(u32, u32)>| it.range((key, 0)..=(key, u32::MAX)).next().is_some();
    if !has(homes(params, key), ordinal) && !state.hints.iter().any(open) {
        let row = row(state, key);
        if !row.copies.is_empty() {
            set_row(state, key, Row { copies: Vec::new(), ..row });
        }
    }
}

/// Wakes again as long as somebody has not confirmed something, and when it is time to compare.
pub(super) fn look_after(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    let open = state.hints.iter().any(|it| !it.is_empty());
    let [hands_over, compares] = &mut state.beats;
    if open && !*hands_over && params.handoff > Nanos::ZERO {
        *hands_over = true;
        ctx.timer(params.handoff, KvStoreTimer::Handoff);
    }
    if !*compares && params.anti_entropy > Nanos::ZERO {
        *compares = true;
        ctx.timer(params.anti_entropy.max(COMPARE_MIN), KvStoreTimer::Compare);
    }
}

/// Brings writes to those that have not confirmed them.
pub(super) fn hand_over(state: &mut KvStoreState, params: &KvStoreParams, ctx: &mut Ctx) {
    state.beats[0] = false;
    for to in 0..state.hints.len() {
        let open: Vec<_> = state.hints[to].iter().take(BATCH_MAX).copied().collect();
        for (key, version) in open {
            // That write, or what has replaced it.
            let copies = row(state, key).copies.into();
            ctx.send(to as u16, KvStoreMessage::Store(0, key, version, copies));
        }
    }
    look_after(state, params, ctx);
}

/// Tells that a hint was delivered, and not by the round that wrote it.
pub(super) fn count(round: u32, was: bool, key: u32, ctx: &mut Ctx) {
    if round == 0 && was {
        ctx.count(HANDED_OVER, key);
    }
}

/// Keys may have other homes now: what is held here is brought to those that are new, by whoever is a
/// home no longer to all of them, and hints for those that were are dropped.
pub(super) fn move_house(
    state: &mut KvStoreState,
    before: &KvStoreParams,
    params: &KvStoreParams,
    ctx: &mut Ctx,
) {
    let own = 1 << ctx.ordinal();
    state.hints.resize(usize::from(ctx.members()), BTreeSet::new());
    for key in state.rows.start() as u32..state.rows.end() as u32 {
        let copies = match state.rows.get(key.into()) {
            Some(it) if !it.copies.is_empty() => it.copies.clone(),
            _ => continue,
        };
        let (were, are) = (homes(before, key), homes(params, key));
        let of_key = |it: &BTreeSet<(u32, u32)>| it.range((key, 0)..=(key, u32::MAX)).count();
        let mut left = 0;
        for stranger in each(!are) {
            if let Some(it) = state.hints.get_mut(usize::from(stranger)) {
                left += of_key(it);
                it.retain(|it| it.0 != key);
            }
        }
        let hinted = state.hints.iter().any(|it| of_key(it) > 0);
        let new = match are & own == 0 {
            // Stand-ins go on with their hints.
            true if were & own != 0 || left > 0 || !hinted => are,
            true => are & !were,
            false => are & !were & !own,
        };
        copies.iter().for_each(|it| hint(state, new, key, it));
    }
    entropy::add_up(state, params, ctx.ordinal());
    look_after(state, params, ctx);
}
