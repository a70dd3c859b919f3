//! Kinds whose deeds come later on the page: what newcomers see has none of them.

use std::sync::Arc;

use crate::base::slab::Handle;
#[cfg(split)]
pub use crate::base::slot::Slot;
#[cfg(split)]
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;
use crate::engine::plan::Plan;
use crate::engine::{Happening, Request, Served};

use super::{Context, Kind, Membership, OutWire, Registry, Standing, State, Wrap};

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
    pub membership: fn(&T::Params) -> Option<Membership>,
    pub plan: fn(&T::Params, &[OutWire]) -> Plan<Arc<str>>,
    pub start: fn(&T::Params, &mut Context<T>) -> State,
    pub restart: fn(&T::State, &T::Params, &mut Context<T>) -> State,
    pub missed: fn(&mut T::State, &T::Params, &T::Params),
    pub retune: fn(&mut T::State, &T::Params, &T::Params, &mut Context<T>) -> bool,
    pub handle: fn(&mut T::State, &T::Params, Happening<T::Message, T::Timer>, &mut Context<T>),
    pub flush: fn(&mut T::State, &T::Params, &mut Context<T>),
    pub serve: fn(&mut T::State, &T::Params, &Request, Handle, &mut Context<T>) -> Served,
    pub gauges: fn(&[Option<&T::State>], Nanos) -> Vec<f64>,
    pub standing: fn(&T::State) -> Standing,
    pub weight: fn(&T::State) -> usize,
}

impl<T: Kind> Deeds<T>
where
    Registry: Wrap<T>,
{
    /// All of them.
    pub const ALL: Self = Self {
        membership: T::membership,
        plan: T::plan,
        start: |params, ctx| Registry::state(T::start(params, ctx)),
        restart: |old, params, ctx| Registry::state(T::restart(old, params, ctx)),
        missed: T::missed,
        retune: T::retune,
        handle: T::handle,
        flush: T::flush,
        serve: T::serve,
        gauges: T::gauges,
        standing: T::standing,
        weight: T::weight,
    };
}

/// What a kind that comes later remembers or says: to copy, hash and drop it comes later too.
#[cfg(split)]
#[derive(Debug)]
pub struct Kept<T>(Box<dyn Keep<T>>);

/// The same, where all is there from the beginning.
#[cfg(not(split))]
pub type Kept<T> = T;

#[cfg(split)]
trait Keep<T>: std::fmt::Debug + Send + Sync {
    fn copy(&self) -> Kept<T>;
    fn get(&self) -> &T;
    fn get_mut(&mut self) -> &mut T;
    fn let_go(self: Box<Self>) -> Box<T>;
    fn hash(&self, hasher: &mut StableHasher);
}

#[cfg(split)]
impl<T: Clone + std::fmt::Debug + StableHash + Send + Sync + 'static> Keep<T> for T {
    fn copy(&self) -> Kept<T> {
        keep(self.clone())
    }

    fn get(&self) -> &T {
        self
    }

    fn get_mut(&mut self) -> &mut T {
        self
    }

    fn let_go(self: Box<Self>) -> Box<T> {
        self
    }

    fn hash(&self, hasher: &mut StableHasher) {
        self.stable_hash(hasher);
    }
}

#[cfg(split)]
impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        self.0.copy()
    }
}

#[cfg(split)]
impl<T> std::ops::Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.get()
    }
}

#[cfg(split)]
impl<T> std::ops::DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

#[cfg(split)]
impl<T> StableHash for Kept<T> {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        self.0.hash(hasher);
    }
}

/// Keeps it. Only what comes later may call this, or how to copy it and the rest comes at once.
#[cfg(split)]
pub fn keep<T: Clone + std::fmt::Debug + StableHash + Send + Sync + 'static>(it: T) -> Kept<T> {
    Kept(Box::new(it))
}

/// Keeps it.
#[cfg(not(split))]
pub fn keep<T>(it: T) -> T {
    it
}

/// What was kept.
#[cfg(split)]
pub fn let_go<T>(it: Kept<T>) -> T {
    *it.0.let_go()
}

/// What was kept.
#[cfg(not(split))]
pub fn let_go<T>(it: T) -> T {
    it
}

/// A kind that comes later: its deeds, as soon as they are there. A design that has one of them
/// does not compile before.
#[cfg(split)]
pub trait Late: Kind + 'static {
    /// Where they are put.
    fn slot() -> &'static Slot<Deeds<Self>>;

    /// They are there.
    fn provide()
    where
        Registry: Wrap<Self>,
    {
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
    fn deeds() -> &'static Deeds<Self>
    where
        Registry: Wrap<Self>,
    {
        &Deeds::ALL
    }
}
