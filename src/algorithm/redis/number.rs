//! Numbers as Redis reads and prints them.
//!
//! Sources: `string2ll`, `d2string` in util.c; `addReplyHumanLongDouble` in networking.c; `emit_digits`
//! in deps/fpconv (Redis 7.2: scores are printed as short as they read back; 7.0 prints them with `%.17g`).

/// A whole number written as Redis writes it: no `+`, no blanks, no leading zeros.
pub fn integer(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain =
        digits.bytes().all(|it| it.is_ascii_digit()) && (!digits.starts_with('0') || text == "0");
    if plain { text.parse().ok() } else { None }
}

/// A floating point number, `inf` and `-inf` among them; not a number is none.
pub fn float(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse::<f64>().ok().filter(|it| !it.is_nan())
}

/// A score as it is printed: as short as it reads back.
pub fn shortest(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    // Within what a whole number of 64 bits can hold with room to spare.
    if value == libm::trunc(value) && value.abs() < 4.6e18 {
        let whole = (value as i64).to_string();
        return if value == 0.0 && value.is_sign_negative() { "-0".into() } else { whole };
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = digits.len() as i32;
    // The power of ten of the last digit.
    let last = exponent - count + 1;
    if last >= 0 && exponent < count + 7 {
        return format!("{sign}{digits}{}", "0".repeat(last as usize));
    }
    if last < 0 && (last > -7 || exponent.abs() < 4) {
        return match exponent >= 0 {
            true => {
                let (whole, rest) = digits.split_at(exponent as usize + 1);
                format!("{sign}{whole}.{rest}")
            }
            false => format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize)),
        };
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let plus = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{plus}{}", exponent.abs())
}

/// A fixed number of digits after the point, and no zeros at the end: `%.17Lf`, trimmed.
pub fn fixed(value: f64) -> String {
    trimmed(&format!("{value:.17}"))
}

fn trimmed(text: &str) -> String {
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    if short == "-0" { "0".into() } else { short.into() }
}

/// 10^17: Redis prints sums with 17 digits after the point.
const SCALE: u128 = 100_000_000_000_000_000;

/// A number of 64 bits of mantissa: (negative, mantissa, power of 2 that it is divided by). What x86
/// calls `long double`, which Redis adds with; only such as are below 2^64, in steps of 10^-17.
type Long = (bool, u64, i32);

/// The nearest to a number of 10^-17ths.
fn long(negative: bool, scaled: u128) -> Option<Long> {
    if scaled == 0 {
        return Some((false, 0, 0));
    }
    if scaled / SCALE >= 1 << 64 {
        return None;
    }
    // So that the mantissa has 64 bits: 2^63.5 to 2^64.5 at first.
    let mut shift = 120 - scaled.ilog2() as i32;
    if (scaled << shift) / SCALE > u128::from(u64::MAX) {
        shift -= 1;
    }
    let (mut whole, rest) = ((scaled << shift) / SCALE, (scaled << shift) % SCALE);
    whole += u128::from(rest * 2 > SCALE || rest * 2 == SCALE && whole % 2 == 1);
    match u64::try_from(whole) {
        Ok(whole) => Some((negative, whole, shift)),
        Err(_) => Some((negative, 1 << 63, shift - 1)),
    }
}

fn decimal(text: &str) -> Option<Long> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if !plain(whole) || !plain(part) || part.len() > 17 || whole.len() > 20 {
        return None;
    }
    let scaled: u128 = format!("{whole}{part:0<17}").parse().ok()?;
    long(negative, scaled)
}

/// The sum of two numbers as INCRBYFLOAT makes and prints it: in 64 bits of mantissa, as long as both
/// are written without an exponent and all are below 2^64; in 53 bits beyond. None if one of them is no
/// number, an error if the sum is not finite.
pub fn sum(one: &[u8], other: &[u8]) -> Option<Result<String, String>> {
    let (a, b) = (float(one)?, float(other)?);
    let exact = || {
        let of = |it: &[u8]| decimal(std::str::from_utf8(it).ok()?);
        add(of(one)?, of(other)?)
    };
    if let Some(text) = exact() {
        return Some(Ok(text));
    }
    let sum = a + b;
    Some(match sum.is_finite() {
        true => Ok(fixed(sum)),
        false => Err("ERR increment would produce NaN or Infinity".into()),
    })
}

/// Two mantissas so many bits apart are added exactly.
const FAR: i32 = 61;

fn add(one: Long, other: Long) -> Option<String> {
    let (high, low) = if one.2 <= other.2 { (one, other) } else { (other, one) };
    let apart = low.2 - high.2;
    let signed = |it: Long| if it.0 { -i128::from(it.1) } else { i128::from(it.1) };
    if high.1 == 0 || low.1 == 0 {
        let (negative, mantissa, shift) = if high.1 == 0 { low } else { high };
        return printed(negative, mantissa.into(), shift);
    }
    // What is far below the other's last bit only says to which side a tie goes.
    let far = (apart - FAR).max(0);
    let kept = if far < 64 { low.1 >> far } else { 0 };
    let rest = far > 0 && (far >= 64 || low.1 & ((1 << far) - 1) > 0);
    let small = i128::from(kept) << 1 | i128::from(rest);
    let small = if low.0 { -small } else { small };
    let mut sum = (signed(high) << (apart.min(FAR) + 1)) + small;
    let mut shift = low.2 - far + 1;
    let negative = sum < 0;
    sum = sum.abs();
    // Back to 64 bits, to the nearest, even on a tie.
    let excess = (128 - sum.leading_zeros() as i32 - 64).max(0);
    if excess > 0 {
        let (kept, rest, half) = (sum >> excess, sum & ((1 << excess) - 1), 1i128 << (excess - 1));
        sum = kept + i128::from(rest > half || rest == half && kept % 2 == 1);
        shift -= excess;
    }
    printed(negative, sum as u128, shift)
}

fn printed(negative: bool, mantissa: u128, shift: i32) -> Option<String> {
    let scaled = match shift {
        ..0 => return None,
        0..=126 => {
            let exact = mantissa.checked_mul(SCALE)?;
            let (kept, rest) = (exact >> shift, exact & ((1 << shift) - 1));
            let half = if shift == 0 { u128::MAX } else { 1 << (shift - 1) };
            kept + u128::from(rest > half || rest == half && kept % 2 == 1)
        }
        _ => 0,
    };
    let sign = if negative && scaled > 0 { "-" } else { "" };
    Some(trimmed(&format!("{sign}{}.{:017}", scaled / SCALE, scaled % SCALE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_strictly() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-17", Some(-17)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("+1", None),
            ("01", None),
            ("-0", None),
            ("-", None),
            ("", None),
            (" 1", None),
            ("1.0", None),
        ] {
            assert_eq!(integer(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn scores_are_printed_as_short_as_they_read_back() {
        for (value, expected) in [
            (1.1, "1.1"),
            (-0.0, "-0"),
            (3.0, "3"),
            (1e15, "1000000000000000"),
            (1e19, "1e+19"),
            (1e21, "1e+21"),
            (0.000_001, "0.000001"),
            (1.5e-9, "1.5e-9"),
            (123_456.789, "123456.789"),
            (-2.5, "-2.5"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(shortest(value), expected);
        }
    }

    /// What redis-server 7.0.15 on x86-64 answers.
    #[test]
    fn sums_are_those_of_64_bits_of_mantissa() {
        for (one, other, expected) in [
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0.1", "0.2", "0.3"),
            ("0", "1000.1", "1000.09999999999999998"),
            ("1000.09999999999999998", "1000.1", "2000.19999999999999996"),
            ("3", "-3", "0"),
            ("-1", "0.25", "-0.75"),
            ("-9223372036854775808", "1.5", "-9223372036854775806.5"),
            ("18446744073709551615", "0", "18446744073709551615"),
            ("0.00000000000000001", "0", "0.00000000000000001"),
        ] {
            let sum = sum(one.as_bytes(), other.as_bytes());
            assert_eq!(sum, Some(Ok(expected.into())), "{one} + {other}");
        }
        assert_eq!(sum(b"x", b"1"), None);
        assert!(sum(b"inf", b"1").unwrap().is_err());
    }
}
