//! Floor 1, samples: total functions over sound, without state of a call.

pub mod fingerprint;
pub mod g711;
pub mod g722;
pub mod goertzel;
pub mod l16;
pub mod resample;
pub mod sound;
pub mod tone;
pub mod transcode;
