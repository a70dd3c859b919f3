//! Ways to break the engine on purpose, in tests only: what the proofs must notice
//! (`session/broken.rs`). Each thread has its own.

use std::cell::Cell;

use super::time::Nanos;

thread_local! {
    static BROKEN: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Draws are 3 % too small.
    Bias,
    /// The queue takes what lies in a lane up to a millisecond too late.
    Order,
    /// Of events due in the same moment the queue takes the one first that was set down last.
    Ties,
    /// A message without delay goes before what is due in the moment in which it is sent.
    Hops,
    /// A request may go on in a circle for longer than is said.
    Circles,
}

/// Breaks the engine while `act` runs, and mends it again, also after a panic.
pub fn with<T>(fault: Fault, act: impl FnOnce() -> T) -> T {
    struct Mend;
    impl Drop for Mend {
        fn drop(&mut self) {
            BROKEN.set(None);
        }
    }
    BROKEN.set(Some(fault));
    let _mend = Mend;
    act()
}

/// Whether it is broken so.
pub fn is(fault: Fault) -> bool {
    BROKEN.get() == Some(fault)
}

/// A draw, biased if draws are.
pub fn bias(unit: f64) -> f64 {
    if is(Fault::Bias) { unit * 0.97 } else { unit }
}

/// When the queue takes a lane's event to be due.
pub fn due(at: Nanos) -> Nanos {
    if is(Fault::Order) { at.saturating_add(Nanos::MILLISECOND) } else { at }
}

/// What the queue takes for the place of an event among those due in the same moment.
pub fn sequence(sequence: u64) -> u64 {
    if is(Fault::Ties) { u64::MAX - sequence } else { sequence }
}

/// Hops after which a request is said to go round in a circle.
pub fn hops_max(hops: u8) -> u8 {
    if is(Fault::Circles) { 2 * hops } else { hops }
}
