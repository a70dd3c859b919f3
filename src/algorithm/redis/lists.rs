//! Lists: t_list.c.

use std::collections::VecDeque;

use super::keys::{how_many, span};
use super::run::{Answer, Call, SYNTAX};
use super::{Bytes, List, Reply};

fn bulks<'a>(items: impl Iterator<Item = &'a Bytes>) -> Reply {
    Reply::List(items.map(|it| Reply::Bulk(it.clone())).collect())
}

fn end(items: &mut VecDeque<Bytes>, left: bool, item: Bytes) {
    if left { items.push_front(item) } else { items.push_back(item) }
}

/// LPUSH, RPUSH, LPUSHX, RPUSHX key element ...
pub(super) fn push(call: &mut Call<'_>) -> Answer {
    let name = call.word(0).to_ascii_lowercase();
    let (key, words) = (call.word(1), call.words);
    if name.ends_with(b"x") && call.get::<List>(key)?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let list = call.make::<List>(key)?;
    for word in &words[2..] {
        end(&mut list.0, name.starts_with(b"l"), word.clone());
    }
    let len = list.0.len();
    call.changed();
    Ok(Reply::count(len))
}

/// LPOP, RPOP key \[count\]
pub(super) fn pop(call: &mut Call<'_>) -> Answer {
    let (key, left) = (call.word(1), call.is(0, "lpop"));
    if call.words.len() > 3 {
        return Err(super::run::arity(if left { "lpop" } else { "rpop" }));
    }
    let count = call.words.get(2).map(how_many).transpose()?;
    let Some(list) = call.get::<List>(key)? else { return Ok(Reply::Nil) };
    let taken = count.unwrap_or(1).min(list.0.len());
    if taken == 0 {
        return Ok(Reply::List(Vec::new()));
    }
    let Some(list) = call.get_mut::<List>(key)? else { return Ok(Reply::Nil) };
    let mut take = || if left { list.0.pop_front() } else { list.0.pop_back() };
    let mut items: Vec<_> = (0..taken).filter_map(|_| take()).map(Reply::Bulk).collect();
    call.settle(key);
    call.changed();
    Ok(match count {
        None => items.pop().unwrap_or(Reply::Nil),
        Some(_) => Reply::List(items),
    })
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<List>(call.word(1))?.map_or(0, |it| it.0.len())))
}

pub(super) fn range(call: &mut Call<'_>) -> Answer {
    let (first, last) = (call.integer(2)?, call.integer(3)?);
    let Some(list) = call.get::<List>(call.word(1))? else { return Ok(Reply::List(Vec::new())) };
    Ok(match span(first, last, list.0.len()) {
        None => Reply::List(Vec::new()),
        Some(range) => bulks(list.0.range(range)),
    })
}

fn place(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(len as i64)? } else { index };
    (0..len as i64).contains(&at).then_some(at as usize)
}

pub(super) fn index(call: &mut Call<'_>) -> Answer {
    let Some(list) = call.get::<List>(call.word(1))? else { return Ok(Reply::Nil) };
    let at = place(call.integer(2)?, list.0.len());
    Ok(Reply::or_nil(at.and_then(|it| list.0.get(it))))
}

pub(super) fn trim(call: &mut Call<'_>) -> Answer {
    let (first, last, key) = (call.integer(2)?, call.integer(3)?, call.word(1));
    let Some(list) = call.get::<List>(key)? else { return Ok(Reply::Ok) };
    let len = list.0.len();
    let kept = span(first, last, len).unwrap_or(0..0);
    if kept.len() < len
        && let Some(list) = call.get_mut::<List>(key)?
    {
        list.0.truncate(kept.end);
        list.0.drain(..kept.start);
        call.settle(key);
    }
    // Redis tells replicas in any case.
    call.changed();
    Ok(Reply::Ok)
}

/// LREM key count element: so many from the left, from the right if negative, all if 0.
pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let (count, key, item) = (call.integer(2)?, call.word(1), call.word(3));
    let Some(list) = call.get::<List>(key)? else { return Ok(Reply::Integer(0)) };
    let mut places: Vec<_> = (0..list.0.len()).filter(|it| list.0[*it] == *item).collect();
    if count < 0 {
        places.reverse();
    }
    if count != 0 {
        places.truncate(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX));
    }
    places.sort_unstable();
    if !places.is_empty()
        && let Some(list) = call.get_mut::<List>(key)?
    {
        let mut index = 0;
        list.0.retain(|_| {
            index += 1;
            places.binary_search(&(index - 1)).is_err()
        });
        call.settle(key);
        call.changed();
    }
    Ok(Reply::count(places.len()))
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let key = call.word(1);
    let Some(list) = call.get::<List>(key)? else { return Err("ERR no such key".into()) };
    let at = place(call.integer(2)?, list.0.len()).ok_or("ERR index out of range")?;
    let item = call.word(3).clone();
    if let Some(list) = call.get_mut::<List>(key)? {
        list.0[at] = item;
    }
    call.changed();
    Ok(Reply::Ok)
}

/// LINSERT key BEFORE | AFTER pivot element
pub(super) fn insert(call: &mut Call<'_>) -> Answer {
    let after = match (call.is(2, "before"), call.is(2, "after")) {
        (true, _) => 0,
        (_, true) => 1,
        _ => return Err(SYNTAX.into()),
    };
    let (key, pivot, item) = (call.word(1), call.word(3), call.word(4).clone());
    let Some(list) = call.get::<List>(key)? else { return Ok(Reply::Integer(0)) };
    let Some(at) = list.0.iter().position(|it| it == pivot) else { return Ok(Reply::Integer(-1)) };
    let len = list.0.len();
    if let Some(list) = call.get_mut::<List>(key)? {
        list.0.insert(at + after, item);
    }
    call.changed();
    Ok(Reply::count(len + 1))
}

/// LMOVE source destination LEFT | RIGHT LEFT | RIGHT; RPOPLPUSH source destination
pub(super) fn shift(call: &mut Call<'_>) -> Answer {
    let side = |index: usize| match (call.is(index, "left"), call.is(index, "right")) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(SYNTAX.to_owned()),
    };
    let old = call.words.len() == 3;
    let (from, to) = if old { (false, true) } else { (side(3)?, side(4)?) };
    let (source, target) = (call.word(1), call.word(2));
    if call.get::<List>(source)?.is_none() {
        return Ok(Reply::Nil);
    }
    call.get::<List>(target)?;
    let Some(list) = call.get_mut::<List>(source)? else { return Ok(Reply::Nil) };
    let item = if from { list.0.pop_front() } else { list.0.pop_back() }.unwrap_or_default();
    end(&mut call.make::<List>(target)?.0, to, item.clone());
    call.settle(source);
    call.changed();
    Ok(Reply::Bulk(item))
}
