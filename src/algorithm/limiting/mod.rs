//! How much is let through, and when.

pub mod token_bucket;
