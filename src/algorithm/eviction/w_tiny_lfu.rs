//! W-TinyLFU: newcomers wait in a small window; who leaves it is let into the main part only if a
//! sketch says that it was asked for more often lately than the one that would have to go for it.
//!
//! Source: Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
//! Transactions on Storage 13(4), 2017: window 1 %, the rest a segmented LRU of 20 % on probation
//! and 80 % protected. What counts is libCacheSim's choice: hits in the main part, newcomers when
//! they come and again when they leave the window; counts are halved after 32 hits an entry. And so
//! is this: the segments' sizes are rounded down, and when one that rises pushes another down into a
//! probation that is over its size by that, probation lets its oldest go.

use super::segments::Segments;
use super::sketch::Sketch;
use super::slab::{List, NONE, Slab};
use super::structure::{Part, Place};
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
    window_limit: u64,
    main_limit: u64,
    /// Whether the main part has to let one go before the next newcomer is judged.
    spills: bool,
}

impl WTinyLfu {
    /// Moves entries from the window's old end to the main part, as long as there is room and the
    /// window holds more than `keeps`.
    #[inline]
    fn admit(&mut self, keeps: u64) {
        while self.window.weight > keeps {
            let Some(oldest) = self.window.front() else { return };
            if self.main.weight() + self.slab.size(oldest) > self.main_limit {
                return;
            }
            self.window.unlink(&mut self.slab, oldest);
            self.main.admit(&mut self.slab, oldest);
            self.sketch.count(self.slab.key(oldest));
        }
    }
}

impl Eviction for WTinyLfu {
    const SEGMENTS: &'static [&'static str] = &["window", "probation", "protected"];

    fn new(capacity: u64) -> Self {
        let (slab, sketch, main) = (Slab::new(), Sketch::new(capacity), Segments::new(vec![0; 2]));
        let (window_limit, main_limit, spills) = (0, 0, false);
        let mut it = Self { slab, window: List::EMPTY, main, sketch, window_limit, main_limit, spills };
        it.resize(capacity);
        it
    }

    fn resize(&mut self, capacity: u64) {
        self.window_limit = (capacity / 100).max(1);
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
            self.sketch.count(self.slab.key(slot));
            // With sizes in bytes the capacity says nothing about the number of entries.
            let sized = !self.slab.sizes.is_empty();
            let entries = if sized { self.slab.nodes.len() as u64 } else { self.main_limit };
            self.sketch.age(SAMPLE * entries.max(1));
            let rises = self.slab.mark(slot) == 0;
            self.main.touch(&mut self.slab, slot);
            self.spills |= rises && self.main.lists[0].weight > self.main.limits[0];
        }
    }

    #[inline]
    fn insert(&mut self, key: Key, size: u64) -> Slot {
        let slot = self.slab.take(key, size);
        self.slab.set_mark(slot, WINDOW);
        self.window.push_last(&mut self.slab, slot);
        self.sketch.grow(self.slab.nodes.len(), self.slab.keys());
        self.sketch.count(key);
        self.admit(self.window_limit);
        slot
    }

    #[inline]
    fn victim(&mut self) -> Option<Slot> {
        self.admit(0);
        let (candidate, victim) = (self.window.front(), self.main.victim());
        let (Some(candidate), Some(victim)) = (candidate, victim) else {
            return candidate.or(victim);
        };
        if self.spills {
            return Some(victim);
        }
        let [comes, goes] = [candidate, victim].map(|it| self.sketch.estimate(self.slab.key(it)));
        Some(if comes > goes { victim } else { candidate })
    }

    fn evict(&mut self, slot: Slot) -> Key {
        if self.slab.mark(slot) == WINDOW {
            self.sketch.count(self.slab.key(slot));
        }
        self.remove(slot)
    }

    #[inline]
    fn remove(&mut self, slot: Slot) -> Key {
        if self.slab.mark(slot) == WINDOW {
            self.window.unlink(&mut self.slab, slot);
        } else {
            self.main.unlink(&mut self.slab, slot);
            self.spills = false;
        }
        self.slab.give_back(slot)
    }

    fn segment(&self, slot: Slot) -> usize {
        self.slab.mark(slot).wrapping_add(1) as usize
    }

    /// Beside each key its count in the sketch, by which it is judged.
    fn parts(&self, most: usize) -> Vec<Part> {
        let place = |key| {
            let uses = Some(self.sketch.estimate(key).into());
            Place { uses, ..Place::of(key) }
        };
        let window = Part::line("window", ["judged next", "just now"]);
        let note = "The count is the sketch's estimate.";
        let window = Part { note, ..window.room(self.window_limit as f64) };
        let window =
            window.list((&self.window, &self.slab), most, |slot| place(self.slab.key(slot)));
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
        feed(u64::from(self.spills));
    }
}
