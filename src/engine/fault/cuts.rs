//! What the network does not carry at present, or carries badly.

use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::super::Via;
use super::Ways;

/// A partition in force, members by slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    pub name: String,
    pub one: Vec<u32>,
    pub other: Vec<u32>,
    pub ways: Ways,
}

/// Where a trouble is, by slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    Wire(u32),
    Member(u32),
}

/// Messages that get lost and are sent again, and messages that take longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    pub at: Spot,
    pub loss: f64,
    pub delay: Nanos,
}

/// What befalls the next message at one of these places: it is lost, or so much longer on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Mishap {
    pub at: Vec<Spot>,
    pub delay: Option<Nanos>,
}

/// What the network refuses to carry at present, or carries badly.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    /// Cut wires by slot.
    pub wires: Vec<(u32, Ways)>,
    pub partitions: Vec<Partition>,
    pub troubles: Vec<Trouble>,
    /// What is in store for single messages, oldest first.
    pub mishaps: Vec<Mishap>,
}

impl Spot {
    /// Whether a message from one member to another passes here.
    fn feels(self, from: u32, to: u32, via: Via) -> bool {
        match (self, via) {
            (Self::Member(slot), _) => slot == from || slot == to,
            (Self::Wire(slot), Via::Forth(wire) | Via::Back(wire)) => slot == wire,
            (Self::Wire(_), _) => false,
        }
    }
}

impl Cuts {
    /// Whether all is well: the usual case, and the fast one.
    pub fn is_none(&self) -> bool {
        let troubled = !self.troubles.is_empty() || !self.mishaps.is_empty();
        self.wires.is_empty() && self.partitions.is_empty() && !troubled
    }

    /// What befalls a message from one member to another alone, if something was in store for it.
    pub fn mishap(&mut self, from: u32, to: u32, via: Via) -> Option<Mishap> {
        let here = |it: &Mishap| it.at.iter().any(|it| it.feels(from, to, via));
        let index = self.mishaps.iter().position(here)?;
        Some(self.mishaps.remove(index))
    }

    /// Whether a message from one member to another is lost.
    pub fn stops(&self, from: u32, to: u32, via: Via) -> bool {
        let cut = self.wires.iter().any(|(wire, ways)| match via {
            Via::Forth(it) => it == *wire && *ways != Ways::Back,
            Via::Back(it) => it == *wire && *ways != Ways::Forth,
            _ => false,
        });
        cut || self.partitions.iter().any(|it| {
            let forth = it.one.contains(&from) && it.other.contains(&to);
            let back = it.other.contains(&from) && it.one.contains(&to);
            forth && it.ways != Ways::Back || back && it.ways != Ways::Forth
        })
    }

    /// What troubles a message from one member to another: the chance that it is lost, and how much
    /// longer it takes.
    pub fn troubles(&self, from: u32, to: u32, via: Via) -> (f64, Nanos) {
        let felt = |it: &&Trouble| it.at.feels(from, to, via);
        self.troubles.iter().filter(felt).fold((0.0, Nanos::ZERO), |(loss, delay), it| {
            (1.0 - (1.0 - loss) * (1.0 - it.loss), delay.saturating_add(it.delay))
        })
    }

    /// Changes what is wrong at a spot.
    pub fn trouble(&mut self, at: Spot, change: impl FnOnce(&mut Trouble)) {
        let index = self.troubles.iter().position(|it| it.at == at).unwrap_or_else(|| {
            self.troubles.push(Trouble { at, loss: 0.0, delay: Nanos::ZERO });
            self.troubles.len() - 1
        });
        let trouble = &mut self.troubles[index];
        change(trouble);
        if (trouble.loss, trouble.delay) == (0.0, Nanos::ZERO) {
            self.troubles.remove(index);
        }
    }
}

impl StableHash for Spot {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Wire(slot) => (0u32, *slot).stable_hash(h),
            Self::Member(slot) => (1u32, *slot).stable_hash(h),
        }
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
        for Trouble { at, loss, delay } in &self.troubles {
            at.stable_hash(h);
            (*loss, *delay).stable_hash(h);
        }
        for Mishap { at, delay } in &self.mishaps {
            at.stable_hash(h);
            delay.stable_hash(h);
        }
    }
}
