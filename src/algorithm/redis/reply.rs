//! What a command answers.

use std::fmt;

use crate::base::stable::{StableHash, StableHasher};

use super::{Bytes, words};

/// An answer. Its `Display` is what redis-cli prints on a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done.
    Ok,
    /// A word that is no value: a type's name.
    Status(&'static str),
    /// There is nothing.
    Nil,
    /// A number.
    Integer(i64),
    /// A value.
    Bulk(Bytes),
    /// Several.
    List(Vec<Reply>),
    /// Refused: what begins with a word in capitals that says why.
    Error(String),
}

impl Reply {
    /// A text as a value.
    pub fn bulk(text: impl Into<Bytes>) -> Self {
        Self::Bulk(text.into())
    }

    /// A value, or nothing.
    pub fn or_nil(bytes: Option<&Bytes>) -> Self {
        bytes.map_or(Self::Nil, |it| Self::Bulk(it.clone()))
    }

    /// A number of things.
    pub fn count(count: usize) -> Self {
        Self::Integer(count as i64)
    }

    /// Whether it refuses the command.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Status(word) => f.write_str(word),
            Self::Nil => f.write_str("(nil)"),
            Self::Integer(it) => write!(f, "(integer) {it}"),
            Self::Bulk(bytes) => f.write_str(&words::quote(bytes)),
            Self::Error(text) => write!(f, "(error) {text}"),
            Self::List(list) if list.is_empty() => f.write_str("(empty array)"),
            Self::List(list) => {
                let width = list.len().to_string().len();
                for (index, it) in list.iter().enumerate() {
                    if index > 0 {
                        write!(f, "\n{:indent$}", "")?;
                    }
                    write!(f, "{:>width$}) ", index + 1)?;
                    it.print(f, indent + width + 2)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}

impl StableHash for Reply {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.to_string().stable_hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_the_command_line_client_prints() {
        let inner = Reply::List(vec![Reply::bulk("a"), Reply::List(vec![Reply::Integer(2)])]);
        let list = Reply::List(vec![inner, Reply::Nil, Reply::Ok, Reply::List(Vec::new())]);
        let expected = "1) 1) \"a\"\n   2) 1) (integer) 2\n2) (nil)\n3) OK\n4) (empty array)";
        assert_eq!(list.to_string(), expected);
        let ten = Reply::List((0..10).map(|_| Reply::Nil).collect());
        assert!(ten.to_string().starts_with(" 1) (nil)\n 2) (nil)"));
        assert!(ten.to_string().ends_with("\n10) (nil)"));
        assert_eq!(Reply::Error("ERR no".into()).to_string(), "(error) ERR no");
    }
}
