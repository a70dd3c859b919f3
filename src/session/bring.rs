//! A trace that somebody brings: read piece by piece, tried with several policies part by part, and
//! drawn. Whoever asks brings the bytes and the clock; nothing here changes a run.

use serde::{Deserialize, Serialize};

use crate::algorithm::eviction::Rule;
use crate::algorithm::eviction::survey::{self, Point, Survey};
use crate::algorithm::requests::{Column, Layout, Reader, Table};
use crate::base::text;
use crate::lens::cache::trace::{self, Present};
use crate::scene::svg;

/// A file may be so large, in bytes.
pub const BYTES_MAX: u64 = 256 << 20;
/// And have so many requests.
pub const REQUESTS_MAX: usize = 20_000_000;
/// Sizes at which hits are known: as with `ringside cache --curve 12`.
pub const SIZES: u64 = 12;

/// Where the key of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// To be found out.
    Find,
    /// The whole line is the key.
    Line,
    /// A column.
    Column {
        /// Its place from 0.
        at: usize,
        /// Whether the first line names the columns.
        named: bool,
    },
}

/// What is brought, and where.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// Where the key is.
    pub key: Key,
    /// The cache that is looked at.
    pub present: Present,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// This part of the file is read, 0 to 1.
    Reading(f64),
    /// It has columns, and it is not clear which is the key's.
    Which {
        /// The fields of its first line.
        first: Vec<String>,
        /// Whether they look like names.
        named: bool,
    },
    /// It cannot be used: why, and what to do.
    Wrong(String),
    /// What is known.
    Curves(Curves),
}

/// What is known of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// Requests in it.
    pub requests: u64,
    /// Different keys in it.
    pub keys: u64,
    /// The part of the work that is done, 0 to 1.
    pub part: f64,
    /// The sizes, in entries.
    pub sizes: Vec<u64>,
    /// By rule: its name, its id on the command line, and what is known at these sizes.
    pub rules: Vec<(String, String, Vec<Point>)>,
    /// The picture.
    pub svg: String,
}

enum Stage {
    /// The reader comes once the first bytes have shown what they are.
    Reading(Option<Box<Reader>>, u64),
    Working(Box<Survey>),
    Over,
}

/// One trace.
pub struct Bring {
    asked: Asked,
    stage: Stage,
}

impl Bring {
    /// Begins; what cannot be used is said at once.
    pub fn new(asked: Asked) -> Result<Self, Told> {
        match asked.bytes {
            0 => Err(wrong("it is empty. Bring a file with one key a line.")),
            bytes if bytes > BYTES_MAX => Err(Told::Wrong(format!(
                "it has {} MB, and {} MB is the most that is read here. Bring its first part, or use \
                 `ringside cache`, which reads files of any size.",
                bytes.div_ceil(1 << 20),
                BYTES_MAX >> 20
            ))),
            _ => Ok(Self { asked, stage: Stage::Reading(None, 0) }),
        }
    }

    /// Takes the next bytes; the first ones should be some thousand, or all there are.
    pub fn feed(&mut self, bytes: &[u8]) -> Told {
        let fed = self.read(bytes);
        fed.unwrap_or_else(|end| {
            self.stage = Stage::Over;
            end
        })
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Told, Told> {
        let Stage::Reading(reader, read) = &mut self.stage else {
            return Err(wrong("it was read already."));
        };
        let reader = match reader {
            Some(it) => it,
            None => reader.insert(Box::new(Reader::new(layout(self.asked.key, bytes)?))),
        };
        *read += bytes.len() as u64;
        reader.feed(bytes).map_err(said)?;
        if reader.requests() > REQUESTS_MAX {
            return Err(Told::Wrong(format!(
                "it has more than {} requests, the most that are tried here. Bring its first part: \
                 `head -n {REQUESTS_MAX}` makes one.",
                text::count(REQUESTS_MAX as u64)
            )));
        }
        Ok(Told::Reading((*read as f64 / self.asked.bytes as f64).min(1.0)))
    }

    /// All bytes are there.
    pub fn finish(&mut self) -> Told {
        let read = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Reading(Some(reader), _) => reader.finish().map_err(said),
            _ => Err(wrong("nothing of it could be read.")),
        };
        match read {
            Err(end) => end,
            Ok((trace, keys)) => {
                let rules = survey::rules(self.asked.present.policy);
                self.stage = Stage::Working(Box::new(Survey::new(trace, keys, &rules, SIZES)));
                self.told()
            }
        }
    }

    /// Somebody looks at another cache with it, or at another width.
    pub fn look(&mut self, present: Present) {
        self.asked.present = present;
    }

    /// Works for about so many milliseconds by a clock that tells them; true if all is done.
    pub fn step(&mut self, ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let Stage::Working(survey) = &mut self.stage else { return true };
        let began = clock();
        while !survey.is_done() && clock() - began < ms {
            survey.step();
        }
        survey.is_done()
    }

    /// What is known so far.
    pub fn told(&self) -> Told {
        let Stage::Working(it) = &self.stage else { return Told::Reading(0.0) };
        let rule = |(rule, points): (Rule, Vec<Point>)| {
            (rule.label().to_owned(), rule.id().to_owned(), points)
        };
        Told::Curves(Curves {
            requests: it.requests(),
            keys: it.keys(),
            part: it.progress(),
            sizes: it.sizes().to_vec(),
            rules: it.curves().into_iter().map(rule).collect(),
            svg: svg::svg(&trace::draw(it, &self.asked.present)),
        })
    }
}

fn wrong(words: &str) -> Told {
    Told::Wrong(words.into())
}

/// What the reader says, with what to do.
fn said(error: String) -> Told {
    let error = error.strip_prefix("trace: ").unwrap_or(&error);
    Told::Wrong(format!("{error}. Bring text with one key a line, or a table with a key column."))
}

/// How compressed files begin.
const PACKED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
];

/// What the lines mean, from what was asked for and the first of them.
fn layout(key: Key, beginning: &[u8]) -> Result<Layout, Told> {
    if let Some((_, how)) = PACKED.iter().find(|it| beginning.starts_with(it.0)) {
        return Err(Told::Wrong(format!(
            "it is packed ({how}). Unpack it, and bring what is inside."
        )));
    }
    if beginning.contains(&0) {
        return Err(wrong(
            "it is not text (there are zero bytes in it). Bring UTF-8 text with one key a line, or a \
             table with a key column.",
        ));
    }
    let column = |at| Some(Column::At(at));
    match (key, Table::of(beginning)) {
        (Key::Line, _) | (Key::Find, None) => Ok(Layout::default()),
        (Key::Column { at, named }, _) => {
            Ok(Layout { column: column(at), header: named, ..Layout::default() })
        }
        (Key::Find, Some(Table { key: Some(at), .. })) => {
            Ok(Layout { column: column(at), header: true, ..Layout::default() })
        }
        (Key::Find, Some(Table { first, named, key: None })) => Err(Told::Which { first, named }),
    }
}

impl Asked {
    /// For the journey from the page.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Asked::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Told {
    /// For the journey to the page.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Told::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
