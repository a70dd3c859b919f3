//! Ringside: a ringside seat at a running system.

pub mod base;

pub mod algorithm;
pub mod engine;
pub mod scene;

pub mod component;

pub mod document;

pub mod editor;
pub mod session;
