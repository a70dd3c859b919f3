//! Anti-entropy: members compare all that both keep, two at a time, by hash trees, and send each other the
//! parts in which they differ. It needs no memory of who has missed what.

use std::sync::Arc;

use crate::algorithm::replication::merkle::Tree;
use crate::base::draw::mix;
use crate::base::time::Nanos;

use super::super::Context;
use super::hints::{BATCH_MAX, has, row};
use super::row::Row;
use super::{KvStore, KvStoreMessage, KvStoreParams, KvStoreState, SYNCED, each, homes};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Parts of the keys: key k lies in part k modulo this.
const LEAVES: u64 = 64;

/// By member: of each part of the keys that are its and one's own, the sum of all that is held of them.
/// Nothing while nobody compares.
pub(super) type Sums = Vec<Arc<[u64]>>;

/// What a member found when it last compared with another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// When it began, or heard of it.
    pub at: Nanos,
    /// The hashes it was told: level and place in the tree, and whether they differ from its own.
    pub told: Vec<((u32, u32), bool)>,
    /// Parts of the keys whose rows it asked the other for.
    pub asked: Vec<u32>,
    /// Keys of which it then got something new, the first of them.
    pub repaired: Vec<u32>,
}

impl Comparison {
    /// What a clone of it takes of memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Self { at: _, told, asked, repaired } = self;
        size_of::<Self>() + size_of_val(&told[..]) + size_of_val(&asked[..]) + size_of_val(&repaired[..])
    }
}

crate::stable! { Comparison { at, told, asked, repaired } }

/// Repaired keys remembered of one comparison.
const REPAIRED_MAX: usize = 64;

/// What is remembered of the comparison with a member.
fn comparison(state: &mut KvStoreState, other: u16) -> &mut Comparison {
    let at = usize::from(other);
    if state.compared.len() <= at {
        state.compared.resize_with(at + 1, Comparison::default);
    }
    &mut state.compared[at]
}

/// What is held of a key, scrambled.
fn scrambled(key: u32, row: &Row) -> u64 {
    let one = |version: u32| mix(mix(key.into()) ^ u64::from(version));
    row.copies.iter().fold(0, |sum, it| sum.wrapping_add(one(it.version)))
}

/// What is held of a key has changed.
pub(super) fn add(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    ordinal: u16,
    key: u32,
    [before, after]: [&Row; 2],
) {
    if state.sums.is_empty() {
        return;
    }
    let change = scrambled(key, after).wrapping_sub(scrambled(key, before));
    let homes = homes(params, key);
    if change == 0 || !has(homes, ordinal) {
        return;
    }
    for other in each(homes & !(1 << ordinal)) {
        if let Some(sums) = state.sums.get_mut(usize::from(other)) {
            let part = &mut Arc::make_mut(sums)[(u64::from(key) % LEAVES) as usize];
            *part = part.wrapping_add(change);
        }
    }
}

/// Adds all up anew: homes have changed, or members begin to compare, or cease to.
pub(super) fn add_up(state: &mut KvStoreState, params: &KvStoreParams, ordinal: u16) {
    state.sums.clear();
    if params.anti_entropy == Nanos::ZERO {
        return;
    }
    state.sums.resize(params.members as usize, Arc::new([0; LEAVES as usize]));
    for key in state.rows.start() as u32..state.rows.end() as u32 {
        let row = row(state, key);
        add(state, params, ordinal, key, [&Row::default(), &row]);
    }
}

/// The tree over what a member holds of all that it and another keep.
pub fn tree(state: &KvStoreState, other: u16) -> Tree {
    let leaves = state.sums.get(usize::from(other)).map_or(&[][..], |it| it);
    let mut leaves = leaves.to_vec();
    leaves.resize(LEAVES as usize, 0);
    Tree::new(leaves)
}

/// Begins with the root, to one of the others by lot.
pub(super) fn begin(state: &mut KvStoreState, ctx: &mut Ctx) {
    let others = u64::from(ctx.members()).saturating_sub(1);
    if others == 0 {
        return;
    }
    let lot = (ctx.draw_next() % others) as u16;
    let to = if lot >= ctx.ordinal() { lot + 1 } else { lot };
    *comparison(state, to) = Comparison { at: ctx.now(), ..Comparison::default() };
    let root = tree(state, to).node(0, 0).unwrap_or_default();
    ctx.send(to, KvStoreMessage::Compare(0, Arc::new([(0, root)])));
}

/// Somebody holds these hashes at a level: what differs is gone into, and at the bottom exchanged.
pub(super) fn compare(
    state: &mut KvStoreState,
    params: &KvStoreParams,
    from: u16,
    (level, nodes): (u32, &[(u32, u64)]),
    ctx: &mut Ctx,
) {
    let (tree, level) = (tree(state, from), level as usize);
    let differ = tree.differing(level, nodes);
    let seen = comparison(state, from);
    if level == 0 {
        *seen = Comparison { at: ctx.now(), ..Comparison::default() };
    }
    seen.told.extend(nodes.iter().map(|it| ((level as u32, it.0), differ.contains(&it.0))));
    if differ.is_empty() {
        return;
    }
    if level < tree.depth() {
        let below = tree.below(level, &differ);
        return ctx.send(from, KvStoreMessage::Compare(level as u32 + 1, below.into()));
    }
    // Where more differs than one exchange brings, the rest is for the next comparisons, by lot.
    let rows = (state.rows.end() - state.rows.start()).div_ceil(LEAVES).max(1);
    let most = (BATCH_MAX as u64 / rows).max(1) as usize;
    let mut differ = differ;
    if differ.len() > most {
        let lot = ctx.draw_next() % differ.len() as u64;
        differ.rotate_left(lot as usize);
        differ.truncate(most);
    }
    comparison(state, from).asked.extend(&differ);
    for leaf in differ {
        bring(state, params, from, leaf, ctx);
        ctx.send(from, KvStoreMessage::Want(leaf));
    }
}

/// Another has sent what it holds of a key, of which this was held before: was there something new?
pub(super) fn brought(state: &mut KvStoreState, from: u16, key: u32, before: &Row) {
    let news = scrambled(key, &row(state, key)) != scrambled(key, before);
    let seen = comparison(state, from);
    if news && seen.repaired.len() < REPAIRED_MAX && !seen.repaired.contains(&key) {
        seen.repaired.push(key);
    }
}

/// Sends all that is held in a part and that both keep.
pub(super) fn bring(
    state: &KvStoreState,
    params: &KvStoreParams,
    to: u16,
    leaf: u32,
    ctx: &mut Ctx,
) {
    let both = 1 << to | 1 << ctx.ordinal();
    for key in (leaf..state.rows.end() as u32).step_by(LEAVES as usize) {
        let row = row(state, key);
        if !row.copies.is_empty() && homes(params, key) & both == both {
            ctx.count(SYNCED, key);
            let version = row.version();
            ctx.send(to, KvStoreMessage::Bring(key, version, row.copies.into()));
        }
    }
}
