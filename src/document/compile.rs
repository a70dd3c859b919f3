//! From a design to what the engine runs.

mod bounds;

use std::sync::Arc;

use crate::base::order::sort_few;
use crate::base::param::ParamError;
use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::component::{OutWire, Picker, Placing, Registry, Role};
use crate::engine::blueprint::{Draft, DraftComponent, DraftWire, Link, Path, Patience};
use crate::engine::policy::{Budget, Hedge, Policy};
use crate::engine::pool::Pool;

use super::{Design, Id, WireParams, WireRecord, zone};

/// More classes than a set of 64 bits can tell apart.
const CLASSES_MAX: usize = 63;
/// No design may ask for more members than this.
pub const MEMBERS_MAX: u32 = 20_000;

/// Why a design cannot be run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileError {
    /// The component or wire.
    pub id: Id,
    /// Field and fix.
    pub problem: ParamError,
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.id, self.problem)
    }
}

fn error(id: &str, field: &str, problem: String) -> CompileError {
    CompileError { id: id.into(), problem: ParamError { field: field.into(), problem } }
}

/// Compiles a design for a run with this seed.
pub fn compile(design: &Design, seed: u64) -> Result<Draft<Registry>, CompileError> {
    let (classes, priorities) = classes(design)?;
    let total: u64 = design.components.values().map(|it| u64::from(it.spec.members())).sum();
    if total > u64::from(MEMBERS_MAX) {
        let problem = format!("{total} members together; at most {MEMBERS_MAX} can be run");
        return Err(error("design", "components", problem));
    }
    bounds::check_pairs(design)?;
    for (id, record) in &design.components {
        let there = record.spec.check_there();
        there.map_err(|problem| CompileError { id: id.clone(), problem })?;
    }
    let mut wires = Vec::new();
    for (id, record) in &design.wires {
        wires.extend(wire(design, id, record)?);
    }
    bounds::check_wires(design, &classes)?;
    let component = |(id, record): (&Id, &super::ComponentRecord)| {
        let spec = &record.spec;
        DraftComponent {
            id: id.as_str().into(),
            members: spec.members(),
            station: spec.station(),
            plan: spec.plan(&out_wires(design, id, &classes)),
            mesh: spec.mesh(),
            apart: zone::members_apart(design, record),
            addressing: spec.about().addressing,
            switch: spec.switch(),
            reserve: spec.reserve(),
            watchers: spec.watchers(),
            looks_up: spec.about().role == Role::Cache,
            spec: spec.clone(),
        }
    };
    let components = design.components.iter().map(component).collect();
    // Those of one moment in the order in which they were put in: fault-2 before fault-10.
    let mut script: Vec<_> =
        design.script.iter().map(|(id, it)| (it.at, id.len(), id, &it.fault)).collect();
    sort_few(&mut script, |a, b| (a.0, a.1, a.2) < (b.0, b.1, b.2));
    let script = script.into_iter().map(|it| (it.0, it.3.clone())).collect();
    let classes = classes.iter().map(|it| it.as_str().into()).collect();
    let zones = zone::members(design);
    let key_name = design.key_name().into();
    Ok(Draft { seed, components, wires, classes, priorities, script, zones, key_name })
}

/// All request classes, clients in id order, each name once, and the highest of their priorities.
fn classes(design: &Design) -> Result<(Vec<String>, Vec<u8>), CompileError> {
    let (mut classes, mut priorities) = (Vec::<String>::new(), Vec::<u8>::new());
    for (id, record) in &design.components {
        for (name, priority) in record.spec.classes() {
            match classes.iter().position(|it| *it == name) {
                Some(at) => priorities[at] = priorities[at].max(priority),
                None => {
                    classes.push(name);
                    priorities.push(priority);
                }
            }
            if classes.len() > CLASSES_MAX {
                let problem = format!("more than {CLASSES_MAX} different request classes");
                return Err(error(id, "classes", problem));
            }
        }
    }
    Ok((classes, priorities))
}

fn names(record: &WireRecord) -> impl Iterator<Item = &str> {
    record.settings.classes.split(',').map(str::trim).filter(|it| !it.is_empty())
}

/// The set of classes a wire carries: bit n for class n. A name that no client sends carries
/// nothing.
fn class_set(record: &WireRecord, known: &[String]) -> u64 {
    if names(record).next().is_none() {
        return u64::MAX;
    }
    let bit = |it: &str| known.iter().position(|name| name == it).map_or(0, |at| 1u64 << at);
    names(record).map(bit).fold(0, |set, bit| set | bit)
}

/// The wires of a component as its plan sees them. A cache that is used in place of its store is a
/// store to its callers, and the wires that lead past it carry only the classes it is not asked for.
fn out_wires(design: &Design, from: &str, known: &[String]) -> Vec<OutWire> {
    let of = |from: &str| -> Vec<(&Id, &WireRecord)> {
        design.wires.iter().filter(|it| it.1.from == from).collect()
    };
    let (spare, own): (Vec<_>, Vec<_>) =
        of(from).into_iter().partition(|it| it.1.settings.fallback);
    let mut wires = Vec::new();
    for (id, record) in &own {
        let Some(to) = design.components.get(&record.to) else { continue };
        let past = own.iter().filter(|it| passes(design, &it.1.to, Some(&record.to)));
        let past = past.fold(0, |set, it| set | class_set(it.1, known));
        let classes = class_set(record, known) & !past;
        let through = passes(design, &record.to, None);
        let role = if through { Role::Store } else { to.spec.about().role };
        if past == 0 || classes != 0 {
            let instead = spare.iter().filter(|it| class_set(it.1, known) & classes != 0);
            let spares = instead.map(|it| it.0.as_str().into()).collect();
            let WireParams { wait, default_answer, step, .. } = record.settings;
            let id = id.as_str().into();
            wires.push(OutWire { id, role, classes, wait, spares, default_answer, step });
        }
    }
    wires
}

/// Whether a component is used in place of what it is wired to, a store, a service or a cache that asks for
/// itself: of this one, or of any.
pub(super) fn passes(design: &Design, through: &str, store: Option<&str>) -> bool {
    let is_store = |id: &str| {
        let to = design.components.get(id);
        to.is_some_and(|it| {
            matches!(it.spec.about().role, Role::Store | Role::Server) || it.spec.through()
        })
    };
    design.components.get(through).is_some_and(|it| it.spec.through())
        && design.wires.values().any(|it| {
            it.from == through && is_store(&it.to) && store.is_none_or(|store| it.to == store)
        })
}

/// What a way takes besides its latency; none if it takes nothing.
fn path(it: &WireParams) -> Option<Path> {
    let setup = it.connection.round_trips();
    let bandwidth = it.bandwidth * 1e6 / 8.0;
    let path = Path { bandwidth, loss: it.loss.0, setup, keep: it.keep_alive };
    (bandwidth > 0.0 || it.loss.0 > 0.0 || setup > 0).then_some(path)
}

/// What the caller does about failures besides trying again; none if nothing.
fn policy(it: &WireParams) -> Option<Policy> {
    let budget = Budget { ratio: it.retry_budget.0, reserve: it.retry_reserve.0 };
    let hedge = match (it.hedge_after, it.hedge_percentile.0) {
        (Nanos::ZERO, 1.0..) => None,
        (Nanos::ZERO, part) => Some(Hedge::Percentile(part)),
        (after, _) => Some(Hedge::After(after)),
    };
    let policy = Policy {
        pauses: it.pauses,
        cap: it.backoff_max,
        budget: (budget.ratio < 1.0).then_some(budget),
        hedge,
        deadline: it.pass_deadline,
    };
    (policy != Policy { cap: it.backoff_max, ..Policy::NONE }).then_some(policy)
}

/// None if one of its ends is missing.
fn wire(
    design: &Design,
    id: &str,
    record: &WireRecord,
) -> Result<Option<DraftWire<Registry>>, CompileError> {
    let spec = |id: &str| design.components.get(id).map(|it| &it.spec);
    let (Some(from), Some(to)) = (spec(&record.from), spec(&record.to)) else { return Ok(None) };
    let it = &record.settings;
    let picker = match to.membership() {
        Some(known) => Placing::new(known, design.key_name())
            .map(Picker::Key)
            .map_err(|problem| CompileError { id: record.to.clone(), problem })?,
        None => Picker::Rule(from.rule().unwrap_or(it.rule).start()),
    };
    let (distance, apart) = zone::distances(design, &record.from, &record.to);
    let own = Patience { timeout: it.timeout, retries: it.retries, backoff: it.backoff };
    Ok(Some(DraftWire {
        id: id.into(),
        from: Arc::from(record.from.as_str()),
        to: Arc::from(record.to.as_str()),
        link: Link {
            latency: Spread::formed(
                it.latency_shape,
                it.latency,
                it.latency_sigma,
                it.latency_alpha,
            ),
        },
        path: path(it),
        patience: from.patience().unwrap_or(own),
        policy: policy(it),
        pool: (it.pool > 0).then_some(Pool { size: it.pool, wait: it.pool_wait }),
        picker,
        reads: it.reads,
        weights: it.weights.clone(),
        health: to.checked().or_else(|| from.health()),
        distance,
        apart,
    }))
}
