//! Exact sequences of every rule, and what all rules have in common.

use super::*;
use crate::base::keyed::Draws;

/// Candidates from (index, outstanding, weight).
fn candidates<const N: usize>(members: [(usize, u32, u32); N]) -> [Candidate; N] {
    members.map(|(index, outstanding, weight)| Candidate { index, outstanding, weight })
}

fn equal(indices: &[usize]) -> Vec<Candidate> {
    indices.iter().map(|index| Candidate { index: *index, outstanding: 0, weight: 1 }).collect()
}

#[test]
fn round_robin_keeps_its_place_when_members_come_and_go() {
    let mut rule = Rule::RoundRobin.start();
    let mut ask = |indices: &[usize]| rule.choose(&equal(indices), 0, 0);
    assert_eq!([ask(&[0, 1, 2]), ask(&[0, 1, 2])], [Some(0), Some(1)]);
    assert_eq!([ask(&[0, 1]), ask(&[0, 1])], [Some(0), Some(1)], "2 is down");
    assert_eq!([ask(&[0, 1, 2, 3]), ask(&[0, 1, 2, 3])], [Some(2), Some(3)], "2 is back, 3 new");
    assert_eq!(ask(&[]), None);
    assert_eq!(ask(&[1, 3]), Some(1));
}

#[test]
fn least_outstanding_takes_turns_among_equals() {
    let mut rule = Rule::LeastOutstanding.start();
    let mut ask = |loads: [u32; 3]| {
        rule.choose(&candidates([(0, loads[0], 1), (1, loads[1], 1), (2, loads[2], 1)]), 0, 0)
    };
    assert_eq!([ask([0, 0, 0]), ask([0, 0, 0]), ask([0, 0, 0])], [Some(0), Some(1), Some(2)]);
    assert_eq!(ask([3, 2, 2]), Some(1), "after 2 comes 0, but 1 and 2 are equal: 1");
    assert_eq!(ask([3, 2, 2]), Some(2));
    assert_eq!(ask([3, 4, 5]), Some(0));
    assert_eq!(ask([3, 0, 0]), Some(1));
}

/// The sequence nginx's commit message 52327e0627f4 gives for weights 5, 1, 1.
#[test]
fn weights_5_1_1_give_the_sequence_of_nginx() {
    let mut rule = Rule::WeightedRoundRobin.start();
    let members = candidates([(0, 0, 5), (1, 0, 1), (2, 0, 1)]);
    let letters: Vec<char> = (0..14)
        .map(|_| ['a', 'b', 'c'][rule.choose(&members, 0, 0).expect("someone is chosen")])
        .collect();
    assert_eq!(letters.iter().collect::<String>(), "aabacaaaabacaa");
}

#[test]
fn weighted_shares_are_exact_over_a_round() {
    let mut rule = Rule::WeightedRoundRobin.start();
    let members = candidates([(0, 0, 7), (1, 0, 0), (4, 0, 3), (5, 0, 2)]);
    let mut counts = [0; 6];
    for _ in 0..120 {
        counts[rule.choose(&members, 0, 0).unwrap()] += 1;
    }
    assert_eq!(counts, [70, 0, 0, 0, 30, 20]);
    assert_eq!(rule.choose(&candidates([(1, 0, 0)]), 0, 0), None, "weight 0 is never chosen");
}

#[test]
fn two_choices_compares_two_different_members() {
    let members = candidates([(0, 5, 1), (1, 3, 1), (2, 3, 1), (3, 9, 1)]);
    let ask = |high: u64, low: u64| {
        let quarter = (1u64 << 32) / 4;
        let third = (1u64 << 32) / 3 + 1;
        Rule::TwoChoices.start().choose(&members, 0, ((high * quarter) << 32) | (low * third))
    };
    assert_eq!(ask(0, 0), Some(1), "0 against 1");
    assert_eq!(ask(1, 0), Some(1), "1 against 0");
    assert_eq!(ask(1, 1), Some(1), "1 against 2: equal, the first drawn");
    assert_eq!(ask(2, 1), Some(2), "2 against 1: equal, the first drawn");
    assert_eq!(ask(3, 2), Some(2), "3 against 2");
    assert_eq!(ask(3, 0), Some(0), "3 against 0");
}

/// With n = 3 and unequal loads the busiest of three is chosen only if both draws are it: never.
/// The idlest is in two of three pairs.
#[test]
fn two_choices_shares() {
    let members = candidates([(0, 2, 1), (1, 1, 1), (2, 0, 1)]);
    let mut draws = Draws::new(3);
    let mut counts = [0u32; 3];
    for _ in 0..30_000 {
        counts[Rule::TwoChoices.start().choose(&members, 0, draws.next()).unwrap()] += 1;
    }
    assert_eq!(counts[0], 0);
    assert!(counts[2].abs_diff(20_000) < 400, "{counts:?}: 5 standard deviations are 408");
}

#[test]
fn random_is_even() {
    let members = equal(&[0, 1, 2, 3, 4]);
    let mut draws = Draws::new(11);
    let mut counts = [0u32; 5];
    for _ in 0..50_000 {
        counts[Rule::Random.start().choose(&members, 0, draws.next()).unwrap()] += 1;
    }
    assert!(counts.iter().all(|count| count.abs_diff(10_000) < 450), "{counts:?}");
}

/// `fmix32` of 1 as computed by the reference code (SMHasher, MurmurHash3.cpp); 0 stays 0.
#[test]
fn key_hash_is_stable() {
    assert_eq!(key_hash::mix(0), 0);
    assert_eq!(key_hash::mix(1), 0x514e_28b7);
    let mut rule = Rule::KeyHash.start();
    let members = equal(&[2, 5, 9]);
    assert_eq!(rule.choose(&members, 1, 0), Some([2, 5, 9][0x514e_28b7 % 3]));
    assert_eq!(rule.choose(&members, 0, u64::MAX), Some(2));
    let mut moved = 0;
    for key in 0..10_000 {
        let before = rule.choose(&members, key, 0);
        moved += u32::from(rule.choose(&equal(&[2, 5, 9, 11]), key, 0) != before);
    }
    assert!(moved.abs_diff(7_500) < 220, "{moved}: three of four keys move");
}

#[test]
fn every_rule_keeps_the_contract() {
    for rule in Rule::ALL.iter().copied() {
        assert_eq!(Rule::find(rule.id()), Some(rule));
        let mut running = rule.start();
        let mut draws = Draws::new(5);
        assert_eq!(running.choose(&[], 0, 0), None);
        for _ in 0..2_000 {
            let mask = draws.next();
            let members: Vec<Candidate> = (0..8)
                .filter(|index| mask & (1 << index) != 0)
                .map(|index| Candidate { index, outstanding: draws.below(4) as u32, weight: 2 })
                .collect();
            let (key, draw) = (draws.next() as u32, draws.next());
            let mut copy = running.clone();
            let chosen = running.choose(&members, key, draw);
            assert_eq!(copy.choose(&members, key, draw), chosen, "{rule:?} is a function");
            assert_eq!(copy, running);
            assert_eq!(chosen.is_none(), members.is_empty(), "{rule:?}: someone is chosen");
            assert!(chosen.is_none_or(|chosen| members.iter().any(|it| it.index == chosen)));
        }
        let bytes = postcard::to_allocvec(&running).unwrap();
        assert_eq!(postcard::from_bytes::<Running>(&bytes).unwrap(), running);
    }
}
