//! Idempotency keys: a write whose answer was lost comes again, and takes effect once or twice.

use std::collections::BTreeMap;

use crate::common::*;
use ringside::base::time::{Nanos, Offset};
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::{REPEATED, Replication, SqlDbParams};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};
use ringside::session::report::report;
use ringside::session::run::Run;

/// Payments, all of one account: client → payments → ledger. Both wires try again.
fn payments(ledger: SqlDbParams) -> Design {
    let mut it = design();
    let people = ClientParams {
        rate: Rate(20.0),
        arrivals: Arrivals::Constant,
        keys: 1,
        retries: 2,
        timeout: Nanos::millis(900),
        classes: client(1.0, 0, 1).classes,
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams { instances: 2, workers: 200, ..ServiceParams::default() };
    add(&mut it, "payments", Spec::Service(service));
    add(&mut it, "ledger", Spec::SqlDb(ledger));
    wire(&mut it, "people", "payments", WireParams::default());
    let timeout = Nanos::millis(200);
    wire(
        &mut it,
        "payments",
        "ledger",
        WireParams { retries: 2, timeout, ..WireParams::default() },
    );
    it
}

/// How often each payment took effect, and how it ended for whoever made it.
fn effects(live: &Live) -> (BTreeMap<u64, usize>, BTreeMap<Outcome, usize>, usize) {
    let notes = || live.audit.notes.iter().map(|it| it.2);
    let calls = notes().filter_map(|it| match it {
        Note::Committed { call, .. } => Some(call),
        _ => None,
    });
    let ends = notes().filter_map(|it| match it {
        Note::Ended { own: true, outcome, .. } => Some(outcome),
        _ => None,
    });
    let again = notes().filter(|it| matches!(it, Note::Count { counter: REPEATED, .. })).count();
    (tally(calls), tally(ends), again)
}

/// Answers of the ledger are lost for a while; all payments are paid in the end.
fn lost_answers(ledger: SqlDbParams) -> Live {
    let mut live = Live::new(&payments(ledger), 1);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back });
    live.run_for(Nanos::millis(300));
    live.fault(Fault::MendWire { wire: "payments-ledger".into() });
    live.run_for(Nanos::seconds(10));
    live.audit.check_conservation(&live.world);
    check_desks(&live.world, false);
    live.check_replay();
    live
}

fn keyed() -> SqlDbParams {
    SqlDbParams { idempotency: Nanos::seconds(3_600), ..SqlDbParams::default() }
}

#[test]
fn a_payment_whose_answer_is_lost_is_made_twice_without_a_key_and_once_with_one() {
    let (effects_without, ends, again) = effects(&lost_answers(SqlDbParams::default()));
    assert_eq!(ends.keys().collect::<Vec<_>>(), [&Outcome::Ok], "every payment succeeds");
    let twice = effects_without.values().filter(|it| **it > 1).count();
    assert!(twice >= 4 && again == 0, "{effects_without:?}");
    let (effects_with, ends, again) = effects(&lost_answers(keyed()));
    assert_eq!(ends.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert!(effects_with.values().all(|it| *it == 1), "exactly one effect each: {effects_with:?}");
    // The second attempts came, and were answered from the store.
    assert!(again >= 4, "{again}");
    // As many payments either way.
    assert_eq!(effects_with.len(), effects_without.len());
}

/// The caller's caller tries again as well: the key is that of the call, not of the attempt.
#[test]
fn who_tries_again_further_up_uses_the_same_key() {
    let mut design = payments(keyed());
    let settings = &mut design.wires.get_mut("payments-ledger").expect("a wire").settings;
    settings.retries = 0;
    let mut live = Live::new(&design, 2);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back });
    live.run_for(Nanos::millis(300));
    live.fault(Fault::MendWire { wire: "payments-ledger".into() });
    live.run_for(Nanos::seconds(10));
    let (effects, ends, again) = effects(&live);
    assert_eq!(ends.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert!(effects.values().all(|it| *it == 1) && again >= 4, "{again}: {effects:?}");
}

/// Keys are stored with the writes: they survive what these survive.
#[test]
fn keys_survive_a_crash_of_the_ledger() {
    let mut live = Live::new(&payments(keyed()), 3);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back });
    live.run_for(Nanos::millis(150));
    live.fault(Fault::Crash(target("ledger")));
    live.fault(Fault::Restart(target("ledger")));
    live.fault(Fault::MendWire { wire: "payments-ledger".into() });
    live.run_for(Nanos::seconds(10));
    let (effects, _, again) = effects(&live);
    assert!(effects.values().all(|it| *it == 1) && again >= 1, "{again}: {effects:?}");
    live.check_replay();
}

/// With synchronous replication, a write that comes again while the first still waits for the
/// replicas waits with it.
#[test]
fn a_write_that_comes_again_waits_with_the_first() {
    let ledger = SqlDbParams { replication: Replication::Sync, ..keyed() };
    let mut live = Live::new(&payments(ledger), 4);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::Crash(target("ledger/1")));
    live.run_for(Nanos::millis(350));
    live.fault(Fault::Restart(target("ledger/1")));
    live.run_for(Nanos::seconds(10));
    let (effects, ends, again) = effects(&live);
    assert_eq!(ends.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert!(effects.values().all(|it| *it == 1) && again >= 2, "{again}: {effects:?}");
    check_desks(&live.world, false);
    live.check_replay();
}

/// What has been forgotten is applied again: because it is too old by the ledger's clock, or because
/// there is no room for it.
#[test]
fn forgotten_keys_protect_no_more() {
    let short = SqlDbParams { idempotency: Nanos::millis(100), ..SqlDbParams::default() };
    let few = SqlDbParams { idempotency_keys: 1, ..keyed() };
    for ledger in [short, few] {
        let (effects, _, _) = effects(&lost_answers(ledger));
        assert!(effects.values().any(|it| *it > 1), "{effects:?}");
    }
    // A clock put ahead ages them all.
    let mut live = Live::new(&payments(keyed()), 5);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(2));
    live.fault(Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back });
    live.run_for(Nanos::millis(150));
    let day = Nanos::seconds(86_400).0 as i64;
    live.fault(Fault::Skew { target: target("ledger"), offset: Offset(day) });
    live.fault(Fault::MendWire { wire: "payments-ledger".into() });
    live.run_for(Nanos::seconds(10));
    assert!(effects(&live).0.values().any(|it| *it > 1));
    live.check_replay();
}

/// The observer beside the recorder counts the same as the notes, and the report says so.
#[test]
fn the_report_counts_second_effects() {
    for (ledger, some) in [(SqlDbParams::default(), true), (keyed(), false)] {
        let cut = Fault::CutWire { wire: "payments-ledger".into(), ways: Ways::Back };
        let mend = Fault::MendWire { wire: "payments-ledger".into() };
        let mut run = Run::open(payments(ledger), 1, Nanos::ZERO, Vec::new()).expect("it compiles");
        run.advance(Nanos::seconds(2), u64::MAX);
        run.act(ringside::session::protocol::Input::Fault(cut)).expect("it compiles");
        run.advance(Nanos::millis(300), u64::MAX);
        run.act(ringside::session::protocol::Input::Fault(mend)).expect("it compiles");
        run.advance(Nanos::seconds(10), u64::MAX);
        let duplicates = report(&run, 1).components["ledger"].duplicate_writes;
        assert_eq!(duplicates > 3, some, "{duplicates}");
        assert_eq!(duplicates == 0, !some, "{duplicates}");
        // Each is told in the second in which it happened.
        let slot = run.head.world.blueprint().component("ledger").expect("it is there");
        let windows = &run.recorder.components[slot as usize].windows[1];
        let told: u64 = windows.iter().map(|it| u64::from(it.twice)).sum();
        assert_eq!(told, duplicates);
    }
}
