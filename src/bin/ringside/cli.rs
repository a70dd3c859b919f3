//! Reads the command line and calls the command. One variant and one arm per command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{bench, cache, check, place, redis, run as run_design, serve};

/// What a failed command returns; the reason is on standard error.
const FAILURE: u8 = 2;

/// A ringside seat at a running system.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a design and report figures per component.
    Run(run_design::Options),
    /// Judge a recorded history of operations; exits with 0 if the guarantee holds, 1 if not.
    Check(check::Options),
    /// Measure the engine on the benchmark designs.
    Bench(bench::Options),
    /// Run a trace of keys through a cache and count the hits.
    Cache(cache::Options),
    /// Say which node each key belongs to.
    Place(place::Options),
    /// Run commands on Redis' data types, one a line.
    Redis(redis::Options),
    /// Serve the site from a folder.
    Serve(serve::Options),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let command = Arguments::parse().command;
    // Whoever reads what is printed may have had enough of it (`| head`); whoever loads a page may not.
    if !matches!(command, Command::Serve(_)) {
        sigpipe::reset();
    }
    let done = match command {
        Command::Run(options) => run_design::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Check(options) => check::run(&options),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Cache(options) => cache::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Place(options) => place::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Redis(options) => redis::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Serve(options) => {
            serve::serve(&options).map(|()| ExitCode::SUCCESS).map_err(|it| it.to_string())
        }
    };
    match done {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("ringside: {reason}");
            ExitCode::from(FAILURE)
        }
    }
}
