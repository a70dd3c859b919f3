//! The members of one shard: a primary and replicas, which have what it has, by messages. Who leads is
//! chosen by a majority, as in a Raft group, and whoever does not have all that a majority has is not
//! chosen. A replica's log is what it was sent, in order; what is sent stands for what it comes to.
//!
//! Source: Ongaro and Ousterhout, "In search of an understandable consensus algorithm", USENIX ATC 2014
//! (5.4: what a majority has of the leader's own term is safe); MongoDB manual, "Replica set elections"
//! (a primary that reaches no majority steps down) and "Sharded cluster components".

use std::collections::VecDeque;
use std::sync::Arc;

use crate::algorithm::replication::ballot::{Ballot, held_by_majority};
use crate::algorithm::replication::quorum::majority;
use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

use super::super::Context;
use super::query::Part;
use super::talk::ShardedDbMessage;
use super::{Across, Auto, Index, Move, Moved, Row, ShardedDb, ShardedDbParams, ShardedDbState};

pub(super) use lead::{acted, alarm, come_up, hear, pass_on, retune, serve, stand};

mod lead;

crate::choices! {
    /// When a client's write is acknowledged.
    pub enum Copying {
        /// As soon as the primary has it.
        Async = "async",
        /// As soon as a majority of the shard's members has it.
        Majority = "majority",
    }
}

/// What a primary knows of a member of its shard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer {
    /// How far it has confirmed to be.
    pub agreed: u64,
    /// How far it has been sent.
    sent: u64,
    /// When it last answered.
    heard: Nanos,
    /// How far it had confirmed to be at the last sign of life.
    before: u64,
}

/// What waits until a majority has what it follows from.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// To another shard.
    Say(u16, ShardedDbMessage),
    /// To a client.
    Answer(Handle, u32),
}

/// What replicas have of what their shard remembers: all that survives a crash. Clones share what has not changed.
#[derive(Clone, Debug)]
pub struct Image {
    rows: Shared<CowList<Row>>,
    held: u32,
    known: bool,
    last_id: u64,
    moves: Shared<VecDeque<Move>>,
    moved: Shared<VecDeque<Moved>>,
    taken: Vec<u64>,
    across: Across,
    index: Shared<Index>,
    auto: Option<Box<Auto>>,
}

/// What a member knows of its shard's members. All but what others told it survives a crash.
#[derive(Clone, Debug)]
pub struct Group {
    /// Who leads, by ordinal of the member.
    pub ballot: Ballot,
    /// The term that the end of its log was written under, and its length.
    pub log: (u32, u64),
    /// The terms its log was written under, each with the position at which it began.
    lineage: Shared<Vec<(u32, u64)>>,
    /// Whether it has what its shard has: not a fresh replica before it has been sent that.
    pub has: bool,
    own: u16,
    copies: u16,
    /// The latest term in which it led.
    led: u32,
    /// Entries of its log that were lost, since only it had them when it was replaced.
    pub lost: u64,
    /// At a primary: the members of its shard.
    pub peers: Vec<Peer>,
    held: VecDeque<(u64, Held)>,
    /// Who leads other shards, as far as it has heard: in which term, and which of its members.
    leaders: Vec<(u32, u16)>,
    /// When it last heard of a primary.
    heard: Nanos,
    signs: u32,
    alarm: Option<Handle>,
}

crate::stable! {
    Peer { agreed, sent, heard, before }
    Image { rows, held, known, last_id, moves, moved, taken, across, index, auto }
    Group {
        ballot, log, lineage, has, own, copies, led, lost, peers, held, leaders, heard, signs, alarm,
    }
}

impl StableHash for Held {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Say(to, message) => {
                (0u8, *to).stable_hash(h);
                message.stable_hash(h);
            }
            Self::Answer(ticket, version) => ((1u8, *version), *ticket).stable_hash(h),
        }
    }
}

/// Between members of one shard, but for the last.
#[derive(Clone, Debug)]
pub enum GroupMessage {
    /// I lead in this term, and live.
    Sign(u32),
    /// The same, and this is what my shard has: term, length of my log and what it was written under, entries
    /// that are new in it, what it comes to.
    Keep(u32, u64, Shared<Vec<(u32, u64)>>, u32, Arc<Image>),
    /// The latest term I know; the term that the end of my log was written under, and its length.
    Kept(u32, (u32, u64)),
    /// I want to lead in this term; as above.
    Stand(u32, (u32, u64)),
    /// The latest term I know, and whether I vote for you.
    Vote(u32, bool),
    /// To members of other shards: I lead mine, in this term.
    Leads(u32),
}

/// Why a member wakes, about its shard's members.
#[derive(Clone, Copy, Debug)]
pub enum GroupTimer {
    /// The primary of this term says that it lives.
    Sign(u32),
    /// Nobody has said so for too long.
    Silence,
}

impl StableHash for GroupMessage {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Sign(term) => (0u8, *term).stable_hash(h),
            Self::Keep(term, end, lineage, entries, image) => {
                ((1u8, *term), (*end, *entries)).stable_hash(h);
                lineage.stable_hash(h);
                image.stable_hash(h);
            }
            Self::Kept(term, log) => ((2u8, *term), *log).stable_hash(h),
            Self::Stand(term, log) => ((3u8, *term), *log).stable_hash(h),
            Self::Vote(term, granted) => ((4u8, *term), *granted).stable_hash(h),
            Self::Leads(term) => (5u8, *term).stable_hash(h),
        }
    }
}

impl StableHash for GroupTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Sign(term) => (0u8, *term).stable_hash(h),
            Self::Silence => h.word(1),
        }
    }
}

type Inner<'a, 'b> = Context<'a, 'b, ShardedDb>;

impl Group {
    /// How often another member has begun to lead, by its log.
    pub fn takeovers(&self) -> u64 {
        self.lineage.len() as u64 - 1
    }

    /// Whether it leads its shard, as far as it knows.
    pub fn leads(&self) -> bool {
        self.ballot.leads(self.own)
    }

    /// How far a majority is with the log of this term's primary.
    pub fn safe(&self) -> u64 {
        let far = |(at, it): (usize, &Peer)| if at == self.place() { self.log.1 } else { it.agreed };
        held_by_majority(self.peers.iter().enumerate().map(far).collect())
    }

    /// The member that leads a shard, as far as it has heard.
    pub fn leader_of(&self, shard: u16) -> u16 {
        let place = self.leaders.get(usize::from(shard)).map_or(0, |it| it.1);
        shard * self.copies + place
    }

    /// Says something to whoever leads another shard.
    pub(super) fn say(&self, to: u16, message: ShardedDbMessage, ctx: &mut Inner) {
        let from = self.own / self.copies;
        ctx.send(self.leader_of(to), ShardedDbMessage::Between(from, false, Box::new(message)));
    }

    fn place(&self) -> usize {
        usize::from(self.own % self.copies)
    }

    /// The other members of its shard.
    fn others(&self) -> impl Iterator<Item = u16> + use<> {
        let (own, first) = (self.own, self.own / self.copies * self.copies);
        (first..first + self.copies).filter(move |it| *it != own)
    }

    fn note_leader(&mut self, member: u16, term: u32) {
        let shard = usize::from(member / self.copies);
        if self.leaders.len() <= shard {
            self.leaders.resize(shard + 1, (0, 0));
        }
        if self.leaders[shard].0 <= term {
            self.leaders[shard] = (term, member % self.copies);
        }
    }

    /// Whether it has heard of a primary so lately that it votes for nobody else.
    fn is_content(&self, params: &ShardedDbParams, now: Nanos) -> bool {
        let span = Nanos(params.failover_after.0 / 10 * 9);
        match self.leads() {
            true => self.is_heard(span, now),
            false => self.ballot.leader.is_some() && self.heard.saturating_add(span) > now,
        }
    }

    /// At a primary: whether a majority has answered within a span.
    fn is_heard(&self, span: Nanos, now: Nanos) -> bool {
        let own = self.place();
        let lately = |it: &(usize, &Peer)| it.0 == own || it.1.heard.saturating_add(span) > now;
        let heard = self.peers.iter().enumerate().filter(lately).count();
        heard >= majority(self.copies.into()) as usize
    }
}

impl ShardedDbState {
    /// Whether it acts for its shard.
    pub fn leads(&self) -> bool {
        self.group.as_ref().is_none_or(|it| it.leads())
    }

    /// Work of these kinds that is under way is for nothing.
    pub(super) fn void_parts(&mut self, which: impl Fn(&Part) -> bool) {
        for (_, part) in self.parts.iter_mut().filter(|it| which(&it.1)) {
            *part = Part::Void;
        }
    }

    /// What replicas have of it.
    fn image(&self) -> Image {
        let Self { rows, held, known, last_id, moves, moved, taken, across, index, auto, .. } = self;
        Image {
            rows: rows.clone(),
            held: *held,
            known: *known,
            last_id: *last_id,
            moves: moves.clone(),
            moved: moved.clone(),
            taken: taken.clone(),
            across: across.durable(),
            index: index.clone(),
            auto: auto.clone(),
        }
    }

    /// Has from now on what its primary has.
    fn put_on(&mut self, image: &Image) {
        let Image { rows, held, known, last_id, moves, moved, taken, across, index, auto } = image.clone();
        (self.rows, self.held, self.known, self.last_id) = (rows, held, known, last_id);
        (self.moves, self.moved, self.taken) = (moves, moved, taken);
        (self.across, self.index, self.auto) = (across, index, auto);
    }
}
