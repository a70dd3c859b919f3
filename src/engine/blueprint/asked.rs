//! Which of a component's members callers ask.

use super::{Addressing, Component, Kinds};

impl<K: Kinds> Component<K> {
    /// How many of its members callers may ask: the first ones.
    pub fn servers(&self) -> u16 {
        (self.members.len() as u16).saturating_sub(self.watchers)
    }

    /// The ordinal from which on members are asked only if there is no other.
    pub fn first_in_reserve(&self) -> u16 {
        let members = self.servers();
        match self.addressing {
            Addressing::Any => members.saturating_sub(self.reserve),
            _ => members,
        }
    }
}
