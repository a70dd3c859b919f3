//! The insides of a database, a service and a cache with dirty entries, from a running book store.
//! `LENSES=folder` writes the pictures there.

use expect_test::{Expect, expect};
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::Strategy;
use ringside::component::sql_db::Replication;
use ringside::document::{Design, WireParams, WireRecord, file};
use ringside::engine::fault::{Fault, Ways};
use ringside::lens::{self, Look, Subject};
use ringside::scene::{check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

/// A book store of its own, so that tuning the one people see does not change these pictures.
fn store(change: impl Fn(&mut Design)) -> Run {
    let (mut file, _) = file::read(include_str!("golden/store.json")).expect("it is a file");
    change(&mut file.design);
    Run::open(file.design, file.seed, Nanos::ZERO, Vec::new()).expect("it compiles")
}

fn spec<'a>(design: &'a mut Design, id: &str) -> &'a mut Spec {
    &mut design.components.get_mut(id).expect("it is there").spec
}

/// The lens at three widths: well drawn, and read aloud as expected at the smallest.
#[track_caller]
fn look(run: &Run, id: &str, name: &str, expected: Expect) {
    let shown = run.shown();
    let component = shown.world.blueprint().component(id).expect("a component");
    // The smallest last: a study of a cache takes some pictures.
    for width in [900.0, 520.0, 320.0] {
        let subject = Subject {
            world: &shown.world,
            recorder: &run.recorder,
            component,
            label: &shown.design.components[id].label,
            name: &|id| id.to_owned(),
            key_name: "book",
            width,
            earlier: &[],
            before: None,
            look: &Look::default(),
        };
        let scene = lens::draw(&subject).expect("it has a lens");
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        if width == 320.0 {
            expected.assert_eq(&text::reading(&scene));
        }
    }
}

fn cut() -> Fault {
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    let (one, other) = (targets(&["database/0"]), targets(&["database/1"]));
    Fault::Partition { name: "cut".into(), one, other, ways: Ways::Both }
}

fn kill(id: &str) -> Input {
    Input::Fault(Fault::Crash(id.parse().expect("a target")))
}

#[test]
fn a_database_at_ease_and_with_a_replica_cut_off() {
    let mut run = store(|_| ());
    run.advance(Nanos::millis(8_113), u64::MAX);
    look(
        &run,
        "database",
        "database",
        expect![[r#"
            Inside Store database
            668 entries in the log, async replication to 2 replicas; all are level; 0 stale reads in the last 10 s.
            Slowest lags: 0 ms  Entries behind: 0  Stale, 10 s: 0
            Async: a write is acknowledged by the primary alone.
            Filled: applied. Framed: received. Diamond: on its
            way. Tick: acknowledged as far as here. Clock: the
            entry that a stale read missed.
            The log, newest right  entries 645 to 668
            primary  668 committed
            book:395 v2  book:2 v17  book:3246 v2  book:3512 v2  book:1 v21  book:8218 v2  book:5 v11  book:1361 v2  book:7445 v2  book:502 v2  book:433 v2  book:27 v3  book:0 v40  book:32 v6  book:0 v41  book:17 v3  book:22 v3  book:11210 v2  book:1 v22  book:4 v14  book:1219 v2  book:288 v2  book:3013 v2  book:0 v42
            Acknowledged to clients up to entry 668
            replica 1  level
            book:395 v2  book:2 v17  book:3246 v2  book:3512 v2  book:1 v21  book:8218 v2  book:5 v11  book:1361 v2  book:7445 v2  book:502 v2  book:433 v2  book:27 v3  book:0 v40  book:32 v6  book:0 v41  book:17 v3  book:22 v3  book:11210 v2  book:1 v22  book:4 v14  book:1219 v2  book:288 v2  book:3013 v2  book:0 v42
            replica 2  level
            book:395 v2  book:2 v17  book:3246 v2  book:3512 v2  book:1 v21  book:8218 v2  book:5 v11  book:1361 v2  book:7445 v2  book:502 v2  book:433 v2  book:27 v3  book:0 v40  book:32 v6  book:0 v41  book:17 v3  book:22 v3  book:11210 v2  book:1 v22  book:4 v14  book:1219 v2  book:288 v2  book:3013 v2  book:0 v42
            replica 2 applies  as fast as it can
            as fast as it can  80/s
            Work for one write  11.0 ms in all, ×1.1
            primary  primary executes it, 10.0 ms  executes it, 10.0 ms
            replica 1  replica 1 applies the change, 500 µs  applies the change, 500 µs
            replica 2  replica 2 applies the change, 500 µs  applies the change, 500 µs
            Passive (primary–backup) replication: the primary
            executes, the others apply what it changed.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 20.3 µs there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 13.6 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
            Stale reads, last 10 s  newest left
            None.
            The primary answers 182 of 546 reads a second.
            History of book:49  the last 10 s
            readers  readers read book:49 at replica 2, from 1.12 s to 1.32 s: found v2  readers read book:49 at replica 1, from 3.55 s to 3.59 s: found v2  readers read book:49 at replica 1, from 5.02 s to 5.09 s: found v2  readers read book:49 at primary, from 6.72 s to 6.75 s: found v2  readers wrote book:49 v3 at primary, from 7.35 s to 7.37 s: acknowledged  readers read book:49 at replica 1, from 7.99 s to 8.01 s: found v3
            readers wrote book:49 v2 at primary, from 40.7 ms to 63.3 ms: acknowledged  readers read book:49 at replica 2, from 911 ms to 949 ms: found v2
            0 s  5 s  10 s
            What clients can rely on  the last 38 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: kept so far. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: kept so far. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
            Judged by what clients did with 8 keys, as a
            sample.
        "#]],
    );
    run.act(Input::Fault(cut())).expect("it compiles");
    run.advance(Nanos::millis(1_200), u64::MAX);
    look(
        &run,
        "database",
        "database-cut",
        expect![[r#"
            Inside Store database
            769 entries in the log, async replication to 2 replicas; the slowest is 101 entries and 1.19 s behind; 8 stale reads in the last 10 s.
            Slowest lags: 1.19 s  Entries behind: 101  Stale, 10 s: 8
            Async: a write is acknowledged by the primary alone.
            Filled: applied. Framed: received. Diamond: on its
            way. Tick: acknowledged as far as here. Clock: the
            entry that a stale read missed.
            Who can reach whom  the network is cut
            The two sides of the cut  drag across
            primary on this side of the cut  primary: drag it across the cut  replica 1 on this side of the cut  replica 1: drag it across the cut
            p  r1  r2
            primary  primary does not reach replica 1  primary does not reach replica 1  primary reaches replica 2  primary reaches replica 2
            replica 1  replica 1 does not reach primary  replica 1 does not reach primary  replica 1 reaches replica 2  replica 1 reaches replica 2
            replica 2  replica 2 reaches primary  replica 2 reaches primary  replica 2 reaches replica 1  replica 2 reaches replica 1
            A row speaks, a column listens.
            The log, newest right  entries 665 to 769
            primary  769 committed
            769 entries applied
            Acknowledged to clients up to entry 769
            replica 1  Read book:0 v42, but v45 had been acknowledged 359 ms before  −101 · 1.19 s
            668 entries applied
            Read book:6 v13, but v14 had been acknowledged 229 ms before  Read book:9 v8, but v9 had been acknowledged 414 ms before  Read book:0 v42, but v43 had been acknowledged 279 ms before  Read book:17 v3, but v4 had been acknowledged 85.6 ms before  Read book:0 v42, but v45 had been acknowledged 359 ms before
            replica 2  −1 · 185 µs
            768 entries applied  Entry 769 is on its way
            replica 2 applies  as fast as it can
            as fast as it can  80/s
            Work for one write  11.0 ms in all, ×1.1
            primary  primary executes it, 10.0 ms  executes it, 10.0 ms
            replica 1  replica 1 applies the change, 500 µs  applies the change, 500 µs
            replica 2  replica 2 applies the change, 500 µs  applies the change, 500 µs
            Passive (primary–backup) replication: the primary
            executes, the others apply what it changed.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 20.3 µs there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 13.4 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
            Stale reads, last 10 s  newest left
            member 1: Read book:0 v42, but v45 had been acknowledged 359 ms before  member 1: Read book:0 v42, but v45 had been acknowledged 259 ms before
            member 1: Read book:0 v42, but v45 had been acknowledged 78.9 ms before  member 1: Read book:9 v8, but v9 had been acknowledged 414 ms before
            member 1: Read book:0 v42, but v43 had been acknowledged 279 ms before  … 3 more
            Of the last 8: readers 8.
            The primary answers 175 of 525 reads a second.
            Stale reads, part of all  now 1.5 %
            4 %
            2 %
            Of the reads of each second, the part that was stale: 1.5 % now, 1.5 % at most
            0 %
            −60 s  −40 s  −20 s  now
            History of book:49  the last 10 s
            readers  readers read book:49 at replica 2, from 1.12 s to 1.32 s: found v2  readers read book:49 at replica 1, from 3.55 s to 3.59 s: found v2  readers read book:49 at replica 1, from 5.02 s to 5.09 s: found v2  readers read book:49 at primary, from 6.72 s to 6.75 s: found v2  readers wrote book:49 v3 at primary, from 7.35 s to 7.37 s: acknowledged  readers read book:49 at replica 1, from 7.99 s to 8.01 s: found v3
            readers wrote book:49 v2 at primary, from 40.7 ms to 63.3 ms: acknowledged  readers read book:49 at replica 2, from 911 ms to 949 ms: found v2
            0 s  5 s  10 s
            What clients can rely on  the last 41 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
            Judged by what clients did with 8 keys, as a
            sample.
        "#]],
    );
    run.advance(Nanos::millis(1_700), u64::MAX);
    run.act(Input::Fault(Fault::Heal { name: "cut".into() })).expect("it compiles");
    run.advance(Nanos::millis(140), u64::MAX);
    look(
        &run,
        "database",
        "database-healed",
        expect![[r#"
            Inside Store database
            939 entries in the log, async replication to 2 replicas; the slowest is 166 entries and 1.81 s behind; 43 stale reads in the last 10 s.
            Slowest lags: 1.81 s  Entries behind: 166  Stale, 10 s: 43
            Async: a write is acknowledged by the primary alone.
            Filled: applied. Framed: received. Diamond: on its
            way. Tick: acknowledged as far as here. Clock: the
            entry that a stale read missed.
            The log, newest right  entries 770 to 939
            primary  939 committed
            939 entries applied
            Acknowledged to clients up to entry 939
            replica 1  Read book:1 v22, but v32 had been acknowledged 67.8 ms before  −166 · 1.81 s
            773 entries applied  166 entries received, not yet applied
            Read book:0 v42, but v50 had been acknowledged 470 ms before  Read book:16 v3, but v6 had been acknowledged 120 ms before  Read book:1 v22, but v32 had been acknowledged 67.8 ms before
            replica 2  level
            939 entries applied
            replica 2 applies  as fast as it can
            as fast as it can  80/s
            Work for one write  11.0 ms in all, ×1.1
            primary  primary executes it, 10.0 ms  executes it, 10.0 ms
            replica 1  replica 1 applies the change, 500 µs  applies the change, 500 µs
            replica 2  replica 2 applies the change, 500 µs  applies the change, 500 µs
            Passive (primary–backup) replication: the primary
            executes, the others apply what it changed.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 20.3 µs there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 13.1 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
            Stale reads, last 10 s  newest left
            member 1: Read book:4553 v1, but v2 had been acknowledged 2.69 s before  member 1: Read book:11 v4, but v6 had been acknowledged 2.48 s before
            member 1: Read book:1 v22, but v32 had been acknowledged 67.8 ms before  member 1: Read book:0 v42, but v50 had been acknowledged 470 ms before
            member 1: Read book:0 v42, but v50 had been acknowledged 359 ms before  … 38 more
            Of the last 32: readers 32.
            The primary answers 169 of 508 reads a second.
            Stale reads, part of all  now 4.6 %
            4 %
            2 %  Of the reads of each second, the part that was stale: 4.6 % now, 4.6 % at most
            0 %
            −60 s  −40 s  −20 s  now
            History of book:49  the last 10 s
            readers  readers read book:49 at replica 2, from 1.12 s to 1.32 s: found v2  readers read book:49 at replica 1, from 3.55 s to 3.59 s: found v2  readers read book:49 at replica 1, from 5.02 s to 5.09 s: found v2  readers read book:49 at primary, from 6.72 s to 6.75 s: found v2  readers wrote book:49 v3 at primary, from 7.35 s to 7.37 s: acknowledged  readers read book:49 at replica 1, from 7.99 s to 8.01 s: found v3  readers read book:49 at primary, from 10.8 s to 10.8 s: found v3
            5 s  10 s
            What clients can rely on  the last 44 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: kept so far. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
            Judged by what clients did with 8 keys, as a
            sample.
        "#]],
    );
}

#[test]
fn a_synchronous_database_waits_for_its_replicas() {
    let mut run = store(|design| {
        let Spec::SqlDb(it) = spec(design, "database") else { panic!("a database") };
        it.replication = Replication::Sync;
    });
    run.advance(Nanos::seconds(5), u64::MAX);
    run.act(kill("database/1")).expect("it compiles");
    run.advance(Nanos::millis(400), u64::MAX);
    look(
        &run,
        "database",
        "database-sync",
        expect![[r#"
            Inside Store database
            415 entries in the log, sync replication to 2 replicas; the slowest is 4 entries and 394 ms behind; 0 stale reads in the last 10 s.
            Slowest lags: 394 ms  Entries behind: 4
            Stale, 10 s: 0  Writes waiting: 4
            Sync: acknowledged once every replica has applied
            it.
            Filled: applied. Framed: received. Diamond: on its
            way. Tick: acknowledged as far as here. Clock: the
            entry that a stale read missed.
            The log, newest right  entries 392 to 415
            primary  415 committed
            book:25 v3  book:2787 v2  book:334 v2  book:7714 v2  book:30 v4  book:212 v2  book:66 v3  book:6 v9  book:46 v4  book:220 v2  book:8 v4  book:7824 v2  book:37 v2  book:0 v19  book:13778 v2  book:19 v2  book:42 v4  book:72 v2  book:206 v2  book:11 v4  book:879 v2  book:19 v3  book:392 v2  book:4651 v2
            Acknowledged to clients up to entry 411
            replica 1  down
            book:25 v3  book:2787 v2  book:334 v2  book:7714 v2  book:30 v4  book:212 v2  book:66 v3  book:6 v9  book:46 v4  book:220 v2  book:8 v4  book:7824 v2  book:37 v2  book:0 v19  book:13778 v2  book:19 v2  book:42 v4  book:72 v2  book:206 v2  book:11 v4  4 entries are on their way
            replica 2  level
            book:25 v3  book:2787 v2  book:334 v2  book:7714 v2  book:30 v4  book:212 v2  book:66 v3  book:6 v9  book:46 v4  book:220 v2  book:8 v4  book:7824 v2  book:37 v2  book:0 v19  book:13778 v2  book:19 v2  book:42 v4  book:72 v2  book:206 v2  book:11 v4  book:879 v2  book:19 v3  book:392 v2  book:4651 v2
            Work for one write  11.0 ms in all, ×1.1
            primary  primary executes it, 10.0 ms  executes it, 10.0 ms
            replica 1  replica 1 applies the change, 500 µs  applies the change, 500 µs
            replica 2  replica 2 applies the change, 500 µs  applies the change, 500 µs
            Passive (primary–backup) replication: the primary
            executes, the others apply what it changed.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 20.3 µs there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 14.8 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
            Stale reads, last 10 s  newest left
            None.
            The primary answers 217 of 651 reads a second.
            History of book:0  the last 10 s
            readers  readers wrote book:0 v3 at primary, from 351 ms to 381 ms: acknowledged  readers read book:0 at replica 1, from 408 ms to 448 ms: found v3  readers read book:0 at replica 1, from 922 ms to 961 ms: found v3  readers wrote book:0 v5 at primary, from 1.04 s to 1.09 s: acknowledged  readers read book:0 at primary, from 1.37 s to 1.41 s: found v7  readers read book:0 at replica 2, from 1.41 s to 1.45 s: found v7  readers wrote book:0 v8 at primary, from 1.47 s to 1.51 s: acknowledged  readers read book:0 at replica 2, from 1.93 s to 1.96 s: found v9  readers read book:0 at replica 1, from 1.97 s to 2.02 s: found v9  readers read book:0 at replica 2, from 2.06 s to 2.09 s: found v9  readers read book:0 at replica 1, from 2.13 s to 2.17 s: found v9  readers read book:0 at primary, from 2.21 s to 2.25 s: found v10  readers read book:0 at replica 1, from 2.35 s to 2.38 s: found v10  readers read book:0 at replica 2, from 2.40 s to 2.43 s: found v10  readers wrote book:0 v11 at primary, from 2.55 s to 2.58 s: acknowledged  readers read book:0 at replica 1, from 2.59 s to 2.61 s: found v11  readers wrote book:0 v12 at primary, from 2.63 s to 2.69 s: acknowledged  readers read book:0 at replica 1, from 2.72 s to 2.76 s: found v13  readers read book:0 at replica 1, from 2.98 s to 3.02 s: found v13  readers wrote book:0 v14 at primary, from 3.04 s to 3.10 s: acknowledged  readers read book:0 at primary, from 3.15 s to 3.19 s: found v14  readers wrote book:0 v15 at primary, from 3.22 s to 3.24 s: acknowledged  readers read book:0 at replica 1, from 3.47 s to 3.51 s: found v15  readers read book:0 at primary, from 3.51 s to 3.55 s: found v15  readers read book:0 at primary, from 3.65 s to 3.71 s: found v15  readers read book:0 at replica 1, from 3.76 s to 3.78 s: found v15  readers read book:0 at replica 1, from 3.79 s to 3.82 s: found v15  readers read book:0 at replica 2, from 3.86 s to 3.90 s: found v15  readers read book:0 at replica 1, from 3.97 s to 3.99 s: found v15  readers read book:0 at primary, from 4.05 s to 4.09 s: found v15  readers read book:0 at primary, from 4.18 s to 4.21 s: found v15  readers wrote book:0 v17 at primary, from 4.39 s to 4.42 s: acknowledged  readers wrote book:0 v18 at primary, from 4.60 s to 4.62 s: acknowledged  readers read book:0 at primary, from 4.66 s to 4.70 s: found v18  readers read book:0 at primary, from 4.78 s to 4.81 s: found v18  readers wrote book:0 v19 at primary, from 4.85 s to 4.87 s: acknowledged  readers read book:0 at primary, from 4.90 s to 4.94 s: found v19
            readers read book:0 at replica 1, from 72.8 ms to 154 ms: found v2  readers read book:0 at replica 1, from 445 ms to 482 ms: found v3  readers read book:0 at primary, from 1.06 s to 1.10 s: found v5  readers wrote book:0 v7 at primary, from 1.15 s to 1.18 s: acknowledged  readers read book:0 at primary, from 1.20 s to 1.24 s: found v7  readers read book:0 at primary, from 1.25 s to 1.30 s: found v7  readers read book:0 at primary, from 1.39 s to 1.43 s: found v7  readers read book:0 at replica 2, from 1.58 s to 1.62 s: found v8  readers read book:0 at replica 2, from 1.62 s to 1.66 s: found v8  readers read book:0 at replica 2, from 1.75 s to 1.78 s: found v8  readers read book:0 at replica 1, from 1.80 s to 1.83 s: found v8  readers wrote book:0 v9 at primary, from 1.84 s to 1.86 s: acknowledged  readers read book:0 at primary, from 1.94 s to 1.98 s: found v9  readers read book:0 at replica 2, from 2.06 s to 2.09 s: found v9  readers wrote book:0 v10 at primary, from 2.22 s to 2.25 s: acknowledged  readers read book:0 at replica 2, from 2.25 s to 2.28 s: found v10  readers read book:0 at primary, from 2.94 s to 2.99 s: found v13  readers read book:0 at primary, from 3.71 s to 3.73 s: found v15  readers read book:0 at replica 2, from 3.81 s to 3.84 s: found v15  readers read book:0 at replica 2, from 4.13 s to 4.16 s: found v15  readers read book:0 at replica 2, from 4.33 s to 4.39 s: found v16  readers read book:0 at replica 1, from 4.40 s to 4.43 s: found v17  readers read book:0 at replica 2, from 4.50 s to 4.52 s: found v17  readers read book:0 at replica 2, from 4.61 s to 4.63 s: found v18  readers read book:0 at replica 2, from 4.68 s to 4.72 s: found v18  readers read book:0 at replica 1, from 4.87 s to 4.90 s: found v19
            readers read book:0 at primary, from 461 ms to 508 ms: found v3  readers wrote book:0 v4 at primary, from 942 ms to 974 ms: acknowledged  readers wrote book:0 v6 at primary, from 1.16 s to 1.18 s: acknowledged  readers read book:0 at primary, from 1.62 s to 1.66 s: found v8  readers read book:0 at primary, from 1.76 s to 1.80 s: found v8  readers read book:0 at replica 1, from 2.60 s to 2.63 s: found v11  readers wrote book:0 v13 at primary, from 2.66 s to 2.71 s: acknowledged  readers read book:0 at primary, from 2.96 s to 3.02 s: found v13  readers read book:0 at replica 1, from 4.15 s to 4.19 s: found v15  readers wrote book:0 v16 at primary, from 4.34 s to 4.38 s: acknowledged
            readers read book:0 at primary, from 2.96 s to 2.99 s: found v13  readers read book:0 at primary, from 4.37 s to 4.39 s: found v16
            readers wrote book:0 v2 at primary, from 57.7 ms to 119 ms: acknowledged
            readers read book:0 at replica 2, from 78.6 ms to 140 ms: found v2
            0 s  5 s  10 s
            What clients can rely on  106 operations
            Linearizable: kept so far. Every operation happens at one moment between its invocation and its response, for everybody.  Causal: kept so far. Nobody sees an effect without its causes.
            Read your own writes: kept so far. A client that has written does not read anything older.  Monotonic reads: kept so far. A client never reads anything older than it has read before.
            Monotonic writes: kept so far. Whoever sees a client's write also sees what that client wrote before.  Bounded staleness: kept so far. No read finds what an acknowledged write had replaced for longer than a bound when it began.
            Convergence: cannot be told yet. Once all is healed and nobody writes, everybody reads the same.  No acknowledged write lost: cannot be told yet. What was acknowledged is still there at the end, unless it was overwritten.
            Every answer can be explained (linearizable).
            Judged by what clients did with 8 keys, as a
            sample.
        "#]],
    );
}

#[test]
fn a_service_at_ease_and_one_that_waits() {
    let mut run = store(|_| ());
    run.advance(Nanos::seconds(8), u64::MAX);
    look(
        &run,
        "books",
        "service",
        expect![[r#"
            Inside Books
            7 of 16 workers are working, 9 are held by requests that wait for others; 20 requests in line.
            Working: 7 of 16  Held, waiting: 9 of 16  In line: 20
            Filled: working. With a letter: held while it waits.
            Hollow: idle.
            instance 1  0 idle
            Works for book:2688  Works for book:9959  Held by book:37, waits for cache  Held by book:16711, waits for database
            1 held, waiting for cache · 1 held, waiting for
            database
            In line 3 of 128  first waits 8.42 ms
            instance 2  0 idle
            Works for book:36  Held by book:13302, waits for database  Held by book:6216, waits for database  Held by book:11158, waits for database
            3 held, waiting for database
            In line 11 of 128  first waits 36.4 ms
            instance 3  0 idle
            Works for book:12158  Works for book:4  Works for book:33  Held by book:7635, waits for database
            1 held, waiting for database
            In line 3 of 128  first waits 9.27 ms
            instance 4  0 idle
            Works for book:1  Held by book:598, waits for database  Held by book:8267, waits for database  Held by book:3754, waits for database
            3 held, waiting for database
            In line 3 of 128  first waits 8.60 ms
        "#]],
    );
    let slow = Fault::Slow { target: "database".parse().expect("a target"), factor: 40.0 };
    run.act(Input::Fault(slow)).expect("it compiles");
    run.act(kill("books/1")).expect("it compiles");
    run.advance(Nanos::millis(2_500), u64::MAX);
    look(
        &run,
        "books",
        "service-waits",
        expect![[r#"
            Inside Books
            0 of 12 workers are working, 12 are held by requests that wait for others; 368 requests in line.
            Working: 0 of 12  Held, waiting: 12 of 12  In line: 368
            Filled: working. With a letter: held while it waits.
            Hollow: idle.
            instance 1  0 idle
            Held by book:4548, waits for database  Held by book:19603, waits for database  Held by book:6383, waits for database  Held by book:978, waits for database
            4 held, waiting for database
            In line 122 of 128  first waits 997 ms
            instance 2  down
            instance 3  0 idle
            Held by book:2925, waits for database  Held by book:11022, waits for database  Held by book:1774, waits for database  Held by book:7033, waits for database
            4 held, waiting for database
            In line 122 of 128  first waits 991 ms
            instance 4  0 idle
            Held by book:3085, waits for database  Held by book:17592, waits for database  Held by book:469, waits for database  Held by book:811, waits for database
            4 held, waiting for database
            In line 124 of 128  first waits 998 ms
        "#]],
    );
}

#[test]
fn a_service_with_many_workers_shows_a_bar() {
    let mut run = store(|design| {
        let Spec::Service(it) = spec(design, "books") else { panic!("a service") };
        (it.workers, it.instances) = (200, 10);
    });
    run.advance(Nanos::seconds(3), u64::MAX);
    look(
        &run,
        "books",
        "service-bar",
        expect![[r#"
            Inside Books
            10 of 2 000 workers are working, 6 are held by requests that wait for others; 0 requests in line.
            Working: 10 of 2 000  Held, waiting: 6 of 2 000  In line: 0
            Filled: working. With a letter: held while it waits.
            Hollow: idle.
            instance 1  198 idle
            1 working of 200
            1 held, waiting for database
            instance 2  197 idle
            1 working of 200
            2 held, waiting for database
            instance 3  199 idle
            1 working of 200
            instance 4  197 idle
            3 working of 200
            instance 5  200 idle
            0 working of 200
            instance 6  199 idle
            0 working of 200
            1 held, waiting for database
            instance 7  199 idle
            1 working of 200
            instance 8  199 idle
            1 working of 200
            and 2 more instances
        "#]],
    );
}

#[test]
fn a_cache_with_dirty_entries_and_what_its_crash_loses() {
    let mut run = store(|design| {
        let Spec::Cache(it) = spec(design, "cache") else { panic!("a cache") };
        (it.strategy, it.capacity) = (Strategy::WriteBehind, 400);
        // Everybody who uses the store goes through the cache.
        let wires: Vec<_> =
            design.wires.values().filter(|it| it.to == "database").cloned().collect();
        for WireRecord { from, .. } in wires {
            let (to, settings) = ("cache".to_owned(), WireParams::default());
            let record = WireRecord { from: from.clone(), to, settings, extra: Default::default() };
            design.wires.insert(format!("{from}-cache"), record);
        }
        let (from, to) = ("cache".to_owned(), "database".to_owned());
        let settings = WireParams::default();
        let record = WireRecord { from, to, settings, extra: Default::default() };
        design.wires.insert("cache-database".into(), record);
    });
    run.advance(Nanos::millis(9_500), u64::MAX);
    look(
        &run,
        "cache",
        "cache-dirty",
        expect![[r#"
            Inside Book cache
            LRU cache, write-behind, with 400 of 400 entries; 39 not yet in the store; 35.4 % of reads hit in the last 10 s.
            Hit ratio, 10 s: 35.4 %  Misses, 10 s: 218 /s
            Entries: 400 of 400  Policy: LRU
            books, mean, 10 s: 965 ms  Not in the store: 39
            Who brings cache and store together
            Cache-aside: After a miss the caller asks the store itself, and fills the cache.  Read-through: After a miss the cache asks its store itself; a write goes to the store, and the entry goes.  Write-through: A write is acknowledged once the store has it too; after a miss the cache asks the store itself.
            Write-behind: A write is acknowledged here, and the store gets it later; a square marks what it lacks.
            A write is acknowledged here, and the store gets it
            later; a square marks what it lacks.
            LRU  keys book:…
            LRU: The least recently used entry leaves.  FIFO: The entry that came first leaves, used or not.  LFU: The least used entry leaves; among equals, the one idle longest.  CLOCK: As FIFO, but what was used gets a second chance.  SIEVE: A hand from old to new takes the first entry not used since it last came by.  S3-FIFO: A small queue sorts out what is asked for once; a main one keeps the rest.
            W-TinyLFU: A newcomer stays only if it was asked for more often lately than who leaves for it.  Segmented LRU: Each use lifts an entry into a safer segment.  2Q: Only a key that comes back soon after it has left is kept long.  ARC: Recent and frequent entries share the room, which learns from misses.  LIRS: Entries whose last two uses lie close together stay.
            GDSF: Small and often used entries stay; old fame fades.  Random: Any entry leaves, with equal chances.  TTL only: Nothing leaves before its time; a full cache takes nothing new in.
            The least recently used entry leaves.
            82.8 % of entries: nobody has read them since they came in
            0 of 400 entries are older than the store's rows
            by last use  400
            book:154 v3, not read since it came in  book:685, not read since it came in  book:17628, not read since it came in  book:1877  book:495, not read since it came in  book:404 v2, not read since it came in  book:6215 v2, not read since it came in
            book:16639, not read since it came in  384 keys in between  book:13759, not read since it came in  book:26 v4, not in the store yet  book:1009, not read since it came in  book:1931
            book:17080, not read since it came in  book:2099, not read since it came in  book:305 v2, not in the store yet, not read since it came in  book:104, not read since it came in
            longest ago  just now
            Dashed: not read since it came in.
            Time to live, of what comes in  for ever
            Time to live, of what comes in: for ever
            What happened last  newest first
            miss book:73  miss book:6091  in book:104
            out book:11210  in book:305  out book:5812
            miss book:1160  in book:2099  out book:86
            in book:17080  out book:350  … 3 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %
            37.5 % of the reads hit in the latest second that had any
            0 %
            −60 s  −40 s  −20 s  now
            Stale reads, 10 s  0
            None: no read returned an older version than one
            acknowledged before.
            Misses by size, on the reads seen here
            80 %
            LRU: 48.3 % misses at 2 500  Measured at 400 entries: 61.3 % misses
            60 %
            S3-FIFO: 48.3 % misses at 2 500
            Belady's MIN: 48.3 % misses at 2 500  LRU
            40 %  Size of the cache: 400 entries  S3-FIFO
            Belady's MIN
            20 %
            0 %
            0  1 000  2 000
            LRU with 400 entries hits 38.2 %.
            Measured (dot): 38.7 %. 3 misses asked for what
            was on its way already; without them 38.9 %.
            1 517 reads counted, after 1 516 to warm up. LRU in
            one pass by stack distance, the others simulated on
            the same reads. Drag to change the size.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 62.7 ms there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 112 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
        "#]],
    );
    run.act(kill("cache")).expect("it compiles");
    look(
        &run,
        "cache",
        "cache-lost",
        expect![[r#"
            Inside Book cache
            Book cache is down and holds nothing; 39 acknowledged writes are lost.
            Hit ratio, 10 s: 35.4 %  Misses, 10 s: 218 /s
            Entries: 0 of 400  Policy: LRU
            books, mean, 10 s: 965 ms  Not in the store: 39
            Who brings cache and store together
            Cache-aside: After a miss the caller asks the store itself, and fills the cache.  Read-through: After a miss the cache asks its store itself; a write goes to the store, and the entry goes.  Write-through: A write is acknowledged once the store has it too; after a miss the cache asks the store itself.
            Write-behind: A write is acknowledged here, and the store gets it later; a square marks what it lacks.
            A write is acknowledged here, and the store gets it
            later; a square marks what it lacks.
            It is down: all it held is lost, and nobody reaches it.
            400 entries are gone: once back, it is empty.
            Acknowledged, but not flushed  39 keys
            book:0 v47: lost  book:3 v17: lost  book:2 v21: lost  book:47 v3: lost
            book:176 v2: lost  book:8013 v2: lost  book:2928 v2: lost
            book:5 v15: lost  book:5635 v2: lost  book:13173 v2: lost
            book:859 v2: lost  book:615 v2: lost  … 27 more
            Hit ratio, second by second  last 60 s
            100 %
            50 %
            37.5 % of the reads hit in the latest second that had any
            0 %
            −60 s  −40 s  −20 s  now
            Stale reads, 10 s  0
            None: no read returned an older version than one
            acknowledged before.
            Misses by size, on the reads seen here
            80 %
            LRU: 48.3 % misses at 2 500  Measured at 400 entries: 61.3 % misses
            60 %
            S3-FIFO: 48.3 % misses at 2 500
            Belady's MIN: 48.3 % misses at 2 500  LRU
            40 %  Size of the cache: 400 entries  S3-FIFO
            Belady's MIN
            20 %
            0 %
            0  1 000  2 000
            LRU with 400 entries hits 38.2 %.
            Measured (dot): 38.7 %. 3 misses asked for what
            was on its way already; without them 38.9 %.
            1 517 reads counted, after 1 516 to warm up. LRU in
            one pass by stack distance, the others simulated on
            the same reads. Drag to change the size.
            One read, store by store  its work; at most
            cache: a read is 20.0 µs of work, and one server can do 50 000 a second; lately a request stayed 62.7 ms there, with its turn in line
            database: a read is 12.0 ms of work, and one server can do 333 a second; lately a request stayed 112 ms there, with its turn in line
            By powers of ten: so many reads a second can one
            server do.
        "#]],
    );
}
