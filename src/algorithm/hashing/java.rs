//! Java's `String.hashCode`, without its sign: 31 times what was, plus the next character (Java SE
//! API specification, class String). Keys that differ in the last character get neighbouring values,
//! which makes it a bad way to find places on a ring.

/// The hash of some bytes; text as UTF-16, as in Java, and other bytes one by one.
pub fn hash(bytes: &[u8]) -> u64 {
    let step = |sum: u32, unit: u16| sum.wrapping_mul(31).wrapping_add(unit.into());
    let sum = match std::str::from_utf8(bytes) {
        Ok(text) => text.encode_utf16().fold(0, step),
        Err(_) => bytes.iter().map(|it| u16::from(*it)).fold(0, step),
    };
    u64::from(sum & 0x7fff_ffff)
}
