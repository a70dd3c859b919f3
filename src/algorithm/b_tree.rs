//! How high a B-tree index is, and how many comparisons lead to one key of it.
//!
//! Source: Bayer and McCreight, "Organization and maintenance of large ordered indexes", Acta Informatica
//! 1, 1972; for the keys of a page PostgreSQL's documentation, "B-Tree indexes" and "Database page layout".

/// Keys of 8 bytes in one page of PostgreSQL: pages of 8,192 bytes, filled to 90 %, without 24 bytes of header
/// and 16 at their end; each key with 8 bytes of its own header and 4 that point to it.
pub const FAN_OUT: u64 = (8_192 * 9 / 10 - 24 - 16) / (8 + 8 + 4);

/// Pages that are read from the root to a leaf, the leaf included, if each points to so many; 0 for an empty
/// table.
pub fn height(rows: u64, fan_out: u64) -> u32 {
    let (mut pages, mut height) = (rows, 0);
    while pages > 1 || height == 0 && pages > 0 {
        pages = pages.div_ceil(fan_out.max(2));
        height += 1;
    }
    height
}

/// Comparisons that find one key among so many in order, by halving, at most.
pub fn comparisons(rows: u64) -> u32 {
    u64::BITS - rows.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_rows_are_three_to_four_pages_high() {
        // By hand: (7372 - 40) / 20 = 366.
        assert_eq!(FAN_OUT, 366);
        // Fan-outs of 100 to 500: 3 pages to 4 for a million rows, and 20 comparisons (log2 10^6 = 19.93).
        // 100^3 is a million exactly; one row more needs a page more.
        assert_eq!([100, 366, 500].map(|it| height(1_000_000, it)), [3, 3, 3]);
        assert_eq!(height(1_000_001, 100), 4);
        assert_eq!(comparisons(1_000_000), 20);
        assert_eq!(
            [0, 1, 366, 367, 366 * 366, 366 * 366 + 1].map(|it| height(it, 366)),
            [0, 1, 1, 2, 2, 3]
        );
        assert_eq!([0, 1, 2, 3, 4, 7, 8].map(comparisons), [0, 1, 2, 2, 3, 3, 4]);
    }
}
