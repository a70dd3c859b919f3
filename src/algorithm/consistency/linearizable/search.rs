//! The search of Wing and Gong ("Testing and verifying concurrent objects", JPDC 1993) with Lowe's
//! memory of configurations ("Testing for linearizability", CCPE 2017): of the operations that
//! nothing unplaced must come before, place one that the register allows, and remember what was
//! seen: which are placed, and the value.
//!
//! Placing operations of unknown outcome doubles the search with each of them, so it does not
//! branch where it need not. Each rule keeps an order if there is one:
//!
//! - An observation (a read, a failed compare-and-set, one that sets what is there) that fits now is
//!   placed now: it changes nothing, so any order that has it later can have it here.
//! - Of operations that do the same, the one that must be placed first is taken: two such can change
//!   places. One of unknown outcome therefore comes after those that completed, and of those of
//!   unknown outcome the first invoked is taken, so it is enough to count them.
//! - One of unknown outcome is placed only if what follows needs the value it leaves: else the order
//!   without it is as good.
//! - A configuration is given up if one with the same placed and the same value has used up no more
//!   operations of unknown outcome of any kind: whatever this one can still do, that one can.
//! - Those of unknown outcome are not counted before it matters. At first it is enough that one of a
//!   kind was invoked. If there is no order then, there is none at all; if there is one, it either
//!   uses no kind up, or those that it does are counted from then on (refinement by
//!   counterexamples: Clarke, Grumberg, Jha, Lu and Veith, CAV 2000).

use std::collections::BTreeMap;

use super::Value;

/// What an operation asks of the register, or does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Needs this value.
    See(Value),
    /// Needs another value.
    SeeNot(Value),
    /// Sets it.
    Put(Value),
    /// Needs one and sets the other.
    Swap(Value, Value),
}

impl Step {
    /// A compare-and-set that found what it expected.
    pub(super) fn swap(old: Value, new: Value) -> Self {
        if old == new { Self::See(old) } else { Self::Swap(old, new) }
    }
}

/// One operation, as far as the search is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// What it does.
    pub step: Step,
    /// When it was invoked.
    pub invoked: u64,
    /// When it had happened; `u64::MAX` if it may happen whenever, or never.
    pub completed: u64,
    /// Which operation of the history it is.
    pub operation: usize,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// An order, as indexes into the tasks.
    Order(Vec<usize>),
    /// There is none even of what was invoked until `at`, when something completed that no order
    /// can hold.
    Stuck {
        /// When.
        at: u64,
    },
    /// Nothing, within the steps that were left.
    GaveUp,
}

/// Those of unknown outcome that do the same, by invocation.
struct Kind {
    step: Step,
    tasks: Vec<usize>,
    /// Where they are counted, if they are.
    counter: Option<usize>,
}

/// A configuration without what it has used up of unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// All closed tasks before this one are placed.
    low: u32,
    value: Value,
    /// Whether the last one placed is of unknown outcome and nothing has needed it yet.
    unneeded: bool,
    /// Which of the closed tasks from `low` on are placed, a bit each.
    beyond: Vec<u64>,
}

#[derive(Clone)]
struct Configuration {
    place: Place,
    /// By counter: how many are used up.
    used: Vec<u16>,
    /// The last placed, an index into the trail plus 1.
    trail: u32,
}

impl Configuration {
    /// What it costs to look at it and to remember it, about 8 bytes each.
    fn weight(&self) -> u64 {
        (8 + self.place.beyond.len() + self.used.len() / 4) as u64
    }

    fn is_placed(&self, closed: u32) -> bool {
        let bit = (closed - self.place.low) as usize;
        self.place.beyond.get(bit / 64).is_some_and(|it| it >> (bit % 64) & 1 == 1)
    }

    fn place(&mut self, closed: u32) {
        let place = &mut self.place;
        let bit = (closed - place.low) as usize;
        if place.beyond.len() <= bit / 64 {
            place.beyond.resize(bit / 64 + 1, 0);
        }
        place.beyond[bit / 64] |= 1 << (bit % 64);
        // What is placed without a gap goes, so that equal configurations look the same.
        let ones: u32 = place.beyond.iter().take_while(|it| **it == u64::MAX).count() as u32;
        let part = place.beyond.get(ones as usize).map_or(0, |it| it.trailing_ones());
        place.low += 64 * ones + part;
        place.beyond.drain(..ones as usize);
        if part > 0 {
            let words = place.beyond.len();
            for word in 0..words {
                let next = place.beyond.get(word + 1).copied().unwrap_or(0);
                place.beyond[word] = place.beyond[word] >> part | next << (64 - part);
            }
        }
        while place.beyond.last() == Some(&0) {
            place.beyond.pop();
        }
        place.unneeded = false;
    }
}

#[derive(Clone, Copy)]
enum Placed {
    /// A task that completed.
    Closed(u32),
    /// One of a kind.
    Open(u32),
}

struct Search<'a> {
    tasks: &'a [Task],
    /// Tasks that completed, by invocation.
    closed: Vec<usize>,
    kinds: Vec<Kind>,
    /// What was placed after what: (index of the one before plus 1, what).
    trail: Vec<(u32, Placed)>,
    seen: BTreeMap<Place, Vec<Vec<u16>>>,
}

/// Searches, and takes what it needs from the steps left.
pub(super) fn search(tasks: &[Task], left: &mut u64) -> Found {
    let mut closed: Vec<_> = (0..tasks.len()).filter(|it| tasks[*it].completed < u64::MAX).collect();
    closed.sort_by_key(|it| tasks[*it].invoked);
    let mut by_step = BTreeMap::<Step, Vec<usize>>::new();
    for (index, task) in tasks.iter().enumerate().filter(|it| it.1.completed == u64::MAX) {
        if matches!(task.step, Step::Put(_) | Step::Swap(..)) {
            by_step.entry(task.step).or_default().push(index);
        }
    }
    let kind = |(step, mut of_kind): (Step, Vec<usize>)| {
        of_kind.sort_by_key(|it| tasks[*it].invoked);
        Kind { step, tasks: of_kind, counter: None }
    };
    let kinds = by_step.into_iter().map(kind).collect();
    let mut it = Search { tasks, closed, kinds, trail: Vec::new(), seen: BTreeMap::new() };
    loop {
        let found = it.run(left);
        let Found::Order(order) = found else { return found };
        if let Some(order) = it.resolve(&order) {
            return Found::Order(order);
        }
    }
}

impl Search<'_> {
    /// Searches with what is counted now. In an order, kinds stand for their tasks: from the number
    /// of tasks on.
    fn run(&mut self, left: &mut u64) -> Found {
        self.trail.clear();
        self.seen.clear();
        let counters = self.kinds.iter().filter(|it| it.counter.is_some()).count();
        let place = Place { low: 0, value: None, unneeded: false, beyond: Vec::new() };
        let mut stack = vec![Configuration { place, used: vec![0; counters], trail: 0 }];
        let mut farthest = 0;
        let mut next = Vec::new();
        while let Some(mut here) = stack.pop() {
            let Some(rest) = left.checked_sub(here.weight()) else {
                *left = 0;
                return Found::GaveUp;
            };
            *left = rest;
            let horizon = self.settle(&mut here);
            if here.place.low as usize == self.closed.len() {
                return Found::Order(self.order(here.trail));
            }
            farthest = farthest.max(horizon);
            if self.remember(&here) {
                self.moves(&here, horizon, &mut next);
                stack.extend(next.drain(..).rev());
            }
        }
        Found::Stuck { at: farthest }
    }

    /// Puts the first that are left of each kind in their places. If there are too few by then, has
    /// them counted from now on.
    fn resolve(&mut self, order: &[usize]) -> Option<Vec<usize>> {
        let mut resolved = order.to_vec();
        // Until when what stands at a place must have been invoked.
        let mut until = vec![u64::MAX; order.len()];
        let mut earliest = u64::MAX;
        for (at, it) in order.iter().enumerate().rev() {
            earliest = self.tasks.get(*it).map_or(earliest, |it| it.completed.min(earliest));
            until[at] = earliest;
        }
        let mut used = vec![0; self.kinds.len()];
        let mut few = false;
        for (at, it) in resolved.iter_mut().enumerate() {
            let Some(kind) = it.checked_sub(self.tasks.len()) else { continue };
            let task = self.kinds[kind].tasks.get(used[kind]).copied();
            used[kind] += 1;
            match task.filter(|it| self.tasks[*it].invoked <= until[at]) {
                Some(task) => *it = task,
                None => {
                    self.kinds[kind].counter = Some(0);
                    few = true;
                }
            }
        }
        let counted = self.kinds.iter_mut().filter_map(|it| it.counter.as_mut());
        counted.enumerate().for_each(|(index, it)| *it = index);
        (!few).then_some(resolved)
    }

    fn step(&self, closed: u32) -> Step {
        self.tasks[self.closed[closed as usize]].step
    }

    /// Closed tasks that may be placed next, and until when what is next must have been invoked: the
    /// first completion of what is not placed.
    fn candidates(&self, here: &Configuration, each: &mut dyn FnMut(u32, &Task)) -> u64 {
        let mut horizon = u64::MAX;
        for closed in here.place.low..self.closed.len() as u32 {
            let task = &self.tasks[self.closed[closed as usize]];
            if task.invoked > horizon {
                break;
            }
            if !here.is_placed(closed) {
                horizon = horizon.min(task.completed);
                each(closed, task);
            }
        }
        horizon
    }

    /// Places every observation that fits, and returns the horizon.
    fn settle(&mut self, here: &mut Configuration) -> u64 {
        let mut fits = Vec::new();
        loop {
            let value = here.place.value;
            let horizon = self.candidates(here, &mut |closed, task| match task.step {
                Step::See(it) if it == value => fits.push(closed),
                Step::SeeNot(it) if it != value => fits.push(closed),
                _ => {}
            });
            if fits.is_empty() {
                return horizon;
            }
            // From the last to the first: placing moves `low`, never past what is not placed.
            for closed in fits.drain(..).rev() {
                here.place(closed);
                self.follow(here, Placed::Closed(closed));
            }
        }
    }

    fn follow(&mut self, here: &mut Configuration, placed: Placed) {
        self.trail.push((here.trail, placed));
        here.trail = self.trail.len() as u32;
    }

    /// Everything that may be placed next and changes the value, the most urgent first.
    fn moves(&mut self, here: &Configuration, horizon: u64, next: &mut Vec<Configuration>) {
        let (value, unneeded) = (here.place.value, here.place.unneeded);
        let fits = |step| match step {
            Step::Put(_) => !unneeded,
            Step::Swap(old, _) => old == value,
            Step::See(_) | Step::SeeNot(_) => false,
        };
        let mut closed: Vec<(u64, u32)> = Vec::new();
        self.candidates(here, &mut |index, task| {
            if fits(task.step) {
                closed.push((task.completed, index));
            }
        });
        closed.sort_unstable();
        let mut taken: Vec<Step> = Vec::new();
        for (_, index) in closed {
            let step = self.step(index);
            if taken.contains(&step) {
                continue;
            }
            taken.push(step);
            let mut there = here.clone();
            there.place(index);
            there.place.value = after(step);
            self.follow(&mut there, Placed::Closed(index));
            next.push(there);
        }
        for kind in 0..self.kinds.len() {
            let Kind { step, tasks, counter } = &self.kinds[kind];
            let (step, counter) = (*step, *counter);
            let used = counter.map_or(0, |it| here.used[it]);
            let there_is = tasks.get(used as usize).is_some_and(|it| self.tasks[*it].invoked <= horizon);
            if !there_is || !fits(step) || after(step) == value || taken.contains(&step) {
                continue;
            }
            let mut there = here.clone();
            if let Some(counter) = counter {
                there.used[counter] += 1;
            }
            (there.place.value, there.place.unneeded) = (after(step), true);
            self.follow(&mut there, Placed::Open(kind as u32));
            next.push(there);
        }
    }

    /// Whether nothing at least as good was seen before.
    fn remember(&mut self, here: &Configuration) -> bool {
        let covers = |it: &Vec<u16>| it.iter().zip(&here.used).all(|(it, here)| it <= here);
        if here.place.unneeded {
            let needed = Place { unneeded: false, ..here.place.clone() };
            if self.seen.get(&needed).is_some_and(|it| it.iter().any(covers)) {
                return false;
            }
        }
        let seen = self.seen.entry(here.place.clone()).or_default();
        if seen.iter().any(covers) {
            return false;
        }
        seen.retain(|it| !here.used.iter().zip(it).all(|(here, it)| here <= it));
        seen.push(here.used.clone());
        true
    }

    fn order(&self, mut trail: u32) -> Vec<usize> {
        let mut order = Vec::new();
        while let Some((before, placed)) = trail.checked_sub(1).map(|it| self.trail[it as usize]) {
            order.push(match placed {
                Placed::Closed(index) => self.closed[index as usize],
                Placed::Open(kind) => self.tasks.len() + kind as usize,
            });
            trail = before;
        }
        order.reverse();
        order
    }
}

/// The value that a step leaves which changes it.
fn after(step: Step) -> Value {
    match step {
        Step::Put(new) | Step::Swap(_, new) => new,
        Step::See(value) | Step::SeeNot(value) => value,
    }
}
