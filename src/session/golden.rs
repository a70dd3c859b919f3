//! Runs whose state hash is known: natively, in every browser, cut into steps of any size, after
//! seeking and replay, it must be the same.

use crate::algorithm::balancing::Rule;
use crate::algorithm::eviction::Policy;
use crate::algorithm::placement::Scheme;
use crate::base::time::Nanos;
use crate::base::unit::Weights;
use crate::component::Spec;
use crate::component::cache::Strategy;
use crate::component::cache::disk::Persistence;
use crate::component::cache_cluster::{ByHash, Learn};
use crate::component::sql_db::Replication;
use crate::document::compile::CompileError;
use crate::document::{Design, Diff, file};
use crate::engine::fault::{Fault, Target, Ways};

use super::protocol::Input;
use super::run::Run;

/// One golden run.
#[derive(Clone, Copy, Debug)]
pub struct Golden {
    /// Name.
    pub name: &'static str,
    /// The design it begins with, in file form.
    file: &'static str,
    /// What happens, from the start on: at this second, this.
    pub inputs: fn() -> Vec<(u64, Input)>,
    /// Seed.
    pub seed: u64,
    /// How long it runs, in simulated seconds.
    pub seconds: u64,
    /// The state hash at the end.
    pub hash: u64,
}

/// A book store: balancer, services, cache, database. Kept apart from the one that the app opens, so
/// that tuning that one does not change these.
const STORE: &str = include_str!("../../tests/golden/store.json");
/// Firewall, gateway, sharded database, cache cluster, a store without leader, a database whose
/// primary can be replaced; bursts and a recording, zones, pools, hedges, connections, lines of other
/// kinds, and a script of faults.
const MARKET: &str = include_str!("../../tests/golden/market.json");
/// Closed loop, day and ramp; caches that write behind and that know of loads; takeover by majority,
/// consistent and available stores, and a script of faults.
const LEDGER: &str = include_str!("../../tests/golden/ledger.json");
/// Consensus, a pair that takes over, calls in a circle, deadlines that are passed on.
const LOCK: &str = include_str!("../../tests/golden/lock.json");

/// A sharded database whose writes are mostly of rows of two shards, with crashes and a cut.
const TRANSFERS: &str = include_str!("../../tests/golden/transfers.json");

/// Shards with replicas, of which primaries die and are cut off.
const SHARDS: &str = include_str!("../../tests/golden/shards.json");

/// A Redis whose primary dies, and is cut off, with sentinels that replace it.
const SENTINELS: &str = include_str!("../../tests/golden/sentinels.json");

/// Caches that are full, and are not to evict.
const FULL: &str = include_str!("../../tests/golden/full.json");

/// Stores in which writes wait for their causes, some of them cut off from each other.
const CAUSES: &str = include_str!("../../tests/golden/causes.json");

/// Every golden run.
pub const ALL: &[Golden] = &[
    Golden {
        name: "calm",
        file: STORE,
        inputs: Vec::new,
        seed: 7,
        seconds: 20,
        hash: 0xa276_dcfa_17ef_3f80,
    },
    Golden {
        name: "cache killed",
        file: STORE,
        inputs: cache_killed,
        seed: 8,
        seconds: 20,
        hash: 0x1b3c_c8bb_8ef0_abb2,
    },
    Golden {
        name: "replica cut off",
        file: STORE,
        inputs: replica_cut_off,
        seed: 9,
        seconds: 20,
        hash: 0x2fc9_b9e6_3152_1343,
    },
    Golden {
        name: "market, scripted",
        file: MARKET,
        inputs: Vec::new,
        seed: 10,
        seconds: 20,
        hash: 0x7fd2_b3b4_d633_87d1,
    },
    Golden {
        name: "market, edited",
        file: MARKET,
        inputs: market_edited,
        seed: 11,
        seconds: 20,
        hash: 0x3b3d_80a0_e162_8c1f,
    },
    Golden {
        name: "market, slots move",
        file: MARKET,
        inputs: slots_move,
        seed: 16,
        seconds: 20,
        hash: 0xb14b_307a_adaf_c06e,
    },
    Golden {
        name: "slots are handed over",
        file: MARKET,
        inputs: slots_are_handed_over,
        seed: 23,
        seconds: 20,
        hash: 0x0028_57ff_11f3_2b9c,
    },
    Golden {
        name: "ledger, scripted",
        file: LEDGER,
        inputs: Vec::new,
        seed: 12,
        seconds: 20,
        hash: 0x0421_d198_b6cf_03eb,
    },
    Golden {
        name: "ledger, edited",
        file: LEDGER,
        inputs: ledger_edited,
        seed: 13,
        seconds: 20,
        hash: 0x863a_e1cc_a806_6389,
    },
    Golden {
        name: "ledger, from disk",
        file: LEDGER,
        inputs: cache_comes_back,
        seed: 15,
        seconds: 20,
        hash: 0xbd3c_4272_8b09_a2e3,
    },
    Golden {
        name: "lock, scripted",
        file: LOCK,
        inputs: Vec::new,
        seed: 14,
        seconds: 20,
        hash: 0x3458_206f_7ddd_71b6,
    },
    Golden {
        name: "transfers, scripted",
        file: TRANSFERS,
        inputs: Vec::new,
        seed: 21,
        seconds: 20,
        hash: 0x67ef_9f9b_9b14_f70a,
    },
    Golden {
        name: "shards, scripted",
        file: SHARDS,
        inputs: Vec::new,
        seed: 22,
        seconds: 20,
        hash: 0x527a_b9e3_b3ee_1d4a,
    },
    Golden {
        name: "sentinels, scripted",
        file: SENTINELS,
        inputs: Vec::new,
        seed: 24,
        seconds: 20,
        hash: 0x36c0_557a_da0a_ef7f,
    },
    Golden {
        name: "full",
        file: FULL,
        inputs: Vec::new,
        seed: 24,
        seconds: 20,
        hash: 0xf78b_218e_209c_ca6c,
    },
    Golden {
        name: "causes",
        file: CAUSES,
        inputs: Vec::new,
        seed: 25,
        seconds: 20,
        hash: 0x7edd_be4a_e6c4_cda9,
    },
];

fn cache_killed() -> Vec<(u64, Input)> {
    let cache = Target::component("cache");
    let kill = Fault::Crash(cache.clone());
    vec![(5, Input::Fault(kill)), (12, Input::Fault(Fault::Restart(cache)))]
}

fn replica_cut_off() -> Vec<(u64, Input)> {
    let cut = Fault::Partition {
        name: "cut".into(),
        one: vec![Target::member("database", 0), Target::member("database", 1)],
        other: vec![Target::member("database", 2)],
        ways: Ways::Forth,
    };
    let slow = Fault::Slow { target: Target::member("books", 1), factor: 5.0 };
    let heal = Fault::Heal { name: "cut".into() };
    let crash = Fault::Crash(Target::member("database", 1));
    vec![
        (4, Input::Fault(cut)),
        (6, Input::Fault(slow)),
        (9, Input::Fault(crash)),
        (14, Input::Fault(heal)),
    ]
}

/// Rows move to a shard that comes, a node joins the cache cluster, the store without leader gets
/// another quorum, the database another way to take over; and then other luck.
fn market_edited() -> Vec<(u64, Input)> {
    let before = read(MARKET);
    let mut after = before.clone();
    for (id, component) in after.components.iter_mut() {
        match (id.as_str(), &mut component.spec) {
            (_, Spec::ShardedDb(it)) => it.ranges = "0=A, 500=D, 900=B, 2000=C, 2600=D".into(),
            (_, Spec::CacheCluster(it)) => (it.nodes, it.capacity) = (4, 30),
            (_, Spec::KvStore(it)) => (it.read_quorum, it.members) = (2, 4),
            (_, Spec::SqlDb(it)) => (it.replicas, it.fencing) = (3, true),
            ("carts", Spec::Service(it)) => it.hold_worker = true,
            _ => {}
        }
    }
    after.wires.remove("robots-waf");
    after.components.remove("robots");
    let edit = Diff::between(&before, &after);
    let back = edit.clone().reversed();
    let outage = Fault::ZoneOutage { zone: "rack".into() };
    let again = Fault::ZoneRestart { zone: "rack".into() };
    vec![
        (4, Input::Edit(edit)),
        (9, Input::Seed(99)),
        (13, Input::Fault(outage)),
        (14, Input::Fault(again)),
        (15, Input::Edit(back)),
    ]
}

/// Redis slots change hands, and callers learn of it from whom they ask in vain.
fn slots_move() -> Vec<(u64, Input)> {
    let first = read(MARKET);
    let with = |nodes, learn| {
        let mut design = first.clone();
        for component in design.components.values_mut() {
            if let Spec::CacheCluster(it) = &mut component.spec {
                (it.scheme, it.nodes, it.callers_learn) =
                    (ByHash(Scheme::RedisSlots), nodes, learn);
            }
        }
        design
    };
    let all = [first.clone(), with(3, Learn::Slot), with(4, Learn::Slot), with(2, Learn::Table)];
    let edit = |at: usize| Input::Edit(Diff::between(&all[at], &all[at + 1]));
    vec![(2, edit(0)), (6, edit(1)), (14, edit(2))]
}

/// Redis slots change hands with their entries, while a node dies and the network is cut.
fn slots_are_handed_over() -> Vec<(u64, Input)> {
    let first = read(MARKET);
    let with = |nodes, weights: &[u32]| {
        let mut design = first.clone();
        for component in design.components.values_mut() {
            if let Spec::CacheCluster(it) = &mut component.spec {
                (it.scheme, it.nodes, it.callers_learn) =
                    (ByHash(Scheme::RedisSlots), nodes, Learn::Slot);
                (it.moving_slots, it.migrate_rate) = (1_024, 5);
                it.weights = Weights(weights.to_vec());
            }
        }
        design
    };
    let all = [first.clone(), with(3, &[]), with(4, &[]), with(4, &[1, 0])];
    let edit = |at: usize| Input::Edit(Diff::between(&all[at], &all[at + 1]));
    let id = first.components.iter().find(|it| matches!(it.1.spec, Spec::CacheCluster(_)));
    let node = Target::member(id.map_or("", |it| it.0), 3);
    let (kill, back) = (Fault::Crash(node.clone()), Fault::Restart(node));
    vec![
        (2, edit(0)),
        (6, edit(1)),
        (9, Input::Fault(kill)),
        (11, Input::Fault(back)),
        (13, edit(2)),
    ]
}

/// A cache with a disk, now a log and now snapshots, that dies twice.
fn cache_comes_back() -> Vec<(u64, Input)> {
    let first = read(LEDGER);
    let with = |persistence| {
        let mut design = first.clone();
        if let Spec::Cache(it) = &mut design.components.get_mut("recent").expect("a cache").spec {
            (it.persistence, it.snapshot_every) = (persistence, Nanos::seconds(3));
        }
        design
    };
    let (log, snapshots) = (with(Persistence::AofEverysec), with(Persistence::Rdb));
    let always = with(Persistence::AofAlways);
    let recent = Target::component("recent");
    let (kill, back) = (Fault::Crash(recent.clone()), Fault::Restart(recent));
    vec![
        (2, Input::Edit(Diff::between(&first, &log))),
        (5, Input::Fault(kill.clone())),
        (6, Input::Fault(back.clone())),
        (7, Input::Edit(Diff::between(&log, &snapshots))),
        (12, Input::Fault(kill)),
        (13, Input::Fault(back)),
        (15, Input::Edit(Diff::between(&snapshots, &always))),
    ]
}

/// Other caches and other ways to use them, more copies and fewer, another balance;
/// and nobody to ask in the end.
fn ledger_edited() -> Vec<(u64, Input)> {
    let edit = |strategy, policy, replicas, users| {
        let mut design = read(LEDGER);
        for component in design.components.values_mut() {
            match &mut component.spec {
                Spec::Cache(it) => (it.strategy, it.policy) = (strategy, policy),
                Spec::SqlDb(it) => (it.replicas, it.replication) = (replicas, Replication::Sync),
                Spec::LoadBalancer(it) => it.rule = Rule::KeyHash,
                Spec::Client(it) => it.users = users,
                _ => {}
            }
        }
        design
    };
    let first = read(LEDGER);
    let through = edit(Strategy::ReadThrough, Policy::Gdsf, 2, 30);
    let both = edit(Strategy::WriteThrough, Policy::Arc, 5, 3);
    let mut nobody = first.clone();
    if let Some(wire) = nobody.wires.get_mut("front-teller") {
        wire.settings.weights = Weights(vec![0; 3]);
    }
    vec![
        (3, Input::Edit(Diff::between(&first, &through))),
        (11, Input::Edit(Diff::between(&through, &both))),
        (16, Input::Edit(Diff::between(&both, &first))),
        (19, Input::Edit(Diff::between(&first, &nobody))),
    ]
}

fn read(text: &str) -> Design {
    file::read(text).expect("the golden designs are part of the program").0.design
}

/// The book store that some of them run.
///
/// # Panics
/// If the file in the repository is broken: a bug, which a test finds.
pub fn design() -> Design {
    read(STORE)
}

impl Golden {
    /// The design it begins with.
    ///
    /// # Panics
    /// If the file in the repository is broken: a bug, which a test finds.
    pub fn design(&self) -> Design {
        read(self.file)
    }

    /// Runs it in steps of `step` and gives the run.
    pub fn run(&self, step: Nanos) -> Result<Run, CompileError> {
        self.run_watched(step, |_| {})
    }

    /// The same; whoever watches sees the run after every step.
    pub fn run_watched(
        &self,
        step: Nanos,
        mut watch: impl FnMut(&mut Run),
    ) -> Result<Run, CompileError> {
        let mut run = Run::open(self.design(), self.seed, Nanos::ZERO, Vec::new())?;
        let end = Nanos::seconds(self.seconds);
        let mut inputs = (self.inputs)().into_iter().peekable();
        while run.head.world.now() < end {
            let now = run.head.world.now();
            while let Some((_, input)) = inputs.next_if(|it| Nanos::seconds(it.0) <= now) {
                run.act(input)?;
            }
            let next = inputs.peek().map_or(end, |it| Nanos::seconds(it.0)).min(end);
            run.advance(step.min(next - now), u64::MAX);
            watch(&mut run);
        }
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::component::ALL as ALL_KINDS;
    use crate::engine::Outcome;
    use crate::session::report::report;

    #[test]
    fn hashes_are_golden() {
        let line = |it: &Golden, hash: u64| format!("{}: 0x{hash:016x}", it.name);
        let run = |it: &Golden| it.run(Nanos::MAX).expect("it compiles").head.world.state_hash();
        let computed: Vec<_> = ALL.iter().map(|it| line(it, run(it))).collect();
        let expected: Vec<_> = ALL.iter().map(|it| line(it, it.hash)).collect();
        assert_eq!(computed, expected);
    }

    /// Together they carry every kind, count whatever kinds count, and end calls in every way.
    #[test]
    fn nothing_is_left_out() {
        let mut missing = BTreeSet::new();
        for kind in ALL_KINDS {
            missing.insert(kind.id.to_owned());
            // A cluster counts as a cache does, but has no store, no disk, and knows of no loads.
            let never = ["flushed", "lost", "joined", "early", "forgotten"];
            let never = |it: &str| kind.id == "cache-cluster" && never.contains(&it);
            let counters = kind.counters.iter().filter(|it| !never(it));
            missing.extend(counters.map(|it| format!("{} {it}", kind.id)));
        }
        let failures = Outcome::ALL.into_iter().filter(|it| it.is_failure());
        missing.extend(failures.map(|it| it.word().to_owned()));
        for golden in ALL {
            let run = golden.run(Nanos::MAX).expect("it compiles");
            for it in report(&run, golden.seed).components.values() {
                missing.remove(it.kind);
                it.errors.keys().for_each(|it| _ = missing.remove(*it));
                let counted = it.own.iter().filter(|it| *it.1 > 0.0);
                counted.for_each(|own| _ = missing.remove(&format!("{} {}", it.kind, own.0)));
            }
        }
        assert_eq!(missing, BTreeSet::new());
    }

    /// Nor is anything that can go wrong, but what befalls a message by its number: that means something in one
    /// version of one run only.
    #[test]
    fn everything_goes_wrong() {
        let all = "crash restart slow gray skew flush promote loss delay drop_next delay_next cut_wire mend_wire \
                   partition heal zone_outage zone_restart spike hot_key command";
        let mut missing: BTreeSet<_> = all.split_whitespace().map(str::to_owned).collect();
        for golden in ALL {
            let design = golden.design();
            let scripted = design.script.values().map(|it| it.fault.clone());
            let by_hand = (golden.inputs)().into_iter().filter_map(|it| match it.1 {
                Input::Fault(fault) => Some(fault),
                _ => None,
            });
            for fault in scripted.chain(by_hand) {
                let file = serde_json::to_value(&fault).expect("it has a file form");
                missing.remove(file.as_object().and_then(|it| it.keys().next()).expect("its name"));
            }
        }
        assert_eq!(missing, BTreeSet::new());
    }

    #[test]
    fn hashes_are_the_same_in_steps_and_after_seeking() {
        for golden in ALL {
            let mut run = golden.run(Nanos::millis(1_000)).expect("it compiles");
            assert_eq!(run.head.world.state_hash(), golden.hash, "{} in steps", golden.name);
            for at in [11, 3, 7] {
                run.seek(Nanos::seconds(at));
            }
            while run.is_past() {
                run.advance(Nanos::millis(777).min(run.left()), u64::MAX);
            }
            let ordinal = run.head.world.ordinal();
            run.seek_ordinal(ordinal - 1);
            run.step(1);
            assert_eq!(run.shown().world.state_hash(), golden.hash, "{} replayed", golden.name);
            run.seek(Nanos::seconds(3));
            let end = Nanos::seconds(golden.seconds);
            run.seek(end - Nanos(1));
            assert!(run.is_past() && run.shown().world.now() == end - Nanos(1));
        }
    }
}
