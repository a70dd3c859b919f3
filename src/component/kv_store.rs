//! A key–value store without a leader: any member takes reads and writes, asks the others, and
//! answers once enough of them have (DeCandia et al., "Dynamo: Amazon's highly available key-value
//! store", SOSP 2007). Staying consistent, it reads and writes in two rounds by majority: the
//! register of Attiya, Bar-Noy and Dolev ("Sharing memory robustly in message-passing systems", JACM
//! 42(1), 1995) for several writers (Lynch and Shvartsman, FTCS 1997).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::algorithm::replication::quorum::majority;
use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::text;
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::network::Connecting;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Request, Served};

use super::{Context, Fidelity, Gauge, Group, Kind, OutWire, Role};

pub use entropy::{Comparison, tree};
pub use message::KvStoreMessage;
pub use homes::{Members, each, homes, preference};
pub use row::{Merged, Row, Rule, Written};

mod entropy;
mod hints;
mod homes;
mod message;
mod rounds;
mod row;

crate::choices! {
    /// What it does when its members cannot all reach each other.
    pub enum WhenCut {
        /// A majority goes on; who is without one refuses.
        Consistent = "stays-consistent",
        /// Everybody goes on, with what they have.
        Available = "keeps-answering",
        /// By numbers of one's own.
        Quorums = "quorums",
    }
}

crate::choices! {
    /// What becomes of writes that did not know of each other.
    pub enum Conflicts {
        /// The one with the later clock stays.
        LastWriteWins = "last-write-wins",
        /// Both stay, until somebody writes over both.
        Siblings = "siblings",
        /// Both stay, until somebody reads both: the application unites them.
        Merge = "merge",
    }
}

const fn quorums(it: &KvStoreParams) -> bool {
    matches!(it.when_cut, WhenCut::Quorums)
}

const fn loose(it: &KvStoreParams) -> bool {
    !matches!(it.when_cut, WhenCut::Consistent)
}

const fn spread(it: &KvStoreParams) -> bool {
    loose(it) && it.copies > 0 && it.copies < it.members
}

const fn sloppy(it: &KvStoreParams) -> bool {
    spread(it) && it.sloppy
}

crate::params! {
    /// Parameters of a key–value store.
    pub struct KvStoreParams {
        /// Members.
        members: u32 = 3, in 1..=9, "members";
        /// Members that keep a copy of each key, its homes (N): the next so many clockwise from the key
        /// on a ring. 0: all members keep all keys.
        copies: u32 = 0, in 0..=9, "members";
        /// The zones that the members stand in, by name, in their order and with commas between:
        /// `Mumbai, Delhi, Delhi`. Callers ask the nearest. Empty: all stand where this does.
        places: String = String::new();
        /// When members cannot reach each other, it stays consistent (CP): who reaches a majority of a
        /// key's homes goes on, who does not refuses. Or it keeps answering (AP): one home is enough.
        /// Or it goes by quorums of your own.
        when_cut: WhenCut = WhenCut::Consistent;
        /// Copies that have to answer a read (R).
        read_quorum: u32 = 2, in 1..=9, "members", when quorums;
        /// Copies that have to take a write before it is acknowledged (W).
        write_quorum: u32 = 2, in 1..=9, "members", when quorums;
        /// Sloppy quorum: in place of a home that does not answer, the next member down the ring is
        /// asked and counts. It keeps what it takes with a hint whom that is for, and hands it over
        /// when that home answers again. W + R > N then does not make sure that a read meets the last
        /// write.
        sloppy: bool = false, when spread;
        /// How long a member waits for a home before it asks a stand-in; the silent one is passed over
        /// until it is heard from again.
        stand_in_after: Nanos = Nanos::millis(100),
            in Nanos::millis(1)..=Nanos::seconds(60), when sloppy;
        /// Of two writes that did not know of each other, either the one with the later time on its
        /// member's clock wins (last write wins), or both stay side by side (siblings) until one
        /// writes over them, or until one reads both and writes back what unites them (merge): a
        /// shopping cart, to which each write adds.
        conflicts: Conflicts = Conflicts::LastWriteWins, when loose;
        /// How long a member waits for enough others before it refuses.
        patience: Nanos = Nanos::millis(500), in Nanos::millis(1)..=Nanos::seconds(60);
        /// Hinted handoff: how often a member tries to bring writes to the homes that have not confirmed
        /// them; 0s for never.
        handoff: Nanos = Nanos::millis(500), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Whether reads bring what they found to members that answered with something older.
        read_repair: bool = true, when quorums;
        /// Anti-entropy: how often a member compares with another all that both keep, by hash trees
        /// (Merkle), and exchanges what differs: every 100 ms at most; 0s for never.
        anti_entropy: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Mean time of one read or write at the member that is asked.
        work: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(60);
        /// Requests one member works at at once; waiting for others takes no place.
        workers: u32 = 16, in 1..=10_000, "workers";
        /// Mean time a message takes between members, one way, their zones' distance left out.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or log
        /// entry in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
        /// How a member connects to another before it first talks to that life of it: it is connected
        /// (open), by TCP (1 round trip), TLS 1.3 (2) or TLS 1.2 (3).
        mesh_connection: Connecting = Connecting::Open;
    }
}

impl KvStoreParams {
    /// How many members keep a copy of each key (N).
    pub fn homes(&self) -> u32 {
        if self.copies == 0 { self.members } else { self.copies.min(self.members) }
    }

    /// Whether others stand in for homes that do not answer.
    pub fn stands_in(&self) -> bool {
        sloppy(self)
    }

    /// How many copies have to take part in a read and in a write.
    pub fn quorum(&self) -> [u32; 2] {
        let n = self.homes();
        match self.when_cut {
            WhenCut::Consistent => [majority(n); 2],
            WhenCut::Available => [1; 2],
            WhenCut::Quorums => [self.read_quorum.min(n), self.write_quorum.min(n)],
        }
    }
}

/// What a member remembers; all of it survives a crash but what is under way.
#[derive(Clone, Debug)]
pub struct KvStoreState {
    /// What it holds, by key: of keys whose home it is all, of others what it has hints for.
    pub rows: CowList<Row>,
    /// By member: what it has not confirmed and is brought to it from here, key and version.
    pub hints: Vec<BTreeSet<(u32, u32)>>,
    /// Who did not answer when asked and has not been heard of since: bit n for member n.
    pub silent: Members,
    /// Requests it answers.
    doing: Vec<Doing>,
    /// Rounds begun.
    rounds: u32,
    /// Whether it will look after its hints, and compare with another.
    beats: [bool; 2],
    /// What it compares with others, if it does.
    sums: entropy::Sums,
    /// By member: the last comparison with it.
    pub compared: Vec<Comparison>,
}

/// A request that waits for others.
#[derive(Clone, Debug)]
struct Doing {
    /// Names the round in messages.
    round: u32,
    ticket: Handle,
    request: Request,
    /// Whether the others are asked to store something, or what they have.
    storing: bool,
    /// Whose its key is.
    homes: Members,
    /// Who was asked in place of which home.
    stand_ins: Vec<(u16, u16)>,
    /// Who has answered, this one included.
    heard: Members,
    /// Whether all that have answered hold the same.
    agree: bool,
    /// What the newest of them hold; of a write, what is stored.
    found: Row,
    alarm: Handle,
    /// When it asks somebody in place of those that have not answered.
    relief: Option<Handle>,
}

/// Why a member wakes.
#[derive(Clone, Copy, Debug)]
pub enum KvStoreTimer {
    /// Too few have answered in this round.
    Patience(u32),
    /// Some have not answered in this round so far.
    Relief(u32),
    /// Some have not confirmed what they were sent.
    Handoff,
    /// Time to compare with another.
    Compare,
}

crate::stable! {
    KvStoreState { rows, hints, silent, doing, rounds, beats, sums, compared }
    Doing { round, ticket, request, storing, homes, stand_ins, heard, agree, found, alarm, relief }
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for KvStoreTimer {
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Self::Patience(round) => (0u8, *round).stable_hash(h),
            Self::Handoff => h.word(1),
            Self::Compare => h.word(2),
            Self::Relief(round) => (3u8, *round).stable_hash(h),
        }
    }
}

/// A read was answered.
pub const READ: u8 = 0;
/// A write was acknowledged.
pub const WRITTEN: u8 = 1;
/// Too few others answered: a request was refused.
pub const REFUSED: u8 = 2;
/// Of two writes that did not know of each other, one was dropped here or both were kept.
pub const CONFLICT: u8 = 3;
/// A member that had answered with something older was sent what is newer.
pub const REPAIRED: u8 = 4;
/// A write was brought to a home that had not confirmed it, which now has.
pub const HANDED_OVER: u8 = 5;
/// Siblings were united by the application that read them.
pub const UNITED: u8 = 6;
/// A key was sent to a member whose hash tree differed there.
pub const SYNCED: u8 = 7;
/// A member took a write in place of a home that did not answer.
pub const STOOD_IN: u8 = 8;

/// The kind.
#[derive(Debug)]
pub struct KvStore;

impl Kind for KvStore {
    const ID: &'static str = "kv-store";
    const NAME: &'static str = "Key–value store";
    const SUMMARY: &'static str =
        "Copies without a leader: any member answers, and how many must agree is up to you.";
    const GROUP: Option<Group> = Some(Group::Data);
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Peers;
    const COUNTERS: &'static [&'static str] =
        &[
            "reads",
            "writes",
            "refused",
            "conflicts",
            "read_repairs",
            "handed_over",
            "united",
            "synced",
            "stood_in",
        ];
    const GAUGES: &'static [Gauge] = &[Gauge {
        name: "unconfirmed",
        help: "Hints: writes that a home has not confirmed and a member is to bring to it.",
    }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Whose a key is: the next N members clockwise on a ring of 200 points a member.",
            "The member asked sends real messages to the key's homes, waits for R or W of them, itself \
             included if it is one, and refuses if they do not answer in time. A write that comes to \
             no home is written over what the first home that answers holds.",
            "Staying consistent: a write first asks a majority for the newest version, a read first \
             writes back what it found unless a majority has it: linearizable (ABD).",
            "Keeping answering: last write wins by the members' own clocks, which may be wrong, or \
             version vectors with siblings, which the application unites when it reads them if each \
             write adds (a shopping cart).",
            "Anti-entropy by hash trees over 64 parts of the keys that both keep, with a member drawn \
             by lot.",
            "Hinted handoff: whoever took a write brings it to all homes that have not confirmed it; so \
             are keys brought to new homes when members come or N changes.",
            "Sloppy quorums: the next member down the ring that is not known to be silent takes the \
             place of a home that does not answer, keeps the write with a hint, and drops it when the \
             home has it.",
        ],
        left_out: &[
            "A client's own context: a write replaces all that the member asked holds, as if its \
             client had just read there. Of siblings, a read gives back the one with the highest \
             version.",
            "Homes chosen so that they stand in different zones; callers that know whose a key is.",
            "Disks: all that a member holds survives a crash at once.",
        ],
        defaults: "Three members that keep all keys and majorities of two, as Cassandra's QUORUM; a millisecond of work.",
    };
    type Params = KvStoreParams;
    type State = Shared<KvStoreState>;
    type Message = KvStoreMessage;
    type Timer = KvStoreTimer;

    fn members(params: &KvStoreParams) -> u32 {
        params.members
    }

    fn member_name(_: &KvStoreParams, ordinal: u16) -> String {
        text::letter(ordinal)
    }

    fn station(params: &KvStoreParams) -> Station {
        Station { workers: params.workers, queue_max: 512, ..Station::UNLIMITED }
    }

    fn plan(params: &KvStoreParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.work);
        Plan::Sequence(vec![Plan::Work(work), Plan::Local])
    }

    fn mesh(params: &KvStoreParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &KvStoreMessage) -> usize {
        match message {
            KvStoreMessage::Have(_, copies)
            | KvStoreMessage::Store(.., copies)
            | KvStoreMessage::Bring(.., copies)
            | KvStoreMessage::Hold(.., copies) => copies.len(),
            // A place and its hash take 12 bytes.
            KvStoreMessage::Compare(_, nodes) => nodes.len().div_ceil(20),
            KvStoreMessage::Ask(..)
            | KvStoreMessage::Stored(..)
            | KvStoreMessage::Held(..)
            | KvStoreMessage::Want(_) => 0,
        }
    }

    fn places(params: &KvStoreParams) -> &str {
        &params.places
    }

    fn start(params: &KvStoreParams, ctx: &mut Context<Self>) -> Shared<KvStoreState> {
        let mut state = Shared::new(KvStoreState {
            rows: CowList::default(),
            hints: vec![BTreeSet::new(); usize::from(ctx.members())],
            silent: 0,
            doing: Vec::new(),
            rounds: 0,
            beats: [false; 2],
            sums: Default::default(),
            compared: Vec::new(),
        });
        entropy::add_up(&mut state, params, ctx.ordinal());
        hints::look_after(&mut state, params, ctx);
        state
    }

    fn restart(
        old: &Shared<KvStoreState>,
        params: &KvStoreParams,
        ctx: &mut Context<Self>,
    ) -> Shared<KvStoreState> {
        let mut state = old.clone();
        (state.beats, state.doing, state.silent) = ([false; 2], Vec::new(), 0);
        // It may have missed that homes have changed.
        hints::move_house(&mut state, params, params, ctx);
        state
    }

    fn retune(
        state: &mut Shared<KvStoreState>,
        before: &KvStoreParams,
        params: &KvStoreParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        let state = &mut **state;
        hints::move_house(state, before, params, ctx);
        // With fewer members, or other quorums, less may be enough.
        rounds::go_on(state, params, ctx);
        true
    }

    fn handle(
        state: &mut Shared<KvStoreState>,
        params: &KvStoreParams,
        what: Happening<KvStoreMessage, KvStoreTimer>,
        ctx: &mut Context<Self>,
    ) {
        let state = &mut **state;
        match what {
            Happening::Message(from, message) => rounds::hear(state, params, from, message, ctx),
            Happening::Timer(KvStoreTimer::Patience(round)) => rounds::refuse(state, round, ctx),
            Happening::Timer(KvStoreTimer::Relief(round)) => {
                rounds::relieve(state, params, round, ctx);
            }
            Happening::Timer(KvStoreTimer::Handoff) => hints::hand_over(state, params, ctx),
            Happening::Timer(KvStoreTimer::Compare) => {
                state.beats[1] = false;
                if params.anti_entropy > Nanos::ZERO {
                    entropy::begin(state, ctx);
                }
                hints::look_after(state, params, ctx);
            }
            Happening::Finished { .. } | Happening::Surge(_) | Happening::HotKey(..) | Happening::Promote | Happening::Command(_) => {}
        }
    }

    fn serve(
        state: &mut Shared<KvStoreState>,
        params: &KvStoreParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let state = &mut **state;
        rounds::begin(state, params, request, ticket, ctx);
        Served::Later
    }

    fn gauges(members: &[Option<&Shared<KvStoreState>>], _: Nanos) -> Vec<f64> {
        let hints = members.iter().flatten().flat_map(|it| &it.hints);
        vec![hints.map(BTreeSet::len).sum::<usize>() as f64]
    }

    fn weight(state: &Self::State) -> usize {
        state.rows.bytes() + state.compared.iter().map(Comparison::bytes).sum::<usize>()
    }
}

/// Whether a request changes its key.
fn writes(request: &Request) -> bool {
    request.verb != Verb::Read
}
