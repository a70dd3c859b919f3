//! Running a design: play, step, seek, snapshots, branches, frames. Commands in, frames out; no
//! clock, no browser.

pub mod protocol;
