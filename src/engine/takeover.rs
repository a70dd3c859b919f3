//! Who leads in stores whose primary can be replaced, and what that cost: every write they took, when it
//! was acknowledged, and which of them the latest primary's log does not have. An observer: it knows
//! what nobody in the run can, and nothing it keeps changes what happens.
//!
//! A write is named by the term it was written under and its place in the log. A term begins at a
//! place in the log of the term before it: what lies beyond that place in the earlier term is not part
//! of the later one. An acknowledged write that the latest term does not have is lost.

use std::collections::{BTreeMap, VecDeque};

use crate::base::cow::CowList;
use crate::base::key_map::KeyMap;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb};
use super::note::{Note, Reign};
use super::sightings::{Claim, Seen};
use super::{Blueprint, Kinds};

/// Writes kept of each store; of older ones nothing is said any more.
pub const WRITES_MAX: u64 = 65_536;
/// Terms kept of each store.
const TERMS_MAX: usize = 1_024;
/// Takeovers kept of each store.
pub const TAKEOVERS_MAX: usize = 32;
/// Signs of life kept of each store, and suspicions.
const PULSES_MAX: usize = 256;
const ALARMS_MAX: usize = 64;

/// A write that a primary took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// The term it was written under.
    pub term: u32,
    /// Its place in the log.
    pub position: u64,
    /// Which key.
    pub key: u32,
    /// Its version.
    pub version: u32,
    /// The client's request.
    pub request: u64,
    /// When it came to the primary; when it was committed, as long as it is not acknowledged.
    pub asked: Nanos,
    /// When it was committed.
    pub committed: Nanos,
    /// When it was acknowledged to who had asked; none if it has not been.
    pub acknowledged: Option<Nanos>,
}

/// A term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Its number; terms that begin later have higher ones.
    pub term: u32,
    /// The term before, and the place in its log at which this one began.
    pub after: (u32, u64),
    /// When it began.
    pub at: Nanos,
    /// Who leads, by slot.
    pub member: u32,
}

/// How one primary was replaced by another, moment by moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Takeover {
    /// The last primary died; none if it was replaced alive.
    pub down: Option<Nanos>,
    /// Since when who first found its silence too long had heard nothing: of one that was cut off rather than killed.
    pub silent: Option<Nanos>,
    /// Somebody first found its silence too long; none if people promoted another.
    pub suspected: Option<Nanos>,
    /// The one that won wanted to lead.
    pub stood: Option<Nanos>,
    /// It was promoted: by people, or by votes.
    pub chosen: Option<Nanos>,
    /// It was closed or off, and has been brought up; none of one that was open.
    pub opened: Option<Nanos>,
    /// It had applied all it had received, and began its term.
    pub began: Option<Nanos>,
    /// The first write was acknowledged under it: clients had found it.
    pub served: Option<Nanos>,
    /// The new primary, by slot.
    pub member: u32,
    /// Its term; 0 while there is none.
    pub term: u32,
}

/// A sign of life of who leads, as it came to a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// When.
    pub at: Nanos,
    /// To whom, by slot.
    pub member: u32,
}

/// A member found the silence of who leads too long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// When.
    pub at: Nanos,
    /// Who, by slot.
    pub member: u32,
    /// Whether it was a false alarm: who leads was up. The member cannot know that.
    pub is_false: bool,
}

/// What is known of one store.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Writes, oldest first.
    pub writes: CowList<Written>,
    /// Terms after the first, in the order in which they began.
    pub terms: Vec<Term>,
    /// Takeovers that are over or under way, oldest first.
    pub takeovers: VecDeque<Takeover>,
    /// Signs of life that came lately, oldest first.
    pub pulses: Vec<Pulse>,
    /// Suspicions, the latest, oldest first.
    pub alarms: Vec<Alarm>,
    /// What has come of the next one so far.
    pending: Takeover,
    /// Who leads, by slot.
    leader: Option<u32>,
    /// Whether it is down.
    leaderless: bool,
    /// Writes not acknowledged, by a short form of the request.
    open: KeyMap<u64>,
}

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct Takeovers {
    /// By component: only stores that are led by somebody who can be replaced have one.
    ledgers: Vec<Option<Box<Ledger>>>,
}

type Take = fn(&mut Takeovers, Nanos, &Note, &dyn Fn(u32) -> usize) -> Option<Seen>;

// On the page, stores of this kind wait for it.
crate::later! { fn take() -> Take = Takeovers::take_in }

impl Takeovers {
    /// What is known of a store.
    pub fn of(&self, component: u32) -> Option<&Ledger> {
        self.ledgers.get(component as usize)?.as_deref()
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let takeovers = |it: &Ledger| it.takeovers.len() * size_of::<Takeover>();
        let pulses = |it: &Ledger| (it.pulses.len() + it.alarms.len()) * size_of::<Pulse>();
        let bytes = |it: &Ledger| it.writes.bytes() + takeovers(it) + pulses(it);
        self.ledgers.iter().flatten().map(|it| bytes(it)).sum()
    }

    /// Whether there is a log already that what happens may matter to.
    pub(super) fn keeps(&self) -> bool {
        !self.ledgers.is_empty()
    }

    /// Takes in what has happened. Gives back what that violates.
    pub(super) fn note<K: Kinds>(
        &mut self,
        at: Nanos,
        note: &Note,
        blueprint: &Blueprint<K>,
    ) -> Option<Seen> {
        let first = matches!(note, Note::Appended { .. } | Note::Reign { .. });
        let take = take().filter(|_| first || self.keeps())?;
        take(self, at, note, &|member| blueprint.members[member as usize].0 as usize)
    }

    fn take_in(
        &mut self,
        at: Nanos,
        note: &Note,
        component: &dyn Fn(u32) -> usize,
    ) -> Option<Seen> {
        let seen = |claim, request, member| Some(Seen { claim, request, member });
        match *note {
            Note::Appended { member, request, key, version, term, position } => {
                let component = component(member);
                if self.ledgers.len() <= component {
                    self.ledgers.resize_with(component + 1, || None);
                }
                let ledger = self.ledgers[component].get_or_insert_default();
                ledger.leader.get_or_insert(member);
                let (asked, committed, acknowledged) = (at, at, None);
                let write = Written {
                    term,
                    position,
                    key,
                    version,
                    request,
                    asked,
                    committed,
                    acknowledged,
                };
                ledger.add(write);
                return seen(Claim::OnePrimary, request, member).filter(|_| term < ledger.term(at));
            }
            Note::Ended { member, request, outcome: Outcome::Ok, own: false, arrived, .. }
                if request.verb != Verb::Read =>
            {
                let ledger = self.ledgers.get_mut(component(member))?.as_mut()?;
                let lost = ledger.acknowledged(at, arrived, request.id);
                return seen(Claim::Durable, request.id, member).filter(|_| lost);
            }
            Note::Reign { member, what } => {
                let component = component(member);
                if self.ledgers.len() <= component {
                    self.ledgers.resize_with(component + 1, || None);
                }
                let lost = self.ledgers[component].get_or_insert_default().reign(at, member, what);
                return lost.and_then(|it| seen(Claim::Durable, it, member));
            }
            Note::Down { member } => {
                if let Some(Some(ledger)) = self.ledgers.get_mut(component(member))
                    && ledger.leader == Some(member)
                {
                    (ledger.pending.down, ledger.leaderless) = (Some(at), true);
                }
            }
            Note::Up { member } => {
                if let Some(Some(ledger)) = self.ledgers.get_mut(component(member))
                    && ledger.leader == Some(member)
                {
                    ledger.leaderless = false;
                }
            }
            _ => {}
        }
        None
    }
}

impl Ledger {
    fn add(&mut self, write: Written) {
        let place = self.writes.push(write);
        self.open.insert(short(write.request), place);
        let Some(old) = place.checked_sub(WRITES_MAX) else { return };
        // Whoever asked for it has long left.
        if let Some(gone) = self.writes.get(old).map(|it| short(it.request))
            && self.open.get(gone) == Some(old)
        {
            self.open.remove(gone);
        }
        self.writes.drop_before(old);
    }

    /// A write has been acknowledged. True if it is lost: the latest term began without it.
    fn acknowledged(&mut self, at: Nanos, asked: Nanos, request: u64) -> bool {
        let place = self.open.get(short(request));
        let Some((place, write)) = place.and_then(|it| Some((it, *self.writes.get(it)?))) else {
            return false;
        };
        if write.request != request {
            return false;
        }
        self.open.remove(short(request));
        self.writes.set(place, Written { asked, acknowledged: Some(at), ..write });
        if let Some(last) = self.takeovers.back_mut().filter(|it| it.term == write.term) {
            last.served.get_or_insert(at);
        }
        if self.pending.down.is_some_and(|it| write.committed > it) {
            // It has come back before anybody took its place.
            self.pending = Takeover::default();
        }
        !self.has(&self.lineage(self.term(at)), &write)
    }

    /// Something happened that decides who leads. Gives back the request of the first acknowledged write
    /// that is lost by it.
    fn reign(&mut self, at: Nanos, member: u32, what: Reign) -> Option<u64> {
        match what {
            Reign::Heard => {
                push(&mut self.pulses, Pulse { at, member }, PULSES_MAX);
            }
            Reign::Suspected { since } => {
                let alarm = Alarm { at, member, is_false: !self.leaderless };
                push(&mut self.alarms, alarm, ALARMS_MAX);
                if self.pending.suspected.is_none() {
                    (self.pending.silent, self.pending.suspected) = (Some(since), Some(at));
                }
            }
            Reign::Trusted => {
                (self.pending.silent, self.pending.suspected, self.pending.stood) =
                    (None, None, None);
            }
            Reign::Stands { .. } => self.pending.stood = Some(at),
            Reign::Chosen { term } => {
                let pending = std::mem::take(&mut self.pending);
                if self.takeovers.len() == TAKEOVERS_MAX {
                    self.takeovers.pop_front();
                }
                self.takeovers.push_back(Takeover { chosen: Some(at), member, term, ..pending });
            }
            Reign::Opens { term } => {
                if let Some(it) = self.takeovers.iter_mut().rfind(|it| it.term == term) {
                    it.opened = Some(at);
                }
            }
            Reign::Begins { term, after, at: place } => {
                let (after, before) = ((after, place), self.term(at));
                if self.terms.len() == TERMS_MAX {
                    self.terms.remove(0);
                }
                self.terms.push(Term { term, after, at, member });
                if let Some(it) = self.takeovers.iter_mut().rfind(|it| it.term == term) {
                    it.began = Some(at);
                }
                (self.leader, self.leaderless) = (Some(member), false);
                let before = self.lineage(before);
                let is_new = |it: &&Written| self.has(&before, it);
                return self.lost(at).find(is_new).map(|it| it.request);
            }
            Reign::Ends { .. } => {}
        }
        None
    }

    /// The latest term at a moment; 0 for the first.
    pub fn term(&self, now: Nanos) -> u32 {
        self.terms.iter().filter(|it| it.at <= now).map(|it| it.term).max().unwrap_or(0)
    }

    /// What the log of a term has of each term it comes from: all before this place.
    fn lineage(&self, term: u32) -> BTreeMap<u32, u64> {
        let (mut lineage, mut next) = (BTreeMap::new(), Some((term, u64::MAX)));
        while let Some((term, end)) = next {
            lineage.insert(term, end);
            let it = self.terms.iter().rfind(|it| it.term == term);
            next = it.map(|it| (it.after.0, end.min(it.after.1)));
            // A term never follows itself or a later one.
            next = next.filter(|it| it.0 < term);
        }
        lineage
    }

    /// Whether the log of a term has what was written under a term at a place.
    pub fn belongs(&self, of: u32, position: u64, term: u32) -> bool {
        of == term || self.lineage(term).get(&of).is_some_and(|end| position < *end)
    }

    /// Whether a log of this lineage has a write. Of a lineage that has been forgotten nothing is said.
    fn has(&self, lineage: &BTreeMap<u32, u64>, write: &Written) -> bool {
        match lineage.get(&write.term) {
            Some(end) => write.position < *end,
            None => self.terms.len() == TERMS_MAX,
        }
    }

    /// The writes acknowledged up to a moment that the latest term's log does not have, oldest first.
    pub fn lost(&self, now: Nanos) -> impl Iterator<Item = &Written> {
        let term = self.term(now);
        let kept = if term == 0 { 0..0 } else { self.writes.start()..self.writes.end() };
        let writes = kept.filter_map(|it| self.writes.get(it));
        let lineage = self.lineage(term);
        let told = move |it: &Written| it.acknowledged.is_some_and(|at| at <= now);
        writes.filter(move |it| told(it) && !self.has(&lineage, it))
    }
}

/// Adds to a short list, from which the oldest goes.
fn push<T>(list: &mut Vec<T>, it: T, most: usize) {
    if list.len() == most {
        list.remove(0);
    }
    list.push(it);
}

/// Ids count on in their lower half, and say who in their upper.
fn short(id: u64) -> u32 {
    (id ^ (id >> 32)) as u32
}
