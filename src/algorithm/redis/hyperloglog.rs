//! HyperLogLog: how many different things there have been, from 16,384 registers of 6 bits. Standard error
//! 1.04 / √16384 = 0.81 %.
//!
//! Sources: hyperloglog.c of Redis 7.0 (MurmurHash64A with seed 0xadc83b19, index from the low 14 bits, dense
//! and sparse forms); Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), whose
//! estimator Redis takes. The cached estimate in the header is never used here.

use super::run::{Answer, Call};
use super::{Bytes, Reply, Text, Value};

/// Bits of a hash that choose a register.
const INDEX: u32 = 14;
/// How many registers there are.
pub const REGISTERS: usize = 1 << INDEX;
/// Bits of a hash that are looked at for a run of zeros.
const RUN: usize = 64 - INDEX as usize;
const HEADER: usize = 16;
const DENSE: usize = HEADER + REGISTERS * 6 / 8;
/// `hll-sparse-max-bytes`.
const SPARSE: usize = 3000;
/// Largest register that the sparse form holds.
const SPARSE_VALUE: u8 = 32;

/// MurmurHash64A (Appleby), with the seed that Redis has.
pub fn hash(bytes: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut h = 0xadc8_3b19 ^ (bytes.len() as u64).wrapping_mul(M);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let k = u64::from_le_bytes(word).wrapping_mul(M);
        h = (h ^ (k ^ k >> 47).wrapping_mul(M)).wrapping_mul(M);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        h = (h ^ u64::from_le_bytes(word)).wrapping_mul(M);
    }
    h = (h ^ h >> 47).wrapping_mul(M);
    h ^ h >> 47
}

/// Which register something belongs to, and what it wants that to be at least: the place of the first 1.
pub fn place(bytes: &[u8]) -> (usize, u8) {
    let hash = hash(bytes);
    let rest = hash >> INDEX | 1 << RUN;
    (hash as usize % REGISTERS, rest.trailing_zeros() as u8 + 1)
}

/// The registers of a string that is a HyperLogLog; none if it is none.
pub fn registers(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < HEADER || !bytes.starts_with(b"HYLL") {
        return None;
    }
    let body = &bytes[HEADER..];
    match bytes[4] {
        0 if bytes.len() == DENSE => Some((0..REGISTERS).map(|it| dense(body, it)).collect()),
        1 => {
            let mut all = Vec::with_capacity(REGISTERS);
            let mut at = 0;
            while let Some(&code) = body.get(at) {
                let (value, run) = match code {
                    0..0x40 => (0, usize::from(code) + 1),
                    0x40..0x80 => {
                        at += 1;
                        (0, (usize::from(code & 0x3f) << 8 | usize::from(*body.get(at)?)) + 1)
                    }
                    _ => ((code >> 2 & 0x1f) + 1, usize::from(code & 3) + 1),
                };
                all.resize(all.len() + run, value);
                at += 1;
            }
            (all.len() == REGISTERS).then_some(all)
        }
        _ => None,
    }
}

/// A register of the dense form: 6 bits, from the lowest of the first byte on.
fn dense(body: &[u8], index: usize) -> u8 {
    let at = index * 6;
    let low = u16::from(body[at / 8]);
    let high = body.get(at / 8 + 1).map_or(0, |it| u16::from(*it));
    ((low | high << 8) >> (at % 8) & 63) as u8
}

fn write(body: &mut [u8], index: usize, value: u8) {
    let (at, shift) = (index * 6 / 8, index * 6 % 8);
    let (mask, value) = (63u16 << shift, u16::from(value) << shift);
    body[at] = body[at] & !(mask as u8) | value as u8;
    if shift > 2 {
        body[at + 1] = body[at + 1] & !((mask >> 8) as u8) | (value >> 8) as u8;
    }
}

/// A string of these registers: sparse as long as that is short, dense beyond and once it has been so.
fn packed(registers: &[u8], was_dense: bool) -> Bytes {
    let mut bytes = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
    let mut at = 0;
    let mut fits = !was_dense;
    while fits && at < REGISTERS {
        let value = registers[at];
        let run = registers[at..].iter().take_while(|it| **it == value).count();
        let taken = match (value, run) {
            (0, 1..=64) => {
                bytes.push(run as u8 - 1);
                run
            }
            (0, _) => {
                bytes.extend([0x40 | ((run - 1) >> 8) as u8, (run - 1) as u8]);
                run
            }
            _ => {
                let run = run.min(4);
                bytes.push(0x80 | (value - 1) << 2 | (run as u8 - 1));
                run
            }
        };
        at += taken;
        fits = value <= SPARSE_VALUE && bytes.len() <= HEADER + SPARSE;
    }
    if !fits {
        bytes.truncate(HEADER);
        bytes[4] = 0;
        bytes.resize(DENSE, 0);
        for (index, value) in registers.iter().enumerate() {
            write(&mut bytes[HEADER..], index, *value);
        }
    }
    bytes
}

/// Ertl's estimate from registers: how many different things there have been.
pub fn estimate(registers: &[u8]) -> u64 {
    let mut histogram = [0u32; 64];
    registers.iter().for_each(|it| histogram[usize::from(*it)] += 1);
    let m = REGISTERS as f64;
    let mut z = m * tau((m - f64::from(histogram[RUN + 1])) / m);
    for count in histogram[1..=RUN].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    // 1 / (2 ln 2)
    libm::round(0.721_347_520_444_481_7 * m * m / z) as u64
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        let before = z;
        x = x.sqrt();
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        let before = z;
        x *= x;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

const NONE: &str = "WRONGTYPE Key is not a valid HyperLogLog string value.";

/// Registers under a key, and whether they lie densely; none if there is nothing.
fn kept(call: &Call<'_>, key: &[u8]) -> Result<Option<(Vec<u8>, bool)>, String> {
    let Some(text) = call.get::<Text>(key)? else { return Ok(None) };
    let found = registers(&text.bytes).ok_or(NONE)?;
    Ok(Some((found, text.bytes[4] == 0)))
}

pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let (key, words) = (call.word(1), call.words);
    // Often nothing is new, or the registers lie where they can be written one by one.
    let dense_form = |it: &&Text| it.bytes.len() == DENSE && it.bytes.starts_with(b"HYLL\0");
    if call.get::<Text>(key)?.filter(dense_form).is_some() {
        let places: Vec<_> = words[2..].iter().map(|it| place(it)).collect();
        let body = |it: &Text, at| dense(&it.bytes[HEADER..], at);
        let new = |it: &Text| places.iter().any(|(at, run)| body(it, *at) < *run);
        if !call.get::<Text>(key)?.is_some_and(new) {
            return Ok(Reply::Integer(0));
        }
        if let Some(text) = call.get_mut::<Text>(key)? {
            for (at, run) in places {
                if dense(&text.bytes[HEADER..], at) < run {
                    write(&mut text.bytes[HEADER..], at, run);
                }
            }
        }
        call.changed();
        return Ok(Reply::Integer(1));
    }
    let there = kept(call, key)?;
    let is_new = there.is_none();
    let (mut all, was_dense) = there.unwrap_or_else(|| (vec![0; REGISTERS], false));
    let mut changed = is_new;
    for word in &words[2..] {
        let (at, run) = place(word);
        changed |= all[at] < run;
        all[at] = all[at].max(run);
    }
    if changed {
        *call.make::<Text>(key)? = Text { bytes: packed(&all, was_dense), raw: true };
        call.changed();
    }
    Ok(Reply::Integer(changed.into()))
}

/// The union of the registers under some keys.
fn union(call: &Call<'_>, keys: &[Bytes]) -> Result<(Vec<u8>, bool), String> {
    let (mut all, mut any_dense) = (vec![0; REGISTERS], false);
    for key in keys {
        if let Some((found, dense)) = kept(call, key)? {
            any_dense |= dense;
            all.iter_mut().zip(found).for_each(|(it, found)| *it = found.max(*it));
        }
    }
    Ok((all, any_dense))
}

pub(super) fn count(call: &mut Call<'_>) -> Answer {
    let (all, _) = union(call, &call.words[1..])?;
    Ok(Reply::Integer(estimate(&all) as i64))
}

/// PFMERGE destination source ...: what is there already counts.
pub(super) fn merge(call: &mut Call<'_>) -> Answer {
    let (all, dense) = union(call, &call.words[1..])?;
    *call.make::<Text>(call.word(1))? = Text { bytes: packed(&all, dense), raw: true };
    call.changed();
    Ok(Reply::Ok)
}

/// Whether a value is a HyperLogLog.
pub fn is_one(value: &Value) -> bool {
    matches!(value, Value::Text(it) if it.bytes.len() >= HEADER && it.bytes.starts_with(b"HYLL"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    /// As long as no two of them choose one register (`tests/crosscheck/redis.py` compares estimates with
    /// those of Redis).
    #[test]
    fn small_sets_are_counted_exactly() {
        let mut all = vec![0; REGISTERS];
        for n in 0..100u32 {
            assert_eq!(estimate(&all), u64::from(n));
            let (at, run) = place(n.to_string().as_bytes());
            all[at] = all[at].max(run);
        }
    }

    /// Standard error 0.81 %: the mean of the squares over 60 sets of 50,000 lies near that.
    #[test]
    fn the_error_is_that_of_the_theory() {
        let mut draws = Draws::new(7);
        let (mut squares, sets, size) = (0.0, 60, 50_000);
        for _ in 0..sets {
            let mut all = vec![0; REGISTERS];
            for _ in 0..size {
                let (at, run) = place(&draws.next().to_le_bytes());
                all[at] = all[at].max(run);
            }
            let error = estimate(&all) as f64 / f64::from(size) - 1.0;
            squares += error * error;
        }
        let error = (squares / f64::from(sets)).sqrt();
        assert!((0.0055..0.0105).contains(&error), "{error}");
    }

    #[test]
    fn both_forms_hold_the_same_registers() {
        let mut draws = Draws::new(3);
        let mut all = vec![0; REGISTERS];
        for step in 0..4_000 {
            let (at, run) = place(&draws.next().to_le_bytes());
            all[at] = all[at].max(run);
            if step % 97 == 0 {
                assert_eq!(registers(&packed(&all, false)).as_ref(), Some(&all));
                assert_eq!(registers(&packed(&all, true)).as_ref(), Some(&all));
            }
        }
        assert_eq!(packed(&all, false).len(), DENSE);
        assert_eq!(registers(b"HYLL"), None);
        assert_eq!(registers(&[b"HYLL\x01", &[0; 20][..]].concat()), None);
    }
}
