//! Guarantees with a bound: how long it may take until a write is seen everywhere.

use super::brute::{Shape, history};
use super::tests::{FEW, blames, found, holds, script, some_order, wrote};
use super::{Guarantee, History, Outcome, Verdict};

/// At bounds of different length, from the next write on.
#[test]
fn bounded_staleness_agrees_with_brute_force() {
    for bound in [0, 3, 8] {
        let bounded = |it: &History| History { bound, ..it.clone() };
        let shape = Shape { operations: 9, processes: 4, keys: 1, wrong: 1, ..FEW };
        let mut holds = 0;
        for seed in 0..3_000 {
            let history = bounded(&history(seed, shape));
            let expected = some_order(&history, |history, read, age| {
                let it = &history.operations[read];
                let old = history.operations.iter().filter(|old| {
                    let told = (old.key, old.outcome) == (it.key, Outcome::Ok);
                    told && old.completed + bound < it.invoked
                });
                old.filter_map(wrote).all(|old| age(old) <= age(found(it).expect("a read")))
            });
            let verdict = Guarantee::BoundedStaleness.check(&history);
            assert_eq!(verdict == Verdict::Holds, expected, "{seed}: {verdict:?}\n{history:#?}");
            holds += u64::from(expected);
        }
        assert!((150..2_850).contains(&holds), "{holds} hold at {bound}");
    }
}

/// A replica that is five behind may be read for five, and no longer; what overlaps is never too old.
#[test]
fn a_replica_too_far_behind_breaks_bounded_staleness() {
    let lines = [
        "0 x write 1 0 1",
        "0 x write 2 10 11",
        "1 x read 1 14 15",
        "2 x read 2 16 17",
        "1 x read 1 17 18",
    ];
    let history = |bound: u64| History { bound, ..script(&lines) };
    let verdict = |bound: u64| Guarantee::BoundedStaleness.check(&history(bound));
    assert_eq!(verdict(6), Verdict::Holds);
    let Verdict::Violated(it) = verdict(5) else { panic!("it is 6 old") };
    assert_eq!(it.operations, [0, 1, 4], "{}", it.words);
    let Verdict::Violated(it) = verdict(2) else { panic!("it is 3 old") };
    assert_eq!(it.operations, [0, 1, 2], "{}", it.words);
    // Writes that overlap: either may be the older one, but not each of them.
    let overlap = ["0 x write 1 0 10", "1 x write 2 0 9", "2 x read 1 20 21"];
    holds(Guarantee::BoundedStaleness, &overlap);
    let both = [overlap[0], overlap[1], overlap[2], "3 x read 2 20 22"];
    blames(Guarantee::BoundedStaleness, &both, &[1, 2, 3, 4]);
    // Nothing acknowledged is owed to nobody.
    holds(Guarantee::BoundedStaleness, &["0 x write 1 0 ?", "1 x read - 50 51"]);
    blames(Guarantee::BoundedStaleness, &["0 x write 1 0 1", "1 x read - 2 3"], &[1, 2]);
}

/// While a write may still be on its way, readers may differ.
#[test]
fn convergence_waits_for_what_is_on_its_way() {
    let lines = [
        "0 x write 1 0 1",
        "0 x read 1 4 5",
        "1 x read - 4 5",
        "0 x read 1 12 13",
        "1 x read 1 12 13",
    ];
    let history = |lines: &[&str], bound: u64| History { bound, ..script(lines) };
    assert_ne!(Guarantee::Convergence.check(&history(&lines[..3], 2)), Verdict::Holds);
    assert_eq!(Guarantee::Convergence.check(&history(&lines[..3], 3)), Verdict::Holds);
    assert_eq!(Guarantee::Convergence.check(&history(&lines, 3)), Verdict::Holds);
    let early = [lines[0], lines[2]];
    assert_ne!(Guarantee::NoLostWrites.check(&history(&early, 2)), Verdict::Holds);
    assert_eq!(Guarantee::NoLostWrites.check(&history(&early, 3)), Verdict::Holds);
}
