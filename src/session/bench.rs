//! What the engine is measured by: benchmark designs and measurements, the same for the command
//! line and for WebAssembly. Whoever measures brings the clock, since the core has none.

pub mod caches;

use serde::Serialize;

use crate::algorithm::balancing::Rule;
use crate::base::draw::Stream;
use crate::base::geometry::Point;
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::Rate;
use crate::component::Spec;
use crate::component::client::ClientParams;
use crate::component::load_balancer::LoadBalancerParams;
use crate::component::service::ServiceParams;
use crate::document::{ComponentRecord, Design, WireParams, WireRecord, file};

use super::Session;
use super::host::{Clock, Host};
use super::protocol::{Command, Frame, Tick, View, Which};
use super::run::Run;

/// Runs of each benchmark; the fastest counts.
pub const TRIES: usize = 3;
/// The book store as the app opens it.
const BOOKSTORE: &str = include_str!("../../static/designs/bookstore.json");
/// How far back seeking is measured, in events.
const SEEK_EVENTS: u64 = 5_000_000;
/// How many events are played before.
const PLAYED_EVENTS: u64 = 30_000_000;
/// The page asks again once a repaint.
const REPAINT_MS: f64 = 1e3 / 60.0;
/// Moments that are sought.
const SEEKS: usize = 60;
/// Frames that are made.
const FRAMES: usize = 60;

/// A design and how much of it is run, with timeouts on every call and spans kept.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name in tables.
    pub name: String,
    /// The design.
    pub design: Design,
    /// Simulated time.
    pub span: Nanos,
}

/// How fast one ran.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Name in tables.
    pub name: String,
    /// Events of the engine per second of real time.
    pub events_per_second: f64,
    /// Client requests that ended per second of real time.
    pub requests_per_second: f64,
    /// Real time for one event.
    pub ns_per_event: f64,
    /// The most memory it took, if known.
    pub peak_memory_bytes: Option<u64>,
}

/// How long it took to show other moments, a frame with all figures included, in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Sought {
    /// Name in tables.
    pub name: String,
    /// Moments within the last five million events: median.
    pub median_ms: f64,
    /// And worst.
    pub worst_ms: f64,
    /// Older moments, until something near was shown: worst.
    pub shown_ms: f64,
    /// Older moments, until they were exact: worst.
    pub older_ms: f64,
}

/// What a frame of a large design took, in ms: medians.
#[derive(Clone, Debug, Serialize)]
pub struct Framed {
    /// Components of the design.
    pub components: usize,
    /// Messages on their way.
    pub messages: usize,
    /// To make it of the world.
    pub produce_ms: f64,
    /// To write it as bytes.
    pub encode_ms: f64,
    /// To read it again.
    pub decode_ms: f64,
}

/// Every benchmark of speed.
pub fn cases() -> Vec<Case> {
    let case = |name: &str, design, span| Case { name: name.into(), design, span };
    let mut cases = vec![case("mm1", mm1(), Nanos::seconds(300))];
    for servers in [4, 16, 100, 400] {
        let span = Nanos::seconds(8_000 / u64::from(servers));
        cases.push(case(&format!("chain-{servers}"), chain(servers), span));
    }
    cases.push(case("bookstore", bookstore(), Nanos::seconds(600)));
    cases.push(case("mesh-1000", mesh(Nanos::micros(100)), Nanos::seconds(20)));
    cases
}

/// Runs a benchmark so often; the fastest run counts.
pub fn speed(case: &Case, tries: usize, clock: Clock) -> Result<Measured, String> {
    let mut best: Option<(f64, u64, u64)> = None;
    for _ in 0..tries {
        let began = clock();
        let mut run = open(case)?;
        run.advance(case.span, u64::MAX);
        let ms = clock() - began;
        if best.is_none_or(|it| ms < it.0) {
            best = Some((ms, run.head.world.ordinal(), run.recorder.requests));
        }
    }
    let (ms, events, requests) = best.ok_or("nothing was measured")?;
    Ok(Measured {
        name: case.name.clone(),
        events_per_second: events as f64 / ms * 1e3,
        requests_per_second: requests as f64 / ms * 1e3,
        ns_per_event: ms * 1e6 / events as f64,
        peak_memory_bytes: None,
    })
}

fn open(case: &Case) -> Result<Run, String> {
    let zero = Nanos::ZERO;
    Run::open(case.design.clone(), 1, zero, Vec::new()).map_err(|error| error.to_string())
}

/// Plays a design and jumps about in its past, as somebody does who drags the time line with a lens and a
/// chart open: through the bytes and the slices of time of the worker.
pub fn seek(case: &Case, clock: Clock) -> Sought {
    let mut host = Host::new(Session::default());
    let looked_into = if case.name == "bookstore" { "cache" } else { "service" };
    let mut ask = |commands: Vec<Command>, advance: Nanos| {
        // Nobody looks while it is played.
        let view = match advance {
            Nanos::ZERO => View {
                lens: Some((looked_into.to_owned(), 520.0)),
                chart: Some((looked_into.to_owned(), Which::Latency)),
                figures: true,
                messages: true,
                ..View::default()
            },
            _ => View::default(),
        };
        let tick = Tick::decode(&Tick { commands, advance, view }.encode()).unwrap_or_default();
        Frame::decode(&host.answer(&tick, clock)).unwrap_or_default()
    };
    let design = Box::new(case.design.clone());
    let (seed, warmup) = (1, Nanos::ZERO);
    ask(vec![Command::Open { design, seed, warmup, inputs: Vec::new() }], Nanos::ZERO);
    // What each moment is called: ordinals are sought by their times.
    let mut times = Vec::new();
    let step = Nanos::millis(50);
    while times.last().is_none_or(|it: &(u64, Nanos)| it.0 < PLAYED_EVENTS) {
        let frame = ask(Vec::new(), step);
        times.push((frame.ordinal, frame.now));
    }
    let newest = times.last().map_or(0, |it| it.0);
    let draws = Stream::new(3, "seek");
    // Until something was shown, and until it was exact.
    let mut took = |from: u64, until: u64| {
        let first = times.partition_point(|it| it.0 < from);
        let last = times.partition_point(|it| it.0 < until);
        let (mut shown, mut exact) = (Vec::new(), Vec::new());
        for n in 0..SEEKS as u64 {
            let drawn = draws.bits(n, from) % (last - first) as u64;
            let at = times[first + drawn as usize].1;
            let began = clock();
            let mut frame = ask(vec![Command::Seek(at)], Nanos::ZERO);
            let mut ms = clock() - began;
            shown.push(ms);
            while frame.sought.is_some() {
                let began = clock();
                frame = ask(Vec::new(), Nanos::ZERO);
                // Asked once a repaint.
                ms += (clock() - began).max(REPAINT_MS);
            }
            exact.push(ms);
        }
        shown.sort_by(f64::total_cmp);
        exact.sort_by(f64::total_cmp);
        (shown, exact)
    };
    let (_, recent) = took(newest.saturating_sub(SEEK_EVENTS), newest);
    let (shown, older) = took(0, newest.saturating_sub(SEEK_EVENTS));
    Sought {
        name: case.name.clone(),
        median_ms: recent[SEEKS / 2],
        worst_ms: recent[SEEKS - 1],
        shown_ms: shown[SEEKS - 1],
        older_ms: older[SEEKS - 1],
    }
}

/// Makes frames of a thousand components with ten thousand messages on their way.
pub fn frame(clock: Clock) -> Framed {
    let mut session = Session::default();
    let design = Box::new(mesh(Nanos::millis(100)));
    let (seed, warmup) = (1, Nanos::seconds(4));
    let open = Command::Open { design, seed, warmup, inputs: Vec::new() };
    let view = View { figures: true, messages: true, ..View::default() };
    session.tick(&Tick { commands: vec![open], advance: Nanos::ZERO, view: view.clone() }, 0);
    let (mut produce, mut encode, mut decode) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..FRAMES {
        let advance = Tick { commands: Vec::new(), advance: Nanos::millis(5), view: view.clone() };
        session.tick(&advance, u64::MAX);
        let began = clock();
        let frame = session.frame(&view);
        let produced = clock();
        let bytes = frame.encode();
        let encoded = clock();
        let read = Frame::decode(&bytes).is_some_and(|it| it.ordinal == frame.ordinal);
        decode.push(if read { clock() - encoded } else { f64::NAN });
        produce.push(produced - began);
        encode.push(encoded - produced);
    }
    let median = |mut it: Vec<f64>| {
        it.sort_by(f64::total_cmp);
        it[FRAMES / 2]
    };
    let world = session.run().map(|it| &it.shown().world);
    Framed {
        components: world.map_or(0, |it| it.blueprint().components.len()),
        messages: world.map_or(0, |it| super::flights::flights(it).len()),
        produce_ms: median(produce),
        encode_ms: median(encode),
        decode_ms: median(decode),
    }
}

/// The cases that seeking is measured by.
pub fn seek_cases() -> Vec<Case> {
    let named = |it: &Case| it.name == "chain-400" || it.name == "bookstore";
    cases().into_iter().filter(named).collect()
}

fn component(spec: Spec) -> ComponentRecord {
    let (label, at) = (spec.about().name.to_owned(), Point::default());
    ComponentRecord { spec, label, at, zones: Vec::new(), extra: Default::default() }
}

fn wire(from: &str, to: &str, latency: Nanos) -> WireRecord {
    let (latency_shape, timeout) = (Shape::Constant, Nanos::seconds(30));
    let settings = WireParams { latency, latency_shape, timeout, ..WireParams::default() };
    WireRecord { from: from.into(), to: to.into(), settings, extra: Default::default() }
}

/// One queue with one server at 70 % load, 100 µs of exponential work each, and no network between.
fn mm1() -> Design {
    let mut design = servers(1, Nanos::micros(100));
    design.name = "M/M/1".into();
    design.wires.insert("client-service".into(), wire("client", "service", Nanos::ZERO));
    design
}

/// A client, a balancer, and servers at 70 % load, 10 ms of exponential work each; 100 µs one way
/// between them.
fn chain(count: u32) -> Design {
    let mut design = servers(count, Nanos::millis(10));
    design.name = format!("chain of {count}");
    let (rule, work) = (Rule::RoundRobin, Nanos::ZERO);
    let balancer = LoadBalancerParams { rule, work, ..LoadBalancerParams::default() };
    design.components.insert("balancer".into(), component(Spec::LoadBalancer(balancer)));
    for (from, to) in [("client", "balancer"), ("balancer", "service")] {
        design.wires.insert(format!("{from}-{to}"), wire(from, to, Nanos::micros(100)));
    }
    design
}

fn servers(count: u32, work: Nanos) -> Design {
    let mut design = Design::default();
    let rate = Rate(0.7 * f64::from(count) / work.as_seconds());
    let client = ClientParams { rate, timeout: Nanos::seconds(10), ..ClientParams::default() };
    let service = ServiceParams {
        instances: count,
        workers: 1,
        queue: 100_000,
        work,
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    design.components.insert("client".into(), component(Spec::Client(client)));
    design.components.insert("service".into(), component(Spec::Service(service)));
    design
}

/// The book store.
fn bookstore() -> Design {
    file::read(BOOKSTORE).map(|it| it.0.design).unwrap_or_default()
}

/// A thousand components: fifty clients, and five layers of services, each of which calls one or
/// two of the layer below. A request makes fifteen calls.
fn mesh(latency: Nanos) -> Design {
    const CLIENTS: usize = 50;
    const LAYER: usize = 190;
    let mut design = Design { name: "mesh of 1,000".into(), ..Design::default() };
    let mut connect = |from: String, to: String| {
        design.wires.insert(format!("{from}-{to}"), wire(&from, &to, latency));
    };
    let service = |layer: usize, index: usize| format!("s{layer}-{:03}", index % LAYER);
    for client in 0..CLIENTS {
        connect(format!("c{client:02}"), service(0, client * 19));
    }
    for layer in 0..4 {
        for index in 0..LAYER {
            connect(service(layer, index), service(layer + 1, index * 7 + 3));
            if layer < 2 {
                connect(service(layer, index), service(layer + 1, index * 11 + 8));
            }
        }
    }
    for client in 0..CLIENTS {
        let (rate, timeout) = (Rate(80.0), Nanos::seconds(60));
        let client_of = ClientParams { rate, timeout, keys: 1_000, ..ClientParams::default() };
        design.components.insert(format!("c{client:02}"), component(Spec::Client(client_of)));
    }
    for layer in 0..5 {
        for index in 0..LAYER {
            let service_of = ServiceParams {
                workers: 64,
                queue: 100_000,
                work: Nanos::millis(1),
                work_shape: Shape::Exponential,
                hold_worker: false,
                ..ServiceParams::default()
            };
            let spec = Spec::Service(service_of);
            design.components.insert(service(layer, index), component(spec));
        }
    }
    design
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The benchmarks are what their names say: nobody fails, and servers are as busy as stated.
    #[test]
    fn benchmarks_measure_what_they_say() {
        for case in cases() {
            let mut run = open(&case).expect("it compiles");
            run.advance(Nanos::seconds(2), u64::MAX);
            assert!(run.stopped.is_none() && run.recorder.requests > 0, "{}", case.name);
            let report = crate::session::report::report(&run, 1);
            if let Some(service) = report.components.get("service") {
                let busy = service.busy.expect("workers are limited");
                assert!((0.55..0.85).contains(&busy) && service.errors.is_empty(), "{busy}");
            }
        }
        let framed = frame(&|| 0.0);
        assert_eq!(framed.components, 1_000);
        assert!(framed.messages >= 10_000, "{}", framed.messages);
    }
}
