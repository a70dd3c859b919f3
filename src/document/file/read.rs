//! From raw JSON to a document: what every record needs, and the file around them.

use crate::base::table::Table;

use serde_json::{Map, Value};

use crate::base::geometry::Point;
use crate::base::param::{Field, Param, ParamError};
use crate::base::time::Nanos;

use super::super::{Extra, Id, ids};
use super::{COORDINATE_MAX, File, NOTICES_MAX, Notice, SEED, WARMUP, WARMUP_MAX, records};

pub(super) type Raw = Map<String, Value>;

/// Longest label or name, in characters.
const LABEL_MAX: usize = 200;
/// Most of a bad value that a notice repeats, in characters.
const SHORT_MAX: usize = 120;

/// Reads a file of the newest version.
pub(super) fn file(mut map: Raw) -> (File, Vec<Notice>) {
    let mut reader = Reader::default();
    let seed = match map.remove("seed") {
        None => SEED,
        Some(value) => value.as_u64().unwrap_or_else(|| {
            let wanted = format!("a whole number from 0 to {}", u64::MAX);
            reader.refuse("seed", &value, &wanted, &format!("the default {SEED} is used"));
            SEED
        }),
    };
    let warmup = reader.span(&mut map, "", "warmup", WARMUP, WARMUP_MAX);
    let design = match map.remove("design") {
        Some(Value::Object(raw)) => records::design(&mut reader, raw),
        other => {
            let found = other.map_or("missing".into(), |it| format!("{} is no design", short(&it)));
            reader.tell("design", format!("{found}; an empty design is opened"));
            Default::default()
        }
    };
    let view = map.remove("view").map(|it| it.to_string());
    let inputs = map.remove("inputs").map(|it| it.to_string());
    let extra = reader.unknown(map, "");
    (File { design, seed, warmup, view, inputs, extra }, reader.finish())
}

/// A value as a notice repeats it.
pub(super) fn short(value: &Value) -> String {
    shortened(value.to_string())
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(SHORT_MAX) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// Rows of one table, and what ids that were no ids have become.
pub(super) type Rows = Vec<(Id, Raw)>;

/// Reads records and notes what it could not take as it stands.
#[derive(Default)]
pub(super) struct Reader {
    notices: Vec<Notice>,
    /// Notices beyond those that are listed.
    unlisted: usize,
    /// Texts that were meant as ids, and the ids they have become.
    renamed: Table<Id>,
}

impl Reader {
    pub fn tell(&mut self, place: impl Into<String>, sentence: impl Into<String>) {
        if self.notices.len() < NOTICES_MAX {
            let (place, sentence) = (shortened(place.into()), sentence.into());
            self.notices.push(Notice { place, sentence });
        } else {
            self.unlisted += 1;
        }
    }

    /// The same sentence for every value that is not what it should be.
    pub fn refuse(&mut self, place: &str, value: &Value, wanted: &str, done: &str) {
        self.tell(place, format!("{} is not {wanted}; {done}", short(value)));
    }

    pub fn finish(mut self) -> Vec<Notice> {
        if self.unlisted > 0 {
            let sentence = format!("{} more notices like these", self.unlisted);
            self.notices.push(Notice { place: "file".into(), sentence });
        }
        self.notices
    }

    /// What is left of a record is unknown: kept, and reported once.
    pub fn unknown(&mut self, map: Raw, place: &str) -> Extra {
        let extra: Extra = map.into_iter().map(|(name, it)| (name, it.to_string())).collect();
        if !extra.is_empty() {
            let names: Vec<_> = extra.keys().map(String::as_str).collect();
            let names = shortened(names.join(", "));
            let place = if place.is_empty() { "file" } else { place };
            let sentence = format!("not known here: {names}; kept in the file, without effect");
            self.tell(place, sentence);
        }
        extra
    }

    /// A table's rows under valid ids.
    pub fn rows(&mut self, map: &mut Raw, name: &str, stem: &str) -> Rows {
        let table = match map.remove(name) {
            None => return Rows::new(),
            Some(Value::Object(table)) => table,
            Some(other) => {
                self.refuse(name, &other, "an object with one record an id", "it is left out");
                return Rows::new();
            }
        };
        let mut rows = Table::new();
        for (key, value) in &table {
            let place = format!("{name}.{key}");
            let Value::Object(row) = value else {
                self.refuse(&place, value, "a record, from { to }", "it is left out");
                continue;
            };
            let mut id = key.clone();
            if !ids::is_id(key) {
                let taken = |it: &str| table.contains_key(it) || rows.contains_key(it);
                id = ids::fresh(&ids::repaired(key, stem), taken);
                let sentence = format!(
                    "an id is 1 to {} lower-case letters, digits and hyphens; {id:?} is used",
                    ids::ID_MAX
                );
                self.tell(place, sentence);
                self.renamed.insert(key.clone(), id.clone());
            }
            rows.insert(id, row.clone());
        }
        rows.into_iter().collect()
    }

    /// The id that a reference means.
    pub fn renamed(&self, id: &str) -> Id {
        self.renamed.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Puts new ids into every text that names an old one, or a member of it.
    pub fn rename_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let (id, member) = text.split_at(text.find('/').unwrap_or(text.len()));
                if let Some(now) = self.renamed.get(id) {
                    *text = format!("{now}{member}");
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|it| self.rename_all(it)),
            Value::Object(map) => map.values_mut().for_each(|it| self.rename_all(it)),
            _ => {}
        }
    }

    /// The settings of a record, to be loaded.
    pub fn settings(&mut self, row: &mut Raw, place: &str) -> Raw {
        match row.remove("settings") {
            None => Raw::new(),
            Some(Value::Object(settings)) => settings,
            Some(other) => {
                let place = format!("{place}.settings");
                self.refuse(&place, &other, "a record, from { to }", "defaults are used");
                Raw::new()
            }
        }
    }

    /// Tells of settings that kept their default.
    pub fn defaulted(&mut self, errors: Vec<ParamError>, fields: &[Field], place: &str) {
        for ParamError { field, problem } in errors {
            let default = fields.iter().find(|it| it.name == field).map(|it| &it.default);
            let default = match default {
                Some(Value::String(text)) => text.clone(),
                Some(value) => short(value),
                None => String::new(),
            };
            let problem = shortened_middle(problem);
            let sentence = format!("{problem}; the default {default} is used");
            self.tell(format!("{place}.settings.{field}"), sentence.replace("default  ", ""));
        }
    }

    /// Unknown fields of a record and of its settings.
    pub fn unknown_of(&mut self, row: Raw, settings: Raw, place: &str) -> Extra {
        let settings = self.unknown(settings, &format!("{place}.settings"));
        let mut extra = self.unknown(row, place);
        if !settings.is_empty() {
            let parsed = |(name, text): (String, String)| {
                (name, serde_json::from_str::<Value>(&text).unwrap_or_default())
            };
            let settings: Raw = settings.into_iter().map(parsed).collect();
            extra.insert("settings".into(), Value::Object(settings).to_string());
        }
        extra
    }

    pub fn text(&mut self, map: &mut Raw, place: &str, name: &str, default: &str) -> String {
        let place = joined(place, name);
        match map.remove(name) {
            None => default.into(),
            Some(Value::String(text)) => match text.char_indices().nth(LABEL_MAX) {
                None => text,
                Some((at, _)) => {
                    let sentence = format!("longer than {LABEL_MAX} characters; the rest is cut");
                    self.tell(place, sentence);
                    text[..at].into()
                }
            },
            Some(other) => {
                self.refuse(&place, &other, "a text", &format!("{default:?} is used"));
                default.into()
            }
        }
    }

    pub fn span(
        &mut self,
        map: &mut Raw,
        place: &str,
        name: &str,
        default: Nanos,
        most: Nanos,
    ) -> Nanos {
        let Some(value) = map.remove(name) else { return default };
        Nanos::from_value(&value, &(Nanos::ZERO..=most)).unwrap_or_else(|wanted| {
            let done = format!("the default {default} is used");
            self.refuse(&joined(place, name), &value, &wanted, &done);
            default
        })
    }

    pub fn point(&mut self, map: &mut Raw, place: &str, default: Point) -> Point {
        let at = self.numbers::<2>(map, place, "at", [default.x, default.y]);
        Point::new(at[0], at[1])
    }

    /// A list of so many coordinates.
    pub fn numbers<const N: usize>(
        &mut self,
        map: &mut Raw,
        place: &str,
        name: &str,
        default: [f64; N],
    ) -> [f64; N] {
        let used = default.map(|it| it.to_string()).join(", ");
        let Some(value) = map.remove(name) else {
            let sentence = format!("missing; [{used}] is used");
            self.tell(joined(place, name), sentence);
            return default;
        };
        let fits = |it: &Value| it.as_f64().filter(|it| it.abs() <= COORDINATE_MAX);
        let numbers: Option<Vec<f64>> =
            value.as_array().and_then(|it| it.iter().map(fits).collect());
        numbers.and_then(|it| it.try_into().ok()).unwrap_or_else(|| {
            let wanted =
                format!("a list of {N} numbers between -{COORDINATE_MAX} and {COORDINATE_MAX}");
            let done = format!("[{used}] is used");
            self.refuse(&joined(place, name), &value, &wanted, &done);
            default
        })
    }
}

fn joined(place: &str, name: &str) -> String {
    if place.is_empty() { name.into() } else { format!("{place}.{name}") }
}

/// Keeps both ends of a long sentence: the value at its start, the fix at its end.
fn shortened_middle(text: String) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= 2 * SHORT_MAX {
        return text;
    }
    let head: String = letters[..SHORT_MAX].iter().collect();
    let tail: String = letters[letters.len() - SHORT_MAX..].iter().collect();
    format!("{head} … {tail}")
}
