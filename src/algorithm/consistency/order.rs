//! Whether demands on an order can all be met, and if not, the first that cannot and a shortest
//! circle that it closes.

/// Demands that one thing come before another.
pub(super) struct Order {
    /// By thing: what must come after it, with the demand's number; demands that always hold first.
    after: Vec<Vec<(u32, u32)>>,
    demands: u32,
}

/// The number of a demand that is part of what is given.
const GIVEN: u32 = 0;

impl Order {
    /// Among so many things.
    pub fn new(things: usize) -> Self {
        Self { after: vec![Vec::new(); things], demands: 0 }
    }

    /// What is given: `before` comes before `after`. What is given has no circle.
    pub fn give(&mut self, before: usize, after: usize) {
        self.after[before].push((after as u32, GIVEN));
    }

    /// Demands that `before` come before `after`. Demands are numbered from 1 in the order made.
    pub fn demand(&mut self, before: usize, after: usize) {
        self.demands += 1;
        self.after[before].push((after as u32, self.demands));
    }

    /// How many demands there are.
    pub fn demands(&self) -> u32 {
        self.demands
    }

    /// What is asked to come right after a thing.
    pub fn next(&self, thing: usize) -> impl Iterator<Item = usize> + '_ {
        self.after[thing].iter().map(|it| it.0 as usize)
    }

    /// The things in an order that meets everything; those on a circle are missing.
    pub fn sorted(&self) -> Vec<usize> {
        self.sort(self.demands)
    }

    fn is_circular(&self, demands: u32) -> bool {
        self.sort(demands).len() < self.after.len()
    }

    /// Sorts by what is given and the first `demands` (Kahn, CACM 1962).
    fn sort(&self, demands: u32) -> Vec<usize> {
        let mut before = vec![0u32; self.after.len()];
        let counted = |it: &&(u32, u32)| it.1 <= demands;
        for (to, _) in self.after.iter().flatten().filter(counted) {
            before[*to as usize] += 1;
        }
        let mut free: Vec<_> = (0..before.len()).filter(|it| before[*it] == 0).collect();
        let mut sorted = Vec::new();
        while let Some(thing) = free.pop() {
            sorted.push(thing);
            for (to, _) in self.after[thing].iter().filter(counted) {
                before[*to as usize] -= 1;
                if before[*to as usize] == 0 {
                    free.push(*to as usize);
                }
            }
        }
        sorted
    }

    /// The first demand that cannot be met with those before it: the demands and things of a
    /// shortest circle, as (thing, number of the demand that leads on from it), given ones as 0. The
    /// circle begins where the first such demand ends, and ends with it.
    pub fn circle(&self) -> Option<Vec<(usize, u32)>> {
        if !self.is_circular(self.demands) {
            return None;
        }
        let (mut good, mut bad) = (0, self.demands);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            *(if self.is_circular(middle) { &mut bad } else { &mut good }) = middle;
        }
        let (from, to) = self.after.iter().enumerate().find_map(|(from, after)| {
            after.iter().find(|it| it.1 == bad).map(|it| (from, it.0 as usize))
        })?;
        // From where the demand ends to where it begins.
        let mut circle = self.way(to, from, bad - 1);
        circle.push((from, bad));
        Some(circle)
    }

    /// What lies on a shortest way from one thing to another by the first demands, ends included.
    pub fn path(&self, from: usize, to: usize, demands: u32) -> Vec<usize> {
        let way = self.way(from, to, demands);
        way.into_iter().map(|it| it.0).chain([to]).collect()
    }

    /// The things on a shortest way without its end, with the demands that lead on from them;
    /// nothing if there is no way.
    fn way(&self, from: usize, to: usize, demands: u32) -> Vec<(usize, u32)> {
        let mut came = vec![None; self.after.len()];
        let mut line = std::collections::VecDeque::from([from]);
        while let Some(thing) = line.pop_front() {
            if thing == to {
                break;
            }
            for (next, demand) in self.after[thing].iter().filter(|it| it.1 <= demands) {
                let next = *next as usize;
                if came[next].is_none() && next != from {
                    came[next] = Some((thing, *demand));
                    line.push_back(next);
                }
            }
        }
        let mut way = Vec::new();
        let mut thing = to;
        while let Some((before, demand)) = came[thing] {
            way.push((before, demand));
            thing = before;
        }
        way.reverse();
        way
    }
}
