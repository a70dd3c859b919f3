//! Whose a key is: members lie on a ring, and the homes of a key are the next N of them clockwise
//! (DeCandia et al., "Dynamo", SOSP 2007, sections 4.2 and 4.3). Those after them stand in for homes that
//! do not answer.

use std::sync::OnceLock;

use crate::algorithm::placement::{Node, Placed, Scheme, Settings};
use crate::base::text;
use crate::engine::history::PEERS_MAX;

use super::KvStoreParams;

/// Members as a set: bit n for member n.
pub type Members = u16;

/// The members of a set.
pub fn each(set: Members) -> impl Iterator<Item = u16> {
    (0..PEERS_MAX as u16).filter(move |it| set >> it & 1 == 1)
}

/// The ring of so many members, by number: it follows from their names.
static RINGS: [OnceLock<Option<Placed>>; PEERS_MAX] = [const { OnceLock::new() }; PEERS_MAX];

fn ring(members: usize) -> Option<&'static Placed> {
    let build = || {
        let node = |it| Node { name: text::letter(it), weight: 1 };
        let nodes: Vec<_> = (0..members as u16).map(node).collect();
        Scheme::Ring.build(&nodes, &Settings::default()).ok()
    };
    RINGS.get(members.checked_sub(1)?)?.get_or_init(build).as_ref()
}

/// All members in the order in which a key is theirs: its homes first, and then who stands in for them.
pub fn preference(params: &KvStoreParams, key: u32) -> Vec<u16> {
    let members = params.members as usize;
    let order = ring(members).and_then(|it| it.preference(key.to_string().as_bytes(), members));
    let order = order.unwrap_or_else(|| (0..members).collect());
    order.into_iter().map(|it| it as u16).collect()
}

/// The homes of a key.
pub fn homes(params: &KvStoreParams, key: u32) -> Members {
    let n = params.homes();
    if n == params.members {
        return (1 << n) - 1;
    }
    preference(params, key)[..n as usize].iter().fold(0, |all, it| all | 1 << it)
}
