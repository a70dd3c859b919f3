//! What a caller knows of one member it could call.

use serde::{Deserialize, Serialize};

/// A member that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The member's number in its component: stable while others come and go.
    pub index: usize,
    /// Calls sent to it by this caller and not yet answered.
    pub outstanding: u32,
    /// Its share relative to the others, where the rule looks at shares.
    pub weight: u32,
}

crate::stable! { Candidate { index, outstanding, weight } }
