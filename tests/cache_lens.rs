//! The inside of a cache in every state, and its figures beside those of the command line.
//! `LENSES=folder` writes the pictures there.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::*;
use expect_test::expect_file;
use ringside::algorithm::eviction::Policy;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::{self, CacheParams};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::{Design, WireParams};
use ringside::engine::fault::Fault;
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Scene, Shape, check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

/// Client → service → cache beside a database.
fn shop(rate: f64, keys: u32, cache: CacheParams) -> Design {
    let mut it = design();
    let mut people = client(rate, 1, 0);
    people.keys = keys;
    people.key_name = "product".into();
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams { workers: 100, ..ServiceParams::default() };
    add(&mut it, "service", Spec::Service(service));
    add(&mut it, "cache", Spec::Cache(cache));
    let store = SqlDbParams { replicas: 0, workers: 64, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "service", WireParams::default());
    let timeout = Nanos::millis(20);
    wire(&mut it, "service", "cache", WireParams { timeout, ..WireParams::default() });
    wire(&mut it, "service", "store", WireParams::default());
    it
}

fn run(design: Design, seconds: u64) -> Run {
    let mut run = Run::open(design, 5, Nanos::ZERO, Vec::new()).expect("it compiles");
    run.advance(Nanos::seconds(seconds), u64::MAX);
    run
}

/// The lens, so many pixels wide.
fn draw(run: &Run, width: f32, look: &Look) -> Scene {
    let shown = run.shown();
    let component = shown.world.blueprint().component("cache").expect("a cache");
    let edits = run.inputs[..shown.inputs].iter().rev().filter_map(|it| match &it.input {
        Input::Edit(diff) => Some((it.at, diff.components.get("cache")?.before.as_ref()?)),
        _ => None,
    });
    let earlier: Vec<_> = edits.map(|(at, record)| (at, &record.spec)).collect();
    let subject = Subject {
        world: &shown.world,
        recorder: &run.recorder,
        component,
        label: "Product cache",
        key_name: shown.design.key_name(),
        name: &|id| id.to_owned(),
        width,
        earlier: &earlier,
        before: None,
        look,
    };
    lens::draw(&subject).expect("it has a lens")
}

/// The curves are of the latest reads, and complete: they are worked out in a few pictures.
fn complete(run: &Run, width: f32, look: &Look) -> Scene {
    (0..40).for_each(|_| _ = draw(run, width, look));
    let scene = draw(run, width, look);
    let reading = text::reading(&scene);
    assert!(!reading.contains(" points"), "{reading}");
    scene
}

/// The lens at three widths: well drawn, and read aloud as expected at the smallest.
#[track_caller]
fn look(run: &Run, name: &str, look: &Look) {
    for width in [320.0, 520.0, 900.0] {
        let scene = complete(run, width, look);
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        if width == 320.0 {
            let path = format!("{}/tests/snapshots/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            expect_file![path].assert_eq(&text::reading(&scene));
        }
    }
}

fn of(policy: Policy, capacity: u32) -> CacheParams {
    CacheParams { policy, capacity, ..CacheParams::default() }
}

/// A small cache of each policy after 20 s: its structure as it is. TTL only has something to say
/// with a time to live.
#[track_caller]
fn small(policy: Policy) {
    let ttl = if policy.needs_ttl() { Nanos::seconds(4) } else { Nanos::ZERO };
    let run = run(shop(50.0, 60, CacheParams { ttl, ..of(policy, 12) }), 15);
    look(&run, &format!("cache-{}", policy.id()), &Look::default());
}

#[test]
fn every_policy_in_its_own_structure() {
    Policy::ALL.iter().copied().for_each(small);
}

/// Of many entries the ends are drawn, with the number in between; curves with the dot on them.
#[test]
fn a_big_cache_its_curves_and_another_size_tried() {
    let mut run = run(shop(400.0, 4_000, of(Policy::Sieve, 800)), 30);
    look(&run, "cache-big", &Look::default());
    let trial = Some(Act::Set("capacity".into(), "1600".into()).to_string());
    let tried = Look { trial, ..Look::default() };
    let scene = complete(&run, 520.0, &tried);
    assert_eq!(check::problems(&scene), Vec::<String>::new());
    let reading = text::reading(&scene);
    assert!(reading.contains("SIEVE with 1 600 entries would hit"), "{reading}");
    // The dot waits for reads of the new size.
    set(&mut run, |it| it.capacity = 1_600);
    run.advance(Nanos::seconds(1), u64::MAX);
    let reading = text::reading(&complete(&run, 520.0, &Look::default()));
    assert!(reading.contains("The dot comes 1 000 reads after a change."), "{reading}");
    run.advance(Nanos::seconds(4), u64::MAX);
    let reading = text::reading(&complete(&run, 520.0, &Look::default()));
    assert!(reading.contains("Measured (dot): "), "{reading}");
}

/// A key that is picked: where it is, and its last requests to be followed; one nobody knows too.
#[test]
fn a_picked_key() {
    let run = run(shop(50.0, 60, of(Policy::S3Fifo, 12)), 15);
    let pick = |key: u32| Look { noted: vec![("key".into(), key.to_string())], trial: None };
    look(&run, "cache-picked", &pick(0));
    let scene = complete(&run, 520.0, &pick(0));
    let first = scene.marks.iter().find(|it| it.id == "picked/0").expect("a request");
    let Some(Act::Follow(request, at)) = first.action.as_deref().and_then(Act::parse) else {
        panic!("it can be followed: {first:?}")
    };
    // It is the request that the recorder has seen end at that moment.
    let slot = run.shown().world.blueprint().component("cache").expect("a cache");
    let accesses = run.recorder.components[slot as usize].accesses.until(run.shown().world.now());
    let own = accesses.iter().rfind(|it| it.key == 0).expect("asked for");
    assert_eq!((own.request, own.at.0), (request, at));
    // All but the latest, whose requests may be under way, are known by their requests.
    let known = accesses.iter().filter(|it| it.request != 0).count();
    assert!(known + 2 >= accesses.len(), "{known} of {}", accesses.len());
    let reading = text::reading(&complete(&run, 520.0, &pick(4_000_000)));
    assert!(reading.contains("Not held: the next read misses."), "{reading}");
    assert!(reading.contains("Nobody has asked for it lately."), "{reading}");
}

fn set(run: &mut Run, change: impl Fn(&mut CacheParams)) {
    let before = run.shown().design.clone();
    let mut after = before.clone();
    let Spec::Cache(it) = &mut after.components.get_mut("cache").expect("a cache").spec else {
        panic!("a cache")
    };
    change(it);
    let diff = ringside::document::Diff::between(&before, &after);
    run.act(Input::Edit(diff)).expect("it compiles");
}

#[test]
fn a_dead_cache_and_an_empty_one() {
    let mut run = run(shop(50.0, 60, of(Policy::Lru, 12)), 15);
    run.act(Input::Fault(Fault::Crash(target("cache")))).expect("it compiles");
    run.advance(Nanos::seconds(2), u64::MAX);
    look(&run, "cache-dead", &Look::default());
    run.act(Input::Fault(Fault::Restart(target("cache")))).expect("it compiles");
    run.advance(Nanos(1), u64::MAX);
    look(&run, "cache-empty", &Look::default());
}

/// What a mark says of itself.
fn label(scene: &Scene, id: &str) -> String {
    let mark = scene.marks.iter().find(|it| it.id == id);
    let mark = mark.unwrap_or_else(|| panic!("there is no {id}"));
    mark.label.clone().unwrap_or_else(|| match &mark.shape {
        Shape::Text { text, .. } => text.clone(),
        it => panic!("{id} says nothing: {it:?}"),
    })
}

/// Hits of a trace, by the command line.
fn hits(policy: &str, capacity: u64, keys: &[u32]) -> u64 {
    let arguments =
        ["cache", "--policy", policy, "--json", "--capacity", &capacity.to_string(), "-"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let trace: String = keys.iter().map(|it| format!("{it}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(trace.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["hits"].as_u64().expect("a count")
}

/// The curves say what `ringside cache` says of the same trace: hits of all of it less those of the
/// reads that warm up. And what was measured agrees with the curve of the cache's own policy, but
/// for the misses on keys that were on their way.
#[test]
fn curves_are_the_command_lines() {
    for policy in [Policy::Lru, Policy::Clock] {
        let run = run(shop(400.0, 2_000, of(policy, 300)), 40);
        let scene = complete(&run, 520.0, &Look::default());
        let all = run.recorder.components
            [run.shown().world.blueprint().component("cache").expect("a cache") as usize]
            .accesses
            .until(run.shown().world.now());
        let is_read = |it: &&ringside::engine::accesses::Access| it.counter <= cache::MISS;
        let reads: Vec<u32> = all.iter().filter(is_read).map(|it| it.key).collect();
        assert!(reads.len() > 15_000, "{}", reads.len());
        let from = reads.len() / 2;
        let counted = (reads.len() - from) as f64;
        let missed = |policy: &str, size: u64| {
            let hits = hits(policy, size, &reads) - hits(policy, size, &reads[..from]);
            1.0 - hits as f64 / counted
        };
        let most = 2_000;
        let percent = ringside::base::text::percent;
        for (name, id) in [("S3-FIFO", "s3-fifo"), ("LRU", "lru")] {
            let line = label(&scene, &format!("curves/line/{name}"));
            let expected = format!("{name}: {} misses at 2\u{202f}000", percent(missed(id, most)));
            assert_eq!(line, expected);
        }
        let own = missed(policy.id(), 300);
        let words = label(&scene, "curves/promise/0");
        let told = format!("{} with 300 entries hits ", policy.label());
        let told = words.strip_prefix(&told).and_then(|it| it.split(' ').next());
        let told: f64 = told.unwrap_or_else(|| panic!("{words}")).parse().expect("a number");
        // LRU's curve is exact at every size; the others' is straight between two points.
        let near = if policy == Policy::Lru { 0.06 } else { 1.0 };
        assert!((told - (1.0 - own) * 100.0).abs() < near, "{words}, {own} missed");
        let dot = label(&scene, "curves/dot");
        let measured = dot.split(" entries: ").nth(1).and_then(|it| it.split(' ').next());
        let measured: f64 = measured.expect("a share").parse::<f64>().expect("a number") / 100.0;
        // Four standard errors of a share, and what is on its way.
        let noise = 4.0 * (own * (1.0 - own) / counted).sqrt() + 0.02;
        assert!((measured - own).abs() < noise, "{measured} measured, {own} by the curve");
    }
}
