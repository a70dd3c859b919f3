//! Linearizability (Herlihy and Wing, TOPLAS 1990): is there one order of all operations, within
//! what real time says, in which a register gives these answers?
//!
//! Registers are independent, so each is searched by itself (locality, the same paper; Horn and
//! Kroening, "Faster linearizability checking via P-compositionality", FORTE 2015).

mod minimal;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{Act, History, Outcome, Value, Verdict, Violation};
use search::{Found, Step, Task, search};

/// What a search may cost before it is given up, in words remembered: some seconds.
pub(super) const SEARCH_MAX: u64 = 30_000_000;
/// The same for finding a smaller set of operations that violates: a part of a second.
const MINIMAL_MAX: u64 = 1_500_000;

/// Judges a history.
pub fn check(history: &History, steps: u64) -> Verdict {
    let mut left = steps;
    let mut first: Option<(u64, Vec<Task>)> = None;
    for key in 0..history.keys.len() as u32 {
        let tasks = tasks(history, key);
        match search(&tasks, &mut left) {
            Found::Order(_) => {}
            Found::GaveUp => {
                return Verdict::Undecided(format!(
                    "too many operations on {:?} overlap to tell",
                    history.keys[key as usize]
                ));
            }
            Found::Stuck { at } => {
                if first.as_ref().is_none_or(|it| at < it.0) {
                    first = Some((at, tasks));
                }
            }
        }
    }
    let Some((at, tasks)) = first else { return Verdict::Holds };
    let (operations, minimal) = minimal::of(&tasks, at, MINIMAL_MAX.min(steps));
    let words = match *operations.as_slice() {
        [one] => format!("No order explains that {}", history.told(one)),
        _ => format!("No order explains all of this: {}", history.list(&operations)),
    };
    Verdict::Violated(Violation { operations, minimal, words })
}

/// What the operations on one register ask of an order. What says nothing is left out, and values
/// that nobody asks for by name are all one value.
fn tasks(history: &History, key: u32) -> Vec<Task> {
    let mut tasks = named(history, key);
    let asked = |it: &Task| match it.step {
        Step::See(value) | Step::SeeNot(value) | Step::Swap(value, _) => Some(value),
        Step::Put(_) => None,
    };
    let asked: BTreeSet<Value> = tasks.iter().filter_map(asked).collect();
    let other = (i64::MIN..).map(Some).find(|it| !asked.contains(it)).flatten();
    for task in &mut tasks {
        if let Step::Put(value) | Step::Swap(_, value) = &mut task.step
            && !asked.contains(value)
        {
            *value = other;
        }
    }
    tasks
}

fn named(history: &History, key: u32) -> Vec<Task> {
    let of_key = history.operations.iter().enumerate().filter(|it| it.1.key == key);
    let mut tasks = Vec::new();
    for (operation, it) in of_key {
        let (step, completed) = match (it.act, it.outcome) {
            (Act::Read(value), Outcome::Ok) => (Step::See(value), it.completed),
            (Act::Write(value), Outcome::Ok) => (Step::Put(value), it.completed),
            (Act::Write(value), Outcome::Unknown) => (Step::Put(value), u64::MAX),
            (Act::CompareAndSet { old, new }, Outcome::Ok) => (Step::swap(old, new), it.completed),
            (Act::CompareAndSet { old, .. }, Outcome::Failed) => (Step::SeeNot(old), it.completed),
            (Act::CompareAndSet { old, new }, Outcome::Unknown) => {
                (Step::swap(old, new), u64::MAX)
            }
            (Act::Read(_), _) | (Act::Write(_), Outcome::Failed) => continue,
        };
        // What was told without ever being answered is a file's mistake: it binds nobody.
        if completed == u64::MAX && matches!(step, Step::See(_) | Step::SeeNot(_)) {
            continue;
        }
        tasks.push(Task { step, invoked: it.invoked, completed, operation });
    }
    tasks
}

/// An order of the operations on one register that explains every answer, as indexes into the
/// history; None if there is none or the search was given up. Operations of unknown outcome are in
/// it only if they are needed.
pub fn order(history: &History, key: u32) -> Option<Vec<usize>> {
    let tasks = tasks(history, key);
    match search(&tasks, &mut SEARCH_MAX.clone()) {
        Found::Order(order) => Some(order.into_iter().map(|it| tasks[it].operation).collect()),
        Found::Stuck { .. } | Found::GaveUp => None,
    }
}
