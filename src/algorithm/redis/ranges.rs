//! Parts of sorted sets: by rank, by score, by member (t_zset.c).

use super::keys::span;
use super::run::{Answer, Call, NO_INTEGER, SYNTAX};
use super::sorted::printed;
use super::{Bytes, Reply, Sorted, number};

/// A bound, and whether it is left out itself.
type Bound = (f64, bool);

fn bound(word: &Bytes) -> Result<Bound, String> {
    let (text, open) = match word.strip_prefix(b"(") {
        Some(rest) => (rest, true),
        None => (&word[..], false),
    };
    let value = number::float(text).ok_or("ERR min or max is not a float")?;
    Ok((value, open))
}

/// Ranks of the scores between two bounds.
fn between(set: &Sorted, low: Bound, high: Bound) -> std::ops::Range<usize> {
    let ranked = set.ranked();
    let start = ranked.partition_point(|it| it.0 < low.0 || low.1 && it.0 == low.0);
    let end = ranked.partition_point(|it| it.0 < high.0 || !high.1 && it.0 == high.0);
    start..end.max(start)
}

/// Members before a bound by their bytes: `-`, `+`, `[a`, `(a`; as an end, itself included or not.
fn before(word: &Bytes, is_end: bool) -> Result<impl Fn(&Bytes) -> bool + '_, String> {
    let (kind, text) = match word.split_first() {
        Some((kind @ (b'[' | b'('), text)) => (*kind, text),
        Some((kind @ (b'-' | b'+'), [])) => (*kind, &[][..]),
        _ => return Err("ERR min or max not valid string range item".into()),
    };
    Ok(move |it: &Bytes| match kind {
        b'-' => false,
        b'+' => true,
        _ if it == text => (kind == b'[') == is_end,
        _ => &it[..] < text,
    })
}

/// By what a part is chosen.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Rank,
    Score,
    Member,
}

/// ZRANGE key start stop \[BYSCORE | BYLEX\] \[REV\] \[LIMIT offset count\] \[WITHSCORES\], and the older ZREVRANGE,
/// ZRANGEBYSCORE, ZREVRANGEBYSCORE
pub(super) fn range(call: &mut Call<'_>) -> Answer {
    let name = call.word(0).to_ascii_lowercase();
    let plain = name == b"zrange";
    let mut by = if name.ends_with(b"byscore") { By::Score } else { By::Rank };
    let mut back = name.starts_with(b"zrev");
    let (mut scores, mut limit) = (false, None);
    let mut index = 4;
    while index < call.words.len() {
        if call.is(index, "withscores") {
            scores = true;
        } else if call.is(index, "limit") && index + 2 < call.words.len() {
            limit = Some((call.integer(index + 1)?, call.integer(index + 2)?));
            index += 2;
        } else if plain && call.is(index, "byscore") && by == By::Rank {
            by = By::Score;
        } else if plain && call.is(index, "bylex") && by == By::Rank {
            by = By::Member;
        } else if plain && call.is(index, "rev") {
            back = true;
        } else {
            return Err(SYNTAX.into());
        }
        index += 1;
    }
    if limit.is_some() && by == By::Rank {
        let problem =
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
        return Err(problem.into());
    }
    if scores && by == By::Member {
        let problem = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
        return Err(problem.into());
    }
    // Backwards, the higher bound comes first.
    let (low, high) = match back {
        true if by != By::Rank => (call.word(3), call.word(2)),
        _ => (call.word(2), call.word(3)),
    };
    let empty = Sorted::default();
    let bounds = match by {
        By::Rank => {
            let bounds = (number::integer(low), number::integer(high));
            let (Some(low), Some(high)) = bounds else { return Err(NO_INTEGER.into()) };
            let len = call.get::<Sorted>(call.word(1))?.map_or(0, |it| it.ranked().len());
            let ranks = span(low, high, len).unwrap_or(0..0);
            if back { len - ranks.end..len - ranks.start } else { ranks }
        }
        By::Score => {
            let (low, high) = (bound(low)?, bound(high)?);
            between(call.get(call.word(1))?.unwrap_or(&empty), low, high)
        }
        By::Member => {
            let (low, high) = (before(low, false)?, before(high, true)?);
            let ranked = call.get::<Sorted>(call.word(1))?.unwrap_or(&empty).ranked();
            let start = ranked.partition_point(|it| low(&it.1));
            start..ranked.partition_point(|it| high(&it.1)).max(start)
        }
    };
    let set = call.get::<Sorted>(call.word(1))?.unwrap_or(&empty);
    let mut part: Vec<_> = set.ranked()[bounds].iter().collect();
    if back {
        part.reverse();
    }
    if let Some((offset, count)) = limit {
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        part = part.into_iter().skip(skipped).take(most).collect();
    }
    let mut list = Vec::new();
    for (score, member) in part {
        list.push(Reply::Bulk(member.clone()));
        list.extend(scores.then(|| printed(*score)));
    }
    Ok(Reply::List(list))
}

/// ZCOUNT key min max
pub(super) fn count(call: &mut Call<'_>) -> Answer {
    let (low, high) = (bound(call.word(2))?, bound(call.word(3))?);
    let set = call.get::<Sorted>(call.word(1))?;
    Ok(Reply::count(set.map_or(0, |it| between(it, low, high).len())))
}

/// ZREMRANGEBYRANK key start stop; ZREMRANGEBYSCORE key min max
pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let key = call.word(1);
    let empty = Sorted::default();
    let ranks = if call.is(0, "zremrangebyrank") {
        let (first, last) = (call.integer(2)?, call.integer(3)?);
        let set = call.get::<Sorted>(key)?.unwrap_or(&empty);
        span(first, last, set.ranked().len()).unwrap_or(0..0)
    } else {
        let (low, high) = (bound(call.word(2))?, bound(call.word(3))?);
        between(call.get::<Sorted>(key)?.unwrap_or(&empty), low, high)
    };
    let gone = ranks.len();
    if gone > 0
        && let Some(set) = call.get_mut::<Sorted>(key)?
    {
        set.cut(ranks);
        call.settle(key);
        call.changed();
    }
    Ok(Reply::count(gone))
}
