//! What the engine tells whoever watches. Notes never come back: nothing that watches can change
//! what happens.

use crate::base::time::Nanos;

use super::event::{Outcome, Request, Verb, Via};
use super::trace::Step;

/// One observation. Components, wires and members are given by slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// A message has been sent.
    Sent {
        /// Over what.
        via: Via,
        /// From which member.
        from: u32,
        /// The request it belongs to; none for messages of a mesh.
        request: Option<Request>,
        /// For replies: how the call ended.
        outcome: Option<Outcome>,
        /// Whether the network lost it at once (a cut).
        lost: bool,
    },
    /// A call has arrived at a member, or a member has begun a request of its own.
    Offered {
        /// Where.
        member: u32,
        /// What.
        request: Request,
        /// Whether the member began it.
        own: bool,
        /// Over which wire it came; none if the member began it.
        wire: Option<u32>,
    },
    /// A job at a member has ended.
    Ended {
        /// Where.
        member: u32,
        /// What.
        request: Request,
        /// How.
        outcome: Outcome,
        /// Version read or written; 0 if none.
        version: u32,
        /// When it arrived.
        arrived: Nanos,
        /// When its turn came; the same as `arrived` if it did not wait, none if it never did.
        started: Option<Nanos>,
        /// Whether the caller had left: the work was waste.
        wasted: bool,
        /// Whether the member began it: this is a client's request.
        own: bool,
    },
    /// A call has ended, as its caller sees it.
    CallEnded {
        /// The caller.
        member: u32,
        /// Over which wire.
        wire: u32,
        /// Who was asked; none if nobody was found.
        target: Option<u32>,
        /// What was asked.
        request: Request,
        /// How it ended.
        outcome: Outcome,
        /// When this attempt was sent.
        sent: Nanos,
        /// Whether another attempt follows.
        again: bool,
    },
    /// Places taken at a member, after an event that changed them.
    Places {
        /// Where.
        member: u32,
        /// Jobs begun and not ended, waiting ones too.
        jobs: u32,
        /// Strands waiting for a worker.
        waiting: u32,
        /// Strands at work.
        busy: u32,
        /// Workers held, at work or waiting for others.
        occupied: u32,
    },
    /// A piece of work has ended of which so much was for a caller who had left.
    Wasted {
        /// Where.
        member: u32,
        /// How much.
        span: Nanos,
    },
    /// Something of the kind's own happened, once.
    Count {
        /// Where.
        member: u32,
        /// What: an index into the kind's counters.
        counter: u8,
        /// To which key.
        key: u32,
    },
    /// A value of a key became the truth at a member: a write it acknowledged or will.
    Committed {
        /// Where.
        member: u32,
        /// Which key.
        key: u32,
        /// Its new version.
        version: u32,
        /// What names the call that wrote it ([`super::Context::call_key`]); 0 if nothing does.
        call: u64,
    },
    /// A member has looked a key up for a read, and found this.
    Found {
        /// Where.
        member: u32,
        /// Over which wire the read came; none if the member began it.
        wire: Option<u32>,
        /// The client request it is for.
        request: u64,
        /// Which key.
        key: u32,
        /// The version that is returned.
        version: u32,
        /// Where terms follow each other: the last one that its log has entries of.
        term: u32,
    },
    /// A client's write has got this version at a member.
    Wrote {
        /// Where.
        member: u32,
        /// The client request it is for.
        request: u64,
        /// Which key.
        key: u32,
        /// The version.
        version: u32,
    },
    /// A primary that can be replaced has put a client's write into its log.
    Appended {
        /// Where.
        member: u32,
        /// The client request it is for.
        request: u64,
        /// Which key.
        key: u32,
        /// Its new version.
        version: u32,
        /// The term it is written under.
        term: u32,
        /// Its place in the log.
        position: u64,
    },
    /// Something happened that decides who leads.
    Reign {
        /// To whom.
        member: u32,
        /// What.
        what: Reign,
    },
    /// A member asks others on behalf of a request, or hears from one of them.
    Polled {
        /// The member that asks.
        member: u32,
        /// Names the round among its own.
        round: u32,
        /// What.
        what: Poll,
    },
    /// A member has two versions that do not know of each other, or no longer.
    Conflict {
        /// Where.
        member: u32,
        /// Which key.
        key: u32,
        /// What has become of them.
        how: Settled,
        /// The one that stays, if one does.
        kept: u32,
        /// The other one.
        other: u32,
    },
    /// A member died or was taken away.
    Down {
        /// Who.
        member: u32,
    },
    /// A member came up.
    Up {
        /// Who.
        member: u32,
    },
    /// A request that the watcher traces ([`super::world::Watch::traces`]) goes a step on.
    Traced {
        /// Where.
        member: u32,
        /// Which.
        step: Step,
    },
}

/// What becomes of two versions that do not know of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// One is gone.
    Dropped,
    /// Both are kept.
    Both,
    /// A client has written over both.
    Replaced,
    /// A client has read both, and has written back what unites them.
    United,
    /// A person has picked the first; the other is gone.
    Picked,
    /// The first is the other under another version.
    Renamed,
}

/// What happens in a round of messages that a member sends to others, and counts answers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Poll {
    /// It begins, for a client's request.
    Begins {
        /// Which.
        request: u64,
        /// Whether members are asked to keep something, or for what they have.
        storing: bool,
        /// Who is asked: bit n for member n. Whoever asks may count itself.
        asked: u16,
    },
    /// One more is asked in place of another: its ordinal, and that one's.
    StandsIn(u16, u16),
    /// A member has answered, the one that asks included: its ordinal, the version that it holds.
    Answers(u16, u32),
    /// Enough have answered.
    Decided,
}

/// How a member comes to lead, and ceases to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reign {
    /// A sign of life of who leads has come to it.
    Heard,
    /// It finds the silence of who leads too long.
    Suspected {
        /// Since when it has heard nothing.
        since: Nanos,
    },
    /// It hears of who leads again.
    Trusted,
    /// It wants to lead, in this term.
    Stands {
        /// Which.
        term: u32,
    },
    /// It is promoted, by people or by votes, and leads once it is ready.
    Chosen {
        /// Its term.
        term: u32,
    },
    /// It was closed or off when it was chosen, and has been brought up.
    Opens {
        /// Its term.
        term: u32,
    },
    /// It leads.
    Begins {
        /// Its term.
        term: u32,
        /// The term it followed before.
        after: u32,
        /// The place in the log at which its own begins.
        at: u64,
    },
    /// It leads no longer, since a later term has begun.
    Ends {
        /// That one.
        term: u32,
    },
}

impl Note {
    /// Whether it is about a flush that a member has begun: nobody's request.
    pub fn is_flush(&self) -> bool {
        match self {
            Self::Offered { request, own, .. } | Self::Ended { request, own, .. } => {
                *own && request.verb == Verb::Flush
            }
            _ => false,
        }
    }
}
