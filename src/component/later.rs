//! Kinds whose deeds come later on the page: what newcomers see has none of them.

use crate::base::slab::Handle;
#[cfg(split)]
pub use crate::base::slot::Slot;
use crate::base::time::Nanos;
use crate::engine::{Happening, Request, Served};

use super::{Context, Kind};

#[cfg(split)]
static THERE: Slot<()> = Slot::new();

/// All that comes later is there.
pub fn provided() {
    #[cfg(split)]
    THERE.provide(());
}

/// Whether all that comes later is there.
pub fn are_there() -> bool {
    #[cfg(split)]
    let there = THERE.get().is_some();
    #[cfg(not(split))]
    let there = true;
    there
}

/// What a kind does while it runs: the functions of [`Kind`] of the same names.
#[allow(clippy::type_complexity, missing_docs, reason = "as the trait has them")]
#[derive(Debug)]
pub struct Deeds<T: Kind> {
    pub start: fn(&T::Params, &mut Context<T>) -> T::State,
    pub restart: fn(&T::State, &T::Params, &mut Context<T>) -> T::State,
    pub retune: fn(&mut T::State, &T::Params, &T::Params, &mut Context<T>) -> bool,
    pub handle: fn(&mut T::State, &T::Params, Happening<T::Message, T::Timer>, &mut Context<T>),
    pub flush: fn(&mut T::State, &T::Params, &mut Context<T>),
    pub serve: fn(&mut T::State, &T::Params, &Request, Handle, &mut Context<T>) -> Served,
    pub gauges: fn(&[Option<&T::State>], Nanos) -> Vec<f64>,
}

impl<T: Kind> Deeds<T> {
    /// All of them.
    pub const ALL: Self = Self {
        start: T::start,
        restart: T::restart,
        retune: T::retune,
        handle: T::handle,
        flush: T::flush,
        serve: T::serve,
        gauges: T::gauges,
    };
}

/// A kind that comes later: its deeds, as soon as they are there. A design that has one of them
/// does not compile before.
#[cfg(split)]
pub trait Late: Kind + 'static {
    /// Where they are put.
    fn slot() -> &'static Slot<Deeds<Self>>;

    /// They are there.
    fn provide() {
        Self::slot().provide(Deeds::ALL);
    }

    /// Them.
    fn deeds() -> &'static Deeds<Self> {
        Self::slot().get().expect("designs that have this kind wait for it")
    }
}

/// Where no module is split off, all are there from the beginning.
#[cfg(not(split))]
pub trait Late: Kind + 'static {
    /// They are there.
    fn provide() {}

    /// Them.
    fn deeds() -> &'static Deeds<Self> {
        &Deeds::ALL
    }
}
