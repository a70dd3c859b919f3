use super::super::brute::{Shape, history, is_legal, is_linearizable};
use super::super::{Act, Guarantee, History, Operation, Outcome, Verdict, text};
use super::order;

fn verdict(history: &History) -> Verdict {
    Guarantee::Linearizable.check(history)
}

/// Only the operations named were told anything.
fn forgetting(history: &History, but: &[usize]) -> History {
    let mut it = history.clone();
    for (index, operation) in it.operations.iter_mut().enumerate() {
        if !but.contains(&index) {
            (operation.outcome, operation.completed) = (Outcome::Unknown, u64::MAX);
        }
    }
    // What was seen, or did not happen, is forgotten altogether.
    let mut index = 0..;
    it.operations.retain(|it| {
        let before = history.operations[index.next().expect("endless")].outcome;
        it.outcome == before || before == Outcome::Ok && !matches!(it.act, Act::Read(_))
    });
    it
}

/// The order that was found is one: complete, in time, and legal.
fn check_order(history: &History) {
    for key in 0..history.keys.len() as u32 {
        let order = order(history, key).expect("there is one");
        let it = |at: usize| &history.operations[order[at]];
        assert!(is_legal((0..order.len()).map(it)), "{order:?}");
        for one in 0..order.len() {
            assert!((one + 1..order.len()).all(|other| !it(other).precedes(it(one))), "{order:?}");
        }
        for (index, operation) in history.operations.iter().enumerate() {
            let tells = match operation.act {
                Act::CompareAndSet { .. } => operation.outcome != Outcome::Unknown,
                _ => operation.outcome == Outcome::Ok,
            };
            let times = order.iter().filter(|it| **it == index).count();
            assert!(times <= 1 && (times == 1 || !tells || operation.key != key), "{order:?}");
        }
    }
}

/// The judge and the brute force agree on thousands of histories, and both verdicts are common.
fn agree(shape: Shape, seeds: u64) {
    let (mut holds, mut minimal) = (0, 0);
    for seed in 0..seeds {
        let history = history(seed, shape);
        let verdict = verdict(&history);
        let expected = is_linearizable(&history);
        assert_eq!(verdict == Verdict::Holds, expected, "seed {seed}: {verdict:?}\n{history:#?}");
        match verdict {
            Verdict::Holds => {
                holds += 1;
                check_order(&history);
            }
            Verdict::Violated(it) if minimal < 300 => {
                minimal += 1;
                assert!(it.minimal);
                let ops = &it.operations;
                assert!(!is_linearizable(&forgetting(&history, ops)), "seed {seed}: {ops:?}");
                for out in ops {
                    let fewer: Vec<_> = ops.iter().copied().filter(|it| it != out).collect();
                    let fewer = forgetting(&history, &fewer);
                    assert!(is_linearizable(&fewer), "seed {seed}: {out} is not needed");
                }
            }
            Verdict::Violated(_) => {}
            Verdict::Undecided(why) => panic!("seed {seed}: {why}"),
        }
    }
    assert!(holds > seeds / 10 && holds < seeds - seeds / 10, "{holds} of {seeds} hold");
}

const FEW: Shape =
    Shape { operations: 6, processes: 3, keys: 1, values: Some(3), swaps: true, wrong: 1 };

#[test]
fn agrees_with_brute_force_on_one_register() {
    agree(FEW, 6_000);
}

#[test]
fn agrees_with_brute_force_when_all_overlaps() {
    agree(Shape { processes: 6, values: Some(2), wrong: 2, ..FEW }, 4_000);
}

#[test]
fn agrees_with_brute_force_when_every_value_is_another() {
    agree(Shape { values: None, wrong: 1, ..FEW }, 3_000);
}

/// The definition judges all registers in one order, the checker each by itself.
#[test]
fn registers_can_be_judged_one_by_one() {
    agree(Shape { keys: 2, ..FEW }, 4_000);
}

fn read(text: &str) -> History {
    text::read(text).expect("the test's history can be read")
}

#[track_caller]
fn blames(text: &str, lines: &[u32]) {
    let history = read(text);
    let Verdict::Violated(it) = verdict(&history) else { panic!("no violation is found") };
    let blamed: Vec<_> = it.operations.iter().map(|it| history.operations[*it].line).collect();
    assert_eq!(blamed, lines, "{}", it.words);
    assert!(it.minimal);
}

#[test]
fn a_stale_read_is_blamed_with_the_writes_between() {
    let begin = "0 :invoke :write 1\n0 :ok :write 1\n1 :invoke :write 2\n1 :ok :write 2\n";
    // What is irrelevant before and after is not blamed.
    let rest = "2 :invoke :read nil\n2 :ok :read 1\n0 :invoke :write 3\n0 :ok :write 3\n";
    blames(&format!("{begin}{rest}"), &[1, 3, 5]);
}

#[test]
fn a_value_from_nowhere_is_blamed_alone() {
    blames("0 :invoke :write 1\n1 :invoke :read nil\n1 :ok :read 7\n0 :ok :write 1\n", &[2]);
}

#[test]
fn a_failed_swap_is_an_observation() {
    let one = "0 :invoke :write 1\n0 :ok :write 1\n1 :invoke :cas [1 2]\n1 :fail :cas [1 2]\n";
    blames(one, &[1, 3]);
    let two = one.replace("0 :ok :write 1\n", "") + "0 :ok :write 1\n";
    assert_eq!(verdict(&read(&two)), Verdict::Holds);
}

/// Two reads that go back and forth between a value and one that was perhaps written: once is
/// possible, twice is not.
#[test]
fn what_perhaps_happened_happened_once_at_most() {
    let once = "0 :invoke :write 1\n0 :ok :write 1\n1 :invoke :write 2\n1 :info :write :timed-out\n\
                2 :invoke :read nil\n2 :ok :read 1\n2 :invoke :read nil\n2 :ok :read 2\n";
    assert_eq!(verdict(&read(once)), Verdict::Holds);
    let twice = format!(
        "{once}0 :invoke :write 1\n0 :ok :write 1\n2 :invoke :read nil\n2 :ok :read 2\n"
    );
    blames(&twice, &[7, 9, 11]);
}

/// Beginning of a recorded history of etcd under Jepsen: github.com/anishathalye/porcupine,
/// test_data/jepsen/etcd_002.log, which its test expects to be linearizable (TestEtcdJepsen002).
const ETCD_002: &str = "\
INFO  jepsen.util - 4\t:invoke\t:read\tnil
INFO  jepsen.util - 4\t:ok\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:write\t1
INFO  jepsen.util - 2\t:invoke\t:cas\t[2 4]
INFO  jepsen.util - 3\t:invoke\t:cas\t[1 2]
INFO  jepsen.util - 0\t:invoke\t:cas\t[1 4]
INFO  jepsen.util - 1\t:ok\t:write\t1
INFO  jepsen.util - 0\t:fail\t:cas\t[1 4]
INFO  jepsen.util - 2\t:ok\t:cas\t[2 4]
INFO  jepsen.util - 3\t:ok\t:cas\t[1 2]
";

#[test]
fn a_recorded_history_is_judged_as_by_porcupine() {
    let history = read(ETCD_002);
    assert_eq!(history.operations.len(), 5);
    assert_eq!(verdict(&history), Verdict::Holds);
    check_order(&history);
    // With the failed compare-and-set after everything, it would have found 4, not 1: still fine;
    // had it expected 4, it could not have failed.
    let late = "INFO  jepsen.util - 0\t:invoke\t:cas\t[4 3]\nINFO  jepsen.util - 0\t:fail\t:cas\t[4 3]\n";
    // There is one write of 1 and one way from there to 2: what leads to 4 cannot come twice.
    blames(&format!("{ETCD_002}{late}"), &[4, 11]);
}

/// As in etcd's histories, only longer and worse: five clients at a time, five values, every third
/// write of unknown outcome, open to the end. A step for every operation, not one for every subset.
#[test]
fn many_open_operations_are_no_burden() {
    let mut operations = Vec::new();
    let mut value = None;
    let mut dice = super::super::brute::Dice(1);
    for at in 0..4_000u64 {
        let new = Some(dice.below(5) as i64);
        let (invoked, mut completed) = (2 * at, 2 * at + 1 + dice.below(8));
        let (act, mut outcome) = match dice.below(3) {
            0 => (Act::Read(value), Outcome::Ok),
            1 => (Act::Write(new), Outcome::Ok),
            _ => (Act::CompareAndSet { old: Some(dice.below(5) as i64), new }, Outcome::Ok),
        };
        let takes_effect = dice.below(3) > 0;
        if dice.below(3) == 0 && !matches!(act, Act::Read(_)) {
            (outcome, completed) = (Outcome::Unknown, u64::MAX);
        }
        match act {
            Act::Write(new) if takes_effect || outcome == Outcome::Ok => value = new,
            Act::CompareAndSet { old, new }
                if old == value && (takes_effect || outcome == Outcome::Ok) =>
            {
                value = new;
            }
            Act::CompareAndSet { .. } if outcome == Outcome::Ok => outcome = Outcome::Failed,
            _ => {}
        }
        let (process, key, line) = (at, 0, 0);
        operations.push(Operation { process, key, act, outcome, invoked, completed, line });
    }
    let history = History { keys: vec!["x".into()], operations, healed: None, bound: 0 };
    assert_eq!(verdict(&history), Verdict::Holds);
    check_order(&history);
    // One wrong answer in the middle is found, and explained.
    let mut wrong = history;
    let read = (2_000..).find(|it| matches!(wrong.operations[*it].act, Act::Read(_)));
    let read = read.expect("there are reads");
    wrong.operations[read].act = Act::Read(Some(99));
    let Verdict::Violated(it) = verdict(&wrong) else { panic!("not found") };
    assert_eq!((it.operations, it.minimal), (vec![read], true));
}

/// Hundreds of clients that all overlap and contradict each other: it gives up and says so.
#[test]
fn what_is_too_hard_is_said_to_be() {
    let mut operations = Vec::new();
    for process in 0..60u64 {
        let act = Act::Write(Some(process as i64));
        let (key, outcome, line) = (0, Outcome::Ok, 0);
        operations.push(Operation { process, key, act, outcome, invoked: 1, completed: 9, line });
    }
    // Reads of every value, one after the other, twice around: no register does that.
    for (at, process) in (60..180u64).enumerate() {
        let act = Act::Read(Some(at as i64 % 60));
        let (invoked, completed) = (2, 9);
        let (key, outcome, line) = (0, Outcome::Ok, 0);
        operations.push(Operation { process, key, act, outcome, invoked, completed, line });
    }
    let act = Act::CompareAndSet { old: Some(61), new: Some(62) };
    let (process, key, outcome, line) = (999, 0, Outcome::Ok, 0);
    operations.push(Operation { process, key, act, outcome, invoked: 2, completed: 9, line });
    let history = History { keys: vec!["x".into()], operations, healed: None, bound: 0 };
    assert!(matches!(verdict(&history), Verdict::Undecided(_)));
}
