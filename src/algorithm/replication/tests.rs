use std::collections::BTreeSet;

use super::merkle::Tree;
use super::quorum::{majority, meet, sets};
use super::version_vector::VersionVector;
use crate::base::draw::mix;

/// Gifford's rule against all sets there are, for up to seven copies.
#[test]
fn quorums_meet_exactly_if_they_are_more_than_all() {
    // How many sets there are: Pascal's triangle.
    let mut row = vec![1];
    for n in 1..=7 {
        let next =
            |at: usize| row.get(at).unwrap_or(&0) + at.checked_sub(1).map_or(0, |it| row[it]);
        row = (0..=n as usize).map(next).collect();
        for size in 0..=n {
            assert_eq!(sets(n, size).count(), row[size as usize], "{size} of {n}");
        }
        for read in 1..=n {
            for write in 1..=n {
                let all = sets(n, read).all(|r| sets(n, write).all(|w| r & w != 0));
                assert_eq!(meet(n, read, write), all, "N {n}, R {read}, W {write}");
            }
        }
        let half = majority(n);
        assert!(sets(n, half).all(|one| sets(n, half).all(|other| one & other != 0)), "N {n}");
        let less = half - 1;
        let apart = sets(n, less).any(|one| sets(n, less).any(|other| one & other == 0));
        assert!(less == 0 || apart, "N {n}: {less} would do");
    }
}

/// A write, its dot, and the oracle's set of all writes in its past, itself included.
#[derive(Clone)]
struct Write {
    vector: VersionVector,
    dot: (usize, u32),
    past: BTreeSet<u32>,
}

/// Against an oracle that remembers for each write the set of all writes in its past. Members write
/// over all they hold, send what they hold to each other, and now and then drop all they hold, having
/// sent it to another or not. They number their writes with gaps, and never twice alike.
#[test]
fn vectors_say_the_same_as_histories() {
    let (mut compared, mut conflicts, mut gaps) = (0, 0, 0);
    for seed in 0..400u64 {
        let mut draws = (0..).map(|at| mix(seed << 32 | at));
        let mut draw = |below: u64| draws.next().map_or(0, |it: u64| it % below) as usize;
        let members = 2 + draw(4);
        let mut held: Vec<Vec<Write>> = vec![Vec::new(); members];
        let mut last = vec![0u32; members];
        let drops = seed % 2 == 0;
        let mut made: Vec<(u32, Write)> = Vec::new();
        for write in 0..40 {
            let at = draw(members as u64);
            if draw(3) > 0 {
                let (mut vector, mut past) = (VersionVector::default(), BTreeSet::new());
                for it in held[at].drain(..) {
                    vector.join(&it.vector);
                    past.extend(it.past);
                }
                let number = last[at] + 1 + draw(3) as u32;
                vector.learn(at, last[at], number);
                let dot = (at, number);
                past.insert(write);
                gaps += usize::from(last[at] > 0 && !vector.knows(at, last[at]));
                last[at] = number;
                let new = Write { vector, dot, past };
                held[at].push(new.clone());
                made.push((write, new));
                continue;
            }
            let to = draw(members as u64);
            for sent in held[at].clone() {
                // The oracle decides what is replaced.
                if !held[to].iter().any(|it| it.past.is_superset(&sent.past)) {
                    held[to].retain(|it| !sent.past.is_superset(&it.past));
                    held[to].push(sent);
                }
            }
            if drops && draw(3) == 0 {
                held[at].clear();
            }
        }
        for (_, one) in &made {
            for (number, other) in &made {
                let knows = one.vector.knows(other.dot.0, other.dot.1);
                assert_eq!(knows, one.past.contains(number), "seed {seed}, write {number}");
                compared += 1;
                conflicts += usize::from(!knows);
            }
        }
    }
    assert!(compared > 100_000 && conflicts > 10_000, "{conflicts} of {compared} unknown");
    assert!(gaps > 500, "{gaps} writes did not know of the one before of their member");
}

/// Two that go down their trees in turn find exactly the leaves that differ, and compare no more than
/// the ways down to those: with k of 2^d leaves, at most 2 k d + 1 nodes.
#[test]
fn trees_find_what_differs_and_look_nowhere_else() {
    for seed in 0..500u64 {
        let mut draws = (0..).map(|at| mix(seed << 32 | at));
        let mut draw = |below: u64| draws.next().map_or(0, |it: u64| it % below);
        let leaves: Vec<u64> = (0..1 + draw(100)).map(|_| draw(1 << 40)).collect();
        let mut changed = leaves.clone();
        let mut differ = BTreeSet::new();
        for _ in 0..draw(5) {
            let at = draw(leaves.len() as u64);
            changed[at as usize] = 1 << 41 | at;
            differ.insert(at as u32);
        }
        let trees = [Tree::new(leaves), Tree::new(changed)];
        let mut known = vec![(0, trees[0].node(0, 0).expect("a root"))];
        let mut compared = 0;
        for level in 0..=trees[0].depth() {
            compared += known.len();
            let turn = &trees[(level + 1) % 2];
            let found = turn.differing(level, &known);
            if level == trees[0].depth() {
                assert_eq!(found, differ.iter().copied().collect::<Vec<_>>(), "seed {seed}");
            }
            known = turn.below(level, &found);
        }
        let most = 2 * differ.len() * trees[0].depth() + 1;
        assert!(compared <= most, "seed {seed}: {compared} nodes, at most {most}");
        assert_eq!(trees[0] == trees[1], differ.is_empty());
    }
}
