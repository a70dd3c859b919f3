//! When requests come and what they ask for: rate curves, bursts, popularity of keys, recorded
//! loads. Times are seconds, rates per second.

pub mod arrivals;
pub mod curve;
pub mod heavy;
pub mod popularity;
pub mod recording;
