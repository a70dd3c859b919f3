//! What a caller knows of one member it could call.

/// One possible target of a call, as its caller sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Calls this caller has sent there and not yet heard back from.
    pub outstanding: u32,
    /// Share of the traffic it should get, relative to the others'.
    pub weight: u32,
}

crate::stable! { Candidate { outstanding, weight } }
