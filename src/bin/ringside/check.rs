//! `ringside check`: judges a recorded history.

use std::path::PathBuf;
use std::process::ExitCode;

use ringside::algorithm::consistency::{Guarantee, History, Verdict, Violation, text};
use serde_json::{Map, Value, json};

use crate::clock;

/// Longest history that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// What to judge, and by what.
#[derive(clap::Args)]
pub struct Options {
    /// A history: Jepsen's log of one register, or JSON of our own.
    history: PathBuf,
    /// What the operations are on.
    #[arg(long, value_parser = ["register"])]
    model: String,
    /// What should hold.
    #[arg(long, default_value = "linearizable", value_parser = guarantee)]
    guarantee: Guarantee,
    /// How long it may take until a write is seen everywhere, in seconds (lines, in Jepsen's log, which has
    /// no times): what bounded staleness allows, and how long convergence waits.
    #[arg(long, value_parser = bound, default_value = "0", allow_negative_numbers = true)]
    bound: f64,
    /// One JSON object instead of a sentence.
    #[arg(long)]
    json: bool,
}

fn guarantee(id: &str) -> Result<Guarantee, String> {
    Guarantee::find(id).ok_or_else(|| {
        let ids: Vec<_> = Guarantee::ALL.iter().map(|it| it.id()).collect();
        format!("one of {}", ids.join(", "))
    })
}

fn bound(text: &str) -> Result<f64, String> {
    let it = text.parse().ok().filter(|it: &f64| (0.0..=1e9).contains(it));
    it.ok_or_else(|| String::from("a number of seconds from 0 to 1000000000"))
}

/// Runs the command: 0 if the guarantee holds, 1 if not. What cannot be read or told is an error.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    let path = options.history.display();
    let cannot = |error: std::io::Error| format!("history: cannot read {path}: {error}");
    let length = std::fs::metadata(&options.history).map_err(cannot)?.len();
    if length > BYTES_MAX {
        return Err(format!("history: {path} is longer than {} MiB", BYTES_MAX >> 20));
    }
    let bytes = std::fs::read(&options.history).map_err(cannot)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let lines = bytes[..error.valid_up_to()].iter().filter(|it| **it == b'\n').count();
        format!("history: {path}: line {}: this is not text in UTF-8", lines + 1)
    })?;
    let mut history = text::read(text).map_err(|error| format!("history: {path}: {error}"))?;
    // Of our own form times are in ns, as `ringside run` writes them.
    let unit = if text::is_json(text) { 1e9 } else { 1.0 };
    history.bound = (options.bound * unit) as u64;
    let started = clock::now();
    let verdict = options.guarantee.check(&history);
    let wall_ns = started.elapsed().as_nanos() as u64;
    let violation = match verdict {
        Verdict::Holds => None,
        Verdict::Violated(it) => Some(it),
        Verdict::Undecided(why) => return Err(format!("history: {path}: {why}")),
    };
    let (name, count) = (options.guarantee.id(), history.operations.len());
    if options.json {
        let mut report = Map::new();
        report.insert(name.replace('-', "_"), violation.is_none().into());
        report.insert("operations".into(), count.into());
        report.insert("wall_ns".into(), wall_ns.into());
        report.insert("violation".into(), violation.as_ref().map(|it| told(&history, it)).into());
        println!("{:#}", Value::Object(report));
    } else {
        let holds = if violation.is_none() { "yes" } else { "no" };
        println!("{name}: {holds} ({count} operations, {:.1} ms)", wall_ns as f64 / 1e6);
        if let Some(violation) = &violation {
            println!("{}", violation.words);
        }
    }
    Ok(ExitCode::from(u8::from(violation.is_some())))
}

fn told(history: &History, violation: &Violation) -> Value {
    let operation = |it: &usize| {
        let operation = &history.operations[*it];
        let answered = operation.completed < u64::MAX;
        json!({
            "line": operation.line,
            "process": operation.process,
            "key": history.keys[operation.key as usize],
            "invoked": operation.invoked,
            "completed": answered.then_some(operation.completed),
            "what": operation.told(),
        })
    };
    let operations: Vec<_> = violation.operations.iter().map(operation).collect();
    json!({ "words": violation.words, "minimal": violation.minimal, "operations": operations })
}
