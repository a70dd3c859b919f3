//! Histories as text: Jepsen's log, and JSON of our own.

use std::fmt;

use super::History;

mod jepsen;
mod json;
#[cfg(test)]
mod tests;

/// Most operations that are read.
pub const OPERATIONS_MAX: usize = 1_000_000;

/// Why a text is no history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where, from 1; 0 if it is the text as a whole.
    pub line: u32,
    /// Which field; empty if it is the line as a whole.
    pub field: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl Unreadable {
    fn new(line: u32, field: &str, problem: impl Into<String>) -> Self {
        Self { line, field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

/// Whether a text has JSON's form: what begins with a brace.
pub fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// Reads either form.
pub fn read(text: &str) -> Result<History, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let history = match is_json(text) {
        true => json::read(text)?,
        false => jepsen::read(text)?,
    };
    if history.operations.is_empty() {
        return Err(Unreadable::new(0, "", "there is no operation in it"));
    }
    Ok(history)
}

/// Writes a history as JSON of our own, an operation a line.
pub fn json(history: &History) -> String {
    json::write(history)
}

/// A bad text as a message repeats it.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
