//! One request as a waterfall: where it was, when, and why it took so long. A tracer watches a run
//! for one request and builds a tree of bars: jobs at members, and in them waiting, work and calls.

use serde::{Deserialize, Serialize};

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::desk::Caller;
use super::event::{Outcome, Request};
use super::note::Note;
use super::world::{Watch, World};
use super::{Blueprint, Kinds};

/// Bars kept of one request; one that fans out further is cut.
pub const BARS_MAX: usize = 400;

/// What a traced request does at a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// It comes in, or begins here.
    Came {
        /// The job; none if it was turned away at once.
        job: Option<Handle>,
        /// Whom to answer; none where it begins.
        from: Option<Caller>,
        /// What is asked.
        request: Request,
    },
    /// The job is answered.
    Went {
        /// Whom.
        from: Option<Caller>,
        /// How it ended.
        outcome: Outcome,
    },
    /// A strand of the job does something else from now on; none if it is over or waits for its
    /// branches.
    Phase {
        /// Whose.
        job: Handle,
        /// Which strand.
        strand: Handle,
        /// What.
        phase: Option<Phase>,
    },
    /// A strand makes an attempt at a call.
    Called {
        /// Whose.
        job: Handle,
        /// Which strand.
        strand: Handle,
        /// The caller's record.
        call: Handle,
        /// Over which wire.
        wire: u32,
        /// Who is asked; none if nobody was found.
        target: Option<u32>,
        /// What is asked.
        request: Request,
    },
    /// The answer to an attempt is back.
    Replied {
        /// The caller's record.
        call: Handle,
    },
    /// An attempt is over, answered or not.
    Over {
        /// The caller's record.
        call: Handle,
        /// How.
        outcome: Outcome,
    },
}

/// What a strand of a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Waits for a worker.
    Queue,
    /// Is at work.
    Work,
    /// Waits for the kind's own act to end, such as replicas to acknowledge.
    Own,
    /// Waits before the next attempt.
    Backoff,
    /// Waits for a free connection of the caller's pool.
    Connection,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The request's stay at a member; holds the others.
    Job,
    /// A phase of it.
    Phase(Phase),
    /// An attempt at a call: the way there, the job at the other end, the way back.
    Call,
    /// On the way to the member called.
    Forth,
    /// The answer on its way.
    Back,
}

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub kind: Kind,
    /// Where, by slot; for calls and ways: the member called, or the caller if that is nobody.
    pub member: u32,
    /// Its beginning.
    pub start: Nanos,
    /// Its end; [`Nanos::MAX`] while it lasts.
    pub end: Nanos,
    /// How it ended, for jobs and calls.
    pub outcome: Option<Outcome>,
    /// What was asked.
    pub request: Request,
    /// Over which wire, for calls and ways.
    pub wire: Option<u32>,
    /// Index of the bar that holds it.
    pub parent: Option<u32>,
    /// Depth in the tree, from 0.
    pub depth: u16,
}

/// Watches for one request.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// Which.
    pub request: u64,
    /// Its bars, in the order of their beginning; the first is the request as its client sees it.
    pub bars: Vec<Bar>,
    /// Whether there were more bars than are kept.
    pub cut: bool,
    jobs: Vec<Entry>,
    strands: Vec<Entry>,
    calls: Vec<Entry>,
    /// Bars that last.
    open: u32,
}

/// Which bar stands for something of a member's.
#[derive(Clone, Copy, Debug)]
struct Entry {
    member: u32,
    handle: Option<Handle>,
    from: Option<Caller>,
    bar: u32,
}

fn find(entries: &[Entry], member: u32, handle: Handle) -> Option<u32> {
    let same = |it: &&Entry| it.member == member && it.handle == Some(handle);
    entries.iter().rev().find(same).map(|it| it.bar)
}

impl Tracer {
    /// Watches for the request with this id.
    pub fn new(request: u64) -> Self {
        let (bars, jobs, strands, calls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { request, bars, cut: false, jobs, strands, calls, open: 0 }
    }

    /// Whether the request has been seen to begin.
    pub fn has_begun(&self) -> bool {
        !self.bars.is_empty()
    }

    /// Whether it has ended, and nothing done for it goes on.
    pub fn is_over(&self) -> bool {
        self.has_begun() && self.open == 0
    }

    fn add(&mut self, bar: Bar) -> Option<u32> {
        if self.bars.len() == BARS_MAX {
            self.cut = true;
            return None;
        }
        self.open += u32::from(bar.end == Nanos::MAX);
        self.bars.push(bar);
        Some(self.bars.len() as u32 - 1)
    }

    fn child(&mut self, parent: u32, kind: Kind, member: u32, start: Nanos) -> Option<u32> {
        let above = self.bars[parent as usize];
        let (parent, depth) = (Some(parent), above.depth + 1);
        let (end, outcome) = (Nanos::MAX, None);
        self.add(Bar { kind, member, start, end, outcome, parent, depth, ..above })
    }

    fn close(&mut self, bar: u32, at: Nanos, outcome: Option<Outcome>) {
        let bar = &mut self.bars[bar as usize];
        if bar.end == Nanos::MAX {
            (bar.end, bar.outcome) = (at, outcome);
            self.open -= 1;
        }
    }

    /// Ends what a strand was doing.
    fn leave(&mut self, member: u32, strand: Handle, at: Nanos) {
        let same = |it: &Entry| it.member == member && it.handle == Some(strand);
        if let Some(index) = self.strands.iter().rposition(same) {
            let bar = self.strands.swap_remove(index).bar;
            self.close(bar, at, None);
        }
    }

    fn took_up(&mut self, member: u32, strand: Handle, bar: u32) {
        self.strands.push(Entry { member, handle: Some(strand), from: None, bar });
    }

    fn step(&mut self, at: Nanos, member: u32, step: Step) {
        match step {
            Step::Came { job, from, request } => self.came(at, member, job, from, request),
            Step::Went { from, outcome } => {
                let same = |it: &&Entry| it.member == member && it.from == from;
                if let Some(bar) = self.jobs.iter().rev().find(same).map(|it| it.bar) {
                    self.close(bar, at, Some(outcome));
                }
            }
            Step::Phase { job, strand, phase } => {
                self.leave(member, strand, at);
                let (Some(phase), Some(job)) = (phase, find(&self.jobs, member, job)) else {
                    return;
                };
                if let Some(bar) = self.child(job, Kind::Phase(phase), member, at) {
                    self.took_up(member, strand, bar);
                }
            }
            Step::Called { job, strand, call, wire, target, request } => {
                self.leave(member, strand, at);
                let Some(job) = find(&self.jobs, member, job) else { return };
                let asked = target.unwrap_or(member);
                let Some(bar) = self.child(job, Kind::Call, asked, at) else { return };
                let it = &mut self.bars[bar as usize];
                (it.request, it.wire) = (request, Some(wire));
                self.took_up(member, strand, bar);
                self.calls.push(Entry { member, handle: Some(call), from: None, bar });
            }
            Step::Replied { call } => {
                let Some(call) = find(&self.calls, member, call) else { return };
                let job = |it: &&Bar| it.kind == Kind::Job && it.parent == Some(call);
                let Some(job) = self.bars.iter().find(job).copied() else { return };
                if job.end <= at
                    && let Some(back) = self.child(call, Kind::Back, job.member, job.end)
                {
                    self.close(back, at, None);
                }
            }
            Step::Over { call, outcome } => {
                if let Some(call) = find(&self.calls, member, call) {
                    self.close(call, at, Some(outcome));
                }
            }
        }
    }

    fn came(
        &mut self,
        at: Nanos,
        member: u32,
        job: Option<Handle>,
        from: Option<Caller>,
        request: Request,
    ) {
        let bar = match from {
            None if self.has_begun() => None,
            None => {
                let (kind, start, end) = (Kind::Job, at, Nanos::MAX);
                let (outcome, wire, parent, depth) = (None, None, None, 0);
                self.add(Bar { kind, member, start, end, outcome, request, wire, parent, depth })
            }
            Some(from) => {
                let Some(call) = find(&self.calls, from.slot, from.call) else { return };
                let sent = self.bars[call as usize].start;
                if let Some(forth) = self.child(call, Kind::Forth, member, sent) {
                    self.close(forth, at, None);
                }
                self.child(call, Kind::Job, member, at)
            }
        };
        self.jobs.extend(bar.map(|bar| Entry { member, handle: job, from, bar }));
    }

    /// Everything that lasts at a member is over: it has died.
    fn died(&mut self, at: Nanos, member: u32) {
        for entry in self.jobs.clone().iter().filter(|it| it.member == member) {
            self.close(entry.bar, at, Some(Outcome::Reset));
        }
        while let Some(index) = self.strands.iter().position(|it| it.member == member) {
            let bar = self.strands.swap_remove(index).bar;
            self.close(bar, at, None);
        }
        self.jobs.retain(|it| it.member != member);
        self.calls.retain(|it| it.member != member);
    }

    /// Which bars lie on the critical path up to `now`: those leaves (bars that hold none of the
    /// path) end to end are exactly the time from the request's beginning to its end.
    pub fn critical(&self, now: Nanos) -> Vec<bool> {
        let mut path = vec![false; self.bars.len()];
        if let Some(root) = self.bars.first() {
            self.walk(0, root.end.min(now), now, &mut path);
        }
        path
    }

    /// Back from `at` to the beginning of a job: at each moment something of the job's had just
    /// ended, which is what it had waited for.
    fn walk(&self, job: u32, mut at: Nanos, now: Nanos, path: &mut [bool]) {
        path[job as usize] = true;
        let of = |parent: u32| {
            let bars = self.bars.iter().enumerate();
            bars.filter(move |it| it.1.parent == Some(parent)).map(|it| (it.0 as u32, it.1))
        };
        while at > self.bars[job as usize].start {
            let ends = |it: &(u32, &Bar)| it.1.end.min(now) == at && it.1.start < at;
            let Some((index, bar)) = of(job).rfind(ends) else { return };
            path[index as usize] = true;
            // A call that was answered waited for what happened there; any other just waited.
            let replied = of(index).any(|it| it.1.kind == Kind::Back);
            let lasts = bar.end > now;
            for (part, it) in of(index).filter(|_| replied || lasts) {
                match it.kind {
                    Kind::Job => self.walk(part, it.end.min(now), now, path),
                    _ => path[part as usize] = true,
                }
            }
            at = bar.start;
        }
    }
}

impl<K: Kinds> Watch<K> for Tracer {
    fn wants_from(&self) -> u64 {
        if self.is_over() { u64::MAX } else { 0 }
    }

    fn traces(&self) -> Option<u64> {
        Some(self.request)
    }

    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }

    fn look(&mut self, _: Nanos, _: &World<K>) {}

    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<K>) {
        for note in notes {
            match note {
                Note::Traced { member, step } => self.step(at, *member, *step),
                Note::Down { member } => self.died(at, *member),
                _ => {}
            }
        }
    }
}
