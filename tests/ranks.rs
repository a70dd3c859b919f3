//! The rules of the house, checked like any other test: who may import whom, what the core may not
//! use, how long a file may be. `design.md` section 3 says why.

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. A module may use its own folder and those of lower ranks: equals never
/// import each other.
const RANKS: &[&[&str]] = &[
    &["base"],
    &["scene", "algorithm", "engine"],
    &["component"],
    &["lens", "document"],
    &["session", "editor"],
    &["lesson", "worker"],
    &["app"],
];

/// Lines at most; a longer file is asked why.
const LINES_MAX: usize = 500;
/// Files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[
    ("src/engine/flow.rs", "one life cycle: jobs, strands and calls change each other"),
    ("src/engine/world.rs", "the one place where the world changes: run, fault, edit"),
    ("src/component/mod.rs", "one macro makes all sums over the kinds"),
];

/// Words that have no place in the core, and what to do instead.
const BANNED: &[(&str, &str)] = &[
    ("web_sys", "the browser is the app's affair"),
    ("js_sys", "the browser is the app's affair"),
    ("leptos", "the browser is the app's affair"),
    ("gloo", "the browser is the app's affair"),
    ("wasm_bindgen", "the browser is the app's affair"),
    ("HashMap", "its order is random: BTreeMap, Vec or base::key_map"),
    ("HashSet", "its order is random: BTreeSet or Vec"),
    ("Instant::now", "the core has no clock but the world's"),
    ("SystemTime", "the core has no clock but the world's"),
    (".unwrap()", "say with expect which invariant holds, or handle it"),
];

/// Platform functions whose last bits differ between targets; libm's do not.
const FLOATS: &[&str] = &[
    "ln", "ln_1p", "exp", "exp_m1", "exp2", "powf", "powi", "log", "log2", "log10", "sin", "cos",
    "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "sin_cos", "cbrt", "hypot",
];

/// Where a word may be used all the same.
const ALLOWED: &[(&str, &str)] =
    &[("src/base/key_map.rs", "HashMap"), ("src/lib.rs", "wasm_bindgen")];

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&module))
}

/// Whether a file belongs to the core, which runs everywhere.
fn is_core(path: &str) -> bool {
    !["src/app", "src/bin", "src/worker"].iter().any(|it| path.starts_with(it))
}

/// The line without its comment and without what stands in quotes.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut quoted = false;
    let mut before = ' ';
    let mut chars = line.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '\\' if quoted => _ = chars.next(),
            '"' if before == '\'' && chars.peek() == Some(&'\'') => {}
            '"' => quoted = !quoted,
            '/' if !quoted && chars.peek() == Some(&'/') => break,
            _ if quoted => {}
            _ => code.push(it),
        }
        before = it;
    }
    code
}

/// The names of our modules that a line of code uses, in all ways of writing it.
fn uses(code: &str) -> Vec<String> {
    let word = |it: &str| -> String {
        it.trim_start().chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
    };
    let mut used = Vec::new();
    for start in ["crate::", "ringside::"] {
        // `$crate::` in a macro is written where it is defined; where it is used says the rank.
        for after in code.split(start).skip(1) {
            match after.strip_prefix('{') {
                Some(group) => used.extend(group.split(',').map(word)),
                None => used.push(word(after)),
            }
        }
    }
    used
}

/// Lines of tests: a `#[cfg(test)]` item until its braces close, and files that are all tests.
fn lines_of_tests(path: &str, text: &str) -> Vec<bool> {
    let whole = path.ends_with("/tests.rs");
    let (mut depth, mut inside, mut waits) = (0i32, false, false);
    let mut marks = Vec::new();
    for line in text.lines() {
        let code = code(line);
        waits |= code.contains("#[cfg(test)]");
        let opened = code.matches('{').count() as i32;
        let closed = code.matches('}').count() as i32;
        if waits && opened > 0 {
            (inside, waits, depth) = (true, false, 0);
        } else if waits && code.trim_end().ends_with(';') {
            // `mod tests;`: the file is known by its name.
            marks.push(true);
            waits = false;
            continue;
        }
        marks.push(whole || inside || waits);
        if inside {
            depth += opened - closed;
            inside = depth > 0;
        }
    }
    marks
}

/// All breaches in one file.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let own = path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
    let mut found = Vec::new();
    let count = text.lines().count();
    if count > LINES_MAX && !LONGER.iter().any(|it| it.0 == path) {
        found.push(format!("{path}: {count} lines; at most {LINES_MAX}: split it, or say why not"));
    }
    for ((index, line), test) in text.lines().enumerate().zip(lines_of_tests(path, text)) {
        let code = code(line);
        let at = format!("{path}:{}", index + 1);
        for used in uses(&code) {
            if let (Some(mine), Some(theirs)) = (rank(own), rank(&used))
                && (theirs > mine || theirs == mine && used != own)
            {
                found.push(format!("{at}: {own} must not use {used}"));
            }
        }
        if is_core(path) {
            found.extend(banned(path, &code, test).into_iter().map(|it| format!("{at}: {it}")));
        }
    }
    found
}

fn banned(path: &str, code: &str, test: bool) -> Vec<String> {
    let mut found = Vec::new();
    for (word, why) in BANNED {
        let allowed = ALLOWED.contains(&(path, word)) || test && *word == ".unwrap()";
        if code.contains(word) && !allowed {
            found.push(format!("{word}: {why}"));
        }
    }
    if code.contains("derive(") && code.split(['(', ',', ')', ' ']).any(|it| it == "Hash") {
        found.push("derive(Hash): its bits differ between targets: StableHash".into());
    }
    for function in FLOATS.iter().filter(|_| !test) {
        // As a method, and as a path: `f64::ln`.
        if code.contains(&format!(".{function}(")) || code.contains(&format!("f64::{function}")) {
            found.push(format!("{function}: its last bit differs between targets: libm"));
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_house_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = sources(&root.join("src"));
    assert!(files.len() > 50, "the sources are found");
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).expect("below the root").display().to_string();
        found.extend(breaches(&path, &fs::read_to_string(&file).expect("readable")));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Every folder of src has its rank, so that none is overlooked.
#[test]
fn every_room_has_a_rank() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("a folder of sources") {
        let entry = entry.expect("a readable entry");
        let name = entry.file_name().display().to_string();
        let name = name.trim_end_matches(".rs");
        assert!(rank(name).is_some() || ["lib", "bin", "main"].contains(&name), "{name}: no rank");
    }
}

/// Exceptions that are no longer needed go.
#[test]
fn exceptions_are_needed() {
    for (path, _) in LONGER {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(root.join(path)).expect("the exception's file is there");
        assert!(text.lines().count() > LINES_MAX, "{path} is short enough now");
    }
}

#[track_caller]
/// With `autotests` off, a file that nobody names would never run.
#[test]
fn every_test_file_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("it is there");
    let native = fs::read_to_string(root.join("tests/native.rs")).expect("it is there");
    for entry in fs::read_dir(root.join("tests")).expect("it is there") {
        let path = entry.expect("it can be read").path();
        let Some(name) = path.file_stem().and_then(|it| it.to_str()) else { continue };
        let apart = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
        let within = native.lines().any(|it| it == format!("mod {name};"));
        let runs = path.extension().is_none_or(|it| it != "rs") || apart != within;
        assert!(runs, "tests/{name}.rs needs one line: in tests/native.rs, or in Cargo.toml");
    }
}

fn check(path: &str, text: &str, expected: &[&str]) {
    let found = breaches(path, text);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found:?} says {expected:?}");
    }
}

#[test]
fn uses_upwards_and_sideways_are_seen() {
    check("src/engine/mod.rs", "use crate::component::Spec;\n", &["engine must not use component"]);
    check("src/engine/mod.rs", "use crate::scene::Scene;", &["engine must not use scene"]);
    check("src/lens/ring.rs", "fn f(it: &crate::document::Design) {}", &["not use document"]);
    check("src/base/mod.rs", "use crate::{base::time, algorithm::zipf};", &["use algorithm"]);
    check("src/editor/mod.rs", "use crate::session::Session;", &["editor must not use session"]);
    check("src/session/mod.rs", "use crate::lens::Lens;", &[]);
    check("src/engine/mod.rs", "use crate::engine::desk;\nuse crate::base::time;", &[]);
    check("src/engine/mod.rs", "// as crate::component does\n/// [`crate::lens`]\n", &[]);
    check("src/bin/ringside.rs", "use ringside::app::main;", &[]);
    check("src/base/a.rs", "#[cfg(test)]\nmod tests {\n use crate::algorithm::zipf;\n}", &["use"]);
}

#[test]
fn words_banned_from_the_core_are_seen() {
    let core = "src/engine/mod.rs";
    check(core, "use std::collections::HashMap;", &["HashMap"]);
    check("src/base/key_map.rs", "use std::collections::HashMap;", &[]);
    check("src/app/mod.rs", "use std::collections::HashMap;\nuse web_sys::Window;", &[]);
    check(core, "use web_sys::Window;", &["web_sys"]);
    check("src/lib.rs", "#[wasm_bindgen::prelude::wasm_bindgen]", &[]);
    check(core, "let now = std::time::Instant::now();", &["Instant::now"]);
    check(core, "#[derive(Clone, Hash, PartialEq)]", &["derive(Hash)"]);
    check(core, "#[derive(Clone, StableHash)]", &[]);
    check(core, "#[derive(Hash)]", &["derive(Hash)"]);
    check(core, "let a = \"HashMap\"; // HashMap", &[]);
    check(core, "let a = '\"'; let b = it.unwrap();", &["unwrap"]);
}

#[test]
fn platform_floats_are_seen_outside_of_tests() {
    let core = "src/algorithm/zipf.rs";
    check(core, "let a = b.ln();", &["ln"]);
    check(core, "let a = b.map(f64::ln);", &["ln"]);
    check(core, "let a = b.powi(2) + b.exp2();", &["exp2", "powi"]);
    check(core, "let a = libm::log(b) + b.sqrt();", &[]);
    let test = "#[cfg(test)]\nmod tests {\n  fn a() {\n    b.ln().unwrap();\n  }\n}\n";
    check(core, test, &[]);
    check(core, &format!("{test}fn c() {{ d.ln(); }}"), &["zipf.rs:7: ln"]);
    check("src/algorithm/zipf/tests.rs", "let a = b.ln().unwrap();", &[]);
    check(core, "#[cfg(test)]\nmod tests;\nfn a() { b.ln(); }", &["zipf.rs:3: ln"]);
}

#[test]
fn long_files_are_asked_why() {
    let line = "fn a() {}\n";
    check("src/engine/mod.rs", &line.repeat(500), &[]);
    check("src/engine/mod.rs", &line.repeat(501), &["501 lines"]);
    check("src/engine/flow.rs", &line.repeat(501), &[]);
}
