//! What is checked before anything is typed, and what is said of a text that is not JSON.

use serde_json::error::Category;
use serde_json::{Map, Value};

use super::{COMPONENTS_MAX, DEPTH_MAX, FileError, TEXT_MAX, WIRES_MAX};

/// Refuses what would cost too much to parse.
pub(super) fn check(text: &str) -> Result<(), FileError> {
    if text.len() > TEXT_MAX {
        let problem = format!(
            "the text is longer than {} MiB; leave out view and inputs, or split the design",
            TEXT_MAX >> 20
        );
        return Err(FileError::whole(problem));
    }
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let problem = format!(
                "objects and lists are nested more than {DEPTH_MAX} deep; no design needs that, so \
                 this is perhaps another file"
            );
            return Err(FileError { position: Some(position(text, at)), problem });
        }
    }
    Ok(())
}

/// Line and column, from 1, of a byte; columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at];
    let line = before.iter().filter(|it| **it == b'\n').count() + 1;
    let start = before.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    let continues = |it: &&u8| **it & 0b1100_0000 == 0b1000_0000;
    let bytes = at - start;
    (line, bytes - before[start..].iter().filter(continues).count() + 1)
}

/// Says why a text is not JSON, and what to do.
pub(super) fn explain(text: &str, error: &serde_json::Error) -> FileError {
    if text.trim().is_empty() {
        return FileError::whole("the text is empty; a design is a JSON object".into());
    }
    let (line, column) = (error.line(), error.column());
    let whole = error.to_string();
    let tail = format!(" at line {line} column {column}");
    let reason = whole.strip_suffix(&tail).unwrap_or(&whole);
    let advice = match error.classify() {
        Category::Eof => "the text breaks off here; perhaps it was not copied whole",
        _ => "mend the text there, or open a file that Ringside has written",
    };
    let problem = format!("this is not JSON ({reason}); {advice}");
    let start =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let at = (start + column.saturating_sub(1)).min(text.len());
    FileError { position: Some(position(text, at)), problem }
}

/// Refuses more rows than can be drawn and run.
pub(super) fn check_counts(map: &Map<String, Value>) -> Result<(), FileError> {
    let Some(Value::Object(design)) = map.get("design") else { return Ok(()) };
    let bounds = [
        ("components", COMPONENTS_MAX),
        ("wires", WIRES_MAX),
        ("zones", COMPONENTS_MAX),
        ("notes", COMPONENTS_MAX),
        ("script", COMPONENTS_MAX),
    ];
    for (name, most) in bounds {
        let count = design.get(name).and_then(Value::as_object).map_or(0, Map::len);
        if count > most {
            let problem = format!(
                "{name}: there are {count}; at most {most} can be opened. Split the design, or use \
                 one component with several instances for many alike"
            );
            return Err(FileError::whole(problem));
        }
    }
    Ok(())
}
