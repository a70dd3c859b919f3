//! Command lines as redis-cli takes them, and values as it prints them.
//!
//! Source: `sdssplitargs` and `sdscatrepr` in Redis 7.0's sds.c.

use std::fmt::Write;

use super::Bytes;

/// The words of a command line: by blanks, in quotes with escapes (`"a\x00\n"`), or in single quotes
/// as they are. None if quotes are not closed, or if something follows them directly.
pub fn split(line: &str) -> Option<Vec<Bytes>> {
    let line = line.as_bytes();
    let (mut words, mut at) = (Vec::new(), 0);
    loop {
        while line.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if at == line.len() {
            return Some(words);
        }
        let mut word = Bytes::new();
        loop {
            match line.get(at) {
                None => break,
                Some(it) if it.is_ascii_whitespace() => break,
                Some(quote @ (b'"' | b'\'')) => {
                    at = quoted(line, at + 1, *quote, &mut word)?;
                    if line.get(at).is_some_and(|it| !it.is_ascii_whitespace()) {
                        return None;
                    }
                }
                Some(it) => {
                    word.push(*it);
                    at += 1;
                }
            }
        }
        words.push(word);
    }
}

/// Reads what stands in quotes, and says where they have been closed.
fn quoted(line: &[u8], mut at: usize, quote: u8, word: &mut Bytes) -> Option<usize> {
    loop {
        let it = *line.get(at)?;
        at += 1;
        match it {
            _ if it == quote => return Some(at),
            b'\\' if quote == b'"' => {
                let hex = |at: usize| char::from(*line.get(at)?).to_digit(16);
                let next = *line.get(at)?;
                if let (b'x', Some(high), Some(low)) = (next, hex(at + 1), hex(at + 2)) {
                    word.push((high * 16 + low) as u8);
                    at += 3;
                    continue;
                }
                at += 1;
                word.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
            }
            b'\\' if line.get(at) == Some(&b'\'') => {
                word.push(b'\'');
                at += 1;
            }
            _ => word.push(it),
        }
    }
}

/// Bytes in quotes, with escapes for what is not printed.
pub fn quote(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            7 => text.push_str("\\a"),
            8 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => _ = write!(text, "\\x{byte:02x}"),
        }
    }
    text.push('"');
    text
}

/// Bytes as a word of a command line: as they are, or in quotes.
pub fn word(bytes: &[u8]) -> String {
    let plain = |it: &u8| it.is_ascii_graphic() && !b"\"'\\".contains(it);
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        _ => quote(bytes),
    }
}

/// A command line of these words.
pub fn line(words: &[Bytes]) -> String {
    words.iter().map(|it| word(it)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_the_command_line_client_splits_them() {
        let check = |line: &str, expected: Option<&[&[u8]]>| {
            let expected = expected.map(|it| it.iter().map(|it| it.to_vec()).collect::<Vec<_>>());
            assert_eq!(split(line), expected, "{line}");
        };
        check("", Some(&[]));
        check("  set  k\tv ", Some(&[b"set", b"k", b"v"]));
        check(r#"set "a b" 'c\'d "'"#, Some(&[b"set", b"a b", b"c'd \""]));
        check(r#"x "\x00\xfF\n\q\xg""#, Some(&[b"x", b"\0\xff\nqxg"]));
        check(r#"a"b" ''"#, Some(&[b"ab", b""]));
        check(r#"set "k"#, None);
        check(r#"set "k"v"#, None);
    }

    #[test]
    fn what_is_written_reads_back() {
        let all: Bytes = (0..=255).collect();
        for bytes in [all, b"plain:1".to_vec(), b"".to_vec(), b"it's \"x\" \\".to_vec()] {
            assert_eq!(split(&word(&bytes)), Some(vec![bytes.clone()]), "{bytes:?}");
        }
        assert_eq!(line(&[b"set".to_vec(), b"a b".to_vec()]), r#"set "a b""#);
    }
}
