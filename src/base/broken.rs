//! Ways to break the engine on purpose, in tests only: what the proofs must notice
//! (`session/broken.rs`). Each thread has its own.

use std::cell::Cell;

use super::time::Nanos;

thread_local! {
    static BIASED: Cell<bool> = const { Cell::new(false) };
    static LANES_LATE: Cell<bool> = const { Cell::new(false) };
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Draws are 3 % too small.
    Bias,
    /// The queue takes what lies in a lane up to a millisecond too late.
    Order,
}

/// Breaks the engine while `act` runs, and mends it again, also after a panic.
pub fn with<T>(fault: Fault, act: impl FnOnce() -> T) -> T {
    struct Mend(&'static std::thread::LocalKey<Cell<bool>>);
    impl Drop for Mend {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    let flag = match fault {
        Fault::Bias => &BIASED,
        Fault::Order => &LANES_LATE,
    };
    flag.set(true);
    let _mend = Mend(flag);
    act()
}

/// A draw, biased if draws are.
pub fn bias(unit: f64) -> f64 {
    if BIASED.get() { unit * 0.97 } else { unit }
}

/// When the queue takes a lane's event to be due.
pub fn due(at: Nanos) -> Nanos {
    if LANES_LATE.get() { at.saturating_add(Nanos::MILLISECOND) } else { at }
}
