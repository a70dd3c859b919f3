//! Writes in conflict: which survives and which is lost, under each policy, in the same run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::looking::Looking;
use crate::common::peers::{held, holders, part_by_turns, readers_and_writers, silence};
use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::kv_store::{Conflicts, KvStoreParams, Rule, WhenCut, Written};
use ringside::document::file;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Settled};
use ringside::lens::history::recorded;

/// North and South, set to a policy and cut from each other while both give out id 101.
fn two_primaries(conflicts: Conflicts) -> Looking {
    let text = include_str!("../static/designs/two-primaries.json");
    let (mut file, _) = file::read(text).expect("it is a file");
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        it.conflicts = conflicts;
    }
    let mut it = Looking::open(file.design, file.seed, file.warmup, ("store", "Customers"));
    it.on(3_000);
    let parted = cut(
        "North | South",
        &["store/0", "north-customers"],
        &["store/1", "south-customers"],
        Ways::Both,
    );
    it.fault(parted);
    it.on(4_000);
    it.fault(heal("North | South"));
    it.on(3_000);
    it
}

fn told(it: &Looking) -> Vec<String> {
    let scene = it.scene(900.0);
    let conflicts = scene.marks.iter().filter(|it| it.id.starts_with("conflict/"));
    conflicts.filter_map(|it| it.id.ends_with("#sign").then(|| it.label.clone())?).collect()
}

fn read_last(it: &Looking) -> Vec<u32> {
    let component = it.run.shown().world.blueprint().component("store").expect("there");
    let log = it.run.recorder.history.of(component).expect("a log");
    let reads = log.operations.iter().rev().filter(|it| !it.writes && it.key == 101);
    reads.take(2).map(|it| it.value).collect()
}

/// North writes 2 at 4.000 s and South 3 at 4.006 s, neither knowing of the other.
#[test]
fn each_policy_says_what_survives_and_what_is_lost() {
    let later = two_primaries(Conflicts::LastWriteWins);
    assert_eq!(
        told(&later),
        ["Conflict in id:101: {2, 3}. The later clock wins: 3 is kept, 2 is dropped."]
    );
    let first = two_primaries(Conflicts::FirstWriteWins);
    assert_eq!(
        told(&first),
        ["Conflict in id:101: {2, 3}. The earlier clock wins: 2 is kept, 3 is dropped."]
    );
    let both = two_primaries(Conflicts::Siblings);
    assert_eq!(
        told(&both),
        ["Conflict in id:101: {2, 3} do not know of each other. Both are kept (siblings)."]
    );
    let mut values = Vec::new();
    for mut it in [later, first] {
        // Both read at about 11 s.
        it.on(2_000);
        values.push(read_last(&it));
    }
    assert_eq!(values, [[3, 3], [2, 2]], "both sides read the one that stays");
}

/// By hand: both stay until somebody picks one inside; it is written over the other, everywhere, and read
/// as the value it was. It is an input like any: kept, replayed.
#[test]
fn a_person_picks_which_value_stays() {
    for (index, stays) in [(0, 2), (1, 3)] {
        let mut it = two_primaries(Conflicts::ByHand);
        let both = held(holders(&it.run.shown().world)[0], 101);
        assert_eq!(both.len(), 2);
        assert_eq!(it.words(&format!("hand/101/{}", both[0])), "id:101 = 2");
        it.click(&format!("hand/101/{}", both[index]));
        it.on(1_000);
        let states = holders(&it.run.shown().world);
        let [north, south] = [0, 1].map(|at| held(states[at], 101));
        assert_eq!((north.len(), &north), (1, &south), "one, everywhere");
        assert!(both.iter().all(|it| *it < north[0]), "written anew");
        let [kept, gone] = [stays, 5 - stays];
        let settled = format!("Settled in id:101 by hand: {kept} is kept, {gone} is gone.");
        assert_eq!(told(&it)[0], settled);
        assert!(it.scene(300.0).marks.iter().all(|it| !it.id.starts_with("hand/")));
        it.on(2_000);
        assert_eq!(read_last(&it), [stays, stays]);
        // What was typed is one of the run's inputs.
        let typed = it.run.inputs.iter().any(|it| {
            matches!(&it.input, ringside::session::protocol::Input::Fault(Fault::Command { words, .. })
                if words.starts_with("keep 101 "))
        });
        assert!(typed);
        let component = it.run.shown().world.blueprint().component("store").expect("there");
        let log = it.run.recorder.history.of(component).expect("a log");
        let now = it.run.shown().world.now();
        assert!(recorded(log, now, &|it| it.to_string()).history.operations.len() > 4);
    }
}

/// What is typed and makes no sense changes nothing.
#[test]
fn what_is_not_in_conflict_cannot_be_picked() {
    let mut it = two_primaries(Conflicts::ByHand);
    let before = held(holders(&it.run.shown().world)[0], 101);
    for words in
        ["keep 101 Z9", "keep 101", "keep x A1", "keep 7 A1", "drop 101 A1", "keep 9999999 A1"]
    {
        it.act(&format!("command 0 {words}"));
        it.on(10);
        assert_eq!(held(holders(&it.run.shown().world)[0], 101), before, "{words}");
    }
    it.act(&format!("command 0 keep 101 {}", Written::name(before[0]).to_lowercase()));
    it.on(10);
    assert_eq!(held(holders(&it.run.shown().world)[0], 101).len(), 1);
}

static SET_ASIDE: AtomicUsize = AtomicUsize::new(0);

/// First write wins, whatever is cut and for how long: once all is healed, all members show the same,
/// which is the earliest by its clock of those writes that no other knew of.
#[test]
fn the_first_of_those_that_nobody_knew_of_stays() {
    for_seeds(200, |seed| {
        let params = KvStoreParams {
            when_cut: WhenCut::Available,
            conflicts: Conflicts::FirstWriteWins,
            handoff: Nanos::millis(100),
            work: MS,
            ..Default::default()
        };
        let mut live = Live::new(&readers_and_writers(params, 20.0, 3), seed);
        live.audit.keep = true;
        part_by_turns(&mut live, seed, 150);
        silence(&mut live);
        live.run_for(Nanos::millis(100));
        live.fault(heal("x"));
        live.run_for(Nanos::seconds(2));
        // The oracle: all writes there were, and when.
        let mut writes = BTreeMap::<u32, BTreeMap<u32, Nanos>>::new();
        let mut dropped = Vec::new();
        for (at, _, note) in &live.audit.notes {
            match *note {
                Note::Wrote { key, version, .. } => {
                    writes.entry(key).or_default().insert(version, *at);
                }
                Note::Conflict { key, how: Settled::Dropped, other, .. } => {
                    dropped.push((key, other))
                }
                _ => {}
            }
        }
        for (key, writes) in writes {
            let rows = holders(&live.world);
            let rows: Vec<_> = rows.iter().filter_map(|it| it.rows.get(key.into())).collect();
            let shown = rows[0].shown(Rule::First);
            for row in &rows {
                assert_eq!(row.shown(Rule::First), shown, "seed {seed}, key {key}");
                assert!(row.copies.iter().all(|it| writes[&it.version] >= writes[&shown]));
                assert!(writes.keys().all(|it| row.knows(*it)), "seed {seed}: nothing is missed");
                for it in row.copies.iter().filter(|it| it.version != shown) {
                    SET_ASIDE.fetch_add(1, Ordering::Relaxed);
                    assert!(dropped.contains(&(key, it.version)), "seed {seed}: it is told");
                }
            }
        }
    });
    let aside = SET_ASIDE.load(Ordering::Relaxed);
    assert!(aside > 100, "{aside} set aside");
}
