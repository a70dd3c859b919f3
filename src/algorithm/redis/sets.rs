//! Sets: t_set.c.

use std::collections::BTreeSet;

use crate::base::draw::mix;

use super::run::{Answer, Call, SYNTAX};
use super::{Bytes, Reply, Set, Value, encoding, number};

/// Members in the order in which they are told: numbers by their size, others by their bytes.
fn told(set: &Set) -> Vec<Bytes> {
    let mut members: Vec<_> = set.members.iter().cloned().collect();
    if !set.grown {
        members.sort_by_key(|it| number::integer(it));
    }
    members
}

fn bulks(members: Vec<Bytes>) -> Reply {
    Reply::List(members.into_iter().map(Reply::Bulk).collect())
}

pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let has = call.get::<Set>(key)?;
    if has.is_some_and(|set| words[2..].iter().all(|it| set.members.contains(it))) {
        return Ok(Reply::Integer(0));
    }
    let set = call.make::<Set>(key)?;
    let new = words[2..].iter().filter(|it| set.members.insert((*it).clone())).count();
    call.settle(key);
    call.changed();
    Ok(Reply::count(new))
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let has = call.get::<Set>(key)?;
    if !has.is_some_and(|set| words[2..].iter().any(|it| set.members.contains(it))) {
        return Ok(Reply::Integer(0));
    }
    let Some(set) = call.get_mut::<Set>(key)? else { return Ok(Reply::Integer(0)) };
    let gone = words[2..].iter().filter(|it| set.members.remove(*it)).count();
    call.settle(key);
    call.changed();
    Ok(Reply::count(gone))
}

/// SMOVE source destination member
pub(super) fn shift(call: &mut Call<'_>) -> Answer {
    let (from, to, member) = (call.word(1), call.word(2), call.word(3));
    if call.entry(from).is_none() {
        return Ok(Reply::Integer(0));
    }
    let has = call.get::<Set>(from)?.is_some_and(|it| it.members.contains(member));
    call.get::<Set>(to)?;
    if !has || from == to {
        return Ok(Reply::Integer(has.into()));
    }
    if let Some(set) = call.get_mut::<Set>(from)? {
        set.members.remove(member);
    }
    call.make::<Set>(to)?.members.insert(member.clone());
    call.settle(from);
    call.settle(to);
    call.changed();
    Ok(Reply::Integer(1))
}

/// SISMEMBER key member; SMISMEMBER key member ...
pub(super) fn has(call: &mut Call<'_>) -> Answer {
    let set = call.get::<Set>(call.word(1))?;
    let has = |it| Reply::Integer(set.is_some_and(|set| set.members.contains(it)).into());
    match call.is(0, "sismember") {
        true => Ok(has(call.word(2))),
        false => Ok(Reply::List(call.words[2..].iter().map(has).collect())),
    }
}

pub(super) fn members(call: &mut Call<'_>) -> Answer {
    Ok(bulks(call.get::<Set>(call.word(1))?.map_or_else(Vec::new, told)))
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<Set>(call.word(1))?.map_or(0, |it| it.members.len())))
}

/// SINTER, SUNION, SDIFF key ...; with STORE, a destination first
pub(super) fn combine(call: &mut Call<'_>) -> Answer {
    let name = call.word(0).to_ascii_lowercase();
    let stores = name.ends_with(b"store");
    let keys = &call.words[1 + usize::from(stores)..];
    let mut sets = Vec::new();
    for key in keys {
        sets.push(call.get::<Set>(key)?.map_or_else(BTreeSet::new, |it| it.members.clone()));
    }
    let mut sets = sets.into_iter();
    let mut members = sets.next().unwrap_or_default();
    for mut other in sets {
        match &name[..5] {
            b"sinte" => members.retain(|it| other.contains(it)),
            b"sdiff" => members.retain(|it| !other.contains(it)),
            _ => members.append(&mut other),
        }
    }
    let mut result = Value::Set(Set { members, grown: false });
    if encoding::outgrown(&result) {
        encoding::grow(&mut result);
    }
    let Value::Set(set) = &result else { return Ok(Reply::Nil) };
    if !stores {
        return Ok(bulks(told(set)));
    }
    let (key, len) = (call.word(1), set.members.len());
    if len > 0 {
        call.put(key, result);
        call.changed();
    } else if call.delete(key) {
        call.tells(vec![b"DEL".to_vec(), key.clone()]);
    }
    Ok(Reply::count(len))
}

/// Different members, by chance: those with the smallest draws.
fn chosen(set: &Set, count: usize, draw: u64) -> Vec<Bytes> {
    let mut members: Vec<_> = set.members.iter().enumerate().collect();
    members.sort_by_key(|it| mix(draw ^ mix(it.0 as u64)));
    members.into_iter().take(count).map(|it| it.1.clone()).collect()
}

/// SPOP key \[count\]; replicas are told which.
pub(super) fn pop(call: &mut Call<'_>) -> Answer {
    if call.words.len() > 3 {
        return Err(SYNTAX.into());
    }
    let count = call.words.get(2).map(super::keys::how_many).transpose()?;
    let key = call.word(1);
    let Some(set) = call.get::<Set>(key)? else {
        return Ok(if count.is_some() { Reply::List(Vec::new()) } else { Reply::Nil });
    };
    let taken = chosen(set, count.unwrap_or(1), call.draw);
    if taken.is_empty() {
        return Ok(Reply::List(Vec::new()));
    }
    if let Some(set) = call.get_mut::<Set>(key)? {
        set.members.retain(|it| !taken.contains(it));
    }
    call.settle(key);
    call.tells([vec![b"SREM".to_vec(), key.clone()], taken.clone()].concat());
    let first = taken.first().cloned().unwrap_or_default();
    Ok(if count.is_some() { bulks(taken) } else { Reply::Bulk(first) })
}

/// SRANDMEMBER key \[count\]: different ones; if negative, as many draws of one each.
pub(super) fn some(call: &mut Call<'_>) -> Answer {
    if call.words.len() > 3 {
        return Err(SYNTAX.into());
    }
    let counted = call.words.len() == 3;
    let count = if counted { call.integer(2)? } else { 1 };
    if count < -100_000 {
        return Err("ERR value is out of range".into());
    }
    let Some(set) = call.get::<Set>(call.word(1))? else {
        return Ok(if counted { Reply::List(Vec::new()) } else { Reply::Nil });
    };
    let all: Vec<_> = set.members.iter().collect();
    let drawn =
        |it: i64| all[(mix(call.draw ^ mix(it as u64)) % all.len() as u64) as usize].clone();
    Ok(match (counted, count) {
        (false, _) => Reply::Bulk(drawn(0)),
        (_, 0..) => bulks(chosen(set, usize::try_from(count).unwrap_or(usize::MAX), call.draw)),
        (_, _) => bulks((0..-count).map(drawn).collect()),
    })
}
