//! Where marks go: measured words, flowing chips, figure tiles, axes, and a sheet to stack them.

pub mod axis;
pub mod chips;
pub mod figures;
pub mod measure;
pub mod scale;
pub mod sheet;

#[cfg(test)]
mod tests;
