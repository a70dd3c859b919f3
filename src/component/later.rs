//! Kinds whose deeds come later on the page: what newcomers see has none of them.

use crate::base::slab::Handle;
use crate::base::time::Nanos;
use crate::engine::{Happening, Request, Served};

use super::{Context, Kind};

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

/// A place for functions that come later.
#[cfg(split)]
#[derive(Debug)]
pub struct Slot<T>(std::sync::OnceLock<T>);

#[cfg(split)]
impl<T> Slot<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(std::sync::OnceLock::new())
    }

    /// They are there.
    pub fn provide(&self, functions: T) {
        // Opaque, or the optimiser sees that nothing else is ever put there, and calls them from the
        // first module.
        let _ = self.0.set(std::hint::black_box(functions));
    }

    /// Them, as soon as they are there.
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }
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
