//! Which keys come most often, in a few counters: whoever comes more often than one in so many is
//! found for sure.
//!
//! Source: Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k elements in
//! data streams", ICDT 2005 (the Space-Saving algorithm).

use crate::base::stable::{StableHash, StableHasher};

/// Counters kept.
pub const COUNTERS: usize = 16;

/// One key's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The key.
    pub key: u32,
    /// How often it came, at most.
    pub count: u32,
    /// How much of that may be another key's.
    pub excess: u32,
}

/// The counters, and how many keys came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heavy {
    counters: Vec<Counter>,
    total: u32,
}

impl Heavy {
    /// A key has come.
    pub fn add(&mut self, key: u32) {
        self.total += 1;
        if let Some(it) = self.counters.iter_mut().find(|it| it.key == key) {
            it.count += 1;
        } else if self.counters.len() < COUNTERS {
            self.counters.push(Counter { key, count: 1, excess: 0 });
        } else if let Some(least) = self.counters.iter_mut().min_by_key(|it| it.count) {
            // Whoever comes new takes the smallest counter over.
            *least = Counter { key, count: least.count + 1, excess: least.count };
        }
    }

    /// How many keys came.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// The key that came most often, going by what is certain, and how often it came at least.
    pub fn first(&self) -> Option<(u32, u32)> {
        let sure = |it: &Counter| it.count - it.excess;
        let first = self.counters.iter().max_by_key(|it| (sure(it), std::cmp::Reverse(it.key)));
        first.map(|it| (it.key, sure(it)))
    }

    /// The counters, in no order.
    pub fn counters(&self) -> &[Counter] {
        &self.counters
    }
}

impl StableHash for Heavy {
    fn stable_hash(&self, h: &mut StableHasher) {
        self.total.stable_hash(h);
        for it in &self.counters {
            ((it.key, it.count), it.excess).stable_hash(h);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::zipf::Zipf;
    use crate::base::keyed::Draws;

    /// Theorems of the paper: counts are never too low, at most total / counters too high, and every
    /// key that comes more often than that has a counter.
    #[test]
    fn whoever_comes_often_is_found() {
        let zipf = Zipf::new(1_000, 1.1);
        let (mut draws, mut heavy) = (Draws::new(3), Heavy::default());
        let mut exact = vec![0u32; 1_000];
        for _ in 0..20_000 {
            let key = zipf.rank(draws.next());
            exact[key as usize] += 1;
            heavy.add(key);
        }
        let most = heavy.total() / COUNTERS as u32;
        for it in heavy.counters() {
            let exact = exact[it.key as usize];
            assert!(it.count >= exact && it.count - exact <= most, "{it:?}: {exact}");
            assert!(it.count - it.excess <= exact, "{it:?}: {exact}");
        }
        for (key, count) in (0u32..).zip(&exact) {
            let known = heavy.counters().iter().any(|it| it.key == key);
            assert!(known || *count <= most, "{key} came {count} times");
        }
        assert_eq!(heavy.first().map(|it| it.0), Some(0));
    }
}
