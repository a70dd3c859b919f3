//! The command line as others call it: a process of its own.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs the command with this on its standard input.
pub fn ringside(arguments: &[&str], input: &[u8]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // Bad arguments end the process before it has read its input.
    let _ = process.stdin.take().expect("a pipe").write_all(input);
    process.wait_with_output().expect("the command ends")
}

/// What it prints; it must not fail.
#[track_caller]
pub fn text(arguments: &[&str], input: &[u8]) -> String {
    let output = ringside(arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The same, as JSON.
#[track_caller]
pub fn json(arguments: &[&str], input: &[u8]) -> Value {
    serde_json::from_str(&text(arguments, input)).expect("JSON")
}

/// Fails with exit code 2, says this, and prints nothing else.
#[track_caller]
pub fn refused(arguments: &[&str], input: &[u8], expected: &str) {
    let output = ringside(arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(errors.contains(expected), "{arguments:?}: {errors:?} says {expected:?}");
}
