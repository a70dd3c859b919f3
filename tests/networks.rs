//! A network of stations against Jackson's theorem (J. R. Jackson, "Networks of waiting lines",
//! Operations Research 5, 1957): with exponential work, Poisson arrivals and handlers that do not
//! hold a worker while they wait, each station is an M/M/c queue at the rate that reaches it, however
//! paths split and join. Fixed seeds 1 to 30: pooled |z| < 4, and the 95 % interval that each run
//! gives by itself holds the theory's value in 80 to 100 % of the runs.

use crate::common::*;
use ringside::algorithm::queueing::{self, Load, Steady};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::component::{Registry, Spec};
use ringside::document::{Design, WireParams};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};

const RUNS: u64 = 30;

/// A station: workers, mean work, and requests that come to it per second.
#[derive(Clone, Copy)]
struct Station {
    id: &'static str,
    workers: u32,
    work: Nanos,
    per_s: f64,
}

impl Station {
    fn theory(self, off: f64) -> Steady {
        let services_per_s = 1.0 / self.work.as_seconds();
        let load = Load { arrivals_per_s: self.per_s * off, services_per_s };
        queueing::mmc(load, self.workers).expect("a steady state")
    }
}

/// Requests per second from outside, and of ten how many take the upper path.
const RATE: f64 = 1_000.0;
const UPPER: u32 = 6;

const fn station(id: &'static str, workers: u32, micros: u64, per_s: f64) -> Station {
    Station { id, workers, work: Nanos::micros(micros), per_s }
}

/// Front, then upper or lower, each of which needs the store, and then the mail.
const STATIONS: [Station; 5] = [
    station("front", 2, 1_000, RATE),
    station("upper", 1, 1_000, 0.1 * UPPER as f64 * RATE),
    station("lower", 1, 1_250, (1.0 - 0.1 * UPPER as f64) * RATE),
    station("store", 3, 2_000, RATE),
    station("mail", 1, 700, RATE),
];

fn network() -> Design {
    let mut it = design();
    let class = |name: &str, weight| Class { name: name.into(), weight, ..Class::default() };
    let people = ClientParams {
        rate: Rate(RATE),
        classes: vec![class("up", UPPER), class("down", 10 - UPPER)],
        keys: 1,
        timeout: FOREVER,
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    for Station { id, workers, work, .. } in STATIONS {
        let service = ServiceParams {
            instances: 1,
            workers,
            queue: 1_000_000,
            work,
            work_shape: Shape::Exponential,
            hold_worker: false,
            drop_expired: false,
            ..ServiceParams::default()
        };
        add(&mut it, id, Spec::Service(service));
    }
    wire(&mut it, "people", "front", instant());
    let only = |class: &str| WireParams { classes: class.into(), ..instant() };
    wire(&mut it, "front", "upper", only("up"));
    wire(&mut it, "front", "lower", only("down"));
    wire(&mut it, "front", "mail", instant());
    wire(&mut it, "upper", "store", instant());
    wire(&mut it, "lower", "store", instant());
    it
}

/// How many are at each station over time, in batches, and how long requests stay in all.
struct Meter {
    members: Vec<u32>,
    from: Nanos,
    batch: Nanos,
    last: Nanos,
    present: Vec<u32>,
    /// By station and batch.
    areas: Vec<[u128; BATCHES]>,
    stays_ns: u128,
    ended: u64,
}

impl Meter {
    /// Adds what has been there since the last change to the batches it falls in.
    fn at(&mut self, at: Nanos) {
        let mut since = self.last.max(self.from);
        while since < at {
            let batch = ((since - self.from).0 / self.batch.0) as usize;
            let end = self.from + Nanos(self.batch.0 * (batch as u64 + 1));
            let until = at.min(end);
            if batch < BATCHES {
                for (areas, present) in self.areas.iter_mut().zip(&self.present) {
                    areas[batch] += u128::from((until - since).0) * u128::from(*present);
                }
            }
            since = until;
        }
        self.last = self.last.max(at);
    }
}

impl Watch<Registry> for Meter {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            match *note {
                Note::Places { member, waiting, busy, .. } => {
                    if let Some(index) = self.members.iter().position(|it| *it == member) {
                        self.at(at);
                        self.present[index] = waiting + busy;
                    }
                }
                Note::Ended { member, outcome, arrived, .. }
                    if member == self.members[0] && arrived >= self.from =>
                {
                    assert_eq!(outcome, Outcome::Ok);
                    self.ended += 1;
                    self.stays_ns += u128::from((at - arrived).0);
                }
                _ => {}
            }
        }
    }
}

/// What one run showed: by station the mean of those present in each batch, and the mean stay.
struct Seen {
    present: Vec<[f64; BATCHES]>,
    stay_s: f64,
}

fn run(design: &Design, seed: u64) -> Seen {
    let mut world = start(design, seed);
    let (from, batch) = (Nanos::seconds(2), Nanos::millis(1_500));
    let mut meter = Meter {
        members: STATIONS.iter().map(|it| slots(&world, it.id)[0]).collect(),
        from,
        batch,
        last: Nanos::ZERO,
        present: vec![0; STATIONS.len()],
        areas: vec![[0; BATCHES]; STATIONS.len()],
        stays_ns: 0,
        ended: 0,
    };
    let until = from + Nanos(batch.0 * BATCHES as u64);
    world.run(until, u64::MAX, &mut meter);
    meter.at(until);
    let mean = |area: u128| area as f64 / batch.0 as f64;
    let present = meter.areas.iter().map(|it| it.map(mean)).collect();
    Seen { present, stay_s: meter.stays_ns as f64 / 1e9 / meter.ended as f64 }
}

#[test]
fn every_station_of_a_network_is_a_queue_of_its_own() {
    let design = network();
    let seen: Vec<_> = (1..=RUNS).map(|seed| run(&design, seed)).collect();
    for (index, station) in STATIONS.iter().enumerate() {
        let means: Vec<_> = seen.iter().map(|it| mean(&it.present[index])).collect();
        let intervals: Vec<_> = seen.iter().map(|it| interval(&it.present[index])).collect();
        let (right, wrong) = (station.theory(1.0).present, station.theory(1.05).present);
        let (z, off) = (z(&means, right), z(&means, wrong));
        println!("{}: L = {right:.3}, z = {z:.2}, 5 % more load: z = {off:.0}", station.id);
        assert!(z.abs() < Z_MAX, "{}: z = {z}", station.id);
        assert!(off.abs() >= Z_MAX, "{}: 5 % more load is not noticed: z = {off}", station.id);
        check_covered(station.id, &intervals, right, wrong);
    }
    // Little's law for the whole: those present anywhere, over the rate.
    let present: f64 = STATIONS.iter().map(|it| it.theory(1.0).present).sum();
    let stays: Vec<_> = seen.iter().map(|it| it.stay_s).collect();
    let z = z(&stays, present / RATE);
    println!("stay {:.3} ms, z = {z:.2}", present / RATE * 1e3);
    assert!(z.abs() < Z_MAX, "stay in all: z = {z}");
}
