//! Ringside: a ringside seat at a running system.

#[cfg(target_arch = "wasm32")]
mod app;
