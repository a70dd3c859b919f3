//! Commands that care for no type: keys, and when they expire.

use super::run::{Answer, Call, SYNTAX, arity};
use super::{Bytes, Reply, number};

pub(super) fn ping(call: &mut Call<'_>) -> Answer {
    match call.words {
        [_] => Ok(Reply::Status("PONG")),
        [_, word] => Ok(Reply::Bulk(word.clone())),
        _ => Err(arity("ping")),
    }
}

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let words = call.words;
    let gone = words[1..].iter().filter(|it| call.delete(it)).count();
    call.dirty |= gone > 0;
    Ok(Reply::count(gone))
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.words[1..].iter().filter(|it| call.entry(it).is_some()).count()))
}

/// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT key time \[NX | XX | GT | LT\]
pub(super) fn expire(call: &mut Call<'_>) -> Answer {
    let (key, name) = (call.word(1), call.word(0).to_ascii_lowercase());
    let (mut new, mut old, mut more, mut less) = (false, false, false, false);
    for index in 3..call.words.len() {
        let flags = [("nx", &mut new), ("xx", &mut old), ("gt", &mut more), ("lt", &mut less)];
        match flags.into_iter().find(|it| call.is(index, it.0)) {
            Some((_, flag)) => *flag = true,
            None => {
                let word = String::from_utf8_lossy(call.word(index)).into_owned();
                return Err(format!("ERR Unsupported option {word}"));
            }
        }
    }
    if new && (old || more || less) {
        return Err("ERR NX and XX, GT or LT options at the same time are not compatible".into());
    }
    if more && less {
        return Err("ERR GT and LT options at the same time are not compatible".into());
    }
    let time = call.integer(2)?;
    let invalid = || {
        let name = String::from_utf8_lossy(&name).into_owned();
        format!("ERR invalid expire time in '{name}' command")
    };
    let unit = if name.starts_with(b"p") { 1 } else { 1_000 };
    let from = if name.ends_with(b"at") { 0 } else { call.at as i64 };
    let when = time.checked_mul(unit).and_then(|it| it.checked_add(from)).ok_or_else(invalid)?;
    let Some(entry) = call.entry(key) else { return Ok(Reply::Integer(0)) };
    // Without an expiry a key lives for ever: longer than anything.
    let now = entry.expires.map(|it| it as i64);
    let refused = new && now.is_some()
        || old && now.is_none()
        || more && now.is_none_or(|it| when <= it)
        || less && now.is_some_and(|it| when >= it);
    if refused {
        return Ok(Reply::Integer(0));
    }
    if when <= call.at as i64 && call.at > 0 {
        call.delete(key);
        call.tells(vec![b"DEL".to_vec(), key.clone()]);
        return Ok(Reply::Integer(1));
    }
    if let Some(entry) = call.entry_mut(key) {
        entry.expires = Some(when.max(0) as u64);
    }
    call.tells(vec![b"PEXPIREAT".to_vec(), key.clone(), when.to_string().into()]);
    Ok(Reply::Integer(1))
}

pub(super) fn ttl(call: &mut Call<'_>) -> Answer {
    let seconds = call.is(0, "ttl");
    Ok(Reply::Integer(match call.entry(call.word(1)) {
        None => -2,
        Some(it) => it.expires.map_or(-1, |it| {
            let left = it.saturating_sub(call.at) as i64;
            if seconds { (left + 500) / 1_000 } else { left }
        }),
    }))
}

pub(super) fn persist(call: &mut Call<'_>) -> Answer {
    if call.entry(call.word(1)).is_none_or(|it| it.expires.is_none()) {
        return Ok(Reply::Integer(0));
    }
    if let Some(entry) = call.entry_mut(call.word(1)) {
        entry.expires = None;
    }
    call.changed();
    Ok(Reply::Integer(1))
}

pub(super) fn kind(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Status(call.entry(call.word(1)).map_or("none", |it| it.value.kind())))
}

pub(super) fn keys(call: &mut Call<'_>) -> Answer {
    let there = call.space.entries().filter(|it| !it.1.is_over(call.at));
    let matching = there.filter(|it| matches(call.word(1), it.0));
    Ok(Reply::List(matching.map(|it| Reply::Bulk(it.0.clone())).collect()))
}

/// Keys that are gone and not yet removed are counted, as Redis counts them.
pub(super) fn size(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.space.len()))
}

pub(super) fn flush(call: &mut Call<'_>) -> Answer {
    if call.words.len() > 2 || call.words.len() == 2 && !call.is(1, "async") && !call.is(1, "sync")
    {
        return Err(SYNTAX.into());
    }
    *call.space = Default::default();
    call.changed();
    Ok(Reply::Ok)
}

/// OBJECT ENCODING key; of the other subcommands there is none.
pub(super) fn object(call: &mut Call<'_>) -> Answer {
    if !call.is(1, "encoding") {
        let word = String::from_utf8_lossy(call.word(1)).into_owned();
        return Err(format!("ERR unknown subcommand '{word}'. Try OBJECT HELP."));
    }
    if call.words.len() != 3 {
        return Err(arity("object|encoding"));
    }
    let entry = call.entry(call.word(2));
    Ok(entry.map_or(Reply::Nil, |it| Reply::bulk(it.value.encoding())))
}

/// Whether a text fits a pattern: `*`, `?`, `[a-c]`, `[^x]`, `\` before what is meant as it is.
///
/// Source: `stringmatchlen` in util.c.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return text.is_empty() };
    match first {
        b'*' => (0..=text.len()).any(|from| matches(rest, &text[from..])),
        b'?' => !text.is_empty() && matches(rest, &text[1..]),
        b'[' => {
            let Some((&byte, after)) = text.split_first() else { return false };
            let (fits, rest) = class(rest, byte);
            fits && matches(rest, after)
        }
        b'\\' if !rest.is_empty() => {
            text.first() == rest.first() && matches(&rest[1..], &text[1..])
        }
        other => text.first() == Some(other) && matches(rest, &text[1..]),
    }
}

/// Whether a byte is in a class, and what follows the class in the pattern.
fn class(mut pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let not = pattern.first() == Some(&b'^');
    pattern = &pattern[usize::from(not)..];
    let mut fits = false;
    loop {
        match pattern {
            [] => break,
            [b']', ..] => {
                pattern = &pattern[1..];
                break;
            }
            [b'\\', it, ..] => {
                fits |= *it == byte;
                pattern = &pattern[2..];
            }
            [low, b'-', high, ..] => {
                fits |= (*low.min(high)..=*low.max(high)).contains(&byte);
                pattern = &pattern[3..];
            }
            [it, ..] => {
                fits |= *it == byte;
                pattern = &pattern[1..];
            }
        }
    }
    (fits != not, pattern)
}

/// A range of positions from the first to the last, counted from the end if negative; none if it is
/// empty.
pub(super) fn span(first: i64, last: i64, len: usize) -> Option<std::ops::Range<usize>> {
    let len = len as i64;
    let at = |it: i64| if it < 0 { it.saturating_add(len) } else { it };
    let (first, last) = (at(first).max(0), at(last).min(len - 1));
    (first <= last).then(|| first as usize..last as usize + 1)
}

/// A word for a number.
pub(super) fn digits(number: i64) -> Bytes {
    number.to_string().into_bytes()
}

/// How many, as the last word of a command: not negative.
pub(super) fn how_many(word: &Bytes) -> Result<usize, String> {
    let count = number::integer(word).filter(|it| *it >= 0);
    count.map(|it| it as usize).ok_or_else(|| "ERR value is out of range, must be positive".into())
}
