//! The ready design "Product cache": what its class says holds, by closed forms and by the run.

use crate::common::target;
use ringside::algorithm::eviction::Policy;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::document::{Design, Diff, file};
use ringside::engine::event::Outcome;
use ringside::engine::fault::Fault;
use ringside::engine::recorder::Window;
use ringside::session::protocol::Input;
use ringside::session::run::Run;

const DESIGN: &str = include_str!("../static/designs/product-cache.json");

fn open() -> Run {
    let (file, notices) = file::read(DESIGN).expect("it is a file");
    assert!(notices.is_empty(), "{notices:?}");
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

/// Goes on, and gives what a component did in each second of it.
fn pass(run: &mut Run, seconds: usize, id: &str) -> Vec<Window> {
    run.advance(Nanos::seconds(seconds as u64), u64::MAX);
    let slot = run.shown().world.blueprint().component(id).expect("a component");
    let windows = &run.recorder.components[slot as usize].windows[1];
    windows.range(windows.len() - seconds..).cloned().collect()
}

/// The same without looking.
fn wait(run: &mut Run, seconds: usize) {
    pass(run, seconds, "cache");
}

fn set(run: &mut Run, id: &str, change: impl Fn(&mut Spec)) {
    let before = run.shown().design.clone();
    let mut after: Design = before.clone();
    change(&mut after.components.get_mut(id).expect("it is there").spec);
    run.act(Input::Edit(Diff::between(&before, &after))).expect("it compiles");
}

fn size(run: &mut Run, entries: u32) {
    set(run, "cache", |it| {
        let Spec::Cache(it) = it else { panic!("a cache") };
        it.capacity = entries;
    });
}

fn scan(run: &mut Run, rate: f64) {
    set(run, "stock-report", |it| {
        let Spec::Client(it) = it else { panic!("a client") };
        it.rate = Rate(rate);
    });
}

fn hit_ratio(windows: &[Window]) -> f64 {
    let sum = |of: usize| {
        let count = |it: &Window| f64::from(it.counters.get(of).copied().unwrap_or(0));
        windows.iter().map(count).sum::<f64>()
    };
    sum(0) / (sum(0) + sum(1))
}

/// Calls a second.
fn rate(windows: &[Window]) -> f64 {
    windows.iter().map(|it| f64::from(it.offered)).sum::<f64>() / windows.len() as f64
}

/// Of what ended well, in ms.
fn mean_ms(windows: &[Window]) -> f64 {
    let count: f64 = windows.iter().map(|it| f64::from(it.completed)).sum();
    let of = |it: &&Window| it.completed > 0;
    let sum = |it: &Window| f64::from(it.mean_ns) * f64::from(it.completed);
    windows.iter().filter(of).map(sum).sum::<f64>() / count / 1e6
}

fn failed(windows: &[Window], why: Outcome) -> u32 {
    windows.iter().flat_map(|it| &it.causes).filter(|it| it.0 == why).map(|it| it.1).sum()
}

/// A hit takes 20 ms and a miss 820 ms, so that with a hit ratio h the mean is 20 h + 820 (1 − h),
/// and the database is asked (1 − h) × 1,000 times a second: from 80 to 90 % hits halves both what
/// it has to do and, nearly, the mean.
#[test]
fn ten_points_more_of_hits_halve_the_load() {
    let mut run = open();
    let mut seen = Vec::new();
    for entries in [1_500, 2_750] {
        size(&mut run, entries);
        wait(&mut run, 40);
        let mut other = run.clone();
        let mut third = run.clone();
        let h = hit_ratio(&pass(&mut run, 30, "cache"));
        let mean = mean_ms(&pass(&mut other, 30, "shoppers"));
        let load = rate(&pass(&mut third, 30, "database"));
        let expected = 20.0 * h + 820.0 * (1.0 - h);
        // What ends in a stretch began a moment before it: 0.8 s of 30.
        assert!((mean - expected).abs() < 0.04 * expected, "{mean} ms, {expected} by the formula");
        assert!((load - 1_000.0 * (1.0 - h)).abs() < 12.0, "{load}/s at {h}");
        seen.push((h, load, mean));
    }
    let [(h, load, mean), (more, less, faster)] = seen[..] else { panic!("two") };
    assert!((h - 0.8).abs() < 0.02 && (more - 0.9).abs() < 0.02, "{h} and {more}");
    assert!((less / load - 0.5).abs() < 0.06, "half: {load}/s, then {less}/s");
    assert!((mean - 180.0).abs() < 20.0 && (faster - 100.0).abs() < 10.0, "{mean}, {faster} ms");
}

/// One full scan: under LRU it pushes hot keys out until the database is asked for more than the
/// 400 reads a second it can do; under S3-FIFO, on the same requests, they stay.
#[test]
fn a_full_scan_is_nothing_to_s3_fifo() {
    let mut run = open();
    let mut other = run.clone();
    set(&mut other, "cache", |it| {
        let Spec::Cache(it) = it else { panic!("a cache") };
        it.policy = Policy::S3Fifo;
    });
    let mut seen = Vec::new();
    for run in [&mut run, &mut other] {
        wait(run, 30);
        let before = mean_ms(&pass(run, 10, "shoppers"));
        scan(run, 220.0);
        wait(run, 12);
        let mut twin = run.clone();
        let load = rate(&pass(run, 10, "database"));
        seen.push((before, load, mean_ms(&pass(&mut twin, 10, "shoppers"))));
    }
    let [(lru, lru_load, lru_after), (s3, s3_load, s3_after)] = seen[..] else { panic!("two") };
    assert!(lru_load > 400.0 && s3_load < 400.0, "{lru_load}/s and {s3_load}/s of 400");
    assert!(lru_after > 1.3 * lru, "LRU: {lru} ms, then {lru_after}");
    assert!(s3_after < 1.15 * s3, "S3-FIFO: {s3} ms, then {s3_after}");
}

/// Without the cache the database is offered 1,000 reads a second of the 400 it can do: it queues,
/// turns away, answers too late; and back, empty, the cache needs seconds to be what it was.
#[test]
fn a_dead_cache_takes_the_shop_with_it_and_comes_back_slowly() {
    let mut run = open();
    let usual = mean_ms(&pass(&mut run, 10, "shoppers"));
    run.act(Input::Fault(Fault::Crash(target("cache")))).expect("it compiles");
    wait(&mut run, 6);
    let mut twin = run.clone();
    let database = pass(&mut run, 6, "database");
    let shoppers = pass(&mut twin, 6, "shoppers");
    let offered = rate(&database);
    assert!((offered - 1_000.0).abs() < 30.0, "{offered}/s");
    let answered = database.iter().map(|it| f64::from(it.completed)).sum::<f64>() / 6.0;
    assert!((answered - 400.0).abs() < 20.0, "{answered}/s of 400");
    assert!(failed(&database, Outcome::QueueFull) > 2_000);
    assert!(failed(&shoppers, Outcome::Timeout) > 300, "{shoppers:?}");
    let goodput = shoppers.iter().map(|it| f64::from(it.completed)).sum::<f64>() / 6.0;
    assert!(goodput < answered, "late answers are lost: {goodput}/s of {answered}/s");
    run.act(Input::Fault(Fault::Restart(target("cache")))).expect("it compiles");
    let back: Vec<f64> = pass(&mut run, 20, "shoppers").chunks(1).map(mean_ms).collect();
    let well = |it: &f64| *it < 1.3 * usual;
    let took = back.iter().position(well).expect("it recovers");
    assert!((3..=15).contains(&took), "{took} s: {back:?}");
    assert!(back[took + 3..].iter().all(well), "and stays: {back:?}");
}
