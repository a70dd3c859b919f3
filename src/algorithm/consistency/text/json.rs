//! Histories in JSON of our own, of any number of registers:
//!
//! ```json
//! {
//!   "healed": 90,
//!   "operations": [
//!     { "process": 0, "key": "x", "f": "write", "value": 1, "invoked": 10, "completed": 20 },
//!     { "process": 1, "key": "x", "f": "read", "value": 1, "invoked": 15, "completed": 30 },
//!     { "process": 2, "key": "x", "f": "cas", "value": [1, 2], "invoked": 18, "outcome": "unknown" }
//!   ]
//! }
//! ```
//!
//! Times are whole numbers of any unit; a bound given in seconds takes them for ns. `value` is a whole number or null, the unset register.
//! `outcome` is `ok`, `failed` or `unknown`; without it, what has `completed` is `ok` and what has not
//! is `unknown`. `key` may be left out if there is one register, `healed` if nothing was broken.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::super::{Act, History, Operation, Outcome, Value};
use super::{OPERATIONS_MAX, Unreadable, short};

pub(super) fn read(text: &str) -> Result<History, Unreadable> {
    let whole: Json = serde_json::from_str(text).map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
        Unreadable::new(line, "", format!("this is not JSON: {error}"))
    })?;
    let Json::Object(whole) = whole else {
        return Err(Unreadable::new(1, "", "a history is an object with a list of operations"));
    };
    if let Some(unknown) = whole.keys().find(|it| !["healed", "operations"].contains(&&***it)) {
        return Err(Unreadable::new(0, unknown, "there is no such field: healed, operations"));
    }
    let healed = match whole.get("healed") {
        None | Some(Json::Null) => None,
        Some(it) => Some(it.as_u64().ok_or_else(|| wrong(0, "healed", it, TIME))?),
    };
    let Some(Json::Array(list)) = whole.get("operations") else {
        return Err(Unreadable::new(0, "operations", "a list is needed"));
    };
    if list.len() > OPERATIONS_MAX {
        let problem = format!("there are {}; at most {OPERATIONS_MAX} can be read", list.len());
        return Err(Unreadable::new(0, "operations", problem));
    }
    let mut keys = BTreeMap::<&str, u32>::new();
    let mut history = History { healed, ..History::default() };
    let lines = lines(text);
    for (index, it) in list.iter().enumerate() {
        let line = lines.get(index).copied().unwrap_or(0);
        let name = format!("operations[{index}]");
        let named = |it: Unreadable| {
            let field = match it.field.as_str() {
                "" => name.clone(),
                field => format!("{name}.{field}"),
            };
            Unreadable { field, ..it }
        };
        let Json::Object(fields) = it else {
            return Err(named(wrong(line, "", it, "an object is needed")));
        };
        let (key, mut operation) = operation(line, fields).map_err(named)?;
        operation.key = *keys.entry(key).or_insert_with(|| {
            history.keys.push(key.to_owned());
            history.keys.len() as u32 - 1
        });
        history.operations.push(operation);
    }
    history.operations.sort_by_key(|it| it.invoked);
    one_at_a_time(&history)?;
    Ok(history)
}

pub(super) fn write(history: &History) -> String {
    let value = |it: Value| it.map_or(Json::Null, Json::from);
    let operation = |it: &Operation| {
        let (f, value) = match it.act {
            Act::Read(found) => ("read", value(found)),
            Act::Write(new) => ("write", value(new)),
            Act::CompareAndSet { old, new } => ("cas", Json::from(vec![value(old), value(new)])),
        };
        let key = &history.keys[it.key as usize];
        let (process, invoked) = (it.process, it.invoked);
        let mut line = serde_json::json!({
            "process": process, "key": key, "f": f, "value": value, "invoked": invoked,
        });
        match it.outcome {
            Outcome::Unknown => line["outcome"] = "unknown".into(),
            Outcome::Failed => line["outcome"] = "failed".into(),
            Outcome::Ok => {}
        }
        if it.outcome != Outcome::Unknown {
            line["completed"] = it.completed.into();
        }
        format!("    {line}")
    };
    let lines: Vec<_> = history.operations.iter().map(operation).collect();
    let healed = history.healed.map_or_else(String::new, |it| format!("  \"healed\": {it},\n"));
    format!("{{\n{healed}  \"operations\": [\n{}\n  ]\n}}\n", lines.join(",\n"))
}

const TIME: &str = "a whole number, not negative, is needed";

fn wrong(line: u32, field: &str, found: &Json, needed: &str) -> Unreadable {
    Unreadable::new(line, field, format!("{} will not do: {needed}", short(&found.to_string())))
}

fn operation(line: u32, fields: &Map<String, Json>) -> Result<(&str, Operation), Unreadable> {
    const FIELDS: [&str; 7] = ["process", "key", "f", "value", "invoked", "completed", "outcome"];
    if let Some(unknown) = fields.keys().find(|it| !FIELDS.contains(&&***it)) {
        let problem = format!("there is no such field: {}", FIELDS.join(", "));
        return Err(Unreadable::new(line, unknown, problem));
    }
    let needed =
        |name: &str| fields.get(name).ok_or_else(|| Unreadable::new(line, name, "it is missing"));
    let number = |name: &str| {
        let it = needed(name)?;
        it.as_u64().ok_or_else(|| wrong(line, name, it, TIME))
    };
    let (process, invoked) = (number("process")?, number("invoked")?);
    let key = match fields.get("key") {
        None => "register",
        Some(it) => it.as_str().ok_or_else(|| wrong(line, "key", it, "a text is needed"))?,
    };
    let completed = match fields.get("completed") {
        None | Some(Json::Null) => u64::MAX,
        Some(_) => number("completed")?,
    };
    if completed < invoked {
        let problem = format!("{completed} is before it was invoked, {invoked}");
        return Err(Unreadable::new(line, "completed", problem));
    }
    let outcome = match fields.get("outcome") {
        None if completed < u64::MAX => Outcome::Ok,
        None => Outcome::Unknown,
        Some(it) => match it.as_str() {
            Some("ok") => Outcome::Ok,
            Some("failed") => Outcome::Failed,
            Some("unknown") => Outcome::Unknown,
            _ => return Err(wrong(line, "outcome", it, "ok, failed or unknown is needed")),
        },
    };
    if outcome != Outcome::Unknown && completed == u64::MAX {
        let problem = "it is missing: what is ok or failed has completed";
        return Err(Unreadable::new(line, "completed", problem));
    }
    let value = |it: &Json| -> Result<Value, Unreadable> {
        match it {
            Json::Null => Ok(None),
            it => it
                .as_i64()
                .map(Some)
                .ok_or_else(|| wrong(line, "value", it, "a whole number or null is needed")),
        }
    };
    let act = match needed("f")?.as_str() {
        Some("read") if outcome == Outcome::Ok => Act::Read(value(needed("value")?)?),
        Some("read") => Act::Read(None),
        Some("write") => Act::Write(value(needed("value")?)?),
        Some("cas") => match needed("value")?.as_array().map(Vec::as_slice) {
            Some([old, new]) => Act::CompareAndSet { old: value(old)?, new: value(new)? },
            _ => return Err(wrong(line, "value", needed("value")?, "[old, new] is needed")),
        },
        _ => return Err(wrong(line, "f", needed("f")?, "read, write or cas is needed")),
    };
    // What was told nobody in time binds nobody.
    let completed = if outcome == Outcome::Unknown { u64::MAX } else { completed };
    Ok((key, Operation { process, key: 0, act, outcome, invoked, completed, line }))
}

/// A process waits for an answer, or for none any more, before it goes on.
fn one_at_a_time(history: &History) -> Result<(), Unreadable> {
    let mut last = BTreeMap::<u64, &Operation>::new();
    for it in &history.operations {
        if let Some(before) = last.insert(it.process, it)
            && before.outcome != Outcome::Unknown
            && before.completed > it.invoked
        {
            let problem = format!(
                "process {} invokes at {} before its operation of line {} has completed",
                it.process, it.invoked, before.line
            );
            return Err(Unreadable::new(it.line, "process", problem));
        }
    }
    Ok(())
}

/// The line on which each object of the list of operations begins: objects two levels deep.
fn lines(text: &str) -> Vec<u32> {
    let (mut lines, mut line, mut depth) = (Vec::new(), 1, 0u32);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                if depth == 2 {
                    lines.push(line);
                }
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    lines
}
