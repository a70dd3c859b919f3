//! Hash trees (Merkle, "A digital signature based on a conventional encryption function", CRYPTO '87,
//! LNCS 293, 1988), as replicas compare what they hold (DeCandia et al., "Dynamo: Amazon's highly
//! available key-value store", SOSP 2007, section 4.7): leaves are parts of the keys, each node above
//! stands for its two children. Who holds the same has the same root; who does not goes down where the
//! hashes differ, and nowhere else.

use crate::base::draw::mix;

/// A tree over two to the power of `depth` leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// By level, the root first.
    levels: Vec<Vec<u64>>,
}

impl Tree {
    /// The tree over the hashes of leaves, filled up with zeros to a power of two.
    pub fn new(mut leaves: Vec<u64>) -> Self {
        leaves.resize(leaves.len().max(1).next_power_of_two(), 0);
        let mut levels = vec![leaves];
        while levels[0].len() > 1 {
            let parent = |pair: &[u64]| mix(mix(pair[0]) ^ pair[1].rotate_left(1));
            let above = levels[0].chunks(2).map(parent).collect();
            levels.insert(0, above);
        }
        Self { levels }
    }

    /// How many levels lie below the root.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// The hash of a node: its level, 0 for the root, and its place there; none if there is no such.
    pub fn node(&self, level: usize, place: usize) -> Option<u64> {
        self.levels.get(level)?.get(place).copied()
    }

    /// Of nodes of a level that another holds with these hashes, those that differ here.
    pub fn differing(&self, level: usize, theirs: &[(u32, u64)]) -> Vec<u32> {
        let differs = |it: &&(u32, u64)| self.node(level, it.0 as usize) != Some(it.1);
        theirs.iter().filter(differs).map(|it| it.0).collect()
    }

    /// The children of nodes of a level, with their hashes.
    pub fn below(&self, level: usize, places: &[u32]) -> Vec<(u32, u64)> {
        let children = places.iter().flat_map(|it| [2 * it, 2 * it + 1]);
        let known = children.filter_map(|it| Some((it, self.node(level + 1, it as usize)?)));
        known.collect()
    }
}
