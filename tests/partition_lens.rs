//! The inside of a key–value store: Mumbai and Delhi, before a cut, during it and after it, in both
//! settings. `LENSES=folder` writes the pictures there.

use expect_test::{Expect, expect};
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::kv_store::{Conflicts, KvStoreParams, WhenCut};
use ringside::document::file;
use ringside::engine::fault::{Fault, Target, Ways};
use ringside::lens::history::{BOUND, CHOICES, CHOSEN};
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Fill, Mark, Scene, Shape, Tone, check, svg, text};
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
    let scene = scenes(run, name, &Look::default());
    expected.assert_eq(&text::reading(&scene));
}

/// The lens at three widths, well drawn; the picture of the smallest.
#[track_caller]
fn scenes(run: &Run, name: &str, look: &Look) -> Scene {
    let shown = run.shown();
    let component = shown.world.blueprint().component("store").expect("a component");
    let called = |id: &str| {
        let component = shown.design.components.get(id).map(|it| it.label.clone());
        component.or_else(|| shown.design.zones.get(id).map(|it| it.label.clone())).expect("it")
    };
    let mut smallest = None;
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
            before: None,
            look,
        };
        let scene = lens::draw(&subject).expect("it has a lens");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        smallest.get_or_insert(scene);
    }
    smallest.expect("a picture")
}

/// Each guarantee, chosen one after the other: what is said of it, and the operations that show it.
fn guarantees(run: &Run, name: &str, bound: Nanos) -> String {
    let mut told = String::new();
    for guarantee in CHOICES {
        let mut look = Look::default();
        look.note(CHOSEN, guarantee.id());
        look.note(BOUND, &bound.0.to_string());
        let scene = scenes(run, &format!("{name}-{}", guarantee.id()), &look);
        let sentence = scene.marks.iter().filter(|it| it.id.starts_with("verdict/sentence/"));
        let sentence: Vec<_> = sentence.map(|it| it.words()).collect();
        told += &format!("{}\n", sentence.join(" "));
        let shown = scene.marks.iter().filter(|it| it.id.starts_with("verdict/operation/"));
        for it in shown.filter(|it| it.action.is_some() && !it.id.ends_with("/follow")) {
            let label = it.label.as_deref().unwrap_or_default().trim_end_matches(" Go there");
            told += &format!("  {label}\n");
        }
        let outlined = |it: &&Mark| {
            let framed = matches!(it.shape, Shape::Bar { fill: Fill::Framed, .. });
            it.id.starts_with("operation/") && framed && it.tone == Tone::Fail
        };
        let outlined = scene.marks.iter().filter(outlined).count();
        if outlined > 0 {
            told += &format!("  {outlined} outlined\n");
        }
    }
    told
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
            What is at stake?  strong
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            strong: median read 19.1 ms, write –; 0 % of reads stale, 0 % of requests refused, of 6 requests  19.1 ms  –  0 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 706 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1
            Mumbai client  Mumbai client reads x at A, from 200 ms to 220 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.22 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.22 s: found 1
            0 s  5 s  10 s
            What clients can rely on  6 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: kept so far. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: kept so far. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
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
            When cut: causal
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
            The two sides of the cut  drag across
            A: drag it across the cut  B: drag it across the cut  C: drag it across the cut
            A, Mumbai client on this side of the cut  B, C, Delhi client on this side of the cut
            Mumbai client: drag it across the cut  Delhi client: drag it across the cut
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
            Who may answer?  seen
            Who may answer? only A  Who may answer? only B, C  Who may answer? both sides  Who may answer? nobody
            Since the latest change: A refused; B, C answered.  Since the latest change: A refused; B, C answered.
            What is at stake?  strong
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            strong: median read 5.71 ms, write 5.36 ms; 0 % of reads stale, 32 % of requests refused, of 19 requests  5.71 ms  5.36 ms  0 %  32 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 706 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.41 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            Mumbai client  Mumbai client reads x at A, from 200 ms to 220 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.22 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.22 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 4.20 s to 4.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 5.20 s to 5.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 6.20 s to 6.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 7.20 s to 7.70 s: refused, 1 of 3, no majority  Mumbai client reads x at A, from 8.20 s to 8.70 s: refused, 1 of 3, no majority
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
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
            When cut: causal
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
            The two sides of the cut  drag across
            A: drag it across the cut  B: drag it across the cut  C: drag it across the cut
            A, Mumbai client on this side of the cut  B, C, Delhi client on this side of the cut
            Mumbai client: drag it across the cut  Delhi client: drag it across the cut
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
            Who may answer?  seen
            Who may answer? only A  Who may answer? only B, C  Who may answer? both sides  Who may answer? nobody
            Since the latest change: A answered; B, C answered.  Since the latest change: A answered; B, C
            answered.
            What is at stake?  eventual
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            eventual: median read 2.90 ms, write 2.64 ms; 17 % of reads stale, 0 % of requests refused, of 19 requests  2.90 ms  2.64 ms  17 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 705 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            From the finished write to the read that missed it
            Mumbai client  Mumbai client reads x at A, from 200 ms to 203 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.20 s: found 1  Mumbai client reads x at A, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 1  Mumbai client reads x at A, from 8.20 s to 8.20 s: found 1
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Linearizable: broken at 6.20 s. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged. Go there
            s: acknowledged.  Follow the request: Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged
            Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1.  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1. Go there
            found 1.  Follow the request: Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1
            Stale reads, part of all  now 50.0 %
            40 %
            Of the reads of each second, the part that was stale: 50.0 % now, 50.0 % at most
            20 %
            0 %
            −60 s  −40 s  −20 s  now
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
            When cut: causal
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge  Writes in conflict: first write wins
            Writes in conflict: by hand
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
            What is at stake?  eventual
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            eventual: median read 2.33 ms, write 4.51 ms; 30 % of reads stale, 0 % of requests refused, of 42 requests  2.33 ms  4.51 ms  30 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at C, from 10.7 s to 10.7 s: found 2  Delhi client reads x at B, from 11.7 s to 11.7 s: found 2  Delhi client reads x at C, from 12.7 s to 12.7 s: found 2  Delhi client reads x at B, from 13.7 s to 13.7 s: found 2  Delhi client reads x at C, from 14.7 s to 14.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 17.7 s to 17.7 s: found 3  Delhi client reads x at C, from 18.7 s to 18.7 s: found 3  Delhi client reads x at B, from 19.7 s to 19.7 s: found 3
            Mumbai client  Mumbai client reads x at A, from 10.2 s to 10.2 s: found 1  Mumbai client reads x at A, from 11.2 s to 11.2 s: found 1  Mumbai client reads x at A, from 12.2 s to 12.2 s: found 1  Mumbai client reads x at A, from 13.2 s to 13.2 s: found 1  Mumbai client reads x at A, from 14.2 s to 14.2 s: found 1  Mumbai client reads x at A, from 15.2 s to 15.2 s: found 1  Mumbai client writes x = 3 at A, from 15.4 s to 15.4 s: acknowledged  Mumbai client reads x at A, from 16.2 s to 16.2 s: found 3  Mumbai client reads x at A, from 17.2 s to 17.2 s: found 3  Mumbai client reads x at A, from 18.2 s to 18.2 s: found 3  Mumbai client reads x at A, from 19.2 s to 19.2 s: found 3
            10 s  15 s
            What clients can rely on  42 operations
            Linearizable: broken at 6.20 s. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: broken at 11.2 s. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: kept so far. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: broken at 17.4 s. What was acknowledged is still there at the end, unless it was overwritten.
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged. Go there
            s: acknowledged.  Follow the request: Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged
            Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1.  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1. Go there
            found 1.  Follow the request: Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1
            Stale reads, part of all  now 0.0 %
            100 %
            50 %  Of the reads of each second, the part that was stale: 0.0 % now, 100.0 % at most
            0 %
            −60 s  −40 s  −20 s  now
            Conflict in x: {2, 3}. The later clock wins: 3 is kept, 2 is dropped.  Conflict in x: {2, 3}. The later clock wins: 3 is kept, 2 is dropped. Go there
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
            When cut: causal
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge  Writes in conflict: first write wins
            Writes in conflict: by hand
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
            The two sides of the cut  drag across
            A: drag it across the cut  B: drag it across the cut  C: drag it across the cut
            A, Mumbai client on this side of the cut  B, C, Delhi client on this side of the cut
            Mumbai client: drag it across the cut  Delhi client: drag it across the cut
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
            Who may answer?  seen
            Who may answer? only A  Who may answer? only B, C  Who may answer? both sides  Who may answer? nobody
            Since the latest change: A answered; B, C answered.  Since the latest change: A answered; B, C
            answered.
            What is at stake?  eventual
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            eventual: median read 2.90 ms, write 2.64 ms; 0 % of reads stale, 0 % of requests refused, of 19 requests  2.90 ms  2.64 ms  0 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at B, from 700 ms to 705 ms: found 1  Delhi client reads x at C, from 1.70 s to 1.71 s: found 1  Delhi client reads x at B, from 2.70 s to 2.70 s: found 1  Delhi client reads x at C, from 3.70 s to 3.70 s: found 1  Delhi client reads x at B, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged  Delhi client reads x at B, from 5.70 s to 5.70 s: found 2  Delhi client reads x at C, from 6.70 s to 6.70 s: found 2  Delhi client reads x at B, from 7.70 s to 7.70 s: found 2  Delhi client reads x at C, from 8.70 s to 8.71 s: found 2
            Mumbai client  Mumbai client reads x at A, from 200 ms to 203 ms: found 1  Mumbai client reads x at A, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at A, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at A, from 3.20 s to 3.20 s: found 1  Mumbai client reads x at A, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 2  Mumbai client reads x at A, from 7.20 s to 7.20 s: found 2  Mumbai client reads x at A, from 8.20 s to 8.20 s: found 2
            0 s  5 s  10 s
            What clients can rely on  19 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
            Version vectors of x
            latest write known, by member
            A, B, C: 2 knows of A 0, B 0, C 1.  A, B, C: 2 knows of A 0, B 0, C 1.
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
            When cut: causal
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge  Writes in conflict: first write wins
            Writes in conflict: by hand
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
            What is at stake?  eventual
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            eventual: median read 2.33 ms, write 4.51 ms; 43 % of reads stale, 0 % of requests refused, of 42 requests  2.33 ms  4.51 ms  43 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at C, from 10.7 s to 10.7 s: found 2  Delhi client reads x at B, from 11.7 s to 11.7 s: found 2  Delhi client reads x at C, from 12.7 s to 12.7 s: found 2  Delhi client reads x at B, from 13.7 s to 13.7 s: found 2  Delhi client reads x at C, from 14.7 s to 14.7 s: found 2  Delhi client reads x at B, from 15.7 s to 15.7 s: found 2  Delhi client reads x at C, from 16.7 s to 16.7 s: found 2  Delhi client reads x at B, from 17.7 s to 17.7 s: found 2  Delhi client reads x at C, from 18.7 s to 18.7 s: found 2  Delhi client reads x at B, from 19.7 s to 19.7 s: found 2
            Mumbai client  Mumbai client reads x at A, from 10.2 s to 10.2 s: found 1  Mumbai client reads x at A, from 11.2 s to 11.2 s: found 1  Mumbai client reads x at A, from 12.2 s to 12.2 s: found 1  Mumbai client reads x at A, from 13.2 s to 13.2 s: found 1  Mumbai client reads x at A, from 14.2 s to 14.2 s: found 1  Mumbai client reads x at A, from 15.2 s to 15.2 s: found 1  Mumbai client writes x = 3 at A, from 15.4 s to 15.4 s: acknowledged  Mumbai client reads x at A, from 16.2 s to 16.2 s: found 3  Mumbai client reads x at A, from 17.2 s to 17.2 s: found 3  Mumbai client reads x at A, from 18.2 s to 18.2 s: found 2  Mumbai client reads x at A, from 19.2 s to 19.2 s: found 2
            10 s  15 s
            What clients can rely on  42 operations
            Linearizable: broken at 6.20 s. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: broken at 18.2 s. A client that has written does not read anything older.  Monotonic reads: broken at 18.2 s. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: broken at 11.2 s. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: kept so far. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: kept so far. What was acknowledged is still there at the end, unless it was overwritten.
            Read an old value after a finished write (not
            linearizable).
            Linearizable: broken at 6.20 s  Linearizable: broken at 6.20 s. Go there
            Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.  Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged. Go there
            s: acknowledged.  Follow the request: Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged
            Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1.  Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1. Go there
            found 1.  Follow the request: Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1
            Stale reads, part of all  now 100.0 %
            100 %
            50 %  Of the reads of each second, the part that was stale: 100.0 % now, 100.0 % at most
            0 %
            −60 s  −40 s  −20 s  now
            Version vectors of x
            latest write known, by member
            A, B, C: 3 knows of A 1, B 0, C 0. Neither 3 nor 2 knows of the other: conflict.  A, B, C: 3 knows of A 1, B 0, C 0. Neither 3 nor 2
            knows of the other: conflict.
            A, B, C: 2 knows of A 0, B 0, C 1. Neither 2 nor 3 knows of the other: conflict.  A, B, C: 2 knows of A 0, B 0, C 1. Neither 2 nor 3
            knows of the other: conflict.
            Conflict in x: {2, 3} do not know of each other. Both are kept (siblings).  Conflict in x: {2, 3} do not know of each other. Both are kept (siblings). Go there
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
            When cut: causal
            In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
            Writes in conflict: merge  Writes in conflict: first write wins
            Writes in conflict: by hand
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
            What is at stake?  strong
            At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency  At stake: chat. Sets the store to causal consistency
            At stake: feed. Sets the store to eventual consistency
            read  write  stale  refused
            strong: median read 4.36 ms, write 4.78 ms; 0 % of reads stale, 0 % of requests refused, of 12 requests  4.36 ms  4.78 ms  0 %  0 %
            History of x  the last 10 s
            Delhi client  Delhi client reads x at A, from 700 ms to 706 ms: found 1  Delhi client reads x at B, from 1.70 s to 1.71 s: found 1  Delhi client reads x at C, from 2.70 s to 2.70 s: found 1  Delhi client reads x at D, from 3.70 s to 3.70 s: found 1  Delhi client reads x at E, from 4.70 s to 4.70 s: found 1  Delhi client writes x = 2 at A, from 5.40 s to 5.40 s: acknowledged
            Mumbai client  Mumbai client reads x at A, from 200 ms to 204 ms: found 1  Mumbai client reads x at B, from 1.20 s to 1.20 s: found 1  Mumbai client reads x at C, from 2.20 s to 2.20 s: found 1  Mumbai client reads x at D, from 3.20 s to 3.21 s: found 1  Mumbai client reads x at E, from 4.20 s to 4.20 s: found 1  Mumbai client reads x at A, from 5.20 s to 5.20 s: found 1
            0 s  5 s  10 s
            What clients can rely on  12 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
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
            When cut: causal
        "#]],
    );
}

/// Delhi's client asks B and C in turns, and Mumbai's A, once a second, of one key.
fn in_turns(change: impl Fn(&mut KvStoreParams)) -> Run {
    let text = include_str!("../static/designs/mumbai-delhi.json");
    let (mut file, _) = file::read(text).expect("it is a file");
    let recordings = [
        (
            "delhi-client",
            "0.7,0,read\n1.4,0,write\n2.7,0,read\n3.7,0,read\n4.7,0,read\n5.4,0,write\n6.7,0,read\n7.7,0,read\n8.7,0,read\n9.7,0,read\n10.7,0,read\n11.7,0,read\n12.7,0,read\n",
        ),
        ("mumbai-client", "0.2,0,read\n5.2,0,read\n9.2,0,read\n10.2,0,read\n12.2,0,read\n"),
    ];
    for (client, recording) in recordings {
        let component = file.design.components.get_mut(client).expect("there");
        let value = serde_json::Value::from(recording);
        component.spec.set("recording", &value).expect("it can be set");
    }
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        change(it);
    }
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

fn cut_b_off(run: &mut Run) {
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    let (one, other) = (targets(&["store/1"]), targets(&["store/0", "store/2"]));
    let fault = Fault::Partition { name: "cut".into(), one, other, ways: Ways::Both };
    run.act(Input::Fault(fault)).expect("a fault");
}

/// Staying consistent keeps every guarantee, cut or not; those about the end wait for it.
#[test]
fn consistent_every_guarantee_is_kept() {
    let mut run = in_turns(|_| ());
    to(&mut run, 1_000);
    cut_b_off(&mut run);
    to(&mut run, 9_950);
    let kept = guarantees(&run, "guarantees-kept", Nanos::SECOND);
    expect![[r#"
        Every answer can be explained (linearizable).
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        No read has found what had been replaced for more than 1 s (bounded staleness of 1 s).
        Cannot be told yet: the network is cut (eventual consistency).
        Cannot be told yet: the network is cut (no write lost).
    "#]]
    .assert_eq(&kept);
    heal(&mut run);
    to(&mut run, 13_000);
    let kept = guarantees(&run, "guarantees-kept-healed", Nanos::SECOND);
    expect![[r#"
        Every answer can be explained (linearizable).
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        No read has found what had been replaced for more than 1 s (bounded staleness of 1 s).
        All is healed, and all hold and read the same (eventual consistency).
        What was acknowledged is there, or was overwritten (no write lost).
    "#]]
    .assert_eq(&kept);
}

/// A client that comes to one side and the other in turns sees every guarantee broken; and if nobody
/// brings what was missed, the two stay apart.
#[test]
fn answering_every_guarantee_is_broken() {
    let mut run = in_turns(|it| {
        (it.when_cut, it.handoff) = (WhenCut::Available, Nanos::ZERO);
    });
    to(&mut run, 1_000);
    cut_b_off(&mut run);
    to(&mut run, 9_950);
    let broken = guarantees(&run, "guarantees-broken", Nanos::SECOND);
    expect![[r#"
        Read an old value after a finished write (not linearizable).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
          2 outlined
        Delhi client saw an effect without its cause (not: causal).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
          2 outlined
        Delhi client wrote 2, and then read 1 (not: read your writes).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
          2 outlined
        Delhi client read 2, and then 1, which is older (not: monotonic reads).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at C, from 3.70 s to 3.70 s: found 2.
          Delhi client reads x at B, from 4.70 s to 4.70 s: found 1.
          3 outlined
        Delhi client saw the writes of one client out of their order (not: monotonic writes).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client writes x = 3 at C, from 5.40 s to 5.40 s: acknowledged.
          Delhi client reads x at C, from 7.70 s to 7.70 s: found 3.
          Delhi client reads x at B, from 8.70 s to 8.70 s: found 1.
          4 outlined
        Delhi client read 1 1.30 s after 2 had been acknowledged (not: bounded staleness of 1 s).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
          2 outlined
        Cannot be told yet: the network is cut (eventual consistency).
        Cannot be told yet: the network is cut (no write lost).
    "#]]
    .assert_eq(&broken);
    heal(&mut run);
    to(&mut run, 13_000);
    let broken = guarantees(&run, "guarantees-broken-healed", Nanos::SECOND);
    expect![[r#"
        Read an old value after a finished write (not linearizable).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
        Delhi client saw an effect without its cause (not: causal).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
        Delhi client wrote 2, and then read 1 (not: read your writes).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
        Delhi client read 2, and then 1, which is older (not: monotonic reads).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at C, from 3.70 s to 3.70 s: found 2.
          Delhi client reads x at B, from 4.70 s to 4.70 s: found 1.
          2 outlined
        Delhi client saw the writes of one client out of their order (not: monotonic writes).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client writes x = 3 at C, from 5.40 s to 5.40 s: acknowledged.
          Delhi client reads x at C, from 7.70 s to 7.70 s: found 3.
          Delhi client reads x at B, from 8.70 s to 8.70 s: found 1.
          3 outlined
        Delhi client read 1 1.30 s after 2 had been acknowledged (not: bounded staleness of 1 s).
          Delhi client writes x = 2 at C, from 1.40 s to 1.40 s: acknowledged.
          Delhi client reads x at B, from 2.70 s to 2.70 s: found 1.
        At the end, not everybody reads the same: 3 and 1 (not: eventual consistency).
          Mumbai client reads x at A, from 12.2 s to 12.2 s: found 3.
          Delhi client reads x at B, from 12.7 s to 12.7 s: found 1.
          2 outlined
        What was acknowledged is there, or was overwritten (no write lost).
    "#]]
    .assert_eq(&broken);
}

/// Of two writes that did not know of each other, the one that is dropped had been acknowledged.
#[test]
fn what_is_dropped_was_acknowledged() {
    let mut run = open(|it| it.when_cut = WhenCut::Available);
    to(&mut run, 3_000);
    cut(&mut run, Ways::Both);
    to(&mut run, 17_000);
    heal(&mut run);
    to(&mut run, 19_950);
    let told = guarantees(&run, "guarantees-dropped", Nanos::SECOND);
    expect![[r#"
        Read an old value after a finished write (not linearizable).
          Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.
          Mumbai client reads x at A, from 6.20 s to 6.20 s: found 1.
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        Mumbai client read 1 1.80 s after 2 had been acknowledged (not: bounded staleness of 1 s).
          Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.
          Mumbai client reads x at A, from 7.20 s to 7.20 s: found 1.
        All is healed, and all hold and read the same (eventual consistency).
        2 was acknowledged, and dropped for 3, which did not know of it (not: no write lost).
          Delhi client writes x = 2 at C, from 5.40 s to 5.40 s: acknowledged.
          Mumbai client writes x = 3 at A, from 15.4 s to 15.4 s: acknowledged.
          1 outlined
    "#]]
    .assert_eq(&told);
}

/// Guessed before it is seen; the guess stays, and is judged by what clients have been told since the cut.
#[test]
fn who_may_answer_is_guessed_and_then_seen() {
    for (when_cut, seen) in [
        (
            WhenCut::Consistent,
            "Since the latest change: A refused; B, C answered. You guessed: only B, C, right.",
        ),
        (
            WhenCut::Available,
            "Since the latest change: A answered; B, C answered. You guessed: only B, C, not so.",
        ),
    ] {
        let mut run = open(|it| it.when_cut = when_cut);
        to(&mut run, 3_000);
        let words =
            |run: &Run, look: &Look| text::reading(&scenes(run, "who", look)).replace('\n', " ");
        assert!(!words(&run, &Look::default()).contains("Who may answer?"));
        cut(&mut run, Ways::Both);
        let asked = words(&run, &Look::default());
        assert!(asked.contains("Who may answer?") && asked.contains("Guess before"), "{asked}");
        let mut look = Look::default();
        look.note("who-answers", "B,C");
        let guessed = words(&run, &look);
        assert!(
            guessed.contains("Your guess: only B, C") && guessed.contains("Play on"),
            "{guessed}"
        );
        to(&mut run, 4_900);
        let told = words(&run, &look);
        assert!(told.contains(seen), "{told}");
    }
}

/// Members and clients can be dragged across a cut that is there: each has a place on either side, and what is
/// let go on the other asks for one fault, which leaves the rest of the cut as it is.
#[test]
fn members_are_dragged_across_a_cut() {
    let mut run = open(|_| ());
    to(&mut run, 3_000);
    let draggable = |it: &Scene| {
        let of = it.marks.iter().filter(|it| it.slide.is_some() && it.id.starts_with("side/"));
        of.map(|it| it.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(draggable(&scenes(&run, "sides-none", &Look::default())), Vec::<String>::new());
    cut(&mut run, Ways::Forth);
    let cut = |run: &Run| match &run.inputs.last().expect("an input").input {
        Input::Fault(it) => it.clone(),
        it => panic!("{it:?}"),
    };
    let scene = scenes(&run, "sides-cut", &Look::default());
    let all =
        ["side/store/0", "side/store/1", "side/store/2", "side/mumbai-client", "side/delhi-client"];
    assert_eq!(draggable(&scene), all);
    // By keys it is one step to the other side, and one back.
    let step = |scene: &Scene, id: &str, by: isize| {
        let mark = scene.marks.iter().find(|it| it.id == id).expect("it");
        let slide = mark.slide.as_ref().expect("it can be dragged");
        let at = slide.at.expect("it stands somewhere").saturating_add_signed(by);
        slide.spots[at.min(slide.spots.len() - 1)].action.clone()
    };
    let moves = |run: &mut Run, action: &str| {
        let Some(Act::Move(who, over, name)) = Act::parse(action) else { panic!("{action}") };
        assert_eq!(name, "cut");
        let moved = cut(run).moved(&who, over);
        if let Some(it) = &moved {
            run.act(Input::Fault(it.clone())).expect("a fault");
        }
        moved
    };
    assert_eq!(moves(&mut run, &step(&scene, "side/store/1", 1)), None, "it stands there");
    assert!(moves(&mut run, &step(&scene, "side/store/1", -1)).is_some());
    let Fault::Partition { one, other, ways, .. } = cut(&run) else { panic!("a cut") };
    let names = |it: &[Target]| it.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&one), "store/0 mumbai-client store/1");
    assert_eq!(names(&other), "store/2 delhi-client");
    assert_eq!(ways, Ways::Forth);
    assert_eq!(run.shown().world.partitions().count(), 1, "one cut, as before");
    let scene = scenes(&run, "sides-moved", &Look::default());
    assert!(moves(&mut run, &step(&scene, "side/store/1", 1)).is_some(), "and back");
    // While it is dragged, it is drawn where it would stand.
    let back = scenes(&run, "sides-back", &Look::default());
    let look = Look { trial: Some(step(&back, "across/store/0", 1)), ..Look::default() };
    let tried = scenes(&run, "sides-tried", &look);
    let [name, side] = ["across/store/0", "cut/1"]
        .map(|id| tried.marks.iter().find(|it| it.id == id).expect("it").shape.bounds());
    assert!(name.x >= side.x && name.right() <= side.right(), "{name:?} within {side:?}");
    // The last one who leaves a side ends the cut.
    for id in ["side/store/0", "side/mumbai-client"] {
        let scene = scenes(&run, "sides-leaving", &Look::default());
        moves(&mut run, &step(&scene, id, 1)).expect("it moves");
    }
    assert_eq!(cut(&run), Fault::Heal { name: "cut".into() });
}
