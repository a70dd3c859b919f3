//! Live theory: a component that satisfies the assumptions of a closed form shows what that predicts
//! beside what was seen, with the band in which 19 of 20 runs of this length fall; of another it is
//! said which assumption fails.
//!
//! What is assumed is read off the compiled design: where requests begin, which way they take, what
//! work they are. Poisson arrivals stay Poisson when they are thinned by chance, merged, or delayed
//! independently of each other (Kleinrock vol. 1, sections 2.4 and 4.7); nothing else is taken for
//! Poisson.

use serde::{Deserialize, Serialize};

use crate::algorithm::queueing::error::{
    Variances, forgets_s, mg1_variances, mmc_variances, mmck_variances, standard_error,
};
use crate::algorithm::queueing::{Load as Offered, Steady, erlang_c, mg1, mmc, mmck};
use crate::base::english::{Argument, Text, TextId};
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::component::client::{Arrivals, Course, Does, Load as Comes};
use crate::component::{Registry, Role, Spec, State};
use crate::document::Id;
use crate::engine::line::{Discipline, Shed};
use crate::engine::plan::{Op, Or, Program};
use crate::engine::recorder::{Window, Windows};
use crate::engine::{Component, Request, Verb};

use super::moment::is_well;
use super::run::Run;

/// Half the width of a band, in standard errors: 95 % of a normal distribution.
const BAND: f64 = 1.96;
/// A run counts as long once it has lasted so many times as long as the queue takes to forget.
const LONG: f64 = 30.0;
/// The line before a server is as good as none if fewer arrivals than this wait in it.
const NO_LINE: f64 = 1e-3;
/// A bounded line is as good as an endless one if fewer arrivals than this are turned away.
const NO_LOSS: f64 = 1e-6;
/// Servers passed on the way, at most.
const HOPS_MAX: u8 = 8;

/// A closed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// One server, exponential work.
    Mm1,
    /// Several servers, exponential work.
    Mmc,
    /// The same with a bounded line.
    Mmck,
    /// One server, constant work.
    Md1,
    /// One server, any work.
    Mg1,
}

impl Model {
    /// What it is called, after Kendall.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mm1 => "M/M/1",
            Self::Mmc => "M/M/c",
            Self::Mmck => "M/M/c/K",
            Self::Md1 => "M/D/1",
            Self::Mg1 => "M/G/1",
        }
    }

    /// Its formula, for arrivals λ and services μ per second and server, with ρ = λ / c μ.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Mm1 => "W = 1 / (μ − λ)",
            Self::Mmc => "W = C / (cμ − λ) + 1 / μ, with Erlang's C",
            Self::Mmck => "pₙ₊₁ = pₙ λ / min(n+1, c) μ for n < K; W = L / λ (1 − p_K)",
            Self::Md1 => "W = ρ / 2μ (1 − ρ) + 1 / μ",
            Self::Mg1 => "W = λ E[S²] / 2 (1 − ρ) + 1 / μ (Pollaczek–Khinchine)",
        }
    }
}

/// A figure as predicted and as seen. Durations in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// In the long run, by the formula.
    pub predicted: f64,
    /// The band in which 19 of 20 runs of this length fall; from −∞ to ∞ if that is not known.
    pub band: (f64, f64),
    /// As seen.
    pub seen: f64,
}

impl Compared {
    fn new(predicted: f64, variance: f64, run_s: f64, seen: f64) -> Self {
        let half = BAND * standard_error(variance, run_s);
        let half = if half.is_nan() { f64::INFINITY } else { half };
        Self { predicted, band: ((predicted - half).max(0.0), predicted + half), seen }
    }

    /// Whether what was seen lies in the band.
    pub fn holds(&self) -> bool {
        (self.band.0..=self.band.1).contains(&self.seen)
    }
}

/// What theory says of a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Theory {
    /// Of which.
    pub component: Id,
    /// By what; none if no closed form fits.
    pub prediction: Option<Prediction>,
    /// Assumptions that fail, or why there is nothing to compare yet.
    pub fails: Vec<Text>,
}

/// What is predicted of a component, and what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// By which closed form.
    pub model: Model,
    /// Requests per second that arrive, by design (λ), at all members together.
    pub arrivals_per_s: f64,
    /// Requests per second that one worker that never idles completes (μ).
    pub services_per_s: f64,
    /// Workers of a member (c).
    pub servers: u32,
    /// Members, each with a line of its own; those that stand by while all is well do not count.
    pub members: u32,
    /// What was looked at: from, and how long.
    pub since: Nanos,
    /// How long.
    pub span: Nanos,
    /// The share of time a worker is busy.
    pub utilization: Compared,
    /// Requests waiting, in all lines together.
    pub waiting: Compared,
    /// Time from arrival to answer, seconds.
    pub stay_s: Compared,
}

/// Requests of one class and verb, per second.
type Flow = ((u8, Verb), f64);

/// What theory says of the component with this id at the cursor; none if it serves nobody.
pub fn theory(run: &Run, id: &str) -> Option<Theory> {
    let blueprint = run.shown().world.blueprint();
    let slot = blueprint.component(id)?;
    let component = &blueprint.components[slot as usize];
    if component.spec.as_ref()?.about().role == Role::Source {
        return None;
    }
    let (prediction, fails) = match forecast(run, slot) {
        Ok((prediction, fails)) => (Some(prediction), fails),
        Err(why) => (None, vec![why]),
    };
    Some(Theory { component: id.into(), prediction, fails })
}

fn fail(id: TextId, arguments: Vec<Argument>) -> Text {
    Text::new(id, arguments)
}

fn label(run: &Run, slot: u32) -> Argument {
    let shown = run.shown();
    let id = &shown.world.blueprint().components[slot as usize].id;
    let record = shown.design.components.get(id);
    Argument::Name(record.map_or_else(|| id.to_string(), |it| it.label.clone()))
}

/// The prediction, and what keeps it from being compared; or why there is none.
fn forecast(run: &Run, slot: u32) -> Result<(Prediction, Vec<Text>), Text> {
    let world = &run.shown().world;
    let blueprint = world.blueprint();
    let component = &blueprint.components[slot as usize];
    let flows = arrivals(run, slot, HOPS_MAX)?;
    let total: f64 = flows.iter().map(|it| it.1).sum();
    if total <= 0.0 {
        return Err(fail(TextId::NobodyCalls, Vec::new()));
    }
    let work = services(run, component, &flows)?;
    let members = u32::from(component.first_in_reserve().max(1));
    let arrivals_per_s = total / f64::from(members);
    let services_per_s = 1.0 / work.moments[0];
    let load = Offered { arrivals_per_s, services_per_s };
    let line = component.station.line;
    if line.discipline != Discipline::Fifo || line.shed != Shed::Off {
        return Err(fail(TextId::Depends, Vec::new()));
    }
    let (servers, queue) = (component.station.workers, component.station.queue_max);
    let (model, steady, variances) = closed_form(load, servers, queue, &work)?;
    let mut fails = Vec::new();
    if !is_well(world, slot, HOPS_MAX) || world.cut_wires().next().is_some() {
        fails.push(fail(TextId::NotHealthy, Vec::new()));
    }
    // A queue that was disturbed is looked at again once it has forgotten that.
    let forgets = Nanos::from_seconds(forgets_s(load, servers, queue, work.variation()));
    let now = world.now();
    let disturbed = run.recorded().disturbances.iter().rev().find(|it| it.at <= now);
    let after =
        disturbed.map_or(run.zero, |it| it.at.saturating_add(Nanos(forgets.0.saturating_mul(5))));
    let since = after.max(run.zero);
    let all = &run.recorded().components[slot as usize].windows[1];
    let second = Nanos::SECOND;
    let inside = |it: &&Window| it.end.saturating_sub(second) >= since && it.end <= now;
    let windows: Vec<&Window> = all.iter().filter(inside).collect();
    let seen = Seen::of(&windows);
    let span = Nanos(second.0 * windows.len() as u64);
    let since = windows.first().map_or(since, |it| it.end.saturating_sub(second));
    let needed = Nanos::from_seconds(LONG * forgets.as_seconds()).max(Nanos::seconds(10));
    if span < needed {
        let durations = [span, needed].map(|it| Argument::Duration(it.0 as f64));
        fails.push(fail(TextId::TooShort, durations.into()));
    }
    if seen.given_up > 0 && model != Model::Mmck {
        fails.push(fail(TextId::GivenUp, vec![Argument::Count(seen.given_up)]));
    }
    let count = f64::from(members);
    let run_s = span.as_seconds();
    let waiting = (steady.waiting * count, variances.waiting * count);
    let prediction = Prediction {
        model,
        arrivals_per_s: total,
        services_per_s,
        servers,
        members,
        since,
        span,
        utilization: Compared::new(
            steady.utilization,
            variances.utilization / count,
            run_s,
            seen.busy / count / f64::from(servers),
        ),
        waiting: Compared::new(waiting.0, waiting.1, run_s, seen.waiting),
        stay_s: Compared::new(steady.stay_s, variances.stay_s / count, run_s, seen.stay_s),
    };
    Ok((prediction, fails))
}

fn closed_form(
    load: Offered,
    servers: u32,
    queue: u32,
    work: &Work,
) -> Result<(Model, Steady, Variances), Text> {
    if servers == u32::MAX {
        return Err(fail(TextId::NoLine, Vec::new()));
    }
    let exponential = work.shape == Some(Shape::Exponential);
    let places = servers.saturating_add(queue);
    let turned_away = |line: u32| mmck(load, servers, line.min(1_000_000)).loss_chance;
    if exponential && places < 1_000_000 && turned_away(places) > NO_LOSS {
        let steady = mmck(load, servers, places);
        return Ok((Model::Mmck, steady, mmck_variances(load, servers, places)));
    }
    let busy = load.erlangs() / f64::from(servers);
    let overload = || fail(TextId::Overload, vec![Argument::Share(busy)]);
    if exponential {
        let steady = mmc(load, servers).ok_or_else(overload)?;
        let variances = mmc_variances(load, servers).ok_or_else(overload)?;
        let model = if servers == 1 { Model::Mm1 } else { Model::Mmc };
        return Ok((model, steady, variances));
    }
    if servers > 1 {
        return Err(fail(TextId::NoFormula, vec![Argument::Count(servers.into())]));
    }
    let steady = mg1(load, work.variation()).ok_or_else(overload)?;
    // The chance that the line is full, bounded by that of exponential work as variable as this.
    if turned_away(1u32.saturating_add(queue)) > NO_LOSS {
        return Err(fail(TextId::Bounded, vec![Argument::Count(queue.into())]));
    }
    let variances = mg1_variances(load.arrivals_per_s, work.moments).ok_or_else(overload)?;
    let constant = work.shape == Some(Shape::Constant);
    Ok((if constant { Model::Md1 } else { Model::Mg1 }, steady, variances))
}

/// What was seen over some windows.
struct Seen {
    busy: f64,
    waiting: f64,
    stay_s: f64,
    given_up: u64,
}

impl Seen {
    fn of(windows: &[&Window]) -> Self {
        let count = windows.len() as f64;
        let level = |at: usize| windows.iter().map(|it| f64::from(it.levels[at])).sum::<f64>();
        let ended: f64 = windows.iter().map(|it| f64::from(it.completed)).sum();
        let stays = windows.iter().filter(|it| it.completed > 0);
        let stays = stays.map(|it| f64::from(it.mean_ns) * f64::from(it.completed));
        Self {
            busy: level(2) / count,
            waiting: level(1) / count,
            stay_s: stays.sum::<f64>() / ended / 1e9,
            given_up: windows.iter().map(|it| u64::from(it.failed)).sum(),
        }
    }
}

/// Work of one request.
struct Work {
    /// The shape, if all have the same.
    shape: Option<Shape>,
    /// E\[S\] to E\[S⁴\].
    moments: [f64; 4],
}

impl Work {
    /// The squared coefficient of variation.
    fn variation(&self) -> f64 {
        self.moments[1] / (self.moments[0] * self.moments[0]) - 1.0
    }
}

/// The work that requests of these flows are to a component.
fn services(run: &Run, component: &Component<Registry>, flows: &[Flow]) -> Result<Work, Text> {
    let roles = component.spec.as_ref().map(|it| it.about().role);
    let mut works: Vec<(Piece, f64)> = Vec::new();
    for (kind, rate) in flows.iter().filter(|it| it.1 > 0.0) {
        let path = path(component, *kind).ok_or_else(|| fail(TextId::Depends, Vec::new()))?;
        if let Some(wire) = path.calls.first() {
            let to = run.shown().world.blueprint().wires[*wire as usize].to;
            return Err(fail(TextId::WaitsFor, vec![label(run, to)]));
        }
        let own = path.own > 0 && roles != Some(Role::Cache);
        let [piece] = path.work.as_slice() else {
            return Err(fail(TextId::NoWork, Vec::new()));
        };
        if own {
            return Err(fail(TextId::Depends, Vec::new()));
        }
        works.push((*piece, *rate));
    }
    let total: f64 = works.iter().map(|it| it.1).sum();
    let first = works.first().map(|it| it.0);
    let Some(first) = first.filter(|it| it.moments[0] > 0.0) else {
        return Err(fail(TextId::NoWork, Vec::new()));
    };
    let mut moments = [0.0; 4];
    for (piece, rate) in &works {
        moments.iter_mut().zip(piece.moments).for_each(|(sum, it)| *sum += it * rate / total);
    }
    let same = works.iter().all(|it| it.0 == first);
    Ok(Work { shape: first.shape.filter(|_| same), moments })
}

/// A piece of work.
#[derive(Clone, Copy, PartialEq)]
struct Piece {
    /// None if it is as measured.
    shape: Option<Shape>,
    /// E\[S\] to E\[S⁴\].
    moments: [f64; 4],
}

/// What a request of one class and verb does at a component.
#[derive(Default)]
struct Path {
    work: Vec<Piece>,
    calls: Vec<u32>,
    own: u32,
}

/// None if that depends on more than class and verb.
fn path(component: &Component<Registry>, (class, verb): (u8, Verb)) -> Option<Path> {
    let Program(ops) = &**component.programs.last()?;
    let request = Request { class, verb, ..Request::default() };
    let (mut path, mut at) = (Path::default(), 0usize);
    // Jumps lead forward only.
    loop {
        let op = ops.get(at)?;
        at += 1;
        match op {
            Op::Work(it) => {
                path.work.push(Piece { shape: Some(it.shape), moments: it.moments_s() });
            }
            Op::Measured(it) => path.work.push(Piece { shape: None, moments: it.moments_s() }),
            Op::Local { soft: false, .. } => path.own += 1,
            Op::Call { wire, or: Or::Fail, .. } => path.calls.push(*wire),
            Op::JumpUnless(condition, to) if !condition.holds(&request) => at = usize::from(*to),
            Op::JumpUnless(..) => {}
            Op::Jump(to) => at = usize::from(*to),
            Op::End | Op::Refuse(_) => return Some(path),
            #[allow(clippy::match_same_arms, reason = "kinds of operation to come depend too")]
            _ => return None,
        }
    }
}

/// The Poisson flows that reach a component, by class and verb; or why what reaches it is none.
fn arrivals(run: &Run, slot: u32, hops: u8) -> Result<Vec<Flow>, Text> {
    let blueprint = run.shown().world.blueprint();
    let members = blueprint.components[slot as usize].first_in_reserve();
    let mut flows: Vec<Flow> = Vec::new();
    for wire in blueprint.wires.iter().filter(|it| it.alive && it.to == slot) {
        let caller = &blueprint.components[wire.from as usize];
        if members > 1 && !wire.picker.is_random() {
            return Err(fail(TextId::Turns, vec![label(run, wire.from)]));
        }
        let of = blueprint.wire(&wire.id);
        for (kind, rate) in passed_on(run, caller, wire.from, hops)? {
            let dependent = || fail(TextId::Dependent, vec![label(run, wire.from)]);
            let calls = path(caller, kind).ok_or_else(dependent)?.calls;
            match calls.iter().position(|it| Some(*it) == of) {
                None => {}
                Some(0) if calls.iter().filter(|it| Some(**it) == of).count() == 1 => {
                    flows.push((kind, rate));
                }
                // What comes after a call comes when that has been answered.
                Some(_) => return Err(dependent()),
            }
        }
        // Messages that get lost are late independently of each other, and stay Poisson; those that
        // wait for each other, for an answer, or in whose place others are sent do not.
        let wrong = [
            (wire.policy.is_some_and(|it| it.hedge.is_some()), TextId::Hedges),
            (wire.path.is_some_and(|it| it.bandwidth > 0.0), TextId::NarrowWire),
            (wire.pool.is_some(), TextId::WaitsToConnect),
        ];
        if let Some((_, why)) = wrong.into_iter().find(|it| it.0) {
            return Err(fail(why, vec![label(run, wire.from)]));
        }
        let tries_again = wire.patience.retries > 0 && failed(run, wire.from, slot);
        if tries_again {
            return Err(fail(TextId::TriesAgain, vec![label(run, wire.from)]));
        }
    }
    Ok(flows)
}

/// Whether calls over the wires from one to another have failed of late.
fn failed(run: &Run, from: u32, to: u32) -> bool {
    let window = run.recorded().window_at(to, 1, run.shown().world.now());
    let caller = run.recorded().window_at(from, 1, run.shown().world.now());
    [window, caller].into_iter().flatten().any(|it| it.1.failed > 0)
}

/// What a component begins, or passes on without changing when.
fn passed_on(
    run: &Run,
    caller: &Component<Registry>,
    slot: u32,
    hops: u8,
) -> Result<Vec<Flow>, Text> {
    let blueprint = run.shown().world.blueprint();
    if let Some(Spec::Client(client)) = &caller.spec {
        let poisson = (Comes::Open, Arrivals::Poisson, Course::Steady);
        if (client.load, client.arrivals, client.course) != poisson {
            return Err(fail(TextId::NotPoisson, vec![label(run, slot)]));
        }
        let member = caller.members.first().map(|it| run.shown().world.member(*it));
        let surge = match member.and_then(|it| it.state.as_ref()) {
            Some(State::Client(it)) => it.surge(),
            _ => 1.0,
        };
        let total: f64 = client.classes.iter().map(|it| f64::from(it.weight)).sum();
        let flow = |it: &crate::component::client::Class| {
            let class = blueprint.classes.iter().position(|name| **name == *it.name)?;
            let verb = if it.does == Does::Write { Verb::Write } else { Verb::Read };
            let kind = (u8::try_from(class).ok()?, verb);
            Some((kind, client.rate.0 * surge * f64::from(it.weight) / total.max(1.0)))
        };
        return Ok(client.classes.iter().filter(|it| it.weight > 0).filter_map(flow).collect());
    }
    let dependent = || fail(TextId::Dependent, vec![label(run, slot)]);
    let hops = hops.checked_sub(1).ok_or_else(dependent)?;
    let flows = arrivals(run, slot, hops)?;
    let mut work_s = 0.0;
    for (kind, rate) in &flows {
        let path = path(caller, *kind).ok_or_else(dependent)?;
        if path.own > 0 {
            return Err(dependent());
        }
        work_s += rate * path.work.iter().map(|it| it.moments[0]).sum::<f64>();
    }
    // Work for as many at once as come is a delay; so is a line that as good as nobody stands in.
    let members = f64::from(caller.first_in_reserve().max(1));
    let workers = caller.station.workers;
    let held = caller.station.hold && workers != u32::MAX;
    let line = erlang_c(work_s / members, workers.min(1 << 20)).unwrap_or(1.0);
    if held && occupied(run, slot) > NO_HOLD || workers != u32::MAX && line > NO_LINE {
        return Err(dependent());
    }
    Ok(flows)
}

/// A server that holds its workers while it waits for others does not delay what it passes on as
/// long as no more of them are taken than this share.
const NO_HOLD: f64 = 0.5;

/// The largest share of a component's workers held in any second that is known.
fn occupied(run: &Run, slot: u32) -> f64 {
    let component = &run.shown().world.blueprint().components[slot as usize];
    let all = f64::from(component.station.workers) * f64::from(component.first_in_reserve());
    let windows = run.recorded().components.get(slot as usize).map(|it| &it.windows[1]);
    let held = windows.into_iter().flat_map(Windows::iter).map(|it| f64::from(it.levels[3]));
    held.fold(0.0, f64::max) / all
}
