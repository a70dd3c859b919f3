//! What can go wrong, and who it goes wrong for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::stable::{StableHash, StableHasher, hash_of};

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

/// One thing done to the running system, by a script or by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The process dies: connections break, what was not durable is lost.
    Crash(Target),
    /// It comes back.
    Restart(Target),
    /// All work there takes this many times as long; 1 ends it.
    Slow {
        /// Who.
        target: Target,
        /// How many times as long; more than 0.
        factor: f64,
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
}

impl Fault {
    /// Whether this takes an earlier fault back.
    pub fn is_reversal(&self) -> bool {
        match self {
            Self::Restart(_)
            | Self::MendWire { .. }
            | Self::Heal { .. }
            | Self::ZoneRestart { .. } => true,
            Self::Slow { factor, .. } => *factor == 1.0,
            Self::Crash(_)
            | Self::CutWire { .. }
            | Self::Partition { .. }
            | Self::ZoneOutage { .. } => false,
        }
    }
}

/// Scripts are part of a blueprint, so they count; their bits as text do, being exact.
impl StableHash for Fault {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(hash_of(&format!("{self:?}")));
    }
}

/// A partition in force, members by slot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Partition {
    pub name: String,
    pub one: Vec<u32>,
    pub other: Vec<u32>,
    pub ways: Ways,
}

/// What the network refuses to carry at present.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// Cut wires by slot.
    pub wires: Vec<(u32, Ways)>,
    pub partitions: Vec<Partition>,
}

impl Cuts {
    /// Whether nothing is cut: the usual case, and the fast one.
    pub fn is_none(&self) -> bool {
        self.wires.is_empty() && self.partitions.is_empty()
    }

    /// Whether a message from one member to another is lost.
    pub fn stops(&self, from: u32, to: u32, via: super::Via) -> bool {
        let cut = self.wires.iter().any(|(wire, ways)| match via {
            super::Via::Forth(it) => it == *wire && *ways != Ways::Back,
            super::Via::Back(it) => it == *wire && *ways != Ways::Forth,
            _ => false,
        });
        cut || self.partitions.iter().any(|it| {
            let forth = it.one.contains(&from) && it.other.contains(&to);
            let back = it.other.contains(&from) && it.one.contains(&to);
            forth && it.ways != Ways::Back || back && it.ways != Ways::Forth
        })
    }
}

impl StableHash for Cuts {
    fn stable_hash(&self, h: &mut StableHasher) {
        for (wire, ways) in &self.wires {
            (*wire, *ways as u32).stable_hash(h);
        }
        for Partition { name, one, other, ways } in &self.partitions {
            name.stable_hash(h);
            one.stable_hash(h);
            other.stable_hash(h);
            h.word(*ways as u64);
        }
    }
}
