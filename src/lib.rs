//! Ringside: a ringside seat at a running system.

pub mod algorithm;
pub mod scene;
