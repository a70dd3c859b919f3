//! A store whose keys are kept by part of its members: whose each key is, what strict quorums promise and
//! sloppy ones do not, and that whatever was left with somebody else comes home.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::peers::{held, holders, readers_and_writers};
use crate::common::*;
use ringside::algorithm::placement::{Node, Scheme, Settings};
use ringside::base::draw::mix;
use ringside::base::text::letter;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::kv_store::{
    Conflicts, KvStoreParams, KvStoreState, Row, Rule, WhenCut, Written, each, homes, preference,
};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::history::Log;
use ringside::engine::{Note, Outcome, Verb};
use ringside::lens::history::stale;
use ringside::session::protocol::Input as Act;
use ringside::session::run::Run;

fn params(members: u32, copies: u32) -> KvStoreParams {
    KvStoreParams {
        members,
        copies,
        when_cut: WhenCut::Quorums,
        stand_in_after: Nanos::millis(15),
        patience: Nanos::millis(60),
        handoff: Nanos::millis(100),
        work: MS,
        ..KvStoreParams::default()
    }
}

/// Whether a member has a write of a key, or one that knows of it.
fn has(state: &KvStoreState, key: u32, version: u32) -> bool {
    let row = state.rows.get(key.into());
    row.is_some_and(|it| it.copies.iter().any(|it| it.version == version || it.knows(version)))
}

/// Writes that the store acknowledged: at which member, key and version.
fn acknowledged(live: &Live) -> BTreeSet<(usize, u32, u32)> {
    let slots = slots(&live.world, "store");
    let of = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { member, request, outcome: Outcome::Ok, version, .. }
            if request.verb == Verb::Write =>
        {
            Some((slots.iter().position(|it| *it == member)?, request.key, version))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(of).collect()
}

/// How often a member ended requests so.
fn ended(live: &Live, at: u16, how: Outcome) -> usize {
    let slot = slots(&live.world, "store")[usize::from(at)];
    let of = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Ended { member, outcome, own: false, .. } if member == slot && outcome == how);
    live.audit.notes.iter().filter(of).count()
}

fn counted(live: &Live, which: u8) -> usize {
    let of =
        |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Count { counter, .. } if counter == which);
    live.audit.notes.iter().filter(of).count()
}

fn silence(live: &mut Live) {
    for client in ["one", "two"] {
        live.fault(Fault::Spike { target: target(client), factor: 0.0 });
    }
}

fn apart(name: &str, one: &[u16], other: &[u16]) -> Fault {
    let list = |it: &[u16]| it.iter().map(|it| target(&format!("store/{it}"))).collect();
    Fault::Partition { name: name.into(), one: list(one), other: list(other), ways: Ways::Both }
}

/// Crashes, restarts and cuts, both ways and one way, at random.
fn disturb(seed: u64, members: u64) -> impl FnMut() -> (Nanos, Fault) {
    let mut at = 0;
    let mut draw = move |below: u64| {
        at += 1;
        mix(seed << 20 ^ at) % below
    };
    move || {
        let after = Nanos::millis(5 + draw(150));
        let one = target(&format!("store/{}", draw(members)));
        let fault = match draw(6) {
            0 => Fault::Crash(one),
            1 => Fault::Restart(one),
            2 => heal(["x", "y"][draw(2) as usize]),
            _ => {
                let (mut one, mut other) = (Vec::new(), Vec::new());
                for it in 0..members {
                    let side = if draw(2) == 0 { &mut one } else { &mut other };
                    side.push(target(&format!("store/{it}")));
                }
                let ways = [Ways::Both, Ways::Both, Ways::Forth][draw(3) as usize];
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

/// Nobody has a hint; every home of a key holds the same, all others nothing of it, and every write that
/// was acknowledged is there or was written over.
#[track_caller]
fn check_home(live: &Live, params: &KvStoreParams, keys: u32) {
    let (seed, states) = (live.seed, holders(&live.world));
    for (member, state) in states.iter().enumerate() {
        let open: Vec<_> = state.hints.iter().flatten().collect();
        assert!(open.is_empty(), "seed {seed}: {member} has {open:?} left");
    }
    for key in 0..keys {
        let homes = homes(params, key);
        let first = each(homes).next().expect("a home");
        for (member, state) in states.iter().enumerate() {
            let held = held(state, key);
            if homes >> member & 1 == 0 {
                assert!(held.is_empty(), "seed {seed}, key {key}: {member} is no home of {held:?}");
            } else {
                let same = self::held(states[usize::from(first)], key);
                assert_eq!(held, same, "seed {seed}, key {key}: {member} as {first}");
            }
        }
    }
    for (_, key, version) in acknowledged(live) {
        for home in each(homes(params, key)) {
            let kept = has(states[usize::from(home)], key, version);
            assert!(kept, "seed {seed}: {version} of key {key} at {home}");
        }
    }
}

/// A key's homes are who a ring (`algorithm/placement`) gives it to, then who it would give it to without
/// that one, and so on. In a run each key comes to lie with those, and nobody else.
#[test]
fn keys_lie_with_their_homes() {
    for members in 1..=9u32 {
        let nodes: Vec<_> = (0..members as u16).collect();
        for key in 0..200u32 {
            let mut left = nodes.clone();
            let order = preference(&params(members, 1), key);
            assert_eq!(order.len(), nodes.len());
            for home in &order {
                let named = |it: &u16| Node { name: letter(*it), weight: 1 };
                let nodes: Vec<_> = left.iter().map(named).collect();
                let ring = Scheme::Ring.build(&nodes, &Settings::default()).expect("a ring");
                let owner = ring.find(key.to_string().as_bytes(), &[]).expect("an owner");
                assert_eq!(*home, left.remove(owner), "key {key} of {members}");
            }
            for copies in 1..=members {
                let first = order[..copies as usize].iter().fold(0, |all, it| all | 1 << it);
                assert_eq!(homes(&params(members, copies), key), first);
            }
            assert_eq!(homes(&params(members, 0), key).count_ones(), members);
        }
    }
    for (members, copies) in [(5, 3), (9, 2), (4, 1), (3, 3)] {
        for when_cut in WhenCut::ALL.iter().copied() {
            let it = KvStoreParams { when_cut, ..params(members, copies) };
            let mut live = Live::new(&readers_and_writers(it.clone(), 150.0, 60), 3);
            live.audit.keep = true;
            live.run_for(Nanos::seconds(2));
            silence(&mut live);
            live.run_for(Nanos::seconds(1));
            assert!(acknowledged(&live).len() > 100);
            check_home(&live, &it, 60);
            let unwritten = (0..60).filter(|key| held(holders(&live.world)[0], *key).is_empty());
            assert!(unwritten.count() > 0 || members == copies, "not all is everywhere");
            live.check_replay();
        }
    }
}

/// Members that are no homes of a key, cut off from those that are: strict, they refuse all that is asked
/// of them, since they know nothing of it; sloppy, they stand in. Healed, all is brought home, and
/// dropped where it was kept.
#[test]
fn strict_refuses_where_sloppy_stands_in() {
    for when_cut in [WhenCut::Quorums, WhenCut::Available] {
        for sloppy in [false, true] {
            let it = KvStoreParams { sloppy, when_cut, ..params(5, 3) };
            let order = preference(&it, 0);
            let mut live = Live::new(&readers_and_writers(it.clone(), 60.0, 1), 11);
            live.audit.keep = true;
            live.fault(apart("x", &order[..3], &order[3..]));
            live.run_for(Nanos::seconds(2));
            for member in &order[3..] {
                let [done, refused] =
                    [Outcome::Ok, Outcome::NoQuorum].map(|it| ended(&live, *member, it));
                match sloppy {
                    true => assert!(done > 30 && refused == 0, "{member}: {done}, {refused}"),
                    false => assert!(done == 0 && refused > 30, "{member}: {done}, {refused}"),
                }
            }
            let done = ended(&live, order[0], Outcome::Ok);
            assert!(done > 30 && ended(&live, order[0], Outcome::NoQuorum) == 0, "{done}");
            // What was left with them names those it is for.
            let states = holders(&live.world);
            let hints = |at: u16, home: u16| states[usize::from(at)].hints[usize::from(home)].len();
            let kept: usize = order[3..]
                .iter()
                .map(|at| order[..3].iter().map(|home| hints(*at, *home)).sum::<usize>())
                .sum();
            assert_eq!(kept > 0, sloppy, "{kept} hints");
            assert_eq!(counted(&live, 8) > 30, sloppy);
            assert_eq!(!held(states[usize::from(order[3])], 0).is_empty(), sloppy);
            live.fault(heal("x"));
            silence(&mut live);
            live.run_for(Nanos::seconds(1));
            if sloppy {
                assert!(counted(&live, 5) > 0, "hints are handed over");
            }
            check_home_last(&live, &it);
            live.check_replay();
        }
    }
}

/// As [`check_home`], where of writes that did not know of each other only the last is kept.
#[track_caller]
fn check_home_last(live: &Live, params: &KvStoreParams) {
    let states = holders(&live.world);
    assert!(states.iter().all(|it| it.hints.iter().all(BTreeSet::is_empty)));
    let homes = homes(params, 0);
    let kept: BTreeSet<_> = each(homes).map(|it| held(states[usize::from(it)], 0)).collect();
    assert!(kept.len() == 1 && kept.first().is_some_and(|it| it.len() == 1), "{kept:?}");
    for other in each(!homes).filter(|it| usize::from(*it) < states.len()) {
        assert!(held(states[usize::from(other)], 0).is_empty(), "{other} has handed all over");
    }
}

static DELIVERED: AtomicUsize = AtomicUsize::new(0);
static STOOD_IN: AtomicUsize = AtomicUsize::new(0);

/// Whatever crashes and wherever the network is cut: once all is well, every hint is delivered and no
/// acknowledged write is missing at any of its homes.
#[test]
fn all_that_was_left_with_others_comes_home() {
    for_seeds(400, |seed| {
        let mut at = 0;
        let mut draw = |below: u64| {
            at += 1;
            mix(seed << 24 ^ at) % below
        };
        let members = 3 + draw(5) as u32;
        let copies = 1 + draw(u64::from(members) - 1) as u32;
        let (when_cut, conflicts) = match draw(3) {
            0 => (WhenCut::Available, Conflicts::Siblings),
            1 => (WhenCut::Quorums, Conflicts::Merge),
            _ => (WhenCut::Quorums, Conflicts::Siblings),
        };
        let mut it = KvStoreParams { when_cut, conflicts, ..params(members, copies) };
        it.sloppy = draw(4) > 0;
        it.write_quorum = 1 + draw(u64::from(copies)) as u32;
        it.read_quorum = 1 + draw(u64::from(copies)) as u32;
        let mut live = Live::new(&readers_and_writers(it.clone(), 50.0, 4), seed);
        live.audit.keep = true;
        let mut next = disturb(seed, members.into());
        for _ in 0..12 {
            let (after, fault) = next();
            live.run_for(after);
            live.fault(fault);
        }
        all_well(&mut live, members);
        live.run_for(Nanos::millis(300));
        silence(&mut live);
        live.run_for(Nanos::seconds(3));
        check_home(&live, &it, 4);
        DELIVERED.fetch_add(counted(&live, 5), Ordering::Relaxed);
        STOOD_IN.fetch_add(counted(&live, 8), Ordering::Relaxed);
        if seed % 20 == 0 {
            live.check_replay();
        }
    });
    let [delivered, stood_in] = [&DELIVERED, &STOOD_IN].map(|it| it.load(Ordering::Relaxed));
    assert!(delivered > 1_000 && stood_in > 1_000, "{delivered} delivered, {stood_in} stood in");
}

fn run_with(design: Design, seed: u64) -> Run {
    Run::open(design, seed, Nanos::ZERO, Vec::new()).expect("it compiles")
}

fn log(run: &Run) -> &Log {
    let component = run.shown().world.blueprint().component("store").expect("there");
    run.recorder.history.of(component).expect("a log")
}

/// Two of three and two of three, planted: a write is acknowledged by stand-ins on one side of a cut, and
/// a read begun after that on the other side, from two homes, does not see it. Strict, that write is
/// refused.
#[test]
fn under_sloppy_quorums_overlap_is_not_enough() {
    for sloppy in [true, false] {
        let it = KvStoreParams { sloppy, ..params(5, 3) };
        let order = preference(&it, 0);
        let [read, write] = it.quorum();
        assert!(read + write > it.homes());
        let mut run = run_with(readers_and_writers(it, 20.0, 1), 5);
        run.advance(Nanos::seconds(1), u64::MAX);
        run.act(Act::Fault(apart("x", &order[..3], &order[3..]))).expect("a fault");
        let cut = run.shown().world.now();
        run.advance(Nanos::seconds(2), u64::MAX);
        let slots = slots(&run.shown().world, "store");
        let home = |slot: u32| order[..3].iter().any(|it| slots[usize::from(*it)] == slot);
        let (log, now) = (log(&run), run.shown().world.now());
        let told = |it: &&_| matches!(it, Some((Outcome::Ok, _)));
        let left = log
            .operations
            .iter()
            .find(|it| it.writes && it.invoked > cut && !home(it.member) && told(&&it.ended));
        let Some(left) = left else {
            assert!(!sloppy, "stand-ins acknowledge");
            let reads = log.operations.iter().filter(|it| stale(log, it, now)).count();
            assert_eq!(reads, 0);
            continue;
        };
        assert!(sloppy, "nobody but homes acknowledges");
        let round = left.rounds[1];
        let kept = round.deciders(now).expect("decided");
        let homes = order[..3].iter().fold(0u16, |all, it| all | 1 << it);
        assert_eq!((kept & homes, kept.count_ones()), (0, write), "stand-ins only");
        for member in 0..5usize {
            let stands_in = round.stands_in(member);
            assert_eq!(stands_in.is_some(), kept >> member & 1 == 1);
            assert!(stands_in.is_none_or(|it| homes >> it & 1 == 1));
        }
        let after = left.ended.expect("told").1;
        let missed = log
            .operations
            .iter()
            .find(|it| !it.writes && it.invoked > after && home(it.member) && stale(log, it, now));
        let missed = missed.expect("a read that misses it");
        let answered = missed.rounds[0].deciders(now).expect("decided");
        assert_eq!((answered & !homes, answered.count_ones()), (0, read), "homes only");
    }
}

/// W + R > N: under any crashes and cuts, strict quorums never miss an acknowledged write; of the same
/// schedules, sloppy ones miss some.
#[test]
fn strict_quorums_never_miss_an_acknowledged_write() {
    let missed = |sloppy: bool, seeds: u64| {
        let (mut missed, mut reads, mut refused) = (0, 0, 0);
        for seed in 0..seeds {
            let members = 3 + mix(seed) % 5;
            let copies = 2 + mix(seed ^ 1) % (members - 2);
            let mut it = KvStoreParams { sloppy, ..params(members as u32, copies as u32) };
            it.write_quorum = 1 + (mix(seed ^ 2) % copies) as u32;
            it.read_quorum = copies as u32 + 1 - it.write_quorum;
            it.read_repair = seed % 2 == 0;
            it.handoff = [Nanos::ZERO, Nanos::millis(100)][(seed / 2 % 2) as usize];
            let mut run = run_with(readers_and_writers(it, 40.0, 2), seed);
            let mut next = disturb(seed, members);
            for _ in 0..20 {
                let (after, fault) = next();
                run.advance(after, u64::MAX);
                run.act(Act::Fault(fault)).expect("a fault");
            }
            let (log, now) = (log(&run), run.shown().world.now());
            let old = log.operations.iter().filter(|it| stale(log, it, now)).count();
            assert!(sloppy || old == 0, "seed {seed}: {old} reads missed a write");
            missed += old;
            let ok = |it: &&_| matches!(it, Some((Outcome::Ok, _)));
            reads += log.operations.iter().filter(|it| !it.writes && ok(&&it.ended)).count();
            refused += log.operations.iter().filter(|it| it.reached.is_some()).count();
        }
        println!("sloppy {sloppy}: {missed} missed, {reads} read, {refused} refused");
        (missed, reads, refused)
    };
    let (old, reads, refused) = missed(false, 400);
    assert!(old == 0 && reads > 3_000 && refused > 1_000, "{reads} read, {refused} refused");
    let (old, reads, fewer) = missed(true, 100);
    assert!(old > 20 && reads > 1_000, "{old} of {reads}");
    assert!(fewer * 4 < refused * 2, "{fewer} of 100 schedules refused, {refused} of 400");
}

/// With as many copies as members nothing changes: the same happens, message by message, however that is
/// said, and nobody stands in.
#[test]
fn as_many_copies_as_members_is_as_it_was() {
    for seed in 0..20u64 {
        for when_cut in WhenCut::ALL.iter().copied() {
            let notes = |copies, sloppy| {
                let it = KvStoreParams { when_cut, sloppy, ..params(3, copies) };
                let mut live = Live::new(&readers_and_writers(it, 40.0, 3), seed);
                live.audit.keep = true;
                let mut next = disturb(seed, 3);
                for _ in 0..8 {
                    let (after, fault) = next();
                    live.run_for(after);
                    live.fault(fault);
                }
                assert_eq!(counted(&live, 8), 0);
                format!("{:?}", live.audit.notes)
            };
            let plain = notes(0, false);
            for (copies, sloppy) in [(3, false), (9, false), (0, true), (3, true)] {
                assert!(notes(copies, sloppy) == plain, "seed {seed}, {copies} copies");
            }
        }
    }
}

/// Members come and go and N changes while requests go on: keys come to lie with whose they are now.
#[test]
fn keys_follow_their_homes() {
    for_seeds(150, |seed| {
        let mut it = KvStoreParams { conflicts: Conflicts::Siblings, ..params(5, 2) };
        it.when_cut = [WhenCut::Quorums, WhenCut::Consistent][(seed % 2) as usize];
        // A write may be half done whose member goes for good (seed 2161): nobody has a hint of it.
        it.anti_entropy = Nanos::millis(200);
        let mut live = Live::new(&readers_and_writers(it.clone(), 60.0, 30), seed);
        live.audit.keep = true;
        live.run_for(Nanos::seconds(1));
        let steps = [(7, 2), (7, 4), (7, 1), (6, 3), (4, 3), (4, 0)];
        let (members, copies) = steps[(mix(seed) % 6) as usize];
        live.edit(|design| {
            let record = design.components.get_mut("store").expect("there");
            if let Spec::KvStore(params) = &mut record.spec {
                (params.members, params.copies) = (members, copies);
                it = params.clone();
            }
        });
        live.run_for(Nanos::millis(mix(seed ^ 7) % 500));
        silence(&mut live);
        live.run_for(Nanos::seconds(2));
        assert!(acknowledged(&live).len() > 20, "seed {seed}");
        check_home(&live, &it, 30);
        live.check_replay();
    });
}

/// Hash trees: homes that were apart come to hold the same of the keys that both keep, though nobody has
/// hints for them, and then send nothing more.
#[test]
fn homes_that_compare_come_to_hold_the_same() {
    for_seeds(40, |seed| {
        let mut it = params(5, 3);
        (it.handoff, it.read_repair) = (Nanos::ZERO, false);
        (it.write_quorum, it.read_quorum) = (1, 1);
        it.anti_entropy = Nanos::millis(100);
        let mut live = Live::new(&readers_and_writers(it.clone(), 80.0, 200), seed);
        live.audit.keep = true;
        live.fault(apart("x", &[0, 1], &[2, 3, 4]));
        live.run_for(Nanos::seconds(1));
        live.fault(heal("x"));
        silence(&mut live);
        live.run_for(Nanos::seconds(8));
        let states = holders(&live.world);
        for key in 0..200 {
            let homes = homes(&it, key);
            let kept: BTreeSet<_> =
                each(homes).map(|at| held(states[usize::from(at)], key)).collect();
            assert_eq!(kept.len(), 1, "seed {seed}, key {key}: {kept:?}");
        }
        let sent = counted(&live, 7);
        live.run_for(Nanos::seconds(2));
        assert!(sent > 0 && counted(&live, 7) == sent, "seed {seed}: the same, nothing sent");
    });
}

/// Members write over what they hold, send it to each other, and drop all they hold at times. Against the
/// oracle, which keeps with each write the set of all writes in its past: a merge drops exactly what
/// was known, and no two writes have the same version.
#[test]
fn what_was_dropped_is_not_known() {
    let (mut dropped, mut beside) = (0, 0);
    for seed in 0..1_500u64 {
        let mut at = 0;
        let mut draw = |below: u64| {
            at += 1;
            mix(seed << 24 | at) % below
        };
        let members = 2 + draw(4) as usize;
        let mut rows = vec![Row::default(); members];
        let mut pasts = std::collections::BTreeMap::<u32, BTreeSet<u32>>::new();
        let take = |row: &mut Row,
                    new: &Written,
                    pasts: &std::collections::BTreeMap<u32, BTreeSet<u32>>| {
            let mut expected: BTreeSet<u32> = row.copies.iter().map(|it| it.version).collect();
            if !expected.iter().any(|it| pasts[it].contains(&new.version)) {
                expected.retain(|it| !pasts[&new.version].contains(it));
                expected.insert(new.version);
            }
            row.merge(Rule::Both, new);
            let now: BTreeSet<_> = row.copies.iter().map(|it| it.version).collect();
            assert_eq!(now, expected, "seed {seed}");
            usize::from(now.len() > 1)
        };
        for _ in 0..60 {
            let one = draw(members as u64) as usize;
            match draw(5) {
                0 | 1 => {
                    let new = rows[one].write(one as u16, Nanos(1));
                    assert!(!pasts.contains_key(&new.version), "seed {seed}: once only");
                    let held = rows[one].copies.iter();
                    let mut past: BTreeSet<_> =
                        held.flat_map(|it| pasts[&it.version].clone()).collect();
                    past.insert(new.version);
                    pasts.insert(new.version, past);
                    rows[one].note(one as u16, new.version);
                    beside += take(&mut rows[one], &new, &pasts);
                }
                2 => {
                    dropped += rows[one].copies.len();
                    rows[one].copies.clear();
                }
                _ => {
                    let other = draw(members as u64) as usize;
                    for sent in rows[one].copies.clone() {
                        beside += take(&mut rows[other], &sent, &pasts);
                    }
                }
            }
        }
    }
    assert!(dropped > 1_000 && beside > 1_000, "{dropped} dropped, {beside} beside each other");
}
