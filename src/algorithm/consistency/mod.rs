//! What clients may rely on, judged from the outside: a history of their operations, and whether
//! some guarantee explains every answer in it.
//!
//! A history is complete: it begins with unset registers and nothing outside of it writes them. An
//! operation whose outcome nobody was told may have happened at any time after its invocation, or
//! never. One operation comes before another in real time if it had completed when the other was
//! invoked.

#[cfg(test)]
mod bound_tests;
#[cfg(test)]
mod brute;
mod index;
mod order;
mod sessions;
#[cfg(test)]
mod tests;
pub mod text;

choice! {
    /// What clients may rely on.
    Guarantee:
        linearizable::Linearizable, "linearizable", "Linearizable",
            "Every operation happens at one moment between its invocation and its response, for everybody.";
        causal::Causal, "causal", "Causal",
            "Nobody sees an effect without its causes.";
        causal_convergence::CausalConvergence, "causal-convergence", "Causal, with conflicts resolved alike",
            "Causal, and concurrent writes are put in the same order by everybody.";
        read_your_writes::ReadYourWrites, "read-your-writes", "Read your own writes",
            "A client that has written does not read anything older.";
        monotonic_reads::MonotonicReads, "monotonic-reads", "Monotonic reads",
            "A client never reads anything older than it has read before.";
        monotonic_writes::MonotonicWrites, "monotonic-writes", "Monotonic writes",
            "Whoever sees a client's write also sees what that client wrote before.";
        bounded_staleness::BoundedStaleness, "bounded-staleness", "Bounded staleness",
            "No read finds what an acknowledged write had replaced for longer than a bound when it began.";
        convergence::Convergence, "convergence", "Convergence",
            "Once all is healed and nobody writes, everybody reads the same.";
        lost_writes::NoLostWrites, "no-lost-writes", "No acknowledged write lost",
            "What was acknowledged is still there at the end, unless it was overwritten.";
}

/// Most operations that a sentence names.
const LISTED_MAX: usize = 20;

/// What a register holds; None while it is unset.
pub type Value = Option<i64>;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Finds this value. Says nothing unless its outcome is [`Outcome::Ok`].
    Read(Value),
    /// Sets this value.
    Write(Value),
    /// Sets `new` if the register holds `old`. Failed: it did not hold `old`.
    CompareAndSet {
        /// What is expected.
        old: Value,
        /// What is set.
        new: Value,
    },
}

/// What the client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Ok,
    /// A read or write did not happen; a compare-and-set found something else.
    Failed,
    /// Nothing.
    Unknown,
}

/// One operation of one client on one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who; has one operation at a time.
    pub process: u64,
    /// On which register: an index into [`History::keys`].
    pub key: u32,
    /// What.
    pub act: Act,
    /// What the client was told.
    pub outcome: Outcome,
    /// When it was invoked, in any unit that grows with time.
    pub invoked: u64,
    /// When its response came; `u64::MAX` if none did. Not earlier than `invoked`.
    pub completed: u64,
    /// Where it stands in the file it was read from, a line from 1; 0 if in none.
    pub line: u32,
}

/// What clients did, in the order of invocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Names of the registers.
    pub keys: Vec<String>,
    /// Operations by `invoked`.
    pub operations: Vec<Operation>,
    /// From when on nothing was broken any more; [`Guarantee::Convergence`] and
    /// [`Guarantee::NoLostWrites`] look at reads after that. None: after the last write.
    pub healed: Option<u64>,
    /// How long it may take until a write is seen by everybody, in the unit of the times:
    /// [`Guarantee::BoundedStaleness`] asks for no more, and [`Guarantee::Convergence`] and
    /// [`Guarantee::NoLostWrites`] wait for so long after all is healed and written.
    pub bound: u64,
}

/// What a checker found.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The guarantee explains every answer.
    Holds,
    /// It does not.
    Violated(Violation),
    /// It cannot be told, and why.
    Undecided(String),
}

/// Operations that cannot all be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Indexes into [`History::operations`], by invocation. None can be left out of this
    /// explanation.
    pub operations: Vec<usize>,
    /// False if the search for fewer operations was given up, so that some may not be needed.
    pub minimal: bool,
    /// One sentence.
    pub words: String,
}

impl Guarantee {
    /// Judges a history.
    pub fn check(self, history: &History) -> Verdict {
        self.check_within(history, linearizable::SEARCH_MAX)
    }

    /// The same, but a search for an order is given up after so many steps: words remembered.
    pub fn check_within(self, history: &History, steps: u64) -> Verdict {
        match self {
            Self::Linearizable => linearizable::check(history, steps),
            Self::Causal => causal::check(history),
            Self::CausalConvergence => causal_convergence::check(history),
            Self::ReadYourWrites => read_your_writes::check(history),
            Self::MonotonicReads => monotonic_reads::check(history),
            Self::MonotonicWrites => monotonic_writes::check(history),
            Self::BoundedStaleness => bounded_staleness::check(history),
            Self::Convergence => convergence::check(history),
            Self::NoLostWrites => lost_writes::check(history),
        }
    }
}

impl Violation {
    fn of(mut operations: Vec<usize>, words: String) -> Verdict {
        operations.sort_unstable();
        operations.dedup();
        Verdict::Violated(Self { operations, minimal: true, words })
    }
}

impl Operation {
    /// Whether it came before another in real time.
    pub fn precedes(&self, other: &Self) -> bool {
        self.completed < other.invoked
    }

    /// What it did, for people: `wrote 3`.
    pub fn told(&self) -> String {
        let it = |value: Value| value.map_or("nothing".into(), |it: i64| it.to_string());
        match (self.act, self.outcome) {
            (Act::Read(value), Outcome::Ok) => format!("read {}", it(value)),
            (Act::Read(_), _) => "read and got no answer".into(),
            (Act::Write(value), Outcome::Ok) => format!("wrote {}", it(value)),
            (Act::Write(value), Outcome::Failed) => format!("did not write {}", it(value)),
            (Act::Write(value), Outcome::Unknown) => format!("perhaps wrote {}", it(value)),
            (Act::CompareAndSet { old, new }, Outcome::Ok) => {
                format!("replaced {} by {}", it(old), it(new))
            }
            (Act::CompareAndSet { old, .. }, Outcome::Failed) => {
                format!("found that it is not {}", it(old))
            }
            (Act::CompareAndSet { old, new }, Outcome::Unknown) => {
                format!("perhaps replaced {} by {}", it(old), it(new))
            }
        }
    }
}

impl History {
    /// An operation, for people: `process 3 wrote 3 (line 7)`.
    pub fn told(&self, operation: usize) -> String {
        let it = &self.operations[operation];
        let key = match self.keys.len() {
            0 | 1 => String::new(),
            _ => format!(" in {}", self.keys[it.key as usize]),
        };
        let line = if it.line > 0 { format!(" (line {})", it.line) } else { String::new() };
        format!("process {} {}{key}{line}", it.process, it.told())
    }

    fn list(&self, operations: &[usize]) -> String {
        let told: Vec<_> = operations.iter().take(LISTED_MAX).map(|it| self.told(*it)).collect();
        let more = match operations.len().saturating_sub(LISTED_MAX) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        told.join("; ") + &more
    }
}
