//! Sorting a few things. The standard sort is made anew, some 8 kB of it, for every type it
//! sorts; where there are only tens or hundreds of things, this does as well.

/// Sorts in place; things of which neither goes before the other keep their order. Quadratic: for
/// lists of at most some hundreds.
pub fn sort_few<T>(items: &mut [T], goes_before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && goes_before(&items[at], &items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Sorts in place; things of which neither goes before the other keep their order. For thousands: merges
/// runs, each time twice as long.
pub fn sort_many<T: Copy>(items: &mut Vec<T>, goes_before: impl Fn(&T, &T) -> bool) {
    let mut merged = items.clone();
    let mut run = 1;
    while run < items.len() {
        for from in (0..items.len()).step_by(2 * run) {
            let middle = (from + run).min(items.len());
            let end = (middle + run).min(items.len());
            let (mut one, mut other) = (from, middle);
            for place in &mut merged[from..end] {
                let second =
                    one == middle || other < end && goes_before(&items[other], &items[one]);
                let next = if second { &mut other } else { &mut one };
                *place = items[*next];
                *next += 1;
            }
        }
        std::mem::swap(items, &mut merged);
        run *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    #[test]
    fn sorts_as_the_standard_sort_does() {
        for seed in 0..50 {
            let mut draws = Draws::new(seed);
            let mut items: Vec<_> = (0..draws.below(60)).map(|n| (draws.below(10), n)).collect();
            let (mut expected, mut many) = (items.clone(), items.clone());
            expected.sort_by_key(|it| it.0);
            sort_few(&mut items, |a, b| a.0 < b.0);
            assert_eq!(items, expected, "seed {seed}");
            sort_many(&mut many, |a, b| a.0 < b.0);
            assert_eq!(many, expected, "seed {seed}");
        }
    }
}
