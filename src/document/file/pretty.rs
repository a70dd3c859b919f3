//! JSON as people like to read it: what fits on a line stays on one line.

use std::fmt::Write;

use serde_json::Value;

/// Widest line that holds a whole record.
const WIDTH: usize = 100;

/// The text of a value, with a line break at its end. The outermost object and its objects are
/// always spread over lines, so that a change of one record is a change of one line.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    spread(value, 0, 2, &mut out);
    out.push('\n');
    out
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => true,
    }
}

/// `open` levels are spread over lines whatever their length.
fn spread(value: &Value, indent: usize, open: usize, out: &mut String) {
    let line = flat(value);
    let tight = out.len() - out.rfind('\n').map_or(0, |it| it + 1) + line.len() < WIDTH;
    if is_leaf(value) || open == 0 && tight {
        out.push_str(&line);
        return;
    }
    let (inner, open) = (indent + 2, open.saturating_sub(1));
    let mut separator = "";
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items {
                _ = write!(out, "{separator}\n{:inner$}", "");
                spread(item, inner, open, out);
                separator = ",";
            }
            _ = write!(out, "\n{:indent$}]", "");
        }
        Value::Object(map) => {
            out.push('{');
            for (name, item) in map {
                _ = write!(out, "{separator}\n{:inner$}{}: ", "", Value::from(name.as_str()));
                spread(item, inner, open, out);
                separator = ",";
            }
            _ = write!(out, "\n{:indent$}}}", "");
        }
        _ => {}
    }
}

/// On one line, with a space after each colon and comma.
fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flat).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let field = |(name, item): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), flat(item))
            };
            format!("{{ {} }}", map.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}
