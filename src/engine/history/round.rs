//! Rounds of messages between members of a store: who was asked for an operation, and who answered when.

use crate::base::time::Nanos;

/// Members that can take part in a round.
pub const PEERS_MAX: usize = 9;

/// A round of messages that a member began for an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Round {
    /// Names it among the rounds of its member; 0 if there was none.
    pub(super) number: u32,
    /// The member that asked, by slot.
    pub member: u32,
    /// When it began.
    pub began: Nanos,
    /// When enough had answered; none while too few have.
    pub decided: Option<Nanos>,
    /// Who was asked, or counted without being asked: bit n for member n.
    pub asked: u16,
    /// By member: when its answer came, and the version it held; version 0 if none came.
    pub answers: [(Nanos, u32); PEERS_MAX],
    /// By member: one more than the ordinal of the member in whose place it was asked; 0 if it was asked
    /// for itself.
    pub(super) stand_ins: [u8; PEERS_MAX],
}

impl Round {
    /// The member in whose place another was asked, if it was.
    pub fn stands_in(&self, member: usize) -> Option<usize> {
        self.stand_ins.get(member)?.checked_sub(1).map(usize::from)
    }

    /// Whether there was one by then.
    pub fn is_there(&self, now: Nanos) -> bool {
        self.number > 0 && self.began <= now
    }

    /// Who had answered by a moment: bit n for member n.
    pub fn answered(&self, by: Nanos) -> u16 {
        let told = self.answers.iter().enumerate().filter(|it| it.1.1 > 0 && it.1.0 <= by);
        told.fold(0, |all, it| all | 1 << it.0)
    }

    /// Whose answers decided it, if it was decided by then: those that had come when enough had.
    pub fn deciders(&self, now: Nanos) -> Option<u16> {
        self.decided.filter(|it| *it <= now).map(|it| self.answered(it))
    }
}
