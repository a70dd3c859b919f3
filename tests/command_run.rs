//! The commands `run` and `bench` as others call them, each a process of its own: the same state hash in
//! every process, bad designs told by component and field, the shape of what programs read.

use std::fs;
use std::path::PathBuf;

use crate::common::command::{json, refused, ringside};
use ringside::base::time::Nanos;
use ringside::document::file::File;
use ringside::session::golden::{self, Golden};
use ringside::session::kept::Kept;
use serde_json::{Value, json as value};

/// Writes it where tests may, and gives the path.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

/// A golden run as the page saves it: its newest design, and what was done to it.
fn saved(golden: &Golden) -> String {
    let run = golden.run(Nanos::MAX).expect("it compiles");
    let file = File { seed: golden.seed, ..File::new(run.head.design.clone()) };
    Kept { base: golden.design(), inputs: run.inputs.clone(), ..Kept::new(file) }.write()
}

fn hash(path: &str, more: &[&str]) -> String {
    let report = json(&[&["run", path, "--json", "--for", "20s"], more].concat(), b"");
    report["state_hash"].as_str().expect("a hash").to_owned()
}

#[test]
fn golden_runs_have_the_same_hash_in_every_process() {
    for (index, golden) in golden::ALL.iter().enumerate() {
        assert_eq!(golden.seconds, 20);
        let path = file(&format!("golden-{index}.json"), &saved(golden));
        let expected = format!("{:016x}", golden.hash);
        let seen = [(); 2].map(|()| hash(&path, &["--replay"]));
        assert_eq!(seen, [expected.clone(), expected.clone()], "{}", golden.name);
        assert_ne!(hash(&path, &["--replay", "--seed", "1"]), expected, "{}", golden.name);
        // Without what was done to it, it is another run, if something was.
        let alone = hash(&path, &[]) == expected;
        assert_eq!(alone, (golden.inputs)().is_empty(), "{}", golden.name);
    }
}

/// With another seed, what was done comes at its moment, and not after as many events.
#[test]
fn what_was_done_comes_at_its_time_whatever_the_seed() {
    let golden = golden::ALL.iter().find(|it| it.name == "cache killed").expect("it is there");
    let path = file("killed.json", &saved(golden));
    let hits = |more: &[&str], span: &str| {
        let all = [&["run", &path, "--json", "--seed", "5", "--for", span], more].concat();
        json(&all, b"")["components"]["cache"]["hits"].as_f64().expect("a count")
    };
    // It dies at 5 s.
    assert_eq!(hits(&["--replay"], "5s"), hits(&[], "5s"));
    assert_eq!(hits(&["--replay"], "5s"), hits(&["--replay"], "11s"));
    assert!(hits(&[], "11s") > hits(&[], "5s"));
}

/// What cannot be is told with component and field and what would be right, and the default taken.
#[test]
fn bad_settings_are_told_by_component_and_field() {
    for (id, kind, field, bad, right) in [
        ("people", "client", "rate", value!("-5/s"), "a rate from \"0/s\" to \"1000000/s\""),
        ("people", "client", "rate", value!(-5), "a rate from \"0/s\" to \"1000000/s\""),
        ("books", "service", "workers", value!(0), "a whole number from 1 to 100000"),
        ("books", "service", "workers", value!(-1), "a whole number from 1 to 100000"),
        ("books", "service", "work", value!("-3ms"), "a duration from \"0s\" to \"600s\""),
        ("books", "service", "queue", value!(1e300), "a whole number from 0 to 1000000"),
        ("store", "sql-db", "workers", value!(0), "a whole number from 1 to 10000"),
        ("edge", "cache-cluster", "nodes", value!(0), "a whole number from 1 to 26"),
    ] {
        let text = value!({"version": 1, "design": {"components": {
            id: {"kind": kind, "at": [0, 0], "settings": {field: bad}}}}});
        let path = file("bad.json", &text.to_string());
        let output = ringside(&["run", &path, "--for", "1s"], b"");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let expected =
            format!("components.{id}.settings.{field}: {bad} is not {right}; the default");
        assert!(errors.contains(&expected), "{errors:?} says {expected:?}");
        assert_eq!(errors.lines().count(), 1, "and nothing else: {errors}");
    }
}

/// A run of nothing is not left without a word.
#[test]
fn clients_that_send_nothing_are_told_by_component_and_field() {
    for (field, bad, why) in [
        ("classes", value!([]), "it has no request class"),
        ("classes", value!([{"name": "a", "weight": 0}]), "every class of it has weight 0"),
        ("rate", value!("0/s"), "its rate is 0/s"),
    ] {
        let text = value!({"version": 1, "design": {"components": {
            "people": {"kind": "client", "at": [0, 0], "settings": {field: bad}}}}});
        let output =
            ringside(&["run", &file("silent.json", &text.to_string()), "--for", "1s"], b"");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let expected = format!("components.people.settings.{field}: Client sends nothing: {why}.");
        assert!(errors.contains(&expected), "{errors:?} says {expected:?}");
        assert_eq!(errors.lines().count(), 1, "and nothing else: {errors}");
    }
}

/// More than can be planned ends with a reason, and not with a panic.
#[test]
fn plans_too_great_are_refused_by_component_and_field() {
    let (mut components, mut wires) = (serde_json::Map::new(), serde_json::Map::new());
    components.insert("hub".into(), value!({"kind": "service", "at": [0, 0]}));
    for at in 0..400 {
        let id = format!("s{at}");
        let wire = value!({"from": "hub", "to": id, "settings": {"fallback": at >= 200}});
        wires.insert(format!("w{at}"), wire);
        components.insert(id, value!({"kind": "service", "at": [0, 0]}));
    }
    let text = value!({"version": 1, "design": {"components": components, "wires": wires}});
    let path = file("great.json", &text.to_string());
    refused(&["run", &path], b"", "hub: fallback: 200 wires stand in for w0; at most 50 can,");
}

/// What other programs read: issue 4, section 4. How fast it is, is not asked here.
#[test]
fn benchmarks_have_the_names_and_fields_that_programs_read() {
    let report = json(&["bench", "--json", "--brief", "300ms"], b"");
    let Value::Object(whole) = &report else { panic!("{report}") };
    assert_eq!(whole.keys().collect::<Vec<_>>(), ["benchmarks"]);
    let benchmarks = report["benchmarks"].as_array().expect("a list");
    let names: Vec<_> = benchmarks.iter().map(|it| it["name"].as_str().expect("a name")).collect();
    let chains = ["chain-4", "chain-16", "chain-100", "chain-400"];
    assert_eq!(names, [&["mm1"][..], &chains, &["bookstore", "mesh-1000"]].concat());
    for it in benchmarks {
        let Value::Object(fields) = it else { panic!("{it}") };
        let mut keys: Vec<_> = fields.keys().map(String::as_str).collect();
        keys.sort_unstable();
        let rates = ["events_per_second", "ns_per_event", "requests_per_second"];
        let expected = [rates[0], "name", rates[1], "peak_memory_bytes", rates[2]];
        assert_eq!(keys, expected);
        for field in rates {
            assert!(it[field].as_f64().is_some_and(|it| it > 0.0 && it.is_finite()), "{it}");
        }
        let product = it["events_per_second"].as_f64().zip(it["ns_per_event"].as_f64());
        assert!(product.is_some_and(|it| (it.0 * it.1 / 1e9 - 1.0).abs() < 1e-6), "{it}");
        // Where the system tells.
        let peak = &it["peak_memory_bytes"];
        assert!(
            peak.as_u64().is_some_and(|it| it > 1_000_000) || !cfg!(target_os = "linux"),
            "{it}"
        );
    }
    let one = json(&["bench", "--json", "--brief", "10ms", "--only", "mm1"], b"");
    assert_eq!(one["benchmarks"].as_array().map(Vec::len), Some(1));
}

/// A run that is stopped says why where people and programs look, after what it has to report.
#[test]
fn a_run_that_is_stopped_says_so_and_fails() {
    let text = |rate: &str| {
        let settings = value!({"queue": 1_000_000, "work": "600s"});
        let components = value!({
            "people": {"kind": "client", "at": [0, 0], "settings": {"rate": rate, "timeout": "60s"}},
            "books": {"kind": "service", "label": "Book service", "at": [1, 0], "settings": settings},
        });
        let wires = value!({"people-books": {"from": "people", "to": "books"}});
        value!({"version": 1, "design": {"components": components, "wires": wires}}).to_string()
    };
    let (away, sane) = (file("away.json", &text("1000000/s")), file("sane.json", &text("10/s")));
    let output = ringside(&["run", &away, "--for", "1s", "--json"], b"");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let reason = report["stopped"].as_str().expect("the reason");
    assert!(reason.starts_with("The run was stopped: "), "{reason}");
    assert!(reason.contains("Book service"), "{reason}");
    assert_eq!(errors, format!("ringside: {reason}\n"));
    let simulated = report["simulated_ns"].as_u64().expect("a time");
    assert!((1..1_000_000_000).contains(&simulated), "{simulated}");
    // As a table, too.
    let output = ringside(&["run", &away, "--for", "1s"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), errors);
    assert!(String::from_utf8_lossy(&output.stdout).contains("state hash"));
    // What goes on to its end is said to.
    let report = json(&["run", &sane, "--for", "1s", "--json"], b"");
    assert_eq!(
        (&report["stopped"], &report["simulated_ns"]),
        (&Value::Null, &value!(1_000_000_000))
    );
}

/// Whoever reads what is printed may have had enough of it, as `head` has: no complaint then.
#[cfg(unix)]
#[test]
fn it_ends_quietly_when_nobody_reads_on() {
    let design = format!("{}/static/designs/bookstore.json", env!("CARGO_MANIFEST_DIR"));
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(["run", &design, "--for", "1s"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(process.stdout.take());
    let output = process.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
