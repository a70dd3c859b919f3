//! A watcher that keeps books of every component, and the invariants of a world at rest.

use std::collections::{BTreeMap, BTreeSet};

use ringside::base::slab::Handle;
use ringside::base::time::Nanos;
use ringside::component::{Registry, Spec, State};
use ringside::engine::desk::Role;
use ringside::engine::event::Deed;
use ringside::engine::pool::Ticket;
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};

use super::World;

/// Jobs that came to a member and how they ended, with times.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub offered: u64,
    pub ended: BTreeMap<Outcome, u64>,
    /// Of the jobs ended: the sum of their times here.
    pub stayed_ns: u128,
    /// When the jobs in hand came.
    pub arrived_sum_ns: u128,
    /// Jobs in hand, by Places, since when, and their integral over time until then.
    pub jobs: u32,
    pub since: Nanos,
    pub jobs_ns: u128,
}

impl Book {
    pub fn ended(&self) -> u64 {
        self.ended.values().sum()
    }
}

/// The books of all members, and if wanted every note.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    pub books: Vec<Book>,
    pub keep: bool,
    pub notes: Vec<(Nanos, u64, Note)>,
}

impl Audit {
    /// One that keeps every note.
    pub fn keeping() -> Self {
        Self { keep: true, ..Self::default() }
    }

    fn book(&mut self, member: u32) -> &mut Book {
        let len = self.books.len().max(member as usize + 1);
        self.books.resize(len, Book::default());
        &mut self.books[member as usize]
    }

    fn note(&mut self, at: Nanos, note: &Note) {
        match *note {
            Note::Offered { member, .. } => {
                let book = self.book(member);
                book.offered += 1;
                book.arrived_sum_ns += u128::from(at.0);
            }
            Note::Ended { member, outcome, arrived, started, .. } => {
                assert!(arrived <= at);
                assert!(started.is_none_or(|it| arrived <= it && it <= at));
                let book = self.book(member);
                *book.ended.entry(outcome).or_default() += 1;
                book.stayed_ns += u128::from((at - arrived).0);
                book.arrived_sum_ns -= u128::from(arrived.0);
            }
            Note::Places { member, jobs, .. } => {
                let book = self.book(member);
                book.jobs_ns += u128::from((at - book.since).0) * u128::from(book.jobs);
                (book.since, book.jobs) = (at, jobs);
            }
            _ => {}
        }
    }

    /// Jobs offered, and ended by outcome, of a component with all members it ever had.
    pub fn component(&self, world: &World, id: &str) -> Book {
        let members = &world.blueprint().members;
        let component = |it: u32| &world.blueprint().components[it as usize];
        let mut all = Book::default();
        for (slot, book) in self.books.iter().enumerate() {
            if &*component(members[slot].0).id == id {
                all.offered += book.offered;
                all.jobs += book.jobs;
                for (outcome, count) in &book.ended {
                    *all.ended.entry(*outcome).or_default() += count;
                }
            }
        }
        all
    }

    /// Offered = ended + in hand, at every member.
    #[track_caller]
    pub fn check_conservation(&self, world: &World) {
        for (slot, book) in self.books.iter().enumerate() {
            let in_hand = u64::from(world.member(slot as u32).desk.open);
            assert_eq!(book.offered, book.ended() + in_hand, "slot {slot}: calls are conserved");
            assert_eq!(u64::from(book.jobs), in_hand, "slot {slot}: Places tells the jobs in hand");
        }
    }

    /// Little's law, exactly: the integral of the jobs in hand over time is the sum of the times
    /// that jobs ended have stayed and that those in hand have stayed so far.
    #[track_caller]
    pub fn check_little(&self, now: Nanos) {
        for (slot, book) in self.books.iter().enumerate() {
            let last = u128::from((now - book.since).0) * u128::from(book.jobs);
            let so_far = u128::from(now.0) * u128::from(book.jobs) - book.arrived_sum_ns;
            assert_eq!(book.jobs_ns + last, book.stayed_ns + so_far, "slot {slot}: L = λ W");
        }
    }
}

impl Watch<Registry> for Audit {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], _: &Blueprint<Registry>) {
        notes.iter().for_each(|it| self.note(at, it));
        if self.keep {
            self.notes.extend(notes.iter().map(|it| (at, ordinal, *it)));
        }
    }
}

/// Events that are due to a member in its present life.
#[derive(Default)]
struct Due {
    works: Vec<Handle>,
    timeouts: Vec<Handle>,
    retries: Vec<Handle>,
}

fn due(world: &World) -> Vec<Due> {
    let mut due: Vec<_> = world.blueprint().members.iter().map(|_| Due::default()).collect();
    for (at, event) in world.in_flight() {
        assert!(at >= world.now(), "nothing is due in the past");
        assert!(event.sent <= world.now());
        if !world.is_up(event.to.slot) {
            continue;
        }
        let due = &mut due[event.to.slot as usize];
        match &event.deed {
            // A strand of an earlier life is no strand of this one.
            Deed::WorkDone(it) => {
                let strand = world.member(event.to.slot).desk.strands.get(*it);
                due.works.extend(strand.map(|_| *it));
            }
            Deed::Timeout(it) => due.timeouts.push(*it),
            Deed::Retry(it) => due.retries.push(*it),
            _ => {}
        }
    }
    due
}

/// What must hold at every desk between two events. `lowered` says that an edit may have left more
/// workers held than there are.
#[track_caller]
pub fn check_desks(world: &World, lowered: bool) {
    let due = due(world);
    for (slot, due) in due.iter().enumerate() {
        check_desk(world, slot as u32, due, lowered);
    }
}

#[track_caller]
fn check_desk(world: &World, slot: u32, due: &Due, lowered: bool) {
    let desk = &world.member(slot).desk;
    let (component, _) = world.blueprint().members[slot as usize];
    let component = &world.blueprint().components[component as usize];
    let at = format!("{} (slot {slot}) at {}, ordinal {}", component.id, world.now(), {
        world.ordinal()
    });
    if !world.is_up(slot) {
        assert_eq!(desk.jobs.len() + desk.strands.len() + desk.calls.len(), 0, "{at}: dead");
        assert_eq!((desk.open, desk.busy, desk.occupied, desk.waiting_count), (0, 0, 0, 0));
        return;
    }
    let unanswered = desk.jobs.iter().filter(|it| !it.1.answered).count();
    assert_eq!(desk.open as usize, unanswered, "{at}: open jobs");
    check_places(desk, component, due, &at, lowered);
    check_strands(desk, &at);
    check_calls(world, desk, component, due, &at, lowered);
    // Nobody is forgotten: each strand waits for exactly one thing. (A Raft leader, a store
    // without one, a shard and a third party keep tickets of their own.)
    let keepers = ["raft-group", "kv-store", "sharded-db", "third-party"];
    let keeps_tickets = |it: &Spec| keepers.contains(&it.about().id);
    if component.spec.as_ref().is_some_and(|it| !keeps_tickets(it)) {
        let mut waiting: BTreeSet<_> = desk.waiting.iter().map(|it| it.strand).collect();
        waiting.extend(desk.jobs.iter().flat_map(|it| it.1.line.iter().copied()));
        let tickets = tickets(world, slot);
        let calling: BTreeSet<_> = desk.calls.iter().map(|it| it.1.strand).collect();
        for (handle, strand) in desk.strands.iter() {
            let things = [
                waiting.contains(&handle),
                calling.contains(&handle),
                due.works.contains(&handle),
                strand.need > 0,
                tickets.contains(&handle),
            ];
            let count = things.iter().filter(|it| **it).count();
            assert_eq!(count, 1, "{at}: {handle:?} {strand:?} waits for {things:?}");
        }
    }
}

/// Writes that a database has committed and not yet acknowledged; reads that wait for another's load
/// in a cache.
fn tickets(world: &World, slot: u32) -> BTreeSet<Handle> {
    match &world.member(slot).state {
        Some(State::SqlDb(it)) => it.waiting.iter().map(|it| it.ticket).collect(),
        Some(State::Cache(it)) => {
            let flights = it.flights.iter();
            flights.flat_map(|it| &it.waiting).map(|it| it.ticket).collect()
        }
        _ => BTreeSet::new(),
    }
}

type Desk = ringside::engine::desk::Desk<Registry>;
type Component = ringside::engine::Component<Registry>;

#[track_caller]
fn check_places(desk: &Desk, component: &Component, due: &Due, at: &str, lowered: bool) {
    let live = desk.waiting.iter().filter(|it| desk.strands.get(it.strand).is_some()).count();
    assert_eq!(desk.waiting_count as usize, live, "{at}: strands in the line");
    let live = desk.waiting.iter().map(|it| it.strand);
    let live: Vec<_> = live.filter(|it| desk.strands.get(*it).is_some()).collect();
    assert_eq!(live.iter().collect::<BTreeSet<_>>().len(), live.len(), "{at}: nobody waits twice");
    assert_eq!(desk.busy as usize, due.works.len(), "{at}: strands at work");
    let jobs = desk.jobs.iter().filter(|it| it.1.holds).count();
    let strands = desk.strands.iter().filter(|it| it.1.holds).count();
    assert_eq!(desk.occupied as usize, jobs + strands, "{at}: workers held");
    assert!(desk.busy <= desk.occupied, "{at}: {} busy of {}", desk.busy, desk.occupied);
    let workers = component.station.workers;
    assert!(lowered || desk.occupied <= workers, "{at}: {} of {workers}", desk.occupied);
    assert!(
        desk.waiting_count == 0 || desk.occupied >= workers,
        "{at}: waits beside a free worker"
    );
}

#[track_caller]
fn check_strands(desk: &Desk, at: &str) {
    let mut of_job = BTreeMap::<Handle, u32>::new();
    for (handle, strand) in desk.strands.iter() {
        *of_job.entry(strand.job).or_default() += 1;
        assert!(desk.jobs.get(strand.job).is_some(), "{at}: {handle:?} has a job");
        if let Role::Branch(parent) = strand.role
            && let Some(parent) = desk.strands.get(parent)
        {
            assert!(parent.need > 0 && parent.need <= parent.pending, "{at}: {parent:?}");
        }
    }
    for (handle, job) in desk.jobs.iter() {
        assert_eq!(of_job.get(&handle), Some(&job.strands), "{at}: strands of {job:?}");
        let main = |it: &&ringside::engine::desk::Strand| it.role == Role::Main;
        let of_this = desk.strands.iter().map(|it| it.1).filter(|it| it.job == handle);
        assert_eq!(of_this.filter(main).count(), usize::from(!job.answered), "{at}: {job:?}");
    }
}

#[track_caller]
fn check_calls(
    world: &World,
    desk: &Desk,
    component: &Component,
    due: &Due,
    at: &str,
    lowered: bool,
) {
    for (handle, call) in desk.calls.iter() {
        assert!(desk.strands.get(call.strand).is_some(), "{at}: a strand waits for {call:?}");
        let timeouts = due.timeouts.iter().filter(|it| **it == handle).count();
        let retries = due.retries.iter().filter(|it| **it == handle).count();
        assert_eq!(timeouts + retries, 1, "{at}: one alarm for {call:?}");
        assert!(call.target.is_none() || timeouts == 1, "{at}: a timeout for {call:?}");
    }
    check_pools(world, desk, component, at, lowered);
    for (index, wire) in component.out.iter().enumerate() {
        let to = world.blueprint().wires[*wire as usize].to as usize;
        let members = world.blueprint().components[to].members.len();
        let candidates = &desk.routes[index].candidates;
        assert_eq!(candidates.len(), members, "{at}: a candidate for each member");
        for candidate in candidates {
            let ordinal = Some(candidate.index as u16);
            let calls = desk.calls.iter().filter(|it| it.1.wire == *wire);
            let open = calls.filter(|it| it.1.target == ordinal).count();
            assert_eq!(candidate.outstanding as usize, open, "{at}: outstanding at {ordinal:?}");
        }
    }
}

/// Pools know who has a connection and who waits, and nobody waits beside a free one. (An edit may
/// leave more open than there are connections.)
#[track_caller]
fn check_pools(world: &World, desk: &Desk, component: &Component, at: &str, lowered: bool) {
    for (index, wire) in component.out.iter().enumerate() {
        let of_wire = |ticket| {
            let calls = desk.calls.iter().filter(|it| it.1.wire == *wire);
            calls.filter(move |it| it.1.ticket == ticket).map(|it| it.0).collect::<BTreeSet<_>>()
        };
        let (open, waiting) = (of_wire(Ticket::Holds), of_wire(Ticket::Waits));
        let Some(held) = &desk.routes[index].pool else {
            assert!(open.is_empty() && waiting.is_empty(), "{at}: no pool");
            continue;
        };
        assert_eq!(held.open as usize, open.len(), "{at}: connections open");
        assert_eq!(held.line.len(), waiting.len(), "{at}: the line holds each once");
        assert!(held.line.iter().all(|it| waiting.contains(it)), "{at}: who waits");
        let size = world.blueprint().wires[*wire as usize].pool.map_or(u32::MAX, |it| it.size);
        assert!(lowered || held.open <= size, "{at}: {} of {size} open", held.open);
        assert!(held.line.is_empty() || held.open >= size, "{at}: waits beside a free one");
    }
}
