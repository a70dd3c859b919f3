//! Version vectors (Parker, Popek, Rudisin, Stoughton, Walker, Walton, Chow, Edwards, Kiser and
//! Kline, "Detection of mutual inconsistency in distributed systems", IEEE TSE 9(3), 1983): for each
//! member, how many of its writes are known. A write is named by its member and its number there, its
//! dot (Preguiça, Baquero, Almeida, Fonte and Gonçalves, "Dotted version vectors", arXiv:1011.5808,
//! 2010): one write replaces another if it knows of its dot, and writes of which neither knows of the
//! other are in conflict.

/// How many writes of each member are known of, by ordinal; of those beyond the end, none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VersionVector(Vec<u32>);

impl crate::base::stable::StableHash for VersionVector {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        self.0.stable_hash(h);
    }
}

impl VersionVector {
    /// Knows of one more write of a member, and gives back its number.
    pub fn add(&mut self, member: usize) -> u32 {
        let number = self.0.get(member).map_or(1, |it| it + 1);
        self.raise(member, number);
        number
    }

    /// Knows of the writes of a member up to this number: numbers may leave some out, as long as each
    /// of a member's writes knows of those before it.
    pub fn raise(&mut self, member: usize, number: u32) {
        if self.0.len() <= member {
            self.0.resize(member + 1, 0);
        }
        self.0[member] = self.0[member].max(number);
    }

    /// Knows of all that another knows of, too.
    pub fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = (*own).max(*other);
        }
    }

    /// Whether it knows of the write of this number of a member.
    pub fn knows(&self, member: usize, number: u32) -> bool {
        self.0.get(member).is_some_and(|it| *it >= number)
    }
}
