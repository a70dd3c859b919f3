//! What members know and say of who leads.

use std::sync::Arc;

use crate::algorithm::replication::phi_accrual::Gaps;
use crate::base::cow::CowList;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::super::{Detector, SqlDbParams};

/// What a member knows of who leads. All of it survives a crash but votes and what it has heard.
#[derive(Clone, Debug)]
pub struct Led {
    /// The latest term it follows or leads.
    pub term: u32,
    /// Whether its log is known to be a part of that of the term's leader.
    pub aligned: bool,
    /// The terms its log was written under, each with the position at which it began.
    pub lineage: Vec<(u32, u64)>,
    /// The latest term it has voted for.
    pub(super) voted: u32,
    /// The latest term for which it has given its word to another: later ones of its own do not take that
    /// back, since that other may lead by now.
    pub(super) given: u32,
    /// Until when it votes only for whose log goes further than this one: it has just given its word to one with
    /// such a log, or somebody has been chosen and is being brought up.
    pub(super) waits: (Nanos, (u32, u64)),
    /// Whether it has found the primary silent for too long, and has not heard it since.
    pub(super) suspects: bool,
    /// The term it wants to begin, and who has voted for it: bit n for member n.
    pub(super) stands: Option<(u32, u32)>,
    /// The term it will begin once all it has received is applied.
    pub due: Option<u32>,
    /// Whether it was closed or off when it was chosen, and is being brought up.
    pub closed: bool,
    /// As a primary that has come back: since when it asks if it still leads, and who has said so.
    pub(super) asks: Option<(Nanos, u32)>,
    /// Whom the primary's writes wait for, by bit, if not for all.
    pub first: u32,
    /// At a primary: who has to have a write before it is acknowledged synchronously, by bit.
    pub(super) counted: u32,
    /// When it last heard from the primary; at a primary, when signs of life were sent that each
    /// member has answered.
    pub(in super::super) heard: Vec<Nanos>,
    /// How regular the primary's signs of life are.
    pub(super) gaps: Gaps,
    pub(super) alarm: Option<Handle>,
    /// At a primary whose standbys are off: when it is backed up next.
    pub(super) backup: Option<Handle>,
}

/// Between members, about who leads.
#[derive(Clone, Debug)]
pub enum LedMessage {
    /// This is the latest term I know.
    Term(u32),
    /// Do I still lead, in this term?
    Who(u32),
    /// I lead in this term, and live: sent then; writes wait for these, by bit, if not for all.
    Alive(u32, Nanos, u32),
    /// I have heard that, in this term.
    Heard(u32, Nanos),
    /// I follow you in this term: this is how far my log goes and how much of it is applied.
    Follow(u32, u64, u64, Vec<(u32, u64)>),
    /// So far your log is a part of mine, and this is what it was written under; in place of a part
    /// that is applied and should not be, a copy of all rows.
    Align(u32, u64, Vec<(u32, u64)>, Option<Arc<CowList<u32>>>),
    /// In this term that member sends you the log.
    Attach(u32, u16),
    /// I want to lead in this term; the last term that my log has entries of, and its length.
    Stand(u32, (u32, u64)),
    /// I vote for you in this term, or would rather lead myself.
    Vote(u32, bool),
    /// I have been chosen to lead in this term, and am being brought up.
    Rises(u32),
}

/// Why a member wakes about who leads.
#[derive(Clone, Copy, Debug)]
pub enum LedTimer {
    /// The primary of this term says that it lives.
    Alive(u32),
    /// The primary has been silent too long.
    Silence,
    /// Votes for this term are counted.
    Ballot(u32),
    /// A primary that has come back asks again.
    Ask,
    /// Who has been chosen in this term says so again.
    Rises(u32),
    /// Who has been chosen in this term is open.
    Open(u32),
    /// The primary is backed up.
    Backup,
}

crate::stable! {
    Led { term, aligned, lineage, voted, given, waits, suspects, stands, due, closed, asks, first, counted, heard, gaps, alarm, backup }
}

impl LedMessage {
    /// Rows that it carries.
    pub(in super::super) fn rows(&self) -> usize {
        match self {
            Self::Align(.., Some(rows)) => rows.end() as usize,
            _ => 0,
        }
    }
}

impl StableHash for LedMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Term(term) => (0u8, *term).stable_hash(h),
            Self::Who(term) => (1u8, *term).stable_hash(h),
            Self::Alive(term, sent, first) => ((2u8, *term), (*sent, *first)).stable_hash(h),
            Self::Heard(term, sent) => ((3u8, *term), *sent).stable_hash(h),
            Self::Follow(term, end, applied, lineage) => {
                ((4u8, *term), (*end, *applied)).stable_hash(h);
                lineage.stable_hash(h);
            }
            Self::Align(term, common, lineage, rows) => {
                ((5u8, *term), *common).stable_hash(h);
                lineage.stable_hash(h);
                rows.stable_hash(h);
            }
            Self::Stand(term, last) => ((6u8, *term), *last).stable_hash(h),
            Self::Vote(term, granted) => ((7u8, *term), *granted).stable_hash(h),
            Self::Attach(term, feeder) => ((8u8, *term), *feeder).stable_hash(h),
            Self::Rises(term) => (9u8, *term).stable_hash(h),
        }
    }
}

impl StableHash for LedTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Alive(term) => (0u8, *term).stable_hash(h),
            Self::Silence => h.word(1),
            Self::Ballot(term) => (2u8, *term).stable_hash(h),
            Self::Ask => h.word(3),
            Self::Rises(term) => (4u8, *term).stable_hash(h),
            Self::Open(term) => (5u8, *term).stable_hash(h),
            Self::Backup => h.word(6),
        }
    }
}

impl Led {
    /// Whether it has given its word to somebody who wants to lead in a later term. Who has not won
    /// takes back the word it gave itself; who has, and has not begun, is bound by it.
    pub(super) fn is_bound(&self) -> bool {
        let own_word = self.stands.is_some() || self.due.is_some();
        self.given > self.term || own_word && self.voted > self.term
    }

    /// When it last heard from who leads in its term.
    pub(super) fn heard_leader(&self) -> Option<Nanos> {
        self.heard.get(usize::from(super::leader_of(self.term))).copied()
    }

    /// How long a primary may be silent before this member wants to take over. Who may lack what was acknowledged
    /// lets others go first.
    pub(super) fn bears(&self, params: &SqlDbParams, own: u16) -> Nanos {
        let silence = match params.detector {
            Detector::Fixed => params.patience.0,
            Detector::Phi => self.gaps.silence(params.phi, params.heartbeat.0),
        };
        let behind = self.first != 0 && self.first >> own & 1 == 0;
        Nanos(if behind { silence.saturating_mul(2) } else { silence })
    }

    /// Whether a synchronous write waits for this member: all but a primary that has died, until it
    /// follows.
    pub fn awaits(&self, member: usize) -> bool {
        self.counted >> member & 1 == 1
    }
}
