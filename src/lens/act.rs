//! What can be done in a lens.

use serde::{Deserialize, Serialize};

use crate::engine::fault::Target;

/// What somebody looks for in a lens. Nothing of it changes the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// What was noted, by name: a key that was picked, a guess.
    pub noted: Vec<(String, String)>,
    /// An [`Act`] that is tried out as long as a pointer is where it would be done.
    pub trial: Option<String>,
}

impl Look {
    /// Notes something, in place of what was noted under its name.
    pub fn note(&mut self, name: &str, value: &str) {
        self.noted.retain(|it| it.0 != name);
        self.noted.push((name.into(), value.into()));
    }
}

/// What a mark asks for. Written as words: the first says what, the last is all the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Notes something under a name: see [`Look::noted`].
    Note(String, String),
    /// Sets a parameter of the component: its name, and the value's file form as JSON. An edit.
    Set(String, String),
    /// Sets several of them at once, by name, as a JSON object. One edit.
    Tune(String),
    /// Kills a member, by ordinal. A fault.
    Crash(u16),
    /// Brings it back.
    Restart(u16),
    /// Promotes it.
    Promote(u16),
    /// Types a command at it. A fault, too.
    Command(u16, String),
    /// Moves a member or a component across a cut: who, whether to its second side, and its name. A fault.
    Move(Target, bool, String),
    /// Stops, and goes to a moment, in ns.
    At(u64),
    /// Follows a request: which, and a moment at which it was under way, in ns.
    Follow(u64, u64),
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Note(name, value) => write!(f, "note {name} {value}"),
            Self::Set(field, value) => write!(f, "set {field} {value}"),
            Self::Tune(values) => write!(f, "tune {values}"),
            Self::Crash(member) => write!(f, "crash {member}"),
            Self::Restart(member) => write!(f, "restart {member}"),
            Self::Promote(member) => write!(f, "promote {member}"),
            Self::Command(member, words) => write!(f, "command {member} {words}"),
            Self::Move(who, over, cut) => {
                write!(f, "move {who} {} {cut}", if *over { "over" } else { "back" })
            }
            Self::At(moment) => write!(f, "at {moment}"),
            Self::Follow(request, moment) => write!(f, "follow {request} {moment}"),
        }
    }
}

impl Act {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (what, rest) = text.split_once(' ')?;
        let pair = || rest.split_once(' ').map(|it| (it.0.to_owned(), it.1.to_owned()));
        match what {
            "note" => pair().map(|it| Self::Note(it.0, it.1)),
            "set" => pair().map(|it| Self::Set(it.0, it.1)),
            "tune" => rest.starts_with('{').then(|| Self::Tune(rest.into())),
            "crash" => rest.parse().ok().map(Self::Crash),
            "restart" => rest.parse().ok().map(Self::Restart),
            "promote" => rest.parse().ok().map(Self::Promote),
            "command" => {
                let (member, words) = rest.split_once(' ')?;
                Some(Self::Command(member.parse().ok()?, words.into()))
            }
            "move" => {
                let (who, rest) = rest.split_once(' ')?;
                let (way, cut) = rest.split_once(' ')?;
                let over = ["back", "over"].iter().position(|it| *it == way)? == 1;
                Some(Self::Move(who.parse().ok()?, over, cut.into()))
            }
            "at" => rest.parse().ok().map(Self::At),
            "follow" => {
                let (request, moment) = rest.split_once(' ')?;
                Some(Self::Follow(request.parse().ok()?, moment.parse().ok()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Target};

    #[test]
    fn acts_read_back() {
        let acts = [
            Act::Note("key".into(), "17".into()),
            Act::Note("words".into(), "of more than one".into()),
            Act::Set("weights".into(), r#""1, 0, 1""#.into()),
            Act::Tune(r#"{"read_quorum": 2, "write_quorum": 2}"#.into()),
            Act::Crash(2),
            Act::Restart(0),
            Act::Promote(1),
            Act::Command(0, "LPUSH q \"a b\" c".into()),
            Act::Move(Target::member("store", 1), true, "A | B, C".into()),
            Act::Move(Target::component("client"), false, "x".into()),
            Act::At(5_400_000_000),
            Act::Follow(u64::MAX, 5_400_000_000),
        ];
        for act in acts {
            assert_eq!(Act::parse(&act.to_string()), Some(act));
        }
        for text in [
            "",
            "note",
            "note key",
            "crash",
            "crash B",
            "crash -1",
            "set x",
            "tune x",
            "follow 3",
            "move a b c",
        ] {
            assert_eq!(Act::parse(text), None, "{text:?}");
        }
    }
}
