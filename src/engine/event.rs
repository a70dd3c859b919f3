//! What travels and what happens: requests, calls, replies, and the deeds an event carries.

use serde::{Deserialize, Serialize};

use crate::base::size::Size;
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::Kinds;
use super::health::Probe;

/// What a request or call wants done with its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verb {
    /// Read the key.
    #[default]
    Read,
    /// Change the key.
    Write,
    /// Put an answer into a cache.
    Put,
    /// Drop the key from a cache.
    Delete,
    /// Bring a value that a cache has acknowledged to the store, with its version.
    Flush,
}

/// How a call or request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Done; at a cache: found.
    #[default]
    Ok,
    /// At a cache: not found. Not a failure.
    Miss,
    /// No answer within the caller's patience.
    Timeout,
    /// Nothing listened at the address.
    Refused,
    /// The connection broke: the other side died, or was taken away.
    Reset,
    /// The waiting line was full.
    QueueFull,
    /// The deadline had passed before the work began.
    Expired,
    /// The member addressed does not lead; the reply may say who does.
    NotLeader,
    /// The caller knew no member to ask.
    NoTarget,
    /// More hops than any sane design needs: the request went round in a circle.
    Loop,
    /// A rule matched: turned away as dangerous (HTTP 403).
    Blocked,
    /// More than the allowance: turned away for now (HTTP 429).
    Limited,
    /// Nothing is wired that takes this class of request (HTTP 404).
    NoRoute,
    /// Somebody outside our reach answered with an error of its own (HTTP 500).
    Faulty,
    /// Turned away or dropped to protect the others (HTTP 503).
    Shed,
    /// No connection of the caller's pool became free in time.
    NoConnection,
    /// Too few of those that keep the key could be reached; whether a write has happened is not
    /// known.
    NoQuorum,
    /// The key has gone over to another member, which the reply names: only this call is to ask there.
    Ask,
}

impl Outcome {
    /// Every outcome, in order of declaration.
    pub const ALL: [Self; 18] = [
        Self::Ok,
        Self::Miss,
        Self::Timeout,
        Self::Refused,
        Self::Reset,
        Self::QueueFull,
        Self::Expired,
        Self::NotLeader,
        Self::NoTarget,
        Self::Loop,
        Self::Blocked,
        Self::Limited,
        Self::NoRoute,
        Self::Faulty,
        Self::Shed,
        Self::NoConnection,
        Self::NoQuorum,
        Self::Ask,
    ];

    /// Whether the caller got no answer it can use.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Miss)
    }

    /// The word for it in files and figures, snake case.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Miss => "miss",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::QueueFull => "queue_full",
            Self::Expired => "expired",
            Self::NotLeader => "not_leader",
            Self::NoTarget => "no_target",
            Self::Loop => "loop",
            Self::Blocked => "blocked",
            Self::Limited => "limited",
            Self::NoRoute => "no_route",
            Self::Faulty => "faulty",
            Self::Shed => "shed",
            Self::NoConnection => "no_connection",
            Self::NoQuorum => "no_quorum",
            Self::Ask => "ask",
        }
    }
}

crate::stable! { enum Verb, Outcome }

/// What a hop tells the next: small, copied by value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Request {
    /// The client request this serves; every call made for it carries the same.
    pub id: u64,
    /// When the client will have lost interest, attempts included.
    pub deadline: Nanos,
    /// Interned key.
    pub key: u32,
    /// Version of the key's value, where one is carried (cache fills and flushes); of a read that must
    /// not miss what its caller has written: how many entries of the log it needs.
    pub version: u32,
    /// Request class, an index into the run's class names.
    pub class: u8,
    /// What is wanted.
    pub verb: Verb,
    /// 0 for the first try of this call; with [`Request::HEDGE`] if it was made in place of waiting.
    pub attempt: u8,
    /// Calls between the client and here.
    pub hops: u8,
    /// How much is sent with it.
    pub size: Size,
    /// How much the answer to it is, if it is answered well.
    pub answer: Size,
}

impl Request {
    /// Marks the attempt of a hedged call, and of the calls made for it: what it costs is drawn anew.
    pub const HEDGE: u8 = 0x80;
    /// Marks the attempt of a call that was sent after its key ([`Outcome::Ask`]).
    pub const ASKING: u8 = 0x40;

    /// Attempts of this call before this one.
    pub fn earlier(&self) -> u8 {
        self.attempt & !(Self::HEDGE | Self::ASKING)
    }

    /// Whether it was sent after its key, which is on its way from one member to another.
    pub fn is_asking(&self) -> bool {
        self.attempt & Self::ASKING != 0
    }

    /// Whether it is, or serves, a call that was made in place of waiting for another.
    pub fn is_hedge(&self) -> bool {
        self.attempt & Self::HEDGE != 0
    }
}

crate::stable! {
    Request { id, deadline, key, version, class, verb, attempt, hops, size, answer }
}

/// A call on its way to a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// Who asks: the member's slot.
    pub caller: u32,
    /// The caller's own record of the call.
    pub call: Handle,
    /// Over which wire.
    pub wire: u32,
}

/// The answer on its way back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reply {
    /// The caller's own record of the call.
    pub call: Handle,
    /// Version of the value read or written; 0 if none.
    pub version: u32,
    /// Of a write: as far as the log goes with it, where there is one; of a name: what it stands for.
    /// Else 0.
    pub position: u32,
    /// With [`Outcome::NotLeader`]: ordinal of the member believed to lead, or `u16::MAX`; with
    /// [`Outcome::Ask`] of the one that has the key.
    pub leader: u16,
    /// How it ended.
    pub outcome: Outcome,
}

crate::stable! {
    Call { request, caller, call, wire }
    Reply { call, version, position, leader, outcome }
}

/// A member's address: a dense slot and how many lives the member there has had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Position in the world's table of members.
    pub slot: u32,
    /// Incremented by every crash and restart.
    pub incarnation: u32,
}

crate::stable! { Address { slot, incarnation } }

/// Over what a message travels; tells the canvas where to draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Inside a member: timers and work.
    Inside,
    /// Along a wire, from its source.
    Forth(u32),
    /// Back along a wire.
    Back(u32),
    /// Between members of one component, from the one with this slot.
    Mesh(u32),
}

/// What an event does to the member it is for.
#[derive(Clone, Debug)]
pub enum Deed<K: Kinds> {
    /// A call arrives.
    Call(Call),
    /// The answer to a call arrives.
    Reply(Reply),
    /// A caller has left; the handle is the server's record of the job.
    Cancel(Handle),
    /// A member of the same component (given by ordinal) says something.
    Message(u16, K::Message),
    /// A timer of the kind's own.
    Timer(K::Timer),
    /// A strand's work is done.
    WorkDone(Handle),
    /// A call has had no answer in time.
    Timeout(Handle),
    /// A call's back-off is over.
    Retry(Handle),
    /// A call has had no answer for so long that somebody else is asked too.
    Hedge(Handle),
    /// Time to check who is there behind the wire with this slot.
    ProbeDue(u32),
    /// Somebody asks whether anybody is there.
    Probe(Probe),
    /// Whether anybody was.
    Probed(Probe, bool),
    /// A probe has had no answer in time.
    ProbeLost(Probe),
}

impl<K: Kinds> StableHash for Deed<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Call(it) => (0u8, *it).stable_hash(h),
            Self::Reply(it) => (1u8, *it).stable_hash(h),
            Self::Cancel(it) => (2u8, *it).stable_hash(h),
            Self::Message(from, it) => {
                (3u8, *from).stable_hash(h);
                it.stable_hash(h);
            }
            Self::Timer(it) => {
                h.word(4);
                it.stable_hash(h);
            }
            Self::WorkDone(it) => (5u8, *it).stable_hash(h),
            Self::Timeout(it) => (6u8, *it).stable_hash(h),
            Self::Retry(it) => (7u8, *it).stable_hash(h),
            Self::ProbeDue(wire) => (8u8, *wire).stable_hash(h),
            Self::Probe(it) => (9u8, *it).stable_hash(h),
            Self::Probed(it, good) => {
                (10u8, *it).stable_hash(h);
                good.stable_hash(h);
            }
            Self::ProbeLost(it) => (11u8, *it).stable_hash(h),
            Self::Hedge(it) => (12u8, *it).stable_hash(h),
        }
    }
}

/// An event in the queue.
#[derive(Clone, Debug)]
pub struct Event<K: Kinds> {
    /// For whom.
    pub to: Address,
    /// What.
    pub deed: Deed<K>,
    /// Over what it travels.
    pub via: Via,
    /// When it was sent: with the due time, where to draw it.
    pub sent: Nanos,
}

impl<K: Kinds> StableHash for Event<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { to, deed, via: _, sent } = self;
        to.stable_hash(h);
        deed.stable_hash(h);
        sent.stable_hash(h);
    }
}
