//! The same design, seed and inputs give the same bits, however the run is cut and whoever watches.

use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::component::{Registry, Spec};
use ringside::document::{Design, Diff};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::{Unwatched, Watch};
use ringside::engine::{Blueprint, Note};

const END: Nanos = Nanos::seconds(60);

/// The book store and the other two groups beside it.
fn everything() -> Design {
    let mut it = bookstore(60.0);
    add(&mut it, "bank", Spec::FailoverPair(Default::default()));
    add(&mut it, "lock", Spec::RaftGroup(Default::default()));
    add(&mut it, "clerks", Spec::Client(client(20.0, 1, 1)));
    add(&mut it, "desk", Spec::Service(ServiceParams::default()));
    wire(&mut it, "clerks", "desk", Default::default());
    wire(&mut it, "desk", "bank", Default::default());
    wire(&mut it, "desk", "lock", Default::default());
    it
}

#[test]
fn the_same_seed_gives_the_same_hash_and_another_another() {
    let run = |seed| {
        let mut world = start(&everything(), seed);
        world.run(END, u64::MAX, &mut Unwatched);
        assert!(world.ordinal() > 10_000, "the run is not idle: {} events", world.ordinal());
        world.state_hash()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn one_run_equals_sixty_and_any_cut_by_budget_or_step() {
    let mut whole = start(&everything(), 3);
    assert!(whole.run(END, u64::MAX, &mut Unwatched));
    let mut seconds = start(&everything(), 3);
    for second in 1..=60 {
        seconds.run(Nanos::seconds(second), u64::MAX, &mut Unwatched);
        assert_eq!(seconds.now(), Nanos::seconds(second));
    }
    assert_eq!(seconds.state_hash(), whole.state_hash(), "sixty runs of one second");
    for budget in [1, 7, 1_000] {
        let mut cut = start(&everything(), 3);
        while !cut.run(END, budget, &mut Unwatched) {}
        assert_eq!(cut.state_hash(), whole.state_hash(), "cut every {budget} events");
    }
    let mut steps = start(&everything(), 3);
    while steps.next_at().is_some_and(|it| it <= END) {
        let before = steps.ordinal();
        assert!(steps.step(&mut Unwatched));
        assert_eq!(steps.ordinal(), before + 1, "a step is one event");
    }
    steps.run(END, u64::MAX, &mut Unwatched);
    assert_eq!(steps.state_hash(), whole.state_hash(), "step by step");
}

/// How long each client request took, in the order of their ends, in ns.
#[derive(Default)]
struct Stays(Vec<(u64, u64)>);

impl Watch<Registry> for Stays {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            if let Note::Ended { request, arrived, own: true, .. } = note {
                self.0.push((request.id, (at - *arrived).0));
            }
        }
    }
}

/// What takes no time arrives within the event that sent it. All messages a nanosecond late: every
/// request takes its four nanoseconds longer, in the same order, and else is the same.
#[test]
fn messages_without_delay_arrive_in_their_order() {
    let run = |latency: Nanos| {
        let mut it = design();
        let people = ClientParams { timeout: FOREVER, ..client(700.0, 3, 1) };
        add(&mut it, "people", Spec::Client(people));
        for (id, workers) in [("front", 2), ("back", 1)] {
            let (work, work_shape) = (Nanos::millis(1), Shape::Exponential);
            let (queue, hold_worker) = (1_000_000, false);
            let params = ServiceParams {
                instances: 1,
                workers,
                work,
                work_shape,
                queue,
                hold_worker,
                ..ServiceParams::default()
            };
            add(&mut it, id, Spec::Service(params));
        }
        wire(&mut it, "people", "front", steady(latency));
        wire(&mut it, "front", "back", steady(latency));
        let mut stays = Stays::default();
        let mut world = start(&it, 5);
        world.run(END, u64::MAX, &mut stays);
        let mut steps = start(&it, 5);
        while !steps.run(END, 1, &mut Unwatched) {}
        assert_eq!(steps.state_hash(), world.state_hash());
        (stays.0, world.ordinal())
    };
    let ((now, few), (later, many)) = (run(Nanos::ZERO), run(Nanos(1)));
    assert!(now.len() > 40_000 && few * 3 < many * 2, "{} {few} {many}", now.len());
    assert!(now.len().abs_diff(later.len()) <= 1, "{} and {}", now.len(), later.len());
    for (now, later) in now.iter().zip(&later) {
        assert_eq!((now.0, now.1 + 4), *later);
    }
}

#[test]
fn watching_changes_nothing() {
    let (mut seen, mut unseen) = (start(&everything(), 5), start(&everything(), 5));
    let mut audit = Audit::keeping();
    for second in 1..=20 {
        let faults = [
            Fault::Crash(target("store/0")),
            Fault::Restart(target("store")),
            Fault::Slow { target: target("books/1"), factor: 8.0 },
            cut("a", &["lock/0"], &["lock/1", "lock/2"], Ways::Forth),
            heal("a"),
        ];
        let fault = &faults[second % faults.len()];
        seen.fault(fault, &mut audit);
        unseen.fault(fault, &mut Unwatched);
        let until = Nanos::seconds(second as u64);
        seen.run(until, u64::MAX, &mut audit);
        unseen.run(until, u64::MAX, &mut Unwatched);
        assert_eq!(seen.state_hash(), unseen.state_hash(), "after {second} s");
    }
    assert!(audit.notes.len() > 10_000, "something was seen");
}

#[test]
fn an_edit_that_changes_nothing_leaves_the_hash() {
    let mut live = Live::new(&everything(), 11);
    for _ in 0..50 {
        live.run_for(Nanos(37_123_456));
        let before = live.world.state_hash();
        live.edit(|_| {});
        assert_eq!(live.world.state_hash(), before, "at {}", live.world.now());
    }
    // Moves and labels are not felt either.
    let before = live.world.state_hash();
    let was = live.design.clone();
    live.edit(|it| it.components.values_mut().for_each(|it| it.label.push('!')));
    assert!(!Diff::between(&was, &live.design).is_felt());
    assert_eq!(live.world.state_hash(), before);
}

/// Removing, adding and changing at time zero, in several edits: no slot of what is gone remains.
#[test]
fn edits_at_time_zero_equal_a_fresh_compile() {
    let mut live = Live::new(&everything(), 13);
    live.edit(|it| {
        it.components.remove("cache");
        it.wires.remove("books-cache");
        add(it, "annex", Spec::Service(ServiceParams::default()));
        wire(it, "books", "annex", Default::default());
    });
    live.edit(|it| {
        it.components.remove("annex");
        it.wires.remove("books-annex");
        add(it, "cache", Spec::Cache(Default::default()));
        wire(it, "books", "cache", Default::default());
    });
    assert_eq!(live.world.state_hash(), start(&live.design, 13).state_hash());
    live.run_to(Nanos::seconds(2));
    let mut fresh = start(&live.design, 13);
    fresh.run(Nanos::seconds(2), u64::MAX, &mut Unwatched);
    assert_eq!(live.world.state_hash(), fresh.state_hash());
    live.check_replay();
}

/// A fault before the first event is history: an edit must not undo it.
#[test]
fn an_edit_at_time_zero_keeps_the_faults_before_it() {
    let faults = [
        Fault::Crash(target("books/0")),
        Fault::Slow { target: target("store"), factor: 3.0 },
        Fault::CutWire { wire: "lb-books".into(), ways: Ways::Both },
    ];
    for fault in faults {
        let mut live = Live::new(&everything(), 1);
        live.fault(fault.clone());
        let before = live.world.state_hash();
        live.edit(|_| {});
        assert_eq!(live.world.state_hash(), before, "{fault:?}");
    }
}

#[test]
fn a_clone_runs_on_as_its_original_and_a_fork_goes_its_own_way() {
    let mut live = Live::new(&everything(), 17);
    live.run_to(Nanos::seconds(5));
    let (snapshot, mut fork) = (live.world.clone(), live.world.clone());
    live.run_to(Nanos::seconds(20));
    let mut again = snapshot.clone();
    reach(&mut again, live.world.ordinal(), Nanos::seconds(20), &mut Unwatched);
    assert_eq!(again.state_hash(), live.world.state_hash(), "seek");
    fork.fault(&Fault::Crash(target("cache")), &mut Unwatched);
    fork.run(Nanos::seconds(20), u64::MAX, &mut Unwatched);
    assert_ne!(fork.state_hash(), live.world.state_hash(), "fork");
    let mut untouched = snapshot;
    untouched.run(Nanos::seconds(20), u64::MAX, &mut Unwatched);
    assert_eq!(untouched.state_hash(), live.world.state_hash(), "the fork did not leak");
}

/// Two services finish in the same nanosecond, but the second has died: its event is void. A run up
/// to that time dropped it, a replay that went by the ordinal left it in the queue, and what was
/// sent next got another handle.
#[test]
fn a_cursor_says_which_void_events_are_gone() {
    let mut it = design();
    for (people, service) in [("people-a", "a"), ("people-b", "b")] {
        let (rate, arrivals) = (Rate(1.0), Arrivals::Constant);
        let timeout = Nanos::seconds(60);
        let params = ClientParams { rate, arrivals, timeout, ..ClientParams::default() };
        add(&mut it, people, Spec::Client(params));
        let (work, work_shape) = (Nanos::millis(10), Shape::Constant);
        let params = ServiceParams { work, work_shape, instances: 1, ..Default::default() };
        add(&mut it, service, Spec::Service(params));
        wire(&mut it, people, service, steady(Nanos::millis(1)));
    }
    let mut live = Live::new(&it, 1);
    live.run_to(Nanos::millis(1_005));
    live.fault(Fault::Crash(target("b")));
    live.run_to(Nanos::millis(1_011));
    live.fault(Fault::Crash(target("people-a")));
    live.run_to(Nanos::seconds(2));
    live.check_replay();
    // Step by step, the world never rests on an event that was none.
    let mut steps = start(&it, 1);
    reach(&mut steps, live.inputs[0].0, Nanos::millis(1_005), &mut Unwatched);
    steps.fault(&Fault::Crash(target("b")), &mut Unwatched);
    while steps.next_at().is_some_and(|it| it <= Nanos::seconds(2)) {
        let (before, at) = (steps.ordinal(), steps.now());
        if steps.step(&mut Unwatched) {
            assert_eq!(steps.ordinal(), before + 1, "after {at}");
        }
    }
}
