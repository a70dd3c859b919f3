//! `ringside bench`: the engine's benchmark designs, through the same compiled design, world and
//! recorder as the app, with timeouts on every call and spans kept.

use serde::Serialize;

use ringside::base::text;
use ringside::base::time::Nanos;
use ringside::session::bench::caches::{Replayed, Studied, replays, study};
use ringside::session::bench::{Measured, TRIES, cases, frame, seek, seek_cases, speed};

use crate::clock;
use crate::run::duration;

/// What to measure.
#[derive(clap::Args)]
pub struct Options {
    /// One JSON object instead of a table: speed only.
    #[arg(long)]
    json: bool,
    /// Only benchmarks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// For profilers: speed only, run once, and no more than this simulated time.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    brief: Option<Nanos>,
}

#[derive(Serialize)]
struct Benchmarks {
    benchmarks: Vec<Measured>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caches: Vec<Replayed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Studied>,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    let began = clock::now();
    let clock = || began.elapsed().as_secs_f64() * 1e3;
    let wanted = |name: &str| name.contains(&options.only);
    let mut benchmarks = Vec::new();
    for mut case in cases().into_iter().filter(|it| wanted(&it.name)) {
        forget_peak_memory();
        case.span = options.brief.map_or(case.span, |it| it.min(case.span));
        let tries = if options.brief.is_some() { 1 } else { TRIES };
        let measured = speed(&case, tries, &clock)?;
        benchmarks.push(Measured { peak_memory_bytes: peak_memory(), ..measured });
    }
    let brief = options.brief.is_some();
    let caches = if brief { Vec::new() } else { replays(&options.only, &clock) };
    let trace = if !brief && wanted("trace") { study(&clock) } else { None };
    if options.json {
        let json = serde_json::to_string_pretty(&Benchmarks { benchmarks, caches, trace });
        println!("{}", json.map_err(|error| error.to_string())?);
        return Ok(());
    }
    println!("best of {TRIES}, {} {}", std::env::consts::OS, std::env::consts::ARCH);
    println!("design          events/s   requests/s   ns/event   peak memory");
    for it in benchmarks {
        println!(
            "{:<12}{:>12}{:>13}{:>11}{:>14}",
            it.name,
            text::count(it.events_per_second as u64),
            text::count(it.requests_per_second as u64),
            text::number(it.ns_per_event),
            megabytes(it.peak_memory_bytes),
        );
    }
    if options.brief.is_some() {
        return Ok(());
    }
    println!("\nseek, frame included      median      worst   within the last 5,000,000 events");
    for case in seek_cases().iter().filter(|it| wanted(&it.name)) {
        forget_peak_memory();
        let it = seek(case, &clock);
        let (median, worst) = (text::number(it.median_ms), text::number(it.worst_ms));
        let (shown, older) = (text::number(it.shown_ms), text::number(it.older_ms));
        let rest = format!("   before: near in {shown} ms, exact in {older} ms at worst");
        let rest = format!("{rest}; {}", megabytes(peak_memory()));
        println!("{:<20}{median:>9} ms{worst:>8} ms{rest}", it.name);
    }
    if wanted("frame") {
        let it = frame(&clock);
        let ms = [it.produce_ms, it.encode_ms, it.decode_ms].map(text::number);
        println!(
            "\nframe: {} components, {} messages on their way: {} ms to make, {} to write, {} to read",
            it.components, it.messages, ms[0], ms[1], ms[2],
        );
    }
    if !caches.is_empty() {
        println!("\ncaches of 20,000    requests/s   hit ratio");
    }
    for it in caches {
        let rate = text::count(it.requests_per_second as u64);
        println!("{:<16}{rate:>14}{:>12.4}", it.policy, it.hit_ratio);
    }
    if let Some(it) = trace {
        let [read, known, exact] = [it.read_ms, it.known_ms, it.exact_ms].map(text::number);
        println!(
            "\na trace of {} requests: {read} ms to read, {known} ms until every curve is known, {exact} \
             ms until every request is simulated",
            text::count(it.requests),
        );
    }
    Ok(())
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("–".into(), |it| format!("{} MB", text::number(it as f64 / 1e6)))
}

/// The most memory this process has had since it was forgotten, where the system says so (Linux).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Where the system does not know how, peaks are those of all benchmarks so far.
fn forget_peak_memory() {
    _ = std::fs::write("/proc/self/clear_refs", "5");
}
