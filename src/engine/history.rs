//! What clients did with stores that have several members, operation by operation: invocation and
//! response as the client saw them, and the value. An observer, for checkers and lenses: nothing it
//! keeps changes what happens.
//!
//! Of stores whose members answer for all it keeps everything for a while. Of stores with a leader, which
//! do much more, a sample: the first few keys that are written, and fewer if those leave too short a time.
//!
//! Values are numbered by key in the order in which clients' writes first came to a member: a key that was never
//! written has value 1. However often a client's write is tried again, its value is the same.

use std::collections::VecDeque;

use crate::base::cow::CowList;
use crate::base::key_map::KeyMap;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb};
use super::note::{Note, Poll, Settled};
use super::sightings::{Claim, Seen};
use super::takeover::Takeovers;
use super::{Addressing, Blueprint, Kinds};

pub use round::{PEERS_MAX, Round};
use sample::Sample;

mod round;
mod sample;

/// Operations kept of each store; older ones are forgotten.
pub const OPERATIONS_MAX: usize = 512;
/// Conflicts kept of each store.
pub const CONFLICTS_MAX: usize = 64;
/// Versions kept of each store that are others under another name.
const RENAMED_MAX: usize = 64;
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
    /// Of a write, where terms follow each other: under which it was written, and its place in the log.
    pub place: (u32, u64),
    /// The member that answered it last, by slot.
    pub member: u32,
    /// If it was refused: how many members could be reached, that one included.
    pub reached: Option<u32>,
    /// Rounds of messages for it: asking what others hold, and asking them to keep something.
    pub rounds: [Round; 2],
}

/// Two writes that do not know of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conflict {
    /// When it came to this first.
    pub at: Nanos,
    /// Where, by member slot.
    pub member: u32,
    /// Which key.
    pub key: u32,
    /// What it came to.
    pub how: Settled,
    /// The value that stays, if one does; 0 if no client wrote it.
    pub kept: u32,
    /// The other value; 0 if no client wrote it.
    pub other: u32,
}

/// What is known of one store.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Operations, oldest first.
    pub operations: VecDeque<Operation>,
    /// Conflicts as they arose and were settled, oldest first.
    pub conflicts: VecDeque<Conflict>,
    /// How many operations have been forgotten.
    pub forgotten: u64,
    /// Whether a write was among them whose outcome its client was not told.
    pub forgot_unknown: bool,
    /// Versions of a key that stand for what another one did: here both are versions, not values.
    renamed: VecDeque<Conflict>,
    /// By key: values numbered so far.
    values: CowList<u32>,
    /// Of which keys operations are kept; none if of all.
    sample: Option<Sample>,
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

type Take = fn(&mut History, Nanos, &Note, &dyn Fn(u32) -> usize, &Takeovers) -> Option<Seen>;

// On the page it comes later, as the stores do whose histories it keeps.
crate::later! { fn take() -> Take = History::take_in }

impl History {
    /// What is known of a store.
    pub fn of(&self, component: u32) -> Option<&Log> {
        self.logs.get(component as usize)?.as_deref()
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let log = |it: &Log| {
            let kept = it.operations.len() * size_of::<Operation>();
            let conflicts = it.conflicts.len() + it.renamed.len();
            kept + conflicts * size_of::<Conflict>() + it.values.bytes()
        };
        let logs: usize = self.logs.iter().flatten().map(|it| log(it)).sum();
        logs + (2 * self.open.len() + self.late.len()) * size_of::<Open>()
    }

    /// Learns which components are stores of this kind.
    pub(super) fn learn<K: Kinds>(&mut self, blueprint: &Blueprint<K>) {
        self.logs.resize_with(blueprint.components.len(), || None);
        for (log, component) in self.logs.iter_mut().zip(&blueprint.components) {
            let sample = match component.addressing {
                Addressing::Peers => None,
                Addressing::Leader if component.members.len() > 1 => Some(Sample::default()),
                _ => continue,
            };
            log.get_or_insert_with(|| Box::new(Log { sample, ..Log::default() }));
            self.any = true;
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

    /// Takes in what has happened, where there is such a store. Gives back what that violates.
    pub(super) fn note<K: Kinds>(
        &mut self,
        at: Nanos,
        note: &Note,
        blueprint: &Blueprint<K>,
        takeovers: &Takeovers,
    ) -> Option<Seen> {
        let component = |member: u32| blueprint.members[member as usize].0 as usize;
        take().and_then(|take| take(self, at, note, &component, takeovers))
    }

    fn take_in(
        &mut self,
        at: Nanos,
        note: &Note,
        component: &dyn Fn(u32) -> usize,
        takeovers: &Takeovers,
    ) -> Option<Seen> {
        match *note {
            Note::Offered { member, request, own: true, .. } => {
                let (invoked, ended) = (at, None);
                let (writes, key) = (request.verb != Verb::Read, request.key);
                if !self.logs.iter().flatten().any(|it| it.may_have(key)) {
                    return None;
                }
                let (request, client) = (request.id, member);
                let open = Open { request, client, key, writes, invoked, ended };
                self.open.insert(short(open.request), open);
            }
            Note::Found { member, request, version, term, .. } => {
                // Who writes may look first.
                if let Some((mut it, log)) = self.operation(member, request, component)
                    && !it.writes
                {
                    (it.version, it.member) = (version, member);
                    let ledger = takeovers.of(component(member) as u32);
                    it.value = log.value_under(it.key, version, &|write| {
                        let (of, position) = write.place;
                        ledger.is_none_or(|it| it.belongs(of, position, term))
                    });
                    log.put(it);
                }
            }
            Note::Wrote { member, request, key, version } => {
                self.wrote((member, request, key), version, (0, 0), component);
            }
            Note::Appended { member, request, key, version, term, position } => {
                self.wrote((member, request, key), version, (term, position), component);
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
            Note::Ended { request, outcome, own: true, .. } => {
                return self.ended(at, request.id, outcome);
            }
            Note::Polled { member, round, what } => {
                self.polled(at, (member, round), what, component)
            }
            Note::Conflict { member, key, how, kept, other } => {
                let Some(Some(log)) = self.logs.get_mut(component(member)) else { return None };
                if how == Settled::Renamed {
                    if log.renamed.len() == RENAMED_MAX {
                        log.renamed.pop_front();
                    }
                    log.renamed.push_back(Conflict { at, member, key, how, kept, other });
                    return None;
                }
                let (kept, other) = (log.value(key, kept), log.value(key, other));
                let new = Conflict { at, member, key, how, kept, other };
                let pair = |it: &Conflict| {
                    let both = (it.kept.min(it.other), it.kept.max(it.other));
                    // Of two that share a fate, neither is first.
                    let one_stays = matches!(how, Settled::Dropped | Settled::Picked);
                    let pair = if one_stays { (it.kept, it.other) } else { both };
                    (it.key, it.how, pair)
                };
                if !log.conflicts.iter().any(|it| pair(it) == pair(&new)) {
                    if log.conflicts.len() == CONFLICTS_MAX {
                        log.conflicts.pop_front();
                    }
                    log.conflicts.push_back(new);
                    let seen = Seen { claim: Claim::Agreed, request: 0, member };
                    return matches!(how, Settled::Both | Settled::Dropped).then_some(seen);
                }
            }
            _ => {}
        }
        None
    }

    fn polled(
        &mut self,
        at: Nanos,
        (member, number): (u32, u32),
        what: Poll,
        component: &dyn Fn(u32) -> usize,
    ) {
        if let Poll::Begins { request, storing, asked } = what {
            if let Some((mut it, log)) = self.operation(member, request, component) {
                if !storing {
                    // Tried again: what the first attempt asked for counts no more.
                    it.rounds = Default::default();
                }
                it.rounds[usize::from(storing)] =
                    Round { number, member, began: at, asked, ..Default::default() };
                it.member = member;
                log.put(it);
            }
            return;
        }
        let Some(Some(log)) = self.logs.get_mut(component(member)) else { return };
        let known = log.operations.iter_mut().rev().flat_map(|it| &mut it.rounds);
        let same = |it: &&mut Round| (it.member, it.number) == (member, number);
        let Some(round) = known.into_iter().find(same) else { return };
        match what {
            Poll::Answers(from, version) => {
                if let Some(answer) = round.answers.get_mut(usize::from(from)) {
                    *answer = (at, version);
                }
            }
            Poll::StandsIn(whom, home) => {
                round.asked |= 1 << whom;
                if let Some(it) = round.stand_ins.get_mut(usize::from(whom)) {
                    *it = home as u8 + 1;
                }
            }
            Poll::Decided => round.decided = Some(at),
            Poll::Begins { .. } => {}
        }
    }

    /// A client's request has ended. Gives back what that violates: a read of an old value.
    fn ended(&mut self, at: Nanos, request: u64, outcome: Outcome) -> Option<Seen> {
        let open = self.open.get(short(request)).filter(|it| it.request == request);
        let mut open = open?;
        self.open.remove(short(request));
        open.ended = Some((outcome, at));
        if open.writes && outcome.is_failure() {
            if self.late.len() == LATE_MAX {
                self.late.pop_front();
            }
            self.late.push_back(open);
        }
        let mut seen = None;
        for log in self.logs.iter_mut().flatten() {
            let Some(it) = log.find(request) else { continue };
            it.ended = open.ended;
            let read = *it;
            // Of stores with a leader, that is another observer's affair.
            if log.sample.is_none() && stale(log, &read, at) {
                seen = Some(Seen { claim: Claim::Fresh, request, member: read.member });
            }
        }
        seen
    }

    /// A client's write has got a version.
    fn wrote(
        &mut self,
        (member, request, key): (u32, u64, u32),
        version: u32,
        place: (u32, u64),
        component: &dyn Fn(u32) -> usize,
    ) {
        if let Some(Some(log)) = self.logs.get_mut(component(member))
            && log.sample.as_mut().is_none_or(|it| it.written(key))
            && let Some((mut it, log)) = self.operation(member, request, component)
        {
            it.earlier = it.version;
            (it.version, it.member, it.place) = (version, member, place);
            log.put(it);
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
        if log.sample.as_ref().is_some_and(|it| !it.keys.contains(&key)) {
            return None;
        }
        let value = if writes { log.new_value(key) } else { 0 };
        let (version, earlier, reached, rounds) = (0, 0, None, Default::default());
        let place = (0, 0);
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
            place,
            member,
            reached,
            rounds,
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

    /// Whether operations on a key are kept, or may be.
    fn may_have(&self, key: u32) -> bool {
        self.sample.as_ref().is_none_or(|it| it.may_have(key))
    }

    fn add(&mut self, operation: Operation) {
        if self.sample.is_some() && self.operations.len() >= sample::OPERATIONS {
            self.thin(operation.invoked);
        }
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
        self.values.grow(key.into(), UNWRITTEN);
        let value = self.values.get(key.into()).copied().unwrap_or(UNWRITTEN) + 1;
        self.values.set(key.into(), value);
        value
    }

    /// Writes that were dropped up to a moment, though what was kept did not know of them.
    pub fn dropped(&self, now: Nanos) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter().filter(move |it| it.how == Settled::Dropped && it.at <= now)
    }

    /// The value that a version of a key stands for; 0 if its write has been forgotten.
    pub fn value(&self, key: u32, version: u32) -> u32 {
        self.value_under(key, version, &|_| true)
    }

    /// The same, where several writes may have got the same version: only some of them are `there`.
    fn value_under(&self, key: u32, version: u32, there: &dyn Fn(&Operation) -> bool) -> u32 {
        if version <= UNWRITTEN {
            return UNWRITTEN;
        }
        let renamed = self.renamed.iter().find(|it| (it.key, it.kept) == (key, version));
        if let Some(Conflict { other, .. }) = renamed {
            // An earlier one, whose version is lower.
            return self.value_under(key, *other, there);
        }
        let stands = |it: &Operation| it.version == version || it.earlier == version;
        let wrote = |it: &&Operation| it.writes && it.key == key && stands(it) && there(it);
        self.operations.iter().rev().find(wrote).map_or(0, |it| it.value)
    }
}

/// Whether a read that has ended by a moment missed a write that had been acknowledged before it
/// began: what it found was never written, or its write had ended before the missed one began. What
/// overlaps is never counted, nor is a value whose write is forgotten.
pub fn stale(log: &Log, read: &Operation, now: Nanos) -> bool {
    let answered = matches!(read.ended, Some((Outcome::Ok, at)) if at <= now);
    if read.writes || !answered || read.value == 0 {
        return false;
    }
    let writes = || log.operations.iter().filter(|it| it.writes && it.key == read.key);
    let told = |it: &Operation| it.ended.filter(|it| it.0 == Outcome::Ok).map(|it| it.1);
    let found = writes().find(|it| it.value == read.value);
    let after = match found {
        Some(it) => told(it),
        None => (read.value == UNWRITTEN).then_some(Nanos::ZERO),
    };
    let Some(after) = after else { return false };
    writes().any(|it| {
        let later = found.is_none() || it.invoked > after;
        later && it.value != read.value && told(it).is_some_and(|at| at < read.invoked)
    })
}

/// Ids count on in their lower half, and say who in their upper.
fn short(id: u64) -> u32 {
    (id ^ (id >> 32)) as u32
}
