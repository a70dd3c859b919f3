//! Flow: where a hop is too short to be seen, marks move along the wires at a steady pace. Their
//! density is the measured rate and their shapes the measured mix; what was sent stays what it was,
//! so nothing flickers when the rate changes.

use std::collections::VecDeque;

use crate::session::protocol::WireFigures;

/// Pixels a second of flow.
const PACE: f64 = 96.0;
/// Least time between two marks of a lane, in seconds.
const SLOT: f64 = 0.1;
/// Marks a second on the busiest lane, at most and at least, before another scale is chosen.
const MARKS: (f64, f64) = (8.0, 2.5);
/// Where marks that a cut has stopped end, as a part of the way.
const STOP: f64 = 0.5;
/// Pixels for which they stay to be seen there.
const STAY: f64 = 30.0;

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call that reads.
    Read,
    /// A call that writes.
    Write,
    /// A call that a cut swallows.
    Lost,
    /// The answer to a read.
    Answer,
    /// The answer to a write.
    Done,
    /// A cache did not have the key.
    Miss,
    /// A failure comes back.
    Failure,
}

const FORTH: [Kind; 3] = [Kind::Read, Kind::Write, Kind::Lost];
const BACK: [Kind; 4] = [Kind::Answer, Kind::Done, Kind::Miss, Kind::Failure];

/// A mark to paint.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// What it stands for.
    pub kind: Kind,
    /// How far from the wire's start, in pixels.
    pub distance: f64,
    /// Whether it goes back.
    pub back: bool,
    /// Whether it has been stopped.
    pub stopped: bool,
}

/// One direction of a wire.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Marks under way: slot of birth, kind; oldest first.
    marks: VecDeque<(i64, Kind)>,
    /// What each kind is owed, in marks.
    owed: [f64; 4],
    /// The last slot looked at.
    slot: i64,
}

/// All lanes.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    lanes: Vec<[Lane; 2]>,
    /// Seconds of flow.
    time: f64,
    /// Requests per second that one mark stands for.
    pub per_mark: f64,
}

/// The rates of a lane's kinds.
fn rates(figures: &WireFigures, back: bool) -> ([f64; 4], &'static [Kind]) {
    let WireFigures { reads, writes, answers, misses, failures, lost, .. } = *figures;
    if !back {
        let calls = (reads + writes).max(1e-9);
        let pass = 1.0 - (lost / calls).min(1.0);
        return ([reads * pass, writes * pass, lost.min(calls), 0.0], &FORTH);
    }
    let answered = (answers - misses).max(0.0);
    let share = reads / (reads + writes).max(1e-9);
    ([answered * share, answered * (1.0 - share), misses, failures], &BACK)
}

impl Flow {
    /// Goes on by some seconds on screen; `lengths` are those of the wires, by slot.
    pub fn advance(&mut self, seconds: f64, wires: &[WireFigures], lengths: &[f64]) {
        self.rescale(wires);
        self.time += seconds;
        self.fill(wires, lengths);
    }

    /// Begins anew at a moment: the same moment and figures give the same marks.
    pub fn jump(&mut self, time: f64, wires: &[WireFigures], lengths: &[f64]) {
        self.lanes.clear();
        self.per_mark = 0.0;
        self.rescale(wires);
        self.time = time;
        self.fill(wires, lengths);
    }

    fn rescale(&mut self, wires: &[WireFigures]) {
        let busiest = wires.iter().map(|it| it.reads + it.writes).fold(0.0, f64::max);
        let marks = busiest / self.per_mark;
        if busiest > 0.0 && !(MARKS.1..=MARKS.0).contains(&marks) {
            self.per_mark = nice(busiest / MARKS.0);
        }
    }

    fn fill(&mut self, wires: &[WireFigures], lengths: &[f64]) {
        if self.lanes.len() < wires.len() {
            self.lanes.resize_with(wires.len(), Default::default);
        }
        let now = (self.time / SLOT).floor() as i64;
        for (index, (figures, length)) in wires.iter().zip(lengths).enumerate() {
            for (back, lane) in self.lanes[index].iter_mut().enumerate() {
                let (rates, kinds) = rates(figures, back == 1);
                let crossing = (length / PACE / SLOT).ceil() as i64 + 1;
                if lane.slot == 0 || now - lane.slot > crossing {
                    // Fresh, or long unseen: as if it had always been so.
                    lane.marks.clear();
                    lane.slot = now - crossing;
                    let begin = ((index as f64 + 0.5 * back as f64) * 0.618_034).fract();
                    lane.owed = rates.map(|it| (begin + it * 0.37).fract());
                }
                while lane.slot < now {
                    lane.slot += 1;
                    lane.step(&rates.map(|it| it * SLOT / self.per_mark.max(1e-9)), kinds);
                }
                while lane.marks.front().is_some_and(|it| now - it.0 > crossing) {
                    lane.marks.pop_front();
                }
            }
        }
    }

    /// Every mark under way on a wire of this length.
    pub fn marks(&self, wire: usize, length: f64, mut paint: impl FnMut(Mark)) {
        let Some(lanes) = self.lanes.get(wire) else { return };
        for (back, lane) in lanes.iter().enumerate() {
            for (slot, kind) in &lane.marks {
                let gone = (self.time - *slot as f64 * SLOT) * PACE;
                let (mut gone, mut stopped) = (gone, false);
                if *kind == Kind::Lost && gone > length * STOP {
                    if gone > length * STOP + STAY {
                        continue;
                    }
                    (gone, stopped) = (length * STOP, true);
                }
                if !(0.0..=length).contains(&gone) {
                    continue;
                }
                let back = back == 1;
                let distance = if back { length - gone } else { gone };
                paint(Mark { kind: *kind, distance, back, stopped });
            }
        }
    }
}

impl Lane {
    fn step(&mut self, rates: &[f64; 4], kinds: &[Kind]) {
        for (owed, rate) in self.owed.iter_mut().zip(rates) {
            // A kind that is no longer measured is no longer owed.
            *owed = if *rate > 0.0 { (*owed + rate).min(2.0) } else { 0.0 };
        }
        let most = (0..kinds.len()).max_by(|a, b| self.owed[*a].total_cmp(&self.owed[*b]));
        if let Some(most) = most
            && self.owed[most] >= 1.0
        {
            self.owed[most] -= 1.0;
            self.marks.push_back((self.slot, kinds[most]));
        }
    }
}

/// The next of 1, 2, 5, 10 … that is not less.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|it| it * power).find(|it| *it >= value * 0.999).unwrap_or(value)
}
