//! Ranges that split where much is asked for, move to where little is, and merge where hardly anything is:
//! what to do next, by what each piece of the key space was asked for.
//!
//! Sources: CockroachDB documentation, "Load-based splitting" (a range is split at a key that parts its
//! requests evenly, found in a sample of them); Chang et al., "Bigtable", OSDI 2006 (tablets split when they
//! grow and merge when they shrink).

/// Pieces at most.
const PIECES_MAX: usize = 256;

/// What one piece was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Its first key.
    pub first: u32,
    /// Whose it is.
    pub owner: u16,
    /// Requests for its keys, in some time.
    pub asked: u32,
    /// The key that parts its requests evenly, if it is not its first.
    pub middle: Option<u32>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The keys from one on, up to the end of their piece, go to another.
    Split {
        /// The first of them.
        at: u32,
        /// Whose they are from now on.
        to: u16,
    },
    /// A whole piece goes to another.
    Give {
        /// Its first key.
        first: u32,
        /// Whose it is from now on.
        to: u16,
    },
    /// A piece becomes part of the one before.
    Join {
        /// Its first key.
        first: u32,
    },
}

/// What to do next about pieces, in the order of their keys, of some shards: nothing as long as none of
/// them is asked for more than `factor` times the mean, all have some, and no two neighbours are asked for hardly
/// anything.
pub fn next(pieces: &[Load], shards: &[u16], factor: f64) -> Option<Step> {
    let of = |shard: u16| {
        pieces.iter().filter(|it| it.owner == shard).map(|it| u64::from(it.asked)).sum::<u64>()
    };
    let total: u64 = pieces.iter().map(|it| u64::from(it.asked)).sum();
    let mean = total as f64 / shards.len().max(1) as f64;
    let hot = *shards.iter().rev().max_by_key(|it| of(**it))?;
    let has = |shard: u16| pieces.iter().any(|it| it.owner == shard);
    let cold = *shards.iter().min_by_key(|it| (has(**it), of(**it)))?;
    if total > 0 && (of(hot) as f64 > factor * mean || !has(cold)) {
        return part(pieces, hot, cold, of(hot) - of(cold));
    }
    if pieces.len() <= shards.len() {
        return None;
    }
    let joins = |it: &&[Load]| {
        let little = f64::from(it[0].asked) + f64::from(it[1].asked) <= mean / 4.0;
        let fits = of(it[0].owner) as f64 + f64::from(it[1].asked) <= mean;
        little && (fits || it[0].owner == it[1].owner)
    };
    let pair = pieces.windows(2).find(joins)?;
    Some(Step::Join { first: pair[1].first })
}

/// What the shard with most to do gives to the one with least, that is so much apart.
fn part(pieces: &[Load], hot: u16, cold: u16, gap: u64) -> Option<Step> {
    let own = || pieces.iter().filter(|it| it.owner == hot);
    // About half of what they are apart makes them level.
    let suits = |it: &&Load| (gap / 4..=gap * 3 / 4).contains(&u64::from(it.asked));
    if let Some(it) = own().find(suits).filter(|_| own().count() > 1) {
        return Some(Step::Give { first: it.first, to: cold });
    }
    let most = own().filter(|it| it.middle.is_some()).max_by_key(|it| it.asked)?;
    let helps = u64::from(most.asked) / 2 < gap && pieces.len() < PIECES_MAX;
    most.middle.filter(|_| helps).map(|at| Step::Split { at, to: cold })
}

/// The first key and owner of each piece, after a step.
pub fn after(pieces: &[(u32, u16)], step: Step) -> Vec<(u32, u16)> {
    let mut pieces = pieces.to_vec();
    match step {
        Step::Split { at, to } => {
            let place = pieces.partition_point(|it| it.0 < at);
            if pieces.get(place).is_none_or(|it| it.0 != at) {
                pieces.insert(place, (at, to));
            }
        }
        Step::Give { first, to } => {
            pieces.iter_mut().filter(|it| it.0 == first).for_each(|it| it.1 = to);
        }
        Step::Join { first } => pieces.retain(|it| it.0 != first || it.0 == 0),
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(first: u32, owner: u16, asked: u32, middle: u32) -> Load {
        Load { first, owner, asked, middle: Some(middle) }
    }

    #[test]
    fn what_is_hot_is_split_at_its_middle() {
        let pieces = [load(0, 0, 10, 50), load(100, 1, 10, 150), load(200, 2, 400, 290)];
        assert_eq!(next(&pieces, &[0, 1, 2], 1.5), Some(Step::Split { at: 290, to: 0 }));
        // Alike within the factor: nothing.
        let level = [load(0, 0, 100, 50), load(100, 1, 90, 150), load(200, 2, 120, 290)];
        assert_eq!(next(&level, &[0, 1, 2], 1.5), None);
        // One more shard gets its part of the one with most to do.
        assert_eq!(next(&level, &[0, 1, 2, 3], 1.5), Some(Step::Split { at: 290, to: 3 }));
        // One key alone cannot be split.
        let alone = [load(0, 0, 10, 50), Load { middle: None, ..load(100, 1, 400, 0) }];
        assert_eq!(next(&alone, &[0, 1], 1.5), None);
    }

    #[test]
    fn a_piece_that_suits_moves_whole_and_cold_neighbours_join() {
        let pieces = [load(0, 0, 10, 50), load(100, 1, 210, 150), load(200, 1, 190, 290)];
        assert_eq!(next(&pieces, &[0, 1], 1.5), Some(Step::Give { first: 100, to: 0 }));
        let cold = [
            load(0, 0, 100, 50),
            load(100, 1, 3, 150),
            load(200, 0, 5, 290),
            load(300, 1, 90, 310),
        ];
        assert_eq!(next(&cold, &[0, 1], 1.5), Some(Step::Join { first: 200 }));
        let owners = [(0, 0), (100, 1), (200, 0), (300, 1)];
        assert_eq!(after(&owners, Step::Join { first: 200 }), [(0, 0), (100, 1), (300, 1)]);
        assert_eq!(after(&owners, Step::Split { at: 250, to: 1 })[3], (250, 1));
        assert_eq!(after(&owners, Step::Give { first: 200, to: 1 })[2], (200, 1));
    }

    /// Whatever is asked for, steps come to an end: with pieces of one key each nothing is left to do, and
    /// the hottest shard has no more than the factor allows or a key that nobody can share.
    #[test]
    fn steps_come_to_an_end() {
        let weights: Vec<u32> = (0..64).map(|it| 1 + (it * it * 7) % 90).collect();
        let mut pieces = vec![(0, 0), (20, 1), (40, 2)];
        for _ in 0..40 {
            let loads: Vec<Load> = (0..pieces.len())
                .map(|at| {
                    let (first, owner) = pieces[at];
                    let end = pieces.get(at + 1).map_or(64, |it| it.0);
                    let asked = (first..end).map(|it| weights[it as usize]).sum::<u32>();
                    let mut sum = 0;
                    let middle = (first..end).find(|it| {
                        sum += weights[*it as usize];
                        sum * 2 > asked
                    });
                    Load { first, owner, asked, middle: middle.filter(|it| *it > first) }
                })
                .collect();
            match next(&loads, &[0, 1, 2], 1.3) {
                Some(step) => pieces = after(&pieces, step),
                None => return,
            }
        }
        panic!("it never rests: {pieces:?}");
    }
}
