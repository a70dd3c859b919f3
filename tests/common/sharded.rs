//! What the shards of the store hold.

use ringside::component::State;
use ringside::component::sharded_db::ShardedDbState;
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use serde_json::json;

use super::{Input, World, cut, heal, states, target};

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

/// Something drawn that goes wrong: `one` dies, is cut off from `others`, or slow, or what went wrong is over; or,
/// if so wanted, rows move to other shards.
pub fn mishap(
    draw: impl Fn(u64, u64) -> u64,
    one: &str,
    others: &[&str],
    moves: bool,
    design: &mut Design,
) -> Input {
    let ways = [Ways::Both, Ways::Forth, Ways::Back][draw(3, 3) as usize];
    let name = ["a", "b"][draw(4, 2) as usize];
    Input::Fault(match draw(5, if moves { 11 } else { 9 }) {
        0..=2 => Fault::Crash(target(one)),
        3 | 4 => Fault::Restart(target("store")),
        5 | 6 => cut(name, &[one], others, ways),
        7 => heal(name),
        8 => Fault::Slow { target: target(one), factor: 1.0 + draw(6, 9) as f64 },
        change => {
            let scheme = ["range", "modulo", "ring", "jump"][draw(7, 4) as usize];
            let spec = &mut design.components.get_mut("store").expect("it is there").spec;
            match change {
                9 => spec.set("scheme", &json!(scheme)).expect("it can be set"),
                _ => spec.set("shards", &json!(4)).expect("it can be set"),
            }
            return Input::Edit(design.clone());
        }
    })
}

/// All that goes wrong by [`mishap`] is over.
pub fn all_well() -> [Fault; 4] {
    let quick = Fault::Slow { target: target("store"), factor: 1.0 };
    [heal("a"), heal("b"), Fault::Restart(target("store")), quick]
}
