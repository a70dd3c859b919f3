//! A dense store with stable indices and generations: a handle to something that has gone is told
//! from a handle to what took its place.

use super::stable::{StableHash, StableHasher};

/// A handle: index and generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    /// Position in the store.
    pub index: u32,
    /// How often the position had been given out before.
    pub generation: u32,
}

crate::stable! { Handle { index, generation } }

impl Handle {
    /// A handle to nothing, ever.
    pub const NONE: Self = Self { index: u32::MAX, generation: u32::MAX };
}

/// The store. Indices are given out last-freed first, so equal histories give equal handles.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores a value. It is written where it is to lie, since its place is known before.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn insert(&mut self, value: T) -> Handle {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.grow(),
        };
        let (generation, place) = &mut self.entries[index as usize];
        // Known to be empty, so that nothing is looked for that would have to be dropped.
        assert!(place.is_none(), "free places are empty");
        *place = Some(value);
        Handle { index, generation: *generation }
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.entries.push((0, None));
        self.entries.len() as u32 - 1
    }

    /// The value at a position, if there is one.
    pub fn at(&self, index: u32) -> Option<&T> {
        self.entries.get(index as usize).and_then(|it| it.1.as_ref())
    }

    /// The value at a position to change, if there is one.
    pub fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(index as usize).and_then(|it| it.1.as_mut())
    }

    /// Takes the value at a position out; its handle is void from now on.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn remove_at(&mut self, index: u32) -> Option<T> {
        let (generation, place) = self.entries.get_mut(index as usize)?;
        let value = place.take()?;
        *generation += 1;
        self.free.push(index);
        Some(value)
    }

    /// The value, unless it has gone.
    pub fn get(&self, handle: Handle) -> Option<&T> {
        self.entries
            .get(handle.index as usize)
            .filter(|it| it.0 == handle.generation)
            .and_then(|it| it.1.as_ref())
    }

    /// The value to change, unless it has gone.
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        self.entries
            .get_mut(handle.index as usize)
            .filter(|it| it.0 == handle.generation)
            .and_then(|it| it.1.as_mut())
    }

    /// Takes the value out; its handle is void from now on.
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        let (generation, place) = self.entries.get_mut(handle.index as usize)?;
        if *generation != handle.generation {
            return None;
        }
        let value = place.take()?;
        *generation += 1;
        self.free.push(handle.index);
        Some(value)
    }

    /// Drops the value at a position where it is; its handle is void from now on.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn discard_at(&mut self, index: u32) {
        if let Some((generation, value)) = self.entries.get_mut(index as usize)
            && value.is_some()
        {
            *value = None;
            *generation += 1;
            self.free.push(index);
        }
    }

    /// Drops the value where it is; its handle is void from now on.
    pub fn discard(&mut self, handle: Handle) {
        if let Some((generation, value)) = self.entries.get_mut(handle.index as usize)
            && *generation == handle.generation
            && value.is_some()
        {
            *value = None;
            *generation += 1;
            self.free.push(handle.index);
        }
    }

    /// Empties the store; every handle given out so far is void.
    pub fn clear(&mut self) {
        self.free.clear();
        for (index, entry) in self.entries.iter_mut().enumerate().rev() {
            if entry.1.take().is_some() {
                entry.0 += 1;
            }
            self.free.push(index as u32);
        }
    }

    /// What is stored, in index order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        self.entries.iter().enumerate().filter_map(|(index, (generation, value))| {
            let handle = Handle { index: index as u32, generation: *generation };
            value.as_ref().map(|it| (handle, it))
        })
    }

    /// How many values are stored.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: StableHash> StableHash for Slab<T> {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.entries.stable_hash(h);
        self.free.stable_hash(h);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_dies_with_its_value() {
        let mut slab = Slab::default();
        let a = slab.insert('a');
        assert_eq!(slab.remove(a), Some('a'));
        let b = slab.insert('b');
        assert_eq!((a.index, slab.get(a), slab.get(b)), (b.index, None, Some(&'b')));
        slab.clear();
        assert_eq!((slab.get(b), slab.len()), (None, 0));
        assert_eq!(slab.remove(b), None);
    }
}
