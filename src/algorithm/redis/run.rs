//! Running a command: finding it, its keys, what it changes, and what replicas are told of it.

use crate::base::time::Nanos;

use super::value::Kept;
use super::{Bytes, Entry, Keyspace, Reply, Text, Value, encoding, millis, table, words};

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What whoever asked is told.
    pub reply: Reply,
    /// What replicas are told, in order: nothing, if nothing has changed. What was left to chance or to the
    /// clock is settled in it (SPOP as SREM, `SET k v EX 5` as `PXAT`, `XADD *` with its id).
    pub effects: Vec<String>,
}

/// How a command ends: with an answer, or with an error's text.
pub(super) type Answer = Result<Reply, String>;

pub(super) const WRONG_TYPE: &str =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
pub(super) const SYNTAX: &str = "ERR syntax error";
pub(super) const NO_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const NO_FLOAT: &str = "ERR value is not a valid float";

/// A command's words, and its place in the tables.
pub(super) fn parsed(command: &str) -> Result<(Vec<Bytes>, usize), String> {
    let words = words::split(command).ok_or("Invalid argument(s)")?;
    let Some(first) = words.first() else { return Err("ERR empty command".into()) };
    let shown = |it: &Bytes| String::from_utf8_lossy(it).into_owned();
    let Some(place) = table::find(first) else {
        let mut rest = String::new();
        for word in &words[1..] {
            let room = 128usize.saturating_sub(rest.len());
            if room == 0 {
                break;
            }
            rest += &format!("'{}' ", shown(&word[..word.len().min(room)].to_vec()));
        }
        let name = shown(&first[..first.len().min(128)].to_vec());
        return Err(format!("ERR unknown command '{name}', with args beginning with: {rest}"));
    };
    let (count, found) = (words.len() as i32, &table::ALL[place]);
    let fits = if found.arity < 0 { count >= -found.arity } else { count == found.arity };
    if !fits {
        return Err(arity(found.name));
    }
    Ok((words, place))
}

pub(super) fn arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{}' command", name.to_ascii_lowercase())
}

impl Keyspace {
    /// Runs a command at a moment, and says what replicas are to be told.
    pub fn perform(&mut self, command: &str, at: Nanos, draw: u64) -> Done {
        let (words, place) = match parsed(command) {
            Ok(it) => it,
            Err(error) => return Done { reply: Reply::Error(error), effects: Vec::new() },
        };
        let call = &mut Call {
            space: self,
            words: &words,
            at: millis(at),
            draw,
            dirty: false,
            effects: None,
            over: Vec::new(),
        };
        // Sources that are gone as well: replicas have no clock of their own to know.
        if table::ALL[place].writes {
            words[1..].iter().for_each(|it| call.bury(it));
        }
        let reply = table::RUN[place](call).unwrap_or_else(Reply::Error);
        let mut lines: Vec<_> =
            call.over.iter().map(|it| words::line(&[b"DEL".to_vec(), it.clone()])).collect();
        if call.dirty {
            let effects = call.effects.take();
            let effects = effects.unwrap_or_else(|| vec![words.clone()]);
            lines.extend(effects.iter().map(|it| words::line(it)));
        }
        Done { reply, effects: lines }
    }

    /// What replicas are to be told of a command, without running it here.
    pub fn effects(&self, command: &str, at: Nanos, draw: u64) -> Vec<String> {
        self.clone().perform(command, at, draw).effects
    }

    /// Does what a primary has told ([`Done::effects`]). A replica's clock decides nothing: keys go when the
    /// primary says so.
    pub fn replay(&mut self, effect: &str) -> Reply {
        self.perform(effect, Nanos::ZERO, 0).reply
    }
}

/// A command under way.
pub(super) struct Call<'a> {
    pub space: &'a mut Keyspace,
    /// Its words; the first is its name.
    pub words: &'a [Bytes],
    /// In ms.
    pub at: u64,
    pub draw: u64,
    /// Whether it has changed anything.
    pub dirty: bool,
    /// What replicas are told in place of its words.
    pub effects: Option<Vec<Vec<Bytes>>>,
    /// Keys that were gone, and have been removed on the way.
    over: Vec<Bytes>,
}

impl<'a> Call<'a> {
    /// Its word at a place.
    pub fn word(&self, index: usize) -> &'a Bytes {
        &self.words[index]
    }

    /// Whether a word is that option, in any case.
    pub fn is(&self, index: usize, option: &str) -> bool {
        self.words.get(index).is_some_and(|it| it.eq_ignore_ascii_case(option.as_bytes()))
    }

    pub fn integer(&self, index: usize) -> Result<i64, String> {
        super::number::integer(self.word(index)).ok_or_else(|| NO_INTEGER.into())
    }

    pub fn float(&self, index: usize) -> Result<f64, String> {
        super::number::float(self.word(index)).ok_or_else(|| NO_FLOAT.into())
    }

    /// Has changed something; the words are what replicas are told.
    pub fn changed(&mut self) {
        self.dirty = true;
    }

    /// Has changed something, and replicas are told this of it.
    pub fn tells(&mut self, words: Vec<Bytes>) {
        self.dirty = true;
        self.effects.get_or_insert_default().push(words);
    }

    /// What is under a key that is not gone.
    pub fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.space.entry(key).filter(|it| !it.is_over(self.at))
    }

    /// The same to change it; whoever is gone is removed, and replicas are told.
    pub fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        self.bury(key);
        self.space.entry_mut(key)
    }

    /// Removes a key if it is gone.
    pub fn bury(&mut self, key: &[u8]) {
        if self.space.entry(key).is_some_and(|it| it.is_over(self.at)) {
            self.space.remove(key);
            self.over.push(key.to_vec());
        }
    }

    /// Removes a key; whether it was there.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        self.bury(key);
        self.space.remove(key).is_some()
    }

    /// What a key holds, of the type wanted.
    pub fn get<T: Kept>(&self, key: &[u8]) -> Result<Option<&T>, String> {
        match self.entry(key) {
            None => Ok(None),
            Some(it) => T::of(&it.value).map(Some).ok_or_else(|| WRONG_TYPE.into()),
        }
    }

    /// The same to change it. Nothing is copied unless it is there and of that type.
    pub fn get_mut<T: Kept>(&mut self, key: &[u8]) -> Result<Option<&mut T>, String> {
        self.get::<T>(key)?;
        Ok(self.entry_mut(key).and_then(|it| T::of_mut(&mut it.value)))
    }

    /// The same, made if it is not there.
    pub fn make<T: Kept>(&mut self, key: &[u8]) -> Result<&mut T, String> {
        self.get::<T>(key)?;
        self.bury(key);
        if self.space.entry(key).is_none() {
            let value = T::default().wrap();
            self.space.insert(key.to_vec(), Entry { value, expires: None });
        }
        let entry = self.space.entry_mut(key).and_then(|it| T::of_mut(&mut it.value));
        entry.ok_or_else(|| WRONG_TYPE.into())
    }

    /// Puts a value in place of what a key held; it has no expiry then.
    pub fn put(&mut self, key: &[u8], value: Value) {
        self.bury(key);
        self.space.insert(key.to_vec(), Entry { value, expires: None });
    }

    /// Puts a string in place of what a key held, keeping until when.
    pub fn rewrite(&mut self, key: &[u8], bytes: Bytes) {
        let expires = self.entry(key).and_then(|it| it.expires);
        self.bury(key);
        let value = Value::Text(Text { bytes, raw: false });
        self.space.insert(key.to_vec(), Entry { value, expires });
    }

    /// After a change: a key with nothing in it goes, and what is too large for its encoding gets another.
    pub fn settle(&mut self, key: &[u8]) {
        let Some(entry) = self.space.entry(key) else { return };
        if entry.value.is_void() {
            self.space.remove(key);
        } else if encoding::outgrown(&entry.value)
            && let Some(entry) = self.space.entry_mut(key)
        {
            encoding::grow(&mut entry.value);
        }
    }
}
