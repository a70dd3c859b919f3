//! Pure algorithms with their sources: no input, no output, no clock and no draw but what is passed
//! in. One folder per family, one file per member, one registry line each.

#[macro_use]
mod registry;

pub mod balancing;
pub mod eviction;
pub mod limiting;
pub mod queueing;
pub mod zipf;
