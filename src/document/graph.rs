//! Who calls whom, as numbers: what the warnings are found by.

use std::collections::BTreeMap;

use crate::component::Role;

use super::{Design, WireRecord};

/// Whether a wire never carries anything: clients and balancers pass each request over the first
/// wire, in id order, that carries its class; clients that look a name up, over any.
pub(super) fn is_idle(design: &Design, wire: &WireRecord) -> bool {
    let caller = design.components.get(&wire.from).map(|it| it.spec.about().role);
    let all = |it: &&WireRecord| it.settings.classes.trim().is_empty();
    let first = design.wires.values().filter(|it| it.from == wire.from).find(all);
    let of = |id: &str| design.components.get(id).map(|it| it.spec.about().role);
    let names = || {
        let mut own = design.wires.values().filter(|it| it.from == wire.from);
        own.any(|it| of(&it.to) == Some(Role::Resolver))
    };
    let passes_on = matches!(caller, Some(Role::Source | Role::Balancer)) && !names();
    passes_on && first.is_some_and(|it| !std::ptr::eq(it, wire) && all(&wire))
}

/// Components by number, and the calls between them, each pair once.
pub(super) struct Graph<'a> {
    pub ids: Vec<&'a str>,
    pub out: Vec<Vec<usize>>,
    pub into: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    pub fn of(design: &'a Design) -> Self {
        let ids: Vec<&str> = design.components.keys().map(String::as_str).collect();
        let number: BTreeMap<&str, usize> = ids.iter().copied().zip(0..).collect();
        let (mut out, mut into) = (vec![Vec::new(); ids.len()], vec![Vec::new(); ids.len()]);
        for wire in design.wires.values().filter(|it| !is_idle(design, it)) {
            let ends = (number.get(wire.from.as_str()), number.get(wire.to.as_str()));
            if let (Some(from), Some(to)) = ends
                && from != to
                && !out[*from].contains(to)
            {
                out[*from].push(*to);
                into[*to].push(*from);
            }
        }
        Self { ids, out, into }
    }

    /// What lies on every way from `start` to one of the ends, the ends included: dominators after
    /// Cooper, Harvey & Kennedy, "A simple, fast dominance algorithm" (2001).
    pub fn dominators(&self, start: usize, ends: impl Fn(usize) -> bool) -> Vec<usize> {
        let order = self.postorder(start);
        let mut rank = vec![usize::MAX; self.ids.len()];
        order.iter().enumerate().for_each(|(at, it)| rank[*it] = at);
        let mut parent = vec![usize::MAX; self.ids.len()];
        parent[start] = start;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for at in order.iter().rev().copied().filter(|it| *it != start) {
                let known = self.into[at].iter().copied().filter(|it| parent[*it] != usize::MAX);
                let nearest = known.reduce(|mut one, mut other| {
                    while one != other {
                        let lower = if rank[one] < rank[other] { &mut one } else { &mut other };
                        *lower = parent[*lower];
                    }
                    one
                });
                let nearest = nearest.unwrap_or(start);
                changed |= parent[at] != nearest;
                parent[at] = nearest;
            }
        }
        let mut needed = vec![false; self.ids.len()];
        for end in order.iter().copied().filter(|it| *it != start && ends(*it)) {
            let mut at = end;
            while at != start && !needed[at] {
                needed[at] = true;
                at = parent[at];
            }
        }
        (0..needed.len()).filter(|it| needed[*it]).collect()
    }

    /// Everything reachable from `start`, each after all that it leads to (but for cycles).
    fn postorder(&self, start: usize) -> Vec<usize> {
        let (mut order, mut seen) = (Vec::new(), vec![false; self.ids.len()]);
        let mut stack = vec![(start, 0)];
        seen[start] = true;
        while let Some((at, next)) = stack.last_mut() {
            match self.out[*at].get(*next) {
                None => {
                    order.push(*at);
                    stack.pop();
                }
                Some(to) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*to], true) {
                        stack.push((*to, 0));
                    }
                }
            }
        }
        order
    }

    /// Groups of components that call each other in a circle: strongly connected ones, found by
    /// Kosaraju's two passes; in id order.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let count = self.ids.len();
        let (mut order, mut seen) = (Vec::new(), vec![false; count]);
        for start in 0..count {
            if !seen[start] {
                let fresh = self.postorder(start).into_iter().filter(|it| !seen[*it]);
                let fresh: Vec<_> = fresh.collect();
                fresh.iter().for_each(|it| seen[*it] = true);
                order.extend(fresh);
            }
        }
        let mut group = vec![usize::MAX; count];
        for root in order.into_iter().rev() {
            let mut stack = vec![root];
            while let Some(at) = stack.pop() {
                if group[at] == usize::MAX {
                    group[at] = root;
                    stack.extend(&self.into[at]);
                }
            }
        }
        let mut cycles = BTreeMap::<usize, Vec<usize>>::new();
        (0..count).for_each(|at| cycles.entry(group[at]).or_default().push(at));
        let mut cycles: Vec<_> = cycles.into_values().filter(|it| it.len() > 1).collect();
        cycles.sort();
        cycles
    }
}
