//! Zipf's law: the rank-r key is asked for in proportion to 1 / r^s.
//!
//! Sampled by the alias method, one draw and one look-up whatever the number of ranks: Walker, "An
//! efficient method for generating discrete random variables with general distributions", ACM TOMS
//! 3(3), 1977; the table built as in Vose, IEEE TSE 17(9), 1991. Breslau et al., "Web caching and
//! Zipf-like distributions", INFOCOM 1999, found exponents from 0.64 to 0.83 in web traffic.

/// Ranks at most: the table takes 8 bytes for each.
pub const RANKS_MAX: u32 = 1 << 24;

/// Bits of a column that say whose the rest is.
const ALIAS_BITS: u32 = RANKS_MAX.ilog2();

/// One column of the table: of its draws, those below the cut are the column's own. Both in one word,
/// since the table is looked up at random and what is small stays near.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Column(u64);

impl Column {
    /// `cut` in 2^-64 of a column, rounded down to 2^-40; `alias` is the rank that gets the rest.
    fn new(cut: u64, alias: u32) -> Self {
        Self(cut >> ALIAS_BITS << ALIAS_BITS | u64::from(alias))
    }

    /// The column's own part, in 2^-64 of a column.
    fn cut(self) -> u64 {
        self.0 >> ALIAS_BITS << ALIAS_BITS
    }

    /// The rank that gets the rest.
    fn alias(self) -> u32 {
        self.0 as u32 & (RANKS_MAX - 1)
    }
}

/// A sampler over ranks 0 (the most popular) to n - 1. It never changes: share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Zipf {
    columns: Vec<Column>,
    exponent: f64,
    /// The sum of 1 / r^s over all ranks.
    total: f64,
}

impl Zipf {
    /// A sampler over `ranks` keys (1 to [`RANKS_MAX`]) with exponent `exponent` (finite, at least
    /// 0; 0 makes all keys equally popular).
    pub fn new(ranks: u32, exponent: f64) -> Self {
        assert!((1..=RANKS_MAX).contains(&ranks), "from one rank to RANKS_MAX");
        assert!(exponent.is_finite() && exponent >= 0.0, "a finite exponent, not negative");
        // Summed from the smallest term up, so that the last bits are not lost.
        let total = (0..ranks).rev().map(|rank| weight(rank, exponent)).sum();
        let mut zipf = Self { columns: Vec::new(), exponent, total };
        zipf.columns = columns(ranks, |rank| zipf.probability(rank));
        zipf
    }

    /// The rank a uniform draw of 64 bits stands for. The high part of draw × n picks the column,
    /// the low part decides within it.
    pub fn rank(&self, draw: u64) -> u32 {
        let product = u128::from(draw) * self.columns.len() as u128;
        let at = (product >> 64) as u32;
        let column = self.columns[at as usize];
        // Nobody can foresee which: chosen without a branch.
        std::hint::select_unpredictable((product as u64) < column.cut(), at, column.alias())
    }

    /// The chance of a rank, from 0 to 1; 0 for a rank that does not exist.
    pub fn probability(&self, rank: u32) -> f64 {
        weight(rank, self.exponent) / self.total
    }

    /// How many ranks there are.
    pub fn ranks(&self) -> u32 {
        self.columns.len() as u32
    }
}

/// 1 / r^s with r counted from 1.
fn weight(rank: u32, exponent: f64) -> f64 {
    libm::pow(f64::from(rank) + 1.0, -exponent)
}

/// Vose's construction: columns that are too low are filled up from columns that are too high.
fn columns(ranks: u32, probability: impl Fn(u32) -> f64) -> Vec<Column> {
    let mut height: Vec<f64> =
        (0..ranks).map(|rank| probability(rank) * f64::from(ranks)).collect();
    let mut columns: Vec<Column> = (0..ranks).map(|rank| Column::new(u64::MAX, rank)).collect();
    let (mut low, mut high): (Vec<u32>, Vec<u32>) =
        (0..ranks).partition(|rank| height[*rank as usize] < 1.0);
    while let (Some(poor), Some(rich)) = (low.last().copied(), high.last().copied()) {
        low.pop();
        let own = height[poor as usize];
        columns[poor as usize] = Column::new(cut(own), rich);
        height[rich as usize] -= 1.0 - own;
        if height[rich as usize] < 1.0 {
            high.pop();
            low.push(rich);
        }
    }
    // Whoever is left differs from a full column by rounding only, and keeps it whole.
    columns
}

/// A share of a column, in 2^-64; the conversion stops at both ends.
fn cut(share: f64) -> u64 {
    const COLUMN: f64 = 18_446_744_073_709_551_616.0;
    (share * COLUMN) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::keyed::Draws;

    /// The chances a table really gives, column by column.
    fn chances(zipf: &Zipf) -> Vec<f64> {
        let ranks = zipf.ranks() as usize;
        let mut chances = vec![0.0; ranks];
        for (rank, column) in zipf.columns.iter().enumerate() {
            let own = column.cut() as f64 / 18_446_744_073_709_551_616.0;
            chances[rank] += own / ranks as f64;
            chances[column.alias() as usize] += (1.0 - own) / ranks as f64;
        }
        chances
    }

    #[test]
    fn the_table_holds_the_exact_chances() {
        // Cuts are rounded down to 2^-40 of a column: all columns together, to that much.
        const CUT: f64 = 1e-12;
        for (ranks, exponent) in [(1, 1.0), (2, 0.5), (10, 1.0), (1_000, 0.8), (20_000, 1.2)] {
            let zipf = Zipf::new(ranks, exponent);
            for (rank, chance) in chances(&zipf).iter().enumerate() {
                let expected = zipf.probability(rank as u32);
                let error = (chance - expected).abs();
                assert!(error < CUT, "{ranks}, {exponent}: {rank}: {chance} {expected}");
            }
        }
    }

    /// With n = 10 and s = 1 the chance of the first is 1 / H(10) = 2520 / 7381.
    #[test]
    fn chances_are_those_of_the_harmonic_numbers() {
        let zipf = Zipf::new(10, 1.0);
        assert!((zipf.probability(0) - 2_520.0 / 7_381.0).abs() < 1e-15);
        assert!((zipf.probability(9) - 252.0 / 7_381.0).abs() < 1e-15);
        let sum: f64 = (0..10).map(|rank| zipf.probability(rank)).sum();
        assert!((sum - 1.0).abs() < 1e-15);
    }

    #[test]
    fn exponent_zero_is_uniform() {
        let zipf = Zipf::new(7, 0.0);
        let mut counts = [0; 7];
        let step = u64::MAX / 70_000;
        (0..70_000).for_each(|at| counts[zipf.rank(at * step) as usize] += 1);
        assert!(counts.iter().all(|count: &i32| count.abs_diff(10_000) <= 1), "{counts:?}");
    }

    /// 99 degrees of freedom: chi-square is below 148.2 in 999 of 1000 cases (NIST/SEMATECH
    /// e-Handbook of Statistical Methods, table 1.3.6.7.4: 148.230 for 99 at 0.001).
    #[test]
    fn draws_follow_the_law() {
        for (seed, exponent) in [(1, 0.6), (2, 1.0), (3, 1.5)] {
            let zipf = Zipf::new(100, exponent);
            let mut draws = Draws::new(seed);
            let mut counts = [0.0; 100];
            let total = 1_000_000.0;
            (0..1_000_000).for_each(|_| counts[zipf.rank(draws.next()) as usize] += 1.0);
            let chi_square: f64 = (0..100)
                .map(|rank| {
                    let expected = zipf.probability(rank) * total;
                    {
                        let off: f64 = counts[rank as usize] - expected;
                        off * off / expected
                    }
                })
                .sum();
            assert!(chi_square < 148.23, "seed {seed}, exponent {exponent}: {chi_square}");
        }
    }

    #[test]
    fn every_draw_is_a_rank() {
        let zipf = Zipf::new(3, 2.0);
        for draw in [0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            assert!(zipf.rank(draw) < 3);
        }
        assert_eq!(Zipf::new(1, 1.0).rank(u64::MAX), 0);
    }
}
