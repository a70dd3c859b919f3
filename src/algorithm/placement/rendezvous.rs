//! Rendezvous, or highest random weight: each node's hash with the key is its bid, and the highest
//! wins. No table, perfect shares, and one hash a node for each key.
//!
//! Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM
//! Transactions on Networking 6(1), 1998; weights by Schindelhauer and Schomaker, "Weighted
//! distributed hash tables", SPAA 2005: a bid is weight / -ln(u) for u uniform in (0, 1).

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;
use crate::base::draw::{mix, open_unit};

/// A node's hash and weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendezvous {
    hash: Hash,
    nodes: Vec<(u64, u32)>,
    weighted: bool,
}

impl Placement for Rendezvous {
    const WEIGHS: bool = true;

    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let hash = settings.hash;
        let weighted = nodes.iter().any(|it| it.weight != nodes[0].weight);
        let nodes = nodes.iter().map(|it| (hash.of(it.name.as_bytes()), it.weight)).collect();
        Ok(Self { hash, nodes, weighted })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let key = self.hash.of(key);
        let draw = |node: u64| mix(key ^ mix(node));
        let numbered = self.nodes.iter().enumerate();
        // Among equal bids the later node wins, in both cases.
        let winner = if self.weighted {
            let bid = |it: &(u64, u32)| f64::from(it.1) / -libm::log(open_unit(draw(it.0)));
            numbered.max_by(|one, other| bid(one.1).total_cmp(&bid(other.1)))
        } else {
            numbered.max_by_key(|it| draw(it.1.0))
        };
        Ok(winner.map_or(0, |it| it.0))
    }
}
