use std::collections::BTreeMap;

use super::brute::{Shape, history, orders};
use super::{Act, Guarantee, History, Operation, Outcome, Value, Verdict, text};

pub(super) const FEW: Shape =
    Shape { operations: 8, processes: 3, keys: 2, values: None, swaps: true, wrong: 2 };

/// A checker and a judge that tries everything agree, and neither verdict is rare.
fn agree(guarantee: Guarantee, shape: Shape, seeds: u64, judge: impl Fn(&History) -> bool) {
    let mut holds = 0;
    for seed in 0..seeds {
        let history = history(seed, shape);
        let verdict = guarantee.check(&history);
        assert!(!matches!(verdict, Verdict::Undecided(_)), "{verdict:?}");
        let expected = judge(&history);
        assert_eq!(verdict == Verdict::Holds, expected, "seed {seed}: {verdict:?}\n{history:#?}");
        holds += u64::from(expected);
    }
    assert!(holds > seeds / 20 && holds < seeds - seeds / 20, "{holds} of {seeds} hold");
}

pub(super) fn wrote(it: &Operation) -> Option<Value> {
    match (it.act, it.outcome) {
        (Act::Write(new), Outcome::Ok | Outcome::Unknown) => Some(new),
        (Act::CompareAndSet { new, .. }, Outcome::Ok | Outcome::Unknown) => Some(new),
        _ => None,
    }
}

pub(super) fn found(it: &Operation) -> Option<Value> {
    match (it.act, it.outcome) {
        (Act::Read(value), Outcome::Ok) => Some(value),
        (Act::CompareAndSet { old, .. }, Outcome::Ok) => Some(old),
        _ => None,
    }
}

/// Whether an order of the writes to each register, within real time, meets a demand on each read:
/// given the history, the read and how old each value is, 0 the unset one.
pub(super) fn some_order(
    history: &History,
    demand: impl Fn(&History, usize, &dyn Fn(Value) -> usize) -> bool,
) -> bool {
    let from_somewhere = |it: &Operation| {
        found(it).flatten().is_none_or(|value| {
            history.operations.iter().any(|by| by.key == it.key && wrote(by) == Some(Some(value)))
        })
    };
    history.operations.iter().all(from_somewhere)
        && (0..history.keys.len() as u32).all(|key| {
            let of_key: Vec<_> = history.operations.iter().filter(|it| it.key == key).collect();
            let read = |value: Value| of_key.iter().any(|it| found(it) == Some(value));
            let surely = |it: &&&Operation| {
                wrote(it).is_some_and(|value| it.outcome == Outcome::Ok || read(value))
            };
            let writes: Vec<_> = of_key.iter().filter(surely).copied().collect();
            orders(writes.len(), &mut |order| {
                let at = |it: usize| writes[order[it]];
                let in_time = (0..order.len())
                    .all(|one| (one + 1..order.len()).all(|other| !at(other).precedes(at(one))));
                let age = |value: Value| match value {
                    None => 0,
                    _ => {
                        1 + (0..order.len())
                            .find(|it| wrote(at(*it)) == Some(value))
                            .expect("there")
                    }
                };
                let reads = (0..history.operations.len()).filter(|it| {
                    history.operations[*it].key == key && found(&history.operations[*it]).is_some()
                });
                in_time && reads.into_iter().all(|it| demand(history, it, &age))
            })
        })
}

#[test]
fn read_your_writes_agrees_with_brute_force() {
    agree(Guarantee::ReadYourWrites, FEW, 4_000, |history| {
        some_order(history, |history, read, age| {
            let it = &history.operations[read];
            let own = history.operations[..read].iter().filter(|own| {
                (own.process, own.key, own.outcome) == (it.process, it.key, Outcome::Ok)
            });
            own.filter_map(wrote).all(|own| age(own) <= age(found(it).expect("a read")))
        })
    });
}

#[test]
fn monotonic_reads_agrees_with_brute_force() {
    agree(Guarantee::MonotonicReads, FEW, 4_000, |history| {
        some_order(history, |history, read, age| {
            let it = &history.operations[read];
            let own = history.operations[..read]
                .iter()
                .filter(|own| (own.process, own.key) == (it.process, it.key));
            // The last one is enough: it was not older than those before.
            own.filter_map(found)
                .next_back()
                .is_none_or(|own| age(own) <= age(found(it).expect("read")))
        })
    });
}

#[test]
fn monotonic_writes_agrees_with_brute_force() {
    agree(Guarantee::MonotonicWrites, FEW, 4_000, |history| {
        some_order(history, |history, read, age| {
            let it = &history.operations[read];
            let now = found(it).expect("a read");
            let by = |key: u32, value: Value| {
                let made = |it: &&Operation| it.key == key && wrote(it) == Some(value);
                history.operations.iter().position(|it| made(&it)).filter(|_| value.is_some())
            };
            let own = history.operations[..read].iter().filter(|own| own.process == it.process);
            own.filter_map(|own| by(own.key, found(own)?)).all(|seen| {
                let seen_it = &history.operations[seen];
                let before = history.operations[..seen].iter().filter(|own| {
                    let same = (own.process, own.key) == (seen_it.process, it.key);
                    same && own.outcome == Outcome::Ok
                });
                let not_older = before.filter_map(wrote).all(|own| age(own) <= age(now));
                let same_writer = seen_it.key == it.key
                    && by(it.key, now)
                        .is_some_and(|it| history.operations[it].process == seen_it.process);
                let seen_value = wrote(seen_it).expect("a write");
                not_older && (!same_writer || age(seen_value) <= age(now))
            })
        })
    });
}

/// Every causal order (a partial order with the sessions' order in it) within every total order.
/// `explains` gets the total order and who is before whom.
fn some_causes(
    history: &History,
    explains: impl Fn(&[&Operation], &[usize], &[Vec<bool>]) -> bool,
) -> bool {
    let read = |key: u32, value: Value| {
        history.operations.iter().any(|it| it.key == key && found(it) == Some(value))
    };
    let counts = |it: &&Operation| {
        let write = wrote(it).is_some_and(|value| it.outcome == Outcome::Ok || read(it.key, value));
        write || found(it).is_some()
    };
    let operations: Vec<_> = history.operations.iter().filter(counts).collect();
    let count = operations.len();
    let session = |one: usize, other: usize| {
        let (it, next) = (operations[one], operations[other]);
        one < other && it.process == next.process && it.outcome == Outcome::Ok
    };
    orders(count, &mut |order| {
        let pairs: Vec<(usize, usize)> =
            (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other))).collect();
        let pair = |it: &(usize, usize)| (order[it.0], order[it.1]);
        // The total order must keep the sessions' order.
        if pairs.iter().map(pair).any(|(one, other)| session(other, one)) {
            return false;
        }
        let open: Vec<_> =
            pairs.iter().map(pair).filter(|(one, other)| !session(*one, *other)).collect();
        (0..1u32 << open.len()).any(|set| {
            let mut before = vec![vec![false; count]; count];
            for (one, other) in pairs.iter().map(pair) {
                before[one][other] = session(one, other);
            }
            for (at, (one, other)) in open.iter().enumerate() {
                before[*one][*other] |= set >> at & 1 == 1;
            }
            let transitive = (0..count).all(|a| {
                (0..count)
                    .all(|b| !before[a][b] || (0..count).all(|c| !before[b][c] || before[a][c]))
            });
            transitive && explains(&operations, order, &before)
        })
    })
}

/// Whether `it`, after these operations in this order, finds what it found: what the others found
/// is not looked at.
fn finds(it: &Operation, after: impl Iterator<Item = usize>, operations: &[&Operation]) -> bool {
    let mut held: Value = None;
    for other in after.map(|it| operations[it]).filter(|other| other.key == it.key) {
        if let Some(value) = wrote(other) {
            held = value;
        }
    }
    found(it).is_none_or(|it| it == held)
}

/// Bouajjani et al., POPL 2017, definition 3 (CC): some causal order in which each operation is
/// explained by some order of its causes.
fn is_causal(history: &History) -> bool {
    some_causes(history, |operations, _, before| {
        (0..operations.len()).all(|at| {
            let past: Vec<_> = (0..operations.len()).filter(|it| before[*it][at]).collect();
            orders(past.len(), &mut |order| {
                let it = |at: usize| past[order[at]];
                (0..order.len())
                    .all(|one| (one + 1..order.len()).all(|other| !before[it(other)][it(one)]))
                    && finds(operations[at], (0..order.len()).map(it), operations)
            })
        })
    })
}

/// The same, definition 4 (CCv): and all of them by one order of everything.
fn is_causally_convergent(history: &History) -> bool {
    some_causes(history, |operations, order, before| {
        (0..operations.len()).all(|at| {
            let past = order.iter().copied().filter(|it| before[*it][at]);
            finds(operations[at], past, operations)
        })
    })
}

#[test]
fn causal_agrees_with_brute_force() {
    let shape = Shape { operations: 5, processes: 2, keys: 2, ..FEW };
    agree(Guarantee::Causal, shape, 1_500, is_causal);
    agree(Guarantee::Causal, Shape { processes: 3, keys: 1, ..shape }, 1_000, is_causal);
}

#[test]
fn causal_convergence_agrees_with_brute_force() {
    let shape = Shape { operations: 5, processes: 2, keys: 1, ..FEW };
    agree(Guarantee::CausalConvergence, shape, 1_500, is_causally_convergent);
    let shape = Shape { operations: 6, processes: 3, wrong: 6, swaps: false, ..shape };
    agree(Guarantee::CausalConvergence, shape, 300, is_causally_convergent);
}

/// One line an operation: process, register, act, value, from, to.
pub(super) fn script(lines: &[&str]) -> History {
    let mut keys = Vec::<String>::new();
    let mut operations = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let words: Vec<_> = line.split(' ').collect();
        let [process, key, act, value, invoked, completed] = *words.as_slice() else {
            panic!("six words: {line}")
        };
        if !keys.iter().any(|it| it == key) {
            keys.push(key.into());
        }
        let key = keys.iter().position(|it| it == key).expect("it is there") as u32;
        let number = |it: &str| it.parse::<u64>().expect("a number");
        let value = (value != "-").then(|| value.parse().expect("a value"));
        let act = if act == "read" { Act::Read(value) } else { Act::Write(value) };
        let (outcome, completed) = match completed {
            "?" => (Outcome::Unknown, u64::MAX),
            it => (Outcome::Ok, number(it)),
        };
        let (process, invoked, line) = (number(process), number(invoked), index as u32 + 1);
        operations.push(Operation { process, key, act, outcome, invoked, completed, line });
    }
    operations.sort_by_key(|it| it.invoked);
    History { keys, operations, healed: None, bound: 0 }
}

/// Exactly these lines are blamed.
#[track_caller]
pub(super) fn blames(guarantee: Guarantee, lines: &[&str], blamed: &[u32]) {
    let history = script(lines);
    match guarantee.check(&history) {
        Verdict::Violated(it) => {
            let mut found: Vec<_> =
                it.operations.iter().map(|it| history.operations[*it].line).collect();
            found.sort_unstable();
            assert_eq!(found, blamed, "{}", it.words);
            let told = |line: &u32| it.words.contains(&format!("line {line}"));
            assert!(blamed.iter().all(told), "{}", it.words);
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn holds(guarantee: Guarantee, lines: &[&str]) {
    assert_eq!(guarantee.check(&script(lines)), Verdict::Holds, "{}", guarantee.id());
}

/// A client writes its photo, reads from a replica that lags, and reads again. Nobody else is
/// wronged, and nothing else of what it was promised is broken.
#[test]
fn a_lagging_replica_breaks_read_your_writes_only() {
    let lines = [
        "0 x write 1 0 1",
        "1 x write 2 10 11",
        "1 x read 1 12 13",
        "1 x read 2 14 15",
        "2 x read 2 12 13",
    ];
    blames(Guarantee::ReadYourWrites, &lines, &[1, 2, 3]);
    holds(Guarantee::MonotonicReads, &lines);
    holds(Guarantee::MonotonicWrites, &lines);
    holds(Guarantee::Convergence, &lines);
    // Nothing says that 1 was written first, until the client finds its own write to be newer.
    holds(Guarantee::Causal, &lines);
    blames(Guarantee::CausalConvergence, &lines, &[1, 2, 3, 4]);
    blames(Guarantee::Linearizable, &lines, &[1, 2, 3]);
}

/// A reader who changes to a replica that is behind.
#[test]
fn going_back_in_time_breaks_monotonic_reads() {
    let lines = ["0 x write 1 0 1", "0 x write 2 2 3", "1 x read 2 4 5", "1 x read 1 6 7"];
    blames(Guarantee::MonotonicReads, &lines, &[1, 2, 3, 4]);
    holds(Guarantee::ReadYourWrites, &lines);
    let lines = ["0 x write 1 0 1", "1 x read 1 4 5", "1 x read - 6 7"];
    blames(Guarantee::MonotonicReads, &lines, &[1, 2, 3]);
}

/// A comment is seen, and then not the post that was made before it.
#[test]
fn a_comment_without_its_post_breaks_monotonic_writes() {
    let lines = [
        "0 post write 1 0 1",
        "0 comment write 2 2 3",
        "1 comment read 2 4 5",
        "1 post read - 6 7",
    ];
    blames(Guarantee::MonotonicWrites, &lines, &[1, 2, 3, 4]);
    holds(Guarantee::MonotonicReads, &lines);
    // Two who each saw a part prove nothing.
    let apart = [
        "0 post write 1 0 1",
        "0 comment write 2 2 3",
        "1 comment read 2 4 5",
        "2 post read - 6 7",
    ];
    holds(Guarantee::MonotonicWrites, &apart);
}

/// An answer is seen by somebody who cannot see the question (the pattern WriteCOInitRead).
#[test]
fn an_answer_without_its_question_breaks_causality() {
    let lines = [
        "0 question write 1 0 1",
        "1 question read 1 2 3",
        "1 answer write 2 4 5",
        "2 answer read 2 6 7",
        "2 question read - 8 9",
    ];
    blames(Guarantee::Causal, &lines, &[1, 2, 3, 4, 5]);
    for other in [Guarantee::ReadYourWrites, Guarantee::MonotonicReads, Guarantee::MonotonicWrites]
    {
        holds(other, &lines);
    }
    // Whoever did not read the question before answering owes nobody anything.
    let lines = [
        "0 question write 1 0 1",
        "1 answer write 2 4 5",
        "2 answer read 2 6 7",
        "2 question read - 8 9",
    ];
    holds(Guarantee::Causal, &lines);
}

/// Figure 2 of Bouajjani et al., (c): two readers resolve two concurrent writes differently, for
/// good. Causal, but not convergent; and (d) of the pattern CyclicCO: each read the other's write
/// before writing.
#[test]
fn conflicts_resolved_differently_are_causal_but_not_convergent() {
    let lines = [
        "0 x write 1 0 1",
        "1 x write 2 0 1",
        "2 x read 1 2 3",
        "2 x read 2 4 5",
        "3 x read 2 2 3",
        "3 x read 1 4 5",
    ];
    holds(Guarantee::Causal, &lines);
    blames(Guarantee::CausalConvergence, &lines, &[1, 2, 3, 4, 5, 6]);
    let circle = ["0 x read 2 0 1", "0 y write 1 2 3", "1 y read 1 0 1", "1 x write 2 2 3"];
    blames(Guarantee::Causal, &circle, &[1, 2, 3, 4]);
}

/// Two sides of a cut keep what each was told, also after healing.
#[test]
fn sides_that_stay_apart_do_not_converge() {
    let apart = [
        "0 x write 1 0 1",
        "1 x write 2 0 1",
        "0 x read 1 5 6",
        "1 x read 2 5 6",
        "1 x read 2 7 8",
    ];
    blames(Guarantee::Convergence, &apart, &[3, 5]);
    let mut healed =
        script(&["0 x write 1 0 1", "0 x read 1 5 6", "1 x read - 5 6", "1 x read 1 20 21"]);
    assert_eq!(Guarantee::Convergence.check(&healed), Verdict::Holds);
    healed.healed = Some(10);
    assert_eq!(Guarantee::Convergence.check(&healed), Verdict::Holds);
    // What is read before the healing does not count.
    let mut early = script(&["0 x write 1 0 1", "0 x read 1 5 6", "1 x read - 5 6"]);
    assert_ne!(Guarantee::Convergence.check(&early), Verdict::Holds);
    early.healed = Some(10);
    assert_eq!(Guarantee::Convergence.check(&early), Verdict::Holds);
}

/// The primary dies with the tail of its log; the replica knows only the first write.
#[test]
fn the_lost_tail_is_named_write_by_write() {
    let lines = [
        "0 x write 1 0 1",
        "0 x write 2 2 3",
        "1 y write 5 2 3",
        "0 x write 3 4 5",
        "2 x read 1 10 11",
        "2 y read 5 12 13",
        "3 x read 1 10 11",
    ];
    blames(Guarantee::NoLostWrites, &lines, &[2, 4, 7]);
    // Not acknowledged is not lost; concurrent is perhaps overwritten; overwritten is not lost.
    holds(Guarantee::NoLostWrites, &["0 x write 1 0 1", "0 x write 2 2 ?", "2 x read 1 10 11"]);
    holds(Guarantee::NoLostWrites, &["0 x write 1 0 5", "1 x write 2 2 3", "2 x read 1 10 11"]);
    holds(Guarantee::NoLostWrites, &["0 x write 1 0 1", "1 x write 2 2 3", "2 x read 2 10 11"]);
    blames(Guarantee::NoLostWrites, &["0 x write 1 0 1", "2 x read - 10 11"], &[1, 2]);
}

/// What nobody wrote breaks everything that looks at who wrote what, and is blamed alone.
#[test]
fn a_value_from_nowhere_breaks_every_guarantee() {
    let lines = ["0 x write 1 0 1", "1 x read 9 2 3", "2 x read 1 2 3"];
    for guarantee in Guarantee::ALL.iter().filter(|it| **it != Guarantee::Convergence) {
        blames(*guarantee, &lines, &[2]);
    }
}

/// Where a value is written twice, who wrote what was read cannot be told.
#[test]
fn values_written_twice_are_not_judged() {
    let history = script(&["0 x write 1 0 1", "1 x write 1 2 3", "2 x read 1 4 5"]);
    for guarantee in Guarantee::ALL {
        let by_value = ![Guarantee::Linearizable, Guarantee::Convergence].contains(guarantee);
        let undecided = matches!(guarantee.check(&history), Verdict::Undecided(_));
        assert_eq!(undecided, by_value, "{}", guarantee.id());
    }
}

/// What is linearizable keeps every other guarantee: nothing that holds is called broken.
#[test]
fn linearizable_histories_keep_every_guarantee() {
    let mut counts = BTreeMap::<&str, u32>::new();
    for seed in 0..4_000 {
        let history = history(seed, Shape { operations: 10, wrong: 0, ..FEW });
        if Guarantee::Linearizable.check(&history) == Verdict::Holds {
            for guarantee in Guarantee::ALL {
                let verdict = guarantee.check(&history);
                assert_eq!(verdict, Verdict::Holds, "seed {seed}: {}", guarantee.id());
                *counts.entry(guarantee.id()).or_default() += 1;
            }
        }
    }
    assert!(counts.values().all(|it| *it > 500), "{counts:?}");
}

/// Long histories of each kind are judged in moments, also bad ones.
#[test]
fn long_histories_are_no_burden() {
    let shape = Shape { operations: 20_000, processes: 20, keys: 50, swaps: true, wrong: 0, ..FEW };
    let history = history(1, shape);
    for guarantee in Guarantee::ALL {
        assert!(!matches!(guarantee.check(&history), Verdict::Undecided(_)), "{}", guarantee.id());
    }
    let text = "0 :invoke :write 1\n0 :ok :write 1\n".repeat(1_000);
    assert_eq!(Guarantee::Linearizable.check(&text::read(&text).expect("read")), Verdict::Holds);
}
