//! What clients did with stores whose members answer for all, operation by operation: invocation and
//! response as the client saw them, and the value. An observer, for checkers and lenses: nothing it
//! keeps changes what happens.
//!
//! Values are numbered by key in the order in which clients' writes first came to a member: a key that was never
//! written has value 1. However often a client's write is tried again, its value is the same.

use std::collections::VecDeque;

use crate::base::cow::CowList;
use crate::base::key_map::KeyMap;
#[cfg(split)]
use crate::base::slot::Slot;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb};
use super::note::Note;
use super::{Addressing, Blueprint, Kinds};

/// Operations kept of each store; older ones are forgotten.
pub const OPERATIONS_MAX: usize = 512;
/// Settled conflicts kept of each store.
pub const DROPPED_MAX: usize = 64;
/// Failed writes that may still reach a store.
const LATE_MAX: usize = 64;
/// The value of a key that was never written, and the version that says so.
pub const UNWRITTEN: u32 = 1;

/// One operation of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operation {
    /// The client's request.
    pub request: u64,
    /// The client, by member slot.
    pub client: u32,
    /// Which key.
    pub key: u32,
    /// Whether it writes.
    pub writes: bool,
    /// When the client began it.
    pub invoked: Nanos,
    /// How and when it ended for the client; none while it has not.
    pub ended: Option<(Outcome, Nanos)>,
    /// The value written, or read at last; 0 if it is not known.
    pub value: u32,
    /// The version that stands for the value.
    pub version: u32,
    /// Of a write that was tried again: the version that stood for it before; 0 if there was none.
    pub earlier: u32,
    /// The member that answered it last, by slot.
    pub member: u32,
    /// If it was refused: how many members could be reached, that one included.
    pub reached: Option<u32>,
}

/// Of two writes that did not know of each other, one is gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropped {
    /// When it was dropped first.
    pub at: Nanos,
    /// Where, by member slot.
    pub member: u32,
    /// Which key.
    pub key: u32,
    /// The value kept.
    pub kept: u32,
    /// The value that is gone.
    pub dropped: u32,
}

/// What is known of one store.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Operations, oldest first.
    pub operations: VecDeque<Operation>,
    /// Settled conflicts, oldest first.
    pub dropped: VecDeque<Dropped>,
    /// How many operations have been forgotten.
    pub forgotten: u64,
    /// Whether a write was among them whose outcome its client was not told.
    pub forgot_unknown: bool,
    /// By key: values numbered so far.
    values: CowList<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    request: u64,
    client: u32,
    key: u32,
    writes: bool,
    invoked: Nanos,
    ended: Option<(Outcome, Nanos)>,
}

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By component: only stores have one.
    logs: Vec<Option<Box<Log>>>,
    /// Client requests under way, by a short form of their id.
    open: KeyMap<Open>,
    late: VecDeque<Open>,
    any: bool,
}

type Take = fn(&mut History, Nanos, &Note, &dyn Fn(u32) -> usize);

#[cfg(split)]
static TAKE: Slot<Take> = Slot::new();

/// What it does is there: on the page it comes later, as the stores do whose histories it keeps.
pub fn provide() {
    #[cfg(split)]
    TAKE.provide(History::take_in);
}

#[cfg(split)]
fn take() -> Option<Take> {
    TAKE.get().copied()
}

#[cfg(not(split))]
fn take() -> Option<Take> {
    Some(History::take_in)
}

impl History {
    /// What is known of a store.
    pub fn of(&self, component: u32) -> Option<&Log> {
        self.logs.get(component as usize)?.as_deref()
    }

    /// Learns which components are stores of this kind.
    pub(super) fn learn<K: Kinds>(&mut self, blueprint: &Blueprint<K>) {
        self.logs.resize_with(blueprint.components.len(), || None);
        for (log, component) in self.logs.iter_mut().zip(&blueprint.components) {
            if component.addressing == Addressing::Peers {
                log.get_or_insert_default();
                self.any = true;
            }
        }
    }

    /// Whether there is such a store.
    #[inline]
    pub(super) fn keeps<K: Kinds>(&mut self, blueprint: &Blueprint<K>) -> bool {
        if self.logs.len() != blueprint.components.len() {
            self.learn(blueprint);
        }
        self.any
    }

    /// Takes in what has happened, where there is such a store.
    pub(super) fn note<K: Kinds>(&mut self, at: Nanos, note: &Note, blueprint: &Blueprint<K>) {
        if let Some(take) = take() {
            take(self, at, note, &|member| blueprint.members[member as usize].0 as usize);
        }
    }

    fn take_in(&mut self, at: Nanos, note: &Note, component: &dyn Fn(u32) -> usize) {
        match *note {
            Note::Offered { member, request, own: true, .. } => {
                let (invoked, ended) = (at, None);
                let (writes, key) = (request.verb != Verb::Read, request.key);
                let (request, client) = (request.id, member);
                let open = Open { request, client, key, writes, invoked, ended };
                self.open.insert(short(open.request), open);
            }
            Note::Found { member, request, version, .. } => {
                if let Some((mut it, log)) = self.operation(member, request, component) {
                    (it.version, it.member) = (version, member);
                    it.value = log.value(it.key, version);
                    log.put(it);
                }
            }
            Note::Wrote { member, request, version, .. } => {
                if let Some((mut it, log)) = self.operation(member, request, component) {
                    it.earlier = it.version;
                    (it.version, it.member) = (version, member);
                    log.put(it);
                }
            }
            Note::Ended {
                member,
                request,
                outcome: Outcome::NoQuorum,
                version,
                own: false,
                ..
            } => {
                if let Some((mut it, log)) = self.operation(member, request.id, component) {
                    (it.member, it.reached) = (member, Some(version));
                    log.put(it);
                }
            }
            Note::Ended { request, outcome, own: true, .. } => self.ended(at, request.id, outcome),
            Note::Dropped { member, key, kept, dropped } => {
                let Some(Some(log)) = self.logs.get_mut(component(member)) else { return };
                let (kept, dropped) = (log.value(key, kept), log.value(key, dropped));
                let same = |it: &Dropped| (it.key, it.kept, it.dropped) == (key, kept, dropped);
                if !log.dropped.iter().any(same) {
                    if log.dropped.len() == DROPPED_MAX {
                        log.dropped.pop_front();
                    }
                    log.dropped.push_back(Dropped { at, member, key, kept, dropped });
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, at: Nanos, request: u64, outcome: Outcome) {
        let open = self.open.get(short(request)).filter(|it| it.request == request);
        let Some(mut open) = open else { return };
        self.open.remove(short(request));
        open.ended = Some((outcome, at));
        if open.writes && outcome.is_failure() {
            if self.late.len() == LATE_MAX {
                self.late.pop_front();
            }
            self.late.push_back(open);
        }
        for log in self.logs.iter_mut().flatten() {
            if let Some(it) = log.find(request) {
                it.ended = open.ended;
            }
        }
    }

    /// The operation that this request is at the store of this member, new or known.
    fn operation(
        &mut self,
        member: u32,
        request: u64,
        component: &dyn Fn(u32) -> usize,
    ) -> Option<(Operation, &mut Log)> {
        let open = self.open.get(short(request)).filter(|it| it.request == request);
        let late = || self.late.iter().rev().find(|it| it.request == request).copied();
        let open = open.or_else(late);
        let log = self.logs.get_mut(component(member))?.as_deref_mut()?;
        if let Some(known) = log.find(request).copied() {
            return Some((known, log));
        }
        let Open { request, client, key, writes, invoked, ended } = open?;
        let value = if writes { log.new_value(key) } else { 0 };
        let (version, earlier, reached) = (0, 0, None);
        let new = Operation {
            request,
            client,
            key,
            writes,
            invoked,
            ended,
            value,
            version,
            earlier,
            member,
            reached,
        };
        log.add(new);
        Some((new, log))
    }
}

impl Log {
    fn find(&mut self, request: u64) -> Option<&mut Operation> {
        self.operations.iter_mut().rev().find(|it| it.request == request)
    }

    fn put(&mut self, operation: Operation) {
        if let Some(it) = self.find(operation.request) {
            *it = operation;
        }
    }

    fn add(&mut self, operation: Operation) {
        if self.operations.len() == OPERATIONS_MAX
            && let Some(gone) = self.operations.pop_front()
        {
            self.forgotten += 1;
            self.forgot_unknown |= gone.writes && !matches!(gone.ended, Some((Outcome::Ok, _)));
        }
        // By invocation: one that waited on its way is put where it belongs.
        let later = self.operations.iter().rev().take_while(|it| it.invoked > operation.invoked);
        let place = self.operations.len() - later.count();
        self.operations.insert(place, operation);
    }

    fn new_value(&mut self, key: u32) -> u32 {
        while self.values.end() <= key.into() {
            self.values.push(UNWRITTEN);
        }
        let value = self.values.get(key.into()).copied().unwrap_or(UNWRITTEN) + 1;
        self.values.set(key.into(), value);
        value
    }

    /// The value that a version of a key stands for; 0 if its write has been forgotten.
    pub fn value(&self, key: u32, version: u32) -> u32 {
        if version <= UNWRITTEN {
            return UNWRITTEN;
        }
        let stands = |it: &Operation| it.version == version || it.earlier == version;
        let wrote = |it: &&Operation| it.writes && it.key == key && stands(it);
        self.operations.iter().rev().find(wrote).map_or(0, |it| it.value)
    }
}

/// Ids count on in their lower half, and say who in their upper.
fn short(id: u64) -> u32 {
    (id ^ (id >> 32)) as u32
}
