//! What the shards of the store hold.

use ringside::component::State;
use ringside::component::sharded_db::ShardedDbState;

use super::{World, states};

/// What each shard of the component `store` remembers.
pub fn shards(world: &World) -> Vec<&ShardedDbState> {
    fn own(it: &State) -> &ShardedDbState {
        match it {
            State::ShardedDb(it) => it,
            other => panic!("{other:?} is no shard"),
        }
    }
    states(world, "store").into_iter().map(own).collect()
}

/// The primaries of shards of so many members each, one after the other, as far as there are any: of those
/// that are up and lead, the one of the latest term.
pub fn primaries(world: &World, copies: usize) -> Vec<Option<(usize, &ShardedDbState)>> {
    let slots = super::slots(world, "store");
    let all: Vec<_> = shards(world).into_iter().enumerate().collect();
    let leads = |it: &&(usize, &ShardedDbState)| it.1.leads() && world.is_up(slots[it.0]);
    let term = |it: &&(usize, &ShardedDbState)| it.1.group.as_ref().map_or(0, |it| it.ballot.term);
    all.chunks(copies).map(|it| it.iter().filter(leads).max_by_key(term).copied()).collect()
}
