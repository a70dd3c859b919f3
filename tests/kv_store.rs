//! A store without a leader: what majorities promise under crashes and cuts, what last write wins
//! costs, and that the verdict in the picture is the checker's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::peers::{held, holders, readers_and_writers};
use crate::common::*;
use ringside::algorithm::consistency::{Guarantee, Verdict, text};
use ringside::base::draw::mix;
use ringside::base::time::{Nanos, Offset};
use ringside::component::Spec;
use ringside::component::kv_store::{
    Conflicts, KvStoreParams, KvStoreState, Merged, Row, Rule, WhenCut, Written,
};
use ringside::document::{Design, file};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};
use ringside::lens::history::recorded;
use ringside::session::protocol::Input as Act;
use ringside::session::run::Run;

const SECOND: Nanos = Nanos::SECOND;

fn params(members: u32, when_cut: WhenCut) -> KvStoreParams {
    let patience = Nanos::millis(50);
    KvStoreParams { members, when_cut, patience, work: MS, ..KvStoreParams::default() }
}

/// Crashes, restarts, cuts both ways and one way, and clocks that go wrong, at random.
fn disturb(seed: u64, members: u64) -> impl FnMut() -> (Nanos, Fault) {
    let mut at = 0;
    let mut draw = move |below: u64| {
        at += 1;
        mix(seed << 20 ^ at) % below
    };
    move || {
        let after = Nanos::millis(5 + draw(120));
        let one = draw(members);
        let member = format!("store/{one}");
        let fault = match draw(6) {
            0 => Fault::Crash(target(&member)),
            1 | 2 => Fault::Restart(target(&member)),
            3 => heal(["x", "y"][draw(2) as usize]),
            _ => {
                let side: BTreeSet<u64> = (0..members).filter(|_| draw(2) == 0).collect();
                let name = |it: u64| format!("store/{it}");
                let one: Vec<_> = side.iter().copied().map(name).collect();
                let other: Vec<_> =
                    (0..members).filter(|it| !side.contains(it)).map(name).collect();
                let list = |it: &'_ [String]| it.iter().map(|it| target(it)).collect();
                let (one, other) = (list(&one), list(&other));
                let ways = [Ways::Both, Ways::Forth, Ways::Back][draw(3) as usize];
                Fault::Partition { name: ["x", "y"][draw(2) as usize].into(), one, other, ways }
            }
        };
        (after, fault)
    }
}

fn all_well(live: &mut Live, count: u32) {
    live.fault(heal("x"));
    live.fault(heal("y"));
    (0..count).for_each(|it| live.fault(Fault::Restart(target(&format!("store/{it}")))));
}

/// Writes acknowledged by the store, by key.
fn acknowledged(live: &Live) -> BTreeMap<u32, Vec<u32>> {
    let slots = slots(&live.world, "store");
    let mut found = BTreeMap::<u32, Vec<u32>>::new();
    for (_, _, note) in &live.audit.notes {
        if let Note::Ended { member, request, outcome: Outcome::Ok, version, .. } = *note
            && slots.contains(&member)
            && request.verb == Verb::Write
        {
            found.entry(request.key).or_default().push(version);
        }
    }
    found
}

/// Staying consistent: whatever crashes and wherever the network is cut, each acknowledged write is
/// there at the end, or one that came after it.
#[test]
fn majorities_lose_no_acknowledged_write() {
    for_seeds(2_000, |seed| {
        let n = [3, 3, 5][(seed % 3) as usize];
        let mut live =
            Live::new(&readers_and_writers(params(n, WhenCut::Consistent), 40.0, 3), seed);
        live.audit.keep = true;
        let mut next = disturb(seed, n.into());
        for _ in 0..14 {
            let (after, fault) = next();
            live.run_for(after);
            live.fault(fault);
        }
        all_well(&mut live, n);
        live.run_for(SECOND);
        // Any majority knows of each acknowledged write, since it holds it or a newer one.
        for (key, versions) in acknowledged(&live) {
            for version in versions {
                let has = |it: &&KvStoreState| held(it, key).iter().any(|it| *it >= version);
                let holders = holders(&live.world).iter().filter(|it| has(it)).count();
                assert!(holders as u32 > n / 2, "seed {seed}: {version} of key {key} at {holders}");
            }
        }
    });
}

fn run_with(design: Design, seed: u64) -> Run {
    Run::open(design, seed, Nanos::ZERO, Vec::new()).expect("it compiles")
}

fn history(run: &Run) -> ringside::algorithm::consistency::History {
    let component = run.shown().world.blueprint().component("store").expect("there");
    let log = run.recorder.history.of(component).expect("a log");
    recorded(log, run.shown().world.now(), &|key| format!("x:{key}")).history
}

/// Staying consistent is linearizable as clients see it, whatever happens.
#[test]
fn majorities_are_linearizable() {
    let mut refused = 0;
    for seed in 0..150u64 {
        let mut run = run_with(readers_and_writers(params(3, WhenCut::Consistent), 30.0, 2), seed);
        let mut next = disturb(seed, 3);
        for _ in 0..20 {
            let (after, fault) = next();
            run.advance(after, u64::MAX);
            run.act(Act::Fault(fault)).expect("a fault");
        }
        let history = history(&run);
        let verdict = Guarantee::Linearizable.check(&history);
        assert_eq!(verdict, Verdict::Holds, "seed {seed}: {:?}", history.operations.len());
        let component = run.shown().world.blueprint().component("store").expect("there");
        let log = run.recorder.history.of(component).expect("a log");
        refused += log.operations.iter().filter(|it| it.reached.is_some()).count();
    }
    assert!(refused > 100, "{refused} were refused");
}

/// Keeping answering, by last write wins: once all is healed everybody holds the same, the write with
/// the latest clock of all there were; every other write that did not know of it is dropped, and the
/// store tells of exactly those. The oracle sees all writes, and which knew of which.
#[test]
fn last_write_wins_drops_exactly_what_it_says() {
    for_seeds(300, |seed| {
        let mut live =
            Live::new(&readers_and_writers(params(3, WhenCut::Available), 30.0, 2), seed);
        live.audit.keep = true;
        let skew = Offset((mix(seed) % 400_000_000) as i64 - 200_000_000);
        live.fault(Fault::Skew { target: target("store/1"), offset: skew });
        let mut next = disturb(seed, 3);
        for _ in 0..10 {
            let (after, fault) = next();
            live.run_for(after);
            live.fault(fault);
        }
        all_well(&mut live, 3);
        for client in ["one", "two"] {
            let silent = Fault::Spike { target: target(client), factor: 0.0 };
            live.fault(silent);
        }
        live.run_for(Nanos::seconds(5));
        // The oracle: all writes there were, with their clocks.
        let slots = slots(&live.world, "store");
        let mut writes = BTreeMap::<u32, Vec<(i64, u32)>>::new();
        let mut dropped = BTreeSet::new();
        for (at, _, note) in &live.audit.notes {
            match *note {
                Note::Wrote { member, key, version, .. } => {
                    let own = if member == slots[1] { skew.0 } else { 0 };
                    let clock = (at.0 as i64 + own).max(0);
                    writes.entry(key).or_default().push((clock, version));
                }
                Note::Conflict { key, kept, other: gone, .. } => {
                    dropped.insert((key, gone));
                    assert_ne!(kept, gone);
                }
                _ => {}
            }
        }
        for (key, writes) in writes {
            let (_, last) = *writes.iter().max().expect("a write");
            for it in holders(&live.world) {
                assert_eq!(held(it, key), [last], "seed {seed}, key {key}: all hold the latest");
            }
            // Whoever is gone was either known to one that came later, or told of.
            let told = writes.iter().filter(|it| dropped.contains(&(key, it.1))).count();
            LOST.fetch_add(told, Ordering::Relaxed);
            KEPT.fetch_add(writes.len() - told, Ordering::Relaxed);
            assert!(!dropped.contains(&(key, last)), "seed {seed}: the last one is not dropped");
        }
    });
    let [lost, kept] = [&LOST, &KEPT].map(|it| it.load(Ordering::Relaxed));
    assert!(lost > 100 && kept > 1_000, "{lost} dropped, {kept} not");
}

static LOST: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// Of members that write over what they hold and send it to each other, with clocks of their own: a
/// merge tells of a lost write exactly if the one that stays did not know of it. The oracle keeps, with
/// each write, the set of all writes in its past.
#[test]
fn a_merge_tells_of_exactly_the_writes_that_are_lost() {
    let (mut lost, mut quiet) = (0, 0);
    for seed in 0..2_000u64 {
        let mut at = 0;
        let mut draw = |below: u64| {
            at += 1;
            mix(seed << 24 | at) % below
        };
        let members = 2 + draw(4) as usize;
        let skew: Vec<_> = (0..members).map(|_| draw(40)).collect();
        let mut rows = vec![Row::default(); members];
        let mut pasts = vec![BTreeSet::<u32>::new(); members];
        let mut merge =
            |row: &mut Row, past: &mut BTreeSet<u32>, new: &Written, known: &BTreeSet<u32>| {
                let before = row.copies.first().map(|it| (it.at, it.version));
                let told = row.merge(Rule::Clock, new);
                let expected = match before {
                    Some(old) if old.1 != new.version && old > (new.at, new.version) => {
                        (!past.contains(&new.version)).then_some((old.1, new.version))
                    }
                    Some(old) if old.1 != new.version => {
                        (!known.contains(&old.1)).then_some((new.version, old.1))
                    }
                    _ => None,
                };
                assert_eq!(
                    told,
                    expected.map_or(Merged::Quietly, |it| Merged::Dropped(it.0, it.1)),
                    "seed {seed}"
                );
                past.extend(known);
                lost += u32::from(expected.is_some());
                quiet += u32::from(expected.is_none());
            };
        for step in 0..60u64 {
            let one = draw(members as u64) as usize;
            if draw(2) == 0 {
                let new = rows[one].write(one as u16, Nanos(100 + step + skew[one]));
                let mut known = pasts[one].clone();
                known.insert(new.version);
                merge(&mut rows[one], &mut pasts[one], &new, &known);
                continue;
            }
            let other = draw(members as u64) as usize;
            if let (Some(sent), true) = (rows[one].copies.first().cloned(), one != other) {
                let known = pasts[one].clone();
                merge(&mut rows[other], &mut pasts[other], &sent, &known);
            }
        }
    }
    assert!(lost > 1_000 && quiet > 10_000, "{lost} lost, {quiet} not");
}

/// Mumbai and Delhi, as opened, with its settings changed.
fn mumbai_delhi(change: impl FnOnce(&mut KvStoreParams)) -> Run {
    let text = include_str!("../static/designs/mumbai-delhi.json");
    let (mut file, notices) = file::read(text).expect("it is a file");
    assert!(notices.is_empty(), "{notices:?}");
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        change(it);
    }
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

fn act(run: &mut Run, at: Nanos, fault: Fault) {
    let now = run.shown().world.now();
    run.advance(at - now, u64::MAX);
    run.act(Act::Fault(fault)).expect("a fault");
}

fn separate() -> Fault {
    cut(
        "A | B, C",
        &["store/0", "mumbai-client"],
        &["store/1", "store/2", "delhi-client"],
        Ways::Both,
    )
}

/// The journey of the class, without a browser: first all read 1; cut, majorities write 2 and refuse
/// Mumbai with 1 of 3; keeping answering, Mumbai reads 1 after 2 was acknowledged.
#[test]
fn mumbai_and_delhi() {
    let told = |run: &Run| {
        let component = run.shown().world.blueprint().component("store").expect("there");
        let log = run.recorder.history.of(component).expect("a log");
        let client = |slot: u32| {
            let component = run.shown().world.blueprint().members[slot as usize].0;
            run.shown().world.blueprint().components[component as usize].id.to_string()
        };
        let one = |it: &ringside::engine::history::Operation| {
            let outcome = it.ended.map(|it| it.0);
            (client(it.client), it.writes, it.value, outcome, it.reached)
        };
        log.operations.iter().map(one).collect::<Vec<_>>()
    };
    let mut run = mumbai_delhi(|_| ());
    run.advance(Nanos::seconds(3), u64::MAX);
    assert!(told(&run).iter().all(|it| !it.1 && it.2 == 1 && it.3 == Some(Outcome::Ok)));
    act(&mut run, Nanos::seconds(3), separate());
    run.advance(Nanos::seconds(7), u64::MAX);
    let after = told(&run);
    let has = |who: &str, writes, value, outcome, reached| {
        let it = (String::from(who), writes, value, Some(outcome), reached);
        after.contains(&it)
    };
    assert!(has("delhi-client", true, 2, Outcome::Ok, None), "{after:?}");
    assert!(has("delhi-client", false, 2, Outcome::Ok, None), "{after:?}");
    assert!(has("mumbai-client", false, 0, Outcome::NoQuorum, Some(1)), "{after:?}");
    let h = history(&run);
    assert_eq!(Guarantee::Linearizable.check(&h), Verdict::Holds);

    let mut run = mumbai_delhi(|it| it.when_cut = WhenCut::Available);
    act(&mut run, Nanos::seconds(3), separate());
    run.advance(Nanos::seconds(7), u64::MAX);
    let after = told(&run);
    let read = (String::from("mumbai-client"), false, 1, Some(Outcome::Ok), None);
    assert!(after.contains(&read));
    let h = history(&run);
    let Verdict::Violated(violation) = Guarantee::Linearizable.check(&h) else {
        panic!("Mumbai reads 1 after 2 was acknowledged");
    };
    assert_eq!(violation.operations.len(), 2, "the write of 2 and the read of 1: {violation:?}");
    // Mumbai writes 3 at 15.4 s; healed, the later clock wins.
    act(&mut run, Nanos::seconds(17), heal("A | B, C"));
    run.advance(Nanos::seconds(2), u64::MAX);
    let component = run.shown().world.blueprint().component("store").expect("there");
    let log = run.recorder.history.of(component).expect("a log");
    let dropped: Vec<_> = log.dropped(Nanos::MAX).map(|it| (it.kept, it.other)).collect();
    assert_eq!(dropped, [(3, 2)]);
    let late = told(&run);
    let reads: Vec<_> = late.iter().rev().filter(|it| !it.1).take(2).map(|it| it.2).collect();
    assert_eq!(reads, [3, 3], "both sides read 3");
}

/// The verdict beside the picture is what `ringside check` says of the same history as a file.
#[test]
fn the_picture_and_the_command_agree() {
    let mut broken = 0;
    for seed in 0..60u64 {
        let mode = [WhenCut::Available, WhenCut::Consistent][(seed % 2) as usize];
        let mut run = run_with(readers_and_writers(params(3, mode), 12.0, 2), seed);
        let mut next = disturb(seed, 3);
        for _ in 0..10 {
            let (after, fault) = next();
            run.advance(after, u64::MAX);
            run.act(Act::Fault(fault)).expect("a fault");
        }
        let history = history(&run);
        let again = text::read(&text::json(&history)).expect("what is written can be read");
        for guarantee in Guarantee::ALL {
            let (live, from_file) = (guarantee.check(&history), guarantee.check(&again));
            let violated = |it: &Verdict| matches!(it, Verdict::Violated(_));
            assert_eq!(violated(&live), violated(&from_file), "seed {seed}, {}", guarantee.id());
            broken += u32::from(violated(&live));
        }
    }
    assert!(broken > 20, "{broken} were broken");
}

/// Overlapping quorums read the last finished write when nothing else is under way; those that need
/// not overlap miss some.
#[test]
fn quorums_that_overlap_miss_no_finished_write() {
    let stale = |read_quorum, write_quorum| {
        let mut stale = 0;
        for seed in 0..40u64 {
            let (when_cut, handoff) = (WhenCut::Quorums, Nanos::ZERO);
            let mesh_latency = Nanos::millis(20);
            let it = KvStoreParams {
                read_quorum,
                write_quorum,
                handoff,
                mesh_latency,
                patience: Nanos::millis(400),
                ..params(3, when_cut)
            };
            let mut run = run_with(readers_and_writers(it, 4.0, 1), seed);
            run.advance(Nanos::seconds(8), u64::MAX);
            let component = run.shown().world.blueprint().component("store").expect("there");
            let log = run.recorder.history.of(component).expect("a log");
            for read in log.operations.iter().filter(|it| !it.writes && it.value > 0) {
                let mut writes = log.operations.iter().filter(|it| it.writes);
                let found = writes.clone().find(|it| it.value == read.value);
                // When what was found had been written for sure; since ever, if never.
                let end = found.map_or(Some(Nanos::ZERO), |it| it.ended.map(|it| it.1));
                // Another write that began after that, and had ended before the read began.
                stale += u32::from(writes.any(|it| {
                    let over = |it: (Outcome, Nanos)| !it.0.is_failure() && it.1 < read.invoked;
                    end.is_some_and(|end| end < it.invoked) && it.ended.is_some_and(over)
                }));
            }
        }
        stale
    };
    assert_eq!(stale(2, 2), 0);
    assert_eq!(stale(1, 3), 0);
    assert_eq!(stale(3, 1), 0);
    assert!(stale(1, 1) > 0, "one and one of three need not meet");
}

/// Siblings: both writes stay, until a write over both; then all hold that one.
#[test]
fn siblings_stay_until_somebody_writes_over_them() {
    let siblings = |it: &mut KvStoreParams| {
        (it.when_cut, it.conflicts) = (WhenCut::Available, Conflicts::Siblings);
    };
    let mut run = mumbai_delhi(siblings);
    act(&mut run, Nanos::seconds(3), separate());
    act(&mut run, Nanos::seconds(17), heal("A | B, C"));
    run.advance(Nanos::seconds(2), u64::MAX);
    let counts = |run: &Run| {
        let world = &run.shown().world;
        holders(world).iter().map(|it| held(it, 0).len()).collect::<Vec<_>>()
    };
    assert_eq!(counts(&run), [2, 2, 2], "both everywhere");
    // The recording begins again after 20 s, and Delhi writes 5.4 s later.
    run.advance(Nanos::seconds(9), u64::MAX);
    assert_eq!(counts(&run), [1, 1, 1], "written over");
}

/// A member in another place is as far as its zone, for clients and for the other members.
#[test]
fn members_stand_in_zones() {
    let mut run = mumbai_delhi(|it| it.when_cut = WhenCut::Available);
    run.advance(Nanos::seconds(3), u64::MAX);
    let component = run.shown().world.blueprint().component("store").expect("there");
    let world = &run.shown().world;
    let store = &world.blueprint().components[component as usize];
    let log = run.recorder.history.of(component).expect("a log");
    for it in &log.operations {
        let client = world.blueprint().members[it.client as usize].0;
        let client = &*world.blueprint().components[client as usize].id;
        let member = store.members.iter().position(|slot| *slot == it.member).expect("a member");
        assert_eq!(client == "mumbai-client", member == 0, "the nearest is asked");
        // Nothing crosses the border: far less than the 8.1 ms from Mumbai to Delhi.
        let lasted = it.ended.expect("answered").1 - it.invoked;
        assert!(lasted < Nanos::millis(16), "{lasted:?}");
    }
    // Great circle Mumbai to Delhi: 1,150 km or so; 1.4 times that at 200 km a millisecond, and the
    // borders of both zones.
    let far = store.apart[1];
    assert_eq!((store.apart.len(), store.apart[0], store.apart[5]), (9, Nanos::ZERO, Nanos::ZERO));
    assert!((Nanos::millis(8)..Nanos::micros(8_600)).contains(&far), "{far:?}");
    // An outage of Mumbai takes A, and nobody in Delhi.
    run.act(Act::Fault(Fault::ZoneOutage { zone: "mumbai".into() })).expect("a fault");
    let up: Vec<_> =
        slots(&run.shown().world, "store").iter().map(|it| run.shown().world.is_up(*it)).collect();
    assert_eq!(up, [false, true, true]);
}
