//! The file form of a design: JSON that people can read, write and keep under version control.
//!
//! Reading never refuses what can be understood in part: it gives the best document and a list of
//! notices. Fields and kinds it does not know are kept as they are and written back. Only text that
//! is no JSON object, comes from a newer version, or is beyond the bounds below is an error.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::time::Nanos;

use super::{Design, Extra};

pub mod merge;
mod migrate;
mod pretty;
mod read;
mod records;
mod scan;
mod write;

#[cfg(test)]
mod tests;

pub use write::write;

/// Longest text that is read, in bytes.
pub const TEXT_MAX: usize = 4 << 20;
/// Deepest nesting of objects and lists.
pub const DEPTH_MAX: usize = 32;
/// Most components; also most zones, notes and scripted faults each.
pub const COMPONENTS_MAX: usize = 2_000;
/// Most wires.
pub const WIRES_MAX: usize = 5_000;
/// Most notices that are listed one by one.
pub const NOTICES_MAX: usize = 200;
/// Farthest from the origin that anything may lie, in document pixels.
pub const COORDINATE_MAX: f64 = 1e6;

/// Seed of a file that names none.
const SEED: u64 = 7;
/// Warm-up of a file that names none.
const WARMUP: Nanos = Nanos::seconds(20);
/// Longest warm-up.
const WARMUP_MAX: Nanos = Nanos::seconds(600);

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The design.
    pub design: Design,
    /// Seed of all randomness.
    pub seed: u64,
    /// Simulated time before the run's zero on screen.
    pub warmup: Nanos,
    /// Camera, selection and panels, as JSON text: the app's own, not looked into here.
    pub view: Option<String>,
    /// What was done to the run, as JSON text: the session's own, not looked into here.
    pub inputs: Option<String>,
    /// Unknown fields.
    pub extra: Extra,
}

impl File {
    /// A file of this design and nothing else.
    pub fn new(design: Design) -> Self {
        let (view, inputs, extra) = (None, None, Extra::new());
        Self { design, seed: SEED, warmup: WARMUP, view, inputs, extra }
    }

    /// As bytes between programs of one build. The page opens with a file in this form, so that
    /// its first run does without the reader of texts.
    pub fn pack(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`File::pack`] wrote.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// Something in a file that was not taken as it stands, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where, as a path of names: `components.books.settings.work`.
    pub place: String,
    /// What is wrong, what would be right, and what was done.
    pub sentence: String,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence)
    }
}

/// Why a text cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Line and column, from 1, if the trouble lies at one place.
    pub position: Option<(usize, usize)>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for FileError {}

impl FileError {
    fn whole(problem: String) -> Self {
        Self { position: None, problem }
    }
}

/// Reads the file form.
pub fn read(text: &str) -> Result<(File, Vec<Notice>), FileError> {
    let text = text.trim_start_matches('\u{feff}');
    scan::check(text)?;
    let value: Value = serde_json::from_str(text).map_err(|error| scan::explain(text, &error))?;
    let Value::Object(map) = value else {
        let problem = "this is JSON, but not a design: a design is an object, from { to }";
        return Err(FileError::whole(problem.into()));
    };
    let map = migrate::to_newest(map)?;
    scan::check_counts(&map)?;
    Ok(read::file(map))
}
