//! What a store's setting costs: requests refused and reads out of date while members cannot reach each
//! other, writes in conflict or lost, and how long reads and writes take when nothing is wrong (Abadi,
//! "Consistency tradeoffs in modern distributed database system design", Computer 45(2), 2012:
//! PACELC). Counted from what clients saw, for two futures beside each other.

use serde::{Deserialize, Serialize};

use crate::base::time::Nanos;
use crate::component::kv_store::{KvStoreParams, WhenCut};
use crate::component::{Spec, State};
use crate::document::Id;
use crate::engine::history::{Log, Operation};
use crate::engine::takeover::Ledger;
use crate::lens::history::stale;

use super::run::Run;

/// What one store cost its clients in one future.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toll {
    /// The store.
    pub component: Id,
    /// How it is set: the label belongs to this configuration, not to a product.
    pub manner: String,
    /// What it cost.
    pub costs: Vec<(Cost, f64)>,
}

/// What a setting can cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cost {
    /// Requests refused since too few members could be reached.
    Refused,
    /// Reads that missed a write that had been acknowledged before they began.
    Stale,
    /// Of writes that did not know of each other: those dropped, and keys with several values now.
    Conflicts,
    /// Acknowledged writes that the latest primary does not have.
    Lost,
    /// Median time of the reads that were answered, ns; NaN if there were none.
    Read,
    /// Median time of the writes that were acknowledged, ns; NaN if there were none.
    Write,
}

/// The toll of each store that clients began to pay at `since` or later, up to the cursor: of stores
/// whose members answer for each other, and of those whose primary can be replaced. Of stores with
/// more operations than are kept, of the last ones.
pub fn tolls(run: &Run, since: Nanos) -> Vec<Toll> {
    let mut tolls = Vec::new();
    for (slot, component) in run.shown().world.blueprint().components.iter().enumerate() {
        let slot = slot as u32;
        let log = run.recorded().history.of(slot);
        let ledger = run.recorded().takeovers.of(slot);
        let (manner, costs) = match (&component.spec, log, ledger) {
            (Some(Spec::KvStore(params)), Some(log), _) => {
                (manner(params), of_peers(run, slot, log, since))
            }
            (Some(Spec::SqlDb(params)), _, Some(ledger)) => (
                format!("{} replication", params.replication.word()),
                of_led(run, slot, ledger, since),
            ),
            _ => continue,
        };
        tolls.push(Toll { component: component.id.to_string(), manner, costs });
    }
    tolls
}

fn manner(params: &KvStoreParams) -> String {
    let [read, write] = params.quorum();
    match params.when_cut {
        WhenCut::Consistent => "stays consistent (CP)".into(),
        WhenCut::Available => "keeps answering (AP)".into(),
        WhenCut::Causal => "keeps answering, causes first (causal)".into(),
        WhenCut::Quorums => format!("N {}, R {read}, W {write}", params.homes()),
    }
}

fn median(all: impl Iterator<Item = u64>) -> f64 {
    let mut all: Vec<u64> = all.collect();
    all.sort_unstable();
    all.get(all.len() / 2).map_or(f64::NAN, |it| *it as f64)
}

fn of_peers(run: &Run, component: u32, log: &Log, since: Nanos) -> Vec<(Cost, f64)> {
    let (world, now) = (&run.shown().world, run.shown().world.now());
    let ended = |it: &Operation| it.ended.filter(|it| it.1 <= now);
    let seen = || log.operations.iter().filter(|it| it.invoked >= since && it.invoked <= now);
    let took = |writes: bool| {
        let done = seen().filter(|it| it.writes == writes);
        let answered = |it: &Operation| ended(it).filter(|end| !end.0.is_failure()).map(|it| it.1);
        median(done.filter_map(|it| Some(answered(it)?.saturating_sub(it.invoked).0)))
    };
    let siblings = |slot: &u32| match &world.member(*slot).state {
        Some(State::KvStore(it)) => {
            let several = |at: &u64| it.rows.get(*at).is_some_and(|it| it.copies.len() > 1);
            (it.rows.start()..it.rows.end()).filter(several).count()
        }
        _ => 0,
    };
    let members = &world.blueprint().components[component as usize].members;
    let siblings = members.iter().map(siblings).max().unwrap_or(0);
    let dropped = log.dropped(now).filter(|it| it.at >= since).count();
    let refused = seen().filter(|it| it.reached.is_some() && ended(it).is_some()).count();
    let stale = seen().filter(|it| stale(log, it, now)).count();
    vec![
        (Cost::Refused, refused as f64),
        (Cost::Stale, stale as f64),
        (Cost::Conflicts, (dropped + siblings) as f64),
        (Cost::Read, took(false)),
        (Cost::Write, took(true)),
    ]
}

fn of_led(run: &Run, component: u32, ledger: &Ledger, since: Nanos) -> Vec<(Cost, f64)> {
    let now = run.shown().world.now();
    let stale = run.recorded().staleness.within(component, now, now.saturating_sub(since));
    let writes = (ledger.writes.start()..ledger.writes.end()).rev();
    let writes = writes.filter_map(|it| ledger.writes.get(it));
    let took = writes.take_while(|it| it.committed >= since).filter(|it| it.asked >= since);
    let took = took
        .filter_map(|it| Some(it.acknowledged.filter(|at| *at <= now)?.saturating_sub(it.asked).0));
    vec![
        (Cost::Lost, ledger.lost(now).count() as f64),
        (Cost::Stale, stale as f64),
        (Cost::Write, median(took)),
    ]
}
