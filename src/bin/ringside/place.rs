//! `ringside place`: which node each key belongs to.

use std::io::{BufRead, BufWriter, ErrorKind, Write, stdin, stdout};

use serde::Serialize;

use ringside::algorithm::hashing::Hash;
use ringside::algorithm::placement::{
    Node, Placed, Scheme, Settings, geographic, jump, pruning, redis_slots,
};
use ringside::base::text;

/// Which scheme, and which nodes. Keys come from standard input, one a line.
#[derive(clap::Args)]
pub struct Options {
    /// How keys find their nodes; `ringside place --schemes` lists the ways.
    #[arg(long, required_unless_present = "schemes")]
    scheme: Option<String>,
    /// The names of the nodes, with commas between.
    #[arg(long, value_delimiter = ',')]
    nodes: Vec<String>,
    /// The weight of each node, in the same order.
    #[arg(long, value_delimiter = ',')]
    weights: Vec<u32>,
    /// Points on the ring for each node of weight 1.
    #[arg(long, default_value_t = Settings::default().vnodes)]
    vnodes: u32,
    /// The hash function; `ringside place --schemes` lists them too.
    #[arg(long)]
    hash: Option<String>,
    /// Rows of Maglev's table: a prime.
    #[arg(long, default_value_t = Settings::default().table)]
    table: u32,
    /// With bounded-loads: how far above the mean a node's load may go.
    #[arg(long, default_value_t = Settings::default().slack)]
    slack: f64,
    /// With range: the first key of each node but the first.
    #[arg(long, value_delimiter = ',')]
    splits: Vec<String>,
    /// With list: the node of each group, as de=a,fr=b; with directory: of each key; with range, in
    /// place of splits: of each piece, by its first key.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// With geographic: where each node is, as 52.5:13.4,40.7:-74.0.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    sites: Vec<String>,
    /// With jump: keys are numbers, and what is printed are numbers of buckets.
    #[arg(long, conflicts_with = "nodes", value_parser = clap::value_parser!(u32).range(1..))]
    buckets: Option<u32>,
    /// With redis-slots: the number of the slot, and no nodes.
    #[arg(long, conflicts_with = "nodes")]
    slots: bool,
    /// No keys from standard input: which nodes a query over keys from one number to another has to
    /// ask, as 1000-1100.
    #[arg(long, conflicts_with_all = ["moved_from", "buckets", "slots"])]
    between: Option<String>,
    /// These were the nodes before: print the share of the keys that moved.
    #[arg(long, value_delimiter = ',')]
    moved_from: Vec<String>,
    /// With --moved-from: one JSON object.
    #[arg(long, requires = "moved_from")]
    json: bool,
    /// List schemes and hash functions.
    #[arg(long)]
    schemes: bool,
}

/// What a change of nodes moves.
#[derive(Serialize)]
struct Moved {
    keys: u64,
    moved: u64,
    share: f64,
    /// Of those moved: from a node that stays to another that was there before.
    between_survivors: u64,
}

fn names(ids: &[&'static str]) -> String {
    ids.join(", ")
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), String> {
    if options.schemes {
        for it in Scheme::ALL {
            println!("{:<14} {}", it.id(), it.help());
        }
        println!(
            "\nChord finds the owners that ring has; who knows whom is shown inside a cache cluster."
        );
        println!("\nhash functions");
        for it in Hash::ALL {
            println!("{:<14} {}", it.id(), it.help());
        }
        return Ok(());
    }
    let name = options.scheme.as_deref().unwrap_or_default();
    let scheme = Scheme::find(name).ok_or_else(|| {
        let ids: Vec<_> = Scheme::ALL.iter().map(|it| it.id()).collect();
        format!("scheme: there is no {name:?}; there are: {}", names(&ids))
    })?;
    match options.buckets {
        Some(_) if !options.moved_from.is_empty() => {
            return Err(
                "buckets: with them nothing is compared; give --nodes to --moved-from".into()
            );
        }
        Some(buckets) if scheme == Scheme::Jump => {
            return each(|key, out| {
                let text = String::from_utf8_lossy(key);
                let number: u64 = text.trim().parse().map_err(|_| {
                    format!("buckets: key {text:?} is not a whole number below 2^64")
                })?;
                line(out, key, jump::bucket(number, buckets).to_string().as_bytes())
            });
        }
        Some(_) => return Err("buckets: only scheme jump has buckets".into()),
        None => {}
    }
    if options.slots {
        if scheme != Scheme::RedisSlots {
            return Err("slots: only scheme redis-slots has slots".into());
        }
        return each(|key, out| line(out, key, redis_slots::slot(key).to_string().as_bytes()));
    }
    let settings = settings(options)?;
    let nodes = nodes(options)?;
    let mut placed = scheme.build(&nodes, &settings)?;
    if let Some(keys) = &options.between {
        let ends = keys.split_once('-');
        let ends = ends.and_then(|it| Some((it.0.trim().parse().ok()?, it.1.trim().parse().ok()?)));
        let (from, to) = ends
            .ok_or_else(|| format!("between: {keys:?} is no pair of numbers, such as 1000-1100"))?;
        for node in pruning::concerned(&placed, from, to)? {
            println!("{}", nodes[node].name);
        }
        return Ok(());
    }
    if options.moved_from.is_empty() {
        return each(|key, out| line(out, key, nodes[placed.place(key)?].name.as_bytes()));
    }
    let before = nodes_before(options, &nodes);
    let then = scheme.build(&before, &settings).map_err(|it| format!("moved-from: {it}"))?;
    moved(options, &before, then, &nodes, placed)
}

fn moved(
    options: &Options,
    before: &[Node],
    mut then: Placed,
    nodes: &[Node],
    mut now: Placed,
) -> Result<(), String> {
    let (mut keys, mut moved, mut between_survivors) = (0u64, 0u64, 0u64);
    each(|key, _| {
        let (from, to) = (&before[then.place(key)?].name, &nodes[now.place(key)?].name);
        keys += 1;
        if from != to {
            moved += 1;
            let stays = nodes.iter().any(|it| it.name == *from);
            let was = before.iter().any(|it| it.name == *to);
            between_survivors += u64::from(stays && was);
        }
        Ok(())
    })?;
    let share = moved as f64 / keys.max(1) as f64;
    if options.json {
        let moved = Moved { keys, moved, share, between_survivors };
        println!("{}", serde_json::to_string_pretty(&moved).map_err(|it| it.to_string())?);
        return Ok(());
    }
    let count = text::count;
    println!("moved {} of {} keys ({})", count(moved), count(keys), text::percent(share));
    println!("between nodes that were there before and stay: {}", count(between_survivors));
    Ok(())
}

fn nodes(options: &Options) -> Result<Vec<Node>, String> {
    let (names, weights) = (&options.nodes, &options.weights);
    if names.is_empty() {
        return Err(
            "nodes: say which there are, such as --nodes a,b,c (jump also takes --buckets 10)"
                .into(),
        );
    }
    if !weights.is_empty() && weights.len() != names.len() {
        return Err(format!("weights: {} for {} nodes", weights.len(), names.len()));
    }
    let weights = weights.iter().copied().chain(std::iter::repeat(1));
    Ok(names.iter().cloned().zip(weights).map(|(name, weight)| Node { name, weight }).collect())
}

/// The nodes before: with the weights they have now, if they are still there.
fn nodes_before(options: &Options, nodes: &[Node]) -> Vec<Node> {
    let weight = |name: &String| nodes.iter().find(|it| it.name == *name).map_or(1, |it| it.weight);
    let node = |name: &String| Node { name: name.clone(), weight: weight(name) };
    options.moved_from.iter().map(node).collect()
}

fn settings(options: &Options) -> Result<Settings, String> {
    let mut settings = Settings {
        vnodes: options.vnodes,
        table: options.table,
        slack: options.slack,
        splits: options.splits.clone(),
        ..Settings::default()
    };
    if let Some(name) = &options.hash {
        settings.hash = Hash::find(name).ok_or_else(|| {
            let ids: Vec<_> = Hash::ALL.iter().map(|it| it.id()).collect();
            format!("hash: there is no {name:?}; there are: {}", names(&ids))
        })?;
    }
    for row in &options.rows {
        let (key, node) =
            row.rsplit_once('=').ok_or_else(|| format!("rows: {row:?} has no \"=\""))?;
        settings.rows.push((key.into(), node.into()));
    }
    for site in &options.sites {
        let place = geographic::place(site);
        settings.sites.push(place.ok_or_else(|| {
            format!("sites: {site:?} is no latitude:longitude in degrees, such as 52.5:13.4")
        })?);
    }
    Ok(settings)
}

fn line(out: &mut dyn Write, key: &[u8], node: &[u8]) -> Result<(), String> {
    let written = out.write_all(key).and_then(|()| out.write_all(b"\t"));
    let written = written.and_then(|()| out.write_all(node)).and_then(|()| out.write_all(b"\n"));
    written.map_err(|error| output(&error))
}

/// A reader that has seen enough is no failure of ours.
fn output(error: &std::io::Error) -> String {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    format!("output: {error}")
}

/// Hands each line of standard input on, without its end. Empty lines are no keys.
fn each(mut with: impl FnMut(&[u8], &mut dyn Write) -> Result<(), String>) -> Result<(), String> {
    let (mut input, mut out) = (stdin().lock(), BufWriter::new(stdout().lock()));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let read = input.read_until(b'\n', &mut buffer);
        if read.map_err(|error| format!("keys: cannot read standard input: {error}"))? == 0 {
            return out.flush().map_err(|error| output(&error));
        }
        let key = buffer.strip_suffix(b"\n").unwrap_or(&buffer);
        let key = key.strip_suffix(b"\r").unwrap_or(key);
        if !key.is_empty() {
            with(key, &mut out)?;
        }
    }
}
