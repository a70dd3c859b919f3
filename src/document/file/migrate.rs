//! Older forms of the file, brought up to date on the raw value, before anything is typed.

use serde_json::{Map, Value};

use super::super::VERSION;
use super::FileError;

type Raw = Map<String, Value>;

/// From version n to n + 1, by n.
const MIGRATIONS: [fn(Raw) -> Raw; VERSION as usize] = [from_0];

/// Brings a file up to the version this code writes.
pub(super) fn to_newest(mut map: Raw) -> Result<Raw, FileError> {
    let version = match map.remove("version") {
        None => 0,
        Some(value) => value.as_u64().ok_or_else(|| {
            let problem = format!("version: {} is not a whole number", super::read::short(&value));
            FileError::whole(problem)
        })?,
    };
    if version > u64::from(VERSION) {
        let problem = format!(
            "version: this design was written by a newer Ringside (file version {version}, this \
             one reads up to {VERSION}); reload the page or update, then open it again"
        );
        return Err(FileError::whole(problem));
    }
    Ok(MIGRATIONS[version as usize..].iter().fold(map, |map, migrate| migrate(map)))
}

/// Version 0 is a bare design, or a file that forgot its version.
fn from_0(map: Raw) -> Raw {
    if map.get("design").is_some_and(Value::is_object) {
        return map;
    }
    Map::from_iter([("design".to_owned(), Value::Object(map))])
}
