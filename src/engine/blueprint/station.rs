//! How many a member works for at once, and how many wait.

use crate::engine::line::Line;

/// A server's places: who works, who waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// How many strands may work at once; `u32::MAX` for no limit.
    pub workers: u32,
    /// How many may wait for a worker.
    pub queue_max: u32,
    /// Whether a job holds its worker while it waits for others (a thread a request).
    pub hold: bool,
    /// Whether a job whose deadline has passed is dropped when its turn comes.
    pub drop_expired: bool,
    /// How the line before the workers is kept.
    pub line: Line,
}

impl Station {
    /// No limits: work takes time but nobody waits.
    pub const UNLIMITED: Self = Self {
        workers: u32::MAX,
        queue_max: u32::MAX,
        hold: false,
        drop_expired: false,
        line: Line::PLAIN,
    };
}

crate::stable! { Station { workers, queue_max, hold, drop_expired, line } }
