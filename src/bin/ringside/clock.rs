//! The wall clock: only the command line has one.

use std::time::Instant;

/// This moment.
#[allow(clippy::disallowed_methods, reason = "measuring is what this command is for")]
pub fn now() -> Instant {
    Instant::now()
}

/// The processor time this thread has used so far, in nanoseconds, where the system says so (Linux): on
/// a busy machine it says more than the wall clock.
pub fn busy_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
