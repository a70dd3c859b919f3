//! The benchmarks, for whoever runs the module outside of the page (`tests/bench`).

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::session::bench::caches::{Replayed, Studied, replays, study};
use crate::session::bench::{
    Framed, Measured, Sought, TRIES, cases, frame, seek, seek_cases, speed,
};

#[derive(Serialize)]
struct Report {
    benchmarks: Vec<Measured>,
    seeks: Vec<Sought>,
    frame: Option<Framed>,
    caches: Vec<Replayed>,
    trace: Option<Studied>,
}

/// Measures what has a name that contains `only`, by a clock that tells milliseconds; JSON.
#[wasm_bindgen]
pub fn bench(only: &str, clock: &js_sys::Function) -> String {
    let clock =
        || clock.call0(&JsValue::UNDEFINED).ok().and_then(|it| it.as_f64()).unwrap_or(f64::NAN);
    let wanted = |name: &str| name.contains(only);
    // Memory of a module only grows: seeks first, and the peak is theirs.
    let seeks = seek_cases().into_iter().filter(|it| wanted(&format!("seek {}", it.name)));
    let seeks = seeks.map(|it| seek(&it, &clock)).collect();
    let benchmarks = cases().into_iter().filter(|it| wanted(&it.name));
    let benchmarks = benchmarks.filter_map(|it| speed(&it, TRIES, &clock).ok()).collect();
    let frame = wanted("frame").then(|| frame(&clock));
    let caches = replays(only, &clock);
    let trace = if wanted("trace") { study(&clock) } else { None };
    serde_json::to_string(&Report { benchmarks, seeks, frame, caches, trace }).unwrap_or_default()
}
