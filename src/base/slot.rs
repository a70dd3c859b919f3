//! What the page loads after its first run, and the places where it is put.

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

/// What a module of the core does and the page loads later: `provide()` says that it is there, and the
/// function named gives it as soon as it is; with `or`, those who call it have waited for it. Where no
/// module is split off it is there from the beginning. One in a module.
#[macro_export]
macro_rules! later {
    ($vis:vis fn $get:ident() -> $type:ty = $all:expr) => {
        #[cfg(split)]
        static LATER: $crate::base::slot::Slot<$type> = $crate::base::slot::Slot::new();

        /// It is there: called by the parts of the page that come later.
        pub fn provide() {
            #[cfg(split)]
            LATER.provide($all);
        }

        #[cfg(split)]
        $vis fn $get() -> Option<&'static $type> {
            LATER.get()
        }

        #[cfg(not(split))]
        $vis fn $get() -> Option<&'static $type> {
            const ALL: $type = $all;
            Some(&ALL)
        }
    };
    ($vis:vis fn $get:ident() -> $type:ty = $all:expr, or $why:literal) => {
        $crate::later! { fn there() -> $type = $all }

        $vis fn $get() -> &'static $type {
            there().expect($why)
        }
    };
}
