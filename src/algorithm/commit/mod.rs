//! How several places commit one transaction together, or none of them does.

pub mod two_phase;
