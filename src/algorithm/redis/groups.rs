//! Who reads streams: by themselves, and in groups (t_stream.c). Nobody waits: `BLOCK` has no effect.

use super::run::{Answer, Call, SYNTAX, arity};
use super::streams::told;
use super::{Bytes, Group, Id, Reply, Stream, number};

/// The words of XREAD and XREADGROUP.
struct Reading {
    /// Group and consumer.
    by: Option<(Bytes, Bytes)>,
    most: usize,
    /// What is given need not be acknowledged.
    forgets: bool,
    /// Where the keys begin.
    keys: usize,
}

fn reading(call: &Call<'_>) -> Result<Reading, String> {
    let grouped = call.is(0, "xreadgroup");
    let mut it = Reading { by: None, most: usize::MAX, forgets: false, keys: 0 };
    let mut index = 1;
    while index < call.words.len() {
        let left = call.words.len() - index - 1;
        if call.is(index, "count") && left >= 1 {
            let count = call.integer(index + 1)?;
            it.most = if count > 0 { count as usize } else { usize::MAX };
            index += 2;
        } else if call.is(index, "block") && left >= 1 {
            let timeout = number::integer(call.word(index + 1));
            let timeout = timeout.ok_or("ERR timeout is not an integer or out of range")?;
            if timeout < 0 {
                return Err("ERR timeout is negative".into());
            }
            index += 2;
        } else if grouped && call.is(index, "group") && left >= 2 {
            it.by = Some((call.word(index + 1).clone(), call.word(index + 2).clone()));
            index += 3;
        } else if grouped && call.is(index, "noack") {
            it.forgets = true;
            index += 1;
        } else if call.is(index, "streams") && left >= 1 {
            if left % 2 == 1 {
                return Err("ERR Unbalanced XREAD list of streams: for each stream key an ID or \
                            '$' must be specified."
                    .into());
            }
            it.keys = index + 1;
            break;
        } else {
            return Err(SYNTAX.into());
        }
    }
    if it.keys == 0 {
        return Err(SYNTAX.into());
    }
    if grouped && it.by.is_none() {
        return Err("ERR Missing GROUP option for XREADGROUP".into());
    }
    Ok(it)
}

fn no_group(key: &Bytes, group: &Bytes, context: &str) -> String {
    let [key, group] = [key, group].map(|it| String::from_utf8_lossy(it).into_owned());
    format!("NOGROUP No such key '{key}' or consumer group '{group}'{context}")
}

/// XREAD \[COUNT n\] STREAMS key ... id ...; XREADGROUP GROUP group consumer \[COUNT n\] \[NOACK\] STREAMS ...
pub(super) fn read(call: &mut Call<'_>) -> Answer {
    let how = reading(call)?;
    let count = (call.words.len() - how.keys) / 2;
    let mut from = Vec::new();
    for index in 0..count {
        let (key, id) = (call.word(how.keys + index), call.word(how.keys + count + index));
        let stream = call.get::<Stream>(key)?;
        if let Some((group, _)) = &how.by
            && stream.is_none_or(|it| !it.groups.contains_key(group))
        {
            return Err(no_group(key, group, " in XREADGROUP with GROUP option"));
        }
        from.push(match (&id[..], &how.by) {
            (b">", Some(_)) => None,
            (b">", None) => {
                return Err("ERR The > ID can be specified only when calling XREADGROUP using \
                            the GROUP <group> <consumer> option."
                    .into());
            }
            (b"$", None) => Some(stream.map_or(Id::default(), |it| it.last)),
            (b"$", Some(_)) => {
                return Err("ERR The $ ID is meaningless in the context of XREADGROUP: you want \
                            to read the history of this consumer by specifying a proper ID, or \
                            use the > ID to get new messages. The $ ID would just return an \
                            empty result set."
                    .into());
            }
            _ => Some(Id::read(id, 0)?),
        });
    }
    let mut answers = Vec::new();
    for (index, from) in from.into_iter().enumerate() {
        let key = call.word(how.keys + index);
        let entries = match &how.by {
            None => after(call.get::<Stream>(key)?, from.unwrap_or_default(), how.most),
            Some((group, consumer)) => {
                call.changed();
                let Some(stream) = call.get_mut::<Stream>(key)? else { continue };
                given(stream, (group, consumer), from, &how)
            }
        };
        // Somebody's own history is told even if there is none.
        if !entries.is_empty() || how.by.is_some() && from.is_some() {
            answers.push(Reply::List(vec![Reply::Bulk(key.clone()), Reply::List(entries)]));
        }
    }
    Ok(if answers.is_empty() { Reply::Nil } else { Reply::List(answers) })
}

/// Entries after one.
fn after(stream: Option<&Stream>, from: Id, most: usize) -> Vec<Reply> {
    let (Some(stream), Some(next)) = (stream, from.next()) else { return Vec::new() };
    stream.entries.range(next..).take(most).map(|it| told(*it.0, it.1)).collect()
}

/// New entries for a consumer, or those given to it before, after an id.
fn given(
    stream: &mut Stream,
    (group, consumer): (&Bytes, &Bytes),
    from: Option<Id>,
    how: &Reading,
) -> Vec<Reply> {
    let Some(group) = stream.groups.get_mut(group) else { return Vec::new() };
    group.consumers.insert(consumer.clone());
    if let Some(from) = from {
        let mine = group.pending.iter_mut().filter(|(id, it)| **id > from && it.0 == *consumer);
        return mine
            .take(how.most)
            .map(|(id, pending)| match stream.entries.get(id) {
                Some(fields) => {
                    pending.1 += 1;
                    told(*id, fields)
                }
                // Deleted meanwhile.
                None => Reply::List(vec![id.reply(), Reply::Nil]),
            })
            .collect();
    }
    let Some(next) = group.last.next() else { return Vec::new() };
    let new: Vec<_> = stream.entries.range(next..).take(how.most).collect();
    for (id, _) in &new {
        group.last = **id;
        if !how.forgets {
            group.pending.insert(**id, (consumer.clone(), 1));
        }
    }
    new.into_iter().map(|it| told(*it.0, it.1)).collect()
}

/// XGROUP CREATE key group id | $ \[MKSTREAM\]; XGROUP DESTROY, SETID, CREATECONSUMER, DELCONSUMER
pub(super) fn manage(call: &mut Call<'_>) -> Answer {
    let len = call.words.len();
    let known = [
        ("create", len >= 5),
        ("setid", len >= 5),
        ("destroy", len == 4),
        ("createconsumer", len == 5),
        ("delconsumer", len == 5),
    ];
    let Some((what, fits)) = known.into_iter().find(|it| call.is(1, it.0)) else {
        let word = String::from_utf8_lossy(call.word(1)).into_owned();
        return Err(format!("ERR unknown subcommand '{word}'. Try XGROUP HELP."));
    };
    if !fits {
        return Err(arity(&format!("xgroup|{what}")));
    }
    let (key, name) = (call.word(2), call.word(3));
    let makes = match (what, len) {
        ("create", 6) if call.is(5, "mkstream") => true,
        ("create" | "setid", 5) | ("destroy", _) | ("createconsumer" | "delconsumer", _) => false,
        _ => return Err(SYNTAX.into()),
    };
    if call.get::<Stream>(key)?.is_none() && !makes {
        return Err("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE \
                    you may want to use the MKSTREAM option to create an empty stream \
                    automatically."
            .into());
    }
    let last = call.get::<Stream>(key)?.map_or(Id::default(), |it| it.last);
    let from = match what {
        "create" | "setid" if &call.word(4)[..] == b"$" => last,
        "create" | "setid" => Id::read(call.word(4), 0)?,
        _ => Id::default(),
    };
    let there = call.get::<Stream>(key)?.is_some_and(|it| it.groups.contains_key(name));
    match (what, there) {
        ("create", true) => return Err("BUSYGROUP Consumer Group name already exists".into()),
        ("create", false) => {
            let group = Group { last: from, ..Group::default() };
            call.make::<Stream>(key)?.groups.insert(name.clone(), group);
            call.changed();
            return Ok(Reply::Ok);
        }
        ("destroy", false) => return Ok(Reply::Integer(0)),
        (_, false) => {
            let [key, group] = [key, name].map(|it| String::from_utf8_lossy(it).into_owned());
            return Err(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"));
        }
        _ => {}
    }
    let Some(stream) = call.get_mut::<Stream>(key)? else { return Ok(Reply::Nil) };
    if what == "destroy" {
        stream.groups.remove(name);
        call.changed();
        return Ok(Reply::Integer(1));
    }
    let consumer = call.words[len - 1].clone();
    let stream = call.make::<Stream>(key)?;
    let Some(group) = stream.groups.get_mut(name) else { return Ok(Reply::Nil) };
    let answer = match what {
        "setid" => {
            group.last = from;
            Reply::Ok
        }
        "createconsumer" => Reply::Integer(group.consumers.insert(consumer).into()),
        _ => {
            let before = group.pending.len();
            group.pending.retain(|_, it| it.0 != consumer);
            group.consumers.remove(&consumer);
            Reply::count(before - group.pending.len())
        }
    };
    call.changed();
    Ok(answer)
}

/// XACK key group id ...
pub(super) fn acknowledge(call: &mut Call<'_>) -> Answer {
    let (key, name) = (call.word(1), call.word(2));
    if !call.get::<Stream>(key)?.is_some_and(|it| it.groups.contains_key(name)) {
        return Ok(Reply::Integer(0));
    }
    let ids: Result<Vec<_>, _> = call.words[3..].iter().map(|it| Id::read(it, 0)).collect();
    let ids = ids?;
    let Some(stream) = call.get_mut::<Stream>(key)? else { return Ok(Reply::Integer(0)) };
    let Some(group) = stream.groups.get_mut(name) else { return Ok(Reply::Integer(0)) };
    let gone = ids.iter().filter(|it| group.pending.remove(it).is_some()).count();
    call.dirty |= gone > 0;
    Ok(Reply::count(gone))
}

/// XPENDING key group: how many, from which to which, and how many each consumer has.
pub(super) fn pending(call: &mut Call<'_>) -> Answer {
    let (key, name) = (call.word(1), call.word(2));
    if call.words.len() > 3 {
        return Err(SYNTAX.into());
    }
    let group = call.get::<Stream>(key)?.and_then(|it| it.groups.get(name));
    let pending = &group.ok_or_else(|| no_group(key, name, ""))?.pending;
    let (Some(first), Some(last)) = (pending.keys().next(), pending.keys().next_back()) else {
        return Ok(Reply::List(vec![Reply::Integer(0), Reply::Nil, Reply::Nil, Reply::Nil]));
    };
    let mut each = std::collections::BTreeMap::<&Bytes, usize>::new();
    pending.values().for_each(|it| *each.entry(&it.0).or_default() += 1);
    let one = |(who, count): (&Bytes, usize)| {
        Reply::List(vec![Reply::Bulk(who.clone()), Reply::bulk(count.to_string())])
    };
    let each = Reply::List(each.into_iter().map(one).collect());
    Ok(Reply::List(vec![Reply::count(pending.len()), first.reply(), last.reply(), each]))
}
