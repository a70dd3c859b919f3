//! Strings as rows of bits, from the highest of the first byte on: bitops.c.

use super::run::{Answer, Call, NO_INTEGER, SYNTAX};
use super::strings::LONGEST;
use super::{Bytes, Reply, Text, Value, number};

/// The place of a bit.
pub(super) fn offset(word: &[u8]) -> Result<usize, String> {
    let at = number::integer(word).filter(|it| (0..8 * LONGEST as i64).contains(it));
    at.map(|it| it as usize)
        .ok_or_else(|| "ERR bit offset is not an integer or out of range".into())
}

/// One bit; beyond the end it is 0.
pub(super) fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|it| it >> (7 - at % 8) & 1 == 1)
}

/// Sets a bit within the bytes there are.
pub(super) fn write(bytes: &mut [u8], at: usize, on: bool) {
    let mask = 1 << (7 - at % 8);
    let byte = &mut bytes[at / 8];
    *byte = if on { *byte | mask } else { *byte & !mask };
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let (key, at) = (call.word(1), offset(call.word(2))?);
    let on = match &call.word(3)[..] {
        b"0" => false,
        b"1" => true,
        _ => return Err("ERR bit is not an integer or out of range".into()),
    };
    let text = call.make::<Text>(key)?;
    let before = bit(&text.bytes, at);
    let len = text.bytes.len().max(at / 8 + 1);
    text.bytes.resize(len, 0);
    text.raw = true;
    write(&mut text.bytes, at, on);
    call.changed();
    Ok(Reply::Integer(before.into()))
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let at = offset(call.word(2))?;
    let text = call.get::<Text>(call.word(1))?;
    Ok(Reply::Integer(text.is_some_and(|it| bit(&it.bytes, at)).into()))
}

/// A part of a string, in bits: from and to (not included); none if it is empty.
fn part(len: usize, first: i64, last: i64, in_bits: bool) -> Option<std::ops::Range<usize>> {
    let total = if in_bits { len as i64 * 8 } else { len as i64 };
    let at = |it: i64| if it < 0 { it.saturating_add(total).max(0) } else { it };
    let (first, last) = (at(first), at(last).min(total - 1));
    let unit = if in_bits { 1 } else { 8 };
    (first <= last).then(|| first as usize * unit..(last as usize + 1) * unit)
}

/// BYTE or BIT at a word, if there is one.
fn unit(call: &Call<'_>, index: usize) -> Result<bool, String> {
    match (call.words.len() > index, call.is(index, "bit"), call.is(index, "byte")) {
        (false, ..) | (_, _, true) => Ok(false),
        (_, true, _) => Ok(true),
        _ => Err(SYNTAX.into()),
    }
}

/// BITCOUNT key \[start end \[BYTE | BIT\]\]
pub(super) fn count(call: &mut Call<'_>) -> Answer {
    let Some(text) = call.get::<Text>(call.word(1))? else { return Ok(Reply::Integer(0)) };
    if call.words.len() == 3 || call.words.len() > 5 {
        return Err(SYNTAX.into());
    }
    let ends = match call.words.len() {
        2 => (0, -1),
        _ => (call.integer(2)?, call.integer(3)?),
    };
    if ends.0 < 0 && ends.1 < 0 && ends.0 > ends.1 {
        return Ok(Reply::Integer(0));
    }
    let in_bits = unit(call, 4)?;
    let range = part(text.bytes.len(), ends.0, ends.1, in_bits).unwrap_or(0..0);
    let ones = match in_bits {
        true => range.filter(|it| bit(&text.bytes, *it)).count(),
        false => {
            let bytes = &text.bytes[range.start / 8..range.end / 8];
            bytes.iter().map(|it| it.count_ones() as usize).sum()
        }
    };
    Ok(Reply::count(ones))
}

/// BITPOS key bit [start \[end \[BYTE | BIT\]\]]
pub(super) fn find(call: &mut Call<'_>) -> Answer {
    let wanted = match call.integer(2)? {
        0 => false,
        1 => true,
        _ => return Err("ERR The bit argument must be 1 or 0.".into()),
    };
    let len = call.words.len();
    if len > 6 {
        return Err(SYNTAX.into());
    }
    let first = if len > 3 { call.integer(3)? } else { 0 };
    let in_bits = unit(call, 5)?;
    let last = if len > 4 { call.integer(4)? } else { -1 };
    let Some(text) = call.get::<Text>(call.word(1))? else {
        return Ok(Reply::Integer(if wanted { -1 } else { 0 }));
    };
    let total = text.bytes.len();
    let at = |it: i64, total: i64| if it < 0 { it.saturating_add(total).max(0) } else { it };
    let whole = if in_bits { total as i64 * 8 } else { total as i64 };
    let (first, last) = (at(first, whole), at(last, whole).min(whole - 1));
    if first > last {
        return Ok(Reply::Integer(-1));
    }
    let by = if in_bits { 1 } else { 8 };
    let range = first as usize * by..(last as usize + 1) * by;
    let end = range.end;
    let found = { range }.find(|it| bit(&text.bytes, *it) == wanted);
    Ok(match found {
        Some(at) => Reply::count(at),
        // Behind the end of the string there are zeros, unless an end was named.
        None if !wanted && len < 5 => Reply::count(end),
        None => Reply::Integer(-1),
    })
}

/// BITOP AND | OR | XOR | NOT destination key ...
pub(super) fn combine(call: &mut Call<'_>) -> Answer {
    let Some(name) = ["and", "or", "xor", "not"].into_iter().find(|it| call.is(1, it)) else {
        return Err(SYNTAX.into());
    };
    let with = |a: u8, b: u8| match name {
        "and" => a & b,
        "or" => a | b,
        "xor" => a ^ b,
        _ => !a,
    };
    let (key, sources) = (call.word(2), &call.words[3..]);
    if name == "not" && sources.len() != 1 {
        return Err("ERR BITOP NOT must be called with a single source key.".into());
    }
    let mut texts: Vec<Bytes> = Vec::new();
    for source in sources {
        texts.push(call.get::<Text>(source)?.map(|it| it.bytes.clone()).unwrap_or_default());
    }
    let len = texts.iter().map(Vec::len).max().unwrap_or(0);
    let byte = |it: &Bytes, at: usize| it.get(at).copied().unwrap_or(0);
    let one = |at: usize| match &texts[..] {
        [only] if name == "not" => with(byte(only, at), 0),
        all => {
            let bytes = all.iter().map(|it| byte(it, at));
            bytes.reduce(with).unwrap_or(0)
        }
    };
    let bytes: Bytes = (0..len).map(one).collect();
    if len > 0 {
        call.put(key, Value::Text(Text { bytes, raw: true }));
        call.changed();
    } else if call.delete(key) {
        call.tells(vec![b"DEL".to_vec(), key.clone()]);
    }
    Ok(Reply::count(len))
}

/// A whole number within bounds, or Redis' words for that it is none.
pub(super) fn whole(word: &[u8]) -> Result<i64, String> {
    number::integer(word).ok_or_else(|| NO_INTEGER.into())
}
