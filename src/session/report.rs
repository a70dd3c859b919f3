//! Figures of a whole run, for scripts and tables.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::base::{english, text};
use crate::engine::by_member::imbalance;
use crate::engine::event::Outcome;
use crate::session::moment::gauges;

use super::run::Run;
use crate::algorithm::consistency::text as histories;
use crate::lens::history::recorded;

/// What clients did with the store of this id, as JSON that `ringside check` reads; none if it is no
/// store of several members.
pub fn history(run: &Run, id: &str) -> Option<String> {
    let shown = run.shown();
    let component = shown.world.blueprint().component(id)?;
    let log = run.recorder.history.of(component)?;
    let recorded = recorded(log, shown.world.now(), &|key| format!("key:{key}"));
    Some(histories::json(&recorded.history))
}

/// A whole run after its warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name of the design.
    pub design: String,
    /// Seed.
    pub seed: u64,
    /// Simulated time after the warm-up, ns.
    pub simulated_ns: u64,
    /// Real time it took, ns, warm-up included; set by whoever holds a clock.
    pub wall_ns: u64,
    /// Events after the warm-up.
    pub events: u64,
    /// Client requests that ended after the warm-up.
    pub requests: u64,
    /// Everything that decides the future, in hex.
    pub state_hash: String,
    /// Why it was stopped before its end, if it ran away.
    pub stopped: Option<String>,
    /// By document id.
    pub components: BTreeMap<String, ComponentReport>,
}

/// One component over a whole run.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentReport {
    /// What people call it.
    pub label: String,
    /// Id of its kind.
    pub kind: &'static str,
    /// Calls arriving per second (for a client: requests begun).
    pub offered: f64,
    /// Ended per second, well or not.
    pub throughput: f64,
    /// Ended well per second.
    pub goodput: f64,
    /// Failures by cause, in numbers.
    pub errors: BTreeMap<&'static str, u64>,
    /// Ended for callers who had left.
    pub wasted: u64,
    /// Seconds of workers that went into work for them after they had left.
    pub wasted_work_s: f64,
    /// Mean share of workers at work, 0 to 1; none where their number has no limit.
    pub busy: Option<f64>,
    /// Mean share of workers held, at work or waiting for others, 0 to 1; none likewise.
    pub occupied: Option<f64>,
    /// Mean number waiting for a worker.
    pub mean_queue_length: f64,
    /// Mean number of jobs in hand.
    pub in_hand: f64,
    /// Reads answered with less than had been acknowledged before they began.
    pub stale_reads: u64,
    /// Writes that took effect once more, since their callers tried again.
    pub duplicate_writes: u64,
    /// Calls to its busiest member over the mean of its members; none if it has one, or nothing came.
    pub imbalance: Option<f64>,
    /// Its members, in order; none if it has one only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberReport>,
    /// Time from arrival to answer, of those that ended well.
    pub latency: Option<Latency>,
    /// The kind's own ratios and gauges (means of samples), and counters.
    #[serde(flatten)]
    pub own: BTreeMap<&'static str, f64>,
}

/// One member of a component.
#[derive(Clone, Debug, Serialize)]
pub struct MemberReport {
    /// Name, as people see it.
    pub name: String,
    /// Whether it is up.
    pub up: bool,
    /// Calls that arrived per second.
    pub offered: f64,
    /// Requests that wait for a worker now.
    pub waiting: u32,
    /// The kind's first two counters, in numbers, and its gauges, now and of this member alone.
    #[serde(flatten)]
    pub own: BTreeMap<&'static str, f64>,
}

/// A distribution of durations, ns; percentiles to within 1.6 %.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// Mean, exact.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
}

/// The report of a run up to its newest moment.
pub fn report(run: &Run, seed: u64) -> Report {
    let world = &run.head.world;
    let mut recorder = run.recorder.clone();
    recorder.bring_up_to_date();
    let simulated = world.now().saturating_sub(run.zero);
    let seconds = simulated.as_seconds().max(1e-9);
    let mut components = BTreeMap::new();
    for (slot, component) in world.blueprint().components.iter().enumerate() {
        let Some(spec) = &component.spec else { continue };
        let Some(record) = recorder.components.get(slot) else { continue };
        let (total, about) = (&record.total, spec.about());
        let [in_hand, queue, busy, occupied] = record.mean_levels(world.now(), simulated);
        let workers = u64::from(component.station.workers) * u64::from(component.servers());
        let limited = component.station.workers != u32::MAX && workers > 0;
        let share = |level: f64| limited.then(|| level / workers as f64);
        let failures = Outcome::ALL.iter().zip(total.ended);
        let failures = failures.filter(|it| it.0.is_failure() && it.1 > 0);
        let quantile = |q: f64| total.latency.quantile_ns(q);
        let latency = total.latency.mean_ns().map(|mean| Latency {
            mean,
            p50: quantile(0.5).unwrap_or(0),
            p95: quantile(0.95).unwrap_or(0),
            p99: quantile(0.99).unwrap_or(0),
            p999: quantile(0.999).unwrap_or(0),
        });
        let mut own = BTreeMap::new();
        for (index, name) in about.counters.iter().enumerate() {
            own.insert(*name, total.counter(index as u8) as f64);
        }
        for ratio in about.ratios {
            let whole: u64 = ratio.whole.iter().map(|it| total.counter(*it)).sum();
            if whole > 0 {
                own.insert(ratio.name, total.counter(ratio.part) as f64 / whole as f64);
            }
        }
        for (index, gauge) in about.gauges.iter().enumerate() {
            own.insert(gauge.name, total.gauge(index).unwrap_or(0.0));
        }
        let counts = record.by_member.totals();
        let by_member: Vec<u64> =
            counts.iter().take(component.first_in_reserve().into()).map(|it| it[0]).collect();
        let member = |(ordinal, (slot, counts)): (usize, (&u32, &[u64; 3]))| {
            let counters = about.counters.iter().zip(&counts[1..]);
            let counters = counters.map(|(name, count)| (*name, *count as f64));
            let gauges = about.gauges.iter().zip(gauges(world, &[*slot], spec));
            let gauges = gauges.map(|(gauge, value)| (gauge.name, value));
            MemberReport {
                name: spec.member_name(ordinal as u16),
                up: world.is_up(*slot),
                offered: counts[0] as f64 / seconds,
                waiting: world.member(*slot).desk.waiting_count,
                own: counters.chain(gauges).filter(|it| it.1.is_finite()).collect(),
            }
        };
        let members = component.members.iter().zip(&counts).enumerate().map(member).collect();
        let label = run.head.design.components.get(&component.id);
        let report = ComponentReport {
            label: label.map(|it| it.label.clone()).unwrap_or_default(),
            kind: about.id,
            offered: total.offered as f64 / seconds,
            throughput: (total.completed() + total.failed()) as f64 / seconds,
            goodput: total.completed() as f64 / seconds,
            errors: failures.map(|it| (it.0.word(), it.1)).collect(),
            wasted: total.wasted,
            wasted_work_s: total.wasted_ns as f64 / 1e9,
            busy: share(busy),
            occupied: share(occupied),
            mean_queue_length: queue,
            in_hand,
            stale_reads: recorder.staleness.total(slot as u32),
            imbalance: Some(imbalance(&by_member)).filter(|it| !it.is_nan()),
            duplicate_writes: recorder.effects.duplicates(slot as u32),
            members,
            latency,
            own,
        };
        components.insert(component.id.to_string(), report);
    }
    Report {
        design: run.head.design.name.clone(),
        seed,
        simulated_ns: simulated.0,
        wall_ns: 0,
        events: world.ordinal() - recorder.events_before,
        requests: recorder.requests,
        state_hash: format!("{:016x}", world.state_hash()),
        stopped: run.stopped.as_ref().map(|it| english::sentence(std::slice::from_ref(it))),
        components,
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let simulated = text::duration(self.simulated_ns as f64);
        writeln!(f, "{}, seed {}: {simulated} simulated", self.design, self.seed)?;
        let (events, requests) = (text::count(self.events), text::count(self.requests));
        let wall = text::duration(self.wall_ns as f64);
        writeln!(f, "{events} events, {requests} client requests, in {wall}")?;
        writeln!(f, "state hash {}\n", self.state_hash)?;
        let widths =
            "component            offered   goodput   failed    busy   queue       p50       p99";
        writeln!(f, "{widths}")?;
        for (id, it) in &self.components {
            let latency = |pick: fn(&Latency) -> u64| {
                it.latency.as_ref().map_or("–".into(), |it| text::duration(pick(it) as f64))
            };
            let busy = it.busy.map_or("–".into(), text::percent);
            let failed = it.throughput - it.goodput;
            writeln!(
                f,
                "{id:<18}{:>8}/s{:>8}/s{:>7}/s{busy:>8}{:>8}{:>10}{:>10}",
                text::number(it.offered),
                text::number(it.goodput),
                text::number(failed),
                text::number(it.mean_queue_length),
                latency(|it| it.p50),
                latency(|it| it.p99),
            )?;
            for (name, value) in &it.own {
                let value = match name {
                    name if name.ends_with("_ns") => text::duration(*value),
                    name if name.ends_with("_ratio") => text::percent(*value),
                    _ => text::number(*value),
                };
                writeln!(f, "{:<18}  {name} {value}", "")?;
            }
            if it.wasted_work_s > 0.0 {
                let work = text::duration(it.wasted_work_s * 1e9);
                writeln!(f, "{:<18}  wasted_work {work}", "")?;
            }
            let caught =
                [("stale_reads", it.stale_reads), ("duplicate_writes", it.duplicate_writes)];
            for (name, count) in caught.into_iter().filter(|it| it.1 > 0) {
                writeln!(f, "{:<18}  {name} {}", "", text::count(count))?;
            }
            for (cause, count) in &it.errors {
                writeln!(f, "{:<18}  {cause}: {}", "", text::count(*count))?;
            }
        }
        Ok(())
    }
}
