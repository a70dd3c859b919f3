//! How fast policies are simulated, as by `ringside cache`, and how long it takes to study a trace that
//! somebody brings, as on the page.

use serde::Serialize;

use crate::algorithm::eviction::{Policy, Trace};
use crate::algorithm::zipf::Zipf;
use crate::base::draw::Stream;
use crate::lens::cache::trace::Present;
use crate::session::bring::{Asked, Bring, Key, Told};
use crate::session::host::Clock;

/// Policies whose speed is measured.
const POLICIES: [Policy; 4] = [Policy::Lru, Policy::Sieve, Policy::S3Fifo, Policy::WTinyLfu];
/// Entries of the cache.
const CAPACITY: u64 = 20_000;
/// Requests simulated, and of how many keys.
const REQUESTS: (usize, u32) = (4_000_000, 1_000_000);
/// Requests of the trace that is brought, and of how many keys.
const BROUGHT: (usize, u32) = (2_000_000, 200_000);
/// Runs of each; the fastest counts.
const TRIES: usize = 5;
/// Bytes that are read at a time, and milliseconds worked at a time: as in `www/trace.js`.
const PIECE: usize = 1 << 20;
const SLICE_MS: f64 = 40.0;

/// How fast one policy was simulated.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// Name on the command line.
    pub policy: String,
    /// Requests per second of real time.
    pub requests_per_second: f64,
    /// Hits of all requests.
    pub hit_ratio: f64,
}

/// How long the parts of a study took, in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Studied {
    /// Requests of the trace.
    pub requests: u64,
    /// To read its text.
    pub read_ms: f64,
    /// From then until every curve is known at every size, be it from a sample.
    pub known_ms: f64,
    /// Until every request has been simulated.
    pub exact_ms: f64,
}

fn keys((count, keys): (usize, u32)) -> impl Iterator<Item = u32> {
    let (zipf, draws) = (Zipf::new(keys, 1.0), Stream::new(5, "trace"));
    (0..count as u64).map(move |at| zipf.rank(draws.bits(at, 0)))
}

/// Simulates the policies whose names contain `only`.
pub fn replays(only: &str, clock: Clock) -> Vec<Replayed> {
    let wanted = |it: &Policy| format!("cache {}", it.id()).contains(only);
    let chosen: Vec<_> = POLICIES.into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Vec::new();
    }
    let trace = Trace { keys: keys(REQUESTS).collect(), ..Trace::default() };
    let replay = |policy: Policy| {
        let mut best = f64::INFINITY;
        let mut tally = Default::default();
        for _ in 0..TRIES {
            let began = clock();
            tally = policy.replay(CAPACITY, 0, &trace);
            best = best.min(clock() - began);
        }
        let requests_per_second = tally.requests as f64 / best * 1e3;
        Replayed { policy: policy.id().into(), requests_per_second, hit_ratio: tally.hit_ratio() }
    };
    chosen.into_iter().map(replay).collect()
}

/// Brings a trace, one key a line, and works until all of it is known.
pub fn study(clock: Clock) -> Option<Studied> {
    let text: String = keys(BROUGHT).flat_map(|it| [it.to_string(), "\n".into()]).collect();
    let bytes = text.len() as u64;
    let present = Present { policy: Policy::Lru, capacity: CAPACITY, width: 520.0 };
    let began = clock();
    let mut bring = Bring::new(Asked { bytes, key: Key::Find, present }).ok()?;
    text.as_bytes().chunks(PIECE).for_each(|it| _ = bring.feed(it));
    let known = |told: &Told| match told {
        Told::Curves(it) => it.rules.iter().all(|of| of.2.len() == it.sizes.len()),
        _ => false,
    };
    let mut told = bring.finish();
    let read = clock();
    let mut first = known(&told).then_some(read);
    loop {
        let done = bring.step(SLICE_MS, clock);
        told = bring.told();
        if first.is_none() && known(&told) {
            first = Some(clock());
        }
        if done {
            break;
        }
    }
    let Told::Curves(it) = told else { return None };
    let (requests, exact_ms) = (it.requests, clock() - read);
    Some(Studied { requests, read_ms: read - began, known_ms: first? - read, exact_ms })
}
