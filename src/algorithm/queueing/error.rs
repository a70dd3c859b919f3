//! How far means measured over a finite run may be from those of the long run: asymptotic variances,
//! exact for the models named. Divided by the length of the run in seconds they are the squared
//! standard errors, for runs that are long beside the time the queue takes to forget.
//!
//! The method is the same throughout: a mean of a Markov process measured over time, or over jumps,
//! has the variance of the martingale that solves Poisson's equation (Whitt, "Asymptotic formulas
//! for Markov processes with applications to simulation", Operations Research 40(2), 1992; Glynn and
//! Whitt, "Indirect estimation via L = λW", Operations Research 37(1), 1989, for means per customer).

use super::{Load, mg1, mmck, stable};

/// Asymptotic variances: over the seconds a run lasts, the squares of standard errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variances {
    /// Of the share of time a server is busy, times seconds.
    pub utilization: f64,
    /// Of the number waiting, times seconds.
    pub waiting: f64,
    /// Of the mean time to wait of those served, seconds³.
    pub wait_s: f64,
    /// Of the mean time from arrival to completion of those served, seconds³.
    pub stay_s: f64,
}

/// One server, unlimited room, served in order of arrival, service times with these moments about
/// zero: E\[S\] to E\[S⁴\], seconds to the same powers. None if there is no steady state; infinite if
/// the tail of service times is too heavy.
///
/// Solved with the workload V, whose Poisson equation for x − E\[V\] has the solution
/// x² / 2 (1 − ρ); E\[V\] and E\[V²\] are Takács' (K section 5.7).
pub fn mg1_variances(arrivals_per_s: f64, moments: [f64; 4]) -> Option<Variances> {
    let [m1, m2, m3, m4] = moments;
    let busy = arrivals_per_s * m1;
    let steady = mg1(Load { arrivals_per_s, services_per_s: 1.0 / m1 }, m2 / (m1 * m1) - 1.0)?;
    let wait = steady.wait_s;
    let wait2 = 2.0 * wait * wait + arrivals_per_s * m3 / (3.0 * (1.0 - busy));
    // What an arrival adds to the solution is a (2 V S + S²).
    let a = arrivals_per_s / (2.0 * (1.0 - busy));
    let added = a * a * (4.0 * wait2 * m2 + 4.0 * wait * m3 + m4);
    let spread = wait2 - wait * wait;
    // Per arrival, its wait less the mean wait; per second, all waits as they come.
    let per_arrival = added + 4.0 * a * spread * m1 + spread;
    let per_second = added + 2.0 * a * (2.0 * wait2 * m1 + wait * m2) + wait2;
    let service = m2 - m1 * m1;
    let both = 2.0 * a * (2.0 * wait * service + m3 - m1 * m2) + service;
    Some(Variances {
        utilization: arrivals_per_s * m2,
        waiting: arrivals_per_s * per_second,
        wait_s: per_arrival / arrivals_per_s,
        stay_s: (per_arrival + both) / arrivals_per_s,
    })
}

/// `servers` servers with exponential service times and room for `places` requests in all, those in
/// service included; who finds no place is lost. `places` is at least `servers`.
///
/// The number present is a birth-and-death process, whose Poisson equation is a sum (Whitt 1992,
/// section 4).
pub fn mmck_variances(load: Load, servers: u32, places: u32) -> Variances {
    let steady = mmck(load, servers, places);
    let chain = Chain::new(load, servers, places);
    let busy = |n: u32| f64::from(n.min(servers));
    let waiting = |n: u32| f64::from(n.saturating_sub(servers));
    let entry = load.arrivals_per_s * (1.0 - steady.loss_chance);
    let each = |of: &dyn Fn(u32) -> f64, mean: f64| chain.variance(of, -mean) / (entry * entry);
    Variances {
        utilization: chain.variance(&busy, 0.0) / (f64::from(servers) * f64::from(servers)),
        waiting: chain.variance(&waiting, 0.0),
        wait_s: each(&waiting, steady.wait_s),
        stay_s: each(&|n| f64::from(n), steady.stay_s),
    }
}

/// `servers` servers, exponential service times, unlimited room: as with so much room that it is
/// never full but once in 10¹². None if there is no steady state.
pub fn mmc_variances(load: Load, servers: u32) -> Option<Variances> {
    let places = roomy(load, servers)?;
    Some(mmck_variances(load, servers, places))
}

/// So many places in M/M/c that all of them are taken less than once in 10¹² looks.
fn roomy(load: Load, servers: u32) -> Option<u32> {
    let utilization = stable(load, servers)?.clamp(1e-6, 0.999_9);
    let line = libm::ceil(libm::log(1e-12) / libm::log(utilization));
    Some(servers.saturating_add(line as u32))
}

/// The time in which a station with a line of `queue` forgets how it began, in seconds: one over the
/// spectral gap of M/M/1/K with all servers as one, λ + c μ − 2 √(λ c μ) cos(π / (K + 1)) (Takács,
/// "Introduction to the theory of queues", 1962, section 1.2; for an endless line Kleinrock vol. 2,
/// section 2.9), but never sooner than one service; as much longer as service times vary more, and
/// where more comes than is served, until the line has filled.
pub fn forgets_s(load: Load, servers: u32, queue: u32, variation: f64) -> f64 {
    let Load { arrivals_per_s: comes, services_per_s } = load;
    let goes = f64::from(servers) * services_per_s;
    let bend = libm::cos(std::f64::consts::PI / (f64::from(queue) + 2.0));
    let gap = comes + goes - 2.0 * libm::sqrt(comes * goes) * bend;
    let fills = if comes > goes { f64::from(queue) / (comes - goes) } else { 0.0 };
    ((1.0 + variation) / 2.0).max(1.0) / gap.min(services_per_s) + fills
}

/// The standard error after so many seconds of a mean with this asymptotic variance.
pub fn standard_error(variance: f64, run_s: f64) -> f64 {
    libm::sqrt(variance / run_s)
}

/// A birth-and-death process: chances of its states, and how often each is left upwards.
struct Chain {
    chances: Vec<f64>,
    arrivals_per_s: f64,
}

impl Chain {
    fn new(load: Load, servers: u32, places: u32) -> Self {
        let mut chances = vec![1.0];
        let (mut state, mut total) = (1.0_f64, 1.0_f64);
        for present in 1..=places {
            state *= load.erlangs() / f64::from(present.min(servers));
            if state > super::LARGE {
                chances.iter_mut().for_each(|it| *it /= super::LARGE);
                (state, total) = (state / super::LARGE, total / super::LARGE);
            }
            total += state;
            chances.push(state);
        }
        chances.iter_mut().for_each(|it| *it /= total);
        Self { chances, arrivals_per_s: load.arrivals_per_s }
    }

    /// The asymptotic variance of the time average of `of`, with `jump` added at every arrival that
    /// is let in.
    fn variance(&self, of: &dyn Fn(u32) -> f64, jump: f64) -> f64 {
        let last = self.chances.len() - 1;
        let up = |n: usize| if n < last { self.arrivals_per_s } else { 0.0 };
        let reward = |n: usize| of(n as u32) + jump * up(n);
        let mean: f64 = self.chances.iter().enumerate().map(|(n, it)| it * reward(n)).sum();
        let part = |n: usize| self.chances[n] * (reward(n) - mean);
        // What flows from one state to the next is known from below and from above: from where less
        // is added up, since the difference of what is nearly the same has no digits left.
        let mut below = 0.0;
        let middle = self.chances.iter().position(|it| {
            below += it;
            below >= 0.5
        });
        let middle = middle.unwrap_or(last).min(last);
        let mut flows = vec![0.0; last];
        let mut sum = 0.0;
        for (n, flow) in flows.iter_mut().enumerate().take(middle) {
            sum -= part(n);
            *flow = sum;
        }
        sum = 0.0;
        for (n, flow) in flows.iter_mut().enumerate().skip(middle).rev() {
            sum += part(n + 1);
            *flow = sum;
        }
        let mut variance = 0.0;
        for (n, sum) in flows.into_iter().enumerate() {
            let flow = up(n) * self.chances[n];
            if flow > 0.0 {
                let step = sum / flow;
                variance += flow * ((step + jump) * (step + jump) + step * step);
            }
        }
        variance
    }
}

#[cfg(test)]
mod tests {
    use super::super::{mm1_present_error, mmc};
    use super::*;

    fn load(arrivals_per_s: f64, services_per_s: f64) -> Load {
        Load { arrivals_per_s, services_per_s }
    }

    fn exponential(mean: f64) -> [f64; 4] {
        [mean, 2.0 * mean * mean, 6.0 * libm::pow(mean, 3.0), 24.0 * libm::pow(mean, 4.0)]
    }

    #[track_caller]
    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() <= tolerance, "{found} is not {expected}");
    }

    /// Waiting times in M/M/1: ρ (2 + 5 ρ − 4 ρ² + ρ³) / μ² (1 − ρ)⁴ per customer (Daley, "The
    /// serial correlation coefficients of waiting times in a stationary single server queue",
    /// J. Austral. Math. Soc. 8, 1968; also in Whitt, Management Science 35(11), 1989).
    #[test]
    fn waits_of_mm1_agree_with_daley() {
        for rho in [0.2, 0.5, 0.8, 0.9] {
            let daley = rho * (2.0 + 5.0 * rho - 4.0 * rho * rho + rho * rho * rho)
                / libm::pow(1.0 - rho, 4.0)
                / (10.0 * 10.0);
            let arrivals = 10.0 * rho;
            let found = mg1_variances(arrivals, exponential(0.1)).unwrap();
            near(found.wait_s * arrivals, daley, 1e-9);
            near(mmc_variances(load(arrivals, 10.0), 1).unwrap().wait_s * arrivals, daley, 1e-6);
        }
    }

    /// The number present in M/M/1 as Whitt has it, by the chain.
    #[test]
    fn the_number_present_in_mm1_agrees_with_whitt() {
        for rho in [0.3, 0.7, 0.9] {
            let load = load(100.0 * rho, 100.0);
            let chain = Chain::new(load, 1, roomy(load, 1).unwrap());
            let found = standard_error(chain.variance(&|n| f64::from(n), 0.0), 60.0);
            near(found, mm1_present_error(load, 60.0).unwrap(), 1e-6);
        }
    }

    /// Two ways to the same: the workload of M/G/1 with exponential service, and the chain.
    #[test]
    fn workload_and_chain_agree_on_mm1() {
        for rho in [0.3, 0.6, 0.9] {
            let one = mg1_variances(50.0 * rho, exponential(0.02)).unwrap();
            let other = mmc_variances(load(50.0 * rho, 50.0), 1).unwrap();
            near(one.utilization, other.utilization, 1e-6);
            near(one.waiting, other.waiting, 1e-6);
            near(one.stay_s, other.stay_s, 1e-6);
        }
    }

    /// Without room to wait and with servers enough for all, M/M/∞: the number in service forgets
    /// at the rate μ, so that its asymptotic variance is 2 a / μ (Whitt 1992).
    #[test]
    fn many_servers_forget_at_the_service_rate() {
        let (load, servers) = (load(40.0, 8.0), 60);
        let found = mmck_variances(load, servers, servers);
        near(found.utilization * 3_600.0, 2.0 * 5.0 / 8.0, 1e-9);
        assert!(mmc(load, servers).is_some() && found.waiting == 0.0);
    }
}
