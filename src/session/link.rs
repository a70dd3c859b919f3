//! Links that hold a design: `#d=` and its text, compressed (raw deflate, RFC 1951) and written in
//! the letters that addresses may hold (base64url without padding, RFC 4648 section 5). Compressing
//! is left to whoever has a compressor: browsers bring one along.

/// What the fragment of such a link begins with, `#` included.
pub const MARK: &str = "#d=";
/// Longest fragment that is read, in characters, mark included. Browsers open longer ones, but
/// mail and chat break them.
pub const LINK_MAX: usize = 256 * 1_024;
/// Longest text a link may expand to, in bytes.
pub const EXPANDED_MAX: usize = 2 << 20;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The fragment of a link for compressed bytes.
pub fn fragment(bytes: &[u8]) -> String {
    let mut out = String::from(MARK);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, it| word << 8 | u32::from(*it));
        let word = word << (8 * (3 - group.len()));
        for at in 0..=group.len() {
            out.push(char::from(LETTERS[(word >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}

/// The compressed bytes of a fragment; none if it holds no design. The problem, if it is broken.
pub fn bytes(fragment: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let text = fragment.strip_prefix(MARK)?;
    Some(decoded(text))
}

fn decoded(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() > LINK_MAX {
        return Err("it is longer than any design needs");
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for letter in group {
            let value = LETTERS.iter().position(|it| it == letter);
            let value = value.ok_or("it holds letters that no link of Ringside has")?;
            word = word << 6 | value as u32;
        }
        let word = word << (6 * (4 - group.len()));
        let whole = group.len() * 6 / 8;
        let bytes = word.to_be_bytes();
        // What the last letter holds beyond the last byte is nothing.
        if group.len() == 1 || bytes[1 + whole..].iter().any(|it| *it != 0) {
            return Err("it is cut off; copy it whole");
        }
        out.extend_from_slice(&bytes[1..=whole]);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4648, section 10, without padding.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            let coded = format!("{MARK}{coded}");
            assert_eq!(fragment(plain.as_bytes()), coded);
            assert_eq!(bytes(&coded), Some(Ok(plain.as_bytes().to_vec())));
        }
        assert_eq!(fragment(&[0xfb, 0xff]), format!("{MARK}-_8"));
    }

    #[test]
    fn what_is_no_link_is_told_from_what_is_a_broken_one() {
        assert_eq!(bytes("#elsewhere"), None);
        assert_eq!(bytes(""), None);
        for bad in ["#d=a", "#d=ab+/", "#d=Zh", "#d=Zm9v ", "#d=ä"] {
            assert!(matches!(bytes(bad), Some(Err(_))), "{bad}");
        }
        let long = format!("{MARK}{}", "A".repeat(LINK_MAX + 1));
        assert!(matches!(bytes(&long), Some(Err(_))));
    }

    proptest! {
        #[test]
        fn every_link_reads_back(plain in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(bytes(&fragment(&plain)), Some(Ok(plain)));
        }

        #[test]
        fn no_fragment_makes_it_panic(text in "#d=.{0,80}") {
            if let Some(Ok(plain)) = bytes(&text) {
                prop_assert_eq!(fragment(&plain), text);
            }
        }
    }
}
