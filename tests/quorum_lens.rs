//! The inside of a key–value store that goes by numbers of one's own: whom an operation asked and who
//! answered, what overlaps, what can be set. `LENSES=folder` writes the pictures there.

use crate::common::looking::Looking;
use crate::common::*;
use expect_test::expect;
use ringside::base::text::duration;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams, Does};
use ringside::component::kv_store::{KvStoreParams, WhenCut, Written, preference};
use ringside::component::{Spec, State};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::history::Log;
use ringside::lens::history;

/// A reader and a writer of one key; members far apart, so that a write takes a while to spread.
fn store(change: impl FnOnce(&mut KvStoreParams)) -> Design {
    let mut it = design();
    for (id, does, rate) in [("reader", Does::Read, 8.0), ("writer", Does::Write, 1.0)] {
        let classes = vec![Class { name: id.into(), does, ..Class::default() }];
        let (rate, timeout) = (Rate(rate), Nanos::seconds(1));
        let client = ClientParams { rate, classes, keys: 1, timeout, ..Default::default() };
        add(&mut it, id, Spec::Client(client));
    }
    let mut params = KvStoreParams {
        when_cut: WhenCut::Quorums,
        mesh_latency: Nanos::millis(30),
        work: MS,
        read_repair: false,
        ..KvStoreParams::default()
    };
    change(&mut params);
    add(&mut it, "store", Spec::KvStore(params));
    for id in ["reader", "writer"] {
        wire(&mut it, id, "store", WireParams { latency: MS, ..WireParams::default() });
    }
    it
}

fn open(change: impl FnOnce(&mut KvStoreParams)) -> Looking {
    Looking::open(store(change), 3, Nanos::ZERO, ("store", "Store"))
}

/// What is left out of readings here: who can reach whom, and the diagram, which other tests read.
const WITHOUT: [&str; 8] =
    ["matrix", "pair", "member/", "side/", "client/", "operation/", "history", "guarantee"];

fn log(it: &Looking) -> &Log {
    let component = it.run.shown().world.blueprint().component("store").expect("there");
    it.run.recorder.history.of(component).expect("a log")
}

/// By member: whether it holds a write of the key, or one that knows of it.
fn holders(it: &Looking, version: u32) -> Vec<bool> {
    let world = &it.run.shown().world;
    let store = world.blueprint().component("store").expect("there");
    let members = &world.blueprint().components[store as usize].members;
    let of = |slot: &u32| match &world.member(*slot).state {
        Some(State::KvStore(it)) => {
            let knows = |it: &Written| it.version == version || it.knows(version);
            it.rows.get(0).is_some_and(|it| it.copies.iter().any(knows))
        }
        _ => false,
    };
    members.iter().map(of).collect()
}

#[test]
fn sets_that_need_not_overlap() {
    let mut it = open(|it| (it.read_quorum, it.write_quorum) = (1, 1));
    it.on(6_000);
    it.check("quorum-apart", &WITHOUT, expect![[r#"
        Inside Store
        A holds 5, B holds 5, C holds 5; all can reach each other. Read an old value after a finished write (not linearizable).
        Refused: 0  Writes dropped: 1  Not confirmed: 0
        N = 3, R = 1, W = 1: they need not overlap: a read
        may miss a finished write.
        Answers needed  N = 3, R = 1, W = 1
        Of reads, R  Answers to a read: R = 1  Answers to a read: R = 2  Answers to a read: R = 3
        Of writes, W  Answers to a write: W = 1  Answers to a write: W = 2  Answers to a write: W = 3
        Who reads, who was written  1 of 3 overlap
        Read from B, written to A: no member in both  Read from C, written to A: no member in both  Read from A, written to A: A in both
        W + R = 2 ≤ N = 3: a read may ask only members
        that have not heard of it.
        reader reads key at A, from 2.24 s to 2.24 s: found 2  reader reads key at C, from 5.89 s to 5.89 s: found 5  reader reads key at B, from 5.46 s to 5.46 s: found 5  reader reads key at A, from 5.34 s to 5.35 s: found 5
        reader reads key at C, from 5.12 s to 5.12 s: found 5  reader reads key at B, from 5.05 s to 5.06 s: found 5  reader reads key at A, from 4.93 s to 4.93 s: found 5  … 45 more
        A: what is there?  1 answered in 0 ms
        A, itself: 2, counted
        B  With answer 1 of 3, enough have answered  not asked
        C  not asked
        Overlap  last finished write: 3
        A  B  C
        acknowledged 3
        answered the read
        No: B had acknowledged it, A answered. The read missed it: a stale read.  No: B had acknowledged it, A answered. The
        read missed it: a stale read.
        What numbers promise, and what not
        Reads that missed a finished write: 1 of 48.  Reads that missed a finished write: 1 of 48.
        2 W ≤ N: two writes need not meet, and may not know of each other.  2 W ≤ N: two writes need not meet, and may
        not know of each other.
        Reads during a write, which may see it or not, and a later one not: 0.  Reads during a write, which may see it or not,
        and a later one not: 0.
        Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept
        all the same: 0.
        Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
        repaired, or still on the way: 0.
        Overlap alone is not linearizable; this run is not
        (see below).
        Who can reach whom
        all can reach each other
        What is at stake?  by numbers of its own
        At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency
        At stake: chat. Sets the store to causal consistency  At stake: feed. Sets the store to eventual consistency
        What clients can rely on  52 operations
        Read an old value after a finished write (not
        linearizable).
        Linearizable: broken at 2.24 s  Linearizable: broken at 2.24 s. Go there
        writer writes key = 2 at A, from 696 ms to 698 ms: acknowledged.  writer writes key = 2 at A, from 696 ms to 698 ms: acknowledged. Go there
        698 ms: acknowledged.  Follow the request: writer writes key = 2 at A, from 696 ms to 698 ms: acknowledged
        writer writes key = 3 at B, from 2.24 s to 2.24 s: acknowledged.  writer writes key = 3 at B, from 2.24 s to 2.24 s: acknowledged. Go there
        s: acknowledged.  Follow the request: writer writes key = 3 at B, from 2.24 s to 2.24 s: acknowledged
        reader reads key at A, from 2.24 s to 2.24 s: found 2.  reader reads key at A, from 2.24 s to 2.24 s: found 2. Go there
        found 2.  Follow the request: reader reads key at A, from 2.24 s to 2.24 s: found 2
        Stale reads, part of all  now 0.0 %
        10 %
        5 %  Of the reads of each second, the part that was stale: 0.0 % now, 10.0 % at most
        0 %
        −60 s  −40 s  −20 s  now
        Conflict in key: {4, 5}. The later clock wins: 5 is kept, 4 is dropped.  Conflict in key: {4, 5}. The later clock wins: 5 is kept, 4 is dropped. Go there
        is kept, 4 is dropped.
        What it does
        Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
        Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
        When cut  When cut: stays-consistent
        When cut: keeps-answering  When cut: quorums
        When cut: causal
        In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
        Writes in conflict: merge  Writes in conflict: first write wins
        Writes in conflict: by hand
    "#]]);
}

#[test]
fn sets_that_overlap_and_a_member_that_is_down() {
    let mut it = open(|_| ());
    it.on(4_000);
    it.fault(Fault::Crash(target("store/1")));
    it.on(4_000);
    it.check("quorum-overlap", &WITHOUT, expect![[r#"
        Inside Store
        A holds 5, B holds 3, C holds 5; down: B. Every answer can be explained (linearizable).
        Refused: 0  Writes dropped: 1  Not confirmed: 2
        N = 3, R = 2, W = 2: they overlap, so a read
        meets the last finished write.
        Answers needed  N = 3, R = 2, W = 2
        Of reads, R  Answers to a read: R = 1  Answers to a read: R = 2  Answers to a read: R = 3
        Of writes, W  Answers to a write: W = 1  Answers to a write: W = 2  Answers to a write: W = 3
        Who reads, who was written  3 of 3 overlap
        Read from A, C, written to A, B: A in both  Read from B, C, written to A, B: B in both  Read from A, B, written to A, B: A, B in both
        W + R = 4 > N = 3: whichever they are, a read
        meets the last finished write.
        reader reads key at C, begun at 7.97 s, no answer yet  reader reads key at A, from 7.59 s to 7.66 s: found 5  reader reads key at C, from 7.11 s to 7.19 s: found 5  reader reads key at A, from 7.01 s to 7.04 s: found 5
        reader reads key at C, from 6.76 s to 6.83 s: found 5  reader reads key at A, from 6.68 s to 6.77 s: found 5  reader reads key at C, from 6.48 s to 6.59 s: found 5  … 53 more
        A: what is there?  2 answered in 64.6 ms
        A, itself: 5, counted
        B, no answer  With answer 2 of 3, enough have answered
        C, 64.6 ms: 5, counted
        Overlap  last finished write: 5
        A  B  C
        acknowledged 5  A is in both  C is in both
        answered the read
        Yes: A, C. The read could not miss it.  Yes: A, C. The read could not miss it.
        What numbers promise, and what not
        Reads that missed a finished write: 0 of 55.  Reads that missed a finished write: 0 of 55.
        Reads during a write, which may see it or not, and a later one not: 2.  Reads during a write, which may see it or not,
        and a later one not: 2.
        Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept
        all the same: 0.
        Reads whose members did not hold the same: repaired, or still on the way: 1.  Reads whose members did not hold the same:
        repaired, or still on the way: 1.
        Overlap alone is not linearizable, even where a
        run happens to be.
        Kept until a home confirms it  2 hints
        A brings key = 5 to B.  A brings key = 5 to B.
        C brings key = 4 to B.  C brings key = 4 to B.
        Who can reach whom  down: B
        What is at stake?  quorum
        At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency
        At stake: chat. Sets the store to causal consistency  At stake: feed. Sets the store to eventual consistency
        read  write  stale  refused
        quorum: median read 50.5 ms, write 54.0 ms; 0 % of reads stale, 0 % of requests refused, of 59 requests  50.5 ms  54.0 ms  0 %  0 %
        What clients can rely on  60 operations
        Every answer can be explained (linearizable).
        Conflict in key: {4, 5}. The later clock wins: 5 is kept, 4 is dropped.  Conflict in key: {4, 5}. The later clock wins: 5 is kept, 4 is dropped. Go there
        is kept, 4 is dropped.
        What it does
        Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
        Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: one at every member
        When cut  When cut: stays-consistent
        When cut: keeps-answering  When cut: quorums
        When cut: causal
        In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
        Writes in conflict: merge  Writes in conflict: first write wins
        Writes in conflict: by hand
    "#]]);
    // The largest pictures there are.
    let mut it = open(|it| (it.members, it.read_quorum, it.write_quorum) = (9, 4, 5));
    it.on(4_000);
    it.check("quorum-nine", &[""], expect![[r#"
        Inside Store
        A holds 3, B holds 3, C holds 3, D holds 3, E holds 3, F holds 3, G holds 3, H holds 3, I holds 3; all can reach each other. Every answer can be explained (linearizable).
    "#]]);
}

/// Numbers are set where they are shown; reads that begin once one write has been acknowledged under
/// the new ones miss nothing, and before some did.
#[test]
fn setting_numbers_ends_stale_reads() {
    let mut it = open(|it| (it.read_quorum, it.write_quorum) = (1, 1));
    it.on(15_000);
    it.click("set/read_quorum/2");
    it.click("set/write_quorum/2");
    let set = it.run.shown().world.now();
    it.on(15_000);
    let now = it.run.shown().world.now();
    let log = log(&it);
    let first = log.operations.iter().find(|it| it.writes && it.invoked > set).expect("a write");
    let first = first.ended.expect("acknowledged").1;
    let stale = |after: bool| {
        let reads = log.operations.iter().filter(|it| (it.invoked > first) == after);
        reads.filter(|it| history::stale(log, it, now)).count()
    };
    assert!(stale(false) > 0, "one of three need not meet one of three");
    assert_eq!(stale(true), 0);
    assert!(it.words("promise/stale#0").starts_with("Reads that missed a finished write: "));
    assert_eq!(it.words("sets/caption-end"), "3 of 3 overlap");
}

/// The bars are the world's: when enough have answered is when the request ends at the member that
/// was asked, they are as many as it takes, and at that moment each of them holds the write.
#[test]
fn answers_are_those_of_the_run() {
    let mut checked = 0;
    for (read, write) in [(1, 3), (2, 2), (3, 1)] {
        let mut it = open(|it| (it.read_quorum, it.write_quorum) = (read, write));
        it.on(8_000);
        let operations: Vec<_> = log(&it).operations.iter().copied().collect();
        for of in operations.iter().filter(|it| it.ended.is_some()) {
            let round = of.rounds[usize::from(of.writes)];
            let at = round.decided.expect("it was answered");
            let deciders = round.deciders(at).expect("decided by then");
            let needed = if of.writes { write } else { read };
            assert_eq!(deciders.count_ones(), needed, "R {read}, W {write}: {of:?}");
            // The answer crosses one wire, of a constant millisecond.
            assert!(of.ended.expect("ended").1 > at, "the client is told later");
            assert_eq!(round.asked & deciders, deciders, "who answers was asked");
            if !of.writes {
                let best =
                    (0..3).filter(|it| deciders >> it & 1 == 1).map(|it| round.answers[it].1);
                assert_eq!(
                    best.max(),
                    Some(of.version),
                    "a read gives back the newest it heard of"
                );
                continue;
            }
            // The moment after: all that happened at that time has.
            it.run.seek(at + Nanos(1));
            it.run.advance(it.run.left(), u64::MAX);
            for (member, holds) in holders(&it, of.version).into_iter().enumerate() {
                assert!(holds || deciders >> member & 1 == 0, "member {member} at {at:?}: {of:?}");
            }
            checked += 1;
        }
        it.run.latest();
    }
    assert!(checked > 10, "{checked} writes");
}

/// Whoever picks an operation sees that one, however time goes on.
#[test]
fn an_operation_is_picked() {
    let mut it = open(|_| ());
    it.on(5_000);
    let write = *log(&it).operations.iter().rfind(|it| it.writes).expect("a write");
    it.act(&format!("note operation {}", write.request));
    it.on(3_000);
    assert_eq!(it.words("operation/caption-end"), "picked");
    let second = write.rounds[1].decided.expect("decided") - write.rounds[1].began;
    let shown = it.words("round/1/caption-end");
    assert_eq!(shown, format!("2 answered in {}", duration(second.0 as f64)));
}

/// Three of five keep the key; those that do not are cut off from those that do, and stand in: the picture
/// names them and what they keep, says that the numbers promise nothing then, and how often it was so.
/// Healed, all is brought home.
#[test]
fn stand_ins_and_hints_are_told() {
    let spread = |sloppy: bool| {
        move |it: &mut KvStoreParams| {
            (it.members, it.copies, it.sloppy) = (5, 3, sloppy);
            (it.mesh_latency, it.handoff) = (Nanos::millis(5), Nanos::millis(200));
        }
    };
    let part = |it: &mut Looking| {
        let mut params = KvStoreParams::default();
        spread(true)(&mut params);
        let order = preference(&params, 0);
        let list = |it: &[u16]| it.iter().map(|it| target(&format!("store/{it}"))).collect();
        let (one, other) = (list(&order[..3]), list(&order[3..]));
        it.fault(Fault::Partition { name: "x".into(), one, other, ways: Ways::Both });
        order
    };
    let mut it = open(spread(false));
    it.on(3_000);
    part(&mut it);
    it.on(4_000);
    it.check("quorum-strict", &WITHOUT, expect![[r#"
        Inside Store
        A holds 5, B holds 5, C is no home, D holds 5, E is no home; the network is cut. Every answer can be explained (linearizable).
        Refused: 13  Writes dropped: 0  Not confirmed: 0
        N = 3, R = 2, W = 2: they overlap, so a read
        meets the last finished write.
        Answers needed  N = 3, R = 2, W = 2
        Of reads, R  Answers to a read: R = 1  Answers to a read: R = 2  Answers to a read: R = 3
        Of writes, W  Answers to a write: W = 1  Answers to a write: W = 2  Answers to a write: W = 3
        Who reads, who was written  3 of 3 overlap
        Read from A, D, written to A, B: A in both  Read from B, D, written to A, B: B in both  Read from A, B, written to A, B: A, B in both
        W + R = 4 > N = 3: whichever they are, a read
        meets the last finished write.
        writer writes key = 6 at E, begun at 6.84 s, no answer yet  reader reads key at E, begun at 6.76 s, no answer yet  reader reads key at D, from 6.72 s to 6.73 s: found 5  reader reads key at C, begun at 6.68 s, no answer yet
        reader reads key at B, from 6.48 s to 6.49 s: found 5  reader reads key at A, from 6.30 s to 6.31 s: found 5  reader reads key at E, from 6.24 s to 6.74 s: refused, 0 of 3, no majority  … 58 more
        D: what is there?  2 answered in 7.03 ms
        A, 14.2 ms: 5, after enough had answered
        B, 7.03 ms: 5, counted
        C  With answer 2 of 3, enough have answered  no home of it
        D, itself: 5, counted
        E  no home of it
        Overlap  last finished write: 5
        A  B  C  D  E
        acknowledged 5  D is in both
        answered the read
        Yes: D. The read could not miss it.  Yes: D. The read could not miss it.
        What numbers promise, and what not
        Reads that missed a finished write: 0 of 58.  Reads that missed a finished write: 0 of 58.
        Reads during a write, which may see it or not, and a later one not: 9.  Reads during a write, which may see it or not,
        and a later one not: 9.
        Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept
        all the same: 0.
        Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
        repaired, or still on the way: 0.
        Overlap alone is not linearizable, even where a
        run happens to be.
        Who keeps key  N = 3 of 5
        1. A keeps it; it holds 5  A  2. B keeps it; it holds 5  B  3. D keeps it; it holds 5  D  4. E does not keep it  E  5. C does not keep it  C
        home  home  home
        The next so many clockwise from the key on the
        ring of members.
        Who can reach whom  the network is cut
        The two sides of the cut  drag across
        A, B, D on this side of the cut  A: drag it across the cut  B: drag it across the cut  D: drag it across the cut  E, C on this side of the cut  E: drag it across the cut  C: drag it across the cut
        Who may answer?  seen
        Who may answer? only A, B, D  Who may answer? only C, E  Who may answer? both sides
        Who may answer? nobody
        Since the latest change: A, B, D answered; C, E refused.  Since the latest change: A, B, D answered; C,
        E refused.
        What is at stake?  quorum
        At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency
        At stake: chat. Sets the store to causal consistency  At stake: feed. Sets the store to eventual consistency
        read  write  stale  refused
        quorum: median read 10.9 ms, write 7.31 ms; 0 % of reads stale, 21 % of requests refused, of 62 requests  10.9 ms  7.31 ms  0 %  21 %
        What clients can rely on  65 operations
        Every answer can be explained (linearizable).
        What it does
        Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
        Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: N = 3  Copies of each key: N = 4  Copies of each key: one at every member
        When cut  When cut: stays-consistent
        When cut: keeps-answering  When cut: quorums
        When cut: causal
        Quorum  Quorum: strict, only homes count  Quorum: sloppy, stand-ins count too
        In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
        Writes in conflict: merge  Writes in conflict: first write wins
        Writes in conflict: by hand
    "#]]);
    let mut it = open(spread(true));
    it.on(3_000);
    let order = part(&mut it);
    it.on(4_000);
    it.check("quorum-sloppy", &WITHOUT, expect![[r#"
        Inside Store
        A holds 5, B holds 5, C holds 6 for B, D, D holds 5, E holds 6 for A, D; the network is cut. Read an old value after a finished write (not linearizable).
        Refused: 0  Writes dropped: 0  Not confirmed: 4
        N = 3, R = 2, W = 2: they overlap among homes;
        where a stand-in counts (sloppy), a read may
        miss a finished write.
        Answers needed  N = 3, R = 2, W = 2
        Of reads, R  Answers to a read: R = 1  Answers to a read: R = 2  Answers to a read: R = 3
        Of writes, W  Answers to a write: W = 1  Answers to a write: W = 2  Answers to a write: W = 3
        Who reads, who was written  3 of 3 overlap
        Read from A, D, written to A, B: A in both  Read from B, D, written to A, B: B in both  Read from A, B, written to A, B: A, B in both
        W + R = 4 > N = 3: among homes, a read meets
        the last finished write. Here stand-ins count too
        (sloppy), and then it need not.
        reader reads key at E, from 4.63 s to 4.65 s: found 1  reader reads key at C, from 4.33 s to 4.34 s: found 1  reader reads key at E, from 3.67 s to 3.68 s: found 1  reader reads key at C, from 3.60 s to 3.62 s: found 1
        reader reads key at E, from 3.57 s to 3.68 s: found 1  reader reads key at C, from 3.11 s to 3.22 s: found 1  writer writes key = 6 at E, from 6.84 s to 6.85 s: acknowledged  … 58 more
        E: what is there?  2 answered in 11.7 ms
        A, no answer
        B, no answer
        C, 11.7 ms: 1, for B, counted  With answer 2 of 3, enough have answered
        D, no answer
        E, itself: 1, for A, counted
        Overlap  last finished write: 3
        A  B  C  D  E
        acknowledged 3
        answered the read
        No: B, D had acknowledged it, C for B, E for A answered. The read missed it: a stale read.  No: B, D had acknowledged it, C for B, E for A
        answered. The read missed it: a stale read.
        What numbers promise, and what not
        Reads that missed a finished write: 6 of 60.  Reads that missed a finished write: 6 of 60.
        Sloppy: W + R > N promises nothing where a stand-in is counted. So it was in 16 of 65 operations.  Sloppy: W + R > N promises nothing where a
        stand-in is counted. So it was in 16 of 65
        operations.
        Reads during a write, which may see it or not, and a later one not: 1.  Reads during a write, which may see it or not,
        and a later one not: 1.
        Refused writes that some members have kept all the same: 0.  Refused writes that some members have kept
        all the same: 0.
        Reads whose members did not hold the same: repaired, or still on the way: 0.  Reads whose members did not hold the same:
        repaired, or still on the way: 0.
        Overlap alone is not linearizable; this run is not
        (see below).
        Who keeps key  N = 3 of 5
        1. A keeps it; it holds 5; no answer to C, E  A  2. B keeps it; it holds 5; no answer to C, E  B  3. D keeps it; it holds 5; no answer to C, E  D  4. E stands in if a home does not answer; it holds 6 for A, D  E  5. C stands in if a home does not answer; it holds 6 for B, D  C
        silent  silent  silent  hint  hint
        The next so many clockwise; those after them
        stand in for homes that do not answer.
        Kept until a home confirms it  4 hints
        C, no home, brings key = 6 to B, then drops it.  C, no home, brings key = 6 to B, then drops it.
        C, no home, brings key = 4 to D, then drops it.  C, no home, brings key = 4 to D, then drops it.
        E, no home, brings key = 6 to A, then drops it.  E, no home, brings key = 6 to A, then drops it.
        E, no home, brings key = 6 to D, then drops it.  E, no home, brings key = 6 to D, then drops it.
        Who can reach whom  the network is cut
        The two sides of the cut  drag across
        A, B, D on this side of the cut  A: drag it across the cut  B: drag it across the cut  D: drag it across the cut  E, C on this side of the cut  E: drag it across the cut  C: drag it across the cut
        Who may answer?  seen
        Who may answer? only A, B, D  Who may answer? only C, E  Who may answer? both sides
        Who may answer? nobody
        Since the latest change: A, B, D answered; C, E answered.  Since the latest change: A, B, D answered; C,
        E answered.
        What is at stake?  by numbers of its own
        At stake: money. Sets the store to strong consistency  At stake: stock. Sets the store to quorum consistency
        At stake: chat. Sets the store to causal consistency  At stake: feed. Sets the store to eventual consistency
        What clients can rely on  65 operations
        Read an old value after a finished write (not
        linearizable).
        Linearizable: broken at 3.22 s  Linearizable: broken at 3.22 s. Go there
        writer writes key = 3 at B, from 2.24 s to 2.25 s: acknowledged.  writer writes key = 3 at B, from 2.24 s to 2.25 s: acknowledged. Go there
        s: acknowledged.  Follow the request: writer writes key = 3 at B, from 2.24 s to 2.25 s: acknowledged
        reader reads key at C, from 3.11 s to 3.22 s: found 1.  reader reads key at C, from 3.11 s to 3.22 s: found 1. Go there
        found 1.  Follow the request: reader reads key at C, from 3.11 s to 3.22 s: found 1
        Stale reads, part of all  now 0.0 %
        40 %
        20 %  Of the reads of each second, the part that was stale: 0.0 % now, 40.0 % at most
        0 %
        −60 s  −40 s  −20 s  now
        What it does
        Members  Members: 1  Members: 2  Members: 3  Members: 4  Members: 5  Members: 6  Members: 7  Members: 8  Members: 9
        Copies, N  Copies of each key: N = 1  Copies of each key: N = 2  Copies of each key: N = 3  Copies of each key: N = 4  Copies of each key: one at every member
        When cut  When cut: stays-consistent
        When cut: keeps-answering  When cut: quorums
        When cut: causal
        Quorum  Quorum: strict, only homes count  Quorum: sloppy, stand-ins count too
        In conflict  Writes in conflict: last write wins  Writes in conflict: siblings
        Writes in conflict: merge  Writes in conflict: first write wins
        Writes in conflict: by hand
    "#]]);
    let now = it.run.shown().world.now();
    let stood = log(&it).operations.iter().filter(|it| {
        let counted = |round: &ringside::engine::history::Round| {
            let set = round.deciders(now).unwrap_or(0);
            order[3..].iter().any(|at| set >> at & 1 == 1)
        };
        it.ended.is_some() && it.rounds.iter().any(counted)
    });
    let (stood, ended) =
        (stood.count(), log(&it).operations.iter().filter(|it| it.ended.is_some()));
    let said = format!("in {stood} of {} ", ended.count());
    let scene = it.scene(900.0);
    let told = scene.marks.iter().find(|it| it.id == "promise/sloppy#0").expect("it is told");
    assert!(stood > 0 && told.words().contains(said.trim_end()), "{said}: {}", told.words());
    it.fault(heal("x"));
    it.on(3_000);
    let scene = it.scene(300.0);
    assert!(!scene.marks.iter().any(|it| it.id.starts_with("hint")), "all is handed over");
    it.click("set/sloppy/false");
    assert!(it.scene(300.0).marks.iter().all(|it| it.id != "promise/sloppy#0"));
}
