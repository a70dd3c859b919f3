//! What a curve is drawn of: a policy, or a bound that needs the future.

use serde::{Deserialize, Serialize};

use super::{Bound, Policy, Tally, Trace};

/// A policy, or the bound of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// A policy that a cache could have.
    Policy(Policy),
    /// One that knows the future.
    Bound(Bound),
}

impl Rule {
    /// The rule of this id.
    pub fn find(id: &str) -> Option<Self> {
        Policy::find(id).map(Rule::Policy).or_else(|| Bound::find(id).map(Rule::Bound))
    }

    /// Its name in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Rule::Policy(it) => it.id(),
            Rule::Bound(it) => it.id(),
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Rule::Policy(it) => it.label(),
            Rule::Bound(it) => it.label(),
        }
    }

    /// Runs a trace through a cache of so much room; `ttl` as for [`Policy::replay`].
    pub fn replay(self, capacity: u64, ttl: u64, trace: &Trace) -> Tally {
        match self {
            Rule::Policy(it) => it.replay(capacity, ttl, trace),
            Rule::Bound(it) => it.replay(capacity, trace),
        }
    }

    /// Whether each request of a trace hits, in its order.
    pub fn each(self, capacity: u64, ttl: u64, trace: &Trace) -> Vec<bool> {
        let mut all = Vec::with_capacity(trace.keys.len());
        let mut each = |hit| all.push(hit);
        match self {
            Rule::Policy(it) => it.replay_telling(capacity, ttl, trace, &mut each),
            Rule::Bound(it) => it.replay_telling(capacity, trace, &mut each),
        };
        all
    }
}
