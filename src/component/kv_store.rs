//! A key–value store without a leader: any member takes reads and writes, asks the others, and
//! answers once enough of them have (DeCandia et al., "Dynamo: Amazon's highly available key-value
//! store", SOSP 2007). Staying consistent, it reads and writes in two rounds by majority: the
//! register of Attiya, Bar-Noy and Dolev ("Sharing memory robustly in message-passing systems", JACM
//! 42(1), 1995) for several writers (Lynch and Shvartsman, FTCS 1997).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Station, Switch};
use crate::engine::event::Verb;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Request, Served};

use super::{Commands, Context, Fidelity, Gauge, Group, Kind, OutWire, Role};

pub use causal::{Causal, Held};
pub use entropy::{Comparison, tree};
pub use message::KvStoreMessage;
pub use homes::{Members, each, homes, preference};
pub use params::{Conflicts, KvStoreParams, WhenCut};
pub use row::{Cause, Merged, Row, Rule, Written};

mod causal;
mod entropy;
mod hints;
mod homes;
mod message;
mod params;
mod rounds;
mod row;

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
    /// What writes wait for, where they do.
    pub causal: Causal,
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
    Doing { round, ticket, request, storing, homes, stand_ins, heard, agree, found, alarm, relief }
}

use crate::base::stable::{StableHash, StableHasher};

impl StableHash for KvStoreState {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { rows, hints, silent, doing, rounds, beats, sums, compared, causal } = self;
        rows.stable_hash(h);
        hints.stable_hash(h);
        silent.stable_hash(h);
        doing.stable_hash(h);
        (*rounds, *beats).stable_hash(h);
        sums.stable_hash(h);
        compared.stable_hash(h);
        // What is seldom there is hashed only where it is.
        if *causal != Causal::default() {
            causal.stable_hash(h);
        }
    }
}

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
/// A write came to a member before its causes had, and was held back.
pub const HELD_BACK: u8 = 9;

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
    const COMMANDS: Commands = Commands::Clicked;
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
            "held_back",
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
             write adds (a shopping cart). Or the earlier clock wins, or a person picks.",
            "Causal: a write carries which writes its client had seen before it, as far as they may not be \
             everywhere yet, and those of the writes it replaces; whoever gets it holds it back until it \
             has all of them (Lloyd et al., \"Don't settle for eventual\", SOSP 2011: COPS). What waits \
             for each other is taken in at once. Clocks never stand before those of what has come (Kulkarni \
             et al., OPODIS 2014), so that the later clock is never a cause of the earlier.",
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
            "Causal: a caller stays with the nearest member, also while that is down; where several \
             callers ask for one client, each has seen what it has seen itself. A member that joins \
             knows no causes of what was everywhere before it came.",
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
            | KvStoreMessage::Everywhere(..)
            | KvStoreMessage::Want(_) => 0,
        }
    }

    fn places(params: &KvStoreParams) -> &str {
        &params.places
    }

    fn switch(params: &KvStoreParams) -> Switch {
        if params.is_causal() { Switch::Session } else { Switch::Members }
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
            causal: Causal::default(),
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
        // Whoever sent it has not heard that it is here.
        state.causal.held.clear();
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
        if before.is_causal() && !params.is_causal() {
            causal::let_go(state, params, ctx);
        }
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
            Happening::Command(words) => rounds::pick(state, params, &words, ctx),
            Happening::Finished { .. }
            | Happening::Surge(_)
            | Happening::HotKey(..)
            | Happening::Promote => {}
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
        let compared: usize = state.compared.iter().map(Comparison::bytes).sum();
        state.rows.bytes() + compared + state.causal.bytes()
    }
}

/// Whether a request changes its key.
fn writes(request: &Request) -> bool {
    request.verb != Verb::Read
}
