//! `ringside run`: runs a design and reports.

use std::path::PathBuf;

use ringside::base::time::Nanos;
use ringside::document::Design;
use ringside::document::lint::silences;
use ringside::session::kept::Kept;
use ringside::session::protocol::Stamped;
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
    /// Play again what was done to the saved run, faults and edits at their moments, beginning with
    /// the design it began with; without, the design runs as it was saved.
    #[arg(long)]
    replay: bool,
    /// Instead of figures, what clients did with the store of this id, as a history for `ringside check`:
    /// the last 512 operations; of a database with replicas the last 128 on a few of its keys.
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

/// Runs the command. A run that was stopped is reported as far as it went, and ends in the reason.
pub fn run(options: &Options) -> Result<(), String> {
    let path = options.design.display();
    let text = std::fs::read_to_string(&options.design)
        .map_err(|error| format!("design: cannot read {path}: {error}"))?;
    let (kept, notices) = Kept::read(&text).map_err(|error| format!("design: {path}: {error}"))?;
    for notice in notices {
        eprintln!("ringside: note: {notice}");
    }
    let seed = options.seed.unwrap_or(kept.file.seed);
    let (design, inputs) = match options.replay {
        true => (kept.base, inputs(kept.inputs, seed == kept.file.seed)),
        false => (kept.file.design, Vec::new()),
    };
    for silence in silences(&design) {
        eprintln!("ringside: note: {silence}");
    }
    let (run, report) = simulate(design, seed, options, inputs)?;
    if let Some(id) = &options.history {
        let none = || {
            format!(
                "history: {id:?} is no key–value store and no database with replicas of this design"
            )
        };
        print!("{}", history(&run, id).ok_or_else(none)?);
    } else if options.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        println!("{json}");
    } else {
        println!("{report}");
    }
    report.stopped.map_or(Ok(()), Err)
}

/// Inputs as they come due: after as many events as then, in a run with the same seed; in another
/// only the time counts.
fn inputs(inputs: Vec<Stamped>, same: bool) -> Vec<Stamped> {
    let ordinal = |it: &Stamped| if same { it.ordinal } else { u64::MAX };
    inputs.into_iter().map(|it| Stamped { ordinal: ordinal(&it), ..it }).collect()
}

/// Runs a design for a span after a warm-up.
fn simulate(
    design: Design,
    seed: u64,
    options: &Options,
    inputs: Vec<Stamped>,
) -> Result<(Run, Report), String> {
    let started = clock::now();
    let mut run =
        Run::open(design, seed, options.warmup, inputs).map_err(|error| error.to_string())?;
    run.advance(options.span, u64::MAX);
    let mut report = report(&run, seed);
    report.wall_ns = started.elapsed().as_nanos() as u64;
    Ok((run, report))
}
