//! Two members that watch each other by heartbeat: when the leader falls silent, the other takes
//! over. Without a majority they cannot tell a dead leader from a cut network: both may lead.

use std::sync::Arc;

use crate::base::slab::Handle;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::blueprint::{Addressing, Mesh, Station};
use crate::engine::event::Verb;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Request, Served};

use super::{Context, Fidelity, Gauge, Kind, OutWire, Role, Standing};

crate::params! {
    /// Parameters of a failover pair.
    pub struct FailoverPairParams {
        /// Members; all but the leader stand by.
        members: u32 = 2, in 2..=7, "members";
        /// How often the leader says that it lives.
        heartbeat: Nanos = Nanos::millis(100), in Nanos::millis(1)..=Nanos::seconds(60);
        /// Silence after which the first standby takes over; each further one waits as long again.
        patience: Nanos = Nanos::millis(500), in Nanos::millis(2)..=Nanos::seconds(600);
        /// Mean time of one request.
        work: Nanos = Nanos::millis(2), in Nanos::ZERO..=Nanos::seconds(60);
        /// Requests one member serves at once.
        workers: u32 = 16, in 1..=10_000, "workers";
    }
}

/// What a member remembers; the rows survive a crash.
#[derive(Clone, Debug)]
pub struct FailoverPairState {
    /// Whether it believes it leads.
    pub leads: bool,
    /// Who it believes leads.
    pub leader: u16,
    /// How many takeovers it knows of; the higher claim wins when two leaders meet.
    pub term: u32,
    /// Version of each row written.
    pub rows: std::collections::BTreeMap<u32, u32>,
    silence: Option<Handle>,
}

/// Between members.
#[derive(Clone, Debug)]
pub struct FailoverPairMessage {
    term: u32,
    /// A row that has changed; none for a bare heartbeat.
    row: Option<(u32, u32)>,
}

/// Why a member wakes.
#[derive(Clone, Copy, Debug)]
pub enum FailoverPairTimer {
    /// The leader of this term says that it lives.
    Beat(u32),
    /// The leader has been silent too long.
    Silence,
}

crate::stable! {
    FailoverPairState { leads, leader, term, rows, silence }
    FailoverPairMessage { term, row }
}

impl crate::base::stable::StableHash for FailoverPairTimer {
    fn stable_hash(&self, h: &mut crate::base::stable::StableHasher) {
        match self {
            Self::Silence => h.word(0),
            Self::Beat(term) => (1u8, *term).stable_hash(h),
        }
    }
}

/// The kind.
#[derive(Debug)]
pub struct FailoverPair;

impl Kind for FailoverPair {
    const ID: &'static str = "failover-pair";
    const NAME: &'static str = "Failover pair";
    const SUMMARY: &'static str = "A leader and a standby that takes over when it falls silent.";
    const GROUP: Option<super::Group> = None;
    const ROLE: Role = Role::Store;
    const ADDRESSING: Addressing = Addressing::Leader;
    const GAUGES: &'static [Gauge] =
        &[Gauge { name: "leaders", help: "Members that believe they lead, at this moment." }];
    const FIDELITY: Fidelity = Fidelity {
        modelled: &[
            "Heartbeats, silence, takeover; under a cut both sides may lead (split brain).",
            "Rows are passed on asynchronously: what the dead leader had not passed on is lost.",
        ],
        left_out: &["Fencing; catching up on rows missed."],
        defaults: "100 ms heartbeats, five missed before takeover: the order of keepalived's.",
    };
    type Params = FailoverPairParams;
    type State = FailoverPairState;
    type Message = FailoverPairMessage;
    type Timer = FailoverPairTimer;

    fn members(params: &FailoverPairParams) -> u32 {
        params.members
    }

    fn station(params: &FailoverPairParams) -> Station {
        Station { workers: params.workers, queue_max: 512, hold: true, ..Station::UNLIMITED }
    }

    fn plan(params: &FailoverPairParams, _: &[OutWire]) -> Plan<Arc<str>> {
        let work = Spread::new(Shape::LogNormal, params.work);
        Plan::Sequence(vec![Plan::Work(work), Plan::Local])
    }

    fn mesh(_: &FailoverPairParams) -> Mesh {
        Mesh::of(Spread::new(Shape::LogNormal, Nanos::micros(500)))
    }

    fn rows(message: &FailoverPairMessage) -> usize {
        usize::from(message.row.is_some())
    }

    fn start(params: &FailoverPairParams, ctx: &mut Context<Self>) -> FailoverPairState {
        let (leads, rows) = (ctx.ordinal() == 0, Default::default());
        let mut state = FailoverPairState { leads, leader: 0, term: 0, rows, silence: None };
        if leads {
            beat(&state, params, ctx);
        } else {
            watch(&mut state, params, ctx);
        }
        state
    }

    fn restart(
        old: &FailoverPairState,
        params: &FailoverPairParams,
        ctx: &mut Context<Self>,
    ) -> FailoverPairState {
        // Who comes back stands by, and hears who leads now, or takes over after a silence.
        let mut state = FailoverPairState { leads: false, silence: None, ..old.clone() };
        watch(&mut state, params, ctx);
        state
    }

    fn retune(
        _: &mut FailoverPairState,
        _: &FailoverPairParams,
        _: &FailoverPairParams,
        _: &mut Context<Self>,
    ) -> bool {
        true
    }

    fn handle(
        state: &mut FailoverPairState,
        params: &FailoverPairParams,
        what: Happening<FailoverPairMessage, FailoverPairTimer>,
        ctx: &mut Context<Self>,
    ) {
        match what {
            Happening::Message(from, message) => {
                let yields = message.term > state.term
                    || message.term == state.term && (!state.leads || from < ctx.ordinal());
                if !yields {
                    return;
                }
                (state.term, state.leader, state.leads) = (message.term, from, false);
                if let Some((key, version)) = message.row {
                    state.rows.insert(key, version);
                }
                watch(state, params, ctx);
            }
            Happening::Timer(FailoverPairTimer::Silence) => {
                state.silence = None;
                (state.leads, state.leader) = (true, ctx.ordinal());
                state.term += 1;
                beat(state, params, ctx);
            }
            Happening::Timer(FailoverPairTimer::Beat(term)) => {
                // A takeover has beats of its own; those of earlier terms end.
                if state.leads && term == state.term {
                    beat(state, params, ctx);
                }
            }
            Happening::Finished { .. } | Happening::Surge(_) | Happening::HotKey(..) | Happening::Promote | Happening::Command(_) => {}
        }
    }

    fn serve(
        state: &mut FailoverPairState,
        _: &FailoverPairParams,
        request: &Request,
        _: Handle,
        ctx: &mut Context<Self>,
    ) -> Served {
        if !state.leads {
            return Served::not_leader(Some(state.leader).filter(|it| *it != ctx.ordinal()));
        }
        let version = state.rows.get(&request.key).copied().unwrap_or(1);
        if request.verb == Verb::Read {
            return Served::ok(version);
        }
        state.rows.insert(request.key, version + 1);
        ctx.committed(request.key, version + 1);
        let row = Some((request.key, version + 1));
        ctx.broadcast(&FailoverPairMessage { term: state.term, row });
        Served::ok(version + 1)
    }

    fn gauges(members: &[Option<&FailoverPairState>], _: Nanos) -> Vec<f64> {
        vec![members.iter().flatten().filter(|it| it.leads).count() as f64]
    }

    fn standing(state: &FailoverPairState) -> Standing {
        if state.leads { Standing::Leader } else { Standing::Follower }
    }
}

fn beat(state: &FailoverPairState, params: &FailoverPairParams, ctx: &mut Context<FailoverPair>) {
    ctx.broadcast(&FailoverPairMessage { term: state.term, row: None });
    ctx.timer(params.heartbeat, FailoverPairTimer::Beat(state.term));
}

/// Starts the wait for the next sign of life anew.
fn watch(
    state: &mut FailoverPairState,
    params: &FailoverPairParams,
    ctx: &mut Context<FailoverPair>,
) {
    if let Some(silence) = state.silence.take() {
        ctx.cancel(silence);
    }
    let rank = u64::from(ctx.ordinal().max(1));
    let patience = Nanos(params.patience.0.saturating_mul(rank));
    state.silence = Some(ctx.timer(patience, FailoverPairTimer::Silence));
}
