//! Hashes: t_hash.c.

use super::keys::digits;
use super::run::{Answer, Call, NO_FLOAT, arity};
use super::{Hash, Reply, number};

/// HSET, HMSET key field value ...
pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let (key, words, many) = (call.word(1), call.words, call.is(0, "hmset"));
    if words.len() % 2 == 1 {
        return Err(arity(if many { "hmset" } else { "hset" }));
    }
    let hash = call.make::<Hash>(key)?;
    let new = words[2..].chunks(2).filter(|it| hash.set(&it[0], it[1].clone())).count();
    call.settle(key);
    call.changed();
    Ok(if many { Reply::Ok } else { Reply::count(new) })
}

pub(super) fn set_new(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    if call.get::<Hash>(key)?.is_some_and(|it| it.get(&words[2]).is_some()) {
        return Ok(Reply::Integer(0));
    }
    call.make::<Hash>(key)?.set(&words[2], words[3].clone());
    call.settle(key);
    call.changed();
    Ok(Reply::Integer(1))
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let hash = call.get::<Hash>(call.word(1))?;
    Ok(Reply::or_nil(hash.and_then(|it| it.get(call.word(2)))))
}

pub(super) fn get_many(call: &mut Call<'_>) -> Answer {
    let hash = call.get::<Hash>(call.word(1))?;
    let one = |field| Reply::or_nil(hash.and_then(|it| it.get(field)));
    Ok(Reply::List(call.words[2..].iter().map(|it| one(it)).collect()))
}

/// HGETALL, HKEYS, HVALS key
pub(super) fn all(call: &mut Call<'_>) -> Answer {
    let (fields, values) = (!call.is(0, "hvals"), !call.is(0, "hkeys"));
    let mut list = Vec::new();
    for (field, value) in call.get::<Hash>(call.word(1))?.map_or(&[][..], |it| &it.fields) {
        list.extend(fields.then(|| Reply::Bulk(field.clone())));
        list.extend(values.then(|| Reply::Bulk(value.clone())));
    }
    Ok(Reply::List(list))
}

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let there = call.get::<Hash>(key)?;
    if !there.is_some_and(|hash| words[2..].iter().any(|it| hash.get(it).is_some())) {
        return Ok(Reply::Integer(0));
    }
    let Some(hash) = call.get_mut::<Hash>(key)? else { return Ok(Reply::Integer(0)) };
    let gone = words[2..].iter().filter(|it| hash.remove(it)).count();
    call.settle(key);
    call.changed();
    Ok(Reply::count(gone))
}

pub(super) fn count(call: &mut Call<'_>) -> Answer {
    let (by, key, field) = (call.integer(3)?, call.word(1), call.word(2));
    let now = match call.get::<Hash>(key)?.and_then(|it| it.get(field)) {
        None => 0,
        Some(it) => number::integer(it).ok_or("ERR hash value is not an integer")?,
    };
    let next = now.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
    call.make::<Hash>(key)?.set(field, digits(next));
    call.settle(key);
    call.changed();
    Ok(Reply::Integer(next))
}

pub(super) fn add_float(call: &mut Call<'_>) -> Answer {
    let (key, field, by) = (call.word(1), call.word(2), call.word(3));
    number::float(by).ok_or(NO_FLOAT)?;
    let now = call.get::<Hash>(key)?.and_then(|it| it.get(field)).cloned();
    let now = now.unwrap_or_else(|| b"0".to_vec());
    let next = number::sum(&now, by).ok_or("ERR hash value is not a float")??.into_bytes();
    call.make::<Hash>(key)?.set(field, next.clone());
    call.settle(key);
    call.tells(vec![b"HSET".to_vec(), key.clone(), field.clone(), next.clone()]);
    Ok(Reply::Bulk(next))
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<Hash>(call.word(1))?.map_or(0, |it| it.fields.len())))
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    let hash = call.get::<Hash>(call.word(1))?;
    Ok(Reply::Integer(hash.is_some_and(|it| it.get(call.word(2)).is_some()).into()))
}

pub(super) fn width(call: &mut Call<'_>) -> Answer {
    let hash = call.get::<Hash>(call.word(1))?;
    Ok(Reply::count(hash.and_then(|it| it.get(call.word(2))).map_or(0, Vec::len)))
}
