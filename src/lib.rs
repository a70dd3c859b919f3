//! Ringside: a ringside seat at a running system.

pub mod base;

pub mod algorithm;
pub mod engine;
pub mod scene;

pub mod component;

pub mod document;
pub mod lens;

pub mod editor;
pub mod session;

#[cfg(target_arch = "wasm32")]
pub mod worker;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod app;
