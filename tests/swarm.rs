//! Random faults and live edits: calls are conserved, desks are sound, and the live run equals the
//! replay of its base and inputs, for the book store and for random designs of every kind.
//! `make swarm` runs thousands, `SEED=n make swarm` repeats one.
#![cfg(not(target_arch = "wasm32"))]

mod common;
#[path = "swarm/designs.rs"]
mod designs;

use std::cell::Cell;

use common::*;
use ringside::algorithm::balancing::Rule;
use ringside::algorithm::eviction::Policy;
use ringside::algorithm::traffic::recording::Recording;
use ringside::base::draw::Stream;
use ringside::base::geometry::Point;
use ringside::base::time::{Nanos, Offset};
use ringside::base::unit::{Rate, Share};
use ringside::component::cache::Strategy;
use ringside::component::client::Load;
use ringside::component::service::{Calls, ServiceParams};
use ringside::component::sql_db::{Detector, Failover, Replication};
use ringside::component::{Spec, State};
use ringside::document::zone::settle;
use ringside::document::{Connecting, Design, Place, ZonePair};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Scope, Ways};
use ringside::engine::policy::Pauses;

const SEEDS: u64 = 60;
const DESIGNS: u64 = 150;
const INPUTS: u64 = 60;

fn base() -> Design {
    let mut it = bookstore(150.0);
    wire(&mut it, "cache", "store", Default::default());
    add(&mut it, "bank", Spec::FailoverPair(Default::default()));
    add(&mut it, "lock", Spec::RaftGroup(Default::default()));
    add(&mut it, "clerks", Spec::Client(client(60.0, 1, 1)));
    add(&mut it, "desk", Spec::Service(ServiceParams::default()));
    wire(&mut it, "clerks", "desk", Default::default());
    wire(&mut it, "desk", "bank", Default::default());
    wire(&mut it, "desk", "lock", Default::default());
    zones(&mut it);
    it
}

/// Three rows of three places, and zones that hold a row, two columns, and one place of both.
fn zones(design: &mut Design) {
    for (index, it) in design.components.values_mut().enumerate() {
        it.at = PLACES[index % PLACES.len()];
    }
    zone(design, "north", [-50.0, -50.0, 1_000.0, 200.0], Nanos::millis(3));
    zone(design, "west", [-50.0, -50.0, 700.0, 700.0], Nanos::micros(400));
    settle(design);
}

/// Where components may stand.
const PLACES: [Point; 9] = {
    let mut places = [Point::new(0.0, 0.0); 9];
    let mut index = 0;
    while index < 9 {
        places[index] = Point::new(300.0 * (index % 3) as f64, 200.0 * (index / 3) as f64);
        index += 1;
    }
    places
};

/// Draws of one schedule.
struct Dice {
    stream: Stream,
    thrown: u64,
}

impl Dice {
    fn new(seed: u64, id: &str) -> Self {
        Self { stream: Stream::new(seed, id), thrown: 0 }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.thrown += 1;
        self.stream.bits(self.thrown, 1) % limit
    }

    fn of<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    fn id(&mut self, design: &Design) -> String {
        let ids: Vec<_> = design.components.keys().collect();
        ids[self.below(ids.len() as u64) as usize].clone()
    }

    fn member(&mut self, design: &Design) -> String {
        let id = self.id(design);
        let members = design.components[&id].spec.members();
        format!("{id}/{}", self.below(u64::from(members)))
    }
}

fn fault(dice: &mut Dice, design: &Design) -> Fault {
    let ways = [Ways::Both, Ways::Forth, Ways::Back][dice.below(3) as usize];
    let name = format!("p{}", dice.below(3));
    match dice.below(28) {
        27 => {
            let words = dice.of(&[
                "INCR hits",
                "SET greeting hello EX 2",
                "ZADD board 10 ann 7 bob",
                "XADD log * level warn",
                "SPOP bag",
                "SADD bag a b c",
                "GET greeting",
                "LPUSH greeting wrong-type",
                "NOSUCH command",
            ]);
            Fault::Command { target: target(&dice.member(design)), words: words.into() }
        }
        20 => {
            let factor = [0.0, 0.3, 1.0, 1.0, 3.0][dice.below(5) as usize];
            Fault::Spike { target: target(&dice.id(design)), factor }
        }
        21 => {
            let share = [0.0, 0.0, 0.3, 1.0][dice.below(4) as usize];
            Fault::HotKey { target: target(&dice.id(design)), key: dice.below(300) as u32, share }
        }
        22 | 23 if !design.zones.is_empty() => Fault::ZoneOutage { zone: some_zone(dice, design) },
        24..=26 if !design.zones.is_empty() => Fault::ZoneRestart { zone: some_zone(dice, design) },
        0 | 1 => Fault::Crash(target(&dice.member(design))),
        2 | 3 => Fault::Restart(target(&dice.id(design))),
        4 => {
            let factor = [0.5, 1.0, 1.0, 10.0, 100.0][dice.below(5) as usize];
            Fault::Slow { target: target(&dice.member(design)), factor }
        }
        5 => Fault::CutWire { wire: some_wire(dice, design), ways },
        6 => Fault::MendWire { wire: some_wire(dice, design) },
        7 | 8 => {
            let (one, other) = (dice.member(design), dice.member(design));
            let far = dice.id(design);
            cut(&name, &[one.as_str()], &[other.as_str(), far.as_str()], ways)
        }
        9 | 10 => heal(&name),
        11 => Fault::Gray {
            target: target(&dice.member(design)),
            share: [0.0, 0.2, 1.0][dice.below(3) as usize],
            factor: [0.5, 20.0][dice.below(2) as usize],
        },
        12 => {
            let offset = Offset([0, 3_000_000_000, -3_000_000_000][dice.below(3) as usize]);
            Fault::Skew { target: target(&dice.id(design)), offset }
        }
        13 => Fault::Flush(target(&dice.id(design))),
        18 | 19 => Fault::Promote(target(&dice.member(design))),
        14 | 15 => {
            let share = [0.0, 0.0, 0.05, 0.5, 1.0][dice.below(5) as usize];
            Fault::Loss { on: scope(dice, design), share }
        }
        _ => {
            let by = Nanos::millis([0, 0, 1, 30, 2_000][dice.below(5) as usize]);
            Fault::Delay { on: scope(dice, design), by }
        }
    }
}

fn scope(dice: &mut Dice, design: &Design) -> Scope {
    match dice.below(2) {
        0 => Scope::Wire(some_wire(dice, design)),
        _ => Scope::Target(target(&dice.member(design))),
    }
}

/// Something befalls one message that is under way.
fn mishap(dice: &mut Dice, live: &Live) -> Option<Fault> {
    let mut messages: Vec<_> = live.world.messages().map(|it| it.0).collect();
    messages.sort_unstable();
    let message = *messages.get(dice.below(messages.len().max(1) as u64) as usize)?;
    let by = Nanos::millis(dice.below(800));
    let design = &live.design;
    Some(match dice.below(if design.wires.is_empty() { 2 } else { 4 }) {
        0 => Fault::DropMessage { message },
        1 => Fault::DelayMessage { message, by },
        2 => Fault::DropNext { on: scope(dice, design) },
        _ => Fault::DelayNext { on: scope(dice, design), by },
    })
}

fn some_wire(dice: &mut Dice, design: &Design) -> String {
    let ids: Vec<_> = design.wires.keys().collect();
    ids[dice.below(ids.len() as u64) as usize].clone()
}

fn some_zone(dice: &mut Dice, design: &Design) -> String {
    let ids: Vec<_> = design.zones.keys().collect();
    ids[dice.below(ids.len() as u64) as usize].clone()
}

/// A zone comes, goes, moves or is further away, or somebody moves.
fn edit_zones(dice: &mut Dice, design: &mut Design) {
    let id = ["north", "west", "isle"][dice.below(3) as usize];
    match dice.below(6) {
        0 => _ = design.zones.remove(id),
        1 => {
            let [x, y] = [(); 2].map(|()| 100.0 * dice.below(7) as f64 - 60.0);
            let far = Nanos::micros(dice.below(20_000));
            zone(design, id, [x, y, 150.0 + 100.0 * dice.below(6) as f64, 400.0], far);
        }
        2 => {
            let place = Place::ALL[dice.below(Place::ALL.len() as u64) as usize];
            design.zones.values_mut().for_each(|it| it.settings.place = place);
        }
        3 => {
            let (other, one_way) = (some(dice, &["north", "west"]), Nanos::millis(dice.below(30)));
            if let Some(it) = design.zones.get_mut(id) {
                it.settings.place = Place::Oregon;
                it.settings.pairs = vec![ZonePair { zone: other, one_way }];
            }
        }
        _ => {
            let id = dice.id(design);
            let at = PLACES[dice.below(9) as usize];
            design.components.get_mut(&id).expect("it is there").at = at;
        }
    }
    settle(design);
}

fn some(dice: &mut Dice, from: &[&str]) -> String {
    dice.of(from).to_owned()
}

/// A recorded load: some requests a second with some columns, times and keys.
fn recording(dice: &mut Dice) -> Recording {
    let (mut at, rows) = (0, 1 + dice.below(40));
    let row = |_| {
        at += dice.below(60);
        let key = [String::new(), dice.below(300).to_string()][dice.below(2) as usize].clone();
        let class = some(dice, &["", "browse", "order", "other"]);
        let size = ["", "70", "250000"][dice.below(3) as usize];
        format!("{}.{:03},{key},{class},{size}\n", at / 1_000, at % 1_000)
    };
    let text: String = (0..rows).map(row).collect();
    Recording::read(&text).expect("a recording")
}

/// Changes something. The Raft group's members are changed elsewhere, with care.
fn edit(dice: &mut Dice, design: &mut Design) {
    match dice.below(9) {
        0 | 1 => return coming_and_going(dice, design),
        2 | 3 => return wiring(dice, design),
        4 => return edit_zones(dice, design),
        _ => {}
    }
    let id = dice.id(design);
    let spec = &mut design.components.get_mut(&id).expect("it is there").spec;
    let (small, flip) = (dice.below(4) as u32, dice.below(2) == 0);
    match spec {
        Spec::Client(it) => match dice.below(6) {
            4 => {
                it.load = Load::ALL[dice.below(3) as usize];
                (it.users, it.think) = (1 + 3 * small, Nanos::millis(1 + dice.below(200)));
            }
            5 => {
                (it.recording, it.recording_repeats) = (recording(dice), flip);
                it.recording_speed = [0.5, 1.0, 7.0][dice.below(3) as usize];
            }
            0 => it.rate = Rate([0.0, 20.0, 100.0, 400.0][dice.below(4) as usize]),
            1 => it.retries = dice.below(3) as u32,
            2 => it.timeout = Nanos::millis(20 + dice.below(500)),
            _ => it.backoff = Nanos::millis(dice.below(3) * 20),
        },
        Spec::LoadBalancer(it) => match flip {
            true => it.rule = Rule::ALL[dice.below(Rule::ALL.len() as u64) as usize],
            false => it.workers = 1 + small,
        },
        Spec::Service(it) => match dice.below(5) {
            4 => (it.calls, it.enough) = (Calls::ALL[small as usize], 1 + dice.below(3) as u32),
            0 => it.instances = 1 + dice.below(4) as u32,
            1 => it.workers = 1 + dice.below(6) as u32,
            2 => it.hold_worker = !it.hold_worker,
            _ => (it.queue, it.drop_expired) = (dice.below(40) as u32, flip),
        },
        Spec::Cache(it) => match dice.below(6) {
            0 => it.capacity = 1 + dice.below(60) as u32,
            1 => it.policy = Policy::ALL[dice.below(Policy::ALL.len() as u64) as usize],
            2 => it.ttl = Nanos::millis(dice.below(3) * 100),
            3 => it.flush_every = Nanos::millis(20 + dice.below(400)),
            4 => it.strategy = Strategy::ALL[dice.below(4) as usize],
            _ => it.queue = dice.below(30) as u32,
        },
        Spec::SqlDb(it) => match dice.below(7) {
            4 => {
                it.failover = Failover::ALL[dice.below(4) as usize];
                it.fencing = flip;
                it.detector = Detector::ALL[dice.below(2) as usize];
                it.patience = Nanos::millis(100 + dice.below(900));
            }
            5 => it.ship_every = Nanos::millis(dice.below(3) * 60),
            6 => {
                it.last_delay = Nanos::millis(dice.below(3) * 100);
                it.last_applies = Rate(dice.below(3) as f64 * 20.0);
                it.max_staleness = Nanos::millis(dice.below(3) * 150);
            }
            3 => {
                it.idempotency = Nanos::millis(dice.below(3) * 500);
                it.idempotency_keys = 1 + 100 * small;
            }
            0 => it.replicas = small,
            1 => {
                it.replication = Replication::ALL[dice.below(3) as usize];
                it.ack_timeout = Nanos::millis(dice.below(3) * 200);
            }
            _ => (it.workers, it.queue) = (1 + 4 * small, dice.below(50) as u32),
        },
        Spec::Redis(it) => match dice.below(6) {
            0 => it.replicas = small % 5,
            1 => (it.sentinels, it.quorum) = (small % 6, 1 + small % 3),
            2 => {
                it.down_after = Nanos::millis(20 + dice.below(300));
                it.failover_timeout = Nanos::millis(100 + dice.below(900));
            }
            3 => it.min_replicas_to_write = small % 3,
            4 => (it.backlog, it.sync_time) = (1 + 10 * small, Nanos::millis(dice.below(200))),
            _ => (it.workers, it.queue) = (1 + small, dice.below(50) as u32),
        },
        Spec::FailoverPair(it) => match flip {
            true => it.members = 2 + small % 3,
            false => it.heartbeat = Nanos::millis(20 + 30 * u64::from(small)),
        },
        Spec::RaftGroup(it) => it.workers = 1 + 4 * small,
        #[allow(unreachable_patterns, reason = "kinds to come are left as they are")]
        _ => {}
    }
}

/// Components go and come back, with their wires.
fn coming_and_going(dice: &mut Dice, design: &mut Design) {
    let whole = base();
    let gone: Vec<_> =
        whole.components.keys().filter(|it| !design.components.contains_key(it)).collect();
    if gone.is_empty() || dice.below(2) == 0 {
        // A Raft group that comes back is a new one, and the rest may stay away for good.
        let id = dice.of(&["cache", "store", "books", "reviews", "bank", "lb", "people"]);
        design.components.remove(id);
        design.wires.retain(|_, it| it.from != id && it.to != id);
    } else {
        let id = gone[dice.below(gone.len() as u64) as usize].clone();
        design.components.insert(id.clone(), whole.components[&id].clone());
        for (wire, record) in &whole.wires {
            let ends = [&record.from, &record.to];
            if ends.iter().all(|it| design.components.contains_key(it)) {
                design.wires.insert(wire.clone(), record.clone());
            }
        }
    }
}

fn wiring(dice: &mut Dice, design: &mut Design) {
    let whole = base();
    if dice.below(3) == 0 {
        for (id, record) in &whole.wires {
            let has = |it: &&String| design.components.contains_key(it);
            if [&record.from, &record.to].iter().all(has) && !design.wires.contains_key(id) {
                design.wires.insert(id.clone(), record.clone());
            }
        }
    }
    let Some(id) = design.wires.keys().nth(dice.below(design.wires.len().max(1) as u64) as usize)
    else {
        return;
    };
    let id = id.clone();
    if dice.below(5) == 0 && design.wires.len() > 3 {
        design.wires.remove(&id);
        return;
    }
    let settings = &mut design.wires.get_mut(&id).expect("it is there").settings;
    match dice.below(17) {
        16 => {
            settings.pool = dice.below(4) as u32;
            settings.pool_wait = Nanos::millis(dice.below(4) * 15);
        }
        6 => settings.pauses = Pauses::ALL[dice.below(5) as usize],
        7 => {
            settings.retry_budget = Share([0.0, 0.2, 1.0][dice.below(3) as usize]);
            settings.retry_reserve = Rate(dice.below(20) as f64);
        }
        8 => settings.hedge_after = Nanos::millis(dice.below(3) * 4),
        9 => settings.hedge_percentile = Share([0.5, 0.95, 1.0][dice.below(3) as usize]),
        10 => settings.pass_deadline = !settings.pass_deadline,
        11 => settings.wait = !settings.wait,
        12 => match dice.below(2) {
            0 => settings.fallback = !settings.fallback,
            _ => settings.default_answer = !settings.default_answer,
        },
        13 => settings.bandwidth = [0.0, 1.0, 100.0][dice.below(3) as usize],
        14 => settings.loss = Share([0.0, 0.02, 0.3][dice.below(3) as usize]),
        15 => {
            settings.connection = Connecting::ALL[dice.below(4) as usize];
            settings.keep_alive = Nanos::millis(dice.below(3) * 50);
        }
        0 => settings.retries = dice.below(3) as u32,
        1 => settings.timeout = Nanos::millis(5 + dice.below(300)),
        2 => settings.backoff = Nanos::millis(dice.below(2) * 15),
        3 => settings.rule = Rule::ALL[dice.below(Rule::ALL.len() as u64) as usize],
        4 => settings.reads = Reads::ALL[dice.below(6) as usize],
        _ => settings.latency = Nanos::micros(100 + dice.below(5_000)),
    }
}

/// Whether the Raft group is at peace: all members have and know the same. Only then may one member
/// come or go: joint consensus is left out.
fn peaceful(live: &Live) -> bool {
    let slots = slots(&live.world, "lock");
    let up = slots.iter().all(|it| live.world.is_up(*it));
    let at = |it: &State| match it {
        State::RaftGroup(it) => (it.log.end() == it.committed).then_some(it.committed),
        _ => None,
    };
    let all: Vec<_> = states(&live.world, "lock").into_iter().map(at).collect();
    up && all[0].is_some() && all.iter().all(|it| *it == all[0])
}

fn act(dice: &mut Dice, live: &mut Live, resized: &mut bool) {
    match dice.below(12) {
        11 => live.input(Input::Seed(dice.below(3))),
        0..=4 => {
            let fault = fault(dice, &live.design);
            live.fault(fault);
        }
        10 => (0..4)
            .filter_map(|_| mishap(dice, live))
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|it| live.fault(it)),
        5 if !*resized && peaceful(live) => {
            *resized = true;
            let up = dice.below(2) == 0;
            live.edit(|it| {
                if let Some(Spec::RaftGroup(it)) =
                    it.components.get_mut("lock").map(|it| &mut it.spec)
                {
                    it.members = if up { it.members + 1 } else { it.members.max(3) - 1 };
                }
            });
        }
        5 => *resized = !peaceful(live),
        _ => {
            let mut next = live.design.clone();
            edit(dice, &mut next);
            live.edit(|it| *it = next);
        }
    }
}

/// Runs for a while, looking at everything every so many events.
fn run_looking(live: &mut Live, span: Nanos, every: u64) {
    let until = live.world.now() + span;
    loop {
        let done = live.world.run(until, every, &mut live.audit);
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, true);
        if done {
            return;
        }
    }
}

/// One run, looked at every so many events; gives how many there were.
fn schedule(seed: u64, every: u64) -> u64 {
    let mut dice = Dice::new(seed, "swarm");
    let mut live = Live::new(&base(), seed);
    let mut resized = false;
    for _ in 0..INPUTS {
        // Some inputs come in the same instant, some in the middle of a moment.
        match dice.below(5) {
            0 => {}
            1 => {
                let until = live.world.now() + Nanos::SECOND;
                live.world.run(until, 1 + dice.below(50), &mut live.audit);
            }
            _ => {
                let span = Nanos(1 + dice.below(400_000_000));
                run_looking(&mut live, span, every);
            }
        }
        act(&mut dice, &mut live, &mut resized);
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, true);
    }
    run_looking(&mut live, Nanos::seconds(1), every);
    live.audit.check_little(live.world.now());
    live.check_replay();
    live.world.ordinal()
}

#[test]
fn random_faults_and_edits_keep_the_books_and_replay() {
    let (runs, events) = (Cell::new(0), Cell::new(0));
    for_seeds(SEEDS, |seed| {
        runs.set(runs.get() + 1);
        events.set(events.get() + schedule(seed, 200));
    });
    // Some runs see little, if all clients are gone.
    assert!(events.get() > 10_000 * runs.get(), "{} in {}", events.get(), runs.get());
}

#[test]
fn the_books_balance_after_every_single_event() {
    // Each event is looked at: two runs are enough, however many are asked for elsewhere.
    (1_000..1_002).for_each(|seed| _ = schedule(seed, 1));
}

#[test]
fn random_designs_keep_the_books_and_replay() {
    for_seeds(DESIGNS, designs::schedule);
}
