//! Anti-entropy: members compare all they hold, two at a time, by hash trees, and send each other the
//! parts in which they differ. It needs no memory of who has missed what.

use std::sync::Arc;

use crate::algorithm::replication::merkle::Tree;
use crate::base::draw::mix;

use super::super::Context;
use super::rounds::{BATCH_MAX, row};
use super::{KvStore, KvStoreMessage, KvStoreState, SYNCED};

type Ctx<'a, 'b> = Context<'a, 'b, KvStore>;

/// Parts of the keys: key k lies in part k modulo this.
const LEAVES: u64 = 64;

/// The tree over what a member holds: of each part, the sum of its keys' versions, scrambled.
fn tree(state: &KvStoreState) -> Tree {
    let mut leaves = vec![0u64; LEAVES as usize];
    for key in state.rows.start()..state.rows.end() {
        let leaf = &mut leaves[(key % LEAVES) as usize];
        for it in state.rows.get(key).iter().flat_map(|it| &it.copies) {
            *leaf = leaf.wrapping_add(mix(mix(key) ^ u64::from(it.version)));
        }
    }
    Tree::new(leaves)
}

/// Begins with the root, to one of the others by lot.
pub(super) fn begin(state: &KvStoreState, ctx: &mut Ctx) {
    let others = u64::from(ctx.members()).saturating_sub(1);
    if others == 0 {
        return;
    }
    let lot = (ctx.draw_next() % others) as u16;
    let to = if lot >= ctx.ordinal() { lot + 1 } else { lot };
    let root = tree(state).node(0, 0).unwrap_or_default();
    ctx.send(to, KvStoreMessage::Compare(0, Arc::new([(0, root)])));
}

/// Somebody holds these hashes at a level: what differs is gone into, and at the bottom exchanged.
pub(super) fn compare(
    state: &KvStoreState,
    from: u16,
    level: u32,
    nodes: &[(u32, u64)],
    ctx: &mut Ctx,
) {
    let (tree, level) = (tree(state), level as usize);
    let differ = tree.differing(level, nodes);
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
    for leaf in differ {
        bring(state, from, leaf, ctx);
        ctx.send(from, KvStoreMessage::Want(leaf));
    }
}

/// Sends all that is held in a part.
pub(super) fn bring(state: &KvStoreState, to: u16, leaf: u32, ctx: &mut Ctx) {
    for key in (u64::from(leaf)..state.rows.end()).step_by(LEAVES as usize) {
        let row = row(state, key as u32);
        if !row.copies.is_empty() {
            ctx.count(SYNCED, key as u32);
            let version = row.version();
            ctx.send(to, KvStoreMessage::Store(0, key as u32, version, row.copies.into()));
        }
    }
}
