//! The inside of a key–value store: Mumbai and Delhi, before a cut, during it and after it, in both
//! settings. `LENSES=folder` writes the pictures there.
#![cfg(not(target_arch = "wasm32"))]

use expect_test::{Expect, expect};
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::kv_store::{Conflicts, KvStoreParams, WhenCut};
use ringside::document::file;
use ringside::engine::fault::{Fault, Ways};
use ringside::lens::{self, Look, Subject};
use ringside::scene::{check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

fn open(change: impl Fn(&mut KvStoreParams)) -> Run {
    let text = include_str!("../static/designs/mumbai-delhi.json");
    let (mut file, _) = file::read(text).expect("it is a file");
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        change(it);
    }
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

/// The lens at three widths: well drawn, and read aloud as expected at the smallest.
#[track_caller]
fn look(run: &Run, name: &str, expected: Expect) {
    let shown = run.shown();
    let component = shown.world.blueprint().component("store").expect("a component");
    let called = |id: &str| {
        let component = shown.design.components.get(id).map(|it| it.label.clone());
        component.or_else(|| shown.design.zones.get(id).map(|it| it.label.clone())).expect("it")
    };
    for width in [320.0, 520.0, 900.0] {
        let subject = Subject {
            world: &shown.world,
            recorder: &run.recorder,
            component,
            label: "Balance",
            name: &called,
            key_name: "x",
            width,
            earlier: &[],
            look: &Look::default(),
        };
        let scene = lens::draw(&subject).expect("it has a lens");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        if width == 320.0 {
            expected.assert_eq(&text::reading(&scene));
        }
    }
}

fn to(run: &mut Run, millis: u64) {
    let span = Nanos::millis(millis) - run.shown().world.now();
    run.advance(span, u64::MAX);
}

fn cut(run: &mut Run, ways: Ways) {
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    let one = targets(&["store/0", "mumbai-client"]);
    let other = targets(&["store/1", "store/2", "delhi-client"]);
    let fault = Fault::Partition { name: "cut".into(), one, other, ways };
    run.act(Input::Fault(fault)).expect("a fault");
}

fn heal(run: &mut Run) {
    run.act(Input::Fault(Fault::Heal { name: "cut".into() })).expect("a fault");
}

#[test]
fn at_ease() {
    let mut run = open(|_| ());
    to(&mut run, 2_900);
    look(
        &run,
        "partition-ease",
        expect![[r#"
            Inside Balance
            A holds 1, B holds 1, C holds 1; all can reach each other. Every answer can be explained (linearizable).
            Refused: 0  Writes dropped: 0  Not confirmed: 0
            Stays consistent (CP): 2 of 3 must answer, or the
            request is refused.
            Who can reach whom  all can reach each other
            Mumbai  Delhi
            B believes x = 1; it reaches 3 of 3, itself included  B  x = 1
            A and B reach each other
            x = 1  A believes x = 1; it reaches 3 of 3, itself included  A  B and C reach each other
            A and C reach each other
            C believes x = 1; it reaches 3 of 3, itself included  C  x = 1
            Mumbai client  Delhi client
            Mumbai client: read 1  read 1  Delhi client: read 1  read 1
            A  B  C
            A  A reaches B  A reaches B  A reaches C  A reaches C
            B  B reaches A  B reaches A  B reaches C  B reaches C
            C  C reaches A  C reaches A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 706 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1
            Mumbai client  Mumbai client reads x at A, from 200 ms to 220 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.22 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.22 s: found 1
            0 s  5 s  10 s
            What clients can rely on  6 operations
            Every answer can be explained (linearizable).
            Linearizable  Linearizable
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Converged: all hold the same  Converged: all hold the same
            Answers needed  N = 3, R = 2, W = 2
            Who reads, who was written  3 of 3 overlap
            Read from A, C, written to A, B: A in both  Read from B, C, written to A, B: B in both  Read from A, B, written to A, B: A, B in both
            W + R = 4 > N = 3: whichever they are, a read meets
            the last finished write.
            Who answered one operation  pick another
            Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.22 s: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Mumbai client reads x at A, from 1.20 s to 1.22 s: found 1
            Delhi client reads x at B, from 700 ms to 706 ms: found 1  Mumbai client reads x at A, from 200 ms to 220 ms: found 1
            Delhi client reads x at B, from 2.70 s to 2.70 s: found
            1.
            B: what is there?  2 answered in 928 µs
            A, 18.1 ms: 1, after enough had answered
            B, itself: 1, counted  With answer 2 of 3, enough have answered
            C, 928 µs: 1, counted
            What numbers promise, and what not
            Reads that missed a finished write: 0 of 6.  Reads that missed a finished write: 0 of 6.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Here reads write back what they found before they
            answer (ABD): linearizable.
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
        "#]],
    );
}

#[test]
fn cut_and_consistent() {
    let mut run = open(|_| ());
    to(&mut run, 3_000);
    cut(&mut run, Ways::Both);
    to(&mut run, 8_900);
    look(
        &run,
        "partition-consistent",
        expect![[r#"
            Inside Balance
            A holds 1, B holds 2, C holds 2; the network is cut. Every answer can be explained (linearizable).
            Refused: 6  Writes dropped: 0  Not confirmed: 1
            Stays consistent (CP): 2 of 3 must answer, or the
            request is refused.
            Kept until a home confirms it  1 hint
            C brings x = 2 to A.  C brings x = 2 to A.
            Who can reach whom  the network is cut
            Mumbai  Delhi
            B believes x = 2; it reaches 2 of 3, itself included  B  x = 2
            A and B cannot reach each other  A and B cannot reach each other
            x = 1  A believes x = 1; it reaches 1 of 3, itself included  A  B and C reach each other
            A and C cannot reach each other  A and C cannot reach each other
            C believes x = 2; it reaches 2 of 3, itself included  C  x = 2
            Mumbai client  Delhi client
            Mumbai client: refused: 1 of 3, no majority  refused: 1 of 3, no  Delhi client: read 2  read 2
            majority
            A  B  C
            A  A does not reach B  A does not reach B  A does not reach C  A does not reach C
            B  B does not reach A  B does not reach A  B reaches C  B reaches C
            C  C does not reach A  C does not reach A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 706 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.41 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            Mumbai client  Mumbai client reads x at A, from 200 ms to 220 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.22 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.22 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 4.20 s to 4.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 5.20 s to 5.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 6.20 s to 6.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 7.20 s to 7.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 8.20 s to 8.70 s: refused, 1 of 3, no majority
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Every answer can be explained (linearizable).
            Linearizable  Linearizable
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Not converged: some have not confirmed a write  Not converged: some have not confirmed a write
            Answers needed  N = 3, R = 2, W = 2
            Who reads, who was written  3 of 3 overlap
            Read from A, C, written to A, B: A in both  Read from B, C, written to A, B: B in both  Read from A, B, written to A, B: A, B in both
            W + R = 4 > N = 3: whichever they are, a read meets
            the last finished write.
            Who answered one operation  pick another
            Delhi client reads x at C, from 8.70 s to 8.71 s: found 2  Mumbai client reads x at A, from 8.20 s to 8.70 s: refused, 1 of 3, no majority  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Mumbai client reads x at A, from 7.20 s to 7.70 s: refused, 1 of 3, no majority
            Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Mumbai client reads x at A, from 6.20 s to 6.70 s: refused, 1 of 3, no majority  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  … 12 more
            Delhi client reads x at C, from 8.70 s to 8.71 s: found
            2.
            C: what is there?  2 answered in 1.60 ms
            A, no answer
            B, 1.60 ms: 2, counted  With answer 2 of 3, enough have answered
            C, itself: 2, counted
            Overlap  last finished write: 2
            A  B  C
            acknowledged 2  B is in both  C is in both
            answered the read
            Yes: B, C. The read could not miss it.  Yes: B, C. The read could not miss it.
            What numbers promise, and what not
            Reads that missed a finished write: 0 of 18.  Reads that missed a finished write: 0 of 18.
            Reads during a write, which may see it or not, and a later one not: 1.  Reads during a write, which may see it or not, and
            a later one not: 1.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Here reads write back what they found before they
            answer (ABD): linearizable.
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
        "#]],
    );
}

#[test]
fn cut_and_answering_then_healed() {
    let mut run = open(|it| it.when_cut = WhenCut::Available);
    to(&mut run, 3_000);
    cut(&mut run, Ways::Both);
    to(&mut run, 8_900);
    look(
        &run,
        "partition-available",
        expect![[r#"
            Inside Balance
            A holds 1, B holds 2, C holds 2; the network is cut. Read an old value after a finished write (not linearizable).
            Refused: 0  Writes dropped: 0  Not confirmed: 1
            Keeps answering (AP): whoever is asked answers by
            itself; of two writes, the later clock wins.
            Kept until a home confirms it  1 hint
            C brings x = 2 to A.  C brings x = 2 to A.
            Who can reach whom  the network is cut
            Mumbai  Delhi
            B believes x = 2; it reaches 2 of 3, itself included  B  x = 2
            A and B cannot reach each other  A and B cannot reach each other
            x = 1  A believes x = 1; it reaches 1 of 3, itself included  A  B and C reach each other
            A and C cannot reach each other  A and C cannot reach each other
            C believes x = 2; it reaches 2 of 3, itself included  C  x = 2
            Mumbai client  Delhi client
            Mumbai client: read 1  read 1  Delhi client: read 2  read 2
            A  B  C
            A  A does not reach B  A does not reach B  A does not reach C  A does not reach C
            B  B does not reach A  B does not reach A  B reaches C  B reaches C
            C  C does not reach A  C does not reach A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 705 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            From the finished write to the read that missed it
            Mumbai client  Mumbai client reads x at A, from 200 ms to 203 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.20 s: found 1  Mumbai client reads x at A, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 1  Mumbai client reads x at A, from 8.20 s to 8.20 s: found 1
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Not converged: some have not confirmed a write  Not converged: some have not confirmed a write
            Answers needed  N = 3, R = 1, W = 1
            Who reads, who was written  1 of 3 overlap
            Read from B, written to A: no member in both  Read from C, written to A: no member in both  Read from A, written to A: A in both
            W + R = 2 ≤ N = 3: a read may ask only members
            that have not heard of it.
            Who answered one operation  pick another
            Mumbai client reads x at A, from 8.20 s to 8.20 s: found 1  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 1  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  … 12 more
            Mumbai client reads x at A, from 8.20 s to 8.20 s:
            found 1.
            A: what is there?  1 answered in 0 ms
            A, itself: 1, counted
            B  With answer 1 of 3, enough have answered  not asked
            C  not asked
            Overlap  last finished write: 2
            A  B  C
            acknowledged 2
            answered the read
            No: C had acknowledged it, A answered. The read missed it: a stale read.  No: C had acknowledged it, A answered. The read
            missed it: a stale read.
            What numbers promise, and what not
            Reads that missed a finished write: 3 of 18.  Reads that missed a finished write: 3 of 18.
            2 W ≤ N: two writes need not meet, and may not know of each other.  2 W ≤ N: two writes need not meet, and may not
            know of each other.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Overlap alone is not linearizable; this run is not (see
            below).
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge
        "#]],
    );
    to(&mut run, 17_000);
    heal(&mut run);
    to(&mut run, 19_950);
    look(
        &run,
        "partition-healed",
        expect![[r#"
            Inside Balance
            A holds 3, B holds 3, C holds 3; all can reach each other. Read an old value after a finished write (not linearizable).
            Refused: 0  Writes dropped: 1  Not confirmed: 0
            Keeps answering (AP): whoever is asked answers by
            itself; of two writes, the later clock wins.
            Who can reach whom  all can reach each other
            Mumbai  Delhi
            B believes x = 3; it reaches 3 of 3, itself included  B  x = 3
            A and B reach each other
            x = 3  A believes x = 3; it reaches 3 of 3, itself included  A  B and C reach each other
            A and C reach each other
            C believes x = 3; it reaches 3 of 3, itself included  C  x = 3
            Mumbai client  Delhi client
            Mumbai client: read 3  read 3  Delhi client: read 3  read 3
            A  B  C
            A  A reaches B  A reaches B  A reaches C  A reaches C
            B  B reaches A  B reaches A  B reaches C  B reaches C
            C  C reaches A  C reaches A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at C, from 10.7 s to 10.7 s: found 2  Delhi client reads x at B, from 11.7 s to 11.7 s: found 2  Delhi client reads x at C, from 12.7 s to 12.7 s: found 2  Delhi client reads x at B, from 13.7 s to 13.7 s: found 2  Delhi client reads x at C, from 14.7 s to 14.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 17.7 s to 17.7 s: found 3  Delhi client reads x at C, from 18.7 s to 18.7 s: found 3  Delhi client reads x at B, from 19.7 s to 19.7 s: found 3
            Mumbai client  Mumbai client reads x at A, from 10.2 s to 10.2 s: found 1  Mumbai client reads x at A, from 11.2 s to 11.2 s: found 1  Mumbai client reads x at A, from 12.2 s to 12.2 s: found 1  Mumbai client reads x at A, from 13.2 s to 13.2 s: found 1  Mumbai client reads x at A, from 14.2 s to 14.2 s: found 1  Mumbai client reads x at A, from 15.2 s to 15.2 s: found 1  Mumbai client writes x = 3 at A, from 15.4 s to 15.4 s: acknowledged  Mumbai client reads x at A, from 16.2 s to 16.2 s: found 3  Mumbai client reads x at A, from 17.2 s to 17.2 s: found 3  Mumbai client reads x at A, from 18.2 s to 18.2 s: found 3  Mumbai client reads x at A, from 19.2 s to 19.2 s: found 3
            10 s  15 s
            What clients can rely on  42 operations
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Converged: all hold the same  Converged: all hold the same
            Conflict in x: {2, 3}. The later clock wins: 3 is kept, 2 is dropped.  Conflict in x: {2, 3}. The later clock wins: 3 is kept, 2 is dropped.. Go there
            kept, 2 is dropped.
            Answers needed  N = 3, R = 1, W = 1
            Who reads, who was written  1 of 3 overlap
            Read from B, written to A: no member in both  Read from C, written to A: no member in both  Read from A, written to A: A in both
            W + R = 2 ≤ N = 3: a read may ask only members
            that have not heard of it.
            Who answered one operation  pick another
            Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  Mumbai client reads x at A, from 15.2 s to 15.2 s: found 1  Mumbai client reads x at A, from 14.2 s to 14.2 s: found 1
            Mumbai client reads x at A, from 13.2 s to 13.2 s: found 1  Mumbai client reads x at A, from 12.2 s to 12.2 s: found 1  Mumbai client reads x at A, from 11.2 s to 11.2 s: found 1  … 14 more
            Delhi client reads x at C, from 16.7 s to 16.7 s: found
            2.
            C: what is there?  1 answered in 0 ms
            A  not asked
            B  With answer 1 of 3, enough have answered  not asked
            C, itself: 2, counted
            Overlap  last finished write: 3
            A  B  C
            acknowledged 3
            answered the read
            No: A had acknowledged it, C answered. The read missed it: a stale read.  No: A had acknowledged it, C answered. The read
            missed it: a stale read.
            What numbers promise, and what not
            Reads that missed a finished write: 12 of 40.  Reads that missed a finished write: 12 of 40.
            2 W ≤ N: two writes need not meet, and may not know of each other.  2 W ≤ N: two writes need not meet, and may not
            know of each other.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Overlap alone is not linearizable; this run is not (see
            below).
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge
        "#]],
    );
}

#[test]
fn siblings_and_a_cut_of_one_way() {
    let mut run = open(|it| {
        (it.when_cut, it.conflicts) = (WhenCut::Available, Conflicts::Siblings);
    });
    to(&mut run, 3_000);
    cut(&mut run, Ways::Forth);
    to(&mut run, 8_900);
    look(
        &run,
        "partition-one-way",
        expect![[r#"
            Inside Balance
            A holds 2, B holds 2, C holds 2; the network is cut. Every answer can be explained (linearizable).
            Refused: 0  Writes dropped: 0  Not confirmed: 1
            Keeps answering (AP): whoever is asked answers by
            itself; writes in conflict are both kept.
            Kept until a home confirms it  1 hint
            C brings x = 2 to A.  C brings x = 2 to A.
            Who can reach whom  the network is cut
            Mumbai  Delhi
            B believes x = 2; it reaches 2 of 3, itself included  B  x = 2
            B reaches A, but does not hear it  B reaches A, but does not hear it
            x = 2  A believes x = 2; it reaches 1 of 3, itself included  A  B and C reach each other
            C reaches A, but does not hear it  C reaches A, but does not hear it
            C believes x = 2; it reaches 2 of 3, itself included  C  x = 2
            Mumbai client  Delhi client
            Mumbai client: read 2  read 2  Delhi client: read 2  read 2
            A  B  C
            A  A does not reach B  A does not reach B  A does not reach C  A does not reach C
            B  B reaches A  B reaches A  B reaches C  B reaches C
            C  C reaches A  C reaches A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 705 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            Mumbai client  Mumbai client reads x at A, from 200 ms to 203 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.20 s: found 1  Mumbai client reads x at A, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 2  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 2  Mumbai client reads x at A, from 8.20 s to 8.20 s: found 2
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Every answer can be explained (linearizable).
            Linearizable  Linearizable
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Not converged: some have not confirmed a write  Not converged: some have not confirmed a write
            Answers needed  N = 3, R = 1, W = 1
            Who reads, who was written  1 of 3 overlap
            Read from B, written to A: no member in both  Read from C, written to A: no member in both  Read from A, written to A: A in both
            W + R = 2 ≤ N = 3: a read may ask only members
            that have not heard of it.
            Who answered one operation  pick another
            Delhi client reads x at C, from 8.70 s to 8.71 s: found 2  Mumbai client reads x at A, from 8.20 s to 8.20 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 2
            Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 2  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  … 12 more
            Delhi client reads x at C, from 8.70 s to 8.71 s: found
            2.
            C: what is there?  1 answered in 0 ms
            A  not asked
            B  With answer 1 of 3, enough have answered  not asked
            C, itself: 2, counted
            Overlap  last finished write: 2
            A  B  C
            acknowledged 2  C is in both
            answered the read
            Yes: C. The read could not miss it.  Yes: C. The read could not miss it.
            What numbers promise, and what not
            Reads that missed a finished write: 0 of 18.  Reads that missed a finished write: 0 of 18.
            2 W ≤ N: two writes need not meet, and may not know of each other.  2 W ≤ N: two writes need not meet, and may not
            know of each other.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Overlap alone is not linearizable, even where a run
            happens to be.
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge
        "#]],
    );
    let mut run = open(|it| {
        (it.when_cut, it.conflicts) = (WhenCut::Available, Conflicts::Siblings);
    });
    to(&mut run, 3_000);
    cut(&mut run, Ways::Both);
    to(&mut run, 17_000);
    heal(&mut run);
    to(&mut run, 19_950);
    look(
        &run,
        "partition-siblings",
        expect![[r#"
            Inside Balance
            A holds {2, 3}, B holds {2, 3}, C holds {2, 3}; all can reach each other. Read an old value after a finished write (not linearizable).
            Refused: 0  Writes dropped: 0  Not confirmed: 0
            Keeps answering (AP): whoever is asked answers by
            itself; writes in conflict are both kept.
            Who can reach whom  all can reach each other
            Mumbai  Delhi
            B believes x = {2, 3}; it reaches 3 of 3, itself included  B
            A and B reach each other
            A believes x = {2, 3}; it reaches 3 of 3, itself included  A  x = {2, 3}  B and C reach each other
            A and C reach each other
            x = {2, 3}  C believes x = {2, 3}; it reaches 3 of 3, itself included  C
            x = {2, 3}
            Mumbai client  Delhi client
            Mumbai client: read 2  read 2  Delhi client: read 2  read 2
            A  B  C
            A  A reaches B  A reaches B  A reaches C  A reaches C
            B  B reaches A  B reaches A  B reaches C  B reaches C
            C  C reaches A  C reaches A  C reaches B  C reaches B
            History of x  the last 10 s
            Delhi client  Delhi client reads x at C, from 10.7 s to 10.7 s: found 2  Delhi client reads x at B, from 11.7 s to 11.7 s: found 2  Delhi client reads x at C, from 12.7 s to 12.7 s: found 2  Delhi client reads x at B, from 13.7 s to 13.7 s: found 2  Delhi client reads x at C, from 14.7 s to 14.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 17.7 s to 17.7 s: found 2  Delhi client reads x at C, from 18.7 s to 18.7 s: found 2  Delhi client reads x at B, from 19.7 s to 19.7 s: found 2
            Mumbai client  Mumbai client reads x at A, from 10.2 s to 10.2 s: found 1  Mumbai client reads x at A, from 11.2 s to 11.2 s: found 1  Mumbai client reads x at A, from 12.2 s to 12.2 s: found 1  Mumbai client reads x at A, from 13.2 s to 13.2 s: found 1  Mumbai client reads x at A, from 14.2 s to 14.2 s: found 1  Mumbai client reads x at A, from 15.2 s to 15.2 s: found 1  Mumbai client writes x = 3 at A, from 15.4 s to 15.4 s: acknowledged  Mumbai client reads x at A, from 16.2 s to 16.2 s: found 3  Mumbai client reads x at A, from 17.2 s to 17.2 s: found 3  Mumbai client reads x at A, from 18.2 s to 18.2 s: found 2  Mumbai client reads x at A, from 19.2 s to 19.2 s: found 2
            10 s  15 s
            What clients can rely on  42 operations
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Causal  Causal
            Read your own writes: broken at 18.2 s  Read your own writes: broken at 18.2 s. Go there
            Monotonic reads: broken at 18.2 s  Monotonic reads: broken at 18.2 s. Go there
            Monotonic writes  Monotonic writes
            Converged: all hold the same  Converged: all hold the same
            Conflict in x: {2, 3} do not know of each other. Both are kept (siblings).  Conflict in x: {2, 3} do not know of each other. Both are kept (siblings).. Go there
            Both are kept (siblings).
            Answers needed  N = 3, R = 1, W = 1
            Who reads, who was written  1 of 3 overlap
            Read from B, written to A: no member in both  Read from C, written to A: no member in both  Read from A, written to A: A in both
            W + R = 2 ≤ N = 3: a read may ask only members
            that have not heard of it.
            Who answered one operation  pick another
            Delhi client reads x at B, from 19.7 s to 19.7 s: found 2  Mumbai client reads x at A, from 19.2 s to 19.2 s: found 2  Delhi client reads x at C, from 18.7 s to 18.7 s: found 2  Mumbai client reads x at A, from 18.2 s to 18.2 s: found 2
            Delhi client reads x at B, from 17.7 s to 17.7 s: found 2  Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  … 14 more
            Delhi client reads x at B, from 19.7 s to 19.7 s: found
            2.
            B: what is there?  1 answered in 0 ms
            A  not asked
            B, itself: 2, counted  With answer 1 of 3, enough have answered
            C  not asked
            Overlap  last finished write: 3
            A  B  C
            acknowledged 3
            answered the read
            No: A had acknowledged it, B answered. The read missed it: a stale read.  No: A had acknowledged it, B answered. The read
            missed it: a stale read.
            What numbers promise, and what not
            Reads that missed a finished write: 17 of 40.  Reads that missed a finished write: 17 of 40.
            2 W ≤ N: two writes need not meet, and may not know of each other.  2 W ≤ N: two writes need not meet, and may not
            know of each other.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Overlap alone is not linearizable; this run is not (see
            below).
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge
        "#]],
    );
}

#[test]
fn a_member_is_down_and_all_stand_together() {
    let mut run = open(|it| (it.members, it.places) = (5, String::new()));
    to(&mut run, 3_000);
    run.act(Input::Fault(Fault::Crash("store/1".parse().expect("a target")))).expect("a fault");
    to(&mut run, 6_100);
    look(
        &run,
        "partition-down",
        expect![[r#"
            Inside Balance
            A holds 2, B holds 1, C holds 2, D holds 2, E holds 2; down: B. Every answer can be explained (linearizable).
            Refused: 0  Writes dropped: 0  Not confirmed: 1
            Stays consistent (CP): 3 of 5 must answer, or the
            request is refused.
            Kept until a home confirms it  1 hint
            A brings x = 2 to B.  A brings x = 2 to B.
            Who can reach whom  down: B
            A believes x = 2; it reaches 4 of 5, itself included  A  x = 2
            B is down
            x = 1  B is down; it holds x = 1  B  A and C reach each other
            A and D reach each other  B is down
            B is down  C believes x = 2; it reaches 4 of 5, itself included  C  A and E reach each other  x = 2
            B is down  C and D reach each other
            x = 2  D believes x = 2; it reaches 4 of 5, itself included  D  C and E reach each other
            D and E reach each other
            E believes x = 2; it reaches 4 of 5, itself included  E  x = 2
            Delhi client  Mumbai client
            Delhi client: wrote 2  wrote 2  Mumbai client: read 1  read 1
            A  B  C  D  E
            A  A does not reach B  A does not reach B  A reaches C  A reaches C  A reaches D  A reaches D  A reaches E  A reaches E
            B  B does not reach A  B does not reach A  B does not reach C  B does not reach C  B does not reach D  B does not reach D  B does not reach E  B does not reach E
            C  C reaches A  C reaches A  C does not reach B  C does not reach B  C reaches D  C reaches D  C reaches E  C reaches E
            D  D reaches A  D reaches A  D does not reach B  D does not reach B  D reaches C  D reaches C  D reaches E  D reaches E
            E  E reaches A  E reaches A  E does not reach B  E does not reach B  E reaches C  E reaches C  E reaches D  E reaches D
            History of x  the last 10 s
            Delhi client  Delhi client reads x at A, from 700 ms to 706 ms: found 1  Delhi client reads x at B, from 1.70 s to 1.71 s: found 1  Delhi client reads x at C, from 2.70 s to 2.70 s: found 1  Delhi client reads x at D, from 3.70 s to 3.70 s: found 1  Delhi client reads x at E, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at A, from 5.40 s to 5.40 s: acknowledged
            Mumbai client  Mumbai client reads x at A, from 200 ms to 204 ms: found 1  Mumbai client reads x at B, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at C, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at D, from 3.20 s to 3.21 s: found 1  Mumbai client reads x at E, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1
            0 s  5 s  10 s
            What clients can rely on  12 operations
            Every answer can be explained (linearizable).
            Linearizable  Linearizable
            Causal  Causal
            Read your own writes  Read your own writes
            Monotonic reads  Monotonic reads
            Monotonic writes  Monotonic writes
            Not converged: some have not confirmed a write  Not converged: some have not confirmed a write
            Answers needed  N = 5, R = 3, W = 3
            Who reads, who was written  10 of 10 overlap
            Read from A, C, E, written to A, B, D: A in both  Read from B, C, E, written to A, B, D: B in both  Read from C, D, E, written to A, B, D: D in both  Read from A, B, E, written to A, B, D: A, B in both
            Read from A, D, E, written to A, B, D: A, D in both  Read from B, D, E, written to A, B, D: B, D in both  Read from A, B, C, written to A, B, D: A, B in both  Read from A, C, D, written to A, B, D: A, D in both
            Read from B, C, D, written to A, B, D: B, D in both  Read from A, B, D, written to A, B, D: A, B, D in both
            W + R = 6 > N = 5: whichever they are, a read meets
            the last finished write.
            Who answered one operation  pick another
            Delhi client writes x = 2 at A, from 5.40 s to 5.40 s: acknowledged  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1  Delhi client reads x at E, from 4.70 s to 4.70 s: found 1  Mumbai client reads x at E, from 4.20 s to 4.20 s: found 1
            Delhi client reads x at D, from 3.70 s to 3.70 s: found 1  Mumbai client reads x at D, from 3.20 s to 3.21 s: found 1  Delhi client reads x at C, from 2.70 s to 2.70 s: found 1  … 5 more
            Delhi client writes x = 2 at A, from 5.40 s to 5.40 s:
            acknowledged.
            A: what is there?  3 answered in 884 µs
            A, itself: 1, counted
            B, no answer
            C, 859 µs: 1, counted  With answer 3 of 5, enough have answered
            D, 884 µs: 1, counted
            E, 1.07 ms: 1, after enough had answered
            A: keep this  3 answered in 749 µs
            A, itself: 2, counted
            B, no answer
            C, 532 µs: 2, counted  With answer 3 of 5, enough have answered
            D, 1.41 ms: 2, after enough had answered
            E, 749 µs: 2, counted
            What numbers promise, and what not
            Reads that missed a finished write: 0 of 11.  Reads that missed a finished write: 0 of 11.
            Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not, and
            a later one not: 0.
            Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept all
            the same: 0.
            Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
            repaired, or still on the way: 0.
            Here reads write back what they found before they
            answer (ABD): linearizable.
            What it does
            Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
            Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: N = 3  Copies of each key: N = 4  Copies of each key: one at every member
            When cut  When cut: stays-consistent
            When cut: keeps-answering  When cut: quorums
        "#]],
    );
}
