//! A group that agrees by majority: leader election and log replication as in Raft (Ongaro &
//! Ousterhout, "In search of an understandable consensus algorithm", USENIX ATC 2014, figure 2), and
//! logs cut short by snapshots (extended version, section 7, figure 13).

use std::sync::Arc;

use crate::algorithm::replication::ballot::{Ballot, held_by_majority};
use crate::base::cow::{CowList, Shared};
use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::network::Connecting;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Outcome, Request, Served};

use super::{Context, Fidelity, Gauge, Kind, OutWire, Role, Standing};

mod log;
mod message;

pub use log::Snapshot;
use log::{cut_short, install, take_in};
pub use message::{RaftMessage, RaftTimer};

crate::params! {
    /// Parameters of a Raft group.
    pub struct RaftGroupParams {
        /// Members.
        members: u32 = 3, in 1..=9, "members";
        /// How often the leader says that it leads.
        heartbeat: Nanos = Nanos::millis(50), in Nanos::millis(1)..=Nanos::seconds(60);
        /// Shortest silence after which a member stands for election; the longest is twice that.
        election_timeout: Nanos = Nanos::millis(150), in Nanos::millis(2)..=Nanos::seconds(600);
        /// Mean time of one request.
        work: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(60);
        /// Requests one member serves at once.
        workers: u32 = 16, in 1..=10_000, "workers";
        /// Mean time a message takes between members, one way.
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

/// One entry of the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Term in which a leader took it in.
    pub term: u32,
    /// Which row; none for the entry with which a leader begins its term.
    pub key: Option<u32>,
    /// Whether it changes the row (a read passes through the log too, and so is linearizable).
    pub writes: bool,
}

/// What a member remembers. Term, vote, log and snapshot survive a crash.
#[derive(Clone, Debug)]
pub struct RaftState {
    /// Who leads: the term it knows of, its vote.
    pub ballot: Ballot,
    /// The log; position 0 is the first entry. Of those that the snapshot stands for, the latest are
    /// kept for members that are a little behind.
    pub log: CowList<Entry>,
    /// What stands for the entries that are gone.
    pub snapshot: Arc<Snapshot>,
    /// Entries known to be committed.
    pub committed: u64,
    /// Entries applied to the rows.
    pub applied: u64,
    /// Version of each row, by applied entries only; those never written are not there.
    pub rows: CowList<u32>,
    /// Its own ordinal.
    own: u16,
    /// As leader: next position to send to each, and how far each is known to agree.
    next: Vec<u64>,
    agreed: Vec<u64>,
    /// As leader: requests that wait for their entry, by position.
    waiting: Vec<(u64, Handle)>,
    alarm: Option<Handle>,
}

crate::stable! {
    Entry { term, key, writes }
    RaftState {
        ballot, log, snapshot, committed, applied, rows, own, next, agreed, waiting, alarm,
    }
}

impl RaftState {
    /// What it is now.
    pub fn standing(&self) -> Standing {
        match &self.ballot {
            it if it.leads(self.own) => Standing::Leader,
            it if it.votes.is_some() => Standing::Candidate,
            _ => Standing::Follower,
        }
    }

    fn leads(&self) -> bool {
        self.ballot.leads(self.own)
    }
}

/// Most entries in one message.
const BATCH_MAX: u64 = 64;
/// The kind.
#[derive(Debug)]
pub struct RaftGroup;

impl Kind for RaftGroup {
    const ID: &'static str = "raft-group";
    const NAME: &'static str = "Raft group";
    const SUMMARY: &'static str = "Members that agree on one log by majority.";
    const GROUP: Option<super::Group> = None;
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Leader;
    const GAUGES: &'static [Gauge] =
        &[Gauge { name: "leaders", help: "Members that believe they lead, at this moment." }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Terms, votes, a log with the consistency check, commitment by majority.",
            "Reads pass through the log and are linearizable.",
            "Active (state-machine) replication: every member applies every operation of the log, in the \
             same order, and any of them can lead next with what it has.",
            "Snapshots: the log is cut short every 1,024 entries; who is further behind gets the rows.",
        ],
        left_out: &[
            "Applying takes the leader's time only: the work of a request comes before its entry.",
            "Joint consensus: a changed number of members holds at once for all.",
            "The check of the quorum: a leader that is heard but hears nobody keeps leading, and \
             nothing is committed until the cut heals.",
        ],
        defaults: "Election timeouts from 150 to 300 ms, as in the paper.",
    };
    type Params = RaftGroupParams;
    type State = Shared<RaftState>;
    type Message = RaftMessage;
    type Timer = RaftTimer;

    fn members(params: &RaftGroupParams) -> u32 {
        params.members
    }

    fn station(params: &RaftGroupParams) -> Station {
        Station { workers: params.workers, queue_max: 512, hold: true, ..Station::UNLIMITED }
    }

    fn plan(params: &RaftGroupParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.work);
        Plan::Sequence(vec![Plan::Work(work), Plan::Local])
    }

    fn mesh(params: &RaftGroupParams) -> Mesh {
        let latency = Spread::new(Shape::LogNormal, params.mesh_latency);
        Mesh::narrow(latency, params.mesh_bandwidth, params.mesh_loss.0, params.mesh_connection)
    }

    fn rows(message: &RaftMessage) -> usize {
        match message {
            RaftMessage::Append(.., entries) => entries.len(),
            RaftMessage::Install(_, it) => it.rows.end() as usize,
            RaftMessage::Vote(..) | RaftMessage::Voted(..) | RaftMessage::Appended(..) => 0,
        }
    }

    fn start(params: &RaftGroupParams, ctx: &mut Context<Self>) -> Shared<RaftState> {
        let mut state = Shared::new(RaftState {
            ballot: Ballot::default(),
            log: CowList::default(),
            snapshot: Default::default(),
            committed: 0,
            applied: 0,
            rows: Default::default(),
            own: ctx.ordinal(),
            next: Vec::new(),
            agreed: Vec::new(),
            waiting: Vec::new(),
            alarm: None,
        });
        await_leader(&mut state, params, ctx);
        state
    }

    fn restart(
        old: &Shared<RaftState>,
        params: &RaftGroupParams,
        ctx: &mut Context<Self>,
    ) -> Shared<RaftState> {
        let mut state = Shared::new(RaftState {
            committed: old.snapshot.at,
            applied: old.snapshot.at,
            rows: old.snapshot.rows.clone(),
            next: Vec::new(),
            agreed: Vec::new(),
            waiting: Vec::new(),
            alarm: None,
            ..(**old).clone()
        });
        state.ballot.recover();
        await_leader(&mut state, params, ctx);
        state
    }

    fn retune(
        state: &mut Shared<RaftState>,
        _: &RaftGroupParams,
        _: &RaftGroupParams,
        ctx: &mut Context<Self>,
    ) -> bool {
        let state = &mut **state;
        let members = usize::from(ctx.members());
        if state.leads() {
            state.next.resize(members, 0);
            state.agreed.resize(members, 0);
            // With fewer members, less may be enough.
            commit(state, ctx);
        }
        // Votes of members taken away do not count.
        state.ballot.shrink(members);
        true
    }

    fn handle(
        state: &mut Shared<RaftState>,
        params: &RaftGroupParams,
        what: Happening<RaftMessage, RaftTimer>,
        ctx: &mut Context<Self>,
    ) {
        let state = &mut **state;
        match what {
            Happening::Message(from, message) => hear(state, params, from, message, ctx),
            Happening::Timer(RaftTimer::Election) => stand(state, params, ctx),
            Happening::Timer(RaftTimer::Beat(term)) => {
                if state.leads() && term == state.ballot.term {
                    append_all(state, ctx);
                    ctx.timer(params.heartbeat, RaftTimer::Beat(term));
                }
            }
            Happening::Finished { .. } | Happening::Surge(_) | Happening::HotKey(..) | Happening::Promote | Happening::Command(_) => {}
        }
    }

    fn serve(
        state: &mut Shared<RaftState>,
        _: &RaftGroupParams,
        request: &Request,
        ticket: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        let state = &mut **state;
        if !state.leads() {
            return Served::not_leader(state.ballot.leader);
        }
        let (key, writes) = (Some(request.key), request.verb != Verb::Read);
        state.log.push(Entry { term: state.ballot.term, key, writes });
        state.waiting.push((state.log.end(), ticket));
        append_all(state, ctx);
        commit(state, ctx);
        Served::Later
    }

    fn gauges(members: &[Option<&Shared<RaftState>>], _: Nanos) -> Vec<f64> {
        let leaders = members.iter().flatten().filter(|it| it.leads());
        vec![leaders.count() as f64]
    }

    fn standing(state: &Shared<RaftState>) -> Standing {
        state.standing()
    }

    fn weight(state: &Self::State) -> usize {
        state.rows.bytes() + state.log.bytes()
    }
}

type Ctx<'a, 'b> = Context<'a, 'b, RaftGroup>;

fn last_term(state: &RaftState) -> u32 {
    let last = state.log.end().checked_sub(1).and_then(|it| state.log.get(it));
    last.map_or(state.snapshot.term, |it| it.term)
}

/// Starts the wait for a leader anew, for a random while.
fn await_leader(state: &mut RaftState, params: &RaftGroupParams, ctx: &mut Ctx) {
    if let Some(alarm) = state.alarm.take() {
        ctx.cancel(alarm);
    }
    let spread = (u128::from(ctx.draw_next()) * u128::from(params.election_timeout.0)) >> 64;
    let after = params.election_timeout + Nanos(spread as u64);
    state.alarm = Some(ctx.timer(after, RaftTimer::Election));
}

/// Goes over to a later term, as a follower.
fn follow(state: &mut RaftState, term: u32, ctx: &mut Ctx) {
    let led = state.leads();
    if state.ballot.hears_of(term) && led {
        for (_, ticket) in std::mem::take(&mut state.waiting) {
            // The entry may yet be committed by another: the outcome is not known.
            ctx.complete(ticket, Served::ended(Outcome::Reset));
        }
    }
}

fn stand(state: &mut RaftState, params: &RaftGroupParams, ctx: &mut Ctx) {
    state.alarm = None;
    state.ballot.stand(state.own);
    let (len, last) = (state.log.end(), last_term(state));
    ctx.broadcast(&RaftMessage::Vote(state.ballot.term, len, last));
    await_leader(state, params, ctx);
    lead_if_elected(state, params, ctx);
}

fn lead_if_elected(state: &mut RaftState, params: &RaftGroupParams, ctx: &mut Ctx) {
    let members = usize::from(ctx.members());
    if !state.ballot.wins(state.own, members) {
        return;
    }
    state.next = vec![state.log.end(); members];
    state.agreed = vec![0; members];
    // Entries of earlier terms are committed only through one of this term (section 5.4.2).
    state.log.push(Entry { term: state.ballot.term, key: None, writes: false });
    if let Some(alarm) = state.alarm.take() {
        ctx.cancel(alarm);
    }
    append_all(state, ctx);
    commit(state, ctx);
    ctx.timer(params.heartbeat, RaftTimer::Beat(state.ballot.term));
}

fn append_all(state: &mut RaftState, ctx: &mut Ctx) {
    for to in (0..ctx.members()).filter(|it| *it != ctx.ordinal()).collect::<Vec<_>>() {
        append_to(state, to, ctx);
    }
}

fn append_to(state: &mut RaftState, to: u16, ctx: &mut Ctx) {
    let Some(first) = state.next.get(usize::from(to)).copied() else { return };
    let before = match first.checked_sub(1) {
        None => (state.log.start() == 0).then_some(0),
        Some(_) if first == state.snapshot.at => Some(state.snapshot.term),
        Some(it) => state.log.get(it).map(|it| it.term),
    };
    let Some(before) = before else {
        // What it needs is gone. What comes after is sent as if this had arrived: if it has not, the
        // answer to that says so.
        state.next[usize::from(to)] = state.snapshot.at;
        return ctx.send(to, RaftMessage::Install(state.ballot.term, state.snapshot.clone()));
    };
    let until = state.log.end().min(first + BATCH_MAX);
    let entries = (first..until).filter_map(|it| state.log.get(it).copied()).collect();
    let message = RaftMessage::Append(state.ballot.term, first, before, state.committed, entries);
    ctx.send(to, message);
}

fn hear(
    state: &mut RaftState,
    params: &RaftGroupParams,
    from: u16,
    message: RaftMessage,
    ctx: &mut Ctx,
) {
    let (RaftMessage::Vote(term, ..)
    | RaftMessage::Voted(term, ..)
    | RaftMessage::Append(term, ..)
    | RaftMessage::Appended(term, ..)
    | RaftMessage::Install(term, _)) = message;
    if term > state.ballot.term {
        let led = state.leads();
        follow(state, term, ctx);
        if led {
            await_leader(state, params, ctx);
        }
    }
    match message {
        RaftMessage::Vote(_, len, last) => {
            let own = (last_term(state), state.log.end());
            let granted = state.ballot.grants(term, from, (last, len) >= own);
            if granted {
                await_leader(state, params, ctx);
            }
            ctx.send(from, RaftMessage::Voted(state.ballot.term, granted));
        }
        RaftMessage::Voted(_, granted) => {
            if granted {
                state.ballot.has_vote(term, from);
            }
            lead_if_elected(state, params, ctx);
        }
        RaftMessage::Append(_, first, before, committed, entries) => {
            if term < state.ballot.term {
                return ctx.send(from, RaftMessage::Appended(state.ballot.term, false, 0));
            }
            state.ballot.follow(from);
            await_leader(state, params, ctx);
            let (agreed, len) = take_in(state, first, before, &entries);
            if agreed {
                state.committed = state.committed.max(committed.min(len));
                apply(state, ctx);
            }
            ctx.send(from, RaftMessage::Appended(state.ballot.term, agreed, len));
        }
        RaftMessage::Install(_, snapshot) => {
            if term < state.ballot.term {
                return ctx.send(from, RaftMessage::Appended(state.ballot.term, false, 0));
            }
            state.ballot.follow(from);
            await_leader(state, params, ctx);
            let len = snapshot.at;
            install(state, snapshot);
            ctx.send(from, RaftMessage::Appended(state.ballot.term, true, len));
        }
        RaftMessage::Appended(_, agreed, len) => {
            if term == state.ballot.term && state.leads() {
                heard_back(state, from, agreed, len, ctx);
            }
        }
    }
}

fn heard_back(state: &mut RaftState, from: u16, agreed: bool, len: u64, ctx: &mut Ctx) {
    let at = usize::from(from);
    if at >= state.next.len() {
        return;
    }
    if !agreed {
        state.next[at] = len.min(state.next[at].saturating_sub(1));
        return append_to(state, from, ctx);
    }
    let news = len > state.agreed[at];
    state.agreed[at] = state.agreed[at].max(len);
    state.next[at] = state.next[at].max(len);
    if news {
        commit(state, ctx);
        if state.next[at] < state.log.end() {
            append_to(state, from, ctx);
        }
    }
}

/// Commits what a majority has, if it is of this term.
fn commit(state: &mut RaftState, ctx: &mut Ctx) {
    let own = usize::from(ctx.ordinal());
    let mut agreed: Vec<u64> = state.agreed.clone();
    agreed[own] = state.log.end();
    let majority = held_by_majority(agreed);
    let of_this_term = majority > state.committed
        && state.log.get(majority - 1).is_some_and(|it| it.term == state.ballot.term);
    if of_this_term {
        state.committed = majority;
        apply(state, ctx);
    }
}

fn apply(state: &mut RaftState, ctx: &mut Ctx) {
    while state.applied < state.committed {
        let Some(entry) = state.log.get(state.applied).copied() else { return };
        state.applied += 1;
        let mut version = 0;
        if let Some(key) = entry.key {
            version = state.rows.get(key.into()).map_or(1, |it| *it) + u32::from(entry.writes);
            if entry.writes {
                state.rows.grow(key.into(), 1);
                state.rows.set(key.into(), version);
            }
            if entry.writes && state.leads() {
                ctx.committed(key, version);
            }
        }
        let applied = state.applied;
        if let Some(at) = state.waiting.iter().position(|it| it.0 == applied) {
            let (_, ticket) = state.waiting.remove(at);
            ctx.complete(ticket, Served::ok(version));
        }
    }
    cut_short(state);
}
