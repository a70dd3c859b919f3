//! Streams: entries under ids that only grow (t_stream.c).

use std::collections::BTreeMap;
use std::fmt;

use super::run::{Answer, Call, SYNTAX, arity};
use super::{Bytes, Reply, number};
use crate::base::stable::{StableHash, StableHasher};

/// An entry's id: milliseconds and a number within them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64, pub u64);

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The last entry that it has been given.
    pub last: Id,
    /// Entries given and not acknowledged: to whom, and how often.
    pub pending: BTreeMap<Id, (Bytes, u32)>,
    /// Everybody who has read in its name.
    pub consumers: std::collections::BTreeSet<Bytes>,
}

/// Entries in the order of their ids, and who reads them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    /// Fields and values of each.
    pub entries: BTreeMap<Id, Vec<(Bytes, Bytes)>>,
    /// The largest id there has been.
    pub last: Id,
    /// Groups by their names.
    pub groups: BTreeMap<Bytes, Group>,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl StableHash for Id {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.0);
        h.word(self.1);
    }
}

crate::stable! {
    Group { last, pending, consumers }
    Stream { entries, last, groups }
}

pub(super) const NO_ID: &str = "ERR Invalid stream ID specified as stream command argument";

impl Id {
    pub(super) const LAST: Self = Self(u64::MAX, u64::MAX);

    /// An id; without its second part that is the one given.
    pub(super) fn read(word: &[u8], second: u64) -> Result<Self, String> {
        let number = |it: &str| it.bytes().all(|it| it.is_ascii_digit()).then(|| it.parse().ok());
        let text = std::str::from_utf8(word).map_err(|_| NO_ID)?;
        let parts = text.split_once('-');
        let (ms, rest) = parts.map_or((text, None), |it| (it.0, Some(it.1)));
        let ms = number(ms).flatten().ok_or(NO_ID)?;
        let rest = match rest {
            None => second,
            Some(it) => number(it).flatten().ok_or(NO_ID)?,
        };
        Ok(Self(ms, rest))
    }

    pub(super) fn next(self) -> Option<Self> {
        match self.1.checked_add(1) {
            Some(it) => Some(Self(self.0, it)),
            None => self.0.checked_add(1).map(|it| Self(it, 0)),
        }
    }

    fn before(self) -> Option<Self> {
        match self.1.checked_sub(1) {
            Some(it) => Some(Self(self.0, it)),
            None => self.0.checked_sub(1).map(|it| Self(it, u64::MAX)),
        }
    }

    pub(super) fn reply(self) -> Reply {
        Reply::bulk(self.to_string())
    }
}

/// An entry as it is told.
pub(super) fn told(id: Id, fields: &[(Bytes, Bytes)]) -> Reply {
    let flat = fields.iter().flat_map(|it| [it.0.clone(), it.1.clone()]);
    Reply::List(vec![id.reply(), Reply::List(flat.map(Reply::Bulk).collect())])
}

/// How a stream is kept short.
#[derive(Clone, Copy)]
enum Bound {
    Most(usize),
    From(Id),
}

impl Stream {
    fn cut(&mut self, bound: Bound) -> usize {
        let before = self.entries.len();
        match bound {
            Bound::Most(most) => {
                while self.entries.len() > most {
                    self.entries.pop_first();
                }
            }
            Bound::From(id) => self.entries = self.entries.split_off(&id),
        }
        before - self.entries.len()
    }
}

/// MAXLEN | MINID \[= | ~\] threshold from a word on, and where the rest begins. What Redis only does about (`~`)
/// is done exactly here.
fn bound(call: &Call<'_>, index: usize) -> Result<Option<(Bound, usize)>, String> {
    let (most, from) = (call.is(index, "maxlen"), call.is(index, "minid"));
    if !most && !from {
        return Ok(None);
    }
    let at = index + 1 + usize::from(call.is(index + 1, "=") || call.is(index + 1, "~"));
    let word = call.words.get(at).ok_or(SYNTAX)?;
    if from {
        return Ok(Some((Bound::From(Id::read(word, 0)?), at + 1)));
    }
    let count = number::integer(word).ok_or(super::run::NO_INTEGER)?;
    if count < 0 {
        return Err("ERR The MAXLEN argument must be >= 0.".into());
    }
    Ok(Some((Bound::Most(count as usize), at + 1)))
}

/// XADD key \[NOMKSTREAM\] \[MAXLEN | MINID \[= | ~\] threshold\] * | ms-* | id field value ...
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let (mut only_there, mut cut, mut index) = (false, None, 2);
    loop {
        if call.is(index, "nomkstream") {
            only_there = true;
            index += 1;
        } else if let Some((bound, next)) = bound(call, index)? {
            (cut, index) = (Some(bound), next);
        } else {
            break;
        }
    }
    let wanted = words.get(index).ok_or_else(|| arity("xadd"))?;
    let wish = match (&wanted[..], wanted.strip_suffix(b"-*")) {
        (b"*", _) => Wish::Any,
        (_, Some(ms)) => Wish::Within(Id::read(ms, 0)?.0),
        _ => Wish::Exactly(Id::read(wanted, 0)?),
    };
    let pairs = &words[index + 1..];
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        return Err(arity("xadd"));
    }
    if matches!(wish, Wish::Exactly(Id(0, 0))) {
        return Err("ERR The ID specified in XADD must be greater than 0-0".into());
    }
    let last = match call.get::<Stream>(key)? {
        None if only_there => return Ok(Reply::Nil),
        None => Id::default(),
        Some(it) => it.last,
    };
    let small = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    let id = match wish {
        Wish::Any if call.at > last.0 => Id(call.at, 0),
        Wish::Any => last.next().ok_or(small)?,
        Wish::Within(ms) if ms == last.0 => last.next().filter(|it| it.0 == ms).ok_or(small)?,
        Wish::Within(ms) => Id(ms, 0),
        Wish::Exactly(id) => id,
    };
    if id <= last {
        return Err(small.into());
    }
    let pair = |it: &[Bytes]| (it[0].clone(), it[1].clone());
    let stream = call.make::<Stream>(key)?;
    stream.entries.insert(id, pairs.chunks(2).map(pair).collect());
    stream.last = id;
    if let Some(bound) = cut {
        stream.cut(bound);
    }
    let mut told = words.to_vec();
    told[index] = id.to_string().into();
    call.tells(told);
    Ok(id.reply())
}

/// The id that somebody wants for an entry.
enum Wish {
    Any,
    Within(u64),
    Exactly(Id),
}

/// XTRIM key MAXLEN | MINID \[= | ~\] threshold
pub(super) fn trim(call: &mut Call<'_>) -> Answer {
    let key = call.word(1);
    let (bound, end) = bound(call, 2)?.ok_or(SYNTAX)?;
    if end < call.words.len() {
        return Err(SYNTAX.into());
    }
    let Some(stream) = call.get_mut::<Stream>(key)? else { return Ok(Reply::Integer(0)) };
    let gone = stream.cut(bound);
    call.dirty |= gone > 0;
    Ok(Reply::count(gone))
}

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    if call.get::<Stream>(call.word(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let ids: Result<Vec<_>, _> = call.words[2..].iter().map(|it| Id::read(it, 0)).collect();
    let ids = ids?;
    let Some(stream) = call.get_mut::<Stream>(call.word(1))? else { return Ok(Reply::Integer(0)) };
    let gone = ids.iter().filter(|it| stream.entries.remove(it).is_some()).count();
    call.dirty |= gone > 0;
    Ok(Reply::count(gone))
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<Stream>(call.word(1))?.map_or(0, |it| it.entries.len())))
}

/// A bound of a range: `-`, `+`, an id or half of one, or `(` before one that is left out.
fn end(word: &Bytes, is_end: bool) -> Result<Id, String> {
    let second = if is_end { u64::MAX } else { 0 };
    match (&word[..], word.strip_prefix(b"(")) {
        (b"-", _) => Ok(Id::default()),
        (b"+", _) => Ok(Id::LAST),
        (_, Some(rest)) => {
            let id = Id::read(rest, second)?;
            let next = if is_end { id.before() } else { id.next() };
            let which = if is_end { "end" } else { "start" };
            next.ok_or_else(|| format!("ERR invalid {which} ID for the interval"))
        }
        _ => Id::read(word, second),
    }
}

/// XRANGE key start end \[COUNT count\]; XREVRANGE key end start \[COUNT count\]
pub(super) fn range(call: &mut Call<'_>) -> Answer {
    let back = call.is(0, "xrevrange");
    let (low, high) =
        if back { (call.word(3), call.word(2)) } else { (call.word(2), call.word(3)) };
    let (low, high) = (end(low, false)?, end(high, true)?);
    let most = match call.words.len() {
        4 => usize::MAX,
        6 if call.is(4, "count") => call.integer(5)?.max(0) as usize,
        _ => return Err(SYNTAX.into()),
    };
    let Some(stream) = call.get::<Stream>(call.word(1))? else {
        return Ok(Reply::List(Vec::new()));
    };
    if low > high {
        return Ok(Reply::List(Vec::new()));
    }
    let range = stream.entries.range(low..=high).map(|it| told(*it.0, it.1));
    Ok(Reply::List(match back {
        true => range.rev().take(most).collect(),
        false => range.take(most).collect(),
    }))
}
