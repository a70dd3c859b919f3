//! Quorums: how many of N copies have to take part in a write (W) and in a read (R).
//!
//! Gifford, "Weighted voting for replicated data", SOSP 1979: if W + R > N, each read meets at least
//! one copy that took part in the last finished write, and if 2 W > N, two writes meet. That does not
//! make reads linearizable (a read during a write may see it, and a later one not): for that, a read
//! has to write back what it found (Attiya, Bar-Noy and Dolev, "Sharing memory robustly in
//! message-passing systems", JACM 42(1), 1995).

/// The smallest number that is more than half of `copies`.
pub fn majority(copies: u32) -> u32 {
    copies / 2 + 1
}

/// Whether every set of `read` copies meets every set of `write` copies, of `copies` in all.
pub fn meet(copies: u32, read: u32, write: u32) -> bool {
    read + write > copies
}

/// Every set of so many copies, of `copies` in all (16 at most): bit n for copy n.
pub fn sets(copies: u32, size: u32) -> impl Iterator<Item = u16> {
    let all = 1u32 << copies.min(16);
    (0..all).filter(move |it| it.count_ones() == size).map(|it| it as u16)
}
