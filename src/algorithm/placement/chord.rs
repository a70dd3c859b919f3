//! Chord: nodes on a circle of identifiers that each know only a few of the others, and still find the
//! owner of any key in few hops.
//!
//! Source: Stoica, Morris, Karger, Kaashoek and Balakrishnan, "Chord: A scalable peer-to-peer lookup
//! service for internet applications", SIGCOMM 2001; and the version of IEEE/ACM Transactions on
//! Networking 11(1), 2003. Who owns a key is the same as on the hash ring: the next node clockwise.
//! Fingers are worked out from all nodes, as stabilisation leaves them once nobody comes or goes.

/// Nodes on a circle of 2^m identifiers.
#[derive(Clone, Debug, PartialEq)]
pub struct Chord {
    /// Identifiers of the nodes, rising.
    ids: Vec<u64>,
    bits: u32,
}

/// One entry of a finger table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finger {
    /// Its number, from 1 to m.
    pub number: u32,
    /// Where it looks: 2^(number − 1) clockwise of its node.
    pub start: u64,
    /// The first node there or after, by position.
    pub node: usize,
}

/// The way of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The nodes asked, by position: the one that wants to know, and last the one before the key, which
    /// knows the owner. The first by itself if it knows.
    pub asked: Vec<usize>,
    /// The owner.
    pub owner: usize,
}

impl Lookup {
    /// How often the question is passed on.
    pub fn hops(&self) -> usize {
        self.asked.len() - 1
    }
}

/// Whether going clockwise from `from` one meets `it` before `to`, neither of which counts.
fn between(it: u64, from: u64, to: u64) -> bool {
    if from < to { from < it && it < to } else { from < it || it < to }
}

impl Chord {
    /// Nodes with these identifiers below 2^`bits`, of which there is at least one; an identifier that is
    /// there twice counts once.
    pub fn new(mut ids: Vec<u64>, bits: u32) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { ids, bits }
    }

    /// Identifiers of the nodes, rising.
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// How many bits an identifier has.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The first node at `id` or after, by position.
    pub fn successor(&self, id: u64) -> usize {
        self.ids.partition_point(|it| *it < id) % self.ids.len()
    }

    /// The node after a node.
    pub fn next(&self, node: usize) -> usize {
        (node + 1) % self.ids.len()
    }

    /// A finger of a node, from 1 to m.
    pub fn finger(&self, node: usize, number: u32) -> Finger {
        let mask = u64::MAX >> (64 - self.bits);
        let start = self.ids[node].wrapping_add(1 << (number - 1)) & mask;
        Finger { number, start, node: self.successor(start) }
    }

    /// The finger table of a node.
    pub fn fingers(&self, node: usize) -> impl DoubleEndedIterator<Item = Finger> {
        (1..=self.bits).map(move |it| self.finger(node, it))
    }

    /// Of a node and its fingers the one closest before `id`.
    pub fn closest_preceding_finger(&self, node: usize, id: u64) -> usize {
        let precedes = |it: &Finger| between(self.ids[it.node], self.ids[node], id);
        self.fingers(node).rev().find(precedes).map_or(node, |it| it.node)
    }

    /// How a node finds the owner of `id`.
    pub fn lookup(&self, start: usize, id: u64) -> Lookup {
        let mut asked = vec![start];
        let mut node = start;
        loop {
            let owner = self.next(node);
            if id == self.ids[owner] || between(id, self.ids[node], self.ids[owner]) {
                return Lookup { asked, owner };
            }
            node = self.closest_preceding_finger(node, id);
            asked.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    fn way(chord: &Chord, from: u64, id: u64) -> Vec<u64> {
        let lookup = chord.lookup(chord.successor(from), id);
        let asked = lookup.asked.iter().chain([&lookup.owner]);
        asked.map(|it| chord.ids()[*it]).collect()
    }

    fn table(chord: &Chord, node: u64) -> Vec<(u64, u64)> {
        let fingers = chord.fingers(chord.successor(node));
        fingers.map(|it| (it.start, chord.ids()[it.node])).collect()
    }

    /// SIGCOMM 2001, figures 2 and 3: m = 3, nodes 0, 1 and 3; and the lookup told in section 4.3.
    #[test]
    fn the_example_of_2001() {
        let chord = Chord::new(vec![0, 1, 3], 3);
        let successors = [1, 2, 6].map(|it| chord.ids()[chord.successor(it)]);
        assert_eq!(successors, [1, 3, 0], "keys 1, 2 and 6");
        assert_eq!(table(&chord, 0), [(1, 1), (2, 3), (4, 0)]);
        assert_eq!(table(&chord, 1), [(2, 3), (3, 3), (5, 0)]);
        assert_eq!(table(&chord, 3), [(4, 0), (5, 0), (7, 0)]);
        assert_eq!(way(&chord, 3, 1), [3, 0, 1], "node 3 asks 0, which knows that 1 is at 1");
    }

    /// Transactions on Networking 2003, figures 3 and 4: m = 6, ten nodes.
    #[test]
    fn the_example_of_2003() {
        let chord = Chord::new(vec![1, 8, 14, 21, 32, 38, 42, 48, 51, 56], 6);
        let keys = [10, 24, 30, 38, 54].map(|it| chord.ids()[chord.successor(it)]);
        assert_eq!(keys, [14, 32, 32, 38, 56]);
        let fingers = [(9, 14), (10, 14), (12, 14), (16, 21), (24, 32), (40, 42)];
        assert_eq!(table(&chord, 8), fingers);
        assert_eq!(way(&chord, 8, 54), [8, 42, 51, 56]);
    }

    /// Evenly spaced nodes: each hop strikes the highest one from the binary number of nodes still to
    /// pass, so there are as many hops as it has ones; half of its digits in the mean.
    #[test]
    fn hops_are_the_ones_of_the_distance() {
        let chord = Chord::new((0..256).map(|it| it << 8).collect(), 16);
        let mut total = 0;
        for passed in 0..256_u64 {
            let lookup = chord.lookup(40, ((40 + passed) % 256) * 256 + 7);
            assert_eq!(lookup.hops(), passed.count_ones() as usize, "{passed} nodes on");
            assert_eq!(lookup.owner as u64, (40 + passed + 1) % 256);
            total += lookup.hops();
        }
        assert_eq!(total, 4 * 256, "½ · log2 256 each");
    }

    /// 2003, figure 10: the mean is about ½ · log2 N, here for nodes at random places; and the owner is
    /// always the next node clockwise.
    #[test]
    fn mean_hops_are_half_the_logarithm() {
        for power in [4, 7, 10, 13] {
            let at = |of: u64, it: u64| Stream(power).bits(it, of);
            let chord = Chord::new((0..1 << power).map(|it| at(1, it)).collect(), 64);
            let tries = 4_000;
            let mut hops = 0;
            for it in 0..tries {
                let (start, id) = (at(2, it) as usize % chord.ids().len(), at(3, it));
                let lookup = chord.lookup(start, id);
                assert_eq!(lookup.owner, chord.successor(id));
                hops += lookup.hops();
            }
            let (mean, half) = (hops as f64 / tries as f64, power as f64 / 2.0);
            assert!((mean - half).abs() < 0.5, "{} nodes: {mean}, not {half}", 1 << power);
        }
    }

    #[test]
    fn one_node_owns_all_and_its_own_identifier() {
        let chord = Chord::new(vec![5, 5], 3);
        for id in 0..8 {
            assert_eq!(chord.lookup(0, id), Lookup { asked: vec![0], owner: 0 });
        }
    }
}
