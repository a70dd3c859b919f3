//! `ringside cache`: what a cache makes of a real trace.

use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::path::PathBuf;

use serde::Serialize;

use ringside::algorithm::eviction::{Bound, Policy, Rule, Tally, Trace, curve};
use ringside::algorithm::requests::{Column, Layout, Reader};
use ringside::base::text;

use crate::clock;

/// Which cache, and which trace.
#[derive(clap::Args)]
pub struct Options {
    /// Which entry leaves when the cache is full; `ringside cache --policies` lists them.
    #[arg(long, required_unless_present = "policies")]
    policy: Option<String>,
    /// Room for so many entries, or bytes with --size-column. With --curve: the largest size.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    capacity: Option<u64>,
    /// The trace: one key a line, or a table with --column; - for standard input.
    #[arg(required_unless_present = "policies")]
    trace: Option<PathBuf>,
    /// The column of the key, by name or by number from 1.
    #[arg(long)]
    column: Option<String>,
    /// The column of the size in bytes; sizes then count instead of entries.
    #[arg(long, requires = "column")]
    size_column: Option<String>,
    /// What is between columns; otherwise a comma, tab, semicolon or space, as in the first line.
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The first line is no request.
    #[arg(long)]
    header: bool,
    /// With policy ttl: for how many requests an entry is good.
    #[arg(long)]
    ttl: Option<u64>,
    /// Hits at so many sizes, evenly spaced up to the capacity or else the number of keys.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    curve: Option<u64>,
    /// With --curve: simulate this share of the keys, several times, and say how far they differ.
    #[arg(long, value_parser = share, requires = "curve")]
    sample: Option<f64>,
    /// One character a request, in the order of the trace, and nothing else: 1 for a hit, 0 for a miss.
    #[arg(long, conflicts_with_all = ["curve", "json"])]
    requests: bool,
    /// List the policies.
    #[arg(long)]
    policies: bool,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [one] => Ok(*one),
        _ if text == "tab" || text == "\\t" => Ok(b'\t'),
        _ => Err("one character, or \"tab\"".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|it| *it > 0.0 && *it < 1.0);
    share.ok_or_else(|| "a share of the keys between 0 and 1, such as 0.01".into())
}

/// A policy by its name, or by one that other people use.
fn find(name: &str) -> Result<Rule, String> {
    let plain = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let known = match plain.as_str() {
        "2q" | "twoq" => "two-q",
        "ttlonly" => "ttl",
        "min" | "opt" => "belady",
        "s3fifo" => "s3-fifo",
        "wtinylfu" => "w-tinylfu",
        other => other,
    };
    Rule::find(known).ok_or_else(|| {
        let ids = Policy::ALL.iter().map(|it| it.id()).chain(Bound::ALL.iter().map(|it| it.id()));
        let ids: Vec<&str> = ids.collect();
        format!("policy: there is no {name:?}; there are: {}", ids.join(", "))
    })
}

/// What one simulation found. Times in nanoseconds; reading is not part of the simulation.
#[derive(Serialize)]
struct Report {
    policy: String,
    capacity: u64,
    requests: u64,
    hits: u64,
    hit_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte_hit_ratio: Option<f64>,
    keys: u64,
    wall_ns: u64,
    /// Processor time of the simulation, where the system tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    busy_ns: Option<u64>,
    read_ns: u64,
}

#[derive(Serialize)]
struct Point {
    capacity: u64,
    hit_ratio: f64,
    miss_ratio: f64,
    /// Counted, if every request was simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u64>,
    /// Twice the standard error between samples; 0 if every request was simulated.
    error: f64,
}

/// Hit ratios over sizes.
#[derive(Serialize)]
struct Curve {
    policy: String,
    requests: u64,
    keys: u64,
    method: &'static str,
    points: Vec<Point>,
    wall_ns: u64,
    read_ns: u64,
}

/// Simulated requests above which a curve is estimated from a sample.
const DIRECT_MAX: u64 = 200_000_000;
/// Entries (or bytes) that a scaled-down cache should have at least.
const SCALED_MIN: f64 = 1_000.0;

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    if options.policies {
        for it in Policy::ALL {
            println!("{:<10} {:<14} {}", it.id(), it.label(), it.help());
        }
        for it in Bound::ALL {
            println!("{:<10} {:<14} {}", it.id(), it.label(), it.help());
        }
        return Ok(());
    }
    let rule = find(options.policy.as_deref().unwrap_or_default())?;
    let name = rule.id().to_owned();
    let ttl = match (rule, options.ttl) {
        (Rule::Policy(policy), None) if policy.needs_ttl() => {
            return Err("ttl: policy ttl needs --ttl, the requests an entry is good for".into());
        }
        (Rule::Policy(policy), Some(ttl)) if policy.needs_ttl() => ttl,
        (_, Some(_)) => return Err(format!("ttl: policy {name} has no time to live")),
        (_, None) => 0,
    };
    if options.capacity.is_none() && options.curve.is_none() {
        return Err("capacity: say how much room the cache has, such as --capacity 1000".into());
    }
    let started = clock::now();
    let (trace, keys) = read(options)?;
    let read_ns = started.elapsed().as_nanos() as u64;
    if let Some(points) = options.curve {
        return draw(options, &name, rule, ttl, &trace, keys, points, read_ns);
    }
    let capacity = options.capacity.unwrap_or_default();
    if options.requests {
        let each = rule.each(capacity, ttl, &trace).into_iter();
        let mut line: Vec<u8> = each.map(|hit| b'0' + u8::from(hit)).collect();
        line.push(b'\n');
        let failed = |error: std::io::Error| format!("requests: cannot write them: {error}");
        return stdout().write_all(&line).map_err(failed);
    }
    let (started, busy) = (clock::now(), clock::busy_ns());
    let tally = rule.replay(capacity, ttl, &trace);
    let wall_ns = started.elapsed().as_nanos() as u64;
    let busy_ns = clock::busy_ns().zip(busy).map(|(after, before)| after - before);
    let sized = options.size_column.is_some();
    let byte_hit_ratio = sized.then(|| tally.hit_weight as f64 / (tally.weight.max(1)) as f64);
    let Tally { requests, hits, .. } = tally;
    let hit_ratio = tally.hit_ratio();
    let report = Report {
        policy: name,
        capacity,
        requests,
        hits,
        hit_ratio,
        byte_hit_ratio,
        keys,
        wall_ns,
        busy_ns,
        read_ns,
    };
    if options.json {
        return print_json(&report);
    }
    let unit = if sized { "bytes" } else { "entries" };
    println!("policy      {}", report.policy);
    println!("capacity    {} {unit}", text::count(capacity));
    println!("requests    {} for {} keys", text::count(requests), text::count(keys));
    println!("hits        {} ({})", text::count(hits), text::percent(hit_ratio));
    if let Some(ratio) = byte_hit_ratio {
        println!("bytes hit   {}", text::percent(ratio));
    }
    let rate = text::rate(requests as f64 / (wall_ns.max(1) as f64 / 1e9), "requests");
    println!("simulated   in {} ({rate})", text::duration(wall_ns as f64));
    println!("read        in {}", text::duration(read_ns as f64));
    Ok(())
}

fn print_json(value: &impl Serialize) -> Result<(), String> {
    println!("{}", serde_json::to_string_pretty(value).map_err(|error| error.to_string())?);
    Ok(())
}

fn read(options: &Options) -> Result<(Trace, u64), String> {
    let path = options.trace.clone().unwrap_or_default();
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| format!("trace: cannot read {shown}: {error}");
    let mut source: Box<dyn Read> = match shown.as_str() {
        "-" => Box::new(stdin().lock()),
        _ => Box::new(File::open(&path).map_err(failed)?),
    };
    let mut reader = Reader::new(Layout {
        column: options.column.clone().map(Column::Told),
        size_column: options.size_column.clone(),
        delimiter: options.delimiter,
        header: options.header,
    });
    let mut buffer = vec![0; 1 << 18];
    loop {
        match source.read(&mut buffer).map_err(failed)? {
            0 => return reader.finish(),
            count => reader.feed(&buffer[..count])?,
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "what was read and asked for, said once")]
fn draw(
    options: &Options,
    name: &str,
    rule: Rule,
    ttl: u64,
    trace: &Trace,
    keys: u64,
    points: u64,
    read_ns: u64,
) -> Result<(), String> {
    let all = if trace.sizes.is_empty() { keys } else { total_size(trace) };
    let most = options.capacity.unwrap_or(all).max(1);
    let requests = trace.keys.len() as u64;
    let sizes = curve::sizes(most, points);
    let started = clock::now();
    let is_lru = matches!(rule, Rule::Policy(Policy::Lru)) && trace.sizes.is_empty();
    let many = requests.saturating_mul(sizes.len() as u64) > DIRECT_MAX;
    let exact = |capacity: u64, hits: u64| {
        let hit_ratio = hits as f64 / requests.max(1) as f64;
        Point { capacity, hit_ratio, miss_ratio: 1.0 - hit_ratio, hits: Some(hits), error: 0.0 }
    };
    let mut method = "every request simulated at every size";
    let points: Vec<Point> = match (rule, options.sample) {
        _ if is_lru && options.sample.is_none() => {
            method = "stack distances, one pass";
            let hits = curve::lru_hits(&trace.keys, most);
            let last = hits.len() - 1;
            sizes.iter().map(|it| exact(*it, hits[(*it as usize).min(last)])).collect()
        }
        (Rule::Policy(_), wanted) if wanted.is_some() || many => {
            method = "sampled keys, error as twice the standard error";
            let point = |capacity: u64| {
                let share = wanted.unwrap_or((SCALED_MIN / capacity as f64).max(0.02));
                if share > 0.3 && wanted.is_none() {
                    return exact(capacity, rule.replay(capacity, ttl, trace).hits);
                }
                let it = curve::sampled(rule, capacity, ttl, trace, share);
                let (hit_ratio, error) = (it.hit_ratio, it.error);
                Point { capacity, hit_ratio, miss_ratio: 1.0 - hit_ratio, hits: None, error }
            };
            sizes.iter().map(|it| point(*it)).collect()
        }
        (Rule::Bound(_), Some(_)) => {
            return Err(format!("sample: {name} is simulated on every request"));
        }
        _ => sizes.iter().map(|it| exact(*it, rule.replay(*it, ttl, trace).hits)).collect(),
    };
    let wall_ns = started.elapsed().as_nanos() as u64;
    let policy = name.to_owned();
    let curve = Curve { policy, requests, keys, method, points, wall_ns, read_ns };
    if options.json {
        return print_json(&curve);
    }
    println!("{name}: {} requests for {} keys; {method}", text::count(requests), text::count(keys));
    println!("{:>16}{:>10}{:>10}{:>10}", "capacity", "hits", "misses", "±");
    for it in &curve.points {
        let percent = text::percent;
        let (hits, misses) = (percent(it.hit_ratio), percent(it.miss_ratio));
        let error = if it.hits.is_some() { "0".into() } else { percent(it.error) };
        println!("{:>16}{hits:>10}{misses:>10}{error:>10}", text::count(it.capacity));
    }
    Ok(())
}

/// The room that all keys of a trace take together, each with the size it came with.
fn total_size(trace: &Trace) -> u64 {
    let mut seen = vec![false; trace.keys.iter().max().map_or(0, |it| *it as usize + 1)];
    let first = trace.requests().filter(|it| !std::mem::replace(&mut seen[it.0 as usize], true));
    first.map(|it| it.1).fold(0, u64::saturating_add)
}
