//! Ids: short stable names, told apart from labels, never used twice in a design's history.

use super::Id;

/// Longest id, in characters (all of them ASCII).
pub const ID_MAX: usize = 40;

/// Whether a text is an id: lower-case letters, digits and hyphens, 1 to 40 of them.
pub fn is_id(text: &str) -> bool {
    let allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    (1..=ID_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// The id that a text most likely means: `Book Cache` becomes `book-cache`. Falls back to `stem`
/// where nothing of the text can be kept.
pub fn repaired(text: &str, stem: &str) -> Id {
    let mut id = String::new();
    for letter in text.chars().flat_map(char::to_lowercase) {
        if id.len() == ID_MAX {
            break;
        }
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() {
            id.push(letter);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    if id.is_empty() { stem.into() } else { id.into() }
}

/// The stem, or the stem with the lowest number from 2 that is not taken: `service`, `service-2`.
pub fn fresh(stem: &str, taken: impl Fn(&str) -> bool) -> Id {
    let stem = repaired(stem, "item");
    if !taken(&stem) {
        return stem;
    }
    let mut number = 2u64;
    loop {
        let tail = format!("-{number}");
        let head = stem[..stem.len().min(ID_MAX - tail.len())].trim_end_matches('-');
        let id = format!("{head}{tail}");
        if !taken(&id) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_repaired_and_numbered() {
        for good in ["a", "book-cache", "s3", &"x".repeat(40)] {
            assert!(is_id(good), "{good}");
            assert_eq!(repaired(good, "stem"), good);
        }
        let bad = ["", "Books", "a b", "a_b", "ä", &"x".repeat(41)];
        for bad in bad {
            assert!(!is_id(bad), "{bad}");
            assert!(is_id(&repaired(bad, "stem")), "{bad}");
        }
        assert_eq!(repaired("Book  Cache!", "stem"), "book-cache");
        assert_eq!(repaired("书店", "stem"), "stem");
        let taken = ["service", "service-2"];
        assert_eq!(fresh("service", |it| taken.contains(&it)), "service-3");
        let long = "x".repeat(40);
        assert_eq!(fresh(&long, |it| it == long), format!("{}-2", "x".repeat(38)));
    }
}
