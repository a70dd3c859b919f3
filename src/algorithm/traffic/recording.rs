//! A recorded load: lines of comma-separated values (RFC 4180 without quotes), one a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::param::{Control, Param};
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

/// Longest text, in bytes.
const BYTES_MAX: usize = 512 * 1024;
/// Most rows.
const ROWS_MAX: usize = 20_000;
/// Most different classes.
const CLASSES_MAX: usize = 32;
/// Keys are smaller than this.
const KEYS_MAX: u64 = 1_000_000;
/// Longest name of a key, in bytes.
const KEY_BYTES_MAX: usize = 200;
/// Sizes are at most this many bytes.
const SIZE_MAX: u64 = 1 << 32;
/// Times are at most this many seconds.
const SECONDS_MAX: u64 = 7 * 86_400;
/// A recording that is repeated lasts at least this long.
const LENGTH_MIN: Nanos = Nanos::MILLISECOND;

/// The text of a recorded load, known to be right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording(Arc<str>);

/// One request; what the recording does not say is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// When, from the beginning of the recording.
    pub at: Nanos,
    /// Which key: as numbered by the recording, or, if it names any, in the order in which they come.
    pub key: Option<u32>,
    /// Which class, by position in [`Rows::classes`].
    pub class: Option<u8>,
    /// How many bytes.
    pub size: Option<u64>,
}

/// A recording as it is played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// By time.
    pub rows: Vec<Row>,
    /// Names of classes.
    pub classes: Vec<String>,
}

impl Rows {
    /// How long it lasts when it is repeated: until one mean gap after the last row.
    pub fn length(&self) -> Nanos {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else {
            return LENGTH_MIN;
        };
        let gaps = (self.rows.len() as u64 - 1).max(1);
        let gap = Nanos(last.at.saturating_sub(first.at).0 / gaps);
        last.at.saturating_add(gap).max(LENGTH_MIN)
    }
}

impl Recording {
    /// Takes a text if it is right; an error says which line is not, and why.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("a text of at most {} kB", BYTES_MAX / 1024));
        }
        // As long as it cannot be read on the page, it comes from where it was.
        let right = reader().map_or(Ok(()), |read| read(text).map(|_| ()));
        right.map(|()| Self(text.into()))
    }

    /// Its rows; none if the text is not right, which [`Recording::read`] has made sure of.
    pub fn rows(&self) -> Rows {
        reader().and_then(|read| read(&self.0).ok()).unwrap_or_default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

type Read = fn(&str) -> Result<Rows, String>;

// On the page it comes later: a client with a recording waits for it.
crate::later! { fn reader() -> Read = rows }

/// What a column says.
const COLUMNS: [&str; 4] = ["time", "key", "class", "size"];

fn rows(text: &str) -> Result<Rows, String> {
    let mut all = Rows::default();
    let mut columns = vec![0, 1, 2, 3];
    // Keys that are not all whole numbers are numbered in the order in which they come.
    let (mut names, mut keys, mut numbered) = (BTreeMap::new(), Vec::new(), true);
    let lines = text.lines().enumerate().map(|it| (it.0 + 1, it.1.trim()));
    let lines = lines.filter(|it| !it.1.is_empty() && !it.1.starts_with('#'));
    for (nth, (line, text)) in lines.enumerate() {
        let wrong = |what: String| Err(format!("a recorded load: line {line}: {what}"));
        if nth == 0 && text.starts_with(|it: char| it.is_ascii_alphabetic()) {
            columns.clear();
            for name in text.split(',').map(str::trim) {
                let Some(column) = COLUMNS.iter().position(|it| *it == name) else {
                    return wrong(format!(
                        "there is no column {name}; known: time, key, class, size"
                    ));
                };
                columns.push(column);
            }
            if !columns.contains(&0) {
                return wrong("there is no column time, in seconds".into());
            }
            continue;
        }
        if all.rows.len() == ROWS_MAX {
            return wrong(format!("more than {ROWS_MAX} requests; keep a shorter part"));
        }
        let mut row = Row::default();
        let mut fields = text.split(',').map(str::trim);
        for column in &columns {
            let Some(field) = fields.next() else { break };
            match column {
                0 => match seconds(field) {
                    Some(at) => row.at = at,
                    None => {
                        return wrong(format!(
                            "time {field} is not seconds such as 12.5, at most a week"
                        ));
                    }
                },
                _ if field.is_empty() => {}
                1 if field.len() > KEY_BYTES_MAX => {
                    return wrong(format!("a key of more than {KEY_BYTES_MAX} bytes"));
                }
                1 => {
                    let number = whole(field).filter(|it| *it < KEYS_MAX);
                    numbered &= number.is_some();
                    let next = names.len() as u32;
                    let order = *names.entry(field).or_insert(next);
                    keys.push((number.unwrap_or(0) as u32, order));
                    row.key = Some(0);
                }
                2 => row.class = Some(class(&mut all.classes, field)),
                _ => match whole(field).filter(|it| *it <= SIZE_MAX) {
                    Some(size) => row.size = Some(size),
                    None => return wrong(format!("size {field} is not a whole number of bytes")),
                },
            }
        }
        if fields.next().is_some() {
            return wrong(format!("more than {} fields", columns.len()));
        }
        if all.classes.len() > CLASSES_MAX {
            return wrong(format!("more than {CLASSES_MAX} different classes"));
        }
        if all.rows.last().is_some_and(|it| it.at > row.at) {
            return wrong(
                "its time is before that of the line above; sort the lines by time".into(),
            );
        }
        all.rows.push(row);
    }
    let rows = all.rows.iter_mut().filter_map(|it| it.key.as_mut());
    for (row, (number, order)) in rows.zip(keys) {
        *row = if numbered { number } else { order };
    }
    Ok(all)
}

fn class(classes: &mut Vec<String>, name: &str) -> u8 {
    let known = classes.iter().position(|it| it == name);
    let position = known.unwrap_or_else(|| {
        classes.push(name.chars().take(40).collect());
        classes.len() - 1
    });
    position as u8
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.bytes().fold(0, |sum, it| sum * 10 + u64::from(it - b'0')))
}

/// Seconds with at most nine digits after the point, so exact; further ones are cut off.
fn seconds(text: &str) -> Option<Nanos> {
    let (before, after) = text.split_once('.').unwrap_or((text, "0"));
    let after = after.get(..9).unwrap_or(after);
    let (whole_s, part) = (whole(before)?, whole(after)?);
    let scale = (after.len()..9).fold(1, |scale, _| scale * 10);
    (whole_s < SECONDS_MAX).then(|| Nanos(whole_s * 1_000_000_000 + part * scale))
}

impl Param for Recording {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Lines { max: BYTES_MAX }
    }
    fn to_value(&self) -> serde_json::Value {
        self.0.as_ref().into()
    }
    fn from_value(value: &serde_json::Value, _: &()) -> Result<Self, String> {
        Self::read(value.as_str().ok_or("a text")?)
    }
}

impl Serialize for Recording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Recording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|it| Self(it.into()))
    }
}

impl StableHash for Recording {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.0.stable_hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows() {
        let text = "time,key,class,size\r\n0.5,7,browse,100\n\n# later\n1.25,,buy,\n1.25,3\n2\n";
        let rows = Recording::read(text).unwrap().rows();
        let row = |at: u64, key, class, size| Row { at: Nanos::millis(at), key, class, size };
        let expected = [
            row(500, Some(7), Some(0), Some(100)),
            row(1_250, None, Some(1), None),
            row(1_250, Some(3), None, None),
            row(2_000, None, None, None),
        ];
        assert_eq!(rows.rows, expected);
        assert_eq!(rows.classes, ["browse", "buy"]);
        assert_eq!(rows.length(), Nanos::millis(2_500));
        let other = Recording::read("class, time\nbuy, 3.000000001").unwrap().rows();
        assert_eq!(
            other.rows,
            [Row { at: Nanos(3_000_000_001), class: Some(0), ..Row::default() }]
        );
        assert_eq!(
            (Recording::default().rows(), Rows::default().length()),
            (Rows::default(), LENGTH_MIN)
        );
    }

    #[test]
    fn keys_with_names_are_numbered_as_they_come() {
        let keys = |text: &str| -> Vec<Option<u32>> {
            Recording::read(text).unwrap().rows().rows.iter().map(|it| it.key).collect()
        };
        assert_eq!(
            keys("0,user:77\n1,user:5\n2,\n3,user:77\n4,12\n"),
            [Some(0), Some(1), None, Some(0), Some(2)]
        );
        assert_eq!(keys("0,77\n1,5\n2,77"), [Some(77), Some(5), Some(77)]);
        // Too large for a number of a key is a name too.
        assert_eq!(keys("0,1000000\n1,7"), [Some(0), Some(1)]);
        let long = format!("0,{}", "x".repeat(KEY_BYTES_MAX + 1));
        assert!(Recording::read(&long).unwrap_err().contains("line 1: a key of more than"));
    }

    #[test]
    fn what_is_wrong_is_said_by_line() {
        let cases = [
            ("time,colour\n", "line 1: there is no column colour; known: time, key, class, size"),
            ("key,class\n", "line 1: there is no column time, in seconds"),
            ("0,1\nx,2", "line 2: time x is not seconds such as 12.5, at most a week"),
            ("-1", "line 1: time -1 is not seconds such as 12.5, at most a week"),
            ("1e9", "line 1: time 1e9 is not seconds such as 12.5, at most a week"),
            ("604800", "line 1: time 604800 is not seconds such as 12.5, at most a week"),
            ("0,1,b,-5", "line 1: size -5 is not a whole number of bytes"),
            ("0,1,b,5,9", "line 1: more than 4 fields"),
            ("3\n2", "line 2: its time is before that of the line above; sort the lines by time"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Recording::read(text),
                Err(format!("a recorded load: {expected}")),
                "{text}"
            );
        }
        let long = "0\n".repeat(ROWS_MAX + 1);
        assert!(Recording::read(&long).unwrap_err().contains("line 20001: more than 20000"));
        let wide: String = (0..40).map(|it| format!("0,1,c{it}\n")).collect();
        assert!(Recording::read(&wide).unwrap_err().contains("line 33: more than 32"));
        assert!(Recording::read(&" ".repeat(BYTES_MAX + 1)).is_err());
    }
}
