//! The wall clock: only the command line has one.

use std::time::Instant;

/// This moment.
#[allow(clippy::disallowed_methods, reason = "measuring is what this command is for")]
pub fn now() -> Instant {
    Instant::now()
}
