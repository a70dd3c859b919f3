//! Pure algorithms with their sources: no input, no output, no clock and no draw but what is passed
//! in. One folder per family, one file per member, one registry line each.

#[macro_use]
mod registry;

pub mod b_tree;
pub mod balancing;
pub mod commit;
pub mod consistency;
pub mod eviction;
pub mod hashing;
pub mod limiting;
pub mod placement;
pub mod queueing;
pub mod redis;
pub mod replication;
pub mod requests;
pub mod traffic;
pub mod zipf;
