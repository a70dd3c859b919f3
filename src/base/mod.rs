//! Words without a domain: ids, time, units, random draws, stable hashes, keyed maps, parameters.
//! Imports nothing else of ours.

#[cfg(test)]
pub(crate) mod broken;
pub mod candidate;
pub mod cow;
pub mod draw;
pub mod english;
pub mod geometry;
pub mod histogram;
pub mod key_map;
#[cfg(test)]
pub(crate) mod keyed;
pub mod maths;
pub mod measured;
pub mod order;
pub mod param;
pub mod size;
pub mod slab;
pub mod slot;
pub mod spread;
pub mod stable;
pub mod table;
pub mod text;
pub mod time;
pub mod typed;
pub mod unit;
