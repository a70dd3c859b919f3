//! BITFIELD: whole numbers of any width at any bit of a string (bitops.c).

use super::bits::{bit, whole, write};
use super::run::{Answer, Call, SYNTAX};
use super::strings::LONGEST;
use super::{Reply, Text};

/// A type such as `u8` or `i5`.
#[derive(Clone, Copy)]
struct Kind {
    signed: bool,
    bits: u32,
}

/// What happens to a sum that does not fit.
#[derive(Clone, Copy, PartialEq)]
enum Overflow {
    /// It goes on from the other end.
    Wrap,
    /// It stays at the end.
    Saturate,
    /// Nothing is changed.
    Fail,
}

/// One of a command's steps.
#[derive(Clone, Copy)]
enum Step {
    Get,
    Set(i64),
    Add(i64, Overflow),
}

impl Kind {
    fn read(word: &[u8]) -> Result<Self, String> {
        let problem = "ERR Invalid bitfield type. Use something like i16 u8. \
                       Note that u64 is not supported but i64 is.";
        let (first, rest) = word.split_first().ok_or(problem)?;
        let signed = match first {
            b'i' => true,
            b'u' => false,
            _ => return Err(problem.into()),
        };
        let bits = super::number::integer(rest).ok_or(problem)?;
        let most = if signed { 64 } else { 63 };
        if !(1..=most).contains(&bits) {
            return Err(problem.into());
        }
        Ok(Self { signed, bits: bits as u32 })
    }

    fn low(self) -> i128 {
        if self.signed { -(1i128 << (self.bits - 1)) } else { 0 }
    }

    fn high(self) -> i128 {
        (1i128 << (self.bits - u32::from(self.signed))) - 1
    }

    /// The number that these bits mean.
    fn meant(self, bits: u64) -> i64 {
        match self.signed {
            true => ((bits << (64 - self.bits)) as i64) >> (64 - self.bits),
            false => bits as i64,
        }
    }

    fn fit(self, sum: i128, overflow: Overflow) -> Option<i64> {
        if (self.low()..=self.high()).contains(&sum) {
            return Some(sum as i64);
        }
        match overflow {
            Overflow::Fail => None,
            Overflow::Saturate => Some(sum.clamp(self.low(), self.high()) as i64),
            Overflow::Wrap => Some(self.meant(sum as u64 & (u64::MAX >> (64 - self.bits)))),
        }
    }
}

/// The place of a number: `7`, or `#3` for the fourth of its width.
fn place(word: &[u8], kind: Kind) -> Result<usize, String> {
    let problem = || "ERR bit offset is not an integer or out of range".to_owned();
    let (text, by) = match word.strip_prefix(b"#") {
        Some(rest) => (rest, i64::from(kind.bits)),
        None => (word, 1),
    };
    let at = super::number::integer(text).and_then(|it| it.checked_mul(by)).ok_or_else(problem)?;
    let fits = at >= 0 && at + i64::from(kind.bits) <= 8 * LONGEST as i64;
    if fits { Ok(at as usize) } else { Err(problem()) }
}

/// BITFIELD key [GET type offset | \[OVERFLOW WRAP | SAT | FAIL\] SET type offset value | INCRBY type offset
/// increment] ...
pub(super) fn run(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    let (mut steps, mut overflow, mut index) = (Vec::new(), Overflow::Wrap, 2);
    while index < words.len() {
        let left = words.len() - index - 1;
        if call.is(index, "overflow") && left >= 1 {
            let ways =
                [("wrap", Overflow::Wrap), ("sat", Overflow::Saturate), ("fail", Overflow::Fail)];
            let way = ways.into_iter().find(|it| call.is(index + 1, it.0));
            overflow = way.ok_or("ERR Invalid OVERFLOW type specified")?.1;
            index += 2;
            continue;
        }
        let reads = call.is(index, "get") && left >= 2;
        let (sets, adds) = (call.is(index, "set"), call.is(index, "incrby"));
        if !reads && !((sets || adds) && left >= 3) {
            return Err(SYNTAX.into());
        }
        let kind = Kind::read(&words[index + 1])?;
        let at = place(&words[index + 2], kind)?;
        let step = match (reads, sets) {
            (true, _) => Step::Get,
            // SET wraps, saturates or fails as well.
            (_, true) => Step::Set(whole(&words[index + 3])?),
            _ => Step::Add(whole(&words[index + 3])?, overflow),
        };
        steps.push((kind, at, step, overflow));
        index += if reads { 3 } else { 4 };
    }
    let writes = steps.iter().filter(|it| !matches!(it.2, Step::Get));
    let end = writes.map(|it| (it.1 + it.0.bits as usize).div_ceil(8)).max();
    let mut bytes = call.get::<Text>(key)?.map(|it| it.bytes.clone()).unwrap_or_default();
    if let Some(end) = end {
        bytes.resize(bytes.len().max(end), 0);
    }
    let mut answers = Vec::new();
    let mut changed = false;
    for (kind, at, step, overflow) in steps {
        let range = at..at + kind.bits as usize;
        let bits = range.clone().fold(0, |sum: u64, it| sum << 1 | u64::from(bit(&bytes, it)));
        let before = kind.meant(bits);
        let (next, answer) = match step {
            Step::Get => (None, Some(before)),
            Step::Set(value) => {
                let value = if kind.signed { i128::from(value) } else { i128::from(value as u64) };
                let next = kind.fit(value, overflow);
                (next, next.map(|_| before))
            }
            Step::Add(by, overflow) => {
                let next = kind.fit(i128::from(before) + i128::from(by), overflow);
                (next, next)
            }
        };
        if let Some(next) = next {
            changed = true;
            for (index, it) in range.enumerate() {
                write(&mut bytes, it, next >> (kind.bits as usize - 1 - index) & 1 == 1);
            }
        }
        answers.push(answer.map_or(Reply::Nil, Reply::Integer));
    }
    if end.is_some() {
        let text = call.make::<Text>(key)?;
        *text = Text { bytes, raw: true };
    }
    if changed || end.is_some() {
        call.changed();
    }
    Ok(Reply::List(answers))
}
