//! Stores that go by numbers or keep both of two writes: what survives which crashes, what a merge by
//! the application keeps, and that comparing hash trees brings all that differs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::peers::{acknowledged, holders, part_by_turns, readers_and_writers, silence};
use crate::common::*;
use ringside::base::draw::mix;
use ringside::base::time::Nanos;
use ringside::component::kv_store::{Conflicts, KvStoreParams, KvStoreState, WhenCut};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Settled};

fn params(when_cut: WhenCut, conflicts: Conflicts) -> KvStoreParams {
    let (patience, handoff) = (Nanos::millis(50), Nanos::ZERO);
    let read_repair = false;
    KvStoreParams {
        when_cut,
        conflicts,
        patience,
        handoff,
        read_repair,
        work: MS,
        ..Default::default()
    }
}

/// Whether a member has a write of a key, or one that knows of it.
fn has(state: &KvStoreState, key: u32, version: u32) -> bool {
    let row = state.rows.get(key.into());
    row.is_some_and(|it| it.copies.iter().any(|it| it.version == version || it.knows(version)))
}

static LOST: AtomicUsize = AtomicUsize::new(0);

/// W + R > N: with at most N − W members gone for good, each acknowledged write is with somebody who is
/// left, whenever they go; with W gone or more, those are lost that only they had. The oracle counts
/// who had taken each write by the moment it was acknowledged, which is W of them.
#[test]
fn no_acknowledged_write_is_lost_as_long_as_w_members_cannot_all_be_gone() {
    for_seeds(600, |seed| {
        let n = [3, 5][(seed % 2) as usize];
        let mut at = 0;
        let mut draw = |below: u64| {
            at += 1;
            mix(seed << 20 ^ at) % below
        };
        let write = 1 + draw(u64::from(n)) as u32;
        let read = n + 1 - write;
        let mut it = params(WhenCut::Quorums, Conflicts::Siblings);
        (it.members, it.write_quorum, it.read_quorum) = (n, write, read);
        // Messages take long enough for a crash to come between.
        it.mesh_latency = Nanos::millis(8);
        let mut live = Live::new(&readers_and_writers(it, 60.0, 3), seed);
        live.audit.keep = true;
        let mut gone = BTreeSet::new();
        let most = if seed % 3 == 0 { n } else { n - write };
        for _ in 0..most {
            live.run_for(Nanos::millis(20 + draw(150)));
            let one = draw(u64::from(n));
            gone.insert(one as usize);
            live.fault(Fault::Crash(target(&format!("store/{one}"))));
        }
        live.run_for(Nanos::millis(300));
        let states = holders(&live.world);
        let left = || states.iter().enumerate().filter(|it| !gone.contains(&it.0)).map(|it| it.1);
        for (key, version) in acknowledged(&live) {
            let takers = states.iter().filter(|it| has(it, key, version)).count() as u32;
            assert!(
                takers >= write,
                "seed {seed}: {takers} of {write} have {version} of key {key}"
            );
            let kept = left().any(|it| has(it, key, version));
            if gone.len() as u32 <= n - write {
                assert!(kept, "seed {seed}, N {n}, W {write}: {version} of key {key} is lost");
            }
            LOST.fetch_add(usize::from(!kept), Ordering::Relaxed);
        }
    });
    let lost = LOST.load(Ordering::Relaxed);
    assert!(lost > 50, "{lost} were lost where more than N − W had gone");
}

static UNITED: AtomicUsize = AtomicUsize::new(0);

/// A cart: whatever is cut and for how long, once all can reach each other and everything was read,
/// every member holds one value of each key, which knows of every write there was.
#[test]
fn what_the_application_unites_holds_every_write() {
    for_seeds(300, |seed| {
        let mut it = params(WhenCut::Available, Conflicts::Merge);
        it.handoff = Nanos::millis(100);
        let mut live = Live::new(&readers_and_writers(it, 25.0, 2), seed);
        live.audit.keep = true;
        part_by_turns(&mut live, seed, 100);
        live.fault(heal("x"));
        live.run_for(Nanos::seconds(2));
        silence(&mut live);
        live.run_for(Nanos::seconds(1));
        let mut writes = BTreeSet::new();
        for (_, _, note) in &live.audit.notes {
            match *note {
                Note::Wrote { key, version, .. } => {
                    writes.insert((key, version));
                }
                Note::Conflict { how, .. } => {
                    assert_ne!(how, Settled::Dropped, "seed {seed}: nothing is dropped");
                    UNITED.fetch_add(usize::from(how == Settled::United), Ordering::Relaxed);
                }
                _ => {}
            }
        }
        for state in holders(&live.world) {
            for (key, version) in &writes {
                assert!(has(state, *key, *version), "seed {seed}: {version} of key {key}");
            }
        }
        let held = |key: u64| {
            let of = |it: &&KvStoreState| {
                let row = it.rows.get(key).cloned().unwrap_or_default();
                let mut versions: Vec<_> = row.copies.iter().map(|it| it.version).collect();
                versions.sort_unstable();
                versions
            };
            holders(&live.world).iter().map(of).collect::<BTreeSet<_>>().len()
        };
        assert!((0..2).all(|key| held(key) == 1), "seed {seed}: all hold the same");
    });
    let united = UNITED.load(Ordering::Relaxed);
    assert!(united > 100, "{united} were united");
}

/// Without hints and repairs, what a cut has kept apart stays apart; members that compare hash trees
/// come to hold the same, and then send nothing more.
#[test]
fn comparing_trees_brings_all_that_differs() {
    let held = |live: &Live| {
        let of = |it: &&KvStoreState| {
            (it.rows.start()..it.rows.end())
                .filter_map(|key| Some((key, it.rows.get(key)?.copies.first()?.version)))
                .collect::<Vec<_>>()
        };
        holders(&live.world).iter().map(of).collect::<BTreeSet<_>>().len()
    };
    let synced = |live: &Live| {
        let of = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Count { counter: 7, .. });
        live.audit.notes.iter().filter(of).count()
    };
    for_seeds(60, |seed| {
        for anti_entropy in [Nanos::ZERO, Nanos::millis(100)] {
            let mut it = params(WhenCut::Available, Conflicts::LastWriteWins);
            it.anti_entropy = anti_entropy;
            let mut live = Live::new(&readers_and_writers(it, 80.0, 300), seed);
            live.audit.keep = true;
            let (one, other) =
                (vec![target("store/0")], vec![target("store/1"), target("store/2")]);
            live.fault(Fault::Partition { name: "x".into(), one, other, ways: Ways::Both });
            live.run_for(Nanos::seconds(1));
            live.fault(heal("x"));
            silence(&mut live);
            live.run_for(Nanos::seconds(3));
            if anti_entropy == Nanos::ZERO {
                assert!(held(&live) > 1 && synced(&live) == 0, "seed {seed}: they stay apart");
                continue;
            }
            assert_eq!(held(&live), 1, "seed {seed}: all hold the same");
            let sent = synced(&live);
            live.run_for(Nanos::seconds(2));
            assert!(sent > 0 && synced(&live) == sent, "seed {seed}: the same trees, nothing sent");
        }
    });
}
