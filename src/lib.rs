//! Ringside: a ringside seat at a running system.

// Unit tests run natively. wasm-pack builds them for the browser all the same: for minutes, in which nothing is tested.
#![cfg(not(all(test, target_arch = "wasm32")))]

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
