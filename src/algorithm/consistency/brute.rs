//! What the checkers are held against: small random histories, and judges that try everything, each
//! written from the definition and not from the checker.

use crate::base::draw::mix;

use super::{Act, History, Operation, Outcome, Value};

/// Random numbers for making histories.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0) % limit
    }
}

/// How random histories are made.
#[derive(Clone, Copy)]
pub struct Shape {
    pub operations: u64,
    pub processes: u64,
    pub keys: u64,
    /// Values from 0; None: every write has its own.
    pub values: Option<u64>,
    pub swaps: bool,
    /// Of eight reads, how many find anything that was written anywhere.
    pub wrong: u64,
}

/// A history as registers would give it that answer with what is there now or was a while ago, with
/// some answers wrong and some missing.
pub fn history(seed: u64, shape: Shape) -> History {
    let mut dice = Dice(mix(seed));
    let keys = (0..shape.keys).map(|it| format!("k{it}")).collect();
    let mut operations: Vec<Operation> = Vec::new();
    let mut held: Vec<Vec<Value>> = vec![vec![None]; shape.keys as usize];
    let mut free = vec![0u64; shape.processes as usize];
    let mut next = 0;
    for _ in 0..shape.operations {
        let process = dice.below(shape.processes);
        let invoked = free[process as usize] + dice.below(3);
        let completed = invoked + 1 + dice.below(6);
        free[process as usize] = completed + 1;
        let key = dice.below(shape.keys) as u32;
        let held = &mut held[key as usize];
        let mut value = |dice: &mut Dice| {
            next += 1;
            Some(shape.values.map_or(next, |it| dice.below(it) as i64))
        };
        let back = [0, 0, 0, 1, 2][dice.below(5) as usize].min(held.len() - 1);
        let now = match dice.below(8) < shape.wrong {
            true => held[dice.below(held.len() as u64) as usize],
            false => held[held.len() - 1 - back],
        };
        let (act, mut outcome) = match dice.below(if shape.swaps { 4 } else { 3 }) {
            0 | 1 => (Act::Read(now), Outcome::Ok),
            2 => {
                let value = value(&mut dice);
                held.push(value);
                (Act::Write(value), Outcome::Ok)
            }
            _ => {
                let (new, fails) = (value(&mut dice), dice.below(3) == 0);
                let old = if fails { held[dice.below(held.len() as u64) as usize] } else { now };
                if !fails {
                    held.push(new);
                }
                let outcome = if fails { Outcome::Failed } else { Outcome::Ok };
                (Act::CompareAndSet { old, new }, outcome)
            }
        };
        let mut completed = completed;
        match dice.below(10) {
            0 | 1 => (outcome, completed) = (Outcome::Unknown, u64::MAX),
            2 if matches!(act, Act::Write(_) | Act::Read(_)) => outcome = Outcome::Failed,
            _ => {}
        }
        let line = 0;
        operations.push(Operation { process, key, act, outcome, invoked, completed, line });
    }
    operations.sort_by_key(|it| it.invoked);
    History { keys, operations, healed: None, bound: 0 }
}

/// Calls `each` with every order of `0..count`, until it says that it has seen enough.
pub fn orders(count: usize, each: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    fn go(order: &mut Vec<usize>, from: usize, each: &mut dyn FnMut(&[usize]) -> bool) -> bool {
        if from == order.len() {
            return each(order);
        }
        for index in from..order.len() {
            order.swap(from, index);
            let enough = go(order, from + 1, each);
            order.swap(from, index);
            if enough {
                return true;
            }
        }
        false
    }
    go(&mut (0..count).collect(), 0, each)
}

/// Whether a register gives these answers in this order, starting unset.
pub fn is_legal<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> bool {
    let mut value: Value = None;
    operations.into_iter().all(|it| match (it.act, it.outcome) {
        (Act::Read(found), Outcome::Ok) => found == value,
        (Act::Read(_), _) | (Act::Write(_), Outcome::Failed) => true,
        (Act::Write(new), _) => {
            value = new;
            true
        }
        (Act::CompareAndSet { old, .. }, Outcome::Failed) => old != value,
        (Act::CompareAndSet { old, new }, outcome) => {
            let fits = old == value;
            if fits {
                value = new;
            }
            fits || outcome == Outcome::Unknown
        }
    })
}

/// Linearizability by its definition: every set of the operations of unknown outcome, every order.
pub fn is_linearizable(history: &History) -> bool {
    let unknown: Vec<usize> = (0..history.operations.len())
        .filter(|it| history.operations[*it].outcome == Outcome::Unknown)
        .collect();
    // All registers at once: an order explains each register by itself.
    (0..1u32 << unknown.len()).any(|set| {
        let left_out = |it: &usize| {
            unknown.iter().position(|unknown| unknown == it).is_some_and(|at| set >> at & 1 == 0)
        };
        let there: Vec<_> = (0..history.operations.len()).filter(|it| !left_out(it)).collect();
        orders(there.len(), &mut |order| {
            let it = |at: usize| &history.operations[there[order[at]]];
            let in_time = (0..order.len())
                .all(|one| (one + 1..order.len()).all(|other| !it(other).precedes(it(one))));
            in_time
                && (0..history.keys.len() as u32)
                    .all(|key| is_legal((0..order.len()).map(it).filter(|it| it.key == key)))
        })
    })
}
