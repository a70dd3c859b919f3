//! What a node of a Redis cluster knows of the slots: whose each one is, and whose it is to become.
//! Nodes tell each other, and the later word counts.
//!
//! Source: Redis Cluster specification, "Hash slots configuration propagation" and "UPDATE messages".
//! There a node's claims have the number of its latest epoch; here each slot counts how often it has
//! changed hands.

use crate::algorithm::placement::redis_slots::{self, SLOTS};
use crate::base::cow::CowList;
use crate::base::stable::hash_of;
use crate::base::time::Nanos;

use super::CacheClusterParams;

/// No node: of a slot whose owner is not known.
pub const NOBODY: u8 = u8::MAX;

/// One slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Ordinal of the node that has it.
    pub owner: u8,
    /// Ordinal of the node that is to have it.
    pub target: u8,
    /// How often it has changed hands.
    pub turn: u32,
}

/// All of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// When it was last decided whose they are to become.
    pub plan: Nanos,
    /// What was decided then, as a number: whoever was cut off may have decided otherwise.
    print: u64,
    slots: CowList<Slot>,
}

crate::stable! {
    Slot { owner, target, turn }
    Table { plan, print, slots }
}

/// What came of another's word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// Something was new.
    pub news: bool,
    /// The other does not know all that is known here.
    pub behind: bool,
}

/// Whether what is known of a slot is later than something else.
fn is_later(one: Slot, than: Slot) -> bool {
    match (one.owner, than.owner) {
        (NOBODY, _) => false,
        (_, NOBODY) => true,
        // Of two that took a slot of a node that is gone, by different plans, one keeps it.
        _ => (one.turn, one.owner) > (than.turn, than.owner),
    }
}

impl Table {
    /// Nobody has said anything.
    pub(super) fn unknown() -> Self {
        let slot = Slot { owner: NOBODY, target: NOBODY, turn: 0 };
        Self { plan: Nanos::ZERO, print: 0, slots: CowList::filled(slot, SLOTS) }
    }

    /// Dealt out evenly, in one piece for each node that takes part.
    pub(super) fn dealt(params: &CacheClusterParams, turn: u32) -> Self {
        let mut it = Self::unknown();
        for (slot, owner) in (0..).zip(redis_slots::dealt(&params.among())) {
            let owner = owner.unwrap_or(NOBODY);
            it.set(slot, Slot { owner, target: owner, turn });
        }
        it
    }

    /// One slot.
    pub fn get(&self, slot: u32) -> Slot {
        self.slots.get(slot.into()).copied().unwrap_or(Slot {
            owner: NOBODY,
            target: NOBODY,
            turn: 0,
        })
    }

    pub(super) fn set(&mut self, slot: u32, it: Slot) {
        if self.get(slot) != it {
            self.slots.set(slot.into(), it);
        }
    }

    /// Whether anybody has said whose the slots are.
    pub fn is_known(&self) -> bool {
        self.get(0).owner != NOBODY
    }

    /// How many slots a node has.
    pub fn count(&self, node: u8) -> usize {
        (0..SLOTS).filter(|it| self.get(*it).owner == node).count()
    }

    /// Whose they are to become, slot by slot.
    pub fn targets(&self) -> Vec<u8> {
        (0..SLOTS).map(|it| self.get(it).target).collect()
    }

    /// Other nodes take part: as few slots as can be are to change hands. Those of nodes that are no
    /// more have changed hands already.
    pub(super) fn plan_for(&mut self, params: &CacheClusterParams, now: Nanos) {
        let takes_part = params.takes_part();
        let shares = |node: u8| takes_part.get(usize::from(node)).copied().unwrap_or(false);
        // What was to go to a node that takes no part any more stays, if it can.
        let basis = (0..SLOTS).map(|slot| self.get(slot));
        let basis = basis.map(|it| match shares(it.target) || !shares(it.owner) {
            true => it.target,
            false => it.owner,
        });
        let targets = redis_slots::rebalance(&basis.collect::<Vec<_>>(), &takes_part);
        for (slot, target) in (0..).zip(targets) {
            let mut it = self.get(slot);
            it.target = target;
            if u32::from(it.owner) >= params.nodes {
                (it.owner, it.turn) = (target, it.turn + 1);
            }
            self.set(slot, it);
        }
        (self.plan, self.print) = (now, hash_of(&self.targets()));
    }

    /// What another knows.
    pub(super) fn hear(&mut self, other: &Self) -> Heard {
        let (own, its) = ((self.plan, self.print), (other.plan, other.print));
        let mut heard = Heard { news: its > own, behind: its < own };
        let planned = heard.news;
        for slot in 0..SLOTS {
            let (own, its) = (self.get(slot), other.get(slot));
            let mut now = own;
            if planned {
                now.target = its.target;
            }
            if is_later(its, own) {
                (now.owner, now.turn) = (its.owner, its.turn);
                if own.owner == NOBODY && !planned {
                    now.target = its.target;
                }
            }
            heard.behind |= is_later(own, its);
            heard.news |= now != own;
            self.set(slot, now);
        }
        (self.plan, self.print) = own.max(its);
        heard
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.bytes()
    }
}
