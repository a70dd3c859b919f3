//! Of a history that no order explains, the operations that it takes. An operation is left out by
//! forgetting what its client was told: an observation goes, a write may then have happened at any
//! time or never. So nothing is blamed only because its writer was left out.

use super::search::{Found, Step, Task, search};

/// The indexes of the operations needed, by invocation, and whether none of them can be left out.
/// `at` is when the history up to then could no longer be explained.
pub(super) fn of(tasks: &[Task], at: u64, steps: u64) -> (Vec<usize>, bool) {
    let mut left = steps;
    let mut minimal = true;
    let mut needed: Vec<bool> = tasks.iter().map(|it| it.completed <= at).collect();
    let until: Vec<Task> = tasks.iter().filter(|it| it.invoked <= at).copied().collect();
    needed.truncate(until.len());
    debug_assert_eq!(until.len(), tasks.partition_point(|it| it.invoked <= at));
    // What was seen goes before what was written: that a write was acknowledged says more than that
    // somebody else saw it. With fewer writes less is broken, so what was needed stays needed.
    let puts = |it: &usize| matches!(until[*it].step, Step::Put(_) | Step::Swap(..));
    for writes in [false, true] {
        shrink(&until, &mut needed, &|it| puts(it) == writes, (&mut left, &mut minimal));
    }
    let operations = (0..until.len()).filter(|it| needed[*it]).map(|it| until[it].operation);
    (operations.collect(), minimal)
}

/// Takes away what is not needed of some operations: halves first, then smaller pieces, down to one by
/// one, until none can go (delta debugging: Zeller and Hildebrandt, "Simplifying and isolating
/// failure-inducing input", TSE 2002).
fn shrink(
    until: &[Task],
    needed: &mut [bool],
    of: &dyn Fn(&usize) -> bool,
    (left, minimal): (&mut u64, &mut bool),
) {
    let mut size = until.len().div_ceil(2).max(1);
    loop {
        let mut gone = false;
        let there: Vec<usize> = (0..until.len()).filter(|it| needed[*it] && of(it)).collect();
        for piece in there.chunks(size) {
            piece.iter().for_each(|it| needed[*it] = false);
            match search(&without(until, needed), left) {
                Found::Stuck { .. } => gone = true,
                Found::Order(_) => piece.iter().for_each(|it| needed[*it] = true),
                Found::GaveUp => {
                    *minimal = false;
                    piece.iter().for_each(|it| needed[*it] = true);
                }
            }
        }
        if *left == 0 || size == 1 && !gone {
            break;
        }
        size = size.div_ceil(2);
    }
}

fn without(tasks: &[Task], needed: &[bool]) -> Vec<Task> {
    let mut kept = Vec::new();
    for (task, needed) in tasks.iter().zip(needed) {
        match (needed, task.step) {
            (true, _) => kept.push(*task),
            (false, Step::Put(_) | Step::Swap(..)) => {
                kept.push(Task { completed: u64::MAX, ..*task });
            }
            (false, Step::See(_) | Step::SeeNot(_)) => {}
        }
    }
    kept
}
