//! How quantities read on screen and in tables: three significant digits, always with a unit.

use super::time::Nanos;

/// A number to three significant digits, with thin spaces between thousands: `1 204`, `0.123`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let size = value.abs();
    let decimals = match size {
        0.0 => 0,
        s if s >= 99.95 => 0,
        s if s >= 9.995 => 1,
        s if s >= 0.9995 => 2,
        s if s >= 0.0005 => 3,
        _ => return "0".into(),
    };
    let text = format!("{value:.decimals$}");
    grouped(&text)
}

/// So many bytes: `1.50 MB`, a thousand of one unit being one of the next.
pub fn bytes(bytes: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|it| bytes >= it.0 * 0.9995);
    let (of, unit) = unit.unwrap_or((1.0, "B"));
    let value = if of == 1.0 { count((bytes + 0.5) as u64) } else { number(bytes / of) };
    format!("{value} {unit}")
}

/// Puts a thin space between groups of three digits of the whole part.
pub fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + rest
}

/// A count, exact, grouped.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// So many things, in words: `1 row`, `2 rows`; the plural ends in s.
pub fn some(count: u64, what: &str) -> String {
    format!("{} {what}{}", self::count(count), if count == 1 { "" } else { "s" })
}

/// A duration to three significant digits, number and unit apart: `("412", "ms")`.
pub fn duration_parts(nanos: f64) -> (String, &'static str) {
    match nanos.abs() {
        n if !n.is_finite() => ("–".into(), "ms"),
        0.0 => ("0".into(), "ms"),
        n if n < 999.5 => (number(nanos), "ns"),
        n if n < 999.5e3 => (number(nanos / 1e3), "µs"),
        n if n < 999.5e6 => (number(nanos / 1e6), "ms"),
        n if n < 120e9 => (number(nanos / 1e9), "s"),
        n if n < 7200e9 => (number(nanos / 60e9), "min"),
        _ => (number(nanos / 3600e9), "h"),
    }
}

/// A duration to three significant digits with its unit: `412 ms`.
pub fn duration(nanos: f64) -> String {
    let (number, unit) = duration_parts(nanos);
    format!("{number} {unit}")
}

/// A figure without the zeros at the end of its number: `1.5 s` for `1.50 s`.
pub fn shortest(figure: &str) -> String {
    let end = figure.find(|it: char| !it.is_ascii_digit() && !matches!(it, '.' | '\u{202f}'));
    let (number, unit) = figure.split_at(end.unwrap_or(figure.len()));
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    };
    format!("{number}{unit}")
}

/// A rate with its unit: `1 204 req/s`.
pub fn rate(per_second: f64, what: &str) -> String {
    format!("{} {what}/s", number(per_second))
}

/// A share in percent to three significant digits: `86.4 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// A moment on the run's clock: `00:41.273`; before the start, `-00:03.000`.
pub fn clock(at: Nanos, zero: Nanos) -> String {
    let sign = if at < zero { "-" } else { "" };
    let millis = at.0.abs_diff(zero.0) / 1_000_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    if minutes < 60 {
        return format!("{sign}{minutes:02}:{seconds:02}.{millis:03}");
    }
    format!("{sign}{}:{:02}:{seconds:02}.{millis:03}", minutes / 60, minutes % 60)
}

/// What one of a few equals is called: A to Z, by ordinal, and again from A.
pub fn letter(ordinal: u16) -> String {
    char::from(b'A' + (ordinal % 26) as u8).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        let cases = [(1204.0, "1\u{202f}204"), (86.44, "86.4"), (0.1234, "0.123"), (0.0, "0")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(-12_345_678.0), "-12\u{202f}345\u{202f}678");
        assert_eq!(duration(412e6), "412 ms");
        assert_eq!(duration(999.7e3), "1.00 ms");
        for (figure, short) in
            [("1.50 s", "1.5 s"), ("5.00 min", "5 min"), ("100 ms", "100 ms"), ("–", "–")]
        {
            assert_eq!(shortest(figure), short);
        }
        assert_eq!(percent(0.864), "86.4 %");
        assert_eq!(clock(Nanos::millis(41_273), Nanos::ZERO), "00:41.273");
        assert_eq!(clock(Nanos::millis(1_000), Nanos::seconds(4)), "-00:03.000");
        assert_eq!(number(f64::NAN), "–");
    }
}
