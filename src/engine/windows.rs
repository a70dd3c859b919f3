//! Closed windows of one length, oldest first. They never change: whoever clones the list shares them.

use std::collections::VecDeque;
use std::ops::{Index, RangeBounds};
use std::sync::Arc;

use super::tally::Window;

/// What a window takes of memory, roughly, in bytes.
const WINDOW_BYTES: usize = 225;

/// The windows.
#[derive(Clone, Debug, Default)]
pub struct Windows(VecDeque<Arc<Window>>);

impl Windows {
    /// Adds the next; of more than `most`, the oldest goes.
    pub(super) fn push(&mut self, window: Window, most: usize) {
        if self.0.len() == most {
            self.0.pop_front();
        }
        self.0.push_back(Arc::new(window));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Window> + ExactSizeIterator + Clone {
        self.0.iter().map(|it| &**it)
    }

    /// Some of them, by their places.
    pub fn range(
        &self,
        range: impl RangeBounds<usize>,
    ) -> impl DoubleEndedIterator<Item = &Window> + ExactSizeIterator + Clone {
        self.0.range(range).map(|it| &**it)
    }

    /// How many come before the first that does not pass, where all that do come first.
    pub fn partition_point(&self, pass: impl Fn(&Window) -> bool) -> usize {
        self.0.partition_point(|it| pass(it))
    }

    /// The one at a place.
    pub fn get(&self, index: usize) -> Option<&Window> {
        self.0.get(index).map(|it| &**it)
    }

    /// The oldest.
    pub fn front(&self) -> Option<&Window> {
        self.0.front().map(|it| &**it)
    }

    /// The newest.
    pub fn back(&self) -> Option<&Window> {
        self.0.back().map(|it| &**it)
    }

    /// What a clone of it takes of memory, roughly, in bytes: its part of what it shares.
    pub(super) fn bytes(&self) -> usize {
        let part =
            |it: &Arc<Window>| size_of::<Arc<Window>>() + WINDOW_BYTES / Arc::strong_count(it);
        self.0.iter().map(part).sum()
    }
}

impl Index<usize> for Windows {
    type Output = Window;
    fn index(&self, index: usize) -> &Window {
        &self.0[index]
    }
}
