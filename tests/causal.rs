//! Causal consistency in a key–value store: whatever is cut, delayed or crashes, nobody sees an effect before its
//! causes; without it, somebody does.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::{Expect, expect};

use crate::common::looking::{Looking, well_drawn};
use crate::common::peers::{acknowledged, held, holders};
use crate::common::*;
use ringside::algorithm::consistency::{Guarantee, History, Verdict};
use ringside::base::draw::mix;
use ringside::base::time::{Nanos, Offset};
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::kv_store::{Conflicts, KvStoreParams, KvStoreState, WhenCut, Written};
use ringside::document::{Design, file};
use ringside::engine::fault::{Fault, Scope, Ways};
use ringside::lens::history::recorded;
use ringside::scene::text;
use ringside::session::protocol::Input as Act;
use ringside::session::run::Run;

/// The ready design, its store changed.
fn chat(change: impl FnOnce(&mut KvStoreParams)) -> (Design, u64) {
    let text = include_str!("../static/designs/group-chat.json");
    let (mut file, notices) = file::read(text).expect("it is a file");
    assert!(notices.is_empty(), "{notices:?}");
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        change(it);
    }
    (file.design, file.seed)
}

/// The same three places, each with a client that reads and writes a few keys. From Mumbai to Frankfurt it is
/// not as far as in the ready design.
fn talk(rate: f64, keys: u32, change: impl FnOnce(&mut KvStoreParams)) -> Design {
    let (mut it, _) = chat(change);
    let mumbai = it.zones.get_mut("mumbai").expect("there");
    mumbai.settings.pairs[0].one_way = Nanos::millis(120);
    for id in ["asha", "dev", "farah"] {
        let class = |name: &str, does| Class { name: name.into(), does, ..Class::default() };
        let classes = vec![class("read", Does::Read), class("write", Does::Write)];
        let (rate, popularity, zipf) = (Rate(rate), Popularity::Uniform, 0.0);
        let timeout = Nanos::seconds(1);
        let client =
            ClientParams { rate, classes, keys, popularity, zipf, timeout, ..Default::default() };
        it.components.get_mut(id).expect("there").spec = Spec::Client(client);
    }
    it
}

/// Crashes, cuts of every kind, delays between members and clocks that go wrong, at random.
fn disturb(seed: u64) -> impl FnMut() -> (Nanos, Fault) {
    let mut at = 0;
    let mut draw = move |below: u64| {
        at += 1;
        mix(seed << 20 ^ at) % below
    };
    move || {
        let after = Nanos::millis(5 + draw(400));
        let one = draw(3);
        let member = format!("store/{one}");
        let fault = match draw(8) {
            0 if draw(2) == 0 => Fault::Crash(target(&member)),
            0 | 1 => Fault::Restart(target(&member)),
            2 => heal(["x", "y"][draw(2) as usize]),
            3 => {
                let on = Scope::Target(target(&member));
                Fault::Delay { on, by: Nanos::millis(draw(300)) }
            }
            4 => {
                let offset = Offset(draw(400_000_000) as i64 - 200_000_000);
                Fault::Skew { target: target(&member), offset }
            }
            _ => {
                // One from another, or one from both.
                let others: Vec<_> = (0..3).filter(|it| *it != one).collect();
                let others = if draw(3) > 0 { &others[..1] } else { &others[..] };
                let other = others.iter().map(|it| target(&format!("store/{it}"))).collect();
                let ways = [Ways::Both, Ways::Forth, Ways::Back][draw(3) as usize];
                let name = ["x", "y"][draw(2) as usize].into();
                Fault::Partition { name, one: vec![target(&member)], other, ways }
            }
        };
        (after, fault)
    }
}

fn history(run: &Run) -> History {
    let component = run.shown().world.blueprint().component("store").expect("there");
    let log = run.recorder.history.of(component).expect("a log");
    recorded(log, run.shown().world.now(), &|key| format!("x:{key}")).history
}

fn violated(history: &History) -> bool {
    match Guarantee::Causal.check(history) {
        Verdict::Holds => false,
        Verdict::Violated(_) => true,
        Verdict::Undecided(why) => panic!("{why}"),
    }
}

const RULES: [Conflicts; 5] = [
    Conflicts::LastWriteWins,
    Conflicts::Siblings,
    Conflicts::Merge,
    Conflicts::FirstWriteWins,
    Conflicts::ByHand,
];

/// Runs it under many schedules, disturbed and not. How many histories violate causality.
fn violations(when_cut: WhenCut, counts: [&AtomicUsize; 2]) {
    for_seeds(300, |seed| {
        let conflicts = RULES[(seed % 5) as usize];
        // What an application unites is nobody's write: checkers cannot tell where it came from.
        let conflicts =
            if conflicts == Conflicts::Merge { Conflicts::LastWriteWins } else { conflicts };
        let design = talk([15.0, 50.0][(seed / 5 % 2) as usize], 2 + (seed % 4) as u32, |it| {
            (it.when_cut, it.conflicts) = (when_cut, conflicts);
            it.anti_entropy = [Nanos::ZERO, Nanos::millis(300)][(seed / 10 % 2) as usize];
            it.handoff = Nanos::millis(100);
        });
        let mut run = Run::open(design, seed, Nanos::ZERO, Vec::new()).expect("it compiles");
        let mut next = disturb(seed);
        for _ in 0..16 {
            let (after, fault) = next();
            run.advance(after, u64::MAX);
            if seed % 7 > 0 {
                run.act(Act::Fault(fault)).expect("a fault");
            }
        }
        let history = history(&run);
        counts[0].fetch_add(usize::from(violated(&history)), Ordering::Relaxed);
        counts[1].fetch_add(history.operations.len(), Ordering::Relaxed);
        if when_cut == WhenCut::Causal {
            assert!(!violated(&history), "seed {seed}: {:?}", Guarantee::Causal.check(&history));
            if conflicts == Conflicts::LastWriteWins {
                let verdict = Guarantee::CausalConvergence.check(&history);
                assert_eq!(verdict, Verdict::Holds, "seed {seed}");
            }
        }
    });
}

/// With the setting the checker never finds a violation, whatever happens.
#[test]
fn causes_come_first_whatever_happens() {
    let [broken, operations] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    violations(WhenCut::Causal, [&broken, &operations]);
    let operations = operations.into_inner();
    assert!(operations > 20_000, "{operations} operations");
}

/// Without it, it does: in the same designs, under the same schedules.
#[test]
fn without_it_effects_come_first() {
    let [broken, operations] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    violations(WhenCut::Available, [&broken, &operations]);
    let broken = broken.into_inner();
    assert!(broken > 15, "{broken} of 300 runs");
}

/// Nothing waits for ever: once all is healed, nothing is held back, all members hold the same, each
/// acknowledged write or one that knows of it, and what everybody has is nobody's cause any more. So it
/// is replayed, too.
#[test]
fn what_was_held_back_comes_when_all_is_healed() {
    let waited = AtomicUsize::new(0);
    for_seeds(200, |seed| {
        let design = talk(20.0, 2 + (seed % 4) as u32, |it| {
            (it.when_cut, it.conflicts) = (WhenCut::Causal, RULES[(seed % 5) as usize]);
            it.handoff = Nanos::millis(100);
        });
        let mut live = Live::new(&design, seed);
        live.audit.keep = true;
        let mut next = disturb(seed);
        for _ in 0..16 {
            let (after, fault) = next();
            live.run_for(after);
            live.fault(fault);
            let held: usize = holders(&live.world).iter().map(|it| it.causal.held.len()).sum();
            waited.fetch_add(held, Ordering::Relaxed);
        }
        live.fault(heal("x"));
        live.fault(heal("y"));
        for it in 0..3 {
            let one = target(&format!("store/{it}"));
            live.fault(Fault::Restart(one.clone()));
            live.fault(Fault::Delay { on: Scope::Target(one), by: Nanos::ZERO });
        }
        live.run_for(Nanos::seconds(1));
        for client in ["asha", "dev", "farah"] {
            live.fault(Fault::Spike { target: target(client), factor: 0.0 });
        }
        live.run_for(Nanos::seconds(8));
        let writes = acknowledged(&live);
        let holders = holders(&live.world);
        for it in &holders {
            assert_eq!(it.causal.held.len(), 0, "seed {seed}: something waits");
            for (key, version) in &writes {
                let row = it.rows.get((*key).into()).expect("a row");
                assert!(row.knows(*version), "seed {seed}: {version} of key {key}");
                assert_eq!(held(it, *key), held(holders[0], *key), "seed {seed}, key {key}");
            }
        }
        if seed % 20 == 0 {
            live.check_replay();
        }
    });
    let waited = waited.into_inner();
    assert!(waited > 300, "{waited} were held back");
}

/// Causes that are everywhere are forgotten: what a write carries does not grow.
#[test]
fn what_is_everywhere_is_nobodys_cause() {
    let design = talk(20.0, 6, |it| it.when_cut = WhenCut::Causal);
    let mut live = Live::new(&design, 5);
    let most = |it: &KvStoreState| {
        let rows = (it.rows.start()..it.rows.end()).filter_map(|key| it.rows.get(key));
        let of = |it: &Written| it.after.iter().map(|it| 1 + it.on.len()).sum::<usize>();
        rows.flat_map(|it| &it.copies).map(of).max().unwrap_or(0)
    };
    let mut seen = Vec::new();
    for _ in 0..60 {
        live.run_for(Nanos::seconds(1));
        seen.push(holders(&live.world).into_iter().map(most).max().unwrap_or(0));
    }
    // Some tenths of a second's worth.
    let (early, late) = (seen[10..20].iter().max(), seen[50..].iter().max());
    assert!(late <= early.map(|it| it * 3 / 2).as_ref(), "{seen:?}");
    assert!(seen[10..].iter().all(|it| (1..400).contains(it)), "{seen:?}");
}

/// A caller stays with its member: while that is down it is refused, and nobody else answers it.
#[test]
fn callers_stay_with_their_member() {
    for (when_cut, stays) in [(WhenCut::Causal, true), (WhenCut::Available, false)] {
        let mut design =
            crate::common::peers::readers_and_writers(KvStoreParams::default(), 40.0, 2);
        if let Spec::KvStore(it) = &mut design.components.get_mut("store").expect("there").spec {
            it.when_cut = when_cut;
        }
        let mut run = Run::open(design, 1, Nanos::ZERO, Vec::new()).expect("it compiles");
        run.advance(Nanos::seconds(3), u64::MAX);
        let component = run.shown().world.blueprint().component("store").expect("there");
        let log = run.recorder.history.of(component).expect("a log");
        let pairs: BTreeSet<_> = log.operations.iter().map(|it| (it.client, it.member)).collect();
        assert_eq!(pairs.len(), if stays { 2 } else { 6 }, "{pairs:?}");
    }
}

/// The ready design: Farah in Frankfurt sees the reply and not its question; set to causal, the reply
/// waits for it, for as long as the question is on its way.
#[test]
fn the_reply_waits_for_its_question() {
    let (design, seed) = chat(|_| ());
    let mut run = Run::open(design, seed, Nanos::ZERO, Vec::new()).expect("it compiles");
    run.advance(Nanos::seconds(19), u64::MAX);
    let Verdict::Violated(it) = Guarantee::Causal.check(&history(&run)) else {
        panic!("the reply is there first");
    };
    assert!((4..=6).contains(&it.operations.len()), "{it:?}");

    let (design, seed) = chat(|it| it.when_cut = WhenCut::Causal);
    let mut run = Run::open(design, seed, Nanos::ZERO, Vec::new()).expect("it compiles");
    let mut waited = Nanos::ZERO;
    for _ in 0..1_900 {
        run.advance(Nanos::millis(10), u64::MAX);
        let world = &run.shown().world;
        let states = holders(world);
        assert!(states[..2].iter().all(|it| it.causal.held.is_empty()), "only Frankfurt waits");
        for it in &states[2].causal.held {
            assert_eq!(it.awaits(states[2]).count(), 1, "for the question");
            assert_eq!(it.awaits(states[2]).next().map(|it| it.0), Some(it.key - 1));
            waited = waited.max(world.now() - it.since);
        }
    }
    // The question left 900 ms before it arrives, the reply some 400 ms later, and 40 ms on its way.
    assert!((Nanos::millis(400)..Nanos::millis(550)).contains(&waited), "{waited:?}");
    assert!(!violated(&history(&run)));
    let all = history(&run);
    let refused = all
        .operations
        .iter()
        .filter(|it| it.outcome != ringside::algorithm::consistency::Outcome::Ok);
    assert_eq!(refused.count(), 0, "nobody is refused, nobody waits");
}

/// Set in the middle of a run, and back: what was held back is taken in.
#[test]
fn it_can_be_set_and_taken_back() {
    let design = talk(20.0, 3, |it| it.when_cut = WhenCut::Causal);
    let mut live = Live::new(&design, 3);
    live.run_for(Nanos::seconds(3));
    let side = |it: &str| vec![target(it)];
    let (one, other) = (side("store/0"), side("store/2"));
    live.fault(Fault::Partition { name: "x".into(), one, other, ways: Ways::Both });
    let waits = |it: &Live| holders(&it.world).iter().any(|it| !it.causal.held.is_empty());
    for _ in 0..100 {
        live.run_for(Nanos::millis(20));
        if waits(&live) {
            break;
        }
    }
    assert!(waits(&live), "something waits");
    let set = |live: &mut Live, when_cut| {
        live.edit(|it| {
            if let Spec::KvStore(it) = &mut it.components.get_mut("store").expect("there").spec {
                it.when_cut = when_cut;
            }
        });
    };
    set(&mut live, WhenCut::Available);
    assert!(holders(&live.world).iter().all(|it| it.causal.held.is_empty()));
    live.run_for(Nanos::seconds(1));
    set(&mut live, WhenCut::Causal);
    live.run_for(Nanos::seconds(1));
    live.fault(heal("x"));
    live.run_for(Nanos::seconds(4));
    for client in ["asha", "dev", "farah"] {
        live.fault(Fault::Spike { target: target(client), factor: 0.0 });
    }
    live.run_for(Nanos::seconds(3));
    for it in holders(&live.world) {
        assert!(it.causal.held.is_empty(), "{:?}", it.causal.held);
    }
    live.check_replay();
}

/// Parts of the picture at its smallest, read aloud; all of it well drawn.
#[track_caller]
fn look(it: &Looking, name: &str, parts: &[&str], expected: Expect) {
    well_drawn(name, &[300.0, 520.0, 900.0], |width| it.scene(width));
    let mut scene = it.scene(300.0);
    scene.marks.retain(|it| parts.iter().any(|part| it.id.starts_with(part)));
    expected.assert_eq(&text::reading(&scene));
}

/// Inside: what waits for what, and since when; then that nothing does.
#[test]
fn the_picture_says_what_waits() {
    let (design, seed) = chat(|it| it.when_cut = WhenCut::Causal);
    let mut it = Looking::open(design, seed, Nanos::ZERO, ("store", "Messages"));
    it.on(1_700);
    look(
        &it,
        "causal-waits",
        &["figures", "manner", "held"],
        expect![[r#"
            Inside Messages
            A holds 2, B holds 2, C holds 1; all can reach each other. Read an old value after a finished write (not linearizable).
            Held back: 1
            Keeps answering, causes first (causal): whoever
            is asked answers by itself, and shows a write
            only once it has what its client had seen before.
            Held back until its causes are here
            1 write waiting
            C  C holds message:1 = 2 back  message:1 = 2  It waits for message:0 = 2  message:0 = 2
            C got message:1 = 2 from B at 1.45 s. It waits for message:0 = 2.  C got message:1 = 2 from B at 1.45 s. It waits for message:0 = 2. Go there
            for message:0 = 2.
            A write tells which writes its client had seen
            before it. Whoever has not got them yet goes on
            showing what it had.
        "#]],
    );
    it.on(800);
    look(
        &it,
        "causal-there",
        &["figures", "held"],
        expect![[r#"
        Inside Messages
        A holds 2, B holds 2, C holds 2; all can reach each other. Read an old value after a finished write (not linearizable).
        Held back: 0
        Held back until its causes are here
        nothing waits
        A write tells which writes its client had seen
        before it. Whoever has not got them yet goes on
        showing what it had.
    "#]],
    );
}

/// One choice sets all that decides, as one edit; what each has cost in this run stands beside it.
#[test]
fn one_choice_sets_what_clients_get() {
    let (design, seed) = chat(|_| ());
    let mut it = Looking::open(design, seed, Nanos::ZERO, ("store", "Messages"));
    it.on(5_000);
    let set = |it: &Looking| {
        let spec = it.run.shown().design.components.get("store").expect("there").spec.clone();
        let Spec::KvStore(it) = spec else { panic!("a store") };
        (it.when_cut, it.quorum(), it.homes())
    };
    assert_eq!(set(&it), (WhenCut::Available, [1, 1], 3));
    for (id, expected) in [
        ("causal", (WhenCut::Causal, [1, 1], 3)),
        ("quorum", (WhenCut::Quorums, [2, 2], 3)),
        ("strong", (WhenCut::Consistent, [2, 2], 3)),
    ] {
        let edits = it.run.inputs.len();
        it.click(&format!("choice/{id}"));
        assert_eq!((set(&it), it.run.inputs.len()), (expected, edits + 1), "{id}");
        it.on(5_000);
    }
    look(
        &it,
        "choice",
        &["choice"],
        expect![[r#"
        Inside Messages
        A holds 2, B holds 2, C holds 2; all can reach each other. Read an old value after a finished write (not linearizable).
        What is at stake?  strong
        At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency
        At stake: chat. Sets the store to causal consistency  At stake: feed. Sets the store to eventual consistency
        read  write  stale  refused
        strong: median read 90.6 ms, write 38.8 ms; 0 % of reads stale, 0 % of requests refused, of 14 requests  90.6 ms  38.8 ms  0 %  0 %
        quorum: median read 89.7 ms, write 20.2 ms; 0 % of reads stale, 0 % of requests refused, of 14 requests  89.7 ms  20.2 ms  0 %  0 %
        causal: median read 1.94 ms, write 4.01 ms; 17 % of reads stale, 0 % of requests refused, of 14 requests  1.94 ms  4.01 ms  17 %  0 %
        eventual: median read 2.24 ms, write 8.45 ms; 8 % of reads stale, 0 % of requests refused, of 14 requests  2.24 ms  8.45 ms  8 %  0 %
    "#]],
    );
    it.click("choice/eventual");
    assert_eq!(set(&it), (WhenCut::Available, [1, 1], 3));
}
