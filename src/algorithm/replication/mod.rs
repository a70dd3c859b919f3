//! Copies of data: who leads them, or, without a leader, how many have to answer and which of their versions
//! knows of which.

pub mod ballot;
pub mod merkle;
pub mod phi_accrual;
pub mod quorum;
#[cfg(test)]
mod tests;
pub mod version_vector;
