//! What can befall a message on its way, beyond the time that its path takes.

use crate::base::draw::open_unit;
use crate::base::time::Nanos;

use super::context::{Context, purpose};
use super::{Kinds, Via};

/// No retransmission timer is shorter: what Linux does (`TCP_RTO_MIN`), where RFC 6298 would have
/// one second.
const RTO_MIN: Nanos = Nanos::millis(200);
/// Nor longer: RFC 6298, 2.5 allows a bound of at least 60 seconds.
const RTO_MAX: Nanos = Nanos::seconds(60);
/// So many losses of one message in a row at most; then the path is taken to have been repaired.
const LOSSES_MAX: u32 = 15;

/// What the loss of a message costs, again and again with this chance, where messages take `mean`
/// one way: the retransmission timer of RFC 6298 as it is after one measurement (SRTT + 4 RTTVAR =
/// 3 round trips, 2.2), doubled with every further loss (5.5). A message is taken to be one segment,
/// so that no later one tells of the loss sooner (fast retransmit).
pub fn loss_delay(chance: f64, mean: Nanos, bits: u64) -> Nanos {
    let mut timer = retransmission_timer(mean);
    let mut cost = Nanos::ZERO;
    for _ in 0..losses(chance, bits) {
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

impl<K: Kinds> Context<'_, K> {
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
