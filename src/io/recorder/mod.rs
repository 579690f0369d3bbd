//! The recorder: a passive sink that turns rings of frames into WAV files which are true at all times.
//!
//! Bounds: what was said is written within a second (kill -9 costs no more) and synced within
//! `sync_within` (a power loss costs no more). The lone folder that names `hound`, in its tests.

pub mod desk;
pub mod disk;
#[cfg(test)]
mod fake_bench;
#[cfg(test)]
mod fake_disk;
#[cfg(test)]
mod fault_tests;
pub mod reconcile;
pub mod thread;
pub mod wav;
