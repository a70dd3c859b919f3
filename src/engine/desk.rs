//! What every member has, whatever its kind: jobs in hand, calls made, who waits, what it believes
//! of those it calls. Plain data.

use std::collections::VecDeque;

use crate::base::candidate::Candidate;
use crate::base::slab::{Handle, Slab};
use crate::base::time::{Nanos, Offset};

use super::event::{Outcome, Request};
use super::health::Health;
use super::line::{Manner, Waiting};
use super::plan::Or;
use super::policy::Ledger;
use super::pool::{Held, Ticket};
use super::{Kinds, Picker};

/// A request in hand.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is asked.
    pub request: Request,
    /// Whom to answer; none if the member began it itself.
    pub from: Option<Caller>,
    /// When it came.
    pub arrived: Nanos,
    /// When its turn came: its first work, call or act began.
    pub started: Option<Nanos>,
    /// Which of the component's programs serves it.
    pub program: u32,
    /// Strands still alive, detached ones too.
    pub strands: u32,
    /// Version of the value last seen; 0 if none.
    pub version: u32,
    /// Of a write: as far as the log goes with it, where there is one; of what looks a name up: what it was
    /// answered. Else 0.
    pub position: u32,
    /// Whether the answer has been given.
    pub answered: bool,
    /// Whether the caller has gone.
    pub left: bool,
    /// When, if so.
    pub left_at: Nanos,
    /// Whether it holds a worker.
    pub holds: bool,
    /// Which of its strands that worker works for.
    pub at_work: Option<Handle>,
    /// Its strands that wait for that worker: a thread does one thing at a time.
    pub line: VecDeque<Handle>,
}

/// What is told of a job when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub request: Request,
    pub from: Option<Caller>,
    pub arrived: Nanos,
    pub started: Option<Nanos>,
    pub version: u32,
    pub position: u32,
    pub left: bool,
}

impl Job {
    pub(super) fn ending(&self) -> Ending {
        let Self { request, from, arrived, started, version, position, left, .. } = *self;
        Ending { request, from, arrived, started, version, position, left }
    }
}

/// Whom to answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Caller {
    /// The caller's slot.
    pub slot: u32,
    /// The caller's record of the call.
    pub call: Handle,
    /// The wire it came over.
    pub wire: u32,
}

/// One line of execution of a job's program.
#[derive(Clone, Debug)]
pub struct Strand {
    /// Whose.
    pub job: Handle,
    /// What becomes of its end.
    pub role: Role,
    /// Next operation.
    pub position: u16,
    /// While forked: successes still needed.
    pub need: u16,
    /// While forked: branches still running.
    pub pending: u16,
    /// Whether the last soft call or act was a hit.
    pub hit: bool,
    /// Whether it holds a worker of its own (where jobs do not hold theirs).
    pub holds: bool,
}

/// What the end of a strand means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// The answer.
    Main,
    /// A step of the strand that forked it.
    Branch(Handle),
    /// Nothing.
    Detached,
}

/// A call made and not yet ended.
#[derive(Clone, Debug)]
pub struct OutCall {
    /// The strand that waits for it.
    pub strand: Handle,
    /// Over which wire.
    pub wire: u32,
    /// What is asked.
    pub request: Request,
    /// Ordinal of the member asked; none between attempts, and once that member is taken away.
    pub target: Option<u16>,
    /// Slot of the member asked last.
    pub asked: Option<u32>,
    /// The server's record of the job, once the call has arrived: what a connection knows.
    pub job: Option<Handle>,
    /// The timeout, or between attempts the back-off.
    pub timer: Handle,
    /// When this attempt was sent.
    pub sent: Nanos,
    /// Further attempts allowed.
    pub retries: u32,
    /// Times it was sent on to another leader.
    pub redirects: u8,
    /// Ordinal of the member this attempt was sent on to, where keys say whom to ask; else `u16::MAX`.
    pub sent_to: u16,
    /// What its failure comes to.
    pub or: Or,
    /// What it has to do with its wire's pool.
    pub ticket: Ticket,
    /// What its wire's policy needs to know, if there is one.
    pub rest: Option<Box<Rest>>,
}

/// What a policy needs to know of a call.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// The pause before this attempt.
    pub pause: Nanos,
    /// The alarm that asks somebody else.
    pub alarm: Option<Handle>,
    /// The call made in place of waiting for this one, or the one in whose place this was made.
    pub twin: Option<Handle>,
}

/// What a caller believes of the members behind one wire.
#[derive(Clone, Debug)]
pub struct Route<P> {
    /// How it chooses.
    pub picker: P,
    /// What it knows of each.
    pub candidates: Vec<Candidate>,
    /// Who it believes leads.
    pub leader: u16,
    /// Of keys that lie at several members each: who it believes leads each group of them, by its place in
    /// it; of those that are not there, the first.
    pub leaders: Vec<u16>,
    /// Turns taken among readers.
    pub turn: u32,
    /// What health checks say of each; empty if there are none.
    pub health: Vec<Health>,
    /// How many of them are down.
    pub down: u32,
    /// Whether the next check is due at some time.
    pub probing: bool,
    /// What its policy keeps, if the wire has one.
    pub ledger: Option<Box<Ledger>>,
    /// Connections, by ordinal of the member; empty where they take no time to set up.
    pub connections: Vec<Connection>,
    /// Its pool, once it has been used.
    pub pool: Option<Box<Held>>,
    /// As far as the log goes with what it has written, where it wants to miss none of that.
    pub own: u32,
    /// Where who leads is looked up by name: until when the answer is good; zero before the first.
    pub until: Nanos,
}

/// A connection to a member.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Connection {
    /// To which of its lives.
    pub life: u32,
    /// When it is or was ready.
    pub ready: Nanos,
    /// Until when it is kept without a call; zero if there never was one.
    pub kept: Nanos,
}

impl<P: Picker> Route<P> {
    /// Whether a member may be chosen: nobody is passed over when all are down, since a check that
    /// fails everywhere tells more of the check than of those behind it.
    pub fn is_offered(&self, ordinal: usize) -> bool {
        let down = |it: &Health| it.down;
        !self.health.get(ordinal).is_some_and(down) || self.health.iter().all(down)
    }

    /// Those that may be chosen, of members that from this one on are in reserve: they are left alone
    /// as long as there is another.
    pub fn offered(&self, reserve: u16) -> impl Iterator<Item = &Candidate> + Clone {
        let all = self.candidates.iter().filter(|it| self.is_offered(it.index));
        let spare = move |it: &Candidate| it.index >= reserve.into();
        let first = all.clone().any(|it| !spare(it));
        all.filter(move |it| first != spare(it))
    }
}

/// A gray failure in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gray {
    /// Which part of the requests feels it.
    pub share: f64,
    /// How many times as long their work takes.
    pub factor: f64,
}

/// The desk.
#[derive(Clone, Debug)]
pub struct Desk<K: Kinds> {
    /// Jobs in hand.
    pub jobs: Slab<Job>,
    /// Their strands.
    pub strands: Slab<Strand>,
    /// Calls made.
    pub calls: Slab<OutCall>,
    /// Strands waiting for a worker, in the order of the line; may hold some that are gone.
    pub waiting: VecDeque<Waiting>,
    /// What the line remembers, if it has to.
    pub manner: Option<Box<Manner>>,
    /// Strands waiting, void ones left out.
    pub waiting_count: u32,
    /// Strands at work.
    pub busy: u32,
    /// Workers held.
    pub occupied: u32,
    /// Jobs not yet answered.
    pub open: u32,
    /// By position among the component's outgoing wires.
    pub routes: Vec<Route<K::Picker>>,
    /// Work takes this many times as long.
    pub slow: f64,
    /// Some of its work takes longer still.
    pub gray: Option<Gray>,
    /// How far its clock is ahead.
    pub skew: Offset,
    /// Draws made that belong to no request.
    pub draws: u64,
    /// When the last message to each member of the component arrives: connections keep order.
    pub last_arrival: Vec<Nanos>,
    /// Where the network between members is narrow: when what was sent to each is through.
    pub sending: Vec<Nanos>,
    /// Where connections between members take time to set up: those to each.
    pub met: Vec<Connection>,
    /// Whether places changed during the current event.
    pub(super) changed: bool,
}

impl<K: Kinds> Default for Desk<K> {
    fn default() -> Self {
        Self {
            jobs: Slab::default(),
            strands: Slab::default(),
            calls: Slab::default(),
            waiting: VecDeque::new(),
            manner: None,
            waiting_count: 0,
            busy: 0,
            occupied: 0,
            open: 0,
            routes: Vec::new(),
            slow: 1.0,
            gray: None,
            skew: Offset::default(),
            draws: 0,
            last_arrival: Vec::new(),
            sending: Vec::new(),
            met: Vec::new(),
            changed: false,
        }
    }
}

/// What to do once the handler at work has returned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    /// A strand can go on.
    Run(Handle),
    /// A call that waited for a connection has got one.
    Connected(Handle),
    /// A strand's local act has come to an end.
    Complete(Handle, super::Served),
    /// The member begins a request.
    Begin(Request),
    /// A request the member began has ended.
    Finished(Request, Outcome, u32),
}

crate::stable! {
    Job {
        request, from, arrived, started, program, strands, version, position, answered, left, left_at,
        holds, at_work, line,
    }
    Caller { slot, call, wire }
    Gray { share, factor }
    Rest { pause, alarm, twin }
    Connection { life, ready, kept }
    Strand { job, role, position, need, pending, hit, holds }
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for OutCall {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { strand, wire, request, target, asked, job, timer, sent, .. } = self;
        (*strand, *wire).stable_hash(h);
        request.stable_hash(h);
        (*target, *asked).stable_hash(h);
        (*job, *timer).stable_hash(h);
        let Self { retries, redirects, sent_to, or, rest, ticket, .. } = self;
        (*sent, *retries).stable_hash(h);
        (*redirects, *or).stable_hash(h);
        // What is seldom there is hashed only where it is.
        if *ticket != Ticket::None {
            ticket.stable_hash(h);
        }
        if *sent_to != u16::MAX {
            sent_to.stable_hash(h);
        }
        rest.iter().for_each(|it| it.stable_hash(h));
    }
}

impl StableHash for Role {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Main => h.word(0),
            Self::Branch(parent) => (1u8, *parent).stable_hash(h),
            Self::Detached => h.word(2),
        }
    }
}

impl<P: Picker> StableHash for Route<P> {
    fn stable_hash(&self, h: &mut StableHasher) {
        // How many are down follows from who is.
        let Self { picker, candidates, leader, turn, health, probing, .. } = self;
        picker.stable_hash(h);
        candidates.stable_hash(h);
        (u32::from(*leader), *turn).stable_hash(h);
        health.stable_hash(h);
        probing.stable_hash(h);
        // What is seldom there is hashed only where it is.
        let Self { ledger, connections, pool, .. } = self;
        ledger.iter().for_each(|it| it.stable_hash(h));
        connections.iter().for_each(|it| it.stable_hash(h));
        pool.iter().for_each(|it| it.stable_hash(h));
        if self.own > 0 {
            h.word(self.own.into());
        }
        self.leaders.iter().for_each(|it| h.word(u64::from(*it)));
        if self.until > Nanos::ZERO {
            self.until.stable_hash(h);
        }
    }
}

impl<K: Kinds> StableHash for Desk<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { jobs, strands, calls, waiting, waiting_count, busy, occupied, open, .. } = self;
        jobs.stable_hash(h);
        strands.stable_hash(h);
        calls.stable_hash(h);
        waiting.stable_hash(h);
        self.manner.iter().for_each(|it| it.stable_hash(h));
        (*waiting_count, *busy).stable_hash(h);
        (*occupied, *open).stable_hash(h);
        let Self { routes, slow, gray, skew, draws, last_arrival, sending, met, .. } = self;
        routes.stable_hash(h);
        (*slow, *draws).stable_hash(h);
        // What is seldom there is hashed only where it is.
        gray.iter().for_each(|it| it.stable_hash(h));
        if skew.0 != 0 {
            h.word(skew.0 as u64);
        }
        last_arrival.stable_hash(h);
        if !sending.is_empty() {
            sending.stable_hash(h);
        }
        if !met.is_empty() {
            met.stable_hash(h);
        }
    }
}
