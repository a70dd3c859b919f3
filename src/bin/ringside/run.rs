//! `ringside run`: runs a design and reports.

use std::path::PathBuf;

use ringside::base::time::Nanos;
use ringside::document::Design;
use ringside::session::report::{Report, history, report};
use ringside::session::run::Run;

use crate::clock;

/// What to run, and how long.
#[derive(clap::Args)]
pub struct Options {
    /// A design file.
    design: PathBuf,
    /// Seed of all randomness; the file's own unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// Simulated time to report on, after the warm-up.
    #[arg(long = "for", default_value = "60s", value_parser = duration)]
    span: Nanos,
    /// Simulated time before that.
    #[arg(long, default_value = "0s", value_parser = duration)]
    warmup: Nanos,
    /// Instead of figures, what clients did with the key–value store of this id, as a history for
    /// `ringside check`: the last 512 operations.
    #[arg(long)]
    history: Option<String>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Reads a duration argument.
pub fn duration(text: &str) -> Result<Nanos, String> {
    Nanos::parse(text)
        .ok_or_else(|| format!("{text:?} is not a duration such as \"60s\" or \"250ms\""))
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    let path = options.design.display();
    let text = std::fs::read_to_string(&options.design)
        .map_err(|error| format!("design: cannot read {path}: {error}"))?;
    let (file, notices) = ringside::document::file::read(&text)
        .map_err(|error| format!("design: {path}: {error}"))?;
    for notice in notices {
        eprintln!("ringside: note: {notice}");
    }
    let seed = options.seed.unwrap_or(file.seed);
    let (run, report) = simulate(file.design, seed, options.warmup, options.span)?;
    if let Some(id) = &options.history {
        let none = || format!("history: {id:?} is no key–value store of this design");
        print!("{}", history(&run, id).ok_or_else(none)?);
        return Ok(());
    }
    if options.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        println!("{json}");
    } else {
        println!("{report}");
    }
    Ok(())
}

/// Runs a design for a span after a warm-up.
fn simulate(
    design: Design,
    seed: u64,
    warmup: Nanos,
    span: Nanos,
) -> Result<(Run, Report), String> {
    let started = clock::now();
    let mut run = Run::open(design, seed, warmup, Vec::new()).map_err(|error| error.to_string())?;
    run.advance(span, u64::MAX);
    let mut report = report(&run, seed);
    report.wall_ns = started.elapsed().as_nanos() as u64;
    Ok((run, report))
}
