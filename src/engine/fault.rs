//! What can go wrong, and who it goes wrong for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::stable::{StableHash, StableHasher, hash_of};
use crate::base::time::{Nanos, Offset};

mod back;
mod cuts;

pub(super) use cuts::{Cuts, Mishap, Partition, Spot};

/// A component, or one member of it: `books`, `store/2` (ordinals count from 0).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    /// Document id.
    pub component: String,
    /// Ordinal of the member; none for all of them.
    pub member: Option<u16>,
}

impl Target {
    /// All members of a component.
    pub fn component(id: &str) -> Self {
        Self { component: id.into(), member: None }
    }

    /// One member.
    pub fn member(id: &str, ordinal: u16) -> Self {
        Self { component: id.into(), member: Some(ordinal) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member {
            None => f.write_str(&self.component),
            Some(ordinal) => write!(f, "{}/{ordinal}", self.component),
        }
    }
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("{text:?} is not a component id or id/ordinal, such as \"store/2\"");
        let (component, member) = match text.split_once('/') {
            None => (text, None),
            Some((id, ordinal)) => (id, Some(ordinal.parse().map_err(|_| wanted())?)),
        };
        if component.is_empty() {
            return Err(wanted());
        }
        Ok(Self { component: component.into(), member })
    }
}

impl TryFrom<String> for Target {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// Where the network is in trouble: on one wire, or around a component or member, whatever it
/// sends or gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Document id of a wire.
    Wire(String),
    /// A component or a member.
    Target(Target),
}

/// Which directions a cut stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ways {
    /// Nothing passes.
    #[default]
    Both,
    /// Nothing passes from the first side to the second.
    Forth,
    /// Nothing passes from the second side to the first.
    Back,
}

/// One thing done to the running system, by a script or by hand. New ones stand at the end: hashes of scripts go by
/// the place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The process dies: connections break, what was not durable is lost.
    Crash(Target),
    /// It comes back; if nobody of it is down, it dies and comes back at once, without what was in its
    /// memory and in its hands.
    Restart(Target),
    /// All work there takes this many times as long; 1 ends it.
    Slow {
        /// Who.
        target: Target,
        /// How many times as long; more than 0.
        factor: f64,
    },
    /// Gray failure (Huang et al., HotOS 2017): some of the requests take many times as long, while
    /// health checks and the other requests notice nothing; share 0 ends it.
    Gray {
        /// Who.
        target: Target,
        /// Which part of the requests, 0 to 1.
        share: f64,
        /// How many times as long; more than 0.
        factor: f64,
    },
    /// Its clock shows another time than the others' from now on; 0s ends it.
    Skew {
        /// Whose.
        target: Target,
        /// How far its clock is ahead; negative for behind.
        offset: Offset,
    },
    /// Caches lose all they hold, and go on.
    Flush(Target),
    /// People promote a replica: it leads from now on, whoever led before.
    Promote(Target),
    /// Messages get lost and are sent again after a while; share 0 ends it.
    Loss {
        /// Where.
        on: Scope,
        /// Which part of the messages, 0 to 1.
        share: f64,
    },
    /// Messages take longer, one way; 0s ends it.
    Delay {
        /// Where.
        on: Scope,
        /// By how much.
        by: Nanos,
    },
    /// One message on its way never arrives.
    DropMessage {
        /// Its number ([`super::World::messages`]).
        message: u64,
    },
    /// One message on its way arrives later.
    DelayMessage {
        /// Its number ([`super::World::messages`]).
        message: u64,
        /// By how much.
        by: Nanos,
    },
    /// A wire carries nothing, one way or both.
    CutWire {
        /// Document id of the wire.
        wire: String,
        /// Which directions; forth is from caller to called.
        #[serde(default)]
        ways: Ways,
    },
    /// The wire carries again.
    MendWire {
        /// Document id of the wire.
        wire: String,
    },
    /// Nothing passes between two sets of members.
    Partition {
        /// Name, to heal it by.
        name: String,
        /// One side.
        one: Vec<Target>,
        /// The other side.
        other: Vec<Target>,
        /// Which directions; forth is from `one` to `other`.
        #[serde(default)]
        ways: Ways,
    },
    /// A partition ends.
    Heal {
        /// Its name.
        name: String,
    },
    /// Zone outage: everything in it dies at once, zones within it included.
    ZoneOutage {
        /// Document id of the zone.
        zone: String,
    },
    /// Everything in the zone comes back.
    ZoneRestart {
        /// Document id of the zone.
        zone: String,
    },
    /// Traffic spike: this many times as many requests come in; 1 ends it.
    Spike {
        /// Which client.
        target: Target,
        /// How many times as many; not negative.
        factor: f64,
    },
    /// Hot key: a part of all requests is about one key; 0 ends it.
    HotKey {
        /// Whose requests.
        target: Target,
        /// Which key.
        key: u32,
        /// The part, 0 to 1.
        share: f64,
    },
    /// Somebody types a command at a member.
    Command {
        /// At whom.
        target: Target,
        /// The command, on one line: at most [`COMMAND_MAX`] characters.
        words: String,
    },
    /// The next message there, from now on, never arrives.
    DropNext {
        /// Where.
        on: Scope,
    },
    /// The next message there, from now on, arrives later.
    DelayNext {
        /// Where.
        on: Scope,
        /// By how much.
        by: Nanos,
    },
}

/// Longest command that somebody types, in characters.
pub const COMMAND_MAX: usize = 200;

impl Fault {
    /// Whether this takes an earlier fault back.
    pub fn is_reversal(&self) -> bool {
        match self {
            Self::Restart(_)
            | Self::MendWire { .. }
            | Self::Heal { .. }
            | Self::ZoneRestart { .. } => true,
            Self::Gray { share, factor, .. } => *share == 0.0 || *factor == 1.0,
            Self::Skew { offset, .. } => offset.0 == 0,
            Self::Loss { share, .. } => *share == 0.0,
            Self::Delay { by, .. } => *by == Nanos::ZERO,
            Self::Slow { factor, .. } | Self::Spike { factor, .. } => *factor == 1.0,
            Self::HotKey { share, .. } => *share == 0.0,
            Self::Crash(_)
            | Self::Flush(_)
            | Self::Promote(_)
            | Self::Command { .. }
            | Self::DropMessage { .. }
            | Self::DelayMessage { .. }
            | Self::DropNext { .. }
            | Self::DelayNext { .. }
            | Self::CutWire { .. }
            | Self::Partition { .. }
            | Self::ZoneOutage { .. } => false,
        }
    }

    /// Whether it goes on until it is taken back.
    pub fn lasts(&self) -> bool {
        let moment = |it: &Self| {
            matches!(
                it,
                Self::Flush(_)
                    | Self::Promote(_)
                    | Self::Command { .. }
                    | Self::DropMessage { .. }
                    | Self::DelayMessage { .. }
                    | Self::DropNext { .. }
                    | Self::DelayNext { .. }
            )
        };
        !self.is_reversal() && !moment(self)
    }

    /// What ends it; none for what is over at once, or is an end itself.
    pub fn end(&self) -> Option<Self> {
        let mut end = self.clone();
        match &mut end {
            Self::Slow { factor, .. } | Self::Spike { factor, .. } => *factor = 1.0,
            Self::Gray { share, .. } | Self::Loss { share, .. } | Self::HotKey { share, .. } => {
                *share = 0.0;
            }
            Self::Skew { offset, .. } => *offset = Offset(0),
            Self::Delay { by, .. } => *by = Nanos::ZERO,
            Self::Crash(target) => end = Self::Restart(target.clone()),
            Self::CutWire { wire, .. } => end = Self::MendWire { wire: wire.clone() },
            Self::Partition { name, .. } => end = Self::Heal { name: name.clone() },
            Self::ZoneOutage { zone } => end = Self::ZoneRestart { zone: zone.clone() },
            _ => {}
        }
        self.lasts().then_some(end)
    }

    /// Whether this is about the same thing as that earlier fault, or about all of which that is a part: of
    /// the two, this one says how it is.
    pub fn replaces(&self, earlier: &Self) -> bool {
        let same = |now: &Target, then: &Target| {
            now == then || now.member.is_none() && now.component == then.component
        };
        match (earlier, self) {
            (Self::Crash(then), Self::Crash(now) | Self::Restart(now))
            | (Self::Slow { target: then, .. }, Self::Slow { target: now, .. })
            | (Self::Gray { target: then, .. }, Self::Gray { target: now, .. })
            | (Self::Skew { target: then, .. }, Self::Skew { target: now, .. })
            | (Self::Spike { target: then, .. }, Self::Spike { target: now, .. })
            | (Self::HotKey { target: then, .. }, Self::HotKey { target: now, .. }) => {
                same(now, then)
            }
            (Self::Loss { on: then, .. }, Self::Loss { on: now, .. })
            | (Self::Delay { on: then, .. }, Self::Delay { on: now, .. }) => now == then,
            (
                Self::CutWire { wire: then, .. },
                Self::CutWire { wire: now, .. } | Self::MendWire { wire: now },
            )
            | (
                Self::Partition { name: then, .. },
                Self::Partition { name: now, .. } | Self::Heal { name: now },
            )
            | (
                Self::ZoneOutage { zone: then },
                Self::ZoneOutage { zone: now } | Self::ZoneRestart { zone: now },
            ) => now == then,
            _ => false,
        }
    }

    /// This partition with each of so many members of a component in its place, if it stands on a side as
    /// one.
    pub fn member_by_member(mut self, component: &str, members: u16) -> Self {
        if let Self::Partition { one, other, .. } = &mut self {
            for side in [one, other] {
                let whole = |it: &Target| *it == Target::component(component);
                if let Some(at) = side.iter().position(whole) {
                    let members = (0..members).map(|it| Target::member(component, it));
                    side.splice(at..=at, members);
                }
            }
        }
        self
    }

    /// This partition with somebody on the second side of it (over) or on the first; its end, if nobody is
    /// left on one of them. None if they stand there already, or this is no partition.
    pub fn moved(&self, who: &Target, over: bool) -> Option<Self> {
        let mut moved = self.clone();
        let Self::Partition { name, one, other, .. } = &mut moved else { return None };
        let (to, from) = if over { (other, one) } else { (one, other) };
        if to.contains(who) || !from.contains(who) {
            return None;
        }
        from.retain(|it| it != who);
        if from.is_empty() {
            return Some(Self::Heal { name: std::mem::take(name) });
        }
        to.push(who.clone());
        Some(moved)
    }

    /// Whether this takes that earlier fault back, or a part of it.
    pub fn ends(&self, earlier: &Self) -> bool {
        earlier.lasts() && self.is_reversal() && self.replaces(earlier)
    }
}

/// Scripts are part of a blueprint, so they count; their bytes on the way to the worker do, being
/// exact and the same everywhere.
impl StableHash for Fault {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(hash_of(&postcard::to_allocvec(self).unwrap_or_default()));
    }
}
