//! Version vectors (Parker, Popek, Rudisin, Stoughton, Walker, Walton, Chow, Edwards, Kiser and
//! Kline, "Detection of mutual inconsistency in distributed systems", IEEE TSE 9(3), 1983): for each
//! member, how many of its writes are known. A write is named by its member and its number there, its
//! dot (Preguiça, Baquero, Almeida, Fonte and Gonçalves, "Dotted version vectors", arXiv:1011.5808,
//! 2010): one write replaces another if it knows of its dot, and writes of which neither knows of the
//! other are in conflict.
//!
//! A member that no longer holds what it wrote makes writes that do not know of its earlier ones. What
//! is known of a member then has gaps, which are kept (as exceptions are in Malkhi and Terry, "Concise
//! version vectors in WinFS", DISC 2005).

/// Which writes of each member are known of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VersionVector {
    /// By ordinal, up to which number all are known of; of members beyond the end, none.
    upto: Vec<u32>,
    /// Known of beyond those, in order and apart from each other.
    beyond: Vec<Stretch>,
}

/// Writes of one member: those with numbers above one and up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    member: u32,
    above: u32,
    upto: u32,
}

crate::stable! {
    VersionVector { upto, beyond }
    Stretch { member, above, upto }
}

impl VersionVector {
    /// Knows of the writes of a member with numbers above `above` and up to `upto`. Numbers may leave
    /// some out: none of the member's writes has one of those.
    pub fn learn(&mut self, member: usize, above: u32, upto: u32) {
        if self.upto.len() <= member {
            self.upto.resize(member + 1, 0);
        }
        let mut new = Stretch { member: member as u32, above, upto };
        if !self.beyond.is_empty() {
            // One with all that it touches.
            self.beyond.retain(|it| {
                let apart = it.member != new.member || it.above > new.upto || new.above > it.upto;
                if !apart {
                    (new.above, new.upto) = (new.above.min(it.above), new.upto.max(it.upto));
                }
                apart
            });
        }
        let own = &mut self.upto[member];
        if new.above <= *own {
            *own = new.upto.max(*own);
        } else {
            let place = self.beyond.partition_point(|it| *it < new);
            self.beyond.insert(place, new);
        }
    }

    /// Knows of all that another knows of, too.
    pub fn join(&mut self, other: &Self) {
        for (member, upto) in other.upto.iter().enumerate() {
            self.learn(member, 0, *upto);
        }
        for it in &other.beyond {
            self.learn(it.member as usize, it.above, it.upto);
        }
    }

    /// The latest write of a member that is known of; 0 if none is.
    pub fn latest(&self, member: usize) -> u32 {
        let beyond = self.beyond.iter().filter(|it| it.member as usize == member).map(|it| it.upto);
        beyond.chain(self.upto.get(member).copied()).max().unwrap_or(0)
    }

    /// Whether it knows of the write of this number of a member.
    pub fn knows(&self, member: usize, number: u32) -> bool {
        let known = |it: &Stretch| (it.above..it.upto).contains(&number.wrapping_sub(1));
        self.upto.get(member).is_some_and(|it| *it >= number)
            || self.beyond.iter().any(|it| it.member as usize == member && known(it))
    }
}
