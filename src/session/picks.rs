//! Who is at a place of the picture: requests worth a look, to pick one and follow it.

use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::event::{Deed, Outcome, Request, Verb};
use crate::engine::exemplar::{Exemplars, Span};
use crate::engine::staleness::StaleRead;
use crate::engine::{Via, World};

use super::protocol::{Pick, Place, Why};
use super::run::Run;

/// How far back "a moment ago" reaches.
const RECENT: Nanos = Nanos::seconds(3);

/// Somebody who is there, or was.
#[derive(Clone, Copy)]
struct Seen {
    request: Request,
    start: Nanos,
    lasted: Nanos,
    outcome: Option<Outcome>,
}

impl Seen {
    fn past(span: &Span) -> Self {
        let (request, start) = (span.request, span.start);
        Self { request, start, lasted: span.length(), outcome: Some(span.outcome) }
    }

    fn failed(&self) -> bool {
        self.outcome.is_some_and(Outcome::is_failure)
    }

    fn pick(&self, why: Why) -> Pick {
        let Self { request, start, lasted, outcome } = *self;
        let Request { id: request, verb, key, class, .. } = request;
        let (near, class, versions) = (start, Some(class), None);
        Pick { why, request, near, lasted, outcome, verb, key, class, versions }
    }
}

/// Who is there; nobody if there is no such place.
pub fn picks(run: &Run, place: &Place) -> Vec<Pick> {
    let world = &run.shown().world;
    let blueprint = world.blueprint();
    let now = world.now();
    match place {
        Place::Component(id) => {
            let Some(slot) = blueprint.component(id) else { return Vec::new() };
            let members = &blueprint.components[slot as usize].members;
            let mut seen = Vec::new();
            for member in members {
                let jobs = world.member(*member).desk.jobs.iter().map(|it| it.1);
                let open = jobs.filter(|it| !it.answered);
                seen.extend(open.map(|it| (it.request, it.arrived)).map(|it| still(it, now)));
            }
            if let Some(record) = run.recorded().components.get(slot as usize) {
                seen.extend(recent(&record.exemplars[0], now));
            }
            let next = next(world, |via, to| matches!(via, Via::Forth(_)) && members.contains(&to));
            let stale = stale(run, slot, None, now.saturating_sub(RECENT), now);
            choose(&seen, median(run, slot, 1, now), next, stale)
        }
        Place::Wire(id) => {
            let Some(slot) = blueprint.wire(id) else { return Vec::new() };
            let wire = &blueprint.wires[slot as usize];
            let mut seen = Vec::new();
            for member in &blueprint.components[wire.from as usize].members {
                let calls = world.member(*member).desk.calls.iter().map(|it| it.1);
                let open = calls.filter(|it| it.wire == slot);
                seen.extend(open.map(|it| (it.request, it.sent)).map(|it| still(it, now)));
            }
            if let Some(exemplars) = run.recorded().calls.get(slot as usize) {
                seen.extend(recent(exemplars, now));
            }
            // What callers wait for: the way there, the median at the other end, the way back.
            let ways = 2 * wire.link.latency.mean.saturating_add(wire.distance).0;
            let median = median(run, wire.to, 1, now).map(|it| it.saturating_add(Nanos(ways)));
            let next = next(world, |via, _| via == Via::Forth(slot));
            let stale = stale(run, wire.to, Some(slot), now.saturating_sub(RECENT), now);
            choose(&seen, median, next, stale)
        }
        Place::Point { component, since, until } => {
            let Some(slot) = blueprint.component(component) else { return Vec::new() };
            let Some(record) = run.recorded().components.get(slot as usize) else {
                return Vec::new();
            };
            let long = usize::from(*until > since.saturating_add(Nanos::SECOND));
            let spans = record.exemplars[long].between(*since, *until);
            let seen: Vec<_> = spans.map(Seen::past).collect();
            let median = median(run, slot, 1 + long, *until);
            choose(&seen, median, None, stale(run, slot, None, *since, *until))
        }
    }
}

fn still((request, start): (Request, Nanos), now: Nanos) -> Seen {
    Seen { request, start, lasted: now - start, outcome: None }
}

fn recent(exemplars: &Exemplars, now: Nanos) -> impl Iterator<Item = Seen> {
    exemplars.between(now.saturating_sub(RECENT), now).map(Seen::past)
}

/// The median of the last window of this length that has ended by then.
fn median(run: &Run, slot: u32, length: usize, now: Nanos) -> Option<Nanos> {
    let median = run.recorded().window_at(slot, length, now)?.1.p50_ns;
    median.is_finite().then_some(Nanos(median as u64))
}

/// The call that arrives first of those that go there.
fn next(world: &World<Registry>, there: impl Fn(Via, u32) -> bool) -> Option<Seen> {
    let calls = world.in_flight().filter_map(|(due, event)| match &event.deed {
        Deed::Call(call) if there(event.via, event.to.slot) => Some((due, event.sent, call)),
        _ => None,
    });
    let (_, start, call) = calls.min_by_key(|it| (it.0, it.2.request.id))?;
    Some(Seen { request: call.request, start, lasted: world.now() - start, outcome: None })
}

/// The latest stale read a component has answered in a stretch of time, perhaps over one wire only.
fn stale(run: &Run, component: u32, wire: Option<u32>, since: Nanos, until: Nanos) -> Option<Pick> {
    let within = |it: &&StaleRead| {
        it.read > since && it.read <= until && (wire.is_none() || it.wire == wire)
    };
    let it = run.recorded().staleness.latest(component).find(within)?;
    Some(Pick {
        why: Why::Stale,
        request: it.request,
        near: it.read,
        lasted: Nanos::ZERO,
        outcome: Some(Outcome::Ok),
        verb: Verb::Read,
        key: it.key,
        class: None,
        versions: Some((it.version, it.newest)),
    })
}

/// The slowest, the latest failure, the one closest to the median, the next to arrive, and the
/// stale one.
fn choose(
    seen: &[Seen],
    median: Option<Nanos>,
    next: Option<Seen>,
    stale: Option<Pick>,
) -> Vec<Pick> {
    let end = |it: &Seen| it.start.saturating_add(it.lasted);
    let slowest = seen.iter().filter(|it| !it.failed()).max_by_key(|it| it.lasted);
    let failed = seen.iter().filter(|it| it.failed()).max_by_key(|it| end(it));
    let typical = median.and_then(|median| {
        let ended = seen.iter().filter(|it| it.outcome.is_some() && !it.failed());
        ended.min_by_key(|it| it.lasted.0.abs_diff(median.0))
    });
    let picks = [
        (slowest, Why::Slowest),
        (failed, Why::Failed),
        (typical, Why::Typical),
        (next.as_ref(), Why::Next),
    ];
    picks.into_iter().filter_map(|(it, why)| Some(it?.pick(why))).chain(stale).collect()
}
