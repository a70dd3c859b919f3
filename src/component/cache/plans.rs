//! How a cache serves requests: by its strategy, its wires and its disk.

use std::sync::Arc;

use crate::base::spread::{Shape, Spread};
use crate::engine::event::Verb;
use crate::engine::plan::{Condition, Plan};

use super::super::OutWire;
use super::super::client::for_classes;
use super::super::service::call;
use super::disk::Persistence;
use super::{CacheParams, Strategy};

/// The plan.
pub(super) fn plan(params: &CacheParams, wires: &[OutWire]) -> Plan<Arc<str>> {
    let spread = Spread::new(Shape::LogNormal, params.work);
    let serve = |it| Plan::Sequence(vec![Plan::Work(spread), it]);
    // A change that has to be on disk first.
    let kept = |it| match params.persistence {
        Persistence::AofAlways => {
            Plan::Sequence(vec![Plan::Work(Spread::constant(params.fsync)), it])
        }
        _ => it,
    };
    let aside = || if_verb(Verb::Read, Plan::Local, kept(Plan::Local));
    let aside = || if params.persistence == Persistence::AofAlways { aside() } else { Plan::Local };
    if wires.is_empty() {
        return serve(aside());
    }
    let ask = |verb| {
        let calls = wires.iter().map(|it| for_classes(it.classes, call(it, verb)));
        Plan::Sequence(calls.collect())
    };
    let and_then = |verb, then| Plan::Sequence(vec![ask(Some(verb)), then]);
    let fill = || and_then(Verb::Read, kept(Plan::LocalAs(Verb::Put)));
    let write_through = || and_then(Verb::Write, kept(Plan::LocalAs(Verb::Put)));
    let by_strategy = |write| if_verb(Verb::Write, write, Plan::LocalOr(Box::new(fill())));
    let serves = match params.strategy {
        Strategy::CacheAside => aside(),
        Strategy::ReadThrough => {
            by_strategy(and_then(Verb::Write, kept(Plan::LocalAs(Verb::Delete))))
        }
        Strategy::WriteThrough => by_strategy(write_through()),
        Strategy::WriteBehind => {
            let again = kept(Plan::LocalOr(Box::new(write_through())));
            by_strategy(kept(Plan::LocalOr(Box::new(Plan::Sequence(vec![fill(), again])))))
        }
    };
    // What is dirty is flushed even if the strategy has changed since.
    if_verb(Verb::Flush, ask(None), serve(serves))
}

fn if_verb(verb: Verb, then: Plan<Arc<str>>, otherwise: Plan<Arc<str>>) -> Plan<Arc<str>> {
    let condition = Condition::Verb(verb);
    Plan::If { condition, then: Box::new(then), otherwise: Box::new(otherwise) }
}
