//! W-TinyLFU: newcomers wait in a small window; who leaves it is let into the main part only if a
//! sketch says that it was asked for more often lately than the one that would have to go for it.
//!
//! Source: Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
//! Transactions on Storage 13(4), 2017: window 1 %, the rest a segmented LRU of 20 % on probation
//! and 80 % protected. What counts is libCacheSim's choice: hits in the main part, newcomers when
//! they come and again when they leave the window; counts are halved after 32 hits an entry. And so
//! is this: as long as the cache has not been full, all stay in the window; the segments' sizes are rounded
//! down, and when one that rises pushes another down into a probation that is over its size by that, probation
//! lets its oldest go. Keys that are whole numbers are hashed as libCacheSim hashes them, so that each request
//! has the same answer.

use std::sync::Arc;

use super::segments::Segments;
use super::sketch::{Sketch, Spot};
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
use super::trace::Trace;
use super::{Eviction, Key, Slot};

/// The mark of an entry in the window; others carry the number of their segment.
const WINDOW: u32 = NONE;
/// Hits after which counts are halved, for each entry.
const SAMPLE: u64 = 32;

/// Window, main part and sketch.
#[derive(Clone, Debug, PartialEq)]
pub struct WTinyLfu {
    slab: Slab,
    /// The least recently used first.
    window: List,
    main: Segments,
    sketch: Sketch,
    /// Where each entry's counters are, by slot.
    spots: Vec<Spot>,
    /// What keys are called by number, if that is not what they are.
    names: Arc<[u64]>,
    /// Who was last about to come, and where its counters are.
    comes: (Key, Spot),
    window_limit: u64,
    main_limit: u64,
    /// Who has been found better than the entry that is to leave, and takes its place.
    winner: Slot,
    /// Whether one that rose may have pushed more into probation than it has room for.
    spills: bool,
}

impl WTinyLfu {
    #[inline]
    fn spot(&self, key: Key) -> Spot {
        Spot::of(self.names.get(key as usize).copied().unwrap_or(key.into()))
    }

    /// Moves an entry from the window to the main part, if there is room.
    #[inline]
    fn admit(&mut self, slot: Slot) -> bool {
        let fits = self.main.weight() + self.slab.size(slot) <= self.main_limit;
        if fits {
            self.window.unlink(&mut self.slab, slot);
            self.main.admit(&mut self.slab, slot);
            self.sketch.count(self.spots[slot as usize]);
        }
        fits
    }
}

impl Eviction for WTinyLfu {
    const SEGMENTS: &'static [&'static str] = &["window", "probation", "protected"];

    fn new(capacity: u64) -> Self {
        let mut it = Self {
            slab: Slab::new(),
            window: List::EMPTY,
            main: Segments::new(vec![0; 2]),
            sketch: Sketch::new(0),
            spots: Vec::new(),
            names: Arc::default(),
            comes: (NONE, Spot::default()),
            window_limit: 0,
            main_limit: 0,
            winner: NONE,
            spills: false,
        };
        it.resize(capacity);
        it.sketch = Sketch::new(it.main_limit);
        it
    }

    fn expect(&mut self, trace: &Trace) {
        self.names = Arc::clone(&trace.names);
        self.sketch.expect(trace.keys.iter().max().map_or(0, |it| u64::from(*it) + 1));
    }

    fn resize(&mut self, capacity: u64) {
        self.window_limit = ((capacity as f64 * 0.01) as u64).max(1);
        self.main_limit = capacity.saturating_sub(self.window_limit);
        let probation = self.main_limit / 5;
        self.main.limits = vec![probation, self.main_limit * 4 / 5];
    }

    fn slab(&self) -> &Slab {
        &self.slab
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        if self.slab.mark(slot) == WINDOW {
            self.window.move_last(&mut self.slab, slot);
        } else {
            self.sketch.count(self.spots[slot as usize]);
            // With sizes in bytes the capacity says nothing about the number of entries.
            let sized = !self.slab.sizes.is_empty();
            let entries = if sized { self.slab.nodes.len() as u64 } else { self.main_limit };
            self.sketch.age(SAMPLE * entries.max(1));
            self.spills = self.main.touch(&mut self.slab, slot);
        }
    }

    /// Fetched here already, a name is on its way while it is found out who leaves: it comes from far.
    #[inline]
    fn arriving(&mut self, key: Key) {
        self.comes = (key, self.spot(key));
    }

    #[inline]
    fn spilled(&mut self) -> Option<Slot> {
        if !self.spills {
            return None;
        }
        let over = self.main.over();
        self.spills = over.is_some();
        over
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.slab.set_mark(slot, WINDOW);
        self.window.push_last(&mut self.slab, slot);
        let entries = (self.slab.nodes.len() as u64).min(self.main_limit);
        let spot = if self.comes.0 == key { self.comes.1 } else { self.spot(key) };
        if slot as usize == self.spots.len() {
            let spots = &self.spots;
            let held = self.slab.slots().filter(|it| *it != slot).map(|it| spots[it as usize]);
            self.sketch.grow(entries, held);
            self.spots.push(spot);
        } else {
            self.spots[slot as usize] = spot;
        }
        self.sketch.count(spot);
        self.winner = NONE;
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.winner = NONE;
        while let Some(oldest) = self.window.front() {
            if !self.admit(oldest) {
                break;
            }
        }
        let (candidate, victim) = (self.window.front(), self.main.victim());
        let (Some(candidate), Some(victim)) = (candidate, victim) else {
            return candidate.or(victim);
        };
        let [comes, goes] =
            [candidate, victim].map(|it| self.sketch.estimate(self.spots[it as usize]));
        if comes <= goes {
            return Some(candidate);
        }
        self.winner = candidate;
        Some(victim)
    }

    fn evict(&mut self, slot: Slot) -> Key {
        if self.slab.mark(slot) == WINDOW {
            self.sketch.count(self.spots[slot as usize]);
        }
        let winner = std::mem::replace(&mut self.winner, NONE);
        let key = self.remove(slot);
        // A cache may have let another one go than the one it was told.
        if winner != NONE && winner != slot && self.slab.mark(winner) == WINDOW {
            self.admit(winner);
        }
        key
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        self.winner = NONE;
        if self.slab.mark(slot) == WINDOW {
            self.window.unlink(&mut self.slab, slot);
        } else {
            self.main.unlink(&mut self.slab, slot);
        }
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot).wrapping_add(1) as usize
    }

    fn sketch(&self) -> Option<(&Sketch, &[Spot])> {
        Some((&self.sketch, &self.spots))
    }

    /// Beside each key its count in the sketch, by which it is judged.
    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |slot: Slot| {
            let uses = Some(self.sketch.estimate(self.spots[slot as usize]).into());
            Place { uses, ..Place::of(self.slab.key(slot)) }
        };
        let window = Part::line("window", ["judged next", "just now"]);
        let note = match self.window.weight > self.window_limit {
            true => "Until the cache is full, all wait here. The count is the sketch's estimate.",
            false => "The count is the sketch's estimate.",
        };
        let window = Part { note, ..window.room(self.window_limit as f64) };
        let window =
            window.list((&self.window, &self.slab), most, place);
        let mut parts = vec![window];
        let names = ["probation", "protected"];
        parts.extend(self.main.parts(&self.slab, most, &names, &place));
        parts
    }

    fn fold(&self, feed: &mut impl FnMut(u64)) {
        self.slab.fold(feed);
        self.window.fold(feed);
        self.main.fold(feed);
        self.sketch.fold(feed);
        feed(self.window_limit);
        feed(self.main_limit);
        feed(u64::from(self.winner));
        feed(u64::from(self.spills));
    }
}
