//! `ringside bench`: the engine's benchmark designs, through the same compiled design, world and
//! recorder as the app, with timeouts on every call and spans kept.

use serde::Serialize;

use ringside::algorithm::balancing::Rule;
use ringside::base::geometry::Point;
use ringside::base::spread::Shape;
use ringside::base::text;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::ClientParams;
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::document::{ComponentRecord, Design, WireParams, WireRecord};

use crate::run::simulate;

/// What to measure.
#[derive(clap::Args)]
pub struct Options {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Only benchmarks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

#[derive(Serialize)]
struct Measured {
    name: String,
    events: u64,
    events_per_second: f64,
    requests_per_second: f64,
    ns_per_event: f64,
    peak_memory_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Benchmarks {
    benchmarks: Vec<Measured>,
}

/// The book store as the app opens it.
const BOOKSTORE: &str = include_str!("../../../static/designs/bookstore.json");
/// Runs of each; the fastest counts.
const TRIES: usize = 3;

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    let mut cases = vec![("mm1".to_owned(), chain(1, false), Nanos::seconds(2_000))];
    for servers in [4, 16, 100, 400] {
        let span = Nanos::seconds(8_000 / servers);
        cases.push((format!("chain-{servers}"), chain(servers as u32, true), span));
    }
    let (file, _) = ringside::document::file::read(BOOKSTORE).map_err(|it| it.to_string())?;
    cases.push(("bookstore".to_owned(), file.design, Nanos::seconds(60)));
    let mut benchmarks = Vec::new();
    for (name, design, span) in cases.into_iter().filter(|it| it.0.contains(&options.only)) {
        benchmarks.push(measure(name, &design, span)?);
    }
    if options.json {
        let json = serde_json::to_string_pretty(&Benchmarks { benchmarks });
        println!("{}", json.map_err(|error| error.to_string())?);
        return Ok(());
    }
    println!("best of {TRIES}, {} {}", std::env::consts::OS, std::env::consts::ARCH);
    println!("design        events/s   requests/s   ns/event   peak memory so far");
    for it in benchmarks {
        let memory = it
            .peak_memory_bytes
            .map_or("–".into(), |it| format!("{} MB", text::number(it as f64 / 1e6)));
        println!(
            "{:<12}{:>10}{:>13}{:>11}{:>21}",
            it.name,
            text::count(it.events_per_second as u64),
            text::count(it.requests_per_second as u64),
            text::number(it.ns_per_event),
            memory,
        );
    }
    Ok(())
}

fn measure(name: String, design: &Design, span: Nanos) -> Result<Measured, String> {
    let mut best = None;
    for _ in 0..TRIES {
        let report = simulate(design.clone(), 1, Nanos::ZERO, span)?;
        if best
            .as_ref()
            .is_none_or(|it: &ringside::session::report::Report| report.wall_ns < it.wall_ns)
        {
            best = Some(report);
        }
    }
    let report = best.ok_or("nothing was measured")?;
    let seconds = report.wall_ns as f64 / 1e9;
    Ok(Measured {
        name,
        events: report.events,
        events_per_second: report.events as f64 / seconds,
        requests_per_second: report.requests as f64 / seconds,
        ns_per_event: report.wall_ns as f64 / report.events as f64,
        peak_memory_bytes: peak_memory(),
    })
}

/// The most memory this process has had, where the system says so (Linux).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn component(spec: Spec) -> ComponentRecord {
    let (label, at) = (spec.about().name.to_owned(), Point::default());
    ComponentRecord { spec, label, at, zones: Vec::new(), extra: Default::default() }
}

fn wire(from: &str, to: &str) -> WireRecord {
    let settings = WireParams { latency: Nanos::micros(100), ..WireParams::default() };
    WireRecord { from: from.into(), to: to.into(), settings, extra: Default::default() }
}

/// A client and servers at 70 % load, 10 ms of exponential work each; with a balancer between if
/// there are several.
fn chain(servers: u32, balanced: bool) -> Design {
    let mut design = Design { name: format!("chain of {servers}"), ..Design::default() };
    let rate = Rate(70.0 * f64::from(servers));
    let client = ClientParams { rate, timeout: Nanos::seconds(10), ..ClientParams::default() };
    let service = ServiceParams {
        instances: servers,
        workers: 1,
        queue: 100_000,
        work: Nanos::millis(10),
        work_shape: Shape::Exponential,
        ..ServiceParams::default()
    };
    design.components.insert("client".into(), component(Spec::Client(client)));
    design.components.insert("service".into(), component(Spec::Service(service)));
    if !balanced {
        design.wires.insert("client-service".into(), wire("client", "service"));
        return design;
    }
    let balancer = LoadBalancerParams {
        rule: Rule::RoundRobin,
        work: Nanos::ZERO,
        ..LoadBalancerParams::default()
    };
    design.components.insert("balancer".into(), component(Spec::LoadBalancer(balancer)));
    design.wires.insert("client-balancer".into(), wire("client", "balancer"));
    design.wires.insert("balancer-service".into(), wire("balancer", "service"));
    design
}
