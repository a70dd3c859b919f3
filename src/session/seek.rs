//! Looking at other moments of a run: they are found by running again from the snapshot before. Near
//! the newest that takes a blink; further back it is done in parts, and the nearest moment known
//! before is shown meanwhile.

use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::World;

use super::moment::Goal;
use super::run::{Run, Snapshot};

impl Run {
    /// Shows the moment `at`, or the newest if that is earlier.
    pub fn seek(&mut self, at: Nanos) {
        self.look_for(at);
        self.arrive_there();
    }

    /// Shows the run as it was after so many events, or the newest if there are fewer.
    pub fn seek_ordinal(&mut self, ordinal: u64) {
        if ordinal >= self.head.world.ordinal() {
            self.latest();
            return;
        }
        self.begin(Goal::Ordinal(ordinal), |it| it.ordinal() <= ordinal);
        self.arrive_there();
    }

    /// Shows the nearest moment known before `at`, to be brought on to it by [`Run::approach`]; or
    /// the newest if that is earlier.
    pub fn look_for(&mut self, at: Nanos) {
        if at >= self.head.world.now() {
            self.latest();
            return;
        }
        self.begin(Goal::At(at), |it| it.now() <= at);
    }

    fn begin(&mut self, goal: Goal, near: impl Fn(&World<Registry>) -> bool) {
        let from = self.snapshots.iter().rev().find(|it| near(&it.scene.world));
        let Some(from) = from.or(self.snapshots.first()) else { return };
        let past = self.past.take().filter(|it| {
            near(&it.scene.world) && it.scene.world.ordinal() >= from.scene.world.ordinal()
        });
        self.past = Some(past.unwrap_or_else(|| Snapshot::clone(from)));
        self.sought = Some(goal);
        self.look_again();
    }

    /// The moment that is sought while one before it is shown.
    pub fn sought(&self) -> Option<Nanos> {
        match self.sought? {
            Goal::At(at) => Some(at),
            Goal::Ordinal(_) => None,
        }
    }

    /// Goes on to the moment that is sought, by at most so many events. True if it is there.
    pub fn approach(&mut self, budget: &mut u64) -> bool {
        let (Some(goal), Some(past)) = (self.sought, &mut self.past) else { return true };
        let Snapshot { scene, recorder } = past;
        let before = scene.world.ordinal();
        let there = scene.replay(goal, &self.inputs, *budget, recorder);
        *budget = budget.saturating_sub(scene.world.ordinal() - before);
        if there {
            self.sought = None;
        }
        there
    }

    /// Goes on to the moment that is sought, whatever it takes.
    pub fn arrive_there(&mut self) {
        let mut whatever = u64::MAX;
        self.approach(&mut whatever);
    }

    /// The past is played on to a moment, by at most so many events. True if it got there.
    pub(super) fn play_past(&mut self, target: Nanos, budget: &mut u64) -> bool {
        self.look_for(target);
        let there = self.approach(budget);
        self.sought = None;
        there
    }

    /// Shows the newest moment known.
    pub fn latest(&mut self) {
        (self.past, self.sought) = (None, None);
        self.look_again();
    }
}
