//! What was recorded up to a moment of the past: lenses show what happened last before it, and not what
//! has happened since. It is recorded again from the snapshot before, as far as one picture may take,
//! and kept for the next picture, which goes on from there.

use std::cell::RefCell;
use std::sync::Arc;

use crate::component::Registry;
use crate::engine::recorder::Recorder;

use super::moment::{Goal, Moment};
use super::protocol::Stamped;
use super::run::{Run, Snapshot};

/// Events that one picture may take to record again: with snapshots 200 000 events apart near the
/// newest, all there are.
const EVENTS: u64 = 250_000;

thread_local! {
    static RECALLED: RefCell<Option<Recalled>> = const { RefCell::new(None) };
}

/// A moment, and what was recorded up to it.
struct Recalled {
    /// The beginning of the run it is of: no other run has it.
    beginning: Arc<Snapshot>,
    /// What was done to that run, in order.
    inputs: Vec<Stamped>,
    moment: Moment,
    recorder: Recorder<Registry>,
}

impl Recalled {
    /// From the snapshot before a moment on.
    fn from(run: &Run, shown: &Moment) -> Option<Self> {
        let beginning = Arc::clone(run.snapshots.first()?);
        let before = |it: &&Arc<Snapshot>| is_before(&it.scene, shown);
        let from = run.snapshots.iter().rev().find(before)?;
        let (moment, recorder) = (from.scene.clone(), from.recorder.clone());
        Some(Self { beginning, inputs: run.inputs.clone(), moment, recorder })
    }

    /// Whether it lies on the way to a moment of a run, and nothing nearer does.
    fn leads_to(&self, run: &Run, shown: &Moment) -> bool {
        let nearer = |it: &Arc<Snapshot>| {
            is_before(&it.scene, shown) && it.scene.world.ordinal() > self.moment.world.ordinal()
        };
        let same = run.snapshots.first().is_some_and(|it| Arc::ptr_eq(it, &self.beginning));
        same && self.inputs == run.inputs
            && is_before(&self.moment, shown)
            && !run.snapshots.iter().any(nearer)
    }

    /// Goes on to a moment, as far as one picture may. True if it is there.
    fn go_on(&mut self, shown: &Moment) -> bool {
        let (goal, now) = (shown.world.ordinal(), shown.world.now());
        let inputs = &self.inputs[..shown.inputs];
        if !self.moment.replay(Goal::Ordinal(goal), inputs, EVENTS, &mut self.recorder) {
            return false;
        }
        // No more events, though others may be due at the same moment.
        self.moment.replay(Goal::At(now), inputs, 0, &mut self.recorder);
        self.moment.world.ordinal() == goal && self.moment.inputs == shown.inputs
    }
}

fn is_before(it: &Moment, other: &Moment) -> bool {
    let (one, two) = (&it.world, &other.world);
    it.inputs <= other.inputs && one.ordinal() <= two.ordinal() && one.now() <= two.now()
}

/// Hands over what was recorded up to the cursor: at the newest what there is, in the past what there
/// was then, or what there is for as long as that is not known yet. True if it is the right one.
pub(super) fn recalled<T>(run: &Run, act: impl FnOnce(&Recorder<Registry>) -> T) -> (T, bool) {
    if !run.is_past() || run.sought().is_some() {
        return (act(&run.recorder), !run.is_past());
    }
    let shown = run.shown();
    RECALLED.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|it| !it.leads_to(run, shown)) {
            *kept = Recalled::from(run, shown);
        }
        let there = kept.as_mut().and_then(|it| it.go_on(shown).then_some(it));
        let known = there.is_some();
        (act(there.map_or(&run.recorder, |it| &it.recorder)), known)
    })
}
