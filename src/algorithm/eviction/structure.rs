//! What a policy looks like from inside, told as data: its lists, rings and memories with the keys in
//! them. Whoever draws it needs to know no policy.

use super::slab::{List, Slab};
use super::{Key, Slot};

/// How the entries of a part stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In a line; who leaves, leaves at its beginning.
    Line,
    /// In a ring with a hand, which stands at the first.
    Ring,
    /// In no order.
    Bag,
}

/// One part of a policy's structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is called, unique in its policy.
    pub name: String,
    /// How its entries stand to each other.
    pub form: Form,
    /// Where it begins and ends, in words: who is first there, and who is last.
    pub ends: [&'static str; 2],
    /// The room it may have or, where the policy learns it, should have: entries, or bytes where sizes
    /// are told.
    pub room: Option<f64>,
    /// Keys in it.
    pub held: u64,
    /// The room they take or, if only remembered, took: their number, as long as each takes 1.
    pub weight: u64,
    /// Whether it only remembers keys, whose entries have left.
    pub ghosts: bool,
    /// A sentence about what is noted of its keys, if the notes do not speak for themselves.
    pub note: &'static str,
    /// The keys from the first to the last; those in between may be counted only.
    pub items: Vec<Item>,
}

/// A place in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A key.
    Key(Place),
    /// So many keys that are not told one by one.
    Between(u64),
}

/// A key in a part, and what the policy notes about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which key.
    pub key: Key,
    /// Whether it was used since the hand last came by, where a bit says so.
    pub used: Option<bool>,
    /// How often it was used, or about how often, where that is counted.
    pub uses: Option<u32>,
    /// A letter or two for its state, where a part mixes states.
    pub state: &'static str,
    /// Whether only the key is remembered.
    pub ghost: bool,
    /// Whether the hand stands here.
    pub hand: bool,
}

impl Place {
    /// A key of which nothing is noted.
    pub(super) fn of(key: Key) -> Self {
        Self { key, ..Self::default() }
    }
}

impl Part {
    /// A part in a line, in which who is first leaves.
    pub(super) fn line(name: impl Into<String>, ends: [&'static str; 2]) -> Self {
        let (name, form) = (name.into(), Form::Line);
        let (room, held, weight, ghosts, note, items) = (None, 0, 0, false, "", Vec::new());
        Self { name, form, ends, room, held, weight, ghosts, note, items }
    }

    /// The same with room for so much.
    pub(super) fn room(self, room: f64) -> Self {
        Self { room: Some(room), ..self }
    }

    /// The same with what is in a list: `most` of either end, one by one.
    pub(super) fn list(
        mut self,
        (list, slab): (&List, &Slab),
        most: usize,
        place: impl Fn(Slot) -> Place,
    ) -> Self {
        (self.held, self.weight) = (list.len(slab), list.weight);
        let both = 2 * most as u64;
        let first = if self.held <= both { self.held as usize } else { most };
        self.items.extend(list.iter(slab).take(first).map(&place).map(Item::Key));
        if self.held > both {
            self.items.push(Item::Between(self.held - both));
            let mut last: Vec<_> = list.iter_back(slab).take(most).map(place).collect();
            last.reverse();
            self.items.extend(last.into_iter().map(Item::Key));
        }
        self
    }

    /// Tells at most `most` keys of either end one by one.
    pub(super) fn shorten(&mut self, most: usize) {
        let edge = |it: &mut dyn Iterator<Item = &Item>| {
            it.take(most).take_while(|it| matches!(it, Item::Key(_))).copied().collect::<Vec<_>>()
        };
        if self.items.len() <= 2 * most && self.places().count() as u64 == self.held {
            return;
        }
        let first = edge(&mut self.items.iter());
        let mut last = edge(&mut self.items.iter().rev());
        last.reverse();
        let between = self.held - (first.len() + last.len()) as u64;
        self.items = first;
        self.items.push(Item::Between(between));
        self.items.extend(last);
    }

    /// Keys that are told one by one.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.items.iter().filter_map(|it| match it {
            Item::Key(place) => Some(place),
            Item::Between(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::algorithm::eviction::{Policy, Running};
    use crate::base::keyed::Draws;

    /// Runs `keys` through a policy of this size; what it holds, by slot.
    fn fed(
        policy: Policy,
        capacity: u64,
        keys: impl Iterator<Item = Key>,
    ) -> (Running, BTreeSet<Key>) {
        let mut running = policy.start(capacity);
        let mut slots: BTreeMap<Key, Slot> = BTreeMap::new();
        for key in keys {
            if let Some(slot) = slots.get(&key) {
                running.touch(*slot);
                while let Some(spilled) = running.spilled() {
                    slots.remove(&running.evict(spilled));
                }
                continue;
            }
            running.arriving(key);
            if running.len() as u64 == capacity {
                let victim = running.victim().expect("a full cache has a victim");
                slots.remove(&running.evict(victim));
            }
            slots.insert(key, running.insert(key, 1));
        }
        (running, slots.into_keys().collect())
    }

    /// Few keys often and many seldom.
    fn skewed(seed: u64) -> impl Iterator<Item = Key> {
        let mut draws = Draws::new(seed);
        (0..3_000).map(move |_| {
            let most = 1 + draws.below(200);
            draws.below(most) as Key
        })
    }

    #[test]
    fn every_policy_tells_all_it_holds() {
        for policy in Policy::ALL {
            let (running, held) = fed(*policy, 40, skewed(3));
            let all = running.parts(1_000);
            let name = policy.id();
            let names: BTreeSet<_> = all.iter().map(|it| &it.name).collect();
            assert_eq!(names.len(), all.len(), "{name}");
            let places = || all.iter().flat_map(Part::places);
            let told: BTreeSet<Key> = places().filter(|it| !it.ghost).map(|it| it.key).collect();
            assert_eq!(told, held, "{name}");
            let ghosts: BTreeSet<Key> = places().filter(|it| it.ghost).map(|it| it.key).collect();
            assert_eq!(ghosts.len(), running.departed(), "{name}");
            assert_eq!(ghosts.intersection(&held).count(), 0, "{name}");
            for part in &all {
                assert_eq!(part.places().count() as u64, part.held, "{name}, {}", part.name);
            }
        }
    }

    #[test]
    fn of_a_big_part_the_ends_are_told() {
        for policy in Policy::ALL {
            let (running, _) = fed(*policy, 100, skewed(5));
            for (all, few) in running.parts(1_000).iter().zip(running.parts(3)) {
                let name = format!("{}, {}", policy.id(), few.name);
                let count: u64 = few
                    .items
                    .iter()
                    .map(|it| match it {
                        Item::Key(_) => 1,
                        Item::Between(count) => *count,
                    })
                    .sum();
                assert_eq!(count, few.held, "{name}");
                if few.name.ends_with("more") {
                    continue;
                }
                assert_eq!(
                    (few.held, few.form, few.room),
                    (all.held, all.form, all.room),
                    "{name}"
                );
                // Each is where it is when all are told.
                let mut at = 0;
                for item in &few.items {
                    match item {
                        Item::Key(_) => assert_eq!(item, &all.items[at], "{name} at {at}"),
                        Item::Between(count) => assert!(*count > 0, "{name}"),
                    }
                    at += if let Item::Between(count) = item { *count as usize } else { 1 };
                }
                assert!(few.places().count() <= 9, "{name}");
            }
        }
    }

    /// Where one line says who leaves, it says the order of leaving.
    #[test]
    fn lines_are_in_the_order_of_leaving() {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Lfu, Policy::Gdsf, Policy::Ttl] {
            let (running, _) =
                fed(policy, 40, skewed(9).take(if policy.needs_ttl() { 60 } else { 3_000 }));
            let parts = running.parts(1_000);
            let told: Vec<Key> = parts.iter().flat_map(Part::places).map(|it| it.key).collect();
            let leaving: Vec<Key> = running.order().map(|it| running.key(it)).collect();
            assert_eq!(told, leaving, "{}", policy.id());
        }
    }

    fn words(parts: &[Part]) -> Vec<String> {
        let place = |it: &Place| {
            let (hand, key) = (if it.hand { ">" } else { "" }, it.key);
            let used = it.used.map_or("", |used| if used { "+" } else { "-" });
            let uses = it.uses.map_or(String::new(), |uses| format!("x{uses}"));
            format!("{hand}{key}{used}{uses}{}{}", it.state, if it.ghost { "~" } else { "" })
        };
        let part = |it: &Part| {
            let places: Vec<_> = it.places().map(place).collect();
            format!("{}: {}", it.name, places.join(" "))
        };
        parts.iter().map(part).collect()
    }

    #[track_caller]
    fn tells(policy: Policy, capacity: u64, keys: &[Key], expected: &[&str]) {
        let (running, _) = fed(policy, capacity, keys.iter().copied());
        assert_eq!(words(&running.parts(9)), expected, "{}", policy.id());
    }

    /// By hand, after the papers' rules.
    #[test]
    fn structures_of_short_traces() {
        use Policy::*;
        // 1 was used: the hand clears its bit and takes 2; 4 comes in behind the hand.
        tells(Clock, 3, &[1, 2, 3, 1, 4], &["ring: >3- 1- 4-"]);
        // The same in place: 1 stays first, the hand stands after it.
        tells(Sieve, 3, &[1, 2, 3, 1, 4], &["by arrival: 1- >3- 4-"]);
        tells(Lfu, 3, &[1, 2, 3, 1, 2, 1], &["used 1 ×: 3x1", "used 2 ×: 2x2", "used 3 ×: 1x3"]);
        // 1 is used again and is in T2; 2 leaves T1 for 4, is known by B1, and comes back to T2.
        let arc =
            ["used once (T1): 4", "used again (T2): 1 2", "left T1 (B1): 3~", "left T2 (B2): "];
        tells(Arc, 3, &[1, 1, 2, 3, 4, 2], &arc);
        // Two LIR and one HIR block: 3 is on both, 4 takes its place in the queue.
        let lirs = ["queue Q (HIR): 4", "stack S: 1LIR 2LIR 3~ 4HIR"];
        tells(Lirs, 3, &[1, 2, 3, 4], &lirs);
        // Room for one in the small queue; nobody has left when 2 and 3 go to the main one.
        let s3 = ["small: 4x0", "main: 2x0 3x1", "left the small queue (ghosts): 1~"];
        tells(S3Fifo, 3, &[1, 2, 3, 3, 4], &s3);
        // A quarter of four for newcomers: 1 and 2 leave, 1 comes back and stays.
        let two_q = ["newcomers (A1in): 4 5 6", "main (Am): 1", "left newcomers (A1out): 2~ 3~"];
        tells(TwoQ, 4, &[1, 2, 3, 4, 5, 1, 6], &two_q);
    }

    #[test]
    fn the_target_of_arc_is_told() {
        // B1 knows 2 when it comes back: T1's target rises by 1.
        let (running, _) = fed(Policy::Arc, 3, [1, 1, 2, 3, 4, 2].into_iter());
        let rooms: Vec<_> = running.parts(9).iter().map(|it| it.room).collect();
        assert_eq!(rooms[..2], [Some(1.0), Some(2.0)]);
    }
}
