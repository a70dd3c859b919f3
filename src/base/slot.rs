//! Places for functions that the page loads after its first run.

/// A place for functions that come later.
#[derive(Debug)]
pub struct Slot<T>(std::sync::OnceLock<T>);

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
