//! What a design may ask for: more is refused before any of it is built, with what to do instead.

use crate::component::Role;

use super::super::Design;
use super::{CompileError, class_set, error};

/// Calls that the wires of one component, and those that stand in for them, come to at most. Each
/// takes at most twenty operations of a program, and a program has at most 65,536.
const CALLS_MAX: usize = 2_000;
/// Fallback wires that stand in for one wire at most: each is tried inside the failure of the last.
const SPARES_MAX: usize = 50;
/// Caches, or wires that carry some request classes, that one component asks at most: each is asked
/// inside the miss of the last, and plans are walked by recursion.
const NESTED_MAX: usize = 100;
/// Pairs of a caller and a member that it may call, of all wires together. Each caller remembers
/// each of them, 16 bytes apiece.
pub(super) const PAIRS_MAX: u64 = 2_000_000;

/// Refuses components with more wires, fallbacks, caches and wires by class than a plan can hold.
pub(super) fn check_wires(design: &Design, known: &[String]) -> Result<(), CompileError> {
    for id in design.components.keys() {
        let of = design.wires.iter().filter(|it| it.1.from == *id);
        let (spare, own): (Vec<_>, Vec<_>) = of.partition(|it| it.1.settings.fallback);
        let refuse = |field, problem| Err(error(id, field, problem));
        let mut calls = own.len();
        if calls > CALLS_MAX {
            let problem = format!(
                "{calls} wires lead from here; at most {CALLS_MAX} can be called. Put balancers \
                 between that take some of them each"
            );
            return refuse("wires", problem);
        }
        let (mut caches, mut sorted) = (0, 0);
        for (wire, it) in own {
            let classes = class_set(it, known);
            let spares = spare.iter().filter(|it| class_set(it.1, known) & classes != 0).count();
            calls += spares;
            if spares > SPARES_MAX || calls > CALLS_MAX {
                let problem = format!(
                    "{spares} wires stand in for {wire}; at most {SPARES_MAX} can, and all of them \
                     for at most {CALLS_MAX} calls. Take some away"
                );
                return refuse("fallback", problem);
            }
            let to = design.components.get(&it.to);
            caches += usize::from(to.is_some_and(|it| it.spec.about().role == Role::Cache));
            sorted += usize::from(classes != u64::MAX);
        }
        if caches > NESTED_MAX {
            let problem = format!(
                "they lead to {caches} caches that are asked one after the other; at most \
                 {NESTED_MAX} can be. Ask fewer, or use a cache cluster"
            );
            return refuse("wires", problem);
        }
        if sorted > NESTED_MAX {
            let problem = format!(
                "{sorted} wires name the request classes that they carry; at most {NESTED_MAX} \
                 can. Let one wire carry several classes, or all of them"
            );
            return refuse("classes", problem);
        }
    }
    Ok(())
}

/// Refuses more pairs of members that call each other than there is memory for.
pub(super) fn check_pairs(design: &Design) -> Result<(), CompileError> {
    let (mut total, mut most) = (0u64, None);
    for (id, wire) in &design.wires {
        let of = |id: &str| design.components.get(id);
        let (Some(from), Some(to)) = (of(&wire.from), of(&wire.to)) else { continue };
        let pairs = u64::from(from.spec.members()) * u64::from(to.spec.members());
        total = total.saturating_add(pairs);
        if most.is_none_or(|it: (u64, _, _, _)| it.0 < pairs) {
            most = Some((pairs, id, from, to));
        }
    }
    match most {
        Some((_, id, from, to)) if total > PAIRS_MAX => {
            let problem = format!(
                "each of the {} members of {} keeps count of its calls of each of the {} of {}: \
                 with all other wires {total} pairs; at most {PAIRS_MAX} can be run. Give one of \
                 the two fewer instances, or put a load balancer between them",
                from.spec.members(),
                from.label,
                to.spec.members(),
                to.label
            );
            Err(error(id, "instances", problem))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::component::cache::{CacheParams, Strategy};
    use crate::component::client::ClientParams;
    use crate::component::load_balancer::LoadBalancerParams;
    use crate::component::service::ServiceParams;
    use crate::component::{OutWire, Spec};
    use crate::engine::plan::{Plan, Program};

    fn out(at: usize, role: Role, classes: u64, spares: usize) -> OutWire {
        OutWire {
            id: format!("wire-{at}").into(),
            role,
            classes,
            wait: false,
            spares: vec!["spare".into(); spares],
            default_answer: true,
            step: 0,
        }
    }

    /// The plan with a slot for each wire: as a world gets it.
    fn slots(plan: &Plan<Arc<str>>) -> Plan<u32> {
        let boxed = |it: &Plan<Arc<str>>| Box::new(slots(it));
        let all = |plans: &[Plan<Arc<str>>]| plans.iter().map(slots).collect();
        match plan {
            Plan::Work(it) => Plan::Work(*it),
            Plan::Measured(it) => Plan::Measured(Arc::clone(it)),
            Plan::Local => Plan::Local,
            Plan::LocalAs(verb) => Plan::LocalAs(*verb),
            Plan::LocalOr(it) => Plan::LocalOr(boxed(it)),
            Plan::Call { verb, .. } => Plan::Call { wire: 0, verb: *verb },
            Plan::Sequence(steps) => Plan::Sequence(all(steps)),
            Plan::Parallel { need, branches } => {
                Plan::Parallel { need: *need, branches: all(branches) }
            }
            Plan::OnMiss { classes, otherwise, .. } => {
                Plan::OnMiss { cache: 0, classes: *classes, otherwise: boxed(otherwise) }
            }
            Plan::OrElse { verb, otherwise, .. } => {
                Plan::OrElse { wire: 0, verb: *verb, otherwise: boxed(otherwise) }
            }
            Plan::If { condition, then, otherwise } => {
                let (then, otherwise) = (boxed(then), boxed(otherwise));
                Plan::If { condition: *condition, then, otherwise }
            }
            Plan::Named(wires) => Plan::Named(vec![0; wires.len()]),
            Plan::Detach(it) => Plan::Detach(boxed(it)),
            Plan::Refuse(outcome) => Plan::Refuse(*outcome),
        }
    }

    /// Whatever the bounds let through fits into a program: the longest plans of each kind.
    #[test]
    fn the_longest_plans_fit() {
        let plain = |role| (0..CALLS_MAX).map(|at| out(at, role, u64::MAX, 0)).collect();
        let sorted = |role| {
            let classes = |at| if at < NESTED_MAX { 1 } else { u64::MAX };
            (0..CALLS_MAX).map(|at| out(at, role, classes(at), 0)).collect()
        };
        let spared = |role, caches: usize| {
            let role = |at| if at < caches { Role::Cache } else { role };
            let own = CALLS_MAX / (SPARES_MAX + 1);
            (0..own).map(|at| out(at, role(at), 1, SPARES_MAX)).collect()
        };
        let mut cached: Vec<OutWire> = sorted(Role::Store);
        cached.iter_mut().take(NESTED_MAX).for_each(|it| it.role = Role::Cache);
        let all: [Vec<OutWire>; 6] = [
            plain(Role::Server),
            sorted(Role::Server),
            sorted(Role::Store),
            spared(Role::Store, 0),
            spared(Role::Store, 20),
            cached,
        ];
        let cache = |strategy| Spec::Cache(CacheParams { strategy, ..CacheParams::default() });
        let specs = [
            Spec::Client(ClientParams::default()),
            Spec::LoadBalancer(LoadBalancerParams::default()),
            Spec::Service(ServiceParams::default()),
            cache(Strategy::ReadThrough),
            cache(Strategy::WriteThrough),
            cache(Strategy::WriteBehind),
        ];
        for spec in &specs {
            for wires in &all {
                let Program(ops) = Program::compile(&slots(&spec.plan(wires)));
                assert!(ops.len() < usize::from(u16::MAX), "{spec:?}: {}", ops.len());
            }
        }
    }

    /// Each cache adds as much to a program as the one before, whatever classes it is asked for.
    #[test]
    fn programs_grow_with_their_caches_evenly() {
        let length = |caches: usize| {
            let cache = |at| out(at, Role::Cache, 1 << (at % 60), 0);
            let store = out(caches, Role::Store, u64::MAX, 0);
            let wires: Vec<_> = (0..caches).map(cache).chain([store]).collect();
            let plan = Spec::Service(ServiceParams::default()).plan(&wires);
            Program::compile(&slots(&plan)).0.len()
        };
        let each = length(2) - length(1);
        assert_eq!(length(20), length(1) + 19 * each);
    }
}
