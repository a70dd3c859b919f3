//! Strings: t_string.c.

use super::keys::digits;
use super::run::{Answer, Call, NO_FLOAT, NO_INTEGER, SYNTAX, arity};
use super::{Bytes, Reply, Text, Value, number};

/// Longest string here, in bytes: Redis' limit is 512 MB, which is more than a page may take.
pub(super) const LONGEST: usize = 1 << 20;

pub(super) fn text(bytes: &[u8]) -> Value {
    Value::Text(Text { bytes: bytes.to_vec(), raw: false })
}

fn value(call: &Call<'_>, key: &[u8]) -> Result<Option<Bytes>, String> {
    Ok(call.get::<Text>(key)?.map(|it| it.bytes.clone()))
}

/// SET key value \[NX | XX\] \[GET\] \[EX s | PX ms | EXAT s | PXAT ms | KEEPTTL\]
pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let (mut new, mut old, mut get, mut keep) = (false, false, false, false);
    let mut expiry = None;
    let mut index = 3;
    while index < words.len() {
        let timed = ["ex", "px", "exat", "pxat"].into_iter().find(|it| call.is(index, it));
        if call.is(index, "nx") && !old {
            new = true;
        } else if call.is(index, "xx") && !new {
            old = true;
        } else if call.is(index, "get") {
            get = true;
        } else if call.is(index, "keepttl") && expiry.is_none() {
            keep = true;
        } else if let Some(unit) = timed.filter(|_| !keep && expiry.is_none())
            && index + 1 < words.len()
        {
            expiry = Some((unit, index + 1));
            index += 1;
        } else {
            return Err(SYNTAX.into());
        }
        index += 1;
    }
    let expires = match expiry {
        None => None,
        Some((unit, index)) => Some(moment(call, unit, index, "set")?),
    };
    let before = if get { value(call, key)? } else { None };
    let there = call.entry(key).is_some();
    let kept = call.entry(key).and_then(|it| it.expires).filter(|_| keep);
    let refused = new && there || old && !there;
    if !refused {
        call.put(key, text(call.word(2)));
        if let (Some(entry), Some(until)) = (call.entry_mut(key), expires.or(kept)) {
            entry.expires = Some(until);
        }
        match expires {
            None => call.changed(),
            Some(until) => tell_until(call, until),
        }
    }
    Ok(match (get, refused) {
        (true, _) => before.map_or(Reply::Nil, Reply::Bulk),
        (false, true) => Reply::Nil,
        (false, false) => Reply::Ok,
    })
}

/// Replicas are told until when, and not for how long.
fn tell_until(call: &mut Call<'_>, until: u64) {
    let (key, value) = (call.word(1).clone(), call.word(call.words.len().min(4) - 1).clone());
    let value = if call.is(0, "set") { call.word(2).clone() } else { value };
    call.tells(vec![b"SET".to_vec(), key, value, b"PXAT".to_vec(), until.to_string().into()]);
}

/// The moment that a number and its unit mean, in ms.
fn moment(call: &Call<'_>, unit: &str, index: usize, name: &str) -> Result<u64, String> {
    let invalid = || format!("ERR invalid expire time in '{name}' command");
    let time = call.integer(index)?;
    let by = if unit.starts_with("ex") { 1_000 } else { 1 };
    let from = if unit.ends_with("at") { 0 } else { call.at as i64 };
    let when = time.checked_mul(by).and_then(|it| it.checked_add(from));
    when.filter(|_| time > 0).map(|it| it as u64).ok_or_else(invalid)
}

/// SETEX, PSETEX key time value
pub(super) fn set_for(call: &mut Call<'_>) -> Answer {
    let (unit, name) = if call.is(0, "setex") { ("ex", "setex") } else { ("px", "psetex") };
    let until = moment(call, unit, 2, name)?;
    call.put(call.word(1), text(call.word(3)));
    if let Some(entry) = call.entry_mut(call.word(1)) {
        entry.expires = Some(until);
    }
    tell_until(call, until);
    Ok(Reply::Ok)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    Ok(value(call, call.word(1))?.map_or(Reply::Nil, Reply::Bulk))
}

pub(super) fn set_new(call: &mut Call<'_>) -> Answer {
    if call.entry(call.word(1)).is_some() {
        return Ok(Reply::Integer(0));
    }
    call.put(call.word(1), text(call.word(2)));
    call.changed();
    Ok(Reply::Integer(1))
}

pub(super) fn get_set(call: &mut Call<'_>) -> Answer {
    let before = value(call, call.word(1))?;
    call.put(call.word(1), text(call.word(2)));
    call.tells(vec![b"SET".to_vec(), call.word(1).clone(), call.word(2).clone()]);
    Ok(before.map_or(Reply::Nil, Reply::Bulk))
}

pub(super) fn get_del(call: &mut Call<'_>) -> Answer {
    let Some(before) = value(call, call.word(1))? else { return Ok(Reply::Nil) };
    call.delete(call.word(1));
    call.tells(vec![b"DEL".to_vec(), call.word(1).clone()]);
    Ok(Reply::Bulk(before))
}

/// MSET, MSETNX key value ...
pub(super) fn set_many(call: &mut Call<'_>) -> Answer {
    let pairs = &call.words[1..];
    let new = call.is(0, "msetnx");
    if pairs.len() % 2 == 1 {
        return Err(arity(if new { "msetnx" } else { "mset" }));
    }
    if new && pairs.iter().step_by(2).any(|it| call.entry(it).is_some()) {
        return Ok(Reply::Integer(0));
    }
    for pair in pairs.chunks(2) {
        call.put(&pair[0], text(&pair[1]));
    }
    call.changed();
    Ok(if new { Reply::Integer(1) } else { Reply::Ok })
}

pub(super) fn get_many(call: &mut Call<'_>) -> Answer {
    let one = |key: &Bytes| match value(call, key) {
        Ok(Some(it)) => Reply::Bulk(it),
        // Of another type, it is as if it were not there.
        Ok(None) | Err(_) => Reply::Nil,
    };
    Ok(Reply::List(call.words[1..].iter().map(one).collect()))
}

/// INCR, DECR key; INCRBY, DECRBY key number
pub(super) fn count(call: &mut Call<'_>) -> Answer {
    let mut by = if call.words.len() == 3 { call.integer(2)? } else { 1 };
    if call.is(0, "decr") || call.is(0, "decrby") {
        by = by.checked_neg().ok_or("ERR decrement would overflow")?;
    }
    let key = call.word(1);
    let now = match call.get::<Text>(key)? {
        None => 0,
        Some(it) => number::integer(&it.bytes).ok_or(NO_INTEGER)?,
    };
    let next = now.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
    call.rewrite(key, digits(next));
    call.changed();
    Ok(Reply::Integer(next))
}

pub(super) fn add_float(call: &mut Call<'_>) -> Answer {
    let key = call.word(1);
    let now = value(call, key)?.unwrap_or_else(|| b"0".to_vec());
    let next = number::sum(&now, call.word(2)).ok_or(NO_FLOAT)??.into_bytes();
    call.rewrite(key, next.clone());
    call.tells(vec![b"SET".to_vec(), key.clone(), next.clone(), b"KEEPTTL".to_vec()]);
    Ok(Reply::Bulk(next))
}

pub(super) fn append(call: &mut Call<'_>) -> Answer {
    let (key, more) = (call.word(1), call.word(2));
    let len = call.get::<Text>(key)?.map(|it| it.bytes.len());
    if len.unwrap_or(0) + more.len() > LONGEST {
        return Err(too_long());
    }
    if len.is_none() {
        call.put(key, text(more));
    } else if let Some(it) = call.get_mut::<Text>(key)? {
        it.bytes.extend_from_slice(more);
        it.raw = true;
    }
    call.changed();
    Ok(Reply::count(len.unwrap_or(0) + more.len()))
}

pub(super) fn too_long() -> String {
    "ERR string exceeds maximum allowed size (1 MiB here)".into()
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<Text>(call.word(1))?.map_or(0, |it| it.bytes.len())))
}

pub(super) fn get_range(call: &mut Call<'_>) -> Answer {
    let (first, last) = (call.integer(2)?, call.integer(3)?);
    let Some(it) = call.get::<Text>(call.word(1))? else { return Ok(Reply::bulk("")) };
    let len = it.bytes.len() as i64;
    if first < 0 && last < 0 && first > last || len == 0 {
        return Ok(Reply::bulk(""));
    }
    // Unlike elsewhere, an end before the beginning means the first byte.
    let at = |it: i64| if it < 0 { it.saturating_add(len).max(0) } else { it };
    let (first, last) = (at(first), at(last).min(len - 1));
    let part = if first > last { &[] } else { &it.bytes[first as usize..=last as usize] };
    Ok(Reply::bulk(part))
}

pub(super) fn set_range(call: &mut Call<'_>) -> Answer {
    let (offset, part) = (call.integer(2)?, call.word(3));
    if offset < 0 {
        return Err("ERR offset is out of range".into());
    }
    let key = call.word(1);
    let len = call.get::<Text>(key)?.map_or(0, |it| it.bytes.len());
    if part.is_empty() {
        return Ok(Reply::count(len));
    }
    let end = (offset as usize).saturating_add(part.len());
    if end > LONGEST {
        return Err(too_long());
    }
    let it = call.make::<Text>(key)?;
    it.raw = true;
    it.bytes.resize(len.max(end), 0);
    it.bytes[offset as usize..end].copy_from_slice(part);
    call.changed();
    Ok(Reply::count(len.max(end)))
}
