//! A growing list in shared chunks: a clone shares them, a write copies one. Large keyed stores
//! and logs live in it, so that a snapshot of the world costs pointers, not rows.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::stable::{StableHash, StableHasher};

const CHUNK: usize = 256;

/// The list. Positions count from the first element ever pushed; the front can be dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct CowList<T> {
    chunks: std::collections::VecDeque<Arc<Vec<T>>>,
    /// Position of the first element of the first chunk.
    base: u64,
    end: u64,
}

impl<T> Default for CowList<T> {
    fn default() -> Self {
        Self { chunks: Default::default(), base: 0, end: 0 }
    }
}

impl<T: Clone> CowList<T> {
    /// A list of `len` copies of a value.
    pub fn filled(value: T, len: u32) -> Self {
        let full = Arc::new(vec![value.clone(); CHUNK]);
        let mut list = Self::default();
        for _ in 0..len as usize / CHUNK {
            list.chunks.push_back(full.clone());
        }
        let rest = len as usize % CHUNK;
        if rest > 0 {
            list.chunks.push_back(Arc::new(vec![value; rest]));
        }
        list.end = u64::from(len);
        list
    }

    /// An empty list whose first element will have this position.
    pub fn starting_at(position: u64) -> Self {
        Self { base: position, end: position, ..Self::default() }
    }

    /// Position after the last element.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Position of the oldest element still held.
    pub fn start(&self) -> u64 {
        self.base.min(self.end)
    }

    /// The element at a position, unless dropped or not yet there.
    pub fn get(&self, position: u64) -> Option<&T> {
        let offset = position.checked_sub(self.base)? as usize;
        self.chunks.get(offset / CHUNK)?.get(offset % CHUNK)
    }

    /// Adds an element at the end and returns its position.
    pub fn push(&mut self, value: T) -> u64 {
        match self.chunks.back_mut().filter(|it| it.len() < CHUNK) {
            Some(chunk) => Arc::make_mut(chunk).push(value),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
        self.end += 1;
        self.end - 1
    }

    /// Adds copies of a value until there is one at a position.
    pub fn grow(&mut self, position: u64, value: T) {
        while self.end <= position {
            self.push(value.clone());
        }
    }

    /// Replaces the element at a position that is held.
    pub fn set(&mut self, position: u64, value: T) {
        let offset = (position - self.base) as usize;
        Arc::make_mut(&mut self.chunks[offset / CHUNK])[offset % CHUNK] = value;
    }

    /// What it takes of memory, in bytes: of chunks that clones share, its part.
    pub fn bytes(&self) -> usize {
        let each = |it: &Arc<Vec<T>>| {
            let chunk = it.capacity() * size_of::<T>() / Arc::strong_count(it);
            chunk + size_of::<Arc<Vec<T>>>()
        };
        self.chunks.iter().map(each).sum()
    }

    /// Drops everything from a position on.
    pub fn truncate(&mut self, end: u64) {
        while self.end > end.max(self.base) {
            let Some(chunk) = self.chunks.back_mut() else { break };
            let excess = (self.end - end).min(chunk.len() as u64);
            let keep = chunk.len() - excess as usize;
            if keep == 0 {
                self.chunks.pop_back();
            } else {
                Arc::make_mut(chunk).truncate(keep);
            }
            self.end -= excess;
        }
    }

    /// Forgets whole chunks before a position.
    pub fn drop_before(&mut self, position: u64) {
        while self.base + CHUNK as u64 <= position && self.chunks.len() > 1 {
            self.chunks.pop_front();
            self.base += CHUNK as u64;
        }
    }
}

impl<T: StableHash> StableHash for CowList<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        h.word(self.base);
        h.word(self.end);
        for chunk in &self.chunks {
            chunk.iter().for_each(|it| it.stable_hash(h));
        }
    }
}

/// A value that clones share until one of them changes it. Who holds one and only reads need not know how it
/// is cloned: on the page, that comes with whoever writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Nobody shares it yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// What it takes of memory, in bytes, by what one takes that nobody shares: of what clones share, its part.
    pub fn weight(&self, of: impl Fn(&T) -> usize) -> usize {
        of(&self.0) / Arc::strong_count(&self.0)
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: StableHash> StableHash for Shared<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        (**self).stable_hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_they_weigh() {
        let one = CowList::filled(0u64, 4 * CHUNK as u32);
        let (chunk, pointers) = (8 * CHUNK, 4 * size_of::<usize>());
        // All four are the same chunk.
        assert_eq!(one.bytes(), 4 * (chunk / 4) + pointers);
        let mut two = one.clone();
        assert_eq!(one.bytes(), 4 * (chunk / 8) + pointers);
        two.set(0, 1);
        assert_eq!(two.bytes(), chunk + 3 * (chunk / 7) + pointers);
    }

    #[test]
    fn behaves_like_a_vector_and_clones_stay_apart() {
        let mut list = CowList::default();
        let mut model = Vec::new();
        for n in 0..1_000u32 {
            assert_eq!(list.push(n), u64::from(n));
            model.push(n);
        }
        let before = list.clone();
        list.set(700, 7);
        list.truncate(720);
        list.drop_before(600);
        assert_eq!((list.start(), list.end()), (512, 720));
        assert_eq!((list.get(700), before.get(700)), (Some(&7), Some(&700)));
        assert_eq!((list.get(511), list.get(720)), (None, None));
        assert_eq!(list.push(1), 720);
        assert!((0..1_000).all(|n| before.get(n) == model.get(n as usize)));
        assert_eq!(CowList::filled(3u8, 600).get(599), Some(&3));
    }

    #[test]
    fn truncates_to_nothing_and_goes_on() {
        let mut list = CowList::default();
        (0..300).for_each(|n: u32| _ = list.push(n));
        list.truncate(0);
        assert_eq!((list.end(), list.push(9), list.get(0)), (0, 0, Some(&9)));
    }
}
