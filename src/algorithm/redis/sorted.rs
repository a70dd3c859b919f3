//! Sorted sets: t_zset.c.

use std::cmp::Ordering;

use crate::base::stable::{StableHash, StableHasher};

use super::keys::how_many;
use super::run::{Answer, Call, NO_FLOAT, SYNTAX};
use super::{Bytes, Reply, number};

/// Members by score, and those of equal score by their bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sorted {
    ranked: Vec<(f64, Bytes)>,
    /// It has been too large for a listpack: it stays a skip list.
    pub grown: bool,
}

fn order(one: (f64, &[u8]), other: (f64, &[u8])) -> Ordering {
    let by_score = one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal);
    by_score.then_with(|| one.1.cmp(other.1))
}

impl Sorted {
    /// Scores and members, from the lowest up.
    pub fn ranked(&self) -> &[(f64, Bytes)] {
        &self.ranked
    }

    /// A member's rank from the lowest, from 0.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        self.ranked.iter().position(|it| it.1 == member)
    }

    /// A member's score.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.rank(member).map(|it| self.ranked[it].0)
    }

    /// Gives a member a score.
    pub fn set(&mut self, member: &[u8], score: f64) {
        self.remove(member);
        let before = |it: &(f64, Bytes)| order((it.0, &it.1), (score, member)) == Ordering::Less;
        let at = self.ranked.partition_point(before);
        self.ranked.insert(at, (score, member.to_vec()));
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let at = self.rank(member);
        at.map(|it| self.ranked.remove(it)).is_some()
    }

    /// Removes those of some ranks.
    pub(super) fn cut(&mut self, ranks: std::ops::Range<usize>) -> Vec<(f64, Bytes)> {
        self.ranked.drain(ranks).collect()
    }
}

impl StableHash for Sorted {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.ranked.stable_hash(h);
        self.grown.stable_hash(h);
    }
}

/// A score as a value.
pub(super) fn printed(score: f64) -> Reply {
    Reply::bulk(number::shortest(score))
}

/// How ZADD and GEOADD are to take what they are given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    pub new: bool,
    pub old: bool,
    pub more: bool,
    pub less: bool,
    pub changed: bool,
    pub adds: bool,
}

impl Way {
    /// Reads options from a word on; where the rest begins.
    fn read(call: &Call<'_>) -> (Self, usize) {
        let (mut way, mut index) = (Self::default(), 2);
        loop {
            let options = [
                ("nx", &mut way.new),
                ("xx", &mut way.old),
                ("gt", &mut way.more),
                ("lt", &mut way.less),
                ("ch", &mut way.changed),
                ("incr", &mut way.adds),
            ];
            let Some((_, option)) = options.into_iter().find(|it| call.is(index, it.0)) else {
                break;
            };
            *option = true;
            index += 1;
        }
        (way, index)
    }
}

/// ZADD key \[NX | XX\] \[GT | LT\] \[CH\] \[INCR\] score member ...; ZINCRBY key score member
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let (mut way, mut from) = Way::read(call);
    if call.is(0, "zincrby") {
        (way, from) = (Way { adds: true, ..Way::default() }, 2);
    }
    let pairs = &call.words[from..];
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        return Err(SYNTAX.into());
    }
    if way.new && way.old {
        return Err("ERR XX and NX options at the same time are not compatible".into());
    }
    if way.more && way.less || way.new && (way.more || way.less) {
        return Err("ERR GT, LT, and/or NX options at the same time are not compatible".into());
    }
    if way.adds && pairs.len() > 2 {
        return Err("ERR INCR option supports a single increment-element pair".into());
    }
    let score = |it: &[Bytes]| number::float(&it[0]).map(|score| (score, it[1].clone()));
    let scores: Option<Vec<_>> = pairs.chunks(2).map(score).collect();
    put(call, way, &scores.ok_or(NO_FLOAT)?)
}

/// Gives members scores in that way, and answers as ZADD does.
pub(super) fn put(call: &mut Call<'_>, way: Way, scores: &[(f64, Bytes)]) -> Answer {
    let key = call.word(1);
    let there = call.get::<Sorted>(key)?.is_some();
    let nothing = if way.adds { Reply::Nil } else { Reply::Integer(0) };
    if !there && way.old {
        return Ok(nothing);
    }
    // On a copy, since the last of several may fail.
    let mut set = call.get::<Sorted>(key)?.cloned().unwrap_or_default();
    let (mut new, mut changed, mut last) = (0, 0, None);
    for (score, member) in scores {
        let Some(now) = set.score(member) else {
            if !way.old {
                set.set(member, *score);
                last = Some(*score);
                new += 1;
            }
            continue;
        };
        let next = if way.adds { now + score } else { *score };
        if next.is_nan() {
            return Err("ERR resulting score is not a number (NaN)".into());
        }
        if way.new || way.more && next <= now || way.less && next >= now {
            continue;
        }
        last = Some(next);
        if next != now {
            set.set(member, next);
            changed += 1;
        }
    }
    if new + changed > 0 {
        *call.make::<Sorted>(key)? = set;
        call.settle(key);
        call.changed();
    }
    Ok(match way.adds {
        true => last.map_or(Reply::Nil, printed),
        false => Reply::Integer(new + if way.changed { changed } else { 0 }),
    })
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let has = call.get::<Sorted>(key)?;
    if !has.is_some_and(|set| words[2..].iter().any(|it| set.rank(it).is_some())) {
        return Ok(Reply::Integer(0));
    }
    let Some(set) = call.get_mut::<Sorted>(key)? else { return Ok(Reply::Integer(0)) };
    let gone = words[2..].iter().filter(|it| set.remove(it)).count();
    call.settle(key);
    call.changed();
    Ok(Reply::count(gone))
}

pub(super) fn score(call: &mut Call<'_>) -> Answer {
    let set = call.get::<Sorted>(call.word(1))?;
    Ok(set.and_then(|it| it.score(call.word(2))).map_or(Reply::Nil, printed))
}

pub(super) fn scores(call: &mut Call<'_>) -> Answer {
    let set = call.get::<Sorted>(call.word(1))?;
    let one = |it: &Bytes| set.and_then(|set| set.score(it)).map_or(Reply::Nil, printed);
    Ok(Reply::List(call.words[2..].iter().map(one).collect()))
}

/// ZRANK, ZREVRANK key member
pub(super) fn rank(call: &mut Call<'_>) -> Answer {
    let Some(set) = call.get::<Sorted>(call.word(1))? else { return Ok(Reply::Nil) };
    let Some(rank) = set.rank(call.word(2)) else { return Ok(Reply::Nil) };
    let back = call.is(0, "zrevrank");
    Ok(Reply::count(if back { set.ranked.len() - 1 - rank } else { rank }))
}

pub(super) fn length(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.get::<Sorted>(call.word(1))?.map_or(0, |it| it.ranked.len())))
}

/// ZPOPMIN, ZPOPMAX key \[count\]
pub(super) fn pop(call: &mut Call<'_>) -> Answer {
    if call.words.len() > 3 {
        return Err(SYNTAX.into());
    }
    let count = call.words.get(2).map(how_many).transpose()?.unwrap_or(1);
    let (key, lowest) = (call.word(1), call.is(0, "zpopmin"));
    let len = call.get::<Sorted>(key)?.map_or(0, |it| it.ranked.len());
    let count = count.min(len);
    if count == 0 {
        return Ok(Reply::List(Vec::new()));
    }
    let Some(set) = call.get_mut::<Sorted>(key)? else { return Ok(Reply::List(Vec::new())) };
    let mut taken = set.cut(if lowest { 0..count } else { len - count..len });
    if !lowest {
        taken.reverse();
    }
    call.settle(key);
    let members = taken.iter().map(|it| it.1.clone());
    call.tells([b"ZREM".to_vec(), key.clone()].into_iter().chain(members).collect());
    let flat = |(score, member)| [Reply::Bulk(member), printed(score)];
    Ok(Reply::List(taken.into_iter().flat_map(flat).collect()))
}
