//! The ready designs whose primary dies: bank, available database, region that is lost. Each shows what
//! it is for; figures come from the run, and what members hold is the oracle.

use std::fs;

use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::sql_db::failover::leader_of;
use ringside::component::sql_db::{Failover, Replication, SqlDbParams, SqlDbState, Standby};
use ringside::component::{Spec, State};
use ringside::document::{Diff, file};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::Fault;
use ringside::engine::takeover::{Ledger, Takeover};
use ringside::session::protocol::Input as Act;
use ringside::session::report::{Report, report};
use ringside::session::run::Run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/static/designs");

struct Ready {
    run: Run,
    /// Its database.
    id: &'static str,
}

impl Ready {
    fn open(name: &str, id: &'static str, change: impl FnOnce(&mut SqlDbParams)) -> Self {
        let text = fs::read_to_string(format!("{FOLDER}/{name}.json")).expect("it is there");
        let (mut file, notices) = file::read(&text).expect("it is a file");
        assert!(notices.is_empty(), "{notices:?}");
        if let Some(Spec::SqlDb(it)) = file.design.components.get_mut(id).map(|it| &mut it.spec) {
            change(it);
        }
        let run = Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles");
        Self { run, id }
    }

    fn run_to(&mut self, seconds: u64) {
        let now = self.run.head.world.now();
        assert!(self.run.advance(Nanos::seconds(seconds) - now, u64::MAX));
    }

    fn report(&self) -> Report {
        report(&self.run, 0)
    }

    fn members(&self) -> Vec<&SqlDbState> {
        let states = states(&self.run.head.world, self.id).into_iter();
        states.filter_map(|it| if let State::SqlDb(it) = it { Some(&**it) } else { None }).collect()
    }

    fn ledger(&self) -> &Ledger {
        let component = self.run.head.world.blueprint().component(self.id).expect("it");
        self.run.recorder.takeovers.of(component).expect("a ledger")
    }

    /// The only takeover so far.
    fn takeover(&self) -> Takeover {
        assert_eq!(self.ledger().takeovers.len(), 1, "{:?}", self.ledger().takeovers);
        self.ledger().takeovers[0]
    }

    /// How many writes were acknowledged, and how many of them are not in the log of whoever leads, which
    /// is looked through entry by entry; the observer says the same. While the old primary is down, no
    /// part of the log is forgotten.
    fn lost(&self) -> (usize, usize) {
        let members = self.members();
        let last = members.iter().map(|it| it.term()).max().expect("members");
        let log = &members[usize::from(leader_of(last))].log;
        assert_eq!(log.start(), 0, "the whole log is there to be looked at");
        let ledger = self.ledger();
        let writes = ledger.writes.start()..ledger.writes.end();
        let writes = writes.filter_map(|it| ledger.writes.get(it));
        let acknowledged: Vec<_> = writes.filter(|it| it.acknowledged.is_some()).collect();
        let has = |key, version, at| {
            let mut entries = (0..log.end()).filter_map(|it| log.get(it));
            entries.any(|it| (it.key, it.version, it.at) == (key, version, at))
        };
        let missing =
            acknowledged.iter().filter(|it| !has(it.key, it.version, it.committed)).count();
        assert_eq!(ledger.lost(self.run.head.world.now()).count(), missing);
        (acknowledged.len(), missing)
    }
}

/// From one moment of a takeover to another, in seconds.
fn between(one: Option<Nanos>, other: Option<Nanos>) -> f64 {
    (other.expect("it came to that") - one.expect("it came to that")).as_seconds()
}

/// The primary of the bank dies: the standby has every acknowledged transfer, and leads after the
/// second of silence that it waits for (a tenth longer at most, and half a second for the ballot).
/// Asynchronous, the same bank loses some.
#[test]
fn a_bank_loses_no_transfer() {
    let mut bank = Ready::open("bank-transfer", "accounts", |_| {});
    bank.run_to(19);
    let before = bank.report().components["accounts"].latency.as_ref().expect("some").mean;
    bank.run_to(39);
    let (acknowledged, missing) = bank.lost();
    assert!(acknowledged > 2_000, "{acknowledged} transfers");
    assert_eq!(missing, 0);
    let it = bank.takeover();
    assert_eq!(it.down, Some(Nanos::seconds(20)));
    assert!((0.9..=1.2).contains(&between(it.down, it.suspected)), "{it:?}");
    assert!((0.4..=0.7).contains(&between(it.suspected, it.began)), "{it:?}");
    assert!(between(it.down, it.served) < 5.0, "within its target: {it:?}");
    // The old primary comes back, and follows.
    bank.run_to(60);
    let ends: Vec<_> = bank.members().iter().map(|it| (it.primary, it.log.end())).collect();
    assert!(!ends[0].0 && ends[1].0 && ends[0].1 + 10 > ends[1].1, "{ends:?}");

    let mut loose = Ready::open("bank-transfer", "accounts", |it| {
        it.replication = Replication::Async;
    });
    loose.run_to(19);
    let after = loose.report().components["accounts"].latency.as_ref().expect("some").mean;
    // Two transfers of three wait for a round trip of 5 ms each way, and for the entry to be applied.
    let price = (before - after) * 1.5 / 1e6;
    assert!((9.0..=13.0).contains(&price), "synchronous costs {price} ms a transfer");
    loose.run_to(39);
    let missing = loose.lost().1;
    // What gathers for 200 ms at 67 transfers a second: 13 at most, but for chance.
    assert!((1..=25).contains(&missing), "{missing} transfers lost");
}

/// Of four members, three must vote, and an acknowledged order is on two of them: one who votes has it,
/// and whoever has less is not voted for.
#[test]
fn an_available_database_goes_on() {
    let mut orders = Ready::open("available-database", "orders", |_| {});
    orders.run_to(39);
    let (acknowledged, missing) = orders.lost();
    assert!(acknowledged > 1_500, "{acknowledged} orders");
    assert_eq!(missing, 0);
    let it = orders.takeover();
    assert_eq!(it.down, Some(Nanos::seconds(20)));
    assert!((1.8..=2.2).contains(&between(it.down, it.suspected)), "{it:?}");
    assert!(it.stood <= it.chosen && it.chosen <= it.began && it.began <= it.served, "{it:?}");
    assert!(between(it.down, it.served) < 10.0, "within its target: {it:?}");
    orders.run_to(60);
    let report = orders.report();
    let failed: u64 = report.components["customers"].errors.values().sum();
    assert!(failed < 10, "{failed} customers of {} saw the takeover", report.requests);
    let members = orders.members();
    let ends: Vec<_> = members.iter().map(|it| it.log.end()).collect();
    assert!(ends.iter().max().expect("some") - ends.iter().min().expect("some") < 10, "{ends:?}");
    assert_eq!(members.iter().filter(|it| it.primary).count(), 1);
    assert!(!members[0].primary);
}

/// Everybody reads nearby; writing takes light's way to the primary and back. When that region is lost,
/// its people are sent to the next as soon as the DNS knows and their answer has expired, and another
/// region's database takes over.
#[test]
fn a_region_is_lost() {
    let mut pages = Ready::open("multi-region", "pages", |_| {});
    pages.run_to(29);
    let report = pages.report();
    let asia = report.components["asia-users"].latency.as_ref().expect("some");
    // Delhi to Mumbai are 1,150 km and Mumbai to Virginia 12,900 km along the great circle: one way 8
    // and 90 ms at 200,000 km a second and 40 % more. One in ten writes.
    assert!((16e6..=40e6).contains(&(asia.p50 as f64)), "reading takes {} ns", asia.p50);
    assert!((196e6..=240e6).contains(&(asia.p99 as f64)), "writing takes {} ns", asia.p99);
    let offered = |it: &Report, id: &str| it.components[id].offered * it.simulated_ns as f64 / 1e9;
    let [west, own] = ["west-lb", "europe-users"].map(|it| offered(&report, it));
    assert!((west - own).abs() < 5.0, "Europe's people only: {west}, {own}");
    let before = offered(&report, "americas-users");
    pages.run_to(59);
    let report = pages.report();
    let failed = |id: &str| report.components[id].errors.values().sum::<u64>() as f64;
    let [west, own, americas] =
        ["west-lb", "europe-users", "americas-users"].map(|it| offered(&report, it));
    // Two checks, 5 s apart, find the region gone; the Americas' answer is 10 s old at most by then: so long
    // they ask a region that is not there. Failures are rate times that time; then they go to Europe.
    let (sent, lost) = (west - own, failed("americas-users"));
    assert!((5.0 * 40.0..=21.0 * 40.0).contains(&lost), "{lost} of the Americas' requests failed");
    let after = americas - before - 40.0;
    assert!((sent + lost - after).abs() < 40.0, "{sent} sent to Europe, {lost} failed, of {after}");
    let it = pages.takeover();
    assert_eq!(it.down, Some(Nanos::seconds(30)));
    assert!(between(it.down, it.served) < 10.0, "within its target: {it:?}");
    let (acknowledged, missing) = pages.lost();
    // Written at 12 a second, on its way for 40 ms to Ireland: a write at most, but for chance.
    assert!(acknowledged > 400 && missing <= 5, "{missing} of {acknowledged} lost");
    for id in ["europe-users", "asia-users"] {
        let (failed, all) = (failed(id), offered(&report, id));
        assert!(failed < all / 50.0, "{id}: {failed} of {all} failed");
    }
}

/// The same database three times, the same load, the same crash: a hot standby leads once the silence and
/// the ballot are over, a warm one is opened first, a cold one started; that one has what the last
/// backup had, and what was acknowledged since is lost.
#[test]
fn three_standbys_race() {
    let mut race = Ready::open("standby-race", "hot", |_| {});
    race.run_to(89);
    for (id, level) in [("hot", true), ("warm", true), ("cold", false)] {
        race.id = id;
        let members = race.members();
        let behind = members[0].log.end() - members[1].applied;
        assert_eq!(behind < 5, level, "{id}: {behind} behind");
    }
    race.run_to(480);
    for (id, start) in [("hot", 0.0), ("warm", 30.0), ("cold", 300.0)] {
        race.id = id;
        let it = race.takeover();
        assert_eq!(it.down, Some(Nanos::seconds(90)));
        let chosen = between(it.down, it.chosen);
        assert!((1.3..=1.8).contains(&chosen), "{id}: {chosen} s until one was chosen");
        let open = if start > 0.0 { it.opened } else { it.chosen };
        assert_eq!(it.opened.is_some(), start > 0.0, "{id}");
        assert_eq!(between(it.chosen, open), start, "{id}");
        let applied = between(open, it.began);
        assert!(applied < 0.1, "{id}: what it had was applied in {applied} s");
        let served = between(it.began, it.served);
        assert!(served < 2.0, "{id}: clients found it after {served} s");
        let ledger = race.ledger();
        let writes =
            (ledger.writes.start()..ledger.writes.end()).filter_map(|it| ledger.writes.get(it));
        // The last backup was at 60 s.
        let since = writes.filter(|it| {
            it.acknowledged.is_some() && it.term == 0 && it.committed > Nanos::seconds(60)
        });
        let lost = ledger.lost(race.run.head.world.now()).count();
        match id {
            "cold" => assert_eq!(lost, since.count(), "all since the backup"),
            _ => assert!(lost <= 3, "{id}: {lost} lost"),
        }
        assert_eq!(lost > 200, id == "cold", "{id}: {lost} lost");
    }
}

/// What is closed or off answers nobody; writes wait for a warm standby, and for no cold one.
#[test]
fn a_closed_standby_answers_nobody() {
    for (standby, reads, waits) in
        [(Standby::Hot, true, true), (Standby::Warm, false, true), (Standby::Cold, false, false)]
    {
        let mut bank = Ready::open("bank-transfer", "accounts", |it| it.standby = standby);
        bank.run.advance(Nanos::seconds(1), u64::MAX);
        let before = bank.run.shown().design.clone();
        let mut after = before.clone();
        after.wires.get_mut("transfers-accounts").expect("it").settings.reads = Reads::Replicas;
        let change = Diff::between(&before, &after);
        bank.run.act(Act::Edit(change)).expect("it compiles");
        bank.run_to(19);
        let report = bank.report();
        let at_replicas = report.components["accounts"].own["replica_reads"];
        assert_eq!(at_replicas > 5.0, reads, "{standby:?}: {at_replicas} reads at the standby");
        let mean = report.components["accounts"].latency.as_ref().expect("some").mean / 1e6;
        // Applied there and told: 10 ms more, for two of three.
        assert_eq!(mean > 11.0, waits, "{standby:?}: {mean} ms");
    }
}

/// While the one that was chosen is brought up, it says so, and nobody else stands; if it dies, another is.
#[test]
fn who_is_being_brought_up_is_waited_for() {
    for dies in [false, true] {
        let mut orders = Ready::open("available-database", "orders", |it| {
            (it.standby, it.failover) = (Standby::Warm, Failover::Majority);
        });
        orders.run_to(25);
        let first = orders.takeover();
        assert!(first.chosen.is_some() && first.began.is_none(), "{first:?}");
        if dies {
            let of = slots(&orders.run.head.world, "orders");
            let member = of.iter().position(|it| *it == first.member).expect("one of them");
            let crash = Fault::Crash(target(&format!("orders/{member}")));
            orders.run.act(Act::Fault(crash)).expect("it dies");
            // Of four, three have to vote.
            let back = Fault::Restart(target("orders/0"));
            orders.run.act(Act::Fault(back)).expect("it is back");
        }
        orders.run_to(65);
        let all = &orders.ledger().takeovers;
        assert_eq!(all.len(), 1 + usize::from(dies), "{all:?}");
        assert!(all[all.len() - 1].served.is_some(), "{all:?}");
        assert_eq!(all[0].began.is_none(), dies, "{all:?}");
        assert_eq!(orders.members().iter().filter(|it| it.primary).count(), 1);
    }
}

/// All three work: one dies, its callers ask another at once, and the two that are left go from a third of
/// the load to a half each. One works and one stands by: until the balancer's checks have found the death,
/// everybody fails; then the other takes it all, and gives it back.
#[test]
fn survivors_take_the_load() {
    let mut pair = Ready::open("active-active", "both", |_| {});
    let offered = |pair: &Ready, id: &str| -> Vec<f64> {
        let world = &pair.run.head.world;
        let slot = world.blueprint().component(id).expect("there");
        let counts = pair.run.recorder.components[slot as usize].by_member.until(world.now(), 5);
        counts.iter().map(|it| f64::from(it.offered)).collect()
    };
    let failed =
        |pair: &Ready, id: &str| -> u64 { pair.report().components[id].errors.values().sum() };
    let shares = |it: Vec<f64>| -> Vec<f64> {
        let all: f64 = it.iter().sum();
        it.into_iter().map(|it| it / all).collect()
    };
    pair.run_to(19);
    let near = |it: &[f64], expected: &[f64]| {
        it.len() == expected.len() && it.iter().zip(expected).all(|it| (it.0 - it.1).abs() < 0.03)
    };
    let third = 1.0 / 3.0;
    let before = [shares(offered(&pair, "both")), shares(offered(&pair, "spare"))];
    assert!(near(&before[0], &[third, third, third]), "{before:?}");
    assert_eq!(before[1], [1.0, 0.0], "who stands by does nothing");
    pair.run_to(40);
    let after = [shares(offered(&pair, "both")), shares(offered(&pair, "spare"))];
    assert!(near(&after[0], &[0.0, 0.5, 0.5]), "{after:?}");
    assert_eq!(after[1], [0.0, 1.0], "{after:?}");
    assert_eq!(failed(&pair, "both-users"), 0, "no gap");
    // Three checks, a second apart, each of which may take a second; a refusal is an answer at once.
    let gap = failed(&pair, "spare-users") as f64 / 100.0;
    assert!((1.6..=3.3).contains(&gap), "a gap of {gap} s");
    let back = Fault::Restart(target("spare/0"));
    pair.run.act(Act::Fault(back)).expect("it is back");
    pair.run_to(50);
    assert_eq!(shares(offered(&pair, "spare")), [1.0, 0.0], "failback");
}
