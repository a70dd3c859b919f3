//! `ringside check` as a process: what it prints and how it ends.

use std::process::{Command, Output};

use serde_json::Value;

/// Runs it on a text; each test has a file of its own.
fn check(name: &str, text: &[u8], options: &[&str]) -> Output {
    let file = std::env::temp_dir().join(format!("ringside-check-{}-{name}", std::process::id()));
    std::fs::write(&file, text).expect("the file can be written");
    let ringside = env!("CARGO_BIN_EXE_ringside");
    let command = Command::new(ringside)
        .args(["check", "--model", "register"])
        .args(options)
        .arg(&file)
        .output();
    std::fs::remove_file(&file).expect("the file can be removed");
    command.expect("it starts")
}

const GOOD: &str = "0 :invoke :write 1\n0 :ok :write 1\n1 :invoke :read nil\n1 :ok :read 1\n";
const STALE: &str = "1 :invoke :read nil\n1 :ok :read nil\n";

#[test]
fn what_holds_ends_with_0() {
    let output = check("good", GOOD.as_bytes(), &["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let fields: Vec<_> = report.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["linearizable", "operations", "wall_ns", "violation"]);
    assert_eq!((&report["linearizable"], &report["operations"]), (&true.into(), &2.into()));
    assert!(report["wall_ns"].is_u64() && report["violation"].is_null());
}

#[test]
fn what_does_not_hold_ends_with_1_and_names_the_operations() {
    let text = format!("{GOOD}{STALE}");
    let output = check("stale", text.as_bytes(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["linearizable"], false);
    let operations = report["violation"]["operations"].as_array().expect("a list");
    let lines: Vec<_> = operations.iter().map(|it| it["line"].as_u64()).collect();
    // The write that was acknowledged, and the read that missed it.
    assert_eq!(lines, [Some(1), Some(5)]);
    let words = String::from_utf8(check("words", text.as_bytes(), &[]).stdout).expect("text");
    assert!(words.starts_with("linearizable: no (3 operations, "), "{words}");
    assert!(words.contains("process 1 read nothing (line 5)"), "{words}");
}

#[test]
fn other_guarantees_can_be_asked_for() {
    let text = format!("{GOOD}{STALE}");
    let output = check("session", text.as_bytes(), &["--json", "--guarantee", "monotonic-reads"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["monotonic_reads"], false);
    let output = check("own", text.as_bytes(), &["--guarantee", "read-your-writes"]);
    assert_eq!(output.status.code(), Some(0));
}

/// A replica read 3 s after a write was acknowledged that it does not have.
#[test]
fn a_bound_is_given_in_seconds() {
    let text = r#"{ "operations": [
        { "process": 0, "f": "write", "value": 1, "invoked": 0, "completed": 10000000 },
        { "process": 1, "f": "read", "value": null, "invoked": 3000000000, "completed": 3001000000 }
    ] }"#;
    let ends = |name: &str, bound: &str| {
        let options = ["--json", "--guarantee", "bounded-staleness", "--bound", bound];
        let output = check(name, text.as_bytes(), &options);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).ok())
    };
    assert_eq!(ends("bound-5", "5").0, Some(0));
    let (code, report) = ends("bound-2", "2.9");
    assert_eq!(code, Some(1));
    assert_eq!(report.expect("JSON")["bounded_staleness"], false);
    for bad in ["-1", "soon", "inf", "NaN"] {
        assert_eq!(ends(&format!("bound{bad}"), bad).0, Some(2), "{bad}");
    }
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_where() {
    let refused = |name: &str, text: &[u8], part: &str| {
        let output = check(name, text, &["--json"]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains(part) && output.stdout.is_empty(), "{words}");
    };
    refused("field", b"0 :invoke :write 1\n0 :ok :write x\n", "line 2: value: \"x\"");
    refused("bytes", b"0 :invoke :write 1\n\xff\n", "line 2: this is not text");
    refused("empty", b"", "there is no operation");
    refused("json", b"{\"operations\": [{}]}", "line 1: operations[0].process: it is missing");
    let ringside = Command::new(env!("CARGO_BIN_EXE_ringside"));
    let ends = |mut it: Command, arguments: &[&str]| {
        it.args(arguments).output().expect("it starts").status.code()
    };
    assert_eq!(ends(ringside, &["check", "--model", "register", "/no/such/file"]), Some(2));
    let ringside = Command::new(env!("CARGO_BIN_EXE_ringside"));
    assert_eq!(ends(ringside, &["check", "--model", "queue", "Cargo.toml"]), Some(2));
}
