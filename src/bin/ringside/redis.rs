//! `ringside redis`: commands on Redis' data types, as redis-cli prints their answers.

use std::io::{BufRead, BufWriter, ErrorKind, Write, stdin, stdout};

use ringside::algorithm::redis::Keyspace;
use ringside::base::draw::mix;
use ringside::base::time::Nanos;

/// Commands come from standard input, one a line; after each answer there is an empty line.
#[derive(clap::Args)]
pub struct Options {
    /// What chance decides by (SPOP, SRANDMEMBER).
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much time passes from one command to the next, in ms.
    #[arg(long, default_value_t = 0)]
    step: u64,
    /// Print what replicas are told after each answer, too.
    #[arg(long)]
    effects: bool,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    let mut space = Keyspace::default();
    let mut out = BufWriter::new(stdout().lock());
    // Expiries count from the beginning: there is no clock but the steps.
    let mut at = Nanos::seconds(1);
    for (index, line) in stdin().lock().lines().enumerate() {
        let line = line.map_err(|it| it.to_string())?;
        let done = space.perform(&line, at, mix(options.seed ^ mix(index as u64)));
        at = at.saturating_add(Nanos::millis(options.step));
        let mut text = format!("{}\n", done.reply);
        if options.effects {
            done.effects.iter().for_each(|it| text += &format!("-> {it}\n"));
        }
        match writeln!(out, "{text}") {
            Err(it) if it.kind() == ErrorKind::BrokenPipe => return Ok(()),
            it => it.map_err(|it| it.to_string())?,
        }
    }
    out.flush().map_err(|it| it.to_string())
}
