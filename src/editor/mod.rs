//! Interaction without a browser: what pointer and keys do to a design.

pub mod curve;
pub mod geometry;
