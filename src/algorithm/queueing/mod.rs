//! Closed forms of queueing theory: what a simulated queue must agree with in the long run.
//!
//! Sources, named at each formula: Kleinrock, "Queueing systems", vol. 1, 1975 (K); Gross, Shortle,
//! Thompson and Harris, "Fundamentals of queueing theory", 4th ed., 2008 (GH). Arrivals are Poisson
//! throughout. Rates are per second, times in seconds. None means that there is no steady state.

pub mod error;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Sums are scaled down when they pass this, so that no load overflows them.
const LARGE: f64 = 1e200;

/// What comes in and how fast one server serves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Requests per second that arrive (λ).
    pub arrivals_per_s: f64,
    /// Requests per second that one server that never idles completes (μ).
    pub services_per_s: f64,
}

impl Load {
    /// The offered load in erlangs: how many servers would be busy if nobody waited (λ/μ).
    pub fn erlangs(self) -> f64 {
        self.arrivals_per_s / self.services_per_s
    }
}

/// The long-run means of a station.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// The share of time a server is busy (ρ).
    pub utilization: f64,
    /// The chance that an accepted request has to wait.
    pub wait_chance: f64,
    /// Requests waiting, on average (Lq).
    pub waiting: f64,
    /// Requests waiting or in service, on average (L).
    pub present: f64,
    /// The time an accepted request waits, on average (Wq).
    pub wait_s: f64,
    /// The time from arrival to completion, on average (W).
    pub stay_s: f64,
    /// The chance that an arrival finds no place and is lost.
    pub loss_chance: f64,
}

impl Steady {
    /// Completes the means by Little's law (K section 2.1): L = λ W and Lq = λ Wq, with the
    /// arrivals that are accepted.
    fn from_waiting(load: Load, servers: u32, chances: Chances, waiting: f64) -> Self {
        let accepted_per_s = load.arrivals_per_s * chances.entry;
        let busy = accepted_per_s / load.services_per_s;
        let wait_s = if accepted_per_s > 0.0 { waiting / accepted_per_s } else { 0.0 };
        Self {
            utilization: busy / f64::from(servers),
            wait_chance: chances.wait,
            waiting,
            present: waiting + busy,
            wait_s,
            stay_s: wait_s + 1.0 / load.services_per_s,
            loss_chance: chances.loss,
        }
    }
}

/// What an arrival may meet.
struct Chances {
    wait: f64,
    loss: f64,
    /// One minus the loss, given apart because near 0 the difference would lose its digits.
    entry: f64,
}

impl Chances {
    /// With room for all.
    fn roomy(wait: f64) -> Self {
        Self { wait, loss: 0.0, entry: 1.0 }
    }
}

/// One server, exponential service times, unlimited room (K section 3.2; GH section 2.2).
pub fn mm1(load: Load) -> Option<Steady> {
    mmc(load, 1)
}

/// One server, unlimited room, any service time: the Pollaczek–Khinchine formula
/// Lq = ρ² (1 + c²) / 2 (1 − ρ) (K section 5.6; GH section 5.1). `variation` is c², the variance
/// of the service time over its squared mean: 0 constant, 1 exponential.
pub fn mg1(load: Load, variation: f64) -> Option<Steady> {
    let busy = stable(load, 1)?;
    let waiting = busy * busy * (1.0 + variation) / (2.0 * (1.0 - busy));
    Some(Steady::from_waiting(load, 1, Chances::roomy(busy), waiting))
}

/// One server, unlimited room, constant service times: half the waiting of M/M/1 (K section 5.6).
pub fn md1(load: Load) -> Option<Steady> {
    mg1(load, 0.0)
}

/// `servers` servers, exponential service times, unlimited room: Lq = C ρ / (1 − ρ) with Erlang's C
/// (K section 3.5; GH section 2.3).
pub fn mmc(load: Load, servers: u32) -> Option<Steady> {
    let utilization = stable(load, servers)?;
    let wait = erlang_c(load.erlangs(), servers)?;
    let waiting = wait * utilization / (1.0 - utilization);
    Some(Steady::from_waiting(load, servers, Chances::roomy(wait), waiting))
}

/// `servers` servers and room for `places` requests in all, those in service included; who finds
/// no place is lost (K section 3.7; GH section 2.5). `places` is at least `servers`. Always steady.
///
/// Summed from the state probabilities p(n+1) = p(n) λ / min(n+1, c) μ, scaled as it goes.
pub fn mmck(load: Load, servers: u32, places: u32) -> Steady {
    assert!(1 <= servers && servers <= places, "at least one server, and room for all of them");
    let erlangs = load.erlangs();
    // The last state, the sum of those before it, the part of those that wait, and Lq; unscaled.
    let (mut state, mut open, mut queued, mut waiting) = (1.0, 0.0, 0.0, 0.0);
    for present in 1..=places {
        open += state;
        if servers < present {
            queued += state;
        }
        state *= erlangs / f64::from(present.min(servers));
        waiting += state * f64::from(present.saturating_sub(servers));
        if state > LARGE {
            for sum in [&mut state, &mut open, &mut queued, &mut waiting] {
                *sum /= LARGE;
            }
        }
    }
    let total = open + state;
    let chances = Chances { wait: queued / open, loss: state / total, entry: open / total };
    Steady::from_waiting(load, servers, chances, waiting / total)
}

/// Erlang's B: the chance that an arrival finds all `servers` busy and is lost, with no room to
/// wait (K section 3.6; GH section 2.6). By the recursion B(n) = a B(n-1) / (n + a B(n-1)), which
/// never leaves 0 to 1.
pub fn erlang_b(erlangs: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |loss, n| erlangs * loss / (f64::from(n) + erlangs * loss))
}

/// Erlang's C: the chance that an arrival finds all `servers` busy and waits (K section 3.5; GH
/// section 2.3), from B: C = B / (1 - ρ (1 - B)).
pub fn erlang_c(erlangs: f64, servers: u32) -> Option<f64> {
    let utilization = erlangs / f64::from(servers);
    if servers == 0 || !(0.0..1.0).contains(&utilization) {
        return None;
    }
    let loss = erlang_b(erlangs, servers);
    Some(loss / (1.0 - utilization * (1.0 - loss)))
}

/// The chance to wait longer than `wait_s` in M/M/c, served in order of arrival:
/// C exp(-(c μ - λ) t) (GH section 2.3).
pub fn mmc_wait_exceeds(load: Load, servers: u32, wait_s: f64) -> Option<f64> {
    let wait = erlang_c(load.erlangs(), servers)?;
    let spare_per_s = f64::from(servers) * load.services_per_s - load.arrivals_per_s;
    Some(wait * libm::exp(-spare_per_s * wait_s))
}

/// The time a share of `q` (0 to 1) of all requests stays at most, in M/M/1 served in order of
/// arrival: the stay is exponential with mean 1 / (μ - λ) (K section 5.7).
pub fn mm1_stay_quantile_s(load: Load, q: f64) -> Option<f64> {
    stable(load, 1)?;
    Some(-libm::log(1.0 - q) / (load.services_per_s - load.arrivals_per_s))
}

/// The variance of the number present in M/M/1: ρ / (1 - ρ)² (K section 3.2).
pub fn mm1_present_variance(load: Load) -> Option<f64> {
    let busy = stable(load, 1)?;
    Some(busy / ((1.0 - busy) * (1.0 - busy)))
}

/// The standard error of L measured as a time average over `run_s` seconds of M/M/1: the root of
/// 2 ρ (1 + ρ) / (1 - ρ)⁴ over μ times the run (Whitt, "Planning queueing simulations", Management
/// Science 35(11), 1989). It says how long to run: at ρ = 0.9, 0.1 takes 3.4 million services.
pub fn mm1_present_error(load: Load, run_s: f64) -> Option<f64> {
    let busy = stable(load, 1)?;
    let idle = 1.0 - busy;
    let spread = 2.0 * busy * (1.0 + busy) / (idle * idle * idle * idle);
    Some((spread / (load.services_per_s * run_s)).sqrt())
}

/// The utilization, if the servers can keep up.
fn stable(load: Load, servers: u32) -> Option<f64> {
    let utilization = load.erlangs() / f64::from(servers);
    (0.0..1.0).contains(&utilization).then_some(utilization)
}
