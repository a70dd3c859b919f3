//! What can befall a message on its way, beyond the time that its path takes.

use crate::base::draw::open_unit;
use crate::base::spread::Spread;
use crate::base::time::Nanos;

use super::context::{Context, Parcel, purpose};
use super::desk::Connection;
use super::{Kinds, Outcome, Request, Verb, Via};

/// What a message's way over a wire takes beyond its latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// Bytes per second each way, all members together, first come first served; 0 for no limit.
    pub bandwidth: f64,
    /// Which part of the messages is lost and sent again.
    pub loss: f64,
    /// Round trips it takes to set a connection up.
    pub setup: u32,
    /// How long a connection is kept without a call; zero for a new one each time.
    pub keep: Nanos,
}

crate::choices! {
    /// How a connection comes about, and what that costs in round trips before the first message: as many
    /// as its place in this list (TCP: RFC 9293, 3.5; TLS 1.3: RFC 8446, 2; TLS 1.2: RFC 5246, 7.3).
    pub enum Connecting {
        /// It is there: nothing is modelled.
        Open = "open",
        /// One round trip.
        Tcp = "tcp",
        /// Two round trips.
        Tls13 = "tls-1.3",
        /// Three round trips.
        Tls12 = "tls-1.2",
    }
}

impl Connecting {
    /// How many round trips it takes.
    pub fn round_trips(self) -> u32 {
        self as u32
    }
}

/// The network between the members of one component: a connection each way of each pair, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mesh {
    /// One-way delay.
    pub latency: Spread,
    /// Bytes per second from one member to another; 0 for no limit.
    pub bandwidth: f64,
    /// Which part of the messages is lost and sent again; those behind wait.
    pub loss: f64,
    /// Round trips it takes to set a connection up.
    pub setup: u32,
}

impl Mesh {
    /// One that loses nothing and carries any amount.
    pub fn of(latency: Spread) -> Self {
        Self { latency, bandwidth: 0.0, loss: 0.0, setup: 0 }
    }

    /// One of so many megabits per second, 0 for no limit.
    pub fn narrow(latency: Spread, megabits: f64, loss: f64, connecting: Connecting) -> Self {
        Self { latency, bandwidth: megabits * 1e6 / 8.0, loss, setup: connecting.round_trips() }
    }
}

crate::stable! { Path { bandwidth, loss, setup, keep } }

/// No retransmission timer is shorter: what Linux does (`TCP_RTO_MIN`), where RFC 6298 would have
/// one second.
const RTO_MIN: Nanos = Nanos::millis(200);
/// Nor longer: RFC 6298, 2.5 allows a bound of at least 60 seconds.
const RTO_MAX: Nanos = Nanos::seconds(60);
/// Draws for the loss of what sets a connection up, after those for how long it takes.
const SYN_LOSS: u64 = 0x80;
/// So many losses of one message in a row at most; then the path is taken to have been repaired.
const LOSSES_MAX: u32 = 15;

/// What the loss of a message costs, again and again with this chance, where messages take `mean`
/// one way: the retransmission timer of RFC 6298 as it is after one measurement (SRTT + 4 RTTVAR =
/// 3 round trips, 2.2), doubled with every further loss (5.5). A message is taken to be one segment,
/// so that no later one tells of the loss sooner (fast retransmit).
pub fn loss_delay(chance: f64, mean: Nanos, bits: u64) -> Nanos {
    backed_off(retransmission_timer(mean), losses(chance, bits))
}

/// What the loss of a message costs before anything has been measured: the timer begins with one second
/// (RFC 6298, 2.1).
fn handshake_loss(chance: f64, bits: u64) -> Nanos {
    backed_off(Nanos::SECOND, losses(chance, bits))
}

/// So many timers, each twice as long as the one before.
fn backed_off(mut timer: Nanos, times: u32) -> Nanos {
    let mut cost = Nanos::ZERO;
    for _ in 0..times {
        cost = cost.saturating_add(timer);
        timer = Nanos(timer.0.saturating_mul(2)).min(RTO_MAX);
    }
    cost
}

/// The first retransmission timer where messages take `mean` one way.
pub fn retransmission_timer(mean: Nanos) -> Nanos {
    Nanos(mean.0.saturating_mul(6)).clamp(RTO_MIN, RTO_MAX)
}

/// How often in a row, each time with this chance: geometric.
fn losses(chance: f64, bits: u64) -> u32 {
    let unit = open_unit(bits);
    if chance >= 1.0 {
        return LOSSES_MAX;
    }
    if unit >= chance {
        return 0;
    }
    ((libm::log(unit) / libm::log(chance)) as u32).min(LOSSES_MAX)
}

/// What headers take of each message with a request or an answer: "typical header sizes of 700-800
/// bytes is common" (SPDY whitepaper, 2009).
pub const HEADERS: u64 = 700;

/// Bytes of a message: headers, and what is sent with it or answered. What fills a cache carries what
/// was answered; failures and misses carry nothing.
pub fn bytes(request: &Request, outcome: Option<Outcome>) -> u64 {
    let Request { size, answer, .. } = request;
    let body = match (outcome, request.verb) {
        (None, Verb::Put) | (Some(Outcome::Ok), Verb::Read | Verb::Write) => answer.get(),
        (None, Verb::Read | Verb::Write | Verb::Flush) => size.get(),
        _ => 0,
    };
    HEADERS + body
}

impl<K: Kinds> Context<'_, K> {
    /// How much later than by its latency alone a message over a wire arrives.
    #[inline(never)]
    pub(super) fn hindrance(
        &mut self,
        to: u32,
        via: Via,
        what: Parcel,
        request: Request,
        outcome: Option<Outcome>,
        purpose: u64,
    ) -> Nanos {
        let (Via::Forth(slot) | Via::Back(slot)) = via else { return Nanos::ZERO };
        let wire = &self.blueprint.wires[slot as usize];
        let now = self.core.now;
        let (mut start, (mut loss, delay)) = (now, self.core.cuts.troubles(self.slot, to, via));
        if let Some(path) = &wire.path {
            if path.setup > 0 && matches!(what, Parcel::Call(_)) {
                start = start.saturating_add(self.connect(slot, to, &request, (loss, delay)));
            }
            if path.bandwidth > 0.0 && !matches!(what, Parcel::Cancel(_)) {
                let back = usize::from(matches!(via, Via::Back(_)));
                let span = bytes(&request, outcome) as f64 / path.bandwidth;
                start = self.pass(slot as usize, back, start, Nanos::from_seconds(span));
            }
            loss = 1.0 - (1.0 - loss) * (1.0 - path.loss);
        }
        let bits = wire.stream.bits(request.id, purpose + purpose::LOSS);
        let lost = if loss > 0.0 { loss_delay(loss, wire.mean_delay(), bits) } else { Nanos::ZERO };
        start.saturating_sub(now).saturating_add(delay).saturating_add(lost)
    }

    /// Puts a message through a narrow wire: it waits for those before it. Gives back when its last
    /// byte is through.
    fn pass(&mut self, wire: usize, back: usize, from: Nanos, span: Nanos) -> Nanos {
        let pipes = &mut self.core.pipes;
        if pipes.len() <= wire {
            pipes.resize(wire + 1, [Nanos::ZERO; 2]);
        }
        let taken = &mut pipes[wire][back];
        *taken = from.max(*taken).saturating_add(span);
        *taken
    }

    /// How long it takes until there is a connection to a member: nothing if there is one, as long
    /// as the handshake under way still takes, or a whole one: a round trip for TCP (RFC 9293, 3.5),
    /// one more for TLS 1.3 (RFC 8446, 2), two more for TLS 1.2 (RFC 5246, 7.3).
    /// What is wrong with the network both ways, `trouble`, is wrong for it too.
    fn connect(&mut self, slot: u32, to: u32, request: &Request, trouble: (f64, Nanos)) -> Nanos {
        let (life, up) = self.core.lives[to as usize];
        let wire = &self.blueprint.wires[slot as usize];
        // A dead host refuses the first knock: that takes as long as refusing a call.
        let Some(path) = wire.path.filter(|_| up) else { return Nanos::ZERO };
        let now = self.core.now;
        let ordinal = self.blueprint.members[to as usize].1;
        let handshake = || {
            let purpose = purpose::SETUP + (u64::from(request.attempt) << 8);
            let more = wire.farther(ordinal);
            let (loss, longer) = (1.0 - (1.0 - trouble.0) * (1.0 - path.loss), trouble.1);
            let lost = |n| match loss > 0.0 {
                true => handshake_loss(loss, wire.stream.bits(request.id, purpose + SYN_LOSS + n)),
                false => Nanos::ZERO,
            };
            let delay = |n| wire.delay(wire.stream.bits(request.id, purpose + n));
            let way = |n| {
                let on_time = delay(n).saturating_add(more).saturating_add(longer);
                on_time.saturating_add(lost(n))
            };
            (0..2 * u64::from(path.setup)).map(way).fold(Nanos::ZERO, Nanos::saturating_add)
        };
        if path.keep == Nanos::ZERO {
            return handshake();
        }
        let ordinal = usize::from(ordinal);
        let route = &mut self.desk.routes[wire.out_index as usize];
        if let (Some(pool), Some(held)) = (wire.pool, &mut route.pool) {
            // A call has a connection to itself.
            return match held.reuse(pool, ordinal as u16, life, now) {
                true => Nanos::ZERO,
                false => handshake(),
            };
        }
        let connections = &mut route.connections;
        if connections.len() <= ordinal {
            connections.resize(ordinal + 1, Connection::default());
        }
        let it = &mut connections[ordinal];
        if it.life != life || it.kept <= now {
            (it.life, it.ready) = (life, now.saturating_add(handshake()));
        }
        it.kept = it.ready.max(now).saturating_add(path.keep);
        it.ready.saturating_sub(now)
    }

    /// Whether there is no connection to another member of the component, nor can one be set up: its
    /// answers do not come through.
    pub(super) fn cannot_meet(&self, to: u16, slot: u32) -> bool {
        let life = self.core.lives[slot as usize].0;
        let known = self.desk.met.get(usize::from(to));
        let known = known.is_some_and(|it| it.life == life && it.kept > Nanos::ZERO);
        !known && self.core.cuts.stops(slot, self.slot, Via::Mesh(slot))
    }

    /// When a connection to another member of the component is ready, of which a message takes `more`
    /// than its latency one way: it is set up when something is first said to that life of it.
    #[cold]
    #[inline(never)]
    pub(super) fn meet(&mut self, to: u16, slot: u32, more: Nanos) -> Nanos {
        let (life, up) = self.core.lives[slot as usize];
        let (mesh, at, now) = (self.component.mesh, usize::from(to), self.core.now);
        let known = self.desk.met.get(at).filter(|it| it.life == life && it.kept > Nanos::ZERO);
        if let Some(it) = known {
            return it.ready;
        }
        // A dead host refuses the first knock, and what is said to it is lost anyway.
        if !up {
            return now;
        }
        let mut ready = now;
        let (loss, longer) = self.core.cuts.troubles(self.slot, slot, Via::Mesh(self.slot));
        let loss = 1.0 - (1.0 - loss) * (1.0 - mesh.loss);
        for _ in 0..2 * mesh.setup {
            let way = mesh.latency.sample(self.draw_next());
            ready = ready.saturating_add(way).saturating_add(more).saturating_add(longer);
            if loss > 0.0 {
                ready = ready.saturating_add(handshake_loss(loss, self.draw_next()));
            }
        }
        let met = &mut self.desk.met;
        if met.len() <= at {
            met.resize(at + 1, Connection::default());
        }
        met[at] = Connection { life, ready, kept: Nanos::MAX };
        ready
    }

    /// How much longer a message to a member takes because of what is wrong with the network.
    pub(super) fn trouble(&self, to: u32, via: Via, mean: Nanos, bits: u64) -> Nanos {
        let (loss, delay) = self.core.cuts.troubles(self.slot, to, via);
        if loss == 0.0 { delay } else { delay.saturating_add(loss_delay(loss, mean, bits)) }
    }

    /// How long a piece of work takes if the member fails for some requests only.
    pub(super) fn gray(&self, work: Nanos, request: u64) -> Nanos {
        let Some(gray) = self.desk.gray else { return work };
        let bits = self.component.stream.bits(request, purpose::GRAY + u64::from(self.ordinal));
        if open_unit(bits) >= gray.share {
            return work;
        }
        Nanos((work.0 as f64 * gray.factor + 0.5) as u64)
    }
}
